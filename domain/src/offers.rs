//! Offers: what a program pays for what.

use crate::ids::OfferId;
use crate::money::{Currency, Money, percent};
use crate::text::FieldError;
use crate::words;
use chrono::{DateTime, Utc};
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

/// A rate of an enrollment's own for one reward of an offer; it goes before the offer's rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// The reward, as its place in the offer, from 0.
    pub reward: u32,
    /// The rate instead of the reward's.
    pub rate: Rate,
}

/// The rewards of an offer with an enrollment's own rates in their places; overrides of places that the offer no
/// longer has are passed over.
#[must_use]
pub fn overridden(rewards: &[Reward], overrides: &[Override]) -> Vec<Reward> {
    let mut rewards = rewards.to_vec();
    for own in overrides {
        if let Some(reward) = rewards.get_mut(own.reward as usize) {
            reward.rate = own.rate;
        }
    }
    rewards
}

/// A reward in words: what is paid, and under which conditions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RewardWords {
    /// `30% of every sale`.
    pub sentence: String,
    /// `for 12 months, held 30 days for refunds`.
    pub conditions: String,
}

/// An offer as an admin types it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferInput {
    /// Its name.
    pub name: String,
    /// For partners, in words.
    #[serde(default)]
    pub description: String,
    /// Its rewards, in order.
    pub rewards: Vec<Reward>,
    /// Whether new partners get it.
    #[serde(default)]
    pub is_default: bool,
}

impl OfferInput {
    /// Checks an offer that an admin typed; errors name their fields: `name`, `rewards`, `rewards[0].rate`.
    #[must_use]
    pub fn check(&self, currency: Currency) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if self.name.trim().is_empty() || self.name.chars().count() > 100 {
            errors.push(FieldError::new("name", "Use 1 to 100 characters."));
        }
        if self.description.chars().count() > 2_000 {
            errors.push(FieldError::new("description", "Use at most 2000 characters."));
        }
        if self.rewards.is_empty() || self.rewards.len() > 20 {
            errors.push(FieldError::new("rewards", "An offer has 1 to 20 rewards."));
        }
        for (place, reward) in self.rewards.iter().enumerate() {
            if let Err((field, message)) = reward.check_fields(currency) {
                errors.push(FieldError::new(format!("rewards[{place}].{field}"), message));
            }
        }
        errors
    }
}

/// An offer in the admin's list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferRow {
    /// Its id.
    pub id: OfferId,
    /// Its name.
    pub name: String,
    /// For partners, in words.
    pub description: String,
    /// The version in force, from 1.
    pub version: i32,
    /// The rewards of that version, in order.
    pub rewards: Vec<Reward>,
    /// The same in words.
    pub words: Vec<RewardWords>,
    /// Its place among the offers that new partners get, from 0, kept while it is archived; `None` where they don't get
    /// it.
    pub default_position: Option<i32>,
    /// Whether it is archived: nobody gets it any more, those who have it keep it.
    pub archived: bool,
    /// How many partners have it.
    pub partners: i64,
    /// When the version in force was made, UTC.
    pub changed_at: DateTime<Utc>,
}

impl Reward {
    /// The reward in words.
    #[must_use]
    pub fn words(&self, currency: Currency) -> RewardWords {
        RewardWords { sentence: self.sentence(currency), conditions: self.conditions() }
    }

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
        self.check_fields(currency).map_err(|(_, message)| message)
    }

    /// Checks a rate that an admin typed, for this reward.
    ///
    /// # Errors
    /// What is wrong, in words for the person who typed it.
    pub fn check_rate(&self, rate: Rate, currency: Currency) -> Result<(), String> {
        match rate {
            Rate::Flat(amount) => Money::new(amount, currency).check_reported(),
            Rate::Percent(_) if self.trigger == Trigger::SignUp => {
                Err("A sign-up has no amount: use a flat reward.".into())
            }
            Rate::Percent(rate) if rate <= Decimal::ZERO || rate > Decimal::ONE_HUNDRED => {
                Err("Use a percentage above 0, at most 100.".into())
            }
            Rate::Percent(rate) if rate.normalize().scale() > 4 => Err("Use at most 4 decimals.".into()),
            Rate::Percent(_) => Ok(()),
        }
    }

    /// What is wrong, with the field where it is.
    fn check_fields(&self, currency: Currency) -> Result<(), (&'static str, String)> {
        self.check_rate(self.rate, currency).map_err(|message| ("rate", message))?;
        if let Duration::Months(months) = self.duration
            && !(1..=120).contains(&months)
        {
            return Err(("duration", "Use 1 to 120 months.".into()));
        }
        if self.hold_days > 365 {
            return Err(("hold_days", "Hold at most 365 days.".into()));
        }
        if self.product.as_ref().is_some_and(|product| product.trim().is_empty() || product.len() > 200) {
            return Err(("product", "Use 1 to 200 characters, or leave it out.".into()));
        }
        for (field, bound) in [("minimum", self.minimum), ("cap", self.cap)] {
            if let Some(bound) = bound {
                Money::new(bound, currency).check_reported().map_err(|message| (field, message))?;
            }
        }
        if let (Some(minimum), Some(cap)) = (self.minimum, self.cap)
            && minimum > cap
        {
            return Err(("minimum", "The minimum is above the cap.".into()));
        }
        Ok(())
    }
}
