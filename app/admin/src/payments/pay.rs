use access::{Form, LazyPage, Read, Result, read_after};
use chrono::NaiveDate;
use domain::ids::{BatchId, EnrollmentId};
use domain::money::Money;
use domain::payments::{BatchInput, DuePartner, Preview, PreviewLine, Reviewed};
use leptos::prelude::*;
use leptos::server_fn::codec::{GetUrl, Json};
use leptos_meta::Title;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use rust_decimal::Decimal;
use std::collections::BTreeSet;
use ui::{
    Amount, Button, ButtonKind, Card, EmptyState, Glyph, PageHead, Pill, SkeletonTable, Steps, Table, TextInput, Th,
    Tone, use_toasts, wrong,
};

use crate::show;

/// The partners whose balance is due. It asks for the password or second factor first, so that nothing chosen is lost
/// to that question.
#[server(prefix = "/fn", endpoint = "admin/pay", input = GetUrl)]
pub async fn read_due_partners(program: String) -> Result<Vec<DuePartner>> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::Pay)?;
        Ok(engine::payments::due_partners(&mut asking.conn, &asking.actor, None).await?)
    })
    .await
}

/// What a batch of these partners would pay.
#[server(prefix = "/fn", endpoint = "admin/pay/preview", input = Json)]
pub async fn preview_batch(program: String, partners: Vec<EnrollmentId>) -> Result<Preview> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::Pay)?;
        Ok(engine::payments::preview(&mut asking.conn, &asking.moment, &asking.actor, &partners).await?)
    })
    .await
}

/// Records the batch that was reviewed; its id.
#[server(prefix = "/fn", endpoint = "admin/pay/record", input = Json)]
pub async fn record_batch(program: String, batch: BatchInput) -> Result<BatchId> {
    access::answer(async {
        let asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::Pay)?;
        let access::Admin { state, conn, moment, actor, .. } = asking;
        // The use case takes connections of its own.
        drop(conn);
        Ok(engine::payments::record_batch(&state.pool, &moment, &actor, &batch).await?.batch.id)
    })
    .await
}

/// `/admin/{program}/pay`.
pub struct PayPage {
    found: Read<Vec<DuePartner>>,
    paying: Paying,
}

/// What the three steps share.
#[derive(Clone, Copy)]
struct Paying {
    program: Memo<String>,
    chosen: RwSignal<BTreeSet<EnrollmentId>>,
    preview: Form<PreviewBatch>,
    record: Form<RecordBatch>,
    /// What is reviewed; `None` while partners are chosen.
    reviewed: RwSignal<Option<Preview>>,
}

impl LazyPage for PayPage {
    fn data() -> Self {
        let program = show::program();
        let (preview, record) = (Form::<PreviewBatch>::new(), Form::<RecordBatch>::new());
        let paying =
            Paying { program, chosen: RwSignal::new(BTreeSet::new()), preview, record, reviewed: RwSignal::new(None) };
        let (toasts, navigate) = (use_toasts(), use_navigate());
        Effect::new(move |_| match preview.answer() {
            Some(Ok(batch)) => paying.reviewed.set(Some(batch)),
            Some(Err(error)) if error.leads_to("").is_none() => toasts.fail(error.words()),
            _ => {}
        });
        Effect::new(move |_| {
            if let Some(Ok(batch)) = record.answer() {
                toasts.say("Payments recorded");
                navigate(&format!("/admin/{}/payments/{batch}", program.get_untracked()), NavigateOptions::default());
            }
        });
        let found = read_after(move || record.answered(), move || ReadDuePartners { program: program.get() });
        Self { found, paying }
    }

    fn view(this: Self) -> AnyView {
        let PayPage { found, paying } = this;
        provide_context(paying);
        let step = Signal::derive(move || if paying.reviewed.with(Option::is_some) { 1 } else { 0 });
        view! {
            <Title text="Pay"/>
            <PageHead title="Pay"/>
            {move || view! { <Steps names=&["Choose partners", "Review and record"] current=step.get()/> }}
            <div hidden=move || paying.reviewed.with(Option::is_some)>
                {found.show(|| view! { <Card><SkeletonTable columns=5/></Card> }.into_any(), choose)}
            </div>
            {move || paying.reviewed.get().map(|preview| review(preview, paying))}
        }
        .into_any()
    }
}

