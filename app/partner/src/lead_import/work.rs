//! A file as it is looked at and mended in the browser. It is read and checked in pieces, so that the page never waits long.

use domain::leads::GroupChoice;
use domain::leads::file::{
    Asked, Checker, Encoding, FEED, File, ImportStart, MOST_BYTES, Reader, Rules, match_columns,
};
use js_sys::{Promise, Uint8Array};
use leptos::prelude::*;
use leptos::wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

/// So many rows are checked before the page may do something else.
const AT_ONCE: usize = 2_000;

/// The file.
pub(super) struct Work {
    pub file: File,
    pub name: String,
    group: GroupChoice,
    rules: Rules,
    pub asked: Vec<Asked>,
    /// For each column, which of the form's questions it answers.
    pub columns: Vec<Option<usize>>,
    /// Whether something is wrong, for each row.
    bad: Vec<bool>,
    wrong: usize,
}

/// What is wrong in a row, at one of its columns or with it as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub column: Option<usize>,
    pub words: String,
}

/// Where the file lies while it is looked at: in the browser alone.
pub(super) type Held = StoredValue<Option<Work>, LocalStorage>;

impl Work {
    /// How many rows there are, and in how many something is wrong.
    pub fn counts(&self) -> (usize, usize) {
        (self.file.rows.len(), self.wrong)
    }

    /// The rows in which something is wrong.
    pub fn wrong_rows(&self) -> Vec<usize> {
        (0..self.bad.len()).filter(|row| self.bad[*row]).collect()
    }

    /// What is wrong in a row.
    pub fn told(&self, row: usize) -> Vec<Told> {
        let problems = Checker::new(&self.rules, &self.columns).check(&self.file.rows, row);
        let told = problems.into_iter().map(|problem| {
            let label = problem.asked.and_then(|at| self.asked.get(at)).filter(|_| problem.column.is_none());
            let words = match label {
                Some(asked) => format!("{}: {}", asked.label, problem.words),
                None => problem.words.into_owned(),
            };
            Told { column: problem.column, words }
        });
        told.collect()
    }

    /// Mends a cell, and looks at its row again.
    pub fn set(&mut self, row: usize, column: usize, text: String) {
        self.file.rows.set(row, column, text);
        self.check(row, row + 1);
    }

    /// Has a column answer another question, or none; what answered it before answers none.
    pub fn map(&mut self, column: usize, asked: Option<usize>) {
        for other in &mut self.columns {
            if asked.is_some() && *other == asked {
                *other = None;
            }
        }
        if let Some(at) = self.columns.get_mut(column) {
            *at = asked;
        }
    }

    /// The questions that must be answered, and that no column does.
    pub fn missing(&self) -> Vec<String> {
        let missing =
            self.asked.iter().enumerate().filter(|(at, asked)| asked.required && !self.columns.contains(&Some(*at)));
        missing.map(|(_, asked)| asked.label.clone()).collect()
    }

    /// What the file is written in: `UTF-8, commas between columns`.
    pub fn written(&self) -> String {
        let encoding = match self.file.encoding {
            Encoding::Utf16Be => "UTF-16 (big-endian)",
            encoding => encoding.label(),
        };
        format!("{encoding}, {} between columns", self.file.delimiter.label())
    }

    /// The import as it is begun.
    pub fn start(&self) -> ImportStart {
        let keys = self.columns.iter().map(|at| at.map(|at| self.asked[at].key.clone()).unwrap_or_default());
        ImportStart {
            group: self.group.id,
            version: self.group.version,
            name: self.name.clone(),
            head: self.file.head.clone(),
            keys: keys.collect(),
            rows: self.file.rows.len() as i64,
        }
    }

    /// Looks at rows again.
    fn check(&mut self, from: usize, to: usize) {
        let checker = Checker::new(&self.rules, &self.columns);
        for row in from..to.min(self.bad.len()) {
            let bad = !checker.check(&self.file.rows, row).is_empty();
            self.wrong = self.wrong + usize::from(bad) - usize::from(self.bad[row]);
            self.bad[row] = bad;
        }
    }
}

