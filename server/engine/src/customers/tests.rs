//! Sign-ups, attribution by what was sent, and assigning by hand.

use super::reassign;
use crate::Error;
use crate::fixtures::{World, checks, dec, per_signup, percent, refused, sale, signup};
use domain::accounts::Role;
use domain::attribution::Source;
use domain::commissions::CommissionStatus;
use domain::customers::{NewCustomer, Reassignment, TrackSignup};
use domain::partners::EnrollmentStatus;
use domain::sales::TrackSale;
use domain::why::Why;
use sqlx::PgPool;
use sqlx::types::Json;

fn with_email(customer: &str, email: &str) -> TrackSignup {
    let customer_of = NewCustomer { external_id: customer.into(), email: Some(email.into()), name: None };
    TrackSignup { customer: customer_of, ..signup(customer) }
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_click_becomes_a_referral_and_a_sign_up_commission(pool: PgPool) {
    let mut world = World::new(pool).await;
    world.offer("Standard", &[per_signup("5"), percent("30")]).await;
    let ada = world.partner("ada").await;
    let click = world.click(&ada).await;
    world.pass(59);
    let told = TrackSignup { click_id: Some(click.to_string()), ..with_email("c1", "nora@harbor.example") };
    let answer = world.tell_signup(&told).await.expect("sign-up").answer;
    let referral = answer.referral.expect("referral");
    assert_eq!((referral.source, referral.partner_code.as_str()), (Source::Click, "ada"));
    assert_eq!(answer.commissions[0].amount, dec("5"));
    assert_eq!((answer.commissions[0].base, answer.commissions[0].rate), (None, None), "a flat reward");
    assert_eq!(checks(&answer.why), "+click +self_referral +offer +amount");
    assert!(answer.why.0[0].detail.contains("click on /r/acme/ada, 59 days before"), "{:?}", answer.why);
    // The referral keeps what it needs of the click.
    let kept: bool = world
        .get("select click_id is not null and clicked_at is not null and link_id is not null from referrals where program_id = $1")
        .await;
    assert!(kept);
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn the_declared_order_decides_and_says_what_it_passed_over(pool: PgPool) {
    let mut world = World::new(pool).await;
    let (ada, bob, cid) = (world.partner("ada").await, world.partner("bob").await, world.partner("cid").await);
    world.promo_code(&ada, "ADA20").await;
    world.set("insert into enrollment_codes select program_id, 'robert', id, created_at from enrollments where program_id = $1 and code = 'bob'").await;
    let click = world.click(&cid).await.to_string();
    let elsewhere = world.another("other").await;
    let theirs = elsewhere.partner("zoe").await;
    let their_click = elsewhere.click(&theirs).await.to_string();
    let decide = async |world: &World, promo: Option<&str>, code: Option<&str>, click: Option<&str>| {
        let n: i64 = world.get("select count(*) from customers where program_id = $1").await;
        let told = TrackSignup {
            promo_code: promo.map(str::to_owned),
            partner_code: code.map(str::to_owned),
            click_id: click.map(str::to_owned),
            ..signup(&format!("c{n}"))
        };
        let answer = world.tell_signup(&told).await.expect("sign-up").answer;
        let partner = answer.referral.map_or("nobody".to_owned(), |referral| referral.partner_code);
        format!("{partner}: {}", checks(&answer.why))
    };
    let click = Some(click.as_str());
    assert_eq!(decide(&world, Some("ada20"), Some("bob"), click).await, "ada: +promo_code -offer");
    assert_eq!(decide(&world, Some("nope"), Some("ROBERT"), click).await, "bob: -promo_code +partner_code -offer");
    assert_eq!(decide(&world, None, Some("nope"), click).await, "cid: -partner_code +click -offer");
    for unknown in ["not an id", "00000000-0000-0000-0000-000000000000", &their_click] {
        assert_eq!(decide(&world, None, None, Some(unknown)).await, "nobody: -click");
    }
    assert_eq!(decide(&world, None, Some("zoe"), None).await, "nobody: -partner_code", "another program's");
    world.pass(1);
    world.set("update promo_codes set disabled_at = '2026-11-21T00:00:00Z' where program_id = $1").await;
    world.standing(&bob, EnrollmentStatus::Paused).await;
    assert_eq!(decide(&world, Some("ADA20"), Some("bob"), click).await, "cid: -promo_code -partner_code +click -offer");
    world.set("update links set disabled_at = '2026-11-21T00:00:00Z' where program_id = $1").await;
    assert_eq!(decide(&world, None, None, click).await, "nobody: -click");
    world.set("update links set disabled_at = null where program_id = $1").await;
    world.pass(60);
    assert_eq!(decide(&world, None, None, click).await, "nobody: -click", "60 days are over");
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_customer_signs_up_once(pool: PgPool) {
    let world = World::new(pool).await;
    world.offer("Standard", &[per_signup("5"), percent("30")]).await;
    let (ada, bob) = (world.partner("ada").await, world.partner("bob").await);
    // The sale made the customer; the sign-up attributes and pays as usual, the earlier sale earns nothing.
    world.sold("c1", "100").await;
    let first = world.signed_up("c1", &ada).await;
    assert_eq!(first.commissions[0].amount, dec("5"));
    assert_eq!(world.balances(&ada).await, "5 0");
    let again = TrackSignup { event_id: "again".into(), partner_code: Some(bob.code.clone()), ..signup("c1") };
    let again = world.tell_signup(&again).await.expect("no error");
    assert!(!again.replayed);
    assert_eq!(again.answer.referral, first.referral, "the standing referral");
    assert_eq!((again.answer.commissions.len(), checks(&again.answer.why).as_str()), (0, "-sign_up +referral"));
    // A customer attributed by a sale earns the sign-up's reward when it comes.
    let told = TrackSale { partner_code: Some("bob".into()), ..sale("s2", "c2", "10") };
    world.tell_sale(&told).await.expect("sale");
    assert_eq!(world.tell_signup(&signup("c2")).await.expect("sign-up").answer.commissions[0].partner_code, "bob");
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn self_referrals_are_refused_or_reviewed(pool: PgPool) {
    let world = World::new(pool).await;
    world.offer("Standard", &[per_signup("5"), percent("30")]).await;
    let ada = world.partner("ada").await;
    let told = |customer: &str, email: &str| TrackSignup {
        partner_code: Some(ada.code.clone()),
        ..with_email(customer, email)
    };
    let same = world.tell_signup(&told("c1", "ADA@partners.example")).await.expect("sign-up").answer;
    assert_eq!((same.referral, checks(&same.why).as_str()), (None, "+partner_code -self_referral"));
    let alike = world.tell_signup(&told("c2", "ada+shop@partners.example")).await.expect("sign-up").answer;
    assert_eq!(alike.commissions[0].status, CommissionStatus::Review);
    assert_eq!(world.sold("c2", "10").await.commissions[0].status, CommissionStatus::Review, "later ones too");
    world.set("update programs set self_referral = 'refuse' where id = $1").await;
    let refused = world.tell_signup(&told("c3", "ada+a@partners.example")).await.expect("sign-up").answer;
    assert_eq!(refused.referral, None);
    world.set("update programs set self_referral = 'allow' where id = $1").await;
    let allowed = world.tell_signup(&told("c4", "ada+b@partners.example")).await.expect("sign-up").answer;
    assert_eq!(allowed.commissions[0].status, CommissionStatus::Held);
    // The e-mail of an account that acts for the partner counts as the partner's own.
    world
        .set(
            "insert into enrollment_accounts
             select program_id, e.id, a.id, e.created_at from enrollments e, accounts a where program_id = $1",
        )
        .await;
    let same = world.tell_signup(&told("c5", "olga@acme.example")).await.expect("sign-up").answer;
    assert_eq!(same.referral, None);
    // A sale goes by the e-mail that the sign-up told.
    world.tell_signup(&with_email("c6", "ada@partners.example")).await.expect("sign-up");
    let sold = TrackSale { partner_code: Some("ada".into()), ..sale("s6", "c6", "10") };
    assert_eq!(world.tell_sale(&sold).await.expect("sale").answer.referral, None);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn an_e_mail_that_comes_after_the_referral_is_heard_too(pool: PgPool) {
    let mut world = World::new(pool).await;
    world.offer("Standard", &[per_signup("5"), percent("30")]).await;
    let ada = world.partner("ada").await;
    // The first sale has no hold any more: it is due, and stays so.
    let bought = async |world: &World, customer: &str| {
        let told = |event: &str| TrackSale { partner_code: Some("ada".into()), ..sale(event, customer, "100") };
        let due =
            TrackSale { occurred_at: Some(world.at - chrono::Duration::days(31)), ..told(&format!("{customer}-due")) };
        let due = world.tell_sale(&due).await.expect("sale").answer.commissions[0].id;
        (due, world.tell_sale(&told(&format!("{customer}-held"))).await.expect("sale").answer.commissions[0].id)
    };
    let (same, alike, other) = ("ADA@partners.example", "ada+shop@partners.example", "nora@harbor.example");
    for (n, rule, email, reviewed) in [
        (0, "allow", same, true),
        (1, "refuse", alike, true),
        (2, "review", alike, true),
        (3, "allow", alike, false),
        (4, "refuse", other, false),
    ] {
        sqlx::query("update programs set self_referral = $2::text::self_referral_rule where id = $1")
            .bind(world.program)
            .bind(rule)
            .execute(&world.pool)
            .await
            .expect("rule");
        let customer = format!("c{n}");
        let (due, held) = bought(&world, &customer).await;
        let answer = world.tell_signup(&with_email(&customer, email)).await.expect("sign-up").answer;
        let (status, word) = if reviewed { (CommissionStatus::Review, "-") } else { (CommissionStatus::Held, "+") };
        assert_eq!(answer.commissions[0].status, status, "{rule} {email}");
        assert_eq!(
            (world.status(due).await, world.status(held).await),
            (CommissionStatus::Due, status),
            "{rule} {email}"
        );
        assert_eq!(world.sold(&customer, "10").await.commissions[0].status, status, "later ones too: {rule} {email}");
        assert!(checks(&answer.why).starts_with(&format!("+referral {word}self_referral +offer")), "{:?}", answer.why);
        let stored: (Json<Why>, Json<Why>) = sqlx::query_as(
            "select r.why, c.why from commissions c join referrals r on r.program_id = c.program_id and r.id = c.referral_id
             where c.program_id = $1 and c.id = $2",
        )
        .bind(world.program)
        .bind(held)
        .fetch_one(&world.pool)
        .await
        .expect("stored");
        assert_eq!(checks(&stored.0), format!("+partner_code {word}self_referral"));
        assert_eq!(checks(&stored.1).ends_with("-self_referral"), reviewed, "{:?}", stored.1);
    }
    // Assigned by hand, somebody has looked already.
    world.sold("c9", "10").await;
    let mut tx = world.pool.begin().await.expect("transaction");
    let hand =
        Reassignment { external_id: "c9".into(), partner_code: "ada".into(), reason: "Her own shop, as agreed".into() };
    reassign(&mut tx, &world.moment(), &world.owner(), &hand).await.expect("assigned");
    tx.commit().await.expect("commit");
    let by_hand = world.tell_signup(&with_email("c9", same)).await.expect("sign-up").answer;
    assert_eq!(by_hand.commissions[0].status, CommissionStatus::Held);
    // What waits is not released by itself.
    world.pass(31);
    crate::commissions::release_holds(&world.pool, &world.moment()).await.expect("released");
    let waiting: i64 = world.get("select count(*) from commissions where program_id = $1 and status = 'review'").await;
    assert_eq!((waiting, world.balance(&ada, domain::ledger::LedgerAccount::Held).await), (9, dec("114")));
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn an_archived_offer_still_pays_those_who_have_it(pool: PgPool) {
    let world = World::new(pool).await;
    let offer = world.offer("Standard", &[percent("30")]).await;
    let ada = world.partner("ada").await;
    world.signed_up("before", &ada).await;
    let mut conn = world.pool.acquire().await.expect("connection");
    crate::offers::set_archived(&mut conn, &world.moment(), &world.owner(), offer, true).await.expect("archived");
    let bob = world.partner("bob").await;
    world.signed_up("after", &ada).await;
    world.signed_up("other", &bob).await;
    assert_eq!(world.sold("before", "100").await.commissions[0].amount, dec("30"));
    assert_eq!(world.sold("after", "100").await.commissions[0].amount, dec("30"));
    assert_eq!(world.sold("other", "100").await.commissions.len(), 0, "new partners don't get it");
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn an_admin_assigns_a_customer_by_hand(pool: PgPool) {
    let mut world = World::new(pool).await;
    world.offer("Standard", &[percent("30")]).await;
    let (ada, bob) = (world.partner("ada").await, world.partner("bob").await);
    world.signed_up("c1", &ada).await;
    world.sold("c1", "10").await;
    world.pass(1);
    let input = |code: &str| Reassignment {
        external_id: "c1".into(),
        partner_code: code.into(),
        reason: "Bob brought them".into(),
    };
    let hand = async |actor, input: Reassignment| {
        let mut tx = world.pool.begin().await.expect("transaction");
        reassign(&mut tx, &world.moment(), &actor, &input).await?;
        tx.commit().await.expect("commit");
        Ok(())
    };
    assert!(matches!(hand(world.admin(Role::Finance), input("bob")).await, Err(Error::Forbidden)));
    assert_eq!(refused(hand(world.owner(), input("nope")).await), "partner_code: There is no partner with this code.");
    let unexplained = Reassignment { reason: String::new(), ..input("bob") };
    assert_eq!(refused(hand(world.owner(), unexplained).await), "reason: Must not be empty.");
    let unknown = Reassignment { external_id: "c9".into(), ..input("bob") };
    assert!(matches!(hand(world.owner(), unknown).await, Err(Error::NotFound("customer"))));
    hand(world.owner(), input("Bob")).await.expect("reassigned");
    assert!(matches!(hand(world.owner(), input("bob")).await, Err(Error::Conflict(_))), "pressed twice");
    let sold = world.sold("c1", "10").await;
    let referral = sold.referral.expect("referral");
    assert_eq!((referral.source, referral.partner_code.as_str()), (Source::Manual, "bob"));
    assert_eq!(world.balances(&ada).await, "3 0", "what was earned stays");
    assert_eq!(world.balances(&bob).await, "3 0");
    let details: serde_json::Value =
        world.get("select details from audit_log where program_id = $1 and action = 'customer.reassign'").await;
    assert_eq!((&details["from"], &details["to"]), (&"ada".into(), &"bob".into()));
    world.standing(&ada, EnrollmentStatus::Paused).await;
    assert!(matches!(hand(world.owner(), input("ada")).await, Err(Error::Conflict(_))), "not active");
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn who_was_looked_at_is_assigned_to_the_same_partner_and_waits_no_more(pool: PgPool) {
    let mut world = World::new(pool).await;
    world.offer("Standard", &[percent("30")]).await;
    let ada = world.partner("ada").await;
    let told = TrackSale { partner_code: Some("ada".into()), ..sale("s1", "c1", "10") };
    world.tell_sale(&told).await.expect("sale");
    world.tell_signup(&with_email("c1", "ada@partners.example")).await.expect("sign-up");
    assert_eq!(world.sold("c1", "10").await.commissions[0].status, CommissionStatus::Review);
    world.pass(1);
    let hand = Reassignment { external_id: "c1".into(), partner_code: ada.code, reason: "As agreed".into() };
    let mut tx = world.pool.begin().await.expect("transaction");
    reassign(&mut tx, &world.moment(), &world.owner(), &hand).await.expect("assigned");
    tx.commit().await.expect("commit");
    let sold = world.sold("c1", "10").await;
    assert_eq!(sold.commissions[0].status, CommissionStatus::Held);
    assert_eq!(sold.referral.expect("referral").source, Source::Manual);
    let waiting: i64 = world.get("select count(*) from commissions where program_id = $1 and status = 'review'").await;
    assert_eq!(waiting, 2, "what waits already is judged one by one");
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn wrong_sign_ups_are_told_by_field(pool: PgPool) {
    let world = World::new(pool).await;
    let wrong = TrackSignup {
        event_id: String::new(),
        customer: NewCustomer {
            external_id: "x".repeat(201),
            email: Some("nora@harbor".into()),
            name: Some("a\nb".into()),
        },
        ip: Some("1.2.3".into()),
        promo_code: Some(" ".into()),
        ..TrackSignup::default()
    };
    assert_eq!(
        refused(world.tell_signup(&wrong).await),
        "event_id: Must not be empty.\n\
         customer.external_id: Must be at most 200 characters.\n\
         customer.name: Must not contain control characters.\n\
         customer.email: Must be an e-mail address.\n\
         ip: Must be an IP address.\n\
         promo_code: Must not be empty."
    );
    for absurd in ["-9999-01-01T00:00:00Z", "-262143-01-02T00:00:00Z", "+262142-01-01T00:00:00Z"] {
        let told = TrackSignup { occurred_at: absurd.parse().ok(), ..signup("c1") };
        assert!(refused(world.tell_signup(&told).await).starts_with("occurred_at: More than"), "{absurd}");
    }
    let told = with_email("c1", "nora@harbor.example");
    world.tell_signup(&told).await.expect("sign-up");
    assert!(world.tell_signup(&told).await.expect("replay").replayed);
    let other = TrackSignup { event_id: told.event_id.clone(), ..with_email("c1", "eve@harbor.example") };
    assert!(matches!(world.tell_signup(&other).await, Err(Error::Reused)));
    let email: String = world.get("select email from customers where program_id = $1").await;
    assert_eq!(email, "nora@harbor.example");
}
