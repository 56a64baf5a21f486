//! The boxes beside the rows of a list, by which many are chosen at once.

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;

/// The boxes of a list.
#[derive(Clone, Copy)]
pub(crate) struct Boxes {
    /// The id of the form that they belong to.
    pub form: &'static str,
    /// Their name in it.
    pub name: &'static str,
    /// What finds each of them, and whatever ticks them all.
    pub every: &'static str,
}

/// What a selector finds; in the browser only.
fn found(selector: &str) -> impl Iterator<Item = web_sys::HtmlInputElement> {
    let found = document().query_selector_all(selector).ok();
    let length = found.as_ref().map_or(0, |found| found.length());
    (0..length).filter_map(move |at| Some(found.as_ref()?.item(at)?.unchecked_into()))
}

impl Boxes {
    /// The values of those that are ticked; in the browser only.
    pub fn ticked(self) -> Vec<String> {
        found(&format!("input[name='{}']:checked", self.name)).map(|ticked| ticked.value()).collect()
    }

    /// Takes all of the ticks away once the list is drawn: what is ticked was meant for the list before, and browsers keep it,
    /// as does a list that is drawn anew.
    pub fn begin(self, count: RwSignal<usize>) {
        Effect::new(move |_| {
            found(self.every).for_each(|ticked| ticked.set_checked(false));
            count.set(0);
        });
    }

    /// The box beside a row; `count` follows how many are ticked.
    pub fn tick(self, count: RwSignal<usize>, id: String, label: String) -> AnyView {
        let changed = move |_| count.set(self.ticked().len());
        view! { <input type="checkbox" name=self.name value=id form=self.form aria-label=label on:change=changed/> }
            .into_any()
    }

    /// The head of the boxes: ticks all of the page, and none.
    pub fn tick_all(self, count: RwSignal<usize>) -> AnyView {
        let tick = move |event: web_sys::Event| {
            let checked = event_target_checked(&event);
            found(&format!("input[name='{}']", self.name)).for_each(|ticked| ticked.set_checked(checked));
            count.set(self.ticked().len());
        };
        view! {
            <th class="check" scope="col">
                <input type="checkbox" form=self.form aria-label="Choose all on this page" on:change=tick/>
            </th>
        }
        .into_any()
    }
}
