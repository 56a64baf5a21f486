//! Partners from a file: looked at first, then made all together or not at all.

use super::work::write_tags;
use super::{allow, check_names, create};
use crate::programs::audit;
use crate::{Error, Moment, Result};
use domain::accounts::{Actor, Power};
use domain::ids::ProgramId;
use domain::partners::{IMPORT_COLUMNS, ImportPreview, ImportProblem, MOST_ROWS, NewPartner, imported, read_tags};
use domain::text::{check_code, code_key, email_key};
use serde_json::json;
use sqlx::PgPool;
use std::collections::HashSet;

/// The most problems that are told.
const TOLD: usize = 100;
/// How many rows are shown.
const SHOWN: usize = 5;

struct Row {
    line: i64,
    partner: NewPartner,
    tags: Vec<String>,
}

/// Reads a file of partners (CSV with a head, the columns in any order) and says what it would make and what is wrong
/// with it. With `make`, and where nothing is wrong, the partners are made, all in one transaction, and each gets its
/// invitation. Asks for `ManagePartners`.
///
/// # Errors
/// `Forbidden`; `Invalid` on `csv` where it can't be read as one.
pub async fn import(pool: &PgPool, moment: &Moment, actor: &Actor, text: &str, make: bool) -> Result<ImportPreview> {
    allow(actor, Power::ManagePartners)?;
    let (rows, mut problems) = read(text)?;
    let mut tx = pool.begin().await?;
    problems.extend(taken(&mut tx, actor.program(), &rows).await?);
    problems.sort_by_key(|problem| problem.line);
    let wrong_rows = problems.iter().map(|problem| problem.line).collect::<HashSet<_>>().len();
    let mut preview = ImportPreview {
        rows: rows.len() as i64,
        sample: rows.iter().take(SHOWN).map(|row| shown(&row.partner)).collect(),
        problems: problems.into_iter().take(TOLD).collect(),
        wrong_rows: wrong_rows as i64,
        imported: false,
    };
    if !make || wrong_rows > 0 {
        return Ok(preview);
    }
    for row in &rows {
        let made = match create(&mut tx, moment, actor, &row.partner).await {
            // Somebody has made such a partner since the file was looked at.
            Err(Error::Invalid(errors)) => {
                preview.problems = errors
                    .into_iter()
                    .map(|error| ImportProblem { line: row.line, column: error.field, words: error.message })
                    .collect();
                preview.wrong_rows = 1;
                return Ok(preview);
            }
            made => made?,
        };
        if !row.tags.is_empty() {
            write_tags(&mut tx, actor.program(), made.id, &row.tags).await?;
        }
    }
    let details = json!({ "partners": rows.len() });
    audit::record(&mut tx, moment, actor, "partners.import", "Partners", "partners", details).await?;
    tx.commit().await?;
    preview.imported = true;
    Ok(preview)
}

fn shown(partner: &NewPartner) -> [String; 4] {
    [partner.name.clone(), partner.company.clone(), partner.email.clone(), partner.code.clone().unwrap_or_default()]
}

