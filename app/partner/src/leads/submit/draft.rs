//! What is typed into a form is kept in the browser until it is sent, for at most thirty days.

use access::Form;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use ui::{Button, Note};

/// The id of the form.
pub(super) const FORM: &str = "lead-form";

/// For how long a draft is kept, in milliseconds.
const KEPT: f64 = 30.0 * 24.0 * 60.0 * 60.0 * 1000.0;

/// The draft of a form.
pub(super) struct Draft {
    /// What tells that there was one.
    pub note: AnyView,
}

/// Keeps what is typed into the form under a key of its own, and brings it back. Once the form has worked it is forgotten.
pub(super) fn kept<S: 'static>(key: String, form: Form<S>) -> Draft {
    let back = RwSignal::new(false);
    let kept = StoredValue::new(key);
    // An effect may run before what is shown is on the page: by the next frame it is.
    Effect::new(move |_| {
        request_animation_frame(move || {
            let (Some(key), Some(element)) = (kept.try_get_value(), element()) else { return };
            back.try_set(restore(&key, &element));
            let save = leptos::wasm_bindgen::closure::Closure::<dyn FnMut()>::new(move || {
                if let Some(element) = self::element() {
                    store(&key, &element);
                }
            });
            for event in ["input", "change"] {
                _ = element.add_event_listener_with_callback(event, save.as_ref().unchecked_ref());
            }
            // It lives as long as the form.
            save.forget();
        });
    });
    form.settled(move |outcome| {
        if outcome.is_ok()
            && let Some(key) = kept.try_get_value()
        {
            forget(&key);
        }
    });
    let over = move |()| {
        if let Some(key) = kept.try_get_value() {
            forget(&key);
        }
        if let Some(element) = element() {
            element.reset();
        }
        back.set(false);
    };
    let over = Callback::new(over);
    let note = move || {
        back.get().then(|| {
            let action = move || view! { <Button on_click=over>"Start over"</Button> };
            view! { <Note action=action>"Your draft is back."</Note> }
        })
    };
    Draft { note: note.into_any() }
}

fn element() -> Option<web_sys::HtmlFormElement> {
    document().get_element_by_id(FORM)?.dyn_into().ok()
}

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

fn forget(key: &str) {
    if let Some(storage) = storage() {
        _ = storage.remove_item(key);
    }
}

/// The fields of the form that somebody fills in.
fn fields(form: &web_sys::HtmlFormElement) -> Vec<web_sys::Element> {
    let Ok(found) = form.query_selector_all("[name^='fields['], [name='lead_type']") else { return Vec::new() };
    (0..found.length()).filter_map(|at| found.item(at)?.dyn_into().ok()).collect()
}

/// A field's value; `None` of a box that isn't ticked.
fn value(field: &web_sys::Element) -> Option<String> {
    if let Some(input) = field.dyn_ref::<web_sys::HtmlInputElement>() {
        return (input.type_() != "checkbox" || input.checked()).then(|| input.value());
    }
    if let Some(area) = field.dyn_ref::<web_sys::HtmlTextAreaElement>() {
        return Some(area.value());
    }
    field.dyn_ref::<web_sys::HtmlSelectElement>().map(web_sys::HtmlSelectElement::value)
}

fn set(field: &web_sys::Element, value: &str) {
    if let Some(input) = field.dyn_ref::<web_sys::HtmlInputElement>() {
        if input.type_() == "checkbox" {
            input.set_checked(true);
        } else {
            input.set_value(value);
        }
    } else if let Some(area) = field.dyn_ref::<web_sys::HtmlTextAreaElement>() {
        area.set_value(value);
    } else if let Some(select) = field.dyn_ref::<web_sys::HtmlSelectElement>() {
        select.set_value(value);
    }
}

/// The time, and then name and value of each field that isn't empty.
fn store(key: &str, form: &web_sys::HtmlFormElement) {
    let Some(storage) = storage() else { return };
    let typed: Vec<(String, String)> = fields(form)
        .iter()
        .filter_map(|field| Some((field.get_attribute("name")?, value(field).filter(|value| !value.is_empty())?)))
        .collect();
    if typed.is_empty() {
        forget(key);
        return;
    }
    if let Ok(text) = serde_json::to_string(&(js_sys::Date::now(), typed)) {
        _ = storage.set_item(key, &text);
    }
}

/// Whether there was a draft, which stands in the form now. What the browser or the server has filled in stays.
fn restore(key: &str, form: &web_sys::HtmlFormElement) -> bool {
    let text = storage().and_then(|storage| storage.get_item(key).ok().flatten());
    let Some((at, typed)) = text.and_then(|text| serde_json::from_str::<(f64, Vec<(String, String)>)>(&text).ok())
    else {
        return false;
    };
    if is_old(at) {
        forget(key);
        return false;
    }
    let mut any = false;
    for field in fields(form) {
        let Some(name) = field.get_attribute("name") else { continue };
        if let Some((_, kept)) = typed.iter().find(|(known, _)| *known == name) {
            set(&field, kept);
            any = true;
        }
    }
    any
}

/// Times of the browser are its own numbers: milliseconds as a float.
#[allow(clippy::float_arithmetic, reason = "no money: the browser's clock")]
fn is_old(at: f64) -> bool {
    js_sys::Date::now() - at > KEPT
}
