//! A batch: what became of each payment, its files, and what the provider tells of it.

use access::{Form, LazyPage, PostForm, Read, Result, Upload, read_after};
use domain::ids::{BatchId, PaymentId};
use domain::page::Page;
use domain::payments::{
    BatchSummary, DraftSource, MethodSum, PaymentRow, PaymentStatus, Prepared, ResultsPreview, StatusSum, TakenBack,
};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{
    Address, Amount, Button, ButtonKind, ButtonLink, Card, Choice, CloseButton, Dialog, Download, Fact, Facts, Glyph,
    PageHead, Pill, SearchInput, Select, SkeletonTable, Tab, Table, Tabs, TextInput, Th, Why, grouped, payment_state,
    use_toasts,
};

use super::files::{self, MarkFileSent, PrepareFiles};
use super::mark::{self, MarkPayments};
use super::results;
use crate::show;

/// What a batch's page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    summary: BatchSummary,
    payments: Page<PaymentRow>,
    /// Whether the asker may say what became of payments, and have the files.
    pays: bool,
}

/// A payment batch of a program, with a page of its payments.
#[server(prefix = "/fn", endpoint = "admin/batch", input = GetUrl)]
pub async fn read_batch(
    program: String,
    id: String,
    status: Option<String>,
    partner: Option<String>,
    cursor: Option<String>,
) -> Result<Shown> {
    use domain::page::Paging;
    use domain::payments::BatchFilter;
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let id: BatchId = id.parse().map_err(|_| access::Error::NotFound)?;
        let summary = engine::payments::batch(&mut asking.conn, &asking.actor, id).await?;
        let filter = BatchFilter { status: status.and_then(|word| word.parse().ok()), partner_code: partner };
        let paging = Paging { cursor, limit: None };
        let payments = engine::payments::batch_payments(&mut asking.conn, &asking.actor, id, &filter, &paging).await?;
        Ok(Shown { summary, payments, pays: asking.actor.may(domain::accounts::Power::Pay) })
    })
    .await
}

/// Takes a payment back that failed or was recorded by mistake: its entries are due again.
#[server(prefix = "/fn", endpoint = "admin/payments/take-back")]
pub async fn take_payment_back(program: String, id: PaymentId, becomes: String, reason: String) -> Result<()> {
    access::answer(async {
        let asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::Pay)?;
        let becomes: PaymentStatus =
            becomes.parse().map_err(|_| access::Error::field("becomes", "Choose what happened."))?;
        let access::Admin { state, conn, moment, actor, .. } = asking;
        drop(conn);
        Ok(engine::payments::take_back(&state.pool, &moment, &actor, id, becomes, &reason).await?)
    })
    .await
}

/// `/admin/{program}/payments/{id}`.
pub struct BatchPage {
    found: Read<Shown>,
    acts: Acts,
}

/// What can be done on the page.
#[derive(Clone, Copy)]
struct Acts {
    taking: Taking,
    mark: Form<MarkPayments>,
    files: Form<PrepareFiles>,
    sent: Form<MarkFileSent>,
    results: Upload,
}

/// The act of taking a payment back, and which one.
#[derive(Clone, Copy)]
struct Taking {
    form: Form<TakePaymentBack>,
    payment: RwSignal<Option<PaymentRow>>,
    open: RwSignal<bool>,
}

