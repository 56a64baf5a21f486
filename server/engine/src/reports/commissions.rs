use super::setting::{Cursor, Listing, Setting, like, listing, page};
use crate::Result;
use chrono::{DateTime, NaiveDate, Utc};
use domain::accounts::Actor;
use domain::commissions::CommissionStatus;
use domain::ids::{BatchId, CommissionId, CustomerId, EnrollmentId, LeadId, ProgramId, SaleId};
use domain::offers::Trigger;
use domain::page::{Page, Paging};
use domain::partners::PartnerName;
use domain::reports::{CommissionFilter, CommissionRow, CommissionTotals, LeadName, Listed, Order, StatusTotal};
use domain::why::Why;
use rust_decimal::Decimal;
use sqlx::PgConnection;
use sqlx::types::Json;
use std::collections::HashMap;
use uuid::Uuid;

/// The commissions of the program, or of the partner who asks, with their totals.
///
/// # Errors
/// `Forbidden` without the power to view; `Invalid` on `cursor`.
pub async fn commissions(
    conn: &mut PgConnection,
    actor: &Actor,
    filter: &CommissionFilter,
    paging: &Paging,
) -> Result<Listed<CommissionRow, CommissionTotals>> {
    let mut list = listing(conn, actor, filter.partner_code.as_deref()).await?;
    let page = read(&mut list, filter, paging).await?;
    let (from, to) = list.setting.instants(filter.from, filter.to)?;
    let search = search(&list, filter);
    // What is listed is told twice, so that few clawbacks are sought by their commissions, and many are joined to them.
    macro_rules! totals {
        ($listed:tt) => {
            sqlx::query!(
                r#"select count(*) as "count!", coalesce(sum(c.amount), 0) as "amount!",
                          (select coalesce(-sum(e.amount), 0)
                           from commissions c
                           join journals j on j.program_id = $1 and j.commission_id = c.id and j.kind = 'clawback'
                           join entries e on e.program_id = $1 and e.journal_id = j.id
                                             and e.account in ('held', 'payable')
                           where "#
                    + $listed
                    + r#") as "clawed_back!"
                   from commissions c where "#
                    + $listed,
                list.setting.program as ProgramId,
                list.partner as Option<EnrollmentId>,
                filter.status as Option<CommissionStatus>,
                from,
                to,
                search,
                filter.reason
            )
        };
    }
    let totals = totals!(
        "c.program_id = $1 and ($2::uuid is null or c.enrollment_id = $2)
         and ($3::commission_status is null or c.status = $3)
         and ($4::timestamptz is null or c.occurred_at >= $4) and ($5::timestamptz is null or c.occurred_at < $5)
         and ($6::text is null or exists (
             select from customers u where u.program_id = $1 and u.id = c.customer_id
               and concat_ws(' ', u.email, u.name, u.external_id) ilike $6) or exists (
             select from leads l where l.program_id = $1 and l.id = c.lead_id
               and concat_ws(' ', l.email, l.name) ilike $6))
         and ($7::text is null or c.why @> jsonb_build_array(jsonb_build_object('check', $7::text, 'passed', false)))"
    )
    .fetch_one(&mut *list.conn)
    .await?;
    let money = |amount| list.setting.money(amount);
    let totals =
        CommissionTotals { count: totals.count, amount: money(totals.amount), clawed_back: money(totals.clawed_back) };
    Ok(Listed { page, totals })
}

/// The same without totals, for those who read page after page.
///
/// # Errors
/// As [`commissions`].
pub async fn commissions_page(
    conn: &mut PgConnection,
    actor: &Actor,
    filter: &CommissionFilter,
    paging: &Paging,
) -> Result<Page<CommissionRow>> {
    let mut list = listing(conn, actor, filter.partner_code.as_deref()).await?;
    read(&mut list, filter, paging).await
}

/// What the commissions come to in each status, whatever status the filter asks for.
///
/// # Errors
/// `Forbidden` without the power to view.
pub async fn commission_statuses(
    conn: &mut PgConnection,
    actor: &Actor,
    filter: &CommissionFilter,
) -> Result<Vec<StatusTotal>> {
    let mut list = listing(conn, actor, filter.partner_code.as_deref()).await?;
    let (from, to) = list.setting.instants(filter.from, filter.to)?;
    let rows = sqlx::query!(
        r#"with listed as (
               select id, status, amount from commissions
               where program_id = $1 and ($2::uuid is null or enrollment_id = $2)
                 and ($3::timestamptz is null or occurred_at >= $3) and ($4::timestamptz is null or occurred_at < $4)
           ), back as (
               select j.commission_id as id, sum(e.amount) as amount
               from journals j
               join entries e on e.program_id = $1 and e.journal_id = j.id and e.account in ('held', 'payable')
               where j.program_id = $1 and j.kind = 'clawback' and j.commission_id in (select id from listed)
               group by 1
           )
           select l.status as "status: CommissionStatus", count(*) as "count!",
                  sum(l.amount) as "amount!", coalesce(-sum(b.amount), 0) as "clawed_back!"
           from listed l left join back b using (id) group by l.status order by l.status"#,
        list.setting.program as ProgramId,
        list.partner as Option<EnrollmentId>,
        from,
        to
    )
    .fetch_all(&mut *list.conn)
    .await?;
    let setting = list.setting;
    let total = rows.into_iter().map(|row| StatusTotal {
        status: row.status,
        count: row.count,
        amount: setting.money(row.amount),
        clawed_back: setting.money(row.clawed_back),
    });
    Ok(total.collect())
}

