use crate::commissions::CommissionStatus;
use crate::ids::FileId;
use crate::leads::Stage;
use crate::money::Money;
use crate::offers::RewardWords;
use crate::partners::{EnrollmentStatus, PartnerName};
use crate::payments::PaymentStatus;
use crate::time::DayRange;
use crate::why::Why;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

/// A number in the period and in the one it is compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// In the period.
    pub now: i64,
    /// In the days that it is compared with.
    pub before: i64,
}

impl Count {
    /// The change in percent, to one decimal; `None` where there was nothing before.
    #[must_use]
    pub fn change(self) -> Option<Decimal> {
        change(Decimal::from(self.now), Decimal::from(self.before))
    }
}

/// The change from one figure to another in percent, to one decimal; `None` where the first is zero.
#[must_use]
pub fn change(now: Decimal, before: Decimal) -> Option<Decimal> {
    if before.is_zero() {
        return None;
    }
    let change = (now - before) / before.abs() * Decimal::ONE_HUNDRED;
    Some(change.round_dp_with_strategy(1, RoundingStrategy::MidpointAwayFromZero))
}

/// One day of a chart, in the program's time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// Which.
    pub day: NaiveDate,
    /// Clicks on the partner's links.
    pub clicks: i64,
    /// Referred customers who signed up.
    pub sign_ups: i64,
    /// Sales to referred customers.
    pub sales: i64,
}

/// A partner's dashboard. Days are the program's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dashboard {
    /// The partner.
    pub partner: PartnerName,
    /// Its standing.
    pub status: EnrollmentStatus,
    /// The day of asking.
    pub today: NaiveDate,
    /// The period's days.
    pub range: DayRange,
    /// Clicks on its links.
    pub clicks: Count,
    /// Referred customers who signed up in the period.
    pub sign_ups: Count,
    /// Referred customers whose first sale lies in the period.
    pub customers: Count,
    /// "Awaiting payout": what is due now; below zero where clawbacks are carried forward.
    pub due: Money,
    /// By how much that differs from what was due at the period's start.
    pub due_change: Money,
    /// What is held besides.
    pub held: Money,
    /// Each day of the period, also those on which nothing happened.
    pub days: Vec<Day>,
    /// The latest events, newest first, at most ten: commissions and clawbacks, sign-ups that earned nothing, leads that
    /// the team has judged, and payments.
    pub latest: Vec<Line>,
    /// What the partner earns, its own rates included: several at once.
    pub rewards: Vec<RewardWords>,
    /// When partners are paid next.
    pub next_payment: NaiveDate,
    /// The program's smallest payment; zero for none.
    pub minimum_payment: Money,
    /// Whether the partner has said where payments go.
    pub payout_method_chosen: bool,
    /// The path of its own link, `/r/acme/ada`; `None` while it has none.
    pub link_path: Option<String>,
    /// Its promo codes that are switched on.
    pub promo_codes: Vec<PromoCodeLine>,
    /// Its photo.
    pub photo: Option<FileId>,
}

/// A promo code to share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromoCodeLine {
    /// The code.
    pub code: String,
    /// What it gives the customer, in words.
    pub description: String,
    /// Customers attributed by it.
    pub customers: i64,
}

/// A line of the latest events: a commission, or a clawback as a line of its own; a sign-up, a lead, a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Unique among the lines: the id of what it tells of; of a clawback, its journal's.
    pub id: uuid::Uuid,
    /// The customer as partners may see it: `n•••@harbor.example`; the lead's e-mail; empty for a payment.
    pub who: String,
    /// `First sale · Team plan`, `Refund of $40.00 of $100.00`.
    pub happened: String,
    /// When it happened, UTC.
    pub occurred_at: DateTime<Utc>,
    /// The day on which it happened.
    pub day: NaiveDate,
    /// Where it stands.
    pub state: LineState,
    /// What the rate applied to, below zero for what was refunded; `None` where flat.
    pub base: Option<Money>,
    /// What the partner earns, below zero for a clawback; what was paid; `None` where no money moved.
    pub amount: Option<Money>,
    /// How it came about.
    pub why: Why,
}

/// Where what a line tells of stands, with the day that matters to the partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LineState {
    /// A commission.
    Commission {
        /// Its status.
        status: CommissionStatus,
        /// The day on which it is due; `None` in review.
        due: Option<NaiveDate>,
        /// The day of the payment that settled it.
        paid: Option<NaiveDate>,
    },
    /// A clawback.
    ClawedBack,
    /// A sign-up.
    SignedUp,
    /// A lead.
    Lead(Stage),
    /// A payment.
    Payment(PaymentStatus),
}

impl LineState {
    /// The status as a word with its day: `Held until 20 Dec`, `Due since 1 Nov`, `Paid 1 Dec`.
    #[must_use]
    pub fn words(self) -> String {
        let (status, due, paid) = match self {
            Self::Commission { status, due, paid } => (status, due, paid),
            Self::ClawedBack => return "Clawed back".into(),
            Self::SignedUp => return "Signed up".into(),
            Self::Lead(stage) => return stage.label().into(),
            Self::Payment(status) => return status.words().into(),
        };
        let (joint, day) = match status {
            CommissionStatus::Held => (" until", due),
            CommissionStatus::Due => (" since", due),
            CommissionStatus::Paid => ("", paid),
            CommissionStatus::Review | CommissionStatus::Reversed => ("", None),
        };
        let day = day.map(|day| format!("{joint} {}", day.format("%-d %b")));
        format!("{}{}", status.label(), day.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_percentages_of_what_was() {
        let change = |now, before| Count { now, before }.change().map(|change| change.to_string());
        assert_eq!(change(4812, 4281).as_deref(), Some("12.4"));
        assert_eq!(change(41, 43).as_deref(), Some("-4.7"));
        assert_eq!(change(0, 3).as_deref(), Some("-100"));
        assert_eq!(change(7, 0), None, "nothing to compare with");
    }

    #[test]
    fn states_say_the_day_that_matters() {
        let day = |text: &str| text.parse().ok();
        let state =
            |status, due: &str, paid: &str| LineState::Commission { status, due: day(due), paid: day(paid) }.words();
        assert_eq!(state(CommissionStatus::Held, "2026-12-19", ""), "Held until 19 Dec");
        assert_eq!(state(CommissionStatus::Due, "2026-12-01", ""), "Due since 1 Dec");
        assert_eq!(state(CommissionStatus::Paid, "2026-10-01", "2026-11-01"), "Paid 1 Nov");
        assert_eq!(state(CommissionStatus::Review, "", ""), "In review");
        assert_eq!(LineState::ClawedBack.words(), "Clawed back");
        assert_eq!(LineState::Lead(Stage::ClosedWon).words(), "Closed Won");
        assert_eq!(LineState::Payment(PaymentStatus::Failed).words(), "Failed: due again");
    }
}
