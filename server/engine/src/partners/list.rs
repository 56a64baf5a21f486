use crate::Result;
use domain::accounts::Actor;
use domain::page::{Page, Paging};
use domain::partners::{PartnerFilter, PartnerRow, StatusCount};
use sqlx::PgConnection;

/// The program's partners with their figures. Asks for `View`, or a key.
///
/// # Errors
/// `Forbidden`; `Invalid` on `cursor`.
pub async fn list(
    _conn: &mut PgConnection,
    _actor: &Actor,
    _filter: &PartnerFilter,
    _paging: &Paging,
) -> Result<Page<PartnerRow>> {
    todo!()
}

/// How many partners have each standing. Asks for `View`.
///
/// # Errors
/// `Forbidden`.
pub async fn counts(_conn: &mut PgConnection, _actor: &Actor) -> Result<Vec<StatusCount>> {
    todo!()
}