impl LazyPage for BatchPage {
    fn data() -> Self {
        let (program, id, address) = (show::program(), show::parameter("id"), show::address());
        let form = Form::<TakePaymentBack>::new();
        show::tell(form, "Payment taken back");
        let taking = Taking { form, payment: RwSignal::new(None), open: RwSignal::new(false) };
        form.settled(move |outcome| {
            if outcome.is_ok() {
                taking.open.set(false);
            }
        });
        let mark = Form::<MarkPayments>::new();
        mark::tell(mark);
        let (prepare, sent) = (Form::<PrepareFiles>::new(), Form::<MarkFileSent>::new());
        files::tell(sent, prepare);
        let results = Upload::new(access::UPLOAD_RESULTS);
        let (applied, toasts) = (RwSignal::new(0_usize), use_toasts());
        results.settled(move |outcome| match outcome {
            Ok(()) => {
                let done = matches!(results.answer::<ResultsPreview>(), Some(Ok(preview)) if preview.applied);
                if done {
                    toasts.say("Results applied");
                    applied.update(|count| *count += 1);
                }
            }
            Err(access::Error::Invalid(_)) => {}
            Err(error) if error.leads_to("").is_none() => toasts.fail(error.words()),
            Err(_) => {}
        });
        let found = read_after(
            move || form.answered() + mark.answered() + sent.answered() + applied.get(),
            move || {
                let of = |key| address.with(|address| show::value(address, key));
                ReadBatch {
                    program: program.get(),
                    id: id.get(),
                    status: of("status"),
                    partner: of("partner"),
                    cursor: of("cursor"),
                }
            },
        );
        Self { found, acts: Acts { taking, mark, files: prepare, sent, results } }
    }

    fn view(this: Self) -> AnyView {
        let BatchPage { found, acts } = this;
        let taking = acts.taking;
        let id = move || taking.payment.get().map(|payment| payment.id.to_string());
        let words = move || {
            taking.payment.get().map(|payment| {
                format!(
                    "{} to {} is due again, and shows on the Pay page. The partner is told by mail.",
                    payment.amount, payment.partner.name
                )
            })
        };
        let choices = vec![
            Choice::new(PaymentStatus::Failed.as_str(), "It failed: the money came back"),
            Choice::new(PaymentStatus::Cancelled.as_str(), "It was recorded by mistake"),
        ];
        view! {
            {found.show(|| view! { <Card><SkeletonTable columns=4/></Card> }.into_any(), move |shown| batch(shown, acts))}
            <Dialog id="take-back" title="Take this payment back?" open=taking.open>
                <PostForm form=taking.form class="form">
                    <p>{words}</p>
                    {show::program_field()}
                    <input type="hidden" name="id" prop:value=id/>
                    <Select id="becomes" label="What happened" choices=choices value=PaymentStatus::Failed.as_str()/>
                    <TextInput id="reason" label="Reason" required=true error=taking.form.field("reason") help="For the team alone."/>
                    <div class="dialog-actions">
                        <CloseButton closes="take-back"/>
                        <Button submit=true kind=ButtonKind::Danger busy=taking.form.pending()>"Take back"</Button>
                    </div>
                </PostForm>
            </Dialog>
        }
        .into_any()
    }
}

fn batch(shown: Shown, acts: Acts) -> AnyView {
    let Shown { summary, payments, pays } = shown;
    let recorded = (summary.batch.failed > 0).then(|| format!(" of {} recorded", summary.recorded()));
    let BatchSummary { batch, prepared, statuses, methods } = summary;
    let program = show::program().get_untracked();
    let address = show::address().get_untracked();
    let here = format!("/admin/{program}/payments/{}", batch.id);
    let file = address.without("cursor").with("id", &batch.id.to_string());
    let file = file.at(format!("/admin/{program}/export/batch.csv")).href();
    let note = if batch.note.is_empty() { "None".to_owned() } else { batch.note.clone() };
    let status = address.get("status").and_then(|word| word.parse::<PaymentStatus>().ok());
    let listed: i64 = match status {
        Some(status) => statuses.iter().filter(|sum| sum.status == status).map(|sum| sum.count).sum(),
        None => batch.payments,
    };
    let by_provider = pays.then(|| {
        view! {
            {files::card(acts.files, acts.sent, batch.id, &program)}
            {results::card(acts.results, batch.id, program.clone())}
        }
    });
    let list = list(payments, &address, &program, acts, pays.then_some((batch.id, listed, status)));
    view! {
        <Title text=batch.code.clone()/>
        <PageHead title=batch.code.clone() back=(format!("/admin/{program}/payments"), "Payments".to_owned())>
            <Download href=file what="payments of the batch"/>
            <ButtonLink href=format!("{here}/advices") icon=Glyph::Receipt>"Remittance advices"</ButtonLink>
        </PageHead>
        <Card>
            <Facts>
                <Fact label="Payment date">{show::day(batch.payment_date)}</Fact>
                {prepared.map(made)}
                <Fact label="Processed">{show::time(batch.created_at)}{by(&batch.created_by)}</Fact>
                <Fact label="Payments">{grouped(batch.payments)}</Fact>
                <Fact label="Total">{batch.total.to_string()}{recorded}</Fact>
                <Fact label="Note">{note}</Fact>
            </Facts>
        </Card>
        {totals(methods)}
        {tabs(&statuses, batch.payments, &address, status)}
        {list}
        {by_provider}
    }
    .into_any()
}

