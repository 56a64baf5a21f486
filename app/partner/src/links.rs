//! The partner's links, and making further ones.

use access::{Form, LazyPage, PostForm, Read, Result, read};
use domain::links::LinkRow;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{
    Amount, Button, ButtonKind, Card, CopyButton, Note, PageHead, Pill, SkeletonTable, Table, TextInput, Th, Tone,
    grouped, use_toasts,
};

use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// What stands before a link's code: `https://partners.acme.example/r/acme/`.
    before: String,
    /// The program's website, where links lead by default.
    website: String,
    links: Vec<LinkRow>,
}

/// The links of the partner who asks.
#[server(prefix = "/fn", endpoint = "partner/links", input = GetUrl)]
pub async fn read_links(program: String) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::partner(&program, None).await?;
        let links = engine::links::list_all(&mut asking.conn, &asking.actor, asking.partner.id).await?;
        let before = format!("{}/r/{}/", asking.state.public_url, asking.program.slug);
        Ok(Shown { before, website: asking.program.website, links })
    })
    .await
}

/// Makes a link of the partner who asks.
#[server(prefix = "/fn", endpoint = "partner/links/create")]
pub async fn create_link(
    program: String,
    code: Option<String>,
    name: Option<String>,
    destination: Option<String>,
) -> Result<()> {
    access::answer(async {
        let mut asking = access::partner(&program, None).await?;
        let input = domain::links::NewLink { code, name: name.unwrap_or_default(), destination };
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::links::create(&mut tx, &asking.moment, &asking.actor, asking.partner.id, &input).await?;
        tx.commit().await?;
        Ok(())
    })
    .await
}

/// `/p/{program}/links`.
pub struct LinksPage(Read<Shown>);

impl LazyPage for LinksPage {
    fn data() -> Self {
        let program = show::program();
        Self(read(move || ReadLinks { program: program.get() }))
    }

    fn view(this: Self) -> AnyView {
        let found = this.0;
        let form = Form::<CreateLink>::new();
        let program = show::program();
        let toasts = use_toasts();
        form.settled(move |outcome| {
            if outcome.is_ok() {
                toasts.say("The link is made");
                found.again();
            }
        });
        view! {
            <Title text="Links"/>
            <PageHead title="Links"/>
            {found.show(|| view! { <Card><SkeletonTable columns=5/></Card> }.into_any(), move |shown| page(shown, form, program.get_untracked()))}
        }
        .into_any()
    }
}

fn page(shown: Shown, form: Form<CreateLink>, program: String) -> AnyView {
    let Shown { before, website, links } = shown;
    let head = || {
        view! {
            <Th label="Link"/>
            <Th label="Clicks" num=true/>
            <Th label="Sign-ups" num=true wide=true/>
            <Th label="Customers" num=true wide=true/>
            <Th label="Earned" num=true wide=true/>
            <Th label="Copy"/>
        }
    };
    let prefix = before.split_once("://").map_or(before.as_str(), |(_, rest)| rest).to_owned();
    let rows = links.into_iter().map(|link| row(link, &before)).collect_view();
    view! {
        <Card>
            <Table caption="Links" head=head>{rows}</Table>
        </Card>
        <Card title="Make a link">
            {move || form.beside(&["code", "name", "destination"]).get().map(|words| view! { <Note tone=Tone::Bad>{words}</Note> })}
            <PostForm form=form class="form">
                <input type="hidden" name="program" value=program/>
                <TextInput id="destination" label="Where it leads" kind="url" placeholder=website help="A page on the program's own site; its start page where you leave it empty." optional=true error=form.field("destination")/>
                <div class="form-row">
                    <TextInput id="code" label="Its ending" prefix=prefix help="Letters, digits, - and _. We choose one where you leave it empty." optional=true error=form.field("code")/>
                    <TextInput id="name" label="What you call it" placeholder="Newsletter" optional=true error=form.field("name")/>
                </div>
                <div class="form-actions">
                    <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Make the link"</Button>
                </div>
            </PostForm>
        </Card>
    }
    .into_any()
}

fn row(link: LinkRow, before: &str) -> AnyView {
    let full = format!("{before}{}", link.code);
    let shown = full.split_once("://").map_or(full.as_str(), |(_, rest)| rest).to_owned();
    let title = match (link.name.is_empty(), link.is_default) {
        (false, _) => format!("{} · to {}", link.name, link.destination),
        (true, true) => format!("Your link · to {}", link.destination),
        (true, false) => format!("To {}", link.destination),
    };
    view! {
        <tr>
            <td>
                {shown}
                {link.disabled.then(|| view! { " " <Pill text="Switched off"/> })}
                <small>{title}</small>
            </td>
            <td class="num">{grouped(link.clicks)}</td>
            <td class="num wide">{grouped(link.sign_ups)}</td>
            <td class="num wide">{grouped(link.customers)}</td>
            <td class="num wide"><Amount value=link.earned strong=true/></td>
            <td class="row-actions"><CopyButton text=full what="link"/></td>
        </tr>
    }
    .into_any()
}