fn read(text: &str) -> Result<(Vec<Row>, Vec<ImportProblem>)> {
    let unread = |words: &str| Error::field("csv", words);
    let text = text.trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        return Err(unread("Choose a file, or paste its text."));
    }
    if text.contains('\0') {
        return Err(unread("This is no text."));
    }
    // Of a line's two ends the reader would count the second with the next one.
    let text = &text.replace("\r\n", "\n");
    // Spreadsheets of half of Europe write semicolons.
    let head = text.lines().next().unwrap_or_default();
    let between = if head.matches(';').count() > head.matches(',').count() { b';' } else { b',' };
    let mut reader =
        csv::ReaderBuilder::new().delimiter(between).flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let head = reader.headers().map_err(|_| unread("The first line must name the columns."))?.clone();
    let place = |name: &&str| head.iter().position(|column| column.eq_ignore_ascii_case(name));
    let places: Vec<Option<usize>> = IMPORT_COLUMNS.iter().map(place).collect();
    if places[0].is_none() && places[1].is_none() {
        return Err(unread("The first line must name the columns; one of them is name or company."));
    }
    if let Some(unknown) =
        head.iter().find(|column| !IMPORT_COLUMNS.iter().any(|known| known.eq_ignore_ascii_case(column)))
    {
        let words = format!("There is no column {unknown}. The columns are {}.", IMPORT_COLUMNS.join(", "));
        return Err(Error::field("csv", words));
    }
    let (mut rows, mut problems) = (Vec::new(), Vec::new());
    let (mut codes, mut emails) = (HashSet::new(), HashSet::new());
    for (at, record) in reader.records().enumerate() {
        if at >= MOST_ROWS {
            return Err(Error::field("csv", format!("Import at most {MOST_ROWS} partners at once.")));
        }
        let record = record.map_err(|error| {
            let line = error.position().map_or(at as u64 + 2, csv::Position::line);
            Error::field("csv", format!("Line {line} can't be read."))
        })?;
        let line = record.position().map_or(at as i64 + 2, |position| position.line() as i64);
        let value = |place: Option<usize>| place.and_then(|place| record.get(place)).unwrap_or_default().to_owned();
        let values: [String; 6] = std::array::from_fn(|column| value(places[column]));
        let (partner, tags) = imported(&values);
        let mut wrong = |column: &str, words: String| {
            problems.push(ImportProblem { line, column: column.to_owned(), words });
        };
        for error in check_names(&partner.name, &partner.company, &partner.email, &partner.website) {
            wrong(&error.field, error.message);
        }
        if let Some(code) = &partner.code {
            match check_code(code) {
                Err(words) => wrong("code", words.to_owned()),
                Ok(()) if !codes.insert(code_key(code)) => wrong("code", "This code is in the file twice.".into()),
                Ok(()) => {}
            }
        }
        if !partner.email.is_empty() && !emails.insert(email_key(&partner.email)) {
            wrong("email", "This e-mail is in the file twice.".into());
        }
        let tags = read_tags(&tags.replace('|', ",")).unwrap_or_else(|words| {
            wrong("tags", words.to_owned());
            Vec::new()
        });
        rows.push(Row { line, partner, tags });
    }
    if rows.is_empty() {
        return Err(unread("There are no partners below the line with the columns."));
    }
    Ok((rows, problems))
}

/// The rows whose e-mail or code somebody has already.
async fn taken(conn: &mut sqlx::PgConnection, program: ProgramId, rows: &[Row]) -> Result<Vec<ImportProblem>> {
    let emails: Vec<String> = rows.iter().map(|row| email_key(&row.partner.email)).collect();
    let codes: Vec<String> =
        rows.iter().map(|row| row.partner.code.as_deref().map(code_key).unwrap_or_default()).collect();
    let emails: HashSet<String> = sqlx::query_scalar!(
        r#"select lower(email) as "email!" from enrollments
           where program_id = $1 and lower(email) = any($2) and email <> '' and status <> 'declined'"#,
        program as ProgramId,
        &emails
    )
    .fetch_all(&mut *conn)
    .await?
    .into_iter()
    .collect();
    let codes: HashSet<String> = sqlx::query_scalar!(
        r#"select code_key as "code!" from link_codes where program_id = $1 and code_key = any($2)
           union
           select code_key from enrollment_codes where program_id = $1 and code_key = any($2)"#,
        program as ProgramId,
        &codes
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .collect();
    let mut problems = Vec::new();
    for row in rows {
        let mut wrong = |column: &str, words: &str| {
            problems.push(ImportProblem { line: row.line, column: column.to_owned(), words: words.to_owned() });
        };
        if emails.contains(&email_key(&row.partner.email)) {
            wrong("email", "There is a partner with this e-mail already.");
        }
        if row.partner.code.as_deref().is_some_and(|code| codes.contains(&code_key(code))) {
            wrong("code", crate::links::codes::IN_USE);
        }
    }
    Ok(problems)
}
