//! Work on more partners than a request has time for. It lies in the database, row by row, and a job does it piece by piece,
//! each in a transaction that also notes what is done: one that dies goes on where it was, and two do nothing twice.

use super::allow;
use super::import::{Row, handed_back, make_waiting, problem};
use super::work::{Given, apply, note};
use crate::programs::audit;
use crate::{Error, Moment, Result, jobs};
use chrono::{DateTime, Duration, Utc};
use domain::accounts::{Actor, Power, Role};
use domain::ids::{AccountId, EnrollmentId, OrganizationId, PartnerJobId, ProgramId};
use domain::partners::{BulkAct, LeftOut, PartnerJob};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};
use std::collections::HashSet;
use uuid::Uuid;

/// So many are worked on within the request.
pub(super) const AT_ONCE: usize = 200;
/// So many are worked on in one transaction.
const CHUNK: i64 = 50;
/// So many who were left out are shown.
const TOLD: i64 = 100;
/// What a job knows is kept so many days.
const KEPT: i64 = 30;

/// What is done.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Task {
    /// Partners are made of the rows of a file with this head.
    Import(Vec<String>),
    /// Something is done to partners.
    Act(Given),
}

impl Task {
    fn act(&self) -> Option<BulkAct> {
        match self {
            Self::Import(_) => None,
            Self::Act(given) => Some(given.act),
        }
    }
}

/// Does work on very many partners. The job holds ids; what is done, and to whom, lies in `partner_jobs`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct WorkOnPartners {
    /// The program.
    pub program: ProgramId,
    /// Which work.
    pub job: PartnerJobId,
}

impl WorkOnPartners {
    /// Does all that is left of it.
    pub(crate) async fn work(&self, pool: &PgPool, moment: &Moment) -> Result<()> {
        while go_on(pool, &moment.step(), self.program, self.job).await? {}
        Ok(())
    }
}

/// Has an act done to partners, once the transaction commits.
pub(super) async fn begin(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    given: Given,
    ids: &[EnrollmentId],
) -> Result<PartnerJobId> {
    let job = make(conn, moment, actor, &Task::Act(given), ids.len() as i64, 0).await?;
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let added = sqlx::query!(
        "insert into partner_job_rows (program_id, job_id, position, enrollment_id)
         select $1, $2, row_number() over (order by id), id
         from enrollments where program_id = $1 and id = any($3)",
        actor.program() as ProgramId,
        job as PartnerJobId,
        &ids
    )
    .execute(conn)
    .await?;
    if added.rows_affected() < ids.len() as u64 {
        return Err(Error::NotFound("partner"));
    }
    Ok(job)
}

/// Has the partners of a file made, once the transaction commits: those that wish for a code first. The rows in which
/// something is wrong are left out from the start.
pub(super) async fn begin_import(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    head: &[String],
    rows: &[Row],
) -> Result<PartnerJobId> {
    let wrong = rows.iter().filter(|row| !row.wrong.is_empty()).count();
    let job = make(conn, moment, actor, &Task::Import(head.to_vec()), rows.len() as i64, wrong as i64).await?;
    let mut order: Vec<&Row> = rows.iter().collect();
    order.sort_by_key(|row| !row.wishes_code());
    let lines: Vec<i64> = order.iter().map(|row| row.line).collect();
    let records = order.iter().map(|row| serde_json::to_string(&row.record));
    let records: Vec<String> = records.collect::<std::result::Result<_, _>>()?;
    let problems: Vec<String> = order.iter().map(|row| problem(&row.wrong)).collect();
    sqlx::query!(
        "insert into partner_job_rows (program_id, job_id, position, line, record, problem)
         select $1, $2, r.position, r.line, r.record::jsonb, r.problem
         from unnest($3::bigint[], $4::text[], $5::text[]) with ordinality as r (line, record, problem, position)",
        actor.program() as ProgramId,
        job as PartnerJobId,
        &lines,
        &records,
        &problems
    )
    .execute(conn)
    .await?;
    Ok(job)
}

async fn make(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    task: &Task,
    total: i64,
    left_out: i64,
) -> Result<PartnerJobId> {
    let id: PartnerJobId = moment.id();
    sqlx::query!(
        "insert into partner_jobs (program_id, id, task, total, left_out, account_id, created_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        actor.program() as ProgramId,
        id as PartnerJobId,
        Json(task) as _,
        total,
        left_out,
        actor.account() as Option<AccountId>,
        moment.at
    )
    .execute(&mut *conn)
    .await?;
    jobs::enqueue(conn, &WorkOnPartners { program: actor.program(), job: id }, None).await?;
    Ok(id)
}

/// What waits in a job.
struct Waiting {
    position: i64,
    enrollment: Option<EnrollmentId>,
    line: Option<i64>,
    record: Option<Json<Vec<String>>>,
}

