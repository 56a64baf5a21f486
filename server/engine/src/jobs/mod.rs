//! Work that happens later, on `graphile_worker`: enqueued in the transaction of the change that causes it, claimed with
//! SKIP LOCKED, tried again with growing pauses, and shown to admins when it fails for good.
//!
//! Its tables are the library's own, in a schema of theirs, so its few queries are not checked when compiled.

mod failed;
mod schema;
mod work;

pub use failed::{failed, retry};
pub(crate) use schema::migrations;
pub(crate) use work::SweepFiles;
pub use work::{Context, run};

use crate::Result;
use graphile_worker::TaskHandler;
use sqlx::PgConnection;

/// How often a job is tried; the pauses in between add up to about four hours.
pub(crate) const TRIES: i32 = 10;

/// Does a job once the transaction commits, and not at all where it does not. A job with the same key that has not begun
/// is replaced.
///
/// # Errors
/// `Database` where Postgres fails.
pub async fn enqueue<J: TaskHandler>(conn: &mut PgConnection, job: &J, key: Option<&str>) -> Result<()> {
    sqlx::query("select from graphile_worker.add_job($1, $2::json, max_attempts => $3, job_key => $4)")
        .bind(J::IDENTIFIER)
        .bind(sqlx::types::Json(serde_json::to_value(job)?))
        .bind(TRIES)
        .bind(key)
        .execute(conn)
        .await?;
    Ok(())
}

/// Does each of these once the transaction commits, by one statement for all. One that waits already is not added again.
///
/// # Errors
/// `Database` where Postgres fails.
pub(crate) async fn enqueue_all<J: TaskHandler>(conn: &mut PgConnection, jobs: &[J]) -> Result<()> {
    let payloads = jobs.iter().map(|job| Ok(sqlx::types::Json(serde_json::to_value(job)?)));
    let payloads: Vec<sqlx::types::Json<serde_json::Value>> = payloads.collect::<Result<_>>()?;
    sqlx::query(
        "select count(graphile_worker.add_job(
             $1, job::json, max_attempts => $3, job_key => $1 || ':' || md5(job::text)))
         from unnest($2::jsonb[]) as job",
    )
    .bind(J::IDENTIFIER)
    .bind(payloads)
    .bind(TRIES)
    .execute(conn)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests;
