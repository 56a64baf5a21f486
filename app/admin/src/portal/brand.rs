//! How the portal looks: its name and its colour; and where partners reach the team.

use access::{Form, PostForm, Result};
use domain::portal::{BrandInput, Portal};
use leptos::prelude::*;
use ui::{ACCENTS, Card, Choice, Select, TextInput};

use crate::show;

/// Changes how the portal looks.
#[server(prefix = "/fn", endpoint = "admin/portal/brand")]
pub async fn set_brand(program: String, brand: BrandInput) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::EditProgram)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::portal::set_brand(&mut tx, &asking.moment, &asking.actor, &brand).await?;
        tx.commit().await?;
        Ok(())
    })
    .await
}

/// What the card shows.
pub(super) struct Brand {
    pub portal: Portal,
    pub name: String,
    pub accent: String,
}

pub(super) fn card(shown: Brand, form: Form<SetBrand>, may_edit: bool) -> AnyView {
    let Brand { portal, name, accent } = shown;
    let (named, own) = if accent.starts_with('#') { (String::new(), accent) } else { (accent, String::new()) };
    let colour = RwSignal::new(own);
    // What is typed is judged at once; what was sent, where that says more.
    let sent = form.field("colour");
    let judged = Signal::derive(move || {
        let typed = colour.with(|colour| colour.trim().to_lowercase());
        if typed.is_empty() { None } else { domain::colour::check_accent(&typed).err() }.or_else(|| sent.get())
    });
    let sample = move || domain::colour::accent_style(&colour.with(|colour| colour.trim().to_lowercase()));
    let accents = std::iter::once(Choice::new("", "Program default"))
        .chain(ACCENTS.iter().map(|accent| Choice::new(*accent, show::capitalised(accent))))
        .collect();
    view! {
        <Card title="Brand">
            {show::wrong(form.beside(&["brand", "accent", "colour", "contact_email"]))}
            <PostForm form=form class="form">
                {show::program_field()}
                <fieldset class="stack" disabled=!may_edit>
                    <TextInput id="brand" name="brand[brand]" label="Name that partners see" value=portal.brand placeholder=name help="The program's name where you leave it empty." optional=true error=form.field("brand")/>
                    <div class="form-row">
                        <Select id="accent" name="brand[accent]" label="Accent" choices=accents value=named help="The colour of buttons and links." error=form.field("accent")/>
                        <TextInput id="colour" name="brand[colour]" label="Your own colour" bind=colour placeholder="#0b6e7f" help="Wins over the accent. White text on it must be readable: a contrast of 4.5 to 1." optional=true error=judged/>
                    </div>
                    {move || {
                        sample()
                            .map(|style| {
                                view! { <p style=style><span class="btn primary" aria-hidden="true">"A button in your colour"</span></p> }
                            })
                    }}
                    <TextInput id="contact_email" name="brand[contact_email]" label="Contact e-mail" value=portal.contact_email placeholder="partners@example.com" help="Partners see it in the portal and in mails, and what they answer to a mail goes there." optional=true error=form.field("contact_email")/>
                    {super::save(form.pending(), may_edit, "Save the brand")}
                </fieldset>
            </PostForm>
        </Card>
    }
    .into_any()
}
