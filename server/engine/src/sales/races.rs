//! What many do at once comes out as if they had come one after the other.

use crate::commissions::{release_holds, reverse};
use crate::fixtures::{World, dec, instant, moment, percent, refund, sale, signup};
use crate::ledger::close_months;
use crate::sales::{track_refund, track_sale};
use crate::{Error, Result};
use domain::commissions::CommissionStatus;
use domain::customers::{NewCustomer, TrackSignup};
use domain::offers::{Duration, Rate, Reward, Tier, TierMeasure, Tiers};
use domain::partners::EnrollmentStatus;
use domain::programs::ProgramInput;
use domain::sales::TrackSale;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A world with more connections than a test usually has.
pub(crate) async fn crowded(options: PgPoolOptions, connect: PgConnectOptions) -> World {
    let patience = std::time::Duration::from_secs(120);
    let pool = options.max_connections(16).acquire_timeout(patience).connect_with(connect).await.expect("pool");
    World::new(pool).await
}

/// Does it so many times at once.
pub(crate) async fn at_once<T, F>(times: usize, world: &Arc<World>, work: impl Fn(Arc<World>, usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let tasks: Vec<_> = (0..times).map(|n| tokio::spawn(work(world.clone(), n))).collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.expect("no panic"));
    }
    results
}

