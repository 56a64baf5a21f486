//! Form fields: the label above, the help below, the error in its place. All of them work as plain form fields before
//! the WASM has arrived.

use domain::text::FieldError;
use leptos::html;
use leptos::prelude::*;

use crate::icon::{Glyph, icon};

/// What is wrong with a field's value, if anything.
pub type FieldIssue = Signal<Option<String>>;

/// What is wrong with a field of the address, among what was found.
pub fn address_issue(issues: &[FieldError], field: &str) -> FieldIssue {
    let found = issues.iter().find(|issue| issue.field == field);
    FieldIssue::stored(found.map(|issue| issue.message.clone()))
}

fn described_by(id: &str, help: bool) -> String {
    if help { format!("{id}-help {id}-error") } else { format!("{id}-error") }
}

fn invalid(error: FieldIssue) -> impl Fn() -> Option<&'static str> + Send + Sync + Clone + 'static {
    move || error.with(Option::is_some).then_some("true")
}

/// Keeps a control and its signal the same. What was entered before the WASM arrived wins over the signal's start.
fn follow<T: Clone + PartialEq + Send + Sync + 'static>(
    bind: Option<RwSignal<T>>,
    read: impl Fn() -> Option<T> + 'static,
    write: impl Fn(&T) + 'static,
) {
    let Some(bind) = bind else { return };
    Effect::new(move |first: Option<()>| {
        let Some(entered) = read() else { return };
        // An effect may run once more after what it follows is gone.
        let Some(value) = bind.try_get() else { return };
        if first.is_none() && entered != value {
            bind.set(entered);
        } else if entered != value {
            write(&value);
        }
    });
}

fn typed(bind: Option<RwSignal<String>>, event: &web_sys::Event) {
    if let Some(bind) = bind {
        bind.set(event_target_value(event));
    }
}

fn frame(
    id: String,
    label: String,
    optional: bool,
    help: Option<Signal<String>>,
    error: FieldIssue,
    control: AnyView,
) -> AnyView {
    let help_id = format!("{id}-help");
    let error_id = format!("{id}-error");
    view! {
        <div class="field">
            <label for=id>
                {label}
                {optional.then(|| view! { <span class="optional">" optional"</span> })}
            </label>
            {control}
            {help.map(|help| view! { <p class="help" id=help_id>{move || help.get()}</p> })}
            <p class="error" id=error_id aria-live="polite">{move || error.get()}</p>
        </div>
    }
    .into_any()
}

/// The frame of a field, for a control of one's own: give that `id`, and describe it by `{id}-help` and `{id}-error`.
#[component]
pub fn Field(
    /// The id of the control.
    #[prop(into)]
    id: String,
    /// The words above it.
    #[prop(into)]
    label: String,
    /// Whether to note that it may stay empty.
    #[prop(optional)]
    optional: bool,
    /// The words below it.
    #[prop(optional, into)]
    help: Option<String>,
    /// What is wrong with its value.
    #[prop(optional, into)]
    error: FieldIssue,
    /// The control.
    children: Children,
) -> impl IntoView {
    frame(id, label, optional, help.map(Signal::stored), error, children())
}

/// A line of text in a form. Its `name` is its id unless given.
#[component]
pub fn TextInput(
    /// The id, and the name unless that is given.
    #[prop(into)]
    id: String,
    /// The words above it.
    #[prop(into)]
    label: String,
    /// Its name in the submitted form.
    #[prop(optional, into)]
    name: Option<String>,
    /// The kind of input: `text`, `email`, `number`, `url`, `date`…
    #[prop(default = "text")]
    kind: &'static str,
    /// The value it starts with.
    #[prop(optional, into)]
    value: String,
    /// A signal that follows what is typed, and sets it.
    #[prop(optional)]
    bind: Option<RwSignal<String>>,
    /// The words below it.
    #[prop(optional, into)]
    help: Option<String>,
    /// What is wrong with its value.
    #[prop(optional, into)]
    error: FieldIssue,
    /// An example of a value.
    #[prop(optional, into)]
    placeholder: Option<String>,
    /// What the browser may fill in: `email`, `username`, `one-time-code`…
    #[prop(optional)]
    autocomplete: Option<&'static str>,
    /// Which keyboard a phone shows: `numeric`, `decimal`…
    #[prop(optional)]
    inputmode: Option<&'static str>,
    /// The id of the `datalist` with what it offers.
    #[prop(optional, into)]
    list: Option<String>,
    /// What stands before the value inside the box: a currency sign, an address.
    #[prop(optional, into)]
    prefix: Option<String>,
    /// What stands after the value inside the box: `%`, `days`.
    #[prop(optional, into)]
    suffix: Option<String>,
    /// Whether it may not stay empty.
    #[prop(optional)]
    required: bool,
    /// Whether to note that it may stay empty.
    #[prop(optional)]
    optional: bool,
    /// Whether it takes the focus when its page or dialog opens.
    #[prop(optional)]
    autofocus: bool,
) -> impl IntoView {
    let described = described_by(&id, help.is_some());
    let plain = prefix.is_none() && suffix.is_none();
    let node = NodeRef::<html::Input>::new();
    follow(
        bind,
        move || node.get().map(|input| input.value()),
        move |value| {
            if let Some(input) = node.get() {
                input.set_value(value);
            }
        },
    );
    let input = view! {
        <input
            id=id.clone()
            name=name.unwrap_or_else(|| id.clone())
            type=kind
            class="input"
            value=bind.map_or(value, |bind| bind.get_untracked())
            node_ref=node
            on:input=move |event| typed(bind, &event)
            placeholder=placeholder
            autocomplete=autocomplete
            inputmode=inputmode
            list=list
            required=required
            autofocus=autofocus
            aria-describedby=described
            aria-invalid=invalid(error)
        />
    }
    .into_any();
    let control = if plain {
        input
    } else {
        view! {
            <div class="affixed">
                {prefix.map(|text| view! { <span class="affix">{text}</span> })}
                {input}
                {suffix.map(|text| view! { <span class="affix">{text}</span> })}
            </div>
        }
        .into_any()
    };
    frame(id, label, optional, help.map(Signal::stored), error, control)
}

