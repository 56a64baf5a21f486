//! Who pays the program's partners: a card of its settings.

use access::{Form, PostForm, Result};
use domain::programs::Payer;
use leptos::prelude::*;
use ui::{Button, ButtonKind, Card, TextInput, Textarea};

use crate::show;

/// Changes who pays, for all programs of the organization.
#[server(prefix = "/fn", endpoint = "admin/settings/payer")]
pub async fn set_payer(program: String, name: String, #[server(default)] address: String) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::programs::set_payer(&mut tx, &asking.moment, &asking.actor, &Payer { name, address }).await?;
        tx.commit().await?;
        Ok(())
    })
    .await
}

/// The card.
pub(crate) fn card(payer: Payer, form: Form<SetPayer>, may_edit: bool) -> AnyView {
    view! {
        <Card title="Who pays">
            {show::wrong(form.beside(&["name", "address"]))}
            <PostForm form=form class="form">
                {show::program_field()}
                <p class="sub">"Who pays the partners, as remittance advices name it, in all of your programs."</p>
                <fieldset class="stack" disabled=!may_edit>
                    <TextInput id="payer-name" name="name" label="Company" value=payer.name required=true autocomplete="organization" error=form.field("name")/>
                    <Textarea id="payer-address" name="address" label="Company address" value=payer.address rows=3 optional=true error=form.field("address")/>
                    {may_edit
                        .then(|| {
                            view! {
                                <div class="form-actions">
                                    <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Save the company"</Button>
                                </div>
                            }
                        })}
                </fieldset>
            </PostForm>
        </Card>
    }
    .into_any()
}
