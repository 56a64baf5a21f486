//! The team's work on partners: tags, notes, many at once, and files of partners.

use super::{Kinds, NewPartner, PartnerFilter};
use crate::ids::{EnrollmentId, PartnerJobId, PartnerNoteId};
use crate::messages::LetterTo;
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
pub const MOST_FOUND: usize = 50_000;

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
        /// Doesn't let those in who wait.
        Decline = "decline",
        /// Pauses those who are active.
        Pause = "pause",
        /// Ends their pause.
        Resume = "resume",
        /// Gives them a tag more.
        AddTag = "add_tag",
        /// Puts them into a group, or into none.
        SetGroup = "set_group",
        /// Writes them a mail.
        Message = "message",
    }
}

impl BulkAct {
    /// From which standing to which it moves a partner, where it does.
    #[must_use]
    pub fn moves(self) -> Option<(EnrollmentStatus, EnrollmentStatus)> {
        use EnrollmentStatus::{Active, Declined, Paused, Pending};
        match self {
            Self::Approve => Some((Pending, Active)),
            Self::Decline => Some((Pending, Declined)),
            Self::Pause => Some((Active, Paused)),
            Self::Resume => Some((Paused, Active)),
            Self::AddTag | Self::SetGroup | Self::Message => None,
        }
    }

    /// Its name on buttons.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Approve => "Approve",
            Self::Decline => "Decline",
            Self::Pause => "Pause",
            Self::Resume => "Resume",
            Self::AddTag => "Add a tag",
            Self::SetGroup => "Move to a group",
            Self::Message => "Write a mail",
        }
    }

    /// What follows for those to whom it is done.
    #[must_use]
    pub fn follows(self) -> &'static str {
        match self {
            Self::Approve => "They earn from now on, and are told by mail.",
            Self::Decline => "They are not let in, and are told by mail. You can still approve them later.",
            Self::Pause => "They earn nothing for what happens in the pause, and are told by mail.",
            Self::Resume => "They earn again from now on, and are told by mail.",
            Self::AddTag => "They keep the tags they have. Partners don't see tags.",
            Self::SetGroup => {
                "The group's offers come before a partner's own. Customers already attributed keep their terms."
            }
            Self::Message => "Each gets a mail of its own.",
        }
    }

    /// Why somebody is left out.
    #[must_use]
    pub fn left_out(self) -> &'static str {
        match self {
            Self::Approve | Self::Decline => "not waiting for approval",
            Self::Pause => "not active",
            Self::Resume => "not paused",
            Self::AddTag => "they have this tag already, or 20 others",
            Self::SetGroup => "in this group already",
            Self::Message => "without an e-mail address",
        }
    }

    fn told(self, done: String, left_out: i64) -> String {
        if left_out == 0 { done } else { format!("{done} {left_out} left out: {}.", self.left_out()) }
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
    /// How many the filter was said to find: where it finds more by then, nothing is done.
    #[serde(default)]
    pub found: i64,
    /// The filter of the list.
    #[serde(default)]
    pub filter: PartnerFilter,
    /// Why they are paused, for their history; may be empty.
    #[serde(default)]
    pub reason: String,
    /// The tag that they are given.
    #[serde(default)]
    pub tag: String,
    /// The id of the group into which they are put; empty for none.
    #[serde(default)]
    pub group: String,
    /// The mail's subject.
    #[serde(default)]
    pub subject: String,
    /// The mail's text, with merge fields.
    #[serde(default)]
    pub body: String,
}

impl Bulk {
    /// An act on these partners.
    #[must_use]
    pub fn of(act: BulkAct, partners: Vec<EnrollmentId>) -> Self {
        Self {
            act,
            partners,
            all: false,
            found: 0,
            filter: PartnerFilter::default(),
            reason: String::new(),
            tag: String::new(),
            group: String::new(),
            subject: String::new(),
            body: String::new(),
        }
    }
}

/// To how many an act would be done, before it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkLook {
    /// What would be done.
    pub act: BulkAct,
    /// To how many.
    pub fits: i64,
    /// How many would be left out.
    pub left_out: i64,
    /// The first of those to whom it would be done, as a mail to it is filled in.
    pub first: Option<LetterTo>,
}