/// An amount in a currency whose sign stands in the box. It submits the bare decimal.
#[component]
pub fn MoneyInput(
    /// The id, and the name unless that is given.
    #[prop(into)]
    id: String,
    /// The words above it.
    #[prop(into)]
    label: String,
    /// The currency.
    currency: domain::money::Currency,
    /// Its name in the submitted form.
    #[prop(optional, into)]
    name: Option<String>,
    /// The value it starts with, a decimal.
    #[prop(optional, into)]
    value: String,
    /// A signal that follows what is typed, and sets it.
    #[prop(optional)]
    bind: Option<RwSignal<String>>,
    /// The words below it.
    #[prop(optional, into)]
    help: Option<String>,
    /// What is wrong with its value.
    #[prop(optional, into)]
    error: FieldIssue,
    /// Whether it may not stay empty.
    #[prop(optional)]
    required: bool,
    /// Whether to note that it may stay empty.
    #[prop(optional)]
    optional: bool,
) -> impl IntoView {
    TextInput(TextInputProps {
        id,
        label,
        name,
        kind: "text",
        value,
        bind,
        help,
        error,
        placeholder: None,
        autocomplete: Some("off"),
        inputmode: Some("decimal"),
        list: None,
        prefix: Some(currency.sign().trim().to_owned()),
        suffix: None,
        required,
        optional,
        autofocus: false,
    })
}

/// A password with a button that shows it.
#[component]
pub fn PasswordInput(
    /// The id, and the name unless that is given.
    #[prop(into)]
    id: String,
    /// The words above it.
    #[prop(into)]
    label: String,
    /// Its name in the submitted form.
    #[prop(optional, into)]
    name: Option<String>,
    /// `current-password` or `new-password`.
    #[prop(default = "current-password")]
    autocomplete: &'static str,
    /// The words below it.
    #[prop(optional, into)]
    help: Option<String>,
    /// What is wrong with its value.
    #[prop(optional, into)]
    error: FieldIssue,
) -> impl IntoView {
    let described = described_by(&id, help.is_some());
    let shown = RwSignal::new(false);
    let control = view! {
        <div class="affixed">
            <input
                id=id.clone()
                name=name.unwrap_or_else(|| id.clone())
                type=move || if shown.get() { "text" } else { "password" }
                class="input"
                autocomplete=autocomplete
                required=true
                aria-describedby=described
                aria-invalid=invalid(error)
            />
            <button
                type="button"
                class="affix-btn"
                aria-label="Show password"
                aria-pressed=move || if shown.get() { "true" } else { "false" }
                on:click=move |_| shown.update(|shown| *shown = !*shown)
            >
                <svg class="i" aria-hidden="true" viewBox="0 0 24 24">
                    <use href=move || if shown.get() { Glyph::EyeOff } else { Glyph::Eye }.href()></use>
                </svg>
            </button>
        </div>
    }
    .into_any();
    frame(id, label, false, help.map(Signal::stored), error, control)
}

