//! Leads: what partners add, what the team makes of it, and the customers that they become.

mod board;
mod capture;
#[cfg(test)]
mod capture_tests;
pub(crate) mod claims;
mod detail;
mod earn;
#[cfg(test)]
mod earn_tests;
mod erase;
mod files;
mod groups;
pub mod imports;
mod list;
mod moves;
mod settings;
#[cfg(test)]
mod setup_tests;
mod stages;
mod submit;
#[cfg(test)]
mod tests;
mod types;
#[cfg(test)]
mod types_tests;
mod won;
mod work;

pub use board::board;
pub use capture::{Capture, capture, capture_form, capture_forms, save_capture_form};
pub use detail::detail;
pub(crate) use erase::{Known, blank, told};
pub use erase::{erase, export};
pub use files::{attach, detach, file};
pub use groups::{choices, form, form_versions, group_named, group_names, groups, make_group, save_form, save_group};
pub use list::list;
pub use moves::{move_many, move_to, stage_named, stage_of_kind};
pub(crate) use settings::{copy, set_up};
pub use settings::{save_settings, settings};
pub use stages::{save_stages, stage_names, stages};
pub use submit::{edit, submit, withdraw};
pub use types::{lead_type, make_type, open_types, save_type, type_named, types};
pub use work::{
    add_note, add_task, assign, assign_many, delete_task, my_tasks, of_customer, set_deal_value, set_task_done, team,
};

use crate::programs::audit;
use crate::{Error, Moment, Result};
use domain::accounts::Actor;
use domain::ids::{AccountId, CustomerId, EnrollmentId, LeadEventId, LeadId, LeadStageId, ProgramId};
use domain::leads::{EventDetails, LeadEventKind};
use domain::text::email_key;
use sqlx::PgConnection;
use sqlx::types::Json;

/// Whose a lead is.
pub(crate) async fn partner_of(conn: &mut PgConnection, program: ProgramId, id: LeadId) -> Result<EnrollmentId> {
    sqlx::query_scalar!(
        r#"select enrollment_id as "enrollment: EnrollmentId" from leads where program_id = $1 and id = $2"#,
        program as ProgramId,
        id as LeadId
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound("lead"))
}

/// Whether it is the team that acts, so that the audit log tells of it.
fn of_team(actor: &Actor) -> bool {
    actor.partner().is_none()
}

/// Between which stages, and why.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct At<'a> {
    pub from: Option<LeadStageId>,
    pub to: Option<LeadStageId>,
    pub reason: &'a str,
}

/// Writes a line of a lead's history.
pub(crate) async fn event(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    lead: LeadId,
    kind: LeadEventKind,
    at: At<'_>,
    details: &EventDetails,
) -> Result<()> {
    sqlx::query!(
        "insert into lead_events (program_id, lead_id, id, at, kind, account_id, by_partner, from_stage_id, to_stage_id,
                                  reason, details)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        actor.program() as ProgramId,
        lead as LeadId,
        moment.id::<LeadEventId>() as LeadEventId,
        moment.at,
        kind as LeadEventKind,
        actor.account() as Option<AccountId>,
        !of_team(actor),
        at.from as Option<LeadStageId>,
        at.to as Option<LeadStageId>,
        at.reason,
        Json(details) as _
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes what was done to a lead: by its partner and its id, never by the person.
pub(crate) async fn note(
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
               and withdrawn_at is null
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
