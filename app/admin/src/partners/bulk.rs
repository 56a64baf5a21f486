//! Many partners at once: those whose boxes are ticked.

use access::{Form, PostForm, Result};
use domain::partners::{Bulk, BulkAct, BulkDone};
use leptos::prelude::*;
use ui::{Button, ButtonKind, CloseButton, Dialog, DialogButton, TextInput, Textarea, use_toasts};

use crate::show;

/// The form's id: the boxes beside the partners belong to it.
pub(super) const FORM: &str = "bulk";

/// Lets in, pauses or writes to the partners that were chosen.
#[server(prefix = "/fn", endpoint = "admin/partners/bulk")]
pub async fn bulk_partners(program: String, bulk: Bulk) -> Result<BulkDone> {
    access::answer(async {
        let asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::ManagePartners)?;
        let access::Admin { state, conn, moment, actor, .. } = asking;
        // The use case takes connections of its own.
        drop(conn);
        Ok(engine::partners::work::bulk(&state.pool, &moment, &actor, &bulk).await?)
    })
    .await
}

/// Says what became of it.
pub(super) fn tell(form: Form<BulkPartners>) {
    let toasts = use_toasts();
    Effect::new(move |_| match form.answer() {
        Some(Ok(BulkDone { done, passed_over: 0 })) => toasts.say(format!("Done for {done}")),
        Some(Ok(BulkDone { done, passed_over })) => {
            toasts.say(format!("Done for {done}; {passed_over} passed over, whom it doesn't fit"));
        }
        Some(Err(error)) if error.leads_to("").is_none() => toasts.fail(error.words()),
        _ => {}
    });
}

/// The box beside a partner.
pub(super) fn tick(id: String, name: &str) -> AnyView {
    let label = format!("Choose {name}");
    view! { <input type="checkbox" name="bulk[partners][]" value=id form=FORM aria-label=label/> }.into_any()
}

/// What can be done to those who are chosen. What is pressed is sent with them.
pub(super) fn bar(form: Form<BulkPartners>) -> AnyView {
    view! {
        <PostForm form=form class="filters" id=FORM>
            {show::program_field()}
            <span class="sub">"With the chosen partners:"</span>
            <Button submit=true name="bulk[act]" value=BulkAct::Approve.as_str()>"Approve"</Button>
            <Button submit=true name="bulk[act]" value=BulkAct::Pause.as_str()>"Pause"</Button>
            <DialogButton opens="write">"Write a mail"</DialogButton>
            <Dialog id="write" title="Write to the chosen partners">
                {show::wrong(form.beside(&["subject", "body"]))}
                <div class="form">
                    <TextInput id="bulk-subject" name="bulk[subject]" label="Subject" error=form.field("subject")/>
                    <Textarea id="bulk-body" name="bulk[body]" label="Text" rows=8 help="A greeting, your program's name and a link to the dashboard are added." error=form.field("body")/>
                    <div class="dialog-actions">
                        <CloseButton closes="write"/>
                        <Button kind=ButtonKind::Primary submit=true name="bulk[act]" value=BulkAct::Message.as_str() busy=form.pending()>"Send the mail"</Button>
                    </div>
                </div>
            </Dialog>
        </PostForm>
    }
    .into_any()
}
