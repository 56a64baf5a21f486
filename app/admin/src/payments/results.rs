//! What a payment provider tells of a batch: its result file, looked at first, then applied.

use access::{Upload, UploadForm};
use domain::ids::BatchId;
use domain::payments::{PaymentStatus, ResultRow, ResultsPreview};
use leptos::prelude::*;
use ui::{Button, ButtonKind, Card, FileInput, Note, Pill, Table, Th, Tone, counted, grouped};

use crate::show;

/// The card, for those who may.
pub(super) fn card(form: Upload, batch: BatchId, program: String) -> AnyView {
    let preview = Memo::new(move |_| form.answer::<ResultsPreview>().and_then(Result::ok));
    let changes = move || {
        let found = preview.get().filter(|found| found.wrong == 0 && !found.applied && found.changes() > 0);
        found.map(|found| {
            let words = format!("Apply {}", counted(found.changes(), "change"));
            view! { <Button submit=true kind=ButtonKind::Primary name="act" value="apply" busy=form.pending()>{words}</Button> }
        })
    };
    view! {
        <Card title="Results from your payment provider">
            <p class="sub">
                "Its result file as CSV in UTF-8, with the columns Reference, Amount, Currency and Status; ours, with the status filled in, will do as well. All of it is applied, or nothing."
            </p>
            {show::wrong(form.beside(&["file"]))}
            <UploadForm form=form program=program class="form">
                <input type="hidden" name="batch" value=batch.to_string()/>
                // What was found in one file is not applied from another.
                <div on:change=move |_| form.clear()>
                    <FileInput id="file" label="Result file" accept=".csv,.txt,text/csv" required=true error=form.field("file") progress=form.progress()/>
                </div>
                {move || preview.get().map(told)}
                <div class="form-actions">
                    <Button submit=true name="act" value="check" busy=form.pending()>"Check the file"</Button>
                    {changes}
                </div>
            </UploadForm>
        </Card>
    }
    .into_any()
}

fn told(found: ResultsPreview) -> AnyView {
    let counts = [
        (found.confirmed, "confirmed"),
        (found.sent, "sent"),
        (found.failed, "failed and due again"),
        (found.known, "known before"),
    ];
    let counts: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, words)| format!("{} {words}", grouped(*count)))
        .collect();
    let (tone, words) = match (found.wrong, found.applied) {
        (0, true) => (Tone::Good, format!("Applied: {}.", counts.join(", "))),
        (0, false) if found.changes() == 0 => (Tone::Neutral, "Nothing would change: all of it is known.".to_owned()),
        (0, false) => (Tone::Accent, format!("In {}: {}.", counted(found.lines, "line"), counts.join(", "))),
        (wrong, _) => (
            Tone::Bad,
            format!(
                "{} of {} wrong: nothing is applied. Mend the file, then check it again.",
                counted(wrong, "line"),
                grouped(found.lines)
            ),
        ),
    };
    let shown = i64::try_from(found.rows.len()).unwrap_or(i64::MAX);
    let more = (found.lines > shown).then(|| {
        view! { <p class="sub">{format!("The first {} of {} lines, those that are wrong before the others.", grouped(shown), grouped(found.lines))}</p> }
    });
    let head = || {
        view! {
            <Th label="Line" num=true/>
            <Th label="Partner"/>
            <Th label="Payment" num=true wide=true/>
            <Th label="What it says"/>
        }
    };
    let applied = found.applied;
    let rows = found.rows.into_iter().map(|row| line(row, applied)).collect_view();
    view! {
        <Note tone=tone>{words}</Note>
        {more}
        <Table caption="Lines of the result file" head=head>{rows}</Table>
    }
    .into_any()
}

fn line(row: ResultRow, applied: bool) -> AnyView {
    let caution = row.caution.map(|words| view! { " "<Pill tone=Tone::Warn text=words/> });
    let says = match (row.problem, row.becomes) {
        (Some(problem), _) => view! { <Pill tone=Tone::Bad text="Wrong"/>" "{problem} }.into_any(),
        (None, Some(status)) if applied => view! { {status.label()}{caution} }.into_any(),
        (None, Some(status)) => {
            let words = match status {
                PaymentStatus::Confirmed => "Will be confirmed",
                PaymentStatus::Sent => "Will be marked sent",
                _ => "Will be marked failed: due again",
            };
            view! { {words}{caution} }.into_any()
        }
        (None, None) => view! { <span class="sub">"Known before"</span> }.into_any(),
    };
    let who = row.partner.map_or_else(|| "Unknown".to_owned(), |partner| partner.name);
    view! {
        <tr>
            <td class="num">{row.line.to_string()}</td>
            <td>{who}<small class="break">{row.reference}</small></td>
            <td class="num wide">{row.amount.map(|amount| amount.to_string())}</td>
            <td>{says}</td>
        </tr>
    }
    .into_any()
}
