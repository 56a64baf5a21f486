//! How partners are paid: chosen, confirmed, hidden, shown.

use super::details::{by_link, cancel, choice, choose, confirm, reveal, send_again};
use crate::commissions::approve;
use crate::fixtures::{Partner, World, percent, refused, sale};
use crate::messages::{Mail, compose};
use crate::sales::races::{at_once, crowded};
use crate::{Error, Moment};
use domain::accounts::{Actor, Role};
use domain::commissions::CommissionStatus;
use domain::payments::{PayoutInput, PayoutKind};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::sync::Arc;

pub(crate) fn input(kind: PayoutKind) -> PayoutInput {
    PayoutInput {
        kind,
        paypal_email: "ada.pay@partners.example".into(),
        holder: "Augusta Lovelace".into(),
        iban: "de44 5001 0517 5407 3249 31".into(),
        routing: "021000021".into(),
        account: "123456789".into(),
        address: "1 Main Street\r\nSpringfield".into(),
        words: "Vouchers".into(),
    }
}

/// A partner as its owner signs in: here the program's owner does.
pub(crate) fn actor(world: &World, partner: &Partner) -> Actor {
    Actor::Partner { account: world.owner, program: world.program, enrollment: partner.id }
}

/// Chooses, and answers the token of the link in the mail.
pub(crate) async fn chosen(world: &World, partner: &Partner, input: &PayoutInput) -> String {
    let mut conn = world.pool.acquire().await.expect("connection");
    let actor = actor(world, partner);
    choose(&mut conn, &world.secrets, &world.moment(), &actor, input).await.expect("chosen");
    let mail = Mail::PayoutMethod { program: world.program, enrollment: partner.id };
    let letter =
        compose(&mut conn, &world.moment(), "https://t.example", &mail).await.expect("answer").expect("letter");
    let rest = letter.text.split("/confirm-payout-method/").nth(1).expect("link");
    rest.split_whitespace().next().expect("token").to_owned()
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_choice_counts_once_it_is_confirmed(pool: PgPool) {
    let mut world = World::new(pool).await;
    let ada = world.partner("ada").await;
    let method = "select coalesce(payout_method, 'none') from enrollments where program_id = $1";
    let first = chosen(&world, &ada, &input(PayoutKind::Paypal)).await;
    assert_eq!(world.get::<String>(method).await, "none", "a mail asks first");
    let second = chosen(&world, &ada, &input(PayoutKind::Iban)).await;
    let mut conn = world.pool.acquire().await.expect("connection");
    assert_eq!(by_link(&mut conn, &world.moment(), &first).await.expect("answer"), None, "another took its place");
    refused(confirm(&world.pool, &world.moment(), &first).await);
    let pending = by_link(&mut conn, &world.moment(), &second).await.expect("answer").expect("pending");
    send_again(&mut conn, &world.moment(), &actor(&world, &ada), pending.id).await.expect("sent again");
    assert!(by_link(&mut conn, &world.moment(), &second).await.expect("answer").is_some(), "the link holds on");
    assert_eq!(pending.email, "olga@acme.example");
    assert_eq!((pending.method.as_str(), pending.masked.as_str()), ("Bank account (IBAN)", "DE•••4931"));
    assert_eq!(confirm(&world.pool, &world.moment(), &second).await.expect("confirmed"), "acme");
    assert_eq!(world.get::<String>(method).await, "iban");
    refused(confirm(&world.pool, &world.moment(), &second).await);
    let shown = choice(&mut conn, &world.moment(), &actor(&world, &ada)).await.expect("choice");
    assert_eq!((shown.kind, shown.masked.as_str(), shown.pending), (Some(PayoutKind::Iban), "DE•••4931", None));
    refused(send_again(&mut conn, &world.moment(), &actor(&world, &ada), pending.id).await);

    let third = chosen(&world, &ada, &input(PayoutKind::Cheque)).await;
    world.pass(2);
    refused(confirm(&world.pool, &world.moment(), &third).await);
    let fourth = chosen(&world, &ada, &input(PayoutKind::Other)).await;
    cancel(&mut conn, &actor(&world, &ada)).await.expect("taken back");
    refused(confirm(&world.pool, &world.moment(), &fourth).await);
    assert_eq!(world.get::<String>(method).await, "iban");
    let noted: Vec<(String, String)> = sqlx::query_as("select action, details::text from audit_log order by at")
        .fetch_all(&world.pool)
        .await
        .expect("log");
    assert_eq!(noted, [("partner.payout_method".to_owned(), r#"{"after": "iban", "before": ""}"#.to_owned())]);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn what_is_wrong_is_told_beside_its_field(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.partner("ada").await;
    world.set("update payout_methods set countries = '{US}' where program_id = $1 and kind = 'us_bank'").await;
    world.set("update payout_methods set offered = false where program_id = $1 and kind = 'cheque'").await;
    world.set("update enrollments set country = 'DE' where program_id = $1").await;
    let mut conn = world.pool.acquire().await.expect("connection");
    let iban = |iban: &str| PayoutInput { iban: iban.into(), ..input(PayoutKind::Iban) };
    for (wrong, field) in [
        (iban("DE44 5001 0517 5407 3249 32"), "iban:"),
        (iban("GB00"), "iban:"),
        (input(PayoutKind::UsBank), "kind:"),
        (input(PayoutKind::Cheque), "kind:"),
        (PayoutInput { routing: "021000022".into(), ..input(PayoutKind::UsBank) }, "routing:"),
    ] {
        let told = choose(&mut conn, &world.secrets, &world.moment(), &actor(&world, &ada), &wrong).await;
        let told = refused(told);
        assert!(told.starts_with(field), "{told}");
    }
    refused(choose(&mut conn, &world.secrets, &world.moment(), &world.owner(), &input(PayoutKind::Iban)).await);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn details_are_encrypted_and_shown_to_those_who_may(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.partner("ada").await;
    let token = chosen(&world, &ada, &input(PayoutKind::UsBank)).await;
    confirm(&world.pool, &world.moment(), &token).await.expect("confirmed");
    let kept: String = world
        .get("select encode(payout_details, 'escape') || payout_masked from enrollments where program_id = $1")
        .await;
    assert!(!kept.contains("123456789") && !kept.contains("Lovelace"), "{kept}");
    let mut conn = world.pool.acquire().await.expect("connection");
    let mut show = async |role| reveal(&mut conn, &world.secrets, &Moment::now(), &world.admin(role), ada.id).await;
    refused(show(Role::Manager).await);
    let lines = show(Role::Finance).await.expect("lines");
    assert_eq!(lines[2], ("Account number".to_owned(), "123456789".to_owned()));
    let noted: i64 = world
        .get("select count(*) from audit_log where program_id = $1 and action = 'partner.reveal_payout_details'")
        .await;
    assert_eq!(noted, 1);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn what_partners_with_one_account_are_to_get_waits_for_a_person(pool: PgPool) {
    let world = World::new(pool).await;
    world.set("update programs set fraud_checks = default where id = $1").await;
    world.offer("Standard", &[percent("30")]).await;
    let (ada, bob) = (world.partner("ada").await, world.partner("bob").await);
    world.signed_up("c1", &ada).await;
    world.signed_up("c2", &bob).await;
    let before = world.sold("c1", "100").await.commissions[0].clone();
    assert_eq!(before.status, CommissionStatus::Held);
    for (partner, spaces) in [(&ada, "DE44 5001 0517 5407 3249 31"), (&bob, "DE44500105175407324931")] {
        let typed = PayoutInput { iban: spaces.into(), holder: partner.code.clone(), ..input(PayoutKind::Iban) };
        let token = chosen(&world, partner, &typed).await;
        confirm(&world.pool, &world.moment(), &token).await.expect("confirmed");
    }
    assert_eq!(world.status(before.id).await, CommissionStatus::Review, "what was held waits");
    let after = world.sold("c2", "50").await.commissions[0].clone();
    assert_eq!(after.status, CommissionStatus::Review, "and what comes");
    let whys: Vec<String> =
        sqlx::query_scalar("select why::text from commissions").fetch_all(&world.pool).await.expect("why");
    assert!(whys.iter().all(|why| why.contains("shared_payout")), "{whys:?}");
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn sixty_four_confirm_one_account_while_they_sell_and_are_approved(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = crowded(options, connect).await;
    world.set("update programs set fraud_checks = default where id = $1").await;
    world.offer("Standard", &[percent("30")]).await;
    let mut partners = Vec::new();
    for n in 0..64 {
        let (partner, customer) = (world.partner(&format!("p{n}")).await, format!("c{n}"));
        world.signed_up(&customer, &partner).await;
        let commission = world.sold(&customer, "100").await.commissions[0].id;
        let token = chosen(&world, &partner, &input(PayoutKind::Iban)).await;
        partners.push((partner, customer, commission, token));
    }
    let (world, partners) = (Arc::new(world), Arc::new(partners));
    let shared = partners.clone();
    at_once(192, &world, move |world: Arc<World>, n| {
        let partners = shared.clone();
        async move {
            let (_, customer, commission, token) = &partners[n / 3];
            match n % 3 {
                0 => drop(confirm(&world.pool, &world.moment(), token).await.expect("confirmed")),
                1 => drop(world.tell_sale(&sale(&format!("more-{n}"), customer, "50")).await.expect("sale")),
                _ => {
                    let mut tx = world.pool.begin().await.expect("begin");
                    match approve(&mut tx, &world.moment(), &world.owner(), *commission).await {
                        Ok(()) => tx.commit().await.expect("commit"),
                        // It is held: its partner shares with nobody yet.
                        Err(Error::Conflict(_)) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            }
        }
    })
    .await;
    let confirmed = "select count(distinct payout_hash) from enrollments
                     where program_id = $1 having count(payout_hash) = 64";
    assert_eq!(world.get::<i64>(confirmed).await, 1, "all share one account");
    // Whatever came first: nothing is on its way but what a person has approved since the last of them confirmed.
    let slipped = "select count(*) from commissions c
                   join referrals r on r.program_id = c.program_id and r.id = c.referral_id
                   where c.program_id = $1 and c.status <> 'review' and not 'shared_payout' = any(r.judged)";
    assert_eq!(world.get::<i64>(slipped).await, 0);
    assert_eq!(world.get::<i64>("select count(*) from commissions where program_id = $1").await, 128);
    // One link counts once.
    let token = chosen(&world, &partners[0].0, &input(PayoutKind::Cheque)).await;
    let confirmed = at_once(64, &world, move |world: Arc<World>, _| {
        let token = token.clone();
        async move { confirm(&world.pool, &world.moment(), &token).await.is_ok() }
    })
    .await;
    assert_eq!(confirmed.into_iter().filter(|confirmed| *confirmed).count(), 1);
    world.prove().await;
}