/// Reads and checks a file, piece by piece; tells how far it has come, in percent, and how many rows that were.
///
/// # Errors
/// What is wrong with the file as a whole.
pub(super) async fn read(
    chosen: &web_sys::File,
    group: GroupChoice,
    rules: Rules,
    told: impl Fn(usize, usize),
) -> Result<Work, String> {
    let broken = |_| "This file can't be read. Choose it again.".to_owned();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a file's length")]
    let size = chosen.size() as usize;
    if size > MOST_BYTES {
        return Err("Choose a file of at most 25 MB.".into());
    }
    let asked = rules.form.asked();
    let mut reader = Reader::new(size);
    let (mut columns, mut bad, mut wrong, mut at) = (None, Vec::new(), 0, 0);
    while at < size && !reader.is_over() {
        let to = (at + FEED).min(size);
        #[allow(clippy::cast_precision_loss, reason = "at most 25 MB")]
        let piece = chosen.slice_with_f64_and_f64(at as f64, to as f64).map_err(broken)?;
        let bytes = JsFuture::from(piece.array_buffer()).await.map_err(broken)?;
        reader.feed(&Uint8Array::new(&bytes).to_vec());
        check_new(&reader, &rules, &asked, &mut columns, &mut bad, &mut wrong);
        at = to;
        told(at * 100 / size.max(1), bad.len());
    }
    let file = reader.finish();
    if let Some(wrong) = &file.wrong {
        return Err(wrong.clone());
    }
    let columns = columns.unwrap_or_else(|| match_columns(&file.head, &asked));
    let mut work = Work { file, name: chosen.name(), group, rules, asked, columns, bad, wrong };
    // The last rows may have waited for the file's end.
    let from = work.bad.len();
    work.bad.resize(work.file.rows.len(), false);
    let (mut from, to) = (from, work.bad.len());
    while from < to {
        work.check(from, from + AT_ONCE);
        from += AT_ONCE;
        pause().await;
    }
    // What is shown of it is a task of its own.
    pause().await;
    Ok(work)
}

/// Looks at the rows that were read since the last time.
fn check_new(
    reader: &Reader,
    rules: &Rules,
    asked: &[Asked],
    columns: &mut Option<Vec<Option<usize>>>,
    bad: &mut Vec<bool>,
    wrong: &mut usize,
) {
    let Some(head) = reader.head() else { return };
    let columns = columns.get_or_insert_with(|| match_columns(head, asked));
    let checker = Checker::new(rules, columns);
    for row in bad.len()..reader.sheet().len() {
        let is_bad = !checker.check(reader.sheet(), row).is_empty();
        bad.push(is_bad);
        *wrong += usize::from(is_bad);
    }
}

/// Looks at all rows again, after columns were matched anew, in pieces. Stops where `go_on` says so.
pub(super) async fn check_all(held: Held, go_on: impl Fn(usize) -> bool) {
    let mut from = 0;
    loop {
        let rows = held.try_update_value(|work| {
            let work = work.as_mut()?;
            work.check(from, from + AT_ONCE);
            Some(work.file.rows.len())
        });
        from += AT_ONCE;
        match rows.flatten() {
            Some(rows) if go_on(from.min(rows)) && from < rows => pause().await,
            _ => return,
        }
    }
}

/// Lets the page do what waits.
pub(super) async fn pause() {
    wait(0).await;
}

/// Waits so many milliseconds.
pub(super) async fn wait(millis: i32) {
    let promise = Promise::new(&mut |resolve, _| {
        let set = window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, millis);
        if set.is_err() {
            // Nothing is waited for.
            drop(resolve.call0(&JsValue::NULL));
        }
    });
    drop(JsFuture::from(promise).await);
}
