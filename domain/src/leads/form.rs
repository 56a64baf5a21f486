//! Lead forms: what a program asks of a lead.

use crate::text::FieldError;
use crate::words;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// The most fields of a form, beside e-mail and name.
pub const MOST_FIELDS: usize = 60;
/// The most options of a choice.
pub const MOST_OPTIONS: usize = 200;
/// The key of the e-mail, which every form asks for.
pub const EMAIL: &str = "email";
/// The key of the name.
pub const NAME: &str = "name";
/// The key of a consent that was given elsewhere than on the form.
pub const CONSENT: &str = "consent";
/// The longest answer of one line, in characters.
pub const LINE: usize = 400;
/// The longest answer of several lines, in characters.
pub const LONG: usize = 5_000;

words! {
    /// Whether a form asks for the lead's name.
    pub enum NameField in "lead_name_field" {
        /// It doesn't.
        Off = "off",
        /// It may stay empty.
        Optional = "optional",
        /// It must be given.
        Required = "required",
    }
}

impl NameField {
    /// What becomes of the name, in words.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Off => "Not asked",
            Self::Optional => "Optional",
            Self::Required => "Required",
        }
    }
}

words! {
    /// How a field of a form is filled in.
    pub enum FieldKind in "lead_field_kind" {
        /// A line.
        Text = "text",
        /// Several lines.
        Long = "long",
        /// An e-mail address.
        Email = "email",
        /// A telephone number.
        Phone = "phone",
        /// A number.
        Number = "number",
        /// An amount in the program's currency.
        Money = "money",
        /// A day.
        Date = "date",
        /// One of several options.
        Choice = "choice",
        /// Some of several options.
        Choices = "choices",
        /// Yes or no.
        YesNo = "yes_no",
        /// A country.
        Country = "country",
        /// A web address.
        Url = "url",
        /// A value that nobody types.
        Hidden = "hidden",
        /// Agreeing to a text, which is kept as evidence.
        Consent = "consent",
    }
}

impl FieldKind {
    /// The kind in words.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Text => "Text",
            Self::Long => "Long text",
            Self::Email => "E-mail",
            Self::Phone => "Phone",
            Self::Number => "Number",
            Self::Money => "Money",
            Self::Date => "Date",
            Self::Choice => "Choice",
            Self::Choices => "Several choices",
            Self::YesNo => "Yes or no",
            Self::Country => "Country",
            Self::Url => "Web address",
            Self::Hidden => "Hidden",
            Self::Consent => "Consent",
        }
    }

    /// Whether it has options.
    #[must_use]
    pub fn has_options(self) -> bool {
        matches!(self, Self::Choice | Self::Choices)
    }

    /// Whether `min` and `max` bound its value; of texts, they bound the number of characters.
    #[must_use]
    pub fn has_limits(self) -> bool {
        matches!(self, Self::Text | Self::Long | Self::Number | Self::Money)
    }
}

/// A field of a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadField {
    /// By what it is known in answers, the API and CSV files: lower-case letters, digits and `_`.
    pub key: String,
    /// What is asked.
    pub label: String,
    /// How it is filled in.
    pub kind: FieldKind,
    /// Words below it.
    #[serde(default)]
    pub help: String,
    /// Whether it must be filled in.
    #[serde(default)]
    pub required: bool,
    /// The least value, or the fewest characters of a text.
    #[serde(default)]
    pub min: Option<Decimal>,
    /// The greatest value, or the most characters of a text.
    #[serde(default)]
    pub max: Option<Decimal>,
    /// What can be chosen.
    #[serde(default)]
    pub options: Vec<String>,
    /// The value of a hidden field; the text of a consent.
    #[serde(default)]
    pub value: String,
}

/// A lead form, but for the e-mail, which is always asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadForm {
    /// Whether it asks for the name.
    pub name: NameField,
    /// Its fields, in order.
    #[serde(default)]
    pub fields: Vec<LeadField>,
}

impl Default for LeadForm {
    fn default() -> Self {
        Self { name: NameField::Optional, fields: Vec::new() }
    }
}

/// Keys that mean something else in the API and in files.
const TAKEN: &[&str] = &[EMAIL, NAME, "partner_code", "lead_group", "lead_type", "reason", "id", "stage", "consent"];

impl LeadForm {
    /// Leaves out what the company fills in by itself: partners are not told of it.
    pub fn without_hidden(&mut self) {
        self.fields.retain(|field| field.kind != FieldKind::Hidden);
    }

    /// The field of this key.
    #[must_use]
    pub fn field(&self, key: &str) -> Option<&LeadField> {
        self.fields.iter().find(|field| field.key == key)
    }

    /// The form as it is kept: texts trimmed, options without blanks, limits and options only where the kind has them.
    #[must_use]
    pub fn tidied(mut self) -> Self {
        for field in &mut self.fields {
            for text in [&mut field.key, &mut field.label, &mut field.help, &mut field.value] {
                *text = text.trim().to_owned();
            }
            field.options = match field.kind.has_options() {
                true => field.options.iter().map(|o| o.trim().to_owned()).filter(|o| !o.is_empty()).collect(),
                false => Vec::new(),
            };
            if !field.kind.has_limits() {
                (field.min, field.max) = (None, None);
            }
            if !matches!(field.kind, FieldKind::Hidden | FieldKind::Consent) {
                field.value.clear();
            }
            field.required &= field.kind != FieldKind::Hidden;
        }
        self
    }

