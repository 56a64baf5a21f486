//! What is wrong with something that is edited as a whole, each beside its field.

use access::{Error, Form};
use domain::text::FieldError;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use ui::FieldIssue;

use crate::unsaved::Unsaved;

/// What was found wrong before it was sent, and what the server found.
#[derive(Clone, Copy)]
pub(super) struct Issues {
    found: RwSignal<Vec<FieldError>>,
    sent: Signal<Option<Error>>,
}

impl Issues {
    pub(super) fn new<S>(form: Form<S>) -> Self {
        Self { found: RwSignal::new(Vec::new()), sent: form.error() }
    }

    pub(super) fn set(self, found: Vec<FieldError>) {
        self.found.set(found);
    }

    /// What is wrong with a field, whose name may change with its place.
    pub(super) fn of(self, field: impl Fn() -> Option<String> + Send + Sync + 'static) -> FieldIssue {
        Signal::derive(move || {
            let field = field()?;
            let found = self
                .found
                .with(|found| found.iter().find(|issue| issue.field == field).map(|issue| issue.message.clone()));
            found.or_else(|| self.sent.with(|error| error.as_ref()?.of_field(&field)))
        })
    }

    /// Whether anything is wrong with a field whose name begins so.
    pub(super) fn any(self, begins: &str) -> bool {
        let of = |issues: &[FieldError]| issues.iter().any(|issue| issue.field.starts_with(begins));
        self.found.with_untracked(|found| of(found))
            || self.sent.with_untracked(|error| matches!(error, Some(Error::Invalid(issues)) if of(issues)))
    }

    /// What went wrong, in a sentence for the head of the page.
    pub(super) fn told(self) -> Signal<Option<String>> {
        Signal::derive(move || {
            let found = self.found.with(|found| match found.iter().find(|issue| !issue.field.contains('[')) {
                Some(issue) => Some(issue.message.clone()),
                None => (!found.is_empty()).then(|| "Some fields need another look.".to_owned()),
            });
            found.or_else(|| {
                self.sent.with(|error| match error.as_ref()? {
                    Error::Invalid(issues) => Some(
                        issues
                            .iter()
                            .find(|issue| !issue.field.contains('['))
                            .map_or_else(|| "Some fields need another look.".to_owned(), |issue| issue.message.clone()),
                    ),
                    error => Some(error.words()),
                })
            })
        })
    }

    /// Once it was refused, what is wrong follows what is typed: a field that was corrected says so at once. `check` tracks
    /// all that can be typed.
    pub(super) fn follow<S: ServerFn<Error = Error> + 'static>(
        self,
        form: Form<S>,
        unsaved: Unsaved,
        check: impl Fn() -> Vec<FieldError> + 'static,
    ) {
        Effect::new(move |before: Option<()>| {
            let wrong = check();
            if before.is_none() {
                return;
            }
            unsaved.note(form);
            form.clear();
            if self.found.with_untracked(|found| !found.is_empty()) {
                self.found.set(wrong);
            }
        });
    }
}
