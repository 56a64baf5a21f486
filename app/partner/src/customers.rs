//! The partner's customers: who signed up by it, and its leads that were won.

use access::{LazyPage, Read, Result, read};
use domain::customers::CustomerStatus;
use domain::page::Page;
use domain::portal::PortalPage;
use domain::reports::MyCustomer;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use ui::{
    Address, Amount, Button, Card, Choice, Download, EmptyState, Glyph, PageHead, Pill, SearchInput, Select,
    SkeletonTable, Table, Th, Tone, grouped,
};

use crate::show;

/// A page of the customers of the partner who asks.
#[server(prefix = "/fn", endpoint = "partner/customers", input = GetUrl)]
pub async fn read_customers(
    program: String,
    status: Option<String>,
    q: Option<String>,
    cursor: Option<String>,
) -> Result<Page<MyCustomer>> {
    access::answer(async {
        let mut asking = access::partner(&program, PortalPage::Customers).await?;
        let filter = domain::reports::MyCustomerFilter {
            status: status.and_then(|word| word.parse().ok()),
            search: q.filter(|text| !text.trim().is_empty()),
        };
        let paging = domain::page::Paging { cursor, limit: None };
        Ok(engine::reports::my_customers(&mut asking.conn, &asking.actor, &filter, &paging).await?)
    })
    .await
}

/// `/p/{program}/customers`.
pub struct CustomersPage(Read<Page<MyCustomer>>);

impl LazyPage for CustomersPage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        Self(read(move || {
            let of = |key| address.with(|address| show::value(address, key));
            ReadCustomers { program: program.get(), status: of("status"), q: of("q"), cursor: of("cursor") }
        }))
    }

    fn view(this: Self) -> AnyView {
        let (program, address) = (show::program(), show::address());
        view! {
            <Title text="Customers"/>
            <PageHead title="Customers" words="People whom you referred, and your leads that were won.">
                {move || view! { <Download href=show::file(&program.get(), "customers", &address.get()) what="customers"/> }}
            </PageHead>
            {move || filters(&address.get())}
            {this.0.show(|| view! { <Card><SkeletonTable columns=5/></Card> }.into_any(), move |page| list(page, &address.get_untracked()))}
        }
        .into_any()
    }
}

fn filters(address: &Address) -> AnyView {
    let of = |key: &str| address.get(key).unwrap_or_default().to_owned();
    let statuses = std::iter::once(Choice::new("", "Any status"))
        .chain(CustomerStatus::ALL.iter().map(|status| Choice::new(status.as_str(), status.label())))
        .collect();
    view! {
        <form class="filters" method="get" action=address.path().to_owned()>
            <SearchInput id="q" label="Search by e-mail or name" value=of("q")/>
            <Select id="status" label="Status" choices=statuses value=of("status")/>
            <Button submit=true>"Show"</Button>
        </form>
    }
    .into_any()
}

fn list(page: Page<MyCustomer>, address: &Address) -> AnyView {
    if page.data.is_empty() {
        if ["q", "status", "cursor"].iter().any(|key| address.get(key).is_some()) {
            return show::nothing_found(address);
        }
        return view! {
            <Card>
                <EmptyState
                    glyph=Glyph::Users
                    title="No customers yet"
                    words="When somebody signs up by your link or promo code, or a lead of yours is won, they show here."
                />
            </Card>
        }
        .into_any();
    }
    let program = show::program().get_untracked();
    let pages = show::pages(&page, None, address);
    let head = || {
        view! {
            <Th label="Customer"/>
            <Th label="Status" wide=true/>
            <Th label="Sales" num=true wide=true/>
            <Th label="Revenue" num=true/>
            <Th label="My commission" num=true wide=true/>
        }
    };
    let rows = page.data.into_iter().map(|customer| row(customer, &program)).collect_view();
    view! {
        <Card>
            <Table caption="Customers" head=head>{rows}</Table>
            {pages}
        </Card>
    }
    .into_any()
}

fn row(customer: MyCustomer, program: &str) -> AnyView {
    let tone = match customer.status {
        CustomerStatus::Paid => Tone::Good,
        CustomerStatus::SignedUp => Tone::Neutral,
    };
    let status = move || view! { <Pill tone=tone text=customer.status.label()/> };
    let label = customer.label;
    let who = match customer.lead.filter(|_| show::shows(PortalPage::Leads)) {
        Some(lead) => {
            let href = format!("/p/{program}/leads/{}", lead.id);
            view! { <a class="link" href=href>{label}</a><small>"Your lead"</small> }.into_any()
        }
        None => label.into_any(),
    };
    view! {
        <tr>
            <td>
                {who}
                <small>{customer.day.format("%-d %b %Y").to_string()}</small>
                <div class="narrow">{status()}</div>
            </td>
            <td class="wide">{status()}</td>
            <td class="num wide">{grouped(customer.sales)}</td>
            <td class="num"><Amount value=customer.revenue strong=true/></td>
            <td class="num wide"><Amount value=customer.earned/></td>
        </tr>
    }
    .into_any()
}