impl BulkLook {
    /// The same in words, with the reason why some would be left out.
    #[must_use]
    pub fn words(&self) -> String {
        let one = self.fits == 1;
        let (partners, are) = if one { ("partner", "is") } else { ("partners", "are") };
        let fits = self.fits;
        let done = match self.act {
            _ if fits == 0 => "Nothing changes.".to_owned(),
            BulkAct::Approve => format!("{fits} {partners} {are} approved."),
            BulkAct::Decline => format!("{fits} {partners} {are} declined."),
            BulkAct::Pause => format!("{fits} {partners} {are} paused."),
            BulkAct::Resume => format!("{fits} {partners} {are} resumed."),
            BulkAct::AddTag => format!("{fits} {partners} {} the tag.", if one { "gets" } else { "get" }),
            BulkAct::SetGroup => format!("{fits} {partners} {are} moved."),
            BulkAct::Message => format!("{fits} {partners} {} the mail.", if one { "gets" } else { "get" }),
        };
        self.act.told(done, self.left_out)
    }
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
    /// The job that does it where they are very many: then nothing has been done yet.
    pub job: Option<PartnerJobId>,
}

impl BulkDone {
    /// The same in words, with the reason why some were left out.
    #[must_use]
    pub fn words(self) -> String {
        let done = match self.act {
            BulkAct::Approve => "Approved",
            BulkAct::Decline => "Declined",
            BulkAct::Pause => "Paused",
            BulkAct::Resume => "Resumed",
            BulkAct::AddTag => "Tagged",
            BulkAct::SetGroup => "Moved",
            BulkAct::Message => "Wrote to",
        };
        let partners = if self.done == 1 { "partner" } else { "partners" };
        let done =
            if self.done == 0 { "Nothing changed.".to_owned() } else { format!("{done} {} {partners}.", self.done) };
        self.act.told(done, self.left_out)
    }
}

/// A file of partners as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportPreview {
    /// How many rows it has.
    pub rows: i64,
    /// The first few that can be imported, as they would be made: values of [`IMPORT_COLUMNS`].
    pub sample: Vec<[String; 8]>,
    /// What is wrong, by row; the first hundred.
    pub problems: Vec<ImportProblem>,
    /// How many rows can't be imported.
    pub wrong_rows: i64,
    /// Columns of the file that mean nothing here.
    pub passed_over: Vec<String>,
    /// Whether the partners of the other rows have been made.
    pub imported: bool,
    /// The job that makes them, where they are very many.
    pub job: Option<PartnerJobId>,
    /// The rows that can't be imported as CSV, each with its problem; the server hands it out as a file.
    #[serde(skip)]
    pub refused: String,
}

impl ImportPreview {
    /// How many rows can be imported, or have been.
    #[must_use]
    pub fn good(&self) -> i64 {
        self.rows - self.wrong_rows
    }
}

/// What is wrong with a row of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportProblem {
    /// Its line in the file, from 1 on; the head is line 1.
    pub line: i64,
    /// Whom it is of: the name, the company or the e-mail; empty where it has none.
    pub who: String,
    /// Which column.
    pub column: String,
    /// What is wrong with it.
    pub words: String,
}

/// Work on very many partners, which a job does, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartnerJob {
    /// Its id.
    pub id: PartnerJobId,
    /// What is done to them; none: they are imported.
    pub act: Option<BulkAct>,
    /// How many they are.
    pub total: i64,
    /// To how many it has been done.
    pub done: i64,
    /// How many have been left out.
    pub left_out: i64,
    /// Who began it, or empty.
    pub by: String,
    /// When it was begun, UTC.
    pub created_at: DateTime<Utc>,
    /// When it was over, UTC.
    pub finished_at: Option<DateTime<Utc>>,
    /// Who was left out; the first hundred, and in lists of jobs none.
    pub problems: Vec<LeftOut>,
}

