//! The monthly partitions of clicks.

use crate::Result;
use chrono::NaiveDate;
use sqlx::PgConnection;

/// Makes the partitions of the months from that of `from` to that of `to` (both included, in UTC) where they are
/// missing, and moves rows out of the default one. Safe to run at any time and twice at once.
///
/// # Errors
/// `Database`.
pub async fn ensure(_conn: &mut PgConnection, _from: NaiveDate, _to: NaiveDate) -> Result<()> {
    todo!()
}
