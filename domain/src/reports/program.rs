use crate::money::Money;
use crate::offers::Trigger;
use crate::partners::PartnerName;
use crate::time::DayRange;
use crate::words;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// Commissions of a month for one offer and trigger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommissionGroup {
    /// The month's first day.
    pub month: NaiveDate,
    /// The offer's name.
    pub offer: String,
    /// What they were earned for.
    pub trigger: Trigger,
    /// How many.
    pub count: i64,
    /// What was earned.
    pub amount: Money,
    /// What was taken back of it so far.
    pub clawed_back: Money,
}

/// The commissions of a period, by month, offer and trigger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommissionReport {
    /// The day of asking.
    pub today: NaiveDate,
    /// The period's days.
    pub range: DayRange,
    /// The latest month first, in it the offers by name.
    pub groups: Vec<CommissionGroup>,
    /// How many in all.
    pub count: i64,
    /// What was earned in all.
    pub amount: Money,
    /// What was taken back of it so far.
    pub clawed_back: Money,
}

words! {
    /// By what partners are ranked.
    #[derive(Default)]
    pub enum Measure in "partner_measure" {
        /// What their customers paid.
        #[default]
        Revenue = "revenue",
        /// New customers.
        Customers = "customers",
        /// Clicks on their links.
        Clicks = "clicks",
        /// What they earned.
        Commissions = "commissions",
    }
}

impl Measure {
    /// In a word for people.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Revenue => "Revenue",
            Self::Customers => "Customers",
            Self::Clicks => "Clicks",
            Self::Commissions => "Commissions",
        }
    }
}

/// A partner and what it brought in a period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartnerFigures {
    /// Who.
    pub partner: PartnerName,
    /// Clicks on its links.
    pub clicks: i64,
    /// Its customers who bought for the first time.
    pub customers: i64,
    /// Sales to its customers.
    pub sales: i64,
    /// What those came to, refunds not taken off.
    pub revenue: Money,
    /// What its commissions for events of the period come to, less what was taken back of them since.
    pub commissions: Money,
}

/// The partners who brought the most.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ranking {
    /// The day of asking.
    pub today: NaiveDate,
    /// The period's days.
    pub range: DayRange,
    /// The most first.
    pub partners: Vec<PartnerFigures>,
}

/// An active partner on whose links nobody has clicked, and who brought no sale, for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InactivePartner {
    /// Who.
    pub partner: PartnerName,
    /// Since when it is in the program.
    pub joined: NaiveDate,
    /// The day of the last click on one of its links; `None` where there never was one.
    pub last_click: Option<NaiveDate>,
    /// The day of the last sale to one of its customers; `None` where there never was one.
    pub last_sale: Option<NaiveDate>,
    /// How many of its customers have ever bought.
    pub customers: i64,
}

/// For how many days a partner may have no click and no sale, and not be inactive, where nobody says otherwise.
pub const INACTIVE_DAYS: u32 = 30;

/// The most days that may be asked for.
pub const INACTIVE_MOST: u32 = 730;

/// For how many days, as an address asks for them; [`INACTIVE_DAYS`] where it doesn't.
///
/// # Errors
/// What is wrong, in words: it is no whole number, or too small or too large a one.
pub fn inactive_days(asked: Option<&str>) -> Result<u32, String> {
    let asked = asked.map(str::trim).unwrap_or_default();
    if asked.is_empty() {
        return Ok(INACTIVE_DAYS);
    }
    let days = asked.parse().ok().filter(|days| (1..=INACTIVE_MOST).contains(days));
    days.ok_or_else(|| format!("Choose 1 to {INACTIVE_MOST} days."))
}

/// Customers who bought for the first time in one month, and what they did since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cohort {
    /// The month's first day.
    pub month: NaiveDate,
    /// How many they are.
    pub customers: i64,
    /// That month and each one after it until now.
    pub months: Vec<CohortMonth>,
}

/// What the customers of a cohort did in a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CohortMonth {
    /// How many of them bought.
    pub customers: i64,
    /// What they paid, refunds of those sales taken off.
    pub revenue: Money,
}

impl CohortMonth {
    /// The share of so many customers who bought, in whole percent; `None` of none.
    #[must_use]
    pub fn share(&self, of: i64) -> Option<i64> {
        (of > 0).then(|| (200 * self.customers + of) / (2 * of))
    }
}

/// What so many months after their first sale came to over all cohorts that are that old: how many customers these have,
/// and what they did. `None` where none is that old.
#[must_use]
pub fn all_cohorts(cohorts: &[Cohort], after: usize) -> Option<(i64, CohortMonth)> {
    let mut old = cohorts.iter().filter_map(|cohort| Some((cohort.customers, cohort.months.get(after)?)));
    let (mut customers, mut sum) = old.next().map(|(customers, month)| (customers, *month))?;
    for (more, month) in old {
        customers += more;
        sum.customers += month.customers;
        sum.revenue.amount += month.revenue.amount;
    }
    Some((customers, sum))
}

/// The cohorts of the last months, the oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cohorts {
    /// The day of asking.
    pub today: NaiveDate,
    /// One for each month, also those without customers.
    pub cohorts: Vec<Cohort>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cohorts_are_summed_as_far_as_they_are_old() {
        let month = |customers: i64, revenue: i64| CohortMonth {
            customers,
            revenue: Money::new(revenue.into(), "EUR".parse().expect("currency")),
        };
        let cohort = |customers: i64, months: Vec<CohortMonth>| Cohort { month: NaiveDate::MIN, customers, months };
        let cohorts = [cohort(3, vec![month(3, 30), month(1, 10)]), cohort(5, vec![month(5, 50)])];
        assert_eq!(all_cohorts(&cohorts, 0), Some((8, month(8, 80))));
        assert_eq!(all_cohorts(&cohorts, 1), Some((3, month(1, 10))));
        assert_eq!(all_cohorts(&cohorts, 2), None);
        assert_eq!([month(1, 0).share(3), month(2, 0).share(3), month(0, 0).share(0)], [Some(33), Some(67), None]);
    }

    #[test]
    fn days_that_are_none_are_refused() {
        assert_eq!(inactive_days(None), Ok(INACTIVE_DAYS));
        assert_eq!(inactive_days(Some(" ")), Ok(INACTIVE_DAYS));
        assert_eq!(inactive_days(Some(" 45 ")), Ok(45));
        assert_eq!(inactive_days(Some("730")), Ok(INACTIVE_MOST));
        for bad in ["0", "731", "-3", "1.5", "many", "99999999999"] {
            assert_eq!(inactive_days(Some(bad)), Err("Choose 1 to 730 days.".to_owned()), "{bad}");
        }
    }
}
