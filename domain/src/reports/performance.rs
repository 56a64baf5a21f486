use crate::money::{Currency, Money};
use crate::time::DayRange;
use crate::words;
use chrono::{Datelike, Days, Months, NaiveDate};
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

words! {
    /// What one row of a report stands for.
    #[derive(Default)]
    pub enum Unit in "report_unit" {
        /// A day.
        #[default]
        Day = "day",
        /// A week, from Monday on.
        Week = "week",
        /// A calendar month.
        Month = "month",
    }
}

impl Unit {
    /// In a word for people.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Day => "Day",
            Self::Week => "Week",
            Self::Month => "Month",
        }
    }

    /// The first day of the unit in which a day lies.
    #[must_use]
    pub fn first(self, day: NaiveDate) -> NaiveDate {
        match self {
            Self::Day => day,
            Self::Week => day.week(chrono::Weekday::Mon).checked_first_day().unwrap_or(day),
            Self::Month => day.with_day(1).unwrap_or(day),
        }
    }

    /// The first day of the unit after the one in which a day lies.
    #[must_use]
    pub fn next(self, day: NaiveDate) -> NaiveDate {
        let first = self.first(day);
        let next = match self {
            Self::Day => first.succ_opt(),
            Self::Week => first.checked_add_days(Days::new(7)),
            Self::Month => first.checked_add_months(Months::new(1)),
        };
        next.unwrap_or(NaiveDate::MAX)
    }

    /// The parts of a range, in order: at its ends they are cut off.
    #[must_use]
    pub fn parts(self, range: DayRange) -> Vec<DayRange> {
        let mut parts = Vec::new();
        let mut from = range.from;
        while from <= range.to {
            let next = self.next(from);
            parts.push(DayRange { from, to: next.pred_opt().unwrap_or(from).min(range.to) });
            from = next;
        }
        parts
    }

    /// A part of a range as a row names it: `19 Nov 2026`, `16 – 22 Nov 2026`, `Nov 2026`.
    #[must_use]
    pub fn name(self, part: DayRange) -> String {
        let DayRange { from, to } = part;
        if from == to {
            return to.format("%-d %b %Y").to_string();
        }
        let whole = self.first(from) == from && to.succ_opt() == Some(self.next(from));
        if self == Self::Month && whole {
            return from.format("%b %Y").to_string();
        }
        let from = if (from.year(), from.month()) == (to.year(), to.month()) {
            from.format("%-d")
        } else if from.year() == to.year() {
            from.format("%-d %b")
        } else {
            from.format("%-d %b %Y")
        };
        format!("{from} – {}", to.format("%-d %b %Y"))
    }
}

/// What happened in some days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// Clicks on links.
    pub clicks: i64,
    /// The first ones of a visitor on a link and day, by its cookies.
    pub unique_clicks: i64,
    /// Referred customers who signed up.
    pub sign_ups: i64,
    /// Referred customers who bought for the first time.
    pub customers: i64,
    /// Sales to referred customers.
    pub sales: i64,
    /// What those came to, refunds not taken off.
    pub revenue: Money,
    /// What was refunded in these days, of whichever sales.
    pub refunds: Money,
    /// What was earned by events of these days, less what has been taken back of it since.
    pub commissions: Money,
}

impl Figures {
    /// Nothing yet.
    #[must_use]
    pub fn none(currency: Currency) -> Self {
        let zero = Money::new(Decimal::ZERO, currency);
        Self {
            clicks: 0,
            unique_clicks: 0,
            sign_ups: 0,
            customers: 0,
            sales: 0,
            revenue: zero,
            refunds: zero,
            commissions: zero,
        }
    }

    /// Adds other days' figures.
    pub fn add(&mut self, other: &Self) {
        self.clicks += other.clicks;
        self.unique_clicks += other.unique_clicks;
        self.sign_ups += other.sign_ups;
        self.customers += other.customers;
        self.sales += other.sales;
        self.revenue.amount += other.revenue.amount;
        self.refunds.amount += other.refunds.amount;
        self.commissions.amount += other.commissions.amount;
    }

