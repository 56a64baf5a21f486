//! Which column of a file is which question of a form.

use crate::leads::{EMAIL, FieldKind, LeadForm, NAME, NameField};
use serde::{Deserialize, Serialize};

/// A question of a form that a file answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Its key.
    pub key: String,
    /// What it is called.
    pub label: String,
    /// Whether it must be answered.
    pub required: bool,
}

impl LeadForm {
    /// What a file answers, in the order of the form.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        let of = |key: &str, label: &str, required| Asked { key: key.to_owned(), label: label.to_owned(), required };
        let mut asked = vec![of(EMAIL, "E-mail", true)];
        if self.name != NameField::Off {
            asked.push(of(NAME, "Name", self.name == NameField::Required));
        }
        let fields = self.fields.iter().filter(|field| field.kind != FieldKind::Hidden);
        asked.extend(fields.map(|field| of(&field.key, &field.label, field.required)));
        asked
    }
}

/// What names are compared by: neither case, spaces, hyphens nor the star of what is required matter.
pub(super) fn plain(name: &str) -> String {
    let kept = name.chars().filter(|c| !c.is_whitespace() && !matches!(c, '*' | '-' | '_' | '\u{feff}'));
    kept.flat_map(char::to_lowercase).collect()
}

/// For each column of a file, which of the form's questions it answers: by its name, each at most once.
#[must_use]
pub fn match_columns(head: &[String], asked: &[Asked]) -> Vec<Option<usize>> {
    let heads: Vec<String> = head.iter().map(|name| plain(name)).collect();
    let mut columns = vec![None; head.len()];
    let mut taken = vec![false; asked.len()];
    // What is called exactly so goes before what is meant so.
    for way in 0..3 {
        for (at, question) in asked.iter().enumerate() {
            let names = match (way, question.key.as_str()) {
                (0, _) => vec![plain(&question.label)],
                (1, key) => vec![plain(key)],
                (_, EMAIL) => vec!["emailaddress".to_owned(), "mail".to_owned()],
                (_, NAME) => vec!["fullname".to_owned(), "contact".to_owned()],
                _ => Vec::new(),
            };
            let fits = |column: usize| {
                columns[column].is_none() && !heads[column].is_empty() && names.contains(&heads[column])
            };
            if !taken[at]
                && let Some(column) = (0..head.len()).find(|column| fits(*column))
            {
                columns[column] = Some(at);
                taken[at] = true;
            }
        }
    }
    columns
}
