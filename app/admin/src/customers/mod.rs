//! Customers, and to whom each is attributed.

mod detail;
mod list;

pub use detail::CustomerPage;
pub use list::CustomersPage;
