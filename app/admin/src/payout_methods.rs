//! The ways in which the program pays: a card of its settings.

use access::{Form, PostForm, Result};
use domain::money::Currency;
use domain::payments::{PayoutKind, PayoutMethod};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use ui::{Button, ButtonKind, Card, MoneyInput, Switch, TextInput};

use crate::show;

/// A way to pay as a form sends it: figures and lists are texts until they are checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MethodInput {
    kind: PayoutKind,
    offered: Option<String>,
    /// Two letters each, between commas or spaces.
    #[serde(default)]
    countries: String,
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
        for MethodInput { kind, offered, countries, minimum } in methods {
            let codes = countries.split([',', ';', ' ', '\n']).map(|code| code.trim().to_uppercase());
            let minimum = match minimum.trim() {
                "" => None,
                text => Some(figures.amount(&format!("{kind}_minimum"), text)),
            };
            let countries = codes.filter(|code| !code.is_empty()).collect();
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

/// The card of the ways to pay, each with the names of its countries.
pub(crate) fn card(
    methods: Vec<(PayoutMethod, String)>,
    currency: Currency,
    form: Form<SetPayoutMethods>,
    may_edit: bool,
) -> AnyView {
    let rows = methods.into_iter().enumerate();
    let rows = rows.map(|(at, (method, names))| row(at, method, names, currency, form)).collect_view();
    let none = form.field("methods");
    view! {
        <Card title="Payout methods">
            {show::wrong(form.beside(FIELDS))}
            <PostForm form=form class="form">
                {show::program_field()}
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

fn row(at: usize, method: PayoutMethod, names: String, currency: Currency, form: Form<SetPayoutMethods>) -> AnyView {
    let PayoutMethod { kind, offered, countries, minimum } = method;
    let name = |field: &str| format!("methods[{at}][{field}]");
    let id = |field: &str| format!("{kind}_{field}");
    let wrong = |field: &str| {
        let named = format!("{kind}_{field}");
        form.field(FIELDS.iter().copied().find(|field| *field == named).unwrap_or_default())
    };
    let label = kind.label();
    let help = if names.is_empty() { "Everywhere where you leave it empty.".to_owned() } else { names };
    let least = minimum.map(|minimum| minimum.normalize().to_string()).unwrap_or_default();
    view! {
        <div class="stack">
            <input type="hidden" name=name("kind") value=kind.as_str()/>
            <Switch id=id("offered") name=name("offered") label=label checked=offered/>
            <div class="form-row">
                <TextInput id=id("countries") name=name("countries") label=format!("Countries for {label}") value=countries.join(", ") placeholder="DE, FR" help=help optional=true error=wrong("countries")/>
                <MoneyInput id=id("minimum") name=name("minimum") label=format!("Smallest payment by {label}") currency=currency value=least help="The program's where you leave it empty." optional=true error=wrong("minimum")/>
            </div>
        </div>
    }
    .into_any()
}
