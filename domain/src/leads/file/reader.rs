//! Reading CSV piece by piece.

use super::decode::{Decoder, Encoding};
use super::sheet::Sheet;
use super::{MOST_CELLS, MOST_COLUMNS, MOST_ROWS, ROW_CHARACTERS};
use crate::leads::LONG;
use csv_core::ReadFieldResult;

/// What stands between cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delimiter {
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// A tab.
    Tab,
    /// `|`
    Bar,
}

impl Delimiter {
    /// All of them; of those that fit alike the first is taken.
    pub const ALL: [Self; 4] = [Self::Comma, Self::Semicolon, Self::Tab, Self::Bar];

    /// Its name.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Comma => "commas",
            Self::Semicolon => "semicolons",
            Self::Tab => "tabs",
            Self::Bar => "bars (|)",
        }
    }

    /// The character.
    #[must_use]
    pub fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
            Self::Bar => b'|',
        }
    }
}

/// So many bytes tell the delimiter.
const SAMPLE: usize = 16 * 1024;
/// The most bytes that are kept of a cell: more than any answer may have.
const CELL: usize = (LONG + 1) * 4;
/// The most bytes that are kept of a row: more than it may have.
const ROW: usize = (ROW_CHARACTERS + 1) * 4;
/// The room that is made for cells at a time.
const ROOM: usize = 16 * 1024;

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its first line: the names of its columns.
    pub head: Vec<String>,
    /// Its other rows; lines without anything are passed over.
    pub rows: Sheet,
    /// How its characters are written.
    pub encoding: Encoding,
    /// What stands between its cells.
    pub delimiter: Delimiter,
    /// What is wrong with the file as a whole.
    pub wrong: Option<String>,
}

/// Reads a file piece by piece. Whatever the bytes, it never fails: what can't be read is replaced, or told at its cell.
pub struct Reader {
    decoder: Decoder,
    /// Text that waits until it tells the delimiter.
    held: Vec<u8>,
    delimiter: Option<Delimiter>,
    csv: csv_core::Reader,
    /// Whether it is a file of a person's: with a first line, and apostrophes before formulas.
    whole: bool,
    head: Option<Vec<String>>,
    rows: Sheet,
    /// The row that is being read: its bytes, how many of them are filled, where its cells end.
    row: Vec<u8>,
    filled: usize,
    ends: Vec<usize>,
    wrong: Option<String>,
}

