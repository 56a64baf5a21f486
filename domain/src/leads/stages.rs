//! The stages of a program's leads, and how its leads are set up besides.

use super::Stage;
use crate::ids::{LeadGroupId, LeadStageId};
use crate::text::{FieldError, check_line};
use crate::words;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::form::LeadForm;

/// The most stages that a program has.
pub const MOST_STAGES: usize = 40;
/// The most groups of leads that a program has.
pub const MOST_GROUPS: usize = 50;

words! {
    /// The colour of a stage.
    pub enum StageColour in "stage_colour" {
        /// Grey.
        Grey = "grey",
        /// Blue.
        Blue = "blue",
        /// Purple.
        Purple = "purple",
        /// Amber.
        Amber = "amber",
        /// Green.
        Green = "green",
        /// Red.
        Red = "red",
    }
}

impl StageColour {
    /// The colour in words.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Grey => "Grey",
            Self::Blue => "Blue",
            Self::Purple => "Purple",
            Self::Amber => "Amber",
            Self::Green => "Green",
            Self::Red => "Red",
        }
    }
}

/// A stage as it is told wherever a lead is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageName {
    /// Its id.
    pub id: LeadStageId,
    /// Its name.
    pub name: String,
    /// Which of the five kinds it is.
    pub kind: Stage,
    /// Its colour.
    pub colour: StageColour,
}

/// A stage of a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadStage {
    /// Its id, name, kind and colour.
    #[serde(flatten)]
    pub name: StageName,
    /// Whether a move here needs a reason, which the partner sees.
    pub needs_reason: bool,
    /// For the partner: what happens next; may be empty.
    pub next_step: String,
    /// The stages to which a lead may move from here.
    pub moves: Vec<LeadStageId>,
    /// How many leads are here.
    pub leads: i64,
}

/// A stage as the team sets it up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageInput {
    /// Which it was; none is a new one.
    #[serde(default)]
    pub id: Option<LeadStageId>,
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// Its kind; a stage that there was keeps its own.
    pub kind: Stage,
    /// Its colour.
    pub colour: StageColour,
    /// Whether a move here needs a reason.
    #[serde(default)]
    pub needs_reason: bool,
    /// For the partner: what happens next.
    #[serde(default)]
    pub next_step: String,
    /// To which stages a lead may move from here, by their places in the list.
    #[serde(default)]
    pub moves: Vec<u32>,
}

/// Checks the stages of a program; a field is named after its place: `stages[0][name]`.
#[must_use]
pub fn check_stages(stages: &[StageInput]) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if stages.len() > MOST_STAGES {
        errors.push(FieldError::new("stages", format!("Use at most {MOST_STAGES} stages.")));
    }
    for kind in Stage::ALL {
        if !stages.iter().any(|stage| stage.kind == *kind) {
            errors.push(FieldError::new("stages", format!("Keep at least one stage of the kind {}.", kind.label())));
        }
    }
    for (at, stage) in stages.iter().enumerate() {
        let mut wrong = |of: &str, words: String| errors.push(FieldError::new(format!("stages[{at}][{of}]"), words));
        let same = |other: &StageInput| other.name.trim().to_lowercase() == stage.name.trim().to_lowercase();
        if let Err(words) = check_line(&stage.name, 60) {
            wrong("name", words);
        } else if stages[..at].iter().any(same) {
            wrong("name", "Another stage has this name.".to_owned());
        }
        if stage.next_step.chars().count() > 300 || stage.next_step.contains(|c: char| c.is_control()) {
            wrong("next_step", "Use at most 300 characters, on one line.".to_owned());
        }
        if stage.moves.iter().any(|to| *to as usize >= stages.len()) {
            wrong("moves", "There is no such stage.".to_owned());
        }
    }
    errors
}

words! {
    /// By what a lead is known again.
    pub enum LeadKey in "lead_key" {
        /// Its e-mail.
        Email = "email",
        /// Its phone number: of the form's first field for one.
        Phone = "phone",
        /// Its company's domain: that of the e-mail, unless it is of a free mail service.
        Domain = "domain",
    }
}

impl LeadKey {
    /// The key in words: `e-mail`.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Email => "e-mail",
            Self::Phone => "phone number",
            Self::Domain => "company domain",
        }
    }
}

words! {
    /// Among whose leads duplicates are sought.
    pub enum DuplicateScope in "duplicate_scope" {
        /// Among all of the program.
        Program = "program",
        /// Among those of the same partner.
        Partner = "partner",
    }
}

impl DuplicateScope {
    /// The scope in words.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Program => "All leads of the program",
            Self::Partner => "The same partner's leads",
        }
    }
}

words! {
    /// What becomes of a lead that repeats another.
    pub enum DuplicateRule in "duplicate_rule" {
        /// It is refused.
        Refuse = "refuse",
        /// It is taken, and marked for the team.
        Flag = "flag",
        /// It is taken.
        Accept = "accept",
    }
}

impl DuplicateRule {
    /// What follows, in words.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Refuse => "Refuse it",
            Self::Flag => "Take it, and mark it for the team",
            Self::Accept => "Take it",
        }
    }
}

/// How leads are set up in a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadSettings {
    /// Whether partners submit leads.
    #[serde(default)]
    pub submission: bool,
    /// Whether partners import files of leads.
    #[serde(default)]
    pub importing: bool,
    /// Whether partners submit sales.
    #[serde(default)]
    pub sales: bool,
    /// By what a lead is known again.
    #[serde(default)]
    pub duplicate_by: Vec<LeadKey>,
    /// For how many days.
    pub duplicate_days: i32,
    /// Among whose leads.
    pub duplicate_scope: DuplicateScope,
    /// What follows.
    pub duplicate_rule: DuplicateRule,
    /// For partners: what makes a good lead; may be empty.
    #[serde(default)]
    pub good_lead: String,
}

