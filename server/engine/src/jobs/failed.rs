use crate::messages::Mail;
use crate::programs::audit;
use crate::{Error, Moment, Result};
use chrono::{DateTime, Utc};
use domain::accounts::{Actor, Power};
use domain::jobs::FailedJob;
use serde_json::json;
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};

/// How many are shown at most.
const SHOWN: i32 = 200;

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    task: String,
    payload: Json<serde_json::Value>,
    last_error: Option<String>,
    attempts: i16,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl Row {
    fn job(self) -> FailedJob {
        let what = super::work::title(&self.task)
            .unwrap_or_else(|| serde_json::from_value::<Mail>(self.payload.0).map_or("Job", |mail| mail.title()));
        FailedJob {
            id: self.id,
            what: what.into(),
            error: self.last_error.unwrap_or_default(),
            attempts: self.attempts.into(),
            created_at: self.created_at,
            failed_at: self.updated_at,
        }
    }
}

/// The jobs of the program that have failed for good, newest first. Jobs of no program are shown to owners: the mail with
/// a new password, and work that recurs, which is tried again by itself and shown as long as it fails.
///
/// # Errors
/// `Forbidden`.
pub async fn failed(conn: &mut PgConnection, actor: &Actor) -> Result<Vec<FailedJob>> {
    if !actor.may(Power::Audit) {
        return Err(Error::Forbidden);
    }
    Ok(rows(conn, actor, None).await?.into_iter().map(Row::job).collect())
}

/// The library's view of jobs leaves out the payload, by which a job belongs to a program: hence its table.
async fn rows(conn: &mut PgConnection, actor: &Actor, only: Option<i64>) -> Result<Vec<Row>> {
    let rows = sqlx::query_as(
        "select j.id, t.identifier as task, j.payload, j.last_error, j.attempts, j.created_at, j.updated_at
         from graphile_worker._private_jobs j join graphile_worker._private_tasks t on t.id = j.task_id
         where (t.identifier in ('send_mail', 'copy_file', 'take_out', 'work_on_partners', 'process_payments',
                                'tell_paid', 'tell_taken_back')
                and j.attempts >= j.max_attempts and j.locked_at is null
                or t.identifier = any($5) and j.last_error is not null)
           and (j.payload ->> 'program' = $1 or (j.payload ->> 'program' is null and $2))
           and ($3::bigint is null or j.id = $3)
         order by j.updated_at desc, j.id desc limit $4",
    )
    .bind(actor.program().to_string())
    .bind(actor.may(Power::ManageTeam))
    .bind(only)
    .bind(SHOWN)
    .bind(super::work::RECURRING)
    .fetch_all(conn)
    .await?;
    Ok(rows)
}

/// Has a failed job tried again at once, as if for the first time.
///
/// # Errors
/// `Forbidden`; `NotFound` where the program has no such failed job.
pub async fn retry(pool: &PgPool, moment: &Moment, actor: &Actor, job: i64) -> Result<()> {
    if !actor.may(Power::Audit) {
        return Err(Error::Forbidden);
    }
    let mut tx = pool.begin().await?;
    let row = rows(&mut tx, actor, Some(job)).await?.pop().ok_or(Error::NotFound("job"))?;
    sqlx::query("select from graphile_worker.reschedule_jobs(array[$1::bigint], run_at => $2, attempts => 0)")
        .bind(job)
        .bind(moment.at)
        .execute(&mut *tx)
        .await?;
    audit::record(&mut tx, moment, actor, "job.retry", &row.job().what, "failed-jobs", json!({ "job": job })).await?;
    tx.commit().await?;
    Ok(())
}
