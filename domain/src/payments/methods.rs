//! The ways in which a program pays.

use crate::money::{Currency, check_limit};
use crate::text::FieldError;
use crate::words;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

words! {
    /// A way to be paid.
    pub enum PayoutKind in "payout_kind" {
        /// To an e-mail at PayPal.
        Paypal = "paypal",
        /// To a bank account by its IBAN.
        Iban = "iban",
        /// To a bank account by account and routing number.
        UsBank = "us_bank",
        /// By post.
        Cheque = "cheque",
        /// As agreed.
        Other = "other",
    }
}

impl PayoutKind {
    /// Its name for people.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Paypal => "PayPal",
            Self::Iban => "Bank account (IBAN)",
            Self::UsBank => "Bank account (account and routing number)",
            Self::Cheque => "Cheque by post",
            Self::Other => "Other",
        }
    }

    /// Whether nothing can be sent without its details.
    #[must_use]
    pub fn needs_details(self) -> bool {
        matches!(self, Self::Paypal | Self::Iban | Self::UsBank)
    }
}

/// A way in which a program pays, or doesn't.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayoutMethod {
    /// Which way.
    pub kind: PayoutKind,
    /// Whether partners can choose it.
    pub offered: bool,
    /// ISO 3166 codes of the countries in which it is offered; none: everywhere.
    #[serde(default)]
    pub countries: Vec<String>,
    /// Smallest payment by it; the program's where not given.
    #[serde(default)]
    pub minimum: Option<Decimal>,
}

impl PayoutMethod {
    /// Whether it is offered to a partner of a country; one whose country isn't known is offered all.
    #[must_use]
    pub fn is_offered_in(&self, country: &str) -> bool {
        self.offered && (self.countries.is_empty() || country.is_empty() || self.countries.iter().any(|c| c == country))
    }
}

/// What is wrong with a program's ways to pay, all of them; a field is named after its kind: `iban_countries`.
#[must_use]
pub fn check_methods(methods: &[PayoutMethod], currency: Currency) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if !methods.iter().any(|method| method.offered) {
        errors
            .push(FieldError::new("methods", "Keep at least one: without any, partners can't say how they are paid."));
    }
    for PayoutMethod { kind, countries, minimum, .. } in methods {
        let is_code = |code: &String| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase());
        if countries.len() > 250 || !countries.iter().all(is_code) {
            let words = "List countries by their two letters, such as DE, FR.";
            errors.push(FieldError::new(format!("{kind}_countries"), words));
        }
        let limit = minimum.and_then(|minimum| check_limit(minimum, currency).err());
        errors.extend(limit.map(|words| FieldError::new(format!("{kind}_minimum"), words)));
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_checked_and_offered_by_country() {
        let euro: Currency = "EUR".parse().expect("EUR");
        let method = |countries: &[&str], minimum: Option<Decimal>| PayoutMethod {
            kind: PayoutKind::Iban,
            offered: true,
            countries: countries.iter().map(ToString::to_string).collect(),
            minimum,
        };
        assert_eq!(check_methods(&[method(&["DE", "FR"], Some(Decimal::new(2550, 2)))], euro), []);
        let bad = check_methods(&[method(&["Germany"], Some(Decimal::new(1, 3)))], euro);
        let fields: Vec<_> = bad.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["iban_countries", "iban_minimum"]);
        let german = method(&["DE"], None);
        assert!(german.is_offered_in("DE") && german.is_offered_in("") && !german.is_offered_in("US"));
        let none = PayoutMethod { offered: false, ..german };
        assert!(!none.is_offered_in("DE"));
        assert_eq!(check_methods(&[none.clone(), method(&[], None)], euro), []);
        assert_eq!(check_methods(&[none], euro)[0].field, "methods");
    }
}
