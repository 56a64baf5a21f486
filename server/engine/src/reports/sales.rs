use crate::Result;
use domain::accounts::Actor;
use domain::ids::SaleId;
use domain::page::Paging;
use domain::reports::{Listed, SaleDetail, SaleFilter, SaleRow, SaleTotals};
use sqlx::PgConnection;

/// The sales of the program, or those that count for the partner who asks.
///
/// # Errors
/// `Forbidden` without the power to view.
pub async fn sales(
    conn: &mut PgConnection,
    actor: &Actor,
    filter: &SaleFilter,
    paging: &Paging,
) -> Result<Listed<SaleRow, SaleTotals>> {
    let _ = (conn, actor, filter, paging);
    todo!()
}

/// A sale with its attribution, refunds and commissions; for the team.
///
/// # Errors
/// `NotFound` where it is not in the program; `Forbidden` without the power to view.
pub async fn sale(conn: &mut PgConnection, actor: &Actor, id: SaleId) -> Result<SaleDetail> {
    let _ = (conn, actor, id);
    todo!()
}