fn choose(partners: Vec<DuePartner>) -> AnyView {
    let Some(paying) = use_context::<Paying>() else { return ().into_any() };
    let program = show::program().get_untracked();
    let Some(currency) = partners.first().map(|partner| partner.due.currency) else {
        let payments = format!("/admin/{program}/payments");
        return view! {
            <Card>
                <EmptyState
                    glyph=Glyph::Bank
                    title="Nobody to pay now"
                    words="Partners show here once a commission of theirs is due: when its hold has ended."
                >
                    <ui::ButtonLink href=payments>"Earlier payments"</ui::ButtonLink>
                </EmptyState>
            </Card>
        }
        .into_any();
    };
    let payable: Vec<(EnrollmentId, Decimal)> =
        partners.iter().filter(|row| row.left_out.is_none()).map(|row| (row.partner.id, row.due.amount)).collect();
    let usual: BTreeSet<EnrollmentId> = partners
        .iter()
        .filter(|row| row.left_out.is_none() && row.flags.is_empty())
        .map(|row| row.partner.id)
        .collect();
    if paying.chosen.with_untracked(BTreeSet::is_empty) {
        paying.chosen.set(usual);
    }
    let everybody: BTreeSet<EnrollmentId> = payable.iter().map(|(id, _)| *id).collect();
    let nobody = Signal::derive(move || paying.chosen.with(BTreeSet::is_empty));
    let chosen_all = Signal::derive({
        let everybody = everybody.clone();
        move || paying.chosen.with(|chosen| *chosen == everybody)
    });
    let chosen_some = move || !nobody.get() && !chosen_all.get();
    // Where some are chosen the first press clears them, so that one may start from nobody.
    let choose_all = move |_| {
        let everybody = everybody.clone();
        paying.chosen.update(|chosen| if chosen.is_empty() { *chosen = everybody } else { chosen.clear() });
    };
    let sum = move || {
        let total = paying
            .chosen
            .with(|chosen| payable.iter().filter(|(id, _)| chosen.contains(id)).map(|(_, due)| *due).sum::<Decimal>());
        Money::new(total, currency).to_string()
    };
    let count = move || paying.chosen.with(BTreeSet::len);
    let go_on = move |()| {
        let partners = paying.chosen.get_untracked().into_iter().collect();
        paying.preview.send(&PreviewBatch { program: paying.program.get_untracked(), partners });
    };
    let head = move || {
        let choose_all = choose_all.clone();
        view! {
            <th class="check" scope="col">
                <input type="checkbox" aria-label="Choose all" prop:checked=chosen_all prop:indeterminate=chosen_some on:change=choose_all/>
            </th>
            <Th label="Partner"/>
            <Th label="Payout method" wide=true/>
            <Th label="Held" num=true wide=true/>
            <Th label="Due" num=true/>
        }
    };
    let rows = partners.into_iter().map(|row| due_row(row, paying, &program)).collect_view();
    view! {
        <Card>
            <Table caption="Partners with a balance that is due" head=head>{rows}</Table>
            <div class="form-actions between">
                <span class="sub">{count}" chosen, "<b>{sum}</b></span>
                <Button kind=ButtonKind::Primary disabled=nobody busy=paying.preview.pending() on_click=go_on>"Review"</Button>
            </div>
        </Card>
    }
    .into_any()
}

fn due_row(row: DuePartner, paying: Paying, program: &str) -> AnyView {
    let id = row.partner.id;
    let label = format!("Choose {}", row.partner.name);
    let toggle = move |_| {
        paying.chosen.update(|chosen| {
            if !chosen.remove(&id) {
                chosen.insert(id);
            }
        });
    };
    let box_or_reason = match row.left_out {
        None => view! {
            <input type="checkbox" aria-label=label prop:checked=move || paying.chosen.with(|chosen| chosen.contains(&id)) on:change=toggle/>
        }
        .into_any(),
        Some(_) => ().into_any(),
    };
    let flags = row.flags.iter().map(|flag| view! { <Pill tone=Tone::Warn text=flag.words()/> }).collect_view();
    let left_out = row.left_out.map(|reason| view! { <small>{reason.words()}</small> });
    let method = if row.method.is_empty() { "Not chosen yet".to_owned() } else { row.method };
    view! {
        <tr>
            <td class="check">{box_or_reason}</td>
            <td>
                {show::partner_link(program, &row.partner)}
                <small>{row.partner.code.clone()}</small>
                {left_out}
                <div class="row">{flags}</div>
            </td>
            <td class="wide">{method}</td>
            <td class="num wide"><Amount value=row.held/></td>
            <td class="num"><Amount value=row.due strong=true/></td>
        </tr>
    }
    .into_any()
}

