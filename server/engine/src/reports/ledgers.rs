//! The ledgers of all partners over a range of days, by posting date.
//!
//! Closed months are read from their statements, whole open months from the rollups, and only parts of months from the
//! entries themselves: no range reads more than a few rows a partner.

use super::setting::{Cursor, Key, Setting, like, page};
use crate::{Error, Moment, Result};
use chrono::{DateTime, NaiveDate, Utc};
use domain::accounts::{Actor, Power};
use domain::ids::{EnrollmentId, PartnerGroupId, ProgramId};
use domain::page::{Page, Paging};
use domain::partners::{EnrollmentStatus, PartnerName};
use domain::payments::{PayoutKind, method_words};
use domain::reports::{
    BalanceState, LedgerFigures, LedgerSort, Ledgers, LedgersFilter, LedgersQuery, LedgersRow, check_ledgers_range,
};
use domain::time::DayRange;
use futures_util::TryStreamExt;
use rust_decimal::Decimal;
use sqlx::{Connection, PgConnection, PgPool, Postgres, Transaction};
use std::collections::HashMap;
use std::time::Duration;
use tokio::sync::mpsc;
use uuid::Uuid;

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

/// Reads sums of what moved in the range, `pieces`: a few rows a partner, of these partners or (`None`) of all. What is
/// asked of them follows, its own parameters from $13 on.
macro_rules! summed {
    ($row:ident, $program:expr, $pieces:expr, $of:expr, $asked:tt $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            $row,
            r#"with pieces as (
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
                 where e.program_id = $1 and e.account = 'payable' and e.posted_at >= $9 and e.posted_at < $10
                   and ($2::uuid[] is null or e.enrollment_id = any($2))
                 union all
                 select e.enrollment_id, 0,
                        case when j.kind in ('commission', 'hold_end') then e.amount else 0 end,
                        case when j.kind = 'clawback' then e.amount else 0 end,
                        case when j.kind in ('adjustment', 'opening_balance') then e.amount else 0 end,
                        case when j.kind in ('payment', 'payment_failed') then e.amount else 0 end
                 from entries e join journals j on j.program_id = e.program_id and j.id = e.journal_id
                 where e.program_id = $1 and e.account = 'payable' and e.posted_at >= $11 and e.posted_at < $12
                   and ($2::uuid[] is null or e.enrollment_id = any($2))
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

struct Id {
    id: EnrollmentId,
}

struct Sums {
    opening: Decimal,
    commissions: Decimal,
    clawbacks: Decimal,
    adjustments: Decimal,
    payments: Decimal,
}

impl Sums {
    fn figures(&self, setting: &Setting, held: Decimal) -> LedgerFigures {
        let Self { opening, commissions, clawbacks, adjustments, payments } = *self;
        LedgerFigures {
            opening: setting.money(opening),
            commissions: setting.money(commissions),
            clawbacks: setting.money(clawbacks),
            adjustments: setting.money(adjustments),
            payments: setting.money(payments),
            closing: setting.money(opening + commissions + clawbacks + adjustments + payments),
            held: setting.money(held),
        }
    }
}

struct OfPartner {
    id: EnrollmentId,
    opening: Decimal,
    commissions: Decimal,
    clawbacks: Decimal,
    adjustments: Decimal,
    payments: Decimal,
}

/// A partner of the page, with what it has on hold.
struct Who {
    id: EnrollmentId,
    code: String,
    name: String,
    company: String,
    status: EnrollmentStatus,
    method: String,
    held: Decimal,
}

struct Ranked {
    id: EnrollmentId,
    rank: Decimal,
}

/// A partner with all of its figures, for the file.
struct Whole {
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
}

impl Whole {
    fn row(self, setting: &Setting) -> LedgersRow {
        let sums = Sums {
            opening: self.opening,
            commissions: self.commissions,
            clawbacks: self.clawbacks,
            adjustments: self.adjustments,
            payments: self.payments,
        };
        LedgersRow {
            figures: sums.figures(setting, self.held),
            partner: PartnerName { id: self.id, code: self.code, name: self.name },
            company: self.company,
            status: self.status,
            method: method_words(&self.method),
        }
    }
}

/// A transaction that sums over very many rows.
async fn summing(conn: &mut PgConnection) -> Result<Transaction<'_, Postgres>> {
    let mut tx = conn.begin().await?;
    make_room(&mut tx).await?;
    Ok(tx)
}

/// Has a transaction's statements planned each for its own filter, with room for the groups of very many rows, and without
/// the compiler, which takes longer than they do.
pub(crate) async fn make_room(conn: &mut PgConnection) -> Result<()> {
    sqlx::query!(
        "select set_config('plan_cache_mode', 'force_custom_plan', true) as plans, set_config('work_mem', '64MB', true) as room,
                set_config('jit', 'off', true) as jit"
    )
    .fetch_one(conn)
    .await?;
    Ok(())
}

/// What the report is about, once its filter is resolved.
pub(crate) struct Scope {
    pub setting: Setting,
    pub pieces: Pieces,
    /// The partners that the filter finds; `None`: all.
    pub ids: Option<Vec<Uuid>>,
}

impl Scope {
    /// Checks the range, and finds the partners.
    pub async fn of(
        conn: &mut PgConnection,
        moment: &Moment,
        actor: &Actor,
        filter: &LedgersFilter,
        range: DayRange,
    ) -> Result<Self> {
        let setting = Setting::of(conn, actor).await?;
        let errors = check_ledgers_range(range, setting.day(moment.at));
        if !errors.is_empty() {
            return Err(Error::Invalid(errors));
        }
        let (from, to) = (setting.start(range.from)?, setting.end(range.to)?);
        let pieces = Pieces::of(conn, setting.program, from, to, moment.at).await?;
        let mut scope = Self { setting, pieces, ids: None };
        scope.ids = found(conn, &setting, filter).await?;
        if let Some(balance) = filter.balance {
            scope.ids = Some(scope.standing(conn, balance).await?);
        }
        Ok(scope)
    }

    fn of_ids(&self) -> Option<&[Uuid]> {
        self.ids.as_deref()
    }

    /// Those of them whose ending balance stands so.
    async fn standing(&self, conn: &mut PgConnection, balance: BalanceState) -> Result<Vec<Uuid>> {
        let ids = summed!(
            Id,
            self.setting.program,
            self.pieces,
            self.of_ids(),
            r#", sums as (
                   select enrollment_id, sum(opening + commissions + clawbacks + adjustments + payments) as closing
                   from pieces group by enrollment_id
               )
               select e.id as "id!: EnrollmentId"
               from enrollments e
               join programs p on p.id = e.program_id
               left join sums s on s.enrollment_id = e.id
               left join payout_methods m on m.program_id = e.program_id and m.kind::text = lower(e.payout_method)
               where e.program_id = $1 and ($2::uuid[] is null or e.id = any($2))
                 and case $13::text
                         when 'positive' then s.closing > 0
                         when 'negative' then s.closing < 0
                         when 'zero' then coalesce(s.closing, 0) = 0
                         else s.closing > 0 and s.closing >= coalesce(m.minimum, p.minimum_payment)
                     end"#,
            balance.as_str()
        )
        .fetch_all(conn)
        .await?;
        Ok(ids.into_iter().map(|row| row.id.0).collect())
    }

    /// A page of partners with their figures.
    pub async fn listed(
        &self,
        conn: &mut PgConnection,
        query: &LedgersQuery,
        paging: &Paging,
    ) -> Result<Page<LedgersRow>> {
        let Page { data, next_cursor } = self.page(conn, query, paging).await?;
        Ok(Page { data: self.rows(conn, &data).await?, next_cursor })
    }

    /// A page of partners, and where the next one begins.
    async fn page(&self, conn: &mut PgConnection, query: &LedgersQuery, paging: &Paging) -> Result<Page<EnrollmentId>> {
        if query.sort != LedgerSort::Name {
            let after = Cursor::read(paging, Key::Amount)?;
            let ranked = self.ranked(conn, query, after, paging.rows() + 1).await?;
            let Page { data, next_cursor } = page(ranked, paging, |row: &Ranked| Cursor::amount(row.rank, row.id.0));
            return Ok(Page { data: data.into_iter().map(|row| row.id).collect(), next_cursor });
        }
        let after: Option<EnrollmentId> = crate::links::cursor(paging)?;
        let mut ids = self.named(conn, query.descending, after, paging.rows() + 1).await?;
        let more = ids.len() as i64 > paging.rows();
        if more {
            ids.pop();
        }
        let next_cursor = ids.last().filter(|_| more).map(ToString::to_string);
        Ok(Page { data: ids, next_cursor })
    }

    /// Partners by name. The cursor is the last one of the page before.
    async fn named(
        &self,
        conn: &mut PgConnection,
        descending: bool,
        after: Option<EnrollmentId>,
        limit: i64,
    ) -> Result<Vec<EnrollmentId>> {
        let ids = if descending {
            sqlx::query_scalar!(
                r#"select id as "id!: EnrollmentId" from enrollments
                   where program_id = $1 and ($2::uuid[] is null or id = any($2))
                     and ($3::uuid is null or (lower(coalesce(nullif(name, ''), company)), id) <
                          (select lower(coalesce(nullif(a.name, ''), a.company)), a.id from enrollments a
                           where a.program_id = $1 and a.id = $3))
                   order by lower(coalesce(nullif(name, ''), company)) desc, id desc limit $4"#,
                self.setting.program as ProgramId,
                self.of_ids() as Option<&[Uuid]>,
                after as Option<EnrollmentId>,
                limit
            )
            .fetch_all(conn)
            .await?
        } else {
            sqlx::query_scalar!(
                r#"select id as "id!: EnrollmentId" from enrollments
                   where program_id = $1 and ($2::uuid[] is null or id = any($2))
                     and ($3::uuid is null or (lower(coalesce(nullif(name, ''), company)), id) >
                          (select lower(coalesce(nullif(a.name, ''), a.company)), a.id from enrollments a
                           where a.program_id = $1 and a.id = $3))
                   order by lower(coalesce(nullif(name, ''), company)), id limit $4"#,
                self.setting.program as ProgramId,
                self.of_ids() as Option<&[Uuid]>,
                after as Option<EnrollmentId>,
                limit
            )
            .fetch_all(conn)
            .await?
        };
        Ok(ids)
    }

    /// Partners by a figure.
    async fn ranked(
        &self,
        conn: &mut PgConnection,
        query: &LedgersQuery,
        after: Option<Cursor>,
        limit: i64,
    ) -> Result<Vec<Ranked>> {
        let rows = summed!(
            Ranked,
            self.setting.program,
            self.pieces,
            self.of_ids(),
            r#", sums as (
                   select enrollment_id, sum(opening) as opening, sum(commissions) as commissions,
                          sum(clawbacks) as clawbacks, sum(adjustments) as adjustments, sum(payments) as payments
                   from pieces group by enrollment_id
               ), holds as (
                   select enrollment_id, sum(held) as held
                   from (
                       select enrollment_id, held from statements where program_id = $1 and month = $13
                       union all
                       select enrollment_id, amount from ledger_months
                       where program_id = $1 and month = any($14) and account = 'held'
                   ) as held
                   where $15::text = 'held' group by enrollment_id
               ), ranked as (
                   select e.id, case when $16::boolean then -k.key else k.key end as rank
                   from enrollments e
                   left join sums s on s.enrollment_id = e.id
                   left join holds h on h.enrollment_id = e.id
                   cross join lateral (
                       select coalesce(case $15::text
                                           when 'opening' then s.opening
                                           when 'commissions' then s.commissions
                                           when 'clawbacks' then s.clawbacks
                                           when 'adjustments' then s.adjustments
                                           when 'payments' then s.payments
                                           when 'held' then h.held
                                           else s.opening + s.commissions + s.clawbacks + s.adjustments + s.payments
                                       end, 0) as key
                   ) k
                   where e.program_id = $1 and ($2::uuid[] is null or e.id = any($2))
               )
               select id as "id!: EnrollmentId", rank as "rank!" from ranked
               where $17::numeric is null or (rank, id) > ($17, $18::uuid)
               order by rank, id limit $19"#,
            self.pieces.last,
            &self.pieces.since,
            query.sort.as_str(),
            query.descending,
            after.and_then(|after| after.amount),
            after.map(|after| after.id),
            limit
        )
        .fetch_all(conn)
        .await?;
        Ok(rows)
    }

    /// These partners with their figures, in this order.
    async fn rows(&self, conn: &mut PgConnection, ids: &[EnrollmentId]) -> Result<Vec<LedgersRow>> {
        let of: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        let partners = sqlx::query_as!(
            Who,
            r#"select e.id as "id!: EnrollmentId", e.code, coalesce(nullif(e.name, ''), e.company) as "name!", e.company,
                      e.status as "status!: EnrollmentStatus", coalesce(e.payout_method, '') as "method!",
                      coalesce(s.held, 0) + coalesce(m.held, 0) as "held!"
               from enrollments e
               left join statements s on s.program_id = e.program_id and s.month = $3 and s.enrollment_id = e.id
               left join lateral (
                   select sum(amount) as held from ledger_months m
                   where m.program_id = e.program_id and m.enrollment_id = e.id and m.account = 'held'
                     and m.month = any($4)
               ) m on true
               where e.program_id = $1 and e.id = any($2)"#,
            self.setting.program as ProgramId,
            &of,
            self.pieces.last,
            &self.pieces.since
        )
        .fetch_all(&mut *conn)
        .await?;
        let sums = summed!(
            OfPartner,
            self.setting.program,
            self.pieces,
            Some(&of[..]),
            r#"select enrollment_id as "id!: EnrollmentId", coalesce(sum(opening), 0) as "opening!",
                      coalesce(sum(commissions), 0) as "commissions!", coalesce(sum(clawbacks), 0) as "clawbacks!",
                      coalesce(sum(adjustments), 0) as "adjustments!", coalesce(sum(payments), 0) as "payments!"
               from pieces group by enrollment_id"#
        )
        .fetch_all(conn)
        .await?;
        let mut partners: HashMap<EnrollmentId, Who> = partners.into_iter().map(|who| (who.id, who)).collect();
        let mut sums: HashMap<EnrollmentId, OfPartner> = sums.into_iter().map(|sums| (sums.id, sums)).collect();
        let row = |id: &EnrollmentId| {
            let who = partners.remove(id)?;
            let sums = sums.remove(id);
            let of = |figure: fn(&OfPartner) -> Decimal| sums.as_ref().map(figure).unwrap_or_default();
            let whole = Whole {
                id: who.id,
                code: who.code,
                name: who.name,
                company: who.company,
                status: who.status,
                method: who.method,
                opening: of(|sums| sums.opening),
                commissions: of(|sums| sums.commissions),
                clawbacks: of(|sums| sums.clawbacks),
                adjustments: of(|sums| sums.adjustments),
                payments: of(|sums| sums.payments),
                held: who.held,
            };
            Some(whole.row(&self.setting))
        };
        Ok(ids.iter().filter_map(row).collect())
    }

    /// What all of them come to: the same pieces, each summed by itself.
    async fn sums(&self, conn: &mut PgConnection) -> Result<Sums> {
        let pieces = &self.pieces;
        let sums = sqlx::query_as!(
            Sums,
            r#"with base as (
                   select sum(closing) as opening from statements
                   where program_id = $1 and month = $3 and ($2::uuid[] is null or enrollment_id = any($2))
               ), led as (
                   select sum(amount) as opening from entries
                   where program_id = $1 and account = 'payable' and posted_at >= $4 and posted_at < $5
                     and ($2::uuid[] is null or enrollment_id = any($2))
               ), closed as (
                   select sum(opening) filter (where month = $6) as opening, sum(commissions) as commissions,
                          sum(clawbacks) as clawbacks, sum(adjustments) as adjustments, sum(payments) as payments
                   from statements
                   where program_id = $1 and month = any($7) and ($2::uuid[] is null or enrollment_id = any($2))
               ), kinds as (
                   select kind, sum(amount) as amount from ledger_months
                   where program_id = $1 and month = any($8) and account = 'payable'
                     and ($2::uuid[] is null or enrollment_id = any($2))
                   group by kind
                   union all
                   select j.kind, sum(e.amount)
                   from entries e join journals j on j.program_id = e.program_id and j.id = e.journal_id
                   where e.program_id = $1 and e.account = 'payable' and e.posted_at >= $9 and e.posted_at < $10
                     and ($2::uuid[] is null or e.enrollment_id = any($2))
                   group by j.kind
                   union all
                   select j.kind, sum(e.amount)
                   from entries e join journals j on j.program_id = e.program_id and j.id = e.journal_id
                   where e.program_id = $1 and e.account = 'payable' and e.posted_at >= $11 and e.posted_at < $12
                     and ($2::uuid[] is null or e.enrollment_id = any($2))
                   group by j.kind
               ), moved as (
                   select sum(amount) filter (where kind in ('commission', 'hold_end')) as commissions,
                          sum(amount) filter (where kind = 'clawback') as clawbacks,
                          sum(amount) filter (where kind in ('adjustment', 'opening_balance')) as adjustments,
                          sum(amount) filter (where kind in ('payment', 'payment_failed')) as payments
                   from kinds
               )
               select coalesce(b.opening, 0) + coalesce(l.opening, 0) + coalesce(c.opening, 0) as "opening!",
                      coalesce(c.commissions, 0) + coalesce(m.commissions, 0) as "commissions!",
                      coalesce(c.clawbacks, 0) + coalesce(m.clawbacks, 0) as "clawbacks!",
                      coalesce(c.adjustments, 0) + coalesce(m.adjustments, 0) as "adjustments!",
                      coalesce(c.payments, 0) + coalesce(m.payments, 0) as "payments!"
               from base b, led l, closed c, moved m"#,
            self.setting.program as ProgramId,
            self.of_ids() as Option<&[Uuid]>,
            pieces.base,
            pieces.lead.0,
            pieces.lead.1,
            pieces.first,
            &pieces.closed,
            &pieces.open,
            pieces.head.0,
            pieces.head.1,
            pieces.tail.0,
            pieces.tail.1
        )
        .fetch_one(conn)
        .await?;
        Ok(sums)
    }

    /// What all of them have on hold now.
    async fn held(&self, conn: &mut PgConnection) -> Result<Decimal> {
        let held = sqlx::query_scalar!(
            r#"select (select coalesce(sum(held), 0) from statements
                       where program_id = $1 and month = $3 and ($2::uuid[] is null or enrollment_id = any($2)))
                    + (select coalesce(sum(amount), 0) from ledger_months
                       where program_id = $1 and month = any($4) and account = 'held'
                         and ($2::uuid[] is null or enrollment_id = any($2))) as "held!""#,
            self.setting.program as ProgramId,
            self.of_ids() as Option<&[Uuid]>,
            self.pieces.last,
            &self.pieces.since
        )
        .fetch_one(conn)
        .await?;
        Ok(held)
    }

    /// How many partners there are.
    pub async fn partners(&self, conn: &mut PgConnection) -> Result<i64> {
        if let Some(ids) = &self.ids {
            return Ok(ids.len() as i64);
        }
        let count = sqlx::query_scalar!(
            r#"select count(*) as "count!" from enrollments where program_id = $1"#,
            self.setting.program as ProgramId
        )
        .fetch_one(conn)
        .await?;
        Ok(count)
    }
}

