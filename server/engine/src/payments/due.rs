use super::drafts::allowed;
use crate::reports::{Setting, like};
use crate::{Moment, Result};
use chrono::{DateTime, Utc};
use domain::accounts::Actor;
use domain::ids::{EnrollmentId, ProgramId};
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
    minimum: Decimal,
    unconfirmed: bool,
    last_paid_at: Option<DateTime<Utc>>,
}

impl Due {
    /// Why a batch would leave it out, as drafts do.
    fn left_out(&self) -> Option<LeftOut> {
        if self.status == EnrollmentStatus::Banned {
            Some(LeftOut::Frozen)
        } else if self.unconfirmed {
            Some(LeftOut::UnconfirmedMethod)
        } else if self.method.is_empty() {
            Some(LeftOut::NoPayoutMethod)
        } else if self.due < self.minimum {
            Some(LeftOut::BelowMinimum)
        } else {
            None
        }
    }
}

/// The partners with a positive due balance, the largest first, at most 1,000; `search`: words of name or code. Those
/// whom a batch would leave out say so.
///
/// # Errors
/// `Forbidden` without the power to pay.
pub async fn due_partners(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    search: Option<&str>,
) -> Result<Vec<DuePartner>> {
    allowed(actor)?;
    let setting = Setting::of(conn, actor).await?;
    let rows = sqlx::query_as!(
        Due,
        r#"with balances as (
               select enrollment_id, sum(amount) filter (where account = 'payable') as due,
                      coalesce(sum(amount) filter (where account = 'held'), 0) as held
               from ledger_months where program_id = $1
               group by enrollment_id having sum(amount) filter (where account = 'payable') > 0
           )
           select e.id as "id: EnrollmentId", e.code, coalesce(nullif(e.name, ''), e.company) as "name!",
                  e.status as "status: EnrollmentStatus", b.due as "due!", b.held as "held!",
                  coalesce(e.payout_method, '') as "method!", coalesce(m.minimum, p.minimum_payment) as "minimum!",
                  exists (select from payout_changes c
                          where c.program_id = $1 and c.enrollment_id = e.id and c.expires_at > $3) as "unconfirmed!",
                  (select max(created_at) from payments y
                   where y.program_id = $1 and y.enrollment_id = e.id
                     and y.status not in ('failed', 'cancelled')) as last_paid_at
           from balances b
           join enrollments e on e.program_id = $1 and e.id = b.enrollment_id
           join programs p on p.id = $1
           left join payout_methods m on m.program_id = $1 and m.kind::text = lower(e.payout_method)
           where $2::text is null or concat_ws(' ', e.code, e.name, e.company) ilike $2
           order by b.due desc, e.id limit 1000"#,
        setting.program as ProgramId,
        like(search),
        moment.at
    )
    .fetch_all(conn)
    .await?;
    let partner = |row: Due| DuePartner {
        left_out: row.left_out(),
        partner: PartnerName { id: row.id, code: row.code, name: row.name },
        status: row.status,
        due: setting.money(row.due),
        held: setting.money(row.held),
        method: method_words(&row.method),
        last_paid_at: row.last_paid_at,
    };
    Ok(rows.into_iter().map(partner).collect())
}
