//! Conversations between a partner and a program's team, about a lead or in general.

use crate::accounts::MemberName;
use crate::files::FileInfo;
use crate::ids::{ConversationId, EnrollmentId, FileId, LeadId, MessageId, SavedReplyId};
use crate::partners::PartnerName;
use crate::text::{FieldError, check_line};
use crate::words;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The longest message, and the longest saved reply, in characters.
pub const LONGEST: usize = 10_000;
/// The longest subject, in characters.
pub const LONGEST_SUBJECT: usize = 200;
/// The most saved replies of a program.
pub const MOST_REPLIES: i64 = 200;
/// How many messages one side may write in a program within a day, so that no one floods the other.
pub const MOST_A_DAY: i64 = 500;

/// To whom a message goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum To {
    /// Into a conversation that is there.
    Conversation(ConversationId),
    /// Into the one about a lead, which is made with its first message.
    Lead(LeadId),
    /// Into a new one, with a partner; a partner's own names itself.
    Partner {
        /// The partner.
        partner: EnrollmentId,
        /// The id that the conversation gets.
        id: ConversationId,
        /// What it is about.
        subject: String,
    },
}

/// A message to write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewMessage {
    /// To whom.
    pub to: To,
    /// The form's own id: the same again is written once.
    pub id: MessageId,
    /// The words; may be empty where there is a file.
    pub body: String,
    /// A file that was uploaded for it.
    pub file: Option<FileId>,
}

impl NewMessage {
    /// Checks the texts.
    #[must_use]
    pub fn check(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if let To::Partner { subject, .. } = &self.to
            && let Err(words) = check_line(subject, LONGEST_SUBJECT)
        {
            errors.push(FieldError::new("subject", words));
        }
        let length = self.body.trim().chars().count();
        if length == 0 && self.file.is_none() {
            errors.push(FieldError::new("body", "Write something, or attach a file."));
        } else if length > LONGEST {
            errors.push(FieldError::new("body", "Write at most 10,000 characters."));
        }
        errors
    }
}

words! {
    /// Whose conversations the team's inbox shows.
    pub enum Inbox in "inbox" {
        /// All.
        All = "all",
        /// Those that the asker answers.
        Mine = "mine",
        /// Those that nobody answers yet.
        Unassigned = "unassigned",
    }
}

/// Which conversations are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationFilter {
    /// Words of a message, or part of a subject, lead or partner.
    pub search: String,
    /// Whose; for the team.
    pub inbox: Option<Inbox>,
    /// Those with something unread alone.
    pub unread: bool,
    /// A partner's, by its code; for the team.
    pub partner_code: String,
}

/// A conversation in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationRow {
    /// Our id.
    pub id: ConversationId,
    /// With which partner.
    pub partner: PartnerName,
    /// The subject, or the lead's name.
    pub about: String,
    /// The lead that it is about.
    pub lead: Option<LeadId>,
    /// Who of the team answers; not for the partner.
    pub assignee: Option<MemberName>,
    /// The beginning of the latest message.
    pub latest: String,
    /// Whether the partner has written it.
    pub by_partner: bool,
    /// When, UTC.
    pub last_at: DateTime<Utc>,
    /// Whether there is something that the reader has not read.
    pub unread: bool,
}

/// A message as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Who has written it, as the reader may know: a partner sees the program's name for its team.
    pub by: String,
    /// Whether it is of the reader's own side.
    pub own: bool,
    /// The words.
    pub body: String,
    /// What is attached.
    pub file: Option<FileInfo>,
    /// When, UTC.
    pub at: DateTime<Utc>,
}

/// A conversation with its latest messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// As in the list.
    pub row: ConversationRow,
    /// The messages, the earliest first.
    pub messages: Vec<Message>,
    /// Where the earlier ones begin, if there are any.
    pub earlier: Option<String>,
}

/// An answer that the team gives often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedReply {
    /// Its id.
    pub id: SavedReplyId,
    /// By what the team finds it.
    pub name: String,
    /// The words.
    pub body: String,
}

impl SavedReply {
    /// Checks its texts.
    #[must_use]
    pub fn check(name: &str, body: &str) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if let Err(words) = check_line(name, 100) {
            errors.push(FieldError::new("name", words));
        }
        let length = body.trim().chars().count();
        if length == 0 || length > LONGEST {
            errors.push(FieldError::new("body", "Write 1 to 10,000 characters."));
        }
        errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_message_says_something_of_a_sensible_length() {
        let fields = |subject: &str, body: &str, file: bool| -> Vec<String> {
            let id = Uuid::nil();
            let to = To::Partner { partner: EnrollmentId(id), id: ConversationId(id), subject: subject.into() };
            let file = file.then_some(FileId(id));
            let message = NewMessage { to, id: MessageId(id), body: body.into(), file };
            message.check().into_iter().map(|error| error.field).collect()
        };
        assert_eq!(fields("Payout", "When?", false), [] as [String; 0]);
        assert_eq!(fields("Payout", " ", true), [] as [String; 0]);
        assert_eq!(fields("", " \n", false), ["subject", "body"]);
        assert_eq!(fields(&"x".repeat(201), &"x".repeat(10_001), false), ["subject", "body"]);
    }
}
