//! Leads: what partners add, what the team makes of it, and the customers that they become.

mod list;
#[cfg(test)]
mod tests;

pub use list::list;

use crate::programs::audit;
use crate::{Error, Moment, Result};
use domain::accounts::{Actor, Power};
use domain::ids::{CustomerId, EnrollmentId, LeadGroupId, LeadId, ProgramId};
use domain::leads::{MOST_A_DAY, NewLead, Stage};
use domain::partners::EnrollmentStatus;
use domain::text::email_key;
use serde_json::json;
use sqlx::PgConnection;

/// Makes the group that a program's leads are in where none is named.
pub(crate) async fn make_default_group(conn: &mut PgConnection, moment: &Moment, program: ProgramId) -> Result<()> {
    sqlx::query!(
        "insert into lead_groups (program_id, id, name, is_default, created_at) values ($1, $2, 'Leads', true, $3)",
        program as ProgramId,
        moment.id::<LeadGroupId>() as LeadGroupId,
        moment.at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Adds a lead of a partner: by the partner itself, or by `JudgeLeads`.
///
/// # Errors
/// `Forbidden`; `NotFound` without such a partner, or where it is another's; `Invalid` on `email` (none, the partner's
/// own, an open lead already) or `name`; `Conflict` where the partner is not active, or has added too many today.
pub async fn submit(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    partner: EnrollmentId,
    input: &NewLead,
) -> Result<LeadId> {
    match actor {
        Actor::Partner { enrollment, .. } if *enrollment == partner => {}
        Actor::Partner { .. } => return Err(Error::NotFound("partner")),
        _ if actor.may(Power::JudgeLeads) => {}
        _ => return Err(Error::Forbidden),
    }
    let program = actor.program();
    // The partner's row is locked: of many leads at once each sees those before it.
    let found = sqlx::query!(
        r#"select e.code, e.status as "status: EnrollmentStatus", p.time_zone, g.id as "group: LeadGroupId",
                  array(select e.email where e.email <> ''
                        union
                        select a.email from enrollment_accounts ea join accounts a on a.id = ea.account_id
                        where ea.program_id = $1 and ea.enrollment_id = $2) as "emails!"
           from enrollments e
           join programs p on p.id = e.program_id
           join lead_groups g on g.program_id = e.program_id and g.is_default
           where e.program_id = $1 and e.id = $2 for no key update of e"#,
        program as ProgramId,
        partner as EnrollmentId
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound("partner"))?;
    let errors = input.check(&found.emails);
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    if found.status != EnrollmentStatus::Active {
        return Err(Error::Conflict("Only active partners can add leads.".into()));
    }
    let zone = found.time_zone.parse::<chrono_tz::Tz>().map_err(Error::internal)?;
    let today = moment.at.with_timezone(&zone).date_naive();
    let added = sqlx::query_scalar!(
        r#"select count(*) as "added!" from leads
           where program_id = $1 and enrollment_id = $2
             and created_at >= $3::date::timestamp at time zone $4 and created_at < ($3::date + 1)::timestamp at time zone $4"#,
        program as ProgramId,
        partner as EnrollmentId,
        today,
        found.time_zone
    )
    .fetch_one(&mut *conn)
    .await?;
    if added >= MOST_A_DAY {
        return Err(Error::Conflict(format!("You have added {MOST_A_DAY} leads today. Add more tomorrow.")));
    }
    let id: LeadId = moment.id();
    let made = sqlx::query!(
        "insert into leads (program_id, id, enrollment_id, group_id, email, email_key, name, created_at, stage_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $8)
         on conflict (program_id, enrollment_id, email_key) where stage in ('new', 'qualified') and email_key <> ''
         do nothing",
        program as ProgramId,
        id as LeadId,
        partner as EnrollmentId,
        found.group as LeadGroupId,
        input.email.trim(),
        email_key(&input.email),
        input.name.trim(),
        moment.at
    )
    .execute(&mut *conn)
    .await?;
    if made.rows_affected() == 0 {
        return Err(Error::field("email", "You have added this lead already."));
    }
    if !matches!(actor, Actor::Partner { .. }) {
        note(conn, moment, actor, "lead.add", &found.code, json!({ "lead": id })).await?;
    }
    Ok(id)
}

/// Sets a lead's stage. Customers who have signed up stay whose they are. Asks for `JudgeLeads`.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Conflict` where its partner has another open lead with the same e-mail.
pub async fn set_stage(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    id: LeadId,
    stage: Stage,
) -> Result<()> {
    if !actor.may(Power::JudgeLeads) {
        return Err(Error::Forbidden);
    }
    let lead = sqlx::query!(
        r#"select l.stage as "stage: Stage", e.code
           from leads l join enrollments e on e.program_id = l.program_id and e.id = l.enrollment_id
           where l.program_id = $1 and l.id = $2 for no key update of l"#,
        actor.program() as ProgramId,
        id as LeadId
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound("lead"))?;
    if lead.stage == stage {
        return Ok(());
    }
    sqlx::query!(
        "update leads set stage = $3, stage_at = $4 where program_id = $1 and id = $2",
        actor.program() as ProgramId,
        id as LeadId,
        stage as Stage,
        moment.at
    )
    .execute(&mut *conn)
    .await
    .map_err(|error| match Error::from(error) {
        error if error.violates("leads_open") => {
            Error::Conflict("The partner has another open lead with this e-mail.".into())
        }
        error => error,
    })?;
    let details = json!({ "lead": id, "from": lead.stage, "to": stage });
    note(conn, moment, actor, "lead.set_stage", &lead.code, details).await
}

/// Notes what was done to a lead: by its partner and its id, never by the person.
async fn note(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    action: &str,
    partner_code: &str,
    details: serde_json::Value,
) -> Result<()> {
    let subject = format!("Lead of {partner_code}");
    audit::record(conn, moment, actor, action, &subject, &format!("leads?partner_code={partner_code}"), details).await
}

/// Tells the leads with an e-mail which customer signed up with it, whoever's customer that is.
pub(crate) async fn meet(conn: &mut PgConnection, program: ProgramId, customer: CustomerId, email: &str) -> Result<()> {
    sqlx::query!(
        "with met as (
             select id from leads
             where program_id = $1 and email_key = $3 and email_key <> '' and customer_id is null
             order by id for no key update
         )
         update leads l set customer_id = $2 from met where l.program_id = $1 and l.id = met.id",
        program as ProgramId,
        customer as CustomerId,
        email_key(email)
    )
    .execute(conn)
    .await?;
    Ok(())
}
