//! Payments on a real Postgres: what a batch pays, what stops it, and who can't pay twice.

use super::drafts::{change, decide, detail, make};
use super::process::process_at_once;
use super::*;
use crate::Error;
use crate::commissions::release_holds;
use crate::fixtures::{Partner, World, dec, moment, percent, refund, refused};
use crate::reports;
use domain::accounts::{Actor, Role};
use domain::commissions::CommissionStatus;
use domain::ids::{CommissionId, DraftId};
use domain::ledger::LedgerAccount;
use domain::offers::Reward;
use domain::page::Paging;
use domain::partners::EnrollmentStatus;
use domain::payments::{
    BatchFilter, BatchRow, DraftDetail, DraftInput, LeftOut, LineInput, NewDraft, PaymentBasis, PaymentFilter,
    PaymentRow, PaymentStatus,
};
use domain::reports::{LedgersFilter, LedgersPeriod};
use domain::time::DayRange;
use rust_decimal::Decimal;
use sqlx::PgPool;
use std::collections::BTreeMap;

/// A program that pays 20 % of every sale at once.
pub(crate) async fn at_once(pool: PgPool) -> World {
    let world = World::new(pool).await;
    world.offer("Standard", &[Reward { hold_days: 0, ..percent("20") }]).await;
    world
}

/// A batch on a basis for these partners, as it is prepared.
pub(crate) fn wanted(partners: &[&Partner], basis: PaymentBasis, range: DayRange) -> NewDraft {
    let codes = partners.iter().map(|partner| partner.code.clone()).collect();
    NewDraft { filter: LedgersFilter { codes, ..LedgersFilter::default() }, range, basis }
}

/// This month's days.
pub(crate) fn this_month(world: &World) -> DayRange {
    LedgersPeriod::ThisMonth.range(world.at.date_naive())
}

/// Prepares a batch of all that is due to these partners. Those without a payout method or its details, or with less than the
/// smallest payment, are paid all the same.
pub(crate) async fn prepared(world: &World, partners: &[&Partner]) -> DraftId {
    let wanted = wanted(partners, PaymentBasis::Ending, this_month(world));
    let mut conn = world.pool.acquire().await.expect("connection");
    let draft = make(&mut conn, &world.moment(), &world.owner(), &wanted).await.expect("draft");
    let all_the_same = "update payment_draft_lines set left_out = null, overridden = left_out
                        where program_id = $1 and left_out in ('below_minimum', 'no_payout_details', 'no_payout_method')";
    sqlx::query(all_the_same).bind(world.program).execute(&mut *conn).await.expect("paid all the same");
    drafts::sum_up(&mut conn, world.program, draft).await.expect("summed up");
    draft
}

/// What a draft shall say, each partner paid in its own way today.
pub(crate) fn input_of(world: &World, basis: PaymentBasis, code: &str) -> DraftInput {
    let payment_date = world.at.date_naive();
    DraftInput { basis, code: code.into(), payment_date, method: String::new(), note: String::new() }
}

/// A batch with its payments, by their partners' names.
#[derive(Debug)]
pub(crate) struct Batch {
    pub batch: BatchRow,
    pub payments: Vec<PaymentRow>,
}

/// Processes a draft.
pub(crate) async fn processed(world: &World, draft: DraftId) -> crate::Result<Batch> {
    let id = process_at_once(&world.pool, &world.moment(), &world.owner(), draft).await?;
    let conn = &mut *world.pool.acquire().await?;
    let batch = batch(conn, &world.owner(), id).await?.batch;
    let (all, most) = (BatchFilter::default(), Paging { cursor: None, limit: Some(Paging::MOST) });
    let mut payments = batch_payments(conn, &world.owner(), id, &all, &most).await?.data;
    payments.sort_by(|one, other| one.partner.name.cmp(&other.partner.name));
    Ok(Batch { batch, payments })
}

/// Pays all that is due to these partners.
pub(crate) async fn pay(world: &World, partners: &[&Partner]) -> crate::Result<Batch> {
    processed(world, prepared(world, partners).await).await
}

