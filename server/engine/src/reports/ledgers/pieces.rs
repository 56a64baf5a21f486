//! Where the sums of a range are read: closed months, whole open months, and parts of months.

use crate::Result;
use chrono::{DateTime, NaiveDate, Utc};
use domain::ids::ProgramId;
use sqlx::PgConnection;

/// Where the sums of a range are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pieces {
    /// The last closed month that ended by the range's start: its closing balance begins the range. None where a closed
    /// month begins it, whose own opening balance does.
    pub base: Option<NaiveDate>,
    /// That closed month.
    pub first: Option<NaiveDate>,
    /// Entries between the end of `base` and the range's start.
    pub lead: (DateTime<Utc>, DateTime<Utc>),
    /// Closed months within the range.
    pub closed: Vec<NaiveDate>,
    /// Whole open months within the range; the running one too, where the range reaches to now.
    pub open: Vec<NaiveDate>,
    /// Parts of months at the range's start and end.
    pub head: (DateTime<Utc>, DateTime<Utc>),
    /// As `head`.
    pub tail: (DateTime<Utc>, DateTime<Utc>),
    /// The last closed month of all, and the months since: what stands now.
    pub last: Option<NaiveDate>,
    /// As `last`.
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
        let before = months.iter().rfind(|month| month.closed && month.ends_at <= from);
        let beginning = before.map_or(DateTime::UNIX_EPOCH, |month| month.ends_at);
        // Nothing is posted after now.
        let whole = |month: &&Month| {
            month.starts_at >= from
                && month.starts_at < to
                && (month.ends_at <= to || (month.starts_at <= at && at < to))
        };
        let inside: Vec<&Month> = months.iter().filter(whole).collect();
        let (head, tail) = match (inside.first(), inside.last()) {
            (Some(first), Some(last)) => ((from, first.starts_at), (last.ends_at.min(to), to)),
            _ => ((from, to), (to, to)),
        };
        let begins = inside.first().filter(|first| first.closed && first.starts_at == from && beginning <= from);
        // Its opening balance holds what was posted before, unless that isn't all in closed months.
        let begins = begins.filter(|_| before.is_none_or(|before| before.ends_at == from));
        Self {
            base: before.filter(|_| begins.is_none()).map(|month| month.month),
            first: begins.map(|month| month.month),
            lead: if begins.is_some() { (from, from) } else { (beginning, from) },
            closed: names(true, inside.iter().copied()),
            open: names(false, inside.iter().copied()),
            head,
            tail,
            last: months.iter().rfind(|month| month.closed).map(|month| month.month),
            since: names(false, months.iter()),
        }
    }
}

fn names<'m>(closed: bool, months: impl Iterator<Item = &'m Month>) -> Vec<NaiveDate> {
    months.filter(|month| month.closed == closed).map(|month| month.month).collect()
}

