//! Sales and their refunds.

mod detail;
mod judge;
mod list;
mod submitted;

pub use detail::SalePage;
pub use judge::SubmittedSalePage;
pub use list::SalesPage;
pub(crate) use list::table;
pub use submitted::SubmittedSalesPage;
