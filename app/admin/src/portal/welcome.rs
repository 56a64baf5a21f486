//! The team's message to its partners, with a preview, and where partners land.

use access::{Form, PostForm, Result};
use domain::portal::{LandsOn, Portal};
use leptos::prelude::*;
use ui::{Card, Choice, Select, Textarea};

use crate::show;

/// Changes the message, and where partners land.
#[server(prefix = "/fn", endpoint = "admin/portal/welcome")]
pub async fn set_welcome(program: String, welcome: Option<String>, lands_on: LandsOn) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::EditProgram)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        let welcome = welcome.unwrap_or_default();
        engine::portal::set_welcome(&mut tx, &asking.moment, &asking.actor, &welcome, lands_on).await?;
        tx.commit().await?;
        Ok(())
    })
    .await
}

/// Markdown as partners would see it. It changes nothing; it is posted, because it may be long.
#[server(prefix = "/fn", endpoint = "admin/portal/preview")]
pub async fn preview_markdown(program: String, markdown: Option<String>) -> Result<String> {
    access::answer(async {
        access::admin(&program).await?;
        Ok(engine::portal::html(&markdown.unwrap_or_default()))
    })
    .await
}

/// What is typed as Markdown as partners would see it, once typing has paused; `html` is what it was before.
pub(super) fn preview_of(
    label: &'static str,
    typed: RwSignal<String>,
    html: String,
    preview: Form<PreviewMarkdown>,
) -> AnyView {
    let program = show::program();
    let pause = show::Pause::new();
    Effect::new(move |before: Option<String>| {
        let markdown = typed.get();
        if before.as_ref().is_some_and(|before| *before != markdown) {
            let asked = PreviewMarkdown { program: program.get_untracked(), markdown: Some(markdown.clone()) };
            pause.then(300, move || preview.send_fields(&asked));
        }
        markdown
    });
    let shown = move || preview.answer().and_then(std::result::Result::ok).unwrap_or_else(|| html.clone());
    view! {
        <div class="stack" role="region" aria-label=label>
            <h3>"Preview"</h3>
            <div class="prose" inner_html=shown></div>
        </div>
    }
    .into_any()
}

pub(super) fn card(
    portal: &Portal,
    html: String,
    form: Form<SetWelcome>,
    preview: Form<PreviewMarkdown>,
    may_edit: bool,
) -> AnyView {
    let typed = RwSignal::new(portal.welcome.clone());
    let shown = preview_of("Preview of the message", typed, html, preview);
    let landing = vec![
        Choice::new(LandsOn::Dashboard.as_str(), "On the dashboard"),
        Choice::new(LandsOn::Welcome.as_str(), "On this message"),
    ];
    let lands_on = portal.lands_on.as_str();
    view! {
        <Card title="Welcome message">
            {show::wrong(form.beside(&["welcome"]))}
            <PostForm form=form class="form">
                {show::program_field()}
                <fieldset class="stack" disabled=!may_edit>
                    <Textarea id="welcome" label="Message" bind=typed rows=8 help="Markdown: **bold**, lists, links, # headings. Images are left out: pages load nothing from other servers. Without a message there is no Welcome page." optional=true error=form.field("welcome")/>
                    {shown}
                    <Select id="lands_on" label="Where partners land" choices=landing value=lands_on help="After signing in."/>
                    {super::save(form.pending(), may_edit, "Save the message")}
                </fieldset>
            </PostForm>
        </Card>
    }
    .into_any()
}
