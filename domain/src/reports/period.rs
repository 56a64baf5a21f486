use crate::time::{DayRange, check_day};
use chrono::{Datelike, Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};

/// The days of the program's time zone that a report is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// Today and the 6 days before.
    Week,
    /// Today and the 29 days before.
    #[default]
    Days30,
    /// Today and the 89 days before.
    Days90,
    /// The twelve months that end today.
    Year,
    /// From the 1st of this month to today.
    ThisMonth,
    /// The whole month before this one.
    LastMonth,
    /// Days that a person chose.
    Custom(DayRange),
}

impl Period {
    /// Those that a picker offers, in its order.
    pub const PRESETS: &'static [Self] =
        &[Self::Week, Self::Days30, Self::Days90, Self::Year, Self::ThisMonth, Self::LastMonth];

    /// The most days that a chosen range may have: three years.
    pub const MAX_DAYS: u64 = 3 * 366;

    /// The two days that an address names, turned where they are the wrong way round.
    fn named(from: Option<&str>, to: Option<&str>) -> Option<DayRange> {
        let day = |text: Option<&str>| text?.parse::<NaiveDate>().ok().filter(|day| check_day(*day).is_ok());
        let (from, to) = (day(from)?, day(to)?);
        Some(DayRange { from: from.min(to), to: from.max(to) })
    }

    /// The oldest day that a range which ends on this one may have.
    fn oldest(to: NaiveDate) -> NaiveDate {
        to.checked_sub_days(Days::new(Self::MAX_DAYS - 1)).unwrap_or(to)
    }

    /// Whether the days that an address names are too many, so that the oldest are not shown.
    #[must_use]
    pub fn is_cut(from: Option<&str>, to: Option<&str>) -> bool {
        Self::named(from, to).is_some_and(|range| range.from < Self::oldest(range.to))
    }

    /// The period that an address names: `period=90d`, or `from` and `to` (`2026-11-19`) together. What can't be read
    /// gives the last 30 days, days the wrong way round are turned, and a range too long loses its oldest days.
    #[must_use]
    pub fn parse(period: Option<&str>, from: Option<&str>, to: Option<&str>) -> Self {
        if let Some(DayRange { from, to }) = Self::named(from, to) {
            return Self::Custom(DayRange { from: from.max(Self::oldest(to)), to });
        }
        Self::PRESETS.iter().copied().find(|preset| Some(preset.word()) == period).unwrap_or_default()
    }

