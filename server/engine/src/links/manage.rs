use crate::{Moment, Result};
use domain::accounts::Actor;
use domain::ids::{EnrollmentId, LinkId};
use domain::links::{LinkRow, NewLink};
use domain::page::{Page, Paging};
use sqlx::PgConnection;

/// Makes a link of a partner: by the partner itself, by `ManagePartners`, or by a key.
///
/// # Errors
/// `Forbidden`; `NotFound` without such a partner, or where it is another's; `Invalid` on `code` (in use, reserved)
/// or `destination` (off the program's sites).
pub async fn create(
    _conn: &mut PgConnection,
    _moment: &Moment,
    _actor: &Actor,
    _partner: EnrollmentId,
    _input: &NewLink,
) -> Result<LinkRow> {
    todo!()
}

/// Gives a link another code; the old one goes on leading to it.
///
/// # Errors
/// As for `create`.
pub async fn rename(
    _conn: &mut PgConnection,
    _moment: &Moment,
    _actor: &Actor,
    _id: LinkId,
    _code: &str,
) -> Result<()> {
    todo!()
}

/// Switches a link off, or on again.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Conflict` for a partner's default link.
pub async fn set_disabled(
    _conn: &mut PgConnection,
    _moment: &Moment,
    _actor: &Actor,
    _id: LinkId,
    _disabled: bool,
) -> Result<()> {
    todo!()
}

/// A partner's links with their figures, the default one first, then the latest: a page of them.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Invalid` on `cursor`.
pub async fn list(
    _conn: &mut PgConnection,
    _actor: &Actor,
    _partner: EnrollmentId,
    _paging: &Paging,
) -> Result<Page<LinkRow>> {
    todo!()
}

/// The same, up to 100 of them.
///
/// # Errors
/// As for `list`.
pub async fn list_all(_conn: &mut PgConnection, _actor: &Actor, _partner: EnrollmentId) -> Result<Vec<LinkRow>> {
    todo!()
}
