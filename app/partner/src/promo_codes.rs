//! The partner's promo codes.

use access::{LazyPage, Read, Result, read};
use domain::offers::RewardWords;
use domain::page::Page;
use domain::partners::PromoCodeRow;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{Address, Card, CopyButton, EmptyState, Glyph, PageHead, Pill, SkeletonTable, Table, Th, Tone, grouped};

use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    codes: Page<PromoCodeRow>,
    /// What the partner earns by them, as by its link.
    rewards: Vec<RewardWords>,
}

/// A page of the promo codes of the partner who asks.
#[server(prefix = "/fn", endpoint = "partner/promo-codes", input = GetUrl)]
pub async fn read_promo_codes(program: String, cursor: Option<String>) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::partner(&program, domain::portal::PortalPage::PromoCodes).await?;
        let paging = domain::page::Paging { cursor, limit: None };
        let (conn, actor, own) = (&mut asking.conn, &asking.actor, asking.partner.id);
        let codes = engine::partners::promo_codes::list(conn, actor, Some(own), None, &paging).await?;
        let offers = engine::offers::of_partner(conn, actor, own).await?;
        Ok(Shown { codes, rewards: offers.into_iter().flat_map(|offer| offer.rewards).collect() })
    })
    .await
}

/// What a promo code earns its partner: `You earn 30% of every sale and $20.00 for each sign-up, as with your link.`
pub(crate) fn earns(rewards: &[RewardWords]) -> String {
    let mut sentences: Vec<&str> = Vec::new();
    for reward in rewards {
        // Several offers may have it.
        if !sentences.contains(&reward.sentence.as_str()) {
            sentences.push(&reward.sentence);
        }
    }
    let earned = match sentences.as_slice() {
        [] => return "The program's team has not set your offer yet.".to_owned(),
        [one] => (*one).to_owned(),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
    };
    format!("You earn {earned}, as with your link.")
}

/// `/p/{program}/promo-codes`.
pub struct PromoCodesPage(Read<Shown>);

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

fn list(shown: Shown, address: &Address) -> AnyView {
    let Shown { codes, rewards } = shown;
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
    let pages = show::pages(&codes, None, address);
    let head = || {
        view! {
            <Th label="Code"/>
            <Th label="Status"/>
            <Th label="Customers" num=true/>
            <Th label="Copy"/>
        }
    };
    let rows = codes.data.into_iter().map(row).collect_view();
    let earns = earns(&rewards);
    view! {
        <Card>
            <p class="sub">"Who buys with one of these codes is your customer. "{earns}</p>
            <Table caption="Promo codes" head=head>{rows}</Table>
            {pages}
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_code_earns_is_named() {
        let words = |sentences: &[&str]| {
            let reward = |sentence: &&str| RewardWords { sentence: (*sentence).into(), conditions: String::new() };
            earns(&sentences.iter().map(reward).collect::<Vec<_>>())
        };
        assert_eq!(words(&["30% of every sale"]), "You earn 30% of every sale, as with your link.");
        assert_eq!(
            words(&["30% of every sale", "$20.00 for each sign-up", "30% of every sale"]),
            "You earn 30% of every sale and $20.00 for each sign-up, as with your link."
        );
        assert_eq!(words(&["a", "b", "c"]), "You earn a, b and c, as with your link.");
        assert_eq!(words(&[]), "The program's team has not set your offer yet.");
    }
}
