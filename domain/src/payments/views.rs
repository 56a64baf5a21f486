use super::{DraftSource, LeftOut, MethodSum, PaymentStatus, StatusSum, payment_reference};
use crate::ids::{BatchId, EntryId, PaymentId};
use crate::ledger::JournalKind;
use crate::money::Money;
use crate::page::Page;
use crate::partners::{EnrollmentStatus, PartnerName};
use crate::programs::Payer;
use crate::why::Why;
use crate::words;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// A partner with a positive due balance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DuePartner {
    /// Who.
    pub partner: PartnerName,
    /// Its standing.
    pub status: EnrollmentStatus,
    /// What is due.
    pub due: Money,
    /// What is held besides.
    pub held: Money,
    /// Where payments go, in words; empty where not chosen.
    pub method: String,
    /// When it was last paid, UTC.
    pub last_paid_at: Option<DateTime<Utc>>,
    /// Why a batch would leave it out.
    pub left_out: Option<LeftOut>,
}

/// A payment batch in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchRow {
    /// Its id.
    pub id: BatchId,
    /// Its code.
    pub code: String,
    /// When the money goes out.
    pub payment_date: NaiveDate,
    /// For the team.
    pub note: String,
    /// Who recorded it; empty for the system.
    pub created_by: String,
    /// When it was recorded, UTC.
    pub created_at: DateTime<Utc>,
    /// How many payments it has.
    pub payments: i64,
    /// How many of them failed or were cancelled.
    pub failed: i64,
    /// What it came to, without those that failed or were cancelled.
    pub total: Money,
}

/// A batch as its page shows it, but for the payments, which are listed page by page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchSummary {
    /// The batch.
    pub batch: BatchRow,
    /// How it was prepared; `None` where it was recorded without a preview.
    pub prepared: Option<Prepared>,
    /// What its payments come to by status, those that there are.
    pub statuses: Vec<StatusSum>,
    /// What they come to, by method and currency.
    pub methods: Vec<MethodSum>,
}

impl BatchSummary {
    /// What was recorded, with what was taken back since.
    #[must_use]
    pub fn recorded(&self) -> Money {
        let amount = self.statuses.iter().map(|sum| sum.amount.amount).sum();
        Money::new(amount, self.batch.total.currency)
    }
}

/// Who prepared a batch, and who agreed to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prepared {
    /// Where it came from.
    pub source: DraftSource,
    /// Who made it; empty for the monthly run.
    pub made_by: String,
    /// When, UTC.
    pub made_at: DateTime<Utc>,
    /// Who changed last what it says or whom it pays; empty: nobody.
    pub changed_by: String,
    /// Who agreed to it, where two had to; empty: nobody.
    pub agreed_by: String,
    /// When, UTC.
    pub agreed_at: Option<DateTime<Utc>>,
}

/// Which payments of a batch are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchFilter {
    /// In this status.
    #[serde(default)]
    pub status: Option<PaymentStatus>,
    /// To the partner with this code, also an old one of its.
    #[serde(default)]
    pub partner_code: Option<String>,
}

/// Which payments are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentFilter {
    /// To the partner with this code, also an old one of its. Nothing of another partner's where a partner asks.
    #[serde(default)]
    pub partner_code: Option<String>,
    /// In this status.
    #[serde(default)]
    pub status: Option<PaymentStatus>,
    /// Whose money goes out on this day or later.
    #[serde(default)]
    pub from: Option<NaiveDate>,
    /// Whose money goes out on this day or earlier.
    #[serde(default)]
    pub to: Option<NaiveDate>,
}

