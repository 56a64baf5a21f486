//! Rows whose order is changed by dragging them, or by buttons.

use leptos::ev::PointerEvent;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use ui::{Glyph, icon};

/// How near to the window's edge a row is dragged until the page moves, in pixels.
const EDGE: i32 = 72;

/// The order of the rows of a list.
#[derive(Clone, Copy)]
pub(super) struct Order {
    /// What a row is: `field`, `stage`. Its element has the id `{what}-row-{key}`.
    what: &'static str,
    /// The rows' keys, in order.
    keys: Signal<Vec<usize>>,
    /// What a row is called.
    name: Callback<usize, String>,
    /// Takes a row out of its place, and puts it into another.
    shift: Callback<(usize, usize)>,
    /// The key of the row that is dragged.
    dragged: RwSignal<Option<usize>>,
    /// Before which place it would fall.
    gap: RwSignal<Option<usize>>,
    /// What has moved where, for who doesn't see it.
    told: RwSignal<String>,
}

impl Order {
    pub(super) fn new(
        what: &'static str,
        keys: Signal<Vec<usize>>,
        name: impl Fn(usize) -> String + Send + Sync + 'static,
        shift: impl Fn(usize, usize) + Send + Sync + 'static,
    ) -> Self {
        Self {
            what,
            keys,
            name: Callback::new(name),
            shift: Callback::new(move |(from, to)| shift(from, to)),
            dragged: RwSignal::new(None),
            gap: RwSignal::new(None),
            told: RwSignal::new(String::new()),
        }
    }

    /// The place of a row, from 0.
    pub(super) fn place(self, key: usize) -> Option<usize> {
        self.keys.with(|keys| keys.iter().position(|other| *other == key))
    }

    /// The id of a row's element.
    pub(super) fn id(self, key: usize) -> String {
        format!("{}-row-{key}", self.what)
    }

    /// The class of a row: where what is dragged would fall is drawn.
    pub(super) fn class(self, key: usize) -> impl Fn() -> &'static str + Send + Sync + Clone + 'static {
        move || {
            let (place, gap) = (self.place(key), self.gap.get());
            let last = self.keys.with(Vec::len);
            if self.dragged.get() == Some(key) {
                "editor-row dragged"
            } else if gap.is_some() && gap == place {
                "editor-row drop-before"
            } else if gap == Some(last) && place.map(|place| place + 1) == gap {
                "editor-row drop-after"
            } else {
                "editor-row"
            }
        }
    }

    /// Says something to who doesn't see it.
    pub(super) fn tell(self, words: String) {
        self.told.set(words);
    }

    fn move_to(self, key: usize, to: usize) {
        let Some(from) = untrack(|| self.place(key)) else { return };
        if from == to {
            return;
        }
        self.shift.run((from, to));
        let count = self.keys.with_untracked(Vec::len);
        self.tell(format!("{} is now {} {} of {count}.", self.name.run(key), self.what, to + 1));
    }

    /// What a row is dragged by; who uses the keyboard has the buttons.
    pub(super) fn grip(self, key: usize) -> AnyView {
        let down = move |event: PointerEvent| {
            if event.button() != 0 {
                return;
            }
            event.prevent_default();
            let grip = event_target::<web_sys::Element>(&event);
            // A press may hit the picture within.
            let grip = grip.closest(".grip").ok().flatten().unwrap_or(grip);
            drop(grip.set_pointer_capture(event.pointer_id()));
            self.dragged.set(Some(key));
        };
        let moved = move |event: PointerEvent| {
            if self.dragged.get_untracked() == Some(key) {
                let y = event.client_y();
                self.gap.set(Some(self.gap_at(y)));
                scroll(y);
            }
        };
        let up = move |_: PointerEvent| {
            let (dragged, gap) = (self.dragged.get_untracked(), self.gap.get_untracked());
            self.forget();
            if let (Some(key), Some(gap), Some(from)) = (dragged, gap, untrack(|| self.place(key))) {
                self.move_to(key, if gap > from { gap - 1 } else { gap });
            }
        };
        view! {
            <span
                class="grip"
                aria-hidden="true"
                title="Drag to move"
                on:pointerdown=down
                on:pointermove=moved
                on:pointerup=up
                on:pointercancel=move |_| self.forget()
            >
                {icon(Glyph::Grip)}
            </span>
        }
        .into_any()
    }

    fn forget(self) {
        self.dragged.set(None);
        self.gap.set(None);
    }

    /// Before which place a row falls that is let go at this height of the window.
    fn gap_at(self, y: i32) -> usize {
        let above = |key: &usize| {
            let rect = document().get_element_by_id(&self.id(*key)).map(|row| row.get_bounding_client_rect());
            #[allow(clippy::cast_possible_truncation, reason = "pixels of a window")]
            rect.is_some_and(|rect| (rect.top() as i32 + rect.bottom() as i32) / 2 < y)
        };
        self.keys.with_untracked(|keys| keys.iter().filter(|key| above(key)).count())
    }

    /// The buttons that move a row.
    pub(super) fn buttons(self, key: usize) -> AnyView {
        let first = move || self.place(key) == Some(0);
        let last = move || self.place(key).is_some_and(|place| place + 1 == self.keys.with(Vec::len));
        let press = move |up: bool| {
            let Some(place) = untrack(|| self.place(key)) else { return };
            let count = self.keys.with_untracked(Vec::len);
            let to = if up { place.checked_sub(1) } else { Some(place + 1).filter(|to| *to < count) };
            if let Some(to) = to {
                self.move_to(key, to);
                // The row's element may have moved, and lost the focus; the button may be at its end.
                let at_end = if up { to == 0 } else { to + 1 == count };
                let button = if up == at_end { "down" } else { "up" };
                let id = format!("{}-{button}-{key}", self.what);
                request_animation_frame(move || focus(&id));
            }
        };
        let id = move |button: &str| format!("{}-{button}-{key}", self.what);
        let which = move || view! { <span class="visually-hidden">" "{move || self.name.run(key)}</span> };
        view! {
            <button type="button" class="btn quiet icon-btn" id=id("up") disabled=first on:click=move |_| press(true)>
                {icon(Glyph::SortUp)}
                <span class="visually-hidden">"Move up"</span>
                {which()}
            </button>
            <button type="button" class="btn quiet icon-btn" id=id("down") disabled=last on:click=move |_| press(false)>
                {icon(Glyph::SortDown)}
                <span class="visually-hidden">"Move down"</span>
                {which()}
            </button>
        }
        .into_any()
    }

    /// Where moves are told; once, beside the list.
    pub(super) fn live(self) -> AnyView {
        view! { <p class="visually-hidden" role="status">{move || self.told.get()}</p> }.into_any()
    }
}

/// Puts the focus on an element.
pub(super) fn focus(id: &str) {
    if let Some(element) = document().get_element_by_id(id) {
        drop(element.unchecked_into::<web_sys::HtmlElement>().focus());
    }
}

/// Moves the page along where a row is dragged to the window's edge.
fn scroll(y: i32) {
    let height = document().document_element().map_or(0, |page| page.client_height());
    if y < EDGE {
        window().scroll_by_with_x_and_y(0.0, -16.0);
    } else if y > height - EDGE {
        window().scroll_by_with_x_and_y(0.0, 16.0);
    }
}

/// Takes an item out of its place, and puts it into another.
pub(super) fn shift<T>(items: &mut Vec<T>, from: usize, to: usize) {
    if from < items.len() && to < items.len() {
        let item = items.remove(from);
        items.insert(to, item);
    }
}
