//! Batches before they are processed: on which basis, whom they leave out and why.

use crate::ids::{BatchId, DraftId, EnrollmentId};
use crate::money::{Currency, Money, check_limit};
use crate::page::Page;
use crate::partners::{EnrollmentStatus, PartnerName};
use crate::reports::{LedgersFilter, LedgersPeriod};
use crate::text::FieldError;
use crate::time::DayRange;
use crate::words;
use chrono::{DateTime, Datelike, Months, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

words! {
    /// Which open entries a batch pays.
    #[derive(Default)]
    pub enum PaymentBasis in "payment_basis" {
        /// The commissions of the range.
        Earned = "earned",
        /// Those, and what was open before the range.
        OpeningAndEarned = "opening_and_earned",
        /// All that is open at the moment of processing, whatever the range.
        #[default]
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
        /// Its payout method needs details, and none are known.
        NoPayoutDetails = "no_payout_details",
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
            Self::NoPayoutDetails => "No payout details: no file of a payment provider can pay it.",
            Self::NoPayoutMethod => "No payout method chosen.",
            Self::UnconfirmedMethod => "A change of the payout method is not confirmed yet.",
            Self::Frozen => "The partner is banned: the balance is frozen.",
            Self::Excluded => "Left out by hand.",
        }
    }

    /// In a few words for people, for lists.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Zero => "Nothing due",
            Self::Negative => "Carried forward",
            Self::AlreadyPaid => "Already paid",
            Self::BelowMinimum => "Below the minimum",
            Self::NoPayoutDetails => "No payout details",
            Self::NoPayoutMethod => "No payout method",
            Self::UnconfirmedMethod => "Change not confirmed",
            Self::Frozen => "Banned",
            Self::Excluded => "Left out by hand",
        }
    }

    /// Whether a person may pay it all the same, with a reason.
    #[must_use]
    pub fn may_be_overridden(self) -> bool {
        matches!(
            self,
            Self::BelowMinimum
                | Self::NoPayoutDetails
                | Self::NoPayoutMethod
                | Self::UnconfirmedMethod
                | Self::Excluded
        )
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

impl DraftStatus {
    /// Whether it can still be changed, processed or given up.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::Failed)
    }
}

/// A batch to prepare.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewDraft {
    /// Whose ledgers.
    pub filter: LedgersFilter,
    /// Over which days.
    pub range: DayRange,
    /// On which basis.
    pub basis: PaymentBasis,
}

/// What can be changed of a draft, for all of its partners.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftInput {
    /// On which basis; another one reckons all lines anew.
    pub basis: PaymentBasis,
    /// The batch ID: 1 to 60 characters, unique in the program whatever the case.
    pub code: String,
    /// When the money goes out.
    pub payment_date: NaiveDate,
    /// One payment type for all, in words or by its kind; empty: each partner's own payout method.
    pub method: String,
    /// For the team; may be empty.
    pub note: String,
}

impl DraftInput {
    /// What is wrong with it, by field, where `today` is the day in the program's time zone.
    #[must_use]
    pub fn check(&self, today: NaiveDate) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if let Err(words) = check_batch_code(&self.code) {
            errors.push(FieldError::new("code", words));
        }
        if (self.payment_date - today).num_days().abs() > 366 {
            errors.push(FieldError::new("payment_date", "Choose a day within a year of today."));
        }
        let plain = |text: &str| !text.contains(|c: char| c.is_control() && c != '\n' && c != '\r');
        if self.method.chars().count() > 60 || !plain(&self.method) {
            errors.push(FieldError::new("method", "Use at most 60 characters."));
        }
        if self.note.chars().count() > 2_000 || !plain(&self.note) {
            errors.push(FieldError::new("note", "Use at most 2,000 characters."));
        }
        errors
    }
}

/// Checks a batch ID: it stands in lists, files and the names of files.
///
/// # Errors
/// What is wrong, in words for the person who typed it.
pub fn check_batch_code(code: &str) -> Result<(), &'static str> {
    let code = code.trim();
    if !(1..=60).contains(&code.chars().count()) {
        return Err("Use 1 to 60 characters.");
    }
    if !code.starts_with(char::is_alphanumeric) || !code.chars().all(|c| c.is_alphanumeric() || " -_.#/".contains(c)) {
        return Err("Begin with a letter or digit, and use letters, digits, spaces and - _ . # / only.");
    }
    Ok(())
}

