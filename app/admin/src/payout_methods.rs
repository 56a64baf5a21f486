//! The ways in which the program pays: a card of its settings.

use access::{Form, PostForm, Result};
use domain::money::Currency;
use domain::payments::{PayoutKind, PayoutMethod};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use ui::{Button, ButtonKind, Card, Checkbox, MoneyInput, Switch, TextInput};

use crate::show;

/// A way to pay as a form sends it: figures and lists are texts until they are checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MethodInput {
    kind: PayoutKind,
    offered: Option<String>,
    /// The codes of those that are ticked.
    #[serde(default)]
    countries: Vec<String>,
    /// One more, by name or code; may be empty.
    #[serde(default)]
    country: String,
    #[serde(default)]
    minimum: String,
}

/// Changes the ways in which the program pays.
#[server(prefix = "/fn", endpoint = "admin/settings/payout-methods")]
pub async fn set_payout_methods(program: String, methods: Vec<MethodInput>) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::EditProgram)?;
        let mut read = Vec::with_capacity(methods.len());
        let mut figures = show::Figures::default();
        for MethodInput { kind, offered, mut countries, country, minimum } in methods {
            match (country.trim(), domain::countries::find(&country)) {
                ("", _) => {}
                (_, Some(code)) => countries.push(code.to_owned()),
                (typed, None) => {
                    figures.wrong(
                        &format!("{kind}_countries"),
                        format!("There is no country “{typed}”: choose one of the list."),
                    );
                }
            }
            countries.sort_unstable();
            countries.dedup();
            let minimum = match minimum.trim() {
                "" => None,
                text => Some(figures.amount(&format!("{kind}_minimum"), text)),
            };
            read.push(PayoutMethod { kind, offered: offered.is_some(), countries, minimum });
        }
        figures.check(|| engine::payments::methods::check(&read, asking.program.currency))?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::payments::methods::set(&mut tx, &asking.moment, &asking.actor, &read).await?;
        tx.commit().await?;
        Ok(())
    })
    .await
}

const FIELDS: &[&str] = &[
    "methods",
    "paypal_countries",
    "paypal_minimum",
    "iban_countries",
    "iban_minimum",
    "us_bank_countries",
    "us_bank_minimum",
    "cheque_countries",
    "cheque_minimum",
    "other_countries",
    "other_minimum",
];

/// The id of the list of countries, of which each way offers them.
const COUNTRIES: &str = "countries";

/// The card of the ways to pay; `countries` are the codes and names of all.
pub(crate) fn card(
    methods: Vec<PayoutMethod>,
    countries: Vec<(String, String)>,
    currency: Currency,
    form: Form<SetPayoutMethods>,
    may_edit: bool,
) -> AnyView {
    let options = countries.iter().map(|(_, name)| view! { <option value=name.clone()></option> }).collect_view();
    let all = StoredValue::new(countries);
    let rows = methods.into_iter().enumerate();
    let rows = rows.map(|(at, method)| row(at, method, all, currency, form)).collect_view();
    let none = form.field("methods");
    view! {
        <Card title="Payout methods">
            {show::wrong(form.beside(FIELDS))}
            <PostForm form=form class="form">
                {show::program_field()}
                <datalist id=COUNTRIES>{options}</datalist>
                <fieldset class="stack" disabled=!may_edit>
                    {rows}
                    {move || none.get().map(|words| view! { <p class="error" role="alert">{words}</p> })}
                    {may_edit
                        .then(|| {
                            view! {
                                <div class="form-actions">
                                    <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Save the payout methods"</Button>
                                </div>
                            }
                        })}
                </fieldset>
            </PostForm>
        </Card>
    }
    .into_any()
}

fn row(
    at: usize,
    method: PayoutMethod,
    all: StoredValue<Vec<(String, String)>>,
    currency: Currency,
    form: Form<SetPayoutMethods>,
) -> AnyView {
    let PayoutMethod { kind, offered, countries, minimum } = method;
    let name = |field: &str| format!("methods[{at}][{field}]");
    let id = |field: &str| format!("{kind}_{field}");
    let wrong = |field: &str| {
        let named = format!("{kind}_{field}");
        form.field(FIELDS.iter().copied().find(|field| *field == named).unwrap_or_default())
    };
    let label = kind.label();
    let least = minimum.map(|minimum| minimum.normalize().to_string()).unwrap_or_default();
    let chosen = RwSignal::new(countries);
    let typed = RwSignal::new(String::new());
    let add = move |()| {
        let name = typed.get_untracked().trim().to_lowercase();
        let found = all.with_value(|all| all.iter().find(|country| country.1.to_lowercase() == name).cloned());
        // What is no country's name stays, and is refused beside the field when it is saved.
        if let Some((code, _)) = found {
            chosen.update(|chosen| {
                if !chosen.contains(&code) {
                    chosen.push(code);
                }
            });
            typed.set(String::new());
        }
    };
    let ticked = move || {
        let boxes = chosen.get().into_iter().map(|code| {
            let named = all.with_value(|all| all.iter().find(|country| country.0 == code).map(|found| found.1.clone()));
            let label = named.unwrap_or_else(|| code.clone());
            let (id, name) = (format!("{kind}_country_{code}"), format!("methods[{at}][countries][]"));
            view! { <Checkbox id=id name=name value=code label=label checked=true/> }
        });
        boxes.collect_view()
    };
    let none = move || {
        chosen.with(Vec::is_empty).then(|| view! { <p class="sub">"Everywhere: limit it by adding countries."</p> })
    };
    view! {
        <div class="stack">
            <input type="hidden" name=name("kind") value=kind.as_str()/>
            <Switch id=id("offered") name=name("offered") label=label checked=offered/>
            {none}
            <div class="row" role="group" aria-label=format!("Countries for {label}")>{ticked}</div>
            <div class="form-row">
                <TextInput id=id("countries") name=name("country") label=format!("Add a country for {label}") bind=typed list=COUNTRIES autocomplete="off" optional=true error=wrong("countries")/>
                <Button on_click=add label=format!("Add the country for {label}")>"Add"</Button>
                <MoneyInput id=id("minimum") name=name("minimum") label=format!("Smallest payment by {label}") currency=currency value=least help="The program's where you leave it empty." optional=true error=wrong("minimum")/>
            </div>
        </div>
    }
    .into_any()
}
