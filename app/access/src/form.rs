use crate::{Error, Result};
use leptos::ev::{Event, SubmitEvent};
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::marker::PhantomData;

const FIELDS: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// A form that posts to a server function, and what became of it: the same on the server, after a post without WASM, as
/// in the browser.
pub struct Form<S> {
    post: Post,
    of: PhantomData<fn() -> S>,
}

impl<S> Clone for Form<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Form<S> {}

impl<S: ServerFn<Error = Error>> Default for Form<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: ServerFn<Error = Error>> Form<S> {
    /// At the top of a page.
    #[must_use]
    pub fn new() -> Self {
        Self { post: Post::new(S::PATH), of: PhantomData }
    }

    /// Sends what no field of the form holds, to a server function whose input is JSON.
    pub fn send(self, request: &S)
    where
        S: Serialize,
    {
        self.post.send(JSON, serde_json::to_string(request).unwrap_or_default());
    }

    /// Sends what a form with these fields would.
    pub fn send_fields(self, request: &S)
    where
        S: Serialize,
    {
        self.post.send(FIELDS, crate::fetch::encoded(request));
    }

    /// What the server function answered the last time.
    #[must_use]
    pub fn answer(self) -> Option<Result<S::Output>>
    where
        S::Output: DeserializeOwned,
    {
        self.post.outcome.with(|outcome| match outcome {
            Some(Ok(json)) => Some(crate::fetch::decoded(json)),
            Some(Err(error)) => Some(Err(error.clone())),
            None => None,
        })
    }
}

impl<S> Form<S> {
    /// Does something each time it was answered: told whether it worked, or what went wrong.
    pub fn settled(self, act: impl Fn(Result<()>) + 'static) {
        self.post.settled(Box::new(act));
    }

    /// How often it was answered: a resource that looks at the count is read again.
    #[must_use]
    pub fn answered(self) -> usize {
        self.post.answered.get()
    }

    /// Forgets what became of it.
    pub fn clear(self) {
        self.post.outcome.set(None);
    }

    /// What went wrong the last time.
    #[must_use]
    pub fn error(self) -> Signal<Option<Error>> {
        self.post.error()
    }

    /// What is wrong with a field.
    #[must_use]
    pub fn field(self, field: impl Into<String>) -> Signal<Option<String>> {
        self.post.field(field.into())
    }

    /// What went wrong beside the fields named, in a sentence.
    #[must_use]
    pub fn beside(self, fields: &'static [&'static str]) -> Signal<Option<String>> {
        self.post.beside(move |field| fields.contains(&field))
    }

    /// What went wrong beside the fields whose names begin with one of these, in a sentence.
    #[must_use]
    pub fn beside_those(self, begins: &'static [&'static str]) -> Signal<Option<String>> {
        self.post.beside(move |field| begins.iter().any(|begin| field.starts_with(begin)))
    }

    /// Whether it is under way.
    #[must_use]
    pub fn pending(self) -> Signal<bool> {
        let under_way = self.post.under_way;
        Signal::derive(move || under_way.get() > 0)
    }
}

/// The element of a form.
#[component]
pub fn PostForm<S: 'static>(
    /// Where it posts.
    form: Form<S>,
    /// Its class.
    #[prop(optional)]
    class: &'static str,
    /// Its id, where fields outside of it belong to it.
    #[prop(optional)]
    id: &'static str,
    /// Whether it is emptied once it has worked, for another of what it makes.
    #[prop(optional)]
    fresh: bool,
    /// Whether the browser leaves it to the answer to tell what is wrong: so that all of it is told at once, beside each
    /// field. Without WASM the browser checks.
    #[prop(optional)]
    novalidate: bool,
    /// Its fields and buttons.
    children: Children,
) -> impl IntoView {
    form.post.element(class, id, fresh, novalidate, children())
}

/// A form without its types, so that all forms share the code.
#[derive(Clone, Copy)]
pub(crate) struct Post {
    pub(crate) path: &'static str,
    pub(crate) outcome: RwSignal<Option<Result<String>>>,
    answered: RwSignal<usize>,
    pub(crate) under_way: RwSignal<usize>,
    /// The ids and names of the fields that were changed since the last answer: what was wrong with them is told no more.
    pub(crate) edited: RwSignal<Vec<String>>,
    first: StoredValue<Option<Error>>,
}

impl Post {
    pub(crate) fn new(path: &'static str) -> Self {
        // The server knows what became of a posted form, and tells the browser when that takes over.
        let first = SharedValue::new(move || {
            #[cfg(feature = "ssr")]
            return use_context::<leptos::server::ServerActionError>()
                .filter(|error| error.path() == path)
                .and_then(|_| crate::server::kept_error());
            #[cfg(not(feature = "ssr"))]
            None
        });
        let post = Self {
            path,
            outcome: RwSignal::new(None),
            answered: RwSignal::new(0),
            under_way: RwSignal::new(0),
            edited: RwSignal::new(Vec::new()),
            first: StoredValue::new(first.into_inner()),
        };
        post.lead_on();
        post
    }

    pub(crate) fn settled(self, act: Box<dyn Fn(Result<()>)>) {
        Effect::new(move |_| {
            if let Some(outcome) = self.outcome.get() {
                act(outcome.map(drop));
            }
        });
    }

