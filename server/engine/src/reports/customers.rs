use super::setting::{Cursor, Key, Listing, like, listing, page};
use super::{commissions, sales};
use crate::{Error, Result};
use chrono::{DateTime, Utc};
use domain::accounts::Actor;
use domain::attribution::Source;
use domain::customers::CustomerStatus;
use domain::ids::{CustomerId, EnrollmentId, LinkId, ProgramId, ReferralId};
use domain::page::{Page, Paging};
use domain::partners::PartnerName;
use domain::reports::{CustomerDetail, CustomerFilter, CustomerRow, CustomerTotals, Listed, Order, ReferralRow};
use domain::text::email_masked;
use domain::why::Why;
use rust_decimal::Decimal;
use sqlx::PgConnection;
use sqlx::types::Json;

/// The customers of the program, or those whom the partner who asks has referred.
///
/// # Errors
/// `Forbidden` without the power to view; `Invalid` on `cursor`.
pub async fn customers(
    conn: &mut PgConnection,
    actor: &Actor,
    filter: &CustomerFilter,
    paging: &Paging,
) -> Result<Listed<CustomerRow, CustomerTotals>> {
    let mut list = listing(conn, actor, filter.partner_code.as_deref()).await?;
    let page = read(&mut list, filter, paging).await?;
    let totals = sqlx::query_as!(
        CustomerTotals,
        r#"select count(*) as "count!", count(*) filter (where first_sale_at is not null and not refunded) as "paid!" from customers u
           where program_id = $1 and ($2::uuid is null or enrollment_id = $2)
             and ($3::boolean is null or (enrollment_id is not null) = $3)
             and ($4::boolean is null or (first_sale_at is not null and not refunded) = $4)
             and ($5::text is null or concat_ws(' ', email, name, external_id) ilike $5)"#,
        list.setting.program as ProgramId,
        list.partner as Option<EnrollmentId>,
        filter.referred,
        filter.status.map(|status| status == CustomerStatus::Paid),
        search(&list, filter)
    )
    .fetch_one(&mut *list.conn)
    .await?;
    Ok(Listed { page, totals })
}

/// The same without totals, for those who search as they type.
///
/// # Errors
/// As [`customers`].
pub async fn customers_page(
    conn: &mut PgConnection,
    actor: &Actor,
    filter: &CustomerFilter,
    paging: &Paging,
) -> Result<Page<CustomerRow>> {
    let mut list = listing(conn, actor, filter.partner_code.as_deref()).await?;
    read(&mut list, filter, paging).await
}

/// Partners can't find by what they may not see: a search of theirs finds nothing.
fn search(list: &Listing<'_>, filter: &CustomerFilter) -> Option<String> {
    like(filter.search.as_deref()).map(|pattern| if list.masked { String::new() } else { pattern })
}

struct Row {
    id: CustomerId,
    external_id: String,
    email: String,
    name: String,
    signed_up_at: Option<DateTime<Utc>>,
    first_sale_at: Option<DateTime<Utc>>,
    refunded: bool,
    created_at: DateTime<Utc>,
    sales: i64,
    revenue: Decimal,
    earned: Decimal,
}

