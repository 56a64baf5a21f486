//! Uploaded files: what may be uploaded, and where it is served.

use crate::ids::FileId;
use crate::words;
use serde::{Deserialize, Serialize};

words! {
    /// What a file is for.
    pub enum FilePurpose in "file_purpose" {
        /// A banner, or a file to download.
        Asset = "asset",
        /// The program's logo.
        Logo = "logo",
        /// The program's icon in the browser's tabs.
        Favicon = "favicon",
        /// A partner's photo.
        Photo = "photo",
        /// A file at a lead: for its partner and the team alone.
        Lead = "lead",
        /// The proof of a submitted sale: for its partner and the team alone.
        Sale = "sale",
        /// What is attached to a message: for its partner and the team alone.
        Message = "message",
    }
}

impl FilePurpose {
    /// Whether it is for those alone who may see what it belongs to: its address opens nothing.
    #[must_use]
    pub fn is_private(self) -> bool {
        matches!(self, Self::Lead | Self::Sale | Self::Message)
    }
}

/// The largest image that is taken, in bytes.
pub const MOST_IMAGE: usize = 5 * 1024 * 1024;
/// The largest other file that is taken, in bytes.
pub const MOST_FILE: usize = 20 * 1024 * 1024;
/// The most pixels that an image may have on a side.
pub const MOST_SIDE: u32 = 6_000;
/// The most pixels that an image may have in all: what a small file can unfold to.
pub const MOST_PIXELS: u64 = 24_000_000;

/// What is said of a file that is larger than so many bytes.
#[must_use]
pub fn too_large(most: usize) -> String {
    format!("Choose a file of at most {} MB.", most / (1024 * 1024))
}

/// The endings of images, as a file input takes them.
pub const IMAGES: &str = ".png,.jpg,.jpeg,.webp";
/// The endings of banners, which may move, as a file input takes them.
pub const BANNERS: &str = ".png,.jpg,.jpeg,.webp,.gif";
/// The endings of files to download, as a file input takes them.
pub const DOWNLOADS: &str = ".pdf,.zip,.docx,.xlsx,.pptx,.odt,.ods,.odp,.csv,.txt,.mp4,.png,.jpg,.jpeg,.webp,.gif";

/// What is known of an uploaded file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileInfo {
    /// Its id.
    pub id: FileId,
    /// What it is for.
    pub purpose: FilePurpose,
    /// Its name, with its ending.
    pub name: String,
    /// Its MIME type.
    pub content_type: String,
    /// Its length.
    pub bytes: i64,
    /// How wide it is; 0 where it is no image.
    pub width: i32,
    /// How high it is; 0 where it is no image.
    pub height: i32,
}

impl FileInfo {
    /// Whether browsers show it; all else they save.
    #[must_use]
    pub fn is_image(&self) -> bool {
        self.content_type.starts_with("image/")
    }

    /// Where it is served.
    #[must_use]
    pub fn path(&self, program_slug: &str) -> String {
        file_path(program_slug, self.id, &self.name)
    }

    /// Its length as people read it: `1.4 MB`.
    #[must_use]
    pub fn size(&self) -> String {
        Self::size_words(self.bytes)
    }

    /// A length in bytes as people read it.
    #[must_use]
    pub fn size_words(bytes: i64) -> String {
        match bytes {
            bytes if bytes < 1_000 => format!("{bytes} bytes"),
            bytes if bytes < 1_000_000 => format!("{} kB", (bytes + 500) / 1_000),
            bytes => {
                let tenths = (bytes + 50_000) / 100_000;
                format!("{}.{} MB", tenths / 10, tenths % 10)
            }
        }
    }
}

/// Where a file is served; the name at the end is for people alone.
#[must_use]
pub fn file_path(program_slug: &str, id: FileId, name: &str) -> String {
    format!("/files/{program_slug}/{id}/{name}")
}

/// A file's name as it is kept: letters, digits, `.`, `-` and `_`, at most 80 of them, with the ending that its content
/// has.
#[must_use]
pub fn plain_name(name: &str, ending: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let mut plain = String::new();
    for c in stem.chars() {
        if c.is_ascii_alphanumeric() || c == '_' {
            plain.push(c);
        } else if !plain.is_empty() && !plain.ends_with('-') {
            plain.push('-');
        }
        if plain.len() >= 70 {
            break;
        }
    }
    let plain = plain.trim_end_matches('-');
    format!("{}.{ending}", if plain.is_empty() { "file" } else { plain })
}

