//! Sales and refunds as companies report them.

mod submitted;

pub use submitted::{
    Approval, CountedSale, KnownCustomer, MOST_A_DAY, NewSubmittedSale, SubmittedSale, SubmittedSaleStatus,
};

use crate::attribution::{Pointers, TrackedReferral};
use crate::commissions::TrackedCommission;
use crate::customers::LONGEST;
use crate::ids::{RefundId, SaleId};
use crate::money::{Currency, Money, amount_text};
use crate::text::{FieldError, check_lines};
use crate::time::check_occurred_at;
use crate::why::Why;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// `POST /track/sale`: a customer paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrackSale {
    /// The company's own id of the event, 1–200 characters: the same again gets the first answer.
    pub event_id: String,
    /// The company's own id of the customer; one not known yet is made.
    pub customer_id: String,
    /// How much, above zero, in the currency's major unit.
    #[serde(with = "amount_text")]
    pub amount: Decimal,
    /// ISO 4217; the program's own.
    pub currency: String,
    /// What was sold.
    #[serde(default)]
    pub product: Option<String>,
    /// The company's own id of the invoice.
    #[serde(default)]
    pub invoice_id: Option<String>,
    /// The click's id; counts only while the customer has no referral.
    #[serde(default)]
    pub click_id: Option<String>,
    /// A promo code; counts only while the customer has no referral.
    #[serde(default)]
    pub promo_code: Option<String>,
    /// A partner code; counts only while the customer has no referral.
    #[serde(default)]
    pub partner_code: Option<String>,
    /// When it happened; now where not given.
    #[serde(default)]
    pub occurred_at: Option<DateTime<Utc>>,
}

impl TrackSale {
    /// Checks the texts.
    #[must_use]
    pub fn check(&self) -> Vec<FieldError> {
        let mut errors = check_lines(&[
            ("event_id", Some(&self.event_id), LONGEST),
            ("customer_id", Some(&self.customer_id), LONGEST),
            ("currency", Some(&self.currency), LONGEST),
            ("product", self.product.as_deref(), LONGEST),
            ("invoice_id", self.invoice_id.as_deref(), LONGEST),
        ]);
        errors.extend(self.pointers().check());
        errors
    }

    /// Checks what depends on the program and the clock: `currency` is the program's, `at` now.
    #[must_use]
    pub fn check_against(&self, currency: Currency, at: DateTime<Utc>) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if self.currency != currency.code() {
            errors.push(FieldError::new("currency", format!("The program's currency is {currency}.")));
        } else if let Err(message) = Money::new(self.amount, currency).check_reported() {
            errors.push(FieldError::new("amount", message));
        }
        errors.extend(check_time(self.occurred_at, at));
        errors
    }

    /// What was sent that may point to a partner.
    #[must_use]
    pub fn pointers(&self) -> Pointers<'_> {
        Pointers {
            promo_code: self.promo_code.as_deref(),
            partner_code: self.partner_code.as_deref(),
            click_id: self.click_id.as_deref(),
        }
    }
}

/// Checks the field `occurred_at`, where it was sent.
#[must_use]
pub fn check_time(occurred_at: Option<DateTime<Utc>>, at: DateTime<Utc>) -> Option<FieldError> {
    Some(FieldError::new("occurred_at", check_occurred_at(occurred_at?, at).err()?))
}

/// The answer to a sale. It holds no personal data: it is kept for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrackedSale {
    /// The sale.
    pub sale: SaleAnswer,
    /// To whom its customer is attributed, if to anyone.
    pub referral: Option<TrackedReferral>,
    /// What it earned.
    pub commissions: Vec<TrackedCommission>,
    /// How it was decided.
    pub why: Why,
}

/// A sale in an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SaleAnswer {
    /// Our id.
    pub id: SaleId,
    /// The company's own id of the event.
    pub event_id: String,
    /// The company's own id of the customer.
    pub customer_id: String,
    /// How much, with the currency's decimals.
    pub amount: Decimal,
    /// ISO 4217.
    pub currency: Currency,
    /// What was sold.
    pub product: Option<String>,
    /// The company's own id of the invoice.
    pub invoice_id: Option<String>,
    /// When it happened, UTC.
    pub occurred_at: DateTime<Utc>,
}

