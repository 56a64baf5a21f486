//! The rows that were refused, as the file with which they are mended.

use super::list::reads;
use crate::{Error, Result};
use domain::accounts::Actor;
use domain::ids::{EnrollmentId, LeadImportId, ProgramId};
use domain::leads::LeadForm;
use domain::leads::file::{REASON, Reader, guarded, match_columns, write_row};
use sqlx::PgConnection;
use sqlx::types::Json;

/// What is known of the file before its rows are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorFile {
    /// Its name.
    pub name: String,
    /// Its first line, with the mark of UTF-8 that spreadsheets ask for.
    pub head: String,
    /// Which of the import's columns it has: all but that of earlier reasons.
    columns: Vec<usize>,
}

/// How many rows are read at a time.
const AT_ONCE: i64 = 1_000;

/// The head of an import's file of refused rows: the same columns in the same places, and why each was refused.
///
/// # Errors
/// `Forbidden`; `NotFound`, also for another partner's.
pub async fn error_file(conn: &mut PgConnection, actor: &Actor, id: LeadImportId) -> Result<ErrorFile> {
    let own = reads(actor)?;
    let import = sqlx::query!(
        r#"select i.name, i.head, i.keys, f.form as "form: Json<LeadForm>" from lead_imports i
           join lead_forms f on f.program_id = i.program_id and f.group_id = i.group_id and f.version = i.form_version
           where i.program_id = $1 and i.id = $2 and ($3::uuid is null or i.enrollment_id = $3)"#,
        actor.program() as ProgramId,
        id as LeadImportId,
        own as Option<EnrollmentId>
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound("import"))?;
    let earlier = |at: usize| import.keys[at].is_empty() && import.head[at].trim().eq_ignore_ascii_case(REASON);
    let columns: Vec<usize> = (0..import.head.len()).filter(|at| !earlier(*at)).collect();
    // A column that was matched by hand is named as its question, so that it needs no hand when it comes back.
    let asked = import.form.asked();
    let known = match_columns(&import.head, &asked);
    let name = |at: usize| match asked.iter().position(|asked| asked.key == import.keys[at]) {
        Some(question) if known[at] != Some(question) => guarded(&asked[question].label),
        _ => guarded(&import.head[at]),
    };
    let names = columns.iter().map(|at| name(*at)).chain([REASON.to_owned()]);
    let mut head = "\u{feff}".to_owned();
    write_row(&mut head, names.collect::<Vec<_>>().iter().map(String::as_str));
    let stem = import.name.rsplit_once('.').map_or(import.name.as_str(), |(stem, _)| stem);
    let kept = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ' ');
    let stem: String = stem.chars().filter(kept).take(60).collect();
    let stem = if stem.trim().is_empty() { "leads".to_owned() } else { stem.trim().replace(' ', "-") };
    Ok(ErrorFile { name: format!("{stem}-errors.csv"), head, columns })
}

/// Refused rows after this position, as CSV, and the position with which to go on; `None` where no more follow. What a
/// spreadsheet would take for a formula is guarded by an apostrophe, which importing takes off again.
///
/// # Errors
/// `Database` where Postgres fails.
pub async fn errors(
    conn: &mut PgConnection,
    actor: &Actor,
    id: LeadImportId,
    file: &ErrorFile,
    after: i64,
) -> Result<Option<(String, i64)>> {
    let own = reads(actor)?;
    let rows = sqlx::query!(
        "select r.position, r.cells, r.reason from lead_import_rows r
         join lead_imports i on i.program_id = r.program_id and i.id = r.import_id
         where r.program_id = $1 and r.import_id = $2 and ($3::uuid is null or i.enrollment_id = $3) and r.position > $4
         order by r.position limit $5",
        actor.program() as ProgramId,
        id as LeadImportId,
        own as Option<EnrollmentId>,
        after,
        AT_ONCE
    )
    .fetch_all(conn)
    .await?;
    let Some(last) = rows.last().map(|row| row.position) else { return Ok(None) };
    let mut text = String::new();
    for row in rows {
        let sheet = Reader::rows(&row.cells);
        let cells = file.columns.iter().map(|at| guarded(sheet.cell(0, *at))).chain([guarded(&row.reason)]);
        write_row(&mut text, cells.collect::<Vec<_>>().iter().map(String::as_str));
    }
    Ok(Some((text, last)))
}