/// Customers by their ids, which grow with time.
async fn read(list: &mut Listing<'_>, filter: &CustomerFilter, paging: &Paging) -> Result<Page<CustomerRow>> {
    let after = Cursor::read(paging, Key::Id)?.map(|cursor| cursor.id);
    let oldest = filter.order == Order::Oldest;
    let search = search(list, filter);
    macro_rules! ordered {
        ($rest:tt) => {
            sqlx::query_as!(
                Row,
                r#"with listed as (
                       select id, external_id, email, name, signed_up_at, first_sale_at, refunded, created_at, enrollment_id
                       from customers
                       where program_id = $1 and ($2::uuid is null or enrollment_id = $2)
                         and ($3::boolean is null or (enrollment_id is not null) = $3)
                         and ($4::boolean is null or (first_sale_at is not null and not refunded) = $4)
                         and ($5::text is null or concat_ws(' ', email, name, external_id) ilike $5)
                         and "#
                    + $rest
                    + r#" limit $7
                   )
                   select u.id as "id: CustomerId", u.external_id, u.email, u.name, u.signed_up_at, u.first_sale_at,
                          u.refunded, u.created_at, s.sales as "sales!", s.amount - r.amount as "revenue!",
                          m.amount - b.amount as "earned!"
                   from listed u
                   cross join lateral (
                       select count(*) as sales, coalesce(sum(amount), 0) as amount from sales
                       where program_id = $1 and customer_id = u.id and ($8::uuid is null or enrollment_id = $8)
                   ) s
                   cross join lateral (
                       select coalesce(sum(r.amount), 0) as amount
                       from sales s join refunds r on r.program_id = s.program_id and r.sale_id = s.id
                       where s.program_id = $1 and s.customer_id = u.id and ($8::uuid is null or s.enrollment_id = $8)
                   ) r
                   cross join lateral (
                       select coalesce(sum(amount), 0) as amount from commissions
                       where program_id = $1 and customer_id = u.id and enrollment_id = u.enrollment_id
                   ) m
                   cross join lateral (
                       select coalesce(-sum(t.amount), 0) as amount
                       from commissions c
                       join journals j on j.program_id = $1 and j.commission_id = c.id and j.kind = 'clawback'
                       join entries t on t.program_id = $1 and t.journal_id = j.id and t.account in ('held', 'payable')
                       where c.program_id = $1 and c.customer_id = u.id and c.enrollment_id = u.enrollment_id
                   ) b"#,
                list.setting.program as ProgramId,
                list.partner as Option<EnrollmentId>,
                filter.referred,
                filter.status.map(|status| status == CustomerStatus::Paid),
                search,
                after,
                paging.rows() + 1,
                list.partner.filter(|_| list.of_partner) as Option<EnrollmentId>
            )
            .fetch_all(&mut *list.conn)
            .await?
        };
    }
    let mut rows = if oldest {
        ordered!("($6::uuid is null or id > $6) order by id")
    } else {
        ordered!("($6::uuid is null or id < $6) order by id desc")
    };
    rows.sort_by_key(|row| row.id);
    if !oldest {
        rows.reverse();
    }
    let ids: Vec<CustomerId> = rows.iter().map(|row| row.id).collect();
    let mut standing = referrals(list, &ids, true).await?;
    let mut finished = Vec::with_capacity(rows.len());
    for row in rows {
        let place = standing.iter().position(|(customer, _)| *customer == row.id);
        finished.push(CustomerRow {
            customer: list.customer(row.id, row.external_id, &row.email, &row.name),
            name: if list.masked { String::new() } else { row.name },
            referral: place.map(|place| standing.swap_remove(place).1),
            signed_up_at: row.signed_up_at,
            first_sale_at: row.first_sale_at,
            status: CustomerStatus::of(row.first_sale_at.is_some(), row.refunded),
            day: list.setting.day(row.created_at),
            sales: row.sales,
            revenue: list.setting.money(row.revenue),
            earned: list.setting.money(row.earned),
        });
    }
    Ok(page(finished, paging, |row| Cursor::at(DateTime::UNIX_EPOCH, row.customer.id.0)))
}

