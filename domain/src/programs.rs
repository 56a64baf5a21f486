//! Programs: the rules that a company sets for its partners.

pub mod audit;

use crate::ids::{AccountId, AuditId, FileId, OrganizationId, ProgramId};
use crate::links::split_address;
use crate::money::{Currency, check_limit};
use crate::text::FieldError;
use crate::words;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

words! {
    /// Which click counts where a visitor clicked more than once within the window.
    pub enum ClickModel in "click_model" {
        /// The first one: later clicks are recorded, cookie and `tid` keep the earlier id.
        First = "first",
        /// The last one.
        Last = "last",
    }
}

words! {
    /// What happens to a customer whose normalised e-mail is the partner's own.
    pub enum SelfReferralRule in "self_referral_rule" {
        /// No referral.
        Refuse = "refuse",
        /// A referral whose commissions a person reviews.
        Review = "review",
        /// A referral like any other.
        Allow = "allow",
    }
}

/// A program's settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// Its id.
    pub id: ProgramId,
    /// Who owns it.
    pub organization_id: OrganizationId,
    /// Its name in addresses: `/p/{slug}`, `/r/{slug}/{code}`.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// The one currency of its sales and its ledger; fixed after the first journal.
    pub currency: Currency,
    /// IANA name; days, ranges and months follow it.
    pub time_zone: String,
    /// The brand's accent: one of [`ACCENTS`], empty for the first, or a colour of the company's own (`#0b6e7f`).
    pub accent: String,
    /// What the program is, for its partners; may be empty.
    pub description: String,
    /// Where links lead by default, an absolute http(s) address.
    pub website: String,
    /// Hosts that links may lead to besides the website's own, and where the snippet may run.
    pub allowed_hosts: Vec<String>,
    /// Attribution window in days, against the click's own time.
    pub window_days: i32,
    /// How long after it was added a lead counts for its partner, in days.
    pub lead_window_days: i32,
    /// First or last click.
    pub click_model: ClickModel,
    /// What becomes of self-referrals.
    pub self_referral: SelfReferralRule,
    /// Whether commissions wait for a person (`review`) before they are held.
    pub review_commissions: bool,
    /// Whether the program asks visitors for consent first.
    pub consent_required: bool,
    /// Smallest payment.
    pub minimum_payment: Decimal,
    /// Day of the month on which partners are paid, 1–28.
    pub payment_day: i32,
    /// Whether partners see customers masked.
    pub mask_customers: bool,
    /// The host under which links are shown; empty: the server's own.
    pub link_domain: String,
    /// Whether it is a copy for tests.
    pub sandbox: bool,
    /// The picture of its logo.
    pub logo: Option<FileId>,
    /// Its icon in the browser's tabs.
    pub favicon: Option<FileId>,
}

/// Checks a program's name in addresses.
///
/// # Errors
/// What is wrong, in words for the person who typed it.
pub fn check_slug(slug: &str) -> Result<(), &'static str> {
    if slug != slug.to_lowercase() {
        return Err("Use lower case only.");
    }
    crate::text::check_code(slug)
}

/// A program to create; everything else begins as the schema's defaults.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewProgram {
    /// Its name for people.
    pub name: String,
    /// Its name in addresses; fixed.
    pub slug: String,
    /// ISO 4217 code; fixed after the first journal.
    pub currency: String,
    /// IANA name.
    pub time_zone: String,
    /// What the program is, for its partners; may be empty.
    #[serde(default)]
    pub description: String,
    /// Where links lead by default, an absolute http(s) address.
    pub website: String,
}

/// A program's settings as an admin changes them, all at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramInput {
    /// Its name for people.
    pub name: String,
    /// ISO 4217 code; fixed after the first journal.
    pub currency: String,
    /// IANA name; once there are journals, a new one applies from the next month.
    pub time_zone: String,
    /// What the program is, for its partners; may be empty.
    #[serde(default)]
    pub description: String,
    /// Where links lead by default, an absolute http(s) address.
    pub website: String,
    /// Hosts besides the website's own, each with its port where it has one.
    #[serde(default)]
    pub allowed_hosts: Vec<String>,
    /// Attribution window in days, 1–400.
    pub window_days: i32,
    /// How long a lead counts for its partner, in days, 1–400.
    pub lead_window_days: i32,
    /// First or last click.
    pub click_model: ClickModel,
    /// What becomes of self-referrals.
    pub self_referral: SelfReferralRule,
    /// Whether commissions wait for a person.
    pub review_commissions: bool,
    /// Whether visitors are asked for consent first.
    pub consent_required: bool,
    /// Smallest payment, in the program's currency.
    pub minimum_payment: Decimal,
    /// Day of the month on which partners are paid, 1–28.
    pub payment_day: i32,
    /// Whether partners see customers masked.
    pub mask_customers: bool,
}

