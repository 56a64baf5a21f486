//! Offers: what a program pays for what, in versions. What is attributed keeps the version it was made under.

use crate::{Moment, Result};
use domain::accounts::Actor;
use domain::ids::OfferId;
use domain::offers::{OfferInput, OfferRow};
use sqlx::PgConnection;

/// Makes an offer, version 1. Asks for `EditProgram`.
///
/// # Errors
/// `Forbidden`; `Invalid` by field (`rewards[0].rate`).
pub async fn create(
    _conn: &mut PgConnection,
    _moment: &Moment,
    _actor: &Actor,
    _input: &OfferInput,
) -> Result<OfferId> {
    todo!()
}

/// Changes an offer: other rewards make a new version, which counts for customers attributed from then on. Asks for
/// `EditProgram`.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Conflict` where it is archived; `Invalid` by field.
pub async fn edit(
    _conn: &mut PgConnection,
    _moment: &Moment,
    _actor: &Actor,
    _id: OfferId,
    _input: &OfferInput,
) -> Result<()> {
    todo!()
}

/// Archives an offer, so that nobody gets it any more, or takes it back. Asks for `EditProgram`.
///
/// # Errors
/// `Forbidden`; `NotFound`.
pub async fn set_archived(
    _conn: &mut PgConnection,
    _moment: &Moment,
    _actor: &Actor,
    _id: OfferId,
    _archived: bool,
) -> Result<()> {
    todo!()
}

/// Sets which offers new partners get, in which order. Asks for `EditProgram`.
///
/// # Errors
/// `Forbidden`; `Invalid` on `offers` where one is unknown or archived.
pub async fn set_defaults(
    _conn: &mut PgConnection,
    _moment: &Moment,
    _actor: &Actor,
    _offers: &[OfferId],
) -> Result<()> {
    todo!()
}

/// The program's offers: the default ones in their order, the others by name, archived ones last. Asks for `View`.
///
/// # Errors
/// `Forbidden`.
pub async fn list(_conn: &mut PgConnection, _actor: &Actor) -> Result<Vec<OfferRow>> {
    todo!()
}

/// One offer. Asks for `View`.
///
/// # Errors
/// `Forbidden`; `NotFound`.
pub async fn get(_conn: &mut PgConnection, _actor: &Actor, _id: OfferId) -> Result<OfferRow> {
    todo!()
}
