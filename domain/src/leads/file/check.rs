//! Whether a row is a lead.

use super::ROW_CHARACTERS;
use super::columns::Asked;
use super::sheet::Sheet;
use crate::leads::{Answers, EMAIL, FieldKind, LeadForm, NAME, NameField, Sent, Wrong};
use crate::money::Currency;
use crate::text::email_normalised;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// By what rows are checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// The lead form.
    pub form: LeadForm,
    /// In which amounts are.
    pub currency: Currency,
    /// The e-mails of the partner itself.
    pub own: Vec<String>,
}

/// What is wrong in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// At which column of the file; none: in no cell that it has.
    pub column: Option<usize>,
    /// At which of the form's questions; none: with the row as a whole.
    pub asked: Option<usize>,
    /// What is wrong.
    pub words: Wrong,
}

/// Checks rows whose columns are matched.
pub struct Checker<'a> {
    rules: &'a Rules,
    /// The columns of the e-mail and the name, and for each field of the form.
    email: Option<usize>,
    name: Option<usize>,
    fields: Vec<Option<usize>>,
    /// Which of the questions a field is.
    asked: Vec<Option<usize>>,
    width: usize,
    own: Vec<String>,
}

impl<'a> Checker<'a> {
    /// For each column of the file, which of the form's questions it answers.
    #[must_use]
    pub fn new(rules: &'a Rules, columns: &[Option<usize>]) -> Self {
        let asked = rules.form.asked();
        let of = |key: &str| asked.iter().position(|asked| asked.key == key);
        let column = |key: &str| of(key).and_then(|at| columns.iter().position(|column| *column == Some(at)));
        let typed = |kind: FieldKind| kind != FieldKind::Hidden;
        let fields = rules.form.fields.iter();
        Self {
            rules,
            email: column(EMAIL),
            name: column(NAME),
            fields: fields.clone().map(|field| if typed(field.kind) { column(&field.key) } else { None }).collect(),
            asked: fields.map(|field| if typed(field.kind) { of(&field.key) } else { None }).collect(),
            width: columns.len(),
            own: rules.own.iter().map(|own| email_normalised(own)).collect(),
        }
    }

    /// What is wrong in a row, in the order of the form.
    #[must_use]
    pub fn check(&self, sheet: &Sheet, row: usize) -> Vec<Problem> {
        let mut problems = Vec::new();
        self.each(sheet, row, &mut problems, |_, _| {});
        problems
    }

    /// What a row tells of its lead.
    ///
    /// # Errors
    /// What is wrong.
    pub fn read(&self, sheet: &Sheet, row: usize) -> Result<Answers, Vec<Problem>> {
        let (mut problems, mut answers) = (Vec::new(), Answers::default());
        self.each(sheet, row, &mut problems, |key, text| match key {
            EMAIL => answers.email = text.into_owned(),
            NAME => answers.name = text.into_owned(),
            _ if text.is_empty() => {}
            key => _ = answers.fields.insert(key.to_owned(), text.into_owned()),
        });
        if problems.is_empty() { Ok(answers) } else { Err(problems) }
    }

    /// What a form would send for this row.
    #[must_use]
    pub fn sent(&self, sheet: &Sheet, row: usize) -> Sent {
        let pair = |key: &str, column: Option<usize>| Some((key.to_owned(), sheet.cell(row, column?).to_owned()));
        let fields = self.rules.form.fields.iter().zip(&self.fields);
        let fields = fields.filter_map(|(field, column)| pair(&field.key, *column));
        fields.chain(pair(EMAIL, self.email)).chain(pair(NAME, self.name)).collect()
    }

    fn each<'s>(
        &'s self,
        sheet: &'s Sheet,
        row: usize,
        problems: &mut Vec<Problem>,
        mut right: impl FnMut(&'s str, Cow<'s, str>),
    ) {
        let of = |column: Option<usize>| column.map_or("", |column| sheet.cell(row, column));
        let mut wrong = |column, asked, words| problems.push(Problem { column, asked, words });
        match LeadForm::read_email(of(self.email)) {
            Ok(email) if self.is_own(email) => wrong(self.email, Some(0), "This is your own e-mail address.".into()),
            Ok(email) => right(EMAIL, email.into()),
            Err(words) => wrong(self.email, Some(0), words),
        }
        if self.rules.form.name != NameField::Off {
            match self.rules.form.read_name(of(self.name)) {
                Ok(name) => right(NAME, name.into()),
                Err(words) => wrong(self.name, Some(1), words),
            }
        }
        for (at, field) in self.rules.form.fields.iter().enumerate() {
            match field.read(of(self.fields[at]), self.rules.currency) {
                Ok(text) => right(&field.key, text),
                Err(words) => wrong(self.fields[at], self.asked[at], words),
            }
        }
        let width = sheet.width(row);
        if width > self.width && (self.width..width).any(|column| !sheet.cell(row, column).trim().is_empty()) {
            wrong(None, None, "This row has more cells than the first line.".into());
        }
        if sheet.row_bytes(row) > ROW_CHARACTERS
            && sheet.cells(row).map(|cell| cell.chars().count()).sum::<usize>() > ROW_CHARACTERS
        {
            wrong(None, None, "This row has more than 100,000 characters.".into());
        }
    }

    fn is_own(&self, email: &str) -> bool {
        !self.own.is_empty() && {
            let email = email_normalised(email);
            self.own.contains(&email)
        }
    }
}

/// Why a row is refused, in a line: what is wrong, and where.
#[must_use]
pub fn reason(problems: &[Problem], asked: &[Asked]) -> String {
    let told = problems.iter().map(|problem| match problem.asked.and_then(|at| asked.get(at)) {
        Some(asked) => format!("{}: {}", asked.label, problem.words),
        None => problem.words.to_string(),
    });
    told.collect::<Vec<_>>().join(" ")
}
