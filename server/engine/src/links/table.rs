use crate::Result;
use chrono::{DateTime, NaiveDate, Utc};
use domain::ids::{EnrollmentId, LinkId, ProgramId};
use domain::partners::EnrollmentStatus;
use domain::programs::ClickModel;
use sqlx::PgPool;
use std::sync::Arc;

/// All programs' links in memory: answers a short link without a query.
#[derive(Debug, Default)]
pub struct LinkTable {}

/// What the short link and the snippet need of a program.
#[derive(Clone, Debug)]
pub struct ProgramRules {
    /// Its id.
    pub id: ProgramId,
    /// Its name in addresses.
    pub slug: String,
    /// Its time zone.
    pub zone: chrono_tz::Tz,
    /// The window in days, for which the cookie is kept.
    pub window_days: i32,
    /// First or last click.
    pub click_model: ClickModel,
    /// Whether nothing may be set or stored about a visitor before consent.
    pub consent_required: bool,
    /// The program's website, an absolute address.
    pub website: String,
    /// Hosts besides the website's own, where links may lead and the snippet may run.
    pub allowed_hosts: Vec<String>,
}

impl ProgramRules {
    /// The day of an instant in the program's time zone.
    #[must_use]
    pub fn day(&self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&self.zone).date_naive()
    }
}

/// A short link that was found.
#[derive(Clone, Debug)]
pub struct ShortLink {
    /// Its program.
    pub program: Arc<ProgramRules>,
    /// The link.
    pub link: LinkId,
    /// Whose it is.
    pub enrollment: EnrollmentId,
    /// The partner's standing.
    pub status: EnrollmentStatus,
    /// Where it leads.
    pub destination: Arc<str>,
}

impl ShortLink {
    /// Whether clicks are recorded: of partners who earn, or who are paused; others' visitors only land.
    #[must_use]
    pub fn records(&self) -> bool {
        matches!(self.status, EnrollmentStatus::Active | EnrollmentStatus::Paused)
    }
}

impl LinkTable {
    /// Reads all programs' links.
    ///
    /// # Errors
    /// `Database`.
    pub async fn load(_pool: &PgPool) -> Result<Self> {
        todo!()
    }

    /// Keeps the table fresh until the future is dropped: listens for changes, and reads everything again after the
    /// connection was lost.
    pub async fn run_listener(self: Arc<Self>, _pool: PgPool) {
        todo!()
    }

    /// The link of a code, present or past, whatever the case; `None` where there is none or it is switched off.
    #[must_use]
    pub fn find(&self, _program_slug: &str, _code: &str) -> Option<ShortLink> {
        todo!()
    }

    /// A program by its name in addresses.
    #[must_use]
    pub fn program(&self, _slug: &str) -> Option<Arc<ProgramRules>> {
        todo!()
    }
}