/// The attributions of these customers, the newest first: the standing ones or all; where a partner asks, its own.
async fn referrals(
    list: &mut Listing<'_>,
    customers: &[CustomerId],
    standing: bool,
) -> Result<Vec<(CustomerId, ReferralRow)>> {
    let ids: Vec<_> = customers.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"select r.id as "id: ReferralId", r.customer_id as "customer_id: CustomerId",
                  e.id as "partner_id: EnrollmentId", e.code, coalesce(nullif(e.name, ''), e.company) as "name!",
                  r.source as "source: Source", r.link_id as "link_id: LinkId", r.attributed_at, r.ended_at,
                  r.why as "why: Json<Why>"
           from referrals r join enrollments e on e.program_id = r.program_id and e.id = r.enrollment_id
           where r.program_id = $1 and r.customer_id = any($2) and (r.ended_at is null or not $3)
             and ($4::uuid is null or r.enrollment_id = $4)
           order by r.ended_at desc nulls first, r.id desc"#,
        list.setting.program as ProgramId,
        &ids,
        standing,
        list.partner.filter(|_| list.of_partner) as Option<EnrollmentId>
    )
    .fetch_all(&mut *list.conn)
    .await?;
    let referral = rows.into_iter().map(|row| {
        let partner = PartnerName { id: row.partner_id, code: row.code, name: row.name };
        let referral = ReferralRow {
            id: row.id,
            partner,
            source: row.source,
            link_id: row.link_id,
            attributed_at: row.attributed_at,
            ended_at: row.ended_at,
            why: row.why.0,
        };
        (row.customer_id, referral)
    });
    Ok(referral.collect())
}

/// The attribution under which a sale counted.
pub(super) async fn referral_of_sale(
    list: &mut Listing<'_>,
    customer: CustomerId,
    referral: Option<ReferralId>,
) -> Result<Option<ReferralRow>> {
    let Some(id) = referral else { return Ok(None) };
    let all = referrals(list, &[customer], false).await?;
    Ok(all.into_iter().map(|(_, row)| row).find(|row| row.id == id))
}

/// A customer with its attributions, sales, refunds and commissions.
///
/// # Errors
/// `NotFound` where it is not in the program, or not referred by the partner who asks.
pub async fn customer(conn: &mut PgConnection, actor: &Actor, id: CustomerId) -> Result<CustomerDetail> {
    let mut list = listing(conn, actor, None).await?;
    let row = sqlx::query!(
        r#"select external_id, email, name, created_at, signed_up_at, first_sale_at from customers u
           where program_id = $1 and id = $2
             and ($3::uuid is null or enrollment_id = $3 or exists (
                 select from referrals r
                 where r.program_id = $1 and r.customer_id = u.id and r.enrollment_id = $3))"#,
        list.setting.program as ProgramId,
        id as CustomerId,
        list.partner as Option<EnrollmentId>
    )
    .fetch_optional(&mut *list.conn)
    .await?
    .ok_or(Error::NotFound("customer"))?;
    let referrals = referrals(&mut list, &[id], false).await?;
    let sales = sales::of_customer(&mut list, id).await?;
    let commissions = commissions::of_customer(&mut list, id).await?;
    let erased = row.external_id == crate::privacy::instead(id.0);
    Ok(CustomerDetail {
        customer: list.customer(id, row.external_id, &row.email, &row.name),
        email: if list.masked { email_masked(&row.email) } else { row.email },
        name: if list.masked { String::new() } else { row.name },
        erased,
        created_at: row.created_at,
        signed_up_at: row.signed_up_at,
        first_sale_at: row.first_sale_at,
        referrals: referrals.into_iter().map(|(_, referral)| referral).collect(),
        sales,
        commissions,
    })
}

/// The same by the company's own id; for the team and keys.
///
/// # Errors
/// `NotFound` where it is not in the program, or a partner asks.
pub async fn customer_by_external_id(
    conn: &mut PgConnection,
    actor: &Actor,
    external_id: &str,
) -> Result<CustomerDetail> {
    if super::own(actor)?.is_some() {
        return Err(Error::NotFound("customer"));
    }
    let id = sqlx::query_scalar!(
        r#"select id as "id: CustomerId" from customers where program_id = $1 and external_id = $2"#,
        actor.program() as ProgramId,
        external_id
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound("customer"))?;
    customer(conn, actor, id).await
}
