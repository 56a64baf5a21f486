//! How a program's leads are set up: what partners may do, by what a lead is known again, and what a new program begins with.

use crate::programs::audit;
use crate::{Error, Moment, Result};
use chrono::Duration;
use domain::accounts::{Actor, Power};
use domain::ids::{LeadGroupId, LeadStageId, ProgramId};
use domain::leads::{DuplicateRule, DuplicateScope, LeadForm, LeadKey, LeadSettings, Stage, StageColour};
use serde_json::{Map, Value, json};
use sqlx::PgConnection;
use sqlx::types::Json;

/// The page of these settings in the admin area.
pub(super) const PAGE: &str = "lead-settings";

/// The stages that a program begins with: a colour, whether a reason is needed, and what the partner reads.
const FIRST: [(Stage, StageColour, bool, &str); 5] = [
    (Stage::New, StageColour::Grey, false, "Our team reviews this lead."),
    (Stage::Qualified, StageColour::Blue, false, "Our team is in touch with this lead."),
    (Stage::Unqualified, StageColour::Amber, true, ""),
    (Stage::ClosedWon, StageColour::Green, false, ""),
    (Stage::ClosedLost, StageColour::Red, true, ""),
];

/// Makes what a program's leads need: settings, a group with its form, the five stages, and every move between them.
pub(crate) async fn set_up(conn: &mut PgConnection, moment: &Moment, program: ProgramId) -> Result<()> {
    let group: LeadGroupId = moment.id();
    let stages: Vec<LeadStageId> = FIRST.iter().map(|_| moment.id()).collect();
    sqlx::query!("insert into lead_settings (program_id) values ($1)", program as ProgramId)
        .execute(&mut *conn)
        .await?;
    sqlx::query!(
        "with made as (
             insert into lead_groups (program_id, id, name, is_default, created_at) values ($1, $2, 'Leads', true, $4)
         )
         insert into lead_forms (program_id, group_id, version, form, created_at) values ($1, $2, 1, $3, $4)",
        program as ProgramId,
        group as LeadGroupId,
        Json(LeadForm::default()) as _,
        moment.at
    )
    .execute(&mut *conn)
    .await?;
    for (id, (position, (kind, colour, needs_reason, next_step))) in stages.iter().zip((0..).zip(FIRST)) {
        sqlx::query!(
            "insert into lead_stages (program_id, id, name, kind, colour, position, needs_reason, next_step, created_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            program as ProgramId,
            *id as LeadStageId,
            kind.label(),
            kind as Stage,
            colour as StageColour,
            position,
            needs_reason,
            next_step,
            moment.at
        )
        .execute(&mut *conn)
        .await?;
    }
    sqlx::query!(
        "insert into lead_moves (program_id, from_id, to_id)
         select $1, f.id, t.id from lead_stages f join lead_stages t on t.program_id = $1 and t.id <> f.id
         where f.program_id = $1",
        program as ProgramId
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Gives a program that was just made the settings, groups, forms, stages and moves of another, in place of its own. Forms
/// begin at version 1 again.
pub(crate) async fn copy(conn: &mut PgConnection, moment: &Moment, from: ProgramId, to: ProgramId) -> Result<()> {
    sqlx::query!(
        "update lead_settings s
         set submission = f.submission, importing = f.importing, sales = f.sales,
             duplicate_by = f.duplicate_by, duplicate_days = f.duplicate_days, duplicate_scope = f.duplicate_scope,
             duplicate_rule = f.duplicate_rule, good_lead = f.good_lead
         from lead_settings f where s.program_id = $2 and f.program_id = $1",
        from as ProgramId,
        to as ProgramId
    )
    .execute(&mut *conn)
    .await?;
    // Nobody has worked with what it began with.
    sqlx::query!("delete from lead_moves where program_id = $1", to as ProgramId).execute(&mut *conn).await?;
    sqlx::query!("delete from lead_stages where program_id = $1", to as ProgramId).execute(&mut *conn).await?;
    sqlx::query!(
        "with forms as (delete from lead_forms where program_id = $1 returning program_id, group_id)
         delete from lead_groups g using forms f where g.program_id = f.program_id and g.id = f.group_id",
        to as ProgramId
    )
    .execute(&mut *conn)
    .await?;
    let groups = sqlx::query_scalar!(
        r#"select id as "id: LeadGroupId" from lead_groups where program_id = $1 order by position, id"#,
        from as ProgramId
    )
    .fetch_all(&mut *conn)
    .await?;
    for group in groups {
        sqlx::query!(
            "with made as (
                 insert into lead_groups (program_id, id, name, description, is_default, position, closed_at, created_at)
                 select $2, $4, name, description, is_default, position, closed_at, $5
                 from lead_groups where program_id = $1 and id = $3
             )
             insert into lead_forms (program_id, group_id, version, form, created_at)
             select $2, $4, 1, f.form, $5
             from lead_groups g
             join lead_forms f on f.program_id = g.program_id and f.group_id = g.id and f.version = g.version
             where g.program_id = $1 and g.id = $3",
            from as ProgramId,
            to as ProgramId,
            group as LeadGroupId,
            moment.id::<LeadGroupId>() as LeadGroupId,
            moment.at
        )
        .execute(&mut *conn)
        .await?;
    }
    let old: Vec<uuid::Uuid> = sqlx::query_scalar!(
        "select id from lead_stages where program_id = $1 and archived_at is null order by position, id",
        from as ProgramId
    )
    .fetch_all(&mut *conn)
    .await?;
    let new: Vec<uuid::Uuid> = old.iter().map(|_| moment.id::<LeadStageId>().0).collect();
    sqlx::query!(
        "insert into lead_stages (program_id, id, name, kind, colour, position, needs_reason, next_step, created_at)
         select $2, c.n, s.name, s.kind, s.colour, s.position, s.needs_reason, s.next_step, $5
         from unnest($3::uuid[], $4::uuid[]) as c (o, n) join lead_stages s on s.program_id = $1 and s.id = c.o",
        from as ProgramId,
        to as ProgramId,
        &old,
        &new,
        moment.at
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "insert into lead_moves (program_id, from_id, to_id)
         select $2, f.n, t.n
         from lead_moves m
         join unnest($3::uuid[], $4::uuid[]) as f (o, n) on f.o = m.from_id
         join unnest($3::uuid[], $4::uuid[]) as t (o, n) on t.o = m.to_id
         where m.program_id = $1",
        from as ProgramId,
        to as ProgramId,
        &old,
        &new
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// How a program's leads are set up.
///
/// # Errors
/// `NotFound` without such a program.
pub async fn settings(conn: &mut PgConnection, program: ProgramId) -> Result<LeadSettings> {
    sqlx::query_as!(
        LeadSettings,
        r#"select submission, importing, sales, duplicate_by as "duplicate_by: Vec<LeadKey>", duplicate_days,
                  duplicate_scope as "duplicate_scope: DuplicateScope",
                  duplicate_rule as "duplicate_rule: DuplicateRule", good_lead
           from lead_settings where program_id = $1"#,
        program as ProgramId
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound("program"))
}

/// Holds the program's settings of leads alone: no lead is added meanwhile, and nothing else of them is changed.
pub(super) async fn lock(conn: &mut PgConnection, program: ProgramId) -> Result<()> {
    sqlx::query!("select from lead_settings where program_id = $1 for update", program as ProgramId)
        .fetch_optional(conn)
        .await?
        .map(|_| ())
        .ok_or(Error::NotFound("program"))
}

/// Changes how a program's leads are set up. Where leads are known by something else from now on, what they are known by is
/// gathered anew. Asks for `EditProgram`.
///
/// # Errors
/// `Forbidden`; `Invalid` on `duplicate_days` or `good_lead`.
pub async fn save_settings(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    input: &LeadSettings,
) -> Result<()> {
    if !actor.may(Power::EditProgram) {
        return Err(Error::Forbidden);
    }
    let errors = input.check();
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    let program = actor.program();
    // Who adds a lead holds this row shared: none comes in between.
    lock(conn, program).await?;
    let before = settings(conn, program).await?;
    let mut after = LeadSettings { good_lead: input.good_lead.trim().to_owned(), ..input.clone() };
    after.duplicate_by.sort_unstable();
    after.duplicate_by.dedup();
    if before == after {
        return Ok(());
    }
    sqlx::query!(
        "update lead_settings
         set submission = $2, importing = $3, duplicate_by = $4, duplicate_days = $5, duplicate_scope = $6,
             duplicate_rule = $7, good_lead = $8, sales = $9
         where program_id = $1",
        program as ProgramId,
        after.submission,
        after.importing,
        &after.duplicate_by as &[LeadKey],
        after.duplicate_days,
        after.duplicate_scope as DuplicateScope,
        after.duplicate_rule as DuplicateRule,
        after.good_lead,
        after.sales
    )
    .execute(&mut *conn)
    .await?;
    // What was gathered reaches back as far as the days did then.
    let known_otherwise = before.duplicate_by != after.duplicate_by
        || before.duplicate_scope != after.duplicate_scope
        || before.duplicate_days < after.duplicate_days;
    if known_otherwise {
        gather(conn, moment, program, &after).await?;
    }
    audit::record(conn, moment, actor, "lead_settings.save", "Leads", PAGE, changes(&before, &after)?).await
}

/// Gathers anew by what the leads of the last days are known: the last one with a key has it. Those that were taken back or
/// erased are known by nothing.
async fn gather(conn: &mut PgConnection, moment: &Moment, program: ProgramId, settings: &LeadSettings) -> Result<()> {
    sqlx::query!("delete from lead_keys where program_id = $1", program as ProgramId).execute(&mut *conn).await?;
    sqlx::query!(
        "insert into lead_keys (program_id, scope_id, kind, key, lead_id, at)
         select distinct on (scope_id, kind, key) $1, scope_id, kind, key, id, created_at
         from (
             select case when $3 then l.program_id else l.enrollment_id end as scope_id, k.kind, k.key, l.id, l.created_at
             from leads l
             cross join lateral (values ('email'::lead_key, l.email_key), ('phone', l.phone_key), ('domain', l.domain_key))
                 as k (kind, key)
             where l.program_id = $1 and l.created_at >= $4 and l.withdrawn_at is null and l.erased_at is null
               and k.kind = any($2) and k.key <> ''
         ) as known
         order by scope_id, kind, key, created_at desc, id desc",
        program as ProgramId,
        &settings.duplicate_by as &[LeadKey],
        settings.duplicate_scope == DuplicateScope::Program,
        moment.at - Duration::days(settings.duplicate_days.into())
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The settings that differ, each as it was and as it is.
fn changes(before: &LeadSettings, after: &LeadSettings) -> Result<Value> {
    let fields = |settings: &LeadSettings| -> Result<Map<String, Value>> {
        Ok(match serde_json::to_value(settings)? {
            Value::Object(fields) => fields,
            _ => Map::new(),
        })
    };
    let (before, after) = (fields(before)?, fields(after)?);
    let changed = after.into_iter().filter(|(field, value)| before.get(field) != Some(value));
    Ok(changed.map(|(field, value)| (field.clone(), json!({ "before": before.get(&field), "after": value }))).collect())
}
