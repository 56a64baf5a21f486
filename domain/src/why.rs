//! Every decision explains itself: the checks it made, in order.

use serde::{Deserialize, Serialize};

/// One check of a decision, as stored beside it and shown under "Why?".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Check {
    /// Which check: a snake-case word, stable for programs (`promo_code`, `window`, `hold`).
    pub check: String,
    /// Whether it passed.
    pub passed: bool,
    /// The figures, in a sentence for people.
    pub detail: String,
}

/// The checks of one decision in the order in which they were made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Why(pub Vec<Check>);

impl Why {
    /// Notes a check that passed.
    pub fn pass(&mut self, check: &str, detail: impl Into<String>) {
        self.0.push(Check { check: check.into(), passed: true, detail: detail.into() });
    }

    /// Notes a check that failed.
    pub fn fail(&mut self, check: &str, detail: impl Into<String>) {
        self.0.push(Check { check: check.into(), passed: false, detail: detail.into() });
    }
}
