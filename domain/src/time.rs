//! Days and ranges in a program's time zone. The zone's rules live on the server; here are only dates.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// How far ahead an `occurred_at` may lie.
pub const MAX_AHEAD: Duration = Duration::minutes(5);

/// How many months back an `occurred_at` may lie.
pub const MAX_MONTHS_BACK: u32 = 13;

/// Days from `from` to `to`, both included, in the program's time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayRange {
    /// The first day.
    pub from: NaiveDate,
    /// The last day, included.
    pub to: NaiveDate,
}

impl DayRange {
    /// How many days the range has; 0 where it ends before it begins.
    #[must_use]
    pub fn days(self) -> i64 {
        (self.to - self.from).num_days().max(-1) + 1
    }

    /// The range of the same length just before this one.
    #[must_use]
    pub fn before(self) -> Self {
        let length = Duration::days(self.days());
        Self { from: self.from - length, to: self.to - length }
    }
}

/// Checks when an event is said to have happened, against the instant at which it is told.
///
/// # Errors
/// What is wrong, in words, where it lies more than 5 minutes ahead or 13 months back.
pub fn check_occurred_at(occurred_at: DateTime<Utc>, at: DateTime<Utc>) -> Result<(), &'static str> {
    if occurred_at > at + MAX_AHEAD {
        return Err("More than 5 minutes in the future.");
    }
    let oldest = at.checked_sub_months(chrono::Months::new(MAX_MONTHS_BACK));
    if oldest.is_none_or(|oldest| occurred_at < oldest) {
        return Err("More than 13 months ago.");
    }
    Ok(())
}
