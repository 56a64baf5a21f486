//! What is wrong with an offer that an admin typed: all of it at once, each with its field.

use super::{Duration, OfferInput, Rate, Reward, TierMeasure, Tiers, Trigger};
use crate::money::{Currency, Money};
use crate::text::FieldError;
use rust_decimal::Decimal;

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
            let wrong = reward.check(currency).into_iter();
            errors
                .extend(wrong.map(|wrong| FieldError::new(format!("rewards[{place}].{}", wrong.field), wrong.message)));
        }
        errors
    }
}

impl Reward {
    /// Checks a rate that an admin typed, for this reward.
    ///
    /// # Errors
    /// What is wrong, in words for the person who typed it.
    pub fn check_rate(&self, rate: Rate, currency: Currency) -> Result<(), String> {
        match rate {
            Rate::Flat(amount) => Money::new(amount, currency).check_reported(),
            Rate::Percent(_) if !self.trigger.has_amount() => {
                let event = if self.trigger == Trigger::SignUp { "sign-up" } else { "qualified lead" };
                Err(format!("A {event} has no amount: use a flat reward."))
            }
            Rate::Percent(rate) if rate <= Decimal::ZERO || rate > Decimal::ONE_HUNDRED => {
                Err("Use a percentage above 0, at most 100.".into())
            }
            Rate::Percent(rate) if rate.normalize().scale() > 4 => Err("Use at most 4 decimals.".into()),
            Rate::Percent(_) => Ok(()),
        }
    }

    /// What is wrong with a reward that an admin typed, each with the field where it is: `rate`, `tiers[0].from`.
    #[must_use]
    pub fn check(&self, currency: Currency) -> Vec<FieldError> {
        let mut errors = Vec::new();
        note(&mut errors, "rate", self.check_rate(self.rate, currency));
        if let Duration::Months(months) = self.duration
            && !(1..=120).contains(&months)
        {
            errors.push(FieldError::new("duration", "Use 1 to 120 months."));
        }
        if self.hold_days > 365 {
            errors.push(FieldError::new("hold_days", "Hold at most 365 days."));
        }
        if self.product.as_ref().is_some_and(|product| product.trim().is_empty() || product.chars().count() > 200) {
            errors.push(FieldError::new("product", "Use 1 to 200 characters, or leave it out."));
        }
        for (field, bound) in [("minimum", self.minimum), ("cap", self.cap)] {
            if let Some(bound) = bound {
                note(&mut errors, field, Money::new(bound, currency).check_reported());
            }
        }
        if let (Some(minimum), Some(cap)) = (self.minimum, self.cap)
            && minimum > cap
        {
            errors.push(FieldError::new("minimum", "The smallest commission is above the largest."));
        }
        self.check_tiers(currency, &mut errors);
        errors
    }

    fn check_tiers(&self, currency: Currency, errors: &mut Vec<FieldError>) {
        let Some(Tiers { by, steps }) = &self.tiers else { return };
        if steps.is_empty() || steps.len() > 10 {
            errors.push(FieldError::new("tiers", "Use 1 to 10 tiers."));
        }
        let mut before = Decimal::ZERO;
        for (place, tier) in steps.iter().enumerate() {
            let from = match by {
                TierMeasure::Customers if !tier.from.fract().is_zero() => Err("Type a whole number.".to_owned()),
                TierMeasure::Customers if tier.from > Decimal::from(10_000_000) => Err("That is too many.".to_owned()),
                TierMeasure::Customers => Ok(()),
                TierMeasure::Revenue => Money::new(tier.from, currency).check_reported(),
            };
            let above = if place == 0 { "Must be above zero." } else { "Must be above the tier before." };
            let from = from.and_then(|()| if tier.from > before { Ok(()) } else { Err(above.to_owned()) });
            note(errors, format!("tiers[{place}].from"), from);
            before = before.max(tier.from);
            let same_kind = matches!(tier.rate, Rate::Flat(_)) == matches!(self.rate, Rate::Flat(_));
            let other_kind = || "Use the same kind of rate as the reward.".to_owned();
            let rate = self.check_rate(tier.rate, currency);
            let rate = rate.and_then(|()| if same_kind { Ok(()) } else { Err(other_kind()) });
            note(errors, format!("tiers[{place}].rate"), rate);
        }
    }
}

