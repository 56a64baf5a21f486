//! Offers: what a program pays for what.

mod check;

use crate::ids::OfferId;
use crate::money::{Currency, Money, percent};
use crate::partners::{EnrollmentStatus, GroupName, PartnerName};
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
        /// The team qualifies a lead of the partner.
        LeadQualified = "lead_qualified",
        /// A lead of the partner buys.
        LeadWon = "lead_won",
    }
}

impl Trigger {
    /// What it is paid for, in words: `sign-up`.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::SignUp => "Sign-up",
            Self::Sale => "Sale",
            Self::LeadQualified => "Lead qualified",
            Self::LeadWon => "Lead won",
        }
    }

    /// The event as a thing, inside a sentence: `a qualified lead` without its article.
    #[must_use]
    pub fn noun(self) -> &'static str {
        match self {
            Self::SignUp => "sign-up",
            Self::Sale => "sale",
            Self::LeadQualified => "qualified lead",
            Self::LeadWon => "won lead",
        }
    }

    /// Whether it is something that becomes of a lead.
    #[must_use]
    pub fn is_of_leads(self) -> bool {
        matches!(self, Self::LeadQualified | Self::LeadWon)
    }

    /// Whether the event has an amount of which a share can be paid.
    #[must_use]
    pub fn has_amount(self) -> bool {
        matches!(self, Self::Sale | Self::LeadWon)
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

impl Rate {
    /// The rate in words: `$20.00`, `30%`.
    #[must_use]
    pub fn words(self, currency: Currency) -> String {
        match self {
            Self::Flat(amount) => Money::new(amount, currency).to_string(),
            Self::Percent(rate) => percent(rate),
        }
    }
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
    /// Other rates for partners who have brought much.
    #[serde(default)]
    pub tiers: Option<Tiers>,
}

words! {
    /// What of a partner's the tiers look at, since the beginning.
    pub enum TierMeasure in "measure" {
        /// Customers who have paid.
        Customers = "customers",
        /// Sales, less refunds.
        Revenue = "revenue",
    }
}

/// What a partner has brought since the beginning, the event that is asked about included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Brought {
    /// Customers who have paid.
    pub customers: i64,
    /// Sales, less refunds, in the program's currency.
    pub revenue: Decimal,
}

impl Brought {
    /// One of the figures.
    #[must_use]
    pub fn of(self, measure: TierMeasure) -> Decimal {
        match measure {
            TierMeasure::Customers => self.customers.into(),
            TierMeasure::Revenue => self.revenue,
        }
    }
}

/// Other rates from certain figures of the partner on: the highest tier reached counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tiers {
    /// What is looked at.
    pub by: TierMeasure,
    /// The tiers, from the lowest to the highest.
    pub steps: Vec<Tier>,
}

/// One tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tier {
    /// From this figure on.
    pub from: Decimal,
    /// The rate instead of the reward's.
    pub rate: Rate,
}

impl Tiers {
    /// The highest tier that these figures reach.
    #[must_use]
    pub fn reached(&self, figures: Brought) -> Option<&Tier> {
        let figure = figures.of(self.by);
        self.steps.iter().rev().find(|tier| figure >= tier.from)
    }

    /// A figure in words: `10 customers`, `$5,000.00 of sales`.
    #[must_use]
    pub fn figure_words(&self, figure: Decimal, currency: Currency) -> String {
        match self.by {
            TierMeasure::Customers if figure == Decimal::ONE => "1 customer".to_owned(),
            TierMeasure::Customers => format!("{} customers", figure.normalize()),
            TierMeasure::Revenue => format!("{} of sales", Money::new(figure, currency)),
        }
    }
}

/// Whose a rate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateOf {
    /// The offer's.
    Offer,
    /// The partner's group's.
    Group,
    /// The partner's own.
    Partner,
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
    /// The group by which the partner has the offer; empty where it has it by itself.
    #[serde(default)]
    pub group: String,
    /// Whose the rate of each reward is; empty in terms from before there were groups.
    #[serde(default)]
    pub rates: Vec<RateOf>,
}

impl Terms {
    /// The terms of a partner: the rates of its own go before those of its group, and those before the offer's.
    #[must_use]
    pub fn new(
        (offer_id, version, name): (OfferId, i32, String),
        rewards: &[Reward],
        (group, of_group): (String, &[Override]),
        own: &[Override],
    ) -> Self {
        let rewards = overridden(&overridden(rewards, of_group), own);
        let has = |overrides: &[Override], place| overrides.iter().any(|over| over.reward as usize == place);
        let rate_of = |place| match (has(own, place), has(of_group, place)) {
            (true, _) => RateOf::Partner,
            (false, true) => RateOf::Group,
            (false, false) => RateOf::Offer,
        };
        let rates: Vec<_> = (0..rewards.len()).map(rate_of).collect();
        Self { offer_id, version, name, overridden: rates.contains(&RateOf::Partner), rewards, group, rates }
    }

    /// Whose the rate of a reward is.
    #[must_use]
    pub fn rate_of(&self, reward: usize) -> RateOf {
        match self.rates.get(reward) {
            Some(whose) => *whose,
            None if self.overridden => RateOf::Partner,
            None => RateOf::Offer,
        }
    }
}

/// A rate of an enrollment's own for one reward of an offer; it goes before the offer's rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// The reward, as its place in the offer, from 0.
    pub reward: u32,
    /// The rate instead of the reward's.
    pub rate: Rate,
}

