//! From the bytes of a file to UTF-8, piece by piece.

use std::borrow::Cow;

/// How a file's characters are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, or nothing but ASCII.
    Utf8,
    /// UTF-16, the low byte first.
    Utf16Le,
    /// UTF-16, the high byte first.
    Utf16Be,
    /// What Western European spreadsheets write that know no Unicode.
    Windows1252,
}

impl Encoding {
    /// Its name.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16Le | Self::Utf16Be => "UTF-16",
            Self::Windows1252 => "Windows-1252",
        }
    }
}

/// So many bytes tell whether a file without a byte order mark is UTF-16.
const HEAD: usize = 64;

enum State {
    /// Too little is known yet.
    Start,
    /// Nothing but ASCII so far.
    Ascii,
    Utf8,
    Windows1252,
    Utf16 {
        big: bool,
        half: Option<u8>,
        high: Option<u16>,
    },
}

/// Makes UTF-8 of a file. What is no text in its encoding stays for the reader to replace (UTF-8), or is replaced.
pub(super) struct Decoder {
    state: State,
    /// Bytes that can't be told without those that follow.
    held: Vec<u8>,
    /// What the first bytes say where they are no text's.
    pub(super) foreign: Option<&'static str>,
}

impl Decoder {
    pub(super) fn new() -> Self {
        Self { state: State::Start, held: Vec::new(), foreign: None }
    }

    pub(super) fn encoding(&self) -> Encoding {
        match self.state {
            State::Start | State::Ascii | State::Utf8 => Encoding::Utf8,
            State::Windows1252 => Encoding::Windows1252,
            State::Utf16 { big: false, .. } => Encoding::Utf16Le,
            State::Utf16 { big: true, .. } => Encoding::Utf16Be,
        }
    }

    /// The next piece of the file; `last` where none follows.
    pub(super) fn decode<'a>(&mut self, bytes: &'a [u8], last: bool) -> Cow<'a, [u8]> {
        if self.held.is_empty() && matches!(self.state, State::Utf8) {
            return Cow::Borrowed(bytes);
        }
        let mut whole = std::mem::take(&mut self.held);
        let bytes = if whole.is_empty() {
            Cow::Borrowed(bytes)
        } else {
            whole.extend_from_slice(bytes);
            Cow::Owned(whole)
        };
        if matches!(self.state, State::Start) {
            if bytes.len() < HEAD && !last {
                self.held = bytes.into_owned();
                return Cow::Borrowed(&[]);
            }
            self.foreign = foreign(&bytes);
            let (state, mark) = begin(&bytes);
            self.state = state;
            return match bytes {
                Cow::Borrowed(bytes) => self.go_on(Cow::Borrowed(&bytes[mark..]), last),
                Cow::Owned(mut bytes) => {
                    bytes.drain(..mark);
                    self.go_on(Cow::Owned(bytes), last)
                }
            };
        }
        self.go_on(bytes, last)
    }

    fn go_on<'a>(&mut self, bytes: Cow<'a, [u8]>, last: bool) -> Cow<'a, [u8]> {
        if matches!(self.state, State::Ascii) {
            let Some(at) = bytes.iter().position(|byte| !byte.is_ascii()) else { return bytes };
            match is_utf8(&bytes[at..], last) {
                Some(true) => self.state = State::Utf8,
                Some(false) => self.state = State::Windows1252,
                None => {
                    self.held = bytes[at..].to_vec();
                    return match bytes {
                        Cow::Borrowed(bytes) => Cow::Borrowed(&bytes[..at]),
                        Cow::Owned(mut bytes) => {
                            bytes.truncate(at);
                            Cow::Owned(bytes)
                        }
                    };
                }
            }
        }
        match &mut self.state {
            State::Start | State::Ascii | State::Utf8 => bytes,
            State::Windows1252 if bytes.is_ascii() => bytes,
            State::Windows1252 => {
                let text: String = bytes.iter().map(|byte| windows_1252(*byte)).collect();
                Cow::Owned(text.into_bytes())
            }
            State::Utf16 { big, half, high } => {
                let mut text = String::with_capacity(bytes.len());
                for byte in bytes.iter() {
                    let Some(first) = half.take() else {
                        *half = Some(*byte);
                        continue;
                    };
                    let unit =
                        if *big { u16::from_be_bytes([first, *byte]) } else { u16::from_le_bytes([first, *byte]) };
                    utf_16(unit, high, &mut text);
                }
                if last && (high.take().is_some() || half.take().is_some()) {
                    text.push(char::REPLACEMENT_CHARACTER);
                }
                Cow::Owned(text.into_bytes())
            }
        }
    }
}

