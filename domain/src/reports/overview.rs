use super::dashboard::Count;
use crate::money::Money;
use crate::partners::PartnerName;
use crate::time::DayRange;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// The program at a glance, for the team. Days are the program's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overview {
    /// The day of asking.
    pub today: NaiveDate,
    /// The period's days.
    pub range: DayRange,
    /// Clicks on partners' links.
    pub clicks: Count,
    /// Customers who signed up and are referred.
    pub sign_ups: Count,
    /// Referred customers whose first sale lies in the period.
    pub customers: Count,
    /// Sales to referred customers in the period.
    pub sales: Money,
    /// The same in the days that it is compared with.
    pub sales_before: Money,
    /// What the commissions for events in the period come to, less what was taken back of them since.
    pub cost: Money,
    /// The same in the days that it is compared with.
    pub cost_before: Money,
    /// What is due to partners now: the sum of their balances, also those below zero.
    pub due: Money,
    /// What is held for partners now.
    pub held: Money,
    /// Each day of the period.
    pub days: Vec<OverviewDay>,
    /// The partners with the highest sales in the period, at most 10.
    pub top: Vec<TopPartner>,
    /// What waits for a person.
    pub attention: Attention,
}

/// One day of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverviewDay {
    /// Which.
    pub day: NaiveDate,
    /// Clicks on partners' links.
    pub clicks: i64,
    /// Referred customers who signed up.
    pub sign_ups: i64,
    /// Sales to referred customers.
    pub sales: i64,
    /// What those sales came to.
    pub sales_amount: Money,
}

/// A partner and what it brought in the period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopPartner {
    /// Who.
    pub partner: PartnerName,
    /// Clicks on its links.
    pub clicks: i64,
    /// Sales to its customers.
    pub sales: i64,
    /// What those came to.
    pub sales_amount: Money,
    /// What its commissions of the period come to, clawbacks not taken off.
    pub commissions: Money,
}

/// What waits for a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attention {
    /// Partners who wait to be let in.
    pub partners_pending: i64,
    /// Commissions in review.
    pub commissions_in_review: i64,
    /// Partners whom a batch pays as it is offered: a due balance of at least the smallest payment, a payout method,
    /// not banned.
    pub partners_to_pay: i64,
    /// Partners who would be among those, had they a payout method.
    pub partners_without_method: i64,
    /// Jobs that failed for good; 0 for those who may not see them.
    pub failed_jobs: i64,
}

/// What waits, as the menu counts it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Partners who wait to be let in.
    pub partners: i64,
    /// Commissions in review.
    pub commissions: i64,
    /// Submitted sales that nobody has judged.
    pub sales: i64,
    /// Conversations with something that the asker has not read.
    pub messages: i64,
}
