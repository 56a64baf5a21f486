//! Promo codes: those who use one become its partner's customers, without a click.

use crate::{Moment, Result};
use domain::accounts::Actor;
use domain::ids::{EnrollmentId, PromoCodeId};
use domain::page::{Page, Paging};
use domain::partners::{NewPromoCode, PromoCodeRow};
use sqlx::PgConnection;

/// Makes a promo code. Asks for `EditProgram`.
///
/// # Errors
/// `Forbidden`; `NotFound` without such a partner; `Invalid` on `code` or `description`.
pub async fn create(
    _conn: &mut PgConnection,
    _moment: &Moment,
    _actor: &Actor,
    _input: &NewPromoCode,
) -> Result<PromoCodeId> {
    todo!()
}

/// Switches a promo code off, or on again. Customers attributed by it stay so. Asks for `EditProgram`.
///
/// # Errors
/// `Forbidden`; `NotFound`.
pub async fn set_disabled(
    _conn: &mut PgConnection,
    _moment: &Moment,
    _actor: &Actor,
    _id: PromoCodeId,
    _disabled: bool,
) -> Result<()> {
    todo!()
}

/// The promo codes of the program, or of one partner; a partner sees its own alone.
///
/// # Errors
/// `Forbidden`; `Invalid` on `cursor`.
pub async fn list(
    _conn: &mut PgConnection,
    _actor: &Actor,
    _partner: Option<EnrollmentId>,
    _paging: &Paging,
) -> Result<Page<PromoCodeRow>> {
    todo!()
}
