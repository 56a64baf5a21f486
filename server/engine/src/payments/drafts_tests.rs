//! Batches as they are prepared: what each basis chooses, what an export keeps, who must agree, what runs by itself; and
//! that a batch is written whole or not at all.

use super::drafts::{self, change, decide, make};
use super::process::{self, ProcessPayments};
use super::tests::{at_once, input_of, pay_as, prepared, processed, shown, this_month, wanted};
use super::*;
use crate::Error;
use crate::fixtures::{Partner, World, dec, instant, percent, refund, refused};
use crate::ledger::{Move, Posting, hold_month_open, post};
use crate::reports::{Setting, planned, send_ledgers};
use domain::accounts::{Actor, Role};
use domain::ids::{AccountId, DraftId};
use domain::ledger::{JournalKind, LedgerAccount};
use domain::page::Paging;
use domain::partners::EnrollmentStatus;
use domain::payments::{
    DraftInput, DraftRow, DraftSource, DraftStatus, LeftOut, LineInput, PaymentBasis, PaymentRules, PaymentStatus,
    PayoutKind, Schedule,
};
use domain::reports::{LedgersAsked, LedgersQuery};
use domain::time::DayRange;
use sqlx::PgPool;

fn days(from: &str, to: &str) -> DayRange {
    DayRange { from: from.parse().expect("day"), to: to.parse().expect("day") }
}

/// A bonus, or with a minus a correction.
async fn adjust(world: &World, partner: &Partner, amount: &str) {
    let amount = dec(amount);
    let (from, to) = if amount.is_sign_negative() {
        (LedgerAccount::Payable, LedgerAccount::CommissionExpense)
    } else {
        (LedgerAccount::CommissionExpense, LedgerAccount::Payable)
    };
    let moment = world.moment();
    let mut tx = world.pool.begin().await.expect("transaction");
    let month = hold_month_open(&mut tx, world.program, world.at).await.expect("month");
    let posting = Posting {
        kind: JournalKind::Adjustment,
        idempotency_key: format!("adjustment:{}", moment.token()),
        reason_code: "",
        commission: None,
        payment: None,
        refund: None,
        by: Some(world.owner),
        occurred_at: world.at,
        moves: vec![Move { from, to, enrollment: partner.id, amount: amount.abs() }],
    };
    let currency = "EUR".parse().expect("currency");
    post(&mut tx, &moment, world.program, currency, month, &[posting]).await.expect("posted");
    tx.commit().await.expect("commit");
}

/// What a basis would pay a partner over these days: `20 of 25, 5 stays`.
async fn would_pay(world: &World, partner: &Partner, basis: PaymentBasis, range: DayRange) -> String {
    let mut conn = world.pool.acquire().await.expect("connection");
    let input = wanted(&[partner], basis, range);
    let draft = make(&mut conn, &world.moment(), &world.owner(), &input).await.expect("draft");
    let row: (rust_decimal::Decimal, rust_decimal::Decimal, rust_decimal::Decimal) = sqlx::query_as(
        "select amount, figure, balance - amount from payment_draft_lines where program_id = $1 and draft_id = $2",
    )
    .bind(world.program)
    .bind(draft)
    .fetch_one(&mut *conn)
    .await
    .expect("line");
    drafts::give_up(&mut conn, &world.moment(), &world.owner(), draft).await.expect("given up");
    format!("{} of {}, {} stays", row.0.normalize(), row.1.normalize(), row.2.normalize())
}

/// Ada earns 20 in September, 40 in October, 80 in November, of which nothing is held; it is 20 November.
async fn three_months(pool: PgPool) -> (World, Partner) {
    let mut world = at_once(pool).await;
    let ada = world.partner("ada").await;
    world.set("update enrollments set payout_method = 'cheque' where program_id = $1").await;
    world.at = instant("2026-09-10T12:00:00Z");
    world.signed_up("nora", &ada).await;
    for (at, amount) in [("2026-09-10", "100"), ("2026-10-10", "200"), ("2026-11-10", "400")] {
        world.at = instant(&format!("{at}T12:00:00Z"));
        world.sold("nora", amount).await;
    }
    world.at = instant("2026-11-20T12:00:00Z");
    (world, ada)
}

const ALL: [PaymentBasis; 3] = [PaymentBasis::Earned, PaymentBasis::OpeningAndEarned, PaymentBasis::Ending];

