//! The personal data of a lead: all of it in a file, and taken away for good.

use access::{Form, PostForm, Result};
use domain::ids::LeadId;
use leptos::prelude::*;
use ui::{Button, ButtonKind, Card, CloseButton, Dialog, DialogButton};

use crate::show;

/// Takes away the personal data of a lead.
#[server(prefix = "/fn", endpoint = "admin/leads/erase")]
pub async fn erase_lead(program: String, id: LeadId) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::Erase)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::leads::erase(&mut tx, &asking.moment, &asking.actor, id).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// The card, for those who may.
pub(super) fn card(form: Form<EraseLead>, program: &str, lead: LeadId, erased: bool) -> AnyView {
    let id = lead.to_string();
    let file = show::personal_data(program, "lead", id.clone());
    let erase = (!erased).then(|| {
        view! {
            <DialogButton opens="erase" kind=ButtonKind::Quiet>"Erase"</DialogButton>
            <Dialog id="erase" title="Erase the personal data?">
                <p>"What was filled in, notes, tasks and files are taken away for good, also where others wrote of the lead. Its stage, its history and every sum stay. This can't be undone."</p>
                {show::wrong(form.beside(&[]))}
                <PostForm form=form class="form">
                    {show::program_field()}
                    <input type="hidden" name="id" value=id/>
                    <div class="dialog-actions">
                        <CloseButton closes="erase"/>
                        <Button kind=ButtonKind::Danger submit=true busy=form.pending()>"Erase for good"</Button>
                    </div>
                </PostForm>
            </Dialog>
        }
    });
    view! {
        <Card title="Personal data">
            <p class="sub">{if erased { "It has been erased." } else { "Everything that is known of this lead." }}</p>
            <div class="row">
                {file}
                {erase}
            </div>
        </Card>
    }
    .into_any()
}
