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
    /// The last closed month that ended by the range's start: its closing balance begins the range. None where a closed
    /// month begins it: its opening balance does.
    pub base: Option<NaiveDate>,
    /// That month.
    pub first: Option<NaiveDate>,
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

/// Reads sums of what moved in the range, `pieces`: a few rows a partner, of these partners or (`None`) of all. What is
/// asked of them follows, its own parameters from $13 on.
macro_rules! summed {
    ($row:ident, $conn:expr, $program:expr, $pieces:expr, $of:expr, $asked:literal $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            $row,
            "with pieces as (
                 select enrollment_id, closing as opening, 0 as commissions, 0 as clawbacks, 0 as adjustments, 0 as payments
                 from statements where program_id = $1 and month = $3 and ($2::uuid[] is null or enrollment_id = any($2))
                 union all
                 select enrollment_id, amount, 0, 0, 0, 0 from entries
                 where program_id = $1 and account = 'payable' and posted_at >= $4 and posted_at < $5
                   and ($2::uuid[] is null or enrollment_id = any($2))
                 union all
                 select enrollment_id, case when month = $6 then opening else 0 end, commissions, clawbacks, adjustments,
                        payments
                 from statements
                 where program_id = $1 and month = any($7) and ($2::uuid[] is null or enrollment_id = any($2))
                 union all
                 select enrollment_id, 0,
                        case when kind in ('commission', 'hold_end') then amount else 0 end,
                        case when kind = 'clawback' then amount else 0 end,
                        case when kind in ('adjustment', 'opening_balance') then amount else 0 end,
                        case when kind in ('payment', 'payment_failed') then amount else 0 end
                 from ledger_months
                 where program_id = $1 and month = any($8) and account = 'payable'
                   and ($2::uuid[] is null or enrollment_id = any($2))
                 union all
                 select e.enrollment_id, 0,
                        case when j.kind in ('commission', 'hold_end') then e.amount else 0 end,
                        case when j.kind = 'clawback' then e.amount else 0 end,
                        case when j.kind in ('adjustment', 'opening_balance') then e.amount else 0 end,
                        case when j.kind in ('payment', 'payment_failed') then e.amount else 0 end
                 from entries e join journals j on j.program_id = e.program_id and j.id = e.journal_id
                 where e.program_id = $1 and e.account = 'payable'
                   and ((e.posted_at >= $9 and e.posted_at < $10) or (e.posted_at >= $11 and e.posted_at < $12))
                   and ($2::uuid[] is null or e.enrollment_id = any($2))
             ) " + $asked,
            $program as ProgramId,
            $of as Option<&[Uuid]>,
            $pieces.base,
            $pieces.lead.0,
            $pieces.lead.1,
            $pieces.first,
            &$pieces.closed,
            &$pieces.open,
            $pieces.head.0,
            $pieces.head.1,
            $pieces.tail.0,
            $pieces.tail.1
            $(, $arg)*
        )
    };
}

struct Row {
    id: EnrollmentId,
    code: String,
    name: String,
    company: String,
    status: EnrollmentStatus,
    method: String,
    opening: Decimal,
    commissions: Decimal,
    clawbacks: Decimal,
    adjustments: Decimal,
    payments: Decimal,
    held: Decimal,
    /// What the list is sorted by, where it is an amount.
    number: Decimal,
}

struct Totals {
    partners: i64,
    opening: Decimal,
    commissions: Decimal,
    clawbacks: Decimal,
    adjustments: Decimal,
    payments: Decimal,
}