/// Partners can't find by what they may not see: a search of theirs finds nothing.
fn search(list: &Listing<'_>, filter: &CommissionFilter) -> Option<String> {
    like(filter.search.as_deref()).map(|pattern| if list.masked { String::new() } else { pattern })
}

struct Row {
    id: CommissionId,
    partner_id: EnrollmentId,
    partner_code: String,
    partner_name: String,
    customer_id: Option<CustomerId>,
    external_id: Option<String>,
    email: Option<String>,
    customer_name: Option<String>,
    lead_id: Option<LeadId>,
    lead_email: Option<String>,
    lead_name: Option<String>,
    trigger: Trigger,
    sale_id: Option<SaleId>,
    product: Option<String>,
    base: Option<Decimal>,
    rate: Option<Decimal>,
    amount: Decimal,
    clawed_back: Decimal,
    status: CommissionStatus,
    occurred_at: DateTime<Utc>,
    available_at: DateTime<Utc>,
    why: Json<Why>,
}

/// Reads rows by a condition and an order; `$1` is the program. They are chosen before anything is joined to them, so that
/// a page of a long list is read by the list's index whatever the planner thinks of the joins.
macro_rules! rows {
    ($conn:expr, $rest:tt, $order:tt, $program:expr $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"select c.id as "id: CommissionId", c.enrollment_id as "partner_id: EnrollmentId", e.code as partner_code,
                      coalesce(nullif(e.name, ''), e.company) as "partner_name!",
                      c.customer_id as "customer_id: CustomerId", u.external_id as "external_id?", u.email as "email?",
                      u.name as "customer_name?", c.lead_id as "lead_id: LeadId", l.email as "lead_email?",
                      l.name as "lead_name?",
                      c.trigger as "trigger: Trigger", c.sale_id as "sale_id: SaleId", s.product as "product?",
                      c.base, c.rate, c.amount, c.status as "status: CommissionStatus", c.occurred_at, c.available_at,
                      c.why as "why: Json<Why>",
                      (select coalesce(-sum(t.amount), 0)
                       from journals j join entries t on t.program_id = j.program_id and t.journal_id = j.id
                       where j.program_id = c.program_id and j.commission_id = c.id and j.kind = 'clawback'
                         and t.account in ('held', 'payable')) as "clawed_back!"
               from (select * from commissions c where c.program_id = $1 "# + $rest + ") c
               join enrollments e on e.program_id = c.program_id and e.id = c.enrollment_id
               left join customers u on u.program_id = c.program_id and u.id = c.customer_id
               left join leads l on l.program_id = c.program_id and l.id = c.lead_id
               left join sales s on s.program_id = c.program_id and s.id = c.sale_id
               order by " + $order,
            $program as ProgramId
            $(, $argument)*
        )
        .fetch_all($conn)
        .await?
    };
}