impl LeadSettings {
    /// What the rule for duplicates means, in a sentence.
    #[must_use]
    pub fn duplicates_told(&self) -> String {
        let by: Vec<&str> =
            LeadKey::ALL.iter().filter(|key| self.duplicate_by.contains(key)).map(|key| key.label()).collect();
        let Some((last, others)) = by.split_last() else {
            return "Leads are not compared: every lead is taken.".to_owned();
        };
        let by = if others.is_empty() { (*last).to_owned() } else { format!("{} or {last}", others.join(", ")) };
        let days = if self.duplicate_days == 1 { "day".to_owned() } else { format!("{} days", self.duplicate_days) };
        let among = match self.duplicate_scope {
            DuplicateScope::Program => "any partner has added in the last",
            DuplicateScope::Partner => "the same partner has added in the last",
        };
        let follows = match self.duplicate_rule {
            DuplicateRule::Refuse => "is refused",
            DuplicateRule::Flag => "is taken, and marked for your team",
            DuplicateRule::Accept => "is taken like any other",
        };
        format!("A lead with the same {by} as one that {among} {days} {follows}.")
    }

    /// Checks what the team typed.
    #[must_use]
    pub fn check(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if !(1..=3650).contains(&self.duplicate_days) {
            errors.push(FieldError::new("duplicate_days", "Use 1 to 3,650 days."));
        }
        if self.good_lead.chars().count() > 2_000 {
            errors.push(FieldError::new("good_lead", "Use at most 2,000 characters."));
        }
        errors
    }
}

/// A group of leads with the form in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadGroup {
    /// Its id.
    pub id: LeadGroupId,
    /// Its name.
    pub name: String,
    /// For partners: which leads belong here; may be empty.
    pub description: String,
    /// Whether leads are here that name no group.
    pub is_default: bool,
    /// Whether it takes no further leads.
    pub closed: bool,
    /// The version of its form in force, from 1.
    pub version: i32,
    /// When that version was made, UTC.
    pub changed_at: DateTime<Utc>,
    /// The form in force.
    pub form: LeadForm,
    /// How many leads it has.
    pub leads: i64,
}

/// A group as the team types it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadGroupInput {
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// For partners: which leads belong here.
    #[serde(default)]
    pub description: String,
    /// Whether leads are here that name no group.
    #[serde(default)]
    pub is_default: bool,
    /// Whether it takes no further leads.
    #[serde(default)]
    pub closed: bool,
}

impl LeadGroupInput {
    /// Checks what the team typed.
    #[must_use]
    pub fn check(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if let Err(words) = check_line(&self.name, 100) {
            errors.push(FieldError::new("name", words));
        }
        if self.description.chars().count() > 1_000 {
            errors.push(FieldError::new("description", "Use at most 1,000 characters."));
        }
        if self.is_default && self.closed {
            errors.push(FieldError::new("closed", "The group for leads that name none can't be closed."));
        }
        errors
    }
}

/// A group as a partner chooses it, with its form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupChoice {
    /// Its id.
    pub id: LeadGroupId,
    /// Its name.
    pub name: String,
    /// Which leads belong here; may be empty.
    pub description: String,
    /// The version of the form.
    pub version: i32,
    /// The form.
    pub form: LeadForm,
}

/// A version of a group's form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormVersion {
    /// Its number, from 1.
    pub version: i32,
    /// When it was made, UTC.
    pub at: DateTime<Utc>,
    /// By whom of the team; empty for Tributary.
    pub by: String,
    /// The form.
    pub form: LeadForm,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn five() -> Vec<StageInput> {
        Stage::ALL
            .iter()
            .map(|kind| StageInput {
                id: None,
                name: kind.label().into(),
                kind: *kind,
                colour: StageColour::Grey,
                needs_reason: false,
                next_step: String::new(),
                moves: Vec::new(),
            })
            .collect()
    }

    #[test]
    fn there_is_a_stage_of_each_kind_and_each_has_its_name() {
        let wrong = |stages: &[StageInput]| -> Vec<String> {
            check_stages(stages).into_iter().map(|error| error.field).collect()
        };
        assert_eq!(wrong(&five()), Vec::<String>::new());
        assert_eq!(wrong(&five()[1..]), ["stages"]);
        let mut stages = five();
        stages[3].name = " new ".into();
        stages[4].moves = vec![0, 5];
        assert_eq!(wrong(&stages), ["stages[3][name]", "stages[4][moves]"]);
    }

    #[test]
    fn the_rule_for_duplicates_is_told() {
        let mut settings = LeadSettings {
            submission: true,
            importing: false,
            sales: false,
            duplicate_by: vec![LeadKey::Domain, LeadKey::Email, LeadKey::Phone],
            duplicate_days: 90,
            duplicate_scope: DuplicateScope::Program,
            duplicate_rule: DuplicateRule::Refuse,
            good_lead: String::new(),
        };
        assert_eq!(
            settings.duplicates_told(),
            "A lead with the same e-mail, phone number or company domain as one that any partner has added in the last \
             90 days is refused."
        );
        settings.duplicate_by.clear();
        assert_eq!(settings.duplicates_told(), "Leads are not compared: every lead is taken.");
    }
}