/// The partners that a filter finds, its balance aside; `None` where it asks for nothing.
async fn found(conn: &mut PgConnection, setting: &Setting, filter: &LedgersFilter) -> Result<Option<Vec<Uuid>>> {
    let search = like(Some(&filter.search));
    let clean = |text: &str| text.replace('\0', "").trim().to_lowercase();
    let tag = filter.tag.as_deref().map(clean).filter(|tag| !tag.is_empty());
    let LedgersFilter { group, status, method, ref country, ref codes, .. } = *filter;
    let asks = search.is_some() || tag.is_some() || country.is_some() || !codes.is_empty();
    if !asks && group.is_none() && status.is_none() && method.is_none() {
        return Ok(None);
    }
    let codes: Vec<String> = codes.iter().map(|code| clean(code)).collect();
    let codes = (!codes.is_empty()).then_some(codes);
    let ids = sqlx::query_scalar!(
        r#"select id from enrollments e
           where program_id = $1 and ($2::enrollment_status is null or status = $2)
             and ($3::text is null or concat_ws(' ', e.code, e.name, e.company, e.email) ilike $3)
             and ($4::text is null or exists (select from partner_tags t
                  where t.program_id = $1 and t.enrollment_id = e.id and t.tag = $4))
             and ($5::uuid is null or group_id = $5)
             and ($6::text is null or lower(payout_method) = $6)
             and ($7::text is null or country = $7)
             and ($8::text[] is null or id in (
                  select enrollment_id from enrollment_codes where program_id = $1 and code_key = any($8)))"#,
        setting.program as ProgramId,
        status as Option<EnrollmentStatus>,
        search,
        tag,
        group as Option<PartnerGroupId>,
        method.map(PayoutKind::as_str),
        country.as_deref().map(|code| code.replace('\0', "")),
        codes as Option<Vec<String>>
    )
    .fetch_all(conn)
    .await?;
    Ok(Some(ids))
}

