use super::allow;
use crate::reports::{like, planned};
use crate::{Error, Result};
use chrono::{DateTime, Utc};
use domain::accounts::{Actor, Power};
use domain::ids::{EnrollmentId, PartnerGroupId, ProgramId};
use domain::money::{Currency, Money};
use domain::page::{Page, Paging};
use domain::partners::{EnrollmentStatus, Kinds, PartnerFilter, PartnerRow, PartnerSort, StatusCount};
use rust_decimal::Decimal;
use sqlx::PgConnection;

/// The program's partners with their figures. Asks for `View`, or a key.
///
/// # Errors
/// `Forbidden`; `Invalid` on `cursor`.
pub async fn list(
    conn: &mut PgConnection,
    actor: &Actor,
    filter: &PartnerFilter,
    paging: &Paging,
) -> Result<Page<PartnerRow>> {
    allow(actor, Power::View)?;
    let after: Option<EnrollmentId> = crate::links::cursor(paging)?;
    let mut conn = planned(conn).await?;
    let ids = page_of_ids(&mut conn, actor.program(), filter, after, paging.rows() + 1).await?;
    let page = Page::cut(ids, paging, ToString::to_string);
    Ok(Page { data: rows(&mut conn, actor.program(), &page.data).await?, next_cursor: page.next_cursor })
}

/// What is sought in names, as a pattern, and the tag.
fn sought(filter: &PartnerFilter) -> (Option<String>, Option<String>) {
    let tag =
        filter.tag.as_deref().map(|tag| tag.replace('\0', "").trim().to_lowercase()).filter(|tag| !tag.is_empty());
    (like(Some(&filter.search)), tag)
}

/// The partners of a page: the cursor is the last one of the page before, whose place the order tells.
pub(super) async fn page_of_ids(
    conn: &mut PgConnection,
    program: ProgramId,
    filter: &PartnerFilter,
    after: Option<EnrollmentId>,
    limit: i64,
) -> Result<Vec<EnrollmentId>> {
    let (search, tag) = sought(filter);
    let ids = match filter.sort {
        PartnerSort::Newest => {
            sqlx::query_scalar!(
                r#"select id as "id: EnrollmentId" from enrollments e
                   where program_id = $1 and ($2::enrollment_status is null or status = $2)
                     and ($3::text is null or concat_ws(' ', e.code, e.name, e.company, e.email) ilike $3)
                     and ($4::uuid is null or id < $4)
                     and ($6::text is null or exists (select from partner_tags t
                          where t.program_id = $1 and t.enrollment_id = e.id and t.tag = $6))
                     and ($7::uuid is null or group_id = $7)
                   order by id desc limit $5"#,
                program as ProgramId,
                filter.status as Option<EnrollmentStatus>,
                search,
                after as Option<EnrollmentId>,
                limit,
                tag,
                filter.group as Option<PartnerGroupId>
            )
            .fetch_all(conn)
            .await?
        }
        PartnerSort::Name => {
            sqlx::query_scalar!(
                r#"select id as "id: EnrollmentId" from enrollments e
                   where program_id = $1 and ($2::enrollment_status is null or status = $2)
                     and ($3::text is null or concat_ws(' ', e.code, e.name, e.company, e.email) ilike $3)
                     and ($4::uuid is null or (lower(coalesce(nullif(name, ''), company)), id) >
                          (select lower(coalesce(nullif(a.name, ''), a.company)), a.id from enrollments a
                           where a.program_id = $1 and a.id = $4))
                     and ($6::text is null or exists (select from partner_tags t
                          where t.program_id = $1 and t.enrollment_id = e.id and t.tag = $6))
                     and ($7::uuid is null or group_id = $7)
                   order by lower(coalesce(nullif(name, ''), company)), id limit $5"#,
                program as ProgramId,
                filter.status as Option<EnrollmentStatus>,
                search,
                after as Option<EnrollmentId>,
                limit,
                tag,
                filter.group as Option<PartnerGroupId>
            )
            .fetch_all(conn)
            .await?
        }
        PartnerSort::Earned | PartnerSort::Due => {
            sqlx::query_scalar!(
                r#"with sums as (
                       select enrollment_id,
                              sum(amount) filter (where kind in ('commission', 'clawback', 'adjustment')) as earned,
                              sum(amount) filter (where account = 'payable') as due
                       from ledger_months where program_id = $1 group by enrollment_id
                   ), ordered as (
                       select e.id, coalesce(case when $6 then s.due else s.earned end, 0) as key
                       from enrollments e left join sums s on s.enrollment_id = e.id
                       where e.program_id = $1 and ($2::enrollment_status is null or status = $2)
                         and ($3::text is null or concat_ws(' ', e.code, e.name, e.company, e.email) ilike $3)
                         and ($7::text is null or exists (select from partner_tags t
                              where t.program_id = $1 and t.enrollment_id = e.id and t.tag = $7))
                         and ($8::uuid is null or e.group_id = $8)
                   )
                   select id as "id: EnrollmentId" from ordered
                   where $4::uuid is null or (key, id) < (select key, id from ordered where id = $4)
                   order by key desc, id desc limit $5"#,
                program as ProgramId,
                filter.status as Option<EnrollmentStatus>,
                search,
                after as Option<EnrollmentId>,
                limit,
                filter.sort == PartnerSort::Due,
                tag,
                filter.group as Option<PartnerGroupId>
            )
            .fetch_all(conn)
            .await?
        }
    };
    Ok(ids)
}

