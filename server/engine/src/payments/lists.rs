use crate::reports::{Cursor, Key, Listing, Setting, check_days, listing, own, page};
use crate::{Error, Result};
use chrono::{DateTime, NaiveDate, Utc};
use domain::accounts::Actor;
use domain::ids::{BatchId, EnrollmentId, PaymentId, ProgramId};
use domain::page::{Page, Paging};
use domain::partners::PartnerName;
use domain::payments::{
    BatchFilter, BatchRow, BatchSummary, DraftSource, MethodSum, PaymentFilter, PaymentRow, PaymentStatus,
    PaymentTotals, PayoutKind, Prepared, StatusSum, TakenBack,
};
use domain::reports::Listed;
use domain::why::Why;
use rust_decimal::Decimal;
use sqlx::PgConnection;
use sqlx::types::Json;

/// Reads payments by a condition and an order; `$1` is the program.
macro_rules! rows {
    ($conn:expr, $rest:tt, $program:expr $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            Payment,
            r#"select p.id as "id: PaymentId", p.batch_id as "batch_id: BatchId", b.code as batch_code,
                      e.id as "partner_id: EnrollmentId", e.code as partner_code,
                      coalesce(nullif(e.name, ''), e.company) as "partner_name!", p.amount, p.method, p.masked,
                      p.provider_number as number, p.status as "status: PaymentStatus", p.status_at, b.payment_date,
                      p.created_at, p.why as "why: Json<Why>"
               from payments p
               join payment_batches b on b.program_id = p.program_id and b.id = p.batch_id
               join enrollments e on e.program_id = p.program_id and e.id = p.enrollment_id
               where p.program_id = $1 "# + $rest,
            $program as ProgramId
            $(, $argument)*
        )
        .fetch_all($conn)
        .await?
    };
}

/// The program's batches, newest first.
///
/// # Errors
/// `Forbidden` without the power to view; `Invalid` on `cursor`.
pub async fn batches(conn: &mut PgConnection, actor: &Actor, paging: &Paging) -> Result<Page<BatchRow>> {
    team(actor)?;
    let setting = Setting::of(conn, actor).await?;
    let after = Cursor::read(paging, Key::Time)?;
    let rows = sqlx::query_as!(
        Batch,
        r#"select b.id as "id: BatchId", b.code, b.payment_date, b.note, coalesce(a.name, '') as "created_by!", b.created_at,
                  s.payments as "payments!", s.failed as "failed!", s.total as "total!"
           from payment_batches b
           left join accounts a on a.id = b.created_by
           cross join lateral (
               select count(*) as payments, count(*) filter (where status in ('failed', 'cancelled')) as failed,
                      coalesce(sum(amount) filter (where status not in ('failed', 'cancelled')), 0) as total
               from payments p where p.program_id = b.program_id and p.batch_id = b.id
           ) s
           where b.program_id = $1
             and ($2::timestamptz is null or (b.created_at, b.id) < ($2, $3::uuid))
           order by b.created_at desc, b.id desc limit $4"#,
        setting.program as ProgramId,
        after.and_then(|after| after.at),
        after.map(|after| after.id),
        paging.rows() + 1
    )
    .fetch_all(conn)
    .await?;
    let rows = rows.into_iter().map(|batch| batch.row(&setting)).collect();
    Ok(page(rows, paging, |row: &BatchRow| Cursor::at(row.created_at, row.id.0)))
}

/// Batches are the team's; a partner sees its payouts.
fn team(actor: &Actor) -> Result<()> {
    match own(actor)? {
        None => Ok(()),
        Some(_) => Err(Error::Forbidden),
    }
}

struct Batch {
    id: BatchId,
    code: String,
    payment_date: NaiveDate,
    note: String,
    created_by: String,
    created_at: DateTime<Utc>,
    payments: i64,
    failed: i64,
    total: Decimal,
}

impl Batch {
    fn row(self, setting: &Setting) -> BatchRow {
        BatchRow {
            id: self.id,
            code: self.code,
            payment_date: self.payment_date,
            note: self.note,
            created_by: self.created_by,
            created_at: self.created_at,
            payments: self.payments,
            failed: self.failed,
            total: setting.money(self.total),
        }
    }
}

