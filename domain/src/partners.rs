//! Partners: enrollments, their standing and their kinds.

use crate::ids::EnrollmentId;
use crate::words;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

words! {
    /// An enrollment's standing.
    pub enum EnrollmentStatus in "enrollment_status" {
        /// Waits for an admin.
        Pending = "pending",
        /// Earns.
        Active = "active",
        /// Earns nothing for what happens in the pause.
        Paused = "paused",
        /// Has lost what was held; what is payable is frozen.
        Banned = "banned",
        /// Was never let in.
        Declined = "declined",
    }
}

impl EnrollmentStatus {
    /// Which standings an admin may move an enrollment to from this one.
    #[must_use]
    pub fn moves(self) -> &'static [Self] {
        match self {
            Self::Pending => &[Self::Active, Self::Declined],
            Self::Active => &[Self::Paused, Self::Banned],
            Self::Paused => &[Self::Active, Self::Banned],
            Self::Banned | Self::Declined => &[Self::Active],
        }
    }
}

/// What an enrollment does in the program; one may be several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kinds {
    /// Shares links.
    pub affiliate: bool,
    /// Submits leads.
    pub introducer: bool,
    /// Is referred leads.
    pub buyer: bool,
}

/// A partner as lists and menus name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartnerName {
    /// Its id.
    pub id: EnrollmentId,
    /// Its code as it is written now.
    pub code: String,
    /// Its name for people: the person's, else the company's.
    pub name: String,
}

/// A change of standing; the history decides what counted at an instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusChange {
    /// From when on, UTC.
    pub at: DateTime<Utc>,
    /// The standing from then on.
    pub status: EnrollmentStatus,
}

/// The standing at an instant, by a history in order of time; `None` before the first change.
#[must_use]
pub fn status_at(history: &[StatusChange], at: DateTime<Utc>) -> Option<EnrollmentStatus> {
    history.iter().rev().find(|change| change.at <= at).map(|change| change.status)
}
