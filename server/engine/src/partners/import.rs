//! Partners from a file: looked at first; then those that can be are made, and the others are handed back.

use super::work::write_tags;
use super::{allow, check_names, create, groups, job};
use crate::programs::audit;
use crate::{Error, Moment, Result};
use domain::accounts::{Actor, Power};
use domain::ids::{PartnerGroupId, ProgramId};
use domain::partners::{
    IMPORT_COLUMNS, ImportHead, ImportPreview, ImportProblem, MOST_ROWS, NewPartner, PROBLEM_COLUMN, imported,
    read_tags,
};
use domain::text::{FieldError, check_code, code_key, email_key};
use serde_json::json;
use sqlx::{Connection, PgConnection, PgPool};
use std::collections::{HashMap, HashSet};

/// The most problems that are told.
const TOLD: usize = 100;
/// How many rows are shown.
const SHOWN: usize = 10;

/// A file as it was read.
struct File {
    head: Vec<String>,
    columns: ImportHead,
    rows: Vec<Row>,
}

pub(super) struct Row {
    pub line: i64,
    /// As it stands in the file.
    pub record: Vec<String>,
    /// Its values of [`IMPORT_COLUMNS`].
    values: [String; 8],
    /// `None` where its status can't be read.
    partner: Option<NewPartner>,
    tags: Vec<String>,
    group: Option<PartnerGroupId>,
    pub wrong: Vec<FieldError>,
}

impl Row {
    fn wrong(&mut self, column: &str, words: impl Into<String>) {
        self.wrong.push(FieldError::new(column, words));
    }

    fn email(&self) -> String {
        email_key(&self.values[2])
    }

    fn code(&self) -> String {
        code_key(&self.values[4])
    }

    /// Those that wish for a code are made first: codes that are made from names give way.
    pub(super) fn wishes_code(&self) -> bool {
        !self.values[4].is_empty()
    }

    fn who(&self) -> String {
        self.values[..3].iter().find(|value| !value.is_empty()).cloned().unwrap_or_default()
    }
}

/// Reads a file of partners (CSV with a head, the columns in any order) and says what it would make and what is wrong
/// with it. With `make`, the partners of all rows in which nothing is wrong are made, in one transaction or, where they are
/// very many, by a job, and each who is active gets its invitation. Who is enrolled already is refused, so that a file may
/// be sent again. Asks for `ManagePartners`.
///
/// # Errors
/// `Forbidden`; `Invalid` on `csv` where it can't be read as one.
pub async fn import(pool: &PgPool, moment: &Moment, actor: &Actor, text: &str, make: bool) -> Result<ImportPreview> {
    allow(actor, Power::ManagePartners)?;
    let mut file = read(text)?;
    let mut tx = pool.begin().await?;
    find_groups(&mut tx, actor, &mut file.rows).await?;
    find_taken(&mut tx, actor.program(), &mut file.rows).await?;
    if make && file.rows.iter().filter(|row| row.wrong.is_empty()).count() > job::AT_ONCE {
        let job = job::begin_import(&mut tx, moment, actor, &file.head, &file.rows).await?;
        tx.commit().await?;
        return Ok(ImportPreview { job: Some(job), ..preview(&file)? });
    }
    if make {
        let made = make_all(&mut tx, moment, actor, &mut file.rows).await?;
        if made > 0 {
            let details = json!({ "partners": made, "left_out": file.rows.len() as i64 - made });
            audit::record(&mut tx, moment, actor, "partners.import", "Partners", "partners", details).await?;
            tx.commit().await?;
            return Ok(ImportPreview { imported: true, ..preview(&file)? });
        }
    }
    preview(&file)
}

