use super::*;
use crate::accounts::tests::{owner, program};
use crate::accounts::{SignIn, sign_in};
use sqlx::PgPool;
use tokio::task::JoinSet;

fn invite_of(email: &str, role: Role) -> Invite {
    Invite { email: email.into(), name: "Max Member".into(), role }
}

fn as_member(actor: &Actor, account: AccountId, role: Role) -> Actor {
    match actor {
        Actor::Admin { organization, program, .. } => {
            Actor::Admin { account, organization: *organization, role, program: *program }
        }
        other => other.clone(),
    }
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn an_invitation_is_accepted_once_and_never_replaces_a_password(pool: PgPool) {
    let (admin, _) = program(&pool, owner(&pool).await, "acme").await;
    let moment = Moment::now();
    let max = invite(&pool, &moment, &admin, &invite_of("max@acme.example", Role::Manager)).await.expect("invited");
    let twice = invite(&pool, &moment, &admin, &invite_of("MAX@acme.example", Role::Owner)).await;
    assert!(matches!(twice, Err(Error::Invalid(_))), "nobody becomes an owner by a second invitation");
    assert!(matches!(
        invite(&pool, &moment, &admin, &invite_of("a@b\r\nBcc: c@d.example", Role::Viewer)).await,
        Err(Error::Invalid(_))
    ));
    let mut conn = pool.acquire().await.expect("connection");
    let token = tokens::make(&mut conn, &moment, Purpose::Invitation, Some(max), "").await.expect("token");
    assert_eq!(invitation(&mut conn, &moment, &token).await.expect("answer").expect("open").email, "max@acme.example");
    drop(conn);
    invite_again(&pool, &moment, &admin, max).await.expect("sent again");
    let weak = accept_invitation(&pool, &Moment::now(), &token, "Max", "max@acme.example").await;
    assert!(matches!(weak, Err(Error::Invalid(_))), "the e-mail is no password, and the link holds on");
    let mut tries = JoinSet::new();
    for n in 0..64 {
        let (pool, token) = (pool.clone(), token.clone());
        tries.spawn(async move {
            accept_invitation(&pool, &Moment::now(), &token, "Max", &format!("a kestrel lantern {n}")).await
        });
    }
    assert_eq!(tries.join_all().await.into_iter().filter(Result::is_ok).count(), 1);
    assert!(matches!(invite_again(&pool, &moment, &admin, max).await, Err(Error::Conflict(_))));
    let mut conn = pool.acquire().await.expect("connection");
    let late = tokens::make(&mut conn, &moment, Purpose::Invitation, Some(max), "").await.expect("token");
    assert_eq!(invitation(&mut conn, &moment, &late).await.expect("answer"), None);
    drop(conn);
    let taken = accept_invitation(&pool, &moment, &late, "Eve", "another kestrel lantern").await;
    assert!(matches!(taken, Err(Error::NotFound(_))));
    let eve = SignIn {
        who: "max@acme.example".into(),
        program: None,
        password: "another kestrel lantern".into(),
        user_agent: String::new(),
        keep: false,
    };
    assert!(sign_in(&pool, &moment, &eve).await.is_err());
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn only_owners_change_the_team(pool: PgPool) {
    let owner = owner(&pool).await;
    let (admin, _) = program(&pool, owner, "acme").await;
    let moment = Moment::now();
    let max = invite(&pool, &moment, &admin, &invite_of("max@acme.example", Role::Manager)).await.expect("invited");
    // What the actor says of its role counts only as far as the table agrees.
    for asker in [as_member(&admin, max, Role::Manager), as_member(&admin, max, Role::Owner)] {
        let asked = invite(&pool, &moment, &asker, &invite_of("eve@acme.example", Role::Owner)).await;
        assert!(matches!(asked, Err(Error::Forbidden)));
        assert!(matches!(change_role(&pool, &moment, &asker, max, Role::Owner).await, Err(Error::Forbidden)));
        assert!(matches!(remove(&pool, &moment, &asker, owner.account).await, Err(Error::Forbidden)));
    }
    let partner =
        Actor::Partner { account: max, program: admin.program(), enrollment: domain::ids::EnrollmentId(max.0) };
    let mut conn = pool.acquire().await.expect("connection");
    assert!(matches!(list(&mut conn, &partner).await, Err(Error::Forbidden)));
    let team = list(&mut conn, &as_member(&admin, max, Role::Viewer)).await.expect("team");
    assert_eq!(
        team.iter().map(|member| (member.role, member.invited)).collect::<Vec<_>>(),
        [(Role::Owner, false), (Role::Manager, true)]
    );
    drop(conn);

    assert!(matches!(remove(&pool, &moment, &admin, owner.account).await, Err(Error::Conflict(_))));
    let demoted = change_role(&pool, &moment, &admin, owner.account, Role::Viewer).await;
    assert!(matches!(demoted, Err(Error::Conflict(_))), "the last owner");
    change_role(&pool, &moment, &admin, max, Role::Viewer).await.expect("changed");
    remove(&pool, &moment, &admin, max).await.expect("removed");
    assert!(matches!(remove(&pool, &moment, &admin, max).await, Err(Error::NotFound(_))));
    let actions: Vec<String> =
        sqlx::query_scalar("select action from audit_log order by id").fetch_all(&pool).await.expect("log");
    assert_eq!(actions.len(), 3, "{actions:?}");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn owners_who_demote_each_other_at_once_leave_one(pool: PgPool) {
    let owner = owner(&pool).await;
    let (admin, _) = program(&pool, owner, "acme").await;
    let moment = Moment::now();
    for round in 0..8 {
        let email = format!("second{round}@acme.example");
        let second = invite(&pool, &moment, &admin, &invite_of(&email, Role::Owner)).await.expect("invited");
        let of_second = as_member(&admin, second, Role::Owner);
        let here = Moment::now();
        let (one, other) = tokio::join!(
            change_role(&pool, &moment, &admin, second, Role::Viewer),
            remove(&pool, &here, &of_second, owner.account)
        );
        assert_eq!(usize::from(one.is_ok()) + usize::from(other.is_ok()), 1, "{one:?} {other:?}");
        let owners: i64 = sqlx::query_scalar("select count(*) from memberships where role = 'owner'")
            .fetch_one(&pool)
            .await
            .expect("count");
        assert_eq!(owners, 1);
        if other.is_ok() {
            return;
        }
    }
}
