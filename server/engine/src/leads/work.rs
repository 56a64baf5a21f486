//! What the team does with leads besides moving them: who works one, what its deal is worth, notes and tasks.

use super::moves::{called, check_count, checked};
use super::{At, earn, event, note};
use crate::reports::Setting;
use crate::{Error, Moment, Result};
use chrono::NaiveDate;
use domain::accounts::{Actor, MemberName, Power};
use domain::ids::{AccountId, CustomerId, LeadId, LeadNoteId, LeadTaskId, ProgramId};
use domain::leads::{EventDetails, LeadEventKind, LeadTask, Stage, TaskInput, Worked};
use domain::money::Currency;
use rust_decimal::Decimal;
use serde_json::json;
use sqlx::PgConnection;

fn may(actor: &Actor) -> Result<()> {
    if actor.may(Power::JudgeLeads) { Ok(()) } else { Err(Error::Forbidden) }
}

/// The members of the team who may work leads, by name.
///
/// # Errors
/// `Forbidden` without the power to view.
pub async fn team(conn: &mut PgConnection, actor: &Actor) -> Result<Vec<MemberName>> {
    if !actor.may(Power::View) {
        return Err(Error::Forbidden);
    }
    let may = crate::accounts::members_who_may(conn, actor.program(), Power::JudgeLeads).await?;
    Ok(sqlx::query_as!(
        MemberName,
        r#"select id as "account: AccountId", coalesce(nullif(name, ''), email) as "name!" from accounts
           where id = any($1) order by 2, id"#,
        &may as &[AccountId]
    )
    .fetch_all(conn)
    .await?)
}

/// The leads that became a customer, each by the name that the team knows it by, the latest first.
///
/// # Errors
/// `Forbidden` without the power to view.
pub async fn of_customer(
    conn: &mut PgConnection,
    actor: &Actor,
    customer: CustomerId,
) -> Result<Vec<(LeadId, String)>> {
    if !actor.may(Power::View) {
        return Err(Error::Forbidden);
    }
    let rows = sqlx::query!(
        r#"select id as "id: LeadId", coalesce(nullif(name, ''), nullif(email, ''), 'An erased lead') as "called!"
           from leads where program_id = $1 and customer_id = $2 order by id desc limit 20"#,
        actor.program() as ProgramId,
        customer as CustomerId
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.called)).collect())
}

/// Checks that somebody of the team may work leads.
async fn check_assignee(conn: &mut PgConnection, program: ProgramId, account: Option<AccountId>) -> Result<()> {
    let Some(account) = account else { return Ok(()) };
    let may = crate::accounts::members_who_may(conn, program, Power::JudgeLeads).await?;
    if may.contains(&account) {
        Ok(())
    } else {
        Err(Error::field("assignee", "Choose a member of your team who may work leads."))
    }
}

/// The lead's partner's code; locks the lead.
async fn lock(conn: &mut PgConnection, actor: &Actor, id: LeadId) -> Result<String> {
    let found = sqlx::query!(
        r#"select e.code, l.erased_at is not null as "erased!", l.withdrawn_at is not null as "withdrawn!"
           from leads l join enrollments e on e.program_id = l.program_id and e.id = l.enrollment_id
           where l.program_id = $1 and l.id = $2 for no key update of l"#,
        actor.program() as ProgramId,
        id as LeadId
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound("lead"))?;
    if found.erased || found.withdrawn {
        let what = if found.erased { "was erased" } else { "was taken back by its partner" };
        return Err(Error::Conflict(format!("This lead {what}: nobody works it any more.")));
    }
    Ok(found.code)
}

/// Says who works a lead; `None`: nobody. Asks for `JudgeLeads`.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Invalid` on `assignee`; `Conflict` where it was taken back.
pub async fn assign(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    id: LeadId,
    to: Option<AccountId>,
) -> Result<()> {
    may(actor)?;
    check_assignee(conn, actor.program(), to).await?;
    assign_one(conn, moment, actor, id, to).await
}

