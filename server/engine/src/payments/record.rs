use crate::{Moment, Result};
use domain::accounts::Actor;
use domain::payments::{BatchDetail, BatchInput};
use sqlx::PgPool;

/// Records a batch as it was reviewed: all of its payments or none.
///
/// # Errors
/// `Forbidden` without the power to pay; `Invalid` where code or partners are wrong; `Conflict` where a partner's
/// amount is no longer what was reviewed (somebody paid it, a refund took back), naming the partner and why.
pub async fn record_batch(pool: &PgPool, moment: &Moment, actor: &Actor, input: &BatchInput) -> Result<BatchDetail> {
    let _ = (pool, moment, actor, input);
    todo!()
}
