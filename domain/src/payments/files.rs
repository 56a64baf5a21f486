//! The files that providers pay by. A value that is not safe in a spreadsheet is never altered, since money would go
//! elsewhere: its row is left out, with the reason.

use super::{PayoutDetails, PayoutKind};
use crate::money::Money;
use crate::partners::PartnerName;
use crate::words;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

words! {
    /// Who pays by a file.
    pub enum Provider in "provider" {
        /// PayPal's mass payment.
        Paypal = "paypal",
        /// Wise's batch, which asks recipients by e-mail for their account.
        Wise = "wise",
    }
}

impl Provider {
    /// The provider that pays by a method, if one does.
    #[must_use]
    pub fn of(kind: PayoutKind) -> Option<Self> {
        match kind {
            PayoutKind::Paypal => Some(Self::Paypal),
            PayoutKind::Iban | PayoutKind::UsBank => Some(Self::Wise),
            PayoutKind::Cheque | PayoutKind::Other => None,
        }
    }

    /// Its name for people.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Paypal => "PayPal mass payment",
            Self::Wise => "Wise batch",
        }
    }

    /// The most rows of a file.
    #[must_use]
    pub fn limit(self) -> i64 {
        match self {
            Self::Paypal => 5_000,
            Self::Wise => 1_000,
        }
    }

    /// The first line of its files, where they have one.
    #[must_use]
    pub fn head(self) -> Option<&'static [&'static str]> {
        match self {
            Self::Paypal => None,
            Self::Wise => Some(&[
                "name",
                "recipientEmail",
                "sourceCurrency",
                "targetCurrency",
                "amountCurrency",
                "amount",
                "paymentReference",
            ]),
        }
    }
}

words! {
    /// Why a payment is not in a provider's file.
    pub enum Gap in "file_gap" {
        /// Nothing is known of where it goes.
        NoDetails = "no_details",
        /// It is paid in another way than the partner's own.
        OtherWay = "other_way",
        /// The partner is paid elsewhere by now than when the payment was reviewed.
        Changed = "changed",
        /// The provider writes to the partner, of whom no e-mail is known.
        NoEmail = "no_email",
        /// A value that a spreadsheet would take for a formula, or that breaks the file.
        Unsafe = "unsafe",
    }
}

impl Gap {
    /// In a sentence for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::NoDetails => "No payout details are known.",
            Self::OtherWay => {
                "It is paid in another way than the partner's own, or is older than the files: where to is not kept with it."
            }
            Self::Changed => "The payout details, or the e-mail for them, have changed since the payment was reviewed.",
            Self::NoEmail => "No e-mail is known, to which the provider could write.",
            Self::Unsafe => {
                "A name or an e-mail begins like a formula, or holds characters that are not safe in a file."
            }
        }
    }
}

/// Whether a value can stand in a provider's file as it is: no spreadsheet reckons with it, whatever separates its cells.
#[must_use]
pub fn is_safe(value: &str) -> bool {
    let formula = ['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}', '|'];
    !value.trim_start().starts_with(formula) && !value.contains(|c: char| c.is_control() || c == '"' || c == ';')
}

/// A payment as a provider must know it.
#[derive(Clone, Debug)]
pub struct ToPay {
    /// Its reference.
    pub reference: String,
    /// How much.
    pub amount: Money,
    /// By which method.
    pub kind: PayoutKind,
    /// Whether it goes where the partner is paid; `None` where it is paid in another way.
    pub unchanged: Option<bool>,
    /// Where the partner is paid now, if that is known.
    pub details: Option<PayoutDetails>,
    /// The partner's e-mail; empty where none is known.
    pub email: String,
    /// What the recipient reads where the provider shows it.
    pub note: String,
}

impl ToPay {
    /// The cells of its row.
    ///
    /// # Errors
    /// Why it has none.
    pub fn row(&self) -> Result<Vec<String>, Gap> {
        let unchanged = self.unchanged.ok_or(Gap::OtherWay)?;
        let details = self.details.as_ref().ok_or(Gap::NoDetails)?;
        if !unchanged || details.kind() != self.kind {
            return Err(Gap::Changed);
        }
        let mut amount = self.amount.currency.round(self.amount.amount);
        amount.rescale(self.amount.currency.decimals());
        let (amount, currency) = (amount.to_string(), self.amount.currency.code().to_owned());
        let cells = match details {
            PayoutDetails::Paypal { email } => {
                // It tells no more than the reference does.
                let note = if is_safe(&self.note) { self.note.chars().take(400).collect() } else { String::new() };
                vec![email.clone(), amount, currency, self.reference.clone(), note, "PAYPAL".to_owned()]
            }
            PayoutDetails::Iban { holder, .. } | PayoutDetails::UsBank { holder, .. } => {
                if self.email.is_empty() {
                    return Err(Gap::NoEmail);
                }
                // What arrives is the amount that is owed: the fees are the sender's.
                let target = "target".to_owned();
                let (name, email) = (holder.clone(), self.email.clone());
                vec![name, email, currency.clone(), currency, target, amount, self.reference.clone()]
            }
            PayoutDetails::Cheque { .. } | PayoutDetails::Other { .. } => return Err(Gap::NoDetails),
        };
        if cells.iter().all(|cell| is_safe(cell)) { Ok(cells) } else { Err(Gap::Unsafe) }
    }
}

