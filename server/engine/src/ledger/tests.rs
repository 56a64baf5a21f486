//! The ledger keeps its own rules: posting, months and the proof.

use super::months::Period;
use super::{Move, Posting, close_months, hold_month_open, post, verify};
use crate::fixtures::{Partner, World, dec, instant, moment, percent, refund};
use crate::{Error, commissions::release_holds};
use chrono::{DateTime, Utc};
use domain::ledger::{JournalKind, LedgerAccount};
use sqlx::{PgPool, Row};

/// A correction of so much, for a partner.
pub(super) fn correction(partner: &Partner, key: &str, amount: &str) -> Posting {
    Posting {
        kind: JournalKind::Adjustment,
        idempotency_key: key.into(),
        reason_code: "correction",
        commission: None,
        payment: None,
        refund: None,
        by: None,
        occurred_at: instant("2026-11-20T12:00:00Z"),
        moves: vec![Move {
            from: LedgerAccount::CommissionExpense,
            to: LedgerAccount::Payable,
            enrollment: partner.id,
            amount: dec(amount),
        }],
    }
}

/// Posts at an instant.
pub(super) async fn post_one(world: &World, at: DateTime<Utc>, posting: Posting) -> crate::Result<()> {
    let mut tx = world.pool.begin().await?;
    let month = hold_month_open(&mut tx, world.program, at).await?;
    let currency = "EUR".parse().expect("currency");
    post(&mut tx, &moment(at), world.program, currency, month, &[posting]).await?;
    tx.commit().await?;
    Ok(())
}

