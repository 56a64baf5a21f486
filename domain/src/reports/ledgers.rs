//! The ledgers of all partners over a range of days.

use crate::ids::PartnerGroupId;
use crate::money::Money;
use crate::page::Page;
use crate::partners::{EnrollmentStatus, PartnerName};
use crate::payments::PayoutKind;
use crate::text::{FieldError, code_key};
use crate::time::{DayRange, check_day};
use crate::words;
use chrono::{Datelike, Months, NaiveDate};
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
        /// The payout method, in words, and then the name.
        Method = "method",
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
    /// These alone, by their codes; none: all.
    #[serde(default)]
    pub codes: Vec<String>,
}

words! {
    /// The days that the report offers.
    #[derive(Default)]
    pub enum LedgersPeriod in "ledgers_period" {
        /// From the 1st of this month to today.
        #[default]
        ThisMonth = "this_month",
        /// The whole month before this one.
        LastMonth = "last_month",
        /// From the first day of this quarter to today.
        ThisQuarter = "this_quarter",
        /// Days that a person chose.
        Custom = "custom",
    }
}

impl LedgersPeriod {
    /// Its name for people.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::ThisMonth => "This month to now",
            Self::LastMonth => "Last month",
            Self::ThisQuarter => "This quarter",
            Self::Custom => "Custom",
        }
    }

    /// Its days, where `today` is the day in the program's time zone; those of `Custom` are a person's.
    #[must_use]
    pub fn range(self, today: NaiveDate) -> DayRange {
        let first = today.with_day(1).unwrap_or(today);
        let back = |months| first.checked_sub_months(Months::new(months)).unwrap_or(first);
        match self {
            Self::ThisMonth | Self::Custom => DayRange { from: first, to: today },
            Self::LastMonth => DayRange { from: back(1), to: first.pred_opt().unwrap_or(first) },
            Self::ThisQuarter => DayRange { from: back(first.month0() % 3), to: today },
        }
    }
}

/// What is wrong with the days of the report, beside the field: they may not end before they begin, nor begin in the
/// future.
#[must_use]
pub fn check_ledgers_range(range: DayRange, today: NaiveDate) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (field, day) in [("from", range.from), ("to", range.to)] {
        if let Err(words) = check_day(day) {
            errors.push(FieldError::new(field, words));
        }
    }
    if range.to < range.from {
        errors.push(FieldError::new("to", "This day lies before the first one."));
    } else if range.from > today {
        errors.push(FieldError::new("from", "This day lies in the future."));
    }
    errors
}

/// The report as an address asks for it: words, as they stand there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgersAsked {
    /// What is sought in names and codes.
    #[serde(default)]
    pub q: Option<String>,
    /// A standing.
    #[serde(default)]
    pub status: Option<String>,
    /// A group's id.
    #[serde(default)]
    pub group: Option<String>,
    /// A tag.
    #[serde(default)]
    pub tag: Option<String>,
    /// A payout method.
    #[serde(default)]
    pub method: Option<String>,
    /// A country's code.
    #[serde(default)]
    pub country: Option<String>,
    /// How the balance stands.
    #[serde(default)]
    pub balance: Option<String>,
    /// A word of [`LedgersPeriod`].
    #[serde(default)]
    pub period: Option<String>,
    /// The first day of a custom range.
    #[serde(default)]
    pub from: Option<String>,
    /// Its last day.
    #[serde(default)]
    pub to: Option<String>,
    /// A word of [`LedgerSort`], with `-` before it where the largest is the first.
    #[serde(default)]
    pub sort: Option<String>,
    /// The codes of the partners that were chosen, with commas between them.
    #[serde(default)]
    pub codes: Option<String>,
}