    /// Sign-ups for each hundred clicks; `None` without clicks.
    #[must_use]
    pub fn sign_up_rate(&self) -> Option<Decimal> {
        rate(self.sign_ups, self.clicks)
    }

    /// New customers for each hundred clicks; `None` without clicks.
    #[must_use]
    pub fn customer_rate(&self) -> Option<Decimal> {
        rate(self.customers, self.clicks)
    }
}

/// A share in percent, to one decimal; `None` of nothing.
#[must_use]
pub fn rate(part: i64, whole: i64) -> Option<Decimal> {
    if whole == 0 {
        return None;
    }
    let rate = Decimal::from(part) * Decimal::ONE_HUNDRED / Decimal::from(whole);
    Some(rate.round_dp_with_strategy(1, RoundingStrategy::MidpointAwayFromZero))
}

/// One part of a report's days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PerformanceRow {
    /// Its days.
    pub days: DayRange,
    /// What happened.
    pub figures: Figures,
}

/// How a partner, or a whole program, did. Days are the program's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Performance {
    /// The day of asking.
    pub today: NaiveDate,
    /// The period's days.
    pub range: DayRange,
    /// What a row stands for.
    pub unit: Unit,
    /// The parts of the period in order, also those in which nothing happened.
    pub rows: Vec<PerformanceRow>,
    /// The whole period.
    pub total: Figures,
    /// The days that it is compared with.
    pub before: Figures,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn range(from: &str, to: &str) -> DayRange {
        DayRange { from: from.parse().expect("day"), to: to.parse().expect("day") }
    }

    fn names(unit: Unit, from: &str, to: &str) -> Vec<String> {
        unit.parts(range(from, to)).into_iter().map(|part| unit.name(part)).collect()
    }

    #[test]
    fn parts_are_cut_off_at_the_ends_and_named() {
        assert_eq!(names(Unit::Day, "2026-11-30", "2026-12-01"), ["30 Nov 2026", "1 Dec 2026"]);
        assert_eq!(
            names(Unit::Week, "2026-11-19", "2026-12-02"),
            ["19 – 22 Nov 2026", "23 – 29 Nov 2026", "30 Nov – 2 Dec 2026"]
        );
        assert_eq!(
            names(Unit::Month, "2026-10-31", "2027-01-02"),
            ["31 Oct 2026", "Nov 2026", "Dec 2026", "1 – 2 Jan 2027"]
        );
        assert_eq!(names(Unit::Week, "2026-12-28", "2027-01-03"), ["28 Dec 2026 – 3 Jan 2027"]);
        assert!(names(Unit::Day, "2026-12-02", "2026-12-01").is_empty());
    }

    #[test]
    fn rates_are_shares_in_percent() {
        assert_eq!(rate(163, 4812).map(|rate| rate.to_string()).as_deref(), Some("3.4"));
        assert_eq!(rate(1, 0), None);
    }

    proptest! {
        #[test]
        fn parts_hold_each_day_once(start in 0_i64..40_000, days in 0_i64..900, unit in 0_usize..3) {
            let from = NaiveDate::from_ymd_opt(2000, 1, 1).expect("day") + chrono::Duration::days(start);
            let whole = DayRange { from, to: from + chrono::Duration::days(days) };
            let parts = Unit::ALL[unit].parts(whole);
            prop_assert_eq!(parts.iter().map(|part| part.days()).sum::<i64>(), whole.days());
            prop_assert_eq!((parts[0].from, parts[parts.len() - 1].to), (whole.from, whole.to));
            for pair in parts.windows(2) {
                prop_assert_eq!(pair[0].to.succ_opt(), Some(pair[1].from));
            }
        }
    }
}
