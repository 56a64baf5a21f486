//! Payments on a real Postgres: what a batch pays, what stops it, and who can't pay twice.

use super::*;
use crate::Error;
use crate::commissions::release_holds;
use crate::fixtures::{Partner, World, dec, moment, percent, refund, refused};
use crate::reports;
use domain::accounts::{Actor, Role};
use domain::commissions::CommissionStatus;
use domain::ids::{CommissionId, EnrollmentId};
use domain::ledger::LedgerAccount;
use domain::money::Money;
use domain::offers::Reward;
use domain::page::Paging;
use domain::partners::EnrollmentStatus;
use domain::payments::{BatchDetail, BatchInput, Flag, LeftOut, PaymentFilter, PaymentStatus, Preview, Reviewed};
use rust_decimal::Decimal;
use sqlx::PgPool;
use std::collections::BTreeMap;

/// A program that pays 20 % of every sale at once.
async fn at_once(pool: PgPool) -> World {
    let world = World::new(pool).await;
    world.offer("Standard", &[Reward { hold_days: 0, ..percent("20") }]).await;
    world
}

async fn review(world: &World, partners: &[&Partner]) -> Preview {
    let ids: Vec<EnrollmentId> = partners.iter().map(|partner| partner.id).collect();
    let mut conn = world.pool.acquire().await.expect("connection");
    preview(&mut conn, &world.moment(), &world.owner(), &ids).await.expect("preview")
}

/// A batch as the review showed it.
fn reviewed(preview: &Preview) -> BatchInput {
    BatchInput {
        partners: preview
            .lines
            .iter()
            .map(|line| Reviewed { enrollment: line.partner.id, amount: line.amount })
            .collect(),
        reviewed_at: preview.at,
        code: preview.code.clone(),
        payment_date: preview.payment_date,
        note: String::new(),
    }
}

async fn pay(world: &World, partners: &[&Partner]) -> crate::Result<BatchDetail> {
    record_batch(&world.pool, &world.moment(), &world.owner(), &reviewed(&review(world, partners).await)).await
}

async fn fail(world: &World, payment: domain::ids::PaymentId) -> crate::Result<()> {
    take_back(&world.pool, &world.moment(), &world.owner(), payment, PaymentStatus::Failed, "Account closed").await
}

/// A sale by a customer of the partner, and the commission that it earned.
async fn earn(world: &World, partner: &Partner, customer: &str, amount: &str) -> CommissionId {
    world.signed_up(customer, partner).await;
    world.sold(customer, amount).await.commissions[0].id
}

fn conflict<T: std::fmt::Debug>(result: crate::Result<T>) -> String {
    match result {
        Err(Error::Conflict(words)) => words,
        other => panic!("expected a conflict, got {other:?}"),
    }
}

