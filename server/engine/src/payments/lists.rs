use crate::Result;
use domain::accounts::Actor;
use domain::ids::BatchId;
use domain::page::{Page, Paging};
use domain::payments::{BatchDetail, BatchRow, PaymentFilter, PaymentRow, PaymentTotals};
use domain::reports::Listed;
use sqlx::PgConnection;

/// The program's batches, newest first.
///
/// # Errors
/// `Forbidden` without the power to view.
pub async fn batches(conn: &mut PgConnection, actor: &Actor, paging: &Paging) -> Result<Page<BatchRow>> {
    let _ = (conn, actor, paging);
    todo!()
}

/// A batch with its payments.
///
/// # Errors
/// `NotFound` where it is not in the program; `Forbidden` without the power to view.
pub async fn batch(conn: &mut PgConnection, actor: &Actor, id: BatchId) -> Result<BatchDetail> {
    let _ = (conn, actor, id);
    todo!()
}

/// The program's payments, or those to the partner who asks, newest first.
///
/// # Errors
/// `Forbidden` without the power to view.
pub async fn payments(
    conn: &mut PgConnection,
    actor: &Actor,
    filter: &PaymentFilter,
    paging: &Paging,
) -> Result<Listed<PaymentRow, PaymentTotals>> {
    let _ = (conn, actor, filter, paging);
    todo!()
}
