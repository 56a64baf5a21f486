//! One conversation with the team.

use access::{LazyPage, Read, Result, UPLOAD_MESSAGE, Upload, UploadForm, read};
use domain::conversations::Conversation;
use domain::ids::{ConversationId, EnrollmentId, MessageId};
use domain::time::Zone;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use serde::{Deserialize, Serialize};
use ui::{ButtonLink, Card, PageHead, SkeletonCard, message_list, use_toasts};

use super::composer;
use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    partner: EnrollmentId,
    conversation: Conversation,
    /// The id that the next message gets.
    message: MessageId,
    zone: Zone,
    /// Whether earlier messages are shown, not the latest.
    earlier: bool,
}

/// A conversation of the partner who asks.
#[server(prefix = "/fn", endpoint = "partner/messages/one", input = GetUrl)]
pub async fn read_conversation(program: String, id: String, before: Option<String>) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::partner(&program, domain::portal::PortalPage::Messages).await?;
        let id: ConversationId = id.parse().map_err(|_| access::Error::NotFound)?;
        let earlier = before.is_some();
        let conversation = engine::conversations::thread(&mut asking.conn, &asking.actor, id, before).await?;
        let zone = engine::programs::zone(&asking.program.time_zone, asking.moment.at)?;
        Ok(Shown { partner: asking.partner.id, conversation, message: asking.moment.id(), zone, earlier })
    })
    .await
}

/// Notes that the partner has read a conversation.
#[server(prefix = "/fn", endpoint = "partner/messages/read")]
pub async fn mark_read(program: String, partner: EnrollmentId, id: ConversationId) -> Result<()> {
    access::answer(async {
        let mut asking = access::this_partner(&program, partner, domain::portal::PortalPage::Messages).await?;
        Ok(engine::conversations::mark_read(&mut asking.conn, &asking.moment, &asking.actor, id).await?)
    })
    .await
}

/// `/p/{program}/messages/{id}`.
pub struct ConversationPage {
    found: Read<Shown>,
    form: Upload,
    body: RwSignal<String>,
}

impl LazyPage for ConversationPage {
    fn data() -> Self {
        let (program, params, address) = (show::program(), use_params_map(), show::address());
        let found = read(move || ReadConversation {
            program: program.get(),
            id: params.with(|params| params.get("id").unwrap_or_default()),
            before: address.with(|address| show::value(address, "before")),
        });
        Self { found, form: Upload::new(UPLOAD_MESSAGE), body: RwSignal::new(String::new()) }
    }

    fn view(this: Self) -> AnyView {
        let Self { found, form, body } = this;
        let toasts = use_toasts();
        form.settled(move |outcome| {
            if outcome.is_ok() {
                body.set(String::new());
                toasts.say("Message sent");
                found.again();
            }
        });
        found.show(skeleton, move |shown| page(shown, form, body))
    }
}

fn skeleton() -> AnyView {
    view! { <PageHead title="Messages"/><SkeletonCard lines=8/> }.into_any()
}

fn page(shown: Shown, form: Upload, body: RwSignal<String>) -> AnyView {
    let Shown { partner, conversation, message, zone, earlier } = shown;
    let program = show::program().get_untracked();
    let Conversation { row, messages, earlier: before } = conversation;
    let here = format!("/p/{program}/messages/{}", row.id);
    let back = (format!("/p/{program}/messages"), "Messages".to_owned());
    if row.unread {
        let asked = MarkRead { program: program.clone(), partner, id: row.id };
        let unread = use_context::<show::Unread>();
        // Whoever looks has read it; the server alone hasn't looked.
        Effect::new(move |_| {
            let asked = asked.clone();
            leptos::task::spawn_local(async move {
                // Where it fails, it stays unread.
                if access::tell(asked).await.is_ok()
                    && let Some(show::Unread(unread)) = unread
                {
                    unread.try_update(|count| *count = (*count - 1).max(0));
                }
            });
        });
    }
    let lead = row.lead.map(|lead| {
        let href = format!("/p/{program}/leads/{lead}");
        view! { <ButtonLink href=href>"See the lead"</ButtonLink> }
    });
    let older = before.map(|cursor| {
        let href = format!("{here}?before={cursor}");
        view! { <p><a class="link" href=href>"Earlier messages"</a></p> }
    });
    let latest = earlier.then(|| view! { <p><a class="link" href=here.clone()>"Latest messages"</a></p> });
    let files = here.clone();
    let list =
        message_list(messages, move |file| format!("{files}/files/{file}"), |message| show::instant(&zone, message.at));
    let whose = show::whose(&program, partner);
    view! {
        <Title text=row.about.clone()/>
        <PageHead title=row.about back=back>{lead}</PageHead>
        <Card>
            {older}
            {list}
            {latest}
        </Card>
        <Card title="Reply">
            {ui::wrong(form.beside(&["body", "file"]))}
            <UploadForm fresh=true form=form program=program class="form">
                {whose}
                <input type="hidden" name="conversation" value=row.id.to_string()/>
                <input type="hidden" name="message" value=message.to_string()/>
                {composer(form, body)}
            </UploadForm>
        </Card>
    }
    .into_any()
}
