use crate::ids::{AdjustmentId, EnrollmentId};
use crate::money::{Currency, Money};
use crate::text::{FieldError, check_line};
use crate::words;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

words! {
    /// What the team posts by hand.
    pub enum AdjustmentKind in "adjustment_kind" {
        /// More than was earned.
        Bonus = "bonus",
        /// What was too little.
        Correction = "correction",
        /// What was too much.
        Deduction = "deduction",
    }
}

impl AdjustmentKind {
    /// Its name for people, with what it does.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Bonus => "Bonus: adds to the balance",
            Self::Correction => "Correction: adds to the balance",
            Self::Deduction => "Correction: takes from the balance",
        }
    }

    /// What the balance changes by.
    #[must_use]
    pub fn signed(self, amount: Decimal) -> Decimal {
        if self == Self::Deduction { -amount } else { amount }
    }
}

/// A bonus or correction to post.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adjustment {
    /// The form's own: however often it is sent, it posts once.
    pub key: AdjustmentId,
    /// Whose balance.
    pub partner: EnrollmentId,
    /// Bonus or correction, and which way.
    pub kind: AdjustmentKind,
    /// How much, above zero.
    pub amount: Decimal,
    /// Why: the partner reads it.
    pub reason: String,
}

impl Adjustment {
    /// What is wrong with it.
    #[must_use]
    pub fn check(&self, currency: Currency) -> Vec<FieldError> {
        let amount = Money::new(self.amount, currency).check_reported().map_err(|words| ("amount", words));
        let reason = check_line(&self.reason, 500).map_err(|words| ("reason", words));
        let wrong = [amount, reason].into_iter().filter_map(Result::err);
        wrong.map(|(field, words)| FieldError::new(field, words)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn adjustment(amount: Decimal, reason: &str) -> Adjustment {
        Adjustment {
            key: AdjustmentId(uuid::Uuid::nil()),
            partner: EnrollmentId(uuid::Uuid::nil()),
            kind: AdjustmentKind::Bonus,
            amount,
            reason: reason.into(),
        }
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let fields = |amount: &str, currency: &str, reason: &str| {
            let currency = currency.parse().expect("currency");
            let errors = adjustment(amount.parse().expect("decimal"), reason).check(currency);
            errors.into_iter().map(|error| error.field).collect::<Vec<_>>()
        };
        assert_eq!(fields("0", "EUR", " "), ["amount", "reason"]);
        assert_eq!(fields("-1", "EUR", "x"), ["amount"]);
        assert_eq!(fields("0.5", "JPY", "x"), ["amount"]);
        assert_eq!(fields("1000000000000.01", "EUR", "x"), ["amount"]);
        assert_eq!(fields("1", "EUR", &"x".repeat(501)), ["reason"]);
        assert_eq!(fields("1000000000000", "JPY", "Thank you"), [] as [&str; 0]);
    }

    proptest! {
        #[test]
        fn a_correction_either_way_takes_back_what_the_other_gave(cents in 1_i64..1_000_000_000_000) {
            let amount = Decimal::new(cents, 2);
            prop_assert!(adjustment(amount, "x").check("EUR".parse().expect("currency")).is_empty());
            let (given, taken) = (AdjustmentKind::Correction.signed(amount), AdjustmentKind::Deduction.signed(amount));
            prop_assert_eq!(given + taken, Decimal::ZERO);
            prop_assert!(given > Decimal::ZERO && AdjustmentKind::Bonus.signed(amount) == given);
        }
    }
}
