use crate::{Moment, Result};
use domain::accounts::Actor;
use domain::ids::PaymentId;
use domain::payments::PaymentStatus;
use sqlx::PgPool;

/// Marks a payment as failed or cancelled: the amount is due again by a new open entry, and so are the commissions
/// that it had paid.
///
/// # Errors
/// `Forbidden` without the power to pay; `NotFound`; `Conflict` where it has failed or been cancelled already.
pub async fn take_back(
    pool: &PgPool,
    moment: &Moment,
    actor: &Actor,
    payment: PaymentId,
    becomes: PaymentStatus,
    reason: &str,
) -> Result<()> {
    let _ = (pool, moment, actor, payment, becomes, reason);
    todo!()
}