/// A text of several lines.
#[component]
pub fn Textarea(
    /// The id, and the name unless that is given.
    #[prop(into)]
    id: String,
    /// The words above it.
    #[prop(into)]
    label: String,
    /// Its name in the submitted form.
    #[prop(optional, into)]
    name: Option<String>,
    /// The value it starts with.
    #[prop(optional, into)]
    value: String,
    /// A signal that follows what is typed.
    #[prop(optional)]
    bind: Option<RwSignal<String>>,
    /// How many lines it shows.
    #[prop(default = 3)]
    rows: u32,
    /// The words below it.
    #[prop(optional, into)]
    help: Option<String>,
    /// What is wrong with its value.
    #[prop(optional, into)]
    error: FieldIssue,
    /// An example of a value.
    #[prop(optional, into)]
    placeholder: Option<String>,
    /// Whether it may not stay empty.
    #[prop(optional)]
    required: bool,
    /// Whether to note that it may stay empty.
    #[prop(optional)]
    optional: bool,
) -> impl IntoView {
    let described = described_by(&id, help.is_some());
    let node = NodeRef::<html::Textarea>::new();
    follow(
        bind,
        move || node.get().map(|area| area.value()),
        move |value| {
            if let Some(area) = node.get() {
                area.set_value(value);
            }
        },
    );
    let control = view! {
        <textarea
            id=id.clone()
            name=name.unwrap_or_else(|| id.clone())
            class="input"
            rows=rows
            placeholder=placeholder
            required=required
            aria-describedby=described
            aria-invalid=invalid(error)
            node_ref=node
            on:input=move |event| typed(bind, &event)
        >
            {bind.map_or(value, |bind| bind.get_untracked())}
        </textarea>
    }
    .into_any();
    frame(id, label, optional, help.map(Signal::stored), error, control)
}

/// A choice in a [`Select`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What is submitted.
    pub value: String,
    /// What is read.
    pub label: String,
}

impl Choice {
    /// A choice.
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into() }
    }
}

/// One of several choices, as the browser's own list.
#[component]
pub fn Select(
    /// The id, and the name unless that is given.
    #[prop(into)]
    id: String,
    /// The words above it.
    #[prop(into)]
    label: String,
    /// What can be chosen.
    choices: Vec<Choice>,
    /// Its name in the submitted form.
    #[prop(optional, into)]
    name: Option<String>,
    /// The value that is chosen at first.
    #[prop(optional, into)]
    value: String,
    /// What the browser may fill in: `country`…
    #[prop(optional)]
    autocomplete: Option<&'static str>,
    /// A signal that follows what is chosen, and sets it.
    #[prop(optional)]
    bind: Option<RwSignal<String>>,
    /// What happens when another is chosen.
    #[prop(optional, into)]
    on_change: Option<Callback<String>>,
    /// The words below it.
    #[prop(optional, into)]
    help: Option<Signal<String>>,
    /// What is wrong with the choice.
    #[prop(optional, into)]
    error: FieldIssue,
    /// Whether to note that it may stay empty.
    #[prop(optional)]
    optional: bool,
) -> impl IntoView {
    let described = described_by(&id, help.is_some());
    let node = NodeRef::<html::Select>::new();
    follow(
        bind,
        move || node.get().map(|select| select.value()),
        move |value| {
            if let Some(select) = node.get() {
                select.set_value(value);
            }
        },
    );
    let value = bind.map_or(value, |bind| bind.get_untracked());
    let options = choices
        .into_iter()
        .map(|choice| {
            let selected = choice.value == value;
            view! { <option value=choice.value selected=selected>{choice.label}</option> }
        })
        .collect_view();
    let control = view! {
        <select
            id=id.clone()
            name=name.unwrap_or_else(|| id.clone())
            class="input"
            autocomplete=autocomplete
            aria-describedby=described
            aria-invalid=invalid(error)
            node_ref=node
            on:change=move |event| {
                let value = event_target_value(&event);
                if let Some(bind) = bind {
                    bind.set(value.clone());
                }
                if let Some(on_change) = on_change {
                    on_change.run(value);
                }
            }
        >
            {options}
        </select>
    }
    .into_any();
    frame(id, label, optional, help, error, control)
}

fn tick(switch: bool, props: CheckboxProps) -> AnyView {
    let CheckboxProps { id, label, name, value, checked, bind, help } = props;
    let help_id = format!("{id}-help");
    let described = help.is_some().then(|| help_id.clone());
    let node = NodeRef::<html::Input>::new();
    follow(
        bind,
        move || node.get().map(|input| input.checked()),
        move |checked| {
            if let Some(input) = node.get() {
                input.set_checked(*checked);
            }
        },
    );
    view! {
        <div class="tick">
            <input
                id=id.clone()
                name=name.unwrap_or_else(|| id.clone())
                type="checkbox"
                role=switch.then_some("switch")
                class=if switch { "switch" } else { "checkbox" }
                value=value
                checked=bind.map_or(checked, |bind| bind.get_untracked())
                node_ref=node
                on:change=move |event| {
                    if let Some(bind) = bind {
                        bind.set(event_target_checked(&event));
                    }
                }
                aria-describedby=described
            />
            <label for=id>{label}</label>
            {help.map(|help| view! { <p class="help" id=help_id>{help}</p> })}
        </div>
    }
    .into_any()
}

