//! Paying partners: choose, review, record; and what has been paid.

mod batches;
mod pay;

pub use batches::{BatchPage, BatchesPage};
pub use pay::PayPage;
