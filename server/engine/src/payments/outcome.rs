//! What becomes of payments: sent, confirmed, failed or cancelled, one or many of a batch at once.

use super::drafts::take_time;
use super::undo::{Back, checked, reopen};
use crate::programs::audit;
use crate::reports::Setting;
use crate::{Error, Moment, Result};
use chrono::{DateTime, Utc};
use domain::accounts::{Actor, Power};
use domain::ids::{BatchId, EnrollmentId, PaymentId, ProgramId};
use domain::payments::{Marked, Marking, PaymentStatus, Step, payment_reference};
use rust_decimal::Decimal;
use serde_json::json;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

/// The most payments that a person names one by one; more take their time.
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
    if !input.all && input.payments.len() > MOST {
        return Err(Error::field("payments", "Choose fewer payments."));
    }
    let named = (!input.all).then(|| input.payments.iter().map(|id| id.0).collect());
    let told = Told {
        batch: input.batch,
        named,
        some: input.all,
        status: input.status.filter(|_| input.all),
        becomes: input.becomes,
        reason: &input.reason,
    };
    tell(pool, moment, actor, told).await
}

/// What is told of payments of a batch.
pub(super) struct Told<'a> {
    pub batch: BatchId,
    /// Which; `None`: all of them.
    pub named: Option<Vec<Uuid>>,
    /// Whether those that can't become that are passed over.
    pub some: bool,
    /// In this status alone.
    pub status: Option<PaymentStatus>,
    pub becomes: PaymentStatus,
    /// Why, where they are taken back.
    pub reason: &'a str,
}

/// Does what [`mark`] says, for all who tell something of payments.
pub(super) async fn tell(pool: &PgPool, moment: &Moment, actor: &Actor, told: Told<'_>) -> Result<Marked> {
    if !actor.may(Power::Pay) {
        return Err(Error::Forbidden);
    }
    let Told { batch, named, some, status, becomes, reason } = told;
    let mut tx = pool.begin().await?;
    let setting = Setting::of(&mut tx, actor).await?;
    let code = code_of(&mut tx, &setting, batch).await?;
    if becomes == PaymentStatus::Recorded {
        return Err(Error::field("becomes", "Choose what became of the payments."));
    }
    let named = named.map(|mut named| {
        named.sort_unstable();
        named.dedup();
        named
    });
    if named.as_ref().is_some_and(Vec::is_empty) {
        return Err(Error::field("payments", "Choose at least one payment."));
    }
    let reason = if becomes.is_paid() { "" } else { checked(reason)? };
    if named.as_ref().is_none_or(|named| named.len() > MOST) {
        take_time(&mut tx, "10min", "60s").await?;
    }
    let found = locked(&mut tx, &setting, batch, named.as_deref(), status, !becomes.is_paid()).await?;
    if !some && named.as_ref().is_some_and(|named| found.len() < named.len()) {
        return Err(Error::NotFound("payment"));
    }
    let mut marked = Marked::default();
    let mut moves = Vec::new();
    for payment in found {
        match payment.status.told(becomes) {
            Step::Moves => moves.push(payment),
            Step::Known => marked.known += 1,
            Step::Refused if some => {}
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
        reopen(&mut tx, &setting, moment, actor, (batch, becomes), &backs).await?;
    }
    let mut details = json!({
        "payments": marked.changed,
        "marked": becomes.label(),
        "total": total.to_string(),
        "references": references(&moves),
    });
    if !reason.is_empty() {
        details["reason"] = reason.into();
    }
    let path = format!("payments/{batch}");
    audit::record(&mut tx, moment, actor, "payment_batch.mark", &subject, &path, details).await?;
    tx.commit().await?;
    Ok(marked)
}

/// So many payments are noted one by one.
const NOTED: usize = 100;

/// The references of payments, for the audit log: the first of them.
pub(super) fn references<'p>(payments: impl IntoIterator<Item = &'p Locked>) -> Vec<String> {
    payments.into_iter().take(NOTED).map(|payment| payment_reference(payment.id)).collect()
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
    /// Since when; null while it is recorded.
    pub status_at: Option<DateTime<Utc>>,
    /// The provider's own number for it; empty where none was told.
    pub number: String,
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
                  coalesce(nullif(e.name, ''), e.company) as "name!", p.amount, p.status as "status: PaymentStatus",
                  p.status_at, p.provider_number as number
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
