//! How the program's payments run: a card of its settings.

use access::{Form, PostForm, Result};
use chrono::NaiveDate;
use domain::money::Currency;
use domain::payments::{PaymentBasis, PaymentRules, Schedule};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use ui::{Button, ButtonKind, Card, Choice, MoneyInput, Select, Switch, TextInput};

use crate::show;

/// How payments run as a form sends it: figures are texts until they are checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RulesInput {
    /// Whether a batch is prepared each month.
    monthly: Option<String>,
    #[serde(default)]
    day: String,
    #[serde(default)]
    basis: PaymentBasis,
    /// Whether it is processed without a person.
    automatic: Option<String>,
    /// Empty: nobody need agree.
    #[serde(default)]
    approval_above: String,
}

/// Changes how the program's payments run.
#[server(prefix = "/fn", endpoint = "admin/settings/payments")]
pub async fn set_payment_rules(program: String, rules: RulesInput) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::EditProgram)?;
        let mut figures = show::Figures::default();
        let RulesInput { monthly, day, basis, automatic, approval_above } = rules;
        let schedule = monthly.is_some().then(|| {
            let day = figures.whole("day", &day);
            Schedule { day, basis, automatic: automatic.is_some() }
        });
        let approval_above = match approval_above.trim() {
            "" => None,
            text => Some(figures.amount("approval_above", text)),
        };
        let rules = PaymentRules { schedule, approval_above };
        figures.check(|| rules.check(asking.program.currency))?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::payments::schedule::set(&mut tx, &asking.moment, &asking.actor, &rules).await?;
        tx.commit().await?;
        Ok(())
    })
    .await
}

/// The card.
pub(crate) fn card(
    rules: PaymentRules,
    (next_run, today): (Option<NaiveDate>, NaiveDate),
    payment_day: i32,
    currency: Currency,
    form: Form<SetPaymentRules>,
    may_edit: bool,
) -> AnyView {
    let schedule = rules.schedule;
    let Schedule { day, basis, automatic } =
        schedule.unwrap_or(Schedule { day: payment_day, basis: PaymentBasis::default(), automatic: false });
    let bases = PaymentBasis::ALL.iter().map(|basis| Choice::new(basis.as_str(), basis.label())).collect();
    let next = next_run.map(|next| {
        let when = if next == today { " (today, within the hour)" } else { "" };
        view! { <p>{format!("Next: {}{when}.", next.format("%-d %B %Y"))}</p> }
    });
    let above = rules.approval_above.map(|above| above.normalize().to_string()).unwrap_or_default();
    view! {
        <Card title="How payments run">
            {show::wrong(form.beside(&["day", "approval_above"]))}
            <PostForm form=form class="form">
                {show::program_field()}
                <fieldset class="stack" disabled=!may_edit>
                    <Switch id="rules-monthly" name="rules[monthly]" label="Prepare payments each month" checked=schedule.is_some() help="On the day, for the month before. Whoever may pay gets a mail, looks the batch through and processes it."/>
                    {next}
                    <div class="form-row">
                        <TextInput id="rules-day" name="rules[day]" label="Day of the month" value=day.to_string() inputmode="numeric" help="1 to 28. Today's runs today, one that has passed next month." error=form.field("day")/>
                        <Select id="rules-basis" name="rules[basis]" label="Payment amount" choices=bases value=basis.as_str()/>
                    </div>
                    <p class="sub">"On this day the batch is prepared for you. “Payment day”, under Money and time, is the day that partners read."</p>
                    <Switch id="rules-automatic" name="rules[automatic]" label="Process them without a person" checked=automatic help="Payments are recorded at once, unless a second person must agree."/>
                    <MoneyInput id="rules-above" name="rules[approval_above]" label="A second person must agree above" currency=currency value=above optional=true help="Who made the batch, or changed it last, can't be the second. Never, where you leave it empty. Batches made before keep a lower limit. Each batch counts by itself: several smaller ones don't reach it." error=form.field("approval_above")/>
                    {may_edit
                        .then(|| {
                            view! {
                                <div class="form-actions">
                                    <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Save how payments run"</Button>
                                </div>
                            }
                        })}
                </fieldset>
            </PostForm>
        </Card>
    }
    .into_any()
}