fn review(preview: Preview, paying: Paying) -> AnyView {
    let Preview { at, code, payment_date, lines, total } = preview;
    let (paid, left_out): (Vec<PreviewLine>, Vec<PreviewLine>) =
        lines.into_iter().partition(|line| line.left_out.is_none());
    let reviewed: Vec<Reviewed> =
        paid.iter().map(|line| Reviewed { enrollment: line.partner.id, amount: line.amount }).collect();
    let (batch_code, date, note) =
        (RwSignal::new(code), RwSignal::new(payment_date.to_string()), RwSignal::new(String::new()));
    let wrong_date = RwSignal::new(None::<String>);
    let none = reviewed.is_empty();
    let record = move |()| {
        let Ok(payment_date) = date.get_untracked().parse::<NaiveDate>() else {
            wrong_date.set(Some("Use a date such as 2026-12-01.".into()));
            return;
        };
        wrong_date.set(None);
        let batch = BatchInput {
            partners: reviewed.clone(),
            reviewed_at: at,
            code: batch_code.get_untracked(),
            payment_date,
            note: note.get_untracked(),
        };
        paying.record.send(&RecordBatch { program: paying.program.get_untracked(), batch });
    };
    let back = move |()| {
        paying.reviewed.set(None);
        paying.record.clear();
    };
    let date_error = Signal::derive(move || wrong_date.get().or_else(|| paying.record.field("payment_date").get()));
    let head = || {
        view! {
            <Th label="Partner"/>
            <Th label="Payout method" wide=true/>
            <Th label="Entries" num=true wide=true/>
            <Th label="Payment" num=true/>
        }
    };
    let foot = move || {
        view! {
            <td>"Total"</td>
            <td class="wide"></td>
            <td class="num wide"></td>
            <td class="num"><Amount value=total strong=true/></td>
        }
    };
    let rows = paid.into_iter().map(line).collect_view();
    let left_out = (!left_out.is_empty()).then(|| {
        let lines = left_out
            .into_iter()
            .map(|line| {
                let reason = line.left_out.map(domain::payments::LeftOut::words).unwrap_or_default();
                view! { <li><b>{line.partner.name}</b>" "<span class="sub">{reason}</span></li> }
            })
            .collect_view();
        view! { <Card title="Left out"><ul class="list">{lines}</ul></Card> }
    });
    view! {
        {wrong(paying.record.beside(&["code", "payment_date", "note"]))}
        <Card title="Review">
            <Table caption="Payments to be recorded" head=head foot=foot>{rows}</Table>
        </Card>
        {left_out}
        <Card title="Record the batch">
            <div class="form">
                <div class="form-row">
                    <TextInput id="code" label="Batch ID" bind=batch_code required=true error=paying.record.field("code")/>
                    <TextInput id="payment_date" label="Payment date" kind="date" bind=date required=true error=date_error/>
                </div>
                <TextInput id="note" label="Note" optional=true bind=note error=paying.record.field("note")/>
                <p class="sub">"Tributary records that these partners are paid; the money itself goes by your bank or payment provider."</p>
                <div class="form-actions">
                    <Button on_click=back>"Back"</Button>
                    <Button kind=ButtonKind::Primary disabled=none busy=paying.record.pending() on_click=record>"Create payments"</Button>
                </div>
            </div>
        </Card>
    }
    .into_any()
}

fn line(line: PreviewLine) -> AnyView {
    let flags = line.flags.iter().map(|flag| view! { <Pill tone=Tone::Warn text=flag.words()/> }).collect_view();
    let method = if line.method.is_empty() { "Not chosen yet".to_owned() } else { line.method };
    view! {
        <tr>
            <td>{line.partner.name}<small>{line.partner.code}</small><div class="row">{flags}</div></td>
            <td class="wide">{method}</td>
            <td class="num wide">{line.entries}</td>
            <td class="num"><Amount value=line.amount strong=true/></td>
        </tr>
    }
    .into_any()
}
