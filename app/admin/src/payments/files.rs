//! The files by which a batch is paid at PayPal or Wise.

use access::{Form, PostForm, Result};
use domain::ids::BatchId;
use domain::payments::ProviderFiles;
use leptos::prelude::*;
use ui::{Amount, Button, Card, Glyph, Note, Table, Th, Tone, counted, grouped};

use crate::show;

/// Which files there are of a batch, and which payments are in none.
#[server(prefix = "/fn", endpoint = "admin/batch/files")]
pub async fn prepare_files(program: String, batch: BatchId) -> Result<ProviderFiles> {
    use domain::accounts::Power;
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(Power::Pay)?;
        asking.may(Power::RevealPayoutDetails)?;
        Ok(engine::payments::prepared(&mut asking.conn, &asking.state.secrets, &asking.actor, batch).await?)
    })
    .await
}

/// The card, for those who may.
pub(super) fn card(form: Form<PrepareFiles>, batch: BatchId, program: &str) -> AnyView {
    let action = format!("/admin/{program}/payments/{batch}/file");
    let found = move || form.answer().and_then(Result::ok).map(|files| listed(files, &action));
    view! {
        <Card title="Files for your payment provider">
            <p class="sub">
                "For PayPal mass payments and Wise batches: what is recorded and not sent yet. They hold payout details in full; each download is noted in the audit log."
            </p>
            {show::wrong(form.beside(&[]))}
            <PostForm form=form>
                {show::program_field()}
                <input type="hidden" name="batch" value=batch.to_string()/>
                <Button submit=true busy=form.pending()>"Prepare the files"</Button>
            </PostForm>
            {found}
        </Card>
    }
    .into_any()
}

fn listed(found: ProviderFiles, action: &str) -> AnyView {
    let ProviderFiles { files, left_out, gaps, others } = found;
    let none = files.is_empty().then(|| view! { <p>"No payment is left for a file."</p> });
    let others = (others > 0).then(|| {
        let words = format!("{} by other methods: no file pays them.", counted(others, "payment"));
        view! { <Note tone=Tone::Neutral>{words}</Note> }
    });
    let head = || {
        view! {
            <Th label="File"/>
            <Th label="Payments" num=true/>
            <Th label="Total" num=true/>
            <Th label="Download" quiet=true/>
        }
    };
    let rows = files
        .into_iter()
        .map(|file| {
            let (label, action) = (file.label(), action.to_owned());
            let of_button = format!("Download {label}");
            view! {
                <tr>
                    <td>{label}</td>
                    <td class="num">{grouped(file.rows)}</td>
                    <td class="num"><Amount value=file.total/></td>
                    <td class="row-actions">
                        // The server answers with the file: it is no page of the router's.
                        <form method="post" action=action>
                            <input type="hidden" name="kind" value=file.kind.as_str()/>
                            <input type="hidden" name="part" value=file.part.to_string()/>
                            <Button submit=true icon=Glyph::Download label=of_button>"Download"</Button>
                        </form>
                    </td>
                </tr>
            }
        })
        .collect_view();
    let files = none.is_none().then(|| view! { <Table caption="Files" head=head>{rows}</Table> });
    let gaps = (gaps > 0).then(|| {
        let words = format!("{} left out: pay them by hand.", counted(gaps, "payment"));
        let head = || view! { <Th label="Partner"/> <Th label="Why it is left out"/> <Th label="Payment" num=true/> };
        let rows = left_out
            .into_iter()
            .map(|row| {
                view! {
                    <tr>
                        <td>{row.partner.name}<small>{row.partner.code}</small></td>
                        <td>{row.gap.words()}</td>
                        <td class="num"><Amount value=row.amount/></td>
                    </tr>
                }
            })
            .collect_view();
        view! {
            <Note tone=Tone::Warn>{words}</Note>
            <Table caption="Payments in no file" head=head>{rows}</Table>
        }
    });
    view! { {none}{files}{gaps}{others} }.into_any()
}
