//! Sales that partners submit, with a proof, for the team to judge.

use crate::attribution::told_to_partner;
use crate::files::FileInfo;
use crate::ids::{CustomerId, SaleId, SubmittedSaleId};
use crate::money::{Currency, Money};
use crate::partners::PartnerName;
use crate::text::{FieldError, check_line, is_email};
use crate::why::Why;
use crate::words;
use chrono::{DateTime, Months, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// How many sales a partner may submit on one day of the program's.
pub const MOST_A_DAY: i64 = 100;
/// The longest note, and the longest reason, in characters.
pub const LONGEST_NOTE: usize = 2_000;
/// How far back a sale may be, as with sales that companies report.
const MONTHS_BACK: Months = Months::new(13);

words! {
    /// What became of a submitted sale.
    pub enum SubmittedSaleStatus in "submitted_sale_status" {
        /// Nobody of the team has judged it.
        New = "new",
        /// It counts as a sale.
        Approved = "approved",
        /// It doesn't.
        Declined = "declined",
        /// Its partner has taken it back.
        Withdrawn = "withdrawn",
    }
}

impl SubmittedSaleStatus {
    /// The status in words.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::New => "In review",
            Self::Approved => "Approved",
            Self::Declined => "Declined",
            Self::Withdrawn => "Taken back",
        }
    }
}

/// A sale as its partner tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewSubmittedSale {
    /// The customer's e-mail.
    pub email: String,
    /// The customer's name.
    pub name: String,
    /// How much, above zero, in the program's currency.
    pub amount: Decimal,
    /// On which day, in the program's time zone.
    pub sold_on: NaiveDate,
    /// What was sold; may be empty.
    pub product: String,
    /// The number of the invoice or order; may be empty.
    pub invoice_id: String,
    /// Anything else for the team; may be empty.
    pub note: String,
}

impl NewSubmittedSale {
    /// The same without blanks around its texts.
    #[must_use]
    pub fn trimmed(self) -> Self {
        let trimmed = |text: String| text.trim().to_owned();
        Self {
            email: trimmed(self.email),
            name: trimmed(self.name),
            product: trimmed(self.product),
            invoice_id: trimmed(self.invoice_id),
            note: trimmed(self.note),
            ..self
        }
    }

    /// Checks it on the program's day `today`.
    #[must_use]
    pub fn check(&self, currency: Currency, today: NaiveDate) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let mut wrong = |field: &str, words: String| errors.push(FieldError::new(field, words));
        if !is_email(&self.email) {
            wrong("email", "Type the customer's e-mail, such as lee@harbor.com.".into());
        }
        if let Err(words) = check_line(&self.name, 200) {
            wrong("name", words);
        }
        for (field, text) in [("product", &self.product), ("invoice_id", &self.invoice_id)] {
            if !text.is_empty()
                && let Err(words) = check_line(text, 200)
            {
                wrong(field, words);
            }
        }
        if self.note.chars().count() > LONGEST_NOTE {
            wrong("note", format!("Use at most {LONGEST_NOTE} characters."));
        }
        errors.extend(check_sold(self.amount, self.sold_on, currency, today));
        errors
    }
}

/// Checks the amount and the day of a sale on the program's day `today`.
fn check_sold(amount: Decimal, sold_on: NaiveDate, currency: Currency, today: NaiveDate) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if let Err(words) = Money::new(amount, currency).check_reported() {
        errors.push(FieldError::new("amount", words));
    }
    if sold_on > today {
        errors.push(FieldError::new("sold_on", "This day is still to come."));
    } else if today.checked_sub_months(MONTHS_BACK).is_none_or(|oldest| sold_on < oldest) {
        errors.push(FieldError::new("sold_on", "More than 13 months ago."));
    }
    errors
}

/// What the team approves: a sale's amount and day may be put right by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// The company's own id of the customer; one not known yet is made.
    pub customer_id: String,
    /// How much, above zero, in the program's currency.
    pub amount: Decimal,
    /// On which day, in the program's time zone.
    pub sold_on: NaiveDate,
    /// What was sold; may be empty.
    pub product: String,
}

