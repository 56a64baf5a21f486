//! The sales that partners have submitted: what waits for the team, and what became of the rest.

use access::{LazyPage, Read, Result, read};
use domain::page::Page;
use domain::sales::{SubmittedSale, SubmittedSaleStatus};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use ui::{
    Address, Amount, Button, Card, Choice, EmptyState, Glyph, PageHead, Pill, Select, SkeletonTable, Table, TextInput,
    Th, submitted_sale_tone,
};

use crate::show;

/// What the address says for sales of every status; without it, those that wait are shown.
const ANY: &str = "any";

/// A page of the sales that partners have submitted to a program.
#[server(prefix = "/fn", endpoint = "admin/submitted-sales", input = GetUrl)]
pub async fn read_submitted(
    program: String,
    status: Option<String>,
    partner_code: Option<String>,
    cursor: Option<String>,
) -> Result<Page<SubmittedSale>> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let status = match status.as_deref() {
            Some(ANY) => None,
            word => Some(word.and_then(|word| word.parse().ok()).unwrap_or(SubmittedSaleStatus::New)),
        };
        let paging = domain::page::Paging { cursor, limit: None };
        let code = partner_code.as_deref();
        Ok(engine::sales::submitted(&mut asking.conn, &asking.actor, status, code, &paging).await?)
    })
    .await
}

/// `/admin/{program}/submitted-sales`.
pub struct SubmittedSalesPage(Read<Page<SubmittedSale>>);

impl LazyPage for SubmittedSalesPage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        Self(read(move || {
            let of = |key| address.with(|address| show::value(address, key));
            ReadSubmitted {
                program: program.get(),
                status: of("status"),
                partner_code: of("partner_code"),
                cursor: of("cursor"),
            }
        }))
    }

    fn view(this: Self) -> AnyView {
        let (address, program) = (show::address(), show::program());
        view! {
            <Title text="Submitted sales"/>
            {move || {
                let back = (format!("/admin/{}/sales", program.get()), "Sales".to_owned());
                view! { <PageHead title="Submitted sales" back=back/> }
            }}
            {move || filters(&address.get())}
            {this.0.show(|| view! { <Card><SkeletonTable columns=4/></Card> }.into_any(), list)}
        }
        .into_any()
    }
}

fn filters(address: &Address) -> AnyView {
    let of = |key: &str| address.get(key).unwrap_or_default().to_owned();
    let others = SubmittedSaleStatus::ALL.iter().filter(|status| **status != SubmittedSaleStatus::New);
    let statuses = std::iter::once(Choice::new("", SubmittedSaleStatus::New.label()))
        .chain(others.map(|status| Choice::new(status.as_str(), status.label())))
        .chain([Choice::new(ANY, "Any status")])
        .collect();
    view! {
        <form class="filters" method="get" action=address.path().to_owned()>
            <Select id="status" label="Status" choices=statuses value=of("status")/>
            <TextInput id="partner_code" label="Partner code" placeholder="Partner code" value=of("partner_code")/>
            <Button submit=true>"Show"</Button>
        </form>
    }
    .into_any()
}

fn list(sales: Page<SubmittedSale>) -> AnyView {
    let address = show::address().get_untracked();
    let program = show::program().get_untracked();
    if sales.data.is_empty() {
        if show::filtered(&address, &["status", "partner_code", "cursor"]) {
            return show::nothing_found(&address);
        }
        return view! {
            <Card>
                <EmptyState glyph=Glyph::CheckCircle title="Nothing to review" words="Sales that partners submit wait here until somebody of the team has looked at them. Whether they may is set in the lead settings."/>
            </Card>
        }
        .into_any();
    }
    let pages = show::pages(&sales, None, &address);
    let head = || {
        view! {
            <Th label="Customer"/>
            <Th label="Partner" under=true/>
            <Th label="Status" wide=true/>
            <Th label="Submitted" wide=true/>
            <Th label="Amount" num=true/>
        }
    };
    let rows = sales.data.into_iter().map(|sale| row(sale, &program)).collect_view();
    view! {
        <Card>
            <Table caption="Submitted sales" head=head phone_columns=2>{rows}</Table>
            {pages}
        </Card>
    }
    .into_any()
}

fn row(sale: SubmittedSale, program: &str) -> AnyView {
    let href = format!("/admin/{program}/submitted-sales/{}", sale.id);
    let called = if sale.email.is_empty() { "Erased".to_owned() } else { sale.name.clone() };
    let (tone, label) = (submitted_sale_tone(sale.status), sale.status.label());
    let status = move || view! { <Pill tone=tone text=label/> };
    view! {
        <tr>
            <td>
                <a class="link" href=href>{called}</a>
                <small>{sale.email}</small>
                <div class="narrow">{status()}</div>
            </td>
            <td class="under">{show::partner_link(program, &sale.partner)}</td>
            <td class="wide">{status()}</td>
            <td class="wide">{show::time(sale.created_at)}</td>
            <td class="num"><Amount value=sale.amount strong=true/></td>
        </tr>
    }
    .into_any()
}
