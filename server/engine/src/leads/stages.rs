//! The stages of a program's leads, and which moves between them are allowed.

use super::settings::{self, PAGE};
use crate::programs::audit;
use crate::{Error, Moment, Result};
use domain::accounts::{Actor, Power};
use domain::ids::{LeadStageId, ProgramId};
use domain::leads::{LeadStage, Stage, StageColour, StageInput, StageName, check_stages};
use domain::text::FieldError;
use serde_json::json;
use sqlx::PgConnection;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// What the program's stages are called, in order.
///
/// # Errors
/// `Database` where Postgres fails.
pub async fn stage_names(conn: &mut PgConnection, program: ProgramId) -> Result<Vec<StageName>> {
    Ok(sqlx::query_as!(
        StageName,
        r#"select id as "id: LeadStageId", name, kind as "kind: Stage", colour as "colour: StageColour"
           from lead_stages where program_id = $1 and archived_at is null order by position, id"#,
        program as ProgramId
    )
    .fetch_all(conn)
    .await?)
}

/// The program's stages, in order, with how many leads are at each.
///
/// # Errors
/// `Database` where Postgres fails.
pub async fn stages(conn: &mut PgConnection, program: ProgramId) -> Result<Vec<LeadStage>> {
    let rows = sqlx::query!(
        r#"select s.id as "id: LeadStageId", s.name, s.kind as "kind: Stage", s.colour as "colour: StageColour",
                  s.needs_reason, s.next_step,
                  array(select m.to_id from lead_moves m join lead_stages t on t.program_id = $1 and t.id = m.to_id
                        where m.program_id = $1 and m.from_id = s.id and t.archived_at is null
                        order by t.position, t.id) as "moves!: Vec<LeadStageId>",
                  (select count(*) from leads l
                   where l.program_id = $1 and l.stage_id = s.id and l.withdrawn_at is null and l.erased_at is null)
                      as "leads!"
           from lead_stages s
           where s.program_id = $1 and s.archived_at is null
           order by s.position, s.id"#,
        program as ProgramId
    )
    .fetch_all(conn)
    .await?;
    let stage = rows.into_iter().map(|row| LeadStage {
        name: StageName { id: row.id, name: row.name, kind: row.kind, colour: row.colour },
        needs_reason: row.needs_reason,
        next_step: row.next_step,
        moves: row.moves,
        leads: row.leads,
    });
    Ok(stage.collect())
}

/// Saves all stages at once, in this order, with the moves between them. One that is left out is archived; one that was
/// there keeps its kind. Asks for `EditProgram`.
///
/// # Errors
/// `Forbidden`; `NotFound` where one isn't the program's; `Invalid` by place (`stages[0][name]`), and on `stages` where leads
/// are at one that is left out, or none of a kind is left.
pub async fn save_stages(conn: &mut PgConnection, moment: &Moment, actor: &Actor, input: &[StageInput]) -> Result<()> {
    if !actor.may(Power::EditProgram) {
        return Err(Error::Forbidden);
    }
    let program = actor.program();
    // No lead is added meanwhile, nor moved to a stage.
    settings::lock(conn, program).await?;
    let present = sqlx::query!(
        r#"select id as "id: LeadStageId", name, kind as "kind: Stage", archived_at is not null as "archived!"
           from lead_stages where program_id = $1 order by id for update"#,
        program as ProgramId
    )
    .fetch_all(&mut *conn)
    .await?;
    let kinds: HashMap<LeadStageId, (Stage, bool)> =
        present.iter().map(|stage| (stage.id, (stage.kind, stage.archived))).collect();
    let mut kept = HashSet::new();
    let mut input = input.to_vec();
    for stage in &mut input {
        let Some(id) = stage.id else { continue };
        let (kind, archived) = *kinds.get(&id).ok_or(Error::NotFound("stage"))?;
        if archived {
            return Err(Error::Conflict("Somebody has changed the stages meanwhile. Reload the page.".into()));
        }
        if !kept.insert(id) {
            return Err(Error::field("stages", "A stage is listed twice."));
        }
        stage.kind = kind;
    }
    let mut errors = check_stages(&input);
    let gone: Vec<_> = present.iter().filter(|stage| !stage.archived && !kept.contains(&stage.id)).collect();
    for stage in &gone {
        let leads = leads_at(conn, program, stage.id).await?;
        if leads > 0 {
            let are = if leads == 1 { "1 lead is".to_owned() } else { format!("{leads} leads are") };
            let words = format!("{are} at {}. Move them to another stage before you remove it.", stage.name);
            errors.push(FieldError::new("stages", words));
        }
    }
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    let gone: Vec<Uuid> = gone.iter().map(|stage| stage.id.0).collect();
    write(conn, moment, program, &input, &gone).await?;
    let names: Vec<&str> = input.iter().map(|stage| stage.name.trim()).collect();
    audit::record(
        conn,
        moment,
        actor,
        "lead_stages.save",
        "Stages",
        &format!("{PAGE}/stages"),
        json!({ "stages": names }),
    )
    .await
}

