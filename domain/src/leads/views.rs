//! Leads as they are sent, listed and shown.

use super::form::LeadForm;
use super::stages::StageName;
use super::{Answers, Outcome, Sent, Stage};
use crate::accounts::MemberName;
use crate::commissions::CommissionStatus;
use crate::ids::{
    AccountId, CustomerId, FileId, LeadEventId, LeadGroupId, LeadId, LeadNoteId, LeadStageId, LeadTaskId, LeadTypeId,
};
use crate::money::Money;
use crate::offers::Trigger;
use crate::partners::PartnerName;
use crate::reports::CommissionRow;
use crate::text::{FieldError, check_line};
use crate::why::Why;
use crate::words;
use chrono::{DateTime, Datelike, Duration, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// A lead to be added.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewLead {
    /// Its group; none is the program's default one.
    #[serde(default)]
    pub group: Option<LeadGroupId>,
    /// Its type, which is one of its group.
    #[serde(default)]
    pub lead_type: Option<LeadTypeId>,
    /// The version of the form that was filled in; none is the one in force.
    #[serde(default)]
    pub version: Option<i32>,
    /// What was filled in.
    pub sent: Sent,
    /// From which address the consents were given; empty where it isn't known.
    #[serde(default)]
    pub ip: String,
    /// How it came, if not by hand: `import`, `api`, `capture_form`.
    #[serde(default)]
    pub by: String,
    /// A consent that was given elsewhere.
    #[serde(default)]
    pub consent: Option<GivenConsent>,
}

/// A consent that was given elsewhere, as who adds the lead knows of it: kept as evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct GivenConsent {
    /// What was agreed to.
    pub text: String,
    /// When.
    pub at: DateTime<Utc>,
    /// From which address.
    pub ip: String,
}

impl GivenConsent {
    /// Checks what was sent at an instant.
    #[must_use]
    pub fn check(&self, now: DateTime<Utc>) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let bad = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
        if self.text.trim().is_empty() || self.text.chars().count() > super::LONG || self.text.contains(bad) {
            errors.push(FieldError::new("consent.text", "Use 1 to 5,000 characters."));
        }
        if self.at > now + Duration::minutes(5) {
            errors.push(FieldError::new("consent.at", "This is in the future."));
        } else if self.at.year() < 2000 {
            errors.push(FieldError::new("consent.at", "This is too long ago."));
        }
        if self.ip.parse::<IpAddr>().is_err() {
            errors.push(FieldError::new("consent.ip", "This is not an IP address."));
        }
        errors
    }
}

impl NewLead {
    /// A lead of the default group, by its e-mail and name.
    #[must_use]
    pub fn named(email: &str, name: &str) -> Self {
        let pairs = [(super::EMAIL, email), (super::NAME, name)].map(|(key, value)| (key.to_owned(), value.to_owned()));
        Self { sent: pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect(), ..Self::default() }
    }
}

words! {
    /// What lists of leads are sorted by, the largest or latest first.
    pub enum LeadSort in "lead_sort" {
        /// When they were added.
        Added = "added",
        /// When they changed.
        Updated = "updated",
    }
}

/// Which leads a list shows; empty fields ask for all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadFilter {
    /// Part of the e-mail or the name.
    #[serde(default)]
    pub search: String,
    /// Only those at a stage of this kind.
    #[serde(default)]
    pub kind: Option<Stage>,
    /// Only those at this stage.
    #[serde(default)]
    pub stage: Option<LeadStageId>,
    /// Only those of this group.
    #[serde(default)]
    pub group: Option<LeadGroupId>,
    /// Only those that became this.
    #[serde(default)]
    pub outcome: Option<Outcome>,
    /// Only those that this member of the team works.
    #[serde(default)]
    pub assignee: Option<AccountId>,
    /// Only those that nobody works.
    #[serde(default)]
    pub unassigned: bool,
    /// Only those that repeat another.
    #[serde(default)]
    pub duplicates: bool,
    /// Those that were taken back too: they are left out else.
    #[serde(default)]
    pub withdrawn: bool,
    /// Only those of the partner with this code, present or past.
    #[serde(default)]
    pub partner_code: String,
    /// Added on this day of the program's or later.
    #[serde(default)]
    pub from: Option<NaiveDate>,
    /// Added on this day or earlier.
    #[serde(default)]
    pub to: Option<NaiveDate>,
    /// What they are sorted by; none: when they were added.
    #[serde(default)]
    pub sort: Option<LeadSort>,
}

impl LeadFilter {
    /// What an address asks for; what can't be read is as good as not given. `me` is who asks.
    #[must_use]
    pub fn of(value: impl Fn(&str) -> Option<String>, me: Option<AccountId>) -> Self {
        let text = |key: &str| value(key).unwrap_or_default().trim().to_owned();
        let assignee = text("assignee");
        Self {
            search: text("q"),
            kind: text("kind").parse().ok(),
            stage: text("stage").parse().ok(),
            group: text("group").parse().ok(),
            outcome: text("outcome").parse().ok(),
            assignee: if assignee == "me" { me } else { assignee.parse().ok() },
            unassigned: assignee == "nobody",
            duplicates: !text("duplicates").is_empty(),
            withdrawn: !text("withdrawn").is_empty(),
            partner_code: text("partner_code"),
            from: text("from").parse().ok(),
            to: text("to").parse().ok(),
            sort: text("sort").parse().ok(),
        }
    }
}

