//! Sales and refunds as companies report them, and the commissions that follow.

use crate::Moment;
use crate::Result;
use crate::integrations::answers::Answered;
use crate::secrets::Secrets;
use domain::ids::ProgramId;
use domain::sales::{TrackRefund, TrackSale, TrackedRefund, TrackedSale};
use sqlx::PgPool;

/// Records a sale once, attributes its customer where it has no referral yet, and posts what it earns.
///
/// # Errors
/// `Invalid` by field; `Reused` where the event id came with another body; `NotFound` without such a program.
pub async fn track_sale(
    pool: &PgPool,
    secrets: &Secrets,
    moment: &Moment,
    program: ProgramId,
    input: &TrackSale,
) -> Result<Answered<TrackedSale>> {
    let _ = (pool, secrets, moment, program, input);
    todo!()
}

/// Records a refund once, and claws back its share of each of the sale's commissions.
///
/// # Errors
/// `NotFound("sale")` where no sale has that event id, worth a retry; `Invalid` by field; `Reused` where the event id
/// came with another body.
pub async fn track_refund(
    pool: &PgPool,
    secrets: &Secrets,
    moment: &Moment,
    program: ProgramId,
    input: &TrackRefund,
) -> Result<Answered<TrackedRefund>> {
    let _ = (pool, secrets, moment, program, input);
    todo!()
}
