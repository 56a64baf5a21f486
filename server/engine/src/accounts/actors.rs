use crate::programs::by_slug;
use crate::{Error, Result};
use domain::accounts::{Actor, OrganizationPlace, PartnerPlace, Places, ProgramPlace, Role, Session};
use domain::ids::{AccountId, EnrollmentId, OrganizationId, ProgramId};
use domain::partners::{EnrollmentStatus, PartnerName};
use domain::programs::Program;
use domain::text::code_key;
use sqlx::PgConnection;

/// The session's account as a member of the team of the program with this name.
///
/// # Errors
/// `NotFound` where there is no such program, or the account is no member: strangers can't tell which.
pub async fn admin_actor(conn: &mut PgConnection, session: &Session, program_slug: &str) -> Result<(Actor, Program)> {
    if session.only_program.is_some() {
        return Err(Error::NotFound("program"));
    }
    let program = by_slug(conn, program_slug).await?;
    let role = sqlx::query_scalar!(
        r#"select role as "role: Role" from memberships where organization_id = $1 and account_id = $2"#,
        program.organization_id as OrganizationId,
        session.account as AccountId
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound("program"))?;
    let actor =
        Actor::Admin { account: session.account, organization: program.organization_id, role, program: program.id };
    Ok((actor, program))
}

/// For which of its partners in a program an account asks, where it may have several.
#[derive(Clone, Copy, Debug)]
pub enum Which<'a> {
    /// This one.
    Only(EnrollmentId),
    /// The one with this code, present or past, else the first by name.
    Rather(Option<&'a str>),
}

/// The session's account as a partner in the program with this name.
///
/// # Errors
/// `NotFound` where there is no such program, or the account is not that partner there.
pub async fn partner_actor(
    conn: &mut PgConnection,
    session: &Session,
    program_slug: &str,
    which: Which<'_>,
) -> Result<(Actor, Program, PartnerName)> {
    let program = by_slug(conn, program_slug).await?;
    if session.only_program.is_some_and(|only| only != program.id) {
        return Err(Error::NotFound("program"));
    }
    let (only, code) = match which {
        Which::Only(partner) => (Some(partner), None),
        Which::Rather(code) => (None, code.map(code_key)),
    };
    let partner = sqlx::query_as!(
        PartnerName,
        r#"select e.id as "id: EnrollmentId", e.code, coalesce(nullif(e.name, ''), e.company) as "name!"
         from enrollment_accounts ea join enrollments e on e.program_id = ea.program_id and e.id = ea.enrollment_id
         where ea.program_id = $1 and ea.account_id = $2 and ($4::uuid is null or ea.enrollment_id = $4)
         order by exists (select from enrollment_codes c
                          where c.program_id = $1 and c.code_key = $3 and c.enrollment_id = e.id) desc, 3, e.id
         limit 1"#,
        program.id as ProgramId,
        session.account as AccountId,
        code,
        only as Option<EnrollmentId>
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound("program"))?;
    let actor = Actor::Partner { account: session.account, program: program.id, enrollment: partner.id };
    Ok((actor, program, partner))
}

/// Where the session's account may go.
///
/// # Errors
/// `Database` where Postgres fails.
pub async fn places(conn: &mut PgConnection, session: &Session) -> Result<Places> {
    let enrollments = sqlx::query!(
        r#"select p.slug, p.name as program, p.accent, e.id as "id: EnrollmentId", e.code,
                  coalesce(nullif(e.name, ''), e.company) as "name!", e.status as "status: EnrollmentStatus"
         from enrollment_accounts ea join programs p on p.id = ea.program_id
         join enrollments e on e.program_id = ea.program_id and e.id = ea.enrollment_id
         where ea.account_id = $1 and ($2::uuid is null or ea.program_id = $2)
         order by p.name, 6, e.id"#,
        session.account as AccountId,
        session.only_program as Option<ProgramId>
    )
    .fetch_all(&mut *conn)
    .await?
    .into_iter()
    .map(|row| PartnerPlace {
        program_slug: row.slug,
        program_name: row.program,
        accent: row.accent,
        partner: PartnerName { id: row.id, code: row.code, name: row.name },
        status: row.status,
    })
    .collect();
    if session.only_program.is_some() {
        return Ok(Places { enrollments, ..Places::default() });
    }
    let organizations = sqlx::query_as!(
        OrganizationPlace,
        r#"select o.id as "id: OrganizationId", o.name, m.role as "role: Role"
         from memberships m join organizations o on o.id = m.organization_id
         where m.account_id = $1 order by o.name, o.id"#,
        session.account as AccountId
    )
    .fetch_all(&mut *conn)
    .await?;
    let programs = sqlx::query_as!(
        ProgramPlace,
        r#"select p.id as "id: ProgramId", p.slug, p.name, p.accent, m.role as "role: Role"
         from memberships m join programs p on p.organization_id = m.organization_id
         where m.account_id = $1 order by p.name, p.id"#,
        session.account as AccountId
    )
    .fetch_all(conn)
    .await?;
    Ok(Places { organizations, programs, enrollments })
}