/// A lead in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadRow {
    /// Its id.
    pub id: LeadId,
    /// Its e-mail; empty once it is erased.
    pub email: String,
    /// Who it is, or empty.
    pub name: String,
    /// Who introduced it.
    pub partner: PartnerName,
    /// The name of its group.
    pub group: String,
    /// Where it stands with the team.
    pub stage: StageName,
    /// For the partner: what happens next; may be empty.
    pub next_step: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Who signed up with its e-mail; told to the team, and to its partner where the customer is the partner's.
    pub customer: Option<CustomerId>,
    /// Who of the team works it; told to the team alone.
    pub assignee: Option<MemberName>,
    /// What the deal is worth, where it is known.
    pub deal_value: Option<Money>,
    /// What its partner has earned by it and by its customer, clawbacks taken off; zero where nothing.
    pub commission: Money,
    /// Where what it earned by itself stands: of several commissions, that which is furthest from being paid.
    pub commission_status: Option<CommissionStatus>,
    /// Whether it repeats another lead; told to the team alone.
    pub duplicate: bool,
    /// Whether its partner has taken it back.
    pub withdrawn: bool,
    /// The day on which it was added, in the program's time zone.
    pub day: NaiveDate,
    /// The day since which it is at its stage, in the program's time zone.
    pub stage_day: NaiveDate,
    /// When it was added, UTC.
    pub created_at: DateTime<Utc>,
    /// When anything about it changed, UTC.
    pub updated_at: DateTime<Utc>,
}

words! {
    /// What happened to a lead.
    pub enum LeadEventKind in "lead_event_kind" {
        /// It was added.
        Submitted = "submitted",
        /// What was filled in was changed.
        Edited = "edited",
        /// It came to another stage.
        Moved = "moved",
        /// Somebody else works it.
        Assigned = "assigned",
        /// Its partner took it back.
        Withdrawn = "withdrawn",
        /// Its deal's value was set.
        DealValue = "deal_value",
        /// It was linked to a customer.
        Customer = "customer",
        /// A file was attached.
        Attached = "attached",
    }
}

/// What else is told of something that happened to a lead. Never what a person is known by: that is in the lead's columns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventDetails {
    /// The keys of the fields that were changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// Who works it now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<AccountId>,
    /// The deal's value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deal_value: Option<Decimal>,
    /// The customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<CustomerId>,
    /// The lead that it repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicate_of: Option<LeadId>,
    /// How it came: `import`, `api`, `capture_form`; empty: by hand.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
}

/// A line of a lead's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadEvent {
    /// Its id.
    pub id: LeadEventId,
    /// When, UTC.
    pub at: DateTime<Utc>,
    /// What happened.
    pub kind: LeadEventKind,
    /// Who did it, as the reader may know it: a name, `Your team`'s program name, or empty for Tributary.
    pub by: String,
    /// The stage that it left.
    pub from: Option<StageName>,
    /// The stage that it came to.
    pub to: Option<StageName>,
    /// Why, in the words of who did it.
    pub reason: String,
    /// What happened, in a sentence for the reader.
    pub words: String,
}

/// A note of the team's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadNote {
    /// Its id.
    pub id: LeadNoteId,
    /// Who wrote it.
    pub by: String,
    /// What it says.
    pub note: String,
    /// When, UTC.
    pub at: DateTime<Utc>,
}

/// A task of the team's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadTask {
    /// Its id.
    pub id: LeadTaskId,
    /// What is to be done.
    pub task: String,
    /// Until which day of the program's.
    pub due_on: Option<NaiveDate>,
    /// By whom.
    pub assignee: Option<MemberName>,
    /// Whether it is done.
    pub done: bool,
    /// Whether its day has passed.
    pub overdue: bool,
}

/// A task as somebody types it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskInput {
    /// What is to be done.
    #[serde(default)]
    pub task: String,
    /// Until which day.
    #[serde(default)]
    pub due_on: Option<NaiveDate>,
    /// By whom.
    #[serde(default)]
    pub assignee: Option<AccountId>,
}

impl TaskInput {
    /// Checks what was typed.
    #[must_use]
    pub fn check(&self) -> Vec<FieldError> {
        let task = check_line(&self.task, 300).err().map(|words| FieldError::new("task", words));
        // A year that was typed by halves.
        let due = self.due_on.filter(|day| !(2000..2200).contains(&day.year()));
        let due = due.map(|_| FieldError::new("due_on", "Use a date such as 2026-12-01."));
        task.into_iter().chain(due).collect()
    }
}