/// The same under a batch ID.
pub(crate) async fn pay_as(world: &World, partners: &[&Partner], code: &str) -> crate::Result<Batch> {
    let draft = prepared(world, partners).await;
    rename(world, draft, code).await;
    processed(world, draft).await
}

/// Gives a draft a batch ID, without a look at whether it is free.
pub(crate) async fn rename(world: &World, draft: DraftId, code: &str) {
    sqlx::query("update payment_drafts set code = $3 where program_id = $1 and id = $2")
        .bind(world.program)
        .bind(draft)
        .bind(code)
        .execute(&world.pool)
        .await
        .expect("renamed");
}

/// A draft as its page shows it, with those whom it pays, or leaves out for a reason.
pub(crate) async fn shown(world: &World, draft: DraftId, left_out: Option<LeftOut>) -> DraftDetail {
    let mut conn = world.pool.acquire().await.expect("connection");
    detail(&mut conn, &world.owner(), draft, left_out, &Paging::default()).await.expect("draft")
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
    let (moment, owner) = (world.moment(), world.owner());
    let due = due_partners(conn, &moment, &owner, None, &Paging::default()).await.expect("due").data;
    let due: Vec<_> = due.iter().map(|row| (row.partner.code.as_str(), row.due.to_string(), row.left_out)).collect();
    assert_eq!(due, [("ada", "€25.00".into(), None), ("ben", "€12.00".into(), Some(LeftOut::NoPayoutMethod))]);
    let found = due_partners(conn, &moment, &owner, Some("BE"), &Paging::default()).await.expect("found");
    assert_eq!(found.data.len(), 1);

    let input = wanted(&[&ben, &ada], PaymentBasis::Ending, this_month(&world));
    let draft = make(conn, &moment, &owner, &input).await.expect("draft");
    let seen = shown(&world, draft, None).await;
    assert_eq!((seen.draft.code.as_str(), seen.draft.total.to_string()), ("Batch-20261120", "€25.00".into()));
    assert_eq!((seen.page.data[0].entries, seen.page.data[0].method.as_str()), (3, "Bank transfer"));
    let left_out = shown(&world, draft, Some(LeftOut::NoPayoutMethod)).await.page.data;
    assert_eq!((left_out[0].partner.code.as_str(), left_out[0].amount.to_string()), ("ben", "€12.00".into()));
    let line = LineInput { partner: ben.id, pay: true, reason: String::new() };
    let refusal = refused(decide(conn, &moment, &owner, draft, &line).await);
    assert_eq!(refusal, "reason: Say why, in at most 500 characters.");
    let line = LineInput { reason: "By hand, as agreed".into(), ..line };
    decide(conn, &moment, &owner, draft, &line).await.expect("paid all the same");
    let batch = processed(&world, draft).await.expect("batch");
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
            (true, "Together €25.00: all that was due."),
            (true, "At least the smallest payment of €15.00."),
            (true, "By Bank transfer."),
        ]
    );
    assert_eq!(
        crate::fixtures::checks(&batch.payments[1].why),
        "+commission +amount -minimum -payout_method +override"
    );
    for commission in [first, second, third] {
        assert_eq!(world.status(commission).await, CommissionStatus::Paid);
    }
    assert_eq!((world.balances(&ada).await, world.balances(&ben).await), ("0 0".into(), "0 0".into()));
    assert_eq!(paid_out(&world).await, dec("37"));
    let audited: String = world
        .get("select string_agg(action || ' ' || subject, ', ' order by at, action) from audit_log where program_id = $1")
        .await;
    assert_eq!(
        audited,
        "payment_batch.record Batch-20261120, payment_draft.create Batch-20261120, payment_draft.edit Batch-20261120, payment_draft.process Batch-20261120"
    );
    let due = due_partners(conn, &moment, &owner, None, &Paging::default()).await.expect("due");
    assert!(due.data.is_empty());
    let next = prepared(&world, &[&ada]).await;
    assert_eq!(shown(&world, next, None).await.draft.code, "Batch-20261120-2", "the day's first code is taken");
}

