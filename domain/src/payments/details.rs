//! Where a partner's money goes.

use super::PayoutKind;
use crate::ids::PayoutChangeId;
use crate::text::{FieldError, check_line, email_key, email_masked, is_email};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What is needed to pay a partner; kept encrypted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PayoutDetails {
    /// PayPal.
    Paypal {
        /// The account's e-mail.
        email: String,
    },
    /// A bank account by its IBAN.
    Iban {
        /// In whose name.
        holder: String,
        /// Without spaces.
        iban: String,
    },
    /// A bank account in the United States.
    UsBank {
        /// In whose name.
        holder: String,
        /// Nine digits.
        routing: String,
        /// The account's number.
        account: String,
    },
    /// A cheque.
    Cheque {
        /// To whom it is made out.
        payee: String,
        /// Where it is sent.
        address: String,
    },
    /// As agreed.
    Other {
        /// What was agreed.
        words: String,
    },
}

/// What a partner types to say how it is paid: the fields of its kind count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayoutInput {
    /// Which way.
    pub kind: PayoutKind,
    /// The e-mail at PayPal.
    #[serde(default)]
    pub paypal_email: String,
    /// In whose name a bank account is, or to whom a cheque is made out.
    #[serde(default)]
    pub holder: String,
    /// The IBAN.
    #[serde(default)]
    pub iban: String,
    /// The routing number.
    #[serde(default)]
    pub routing: String,
    /// The account's number.
    #[serde(default)]
    pub account: String,
    /// Where a cheque is sent.
    #[serde(default)]
    pub address: String,
    /// What was agreed.
    #[serde(default)]
    pub words: String,
}

impl PayoutInput {
    /// The details. The IBAN's own sum is checked by the use case.
    ///
    /// # Errors
    /// What is wrong, by field.
    pub fn read(&self) -> Result<PayoutDetails, Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut line = |field: &str, text: &str, longest: usize| {
            let text = text.trim();
            if let Err(words) = check_line(text, longest) {
                errors.push(FieldError::new(field, words));
            }
            text.to_owned()
        };
        let details = match self.kind {
            PayoutKind::Paypal => PayoutDetails::Paypal { email: line("paypal_email", &self.paypal_email, 254) },
            PayoutKind::Iban => PayoutDetails::Iban {
                holder: line("holder", &self.holder, 140),
                iban: line("iban", &compact(&self.iban).to_uppercase(), 34),
            },
            PayoutKind::UsBank => PayoutDetails::UsBank {
                holder: line("holder", &self.holder, 140),
                routing: line("routing", &compact(&self.routing), 9),
                account: line("account", &compact(&self.account), 17),
            },
            PayoutKind::Cheque => {
                PayoutDetails::Cheque { payee: line("holder", &self.holder, 140), address: several(&self.address) }
            }
            PayoutKind::Other => PayoutDetails::Other { words: several(&self.words) },
        };
        match &details {
            PayoutDetails::Paypal { email } if !email.is_empty() && !is_email(email) => {
                errors.push(FieldError::new("paypal_email", "Type the e-mail of your PayPal account."));
            }
            PayoutDetails::UsBank { routing, account, .. } => {
                if !routing.is_empty() && !is_routing_number(routing) {
                    errors.push(FieldError::new("routing", "This is no routing number: check its nine digits."));
                }
                let is_account = account.len() >= 4 && account.bytes().all(|byte| byte.is_ascii_digit());
                if !account.is_empty() && !is_account {
                    errors.push(FieldError::new("account", "Use 4 to 17 digits."));
                }
            }
            PayoutDetails::Cheque { address, .. } => errors.extend(check_several("address", address)),
            PayoutDetails::Other { words } => errors.extend(check_several("words", words)),
            _ => {}
        }
        if errors.is_empty() { Ok(details) } else { Err(errors) }
    }
}

fn compact(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect()
}

fn several(text: &str) -> String {
    text.replace("\r\n", "\n").trim().to_owned()
}