/// A consent, as evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// The label of the form's field.
    pub label: String,
    /// The text that was agreed to.
    pub text: String,
    /// The version of the form.
    pub version: i32,
    /// When, UTC.
    pub at: DateTime<Utc>,
    /// From which address; empty where it isn't known.
    pub ip: String,
}

/// A file at a lead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadFile {
    /// Its id.
    pub id: FileId,
    /// Its name.
    pub name: String,
    /// Its length as people read it.
    pub size: String,
    /// Who attached it.
    pub by: String,
    /// Whether the reader may take it away.
    pub own: bool,
    /// When, UTC.
    pub at: DateTime<Utc>,
}

/// A lead with all that is known of it, for the team or its partner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadDetail {
    /// The name of its type, or empty.
    pub lead_type: String,
    /// As in lists.
    pub row: LeadRow,
    /// Its group.
    pub group_id: LeadGroupId,
    /// The version of the form that it was filled in on.
    pub version: i32,
    /// That form.
    pub form: LeadForm,
    /// What was filled in.
    pub answers: Answers,
    /// When it was added, UTC.
    pub created_at: DateTime<Utc>,
    /// Why it is at its stage, in the team's words.
    pub reason: String,
    /// Who its customer is, as lists know it: name or e-mail, and the external id for the address.
    pub customer_name: String,
    /// The customer's external id, or empty.
    pub customer_external_id: String,
    /// The lead that it repeats; told to the team alone.
    pub duplicate_of: Option<LeadId>,
    /// What happened to it, the latest first.
    pub events: Vec<LeadEvent>,
    /// Consents, as evidence.
    pub consents: Vec<Consent>,
    /// Files.
    pub files: Vec<LeadFile>,
    /// Notes; none for its partner.
    pub notes: Vec<LeadNote>,
    /// Tasks; none for its partner.
    pub tasks: Vec<LeadTask>,
    /// The stages that it may move to; none for its partner.
    pub moves: Vec<MoveTo>,
    /// Whether the reader may change what was filled in, or take it back.
    pub may_edit: bool,
    /// What it earned its partner by itself, and then what its customer did, the newest first.
    pub commissions: Vec<CommissionRow>,
    /// What was reckoned of it and came to nothing.
    pub unearned: Vec<Unearned>,
}

/// Something that became of a lead for which nothing was earned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unearned {
    /// What became of it.
    pub trigger: Trigger,
    /// Why nothing.
    pub why: Why,
}

/// A stage that a lead may move to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoveTo {
    /// The stage.
    pub stage: StageName,
    /// Whether the move needs a reason.
    pub needs_reason: bool,
    /// Whether an offer in force pays for leads that are qualified, which this move does.
    pub pays: bool,
}

/// A move of a lead to another stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// Where to.
    pub stage: LeadStageId,
    /// Why; the partner sees it.
    #[serde(default)]
    pub reason: String,
    /// What the deal is worth, where it is won.
    #[serde(default)]
    pub deal_value: Option<Decimal>,
    /// The customer's id at the company, where it is won: an existing customer's, or a new one's.
    #[serde(default)]
    pub customer: String,
}

/// What became of an act on many leads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Worked {
    /// For how many it was done.
    pub done: i64,
    /// Those left out: the lead's e-mail or name, and why.
    #[serde(default)]
    pub left_out: Vec<(String, String)>,
}

/// The most leads that one act works on.
pub const MOST_AT_ONCE: usize = 200;
/// The most leads that a column of the board shows.
pub const ON_BOARD: i64 = 50;

/// A stage's column on the board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoardColumn {
    /// The stage.
    pub stage: StageName,
    /// To which stages its leads may move, and whether that needs a reason.
    pub moves: Vec<MoveTo>,
    /// Its latest leads, at most `ON_BOARD`.
    pub leads: Vec<LeadRow>,
    /// How many there are.
    pub total: i64,
    /// What their deals are worth, as far as it is known.
    pub value: Money,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_asks_for_leads() {
        let me = AccountId(uuid::Uuid::from_u128(7));
        let of = |pairs: &[(&str, &str)]| {
            let value = |key: &str| pairs.iter().find(|(name, _)| *name == key).map(|(_, value)| (*value).to_owned());
            LeadFilter::of(value, Some(me))
        };
        assert_eq!(of(&[]), LeadFilter::default());
        let mine = of(&[("assignee", "me"), ("kind", "closed_won"), ("duplicates", "true"), ("q", " nora ")]);
        let told = (mine.assignee, mine.kind, mine.duplicates, mine.search.as_str());
        assert_eq!(told, (Some(me), Some(Stage::ClosedWon), true, "nora"));
        let nobody = of(&[("assignee", "nobody"), ("from", "soon"), ("sort", "updated")]);
        assert_eq!((nobody.assignee, nobody.unassigned, nobody.from), (None, true, None));
        assert_eq!(nobody.sort, Some(LeadSort::Updated));
    }
}
