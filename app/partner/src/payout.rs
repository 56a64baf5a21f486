//! One payout: what it paid for, as a remittance advice to print.

use access::{LazyPage, Read, Result, read};
use domain::payments::{PaymentDetail, PaymentStatus};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use ui::{
    Address, ButtonLink, Card, Download, Glyph, Note, PageHead, PrintButton, SkeletonCard, SkeletonTable, Tone,
    remittance_advice,
};

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
    let status = detail.payment.status;
    let what_now = (!status.is_paid()).then(|| {
        let when = detail.payment.status_day.map(|day| format!(" on {}", day.format("%-d %b %Y"))).unwrap_or_default();
        let words = format!("{}{when}. {} {}", status.label(), status.meaning(), status.next_step());
        let details = format!("/p/{program}/profile");
        let action = move || {
            let failed = status == PaymentStatus::Failed;
            failed.then(|| view! { <ButtonLink href=details.clone()>"Check payout details"</ButtonLink> })
        };
        let tone = if status == PaymentStatus::Failed { Tone::Bad } else { Tone::Warn };
        view! { <Note tone=tone glyph=Glyph::Alert action=action>{words}</Note> }
    });
    let more = show::more_in_file(&detail.lines);
    let pages = show::pages(&detail.lines, None, address);
    let foot = view! { {more}{pages} }.into_any();
    view! {
        <PageHead title="Payout" back=(format!("/p/{program}/payouts"), "Payouts".to_owned())>
            <Download href=file what="payout"/>
            <PrintButton/>
        </PageHead>
        {what_now}
        {remittance_advice(detail, None, foot)}
    }
    .into_any()
}
