//! A lead's way through the stages.

use super::work::set_deal_value;
use super::{At, earn, event, note, won};
use crate::messages::{self, Mail};
use crate::partners::allow;
use crate::{Error, Moment, Result};
use domain::accounts::{Actor, Power};
use domain::ids::{EnrollmentId, LeadId, LeadStageId, ProgramId};
use domain::leads::{EventDetails, LeadEventKind, MOST_AT_ONCE, Move, Stage, Worked};
use domain::money::{Currency, check_limit};
use rust_decimal::Decimal;
use serde_json::json;
use sqlx::{PgConnection, PgPool};

/// Moves a lead to another stage. Asks for `JudgeLeads`. What follows from it, the customer of a won lead and commissions,
/// is in the same transaction, which is the caller's.
///
/// # Errors
/// `Forbidden`; `NotFound` without such a lead or stage; `Invalid` on `reason`, `deal_value` or `customer`; `Conflict` where
/// the lead was taken back, or may not move there.
pub async fn move_to(conn: &mut PgConnection, moment: &Moment, actor: &Actor, id: LeadId, input: &Move) -> Result<()> {
    allow(actor, Power::JudgeLeads)?;
    let program = actor.program();
    let named = input.customer.trim();
    let kind = stage_kind(conn, program, input.stage).await?;
    let scene = if kind == Stage::ClosedWon { won::lock(conn, moment, program, id, named).await? } else { None };
    if matches!(kind, Stage::Qualified | Stage::ClosedWon) {
        earn::hold_partner(conn, program, id).await?;
    }
    // By a statement of its own: of two at once the second reads the stage to which the first has moved it.
    sqlx::query!(
        "select from leads where program_id = $1 and id = $2 for no key update",
        program as ProgramId,
        id as LeadId
    )
    .fetch_optional(&mut *conn)
    .await?;
    let lead = sqlx::query!(
        r#"select l.stage as "kind: Stage", l.email, l.name, l.stage_id as "stage: LeadStageId", s.name as stage_name, e.code,
                  l.enrollment_id as "enrollment: EnrollmentId", p.currency as "currency: Currency", l.deal_value,
                  l.withdrawn_at is not null as "withdrawn!", l.erased_at is not null as "erased!"
           from leads l
           join programs p on p.id = l.program_id
           join lead_stages s on s.program_id = l.program_id and s.id = l.stage_id
           join enrollments e on e.program_id = l.program_id and e.id = l.enrollment_id
           where l.program_id = $1 and l.id = $2"#,
        program as ProgramId,
        id as LeadId
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound("lead"))?;
    let to = sqlx::query!(
        r#"select s.name, s.kind as "kind: Stage", s.needs_reason,
                  exists (select from lead_moves m
                          where m.program_id = $1 and m.from_id = $3 and m.to_id = $2) as "allowed!"
           from lead_stages s where s.program_id = $1 and s.id = $2 and s.archived_at is null for share of s"#,
        program as ProgramId,
        input.stage as LeadStageId,
        lead.stage as LeadStageId
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound("stage"))?;
    if lead.stage == input.stage {
        // What the deal is worth may be told later.
        return match input.deal_value.filter(|_| to.kind == Stage::ClosedWon) {
            Some(value) => set_deal_value(conn, moment, actor, id, Some(value)).await,
            None => Ok(()),
        };
    }
    if lead.withdrawn || lead.erased {
        let what = if lead.erased { "was erased" } else { "was taken back by its partner" };
        return Err(Error::Conflict(format!("This lead {what}: it doesn't move any more.")));
    }
    if !to.allowed {
        return Err(Error::Conflict(format!("A lead can't move from {} to {}.", lead.stage_name, to.name)));
    }
    let reason = input.reason.trim();
    if to.needs_reason && reason.is_empty() {
        return Err(Error::field("reason", "Say why: the partner sees it."));
    }
    if reason.chars().count() > 1_000 {
        return Err(Error::field("reason", "Use at most 1,000 characters."));
    }
    let won = to.kind == Stage::ClosedWon;
    let deal_value = match input.deal_value.filter(|_| won) {
        Some(value) => Some(checked(value, lead.currency)?),
        None => lead.deal_value,
    };
    sqlx::query!(
        "update leads set stage = $3, stage_id = $4, stage_at = $5, updated_at = $5, reason = $6, deal_value = $7
         where program_id = $1 and id = $2",
        program as ProgramId,
        id as LeadId,
        to.kind as Stage,
        input.stage as LeadStageId,
        moment.at,
        reason,
        deal_value
    )
    .execute(&mut *conn)
    .await?;
    let at = At { from: Some(lead.stage), to: Some(input.stage), reason };
    let details = EventDetails { deal_value: deal_value.filter(|_| won), ..EventDetails::default() };
    event(conn, moment, actor, id, LeadEventKind::Moved, at, &details).await?;
    if let Some(scene) = scene {
        won::link(conn, moment, actor, id, (&lead.email, &lead.name), scene).await?;
    }
    earn::moved(conn, moment, program, id, (lead.kind, to.kind)).await?;
    let details = json!({ "lead": id, "from": lead.stage_name, "to": to.name });
    note(conn, moment, actor, "lead.set_stage", &lead.code, details).await?;
    messages::enqueue(conn, &Mail::LeadMoved { program, lead: id, stage: input.stage }).await
}

