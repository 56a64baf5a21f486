//! Leads: potential customers whom a partner introduces.

use crate::attribution::Step;
use crate::ids::{CustomerId, LeadId};
use crate::partners::PartnerName;
use crate::text::{FieldError, email_normalised, is_email};
use crate::words;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// How many leads a partner may add on one day of the program's.
pub const MOST_A_DAY: i64 = 100;

words! {
    /// Where a lead stands with the team.
    pub enum Stage in "lead_stage" {
        /// Nobody of the team has reviewed it.
        New = "new",
        /// The team works on it.
        Qualified = "qualified",
        /// The team doesn't want it.
        Unqualified = "unqualified",
        /// It bought.
        ClosedWon = "closed_won",
        /// It didn't.
        ClosedLost = "closed_lost",
    }
}

impl Stage {
    /// The stage in words.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::New => "New",
            Self::Qualified => "Qualified",
            Self::Unqualified => "Unqualified",
            Self::ClosedWon => "Closed Won",
            Self::ClosedLost => "Closed Lost",
        }
    }

    /// Whether the lead is still worked on: its partner can't add it once more.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::New | Self::Qualified)
    }

    /// At which step of attribution a lead of this stage counts; `None` where the team turned it down.
    #[must_use]
    pub fn step(self) -> Option<Step> {
        match self {
            Self::Qualified | Self::ClosedWon => Some(Step::QualifiedLead),
            Self::New => Some(Step::UnreviewedLead),
            Self::Unqualified | Self::ClosedLost => None,
        }
    }
}

words! {
    /// What became of a lead, for the partner who added it.
    pub enum Outcome in "lead_outcome" {
        /// Nobody has signed up with its e-mail, and it would count.
        Waiting = "waiting",
        /// The same, and the team says that it has bought.
        Won = "won",
        /// Signed up, and is the partner's.
        SignedUp = "signed_up",
        /// Has paid, and is the partner's.
        Customer = "customer",
        /// Signed up, and is not the partner's.
        NotYours = "not_yours",
        /// Nobody has signed up with its e-mail, and the team doesn't want it, or it didn't buy.
        Lost = "lost",
        /// Nobody has signed up with its e-mail while it counted.
        Expired = "expired",
    }
}

impl Outcome {
    /// The outcome in words for the partner.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Waiting => "Waiting for sign-up",
            Self::Won => "Won, not signed up yet",
            Self::SignedUp => "Signed up",
            Self::Customer => "Customer",
            Self::NotYours => "Not yours",
            Self::Lost => "Lost",
            Self::Expired => "No sign-up in time",
        }
    }

    /// The same in words for the team.
    #[must_use]
    pub fn team_label(self) -> &'static str {
        match self {
            Self::NotYours => "Not the partner's",
            other => other.label(),
        }
    }
}

/// A lead to be added.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewLead {
    /// The e-mail with which it may sign up.
    pub email: String,
    /// Who it is; may be empty.
    #[serde(default)]
    pub name: String,
}

impl NewLead {
    /// Checks what a partner typed, whose own e-mail addresses are `own`.
    #[must_use]
    pub fn check(&self, own: &[String]) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let email = self.email.trim();
        if !is_email(email) {
            errors.push(FieldError::new("email", "This is not an e-mail address."));
        } else if own.iter().any(|own| email_normalised(own) == email_normalised(email)) {
            errors.push(FieldError::new("email", "This is your own e-mail address."));
        }
        if self.name.chars().count() > 200 || self.name.contains(|c: char| c.is_control()) {
            errors.push(FieldError::new("name", "Use at most 200 characters, on one line."));
        }
        errors
    }
}

/// Which leads a list shows; empty fields ask for all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadFilter {
    /// Part of the e-mail or the name.
    #[serde(default)]
    pub search: String,
    /// Only those at this stage.
    #[serde(default)]
    pub stage: Option<Stage>,
    /// Only those that became this.
    #[serde(default)]
    pub outcome: Option<Outcome>,
    /// Only those of the partner with this code, present or past.
    #[serde(default)]
    pub partner_code: String,
    /// Added on this day of the program's or later.
    #[serde(default)]
    pub from: Option<NaiveDate>,
    /// Added on this day or earlier.
    #[serde(default)]
    pub to: Option<NaiveDate>,
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
    /// Where it stands with the team.
    pub stage: Stage,
    /// What became of it.
    pub outcome: Outcome,
    /// Who signed up with its e-mail; told to the team alone.
    pub customer: Option<CustomerId>,
    /// The day on which it was added, in the program's time zone.
    pub day: NaiveDate,
    /// The day since which it is at its stage, in the program's time zone.
    pub stage_day: NaiveDate,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lead_is_somebody_else_with_an_e_mail() {
        let own = ["ada@partners.example".to_owned()];
        let refused = |email: &str, name: &str| {
            let errors = NewLead { email: email.into(), name: name.into() }.check(&own);
            errors.into_iter().map(|error| error.field).collect::<Vec<_>>()
        };
        assert_eq!(refused(" nora@harbor.example ", ""), Vec::<String>::new());
        assert_eq!(refused("nora@harbor", "Nora"), ["email"]);
        assert_eq!(refused("ADA+1@partners.example", ""), ["email"], "the partner's own but for a tag");
        assert_eq!(refused("", &"x".repeat(201)), ["email", "name"]);
    }
}
