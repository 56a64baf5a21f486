//! A reward as it is being typed.

use domain::commissions::{Example, examples};
use domain::ids::OfferId;
use domain::money::Currency;
use domain::offers::{Duration, Rate, Reward, Terms, Tier, TierMeasure, Tiers, Trigger};
use domain::text::FieldError;
use leptos::prelude::*;
use rust_decimal::Decimal;

/// A reward as it is being typed: every figure is still a text.
#[derive(Clone, Copy)]
pub(super) struct Draft {
    /// Tells the rows of the editor apart.
    pub key: usize,
    /// A word of [`Trigger`].
    pub trigger: RwSignal<String>,
    /// `percent` or `flat`.
    pub unit: RwSignal<String>,
    pub rate: RwSignal<String>,
    /// `first_sale`, `months` or `lifetime`.
    pub duration: RwSignal<String>,
    pub months: RwSignal<String>,
    pub hold_days: RwSignal<String>,
    pub product: RwSignal<String>,
    pub minimum: RwSignal<String>,
    pub cap: RwSignal<String>,
    /// A word of [`TierMeasure`], or empty without tiers.
    pub tiers_by: RwSignal<String>,
    pub tiers: RwSignal<Vec<TierDraft>>,
}

/// A tier as it is being typed.
#[derive(Clone, Copy)]
pub(super) struct TierDraft {
    /// Tells the rows of the tiers apart.
    pub key: usize,
    pub from: RwSignal<String>,
    pub rate: RwSignal<String>,
}

impl TierDraft {
    pub(super) fn new(key: usize) -> Self {
        Self { key, from: text(""), rate: text("") }
    }
}

fn text(text: impl Into<String>) -> RwSignal<String> {
    RwSignal::new(text.into())
}

fn figure(figure: Option<Decimal>) -> RwSignal<String> {
    text(figure.map(|figure| figure.normalize().to_string()).unwrap_or_default())
}

impl Draft {
    /// A reward that is there already.
    pub(super) fn of(key: usize, reward: &Reward) -> Self {
        let (unit, rate) = match reward.rate {
            Rate::Flat(rate) => ("flat", rate),
            Rate::Percent(rate) => ("percent", rate),
        };
        let (duration, months) = match reward.duration {
            Duration::FirstSale => ("first_sale", 12),
            Duration::Months(months) => ("months", months),
            Duration::Lifetime => ("lifetime", 12),
        };
        let tier = |(key, tier): (usize, &Tier)| {
            let (Rate::Flat(rate) | Rate::Percent(rate)) = tier.rate;
            TierDraft { key, from: figure(Some(tier.from)), rate: figure(Some(rate)) }
        };
        let tiers = reward.tiers.iter().flat_map(|tiers| &tiers.steps).enumerate().map(tier).collect();
        Self {
            key,
            trigger: text(reward.trigger.as_str()),
            unit: text(unit),
            rate: figure(Some(rate)),
            duration: text(duration),
            months: text(months.to_string()),
            hold_days: text(reward.hold_days.to_string()),
            product: text(reward.product.clone().unwrap_or_default()),
            minimum: figure(reward.minimum),
            cap: figure(reward.cap),
            tiers_by: text(reward.tiers.as_ref().map(|tiers| tiers.by.as_str()).unwrap_or_default()),
            tiers: RwSignal::new(tiers),
        }
    }

    /// A reward to begin with: what most programs pay.
    pub(super) fn new(key: usize) -> Self {
        let reward = Reward {
            trigger: Trigger::Sale,
            rate: Rate::Percent(Decimal::from(30)),
            duration: Duration::Months(12),
            hold_days: 30,
            product: None,
            minimum: None,
            cap: None,
            tiers: None,
        };
        Self::of(key, &reward)
    }

    /// What is paid for changes: a rate in percent goes where there is nothing to take a share of. Tells whether it went.
    pub(super) fn pay_for(self, trigger: Trigger) -> bool {
        let percent = self.unit.with_untracked(|unit| unit == "percent");
        if trigger.has_amount() || !percent {
            return false;
        }
        self.unit.set("flat".to_owned());
        self.forget_rates()
    }

    /// Empties what was meant in another unit: 30 percent are not an amount of 30. Tells whether there was anything.
    pub(super) fn forget_rates(self) -> bool {
        let rates = std::iter::once(self.rate).chain(self.tiers.get_untracked().into_iter().map(|tier| tier.rate));
        let mut any = false;
        for rate in rates {
            any |= rate.with_untracked(|rate| !rate.trim().is_empty());
            rate.set(String::new());
        }
        any
    }

    /// The reward as far as it can be read, and what can't be, by the names of the reward's fields. Tracks what is typed.
    pub(super) fn read(self) -> (Reward, Vec<FieldError>) {
        let mut errors = Vec::new();
        let trigger = self.trigger.with(|word| word.parse().unwrap_or(Trigger::Sale));
        let amount = amount(&mut errors, "rate", self.rate).unwrap_or_default();
        let flat = !trigger.has_amount() || self.unit.with(|unit| unit == "flat");
        let rate = |amount| if flat { Rate::Flat(amount) } else { Rate::Percent(amount) };
        let duration = self.duration.get();
        let duration = match duration.as_str() {
            // All others happen once.
            _ if trigger != Trigger::Sale => Duration::FirstSale,
            "months" => Duration::Months(whole(&mut errors, "duration", self.months)),
            "lifetime" => Duration::Lifetime,
            _ => Duration::FirstSale,
        };
        let product = self.product.with(|product| product.trim().to_owned());
        // The fields of what can't be bounded don't show: what stands in them is not read.
        let mut bounded = |field, text| if flat { None } else { bound(&mut errors, field, text) };
        let (minimum, cap) = (bounded("minimum", self.minimum), bounded("cap", self.cap));
        let reward = Reward {
            trigger,
            rate: rate(amount),
            duration,
            hold_days: whole(&mut errors, "hold_days", self.hold_days),
            product: (trigger == Trigger::Sale && !product.is_empty()).then_some(product),
            minimum,
            cap,
            tiers: self.read_tiers(&mut errors, rate),
        };
        (reward, errors)
    }