impl Approval {
    /// Checks it on the program's day `today`.
    #[must_use]
    pub fn check(&self, currency: Currency, today: NaiveDate) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if let Err(words) = check_line(&self.customer_id, 200) {
            errors.push(FieldError::new("customer_id", words));
        }
        if !self.product.is_empty()
            && let Err(words) = check_line(&self.product, 200)
        {
            errors.push(FieldError::new("product", words));
        }
        errors.extend(check_sold(self.amount, self.sold_on, currency, today));
        errors
    }
}

/// A submitted sale, for the team or its partner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubmittedSale {
    /// Our id.
    pub id: SubmittedSaleId,
    /// Who has submitted it.
    pub partner: PartnerName,
    /// The customer's e-mail; empty once erased.
    pub email: String,
    /// The customer's name.
    pub name: String,
    /// How much, as it was told.
    pub amount: Money,
    /// On which day, as it was told.
    pub sold_on: NaiveDate,
    /// What was sold.
    pub product: String,
    /// The number of the invoice or order.
    pub invoice_id: String,
    /// What else the partner says.
    pub note: String,
    /// The proof; none once erased.
    pub proof: Option<FileInfo>,
    /// What became of it.
    pub status: SubmittedSaleStatus,
    /// Why it was declined.
    pub reason: String,
    /// Who judged it; not for the partner.
    pub judged_by: String,
    /// When it was judged, UTC.
    pub judged_at: Option<DateTime<Utc>>,
    /// When it was submitted, UTC.
    pub created_at: DateTime<Utc>,
    /// The sale that it became.
    pub sale: Option<CountedSale>,
}

/// The sale that a submitted one became.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountedSale {
    /// The sale.
    pub id: SaleId,
    /// Its customer.
    pub customer: CustomerId,
    /// How much was approved.
    pub amount: Money,
    /// Whether it counts for the partner who has submitted it.
    pub counts: bool,
    /// What the partner has earned by it, less what was clawed back.
    pub earned: Money,
    /// How it was decided.
    pub why: Why,
}

impl SubmittedSale {
    /// The same as its partner may see it.
    #[must_use]
    pub fn for_partner(mut self) -> Self {
        self.judged_by = String::new();
        if let Some(sale) = &mut self.sale {
            // Whose customer it is otherwise, is none of this partner's business.
            let why = std::mem::take(&mut sale.why);
            sale.why = if sale.counts { told_to_partner(why) } else { Why::default() };
        }
        self
    }
}

/// Whom the team already knows by the e-mail of a submitted sale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownCustomer {
    /// Its id.
    pub id: CustomerId,
    /// The company's own id.
    pub external_id: String,
    /// Whose customer it is, if anyone's.
    pub partner: Option<PartnerName>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_stands_beside_its_field() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("day");
        let eur: Currency = "EUR".parse().expect("currency");
        let (good, today) = (
            NewSubmittedSale {
                email: "lee@harbor.test".into(),
                name: "Lee".into(),
                amount: Decimal::new(4900, 2),
                sold_on: day("2026-11-20"),
                product: String::new(),
                invoice_id: String::new(),
                note: String::new(),
            },
            day("2026-11-20"),
        );
        let fields = |sale: &NewSubmittedSale| -> Vec<String> {
            sale.check(eur, today).into_iter().map(|error| error.field).collect()
        };
        assert_eq!(fields(&good), [] as [String; 0]);
        assert_eq!(fields(&NewSubmittedSale { sold_on: day("2025-10-20"), ..good.clone() }), [] as [String; 0]);
        let bad = NewSubmittedSale {
            email: "lee".into(),
            name: "\u{0}".into(),
            amount: Decimal::new(12345, 3),
            sold_on: day("2026-11-21"),
            product: "x".repeat(201),
            invoice_id: "a\nb".into(),
            note: "x".repeat(2_001),
        };
        assert_eq!(fields(&bad), ["email", "name", "product", "invoice_id", "note", "amount", "sold_on"]);
        let long_ago = NewSubmittedSale { amount: Decimal::ZERO, sold_on: day("2025-10-19"), ..good };
        assert_eq!(fields(&long_ago), ["amount", "sold_on"]);
    }
}
