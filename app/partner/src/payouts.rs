//! What the partner has been paid.

use access::{LazyPage, Read, Result, read};
use domain::payments::{PaymentRow, PaymentStatus, PaymentTotals};
use domain::portal::PortalPage;
use domain::reports::Listed;
use domain::text::FieldError;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{
    Address, Amount, Button, Card, Choice, Download, EmptyState, Glyph, PageHead, Pill, Select, SkeletonTable, Table,
    TextInput, Th, Why, address_issue, payment_state,
};

use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// None where the days can't be shown.
    listed: Option<Listed<PaymentRow, PaymentTotals>>,
    /// What is wrong with the days.
    issues: Vec<FieldError>,
}

/// A page of the payouts of the partner who asks.
#[server(prefix = "/fn", endpoint = "partner/payouts", input = GetUrl)]
pub async fn read_payouts(
    program: String,
    status: Option<String>,
    from: Option<String>,
    to: Option<String>,
    cursor: Option<String>,
) -> Result<Shown> {
    use domain::page::Paging;
    use domain::payments::PaymentFilter;
    access::answer(async {
        let mut asking = access::partner(&program, PortalPage::Payouts).await?;
        let paging = Paging { cursor, limit: None };
        let filter = PaymentFilter {
            status: status.and_then(|word| word.parse().ok()),
            from: from.and_then(|day| day.parse().ok()),
            to: to.and_then(|day| day.parse().ok()),
            ..PaymentFilter::default()
        };
        // The day of a payment may lie ahead.
        let issues = domain::time::check_order(filter.from, filter.to);
        let listed = if issues.is_empty() {
            Some(engine::payments::payments(&mut asking.conn, &asking.actor, &filter, &paging).await?)
        } else {
            None
        };
        Ok(Shown { listed, issues })
    })
    .await
}

/// `/p/{program}/payouts`.
pub struct PayoutsPage(Read<Shown>);

impl LazyPage for PayoutsPage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        Self(read(move || {
            let of = |key| address.with(|address| show::value(address, key));
            ReadPayouts {
                program: program.get(),
                status: of("status"),
                from: of("from"),
                to: of("to"),
                cursor: of("cursor"),
            }
        }))
    }

    fn view(this: Self) -> AnyView {
        let found = this.0;
        let (program, address) = (show::program(), show::address());
        view! {
            <Title text="Payouts"/>
            <PageHead title="Payouts">
                {move || view! { <Download href=show::file(&program.get(), "payouts", &address.get()) what="payouts"/> }}
            </PageHead>
            {move || show::tabs(&program.get(), PortalPage::Payouts)}
            {found.show(
                || view! { <Card><SkeletonTable columns=4/></Card> }.into_any(),
                move |Shown { listed, issues }| {
                    let address = address.get_untracked();
                    view! {
                        {filters(&issues, &address)}
                        {listed.map(|listed| list(listed, &address))}
                    }
                    .into_any()
                },
            )}
        }
        .into_any()
    }
}

fn list(listed: Listed<PaymentRow, PaymentTotals>, address: &Address) -> AnyView {
    let Listed { page, totals } = listed;
    if page.data.is_empty() {
        if ["status", "from", "to", "cursor"].iter().any(|key| address.get(key).is_some()) {
            return show::nothing_found(address);
        }
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
    let pages = show::pages(&page, Some(totals.count), address);
    let head = || {
        view! {
            <Th label="Date"/>
            <Th label="Batch" wide=true/>
            <Th label="Method" wide=true/>
            <Th label="Status"/>
            <Th label="Amount" num=true/>
        }
    };
    let foot = move || {
        view! {
            <td>"In all, but for what is due again"</td>
            <td class="wide"></td>
            <td class="wide"></td>
            <td></td>
            <td class="num"><Amount value=totals.paid strong=true/></td>
        }
    };
    let program = show::program().get_untracked();
    let rows = page.data.into_iter().map(|payment| row(payment, &program)).collect_view();
    view! {
        <Card>
            <Table caption="Payouts" head=head foot=foot>{rows}</Table>
            {pages}
        </Card>
    }
    .into_any()
}

fn filters(issues: &[FieldError], address: &Address) -> AnyView {
    let statuses = std::iter::once(Choice::new("", "Any status"))
        .chain(PaymentStatus::ALL.iter().map(|status| Choice::new(status.as_str(), payment_state(*status).1)))
        .collect();
    let of = |key: &str| address.get(key).unwrap_or_default().to_owned();
    view! {
        <form class="filters" method="get" action=address.path().to_owned()>
            <Select id="status" label="Status" choices=statuses value=of("status")/>
            <TextInput id="from" label="From" kind="date" value=of("from") error=address_issue(issues, "from")/>
            <TextInput id="to" label="To" kind="date" value=of("to") error=address_issue(issues, "to")/>
            <Button submit=true>"Show"</Button>
        </form>
    }
    .into_any()
}

fn row(payment: PaymentRow, program: &str) -> AnyView {
    let (tone, status) = payment_state(payment.status);
    let href = format!("/p/{program}/payouts/{}", payment.id);
    view! {
        <tr>
            <td>
                <a class="link" href=href>{payment.payment_date.format("%-d %b %Y").to_string()}</a>
                <small class="narrow">{payment.batch_code.clone()}</small>
                <Why checks=payment.why.0/>
            </td>
            <td class="wide">{payment.batch_code}</td>
            <td class="wide">{payment.method}</td>
            <td><Pill tone=tone text=status/></td>
            <td class="num"><Amount value=payment.amount strong=true/></td>
        </tr>
    }
    .into_any()
}
