//! The history of imports: how far each is, and the rows that were refused.

use super::{ReadImport, ReadImports};
use access::{LazyPage, Read, read};
use domain::leads::file::{ImportStatus, LeadImport};
use domain::page::Page;
use leptos::prelude::*;
use leptos_meta::Title;
use std::time::Duration;
use ui::{
    Address, ButtonLink, Card, EmptyState, Glyph, PageHead, Pill, SkeletonTable, Table, Th, Tone, counted, grouped,
    icon,
};

use crate::show;

/// `/p/{program}/leads/imports`.
pub struct ImportsPage(Read<Page<LeadImport>>);

impl LazyPage for ImportsPage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        Self(read(move || ReadImports {
            program: program.get(),
            cursor: address.with(|address| show::value(address, "cursor")),
        }))
    }

    fn view(this: Self) -> AnyView {
        let (found, program, address) = (this.0, show::program(), show::address());
        view! {
            <Title text="Import history"/>
            {move || {
                let program = program.get();
                let back = (list(&program), "Leads".to_owned());
                view! {
                    <PageHead title="Import history" back=back>
                        <ButtonLink href=format!("{}?import=1", list(&program))>"Import leads"</ButtonLink>
                    </PageHead>
                }
            }}
            {found.show(
                || view! { <Card><SkeletonTable columns=4/></Card> }.into_any(),
                move |imports| page(imports, &address.get_untracked()),
            )}
        }
        .into_any()
    }
}

/// The list of leads, from which imports are begun.
fn list(program: &str) -> String {
    format!("/p/{program}/leads")
}

fn page(imports: Page<LeadImport>, address: &Address) -> AnyView {
    if imports.data.is_empty() {
        if address.get("cursor").is_some() {
            return show::nothing_found(address);
        }
        return view! {
            <Card>
                <EmptyState
                    glyph=Glyph::History
                    title="No imports yet"
                    words="Import a file of leads: what became of it shows here."
                />
            </Card>
        }
        .into_any();
    }
    let pages = show::pages(&imports, None, address);
    let program = show::program().get_untracked();
    let head = || {
        view! {
            <Th label="File"/>
            <Th label="Status"/>
            <Th label="Leads" num=true wide=true/>
            <Th label="Refused" num=true wide=true/>
            <Th label="By" wide=true/>
        }
    };
    let rows = imports.data.into_iter().map(|import| row(&program, import)).collect_view();
    view! {
        <Card>
            <Table caption="Imports" head=head>{rows}</Table>
            {pages}
        </Card>
    }
    .into_any()
}

fn row(program: &str, import: LeadImport) -> AnyView {
    let name = if import.name.is_empty() { "Leads".to_owned() } else { import.name.clone() };
    let began = import.began.format("%-d %b %Y, %H:%M").to_string();
    let (group, by, rows) = (import.group.clone(), import.by.clone(), counted(import.rows, "row"));
    let file = format!("/p/{program}/lead-imports/{}/errors.csv", import.id);
    let import = RwSignal::new(import);
    follow(program.to_owned(), import);
    let sums = move || import.with(|import| (import.accepted, import.refused));
    let label = format!("Download error CSV of {name}");
    let errors = Memo::new(move |_| import.with(|import| import.has_errors && import.status.is_over()));
    let download = move || {
        errors.get().then(|| {
            view! {
                <a class="btn quiet" href=file.clone() rel="external" download="" aria-label=label.clone()>
                    {icon(Glyph::Download)}
                    "Download error CSV"
                </a>
            }
        })
    };
    view! {
        <tr>
            <td>
                {name}
                <small>{began}" · "{group}" · "{rows}</small>
                {download}
            </td>
            <td>{move || import.with(status)}<small class="narrow">{move || told(sums())}</small></td>
            <td class="num wide">{move || grouped(sums().0)}</td>
            <td class="num wide">{move || grouped(sums().1)}</td>
            <td class="wide">{by}</td>
        </tr>
    }
    .into_any()
}

fn told((accepted, refused): (i64, i64)) -> String {
    format!("{}, {} refused", counted(accepted, "lead"), grouped(refused))
}

fn status(import: &LeadImport) -> AnyView {
    let tone = match import.status {
        ImportStatus::Done if import.refused > 0 => Tone::Warn,
        ImportStatus::Done => Tone::Good,
        ImportStatus::Cancelled => Tone::Neutral,
        _ => Tone::Accent,
    };
    let progress = (import.status == ImportStatus::Working || import.status == ImportStatus::Ready).then(|| {
        let percent = import.percent().to_string();
        view! { <progress class="progress" max="100" value=percent aria-label="Progress of the import"></progress> }
    });
    view! {
        <Pill tone=tone text=import.status.label()/>
        {progress}
    }
    .into_any()
}

/// Asks each second how far it is, until it is over.
fn follow(program: String, import: RwSignal<LeadImport>) {
    let over = Memo::new(move |_| import.with(|import| import.status.is_over()));
    let id = import.with_untracked(|import| import.id);
    Effect::new(move |_| {
        if over.get() {
            return;
        }
        let program = program.clone();
        let look = move || {
            let request = ReadImport { program: program.clone(), id: id.to_string() };
            leptos::task::spawn_local(async move {
                // What can't be asked now is asked again in a second.
                if let Ok(found) = access::ask(request).await {
                    let _ = import.try_set(found);
                }
            });
        };
        let again = set_interval_with_handle(look, Duration::from_secs(1)).ok();
        on_cleanup(move || {
            if let Some(again) = again {
                again.clear();
            }
        });
    });
}
