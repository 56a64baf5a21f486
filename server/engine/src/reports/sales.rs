use super::setting::{Cursor, Listing, like, listing, page};
use super::{commissions, customers};
use crate::{Error, Result};
use chrono::{DateTime, Utc};
use domain::accounts::Actor;
use domain::attribution::told_to_partner;
use domain::ids::{CustomerId, EnrollmentId, ProgramId, ReferralId, RefundId, SaleId};
use domain::page::{Page, Paging};
use domain::partners::PartnerName;
use domain::reports::{Listed, Order, RefundRow, SaleDetail, SaleFilter, SaleRow, SaleTotals};
use domain::why::Why;
use rust_decimal::Decimal;
use sqlx::PgConnection;
use sqlx::types::Json;

/// The sales of the program, or those that count for the partner who asks.
///
/// # Errors
/// `Forbidden` without the power to view; `Invalid` on `cursor`.
pub async fn sales(
    conn: &mut PgConnection,
    actor: &Actor,
    filter: &SaleFilter,
    paging: &Paging,
) -> Result<Listed<SaleRow, SaleTotals>> {
    let mut list = listing(conn, actor, filter.partner_code.as_deref()).await?;
    let rows = read(&mut list, filter, paging).await?;
    let (from, to) = list.setting.instants(filter.from, filter.to)?;
    let (pattern, exact) = search(&list, filter);
    // What is listed is told twice, so that few refunds are sought by their sales, and many are joined to them.
    macro_rules! totals {
        ($listed:tt) => {
            sqlx::query!(
                r#"select count(*) as "count!", coalesce(sum(s.amount), 0) as "amount!",
                          (select coalesce(sum(r.amount), 0)
                           from sales s join refunds r on r.program_id = $1 and r.sale_id = s.id
                           where "#
                    + $listed
                    + r#") as "refunded!"
                   from sales s where "#
                    + $listed,
                list.setting.program as ProgramId,
                list.partner as Option<EnrollmentId>,
                from,
                to,
                pattern,
                exact
            )
        };
    }
    let totals = totals!(
        "s.program_id = $1 and ($2::uuid is null or s.enrollment_id = $2)
         and ($3::timestamptz is null or s.occurred_at >= $3) and ($4::timestamptz is null or s.occurred_at < $4)
         and ($5::text is null or s.event_id = $6 or s.invoice_id = $6 or exists (
             select from customers u where u.program_id = $1 and u.id = s.customer_id
               and concat_ws(' ', u.email, u.name, u.external_id) ilike $5))"
    )
    .fetch_one(&mut *list.conn)
    .await?;
    let money = |amount| list.setting.money(amount);
    let totals = SaleTotals { count: totals.count, amount: money(totals.amount), refunded: money(totals.refunded) };
    Ok(Listed { page: rows, totals })
}

/// The same without totals, for those who read page after page.
///
/// # Errors
/// As [`sales`].
pub async fn sales_page(
    conn: &mut PgConnection,
    actor: &Actor,
    filter: &SaleFilter,
    paging: &Paging,
) -> Result<Page<SaleRow>> {
    let mut list = listing(conn, actor, filter.partner_code.as_deref()).await?;
    read(&mut list, filter, paging).await
}

/// The pattern and the exact id to search for; partners can't find by what they may not see.
fn search(list: &Listing<'_>, filter: &SaleFilter) -> (Option<String>, Option<String>) {
    let pattern = like(filter.search.as_deref());
    let exact = filter.search.as_deref().map(|text| text.trim().to_owned());
    let pattern = if list.masked { pattern.map(|_| String::new()) } else { pattern };
    (pattern, exact.filter(|_| !list.of_partner))
}

struct Row {
    id: SaleId,
    event_id: String,
    customer_id: CustomerId,
    external_id: String,
    email: String,
    customer_name: String,
    partner_id: Option<EnrollmentId>,
    partner_code: Option<String>,
    partner_name: Option<String>,
    referral_id: Option<ReferralId>,
    product: String,
    invoice_id: String,
    amount: Decimal,
    refunded: Decimal,
    earned: Decimal,
    occurred_at: DateTime<Utc>,
    why: Json<Why>,
}

/// Reads rows by a condition and an order; `$1` is the program. They are chosen before anything is joined to them, so that
/// a page of a long list is read by the list's index whatever the planner thinks of the joins.
macro_rules! rows {
    ($conn:expr, $rest:tt, $order:tt, $program:expr $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"select s.id as "id: SaleId", s.event_id, s.customer_id as "customer_id: CustomerId", u.external_id, u.email,
                      u.name as customer_name, s.enrollment_id as "partner_id: EnrollmentId", e.code as "partner_code?",
                      coalesce(nullif(e.name, ''), e.company) as partner_name,
                      s.referral_id as "referral_id: ReferralId", s.product, s.invoice_id, s.amount, s.occurred_at,
                      s.why as "why: Json<Why>",
                      (select coalesce(sum(r.amount), 0) from refunds r
                       where r.program_id = s.program_id and r.sale_id = s.id) as "refunded!",
                      (select coalesce(sum(c.amount), 0) from commissions c
                       where c.program_id = s.program_id and c.sale_id = s.id)
                      + (select coalesce(sum(t.amount), 0)
                         from commissions c
                         join journals j on j.program_id = c.program_id and j.commission_id = c.id and j.kind = 'clawback'
                         join entries t on t.program_id = j.program_id and t.journal_id = j.id
                         where c.program_id = s.program_id and c.sale_id = s.id
                           and t.account in ('held', 'payable')) as "earned!"
               from (select * from sales s where s.program_id = $1 "# + $rest + ") s
               join customers u on u.program_id = s.program_id and u.id = s.customer_id
               left join enrollments e on e.program_id = s.program_id and e.id = s.enrollment_id
               order by " + $order,
            $program as ProgramId
            $(, $argument)*
        )
        .fetch_all($conn)
        .await?
    };
}