async fn read(list: &mut Listing<'_>, filter: &CommissionFilter, paging: &Paging) -> Result<Page<CommissionRow>> {
    let cursor = Cursor::read(paging, filter.order.into())?;
    let (from, to) = list.setting.instants(filter.from, filter.to)?;
    let search = search(list, filter);
    let (at, amount, id) = (cursor.and_then(|c| c.at), cursor.and_then(|c| c.amount), cursor.map(|c| c.id));
    macro_rules! ordered {
        ($rest:tt, $order:tt, $key:expr) => {
            rows!(
                &mut *list.conn,
                $rest,
                $order,
                list.setting.program,
                list.partner as Option<EnrollmentId>,
                filter.status as Option<CommissionStatus>,
                from,
                to,
                search,
                $key,
                id,
                paging.rows() + 1,
                filter.reason,
            )
        };
    }
    let rows = match filter.order {
        Order::Newest => ordered!(
            "and ($2::uuid is null or c.enrollment_id = $2)
             and ($3::commission_status is null or c.status = $3)
             and ($4::timestamptz is null or c.occurred_at >= $4) and ($5::timestamptz is null or c.occurred_at < $5)
             and ($6::text is null or exists (
                 select from customers u where u.program_id = $1 and u.id = c.customer_id
                   and concat_ws(' ', u.email, u.name, u.external_id) ilike $6) or exists (
                 select from leads l where l.program_id = $1 and l.id = c.lead_id
                   and concat_ws(' ', l.email, l.name) ilike $6))
             and ($10::text is null
                  or c.why @> jsonb_build_array(jsonb_build_object('check', $10::text, 'passed', false)))
             and ($7::timestamptz is null or (c.occurred_at, c.id) < ($7, $8::uuid))
             order by c.occurred_at desc, c.id desc limit $9",
            "c.occurred_at desc, c.id desc",
            at
        ),
        Order::Oldest => ordered!(
            "and ($2::uuid is null or c.enrollment_id = $2)
             and ($3::commission_status is null or c.status = $3)
             and ($4::timestamptz is null or c.occurred_at >= $4) and ($5::timestamptz is null or c.occurred_at < $5)
             and ($6::text is null or exists (
                 select from customers u where u.program_id = $1 and u.id = c.customer_id
                   and concat_ws(' ', u.email, u.name, u.external_id) ilike $6) or exists (
                 select from leads l where l.program_id = $1 and l.id = c.lead_id
                   and concat_ws(' ', l.email, l.name) ilike $6))
             and ($10::text is null
                  or c.why @> jsonb_build_array(jsonb_build_object('check', $10::text, 'passed', false)))
             and ($7::timestamptz is null or (c.occurred_at, c.id) > ($7, $8::uuid))
             order by c.occurred_at, c.id limit $9",
            "c.occurred_at, c.id",
            at
        ),
        Order::Largest => ordered!(
            "and ($2::uuid is null or c.enrollment_id = $2)
             and ($3::commission_status is null or c.status = $3)
             and ($4::timestamptz is null or c.occurred_at >= $4) and ($5::timestamptz is null or c.occurred_at < $5)
             and ($6::text is null or exists (
                 select from customers u where u.program_id = $1 and u.id = c.customer_id
                   and concat_ws(' ', u.email, u.name, u.external_id) ilike $6) or exists (
                 select from leads l where l.program_id = $1 and l.id = c.lead_id
                   and concat_ws(' ', l.email, l.name) ilike $6))
             and ($10::text is null
                  or c.why @> jsonb_build_array(jsonb_build_object('check', $10::text, 'passed', false)))
             and ($7::numeric is null or (c.amount, c.id) < ($7, $8::uuid))
             order by c.amount desc, c.id desc limit $9",
            "c.amount desc, c.id desc",
            amount
        ),
    };
    let rows = finish(list, rows).await?;
    Ok(page(rows, paging, |row| match filter.order {
        Order::Largest => Cursor::amount(row.amount.amount, row.id.0),
        _ => Cursor::at(row.occurred_at, row.id.0),
    }))
}

/// The commissions for a sale, in the order of their making.
pub(super) async fn of_sale(list: &mut Listing<'_>, sale: SaleId) -> Result<Vec<CommissionRow>> {
    let rows = rows!(&mut *list.conn, "and c.sale_id = $2", "c.id", list.setting.program, sale as SaleId);
    finish(list, rows).await
}

/// What a lead has earned its partner by itself: for being qualified, then for being won.
pub(crate) async fn of_lead(list: &mut Listing<'_>, lead: LeadId) -> Result<Vec<CommissionRow>> {
    let rows =
        rows!(&mut *list.conn, "and c.lead_id = $2", "c.trigger, c.reward, c.id", list.setting.program, lead as LeadId);
    finish(list, rows).await
}

/// The newest commissions by a customer; where a partner asks, its own.
pub(crate) async fn of_customer(list: &mut Listing<'_>, customer: CustomerId) -> Result<Vec<CommissionRow>> {
    let rows = rows!(
        &mut *list.conn,
        "and c.customer_id = $2 and ($3::uuid is null or c.enrollment_id = $3)
         order by c.occurred_at desc, c.id desc limit 100",
        "c.occurred_at desc, c.id desc",
        list.setting.program,
        customer as CustomerId,
        list.partner as Option<EnrollmentId>
    );
    finish(list, rows).await
}

