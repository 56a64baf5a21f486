use crate::{Moment, Result};
use domain::accounts::Actor;
use domain::ids::EnrollmentId;
use domain::partners::EnrollmentStatus;
use sqlx::PgConnection;

/// Approves, declines, pauses, bans or takes back a partner. A ban claws back all that is held and freezes what is
/// payable. Asks for `ManagePartners`.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Conflict` where the standing can't be reached from the present one.
pub async fn set_status(
    _conn: &mut PgConnection,
    _moment: &Moment,
    _actor: &Actor,
    _id: EnrollmentId,
    _status: EnrollmentStatus,
    _reason: &str,
) -> Result<()> {
    todo!()
}
