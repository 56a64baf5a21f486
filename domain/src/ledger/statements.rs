use crate::money::Money;
use crate::page::Page;
use crate::partners::PartnerName;
use crate::programs::Payer;
use crate::reports::LedgerRow;
use crate::time::DayRange;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// What a month came to for a partner, by posting date: `closing` is the sum of the others but `held`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// The month's first day.
    pub month: NaiveDate,
    /// Whether the month is closed: nothing changes any more.
    pub is_final: bool,
    /// What was due when it began; below zero where clawbacks were carried forward.
    pub opening: Money,
    /// Commissions that became due.
    pub commissions: Money,
    /// What was taken back: zero or below.
    pub clawbacks: Money,
    /// Bonuses, corrections and opening balances of an import.
    pub adjustments: Money,
    /// What was paid, less what failed: mostly below zero.
    pub payments: Money,
    /// What was due when it ended.
    pub closing: Money,
    /// What was held besides when it ended.
    pub held: Money,
}

/// A statement with all that stands on its sheet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementDetail {
    /// The figures.
    pub statement: Statement,
    /// Of its payments: those that failed or were cancelled, and came back.
    pub returned: Money,
    /// The month's days, in the time zone that the program had then.
    pub days: DayRange,
    /// For which program.
    pub program: String,
    /// Who pays.
    pub payer: Payer,
    /// Whose it is.
    pub partner: PartnerName,
    /// Its company; empty where none is known.
    pub company: String,
    /// Its address, of several lines, the country the last; empty where none is known.
    pub address: String,
    /// What was posted to its balance in the month, the oldest first.
    pub entries: Page<LedgerRow>,
}

/// A month as addresses name it: `2026-11`.
#[must_use]
pub fn month_word(month: NaiveDate) -> String {
    month.format("%Y-%m").to_string()
}

/// A month as people name it: `November 2026`.
#[must_use]
pub fn month_name(month: NaiveDate) -> String {
    month.format("%B %Y").to_string()
}

/// The first day of the month that an address names.
#[must_use]
pub fn month_of(word: &str) -> Option<NaiveDate> {
    let first: NaiveDate = format!("{word}-01").parse().ok()?;
    (month_word(first) == word && crate::time::check_day(first).is_ok()).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_named_in_one_way() {
        let november = NaiveDate::from_ymd_opt(2026, 11, 1).expect("day");
        assert_eq!(month_of(&month_word(november)), Some(november));
        for wrong in ["", "2026", "2026-13", "2026-1", "2026-11-02", "-9999-01", "x"] {
            assert_eq!(month_of(wrong), None, "{wrong}");
        }
    }
}
