//! Links, the table of them in memory that answers short links, and the writer of clicks.

mod clicks;
pub(crate) mod codes;
mod manage;
pub mod partitions;
mod table;
#[cfg(test)]
mod tests;
mod track;

pub(crate) use clicks::insert;
pub use clicks::{ClickCounts, ClickWriter, NewClick, NotConfirmed, Visit};
pub use codes::has_code;
pub use manage::{create, edit, get, list, rename, set_disabled};
pub use table::{Campaign, LinkTable, ProgramRules, ShortLink};
pub use track::track_click;

use crate::{Error, Result};
use domain::page::Paging;

/// The cursor of a list whose cursor is the id of the last row before.
pub(crate) fn cursor<I: std::str::FromStr>(paging: &Paging) -> Result<Option<I>> {
    let bad = |_| Error::field("cursor", "There is no such page: take the cursor from an answer, or begin without.");
    paging.cursor.as_deref().map(str::parse).transpose().map_err(bad)
}
