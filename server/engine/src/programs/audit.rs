//! The audit log: every admin act, written in the act's own transaction.

use crate::{Moment, Result};
use domain::accounts::Actor;
use domain::ids::{AccountId, AuditId, ProgramId};
use sqlx::PgConnection;

/// Writes a line. `action` is the noun and the verb (`partner.ban`), `subject` what it was done to as people know it,
/// `subject_path` the page that shows it (or empty), `details` the figures. No secrets, and no more personal data than
/// the subject's name.
///
/// # Errors
/// `Database` where Postgres fails.
pub async fn record(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    action: &str,
    subject: &str,
    subject_path: &str,
    details: serde_json::Value,
) -> Result<()> {
    sqlx::query!(
        "insert into audit_log (program_id, id, at, account_id, action, subject, subject_path, details)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        actor.program() as ProgramId,
        moment.id::<AuditId>() as AuditId,
        moment.at,
        actor.account() as Option<AccountId>,
        action,
        subject,
        subject_path,
        details
    )
    .execute(conn)
    .await?;
    Ok(())
}
