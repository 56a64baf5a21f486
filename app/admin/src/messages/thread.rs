//! One conversation with a partner.

use access::{Form, LazyPage, PostForm, Read, Result, UPLOAD_TEAM_MESSAGE, Upload, UploadForm, read};
use domain::accounts::MemberName;
use domain::conversations::{Conversation, SavedReply};
use domain::ids::{ConversationId, MessageId};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{Button, ButtonLink, Card, Choice, PageHead, Select, SkeletonCard, message_list, use_toasts};

use super::composer;
use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    conversation: Conversation,
    /// The id that the next message gets.
    message: MessageId,
    /// Whether earlier messages are shown, not the latest.
    earlier: bool,
    /// Those who may answer, and the saved replies; none for who may not.
    team: Vec<MemberName>,
    replies: Vec<SavedReply>,
    writes: bool,
}

/// A conversation of a program's.
#[server(prefix = "/fn", endpoint = "admin/messages/one", input = GetUrl)]
pub async fn read_conversation(program: String, id: String, before: Option<String>) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let id: ConversationId = id.parse().map_err(|_| access::Error::NotFound)?;
        let earlier = before.is_some();
        let (conn, actor) = (&mut *asking.conn, &asking.actor);
        let conversation = engine::conversations::thread(conn, actor, id, before).await?;
        let writes = actor.may(domain::accounts::Power::JudgeLeads);
        let (team, replies) = match writes {
            true => (engine::leads::team(conn, actor).await?, engine::conversations::replies(conn, actor).await?),
            false => (Vec::new(), Vec::new()),
        };
        Ok(Shown { conversation, message: asking.moment.id(), earlier, team, replies, writes })
    })
    .await
}

/// Notes that the asker has read a conversation.
#[server(prefix = "/fn", endpoint = "admin/messages/read")]
pub async fn mark_read(program: String, id: ConversationId) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        Ok(engine::conversations::mark_read(&mut asking.conn, &asking.moment, &asking.actor, id).await?)
    })
    .await
}

/// Says who of the team answers.
#[server(prefix = "/fn", endpoint = "admin/messages/assign")]
pub async fn assign_conversation(
    program: String,
    id: ConversationId,
    #[server(default)] assignee: String,
) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::JudgeLeads)?;
        let to = match assignee.as_str() {
            "" => None,
            id => Some(id.parse().map_err(|_| access::Error::Malformed)?),
        };
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::conversations::assign(&mut tx, &asking.moment, &asking.actor, id, to).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// `/admin/{program}/messages/{id}`.
pub struct ConversationPage {
    found: Read<Shown>,
    form: Upload,
    assign: Form<AssignConversation>,
    body: RwSignal<String>,
}

impl LazyPage for ConversationPage {
    fn data() -> Self {
        let (program, id, address) = (show::program(), show::parameter("id"), show::address());
        let found = read(move || ReadConversation {
            program: program.get(),
            id: id.get(),
            before: address.with(|address| show::value(address, "before")),
        });
        let body = RwSignal::new(String::new());
        Self { found, form: Upload::new(UPLOAD_TEAM_MESSAGE), assign: Form::new(), body }
    }

    fn view(this: Self) -> AnyView {
        let Self { found, form, assign, body } = this;
        show::tell(assign, "Saved");
        let toasts = use_toasts();
        form.settled(move |outcome| {
            if outcome.is_ok() {
                body.set(String::new());
                toasts.say("Message sent");
                found.again();
            }
        });
        found.show(skeleton, move |shown| page(shown, form, assign, body))
    }
}

fn skeleton() -> AnyView {
    view! { <PageHead title="Messages"/><SkeletonCard lines=8/> }.into_any()
}

fn page(shown: Shown, form: Upload, assign: Form<AssignConversation>, body: RwSignal<String>) -> AnyView {
    let Shown { conversation, message, earlier, team, replies, writes } = shown;
    let program = show::program().get_untracked();
    let Conversation { row, messages, earlier: before } = conversation;
    let here = format!("/admin/{program}/messages/{}", row.id);
    let back = (format!("/admin/{program}/messages"), "Messages".to_owned());
    if row.unread && writes {
        let asked = MarkRead { program: program.clone(), id: row.id };
        let acts = use_context::<show::Acts>();
        // Whoever looks has read it; the server alone hasn't looked.
        Effect::new(move |_| {
            let asked = asked.clone();
            leptos::task::spawn_local(async move {
                // Where it fails, it stays unread.
                if access::tell(asked).await.is_ok()
                    && let Some(acts) = acts
                {
                    acts.count();
                }
            });
        });
    }
    let lead = row.lead.map(|lead| {
        let href = format!("/admin/{program}/leads/{lead}");
        view! { <ButtonLink href=href>"See the lead"</ButtonLink> }
    });
    let older = before.map(|cursor| {
        let href = format!("{here}?before={cursor}");
        view! { <p><a class="link" href=href>"Earlier messages"</a></p> }
    });
    let latest = earlier.then(|| view! { <p><a class="link" href=here.clone()>"Latest messages"</a></p> });
    let files = here.clone();
    let list = message_list(messages, move |file| format!("{files}/files/{file}"), |message| show::instant(message.at));
    let answers = writes.then(|| answers(assign, row.id, row.assignee.as_ref(), &team));
    let partner = show::partner_link(&program, &row.partner);
    let reply = writes.then(|| {
        view! {
            <Card title="Reply">
                {ui::wrong(form.beside(&["body", "file"]))}
                <UploadForm fresh=true form=form program=program class="form">
                    <input type="hidden" name="conversation" value=row.id.to_string()/>
                    <input type="hidden" name="message" value=message.to_string()/>
                    {composer(form, body, replies)}
                </UploadForm>
            </Card>
        }
    });
    view! {
        <Title text=row.about.clone()/>
        <PageHead title=row.about back=back>{lead}</PageHead>
        <p class="sub">"With "{partner}</p>
        {answers}
        <Card>
            {older}
            {list}
            {latest}
        </Card>
        {reply}
    }
    .into_any()
}

/// Who of the team answers.
fn answers(
    form: Form<AssignConversation>,
    id: ConversationId,
    assignee: Option<&MemberName>,
    team: &[MemberName],
) -> AnyView {
    let choices = std::iter::once(Choice::new("", "Nobody yet"))
        .chain(team.iter().map(|member| Choice::new(member.account.to_string(), &member.name)))
        .collect();
    let value = assignee.map(|member| member.account.to_string()).unwrap_or_default();
    view! {
        <PostForm form=form class="form-row answers">
            {show::program_field()}
            <input type="hidden" name="id" value=id.to_string()/>
            <Select id="assignee" label="Who answers" choices=choices value=value/>
            <Button submit=true busy=form.pending()>"Save"</Button>
        </PostForm>
    }
    .into_any()
}
