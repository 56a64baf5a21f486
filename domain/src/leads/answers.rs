//! What is filled in on a lead form: the same rules for a form, the API, and each cell of an import.

use super::form::{EMAIL, FieldKind, LINE, LONG, LeadField, LeadForm, NAME, NameField};
use crate::countries;
use crate::money::{Currency, Money, check_limit, grouped_decimal};
use crate::text::{FieldError, email_key, email_normalised, is_email};
use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What was sent for a lead, by the keys of its form: `email`, `name` and those of the fields.
pub type Sent = BTreeMap<String, String>;

/// What a form in a browser posts, as what is sent: the boxes of one field, named `key~0` and so on, become one text.
#[must_use]
pub fn posted(fields: BTreeMap<String, String>) -> Sent {
    let mut sent = Sent::new();
    for (name, value) in fields {
        match name.split_once('~') {
            Some((key, _)) => {
                let whole = sent.entry(key.to_owned()).or_default();
                if !whole.is_empty() {
                    whole.push_str(BETWEEN);
                }
                whole.push_str(&value);
            }
            None => _ = sent.insert(name, value),
        }
    }
    sent
}

/// What was filled in, as it is kept: numbers, days, countries and choices each in one form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answers {
    /// The e-mail.
    pub email: String,
    /// Who it is, or empty.
    pub name: String,
    /// The other fields that are not empty, by their keys.
    pub fields: BTreeMap<String, String>,
}

/// What is wrong with what was typed into one field, in words for the person who typed it.
pub type Wrong = Cow<'static, str>;

/// Between several choices in one text.
pub const BETWEEN: &str = "; ";

const FEW: &str = "Fill this in.";

