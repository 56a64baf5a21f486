use super::claw_back::{Owed, Reason, claw_back, owed};
use super::release::release;
use crate::messages::{self, Mail};
use crate::partners::profile::notifications_of;
use crate::programs::audit;
use crate::{Error, Moment, Result};
use domain::accounts::{Actor, Power};
use domain::commissions::{CommissionStatus, JudgeMany, Judged, MOST_JUDGED, Suspicion, Verdict};
use domain::ids::{CommissionId, JournalId, ProgramId};
use domain::money::Money;
use domain::text::check_line;
use serde_json::json;
use sqlx::{PgConnection, PgPool};

/// Takes a commission out of review: held until its hold ends, due where that has passed. What was suspicious about it
/// has been judged: later commissions of the customer don't wait for the same. A partner who wants to be told of each
/// is told now, unless it was before. Audited.
///
/// # Errors
/// `Forbidden` without the power to judge commissions; `NotFound("commission")`; `Conflict` where it is not in review.
pub async fn approve(conn: &mut PgConnection, moment: &Moment, actor: &Actor, id: CommissionId) -> Result<()> {
    allow(actor)?;
    let program = actor.program();
    // The partner first, as events do: whose payout details become another's too just now is waited for, or waits. Then
    // the referral, as whoever holds its commissions locks them.
    sqlx::query!(
        "select e.id from commissions c join enrollments e on e.program_id = c.program_id and e.id = c.enrollment_id
         where c.program_id = $1 and c.id = $2 for share of e",
        program as ProgramId,
        id as CommissionId
    )
    .fetch_optional(&mut *conn)
    .await?;
    sqlx::query!(
        "select r.id from commissions c join referrals r on r.program_id = c.program_id and r.id = c.referral_id
         where c.program_id = $1 and c.id = $2 for no key update of r",
        program as ProgramId,
        id as CommissionId
    )
    .fetch_optional(&mut *conn)
    .await?;
    let owed = lock(conn, actor, id).await?;
    if owed.status != CommissionStatus::Review {
        return Err(Error::Conflict(format!("The commission is {} already.", owed.status)));
    }
    let suspicions: Vec<String> = Suspicion::ALL.iter().map(ToString::to_string).collect();
    sqlx::query!(
        "update referrals r
         set judged = array(select unnest(r.judged)
                            union
                            select x.reason ->> 'check' from jsonb_array_elements(c.why) as x (reason)
                            where x.reason ->> 'passed' = 'false' and x.reason ->> 'check' = any($3::text[]))
         from commissions c
         where r.program_id = $1 and c.program_id = $1 and c.id = $2 and r.id = c.referral_id",
        program as ProgramId,
        id as CommissionId,
        &suspicions
    )
    .execute(&mut *conn)
    .await?;
    let told = sqlx::query_scalar!(
        r#"update commissions c
           set status = 'held', cleared = true,
               why = c.why || '[{"check": "review", "passed": true, "detail": "Approved by the program."}]'::jsonb
           from commissions was
           where c.program_id = $1 and c.id = $2 and was.program_id = $1 and was.id = $2
           returning was.cleared as "cleared!""#,
        program as ProgramId,
        id as CommissionId
    )
    .fetch_one(&mut *conn)
    .await?;
    if !told && notifications_of(conn, program, owed.enrollment).await?.on_commission {
        messages::enqueue(conn, &Mail::CommissionEarned { program, commission: id }).await?;
    }
    if owed.available_at <= moment.at {
        release(conn, moment, program, std::slice::from_ref(&owed), actor.account()).await?;
    }
    let details = json!({ "partner": owed.partner_code, "amount": Money::new(owed.left(), owed.currency) });
    audit::record(conn, moment, actor, "commission.approve", &subject(&owed), "commissions", details).await
}

