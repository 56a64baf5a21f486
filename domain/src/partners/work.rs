//! The team's work on partners: tags, notes, many at once, and files of partners.

use super::{Kinds, NewPartner, PartnerFilter};
use crate::ids::{EnrollmentId, PartnerNoteId};
use crate::partners::EnrollmentStatus;
use crate::words;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The most tags of a partner.
pub const MOST_TAGS: usize = 20;
/// The most rows of a file of partners.
pub const MOST_ROWS: usize = 10_000;
/// The most partners that are worked on at once where each is ticked.
pub const MOST_AT_ONCE: usize = 500;
/// The most that are worked on at once where a filter finds them.
pub const MOST_FOUND: usize = 5_000;

/// Tags as they are typed, between commas: in lower case, each once.
///
/// # Errors
/// What is wrong, in words for the person who typed them.
pub fn read_tags(text: &str) -> Result<Vec<String>, &'static str> {
    let mut tags: Vec<String> = text.split(',').map(|tag| tag.trim().to_lowercase()).collect();
    tags.retain(|tag| !tag.is_empty());
    tags.sort();
    tags.dedup();
    if tags.len() > MOST_TAGS {
        Err("Use at most 20 tags.")
    } else if tags.iter().any(|tag| tag.chars().count() > 40 || tag.contains(char::is_control)) {
        Err("Use at most 40 characters for each tag.")
    } else {
        Ok(tags)
    }
}

/// A note of the team's on a partner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartnerNote {
    /// Its id.
    pub id: PartnerNoteId,
    /// What it says.
    pub note: String,
    /// Who wrote it, or empty.
    pub by: String,
    /// When, UTC.
    pub at: DateTime<Utc>,
}

words! {
    /// What is done to the partners that were chosen.
    pub enum BulkAct in "bulk_act" {
        /// Lets those in who wait.
        Approve = "approve",
        /// Pauses those who are active.
        Pause = "pause",
        /// Writes them a mail.
        Message = "message",
    }
}

/// What is done to many partners at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bulk {
    /// What.
    pub act: BulkAct,
    /// To whom.
    #[serde(default)]
    pub partners: Vec<EnrollmentId>,
    /// Whether it is done to all whom the filter finds by then, instead of to those.
    #[serde(default)]
    pub all: bool,
    /// The filter of the list.
    #[serde(default)]
    pub filter: PartnerFilter,
    /// The mail's subject.
    #[serde(default)]
    pub subject: String,
    /// The mail's text, with merge fields.
    #[serde(default)]
    pub body: String,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkDone {
    /// What was done.
    pub act: BulkAct,
    /// To how many.
    pub done: i64,
    /// How many were left out: their standing doesn't allow it, or they have no e-mail.
    pub left_out: i64,
}

impl BulkDone {
    /// The same in words, with the reason why some were left out.
    #[must_use]
    pub fn words(self) -> String {
        let (done, reason) = match self.act {
            BulkAct::Approve => ("Approved", "not waiting for approval"),
            BulkAct::Pause => ("Paused", "not active"),
            BulkAct::Message => ("Wrote to", "without an e-mail address"),
        };
        let partners = if self.done == 1 { "partner" } else { "partners" };
        let done = format!("{done} {} {partners}.", self.done);
        if self.left_out == 0 { done } else { format!("{done} {} left out: {reason}.", self.left_out) }
    }
}

/// A file of partners as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportPreview {
    /// How many rows it has.
    pub rows: i64,
    /// The first few, as they would be made: name, company, e-mail, code.
    pub sample: Vec<[String; 4]>,
    /// What is wrong, by row; the first hundred.
    pub problems: Vec<ImportProblem>,
    /// How many rows there are in which something is wrong.
    pub wrong_rows: i64,
    /// Whether the partners have been made.
    pub imported: bool,
}

/// What is wrong with a row of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportProblem {
    /// Its line in the file, from 1 on; the head is line 1.
    pub line: i64,
    /// Which column.
    pub column: String,
    /// What is wrong with it.
    pub words: String,
}

/// The columns of a file of partners, and what they hold.
pub const IMPORT_COLUMNS: &[&str] = &["name", "company", "email", "website", "code", "tags"];

/// A row of a file: values of [`IMPORT_COLUMNS`], in that order.
#[must_use]
pub fn imported(values: &[String; 6]) -> (NewPartner, String) {
    let [name, company, email, website, code, tags] = values.clone().map(|value| value.trim().to_owned());
    let partner = NewPartner {
        name,
        company,
        email,
        website,
        code: Some(code).filter(|code| !code.is_empty()),
        kinds: Kinds { affiliate: true, ..Kinds::default() },
        status: EnrollmentStatus::Active,
    };
    (partner, tags)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn tags_read_as_they_are_written(tags in proptest::collection::btree_set("[a-z0-9 ]{0,6}[a-z0-9]", 0..20)) {
            let trimmed: std::collections::BTreeSet<String> = tags.iter().map(|tag| tag.trim().to_owned()).collect();
            let text = tags.iter().map(|tag| format!(" {} ", tag.to_uppercase())).collect::<Vec<_>>().join(",,");
            let read = read_tags(&text).expect("tags");
            prop_assert_eq!(&read, &trimmed.into_iter().collect::<Vec<_>>());
            prop_assert_eq!(read_tags(&read.join(", ")), Ok(read.clone()));
        }
    }

    #[test]
    fn who_was_left_out_is_told_with_the_reason() {
        let words = |act, done, left_out| BulkDone { act, done, left_out }.words();
        assert_eq!(words(BulkAct::Pause, 1, 0), "Paused 1 partner.");
        assert_eq!(words(BulkAct::Approve, 0, 2), "Approved 0 partners. 2 left out: not waiting for approval.");
        assert_eq!(words(BulkAct::Message, 3, 1), "Wrote to 3 partners. 1 left out: without an e-mail address.");
    }

    #[test]
    fn too_many_tags_are_refused() {
        let text = (0..21).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
        assert!(read_tags(&text).is_err());
        assert!(read_tags(&"x".repeat(41)).is_err());
    }
}
