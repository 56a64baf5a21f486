use super::*;
use crate::accounts::tests::{owner, program};

fn new(scopes: &[Scope]) -> NewApiKey {
    NewApiKey { name: "shop".into(), scopes: scopes.to_vec(), ..NewApiKey::default() }
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

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_partner_s_key_acts_for_it_alone(pool: PgPool) {
    let world = crate::fixtures::World::new(pool).await;
    let (ada, bob) = (world.partner("ada").await, world.partner("bob").await);
    let (owner, moment) = (world.owner(), world.moment());
    let make = |scopes: &[Scope], partner_code: &str| NewApiKey {
        name: "theirs".into(),
        scopes: scopes.to_vec(),
        partner_code: partner_code.into(),
    };
    for (scopes, code, field) in [
        (&[Scope::Submit][..], "", "partner_code"),
        (&[Scope::Submit], "nobody", "partner_code"),
        (&[Scope::Submit, Scope::Read], "ada", "scopes"),
        (&[Scope::Read], "ada", "partner_code"),
    ] {
        let refused = create(&world.pool, &moment, &owner, &make(scopes, code)).await;
        assert!(matches!(refused, Err(Error::Invalid(errors)) if errors[0].field == field), "{scopes:?} {code}");
    }
    let made = create(&world.pool, &moment, &owner, &make(&[Scope::Submit], " ADA ")).await.expect("made");
    let mut conn = world.pool.acquire().await.expect("connection");
    let holder = authenticate(&mut conn, &moment, &made.key).await.expect("answer").expect("known");
    assert_eq!(holder.actor, Actor::OnBehalf { program: world.program, enrollment: ada.id });

    // A partner makes and revokes its own, whatever it asks for.
    let me = crate::payments::details_tests::actor(&world, &ada);
    let he = crate::payments::details_tests::actor(&world, &bob);
    let own = create(&world.pool, &moment, &me, &make(&[Scope::Manage], "bob")).await.expect("made");
    assert_eq!(own.scopes, [Scope::Submit]);
    let holder = authenticate(&mut conn, &moment, &own.key).await.expect("answer").expect("known");
    assert_eq!(holder.actor.partner(), Some(ada.id));
    assert_eq!(list(&mut conn, &me).await.expect("list").len(), 2);
    assert_eq!(list(&mut conn, &he).await.expect("list").len(), 0);
    assert_eq!(
        list(&mut conn, &owner).await.expect("list")[0].partner.as_ref().map(|partner| partner.id),
        Some(ada.id)
    );
    assert!(matches!(revoke(&world.pool, &moment, &he, own.id).await, Err(Error::NotFound(_))));
    revoke(&world.pool, &moment, &me, own.id).await.expect("revoked");
    assert!(authenticate(&mut conn, &moment, &own.key).await.expect("answer").is_none());
    for _ in 0..9 {
        create(&world.pool, &moment, &me, &make(&[], "")).await.expect("made");
    }
    let many = create(&world.pool, &moment, &me, &make(&[], "")).await;
    assert!(matches!(many, Err(Error::Conflict(_))));
    for (set, works) in [("paused", true), ("banned", false)] {
        let statement = format!("update enrollments set status = '{set}' where program_id = $1");
        sqlx::query(sqlx::AssertSqlSafe(statement)).bind(world.program).execute(&world.pool).await.expect("set");
        let known = authenticate(&mut conn, &moment, &made.key).await.expect("answer").is_some();
        assert_eq!(known, works, "{set}");
    }
    world.set("update lead_settings set submission = false where program_id = $1").await;
    assert!(matches!(create(&world.pool, &moment, &he, &make(&[], "")).await, Err(Error::Forbidden)));
}