    fn read_tiers(self, errors: &mut Vec<FieldError>, rate: impl Fn(Decimal) -> Rate) -> Option<Tiers> {
        let by: TierMeasure = self.tiers_by.with(|word| word.parse().ok())?;
        let steps = self.tiers.get().into_iter().enumerate().map(|(place, tier)| {
            let field = format!("tiers[{place}].from");
            let from = match by {
                TierMeasure::Customers => Decimal::from(whole(errors, &field, tier.from)),
                TierMeasure::Revenue => amount(errors, &field, tier.from).unwrap_or_default(),
            };
            Tier { from, rate: rate(amount(errors, &format!("tiers[{place}].rate"), tier.rate).unwrap_or_default()) }
        });
        Some(Tiers { by, steps: steps.collect() })
    }

    /// The reward in words with examples, or nothing while it can't be read.
    pub(super) fn words(self, currency: Currency) -> Option<(String, String, Vec<String>)> {
        let (reward, unread) = self.read();
        if !unread.is_empty() || !reward.check(currency).is_empty() {
            return None;
        }
        let words = (reward.sentence(currency), reward.conditions(currency));
        let offer = (OfferId(Default::default()), 1, String::new());
        let terms = Terms::new(offer, &[reward], (String::new(), &[]), &[]);
        Some((words.0, words.1, examples(&terms, currency).iter().map(Example::sentence).collect()))
    }
}

fn amount(errors: &mut Vec<FieldError>, field: &str, text: RwSignal<String>) -> Option<Decimal> {
    let read = text.with(|text| text.trim().parse().ok());
    if read.is_none() {
        errors.push(FieldError::new(field, "Type a figure, such as 12.50."));
    }
    read
}

fn bound(errors: &mut Vec<FieldError>, field: &str, text: RwSignal<String>) -> Option<Decimal> {
    if text.with(|text| text.trim().is_empty()) { None } else { amount(errors, field, text) }
}

fn whole(errors: &mut Vec<FieldError>, field: &str, text: RwSignal<String>) -> u32 {
    text.with(|text| text.trim().parse()).unwrap_or_else(|_| {
        errors.push(FieldError::new(field, "Type a whole number."));
        0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reward_comes_back_as_it_was() {
        let owner = Owner::new();
        owner.set();
        for reward in [
            Reward {
                trigger: Trigger::Sale,
                rate: Rate::Percent(Decimal::new(125, 1)),
                duration: Duration::Months(6),
                hold_days: 45,
                product: Some("Pro".into()),
                minimum: Some(Decimal::ONE),
                cap: Some(Decimal::from(500)),
                tiers: Some(Tiers {
                    by: TierMeasure::Customers,
                    steps: vec![Tier { from: Decimal::TEN, rate: Rate::Percent(Decimal::from(20)) }],
                }),
            },
            Reward {
                trigger: Trigger::SignUp,
                rate: Rate::Flat(Decimal::from(5)),
                duration: Duration::FirstSale,
                hold_days: 0,
                product: None,
                minimum: None,
                cap: None,
                tiers: None,
            },
        ] {
            assert_eq!(Draft::of(0, &reward).read(), (reward, Vec::new()));
        }
    }

    #[test]
    fn a_share_never_becomes_an_amount() {
        let owner = Owner::new();
        owner.set();
        let draft = Draft::new(0);
        assert!(!draft.pay_for(Trigger::LeadWon), "a deal has a value to take a share of");
        assert_eq!(draft.rate.get_untracked(), "30");
        assert!(draft.pay_for(Trigger::SignUp));
        assert_eq!((draft.unit.get_untracked().as_str(), draft.rate.get_untracked().as_str()), ("flat", ""));
        draft.rate.set("5".into());
        assert!(!draft.pay_for(Trigger::Sale));
        assert_eq!(draft.read().0.rate, Rate::Flat(Decimal::from(5)), "an amount stays one");
    }

    #[test]
    fn customers_are_counted_in_whole_numbers() {
        let owner = Owner::new();
        owner.set();
        let draft = Draft::new(0);
        draft.tiers.set(vec![TierDraft::new(0)]);
        let wrong = |by: TierMeasure| {
            draft.tiers_by.set(by.as_str().into());
            draft.read().1.into_iter().find(|error| error.field == "tiers[0].from").map(|error| error.message)
        };
        assert_eq!(wrong(TierMeasure::Customers).as_deref(), Some("Type a whole number."));
        assert_eq!(wrong(TierMeasure::Revenue).as_deref(), Some("Type a figure, such as 12.50."));
    }

    #[test]
    fn what_cant_be_read_is_named() {
        let owner = Owner::new();
        owner.set();
        let draft = Draft::new(0);
        draft.rate.set("a third".into());
        draft.hold_days.set("-1".into());
        let fields: Vec<_> = draft.read().1.into_iter().map(|error| error.field).collect();
        assert_eq!(fields, ["rate", "hold_days"]);
        draft.minimum.set("five".into());
        assert_eq!(draft.read().1.len(), 3);
        draft.unit.set("flat".into());
        assert_eq!(draft.read().1.len(), 2, "the minimum doesn't show");
    }
}