impl LeadField {
    /// Reads what was typed: trimmed, and in the one form in which it is kept. Empty stays empty.
    ///
    /// # Errors
    /// What is wrong.
    pub fn read<'a>(&self, typed: &'a str, currency: Currency) -> Result<Cow<'a, str>, Wrong> {
        if self.kind == FieldKind::Hidden {
            return Ok(Cow::Owned(self.value.clone()));
        }
        let text = typed.trim();
        if text.is_empty() {
            return if self.required { Err(FEW.into()) } else { Ok("".into()) };
        }
        check_characters(text, self.kind == FieldKind::Long)?;
        match self.kind {
            FieldKind::Text | FieldKind::Long => self.characters(text),
            FieldKind::Email if is_email(text) => Ok(text.into()),
            FieldKind::Email => Err("This is not an e-mail address.".into()),
            FieldKind::Phone if phone_key(text).is_some() => Ok(text.into()),
            FieldKind::Phone => {
                Err("This is not a phone number: use 6 to 15 digits, with + before a country's code.".into())
            }
            FieldKind::Number => self.number(text, None),
            FieldKind::Money => self.number(text, Some(currency)),
            FieldKind::Date => day(text).ok_or_else(|| "Write the day as 2026-11-30.".into()),
            FieldKind::Choice => match self.option(text) {
                Some(option) => Ok(option.to_owned().into()),
                None => Err(format!("Choose one of: {}.", self.told_options()).into()),
            },
            FieldKind::Choices => self.several(text),
            FieldKind::YesNo | FieldKind::Consent => match yes_no(text) {
                Some(false) if self.kind == FieldKind::Consent && self.required => {
                    Err("This must be agreed to.".into())
                }
                Some(yes) => Ok(if yes { "Yes" } else { "No" }.into()),
                None => Err("Write Yes or No.".into()),
            },
            FieldKind::Country => match countries::find(text) {
                Some(code) => Ok(code.into()),
                None => Err("Write a country's name or its two letters, such as DE.".into()),
            },
            FieldKind::Url => web_address(text).map(Cow::Owned),
            FieldKind::Hidden => Ok("".into()),
        }
    }

    fn characters<'a>(&self, text: &'a str) -> Result<Cow<'a, str>, Wrong> {
        let most = if self.kind == FieldKind::Long { LONG } else { LINE };
        let count = Decimal::from(text.chars().count());
        let max = self.max.unwrap_or(most.into()).min(most.into());
        if count > max {
            return Err(format!("Use at most {} characters.", max.normalize()).into());
        }
        match self.min {
            Some(min) if count < min => Err(format!("Use at least {} characters.", min.normalize()).into()),
            _ => Ok(text.into()),
        }
    }

    fn number<'a>(&self, text: &str, currency: Option<Currency>) -> Result<Cow<'a, str>, Wrong> {
        let plain = |c: char| c.is_ascii_digit() || c == '.' || c == '-';
        let number: Option<Decimal> = text.chars().all(plain).then(|| text.parse().ok()).flatten();
        let Some(number) = number else { return Err("Write a number, such as 1200.50.".into()) };
        if let Some(currency) = currency {
            check_limit(number, currency)?;
        }
        if let Some(min) = self.min.filter(|min| number < *min) {
            return Err(format!("Use at least {}.", min.normalize()).into());
        }
        if let Some(max) = self.max.filter(|max| number > *max) {
            return Err(format!("Use at most {}.", max.normalize()).into());
        }
        Ok(match currency {
            Some(currency) => currency.round(number).to_string(),
            None => number.normalize().to_string(),
        }
        .into())
    }

    /// What is kept, as people read it.
    #[must_use]
    pub fn told(&self, kept: &str, currency: Currency) -> String {
        let told = match self.kind {
            FieldKind::Country => Some(countries::name(kept).to_owned()),
            FieldKind::Money => kept.parse().ok().map(|amount| Money::new(amount, currency).to_string()),
            FieldKind::Date => kept.parse().ok().map(|day: NaiveDate| day.format("%-d %b %Y").to_string()),
            _ => None,
        };
        told.unwrap_or_else(|| kept.to_owned())
    }

    /// The help, with the limits in words: what is typed is refused beyond them.
    #[must_use]
    pub fn help_with_limits(&self, currency: Currency) -> String {
        let words = |value: Decimal| match self.kind {
            FieldKind::Money => Money::new(value, currency).to_string(),
            _ => grouped_decimal(value.normalize()),
        };
        let what = if matches!(self.kind, FieldKind::Text | FieldKind::Long) { " characters" } else { "" };
        let limits = match (self.min.map(words), self.max.map(words)) {
            (Some(min), Some(max)) => format!("{min} to {max}{what}."),
            (Some(min), None) => format!("At least {min}{what}."),
            (None, Some(max)) => format!("At most {max}{what}."),
            (None, None) => String::new(),
        };
        let help = self.help.trim();
        match (help.is_empty(), limits.is_empty()) {
            (true, _) => limits,
            (_, true) => help.to_owned(),
            _ if help.ends_with(['.', '!', '?', ':', ')']) => format!("{help} {limits}"),
            _ => format!("{help}. {limits}"),
        }
    }

    fn option(&self, text: &str) -> Option<&str> {
        let exact = self.options.iter().find(|option| *option == text);
        exact
            .or_else(|| self.options.iter().find(|option| option.to_lowercase() == text.to_lowercase()))
            .map(String::as_str)
    }

    fn several<'a>(&self, text: &str) -> Result<Cow<'a, str>, Wrong> {
        let mut chosen = Vec::new();
        for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            match self.option(part) {
                Some(option) => chosen.push(option),
                None => return Err(format!("Choose among: {}. Put ; between several.", self.told_options()).into()),
            }
        }
        // In the order of the form, each once.
        let told: Vec<&str> =
            self.options.iter().map(String::as_str).filter(|option| chosen.contains(option)).collect();
        if told.is_empty() && self.required {
            return Err(FEW.into());
        }
        Ok(told.join(BETWEEN).into())
    }

    /// The first few options.
    fn told_options(&self) -> String {
        let few: Vec<&str> = self.options.iter().take(8).map(String::as_str).collect();
        let more = if self.options.len() > few.len() { " …" } else { "" };
        // Where a comma is in an option, another sign keeps them apart.
        let between = if few.iter().any(|option| option.contains(',')) { BETWEEN } else { ", " };
        format!("{}{more}", few.join(between))
    }
}

