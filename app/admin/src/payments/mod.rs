//! Paying partners: choose, review, process; and what has been paid.

mod advices;
mod batch;
mod batches;
mod draft;
mod files;
mod mark;
mod pay;
mod results;

pub use advices::AdvicesPage;
pub use batch::BatchPage;
pub use batches::BatchesPage;
pub use draft::{CreateDraft, DraftPage};
pub use pay::PayPage;