/// Six partners to whom something is due; five of them are left out, each for another reason.
#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn who_is_due_is_listed_page_by_page_with_the_reasons_of_a_batch(pool: PgPool) {
    let world = at_once(pool).await;
    world.set("update programs set minimum_payment = 15 where id = $1").await;
    let mut partners = Vec::new();
    for (code, sold) in
        [("ada", "500"), ("ben", "400"), ("cleo", "300"), ("dora", "200"), ("emil", "50"), ("fay", "150")]
    {
        let partner = world.partner(code).await;
        earn(&world, &partner, code, sold).await;
        partners.push(partner);
    }
    for statement in [
        "update enrollments set payout_method = 'Bank transfer' where program_id = $1 and code <> 'dora'",
        "update enrollments set payout_method = 'PayPal' where program_id = $1 and code = 'fay'",
        "insert into payout_changes (program_id, enrollment_id, id, kind, details, masked, account_id, created_at, expires_at)
         select program_id, e.id, e.id, 'cheque', '', '', a.id, e.created_at, '2099-01-01'
         from enrollments e, (select id from accounts limit 1) a where program_id = $1 and code = 'cleo'",
    ] {
        world.set(statement).await;
    }
    world.standing(&partners[1], EnrollmentStatus::Banned).await;
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let (moment, owner) = (world.moment(), world.owner());
    let mut paging = Paging { cursor: None, limit: Some(2) };
    let mut listed = Vec::new();
    loop {
        let page = due_partners(conn, &moment, &owner, None, &paging).await.expect("page");
        assert!(page.data.len() <= 2);
        listed.extend(page.data);
        paging.cursor = page.next_cursor;
        if paging.cursor.is_none() {
            break;
        }
    }
    let told: Vec<_> =
        listed.iter().map(|row| (row.partner.code.as_str(), row.due.to_string(), row.left_out)).collect();
    assert_eq!(
        told,
        [
            ("ada", "€100.00".to_owned(), None),
            ("ben", "€80.00".into(), Some(LeftOut::Frozen)),
            ("cleo", "€60.00".into(), Some(LeftOut::UnconfirmedMethod)),
            ("dora", "€40.00".into(), Some(LeftOut::NoPayoutMethod)),
            ("fay", "€30.00".into(), Some(LeftOut::NoPayoutDetails)),
            ("emil", "€10.00".into(), Some(LeftOut::BelowMinimum)),
        ]
    );
    let all = partners.iter().collect::<Vec<_>>();
    let draft =
        make(conn, &moment, &owner, &wanted(&all, PaymentBasis::Ending, this_month(&world))).await.expect("draft");
    for row in &listed {
        let lines = shown(&world, draft, row.left_out).await.page.data;
        assert_eq!(
            lines.iter().map(|line| line.partner.id).collect::<Vec<_>>(),
            [row.partner.id],
            "{:?}",
            row.left_out
        );
    }
    let paging = Paging { cursor: Some("x".into()), limit: None };
    assert!(refused(due_partners(conn, &moment, &owner, None, &paging).await).starts_with("cursor: "));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn whose_method_needs_details_is_left_out_until_they_are_known(pool: PgPool) {
    let world = at_once(pool).await;
    let mut partners = Vec::new();
    for (code, method) in
        [("ada", "paypal"), ("ben", "IBAN"), ("cleo", "us_bank"), ("dora", "cheque"), ("emil", "other")]
    {
        let partner = world.partner(code).await;
        earn(&world, &partner, code, "100").await;
        sqlx::query("update enrollments set payout_method = $2 where id = $1")
            .bind(partner.id)
            .bind(method)
            .execute(&world.pool)
            .await
            .expect("method");
        partners.push(partner);
    }
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let (moment, owner) = (world.moment(), world.owner());
    let due = due_partners(conn, &moment, &owner, None, &Paging::default()).await.expect("due").data;
    let out = due.iter().filter(|row| row.left_out == Some(LeftOut::NoPayoutDetails));
    assert_eq!((out.count(), due.len()), (3, 5));
    let all = partners.iter().collect::<Vec<_>>();
    let draft =
        make(conn, &moment, &owner, &wanted(&all, PaymentBasis::Ending, this_month(&world))).await.expect("draft");
    let who = async |left_out| {
        let lines = shown(&world, draft, left_out).await.page.data;
        lines.into_iter().map(|line| line.partner.code).collect::<Vec<_>>()
    };
    assert_eq!(who(None).await, ["dora", "emil"]);
    assert_eq!(who(Some(LeftOut::NoPayoutDetails)).await, ["ada", "ben", "cleo"]);
    // One may pay by hand, and says so.
    let by_hand = LineInput { partner: partners[0].id, pay: true, reason: String::new() };
    assert!(refused(decide(conn, &moment, &owner, draft, &by_hand).await).starts_with("reason: "));
    let by_hand = LineInput { reason: "By hand".into(), ..by_hand };
    decide(conn, &moment, &owner, draft, &by_hand).await.expect("paid all the same");
    assert_eq!(who(None).await, ["ada", "dora", "emil"]);
    // Once they are known, and where all are paid in one other way, nothing is missing.
    world.set("update enrollments set payout_details = '\\x07' where program_id = $1 and code = 'ben'").await;
    let mut input = input_of(&world, PaymentBasis::Ending, "November");
    change(conn, &moment, &owner, draft, &input).await.expect("changed");
    assert_eq!(who(None).await, ["ada", "ben", "dora", "emil"]);
    input.method = "other".into();
    change(conn, &moment, &owner, draft, &input).await.expect("changed");
    assert_eq!(who(None).await, ["ada", "ben", "cleo", "dora", "emil"]);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn what_becomes_due_after_the_review_is_added_where_the_balance_is_paid(pool: PgPool) {
    let mut world = at_once(pool).await;
    let (ada, ben) = (world.partner("ada").await, world.partner("ben").await);
    earn(&world, &ada, "c1", "100").await;
    let draft = prepared(&world, &[&ada, &ben]).await;
    world.at += chrono::Duration::seconds(1);
    let later = earn(&world, &ada, "c2", "50").await;
    let not_reviewed = earn(&world, &ben, "c3", "50").await;
    let batch = processed(&world, draft).await.expect("batch");
    assert_eq!(batch.batch.total.to_string(), "€30.00");
    assert_eq!(world.status(later).await, CommissionStatus::Paid);
    assert_eq!(world.status(not_reviewed).await, CommissionStatus::Due, "nothing was due to ben at the review");
    assert_eq!(crate::fixtures::checks(&batch.payments[0].why), "+commission +amount +added -payout_method");
    let seen = shown(&world, draft, None).await;
    assert_eq!(
        (seen.groups[0].added.to_string(), seen.groups[0].amount.to_string()),
        ("€10.00".into(), "€30.00".into())
    );
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn partners_whose_amount_fell_stop_the_batch_by_name(pool: PgPool) {
    let mut world = at_once(pool).await;
    let (ada, ben) = (world.partner("ada").await, world.partner("ben").await);
    earn(&world, &ada, "c1", "100").await;
    earn(&world, &ben, "c2", "100").await;
    let range = this_month(&world);
    for basis in [PaymentBasis::Earned, PaymentBasis::Ending] {
        let conn = &mut *world.pool.acquire().await.expect("connection");
        let draft =
            make(conn, &world.moment(), &world.owner(), &wanted(&[&ada, &ben], basis, range)).await.expect("draft");
        world.set("update payment_draft_lines set left_out = null where program_id = $1").await;
        world.at += chrono::Duration::seconds(1);
        let event = format!("r-{basis}");
        world.tell_refund(&refund(&event, "c2-1", Some("10"))).await.expect("refund");
        let (was, is) = if basis == PaymentBasis::Earned { ("20", "18") } else { ("18", "16") };
        assert_eq!(
            conflict(processed(&world, draft).await),
            format!(
                "Ben: €{was}.00 was reviewed, now it is €{is}.00 (€2.00 was taken back). Nothing was recorded: review again."
            )
        );
        assert_eq!(shown(&world, draft, None).await.draft.problem.split(':').next(), Some("Ben"));
        assert_eq!(world.balances(&ada).await, "0 20", "all payments or none");
        super::drafts::give_up(conn, &world.moment(), &world.owner(), draft).await.expect("given up");
    }
    assert_eq!(world.get::<i64>("select count(*) from payment_batches where program_id = $1").await, 0);
    // On the basis ending more than that came in: the amount has not fallen.
    let draft = prepared(&world, &[&ada, &ben]).await;
    world.at += chrono::Duration::seconds(1);
    earn(&world, &ben, "c3", "500").await;
    world.tell_refund(&refund("r3", "c2-1", Some("10"))).await.expect("refund");
    assert_eq!(processed(&world, draft).await.expect("paid").batch.total.to_string(), "€134.00");
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn who_was_banned_or_moved_its_account_since_the_review_stops_the_batch(pool: PgPool) {
    let world = at_once(pool).await;
    let (ada, ben) = (world.partner("ada").await, world.partner("ben").await);
    earn(&world, &ada, "c1", "100").await;
    earn(&world, &ben, "c2", "100").await;
    world.set("update enrollments set payout_method = 'cheque' where program_id = $1").await;
    let draft = prepared(&world, &[&ada, &ben]).await;
    world.standing(&ada, EnrollmentStatus::Banned).await;
    world.set("update enrollments set payout_details = '\\x07' where program_id = $1 and code = 'ben'").await;
    assert_eq!(
        conflict(processed(&world, draft).await),
        "Ada: The partner is banned: the balance is frozen. Ben: the payout details have changed since the review. \
         Nothing was recorded: review again."
    );
    let conn = &mut *world.pool.acquire().await.expect("connection");
    super::drafts::review_again(conn, &world.moment(), &world.owner(), draft).await.expect("reviewed");
    let seen = shown(&world, draft, Some(LeftOut::Frozen)).await;
    assert_eq!(seen.page.data[0].partner.code, "ada");
    assert_eq!((seen.draft.problem.as_str(), seen.draft.partners), ("", 1), "ben is paid to the new account");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn pressed_twice_pays_once_and_says_what_the_first_did(pool: PgPool) {
    let world = at_once(pool).await;
    let ada = world.partner("ada").await;
    earn(&world, &ada, "c1", "100").await;
    let (draft, other) = (prepared(&world, &[&ada]).await, prepared(&world, &[&ada]).await);
    let first = processed(&world, draft).await.expect("batch");
    let again = processed(&world, draft).await.expect("the same");
    assert_eq!(again.batch.id, first.batch.id);
    assert_eq!(
        conflict(processed(&world, other).await),
        "Ada: €20.00 was reviewed, now it is €0.00 (Batch-20261120 paid €20.00, recorded by Olga). Nothing was \
         recorded: review again."
    );
    assert_eq!(paid_out(&world).await, dec("20"));
    earn(&world, &ada, "c2", "100").await;
    let taken = refused(pay_as(&world, &[&ada], "batch-20261120").await);
    assert_eq!(taken, "code: There is a batch batch-20261120 already. Choose another ID.");
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
    let mut drafts = Vec::new();
    for n in 0..64_usize {
        // Overlapping choices.
        let mut some: Vec<&Partner> = partners.iter().collect();
        some.rotate_left(n % 4);
        some.truncate(1 + n % 3);
        let draft = prepared(&world, &some).await;
        rename(&world, draft, &format!("Batch {n}")).await;
        drafts.push(draft);
    }
    let mut tasks = tokio::task::JoinSet::new();
    for draft in drafts {
        let (pool, owner, moment) = (world.pool.clone(), world.owner(), world.moment());
        tasks.spawn(async move { process_at_once(&pool, &moment, &owner, draft).await });
    }
    for result in tasks.join_all().await {
        if let Err(error) = result {
            assert!(error.to_string().contains(" paid €60.00"), "{error}");
        }
    }
    let paid: Vec<(String, Decimal)> = sqlx::query_as(
        "select e.code, sum(p.amount) from payments p join enrollments e on e.program_id = p.program_id and e.id = p.enrollment_id
         where p.program_id = $1 group by e.code",
    )
    .bind(world.program)
    .fetch_all(&world.pool)
    .await
    .expect("payments");
    let paid: BTreeMap<String, String> =
        paid.into_iter().map(|(code, sum)| (code, sum.normalize().to_string())).collect();
    for (code, sum) in &paid {
        assert_eq!(sum, "60", "{code}");
    }
    assert_eq!(paid_out(&world).await, Decimal::from(60 * paid.len()));
    let entries: i64 = world.get("select count(*) from payment_items where program_id = $1").await;
    assert_eq!(entries, 3 * i64::try_from(paid.len()).expect("few"));
    // One job for each batch writes to all whom it paid, and to each once.
    let batches: Vec<domain::ids::BatchId> = sqlx::query_scalar("select id from payment_batches where program_id = $1")
        .bind(world.program)
        .fetch_all(&world.pool)
        .await
        .expect("batches");
    for batch in batches.iter().chain(&batches) {
        let job = TellPaid { program: world.program, batch: *batch };
        job.make(&world.pool).await.expect("mails");
    }
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
    let draft = prepared(&world, &[&ada, &ben]).await;
    // Holds the batch up after it has locked the partners.
    let mut held = world.pool.begin().await.expect("transaction");
    sqlx::query("select from commissions where program_id = $1 for no key update")
        .bind(world.program)
        .execute(&mut *held)
        .await
        .expect("locked");
    let (pool, owner, moment) = (world.pool.clone(), world.owner(), world.moment());
    let paying = tokio::spawn(async move { process_at_once(&pool, &moment, &owner, draft).await });
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
    paying.await.expect("task").expect("paid");
    assert_eq!(paid_out(&world).await, dec("40"));
    banning.await.expect("banned");
    assert_eq!(world.balances(&ben).await, "0 0");
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_refund_racing_a_payment_loses_nothing(pool: PgPool) {
    let mut world = at_once(pool).await;
    let ada = world.partner("ada").await;
    for round in 0..24 {
        world.at += chrono::Duration::minutes(1);
        let customer = format!("c{round}");
        world.signed_up(&customer, &ada).await;
        let sold = world.sold(&customer, "100").await;
        let commission = sold.commissions[0].id;
        let draft = prepared(&world, &[&ada]).await;
        rename(&world, draft, &customer).await;
        let amount = (round % 2 == 0).then_some("40");
        let back = refund(&format!("r{round}"), &sold.sale.event_id, amount);
        let (moment, owner) = (world.moment(), world.owner());
        let (paid, refunded) = tokio::join!(
            async {
                if round % 3 == 0 {
                    tokio::task::yield_now().await;
                }
                process_at_once(&world.pool, &moment, &owner, draft).await
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
        let draft = prepared(&world, &[&ada]).await;
        world.pass(15);
        let (moment, release, owner) = (world.moment(), world.moment(), world.owner());
        rename(&world, draft, &format!("Batch {round}")).await;
        let (paid, released) =
            tokio::join!(process_at_once(&world.pool, &moment, &owner, draft), release_holds(&world.pool, &release));
        assert_eq!(released.expect("released"), 1);
        paid.expect("paid");
        assert_eq!(world.status(early).await, CommissionStatus::Paid);
        // It came before the batch, and is added; or after it, and waits for the next.
        let status = world.status(late).await;
        let due = world.balance(&ada, LedgerAccount::Payable).await;
        let expected = if due.is_zero() { CommissionStatus::Paid } else { CommissionStatus::Due };
        assert_eq!(status, expected, "{due}");
        assert!(due.is_zero() || due == dec("10"), "{due}");
    }
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
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let due = due_partners(conn, &world.moment(), &world.owner(), None, &Paging::default()).await.expect("due").data;
    assert_eq!(due.iter().map(|row| row.left_out).collect::<Vec<_>>(), [Some(LeftOut::Frozen)]);
    assert_eq!(below_zero(conn, &world.owner()).await.expect("one"), 1);
    assert!(matches!(below_zero(conn, &world.admin(Role::Viewer)).await, Err(Error::Forbidden)));
    let draft = prepared(&world, &[&ada, &ben]).await;
    let seen = shown(&world, draft, None).await;
    assert!(seen.draft.total.amount.is_zero() && seen.page.data.is_empty());
    let groups: Vec<_> = seen.groups.iter().map(|group| (group.left_out, group.amount.to_string())).collect();
    assert_eq!(
        groups,
        [(Some(LeftOut::Negative), "\u{2212}€20.00".to_owned()), (Some(LeftOut::Frozen), "€20.00".to_owned())]
    );
    // Neither is paid whatever the reason.
    for (partner, words) in [(&ada, "the balance is frozen"), (&ben, "carried forward")] {
        let line = LineInput { partner: partner.id, pay: true, reason: "A friend".into() };
        // A connection of its own lets go of the draft as it goes back.
        let conn = &mut *world.pool.acquire().await.expect("connection");
        let refused = conflict(decide(conn, &world.moment(), &world.owner(), draft, &line).await);
        assert!(refused.contains(words), "{refused}");
    }
    assert_eq!(conflict(processed(&world, draft).await), "Nobody is paid by this batch.");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn bad_input_is_named_by_field(pool: PgPool) {
    let world = at_once(pool).await;
    let ada = world.partner("ada").await;
    earn(&world, &ada, "c1", "100").await;
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let (moment, owner) = (world.moment(), world.owner());
    let day = |text: &str| text.parse().expect("day");
    for (from, to, field) in [("2026-11-10", "2026-11-09", "to"), ("2026-11-21", "2026-11-22", "from")] {
        let range = DayRange { from: day(from), to: day(to) };
        let made = make(conn, &moment, &owner, &wanted(&[&ada], PaymentBasis::Earned, range)).await;
        assert!(refused(made).starts_with(&format!("{field}: ")));
    }
    let nobody = NewDraft {
        filter: LedgersFilter { search: "nobody\0".into(), ..LedgersFilter::default() },
        ..wanted(&[], PaymentBasis::Ending, this_month(&world))
    };
    assert!(conflict(make(conn, &moment, &owner, &nobody).await).contains("Nobody is on the report"));
    let draft = prepared(&world, &[&ada]).await;
    let good = DraftInput {
        basis: PaymentBasis::Ending,
        code: "October".into(),
        payment_date: day("2026-11-21"),
        method: String::new(),
        note: "<b>".into(),
    };
    sqlx::query(
        "insert into periods (program_id, month, starts_at, ends_at, time_zone, closed_at)
         values ($1, '2026-10-01', '2026-09-30T22:00Z', '2026-10-31T23:00Z', 'Europe/Berlin', $2)",
    )
    .bind(world.program)
    .bind(world.at)
    .execute(&world.pool)
    .await
    .expect("a closed month");
    sqlx::query(
        "insert into payment_batches (program_id, id, code, code_key, payment_date, created_at)
         values ($1, $1, 'Taken', 'taken', '2026-11-01', $2)",
    )
    .bind(world.program)
    .bind(world.at)
    .execute(&world.pool)
    .await
    .expect("a batch");
    let bad = [
        ("code", DraftInput { code: " ".into(), ..good.clone() }),
        ("code", DraftInput { code: "x".repeat(61), ..good.clone() }),
        ("code", DraftInput { code: "<script>'; drop table payments;--".into(), ..good.clone() }),
        ("code", DraftInput { code: "tAKEN".into(), ..good.clone() }),
        ("note", DraftInput { note: "x".repeat(2_001), ..good.clone() }),
        ("method", DraftInput { method: "a\0b".into(), ..good.clone() }),
        ("payment_date", DraftInput { payment_date: day("2036-01-01"), ..good.clone() }),
        ("payment_date", DraftInput { payment_date: day("2026-10-31"), ..good.clone() }),
    ];
    for (field, input) in bad {
        match change(conn, &moment, &owner, draft, &input).await {
            Err(Error::Invalid(errors)) => assert_eq!(errors[0].field, field),
            other => panic!("{field}: {other:?}"),
        }
    }
    let closed = DraftInput { payment_date: day("2026-10-31"), ..good.clone() };
    assert_eq!(
        refused(change(conn, &moment, &owner, draft, &closed).await),
        "payment_date: October 2026 is closed: choose a day from 1 November 2026 on."
    );
    change(conn, &moment, &owner, draft, &good).await.expect("changed");
    let batch = processed(&world, draft).await.expect("batch");
    assert_eq!((batch.batch.code.as_str(), batch.batch.note.as_str()), ("October", "<b>"));
    assert!(conflict(change(conn, &moment, &owner, draft, &good).await).contains("can't be changed any more"));
    let payment = batch.payments[0].id;
    for (becomes, reason) in [(PaymentStatus::Recorded, "x"), (PaymentStatus::Failed, " ")] {
        let result = take_back(&world.pool, &moment, &owner, payment, becomes, reason).await;
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
    let paid = batch.payments[0].id;
    earn(&world, &ada, "c3", "100").await;
    let draft = prepared(&world, &[&ada]).await;
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let partner =
        |partner: &Partner| Actor::Partner { account: world.owner, program: world.program, enrollment: partner.id };
    let key = Actor::Key { key: world.moment().id(), program: world.program };
    let line = LineInput { partner: ada.id, pay: false, reason: String::new() };
    for actor in [world.admin(Role::Manager), world.admin(Role::Viewer), partner(&ada), key.clone()] {
        let moment = world.moment();
        let due = due_partners(conn, &moment, &actor, None, &Paging::default()).await;
        assert!(matches!(due, Err(Error::Forbidden)));
        let input = wanted(&[&ada], PaymentBasis::Ending, this_month(&world));
        assert!(matches!(make(conn, &moment, &actor, &input).await, Err(Error::Forbidden)));
        assert!(matches!(detail(conn, &actor, draft, None, &Paging::default()).await, Err(Error::Forbidden)));
        assert!(matches!(drafts::list(conn, &actor, false, &Paging::default()).await, Err(Error::Forbidden)));
        assert!(matches!(decide(conn, &moment, &actor, draft, &line).await, Err(Error::Forbidden)));
        assert!(matches!(drafts::approve(conn, &moment, &actor, draft).await, Err(Error::Forbidden)));
        assert!(matches!(drafts::give_up(conn, &moment, &actor, draft).await, Err(Error::Forbidden)));
        assert!(matches!(process::process(conn, &moment, &actor, draft).await, Err(Error::Forbidden)));
        assert!(matches!(process::cancel(conn, &moment, &actor, draft).await, Err(Error::Forbidden)));
        assert!(matches!(process::progress(conn, &actor, draft).await, Err(Error::Forbidden)));
        let taken = take_back(&world.pool, &moment, &actor, paid, PaymentStatus::Failed, "x").await;
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
    let (moment, stranger) = (moment(world.at), strange.owner());
    assert!(matches!(super::batch(conn, &stranger, batch.batch.id).await, Err(Error::NotFound(_))));
    assert!(matches!(detail(conn, &stranger, draft, None, &Paging::default()).await, Err(Error::NotFound(_))));
    assert!(matches!(decide(conn, &moment, &stranger, draft, &line).await, Err(Error::NotFound(_))));
    assert!(matches!(drafts::give_up(conn, &moment, &stranger, draft).await, Err(Error::NotFound(_))));
    assert!(matches!(process::process(conn, &moment, &stranger, draft).await, Err(Error::NotFound(_))));
    assert!(matches!(process::cancel(conn, &moment, &stranger, draft).await, Err(Error::NotFound(_))));
    assert!(matches!(process::progress(conn, &stranger, draft).await, Err(Error::NotFound(_))));
    let input = wanted(&[&ada], PaymentBasis::Ending, this_month(&world));
    conflict(make(conn, &moment, &stranger, &input).await);
    assert!(matches!(fail(&strange, paid).await, Err(Error::NotFound(_))));
    assert!(batches(conn, &stranger, &Paging::default()).await.expect("none").data.is_empty());
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
    sqlx::query("update enrollments set payout_method = case code when 'ada' then 'cheque' else 'other' end")
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
    let wanted = wanted(&[&ada, &ben], PaymentBasis::Ending, this_month(&world));
    let mut conn = world.pool.acquire().await.expect("connection");
    let draft = make(&mut conn, &world.moment(), &world.owner(), &wanted).await.expect("draft");
    drop(conn);
    let below = shown(&world, draft, Some(LeftOut::BelowMinimum)).await.page.data;
    assert_eq!(below.iter().map(|line| line.partner.code.as_str()).collect::<Vec<_>>(), ["ada"]);
    assert_eq!(shown(&world, draft, None).await.page.data[0].partner.code, "ben");
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
