//! Commissions: earned by events, held, released, judged by people, taken back.

use crate::{Moment, Result};
use domain::accounts::Actor;
use domain::ids::{CommissionId, EnrollmentId};
use sqlx::{PgConnection, PgPool};

/// Takes a commission out of review: held until its hold ends, due where that has passed. Audited.
///
/// # Errors
/// `Forbidden` without the power to judge commissions; `NotFound("commission")`; `Conflict` where it is not in review.
pub async fn approve(conn: &mut PgConnection, moment: &Moment, actor: &Actor, id: CommissionId) -> Result<()> {
    let _ = (conn, moment, actor, id);
    todo!()
}

/// Takes back all that is left of a commission, also of one that was paid: the partner's payable may go below zero.
/// Audited, with the reason beside the ledger.
///
/// # Errors
/// `Forbidden` without the power to judge commissions; `NotFound("commission")`; `Invalid` on `reason` (1 to 500
/// characters); `Conflict` where nothing is left.
pub async fn reverse(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    id: CommissionId,
    reason: &str,
) -> Result<()> {
    let _ = (conn, moment, actor, id, reason);
    todo!()
}

/// Releases the holds that have ended in every program: what is left of each commission becomes payable. Returns how
/// many. Safe beside itself in other processes.
///
/// # Errors
/// `Database`.
pub async fn release_holds(pool: &PgPool, moment: &Moment) -> Result<u64> {
    let _ = (pool, moment);
    todo!()
}

/// Takes back all that a partner has held or in review, because of a ban; how many commissions. The caller has locked
/// the enrollment's row and set its standing, in the same transaction.
///
/// # Errors
/// `Database`.
pub async fn claw_back_all_held(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    enrollment: EnrollmentId,
) -> Result<u64> {
    let _ = (conn, moment, actor, enrollment);
    todo!()
}