impl LedgersAsked {
    /// The keys of the address.
    pub const KEYS: &'static [&'static str] =
        &["q", "status", "group", "tag", "method", "country", "balance", "period", "from", "to", "sort", "codes"];

    /// What an address asks for.
    #[must_use]
    pub fn of(value: impl Fn(&str) -> Option<String>) -> Self {
        Self {
            q: value("q"),
            status: value("status"),
            group: value("group"),
            tag: value("tag"),
            method: value("method"),
            country: value("country"),
            balance: value("balance"),
            period: value("period"),
            from: value("from"),
            to: value("to"),
            sort: value("sort"),
            codes: value("codes"),
        }
    }

    /// Its keys and values, those that are given.
    #[must_use]
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let values = [
            &self.q,
            &self.status,
            &self.group,
            &self.tag,
            &self.method,
            &self.country,
            &self.balance,
            &self.period,
            &self.from,
            &self.to,
            &self.sort,
            &self.codes,
        ];
        let pairs = Self::KEYS.iter().zip(values).filter_map(|(key, value)| Some((*key, value.clone()?)));
        pairs.filter(|(_, value)| !value.is_empty()).collect()
    }

    /// Which days are chosen.
    #[must_use]
    pub fn period(&self) -> LedgersPeriod {
        let given = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.trim().is_empty());
        if given(&self.from) || given(&self.to) {
            return LedgersPeriod::Custom;
        }
        let word = self.period.as_deref().unwrap_or_default();
        word.parse().ok().filter(|period| *period != LedgersPeriod::Custom).unwrap_or_default()
    }

    fn range(&self, today: NaiveDate) -> Result<DayRange, Vec<FieldError>> {
        let period = self.period();
        if period != LedgersPeriod::Custom {
            return Ok(period.range(today));
        }
        let mut errors = Vec::new();
        let mut day = |field: &str, text: &Option<String>| {
            let day = text.as_deref().and_then(|text| text.trim().parse::<NaiveDate>().ok());
            day.unwrap_or_else(|| {
                errors.push(FieldError::new(field, "Use a date such as 2026-12-01."));
                today
            })
        };
        let range = DayRange { from: day("from", &self.from), to: day("to", &self.to) };
        if errors.is_empty() {
            errors = check_ledgers_range(range, today);
        }
        if errors.is_empty() { Ok(range) } else { Err(errors) }
    }

    /// What is asked for, where `today` is the day in the program's time zone. Words that can't be read are as good as not
    /// given.
    ///
    /// # Errors
    /// What is wrong with the days, by field.
    pub fn query(&self, today: NaiveDate) -> Result<LedgersQuery, Vec<FieldError>> {
        fn word<T: std::str::FromStr>(text: &Option<String>) -> Option<T> {
            text.as_deref()?.parse().ok()
        }
        let codes = self.codes.as_deref().unwrap_or_default().split(',').map(code_key);
        let filter = LedgersFilter {
            search: self.q.clone().unwrap_or_default().trim().to_owned(),
            tag: self.tag.clone().filter(|tag| !tag.is_empty()),
            group: word(&self.group),
            status: word(&self.status),
            method: word(&self.method),
            country: self.country.as_deref().map(|code| code.trim().to_uppercase()).filter(|code| !code.is_empty()),
            balance: word(&self.balance),
            codes: codes.filter(|code| !code.is_empty()).collect(),
        };
        let sort = self.sort.as_deref().unwrap_or_default();
        let (descending, sort) = sort.strip_prefix('-').map_or((false, sort), |sort| (true, sort));
        let sort = sort.parse().unwrap_or_default();
        Ok(LedgersQuery { filter, range: self.range(today)?, sort, descending })
    }
}

/// What the report is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgersQuery {
    /// Which partners.
    pub filter: LedgersFilter,
    /// Which days.
    pub range: DayRange,
    /// By which column it is sorted.
    pub sort: LedgerSort,
    /// Whether the largest is the first, or the last name.
    pub descending: bool,
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("day")
    }

    fn asked(period: &str, from: &str, to: &str) -> LedgersAsked {
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        LedgersAsked { period: given(period), from: given(from), to: given(to), ..LedgersAsked::default() }
    }

    #[test]
    fn days_are_this_month_s_unless_others_are_asked_for() {
        let today = day("2026-11-20");
        let range = |asked: LedgersAsked| asked.query(today).map(|query| (query.range.from, query.range.to));
        assert_eq!(range(asked("", "", "")), Ok((day("2026-11-01"), today)));
        assert_eq!(range(asked("last_month", "", "")), Ok((day("2026-10-01"), day("2026-10-31"))));
        assert_eq!(range(asked("this_quarter", "", "")), Ok((day("2026-10-01"), today)));
        assert_eq!(range(asked("custom", "", "")), Ok((day("2026-11-01"), today)), "without days it says nothing");
        assert_eq!(range(asked("", "2026-03-05", "2026-12-31")), Ok((day("2026-03-05"), day("2026-12-31"))));
        let fields = |asked: LedgersAsked| {
            let errors = asked.query(today).expect_err("refused");
            errors.into_iter().map(|error| error.field).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(fields(asked("", "2026-11-10", "2026-11-09")), "to");
        assert_eq!(fields(asked("", "2026-11-21", "2026-11-22")), "from");
        assert_eq!(fields(asked("", "soon", "")), "from to");
        assert_eq!(fields(asked("", "1999-11-21", "2026-11-22")), "from");
    }

    #[test]
    fn words_that_nobody_knows_ask_for_nothing() {
        let asked = LedgersAsked {
            balance: Some("huge".into()),
            sort: Some("-closing".into()),
            codes: Some("Ada, ben,,".into()),
            ..LedgersAsked::default()
        };
        let query = asked.query(day("2026-11-20")).expect("query");
        assert_eq!((query.filter.balance, query.sort, query.descending), (None, LedgerSort::Closing, true));
        assert_eq!(query.filter.codes, ["ada", "ben"]);
        let again =
            LedgersAsked::of(|key| asked.pairs().into_iter().find(|(name, _)| *name == key).map(|(_, value)| value));
        assert_eq!(again, asked);
    }

    proptest! {
        #[test]
        fn a_period_begins_with_a_month_and_never_in_the_future(ordinal in 0_i64..20_000) {
            let today = day("2001-01-01") + chrono::Duration::days(ordinal);
            for period in LedgersPeriod::ALL {
                let range = period.range(today);
                prop_assert_eq!(range.from.day(), 1);
                prop_assert!(check_ledgers_range(range, today).is_empty());
            }
        }
    }
}