/// How the content of a kind of file begins; empty where it may begin with anything.
type Beginning = (usize, &'static [u8]);

/// Files that are taken for downloading: their ending, their MIME type, and how they begin. None of them runs in a
/// browser.
const TAKEN: &[(&str, &str, Beginning)] = &[
    ("pdf", "application/pdf", (0, b"%PDF-")),
    ("zip", "application/zip", (0, b"PK")),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", (0, b"PK")),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", (0, b"PK")),
    ("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation", (0, b"PK")),
    ("odt", "application/vnd.oasis.opendocument.text", (0, b"PK")),
    ("ods", "application/vnd.oasis.opendocument.spreadsheet", (0, b"PK")),
    ("odp", "application/vnd.oasis.opendocument.presentation", (0, b"PK")),
    ("csv", "text/csv; charset=utf-8", (0, b"")),
    ("txt", "text/plain; charset=utf-8", (0, b"")),
    ("mp4", "video/mp4", (4, b"ftyp")),
];

/// What a file is, by its ending and how it begins: its ending and MIME type.
///
/// # Errors
/// What is wrong, in words for the person who chose it.
pub fn taken(name: &str, content: &[u8]) -> Result<(&'static str, &'static str), &'static str> {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    let (ending, content_type, (at, begins)) = TAKEN
        .iter()
        .find(|(one, ..)| *one == ending)
        .ok_or("Choose a PDF, ZIP, office, CSV, text, MP4 or image file.")?;
    let text = begins.is_empty();
    if text && (content.contains(&0) || std::str::from_utf8(content).is_err()) {
        return Err("This is no text in UTF-8.");
    }
    if !content.get(*at..).is_some_and(|rest| rest.starts_with(begins)) {
        return Err("The file's content is not what its name says.");
    }
    Ok((ending, content_type))
}

/// Whether a file's name is that of an image which is decoded and written anew.
#[must_use]
pub fn is_image_name(name: &str) -> bool {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    ["png", "jpg", "jpeg", "webp", "gif"].contains(&ending.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain() {
        for (name, ending, plain) in [
            ("Spring sale (1).PNG", "png", "Spring-sale-1.png"),
            ("../../etc/passwd", "txt", "passwd.txt"),
            ("C:\\banners\\übung.webp", "jpg", "bung.jpg"),
            ("\"><script>.pdf", "pdf", "script.pdf"),
            ("", "zip", "file.zip"),
        ] {
            assert_eq!(plain_name(name, ending), plain, "{name}");
        }
    }

    #[test]
    fn what_runs_or_lies_is_refused() {
        assert_eq!(taken("facts.pdf", b"%PDF-1.7").map(|(ending, _)| ending), Ok("pdf"));
        assert_eq!(taken("Facts.TXT", "Über uns".as_bytes()).map(|(ending, _)| ending), Ok("txt"));
        assert_eq!(taken("clip.mp4", b"\0\0\0\x20ftypisom").map(|(ending, _)| ending), Ok("mp4"));
        for (name, content) in [
            ("logo.svg", &b"<svg/>"[..]),
            ("page.html", b"<html>"),
            ("run.exe", b"MZ"),
            ("facts.pdf", b"<html>"),
            ("facts.txt", b"a\0b"),
            ("facts.csv", b"\xff\xfe"),
            ("facts", b"%PDF-"),
            ("clip.mp4", b"\0"),
        ] {
            assert!(taken(name, content).is_err(), "{name}");
        }
    }

    #[test]
    fn sizes_are_read_by_people() {
        let size = |bytes| {
            let id = FileId(uuid::Uuid::nil());
            let (purpose, name, content_type) = (FilePurpose::Asset, "x".into(), "text/csv".into());
            FileInfo { id, purpose, name, content_type, bytes, width: 0, height: 0 }.size()
        };
        assert_eq!((size(999), size(1_500), size(1_449_999)), ("999 bytes".into(), "2 kB".into(), "1.4 MB".into()));
    }
}
