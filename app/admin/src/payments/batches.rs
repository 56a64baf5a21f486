use access::{Form, LazyPage, PostForm, Read, Result, read, read_after};
use domain::ids::PaymentId;
use domain::page::Page;
use domain::payments::{BatchDetail, BatchRow, PaymentRow, PaymentStatus};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{
    Amount, Button, ButtonKind, ButtonLink, Card, Choice, CloseButton, Dialog, EmptyState, Fact, Facts, Glyph,
    PageHead, Pill, Select, SkeletonTable, Table, TextInput, Th, Tone, Why, grouped,
};

use crate::show;

/// A page of a program's payment batches, the newest first.
#[server(prefix = "/fn", endpoint = "admin/payments", input = GetUrl)]
pub async fn read_batches(program: String, cursor: Option<String>) -> Result<Page<BatchRow>> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        Ok(engine::payments::batches(&mut asking.conn, &asking.actor, &domain::page::Paging { cursor, limit: None })
            .await?)
    })
    .await
}

/// `/admin/{program}/payments`.
pub struct BatchesPage(Read<Page<BatchRow>>);

impl LazyPage for BatchesPage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        Self(read(move || ReadBatches {
            program: program.get(),
            cursor: address.with(|address| show::value(address, "cursor")),
        }))
    }

    fn view(this: Self) -> AnyView {
        view! {
            <Title text="Payments"/>
            <PageHead title="Payments"/>
            {this.0.show(|| view! { <Card><SkeletonTable columns=4/></Card> }.into_any(), list)}
        }
        .into_any()
    }
}

