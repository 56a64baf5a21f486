//! Uploaded files: their rows here, their bytes in the store. Images are decoded and written anew, so that nothing but a
//! picture is left of them.

mod picture;
mod store;
mod sweep;
#[cfg(test)]
mod tests;

pub use picture::draw_png;
pub(crate) use picture::scaled_png;
pub use store::{Contents, Store};
pub(crate) use sweep::abandon;
pub use sweep::sweep;

use crate::partners;
use crate::{Error, Moment, Result};
use domain::accounts::{Actor, Power};
use domain::files::{FileInfo, FilePurpose, MOST_FILE, is_image_name, plain_name, taken, too_large};
use domain::ids::{EnrollmentId, FileId, ProgramId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, PgPool};

/// A file as it was sent.
#[derive(Clone, Debug, Default)]
pub struct Upload {
    /// Its name on the sender's machine.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// What is kept of an upload.
struct Kept {
    name: String,
    content_type: &'static str,
    bytes: Vec<u8>,
    size: Option<(u32, u32)>,
}

/// Keeps a file that was uploaded, for an act that follows at once: what nothing uses a day later is deleted. Partners
/// keep photos, files at leads and messages, and proofs of sales; files at leads and messages ask for `JudgeLeads` of the team,
/// all else for `EditProgram`. `only_image` says that nothing but an image will do.
///
/// # Errors
/// `Forbidden`; `Invalid` on `file`.
pub async fn keep(
    pool: &PgPool,
    store: &Store,
    moment: &Moment,
    actor: &Actor,
    purpose: FilePurpose,
    only_image: bool,
    upload: Upload,
) -> Result<FileId> {
    let allowed = match (purpose, actor) {
        (FilePurpose::Photo | FilePurpose::Lead | FilePurpose::Sale | FilePurpose::Message, Actor::Partner { .. }) => {
            true
        }
        (FilePurpose::Lead | FilePurpose::Message, _) => actor.may(Power::JudgeLeads),
        _ => actor.may(Power::EditProgram),
    };
    if !allowed {
        return Err(Error::Forbidden);
    }
    let kept = read(purpose, only_image, upload).await?;
    let id: FileId = moment.id();
    let side = |side: u32| i32::try_from(side).map_err(Error::internal);
    let (width, height) = match kept.size {
        Some((width, height)) => (Some(side(width)?), Some(side(height)?)),
        None => (None, None),
    };
    // Before its bytes: what the store holds is always known here.
    sqlx::query!(
        "insert into files (program_id, id, purpose, name, content_type, bytes, sha256, width, height, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        actor.program() as ProgramId,
        id as FileId,
        purpose as FilePurpose,
        kept.name,
        kept.content_type,
        i64::try_from(kept.bytes.len()).map_err(Error::internal)?,
        Sha256::digest(&kept.bytes).to_vec(),
        width,
        height,
        moment.at
    )
    .execute(pool)
    .await?;
    store.put(actor.program(), id, kept.bytes).await?;
    Ok(id)
}

/// A file of which another program has got a copy: the row is there, its bytes follow by this job.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CopyFile {
    /// Whose copy it is.
    pub program: ProgramId,
    /// The copy.
    pub file: FileId,
    /// Whose file it is.
    pub of_program: ProgramId,
    /// The file.
    pub of: FileId,
}

