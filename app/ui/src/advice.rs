//! A remittance advice, as the partner prints its own and the team those of a batch.

use domain::payments::{PaymentDetail, PaymentLine, PaymentPart, PaymentStatus};
use leptos::prelude::*;

use crate::chart::grouped;
use crate::display::{Amount, Card, Fact, Facts, Pill, Tone, Why};
use crate::table::{Table, Th};

/// What became of a payment as the partner reads it, with its tint.
pub fn payment_state(status: PaymentStatus) -> (Tone, &'static str) {
    let tone = match status {
        PaymentStatus::Recorded => Tone::Neutral,
        PaymentStatus::Sent => Tone::Accent,
        PaymentStatus::Confirmed => Tone::Good,
        PaymentStatus::Failed => Tone::Bad,
        PaymentStatus::Cancelled => Tone::Warn,
    };
    (tone, status.words())
}

/// What was paid to whom, and what it paid for. `of` tells one of several on a page from the others; `foot` stands below the
/// lines.
pub fn remittance_advice(detail: PaymentDetail, of: Option<String>, foot: AnyView) -> AnyView {
    let PaymentDetail { payment, program, payer, company, address, email, masked, parts, lines } = detail;
    let (tone, status) = payment_state(payment.status);
    let meaning = payment.status.meaning();
    let amount = payment.amount;
    let reference = payment.reference();
    let payee = if company.is_empty() || company == payment.partner.name {
        payment.partner.name
    } else {
        format!("{}, {company}", payment.partner.name)
    };
    let method = if payment.method.is_empty() { "Not told".to_owned() } else { payment.method };
    let named_for = |what: &str| match &of {
        Some(of) => format!("{what}: {of}"),
        None => what.to_owned(),
    };
    let (summary, paid_for) = (named_for("Summary"), named_for("What it paid for"));
    let parts = parts.into_iter().map(part).collect_view();
    let rows = lines.data.into_iter().map(row).collect_view();
    let head = || view! { <Th label="What for"/> <Th label="Customer" wide=true/> <Th label="Amount" num=true/> };
    let sums = || view! { <Th label="Summary"/> <Th label="Count" num=true/> <Th label="Amount" num=true/> };
    let total = move || {
        view! {
            <td>"In all"</td>
            <td class="num"></td>
            <td class="num"><Amount value=amount strong=true/></td>
        }
    };
    view! {
        <Card title="Remittance advice">
            <Facts>
                <Fact label="From">{named(payer.name, &payer.address)}</Fact>
                <Fact label="To">{named(payee, &address)}</Fact>
                <Fact label="Program">{program}</Fact>
                <Fact label="Partner code">{payment.partner.code}</Fact>
                <Fact label="E-mail">{email}</Fact>
                <Fact label="Date">{payment.payment_date.format("%-d %b %Y").to_string()}</Fact>
                <Fact label="Batch">{payment.batch_code}</Fact>
                <Fact label="Reference">{reference}</Fact>
                <Fact label="Method">{method}</Fact>
                {(!masked.is_empty()).then(|| view! { <Fact label="Account">{masked}</Fact> })}
                <Fact label="Status">
                    <Pill tone=tone text=status/>
                    <span class="sub">{meaning}</span>
                </Fact>
                <Fact label="Amount"><Amount value=amount strong=true/></Fact>
            </Facts>
            <Why checks=payment.why.0/>
        </Card>
        <Card title="What it paid for">
            <Table caption=summary head=sums foot=total>{parts}</Table>
            <Table caption=paid_for head=head>{rows}</Table>
            {foot}
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
    let reason = (!line.reason.is_empty()).then(|| view! { <small>{line.reason}</small> });
    view! {
        <tr>
            <td>
                {line.cause}
                {reason}
                <small>{line.day.format("%-d %b %Y").to_string()}</small>
                <small class="narrow">{line.customer.clone()}</small>
            </td>
            <td class="wide">{line.customer}</td>
            <td class="num"><Amount value=line.amount/></td>
        </tr>
    }
    .into_any()
}