/// Takes back all that is left of a commission, also of one that was paid: the partner's payable may go below zero.
/// Audited, with the reason beside the ledger.
///
/// # Errors
/// `Forbidden` without the power to judge commissions; `NotFound("commission")`; `Invalid` on `reason` (1 to 500
/// characters); `Conflict` where nothing is left.
pub async fn reverse(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    id: CommissionId,
    reason: &str,
) -> Result<()> {
    let owed = lock(conn, actor, id).await?;
    check_reason(reason)?;
    let reason = reason.trim();
    let takes = owed.left();
    if takes.is_zero() {
        return Err(Error::Conflict("Nothing is left of the commission to take back.".into()));
    }
    let program = actor.program();
    let by = actor.account();
    let journals = claw_back(conn, moment, program, &[(owed.clone(), takes)], &Reason::Reversal { by }).await?;
    sqlx::query!(
        "insert into journal_notes (program_id, journal_id, note) select $1, unnest($2::uuid[]), $3",
        program as ProgramId,
        &journals as &[JournalId],
        reason
    )
    .execute(&mut *conn)
    .await?;
    let details = json!({
        "partner": owed.partner_code,
        "amount": Money::new(takes, owed.currency),
        "was": owed.status,
        "reason": reason,
    });
    audit::record(conn, moment, actor, "commission.reverse", &subject(&owed), "commissions", details).await
}

/// Decides on many commissions in review, on each by itself, so that none waits for another's locks: as [`approve`] or
/// [`reverse`] does, audited one by one. Those that somebody has judged before are left out, and so are those that the
/// program doesn't have.
///
/// # Errors
/// `Forbidden` without the power to judge commissions; `Invalid` on `commissions` (1 to 500) or `reason`. Where Postgres
/// fails, those before stay judged.
pub async fn judge_many(pool: &PgPool, moment: &Moment, actor: &Actor, input: &JudgeMany) -> Result<Judged> {
    allow(actor)?;
    let mut ids = input.commissions.clone();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() || ids.len() > MOST_JUDGED {
        return Err(Error::field("commissions", format!("Choose 1 to {MOST_JUDGED} commissions.")));
    }
    if input.verdict == Verdict::Reverse {
        check_reason(&input.reason)?;
    }
    let mut judged = Judged { verdict: input.verdict, done: 0, left_out: 0 };
    for id in ids {
        let mut tx = pool.begin().await?;
        let outcome = match input.verdict {
            Verdict::Approve => approve(&mut tx, moment, actor, id).await,
            Verdict::Reverse => reverse_reviewed(&mut tx, moment, actor, id, &input.reason).await,
        };
        match outcome {
            Ok(()) => {
                tx.commit().await?;
                judged.done += 1;
            }
            Err(Error::Conflict(_) | Error::NotFound(_)) => judged.left_out += 1,
            Err(error) => return Err(error),
        }
    }
    Ok(judged)
}

/// Reverses a commission unless it was approved meanwhile.
async fn reverse_reviewed(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    id: CommissionId,
    reason: &str,
) -> Result<()> {
    let owed = lock(conn, actor, id).await?;
    if owed.status != CommissionStatus::Review {
        return Err(Error::Conflict(format!("The commission is {} already.", owed.status)));
    }
    reverse(conn, moment, actor, id, reason).await
}

fn check_reason(reason: &str) -> Result<()> {
    check_line(reason, 500).map_err(|message| Error::field("reason", message))
}

fn allow(actor: &Actor) -> Result<()> {
    if actor.may(Power::JudgeCommissions) { Ok(()) } else { Err(Error::Forbidden) }
}

async fn lock(conn: &mut PgConnection, actor: &Actor, id: CommissionId) -> Result<Owed> {
    allow(actor)?;
    sqlx::query!(
        "select id from commissions where program_id = $1 and id = $2 for no key update",
        actor.program() as ProgramId,
        id as CommissionId
    )
    .fetch_optional(&mut *conn)
    .await?;
    owed(conn, actor.program(), &[id]).await?.pop().ok_or(Error::NotFound("commission"))
}

/// A commission as people know it: `$14.70 for ada`.
fn subject(owed: &Owed) -> String {
    format!("{} for {}", Money::new(owed.amount, owed.currency), owed.partner_code)
}