/// Makes the partners in whose rows nothing is wrong, and answers how many.
async fn make_all(conn: &mut PgConnection, moment: &Moment, actor: &Actor, rows: &mut [Row]) -> Result<i64> {
    let mut made = 0;
    let mut order: Vec<&mut Row> = rows.iter_mut().filter(|row| row.wrong.is_empty()).collect();
    order.sort_by_key(|row| !row.wishes_code());
    for row in order {
        let Some(partner) = &row.partner else { continue };
        let mut point = conn.begin().await?;
        let created = create(&mut point, moment, actor, partner).await;
        match created {
            // Somebody has made such a partner since the file was looked at.
            Err(Error::Invalid(errors)) => {
                point.rollback().await?;
                row.wrong.extend(errors);
                continue;
            }
            Err(Error::Conflict(words)) => {
                point.rollback().await?;
                row.wrong("code", words);
                continue;
            }
            Err(error) => return Err(error),
            Ok(name) => {
                if !row.tags.is_empty() {
                    write_tags(&mut point, actor.program(), name.id, &row.tags).await?;
                }
                if row.group.is_some() {
                    groups::put(&mut point, moment, actor, name.id, row.group).await?;
                }
                point.commit().await?;
            }
        }
        made += 1;
    }
    Ok(made)
}

/// Makes the partners of rows that have waited in a job; somebody may have made such a partner, or removed a group, since.
pub(super) async fn make_waiting(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    head: &[String],
    records: Vec<(i64, Vec<String>)>,
) -> Result<Vec<Row>> {
    let columns = ImportHead::read(head.iter().map(String::as_str));
    let (mut codes, mut emails) = (HashSet::new(), HashSet::new());
    let rows =
        records.into_iter().map(|(line, record)| row(line, columns.values(&record), record, (&mut codes, &mut emails)));
    let mut rows: Vec<Row> = rows.collect();
    find_groups(conn, actor, &mut rows).await?;
    find_taken(conn, actor.program(), &mut rows).await?;
    make_all(conn, moment, actor, &mut rows).await?;
    Ok(rows)
}

fn preview(file: &File) -> Result<ImportPreview> {
    let (good, wrong): (Vec<&Row>, Vec<&Row>) = file.rows.iter().partition(|row| row.wrong.is_empty());
    let problems = wrong.iter().flat_map(|row| {
        row.wrong.iter().map(move |error| ImportProblem {
            line: row.line,
            who: row.who(),
            column: error.field.clone(),
            words: error.message.clone(),
        })
    });
    Ok(ImportPreview {
        rows: file.rows.len() as i64,
        sample: good.iter().take(SHOWN).map(|row| row.values.clone()).collect(),
        problems: problems.take(TOLD).collect(),
        wrong_rows: wrong.len() as i64,
        passed_over: file.columns.passed_over.clone(),
        imported: false,
        job: None,
        refused: handed_back(&file.head, wrong.iter().map(|row| (row.record.as_slice(), problem(&row.wrong))))?,
    })
}

/// What is wrong with a row, in a line; nothing where nothing is.
pub(super) fn problem(wrong: &[FieldError]) -> String {
    wrong.iter().map(|error| format!("{}: {}", error.field, error.message)).collect::<Vec<_>>().join(" ")
}

/// Rows as they stand in a file with this head, as CSV, each with its problem.
pub(super) fn handed_back<'a>(head: &[String], rows: impl Iterator<Item = (&'a [String], String)>) -> Result<String> {
    let problem = ImportHead::read(head.iter().map(String::as_str)).problem;
    // A row may be shorter than the head.
    let whole = |record: &[String]| {
        let places = (0..head.len()).filter(|place| Some(*place) != problem);
        places.map(|place| record.get(place).cloned().unwrap_or_default()).collect::<Vec<_>>()
    };
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut first = whole(head);
    first.push(PROBLEM_COLUMN.to_owned());
    writer.write_record(&first).map_err(Error::internal)?;
    for (record, words) in rows {
        let mut record = whole(record);
        record.push(words);
        writer.write_record(&record).map_err(Error::internal)?;
    }
    String::from_utf8(writer.into_inner().map_err(Error::internal)?).map_err(Error::internal)
}

