//! One payout: what it paid for, as a remittance advice to print.

use access::{LazyPage, Read, Result, read};
use domain::payments::{PaymentDetail, PaymentLine, PaymentPart, PaymentStatus};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use ui::{
    Address, Amount, Card, Download, Fact, Facts, PageHead, Pill, PrintButton, SkeletonCard, SkeletonTable, Table, Th,
    Why, grouped,
};

use crate::show;

/// A payout of the partner who asks, with a page of what it paid for.
#[server(prefix = "/fn", endpoint = "partner/payout", input = GetUrl)]
pub async fn read_payout(program: String, id: String, cursor: Option<String>) -> Result<PaymentDetail> {
    access::answer(async {
        let mut asking = access::partner(&program, domain::portal::PortalPage::Payouts).await?;
        let id: domain::ids::PaymentId = id.parse().map_err(|_| access::Error::NotFound)?;
        // A sheet of paper holds more than a screen.
        let paging = domain::page::Paging { cursor, limit: Some(500) };
        Ok(engine::payments::payment(&mut asking.conn, &asking.actor, id, &paging).await?)
    })
    .await
}

/// `/p/{program}/payouts/{id}`.
pub struct PayoutPage(Read<PaymentDetail>);

impl LazyPage for PayoutPage {
    fn data() -> Self {
        let (program, address, params) = (show::program(), show::address(), use_params_map());
        Self(read(move || ReadPayout {
            program: program.get(),
            id: params.with(|params| params.get("id").unwrap_or_default()),
            cursor: address.with(|address| show::value(address, "cursor")),
        }))
    }

    fn view(this: Self) -> AnyView {
        let address = show::address();
        view! {
            <Title text="Payout"/>
            {this.0.show(skeleton, move |detail| page(detail, &address.get_untracked()))}
        }
        .into_any()
    }
}

fn skeleton() -> AnyView {
    view! {
        <PageHead title="Payout"/>
        <SkeletonCard lines=6/>
        <Card><SkeletonTable columns=3/></Card>
    }
    .into_any()
}

fn page(detail: PaymentDetail, address: &Address) -> AnyView {
    let PaymentDetail { payment, program: of, payer, company, address: to, email, masked, parts, lines } = detail;
    let program = show::program().get_untracked();
    let file = format!("/p/{program}/export/payout.csv?id={}", payment.id);
    let (tone, status) = show::payment_state(payment.status);
    let amount = payment.amount;
    let payee = if company.is_empty() || company == payment.partner.name {
        payment.partner.name
    } else {
        format!("{}, {company}", payment.partner.name)
    };
    let method = if payment.method.is_empty() { "Not told".to_owned() } else { payment.method };
    let more = show::more_in_file(&lines);
    let pages = show::pages(&lines, None, address);
    let parts = parts.into_iter().map(part).collect_view();
    let rows = lines.data.into_iter().map(row).collect_view();
    let head = || view! { <Th label="What for"/> <Th label="Customer" wide=true/> <Th label="Amount" num=true/> };
    let sums = || view! { <Th label="Summary"/> <Th label="Count" num=true/> <Th label="Amount" num=true/> };
    let in_all = if payment.status.is_paid() { "Paid" } else { "In all" };
    let foot = move || {
        view! {
            <td>{in_all}</td>
            <td class="num"></td>
            <td class="num"><Amount value=amount strong=true/></td>
        }
    };
    view! {
        <PageHead title="Payout" back=(format!("/p/{program}/payouts"), "Payouts".to_owned())>
            <Download href=file what="payout"/>
            <PrintButton/>
        </PageHead>
        <Card title="Remittance advice">
            <Facts>
                <Fact label="From">{named(payer.name, &payer.address)}</Fact>
                <Fact label="To">{named(payee, &to)}</Fact>
                <Fact label="Program">{of}</Fact>
                <Fact label="Partner code">{payment.partner.code}</Fact>
                <Fact label="E-mail">{email}</Fact>
                <Fact label="Date">{payment.payment_date.format("%-d %b %Y").to_string()}</Fact>
                <Fact label="Batch">{payment.batch_code}</Fact>
                <Fact label="Method">{method}</Fact>
                {(!masked.is_empty()).then(|| view! { <Fact label="Account">{masked}</Fact> })}
                <Fact label="Status"><Pill tone=tone text=status/></Fact>
                <Fact label="Amount"><Amount value=amount strong=true/></Fact>
            </Facts>
            <Why checks=payment.why.0/>
        </Card>
        <Card title="What it paid for">
            <Table caption="Summary" head=sums foot=foot>{parts}</Table>
            <Table caption="What it paid for" head=head>{rows}</Table>
            {more}
            {pages}
        </Card>
    }
    .into_any()
}

/// Somebody's name above the lines of an address.
fn named(name: String, address: &str) -> AnyView {
    let lines = address.lines().map(|line| view! { <br/>{line.to_owned()} }).collect_view();
    view! { {name}{lines} }.into_any()
}

fn part(part: PaymentPart) -> AnyView {
    view! {
        <tr>
            <td>{part.kind.words()}</td>
            <td class="num">{grouped(part.count)}</td>
            <td class="num"><Amount value=part.amount/></td>
        </tr>
    }
    .into_any()
}

fn row(line: PaymentLine) -> AnyView {
    view! {
        <tr>
            <td>
                {line.cause}
                <small>{line.day.format("%-d %b %Y").to_string()}</small>
                <small class="narrow">{line.customer.clone()}</small>
            </td>
            <td class="wide">{line.customer}</td>
            <td class="num"><Amount value=line.amount/></td>
        </tr>
    }
    .into_any()
}
