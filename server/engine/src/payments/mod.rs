//! Paying partners: who is due, what a batch would pay, recording it, and taking a payment back.
//!
//! A payment settles each open payable entry at most once (`payment_items`); so pressing twice can't pay twice.

mod due;
mod lists;
mod record;
mod undo;

pub use due::{due_partners, preview};
pub use lists::{batch, batches, payments};
pub use record::record_batch;
pub use undo::take_back;
