//! What the partner has been paid.

use access::{LazyPage, Read, Result, read};
use domain::payments::{PaymentRow, PaymentStatus, PaymentTotals};
use domain::reports::Listed;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use ui::{
    Address, Amount, Card, EmptyState, Glyph, PageHead, Pagination, Pill, SkeletonTable, Table, Th, Tone, Why, grouped,
};

use crate::show;

/// A page of the payouts of the partner who asks.
#[server(prefix = "/fn", endpoint = "partner/payouts", input = GetUrl)]
pub async fn read_payouts(program: String, cursor: Option<String>) -> Result<Listed<PaymentRow, PaymentTotals>> {
    use domain::page::Paging;
    use domain::payments::PaymentFilter;
    access::answer(async {
        let mut asking = access::partner(&program, domain::portal::PortalPage::Payouts).await?;
        let paging = Paging { cursor, limit: None };
        let all = PaymentFilter::default();
        Ok(engine::payments::payments(&mut asking.conn, &asking.actor, &all, &paging).await?)
    })
    .await
}

/// `/p/{program}/payouts`.
pub struct PayoutsPage(Read<Listed<PaymentRow, PaymentTotals>>);

impl LazyPage for PayoutsPage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        Self(read(move || ReadPayouts {
            program: program.get(),
            cursor: address.with(|address| show::value(address, "cursor")),
        }))
    }

    fn view(this: Self) -> AnyView {
        let found = this.0;
        let address = show::address();
        view! {
            <Title text="Payouts"/>
            <PageHead title="Payouts"/>
            {found.show(|| view! { <Card><SkeletonTable columns=4/></Card> }.into_any(), move |listed| list(listed, &address.get_untracked()))}
        }
        .into_any()
    }
}

fn list(listed: Listed<PaymentRow, PaymentTotals>, address: &Address) -> AnyView {
    let Listed { page, totals } = listed;
    if page.data.is_empty() {
        return view! {
            <Card>
                <EmptyState
                    glyph=Glyph::Bank
                    title="No payouts yet"
                    words="What is awaiting payout is paid with the program's next batch of payments, and shows here."
                />
            </Card>
        }
        .into_any();
    }
    let shown = format!("{} of {}", grouped(i64::try_from(page.data.len()).unwrap_or(0)), grouped(totals.count));
    let newer = address.get("cursor").map(|_| address.without("cursor").href());
    let older = page.next_cursor.as_ref().map(|cursor| address.with("cursor", cursor).href());
    let head = || {
        view! {
            <Th label="Paid on"/>
            <Th label="Method" wide=true/>
            <Th label="Status"/>
            <Th label="Amount" num=true/>
        }
    };
    let foot = move || {
        view! {
            <td>"Paid so far"</td>
            <td class="wide"></td>
            <td></td>
            <td class="num"><Amount value=totals.paid strong=true/></td>
        }
    };
    let rows = page.data.into_iter().map(row).collect_view();
    view! {
        <Card>
            <Table caption="Payouts" head=head foot=foot>{rows}</Table>
            <Pagination newer=newer older=older shown=shown/>
        </Card>
    }
    .into_any()
}

fn row(payment: PaymentRow) -> AnyView {
    let (tone, status) = match payment.status {
        PaymentStatus::Paid => (Tone::Good, "Paid"),
        PaymentStatus::Failed => (Tone::Bad, "Failed: due again"),
        PaymentStatus::Cancelled => (Tone::Neutral, "Cancelled: due again"),
    };
    view! {
        <tr>
            <td>
                {payment.payment_date.format("%-d %b %Y").to_string()}
                <small>{payment.batch_code}</small>
                <Why checks=payment.why.0/>
            </td>
            <td class="wide">{payment.method}</td>
            <td><Pill tone=tone text=status/></td>
            <td class="num"><Amount value=payment.amount strong=true/></td>
        </tr>
    }
    .into_any()
}
