//! The period of a report: presets as links, and a form for any two days. It lives in the address.

use leptos::prelude::*;

use crate::icon::{Glyph, icon};

/// A period that is offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeriodLink {
    /// Its words: "Last 30 days".
    pub label: String,
    /// The view's address with it.
    pub href: String,
    /// Whether it is the one shown.
    pub current: bool,
}

/// A picker of a period. Days are ISO dates in the program's time zone.
#[component]
pub fn PeriodPicker(
    /// Its id, one of its own on the page.
    #[prop(into)]
    id: String,
    /// The period shown, in words.
    #[prop(into)]
    shown: String,
    /// The periods that are offered.
    presets: Vec<PeriodLink>,
    /// The path that the form of two days leads to, by GET.
    #[prop(into)]
    action: String,
    /// What else is in the address and stays.
    #[prop(optional)]
    keep: Vec<(String, String)>,
    /// The first day shown.
    #[prop(into)]
    from: String,
    /// The last day shown.
    #[prop(into)]
    to: String,
    /// The names of the two days in the address.
    #[prop(default = ("from", "to"))]
    names: (&'static str, &'static str),
) -> impl IntoView {
    let from_id = format!("{id}-from");
    let to_id = format!("{id}-to");
    let hides = id.clone();
    let links = presets
        .into_iter()
        .map(|preset| {
            let id = hides.clone();
            view! {
                <li>
                    <a
                        href=preset.href
                        aria-current=preset.current.then_some("true")
                        on:click=move |_| crate::overlay::hide_popover(&id)
                    >
                        {preset.label}
                        {preset.current.then(|| icon(Glyph::Check))}
                    </a>
                </li>
            }
        })
        .collect_view();
    let hidden =
        keep.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect_view();
    view! {
        <div class="menu-anchor">
            <button type="button" class="btn" popovertarget=id.clone()>
                {icon(Glyph::Calendar)}
                <span class="visually-hidden">"Period: "</span>
                {shown}
                {icon(Glyph::ChevronDown)}
            </button>
            <div class="popover period" id=id popover="auto">
                <ul>{links}</ul>
                <form method="get" action=action>
                    {hidden}
                    <div class="field">
                        <label for=from_id.clone()>"From"</label>
                        <input class="input" type="date" id=from_id name=names.0 value=from max=to.clone() required/>
                    </div>
                    <div class="field">
                        <label for=to_id.clone()>"To"</label>
                        <input class="input" type="date" id=to_id name=names.1 value=to required/>
                    </div>
                    <button class="btn primary">"Show"</button>
                </form>
            </div>
        </div>
    }
    .into_any()
}
