//! A partner's own customers: who signed up by it, and its leads that were won.

use super::setting::{Cursor, Key, like, listing, page};
use crate::{Error, Result};
use chrono::{DateTime, Utc};
use domain::accounts::Actor;
use domain::customers::CustomerStatus;
use domain::ids::{EnrollmentId, LeadId, ProgramId};
use domain::page::{Page, Paging};
use domain::reports::{LeadName, MyCustomer, MyCustomerFilter};
use domain::text::email_masked;
use sqlx::PgConnection;

/// The customers of the partner who asks, the latest first. A lead that was won stands here as the customer that it became,
/// and by itself until somebody signs up for it.
///
/// # Errors
/// `Forbidden` for anybody but a partner; `Invalid` on `cursor`.
pub async fn my_customers(
    conn: &mut PgConnection,
    actor: &Actor,
    filter: &MyCustomerFilter,
    paging: &Paging,
) -> Result<Page<MyCustomer>> {
    let Actor::Partner { enrollment, .. } = *actor else { return Err(Error::Forbidden) };
    let mut list = listing(conn, actor, None).await?;
    let after = Cursor::read(paging, Key::Id)?.map(|cursor| cursor.id);
    let rows = sqlx::query!(
        r#"with signed as (
               select id, email, name, first_sale_at is not null and not refunded as paid, created_at, true as is_customer
               from customers c
               where program_id = $1 and enrollment_id = $2
                 and ($3::boolean is null or (first_sale_at is not null and not refunded) = $3)
                 and ($4::uuid is null or id < $4)
                 and ($6::text is null or not $7 and concat_ws(' ', email, name) ilike $6
                      or exists (select from leads l
                                 where l.program_id = $1 and l.customer_id = c.id and l.enrollment_id = $2
                                   and concat_ws(' ', l.email, l.name) ilike $6))
               order by id desc limit $5
           ), won as (
               select id, email, name, false as paid, stage_at as created_at, false as is_customer
               from leads
               where program_id = $1 and enrollment_id = $2 and stage = 'closed_won' and customer_id is null
                 and withdrawn_at is null and not coalesce($3, false)
                 and ($4::uuid is null or id < $4)
                 and ($6::text is null or concat_ws(' ', email, name) ilike $6)
               order by id desc limit $5
           ), listed as (
               select * from signed union all select * from won order by id desc limit $5
           )
           select u.id as "id!", u.email as "email!", u.name as "name!", u.paid as "paid!", u.created_at as "created_at!",
                  l.id as "lead?: LeadId", l.email as "lead_email?", l.name as "lead_name?",
                  s.sales as "sales!", s.amount - r.amount as "revenue!", m.amount + o.amount as "earned!"
           from listed u
           left join lateral (
               select id, email, name from leads
               where program_id = $1 and id = u.id and not u.is_customer
               union all
               (select id, email, name from leads
                where program_id = $1 and customer_id = u.id and enrollment_id = $2 and u.is_customer
                order by stage = 'closed_won' desc, id desc limit 1)
           ) l on true
           cross join lateral (
               select count(*) as sales, coalesce(sum(amount), 0) as amount from sales
               where program_id = $1 and customer_id = u.id and enrollment_id = $2
           ) s
           cross join lateral (
               select coalesce(sum(r.amount), 0) as amount
               from sales s join refunds r on r.program_id = s.program_id and r.sale_id = s.id
               where s.program_id = $1 and s.customer_id = u.id and s.enrollment_id = $2
           ) r
           cross join lateral (
               select coalesce(sum(c.amount + coalesce(
                          (select sum(t.amount) from journals j
                           join entries t on t.program_id = $1 and t.journal_id = j.id
                                          and t.account in ('held', 'payable')
                           where j.program_id = $1 and j.commission_id = c.id and j.kind = 'clawback'), 0)), 0) as amount
               from commissions c
               where c.program_id = $1 and c.customer_id = u.id and c.enrollment_id = $2
           ) m
           cross join lateral (
               select coalesce(sum(c.amount + coalesce(
                          (select sum(t.amount) from journals j
                           join entries t on t.program_id = $1 and t.journal_id = j.id
                                          and t.account in ('held', 'payable')
                           where j.program_id = $1 and j.commission_id = c.id and j.kind = 'clawback'), 0)), 0) as amount
               from commissions c where c.program_id = $1 and c.lead_id = l.id
           ) o
           order by u.id desc"#,
        list.setting.program as ProgramId,
        enrollment as EnrollmentId,
        filter.status.map(|status| status == CustomerStatus::Paid),
        after,
        paging.rows() + 1,
        like(filter.search.as_deref()),
        list.masked
    )
    .fetch_all(&mut *list.conn)
    .await?;
    let (setting, masked) = (list.setting, list.masked);
    let told = rows.into_iter().map(|row| {
        let lead = row.lead.map(|id| {
            let [email, name] = [row.lead_email, row.lead_name].map(Option::unwrap_or_default);
            LeadName::new(id, &email, &name)
        });
        let label = match &lead {
            // Its own leads a partner knows.
            Some(lead) => lead.label.clone(),
            None if masked || row.email.is_empty() => email_masked(&row.email),
            None => row.email,
        };
        MyCustomer {
            id: row.id,
            label,
            lead,
            status: CustomerStatus::of(row.paid, false),
            day: setting.day(row.created_at),
            sales: row.sales,
            revenue: setting.money(row.revenue),
            earned: setting.money(row.earned),
        }
    });
    Ok(page(told.collect(), paging, |row: &MyCustomer| Cursor::at(DateTime::<Utc>::UNIX_EPOCH, row.id)))
}