impl Reader {
    /// Reads a file of so many bytes, as a person has it.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        Self {
            decoder: Decoder::new(),
            held: Vec::new(),
            delimiter: None,
            csv: csv_core::Reader::new(),
            whole: true,
            head: None,
            rows: Sheet::with_room(bytes.min(super::MOST_BYTES)),
            row: vec![0; ROOM],
            filled: 0,
            ends: Vec::new(),
            wrong: None,
        }
    }

    /// Reads rows that [`write_row`](super::write_row) wrote; at most so many.
    #[must_use]
    pub fn rows(text: &str) -> Sheet {
        let mut reader =
            Self { whole: false, delimiter: Some(Delimiter::Comma), head: Some(Vec::new()), ..Self::new(text.len()) };
        reader.parse(text.as_bytes());
        reader.end();
        reader.rows
    }

    /// Reads a whole file.
    #[must_use]
    pub fn all(bytes: &[u8]) -> File {
        let mut reader = Self::new(bytes.len());
        for piece in bytes.chunks(super::FEED) {
            reader.feed(piece);
        }
        reader.finish()
    }

    /// Reads the next piece.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.read(bytes, false);
    }

    /// The first line, once it was read.
    #[must_use]
    pub fn head(&self) -> Option<&[String]> {
        self.head.as_deref()
    }

    /// The rows that were read so far.
    #[must_use]
    pub fn sheet(&self) -> &Sheet {
        &self.rows
    }

    /// Whether nothing more is read, because something is wrong with the file as a whole.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.wrong.is_some()
    }

    /// The file, when its last piece has been read.
    #[must_use]
    pub fn finish(mut self) -> File {
        self.read(&[], true);
        self.end();
        let head = self.head.unwrap_or_default();
        let wrong = self.wrong.or_else(|| super::check_head(&head).err().map(Into::into));
        let wrong =
            wrong.or_else(|| self.rows.is_empty().then(|| "This file has no rows below its first line.".to_owned()));
        File {
            head,
            rows: self.rows,
            encoding: self.decoder.encoding(),
            delimiter: self.delimiter.unwrap_or(Delimiter::Comma),
            wrong,
        }
    }

    fn read(&mut self, bytes: &[u8], last: bool) {
        if self.is_over() {
            return;
        }
        let text = self.decoder.decode(bytes, last);
        if let Some(words) = self.decoder.foreign {
            self.wrong = Some(words.to_owned());
            return;
        }
        if self.delimiter.is_some() {
            return self.parse(&text);
        }
        self.held.extend_from_slice(&text);
        if self.held.len() >= SAMPLE || last {
            let held = std::mem::take(&mut self.held);
            let delimiter = delimiter_of(&held[..held.len().min(SAMPLE)]);
            self.delimiter = Some(delimiter);
            self.csv = csv_core::ReaderBuilder::new().delimiter(delimiter.byte()).build();
            self.parse(&held);
        }
    }

    fn parse(&mut self, mut text: &[u8]) {
        // Nothing at all would mean the end.
        while !text.is_empty() && !self.is_over() {
            let (_, taken) = self.step(text);
            text = &text[taken..];
        }
    }

    /// The last row may lack its line break.
    fn end(&mut self) {
        while !self.is_over() && !matches!(self.step(&[]).0, ReadFieldResult::End) {}
    }

    /// Reads as far as the end of a cell; how much of the text that was.
    fn step(&mut self, text: &[u8]) -> (ReadFieldResult, usize) {
        if self.row.len() - self.filled < ROOM {
            self.row.resize(self.filled + ROOM, 0);
        }
        let (result, taken, written) = self.csv.read_field(text, &mut self.row[self.filled..]);
        self.take(&result, written);
        (result, taken)
    }

    fn take(&mut self, result: &ReadFieldResult, written: usize) {
        // What a cell or row has too much is passed over: so much is left that it is told.
        let from = self.ends.last().copied().unwrap_or_default();
        self.filled = (self.filled + written).min(from + CELL).min(ROW);
        let ReadFieldResult::Field { record_end } = result else { return };
        if self.ends.len() <= MOST_COLUMNS {
            self.ends.push(self.filled);
        } else {
            self.filled = from;
        }
        if *record_end {
            self.row_read();
            self.filled = 0;
            self.ends.clear();
        }
    }

    fn row_read(&mut self) {
        let bytes = &self.row[..self.filled];
        // Spreadsheets leave lines of nothing but delimiters at the end.
        if self.whole && bytes.trim_ascii().is_empty() {
            return;
        }
        let Some(_) = &self.head else {
            let mut head = Sheet::default();
            head.push(bytes, &self.ends, true);
            self.head = Some(head.cells(0).map(|cell| cell.trim().to_owned()).collect());
            return;
        };
        if self.rows.len() == MOST_ROWS {
            self.wrong = Some(
                "This file has more than 100,000 rows. Split it, and import its parts one after the other.".into(),
            );
            return;
        }
        if self.rows.all_cells() + self.ends.len() > MOST_CELLS {
            self.wrong =
                Some("This file has more than 10 million cells. Leave out the columns that nobody needs.".into());
            return;
        }
        self.rows.push(bytes, &self.ends, self.whole);
    }
}

/// What stands between the cells: what the first lines have most alike.
fn delimiter_of(sample: &[u8]) -> Delimiter {
    let mut lines: Vec<[usize; 4]> = Vec::new();
    let (mut counts, mut quoted) = ([0; 4], false);
    for byte in sample {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted => {
                if counts != [0; 4] {
                    lines.push(counts);
                }
                counts = [0; 4];
            }
            byte if !quoted => {
                for (at, delimiter) in Delimiter::ALL.iter().enumerate() {
                    counts[at] += usize::from(*byte == delimiter.byte());
                }
            }
            _ => {}
        }
        if lines.len() == 20 {
            break;
        }
    }
    // The last line may be cut.
    if lines.is_empty() {
        lines.push(counts);
    }
    let first = lines[0];
    let score = |at: usize| match first[at] {
        0 => (0, 0),
        count => (lines.iter().filter(|line| line[at] == count).count(), count),
    };
    // Of those alike, the first.
    let best = (0..4).rev().max_by_key(|at| score(*at)).unwrap_or_default();
    Delimiter::ALL[best]
}
