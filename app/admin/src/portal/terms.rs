//! The terms: their versions, and who accepted which.

use access::{Form, LazyPage, PostForm, Read, Result, read};
use domain::page::Page;
use domain::partners::PartnerName;
use domain::portal::{Acceptance, TermsVersion};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{
    Address, ButtonKind, ButtonLink, Card, Checkbox, EmptyState, Glyph, PageHead, Pill, SkeletonTable, Tab, Table,
    Tabs, Textarea, Th, Tone, grouped,
};

use super::welcome::{PreviewMarkdown, preview_of};
use crate::show;

/// Publishes the next version of the terms.
#[server(prefix = "/fn", endpoint = "admin/portal/terms/publish")]
pub async fn publish_terms(program: String, terms: Option<String>, ask: Option<bool>) -> Result<TermsVersion> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::EditProgram)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        let (terms, ask) = (terms.unwrap_or_default(), ask.unwrap_or_default());
        engine::portal::publish(&mut tx, &asking.moment, &asking.actor, &terms, ask).await?;
        let published = engine::portal::versions(&mut tx, &asking.actor, 1).await?.into_iter().next();
        tx.commit().await?;
        published.ok_or(access::Error::NotFound)
    })
    .await
}

/// The terms in force, and the text of the next version with its preview.
pub(super) fn card(
    current: Option<TermsVersion>,
    html: String,
    form: Form<PublishTerms>,
    preview: Form<PreviewMarkdown>,
    may_edit: bool,
) -> AnyView {
    let all = format!("{}/terms", show::address().get_untracked().path().trim_end_matches('/'));
    let body = current.as_ref().map(|terms| terms.body.clone()).unwrap_or_default();
    let current = RwSignal::new(current);
    form.settled(move |_| {
        if let Some(Ok(published)) = form.answer() {
            current.set(Some(published));
        }
    });
    let words = move || {
        current.with(|current| match current {
            Some(terms) => {
                let day = show::day_of(terms.published_at);
                let (version, accepted) = (terms.version, grouped(terms.accepted));
                let next = version + 1;
                format!("Version {version} counts since {day}; accepted by {accepted}. The next one is version {next}.")
            }
            None => "There are no terms: nothing is to be accepted on signing up.".to_owned(),
        })
    };
    let typed = RwSignal::new(body);
    let shown = preview_of("Preview of the terms", typed, html, preview);
    view! {
        <Card title="Terms" actions=move || view! { <ButtonLink href=all kind=ButtonKind::Quiet>"Versions and who accepted"</ButtonLink> }>
            {show::wrong(form.beside(&["terms"]))}
            <PostForm form=form class="form">
                {show::program_field()}
                <fieldset class="stack" disabled=!may_edit>
                    <p class="sub">{words}</p>
                    <Textarea id="terms" label="Terms" bind=typed rows=8 help="Markdown, without images. Whoever signs up accepts them; earlier versions stay on record. An empty version takes them back." error=form.field("terms")/>
                    {shown}
                    <Checkbox id="ask" label="Ask present partners to accept it" checked=true help="Until they have, each page of theirs says that there are terms to accept. Without it, the version is for those who join from now on."/>
                    {super::save(form.pending(), may_edit, "Publish this version")}
                </fieldset>
            </PostForm>
        </Card>
    }
    .into_any()
}

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    versions: Vec<TermsVersion>,
    /// How many partners have yet to accept the terms in force.
    waiting: i64,
    who: Who,
}

/// Which partners are listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Who {
    /// Those who accepted some version.
    Accepted(Page<Acceptance>),
    /// Those who have yet to accept the one in force.
    Waiting(Page<PartnerName>),
}

/// The versions of the terms, and who accepted which.
#[server(prefix = "/fn", endpoint = "admin/portal/terms", input = GetUrl)]
pub async fn read_terms(program: String, who: Option<String>, cursor: Option<String>) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let versions = engine::portal::versions(&mut asking.conn, &asking.actor, 200).await?;
        let paging = domain::page::Paging { cursor, limit: None };
        let waiting = engine::portal::count_yet_to_accept(&mut asking.conn, &asking.actor).await?;
        let who = if who.as_deref() == Some(WAITING) {
            Who::Waiting(engine::portal::yet_to_accept(&mut asking.conn, &asking.actor, &paging).await?)
        } else {
            Who::Accepted(engine::portal::acceptances(&mut asking.conn, &asking.actor, &paging).await?)
        };
        Ok(Shown { versions, waiting, who })
    })
    .await
}

/// In the address, as `who`: those who have yet to accept.
const WAITING: &str = "waiting";

/// `/admin/{program}/portal/terms`.
pub struct TermsPage(Read<Shown>);

