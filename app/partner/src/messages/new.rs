//! The first message of a conversation: about a lead, or anything.

use access::{LazyPage, Read, Result, UPLOAD_MESSAGE, Upload, UploadForm, read};
use domain::ids::{ConversationId, EnrollmentId, LeadId, MessageId};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use serde::{Deserialize, Serialize};
use ui::{Card, PageHead, SkeletonCard, TextInput, use_toasts};

use super::composer;
use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    partner: EnrollmentId,
    /// The lead that it is about, with its name.
    lead: Option<(LeadId, String)>,
    /// The ids that the conversation and the message get.
    conversation: ConversationId,
    message: MessageId,
}

/// What the form needs. Where there is a conversation about the lead already, the message is added to it.
#[server(prefix = "/fn", endpoint = "partner/messages/new", input = GetUrl)]
pub async fn read_new(program: String, lead: Option<String>) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::partner(&program, domain::portal::PortalPage::Messages).await?;
        let (moment, actor) = (&asking.moment, &asking.actor);
        let lead = match lead {
            Some(id) => {
                let id: LeadId = id.parse().map_err(|_| access::Error::NotFound)?;
                let row = engine::leads::detail(&mut asking.conn, moment, actor, id).await?.row;
                Some((id, if row.name.is_empty() { row.email } else { row.name }))
            }
            None => None,
        };
        Ok(Shown { partner: asking.partner.id, lead, conversation: moment.id(), message: moment.id() })
    })
    .await
}

/// `/p/{program}/messages/new`.
pub struct NewMessagePage {
    found: Read<Shown>,
    form: Upload,
    body: RwSignal<String>,
}

impl LazyPage for NewMessagePage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        let found = read(move || ReadNew {
            program: program.get(),
            lead: address.with(|address| show::value(address, "lead")),
        });
        Self { found, form: Upload::new(UPLOAD_MESSAGE), body: RwSignal::new(String::new()) }
    }

    fn view(this: Self) -> AnyView {
        let Self { found, form, body } = this;
        let (program, toasts, navigate) = (show::program(), use_toasts(), use_navigate());
        form.settled(move |outcome| {
            if outcome.is_ok() {
                toasts.say("Message sent");
                let there = form.answer::<String>().and_then(Result::ok);
                let list = || format!("/p/{}/messages", program.get_untracked());
                navigate(&there.unwrap_or_else(list), NavigateOptions { replace: true, ..Default::default() });
            }
        });
        view! {
            <Title text="New message"/>
            {move || {
                let back = (format!("/p/{}/messages", program.get()), "Messages".to_owned());
                view! { <PageHead title="New message" back=back/> }
            }}
            {found.show(|| view! { <SkeletonCard lines=5/> }.into_any(), move |shown| page(shown, form, body))}
        }
        .into_any()
    }
}

fn page(shown: Shown, form: Upload, body: RwSignal<String>) -> AnyView {
    let program = show::program().get_untracked();
    let whose = show::whose(&program, shown.partner);
    let about = match shown.lead {
        Some((lead, name)) => view! {
            <p class="sub">"About the lead "{name}". The team reads it beside the lead."</p>
            <input type="hidden" name="lead" value=lead.to_string()/>
        }
        .into_any(),
        None => view! {
            <input type="hidden" name="new" value=shown.conversation.to_string()/>
            <TextInput id="subject" label="What is it about?" required=true error=form.field("subject")/>
        }
        .into_any(),
    };
    view! {
        <Card title="To the team">
            {ui::wrong(form.beside(&["subject", "body", "file"]))}
            <UploadForm form=form program=program class="form">
                {whose}
                <input type="hidden" name="message" value=shown.message.to_string()/>
                {about}
                {composer(form, body)}
            </UploadForm>
        </Card>
    }
    .into_any()
}
