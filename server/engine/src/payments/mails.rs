//! Partners are told of a batch by a mail each: one job makes those for all of them, after the batch.

use crate::messages::Mail;
use crate::{Result, jobs};
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

/// How many mails are made by one statement.
const AT_ONCE: i64 = 5_000;

impl TellPaid {
    /// Enqueues all of the mails, or none: tried again, each partner still gets one.
    pub(crate) async fn make(&self, pool: &PgPool) -> Result<()> {
        let mut tx = pool.begin().await?;
        let mut after: Option<PaymentId> = None;
        loop {
            let payments = sqlx::query_scalar!(
                r#"select id as "id: PaymentId" from payments
                   where program_id = $1 and batch_id = $2 and status not in ('failed', 'cancelled')
                     and ($3::uuid is null or id > $3)
                   order by id limit $4"#,
                self.program as ProgramId,
                self.batch as BatchId,
                after as Option<PaymentId>,
                AT_ONCE
            )
            .fetch_all(&mut *tx)
            .await?;
            after = payments.last().copied();
            let mails: Vec<Mail> =
                payments.into_iter().map(|payment| Mail::PaymentSent { program: self.program, payment }).collect();
            jobs::enqueue_all(&mut tx, &mails).await?;
            if after.is_none() {
                break;
            }
        }
        tx.commit().await?;
        Ok(())
    }
}