fn list(page: Page<BatchRow>) -> AnyView {
    let address = show::address().get_untracked();
    let program = show::program().get_untracked();
    if page.data.is_empty() {
        let pay = format!("/admin/{program}/pay");
        return view! {
            <Card>
                <EmptyState glyph=Glyph::Bank title="No payments yet" words="Each batch that you record shows here, with what it paid to whom.">
                    <ButtonLink href=pay>"Pay partners"</ButtonLink>
                </EmptyState>
            </Card>
        }
        .into_any();
    }
    let head = || {
        view! {
            <Th label="Batch"/>
            <Th label="Payment date" wide=true/>
            <Th label="Recorded by" wide=true/>
            <Th label="Payments" num=true/>
            <Th label="Total" num=true/>
        }
    };
    let pages = show::pages(&page, None, &address);
    let rows = page
        .data
        .into_iter()
        .map(|batch| {
            let href = format!("/admin/{program}/payments/{}", batch.id);
            let failed = (batch.failed > 0).then(|| format!("{} taken back", grouped(batch.failed)));
            view! {
                <tr>
                    <td>
                        <a class="link" href=href>{batch.code}</a>
                        <small class="narrow">{show::day(batch.payment_date)}</small>
                        {failed.map(|words| view! { <small>{words}</small> })}
                    </td>
                    <td class="wide">{show::day(batch.payment_date)}</td>
                    <td class="wide">{batch.created_by}</td>
                    <td class="num">{grouped(batch.payments)}</td>
                    <td class="num"><Amount value=batch.total strong=true/></td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <Card>
            <Table caption="Payment batches" head=head>{rows}</Table>
            {pages}
        </Card>
    }
    .into_any()
}

/// What a batch's page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    detail: BatchDetail,
    /// Whether the asker may take payments back.
    pays: bool,
}

/// A payment batch of a program.
#[server(prefix = "/fn", endpoint = "admin/batch", input = GetUrl)]
pub async fn read_batch(program: String, id: String) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let id: domain::ids::BatchId = id.parse().map_err(|_| access::Error::NotFound)?;
        let detail = engine::payments::batch(&mut asking.conn, &asking.actor, id).await?;
        Ok(Shown { detail, pays: asking.actor.may(domain::accounts::Power::Pay) })
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
    taking: Taking,
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
        let (program, id) = (show::program(), show::parameter("id"));
        let form = Form::<TakePaymentBack>::new();
        show::tell(form, "Payment taken back");
        let taking = Taking { form, payment: RwSignal::new(None), open: RwSignal::new(false) };
        form.settled(move |outcome| {
            if outcome.is_ok() {
                taking.open.set(false);
            }
        });
        let found = read_after(move || form.answered(), move || ReadBatch { program: program.get(), id: id.get() });
        Self { found, taking }
    }

    fn view(this: Self) -> AnyView {
        let BatchPage { found, taking } = this;
        provide_context(taking);
        let id = move || taking.payment.get().map(|payment| payment.id.to_string());
        let words = move || {
            taking.payment.get().map(|payment| {
                format!("{} to {} is due again, and shows on the Pay page.", payment.amount, payment.partner.name)
            })
        };
        let choices = vec![
            Choice::new(PaymentStatus::Failed.as_str(), "It failed: the money came back"),
            Choice::new(PaymentStatus::Cancelled.as_str(), "It was recorded by mistake"),
        ];
        view! {
            {found.show(|| view! { <Card><SkeletonTable columns=4/></Card> }.into_any(), batch)}
            <Dialog id="take-back" title="Take this payment back?" open=taking.open>
                <PostForm form=taking.form class="form">
                    <p>{words}</p>
                    {show::program_field()}
                    <input type="hidden" name="id" prop:value=id/>
                    <Select id="becomes" label="What happened" choices=choices value=PaymentStatus::Failed.as_str()/>
                    <TextInput id="reason" label="Reason" required=true error=taking.form.field("reason") help="Kept in the audit log."/>
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

fn batch(shown: Shown) -> AnyView {
    let Shown { detail: BatchDetail { batch, payments }, pays } = shown;
    let program = show::program().get_untracked();
    let head = || {
        view! {
            <Th label="Partner"/>
            <Th label="Payout method" wide=true/>
            <Th label="Status"/>
            <Th label="Payment" num=true/>
            <Th label="" wide=true/>
        }
    };
    let rows = payments.into_iter().map(|payment| payment_row(payment, &program, pays)).collect_view();
    let note = if batch.note.is_empty() { "None".to_owned() } else { batch.note };
    view! {
        <Title text=batch.code.clone()/>
        <PageHead title=batch.code.clone() back=(format!("/admin/{program}/payments"), "Payments".to_owned())/>
        <Card>
            <Facts>
                <Fact label="Payment date">{show::day(batch.payment_date)}</Fact>
                <Fact label="Recorded">{show::time(batch.created_at)}" by "{batch.created_by}</Fact>
                <Fact label="Payments">{grouped(batch.payments)}</Fact>
                <Fact label="Total">{batch.total.to_string()}</Fact>
                <Fact label="Note">{note}</Fact>
            </Facts>
        </Card>
        <Card>
            <Table caption="Payments of the batch" head=head>{rows}</Table>
        </Card>
    }
    .into_any()
}

fn payment_row(payment: PaymentRow, program: &str, pays: bool) -> AnyView {
    let (tone, words) = match payment.status {
        PaymentStatus::Paid => (Tone::Good, "Paid"),
        PaymentStatus::Failed => (Tone::Bad, "Failed"),
        PaymentStatus::Cancelled => (Tone::Neutral, "Cancelled"),
    };
    let take_back = (pays && payment.status == PaymentStatus::Paid).then(|| {
        let taking = use_context::<Taking>();
        let chosen = payment.clone();
        let choose = move |()| {
            if let Some(taking) = taking {
                taking.payment.set(Some(chosen.clone()));
                taking.open.set(true);
            }
        };
        view! { <Button kind=ButtonKind::Quiet on_click=choose label=format!("Take back the payment to {}", payment.partner.name)>"Take back"</Button> }
    });
    view! {
        <tr>
            <td>
                {show::partner_link(program, &payment.partner)}
                <small>{payment.partner.code.clone()}</small>
                <Why checks=payment.why.0/>
            </td>
            <td class="wide">{payment.method}</td>
            <td><Pill tone=tone text=words/></td>
            <td class="num"><Amount value=payment.amount strong=true/></td>
            <td class="wide row-actions">{take_back}</td>
        </tr>
    }
    .into_any()
}