impl LeadForm {
    /// Reads an e-mail, which must be given.
    ///
    /// # Errors
    /// What is wrong.
    pub fn read_email(typed: &str) -> Result<&str, Wrong> {
        let email = typed.trim();
        if email.is_empty() {
            return Err(FEW.into());
        }
        if is_email(email) { Ok(email) } else { Err("This is not an e-mail address.".into()) }
    }

    /// Reads a name, as far as the form asks for one.
    ///
    /// # Errors
    /// What is wrong.
    pub fn read_name<'a>(&self, typed: &'a str) -> Result<&'a str, Wrong> {
        let name = typed.trim();
        match self.name {
            NameField::Off => return Ok(""),
            NameField::Required if name.is_empty() => return Err(FEW.into()),
            _ => {}
        }
        check_characters(name, false)?;
        if name.chars().count() > 200 { Err("Use at most 200 characters.".into()) } else { Ok(name) }
    }

    /// Reads what was sent for a lead; `own` are the e-mails of the partner itself. What the form doesn't ask for is wrong.
    ///
    /// # Errors
    /// What is wrong, by the fields' keys, in the order of the form.
    pub fn read(&self, sent: &Sent, currency: Currency, own: &[String]) -> Result<Answers, Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut answers = Answers::default();
        let of = |key: &str| sent.get(key).map_or("", String::as_str);
        match Self::read_email(of(EMAIL)) {
            Ok(email) if own.iter().any(|own| email_normalised(own) == email_normalised(email)) => {
                errors.push(FieldError::new(EMAIL, "This is your own e-mail address."));
            }
            Ok(email) => email.clone_into(&mut answers.email),
            Err(wrong) => errors.push(FieldError::new(EMAIL, wrong)),
        }
        match self.read_name(of(NAME)) {
            Ok(name) => name.clone_into(&mut answers.name),
            Err(wrong) => errors.push(FieldError::new(NAME, wrong)),
        }
        for field in &self.fields {
            match field.read(of(&field.key), currency) {
                Ok(text) if text.is_empty() => {}
                Ok(text) => _ = answers.fields.insert(field.key.clone(), text.into_owned()),
                Err(wrong) => errors.push(FieldError::new(field.key.as_str(), wrong)),
            }
        }
        let asked =
            |key: &str| key == EMAIL || (key == NAME && self.name != NameField::Off) || self.field(key).is_some();
        for (key, value) in sent {
            if !asked(key) && !value.trim().is_empty() {
                errors.push(FieldError::new(key.as_str(), "The form has no such field."));
            }
        }
        if errors.is_empty() { Ok(answers) } else { Err(errors) }
    }
}

/// A day in the one form in which it is kept.
fn day(text: &str) -> Option<Cow<'_, str>> {
    // Most are written so already: a large file has a hundred thousand of them.
    if let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() {
        let number = |digits: &[u8]| {
            digits.iter().try_fold(0, |number, digit| {
                Some(number * 10 + u32::from(digit.checked_sub(b'0').filter(|d| *d < 10)?))
            })
        };
        let year = i32::try_from(number(&[*y1, *y2, *y3, *y4])?).ok()?;
        let day = NaiveDate::from_ymd_opt(year, number(&[*m1, *m2])?, number(&[*d1, *d2])?);
        return day.filter(|day| is_likely(*day)).map(|_| text.into());
    }
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|day| is_likely(*day))?;
    Some(day.format("%Y-%m-%d").to_string().into())
}

/// Whether a year was typed to its end, such as that of a birthday or of a lease.
fn is_likely(day: NaiveDate) -> bool {
    (1900..2200).contains(&day.year())
}

/// Checks that a text has no characters that can't be shown, or that could not be read, and is no longer than any answer.
fn check_characters(text: &str, lines: bool) -> Result<(), Wrong> {
    if text.len() > LONG && text.chars().count() > LONG {
        return Err("Use at most 5,000 characters.".into());
    }
    let bad =
        |c: char| (c.is_control() && !(lines && matches!(c, '\n' | '\r' | '\t'))) || c == char::REPLACEMENT_CHARACTER;
    if text.contains(bad) { Err("This has characters that can't be shown.".into()) } else { Ok(()) }
}

