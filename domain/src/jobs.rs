//! Work that happens later, as admins see it when it fails.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A job that has failed for good, and is not tried again unless an admin says so; or work that recurs and fails now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedJob {
    /// Its number.
    pub id: i64,
    /// What it does, in words: "Mail: payment sent".
    pub what: String,
    /// The last error.
    pub error: String,
    /// How often it was tried.
    pub attempts: i32,
    /// When it was enqueued, UTC.
    pub created_at: DateTime<Utc>,
    /// When it failed last, UTC.
    pub failed_at: DateTime<Utc>,
}
