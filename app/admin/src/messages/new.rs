//! The first message to a partner: about a lead, or anything.

use access::{LazyPage, Read, Result, UPLOAD_TEAM_MESSAGE, Upload, UploadForm, read};
use domain::conversations::SavedReply;
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
    name: String,
    /// The lead that it is about, with its name.
    lead: Option<(LeadId, String)>,
    /// The ids that the conversation and the message get.
    conversation: ConversationId,
    message: MessageId,
    replies: Vec<SavedReply>,
}

/// What the form needs: of a partner by its code, or of a lead by its id.
#[server(prefix = "/fn", endpoint = "admin/messages/new", input = GetUrl)]
pub async fn read_new(program: String, partner: Option<String>, lead: Option<String>) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::JudgeLeads)?;
        let (conn, moment, actor) = (&mut *asking.conn, &asking.moment, &asking.actor);
        let (partner, name, lead) = match (lead, partner) {
            (Some(id), _) => {
                let id: LeadId = id.parse().map_err(|_| access::Error::NotFound)?;
                let row = engine::leads::detail(conn, moment, actor, id).await?.row;
                let called = if row.name.is_empty() { row.email } else { row.name };
                (row.partner.id, row.partner.name, Some((id, called)))
            }
            (None, Some(code)) => {
                let partner = engine::partners::find_by_code(conn, actor, &code).await?;
                (partner.id, partner.name, None)
            }
            (None, None) => return Err(access::Error::NotFound),
        };
        let replies = engine::conversations::replies(conn, actor).await?;
        Ok(Shown { partner, name, lead, conversation: moment.id(), message: moment.id(), replies })
    })
    .await
}

/// `/admin/{program}/messages/new`.
pub struct NewMessagePage {
    found: Read<Shown>,
    form: Upload,
    body: RwSignal<String>,
}

impl LazyPage for NewMessagePage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        let found = read(move || {
            let of = |key| address.with(|address| show::value(address, key));
            ReadNew { program: program.get(), partner: of("partner"), lead: of("lead") }
        });
        Self { found, form: Upload::new(UPLOAD_TEAM_MESSAGE), body: RwSignal::new(String::new()) }
    }

    fn view(this: Self) -> AnyView {
        let Self { found, form, body } = this;
        let (program, toasts, navigate) = (show::program(), use_toasts(), use_navigate());
        form.settled(move |outcome| {
            if outcome.is_ok() {
                toasts.say("Message sent");
                let there = form.answer::<String>().and_then(Result::ok);
                let list = || format!("/admin/{}/messages", program.get_untracked());
                navigate(&there.unwrap_or_else(list), NavigateOptions { replace: true, ..Default::default() });
            }
        });
        view! {
            <Title text="New message"/>
            {move || {
                let back = (format!("/admin/{}/messages", program.get()), "Messages".to_owned());
                view! { <PageHead title="New message" back=back/> }
            }}
            {found.show(|| view! { <SkeletonCard lines=5/> }.into_any(), move |shown| page(shown, form, body))}
        }
        .into_any()
    }
}

fn page(shown: Shown, form: Upload, body: RwSignal<String>) -> AnyView {
    let program = show::program().get_untracked();
    let about = match shown.lead {
        Some((lead, name)) => view! {
            <p class="sub">"About the lead "{name}"."</p>
            <input type="hidden" name="lead" value=lead.to_string()/>
        }
        .into_any(),
        None => view! {
            <input type="hidden" name="new" value=shown.conversation.to_string()/>
            <input type="hidden" name="partner" value=shown.partner.to_string()/>
            <TextInput id="subject" label="What is it about?" required=true error=form.field("subject")/>
        }
        .into_any(),
    };
    let title = format!("To {}", shown.name);
    view! {
        <Card title=title>
            {ui::wrong(form.beside(&["subject", "body", "file"]))}
            <UploadForm form=form program=program class="form">
                <input type="hidden" name="message" value=shown.message.to_string()/>
                {about}
                {composer(form, body, shown.replies)}
            </UploadForm>
        </Card>
    }
    .into_any()
}