/// Says who works leads; `None`: nobody. Those that nobody works any more are left out. Asks for `JudgeLeads`.
///
/// # Errors
/// `Forbidden`; `Invalid` on `ids` or `assignee`.
pub async fn assign_many(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    ids: &[LeadId],
    to: Option<AccountId>,
) -> Result<Worked> {
    may(actor)?;
    check_count(ids)?;
    check_assignee(conn, actor.program(), to).await?;
    let mut sorted = ids.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let mut worked = Worked::default();
    for id in sorted {
        match assign_one(conn, moment, actor, id, to).await {
            Ok(()) => worked.done += 1,
            Err(Error::NotFound(_)) => worked.left_out.push(("A lead".into(), "It is not there any more.".into())),
            Err(Error::Conflict(words)) => {
                worked.left_out.push((called(conn, actor.program(), id).await?, words));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(worked)
}

async fn assign_one(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    id: LeadId,
    to: Option<AccountId>,
) -> Result<()> {
    let code = lock(conn, actor, id).await?;
    let changed = sqlx::query!(
        "update leads set assignee_id = $3, updated_at = $4
         where program_id = $1 and id = $2 and assignee_id is distinct from $3",
        actor.program() as ProgramId,
        id as LeadId,
        to as Option<AccountId>,
        moment.at
    )
    .execute(&mut *conn)
    .await?;
    if changed.rows_affected() == 1 {
        let details = EventDetails { assignee: to, ..EventDetails::default() };
        event(conn, moment, actor, id, LeadEventKind::Assigned, At::default(), &details).await?;
        note(conn, moment, actor, "lead.assign", &code, json!({ "lead": id })).await?;
    }
    Ok(())
}

/// Sets what a lead's deal is worth; what was earned by it stays as it is, and where it is won and nothing was earned for
/// want of a value, that is earned now. Asks for `JudgeLeads`.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Invalid` on `deal_value`; `Conflict` where it was taken back.
pub async fn set_deal_value(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    id: LeadId,
    value: Option<Decimal>,
) -> Result<()> {
    may(actor)?;
    let program = actor.program();
    earn::hold_partner(conn, program, id).await?;
    let code = lock(conn, actor, id).await?;
    let currency = sqlx::query_scalar!(
        r#"select currency as "currency: Currency" from programs where id = $1"#,
        program as ProgramId
    )
    .fetch_one(&mut *conn)
    .await?;
    let value = value.map(|value| checked(value, currency)).transpose()?;
    let changed = sqlx::query_scalar!(
        r#"update leads set deal_value = $3, updated_at = $4
           where program_id = $1 and id = $2 and deal_value is distinct from $3 returning stage as "stage: Stage""#,
        program as ProgramId,
        id as LeadId,
        value,
        moment.at
    )
    .fetch_optional(&mut *conn)
    .await?;
    if let Some(stage) = changed {
        let details = EventDetails { deal_value: value, ..EventDetails::default() };
        event(conn, moment, actor, id, LeadEventKind::DealValue, At::default(), &details).await?;
        note(conn, moment, actor, "lead.set_deal_value", &code, json!({ "lead": id, "deal_value": value })).await?;
        if stage == Stage::ClosedWon {
            earn::valued(conn, moment, program, id).await?;
        }
    }
    Ok(())
}

/// Notes something of a lead, for the team alone. Asks for `JudgeLeads`.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Invalid` on `note`; `Conflict` where it was taken back.
pub async fn add_note(conn: &mut PgConnection, moment: &Moment, actor: &Actor, id: LeadId, words: &str) -> Result<()> {
    may(actor)?;
    let words = words.trim();
    if words.is_empty() || words.chars().count() > 5_000 {
        return Err(Error::field("note", "Write 1 to 5,000 characters."));
    }
    lock(conn, actor, id).await?;
    sqlx::query!(
        "insert into lead_notes (program_id, lead_id, id, account_id, note, created_at) values ($1, $2, $3, $4, $5, $6)",
        actor.program() as ProgramId,
        id as LeadId,
        moment.id::<LeadNoteId>() as LeadNoteId,
        actor.account() as Option<AccountId>,
        words,
        moment.at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Adds a task about a lead. Asks for `JudgeLeads`.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Invalid` on `task` or `assignee`; `Conflict` where it was taken back.
pub async fn add_task(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    id: LeadId,
    input: &TaskInput,
) -> Result<()> {
    may(actor)?;
    let errors = input.check();
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    check_assignee(conn, actor.program(), input.assignee).await?;
    lock(conn, actor, id).await?;
    sqlx::query!(
        "insert into lead_tasks (program_id, id, lead_id, task, due_on, assignee_id, created_by, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        actor.program() as ProgramId,
        moment.id::<LeadTaskId>() as LeadTaskId,
        id as LeadId,
        input.task.trim(),
        input.due_on,
        input.assignee as Option<AccountId>,
        actor.account() as Option<AccountId>,
        moment.at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Ticks a task off, or takes the tick away. Asks for `JudgeLeads`.
///
/// # Errors
/// `Forbidden`; `NotFound`.
pub async fn set_task_done(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    id: LeadTaskId,
    done: bool,
) -> Result<()> {
    may(actor)?;
    let changed = sqlx::query!(
        "update lead_tasks set done_at = case when $3 then coalesce(done_at, $4) end where program_id = $1 and id = $2",
        actor.program() as ProgramId,
        id as LeadTaskId,
        done,
        moment.at
    )
    .execute(conn)
    .await?;
    if changed.rows_affected() == 1 { Ok(()) } else { Err(Error::NotFound("task")) }
}

/// Deletes a task. Asks for `JudgeLeads`.
///
/// # Errors
/// `Forbidden`; `NotFound`.
pub async fn delete_task(conn: &mut PgConnection, actor: &Actor, id: LeadTaskId) -> Result<()> {
    may(actor)?;
    let gone = sqlx::query!(
        "delete from lead_tasks where program_id = $1 and id = $2",
        actor.program() as ProgramId,
        id as LeadTaskId
    )
    .execute(conn)
    .await?;
    if gone.rows_affected() == 1 { Ok(()) } else { Err(Error::NotFound("task")) }
}

/// The open tasks of the member who asks, the most urgent first, each with its lead.
///
/// # Errors
/// `Forbidden` without the power to view.
pub async fn my_tasks(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
) -> Result<Vec<(LeadId, String, LeadTask)>> {
    if !actor.may(Power::View) {
        return Err(Error::Forbidden);
    }
    let today = Setting::of(conn, actor).await?.day(moment.at);
    let rows = sqlx::query!(
        r#"select t.id as "id: LeadTaskId", t.lead_id as "lead: LeadId", t.task, t.due_on,
                  coalesce(nullif(l.name, ''), nullif(l.email, ''), 'An erased lead') as "called!",
                  a.id as "account: AccountId", coalesce(nullif(a.name, ''), a.email) as "assignee!"
           from lead_tasks t
           join leads l on l.program_id = t.program_id and l.id = t.lead_id
           join accounts a on a.id = t.assignee_id
           where t.program_id = $1 and t.assignee_id = $2 and t.done_at is null and l.withdrawn_at is null
           order by t.due_on nulls last, t.id limit 500"#,
        actor.program() as ProgramId,
        actor.account() as Option<AccountId>
    )
    .fetch_all(conn)
    .await?;
    let told = rows.into_iter().map(|row| {
        let assignee = Some(MemberName { account: row.account, name: row.assignee });
        let task = task((row.id, row.task, row.due_on), assignee, false, today);
        (row.lead, row.called, task)
    });
    Ok(told.collect())
}

pub(super) fn task(
    (id, task, due_on): (LeadTaskId, String, Option<NaiveDate>),
    assignee: Option<MemberName>,
    done: bool,
    today: NaiveDate,
) -> LeadTask {
    LeadTask { id, task, due_on, assignee, done, overdue: !done && due_on.is_some_and(|day| day < today) }
}
