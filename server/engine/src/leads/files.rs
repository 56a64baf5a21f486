//! Files at a lead: for its partner and the team alone.

use super::{At, event};
use crate::files::{abandon, claim};
use crate::{Error, Moment, Result};
use domain::accounts::{Actor, Power};
use domain::files::{FileInfo, FilePurpose};
use domain::ids::{AccountId, EnrollmentId, FileId, LeadId, ProgramId};
use domain::leads::{EventDetails, LeadEventKind};
use sqlx::PgConnection;

/// The most files at a lead.
const MOST: i64 = 20;

/// Finds a lead of the asker's, locked; whether it was taken back or erased.
async fn lock(conn: &mut PgConnection, actor: &Actor, id: LeadId) -> Result<bool> {
    let own = match actor {
        Actor::Partner { enrollment, .. } => Some(enrollment.0),
        _ if actor.may(Power::JudgeLeads) => None,
        _ => return Err(Error::Forbidden),
    };
    sqlx::query_scalar!(
        r#"select withdrawn_at is not null or erased_at is not null as "gone!" from leads
           where program_id = $1 and id = $2 and ($3::uuid is null or enrollment_id = $3) for no key update"#,
        actor.program() as ProgramId,
        id as LeadId,
        own
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound("lead"))
}

/// Attaches an uploaded file to a lead: its partner, or `JudgeLeads`.
///
/// # Errors
/// `Forbidden`; `NotFound`, also for another partner's; `Invalid` on `file`; `Conflict` where the lead was taken back, or has
/// as many as it may.
pub async fn attach(conn: &mut PgConnection, moment: &Moment, actor: &Actor, id: LeadId, file: FileId) -> Result<()> {
    if lock(conn, actor, id).await? {
        return Err(Error::Conflict("This lead was taken back or erased: nothing can be attached to it.".into()));
    }
    let program = actor.program();
    if let Some(partner) = actor.partner() {
        let open = sqlx::query_scalar!(
            r#"select x.submission and e.status in ('active', 'paused') as "open!"
               from enrollments e join lead_settings x on x.program_id = e.program_id
               where e.program_id = $1 and e.id = $2"#,
            program as ProgramId,
            partner as EnrollmentId
        )
        .fetch_one(&mut *conn)
        .await?;
        if !open {
            return Err(Error::Conflict("Nothing can be attached to your leads at the moment.".into()));
        }
    }
    claim(conn, program, file, FilePurpose::Lead).await?;
    let there = sqlx::query_scalar!(
        r#"select count(*) as "there!" from lead_files where program_id = $1 and lead_id = $2"#,
        program as ProgramId,
        id as LeadId
    )
    .fetch_one(&mut *conn)
    .await?;
    if there >= MOST {
        return Err(Error::Conflict(format!("A lead has at most {MOST} files. Take one away first.")));
    }
    sqlx::query!(
        "insert into lead_files (program_id, lead_id, file_id, account_id, by_partner, created_at)
         values ($1, $2, $3, $4, $5, $6)",
        program as ProgramId,
        id as LeadId,
        file as FileId,
        actor.account() as Option<AccountId>,
        matches!(actor, Actor::Partner { .. }),
        moment.at
    )
    .execute(&mut *conn)
    .await?;
    event(conn, moment, actor, id, LeadEventKind::Attached, At::default(), &EventDetails::default()).await
}

/// Takes a file away for good: a partner its own, `JudgeLeads` any.
///
/// # Errors
/// `Forbidden`; `NotFound`, also for what another has attached.
pub async fn detach(conn: &mut PgConnection, moment: &Moment, actor: &Actor, id: LeadId, file: FileId) -> Result<()> {
    lock(conn, actor, id).await?;
    let gone = sqlx::query!(
        "delete from lead_files where program_id = $1 and lead_id = $2 and file_id = $3 and (not $4 or by_partner)",
        actor.program() as ProgramId,
        id as LeadId,
        file as FileId,
        matches!(actor, Actor::Partner { .. })
    )
    .execute(&mut *conn)
    .await?;
    if gone.rows_affected() == 0 {
        return Err(Error::NotFound("file"));
    }
    abandon(conn, moment, actor.program(), file).await
}

/// What is known of a file at a lead, for who may open it: its partner, or `View`.
///
/// # Errors
/// `Forbidden`; `NotFound`, also for another partner's.
pub async fn file(conn: &mut PgConnection, actor: &Actor, id: LeadId, file: FileId) -> Result<FileInfo> {
    let own = match actor {
        Actor::Partner { enrollment, .. } => Some(enrollment.0),
        _ if actor.may(Power::View) => None,
        _ => return Err(Error::Forbidden),
    };
    let there = sqlx::query_scalar!(
        r#"select true as "there!" from lead_files f
           join leads l on l.program_id = f.program_id and l.id = f.lead_id
           where f.program_id = $1 and f.lead_id = $2 and f.file_id = $3 and ($4::uuid is null or l.enrollment_id = $4)"#,
        actor.program() as ProgramId,
        id as LeadId,
        file as FileId,
        own
    )
    .fetch_optional(&mut *conn)
    .await?;
    if there.is_none() {
        return Err(Error::NotFound("file"));
    }
    crate::files::find(conn, actor.program(), file).await
}
