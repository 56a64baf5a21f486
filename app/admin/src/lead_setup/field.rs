//! A field of a lead form as it is being typed.

use domain::leads::{FieldKind, LeadField, key_of};
use domain::text::FieldError;
use leptos::prelude::*;
use rust_decimal::Decimal;
use ui::{Button, ButtonKind, Choice, FieldIssue, Glyph, Select, Switch, TextInput, Textarea, icon};

use super::issues::Issues;
use super::order::Order;

/// A field as it is being typed: every figure is still a text.
#[derive(Clone, Copy)]
pub(super) struct Draft {
    /// Tells the rows of the editor apart.
    pub key: usize,
    pub label: RwSignal<String>,
    /// By what it is known in answers.
    pub name: RwSignal<String>,
    /// What was made of the label: as long as the name is that, it follows the label.
    made: RwSignal<Option<String>>,
    /// A word of [`FieldKind`].
    pub kind: RwSignal<String>,
    pub help: RwSignal<String>,
    pub required: RwSignal<bool>,
    pub min: RwSignal<String>,
    pub max: RwSignal<String>,
    /// One a line.
    pub options: RwSignal<String>,
    pub value: RwSignal<String>,
    /// Whether what can be typed is shown.
    pub open: RwSignal<bool>,
}

impl Draft {
    /// A field that is there already.
    pub(super) fn of(key: usize, field: &LeadField) -> Self {
        let text = |text: &str| RwSignal::new(text.to_owned());
        let figure = |figure: Option<Decimal>| {
            RwSignal::new(figure.map(|figure| figure.normalize().to_string()).unwrap_or_default())
        };
        Self {
            key,
            label: text(&field.label),
            name: text(&field.key),
            made: RwSignal::new(None),
            kind: text(field.kind.as_str()),
            help: text(&field.help),
            required: RwSignal::new(field.required),
            min: figure(field.min),
            max: figure(field.max),
            options: text(&field.options.join("\n")),
            value: text(&field.value),
            open: RwSignal::new(false),
        }
    }

    /// A new one, open.
    pub(super) fn new(key: usize, kind: FieldKind) -> Self {
        let field = LeadField {
            key: String::new(),
            label: String::new(),
            kind,
            help: String::new(),
            required: false,
            min: None,
            max: None,
            options: Vec::new(),
            value: String::new(),
        };
        let draft = Self::of(key, &field);
        draft.made.set(Some(String::new()));
        draft.open.set(true);
        draft
    }

    pub(super) fn kind(self) -> FieldKind {
        self.kind.with(|word| word.parse().unwrap_or(FieldKind::Text))
    }

    /// What it is called in the editor.
    pub(super) fn called(self) -> String {
        self.label.with(|label| match label.trim() {
            "" => "New field".to_owned(),
            label => label.to_owned(),
        })
    }

    /// What is typed, with what of it can't be read. Tracks all of it.
    pub(super) fn read(self) -> (LeadField, Vec<FieldError>) {
        let kind = self.kind();
        let mut unread = Vec::new();
        let mut figure = |field: &str, text: RwSignal<String>| {
            let text = text.get();
            let text = text.trim();
            if text.is_empty() || !kind.has_limits() {
                return None;
            }
            let read = text.parse().ok();
            if read.is_none() {
                unread.push(FieldError::new(field, "Type a number, such as 10."));
            }
            read
        };
        let field = LeadField {
            key: self.name.get(),
            label: self.label.get(),
            kind,
            help: self.help.get(),
            required: self.required.get(),
            min: figure("min", self.min),
            max: figure("max", self.max),
            options: self.options.with(|options| options.lines().map(str::to_owned).collect()),
            value: self.value.get(),
        };
        (field, unread)
    }

    /// Its name follows its label until somebody has typed a name.
    fn name_it(self, others: impl Fn() -> Vec<String> + 'static) {
        Effect::new(move |_| {
            let label = self.label.get();
            let Some(made) = self.made.get_untracked() else { return };
            if self.name.with_untracked(|name| *name != made) {
                return;
            }
            let taken = untrack(&others);
            let taken: Vec<&str> = taken.iter().map(String::as_str).collect();
            let name = if label.trim().is_empty() { String::new() } else { key_of(&label, &taken) };
            self.made.set(Some(name.clone()));
            if self.name.get_untracked() != name {
                self.name.set(name);
            }
        });
    }
}

/// What a field's row needs of the editor.
#[derive(Clone, Copy)]
pub(super) struct Around {
    pub order: Order,
    pub issues: Issues,
    pub all: RwSignal<Vec<Draft>>,
    /// Takes the field with a key away.
    pub remove: Callback<usize>,
    pub may_edit: bool,
}

impl Around {
    fn issue(self, key: usize, of: &'static str) -> FieldIssue {
        self.issues.of(move || self.order.place(key).map(|place| format!("fields[{place}][{of}]")))
    }
}

