//! Lead forms: filled in, and read. A field's input is named `fields[key]`, those of several choices `fields[key~0]` and so
//! on; its id is the prefix and the key.

use domain::countries;
use domain::leads::{Answers, BETWEEN, EMAIL, FieldKind, LeadField, LeadForm, NAME, NameField, StageColour, StageName};
use domain::money::Currency;
use leptos::prelude::*;

use crate::display::{Fact, Facts};
use crate::field::{Choice, FieldIssue, MoneyInput, Select, TextInput, Textarea};

/// The name of the input of a field.
#[must_use]
pub fn lead_field_name(key: &str) -> String {
    format!("fields[{key}]")
}

/// A stage, in its name and colour.
pub fn stage_pill(stage: &StageName) -> AnyView {
    let class = match stage.colour {
        StageColour::Grey => "pill",
        StageColour::Blue => "pill stage-blue",
        StageColour::Purple => "pill stage-purple",
        StageColour::Amber => "pill warn",
        StageColour::Green => "pill good",
        StageColour::Red => "pill bad",
    };
    view! { <span class=class>{stage.name.clone()}</span> }.into_any()
}

/// The fields of a form with what is filled in; `errors` tells what is wrong with the field of a key.
pub fn lead_form_fields(
    form: &LeadForm,
    values: &Answers,
    currency: Currency,
    errors: impl Fn(&str) -> FieldIssue,
    id_prefix: &str,
) -> AnyView {
    let id = |key: &str| format!("{id_prefix}{key}");
    let email = view! {
        <TextInput
            id=id(EMAIL)
            name=lead_field_name(EMAIL)
            label="Their e-mail"
            kind="email"
            value=values.email.clone()
            required=true
            error=errors(EMAIL)
            autocomplete="off"
        />
    }
    .into_any();
    let name = (form.name != NameField::Off).then(|| {
        let required = form.name == NameField::Required;
        view! {
            <TextInput
                id=id(NAME)
                name=lead_field_name(NAME)
                label="Their name"
                value=values.name.clone()
                required=required
                optional={!required}
                error=errors(NAME)
                autocomplete="off"
            />
        }
        .into_any()
    });
    let fields = form.fields.iter().map(|field| {
        let value = values.fields.get(&field.key).map_or("", String::as_str);
        input(field, value, currency, errors(&field.key), id(&field.key))
    });
    let fields = fields.collect_view();
    view! { {email}{name}{fields} }.into_any()
}

fn input(field: &LeadField, value: &str, currency: Currency, error: FieldIssue, id: String) -> AnyView {
    let help = field.help_with_limits(currency);
    let (label, help) = (field.label.clone(), (!help.is_empty()).then_some(help));
    let (name, value) = (lead_field_name(&field.key), value.to_owned());
    let (required, optional) = (field.required, !field.required);
    // A required choice begins with nothing chosen.
    let first = |label: &str| Choice::new("", label);
    match field.kind {
        FieldKind::Text => text(("text", ""), id, name, label, value, help, error, required),
        FieldKind::Email => text(("email", ""), id, name, label, value, help, error, required),
        FieldKind::Phone => text(("tel", "tel"), id, name, label, value, help, error, required),
        FieldKind::Number => text(("text", "decimal"), id, name, label, value, help, error, required),
        FieldKind::Url => text(("text", "url"), id, name, label, value, help, error, required),
        FieldKind::Date => text(("date", ""), id, name, label, value, help, error, required),
        FieldKind::Money => {
            let help = help.unwrap_or_default();
            view! {
                <MoneyInput id=id name=name label=label currency=currency value=value help=help error=error required=required optional=optional/>
            }
            .into_any()
        }
        FieldKind::Long => {
            let help = help.unwrap_or_default();
            view! {
                <Textarea id=id name=name label=label value=value rows=4 help=help error=error required=required optional=optional/>
            }
            .into_any()
        }
        FieldKind::Choice => {
            let options = field.options.iter().map(|option| Choice::new(option, option));
            select(
                std::iter::once(first("Choose one")).chain(options).collect(),
                id,
                name,
                label,
                value,
                help,
                error,
                optional,
            )
        }
        FieldKind::YesNo => {
            let options = vec![first("Choose one"), Choice::new("Yes", "Yes"), Choice::new("No", "No")];
            select(options, id, name, label, value, help, error, optional)
        }
        FieldKind::Country => {
            let options = countries::all().into_iter().map(|(code, name)| Choice::new(code, name));
            select(
                std::iter::once(first("Choose a country")).chain(options).collect(),
                id,
                name,
                label,
                value,
                help,
                error,
                optional,
            )
        }
        FieldKind::Choices => several(field, &value, help, error, &id),
        FieldKind::Consent => consent(field, &value, error, id, name),
        FieldKind::Hidden => ().into_any(),
    }
}

