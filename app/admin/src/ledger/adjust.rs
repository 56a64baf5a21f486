//! Bonuses and corrections by hand.

use access::{Form, PostForm, Result};
use domain::ids::{AdjustmentId, EnrollmentId};
use domain::ledger::AdjustmentKind;
use domain::money::Currency;
use leptos::prelude::*;
use ui::{Button, ButtonKind, Choice, CloseButton, Dialog, MoneyInput, Select, Textarea};

use crate::show;

/// Posts a bonus or correction to a partner's balance.
#[server(prefix = "/fn", endpoint = "admin/partners/adjust")]
pub async fn adjust_balance(
    program: String,
    partner: EnrollmentId,
    key: AdjustmentId,
    kind: AdjustmentKind,
    amount: String,
    reason: String,
) -> Result<()> {
    access::answer(async {
        let asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::Adjust)?;
        let mut figures = show::Figures::default();
        let amount = figures.amount("amount", &amount);
        let input = domain::ledger::Adjustment { key, partner, kind, amount, reason };
        figures.check(|| input.check(asking.program.currency))?;
        engine::ledger::adjust(&asking.state.pool, &asking.moment, &asking.actor, &input).await?;
        Ok(())
    })
    .await
}

/// The dialog that asks for it: `adjust`. However often its form is sent with this key, it posts once.
pub(crate) fn dialog(
    form: Form<AdjustBalance>,
    partner: EnrollmentId,
    currency: Currency,
    key: AdjustmentId,
) -> AnyView {
    let kinds = AdjustmentKind::ALL.iter().map(|kind| Choice::new(kind.as_str(), kind.label())).collect();
    view! {
        <Dialog id="adjust" title="Add a bonus or correction">
            <p>"It is posted at once, and can only be undone by another correction. The partner reads the reason in its ledger, its statement and the remittance advice that pays it; and in a mail, where it has chosen to be told of commissions."</p>
            {show::wrong(form.beside(&["amount", "reason"]))}
            <PostForm form=form class="form">
                {show::program_field()}
                <input type="hidden" name="partner" value=partner.to_string()/>
                <input type="hidden" name="key" value=key.to_string()/>
                <Select id="adjust-kind" name="kind" label="What it does" choices=kinds/>
                <MoneyInput id="adjust-amount" name="amount" label="Amount" currency=currency required=true error=form.field("amount")/>
                <Textarea id="adjust-reason" name="reason" label="Reason" error=form.field("reason")/>
                <div class="dialog-actions">
                    <CloseButton closes="adjust"/>
                    <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Post it"</Button>
                </div>
            </PostForm>
        </Dialog>
    }
    .into_any()
}
