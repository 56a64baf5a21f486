//! The ledgers of all partners over a range of days, by posting date.
//!
//! Closed months are read from their statements, whole open months from the rollups, and only parts of months from the
//! entries themselves: no range reads more than a few rows a partner.

mod pieces;
mod rows;
mod send;

pub(crate) use pieces::{Pieces, summed};
pub use send::send_ledgers;

use super::setting::{Setting, like};
use crate::{Error, Moment, Result};
use domain::accounts::{Actor, Power};
use domain::ids::{EnrollmentId, PartnerGroupId, ProgramId};
use domain::page::Paging;
use domain::partners::{EnrollmentStatus, PartnerName};
use domain::payments::{PayoutKind, method_words};
use domain::reports::{
    BalanceState, LedgerFigures, Ledgers, LedgersFilter, LedgersQuery, LedgersRow, check_ledgers_range,
};
use domain::time::DayRange;
use rust_decimal::Decimal;
use sqlx::{Connection, PgConnection, PgPool, Postgres, Transaction};
use uuid::Uuid;

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
/// what takes longer than they do: the compiler, and helpers that each sum a part of nearly as many groups as rows.
pub(crate) async fn make_room(conn: &mut PgConnection) -> Result<()> {
    sqlx::query!(
        "select set_config('plan_cache_mode', 'force_custom_plan', true) as plans, set_config('work_mem', '64MB', true) as room,
                set_config('jit', 'off', true) as jit,
                set_config('max_parallel_workers_per_gather', '0', true) as helpers"
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
            r#"select e.id as "id!: EnrollmentId"
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
                   select sum(amount) filter (where column_of(kind) = 'commissions') as commissions,
                          sum(amount) filter (where column_of(kind) = 'clawbacks') as clawbacks,
                          sum(amount) filter (where column_of(kind) = 'adjustments') as adjustments,
                          sum(amount) filter (where column_of(kind) = 'payments') as payments
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
             and ($3::text is null or concat_ws(' ', e.code, e.name, e.company, e.email) ilike $3
                  or exists (select from partner_groups g where g.program_id = $1 and g.id = e.group_id and g.name ilike $3)
                  or exists (select from partner_tags t
                       where t.program_id = $1 and t.enrollment_id = e.id and t.tag ilike $3))
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

/// The kinds of payout method, and what each is called: by its name a method is sorted.
fn method_labels() -> (Vec<String>, Vec<String>) {
    PayoutKind::ALL.iter().map(|kind| (kind.as_str().to_owned(), kind.label().to_owned())).unzip()
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