/// What was paid out in the whole program, by the ledger.
async fn paid_out(world: &World) -> Decimal {
    world
        .get::<Decimal>("select coalesce(sum(amount), 0) from entries where program_id = $1 and account = 'paid_out'")
        .await
        .normalize()
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_batch_pays_what_was_reviewed_and_says_why(pool: PgPool) {
    let world = at_once(pool).await;
    world.set("update programs set minimum_payment = 15 where id = $1").await;
    let (ada, ben) = (world.partner("ada").await, world.partner("ben").await);
    world.set("update enrollments set payout_method = 'Bank transfer' where program_id = $1 and code = 'ada'").await;
    let first = earn(&world, &ada, "c1", "100").await;
    let second = earn(&world, &ada, "c2", "50").await;
    let third = earn(&world, &ben, "c3", "60").await;
    world.tell_refund(&refund("r1", "c2-1", Some("25"))).await.expect("refund");
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let due = due_partners(conn, &world.owner(), None).await.expect("due");
    let due: Vec<_> = due.iter().map(|row| (row.partner.code.as_str(), row.due.to_string(), &row.flags[..])).collect();
    let (below, no_method) = (Flag::BelowMinimum, Flag::NoPayoutMethod);
    assert_eq!(due, [("ada", "€25.00".into(), &[][..]), ("ben", "€12.00".into(), &[below, no_method][..])]);
    assert_eq!(due_partners(conn, &world.owner(), Some("BE")).await.expect("found").len(), 1);

    let preview = review(&world, &[&ben, &ada]).await;
    assert_eq!(preview.code, "Batch-20261120");
    assert_eq!(preview.total.to_string(), "€37.00");
    let lines: Vec<_> = preview.lines.iter().map(|line| (line.partner.code.as_str(), line.entries)).collect();
    assert_eq!(lines, [("ada", 3), ("ben", 1)]);
    let batch = record_batch(&world.pool, &world.moment(), &world.owner(), &reviewed(&preview)).await.expect("batch");
    assert_eq!((batch.batch.payments, batch.batch.total.to_string()), (2, "€37.00".into()));
    assert_eq!(batch.batch.created_by, "Olga");
    let ada_paid = &batch.payments[0];
    assert_eq!((ada_paid.partner.code.as_str(), ada_paid.method.as_str()), ("ada", "Bank transfer"));
    let why: Vec<_> = ada_paid.why.0.iter().map(|check| (check.passed, check.detail.as_str())).collect();
    assert_eq!(
        why,
        [
            (true, "2 commissions: €30.00."),
            (true, "1 clawback: \u{2212}€5.00."),
            (true, "Together €25.00, all that was due at the review."),
            (true, "At least the program's smallest payment of €15.00."),
            (true, "By Bank transfer."),
        ]
    );
    assert_eq!(crate::fixtures::checks(&batch.payments[1].why), "+commission +amount -minimum -payout_method");
    for commission in [first, second, third] {
        assert_eq!(world.status(commission).await, CommissionStatus::Paid);
    }
    assert_eq!((world.balances(&ada).await, world.balances(&ben).await), ("0 0".into(), "0 0".into()));
    assert_eq!(paid_out(&world).await, dec("37"));
    let audited: String = world.get("select action || ' ' || subject from audit_log where program_id = $1").await;
    assert_eq!(audited, "payment_batch.record Batch-20261120");
    assert!(due_partners(conn, &world.owner(), None).await.expect("due").is_empty());
    assert_eq!(review(&world, &[&ada]).await.code, "Batch-20261120-2", "the day's first code is taken");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn what_becomes_due_after_the_review_stays_open(pool: PgPool) {
    let mut world = at_once(pool).await;
    let ada = world.partner("ada").await;
    earn(&world, &ada, "c1", "100").await;
    let preview = review(&world, &[&ada]).await;
    world.at += chrono::Duration::seconds(1);
    let later = earn(&world, &ada, "c2", "50").await;
    let batch = record_batch(&world.pool, &world.moment(), &world.owner(), &reviewed(&preview)).await.expect("batch");
    assert_eq!(batch.batch.total.to_string(), "€20.00");
    assert_eq!(world.status(later).await, CommissionStatus::Due);
    assert_eq!(world.balances(&ada).await, "0 10");
    assert_eq!(pay(&world, &[&ada]).await.expect("next batch").batch.total.to_string(), "€10.00");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn what_was_taken_back_since_the_review_stops_the_batch_by_name(pool: PgPool) {
    let mut world = at_once(pool).await;
    let (ada, ben) = (world.partner("ada").await, world.partner("ben").await);
    earn(&world, &ada, "c1", "100").await;
    earn(&world, &ben, "c2", "100").await;
    let preview = review(&world, &[&ada, &ben]).await;
    world.at += chrono::Duration::seconds(1);
    // More came in than was taken back: the reviewed commission is less all the same.
    earn(&world, &ben, "c3", "500").await;
    world.tell_refund(&refund("r1", "c2-1", Some("10"))).await.expect("refund");
    let result = record_batch(&world.pool, &world.moment(), &world.owner(), &reviewed(&preview)).await;
    assert_eq!(
        conflict(result),
        "Ben: €20.00 was reviewed, now it is €18.00: what is due has changed since the review (€2.00 was taken \
         back). Nothing was recorded: review again."
    );
    assert_eq!(world.get::<i64>("select count(*) from payment_batches where program_id = $1").await, 0);
    assert_eq!(world.balances(&ada).await, "0 20", "all payments or none");
    assert_eq!(pay(&world, &[&ada, &ben]).await.expect("reviewed again").batch.total.to_string(), "€138.00");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn what_was_under_way_at_the_review_stops_the_batch_and_is_not_guessed_at(pool: PgPool) {
    let world = at_once(pool).await;
    let ada = world.partner("ada").await;
    earn(&world, &ada, "c1", "100").await;
    let preview = review(&world, &[&ada]).await;
    // Posted at the instant of the review, or before it, and committed after.
    earn(&world, &ada, "c2", "50").await;
    let more = record_batch(&world.pool, &world.moment(), &world.owner(), &reviewed(&preview)).await;
    assert_eq!(
        conflict(more),
        "Ada: €20.00 was reviewed, now it is €30.00: what is due has changed since the review. Nothing was recorded: \
         review again."
    );
    let preview = review(&world, &[&ada]).await;
    world.tell_refund(&refund("r1", "c2-1", None)).await.expect("refund");
    let less = record_batch(&world.pool, &world.moment(), &world.owner(), &reviewed(&preview)).await;
    assert_eq!(
        conflict(less),
        "Ada: €30.00 was reviewed, now it is €20.00: what is due has changed since the review. Nothing was recorded: \
         review again."
    );
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_review_in_the_middle_of_a_release_is_recorded_as_it_was(pool: PgPool) {
    let mut world = World::new(pool).await;
    let now = || crate::Moment::now().at;
    world.at = now() - chrono::Duration::days(60);
    // One more than are released in one step.
    world.offer("Standard", &vec![percent("1"); 501]).await;
    let ada = world.partner("ada").await;
    earn(&world, &ada, "c1", "100").await;
    release_holds(&world.pool, &crate::Moment::now()).await.expect("released");
    world.at = world.get("select min(posted_at) from journals where program_id = $1 and kind = 'hold_end'").await;
    let preview = review(&world, &[&ada]).await;
    assert_eq!(preview.total.to_string(), "€500.00");
    world.at = now();
    let batch = record_batch(&world.pool, &world.moment(), &world.owner(), &reviewed(&preview)).await.expect("batch");
    assert_eq!(batch.batch.total.to_string(), "€500.00");
    assert_eq!(world.balances(&ada).await, "0 1");
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn pressed_twice_pays_once_and_says_what_the_first_did(pool: PgPool) {
    let world = at_once(pool).await;
    let ada = world.partner("ada").await;
    earn(&world, &ada, "c1", "100").await;
    let input = reviewed(&review(&world, &[&ada]).await);
    record_batch(&world.pool, &world.moment(), &world.owner(), &input).await.expect("batch");
    let again = record_batch(&world.pool, &world.moment(), &world.owner(), &input).await;
    assert_eq!(
        conflict(again),
        "Ada: €20.00 was reviewed, now it is €0.00: what is due has changed since the review (Batch-20261120 paid \
         €20.00, recorded by Olga). Nothing was recorded: review again."
    );
    assert_eq!(paid_out(&world).await, dec("20"));
    earn(&world, &ada, "c2", "100").await;
    let taken = BatchInput { code: "batch-20261120".into(), ..reviewed(&review(&world, &[&ada]).await) };
    let taken = record_batch(&world.pool, &world.moment(), &world.owner(), &taken).await;
    let Err(Error::Invalid(errors)) = taken else { panic!("taken: {taken:?}") };
    assert_eq!(errors[0].field, "code");
    assert_eq!(world.balances(&ada).await, "0 20");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn sixty_four_admins_at_once_pay_each_partner_once(pool: PgPool) {
    let world = at_once(pool).await;
    let mut partners = Vec::new();
    for code in ["ada", "ben", "cleo", "dora"] {
        let partner = world.partner(code).await;
        for n in 0..3 {
            earn(&world, &partner, &format!("{code}-{n}"), "100").await;
        }
        partners.push(partner);
    }
    let all: Vec<&Partner> = partners.iter().collect();
    let preview = review(&world, &all).await;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..64_usize {
        let mut input = reviewed(&preview);
        input.code = format!("Batch {n}");
        // Overlapping choices, in different orders.
        input.partners.rotate_left(n % 4);
        input.partners.truncate(1 + n % 3);
        let (pool, owner, moment) = (world.pool.clone(), world.owner(), world.moment());
        tasks.spawn(async move { record_batch(&pool, &moment, &owner, &input).await });
    }
    let mut paid: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for result in tasks.join_all().await {
        match result {
            Ok(batch) => {
                for payment in batch.payments {
                    paid.entry(payment.partner.code).or_default().push(payment.amount.to_string());
                }
            }
            Err(error) => assert!(error.to_string().contains(" paid €60.00"), "{error}"),
        }
    }
    for (code, amounts) in &paid {
        assert_eq!(amounts, &["€60.00"], "{code}");
    }
    assert_eq!(paid_out(&world).await, Decimal::from(60 * paid.len()));
    let entries: i64 = world.get("select count(*) from payment_items where program_id = $1").await;
    assert_eq!(entries, 3 * i64::try_from(paid.len()).expect("few"));
    let mails: i64 = sqlx::query_scalar(
        "select count(*) from graphile_worker._private_jobs where payload ->> 'mail' = 'payment_sent'",
    )
    .fetch_one(&world.pool)
    .await
    .expect("count");
    assert_eq!(mails, i64::try_from(paid.len()).expect("few"), "one mail for each payment that was recorded");
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn sales_go_on_while_their_partners_are_paid_and_bans_wait(pool: PgPool) {
    let world = at_once(pool).await;
    let (ada, ben) = (world.partner("ada").await, world.partner("ben").await);
    earn(&world, &ada, "c1", "100").await;
    earn(&world, &ben, "c2", "100").await;
    let input = reviewed(&review(&world, &[&ada, &ben]).await);
    // Holds the batch up after it has locked the partners.
    let mut held = world.pool.begin().await.expect("transaction");
    sqlx::query("select from commissions where program_id = $1 for no key update")
        .bind(world.program)
        .execute(&mut *held)
        .await
        .expect("locked");
    let (pool, owner, moment) = (world.pool.clone(), world.owner(), world.moment());
    let paying = tokio::spawn(async move { record_batch(&pool, &moment, &owner, &input).await });
    world.until_waiting(1).await;
    let sold = tokio::time::timeout(std::time::Duration::from_secs(10), world.sold("c1", "50"));
    assert_eq!(sold.await.expect("the sale does not wait").commissions[0].status, CommissionStatus::Due);
    let (pool, owner, moment) = (world.pool.clone(), world.owner(), world.moment());
    let banning = tokio::spawn(async move {
        let mut tx = pool.begin().await.expect("transaction");
        let banned = EnrollmentStatus::Banned;
        crate::partners::set_status(&mut tx, &moment, &owner, ada.id, banned, "fraud").await.expect("banned");
        tx.commit().await.expect("commit");
    });
    world.until_waiting(2).await;
    assert!(!paying.is_finished() && !banning.is_finished(), "the ban waits for the batch");
    held.rollback().await.expect("rollback");
    assert_eq!(paying.await.expect("task").expect("paid").batch.total.to_string(), "€40.00");
    banning.await.expect("banned");
    assert_eq!(world.balances(&ben).await, "0 0");
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_refund_racing_a_payment_loses_nothing(pool: PgPool) {
    let mut world = at_once(pool).await;
    let ada = world.partner("ada").await;
    let mut commissions = Vec::new();
    for round in 0..24 {
        world.at += chrono::Duration::minutes(1);
        let customer = format!("c{round}");
        world.signed_up(&customer, &ada).await;
        let sold = world.sold(&customer, "100").await;
        let commission = sold.commissions[0].id;
        let input = reviewed(&review(&world, &[&ada]).await);
        let amount = (round % 2 == 0).then_some("40");
        let back = refund(&format!("r{round}"), &sold.sale.event_id, amount);
        let (moment, owner) = (world.moment(), world.owner());
        let (paid, refunded) = tokio::join!(
            async {
                if round % 3 == 0 {
                    tokio::task::yield_now().await;
                }
                record_batch(&world.pool, &moment, &owner, &BatchInput { code: customer.clone(), ..input }).await
            },
            world.tell_refund(&back)
        );
        refunded.expect("refund");
        let status = world.status(commission).await;
        match (&paid, amount) {
            (_, None) => assert_eq!(status, CommissionStatus::Reversed),
            (Ok(_), Some(_)) => assert_eq!(status, CommissionStatus::Paid),
            (Err(_), Some(_)) => assert_eq!(status, CommissionStatus::Due),
        }
        if let Err(error) = paid {
            conflict::<()>(Err(error));
        }
        commissions.push(commission);
    }
    // Earned 24 × 20, taken back 12 × 8 and 12 × 20: what was paid and what is payable make up the rest.
    let payable = world.balance(&ada, LedgerAccount::Payable).await;
    assert_eq!(payable + paid_out(&world).await, dec("144"));
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_hold_that_ends_while_its_partner_is_paid_is_due_or_paid(pool: PgPool) {
    let mut world = World::new(pool).await;
    world.offer("Standard", &[percent("20")]).await;
    let ada = world.partner("ada").await;
    for round in 0..12 {
        let early = earn(&world, &ada, &format!("a{round}"), "100").await;
        world.pass(15);
        let late = earn(&world, &ada, &format!("b{round}"), "50").await;
        world.pass(15);
        release_holds(&world.pool, &world.moment()).await.expect("released");
        let input = reviewed(&review(&world, &[&ada]).await);
        world.pass(15);
        let (moment, release, owner) = (world.moment(), world.moment(), world.owner());
        let input = BatchInput { code: format!("{round}"), ..input };
        let (paid, released) =
            tokio::join!(record_batch(&world.pool, &moment, &owner, &input), release_holds(&world.pool, &release));
        assert_eq!(released.expect("released"), 1);
        assert_eq!(paid.expect("paid").batch.total.to_string(), if round == 0 { "€20.00" } else { "€30.00" });
        assert_eq!(world.status(early).await, CommissionStatus::Paid);
        assert_eq!(world.status(late).await, CommissionStatus::Due);
    }
    assert_eq!(world.balances(&ada).await, "0 10");
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_payment_that_fails_again_and_again_is_due_again_each_time(pool: PgPool) {
    let mut world = at_once(pool).await;
    let ada = world.partner("ada").await;
    let commission = earn(&world, &ada, "c1", "100").await;
    let reversed = earn(&world, &ada, "c2", "50").await;
    for round in 0..3 {
        world.pass(1);
        let paid = pay(&world, &[&ada]).await.expect("paid").payments.remove(0);
        assert_eq!(world.status(commission).await, CommissionStatus::Paid);
        let conn = &mut *world.pool.acquire().await.expect("connection");
        let filter = domain::reports::CommissionFilter::default();
        let rows = reports::commissions_page(conn, &world.owner(), &filter, &Paging::default()).await.expect("rows");
        let row = rows.data.iter().find(|row| row.id == commission).expect("row");
        assert_eq!(row.batch.as_ref().map(|(_, code)| code), Some(&paid.batch_code), "round {round}");
        assert_eq!(row.paid_day, Some(paid.payment_date));
        if round == 1 {
            // Refunded after it was paid: the partner owes it, whether the payment stands or not.
            world.tell_refund(&refund("r1", "c2-1", None)).await.expect("refund");
        }
        fail(&world, paid.id).await.expect("failed");
        assert_eq!(world.status(commission).await, CommissionStatus::Due);
        let words = conflict(fail(&world, paid.id).await);
        assert_eq!(words, "The payment has failed or been cancelled already.");
        let expected = if round == 0 { CommissionStatus::Due } else { CommissionStatus::Reversed };
        assert_eq!(world.status(reversed).await, expected);
        assert_eq!(paid_out(&world).await, Decimal::ZERO);
        world.prove().await;
    }
    world.pass(1);
    let last = pay(&world, &[&ada]).await.expect("paid").payments.remove(0);
    assert_eq!(last.amount.to_string(), "€20.00");
    assert_eq!(crate::fixtures::checks(&last.why), "+payment_failed +amount -payout_method");
    assert_eq!(world.status(commission).await, CommissionStatus::Paid);
    assert_eq!(world.balances(&ada).await, "0 0");
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn sixty_four_who_take_a_payment_back_do_it_once(pool: PgPool) {
    let world = at_once(pool).await;
    let ada = world.partner("ada").await;
    earn(&world, &ada, "c1", "100").await;
    let paid = pay(&world, &[&ada]).await.expect("paid").payments.remove(0).id;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let (pool, owner, moment) = (world.pool.clone(), world.owner(), world.moment());
        tasks.spawn(
            async move { take_back(&pool, &moment, &owner, paid, PaymentStatus::Cancelled, "Twice").await.is_ok() },
        );
    }
    assert_eq!(tasks.join_all().await.into_iter().filter(|done| *done).count(), 1);
    assert_eq!(world.balances(&ada).await, "0 20");
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn who_is_banned_or_owes_is_left_out(pool: PgPool) {
    let world = at_once(pool).await;
    let (ada, ben) = (world.partner("ada").await, world.partner("ben").await);
    earn(&world, &ada, "c1", "100").await;
    earn(&world, &ben, "c2", "100").await;
    pay(&world, &[&ben]).await.expect("paid");
    world.tell_refund(&refund("r1", "c2-1", None)).await.expect("refund");
    world.standing(&ada, EnrollmentStatus::Banned).await;
    let preview = review(&world, &[&ada, &ben]).await;
    let lines: Vec<_> = preview.lines.iter().map(|line| (line.amount.to_string(), line.left_out)).collect();
    assert_eq!(lines, [("€20.00".into(), Some(LeftOut::Frozen)), ("\u{2212}€20.00".into(), Some(LeftOut::NothingDue))]);
    assert!(preview.total.amount.is_zero());
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let due = due_partners(conn, &world.owner(), None).await.expect("due");
    assert_eq!(due.iter().map(|row| row.left_out).collect::<Vec<_>>(), [Some(LeftOut::Frozen)]);
    for (line, words) in preview.lines.iter().zip(["the balance is frozen", "nothing is due"]) {
        let partners = vec![Reviewed { enrollment: line.partner.id, amount: line.amount }];
        let input = BatchInput { partners, ..reviewed(&preview) };
        let refused = conflict(record_batch(&world.pool, &world.moment(), &world.owner(), &input).await);
        assert!(refused.contains(words), "{refused}");
    }
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn bad_input_is_named_by_field(pool: PgPool) {
    let world = at_once(pool).await;
    let ada = world.partner("ada").await;
    earn(&world, &ada, "c1", "100").await;
    let good = reviewed(&review(&world, &[&ada]).await);
    let dollars = Money::new(dec("20"), "USD".parse().expect("currency"));
    let bad = [
        ("partners", BatchInput { partners: vec![], ..good.clone() }),
        ("partners", BatchInput { partners: [good.partners.clone(), good.partners.clone()].concat(), ..good.clone() }),
        ("partners", BatchInput { partners: vec![Reviewed { enrollment: ada.id, amount: dollars }], ..good.clone() }),
        ("code", BatchInput { code: " ".into(), ..good.clone() }),
        ("code", BatchInput { code: "x".repeat(61), ..good.clone() }),
        ("note", BatchInput { note: "x".repeat(2_001), ..good.clone() }),
        ("payment_date", BatchInput { payment_date: "2036-01-01".parse().expect("day"), ..good.clone() }),
        ("reviewed_at", BatchInput { reviewed_at: world.at + chrono::Duration::days(1), ..good.clone() }),
        ("reviewed_at", BatchInput { reviewed_at: chrono::DateTime::<chrono::Utc>::MIN_UTC, ..good.clone() }),
    ];
    for (field, input) in bad {
        match record_batch(&world.pool, &world.moment(), &world.owner(), &input).await {
            Err(Error::Invalid(errors)) => assert_eq!(errors[0].field, field),
            other => panic!("{field}: {other:?}"),
        }
    }
    let html = BatchInput { code: "<script>'; drop table payments;--".into(), note: "<b>".into(), ..good };
    let batch = record_batch(&world.pool, &world.moment(), &world.owner(), &html).await.expect("a code like others");
    assert_eq!(batch.batch.code, html.code);
    let payment = batch.payments[0].id;
    for (becomes, reason) in [(PaymentStatus::Recorded, "x"), (PaymentStatus::Failed, " ")] {
        let result = take_back(&world.pool, &world.moment(), &world.owner(), payment, becomes, reason).await;
        assert!(matches!(result, Err(Error::Invalid(_))));
    }
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn only_those_with_the_power_pay_and_only_in_their_program(pool: PgPool) {
    let world = at_once(pool).await;
    let (ada, ben) = (world.partner("ada").await, world.partner("ben").await);
    earn(&world, &ada, "c1", "100").await;
    earn(&world, &ben, "c2", "100").await;
    let batch = pay(&world, &[&ada, &ben]).await.expect("paid");
    let (paid, input) = (batch.payments[0].id, reviewed(&review(&world, &[&ada]).await));
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let partner =
        |partner: &Partner| Actor::Partner { account: world.owner, program: world.program, enrollment: partner.id };
    let key = Actor::Key { key: world.moment().id(), program: world.program };
    for actor in [world.admin(Role::Manager), world.admin(Role::Viewer), partner(&ada), key.clone()] {
        assert!(matches!(due_partners(conn, &actor, None).await, Err(Error::Forbidden)));
        assert!(matches!(preview(conn, &world.moment(), &actor, &[ada.id]).await, Err(Error::Forbidden)));
        let recorded = record_batch(&world.pool, &world.moment(), &actor, &input).await;
        assert!(matches!(recorded, Err(Error::Forbidden)));
        let taken = take_back(&world.pool, &world.moment(), &actor, paid, PaymentStatus::Failed, "x").await;
        assert!(matches!(taken, Err(Error::Forbidden)));
    }
    assert!(matches!(batches(conn, &partner(&ada), &Paging::default()).await, Err(Error::Forbidden)));
    let all = PaymentFilter::default();
    let count = |listed: domain::reports::Listed<_, domain::payments::PaymentTotals>| {
        let _: &Vec<domain::payments::PaymentRow> = &listed.page.data;
        (listed.page.data.len(), listed.totals.count, listed.totals.paid.to_string())
    };
    let mine = payments(conn, &partner(&ada), &all, &Paging::default()).await.expect("own");
    assert_eq!(count(mine), (1, 1, "€20.00".into()));
    let other = PaymentFilter { partner_code: Some("ben".into()), ..all.clone() };
    assert_eq!(count(payments(conn, &partner(&ada), &other, &Paging::default()).await.expect("none")).0, 0);
    assert_eq!(count(payments(conn, &key, &other, &Paging::default()).await.expect("ben's")).0, 1);
    let page = super::payments_page(conn, &partner(&ada), &all, &Paging::default()).await.expect("own");
    assert_eq!(page.data.len(), 1);
    let one = Paging { limit: Some(1), cursor: None };
    let first = payments(conn, &world.owner(), &all, &one).await.expect("first");
    let rest = Paging { limit: Some(1), cursor: first.page.next_cursor.clone() };
    let second = payments(conn, &world.owner(), &all, &rest).await.expect("second");
    assert_ne!(first.page.data[0].id, second.page.data[0].id);
    assert_eq!(second.page.next_cursor, None);

    let strange = world.another("globex").await;
    assert!(matches!(super::batch(conn, &strange.owner(), batch.batch.id).await, Err(Error::NotFound(_))));
    assert!(matches!(preview(conn, &moment(world.at), &strange.owner(), &[ada.id]).await, Err(Error::NotFound(_))));
    let recorded = record_batch(&world.pool, &world.moment(), &strange.owner(), &input).await;
    assert!(matches!(recorded, Err(Error::NotFound(_))));
    assert!(matches!(fail(&strange, paid).await, Err(Error::NotFound(_))));
    assert!(batches(conn, &strange.owner(), &Paging::default()).await.expect("none").data.is_empty());
    assert_eq!(batches(conn, &world.owner(), &Paging::default()).await.expect("one").data.len(), 1);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_method_s_own_minimum_counts_before_the_program_s(pool: PgPool) {
    use domain::payments::{PayoutKind, PayoutMethod};
    let world = at_once(pool).await;
    let (ada, ben) = (world.partner("ada").await, world.partner("ben").await);
    earn(&world, &ada, "nora", "100").await;
    earn(&world, &ben, "jo", "100").await;
    sqlx::query("update programs set minimum_payment = 10").execute(&world.pool).await.expect("minimum");
    sqlx::query("update enrollments set payout_method = case code when 'ada' then 'cheque' else 'paypal' end")
        .execute(&world.pool)
        .await
        .expect("methods");
    let cheque = |minimum: Option<&str>, countries: &[&str]| PayoutMethod {
        kind: PayoutKind::Cheque,
        offered: true,
        countries: countries.iter().map(ToString::to_string).collect(),
        minimum: minimum.map(dec),
    };
    let set = async |actor: &Actor, method: PayoutMethod| {
        let mut conn = world.pool.acquire().await.expect("connection");
        methods::set(&mut conn, &world.moment(), actor, &[method]).await
    };
    set(&world.owner(), cheque(Some("50"), &["US"])).await.expect("set");
    let mut conn = world.pool.acquire().await.expect("connection");
    let listed = methods::list(&mut conn, world.program).await.expect("methods");
    assert_eq!(listed.len(), PayoutKind::ALL.len());
    assert!(listed.contains(&cheque(Some("50"), &["US"])));
    drop(conn);
    let lines = review(&world, &[&ada, &ben]).await.lines;
    let below = |line: &domain::payments::PreviewLine| line.flags.contains(&Flag::BelowMinimum);
    assert!(below(&lines[0]) && !below(&lines[1]), "{lines:?}");
    assert!(
        matches!(set(&world.owner(), cheque(Some("-1"), &["USA"])).await, Err(Error::Invalid(errors)) if errors.len() == 2)
    );
    world.set("update payout_methods set offered = kind = 'cheque' where program_id = $1").await;
    let last = PayoutMethod { offered: false, ..cheque(None, &[]) };
    let none = refused(set(&world.owner(), last).await);
    assert!(none.starts_with("methods: Keep at least one"), "{none}");
    let unknown = refused(set(&world.owner(), cheque(None, &["US", "XX"])).await);
    assert_eq!(unknown, "cheque_countries: XX is no country's code.");
    assert!(matches!(set(&world.admin(Role::Finance), cheque(None, &[])).await, Err(Error::Forbidden)));
}