/// The ledgers of all partners whom the filter finds, a page of them, and what all of them come to.
///
/// The rows and the totals are read by two connections at once, each its own: who calls holds none.
///
/// # Errors
/// `Forbidden` without the power to view; `Invalid` on `from`, `to` and `cursor`.
pub async fn ledgers(
    pool: &PgPool,
    moment: &Moment,
    actor: &Actor,
    query: &LedgersQuery,
    paging: &Paging,
) -> Result<Ledgers> {
    team(actor)?;
    let scope = {
        let mut conn = pool.acquire().await?;
        let mut conn = summing(&mut conn).await?;
        Scope::of(&mut conn, moment, actor, &query.filter, query.range).await?
    };
    let rows = async {
        let mut conn = pool.acquire().await?;
        let mut conn = summing(&mut conn).await?;
        let page = scope.listed(&mut conn, query, paging).await?;
        let held = scope.held(&mut conn).await?;
        Ok::<_, Error>((page, held))
    };
    let totals = async {
        let mut conn = pool.acquire().await?;
        let mut conn = summing(&mut conn).await?;
        let partners = scope.partners(&mut conn).await?;
        Ok::<_, Error>((scope.sums(&mut conn).await?, partners))
    };
    let ((page, held), (sums, partners)) = tokio::try_join!(rows, totals)?;
    Ok(Ledgers { range: query.range, page, partners, totals: sums.figures(&scope.setting, held) })
}

