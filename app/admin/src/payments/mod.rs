//! Paying partners: choose, review, record; and what has been paid.

mod advices;
mod batch;
mod batches;
mod files;
mod mark;
mod pay;
mod results;

pub use advices::AdvicesPage;
pub use batch::BatchPage;
pub use batches::BatchesPage;
pub use pay::PayPage;
