use crate::{Moment, Result};
use domain::accounts::Actor;
use domain::ids::{AccountId, EnrollmentId};
use domain::partners::{OfferChoice, PartnerEdit};
use sqlx::PgConnection;

/// Changes names, addresses and kinds. Asks for `ManagePartners`.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Invalid` by field.
pub async fn update(
    _conn: &mut PgConnection,
    _moment: &Moment,
    _actor: &Actor,
    _id: EnrollmentId,
    _input: &PartnerEdit,
) -> Result<()> {
    todo!()
}

/// Gives a partner and its default link another code; the old one stays an alias for links and for signing in. Asks
/// for `ManagePartners`.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Invalid` on `code`.
pub async fn change_code(
    _conn: &mut PgConnection,
    _moment: &Moment,
    _actor: &Actor,
    _id: EnrollmentId,
    _code: &str,
) -> Result<()> {
    todo!()
}

/// Sets a partner's offers, in the order in which they are tried, and its own rates. Customers already attributed
/// keep their terms. Asks for `ManagePartners`.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Invalid` on `offers[0].offer` or `offers[0].overrides[0].rate`.
pub async fn set_offers(
    _conn: &mut PgConnection,
    _moment: &Moment,
    _actor: &Actor,
    _id: EnrollmentId,
    _offers: &[OfferChoice],
) -> Result<()> {
    todo!()
}

/// Lets one more person sign in for a partner, by e-mail; the account is made where there is none. Asks for
/// `ManagePartners`.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Invalid` on `email`.
pub async fn add_account(
    _conn: &mut PgConnection,
    _moment: &Moment,
    _actor: &Actor,
    _id: EnrollmentId,
    _email: &str,
    _name: &str,
) -> Result<AccountId> {
    todo!()
}