/// ` by Finn Finance`; of nobody, the system.
fn by(name: &str) -> String {
    format!(" by {}", if name.is_empty() { "the system" } else { name })
}

/// Who made the batch before it was processed, changed it last and agreed to it.
fn made(prepared: Prepared) -> AnyView {
    let Prepared { source, made_by, made_at, changed_by, agreed_by, agreed_at } = prepared;
    let maker = if source == DraftSource::Schedule && made_by.is_empty() {
        " by the monthly run".to_owned()
    } else {
        by(&made_by)
    };
    let changed = (!changed_by.is_empty()).then(|| view! { <Fact label="Changed last by">{changed_by}</Fact> });
    let agreed = agreed_at.map(|at| view! { <Fact label="Agreed to">{show::time(at)}{by(&agreed_by)}</Fact> });
    view! {
        <Fact label="Prepared">{show::time(made_at)}{maker}</Fact>
        {changed}
        {agreed}
    }
    .into_any()
}

/// What the batch comes to by method and currency.
fn totals(methods: Vec<MethodSum>) -> AnyView {
    let head = || {
        view! {
            <Th label="Payout method"/>
            <Th label="Currency" wide=true/>
            <Th label="Payments" num=true/>
            <Th label="Taken back" num=true wide=true/>
            <Th label="Total" num=true/>
        }
    };
    let rows = methods
        .into_iter()
        .map(|sum| {
            let method = if sum.method.is_empty() { "Not chosen".to_owned() } else { sum.method };
            view! {
                <tr>
                    <td>{method}</td>
                    <td class="wide">{sum.amount.currency.to_string()}</td>
                    <td class="num">{grouped(sum.count)}</td>
                    <td class="num wide">{grouped(sum.failed)}</td>
                    <td class="num"><Amount value=sum.amount strong=true/></td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <Card title="By method and currency">
            <Table caption="Totals by method and currency" head=head>{rows}</Table>
        </Card>
    }
    .into_any()
}

fn tabs(statuses: &[StatusSum], all: i64, address: &Address, chosen: Option<PaymentStatus>) -> AnyView {
    let plain = address.without("cursor").without("status");
    let tabs = statuses
        .iter()
        .map(|sum| {
            let href = plain.with("status", sum.status.as_str()).href();
            view! { <Tab href=href label=sum.status.label() count=sum.count current={chosen == Some(sum.status)}/> }
        })
        .collect_view();
    view! {
        <Tabs label="Payments by status">
            <Tab href=plain.href() label="All" count=all current=chosen.is_none()/>
            {tabs}
        </Tabs>
    }
    .into_any()
}

/// The payments; for those who may, with boxes and what can be done with the chosen ones, of so many in this status.
fn list(
    page: Page<PaymentRow>,
    address: &Address,
    program: &str,
    acts: Acts,
    chooses: Option<(BatchId, i64, Option<PaymentStatus>)>,
) -> AnyView {
    let searched = address.get("partner").unwrap_or_default().to_owned();
    let hidden = address
        .pairs_but(&["partner", "cursor"])
        .into_iter()
        .map(|(key, value)| view! { <input type="hidden" name=key value=value/> })
        .collect_view();
    let search = view! {
        <form class="filters" method="get" action=address.path().to_owned()>
            {hidden}
            <SearchInput id="partner" name="partner" label="Partner code" value=searched.clone()/>
            <Button submit=true>"Show"</Button>
        </form>
    }
    .into_any();
    if page.data.is_empty() {
        return view! { {search}{show::nothing_found(address)} }.into_any();
    }
    let count = RwSignal::new(0_usize);
    let pays = chooses.is_some();
    let bar = chooses.map(|(batch, listed, status)| {
        let shown = i64::try_from(page.data.len()).unwrap_or(i64::MAX);
        // A search for one partner narrows what is shown, not what is meant by all.
        let more = (searched.is_empty() && listed > shown).then_some(listed);
        mark::bar(acts.mark, count, batch, status, more)
    });
    let head = move || {
        view! {
            {pays.then(|| mark::BOXES.tick_all(count))}
            <Th label="Partner"/>
            <Th label="Payout method" under=true/>
            <Th label="Reference" under=true/>
            <Th label="Status" under=true/>
            <Th label="Payment" num=true/>
            <Th label="Actions" under=true quiet=true/>
        }
    };
    let pages = show::pages(&page, None, address);
    let path = address.path().to_owned();
    let rows =
        page.data.into_iter().map(|row| payment(row, program, &path, acts, pays.then_some(count))).collect_view();
    view! {
        {search}
        {bar}
        <Card>
            <Table caption="Payments of the batch" head=head phone_columns={if pays { 3 } else { 2 }}>{rows}</Table>
            {pages}
        </Card>
    }
    .into_any()
}

fn payment(row: PaymentRow, program: &str, path: &str, acts: Acts, boxes: Option<RwSignal<usize>>) -> AnyView {
    let paid = row.status.is_paid();
    let tick = boxes.map(|count| {
        let tick = paid.then(|| {
            mark::BOXES.tick(count, row.id.to_string(), format!("Choose the payment to {}", row.partner.name))
        });
        view! { <td class="check">{tick}</td> }
    });
    let take_back = (boxes.is_some() && paid).then(|| {
        let taking = acts.taking;
        let chosen = row.clone();
        let choose = move |()| {
            taking.payment.set(Some(chosen.clone()));
            taking.open.set(true);
        };
        view! { <Button kind=ButtonKind::Quiet on_click=choose label=format!("Take back the payment to {}", row.partner.name)>"Take back"</Button> }
    });
    let advice = format!("{path}/advices?payment={}", row.id);
    let advice_label = format!("Remittance advice for {}", row.partner.name);
    let reference = row.reference();
    let number = (!row.number.is_empty()).then(|| view! { <small>"Provider: "{row.number.clone()}</small> });
    let method = if row.method.is_empty() { "Not chosen".to_owned() } else { row.method };
    let taken_back = row.taken_back.map(|TakenBack { reason, by: name, at }| {
        view! {
            <small>{reason}</small>
            <small>{show::time(at)}{by(&name)}</small>
        }
    });
    let masked = (!row.masked.is_empty()).then(|| view! { <small>{row.masked.clone()}</small> });
    view! {
        <tr>
            {tick}
            <td>
                {show::partner_link(program, &row.partner)}
                <small>{row.partner.code.clone()}</small>
                <Why checks=row.why.0/>
            </td>
            <td class="under">{method}{masked}</td>
            <td class="under"><code>{reference}</code>{number}</td>
            <td class="under"><Pill tone=payment_state(row.status).0 text=row.status.label()/>{taken_back}</td>
            <td class="num"><Amount value=row.amount strong=true/></td>
            <td class="under row-actions">
                <ButtonLink href=advice kind=ButtonKind::Quiet label=advice_label>"Advice"</ButtonLink>
                {take_back}
            </td>
        </tr>
    }
    .into_any()
}
