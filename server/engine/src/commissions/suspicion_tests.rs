//! What is suspicious waits for a person, for the reason that is told; and the sums come out.

use super::suspicion::{checks, hold_shared, set_checks};
use super::{approve, reverse};
use crate::fixtures::{Partner, World, percent, refused, sale, signup};
use crate::sales::races::{at_once, crowded};
use crate::secrets::Use;
use domain::accounts::Role;
use domain::commissions::{CommissionStatus, Suspicion};
use domain::customers::{NewCustomer, TrackSignup, TrackedSignup};
use domain::ids::{ClickId, CommissionId};
use domain::reports::Waiting;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::sync::Arc;

/// Signs a customer up with this e-mail, after this click or by the partner's code.
async fn signed_up(
    world: &World,
    partner: &Partner,
    customer: &str,
    email: &str,
    click: Option<ClickId>,
    ip: Option<&str>,
) -> TrackedSignup {
    let input = TrackSignup {
        customer: NewCustomer { external_id: customer.into(), email: Some(email.into()), name: None },
        click_id: click.map(|click| click.to_string()),
        partner_code: click.is_none().then(|| partner.code.clone()),
        ip: ip.map(str::to_owned),
        ..signup(customer)
    };
    world.tell_signup(&input).await.expect("sign-up").answer
}

/// A click with this target from this address.
async fn click(world: &World, partner: &Partner, target: &str, ip: &str) -> ClickId {
    let click = world.click(partner).await;
    let hash = world.secrets.keyed_hash(Use::IpAddress, ip.as_bytes());
    sqlx::query("update clicks set target = $2, ip_hash = $3 where id = $1")
        .bind(click)
        .bind(target)
        .bind(hash.as_slice())
        .execute(&world.pool)
        .await
        .expect("click");
    click
}

