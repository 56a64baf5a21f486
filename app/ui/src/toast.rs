//! Toasts: one line at the bottom after each action, with Undo where it can be undone.

use std::time::Duration;

use leptos::prelude::*;

use crate::button::cross;
use crate::icon::{Glyph, icon};

/// What a toast tells.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Done,
    Nothing,
    Failed,
}

#[derive(Clone)]
struct Toast {
    id: u32,
    told: Told,
    text: String,
    undo: Option<Callback<()>>,
}

/// The toasts of the app: get them by [`use_toasts`].
#[derive(Clone, Copy)]
pub struct Toasts {
    list: RwSignal<Vec<Toast>>,
    next: StoredValue<u32>,
}

/// Makes the toasts; once, at the top of the app, where [`ToastRegion`] shows them.
pub fn provide_toasts() -> Toasts {
    let toasts = Toasts { list: RwSignal::new(Vec::new()), next: StoredValue::new(0) };
    provide_context(toasts);
    toasts
}

/// The toasts, from any page.
pub fn use_toasts() -> Toasts {
    use_context().unwrap_or_else(provide_toasts)
}

impl Toasts {
    /// Says that something was done.
    pub fn say(self, text: impl Into<String>) {
        self.push(Told::Done, text.into(), None);
    }

    /// Says that something was done, and offers to undo it.
    pub fn say_with_undo(self, text: impl Into<String>, undo: Callback<()>) {
        self.push(Told::Done, text.into(), Some(undo));
    }

    /// Says that nothing was done, and why.
    pub fn note(self, text: impl Into<String>) {
        self.push(Told::Nothing, text.into(), None);
    }

    /// Says that something failed. It stays until it is closed, or something is done.
    pub fn fail(self, text: impl Into<String>) {
        self.push(Told::Failed, text.into(), None);
    }

    /// Takes all away: they told of a place that is being left.
    pub fn clear(self) {
        self.list.update(Vec::clear);
    }

    fn push(self, told: Told, text: String, undo: Option<Callback<()>>) {
        let id = self.next.with_value(|next| *next);
        self.next.set_value(id + 1);
        self.list.update(|list| {
            // What failed has been mended, or is no longer what matters.
            if told == Told::Done {
                list.retain(|toast| toast.told != Told::Failed);
            }
            // Three at most: the oldest gives way.
            if list.len() == 3 {
                list.remove(0);
            }
            list.push(Toast { id, told, text, undo });
        });
        // A timer is the browser's.
        if told != Told::Failed && cfg!(target_family = "wasm") {
            let seconds = if undo.is_some() { 12 } else { 6 };
            set_timeout(move || self.close(id), Duration::from_secs(seconds));
        }
    }

    fn close(self, id: u32) {
        self.list.try_update(|list| list.retain(|toast| toast.id != id));
    }
}

/// Where toasts appear; once, in the shell.
#[component]
pub fn ToastRegion() -> impl IntoView {
    let toasts = use_toasts();
    view! {
        <div class="toasts" role="status" aria-live="polite">
            {move || toasts.list.get().into_iter().map(|toast| one(toasts, toast)).collect_view()}
        </div>
    }
    .into_any()
}

fn one(toasts: Toasts, toast: Toast) -> AnyView {
    let id = toast.id;
    let undo = toast.undo.map(|undo| {
        let press = move |_| {
            // Where the page that it was for is left, there is nothing to undo.
            _ = undo.try_run(());
            toasts.close(id);
        };
        view! { <button type="button" class="btn quiet" on:click=press>"Undo"</button> }
    });
    let (class, glyph) = match toast.told {
        Told::Done => ("toast", Glyph::Check),
        Told::Nothing => ("toast neutral", Glyph::Info),
        Told::Failed => ("toast failed", Glyph::Alert),
    };
    view! {
        <div class=class>
            {icon(glyph)}
            <span>{toast.text}</span>
            {undo}
            <button type="button" class="btn quiet icon-btn" aria-label="Dismiss" on:click=move |_| toasts.close(id)>
                {cross()}
            </button>
        </div>
    }
    .into_any()
}
