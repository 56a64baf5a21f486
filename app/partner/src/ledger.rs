//! The partner's ledger: every entry, and what stands after it.

use access::{LazyPage, Read, Result, read};
use domain::ledger::LedgerAccount;
use domain::portal::PortalPage;
use domain::reports::{Balance, LedgerPage as Entries, LedgerRow};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{
    Address, Amount, Button, ButtonLink, Card, Download, EmptyState, Fact, Facts, Glyph, PageHead, PrintButton,
    SkeletonTable, SkeletonTiles, Tab, Table, Tabs, TextInput, Th, Tile, Tiles, Why,
};

use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    balance: Balance,
    entries: Entries,
}

/// The balance of the partner who asks, and a page of its entries: of one account, or of both.
#[server(prefix = "/fn", endpoint = "partner/ledger", input = GetUrl)]
pub async fn read_ledger(
    program: String,
    account: Option<String>,
    from: Option<String>,
    to: Option<String>,
    cursor: Option<String>,
) -> Result<Shown> {
    use domain::page::Paging;
    use domain::reports::LedgerFilter;
    access::answer(async {
        let mut asking = access::partner(&program, PortalPage::Ledger).await?;
        let partner = asking.partner.id;
        let balance = engine::reports::balance(&mut asking.conn, &asking.actor, partner).await?;
        let filter = LedgerFilter {
            account: account.and_then(|word| word.parse().ok()),
            from: from.and_then(|day| day.parse().ok()),
            to: to.and_then(|day| day.parse().ok()),
        };
        let paging = Paging { cursor, limit: None };
        let entries = engine::reports::ledger(&mut asking.conn, &asking.actor, partner, &filter, &paging).await?;
        Ok(Shown { balance, entries })
    })
    .await
}

/// `/p/{program}/ledger`.
pub struct LedgerPage(Read<Shown>);

impl LazyPage for LedgerPage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        Self(read(move || {
            let of = |key| address.with(|address| show::value(address, key));
            ReadLedger {
                program: program.get(),
                account: of("account"),
                from: of("from"),
                to: of("to"),
                cursor: of("cursor"),
            }
        }))
    }

    fn view(this: Self) -> AnyView {
        let found = this.0;
        let (program, address) = (show::program(), show::address());
        view! {
            <Title text="My ledger"/>
            <PageHead title="My ledger">
                {move || view! { <Download href=show::file(&program.get(), "ledger", &address.get()) what="ledger"/> }}
                <PrintButton/>
            </PageHead>
            {found.show(|| view! { <SkeletonTiles count=3/> <Card><SkeletonTable columns=4/></Card> }.into_any(), move |shown| page(shown, &address.get_untracked()))}
        }
        .into_any()
    }
}

fn page(shown: Shown, address: &Address) -> AnyView {
    let Shown { balance, entries } = shown;
    let plain = address.without("account").without("cursor");
    let chosen = address.get("account").map(str::to_owned);
    let tab = |word: Option<&'static str>, label: &'static str| {
        let current = chosen.as_deref() == word;
        let href = word.map_or_else(|| plain.href(), |word| plain.with("account", word).href());
        view! { <Tab href=href label=label current=current/> }.into_any()
    };
    let tabs = [
        tab(None, "Both accounts"),
        tab(Some(LedgerAccount::Payable.as_str()), LedgerAccount::Payable.label()),
        tab(Some(LedgerAccount::Held.as_str()), LedgerAccount::Held.label()),
    ];
    view! {
        <Tiles>
            <Tile label="Held" value=balance.held.to_string()/>
            <Tile label="Awaiting payout" value=balance.due.to_string()/>
            <Tile label="Paid so far" value=balance.paid.to_string()/>
        </Tiles>
        <Tabs label="Accounts">
            {tabs.into_iter().collect_view()}
        </Tabs>
        {filters(address)}
        {list(entries, address)}
    }
    .into_any()
}

