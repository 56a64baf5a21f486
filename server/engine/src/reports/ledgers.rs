//! The ledgers of all partners over a range of days, by posting date.
//!
//! Closed months are read from their statements, whole open months from the rollups, and only parts of months from the
//! entries themselves: no range reads more than a few rows a partner.

use super::setting::{Setting, like};
use crate::{Error, Result};
use chrono::{DateTime, Days, NaiveDate, Utc};
use domain::accounts::{Actor, Power};
use domain::ids::{EnrollmentId, PartnerGroupId, ProgramId};
use domain::page::{Page, Paging};
use domain::partners::{EnrollmentStatus, PartnerName};
use domain::payments::{PayoutKind, method_words};
use domain::reports::{BalanceState, LedgerFigures, LedgerSort, Ledgers, LedgersFilter, LedgersRow};
use domain::time::DayRange;
use rust_decimal::Decimal;
use sqlx::PgConnection;
use uuid::Uuid;

/// Where the sums of a range are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pieces {
    /// The last closed month that ended by the range's start: its closing balance begins the range.
    pub base: Option<NaiveDate>,
    /// Entries between its end and the range's start.
    pub lead: (DateTime<Utc>, DateTime<Utc>),
    /// Closed months within the range.
    pub closed: Vec<NaiveDate>,
    /// Whole open months within the range, or months still running whose end it reaches.
    pub open: Vec<NaiveDate>,
    /// Parts of months at the range's start and end.
    pub head: (DateTime<Utc>, DateTime<Utc>),
    pub tail: (DateTime<Utc>, DateTime<Utc>),
    /// The last closed month of all, and the months since: what is held now.
    pub last: Option<NaiveDate>,
    pub since: Vec<NaiveDate>,
}

struct Month {
    month: NaiveDate,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    closed: bool,
}

impl Pieces {
    /// Of the range from one instant on and before another. `at` is now: nothing is posted later, so that a range that
    /// ends after it holds the whole of the running month.
    pub async fn of(
        conn: &mut PgConnection,
        program: ProgramId,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        at: DateTime<Utc>,
    ) -> Result<Self> {
        let months = sqlx::query_as!(
            Month,
            r#"select month, starts_at, ends_at, closed_at is not null as "closed!" from periods
               where program_id = $1 order by month"#,
            program as ProgramId
        )
        .fetch_all(conn)
        .await?;
        Ok(Self::cut(&months, from, to, at))
    }

    fn cut(months: &[Month], from: DateTime<Utc>, to: DateTime<Utc>, at: DateTime<Utc>) -> Self {
        let base = months.iter().rfind(|month| month.closed && month.ends_at <= from);
        let beginning = base.map_or(DateTime::UNIX_EPOCH, |month| month.ends_at);
        let end = |month: &Month| if month.ends_at > at { at.max(month.starts_at) } else { month.ends_at };
        let whole = |month: &&Month| month.starts_at >= from && (month.ends_at <= to || (end(month) < to && to > at));
        let inside: Vec<&Month> = months.iter().filter(whole).collect();
        let (head, tail) = match (inside.first(), inside.last()) {
            (Some(first), Some(last)) => ((from, first.starts_at), (last.ends_at.min(to), to)),
            _ => ((from, to), (to, to)),
        };
        let names = |closed: bool, months: &mut dyn Iterator<Item = &Month>| {
            months.filter(|month| month.closed == closed).map(|month| month.month).collect::<Vec<_>>()
        };
        Self {
            base: base.map(|month| month.month),
            lead: (beginning, from),
            closed: names(true, &mut inside.iter().copied()),
            open: names(false, &mut inside.iter().copied()),
            head,
            tail,
            last: months.iter().rfind(|month| month.closed).map(|month| month.month),
            since: names(false, &mut months.iter()),
        }
    }
}

/// The sums of the range by partner, as `figures`: $1 the program, $2 to $12 the pieces.
macro_rules! figures {
    () => {
        "figures as (
             select enrollment_id, sum(opening) as opening, sum(commissions) as commissions, sum(clawbacks) as clawbacks,
                    sum(adjustments) as adjustments, sum(payments) as payments, sum(held) as held,
                    sum(opening + commissions + clawbacks + adjustments + payments) as closing
             from (
                 select enrollment_id, closing as opening, 0 as commissions, 0 as clawbacks, 0 as adjustments,
                        0 as payments, 0 as held
                 from statements where program_id = $1 and month = $2
                 union all
                 select enrollment_id, amount, 0, 0, 0, 0, 0 from entries
                 where program_id = $1 and account = 'payable' and posted_at >= $3 and posted_at < $4
                 union all
                 select enrollment_id, 0, commissions, clawbacks, adjustments, payments, 0
                 from statements where program_id = $1 and month = any($5)
                 union all
                 select enrollment_id, 0,
                        case when kind in ('commission', 'hold_end') then amount else 0 end,
                        case when kind = 'clawback' then amount else 0 end,
                        case when kind in ('adjustment', 'opening_balance') then amount else 0 end,
                        case when kind in ('payment', 'payment_failed') then amount else 0 end, 0
                 from ledger_months where program_id = $1 and month = any($6) and account = 'payable'
                 union all
                 select e.enrollment_id, 0,
                        case when j.kind in ('commission', 'hold_end') then e.amount else 0 end,
                        case when j.kind = 'clawback' then e.amount else 0 end,
                        case when j.kind in ('adjustment', 'opening_balance') then e.amount else 0 end,
                        case when j.kind in ('payment', 'payment_failed') then e.amount else 0 end, 0
                 from entries e join journals j on j.program_id = e.program_id and j.id = e.journal_id
                 where e.program_id = $1 and e.account = 'payable'
                   and ((e.posted_at >= $7 and e.posted_at < $8) or (e.posted_at >= $9 and e.posted_at < $10))
                 union all
                 select enrollment_id, 0, 0, 0, 0, 0, held from statements where program_id = $1 and month = $11
                 union all
                 select enrollment_id, 0, 0, 0, 0, 0, amount from ledger_months
                 where program_id = $1 and month = any($12) and account = 'held'
             ) as pieces group by enrollment_id
         )"
    };
}

