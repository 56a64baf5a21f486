//! The remittance advices of a batch, to print: each begins a new page.

use access::{LazyPage, Read, Result, read};
use domain::page::Page;
use domain::payments::PaymentDetail;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use ui::{Card, EmptyState, Glyph, PageHead, PrintButton, SkeletonCard, remittance_advice};

use crate::show;

/// How many are on a page.
#[cfg(feature = "ssr")]
const MOST: u32 = 500;

/// A page of a batch's advices; or that of one payment.
#[server(prefix = "/fn", endpoint = "admin/batch/advices", input = GetUrl)]
pub async fn read_advices(
    program: String,
    id: String,
    payment: Option<String>,
    cursor: Option<String>,
) -> Result<Page<PaymentDetail>> {
    use domain::page::Paging;
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        if let Some(payment) = payment {
            let payment: domain::ids::PaymentId = payment.parse().map_err(|_| access::Error::NotFound)?;
            let lines = Paging { cursor: None, limit: Some(Paging::MOST) };
            let advice = engine::payments::payment(&mut asking.conn, &asking.actor, payment, &lines).await?;
            return Ok(Page { data: vec![advice], next_cursor: None });
        }
        let batch: domain::ids::BatchId = id.parse().map_err(|_| access::Error::NotFound)?;
        let paging = Paging { cursor, limit: Some(MOST) };
        Ok(engine::payments::advices(&mut asking.conn, &asking.actor, batch, &paging).await?)
    })
    .await
}

/// `/admin/{program}/payments/{id}/advices`.
pub struct AdvicesPage(Read<Page<PaymentDetail>>);

impl LazyPage for AdvicesPage {
    fn data() -> Self {
        let (program, id, address) = (show::program(), show::parameter("id"), show::address());
        Self(read(move || {
            let of = |key| address.with(|address| show::value(address, key));
            ReadAdvices { program: program.get(), id: id.get(), payment: of("payment"), cursor: of("cursor") }
        }))
    }

    fn view(this: Self) -> AnyView {
        let back =
            format!("/admin/{}/payments/{}", show::program().get_untracked(), show::parameter("id").get_untracked());
        view! {
            <Title text="Remittance advices"/>
            <PageHead title="Remittance advices" back=(back, "Batch".to_owned()) words="Each is printed on a page of its own.">
                <PrintButton/>
            </PageHead>
            {this.0.show(|| view! { <SkeletonCard lines=8/> }.into_any(), sheets)}
        }
        .into_any()
    }
}

fn sheets(page: Page<PaymentDetail>) -> AnyView {
    if page.data.is_empty() {
        return view! {
            <Card>
                <EmptyState glyph=Glyph::Receipt title="No advices" words="No payment of this batch counts as paid any more."/>
            </Card>
        }
        .into_any();
    }
    let more = page.next_cursor.is_some().then(|| {
        let words = format!("The first {} of the advices from here on: print the next page too.", page.data.len());
        view! { <p class="sub">{words}</p> }
    });
    let pages = show::pages(&page, None, &show::address().get_untracked());
    let sheets = page
        .data
        .into_iter()
        .map(|detail| {
            let name = detail.payment.partner.name.clone();
            let more = detail.lines.next_cursor.is_some().then(|| {
                view! { <p class="sub">"There is more: the partner's own page of this payout has all of it."</p> }
            });
            let foot = view! { {more} }.into_any();
            view! { <div class="sheet">{remittance_advice(detail, Some(name), foot)}</div> }
        })
        .collect_view();
    view! {
        {more}
        {sheets}
        {pages}
    }
    .into_any()
}
