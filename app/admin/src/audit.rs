//! Every act of the team, with who did it and when, in words.

use access::{LazyPage, Read, Result, read};
use domain::page::Page;
use domain::programs::AuditLine;
use domain::programs::audit::act_words;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{Address, Button, Card, EmptyState, Glyph, PageHead, SearchInput, SkeletonTable, Table, TextInput, Th};

use crate::show;

/// So many details are shown at once.
const MANY: usize = 6;

/// What the address asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    q: Option<String>,
    from: Option<String>,
    to: Option<String>,
    cursor: Option<String>,
}

/// A page of a program's audit log.
#[server(prefix = "/fn", endpoint = "admin/audit-log", input = GetUrl)]
pub async fn read_audit_log(program: String, #[server(default)] asked: Asked) -> Result<Page<AuditLine>> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let filter = domain::programs::AuditFilter {
            search: asked.q.unwrap_or_default(),
            by: None,
            from: asked.from.and_then(|day| day.parse().ok()),
            to: asked.to.and_then(|day| day.parse().ok()),
        };
        let paging = domain::page::Paging { cursor: asked.cursor, limit: None };
        Ok(engine::programs::audit::list(&mut asking.conn, &asking.actor, &filter, &paging).await?)
    })
    .await
}

/// `/admin/{program}/audit-log`.
pub struct AuditPage(Read<Page<AuditLine>>);

impl LazyPage for AuditPage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        Self(read(move || {
            let asked = address.with(|address| {
                let of = |key| show::value(address, key);
                Asked { q: of("q"), from: of("from"), to: of("to"), cursor: of("cursor") }
            });
            ReadAuditLog { program: program.get(), asked }
        }))
    }

    fn view(this: Self) -> AnyView {
        let address = show::address();
        view! {
            <Title text="Audit log"/>
            <PageHead title="Audit log"/>
            {move || filters(&address.get())}
            {this.0.show(|| view! { <Card><SkeletonTable columns=4/></Card> }.into_any(), list)}
        }
        .into_any()
    }
}

fn filters(address: &Address) -> AnyView {
    let of = |key: &str| address.get(key).unwrap_or_default().to_owned();
    view! {
        <form class="filters" method="get" action=address.path().to_owned()>
            <SearchInput id="q" label="Search acts and subjects" name="q" value=of("q")/>
            <TextInput id="from" label="From" kind="date" value=of("from")/>
            <TextInput id="to" label="To" kind="date" value=of("to")/>
            <Button submit=true>"Show"</Button>
        </form>
    }
    .into_any()
}

fn list(page: Page<AuditLine>) -> AnyView {
    let address = show::address().get_untracked();
    if page.data.is_empty() {
        if show::filtered(&address, &["q", "from", "to", "cursor"]) {
            return show::nothing_found(&address);
        }
        return view! {
            <Card>
                <EmptyState glyph=Glyph::History title="Nothing yet" words="What members of the team change shows here, with who did it and when."/>
            </Card>
        }
        .into_any();
    }
    let head = || {
        view! {
            <Th label="What"/>
            <Th label="Subject"/>
            <Th label="Who" wide=true/>
            <Th label="When" wide=true/>
        }
    };
    let pages = show::pages(&page, None, &address);
    let rows = page.data.into_iter().map(row).collect_view();
    view! {
        <Card>
            <Table caption="Audit log" head=head>{rows}</Table>
            {pages}
        </Card>
    }
    .into_any()
}

fn row(line: AuditLine) -> AnyView {
    let by = if line.by.is_empty() { "API key or Tributary".to_owned() } else { line.by };
    let who = by.clone();
    let act = act_words(&line.action).map_or(line.action.clone(), str::to_owned);
    let subject = if line.subject_path.is_empty() {
        line.subject.into_any()
    } else {
        let home = format!("/admin/{}/", show::program().get_untracked());
        // Older lines have the whole path.
        let href = format!("{home}{}", line.subject_path.strip_prefix(&home).unwrap_or(&line.subject_path));
        view! { <a class="link" href=href>{line.subject}</a> }.into_any()
    };
    let details = details(&line.details);
    view! {
        <tr>
            <td>{act}{details}<small class="narrow">{who}", "{show::time(line.at)}</small></td>
            <td>{subject}</td>
            <td class="wide">{by}</td>
            <td class="wide">{show::time(line.at)}</td>
        </tr>
    }
    .into_any()
}

/// The figures, behind a word where they are many.
fn details(words: &str) -> AnyView {
    let lines: Vec<String> = words.lines().map(str::to_owned).collect();
    let many = lines.len() > MANY;
    let summary = format!("{} details", lines.len());
    let lines = lines.into_iter().map(|line| view! { <small>{line}</small> }).collect_view();
    if many {
        view! { <details class="audit"><summary class="link">{summary}</summary>{lines}</details> }.into_any()
    } else {
        lines.into_any()
    }
}
