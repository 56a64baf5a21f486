//! Beginning an import.

use super::{may_import, whose};
use crate::{Error, Moment, Result};
use chrono::NaiveDate;
use domain::accounts::Actor;
use domain::ids::{AccountId, EnrollmentId, LeadGroupId, LeadImportId, ProgramId};
use domain::leads::LeadForm;
use domain::leads::file::{File, ImportStart, MOST_IMPORTED_A_DAY, MOST_IMPORTS_A_DAY, MOST_ROWS, match_columns};
use domain::partners::EnrollmentStatus;
use sqlx::PgConnection;
use sqlx::types::Json;

/// Begins an import, in the caller's transaction: by the partner itself, where the program takes files of leads, or by
/// `JudgeLeads`.
///
/// # Errors
/// `Forbidden`, also where the program takes no files; `NotFound` without such a partner or group, or where it is another's;
/// `Invalid` on `head` or `rows`; `Conflict` where the partner is not active or has imported too many today, the group is
/// closed, or the form has changed since the rows were checked.
pub async fn start(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    partner: EnrollmentId,
    input: &ImportStart,
    ip: &str,
) -> Result<LeadImportId> {
    if whose(actor)?.is_some_and(|own| own != partner) {
        return Err(Error::NotFound("partner"));
    }
    may_import(conn, actor).await?;
    let program = actor.program();
    // Locked: of two at once the second sees what the first imports.
    let found = sqlx::query!(
        r#"select e.status as "status: EnrollmentStatus", p.time_zone
           from enrollments e join programs p on p.id = e.program_id
           where e.program_id = $1 and e.id = $2 for no key update of e"#,
        program as ProgramId,
        partner as EnrollmentId
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound("partner"))?;
    if found.status != EnrollmentStatus::Active {
        return Err(Error::Conflict("Only active partners can add leads.".into()));
    }
    let (form, version) = form(conn, program, input.group).await?;
    if version != input.version {
        return Err(Error::Conflict("The form has changed since the file was read. Add the file again.".into()));
    }
    input.columns(&form.asked()).map_err(|words| Error::field("head", words))?;
    if !(1..=MOST_ROWS as i64).contains(&input.rows) {
        return Err(Error::field("rows", "Import 1 to 100,000 rows at a time."));
    }
    let zone = found.time_zone.parse::<chrono_tz::Tz>().map_err(Error::internal)?;
    let today = moment.at.with_timezone(&zone).date_naive();
    let (begun, imported) = imported(conn, program, partner, today, &found.time_zone).await?;
    if begun >= MOST_IMPORTS_A_DAY {
        return Err(Error::Conflict(format!("At most {MOST_IMPORTS_A_DAY} files can be imported on one day.")));
    }
    if imported + input.rows > MOST_IMPORTED_A_DAY {
        return Err(Error::Conflict(
            "At most 100,000 rows can be imported on one day. Import the rest tomorrow.".into(),
        ));
    }
    let id: LeadImportId = moment.id();
    let name: String = input.name.chars().filter(|c| !c.is_control()).take(200).collect();
    // Postgres keeps no NUL.
    let head: Vec<String> = input.head.iter().map(|name| name.replace('\0', "\u{fffd}")).collect();
    sqlx::query!(
        "insert into lead_imports (program_id, id, enrollment_id, group_id, form_version, name, head, keys, rows,
                                   account_id, by_partner, ip, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        program as ProgramId,
        id as LeadImportId,
        partner as EnrollmentId,
        input.group as LeadGroupId,
        version,
        name.trim(),
        &head,
        &input.keys,
        input.rows,
        actor.account() as Option<AccountId>,
        actor.partner().is_some(),
        ip,
        moment.at
    )
    .execute(conn)
    .await?;
    Ok(id)
}

/// The form in force of a group that takes leads.
async fn form(conn: &mut PgConnection, program: ProgramId, group: LeadGroupId) -> Result<(LeadForm, i32)> {
    let found = sqlx::query!(
        r#"select g.version, f.form as "form: Json<LeadForm>", g.closed_at is not null as "closed!"
           from lead_groups g
           join lead_forms f on f.program_id = g.program_id and f.group_id = g.id and f.version = g.version
           where g.program_id = $1 and g.id = $2"#,
        program as ProgramId,
        group as LeadGroupId
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound("lead group"))?;
    if found.closed {
        return Err(Error::Conflict("This group takes no further leads. Choose another.".into()));
    }
    Ok((found.form.0, found.version))
}

/// How many imports of a partner were begun on a day of the program's, and of how many rows.
async fn imported(
    conn: &mut PgConnection,
    program: ProgramId,
    partner: EnrollmentId,
    day: NaiveDate,
    time_zone: &str,
) -> Result<(i64, i64)> {
    let found = sqlx::query!(
        r#"select count(*) as "begun!", coalesce(sum(case status when 'cancelled' then accepted + refused else rows end), 0)::bigint as "rows!"
           from lead_imports
           where program_id = $1 and enrollment_id = $2
             and created_at >= $3::date::timestamp at time zone $4 and created_at < ($3::date + 1)::timestamp at time zone $4"#,
        program as ProgramId,
        partner as EnrollmentId,
        day,
        time_zone
    )
    .fetch_one(conn)
    .await?;
    Ok((found.begun, found.rows))
}

/// Takes a whole file that was read on the server, in the caller's transaction: its columns matched by their names, without
/// a group that of the program's leads. Answers the import with the same rows, where there was one.
///
/// # Errors
/// As [`start`] and [`finish`](super::finish); `Invalid` on `file` where it can't be read.
pub async fn take(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    partner: EnrollmentId,
    group: Option<LeadGroupId>,
    name: &str,
    file: &File,
) -> Result<(LeadImportId, bool)> {
    if let Some(wrong) = &file.wrong {
        return Err(Error::field("file", wrong.as_str()));
    }
    let program = actor.program();
    let group = match group {
        Some(group) => group,
        None => sqlx::query_scalar!(
            r#"select id as "id: LeadGroupId" from lead_groups where program_id = $1 and is_default"#,
            program as ProgramId
        )
        .fetch_optional(&mut *conn)
        .await?
        .ok_or(Error::NotFound("lead group"))?,
    };
    let (form, version) = form(conn, program, group).await?;
    let asked = form.asked();
    let keys = match_columns(&file.head, &asked).into_iter();
    let keys = keys.map(|at| at.map(|at| asked[at].key.clone()).unwrap_or_default()).collect();
    let rows = file.rows.len() as i64;
    let input = ImportStart { group, version, name: name.to_owned(), head: file.head.clone(), keys, rows };
    let id = start(conn, moment, actor, partner, &input, "").await?;
    let (mut from, mut number) = (0, 0);
    while from < file.rows.len() {
        let (rows, next) = file.rows.slice(from);
        super::receive(conn, actor, id, number, &rows).await?;
        (from, number) = (next, number + 1);
    }
    let same = super::finish(conn, actor, id).await?;
    Ok((same.unwrap_or(id), same.is_some()))
}
