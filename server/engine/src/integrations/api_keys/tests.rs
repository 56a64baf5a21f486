use super::*;
use crate::accounts::tests::{owner, program};

fn new(scopes: &[Scope]) -> NewApiKey {
    NewApiKey { name: "shop".into(), scopes: scopes.to_vec() }
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_key_is_seen_once_and_has_its_scopes(pool: PgPool) {
    let owner = owner(&pool).await;
    let (admin, acme) = program(&pool, owner, "acme").await;
    let (of_beta, _) = program(&pool, owner, "beta").await;
    let moment = Moment::now();
    let made = create(&pool, &moment, &admin, &new(&[Scope::Read, Scope::Track, Scope::Read])).await.expect("made");
    assert!(made.key.starts_with("trb_") && made.key.len() == 52, "{}", made.key);
    assert!(matches!(create(&pool, &moment, &admin, &new(&[])).await, Err(Error::Invalid(_))));

    let mut conn = pool.acquire().await.expect("connection");
    let holder = authenticate(&mut conn, &moment, &made.key).await.expect("answer").expect("known");
    assert_eq!(holder.program.id, acme.id);
    assert_eq!(holder.scopes, [Scope::Track, Scope::Read]);
    assert!(!holder.actor.may(Power::View), "a key is no admin");
    let row = list(&mut conn, &admin).await.expect("list").remove(0);
    assert_eq!((row.prefix.as_str(), row.last_used_at), (&made.key[..12], Some(moment.at)));
    let stored: Vec<u8> =
        sqlx::query_scalar("select key_hash from api_keys").fetch_one(&mut *conn).await.expect("hash");
    for forged in [hex(&stored), made.key[..51].to_owned(), made.key.to_uppercase(), String::new()] {
        assert!(authenticate(&mut conn, &moment, &forged).await.expect("answer").is_none());
    }
    drop(conn);

    assert!(matches!(revoke(&pool, &moment, &of_beta, made.id).await, Err(Error::NotFound(_))));
    assert!(matches!(revoke(&pool, &moment, &holder.actor, made.id).await, Err(Error::Forbidden)));
    revoke(&pool, &moment, &admin, made.id).await.expect("revoked");
    revoke(&pool, &moment, &admin, made.id).await.expect("stays revoked");
    let mut conn = pool.acquire().await.expect("connection");
    assert!(authenticate(&mut conn, &moment, &made.key).await.expect("answer").is_none());
    let actions: Vec<String> =
        sqlx::query_scalar("select action from audit_log order by action").fetch_all(&mut *conn).await.expect("log");
    assert_eq!(actions, ["api_key.create", "api_key.revoke"]);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn only_owners_make_keys(pool: PgPool) {
    let (admin, _) = program(&pool, owner(&pool).await, "acme").await;
    let Actor::Admin { account, organization, program, .. } = admin else { panic!("an admin") };
    for role in domain::accounts::Role::ALL.iter().filter(|role| !role.may(Power::ManageKeys)) {
        let actor = Actor::Admin { account, organization, program, role: *role };
        assert!(matches!(create(&pool, &Moment::now(), &actor, &new(&[Scope::Read])).await, Err(Error::Forbidden)));
        let mut conn = pool.acquire().await.expect("connection");
        assert!(matches!(list(&mut conn, &actor).await, Err(Error::Forbidden)));
    }
}
