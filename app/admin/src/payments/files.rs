//! The files by which a batch is paid at PayPal or Wise.

use access::{Form, PostForm, Result};
use domain::ids::BatchId;
use domain::payments::{FileTaken, Marked, PayoutKind, ProviderFile, ProviderFiles};
use leptos::prelude::*;
use std::time::Duration;
use ui::{
    Amount, Button, ButtonKind, Card, CloseButton, Dialog, DialogButton, Glyph, Note, Table, Th, Tone, counted,
    grouped, use_toasts,
};

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

/// Marks the payments that stood in a file that was taken as sent.
#[server(prefix = "/fn", endpoint = "admin/batch/file-sent")]
pub async fn mark_file_sent(program: String, batch: BatchId, kind: PayoutKind, part: i64) -> Result<Marked> {
    access::answer(async {
        let asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::Pay)?;
        let access::Admin { state, conn, moment, actor, .. } = asking;
        // The use case takes a connection of its own.
        drop(conn);
        Ok(engine::payments::file_sent(&state.pool, &moment, &actor, batch, (kind, part)).await?)
    })
    .await
}

/// Says what came of marking a file's payments; which files are left is asked again.
pub(super) fn tell(sent: Form<MarkFileSent>, prepare: Form<PrepareFiles>) {
    let (program, id, toasts) = (show::program(), show::parameter("id"), use_toasts());
    Effect::new(move |_| match sent.answer() {
        Some(Ok(marked)) => {
            if marked.changed == 0 {
                toasts.note(marked.words());
            } else {
                toasts.say(marked.words());
            }
            if let Ok(batch) = id.get_untracked().parse() {
                prepare.send_fields(&PrepareFiles { program: program.get_untracked(), batch });
            }
        }
        Some(Err(error)) if error.leads_to("").is_none() => toasts.fail(error.words()),
        _ => {}
    });
}

/// The card, for those who may.
pub(super) fn card(form: Form<PrepareFiles>, sent: Form<MarkFileSent>, batch: BatchId, program: &str) -> AnyView {
    let of = Of { form, sent, batch, program: program.to_owned() };
    let found = move || form.answer().and_then(Result::ok).map(|files| listed(files, &of));
    view! {
        <Card title="Files for your payment provider">
            <p class="sub">
                "For PayPal mass payments and Wise batches: what is recorded and not sent yet. They hold payout details in full; each download is noted in the audit log. Mark a file's payments as sent once you have handed it in: what is handed in twice is paid twice."
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

/// Of which batch the files are, and what can be done with them.
struct Of {
    form: Form<PrepareFiles>,
    sent: Form<MarkFileSent>,
    batch: BatchId,
    program: String,
}

impl Of {
    /// The form that downloads a file, for the first time or again.
    fn download(&self, file: &ProviderFile, inside: AnyView) -> AnyView {
        let (form, batch, program) = (self.form, self.batch, self.program.clone());
        // Once the file has gone, the list tells who took it.
        let taken = move |_| {
            let program = program.clone();
            set_timeout(move || form.send_fields(&PrepareFiles { program, batch }), Duration::from_secs(2));
        };
        let again = file.taken.is_some().then(|| view! { <input type="hidden" name="again" value="true"/> });
        let action = format!("/admin/{}/payments/{batch}/file", self.program);
        let (kind, part) = (file.kind.as_str(), file.part.to_string());
        view! {
            // The server answers with the file: it is no page of the router's.
            <form method="post" action=action on:submit=taken>
                <input type="hidden" name="kind" value=kind/>
                <input type="hidden" name="part" value=part/>
                {again}
                {inside}
            </form>
        }
        .into_any()
    }

    /// What can be done with a file: who takes it a second time is asked.
    fn actions(&self, file: &ProviderFile) -> AnyView {
        let label = file.label();
        let Some(taken) = &file.taken else {
            let of_button = format!("Download {label}");
            let button =
                view! { <Button submit=true icon=Glyph::Download label=of_button>"Download"</Button> }.into_any();
            return self.download(file, button);
        };
        let sent = (taken.waiting > 0).then(|| {
            let of_button = format!("Mark as sent: {label}");
            let (form, batch) = (self.sent, self.batch.to_string());
            let (kind, part) = (file.kind.as_str(), file.part.to_string());
            view! {
                <PostForm form=form>
                    {show::program_field()}
                    <input type="hidden" name="batch" value=batch/>
                    <input type="hidden" name="kind" value=kind/>
                    <input type="hidden" name="part" value=part/>
                    <Button submit=true label=of_button busy=form.pending()>"Mark as sent"</Button>
                </PostForm>
            }
        });
        let again = (file.rows > 0).then(|| {
            let id = format!("again-{}-{}", file.kind, file.part);
            let words = format!("{} took it already. If it was handed in, all in it are paid twice.", by(taken));
            let inside = view! {
                <p>{words}</p>
                <div class="dialog-actions">
                    <CloseButton closes=id.clone()/>
                    <Button submit=true kind=ButtonKind::Danger>"Download it again"</Button>
                </div>
            };
            let form = self.download(file, inside.into_any());
            let of_button = format!("Download again: {label}");
            view! {
                <DialogButton opens=id.clone() kind=ButtonKind::Quiet label=of_button>"Download again"</DialogButton>
                <Dialog id=id title="Download this file a second time?">{form}</Dialog>
            }
        });
        view! { {sent}{again} }.into_any()
    }
}

fn by(taken: &FileTaken) -> String {
    if taken.by.is_empty() { "Somebody".to_owned() } else { taken.by.clone() }
}

fn listed(found: ProviderFiles, of: &Of) -> AnyView {
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
            <Th label="Taken" wide=true/>
            <Th label="Download" quiet=true/>
        }
    };
    let rows = files
        .into_iter()
        .map(|file| {
            let taken = file.taken.as_ref().map_or_else(
                || "Not yet".into_any(),
                |taken| view! { {by(taken)}<small>{show::time(taken.at)}</small> }.into_any(),
            );
            view! {
                <tr>
                    <td>{file.label()}</td>
                    <td class="num">{grouped(file.rows)}</td>
                    <td class="num"><Amount value=file.total/></td>
                    <td class="wide">{taken}</td>
                    <td class="row-actions">{of.actions(&file)}</td>
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
