use crate::{Moment, Result};
use domain::accounts::Actor;
use domain::reports::{Overview, Period};
use sqlx::PgConnection;

/// The program at a glance.
///
/// # Errors
/// `Forbidden` without the power to view.
pub async fn overview(conn: &mut PgConnection, moment: &Moment, actor: &Actor, period: Period) -> Result<Overview> {
    let _ = (conn, moment, actor, period);
    todo!()
}