/// The months of the program, each `month starts ends zone`, closed ones with `x`.
async fn months(world: &World) -> Vec<String> {
    sqlx::query("select month::text, starts_at, ends_at, time_zone, closed_at from periods where program_id = $1 order by month")
        .bind(world.program)
        .fetch_all(&world.pool)
        .await
        .expect("months")
        .iter()
        .map(|row| {
            let instant = |column: &str| row.get::<DateTime<Utc>, _>(column).format("%d.%H:%M");
            let closed = if row.get::<Option<DateTime<Utc>>, _>("closed_at").is_some() { " x" } else { "" };
            let (month, zone): (String, String) = (row.get("month"), row.get("time_zone"));
            format!("{month} {} {} {zone}{closed}", instant("starts_at"), instant("ends_at"))
        })
        .collect()
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn only_whole_journals_are_posted_and_nothing_is_changed(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.partner("ada").await;
    post_one(&world, world.at, correction(&ada, "a", "5")).await.expect("posted");
    let twice = post_one(&world, world.at, correction(&ada, "a", "5")).await.expect_err("refused");
    assert!(twice.violates("journals_program_id_idempotency_key_key"), "{twice:?}");
    for nothing in ["0", "-1"] {
        let refused = post_one(&world, world.at, correction(&ada, "b", nothing)).await;
        assert!(matches!(refused, Err(Error::Internal(_))), "{refused:?}");
    }
    for (statement, words) in [
        (
            "insert into entries (program_id, id, journal_id, account, amount, currency, posted_at)
             select program_id, gen_random_uuid(), id, 'paid_out', 1, 'EUR', posted_at from journals",
            "the entries of a journal must sum to zero per currency",
        ),
        (
            "insert into entries (program_id, id, journal_id, account, amount, currency, posted_at)
             select program_id, gen_random_uuid(), id, 'paid_out', amount, currency, posted_at
             from journals, (values (1, 'EUR'), (-1, 'USD')) as v (amount, currency)",
            "the entries of a journal must sum to zero per currency",
        ),
        ("update entries set amount = amount * 2", "entries is append-only"),
        ("delete from entries", "entries is append-only"),
        ("truncate entries cascade", "is append-only"),
        ("update journals set reason_code = 'x'", "journals is append-only"),
        ("delete from journals", "journals is append-only"),
        ("delete from payment_items", "payment_items is append-only"),
    ] {
        let refused = sqlx::query(statement).execute(&world.pool).await.expect_err(statement).to_string();
        assert!(refused.contains(words), "{statement}: {refused}");
    }
    assert_eq!(world.balances(&ada).await, "0 5");
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_closed_month_takes_nothing_more(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.partner("ada").await;
    post_one(&world, world.at, correction(&ada, "a", "5")).await.expect("posted");
    assert_eq!(months(&world).await, ["2026-11-01 31.23:00 30.23:00 Europe/Berlin"]);
    let close = async |at: &str| close_months(&world.pool, &moment(instant(at))).await.expect("closed");
    assert_eq!(close("2026-11-30T22:59:59Z").await, 0);
    assert_eq!(close("2026-11-30T23:00:00Z").await, 1);
    assert_eq!(close("2026-11-30T23:00:00Z").await, 0, "once");
    assert_eq!(
        months(&world).await,
        ["2026-11-01 31.23:00 30.23:00 Europe/Berlin x", "2026-12-01 30.23:00 31.23:00 Europe/Berlin"]
    );
    // Whoever began before the close and comes after it posts at the first instant of the open month.
    post_one(&world, instant("2026-11-30T22:59:59Z"), correction(&ada, "b", "7")).await.expect("posted");
    let posted: DateTime<Utc> = world.get("select max(posted_at) from journals where program_id = $1").await;
    assert_eq!(posted, instant("2026-11-30T23:00:00Z"));
    world.prove().await;
    // A program that slept for months has them all.
    post_one(&world, instant("2027-02-10T00:00:00Z"), correction(&ada, "c", "1")).await.expect("posted");
    assert_eq!(months(&world).await.len(), 4);
    assert_eq!(close("2027-03-01T00:00:00Z").await, 3);
    post_one(&world, instant("2027-01-10T00:00:00Z"), correction(&ada, "d", "1")).await.expect("posted");
    let posted: DateTime<Utc> = world.get("select max(posted_at) from journals where program_id = $1").await;
    assert_eq!(posted, instant("2027-02-28T23:00:00Z"), "the next open month, not just the next");
    // Months before a closed one are closed as well: nothing enters what later ones begin with.
    post_one(&world, instant("2026-09-10T00:00:00Z"), correction(&ada, "e", "1")).await.expect("posted");
    assert_eq!(months(&world).await[0], "2026-09-01 31.22:00 30.22:00 Europe/Berlin x");
    let posted: DateTime<Utc> = world.get("select max(posted_at) from journals where program_id = $1").await;
    assert_eq!(posted, instant("2027-02-28T23:00:00Z"));
    world.prove().await;
    // Before an open one they take what a demo tells of them.
    let other = world.another("other").await;
    let bob = other.partner("bob").await;
    post_one(&other, instant("2027-03-10T00:00:00Z"), correction(&bob, "a", "1")).await.expect("posted");
    post_one(&other, instant("2027-02-10T00:00:00Z"), correction(&bob, "b", "1")).await.expect("posted");
    assert_eq!(months(&other).await[0], "2027-02-01 31.23:00 28.23:00 Europe/Berlin");
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_new_zone_applies_from_the_next_month_without_gap_or_overlap(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.partner("ada").await;
    post_one(&world, world.at, correction(&ada, "a", "5")).await.expect("posted");
    let close = async |at: &str| close_months(&world.pool, &moment(instant(at))).await.expect("closed");
    world.set("update programs set next_time_zone = 'America/New_York' where id = $1").await;
    close("2026-11-25T00:00:00Z").await;
    let zone = async || world.get::<String>("select time_zone from programs where id = $1").await;
    assert_eq!(zone().await, "Europe/Berlin", "not yet");
    close("2026-11-30T23:00:00Z").await;
    assert_eq!(zone().await, "America/New_York");
    world.set("update programs set next_time_zone = 'Asia/Tokyo' where id = $1").await;
    close("2027-01-01T05:00:00Z").await;
    close("2027-02-01T00:00:00Z").await;
    assert_eq!(
        months(&world).await,
        [
            "2026-11-01 31.23:00 30.23:00 Europe/Berlin x",
            "2026-12-01 30.23:00 01.05:00 America/New_York x",
            "2027-01-01 01.05:00 31.15:00 Asia/Tokyo x",
            "2027-02-01 31.15:00 28.15:00 Asia/Tokyo"
        ]
    );
    world.prove().await;
    // A program without a journal changes with its first month as well.
    let other = world.another("other").await;
    other.set("update programs set next_time_zone = 'Asia/Tokyo' where id = $1").await;
    close("2027-02-10T00:00:00Z").await;
    assert_eq!(months(&other).await, ["2027-02-01 31.23:00 28.23:00 Europe/Berlin"]);
    close("2027-03-01T00:00:00Z").await;
    assert_eq!(other.get::<String>("select time_zone from programs where id = $1").await, "Asia/Tokyo");
}

#[test]
fn months_begin_where_the_day_begins() {
    let month = |zone: &str, at: &str| {
        let period = Period::of(zone.into(), instant(at)).expect("month");
        format!("{} {} {}", period.month, period.starts_at.to_rfc3339(), period.ends_at.to_rfc3339())
    };
    assert_eq!(
        month("America/Sao_Paulo", "2017-10-31T12:00:00Z"),
        "2017-10-01 2017-10-01T03:00:00+00:00 2017-11-01T02:00:00+00:00",
        "summer time began at midnight of 15 October"
    );
    assert_eq!(
        month("Asia/Amman", "2022-04-05T12:00:00Z"),
        "2022-04-01 2022-03-31T21:00:00+00:00 2022-04-30T21:00:00+00:00"
    );
    assert_eq!(
        month("Asia/Damascus", "2011-04-05T12:00:00Z"),
        "2011-04-01 2011-03-31T22:00:00+00:00 2011-04-30T21:00:00+00:00",
        "there was no midnight: clocks went from 00:00 to 01:00"
    );
}

/// Breaks the database in a way that the schema would not let happen, one statement at a time, in a transaction that
/// is given up.
#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn the_proof_finds_what_is_broken(pool: PgPool) {
    let mut world = World::new(pool).await;
    world.offer("Standard", &[percent("30")]).await;
    let ada = world.partner("ada").await;
    world.click(&ada).await;
    world.signed_up("c1", &ada).await;
    world.sold("c1", "100").await;
    world.sold("c1", "50").await;
    world.tell_refund(&refund("r1", "c1-0", Some("10"))).await.expect("refund");
    world.pass(31);
    release_holds(&world.pool, &world.moment()).await.expect("released");
    crate::commissions::tests::pay(&world, &ada).await;
    close_months(&world.pool, &world.moment()).await.expect("closed");
    world.sold("c1", "10").await;
    world
        .set(
            "insert into assets (program_id, id, kind, name, body, position, created_at)
             select id, gen_random_uuid(), 'social', 'Post', 'Words', 0, created_at from programs where id = $1",
        )
        .await;
    world.prove().await;
    for (invariant, statement) in [
        ("journals_sum_to_zero", "update entries set amount = amount + 1 where account = 'paid_out'"),
        ("journals_have_entries", "delete from entries where account in ('payable', 'paid_out')"),
        ("entries_are_as_their_journal", "update entries set posted_at = posted_at - interval '1 second'"),
        ("entries_are_as_their_journal", "update programs set currency = 'USD'"),
        ("rollups_equal_entries", "update ledger_months set amount = amount + 0.01 where account = 'held'"),
        ("rollups_equal_entries", "delete from ledger_months where account = 'payable'"),
        ("months_follow_each_other", "update periods set starts_at = starts_at + interval '1 hour'"),
        ("posted_when_it_entered", "update journals set posted_at = posted_at - interval '1 day'"),
        ("posted_when_it_entered", "update journals set posted_at = posted_at + interval '1 second'"),
        ("closed_months_stay_closed", "update periods set closed_at = starts_at"),
        (
            "closed_months_are_the_first",
            "update periods set closed_at = case when month > '2026-11-01' then ends_at end",
        ),
        ("statements_equal_entries", "update statements set payments = payments - 1, closing = closing - 1"),
        ("statements_equal_entries", "update statements set held = held + 1"),
        ("statements_equal_entries", "delete from statements"),
        (
            "statements_begin_where_the_one_before_ended",
            "update statements set opening = opening + 1, closing = closing + 1",
        ),
        ("trial_balances_equal_entries", "update trial_balances set balance = balance + 1 where account = 'paid_out'"),
        ("trial_balances_equal_entries", "delete from trial_balances"),
        ("batches_equal_their_drafts", "update payment_draft_lines set amount = amount + 1"),
        ("batches_equal_their_drafts", "update payment_draft_lines set left_out = 'excluded'"),
        ("batches_equal_their_drafts", "update payment_draft_lines set entries = entries[2:]"),
        ("drafts_that_are_processed_have_a_batch", "update payment_drafts set status = 'failed'"),
        ("held_is_never_negative", "update entries set amount = amount * 100 where account = 'held' and amount < 0"),
        ("commissions_follow_the_ledger", "update commissions set status = 'due' where status = 'held'"),
        ("commissions_follow_the_ledger", "update commissions set amount = amount + 1"),
        ("commissions_follow_the_ledger", "update commissions set status = 'reversed' where status = 'paid'"),
        ("commissions_are_their_referral's", "update sales set referral_id = null"),
        ("banned_partners_hold_nothing", "update enrollments set status = 'banned'"),
        ("clawbacks_follow_refunds", "update refunds set amount = 20"),
        ("payments_equal_their_items", "delete from payment_items where ctid = (select min(ctid) from payment_items)"),
        ("payments_equal_their_postings", "update payments set status = 'failed'"),
        ("payments_equal_their_postings", "update payments set amount = amount + 1"),
        (
            "items_settle_the_partner's_payable",
            "update payment_items set entry_id = (select id from entries where account = 'held' limit 1)
             where ctid = (select min(ctid) from payment_items)",
        ),
        ("payable_is_what_is_open", "delete from payment_items"),
        ("commissions_are_paid_when_settled", "update commissions set status = 'due' where status = 'paid'"),
        ("commissions_are_paid_when_settled", "delete from payment_items"),
        ("refunds_stay_within_their_sale", "update refunds set amount = 100.01"),
        ("first_sales_are_the_earliest", "update customers set first_sale_at = first_sale_at + interval '1 second'"),
        ("answers_have_their_event", "delete from refunds"),
        ("customers_are_their_standing_referral's", "update customers set enrollment_id = null"),
        ("customers_are_their_standing_referral's", "update referrals set ended_at = created_at"),
        ("partners_stand_as_their_history_ends", "update enrollments set status = 'paused'"),
        ("partners_stand_as_their_history_ends", "delete from enrollment_statuses"),
        ("click_days_equal_clicks", "update click_days set clicks = clicks + 1"),
        ("click_days_equal_clicks", "update click_days set unique_clicks = 0"),
        ("click_days_equal_clicks", "update click_days set day = day - 1"),
        ("click_days_equal_clicks", "delete from clicks"),
        ("views_equal_their_days", "update assets set views = views + 1"),
    ] {
        let mut tx = world.pool.begin().await.expect("transaction");
        // Neither triggers nor foreign keys.
        sqlx::query("set local session_replication_role = replica").execute(&mut *tx).await.expect("superuser");
        let broke = sqlx::query(statement).execute(&mut *tx).await.expect(statement);
        assert!(broke.rows_affected() > 0, "{statement}");
        let broken = super::verify::prove_all(&mut tx).await.expect("verify");
        let found = broken.iter().find(|broken| broken.invariant == invariant);
        let found = found.unwrap_or_else(|| panic!("{invariant} is not told after {statement}: {broken:?}"));
        assert!(found.count > 0 && !found.examples.is_empty());
        tx.rollback().await.expect("rollback");
    }
    assert_eq!(verify(&world.pool).await.expect("verify"), Vec::new());
}