/// A payment; a payout as the partner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRow {
    /// Its id.
    pub id: PaymentId,
    /// Its batch.
    pub batch_id: BatchId,
    /// The batch's code.
    pub batch_code: String,
    /// Who is paid.
    pub partner: PartnerName,
    /// How much.
    pub amount: Money,
    /// The payout method then, in words.
    pub method: String,
    /// Where it went, masked; empty where that is not known.
    pub masked: String,
    /// The provider's own number for it; empty where none was told.
    pub number: String,
    /// What became of it.
    pub status: PaymentStatus,
    /// On which day it did, in the program's time zone; `None` where nothing has since it was recorded.
    pub status_day: Option<NaiveDate>,
    /// How it was taken back; for the team alone, of a batch's payments.
    pub taken_back: Option<TakenBack>,
    /// When the money goes out.
    pub payment_date: NaiveDate,
    /// When it was recorded, UTC.
    pub created_at: DateTime<Utc>,
    /// What it paid, and why that amount.
    pub why: Why,
}

/// How a payment was taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenBack {
    /// Why, in the words of the team or of the provider.
    pub reason: String,
    /// Who did; empty for the system.
    pub by: String,
    /// When, UTC.
    pub at: DateTime<Utc>,
}

impl PaymentRow {
    /// By what it is recognised at the provider.
    #[must_use]
    pub fn reference(&self) -> String {
        payment_reference(self.id)
    }
}

/// What a list of payments comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentTotals {
    /// How many.
    pub count: i64,
    /// What they come to, without those that failed or were cancelled.
    pub paid: Money,
}

/// A payment with all that it paid for: a remittance advice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentDetail {
    /// The payment.
    pub payment: PaymentRow,
    /// For which program.
    pub program: String,
    /// Who paid.
    pub payer: Payer,
    /// The company of who was paid; empty where none is known.
    pub company: String,
    /// The address of who was paid, of several lines, the country the last; empty where none is known.
    pub address: String,
    /// The e-mail of who was paid.
    pub email: String,
    /// Where the money went, masked; empty where that is not known.
    pub masked: String,
    /// What it comes to by kind.
    pub parts: Vec<PaymentPart>,
    /// What it paid for, what happened first the first.
    pub lines: Page<PaymentLine>,
}

/// What a payment comes to of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentPart {
    /// Commissions, clawbacks, corrections, payments that failed before.
    pub kind: PartKind,
    /// How many.
    pub count: i64,
    /// What they come to, below zero where taken off.
    pub amount: Money,
}

words! {
    /// What a payment is made of.
    pub enum PartKind in "payment_part" {
        /// Commissions that were due.
        Commissions = "commissions",
        /// What refunds and reversals took back.
        Clawbacks = "clawbacks",
        /// Bonuses and corrections.
        Corrections = "corrections",
        /// Earlier payments that failed or were cancelled.
        Reopened = "reopened",
        /// The opening balance of an import.
        Opening = "opening",
    }
}

impl PartKind {
    /// Of what a journal records.
    #[must_use]
    pub fn of(kind: JournalKind) -> Self {
        match kind {
            JournalKind::Clawback => Self::Clawbacks,
            JournalKind::Adjustment => Self::Corrections,
            JournalKind::Payment | JournalKind::PaymentFailed => Self::Reopened,
            JournalKind::OpeningBalance => Self::Opening,
            _ => Self::Commissions,
        }
    }

    /// In a few words for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Commissions => "Commissions",
            Self::Clawbacks => "Taken back after refunds",
            Self::Corrections => "Bonuses and corrections",
            Self::Reopened => "Earlier payments that did not arrive",
            Self::Opening => "Opening balance",
        }
    }
}

/// An entry that a payment settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentLine {
    /// The entry.
    pub id: EntryId,
    /// When its cause happened, UTC.
    pub happened_at: DateTime<Utc>,
    /// The day of that.
    pub day: NaiveDate,
    /// The cause in words: `Commission for a sale`, `Refund of $40.00`.
    pub cause: String,
    /// Why a bonus or correction was made, in the words of the team; empty for all else.
    pub reason: String,
    /// The customer behind it as the asker may see it; empty where there is none.
    pub customer: String,
    /// Paid (above zero) or taken off.
    pub amount: Money,
}
