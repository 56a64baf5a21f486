//! Sales to the partner's customers.

use access::{LazyPage, Read, Result, read};
use domain::reports::{Listed, Order, SaleRow, SaleState, SaleTotals};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use ui::{
    Address, Amount, Button, Card, Download, EmptyState, Glyph, PageHead, Pill, Select, SkeletonTable, Table,
    TextInput, Th, Tone, Why, orders, unless_zero,
};

use crate::show;

/// A page of the sales that count for the partner who asks.
#[server(prefix = "/fn", endpoint = "partner/sales", input = GetUrl)]
pub async fn read_sales(
    program: String,
    from: Option<String>,
    to: Option<String>,
    order: Option<String>,
    cursor: Option<String>,
) -> Result<Listed<SaleRow, SaleTotals>> {
    use domain::page::Paging;
    use domain::reports::SaleFilter;
    access::answer(async {
        let mut asking = access::partner(&program, domain::portal::PortalPage::Sales).await?;
        let filter = SaleFilter {
            from: from.and_then(|day| day.parse().ok()),
            to: to.and_then(|day| day.parse().ok()),
            order: order.and_then(|word| word.parse().ok()).unwrap_or_default(),
            ..SaleFilter::default()
        };
        let paging = Paging { cursor, limit: None };
        Ok(engine::reports::sales(&mut asking.conn, &asking.actor, &filter, &paging).await?)
    })
    .await
}

/// `/p/{program}/sales`.
pub struct SalesPage(Read<Listed<SaleRow, SaleTotals>>);

impl LazyPage for SalesPage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        Self(read(move || {
            let of = |key| address.with(|address| show::value(address, key));
            ReadSales {
                program: program.get(),
                from: of("from"),
                to: of("to"),
                order: of("order"),
                cursor: of("cursor"),
            }
        }))
    }

    fn view(this: Self) -> AnyView {
        let (program, address) = (show::program(), show::address());
        view! {
            <Title text="Sales"/>
            <PageHead title="Sales">
                {move || view! { <Download href=show::file(&program.get(), "sales", &address.get()) what="sales"/> }}
            </PageHead>
            {move || filters(&address.get())}
            {this.0.show(|| view! { <Card><SkeletonTable columns=5/></Card> }.into_any(), move |listed| list(listed, &address.get_untracked()))}
        }
        .into_any()
    }
}

fn filters(address: &Address) -> AnyView {
    let of = |key: &str| address.get(key).unwrap_or_default().to_owned();
    view! {
        <form class="filters" method="get" action=address.path().to_owned()>
            <TextInput id="from" label="From" kind="date" value=of("from")/>
            <TextInput id="to" label="To" kind="date" value=of("to")/>
            <Select id="order" label="Order" choices=orders(Order::ALL) value=of("order")/>
            <Button submit=true>"Show"</Button>
        </form>
    }
    .into_any()
}

fn list(listed: Listed<SaleRow, SaleTotals>, address: &Address) -> AnyView {
    let Listed { page, totals } = listed;
    if page.data.is_empty() {
        if ["from", "to", "cursor"].iter().any(|key| address.get(key).is_some()) {
            return show::nothing_found(address);
        }
        return view! {
            <Card>
                <EmptyState
                    glyph=Glyph::Cart
                    title="No sales yet"
                    words="When somebody who came by your link or promo code buys, the sale shows here."
                />
            </Card>
        }
        .into_any();
    }
    let pages = show::pages(&page, Some(totals.count), address);
    let head = || {
        view! {
            <Th label="Customer"/>
            <Th label="Product" wide=true/>
            <Th label="Status" wide=true/>
            <Th label="Amount" num=true wide=true/>
            <Th label="Refunded" num=true wide=true/>
            <Th label="My commission" num=true/>
        }
    };
    let foot = move || {
        view! {
            <td>"Total"</td>
            <td class="wide"></td>
            <td class="wide"></td>
            <td class="num wide"><Amount value=totals.amount strong=true/></td>
            <td class="num wide">{unless_zero(totals.refunded)}</td>
            <td class="num"></td>
        }
    };
    let rows = page.data.into_iter().map(row).collect_view();
    view! {
        <Card>
            <Table caption="Sales" head=head foot=foot>{rows}</Table>
            {pages}
        </Card>
    }
    .into_any()
}

fn tone(state: SaleState) -> Tone {
    match state {
        SaleState::Complete => Tone::Good,
        SaleState::PartlyRefunded => Tone::Warn,
        SaleState::Refunded => Tone::Bad,
    }
}

fn row(sale: SaleRow) -> AnyView {
    let state = sale.state();
    let small =
        if sale.product.is_empty() { sale.amount.to_string() } else { format!("{} · {}", sale.product, sale.amount) };
    view! {
        <tr>
            <td>
                {sale.customer.label}
                <small>{sale.day.format("%-d %b %Y").to_string()}</small>
                <div class="narrow"><Pill tone=tone(state) text=state.words()/><small>{small}</small><Why checks=sale.why.0.clone()/></div>
            </td>
            <td class="wide">{sale.product}<Why checks=sale.why.0/></td>
            <td class="wide"><Pill tone=tone(state) text=state.words()/></td>
            <td class="num wide"><Amount value=sale.amount/></td>
            <td class="num wide">{unless_zero(sale.refunded)}</td>
            <td class="num"><Amount value=sale.earned strong=true/></td>
        </tr>
    }
    .into_any()
}
