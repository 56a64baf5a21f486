//! Conversations between a partner and the program's team, about a lead or in general.

mod erase;
mod list;
mod replies;
mod send;
#[cfg(test)]
mod tests;
mod thread;

pub(crate) use erase::{blank_partner, remove};
pub use list::{list, of_lead, unread};
pub use replies::{delete_reply, replies, save_reply};
pub use send::{assign, mark_read, send};
pub use thread::{file, thread};

use crate::partners::allow;
use crate::{Error, Result};
use domain::accounts::{Actor, Power};
use domain::ids::{ConversationId, EnrollmentId, ProgramId};
use sqlx::PgConnection;

/// Whose conversations the asker reads: `None` for all of the program.
///
/// # Errors
/// `Forbidden` without the power to view.
fn readable(actor: &Actor) -> Result<Option<EnrollmentId>> {
    crate::reports::own(actor)
}

/// Whose conversations the asker writes in: `None` for all of the program. Asks for `JudgeLeads`, but of partners.
///
/// # Errors
/// `Forbidden`.
fn writable(actor: &Actor) -> Result<Option<EnrollmentId>> {
    match actor.partner() {
        Some(own) => Ok(Some(own)),
        None => allow(actor, Power::JudgeLeads).map(|()| None),
    }
}

/// Finds a conversation that the asker may see, and locks it; with whom it is.
async fn lock(
    conn: &mut PgConnection,
    program: ProgramId,
    own: Option<EnrollmentId>,
    id: ConversationId,
) -> Result<EnrollmentId> {
    sqlx::query_scalar!(
        r#"select enrollment_id as "partner: EnrollmentId" from conversations
           where program_id = $1 and id = $2 and ($3::uuid is null or enrollment_id = $3) for no key update"#,
        program as ProgramId,
        id as ConversationId,
        own as Option<EnrollmentId>
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound("conversation"))
}
