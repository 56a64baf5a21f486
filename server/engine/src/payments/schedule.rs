//! How a program's payments run: a batch that is prepared by itself each month, and a second person above an amount.

use super::{approval, basis, drafts, process};
use crate::messages::{self, Mail};
use crate::programs::{self, audit};
use crate::reports::{Scope, make_room};
use crate::{Error, Moment, Result};
use chrono::NaiveDate;
use domain::accounts::{Actor, Power};
use domain::ids::{DraftId, ProgramId};
use domain::payments::{DraftSource, PaymentBasis, PaymentRules, Schedule};
use domain::programs::Program;
use domain::reports::LedgersFilter;
use rust_decimal::Decimal;
use serde_json::json;
use sqlx::{PgConnection, PgPool};

/// How the program's payments run.
///
/// # Errors
/// `NotFound` without such a program.
pub async fn of(conn: &mut PgConnection, program: ProgramId) -> Result<PaymentRules> {
    let row = sqlx::query!(
        r#"select p.approval_above, s.day as "day?", s.basis as "basis?: PaymentBasis", s.automatic as "automatic?"
           from programs p left join payment_schedules s on s.program_id = p.id where p.id = $1"#,
        program as ProgramId
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound("program"))?;
    let schedule = match (row.day, row.basis, row.automatic) {
        (Some(day), Some(basis), Some(automatic)) => Some(Schedule { day, basis, automatic }),
        _ => None,
    };
    Ok(PaymentRules { schedule, approval_above: row.approval_above })
}

/// When the monthly run prepares a batch next, by the program's days; `None`: there is none.
///
/// # Errors
/// `Database`.
pub async fn next_run(conn: &mut PgConnection, moment: &Moment, program: &Program) -> Result<Option<NaiveDate>> {
    let row = sqlx::query!(
        r#"select day, basis as "basis: PaymentBasis", automatic, prepared_month from payment_schedules
           where program_id = $1"#,
        program.id as ProgramId
    )
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let schedule = Schedule { day: row.day, basis: row.basis, automatic: row.automatic };
    Ok(Some(schedule.next(crate::reports::day(program, moment.at)?, row.prepared_month)))
}

/// Changes how they run. Asks for `EditProgram`, and for `Pay` too where batches are processed without a person. Audited.
///
/// A day that is chosen today has its run today, one that has passed this month its first in the next; no month has two.
/// Batches that were made before keep the limit from which on two must agree, where it is lower. The limit looks at each batch
/// by itself: several below it are not stopped.
///
/// # Errors
/// `Forbidden`; `Invalid` by field.
pub async fn set(conn: &mut PgConnection, moment: &Moment, actor: &Actor, input: &PaymentRules) -> Result<()> {
    if !actor.may(Power::EditProgram) {
        return Err(Error::Forbidden);
    }
    let program = programs::get(conn, actor.program()).await?;
    let errors = input.check(program.currency);
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    let before = of(conn, program.id).await?;
    let automatic = |rules: &PaymentRules| rules.schedule.is_some_and(|schedule| schedule.automatic);
    if automatic(input) && !automatic(&before) && !actor.may(Power::Pay) {
        return Err(Error::field("automatic", "Ask an owner: without a person, batches are processed in their name."));
    }
    sqlx::query!(
        "update programs set approval_above = $2 where id = $1",
        program.id as ProgramId,
        input.approval_above as Option<Decimal>
    )
    .execute(&mut *conn)
    .await?;
    approval::ask_anew(conn, moment, program.id).await?;
    match input.schedule {
        None => {
            sqlx::query!("delete from payment_schedules where program_id = $1", program.id as ProgramId)
                .execute(&mut *conn)
                .await?;
        }
        Some(schedule) => {
            let today = crate::reports::day(&program, moment.at)?;
            // A run that is under way is over before it is looked for.
            sqlx::query!("select from payment_schedules where program_id = $1 for update", program.id as ProgramId)
                .execute(&mut *conn)
                .await?;
            let ran = sqlx::query_scalar!(
                r#"select exists (select from payment_drafts
                                  where program_id = $1 and source = 'schedule' and from_day = $2) as "ran!""#,
                program.id as ProgramId,
                Schedule::range(today).from
            )
            .fetch_one(&mut *conn)
            .await?;
            // A day that stays may be late by now: it runs all the same.
            sqlx::query!(
                "insert into payment_schedules as s (program_id, day, basis, automatic, prepared_month)
                 values ($1, $2, $3, $4, $5)
                 on conflict (program_id) do update
                     set day = excluded.day, basis = excluded.basis, automatic = excluded.automatic,
                         prepared_month = case when s.day = excluded.day then s.prepared_month
                                               else excluded.prepared_month end",
                program.id as ProgramId,
                schedule.day,
                schedule.basis as PaymentBasis,
                schedule.automatic,
                schedule.passed(today, ran)
            )
            .execute(&mut *conn)
            .await?;
        }
    }
    let words = |rules: &PaymentRules| match rules.schedule {
        None => "none".to_owned(),
        Some(Schedule { day, basis, automatic }) => {
            let how = if automatic { "processed" } else { "prepared" };
            format!("{how} on day {day}: {}", basis.label())
        }
    };
    let details = json!({
        "monthly_run": { "before": words(&before), "after": words(input) },
        "approval_above": { "before": before.approval_above, "after": input.approval_above },
    });
    audit::record(conn, moment, actor, "program.payments", &program.name, "settings", details).await
}

