//! Partners from a file: looked at first; then those that can be are made, and the others are handed back.

use access::{ImportSent, LazyPage, Read, Result, read};
use domain::partners::{IMPORT_COLUMNS, ImportPreview, ImportProblem};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use std::time::Duration;
use ui::{
    Button, ButtonKind, ButtonLink, Card, FileInput, Glyph, Note, PageHead, SkeletonCard, Table, Textarea, Th, Tone,
    counted, grouped,
};

use crate::show;

/// The list that was posted to the page, and what was found in it.
#[server(prefix = "/fn", endpoint = "admin/partners/import", input = GetUrl)]
pub async fn read_import(program: String) -> Result<ImportSent> {
    access::answer(async {
        let asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::ManagePartners)?;
        Ok(use_context::<ImportSent>().unwrap_or_default())
    })
    .await
}

/// `/admin/{program}/partners/import`: its forms post to its own address, so that it works without scripts.
pub struct ImportPage(Read<ImportSent>);

impl LazyPage for ImportPage {
    fn data() -> Self {
        let program = show::program();
        Self(read(move || ReadImport { program: program.get() }))
    }

    fn view(this: Self) -> AnyView {
        let list = format!("/admin/{}/partners", show::program().get_untracked());
        view! {
            <Title text="Import partners"/>
            <PageHead title="Import partners" back=(list, "Partners".to_owned())/>
            {this.0.show(|| view! { <SkeletonCard lines=8/> }.into_any(), page)}
        }
        .into_any()
    }
}

fn page(sent: ImportSent) -> AnyView {
    let ImportSent { text, found } = sent;
    let list = format!("/admin/{}/partners", show::program().get_untracked());
    let address = show::address().get_untracked();
    let action = address.path().to_owned();
    let imported = address.get("imported").and_then(|rows| rows.parse::<i64>().ok()).filter(|_| found.is_none());
    if let Some(rows) = imported {
        let words = format!("{} imported", counted(rows, "partner"));
        return view! {
            <Card>
                <Note tone=Tone::Good>{words}</Note>
                <div class="form-actions">
                    <ButtonLink href=action>"Import more"</ButtonLink>
                    <ButtonLink href=list kind=ButtonKind::Primary>"To the partners"</ButtonLink>
                </div>
            </Card>
        }
        .into_any();
    }
    let (found, error) = match found {
        Some(Ok(found)) => (Some(found), None),
        Some(Err(error)) => (None, Some(error)),
        None => (None, None),
    };
    let of_field = |field: &str| error.as_ref().and_then(|error| error.of_field(field));
    let (of_file, of_text) = (of_field("file"), of_field("csv"));
    let beside = error.as_ref().filter(|_| of_file.is_none() && of_text.is_none()).map(access::Error::words);
    let columns = IMPORT_COLUMNS.join(", ");
    let help = format!(
        "The first line names the columns: {columns}. A name or a company is needed; tags stand between bars (|); the status is active or pending. Commas, semicolons or tabs between them will do. Each active partner with an e-mail gets an invitation."
    );
    let preview = found.map(|found| {
        let make = if found.imported { imported_some } else { preview };
        make(found, action.clone(), text.clone())
    });
    // What can be done next is the import, where there is one to do.
    let kind = if preview.is_some() { ButtonKind::Plain } else { ButtonKind::Primary };
    view! {
        {preview}
        <Card>
            {beside.map(|words| view! { <Note tone=Tone::Bad>{words}</Note> })}
            <form method="post" enctype="multipart/form-data" action=action class="form">
                <FileInput id="file" label="The file" accept=".csv,.txt,text/csv" help="It counts instead of the text below." error=Signal::derive(move || of_file.clone())/>
                <Textarea id="csv" label="The file's text (CSV)" value=text rows=12 placeholder="name,email,tags\nAda Lind,ada@partner.example,blog|nordic" help=help error=Signal::derive(move || of_text.clone())/>
                <div class="form-actions">
                    <ButtonLink href=list>"Cancel"</ButtonLink>
                    <Button kind=kind submit=true>"Preview"</Button>
                </div>
            </form>
        </Card>
    }
    .into_any()
}

/// Two clicks are one: a list without e-mails would be imported twice.
fn once() -> impl Fn(SubmitEvent) + 'static {
    let sent = StoredValue::new(false);
    move |event| {
        if sent.get_value() {
            event.prevent_default();
            return;
        }
        sent.set_value(true);
        // The page may come back with it, by the browser's button.
        set_timeout(
            move || {
                sent.try_set_value(false);
            },
            Duration::from_secs(5),
        );
    }
}

