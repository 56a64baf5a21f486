//! Taking the rows of an import, until all are there or it is stopped.

use super::work::WorkOnImport;
use super::{may_import, whose};
use crate::{Error, Moment, Result, jobs};
use domain::accounts::Actor;
use domain::ids::{EnrollmentId, LeadGroupId, LeadImportId, ProgramId};
use domain::leads::file::{ImportStatus, MOST_BYTES, Reader, Sheet};
use futures_util::TryStreamExt;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;

/// The most bytes that an import's rows have: a file may become longer when it is written in UTF-8.
const MOST: i64 = 3 * MOST_BYTES as i64;

/// Keeps a slice of an import's rows, in the caller's transaction. The same number again counts once.
///
/// # Errors
/// `Forbidden`; `NotFound`, also for another partner's; `Invalid` on `rows`; `Conflict` where the import takes no rows.
pub async fn receive(conn: &mut PgConnection, actor: &Actor, id: LeadImportId, number: i32, rows: &str) -> Result<()> {
    let own = whose(actor)?;
    may_import(conn, actor).await?;
    let sheet = Reader::rows(rows);
    // As everybody writes it, and so that no slice takes long.
    let (text, next) = sheet.slice(0);
    if sheet.is_empty() || next < sheet.len() || number < 0 {
        return Err(Error::field("rows", "Send 1 to 1,000 rows at a time."));
    }
    let import = lock(conn, actor, own, id).await?;
    if import.status != ImportStatus::Receiving {
        return Err(Error::Conflict("This import takes no further rows.".into()));
    }
    let kept = sqlx::query!(
        "insert into lead_import_slices (program_id, import_id, number, rows) values ($1, $2, $3, $4)
         on conflict do nothing",
        actor.program() as ProgramId,
        id as LeadImportId,
        number,
        text
    )
    .execute(&mut *conn)
    .await?;
    if kept.rows_affected() == 0 {
        return Ok(());
    }
    let (count, bytes) = (sheet.len() as i64, text.len() as i64);
    if import.received + count > import.rows || import.bytes + bytes > MOST {
        return Err(Error::field("rows", "These are more rows than the import has."));
    }
    sqlx::query!(
        "update lead_imports set received = received + $3, bytes = bytes + $4 where program_id = $1 and id = $2",
        actor.program() as ProgramId,
        id as LeadImportId,
        count,
        bytes
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Has an import worked whose rows are all there, once the transaction commits. Where the same rows were imported before,
/// that import is answered, and this one is gone.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Conflict` where rows are missing, or it was stopped.
pub async fn finish(conn: &mut PgConnection, actor: &Actor, id: LeadImportId) -> Result<Option<LeadImportId>> {
    let own = whose(actor)?;
    let program = actor.program();
    let import = lock(conn, actor, own, id).await?;
    may_import(conn, actor).await?;
    match import.status {
        ImportStatus::Receiving if import.received < import.rows => {
            return Err(Error::Conflict("Some rows have not arrived. Send them again.".into()));
        }
        ImportStatus::Receiving => {}
        ImportStatus::Cancelled => return Err(Error::Conflict("This import was cancelled.".into())),
        // It was asked for twice.
        ImportStatus::Ready | ImportStatus::Working | ImportStatus::Done => return Ok(None),
    }
    let digest = digest(conn, program, id, &import.keys).await?;
    // Of two with the same rows at once, the second sees the first.
    sqlx::query!(
        "select from enrollments where program_id = $1 and id = $2 for no key update",
        program as ProgramId,
        import.enrollment as EnrollmentId
    )
    .fetch_one(&mut *conn)
    .await?;
    let same = sqlx::query_scalar!(
        r#"select id as "id: LeadImportId" from lead_imports
           where program_id = $1 and enrollment_id = $2 and group_id = $3 and digest = $4 and status <> 'cancelled'"#,
        program as ProgramId,
        import.enrollment as EnrollmentId,
        import.group as LeadGroupId,
        digest
    )
    .fetch_optional(&mut *conn)
    .await?;
    if same.is_some() {
        sqlx::query!(
            "delete from lead_imports where program_id = $1 and id = $2",
            program as ProgramId,
            id as LeadImportId
        )
        .execute(conn)
        .await?;
        return Ok(same);
    }
    sqlx::query!(
        "update lead_imports set status = 'ready', digest = $3 where program_id = $1 and id = $2",
        program as ProgramId,
        id as LeadImportId,
        digest
    )
    .execute(&mut *conn)
    .await?;
    jobs::enqueue(conn, &WorkOnImport { program, import: id }, None).await?;
    Ok(None)
}

/// Stops an import: what has become leads stays, the rest is given up.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Conflict` where it is done.
pub async fn cancel(conn: &mut PgConnection, moment: &Moment, actor: &Actor, id: LeadImportId) -> Result<()> {
    let own = whose(actor)?;
    let import = lock(conn, actor, own, id).await?;
    match import.status {
        ImportStatus::Cancelled => return Ok(()),
        ImportStatus::Done => return Err(Error::Conflict("This import is done.".into())),
        _ => {}
    }
    stop(conn, moment, actor.program(), id).await
}

/// Gives up the rows that wait.
pub(super) async fn stop(conn: &mut PgConnection, moment: &Moment, program: ProgramId, id: LeadImportId) -> Result<()> {
    sqlx::query!(
        "delete from lead_import_slices where program_id = $1 and import_id = $2",
        program as ProgramId,
        id as LeadImportId
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        // Of one without a row that was worked no file is asked for.
        "update lead_imports
         set status = 'cancelled', finished_at = $3,
             head = case when accepted + refused = 0 then '{}' else head end,
             keys = case when accepted + refused = 0 then '{}' else keys end
         where program_id = $1 and id = $2",
        program as ProgramId,
        id as LeadImportId,
        moment.at
    )
    .execute(conn)
    .await?;
    Ok(())
}

struct Import {
    enrollment: EnrollmentId,
    group: LeadGroupId,
    status: ImportStatus,
    keys: Vec<String>,
    rows: i64,
    received: i64,
    bytes: i64,
}

async fn lock(conn: &mut PgConnection, actor: &Actor, own: Option<EnrollmentId>, id: LeadImportId) -> Result<Import> {
    sqlx::query_as!(
        Import,
        r#"select enrollment_id as "enrollment: EnrollmentId", group_id as "group: LeadGroupId",
                  status as "status: ImportStatus", keys, rows, received, bytes
           from lead_imports
           where program_id = $1 and id = $2 and ($3::uuid is null or enrollment_id = $3) for update"#,
        actor.program() as ProgramId,
        id as LeadImportId,
        own as Option<EnrollmentId>
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound("import"))
}

/// What the answers in all rows come to, whatever the order of their columns and whatever stands beside them.
async fn digest(conn: &mut PgConnection, program: ProgramId, id: LeadImportId, keys: &[String]) -> Result<Vec<u8>> {
    let mut columns: Vec<(&String, usize)> = keys.iter().zip(0..).filter(|(key, _)| !key.is_empty()).collect();
    columns.sort();
    let mut hash = Sha256::new();
    for (key, _) in &columns {
        told(&mut hash, key);
    }
    let mut slices = sqlx::query_scalar!(
        "select rows from lead_import_slices where program_id = $1 and import_id = $2 order by number",
        program as ProgramId,
        id as LeadImportId
    )
    .fetch(conn);
    while let Some(rows) = slices.try_next().await? {
        let sheet: Sheet = Reader::rows(&rows);
        for row in 0..sheet.len() {
            for (_, column) in &columns {
                told(&mut hash, sheet.cell(row, *column).trim());
            }
        }
    }
    Ok(hash.finalize().to_vec())
}

fn told(hash: &mut Sha256, text: &str) {
    hash.update((text.len() as u64).to_le_bytes());
    hash.update(text);
}
