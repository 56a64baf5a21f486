//! Links, the table of them in memory that answers short links, and the writer of clicks.

mod clicks;
mod manage;
pub mod partitions;
mod table;

pub use clicks::{ClickCounts, ClickWriter, NewClick, NotConfirmed, Visit};
pub use manage::{create, list, list_all, rename, set_disabled};
pub use table::{LinkTable, ProgramRules, ShortLink};