fn read(text: &str) -> Result<File> {
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
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(between(text))
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let head = reader.headers().map_err(|_| unread("The first line must name the columns."))?.clone();
    let columns = ImportHead::read(head.iter());
    if !columns.names_somebody() {
        let words =
            format!("The first line must name the columns: {}. One is name or company.", IMPORT_COLUMNS.join(", "));
        return Err(unread(&words));
    }
    let mut rows = Vec::new();
    let (mut codes, mut emails) = (HashSet::new(), HashSet::new());
    for (at, record) in reader.records().enumerate() {
        if at >= MOST_ROWS {
            return Err(unread(&format!("Import at most {MOST_ROWS} partners at once.")));
        }
        let record = record.map_err(|error| {
            let line = error.position().map_or(at as u64 + 2, csv::Position::line);
            unread(&format!("Line {line} can't be read."))
        })?;
        let line = record.position().map_or(at as i64 + 2, |position| position.line() as i64);
        let record: Vec<String> = record.iter().map(str::to_owned).collect();
        rows.push(row(line, columns.values(&record), record, (&mut codes, &mut emails)));
    }
    if rows.is_empty() {
        return Err(unread("There are no partners below the line with the columns."));
    }
    Ok(File { head: head.iter().map(str::to_owned).collect(), columns, rows })
}

/// What stands between the columns: spreadsheets of half of Europe write semicolons, and what is copied from one has tabs.
fn between(text: &str) -> u8 {
    let head = text.lines().next().unwrap_or_default();
    let count = |sign: u8| head.matches(char::from(sign)).count();
    [b';', b'\t'].into_iter().fold(b',', |most, sign| if count(sign) > count(most) { sign } else { most })
}

/// A row, with what is wrong with it by itself and beside the rows before it.
fn row(
    line: i64,
    values: [String; 8],
    record: Vec<String>,
    (codes, emails): (&mut HashSet<String>, &mut HashSet<String>),
) -> Row {
    let [name, company, email, website, code, tags, _, _] = &values;
    let mut wrong = check_names(name, company, email, website);
    if !code.is_empty() {
        match check_code(code) {
            Err(words) => wrong.push(FieldError::new("code", words)),
            Ok(()) if !codes.insert(code_key(code)) => {
                wrong.push(FieldError::new("code", "This code is in the file twice."));
            }
            Ok(()) => {}
        }
    }
    if !email.is_empty() && !emails.insert(email_key(email)) {
        wrong.push(FieldError::new("email", "This e-mail is in the file twice."));
    }
    let tags = read_tags(&tags.replace('|', ",")).unwrap_or_else(|words| {
        wrong.push(FieldError::new("tags", words));
        Vec::new()
    });
    let partner = imported(&values).map_err(|words| wrong.push(FieldError::new("status", words))).ok();
    Row { line, record, values, partner, tags, group: None, wrong }
}

/// Finds the groups by their names.
async fn find_groups(conn: &mut PgConnection, actor: &Actor, rows: &mut [Row]) -> Result<()> {
    if rows.iter().all(|row| row.values[6].is_empty()) {
        return Ok(());
    }
    let names = groups::names(conn, actor).await?;
    let known: HashMap<String, PartnerGroupId> =
        names.into_iter().map(|group| (group.name.to_lowercase(), group.id)).collect();
    for row in rows.iter_mut().filter(|row| !row.values[6].is_empty()) {
        match known.get(&row.values[6].to_lowercase()) {
            Some(id) => row.group = Some(*id),
            None => row.wrong("group", "There is no group with this name."),
        }
    }
    Ok(())
}

/// Finds the rows whose e-mail or code somebody has already.
async fn find_taken(conn: &mut PgConnection, program: ProgramId, rows: &mut [Row]) -> Result<()> {
    let emails: Vec<String> = rows.iter().map(Row::email).collect();
    let codes: Vec<String> = rows.iter().map(Row::code).collect();
    let emails: HashSet<String> = sqlx::query_scalar!(
        r#"select lower(email) as "email!" from enrollments
           where program_id = $1 and lower(email) = any($2) and email <> '' and status <> 'declined'
           union
           select a.email_key from accounts a
           join enrollment_accounts ea on ea.account_id = a.id and ea.program_id = $1
           join enrollments e on e.program_id = $1 and e.id = ea.enrollment_id
           where a.email_key = any($2) and e.status <> 'declined'"#,
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
    for row in rows {
        if emails.contains(&row.email()) {
            row.wrong("email", "There is a partner with this e-mail already.");
        }
        if !row.values[4].is_empty() && codes.contains(&row.code()) {
            row.wrong("code", crate::links::codes::IN_USE);
        }
    }
    Ok(())
}