    /// Its word in addresses (`period=30d`); `custom` goes with `from` and `to`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Week => "7d",
            Self::Days30 => "30d",
            Self::Days90 => "90d",
            Self::Year => "12m",
            Self::ThisMonth => "this_month",
            Self::LastMonth => "last_month",
            Self::Custom(_) => "custom",
        }
    }

    /// Its name for people.
    #[must_use]
    pub fn label(self) -> String {
        match self {
            Self::Week => "Last 7 days".into(),
            Self::Days30 => "Last 30 days".into(),
            Self::Days90 => "Last 90 days".into(),
            Self::Year => "Last 12 months".into(),
            Self::ThisMonth => "This month".into(),
            Self::LastMonth => "Last month".into(),
            Self::Custom(DayRange { from, to }) => format!("{} – {}", from.format("%-d %b %Y"), to.format("%-d %b %Y")),
        }
    }

    /// Its days, where `today` is the day in the program's time zone.
    #[must_use]
    pub fn range(self, today: NaiveDate) -> DayRange {
        let back = |days| today.checked_sub_days(Days::new(days)).unwrap_or(today);
        let first = today.with_day(1).unwrap_or(today);
        match self {
            Self::Week => DayRange { from: back(6), to: today },
            Self::Days30 => DayRange { from: back(29), to: today },
            Self::Days90 => DayRange { from: back(89), to: today },
            Self::Year => {
                DayRange { from: today.checked_sub_months(Months::new(12)).unwrap_or(today) + Days::new(1), to: today }
            }
            Self::ThisMonth => DayRange { from: first, to: today },
            Self::LastMonth => {
                let from = first.checked_sub_months(Months::new(1)).unwrap_or(first);
                DayRange { from, to: first.pred_opt().unwrap_or(first) }
            }
            Self::Custom(range) => range,
        }
    }

    /// The days that it is compared with: as many, just before; for a month, the same days of the month before.
    #[must_use]
    pub fn before(self, today: NaiveDate) -> DayRange {
        let range = self.range(today);
        match self {
            Self::ThisMonth | Self::LastMonth => {
                let from = range.from.checked_sub_months(Months::new(1)).unwrap_or(range.from);
                let same_day = range.to.checked_sub_months(Months::new(1)).unwrap_or(range.to);
                let month_end = range.from.pred_opt().unwrap_or(range.from);
                DayRange { from, to: if self == Self::LastMonth { month_end } else { same_day } }
            }
            _ => range.before(),
        }
    }

    /// What the change of a figure is measured against: `than the 30 days before`.
    #[must_use]
    pub fn compared_with(self, today: NaiveDate) -> String {
        match self {
            Self::ThisMonth | Self::LastMonth => "than the month before".into(),
            Self::Year => "than the 12 months before".into(),
            _ => match self.range(today).days() {
                1 => "than the day before".into(),
                days => format!("than the {days} days before"),
            },
        }
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
    fn periods_end_today_or_with_the_last_month() {
        let today = day("2026-03-31");
        let range = |period: Period| {
            let DayRange { from, to } = period.range(today);
            format!("{from} {to}")
        };
        let before = |period: Period| {
            let DayRange { from, to } = period.before(today);
            format!("{from} {to}")
        };
        assert_eq!(range(Period::Week), "2026-03-25 2026-03-31");
        assert_eq!(before(Period::Week), "2026-03-18 2026-03-24");
        assert_eq!(range(Period::Year), "2025-04-01 2026-03-31");
        assert_eq!(range(Period::ThisMonth), "2026-03-01 2026-03-31");
        assert_eq!(before(Period::ThisMonth), "2026-02-01 2026-02-28", "February has no 31st");
        assert_eq!(range(Period::LastMonth), "2026-02-01 2026-02-28");
        assert_eq!(before(Period::LastMonth), "2026-01-01 2026-01-31");
    }

    #[test]
    fn addresses_are_read_with_patience() {
        assert_eq!(Period::parse(Some("90d"), None, None), Period::Days90);
        assert_eq!(Period::parse(Some("nonsense"), Some("x"), None), Period::Days30);
        for absurd in ["-9999-01-01", "-262143-01-01", "+262142-12-31"] {
            assert_eq!(Period::parse(None, Some(absurd), Some("2026-02-01")), Period::Days30, "{absurd}");
            assert_eq!(Period::parse(Some("7d"), Some(absurd), Some(absurd)), Period::Week, "{absurd}");
        }
        let turned = Period::parse(None, Some("2026-02-10"), Some("2026-02-01"));
        assert_eq!(turned, Period::Custom(DayRange { from: day("2026-02-01"), to: day("2026-02-10") }));
        let Period::Custom(long) = Period::parse(None, Some("2001-01-01"), Some("2026-02-01")) else {
            panic!("not custom")
        };
        assert_eq!((long.days(), long.to), (i64::try_from(Period::MAX_DAYS).expect("small"), day("2026-02-01")));
        assert!(Period::is_cut(Some("2001-01-01"), Some("2026-02-01")));
        assert!(Period::is_cut(Some("2026-02-01"), Some("2001-01-01")));
        let whole = long.from.to_string();
        assert!(!Period::is_cut(Some(&whole), Some("2026-02-01")), "exactly three years");
        assert!(!Period::is_cut(Some("2001-01-01"), None));
        for preset in Period::PRESETS {
            assert_eq!(Period::parse(Some(preset.word()), None, None), *preset);
        }
    }

    proptest! {
        #[test]
        fn what_a_period_is_compared_with_ends_before_it(ordinal in 0_i64..20_000, preset in 0_usize..6) {
            let today = day("2000-01-01") + chrono::Duration::days(ordinal);
            let period = Period::PRESETS[preset];
            let (range, before) = (period.range(today), period.before(today));
            prop_assert!(range.from <= range.to && range.to <= today);
            prop_assert!(before.from <= before.to && before.to < range.from);
        }
    }
}
