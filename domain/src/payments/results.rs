//! What a provider tells of payments: its result file, whose columns and words differ from one to the next.

use super::PaymentStatus;
use crate::money::Money;
use crate::partners::PartnerName;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// The most lines of a result file, without its head.
pub const MOST_RESULTS: usize = 200_000;

/// The most lines of a result file that are shown.
pub const SHOWN_RESULTS: usize = 200;

/// Letters and digits alone, in lower case: `Transaction ID` and `transaction_id` are the same.
fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The names of each column, the likelier first.
const REFERENCE: &[&str] =
    &["reference", "paymentreference", "customerid", "uniqueid", "senderitemid", "clientreference", "paymentid"];
const AMOUNT: &[&str] = &["amount", "targetamount", "gross", "grossamount", "amountvalue", "paymentamount"];
const CURRENCY: &[&str] = &["currency", "targetcurrency", "currencycode", "grosscurrency"];
const STATUS: &[&str] = &["status", "transactionstatus", "state", "result", "outcome"];
const REASON: &[&str] = &["reason", "error", "errormessage", "errorsmessage", "failurereason", "statusreason"];
const NUMBER: &[&str] = &["providersnumber", "transactionid", "transferid", "payoutitemid", "id"];

/// Where the columns of a result file stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Columns {
    /// Our reference.
    pub reference: usize,
    /// The amount.
    pub amount: usize,
    /// The currency.
    pub currency: usize,
    /// What became of the payment.
    pub status: usize,
    /// Why, where it failed.
    pub reason: Option<usize>,
    /// The provider's own number.
    pub number: Option<usize>,
}

impl Columns {
    /// Finds them in the first line.
    ///
    /// # Errors
    /// What is missing, in words for the person who sent the file.
    pub fn find<'a>(head: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let head: Vec<String> = head.into_iter().map(plain).collect();
        let at = |names: &[&str]| names.iter().find_map(|name| head.iter().position(|column| column == name));
        let needed = [("Reference", REFERENCE), ("Amount", AMOUNT), ("Currency", CURRENCY), ("Status", STATUS)];
        let missing: Vec<&str> =
            needed.iter().filter(|(_, names)| at(names).is_none()).map(|(column, _)| *column).collect();
        match (at(REFERENCE), at(AMOUNT), at(CURRENCY), at(STATUS)) {
            (Some(reference), Some(amount), Some(currency), Some(status)) => {
                Ok(Self { reference, amount, currency, status, reason: at(REASON), number: at(NUMBER) })
            }
            _ => Err(format!(
                "The first line must name the columns Reference, Amount, Currency and Status. Missing: {}.",
                missing.join(", ")
            )),
        }
    }
}

/// What separates the cells of a file, by its first line.
#[must_use]
pub fn separator(first_line: &str) -> u8 {
    let known = |separator: char| {
        let columns: Vec<String> = first_line.split(separator).map(plain).collect();
        let names = [REFERENCE, AMOUNT, CURRENCY, STATUS];
        names.iter().filter(|names| columns.iter().any(|column| names.contains(&column.as_str()))).count()
    };
    // The last of those that know as many.
    [b'\t', b';', b','].into_iter().max_by_key(|separator| known(char::from(*separator))).unwrap_or(b',')
}

/// What a provider's word says of a payment; `None` for a word that is not known. What the provider has cancelled did not
/// arrive.
#[must_use]
pub fn read_outcome(word: &str) -> Option<PaymentStatus> {
    Some(match plain(word).as_str() {
        "recorded" => PaymentStatus::Recorded,
        "completed" | "complete" | "success" | "successful" | "succeeded" | "confirmed" | "paid" | "delivered"
        | "claimed" | "processed" => PaymentStatus::Confirmed,
        "sent"
        | "pending"
        | "processing"
        | "unclaimed"
        | "onhold"
        | "held"
        | "ongoing"
        | "inprogress"
        | "created"
        | "accepted"
        | "new"
        | "outgoingpaymentsent"
        | "fundsconverted"
        | "incomingpaymentwaiting" => PaymentStatus::Sent,
        "failed" | "failure" | "denied" | "returned" | "refunded" | "fundsrefunded" | "reversed" | "blocked"
        | "bounced" | "bouncedback" | "rejected" | "cancelled" | "canceled" | "expired" | "declined" => {
            PaymentStatus::Failed
        }
        _ => return None,
    })
}

