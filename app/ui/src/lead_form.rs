//! A lead form, as partners fill it in.

use domain::leads::{Answers, BETWEEN, EMAIL, FieldKind, LeadField, LeadForm, NAME, NameField};
use domain::money::Currency;
use leptos::prelude::*;

use crate::field::{Checkbox, Choice, FieldIssue, MoneyInput, Select, TextInput, Textarea};

/// The fields of a lead form: inputs named by the fields' keys.
pub fn lead_form_fields(
    form: &LeadForm,
    values: &Answers,
    currency: Currency,
    errors: impl Fn(&str) -> FieldIssue,
    id_prefix: &str,
) -> AnyView {
    let id = |key: &str| format!("{id_prefix}{key}");
    let name = (form.name != NameField::Off).then(|| {
        let required = form.name == NameField::Required;
        view! { <TextInput id=id(NAME) name=NAME label="Name" value=values.name.clone() required=required optional=!required error=errors(NAME)/> }
    });
    let fields = form.fields.iter().map(|field| {
        let value = values.fields.get(&field.key).cloned().unwrap_or_default();
        one(field, value, currency, errors(&field.key), id(&field.key))
    });
    let fields = fields.collect_view();
    view! {
        <TextInput id=id(EMAIL) name=EMAIL label="E-mail" kind="email" value=values.email.clone() required=true error=errors(EMAIL)/>
        {name}
        {fields}
    }
    .into_any()
}

fn one(field: &LeadField, value: String, currency: Currency, error: FieldIssue, id: String) -> AnyView {
    let LeadField { key, label, help, required, .. } = field.clone();
    let optional = !required;
    let kind = match field.kind {
        FieldKind::Email => "email",
        FieldKind::Phone => "tel",
        FieldKind::Date => "date",
        FieldKind::Url => "url",
        _ => "text",
    };
    match field.kind {
        FieldKind::Hidden => ().into_any(),
        FieldKind::Long => view! { <Textarea id=id name=key label=label value=value help=help required=required optional=optional error=error/> }.into_any(),
        FieldKind::Money => view! { <MoneyInput id=id name=key label=label currency=currency value=value help=help required=required optional=optional error=error/> }.into_any(),
        FieldKind::Choice | FieldKind::YesNo => {
            let yes_no = ["Yes".to_owned(), "No".to_owned()];
            let options = if field.kind == FieldKind::YesNo { yes_no.to_vec() } else { field.options.clone() };
            let choices = std::iter::once(Choice::new("", "Choose…"))
                .chain(options.into_iter().map(|option| Choice::new(option.clone(), option)))
                .collect();
            view! { <Select id=id name=key label=label choices=choices value=value help=Signal::stored(help) error=error/> }.into_any()
        }
        FieldKind::Choices => {
            let chosen: Vec<&str> = value.split(BETWEEN).collect();
            let boxes = field.options.iter().enumerate().map(|(at, option)| {
                let checked = chosen.contains(&option.as_str());
                view! { <Checkbox id=format!("{id}-{at}") name=key.clone() label=option.clone() value=option.clone() checked=checked/> }
            });
            view! { <fieldset class="stack"><legend>{label}</legend>{boxes.collect_view()}</fieldset> }.into_any()
        }
        FieldKind::Consent => view! { <Checkbox id=id name=key label=field.value.clone() value="Yes" checked=value == "Yes"/> }.into_any(),
        _ => view! { <TextInput id=id name=key label=label kind=kind value=value help=help required=required optional=optional error=error/> }.into_any(),
    }
}