async fn tell(world: &World, input: &TrackSale) -> Result<(bool, String)> {
    let answered = track_sale(&world.pool, &world.secrets, &world.moment(), world.program, input).await?;
    Ok((answered.replayed, serde_json::to_string(&answered.answer).expect("JSON")))
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn of_64_copies_of_a_sale_one_counts(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = crowded(options, connect).await;
    world.offer("Standard", &[percent("30")]).await;
    let ada = world.partner("ada").await;
    world.signed_up("old", &ada).await;
    let world = Arc::new(world);
    for customer in ["old", "new"] {
        let answers = at_once(64, &world, move |world: Arc<World>, _| async move {
            let event = format!("sale-{customer}");
            let told = TrackSale { partner_code: Some("ada".into()), ..sale(&event, customer, "49") };
            tell(&world, &told).await.expect("answered")
        })
        .await;
        assert_eq!(answers.iter().filter(|(replayed, _)| !replayed).count(), 1);
        let different: BTreeSet<_> = answers.iter().map(|(_, answer)| answer).collect();
        assert_eq!(different.len(), 1, "all get the first answer");
    }
    assert_eq!(world.get::<i64>("select count(*) from sales where program_id = $1").await, 2);
    assert_eq!(world.get::<i64>("select count(*) from commissions where program_id = $1").await, 2);
    assert_eq!(world.balances(&ada).await, "29.4 0");
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn of_64_bodies_under_one_id_one_counts(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = Arc::new(crowded(options, connect).await);
    let answers =
        at_once(
            64,
            &world,
            |world: Arc<World>, n| async move { tell(&world, &sale("s1", &format!("c{n}"), "49")).await },
        )
        .await;
    assert_eq!(answers.iter().filter(|answer| matches!(answer, Ok((false, _)))).count(), 1);
    assert_eq!(answers.iter().filter(|answer| matches!(answer, Err(Error::Reused))).count(), 63);
    assert_eq!(world.get::<i64>("select count(*) from customers where program_id = $1").await, 1);
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn of_64_sales_of_a_customer_one_is_the_first(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = crowded(options, connect).await;
    let once = Reward { duration: Duration::FirstSale, rate: Rate::Flat(dec("50")), ..percent("1") };
    world.offer("Once", &[once]).await;
    let ada = world.partner("ada").await;
    world.signed_up("old", &ada).await;
    let world = Arc::new(world);
    for customer in ["old", "new"] {
        at_once(64, &world, move |world: Arc<World>, n| async move {
            let event = format!("{customer}-{n}");
            let told = TrackSale { partner_code: Some("ada".into()), ..sale(&event, customer, "49") };
            tell(&world, &told).await.expect("answered")
        })
        .await;
    }
    assert_eq!(world.get::<i64>("select count(*) from sales where program_id = $1").await, 128);
    assert_eq!(world.get::<i64>("select count(*) from referrals where program_id = $1").await, 2);
    assert_eq!(world.balances(&ada).await, "100 0");
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_close_waits_for_the_sale_that_posts_into_the_month(options: PgPoolOptions, connect: PgConnectOptions) {
    let mut world = crowded(options, connect).await;
    world.offer("Standard", &[percent("30")]).await;
    let ada = world.partner("ada").await;
    world.signed_up("c1", &ada).await;
    world.sold("c1", "10").await;
    world.at = instant("2026-11-30T22:59:59Z");
    let world = Arc::new(world);
    // Holds the sale up after it has found its month open.
    let mut held = world.pool.begin().await.expect("transaction");
    sqlx::query("select from referrals where program_id = $1 for update")
        .bind(world.program)
        .execute(&mut *held)
        .await
        .expect("locked");
    let selling = tokio::spawn({
        let world = world.clone();
        async move { tell(&world, &sale("s1", "c1", "10")).await.expect("answered") }
    });
    world.until_waiting(1).await;
    let closing = tokio::spawn({
        let world = world.clone();
        async move { close_months(&world.pool, &moment(instant("2026-11-30T23:00:00Z"))).await.expect("closed") }
    });
    world.until_waiting(2).await;
    assert!(!selling.is_finished() && !closing.is_finished(), "the close waits for the sale");
    held.rollback().await.expect("rollback");
    selling.await.expect("sold");
    assert_eq!(closing.await.expect("closed"), 1);
    let posted: chrono::DateTime<chrono::Utc> =
        world.get("select max(posted_at) from journals where program_id = $1").await;
    assert_eq!(posted, world.at, "into the month that it had found open");
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_sale_that_waits_for_a_new_standing_earns_by_it(options: PgPoolOptions, connect: PgConnectOptions) {
    let mut world = crowded(options, connect).await;
    world.offer("Standard", &[percent("30")]).await;
    let ada = world.partner("ada").await;
    world.signed_up("old", &ada).await;
    for (status, earned) in [(EnrollmentStatus::Paused, 0), (EnrollmentStatus::Active, 1)] {
        world.at += chrono::Duration::minutes(1);
        let mut turning = world.pool.begin().await.expect("transaction");
        crate::partners::set_status(&mut turning, &world.moment(), &world.owner(), ada.id, status, "")
            .await
            .expect("turned");
        world.at += chrono::Duration::minutes(1);
        // A customer of the partner's, and one who names it for the first time.
        let selling = ["old", "new"].map(|customer| {
            let world = world.another_view();
            let told =
                TrackSale { partner_code: Some("ada".into()), ..sale(&format!("{customer}-{status}"), customer, "10") };
            tokio::spawn(async move { world.tell_sale(&told).await.expect("answered").answer })
        });
        world.until_waiting(2).await;
        turning.commit().await.expect("commit");
        for sold in selling {
            let answer = sold.await.expect("sold");
            assert_eq!(answer.commissions.len(), earned, "{status}: {:?}", answer.why);
        }
    }
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn late_e_mails_race_with_sales_and_releases(options: PgPoolOptions, connect: PgConnectOptions) {
    let mut world = crowded(options, connect).await;
    world.offer("Standard", &[percent("30")]).await;
    world.partner("ada").await;
    let told = |n: usize, customer: &str| TrackSale {
        partner_code: Some("ada".into()),
        ..sale(&format!("{customer}-{n}"), customer, "10")
    };
    for n in 0..8 {
        for event in 0..4 {
            world.tell_sale(&told(event, &format!("c{n}"))).await.expect("sale");
        }
    }
    world.pass(31);
    let world = Arc::new(world);
    at_once(64, &world, move |world: Arc<World>, n| async move {
        let customer = format!("c{}", n % 8);
        match n / 8 {
            2 | 5 => {
                // Every other one is the partner itself.
                let email = if n % 2 == 0 { "ada+shop@partners.example" } else { "nora@harbor.example" };
                let told = NewCustomer { email: Some(email.into()), ..signup(&customer).customer };
                // A release waits for a second connection, so that this meets it.
                world.get::<i32>("select 1 from programs where id = $1").await;
                world.tell_signup(&TrackSignup { customer: told, ..signup(&customer) }).await.expect("sign-up");
            }
            1 | 4 => {
                release_holds(&world.pool, &world.moment()).await.expect("released");
            }
            _ => {
                world.tell_sale(&told(n, &customer)).await.expect("sale");
            }
        }
    })
    .await;
    world.prove().await;
    let world = {
        let mut later = world.another_view();
        later.pass(31);
        later
    };
    release_holds(&world.pool, &world.moment()).await.expect("released");
    // Of the partner's own purchases some were released before the e-mail came; the rest waits. All others are due.
    let strange: i64 = world
        .get(
            "select count(*) from commissions c
             join referrals r on r.program_id = c.program_id and r.id = c.referral_id
             join customers u on u.program_id = c.program_id and u.id = c.customer_id
             where c.program_id = $1 and (
                 r.review <> (u.email like 'ada+%') or not (c.status = 'due' or r.review and c.status = 'review'))",
        )
        .await;
    assert_eq!(strange, 0);
    let after: i64 = world
        .get(
            "select count(*) from commissions c
             join customers u on u.program_id = c.program_id and u.id = c.customer_id
             where c.program_id = $1 and c.status = 'review' and u.email like 'ada+%'",
        )
        .await;
    assert!(after > 0, "what is sold after the e-mail waits");
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_currency_changes_before_a_sale_or_not_at_all(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = crowded(options, connect).await;
    world.offer("Standard", &[percent("30")]).await;
    let ada = world.partner("ada").await;
    world.signed_up("c1", &ada).await;
    let world = Arc::new(world);
    let mut conn = world.pool.acquire().await.expect("connection");
    let program = crate::programs::get(&mut conn, world.program).await.expect("program");
    drop(conn);
    let dollars = ProgramInput {
        name: program.name,
        currency: "USD".into(),
        time_zone: program.time_zone,
        description: program.description,
        website: program.website,
        allowed_hosts: program.allowed_hosts,
        window_days: program.window_days,
        lead_window_days: program.lead_window_days,
        click_model: program.click_model,
        self_referral: program.self_referral,
        review_commissions: program.review_commissions,
        consent_required: program.consent_required,
        minimum_payment: program.minimum_payment,
        payment_day: program.payment_day,
        mask_customers: program.mask_customers,
    };
    // Holds the sale up after it has read the currency.
    let mut held = world.pool.begin().await.expect("transaction");
    sqlx::query("select from referrals where program_id = $1 for update")
        .bind(world.program)
        .execute(&mut *held)
        .await
        .expect("locked");
    let selling = tokio::spawn({
        let world = world.clone();
        async move { tell(&world, &sale("s1", "c1", "10")).await.expect("answered") }
    });
    world.until_waiting(1).await;
    let changing = tokio::spawn({
        let world = world.clone();
        async move { crate::programs::update(&world.pool, &world.moment(), &world.owner(), &dollars).await }
    });
    world.until_waiting(2).await;
    assert!(!selling.is_finished() && !changing.is_finished(), "the change waits for the sale");
    held.rollback().await.expect("rollback");
    selling.await.expect("sold");
    let refused = changing.await.expect("task");
    assert!(matches!(&refused, Err(Error::Invalid(errors)) if errors[0].field == "currency"), "{refused:?}");
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn of_64_refunds_as_many_count_as_the_sale_has_room_for(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = crowded(options, connect).await;
    world.offer("Standard", &[percent("33.3333")]).await;
    let ada = world.partner("ada").await;
    world.signed_up("c1", &ada).await;
    for (event, part, room) in [("s1", "1.00", 64), ("s2", "2.00", 32)] {
        world.tell_sale(&sale(event, "c1", "64.00")).await.expect("sale");
        let told = Arc::new(world.another_view());
        let answers = at_once(64, &told, move |world: Arc<World>, n| async move {
            let input = refund(&format!("{event}-{n}"), event, Some(part));
            track_refund(&world.pool, &world.secrets, &world.moment(), world.program, &input).await
        })
        .await;
        let refused = answers.iter().filter(|answer| matches!(answer, Err(Error::Invalid(_)))).count();
        let counted = answers.iter().filter(|answer| answer.is_ok()).count();
        assert_eq!((counted, refused), (room, 64 - room));
        let last = answers.into_iter().flatten().map(|answer| answer.answer.commissions[0].clone());
        let reversed = last.filter(|commission| commission.status == CommissionStatus::Reversed);
        assert_eq!(reversed.count(), 1, "the last one takes the rest");
        assert_eq!(world.balances(&ada).await, "0 0", "to the cent");
    }
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn holds_are_released_while_they_are_clawed_back(options: PgPoolOptions, connect: PgConnectOptions) {
    let mut world = crowded(options, connect).await;
    world.offer("Standard", &[percent("30")]).await;
    let ada = world.partner("ada").await;
    world.signed_up("c1", &ada).await;
    let mut commissions = Vec::new();
    for _ in 0..16 {
        commissions.push(world.sold("c1", "100").await.commissions[0].id);
    }
    world.pass(31);
    let world = Arc::new(world);
    let commissions = Arc::new(commissions);
    at_once(64, &world, {
        let commissions = commissions.clone();
        move |world: Arc<World>, n| {
            let commissions = commissions.clone();
            async move {
                let moment = world.moment();
                match n % 4 {
                    0 => {
                        release_holds(&world.pool, &moment).await.expect("released");
                    }
                    1 if n % 16 == 1 => {
                        let mut tx = world.pool.begin().await.expect("transaction");
                        match reverse(&mut tx, &moment, &world.owner(), commissions[n / 4], "race").await {
                            Ok(()) | Err(Error::Conflict(_)) => tx.commit().await.expect("commit"),
                            Err(error) => panic!("{error}"),
                        }
                    }
                    _ => {
                        let input = refund(&format!("r{n}"), &format!("c1-{}", n / 4), Some("20"));
                        world.tell_refund(&input).await.expect("refund");
                    }
                }
            }
        }
    })
    .await;
    release_holds(&world.pool, &world.moment()).await.expect("released");
    let held: i64 = world.get("select count(*) from commissions where program_id = $1 and status = 'held'").await;
    assert_eq!(held, 0);
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_month_is_closed_while_sales_post_into_it(options: PgPoolOptions, connect: PgConnectOptions) {
    let mut world = crowded(options, connect).await;
    world.offer("Standard", &[percent("30")]).await;
    let ada = world.partner("ada").await;
    for customer in 0..8 {
        world.signed_up(&format!("c{customer}"), &ada).await;
    }
    world.at = instant("2026-11-30T22:59:59Z");
    let world = Arc::new(world);
    at_once(64, &world, |world: Arc<World>, n| async move {
        if n == 32 {
            let after = moment(instant("2026-11-30T23:00:00Z"));
            assert_eq!(close_months(&world.pool, &after).await.expect("closed"), 1);
        } else {
            tell(&world, &sale(&format!("s{n}"), &format!("c{}", n % 8), "10")).await.expect("answered");
        }
    })
    .await;
    let (november, december): (i64, i64) = (
        world.get("select count(*) from journals where program_id = $1 and posted_at = '2026-11-30T22:59:59Z'").await,
        world.get("select count(*) from journals where program_id = $1 and posted_at = '2026-11-30T23:00:00Z'").await,
    );
    assert_eq!(november + december, 63);
    assert_eq!(world.balances(&ada).await, "189 0");
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_banned_partner_holds_nothing_though_sales_come_in(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = crowded(options, connect).await;
    world.offer("Standard", &[percent("30")]).await;
    let ada = world.partner("ada").await;
    for customer in 0..8 {
        world.signed_up(&format!("c{customer}"), &ada).await;
    }
    let world = Arc::new(world);
    let id = ada.id;
    at_once(64, &world, move |world: Arc<World>, n| async move {
        if n == 32 {
            let mut tx = world.pool.begin().await.expect("transaction");
            let banned = EnrollmentStatus::Banned;
            crate::partners::set_status(&mut tx, &world.moment(), &world.owner(), id, banned, "fraud")
                .await
                .expect("banned");
            tx.commit().await.expect("commit");
        } else {
            tell(&world, &sale(&format!("s{n}"), &format!("c{}", n % 8), "10")).await.expect("answered");
        }
    })
    .await;
    assert_eq!(world.balances(&ada).await, "0 0");
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn of_64_first_sales_each_is_reckoned_by_those_before_it(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = crowded(options, connect).await;
    let tier = |from: i64, amount| Tier { from: from.into(), rate: Rate::Flat(dec(amount)) };
    let by_customers = Tiers { by: TierMeasure::Customers, steps: vec![tier(10, "2"), tier(20, "3")] };
    let by_revenue = Tiers { by: TierMeasure::Revenue, steps: vec![tier(500, "0.01")] };
    let flat = Reward { rate: Rate::Flat(dec("1")), ..percent("1") };
    let rewards = [Reward { tiers: Some(by_customers), ..flat.clone() }, Reward { tiers: Some(by_revenue), ..flat }];
    world.offer("Tiered", &rewards).await;
    let ada = world.partner("ada").await;
    for n in 0..32 {
        world.signed_up(&format!("c{n}"), &ada).await;
    }
    let world = Arc::new(world);
    // Half of the customers are attributed by their first sale.
    at_once(64, &world, |world: Arc<World>, n| async move {
        let told = TrackSale { partner_code: Some("ada".into()), ..sale(&format!("s{n}"), &format!("c{n}"), "10") };
        tell(&world, &told).await.expect("answered")
    })
    .await;
    // 9 customers at 1, 10 at 2 and 45 at 3; revenue below 500 at 1 for 49 sales, and 15 at 0.01.
    assert_eq!(world.balances(&ada).await, "213.15 0", "9 + 20 + 135 + 49 + 0.15");
    world.prove().await;
}
