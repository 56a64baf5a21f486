//! One payout: what it paid for, as a remittance advice to print.

use access::{LazyPage, Read, Result, read};
use domain::payments::PaymentDetail;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use ui::{Address, Card, Download, PageHead, PrintButton, SkeletonCard, SkeletonTable, remittance_advice};

use crate::show;

/// A payout of the partner who asks, with a page of what it paid for.
#[server(prefix = "/fn", endpoint = "partner/payout", input = GetUrl)]
pub async fn read_payout(program: String, id: String, cursor: Option<String>) -> Result<PaymentDetail> {
    access::answer(async {
        let mut asking = access::partner(&program, domain::portal::PortalPage::Payouts).await?;
        let id: domain::ids::PaymentId = id.parse().map_err(|_| access::Error::NotFound)?;
        // A sheet of paper holds more than a screen.
        let paging = domain::page::Paging { cursor, limit: Some(500) };
        Ok(engine::payments::payment(&mut asking.conn, &asking.actor, id, &paging).await?)
    })
    .await
}

/// `/p/{program}/payouts/{id}`.
pub struct PayoutPage(Read<PaymentDetail>);

impl LazyPage for PayoutPage {
    fn data() -> Self {
        let (program, address, params) = (show::program(), show::address(), use_params_map());
        Self(read(move || ReadPayout {
            program: program.get(),
            id: params.with(|params| params.get("id").unwrap_or_default()),
            cursor: address.with(|address| show::value(address, "cursor")),
        }))
    }

    fn view(this: Self) -> AnyView {
        let address = show::address();
        view! {
            <Title text="Payout"/>
            {this.0.show(skeleton, move |detail| page(detail, &address.get_untracked()))}
        }
        .into_any()
    }
}

fn skeleton() -> AnyView {
    view! {
        <PageHead title="Payout"/>
        <SkeletonCard lines=6/>
        <Card><SkeletonTable columns=3/></Card>
    }
    .into_any()
}

fn page(detail: PaymentDetail, address: &Address) -> AnyView {
    let program = show::program().get_untracked();
    let file = format!("/p/{program}/export/payout.csv?id={}", detail.payment.id);
    let status = show::payment_state(detail.payment.status);
    let more = show::more_in_file(&detail.lines);
    let pages = show::pages(&detail.lines, None, address);
    let foot = view! { {more}{pages} }.into_any();
    view! {
        <PageHead title="Payout" back=(format!("/p/{program}/payouts"), "Payouts".to_owned())>
            <Download href=file what="payout"/>
            <PrintButton/>
        </PageHead>
        {remittance_advice(detail, status, None, foot)}
    }
    .into_any()
}