/// What of a basis' figure was paid before: by how much it is higher than what is open of it, what was taken back aside.
#[must_use]
pub fn already_paid(figure: Decimal, taken_back: Decimal, amount: Decimal) -> Decimal {
    (figure + taken_back - amount.max(Decimal::ZERO)).max(Decimal::ZERO)
}

/// A draft in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftRow {
    /// Its id.
    pub id: DraftId,
    /// Where it comes from.
    pub source: DraftSource,
    /// On which basis.
    pub basis: PaymentBasis,
    /// Over which days.
    pub range: DayRange,
    /// What was open then is paid, UTC.
    pub reviewed_at: DateTime<Utc>,
    /// The batch ID.
    pub code: String,
    /// When the money goes out.
    pub payment_date: NaiveDate,
    /// One payment type for all, as it was typed; empty: each partner's own.
    pub method: String,
    /// For the team.
    pub note: String,
    /// How far it is.
    pub status: DraftStatus,
    /// Why it was not processed; empty otherwise.
    pub problem: String,
    /// Who made it; empty for the monthly run.
    pub created_by: String,
    /// When, UTC.
    pub created_at: DateTime<Utc>,
    /// Who changed it last; empty: nobody.
    pub changed_by: String,
    /// Who agreed to it; empty: nobody.
    pub approved_by: String,
    /// When, UTC.
    pub approved_at: Option<DateTime<Utc>>,
    /// Who pressed Process; empty: nobody.
    pub processed_by: String,
    /// Its batch.
    pub batch: Option<BatchId>,
    /// How many partners it pays.
    pub partners: i64,
    /// What it pays them.
    pub total: Money,
    /// Whether a second person must agree to as much, or had to.
    pub asks_for_two: bool,
}

/// A draft's partners of one kind: those who are paid, or those left out for one reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftGroup {
    /// Why they are left out; `None`: they are paid.
    pub left_out: Option<LeftOut>,
    /// How many.
    pub partners: i64,
    /// What is open of the basis.
    pub amount: Money,
    /// What was paid of it before.
    pub already_paid: Money,
    /// What came later and is paid too.
    pub added: Money,
    /// Clawbacks that the basis leaves aside: zero or below.
    pub clawbacks: Money,
    /// Bonuses, corrections and opening balances that it leaves aside.
    pub adjustments: Money,
    /// How many would be left with a balance below zero.
    pub below_zero: i64,
}

/// A partner in a draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftLine {
    /// Who.
    pub partner: PartnerName,
    /// Its standing.
    pub status: EnrollmentStatus,
    /// Where the payment goes, in words; empty where not chosen.
    pub method: String,
    /// What the basis says by the report's columns.
    pub figure: Money,
    /// What of it was paid before.
    pub already_paid: Money,
    /// What is open of it: paid, unless left out.
    pub amount: Money,
    /// What came later and is part of it.
    pub added: Money,
    /// The balance that stays: of who is paid, clawbacks and adjustments that the basis leaves aside.
    pub after: Money,
    /// Of it: clawbacks of what was paid, zero or below.
    pub clawbacks: Money,
    /// Of it: bonuses, corrections and opening balances.
    pub adjustments: Money,
    /// Clawbacks of the amount's own commissions that the figure doesn't count, zero or below.
    pub taken_back: Money,
    /// How many entries make the amount.
    pub entries: i64,
    /// Why it is left out.
    pub left_out: Option<LeftOut>,
    /// Why it is paid all the same, or left out by hand.
    pub reason: String,
}

/// A draft with a page of its partners.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftDetail {
    /// The draft.
    pub draft: DraftRow,
    /// How many there are of each kind, and what they come to.
    pub groups: Vec<DraftGroup>,
    /// Those of the kind that was asked for, by name.
    pub page: Page<DraftLine>,
    /// Whether it is an export that was stopped because something of it was paid meanwhile.
    pub paid_meanwhile: bool,
    /// From which total on a second person must agree, where that is so and nobody has yet.
    pub needs_approval: Option<Money>,
    /// Whether the asker may be that second person.
    pub may_approve: bool,
    /// Who may be it, by name.
    pub others: Vec<String>,
}

