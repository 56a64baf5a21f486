use crate::{Moment, Result};
use domain::accounts::Actor;
use domain::ids::EnrollmentId;
use domain::payments::{DuePartner, Preview};
use sqlx::PgConnection;

/// The partners with a positive due balance, the largest first, at most 1,000; `search`: words of name or code.
///
/// # Errors
/// `Forbidden` without the power to pay.
pub async fn due_partners(conn: &mut PgConnection, actor: &Actor, search: Option<&str>) -> Result<Vec<DuePartner>> {
    let _ = (conn, actor, search);
    todo!()
}

/// What a batch would pay these partners now.
///
/// # Errors
/// `Forbidden` without the power to pay; `NotFound` where a partner is not in the program.
pub async fn preview(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    partners: &[EnrollmentId],
) -> Result<Preview> {
    let _ = (conn, moment, actor, partners);
    todo!()
}
