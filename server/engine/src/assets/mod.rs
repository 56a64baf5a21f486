//! Assets: banners, texts, pages and files that the team gives its partners to share.

mod list;
#[cfg(test)]
mod tests;
mod views;

pub use list::{Servers, banner, choices, get, languages, list, of_partner, one_of_partner};
pub use views::Views;

use crate::programs::audit;
use crate::{Error, Moment, Result, files};
use domain::accounts::{Actor, Power};
use domain::assets::{AssetInput, AssetKind};
use domain::files::FilePurpose;
use domain::ids::{AssetId, FileId, PartnerGroupId, ProgramId};
use domain::text::FieldError;
use serde_json::json;
use sqlx::PgConnection;

/// Makes an asset, the last of its kind. Asks for `EditProgram`.
///
/// # Errors
/// `Forbidden`; `Invalid` by field, `file` among them.
pub async fn create(conn: &mut PgConnection, moment: &Moment, actor: &Actor, input: &AssetInput) -> Result<AssetId> {
    let file = check(conn, actor, input, None).await?;
    lock_order(conn, actor.program()).await?;
    let id: AssetId = moment.id();
    sqlx::query!(
        "insert into assets (program_id, id, kind, name, language, subject, body, file_id, destination, position, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9,
                 (select coalesce(max(position) + 1, 0) from assets where program_id = $1 and kind = $3), $10)",
        actor.program() as ProgramId,
        id as AssetId,
        input.kind as AssetKind,
        input.name.trim(),
        input.language,
        input.subject.trim(),
        input.body.trim(),
        file as Option<FileId>,
        input.destination,
        moment.at
    )
    .execute(&mut *conn)
    .await?;
    set_groups(conn, actor.program(), id, &input.groups).await?;
    note(conn, moment, actor, "asset.create", input.name.trim(), json!({ "kind": input.kind })).await?;
    Ok(id)
}

/// Changes an asset; without a new file it keeps its own. Asks for `EditProgram`.
///
/// # Errors
/// `Forbidden`; `NotFound`, also for one of another kind; `Invalid` by field.
pub async fn edit(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    id: AssetId,
    input: &AssetInput,
) -> Result<()> {
    let before = get(conn, actor, id).await?;
    if before.kind != input.kind {
        return Err(Error::NotFound("asset"));
    }
    let file = check(conn, actor, input, before.file.map(|file| file.id)).await?;
    sqlx::query!(
        "update assets set name = $3, language = $4, subject = $5, body = $6, file_id = $7, destination = $8
         where program_id = $1 and id = $2",
        actor.program() as ProgramId,
        id as AssetId,
        input.name.trim(),
        input.language,
        input.subject.trim(),
        input.body.trim(),
        file as Option<FileId>,
        input.destination
    )
    .execute(&mut *conn)
    .await?;
    set_groups(conn, actor.program(), id, &input.groups).await?;
    note(conn, moment, actor, "asset.edit", input.name.trim(), json!({ "kind": input.kind })).await
}

/// Archives an asset, or takes it back; a banner that is on somebody's page stays there. Asks for `EditProgram`.
///
/// # Errors
/// `Forbidden`; `NotFound`.
pub async fn set_archived(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    id: AssetId,
    archived: bool,
) -> Result<()> {
    allow(actor)?;
    let name = sqlx::query_scalar!(
        "update assets set archived_at = case when $3 then coalesce(archived_at, $4) end
         where program_id = $1 and id = $2 returning name",
        actor.program() as ProgramId,
        id as AssetId,
        archived,
        moment.at
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound("asset"))?;
    let action = if archived { "asset.archive" } else { "asset.restore" };
    note(conn, moment, actor, action, &name, json!({})).await
}

