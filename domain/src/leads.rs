//! Leads: potential customers whom a partner introduces.

mod answers;
pub mod capture;
pub mod file;
mod form;
mod stages;
mod types;
mod views;

pub use answers::{Answers, BETWEEN, Sent, Wrong, domain_key, phone_key, posted, yes_no};
pub use form::{
    CONSENT, EMAIL, FieldKind, LINE, LONG, LeadField, LeadForm, MOST_FIELDS, MOST_OPTIONS, NAME, NameField, key_of,
};
pub use stages::{
    DuplicateRule, DuplicateScope, FormVersion, GroupChoice, LeadGroup, LeadGroupInput, LeadKey, LeadSettings,
    LeadStage, MOST_GROUPS, MOST_STAGES, StageColour, StageInput, StageName, check_stages,
};
pub use types::{LeadType, LeadTypeInput, MOST_SCOPE, MOST_TYPES};
pub use views::{
    BoardColumn, Consent, EventDetails, GivenConsent, LeadDetail, LeadEvent, LeadEventKind, LeadFile, LeadFilter,
    LeadNote, LeadRow, LeadSort, LeadTask, MOST_AT_ONCE, Move, MoveTo, NewLead, ON_BOARD, TaskInput, Unearned, Worked,
};

use crate::attribution::Step;
use crate::words;

/// How many leads a partner may add one by one on one day of the program's; imports have their own limit.
pub const MOST_A_DAY: i64 = 500;

words! {
    /// Where a lead stands with the team.
    pub enum Stage in "lead_stage" {
        /// Nobody of the team has reviewed it.
        New = "new",
        /// The team works on it.
        Qualified = "qualified",
        /// The team doesn't want it.
        Unqualified = "unqualified",
        /// It bought.
        ClosedWon = "closed_won",
        /// It didn't.
        ClosedLost = "closed_lost",
    }
}

impl Stage {
    /// The stage in words.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::New => "New",
            Self::Qualified => "Qualified",
            Self::Unqualified => "Unqualified",
            Self::ClosedWon => "Closed Won",
            Self::ClosedLost => "Closed Lost",
        }
    }

    /// Whether the lead is still worked on: its partner can't add it once more.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::New | Self::Qualified)
    }

    /// At which step of attribution a lead of this stage counts; `None` where the team turned it down.
    #[must_use]
    pub fn step(self) -> Option<Step> {
        match self {
            Self::Qualified | Self::ClosedWon => Some(Step::QualifiedLead),
            Self::New => Some(Step::UnreviewedLead),
            Self::Unqualified | Self::ClosedLost => None,
        }
    }
}

words! {
    /// What became of a lead, for the partner who added it.
    pub enum Outcome in "lead_outcome" {
        /// Nobody has signed up with its e-mail, and it would count.
        Waiting = "waiting",
        /// The same, and the team says that it has bought.
        Won = "won",
        /// Signed up, and is the partner's.
        SignedUp = "signed_up",
        /// Has paid, and is the partner's.
        Customer = "customer",
        /// Signed up, and is not the partner's.
        NotYours = "not_yours",
        /// Nobody has signed up with its e-mail, and the team doesn't want it, or it didn't buy.
        Lost = "lost",
        /// Nobody has signed up with its e-mail while it counted.
        Expired = "expired",
    }
}

impl Outcome {
    /// The outcome in words for the partner.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Waiting => "Waiting for sign-up",
            Self::Won => "Won",
            Self::SignedUp => "Signed up",
            Self::Customer => "Customer",
            Self::NotYours => "Not yours",
            Self::Lost => "Lost",
            Self::Expired => "No sign-up in time",
        }
    }

    /// The same in words for the team.
    #[must_use]
    pub fn team_label(self) -> &'static str {
        match self {
            Self::NotYours => "Not the partner's",
            other => other.label(),
        }
    }
}