/// Does the next piece; whether more may be left. Who comes to the same job at once waits, and does the piece after it.
pub(super) async fn go_on(pool: &PgPool, moment: &Moment, program: ProgramId, id: PartnerJobId) -> Result<bool> {
    let mut tx = pool.begin().await?;
    let job = sqlx::query!(
        r#"select j.task as "task: Json<Task>", j.account_id as "account: AccountId",
                  p.organization_id as "organization: OrganizationId"
           from partner_jobs j join programs p on p.id = j.program_id
           where j.program_id = $1 and j.id = $2 and j.finished_at is null for update of j"#,
        program as ProgramId,
        id as PartnerJobId
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(job) = job else { return Ok(false) };
    // In the name of who began it, who was allowed to.
    let actor = match job.account {
        Some(account) => Actor::Admin { account, organization: job.organization, role: Role::Manager, program },
        None => Actor::System { program },
    };
    let rows = sqlx::query_as!(
        Waiting,
        r#"select position, enrollment_id as "enrollment: EnrollmentId", line, record as "record: Json<Vec<String>>"
           from partner_job_rows
           where program_id = $1 and job_id = $2 and problem = '' order by position limit $3"#,
        program as ProgramId,
        id as PartnerJobId,
        CHUNK
    )
    .fetch_all(&mut *tx)
    .await?;
    let last = (rows.len() as i64) < CHUNK;
    let (mut done, mut left_out, mut problems) = (Vec::new(), Vec::new(), Vec::new());
    for (position, problem) in pieces(&mut tx, moment, &actor, &job.task, rows).await? {
        if problem.is_empty() {
            done.push(position);
        } else {
            left_out.push(position);
            problems.push(problem);
        }
    }
    sqlx::query!(
        "delete from partner_job_rows where program_id = $1 and job_id = $2 and position = any($3)",
        program as ProgramId,
        id as PartnerJobId,
        &done
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "update partner_job_rows r set problem = u.problem
         from unnest($3::bigint[], $4::text[]) as u (position, problem)
         where r.program_id = $1 and r.job_id = $2 and r.position = u.position",
        program as ProgramId,
        id as PartnerJobId,
        &left_out,
        &problems
    )
    .execute(&mut *tx)
    .await?;
    let sums = sqlx::query!(
        "update partner_jobs
         set done = done + $3, left_out = left_out + $4, finished_at = case when $5 then $6::timestamptz end
         where program_id = $1 and id = $2 returning done, left_out",
        program as ProgramId,
        id as PartnerJobId,
        done.len() as i64,
        left_out.len() as i64,
        last,
        moment.at
    )
    .fetch_one(&mut *tx)
    .await?;
    if last {
        let path = format!("partners/jobs/{id}");
        match &*job.task {
            Task::Act(given) => note(&mut tx, moment, &actor, given, (sums.done, sums.left_out), &path).await?,
            Task::Import(_) => {
                let details = json!({ "partners": sums.done, "left_out": sums.left_out });
                audit::record(&mut tx, moment, &actor, "partners.import", "Partners", &path, details).await?;
            }
        }
    }
    tx.commit().await?;
    Ok(!last)
}

/// Does what these rows wait for; each by its position, with why it was left out, or nothing.
async fn pieces(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    task: &Task,
    rows: Vec<Waiting>,
) -> Result<Vec<(i64, String)>> {
    match task {
        Task::Import(head) => {
            let positions: Vec<i64> = rows.iter().map(|row| row.position).collect();
            let records = rows.into_iter().map(|row| {
                let record = row.record.map(|record| record.0).unwrap_or_default();
                (row.line.unwrap_or_default(), record)
            });
            let made = make_waiting(conn, moment, actor, head, records.collect()).await?;
            Ok(positions.into_iter().zip(made.iter().map(|row| problem(&row.wrong))).collect())
        }
        Task::Act(given) => {
            let whose = rows.iter().filter_map(|row| Some((row.position, row.enrollment?)));
            let whose: Vec<(i64, EnrollmentId)> = whose.collect();
            let ids: Vec<EnrollmentId> = whose.iter().map(|(_, id)| *id).collect();
            let left_out: HashSet<EnrollmentId> = apply(conn, moment, actor, given, &ids).await?.into_iter().collect();
            let why = |id: EnrollmentId| if left_out.contains(&id) { given.act.left_out() } else { "" };
            Ok(whose.into_iter().map(|(position, id)| (position, why(id).to_owned())).collect())
        }
    }
}

/// How far a job is, and who was left out so far. Asks for `ManagePartners`.
///
/// # Errors
/// `Forbidden`; `NotFound`.
pub async fn get(conn: &mut PgConnection, actor: &Actor, id: PartnerJobId) -> Result<PartnerJob> {
    let mut found = list(conn, actor, Some(id), None).await?;
    let mut job = found.pop().ok_or(Error::NotFound("job"))?;
    let rows = rows_left_out(conn, actor.program(), id, TOLD).await?;
    job.problems = rows
        .into_iter()
        .map(|row| {
            let record = row.record.map(|record| record.0).unwrap_or_default();
            let who = row.name.or_else(|| record.into_iter().find(|value| !value.is_empty())).unwrap_or_default();
            LeftOut { line: row.line, who, words: row.problem }
        })
        .collect();
    Ok(job)
}

/// The jobs that are under way, or were over within the last day, the latest first. Asks for `ManagePartners`.
///
/// # Errors
/// `Forbidden`.
pub async fn latest(conn: &mut PgConnection, moment: &Moment, actor: &Actor) -> Result<Vec<PartnerJob>> {
    list(conn, actor, None, Some(moment.at - Duration::days(1))).await
}

async fn list(
    conn: &mut PgConnection,
    actor: &Actor,
    only: Option<PartnerJobId>,
    since: Option<DateTime<Utc>>,
) -> Result<Vec<PartnerJob>> {
    allow(actor, Power::ManagePartners)?;
    let jobs = sqlx::query!(
        r#"select j.id as "id: PartnerJobId", j.task as "task: Json<Task>", j.total, j.done, j.left_out,
                  coalesce(a.name, '') as "by!", j.created_at, j.finished_at
           from partner_jobs j left join accounts a on a.id = j.account_id
           where j.program_id = $1 and ($2::uuid is null or j.id = $2)
             and ($3::timestamptz is null or j.finished_at is null or j.finished_at > $3)
           order by j.id desc limit 5"#,
        actor.program() as ProgramId,
        only as Option<PartnerJobId>,
        since
    )
    .fetch_all(conn)
    .await?;
    let jobs = jobs.into_iter().map(|job| PartnerJob {
        id: job.id,
        act: job.task.act(),
        total: job.total,
        done: job.done,
        left_out: job.left_out,
        by: job.by,
        created_at: job.created_at,
        finished_at: job.finished_at,
        problems: Vec::new(),
    });
    Ok(jobs.collect())
}

/// A row that was left out.
struct Problem {
    line: Option<i64>,
    record: Option<Json<Vec<String>>>,
    problem: String,
    code: Option<String>,
    name: Option<String>,
}

async fn rows_left_out(
    conn: &mut PgConnection,
    program: ProgramId,
    id: PartnerJobId,
    most: i64,
) -> Result<Vec<Problem>> {
    Ok(sqlx::query_as!(
        Problem,
        r#"select r.line, r.record as "record: Json<Vec<String>>", r.problem, e.code as "code?",
                  coalesce(nullif(e.name, ''), e.company) as "name?"
           from partner_job_rows r
           left join enrollments e on e.program_id = r.program_id and e.id = r.enrollment_id
           where r.program_id = $1 and r.job_id = $2 and r.problem <> ''
           order by r.line, r.position limit $3"#,
        program as ProgramId,
        id as PartnerJobId,
        most
    )
    .fetch_all(conn)
    .await?)
}

/// All who were left out, as CSV: the rows of a file as they stood in it, each with what is wrong. Asks for
/// `ManagePartners`.
///
/// # Errors
/// `Forbidden`; `NotFound`.
pub async fn left_out(conn: &mut PgConnection, actor: &Actor, id: PartnerJobId) -> Result<String> {
    allow(actor, Power::ManagePartners)?;
    let task = sqlx::query_scalar!(
        r#"select task as "task: Json<Task>" from partner_jobs where program_id = $1 and id = $2"#,
        actor.program() as ProgramId,
        id as PartnerJobId
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound("job"))?;
    let rows = rows_left_out(conn, actor.program(), id, i64::MAX).await?;
    let (head, rows): (Vec<String>, Vec<(Vec<String>, String)>) = match task.0 {
        Task::Import(head) => {
            let rows = rows.into_iter().map(|row| (row.record.map(|record| record.0).unwrap_or_default(), row.problem));
            (head, rows.collect())
        }
        Task::Act(_) => {
            let rows = rows.into_iter().map(|row| {
                let name = row.name.unwrap_or_default();
                // No spreadsheet takes it for a formula.
                let name = if name.starts_with(['=', '+', '-', '@']) { format!("'{name}") } else { name };
                (vec![row.code.unwrap_or_default(), name], row.problem)
            });
            (vec!["code".to_owned(), "name".to_owned()], rows.collect())
        }
    };
    handed_back(&head, rows.iter().map(|(record, problem)| (record.as_slice(), problem.clone())))
}

/// Takes the rows of a file away in which a person is found: `pattern` is a regular expression of Postgres. What stands in
/// them apart, such as a first and a last name, is sought together.
pub(crate) async fn forget(conn: &mut PgConnection, program: ProgramId, pattern: &str) -> Result<()> {
    sqlx::query!(
        "delete from partner_job_rows
         where program_id = $1 and record is not null
           and (select string_agg(value, ' ') from jsonb_array_elements_text(record)) ~* $2",
        program as ProgramId,
        pattern
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Deletes what is known of jobs that were begun 30 days ago.
pub(crate) async fn purge(pool: &PgPool, moment: &Moment) -> Result<()> {
    sqlx::query!("delete from partner_jobs where created_at <= $1", moment.at - Duration::days(KEPT))
        .execute(pool)
        .await?;
    Ok(())
}
