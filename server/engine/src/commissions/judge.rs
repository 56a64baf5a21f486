use super::claw_back::{Owed, Reason, claw_back, owed};
use super::release::release;
use crate::programs::audit;
use crate::{Error, Moment, Result};
use domain::accounts::{Actor, Power};
use domain::commissions::CommissionStatus;
use domain::ids::{CommissionId, JournalId, ProgramId};
use domain::money::Money;
use domain::text::check_line;
use serde_json::json;
use sqlx::PgConnection;

/// Takes a commission out of review: held until its hold ends, due where that has passed. Audited.
///
/// # Errors
/// `Forbidden` without the power to judge commissions; `NotFound("commission")`; `Conflict` where it is not in review.
pub async fn approve(conn: &mut PgConnection, moment: &Moment, actor: &Actor, id: CommissionId) -> Result<()> {
    let owed = lock(conn, actor, id).await?;
    if owed.status != CommissionStatus::Review {
        return Err(Error::Conflict(format!("The commission is {} already.", owed.status)));
    }
    let program = actor.program();
    sqlx::query!(
        "update commissions
         set status = 'held', why = why || '[{\"check\": \"review\", \"passed\": true, \"detail\": \"Approved by the program.\"}]'::jsonb
         where program_id = $1 and id = $2",
        program as ProgramId,
        id as CommissionId
    )
    .execute(&mut *conn)
    .await?;
    if owed.available_at <= moment.at {
        release(conn, moment, program, std::slice::from_ref(&owed), actor.account()).await?;
    }
    let details = json!({ "partner": owed.partner_code, "amount": Money::new(owed.left(), owed.currency) });
    audit::record(conn, moment, actor, "commission.approve", &subject(&owed), "commissions", details).await
}

/// Takes back all that is left of a commission, also of one that was paid: the partner's payable may go below zero.
/// Audited, with the reason beside the ledger.
///
/// # Errors
/// `Forbidden` without the power to judge commissions; `NotFound("commission")`; `Invalid` on `reason` (1 to 500
/// characters); `Conflict` where nothing is left.
pub async fn reverse(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    id: CommissionId,
    reason: &str,
) -> Result<()> {
    let owed = lock(conn, actor, id).await?;
    check_line(reason, 500).map_err(|message| Error::field("reason", message))?;
    let reason = reason.trim();
    let takes = owed.left();
    if takes.is_zero() {
        return Err(Error::Conflict("Nothing is left of the commission to take back.".into()));
    }
    let program = actor.program();
    let by = actor.account();
    let journals = claw_back(conn, moment, program, &[(owed.clone(), takes)], &Reason::Reversal { by }).await?;
    sqlx::query!(
        "insert into journal_notes (program_id, journal_id, note) select $1, unnest($2::uuid[]), $3",
        program as ProgramId,
        &journals as &[JournalId],
        reason
    )
    .execute(&mut *conn)
    .await?;
    let details = json!({
        "partner": owed.partner_code,
        "amount": Money::new(takes, owed.currency),
        "was": owed.status,
        "reason": reason,
    });
    audit::record(conn, moment, actor, "commission.reverse", &subject(&owed), "commissions", details).await
}

async fn lock(conn: &mut PgConnection, actor: &Actor, id: CommissionId) -> Result<Owed> {
    if !actor.may(Power::JudgeCommissions) {
        return Err(Error::Forbidden);
    }
    sqlx::query!(
        "select id from commissions where program_id = $1 and id = $2 for no key update",
        actor.program() as ProgramId,
        id as CommissionId
    )
    .fetch_optional(&mut *conn)
    .await?;
    owed(conn, actor.program(), &[id]).await?.pop().ok_or(Error::NotFound("commission"))
}

/// A commission as people know it: `$14.70 for ada`.
fn subject(owed: &Owed) -> String {
    format!("{} for {}", Money::new(owed.amount, owed.currency), owed.partner_code)
}