/// The rewards of an offer with the rates of an enrollment or a group in their places, there without tiers; overrides of
/// places that the offer no longer has are passed over.
#[must_use]
pub fn overridden(rewards: &[Reward], overrides: &[Override]) -> Vec<Reward> {
    let mut rewards = rewards.to_vec();
    for own in overrides {
        if let Some(reward) = rewards.get_mut(own.reward as usize) {
            reward.rate = own.rate;
            reward.tiers = None;
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

/// A version of an offer, as its history tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferVersion {
    /// Its number, from 1.
    pub version: i32,
    /// Its rewards, in words.
    pub words: Vec<RewardWords>,
    /// Who made it; empty where nobody of the team did.
    pub by: String,
    /// When, UTC.
    pub at: DateTime<Utc>,
}

/// The history of an offer and who has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferPast {
    /// Its versions, the one in force first.
    pub versions: Vec<OfferVersion>,
    /// The groups that have it.
    pub groups: Vec<GroupName>,
    /// Some of the partners who have it, by themselves or by their group, by name.
    pub partners: Vec<PartnerName>,
    /// How many have it in all.
    pub count: i64,
}

/// An offer as a partner who has it reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MyOffer {
    /// Its name.
    pub name: String,
    /// What the team says of it; may be empty.
    pub description: String,
    /// The group by which the partner has it, or empty.
    pub group: String,
    /// Its rewards as they apply to the partner.
    pub rewards: Vec<RewardWords>,
    /// Whose the rate of each reward is.
    pub rates: Vec<RateOf>,
    /// What it pays, by examples.
    pub examples: Vec<String>,
}

/// A program in which an account is enrolled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MyProgram {
    /// Its name in addresses.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// What it is, for its partners; may be empty.
    pub description: String,
    /// As which partner.
    pub partner: PartnerName,
    /// That partner's standing.
    pub status: EnrollmentStatus,
    /// The offers that the partner has there, in order.
    pub offers: Vec<MyOffer>,
}

impl Reward {
    /// The reward in words.
    #[must_use]
    pub fn words(&self, currency: Currency) -> RewardWords {
        RewardWords { sentence: self.sentence(currency), conditions: self.conditions(currency) }
    }

    /// The reward in plain words: `30% of every sale, for 12 months`.
    #[must_use]
    pub fn sentence(&self, currency: Currency) -> String {
        let rate = self.rate.words(currency);
        let product = self.product.as_ref().map(|product| format!(" of {product}")).unwrap_or_default();
        match (self.trigger, self.rate, self.duration) {
            (Trigger::SignUp, ..) => format!("{rate} for each sign-up"),
            (Trigger::LeadQualified, ..) => format!("{rate} for each qualified lead"),
            (Trigger::LeadWon, Rate::Flat(_), _) => format!("{rate} for each won lead"),
            (Trigger::LeadWon, Rate::Percent(_), _) => format!("{rate} of the deal of each won lead"),
            (Trigger::Sale, Rate::Flat(_), Duration::FirstSale) => format!("{rate} for each customer{product}"),
            (Trigger::Sale, Rate::Flat(_), _) => format!("{rate} for each sale{product}"),
            (Trigger::Sale, Rate::Percent(_), Duration::FirstSale) => format!("{rate} of the first sale{product}"),
            (Trigger::Sale, Rate::Percent(_), _) => format!("{rate} of every sale{product}"),
        }
    }

    /// When it is paid, how long it is held, its bounds and its tiers: `for 12 months, held 30 days for refunds, at most
    /// $50.00; 40% from 10 customers`.
    #[must_use]
    pub fn conditions(&self, currency: Currency) -> String {
        let mut words = format!("{}, {}", self.long(), self.held());
        for (bound, amount) in [("at least", self.minimum), ("at most", self.cap)] {
            if let Some(amount) = amount {
                words += &format!(", {bound} {}", Money::new(amount, currency));
            }
        }
        for (place, tier) in self.tiers.iter().flat_map(|tiers| &tiers.steps).enumerate() {
            let from = self.tiers.as_ref().map(|tiers| tiers.figure_words(tier.from, currency)).unwrap_or_default();
            let between = if place == 0 { "; " } else { ", " };
            words += &format!("{between}{} from {from}", tier.rate.words(currency));
        }
        words
    }

    /// For how long it is paid: `for 12 months`.
    #[must_use]
    pub fn long(&self) -> String {
        match (self.trigger, self.duration) {
            (Trigger::SignUp, _) => "once, when they sign up".to_owned(),
            (Trigger::LeadQualified, _) => "once, when the team qualifies it".to_owned(),
            (Trigger::LeadWon, _) => "once, when it is won".to_owned(),
            (_, Duration::FirstSale) => "once, on their first sale".to_owned(),
            (_, Duration::Months(1)) => "for 1 month".to_owned(),
            (_, Duration::Months(months)) => format!("for {months} months"),
            (_, Duration::Lifetime) => "for as long as they pay".to_owned(),
        }
    }

    /// How long it is held: `held 30 days for refunds`; nothing but a sale is refunded.
    fn held(&self) -> String {
        let why = if self.trigger == Trigger::Sale { " for refunds" } else { "" };
        match self.hold_days {
            0 => "due at once".to_owned(),
            1 => format!("held 1 day{why}"),
            days => format!("held {days} days{why}"),
        }
    }
}
