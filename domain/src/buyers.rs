//! Buyers: partners to whom leads are referred, and who pay for them.

mod choose;
mod eligibility;
mod schedule;

pub use choose::{Candidate, Turns, in_turn};
pub use eligibility::{Asked, Caps, Standing, Takes, eligibility, remedy};
pub use schedule::{Schedule, Window, clock};

use crate::words;

words! {
    /// How a lead of a type comes to its buyer.
    pub enum ReferralMethod in "referral_method" {
        /// At once, when it comes in.
        Immediately = "immediately",
        /// By hand, or by an action or rule.
        Manually = "manually",
        /// With an appointment that was made with the lead.
        Appointment = "appointment",
        /// The lead is called, and the call handed over.
        Transfer = "transfer",
    }
}

impl ReferralMethod {
    /// Its name for people.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Immediately => "Deliver immediately",
            Self::Manually => "Deliver manually",
            Self::Appointment => "Set appointments",
            Self::Transfer => "Telephone transfer",
        }
    }
}

words! {
    /// When a buyer is charged for a lead; only ever forward.
    pub enum ChargeAt in "charge_at" {
        /// When it is delivered, or accepted by the buyer where its type asks for that.
        Accepted = "accepted",
        /// When it is qualified.
        Qualified = "qualified",
        /// When it is won.
        Converted = "converted",
    }
}

impl ChargeAt {
    /// The word for people.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Accepted => "Accepted",
            Self::Qualified => "Qualified",
            Self::Converted => "Converted",
        }
    }
}

words! {
    /// Which of several eligible buyers a lead goes to first.
    pub enum Selection in "selection_rule" {
        /// The smallest number first; of those alike the one that waits longest.
        Priority = "priority",
        /// Whose last lead of the type was longest ago.
        LongestWaiting = "longest_waiting",
        /// One after the other.
        RoundRobin = "round_robin",
        /// By their weights, as evenly as can be.
        Weighted = "weighted",
        /// Who pays most; of those alike the one that waits longest.
        HighestPrice = "highest_price",
    }
}

impl Selection {
    /// Its name for people.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Priority => "By priority",
            Self::LongestWaiting => "Longest waiting first",
            Self::RoundRobin => "In turn",
            Self::Weighted => "By weight",
            Self::HighestPrice => "Highest price first",
        }
    }
}
