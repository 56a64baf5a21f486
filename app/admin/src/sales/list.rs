use access::{LazyPage, Read, Result, read};
use domain::reports::{Listed, Order, SaleRow, SaleTotals};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{
    Address, Amount, Button, ButtonLink, Card, EmptyState, Glyph, PageHead, SearchInput, Select, SkeletonTable, Table,
    TextInput, Th, Why, orders,
};

use crate::show;

/// What the address asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    partner_code: Option<String>,
    from: Option<String>,
    to: Option<String>,
    q: Option<String>,
    order: Option<String>,
    cursor: Option<String>,
}

/// A page of a program's sales.
#[server(prefix = "/fn", endpoint = "admin/sales", input = GetUrl)]
pub async fn read_sales(program: String, #[server(default)] asked: Asked) -> Result<Listed<SaleRow, SaleTotals>> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let filter = domain::reports::SaleFilter {
            partner_code: asked.partner_code.filter(|code| !code.trim().is_empty()),
            from: asked.from.and_then(|day| day.parse().ok()),
            to: asked.to.and_then(|day| day.parse().ok()),
            search: asked.q.filter(|text| !text.trim().is_empty()),
            order: asked.order.and_then(|word| word.parse().ok()).unwrap_or_default(),
        };
        let paging = domain::page::Paging { cursor: asked.cursor, limit: None };
        Ok(engine::reports::sales(&mut asking.conn, &asking.actor, &filter, &paging).await?)
    })
    .await
}

/// `/admin/{program}/sales`.
pub struct SalesPage(Read<Listed<SaleRow, SaleTotals>>);

impl LazyPage for SalesPage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        Self(read(move || {
            let asked = address.with(|address| {
                let of = |key| show::value(address, key);
                Asked {
                    partner_code: of("partner_code"),
                    from: of("from"),
                    to: of("to"),
                    q: of("q"),
                    order: of("order"),
                    cursor: of("cursor"),
                }
            });
            ReadSales { program: program.get(), asked }
        }))
    }

    fn view(this: Self) -> AnyView {
        let (address, program) = (show::address(), show::program());
        view! {
            <Title text="Sales"/>
            <PageHead title="Sales">
                {show::download("sales")}
                {move || {
                    let href = format!("/admin/{}/submitted-sales", program.get());
                    view! { <ButtonLink href=href icon=Glyph::Inbox>"Submitted by partners"</ButtonLink> }
                }}
            </PageHead>
            {move || filters(&address.get())}
            {this.0.show(|| view! { <Card><SkeletonTable columns=6/></Card> }.into_any(), list)}
        }
        .into_any()
    }
}

fn filters(address: &Address) -> AnyView {
    let of = |key: &str| address.get(key).unwrap_or_default().to_owned();
    view! {
        <form class="filters" method="get" action=address.path().to_owned()>
            <SearchInput id="q" label="Search customer, product or invoice" name="q" value=of("q")/>
            <TextInput id="partner_code" label="Partner code" placeholder="Partner code" value=of("partner_code")/>
            <TextInput id="from" label="From" kind="date" value=of("from")/>
            <TextInput id="to" label="To" kind="date" value=of("to")/>
            <Select id="order" label="Order" choices=orders(Order::ALL) value=of("order")/>
            <Button submit=true>"Show"</Button>
        </form>
    }
    .into_any()
}

fn list(listed: Listed<SaleRow, SaleTotals>) -> AnyView {
    let address = show::address().get_untracked();
    let program = show::program().get_untracked();
    let Listed { page, totals } = listed;
    if page.data.is_empty() {
        if show::filtered(&address, &["partner_code", "from", "to", "q", "cursor"]) {
            return show::nothing_found(&address);
        }
        return view! {
            <Card>
                <EmptyState glyph=Glyph::Cart title="No sales yet" words="Sales show here once your product reports them by the API."/>
            </Card>
        }
        .into_any();
    }
    let pages = show::pages(&page, Some(totals.count), &address);
    let sums = format!("{} in all, {} of it refunded", totals.amount, totals.refunded);
    view! {
        <Card>
            {table(page.data, &program)}
            <p class="sub">{sums}</p>
            {pages}
        </Card>
    }
    .into_any()
}

/// Sales as a table; a word where there are none.
pub(crate) fn table(sales: Vec<SaleRow>, program: &str) -> AnyView {
    if sales.is_empty() {
        return view! { <p class="sub">"No sales yet."</p> }.into_any();
    }
    let head = || {
        view! {
            <Th label="Sale"/>
            <Th label="Customer" wide=true/>
            <Th label="Partner" under=true/>
            <Th label="Amount" num=true/>
            <Th label="Refunded" num=true wide=true/>
            <Th label="Commissions" num=true wide=true/>
        }
    };
    let rows = sales.into_iter().map(|sale| row(sale, program)).collect_view();
    view! { <Table caption="Sales" head=head phone_columns=2>{rows}</Table> }.into_any()
}

fn row(sale: SaleRow, program: &str) -> AnyView {
    let href = format!("/admin/{program}/sales/{}", sale.id);
    let customer = format!("/admin/{program}/customers/{}", sale.customer.id);
    let title = if sale.product.is_empty() { "Sale".to_owned() } else { sale.product };
    let partner = match &sale.partner {
        Some(partner) => show::partner_link(program, partner),
        None => view! { <span class="muted">"Not referred"</span> }.into_any(),
    };
    let refunded = !sale.refunded.amount.is_zero();
    view! {
        <tr>
            <td>
                <a class="link" href=href>{title}</a>
                <small>{show::day(sale.day)}</small>
                <Why checks=sale.why.0/>
            </td>
            <td class="wide"><a class="link" href=customer>{sale.customer.label}</a></td>
            <td class="under">{partner}</td>
            <td class="num"><Amount value=sale.amount strong=true/></td>
            <td class="num wide">{refunded.then(|| view! { <Amount value=sale.refunded/> })}</td>
            <td class="num wide"><Amount value=sale.earned/></td>
        </tr>
    }
    .into_any()
}