/// A field's row: what it is called, and below it what can be typed.
pub(super) fn row(draft: Draft, around: Around) -> AnyView {
    let Around { order, all, remove, may_edit, .. } = around;
    let key = draft.key;
    draft.name_it(move || {
        all.with(|all| all.iter().filter(|other| other.key != key).map(|other| other.name.get()).collect())
    });
    let called = move || draft.called();
    let about = move || {
        let kind = draft.kind();
        let required = draft.required.get() && kind != FieldKind::Hidden;
        if required { format!("{}, required", kind.label()) } else { kind.label().to_owned() }
    };
    let title = format!("field-title-{key}");
    let labelled = title.clone();
    let body = format!("field-body-{key}");
    let controls = body.clone();
    let toggle = move |_| draft.open.update(|open| *open = !*open);
    let tools = may_edit.then(|| {
        view! {
            {order.buttons(key)}
            <button type="button" class="btn quiet icon-btn" on:click=move |_| remove.run(key)>
                {icon(Glyph::Trash)}
                <span class="visually-hidden">"Remove "{called}</span>
            </button>
        }
    });
    view! {
        <li id=order.id(key) class=order.class(key) tabindex="-1">
            <div class="editor-body" role="group" aria-labelledby=labelled>
                <div class="editor-head">
                    {may_edit.then(|| order.grip(key))}
                    <h3 id=title>{called}<small class="sub">{about}</small></h3>
                    <div class="row">
                        <button
                            type="button"
                            class="btn quiet"
                            aria-expanded=move || if draft.open.get() { "true" } else { "false" }
                            aria-controls=controls
                            on:click=toggle
                        >
                            {move || if draft.open.get() { "Close" } else { "Edit" }}
                            <span class="visually-hidden">" "{called}</span>
                        </button>
                        {tools}
                    </div>
                </div>
                <div id=body class="form" hidden=move || !draft.open.get()>
                    {fields(draft, around)}
                </div>
            </div>
        </li>
    }
    .into_any()
}

fn fields(draft: Draft, around: Around) -> AnyView {
    let key = draft.key;
    let id = move |of: &str| format!("field-{of}-{key}");
    let issue = move |of| around.issue(key, of);
    let kind = Memo::new(move |_| draft.kind());
    let kinds = FieldKind::ALL.iter().map(|kind| Choice::new(kind.as_str(), kind.label())).collect();
    let of_text = move || matches!(kind.get(), FieldKind::Text | FieldKind::Long);
    let limits = move || {
        kind.get().has_limits().then(|| {
            let (least, most) = match of_text() {
                true => ("Fewest characters", "Most characters"),
                false => ("Least", "Most"),
            };
            let inputmode = if of_text() { "numeric" } else { "decimal" };
            view! {
                <div class="form-row">
                    <TextInput id=id("min") label=least bind=draft.min inputmode=inputmode optional=true error=issue("min")/>
                    <TextInput id=id("max") label=most bind=draft.max inputmode=inputmode optional=true error=issue("max")/>
                </div>
            }
        })
    };
    let options = move || {
        kind.get().has_options().then(|| {
            view! { <Textarea id=id("options") label="Options" bind=draft.options rows=4 required=true help="One a line." error=issue("options")/> }
        })
    };
    let value = move || {
        match kind.get() {
        FieldKind::Consent => Some(
            view! {
                <Textarea
                    id=id("value")
                    label="Text that is agreed to"
                    bind=draft.value
                    rows=4
                    required=true
                    help="Kept with the lead as it stood, with the time and the address, as evidence."
                    error=issue("value")
                />
            }
            .into_any(),
        ),
        FieldKind::Hidden => Some(
            view! { <TextInput id=id("value") label="Value" bind=draft.value optional=true help="Every lead gets it. Partners don't see it in the form." error=issue("value")/> }
                .into_any(),
        ),
        _ => None,
    }
    };
    let asked = Memo::new(move |_| kind.get() != FieldKind::Hidden);
    let more = move || {
        asked.get().then(|| {
            let words = if kind.get_untracked() == FieldKind::Consent { "Must be agreed to" } else { "Must be filled in" };
            view! {
                <TextInput id=id("help") label="Help" bind=draft.help optional=true help="Words below the field." error=issue("help")/>
                <Switch id=id("required") label=words bind=draft.required/>
            }
        })
    };
    let done = move |()| draft.open.set(false);
    view! {
        <fieldset class="stack" disabled=!around.may_edit>
            <div class="form-row">
                <TextInput id=id("label") label="Label" bind=draft.label required=true error=issue("label")/>
                <Select id=id("kind") label="Kind" choices=kinds bind=draft.kind/>
            </div>
            {options}
            {value}
            {more}
            {limits}
            <TextInput id=id("key") label="Key" bind=draft.name required=true help="By this the field is known in CSV files and the API." error=issue("key")/>
        </fieldset>
        <div class="row">
            <Button kind=ButtonKind::Quiet icon=Glyph::Check on_click=done>"Done"</Button>
        </div>
    }
    .into_any()
}