fn check_several(field: &str, text: &str) -> Option<FieldError> {
    if text.is_empty() {
        Some(FieldError::new(field, "Must not be empty."))
    } else if text.chars().count() > 1_000 || text.contains(|c: char| c.is_control() && c != '\n') {
        Some(FieldError::new(field, "Use at most 1,000 characters."))
    } else {
        None
    }
}

/// Whether nine digits are a routing number of a bank in the United States, by their check sum.
#[must_use]
pub fn is_routing_number(text: &str) -> bool {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
    let sum: u32 = digits.iter().zip([3, 7, 1].iter().cycle()).map(|(digit, weight)| digit * weight).sum();
    text.len() == 9 && digits.len() == 9 && sum > 0 && sum.is_multiple_of(10)
}

/// The last four characters; fewer of what is short.
fn last(text: &str) -> String {
    let count = text.chars().count();
    text.chars().skip(count.saturating_sub(4.min(count / 2))).collect()
}

impl PayoutDetails {
    /// Which way.
    #[must_use]
    pub fn kind(&self) -> PayoutKind {
        match self {
            Self::Paypal { .. } => PayoutKind::Paypal,
            Self::Iban { .. } => PayoutKind::Iban,
            Self::UsBank { .. } => PayoutKind::UsBank,
            Self::Cheque { .. } => PayoutKind::Cheque,
            Self::Other { .. } => PayoutKind::Other,
        }
    }

    /// As much of it as may be shown.
    #[must_use]
    pub fn masked(&self) -> String {
        match self {
            Self::Paypal { email } => email_masked(email),
            Self::Iban { iban, .. } => {
                format!("{}•••{}", iban.chars().take(2).collect::<String>(), last(iban))
            }
            Self::UsBank { account, .. } => format!("•••{}", last(account)),
            Self::Cheque { .. } | Self::Other { .. } => String::new(),
        }
    }

    /// By what it is recognised where another partner gives the same: the account, whatever name stands with it.
    #[must_use]
    pub fn identity(&self) -> Option<String> {
        match self {
            Self::Paypal { email } => Some(format!("paypal {}", email_key(email))),
            Self::Iban { iban, .. } => Some(format!("iban {iban}")),
            Self::UsBank { routing, account, .. } => Some(format!("us_bank {routing} {account}")),
            Self::Cheque { .. } | Self::Other { .. } => None,
        }
    }

    /// All of it, by name.
    #[must_use]
    pub fn lines(&self) -> Vec<(String, String)> {
        let lines: Vec<(&str, &String)> = match self {
            Self::Paypal { email } => vec![("E-mail", email)],
            Self::Iban { holder, iban } => vec![("Account holder", holder), ("IBAN", iban)],
            Self::UsBank { holder, routing, account } => {
                vec![("Account holder", holder), ("Routing number", routing), ("Account number", account)]
            }
            Self::Cheque { payee, address } => vec![("Payee", payee), ("Address", address)],
            Self::Other { words } => vec![("As agreed", words)],
        };
        lines.into_iter().map(|(name, value)| (name.to_owned(), value.clone())).collect()
    }
}

/// How a partner is paid, as far as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayoutChoice {
    /// The kind, where one of those is chosen.
    pub kind: Option<PayoutKind>,
    /// The method's name, or empty until one is chosen.
    pub method: String,
    /// The details, masked; may be empty.
    pub masked: String,
    /// What waits for the link in the mail.
    pub pending: Option<PendingPayout>,
    /// What the program offers this partner.
    pub offered: Vec<PayoutKind>,
}

/// A payout method that is to be confirmed by the link in the mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingPayout {
    /// Its id.
    pub id: PayoutChangeId,
    /// To whom the link was sent.
    pub email: String,
    /// The method's name.
    pub method: String,
    /// The details, masked; may be empty.
    pub masked: String,
    /// Until when it can be confirmed, UTC.
    pub until: DateTime<Utc>,
}

