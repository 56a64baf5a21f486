use access::{LazyPage, Read, Result, read};
use domain::conversations::{ConversationRow, Inbox};
use domain::page::Page;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{
    Address, Button, ButtonLink, Card, Choice, EmptyState, Glyph, PageHead, SearchInput, Select, SkeletonTable, Table,
    TextInput, Th, conversation_cell,
};

use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    conversations: Page<ConversationRow>,
    /// Whether the asker may write.
    writes: bool,
}

/// What the address asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    q: Option<String>,
    inbox: Option<String>,
    unread: Option<String>,
    partner_code: Option<String>,
    cursor: Option<String>,
}

/// A page of a program's conversations.
#[server(prefix = "/fn", endpoint = "admin/messages", input = GetUrl)]
pub async fn read_messages(program: String, #[server(default)] asked: Asked) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let filter = domain::conversations::ConversationFilter {
            search: asked.q.unwrap_or_default(),
            inbox: asked.inbox.and_then(|word| word.parse().ok()),
            unread: asked.unread.is_some(),
            partner_code: asked.partner_code.unwrap_or_default(),
        };
        let paging = domain::page::Paging { cursor: asked.cursor, limit: None };
        let conversations = engine::conversations::list(&mut asking.conn, &asking.actor, &filter, &paging).await?;
        Ok(Shown { conversations, writes: asking.actor.may(domain::accounts::Power::JudgeLeads) })
    })
    .await
}

/// `/admin/{program}/messages`.
pub struct MessagesPage(Read<Shown>);

impl LazyPage for MessagesPage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        Self(read(move || {
            let asked = address.with(|address| {
                let of = |key| show::value(address, key);
                Asked {
                    q: of("q"),
                    inbox: of("inbox"),
                    unread: of("unread"),
                    partner_code: of("partner_code"),
                    cursor: of("cursor"),
                }
            });
            ReadMessages { program: program.get(), asked }
        }))
    }

    fn view(this: Self) -> AnyView {
        let address = show::address();
        view! {
            <Title text="Messages"/>
            {this.0.show(skeleton, move |shown| page(shown, &address.get_untracked()))}
        }
        .into_any()
    }
}

fn skeleton() -> AnyView {
    view! { <PageHead title="Messages"/><Card><SkeletonTable columns=3/></Card> }.into_any()
}

fn page(shown: Shown, address: &Address) -> AnyView {
    let program = show::program().get_untracked();
    let replies = format!("/admin/{program}/saved-replies");
    let actions =
        shown.writes.then(|| view! { <ButtonLink href=replies icon=Glyph::List>"Saved replies"</ButtonLink> });
    view! {
        <PageHead title="Messages">{actions}</PageHead>
        {filters(address)}
        {list(shown.conversations, &program, address)}
    }
    .into_any()
}

fn filters(address: &Address) -> AnyView {
    let of = |key: &str| address.get(key).unwrap_or_default().to_owned();
    let whose = vec![
        Choice::new("", "Everybody's"),
        Choice::new(Inbox::Mine.as_str(), "Mine"),
        Choice::new(Inbox::Unassigned.as_str(), "Nobody's yet"),
    ];
    let unread = vec![Choice::new("", "Read or not"), Choice::new("yes", "Unread")];
    view! {
        <form class="filters" method="get" action=address.path().to_owned()>
            <SearchInput id="q" label="Search messages, leads and partners" value=of("q")/>
            <Select id="inbox" label="Who answers" choices=whose value=of("inbox")/>
            <Select id="unread" label="Unread" choices=unread value=of("unread")/>
            <TextInput id="partner_code" label="Partner code" placeholder="Partner code" value=of("partner_code")/>
            <Button submit=true>"Show"</Button>
        </form>
    }
    .into_any()
}

fn list(conversations: Page<ConversationRow>, program: &str, address: &Address) -> AnyView {
    if conversations.data.is_empty() {
        if show::filtered(address, &["q", "inbox", "unread", "partner_code", "cursor"]) {
            return show::nothing_found(address);
        }
        return view! {
            <Card>
                <EmptyState glyph=Glyph::Mail title="No messages yet" words="What partners write shows here. To write first, open a partner or a lead."/>
            </Card>
        }
        .into_any();
    }
    let pages = show::pages(&conversations, None, address);
    let head = || {
        view! {
            <Th label="About"/>
            <Th label="Partner" under=true/>
            <Th label="Answers" wide=true/>
            <Th label="Last message" num=true/>
        }
    };
    let rows = conversations.data.into_iter().map(|row| {
        let href = format!("/admin/{program}/messages/{}", row.id);
        let latest = if row.by_partner { row.latest } else { format!("Team: {}", row.latest) };
        let below = row.lead.is_some().then(|| "Lead".to_owned());
        let answers = row.assignee.map_or_else(|| "Nobody yet".to_owned(), |member| member.name);
        view! {
            <tr>
                <td>{conversation_cell(href, row.about, row.unread, below, latest)}</td>
                <td class="under">{show::partner_link(program, &row.partner)}</td>
                <td class="wide">{answers}</td>
                <td class="num">{show::time(row.last_at)}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <Card>
            <Table caption="Conversations" head=head phone_columns=2>{rows}</Table>
            {pages}
        </Card>
    }
    .into_any()
}
