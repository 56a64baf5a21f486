use super::*;
use crate::accounts::{self, SignIn, session, sign_in, tests::owner, tests::program};
use crate::fixtures::mails;
use crate::messages::{Mail, compose, outbox, templates};
use crate::partners::sign_up::{self, Answered};
use crate::partners::{apply, create, detail, set_status};
use chrono::Duration;
use domain::accounts::{Role, Session};
use domain::ids::OutboxId;
use domain::messages::{MailKind, Template};
use domain::page::Paging;
use domain::partners::NewPartner;
use domain::portal::{Answer, QuestionKind, SignUp};
use domain::programs::{Program, ProgramCopy};
use sqlx::PgPool;
use tokio::task::JoinSet;

const PASSWORD: &str = "correct horse battery";
const SERVER: &str = "https://t.example";

fn input(email: &str) -> SignUp {
    SignUp { name: "Ada Lind".into(), email: email.into(), ..SignUp::default() }
}

/// The token of the link that begins so, in the mail.
async fn link(pool: &PgPool, mail: &Mail, path: &str) -> String {
    let mut conn = pool.acquire().await.expect("connection");
    let letter = compose(&mut conn, &Moment::now(), SERVER, mail).await.expect("answer").expect("letter");
    let rest = letter.text.split(&format!("{SERVER}{path}")).nth(1).unwrap_or_else(|| panic!("{}", letter.text));
    rest.split_whitespace().next().expect("token").to_owned()
}

async fn standing(pool: &PgPool, program: &Program, email: &str) -> Vec<(EnrollmentStatus, i64)> {
    sqlx::query_as(
        "select status, (select count(*) from terms_acceptances t
                         where t.program_id = e.program_id and t.enrollment_id = e.id)
         from enrollments e where program_id = $1 and email = $2",
    )
    .bind(program.id)
    .bind(email)
    .fetch_all(pool)
    .await
    .expect("enrollments")
}

async fn signed_in(pool: &PgPool, email: &str) -> Session {
    let typed =
        SignIn { who: email.into(), program: None, password: PASSWORD.into(), user_agent: String::new(), keep: false };
    let token = sign_in(pool, &Moment::now(), &typed).await.expect("signed in").token;
    let mut conn = pool.acquire().await.expect("connection");
    session(&mut conn, &Moment::now(), &token).await.expect("answer").expect("session")
}

/// Asks for a change of the e-mail, which the new address may confirm, and then not the old one: somebody has it.
async fn refused_at_the_end(pool: &PgPool, now: &Moment, who: &Session, email: &str) {
    accounts::email::request(pool, now, who, PASSWORD, email).await.expect("asked");
    let sent = mails(pool).await;
    let [old, new] = &sent[sent.len() - 2..] else { panic!("two mails") };
    let token = link(pool, new, "/confirm-email/").await;
    accounts::email::confirm(pool, now, &token).await.expect("confirmed");
    let token = link(pool, old, "/confirm-email/").await;
    assert!(matches!(accounts::email::confirm(pool, now, &token).await, Err(Error::Conflict(_))), "{email}");
    let late = Moment::seeded(now.at + Duration::days(2), 1);
    assert!(matches!(accounts::email::confirm(pool, &late, &token).await, Err(Error::NotFound(_))), "{email}");
}

