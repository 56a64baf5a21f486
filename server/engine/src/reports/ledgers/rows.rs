//! A page of the report: which partners are on it, by each order, and their figures.

use super::{Scope, Whole, method_labels, summed};
use crate::Result;
use crate::reports::{Cursor, Key, page};
use domain::ids::{EnrollmentId, ProgramId};
use domain::page::{Page, Paging};
use domain::partners::EnrollmentStatus;
use domain::reports::{LedgerSort, LedgersQuery, LedgersRow};
use rust_decimal::Decimal;
use sqlx::PgConnection;
use std::collections::HashMap;
use uuid::Uuid;

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

impl Scope {
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
        if !matches!(query.sort, LedgerSort::Name | LedgerSort::Method) {
            let after = Cursor::read(paging, Key::Amount)?;
            let ranked = self.ranked(conn, query, after, paging.rows() + 1).await?;
            let Page { data, next_cursor } = page(ranked, paging, |row: &Ranked| Cursor::amount(row.rank, row.id.0));
            return Ok(Page { data: data.into_iter().map(|row| row.id).collect(), next_cursor });
        }
        let after: Option<EnrollmentId> = crate::links::cursor(paging)?;
        let limit = paging.rows() + 1;
        let mut ids = if query.sort == LedgerSort::Method {
            self.by_method(conn, query.descending, after, limit).await?
        } else {
            self.named(conn, query.descending, after, limit).await?
        };
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

    /// Partners by how they are paid, in words, and then by name. The cursor is the last one of the page before.
    async fn by_method(
        &self,
        conn: &mut PgConnection,
        descending: bool,
        after: Option<EnrollmentId>,
        limit: i64,
    ) -> Result<Vec<EnrollmentId>> {
        let (kinds, labels) = method_labels();
        let ids = sqlx::query_scalar!(
            r#"with keys as not materialized (
                   select id, lower(coalesce(($4::text[])[array_position($3::text[], lower(payout_method))],
                                             payout_method, '')) as method,
                          lower(coalesce(nullif(name, ''), company)) as name
                   from enrollments where program_id = $1
               )
               select k.id as "id!: EnrollmentId"
               from keys k left join keys a on a.id = $5::uuid
               where ($2::uuid[] is null or k.id = any($2))
                 and ($5::uuid is null
                      or case when $6::boolean then (k.method, k.name, k.id) < (a.method, a.name, a.id)
                              else (k.method, k.name, k.id) > (a.method, a.name, a.id) end)
               order by case when $6::boolean then k.method end desc, case when $6::boolean then k.name end desc,
                        case when $6::boolean then k.id end desc, k.method, k.name, k.id
               limit $7"#,
            self.setting.program as ProgramId,
            self.of_ids() as Option<&[Uuid]>,
            &kinds,
            &labels,
            after as Option<EnrollmentId>,
            descending,
            limit
        )
        .fetch_all(conn)
        .await?;
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
            r#", holds as (
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
                                           else s.closing
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
            r#"select enrollment_id as "id!: EnrollmentId", opening as "opening!", commissions as "commissions!",
                      clawbacks as "clawbacks!", adjustments as "adjustments!", payments as "payments!"
               from sums"#
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
}