impl LazyPage for TermsPage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        Self(read(move || {
            let of = |key| address.with(|address| show::value(address, key));
            ReadTerms { program: program.get(), who: of("who"), cursor: of("cursor") }
        }))
    }

    fn view(this: Self) -> AnyView {
        let back = (format!("/admin/{}/portal", show::program().get_untracked()), "Portal".to_owned());
        view! {
            <Title text="Terms"/>
            <PageHead title="Terms" back=back/>
            {this.0.show(|| view! { <Card><SkeletonTable columns=4/></Card> }.into_any(), page)}
        }
        .into_any()
    }
}

fn page(shown: Shown) -> AnyView {
    let Shown { versions, waiting, who } = shown;
    if versions.is_empty() {
        return view! {
            <Card>
                <EmptyState glyph=Glyph::Book title="No terms yet" words="Publish terms on the Portal page: whoever signs up accepts them."/>
            </Card>
        }
        .into_any();
    }
    let program = show::program().get_untracked();
    let address = show::address().get_untracked();
    let head = || {
        view! {
            <Th label="Version"/>
            <Th label="Published"/>
            <Th label="By"/>
            <Th label="Present partners" wide=true/>
            <Th label="Accepted by" num=true/>
        }
    };
    let newest = versions.first().map(|terms| terms.version);
    let rows = versions
        .iter()
        .map(|terms| {
            let (tone, word) =
                if terms.body.is_empty() { (Tone::Neutral, "Taken back") } else { (Tone::Good, "In force") };
            let state = (newest == Some(terms.version)).then(|| view! { " "<Pill tone=tone text=word/> });
            let by = if terms.published_by.is_empty() { "Unknown".to_owned() } else { terms.published_by.clone() };
            view! {
                <tr>
                    <td>{terms.version}{state}</td>
                    <td>{show::time(terms.published_at)}</td>
                    <td>{by}</td>
                    <td class="wide">{if terms.asks { "Asked to accept" } else { "Not asked" }}</td>
                    <td class="num">{grouped(terms.accepted)}</td>
                </tr>
            }
        })
        .collect_view();
    let texts = versions
        .into_iter()
        .map(|terms| {
            view! {
                <details class="fold">
                    <summary>"Text of version "{terms.version}</summary>
                    <p class="mail-text">{if terms.body.is_empty() { "Taken back.".to_owned() } else { terms.body }}</p>
                </details>
            }
        })
        .collect_view();
    let path = address.path().to_owned();
    let lists_waiting = matches!(who, Who::Waiting(_));
    let who = match who {
        Who::Accepted(acceptances) => accepted(&program, &address, acceptances),
        Who::Waiting(partners) => yet_to_accept(&program, &address, partners),
    };
    view! {
        <Card title="Versions">
            <Table caption="Versions" head=head>{rows}</Table>
            <div class="stack">{texts}</div>
        </Card>
        <Card title="Who accepted">
            <Tabs label="Who accepted">
                <Tab href=path.clone() label="Accepted" current=!lists_waiting/>
                <Tab href=format!("{path}?who={WAITING}") label="Not yet" count=Some(waiting) current=lists_waiting/>
            </Tabs>
            {who}
        </Card>
    }
    .into_any()
}

fn accepted(program: &str, address: &Address, acceptances: Page<Acceptance>) -> AnyView {
    if acceptances.data.is_empty() {
        return view! {
            <EmptyState glyph=Glyph::Users title="Nobody has accepted yet" words="Whoever accepts a version is listed here, with the version and the time."/>
        }
        .into_any();
    }
    let head = || {
        view! {
            <Th label="Partner"/>
            <Th label="Version" num=true/>
            <Th label="When"/>
        }
    };
    let foot = show::pages(&acceptances, None, address);
    let rows = acceptances
        .data
        .into_iter()
        .map(|acceptance| {
            let Acceptance { partner, by, version, accepted_at, .. } = acceptance;
            // Partners of one name are told apart by their codes.
            let known_as = if by.is_empty() || by == partner.name {
                partner.code.clone()
            } else {
                format!("{} · by {by}", partner.code)
            };
            view! {
                <tr>
                    <td>{show::partner_link(program, &partner)}<small>{known_as}</small></td>
                    <td class="num">{version}</td>
                    <td>{show::time(accepted_at)}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <Table caption="Who accepted" head=head>{rows}</Table>
        {foot}
    }
    .into_any()
}

fn yet_to_accept(program: &str, address: &Address, partners: Page<PartnerName>) -> AnyView {
    if partners.data.is_empty() {
        return view! { <p class="sub">"Every partner who was asked has accepted the terms in force."</p> }.into_any();
    }
    let foot = show::pages(&partners, None, address);
    let rows = partners
        .data
        .into_iter()
        .map(|partner| view! { <tr><td>{show::partner_link(program, &partner)}<small>{partner.code.clone()}</small></td></tr> })
        .collect_view();
    view! {
        <Table caption="Who has yet to accept" head=|| view! { <Th label="Partner"/> }>{rows}</Table>
        {foot}
    }
    .into_any()
}