/// A payout method in words: the name of its kind, else the words that the team has for it.
#[must_use]
pub fn method_words(method: &str) -> String {
    method.to_lowercase().parse::<PayoutKind>().map_or_else(|_| method.to_owned(), |kind| kind.label().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn input(kind: PayoutKind) -> PayoutInput {
        PayoutInput {
            kind,
            paypal_email: String::new(),
            holder: String::new(),
            iban: String::new(),
            routing: String::new(),
            account: String::new(),
            address: String::new(),
            words: String::new(),
        }
    }

    #[test]
    fn routing_numbers_have_a_check_sum() {
        for good in ["021000021", "011401533", "122105155"] {
            assert!(is_routing_number(good), "{good}");
        }
        for bad in ["021000022", "000000000", "02100002", "0210000210", "02100002x", ""] {
            assert!(!is_routing_number(bad), "{bad}");
        }
    }

    #[test]
    fn only_the_fields_of_the_kind_are_asked_for() {
        for (kind, fields) in [
            (PayoutKind::Paypal, &["paypal_email"][..]),
            (PayoutKind::Iban, &["holder", "iban"]),
            (PayoutKind::UsBank, &["holder", "routing", "account"]),
            (PayoutKind::Cheque, &["holder", "address"]),
            (PayoutKind::Other, &["words"]),
        ] {
            let wrong = input(kind).read().expect_err("empty");
            assert_eq!(wrong.iter().map(|error| error.field.as_str()).collect::<Vec<_>>(), fields, "{kind}");
        }
        let bad = PayoutInput { paypal_email: "ada".into(), ..input(PayoutKind::Paypal) };
        assert_eq!(bad.read().expect_err("no e-mail").len(), 1);
        let us = PayoutInput {
            holder: "Ada".into(),
            routing: "021-000-021".into(),
            account: "1234 5678".into(),
            ..input(PayoutKind::UsBank)
        };
        let details = us.read().expect("details");
        assert_eq!(details.identity().as_deref(), Some("us_bank 021000021 12345678"));
        assert_eq!(details.masked(), "•••5678");
    }

    #[test]
    fn what_is_shown_is_masked() {
        let iban = PayoutDetails::Iban { holder: "Ada Lind".into(), iban: "DE44500105175407324931".into() };
        assert_eq!(iban.masked(), "DE•••4931");
        assert_eq!(PayoutDetails::Paypal { email: "ada@partner.example".into() }.masked(), "a•••@partner.example");
        let cheque = PayoutDetails::Cheque { payee: "Ada".into(), address: "1 Main Street".into() };
        assert_eq!((cheque.masked(), cheque.identity()), (String::new(), None));
        assert_eq!(method_words("PayPal"), "PayPal");
        assert_eq!(method_words("us_bank"), "Bank account (account and routing number)");
        assert_eq!(method_words("Bank transfer"), "Bank transfer");
    }

    proptest! {
        #[test]
        fn no_wrong_digit_passes_as_a_routing_number(number in 0_u32..100_000_000, place in 0_usize..9, other in 1_u32..10) {
            let first = format!("{number:08}");
            let sum: u32 = first.chars().zip([3, 7, 1].iter().cycle())
                .map(|(c, weight)| c.to_digit(10).unwrap_or(0) * weight).sum();
            let good = format!("{first}{}", (10 - sum % 10) % 10);
            prop_assume!(sum > 0);
            prop_assert!(is_routing_number(&good));
            let wrong: String = good.chars().enumerate()
                .map(|(at, c)| if at == place { char::from_digit((c.to_digit(10).unwrap_or(0) + other) % 10, 10).unwrap_or(c) } else { c })
                .collect();
            prop_assert!(!is_routing_number(&wrong), "{} {}", good, wrong);
        }

        #[test]
        fn a_mask_never_shows_an_account(account in "[0-9]{4,17}") {
            let details = PayoutDetails::UsBank { holder: "Ada".into(), routing: "021000021".into(), account: account.clone() };
            prop_assert!(!details.masked().contains(&account));
        }
    }
}
