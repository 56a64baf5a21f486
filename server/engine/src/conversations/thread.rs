use super::{list, readable};
use crate::{Error, Result};
use chrono::{DateTime, Utc};
use domain::accounts::Actor;
use domain::conversations::{Conversation, Message};
use domain::files::{FileInfo, FilePurpose};
use domain::ids::{ConversationId, EnrollmentId, FileId, MessageId, ProgramId};
use domain::page::{Page, Paging};
use sqlx::PgConnection;

/// A conversation with a page of its messages: the latest, or those before a cursor.
///
/// # Errors
/// `Forbidden` without the power to view; `NotFound`, also for another partner's; `Invalid` on `cursor`.
pub async fn thread(
    conn: &mut PgConnection,
    actor: &Actor,
    id: ConversationId,
    before: Option<String>,
) -> Result<Conversation> {
    let of_partner = readable(actor)?.is_some();
    let row = list::one(conn, actor, id).await?;
    let paging = Paging { cursor: before, limit: None };
    let (at, message) = before_of(&paging)?;
    let rows = sqlx::query!(
        r#"select m.id as "id: MessageId", m.by_partner, m.body, m.created_at,
                  case when m.by_partner then coalesce(nullif(a.name, ''), nullif(e.name, ''), e.company)
                       when $5 then coalesce(nullif(o.brand, ''), p.name)
                       else coalesce(nullif(a.name, ''), a.email, p.name) end as "by!",
                  f.id as "file?: FileId", f.name as "file_name?", f.content_type as "content_type?", f.bytes as "bytes?"
           from conversation_messages m
           join conversations c on c.program_id = m.program_id and c.id = m.conversation_id
           join enrollments e on e.program_id = c.program_id and e.id = c.enrollment_id
           join programs p on p.id = c.program_id
           join portals o on o.program_id = c.program_id
           left join accounts a on a.id = m.account_id
           left join files f on f.program_id = m.program_id and f.id = m.file_id
           where m.program_id = $1 and m.conversation_id = $2
             and ($3::timestamptz is null or (m.created_at, m.id) < ($3, $4))
           order by m.created_at desc, m.id desc limit $6"#,
        actor.program() as ProgramId,
        id as ConversationId,
        at,
        message as Option<MessageId>,
        of_partner,
        paging.rows() + 1
    )
    .fetch_all(conn)
    .await?;
    let told = rows.into_iter().map(|row| Message {
        id: row.id,
        by: row.by,
        own: row.by_partner == of_partner,
        body: row.body,
        file: row.file.map(|id| FileInfo {
            id,
            purpose: FilePurpose::Message,
            name: row.file_name.unwrap_or_default(),
            content_type: row.content_type.unwrap_or_default(),
            bytes: row.bytes.unwrap_or_default(),
            width: 0,
            height: 0,
        }),
        at: row.created_at,
    });
    let page = Page::cut(told.collect(), &paging, |message: &Message| {
        format!("{}_{}", message.at.timestamp_micros(), message.id)
    });
    let mut messages = page.data;
    messages.reverse();
    Ok(Conversation { row, messages, earlier: page.next_cursor })
}

fn before_of(paging: &Paging) -> Result<(Option<DateTime<Utc>>, Option<MessageId>)> {
    let Some(cursor) = &paging.cursor else { return Ok((None, None)) };
    let parts = cursor
        .split_once('_')
        .and_then(|(at, id)| Some((DateTime::from_timestamp_micros(at.parse().ok()?)?, id.parse().ok()?)));
    let (at, id) = parts.ok_or_else(|| Error::field("cursor", "There is no such page."))?;
    Ok((Some(at), Some(id)))
}

/// What is known of a file at a message, for who may read the conversation.
///
/// # Errors
/// `Forbidden` without the power to view; `NotFound`, also for another partner's.
pub async fn file(conn: &mut PgConnection, actor: &Actor, id: ConversationId, file: FileId) -> Result<FileInfo> {
    let own = readable(actor)?;
    let there = sqlx::query_scalar!(
        r#"select true as "there!" from conversation_messages m
           join conversations c on c.program_id = m.program_id and c.id = m.conversation_id
           where m.program_id = $1 and m.conversation_id = $2 and m.file_id = $3
             and ($4::uuid is null or c.enrollment_id = $4) limit 1"#,
        actor.program() as ProgramId,
        id as ConversationId,
        file as FileId,
        own as Option<EnrollmentId>
    )
    .fetch_optional(&mut *conn)
    .await?;
    if there.is_none() {
        return Err(Error::NotFound("file"));
    }
    crate::files::find(conn, actor.program(), file).await
}
