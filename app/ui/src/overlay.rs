//! What lies over the page: dialogs, drawers and menus. Dialogs are `<dialog>`, menus are popovers, and both are opened
//! by the browser itself (`command`, `popovertarget`), so that they work before the WASM has arrived.

use leptos::ev::{KeyboardEvent, MouseEvent};
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::button::{ButtonKind, cross};
use crate::icon::Glyph;

fn dialog(id: &str) -> Option<web_sys::HtmlDialogElement> {
    document().get_element_by_id(id)?.dyn_into().ok()
}

/// Opens the dialog or drawer with an id; in the browser only.
pub fn open_dialog(id: &str) {
    if let Some(dialog) = dialog(id)
        && !dialog.open()
    {
        // It fails only where the element has left the page.
        _ = dialog.show_modal();
    }
}

/// Closes the dialog or drawer with an id; in the browser only.
pub fn close_dialog(id: &str) {
    if let Some(dialog) = dialog(id) {
        dialog.close();
    }
}

/// Hides the popover with an id; in the browser only.
pub(crate) fn hide_popover(id: &str) {
    if let Some(element) =
        document().get_element_by_id(id).and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok())
    {
        // It fails only where there is no popover (any more).
        _ = element.hide_popover();
    }
}

/// Does what `command` and `commandfor` say, in browsers that don't know these attributes.
pub(crate) fn listen_for_commands() {
    Effect::new(|_| {
        let known = document()
            .create_element("button")
            .is_ok_and(|button| js_sys::Reflect::has(&button, &"command".into()).unwrap_or(true));
        if known {
            return;
        }
        let listening = window_event_listener(leptos::ev::click, |event| {
            let pressed = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
            let Some(Ok(Some(button))) = pressed.map(|pressed| pressed.closest("[commandfor]")) else { return };
            let id = button.get_attribute("commandfor").unwrap_or_default();
            match button.get_attribute("command").as_deref() {
                Some("show-modal") => open_dialog(&id),
                Some("close") => close_dialog(&id),
                _ => {}
            }
        });
        on_cleanup(move || listening.remove());
    });
}

/// Lets a press beside the dialog close it; the view macro doesn't know the attribute yet.
pub(crate) fn closed_by_any() -> impl leptos::attr::Attribute {
    leptos::attr::custom::custom_attribute("closedby", "any")
}

/// A button that opens a [`Dialog`] or [`Drawer`], before the WASM has arrived too.
#[component]
pub fn DialogButton(
    /// The id of the dialog.
    #[prop(into)]
    opens: String,
    /// How much it stands out.
    #[prop(optional)]
    kind: ButtonKind,
    /// An icon before the words.
    #[prop(optional)]
    icon: Option<Glyph>,
    /// Its accessible name, where it shows an icon alone.
    #[prop(optional, into)]
    label: Option<String>,
    /// The words.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <button
            type="button"
            class=kind.class()
            command="show-modal"
            commandfor=opens
            aria-haspopup="dialog"
            aria-label=label
        >
            {icon.map(crate::icon::icon)}
            {children.map(|children| children())}
        </button>
    }
    .into_any()
}

/// A button that closes the dialog it stands in, and changes nothing.
#[component]
pub fn CloseButton(
    /// The id of the dialog.
    #[prop(into)]
    closes: String,
    /// The words.
    #[prop(default = "Cancel")]
    label: &'static str,
) -> impl IntoView {
    view! {
        <button type="button" class="btn" command="close" commandfor=closes>
            {label}
        </button>
    }
    .into_any()
}

fn layer(class: &'static str, id: String, title: String, open: Option<RwSignal<bool>>, content: AnyView) -> AnyView {
    let title_id = format!("{id}-title");
    let node = NodeRef::<html::Dialog>::new();
    if let Some(open) = open {
        Effect::new(move || {
            let Some(dialog) = node.get() else { return };
            match (open.try_get().unwrap_or_default(), dialog.open()) {
                (true, false) => _ = dialog.show_modal(),
                (false, true) => dialog.close(),
                _ => {}
            }
        });
    }
    let closes = id.clone();
    view! {
        <dialog
            class=class
            id=id
            aria-labelledby=title_id
            node_ref=node
            on:close=move |_| {
                if let Some(open) = open {
                    open.set(false);
                }
            }
            {..closed_by_any()}
        >
            <div class="dialog-box">
                <div class="dialog-head">
                    <h2 id=title_id.clone()>{title}</h2>
                    <button
                        type="button"
                        class="btn quiet icon-btn"
                        aria-label="Close"
                        command="close"
                        commandfor=closes
                    >
                        {cross()}
                    </button>
                </div>
                {content}
            </div>
        </dialog>
    }
    .into_any()
}

/// A modal dialog: to confirm what can't be undone. Its content is words and a form; the form's last element is a
/// `<div class="dialog-actions">` with a [`CloseButton`] and the button that does it.
#[component]
pub fn Dialog(
    /// Its id, for [`DialogButton`].
    #[prop(into)]
    id: String,
    /// The question.
    #[prop(into)]
    title: String,
    /// Opens and closes it from code, and follows it.
    #[prop(optional)]
    open: Option<RwSignal<bool>>,
    /// Its content.
    children: Children,
) -> impl IntoView {
    layer("dialog", id, title, open, children())
}

