use crate::Error;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;

/// The action behind a form, and what is wrong with it: the same on the server, after a post without WASM, as in the
/// browser.
pub struct Form<S: ServerFn + Send + Sync + Clone + 'static>
where
    S::Output: Send + Sync + 'static,
{
    /// What `ActionForm` takes.
    pub action: ServerAction<S>,
    first: StoredValue<Option<Error>>,
}

impl<S> Clone for Form<S>
where
    S: ServerFn + Send + Sync + Clone + 'static,
    S::Output: Send + Sync + 'static,
{
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Form<S>
where
    S: ServerFn + Send + Sync + Clone + 'static,
    S::Output: Send + Sync + 'static,
{
}

impl<S> Default for Form<S>
where
    S: ServerFn<Error = Error> + Send + Sync + Clone + 'static,
    S::Output: Clone + Send + Sync + 'static,
{
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Form<S>
where
    S: ServerFn<Error = Error> + Send + Sync + Clone + 'static,
    S::Output: Clone + Send + Sync + 'static,
{
    /// At the top of a page.
    #[must_use]
    pub fn new() -> Self {
        // The server knows what became of a posted form, and tells the browser when that takes over.
        let first = SharedValue::new(|| {
            #[cfg(feature = "ssr")]
            return use_context::<leptos::server::ServerActionError>()
                .filter(|error| error.path() == S::PATH)
                .and_then(|_| crate::server::kept_error());
            #[cfg(not(feature = "ssr"))]
            None
        });
        let action = ServerAction::new();
        // What the address says about it is not to be trusted.
        action.value().set(None);
        lead_on(action);
        Self { action, first: StoredValue::new(first.into_inner()) }
    }

    /// What went wrong the last time.
    #[must_use]
    pub fn error(self) -> Signal<Option<Error>> {
        Signal::derive(move || match self.action.value().get() {
            Some(outcome) => outcome.err(),
            None => self.first.get_value(),
        })
    }

    /// What is wrong with a field.
    #[must_use]
    pub fn field(self, field: &'static str) -> Signal<Option<String>> {
        let error = self.error();
        Signal::derive(move || error.with(|error| error.as_ref().and_then(|error| error.of_field(field))))
    }

    /// What went wrong beside the fields named, in a sentence.
    #[must_use]
    pub fn beside(self, fields: &'static [&'static str]) -> Signal<Option<String>> {
        let error = self.error();
        Signal::derive(move || {
            error.with(|error| {
                let error = error.as_ref()?;
                match error {
                    Error::Invalid(issues) => issues
                        .iter()
                        .find(|issue| !fields.contains(&issue.field.as_str()))
                        .map(|issue| issue.message.clone()),
                    other => Some(match other.id() {
                        Some(id) => format!("{} Error id {id}.", other.words()),
                        None => other.words(),
                    }),
                }
            })
        })
    }

    /// Whether it is under way.
    #[must_use]
    pub fn pending(self) -> Signal<bool> {
        self.action.pending().into()
    }
}

/// In the browser: who must sign in or confirm first is led there, and back here after that.
fn lead_on<S>(action: ServerAction<S>)
where
    S: ServerFn<Error = Error> + Send + Sync + Clone + 'static,
    S::Output: Clone + Send + Sync + 'static,
{
    let navigate = leptos_router::hooks::use_navigate();
    let here = leptos_router::hooks::use_location();
    Effect::new(move |_| {
        let Some(Err(error)) = action.value().get() else { return };
        if let Some(path) = error.leads_to(&crate::navigate::here(&here)) {
            navigate(&path, leptos_router::NavigateOptions::default());
        }
    });
}
