//! Server functions are public endpoints: each is listed here with whom it lets in, and refuses all others.

use crate::site::{Answer, PASSWORD, Site, join, now, program};
use domain::accounts::{Actor, Role};
use domain::portal::{Hidden, LandsOn, PortalPage};
use engine::accounts::setup::{NewOwner, create_admin};
use engine::accounts::{SignIn, sign_in, sign_in_links, team};
use http::Method;
use server_fn::axum::server_fn_paths;
use sqlx::PgPool;
use std::collections::BTreeMap;

/// Whom a function lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    /// Whoever asks: it looks at nothing but what it is given.
    Anyone,
    /// Whoever is signed in, about themselves.
    Account,
    /// A partner of the program.
    Partner,
    /// A member of the program's team, whatever the role.
    Team,
    /// A member of the program's team whose role allows more than reading.
    Powerful,
}
use Who::{Account, Anyone, Partner, Powerful, Team};

/// An id that nothing has: it stands in arguments where the asker must be refused before it is looked up.
const NOTHING: &str = "00000000-0000-7000-8000-000000000000";

/// In arguments, the id of partner `ada`.
const ADA: &str = "partner=ADA";

/// Every function with arguments that it can read.
const FUNCTIONS: &[(&str, &str, Who)] = &[
    ("/fn/account", "", Account),
    ("/fn/account/email", "email=x%40acme.test&email_password=x", Account),
    ("/fn/account/email/by-link", "token=x", Anyone),
    ("/fn/account/email/cancel", "", Account),
    ("/fn/account/email/confirm", "token=x", Anyone),
    ("/fn/account/password", "old_password=x&password=x", Account),
    ("/fn/account/recovery-codes", "", Account),
    ("/fn/account/second-factor/begin", "", Account),
    ("/fn/account/second-factor/turn-off", "", Account),
    ("/fn/account/second-factor/turn-on", "code=000000", Account),
    ("/fn/account/sign-out-everywhere", "", Account),
    ("/fn/account/update", "name=X&language=en", Account),
    ("/fn/admin/api-keys", "program=acme", Powerful),
    ("/fn/admin/api-keys/create", "program=acme&name=X&read=on", Powerful),
    ("/fn/admin/api-keys/revoke", "program=acme&key=00000000-0000-7000-8000-000000000000", Powerful),
    ("/fn/admin/assets", "program=acme", Team),
    ("/fn/admin/assets/archive", "program=acme&id=00000000-0000-7000-8000-000000000000&archived=true", Powerful),
    ("/fn/admin/assets/move", "program=acme&id=00000000-0000-7000-8000-000000000000&up=true", Powerful),
    ("/fn/admin/assets/one", "program=acme", Powerful),
    ("/fn/admin/audit-log", "program=acme", Powerful),
    ("/fn/admin/batch", "program=acme&id=00000000-0000-7000-8000-000000000000", Team),
    ("/fn/admin/commissions", "program=acme", Team),
    ("/fn/admin/commissions/approve", "program=acme&id=00000000-0000-7000-8000-000000000000", Powerful),
    ("/fn/admin/commissions/reverse", "program=acme&id=00000000-0000-7000-8000-000000000000&reason=X", Powerful),
    ("/fn/admin/customer", "program=acme&id=00000000-0000-7000-8000-000000000000", Team),
    ("/fn/admin/customers", "program=acme", Team),
    ("/fn/admin/customers/erase", "program=acme&customer=00000000-0000-7000-8000-000000000000", Powerful),
    ("/fn/admin/customers/reassign", "program=acme&external_id=x&partner_code=ada&reason=X", Powerful),
    ("/fn/admin/failed-jobs", "program=acme", Powerful),
    ("/fn/admin/failed-jobs/retry", "program=acme&id=1", Powerful),
    ("/fn/admin/frame", "program=acme", Team),
    ("/fn/admin/groups", "program=acme", Team),
    ("/fn/admin/groups/one", "program=acme", Powerful),
    ("/fn/admin/groups/remove", "program=acme&id=00000000-0000-7000-8000-000000000000", Powerful),
    ("/fn/admin/groups/save", r#"{"program":"acme","id":null,"group":{"name":"X","offers":[]}}"#, Powerful),
    ("/fn/admin/leads", "program=acme", Team),
    ("/fn/admin/leads/stage", "program=acme&id=00000000-0000-7000-8000-000000000000&stage=qualified", Powerful),
    ("/fn/admin/mails", "program=acme", Team),
    ("/fn/admin/mails/save", "program=acme&kind=partner_paused&subject=X&body=X", Powerful),
    ("/fn/admin/mails/test", "program=acme&kind=partner_paused", Powerful),
    (
        "/fn/admin/new-program",
        "organization=00000000-0000-7000-8000-000000000000&name=X&slug=xx&currency=EUR&time_zone=UTC&website=https%3A%2F%2Fx.test",
        Account,
    ),
    ("/fn/admin/new-program/page", "", Account),
    ("/fn/admin/offers", "program=acme", Team),
    ("/fn/admin/offers/archive", "program=acme&id=00000000-0000-7000-8000-000000000000&archived=true", Powerful),
    ("/fn/admin/offers/move", "program=acme&id=00000000-0000-7000-8000-000000000000&up=true", Powerful),
    ("/fn/admin/offers/one", "program=acme", Powerful),
    (
        "/fn/admin/offers/save",
        r#"{"program":"acme","id":null,"offer":{"name":"X","rewards":[]},"places":[]}"#,
        Powerful,
    ),
    ("/fn/admin/outbox", "program=acme", Powerful),
    ("/fn/admin/outbox/one", "program=acme&id=00000000-0000-7000-8000-000000000000", Powerful),
    ("/fn/admin/overview", "program=acme", Team),
    ("/fn/admin/overview/hide-checklist", "program=acme", Powerful),
    ("/fn/admin/partners", "program=acme", Team),
    (
        "/fn/admin/partners/add-account",
        "program=acme&partner=00000000-0000-7000-8000-000000000000&email=x%40acme.test&name=X",
        Powerful,
    ),
    (
        "/fn/admin/partners/bulk",
        "program=acme&bulk[act]=pause&bulk[partners][]=00000000-0000-7000-8000-000000000000&bulk[all]=true&bulk[filter][search]=x&bulk[filter][status]=active&bulk[filter][tag]=x&bulk[filter][group]=00000000-0000-7000-8000-000000000000&bulk[subject]=&bulk[body]=",
        Powerful,
    ),
    ("/fn/admin/partners/change-code", "program=acme&partner=00000000-0000-7000-8000-000000000000&code=xx", Powerful),
    ("/fn/admin/partners/create", "program=acme&name=X&company=&email=&website=&affiliate=on&status=active", Powerful),
    ("/fn/admin/partners/erase", "program=acme&partner=00000000-0000-7000-8000-000000000000", Powerful),
    ("/fn/admin/partners/find", "program=acme&text=ad", Team),
    ("/fn/admin/partners/import", "program=acme", Powerful),
    ("/fn/admin/partners/job", "program=acme&id=00000000-0000-7000-8000-000000000000", Powerful),
    (
        "/fn/admin/partners/look",
        r#"{"program":"acme","bulk":{"act":"message","partners":["00000000-0000-7000-8000-000000000000"]}}"#,
        Powerful,
    ),
    ("/fn/admin/partners/new", "program=acme", Powerful),
    ("/fn/admin/partners/note", "program=acme&partner=00000000-0000-7000-8000-000000000000&note=X", Powerful),
    ("/fn/admin/partners/one", "program=acme&code=ada", Team),
    ("/fn/admin/partners/remove-note", "program=acme&note=00000000-0000-7000-8000-000000000000", Powerful),
    ("/fn/admin/partners/reveal", "program=acme&partner=00000000-0000-7000-8000-000000000000", Powerful),
    ("/fn/admin/partners/see-as", "program=acme&partner=00000000-0000-7000-8000-000000000000", Powerful),
    ("/fn/admin/partners/see-as/end", "program=acme", Team),
    ("/fn/admin/partners/set-group", "program=acme&partner=00000000-0000-7000-8000-000000000000&group=", Powerful),
    (
        "/fn/admin/partners/set-offers",
        r#"{"program":"acme","partner":"00000000-0000-7000-8000-000000000000","offers":[]}"#,
        Powerful,
    ),
    (
        "/fn/admin/partners/set-status",
        "program=acme&partner=00000000-0000-7000-8000-000000000000&status=paused&reason=X",
        Powerful,
    ),
    (
        "/fn/admin/partners/update",
        "program=acme&partner=00000000-0000-7000-8000-000000000000&name=X&company=&email=&website=&payout_method=&affiliate=on",
        Powerful,
    ),
    ("/fn/admin/partners/tags", "program=acme&partner=00000000-0000-7000-8000-000000000000&tags=X", Powerful),
    ("/fn/admin/find", "program=acme&text=ad", Team),
    ("/fn/admin/pay", "program=acme", Powerful),
    ("/fn/admin/pay/preview", r#"{"program":"acme","partners":[]}"#, Powerful),
    (
        "/fn/admin/pay/record",
        r#"{"program":"acme","batch":{"partners":[],"reviewed_at":"2026-11-20T12:00:00Z","code":"X","payment_date":"2026-11-20","note":""}}"#,
        Powerful,
    ),
    ("/fn/admin/payments", "program=acme", Team),
    (
        "/fn/admin/payments/take-back",
        "program=acme&id=00000000-0000-7000-8000-000000000000&becomes=failed&reason=X",
        Powerful,
    ),
    ("/fn/admin/portal", "program=acme", Team),
    (
        "/fn/admin/portal/brand",
        "program=acme&brand[brand]=&brand[accent]=&brand[colour]=&brand[contact_email]=",
        Powerful,
    ),
    ("/fn/admin/portal/link-host", "program=acme&link_host=go.acme.test", Powerful),
    ("/fn/admin/portal/link-host/check", "program=acme", Powerful),
    ("/fn/admin/portal/move-question", "program=acme&up=X", Powerful),
    ("/fn/admin/portal/pages", "program=acme&affiliate[]=links&affiliate[]=welcome", Powerful),
    ("/fn/admin/portal/preview", "program=acme&markdown=X", Team),
    ("/fn/admin/portal/remove-image", "program=acme&which=logo", Powerful),
    ("/fn/admin/portal/sharing", "program=acme&sharing[general]=X&sharing[x]=X", Powerful),
    (
        "/fn/admin/portal/sign-up",
        "program=acme&rule=approve&questions[0][label]=X&questions[0][kind]=text&questions[0][choices]=",
        Powerful,
    ),
    ("/fn/admin/portal/terms", "program=acme", Team),
    ("/fn/admin/portal/terms/publish", "program=acme&terms=X", Powerful),
    ("/fn/admin/portal/welcome", "program=acme&welcome=X&lands_on=welcome", Powerful),
    ("/fn/admin/promo-codes", "program=acme", Team),
    ("/fn/admin/promo-codes/create", "program=acme&partner=ada&code=XX&description=X", Powerful),
    ("/fn/admin/promo-codes/disable", "program=acme&id=00000000-0000-7000-8000-000000000000&disabled=true", Powerful),
    ("/fn/admin/reports", "program=acme", Team),
    ("/fn/admin/reports/inactive", "program=acme", Team),
    ("/fn/admin/reports/cohorts", "program=acme", Team),
    ("/fn/admin/reports/top-partners", "program=acme", Team),
    ("/fn/admin/review", "program=acme", Team),
    ("/fn/admin/review/checks", "program=acme&checks[]=same_domain", Powerful),
    ("/fn/admin/review/judge", r#"{"program":"acme","judging":{"verdict":"approve","commissions":[]}}"#, Powerful),
    ("/fn/admin/sale", "program=acme&id=00000000-0000-7000-8000-000000000000", Team),
    ("/fn/admin/sales", "program=acme", Team),
    ("/fn/admin/settings", "program=acme", Team),
    ("/fn/admin/settings/copy", "program=acme&name=X&slug=xx", Powerful),
    ("/fn/admin/settings/payer", "program=acme&name=X&address=", Powerful),
    (
        "/fn/admin/settings/payout-methods",
        "program=acme&methods[0][kind]=paypal&methods[0][offered]=true&methods[0][countries]=DE&methods[0][minimum]=25",
        Powerful,
    ),
    (
        "/fn/admin/settings/update",
        "program=acme&settings[name]=X&settings[description]=&settings[website]=https://acme.test&settings[allowed_hosts]=&settings[window_days]=60&settings[lead_window_days]=90&settings[click_model]=last&settings[self_referral]=review&settings[minimum_payment]=0&settings[payment_day]=1&settings[time_zone]=UTC&settings[currency]=EUR",
        Powerful,
    ),
    ("/fn/admin/team", "program=acme", Team),
    ("/fn/admin/team/change-role", "program=acme&account=00000000-0000-7000-8000-000000000000&role=viewer", Powerful),
    ("/fn/admin/team/invite", "program=acme&email=x%40acme.test&name=X&role=viewer", Powerful),
    ("/fn/admin/team/invite-again", "program=acme&account=00000000-0000-7000-8000-000000000000", Powerful),
    ("/fn/admin/team/remove", "program=acme&account=00000000-0000-7000-8000-000000000000", Powerful),
    ("/fn/admin/waiting", "program=acme", Team),
    ("/fn/act-as", "program=acme&code=ada", Partner),
    ("/fn/confirm", "answer=x", Account),
    ("/fn/confirm/how", "", Account),
    ("/fn/forgot-password", "who=nobody%40acme.test", Anyone),
    ("/fn/invitation", "token=x", Anyone),
    ("/fn/invitation/accept", "token=x&name=X&password=x", Anyone),
    ("/fn/landing", "", Anyone),
    ("/fn/partner/assets", "program=acme", Partner),
    ("/fn/partner/assets/one", "program=acme&id=00000000-0000-7000-8000-000000000000", Partner),
    ("/fn/partner/commission-report", "program=acme", Partner),
    ("/fn/partner/commissions", "program=acme", Partner),
    ("/fn/partner/dashboard", "program=acme", Partner),
    ("/fn/partner/details", "program=acme", Partner),
    ("/fn/partner/frame", "program=acme", Partner),
    ("/fn/partner/ledger", "program=acme", Partner),
    ("/fn/partner/leads", "program=acme", Partner),
    ("/fn/partner/leads/add", "program=acme&partner=ADA&email=nora%40harbor.test&name=Nora", Partner),
    ("/fn/partner/links", "program=acme", Partner),
    (
        "/fn/partner/links/disable",
        "program=acme&partner=ADA&id=00000000-0000-7000-8000-000000000000&disabled=true",
        Partner,
    ),
    ("/fn/partner/links/create", "program=acme&partner=ADA&code=fresh", Partner),
    (
        "/fn/partner/links/edit",
        "program=acme&partner=ADA&id=00000000-0000-7000-8000-000000000000&name=X&utm[source]=x",
        Partner,
    ),
    ("/fn/partner/links/one", "program=acme&id=00000000-0000-7000-8000-000000000000", Partner),
    ("/fn/partner/notifications", "program=acme&partner=ADA&on_payment=true&summary=weekly", Partner),
    (
        "/fn/partner/payout-method",
        "program=acme&partner=ADA&payout[kind]=paypal&payout[paypal_email]=ada%40partners.test",
        Partner,
    ),
    ("/fn/partner/payout-method/again", "program=acme&partner=ADA&id=00000000-0000-7000-8000-000000000000", Partner),
    ("/fn/partner/payout-method/cancel", "program=acme&partner=ADA", Partner),
    ("/fn/partner/payout", "program=acme&id=00000000-0000-7000-8000-000000000000", Partner),
    ("/fn/partner/payouts", "program=acme", Partner),
    ("/fn/partner/photo/remove", "program=acme&partner=ADA", Partner),
    ("/fn/partner/profile", "program=acme", Partner),
    ("/fn/partner/profile/save", "program=acme&partner=ADA&profile[name]=Ada", Partner),
    ("/fn/partner/programs", "program=acme", Partner),
    ("/fn/partner/promo-codes", "program=acme", Partner),
    ("/fn/partner/sales", "program=acme", Partner),
    ("/fn/partner/structure", "program=acme", Partner),
    ("/fn/partner/summary", "program=acme", Partner),
    ("/fn/partner/terms", "program=acme", Partner),
    ("/fn/partner/terms/accept", "program=acme&partner=ADA&version=1", Partner),
    ("/fn/partner/welcome", "program=acme", Partner),
    ("/fn/payout-method/by-link", "token=x", Anyone),
    ("/fn/payout-method/confirm", "token=x", Anyone),
    ("/fn/reset-password", "token=x&password=x", Anyone),
    ("/fn/reset-password/page", "token=x&program=acme", Anyone),
    ("/fn/second-factor", "code=000000", Anyone),
    ("/fn/second-factor/due", "", Anyone),
    ("/fn/setup", "", Anyone),
    ("/fn/setup/key", "program=acme", Powerful),
    ("/fn/setup/offer", "program=acme&name=X&percent=1&months=1&hold_days=1", Powerful),
    ("/fn/setup/owner", "token=x&name=X&email=x%40acme.test&password=x&organization=X", Anyone),
    ("/fn/setup/partner", "program=acme&name=X", Powerful),
    ("/fn/setup/program", "name=X&slug=x&currency=EUR&time_zone=UTC&website=https%3A%2F%2Fx.test", Account),
    ("/fn/setup/progress", "program=acme", Team),
    ("/fn/sign-in", "who=nobody%40acme.test&password=x", Anyone),
    ("/fn/sign-in-link", "token=x", Anyone),
    ("/fn/sign-in/door", "", Anyone),
    ("/fn/sign-out", "", Anyone),
    ("/fn/sign-up", "program=acme&name=X&email=nobody%40acme.test", Anyone),
    ("/fn/sign-up/confirm", "token=x&password=x", Anyone),
    ("/fn/sign-up/page", "program=acme", Anyone),
    ("/fn/sign-up/unconfirmed", "token=x", Anyone),
    ("/fn/stop-mails", "program=acme&key=x&notice=payment", Anyone),
    ("/fn/stop-mails/page", "program=acme&key=x", Anyone),
];

async fn call(site: &Site, method: &Method, path: &str, arguments: &str, session: Option<&str>) -> Answer {
    let cookie = session.map(|token| format!("tributary={token}")).unwrap_or_default();
    let kind = if arguments.starts_with('{') { "application/json" } else { "application/x-www-form-urlencoded" };
    let headers = [("accept", "application/json"), ("content-type", kind), ("cookie", &*cookie)];
    if *method == Method::GET {
        site.send(Method::GET, &format!("{path}?{arguments}"), &headers, "").await
    } else {
        site.send(method.clone(), path, &headers, arguments.to_owned()).await
    }
}

/// A session of an account with the password that all have here.
async fn session(pool: &PgPool, email: &str) -> String {
    let input =
        SignIn { who: email.into(), password: PASSWORD.into(), program: None, keep: false, user_agent: String::new() };
    sign_in(pool, &now(), &input).await.expect("signed in").token
}

/// A session of a partner.
async fn partner(pool: &PgPool, program: domain::ids::ProgramId, code: &str) -> String {
    let actor = Actor::System { program };
    let mut connection = pool.acquire().await.expect("connection");
    let token = sign_in_links::make(&mut connection, &now(), &actor, code).await.expect("link");
    drop(connection);
    sign_in_links::redeem(pool, &now(), &token, "").await.expect("signed in").0.token
}

/// Gives the portal a message, so that every page shows, and terms to accept.
async fn greet(site: &Site) {
    let actor = Actor::System { program: site.program };
    let mut conn = site.pool.acquire().await.expect("connection");
    engine::portal::set_welcome(&mut conn, &now(), &actor, "Hello", LandsOn::Dashboard).await.expect("message");
    engine::portal::publish(&mut conn, &now(), &actor, "Be honest.", true).await.expect("terms");
}

/// Every function of the portal's pages but the frame's and the terms', which no entry of the menu hides, as the partner
/// `ada` asks it. What asks for a thing that isn't there is left out.
async fn of_pages(site: &Site, session: &str) -> Vec<(&'static str, u16)> {
    let mut answers = Vec::new();
    let pages = FUNCTIONS.iter().filter(|(path, _, who)| *who == Partner && path.starts_with("/fn/partner/"));
    for (path, arguments, _) in pages {
        if *path == "/fn/partner/frame" || path.starts_with("/fn/partner/terms") || arguments.contains(NOTHING) {
            continue;
        }
        let posts = server_fn_paths().any(|(found, method)| found == *path && method == Method::POST);
        let method = if posts { Method::POST } else { Method::GET };
        let arguments = arguments.replace(ADA, &format!("partner={}", site.ada));
        answers.push((*path, call(site, &method, path, &arguments, Some(session)).await.status.as_u16()));
    }
    answers
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn a_hidden_page_is_refused_and_so_is_each_to_who_waits(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    greet(&site).await;
    let ada = partner(&pool, site.program, "ada").await;
    let actor = Actor::System { program: site.program };
    let mut conn = pool.acquire().await.expect("connection");
    // With all but the dashboard hidden, nothing else answers, no file either.
    let all: Vec<_> = PortalPage::ALL.iter().copied().filter(|page| *page != PortalPage::Dashboard).collect();
    let hidden = Hidden { affiliate: all, ..Hidden::default() };
    engine::portal::set_hidden(&mut conn, &now(), &actor, &hidden).await.expect("hidden");
    for (path, status) in of_pages(&site, &ada).await {
        let of_dashboard = ["/fn/partner/dashboard", "/fn/partner/photo/remove"].contains(&path);
        assert_eq!(status == 404, !of_dashboard, "{path}: {status}");
    }
    for file in crate::exports::PARTNER {
        let file = format!("/p/acme/export/{file}");
        let answer = site.send(Method::GET, &file, &[("cookie", &format!("tributary={ada}"))], "").await;
        assert_eq!(answer.status, 404, "{file}");
    }
    let links = [PortalPage::Links, PortalPage::Welcome].to_vec();
    let hidden = Hidden { affiliate: links, ..Hidden::default() };
    engine::portal::set_hidden(&mut conn, &now(), &actor, &hidden).await.expect("hidden");
    for (path, status) in of_pages(&site, &ada).await {
        let is_hidden = path.contains("/links") || path.contains("/welcome");
        assert_eq!(status == 404, is_hidden, "{path}: {status}");
    }
    engine::portal::set_hidden(&mut conn, &now(), &actor, &Hidden::default()).await.expect("shown");
    sqlx::query("update enrollments set status = 'pending'").execute(&mut *conn).await.expect("pending");
    drop(conn);
    for (path, status) in of_pages(&site, &ada).await {
        assert_eq!(status, 404, "{path}");
    }
    let cookie = format!("tributary={ada}");
    for page in ["/p/acme", "/p/acme/links", "/p/acme/welcome"] {
        let answer = site.send(Method::GET, page, &[("cookie", &cookie), ("accept", "text/html")], "").await;
        let text = answer.text();
        assert!(text.contains("You are on the list") && !text.contains("aria-label=\"Main\""), "{page}: {text}");
    }
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn each_lets_in_whom_it_should_alone(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    let (other, _) = program(&pool, "other", "bob").await;
    join(&pool, site.program, "ann").await;
    greet(&site).await;
    let ann = partner(&pool, site.program, "ann").await;
    let ada = partner(&pool, site.program, "ada").await;
    let bob = partner(&pool, other, "bob").await;
    let owner = session(&pool, "owner@acme.test").await;
    let other_owner = session(&pool, "owner@other.test").await;
    let viewer = NewOwner {
        name: "Vera Viewer".into(),
        email: "viewer@acme.test".into(),
        password: PASSWORD.into(),
        organization: "acme".into(),
    };
    let account = create_admin(&pool, &now(), &viewer).await.expect("viewer").account;
    let system = Actor::System { program: site.program };
    team::change_role(&pool, &now(), &system, account, Role::Viewer).await.expect("a viewer");
    let viewer = session(&pool, "viewer@acme.test").await;

    let listed: BTreeMap<_, _> = FUNCTIONS.iter().map(|(path, arguments, who)| (*path, (*arguments, *who))).collect();
    let mut walked = 0;
    for (path, method) in server_fn_paths() {
        let (arguments, who) =
            *listed.get(path).unwrap_or_else(|| panic!("{path} is not listed: whom does it let in?"));
        let of_ada = arguments.contains(ADA) || path == "/fn/act-as";
        let arguments = &arguments.replace(ADA, &format!("partner={}", site.ada));
        let status = async |session: Option<&str>| {
            let answer = call(&site, &method, path, arguments, session).await;
            assert_ne!(answer.status, 400, "{path}: the arguments listed can't be read: {}", answer.text());
            assert!(!answer.status.is_server_error(), "{path}: {}", answer.text());
            answer.status.as_u16()
        };
        let stranger = status(None).await;
        let expired = status(Some("0000000000000000000000000000000000000000000000000000000000000000")).await;
        let there = if arguments.contains(NOTHING) { 404 } else { 200 };
        match who {
            Anyone => {}
            Account => assert_eq!((stranger, expired), (401, 401), "{path}"),
            Partner => {
                assert_eq!((stranger, expired), (401, 401), "{path}");
                assert_eq!(status(Some(&bob)).await, 404, "{path}: another program's partner");
                assert_eq!(status(Some(&owner)).await, 404, "{path}: an admin is no partner");
                assert_eq!(status(Some(&ada)).await, there, "{path}: the partner");
                let as_other = if of_ada { 404 } else { there };
                assert_eq!(status(Some(&ann)).await, as_other, "{path}: another partner of the program");
            }
            Team | Powerful => {
                assert_eq!((stranger, expired), (401, 401), "{path}");
                assert_eq!(status(Some(&bob)).await, 404, "{path}: another program's partner");
                assert_eq!(status(Some(&ada)).await, 404, "{path}: a partner is no admin");
                assert_eq!(status(Some(&other_owner)).await, 404, "{path}: another program's owner");
                let viewed = status(Some(&viewer)).await;
                if who == Powerful {
                    assert_eq!(viewed, 403, "{path}: a viewer");
                } else {
                    assert_eq!(viewed, there, "{path}: a viewer");
                }
            }
        }
        walked += 1;
    }
    assert_eq!(walked, FUNCTIONS.len(), "something listed is gone");
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn all_that_is_wrong_with_a_form_is_told_at_once(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    let owner = session(&pool, "owner@acme.test").await;
    let wrong = async |path: &str, arguments: &str| -> Vec<String> {
        let answer = call(&site, &Method::POST, path, arguments, Some(&owner)).await;
        assert_eq!(answer.status, 422, "{}", answer.text());
        let told = answer.json()["invalid"].as_array().expect("a list of fields").clone();
        told.iter().map(|error| error["field"].as_str().expect("a field").to_owned()).collect()
    };
    let settings = "program=acme&settings[name]=&settings[description]=&settings[website]=nowhere&settings[allowed_hosts]=&settings[window_days]=soon&settings[lead_window_days]=0&settings[click_model]=last&settings[self_referral]=review&settings[minimum_payment]=much&settings[payment_day]=40&settings[time_zone]=UTC&settings[currency]=EUR";
    assert_eq!(
        wrong("/fn/admin/settings/update", settings).await,
        ["window_days", "minimum_payment", "name", "website", "lead_window_days", "payment_day"]
    );
    let methods = "program=acme&methods[0][kind]=paypal&methods[0][countries]=Germany&methods[0][minimum]=much&methods[1][kind]=iban";
    assert_eq!(
        wrong("/fn/admin/settings/payout-methods", methods).await,
        ["paypal_minimum", "methods", "paypal_countries"]
    );
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn they_stand_where_other_sites_can_not_post(pool: PgPool) {
    let site = Site::start(pool).await;
    let foreign = [("origin", "https://evil.test"), ("sec-fetch-site", "cross-site")];
    for (path, method) in server_fn_paths() {
        assert!(path.starts_with("/fn/"), "{path} is not under /fn, where the guard stands");
        if method != Method::GET {
            assert_eq!(site.send(method, path, &foreign, "").await.status, 403, "{path}");
        }
    }
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn signing_in_and_up_is_limited_by_address(pool: PgPool) {
    // All count against the same limit: what is refused is refused at each of them.
    let site = Site::start(pool).await;
    let knock =
        async |path: &str, arguments: &str| call(&site, &Method::POST, path, arguments, None).await.status.as_u16();
    let mut answers = Vec::new();
    while answers.len() < 100 && answers.last() != Some(&429) {
        answers.push(knock("/fn/sign-up", "program=acme&name=&email=a%40b.test").await);
    }
    assert_eq!(answers.last(), Some(&429), "refused at last");
    for (path, arguments) in [
        ("/fn/sign-in", "who=a%40b.test&password=x"),
        ("/fn/sign-up/confirm", "token=x&password=x"),
        ("/fn/account/email/confirm", "token=x"),
    ] {
        assert_eq!(knock(path, arguments).await, 429, "{path}");
    }
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn signing_up_answers_the_same_whoever_has_the_e_mail(pool: PgPool) {
    let site = Site::start(pool).await;
    let answer = async |email: &str| {
        let arguments = format!("program=acme&name=X&email={email}");
        let answer = call(&site, &Method::POST, "/fn/sign-up", &arguments, None).await;
        (answer.status, answer.header("location").to_owned(), answer.text())
    };
    let stranger = answer("nobody%40acme.test").await;
    assert!(stranger.0.is_success(), "{stranger:?}");
    for known in ["owner%40acme.test", "ada%40partners.test"] {
        assert_eq!(answer(known).await, stranger, "{known}");
    }
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn who_sees_the_portal_as_a_partner_changes_nothing(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    greet(&site).await;
    let owner = session(&pool, "owner@acme.test").await;
    let cookie = format!("tributary={owner}");
    let portal = async || site.send(Method::GET, "/p/acme", &[("cookie", &cookie), ("accept", "text/html")], "").await;
    assert_eq!(portal().await.status, 404, "an admin is no partner");
    let arguments = format!("program=acme&partner={}", site.ada);
    let begun = call(&site, &Method::POST, "/fn/admin/partners/see-as", &arguments, Some(&owner)).await;
    assert!(begun.status.is_success(), "{}", begun.text());
    let seen = portal().await;
    assert!(seen.status.is_success() && seen.text().contains("Nothing can be changed"), "{}", seen.text());
    for (path, status) in of_pages(&site, &owner).await {
        let posts = server_fn_paths().any(|(found, method)| found == path && method == Method::POST);
        assert_eq!(status, if posts { 409 } else { 200 }, "{path}");
    }
    let audited: i64 = sqlx::query_scalar("select count(*) from audit_log where action = 'partner.see_as'")
        .fetch_one(&pool)
        .await
        .expect("count");
    assert_eq!(audited, 1);
    let over = "update sessions set sees_until = created_at where sees_until is not null";
    sqlx::query(over).execute(&pool).await.expect("an hour later");
    assert_eq!(portal().await.status, 404, "it ends by itself");
    call(&site, &Method::POST, "/fn/admin/partners/see-as", &arguments, Some(&owner)).await;
    assert!(portal().await.status.is_success());
    call(&site, &Method::POST, "/fn/admin/partners/see-as/end", "program=acme", Some(&owner)).await;
    assert_eq!(portal().await.status, 404, "and where it is ended");
}