/// A batch, with what its payments come to by status and by method.
///
/// # Errors
/// `NotFound` where it is not in the program; `Forbidden` without the power to view.
pub async fn batch(conn: &mut PgConnection, actor: &Actor, id: BatchId) -> Result<BatchSummary> {
    team(actor)?;
    let setting = Setting::of(conn, actor).await?;
    let batch = head(conn, &setting, id).await?;
    let sums = sqlx::query!(
        r#"select status as "status: PaymentStatus", method, method_kind as "kind: PayoutKind", count(*) as "count!",
                  sum(amount) as "amount!"
           from payments where program_id = $1 and batch_id = $2
           group by status, method, method_kind order by status, method"#,
        setting.program as ProgramId,
        id as BatchId
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut statuses: Vec<StatusSum> = Vec::new();
    let mut methods: Vec<MethodSum> = Vec::new();
    for sum in sums {
        match statuses.iter_mut().find(|status| status.status == sum.status) {
            Some(status) => {
                status.count += sum.count;
                status.amount.amount += sum.amount;
            }
            None => {
                statuses.push(StatusSum { status: sum.status, count: sum.count, amount: setting.money(sum.amount) })
            }
        }
        let (paid, failed) = if sum.status.is_paid() { (sum.amount, 0) } else { (Decimal::ZERO, sum.count) };
        match methods.iter_mut().find(|method| method.method == sum.method && method.kind == sum.kind) {
            Some(method) => {
                method.count += sum.count;
                method.failed += failed;
                method.amount.amount += paid;
            }
            None => methods.push(MethodSum {
                method: sum.method,
                kind: sum.kind,
                count: sum.count,
                failed,
                amount: setting.money(paid),
            }),
        }
    }
    let place = |sum: &MethodSum| (sum.method.clone(), sum.amount.currency.code().to_owned(), sum.kind);
    methods.sort_by_key(place);
    let prepared = sqlx::query_as!(
        Prepared,
        r#"select d.source as "source: DraftSource", coalesce(m.name, '') as "made_by!", d.created_at as made_at,
                  coalesce(c.name, '') as "changed_by!", coalesce(a.name, '') as "agreed_by!", d.approved_at as agreed_at
           from payment_drafts d
           left join accounts m on m.id = d.created_by
           left join accounts c on c.id = d.changed_by
           left join accounts a on a.id = d.approved_by
           where d.program_id = $1 and d.batch_id = $2"#,
        setting.program as ProgramId,
        id as BatchId
    )
    .fetch_optional(conn)
    .await?;
    Ok(BatchSummary { batch, prepared, statuses, methods })
}

/// A page of a batch's payments, in the order in which the partners joined.
///
/// # Errors
/// As [`batch`]; `Invalid` on `cursor`.
pub async fn batch_payments(
    conn: &mut PgConnection,
    actor: &Actor,
    id: BatchId,
    filter: &BatchFilter,
    paging: &Paging,
) -> Result<Page<PaymentRow>> {
    team(actor)?;
    let after = Cursor::read(paging, Key::Id)?;
    let mut list = listing(conn, actor, filter.partner_code.as_deref()).await?;
    let setting = list.setting;
    super::outcome::code_of(&mut list.conn, &setting, id).await?;
    let rows = rows!(
        &mut *list.conn,
        "and p.batch_id = $2 and ($3::payment_status is null or p.status = $3)
         and ($4::uuid is null or p.enrollment_id = $4) and ($5::uuid is null or p.enrollment_id > $5)
         order by p.enrollment_id limit $6",
        setting.program,
        id as BatchId,
        filter.status as Option<PaymentStatus>,
        list.partner as Option<EnrollmentId>,
        after.map(|after| after.id),
        paging.rows() + 1
    );
    let mut rows: Vec<PaymentRow> = rows.into_iter().map(|payment| payment.row(&setting)).collect();
    tell_taken_back(&mut list.conn, setting.program, &mut rows).await?;
    Ok(page(rows, paging, |row: &PaymentRow| Cursor::at(DateTime::UNIX_EPOCH, row.partner.id.0)))
}

/// Adds to payments that were taken back why, by whom and when.
async fn tell_taken_back(conn: &mut PgConnection, program: ProgramId, rows: &mut [PaymentRow]) -> Result<()> {
    let back: Vec<_> = rows.iter().filter(|row| !row.status.is_paid()).map(|row| row.id.0).collect();
    if back.is_empty() {
        return Ok(());
    }
    let told = sqlx::query!(
        r#"select j.payment_id as "payment!: PaymentId", coalesce(n.note, '') as "reason!", coalesce(a.name, '') as "by!",
                  j.occurred_at as at
           from journals j
           left join journal_notes n on n.program_id = j.program_id and n.journal_id = j.id
           left join accounts a on a.id = j.account_id
           where j.program_id = $1 and j.payment_id = any($2) and j.kind = 'payment_failed'"#,
        program as ProgramId,
        &back
    )
    .fetch_all(conn)
    .await?;
    for told in told {
        if let Some(row) = rows.iter_mut().find(|row| row.id == told.payment) {
            row.taken_back = Some(TakenBack { reason: told.reason, by: told.by, at: told.at });
        }
    }
    Ok(())
}

async fn head(conn: &mut PgConnection, setting: &Setting, id: BatchId) -> Result<BatchRow> {
    let batch = sqlx::query_as!(
        Batch,
        r#"select b.id as "id: BatchId", b.code, b.payment_date, b.note, coalesce(a.name, '') as "created_by!", b.created_at,
                  s.payments as "payments!", s.failed as "failed!", s.total as "total!"
           from payment_batches b
           left join accounts a on a.id = b.created_by
           cross join lateral (
               select count(*) as payments, count(*) filter (where status in ('failed', 'cancelled')) as failed,
                      coalesce(sum(amount) filter (where status not in ('failed', 'cancelled')), 0) as total
               from payments p where p.program_id = b.program_id and p.batch_id = b.id
           ) s
           where b.program_id = $1 and b.id = $2"#,
        setting.program as ProgramId,
        id as BatchId
    )
    .fetch_optional(&mut *conn)
    .await?;
    Ok(batch.ok_or(Error::NotFound("batch"))?.row(setting))
}

struct Payment {
    id: PaymentId,
    batch_id: BatchId,
    batch_code: String,
    partner_id: EnrollmentId,
    partner_code: String,
    partner_name: String,
    amount: Decimal,
    method: String,
    masked: String,
    number: String,
    status: PaymentStatus,
    status_at: Option<DateTime<Utc>>,
    payment_date: NaiveDate,
    created_at: DateTime<Utc>,
    why: Json<Why>,
}

impl Payment {
    fn row(self, setting: &Setting) -> PaymentRow {
        PaymentRow {
            id: self.id,
            batch_id: self.batch_id,
            batch_code: self.batch_code,
            partner: PartnerName { id: self.partner_id, code: self.partner_code, name: self.partner_name },
            amount: setting.money(self.amount),
            method: self.method,
            masked: self.masked,
            number: self.number,
            status: self.status,
            status_day: self.status_at.map(|at| setting.day(at)),
            taken_back: None,
            payment_date: self.payment_date,
            created_at: self.created_at,
            why: self.why.0,
        }
    }
}

/// One payment: the program's, or one to the partner who asks.
pub(super) async fn one(list: &mut Listing<'_>, id: PaymentId) -> Result<PaymentRow> {
    let setting = list.setting;
    let found = rows!(
        &mut *list.conn,
        "and p.id = $2 and ($3::uuid is null or p.enrollment_id = $3)",
        setting.program,
        id as PaymentId,
        list.partner as Option<EnrollmentId>
    )
    .pop();
    Ok(found.ok_or(Error::NotFound("payment"))?.row(&setting))
}

/// The program's payments, or those to the partner who asks, newest first.
///
/// # Errors
/// `Forbidden` without the power to view; `Invalid` on `cursor`.
pub async fn payments(
    conn: &mut PgConnection,
    actor: &Actor,
    filter: &PaymentFilter,
    paging: &Paging,
) -> Result<Listed<PaymentRow, PaymentTotals>> {
    let mut list = listing(conn, actor, filter.partner_code.as_deref()).await?;
    let page = read(&mut list, filter, paging).await?;
    let totals = sqlx::query!(
        r#"select count(*) as "count!", coalesce(sum(p.amount) filter (where p.status not in ('failed', 'cancelled')), 0) as "paid!"
           from payments p
           join payment_batches b on b.program_id = p.program_id and b.id = p.batch_id
           where p.program_id = $1 and ($2::uuid is null or p.enrollment_id = $2)
             and ($3::payment_status is null or p.status = $3)
             and ($4::date is null or b.payment_date >= $4) and ($5::date is null or b.payment_date <= $5)"#,
        list.setting.program as ProgramId,
        list.partner as Option<EnrollmentId>,
        filter.status as Option<PaymentStatus>,
        filter.from,
        filter.to
    )
    .fetch_one(&mut *list.conn)
    .await?;
    let totals = PaymentTotals { count: totals.count, paid: list.setting.money(totals.paid) };
    Ok(Listed { page, totals })
}

/// The same without totals, for those who read page after page.
///
/// # Errors
/// As [`payments`].
pub async fn payments_page(
    conn: &mut PgConnection,
    actor: &Actor,
    filter: &PaymentFilter,
    paging: &Paging,
) -> Result<Page<PaymentRow>> {
    let mut list = listing(conn, actor, filter.partner_code.as_deref()).await?;
    read(&mut list, filter, paging).await
}

async fn read(list: &mut Listing<'_>, filter: &PaymentFilter, paging: &Paging) -> Result<Page<PaymentRow>> {
    let after = Cursor::read(paging, Key::Time)?;
    check_days(filter.from, filter.to)?;
    let setting = list.setting;
    let rows = rows!(
        &mut *list.conn,
        "and ($2::uuid is null or p.enrollment_id = $2) and ($3::payment_status is null or p.status = $3)
         and ($4::date is null or b.payment_date >= $4) and ($5::date is null or b.payment_date <= $5)
         and ($6::timestamptz is null or (p.created_at, p.id) < ($6, $7::uuid))
         order by p.created_at desc, p.id desc limit $8",
        setting.program,
        list.partner as Option<EnrollmentId>,
        filter.status as Option<PaymentStatus>,
        filter.from,
        filter.to,
        after.and_then(|after| after.at),
        after.map(|after| after.id),
        paging.rows() + 1
    );
    let rows = rows.into_iter().map(|payment| payment.row(&setting)).collect();
    Ok(page(rows, paging, |row: &PaymentRow| Cursor::at(row.created_at, row.id.0)))
}
