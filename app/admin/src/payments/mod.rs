//! Paying partners: choose, review, process; and what has been paid.

mod batches;
mod draft;
mod pay;

pub use batches::{BatchPage, BatchesPage};
pub use draft::{CreateDraft, DraftPage};
pub use pay::PayPage;
