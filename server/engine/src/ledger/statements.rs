//! Statements: what a month came to for a partner, frozen when the month is closed, and so far while it is open.

use super::months::{Period, tz};
use crate::reports::{Asked, Setting, entries, own, visible};
use crate::{Error, Moment, Result, programs};
use chrono::{DateTime, Duration, Months, NaiveDate, Utc};
use domain::accounts::Actor;
use domain::countries;
use domain::ids::{EnrollmentId, ProgramId};
use domain::ledger::{LedgerAccount, Statement, StatementDetail};
use domain::page::Paging;
use domain::partners::PartnerName;
use domain::time::DayRange;
use rust_decimal::Decimal;
use sqlx::PgConnection;

/// Freezes what a month that is being closed came to: for each partner, from the month before and what the month moved, and
/// for each account, from the month before and the entries.
pub(crate) async fn freeze(conn: &mut PgConnection, program: ProgramId, month: NaiveDate) -> Result<()> {
    let before = month - Months::new(1);
    sqlx::query!(
        "with began as (
             select enrollment_id, closing, held from statements
             where program_id = $1 and month = $3 and (closing <> 0 or held <> 0)
         ), moved as (
             select enrollment_id,
                    coalesce(sum(amount) filter (where account = 'payable' and column_of(kind) = 'commissions'), 0)
                        as commissions,
                    coalesce(sum(amount) filter (where account = 'payable' and column_of(kind) = 'clawbacks'), 0)
                        as clawbacks,
                    coalesce(sum(amount) filter (where account = 'payable'
                                                   and column_of(kind) = 'adjustments'), 0) as adjustments,
                    coalesce(sum(amount) filter (where account = 'payable'
                                                   and column_of(kind) = 'payments'), 0) as payments,
                    coalesce(sum(amount) filter (where account = 'payable'), 0) as payable,
                    coalesce(sum(amount) filter (where account = 'held'), 0) as held
             from ledger_months where program_id = $1 and month = $2 group by enrollment_id
         )
         insert into statements (program_id, month, enrollment_id, opening, commissions, clawbacks, adjustments, payments,
                                 closing, held)
         select $1, $2, enrollment_id, coalesce(b.closing, 0), coalesce(m.commissions, 0), coalesce(m.clawbacks, 0),
                coalesce(m.adjustments, 0), coalesce(m.payments, 0), coalesce(b.closing, 0) + coalesce(m.payable, 0),
                coalesce(b.held, 0) + coalesce(m.held, 0)
         from began b full join moved m using (enrollment_id)",
        program as ProgramId,
        month,
        before
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "insert into trial_balances (program_id, month, account, balance)
         select $1, $2, a.account, coalesce(b.balance, 0) + coalesce(m.amount, 0)
         from unnest(enum_range(null::ledger_account)) as a (account)
         left join trial_balances b on b.program_id = $1 and b.month = $3 and b.account = a.account
         left join (
             select e.account, sum(e.amount) as amount
             from periods p
             join entries e on e.program_id = p.program_id and e.posted_at >= p.starts_at and e.posted_at < p.ends_at
             where p.program_id = $1 and p.month = $2
             group by e.account
         ) m on m.account = a.account",
        program as ProgramId,
        month,
        before
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A month by its sums.
struct Row {
    month: NaiveDate,
    opening: Decimal,
    commissions: Decimal,
    clawbacks: Decimal,
    adjustments: Decimal,
    payments: Decimal,
    closing: Decimal,
    held: Decimal,
}

impl Row {
    fn statement(&self, setting: &Setting, is_final: bool) -> Statement {
        Statement {
            month: self.month,
            is_final,
            opening: setting.money(self.opening),
            commissions: setting.money(self.commissions),
            clawbacks: setting.money(self.clawbacks),
            adjustments: setting.money(self.adjustments),
            payments: setting.money(self.payments),
            closing: setting.money(self.closing),
            held: setting.money(self.held),
        }
    }
}

/// The months of a partner, newest first, from the first to the last in which anything was: those that are closed as they
/// were frozen, and what has come together since.
///
/// # Errors
/// `NotFound` where the enrollment is not the asker's to see; `Forbidden` without the power to view.
pub async fn statements(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    enrollment: EnrollmentId,
) -> Result<Vec<Statement>> {
    visible(conn, actor, enrollment).await?;
    let setting = Setting::of(conn, actor).await?;
    let closed = sqlx::query_as!(
        Row,
        "select month, opening, commissions, clawbacks, adjustments, payments, closing, held
         from statements where program_id = $1 and enrollment_id = $2 order by month desc",
        setting.program as ProgramId,
        enrollment as EnrollmentId
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut months = open_months(conn, &setting, enrollment, moment.at).await?;
    let tells = |month: &Open| month.moved || !month.row.opening.is_zero() || !month.row.held.is_zero();
    months.truncate(months.iter().rposition(tells).map_or(0, |last| last + 1));
    if closed.is_empty() {
        months.drain(..months.iter().position(tells).unwrap_or(0));
    }
    let mut listed: Vec<_> = months.iter().map(|month| month.row.statement(&setting, false)).collect();
    let newest = listed.last().map(|last| last.month).or(closed.first().map(|last| last.month));
    listed.extend(closed.iter().map(|month| month.statement(&setting, true)));
    // Closed months between them in which nothing was: nobody froze them, and the list has no gaps.
    let oldest = closed.last().map(|first| first.month);
    let gaps = sqlx::query_scalar!(
        "select month from periods p
         where program_id = $1 and closed_at is not null and month > $3 and month < $4
           and not exists (select from statements s
                           where s.program_id = $1 and s.month = p.month and s.enrollment_id = $2)",
        setting.program as ProgramId,
        enrollment as EnrollmentId,
        oldest,
        newest
    )
    .fetch_all(conn)
    .await?;
    let nothing = (Decimal::ZERO, Decimal::ZERO);
    listed.extend(gaps.into_iter().map(|month| Row::nothing_since(month, nothing).statement(&setting, true)));
    listed.sort_by_key(|statement| std::cmp::Reverse(statement.month));
    Ok(listed)
}

/// An open month so far.
struct Open {
    row: Row,
    /// Whether anything was posted in it.
    moved: bool,
}

/// The months that are open, the oldest first, by the sums kept of each.
async fn open_months(
    conn: &mut PgConnection,
    setting: &Setting,
    enrollment: EnrollmentId,
    at: DateTime<Utc>,
) -> Result<Vec<Open>> {
    let began = sqlx::query!(
        "select closing, held from statements
         where program_id = $1 and enrollment_id = $2
           and month = (select max(month) from periods where program_id = $1 and closed_at is not null)",
        setting.program as ProgramId,
        enrollment as EnrollmentId
    )
    .fetch_optional(&mut *conn)
    .await?;
    let (mut closing, mut held) = began.map(|began| (began.closing, began.held)).unwrap_or_default();
    let moved = sqlx::query!(
        r#"select p.month as "month!", count(m.kind) as "movements!",
                  coalesce(sum(amount) filter (where account = 'payable' and column_of(kind) = 'commissions'), 0)
                      as "commissions!",
                  coalesce(sum(amount) filter (where account = 'payable' and column_of(kind) = 'clawbacks'), 0)
                      as "clawbacks!",
                  coalesce(sum(amount) filter (where account = 'payable' and column_of(kind) = 'adjustments'), 0)
                      as "adjustments!",
                  coalesce(sum(amount) filter (where account = 'payable' and column_of(kind) = 'payments'), 0)
                      as "payments!",
                  coalesce(sum(amount) filter (where account = 'held'), 0) as "held!"
           from periods p
           left join ledger_months m
                  on m.program_id = p.program_id and m.month = p.month and m.enrollment_id = $2
           where p.program_id = $1 and p.closed_at is null and p.starts_at <= $3
           group by p.month order by p.month"#,
        setting.program as ProgramId,
        enrollment as EnrollmentId,
        at
    )
    .fetch_all(conn)
    .await?;
    let mut months = Vec::new();
    for month in moved {
        let opening = closing;
        closing += month.commissions + month.clawbacks + month.adjustments + month.payments;
        held += month.held;
        let row = Row {
            month: month.month,
            opening,
            commissions: month.commissions,
            clawbacks: month.clawbacks,
            adjustments: month.adjustments,
            payments: month.payments,
            closing,
            held,
        };
        months.push(Open { row, moved: month.movements > 0 });
    }
    Ok(months)
}

/// One month of a partner with its entries; the present one where none is named, also with nothing in it.
///
/// # Errors
/// As [`statements`]; `NotFound` too where there is no statement of that month; `Invalid` on `cursor`.
pub async fn statement(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    enrollment: EnrollmentId,
    month: Option<NaiveDate>,
    paging: &Paging,
) -> Result<StatementDetail> {
    visible(conn, actor, enrollment).await?;
    let setting = Setting::of(conn, actor).await?;
    let period = period(conn, &setting, month, moment.at).await?;
    let is_final = period.closed;
    let Period { month, starts_at, ends_at, zone } = period.period;
    let frozen = sqlx::query_as!(
        Row,
        "select month, opening, commissions, clawbacks, adjustments, payments, closing, held
         from statements where program_id = $1 and month = $3 and enrollment_id = $2",
        setting.program as ProgramId,
        enrollment as EnrollmentId,
        month
    )
    .fetch_optional(&mut *conn)
    .await?;
    let row = match frozen {
        Some(frozen) => frozen,
        None if is_final => empty(conn, &setting, enrollment, month).await?,
        None => {
            let months = open_months(conn, &setting, enrollment, moment.at).await?;
            let last = months.last().map(|last| (last.row.closing, last.row.held)).unwrap_or_default();
            let found = months.into_iter().find(|open| open.row.month == month).map(|open| open.row);
            found.unwrap_or_else(|| Row::nothing_since(month, last))
        }
    };
    let returned = sqlx::query_scalar!(
        r#"select coalesce(sum(amount), 0) as "returned!" from ledger_months
           where program_id = $1 and enrollment_id = $2 and account = 'payable' and month = $3 and kind = 'payment_failed'"#,
        setting.program as ProgramId,
        enrollment as EnrollmentId,
        month
    )
    .fetch_one(&mut *conn)
    .await?;
    // The month's days are those of its own time zone.
    let setting = Setting { zone: tz(&zone)?, ..setting };
    let asked =
        Asked { account: Some(LedgerAccount::Payable), from: Some(starts_at), to: Some(ends_at), oldest_first: true };
    let team = own(actor)?.is_none();
    let found = entries(conn, &setting, team, enrollment, &asked, paging).await?;
    let who = sqlx::query!(
        r#"select p.name as program, e.code, coalesce(nullif(e.name, ''), e.company) as "name!", e.company, e.address,
                  e.country
           from enrollments e join programs p on p.id = e.program_id where e.program_id = $1 and e.id = $2"#,
        setting.program as ProgramId,
        enrollment as EnrollmentId
    )
    .fetch_one(&mut *conn)
    .await?;
    let payer = programs::payer(conn, setting.program).await?;
    let address = [who.address.as_str(), countries::name(&who.country)];
    let address = address.into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n");
    Ok(StatementDetail {
        statement: row.statement(&setting, is_final),
        returned: setting.money(returned),
        days: DayRange { from: setting.day(starts_at), to: setting.day(ends_at - Duration::microseconds(1)) },
        program: who.program,
        payer,
        partner: PartnerName { id: enrollment, code: who.code, name: who.name },
        company: who.company,
        address,
        entries: found.page,
    })
}

/// A closed month in which nothing was, after one that was frozen with something.
async fn empty(conn: &mut PgConnection, setting: &Setting, enrollment: EnrollmentId, month: NaiveDate) -> Result<Row> {
    let began = sqlx::query_scalar!(
        r#"select exists (select from statements
                          where program_id = $1 and enrollment_id = $2 and month < $3) as "began!""#,
        setting.program as ProgramId,
        enrollment as EnrollmentId,
        month
    )
    .fetch_one(conn)
    .await?;
    if !began {
        return Err(Error::NotFound("statement"));
    }
    Ok(Row::nothing_since(month, (Decimal::ZERO, Decimal::ZERO)))
}

/// So many entries a sheet holds at most.
const SHEET: usize = 5_000;

/// A month as it is printed: with all of its entries, up to 5,000; after those the next sheet begins.
///
/// # Errors
/// As [`statement`].
pub async fn statement_sheet(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    enrollment: EnrollmentId,
    month: Option<NaiveDate>,
    cursor: Option<String>,
) -> Result<StatementDetail> {
    let most = |cursor| Paging { cursor, limit: Some(Paging::MOST) };
    let mut sheet = statement(conn, moment, actor, enrollment, month, &most(cursor)).await?;
    while sheet.entries.data.len() < SHEET
        && let Some(cursor) = sheet.entries.next_cursor.take()
    {
        let more = statement(conn, moment, actor, enrollment, month, &most(Some(cursor))).await?;
        sheet.entries.data.extend(more.entries.data);
        sheet.entries.next_cursor = more.entries.next_cursor;
    }
    Ok(sheet)
}

impl Row {
    /// A month for which there is no row yet, after those that have one.
    fn nothing_since(month: NaiveDate, (closing, held): (Decimal, Decimal)) -> Self {
        let zero = Decimal::ZERO;
        Self {
            month,
            opening: closing,
            commissions: zero,
            clawbacks: zero,
            adjustments: zero,
            payments: zero,
            closing,
            held,
        }
    }
}

/// A month of the program, and whether it is closed.
struct Found {
    period: Period,
    closed: bool,
}

/// The month named, else that of an instant, which has no row yet where nothing was posted in it.
async fn period(
    conn: &mut PgConnection,
    setting: &Setting,
    month: Option<NaiveDate>,
    at: DateTime<Utc>,
) -> Result<Found> {
    let row = sqlx::query!(
        r#"select month, starts_at, ends_at, time_zone, closed_at is not null as "closed!" from periods
           where program_id = $1 and starts_at <= $3 and (month = $2 or ($2 is null and ends_at > $3))"#,
        setting.program as ProgramId,
        month,
        at
    )
    .fetch_optional(conn)
    .await?;
    if let Some(row) = row {
        let period = Period { month: row.month, starts_at: row.starts_at, ends_at: row.ends_at, zone: row.time_zone };
        return Ok(Found { period, closed: row.closed });
    }
    let period = Period::of(setting.zone.name().to_owned(), at)?;
    if month.is_some_and(|month| month != period.month) {
        return Err(Error::NotFound("statement"));
    }
    Ok(Found { period, closed: false })
}
