//! Buttons, links that look like them, and everything that copies.

use std::time::Duration;

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;

use crate::icon::{Glyph, icon};

/// How much a button asks for attention. A view has at most one that is primary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ButtonKind {
    /// Bordered: most actions.
    #[default]
    Plain,
    /// Filled with the program's accent: the one thing to do here.
    Primary,
    /// Text alone: side actions and links in cards.
    Quiet,
    /// Filled red: what can't be undone.
    Danger,
}

impl ButtonKind {
    pub(crate) fn class(self) -> &'static str {
        match self {
            ButtonKind::Plain => "btn",
            ButtonKind::Primary => "btn primary",
            ButtonKind::Quiet => "btn quiet",
            ButtonKind::Danger => "btn danger",
        }
    }
}

/// A button. It does not submit its form unless `submit` is set.
#[component]
pub fn Button(
    /// How much it stands out.
    #[prop(optional)]
    kind: ButtonKind,
    /// An icon before the words.
    #[prop(optional)]
    icon: Option<Glyph>,
    /// Whether it submits its form.
    #[prop(optional)]
    submit: bool,
    /// Its name in the submitted form.
    #[prop(optional, into)]
    name: Option<String>,
    /// Its value in the submitted form.
    #[prop(optional, into)]
    value: Option<String>,
    /// The id of the form it submits, where it stands outside of it.
    #[prop(optional, into)]
    form: Option<String>,
    /// Its accessible name, where it shows an icon alone.
    #[prop(optional, into)]
    label: Option<String>,
    /// While true it is disabled and shows that work is under way.
    #[prop(optional, into)]
    busy: Signal<bool>,
    /// While true it can't be pressed.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    /// What happens on a press.
    #[prop(optional, into)]
    on_click: Option<Callback<()>>,
    /// The words; none for an icon alone.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <button
            type=if submit { "submit" } else { "button" }
            class=kind.class()
            name=name
            value=value
            form=form
            aria-label=label
            aria-busy=move || busy.get().then_some("true")
            disabled=move || disabled.get() || busy.get()
            on:click=move |_| run(on_click)
        >
            {icon.map(crate::icon::icon)}
            {children.map(|children| children())}
        </button>
    }
    .into_any()
}

fn run(callback: Option<Callback<()>>) {
    if let Some(callback) = callback {
        callback.run(());
    }
}

/// A link that looks like a button.
#[component]
pub fn ButtonLink(
    /// Where it leads.
    #[prop(into)]
    href: String,
    /// How much it stands out.
    #[prop(optional)]
    kind: ButtonKind,
    /// An icon before the words.
    #[prop(optional)]
    icon: Option<Glyph>,
    /// Whether the browser saves the file instead of opening it (CSV exports).
    #[prop(optional)]
    download: bool,
    /// Whether it leaves for another site, in a new tab.
    #[prop(optional)]
    external: bool,
    /// Its accessible name, where it shows an icon alone.
    #[prop(optional, into)]
    label: Option<String>,
    /// The words; none for an icon alone.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <a
            class=kind.class()
            href=href
            aria-label=label
            download=download.then_some("")
            target=external.then_some("_blank")
            // The router leaves links with a rel of "external" to the browser.
            rel=(external || download).then_some("external noopener")
        >
            {icon.map(crate::icon::icon)}
            {children.map(|children| children())}
        </a>
    }
    .into_any()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Copied {
    NotYet,
    Yes,
    Refused,
}