/// What to tell of a file whose first bytes are those of another kind of file.
fn foreign(bytes: &[u8]) -> Option<&'static str> {
    const WORKBOOK: &str = "This is a workbook or an archive, not a CSV file. Save the sheet as CSV, and add that.";
    const OTHER: &str = "This is a picture or a document, not a CSV file.";
    let kinds: [(&[u8], &str); 6] = [
        (b"PK\x03\x04", WORKBOOK),
        (b"\xd0\xcf\x11\xe0", WORKBOOK),
        (b"\x89PNG", OTHER),
        (b"\xff\xd8\xff", OTHER),
        (b"GIF8", OTHER),
        (b"%PDF-", OTHER),
    ];
    kinds.iter().find(|(mark, _)| bytes.starts_with(mark)).map(|(_, words)| *words)
}

/// What the first bytes tell, and how long the byte order mark is.
fn begin(bytes: &[u8]) -> (State, usize) {
    let utf16 = |big| State::Utf16 { big, half: None, high: None };
    match bytes {
        [0xef, 0xbb, 0xbf, ..] => return (State::Utf8, 3),
        [0xff, 0xfe, ..] => return (utf16(false), 2),
        [0xfe, 0xff, ..] => return (utf16(true), 2),
        _ => {}
    }
    let (pairs, _) = bytes[..bytes.len().min(HEAD)].as_chunks::<2>();
    let nuls = |at: usize| pairs.iter().filter(|pair| pair[at] == 0).count();
    // Of Western text every other byte is NUL, and in no other file is any.
    match (nuls(0), nuls(1)) {
        (first, second) if second > first && second * 2 > pairs.len() => (utf16(false), 0),
        (first, second) if first > second && first * 2 > pairs.len() => (utf16(true), 0),
        _ => (State::Ascii, 0),
    }
}

/// Whether the first character beyond ASCII is written as in UTF-8, right or wrong; `None` where too few bytes are there.
fn is_utf8(bytes: &[u8], last: bool) -> Option<bool> {
    let length = match bytes.first()? {
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf7 => 4,
        _ => return Some(false),
    };
    let rest = &bytes[1..bytes.len().min(length)];
    if !rest.iter().all(|byte| (0x80..=0xbf).contains(byte)) {
        return Some(false);
    }
    match rest.len() + 1 == length {
        true => Some(true),
        false if last => Some(false),
        false => None,
    }
}

fn utf_16(unit: u16, high: &mut Option<u16>, text: &mut String) {
    if let Some(first) = high.take() {
        if let Some(Ok(both)) = char::decode_utf16([first, unit]).next() {
            text.push(both);
            return;
        }
        text.push(char::REPLACEMENT_CHARACTER);
    }
    match unit {
        0xd800..=0xdbff => *high = Some(unit),
        _ => text.push(char::from_u32(unit.into()).unwrap_or(char::REPLACEMENT_CHARACTER)),
    }
}

/// The characters of Windows-1252 from 0x80 to 0x9f; those that are none are replaced.
const HIGH: [char; 32] = [
    '€', '\u{fffd}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{fffd}', 'Ž', '\u{fffd}', '\u{fffd}',
    '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{fffd}', 'ž', 'Ÿ',
];

fn windows_1252(byte: u8) -> char {
    match byte {
        0x80..=0x9f => HIGH[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}
