//! Customers: who signed up, and for whom they count.

use crate::integrations::answers::Answered;
use crate::secrets::Secrets;
use crate::{Moment, Result};
use domain::accounts::Actor;
use domain::customers::{Reassignment, TrackSignup, TrackedSignup};
use domain::ids::ProgramId;
use sqlx::{PgConnection, PgPool};

/// Records a sign-up once, attributes the customer where it has no referral yet, and posts what it earns.
///
/// # Errors
/// `Invalid` by field; `Reused` where the event id came with another body; `NotFound` without such a program.
pub async fn track_signup(
    pool: &PgPool,
    secrets: &Secrets,
    moment: &Moment,
    program: ProgramId,
    input: &TrackSignup,
) -> Result<Answered<TrackedSignup>> {
    let _ = (pool, secrets, moment, program, input);
    todo!()
}

/// Assigns a customer to a partner by hand: the standing referral ends, later events pay the new partner. Audited.
///
/// # Errors
/// `Forbidden` without the power to reassign; `NotFound("customer")`; `Invalid` by field, an unknown partner code among
/// them; `Conflict` where the partner is not active or has the customer already.
pub async fn reassign(conn: &mut PgConnection, moment: &Moment, actor: &Actor, input: &Reassignment) -> Result<()> {
    let _ = (conn, moment, actor, input);
    todo!()
}
