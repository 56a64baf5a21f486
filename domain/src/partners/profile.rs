//! What a partner tells of itself, and which mails it gets.

use crate::text::FieldError;
use crate::words;
use serde::{Deserialize, Serialize};

/// What a partner changes of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// The person's name; may be empty where there is a company.
    #[serde(default)]
    pub name: String,
    /// The company; may be empty where there is a name.
    #[serde(default)]
    pub company: String,
    /// Street, place and so on, of several lines.
    #[serde(default)]
    pub address: String,
    /// ISO 3166 code, or empty.
    #[serde(default)]
    pub country: String,
    /// The telephone, or empty.
    #[serde(default)]
    pub phone: String,
    /// The own site, or empty.
    #[serde(default)]
    pub website: String,
    /// IANA name; empty: the program's.
    #[serde(default)]
    pub time_zone: String,
    /// The number under which the partner pays taxes, or empty.
    #[serde(default)]
    pub tax_id: String,
}

impl Profile {
    /// The same without white space around its texts, the country in capitals, the site in full.
    #[must_use]
    pub fn tidy(&self) -> Self {
        let line = |text: &str| text.trim().to_owned();
        Self {
            name: line(&self.name),
            company: line(&self.company),
            address: self.address.replace("\r\n", "\n").trim().to_owned(),
            country: self.country.trim().to_uppercase(),
            phone: line(&self.phone),
            website: crate::links::site_address(&self.website).unwrap_or_else(|| line(&self.website)),
            time_zone: line(&self.time_zone),
            tax_id: line(&self.tax_id),
        }
    }

    /// What is wrong with a tidy one, besides its names and site, which are checked as for every partner, and its country
    /// and time zone, which the server knows.
    #[must_use]
    pub fn check(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if self.address.chars().count() > 500 || self.address.contains(|c: char| c.is_control() && c != '\n') {
            errors.push(FieldError::new("address", "Use at most 500 characters."));
        }
        let digits = self.phone.chars().filter(char::is_ascii_digit).count();
        let is_phone = self.phone.chars().all(|c| c.is_ascii_digit() || " +-/().".contains(c));
        let is_phone = is_phone && (5..=20).contains(&digits) && self.phone.len() <= 40;
        if !self.phone.is_empty() && !is_phone {
            errors.push(FieldError::new("phone", "Use digits, such as +49 30 1234567."));
        }
        if self.tax_id.chars().count() > 40 || self.tax_id.contains(char::is_control) {
            errors.push(FieldError::new("tax_id", "Use at most 40 characters."));
        }
        errors
    }

    /// Whether all that a payment may ask for is there.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let is_named = !self.name.is_empty() || !self.company.is_empty();
        is_named && !self.address.is_empty() && !self.country.is_empty()
    }
}

words! {
    /// How often a partner gets a summary.
    pub enum SummaryRhythm in "summary_rhythm" {
        /// Never.
        None = "none",
        /// Each morning, of the day before.
        Daily = "daily",
        /// Each Monday, of the week before.
        Weekly = "weekly",
    }
}

impl SummaryRhythm {
    /// In words.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::None => "No summary",
            Self::Daily => "Every day",
            Self::Weekly => "Every Monday",
        }
    }
}

/// Which mails a partner gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notifications {
    /// At each commission.
    pub on_commission: bool,
    /// At each payment.
    pub on_payment: bool,
    /// A summary.
    pub summary: SummaryRhythm,
    /// At the stages of its leads.
    pub on_lead: LeadMails,
    /// At a message of the team's.
    pub on_message: bool,
}

impl Default for Notifications {
    fn default() -> Self {
        Self {
            on_commission: false,
            on_payment: true,
            summary: SummaryRhythm::None,
            on_lead: LeadMails::Outcomes,
            on_message: true,
        }
    }
}

words! {
    /// Of which stages of its leads a partner gets mails.
    pub enum LeadMails in "lead_mails" {
        /// Of none.
        None = "none",
        /// When one is qualified, won or lost.
        Outcomes = "outcomes",
        /// Of every stage.
        Every = "every",
    }
}

impl LeadMails {
    /// The choice in words.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Outcomes => "When one is qualified, won or lost",
            Self::Every => "At each stage",
        }
    }
}

words! {
    /// A kind of mail that a partner can stop.
    pub enum Notice in "notice" {
        /// At each commission.
        Commission = "commission",
        /// At each payment.
        Payment = "payment",
        /// The summary.
        Summary = "summary",
        /// At a lead's stages.
        Lead = "lead",
        /// At a message of the team's.
        Message = "message",
    }
}

impl Notice {
    /// What stops, in words.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Commission => "mails about new commissions",
            Self::Payment => "mails about payments",
            Self::Summary => "summaries",
            Self::Lead => "mails about your leads",
            Self::Message => "mails about messages",
        }
    }

    /// What the link in the mail says that stops them.
    #[must_use]
    pub fn stop(self) -> String {
        format!("Get no more {}", self.label())
    }
}

/// A partner's set-up, step by step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checklist {
    /// Whether it has said how it is paid.
    pub payout_method: bool,
    /// Whether what it chose waits for the link in the mail.
    pub payout_waits: bool,
    /// Whether its profile is complete.
    pub profile: bool,
    /// Whether its link has been followed.
    pub link_shared: bool,
}

impl Checklist {
    /// Whether nothing is left to do.
    #[must_use]
    pub fn is_done(self) -> bool {
        self.payout_method && self.profile && self.link_shared
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_checked_by_field() {
        let good = Profile {
            name: " Ada Lind ".into(),
            address: "1 Main Street\r\nBerlin ".into(),
            country: "de".into(),
            phone: "+49 (30) 123-4567".into(),
            website: " ada.example ".into(),
            ..Profile::default()
        };
        let tidy = good.tidy();
        assert_eq!((tidy.name.as_str(), tidy.address.as_str()), ("Ada Lind", "1 Main Street\nBerlin"));
        assert_eq!((tidy.country.as_str(), tidy.website.as_str()), ("DE", "https://ada.example"));
        assert_eq!(tidy.check(), []);
        assert!(tidy.is_complete() && !Profile::default().is_complete());
        let bad =
            Profile { address: "x".repeat(501), phone: "call me".into(), tax_id: "a\nb".into(), ..Profile::default() };
        let fields: Vec<String> = bad.check().into_iter().map(|error| error.field).collect();
        assert_eq!(fields, ["address", "phone", "tax_id"]);
    }
}
