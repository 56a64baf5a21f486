//! The words of the double-entry ledger. "X → Y" takes an amount from X and adds it to Y; the entries of a journal
//! sum to zero.

mod adjust;
mod books;
mod statements;

pub use adjust::{Adjustment, AdjustmentKind};
pub use books::{AccountBalance, JournalDay, JournalLine, TrialBalance, credit, debit};
pub use statements::{Statement, StatementDetail, month_name, month_of, month_word};

use crate::words;

words! {
    /// What a journal records.
    pub enum JournalKind in "journal_kind" {
        /// A commission is earned: commission_expense → held, or payable at once with no hold.
        Commission = "commission",
        /// A hold ends: held → payable.
        HoldEnd = "hold_end",
        /// A refund, chargeback or reversal: held, else payable → commission_expense.
        Clawback = "clawback",
        /// A bonus or correction: commission_expense ↔ payable.
        Adjustment = "adjustment",
        /// A payment: payable → paid_out.
        Payment = "payment",
        /// A payment that failed or was cancelled: paid_out → payable, a new open entry.
        PaymentFailed = "payment_failed",
        /// The opening balance of an import.
        OpeningBalance = "opening_balance",
    }
}

impl JournalKind {
    /// Its name for people.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Commission => "Commission",
            Self::HoldEnd => "Hold ended",
            Self::Clawback => "Clawback",
            Self::Adjustment => "Bonus or correction",
            Self::Payment => "Payment",
            Self::PaymentFailed => "Payment taken back",
            Self::OpeningBalance => "Opening balance",
        }
    }
}

words! {
    /// An account of the ledger: per enrollment (held, payable) or per program.
    pub enum LedgerAccount in "ledger_account" {
        /// Owed to the partner, not yet due.
        Held = "held",
        /// Owed to the partner and due: "Awaiting payout".
        Payable = "payable",
        /// What the program's commissions have cost.
        CommissionExpense = "commission_expense",
        /// What partners have been paid.
        PaidOut = "paid_out",
        /// Where opening balances come from.
        OpeningBalances = "opening_balances",
    }
}

impl LedgerAccount {
    /// Its name for people.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Held => "Held",
            Self::Payable => "Awaiting payout",
            Self::CommissionExpense => "Commission expense",
            Self::PaidOut => "Paid out",
            Self::OpeningBalances => "Opening balances",
        }
    }

    /// Whether each enrollment has one of its own.
    #[must_use]
    pub fn of_enrollment(self) -> bool {
        matches!(self, Self::Held | Self::Payable)
    }
}
