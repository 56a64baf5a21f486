use crate::reports::{Setting, like};
use crate::{Error, Moment, Result};
use chrono::{DateTime, NaiveDate, Utc};
use domain::accounts::{Actor, Power};
use domain::ids::{EnrollmentId, ProgramId};
use domain::partners::{EnrollmentStatus, PartnerName};
use domain::payments::{DuePartner, Flag, LeftOut, Preview, PreviewLine, batch_code, method_words};
use domain::text::code_key;
use rust_decimal::Decimal;
use sqlx::PgConnection;
use uuid::Uuid;

/// The partners with a positive due balance, the largest first, at most 1,000; `search`: words of name or code. Those
/// whom a batch would leave out, or should be looked at first, say so.
///
/// # Errors
/// `Forbidden` without the power to pay.
pub async fn due_partners(conn: &mut PgConnection, actor: &Actor, search: Option<&str>) -> Result<Vec<DuePartner>> {
    if !actor.may(Power::Pay) {
        return Err(Error::Forbidden);
    }
    let setting = Setting::of(conn, actor).await?;
    let rows = sqlx::query!(
        r#"with balances as (
               select enrollment_id, sum(amount) filter (where account = 'payable') as due,
                      coalesce(sum(amount) filter (where account = 'held'), 0) as held
               from ledger_months where program_id = $1
               group by enrollment_id having sum(amount) filter (where account = 'payable') > 0
           )
           select e.id as "id: EnrollmentId", e.code, coalesce(nullif(e.name, ''), e.company) as "name!",
                  e.status as "status: EnrollmentStatus", b.due as "due!", b.held as "held!",
                  coalesce(e.payout_method, '') as "method!",
                  coalesce(m.minimum, p.minimum_payment) as "minimum_payment!",
                  (select max(created_at) from payments y
                   where y.program_id = $1 and y.enrollment_id = e.id and y.status not in ('failed', 'cancelled')) as last_paid_at
           from balances b
           join enrollments e on e.program_id = $1 and e.id = b.enrollment_id
           join programs p on p.id = $1
           left join payout_methods m on m.program_id = $1 and m.kind::text = lower(e.payout_method)
           where $2::text is null or concat_ws(' ', e.code, e.name, e.company) ilike $2
           order by b.due desc, e.id limit 1000"#,
        setting.program as ProgramId,
        like(search)
    )
    .fetch_all(conn)
    .await?;
    let partner = |row: Due| DuePartner {
        left_out: left_out(row.due, row.status),
        flags: flags(row.due, row.minimum_payment, &row.method),
        partner: row.partner,
        status: row.status,
        due: setting.money(row.due),
        held: setting.money(row.held),
        method: method_words(&row.method),
        last_paid_at: row.last_paid_at,
    };
    let rows = rows.into_iter().map(|row| Due {
        partner: PartnerName { id: row.id, code: row.code, name: row.name },
        status: row.status,
        due: row.due,
        held: row.held,
        method: row.method,
        minimum_payment: row.minimum_payment,
        last_paid_at: row.last_paid_at,
    });
    Ok(rows.map(partner).collect())
}

struct Due {
    partner: PartnerName,
    status: EnrollmentStatus,
    due: Decimal,
    held: Decimal,
    method: String,
    minimum_payment: Decimal,
    last_paid_at: Option<DateTime<Utc>>,
}

/// Why a partner can't be paid this.
pub(super) fn left_out(amount: Decimal, status: EnrollmentStatus) -> Option<LeftOut> {
    if status == EnrollmentStatus::Banned {
        Some(LeftOut::Frozen)
    } else if amount <= Decimal::ZERO {
        Some(LeftOut::NothingDue)
    } else {
        None
    }
}

fn flags(amount: Decimal, minimum: Decimal, method: &str) -> Vec<Flag> {
    let below = (amount > Decimal::ZERO && amount < minimum).then_some(Flag::BelowMinimum);
    let no_method = method.is_empty().then_some(Flag::NoPayoutMethod);
    below.into_iter().chain(no_method).collect()
}

/// What a batch would pay these partners now: the sum of each one's open payable entries.
///
/// # Errors
/// `Forbidden` without the power to pay; `NotFound` where a partner is not in the program.
pub async fn preview(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    partners: &[EnrollmentId],
) -> Result<Preview> {
    if !actor.may(Power::Pay) {
        return Err(Error::Forbidden);
    }
    let setting = Setting::of(conn, actor).await?;
    let mut ids: Vec<Uuid> = partners.iter().map(|id| id.0).collect();
    ids.sort_unstable();
    ids.dedup();
    let rows = sqlx::query!(
        r#"select e.id as "id: EnrollmentId", e.code, coalesce(nullif(e.name, ''), e.company) as "name!",
                  e.status as "status: EnrollmentStatus", coalesce(e.payout_method, '') as "method!",
                  coalesce(m.minimum, p.minimum_payment) as "minimum_payment!", o.amount as "amount!", o.entries as "entries!"
           from enrollments e
           join programs p on p.id = e.program_id
           left join payout_methods m on m.program_id = e.program_id and m.kind::text = lower(e.payout_method)
           cross join lateral (
               select coalesce(sum(t.amount), 0) as amount, count(*) as entries
               from entries t
               join journals j on j.program_id = t.program_id and j.id = t.journal_id and j.kind <> 'payment'
               where t.program_id = e.program_id and t.enrollment_id = e.id and t.account = 'payable'
                 and (t.posted_at <= $3 or t.amount < 0)
                 and not exists (select from payment_items i where i.program_id = t.program_id and i.entry_id = t.id)
           ) o
           where e.program_id = $1 and e.id = any($2)
           order by lower(coalesce(nullif(e.name, ''), e.company)), e.id"#,
        setting.program as ProgramId,
        &ids,
        moment.at
    )
    .fetch_all(&mut *conn)
    .await?;
    if rows.len() < ids.len() {
        return Err(Error::NotFound("partner"));
    }
    let lines: Vec<PreviewLine> = rows
        .into_iter()
        .map(|row| PreviewLine {
            left_out: left_out(row.amount, row.status),
            flags: flags(row.amount, row.minimum_payment, &row.method),
            partner: PartnerName { id: row.id, code: row.code, name: row.name },
            amount: setting.money(row.amount),
            entries: row.entries,
            method: method_words(&row.method),
        })
        .collect();
    let total = lines.iter().filter(|line| line.left_out.is_none()).map(|line| line.amount.amount).sum();
    let today = setting.day(moment.at);
    let code = free_code(conn, setting.program, today).await?;
    Ok(Preview { at: moment.at, code, payment_date: today, lines, total: setting.money(total) })
}

/// The first batch code of a day that nothing bears.
async fn free_code(conn: &mut PgConnection, program: ProgramId, day: NaiveDate) -> Result<String> {
    let taken = sqlx::query_scalar!(
        "select code_key from payment_batches where program_id = $1 and code_key like $2 || '%'",
        program as ProgramId,
        code_key(&batch_code(day, 0))
    )
    .fetch_all(conn)
    .await?;
    let free = (0..).map(|earlier| batch_code(day, earlier)).find(|code| !taken.contains(&code_key(code)));
    free.ok_or_else(|| Error::internal("no batch code is free"))
}