/// Prepares the monthly batches whose day has come, in every program; how many. Safe beside itself in other processes.
///
/// # Errors
/// `Database`.
pub(crate) async fn prepare_due(pool: &PgPool, moment: &Moment) -> Result<u64> {
    let programs =
        sqlx::query_scalar!(r#"select program_id as "id: ProgramId" from payment_schedules order by program_id"#)
            .fetch_all(pool)
            .await?;
    let (mut prepared, mut failed) = (0, None);
    for program in programs {
        match prepare(pool, &moment.step(), program).await {
            Ok(done) => prepared += u64::from(done),
            Err(error) => {
                tracing::error!(%program, %error, "a monthly batch was not prepared");
                failed = Some(error);
            }
        }
    }
    failed.map_or(Ok(prepared), Err)
}

async fn prepare(pool: &PgPool, moment: &Moment, program: ProgramId) -> Result<bool> {
    let mut tx = pool.begin().await?;
    make_room(&mut tx).await?;
    drafts::take_time(&mut tx, "10min", "10s").await?;
    let row = sqlx::query!(
        r#"select day, basis as "basis: PaymentBasis", automatic, prepared_month from payment_schedules
           where program_id = $1 for update skip locked"#,
        program as ProgramId
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(row) = row else { return Ok(false) };
    let schedule = Schedule { day: row.day, basis: row.basis, automatic: row.automatic };
    let today = crate::reports::day(&programs::get(&mut tx, program).await?, moment.at)?;
    let Some(month) = schedule.due(today, row.prepared_month) else { return Ok(false) };
    sqlx::query!("update payment_schedules set prepared_month = $2 where program_id = $1", program as ProgramId, month)
        .execute(&mut *tx)
        .await?;
    let actor = Actor::System { program };
    let range = Schedule::range(today);
    let scope = Scope::of(&mut tx, moment, &actor, &LedgersFilter::default(), range).await?;
    let source = DraftSource::Schedule;
    let draft = drafts::begin(&mut tx, moment, &actor, &scope.setting, source, schedule.basis, range).await?;
    basis::fill_scope(&mut tx, &scope, &draft, moment.at).await?;
    let (partners, total) = drafts::sum_up(&mut tx, program, draft.id).await?;
    if partners == 0 {
        // Nobody is due: nobody need look.
        sqlx::query!(
            "delete from payment_drafts where program_id = $1 and id = $2",
            program as ProgramId,
            draft.id as DraftId
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        return Ok(false);
    }
    let by_itself = schedule.automatic && drafts::asks_for_two(&mut tx, program, draft.id, total).await?.is_none();
    if by_itself && process::ready(&mut tx, moment, &actor, draft.id).await? {
        process::enqueue(&mut tx, program, draft.id).await?;
    }
    tell_the_team(&mut tx, moment, program, draft.id).await?;
    let details = json!({ "basis": schedule.basis.label(), "total": scope.setting.money(total).to_string() });
    audit::record(&mut tx, moment, &actor, "payment_draft.create", "Monthly run", &drafts::path(draft.id), details)
        .await?;
    tx.commit().await?;
    Ok(true)
}

/// Tells everybody who may pay that a batch is prepared: those who may agree to it need no other mail.
async fn tell_the_team(conn: &mut PgConnection, moment: &Moment, program: ProgramId, draft: DraftId) -> Result<()> {
    for payer in approval::payers(conn, program).await? {
        messages::enqueue(conn, &Mail::PaymentsPrepared { account: payer.account, program, draft }).await?;
    }
    sqlx::query!(
        "update payment_drafts d set asked_at = $3 from programs p
         where d.program_id = $1 and d.id = $2 and p.id = $1 and asks_for_two(d.total, d.approval_above, p.approval_above)",
        program as ProgramId,
        draft as DraftId,
        moment.at
    )
    .execute(conn)
    .await?;
    Ok(())
}
