//! The demo: two programs with believable people and a year of history, made by the use cases that serve requests.

use crate::Result;
use chrono::{DateTime, Utc};
use sqlx::PgPool;

/// How large a demo shall be.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The instant at which the history ends.
    pub at: DateTime<Utc>,
    /// Partners in the first program.
    pub partners: u32,
    /// Months of history.
    pub months: u32,
    /// Clicks in the first program.
    pub clicks: u64,
    /// From which everything follows.
    pub seed: u64,
}

/// What was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The demo, with so many clicks, sales and commissions in all.
    Built {
        /// Clicks.
        clicks: u64,
        /// Sales.
        sales: u64,
        /// Commissions.
        commissions: u64,
    },
    /// A demo is there already; nothing was changed.
    AlreadyThere,
}

/// Builds the demo, unless there is one.
///
/// # Errors
/// `Conflict` where another program has one of the demo's names; what the use cases answer.
pub async fn build(_pool: &PgPool, _options: &Options) -> Result<Outcome> {
    todo!()
}
