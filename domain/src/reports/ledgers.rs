//! The ledgers of all partners over a range of days.

use crate::ids::PartnerGroupId;
use crate::money::Money;
use crate::page::Page;
use crate::partners::{EnrollmentStatus, PartnerName};
use crate::payments::PayoutKind;
use crate::time::DayRange;
use crate::words;
use serde::{Deserialize, Serialize};

words! {
    /// How a partner's ending balance stands.
    pub enum BalanceState in "balance_state" {
        /// Above zero.
        Positive = "positive",
        /// Below zero: carried forward.
        Negative = "negative",
        /// Nothing.
        Zero = "zero",
        /// Above zero, and at or above the smallest payment of its payout method.
        Payable = "payable",
    }
}

impl BalanceState {
    /// Its name for people.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Positive => "Above zero",
            Self::Negative => "Below zero",
            Self::Zero => "Zero",
            Self::Payable => "At or above the minimum payment",
        }
    }
}

words! {
    /// By which column the report is sorted.
    #[derive(Default)]
    pub enum LedgerSort in "ledger_sort" {
        /// The partner's name.
        #[default]
        Name = "name",
        /// The beginning balance.
        Opening = "opening",
        /// Commissions.
        Commissions = "commissions",
        /// Clawbacks.
        Clawbacks = "clawbacks",
        /// Adjustments.
        Adjustments = "adjustments",
        /// Payments.
        Payments = "payments",
        /// The ending balance.
        Closing = "closing",
        /// What is held.
        Held = "held",
    }
}

/// Which partners' ledgers are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgersFilter {
    /// Part of the code, name, company or e-mail, whatever the case.
    #[serde(default)]
    pub search: String,
    /// With this tag.
    #[serde(default)]
    pub tag: Option<String>,
    /// Of this group.
    #[serde(default)]
    pub group: Option<PartnerGroupId>,
    /// Of this standing.
    #[serde(default)]
    pub status: Option<EnrollmentStatus>,
    /// Paid in this way.
    #[serde(default)]
    pub method: Option<PayoutKind>,
    /// Of this country: ISO 3166 code.
    #[serde(default)]
    pub country: Option<String>,
    /// Whose ending balance stands so.
    #[serde(default)]
    pub balance: Option<BalanceState>,
}

/// What a partner's payable moved in a range, by posting date; or what all of them did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerFigures {
    /// The balance before the range.
    pub opening: Money,
    /// Commissions that became due.
    pub commissions: Money,
    /// What was taken back: zero or below.
    pub clawbacks: Money,
    /// Bonuses, corrections and opening balances of an import.
    pub adjustments: Money,
    /// What was paid, less what failed: mostly below zero.
    pub payments: Money,
    /// The balance after the range: the sum of the others.
    pub closing: Money,
    /// What is held now besides, which no payment pays.
    pub held: Money,
}

/// A partner in the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgersRow {
    /// Who.
    pub partner: PartnerName,
    /// Its company; may be empty.
    pub company: String,
    /// Its standing.
    pub status: EnrollmentStatus,
    /// Where payments go, in words; empty where not chosen.
    pub method: String,
    /// Its figures.
    pub figures: LedgerFigures,
}

/// The report: a page of partners, and what all whom the filter finds come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledgers {
    /// The days it is about.
    pub range: DayRange,
    /// A page of partners.
    pub page: Page<LedgersRow>,
    /// How many partners there are.
    pub partners: i64,
    /// What they come to.
    pub totals: LedgerFigures,
}