/// How far a draft is that is being processed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftProgress {
    /// Its status.
    pub status: DraftStatus,
    /// How many payments are written.
    pub done: i64,
    /// Of how many.
    pub total: i64,
    /// Whether somebody has asked to stop.
    pub cancelling: bool,
    /// Why it was not processed.
    pub problem: String,
    /// Its batch, once there is one.
    pub batch: Option<BatchId>,
}

/// What is done with one partner of a draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineInput {
    /// Whom.
    pub partner: EnrollmentId,
    /// Whether it is paid.
    pub pay: bool,
    /// Why; asked for where it is paid all the same.
    pub reason: String,
}

/// How a program's payments run: prepared by themselves each month, and with a second person above an amount.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRules {
    /// The monthly run; `None`: there is none.
    pub schedule: Option<Schedule>,
    /// From which total on a second person must agree; `None`: never.
    pub approval_above: Option<Decimal>,
}

/// A batch that is prepared by itself each month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// On which day of the month, 1 to 28.
    pub day: i32,
    /// On which basis.
    pub basis: PaymentBasis,
    /// Whether it is processed without a person.
    pub automatic: bool,
}

impl Schedule {
    /// The month for which it prepares a batch today: this one, from the day on, unless it has done so.
    #[must_use]
    pub fn due(self, today: NaiveDate, prepared: Option<NaiveDate>) -> Option<NaiveDate> {
        let month = today.with_day(1)?;
        let reached = i32::try_from(today.day()).is_ok_and(|day| day >= self.day);
        (reached && prepared.is_none_or(|prepared| prepared < month)).then_some(month)
    }

    /// When it prepares a batch next: today, where one is due.
    #[must_use]
    pub fn next(self, today: NaiveDate, prepared: Option<NaiveDate>) -> NaiveDate {
        if self.due(today, prepared).is_some() {
            return today;
        }
        let day = u32::try_from(self.day).unwrap_or(1).clamp(1, 28);
        let this_month = today.with_day(day).unwrap_or(today);
        let ran = prepared.is_some_and(|prepared| Some(prepared) >= today.with_day(1));
        if this_month > today && !ran { this_month } else { this_month + Months::new(1) }
    }

    /// The month that counts as prepared where this day is chosen today: this one, if the day has passed, or a batch was
    /// prepared in it before.
    #[must_use]
    pub fn passed(self, today: NaiveDate, ran: bool) -> Option<NaiveDate> {
        let passed = i32::try_from(today.day()).is_ok_and(|day| day > self.day);
        today.with_day(1).filter(|_| passed || ran)
    }

    /// The days that a batch of today is about: the month before.
    #[must_use]
    pub fn range(today: NaiveDate) -> DayRange {
        LedgersPeriod::LastMonth.range(today)
    }
}

