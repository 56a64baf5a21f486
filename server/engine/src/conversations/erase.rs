//! Personal data in conversations.

use crate::files::abandon;
use crate::{Moment, Result};
use domain::ids::{ConversationId, EnrollmentId, FileId, LeadId, ProgramId};
use sqlx::PgConnection;

/// Takes away the conversation about a lead, with its files.
pub(crate) async fn remove(conn: &mut PgConnection, moment: &Moment, program: ProgramId, lead: LeadId) -> Result<()> {
    let found = sqlx::query_scalar!(
        r#"select id as "id: ConversationId" from conversations where program_id = $1 and lead_id = $2 for update"#,
        program as ProgramId,
        lead as LeadId
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(id) = found else { return Ok(()) };
    let files = sqlx::query_scalar!(
        r#"with gone as (delete from conversation_readers where program_id = $1 and conversation_id = $2)
           delete from conversation_messages where program_id = $1 and conversation_id = $2
           returning file_id as "file: FileId""#,
        program as ProgramId,
        id as ConversationId
    )
    .fetch_all(&mut *conn)
    .await?;
    sqlx::query!(
        "delete from conversations where program_id = $1 and id = $2",
        program as ProgramId,
        id as ConversationId
    )
    .execute(&mut *conn)
    .await?;
    for file in files.into_iter().flatten() {
        abandon(conn, moment, program, file).await?;
    }
    Ok(())
}

/// Blanks what a partner and the team have written to one another, files and all; that there was something stays.
pub(crate) async fn blank_partner(
    conn: &mut PgConnection,
    moment: &Moment,
    program: ProgramId,
    partner: EnrollmentId,
) -> Result<()> {
    let files = sqlx::query_scalar!(
        r#"with blanked as (
               update conversations set subject = case when lead_id is null then '[erased]' else '' end
               where program_id = $1 and enrollment_id = $2
           ), sought as (
               select m.conversation_id, m.id, m.file_id from conversation_messages m
               join conversations c on c.program_id = m.program_id and c.id = m.conversation_id
               where m.program_id = $1 and c.enrollment_id = $2
           )
           update conversation_messages m set body = '[erased]', file_id = null
           from sought s where m.program_id = $1 and m.conversation_id = s.conversation_id and m.id = s.id
           returning s.file_id as "file: FileId""#,
        program as ProgramId,
        partner as EnrollmentId
    )
    .fetch_all(&mut *conn)
    .await?;
    for file in files.into_iter().flatten() {
        abandon(conn, moment, program, file).await?;
    }
    Ok(())
}
