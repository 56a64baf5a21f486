//! The types of a group's leads: what kind of lead it is, and how it is referred to buyers.

use crate::buyers::{ReferralMethod, Selection};
use crate::ids::{LeadGroupId, LeadTypeId};
use crate::money::{Currency, check_limit};
use crate::text::{FieldError, check_line};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// The most types that a group has.
pub const MOST_TYPES: usize = 100;
/// The most buyers to whom one lead is referred.
pub const MOST_SCOPE: i32 = 20;

/// How the leads of a type are referred.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadTypeInput {
    /// What it is called; unique in its group.
    pub name: String,
    /// How a lead comes to its buyer.
    pub method: ReferralMethod,
    /// What a buyer pays for a lead that it has chosen by itself, in the program's currency. What was agreed before stays when
    /// this changes.
    pub default_price: Decimal,
    /// To how many buyers a lead is referred at the most.
    pub scope: i32,
    /// Whether buyers choose it by themselves, where the program lets them.
    pub self_service: bool,
    /// Whether a buyer needs an authorisation number.
    pub needs_authorisation: bool,
    /// For how many days a buyer is not sent the same lead again.
    pub duplicate_days: i32,
    /// Which of several eligible buyers goes first.
    pub selection: Selection,
    /// For how many hours a lead waits for an eligible buyer.
    pub wait_hours: i32,
    /// Whether it takes no further leads.
    pub closed: bool,
}

impl Default for LeadTypeInput {
    fn default() -> Self {
        Self {
            name: String::new(),
            method: ReferralMethod::Manually,
            default_price: Decimal::ZERO,
            scope: 1,
            self_service: false,
            needs_authorisation: false,
            duplicate_days: 90,
            selection: Selection::Priority,
            wait_hours: 72,
            closed: false,
        }
    }
}

impl LeadTypeInput {
    /// Checks what the team typed.
    #[must_use]
    pub fn check(&self, currency: Currency) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let mut wrong = |field: &str, words: String| errors.push(FieldError::new(field, words));
        if let Err(words) = check_line(&self.name, 80) {
            wrong("name", words);
        }
        match check_limit(self.default_price, currency) {
            Err(words) => wrong("default_price", words),
            Ok(()) if self.default_price.is_sign_negative() && !self.default_price.is_zero() => {
                wrong("default_price", "Use zero or more.".into());
            }
            Ok(()) => {}
        }
        if !(1..=MOST_SCOPE).contains(&self.scope) {
            wrong("scope", format!("Use 1 to {MOST_SCOPE}."));
        }
        if !(0..=3650).contains(&self.duplicate_days) {
            wrong("duplicate_days", "Use 0 to 3,650 days.".into());
        }
        if !(1..=8760).contains(&self.wait_hours) {
            wrong("wait_hours", "Use 1 to 8,760 hours.".into());
        }
        errors
    }
}

/// A type of leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadType {
    /// Its id.
    pub id: LeadTypeId,
    /// The group of its leads.
    pub group: LeadGroupId,
    /// How its leads are referred.
    pub input: LeadTypeInput,
    /// How many leads are of it.
    pub leads: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_figure_has_its_bounds() {
        let currency: Currency = "EUR".parse().expect("currency");
        let good = LeadTypeInput { name: "Mortgages".into(), ..LeadTypeInput::default() };
        assert!(good.check(currency).is_empty());
        let dec = |text: &str| text.parse().expect("decimal");
        for (input, field) in [
            (LeadTypeInput { name: " ".into(), ..good.clone() }, "name"),
            (LeadTypeInput { default_price: dec("-1"), ..good.clone() }, "default_price"),
            (LeadTypeInput { default_price: dec("1.001"), ..good.clone() }, "default_price"),
            (LeadTypeInput { scope: 0, ..good.clone() }, "scope"),
            (LeadTypeInput { scope: 21, ..good.clone() }, "scope"),
            (LeadTypeInput { duplicate_days: -1, ..good.clone() }, "duplicate_days"),
            (LeadTypeInput { wait_hours: 0, ..good.clone() }, "wait_hours"),
        ] {
            let errors = input.check(currency);
            assert_eq!(errors.iter().map(|error| error.field.as_str()).collect::<Vec<_>>(), [field]);
        }
    }
}
