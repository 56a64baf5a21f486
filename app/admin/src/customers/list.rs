use access::{LazyPage, Read, Result, read};
use domain::attribution::Source;
use domain::customers::CustomerStatus;
use domain::reports::{CustomerRow, CustomerTotals, Listed, Order};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{
    Address, Amount, Button, Card, Choice, EmptyState, Glyph, PageHead, Pill, SearchInput, Select, SkeletonTable,
    Table, TextInput, Th, Tone, Why, grouped, orders,
};

use crate::show;

/// What the address asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    partner_code: Option<String>,
    referred: Option<String>,
    status: Option<String>,
    q: Option<String>,
    order: Option<String>,
    cursor: Option<String>,
}

/// A page of a program's customers.
#[server(prefix = "/fn", endpoint = "admin/customers", input = GetUrl)]
pub async fn read_customers(
    program: String,
    #[server(default)] asked: Asked,
) -> Result<Listed<CustomerRow, CustomerTotals>> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let filter = domain::reports::CustomerFilter {
            partner_code: asked.partner_code.filter(|code| !code.trim().is_empty()),
            referred: asked.referred.and_then(|word| word.parse().ok()),
            status: asked.status.and_then(|word| word.parse().ok()),
            search: asked.q.filter(|text| !text.trim().is_empty()),
            order: asked.order.and_then(|word| word.parse().ok()).unwrap_or_default(),
        };
        let paging = domain::page::Paging { cursor: asked.cursor, limit: None };
        Ok(engine::reports::customers(&mut asking.conn, &asking.actor, &filter, &paging).await?)
    })
    .await
}

/// `/admin/{program}/customers`.
pub struct CustomersPage(Read<Listed<CustomerRow, CustomerTotals>>);

impl LazyPage for CustomersPage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        Self(read(move || {
            let asked = address.with(|address| {
                let of = |key| show::value(address, key);
                Asked {
                    partner_code: of("partner_code"),
                    referred: of("referred"),
                    status: of("status"),
                    q: of("q"),
                    order: of("order"),
                    cursor: of("cursor"),
                }
            });
            ReadCustomers { program: program.get(), asked }
        }))
    }

    fn view(this: Self) -> AnyView {
        let address = show::address();
        view! {
            <Title text="Customers"/>
            <PageHead title="Customers">{show::download("customers")}</PageHead>
            {move || filters(&address.get())}
            {this.0.show(|| view! { <Card><SkeletonTable columns=6/></Card> }.into_any(), list)}
        }
        .into_any()
    }
}

fn filters(address: &Address) -> AnyView {
    let of = |key: &str| address.get(key).unwrap_or_default().to_owned();
    let referred = vec![
        Choice::new("", "Referred or not"),
        Choice::new("true", "Referred by a partner"),
        Choice::new("false", "Not referred"),
    ];
    let statuses = vec![
        Choice::new("", "Any status"),
        Choice::new(CustomerStatus::SignedUp.as_str(), "Signed up"),
        Choice::new(CustomerStatus::Paid.as_str(), "Paid"),
    ];
    view! {
        <form class="filters" method="get" action=address.path().to_owned()>
            <SearchInput id="q" label="Search name, e-mail or id" name="q" value=of("q")/>
            <TextInput id="partner_code" label="Partner code" placeholder="Partner code" value=of("partner_code")/>
            <Select id="referred" label="Referral" choices=referred value=of("referred")/>
            <Select id="status" label="Status" choices=statuses value=of("status")/>
            <Select id="order" label="Order" choices=orders(&[Order::Newest, Order::Oldest]) value=of("order")/>
            <Button submit=true>"Show"</Button>
        </form>
    }
    .into_any()
}

/// What attributed a customer, in words.
pub(super) fn source_words(source: Source) -> &'static str {
    match source {
        Source::Manual => "Assigned by hand",
        Source::PromoCode => "Promo code",
        Source::PartnerCode => "Partner code",
        Source::Lead => "Lead",
        Source::Click => "Click",
        Source::Cookie => "Cookie",
    }
}

fn list(listed: Listed<CustomerRow, CustomerTotals>) -> AnyView {
    let address = show::address().get_untracked();
    let program = show::program().get_untracked();
    let Listed { page, totals } = listed;
    if page.data.is_empty() {
        if show::filtered(&address, &["partner_code", "referred", "status", "q", "cursor"]) {
            return show::nothing_found(&address);
        }
        return view! {
            <Card>
                <EmptyState
                    glyph=Glyph::User
                    title="No customers yet"
                    words="Customers show here once your product reports a sign-up or a sale by the API."
                />
            </Card>
        }
        .into_any();
    }
    let head = || {
        view! {
            <Th label="Customer"/>
            <Th label="Partner" under=true/>
            <Th label="Status" wide=true/>
            <Th label="Sales" num=true wide=true/>
            <Th label="Revenue" num=true/>
            <Th label="Commissions" num=true wide=true/>
        }
    };
    let pages = show::pages(&page, Some(totals.count), &address);
    let rows = page.data.into_iter().map(|customer| row(customer, &program)).collect_view();
    view! {
        <Card>
            <Table caption="Customers" head=head phone_columns=2>{rows}</Table>
            {pages}
        </Card>
    }
    .into_any()
}

fn row(row: CustomerRow, program: &str) -> AnyView {
    let href = format!("/admin/{program}/customers/{}", row.customer.id);
    let referral = match row.referral {
        Some(referral) => view! {
            {show::partner_link(program, &referral.partner)}
            <small>{source_words(referral.source)}</small>
            <Why checks=referral.why.0/>
        }
        .into_any(),
        None => view! { <span class="muted">"Not referred"</span> }.into_any(),
    };
    let (tone, words) = match row.status {
        CustomerStatus::Paid => (Tone::Good, "Paid"),
        CustomerStatus::SignedUp => (Tone::Neutral, "Signed up"),
    };
    let name = (!row.name.is_empty()).then(|| view! { <small>{row.name}</small> });
    view! {
        <tr>
            <td>
                <a class="link" href=href>{row.customer.label}</a>
                {name}
                <small>{show::day(row.day)}</small>
            </td>
            <td class="under">{referral}</td>
            <td class="wide"><Pill tone=tone text=words/></td>
            <td class="num wide">{grouped(row.sales)}</td>
            <td class="num"><Amount value=row.revenue strong=true/></td>
            <td class="num wide"><Amount value=row.earned/></td>
        </tr>
    }
    .into_any()
}
