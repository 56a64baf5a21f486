use crate::Result;
use domain::accounts::Actor;
use domain::ids::EnrollmentId;
use domain::page::Paging;
use domain::reports::{Balance, LedgerFilter, LedgerPage};
use sqlx::PgConnection;

/// What a partner is owed and has been paid.
///
/// # Errors
/// `NotFound` where the enrollment is not the asker's to see.
pub async fn balance(conn: &mut PgConnection, actor: &Actor, enrollment: EnrollmentId) -> Result<Balance> {
    let _ = (conn, actor, enrollment);
    todo!()
}

/// A partner's entries, newest first, each with what its account holds after it and what caused it.
///
/// # Errors
/// `NotFound` where the enrollment is not the asker's to see.
pub async fn ledger(
    conn: &mut PgConnection,
    actor: &Actor,
    enrollment: EnrollmentId,
    filter: &LedgerFilter,
    paging: &Paging,
) -> Result<LedgerPage> {
    let _ = (conn, actor, enrollment, filter, paging);
    todo!()
}
