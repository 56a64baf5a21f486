use super::setup::{NewOwner, Owner};
use super::*;
use crate::messages::{Mail, compose};
use crate::secrets::Secrets;
use crate::{Error, Moment, programs};
use chrono::{DateTime, Duration, Utc};
use domain::accounts::{AccountInput, Actor, Invite, Role, Session};
use domain::ids::{AccountId, EnrollmentId};
use domain::programs::{NewProgram, Program};
use sqlx::PgPool;
use tokio::task::JoinSet;

const PASSWORD: &str = "correct horse battery";

pub(crate) fn secrets() -> Secrets {
    Secrets::new("a secret for tests, long enough to be taken").expect("secret")
}

fn noon() -> DateTime<Utc> {
    "2026-03-10T12:00:00Z".parse().expect("instant")
}

/// Some seconds after noon, with the system's randomness.
fn after(seconds: i64) -> Moment {
    let mut moment = Moment::now();
    moment.at = noon() + Duration::seconds(seconds);
    moment
}

pub(crate) async fn owner(pool: &PgPool) -> Owner {
    let input = NewOwner {
        name: "Olga Owner".into(),
        email: "Olga@acme.example".into(),
        password: PASSWORD.into(),
        organization: "Acme".into(),
    };
    setup::create_admin(pool, &after(0), &input).await.expect("owner")
}

pub(crate) async fn program(pool: &PgPool, owner: Owner, slug: &str) -> (Actor, Program) {
    let input = NewProgram {
        name: slug.to_uppercase(),
        slug: slug.into(),
        currency: "EUR".into(),
        time_zone: "Europe/Berlin".into(),
        description: String::new(),
        website: "https://acme.example/".into(),
    };
    let mut conn = pool.acquire().await.expect("connection");
    let program = programs::make(&mut conn, &after(0), owner.organization, &input).await.expect("program");
    let organization = owner.organization;
    (Actor::Admin { account: owner.account, organization, role: Role::Owner, program: program.id }, program)
}

/// A partner with one account, which has the owner's password.
async fn partner(pool: &PgPool, program: &Program, code: &str) -> (EnrollmentId, AccountId) {
    let (enrollment, account): (EnrollmentId, AccountId) = (after(0).id(), after(0).id());
    let hash = hash_password(PASSWORD).await.expect("hash");
    for statement in [
        "insert into accounts (id, email, email_key, name, password_hash, created_at)
         select $3, $4 || '@partner.example', lower($4) || '@partner.example', $4, $5, $6 where $1::uuid is not null and $2::uuid is not null",
        "insert into enrollments (program_id, id, status, code, name, created_at)
         select $1, $2, 'active', $4, $4, $6 where $3::uuid is not null and $5::text is not null",
        "insert into enrollment_codes (program_id, code_key, enrollment_id, created_at)
         select $1, lower($4), $2, $6 where $3::uuid is not null and $5::text is not null",
        "insert into enrollment_accounts (program_id, enrollment_id, account_id, created_at)
         select $1, $2, $3, $6 where $4::text is not null and $5::text is not null",
    ] {
        sqlx::query(statement)
            .bind(program.id)
            .bind(enrollment)
            .bind(account)
            .bind(code)
            .bind(&hash)
            .bind(noon())
            .execute(pool)
            .await
            .expect("partner");
    }
    (enrollment, account)
}

fn typed(who: &str, password: &str) -> SignIn {
    SignIn { who: who.into(), program: None, password: password.into(), user_agent: "Test".into(), keep: false }
}

async fn signed_in(pool: &PgPool, moment: &Moment, who: &str) -> (String, Session) {
    let signed_in = sign_in(pool, moment, &typed(who, PASSWORD)).await.expect("signed in");
    let session = seen(pool, moment, &signed_in.token).await.expect("session");
    (signed_in.token, session)
}

async fn seen(pool: &PgPool, moment: &Moment, token: &str) -> Option<Session> {
    session(&mut pool.acquire().await.expect("connection"), moment, token).await.expect("answer")
}