fn filters(address: &Address) -> AnyView {
    let of = |key: &str| address.get(key).unwrap_or_default().to_owned();
    let keep = address
        .pairs_but(&["from", "to", "cursor"])
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
        .collect_view();
    view! {
        <form class="filters" method="get" action=address.path().to_owned()>
            {keep}
            <TextInput id="from" label="From" kind="date" value=of("from")/>
            <TextInput id="to" label="To" kind="date" value=of("to")/>
            <Button submit=true>"Show"</Button>
        </form>
    }
    .into_any()
}

/// The days of the view in words: `from 1 Nov 2026`, `1 Nov 2026 to 30 Nov 2026`.
fn days(address: &Address) -> String {
    let day = |key: &str| {
        let day: Option<chrono::NaiveDate> = address.get(key)?.parse().ok();
        day.map(|day| day.format("%-d %b %Y").to_string())
    };
    match (day("from"), day("to")) {
        (Some(from), Some(to)) => format!("{from} to {to}"),
        (Some(from), None) => format!("From {from}"),
        (None, Some(to)) => format!("Up to {to}"),
        (None, None) => "All entries".to_owned(),
    }
}

fn list(entries: Entries, address: &Address) -> AnyView {
    let Entries { page, opening, closing } = entries;
    if page.data.is_empty() && ["from", "to", "cursor"].iter().any(|key| address.get(key).is_some()) {
        let words = format!("Nothing was posted in these days. The balance stayed at {closing}.");
        let all = address.without("from").without("to").without("cursor").href();
        return view! {
            <Card>
                <EmptyState glyph=Glyph::Filter title="No entries in these days" words=words>
                    <ButtonLink href=all>"All entries"</ButtonLink>
                </EmptyState>
            </Card>
        }
        .into_any();
    }
    if page.data.is_empty() {
        return view! {
            <Card>
                <EmptyState
                    glyph=Glyph::Book
                    title="No entries yet"
                    words="Each commission, the end of its hold, each clawback and each payment is an entry here."
                />
            </Card>
        }
        .into_any();
    }
    let pages = show::pages(&page, None, address);
    let head = || {
        view! {
            <Th label="Entry"/>
            <Th label="Account" wide=true/>
            <Th label="Amount" num=true/>
            <Th label="Account stands at" num=true wide=true/>
            <Th label="Balance" num=true/>
        }
    };
    let program = show::program().get_untracked();
    let rows = page.data.into_iter().map(|entry| row(entry, &program)).collect_view();
    view! {
        <Card title=days(address)>
            <Facts>
                <Fact label="Opening balance"><Amount value=opening/></Fact>
                <Fact label="Closing balance"><Amount value=closing strong=true/></Fact>
            </Facts>
            <Table caption="Ledger entries" head=head phone_columns=3>{rows}</Table>
            {pages}
        </Card>
    }
    .into_any()
}

fn row(row: LedgerRow, program: &str) -> AnyView {
    let who = (!row.customer.is_empty()).then(|| match row.lead_id.filter(|_| show::shows(PortalPage::Leads)) {
        Some(lead) => {
            let href = format!("/p/{program}/leads/{lead}");
            view! { " · "<a class="link" href=href>{row.customer.clone()}</a> }.into_any()
        }
        None => format!(" · {}", row.customer).into_any(),
    });
    let day = row.day.format("%-d %b %Y").to_string();
    let account = row.account.label();
    let reason = (!row.reason.is_empty()).then(|| view! { <small>{row.reason}</small> });
    let why = (!row.why.0.is_empty()).then(|| view! { <Why checks=row.why.0/> });
    view! {
        <tr>
            <td>
                {row.cause}
                <small>{day}{who}</small>
                {reason}
                <small class="narrow">{account}</small>
                {why}
            </td>
            <td class="wide">{account}</td>
            <td class="num"><Amount value=row.amount strong=true/></td>
            <td class="num wide"><Amount value=row.balance/></td>
            <td class="num"><Amount value=row.running/></td>
        </tr>
    }
    .into_any()
}
