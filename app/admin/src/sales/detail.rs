use crate::commissions::{self, Judging};
use crate::show;
use access::{LazyPage, Read, Result, read_after};
use domain::reports::{RefundRow, SaleDetail};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{Amount, Card, Fact, Facts, PageHead, SkeletonCard, Table, Th, Why};

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    detail: SaleDetail,
    /// Whether the asker may approve and reverse commissions.
    judges: bool,
}

/// A sale of a program.
#[server(prefix = "/fn", endpoint = "admin/sale", input = GetUrl)]
pub async fn read_sale(program: String, id: String) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let id: domain::ids::SaleId = id.parse().map_err(|_| access::Error::NotFound)?;
        let detail = engine::reports::sale(&mut asking.conn, &asking.actor, id).await?;
        Ok(Shown { detail, judges: asking.actor.may(domain::accounts::Power::JudgeCommissions) })
    })
    .await
}

/// `/admin/{program}/sales/{id}`.
pub struct SalePage {
    found: Read<Shown>,
    judging: Judging,
}

impl LazyPage for SalePage {
    fn data() -> Self {
        let (program, id) = (show::program(), show::parameter("id"));
        let judging = Judging::new();
        let found = read_after(move || judging.version(), move || ReadSale { program: program.get(), id: id.get() });
        Self { found, judging }
    }

    fn view(this: Self) -> AnyView {
        let SalePage { found, judging } = this;
        provide_context(judging);
        view! {
            {found.show(|| view! { <SkeletonCard lines=6/> }.into_any(), page)}
            {judging.dialog()}
        }
        .into_any()
    }
}

fn page(shown: Shown) -> AnyView {
    let Shown { detail: SaleDetail { sale, referral, refunds, commissions }, judges } = shown;
    let program = show::program().get_untracked();
    let title = if sale.product.is_empty() {
        format!("Sale of {}", sale.amount)
    } else {
        format!("{}, {}", sale.product, sale.amount)
    };
    let customer = format!("/admin/{program}/customers/{}", sale.customer.id);
    let partner = match &sale.partner {
        Some(partner) => show::partner_link(&program, partner),
        None => view! { "Not referred" }.into_any(),
    };
    let invoice = if sale.invoice_id.is_empty() { "Not reported".to_owned() } else { sale.invoice_id };
    let nothing_earned = commissions.is_empty();
    view! {
        <Title text=title.clone()/>
        <PageHead title=title back=(format!("/admin/{program}/sales"), "Sales".to_owned())/>
        <Card>
            <Facts>
                <Fact label="Customer"><a class="link" href=customer>{sale.customer.label}</a></Fact>
                <Fact label="Partner">{partner}</Fact>
                <Fact label="When">{show::time(sale.occurred_at)}</Fact>
                <Fact label="Invoice">{invoice}</Fact>
                <Fact label="Event id">{sale.event_id}</Fact>
                <Fact label="Refunded">{sale.refunded.to_string()}</Fact>
            </Facts>
            <Why checks=sale.why.0 open=true/>
        </Card>
        {referral.map(|referral| view! {
            <Card title="Attribution"><Why checks=referral.why.0 open=true/></Card>
        })}
        <Card title="Commissions">
            {if nothing_earned {
                view! { <p class="sub">"This sale earned nothing; the checks above say why."</p> }.into_any()
            } else {
                commissions::table(commissions, judges, None::<fn()>)
            }}
        </Card>
        {(!refunds.is_empty()).then(|| view! { <Card title="Refunds">{refunds_table(refunds)}</Card> })}
    }
    .into_any()
}

fn refunds_table(refunds: Vec<RefundRow>) -> AnyView {
    let head = || {
        view! {
            <Th label="When"/>
            <Th label="Reason"/>
            <Th label="Amount" num=true/>
        }
    };
    let rows = refunds
        .into_iter()
        .map(|refund| {
            view! {
                <tr>
                    <td>{show::time(refund.occurred_at)}<Why checks=refund.why.0/></td>
                    <td>{refund.reason}</td>
                    <td class="num"><Amount value=refund.amount strong=true/></td>
                </tr>
            }
        })
        .collect_view();
    view! { <Table caption="Refunds" head=head>{rows}</Table> }.into_any()
}
