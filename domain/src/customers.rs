//! Customers: whom partners refer.

use crate::words;

words! {
    /// How far a customer has come.
    pub enum CustomerStatus in "customer_status" {
        /// Has signed up.
        SignedUp = "signed_up",
        /// Has paid.
        Paid = "paid",
    }
}
