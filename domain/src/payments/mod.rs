//! Payments to partners and their batches.

mod views;

pub use views::{
    BatchDetail, BatchInput, BatchRow, DuePartner, Flag, LeftOut, PaymentFilter, PaymentRow, PaymentTotals, Preview,
    PreviewLine, Reviewed,
};

use crate::words;

words! {
    /// What became of a payment.
    pub enum PaymentStatus in "payment_status" {
        /// Recorded as paid.
        Paid = "paid",
        /// The money came back; its entries are open again.
        Failed = "failed",
        /// Taken back by an admin; its entries are open again.
        Cancelled = "cancelled",
    }
}

/// The batch id of a day: `Batch-20150624`, and `-2`, `-3` … for further ones of that day.
#[must_use]
pub fn batch_code(day: chrono::NaiveDate, earlier_that_day: u32) -> String {
    let code = day.format("Batch-%Y%m%d");
    if earlier_that_day == 0 { code.to_string() } else { format!("{code}-{}", earlier_that_day + 1) }
}

/// When partners are paid next: the payment day of this month if it is still ahead, else of the next.
#[must_use]
pub fn next_payment_day(today: chrono::NaiveDate, payment_day: u32) -> chrono::NaiveDate {
    use chrono::{Datelike, Months};
    let day = payment_day.clamp(1, 28);
    let this_month = today.with_day(day).unwrap_or(today);
    if this_month > today { this_month } else { this_month + Months::new(1) }
}