/// How many leads are at a stage, those aside that move no more.
async fn leads_at(conn: &mut PgConnection, program: ProgramId, stage: LeadStageId) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from leads
           where program_id = $1 and stage_id = $2 and withdrawn_at is null and erased_at is null"#,
        program as ProgramId,
        stage as LeadStageId
    )
    .fetch_one(conn)
    .await?)
}

async fn write(
    conn: &mut PgConnection,
    moment: &Moment,
    program: ProgramId,
    input: &[StageInput],
    gone: &[Uuid],
) -> Result<()> {
    sqlx::query!("delete from lead_moves where program_id = $1", program as ProgramId).execute(&mut *conn).await?;
    sqlx::query!(
        "update lead_stages set archived_at = $3 where program_id = $1 and id = any($2)",
        program as ProgramId,
        gone,
        moment.at
    )
    .execute(&mut *conn)
    .await?;
    // Two stages may swap their names.
    sqlx::query!(
        "update lead_stages set name = id::text where program_id = $1 and archived_at is null",
        program as ProgramId
    )
    .execute(&mut *conn)
    .await?;
    let ids: Vec<LeadStageId> = input.iter().map(|stage| stage.id.unwrap_or_else(|| moment.id())).collect();
    for (position, (id, stage)) in (0..).zip(ids.iter().zip(input)) {
        sqlx::query!(
            "insert into lead_stages (program_id, id, name, kind, colour, position, needs_reason, next_step, created_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             on conflict (program_id, id) do update
             set name = excluded.name, colour = excluded.colour, position = excluded.position,
                 needs_reason = excluded.needs_reason, next_step = excluded.next_step",
            program as ProgramId,
            *id as LeadStageId,
            stage.name.trim(),
            stage.kind as Stage,
            stage.colour as StageColour,
            position,
            stage.needs_reason,
            stage.next_step.trim(),
            moment.at
        )
        .execute(&mut *conn)
        .await
        .map_err(|error| match Error::from(error) {
            error if error.violates("lead_stages_by_name") => {
                Error::field(&format!("stages[{position}][name]"), "Another stage has this name.")
            }
            error => error,
        })?;
    }
    let moves: HashSet<(Uuid, Uuid)> = input
        .iter()
        .zip(&ids)
        .flat_map(|(stage, from)| stage.moves.iter().map(move |to| (from, *to)))
        .filter_map(|(from, to)| Some((from.0, ids.get(to as usize)?.0)))
        .filter(|(from, to)| from != to)
        .collect();
    let (from, to): (Vec<Uuid>, Vec<Uuid>) = moves.into_iter().unzip();
    sqlx::query!(
        "insert into lead_moves (program_id, from_id, to_id) select $1, f, t from unnest($2::uuid[], $3::uuid[]) as m (f, t)",
        program as ProgramId,
        &from,
        &to
    )
    .execute(conn)
    .await?;
    Ok(())
}