/// A box to tick.
#[component]
pub fn Checkbox(
    /// The id, and the name unless that is given.
    #[prop(into)]
    id: String,
    /// The words beside it.
    #[prop(into)]
    label: String,
    /// Its name in the submitted form.
    #[prop(optional, into)]
    name: Option<String>,
    /// What is submitted when it is ticked.
    #[prop(default = "true".to_owned(), into)]
    value: String,
    /// Whether it is ticked at first.
    #[prop(optional)]
    checked: bool,
    /// A signal that follows it, and sets it.
    #[prop(optional)]
    bind: Option<RwSignal<bool>>,
    /// The words below it.
    #[prop(optional, into)]
    help: Option<String>,
) -> impl IntoView {
    tick(false, CheckboxProps { id, label, name, value, checked, bind, help })
}

/// A setting that is on or off; a checkbox in a form.
#[component]
pub fn Switch(
    /// The id, and the name unless that is given.
    #[prop(into)]
    id: String,
    /// The words beside it.
    #[prop(into)]
    label: String,
    /// Its name in the submitted form.
    #[prop(optional, into)]
    name: Option<String>,
    /// What is submitted when it is on.
    #[prop(default = "true".to_owned(), into)]
    value: String,
    /// Whether it is on at first.
    #[prop(optional)]
    checked: bool,
    /// A signal that follows it, and sets it.
    #[prop(optional)]
    bind: Option<RwSignal<bool>>,
    /// The words below it.
    #[prop(optional, into)]
    help: Option<String>,
) -> impl IntoView {
    tick(true, CheckboxProps { id, label, name, value, checked, bind, help })
}

/// A field for a file: the box takes one that is dropped on it, without our doing, as every browser's does.
#[component]
pub fn FileInput(
    /// The id, and the name unless that is given.
    #[prop(into)]
    id: String,
    /// The words above it; that files can be dropped is said after them.
    #[prop(into)]
    label: String,
    /// Its name in the submitted form.
    #[prop(optional, into)]
    name: Option<String>,
    /// The endings that can be chosen: `.png,.jpg`.
    accept: &'static str,
    /// The words below it.
    #[prop(optional, into)]
    help: Option<String>,
    /// What is wrong with the file.
    #[prop(optional, into)]
    error: FieldIssue,
    /// Whether it may not stay empty.
    #[prop(optional)]
    required: bool,
    /// How far the upload has come, in percent.
    #[prop(optional, into)]
    progress: Signal<Option<u32>>,
) -> impl IntoView {
    let described = described_by(&id, help.is_some());
    let control = view! {
        <input
            id=id.clone()
            name=name.unwrap_or_else(|| id.clone())
            type="file"
            class="input drop"
            accept=accept
            required=required
            aria-describedby=described
            aria-invalid=invalid(error)
        />
        {move || {
            progress
                .get()
                .map(|percent| view! { <progress class="progress" max="100" value=percent.to_string() aria-label="Upload"></progress> })
        }}
    }
    .into_any();
    frame(id, format!("{label}: choose a file, or drop it here"), false, help.map(Signal::stored), error, control)
}

/// A search box without a frame, for filters and tables: its label is for screen readers. In a GET form it works
/// before the WASM has arrived.
#[component]
pub fn SearchInput(
    /// The id.
    #[prop(into)]
    id: String,
    /// What is searched, for screen readers; also shown while it is empty.
    #[prop(into)]
    label: String,
    /// Its name in the submitted form.
    #[prop(default = "q")]
    name: &'static str,
    /// The value it starts with.
    #[prop(optional, into)]
    value: String,
    /// What happens while typing.
    #[prop(optional, into)]
    on_input: Option<Callback<String>>,
) -> impl IntoView {
    view! {
        <div class="search-input" role="search">
            {icon(Glyph::Search)}
            <input
                id=id
                type="search"
                class="input"
                name=name
                value=value
                placeholder=label.clone()
                aria-label=label
                maxlength="200"
                autocomplete="off"
                on:input=move |event| {
                    if let Some(on_input) = on_input {
                        on_input.run(event_target_value(&event));
                    }
                }
            />
        </div>
    }
    .into_any()
}
