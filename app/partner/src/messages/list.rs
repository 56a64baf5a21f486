use access::{LazyPage, Read, Result, read};
use domain::conversations::ConversationRow;
use domain::page::Page;
use domain::time::Zone;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{
    Address, Button, ButtonKind, ButtonLink, Card, EmptyState, Glyph, PageHead, SearchInput, SkeletonTable, Table, Th,
    conversation_cell,
};

use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    conversations: Page<ConversationRow>,
    zone: Zone,
}

/// A page of the conversations of the partner who asks.
#[server(prefix = "/fn", endpoint = "partner/messages", input = GetUrl)]
pub async fn read_messages(program: String, q: Option<String>, cursor: Option<String>) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::partner(&program, domain::portal::PortalPage::Messages).await?;
        let filter = domain::conversations::ConversationFilter { search: q.unwrap_or_default(), ..Default::default() };
        let paging = domain::page::Paging { cursor, limit: None };
        let conversations = engine::conversations::list(&mut asking.conn, &asking.actor, &filter, &paging).await?;
        let zone = engine::programs::zone(&asking.program.time_zone, asking.moment.at)?;
        Ok(Shown { conversations, zone })
    })
    .await
}

/// `/p/{program}/messages`.
pub struct MessagesPage(Read<Shown>);

impl LazyPage for MessagesPage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        Self(read(move || {
            let of = |key| address.with(|address| show::value(address, key));
            ReadMessages { program: program.get(), q: of("q"), cursor: of("cursor") }
        }))
    }

    fn view(this: Self) -> AnyView {
        let (address, program) = (show::address(), show::program());
        view! {
            <Title text="Messages"/>
            {move || {
                let new = format!("/p/{}/messages/new", program.get());
                view! {
                    <PageHead title="Messages">
                        <ButtonLink href=new kind=ButtonKind::Primary icon=Glyph::Plus>"New message"</ButtonLink>
                    </PageHead>
                }
            }}
            {move || filters(&address.get())}
            {this.0.show(|| view! { <Card><SkeletonTable columns=2/></Card> }.into_any(), move |shown| list(shown, &address.get_untracked()))}
        }
        .into_any()
    }
}

fn filters(address: &Address) -> AnyView {
    let q = address.get("q").unwrap_or_default().to_owned();
    view! {
        <form class="filters" method="get" action=address.path().to_owned()>
            <SearchInput id="q" label="Search messages" value=q/>
            <Button submit=true>"Show"</Button>
        </form>
    }
    .into_any()
}

fn list(shown: Shown, address: &Address) -> AnyView {
    let Shown { conversations, zone } = shown;
    let program = show::program().get_untracked();
    if conversations.data.is_empty() {
        if ["q", "cursor"].iter().any(|key| address.get(key).is_some()) {
            return show::nothing_found(address);
        }
        let new = format!("/p/{program}/messages/new");
        return view! {
            <Card>
                <EmptyState glyph=Glyph::Mail title="No messages yet" words="Write to the team about anything. To ask about a lead, open the lead.">
                    <ButtonLink href=new kind=ButtonKind::Primary>"Write to the team"</ButtonLink>
                </EmptyState>
            </Card>
        }
        .into_any();
    }
    let pages = show::pages(&conversations, None, address);
    let head = || {
        view! {
            <Th label="About"/>
            <Th label="Last message" num=true/>
        }
    };
    let rows = conversations.data.into_iter().map(|row| {
        let href = format!("/p/{program}/messages/{}", row.id);
        let latest = if row.by_partner { format!("You: {}", row.latest) } else { row.latest };
        let at = show::instant(&zone, row.last_at);
        let below = row.lead.is_some().then(|| "Lead".to_owned());
        view! {
            <tr>
                <td>{conversation_cell(href, row.about, row.unread, below, latest)}</td>
                <td class="num">{at}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <Card>
            <Table caption="Conversations" head=head>{rows}</Table>
            {pages}
        </Card>
    }
    .into_any()
}
