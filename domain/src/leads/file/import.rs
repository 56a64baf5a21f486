//! Imports as they are begun, sent and listed.

use super::columns::{Asked, plain};
use super::{MOST_COLUMNS, Rules};
use crate::ids::{EnrollmentId, LeadGroupId, LeadImportId};
use crate::leads::{EMAIL, GroupChoice};
use crate::money::Currency;
use crate::words;
use chrono::{DateTime, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};

words! {
    /// How far an import is.
    pub enum ImportStatus in "lead_import_status" {
        /// Its rows are being sent.
        Receiving = "receiving",
        /// All of its rows are here; nobody has begun with them.
        Ready = "ready",
        /// Its rows are worked.
        Working = "working",
        /// It is done.
        Done = "done",
        /// It was stopped: what had been added stays.
        Cancelled = "cancelled",
    }
}

impl ImportStatus {
    /// The status in words.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Receiving => "Being sent",
            Self::Ready => "Waiting",
            Self::Working => "Importing",
            Self::Done => "Done",
            Self::Cancelled => "Cancelled",
        }
    }

    /// Whether nothing more happens to it.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Cancelled)
    }
}

/// What the page needs that reads a file and sends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportSetup {
    /// Whose leads they will be.
    pub partner: EnrollmentId,
    /// The groups that take leads, the one first that is meant where none is chosen.
    pub groups: Vec<GroupChoice>,
    /// In which amounts are.
    pub currency: Currency,
    /// The e-mails of the partner itself.
    pub own: Vec<String>,
}

impl ImportSetup {
    /// By what the rows of a group's file are checked.
    #[must_use]
    pub fn rules(&self, group: &GroupChoice) -> Rules {
        Rules { form: group.form.clone(), currency: self.currency, own: self.own.clone() }
    }
}

/// An import that is begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportStart {
    /// The group of its leads.
    pub group: LeadGroupId,
    /// The version of the form that its rows were checked by.
    pub version: i32,
    /// The file's name.
    #[serde(default)]
    pub name: String,
    /// The names of its columns.
    pub head: Vec<String>,
    /// For each column the key of the form's question that it answers, or empty.
    pub keys: Vec<String>,
    /// How many rows it has.
    pub rows: i64,
}

impl ImportStart {
    /// For each column, which of the form's questions it answers.
    ///
    /// # Errors
    /// What is wrong with the columns.
    pub fn columns(&self, asked: &[Asked]) -> Result<Vec<Option<usize>>, &'static str> {
        if self.keys.len() != self.head.len() {
            return Err("Match each column, or leave it out.");
        }
        check_head(&self.head)?;
        let mut columns = Vec::with_capacity(self.keys.len());
        for key in &self.keys {
            let at = match key.as_str() {
                "" => None,
                key => Some(
                    asked
                        .iter()
                        .position(|asked| asked.key == key)
                        .ok_or("The form has changed. Add the file again.")?,
                ),
            };
            if at.is_some() && columns.contains(&at) {
                return Err("Two columns answer the same question.");
            }
            columns.push(at);
        }
        if !self.keys.iter().any(|key| key == EMAIL) {
            return Err("Choose the column of the e-mail.");
        }
        Ok(columns)
    }
}

/// Checks the first line of a file.
///
/// # Errors
/// What is wrong with it.
pub fn check_head(head: &[String]) -> Result<(), &'static str> {
    if head.len() > MOST_COLUMNS {
        return Err("This file has more than 500 columns.");
    }
    if head.iter().all(|name| plain(name).is_empty()) {
        return Err("The first line must name the columns.");
    }
    if head.iter().any(|name| name.chars().count() > 1_000) {
        return Err("The first line must name the columns: use at most 1,000 characters for each.");
    }
    Ok(())
}

/// Rows of an import that are sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slice {
    /// Its number, from 0: the same again counts once.
    pub number: i32,
    /// The rows, as [`write_row`](super::write_row) writes them.
    pub rows: String,
}

/// An import as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadImport {
    /// Its id.
    pub id: LeadImportId,
    /// The file's name.
    pub name: String,
    /// The name of the group.
    pub group: String,
    /// How far it is.
    pub status: ImportStatus,
    /// How many rows it has.
    pub rows: i64,
    /// How many became leads.
    pub accepted: i64,
    /// How many were refused.
    pub refused: i64,
    /// Whether the refused ones can still be downloaded.
    pub has_errors: bool,
    /// Who began it, as the reader may know it; empty where that isn't known.
    pub by: String,
    /// When it was begun, in the program's time zone.
    pub began: NaiveDateTime,
    /// When it was begun, UTC.
    pub created_at: DateTime<Utc>,
    /// When it was over, UTC.
    pub finished_at: Option<DateTime<Utc>>,
}

impl LeadImport {
    /// How many rows were worked so far, in percent.
    #[must_use]
    pub fn percent(&self) -> i64 {
        if self.rows == 0 { 100 } else { (self.accepted + self.refused) * 100 / self.rows }
    }
}
