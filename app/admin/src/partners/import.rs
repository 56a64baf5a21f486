//! Partners from a file: looked at first, then all made together.

use access::{ImportSent, LazyPage, Read, Result, read};
use domain::partners::{IMPORT_COLUMNS, ImportPreview};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use std::time::Duration;
use ui::{
    Button, ButtonKind, ButtonLink, Card, FileInput, Note, PageHead, SkeletonCard, Table, Textarea, Th, Tone, counted,
    grouped,
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
        "The first line names the columns: {columns}. A name or a company is needed; tags stand between bars (|). Each partner with an e-mail gets an invitation."
    );
    let preview = found.map(|found| preview(found, action.clone(), text.clone()));
    view! {
        <Card>
            {beside.map(|words| view! { <Note tone=Tone::Bad>{words}</Note> })}
            <form method="post" enctype="multipart/form-data" action=action class="form">
                <FileInput id="file" label="The file" accept=".csv,.txt,text/csv" help="It counts instead of the text below." error=Signal::derive(move || of_file.clone())/>
                <Textarea id="csv" label="The file's text (CSV)" value=text rows=12 placeholder="name,email,tags\nAda Lind,ada@partner.example,blog|nordic" help=help error=Signal::derive(move || of_text.clone())/>
                <div class="form-actions">
                    <ButtonLink href=list>"Cancel"</ButtonLink>
                    <Button kind=ButtonKind::Primary submit=true>"Look at it"</Button>
                </div>
            </form>
        </Card>
        {preview}
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

/// What was found; where nothing is wrong, with the form that imports the very list that was looked at.
fn preview(found: ImportPreview, action: String, text: String) -> AnyView {
    let ImportPreview { rows, sample, problems, wrong_rows, .. } = found;
    if wrong_rows > 0 {
        let words =
            format!("{} of {} rows need another look. Nothing was imported.", grouped(wrong_rows), grouped(rows));
        let head = || {
            view! {
                <Th label="Line" num=true/>
                <Th label="Column"/>
                <Th label="What is wrong"/>
            }
        };
        let problems = problems
            .into_iter()
            .map(|problem| {
                view! {
                    <tr>
                        <td class="num">{grouped(problem.line)}</td>
                        <td>{problem.column}</td>
                        <td>{problem.words}</td>
                    </tr>
                }
            })
            .collect_view();
        return view! {
            <Card title="What is wrong">
                <Note tone=Tone::Bad>{words}</Note>
                <Table caption="What is wrong" head=head>{problems}</Table>
            </Card>
        }
        .into_any();
    }
    let words = format!("Import {}", counted(rows, "partner"));
    let head = || {
        view! {
            <Th label="Name"/>
            <Th label="Company" wide=true/>
            <Th label="E-mail"/>
            <Th label="Code" wide=true/>
        }
    };
    let first = sample
        .into_iter()
        .map(|[name, company, email, code]| {
            view! {
                <tr>
                    <td>{name}</td>
                    <td class="wide">{company}</td>
                    <td>{email}</td>
                    <td class="wide">{code}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <Card title="The first rows">
            <Table caption="The first rows" head=head>{first}</Table>
            <form method="post" enctype="multipart/form-data" action=action on:submit=once()>
                <input type="hidden" name="csv" value=text/>
                <input type="hidden" name="make" value="true"/>
                <div class="form-actions">
                    <Button kind=ButtonKind::Primary submit=true>{words}</Button>
                </div>
            </form>
        </Card>
    }
    .into_any()
}
