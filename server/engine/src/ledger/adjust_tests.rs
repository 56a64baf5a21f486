//! Bonuses and corrections: posted once, with their reason, by who may.

use super::{adjust, trial_balance};
use crate::Error;
use crate::fixtures::{Partner, World, dec, refused};
use crate::messages::{Mail, compose};
use crate::reports::ledger;
use crate::sales::races::{at_once, crowded};
use domain::accounts::{Actor, Role};
use domain::ids::AdjustmentId;
use domain::ledger::{Adjustment, AdjustmentKind};
use domain::page::Paging;
use domain::reports::LedgerFilter;
use rust_decimal::Decimal;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::collections::BTreeSet;
use std::sync::Arc;

fn given(world: &World, partner: &Partner, kind: AdjustmentKind, amount: &str) -> Adjustment {
    let key: AdjustmentId = world.moment().id();
    Adjustment { key, partner: partner.id, kind, amount: dec(amount), reason: " For the talk. ".into() }
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn what_is_posted_by_hand_is_in_the_ledger_with_its_reason(pool: PgPool) {
    let mut world = World::new(pool).await;
    let (ada, bob) = (world.partner("ada").await, world.partner("bob").await);
    world
        .set(
            "insert into notification_settings (program_id, enrollment_id, on_commission, key)
             select program_id, id, true, code from enrollments where program_id = $1 and code = 'ada'",
        )
        .await;
    let owner = world.owner();
    let bonus = given(&world, &ada, AdjustmentKind::Bonus, "25");
    let journal = adjust(&world.pool, &world.moment(), &owner, &bonus).await.expect("posted");
    assert_eq!(adjust(&world.pool, &world.moment(), &owner, &bonus).await.expect("known"), journal, "once");
    let other = Adjustment { amount: dec("26"), ..bonus.clone() };
    let reused = adjust(&world.pool, &world.moment(), &owner, &other).await;
    assert!(matches!(reused, Err(Error::Reused)), "{reused:?}");
    let other = Adjustment { partner: bob.id, ..bonus.clone() };
    let reused = adjust(&world.pool, &world.moment(), &owner, &other).await;
    assert!(matches!(reused, Err(Error::Reused)), "{reused:?}");
    assert_eq!(world.balances(&ada).await, "0 25");
    world.at += chrono::Duration::minutes(1);
    let taken = given(&world, &ada, AdjustmentKind::Deduction, "40");
    adjust(&world.pool, &world.moment(), &owner, &taken).await.expect("posted");
    adjust(&world.pool, &world.moment(), &owner, &given(&world, &bob, AdjustmentKind::Correction, "1"))
        .await
        .expect("posted");
    assert_eq!((world.balances(&ada).await, world.balances(&bob).await), ("0 -15".into(), "0 1".into()));
    world.prove().await;

    let mut conn = world.pool.acquire().await.expect("connection");
    let partner = Actor::Partner { account: world.owner, program: world.program, enrollment: ada.id };
    for (actor, by) in [(&owner, "Olga"), (&partner, "")] {
        let page =
            ledger(&mut conn, actor, ada.id, &LedgerFilter::default(), &Paging::default()).await.expect("ledger");
        let rows = page.page.data.iter().map(|row| format!("{} {} {} {}", row.cause, row.amount, row.reason, row.by));
        let expected = ["Correction \u{2212}€40.00 For the talk.", "Bonus €25.00 For the talk."];
        assert_eq!(rows.collect::<Vec<_>>(), expected.map(|row| format!("{row} {by}")));
    }
    // Who wants to be told is.
    let jobs: Vec<sqlx::types::Json<Mail>> = sqlx::query_scalar(
        "select payload from graphile_worker._private_jobs where payload ->> 'mail' = 'balance_adjusted' order by id",
    )
    .fetch_all(&world.pool)
    .await
    .expect("jobs");
    assert_eq!(jobs.len(), 2, "{jobs:?}");
    let letter = compose(&mut conn, &world.moment(), "https://t.example", &jobs[0].0).await.expect("answer");
    let letter = letter.expect("letter");
    assert!(letter.text.contains("€25.00") && letter.text.contains("For the talk."), "{}", letter.text);
    assert!(letter.text.contains("https://t.example/p/acme/ledger"), "{}", letter.text);

    for nobody in [Role::Manager, Role::Viewer] {
        let refused = adjust(&world.pool, &world.moment(), &world.admin(nobody), &bonus).await;
        assert!(matches!(refused, Err(Error::Forbidden)), "{refused:?}");
    }
    let wrong =
        Adjustment { amount: dec("0.001"), reason: String::new(), ..given(&world, &ada, AdjustmentKind::Bonus, "1") };
    assert_eq!(
        refused(adjust(&world.pool, &world.moment(), &owner, &wrong).await),
        "amount: EUR has 2 decimals.\nreason: Must not be empty."
    );
    let elsewhere = world.another("elsewhere").await;
    let refused = adjust(&world.pool, &world.moment(), &elsewhere.owner(), &bonus).await;
    assert!(matches!(refused, Err(Error::NotFound("partner"))), "{refused:?}");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn of_64_presses_of_one_form_one_posts_and_64_forms_all_do(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = crowded(options, connect).await;
    let ada = world.partner("ada").await;
    let one = given(&world, &ada, AdjustmentKind::Bonus, "10");
    let world = Arc::new(world);
    let posted = at_once(64, &world, move |world: Arc<World>, _| {
        let one = one.clone();
        async move { adjust(&world.pool, &world.moment(), &world.owner(), &one).await.expect("posted") }
    })
    .await;
    assert_eq!(posted.iter().collect::<BTreeSet<_>>().len(), 1, "each is told the same journal");
    assert_eq!(world.balances(&ada).await, "0 10");
    let each = ada.clone();
    at_once(64, &world, move |world: Arc<World>, _| {
        let one = given(&world, &each, AdjustmentKind::Correction, "0.5");
        async move { adjust(&world.pool, &world.moment(), &world.owner(), &one).await.expect("posted") }
    })
    .await;
    assert_eq!(world.balances(&ada).await, "0 42");
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn whatever_is_posted_by_hand_balances_are_its_sum(pool: PgPool) {
    let world = World::new(pool).await;
    let partners = [world.partner("ada").await, world.partner("bob").await];
    let mut sums = [Decimal::ZERO; 2];
    let draw = |n: u64| u64::from_le_bytes(crate::Moment::seeded(world.at, n).bytes());
    for n in 0..60 {
        let (place, cents) = ((draw(3 * n) % 2) as usize, draw(3 * n + 1) % 100_000 + 1);
        let kind = AdjustmentKind::ALL[(draw(3 * n + 2) % 3) as usize];
        let amount = Decimal::new(i64::try_from(cents).expect("few"), 2);
        let one = Adjustment { amount, ..given(&world, &partners[place], kind, "1") };
        adjust(&world.pool, &world.moment(), &world.owner(), &one).await.expect("posted");
        sums[place] += kind.signed(amount);
    }
    for (partner, sum) in partners.iter().zip(sums) {
        assert_eq!(world.balances(partner).await, format!("0 {}", sum.normalize()));
    }
    let mut conn = world.pool.acquire().await.expect("connection");
    let books = trial_balance(&mut conn, &world.moment(), &world.owner(), None).await.expect("books");
    assert_eq!((books.liability.amount, books.sum.amount), (sums[0] + sums[1], Decimal::ZERO));
    // What one partner owes is no less of what is owed to the other.
    let [owed, carried] = [1, -1].map(|sign| sums.map(|sum| (sum * Decimal::from(sign)).max(Decimal::ZERO)));
    assert_eq!((books.owed.amount, books.carried.amount), (owed[0] + owed[1], carried[0] + carried[1]));
    world.prove().await;
}
