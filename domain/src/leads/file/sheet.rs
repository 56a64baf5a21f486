//! The rows of a file: one text for all, and where each cell ends. A hundred thousand rows are a few blocks of memory.

use super::write::write_row;
use super::{SLICE_BYTES, SLICE_ROWS, unguarded};
use std::collections::BTreeMap;

/// The rows of a file as they were read, and as they were mended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    text: String,
    /// Where each cell ends in the text.
    ends: Vec<u32>,
    /// Where each row ends in `ends`.
    rows: Vec<u32>,
    /// Rows that were changed since.
    edited: BTreeMap<usize, Vec<String>>,
}

impl Sheet {
    /// A sheet with room for a file of so many bytes.
    pub(super) fn with_room(bytes: usize) -> Self {
        Self { text: String::with_capacity(bytes), ..Self::default() }
    }

    /// How many rows it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it has no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many cells all rows have.
    pub(super) fn all_cells(&self) -> usize {
        self.ends.len()
    }

    /// How many cells a row has.
    #[must_use]
    pub fn width(&self, row: usize) -> usize {
        if let Some(cells) = self.edited_row(row) {
            return cells.len();
        }
        let (from, to) = self.bounds(row);
        to - from
    }

    /// A cell; empty where there is none.
    #[must_use]
    pub fn cell(&self, row: usize, column: usize) -> &str {
        if let Some(cells) = self.edited_row(row) {
            return cells.get(column).map_or("", String::as_str);
        }
        let (from, to) = self.bounds(row);
        if column < to - from { self.at(from + column) } else { "" }
    }

    /// The cells of a row.
    pub fn cells(&self, row: usize) -> impl Iterator<Item = &str> {
        (0..self.width(row)).map(move |column| self.cell(row, column))
    }

    /// How many bytes the cells of a row have.
    pub(super) fn row_bytes(&self, row: usize) -> usize {
        if let Some(cells) = self.edited_row(row) {
            return cells.iter().map(String::len).sum();
        }
        let (from, to) = self.bounds(row);
        let end = |cell: usize| if cell == 0 { 0 } else { self.ends[cell - 1] as usize };
        end(to) - end(from)
    }

    /// Changes a cell.
    pub fn set(&mut self, row: usize, column: usize, text: String) {
        let mut cells: Vec<String> = self.cells(row).map(str::to_owned).collect();
        if cells.len() <= column {
            cells.resize(column + 1, String::new());
        }
        cells[column] = text;
        self.edited.insert(row, cells);
    }

    /// How many rows were changed since they were read.
    #[must_use]
    pub fn edited(&self) -> usize {
        self.edited.len()
    }

    /// The rows from this one on that are sent at a time, as CSV, and the row after them.
    #[must_use]
    pub fn slice(&self, from: usize) -> (String, usize) {
        let (mut text, mut row) = (String::new(), from);
        while row < self.len() && row - from < SLICE_ROWS && text.len() < SLICE_BYTES {
            write_row(&mut text, self.cells(row));
            row += 1;
        }
        (text, row)
    }

    fn edited_row(&self, row: usize) -> Option<&Vec<String>> {
        if self.edited.is_empty() { None } else { self.edited.get(&row) }
    }

    fn bounds(&self, row: usize) -> (usize, usize) {
        let end = |row: usize| self.rows.get(row).map_or(self.ends.len(), |end| *end as usize);
        (if row == 0 { 0 } else { end(row - 1) }, end(row))
    }

    fn at(&self, cell: usize) -> &str {
        let from = if cell == 0 { 0 } else { self.ends[cell - 1] as usize };
        &self.text[from..self.ends[cell] as usize]
    }

    /// Adds a row: its bytes, and where each cell ends in them. What is no text is replaced; and so is NUL, which Postgres
    /// can't keep. `guarded`: where an apostrophe guards a formula, it is taken off.
    pub(super) fn push(&mut self, bytes: &[u8], ends: &[usize], guarded: bool) {
        let base = self.text.len();
        let mut from = 0;
        match std::str::from_utf8(bytes) {
            Ok(text) if !(bytes.contains(&0) || guarded && bytes.contains(&b'\'')) && fits(text, ends) => {
                self.text.push_str(text);
                self.ends.extend(ends.iter().map(|end| place(base + end)));
            }
            _ => {
                for end in ends {
                    let text = String::from_utf8_lossy(&bytes[from..*end]);
                    let text = if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { text };
                    self.text.push_str(if guarded { unguarded(&text) } else { &text });
                    self.ends.push(place(self.text.len()));
                    from = *end;
                }
            }
        }
        self.rows.push(place(self.ends.len()));
    }
}

/// Whether no cell ends within a character.
fn fits(text: &str, ends: &[usize]) -> bool {
    ends.iter().all(|end| text.is_char_boundary(*end))
}

/// A place in a sheet, which is never larger than a few files.
fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