/// The reasons for which a customer's next sale waits; none where it doesn't.
async fn reasons(world: &World, customer: &str) -> Vec<String> {
    let sold = world.sold(customer, "100").await;
    let commission = &sold.commissions[0];
    let found: Vec<String> = sold
        .why
        .0
        .iter()
        .filter(|check| !check.passed && check.check.parse::<Suspicion>().is_ok())
        .map(|check| check.check.clone())
        .collect();
    assert_eq!(commission.status == CommissionStatus::Review, !found.is_empty(), "{:?}", sold.why);
    found
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn each_check_holds_for_its_own_reason_where_it_is_on(pool: PgPool) {
    let world = World::new(pool).await;
    world.offer("Standard", &[percent("30")]).await;
    let ada = world.partner("ada").await;
    let site = "https://acme.example/";
    let honest = click(&world, &ada, site, "203.0.113.1").await;
    let ad = click(&world, &ada, &format!("{site}?gclid=abc"), "203.0.113.2").await;
    let near = click(&world, &ada, site, "203.0.113.3").await;
    signed_up(&world, &ada, "honest", "nora@harbor.example", Some(honest), Some("198.51.100.7")).await;
    signed_up(&world, &ada, "colleague", "bob@partners.example", None, None).await;
    signed_up(&world, &ada, "thrown", "x@mailinator.com", None, None).await;
    signed_up(&world, &ada, "ad", "kim@harbor.example", Some(ad), None).await;
    signed_up(&world, &ada, "near", "lee@harbor.example", Some(near), Some("203.0.113.3")).await;
    // Addresses go in time: what was suspicious stays.
    world.set("update clicks set target = '', ip_hash = null where program_id = $1").await;
    let expected = [
        ("honest", ""),
        ("colleague", "same_domain"),
        ("thrown", "disposable_domain"),
        ("ad", "ad_click"),
        ("near", "same_ip"),
    ];
    let mut conn = world.pool.acquire().await.expect("connection");
    for on in [Suspicion::ALL, &[]] {
        set_checks(&mut conn, &world.moment(), &world.owner(), on).await.expect("set");
        for (customer, reason) in expected {
            let found = reasons(&world, customer).await;
            let reason = if on.is_empty() { "" } else { reason };
            assert_eq!(found.join(" "), reason, "{customer}");
        }
    }
    assert_eq!(checks(&mut conn, &world.owner()).await.expect("checks"), []);
    refused(set_checks(&mut conn, &world.moment(), &world.admin(Role::Viewer), &[]).await);
    world.prove().await;
}

async fn approved(world: &World, id: CommissionId) {
    let mut tx = world.pool.begin().await.expect("begin");
    approve(&mut tx, &world.moment(), &world.owner(), id).await.expect("approved");
    tx.commit().await.expect("commit");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn what_a_person_has_approved_holds_nothing_of_the_customer_again(pool: PgPool) {
    let world = World::new(pool).await;
    world.offer("Standard", &[percent("30")]).await;
    let ada = world.partner("ada").await;
    signed_up(&world, &ada, "colleague", "bob@partners.example", None, None).await;
    signed_up(&world, &ada, "other", "kim@partners.example", None, None).await;
    let mut conn = world.pool.acquire().await.expect("connection");
    set_checks(&mut conn, &world.moment(), &world.owner(), Suspicion::ALL).await.expect("set");
    let first = world.sold("colleague", "100").await.commissions[0].id;
    let second = world.sold("colleague", "100").await.commissions[0].id;
    let waiting = crate::reports::waiting(&mut conn, &world.moment(), &world.owner()).await.expect("waiting");
    assert_eq!(waiting, Waiting { partners: 0, commissions: 2, sales: 0, messages: 0 });
    approved(&world, first).await;
    assert_eq!(world.status(second).await, CommissionStatus::Review, "what waits goes on waiting");
    let third = world.sold("colleague", "100").await;
    assert_eq!(third.commissions[0].status, CommissionStatus::Held, "{:?}", third.why);
    let named = third.why.0.iter().find(|check| check.check == "same_domain").expect("it is named all the same");
    assert!(named.passed && named.detail.contains("has approved"), "{named:?}");
    assert_eq!(reasons(&world, "other").await, ["same_domain"], "another customer was not judged");
    // Another reason holds; once that is approved too, nothing does, until the details are shared anew.
    world.partner("bob").await;
    world.set(r"update enrollments set payout_hash = '\x01' where program_id = $1").await;
    let shared = world.sold("colleague", "100").await;
    assert_eq!(shared.commissions[0].status, CommissionStatus::Review, "{:?}", shared.why);
    approved(&world, shared.commissions[0].id).await;
    assert!(reasons(&world, "colleague").await.is_empty());
    hold_shared(&mut conn, world.program, ada.id).await.expect("held");
    assert_eq!(reasons(&world, "colleague").await, ["shared_payout"]);
    // A reversal approves nothing.
    let other = world.sold("other", "100").await.commissions[0].id;
    let mut tx = world.pool.begin().await.expect("begin");
    reverse(&mut tx, &world.moment(), &world.owner(), other, "Own company").await.expect("reversed");
    tx.commit().await.expect("commit");
    assert_eq!(reasons(&world, "other").await, ["same_domain", "shared_payout"]);
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn sixty_four_suspicious_sales_and_judges_at_once(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = crowded(options, connect).await;
    world.set("update programs set fraud_checks = default where id = $1").await;
    world.offer("Standard", &[percent("30")]).await;
    let ada = world.partner("ada").await;
    signed_up(&world, &ada, "colleague", "bob@partners.example", None, None).await;
    let world = Arc::new(world);
    let sold = at_once(64, &world, |world: Arc<World>, n| async move {
        let answer = world.tell_sale(&sale(&format!("s{n}"), "colleague", "10")).await.expect("sale").answer;
        answer.commissions[0].clone()
    })
    .await;
    assert!(sold.iter().all(|commission| commission.status == CommissionStatus::Review));
    assert_eq!(world.balances(&ada).await, "192 0");
    let ids: Vec<_> = sold.iter().map(|commission| commission.id).collect();
    // Each is approved and reversed by two at once: whatever comes first, the sums hold.
    let judged = at_once(128, &world, move |world: Arc<World>, n| {
        let id = ids[n / 2];
        async move {
            let mut tx = world.pool.begin().await.expect("begin");
            let done = if n % 2 == 0 {
                approve(&mut tx, &world.moment(), &world.owner(), id).await
            } else {
                reverse(&mut tx, &world.moment(), &world.owner(), id, "Own company").await
            };
            if done.is_ok() {
                tx.commit().await.expect("commit");
            }
            done.is_ok()
        }
    })
    .await;
    let reversed = judged.iter().skip(1).step_by(2).filter(|done| **done).count();
    assert_eq!(reversed, 64, "a reversal works before and after an approval");
    assert_eq!(world.balances(&ada).await, "0 0");
    world.prove().await;
}
