//! What leads earn: once, by the terms, through the ledger, and told to whoever may know.

use super::tests::{NORA, add, own, row, to};
use super::{detail, move_many, move_to, set_deal_value, withdraw};
use crate::commissions::{release_holds, reverse};
use crate::fixtures::{Partner, World, checks, dec, instant, moment, percent, refund, refused};
use crate::ledger::close_months;
use crate::reports::{commission_report, commissions, customers, dashboard, ledger, my_customers};
use crate::sales::races::{at_once, crowded};
use crate::{Error, Result};
use domain::accounts::Role;
use domain::attribution::Source;
use domain::commissions::CommissionStatus;
use domain::customers::CustomerStatus;
use domain::ids::{CommissionId, LeadId};
use domain::leads::{LeadDetail, Move, Outcome, Stage};
use domain::offers::{Duration, Rate, Reward, Tier, TierMeasure, Tiers, Trigger};
use domain::page::Paging;
use domain::partners::EnrollmentStatus;
use domain::reports::{CommissionFilter, CustomerFilter, LedgerFilter, MyCustomerFilter, Period};
use rust_decimal::Decimal;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::sync::Arc;

/// Flat for a qualified lead, due at once.
fn per_qualified(amount: &str) -> Reward {
    Reward {
        trigger: Trigger::LeadQualified,
        rate: Rate::Flat(dec(amount)),
        duration: Duration::FirstSale,
        hold_days: 0,
        ..percent("1")
    }
}

/// Percent of a won lead's deal, held 30 days.
fn of_deal(rate: &str) -> Reward {
    Reward { trigger: Trigger::LeadWon, duration: Duration::FirstSale, ..percent(rate) }
}

async fn moved(world: &World, id: LeadId, kind: Stage, value: Option<&str>, customer: &str) -> Result<()> {
    let input = Move { deal_value: value.map(dec), customer: customer.into(), ..to(world, kind).await };
    let mut tx = world.pool.begin().await.expect("transaction");
    move_to(&mut tx, &world.moment(), &world.owner(), id, &input).await?;
    tx.commit().await.map_err(Error::from)
}

async fn valued(world: &World, id: LeadId, value: &str) {
    let mut tx = world.pool.begin().await.expect("transaction");
    set_deal_value(&mut tx, &world.moment(), &world.owner(), id, Some(dec(value))).await.expect("set");
    tx.commit().await.expect("commit");
}

async fn told(world: &World, id: LeadId) -> LeadDetail {
    let mut conn = world.pool.acquire().await.expect("connection");
    detail(&mut conn, &world.moment(), &world.owner(), id).await.expect("lead")
}

/// What a lead has earned by itself, as `lead_qualified 20.00 due`.
async fn earned(world: &World, id: LeadId) -> Vec<String> {
    let one = |row: domain::reports::CommissionRow| {
        row.lead.is_some().then(|| format!("{} {} {}", row.trigger, row.amount.amount, row.status))
    };
    told(world, id).await.commissions.into_iter().filter_map(one).collect()
}