/// Moves an asset before the one above it of its kind, or behind the one below. Asks for `EditProgram`.
///
/// # Errors
/// `Forbidden`; `NotFound`, also where it is archived.
pub async fn move_one(conn: &mut PgConnection, moment: &Moment, actor: &Actor, id: AssetId, up: bool) -> Result<()> {
    allow(actor)?;
    let program = actor.program();
    lock_order(conn, program).await?;
    let one = sqlx::query!(
        r#"select kind as "kind: AssetKind", position, name from assets
           where program_id = $1 and id = $2 and archived_at is null"#,
        program as ProgramId,
        id as AssetId
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound("asset"))?;
    let moved = sqlx::query!(
        "with other as (
             select id, position from assets
             where program_id = $1 and kind = $3 and archived_at is null
               and case when $5 then position < $4 else position > $4 end
             order by case when $5 then -position else position end limit 1
         )
         update assets a set position = case when a.id = $2 then other.position else $4 end
         from other where a.program_id = $1 and a.id in ($2, other.id)",
        program as ProgramId,
        id as AssetId,
        one.kind as AssetKind,
        one.position,
        up
    )
    .execute(&mut *conn)
    .await?;
    if moved.rows_affected() == 0 {
        return Ok(());
    }
    note(conn, moment, actor, "asset.move", &one.name, json!({ "up": up })).await
}

/// Of two who order assets at once, the second sees what the first did.
async fn lock_order(conn: &mut PgConnection, program: ProgramId) -> Result<()> {
    sqlx::query!("select from programs where id = $1 for no key update", program as ProgramId)
        .fetch_optional(conn)
        .await?
        .ok_or(Error::NotFound("program"))?;
    Ok(())
}

fn allow(actor: &Actor) -> Result<()> {
    if actor.may(Power::EditProgram) { Ok(()) } else { Err(Error::Forbidden) }
}

/// Checks an input; the file that the asset has from now on.
async fn check(
    conn: &mut PgConnection,
    actor: &Actor,
    input: &AssetInput,
    has: Option<FileId>,
) -> Result<Option<FileId>> {
    allow(actor)?;
    let mut errors = input.check();
    let program = actor.program();
    let mut groups: Vec<_> = input.groups.iter().map(|group| group.0).collect();
    groups.sort_unstable();
    groups.dedup();
    // Shared: who removes a group at this instant waits, and then finds it in use.
    let there = sqlx::query!(
        "select id from partner_groups where program_id = $1 and id = any($2) for key share",
        program as ProgramId,
        &groups
    )
    .fetch_all(&mut *conn)
    .await?;
    if there.len() != groups.len() {
        errors.push(FieldError::new("groups", "There is no such group. Choose again."));
    }
    let file = match input.file {
        _ if !input.kind.has_file() => None,
        Some(file) => {
            let found = files::claim(conn, program, file, FilePurpose::Asset).await?;
            if input.kind == AssetKind::Banner && !found.is_image() {
                errors.push(FieldError::new("file", "Choose a PNG, JPEG, WebP or GIF image."));
            }
            Some(file)
        }
        None => has,
    };
    if input.kind.has_file() && file.is_none() {
        errors.push(FieldError::new("file", "Choose a file."));
    }
    if errors.is_empty() { Ok(file) } else { Err(Error::Invalid(errors)) }
}

async fn set_groups(
    conn: &mut PgConnection,
    program: ProgramId,
    asset: AssetId,
    groups: &[PartnerGroupId],
) -> Result<()> {
    sqlx::query!(
        "delete from asset_groups where program_id = $1 and asset_id = $2",
        program as ProgramId,
        asset as AssetId
    )
    .execute(&mut *conn)
    .await?;
    let groups: Vec<_> = groups.iter().map(|group| group.0).collect();
    sqlx::query!(
        "insert into asset_groups (program_id, asset_id, group_id)
         select $1, $2, g from unnest($3::uuid[]) as g on conflict do nothing",
        program as ProgramId,
        asset as AssetId,
        &groups
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn note(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    action: &str,
    name: &str,
    details: serde_json::Value,
) -> Result<()> {
    audit::record(conn, moment, actor, action, name, "assets", details).await
}