impl PartnerJob {
    /// What is done, and to how many.
    #[must_use]
    pub fn title(&self) -> String {
        let what = self.act.map_or("Import", BulkAct::label);
        format!("{what}: {} partner{}", self.total, if self.total == 1 { "" } else { "s" })
    }

    /// How far it is, or what became of it.
    #[must_use]
    pub fn words(&self) -> String {
        let Self { act, done, left_out, .. } = *self;
        match act {
            _ if self.finished_at.is_none() => format!("{} of {}", done + left_out, self.total),
            Some(act) => BulkDone { act, done, left_out, job: None }.words(),
            None => {
                let imported = format!("{done} partner{} imported.", if done == 1 { "" } else { "s" });
                let rows = if left_out == 1 { "row" } else { "rows" };
                if left_out == 0 { imported } else { format!("{imported} {left_out} {rows} left out.") }
            }
        }
    }
}

/// Somebody whom work on very many partners has left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// The line of an imported file, from 1 on.
    pub line: Option<i64>,
    /// The name, the company or the e-mail; empty where there is none.
    pub who: String,
    /// Why.
    pub words: String,
}

/// The columns of a file of partners, and what they hold.
pub const IMPORT_COLUMNS: &[&str] = &["name", "company", "email", "website", "code", "tags", "group", "status"];

/// The column that a file of refused rows has more; one that is imported again may keep it.
pub const PROBLEM_COLUMN: &str = "problem";

/// What people and spreadsheets call the columns, in letters and digits alone.
const HEADINGS: &[(&str, &[&str])] = &[
    ("name", &["name", "fullname", "contact", "contactname", "partner", "partnername", "displayname"]),
    ("first", &["firstname", "first", "givenname", "forename"]),
    ("last", &["lastname", "last", "surname", "familyname"]),
    ("company", &["company", "companyname", "organization", "organisation", "business", "firm"]),
    ("email", &["email", "emailaddress", "mail", "mailaddress", "contactemail", "partneremail"]),
    ("website", &["website", "web", "url", "site", "homepage", "websiteurl"]),
    ("code", &["code", "partnercode", "affiliatecode", "referralcode"]),
    ("tags", &["tags", "tag", "labels"]),
    ("group", &["group", "partnergroup", "groupname"]),
    ("status", &["status", "standing"]),
];

/// Where each column of a file of partners is found, by its head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportHead {
    places: [Option<usize>; 8],
    /// The first name and the last, where they stand apart.
    apart: [Option<usize>; 2],
    /// The columns that mean nothing here.
    pub passed_over: Vec<String>,
    /// The column of problems, where the file is one of refused rows.
    pub problem: Option<usize>,
}

impl ImportHead {
    /// Reads a head, in the usual spellings: "E-mail", "email address", "First name" and "Last name".
    #[must_use]
    pub fn read<'a>(head: impl Iterator<Item = &'a str>) -> Self {
        let mut read = Self::default();
        for (at, written) in head.enumerate() {
            let plain: String = written.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
            let column = HEADINGS.iter().find(|(_, spellings)| spellings.contains(&plain.as_str()));
            let place = match column.map(|(column, _)| *column) {
                Some("first") => Some(&mut read.apart[0]),
                Some("last") => Some(&mut read.apart[1]),
                Some(column) => {
                    let mut places = IMPORT_COLUMNS.iter().zip(&mut read.places);
                    places.find(|(known, _)| **known == column).map(|(_, place)| place)
                }
                None if plain == PROBLEM_COLUMN => Some(&mut read.problem),
                None => None,
            };
            match place {
                Some(place) if place.is_none() => *place = Some(at),
                _ if plain.is_empty() => {}
                _ => read.passed_over.push(written.to_owned()),
            }
        }
        read
    }

    /// Whether somebody can be named by it.
    #[must_use]
    pub fn names_somebody(&self) -> bool {
        self.places[0].or(self.places[1]).or(self.apart[0]).or(self.apart[1]).is_some()
    }

    /// The values of [`IMPORT_COLUMNS`] in a row, in that order.
    #[must_use]
    pub fn values(&self, record: &[String]) -> [String; 8] {
        let value = |place: Option<usize>| place.and_then(|at| record.get(at)).map_or("", |value| value.trim());
        let mut values = self.places.map(|place| value(place).to_owned());
        if values[0].is_empty() {
            values[0] = format!("{} {}", value(self.apart[0]), value(self.apart[1])).trim().to_owned();
        }
        values
    }
}

