//! Days and ranges in a program's time zone. The zone's rules live on the server; here are only dates.

use crate::text::FieldError;
use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// How far ahead an `occurred_at` may lie.
pub const MAX_AHEAD: Duration = Duration::minutes(5);

/// How many months back an `occurred_at` may lie.
pub const MAX_MONTHS_BACK: u32 = 13;

/// The years of the days that may be asked for: chrono's calendar is longer than Postgres', and neither's end is safe to
/// reckon at.
pub const YEARS: RangeInclusive<i32> = 2000..=2200;

/// Checks a day that somebody asks for.
///
/// # Errors
/// What is wrong, in words.
pub fn check_day(day: NaiveDate) -> Result<(), &'static str> {
    if YEARS.contains(&day.year()) { Ok(()) } else { Err("Choose a day from 2000 to 2200.") }
}

/// Checks the days of a range, `from` and `to`, where they are given: it ends no earlier than it begins.
#[must_use]
pub fn check_order(from: Option<NaiveDate>, to: Option<NaiveDate>) -> Vec<FieldError> {
    let wrong = |(field, day): (&str, Option<NaiveDate>)| Some(FieldError::new(field, check_day(day?).err()?));
    let mut errors: Vec<_> = [("from", from), ("to", to)].into_iter().filter_map(wrong).collect();
    if errors.is_empty() && from.zip(to).is_some_and(|(from, to)| to < from) {
        errors.push(FieldError::new("to", "The range ends before it begins."));
    }
    errors
}

/// The same of a range that must have begun.
#[must_use]
pub fn check_range(from: Option<NaiveDate>, to: Option<NaiveDate>, today: NaiveDate) -> Vec<FieldError> {
    let mut errors = check_order(from, to);
    if errors.is_empty() && from.is_some_and(|from| from > today) {
        errors.push(FieldError::new("from", "This day has not come yet."));
    }
    errors
}

/// A time as a browser's field writes it: `2026-11-20T12:00`, perhaps with seconds.
#[must_use]
pub fn local_time(text: &str) -> Option<NaiveDateTime> {
    let read = |pattern| NaiveDateTime::parse_from_str(text.trim(), pattern).ok();
    read("%Y-%m-%dT%H:%M").or_else(|| read("%Y-%m-%dT%H:%M:%S"))
}

/// Days from `from` to `to`, both included, in the program's time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayRange {
    /// The first day.
    pub from: NaiveDate,
    /// The last day, included.
    pub to: NaiveDate,
}

impl DayRange {
    /// How many days the range has; 0 where it ends before it begins.
    #[must_use]
    pub fn days(self) -> i64 {
        (self.to - self.from).num_days().max(-1) + 1
    }

    /// The range of the same length just before this one.
    #[must_use]
    pub fn before(self) -> Self {
        let length = Duration::days(self.days());
        let back = |day: NaiveDate| day.checked_sub_signed(length).unwrap_or(NaiveDate::MIN);
        Self { from: back(self.from), to: back(self.to) }
    }
}

/// A time zone as pages tell times in it. The browser has no table of zones, so its offsets come with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Zone {
    /// Its IANA name.
    pub name: String,
    /// From which second since 1970 on it is how many seconds ahead of UTC, in order; the first counts before that too.
    pub offsets: Vec<(i64, i32)>,
}

impl Zone {
    /// How many seconds it is ahead of UTC at an instant.
    fn ahead(&self, at: DateTime<Utc>) -> i32 {
        let place = self.offsets.partition_point(|(from, _)| *from <= at.timestamp()).saturating_sub(1);
        self.offsets.get(place).map_or(0, |(_, ahead)| *ahead)
    }

    /// The time there.
    #[must_use]
    pub fn local(&self, at: DateTime<Utc>) -> NaiveDateTime {
        let utc = at.naive_utc();
        utc.checked_add_signed(Duration::seconds(self.ahead(at).into())).unwrap_or(utc)
    }