    /// Checks a form that the team sets up; a field is named after its place: `fields[0][label]`.
    #[must_use]
    pub fn check(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if self.fields.len() > MOST_FIELDS {
            errors.push(FieldError::new("fields", format!("Use at most {MOST_FIELDS} fields.")));
        }
        for (at, field) in self.fields.iter().enumerate() {
            let mut wrong =
                |of: &str, words: String| errors.push(FieldError::new(format!("fields[{at}][{of}]"), words));
            if let Err(words) = check_key(&field.key) {
                wrong("key", words.to_owned());
            } else if self.fields[..at].iter().any(|other| other.key == field.key) {
                wrong("key", "Another field has this key.".to_owned());
            }
            if let Err(words) = crate::text::check_line(&field.label, 200) {
                wrong("label", words);
            }
            if field.help.chars().count() > 500 {
                wrong("help", "Use at most 500 characters.".to_owned());
            }
            if field.kind.has_options() {
                let bad = |option: &String| {
                    option.chars().count() > 200 || option.contains(|c: char| c.is_control() || c == ';')
                };
                let twice = |(at, option): (usize, &String)| {
                    field.options[..at].iter().any(|other| other.to_lowercase() == option.to_lowercase())
                };
                if !(2..=MOST_OPTIONS).contains(&field.options.len()) {
                    wrong("options", format!("Give 2 to {MOST_OPTIONS} options, one a line."));
                } else if field.options.iter().any(bad) {
                    wrong("options", "Use at most 200 characters an option, without semicolons.".to_owned());
                } else if field.options.iter().enumerate().any(twice) {
                    wrong("options", "Two options are the same.".to_owned());
                }
            }
            if let (Some(min), Some(max)) = (field.min, field.max)
                && min > max
            {
                wrong("max", "Use at least the lower limit.".to_owned());
            }
            let of_text = matches!(field.kind, FieldKind::Text | FieldKind::Long);
            if of_text {
                let most = Decimal::from(if field.kind == FieldKind::Long { LONG } else { LINE });
                let bad = |limit: Option<Decimal>| {
                    limit.is_some_and(|limit| limit < Decimal::ZERO || limit > most || limit.fract() != Decimal::ZERO)
                };
                for (name, limit) in [("min", field.min), ("max", field.max)] {
                    if bad(limit) {
                        wrong(name, format!("Use a whole number from 0 to {most}."));
                    }
                }
            }
            match field.kind {
                FieldKind::Consent if field.value.is_empty() => wrong("value", "Write what is agreed to.".to_owned()),
                FieldKind::Consent if field.value.chars().count() > LONG => {
                    wrong("value", format!("Use at most {LONG} characters."));
                }
                FieldKind::Hidden if field.value.chars().count() > LINE => {
                    wrong("value", format!("Use at most {LINE} characters."));
                }
                _ => {}
            }
        }
        errors
    }
}

/// Checks the key of a field.
fn check_key(key: &str) -> Result<(), &'static str> {
    if !(1..=40).contains(&key.len()) {
        return Err("Use 1 to 40 characters.");
    }
    if !key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') {
        return Err("Use lower-case letters, digits and _ only.");
    }
    if TAKEN.contains(&key) {
        return Err("This word is reserved. Choose another.");
    }
    Ok(())
}

/// A key for a field, made of its label; `taken` are those of the others.
#[must_use]
pub fn key_of(label: &str, taken: &[&str]) -> String {
    let plain: String = label.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let mut base: Vec<&str> = plain.split('_').filter(|part| !part.is_empty()).collect();
    base.truncate(6);
    let base = base.join("_");
    let base = if base.is_empty() { "field".to_owned() } else { base.chars().take(32).collect() };
    let free = |key: &str| check_key(key).is_ok() && !taken.contains(&key);
    if free(&base) {
        return base;
    }
    (2..).map(|n| format!("{base}_{n}")).find(|key| free(key)).unwrap_or(base)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(key: &str, kind: FieldKind) -> LeadField {
        LeadField {
            key: key.into(),
            label: "Team size".into(),
            kind,
            help: String::new(),
            required: false,
            min: None,
            max: None,
            options: Vec::new(),
            value: String::new(),
        }
    }

    fn wrong(field: LeadField) -> Vec<String> {
        let form = LeadForm { name: NameField::Off, fields: vec![field] };
        form.check().into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn what_makes_no_sense_is_refused_beside_its_field() {
        assert_eq!(wrong(field("team_size", FieldKind::Number)), Vec::<String>::new());
        assert_eq!(wrong(field("Team", FieldKind::Text)), ["fields[0][key]"]);
        assert_eq!(wrong(field("email", FieldKind::Text)), ["fields[0][key]"]);
        assert_eq!(wrong(field("plan", FieldKind::Choice)), ["fields[0][options]"]);
        let twice = LeadField { options: vec!["A".into(), "a".into()], ..field("plan", FieldKind::Choices) };
        assert_eq!(wrong(twice), ["fields[0][options]"]);
        assert_eq!(wrong(field("terms", FieldKind::Consent)), ["fields[0][value]"]);
        let limits = LeadField { min: Some(Decimal::TEN), max: Some(Decimal::ONE), ..field("size", FieldKind::Number) };
        assert_eq!(wrong(limits), ["fields[0][max]"]);
        let long = LeadField { max: Some(Decimal::from(LINE + 1)), ..field("size", FieldKind::Text) };
        assert_eq!(wrong(long), ["fields[0][max]"]);
    }

    #[test]
    fn a_key_is_made_of_the_label() {
        assert_eq!(key_of("How many people?", &[]), "how_many_people");
        assert_eq!(key_of("E-mail", &[]), "e_mail");
        assert_eq!(key_of("Email", &[]), "email_2");
        assert_eq!(key_of("Größe", &["gr_e"]), "gr_e_2");
        assert_eq!(key_of("電話", &[]), "field");
    }
}
