//! Files of leads: how a CSV is read, matched to a lead form and checked; the same in the browser and on the server.

mod check;
mod columns;
mod decode;
mod import;
mod reader;
mod sheet;
#[cfg(test)]
mod tests;
mod write;

pub use check::{Checker, Problem, Rules, reason};
pub use columns::{Asked, match_columns};
pub use decode::Encoding;
pub use import::{ImportSetup, ImportStart, ImportStatus, LeadImport, Slice, check_head};
pub use reader::{Delimiter, File, Reader};
pub use sheet::Sheet;
pub use write::{REASON, guarded, template, unguarded, write_row};

/// The most rows of a file, beside its first line.
pub const MOST_ROWS: usize = 100_000;
/// The largest file, in bytes.
pub const MOST_BYTES: usize = 25 * 1024 * 1024;
/// The most columns of a file.
pub const MOST_COLUMNS: usize = 500;
/// The most cells of a file: each takes room of its own, whatever is in it.
pub const MOST_CELLS: usize = 10_000_000;
/// The most characters of a row.
pub const ROW_CHARACTERS: usize = 100_000;
/// So many bytes are read at a time, so that a page stays responsive.
pub const FEED: usize = 256 * 1024;
/// The most rows that are sent at a time, and worked in one transaction.
pub const SLICE_ROWS: usize = 1_000;
/// About so many bytes are sent at a time: the row that passes it is the slice's last.
pub const SLICE_BYTES: usize = 1024 * 1024;
/// The most rows that a partner imports on one day of the program's.
pub const MOST_IMPORTED_A_DAY: i64 = 100_000;
/// The most imports that a partner begins on a day.
pub const MOST_IMPORTS_A_DAY: i64 = 500;