/// A button that copies a text and says so, to the eye and to screen readers.
#[component]
pub fn CopyButton(
    /// What is copied.
    #[prop(into)]
    text: Signal<String>,
    /// The word for it, for screen readers: "link", "promo code".
    #[prop(optional)]
    what: &'static str,
    /// The words on the button.
    #[prop(default = "Copy")]
    label: &'static str,
    /// How much it stands out.
    #[prop(optional)]
    kind: ButtonKind,
) -> impl IntoView {
    let copied = RwSignal::new(Copied::NotYet);
    let press = move |_| {
        leptos::task::spawn_local(async move {
            let done = copy(&text.get_untracked()).await;
            copied.set(if done { Copied::Yes } else { Copied::Refused });
            set_timeout(move || copied.set(Copied::NotYet), Duration::from_secs(2));
        });
    };
    view! {
        <button type="button" class=kind.class() on:click=press>
            <svg class="i" aria-hidden="true" viewBox="0 0 24 24">
                <use href=move || if copied.get() == Copied::Yes { Glyph::Check } else { Glyph::Copy }.href()></use>
            </svg>
            <span>
                {move || match copied.get() {
                    Copied::NotYet => label,
                    Copied::Yes => "Copied",
                    Copied::Refused => "Not copied",
                }}
            </span>
            {(!what.is_empty()).then(|| view! { <span class="visually-hidden">{what}</span> })}
            <span class="visually-hidden" role="status">
                {move || match copied.get() {
                    Copied::NotYet => "",
                    Copied::Yes => "Copied to the clipboard",
                    Copied::Refused => "The browser refused to copy",
                }}
            </span>
        </button>
    }
    .into_any()
}

/// Copies a text, and tells whether it could. Without the clipboard interface (plain http), the old way by a
/// selection.
pub(crate) async fn copy(text: &str) -> bool {
    let clipboard = window().navigator().clipboard();
    if clipboard.is_undefined() {
        return copy_by_selection(text).unwrap_or(false);
    }
    JsFuture::from(clipboard.write_text(text)).await.is_ok()
}

fn copy_by_selection(text: &str) -> Option<bool> {
    let document = document();
    let area: web_sys::HtmlTextAreaElement = document.create_element("textarea").ok()?.unchecked_into();
    area.set_value(text);
    document.body()?.append_child(&area).ok()?;
    area.select();
    let done = document.unchecked_into::<web_sys::HtmlDocument>().exec_command("copy");
    area.remove();
    done.ok()
}

/// A link to a file with what the page shows.
#[component]
pub fn Download(
    /// The file's address.
    #[prop(into)]
    href: String,
    /// What is in it, for screen readers: "rewards".
    #[prop(into)]
    what: String,
) -> impl IntoView {
    view! {
        // The browser fetches it: it is no page of the router's.
        <a class="btn quiet" href=href rel="external">
            {icon(Glyph::Download)}
            "Download"
            <span class="visually-hidden">" "{what}" as CSV"</span>
        </a>
    }
    .into_any()
}

/// Prints the page.
#[component]
pub fn PrintButton() -> impl IntoView {
    view! {
        <button type="button" class="btn" on:click=move |_| drop(window().print())>
            {icon(Glyph::Receipt)}
            "Print"
        </button>
    }
    .into_any()
}

/// A text in a box with its copy button: a link, a promo code, a key.
#[component]
pub fn CopyField(
    /// What is shown and copied.
    #[prop(into)]
    text: Signal<String>,
    /// The word for it: "link", "promo code".
    what: &'static str,
) -> impl IntoView {
    view! {
        <div class="copy-field">
            <code tabindex="0" role="textbox" aria-readonly="true" aria-label=what>
                {move || text.get()}
            </code>
            <CopyButton text=text what=what/>
        </div>
    }
    .into_any()
}

/// A snippet of code with its copy button.
#[component]
pub fn CodeBlock(
    /// The code.
    #[prop(into)]
    code: String,
    /// What it is: "snippet", "curl command".
    what: &'static str,
) -> impl IntoView {
    view! {
        <figure class="code-block">
            <figcaption>
                <span>{what}</span>
                <CopyButton text=code.clone() what=what kind=ButtonKind::Quiet/>
            </figcaption>
            <pre tabindex="0" role="region" aria-label=what>
                <code>{code}</code>
            </pre>
        </figure>
    }
    .into_any()
}

/// An icon for the use of other modules' buttons that close something.
pub(crate) fn cross() -> AnyView {
    icon(Glyph::Cross)
}