/// The partners whom the filter finds, with their figures, as `listed`: $13 a pattern, $14 tag, $15 group, $16 status,
/// $17 payout method, $18 country, $19 balance, $20 the column to sort by.
macro_rules! listed {
    () => {
        "listed as (
             select e.id, e.code, coalesce(nullif(e.name, ''), e.company) as name, e.company, e.status,
                    coalesce(e.payout_method, '') as method,
                    coalesce(f.opening, 0) as opening, coalesce(f.commissions, 0) as commissions,
                    coalesce(f.clawbacks, 0) as clawbacks, coalesce(f.adjustments, 0) as adjustments,
                    coalesce(f.payments, 0) as payments, coalesce(f.closing, 0) as closing, coalesce(f.held, 0) as held,
                    coalesce(case $20 when 'opening' then f.opening when 'commissions' then f.commissions
                                      when 'clawbacks' then f.clawbacks when 'adjustments' then f.adjustments
                                      when 'payments' then f.payments when 'closing' then f.closing
                                      when 'held' then f.held end, 0) as number,
                    case $20 when 'name' then lower(coalesce(nullif(e.name, ''), e.company)) else '' end as word
             from enrollments e
             left join figures f on f.enrollment_id = e.id
             join programs p on p.id = $1
             left join payout_methods m on m.program_id = $1 and m.kind::text = lower(e.payout_method)
             where e.program_id = $1 and (f.enrollment_id is not null or $19 = 'zero')
               and ($13::text is null or concat_ws(' ', e.code, e.name, e.company, e.email) ilike $13)
               and ($14::text is null or exists (select from partner_tags t
                    where t.program_id = $1 and t.enrollment_id = e.id and t.tag = $14))
               and ($15::uuid is null or e.group_id = $15)
               and ($16::enrollment_status is null or e.status = $16)
               and ($17::text is null or lower(e.payout_method) = $17)
               and ($18::text is null or e.country = $18)
               and case $19::text when 'positive' then f.closing > 0 when 'negative' then f.closing < 0
                                  when 'zero' then coalesce(f.closing, 0) = 0
                                  when 'payable' then f.closing > 0 and f.closing >= coalesce(m.minimum, p.minimum_payment)
                                  else true end
         )"
    };
}

/// Reads the partners of a page, in one direction: those before the page are passed by the key of its cursor.
macro_rules! rows {
    ($conn:expr, $pieces:expr, $wanted:expr, $after:literal, $order:literal) => {
        sqlx::query_as!(
            Row,
            "with " + figures!() + ", " + listed!() + r#"
             select id as "id!: EnrollmentId", code as "code!", name as "name!", company as "company!",
                    status as "status!: EnrollmentStatus", method as "method!", opening as "opening!",
                    commissions as "commissions!", clawbacks as "clawbacks!", adjustments as "adjustments!",
                    payments as "payments!", closing as "closing!", held as "held!", number as "number!", word as "word!"
             from listed where $21::uuid is null or "# + $after + " order by " + $order + " limit $24",
            $wanted.program as ProgramId,
            $pieces.base,
            $pieces.lead.0,
            $pieces.lead.1,
            &$pieces.closed,
            &$pieces.open,
            $pieces.head.0,
            $pieces.head.1,
            $pieces.tail.0,
            $pieces.tail.1,
            $pieces.last,
            &$pieces.since,
            $wanted.search,
            $wanted.tag,
            $wanted.group as Option<PartnerGroupId>,
            $wanted.status as Option<EnrollmentStatus>,
            $wanted.method,
            $wanted.country,
            $wanted.balance,
            $wanted.sort,
            $wanted.after.as_ref().map(|after| after.id),
            $wanted.after.as_ref().map(|after| after.number),
            $wanted.after.as_ref().map(|after| after.word.clone()),
            $wanted.limit
        )
        .fetch_all($conn)
        .await?
    };
}
