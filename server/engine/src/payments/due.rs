use super::drafts::allowed;
use crate::reports::{Cursor, Key, Setting, like, page};
use crate::{Moment, Result};
use chrono::{DateTime, Utc};
use domain::accounts::Actor;
use domain::ids::{EnrollmentId, ProgramId};
use domain::page::{Page, Paging};
use domain::partners::{EnrollmentStatus, PartnerName};
use domain::payments::{DuePartner, LeftOut, method_words};
use rust_decimal::Decimal;
use sqlx::PgConnection;

struct Due {
    id: EnrollmentId,
    code: String,
    name: String,
    status: EnrollmentStatus,
    due: Decimal,
    held: Decimal,
    method: String,
    left_out: Option<LeftOut>,
    last_paid_at: Option<DateTime<Utc>>,
}

/// A page of the partners with a positive due balance, the largest first; `search`: words of name or code. Those whom a
/// batch would leave out say so.
///
/// # Errors
/// `Forbidden` without the power to pay; `Invalid` on `cursor`.
pub async fn due_partners(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    search: Option<&str>,
    paging: &Paging,
) -> Result<Page<DuePartner>> {
    allowed(actor)?;
    let setting = Setting::of(conn, actor).await?;
    let after = Cursor::read(paging, Key::Amount)?;
    // What is due is what is open, negative entries too.
    let rows = sqlx::query_as!(
        Due,
        r#"with balances as (
               select enrollment_id, sum(amount) as due from open_entries
               where program_id = $1 group by enrollment_id having sum(amount) > 0
           ), listed as (
               select e.id, e.code, coalesce(nullif(e.name, ''), e.company) as name, e.status, b.due,
                      coalesce(e.payout_method, '') as method, e.payout_details is not null as has_details
               from balances b join enrollments e on e.program_id = $1 and e.id = b.enrollment_id
               where ($2::text is null or concat_ws(' ', e.code, e.name, e.company) ilike $2)
                 and ($4::numeric is null or (-b.due, e.id) > (-$4::numeric, $5::uuid))
               order by b.due desc, e.id limit $6
           )
           select l.id as "id!: EnrollmentId", l.code as "code!", l.name as "name!",
                  l.status as "status!: EnrollmentStatus", l.due as "due!", l.method as "method!",
                  (select coalesce(sum(h.amount), 0) from ledger_months h
                   where h.program_id = $1 and h.enrollment_id = l.id and h.account = 'held') as "held!",
                  why_left_out(
                      l.due, coalesce(m.minimum, p.minimum_payment), l.status,
                      exists (select from payout_changes c
                              where c.program_id = $1 and c.enrollment_id = l.id and c.expires_at > $3),
                      l.method, l.has_details) as "left_out?: LeftOut",
                  (select max(y.created_at) from payments y
                   where y.program_id = $1 and y.enrollment_id = l.id
                     and y.status not in ('failed', 'cancelled')) as "last_paid_at?"
           from listed l
           join programs p on p.id = $1
           left join payout_methods m on m.program_id = $1 and m.kind::text = lower(l.method)
           order by l.due desc, l.id"#,
        setting.program as ProgramId,
        like(search),
        moment.at,
        after.and_then(|after| after.amount),
        after.map(|after| after.id),
        paging.rows() + 1
    )
    .fetch_all(conn)
    .await?;
    let partner = |row: Due| DuePartner {
        left_out: row.left_out,
        partner: PartnerName { id: row.id, code: row.code, name: row.name },
        status: row.status,
        due: setting.money(row.due),
        held: setting.money(row.held),
        method: method_words(&row.method),
        last_paid_at: row.last_paid_at,
    };
    let rows = rows.into_iter().map(partner).collect();
    Ok(page(rows, paging, |row: &DuePartner| Cursor::amount(row.due.amount, row.partner.id.0)))
}

/// How many partners' balances are below zero: they are carried forward.
///
/// # Errors
/// `Forbidden` without the power to pay.
pub async fn below_zero(conn: &mut PgConnection, actor: &Actor) -> Result<i64> {
    allowed(actor)?;
    let partners = sqlx::query_scalar!(
        r#"select count(*) as "partners!"
           from (select from open_entries where program_id = $1 group by enrollment_id having sum(amount) < 0) as below"#,
        actor.program() as ProgramId
    )
    .fetch_one(conn)
    .await?;
    Ok(partners)
}