async fn stage_kind(conn: &mut PgConnection, program: ProgramId, id: LeadStageId) -> Result<Stage> {
    sqlx::query_scalar!(
        r#"select kind as "kind: Stage" from lead_stages where program_id = $1 and id = $2 and archived_at is null"#,
        program as ProgramId,
        id as LeadStageId
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound("stage"))
}

/// A deal's value, at most as fine as the currency.
pub(super) fn checked(value: Decimal, currency: Currency) -> Result<Decimal> {
    check_limit(value, currency).map_err(|words| Error::field("deal_value", words))?;
    Ok(currency.round(value))
}

/// Moves many leads, each in a transaction of its own: what can't be moved is left out, and told.
///
/// # Errors
/// `Forbidden`; `Invalid` on `ids` (none, too many) or `reason`; `NotFound` without such a stage.
pub async fn move_many(pool: &PgPool, moment: &Moment, actor: &Actor, ids: &[LeadId], input: &Move) -> Result<Worked> {
    if !actor.may(Power::JudgeLeads) {
        return Err(Error::Forbidden);
    }
    check_count(ids)?;
    let mut worked = Worked::default();
    for id in ids {
        let mut tx = pool.begin().await?;
        match move_to(&mut tx, moment, actor, *id, input).await {
            Ok(()) => {
                tx.commit().await?;
                worked.done += 1;
            }
            Err(Error::Conflict(words)) => {
                tx.rollback().await?;
                let mut conn = pool.acquire().await?;
                worked.left_out.push((called(&mut conn, actor.program(), *id).await?, words));
            }
            // A lead that is gone, or another program's, is left out; a stage that isn't there is for none.
            Err(Error::NotFound("lead")) => worked.left_out.push(("A lead".into(), "It is not there any more.".into())),
            Err(error) => return Err(error),
        }
    }
    Ok(worked)
}

pub(super) fn check_count(ids: &[LeadId]) -> Result<()> {
    if ids.is_empty() {
        return Err(Error::field("ids", "Tick the leads first."));
    }
    if ids.len() > MOST_AT_ONCE {
        return Err(Error::field("ids", format!("Tick at most {MOST_AT_ONCE} leads.")));
    }
    Ok(())
}

/// A lead by its e-mail, as the team knows it.
pub(super) async fn called(conn: &mut PgConnection, program: ProgramId, id: LeadId) -> Result<String> {
    let found = sqlx::query_scalar!(
        r#"select coalesce(nullif(email, ''), 'An erased lead') as "called!" from leads where program_id = $1 and id = $2"#,
        program as ProgramId,
        id as LeadId
    )
    .fetch_optional(conn)
    .await?;
    Ok(found.unwrap_or_default())
}

/// The first stage of a kind.
///
/// # Errors
/// `NotFound` without such a program.
pub async fn stage_of_kind(conn: &mut PgConnection, program: ProgramId, kind: Stage) -> Result<LeadStageId> {
    sqlx::query_scalar!(
        r#"select id as "id: LeadStageId" from lead_stages
           where program_id = $1 and kind = $2 and archived_at is null order by position, id limit 1"#,
        program as ProgramId,
        kind as Stage
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound("stage"))
}

/// The stage with an id or a name, whatever the case, else the first one of a kind.
///
/// # Errors
/// `Database` where Postgres fails.
pub async fn stage_named(conn: &mut PgConnection, program: ProgramId, text: &str) -> Result<Option<LeadStageId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: LeadStageId" from lead_stages
           where program_id = $1 and archived_at is null
             and (id::text = lower($2) or lower(name) = lower($2) or kind::text = lower($2))
           order by id::text = lower($2) desc, lower(name) = lower($2) desc, position, id limit 1"#,
        program as ProgramId,
        text.trim()
    )
    .fetch_optional(conn)
    .await?)
}
