//! A member of the team sees the portal as a partner does: for an hour, and without changing anything.

use crate::programs::{audit, by_slug};
use crate::secrets::token_hash;
use crate::{Error, Moment, Result};
use chrono::Duration;
use domain::accounts::{Actor, Power, Role, Session};
use domain::ids::{EnrollmentId, ProgramId};
use domain::partners::PartnerName;
use domain::programs::Program;
use serde_json::json;
use sqlx::PgConnection;

/// How long it lasts.
pub const LASTS: Duration = Duration::hours(1);

/// From now on this session sees the portal as the partner does. Asks for `SeeAsPartner`. Audited.
///
/// # Errors
/// `Forbidden`; `NotFound`.
pub async fn begin(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    token: &str,
    partner: EnrollmentId,
) -> Result<()> {
    if !actor.may(Power::SeeAsPartner) {
        return Err(Error::Forbidden);
    }
    let seen = sqlx::query!(
        r#"select code, coalesce(nullif(name, ''), company) as "name!" from enrollments
           where program_id = $1 and id = $2"#,
        actor.program() as ProgramId,
        partner as EnrollmentId
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound("partner"))?;
    sqlx::query!(
        "update sessions set sees_program = $2, sees_enrollment = $3, sees_until = $4 where token_hash = $1",
        &token_hash(token),
        actor.program() as ProgramId,
        partner as EnrollmentId,
        moment.at + LASTS
    )
    .execute(&mut *conn)
    .await?;
    let path = format!("partners/{}", seen.code);
    audit::record(conn, moment, actor, "partner.see_as", &seen.name, &path, json!({ "minutes": LASTS.num_minutes() }))
        .await
}

/// Ends it.
///
/// # Errors
/// `Database`.
pub async fn end(conn: &mut PgConnection, token: &str) -> Result<()> {
    sqlx::query!(
        "update sessions set sees_program = null, sees_enrollment = null, sees_until = null where token_hash = $1",
        &token_hash(token)
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// As whom the session sees a program's portal, if it does: only as long as its account is on the team and may.
///
/// # Errors
/// `NotFound` where there is no such program.
pub async fn seen(
    conn: &mut PgConnection,
    moment: &Moment,
    session: &Session,
    token: &str,
    program_slug: &str,
) -> Result<Option<(Actor, Program, PartnerName)>> {
    if session.only_program.is_some() {
        return Ok(None);
    }
    let row = sqlx::query!(
        r#"select e.id as "id: EnrollmentId", e.code, coalesce(nullif(e.name, ''), e.company) as "name!",
                  m.role as "role: Role"
           from sessions s
           join programs p on p.id = s.sees_program and p.slug = $2
           join enrollments e on e.program_id = p.id and e.id = s.sees_enrollment
           join memberships m on m.organization_id = p.organization_id and m.account_id = s.account_id
           where s.token_hash = $1 and s.sees_until > $3"#,
        &token_hash(token),
        program_slug,
        moment.at
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = row.filter(|row| row.role.may(Power::SeeAsPartner)) else { return Ok(None) };
    let program = by_slug(conn, program_slug).await?;
    let actor = Actor::Partner { account: session.account, program: program.id, enrollment: row.id };
    Ok(Some((actor, program, PartnerName { id: row.id, code: row.code, name: row.name })))
}
