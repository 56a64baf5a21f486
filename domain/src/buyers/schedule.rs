//! When a buyer takes leads: days and hours of its own time zone.

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, Timelike, Weekday};
use serde::{Deserialize, Serialize};

/// The most windows of a schedule.
const MOST_WINDOWS: usize = 50;
/// The most holidays of a schedule.
const MOST_HOLIDAYS: usize = 400;

/// Hours of a day of the week. It ends on the next day where it ends no later than it begins: from 22:00 to 06:00, or from
/// 09:00 to 09:00 for a whole day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The day on which it begins.
    pub day: Weekday,
    /// When it begins, on the buyer's clock.
    pub from: NaiveTime,
    /// When it ends, itself not included.
    pub to: NaiveTime,
}

impl Window {
    fn holds(self, local: NaiveDateTime) -> bool {
        let (day, time) = (local.weekday(), local.time());
        if self.from < self.to {
            return day == self.day && (self.from..self.to).contains(&time);
        }
        (day == self.day && time >= self.from) || (day == self.day.succ() && time < self.to)
    }
}

/// The hours at which a buyer takes leads. Without a window it takes none; who takes them always has no schedule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// The hours of the week.
    pub windows: Vec<Window>,
    /// Days on which it takes none, from midnight to midnight on its clock.
    #[serde(default)]
    pub holidays: Vec<NaiveDate>,
}

impl Schedule {
    /// Whether it takes leads at a time of its own clock. Where clocks are set back, the hour that comes twice counts twice;
    /// one that is left out in spring never comes.
    #[must_use]
    pub fn is_open(&self, local: NaiveDateTime) -> bool {
        !self.holidays.contains(&local.date()) && self.windows.iter().any(|window| window.holds(local))
    }

    /// When it opens next on its own clock, within two weeks after the last of its holidays that follow; `None` where it
    /// never does, or is open.
    #[must_use]
    pub fn opens(&self, local: NaiveDateTime) -> Option<NaiveDateTime> {
        if self.is_open(local) || self.windows.is_empty() {
            return None;
        }
        // A window begins, or a holiday ends within one.
        let starts = self.windows.iter().map(|window| window.from).chain([NaiveTime::MIN]);
        let mut starts: Vec<NaiveTime> = starts.collect();
        starts.sort_unstable();
        starts.dedup();
        let days = 14 + self.holidays.iter().filter(|day| **day >= local.date()).count();
        let times =
            local.date().iter_days().take(days).flat_map(|day| starts.iter().map(move |time| day.and_time(*time)));
        times.filter(|time| *time > local).find(|time| self.is_open(*time))
    }

    /// What is wrong with it, in words.
    ///
    /// # Errors
    /// Too many windows or days, or a time that isn't a whole minute.
    pub fn check(&self) -> Result<(), String> {
        if self.windows.is_empty() {
            return Err("Give at least one day and its hours, or deliver always.".into());
        }
        if self.windows.len() > MOST_WINDOWS {
            return Err(format!("Give at most {MOST_WINDOWS} times."));
        }
        if self.holidays.len() > MOST_HOLIDAYS {
            return Err(format!("Name at most {MOST_HOLIDAYS} holidays."));
        }
        let whole = |time: NaiveTime| time.second() == 0 && time.nanosecond() == 0;
        if self.windows.iter().any(|window| !(whole(window.from) && whole(window.to))) {
            return Err("Give hours and minutes.".into());
        }
        Ok(())
    }
}

/// A time of a day as people read it: `09:30`.
#[must_use]
pub fn clock(time: NaiveTime) -> String {
    time.format("%H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").expect("time")
    }

    fn window(day: Weekday, from: &str, to: &str) -> Window {
        let time = |text| NaiveTime::parse_from_str(text, "%H:%M").expect("time");
        Window { day, from: time(from), to: time(to) }
    }

    #[test]
    fn a_window_may_cross_midnight_and_a_holiday_cuts_it() {
        let mut schedule = Schedule { windows: vec![window(Weekday::Fri, "22:00", "06:00")], holidays: Vec::new() };
        // 27 November 2026 is a Friday.
        for (time, open) in [
            ("2026-11-27 21:59", false),
            ("2026-11-27 22:00", true),
            ("2026-11-28 05:59", true),
            ("2026-11-28 06:00", false),
            ("2026-11-28 22:30", false),
            ("2026-11-27 03:00", false),
        ] {
            assert_eq!(schedule.is_open(at(time)), open, "{time}");
        }
        assert_eq!(schedule.opens(at("2026-11-28 06:00")), Some(at("2026-12-04 22:00")));
        assert_eq!(schedule.opens(at("2026-11-27 23:00")), None, "it is open");
        schedule.holidays = vec![at("2026-11-27 00:00").date()];
        assert!(!schedule.is_open(at("2026-11-27 23:00")) && schedule.is_open(at("2026-11-28 01:00")));
        assert_eq!(schedule.opens(at("2026-11-27 23:00")), Some(at("2026-11-28 00:00")));
        assert_eq!(Schedule::default().opens(at("2026-11-27 23:00")), None);
        let day = Schedule { windows: vec![window(Weekday::Sun, "09:00", "09:00")], holidays: Vec::new() };
        assert!(day.is_open(at("2026-11-29 09:00")) && day.is_open(at("2026-11-30 08:59")));
        assert!(!day.is_open(at("2026-11-30 09:00")) && !day.is_open(at("2026-11-29 08:59")));
        assert!(day.check().is_ok() && Schedule::default().check().is_err());
    }

    fn schedules() -> impl Strategy<Value = Schedule> {
        let time = (0..1440_u32).prop_map(|m| NaiveTime::from_hms_opt(m / 60, m % 60, 0).expect("time"));
        let window = (0..7_u8, time.clone(), time).prop_map(|(day, from, to)| Window {
            day: Weekday::try_from(day).expect("day"),
            from,
            to,
        });
        let holiday = (0..30_i64).prop_map(|n| at("2026-11-20 00:00").date() + chrono::Duration::days(n));
        (prop::collection::vec(window, 0..5), prop::collection::vec(holiday, 0..4))
            .prop_map(|(windows, holidays)| Schedule { windows, holidays })
    }

    proptest! {
        /// It opens at a minute at which it is open, and at none before that.
        #[test]
        fn it_opens_no_later_and_no_earlier(schedule in schedules(), minute in 0..14_400_i64) {
            let now = at("2026-11-20 00:00") + chrono::Duration::minutes(minute);
            let mut minutes = (1..30_240).map(|n| now + chrono::Duration::minutes(n));
            let first = if schedule.is_open(now) { None } else { minutes.find(|time| schedule.is_open(*time)) };
            prop_assert_eq!(schedule.opens(now), first);
        }
    }
}
