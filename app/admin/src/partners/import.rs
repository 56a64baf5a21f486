//! Partners from a file: looked at first, then all made together.

use access::{Form, LazyPage, Result};
use domain::partners::{IMPORT_COLUMNS, ImportPreview};
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use leptos_meta::Title;
use ui::{Button, ButtonKind, ButtonLink, Card, Note, PageHead, Table, Textarea, Th, Tone, grouped, use_toasts};

use crate::show;

/// Reads a file of partners, and makes them where that is asked for and nothing is wrong.
#[server(prefix = "/fn", endpoint = "admin/partners/import", input = Json)]
pub async fn import_partners(program: String, csv: String, make: bool) -> Result<ImportPreview> {
    access::answer(async {
        let asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::ManagePartners)?;
        let access::Admin { state, conn, moment, actor, .. } = asking;
        // The use case takes connections of its own.
        drop(conn);
        Ok(engine::partners::import::import(&state.pool, &moment, &actor, &csv, make).await?)
    })
    .await
}

/// `/admin/{program}/partners/import`.
pub struct ImportPage(Form<ImportPartners>);

impl LazyPage for ImportPage {
    fn data() -> Self {
        Self(Form::new())
    }

    fn view(this: Self) -> AnyView {
        let form = this.0;
        let program = show::program();
        let list = move || format!("/admin/{}/partners", program.get());
        let csv = RwSignal::new(String::new());
        let send = move |make: bool| {
            form.send(&ImportPartners { program: program.get_untracked(), csv: csv.get_untracked(), make });
        };
        let (toasts, navigate) = (use_toasts(), leptos_router::hooks::use_navigate());
        Effect::new(move |_| {
            if let Some(Ok(done)) = form.answer()
                && done.imported
            {
                toasts.say(format!("{} partners imported", grouped(done.rows)));
                navigate(&list(), leptos_router::NavigateOptions::default());
            }
        });
        let columns = IMPORT_COLUMNS.join(", ");
        let help = format!(
            "The first line names the columns: {columns}. A name or a company is needed; tags stand between bars (|). Each partner with an e-mail gets an invitation."
        );
        view! {
            <Title text="Import partners"/>
            <PageHead title="Import partners" back=(list(), "Partners".to_owned())/>
            <Card>
                {show::wrong(form.beside(&["csv"]))}
                <div class="form">
                    <Textarea id="csv" label="The file's text (CSV)" bind=csv rows=12 placeholder="name,email,tags\nAda Lind,ada@partner.example,blog|nordic" help=help error=form.field("csv")/>
                    <div class="form-actions">
                        <ButtonLink href=list()>"Cancel"</ButtonLink>
                        <Button kind=ButtonKind::Primary on_click=move |()| send(false) busy=form.pending()>"Look at it"</Button>
                    </div>
                </div>
            </Card>
            {move || form.answer().and_then(Result::ok).filter(|found| !found.imported).map(|found| preview(found, form, send))}
        }
        .into_any()
    }
}

fn preview(
    found: ImportPreview,
    form: Form<ImportPartners>,
    send: impl Fn(bool) + Copy + Send + Sync + 'static,
) -> AnyView {
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
    let words = format!("Import {} partners", grouped(rows));
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
            <div class="form-actions">
                <Button kind=ButtonKind::Primary on_click=move |()| send(true) busy=form.pending()>{words}</Button>
            </div>
        </Card>
    }
    .into_any()
}
