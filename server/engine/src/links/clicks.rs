use super::ShortLink;
use crate::Moment;
use chrono::NaiveDate;
use domain::ids::{ClickId, EnrollmentId, LinkId, ProgramId};
use sqlx::PgPool;
use std::time::Duration;

/// A click to be written.
#[derive(Clone, Debug)]
pub struct NewClick {
    /// Its id, in which is its time.
    pub id: ClickId,
    program: ProgramId,
    link: LinkId,
    enrollment: EnrollmentId,
    /// In the program's time zone.
    day: NaiveDate,
    visit: Visit,
}

/// What is known of a click's visitor. Where the program asks for consent and has none, only `is_unique` and `target`
/// are given.
#[derive(Clone, Debug, Default)]
pub struct Visit {
    /// Whether it is the visitor's first on that link that day.
    pub is_unique: bool,
    /// Where the visitor was sent, without the click id; at most 2,000 characters are kept.
    pub target: String,
    /// The page that the visitor came from, or empty; at most 2,000 characters are kept.
    pub referrer: String,
    /// The partner's own mark (`?sub=`), or empty; at most 200 characters are kept.
    pub sub_id: String,
    /// ISO 3166 code, or empty.
    pub country: String,
    /// Keyed hash of the IP address.
    pub ip_hash: Option<Vec<u8>>,
}

impl NewClick {
    /// A click on a link at this moment.
    #[must_use]
    pub fn new(_moment: &Moment, _link: &ShortLink, _visit: Visit) -> Self {
        todo!()
    }
}

/// Postgres has not confirmed the click in time, or can't be reached: the visitor lands without a click id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the click was not confirmed")]
pub struct NotConfirmed;

/// Counts since the start, for `/metrics`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClickCounts {
    /// Confirmed in time.
    pub recorded: u64,
    /// Answered without a click id: `clicks_unrecorded_total`.
    pub unrecorded: u64,
    /// Of those, committed after all: `clicks_late_total`.
    pub late: u64,
}

/// Writes clicks in batches: while one commits, the next gathers.
#[derive(Clone, Debug)]
pub struct ClickWriter {}

impl ClickWriter {
    /// Starts the writer.
    #[must_use]
    pub fn start(_pool: PgPool) -> Self {
        todo!()
    }

    /// Records a click, and returns once it is committed.
    ///
    /// # Errors
    /// `NotConfirmed` after 500 ms, or at once where too many wait.
    pub async fn record(&self, _click: NewClick) -> Result<(), NotConfirmed> {
        todo!()
    }

    /// The counts so far.
    #[must_use]
    pub fn counts(&self) -> ClickCounts {
        todo!()
    }

    /// Takes no more clicks and writes those that wait, for at most `patience`.
    pub async fn shutdown(&self, _patience: Duration) {
        todo!()
    }
}
