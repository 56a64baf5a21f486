//! Lists by cursor: the same shape for pages and for the API.

use serde::{Deserialize, Serialize};

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The rows.
    pub data: Vec<T>,
    /// Opaque; asks for the rows after these. `None` at the end.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// The page of rows of which one more than asked for was read, to know whether there are more; `cursor` tells that of
    /// its last row.
    #[must_use]
    pub fn cut(mut rows: Vec<T>, paging: &Paging, cursor: impl FnOnce(&T) -> String) -> Self {
        let asked = usize::try_from(paging.rows()).unwrap_or(usize::MAX);
        let more = rows.len() > asked;
        rows.truncate(asked);
        let next_cursor = rows.last().filter(|_| more).map(cursor);
        Self { data: rows, next_cursor }
    }
}

/// Which page of a list is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paging {
    /// The `next_cursor` of the page before.
    #[serde(default)]
    pub cursor: Option<String>,
    /// 1 to 1,000; 50 where not given.
    #[serde(default)]
    pub limit: Option<u32>,
}

impl Paging {
    /// The most rows of a page: for those who read a whole list, page after page.
    pub const MOST: u32 = 1_000;

    /// How many rows to answer: the limit, clamped to 1–1,000, by default 50.
    #[must_use]
    pub fn rows(&self) -> i64 {
        i64::from(self.limit.unwrap_or(50).clamp(1, Self::MOST))
    }
}
