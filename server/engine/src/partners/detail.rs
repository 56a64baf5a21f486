use crate::Result;
use domain::accounts::Actor;
use domain::ids::EnrollmentId;
use domain::partners::{PartnerDetail, PartnerName};
use sqlx::PgConnection;

/// All of one partner. Asks for `View`, or a key.
///
/// # Errors
/// `Forbidden`; `NotFound`.
pub async fn detail(_conn: &mut PgConnection, _actor: &Actor, _id: EnrollmentId) -> Result<PartnerDetail> {
    todo!()
}

/// All of the partner with a code, present or past.
///
/// # Errors
/// `Forbidden`; `NotFound`.
pub async fn detail_by_code(_conn: &mut PgConnection, _actor: &Actor, _code: &str) -> Result<PartnerDetail> {
    todo!()
}

/// The partner with a code, present or past, whatever the case.
///
/// # Errors
/// `NotFound`.
pub async fn find_by_code(_conn: &mut PgConnection, _actor: &Actor, _code: &str) -> Result<PartnerName> {
    todo!()
}