/// What became of it where some rows were left out: these stand in the field again.
fn imported_some(found: ImportPreview, action: String, text: String) -> AnyView {
    let made = format!("{} imported", counted(found.good(), "partner"));
    let left = format!(
        "{} left out. They stand below, each with its problem: mend them there, or download them, and import them again.",
        counted(found.wrong_rows, "row")
    );
    view! {
        <Card>
            <Note tone=Tone::Good>{made}</Note>
            <Note tone=Tone::Warn>{left}</Note>
            {download(action, text)}
        </Card>
    }
    .into_any()
}

/// The button that asks for the rows that can't be imported, as a file.
fn download(action: String, text: String) -> AnyView {
    view! {
        <form method="post" enctype="multipart/form-data" action=action>
            <input type="hidden" name="csv" value=text/>
            <input type="hidden" name="refused" value="true"/>
            <div class="form-actions">
                <Button submit=true icon=Glyph::Download>"Download what can't be imported"</Button>
            </div>
        </form>
    }
    .into_any()
}

/// What was found: what is wrong, and the form that imports the rest of the very list that was looked at.
fn preview(found: ImportPreview, action: String, text: String) -> AnyView {
    let good = found.good();
    let ImportPreview { rows, sample, problems, wrong_rows, passed_over, .. } = found;
    let passed_over = (!passed_over.is_empty()).then(|| {
        let words = format!("These columns are passed over: {}.", passed_over.join(", "));
        view! { <Note>{words}</Note> }
    });
    let refused = (wrong_rows > 0).then(|| download(action.clone(), text.clone()));
    let wrong = (wrong_rows > 0).then(|| {
        let words = format!("{} of {} can't be imported.", grouped(wrong_rows), counted(rows, "row"));
        let first = (wrong_rows > 1 && problems.len() >= 100).then_some(" These are the first.");
        view! {
            <Card title="What can't be imported">
                <Note tone=Tone::Bad>{words}{first}</Note>
                {problems_table(problems)}
                {refused}
            </Card>
        }
    });
    let right = (good > 0).then(|| {
        let words = format!("Import {}", counted(good, "partner"));
        let title = if (sample.len() as i64) < good { "The first that are imported" } else { "What is imported" };
        view! {
            <Card title=title>
                {sample_table(sample, title)}
                <form method="post" enctype="multipart/form-data" action=action on:submit=once()>
                    <input type="hidden" name="csv" value=text/>
                    <input type="hidden" name="make" value="true"/>
                    <div class="form-actions">
                        <Button kind=ButtonKind::Primary submit=true>{words}</Button>
                    </div>
                </form>
            </Card>
        }
    });
    view! {
        {passed_over}
        {wrong}
        {right}
    }
    .into_any()
}

fn problems_table(problems: Vec<ImportProblem>) -> AnyView {
    let head = || {
        view! {
            <Th label="Line" num=true/>
            <Th label="Who"/>
            <Th label="Column" wide=true/>
            <Th label="What is wrong"/>
        }
    };
    let rows = problems
        .into_iter()
        .map(|problem| {
            view! {
                <tr>
                    <td class="num">{grouped(problem.line)}</td>
                    <td>{problem.who}</td>
                    <td class="wide">{problem.column}</td>
                    <td>{problem.words}</td>
                </tr>
            }
        })
        .collect_view();
    view! { <Table caption="What can't be imported" head=head>{rows}</Table> }.into_any()
}

fn sample_table(sample: Vec<[String; 8]>, caption: &'static str) -> AnyView {
    let head = || {
        view! {
            <Th label="Name"/>
            <Th label="Company" wide=true/>
            <Th label="E-mail"/>
            <Th label="Website" wide=true/>
            <Th label="Code" wide=true/>
            <Th label="Tags" wide=true/>
            <Th label="Group" wide=true/>
            <Th label="Status" wide=true/>
        }
    };
    let rows = sample
        .into_iter()
        .map(|[name, company, email, website, code, tags, group, status]| {
            let tags = tags.replace('|', ", ");
            let status = if status.is_empty() { "active".to_owned() } else { status.to_lowercase() };
            view! {
                <tr>
                    <td>{name}</td>
                    <td class="wide">{company}</td>
                    <td>{email}</td>
                    <td class="wide">{website}</td>
                    <td class="wide">{code}</td>
                    <td class="wide">{tags}</td>
                    <td class="wide">{group}</td>
                    <td class="wide">{show::capitalised(&status)}</td>
                </tr>
            }
        })
        .collect_view();
    view! { <Table caption=caption head=head>{rows}</Table> }.into_any()
}
