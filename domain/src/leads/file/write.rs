//! Writing CSV that spreadsheets open without harm, and that comes back as it was.

use super::columns::Asked;
use crate::leads::LeadForm;

/// The name of the column that tells why a row was refused.
pub const REASON: &str = "Reason";

/// Whether a spreadsheet would take it for a formula, but for apostrophes before it.
fn is_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// A cell with an apostrophe before what a spreadsheet would take for a formula, or for a guarded one.
#[must_use]
pub fn guarded(text: &str) -> String {
    if is_formula(text) { format!("'{text}") } else { text.to_owned() }
}

/// A cell without the apostrophe that guards it.
#[must_use]
pub fn unguarded(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if is_formula(rest) => rest,
        _ => text,
    }
}

/// Writes a row, commas between its cells.
pub fn write_row<'a>(text: &mut String, cells: impl Iterator<Item = &'a str>) {
    let start = text.len();
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            text.push(',');
        }
        // A byte order mark at the start of a text would be passed over.
        if cell.contains(['"', ',', '\n', '\r']) || cell.starts_with('\u{feff}') {
            text.push('"');
            text.push_str(&cell.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(cell);
        }
    }
    // A row of one empty cell, or none, would be no row.
    if text.len() == start {
        text.push_str("\"\"");
    }
    text.push('\n');
}

/// The file that partners fill in: the form's questions; a star marks those that must be answered. The mark of UTF-8 is
/// for spreadsheets.
#[must_use]
pub fn template(form: &LeadForm) -> String {
    let head: Vec<String> = form.asked().iter().map(titled).collect();
    let mut text = "\u{feff}".to_owned();
    write_row(&mut text, head.iter().map(String::as_str));
    text
}

fn titled(asked: &Asked) -> String {
    let star = if asked.required { " *" } else { "" };
    guarded(&format!("{}{star}", asked.label))
}
