use crate::{Error, Moment, Result};
use domain::accounts::{Actor, Power};
use domain::ids::{AccountId, LeadGroupId, LeadStageId, ProgramId};
use domain::leads::{BoardColumn, LeadFilter, MoveTo, ON_BOARD, Stage, StageColour, StageName};
use domain::money::{Currency, Money};
use domain::page::Paging;
use rust_decimal::Decimal;
use sqlx::PgConnection;

/// The program's leads by stage: of each the latest, how many there are, and what their deals are worth. Of the filter,
/// the partner, the group and who works them count, and what is searched.
///
/// # Errors
/// `Forbidden` without the power to view.
pub async fn board(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    filter: &LeadFilter,
) -> Result<Vec<BoardColumn>> {
    if !actor.may(Power::View) {
        return Err(Error::Forbidden);
    }
    let program = actor.program();
    let partner = match filter.partner_code.trim() {
        "" => None,
        code => match crate::partners::find_by_code(conn, actor, code).await {
            Ok(found) => Some(found.id.0),
            Err(Error::NotFound(_)) => Some(uuid::Uuid::nil()),
            Err(error) => return Err(error),
        },
    };
    let stages = sqlx::query!(
        r#"select s.id as "id: LeadStageId", s.name, s.kind as "kind: Stage", s.colour as "colour: StageColour",
                  p.currency as "currency: Currency", coalesce(t.total, 0) as "total!", coalesce(t.value, 0) as "value!: Decimal"
           from lead_stages s
           join programs p on p.id = s.program_id
           left join (
               select stage_id, count(*) as total, sum(deal_value) as value from leads
               where program_id = $1 and withdrawn_at is null
                 and ($2::uuid is null or enrollment_id = $2)
                 and ($3::uuid is null or group_id = $3)
                 and ($4::uuid is null or assignee_id = $4)
                 and (not $5 or assignee_id is null)
                 and (not $6 or duplicate_of is not null)
                 and ($7::text is null or email_key like lower($7) or lower(name) like lower($7))
               group by stage_id
           ) t on t.stage_id = s.id
           where s.program_id = $1 and s.archived_at is null
           order by s.position, s.id"#,
        program as ProgramId,
        partner,
        filter.group as Option<LeadGroupId>,
        filter.assignee as Option<AccountId>,
        filter.unassigned,
        filter.duplicates,
        crate::reports::like(Some(&filter.search))
    )
    .fetch_all(&mut *conn)
    .await?;
    let moves = moves(conn, program, None).await?;
    let mut columns = Vec::with_capacity(stages.len());
    for stage in stages {
        let of_stage = LeadFilter { stage: Some(stage.id), ..filter.clone() };
        let paging = Paging { cursor: None, limit: u32::try_from(ON_BOARD).ok() };
        let leads = match stage.total {
            0 => Vec::new(),
            _ => super::list(conn, moment, actor, &of_stage, &paging).await?.data,
        };
        columns.push(BoardColumn {
            moves: moves.iter().filter(|(from, _)| *from == stage.id).map(|(_, to)| to.clone()).collect(),
            stage: StageName { id: stage.id, name: stage.name, kind: stage.kind, colour: stage.colour },
            leads,
            total: stage.total,
            value: Money::new(stage.currency.round(stage.value), stage.currency),
        });
    }
    Ok(columns)
}

/// To which stages leads may move from each stage, or from one.
pub(super) async fn moves(
    conn: &mut PgConnection,
    program: ProgramId,
    from: Option<LeadStageId>,
) -> Result<Vec<(LeadStageId, MoveTo)>> {
    let rows = sqlx::query!(
        r#"select m.from_id as "from: LeadStageId", s.id as "id: LeadStageId", s.name, s.kind as "kind: Stage",
                  s.colour as "colour: StageColour", s.needs_reason,
                  s.kind = 'qualified' and (select kind from lead_stages
                                            where program_id = $1 and id = m.from_id) <> 'qualified'
                  and exists (select from offers o
                              join offer_versions v
                                on v.program_id = o.program_id and v.offer_id = o.id and v.version = o.version
                              where o.program_id = $1 and o.archived_at is null
                                and v.rewards @> '[{"trigger": "lead_qualified"}]') as "pays!"
           from lead_moves m
           join lead_stages s on s.program_id = m.program_id and s.id = m.to_id and s.archived_at is null
           where m.program_id = $1 and ($2::uuid is null or m.from_id = $2)
           order by s.position, s.id"#,
        program as ProgramId,
        from as Option<LeadStageId>
    )
    .fetch_all(conn)
    .await?;
    let told = rows.into_iter().map(|row| {
        let stage = StageName { id: row.id, name: row.name, kind: row.kind, colour: row.colour };
        (row.from, MoveTo { stage, needs_reason: row.needs_reason, pays: row.pays })
    });
    Ok(told.collect())
}
