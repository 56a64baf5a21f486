//! The personal data of a partner: all of it in a file, and taken away for good.

use access::{Form, PostForm, Result};
use domain::ids::EnrollmentId;
use domain::money::Money;
use domain::partners::PartnerRow;
use leptos::prelude::*;
use ui::{Button, ButtonKind, Card, CloseButton, Dialog, DialogButton, Note, TextInput, Tone};

use crate::show;

/// Takes away the personal data of the partner whose code was typed, and goes back to the list.
#[server(prefix = "/fn", endpoint = "admin/partners/erase")]
pub async fn erase_partner(program: String, partner: EnrollmentId, #[server(default)] code: String) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::Erase)?;
        let named = engine::partners::detail(&mut asking.conn, &asking.actor, partner).await?.partner.code;
        if domain::text::code_key(&code) != domain::text::code_key(&named) {
            let wrong = domain::text::FieldError::new("code", format!("Type {named}, the code of this partner."));
            return Err(access::Error::Invalid(vec![wrong]));
        }
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::partners::erase(&mut tx, &asking.moment, &asking.actor, partner).await?;
        tx.commit().await?;
        access::redirect(&format!("/admin/{program}/partners"));
        Ok(())
    })
    .await
}

/// The card, for those who may. What the partner is still owed can't be sent without payout details: that is said first.
pub(super) fn card(form: Form<ErasePartner>, partner: &PartnerRow, erased: bool, owed: Option<Money>) -> AnyView {
    let (partner, code) = (partner.id, partner.code.clone());
    let whose = move || {
        view! {
            {show::program_field()}
            <input type="hidden" name="partner" value=partner.to_string()/>
        }
    };
    let words = "Name, addresses, codes, payout details, notes and mails are taken away for good, and so is the account \
                 where it serves nothing else. The partner is paused and its links lead nowhere. Commissions, payments and \
                 every sum stay. Customers, leads and other partners with the same e-mail stay: the audit log names \
                 them, to be erased on their own. This can't be undone.";
    let program = show::program().get_untracked();
    let owed = owed.map(|owed| format!("{owed} is still owed."));
    let first = owed.clone().map(|owed| {
        view! { <Note tone=Tone::Warn>{owed}" Pay or settle it first: without payout details it can't be sent."</Note> }
    });
    let erase = (!erased).then(|| {
        view! {
            <DialogButton opens="erase" kind=ButtonKind::Quiet>"Erase"</DialogButton>
            <Dialog id="erase" title="Erase the personal data?">
                {first}
                <p>{words}</p>
                {show::wrong(form.beside(&["code"]))}
                <PostForm form=form class="form">
                    {whose()}
                    <TextInput id="erase-code" name="code" label="Partner code" help=format!("Type {code} to say that it is this partner.") required=true autocomplete="off" error=form.field("code")/>
                    <div class="dialog-actions">
                        <CloseButton closes="erase"/>
                        <Button kind=ButtonKind::Danger submit=true busy=form.pending()>"Erase for good"</Button>
                    </div>
                </PostForm>
            </Dialog>
        }
    });
    let id = partner.to_string();
    view! {
        <Card title="Personal data">
            <p class="sub">{if erased { "It has been erased." } else { "Everything that is known of this partner." }}</p>
            {owed.filter(|_| erased).map(|owed| view! { <p class="sub">{owed}</p> })}
            <div class="row">
                {show::personal_data(&program, "partner", id)}
                {erase}
            </div>
        </Card>
    }
    .into_any()
}
