use crate::ledger::{Move, Posting, hold_month_open, post};
use crate::programs::audit;
use crate::reports::Setting;
use crate::{Error, Moment, Result};
use domain::accounts::{Actor, Power};
use domain::ids::{EnrollmentId, PaymentId, ProgramId};
use domain::ledger::{JournalKind, LedgerAccount};
use domain::payments::PaymentStatus;
use serde_json::json;
use sqlx::PgPool;

/// Marks a payment as failed or cancelled: the amount is due again by a new open entry, and so are the commissions
/// that it had paid. Those that a refund has reversed since stay reversed; their clawback is open as well.
///
/// # Errors
/// `Forbidden` without the power to pay; `NotFound`; `Invalid` without a reason of at most 500 characters, or where it
/// shall become paid; `Conflict` where it has failed or been cancelled already.
pub async fn take_back(
    pool: &PgPool,
    moment: &Moment,
    actor: &Actor,
    payment: PaymentId,
    becomes: PaymentStatus,
    reason: &str,
) -> Result<()> {
    if !actor.may(Power::Pay) {
        return Err(Error::Forbidden);
    }
    let (word, action) = match becomes {
        PaymentStatus::Failed => ("failed", "payment.fail"),
        PaymentStatus::Cancelled => ("cancelled", "payment.cancel"),
        PaymentStatus::Paid => return Err(Error::field("status", "A payment becomes failed or cancelled.")),
    };
    let reason = reason.trim();
    if !(1..=500).contains(&reason.chars().count()) {
        return Err(Error::field("reason", "Say why, in at most 500 characters."));
    }
    let mut conn = pool.begin().await?;
    let setting = Setting::of(&mut conn, actor).await?;
    super::alone(&mut conn, setting.program).await?;
    let found = sqlx::query!(
        r#"select e.id as "enrollment: EnrollmentId", coalesce(nullif(e.name, ''), e.company) as "name!", p.amount,
                  b.id as batch, b.code
           from payments p
           join payment_batches b on b.program_id = p.program_id and b.id = p.batch_id
           join enrollments e on e.program_id = p.program_id and e.id = p.enrollment_id
           where p.program_id = $1 and p.id = $2 for share of e"#,
        setting.program as ProgramId,
        payment as PaymentId
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound("payment"))?;
    let changed = sqlx::query!(
        "update payments set status = $3 where program_id = $1 and id = $2 and status = 'paid'",
        setting.program as ProgramId,
        payment as PaymentId,
        becomes as PaymentStatus
    )
    .execute(&mut *conn)
    .await?;
    if changed.rows_affected() == 0 {
        return Err(Error::Conflict("The payment has failed or been cancelled already.".into()));
    }
    let commissions = super::commissions_of(&mut conn, setting.program, &[payment.0]).await?;
    sqlx::query!(
        "with locked as (
             select id from commissions where program_id = $1 and id = any($2) and status = 'paid'
             order by id for no key update
         )
         update commissions c set status = 'due' from locked where c.program_id = $1 and c.id = locked.id",
        setting.program as ProgramId,
        &commissions
    )
    .execute(&mut *conn)
    .await?;
    let month = hold_month_open(&mut conn, setting.program, moment.at).await?;
    let posting = Posting {
        kind: JournalKind::PaymentFailed,
        idempotency_key: format!("payment_failed:{payment}"),
        reason_code: word,
        commission: None,
        payment: Some(payment),
        refund: None,
        by: actor.account(),
        occurred_at: moment.at,
        moves: vec![Move {
            from: LedgerAccount::PaidOut,
            to: LedgerAccount::Payable,
            enrollment: found.enrollment,
            amount: found.amount,
        }],
    };
    let journals = post(&mut conn, moment, setting.program, setting.currency, month, &[posting]).await?;
    sqlx::query!(
        "insert into journal_notes (program_id, journal_id, note) select $1, unnest($2::uuid[]), $3",
        setting.program as ProgramId,
        &journals.iter().map(|id| id.0).collect::<Vec<_>>(),
        reason
    )
    .execute(&mut *conn)
    .await?;
    let subject = format!("{}, {}", found.name, found.code);
    let details = json!({ "amount": setting.money(found.amount).to_string(), "reason": reason });
    audit::record(&mut conn, moment, actor, action, &subject, &format!("payments/{}", found.batch), details).await?;
    conn.commit().await?;
    Ok(())
}
