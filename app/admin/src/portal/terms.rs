//! The terms: their versions, and who accepted which.

use access::{Form, LazyPage, PostForm, Read, Result, read};
use domain::page::Page;
use domain::portal::{Acceptance, TermsVersion};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{ButtonKind, ButtonLink, Card, EmptyState, Glyph, PageHead, SkeletonTable, Table, Textarea, Th, grouped};

use crate::show;

/// Publishes the next version of the terms.
#[server(prefix = "/fn", endpoint = "admin/portal/terms/publish")]
pub async fn publish_terms(program: String, terms: Option<String>) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::EditProgram)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::portal::publish(&mut tx, &asking.moment, &asking.actor, &terms.unwrap_or_default()).await?;
        tx.commit().await?;
        Ok(())
    })
    .await
}

pub(super) fn card(current: Option<TermsVersion>, form: Form<PublishTerms>, may_edit: bool) -> AnyView {
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
    view! {
        <Card title="Terms" actions=move || view! { <ButtonLink href=all kind=ButtonKind::Quiet>"Versions and who accepted"</ButtonLink> }>
            {show::wrong(form.beside(&["terms"]))}
            <PostForm form=form class="form">
                {show::program_field()}
                <fieldset class="stack" disabled=!may_edit>
                    <p class="sub">{words}</p>
                    <Textarea id="terms" label=label value=body rows=8 help="Markdown. Whoever signs up accepts them; earlier versions stay on record. An empty version takes them back." error=form.field("terms")/>
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
    acceptances: Page<Acceptance>,
}

/// The versions of the terms, and who accepted which.
#[server(prefix = "/fn", endpoint = "admin/portal/terms", input = GetUrl)]
pub async fn read_terms(program: String, cursor: Option<String>) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let versions = engine::portal::versions(&mut asking.conn, &asking.actor, 200).await?;
        let paging = domain::page::Paging { cursor, limit: None };
        let acceptances = engine::portal::acceptances(&mut asking.conn, &asking.actor, &paging).await?;
        Ok(Shown { versions, acceptances })
    })
    .await
}

/// `/admin/{program}/portal/terms`.
pub struct TermsPage(Read<Shown>);

impl LazyPage for TermsPage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        Self(read(move || {
            let cursor = address.with(|address| show::value(address, "cursor"));
            ReadTerms { program: program.get(), cursor }
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
    let Shown { versions, acceptances } = shown;
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
            <Th label="Accepted by" num=true/>
        }
    };
    let rows = versions
        .iter()
        .map(|terms| {
            view! {
                <tr>
                    <td class="num">{terms.version}</td>
                    <td>{show::instant(terms.published_at)}</td>
                    <td class="wide">{terms.published_by.clone()}</td>
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
    let who_head = || {
        view! {
            <Th label="Partner"/>
            <Th label="Version" num=true/>
            <Th label="When"/>
        }
    };
    let foot = show::pages(&acceptances, None, &address);
    let who = acceptances
        .data
        .into_iter()
        .map(|acceptance| {
            view! {
                <tr>
                    <td>{show::partner_link(&program, &acceptance.partner)}<small>{acceptance.by}</small></td>
                    <td class="num">{acceptance.version}</td>
                    <td>{show::instant(acceptance.accepted_at)}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <Card title="Versions">
            <Table caption="Versions" head=head>{rows}</Table>
            <div class="stack">{texts}</div>
        </Card>
        <Card title="Who accepted">
            <Table caption="Who accepted" head=who_head>{who}</Table>
            {foot}
        </Card>
    }
    .into_any()
}
