use crate::Result;
use domain::accounts::Actor;
use domain::page::Paging;
use domain::reports::{CommissionFilter, CommissionRow, CommissionTotals, Listed};
use sqlx::PgConnection;

/// The commissions of the program, or of the partner who asks.
///
/// # Errors
/// `Forbidden` without the power to view.
pub async fn commissions(
    conn: &mut PgConnection,
    actor: &Actor,
    filter: &CommissionFilter,
    paging: &Paging,
) -> Result<Listed<CommissionRow, CommissionTotals>> {
    let _ = (conn, actor, filter, paging);
    todo!()
}