impl PaymentRules {
    /// What is wrong with them, by field.
    #[must_use]
    pub fn check(&self, currency: Currency) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if self.schedule.is_some_and(|schedule| !(1..=28).contains(&schedule.day)) {
            errors.push(FieldError::new("day", "Choose a day from 1 to 28."));
        }
        let limit = self.approval_above.and_then(|amount| check_limit(amount, currency).err());
        errors.extend(limit.map(|words| FieldError::new("approval_above", words)));
        errors
    }

    /// From which total on a second person must agree, where this one is above it.
    #[must_use]
    pub fn asks_for_two(&self, total: Decimal) -> Option<Decimal> {
        self.approval_above.filter(|above| total > *above)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("day")
    }

    #[test]
    fn batch_codes_stand_in_names_of_files() {
        for good in ["Batch-20261120", "Batch-20261120-2", "Öctober 2026 #3", "7"] {
            assert!(check_batch_code(good).is_ok(), "{good}");
        }
        for bad in ["", " ", "-2", "=1+1", "a<b", "a\"b", "a\nb", "../x", "x\u{202e}y", &"x".repeat(61)] {
            assert!(check_batch_code(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_draft_s_fields_tell_what_is_wrong_with_them() {
        let good = DraftInput {
            basis: PaymentBasis::Ending,
            code: "Batch-20261120".into(),
            payment_date: day("2026-11-20"),
            method: String::new(),
            note: "Two\nlines".into(),
        };
        let today = day("2026-11-20");
        assert_eq!(good.check(today), []);
        let bad = DraftInput {
            code: "<b>".into(),
            payment_date: day("2036-01-01"),
            method: "x".repeat(61),
            note: "x".repeat(2_001),
            ..good
        };
        let fields: Vec<_> = bad.check(today).into_iter().map(|error| error.field).collect();
        assert_eq!(fields, ["code", "payment_date", "method", "note"]);
    }

    #[test]
    fn a_monthly_run_comes_once_a_month_from_its_day_on() {
        let schedule = Schedule { day: 5, basis: PaymentBasis::Earned, automatic: false };
        let (november, october) = (day("2026-11-01"), day("2026-10-01"));
        assert_eq!(schedule.due(day("2026-11-04"), Some(october)), None);
        assert_eq!(schedule.due(day("2026-11-05"), Some(october)), Some(november));
        assert_eq!(schedule.due(day("2026-11-30"), None), Some(november), "late, where nothing ran on the day");
        assert_eq!(schedule.due(day("2026-11-30"), Some(november)), None);
        let range = Schedule::range(day("2026-11-05"));
        assert_eq!((range.from, range.to), (october, day("2026-10-31")));
    }

    #[test]
    fn a_day_chosen_today_runs_today_an_earlier_one_next_month_and_none_twice() {
        let today = day("2026-11-22");
        for (chosen, ran, next) in [
            (21, false, "2026-12-21"),
            (22, false, "2026-11-22"),
            (22, true, "2026-12-22"),
            (23, false, "2026-11-23"),
            (23, true, "2026-12-23"),
        ] {
            let schedule = Schedule { day: chosen, basis: PaymentBasis::Ending, automatic: false };
            let prepared = schedule.passed(today, ran);
            assert_eq!(schedule.next(today, prepared), day(next), "{chosen} {ran}");
            assert_eq!(schedule.due(today, prepared).is_some(), schedule.next(today, prepared) == today);
        }
    }

    #[test]
    fn a_second_person_is_asked_for_above_an_amount() {
        let rules = PaymentRules { schedule: None, approval_above: Some(Decimal::from(100)) };
        assert_eq!(rules.asks_for_two(Decimal::from(100)), None);
        assert_eq!(rules.asks_for_two(Decimal::from(101)), Some(Decimal::from(100)));
        assert_eq!(PaymentRules::default().asks_for_two(Decimal::MAX), None);
        let euro: Currency = "EUR".parse().expect("EUR");
        let bad = PaymentRules {
            schedule: Some(Schedule { day: 29, basis: PaymentBasis::Ending, automatic: true }),
            approval_above: Some(Decimal::new(1, 3)),
        };
        let fields: Vec<_> = bad.check(euro).into_iter().map(|error| error.field).collect();
        assert_eq!(fields, ["day", "approval_above"]);
    }

    proptest! {
        #[test]
        fn what_was_paid_before_is_never_more_than_the_figure(
            figure in 0_i64..1_000_000, back in -1_000_000_i64..=0, amount in -1_000_000_i64..1_000_000
        ) {
            let [figure, back, amount] = [figure, back, amount].map(|cents| Decimal::new(cents, 2));
            let before = already_paid(figure, back, amount);
            prop_assert!(before >= Decimal::ZERO && before <= figure);
            if amount >= Decimal::ZERO && figure + back >= amount {
                prop_assert_eq!(before + amount, figure + back, "paid before, taken back and open make the figure");
            }
        }

        #[test]
        fn a_run_is_due_at_most_once_a_month(ordinal in 0_i64..20_000, run in 1_i32..=28) {
            let today = day("2001-01-01") + chrono::Duration::days(ordinal);
            let schedule = Schedule { day: run, basis: PaymentBasis::Ending, automatic: true };
            let next = schedule.next(today, schedule.passed(today, false));
            prop_assert!(next >= today && i32::try_from(next.day()) == Ok(run));
            if let Some(month) = schedule.due(today, None) {
                prop_assert_eq!(schedule.due(today, Some(month)), None);
                prop_assert!(Schedule::range(today).to < month);
            }
        }
    }
}