#[allow(clippy::too_many_arguments, reason = "what every input has")]
fn text(
    (kind, inputmode): (&'static str, &'static str),
    id: String,
    name: String,
    label: String,
    value: String,
    help: Option<String>,
    error: FieldIssue,
    required: bool,
) -> AnyView {
    TextInput(
        crate::field::TextInputProps::builder()
            .id(id)
            .name(name)
            .label(label)
            .kind(kind)
            .value(value)
            .help(help.unwrap_or_default())
            .error(error)
            .required(required)
            .optional(!required)
            .autocomplete("off")
            .inputmode(if inputmode.is_empty() { "text" } else { inputmode })
            .build(),
    )
    .into_any()
}

#[allow(clippy::too_many_arguments, reason = "what every input has")]
fn select(
    choices: Vec<Choice>,
    id: String,
    name: String,
    label: String,
    value: String,
    help: Option<String>,
    error: FieldIssue,
    optional: bool,
) -> AnyView {
    let help = Signal::stored(help.unwrap_or_default());
    view! {
        <Select id=id name=name label=label choices=choices value=value help=help error=error optional=optional/>
    }
    .into_any()
}

/// Boxes to tick, in a group that its error is told of.
fn several(field: &LeadField, value: &str, help: Option<String>, error: FieldIssue, id: &str) -> AnyView {
    let chosen: Vec<&str> = value.split(BETWEEN).collect();
    let boxes = field.options.iter().enumerate().map(|(at, option)| {
        let id = format!("{id}-{at}");
        view! {
            <div class="tick">
                <input
                    id=id.clone()
                    type="checkbox"
                    class="checkbox"
                    name=lead_field_name(&format!("{}~{at}", field.key))
                    value=option.clone()
                    checked=chosen.contains(&option.as_str())
                    aria-invalid=move || error.with(Option::is_some).then_some("true")
                />
                <label for=id>{option.clone()}</label>
            </div>
        }
    });
    let boxes = boxes.collect_view();
    let (help_id, error_id) = (format!("{id}-help"), format!("{id}-error"));
    let described = format!("{help_id} {error_id}");
    view! {
        <fieldset class="field" aria-describedby=described>
            <legend>{field.label.clone()}{(!field.required).then(|| view! { <span class="optional">" optional"</span> })}</legend>
            {boxes}
            <p class="help" id=help_id>{help}</p>
            <p class="error" id=error_id aria-live="polite">{move || error.get()}</p>
        </fieldset>
    }
    .into_any()
}

/// A box that agrees to a text.
fn consent(field: &LeadField, value: &str, error: FieldIssue, id: String, name: String) -> AnyView {
    let (text_id, error_id) = (format!("{id}-text"), format!("{id}-error"));
    let described = format!("{text_id} {error_id}");
    view! {
        <div class="field">
            <div class="tick">
                <input
                    id=id.clone()
                    type="checkbox"
                    class="checkbox"
                    name=name
                    value="Yes"
                    checked=value == "Yes"
                    required=field.required
                    aria-describedby=described
                    aria-invalid=move || error.with(Option::is_some).then_some("true")
                />
                <label for=id>{field.label.clone()}{(!field.required).then(|| view! { <span class="optional">" optional"</span> })}</label>
            </div>
            <p class="help" id=text_id>{field.value.clone()}</p>
            <p class="error" id=error_id aria-live="polite">{move || error.get()}</p>
        </div>
    }
    .into_any()
}

/// What was filled in, to be read: each field that isn't empty, by its label.
pub fn answers_list(form: &LeadForm, answers: &Answers, currency: Currency) -> AnyView {
    let own = [("E-mail", &answers.email), ("Name", &answers.name)].into_iter().filter(|(_, value)| !value.is_empty());
    let own = own.map(|(label, value)| {
        let value = value.clone();
        view! { <Fact label=label>{value}</Fact> }.into_any()
    });
    let fields = form.fields.iter().filter_map(|field| {
        let value = answers.fields.get(&field.key)?;
        let told = match field.kind {
            FieldKind::Url => {
                view! { <a class="link" href=value.clone() rel="external noopener nofollow" target="_blank">{value.clone()}</a> }
                    .into_any()
            }
            FieldKind::Long => view! { <span class="lines">{value.clone()}</span> }.into_any(),
            _ => field.told(value, currency).into_any(),
        };
        Some(view! { <Fact label=field.label.clone()>{told}</Fact> }.into_any())
    });
    let facts = own.chain(fields).collect_view();
    view! { <Facts>{facts}</Facts> }.into_any()
}
