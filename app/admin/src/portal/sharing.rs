//! What partners are offered to say when they share their link.

use access::{Form, PostForm, Result};
use domain::portal::Sharing;
use leptos::prelude::*;
use ui::{Card, TextInput, Textarea, x_words};

use crate::show;

/// Changes what partners are offered to say when they share.
#[server(prefix = "/fn", endpoint = "admin/portal/sharing")]
pub async fn set_sharing(program: String, sharing: Sharing) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::EditProgram)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::portal::set_sharing(&mut tx, &asking.moment, &asking.actor, &sharing).await?;
        tx.commit().await?;
        Ok(())
    })
    .await
}

pub(super) fn card(sharing: &Sharing, form: Form<SetSharing>, may_edit: bool) -> AnyView {
    let Sharing { general, facebook, x, linkedin, whatsapp, subject, email } = sharing.clone();
    let (general, x) = (RwSignal::new(general), RwSignal::new(x));
    let counted = move || {
        let own = x.get();
        if own.trim().is_empty() { general.with(|general| x_words(general)) } else { x_words(&own) }
    };
    view! {
        <Card title="Sharing">
            <p class="sub">"What partners find in their dashboard when they share their link. They may change it; their link is added."</p>
            {show::wrong(form.beside(&["general", "facebook", "x", "linkedin", "whatsapp", "subject", "email"]))}
            <PostForm form=form class="form">
                {show::program_field()}
                <fieldset class="stack" disabled=!may_edit>
                    <Textarea id="share_general" name="sharing[general]" label="Text for sharing" bind=general help="For every place below that has no text of its own." optional=true error=form.field("general")/>
                    <Textarea id="share_x" name="sharing[x]" label="Text for X" bind=x rows=2 optional=true error=form.field("x")/>
                    <p class="sub">{counted}</p>
                    <Textarea id="share_facebook" name="sharing[facebook]" label="Text for Facebook" value=facebook rows=2 help="Facebook takes the link alone: the text is copied, to be pasted." optional=true error=form.field("facebook")/>
                    <Textarea id="share_linkedin" name="sharing[linkedin]" label="Text for LinkedIn" value=linkedin rows=2 optional=true error=form.field("linkedin")/>
                    <Textarea id="share_whatsapp" name="sharing[whatsapp]" label="Text for WhatsApp" value=whatsapp rows=2 optional=true error=form.field("whatsapp")/>
                    <TextInput id="share_subject" name="sharing[subject]" label="Subject of an e-mail" value=subject optional=true error=form.field("subject")/>
                    <Textarea id="share_email" name="sharing[email]" label="Text for an e-mail" value=email rows=4 optional=true error=form.field("email")/>
                    {super::save(form.pending(), may_edit, "Save the texts")}
                </fieldset>
            </PostForm>
        </Card>
    }
    .into_any()
}