/// A copy of a program, for tests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramCopy {
    /// Its name for people.
    pub name: String,
    /// Its name in addresses.
    pub slug: String,
}

/// A program's settings, and what of them can't change at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramSettings {
    /// As they are.
    pub program: Program,
    /// The zone that applies from the next month.
    pub next_time_zone: Option<String>,
    /// Whether there are sales or journals, so that the currency can't be changed any more.
    pub currency_fixed: bool,
}

/// What a program is set up with, step by step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checklist {
    /// Whether there is an offer, which has rewards.
    pub offer: bool,
    /// Whether the portal has a name, a colour or a logo of its own.
    pub brand: bool,
    /// Whether it has a message.
    pub welcome: bool,
    /// Whether there are terms.
    pub terms: bool,
    /// Whether links may lead to other sites than the website.
    pub sites: bool,
    /// Whether a way to pay was left out or limited.
    pub payout_methods: bool,
    /// Whether there is a partner.
    pub partners: bool,
    /// Whether there is an API key.
    pub connected: bool,
}

impl Checklist {
    /// Whether nothing is left to do.
    #[must_use]
    pub fn is_done(self) -> bool {
        let Self { offer, brand, welcome, terms, sites, payout_methods, partners, connected } = self;
        [offer, brand, welcome, terms, sites, payout_methods, partners, connected].into_iter().all(|done| done)
    }
}

/// A line of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditLine {
    /// Its id.
    pub id: AuditId,
    /// When, UTC.
    pub at: DateTime<Utc>,
    /// Who; empty where Tributary itself, the API or the command line did it.
    pub by: String,
    /// What was done: `commission.reverse`; [`audit::act_words`] tells it.
    pub action: String,
    /// What it was done to, as people know it.
    pub subject: String,
    /// The page that shows it, or empty.
    pub subject_path: String,
    /// The figures in words, each on a line of its own.
    pub details: String,
}

/// Which lines of the audit log are asked for; empty fields ask for all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditFilter {
    /// Part of the action or the subject.
    #[serde(default)]
    pub search: String,
    /// By whom.
    #[serde(default)]
    pub by: Option<AccountId>,
    /// From this day on, in the program's time zone.
    #[serde(default)]
    pub from: Option<NaiveDate>,
    /// Until this day, included, in the program's time zone.
    #[serde(default)]
    pub to: Option<NaiveDate>,
}

fn note(errors: &mut Vec<FieldError>, field: &str, checked: Result<(), &'static str>) {
    if let Err(message) = checked {
        errors.push(FieldError::new(field, message));
    }
}

fn check_name(name: &str) -> Result<(), &'static str> {
    match name.trim().chars().count() {
        0 => Err("Give it a name."),
        1..=80 => Ok(()),
        _ => Err("Use at most 80 characters."),
    }
}

fn check_currency(code: &str) -> Result<(), &'static str> {
    code.parse::<Currency>().map(|_| ()).map_err(|_| "Choose a currency by its three letters, such as EUR.")
}

fn check_description(description: &str) -> Result<(), &'static str> {
    if description.chars().count() > 2_000 || description.contains('\0') {
        return Err("Use at most 2000 characters.");
    }
    Ok(())
}

/// Who pays a program's partners, as remittance advices name it: the organization that owns the program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payer {
    /// Its name.
    pub name: String,
    /// Street, place and so on, of several lines; may be empty.
    pub address: String,
}

impl Payer {
    /// The same without white space around its texts.
    #[must_use]
    pub fn tidy(&self) -> Self {
        Self { name: self.name.trim().to_owned(), address: self.address.replace("\r\n", "\n").trim().to_owned() }
    }