/// What a person means by yes or no.
#[must_use]
pub fn yes_no(text: &str) -> Option<bool> {
    let is = |words: &[&str]| words.iter().any(|word| text.trim().eq_ignore_ascii_case(word));
    if is(&["yes", "y", "true", "1", "on"]) {
        Some(true)
    } else if is(&["no", "n", "false", "0", "off"]) {
        Some(false)
    } else {
        None
    }
}

/// A web address with its scheme.
fn web_address(text: &str) -> Result<String, Wrong> {
    let whole = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let rest = whole.strip_prefix("https://").or_else(|| whole.strip_prefix("http://"));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#', ':']).next()).unwrap_or_default();
    let fits = whole.chars().count() <= 2_000
        && host.contains('.')
        && !host.contains('@')
        && host.split('.').all(|label| !label.is_empty())
        && !whole.contains(|c: char| c.is_whitespace() || "<>\"".contains(c));
    if fits { Ok(whole) } else { Err("Write a web address, such as https://www.example.com.".into()) }
}

/// The form in which phone numbers are compared: their digits, `00` at the start as `+`; `None` where it is none.
#[must_use]
pub fn phone_key(text: &str) -> Option<String> {
    let text = text.trim();
    if !text.chars().all(|c| c.is_ascii_digit() || " +-./()\u{a0}".contains(c))
        || text.chars().skip(1).any(|c| c == '+')
    {
        return None;
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let key = match digits.strip_prefix("00") {
        Some(rest) if !text.starts_with('+') => format!("+{rest}"),
        _ if text.starts_with('+') => format!("+{digits}"),
        _ => digits,
    };
    (6..=15).contains(&key.trim_start_matches('+').len()).then_some(key)
}

/// Hosts of mail that belong to no company.
const FREE_MAIL: &str = " aol.com fastmail.com free.fr gmail.com gmx.at gmx.ch gmx.de gmx.net googlemail.com hey.com \
    hotmail.co.uk hotmail.com hotmail.de hotmail.fr icloud.com laposte.net libero.it live.com mac.com mail.com mail.ru \
    me.com msn.com orange.fr outlook.com outlook.de outlook.fr pm.me proton.me protonmail.com qq.com rocketmail.com sfr.fr \
    t-online.de tutanota.com wanadoo.fr web.de yahoo.co.uk yahoo.com yahoo.de yahoo.fr yandex.ru ymail.com zoho.com 163.com ";

/// The company's domain in an e-mail address; `None` for mail that belongs to no company.
#[must_use]
pub fn domain_key(email: &str) -> Option<String> {
    let key = email_key(email);
    let (_, host) = key.rsplit_once('@')?;
    let free = FREE_MAIL.contains(&format!(" {host} "));
    (!free && !host.is_empty()).then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn euro() -> Currency {
        "EUR".parse().expect("currency")
    }

    fn field(kind: FieldKind) -> LeadField {
        LeadField {
            key: "a".into(),
            label: "A".into(),
            kind,
            help: String::new(),
            required: false,
            min: None,
            max: None,
            options: vec!["Small".into(), "Large".into(), "Größe".into()],
            value: "fixed".into(),
        }
    }

    fn read(kind: FieldKind, typed: &str) -> Option<String> {
        field(kind).read(typed, euro()).ok().map(Cow::into_owned)
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn each_kind_has_one_form() {
        assert_eq!(read(FieldKind::Text, "  x "), some("x"));
        assert_eq!(read(FieldKind::Text, "a\nb"), None);
        assert_eq!(read(FieldKind::Long, "a\nb"), some("a\nb"));
        assert_eq!(read(FieldKind::Text, "a\0b"), None);
        assert_eq!(read(FieldKind::Text, &"x".repeat(LINE + 1)), None);
        assert_eq!(read(FieldKind::Number, "007.50"), some("7.5"));
        assert_eq!(read(FieldKind::Number, "1e5"), None);
        assert_eq!(read(FieldKind::Money, "5"), some("5.00"));
        assert_eq!(read(FieldKind::Money, "5.001"), None);
        assert_eq!(read(FieldKind::Money, "-5"), None);
        assert_eq!(read(FieldKind::Date, "2026-02-30"), None);
        assert_eq!(read(FieldKind::Date, "2026-02-28"), some("2026-02-28"));
        assert_eq!(read(FieldKind::Choice, "small"), some("Small"));
        assert_eq!(read(FieldKind::Choice, "GRÖSSE"), None);
        assert_eq!(read(FieldKind::Choices, "large;Small; large;"), some("Small; Large"));
        assert_eq!(read(FieldKind::Choices, "huge"), None);
        assert_eq!(read(FieldKind::YesNo, "TRUE"), some("Yes"));
        assert_eq!(read(FieldKind::YesNo, "maybe"), None);
        assert_eq!(read(FieldKind::Country, "germany"), some("DE"));
        assert_eq!(read(FieldKind::Url, "acme.example/a"), some("https://acme.example/a"));
        assert_eq!(read(FieldKind::Url, "javascript:alert(1)"), None);
        assert_eq!(read(FieldKind::Url, "ftp://acme.example"), None);
        assert_eq!(read(FieldKind::Phone, "+49 (30) 1234-56"), some("+49 (30) 1234-56"));
        assert_eq!(read(FieldKind::Phone, "12"), None);
        assert_eq!(read(FieldKind::Hidden, "anything"), some("fixed"));
        assert_eq!(read(FieldKind::Text, "   "), some(""));
    }

    #[test]
    fn what_is_required_must_be_there_and_a_consent_given() {
        let consent = LeadField { required: true, ..field(FieldKind::Consent) };
        assert!(consent.read("", euro()).is_err() && consent.read("No", euro()).is_err());
        assert_eq!(consent.read("on", euro()).as_deref(), Ok("Yes"));
        let choices = LeadField { required: true, ..field(FieldKind::Choices) };
        assert!(choices.read(" ; ", euro()).is_err());
    }

    #[test]
    fn a_form_is_read_as_a_whole() {
        let form =
            LeadForm { name: NameField::Off, fields: vec![LeadField { required: true, ..field(FieldKind::Number) }] };
        let sent = |pairs: &[(&str, &str)]| -> Sent {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        let own = ["ada@partners.example".to_owned()];
        let wrong = |pairs: &[(&str, &str)]| -> Vec<String> {
            form.read(&sent(pairs), euro(), &own).err().into_iter().flatten().map(|error| error.field).collect()
        };
        assert_eq!(wrong(&[]), ["email", "a"]);
        assert_eq!(wrong(&[("email", "ADA+1@partners.example"), ("a", "1")]), ["email"]);
        assert_eq!(wrong(&[("email", "nora@harbor.example"), ("a", "1"), ("b", "2")]), ["b"]);
        assert_eq!(wrong(&[("email", "nora@harbor.example"), ("a", "1"), ("name", "Nora")]), ["name"]);
        let read = form.read(&sent(&[("email", " nora@harbor.example"), ("a", "1.0")]), euro(), &own).expect("read");
        assert_eq!((read.email.as_str(), read.fields["a"].as_str()), ("nora@harbor.example", "1"));
    }

    #[test]
    fn boxes_of_one_field_are_one_text() {
        let fields = [("a~0", "Small"), ("a~10", "Große"), ("b", "x~y")].map(|(key, value)| (key.into(), value.into()));
        let sent = posted(BTreeMap::from(fields));
        assert_eq!((sent["a"].as_str(), sent["b"].as_str()), ("Small; Große", "x~y"));
    }

    #[test]
    fn keys_compare() {
        assert_eq!(phone_key("0049 30 123456"), phone_key("+49-30-123456"));
        assert_eq!(phone_key("030/123456").as_deref(), Some("030123456"));
        assert_eq!(phone_key("call me"), None);
        assert_eq!(domain_key("Nora@Harbor.example").as_deref(), Some("harbor.example"));
        assert_eq!(domain_key("nora@gmail.com"), None);
    }
}