async fn each(world: &World, partner: &Partner, range: DayRange) -> [String; 3] {
    let mut told = Vec::new();
    for basis in ALL {
        told.push(would_pay(world, partner, basis, range).await);
    }
    told.try_into().expect("three")
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn each_basis_chooses_its_open_entries(pool: PgPool) {
    let (world, ada) = three_months(pool).await;
    let october = days("2026-10-01", "2026-10-31");
    assert_eq!(each(&world, &ada, october).await, ["40 of 40, 100 stays", "60 of 60, 80 stays", "140 of 140, 0 stays"]);
    // A clawback of what is not paid travels with it, whenever it came; that of another month's does not.
    world.tell_refund(&refund("r1", "nora-1", Some("50"))).await.expect("refund");
    world.tell_refund(&refund("r2", "nora-0", Some("10"))).await.expect("refund");
    assert_eq!(each(&world, &ada, october).await, ["30 of 40, 98 stays", "48 of 60, 80 stays", "128 of 128, 0 stays"]);
    // Bonuses and corrections are in the last alone.
    adjust(&world, &ada, "7").await;
    adjust(&world, &ada, "-2").await;
    let this_month = this_month(&world);
    assert_eq!(
        each(&world, &ada, this_month).await,
        ["80 of 80, 53 stays", "128 of 140, 5 stays", "133 of 133, 0 stays"]
    );
    // The preview shows what is left aside; a clawback whose commission stays open is no debt.
    let left_aside = async |basis, range| {
        let conn = &mut *world.pool.acquire().await.expect("connection");
        let draft = make(conn, &world.moment(), &world.owner(), &wanted(&[&ada], basis, range)).await.expect("draft");
        let seen = shown(&world, draft, None).await;
        drafts::give_up(conn, &world.moment(), &world.owner(), draft).await.expect("given up");
        let (line, group) = (&seen.page.data[0], &seen.groups[0]);
        assert_eq!((line.clawbacks, line.adjustments), (group.clawbacks, group.adjustments));
        format!("{} {}", line.clawbacks, line.adjustments)
    };
    assert_eq!(left_aside(PaymentBasis::Earned, this_month).await, "€0.00 €5.00");
    assert_eq!(left_aside(PaymentBasis::OpeningAndEarned, this_month).await, "€0.00 €5.00");
    assert_eq!(left_aside(PaymentBasis::Ending, this_month).await, "€0.00 €0.00");
    // The same over closed months, whose figures are read from their statements.
    crate::ledger::close_months(&world.pool, &world.moment()).await.expect("closed");
    assert_eq!(each(&world, &ada, october).await, ["30 of 40, 103 stays", "48 of 60, 85 stays", "133 of 133, 0 stays"]);
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn what_is_held_is_never_paid_and_counts_by_the_end_of_its_hold(pool: PgPool) {
    let mut world = World::new(pool).await;
    world.offer("Standard", &[percent("20")]).await;
    let ada = world.partner("ada").await;
    world.at = instant("2026-10-10T12:00:00Z");
    world.signed_up("nora", &ada).await;
    world.sold("nora", "100").await;
    world.tell_refund(&refund("r1", "nora-0", Some("25"))).await.expect("refund");
    let october = days("2026-10-01", "2026-10-31");
    assert_eq!(each(&world, &ada, october).await, ["0 of 0, 0 stays", "0 of 0, 0 stays", "0 of 0, 0 stays"]);
    world.at = instant("2026-11-20T12:00:00Z");
    crate::commissions::release_holds(&world.pool, &world.moment()).await.expect("released");
    let november = days("2026-11-01", "2026-11-20");
    assert_eq!(each(&world, &ada, october).await[0], "0 of 0, 15 stays");
    assert_eq!(each(&world, &ada, november).await, ["15 of 15, 0 stays", "15 of 15, 0 stays", "15 of 15, 0 stays"]);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn what_was_paid_counts_no_more_and_again_when_it_failed(pool: PgPool) {
    let (mut world, ada) = three_months(pool).await;
    let (october, november) = (days("2026-10-01", "2026-10-31"), days("2026-11-01", "2026-11-20"));
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let input = wanted(&[&ada], PaymentBasis::Earned, october);
    let draft = make(conn, &world.moment(), &world.owner(), &input).await.expect("draft");
    let paid = processed(&world, draft).await.expect("paid").payments.remove(0);
    assert_eq!(paid.amount.to_string(), "€40.00");
    assert_eq!(each(&world, &ada, october).await, ["0 of 40, 100 stays", "20 of 60, 80 stays", "100 of 100, 0 stays"]);
    let again = make(conn, &world.moment(), &world.owner(), &input).await.expect("draft");
    let seen = shown(&world, again, Some(LeftOut::AlreadyPaid)).await;
    assert_eq!((seen.page.data[0].already_paid.to_string(), seen.page.next_cursor), ("€40.00".into(), None));
    // Refunded after it was paid: it is no part of the first two, and the batch would leave less than nothing.
    world.tell_refund(&refund("r1", "nora-1", None)).await.expect("refund");
    assert_eq!(
        each(&world, &ada, november).await,
        ["80 of 80, -20 stays", "100 of 140, -40 stays", "60 of 60, 0 stays"]
    );
    let draft = make(conn, &world.moment(), &world.owner(), &wanted(&[&ada], PaymentBasis::Earned, november)).await;
    let seen = shown(&world, draft.expect("draft"), None).await;
    assert_eq!(seen.page.data[0].clawbacks.to_string(), "\u{2212}€40.00", "of a commission that is paid");
    // It did not arrive: due again, by the days of what it had paid, less what was taken back of that.
    world.pass(1);
    take_back(&world.pool, &world.moment(), &world.owner(), paid.id, PaymentStatus::Failed, "Closed")
        .await
        .expect("back");
    assert_eq!(each(&world, &ada, october).await, ["0 of 40, 100 stays", "20 of 60, 80 stays", "100 of 100, 0 stays"]);
    assert_eq!(each(&world, &ada, november).await[0], "80 of 80, 20 stays");
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_payment_made_again_counts_by_what_it_paid_however_often_it_failed(pool: PgPool) {
    let (mut world, ada) = three_months(pool).await;
    let (september, both) = (days("2026-09-01", "2026-09-30"), days("2026-09-01", "2026-10-31"));
    for round in 0..2 {
        world.pass(1);
        let draft = {
            let conn = &mut *world.pool.acquire().await.expect("connection");
            let input = wanted(&[&ada], PaymentBasis::Earned, both);
            make(conn, &world.moment(), &world.owner(), &input).await.expect("draft")
        };
        let paid = processed(&world, draft).await.expect("paid").payments.remove(0);
        assert_eq!(paid.amount.to_string(), "€60.00", "{round}");
        take_back(&world.pool, &world.moment(), &world.owner(), paid.id, PaymentStatus::Cancelled, "x")
            .await
            .expect("back");
    }
    // September alone is a part of it: an entry stays one entry.
    assert_eq!(would_pay(&world, &ada, PaymentBasis::Earned, september).await, "0 of 20, 140 stays");
    assert_eq!(would_pay(&world, &ada, PaymentBasis::Earned, both).await, "60 of 60, 80 stays");
    assert_eq!(would_pay(&world, &ada, PaymentBasis::OpeningAndEarned, both).await, "60 of 60, 80 stays");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn another_basis_reckons_anew_and_keeps_what_was_decided(pool: PgPool) {
    let (world, ada) = three_months(pool).await;
    let (ben, cleo) = (world.partner("ben").await, world.partner("cleo").await);
    for (customer, partner) in [("c1", &ben), ("c2", &cleo)] {
        world.signed_up(customer, partner).await;
        world.sold(customer, "100").await;
    }
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let (moment, owner) = (world.moment(), world.owner());
    let input = wanted(&[&ada, &ben, &cleo], PaymentBasis::Earned, this_month(&world));
    let draft = make(conn, &moment, &owner, &input).await.expect("draft");
    let out = LineInput { partner: ada.id, pay: false, reason: "Disputed".into() };
    let pay = LineInput { partner: ben.id, pay: true, reason: "Cash".into() };
    for line in [&out, &pay] {
        decide(conn, &moment, &owner, draft, line).await.expect("decided");
    }
    let input = input_of(&world, PaymentBasis::Ending, "November");
    change(conn, &moment, &owner, draft, &input).await.expect("changed");
    let who = async |left_out| {
        let seen = shown(&world, draft, left_out).await.page.data;
        seen.iter().map(|line| format!("{} {} {}", line.partner.code, line.amount, line.reason)).collect::<Vec<_>>()
    };
    assert_eq!(who(None).await, ["ben €20.00 Cash"]);
    assert_eq!(who(Some(LeftOut::Excluded)).await, ["ada €140.00 Disputed"]);
    assert_eq!(who(Some(LeftOut::NoPayoutMethod)).await, ["cleo €20.00 "]);
    // One payment type for all: nobody need have chosen one.
    let cash = DraftInput { method: "Cash".into(), ..input };
    change(conn, &moment, &owner, draft, &cash).await.expect("changed");
    assert_eq!(who(None).await, ["ben €20.00 Cash", "cleo €20.00 "]);
    let batch = processed(&world, draft).await.expect("paid");
    assert!(batch.payments.iter().all(|payment| payment.method == "Cash"));
    let kept: i64 = world
        .get("select count(*) from payments where program_id = $1 and (details_hash is not null or masked <> '')")
        .await;
    assert_eq!(kept, 0, "in another way than their own it goes elsewhere");
}

/// Exports the report over these days: what the file says, and the draft that is kept of it.
async fn exported(world: &World, moment: &crate::Moment, range: DayRange) -> (Vec<String>, DraftRow) {
    let query = LedgersAsked::default().query(world.at.date_naive()).expect("query");
    let query = LedgersQuery { range, ..query };
    let (sender, mut receiver) = tokio::sync::mpsc::channel(4);
    send_ledgers(&world.pool, moment, &world.owner(), &query, true, sender).await;
    let rows = receiver.recv().await.expect("rows").expect("rows");
    let told = rows.iter().map(|row| format!("{} {}", row.partner.code, row.figures.closing)).collect();
    assert!(receiver.recv().await.expect("the end").expect("the end").is_empty());
    assert!(receiver.recv().await.is_none());
    (told, waiting(world, true).await.remove(0))
}

/// The drafts that wait: those of exports, or the others.
async fn waiting(world: &World, exports: bool) -> Vec<DraftRow> {
    let conn = &mut *world.pool.acquire().await.expect("connection");
    drafts::list(conn, &world.owner(), exports, &Paging::default()).await.expect("drafts").data
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn what_waits_is_listed_page_by_page_and_exports_apart(pool: PgPool) {
    let (world, ada) = three_months(pool).await;
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(prepared(&world, &[&ada]).await);
    }
    let range = this_month(&world);
    let (_, kept) = exported(&world, &world.moment(), range).await;
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let mut paging = Paging { cursor: None, limit: Some(2) };
    let first = drafts::list(conn, &world.owner(), false, &paging).await.expect("first");
    paging.cursor = first.next_cursor;
    let second = drafts::list(conn, &world.owner(), false, &paging).await.expect("second");
    assert_eq!((first.data.len(), second.data.len(), second.next_cursor), (2, 1, None));
    let mut listed: Vec<_> = first.data.iter().chain(&second.data).map(|row| row.id).collect();
    listed.sort_unstable();
    made.sort_unstable();
    assert_eq!(listed, made);
    let exports = waiting(&world, true).await;
    assert_eq!(exports.iter().map(|row| row.id).collect::<Vec<_>>(), [kept.id]);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn an_override_covers_what_the_person_saw_and_what_weighs_less(pool: PgPool) {
    let (world, ada) = three_months(pool).await;
    world.set("update programs set minimum_payment = 90 where id = $1").await;
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let (moment, owner) = (world.moment(), world.owner());
    // 80 of November: below the minimum, and a person pays it all the same.
    let input = wanted(&[&ada], PaymentBasis::Earned, this_month(&world));
    let draft = make(conn, &moment, &owner, &input).await.expect("draft");
    let pay = LineInput { partner: ada.id, pay: true, reason: "Agreed".into() };
    let out = LineInput { pay: false, ..pay.clone() };
    decide(conn, &moment, &owner, draft, &pay).await.expect("paid all the same");
    let mut input = input_of(&world, PaymentBasis::OpeningAndEarned, "November");
    let mut reckoned = async |basis| {
        input.basis = basis;
        let conn = &mut *world.pool.acquire().await.expect("connection");
        change(conn, &world.moment(), &world.owner(), draft, &input).await.expect("changed");
        let groups = shown(&world, draft, None).await.groups;
        groups.iter().map(|group| group.left_out).collect::<Vec<_>>()
    };
    // Nothing stands in the way of 140; then 80 again.
    assert_eq!(reckoned(PaymentBasis::Ending).await, [None]);
    assert_eq!(reckoned(PaymentBasis::Earned).await, [None]);
    // By now it has no payout method: that is something else.
    world.set("update enrollments set payout_method = null where program_id = $1").await;
    assert_eq!(reckoned(PaymentBasis::Ending).await, [Some(LeftOut::NoPayoutMethod)]);
    decide(conn, &moment, &owner, draft, &pay).await.expect("paid all the same");
    world.set("update enrollments set payout_method = 'cheque' where program_id = $1").await;
    assert_eq!(reckoned(PaymentBasis::Earned).await, [None], "below the minimum weighs less");
    world.set("update enrollments set payout_method = null where program_id = $1").await;
    // Left out by hand it stays so, and taken back it is judged anew.
    decide(conn, &moment, &owner, draft, &out).await.expect("left out");
    assert_eq!(reckoned(PaymentBasis::Ending).await, [Some(LeftOut::Excluded)]);
    decide(conn, &moment, &owner, draft, &pay).await.expect("taken back");
    assert_eq!(reckoned(PaymentBasis::Ending).await, [None], "it was overridden before");
    decide(conn, &moment, &owner, draft, &out).await.expect("left out");
    world.standing(&ada, EnrollmentStatus::Banned).await;
    decide(conn, &moment, &owner, draft, &pay).await.expect("judged");
    assert_eq!(reckoned(PaymentBasis::Earned).await, [Some(LeftOut::Frozen)]);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn an_export_of_last_month_pays_its_ending_balance_and_not_what_came_later(pool: PgPool) {
    let (mut world, ada) = three_months(pool).await;
    let (told, kept) = exported(&world, &world.moment(), days("2026-10-01", "2026-10-31")).await;
    assert_eq!((told.as_slice(), kept.total.to_string()), (["ada €60.00".to_owned()].as_slice(), "€60.00".into()));
    world.at += chrono::Duration::minutes(1);
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let mut input = input_of(&world, PaymentBasis::Earned, "October");
    for (basis, total) in [(PaymentBasis::Earned, "€40.00"), (PaymentBasis::Ending, "€60.00")] {
        input.basis = basis;
        change(conn, &world.moment(), &world.owner(), kept.id, &input).await.expect("changed");
        let seen = shown(&world, kept.id, None).await;
        assert_eq!((seen.draft.total.to_string(), seen.page.data[0].figure.to_string()), (total.into(), total.into()));
        assert!(seen.page.data[0].already_paid.amount.is_zero());
    }
    assert_eq!(processed(&world, kept.id).await.expect("paid").batch.total.to_string(), "€60.00");
    assert_eq!(world.balances(&ada).await, "0 80");
    // October was paid since: its file still says so, and nothing of it is left to record.
    let (told, again) = exported(&world, &world.moment(), days("2026-10-01", "2026-10-31")).await;
    assert_eq!((told.as_slice(), again.partners), (["ada €60.00".to_owned()].as_slice(), 0));
    let left = shown(&world, again.id, Some(LeftOut::AlreadyPaid)).await.page.data.remove(0);
    assert_eq!((left.figure.to_string(), left.already_paid.to_string()), ("€60.00".into(), "€60.00".into()));
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn an_export_keeps_what_its_file_read_and_nothing_else(pool: PgPool) {
    let (mut world, _) = three_months(pool).await;
    // Posted between the asking and the reading: the file holds it.
    let asked = world.moment();
    world.at += chrono::Duration::seconds(1);
    world.sold("nora", "50").await;
    let range = this_month(&world);
    let (told, kept) = exported(&world, &asked, range).await;
    assert_eq!((told.as_slice(), kept.total.to_string()), (["ada €150.00".to_owned()].as_slice(), "€150.00".into()));
    // Posted as of an instant before, and seen only after: the file doesn't.
    world.at = asked.at - chrono::Duration::seconds(1);
    world.sold("nora", "1000").await;
    world.at = asked.at + chrono::Duration::minutes(1);
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let mut input = input_of(&world, PaymentBasis::OpeningAndEarned, "Sent");
    for basis in [PaymentBasis::OpeningAndEarned, PaymentBasis::Ending] {
        input.basis = basis;
        change(conn, &world.moment(), &world.owner(), kept.id, &input).await.expect("changed");
        assert_eq!(shown(&world, kept.id, None).await.draft.total.to_string(), "€150.00", "{basis}");
    }
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn an_export_made_while_a_batch_is_written_is_stopped_by_it(pool: PgPool) {
    let (mut world, ada) = three_months(pool).await;
    let draft = prepared(&world, &[&ada]).await;
    {
        let conn = &mut *world.pool.acquire().await.expect("connection");
        process::process(conn, &world.moment(), &world.owner(), draft).await.expect("processing");
    }
    let mut held = world.pool.begin().await.expect("transaction");
    sqlx::query("select from commissions where program_id = $1 for no key update")
        .bind(world.program)
        .execute(&mut *held)
        .await
        .expect("locked");
    let (pool, program, at) = (world.pool.clone(), world.program, world.at);
    let working =
        tokio::spawn(async move { ProcessPayments { program, draft }.work(&pool, &crate::fixtures::moment(at)).await });
    world.until_waiting(1).await;
    // Its payments are written, and nobody sees them yet.
    world.at += chrono::Duration::seconds(10);
    let this_month = this_month(&world);
    let (told, kept) = exported(&world, &world.moment(), this_month).await;
    assert_eq!((told.as_slice(), kept.total.to_string()), (["ada €140.00".to_owned()].as_slice(), "€140.00".into()));
    held.rollback().await.expect("rollback");
    working.await.expect("task").expect("paid");
    world.at += chrono::Duration::seconds(10);
    super::tests::rename(&world, kept.id, "Sent").await;
    let Err(Error::Conflict(words)) = processed(&world, kept.id).await else { panic!("paid twice") };
    assert!(words.contains("(Batch-20261120 paid €140.00, recorded by Olga)"), "{words}");
    assert_eq!(world.balances(&ada).await, "0 0");
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_file_whose_draft_can_t_be_kept_breaks_off(pool: PgPool) {
    let (world, _) = three_months(pool).await;
    sqlx::query("alter table payment_draft_lines add constraint none check (amount < 0)")
        .execute(&world.pool)
        .await
        .expect("a draft can't be kept");
    let query = LedgersAsked::default().query(world.at.date_naive()).expect("query");
    let (sender, mut receiver) = tokio::sync::mpsc::channel(4);
    send_ledgers(&world.pool, &world.moment(), &world.owner(), &query, true, sender).await;
    assert_eq!(receiver.recv().await.expect("rows").expect("rows").len(), 1);
    assert!(receiver.recv().await.expect("not the end").is_err());
    assert!(receiver.recv().await.is_none());
    assert_eq!(world.get::<i64>("select count(*) from payment_drafts where program_id = $1").await, 0);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn an_export_is_paid_as_it_was(pool: PgPool) {
    let (mut world, ada) = three_months(pool).await;
    let ben = world.partner("ben").await;
    world.signed_up("c1", &ben).await;
    world.sold("c1", "100").await;
    let this_month = this_month(&world);
    let (told, kept) = exported(&world, &world.moment(), this_month).await;
    assert_eq!(told, ["ada €140.00", "ben €20.00"]);
    let conn = &mut *world.pool.acquire().await.expect("connection");
    // Ben has chosen no payout method, and stands in the file all the same.
    assert_eq!((kept.source, kept.total.to_string()), (DraftSource::Export, "€160.00".into()));
    // Refunded since, and sold since: neither changes what was paid, whatever the basis.
    world.at += chrono::Duration::minutes(1);
    world.tell_refund(&refund("r1", "nora-2", None)).await.expect("refund");
    world.sold("nora", "1000").await;
    let mut input = input_of(&world, PaymentBasis::OpeningAndEarned, "Sent");
    for basis in [PaymentBasis::Earned, PaymentBasis::OpeningAndEarned, PaymentBasis::Ending] {
        input.basis = basis;
        change(conn, &world.moment(), &world.owner(), kept.id, &input).await.expect("changed");
        let expected = if basis == PaymentBasis::Earned { "€100.00" } else { "€160.00" };
        assert_eq!(shown(&world, kept.id, None).await.draft.total.to_string(), expected, "{basis}");
    }
    // Only an entry that was paid meanwhile stops it.
    let other = pay_as(&world, &[&ben], "Other").await.expect("paid");
    let Err(Error::Conflict(words)) = processed(&world, kept.id).await else { panic!("stopped") };
    assert_eq!(
        words,
        "Ben: €20.00 was reviewed, now it is €0.00 (Other paid €20.00, recorded by Olga). Nothing was recorded: leave \
         out what was paid meanwhile."
    );
    assert!(shown(&world, kept.id, None).await.paid_meanwhile);
    drafts::without_paid(conn, &world.moment(), &world.owner(), kept.id).await.expect("left out");
    let seen = shown(&world, kept.id, Some(LeftOut::AlreadyPaid)).await;
    assert_eq!((seen.draft.status, seen.draft.total.to_string()), (DraftStatus::Open, "€140.00".into()));
    assert_eq!((seen.page.data[0].partner.name.as_str(), seen.paid_meanwhile), ("Ben", false));
    let mut second = world.pool.acquire().await.expect("connection");
    let again = drafts::without_paid(&mut second, &world.moment(), &world.owner(), kept.id).await;
    drop(second);
    assert!(matches!(again, Err(Error::Conflict(_))), "nothing is left to leave out");
    // It was paid before the partner was banned and before it went to another bank.
    world.standing(&ada, EnrollmentStatus::Banned).await;
    world.set("update enrollments set payout_method = 'paypal' where program_id = $1").await;
    let paid = processed(&world, kept.id).await.expect("paid");
    assert_eq!((paid.batch.total.to_string(), other.batch.payments), ("€140.00".into(), 1));
    // Less than nothing was left of the old, and the new is due: 200 − 80.
    assert_eq!(world.balances(&ada).await, "0 120");
    world.prove().await;
}

/// What its file paid and nobody has recorded is recorded, though another entry of the same partner was paid meanwhile: else
/// the next batch would pay it again.
#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn an_export_records_what_is_left_of_a_partner_that_was_paid_in_part_meanwhile(pool: PgPool) {
    let (mut world, ada) = three_months(pool).await;
    let finn = colleague(&world).await;
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let rules = PaymentRules { schedule: None, approval_above: Some(dec("50")) };
    schedule::set(conn, &world.moment(), &world.owner(), &rules).await.expect("set");
    let this_month = this_month(&world);
    let (told, kept) = exported(&world, &world.moment(), this_month).await;
    assert_eq!(told, ["ada €140.00"]);
    super::tests::rename(&world, kept.id, "Sent").await;
    drafts::approve(conn, &world.moment(), &finn, kept.id).await.expect("agreed");
    world.at += chrono::Duration::minutes(1);
    let october = wanted(&[&ada], PaymentBasis::Earned, days("2026-10-01", "2026-10-31"));
    let other = make(conn, &world.moment(), &world.owner(), &october).await.expect("draft");
    assert_eq!(processed(&world, other).await.expect("paid").batch.total.to_string(), "€40.00");
    let Err(Error::Conflict(words)) = processed(&world, kept.id).await else { panic!("stopped") };
    assert!(words.starts_with("Ada: €140.00 was reviewed, now it is €100.00"), "{words}");
    let before = asked(&world).await.len();
    drafts::without_paid(conn, &world.moment(), &world.owner(), kept.id).await.expect("without it");
    assert_eq!(shown(&world, kept.id, None).await.draft.total.to_string(), "€100.00");
    assert_eq!(asked(&world).await.len(), before + 1, "what was agreed to is another batch by now");
    drafts::approve(conn, &world.moment(), &finn, kept.id).await.expect("agreed");
    assert_eq!(processed(&world, kept.id).await.expect("paid").batch.total.to_string(), "€100.00");
    assert_eq!(world.balances(&ada).await, "0 0");
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_batch_is_cancelled_until_it_commits_and_goes_on_later(pool: PgPool) {
    let (world, ada) = three_months(pool).await;
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let (moment, owner) = (world.moment(), world.owner());
    let draft = prepared(&world, &[&ada]).await;
    {
        // A connection of its own lets go of the draft as it goes back.
        let conn = &mut *world.pool.acquire().await.expect("connection");
        assert!(matches!(process::cancel(conn, &moment, &owner, draft).await, Err(Error::Conflict(_))));
    }
    // Who changes it just now is waited for: that is no job.
    let mut changing = world.pool.begin().await.expect("transaction");
    sqlx::query("select from payment_drafts where id = $1 for no key update")
        .bind(draft)
        .execute(&mut *changing)
        .await
        .expect("locked");
    let (pool, at, presses) = (world.pool.clone(), world.at, world.owner());
    let pressed = tokio::spawn(async move {
        let conn = &mut *pool.acquire().await.expect("connection");
        process::process(conn, &crate::fixtures::moment(at), &presses, draft).await
    });
    world.until_waiting(1).await;
    changing.rollback().await.expect("rollback");
    pressed.await.expect("task").expect("processing");
    let state = async || {
        process::progress(&mut world.pool.acquire().await.expect("connection"), &owner, draft).await.expect("progress")
    };
    // Before the job begins.
    process::process(conn, &moment, &owner, draft).await.expect("pressed twice");
    let jobs =
        "select count(*) from graphile_worker.jobs where task_identifier = 'process_payments' and $1::uuid is not null";
    assert_eq!(world.get::<i64>(jobs).await, 1);
    assert_eq!((state().await.status, state().await.total), (DraftStatus::Processing, 1));
    process::cancel(conn, &moment, &owner, draft).await.expect("cancelled");
    let job = ProcessPayments { program: world.program, draft };
    job.work(&world.pool, &moment).await.expect("nothing to do");
    assert_eq!(state().await.status, DraftStatus::Open);
    assert!(matches!(process::cancel(conn, &moment, &owner, draft).await, Err(Error::Conflict(_))));
    // While it waits for a lock.
    process::process(conn, &moment, &owner, draft).await.expect("processing");
    let mut held = world.pool.begin().await.expect("transaction");
    sqlx::query("select from commissions where program_id = $1 for no key update")
        .bind(world.program)
        .execute(&mut *held)
        .await
        .expect("locked");
    let pool = world.pool.clone();
    let working = tokio::spawn(async move { job.work(&pool, &moment).await });
    world.until_waiting(1).await;
    process::cancel(conn, &world.moment(), &owner, draft).await.expect("asked to stop");
    assert!(state().await.cancelling);
    held.rollback().await.expect("rollback");
    working.await.expect("task").expect("stopped");
    let stopped = state().await;
    assert_eq!((stopped.status, stopped.batch), (DraftStatus::Open, None));
    assert_eq!(stopped.problem, "It was stopped: nothing was recorded.");
    assert_eq!(world.get::<i64>("select count(*) from payments where program_id = $1").await, 0);
    assert_eq!(processed(&world, draft).await.expect("paid").batch.total.to_string(), "€140.00");
    // Each press is told, whatever became of it.
    let told = "select string_agg(action || ' ' || n, ', ' order by action)
                from (select action, count(*) as n from audit_log where program_id = $1 group by action) as told";
    assert_eq!(
        world.get::<String>(told).await,
        "payment_batch.record 1, payment_draft.create 1, payment_draft.process 3, payment_draft.stop 2"
    );
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn what_is_taken_back_while_the_job_waits_its_turn_stops_it(pool: PgPool) {
    let (mut world, ada) = three_months(pool).await;
    for (sale, basis) in [("nora-2", PaymentBasis::Earned), ("nora-1", PaymentBasis::Ending)] {
        let draft = {
            let conn = &mut *world.pool.acquire().await.expect("connection");
            let input = wanted(&[&ada], basis, this_month(&world));
            let draft = make(conn, &world.moment(), &world.owner(), &input).await.expect("draft");
            process::process(conn, &world.moment(), &world.owner(), draft).await.expect("processing");
            draft
        };
        let mut other = world.pool.begin().await.expect("transaction");
        alone(&mut other, world.program).await.expect("somebody else pays");
        let (pool, program, at) = (world.pool.clone(), world.program, world.at);
        let waiting =
            tokio::spawn(
                async move { ProcessPayments { program, draft }.work(&pool, &crate::fixtures::moment(at)).await },
            );
        world.until_waiting(1).await;
        // After the instant at which the job began.
        world.at += chrono::Duration::minutes(1);
        world.tell_refund(&refund(&format!("r-{sale}"), sale, Some("50"))).await.expect("refund");
        other.rollback().await.expect("its turn");
        waiting.await.expect("task").expect("told");
        let row = shown(&world, draft, None).await.draft;
        assert_eq!(row.status, DraftStatus::Failed, "{basis}");
        assert!(row.problem.contains("€10.00 was taken back"), "{}", row.problem);
    }
    assert_eq!(world.get::<i64>("select count(*) from payments where program_id = $1").await, 0);
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_server_that_dies_in_the_middle_leaves_nothing_and_the_job_is_done_again(pool: PgPool) {
    let (world, ada) = three_months(pool).await;
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let (moment, owner) = (world.moment(), world.owner());
    let draft = prepared(&world, &[&ada]).await;
    process::process(conn, &moment, &owner, draft).await.expect("processing");
    let mut held = world.pool.begin().await.expect("transaction");
    sqlx::query("select from commissions where program_id = $1 for no key update")
        .bind(world.program)
        .execute(&mut *held)
        .await
        .expect("locked");
    let (pool, program) = (world.pool.clone(), world.program);
    let at = world.at;
    let dying = tokio::spawn({
        let pool = pool.clone();
        async move { ProcessPayments { program, draft }.work(&pool, &crate::fixtures::moment(at)).await }
    });
    world.until_waiting(1).await;
    // Payments and what they settle are written by now, and nobody sees them.
    let killed: i64 = sqlx::query_scalar(
        "select count(pg_terminate_backend(pid)) from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock'",
    )
    .fetch_one(&mut *conn)
    .await
    .expect("killed");
    assert_eq!(killed, 1);
    held.rollback().await.expect("rollback");
    assert!(dying.await.expect("task").expect_err("cut off").is_outage(), "so that the job is tried again");
    assert_eq!(world.get::<i64>("select count(*) from payments where program_id = $1").await, 0);
    assert_eq!(world.get::<i64>("select count(*) from payment_batches where program_id = $1").await, 0);
    let again = ProcessPayments { program, draft };
    again.work(&pool, &crate::fixtures::moment(at)).await.expect("done again");
    assert_eq!(world.balances(&ada).await, "0 0");
    again.work(&pool, &crate::fixtures::moment(at)).await.expect("and a third time does nothing");
    assert_eq!(world.get::<i64>("select count(*) from payments where program_id = $1").await, 1);
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_page_of_a_hundred_thousand_reads_no_more_than_a_page(pool: PgPool) {
    let world = at_once(pool).await;
    world
        .set(
            "insert into enrollments (program_id, id, status, code, name, created_at)
             select id, gen_random_uuid(), 'active', 'p' || n, 'Partner ' || n, created_at
             from programs, generate_series(1, 100000) n where id = $1",
        )
        .await;
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let all = wanted(&[], PaymentBasis::Ending, this_month(&world));
    let draft = make(conn, &world.moment(), &world.owner(), &all).await.expect("draft");
    world.set("update payment_draft_lines set amount = 20, left_out = null where program_id = $1").await;
    sqlx::query("analyze payment_draft_lines, enrollments").execute(&mut *conn).await.expect("analyzed");
    let mut tx = planned(conn).await.expect("transaction");
    let setting = Setting::of(&mut tx, &world.owner()).await.expect("setting");
    let read = "select sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint from pg_stat_xact_user_tables";
    let mut paging = Paging::default();
    for _ in 0..2 {
        let before: i64 = sqlx::query_scalar(read).fetch_one(&mut *tx).await.expect("statistics");
        let page = drafts::lines(&mut tx, &setting, draft, None, &paging).await.expect("page");
        let after: i64 = sqlx::query_scalar(read).fetch_one(&mut *tx).await.expect("statistics");
        assert_eq!(page.data.len(), 50);
        assert!(after - before < 500, "{} rows", after - before);
        paging.cursor = page.next_cursor;
    }
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn what_nobody_records_goes_after_a_month(pool: PgPool) {
    let (mut world, ada) = three_months(pool).await;
    let (given_up, stays) = (prepared(&world, &[&ada]).await, prepared(&world, &[&ada]).await);
    {
        let conn = &mut *world.pool.acquire().await.expect("connection");
        drafts::give_up(conn, &world.moment(), &world.owner(), given_up).await.expect("given up");
    }
    let range = this_month(&world);
    let (_, old) = exported(&world, &world.moment(), range).await;
    world.pass(1);
    let (_, young) = exported(&world, &world.moment(), range).await;
    world.pass(29);
    drafts::purge(&world.pool, &world.moment()).await.expect("purged");
    let mut left: Vec<DraftId> =
        sqlx::query_scalar("select id from payment_drafts").fetch_all(&world.pool).await.expect("drafts");
    left.sort_unstable();
    let mut expected = vec![stays, young.id];
    expected.sort_unstable();
    assert_eq!(left, expected, "{} and {} are gone", given_up, old.id);
    assert_eq!(world.get::<i64>("select count(*) from payment_draft_lines where program_id = $1").await, 2);
}

/// Another member of the team who may pay.
async fn colleague(world: &World) -> Actor {
    let account: AccountId = world.moment().id();
    for statement in [
        "insert into accounts (id, email, email_key, name, created_at) values ($1, $1::text, $1::text, 'Finn', $3)",
        "insert into memberships (organization_id, account_id, role, created_at) values ($2, $1, 'finance', $3)",
    ] {
        let given = format!("with given as (select $1::uuid, $2::uuid, $3::timestamptz) {statement}");
        sqlx::query(sqlx::AssertSqlSafe(given))
            .bind(account)
            .bind(world.organization)
            .bind(world.at)
            .execute(&world.pool)
            .await
            .expect("a colleague");
    }
    Actor::Admin { account, organization: world.organization, role: Role::Finance, program: world.program }
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn above_an_amount_two_must_agree(pool: PgPool) {
    let (world, ada) = three_months(pool).await;
    let finn = colleague(&world).await;
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let (moment, owner) = (world.moment(), world.owner());
    let rules = |above: &str| PaymentRules { schedule: None, approval_above: Some(dec(above)) };
    let manager = world.admin(Role::Viewer);
    assert!(matches!(schedule::set(conn, &moment, &manager, &rules("100")).await, Err(Error::Forbidden)));
    assert!(refused(schedule::set(conn, &moment, &owner, &rules("-1")).await).starts_with("approval_above: "));
    schedule::set(conn, &moment, &owner, &rules("140")).await.expect("set");
    let draft = prepared(&world, &[&ada]).await;
    assert_eq!(shown(&world, draft, None).await.needs_approval, None, "it is not above");
    let words = |result: crate::Result<()>| match result {
        Err(Error::Conflict(words)) => words,
        other => panic!("{other:?}"),
    };
    assert_eq!(words(drafts::approve(conn, &moment, &finn, draft).await), "Nobody need agree to this batch.");
    schedule::set(conn, &moment, &owner, &rules("100")).await.expect("set");
    let seen = shown(&world, draft, None).await;
    assert_eq!((seen.needs_approval.map(|above| above.to_string()), seen.may_approve), (Some("€100.00".into()), false));
    let alone = process::process(conn, &moment, &owner, draft).await;
    assert_eq!(words(alone), "Above €100.00 a second person must agree first.");
    assert_eq!(
        words(drafts::approve(conn, &moment, &owner, draft).await),
        "Somebody else must agree: you made this batch."
    );
    drafts::approve(conn, &moment, &finn, draft).await.expect("agreed");
    // What was changed since must be agreed to again.
    let out = LineInput { partner: ada.id, pay: false, reason: String::new() };
    decide(conn, &moment, &owner, draft, &out).await.expect("left out");
    let back = LineInput { pay: true, reason: "All the same".into(), ..out };
    decide(conn, &moment, &owner, draft, &back).await.expect("paid");
    assert!(process::process(conn, &moment, &owner, draft).await.is_err());
    // Who changes another's batch doesn't agree to the change.
    decide(conn, &moment, &finn, draft, &LineInput { pay: false, ..back.clone() }).await.expect("left out");
    decide(conn, &moment, &finn, draft, &back).await.expect("paid");
    assert_eq!(
        words(drafts::approve(conn, &moment, &finn, draft).await),
        "Somebody else must agree: you were the last to change this batch."
    );
    let seen = drafts::detail(conn, &finn, draft, None, &Paging::default()).await.expect("draft");
    assert_eq!((seen.may_approve, seen.draft.changed_by.as_str()), (false, "Finn"));
    assert!(process::process(conn, &moment, &finn, draft).await.is_err());
    // Once its maker has changed it, that is its maker's batch again.
    decide(conn, &moment, &owner, draft, &back).await.expect("paid");
    drafts::approve(conn, &moment, &finn, draft).await.expect("agreed");
    let paid = processed(&world, draft).await.expect("paid");
    assert_eq!(paid.batch.total.to_string(), "€140.00");
    let row = shown(&world, draft, None).await.draft;
    assert_eq!(
        (row.created_by.as_str(), row.approved_by.as_str(), row.status),
        ("Olga", "Finn", DraftStatus::Processed)
    );
}

/// Who is asked by mail to agree to a batch: how many mails, and the letters.
async fn asked(world: &World) -> Vec<crate::messages::Letter> {
    let waiting: Vec<sqlx::types::Json<crate::messages::Mail>> = sqlx::query_scalar(
        "select payload::jsonb from graphile_worker._private_jobs where payload ->> 'mail' = 'approval_wanted' order by id",
    )
    .fetch_all(&world.pool)
    .await
    .expect("mails");
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let mut letters = Vec::new();
    for mail in waiting {
        let letter = crate::messages::compose(conn, &world.moment(), "https://t.example", &mail).await;
        letters.extend(letter.expect("composed"));
    }
    letters
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn who_may_agree_is_asked_once_and_named_to_its_maker(pool: PgPool) {
    let (world, ada) = three_months(pool).await;
    let finn = colleague(&world).await;
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let (moment, owner) = (world.moment(), world.owner());
    let small = prepared(&world, &[&ada]).await;
    assert!(asked(&world).await.is_empty(), "nobody need agree to it");
    assert!(!shown(&world, small, None).await.draft.asks_for_two);
    let rules = PaymentRules { schedule: None, approval_above: Some(dec("100")) };
    schedule::set(conn, &moment, &owner, &rules).await.expect("set");
    assert_eq!(asked(&world).await.len(), 1, "what waits by then is asked for too");
    drafts::give_up(conn, &moment, &owner, small).await.expect("given up");
    let draft = prepared(&world, &[&ada]).await;
    let letters = asked(&world).await;
    assert_eq!(letters.len(), 1, "and not its maker");
    assert_eq!(letters[0].subject, "Acme: €140.00 waits for a second person");
    assert!(letters[0].text.contains("Olga has prepared Batch-20261120: €140.00 to 1 partner."), "{}", letters[0].text);
    assert!(letters[0].text.contains(&format!("https://t.example/admin/acme/pay/{draft}")));
    let seen = shown(&world, draft, None).await;
    assert_eq!((seen.others.as_slice(), seen.may_approve), (["Finn".to_owned()].as_slice(), false));
    let listed = waiting(&world, false).await.into_iter().find(|row| row.id == draft).expect("listed");
    assert!(listed.asks_for_two && listed.approved_at.is_none());
    // Changed, it is the same question.
    let out = LineInput { partner: ada.id, pay: false, reason: String::new() };
    let back = LineInput { pay: true, reason: "All the same".into(), ..out.clone() };
    for line in [&out, &back] {
        decide(conn, &moment, &owner, draft, line).await.expect("decided");
    }
    assert_eq!(asked(&world).await.len(), 1);
    // Agreed to, nobody is told any more.
    drafts::approve(conn, &moment, &finn, draft).await.expect("agreed");
    assert!(asked(&world).await.is_empty());
    let listed = waiting(&world, false).await.into_iter().find(|row| row.id == draft).expect("listed");
    assert!(listed.asks_for_two && listed.approved_at.is_some());
    assert!(shown(&world, draft, None).await.others.is_empty());
    // Changed since, it must be agreed to again.
    for line in [&out, &back] {
        decide(conn, &moment, &owner, draft, line).await.expect("decided");
    }
    let mails = "select count(*) from graphile_worker._private_jobs
                 where payload ->> 'mail' = 'approval_wanted' and $1::uuid is not null";
    assert_eq!(world.get::<i64>(mails).await, 3, "one for what was given up, and two for this");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn who_agreed_agreed_to_a_sum(pool: PgPool) {
    let (mut world, ada) = three_months(pool).await;
    let finn = colleague(&world).await;
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let (moment, owner) = (world.moment(), world.owner());
    let rules = PaymentRules { schedule: None, approval_above: Some(dec("100")) };
    schedule::set(conn, &moment, &owner, &rules).await.expect("set");
    let draft = prepared(&world, &[&ada]).await;
    drafts::approve(conn, &moment, &finn, draft).await.expect("agreed");
    world.at += chrono::Duration::minutes(1);
    world.sold("nora", "1000").await;
    let Err(Error::Conflict(words)) = processed(&world, draft).await else { panic!("stopped") };
    assert_eq!(
        words,
        "€140.00 was agreed to, now it is €340.00. Nothing was recorded: review again, and let a second person agree."
    );
    assert_eq!(world.get::<i64>("select count(*) from payments where program_id = $1").await, 0);
    // Whoever reviews it again decides nothing, and may agree to what it finds.
    drafts::review_again(conn, &world.moment(), &finn, draft).await.expect("reviewed");
    assert!(shown(&world, draft, None).await.needs_approval.is_some());
    drafts::approve(conn, &world.moment(), &finn, draft).await.expect("agreed");
    assert_eq!(processed(&world, draft).await.expect("paid").batch.total.to_string(), "€340.00");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn lifting_the_limit_frees_no_batch_that_was_made_before(pool: PgPool) {
    let (world, ada) = three_months(pool).await;
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let (moment, owner) = (world.moment(), world.owner());
    let mut rules = PaymentRules { schedule: None, approval_above: Some(dec("100")) };
    schedule::set(conn, &moment, &owner, &rules).await.expect("set");
    let draft = prepared(&world, &[&ada]).await;
    for lifted in [Some(dec("1000")), None] {
        rules.approval_above = lifted;
        schedule::set(conn, &world.moment(), &owner, &rules).await.expect("set");
        assert_eq!(
            shown(&world, draft, None).await.needs_approval.map(|above| above.to_string()),
            Some("€100.00".into())
        );
        let Err(Error::Conflict(words)) = processed(&world, draft).await else { panic!("freed") };
        assert_eq!(words, "Above €100.00 a second person must agree first.");
    }
    let later = prepared(&world, &[&ada]).await;
    assert_eq!(shown(&world, later, None).await.needs_approval, None);
}

/// Does the job that a batch has enqueued.
async fn work(world: &World, draft: DraftId) {
    ProcessPayments { program: world.program, draft }.work(&world.pool, &world.moment()).await.expect("worked");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_monthly_run_prepares_a_batch_once_and_tells_who_may_pay(pool: PgPool) {
    let (mut world, ada) = three_months(pool).await;
    let finn = colleague(&world).await;
    let (moment, owner) = (world.moment(), world.owner());
    let rules = |automatic| PaymentRules {
        schedule: Some(Schedule { day: 5, basis: PaymentBasis::OpeningAndEarned, automatic }),
        approval_above: None,
    };
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let by_manager = schedule::set(conn, &moment, &world.admin(Role::Manager), &rules(true)).await;
    assert!(refused(by_manager).starts_with("automatic: "), "who may not pay has nothing paid");
    schedule::set(conn, &moment, &world.admin(Role::Manager), &rules(false)).await.expect("set");
    assert_eq!(schedule::of(conn, world.program).await.expect("rules"), rules(false));
    // Its day has passed this month.
    assert_eq!(schedule::prepare_due(&world.pool, &world.moment()).await.expect("prepared"), 0);
    world.at = instant("2026-12-04T22:59:00Z");
    assert_eq!(schedule::prepare_due(&world.pool, &world.moment()).await.expect("prepared"), 0);
    // The 5th in Berlin.
    world.at = instant("2026-12-04T23:00:00Z");
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (pool, moment) = (world.pool.clone(), world.moment());
        tasks.spawn(async move { schedule::prepare_due(&pool, &moment).await.expect("prepared") });
    }
    assert_eq!(tasks.join_all().await.into_iter().sum::<u64>(), 1);
    let prepared = waiting(&world, false).await;
    assert_eq!((prepared.len(), prepared[0].source, prepared[0].status), (1, DraftSource::Schedule, DraftStatus::Open));
    assert_eq!(
        (prepared[0].range.from.to_string(), prepared[0].total.to_string()),
        ("2026-11-01".into(), "€140.00".into())
    );
    let mails = "select count(*) from graphile_worker._private_jobs
                 where payload ->> 'mail' = 'payments_prepared' and $1::uuid is not null";
    assert_eq!(world.get::<i64>(mails).await, 2);
    let mail = crate::messages::Mail::PaymentsPrepared {
        account: finn.account().expect("account"),
        program: world.program,
        draft: prepared[0].id,
    };
    let letter = crate::messages::compose(conn, &world.moment(), "https://t.example", &mail).await.expect("composed");
    let letter = letter.expect("a letter");
    assert_eq!(letter.subject, "Acme: €140.00 to pay");
    assert!(letter.text.contains(&format!("https://t.example/admin/acme/pay/{}", prepared[0].id)), "{}", letter.text);
    processed(&world, prepared[0].id).await.expect("paid");

    // By itself, the next month.
    schedule::set(conn, &world.moment(), &owner, &rules(true)).await.expect("set");
    world.sold("nora", "100").await;
    world.at = instant("2027-01-05T08:00:00Z");
    assert_eq!(schedule::prepare_due(&world.pool, &world.moment()).await.expect("prepared"), 1);
    let running = waiting(&world, false).await.remove(0);
    assert_eq!(running.status, DraftStatus::Processing);
    work(&world, running.id).await;
    assert_eq!(world.balances(&ada).await, "0 0");
    // Nobody is due: nothing is prepared.
    world.at = instant("2027-02-05T08:00:00Z");
    assert_eq!(schedule::prepare_due(&world.pool, &world.moment()).await.expect("prepared"), 0);
    assert!(waiting(&world, false).await.is_empty());
    world.prove().await;
}

/// Which methods need details is said twice: in SQL, where partners are left out, and where a payment explains itself.
#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn the_same_methods_need_details_wherever_it_is_asked(pool: PgPool) {
    for kind in PayoutKind::ALL.iter().copied() {
        let left_out: Option<LeftOut> = sqlx::query_scalar("select why_left_out(1, 0, 'active', false, $1, false)")
            .bind(kind.as_str())
            .fetch_one(&pool)
            .await
            .expect("judged");
        assert_eq!(left_out, kind.needs_details().then_some(LeftOut::NoPayoutDetails), "{kind}");
    }
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_day_chosen_today_runs_today_and_no_month_twice(pool: PgPool) {
    let (world, _) = three_months(pool).await;
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let on = |day| PaymentRules {
        schedule: Some(Schedule { day, basis: PaymentBasis::OpeningAndEarned, automatic: false }),
        approval_above: None,
    };
    let program = crate::programs::get(conn, world.program).await.expect("program");
    let set = async |rules: PaymentRules| {
        let conn = &mut *world.pool.acquire().await.expect("connection");
        schedule::set(conn, &world.moment(), &world.owner(), &rules).await.expect("set");
        let next = schedule::next_run(conn, &world.moment(), &program).await.expect("next");
        let prepared = schedule::prepare_due(&world.pool, &world.moment()).await.expect("prepared");
        (next.map(|next| next.to_string()), prepared)
    };
    assert_eq!(schedule::next_run(conn, &world.moment(), &program).await.expect("none"), None);
    // It is the 20th.
    assert_eq!(set(on(19)).await, (Some("2026-12-19".into()), 0));
    assert_eq!(set(on(21)).await, (Some("2026-11-21".into()), 0));
    assert_eq!(set(PaymentRules::default()).await, (None, 0));
    assert_eq!(set(on(20)).await, (Some("2026-11-20".into()), 1));
    assert_eq!(set(on(20)).await, (Some("2026-12-20".into()), 0));
    assert_eq!(set(PaymentRules::default()).await, (None, 0));
    assert_eq!(set(on(20)).await, (Some("2026-12-20".into()), 0), "it ran before it was turned off");
    assert_eq!(set(on(25)).await, (Some("2026-12-25".into()), 0));
    assert_eq!(waiting(&world, false).await.len(), 1);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_batch_whose_month_has_closed_says_so_and_loses_nothing(pool: PgPool) {
    let (mut world, ada) = three_months(pool).await;
    let rules = PaymentRules {
        schedule: Some(Schedule { day: 20, basis: PaymentBasis::OpeningAndEarned, automatic: false }),
        approval_above: None,
    };
    let conn = &mut *world.pool.acquire().await.expect("connection");
    schedule::set(conn, &world.moment(), &world.owner(), &rules).await.expect("set");
    assert_eq!(schedule::prepare_due(&world.pool, &world.moment()).await.expect("prepared"), 1);
    let draft = waiting(&world, false).await.remove(0);
    // Somebody presses Process, and the month closes before the job begins.
    process::process(conn, &world.moment(), &world.owner(), draft.id).await.expect("processing");
    world.at = instant("2026-12-02T12:00:00Z");
    crate::ledger::close_months(&world.pool, &world.moment()).await.expect("closed");
    work(&world, draft.id).await;
    let words = "November 2026 is closed: choose a day from 1 December 2026 on.";
    let seen = shown(&world, draft.id, None).await;
    assert_eq!((seen.draft.status, seen.draft.problem.as_str()), (DraftStatus::Failed, words));
    let pressed = process::process(conn, &world.moment(), &world.owner(), draft.id).await;
    assert_eq!(refused(pressed), format!("payment_date: {words}"));
    let seen = shown(&world, draft.id, None).await;
    assert_eq!((seen.draft.partners, &seen.draft.total), (draft.partners, &draft.total));
    let input = input_of(&world, draft.basis, &draft.code);
    change(conn, &world.moment(), &world.owner(), draft.id, &input).await.expect("another day");
    assert_eq!(processed(&world, draft.id).await.expect("paid").batch.total, draft.total);
    assert_eq!(world.balances(&ada).await, "0 80", "what became due in November is not last month's");
    world.prove().await;
}
