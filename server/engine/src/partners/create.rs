use crate::{Moment, Result};
use domain::accounts::Actor;
use domain::partners::{NewPartner, PartnerName};
use sqlx::PgConnection;

/// Lets a partner in: its code, its default offers, its default link and its first account, all in the caller's
/// transaction. Asks for `ManagePartners`, or a key.
///
/// # Errors
/// `Forbidden`; `Invalid` by field, `code` in use or reserved and `email` enrolled already among them.
pub async fn create(
    _conn: &mut PgConnection,
    _moment: &Moment,
    _actor: &Actor,
    _input: &NewPartner,
) -> Result<PartnerName> {
    todo!()
}

/// A partner applies by itself: pending until an admin decides; the standing asked for is ignored.
///
/// # Errors
/// `NotFound` without such a program; `Invalid` by field.
pub async fn apply(
    _conn: &mut PgConnection,
    _moment: &Moment,
    _program_slug: &str,
    _input: &NewPartner,
) -> Result<PartnerName> {
    todo!()
}
