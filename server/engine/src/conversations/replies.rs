//! Answers that the team gives often.

use crate::programs::audit;
use crate::{Error, Moment, Result};
use domain::accounts::{Actor, Power};
use domain::conversations::{MOST_REPLIES, SavedReply};
use domain::ids::{ProgramId, SavedReplyId};
use serde_json::json;
use sqlx::PgConnection;

/// The page of saved replies in the admin area.
const PAGE: &str = "saved-replies";

fn may(actor: &Actor) -> Result<()> {
    if actor.may(Power::JudgeLeads) { Ok(()) } else { Err(Error::Forbidden) }
}

/// The program's saved replies by name. Asks for `JudgeLeads`.
///
/// # Errors
/// `Forbidden`.
pub async fn replies(conn: &mut PgConnection, actor: &Actor) -> Result<Vec<SavedReply>> {
    may(actor)?;
    Ok(sqlx::query_as!(
        SavedReply,
        r#"select id as "id: SavedReplyId", name, body from saved_replies where program_id = $1 order by lower(name)"#,
        actor.program() as ProgramId
    )
    .fetch_all(conn)
    .await?)
}

/// Saves a reply: a new one, or in place of one that is there. Asks for `JudgeLeads`. Audited.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Invalid` on `name` or `body`; `Conflict` where there are very many.
pub async fn save_reply(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    id: Option<SavedReplyId>,
    name: &str,
    body: &str,
) -> Result<()> {
    may(actor)?;
    let errors = SavedReply::check(name, body);
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    let (program, name, body) = (actor.program(), name.trim(), body.trim());
    let taken = sqlx::query_scalar!(
        r#"select exists (select from saved_replies
                          where program_id = $1 and lower(name) = lower($2) and id is distinct from $3) as "taken!""#,
        program as ProgramId,
        name,
        id as Option<SavedReplyId>
    )
    .fetch_one(&mut *conn)
    .await?;
    if taken {
        return Err(Error::field("name", "Another reply has this name."));
    }
    match id {
        Some(id) => {
            let saved = sqlx::query!(
                "update saved_replies set name = $3, body = $4 where program_id = $1 and id = $2",
                program as ProgramId,
                id as SavedReplyId,
                name,
                body
            )
            .execute(&mut *conn)
            .await?;
            if saved.rows_affected() == 0 {
                return Err(Error::NotFound("saved reply"));
            }
        }
        None => {
            let made = sqlx::query!(
                "insert into saved_replies (program_id, id, name, body, created_at)
                 select $1, $2, $3, $4, $5
                 where (select count(*) from saved_replies where program_id = $1) < $6
                 on conflict do nothing",
                program as ProgramId,
                moment.id::<SavedReplyId>() as SavedReplyId,
                name,
                body,
                moment.at,
                MOST_REPLIES
            )
            .execute(&mut *conn)
            .await?;
            if made.rows_affected() == 0 {
                return Err(Error::Conflict(format!("There are {MOST_REPLIES} replies. Delete one first.")));
            }
        }
    }
    audit::record(conn, moment, actor, "saved_reply.save", name, PAGE, json!({})).await
}

/// Deletes a saved reply. Asks for `JudgeLeads`. Audited.
///
/// # Errors
/// `Forbidden`; `NotFound`.
pub async fn delete_reply(conn: &mut PgConnection, moment: &Moment, actor: &Actor, id: SavedReplyId) -> Result<()> {
    may(actor)?;
    let name = sqlx::query_scalar!(
        "delete from saved_replies where program_id = $1 and id = $2 returning name",
        actor.program() as ProgramId,
        id as SavedReplyId
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound("saved reply"))?;
    audit::record(conn, moment, actor, "saved_reply.delete", &name, PAGE, json!({})).await
}
