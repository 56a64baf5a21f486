//! Offers: what a program pays for what.

use crate::ids::OfferId;
use crate::money::{Currency, Money, percent};
use crate::words;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

words! {
    /// What a reward is paid for.
    pub enum Trigger in "trigger_kind" {
        /// A referred customer signs up.
        SignUp = "sign_up",
        /// A referred customer pays.
        Sale = "sale",
    }
}

/// How much a reward is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rate {
    /// A flat amount in the program's currency.
    Flat(Decimal),
    /// A percentage of the sale: `30` is 30 %.
    Percent(Decimal),
}

/// For which sales of a customer a reward is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duration {
    /// The first sale only.
    FirstSale,
    /// The sales before the first sale plus so many calendar months.
    Months(u32),
    /// Every sale.
    Lifetime,
}

/// One reward of an offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reward {
    /// What it is paid for.
    pub trigger: Trigger,
    /// How much.
    pub rate: Rate,
    /// For which sales; without meaning for sign-ups.
    pub duration: Duration,
    /// Days between the event and the day on which the commission is due.
    pub hold_days: u32,
    /// Only sales of this product, where given.
    #[serde(default)]
    pub product: Option<String>,
    /// At least this much, in the program's currency.
    #[serde(default)]
    pub minimum: Option<Decimal>,
    /// At most this much, in the program's currency.
    #[serde(default)]
    pub cap: Option<Decimal>,
}

/// An offer as a referral keeps it: the terms as they stood when the customer was attributed, overrides included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The offer.
    pub offer_id: OfferId,
    /// Its version then, from 1.
    pub version: i32,
    /// Its name then.
    pub name: String,
    /// Its rewards then, in order.
    pub rewards: Vec<Reward>,
    /// Whether an enrollment's own rate stands in the rewards.
    #[serde(default)]
    pub overridden: bool,
}

impl Reward {
    /// The reward in plain words: `30% of every sale, for 12 months`.
    #[must_use]
    pub fn sentence(&self, currency: Currency) -> String {
        let rate = match self.rate {
            Rate::Flat(amount) => Money::new(amount, currency).to_string(),
            Rate::Percent(rate) => percent(rate),
        };
        let product = self.product.as_ref().map(|product| format!(" of {product}")).unwrap_or_default();
        match (self.trigger, self.rate, self.duration) {
            (Trigger::SignUp, ..) => format!("{rate} for each sign-up"),
            (Trigger::Sale, Rate::Flat(_), Duration::FirstSale) => format!("{rate} for each customer{product}"),
            (Trigger::Sale, Rate::Flat(_), _) => format!("{rate} for each sale{product}"),
            (Trigger::Sale, Rate::Percent(_), Duration::FirstSale) => format!("{rate} of the first sale{product}"),
            (Trigger::Sale, Rate::Percent(_), _) => format!("{rate} of every sale{product}"),
        }
    }

    /// When it is paid and how long it is held: `for 12 months, held 30 days for refunds`.
    #[must_use]
    pub fn conditions(&self) -> String {
        let long = match (self.trigger, self.duration) {
            (Trigger::SignUp, _) => "once, when they sign up".to_owned(),
            (_, Duration::FirstSale) => "once, on their first sale".to_owned(),
            (_, Duration::Months(1)) => "for 1 month".to_owned(),
            (_, Duration::Months(months)) => format!("for {months} months"),
            (_, Duration::Lifetime) => "for as long as they pay".to_owned(),
        };
        match self.hold_days {
            0 => format!("{long}, due at once"),
            1 => format!("{long}, held 1 day for refunds"),
            days => format!("{long}, held {days} days for refunds"),
        }
    }

    /// Checks a reward that an admin typed.
    ///
    /// # Errors
    /// What is wrong, in words for the person who typed it.
    pub fn check(&self, currency: Currency) -> Result<(), String> {
        match self.rate {
            Rate::Flat(amount) => Money::new(amount, currency).check_reported()?,
            Rate::Percent(rate) if rate <= Decimal::ZERO || rate > Decimal::ONE_HUNDRED => {
                return Err("Use a percentage above 0, at most 100.".into());
            }
            Rate::Percent(rate) if rate.normalize().scale() > 4 => return Err("Use at most 4 decimals.".into()),
            Rate::Percent(_) if self.trigger == Trigger::SignUp => {
                return Err("A sign-up has no amount: use a flat reward.".into());
            }
            Rate::Percent(_) => {}
        }
        if let Duration::Months(months) = self.duration
            && !(1..=120).contains(&months)
        {
            return Err("Use 1 to 120 months.".into());
        }
        if self.hold_days > 365 {
            return Err("Hold at most 365 days.".into());
        }
        for bound in [self.minimum, self.cap].into_iter().flatten() {
            Money::new(bound, currency).check_reported()?;
        }
        if let (Some(minimum), Some(cap)) = (self.minimum, self.cap)
            && minimum > cap
        {
            return Err("The minimum is above the cap.".into());
        }
        Ok(())
    }
}
