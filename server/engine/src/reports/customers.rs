use crate::Result;
use domain::accounts::Actor;
use domain::ids::CustomerId;
use domain::page::Paging;
use domain::reports::{CustomerDetail, CustomerFilter, CustomerRow, CustomerTotals, Listed};
use sqlx::PgConnection;

/// The customers of the program, or those whom the partner who asks has referred.
///
/// # Errors
/// `Forbidden` without the power to view.
pub async fn customers(
    conn: &mut PgConnection,
    actor: &Actor,
    filter: &CustomerFilter,
    paging: &Paging,
) -> Result<Listed<CustomerRow, CustomerTotals>> {
    let _ = (conn, actor, filter, paging);
    todo!()
}

/// A customer with its attributions, sales, refunds and commissions.
///
/// # Errors
/// `NotFound` where it is not in the program, or not referred by the partner who asks.
pub async fn customer(conn: &mut PgConnection, actor: &Actor, id: CustomerId) -> Result<CustomerDetail> {
    let _ = (conn, actor, id);
    todo!()
}

/// The same by the company's own id; for the team and keys.
///
/// # Errors
/// `NotFound` where it is not in the program, or a partner asks.
pub async fn customer_by_external_id(
    conn: &mut PgConnection,
    actor: &Actor,
    external_id: &str,
) -> Result<CustomerDetail> {
    let _ = (conn, actor, external_id);
    todo!()
}
