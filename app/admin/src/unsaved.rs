//! What was typed on a page and not saved: whoever leaves it is asked first.

use access::{Error, Form};
use leptos::ev;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos::wasm_bindgen::JsCast;
use leptos::wasm_bindgen::closure::Closure;

/// What is asked of who follows a link; where the whole page goes, the browser asks in words of its own.
const QUESTION: &str = "Some changes on this page are not saved. Leave it and lose them?";

/// Which forms of a page hold what is not saved, by where they post.
#[derive(Clone, Copy)]
pub(crate) struct Unsaved {
    watched: StoredValue<Vec<&'static str>>,
    typed: StoredValue<Vec<&'static str>>,
}

impl Unsaved {
    /// For a page, in its view.
    pub(crate) fn new() -> Self {
        let unsaved = Self { watched: StoredValue::new(Vec::new()), typed: StoredValue::new(Vec::new()) };
        // In the browser alone.
        Effect::new(move |_| unsaved.listen());
        unsaved
    }

    /// Typing in this form counts, until it was saved.
    pub(crate) fn watch<S: ServerFn<Error = Error> + 'static>(self, form: Form<S>) -> Self {
        self.watched.update_value(|watched| watched.push(S::PATH));
        form.settled(move |outcome| {
            if outcome.is_ok() {
                self.typed.try_update_value(|typed| typed.retain(|path| *path != S::PATH));
            }
        });
        self
    }

    /// Something in this form was changed otherwise than by typing in it.
    pub(crate) fn note<S: ServerFn>(self, _: Form<S>) {
        self.add(S::PATH);
    }

    fn add(self, path: &'static str) {
        self.typed.try_update_value(|typed| {
            if !typed.contains(&path) {
                typed.push(path);
            }
        });
    }

    fn any(self) -> bool {
        self.typed.try_with_value(|typed| !typed.is_empty()).unwrap_or_default()
    }

    fn listen(self) {
        let typing = window_event_listener(ev::input, move |event| {
            let form = element(&event).and_then(|field| field.closest("form").ok()?);
            let action = form.and_then(|form| form.get_attribute("action")).unwrap_or_default();
            let watched = self.watched.try_with_value(|watched| watched.iter().copied().find(|path| *path == action));
            if let Some(path) = watched.flatten() {
                self.add(path);
            }
        });
        let leaving = window_event_listener(ev::beforeunload, move |event| {
            if self.any() {
                event.prevent_default();
            }
        });
        // The router listens at the window: what is stopped at the document doesn't lead on.
        let asks = Closure::<dyn FnMut(_)>::new(move |event: web_sys::MouseEvent| {
            if self.any() && leads_away(&event) && !window().confirm_with_message(QUESTION).unwrap_or(true) {
                event.prevent_default();
            }
        });
        let asks = asks.into_js_value();
        drop(document().add_event_listener_with_callback("click", asks.unchecked_ref()));
        let asks = StoredValue::new_local(asks);
        on_cleanup(move || {
            typing.remove();
            leaving.remove();
            asks.try_with_value(|asks| {
                drop(document().remove_event_listener_with_callback("click", asks.unchecked_ref()));
            });
        });
    }
}

fn element(event: &web_sys::Event) -> Option<web_sys::Element> {
    event.target()?.dyn_into().ok()
}

/// Whether a click follows a link to another page of ours, in the same tab.
fn leads_away(event: &web_sys::MouseEvent) -> bool {
    let modified = event.meta_key() || event.alt_key() || event.ctrl_key() || event.shift_key();
    if event.default_prevented() || event.button() != 0 || modified {
        return false;
    }
    let link = element(event).and_then(|pressed| pressed.closest("a[href]").ok()?);
    let Some(link) = link.and_then(|link| link.dyn_into::<web_sys::HtmlAnchorElement>().ok()) else { return false };
    let here = window().location();
    // Elsewhere, and what the router leaves to the browser, the browser itself asks.
    link.target().is_empty()
        && !link.has_attribute("download")
        && !link.rel().contains("external")
        && here.origin().is_ok_and(|origin| origin == link.origin())
        && here.pathname().is_ok_and(|path| path != link.pathname())
}
