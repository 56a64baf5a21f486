//! Files of leads: sent in slices, then worked by a job, slice by slice, each in a transaction that also takes it away: one
//! that dies goes on where it was, and no row is worked twice.

mod errors;
mod list;
mod slice;
mod start;
#[cfg(test)]
mod tests;
mod work;

pub use errors::{ErrorFile, error_file, errors};
pub use list::{get, list, setup};
pub use slice::{cancel, finish, receive};
pub use start::{start, take};
pub(crate) use work::WorkOnImport;

use crate::partners::allow;
use crate::{Error, Moment, Result};
use chrono::Duration;
use domain::accounts::{Actor, Power};
use domain::ids::{EnrollmentId, ProgramId};
use sqlx::{PgConnection, PgPool};

/// Rows that were refused are kept so many days.
const KEPT: i64 = 30;
/// What was begun and never sent to its end goes after so many days.
const ABANDONED: i64 = 1;

/// The partner for whom somebody works on imports: a partner its own, the team any.
fn whose(actor: &Actor) -> Result<Option<EnrollmentId>> {
    match actor.partner() {
        Some(own) => Ok(Some(own)),
        None => allow(actor, Power::JudgeLeads).map(|()| None),
    }
}

/// Refuses a partner, and what isn't a person, where the program takes no files of leads.
async fn may_import(conn: &mut PgConnection, actor: &Actor) -> Result<()> {
    if actor.partner().is_none() && !matches!(actor, Actor::Key { .. }) {
        return Ok(());
    }
    let importing =
        sqlx::query_scalar!("select importing from lead_settings where program_id = $1", actor.program() as ProgramId)
            .fetch_one(conn)
            .await?;
    if importing { Ok(()) } else { Err(Error::Forbidden) }
}

/// The e-mails of a partner itself.
async fn own_emails(conn: &mut PgConnection, program: ProgramId, partner: EnrollmentId) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select e.email as "email!" from enrollments e where e.program_id = $1 and e.id = $2 and e.email <> ''
           union
           select a.email from enrollment_accounts ea join accounts a on a.id = ea.account_id
           where ea.program_id = $1 and ea.enrollment_id = $2"#,
        program as ProgramId,
        partner as EnrollmentId
    )
    .fetch_all(conn)
    .await?)
}

/// Takes the rows away in which a person is found: `pattern` is a regular expression of Postgres. What stands in them apart,
/// such as a first and a last name, is sought together. Of a file's name nothing is left.
pub(crate) async fn forget(conn: &mut PgConnection, program: ProgramId, pattern: &str) -> Result<()> {
    sqlx::query!(
        r#"delete from lead_import_rows where program_id = $1 and regexp_replace(cells, '[",\s]+', ' ', 'g') ~* $2"#,
        program as ProgramId,
        pattern
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "update lead_imports set name = '' where program_id = $1 and name ~* $2",
        program as ProgramId,
        pattern
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Deletes refused rows that had their 30 days, and what was begun and never sent to its end.
pub(crate) async fn purge(pool: &PgPool, moment: &Moment) -> Result<()> {
    sqlx::query!(
        "delete from lead_import_rows r using lead_imports i
         where i.program_id = r.program_id and i.id = r.import_id and i.finished_at <= $1",
        moment.at - Duration::days(KEPT)
    )
    .execute(pool)
    .await?;
    sqlx::query!(
        "delete from lead_imports where status = 'receiving' and created_at <= $1",
        moment.at - Duration::days(ABANDONED)
    )
    .execute(pool)
    .await?;
    Ok(())
}