/// An amount as providers write it: digits with at most one point, nothing that would have to be guessed.
#[must_use]
pub fn read_amount(text: &str) -> Option<Decimal> {
    let text = text.trim();
    let plain = text.starts_with(|c: char| c.is_ascii_digit())
        && text.ends_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if plain { Decimal::from_str_exact(text).ok() } else { None }
}

/// What a result file would change, or has changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultsPreview {
    /// How many lines it has.
    pub lines: i64,
    /// How many payments become sent.
    pub sent: i64,
    /// How many become confirmed.
    pub confirmed: i64,
    /// How many failed, and are due again.
    pub failed: i64,
    /// Of how many it tells what is known.
    pub known: i64,
    /// How many lines are wrong: with one of them nothing is applied.
    pub wrong: i64,
    /// The lines, those that are wrong first, each kind in the file's order; at most [`SHOWN_RESULTS`].
    pub rows: Vec<ResultRow>,
    /// Whether it was applied.
    pub applied: bool,
}

impl ResultsPreview {
    /// How many payments it changes.
    #[must_use]
    pub fn changes(&self) -> i64 {
        self.sent + self.confirmed + self.failed
    }
}

/// A line of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultRow {
    /// Its number in the file, from 1 for the head.
    pub line: u64,
    /// The reference as it stands there.
    pub reference: String,
    /// Who was paid, where the payment is known.
    pub partner: Option<PartnerName>,
    /// How much.
    pub amount: Option<Money>,
    /// What becomes of the payment; `None` where that is known, or the line is wrong.
    pub becomes: Option<PaymentStatus>,
    /// What speaks against it, where it is not wrong.
    pub caution: Option<String>,
    /// What is wrong.
    pub problem: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn columns_are_found_by_the_names_of_several_providers() {
        let find = |head: &str| Columns::find(head.split(','));
        let ours = find("Reference,Partner code,Partner,Method,Account,Amount,Currency,Status,Provider's number");
        let ours = ours.expect("our own file");
        assert_eq!((ours.reference, ours.amount, ours.status, ours.number), (0, 5, 7, Some(8)));
        let paypal = find("Transaction ID,Transaction status,Sender Item Id,Currency,Amount,Error message");
        let paypal = paypal.expect("PayPal's");
        assert_eq!((paypal.reference, paypal.status, paypal.reason, paypal.number), (2, 1, Some(5), Some(0)));
        let wise = find("ID,Status,Reference,Source amount,Target amount,Source currency,Target currency");
        let wise = wise.expect("Wise's");
        assert_eq!((wise.reference, wise.amount, wise.currency), (2, 4, 6));
        let missing = find("Name,Amount,Currency").expect_err("no reference, no status");
        assert!(missing.ends_with("Missing: Reference, Status."), "{missing}");
    }

    #[test]
    fn cells_may_be_separated_as_a_country_does() {
        for (head, found) in [
            ("reference,amount,currency,status", b','),
            ("reference;amount;currency;status", b';'),
            ("reference\tamount\tcurrency\tstatus", b'\t'),
            ("nothing", b','),
        ] {
            assert_eq!(separator(head), found, "{head}");
        }
    }

    #[test]
    fn words_and_amounts_are_read_or_refused() {
        assert_eq!(read_outcome(" COMPLETED "), Some(PaymentStatus::Confirmed));
        assert_eq!(read_outcome("Bounced back"), Some(PaymentStatus::Failed));
        assert_eq!(read_outcome("on_hold"), Some(PaymentStatus::Sent));
        assert_eq!(read_outcome("maybe"), None);
        for status in PaymentStatus::ALL {
            let read = if *status == PaymentStatus::Cancelled { PaymentStatus::Failed } else { *status };
            assert_eq!(read_outcome(status.label()), Some(read), "as our own files name it");
        }
        assert_eq!(read_amount(" 20.50 "), Some(Decimal::new(205, 1)));
        for bad in
            ["", "-20", "1,000.00", "20,50", "€20", "1e3", ".5", "5.", "1.2.3", "99999999999999999999999999999999"]
        {
            assert_eq!(read_amount(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn an_amount_comes_back_as_it_was_written(cents in 1_i64..1_000_000_000_000) {
            let amount = Decimal::new(cents, 2);
            prop_assert_eq!(read_amount(&amount.to_string()), Some(amount));
        }

        #[test]
        fn nothing_that_stands_in_a_file_breaks_the_reading(text in "\\PC{0,40}") {
            _ = (read_amount(&text), read_outcome(&text), Columns::find(text.split(',')), separator(&text));
        }
    }
}