/// A modal drawer from the right: for side tasks (adding, filtering, importing).
#[component]
pub fn Drawer(
    /// Its id, for [`DialogButton`].
    #[prop(into)]
    id: String,
    /// The task.
    #[prop(into)]
    title: String,
    /// Opens and closes it from code, and follows it.
    #[prop(optional)]
    open: Option<RwSignal<bool>>,
    /// Its content.
    children: Children,
) -> impl IntoView {
    layer("dialog drawer", id, title, open, children())
}

/// Moves the focus among the elements of a list that match, by the arrow keys, Home and End.
fn rove(event: &KeyboardEvent, list: &web_sys::Element, items: &str) -> Option<()> {
    let items = list.query_selector_all(items).ok()?;
    let count = items.length();
    let active = document().active_element();
    let at = (0..count).find(|i| items.item(*i).as_ref() == active.as_ref().map(|active| active.unchecked_ref()));
    let next = match (event.key().as_str(), at) {
        (_, _) if count == 0 => return None,
        ("ArrowDown", Some(at)) => (at + 1) % count,
        ("ArrowUp", Some(at)) => (at + count - 1) % count,
        ("ArrowDown" | "Home", _) => 0,
        ("ArrowUp" | "End", _) => count - 1,
        _ => return None,
    };
    event.prevent_default();
    items.item(next)?.unchecked_into::<web_sys::HtmlElement>().focus().ok()
}

/// A menu behind a button: its items are [`MenuLink`]s, [`MenuButton`]s, and forms that hold one.
#[component]
pub fn Menu(
    /// Its id, one of its own on the page.
    #[prop(into)]
    id: String,
    /// What the button shows.
    #[prop(into)]
    button: ViewFnOnce,
    /// The button's accessible name, where it shows no words; else the menu's name alone.
    #[prop(into)]
    label: String,
    /// Whether the button shows an icon alone, so that it needs `label`.
    #[prop(optional)]
    bare: bool,
    /// How much the button stands out.
    #[prop(optional)]
    kind: ButtonKind,
    /// While true it can't be opened.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    /// Words above the items: who is signed in.
    #[prop(optional, into)]
    head: ViewFnOnce,
    /// The items.
    children: Children,
) -> impl IntoView {
    let node = NodeRef::<html::Div>::new();
    let class = if bare { "btn quiet icon-btn" } else { kind.class() };
    let keys = move |event: KeyboardEvent| {
        if let Some(menu) = node.get() {
            if event.key() == "Tab" {
                _ = menu.hide_popover();
            }
            rove(&event, &menu, "[role=menuitem]");
        }
    };
    let opened = move |_| {
        if let Some(menu) = node.get()
            && menu.matches(":popover-open").unwrap_or(false)
            && let Ok(Some(first)) = menu.query_selector("[role=menuitem]")
        {
            _ = first.unchecked_into::<web_sys::HtmlElement>().focus();
        }
    };
    let close = move |event: MouseEvent| {
        let item = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        if let (Some(menu), Some(Ok(Some(_)))) = (node.get(), item.map(|item| item.closest("[role=menuitem]"))) {
            _ = menu.hide_popover();
        }
    };
    view! {
        <div class="menu-anchor">
            <button type="button" class=class popovertarget=id.clone() aria-haspopup="menu" aria-label=bare.then(|| label.clone()) disabled=move || disabled.get()>
                {button.run()}
            </button>
            <div class="popover menu" id=id popover="auto" node_ref=node on:toggle=opened on:keydown=keys on:click=close>
                {head.run()}
                <div role="menu" aria-label=label>
                    {children()}
                </div>
            </div>
        </div>
    }
    .into_any()
}

/// A link in a [`Menu`].
#[component]
pub fn MenuLink(
    /// Where it leads.
    #[prop(into)]
    href: String,
    /// Its icon.
    #[prop(optional)]
    icon: Option<Glyph>,
    /// Whether it is where the reader is.
    #[prop(optional)]
    current: bool,
    /// The words.
    children: Children,
) -> impl IntoView {
    view! {
        <a role="menuitem" href=href aria-current=current.then_some("page")>
            {icon.map(crate::icon::icon)}
            {children()}
        </a>
    }
    .into_any()
}

/// A button in a [`Menu`], or in a form within it.
#[component]
pub fn MenuButton(
    /// Its icon.
    #[prop(optional)]
    icon: Option<Glyph>,
    /// Whether it submits its form.
    #[prop(optional)]
    submit: bool,
    /// The dialog it opens.
    #[prop(optional, into)]
    opens: Option<String>,
    /// Whether what it does can't be undone.
    #[prop(optional)]
    danger: bool,
    /// What happens on a press.
    #[prop(optional, into)]
    on_click: Option<Callback<()>>,
    /// The words.
    children: Children,
) -> impl IntoView {
    let command = opens.is_some().then_some("show-modal");
    view! {
        <button
            role="menuitem"
            type=if submit { "submit" } else { "button" }
            class=danger.then_some("danger")
            command=command
            commandfor=opens
            on:click=move |_| {
                if let Some(on_click) = on_click {
                    on_click.run(());
                }
            }
        >
            {icon.map(crate::icon::icon)}
            {children()}
        </button>
    }
    .into_any()
}

/// A hairline between groups of a [`Menu`].
#[component]
pub fn MenuLine() -> impl IntoView {
    view! { <hr role="separator"/> }
}
