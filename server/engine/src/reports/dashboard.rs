use crate::{Moment, Result};
use domain::accounts::Actor;
use domain::ids::EnrollmentId;
use domain::reports::{Dashboard, Period};
use sqlx::PgConnection;

/// A partner's dashboard: to the partner itself, or to an admin who may see the portal as a partner does.
///
/// # Errors
/// `NotFound` where the enrollment is not the asker's; `Forbidden` where the role lacks the power.
pub async fn dashboard(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    enrollment: EnrollmentId,
    period: Period,
) -> Result<Dashboard> {
    let _ = (conn, moment, actor, enrollment, period);
    todo!()
}