/// Reads what moved in the range, a row for each of these partners or (`None`) of all where anything did (`sums`). What is
/// asked of them follows, its own parameters from $13 on. A piece says null for what it doesn't tell: nulls cost nothing to
/// sum.
macro_rules! summed {
    ($row:ident, $program:expr, $pieces:expr, $of:expr, $asked:tt $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            $row,
            r#"with pieces as (
                 select enrollment_id, closing as opening, null::numeric as commissions, null::numeric as clawbacks,
                        null::numeric as adjustments, null::numeric as payments
                 from statements where program_id = $1 and month = $3 and ($2::uuid[] is null or enrollment_id = any($2))
                 union all
                 select enrollment_id, amount, null, null, null, null from entries
                 where program_id = $1 and account = 'payable' and posted_at >= $4 and posted_at < $5
                   and ($2::uuid[] is null or enrollment_id = any($2))
                 union all
                 select enrollment_id, case when month = $6 then opening end, commissions, clawbacks, adjustments, payments
                 from statements
                 where program_id = $1 and month = any($7) and ($2::uuid[] is null or enrollment_id = any($2))
                 union all
                 select enrollment_id, null,
                        case when column_of(kind) = 'commissions' then amount end,
                        case when column_of(kind) = 'clawbacks' then amount end,
                        case when column_of(kind) = 'adjustments' then amount end,
                        case when column_of(kind) = 'payments' then amount end
                 from ledger_months
                 where program_id = $1 and month = any($8) and account = 'payable'
                   and ($2::uuid[] is null or enrollment_id = any($2))
                 union all
                 select e.enrollment_id, null,
                        case when column_of(j.kind) = 'commissions' then e.amount end,
                        case when column_of(j.kind) = 'clawbacks' then e.amount end,
                        case when column_of(j.kind) = 'adjustments' then e.amount end,
                        case when column_of(j.kind) = 'payments' then e.amount end
                 from entries e join journals j on j.program_id = e.program_id and j.id = e.journal_id
                 where e.program_id = $1 and e.account = 'payable' and e.posted_at >= $9 and e.posted_at < $10
                   and ($2::uuid[] is null or e.enrollment_id = any($2))
                 union all
                 select e.enrollment_id, null,
                        case when column_of(j.kind) = 'commissions' then e.amount end,
                        case when column_of(j.kind) = 'clawbacks' then e.amount end,
                        case when column_of(j.kind) = 'adjustments' then e.amount end,
                        case when column_of(j.kind) = 'payments' then e.amount end
                 from entries e join journals j on j.program_id = e.program_id and j.id = e.journal_id
                 where e.program_id = $1 and e.account = 'payable' and e.posted_at >= $11 and e.posted_at < $12
                   and ($2::uuid[] is null or e.enrollment_id = any($2))
             ), sums as (
                 select enrollment_id, coalesce(sum(opening), 0) as opening, coalesce(sum(commissions), 0) as commissions,
                        coalesce(sum(clawbacks), 0) as clawbacks, coalesce(sum(adjustments), 0) as adjustments,
                        coalesce(sum(payments), 0) as payments,
                        coalesce(sum(opening), 0) + coalesce(sum(commissions), 0) + coalesce(sum(clawbacks), 0)
                            + coalesce(sum(adjustments), 0) + coalesce(sum(payments), 0) as closing
                 from pieces group by enrollment_id
             ) "# + $asked,
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
pub(crate) use summed;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::instant;

    fn month(name: &str, starts_at: &str, ends_at: &str, closed: bool) -> Month {
        Month { month: name.parse().expect("month"), starts_at: instant(starts_at), ends_at: instant(ends_at), closed }
    }

    /// Two closed months and the running one, in Berlin.
    fn months() -> Vec<Month> {
        vec![
            month("2026-09-01", "2026-08-31T22:00:00Z", "2026-09-30T22:00:00Z", true),
            month("2026-10-01", "2026-09-30T22:00:00Z", "2026-10-31T23:00:00Z", true),
            month("2026-11-01", "2026-10-31T23:00:00Z", "2026-11-30T23:00:00Z", false),
        ]
    }

    fn told(from: &str, to: &str) -> String {
        let pieces = Pieces::cut(&months(), instant(from), instant(to), instant("2026-11-20T12:00:00Z"));
        let part = |(from, to): (DateTime<Utc>, DateTime<Utc>)| if from < to { "part" } else { "-" };
        let name = |month: &NaiveDate| month.format("%b").to_string();
        let names = |months: &[NaiveDate]| months.iter().map(name).collect::<Vec<_>>().join("+");
        format!(
            "base {} first {} lead {} closed {} open {} head {} tail {}",
            pieces.base.as_ref().map(name).unwrap_or_default(),
            pieces.first.as_ref().map(name).unwrap_or_default(),
            part(pieces.lead),
            names(&pieces.closed),
            names(&pieces.open),
            part(pieces.head),
            part(pieces.tail),
        )
    }

    #[test]
    fn a_range_is_read_where_it_is_shortest() {
        for (from, to, pieces) in [
            // This month to now, and to the month's end.
            ("2026-10-31T23:00:00Z", "2026-11-20T23:00:00Z", "base Oct first  lead - closed  open Nov head - tail -"),
            ("2026-10-31T23:00:00Z", "2026-11-30T23:00:00Z", "base Oct first  lead - closed  open Nov head - tail -"),
            // Days of it that are over.
            ("2026-10-31T23:00:00Z", "2026-11-09T23:00:00Z", "base Oct first  lead - closed  open  head part tail -"),
            // One closed month, two, and with the running one.
            ("2026-09-30T22:00:00Z", "2026-10-31T23:00:00Z", "base  first Oct lead - closed Oct open  head - tail -"),
            (
                "2026-08-31T22:00:00Z",
                "2026-10-31T23:00:00Z",
                "base  first Sep lead - closed Sep+Oct open  head - tail -",
            ),
            (
                "2026-09-30T22:00:00Z",
                "2026-11-20T23:00:00Z",
                "base  first Oct lead - closed Oct open Nov head - tail -",
            ),
            // From and to the middle of closed months.
            ("2026-09-15T22:00:00Z", "2026-10-15T22:00:00Z", "base  first  lead part closed  open  head part tail -"),
            (
                "2026-09-15T22:00:00Z",
                "2026-11-09T23:00:00Z",
                "base  first  lead part closed Oct open  head part tail part",
            ),
            (
                "2026-10-15T22:00:00Z",
                "2026-11-20T23:00:00Z",
                "base Sep first  lead part closed  open Nov head part tail -",
            ),
        ] {
            assert_eq!(told(from, to), pieces, "{from} {to}");
        }
    }
}