async fn sign_up_and_confirm(pool: &PgPool, program: &Program, email: &str) {
    let mut conn = pool.acquire().await.expect("connection");
    sign_up::begin(&mut conn, &Moment::now(), program.id, &input(email)).await.expect("begun");
    drop(conn);
    let mail = mails(pool).await.pop().expect("mail");
    let token = link(pool, &mail, "/confirm-sign-up/").await;
    sign_up::confirm(pool, &Moment::now(), &token, PASSWORD).await.expect("confirmed");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn nobody_is_a_partner_before_the_mail_is_confirmed(pool: PgPool) {
    let (admin, acme) = program(&pool, owner(&pool).await, "acme").await;
    let moment = Moment::now();
    let mut conn = pool.acquire().await.expect("connection");
    publish(&mut conn, &moment, &admin, "Be honest.", true).await.expect("terms");
    let question = Question { label: "Where?".into(), kind: QuestionKind::Text, required: true, choices: Vec::new() };
    set_sign_up(&mut conn, &moment, &admin, SignUpRule::Approve, &[question]).await.expect("rule");
    let good = SignUp { answers: vec!["A blog".into()], terms: Some(1), ..input("ada@partner.example") };
    let bad = SignUp { answers: Vec::new(), terms: None, ..good.clone() };
    let Err(Error::Invalid(errors)) = sign_up::begin(&mut conn, &moment, acme.id, &bad).await else { panic!("taken") };
    assert_eq!(errors.iter().map(|error| error.field.as_str()).collect::<Vec<_>>(), ["answers[0]", "terms"]);
    sign_up::begin(&mut conn, &moment, acme.id, &good).await.expect("begun");
    drop(conn);
    assert_eq!(standing(&pool, &acme, "ada@partner.example").await, []);
    let sent = mails(&pool).await;
    assert!(matches!(sent[..], [Mail::SignUpConfirm { .. }]), "{sent:?}");
    let mut conn = pool.acquire().await.expect("connection");
    let letter = compose(&mut conn, &moment, SERVER, &sent[0]).await.expect("answer").expect("letter");
    assert!(letter.name.is_empty() && !letter.text.contains("Ada Lind"), "no words of a stranger's: {}", letter.text);
    drop(conn);
    let token = link(&pool, &sent[0], "/confirm-sign-up/").await;
    let mut conn = pool.acquire().await.expect("connection");
    let shown = sign_up::unconfirmed(&mut conn, &moment, &token).await.expect("answer").expect("unconfirmed");
    assert_eq!((shown.email.as_str(), shown.has_password), ("ada@partner.example", false));
    drop(conn);
    let opened = Moment::seeded(moment.at + Duration::hours(30), 1);
    for weak in ["short", "passwordpassword", "ada@partner.example"] {
        let refused = sign_up::confirm(&pool, &opened, &token, weak).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{weak}: the link holds on");
    }
    let confirmed = sign_up::confirm(&pool, &opened, &token, PASSWORD).await.expect("confirmed");
    assert_eq!((confirmed.email.as_str(), confirmed.program.as_str()), ("ada@partner.example", "acme"));
    assert!(matches!(sign_up::confirm(&pool, &moment, &token, PASSWORD).await, Err(Error::NotFound(_))));
    assert_eq!(standing(&pool, &acme, "ada@partner.example").await, [(EnrollmentStatus::Pending, 1)]);
    let told = mails(&pool).await.pop().expect("mail");
    let Mail::PartnerWaiting { enrollment, .. } = told else { panic!("{told:?}") };
    let mut conn = pool.acquire().await.expect("connection");
    let letter = compose(&mut conn, &moment, SERVER, &told).await.expect("answer").expect("letter");
    assert_eq!(
        (letter.to.as_str(), letter.subject.as_str()),
        ("Olga@acme.example", "Ada Lind wants to become a partner of ACME")
    );
    let found = detail(&mut conn, &admin, enrollment).await.expect("detail");
    assert_eq!(found.answers, [Answer { question: "Where?".into(), answer: "A blog".into() }]);
    let page = acceptances(&mut conn, &admin, &Paging::default()).await.expect("page");
    assert_eq!((page.data[0].version, page.data[0].by.as_str()), (1, "Ada Lind"));
    let accepted = page.data[0].accepted_at.timestamp_micros();
    assert_eq!(accepted, moment.at.timestamp_micros(), "when the form was sent, not when the mail was opened");
    // A partner who waits has a seat, and no page.
    let seat = seat(&mut conn, acme.id, enrollment).await.expect("seat");
    assert!(!seat.is_open());
    set_status(&mut conn, &moment, &admin, enrollment, EnrollmentStatus::Active, "").await.expect("approved");
    assert!(super::seat(&mut conn, acme.id, enrollment).await.expect("seat").is_open());
    drop(conn);
    assert!(matches!(mails(&pool).await.pop(), Some(Mail::PartnerActivated { .. })), "who chose a password is told");
    let mut conn = pool.acquire().await.expect("connection");
    for status in [EnrollmentStatus::Paused, EnrollmentStatus::Active] {
        set_status(&mut conn, &moment, &admin, enrollment, status, "").await.expect("paused and resumed");
    }
    let resumed = mails(&pool).await.pop().expect("mail");
    let letter = compose(&mut conn, &moment, SERVER, &resumed).await.expect("answer").expect("letter");
    assert_eq!(letter.subject, "Your partnership with ACME is active again");
    drop(conn);
    signed_in(&pool, "ada@partner.example").await;
    let left: i64 = sqlx::query_scalar("select count(*) from sign_ups").fetch_one(&pool).await.expect("count");
    assert_eq!(left, 0);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn signing_up_tells_nobody_who_has_an_account(pool: PgPool) {
    let (admin, acme) = program(&pool, owner(&pool).await, "acme").await;
    let moment = Moment::now();
    let mut conn = pool.acquire().await.expect("connection");
    set_sign_up(&mut conn, &moment, &admin, SignUpRule::Open, &[]).await.expect("open");
    // The answer is the same for the owner's own e-mail; its password is asked for, not replaced.
    sign_up::begin(&mut conn, &moment, acme.id, &input("olga@acme.example")).await.expect("begun");
    drop(conn);
    let token = link(&pool, &mails(&pool).await[0], "/confirm-sign-up/").await;
    let wrong = sign_up::confirm(&pool, &moment, &token, "another password").await;
    assert!(matches!(wrong, Err(Error::Invalid(_))));
    sign_up::confirm(&pool, &moment, &token, PASSWORD).await.expect("confirmed");
    assert_eq!(standing(&pool, &acme, "olga@acme.example").await, [(EnrollmentStatus::Active, 0)]);
    assert!(
        matches!(mails(&pool).await.pop(), Some(Mail::PartnerActivated { .. })),
        "at once, where the program is open"
    );
    // Again: only the mail says that there is a partner.
    let mut conn = pool.acquire().await.expect("connection");
    sign_up::begin(&mut conn, &moment, acme.id, &input("olga@acme.example")).await.expect("begun");
    let again = mails(&pool).await.pop().expect("mail");
    let letter = compose(&mut conn, &moment, SERVER, &again).await.expect("answer").expect("letter");
    assert_eq!(letter.subject, "You are a partner of ACME already");
    assert!(!letter.text.contains("confirm-sign-up"), "{}", letter.text);
    set_sign_up(&mut conn, &moment, &admin, SignUpRule::Closed, &[]).await.expect("closed");
    let closed = sign_up::begin(&mut conn, &moment, acme.id, &input("bob@partner.example")).await;
    assert!(matches!(closed, Err(Error::Conflict(_))));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn of_64_confirmations_at_once_one_makes_the_partner(pool: PgPool) {
    let (_, acme) = program(&pool, owner(&pool).await, "acme").await;
    // Two sign-ups with the same e-mail: two links, one partner.
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let mut conn = pool.acquire().await.expect("connection");
        sign_up::begin(&mut conn, &Moment::now(), acme.id, &input("ada@partner.example")).await.expect("begun");
    }
    for mail in mails(&pool).await {
        tokens.push(link(&pool, &mail, "/confirm-sign-up/").await);
    }
    let mut tries = JoinSet::new();
    for number in 0..64 {
        let (pool, token) = (pool.clone(), tokens[number % 2].clone());
        tries.spawn(async move { sign_up::confirm(&pool, &Moment::now(), &token, PASSWORD).await });
    }
    let made = tries.join_all().await.into_iter().filter(std::result::Result::is_ok).count();
    assert_eq!(made, 1);
    assert_eq!(standing(&pool, &acme, "ada@partner.example").await.len(), 1);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn who_is_signed_in_signs_up_at_once(pool: PgPool) {
    let owner = owner(&pool).await;
    let (_, acme) = program(&pool, owner, "acme").await;
    let (_, beta) = program(&pool, owner, "beta").await;
    sign_up_and_confirm(&pool, &acme, "ada@partner.example").await;
    let ada = signed_in(&pool, "ada@partner.example").await;
    let mut conn = pool.acquire().await.expect("connection");
    let other = input("somebody@else.example");
    let made = sign_up::with_account(&mut conn, &Moment::now(), &ada, beta.id, &other).await.expect("made");
    assert!(made.is_some(), "the e-mail is confirmed already");
    drop(conn);
    assert_eq!(standing(&pool, &beta, "ada@partner.example").await.len(), 1, "with the account's own e-mail");
    // The owner's e-mail was never confirmed.
    let olga = signed_in(&pool, "olga@acme.example").await;
    let mut conn = pool.acquire().await.expect("connection");
    let made = sign_up::with_account(&mut conn, &Moment::now(), &olga, beta.id, &other).await.expect("taken");
    assert!(made.is_none());
    let by_link = Session { only_program: Some(acme.id), ..ada };
    let refused = sign_up::with_account(&mut conn, &Moment::now(), &by_link, beta.id, &other).await;
    assert!(matches!(refused, Err(Error::Forbidden)));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn who_is_declined_is_told(pool: PgPool) {
    let (admin, acme) = program(&pool, owner(&pool).await, "acme").await;
    sign_up_and_confirm(&pool, &acme, "ada@partner.example").await;
    let Some(Mail::PartnerWaiting { enrollment, .. }) = mails(&pool).await.pop() else { panic!("the team is told") };
    let mut conn = pool.acquire().await.expect("connection");
    let moment = Moment::now();
    set_status(&mut conn, &moment, &admin, enrollment, EnrollmentStatus::Declined, "").await.expect("declined");
    let mail = mails(&pool).await.pop().expect("mail");
    assert!(matches!(mail, Mail::PartnerDeclined { .. }), "{mail:?}");
    let letter = compose(&mut conn, &moment, SERVER, &mail).await.expect("answer").expect("letter");
    assert!(!letter.text.contains("/p/acme"), "no dashboard: {}", letter.text);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn an_e_mail_changes_once_both_addresses_have_confirmed(pool: PgPool) {
    let (_, acme) = program(&pool, owner(&pool).await, "acme").await;
    sign_up_and_confirm(&pool, &acme, "ada@partner.example").await;
    let ada = signed_in(&pool, "ada@partner.example").await;
    let now = Moment::now();
    let request =
        async |password: &str, email: &str| accounts::email::request(&pool, &now, &ada, password, email).await;
    assert!(matches!(request("wrong password", "ada@new.example").await, Err(Error::Invalid(_))));
    assert!(matches!(request(PASSWORD, "ADA@partner.example").await, Err(Error::Invalid(_))));
    request(PASSWORD, "ada@typo.example").await.expect("asked");
    let stale = mails(&pool).await.pop().expect("mail");
    let stale = link(&pool, &stale, "/confirm-email/").await;
    request(PASSWORD, "ada@new.example").await.expect("asked again");
    assert!(matches!(accounts::email::confirm(&pool, &now, &stale).await, Err(Error::NotFound(_))), "ended");
    let sent = mails(&pool).await;
    let [old, new] = &sent[sent.len() - 2..] else { panic!("two mails") };
    let mut conn = pool.acquire().await.expect("connection");
    let to = |letter: Option<crate::messages::Letter>| letter.expect("letter").to;
    assert_eq!(to(compose(&mut conn, &now, SERVER, old).await.expect("old")), "ada@partner.example");
    assert_eq!(to(compose(&mut conn, &now, SERVER, new).await.expect("new")), "ada@new.example");
    drop(conn);
    let (by_old, by_new) = (link(&pool, old, "/confirm-email/").await, link(&pool, new, "/confirm-email/").await);
    let first = accounts::email::confirm(&pool, &now, &by_new).await.expect("confirmed").expect("one is missing");
    assert_eq!((first.by_old, first.by_new), (false, true));
    signed_in(&pool, "ada@partner.example").await;
    let second = link(&pool, new, "/confirm-email/").await;
    let again = accounts::email::confirm(&pool, &now, &second).await.expect("answer");
    assert!(again.is_some(), "the new address twice is not both");
    assert_eq!(accounts::email::confirm(&pool, &now, &by_old).await.expect("confirmed"), None);
    let changed = signed_in(&pool, "ada@new.example").await;
    assert_eq!((changed.account, changed.email.as_str()), (ada.account, "ada@new.example"));
    // The program reaches the partner where it is now, and it stays the same partner.
    let reached: String = sqlx::query_scalar("select email from enrollments").fetch_one(&pool).await.expect("e-mail");
    assert_eq!(reached, "ada@new.example");
    sqlx::query("update enrollments set email = 'office@partner.example'").execute(&pool).await.expect("another");
    let mut conn = pool.acquire().await.expect("connection");
    sign_up::begin(&mut conn, &now, acme.id, &input("ada@new.example")).await.expect("begun");
    drop(conn);
    let again = link(&pool, &mails(&pool).await.pop().expect("mail"), "/confirm-sign-up/").await;
    assert!(matches!(sign_up::confirm(&pool, &now, &again, PASSWORD).await, Err(Error::Conflict(_))));
    assert_eq!(standing(&pool, &acme, "office@partner.example").await.len(), 1);
    let partners: i64 = sqlx::query_scalar("select count(*) from enrollments").fetch_one(&pool).await.expect("count");
    assert_eq!(partners, 1, "one account is one partner, whatever address the program has of it");
    // An address that somebody has is refused at the end, and not before.
    refused_at_the_end(&pool, &now, &changed, "olga@acme.example").await;
    // So is one that another partner of the program has, though no account.
    sign_up_and_confirm(&pool, &acme, "bob@partner.example").await;
    sqlx::query("update enrollments set email = 'Studio@partner.example' where email = 'bob@partner.example'")
        .execute(&pool)
        .await
        .expect("moved");
    // The address may be a stranger's: three times an hour.
    let fourth = accounts::email::request(&pool, &now, &changed, PASSWORD, "studio@partner.example").await;
    assert!(matches!(fourth, Err(Error::TooMany(_))), "{fourth:?}");
    let later = Moment::seeded(now.at + Duration::hours(1), 2);
    refused_at_the_end(&pool, &later, &changed, "studio@partner.example").await;
    signed_in(&pool, "ada@new.example").await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn the_portal_is_set_up_by_who_may_and_noted(pool: PgPool) {
    let owner = owner(&pool).await;
    let (admin, acme) = program(&pool, owner, "acme").await;
    let viewer =
        Actor::Admin { account: owner.account, organization: owner.organization, role: Role::Viewer, program: acme.id };
    let moment = Moment::now();
    let mut conn = pool.acquire().await.expect("connection");
    let input = NewPartner {
        name: "Ada".into(),
        company: String::new(),
        email: "ada@partner.example".into(),
        website: String::new(),
        code: None,
        kinds: Kinds { affiliate: true, ..Kinds::default() },
        status: EnrollmentStatus::Active,
    };
    set_sign_up(&mut conn, &moment, &admin, SignUpRule::Open, &[]).await.expect("open");
    let ada = apply(&mut conn, &moment, "acme", &input, &Answered::default()).await.expect("partner");
    let before = seat(&mut conn, acme.id, ada.id).await.expect("seat");
    assert_eq!((before.lands_on(), before.brand.as_str()), (PortalPage::Dashboard, "ACME"));
    assert!(before.shown.contains(&PortalPage::Links) && !before.shown.contains(&PortalPage::Welcome));
    let hidden = Hidden { affiliate: vec![PortalPage::Links], ..Hidden::default() };
    set_hidden(&mut conn, &moment, &admin, &hidden).await.expect("hidden");
    set_welcome(&mut conn, &moment, &admin, "# Hello", LandsOn::Welcome).await.expect("welcome");
    let brand = BrandInput {
        brand: "Acme Friends".into(),
        accent: "teal".into(),
        colour: "#7A1FA2".into(),
        contact_email: "hello@acme.example".into(),
    };
    set_brand(&mut conn, &moment, &admin, &brand).await.expect("brand");
    let after = seat(&mut conn, acme.id, ada.id).await.expect("seat");
    assert!(!after.shown.contains(&PortalPage::Links));
    assert_eq!((after.lands_on(), after.brand.as_str()), (PortalPage::Welcome, "Acme Friends"));
    assert_eq!(after.contact_email, "hello@acme.example");
    let program = crate::programs::get(&mut conn, acme.id).await.expect("program");
    assert_eq!(program.accent, "#7a1fa2");
    let nobody = BrandInput { contact_email: "hello".into(), ..brand.clone() };
    let Err(Error::Invalid(errors)) = set_brand(&mut conn, &moment, &admin, &nobody).await else { panic!("no e-mail") };
    assert_eq!(errors[0].field, "contact_email");
    let sharing = Sharing { general: " Look: ".into(), x: "On X".into(), ..Sharing::default() };
    set_sharing(&mut conn, &moment, &admin, &sharing).await.expect("sharing");
    let kept = get(&mut conn, acme.id).await.expect("portal").sharing;
    assert_eq!((kept.general.as_str(), kept.x.as_str(), kept.email.as_str()), ("Look:", "On X", ""));
    assert!(matches!(set_sharing(&mut conn, &moment, &viewer, &sharing).await, Err(Error::Forbidden)));
    let pale = BrandInput { colour: "#ffee00".into(), ..brand.clone() };
    let Err(Error::Invalid(errors)) = set_brand(&mut conn, &moment, &admin, &pale).await else { panic!("unreadable") };
    assert_eq!(errors[0].field, "colour");
    assert_eq!(publish(&mut conn, &moment, &admin, "One", true).await.expect("one"), 1);
    assert!(matches!(publish(&mut conn, &moment, &admin, " One ", true).await, Err(Error::Invalid(_))));
    assert_eq!(publish(&mut conn, &moment, &admin, "Two", true).await.expect("two"), 2);
    assert_eq!(terms(&mut conn, acme.id).await.expect("terms"), Some((2, "Two".into())));
    assert!(matches!(publish(&mut conn, &moment, &viewer, "Three", true).await, Err(Error::Forbidden)));
    assert!(matches!(set_brand(&mut conn, &moment, &viewer, &brand).await, Err(Error::Forbidden)));
    assert!(matches!(set_hidden(&mut conn, &moment, &viewer, &hidden).await, Err(Error::Forbidden)));
    let noted: i64 = sqlx::query_scalar("select count(*) from audit_log where action like 'portal.%'")
        .fetch_one(&mut *conn)
        .await
        .expect("count");
    assert_eq!(noted, 7);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_host_of_links_counts_once_it_leads_here(pool: PgPool) {
    let (admin, acme) = program(&pool, owner(&pool).await, "acme").await;
    let moment = Moment::now();
    let mut conn = pool.acquire().await.expect("connection");
    let stand = async |conn: &mut PgConnection| {
        let host = get(conn, acme.id).await.expect("portal").link_host;
        let used = crate::programs::get(conn, acme.id).await.expect("program").link_domain;
        (used, host.checked_at.is_some(), host.trouble)
    };
    let bad = set_link_host(&mut conn, &moment, &admin, "127.0.0.1:3500").await;
    assert!(matches!(bad, Err(Error::Invalid(errors)) if errors[0].field == "link_host"));
    set_link_host(&mut conn, &moment, &admin, "Go.acme.example").await.expect("wanted");
    assert_eq!(stand(&mut conn).await, (String::new(), false, String::new()), "partners keep the server's own");
    link_host::settle(&mut conn, &moment, &admin, "go.acme.example", "Nowhere.").await.expect("kept");
    assert_eq!(stand(&mut conn).await, (String::new(), true, "Nowhere.".into()));
    link_host::settle(&mut conn, &moment, &admin, "go.acme.example", "").await.expect("kept");
    assert_eq!(stand(&mut conn).await, ("go.acme.example".into(), true, String::new()));
    // The same again changes nothing; another one waits, and what was found of the one before is of no use to it.
    set_link_host(&mut conn, &moment, &admin, "go.acme.example").await.expect("the same");
    assert_eq!(stand(&mut conn).await.0, "go.acme.example");
    set_link_host(&mut conn, &moment, &admin, "to.acme.example").await.expect("another");
    link_host::settle(&mut conn, &moment, &admin, "go.acme.example", "").await.expect("late");
    assert_eq!(stand(&mut conn).await, (String::new(), false, String::new()));
    set_link_host(&mut conn, &moment, &admin, "").await.expect("none");
    drop(conn);
    let secrets = crate::secrets::Secrets::new("a secret for tests, long enough to be taken").expect("secret");
    let none = check_link_host(&pool, &moment, &admin, &secrets, SERVER).await;
    assert!(matches!(none, Err(Error::Conflict(_))));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn present_partners_accept_the_terms_that_they_are_asked_to(pool: PgPool) {
    let (admin, acme) = program(&pool, owner(&pool).await, "acme").await;
    let moment = Moment::now();
    let mut conn = pool.acquire().await.expect("connection");
    set_sign_up(&mut conn, &moment, &admin, SignUpRule::Open, &[]).await.expect("open");
    let partner = |code: &str| NewPartner {
        name: code.into(),
        company: String::new(),
        email: format!("{code}@partner.example"),
        website: String::new(),
        code: Some(code.into()),
        kinds: Kinds { affiliate: true, ..Kinds::default() },
        status: EnrollmentStatus::Active,
    };
    let ada = apply(&mut conn, &moment, "acme", &partner("ada"), &Answered::default()).await.expect("ada").id;
    let at = |hours: i64| Moment::seeded(moment.at + Duration::hours(hours), hours.unsigned_abs());
    let due = async |conn: &mut PgConnection, partner: EnrollmentId| {
        seat(conn, acme.id, partner).await.expect("seat").terms_due
    };
    // For newcomers alone.
    publish(&mut conn, &at(1), &admin, "One", false).await.expect("one");
    let bob = apply(&mut conn, &at(2), "acme", &partner("bob"), &Answered::default()).await.expect("bob").id;
    assert_eq!((due(&mut conn, ada).await, due(&mut conn, bob).await), (None, Some(1)));
    accept(&mut conn, at(2).at, acme.id, bob, None, 1).await.expect("accepted");
    publish(&mut conn, &at(3), &admin, "Two", false).await.expect("two");
    assert_eq!((due(&mut conn, ada).await, due(&mut conn, bob).await), (None, None));
    // Of all, who then accept what is in force by then.
    publish(&mut conn, &at(4), &admin, "Three", true).await.expect("three");
    publish(&mut conn, &at(5), &admin, "Four", false).await.expect("four");
    assert_eq!((due(&mut conn, ada).await, due(&mut conn, bob).await), (Some(4), Some(4)));
    assert_eq!(count_yet_to_accept(&mut conn, &admin).await.expect("count"), 2);
    accept(&mut conn, at(6).at, acme.id, ada, None, 4).await.expect("accepted");
    let waiting = yet_to_accept(&mut conn, &admin, &Paging::default()).await.expect("page").data;
    assert_eq!(waiting.iter().map(|partner| partner.code.as_str()).collect::<Vec<_>>(), ["bob"]);
    let asked: Vec<_> = versions(&mut conn, &admin, 9).await.expect("versions").iter().map(|one| one.asks).collect();
    assert_eq!(asked, [false, true, false, false]);
    publish(&mut conn, &at(7), &admin, "", true).await.expect("taken back");
    assert_eq!(due(&mut conn, bob).await, None);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn who_is_invited_accepts_the_terms_with_the_invitation(pool: PgPool) {
    let (admin, acme) = program(&pool, owner(&pool).await, "acme").await;
    let moment = Moment::now();
    let mut conn = pool.acquire().await.expect("connection");
    publish(&mut conn, &moment, &admin, "Be honest.", true).await.expect("terms");
    let new = NewPartner {
        name: "Ada Lind".into(),
        company: String::new(),
        email: "ada@partner.example".into(),
        website: String::new(),
        code: None,
        kinds: Kinds { affiliate: true, ..Kinds::default() },
        status: EnrollmentStatus::Active,
    };
    let ada = create(&mut conn, &moment, &admin, &new).await.expect("partner").id;
    let mail = mails(&pool).await.pop().expect("mail");
    let token = link(&pool, &mail, "/accept-invitation/").await;
    let invited = accounts::team::invitation(&mut conn, &moment, &token).await.expect("answer").expect("open");
    assert_eq!((invited.email.as_str(), invited.partner), ("ada@partner.example", Some((acme.id, ada))));
    let accept = async |terms: Option<i32>| {
        accounts::team::accept_invitation(&pool, &Moment::now(), &token, "Ada Lind", PASSWORD, terms).await
    };
    for terms in [None, Some(2)] {
        assert!(matches!(accept(terms).await, Err(Error::Invalid(errors)) if errors[0].field == "terms"), "{terms:?}");
    }
    accept(Some(1)).await.expect("the link has held on");
    assert_eq!(seat(&mut conn, acme.id, ada).await.expect("seat").terms_due, None);
    let accepted = acceptances(&mut conn, &admin, &Paging::default()).await.expect("page").data;
    assert_eq!((accepted[0].partner.id, accepted[0].by.as_str()), (ada, "Ada Lind"));
    // Who has a password signs in on the program's page.
    let letter = compose(&mut conn, &moment, SERVER, &mail).await.expect("answer").expect("letter");
    assert!(letter.text.contains("https://t.example/p/acme/sign-in"), "{}", letter.text);
}

#[test]
fn markdown_can_do_no_harm() {
    let shown = html(
        "# Hi\n\n**Bold** [link](https://acme.example) [evil](javascript:alert(1)) <script>alert(1)</script>\n\n\
         <img src=x onerror=alert(1)> <form action=/fn/sign-out><button>x</button></form> <b style=\"position:fixed\">b</b>",
    );
    for bad in ["<script", "javascript:", "onerror", "<form", "<img", "style=", "<h1", "<button"] {
        assert!(!shown.contains(bad), "{bad}: {shown}");
    }
    assert!(shown.contains("<h2>Hi</h2>"), "the page has its h1: {shown}");
    assert_eq!(html("# A\n\n## B"), "<h2>A</h2>\n<h3>B</h3>\n");
    assert_eq!(html("## B"), "<h2>B</h2>\n");
    assert!(shown.contains("<strong>Bold</strong>") && shown.contains("href=\"https://acme.example\""), "{shown}");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn the_team_words_its_mail(pool: PgPool) {
    let owner = owner(&pool).await;
    let (admin, acme) = program(&pool, owner, "acme").await;
    let (_, beta) = program(&pool, owner, "beta").await;
    let moment = Moment::now();
    sign_up_and_confirm(&pool, &acme, "ada@partner.example").await;
    let Some(Mail::PartnerWaiting { enrollment, .. }) = mails(&pool).await.pop() else { panic!("waiting") };
    let mut conn = pool.acquire().await.expect("connection");
    let kind = MailKind::PartnerActivated;
    let words = |body: &str| Template { subject: "Hi {{partner.name}}".into(), body: body.into() };
    let bad = templates::save(&mut conn, &moment, &admin, kind, &words("{{payment.amount}}")).await;
    assert!(matches!(bad, Err(Error::Invalid(errors)) if errors[0].field == "body"));
    templates::save(
        &mut conn,
        &moment,
        &admin,
        kind,
        &words("Welcome to {{program.name}}.\n\n<b>{{partner.code}}</b>"),
    )
    .await
    .expect("saved");
    let mail = Mail::PartnerActivated { program: acme.id, enrollment };
    let letter = compose(&mut conn, &moment, SERVER, &mail).await.expect("answer").expect("letter");
    assert_eq!(letter.subject, "Hi Ada Lind");
    for words in ["Welcome to ACME.\n", "\n<b>ada-lind</b>\n"] {
        assert!(letter.text.contains(words), "{}", letter.text);
    }
    assert!(!letter.html.contains("<b>"), "{}", letter.html);
    let bad = templates::test(&mut conn, &admin, kind, &words("{{payment.amount}}")).await;
    assert!(matches!(bad, Err(Error::Invalid(errors)) if errors[0].field == "body"));
    // What is tried need not be saved.
    templates::test(&mut conn, &admin, kind, &words("Good to have you in {{program.name}}.")).await.expect("test");
    let test = mails(&pool).await.pop().expect("mail");
    let letter = compose(&mut conn, &moment, SERVER, &test).await.expect("answer").expect("letter");
    assert_eq!((letter.to.as_str(), letter.subject.as_str()), ("Olga@acme.example", "Test: Hi Ada Lind"));
    assert!(letter.text.contains("Good to have you in ACME."), "an example of this program: {}", letter.text);
    assert!(letter.text.starts_with("Hello Ada Lind,"), "whose example it is: {}", letter.text);
    assert!(letter.text.contains("Open your dashboard:\nhttps://t.example/p/acme"), "{}", letter.text);
    // In the program's name, and answers go to where partners reach it.
    assert_eq!((letter.from.as_str(), letter.reply_to.as_str()), ("ACME", ""));
    let brand = BrandInput {
        brand: "Acme Friends".into(),
        accent: String::new(),
        colour: String::new(),
        contact_email: "hello@acme.example".into(),
    };
    set_brand(&mut conn, &moment, &admin, &brand).await.expect("brand");
    let letter = compose(&mut conn, &moment, SERVER, &mail).await.expect("answer").expect("letter");
    assert_eq!((letter.from.as_str(), letter.reply_to.as_str()), ("Acme Friends", "hello@acme.example"));
    assert!(letter.text.contains("Questions? Write to hello@acme.example"), "{}", letter.text);
    let of_beta = templates::of(&mut conn, beta.id, kind).await.expect("template");
    assert_eq!(of_beta, kind.standard(), "another program has its own words");
    templates::save(&mut conn, &moment, &admin, kind, &kind.standard()).await.expect("back");
    let rows = templates::list(&mut conn, &admin).await.expect("list");
    assert!(rows.iter().all(|row| row.updated_at.is_none()));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn the_outbox_is_the_owners_and_shows_no_stranger_s_mail(pool: PgPool) {
    let owner = owner(&pool).await;
    let (admin, acme) = program(&pool, owner, "acme").await;
    let other = accounts::setup::NewOwner {
        name: "Otto".into(),
        email: "otto@other.example".into(),
        password: PASSWORD.into(),
        organization: "Other".into(),
    };
    let other = accounts::setup::create_admin(&pool, &Moment::now(), &other).await.expect("other");
    let (of_other, _) = program(&pool, other, "other").await;
    sign_up_and_confirm(&pool, &acme, "ada@partner.example").await;
    let moment = Moment::now();
    let mut conn = pool.acquire().await.expect("connection");
    let secrets = crate::secrets::Secrets::new("a secret for tests, of more than 32 characters").expect("secret");
    let reset = |email: &str| Mail::PasswordReset { who: email.into(), slug: None };
    let mut sent = mails(&pool).await;
    sent.extend([reset("otto@other.example"), reset("olga@acme.example"), reset("ada@partner.example")]);
    for mail in &sent {
        if let Some(letter) = compose(&mut conn, &moment, SERVER, mail).await.expect("answer") {
            outbox::keep(&mut conn, &secrets, &moment, mail, &letter).await.expect("kept");
        }
    }
    let seen = async |conn: &mut PgConnection, actor: &Actor| -> Vec<(OutboxId, String)> {
        let rows = outbox::list(conn, actor, &Paging::default()).await.expect("list").data;
        rows.into_iter().map(|row| (row.id, row.email)).collect()
    };
    let of_acme = seen(&mut conn, &admin).await;
    assert!(of_acme.iter().any(|(_, email)| email == "ada@partner.example"));
    assert!(of_acme.iter().all(|(_, email)| email != "otto@other.example"), "another organization's");
    let theirs = seen(&mut conn, &of_other).await;
    assert_eq!(theirs.len(), 1);
    let open = async |conn: &mut PgConnection, actor: &Actor, id: OutboxId| {
        outbox::get(conn, &secrets, &Moment::now(), actor, id).await
    };
    assert!(matches!(open(&mut conn, &admin, theirs[0].0).await, Err(Error::NotFound(_))));
    let one = open(&mut conn, &admin, of_acme[0].0).await.expect("mail");
    assert!(one.body.contains(SERVER), "{}", one.body);
    let noted: Vec<String> = sqlx::query_scalar("select subject_path from audit_log where action = 'outbox.read'")
        .fetch_all(&mut *conn)
        .await
        .expect("log");
    assert_eq!(noted, [format!("outbox/{}", one.id)]);
    let plain: i64 =
        sqlx::query_scalar("select count(*) from outbox where position(convert_to($1, 'UTF8') in body) > 0")
            .bind(SERVER)
            .fetch_one(&mut *conn)
            .await
            .expect("count");
    assert_eq!(plain, 0, "texts are encrypted");
    for role in [Role::Manager, Role::Finance, Role::Viewer] {
        let actor = Actor::Admin { account: owner.account, organization: owner.organization, role, program: acme.id };
        assert!(matches!(outbox::list(&mut conn, &actor, &Paging::default()).await, Err(Error::Forbidden)));
        assert!(matches!(open(&mut conn, &actor, of_acme[0].0).await, Err(Error::Forbidden)));
    }
    // Whoever belongs to another organization too: a link of theirs would open that as well.
    sqlx::query("insert into memberships (organization_id, account_id, role, created_at) select $1, id, 'viewer', $2 from accounts where email = 'ada@partner.example'")
        .bind(other.organization)
        .bind(moment.at)
        .execute(&mut *conn)
        .await
        .expect("member");
    let resets = |seen: &[(OutboxId, String)]| seen.iter().filter(|(_, email)| email == "ada@partner.example").count();
    assert_eq!(resets(&seen(&mut conn, &admin).await) + 1, resets(&of_acme));
    drop(conn);
    let later = |days| Moment::seeded(moment.at + Duration::days(days), 1);
    outbox::purge(&pool, &later(29)).await.expect("purge");
    let mut conn = pool.acquire().await.expect("connection");
    assert!(!seen(&mut conn, &admin).await.is_empty());
    drop(conn);
    outbox::purge(&pool, &later(30)).await.expect("purge");
    assert!(seen(&mut pool.acquire().await.expect("connection"), &admin).await.is_empty());
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_sandbox_has_all_but_the_people(pool: PgPool) {
    let owner = owner(&pool).await;
    let (admin, acme) = program(&pool, owner, "acme").await;
    let moment = Moment::now();
    sign_up_and_confirm(&pool, &acme, "ada@partner.example").await;
    let mut conn = pool.acquire().await.expect("connection");
    set_welcome(&mut conn, &moment, &admin, "Hello", LandsOn::Welcome).await.expect("welcome");
    publish(&mut conn, &moment, &admin, "One", true).await.expect("terms");
    publish(&mut conn, &moment, &admin, "Two", true).await.expect("terms");
    let offer = domain::offers::OfferInput {
        name: "Standard".into(),
        description: String::new(),
        rewards: vec![crate::fixtures::percent("30")],
        is_default: true,
    };
    let mut tx = sqlx::Connection::begin(&mut *conn).await.expect("begin");
    let offer = crate::offers::create(&mut tx, &moment, &admin, &offer).await.expect("offer");
    tx.commit().await.expect("commit");
    let choice = domain::partners::OfferChoice { offer, overrides: Vec::new() };
    let group = domain::partners::GroupInput { name: "Creators".into(), offers: vec![choice] };
    crate::partners::groups::create(&mut conn, &moment, &admin, &group).await.expect("group");
    drop(conn);
    let copied = ProgramCopy { name: "Acme test".into(), slug: "acme-test".into() };
    let viewer =
        Actor::Admin { account: owner.account, organization: owner.organization, role: Role::Viewer, program: acme.id };
    assert!(matches!(crate::programs::copy(&pool, &moment, &viewer, &copied).await, Err(Error::Forbidden)));
    let taken = ProgramCopy { slug: "acme".into(), ..copied.clone() };
    assert!(matches!(crate::programs::copy(&pool, &moment, &admin, &taken).await, Err(Error::Invalid(_))));
    let made = crate::programs::copy(&pool, &moment, &admin, &copied).await.expect("copied");
    assert!(made.sandbox);
    assert_eq!((made.currency, made.time_zone, made.window_days), (acme.currency, acme.time_zone, acme.window_days));
    let of_copy =
        Actor::Admin { account: owner.account, organization: owner.organization, role: Role::Owner, program: made.id };
    let mut conn = pool.acquire().await.expect("connection");
    let offers = crate::offers::list(&mut conn, &of_copy).await.expect("offers");
    assert_eq!((offers.len(), offers[0].name.as_str()), (1, "Standard"));
    let portal = get(&mut conn, made.id).await.expect("portal");
    assert_eq!((portal.welcome.as_str(), portal.sign_up), ("Hello", SignUpRule::Closed));
    let groups = crate::partners::groups::list(&mut conn, &of_copy).await.expect("groups");
    assert_eq!((groups[0].name.as_str(), groups[0].offers[0].offer), ("Creators", offers[0].id));
    assert_eq!(terms(&mut conn, made.id).await.expect("terms"), Some((1, "Two".into())));
    let people: i64 = sqlx::query_scalar("select count(*) from enrollments where program_id = $1")
        .bind(made.id)
        .fetch_one(&mut *conn)
        .await
        .expect("count");
    assert_eq!(people, 0);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn an_account_lands_where_the_pages_of_the_chosen_partner_are(pool: PgPool) {
    let world = crate::fixtures::World::new(pool).await;
    let (ada, zed) = (world.partner("ada").await, world.partner("zed").await);
    world
        .set("update enrollments set affiliate = false, introducer = true where program_id = $1 and code = 'zed'")
        .await;
    let mut conn = world.pool.acquire().await.expect("connection");
    for partner in [&ada, &zed] {
        sqlx::query("insert into enrollment_accounts (program_id, enrollment_id, account_id, created_at) values ($1, $2, $3, $4)")
            .bind(world.program)
            .bind(partner.id)
            .bind(world.owner)
            .bind(world.at)
            .execute(&mut *conn)
            .await
            .expect("account");
    }
    set_welcome(&mut conn, &world.moment(), &world.owner(), "Hello", LandsOn::Welcome).await.expect("message");
    let hidden = Hidden { introducer: vec![PortalPage::Welcome], ..Hidden::default() };
    set_hidden(&mut conn, &world.moment(), &world.owner(), &hidden).await.expect("hidden");
    let session = Session {
        account: world.owner,
        name: "Olga".into(),
        email: "olga@acme.example".into(),
        language: "en".into(),
        second_factor: false,
        confirmed_at: world.at,
        expires_at: world.at + Duration::days(1),
        only_program: None,
    };
    for (chosen, path) in [(None, PortalPage::Welcome), (Some("zed"), PortalPage::Dashboard)] {
        let found = landing(&mut conn, &session, "acme", Which::Rather(chosen)).await.expect("path");
        assert_eq!(found, path.href("acme"), "{chosen:?}");
    }
}
