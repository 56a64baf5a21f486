use super::TellTakenBack;
use super::outcome::{Told, tell};
use crate::ledger::{Move, OpenMonth, Posting, hold_month_open, post};
use crate::reports::Setting;
use crate::{Error, Moment, Result, jobs};
use domain::accounts::{Actor, Power};
use domain::ids::{BatchId, EnrollmentId, PaymentId, ProgramId};
use domain::ledger::{JournalKind, LedgerAccount};
use domain::payments::PaymentStatus;
use rust_decimal::Decimal;
use sqlx::{PgConnection, PgPool};

/// Marks a payment as failed or cancelled: the amount is due again by a new open entry, and so are the commissions
/// that it had paid. Those that a refund has reversed since stay reversed; their clawback is open as well.
///
/// # Errors
/// `Forbidden` without the power to pay; `NotFound`; `Invalid` without a reason of at most 500 characters, or where it
/// shall count as paid; `Conflict` where it has failed or been cancelled already.
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
    if becomes.is_paid() {
        return Err(Error::field("status", "A payment becomes failed or cancelled."));
    }
    let batch = sqlx::query_scalar!(
        r#"select batch_id as "id: BatchId" from payments where program_id = $1 and id = $2"#,
        actor.program() as ProgramId,
        payment as PaymentId
    )
    .fetch_optional(pool)
    .await?
    .ok_or(Error::NotFound("payment"))?;
    let told = Told { batch, named: Some(vec![payment.0]), some: false, status: None, becomes, reason };
    match tell(pool, moment, actor, told).await?.changed {
        0 => Err(Error::Conflict("The payment has failed or been cancelled already.".into())),
        _ => Ok(()),
    }
}

/// Why payments are taken back.
///
/// # Errors
/// `Invalid` on `reason` where none is given, or a long one.
pub(super) fn checked(reason: &str) -> Result<&str> {
    let reason = reason.trim();
    if (1..=500).contains(&reason.chars().count()) && !reason.contains('\0') {
        Ok(reason)
    } else {
        Err(Error::field("reason", "Say why, in at most 500 characters."))
    }
}

/// A payment that is taken back.
pub(super) struct Back {
    pub payment: PaymentId,
    pub enrollment: EnrollmentId,
    pub amount: Decimal,
    /// Why.
    pub reason: String,
}

/// So many are taken back at once.
const CHUNK: usize = 2_500;

/// Takes payments of a batch back that count as paid, and has their partners told: the caller holds the program's pay lock,
/// the partners shared, and the payments.
pub(super) async fn reopen(
    conn: &mut PgConnection,
    setting: &Setting,
    moment: &Moment,
    actor: &Actor,
    (batch, becomes): (BatchId, PaymentStatus),
    backs: &[Back],
) -> Result<()> {
    let month = hold_month_open(conn, setting.program, moment.at).await?;
    for backs in backs.chunks(CHUNK) {
        some(conn, setting, moment, actor, (becomes, month), backs).await?;
    }
    let told = TellTakenBack { program: setting.program, batch, at: moment.at };
    jobs::enqueue(conn, &told, None).await
}

async fn some(
    conn: &mut PgConnection,
    setting: &Setting,
    moment: &Moment,
    actor: &Actor,
    (becomes, month): (PaymentStatus, OpenMonth),
    backs: &[Back],
) -> Result<()> {
    let ids: Vec<_> = backs.iter().map(|back| back.payment.0).collect();
    sqlx::query!(
        "update payments set status = $3, status_at = $4 where program_id = $1 and id = any($2)",
        setting.program as ProgramId,
        &ids,
        becomes as PaymentStatus,
        moment.at
    )
    .execute(&mut *conn)
    .await?;
    let commissions = super::commissions_of(conn, setting.program, &ids).await?;
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
    let word = if becomes == PaymentStatus::Failed { "failed" } else { "cancelled" };
    let posting = |back: &Back| Posting {
        kind: JournalKind::PaymentFailed,
        idempotency_key: format!("payment_failed:{}", back.payment),
        reason_code: word,
        commission: None,
        payment: Some(back.payment),
        refund: None,
        by: actor.account(),
        occurred_at: moment.at,
        moves: vec![Move {
            from: LedgerAccount::PaidOut,
            to: LedgerAccount::Payable,
            enrollment: back.enrollment,
            amount: back.amount,
        }],
    };
    let postings: Vec<_> = backs.iter().map(posting).collect();
    let journals = post(conn, moment, setting.program, setting.currency, month, &postings).await?;
    let reasons: Vec<_> = backs.iter().map(|back| back.reason.clone()).collect();
    sqlx::query!(
        "insert into journal_notes (program_id, journal_id, note)
         select $1, n.journal_id, n.note from unnest($2::uuid[], $3::text[]) as n (journal_id, note)",
        setting.program as ProgramId,
        &journals.iter().map(|id| id.0).collect::<Vec<_>>(),
        &reasons
    )
    .execute(&mut *conn)
    .await?;
    Ok(())
}
