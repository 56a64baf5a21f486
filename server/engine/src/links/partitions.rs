//! The monthly partitions of clicks.

use crate::{Error, Result};
use chrono::{Datelike, Months, NaiveDate};
use sqlx::PgConnection;

/// Makes the partitions of the months from that of `from` to that of `to` (both included, in UTC) where they are
/// missing, and moves rows out of the default one. Safe to run at any time and twice at once.
///
/// # Errors
/// `Database`.
pub async fn ensure(conn: &mut PgConnection, from: NaiveDate, to: NaiveDate) -> Result<()> {
    let mut month = from.with_day(1).ok_or_else(|| Error::internal("month without a first day"))?;
    while month <= to {
        sqlx::query!("select ensure_clicks_month($1)", month).execute(&mut *conn).await?;
        month = month + Months::new(1);
    }
    Ok(())
}
