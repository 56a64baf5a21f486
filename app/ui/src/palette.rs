//! The command palette: ⌘K or Ctrl K finds pages, actions, and whatever the page's search brings. Before the WASM has
//! arrived it is a plain list of links.

use leptos::ev::KeyboardEvent;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::icon::{Glyph, icon};
use crate::overlay::{close_dialog, closed_by_any, open_dialog};

/// The id of the palette's dialog.
pub(crate) const PALETTE: &str = "palette";

/// Something the palette finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaletteEntry {
    /// Its name.
    pub label: String,
    /// What it is: "Partner", "Reports".
    pub detail: String,
    /// Where it leads.
    pub href: String,
    /// Its icon.
    pub glyph: Glyph,
}

impl PaletteEntry {
    /// Whether each word that was typed is in its name or in what it is.
    fn matches(&self, typed: &str) -> bool {
        let text = format!("{} {}", self.label, self.detail).to_lowercase();
        typed.to_lowercase().split_whitespace().all(|word| text.contains(word))
    }
}

/// The palette; [`crate::AppShell`] lays it in the page.
#[component]
pub fn CommandPalette(
    /// Pages and actions.
    entries: Vec<PaletteEntry>,
    /// What was found elsewhere for the text last given to `on_search`.
    #[prop(optional, into)]
    found: Signal<Vec<PaletteEntry>>,
    /// Called with what is typed.
    #[prop(optional_no_strip)]
    on_search: Option<Callback<String>>,
    /// What it finds, in words.
    words: &'static str,
) -> impl IntoView {
    let typed = RwSignal::new(String::new());
    let at = RwSignal::new(0_usize);
    let list = NodeRef::<html::Div>::new();
    let input = NodeRef::<html::Input>::new();
    let shown = Memo::new(move |_| {
        let typed = typed.get();
        let mut shown: Vec<PaletteEntry> = entries.iter().filter(|entry| entry.matches(&typed)).cloned().collect();
        if !typed.is_empty() {
            shown.extend(found.get());
        }
        shown
    });

    Effect::new(move |_| {
        let listening = window_event_listener(leptos::ev::keydown, |event| {
            if (event.meta_key() || event.ctrl_key()) && event.key().eq_ignore_ascii_case("k") {
                event.prevent_default();
                open_dialog(PALETTE);
            }
        });
        on_cleanup(move || listening.remove());
    });

    let enter = move |event: web_sys::Event| {
        let text = event_target_value(&event);
        at.set(0);
        if let Some(on_search) = on_search {
            on_search.run(text.clone());
        }
        typed.set(text);
    };
    let keys = move |event: KeyboardEvent| {
        let count = shown.with_untracked(Vec::len);
        let now = at.get_untracked();
        let next = match event.key().as_str() {
            _ if count == 0 => return,
            "ArrowDown" => (now + 1) % count,
            "ArrowUp" => (now + count - 1) % count,
            "Enter" => now,
            _ => return,
        };
        event.prevent_default();
        at.set(next);
        let selector = format!("#{PALETTE}-{next}");
        let Some(Ok(Some(option))) = list.get().map(|list| list.query_selector(&selector)) else { return };
        if event.key() == "Enter" {
            option.unchecked_into::<web_sys::HtmlElement>().click();
        } else {
            option.scroll_into_view_with_bool(false);
        }
    };
    let closed = move |_| {
        typed.set(String::new());
        at.set(0);
        if let Some(input) = input.get() {
            input.set_value("");
        }
    };
    let options = move || {
        shown
            .get()
            .into_iter()
            .enumerate()
            .map(|(i, entry)| {
                let selected = move || if at.get() == i { "true" } else { "false" };
                view! {
                    <a
                        role="option"
                        id=format!("{PALETTE}-{i}")
                        href=entry.href
                        tabindex="-1"
                        aria-selected=selected
                        on:click=|_| close_dialog(PALETTE)
                    >
                        {icon(entry.glyph)}
                        <span>{entry.label}</span>
                        <small>{entry.detail}</small>
                    </a>
                }
            })
            .collect_view()
    };
    let none = move || shown.with(Vec::is_empty).then(|| view! { <p class="palette-none">"Nothing found"</p> });
    view! {
        <dialog id=PALETTE aria-label=words on:close=closed class="palette" {..closed_by_any()}>
            <div class="palette-box">
                <div class="palette-input">
                    {icon(Glyph::Search)}
                    <input
                        type="text"
                        role="combobox"
                        aria-expanded="true"
                        aria-controls="palette-list"
                        aria-autocomplete="list"
                        aria-activedescendant=move || format!("{PALETTE}-{}", at.get())
                        aria-label=words
                        placeholder=words
                        autocomplete="off"
                        autofocus
                        node_ref=input
                        on:input=enter
                        on:keydown=keys
                    />
                    <kbd aria-hidden="true">"Esc"</kbd>
                </div>
                <div class="palette-list" id="palette-list" role="listbox" aria-label="Found" node_ref=list>
                    {options}
                </div>
                <div role="status">{none}</div>
            </div>
        </dialog>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_must_be_found() {
        let entry = PaletteEntry {
            label: "Promo codes".into(),
            detail: "Resources".into(),
            href: "/".into(),
            glyph: Glyph::Tag,
        };
        assert!(entry.matches("CODE reso"));
        assert!(entry.matches(""));
        assert!(!entry.matches("code links"));
    }
}