    /// Which zone it is, and how it then stands to UTC: `Europe/Berlin, UTC+01:00`.
    #[must_use]
    pub fn words(&self, at: DateTime<Utc>) -> String {
        let ahead = self.ahead(at);
        let (sign, minutes) = (if ahead < 0 { '-' } else { '+' }, ahead.abs() / 60);
        if self.name == "UTC" {
            return self.name.clone();
        }
        format!("{}, UTC{sign}{:02}:{:02}", self.name, minutes / 60, minutes % 60)
    }
}

/// Checks when an event is said to have happened, against the instant at which it is told.
///
/// # Errors
/// What is wrong, in words, where it lies more than 5 minutes ahead or 13 months back.
pub fn check_occurred_at(occurred_at: DateTime<Utc>, at: DateTime<Utc>) -> Result<(), &'static str> {
    if occurred_at > at + MAX_AHEAD {
        return Err("More than 5 minutes in the future.");
    }
    let oldest = at.checked_sub_months(chrono::Months::new(MAX_MONTHS_BACK));
    if oldest.is_none_or(|oldest| occurred_at < oldest) {
        return Err("More than 13 months ago.");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_tells_its_time_before_and_after_a_change() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().expect("instant");
        let change = at("2026-10-25T01:00:00Z");
        let zone = Zone { name: "Europe/Berlin".into(), offsets: vec![(0, 7200), (change.timestamp(), 3600)] };
        let told = |text: &str| (zone.local(at(text)).format("%H:%M").to_string(), zone.words(at(text)));
        assert_eq!(told("2026-10-25T00:59:00Z"), ("02:59".into(), "Europe/Berlin, UTC+02:00".into()));
        assert_eq!(told("2026-10-25T01:00:00Z"), ("02:00".into(), "Europe/Berlin, UTC+01:00".into()));
        assert_eq!(told("1960-01-01T00:00:00Z").0, "02:00");
        let west = Zone { name: "America/St_Johns".into(), offsets: vec![(0, -12_600)] };
        assert_eq!(west.words(change), "America/St_Johns, UTC-03:30");
        assert_eq!(west.local(DateTime::<Utc>::MIN_UTC), DateTime::<Utc>::MIN_UTC.naive_utc());
        assert_eq!(Zone { name: "UTC".into(), offsets: Vec::new() }.words(change), "UTC");
    }

    #[test]
    fn times_are_read_as_fields_write_them() {
        let noon = "2026-11-20T12:00:00".parse().ok();
        assert_eq!((local_time("2026-11-20T12:00"), local_time("2026-11-20T12:00:00")), (noon, noon));
        assert_eq!((local_time("2026-11-20"), local_time("noon")), (None, None));
    }

    #[test]
    fn a_range_that_ends_before_it_begins_or_has_not_begun_is_refused() {
        let day = |text: &str| text.parse::<NaiveDate>().ok();
        let today = day("2026-11-20").expect("day");
        let wrong =
            |from, to| check_range(day(from), day(to), today).into_iter().map(|error| error.field).collect::<Vec<_>>();
        assert_eq!(wrong("2026-11-20", "2026-12-31"), [] as [&str; 0], "up to now");
        assert_eq!(wrong("", ""), [] as [&str; 0]);
        assert_eq!(wrong("2026-11-21", "2026-12-31"), ["from"]);
        assert_eq!(wrong("2026-11-20", "2026-11-19"), ["to"]);
        assert_eq!(wrong("2026-12-20", "2026-12-19"), ["to"], "in the future too");
        assert_eq!(wrong("-9999-01-01", "9999-01-01"), ["from", "to"]);
    }

    #[test]
    fn days_at_the_calendar_s_ends_are_refused_and_break_nothing() {
        for text in ["-9999-01-01", "-262143-01-01", "+262142-12-31", "1999-12-31", "2201-01-01"] {
            let day: NaiveDate = text.parse().expect("chrono knows it");
            assert!(check_day(day).is_err(), "{text}");
            let before = DayRange { from: day, to: day }.before();
            assert!(before.to <= day, "{text}");
        }
        assert!(["2000-01-01", "2200-12-31"].into_iter().all(|text| check_day(text.parse().expect("day")).is_ok()));
        let whole = DayRange { from: NaiveDate::MIN, to: NaiveDate::MAX };
        assert_eq!(whole.before().from, NaiveDate::MIN);
    }
}