/// The files of a batch that can be downloaded: what is recorded and not sent yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderFiles {
    /// Each with what it holds.
    pub files: Vec<ProviderFile>,
    /// The first of those that are in none, each with the reason.
    pub left_out: Vec<GapRow>,
    /// How many those are.
    pub gaps: i64,
    /// How many recorded payments go in ways for which there are no files.
    pub others: i64,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderFile {
    /// The method by which all in it are paid; they are all of one currency, the program's.
    pub kind: PayoutKind,
    /// Which one, from 1; each holds the same partners, however many of them were sent meanwhile.
    pub part: i64,
    /// How many rows it has.
    pub rows: i64,
    /// What they come to.
    pub total: Money,
    /// Who took it, where somebody has.
    pub taken: Option<FileTaken>,
}

/// That a file was taken: handed in twice, it is paid twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileTaken {
    /// Who did the last time.
    pub by: String,
    /// When, UTC.
    pub at: DateTime<Utc>,
    /// How many payments that stood in it are not sent yet, as far as is known.
    pub waiting: i64,
}

impl ProviderFile {
    /// What it is, in words: `PayPal mass payment, file 2`.
    #[must_use]
    pub fn label(&self) -> String {
        let provider = Provider::of(self.kind).map_or("", Provider::label);
        match self.kind {
            PayoutKind::Iban => format!("{provider}, accounts by IBAN, file {}", self.part),
            PayoutKind::UsBank => format!("{provider}, accounts in the United States, file {}", self.part),
            _ => format!("{provider}, file {}", self.part),
        }
    }
}

/// A payment that is in no file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GapRow {
    /// Whose.
    pub partner: PartnerName,
    /// How much.
    pub amount: Money,
    /// Why.
    pub gap: Gap,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn paypal(email: &str) -> ToPay {
        let details = PayoutDetails::Paypal { email: email.into() };
        ToPay {
            reference: "FP79Z85HRB9Y9X86".into(),
            amount: Money::new("20.5".parse().expect("decimal"), "EUR".parse().expect("currency")),
            kind: PayoutKind::Paypal,
            unchanged: Some(true),
            details: Some(details),
            email: "ada@partner.example".into(),
            note: "Batch-20261101 from Acme".into(),
        }
    }

    fn bank(holder: &str, email: &str) -> ToPay {
        let details = PayoutDetails::Iban { holder: holder.into(), iban: "DE44500105175407324931".into() };
        ToPay {
            kind: PayoutKind::Iban,
            unchanged: Some(true),
            details: Some(details),
            email: email.into(),
            ..paypal("")
        }
    }

    #[test]
    fn rows_are_as_the_providers_want_them() {
        let row = paypal("ada@partner.example").row().expect("a row");
        assert_eq!(
            row,
            ["ada@partner.example", "20.50", "EUR", "FP79Z85HRB9Y9X86", "Batch-20261101 from Acme", "PAYPAL"]
        );
        let row = bank("Ada Lind", "ada@partner.example").row().expect("a row");
        assert_eq!(row, ["Ada Lind", "ada@partner.example", "EUR", "EUR", "target", "20.50", "FP79Z85HRB9Y9X86"]);
        assert_eq!(Provider::Wise.head().map(<[&str]>::len), Some(row.len()));
        assert!(Provider::Paypal.head().is_none());
    }

    #[test]
    fn what_is_not_safe_or_not_known_has_no_row() {
        for email in
            ["=cmd@x.example", "+49@x.example", "-x@x.example", "@x.example", "a\t@x.example", "\n=a@x.example"]
        {
            assert_eq!(paypal(email).row(), Err(Gap::Unsafe), "{email}");
        }
        for holder in ["=1+1", " =1+1", "\u{ff1d}1", "A\"B", "A;=1", "A\rB", "|x"] {
            assert_eq!(bank(holder, "ada@partner.example").row(), Err(Gap::Unsafe), "{holder}");
        }
        assert_eq!(bank("Ada", "").row(), Err(Gap::NoEmail));
        assert_eq!(ToPay { details: None, ..paypal("") }.row(), Err(Gap::NoDetails));
        assert_eq!(ToPay { unchanged: Some(false), ..paypal("ada@x.example") }.row(), Err(Gap::Changed));
        assert_eq!(ToPay { unchanged: None, ..paypal("ada@x.example") }.row(), Err(Gap::OtherWay));
        assert_eq!(ToPay { kind: PayoutKind::Iban, ..paypal("ada@x.example") }.row(), Err(Gap::Changed));
        let noted = ToPay { note: "=1".into(), ..paypal("ada@x.example") }.row().expect("a row");
        assert_eq!(noted[4], "", "a note is ours to leave out");
    }

    proptest! {
        #[test]
        fn no_row_holds_what_a_spreadsheet_reckons_with(holder in "\\PC{0,12}|[-=+@|'\\t\\r\\n;\" a]{0,6}", email in "[-=+@a-z.]{0,9}") {
            for row in [bank(&holder, &email).row(), paypal(&email).row()].into_iter().flatten() {
                for cell in &row {
                    prop_assert!(is_safe(cell), "{:?}", cell);
                    prop_assert!(!cell.trim_start().starts_with(['=', '+', '-', '@']));
                }
                // Nothing that was typed is altered.
                prop_assert!(row[0] == holder || row[0] == email);
            }
        }

        #[test]
        fn plain_names_are_safe(name in "[A-Za-zäöüßéøŁ][A-Za-zäöüßéøŁ .,'&()0-9-]{0,40}") {
            prop_assert!(is_safe(&name));
        }
    }
}