async fn finish(list: &mut Listing<'_>, rows: Vec<Row>) -> Result<Vec<CommissionRow>> {
    let Setting { program, .. } = list.setting;
    let paid: Vec<_> = rows.iter().filter(|row| row.status == CommissionStatus::Paid).map(|row| row.id).collect();
    let mut settled = settled_by(&mut list.conn, program, &paid).await?;
    let mut notes = if list.of_partner { HashMap::new() } else { notes(&mut list.conn, program, &rows).await? };
    let setting = list.setting;
    let row = |row: Row| {
        let settled = settled.remove(&row.id);
        let mut why = row.why.0;
        if let Some(note) = notes.remove(&row.id) {
            why.fail("note", note);
        }
        let available = (row.status != CommissionStatus::Review).then_some(row.available_at);
        CommissionRow {
            id: row.id,
            partner: PartnerName { id: row.partner_id, code: row.partner_code, name: row.partner_name },
            customer: row.customer_id.map(|id| {
                let [external_id, email, name] =
                    [row.external_id, row.email, row.customer_name].map(Option::unwrap_or_default);
                list.customer(id, external_id, &email, &name)
            }),
            // A partner knows its own leads.
            lead: row.lead_id.map(|id| {
                let [email, name] = [row.lead_email, row.lead_name].map(Option::unwrap_or_default);
                LeadName::new(id, &email, &name)
            }),
            trigger: row.trigger,
            sale_id: row.sale_id,
            product: row.product.unwrap_or_default(),
            base: row.base.map(|base| setting.money(base)),
            rate: row.rate,
            amount: setting.money(row.amount),
            clawed_back: setting.money(row.clawed_back),
            status: row.status,
            occurred_at: row.occurred_at,
            day: setting.day(row.occurred_at),
            available_at: available,
            due_day: available.map(|at| setting.day(at)),
            paid_day: settled.as_ref().map(|settled| settled.payment_date),
            batch: settled.map(|settled| (settled.batch_id, settled.batch_code)),
            why,
        }
    };
    Ok(rows.into_iter().map(row).collect())
}

/// What a person wrote when taking a commission back: for the team alone.
async fn notes(conn: &mut PgConnection, program: ProgramId, rows: &[Row]) -> Result<HashMap<CommissionId, String>> {
    let reversed = rows.iter().filter(|row| row.status == CommissionStatus::Reversed);
    let ids: Vec<Uuid> = reversed.map(|row| row.id.0).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let notes = sqlx::query!(
        r#"select j.commission_id as "commission_id!: CommissionId", n.note
           from journals j join journal_notes n on n.program_id = j.program_id and n.journal_id = j.id
           where j.program_id = $1 and j.commission_id = any($2) and j.kind = 'clawback'"#,
        program as ProgramId,
        &ids
    )
    .fetch_all(conn)
    .await?;
    Ok(notes.into_iter().map(|row| (row.commission_id, row.note)).collect())
}

/// The payment that settled a commission.
pub(super) struct Settled {
    pub batch_id: BatchId,
    pub batch_code: String,
    pub payment_date: NaiveDate,
}

/// Which payment settled each of these commissions, also where it paid the entry of a payment that had failed.
pub(super) async fn settled_by(
    conn: &mut PgConnection,
    program: ProgramId,
    commissions: &[CommissionId],
) -> Result<HashMap<CommissionId, Settled>> {
    if commissions.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<Uuid> = commissions.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"with recursive steps as (
               select j.commission_id, i.payment_id
               from journals j
               join entries e on e.program_id = j.program_id and e.journal_id = j.id and e.account = 'payable'
               join payment_items i on i.program_id = e.program_id and i.entry_id = e.id
               where j.program_id = $1 and j.commission_id = any($2) and j.kind in ('commission', 'hold_end')
               union
               select s.commission_id, i.payment_id
               from steps s
               join journals j on j.program_id = $1 and j.payment_id = s.payment_id and j.kind = 'payment_failed'
               join entries e on e.program_id = j.program_id and e.journal_id = j.id and e.account = 'payable'
               join payment_items i on i.program_id = e.program_id and i.entry_id = e.id
           )
           select s.commission_id as "commission_id!: CommissionId", b.id as "batch_id: BatchId", b.code, b.payment_date
           from steps s
           join payments p on p.program_id = $1 and p.id = s.payment_id
                           and p.status not in ('failed', 'cancelled')
           join payment_batches b on b.program_id = $1 and b.id = p.batch_id"#,
        program as ProgramId,
        &ids
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let settled = Settled { batch_id: row.batch_id, batch_code: row.code, payment_date: row.payment_date };
            (row.commission_id, settled)
        })
        .collect())
}