    /// What is wrong with a tidy one.
    #[must_use]
    pub fn check(&self) -> Vec<FieldError> {
        let mut errors = crate::text::check_lines(&[("name", Some(&*self.name), 120)]);
        if self.address.chars().count() > 500 || self.address.contains(|c: char| c.is_control() && c != '\n') {
            errors.push(FieldError::new("address", "Use at most 500 characters."));
        }
        errors
    }
}

fn check_website(website: &str) -> Result<(), &'static str> {
    split_address(website).map(|_| ()).ok_or("Use a full address that begins with https://.")
}

fn check_host(host: &str) -> Result<(), &'static str> {
    let address = format!("https://{host}");
    match split_address(&address) {
        Some((_, found, "")) if found == host => Ok(()),
        _ => Err("List hosts only, such as shop.example.com."),
    }
}

/// The brand's accents: each a pair of colours for light and dark that reads well.
pub const ACCENTS: &[&str] = &["teal", "blue", "violet", "magenta", "red", "orange", "green", "slate"];

impl NewProgram {
    /// What is wrong with it; the time zone is checked on the server.
    #[must_use]
    pub fn check(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        note(&mut errors, "name", check_name(&self.name));
        note(&mut errors, "slug", check_slug(&self.slug));
        note(&mut errors, "currency", check_currency(&self.currency));
        note(&mut errors, "description", check_description(&self.description));
        note(&mut errors, "website", check_website(&self.website));
        errors
    }
}

impl ProgramInput {
    /// What is wrong with it; the time zone is checked on the server.
    #[must_use]
    pub fn check(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        note(&mut errors, "name", check_name(&self.name));
        note(&mut errors, "currency", check_currency(&self.currency));
        note(&mut errors, "website", check_website(&self.website));
        note(&mut errors, "allowed_hosts", self.allowed_hosts.iter().try_for_each(|host| check_host(host)));
        if self.allowed_hosts.len() > 50 {
            errors.push(FieldError::new("allowed_hosts", "List at most 50 hosts."));
        }
        if !(1..=400).contains(&self.window_days) {
            errors.push(FieldError::new("window_days", "Use 1 to 400 days."));
        }
        if !(1..=400).contains(&self.lead_window_days) {
            errors.push(FieldError::new("lead_window_days", "Use 1 to 400 days."));
        }
        note(&mut errors, "description", check_description(&self.description));
        if !(1..=28).contains(&self.payment_day) {
            errors.push(FieldError::new("payment_day", "Use a day from 1 to 28."));
        }
        let limit = match self.currency.parse::<Currency>() {
            Ok(currency) => check_limit(self.minimum_payment, currency).err(),
            Err(_) => (self.minimum_payment < Decimal::ZERO).then(|| "Use an amount from 0 up.".to_owned()),
        };
        errors.extend(limit.map(|words| FieldError::new("minimum_payment", words)));
        errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input() -> ProgramInput {
        ProgramInput {
            name: "Acme".into(),
            currency: "EUR".into(),
            time_zone: "Europe/Berlin".into(),
            description: String::new(),
            website: "https://acme.example/".into(),
            allowed_hosts: vec!["shop.acme.example".into(), "localhost:3000".into()],
            window_days: 60,
            lead_window_days: 90,
            click_model: ClickModel::Last,
            self_referral: SelfReferralRule::Review,
            review_commissions: false,
            consent_required: false,
            minimum_payment: Decimal::new(2550, 2),
            payment_day: 1,
            mask_customers: true,
        }
    }

    #[test]
    fn settings_are_checked_field_by_field() {
        assert_eq!(input().check(), []);
        let bad = ProgramInput {
            name: "  ".into(),
            currency: "eur".into(),
            website: "javascript:alert(1)".into(),
            allowed_hosts: vec!["shop.acme.example/path".into()],
            window_days: 0,
            minimum_payment: Decimal::NEGATIVE_ONE,
            payment_day: 29,
            ..input()
        };
        let fields: Vec<String> = bad.check().into_iter().map(|error| error.field).collect();
        let expected =
            ["name", "currency", "website", "allowed_hosts", "window_days", "payment_day", "minimum_payment"];
        assert_eq!(fields, expected);
        assert_eq!(ProgramInput { minimum_payment: Decimal::new(1, 3), ..input() }.check().len(), 1);
    }
}
