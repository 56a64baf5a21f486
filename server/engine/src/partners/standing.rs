use super::{allow, invite, lock, note_standing, page};
use crate::messages::{self, Mail};
use crate::programs::audit;
use crate::{Error, Moment, Result, commissions};
use domain::accounts::{Actor, Power};
use domain::ids::{AccountId, EnrollmentId, ProgramId};
use domain::partners::EnrollmentStatus;
use serde_json::json;
use sqlx::PgConnection;

/// Approves, declines, pauses, bans or takes back a partner, and says so: "Paused Ada Lind". A ban claws back all that
/// is held and freezes what is payable. Asks for `ManagePartners`.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Invalid` on `reason`; `Conflict` where the standing can't be reached from the present
/// one.
pub async fn set_status(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    id: EnrollmentId,
    status: EnrollmentStatus,
    reason: &str,
) -> Result<String> {
    allow(actor, Power::ManagePartners)?;
    check_reason(reason)?;
    let program = actor.program();
    // Whoever posts a commission holds this row too: what was earned before a ban is held when it is clawed back.
    let partner = lock(conn, program, id).await?;
    if !partner.status.moves().contains(&status) {
        return Err(Error::Conflict(format!(
            "{} is {} now; that can't become {status}.",
            partner.name, partner.status
        )));
    }
    sqlx::query!(
        "update enrollments
         set status = $3, activated_at = case when $5 then coalesce(activated_at, $4) else activated_at end
         where program_id = $1 and id = $2",
        program as ProgramId,
        id as EnrollmentId,
        status as EnrollmentStatus,
        moment.at,
        status == EnrollmentStatus::Active
    )
    .execute(&mut *conn)
    .await?;
    note_standing(conn, moment, actor, id, status, reason.trim()).await?;
    let action = match (partner.status, status) {
        (EnrollmentStatus::Pending, EnrollmentStatus::Active) => "partner.approve",
        (_, EnrollmentStatus::Active) => "partner.activate",
        (_, EnrollmentStatus::Paused) => "partner.pause",
        (_, EnrollmentStatus::Banned) => "partner.ban",
        (_, EnrollmentStatus::Declined | EnrollmentStatus::Pending) => "partner.decline",
    };
    if status == EnrollmentStatus::Banned {
        commissions::claw_back_all_held(conn, moment, actor, id).await?;
    }
    tell(conn, program, id, partner.status, status).await?;
    let details = json!({ "from": partner.status, "to": status, "reason": reason.trim() });
    audit::record(conn, moment, actor, action, &partner.name, &page(&partner.code), details).await?;
    Ok(format!("{} {}", became(partner.status, status), partner.name))
}

/// What was done to a partner that moved from one standing to another.
fn became(from: EnrollmentStatus, to: EnrollmentStatus) -> &'static str {
    match (from, to) {
        (EnrollmentStatus::Paused, EnrollmentStatus::Active) => "Resumed",
        (EnrollmentStatus::Banned, EnrollmentStatus::Active) => "Lifted the ban of",
        (_, EnrollmentStatus::Active) => "Approved",
        (_, EnrollmentStatus::Paused) => "Paused",
        (_, EnrollmentStatus::Banned) => "Banned",
        (_, EnrollmentStatus::Declined | EnrollmentStatus::Pending) => "Declined",
    }
}

/// Checks a reason, which may be left out.
pub(super) fn check_reason(reason: &str) -> Result<()> {
    if reason.chars().count() > 1_000 || reason.contains('\0') {
        return Err(Error::field("reason", "Use at most 1000 characters."));
    }
    Ok(())
}

/// Tells the partner by mail: who was let in and has no password yet gets a way to choose one. A ban is not announced.
async fn tell(
    conn: &mut PgConnection,
    program: ProgramId,
    enrollment: EnrollmentId,
    from: EnrollmentStatus,
    to: EnrollmentStatus,
) -> Result<()> {
    let first = sqlx::query!(
        r#"select a.id as "id: AccountId", a.password_hash is not null as "ready!"
           from enrollment_accounts ea join accounts a on a.id = ea.account_id
           where ea.program_id = $1 and ea.enrollment_id = $2 order by ea.created_at, a.id limit 1"#,
        program as ProgramId,
        enrollment as EnrollmentId
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(first) = first else { return Ok(()) };
    match (from, to) {
        (EnrollmentStatus::Pending, EnrollmentStatus::Active) if !first.ready => {
            invite(conn, program, enrollment, first.id).await
        }
        (EnrollmentStatus::Paused | EnrollmentStatus::Banned, EnrollmentStatus::Active) => {
            messages::enqueue(conn, &Mail::PartnerResumed { program, enrollment }).await
        }
        (_, EnrollmentStatus::Active) => messages::enqueue(conn, &Mail::PartnerActivated { program, enrollment }).await,
        (_, EnrollmentStatus::Paused) => messages::enqueue(conn, &Mail::PartnerPaused { program, enrollment }).await,
        (_, EnrollmentStatus::Declined) => {
            messages::enqueue(conn, &Mail::PartnerDeclined { program, enrollment }).await
        }
        _ => Ok(()),
    }
}
