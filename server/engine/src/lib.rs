//! The use cases on Postgres. A use case is a plain async function: it takes a connection (or the pool where it owns
//! the transaction), the moment, who is asking and a typed input, and returns a typed result.
//!
//! Nothing outside this crate contains SQL.

pub mod accounts;
pub mod assets;
pub mod attribution;
pub mod commissions;
pub mod conversations;
pub mod customers;
pub mod demo;
mod error;
pub mod files;
#[cfg(test)]
mod fixtures;
pub mod integrations;
pub mod jobs;
pub mod leads;
pub mod ledger;
pub mod links;
pub mod messages;
mod moment;
pub mod offers;
pub mod partners;
pub mod payments;
pub mod portal;
mod privacy;
pub mod programs;
pub mod qr;
pub mod reports;
pub mod sales;
pub mod secrets;

pub use error::{Error, Result};
pub use moment::Moment;

use sqlx::migrate::Migrator;
use std::sync::LazyLock;

/// The schema and that of the job library, applied in order by `tributary migrate` and by tests.
pub static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    let ours: Migrator = sqlx::migrate!("./migrations");
    Migrator::with_migrations(ours.iter().cloned().chain(jobs::migrations()).collect())
});

/// Brings the database to this version's schema. Safe where several processes start at once.
///
/// # Errors
/// `Internal` where a migration fails, or the database is of a later version.
pub async fn migrate(pool: &sqlx::PgPool) -> Result<()> {
    MIGRATIONS.run(pool).await.map_err(Error::internal)
}