async fn read(list: &mut Listing<'_>, filter: &SaleFilter, paging: &Paging) -> Result<Page<SaleRow>> {
    let cursor = Cursor::read(paging, filter.order.into())?;
    let (from, to) = list.setting.instants(filter.from, filter.to)?;
    let (pattern, exact) = search(list, filter);
    let (at, amount, id) = (cursor.and_then(|c| c.at), cursor.and_then(|c| c.amount), cursor.map(|c| c.id));
    macro_rules! ordered {
        ($rest:tt, $order:tt, $key:expr) => {
            rows!(
                &mut *list.conn,
                $rest,
                $order,
                list.setting.program,
                list.partner as Option<EnrollmentId>,
                from,
                to,
                pattern,
                exact,
                $key,
                id,
                paging.rows() + 1,
            )
        };
    }
    let rows = match filter.order {
        Order::Newest => ordered!(
            "and ($2::uuid is null or s.enrollment_id = $2)
             and ($3::timestamptz is null or s.occurred_at >= $3) and ($4::timestamptz is null or s.occurred_at < $4)
             and ($5::text is null or s.event_id = $6 or s.invoice_id = $6 or exists (
                 select from customers u where u.program_id = $1 and u.id = s.customer_id
                   and concat_ws(' ', u.email, u.name, u.external_id) ilike $5))
             and ($7::timestamptz is null or (s.occurred_at, s.id) < ($7, $8::uuid))
             order by s.occurred_at desc, s.id desc limit $9",
            "s.occurred_at desc, s.id desc",
            at
        ),
        Order::Oldest => ordered!(
            "and ($2::uuid is null or s.enrollment_id = $2)
             and ($3::timestamptz is null or s.occurred_at >= $3) and ($4::timestamptz is null or s.occurred_at < $4)
             and ($5::text is null or s.event_id = $6 or s.invoice_id = $6 or exists (
                 select from customers u where u.program_id = $1 and u.id = s.customer_id
                   and concat_ws(' ', u.email, u.name, u.external_id) ilike $5))
             and ($7::timestamptz is null or (s.occurred_at, s.id) > ($7, $8::uuid))
             order by s.occurred_at, s.id limit $9",
            "s.occurred_at, s.id",
            at
        ),
        Order::Largest => ordered!(
            "and ($2::uuid is null or s.enrollment_id = $2)
             and ($3::timestamptz is null or s.occurred_at >= $3) and ($4::timestamptz is null or s.occurred_at < $4)
             and ($5::text is null or s.event_id = $6 or s.invoice_id = $6 or exists (
                 select from customers u where u.program_id = $1 and u.id = s.customer_id
                   and concat_ws(' ', u.email, u.name, u.external_id) ilike $5))
             and ($7::numeric is null or (s.amount, s.id) < ($7, $8::uuid))
             order by s.amount desc, s.id desc limit $9",
            "s.amount desc, s.id desc",
            amount
        ),
    };
    let rows = rows.into_iter().map(|row| finish(list, row)).collect();
    Ok(page(rows, paging, |row: &SaleRow| match filter.order {
        Order::Largest => Cursor::amount(row.amount.amount, row.id.0),
        _ => Cursor::at(row.occurred_at, row.id.0),
    }))
}