/// `POST /track/refund`: a sale was given back, in part or whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrackRefund {
    /// The company's own id of the event, 1–200 characters: the same again gets the first answer.
    pub event_id: String,
    /// The event id under which the sale was reported.
    pub sale_event_id: String,
    /// How much, in the sale's currency; what is left where not given.
    #[serde(default, with = "amount_text::option")]
    pub amount: Option<Decimal>,
    /// Why, in the company's words.
    #[serde(default)]
    pub reason: Option<String>,
    /// When it happened; now where not given.
    #[serde(default)]
    pub occurred_at: Option<DateTime<Utc>>,
}

impl TrackRefund {
    /// Checks the texts.
    #[must_use]
    pub fn check(&self) -> Vec<FieldError> {
        check_lines(&[
            ("event_id", Some(&self.event_id), LONGEST),
            ("sale_event_id", Some(&self.sale_event_id), LONGEST),
            ("reason", self.reason.as_deref(), 500),
        ])
    }
}

/// The answer to a refund. It holds no personal data, nor the reason: it is kept for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrackedRefund {
    /// The refund.
    pub refund: RefundAnswer,
    /// The sale's commissions, each with what was clawed back of it so far.
    pub commissions: Vec<TrackedCommission>,
    /// How it was decided.
    pub why: Why,
}

/// A refund in an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RefundAnswer {
    /// Our id.
    pub id: RefundId,
    /// The company's own id of the event.
    pub event_id: String,
    /// The event id of the sale.
    pub sale_event_id: String,
    /// How much, with the currency's decimals.
    pub amount: Decimal,
    /// ISO 4217.
    pub currency: Currency,
    /// When it happened, UTC.
    pub occurred_at: DateTime<Utc>,
}

/// What is left of a sale to refund.
#[must_use]
pub fn left_to_refund(amount: Decimal, refunded: Decimal) -> Decimal {
    amount - refunded
}

/// Checks a refund against what is left of its sale.
///
/// # Errors
/// What is wrong, in words for the person who sent it.
pub fn check_refund(refund: Decimal, left: Decimal, currency: Currency) -> Result<(), String> {
    if left.is_zero() {
        return Err("The sale is refunded in full already.".into());
    }
    Money::new(refund, currency).check_reported()?;
    if refund > left {
        return Err(format!("Only {} of the sale is left.", Money::new(left, currency)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_text_and_nothing_is_unknown() {
        let read = |amount: &str| {
            let json = format!(r#"{{"event_id":"s1","customer_id":"c1","amount":{amount},"currency":"EUR"}}"#);
            serde_json::from_str::<TrackSale>(&json)
                .map(|sale| sale.amount.to_string())
                .map_err(|error| error.to_string())
        };
        assert_eq!(read(r#""49.00""#), Ok("49.00".into()));
        assert_eq!(read(r#""-1""#), Ok("-1".into()), "read, and refused by the program's rules");
        assert_eq!(read(r#""12345678901234567890""#), Ok("12345678901234567890".into()));
        for wrong in [
            "49",
            "49.0",
            "null",
            r#""""#,
            r#"" 49""#,
            r#""+49""#,
            r#""1e5""#,
            r#""1_000""#,
            r#""49.""#,
            r#"".5""#,
            r#""1.2.3""#,
            r#""NaN""#,
            r#""0.00000000000000000000000000000000001""#,
            r#""999999999999999999999999999999999999""#,
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        let unknown = r#"{"event_id":"s1","customer_id":"c1","amount":"1","currency":"EUR","ammount":"2"}"#;
        assert!(serde_json::from_str::<TrackSale>(unknown).expect_err("unknown").to_string().contains("ammount"));
        let refund: TrackRefund = serde_json::from_str(r#"{"event_id":"r1","sale_event_id":"s1"}"#).expect("refund");
        assert_eq!(refund.amount, None);
        assert!(serde_json::from_str::<TrackRefund>(r#"{"event_id":"r1","sale_event_id":"s1","amount":5}"#).is_err());
    }

    #[test]
    fn refunds_stay_within_what_is_left() {
        let eur: Currency = "EUR".parse().expect("currency");
        let dec = |text: &str| text.parse::<Decimal>().expect("decimal");
        assert!(check_refund(dec("10"), dec("10.00"), eur).is_ok());
        assert_eq!(check_refund(dec("10.01"), dec("10"), eur), Err("Only €10.00 of the sale is left.".into()));
        assert_eq!(check_refund(dec("1"), dec("0"), eur), Err("The sale is refunded in full already.".into()));
        assert!(check_refund(dec("-1"), dec("10"), eur).is_err());
    }
}
