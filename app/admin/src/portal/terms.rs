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
    Address, ButtonKind, ButtonLink, Card, Checkbox, EmptyState, Glyph, PageHead, SkeletonTable, Tab, Table, Tabs,
    Textarea, Th, grouped,
};

use super::welcome::{PreviewMarkdown, preview_of};
use crate::show;

/// Publishes the next version of the terms.
#[server(prefix = "/fn", endpoint = "admin/portal/terms/publish")]
pub async fn publish_terms(program: String, terms: Option<String>, ask: Option<bool>) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::EditProgram)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        let (terms, ask) = (terms.unwrap_or_default(), ask.unwrap_or_default());
        engine::portal::publish(&mut tx, &asking.moment, &asking.actor, &terms, ask).await?;
        tx.commit().await?;
        Ok(())
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
    let (words, body, next) = match current {
        Some(terms) => {
            let day = show::day(terms.published_at.date_naive());
            let words =
                format!("Version {} counts since {day}; accepted by {}.", terms.version, grouped(terms.accepted));
            (words, terms.body, terms.version + 1)
        }
        None => ("There are no terms: nothing is to be accepted on signing up.".to_owned(), String::new(), 1),
    };
    let label = format!("Terms, version {next}");
    let typed = RwSignal::new(body);
    let shown = preview_of("Preview of the terms", typed, html, preview);
    view! {
        <Card title="Terms" actions=move || view! { <ButtonLink href=all kind=ButtonKind::Quiet>"Versions and who accepted"</ButtonLink> }>
            {show::wrong(form.beside(&["terms"]))}
            <PostForm form=form class="form">
                {show::program_field()}
                <fieldset class="stack" disabled=!may_edit>
                    <p class="sub">{words}</p>
                    <Textarea id="terms" label=label bind=typed rows=8 help="Markdown, without images. Whoever signs up accepts them; earlier versions stay on record. An empty version takes them back." error=form.field("terms")/>
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
            <Th label="Version" num=true/>
            <Th label="Published"/>
            <Th label="By" wide=true/>
            <Th label="Present partners"/>
            <Th label="Accepted by" num=true/>
        }
    };
    let rows = versions
        .iter()
        .map(|terms| {
            view! {
                <tr>
                    <td class="num">{terms.version}</td>
                    <td>{show::time(terms.published_at)}</td>
                    <td class="wide">{terms.published_by.clone()}</td>
                    <td>{if terms.asks { "Asked to accept" } else { "Not asked" }}</td>
                    <td class="num">{grouped(terms.accepted)}</td>
                </tr>
            }
        })
        .collect_view();
    let texts = versions
        .into_iter()
        .map(|terms| {
            view! {
                <details>
                    <summary>"Version "{terms.version}</summary>
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
            view! {
                <tr>
                    <td>{show::partner_link(program, &acceptance.partner)}<small>{acceptance.by}</small></td>
                    <td class="num">{acceptance.version}</td>
                    <td>{show::time(acceptance.accepted_at)}</td>
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