/// The newest sales to a customer; where a partner asks, those that count for it.
pub(super) async fn of_customer(list: &mut Listing<'_>, customer: CustomerId) -> Result<Vec<SaleRow>> {
    let rows = rows!(
        &mut *list.conn,
        "and s.customer_id = $2 and ($3::uuid is null or s.enrollment_id = $3)
         order by s.occurred_at desc, s.id desc limit 100",
        "s.occurred_at desc, s.id desc",
        list.setting.program,
        customer as CustomerId,
        list.partner as Option<EnrollmentId>
    );
    Ok(rows.into_iter().map(|row| finish(list, row)).collect())
}

fn finish(list: &Listing<'_>, row: Row) -> SaleRow {
    let partner = match (row.partner_id, row.partner_code, row.partner_name) {
        (Some(id), Some(code), Some(name)) => Some(PartnerName { id, code, name }),
        _ => None,
    };
    SaleRow {
        id: row.id,
        event_id: if list.of_partner { String::new() } else { row.event_id },
        customer: list.customer(row.customer_id, row.external_id, &row.email, &row.customer_name),
        partner,
        product: row.product,
        invoice_id: if list.of_partner { String::new() } else { row.invoice_id },
        amount: list.setting.money(row.amount),
        refunded: list.setting.money(row.refunded),
        earned: list.setting.money(row.earned),
        occurred_at: row.occurred_at,
        day: list.setting.day(row.occurred_at),
        why: if list.of_partner { told_to_partner(row.why.0) } else { row.why.0 },
    }
}

/// A sale with its attribution, refunds and commissions; for the team.
///
/// # Errors
/// `NotFound` where it is not in the program, or a partner asks; `Forbidden` without the power to view.
pub async fn sale(conn: &mut PgConnection, actor: &Actor, id: SaleId) -> Result<SaleDetail> {
    let mut list = listing(conn, actor, None).await?;
    if list.of_partner {
        return Err(Error::NotFound("sale"));
    }
    let found = rows!(&mut *list.conn, "and s.id = $2", "s.id", list.setting.program, id as SaleId).pop();
    let row = found.ok_or(Error::NotFound("sale"))?;
    let (customer, referral) = (row.customer_id, row.referral_id);
    let referral = customers::referral_of_sale(&mut list, customer, referral).await?;
    let commissions = commissions::of_sale(&mut list, id).await?;
    let refunds = sqlx::query!(
        r#"select id as "id: RefundId", event_id, amount, reason, occurred_at, why as "why: Json<Why>"
           from refunds where program_id = $1 and sale_id = $2 order by occurred_at, id"#,
        list.setting.program as ProgramId,
        id as SaleId
    )
    .fetch_all(&mut *list.conn)
    .await?
    .into_iter()
    .map(|refund| RefundRow {
        id: refund.id,
        event_id: refund.event_id,
        amount: list.setting.money(refund.amount),
        reason: refund.reason,
        occurred_at: refund.occurred_at,
        day: list.setting.day(refund.occurred_at),
        why: refund.why.0,
    })
    .collect();
    Ok(SaleDetail { sale: finish(&list, row), referral, refunds, commissions })
}
