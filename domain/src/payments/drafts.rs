//! Batches before they are processed: on which basis, whom they leave out and why.

use crate::ids::{BatchId, DraftId, EnrollmentId};
use crate::money::Money;
use crate::page::Page;
use crate::partners::{EnrollmentStatus, PartnerName};
use crate::words;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

words! {
    /// Which open entries a batch pays.
    pub enum PaymentBasis in "payment_basis" {
        /// The commissions of the range.
        Earned = "earned",
        /// Those, and what was open before the range.
        OpeningAndEarned = "opening_and_earned",
        /// All that is open at the moment of processing, whatever the range.
        Ending = "ending",
    }
}

impl PaymentBasis {
    /// Its name for people.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Earned => "Commission earned for the date range",
            Self::OpeningAndEarned => "Beginning balance plus commission earned for the date range",
            Self::Ending => "Ending balance",
        }
    }

    /// What it means, in a sentence for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Earned => "Commissions that became due in the range, less what was taken back of them.",
            Self::OpeningAndEarned => "Commissions that became due in the range or before it, and are not paid yet.",
            Self::Ending => "All that is due when you press Process, bonuses and clawbacks included.",
        }
    }
}

words! {
    /// Why a batch doesn't pay a partner.
    pub enum LeftOut in "left_out" {
        /// Nothing is due to it.
        Zero = "zero",
        /// Less than nothing is due: it is carried forward.
        Negative = "negative",
        /// What the basis comes to was paid before.
        AlreadyPaid = "already_paid",
        /// Less than its payout method's smallest payment.
        BelowMinimum = "below_minimum",
        /// It has not said where payments go.
        NoPayoutMethod = "no_payout_method",
        /// It has not confirmed a change of its payout method.
        UnconfirmedMethod = "unconfirmed_method",
        /// It is banned: what is payable is frozen.
        Frozen = "frozen",
        /// A person left it out.
        Excluded = "excluded",
    }
}

impl LeftOut {
    /// In a sentence for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Zero => "Nothing is due.",
            Self::Negative => "The balance is below zero: it is carried forward.",
            Self::AlreadyPaid => "Already paid for this range.",
            Self::BelowMinimum => "Below the minimum payment.",
            Self::NoPayoutMethod => "No payout method chosen.",
            Self::UnconfirmedMethod => "A change of the payout method is not confirmed yet.",
            Self::Frozen => "The partner is banned: the balance is frozen.",
            Self::Excluded => "Left out by hand.",
        }
    }

    /// Whether a person may pay it all the same, with a reason.
    #[must_use]
    pub fn may_be_overridden(self) -> bool {
        matches!(self, Self::BelowMinimum | Self::NoPayoutMethod | Self::UnconfirmedMethod | Self::Excluded)
    }
}

words! {
    /// How far a draft is.
    pub enum DraftStatus in "draft_status" {
        /// It can be changed, and waits for a person.
        Open = "open",
        /// It is being processed.
        Processing = "processing",
        /// Its batch is recorded.
        Processed = "processed",
        /// It could not be processed; it says why.
        Failed = "failed",
        /// A person gave it up.
        Cancelled = "cancelled",
    }
}

impl DraftStatus {
    /// In a word for people.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Open => "Draft",
            Self::Processing => "Processing",
            Self::Processed => "Processed",
            Self::Failed => "Not processed",
            Self::Cancelled => "Cancelled",
        }
    }
}

words! {
    /// Where a draft comes from.
    pub enum DraftSource in "draft_source" {
        /// Create payments, from the report or the page Pay.
        Report = "report",
        /// An export of the report: what it contained.
        Export = "export",
        /// The monthly run.
        Schedule = "schedule",
    }
}