    /// In the browser: who must sign in or confirm first is led there, and back here after that.
    fn lead_on(self) {
        let navigate = leptos_router::hooks::use_navigate();
        let here = leptos_router::hooks::use_location();
        self.settled(Box::new(move |outcome| {
            if let Err(error) = outcome
                && let Some(path) = error.leads_to(&crate::navigate::here(&here))
            {
                navigate(&path, leptos_router::NavigateOptions::default());
            }
        }));
    }

    /// Posts; the server never does.
    fn send(self, kind: &'static str, body: String) {
        #[cfg(not(feature = "ssr"))]
        leptos::task::spawn_local(async move {
            // The page may have been left meanwhile: then its signals are gone.
            self.under_way.try_update(|count| *count += 1);
            let outcome = crate::fetch::post(self.path, kind, body).await;
            self.under_way.try_update(|count| *count -= 1);
            self.edited.try_set(Vec::new());
            self.outcome.try_set(Some(outcome));
            self.answered.try_update(|count| *count += 1);
        });
        #[cfg(feature = "ssr")]
        drop((kind, body));
    }

    /// Notes that a field was changed: what was wrong with it may be so no more.
    pub(crate) fn note_edit(self, event: &Event) {
        let field = event_target::<web_sys::Element>(event);
        let name = field.get_attribute("name");
        // One of several boxes: what is wrong is wrong with all of them.
        let whole = name.as_ref().and_then(|name| Some(format!("{}]", name.split_once('~')?.0)));
        for name in [field.get_attribute("id"), name, whole].into_iter().flatten() {
            if !self.edited.with_untracked(|edited| edited.contains(&name)) {
                self.edited.update(|edited| edited.push(name));
            }
        }
    }

    /// Leads to the first field that something is wrong with, once what is wrong is shown.
    pub(crate) fn lead_to_wrong(self, element: NodeRef<leptos::html::Form>) {
        self.settled(Box::new(move |outcome| {
            if matches!(outcome, Err(Error::Invalid(_))) {
                request_animation_frame(move || {
                    if let Some(form) = element.get_untracked() {
                        focus_first(&form, "[aria-invalid=true]");
                    }
                });
            }
        }));
    }

    fn element(
        self,
        class: &'static str,
        id: &'static str,
        fresh: bool,
        novalidate: bool,
        children: AnyView,
    ) -> AnyView {
        let element = NodeRef::<leptos::html::Form>::new();
        self.lead_to_wrong(element);
        if fresh {
            self.settled(Box::new(move |outcome| {
                if let (Ok(()), Some(form)) = (outcome, element.get_untracked()) {
                    form.reset();
                }
            }));
        }
        let submit = move |event: SubmitEvent| {
            if event.default_prevented() {
                return;
            }
            if novalidate && element.get_untracked().is_some_and(|form| half_typed(&form)) {
                event.prevent_default();
                return;
            }
            if let Some(body) = fields(&event) {
                event.prevent_default();
                self.send(FIELDS, body);
            }
        };
        view! {
            <form
                node_ref=element
                action=self.path
                method="post"
                id=(!id.is_empty()).then_some(id)
                class=(!class.is_empty()).then_some(class)
                prop:noValidate=novalidate
                on:submit=submit
                on:input=move |event| self.note_edit(&event)
            >
                {children}
            </form>
        }
        .into_any()
    }

    fn error(self) -> Signal<Option<Error>> {
        Signal::derive(move || match self.outcome.get() {
            Some(outcome) => outcome.err(),
            None => self.first.get_value(),
        })
    }

    pub(crate) fn field(self, field: String) -> Signal<Option<String>> {
        let error = self.error();
        let edited = self.edited;
        Signal::derive(move || {
            if edited.with(|edited| edited.contains(&field)) {
                return None;
            }
            error.with(|error| error.as_ref().and_then(|error| error.of_field(&field)))
        })
    }

    pub(crate) fn beside(self, told: impl Fn(&str) -> bool + Send + Sync + 'static) -> Signal<Option<String>> {
        let error = self.error();
        Signal::derive(move || {
            error.with(|error| {
                let error = error.as_ref()?;
                match error {
                    Error::Invalid(issues) => {
                        issues.iter().find(|issue| !told(&issue.field)).map(|issue| issue.message.clone())
                    }
                    other => Some(match other.id() {
                        Some(id) => format!("{} Error id {id}.", other.words()),
                        None => other.words(),
                    }),
                }
            })
        })
    }
}

/// Whether a field holds what the browser would send as nothing, such as half a date: then it tells of it.
fn half_typed(form: &web_sys::Element) -> bool {
    use leptos::wasm_bindgen::JsCast;
    let Ok(found) = form.query_selector_all("input") else { return false };
    let mut inputs = (0..found.length()).filter_map(|at| found.item(at)?.dyn_into::<web_sys::HtmlInputElement>().ok());
    inputs.any(|input| input.validity().bad_input() && !input.report_validity())
}

fn focus_first(form: &web_sys::Element, selector: &str) {
    use leptos::wasm_bindgen::JsCast;
    if let Ok(Some(found)) = form.query_selector(selector)
        && let Ok(field) = found.dyn_into::<web_sys::HtmlElement>()
    {
        _ = field.focus();
    }
}

/// The fields of a form that is being submitted, with the button that did it.
fn fields(event: &SubmitEvent) -> Option<String> {
    let data = leptos::form::form_data_from_event(event).ok()?;
    let fields = web_sys::UrlSearchParams::new_with_str_sequence_sequence(&data).ok()?;
    fields.to_string().as_string()
}