fn team(actor: &Actor) -> Result<()> {
    if actor.may(Power::View) { Ok(()) } else { Err(Error::Forbidden) }
}

/// So many rows are sent at once.
const AT_ONCE: usize = 500;

/// Sends all rows of the report in its order, as one statement reads them, so that they are of one instant and memory stays
/// flat. After the last come none, so that nobody takes half for the whole; what goes wrong is sent instead. Where `keeps`
/// is set, what the report contained is kept as a draft of payments, by the same snapshot, before the end is sent: who has
/// the whole file has its draft.
///
/// # Errors
/// None: what goes wrong is sent.
pub async fn send_ledgers(
    pool: &PgPool,
    moment: &Moment,
    actor: &Actor,
    query: &LedgersQuery,
    keeps: bool,
    rows: mpsc::Sender<Result<Vec<LedgersRow>>>,
) -> Result<()> {
    let sent = async {
        team(actor)?;
        let mut tx = pool.begin().await?;
        sqlx::query("set transaction isolation level repeatable read").execute(&mut *tx).await?;
        make_room(&mut tx).await?;
        // As long as it is read.
        sqlx::query("set local statement_timeout = '30min'").execute(&mut *tx).await?;
        let scope = Scope::of(&mut tx, moment, actor, &query.filter, query.range).await?;
        scope.send(&mut tx, query, &rows).await?;
        if keeps {
            crate::payments::keep_export(&mut tx, moment, actor, query, &scope).await?;
            tx.commit().await?;
        }
        put(&rows, Vec::new()).await
    };
    if let Err(error) = sent.await {
        // Who reads may have gone, or stand still.
        let _ = tokio::time::timeout(PATIENCE, rows.send(Err(error))).await;
    }
    Ok(())
}

