//! The list of batches.

use access::{LazyPage, Read, Result, read};
use domain::page::Page;
use domain::payments::BatchRow;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use ui::{Amount, ButtonLink, Card, EmptyState, Glyph, PageHead, SkeletonTable, Table, Th, grouped};

use crate::show;

/// A page of a program's payment batches, the newest first.
#[server(prefix = "/fn", endpoint = "admin/payments", input = GetUrl)]
pub async fn read_batches(program: String, cursor: Option<String>) -> Result<Page<BatchRow>> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        Ok(engine::payments::batches(&mut asking.conn, &asking.actor, &domain::page::Paging { cursor, limit: None })
            .await?)
    })
    .await
}

/// `/admin/{program}/payments`.
pub struct BatchesPage(Read<Page<BatchRow>>);

impl LazyPage for BatchesPage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        Self(read(move || ReadBatches {
            program: program.get(),
            cursor: address.with(|address| show::value(address, "cursor")),
        }))
    }

    fn view(this: Self) -> AnyView {
        view! {
            <Title text="Payments"/>
            <PageHead title="Payments">{show::download("payments")}</PageHead>
            {this.0.show(|| view! { <Card><SkeletonTable columns=4/></Card> }.into_any(), list)}
        }
        .into_any()
    }
}

fn list(page: Page<BatchRow>) -> AnyView {
    let address = show::address().get_untracked();
    let program = show::program().get_untracked();
    if page.data.is_empty() {
        let pay = format!("/admin/{program}/pay");
        return view! {
            <Card>
                <EmptyState glyph=Glyph::Bank title="No payments yet" words="Each batch that you record shows here, with what it paid to whom.">
                    <ButtonLink href=pay>"Pay partners"</ButtonLink>
                </EmptyState>
            </Card>
        }
        .into_any();
    }
    let head = || {
        view! {
            <Th label="Batch"/>
            <Th label="Payment date" wide=true/>
            <Th label="Recorded by" wide=true/>
            <Th label="Payments" num=true/>
            <Th label="Total" num=true/>
        }
    };
    let pages = show::pages(&page, None, &address);
    let rows = page
        .data
        .into_iter()
        .map(|batch| {
            let href = format!("/admin/{program}/payments/{}", batch.id);
            let failed = (batch.failed > 0).then(|| format!("{} taken back", grouped(batch.failed)));
            view! {
                <tr>
                    <td>
                        <a class="link" href=href>{batch.code}</a>
                        <small class="narrow">{show::day(batch.payment_date)}</small>
                        {failed.map(|words| view! { <small>{words}</small> })}
                    </td>
                    <td class="wide">{show::day(batch.payment_date)}</td>
                    <td class="wide">{batch.created_by}</td>
                    <td class="num">{grouped(batch.payments)}</td>
                    <td class="num"><Amount value=batch.total strong=true/></td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <Card>
            <Table caption="Payment batches" head=head>{rows}</Table>
            {pages}
        </Card>
    }
    .into_any()
}
