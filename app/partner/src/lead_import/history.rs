//! The history of imports: how far each is, and the rows that were refused.

use super::{CancelImport, History, ReadImport, ReadImports};
use access::{Form, LazyPage, PostForm, Read, read};
use domain::ids::EnrollmentId;
use domain::leads::file::{ImportStatus, LeadImport};
use leptos::prelude::*;
use leptos_meta::Title;
use std::time::Duration;
use ui::{
    Address, Button, ButtonKind, ButtonLink, Card, EmptyState, Glyph, PageHead, Pill, SkeletonTable, Table, Th, Tone,
    counted, grouped, use_toasts,
};

use crate::show;

/// `/p/{program}/leads/imports`.
pub struct ImportsPage(Read<History>, Form<CancelImport>);

impl LazyPage for ImportsPage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        let found = read(move || ReadImports {
            program: program.get(),
            cursor: address.with(|address| show::value(address, "cursor")),
        });
        Self(found, Form::new())
    }

    fn view(this: Self) -> AnyView {
        let (Self(found, cancel), address, toasts) = (this, show::address(), use_toasts());
        cancel.settled(move |outcome| match outcome {
            Ok(()) => toasts.say("Import cancelled: what had become leads stays"),
            Err(error) if error.leads_to("").is_none() => toasts.fail(error.words()),
            Err(_) => {}
        });
        view! {
            <Title text="Import history"/>
            {found.show(skeleton, move |history| page(history, cancel, &address.get_untracked()))}
        }
        .into_any()
    }
}

fn skeleton() -> AnyView {
    view! { <PageHead title="Import history"/><Card><SkeletonTable columns=4/></Card> }.into_any()
}

fn page(history: History, cancel: Form<CancelImport>, address: &Address) -> AnyView {
    let program = show::program().get_untracked();
    let leads = format!("/p/{program}/leads");
    let import =
        history.importing.then(|| view! { <ButtonLink href=format!("{leads}?import=1")>"Import leads"</ButtonLink> });
    let list = list(history, cancel, &program, address);
    view! {
        <PageHead title="Import history" back=(leads, "Leads".to_owned())>{import}</PageHead>
        {list}
    }
    .into_any()
}

fn list(history: History, cancel: Form<CancelImport>, program: &str, address: &Address) -> AnyView {
    let History { imports, partner, importing } = history;
    if imports.data.is_empty() {
        if address.get("cursor").is_some() {
            return show::nothing_found(address);
        }
        let words = if importing {
            "Import a file of leads: what became of it shows here."
        } else {
            "This program takes no files of leads at the moment."
        };
        return view! { <Card><EmptyState glyph=Glyph::History title="No imports yet" words=words/></Card> }.into_any();
    }
    let pages = show::pages(&imports, None, address);
    let head = || {
        view! {
            <Th label="File"/>
            <Th label="Status"/>
            <Th label="Leads" num=true wide=true/>
            <Th label="Refused" num=true wide=true/>
            <Th label="By" wide=true/>
        }
    };
    let rows = imports.data.into_iter().map(|import| row(program, partner, import, cancel)).collect_view();
    view! {
        <Card>
            <Table caption="Imports" head=head>{rows}</Table>
            {pages}
        </Card>
    }
    .into_any()
}

fn row(program: &str, partner: EnrollmentId, import: LeadImport, cancel: Form<CancelImport>) -> AnyView {
    let name = if import.name.is_empty() { "Leads".to_owned() } else { import.name.clone() };
    let began = import.began.format("%-d %b %Y, %H:%M").to_string();
    let (group, by, rows) = (import.group.clone(), import.by.clone(), counted(import.rows, "row"));
    let file = format!("/p/{program}/lead-imports/{}/errors.csv", import.id);
    let id = import.id;
    let import = RwSignal::new(import);
    follow(program.to_owned(), import, cancel);
    let sums = move || import.with(|import| (import.accepted, import.refused));
    let label = format!("Download error CSV of {name}");
    let errors = Memo::new(move |_| import.with(|import| import.has_errors && import.status.is_over()));
    let download = move || {
        errors.get().then(|| {
            view! {
                <small>
                    <a class="link" href=file.clone() rel="external" download="" aria-label=label.clone()>
                        "Download error CSV"
                    </a>
                </small>
            }
        })
    };
    let waits =
        Memo::new(move |_| import.with(|import| matches!(import.status, ImportStatus::Ready | ImportStatus::Working)));
    let (program, stop) =
        (StoredValue::new(program.to_owned()), StoredValue::new(format!("Cancel the import of {name}")));
    let cancel = move || {
        waits.get().then(|| {
            let whose = program.with_value(|program| show::whose(program, partner));
            view! {
                <PostForm form=cancel>
                    {whose}
                    <input type="hidden" name="id" value=id.to_string()/>
                    <Button kind=ButtonKind::Quiet submit=true label=stop.get_value() busy=cancel.pending()>"Cancel"</Button>
                </PostForm>
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
            <td>{move || import.with(status)}{cancel}<small class="narrow">{move || told(sums())}</small></td>
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
    let (tone, words) = match import.status {
        ImportStatus::Done if import.accepted == 0 => (Tone::Bad, "All refused"),
        ImportStatus::Done if import.refused > 0 => (Tone::Warn, "Done, some refused"),
        ImportStatus::Done => (Tone::Good, "Done"),
        ImportStatus::Cancelled => (Tone::Neutral, "Cancelled"),
        under_way => (Tone::Accent, under_way.label()),
    };
    let progress = (import.status == ImportStatus::Working || import.status == ImportStatus::Ready).then(|| {
        let percent = import.percent().to_string();
        view! { <progress class="progress" max="100" value=percent aria-label="Progress of the import"></progress> }
    });
    view! {
        <Pill tone=tone text=words/>
        {progress}
    }
    .into_any()
}

/// Asks every two seconds how far it is, until it is over.
fn follow(program: String, import: RwSignal<LeadImport>, cancel: Form<CancelImport>) {
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
                // What can't be asked now is asked again soon.
                if let Ok(found) = access::ask(request).await {
                    let _ = import.try_set(found);
                }
            });
        };
        // At once where it was cancelled.
        if cancel.answered() > 0 {
            look();
        }
        let again = set_interval_with_handle(look, Duration::from_secs(2)).ok();
        on_cleanup(move || {
            if let Some(again) = again {
                again.clear();
            }
        });
    });
}