fn code_at(secret: &str, at: DateTime<Utc>) -> String {
    let totp = totp_rs::Builder::new()
        .with_secret(totp_rs::Secret::try_from_base32(secret).expect("base32"))
        .with_account_name("test")
        .build()
        .expect("totp");
    totp.generate(at.timestamp().unsigned_abs()).to_string()
}

/// Turns the second factor on at noon: its secret and the recovery codes.
async fn second_factor_on(pool: &PgPool, session: &Session) -> (String, Vec<String>) {
    let start = begin_totp(&mut pool.acquire().await.expect("connection"), &after(0), &secrets(), session)
        .await
        .expect("begun");
    assert!(start.uri.starts_with("otpauth://totp/Tributary:"), "{}", start.uri);
    let code = code_at(&start.secret, noon());
    let codes = confirm_totp(pool, &after(0), &secrets(), session, &code).await.expect("confirmed");
    (start.secret, codes)
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn signing_in_by_email_and_by_code(pool: PgPool) {
    let owner = owner(&pool).await;
    let (_, acme) = program(&pool, owner, "acme").await;
    let (_, account) = partner(&pool, &acme, "Ada").await;
    let (token, session) = signed_in(&pool, &after(0), " olga@ACME.example ").await;
    assert_eq!(session.account, owner.account);
    assert_eq!(session.email, "Olga@acme.example");
    assert!(!session.second_factor);

    let by_code = SignIn { program: Some("acme".into()), ..typed("aDa", PASSWORD) };
    let partner = sign_in(&pool, &after(0), &by_code).await.expect("signed in");
    assert_eq!(seen(&pool, &after(0), &partner.token).await.expect("session").account, account);

    let refused = [
        typed("olga@acme.example", "wrong password"),
        typed("nobody@acme.example", PASSWORD),
        typed("ada", PASSWORD),
        SignIn { program: Some("other".into()), ..typed("ada", PASSWORD) },
        typed("", ""),
        typed("' or 1=1 --", "' or 1=1 --"),
    ];
    let mut words = Vec::new();
    for input in refused {
        match sign_in(&pool, &after(0), &input).await {
            Err(Error::Invalid(errors)) => words.push(errors),
            _ => panic!("{} was let in", input.who),
        }
    }
    assert!(words.windows(2).all(|pair| pair[0] == pair[1]), "the same words whatever is wrong");

    sign_out(&mut pool.acquire().await.expect("connection"), &token).await.expect("signed out");
    assert_eq!(seen(&pool, &after(0), &token).await, None);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn sessions_end_and_can_not_be_forged(pool: PgPool) {
    owner(&pool).await;
    let (token, session) = signed_in(&pool, &after(0), "olga@acme.example").await;
    assert!(seen(&pool, &after(12 * 3600 - 1), &token).await.is_some());
    assert!(seen(&pool, &after(12 * 3600), &token).await.is_none(), "expired");
    let kept = SignIn { keep: true, ..typed("olga@acme.example", PASSWORD) };
    let kept = sign_in(&pool, &after(1), &kept).await.expect("signed in");
    assert!(seen(&pool, &after(29 * 86400), &kept.token).await.is_some());
    let stored =
        sqlx::query_scalar::<_, Vec<u8>>("select token_hash from sessions").fetch_all(&pool).await.expect("rows");
    let forged = stored.iter().map(|hash| crate::secrets::hex(hash)).chain([String::new(), "x".repeat(64)]);
    for token in forged {
        assert!(seen(&pool, &after(0), &token).await.is_none(), "what is in the table opens nothing");
    }
    sign_out_everywhere(&mut pool.acquire().await.expect("connection"), &session).await.expect("signed out");
    assert!(seen(&pool, &after(2), &kept.token).await.is_none());
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_code_of_the_second_factor_works_once(pool: PgPool) {
    owner(&pool).await;
    let (_, session) = signed_in(&pool, &after(0), "olga@acme.example").await;
    let (secret, _) = second_factor_on(&pool, &session).await;

    let half = sign_in(&pool, &after(60), &typed("olga@acme.example", PASSWORD)).await.expect("password");
    assert!(half.needs_second_factor);
    assert!(seen(&pool, &after(60), &half.token).await.is_none(), "half a sign-in opens nothing");
    let mut conn = pool.acquire().await.expect("connection");
    assert!(second_factor_due(&mut conn, &after(60), &half.token).await.expect("answer"));
    assert!(!second_factor_due(&mut conn, &after(700), &half.token).await.expect("answer"), "ten minutes");
    drop(conn);

    let code = code_at(&secret, noon() + Duration::seconds(60));
    let full = second_factor(&pool, &after(60), &secrets(), &half.token, &code).await.expect("complete");
    assert_ne!(full.token, half.token);
    assert!(seen(&pool, &after(60), &full.token).await.expect("session").second_factor);
    assert!(matches!(second_factor(&pool, &after(60), &secrets(), &half.token, &code).await, Err(Error::NotFound(_))));
    let again = sign_in(&pool, &after(61), &typed("olga@acme.example", PASSWORD)).await.expect("password");
    let replayed = second_factor(&pool, &after(61), &secrets(), &again.token, &code).await;
    assert!(matches!(replayed, Err(Error::Invalid(_))), "the same code a second time");
    let earlier = code_at(&secret, noon() + Duration::seconds(31));
    let replayed = second_factor(&pool, &after(61), &secrets(), &again.token, &earlier).await;
    assert!(matches!(replayed, Err(Error::Invalid(_))), "a code older than the last");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn one_code_from_64_at_once_signs_in_once(pool: PgPool) {
    owner(&pool).await;
    let (_, session) = signed_in(&pool, &after(0), "olga@acme.example").await;
    let (secret, recovery) = second_factor_on(&pool, &session).await;
    for code in [code_at(&secret, noon() + Duration::seconds(90)), recovery[0].clone()] {
        let half = sign_in(&pool, &after(90), &typed("olga@acme.example", PASSWORD)).await.expect("password");
        let mut tries = JoinSet::new();
        for _ in 0..64 {
            let (pool, token, code) = (pool.clone(), half.token.clone(), code.clone());
            tries.spawn(async move {
                let moment = after(90);
                second_factor(&pool, &moment, &secrets(), &token, &code).await
            });
        }
        let won = tries.join_all().await.into_iter().filter(Result::is_ok).count();
        assert_eq!(won, 1);
    }
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn recovery_codes_work_once_and_wrong_codes_tire(pool: PgPool) {
    owner(&pool).await;
    let (_, session) = signed_in(&pool, &after(0), "olga@acme.example").await;
    let (secret, codes) = second_factor_on(&pool, &session).await;
    assert_eq!(codes.len(), 10);
    let half = sign_in(&pool, &after(60), &typed("olga@acme.example", PASSWORD)).await.expect("password");
    let sloppy = codes[3].to_uppercase().replace('-', " ");
    second_factor(&pool, &after(60), &secrets(), &half.token, &sloppy).await.expect("as people type it");
    let left = settings(&mut pool.acquire().await.expect("connection"), &session).await.expect("settings");
    assert_eq!(left.recovery_codes_left, 9);

    let half = sign_in(&pool, &after(61), &typed("olga@acme.example", PASSWORD)).await.expect("password");
    for (seconds, code) in [(61, codes[3].as_str()), (62, "000000"), (63, "abc"), (64, ""), (65, "12345678")] {
        let wrong = second_factor(&pool, &after(seconds), &secrets(), &half.token, code).await;
        assert!(matches!(wrong, Err(Error::Invalid(_))), "{code}");
    }
    let right = code_at(&secret, noon() + Duration::seconds(66));
    let tired = second_factor(&pool, &after(66), &secrets(), &half.token, &right).await;
    assert!(matches!(tired, Err(Error::TooMany(899..=900))), "even the right one");
    let later = 66 + 15 * 60;
    let half = sign_in(&pool, &after(later), &typed("olga@acme.example", PASSWORD)).await.expect("password");
    let right = code_at(&secret, noon() + Duration::seconds(later));
    second_factor(&pool, &after(later), &secrets(), &half.token, &right).await.expect("after a while");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn acts_that_ask_again(pool: PgPool) {
    owner(&pool).await;
    let (token, session) = signed_in(&pool, &after(0), "olga@acme.example").await;
    assert!(require_confirmed(&session, &after(899)).is_ok());
    assert!(matches!(require_confirmed(&session, &after(900)), Err(Error::ConfirmFirst)));
    let mut conn = pool.acquire().await.expect("connection");
    assert!(matches!(begin_totp(&mut conn, &after(900), &secrets(), &session).await, Err(Error::ConfirmFirst)));
    drop(conn);
    assert!(matches!(confirm_again(&pool, &after(900), &secrets(), &token, "not it").await, Err(Error::Invalid(_))));
    confirm_again(&pool, &after(900), &secrets(), &token, PASSWORD).await.expect("confirmed");
    assert!(require_confirmed(&seen(&pool, &after(901), &token).await.expect("session"), &after(901)).is_ok());

    let (secret, _) = second_factor_on(&pool, &session).await;
    let password = confirm_again(&pool, &after(2_000), &secrets(), &token, PASSWORD).await;
    assert!(matches!(password, Err(Error::Invalid(_))), "with a second factor the password is not enough");
    let code = code_at(&secret, noon() + Duration::seconds(2_000));
    confirm_again(&pool, &after(2_000), &secrets(), &token, &code).await.expect("confirmed");

    let session = seen(&pool, &after(2_001), &token).await.expect("session");
    disable_totp(&pool, &after(2_001), &session).await.expect("off");
    assert!(!seen(&pool, &after(2_001), &token).await.expect("session").second_factor);
    let mail: i64 = sqlx::query_scalar(
        "select count(*) from graphile_worker._private_jobs where payload ->> 'mail' = 'second_factor_off'",
    )
    .fetch_one(&pool)
    .await
    .expect("count");
    assert_eq!(mail, 1);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_forgotten_password_by_partner_code(pool: PgPool) {
    let owner = owner(&pool).await;
    let (_, acme) = program(&pool, owner, "acme").await;
    program(&pool, owner, "beta").await;
    partner(&pool, &acme, "Ada").await;
    let mut conn = pool.acquire().await.expect("connection");
    for who in [" aDa", "ada@partner.example", "nobody", "nobody@partner.example"] {
        request_password_reset(&mut conn, who, Some("acme")).await.expect("the same answer");
    }
    for (who, program) in [("ada", None), ("", None), ("a d a", Some("acme")), ("", Some("acme")), ("@", Some("acme"))]
    {
        let refused = request_password_reset(&mut conn, who, program).await;
        assert!(matches!(&refused, Err(Error::Invalid(errors)) if errors[0].field == "who"), "{who}: {refused:?}");
    }
    let moment = after(0);
    for (who, program, place) in [
        ("aDa", Some("acme"), Some("/p/acme/reset-password/")),
        ("ada@partner.example", Some("acme"), Some("/p/acme/reset-password/")),
        ("ada@partner.example", Some("nothing"), Some("/reset-password/")),
        ("nobody", Some("acme"), None),
        ("ada", Some("beta"), None),
        ("ada", None, None),
    ] {
        let mail = Mail::PasswordReset { who: who.into(), slug: program.map(str::to_owned) };
        let letter = compose(&mut conn, &moment, "https://t.example", &mail).await.expect("answer");
        assert_eq!(letter.is_some(), place.is_some(), "{who} {program:?}");
        let (Some(letter), Some(place)) = (letter, place) else { continue };
        assert_eq!(letter.to, "Ada@partner.example");
        let token = letter.text.split(&format!("https://t.example{place}")).nth(1).expect("link");
        let token = token.split_whitespace().next().expect("token");
        assert!(reset_token_holds(&mut conn, &moment, token).await.expect("answer"));
    }
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_forgotten_password(pool: PgPool) {
    let owner = owner(&pool).await;
    let mut conn = pool.acquire().await.expect("connection");
    for email in ["olga@acme.example", "nobody@acme.example", "olga@acme.example"] {
        request_password_reset(&mut conn, email, None).await.expect("the same answer");
    }
    let jobs: i64 = sqlx::query_scalar("select count(*) from graphile_worker._private_jobs")
        .fetch_one(&mut *conn)
        .await
        .expect("count");
    assert_eq!(jobs, 2, "asking twice sends one mail");
    let token = tokens::make(&mut conn, &after(0), tokens::Purpose::PasswordReset, Some(owner.account), "")
        .await
        .expect("token");
    drop(conn);
    let (session_token, _) = signed_in(&pool, &after(0), "olga@acme.example").await;

    for weak in ["short", "passwordpassword", "Olga@acme.example"] {
        assert!(matches!(reset_password(&pool, &after(1), &token, weak).await, Err(Error::Invalid(_))), "{weak}");
    }
    assert!(matches!(
        reset_password(&pool, &after(3600), &token, "a new kestrel lantern").await,
        Err(Error::NotFound(_))
    ));
    assert!(matches!(
        team::accept_invitation(&pool, &after(1), &token, "Eve", "a new kestrel lantern").await,
        Err(Error::NotFound(_))
    ));
    let mut tries = JoinSet::new();
    for n in 0..64 {
        let (pool, token) = (pool.clone(), token.clone());
        tries.spawn(async move { reset_password(&pool, &after(0), &token, &format!("new kestrel lantern {n}")).await });
    }
    let won = tries.join_all().await.into_iter().filter(Result::is_ok).count();
    assert_eq!(won, 1, "a link works once");
    assert!(seen(&pool, &after(2), &session_token).await.is_none(), "signed out everywhere");
    assert!(sign_in(&pool, &after(2), &typed("olga@acme.example", PASSWORD)).await.is_err());
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn changing_the_own_account(pool: PgPool) {
    owner(&pool).await;
    let (token, session) = signed_in(&pool, &after(0), "olga@acme.example").await;
    let (other, _) = signed_in(&pool, &after(1), "olga@acme.example").await;
    let wrong = change_password(&pool, &session, &token, "wrong", "a new kestrel lantern").await;
    assert!(matches!(wrong, Err(Error::Invalid(_))));
    let weak = change_password(&pool, &session, &token, PASSWORD, "olga@acme.example").await;
    assert!(matches!(weak, Err(Error::Invalid(_))), "the e-mail is no password");
    change_password(&pool, &session, &token, PASSWORD, "a new kestrel lantern").await.expect("changed");
    assert!(seen(&pool, &after(2), &token).await.is_some(), "this session stays");
    assert!(seen(&pool, &after(2), &other).await.is_none(), "the others end");

    let mut conn = pool.acquire().await.expect("connection");
    let injected = AccountInput { name: "<b>Olga</b>'; drop table accounts; --".into(), language: "en".into() };
    update(&mut conn, &session, &injected).await.expect("kept as typed");
    assert_eq!(settings(&mut conn, &session).await.expect("settings").name, injected.name);
    for (name, language) in [(" ", "en"), ("a\nb", "en"), ("Olga", "xx")] {
        let bad = AccountInput { name: name.into(), language: language.into() };
        assert!(matches!(update(&mut conn, &session, &bad).await, Err(Error::Invalid(_))));
    }
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn the_first_owner_is_made_once(pool: PgPool) {
    let mut conn = pool.acquire().await.expect("connection");
    assert!(setup::needed(&mut conn).await.expect("answer"));
    let tokens = [
        setup::make_token(&mut conn, &after(0)).await.expect("token").expect("needed"),
        setup::make_token(&mut conn, &after(1)).await.expect("token").expect("needed"),
    ];
    assert!(setup::check_token(&mut conn, &after(2), &tokens[0]).await.expect("answer"));
    assert!(!setup::check_token(&mut conn, &after(2), "guess").await.expect("answer"));
    drop(conn);
    let input = |n: usize| NewOwner {
        name: "Olga".into(),
        email: format!("olga{n}@acme.example"),
        password: PASSWORD.into(),
        organization: "Acme".into(),
    };
    for weak in ["short", "passwordpassword", "olga0@acme.example"] {
        let weak = NewOwner { password: weak.into(), ..input(0) };
        assert!(matches!(setup::create_owner(&pool, &after(2), &tokens[0], &weak).await, Err(Error::Invalid(_))));
        assert!(matches!(setup::create_admin(&pool, &after(2), &weak).await, Err(Error::Invalid(_))));
    }
    let mut tries = JoinSet::new();
    for n in 0..64 {
        let (pool, token, input) = (pool.clone(), tokens[n % 2].clone(), input(n));
        tries.spawn(async move { setup::create_owner(&pool, &after(0), &token, &input).await });
    }
    assert_eq!(tries.join_all().await.into_iter().filter(Result::is_ok).count(), 1);
    let mut conn = pool.acquire().await.expect("connection");
    assert!(!setup::needed(&mut conn).await.expect("answer"));
    assert_eq!(setup::make_token(&mut conn, &after(3)).await.expect("answer"), None);
    drop(conn);
    setup::create_admin(&pool, &after(4), &input(64)).await.expect("the command line may");
    let taken = setup::create_admin(&pool, &after(5), &input(64)).await;
    assert!(matches!(taken, Err(Error::Invalid(_))));
    let organizations: i64 =
        sqlx::query_scalar("select count(*) from organizations").fetch_one(&pool).await.expect("count");
    assert_eq!(organizations, 1, "the one of that name");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn who_may_act_where(pool: PgPool) {
    let owner = owner(&pool).await;
    let (_, acme) = program(&pool, owner, "acme").await;
    let (_, beta) = program(&pool, owner, "beta").await;
    let (ada, _) = partner(&pool, &acme, "ada").await;
    let (bob, _) = partner(&pool, &beta, "bob").await;
    let (_, olga) = signed_in(&pool, &after(0), "olga@acme.example").await;
    let (_, of_ada) = signed_in(&pool, &after(0), "ada@partner.example").await;
    let mut conn = pool.acquire().await.expect("connection");

    let (actor, found) = admin_actor(&mut conn, &olga, "acme").await.expect("admin");
    assert_eq!((actor.program(), found.slug.as_str()), (acme.id, "acme"));
    assert!(matches!(admin_actor(&mut conn, &of_ada, "acme").await, Err(Error::NotFound(_))));
    assert!(matches!(admin_actor(&mut conn, &olga, "none").await, Err(Error::NotFound(_))));

    // What is preferred opens nothing: it chooses among one's own.
    for preferred in [None, Some("ADA"), Some("bob")] {
        let (actor, _, name) =
            partner_actor(&mut conn, &of_ada, "acme", Which::Rather(preferred)).await.expect("partner");
        assert_eq!((actor.program(), name.id, name.code.as_str()), (acme.id, ada, "ada"));
    }
    for (session, slug, preferred) in
        [(&of_ada, "beta", None), (&of_ada, "beta", Some("bob")), (&olga, "acme", Some("ada"))]
    {
        assert!(matches!(
            partner_actor(&mut conn, session, slug, Which::Rather(preferred)).await,
            Err(Error::NotFound(_))
        ));
    }
    sqlx::query("insert into enrollments (program_id, id, status, code, name, created_at) values ($1, $2, 'active', 'Zoe', 'zoe', $3)")
        .bind(acme.id)
        .bind(bob)
        .bind(noon())
        .execute(&pool)
        .await
        .expect("a second enrollment");
    sqlx::query("insert into enrollment_accounts values ($1, $2, $3, $4)")
        .bind(acme.id)
        .bind(bob)
        .bind(of_ada.account)
        .bind(noon())
        .execute(&pool)
        .await
        .expect("of the same account");
    // A code of old still means its partner; what a form names is that partner or nobody.
    sqlx::query("insert into enrollment_codes select program_id, unnest(array['zoe', 'zoe-of-old']), id, created_at from enrollments where program_id = $1 and id = $2")
        .bind(acme.id)
        .bind(bob)
        .execute(&pool)
        .await
        .expect("codes");
    for (only, code) in [(ada, "ada"), (bob, "Zoe")] {
        let (actor, _, name) = partner_actor(&mut conn, &of_ada, "acme", Which::Only(only)).await.expect("partner");
        assert_eq!((name.id, name.code.as_str()), (only, code));
        assert!(matches!(actor, Actor::Partner { enrollment, .. } if enrollment == only));
    }
    assert!(matches!(partner_actor(&mut conn, &olga, "acme", Which::Only(ada)).await, Err(Error::NotFound(_))));
    for (preferred, code) in [(None, "ada"), (Some("Zoe-Of-Old"), "Zoe"), (Some("zoe"), "Zoe"), (Some("ada"), "ada")] {
        let (_, _, name) = partner_actor(&mut conn, &of_ada, "acme", Which::Rather(preferred)).await.expect("partner");
        assert_eq!(name.code, code);
    }

    let of_olga = places(&mut conn, &olga).await.expect("places");
    assert_eq!(of_olga.programs.iter().map(|place| place.slug.as_str()).collect::<Vec<_>>(), ["acme", "beta"]);
    assert_eq!((of_olga.organizations.len(), of_olga.enrollments.len()), (1, 0));
    let of_ada = places(&mut conn, &of_ada).await.expect("places");
    assert_eq!((of_ada.programs.len(), of_ada.enrollments.len()), (0, 2));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_link_of_the_company_opens_its_portal_alone(pool: PgPool) {
    let owner = owner(&pool).await;
    let (admin, acme) = program(&pool, owner, "acme").await;
    let (_, beta) = program(&pool, owner, "beta").await;
    let (ada, account) = partner(&pool, &acme, "ada").await;
    let key = Actor::Key { key: after(0).id(), program: acme.id };
    // The partner is also a partner of beta and a member of the team.
    sqlx::query(
        "insert into enrollments (program_id, id, status, code, name, created_at) values ($1, $2, 'active', 'ada', 'Ada', $3)",
    )
    .bind(beta.id)
    .bind(ada)
    .bind(noon())
    .execute(&pool)
    .await
    .expect("enrolled");
    sqlx::query("insert into enrollment_accounts values ($1, $2, $3, $4)")
        .bind(beta.id)
        .bind(ada)
        .bind(account)
        .bind(noon())
        .execute(&pool)
        .await
        .expect("enrolled");
    let input = Invite { email: "ada@partner.example".into(), name: "Ada".into(), role: Role::Owner };
    team::invite(&pool, &after(1), &admin, &input).await.expect("invited");

    let mut conn = pool.acquire().await.expect("connection");
    let missing = sign_in_links::make(&mut conn, &after(1), &key, "nobody").await;
    assert!(matches!(missing, Err(Error::NotFound(_))));
    let refused = Actor::Partner { account, program: acme.id, enrollment: ada };
    assert!(matches!(sign_in_links::make(&mut conn, &after(1), &refused, "ada").await, Err(Error::Forbidden)));
    let token = sign_in_links::make(&mut conn, &after(1), &key, "ADA").await.expect("link");
    drop(conn);
    let late = sign_in_links::redeem(&pool, &after(601), &token, "Test").await;
    assert!(matches!(late, Err(Error::NotFound(_))));
    let mut tries = JoinSet::new();
    for _ in 0..64 {
        let (pool, token) = (pool.clone(), token.clone());
        tries.spawn(async move {
            let moment = after(2);
            sign_in_links::redeem(&pool, &moment, &token, "Test").await
        });
    }
    let mut won: Vec<_> = tries.join_all().await.into_iter().flatten().collect();
    assert_eq!(won.len(), 1);
    let (signed_in, place) = won.remove(0);
    assert_eq!((place.program.as_str(), place.partner.as_str()), ("acme", "ada"));

    let session = seen(&pool, &after(3), &signed_in.token).await.expect("session");
    let mut conn = pool.acquire().await.expect("connection");
    partner_actor(&mut conn, &session, "acme", Which::Rather(None)).await.expect("its portal");
    assert!(matches!(partner_actor(&mut conn, &session, "beta", Which::Rather(None)).await, Err(Error::NotFound(_))));
    assert!(matches!(admin_actor(&mut conn, &session, "acme").await, Err(Error::NotFound(_))));
    let places = places(&mut conn, &session).await.expect("places");
    assert_eq!((places.programs.len(), places.organizations.len(), places.enrollments.len()), (0, 0, 1));
    assert!(matches!(require_confirmed(&session, &after(3)), Err(Error::ConfirmFirst)));
    assert!(matches!(begin_totp(&mut conn, &after(3), &secrets(), &session).await, Err(Error::Forbidden)));
    assert!(matches!(sign_out_everywhere(&mut conn, &session).await, Err(Error::Forbidden)));
}
