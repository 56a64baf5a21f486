//! Partners are told of a batch, and of payments that are taken back, by a mail each: one job makes those for all of them.

use crate::messages::Mail;
use crate::{Result, jobs};
use chrono::{DateTime, Utc};
use domain::ids::{BatchId, PaymentId, ProgramId};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;

/// Makes the mails to the partners whom a batch pays: enqueue it in the transaction that makes the batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TellPaid {
    /// The program.
    pub program: ProgramId,
    /// The batch.
    pub batch: BatchId,
}

/// Makes the mails to the partners whose payments were taken back together: enqueue it in the transaction that does so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TellTakenBack {
    /// The program.
    pub program: ProgramId,
    /// The batch.
    pub batch: BatchId,
    /// When, UTC.
    pub at: DateTime<Utc>,
}

/// How many mails are made by one statement.
const AT_ONCE: i64 = 5_000;

impl TellPaid {
    /// Enqueues all of the mails, or none: tried again, each partner still gets one.
    pub(crate) async fn make(&self, pool: &PgPool) -> Result<()> {
        let Self { program, batch } = *self;
        tell(pool, program, batch, None, |payment| Mail::PaymentSent { program, payment }).await
    }
}

impl TellTakenBack {
    /// As [`TellPaid::make`]; a payment is taken back once, so that each is told of once.
    pub(crate) async fn make(&self, pool: &PgPool) -> Result<()> {
        let Self { program, batch, at } = *self;
        tell(pool, program, batch, Some(at), |payment| Mail::PaymentTakenBack { program, payment }).await
    }
}

/// Makes a mail of each payment of a batch that counts as paid; or of those that were taken back at an instant.
async fn tell(
    pool: &PgPool,
    program: ProgramId,
    batch: BatchId,
    taken_back: Option<DateTime<Utc>>,
    mail: impl Fn(PaymentId) -> Mail,
) -> Result<()> {
    let mut tx = pool.begin().await?;
    let mut after: Option<PaymentId> = None;
    loop {
        let payments = sqlx::query_scalar!(
            r#"select id as "id: PaymentId" from payments
               where program_id = $1 and batch_id = $2
                 and case when $3::timestamptz is null then status not in ('failed', 'cancelled')
                          else status in ('failed', 'cancelled') and status_at = $3 end
                 and ($4::uuid is null or id > $4)
               order by id limit $5"#,
            program as ProgramId,
            batch as BatchId,
            taken_back,
            after as Option<PaymentId>,
            AT_ONCE
        )
        .fetch_all(&mut *tx)
        .await?;
        after = payments.last().copied();
        let mails: Vec<Mail> = payments.into_iter().map(&mail).collect();
        jobs::enqueue_all(&mut tx, &mails).await?;
        if after.is_none() {
            break;
        }
    }
    tx.commit().await?;
    Ok(())
}