async fn with(pool: PgPool, rewards: &[Reward]) -> (World, Partner, LeadId) {
    let world = World::new(pool).await;
    world.offer("Leads", rewards).await;
    let ada = world.partner("ada").await;
    let lead = add(&world, &ada, NORA).await.expect("lead");
    (world, ada, lead)
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_lead_earns_when_it_is_qualified_and_when_it_is_won(pool: PgPool) {
    let (mut world, ada, lead) = with(pool, &[per_qualified("20"), of_deal("5"), percent("10")]).await;
    assert_eq!(row(&world, lead).await.commission_status, None);
    moved(&world, lead, Stage::Qualified, None, "").await.expect("qualified");
    assert_eq!(earned(&world, lead).await, ["lead_qualified 20.00 due"]);
    assert_eq!(world.balances(&ada).await, "0 20");
    let mut conn = world.pool.acquire().await.expect("connection");
    let back = withdraw(&mut conn, &world.moment(), &own(&world, &ada), lead).await;
    assert!(matches!(back, Err(Error::Conflict(_))), "it would earn again: {back:?}");
    drop(conn);
    world.pass(1);
    moved(&world, lead, Stage::ClosedWon, Some("1234.50"), "c-nora").await.expect("won");
    assert_eq!(earned(&world, lead).await, ["lead_qualified 20.00 due", "lead_won 61.73 held"]);
    assert_eq!(world.balances(&ada).await, "61.73 20");
    let won = told(&world, lead).await;
    let because = &won.commissions[1].why;
    assert_eq!(checks(because), "+lead +offer +amount");
    let words: Vec<_> = because.0.iter().map(|check| check.detail.as_str()).collect();
    assert_eq!(
        words,
        [
            "The lead of ada was won on 21 Nov 2026.",
            "Offer “Leads”, version 1: 5% of the deal of each won lead.",
            "€1,234.50 × 5% = €61.73, held 30 days.",
        ]
    );
    assert_eq!((won.unearned.len(), won.row.commission.amount), (0, dec("81.73")));
    assert_eq!(won.row.commission_status, Some(CommissionStatus::Held), "the one that is furthest from being paid");
    // Later sales of its customer earn as anybody's.
    let sold = world.sold("c-nora", "100").await;
    assert_eq!(sold.referral.expect("attributed").source, Source::Lead);
    assert_eq!(row(&world, lead).await.commission.amount, dec("91.73"));
    // Wherever it goes, and however often it comes back, it has earned that once.
    for stage in [Stage::ClosedLost, Stage::New, Stage::Qualified, Stage::New, Stage::Qualified, Stage::ClosedWon] {
        world.pass(1);
        moved(&world, lead, stage, Some("999999"), "").await.expect("moved");
    }
    valued(&world, lead, "50000").await;
    assert_eq!(earned(&world, lead).await.len(), 2);
    assert_eq!(world.balances(&ada).await, "71.73 20");
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn what_is_won_at_once_has_been_qualified_by_that(pool: PgPool) {
    let (world, ada, lead) = with(pool, &[per_qualified("20"), of_deal("5")]).await;
    moved(&world, lead, Stage::ClosedWon, Some("100"), "").await.expect("won");
    assert_eq!(earned(&world, lead).await, ["lead_qualified 20.00 due", "lead_won 5.00 held"]);
    assert_eq!(world.balances(&ada).await, "5 20");
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn without_a_deal_value_a_share_waits_for_it(pool: PgPool) {
    let bonus = Reward { rate: Rate::Flat(dec("50")), hold_days: 0, ..of_deal("1") };
    let least = Reward { minimum: Some(dec("8")), ..of_deal("5") };
    let (mut world, ada, lead) = with(pool, &[bonus, least]).await;
    let other = world.offer("Later", &[of_deal("90")]).await;
    moved(&world, lead, Stage::ClosedWon, None, "").await.expect("won");
    assert_eq!(earned(&world, lead).await, ["lead_won 50.00 due"]);
    let waits: serde_json::Value =
        world.get("select why->3 from lead_earnings where program_id = $1 and trigger = 'lead_won'").await;
    assert_eq!(waits["check"], "deal_value");
    assert_eq!(
        waits["detail"],
        "Offer “Leads”, version 1: 5% of the deal of each won lead: no deal value above zero is set. It is earned once the team sets one."
    );
    // The terms are those by which it was won, also where they change before the value is known.
    world
        .set(
            "update offer_versions set rewards = jsonb_set(rewards, '{1,rate,percent}', '\"50\"') where program_id = $1",
        )
        .await;
    sqlx::query("insert into enrollment_offers (program_id, enrollment_id, offer_id, position) values ($1, $2, $3, 9)")
        .bind(world.program)
        .bind(ada.id)
        .bind(other)
        .execute(&world.pool)
        .await
        .expect("offer");
    world.pass(3);
    valued(&world, lead, "100").await;
    valued(&world, lead, "200").await;
    assert_eq!(earned(&world, lead).await, ["lead_won 50.00 due", "lead_won 8.00 held"]);
    let rates: Option<Decimal> = world.get("select rate from commissions where program_id = $1 and amount = 8").await;
    assert_eq!(rates, Some(dec("5")));
    // The value of one that isn't won earns nothing; nor does it once it is lost.
    let open = add(&world, &ada, "omar@harbor.example").await.expect("lead");
    valued(&world, open, "100").await;
    assert!(earned(&world, open).await.is_empty());
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn nothing_that_is_earned_is_explained_on_the_lead(pool: PgPool) {
    let (world, ada, lead) = with(pool, &[of_deal("5")]).await;
    moved(&world, lead, Stage::ClosedWon, None, "").await.expect("won");
    let unearned = told(&world, lead).await.unearned;
    let told: Vec<_> = unearned.iter().map(|one| format!("{}: {}", one.trigger, checks(&one.why))).collect();
    assert_eq!(told, ["lead_qualified: +lead -offer", "lead_won: +lead -deal_value"]);
    assert_eq!(
        unearned[0].why.0[1].detail,
        "Nothing is owed for a qualified lead: the partner's offers pay for other events."
    );
    let mut conn = world.pool.acquire().await.expect("connection");
    let its = detail(&mut conn, &world.moment(), &own(&world, &ada), lead).await.expect("own");
    assert_eq!(its.unearned, unearned, "its partner reads the same");
    valued(&world, lead, "10").await;
    let after = detail(&mut conn, &world.moment(), &own(&world, &ada), lead).await.expect("own");
    assert_eq!((after.unearned.len(), after.commissions.len()), (1, 1));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn the_rate_is_the_partner_s_then_the_group_s_then_a_tier_s(pool: PgPool) {
    let tiered = Reward {
        tiers: Some(Tiers {
            by: TierMeasure::Customers,
            steps: vec![Tier { from: Decimal::ONE, rate: Rate::Percent(dec("7")) }],
        }),
        cap: Some(dec("60")),
        ..of_deal("5")
    };
    let (mut world, ada, first) = with(pool, &[tiered]).await;
    moved(&world, first, Stage::ClosedWon, Some("100"), "").await.expect("won");
    world.signed_up("c1", &ada).await;
    world.sold("c1", "10").await;
    let win = async |world: &World, email: &str, value: &str| {
        let lead = add(world, &ada, email).await.expect("lead");
        moved(world, lead, Stage::ClosedWon, Some(value), "").await.expect("won");
        (lead, earned(world, lead).await)
    };
    assert_eq!(earned(&world, first).await, ["lead_won 5.00 held"]);
    let (second, paid) = win(&world, "second@harbor.example", "100").await;
    assert_eq!(paid, ["lead_won 7.00 held"]);
    let tier = told(&world, second).await.commissions[0].why.0[2].detail.clone();
    assert_eq!(tier, "The partner has 1 customer: 7% from 1 customer on.");
    assert_eq!(win(&world, "third@harbor.example", "10000").await.1, ["lead_won 60.00 held"], "cut to the cap");
    world.pass(1);
    let own = r#"update enrollment_offers set overrides = '[{"reward": 0, "rate": {"percent": "40"}}]' where program_id = $1"#;
    world.set(own).await;
    assert_eq!(win(&world, "fourth@harbor.example", "100").await.1, ["lead_won 40.00 held"]);
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn in_a_pause_nothing_is_earned_and_nothing_is_paid_later(pool: PgPool) {
    let (mut world, ada, lead) = with(pool, &[per_qualified("20"), of_deal("5")]).await;
    world.standing(&ada, EnrollmentStatus::Paused).await;
    world.pass(1);
    moved(&world, lead, Stage::ClosedWon, None, "c-nora").await.expect("won");
    world.pass(1);
    world.standing(&ada, EnrollmentStatus::Active).await;
    world.pass(1);
    valued(&world, lead, "100").await;
    assert!(earned(&world, lead).await.is_empty());
    let told = told(&world, lead).await.unearned;
    assert_eq!(checks(&told[1].why), "+lead -standing");
    assert_eq!(told[1].why.0[1].detail, "Partner ada was paused when it happened: nothing is earned.");
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn reviewed_reversed_released_and_posted_as_a_sale_s(pool: PgPool) {
    let (mut world, ada, lead) = with(pool, &[per_qualified("20"), of_deal("5")]).await;
    world.set("update programs set review_commissions = true where id = $1").await;
    moved(&world, lead, Stage::Qualified, None, "").await.expect("qualified");
    assert_eq!(earned(&world, lead).await, ["lead_qualified 20.00 review"]);
    let found = told(&world, lead).await.commissions[0].clone();
    assert_eq!(checks(&found.why), "+lead +offer +amount -review");
    let mut tx = world.pool.begin().await.expect("transaction");
    crate::commissions::approve(&mut tx, &world.moment(), &world.owner(), found.id).await.expect("approved");
    tx.commit().await.expect("commit");
    assert_eq!(world.balances(&ada).await, "0 20");
    world.set("update programs set review_commissions = false where id = $1").await;
    // Into the next open month, where this one is closed.
    close_months(&world.pool, &moment(instant("2026-11-30T23:00:00Z"))).await.expect("closed");
    moved(&world, lead, Stage::ClosedWon, Some("100"), "").await.expect("won");
    let posted: chrono::DateTime<chrono::Utc> =
        world.get("select max(posted_at) from journals where program_id = $1").await;
    assert_eq!(posted, instant("2026-11-30T23:00:00Z"));
    world.pass(31);
    release_holds(&world.pool, &world.moment()).await.expect("released");
    assert_eq!(earned(&world, lead).await, ["lead_qualified 20.00 due", "lead_won 5.00 due"]);
    // Lost after all: it keeps what it has, until the team takes it back for a reason.
    moved(&world, lead, Stage::ClosedLost, None, "").await.expect("lost");
    assert_eq!(world.balances(&ada).await, "0 25");
    let mut tx = world.pool.begin().await.expect("transaction");
    let id = told(&world, lead).await.commissions[1].id;
    assert!(matches!(
        reverse(&mut tx, &world.moment(), &world.admin(Role::Viewer), id, "Fell through").await,
        Err(Error::Forbidden)
    ));
    reverse(&mut tx, &world.moment(), &world.owner(), id, "Fell through").await.expect("reversed");
    tx.commit().await.expect("commit");
    assert_eq!(earned(&world, lead).await, ["lead_qualified 20.00 due", "lead_won 5.00 reversed"]);
    world.pass(1);
    moved(&world, lead, Stage::ClosedWon, Some("100"), "").await.expect("won again");
    assert_eq!(world.balances(&ada).await, "0 20", "it is not earned twice");
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_throw_away_address_waits_for_a_person(pool: PgPool) {
    let (world, ada, _) = with(pool, &[per_qualified("20")]).await;
    world.set("update programs set fraud_checks = '{disposable_domain,same_domain}' where id = $1").await;
    let lead = add(&world, &ada, "x@mailinator.com").await.expect("lead");
    moved(&world, lead, Stage::Qualified, None, "").await.expect("qualified");
    assert_eq!(earned(&world, lead).await, ["lead_qualified 20.00 review"]);
    let why = told(&world, lead).await.commissions[0].why.clone();
    assert_eq!(checks(&why), "+lead +offer +amount -disposable_domain");
    assert!(why.0[3].detail.contains("the lead's e-mail is a throw-away address"), "{why:?}");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_won_lead_s_customer_is_its_partner_s(pool: PgPool) {
    let (world, ada, lead) = with(pool, &[percent("10"), of_deal("5")]).await;
    // Somebody who has signed up long ago, by another e-mail, and is nobody's.
    world.tell_signup(&crate::fixtures::signup("c1")).await.expect("sign-up");
    world.sold("c1", "40").await;
    moved(&world, lead, Stage::ClosedWon, None, "c1").await.expect("won");
    let found = row(&world, lead).await;
    assert_eq!((found.outcome, found.customer.is_some()), (Outcome::Customer, true));
    let why: serde_json::Value =
        world.get("select why from referrals where program_id = $1 and ended_at is null and source = 'lead'").await;
    assert_eq!(why[0]["detail"], "Attributed to ada by won lead.");
    let sold = world.sold("c1", "100").await;
    assert_eq!(sold.commissions[0].amount, dec("10.00"));
    let whose = |status| CustomerFilter { status, ..CustomerFilter::default() };
    let mine = async |conn: &mut sqlx::PgConnection, status, search: Option<&str>| {
        let filter = MyCustomerFilter { status, search: search.map(str::to_owned) };
        let found = my_customers(conn, &own(&world, &ada), &filter, &Paging::default()).await.expect("own");
        let told = |row: &domain::reports::MyCustomer| {
            let earned = row.earned.amount.normalize();
            format!("{} {} {} {} {}", row.label, row.status, row.sales, row.revenue.amount.normalize(), earned)
        };
        found.data.iter().map(told).collect::<Vec<_>>()
    };
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let list = customers(conn, &own(&world, &ada), &whose(None), &Paging::default()).await.expect("own");
    let one = &list.page.data[0];
    assert_eq!((one.status, one.revenue.amount, one.sales), (CustomerStatus::Paid, dec("100"), 1));
    // What came before it was hers counts for nobody.
    world.tell_refund(&refund("r1", "c1-1", Some("30"))).await.expect("refund");
    let list = customers(conn, &own(&world, &ada), &whose(None), &Paging::default()).await.expect("own");
    assert_eq!((list.page.data[0].status, list.page.data[0].revenue.amount), (CustomerStatus::Paid, dec("70")));
    for event in ["c1-0", "c1-1"] {
        world.tell_refund(&refund(&format!("all-{event}"), event, None)).await.expect("refund");
    }
    let list = customers(conn, &own(&world, &ada), &whose(None), &Paging::default()).await.expect("own");
    assert_eq!((list.page.data[0].status, list.page.data[0].revenue.amount), (CustomerStatus::SignedUp, dec("0")));
    assert_eq!(list.totals.paid, 0);
    assert_eq!(mine(conn, None, None).await, ["nora@harbor.example signed_up 1 0 0"]);
    // One of whom nobody has signed up stands there by itself.
    let alone = add(&world, &ada, "omar@harbor.example").await.expect("lead");
    moved(&world, alone, Stage::ClosedWon, Some("100"), "").await.expect("won");
    let both = ["nora@harbor.example signed_up 1 0 0", "omar@harbor.example signed_up 0 0 5"];
    let mut found = mine(conn, Some(CustomerStatus::SignedUp), None).await;
    found.sort_unstable();
    assert_eq!(found, both);
    assert_eq!(mine(conn, None, Some("OMAR@")).await, both[1..]);
    assert!(mine(conn, Some(CustomerStatus::Paid), None).await.is_empty());
    let bob = world.partner("bob").await;
    let none = my_customers(conn, &own(&world, &bob), &MyCustomerFilter::default(), &Paging::default()).await;
    assert!(none.expect("own").data.is_empty());
    let team = my_customers(conn, &world.owner(), &MyCustomerFilter::default(), &Paging::default()).await;
    assert!(matches!(team, Err(Error::Forbidden)), "{team:?}");
    let paid = whose(Some(CustomerStatus::Paid));
    assert_eq!(customers(conn, &own(&world, &ada), &paid, &Paging::default()).await.expect("own").totals.count, 0);
    assert_eq!(row(&world, lead).await.outcome, Outcome::SignedUp);
    world.prove().await;
    world.sold("c1", "5").await;
    assert_eq!(customers(conn, &own(&world, &ada), &paid, &Paging::default()).await.expect("own").totals.count, 1);
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn every_list_names_the_lead(pool: PgPool) {
    let (world, ada, lead) = with(pool, &[per_qualified("20"), of_deal("5")]).await;
    let bob = world.partner("bob").await;
    moved(&world, lead, Stage::ClosedWon, Some("100"), "").await.expect("won");
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let all = CommissionFilter::default();
    for actor in [world.owner(), own(&world, &ada)] {
        let found = commissions(conn, &actor, &all, &Paging::default()).await.expect("commissions");
        assert_eq!(found.totals.count, 2);
        assert!(found.page.data.iter().all(|row| row.who() == NORA && row.customer.is_none()));
        let entries = ledger(conn, &actor, ada.id, &LedgerFilter::default(), &Paging::default()).await.expect("ledger");
        let mut causes: Vec<_> =
            entries.page.data.iter().map(|row| (row.cause.as_str(), row.customer.as_str())).collect();
        causes.sort_unstable();
        assert_eq!(causes, [("Commission for a qualified lead", NORA), ("Commission for a won lead", NORA)]);
        assert!(entries.page.data.iter().all(|row| row.lead_id == Some(lead)));
    }
    let others = commissions(conn, &own(&world, &bob), &all, &Paging::default()).await.expect("none");
    assert_eq!(others.totals.count, 0);
    let seek = CommissionFilter { search: Some("NORA@harbor".into()), ..all };
    assert_eq!(commissions(conn, &world.owner(), &seek, &Paging::default()).await.expect("found").totals.count, 2);
    let seen =
        dashboard(conn, &world.moment(), &own(&world, &ada), ada.id, Period::default()).await.expect("dashboard");
    let lines: Vec<_> = seen.latest.iter().map(|line| format!("{} · {}", line.happened, line.who)).collect();
    assert!(lines.contains(&format!("Lead won · {NORA}")), "{lines:?}");
    let report = commission_report(conn, &world.moment(), &own(&world, &ada), Period::default()).await.expect("report");
    assert_eq!(report.groups.len(), 2);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn of_64_moves_at_once_one_pays(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = crowded(options, connect).await;
    let flat = Reward { rate: Rate::Flat(dec("3")), ..of_deal("1") };
    world.offer("Leads", &[per_qualified("20"), of_deal("5"), flat]).await;
    let ada = world.partner("ada").await;
    let lead = add(&world, &ada, NORA).await.expect("lead");
    let world = Arc::new(world);
    at_once(64, &world, move |world: Arc<World>, n| async move {
        let stage = [Stage::Qualified, Stage::ClosedWon, Stage::New, Stage::ClosedLost][n % 4];
        match n % 8 {
            7 => valued(&world, lead, "100").await,
            5 => {
                let input = Move { deal_value: Some(dec("100")), ..to(&world, Stage::ClosedWon).await };
                let moved = move_many(&world.pool, &world.moment(), &world.owner(), &[lead, lead], &input).await;
                assert_eq!(moved.expect("moved").done, 2);
            }
            _ => moved(&world, lead, stage, Some("100"), "c-nora").await.expect("moved"),
        }
    })
    .await;
    moved(&world, lead, Stage::ClosedWon, Some("100"), "").await.expect("won");
    let mut all = earned(&world, lead).await;
    all.sort_unstable();
    assert_eq!(all, ["lead_qualified 20.00 due", "lead_won 3.00 held", "lead_won 5.00 held"]);
    assert_eq!(world.balances(&ada).await, "8 20");
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn tiers_of_leads_and_sales_are_reckoned_one_after_the_other(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = crowded(options, connect).await;
    let by = |reward: Reward| Reward {
        tiers: Some(Tiers {
            by: TierMeasure::Customers,
            steps: vec![Tier { from: Decimal::TEN, rate: Rate::Percent(dec("50")) }],
        }),
        ..reward
    };
    world.offer("Leads", &[by(of_deal("5")), by(percent("10"))]).await;
    let ada = world.partner("ada").await;
    let mut leads = Vec::new();
    for n in 0..32 {
        leads.push(add(&world, &ada, &format!("lead{n}@harbor.example")).await.expect("lead"));
    }
    let (world, leads) = (Arc::new(world), Arc::new(leads));
    at_once(64, &world, move |world: Arc<World>, n| {
        let lead = leads[n / 2];
        async move {
            if n % 2 == 0 {
                moved(&world, lead, Stage::ClosedWon, Some("100"), &format!("c{n}")).await.expect("won");
            } else {
                let told = domain::sales::TrackSale {
                    partner_code: Some("ada".into()),
                    ..crate::fixtures::sale(&format!("s{n}"), &format!("c{}", n - 1), "10")
                };
                world.tell_sale(&told).await.expect("sold");
            }
        }
    })
    .await;
    assert_eq!(world.get::<i64>("select count(*) from commissions where program_id = $1").await, 64);
    let cheap: i64 =
        world.get("select count(*) from commissions where program_id = $1 and trigger = 'sale' and rate = 10").await;
    assert_eq!(cheap, 9, "the tenth customer's sale reaches the tier");
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn who_may_not_judge_earns_nobody_anything(pool: PgPool) {
    let (world, ada, lead) = with(pool, &[per_qualified("20")]).await;
    let input = to(&world, Stage::Qualified).await;
    let mut conn = world.pool.acquire().await.expect("connection");
    for actor in [world.admin(Role::Viewer), world.admin(Role::Finance), own(&world, &ada)] {
        let tried = move_to(&mut conn, &world.moment(), &actor, lead, &input).await;
        assert!(matches!(tried, Err(Error::Forbidden)), "{tried:?}");
    }
    let other = world.another("other").await;
    let elsewhere = move_to(&mut conn, &world.moment(), &other.owner(), lead, &input).await;
    assert!(matches!(elsewhere, Err(Error::NotFound(_))), "{elsewhere:?}");
    let gone: CommissionId = world.moment().id();
    assert_eq!(
        refused(reverse(&mut conn, &world.moment(), &world.owner(), gone, "x").await),
        "NotFound(\"commission\")"
    );
    assert_eq!(world.get::<i64>("select count(*) from commissions where program_id = $1").await, 0);
}