/// The partner of a row, active where the row doesn't say otherwise.
///
/// # Errors
/// What is wrong with its status, in words.
pub fn imported(values: &[String; 8]) -> Result<NewPartner, &'static str> {
    let [name, company, email, website, code, _, _, status] = values.clone();
    let status = match status.to_lowercase().as_str() {
        "" | "active" => EnrollmentStatus::Active,
        "pending" => EnrollmentStatus::Pending,
        _ => return Err("Write active or pending, or leave it empty."),
    };
    let code = Some(code).filter(|code| !code.is_empty());
    let kinds = Kinds { affiliate: true, ..Kinds::default() };
    Ok(NewPartner { name, company, email, website, code, kinds, status })
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
        let words = |act, done, left_out| BulkDone { act, done, left_out, job: None }.words();
        assert_eq!(words(BulkAct::Pause, 1, 0), "Paused 1 partner.");
        assert_eq!(words(BulkAct::Approve, 0, 2), "Nothing changed. 2 left out: not waiting for approval.");
        assert_eq!(words(BulkAct::Message, 3, 1), "Wrote to 3 partners. 1 left out: without an e-mail address.");
    }

    #[test]
    fn a_job_tells_how_far_it_is_and_what_became_of_it() {
        let id = PartnerJobId::from(uuid::Uuid::nil());
        let job = |act, finished_at| PartnerJob {
            id,
            act,
            total: 250,
            done: 100,
            left_out: 1,
            by: String::new(),
            created_at: DateTime::UNIX_EPOCH,
            finished_at,
            problems: Vec::new(),
        };
        assert_eq!(job(None, None).title(), "Import: 250 partners");
        assert_eq!(job(Some(BulkAct::Pause), None).words(), "101 of 250");
        let over = Some(DateTime::UNIX_EPOCH);
        assert_eq!(job(Some(BulkAct::Pause), over).words(), "Paused 100 partners. 1 left out: not active.");
        assert_eq!(job(None, over).words(), "100 partners imported. 1 row left out.");
    }

    #[test]
    fn what_would_be_done_is_told_before() {
        let look = |act, fits, left_out| BulkLook { act, fits, left_out, first: None }.words();
        assert_eq!(look(BulkAct::Pause, 2, 1), "2 partners are paused. 1 left out: not active.");
        assert_eq!(look(BulkAct::Message, 1, 0), "1 partner gets the mail.");
        assert_eq!(look(BulkAct::Resume, 0, 3), "Nothing changes. 3 left out: not paused.");
        for act in BulkAct::ALL {
            assert!(act.moves().is_none_or(|(from, to)| from.moves().contains(&to)), "{act}");
        }
    }

    #[test]
    fn a_head_is_read_as_people_write_it() {
        let head = |text: &str| ImportHead::read(text.split(';'));
        let row = |text: &str| text.split(';').map(str::to_owned).collect::<Vec<_>>();
        let read = head("E-Mail Address;First name;Surname;Company;Phone;Status;;email");
        assert!(read.names_somebody());
        assert_eq!(read.passed_over, ["Phone", "email"]);
        let values = read.values(&row("ada@x.example; Ada;Lind ;Harbor;1;pending"));
        assert_eq!(values, ["Ada Lind", "Harbor", "ada@x.example", "", "", "", "", "pending"].map(String::from));
        assert_eq!(imported(&values).map(|partner| partner.status), Ok(EnrollmentStatus::Pending));
        assert!(imported(&["x", "", "", "", "", "", "", "gone"].map(String::from)).is_err());
        assert!(!head("e-mail;phone").names_somebody());
        assert_eq!(head("name;Problem").problem, Some(1));
    }

    #[test]
    fn too_many_tags_are_refused() {
        let text = (0..21).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
        assert!(read_tags(&text).is_err());
        assert!(read_tags(&"x".repeat(41)).is_err());
    }
}
