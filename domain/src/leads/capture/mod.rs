//! Forms that partners share: what a visitor's browser posts, where a form may stand, and its HTML.

mod html;

pub use html::{embedded, escaped, fields, frame, plain};

use super::answers::{BETWEEN, Sent};
use super::form::{EMAIL, FieldKind, LeadForm, NAME, NameField};
use crate::ids::LeadGroupId;
use crate::links::{site_address, split_address};
use crate::text::FieldError;
use serde::{Deserialize, Serialize};

/// A field that people don't see: whoever fills it in is none. No key of a form has a hyphen.
pub const TRAP: &str = "your-website";
/// Tells which version of the form was filled in.
pub const VERSION: &str = "form-version";
/// The largest body, in bytes.
pub const MOST_BYTES: usize = 512 * 1024;
/// The most fields of a body that are read.
const MOST_PAIRS: usize = 5_000;
/// The most sites of a form.
const MOST_SITES: usize = 20;
/// The longest words of thanks, in characters.
const THANKS: usize = 2_000;

/// What a visitor's browser posted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Captured {
    /// What was filled in, of what the form asks.
    pub sent: Sent,
    /// The version of the form that was filled in, where it is told.
    pub version: Option<i32>,
    /// Whether it was no person who filled it in.
    pub trapped: bool,
}

/// Reads `application/x-www-form-urlencoded` as the form asks. Whatever the bytes, it never fails: what can't be read is
/// replaced, and refused when the answers are read; what the form doesn't ask for is passed over.
#[must_use]
pub fn read(body: &[u8], form: &LeadForm) -> Captured {
    let mut captured = Captured::default();
    for (name, value) in form_urlencoded::parse(body).take(MOST_PAIRS) {
        let field = form.field(&name);
        let asked = name == EMAIL || (name == NAME && form.name != NameField::Off) || field.is_some();
        if name == TRAP {
            captured.trapped |= !value.trim().is_empty();
        } else if name == VERSION {
            captured.version = value.trim().parse().ok();
        } else if asked {
            let text = captured.sent.entry(name.into_owned()).or_default();
            // Each box that was ticked comes by itself; of other fields the last counts.
            if field.is_some_and(|field| field.kind == FieldKind::Choices) {
                if !text.is_empty() {
                    text.push_str(BETWEEN);
                }
            } else {
                text.clear();
            }
            text.push_str(&value);
        }
    }
    captured
}

/// A partner's form for a group of leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaptureForm {
    /// The group.
    pub group: LeadGroupId,
    /// The group's name.
    pub name: String,
    /// In the form's address; empty: the partner has made none.
    pub code: String,
    /// Whether it takes leads.
    pub is_open: bool,
    /// The sites that may frame it and post to it: `https://www.example.com`.
    pub sites: Vec<String>,
    /// For who has filled it in.
    pub thanks: String,
    /// Where who has filled it in is led; empty: nowhere.
    pub redirect: String,
}

impl CaptureForm {
    /// Its path.
    #[must_use]
    pub fn path(program_slug: &str, code: &str) -> String {
        format!("/f/{program_slug}/{code}")
    }
}

/// What a partner says of a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaptureInput {
    /// For which group.
    pub group: LeadGroupId,
    /// Whether it takes leads.
    pub is_open: bool,
    /// Sites, one a line.
    pub sites: String,
    /// Words for who has filled it in.
    pub thanks: String,
    /// Where who has filled it in is led.
    pub redirect: String,
}

impl CaptureInput {
    /// The sites, each as browsers name where something comes from; the checked input.
    ///
    /// # Errors
    /// What is wrong, by the fields.
    pub fn checked(&self) -> Result<Vec<String>, Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut sites = Vec::new();
        for line in self.sites.split([',', '\n', ' ', '\r', '\t']).map(str::trim).filter(|line| !line.is_empty()) {
            match origin(line) {
                Some(site) if sites.contains(&site) => {}
                Some(site) => sites.push(site),
                None => {
                    let words = format!("{} is no site. Write it as www.example.com.", shortened(line));
                    errors.push(FieldError::new("sites", words));
                    break;
                }
            }
        }
        if sites.len() > MOST_SITES {
            errors.push(FieldError::new("sites", format!("Name at most {MOST_SITES} sites.")));
        }
        let bad = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
        if self.thanks.chars().count() > THANKS || self.thanks.contains(bad) {
            errors.push(FieldError::new("thanks", format!("Use at most {THANKS} characters.")));
        }
        let redirect = self.redirect.trim();
        if !redirect.is_empty() && !leads_to_one_of(redirect, &sites) {
            errors.push(FieldError::new("redirect", "Use the full address of a page on one of the sites above."));
        }
        if errors.is_empty() { Ok(sites) } else { Err(errors) }
    }
}

fn shortened(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(60).collect()
}

/// A site as browsers name where something comes from: `https://www.example.com`.
fn origin(text: &str) -> Option<String> {
    let full = site_address(text)?;
    let (scheme, host, _) = split_address(&full)?;
    // It stands in a header.
    host.is_ascii().then(|| format!("{scheme}://{}", host.to_ascii_lowercase()))
}

/// Whether an address is on one of these sites.
#[must_use]
pub fn leads_to_one_of(address: &str, sites: &[String]) -> bool {
    let of = |(scheme, host, _): (&str, &str, &str)| format!("{scheme}://{}", host.to_ascii_lowercase());
    address.is_ascii() && split_address(address).map(of).is_some_and(|site| sites.contains(&site))
}

#[cfg(test)]
mod tests;
