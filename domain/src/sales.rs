//! Sales and refunds as companies report them.

use crate::money::{Currency, Money};
use rust_decimal::Decimal;

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