impl Scope {
    async fn send(
        &self,
        conn: &mut PgConnection,
        query: &LedgersQuery,
        rows: &mpsc::Sender<Result<Vec<LedgersRow>>>,
    ) -> Result<()> {
        let mut found = summed!(
            Whole,
            self.setting.program,
            self.pieces,
            self.of_ids(),
            r#", sums as (
                   select enrollment_id, sum(opening) as opening, sum(commissions) as commissions,
                          sum(clawbacks) as clawbacks, sum(adjustments) as adjustments, sum(payments) as payments
                   from pieces group by enrollment_id
               ), holds as (
                   select enrollment_id, sum(held) as held
                   from (
                       select enrollment_id, held from statements where program_id = $1 and month = $13
                       union all
                       select enrollment_id, amount from ledger_months
                       where program_id = $1 and month = any($14) and account = 'held'
                   ) as held
                   group by enrollment_id
               ), listed as (
                   select e.id, e.code, coalesce(nullif(e.name, ''), e.company) as name, e.company, e.status,
                          coalesce(e.payout_method, '') as method, coalesce(s.opening, 0) as opening,
                          coalesce(s.commissions, 0) as commissions, coalesce(s.clawbacks, 0) as clawbacks,
                          coalesce(s.adjustments, 0) as adjustments, coalesce(s.payments, 0) as payments,
                          coalesce(h.held, 0) as held
                   from enrollments e
                   left join sums s on s.enrollment_id = e.id
                   left join holds h on h.enrollment_id = e.id
                   where e.program_id = $1 and ($2::uuid[] is null or e.id = any($2))
               )
               select id as "id!: EnrollmentId", code as "code!", name as "name!", company as "company!",
                      status as "status!: EnrollmentStatus", method as "method!", opening as "opening!", commissions as "commissions!",
                      clawbacks as "clawbacks!", adjustments as "adjustments!", payments as "payments!", held as "held!"
               from listed
               order by case when $16::boolean then -1 else 1 end
                            * case $15::text
                                  when 'name' then 0
                                  when 'opening' then opening
                                  when 'commissions' then commissions
                                  when 'clawbacks' then clawbacks
                                  when 'adjustments' then adjustments
                                  when 'payments' then payments
                                  when 'held' then held
                                  else opening + commissions + clawbacks + adjustments + payments
                              end,
                        lower(name), id"#,
            self.pieces.last,
            &self.pieces.since,
            query.sort.as_str(),
            query.descending
        )
        .fetch(conn);
        let mut gathered = Vec::with_capacity(AT_ONCE);
        while let Some(row) = found.try_next().await? {
            gathered.push(row.row(&self.setting));
            if gathered.len() == AT_ONCE {
                put(rows, std::mem::take(&mut gathered)).await?;
            }
        }
        if gathered.is_empty() { Ok(()) } else { put(rows, gathered).await }
    }
}

/// So long a reader may stand still: it holds a connection.
const PATIENCE: Duration = Duration::from_secs(60);

async fn put(rows: &mpsc::Sender<Result<Vec<LedgersRow>>>, gathered: Vec<LedgersRow>) -> Result<()> {
    let sent = tokio::time::timeout(PATIENCE, rows.send(Ok(gathered))).await;
    if matches!(sent, Ok(Ok(()))) { Ok(()) } else { Err(Error::internal("the reader has gone, or stands still")) }
}

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
