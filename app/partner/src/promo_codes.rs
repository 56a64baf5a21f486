//! The partner's promo codes.

use access::{LazyPage, Read, Result, read};
use domain::page::Page;
use domain::partners::PromoCodeRow;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use ui::{
    Address, Card, CopyButton, EmptyState, Glyph, PageHead, Pagination, Pill, SkeletonTable, Table, Th, Tone, grouped,
};

use crate::show;

/// A page of the promo codes of the partner who asks.
#[server(prefix = "/fn", endpoint = "partner/promo-codes", input = GetUrl)]
pub async fn read_promo_codes(program: String, cursor: Option<String>) -> Result<Page<PromoCodeRow>> {
    access::answer(async {
        let mut asking = access::partner(&program, domain::portal::PortalPage::PromoCodes).await?;
        let paging = domain::page::Paging { cursor, limit: None };
        let own = Some(asking.partner.id);
        Ok(engine::partners::promo_codes::list(&mut asking.conn, &asking.actor, own, None, &paging).await?)
    })
    .await
}

/// `/p/{program}/promo-codes`.
pub struct PromoCodesPage(Read<Page<PromoCodeRow>>);

impl LazyPage for PromoCodesPage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        Self(read(move || ReadPromoCodes {
            program: program.get(),
            cursor: address.with(|address| show::value(address, "cursor")),
        }))
    }

    fn view(this: Self) -> AnyView {
        let found = this.0;
        let address = show::address();
        view! {
            <Title text="Promo codes"/>
            <PageHead title="Promo codes"/>
            {found.show(|| view! { <Card><SkeletonTable columns=4/></Card> }.into_any(), move |listed| list(listed, &address.get_untracked()))}
        }
        .into_any()
    }
}

fn list(codes: Page<PromoCodeRow>, address: &Address) -> AnyView {
    if codes.data.is_empty() {
        return view! {
            <Card>
                <EmptyState
                    glyph=Glyph::Tag
                    title="No promo codes yet"
                    words="The program's team can give you a promo code. Who buys with it is your customer, as by your link."
                />
            </Card>
        }
        .into_any();
    }
    let newer = address.get("cursor").map(|_| address.without("cursor").href());
    let older = codes.next_cursor.as_ref().map(|cursor| address.with("cursor", cursor).href());
    let head = || {
        view! {
            <Th label="Code"/>
            <Th label="Status"/>
            <Th label="Customers" num=true/>
            <Th label="Copy"/>
        }
    };
    let rows = codes.data.into_iter().map(row).collect_view();
    view! {
        <Card>
            <p class="sub">"Who buys with one of these codes is your customer: you earn as with your link."</p>
            <Table caption="Promo codes" head=head>{rows}</Table>
            <Pagination newer=newer older=older/>
        </Card>
    }
    .into_any()
}

fn row(code: PromoCodeRow) -> AnyView {
    let (tone, status) = if code.disabled { (Tone::Neutral, "Switched off") } else { (Tone::Good, "Active") };
    view! {
        <tr>
            <td>{code.code.clone()}<small>{code.description}</small></td>
            <td><Pill tone=tone text=status/></td>
            <td class="num">{grouped(code.customers)}</td>
            <td class="row-actions"><CopyButton text=code.code what="promo code"/></td>
        </tr>
    }
    .into_any()
}
