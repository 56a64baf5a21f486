//! Commissions through their life: review, hold, release, judgement.

use super::{approve, claw_back_all_held, judge_many, release_holds, reverse};
use crate::Error;
use crate::fixtures::{Partner, World, dec, instant, per_signup, percent, refund, sale};
use crate::reports::commissions;
use domain::accounts::Role;
use domain::commissions::CommissionStatus::{Due, Held, Paid, Reversed, Review};
use domain::commissions::{JudgeMany, Verdict};
use domain::ids::CommissionId;
use domain::offers::{Rate, Reward, Tier, TierMeasure, Tiers};
use domain::page::Paging;
use domain::reports::CommissionFilter;
use domain::sales::TrackSale;
use sqlx::PgPool;
use std::sync::Arc;

/// Pays all that is due to a partner.
pub(crate) async fn pay(world: &World, partner: &Partner) {
    crate::payments::tests::pay(world, &[partner]).await.expect("batch");
}

async fn referred(pool: PgPool, rewards: &[Reward]) -> (World, Partner) {
    let world = World::new(pool).await;
    world.offer("Standard", rewards).await;
    let ada = world.partner("ada").await;
    world.signed_up("c1", &ada).await;
    (world, ada)
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_hold_ends_on_its_day(pool: PgPool) {
    let (mut world, ada) = referred(pool, &[percent("30")]).await;
    let id = world.sold("c1", "100").await.commissions[0].id;
    let at_once = Reward { hold_days: 0, ..percent("10") };
    world.offer("At once", &[at_once]).await;
    let bob = world.partner("bob").await;
    world.set("delete from enrollment_offers where program_id = $1 and position = 0").await;
    world.signed_up("c2", &bob).await;
    assert_eq!(world.sold("c2", "100").await.commissions[0].status, Due, "no hold: payable at once");
    assert_eq!(world.balances(&bob).await, "0 10");
    world.at = instant("2026-12-20T11:59:59Z");
    assert_eq!(release_holds(&world.pool, &world.moment()).await.expect("released"), 0);
    world.at = instant("2026-12-20T12:00:00Z");
    assert_eq!(release_holds(&world.pool, &world.moment()).await.expect("released"), 1);
    assert_eq!((world.status(id).await, world.balances(&ada).await.as_str()), (Due, "0 30"));
    assert_eq!(release_holds(&world.pool, &world.moment()).await.expect("released"), 0);
    // Told so late that the hold is over.
    let late = TrackSale { occurred_at: Some(instant("2026-11-01T00:00:00Z")), ..sale("late", "c1", "1") };
    assert_eq!(world.tell_sale(&late).await.expect("sale").answer.commissions[0].status, Due);
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_reviewed_commission_waits_for_a_person(pool: PgPool) {
    let (mut world, ada) = referred(pool, &[percent("30"), per_signup("5")]).await;
    world.set("update programs set review_commissions = true where id = $1").await;
    let sold = world.sold("c1", "100").await;
    let (commission, id) = (&sold.commissions[0], sold.commissions[0].id);
    assert_eq!((commission.status, commission.available_at), (Review, None));
    assert!(sold.why.0.iter().any(|check| check.check == "review"), "{:?}", sold.why);
    let late = world.sold("c1", "10").await.commissions[0].id;
    let mut conn = world.pool.acquire().await.expect("connection");
    for (reason, count) in [("review", 2), ("self_referral", 0)] {
        let waiting =
            CommissionFilter { status: Some(Review), reason: Some(reason.into()), ..CommissionFilter::default() };
        let listed = commissions(&mut conn, &world.owner(), &waiting, &Paging::default()).await.expect("listed");
        assert_eq!((listed.totals.count, listed.page.data.len()), (count, count as usize), "{reason}");
    }
    let refused = approve(&mut conn, &world.moment(), &world.admin(Role::Viewer), id).await;
    assert!(matches!(refused, Err(Error::Forbidden)));
    approve(&mut conn, &world.moment(), &world.admin(Role::Finance), id).await.expect("approved");
    assert_eq!(world.status(id).await, Held);
    let twice = approve(&mut conn, &world.moment(), &world.owner(), id).await;
    assert!(matches!(twice, Err(Error::Conflict(_))));
    world.pass(31);
    // The sign-up was before the program asked for reviews.
    assert_eq!(release_holds(&world.pool, &world.moment()).await.expect("released"), 2, "what is in review stays");
    assert_eq!(world.balances(&ada).await, "3 35");
    approve(&mut conn, &world.moment(), &world.owner(), late).await.expect("approved");
    assert_eq!((world.status(late).await, world.balances(&ada).await.as_str()), (Due, "0 38"));
    let elsewhere = world.another("other").await;
    let unseen = approve(&mut conn, &world.moment(), &elsewhere.owner(), id).await;
    assert!(matches!(unseen, Err(Error::NotFound("commission"))));
    let acts: i64 =
        world.get("select count(*) from audit_log where program_id = $1 and action = 'commission.approve'").await;
    assert_eq!(acts, 2);
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_person_takes_back_what_is_left(pool: PgPool) {
    let (world, ada) = referred(pool, &[percent("30")]).await;
    let id = world.sold("c1", "100").await.commissions[0].id;
    world.tell_refund(&refund("r1", "c1-0", Some("10"))).await.expect("refund");
    let mut conn = world.pool.acquire().await.expect("connection");
    let moment = world.moment();
    assert!(matches!(reverse(&mut conn, &moment, &world.admin(Role::Viewer), id, "x").await, Err(Error::Forbidden)));
    assert!(matches!(reverse(&mut conn, &moment, &world.owner(), id, " ").await, Err(Error::Invalid(_))));
    reverse(&mut conn, &moment, &world.owner(), id, "Bought by the partner").await.expect("reversed");
    assert_eq!((world.status(id).await, world.balances(&ada).await.as_str()), (Reversed, "0 0"));
    assert!(matches!(reverse(&mut conn, &moment, &world.owner(), id, "again").await, Err(Error::Conflict(_))));
    let note: String = world.get("select note from journal_notes where program_id = $1").await;
    assert_eq!(note, "Bought by the partner");
    // The partner reads that it was reversed, and not the team's words.
    let told: String = world
        .get("select (why->-2->>'detail') || ' ' || (why->-1->>'detail') from commissions where program_id = $1")
        .await;
    assert!(told.contains("the customer's money was returned. "), "{told}");
    assert!(told.ends_with("was taken back by the program."), "{told}");
    // A refund afterwards finds nothing to take.
    let rest = world.tell_refund(&refund("r2", "c1-0", None)).await.expect("refund").answer;
    assert_eq!((rest.commissions[0].status, rest.commissions[0].clawed_back), (Reversed, dec("30")));
    assert_eq!(world.balances(&ada).await, "0 0");
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn many_are_judged_at_once_and_each_once(pool: PgPool) {
    let (world, ada) = referred(pool, &[percent("30")]).await;
    world.set("update programs set review_commissions = true where id = $1").await;
    let mut ids = Vec::new();
    for _ in 0..32 {
        ids.push(world.sold("c1", "100").await.commissions[0].id);
    }
    let judging = |verdict, ids: &[CommissionId], reason: &str| JudgeMany {
        verdict,
        commissions: ids.to_vec(),
        reason: reason.to_owned(),
    };
    let all = judging(Verdict::Approve, &ids, "");
    let refused = judge_many(&world.pool, &world.moment(), &world.admin(Role::Viewer), &all).await;
    assert!(matches!(refused, Err(Error::Forbidden)));
    let elsewhere = world.another("other").await;
    let others = judge_many(&world.pool, &world.moment(), &elsewhere.owner(), &all).await.expect("left out");
    assert_eq!((others.done, others.left_out), (0, 32), "another program's");
    let nothing = judge_many(&world.pool, &world.moment(), &world.owner(), &judging(Verdict::Approve, &[], "")).await;
    assert!(crate::fixtures::refused(nothing).starts_with("commissions: "));
    let no_reason = judging(Verdict::Reverse, &ids, " ");
    let no_reason = judge_many(&world.pool, &world.moment(), &world.owner(), &no_reason).await;
    assert!(crate::fixtures::refused(no_reason).starts_with("reason: "));
    assert_eq!(world.balances(&ada).await, "960 0", "nothing was judged");

    // What somebody approves at the same time isn't reversed, and the other way round.
    let half = judging(Verdict::Reverse, &ids[8..], "Bought by the partner");
    let (moment, other_moment, owner) = (world.moment(), world.moment(), world.owner());
    let first = judging(Verdict::Approve, &ids[..24], "");
    let (approved, reversed) = tokio::join!(
        judge_many(&world.pool, &moment, &owner, &first),
        judge_many(&world.pool, &other_moment, &owner, &half)
    );
    let (approved, reversed) = (approved.expect("approved"), reversed.expect("reversed"));
    assert_eq!(approved.done + reversed.done, 32);
    assert_eq!(approved.left_out + reversed.left_out, 16);
    assert_eq!(world.balances(&ada).await, format!("{} 0", approved.done * 30));
    let told: i64 =
        world.get("select count(*) from audit_log where program_id = $1 and action like 'commission.%'").await;
    assert_eq!(told, 32);
    let notes: i64 =
        world.get("select count(*) from journal_notes where program_id = $1 and note = 'Bought by the partner'").await;
    assert_eq!(notes, reversed.done);
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_refund_after_the_payment_is_carried_forward(pool: PgPool) {
    let (mut world, ada) = referred(pool, &[percent("30")]).await;
    let id = world.sold("c1", "100").await.commissions[0].id;
    world.pass(31);
    release_holds(&world.pool, &world.moment()).await.expect("released");
    pay(&world, &ada).await;
    assert_eq!((world.status(id).await, world.balances(&ada).await.as_str()), (Paid, "0 0"));
    world.pass(1);
    let part = world.tell_refund(&refund("r1", "c1-0", Some("40"))).await.expect("refund").answer;
    assert_eq!((part.commissions[0].status, part.commissions[0].clawed_back), (Paid, dec("12")));
    assert_eq!(world.balances(&ada).await, "0 -12", "payable goes below zero");
    world.prove().await;
    world.tell_refund(&refund("r2", "c1-0", None)).await.expect("refund");
    assert_eq!((world.status(id).await, world.balances(&ada).await.as_str()), (Reversed, "0 -30"));
    // The next sale pays it off.
    world.sold("c1", "200").await;
    world.pass(31);
    release_holds(&world.pool, &world.moment()).await.expect("released");
    assert_eq!(world.balances(&ada).await, "0 30");
    pay(&world, &ada).await;
    assert_eq!(world.balances(&ada).await, "0 0");
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_ban_takes_back_held_and_reviewed_but_not_payable(pool: PgPool) {
    let (mut world, ada) = referred(pool, &[percent("30")]).await;
    world.sold("c1", "100").await;
    world.pass(31);
    release_holds(&world.pool, &world.moment()).await.expect("released");
    world.sold("c1", "200").await;
    world.set("update programs set review_commissions = true where id = $1").await;
    world.sold("c1", "300").await;
    assert_eq!(world.balances(&ada).await, "150 30");
    world.standing(&ada, domain::partners::EnrollmentStatus::Banned).await;
    let mut conn = world.pool.acquire().await.expect("connection");
    let taken = claw_back_all_held(&mut conn, &world.moment(), &world.owner(), ada.id).await.expect("taken");
    assert_eq!((taken, world.balances(&ada).await.as_str()), (2, "0 30"));
    let taken = claw_back_all_held(&mut conn, &world.moment(), &world.owner(), ada.id).await.expect("nothing left");
    assert_eq!(taken, 0);
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn many_holds_are_released_by_two_workers_at_once(pool: PgPool) {
    let (mut world, ada) = referred(pool, &[percent("30")]).await;
    world.sold("c1", "100").await;
    // As many as three chunks, by the one that is there.
    world
        .set(
            "with copies as (
                insert into commissions
                select program_id, gen_random_uuid(), enrollment_id, referral_id, customer_id, null, trigger,
                       gen_random_uuid(), offer_id, offer_version, reward, base, rate, amount, currency, status, why,
                       occurred_at, available_at, created_at
                from commissions, generate_series(1, 1200) where program_id = $1
                returning *
             ), copied as (
                insert into journals (program_id, id, kind, idempotency_key, commission_id, occurred_at, posted_at)
                select c.program_id, overlay(gen_random_uuid()::text placing left(j.id::text, 14) from 1)::uuid,
                       'commission', 'commission:' || c.id, c.id, j.occurred_at, j.posted_at
                from copies c, journals j where j.program_id = $1
                returning *
             ), rolled as (
                update ledger_months set amount = amount * 1201 where program_id = $1
             )
             insert into entries
             select c.program_id, gen_random_uuid(), c.id, e.account, e.enrollment_id, e.amount, e.currency, e.posted_at
             from copied c, entries e where e.program_id = $1",
        )
        .await;
    world.prove().await;
    world.pass(31);
    let world = Arc::new(world);
    let workers = (0..2).map(|_| {
        let world = world.clone();
        tokio::spawn(async move { release_holds(&world.pool, &world.moment()).await.expect("released") })
    });
    let mut released = 0;
    for worker in workers.collect::<Vec<_>>() {
        released += worker.await.expect("worker");
    }
    assert_eq!((released, world.balances(&ada).await.as_str()), (1201, "0 36030"));
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_program_that_fails_holds_up_no_other(pool: PgPool) {
    let (mut world, ada) = referred(pool, &[percent("30")]).await;
    world.sold("c1", "100").await;
    let mut other = world.another("other").await;
    other.offer("Standard", &[percent("30")]).await;
    let bob = other.partner("bob").await;
    other.signed_up("c1", &bob).await;
    other.sold("c1", "100").await;
    world.set("update programs set time_zone = 'nowhere' where id = $1").await;
    world.pass(31);
    other.pass(31);
    assert!(matches!(release_holds(&world.pool, &world.moment()).await, Err(Error::Internal(_))), "it shows");
    assert_eq!((world.balances(&ada).await, other.balances(&bob).await), ("30 0".into(), "0 30".into()));
    world.set("update programs set time_zone = 'Europe/Berlin' where id = $1").await;
    assert_eq!(release_holds(&world.pool, &world.moment()).await.expect("released"), 1);
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_commission_tells_how_it_came_about(pool: PgPool) {
    let (world, _) = referred(pool, &[percent("30")]).await;
    world.sold("c1", "49").await;
    let why: serde_json::Value = world.get("select why from commissions where program_id = $1").await;
    let told: Vec<_> =
        why.as_array().expect("list").iter().map(|check| check["detail"].as_str().expect("text")).collect();
    assert_eq!(
        told,
        [
            "The customer was attributed to ada by partner code on 20 Nov 2026.",
            "Offer “Standard”, version 1: 30% of every sale; this is the first sale.",
            "€49.00 × 30% = €14.70, held 30 days."
        ]
    );
    let unknown = CommissionId(uuid::Uuid::nil());
    let mut conn = world.pool.acquire().await.expect("connection");
    let refused = reverse(&mut conn, &world.moment(), &world.owner(), unknown, "x").await;
    assert!(matches!(refused, Err(Error::NotFound("commission"))));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_tier_by_revenue_counts_all_of_the_partner_s_sales_less_refunds(pool: PgPool) {
    let steps = vec![Tier { from: dec("100"), rate: Rate::Percent(dec("50")) }];
    let tiers = Some(Tiers { by: TierMeasure::Revenue, steps });
    let (world, _) = referred(pool, &[Reward { product: Some("pro".into()), tiers, ..percent("10") }]).await;
    let sold = async |event: &str, amount: &str, product: &str| {
        let sold = TrackSale { product: Some(product.into()), ..sale(event, "c1", amount) };
        let answer = world.tell_sale(&sold).await.expect("sale").answer;
        answer.commissions.iter().map(|commission| commission.amount.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(sold("s1", "80", "basic").await, [] as [String; 0], "not paid for, and still the partner's");
    assert_eq!(sold("s2", "10", "pro").await, ["1.00"], "90 in all");
    world.tell_refund(&refund("r1", "s1", Some("60"))).await.expect("refund");
    assert_eq!(sold("s3", "60", "pro").await, ["6.00"], "90 in all, less what was given back");
    assert_eq!(sold("s4", "10", "pro").await, ["5.00"], "100 in all");
}