impl CopyFile {
    /// Copies the bytes where the copy's row is there still. Of a file that is gone by now no copy is left, nor an asset
    /// that is nothing without it.
    pub(crate) async fn copy(&self, pool: &PgPool, store: &Store) -> Result<()> {
        let mut tx = pool.begin().await?;
        let there = sqlx::query_scalar!(
            r#"select true as "there!" from files where program_id = $1 and id = $2 for update"#,
            self.program as ProgramId,
            self.file as FileId
        )
        .fetch_optional(&mut *tx)
        .await?;
        if there.is_none() || store.copy((self.of_program, self.of), (self.program, self.file)).await? {
            return Ok(());
        }
        let (program, file) = (self.program, self.file);
        sqlx::query!(
            "update programs set logo_file_id = nullif(logo_file_id, $2), favicon_file_id = nullif(favicon_file_id, $2)
             where id = $1 and $2 in (logo_file_id, favicon_file_id)",
            program as ProgramId,
            file as FileId
        )
        .execute(&mut *tx)
        .await?;
        // The keys between these are looked at once all are gone.
        sqlx::query!(
            "with gone as (delete from assets where program_id = $1 and file_id = $2 returning id),
                  of_groups as (delete from asset_groups where program_id = $1 and asset_id in (select id from gone)),
                  of_days as (delete from asset_days where program_id = $1 and asset_id in (select id from gone))
             delete from files where program_id = $1 and id = $2",
            program as ProgramId,
            file as FileId
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }
}

async fn read(purpose: FilePurpose, only_image: bool, upload: Upload) -> Result<Kept> {
    let refused = |words: &str| Error::field("file", words);
    if upload.bytes.is_empty() {
        let words = if upload.name.is_empty() { "Choose a file." } else { "This file is empty. Choose another." };
        return Err(refused(words));
    }
    if only_image || is_image_name(&upload.name) {
        let image = picture::rewritten(upload.bytes, purpose).await?;
        let keeps_name = purpose == FilePurpose::Asset || purpose.is_private();
        let stem = if keeps_name { upload.name.as_str() } else { purpose.as_str() };
        return Ok(Kept {
            name: plain_name(stem, image.ending),
            content_type: image.content_type,
            bytes: image.bytes,
            size: Some((image.width, image.height)),
        });
    }
    if upload.bytes.len() > MOST_FILE {
        return Err(refused(&too_large(MOST_FILE)));
    }
    let (ending, content_type) = taken(&upload.name, &upload.bytes).map_err(refused)?;
    Ok(Kept { name: plain_name(&upload.name, ending), content_type, bytes: upload.bytes, size: None })
}

/// What is known of a file. It is whoever's who has its address, which can't be guessed, but for those at leads.
///
/// # Errors
/// `NotFound`.
pub async fn find(conn: &mut PgConnection, program: ProgramId, id: FileId) -> Result<FileInfo> {
    sqlx::query_as!(
        FileInfo,
        r#"select id as "id: FileId", purpose as "purpose: FilePurpose", name, content_type, bytes,
                  coalesce(width, 0) as "width!", coalesce(height, 0) as "height!"
           from files where program_id = $1 and id = $2"#,
        program as ProgramId,
        id as FileId
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound("file"))
}

/// Makes sure that an uploaded file is there, and stays until the transaction ends.
pub(crate) async fn claim(
    conn: &mut PgConnection,
    program: ProgramId,
    id: FileId,
    purpose: FilePurpose,
) -> Result<FileInfo> {
    let there = sqlx::query_scalar!(
        r#"select true as "there!" from files where program_id = $1 and id = $2 and purpose = $3 for key share"#,
        program as ProgramId,
        id as FileId,
        purpose as FilePurpose
    )
    .fetch_optional(&mut *conn)
    .await?;
    if there.is_none() {
        return Err(Error::field("file", "Choose the file once more."));
    }
    find(conn, program, id).await
}

/// Changes a program's logo; `None` takes it away. Asks for `EditProgram`.
///
/// # Errors
/// `Forbidden`; `Invalid` on `file`.
pub async fn set_logo(conn: &mut PgConnection, moment: &Moment, actor: &Actor, file: Option<FileId>) -> Result<()> {
    brand(conn, actor, file, FilePurpose::Logo).await?;
    sqlx::query!(
        "update programs set logo_file_id = $2 where id = $1",
        actor.program() as ProgramId,
        file as Option<FileId>
    )
    .execute(&mut *conn)
    .await?;
    crate::portal::note(conn, moment, actor, "portal.logo", json!({ "removed": file.is_none() })).await
}

/// Changes a program's icon; `None` takes it away. Asks for `EditProgram`.
///
/// # Errors
/// `Forbidden`; `Invalid` on `file`.
pub async fn set_favicon(conn: &mut PgConnection, moment: &Moment, actor: &Actor, file: Option<FileId>) -> Result<()> {
    brand(conn, actor, file, FilePurpose::Favicon).await?;
    sqlx::query!(
        "update programs set favicon_file_id = $2 where id = $1",
        actor.program() as ProgramId,
        file as Option<FileId>
    )
    .execute(&mut *conn)
    .await?;
    crate::portal::note(conn, moment, actor, "portal.favicon", json!({ "removed": file.is_none() })).await
}

async fn brand(conn: &mut PgConnection, actor: &Actor, file: Option<FileId>, purpose: FilePurpose) -> Result<()> {
    if !actor.may(Power::EditProgram) {
        return Err(Error::Forbidden);
    }
    if let Some(file) = file {
        claim(conn, actor.program(), file, purpose).await?;
    }
    Ok(())
}

/// Changes a partner's photo; `None` takes it away. By the partner itself, or by `ManagePartners`.
///
/// # Errors
/// `Forbidden`; `NotFound` where it is another's; `Invalid` on `file`.
pub async fn set_photo(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    partner: EnrollmentId,
    file: Option<FileId>,
) -> Result<()> {
    match actor {
        Actor::Partner { enrollment, .. } if *enrollment == partner => {}
        Actor::Partner { .. } => return Err(Error::NotFound("partner")),
        _ => partners::allow(actor, Power::ManagePartners)?,
    }
    if let Some(file) = file {
        claim(conn, actor.program(), file, FilePurpose::Photo).await?;
    }
    let code = sqlx::query_scalar!(
        "update enrollments set photo_file_id = $3
         where program_id = $1 and id = $2 and erased_at is null returning code",
        actor.program() as ProgramId,
        partner as EnrollmentId,
        file as Option<FileId>
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound("partner"))?;
    if matches!(actor, Actor::Partner { .. }) {
        return Ok(());
    }
    let details = json!({ "removed": file.is_none() });
    crate::programs::audit::record(conn, moment, actor, "partner.photo", &code, &partners::page(&code), details).await
}
