//! Sales and their refunds.

mod detail;
mod list;

pub use detail::SalePage;
pub use list::SalesPage;
pub(crate) use list::table;
