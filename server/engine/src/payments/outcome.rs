//! What becomes of payments: sent, confirmed, failed or cancelled, one or many of a batch at once.

use super::undo::{Back, checked, reopen};
use crate::programs::audit;
use crate::reports::Setting;
use crate::{Error, Moment, Result};
use domain::accounts::{Actor, Power};
use domain::ids::{BatchId, EnrollmentId, PaymentId, ProgramId};
use domain::payments::{Marked, Marking, PaymentStatus, Step};
use rust_decimal::Decimal;
use serde_json::json;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

/// The most payments that are named one by one.
const MOST: usize = 1_000;

/// Marks payments of a batch: those named, all of them or none; or whichever of the batch can become that. What is known
/// already stays as it is, so that pressing twice is as good as once. Those that fail or are cancelled are due again, each
/// with the reason.
///
/// # Errors
/// `Forbidden` without the power to pay; `NotFound` where the batch is not in the program, or a payment not in the batch;
/// `Invalid` where nothing is chosen, a reason is missing, or they shall become recorded; `Conflict` where one of those
/// named can't become that any more.
pub async fn mark(pool: &PgPool, moment: &Moment, actor: &Actor, input: &Marking) -> Result<Marked> {
    if !actor.may(Power::Pay) {
        return Err(Error::Forbidden);
    }
    let becomes = input.becomes;
    let mut tx = pool.begin().await?;
    let setting = Setting::of(&mut tx, actor).await?;
    let code = code_of(&mut tx, &setting, input.batch).await?;
    if becomes == PaymentStatus::Recorded {
        return Err(Error::field("becomes", "Choose what became of the payments."));
    }
    if !input.all && !(1..=MOST).contains(&input.payments.len()) {
        return Err(Error::field("payments", "Choose at least one payment."));
    }
    let reason = if becomes.is_paid() { "" } else { checked(&input.reason)? };
    let mut named: Vec<Uuid> = input.payments.iter().map(|id| id.0).collect();
    named.sort_unstable();
    named.dedup();
    let named = (!input.all).then_some(named);
    let status = input.status.filter(|_| input.all);
    let found = locked(&mut tx, &setting, input.batch, named.as_deref(), status, !becomes.is_paid()).await?;
    if named.as_ref().is_some_and(|named| found.len() < named.len()) {
        return Err(Error::NotFound("payment"));
    }
    let mut marked = Marked::default();
    let mut moves = Vec::new();
    for payment in found {
        match payment.status.told(becomes) {
            Step::Moves => moves.push(payment),
            Step::Known => marked.known += 1,
            Step::Refused if input.all => {}
            Step::Refused => return Err(Error::Conflict(gone(&payment))),
        }
    }
    marked.changed = i64::try_from(moves.len()).unwrap_or(i64::MAX);
    if moves.is_empty() {
        return Ok(marked);
    }
    let total = setting.money(moves.iter().map(|payment| payment.amount).sum());
    let subject = match moves.as_slice() {
        [one] => format!("{}, {code}", one.name),
        _ => code,
    };
    if becomes.is_paid() {
        set_status(&mut tx, &setting, moment, &moves, becomes).await?;
    } else {
        let backs: Vec<Back> = moves.iter().map(|payment| payment.back(reason.to_owned())).collect();
        reopen(&mut tx, &setting, moment, actor, becomes, &backs).await?;
    }
    let mut details = json!({ "payments": marked.changed, "marked": becomes.label(), "total": total.to_string() });
    if !reason.is_empty() {
        details["reason"] = reason.into();
    }
    let path = format!("payments/{}", input.batch);
    audit::record(&mut tx, moment, actor, "payment_batch.mark", &subject, &path, details).await?;
    tx.commit().await?;
    Ok(marked)
}

/// Why a payment can't be sent or confirmed any more.
pub(super) fn gone(payment: &Locked) -> String {
    let what = if payment.status == PaymentStatus::Failed { "has failed" } else { "was cancelled" };
    format!("{}: the payment {what}, and is due again. Nothing has changed.", payment.name)
}

/// The code of a batch of the program.
pub(super) async fn code_of(conn: &mut PgConnection, setting: &Setting, batch: BatchId) -> Result<String> {
    sqlx::query_scalar!(
        "select code from payment_batches where program_id = $1 and id = $2",
        setting.program as ProgramId,
        batch as BatchId
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound("batch"))
}

/// A payment whose status nobody else changes until the transaction ends.
pub(super) struct Locked {
    pub id: PaymentId,
    pub enrollment: EnrollmentId,
    pub code: String,
    pub name: String,
    pub amount: Decimal,
    pub status: PaymentStatus,
}

impl Locked {
    /// It is taken back, for a reason.
    pub fn back(&self, reason: String) -> Back {
        Back { payment: self.id, enrollment: self.enrollment, amount: self.amount, reason }
    }
}

/// Locks payments of a batch, all in the order of their partners: those named, else all, of one status where that is given.
/// Where they may be taken back, nobody else pays in the program meanwhile, or bans one of the partners.
pub(super) async fn locked(
    conn: &mut PgConnection,
    setting: &Setting,
    batch: BatchId,
    named: Option<&[Uuid]>,
    status: Option<PaymentStatus>,
    takes_back: bool,
) -> Result<Vec<Locked>> {
    if takes_back {
        super::alone(conn, setting.program).await?;
        sqlx::query!(
            "select e.id from payments p
             join enrollments e on e.program_id = p.program_id and e.id = p.enrollment_id
             where p.program_id = $1 and p.batch_id = $2 and ($3::uuid[] is null or p.id = any($3))
             order by e.id for share of e",
            setting.program as ProgramId,
            batch as BatchId,
            named as Option<&[Uuid]>
        )
        .fetch_all(&mut *conn)
        .await?;
    }
    Ok(sqlx::query_as!(
        Locked,
        r#"select p.id as "id: PaymentId", e.id as "enrollment: EnrollmentId", e.code,
                  coalesce(nullif(e.name, ''), e.company) as "name!", p.amount, p.status as "status: PaymentStatus"
           from payments p
           join enrollments e on e.program_id = p.program_id and e.id = p.enrollment_id
           where p.program_id = $1 and p.batch_id = $2 and ($3::uuid[] is null or p.id = any($3))
             and ($4::payment_status is null or p.status = $4)
           order by p.enrollment_id for no key update of p"#,
        setting.program as ProgramId,
        batch as BatchId,
        named as Option<&[Uuid]>,
        status as Option<PaymentStatus>
    )
    .fetch_all(conn)
    .await?)
}

/// Sends or confirms payments that are locked.
pub(super) async fn set_status(
    conn: &mut PgConnection,
    setting: &Setting,
    moment: &Moment,
    payments: &[Locked],
    becomes: PaymentStatus,
) -> Result<()> {
    sqlx::query!(
        "update payments set status = $3, status_at = $4 where program_id = $1 and id = any($2)",
        setting.program as ProgramId,
        &payments.iter().map(|payment| payment.id.0).collect::<Vec<_>>(),
        becomes as PaymentStatus,
        moment.at
    )
    .execute(conn)
    .await?;
    Ok(())
}