fn note(errors: &mut Vec<FieldError>, field: impl Into<String>, checked: Result<(), String>) {
    if let Err(message) = checked {
        errors.push(FieldError::new(field, message));
    }
}

#[cfg(test)]
mod tests {
    use super::super::Tier;
    use super::*;

    fn reward(trigger: Trigger, rate: Rate) -> Reward {
        Reward {
            trigger,
            rate,
            duration: Duration::FirstSale,
            hold_days: 30,
            product: None,
            minimum: None,
            cap: None,
            tiers: None,
        }
    }

    fn eur() -> Currency {
        "EUR".parse().expect("currency")
    }

    #[test]
    fn only_what_is_refunded_is_held_for_refunds() {
        let held = |trigger| reward(trigger, Rate::Flat(Decimal::ONE)).conditions(eur());
        assert_eq!(held(Trigger::Sale), "once, on their first sale, held 30 days for refunds");
        assert_eq!(held(Trigger::SignUp), "once, when they sign up, held 30 days");
        assert_eq!(held(Trigger::LeadWon), "once, when it is won, held 30 days");
    }

    #[test]
    fn all_that_is_wrong_with_an_offer_is_told_at_once() {
        let tier = |from, rate| Tier { from: Decimal::new(from, 1), rate: Rate::Percent(Decimal::new(rate, 0)) };
        let wrong = Reward {
            duration: Duration::Months(0),
            hold_days: 366,
            product: Some(" ".into()),
            minimum: Some(Decimal::new(-1, 0)),
            cap: Some(Decimal::new(1, 3)),
            tiers: Some(Tiers { by: TierMeasure::Customers, steps: vec![tier(100, 40), tier(95, 101), tier(50, 50)] }),
            ..reward(Trigger::Sale, Rate::Percent(Decimal::new(1001, 1)))
        };
        let fine = reward(Trigger::LeadQualified, Rate::Flat(Decimal::new(2550, 2)));
        let input = OfferInput {
            name: " ".into(),
            description: "x".repeat(2_001),
            rewards: vec![fine, wrong],
            is_default: true,
        };
        let fields: Vec<_> = input.check(eur()).into_iter().map(|error| error.field).collect();
        let expected = [
            "name",
            "description",
            "rewards[1].rate",
            "rewards[1].duration",
            "rewards[1].hold_days",
            "rewards[1].product",
            "rewards[1].minimum",
            "rewards[1].cap",
            "rewards[1].tiers[1].from",
            "rewards[1].tiers[1].rate",
            "rewards[1].tiers[2].from",
        ];
        assert_eq!(fields, expected);
    }

    #[test]
    fn rates_fit_the_currency_and_what_they_are_paid_for() {
        let yen: Currency = "JPY".parse().expect("currency");
        let wrong = |reward: Reward, currency| !reward.check(currency).is_empty();
        assert!(wrong(reward(Trigger::Sale, Rate::Flat(Decimal::new(15, 1))), yen), "no half yen");
        assert!(!wrong(reward(Trigger::Sale, Rate::Flat(Decimal::new(15, 1))), eur()));
        assert!(wrong(reward(Trigger::Sale, Rate::Flat(Decimal::new(-5, 0))), eur()));
        assert!(wrong(reward(Trigger::Sale, Rate::Percent(Decimal::ZERO)), eur()));
        assert!(wrong(reward(Trigger::Sale, Rate::Percent(Decimal::new(123_451, 5))), eur()), "five decimals");
        for trigger in [Trigger::SignUp, Trigger::LeadQualified] {
            assert!(wrong(reward(trigger, Rate::Percent(Decimal::TEN)), eur()), "{trigger} has no amount");
        }
        assert!(!wrong(reward(Trigger::LeadWon, Rate::Percent(Decimal::TEN)), eur()));
        let none = Reward {
            tiers: Some(Tiers { by: TierMeasure::Revenue, steps: Vec::new() }),
            ..reward(Trigger::Sale, Rate::Percent(Decimal::TEN))
        };
        assert_eq!(none.check(eur())[0].field, "tiers");
    }
}