/// These partners with their figures, in this order.
pub(super) async fn rows(conn: &mut PgConnection, program: ProgramId, ids: &[EnrollmentId]) -> Result<Vec<PartnerRow>> {
    struct Row {
        id: EnrollmentId,
        code: String,
        name: String,
        company: String,
        email: String,
        status: EnrollmentStatus,
        affiliate: bool,
        introducer: bool,
        buyer: bool,
        created_at: DateTime<Utc>,
        currency: Currency,
        clicks: i64,
        sign_ups: i64,
        customers: i64,
        earned: Decimal,
        due: Decimal,
        group: String,
        tags: Vec<String>,
    }
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query_as!(
        Row,
        r#"select e.id as "id: EnrollmentId", e.code, e.name, e.company, e.email, e.status as "status: EnrollmentStatus",
                  e.affiliate, e.introducer, e.buyer, e.created_at, p.currency as "currency: Currency",
                  d.clicks as "clicks!", r.sign_ups as "sign_ups!", r.customers as "customers!",
                  m.earned as "earned!", m.due as "due!",
                  coalesce((select g.name from partner_groups g where g.program_id = $1 and g.id = e.group_id), '')
                      as "group!",
                  array(select t.tag from partner_tags t
                        where t.program_id = $1 and t.enrollment_id = e.id order by t.tag) as "tags!"
           from unnest($2::uuid[]) with ordinality as wanted (id, place)
           join enrollments e on e.program_id = $1 and e.id = wanted.id
           join programs p on p.id = e.program_id
           cross join lateral (
               select coalesce(sum(clicks), 0)::bigint as clicks
               from click_days where program_id = $1 and enrollment_id = e.id
           ) d
           cross join lateral (
               select count(signed_up_at) as sign_ups, count(first_sale_at) as customers
               from customers where program_id = $1 and enrollment_id = e.id
           ) r
           cross join lateral (
               select coalesce(sum(amount) filter (where kind in ('commission', 'clawback', 'adjustment')), 0) as earned,
                      coalesce(sum(amount) filter (where account = 'payable'), 0) as due
               from ledger_months where program_id = $1 and enrollment_id = e.id
           ) m
           order by wanted.place"#,
        program as ProgramId,
        &ids
    )
    .fetch_all(conn)
    .await?;
    let partner = |row: Row| PartnerRow {
        id: row.id,
        code: row.code,
        name: row.name,
        company: row.company,
        email: row.email,
        status: row.status,
        kinds: Kinds { affiliate: row.affiliate, introducer: row.introducer, buyer: row.buyer },
        clicks: row.clicks,
        sign_ups: row.sign_ups,
        customers: row.customers,
        earned: Money::new(row.earned, row.currency),
        due: Money::new(row.due, row.currency),
        group: row.group,
        tags: row.tags,
        created_at: row.created_at,
    };
    Ok(rows.into_iter().map(partner).collect())
}

/// How many of those whom a filter finds have each standing, whichever it asks for itself. Asks for `View`.
///
/// # Errors
/// `Forbidden`.
pub async fn counts(conn: &mut PgConnection, actor: &Actor, filter: &PartnerFilter) -> Result<Vec<StatusCount>> {
    if !actor.may(Power::View) {
        return Err(Error::Forbidden);
    }
    let (search, tag) = sought(filter);
    let counts = sqlx::query_as!(
        StatusCount,
        r#"select status as "status: EnrollmentStatus", count(*) as "partners!"
           from enrollments e
           where program_id = $1
             and ($2::text is null or concat_ws(' ', e.code, e.name, e.company, e.email) ilike $2)
             and ($3::text is null or exists (select from partner_tags t
                  where t.program_id = $1 and t.enrollment_id = e.id and t.tag = $3))
             and ($4::uuid is null or group_id = $4)
           group by status order by status"#,
        actor.program() as ProgramId,
        search,
        tag,
        filter.group as Option<PartnerGroupId>
    )
    .fetch_all(conn)
    .await?;
    Ok(counts)
}
