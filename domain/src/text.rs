//! Short texts that people type: codes, e-mail addresses, and what keys are made of them.

/// A word that is not in the vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown word")]
pub struct UnknownWord;

/// A field that was filled in wrongly: shown beside it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FieldError {
    /// The field's name, as in JSON and in forms; nested ones with dots (`customer.email`).
    pub field: String,
    /// What is wrong, in words for the person who typed it.
    pub message: String,
}

impl FieldError {
    /// An error of one field.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

/// Checks a text that somebody sends: not empty, at most `longest` characters, no control characters.
///
/// # Errors
/// What is wrong, in words for the person who sent it.
pub fn check_line(text: &str, longest: usize) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err("Must not be empty.".into());
    }
    if text.chars().count() > longest {
        return Err(format!("Must be at most {longest} characters."));
    }
    if text.contains(|c: char| c.is_control()) {
        return Err("Must not contain control characters.".into());
    }
    Ok(())
}

/// Checks the lines of an input, each by its field's name and the most characters it may have; those not sent pass.
#[must_use]
pub fn check_lines(lines: &[(&str, Option<&str>, usize)]) -> Vec<FieldError> {
    let checked = lines.iter().filter_map(|(field, text, longest)| Some((*field, check_line((*text)?, *longest))));
    checked.filter_map(|(field, result)| Some(FieldError::new(field, result.err()?))).collect()
}

/// The form in which a code is compared: codes are unique whatever the case.
#[must_use]
pub fn code_key(code: &str) -> String {
    code.trim().to_lowercase()
}

/// Words that no code may be, because addresses use them.
pub const RESERVED_CODES: &[&str] = &[
    "admin",
    "api",
    "app",
    "import",
    "new",
    "new-program",
    "p",
    "r",
    "setup",
    "sign-in",
    "sign-out",
    "sign-up",
    "t",
    "t.js",
    "www",
];

/// Checks a code for a partner, a link or a promo code: 2 to 40 letters, digits, `-` or `_`, not a reserved word.
///
/// # Errors
/// What is wrong, in words for the person who typed it.
pub fn check_code(code: &str) -> Result<(), &'static str> {
    let code = code.trim();
    let length = code.chars().count();
    if !(2..=40).contains(&length) {
        return Err("Use 2 to 40 characters.");
    }
    if !code.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
        return Err("Use letters, digits, - and _ only.");
    }
    if RESERVED_CODES.contains(&code_key(code).as_str()) {
        return Err("This word is reserved. Choose another.");
    }
    Ok(())
}

/// Whether a text looks like an e-mail address: something, `@`, a host with a dot, no white space, at most 254 long.
#[must_use]
pub fn is_email(text: &str) -> bool {
    let Some((local, host)) = text.rsplit_once('@') else { return false };
    text.len() <= 254
        && !local.is_empty()
        && local.len() <= 64
        && !text.contains(|c: char| c.is_whitespace() || c.is_control() || "<>()[],;:\\\"\u{fffd}".contains(c))
        && host.contains('.')
        && host.split('.').all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'))
}

/// The form in which e-mail addresses are compared for sign-in and sameness: lower case.
#[must_use]
pub fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}

/// The form in which self-referrals are suspected: plus tags gone, and the dots of Gmail addresses.
#[must_use]
pub fn email_normalised(email: &str) -> String {
    let key = email_key(email);
    let Some((local, host)) = key.rsplit_once('@') else { return key };
    let host = if host == "googlemail.com" { "gmail.com" } else { host };
    let local = local.split('+').next().unwrap_or(local);
    if host == "gmail.com" { format!("{}@{host}", local.replace('.', "")) } else { format!("{local}@{host}") }
}

/// An e-mail address as partners may see it: `n•••@harbor.example`.
#[must_use]
pub fn email_masked(email: &str) -> String {
    match email.rsplit_once('@') {
        Some((local, host)) => format!("{}•••@{host}", local.chars().next().map(String::from).unwrap_or_default()),
        None => "•••".into(),
    }
}
