//! Mail that no mail server takes: it is read here.

use access::{LazyPage, Read, Result, read};
use domain::messages::OutboxRow;
use domain::page::Page;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use ui::{Card, EmptyState, Fact, Facts, Glyph, PageHead, SkeletonCard, SkeletonTable, Table, Th};

use crate::show;

/// The mail in the outbox, without its text.
#[server(prefix = "/fn", endpoint = "admin/outbox", input = GetUrl)]
pub async fn read_outbox(program: String, cursor: Option<String>) -> Result<Page<OutboxRow>> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::ManageTeam)?;
        let paging = domain::page::Paging { cursor, limit: None };
        Ok(engine::messages::outbox::list(&mut asking.conn, &asking.actor, &paging).await?)
    })
    .await
}

/// A mail in the outbox, to who has given the password or the second factor of late.
#[server(prefix = "/fn", endpoint = "admin/outbox/one", input = GetUrl)]
pub async fn read_outbox_mail(program: String, id: String) -> Result<OutboxRow> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::ManageTeam)?;
        // The links in it may sign in as somebody else.
        engine::accounts::require_confirmed(&asking.session, &asking.moment)?;
        let id = id.parse().map_err(|_| access::Error::NotFound)?;
        let (secrets, moment, actor) = (&asking.state.secrets, &asking.moment, &asking.actor);
        let mut tx = access::begin(&mut asking.conn).await?;
        let mail = engine::messages::outbox::get(&mut tx, secrets, moment, actor, id).await?;
        tx.commit().await?;
        Ok(mail)
    })
    .await
}

/// `/admin/{program}/outbox`.
pub struct OutboxPage(Read<Page<OutboxRow>>);

impl LazyPage for OutboxPage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        Self(read(move || {
            let cursor = address.with(|address| show::value(address, "cursor"));
            ReadOutbox { program: program.get(), cursor }
        }))
    }

    fn view(this: Self) -> AnyView {
        view! {
            <Title text="Outbox"/>
            <PageHead title="Outbox"/>
            {this.0.show(|| view! { <Card><SkeletonTable columns=3/></Card> }.into_any(), list)}
        }
        .into_any()
    }
}

fn list(page: Page<OutboxRow>) -> AnyView {
    let address = show::address().get_untracked();
    if page.data.is_empty() {
        return view! {
            <Card>
                <EmptyState glyph=Glyph::Mail title="Nothing here" words="Where no mail server is configured, mail lies here for 30 days instead of going out."/>
            </Card>
        }
        .into_any();
    }
    let program = show::program().get_untracked();
    let head = || {
        view! {
            <Th label="Mail"/>
            <Th label="To"/>
            <Th label="Written" wide=true/>
        }
    };
    let foot = show::pages(&page, None, &address);
    let rows = page
        .data
        .into_iter()
        .map(|row| {
            let href = format!("/admin/{program}/outbox/{}", row.id);
            view! {
                <tr>
                    <td><a class="link" href=href>{row.subject}</a><small>{row.title}</small></td>
                    <td>{row.email}<small>{row.name}</small></td>
                    <td class="wide">{show::time(row.created_at)}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <Card>
            <Table caption="Outbox" head=head>{rows}</Table>
            {foot}
        </Card>
    }
    .into_any()
}

/// `/admin/{program}/outbox/{id}`.
pub struct OutboxMailPage(Read<OutboxRow>);

impl LazyPage for OutboxMailPage {
    fn data() -> Self {
        let (program, id) = (show::program(), show::parameter("id"));
        Self(read(move || ReadOutboxMail { program: program.get(), id: id.get() }))
    }

    fn view(this: Self) -> AnyView {
        this.0.show(
            || view! { <PageHead title="Mail"/> <SkeletonCard lines=6/> }.into_any(),
            |row| {
                let back = (format!("/admin/{}/outbox", show::program().get_untracked()), "Outbox".to_owned());
                let to = if row.name.is_empty() { row.email } else { format!("{} <{}>", row.name, row.email) };
                view! {
                    <Title text=row.subject.clone()/>
                    <PageHead title=row.subject back=back/>
                    <Card>
                        <Facts>
                            <Fact label="To">{to}</Fact>
                            <Fact label="Written">{show::time(row.created_at)}</Fact>
                        </Facts>
                        <p class="mail-text">{text(&row.body)}</p>
                    </Card>
                }
                .into_any()
            },
        )
    }
}

/// A text whose addresses lead there.
fn text(body: &str) -> AnyView {
    body.split_inclusive(char::is_whitespace)
        .map(|word| {
            if word.starts_with("https://") || word.starts_with("http://") {
                let href = word.trim_end().to_owned();
                view! { <a href=href rel="external">{word.to_owned()}</a> }.into_any()
            } else {
                word.to_owned().into_any()
            }
        })
        .collect_view()
        .into_any()
}
