//! Every commission of the partner, with filters.

use access::{LazyPage, Read, Result, read};
use domain::commissions::CommissionStatus;
use domain::money::{Money, percent};
use domain::page::Page;
use domain::portal::PortalPage;
use domain::reports::{CommissionRow, LineState, Order, StatusTotal};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{
    Address, Amount, Button, Card, Choice, Download, EmptyState, Glyph, PageHead, Pill, Select, SkeletonTable, Table,
    TextInput, Th, Tile, Tiles, Why, counted, orders, unless_zero,
};

use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    page: Page<CommissionRow>,
    /// Told with the first page alone: they are of all pages.
    statuses: Vec<StatusTotal>,
}

/// A page of the commissions of the partner who asks, and what they come to in each status.
#[server(prefix = "/fn", endpoint = "partner/commissions", input = GetUrl)]
pub async fn read_commissions(
    program: String,
    status: Option<String>,
    from: Option<String>,
    to: Option<String>,
    order: Option<String>,
    cursor: Option<String>,
) -> Result<Shown> {
    use domain::page::Paging;
    use domain::reports::CommissionFilter;
    access::answer(async {
        let mut asking = access::partner(&program, PortalPage::Rewards).await?;
        let filter = CommissionFilter {
            status: status.and_then(|word| word.parse().ok()),
            from: from.and_then(|day| day.parse().ok()),
            to: to.and_then(|day| day.parse().ok()),
            order: order.and_then(|word| word.parse().ok()).unwrap_or_default(),
            ..CommissionFilter::default()
        };
        let statuses = match cursor {
            None => engine::reports::commission_statuses(&mut asking.conn, &asking.actor, &filter).await?,
            Some(_) => Vec::new(),
        };
        let paging = Paging { cursor, limit: None };
        let page = engine::reports::commissions_page(&mut asking.conn, &asking.actor, &filter, &paging).await?;
        Ok(Shown { page, statuses })
    })
    .await
}

/// `/p/{program}/commissions`.
pub struct CommissionsPage(Read<Shown>);

impl LazyPage for CommissionsPage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        Self(read(move || {
            let of = |key| address.with(|address| show::value(address, key));
            ReadCommissions {
                program: program.get(),
                status: of("status"),
                from: of("from"),
                to: of("to"),
                order: of("order"),
                cursor: of("cursor"),
            }
        }))
    }

    fn view(this: Self) -> AnyView {
        let found = this.0;
        let (program, address) = (show::program(), show::address());
        view! {
            <Title text="Rewards"/>
            <PageHead title="Rewards" words="Each commission that you have earned: why, how much, and when it is due.">
                {move || view! { <Download href=show::file(&program.get(), "rewards", &address.get()) what="rewards"/> }}
            </PageHead>
            {move || show::tabs(&program.get(), PortalPage::Rewards)}
            {move || filters(&address.get())}
            {found.show(|| view! { <Card><SkeletonTable columns=5/></Card> }.into_any(), move |shown| page(shown, &address.get_untracked()))}
        }
        .into_any()
    }
}

fn filters(address: &Address) -> AnyView {
    let statuses = std::iter::once(Choice::new("", "Any status"))
        .chain(CommissionStatus::ALL.iter().map(|status| Choice::new(status.as_str(), status.label())))
        .collect();
    let of = |key: &str| address.get(key).unwrap_or_default().to_owned();
    view! {
        <form class="filters" method="get" action=address.path().to_owned()>
            <Select id="status" label="Status" choices=statuses value=of("status")/>
            <TextInput id="from" label="From" kind="date" value=of("from")/>
            <TextInput id="to" label="To" kind="date" value=of("to")/>
            <Select id="order" label="Order" choices=orders(Order::ALL) value=of("order")/>
            <Button submit=true>"Show"</Button>
        </form>
    }
    .into_any()
}

fn page(shown: Shown, address: &Address) -> AnyView {
    let Shown { page, statuses } = shown;
    let tiles = statuses
        .iter()
        .map(|total| {
            let note = counted(total.count, "commission");
            // Of what was reversed nothing is kept: what it was says more than zero.
            let (value, note) = match total.status {
                CommissionStatus::Reversed => (total.clawed_back, format!("{note}, taken back")),
                _ => (show::kept(total.amount, total.clawed_back), note),
            };
            view! { <Tile label=total.status.label() value=value.to_string() note=note/> }
        })
        .collect::<Vec<_>>();
    let tiles = (!tiles.is_empty()).then(|| view! { <Tiles>{tiles}</Tiles> });
    (tiles, list(page, &statuses, address)).into_any()
}

/// What those come to that the filter shows.
fn in_all(statuses: &[StatusTotal], address: &Address) -> Option<StatusTotal> {
    let asked: Option<CommissionStatus> = address.get("status").and_then(|word| word.parse().ok());
    let shown = statuses.iter().filter(|total| asked.is_none_or(|asked| asked == total.status));
    shown.copied().reduce(|sum, total| StatusTotal {
        status: sum.status,
        count: sum.count + total.count,
        amount: Money::new(sum.amount.amount + total.amount.amount, sum.amount.currency),
        clawed_back: Money::new(sum.clawed_back.amount + total.clawed_back.amount, sum.amount.currency),
    })
}

fn list(page: Page<CommissionRow>, statuses: &[StatusTotal], address: &Address) -> AnyView {
    let totals = in_all(statuses, address);
    if page.data.is_empty() {
        let filtered = ["status", "from", "to", "cursor"].iter().any(|key| address.get(key).is_some());
        return if filtered {
            show::nothing_found(address)
        } else {
            view! {
                <Card>
                    <EmptyState
                        glyph=Glyph::Gift
                        title="No commissions yet"
                        words="When somebody who came by your link or promo code signs up or buys, or a lead of yours is qualified or won, what you earn shows here."
                    />
                </Card>
            }
            .into_any()
        };
    }
    let pages = show::pages(&page, totals.map(|totals| totals.count), address);
    let head = || {
        view! {
            <Th label="Customer or lead"/>
            <Th label="What happened" wide=true/>
            <Th label="Status" wide=true/>
            <Th label="Due" wide=true/>
            <Th label="Base" num=true wide=true/>
            <Th label="Rate" num=true wide=true/>
            <Th label="Taken back" num=true wide=true/>
            <Th label="You earn" num=true/>
        }
    };
    let foot = |totals: StatusTotal| {
        view! {
            <td>"Total"</td>
            <td class="wide"></td>
            <td class="wide"></td>
            <td class="wide"></td>
            <td class="num wide"></td>
            <td class="num wide"></td>
            <td class="num wide">{unless_zero(totals.clawed_back)}</td>
            <td class="num"><Amount value=show::kept(totals.amount, totals.clawed_back) strong=true/></td>
        }
    };
    let program = show::program().get_untracked();
    let rows = page.data.into_iter().map(|earned| row(earned, &program)).collect_view();
    let table = match totals {
        Some(totals) => {
            view! { <Table caption="Commissions" head=head foot=move || foot(totals)>{rows}</Table> }.into_any()
        }
        None => view! { <Table caption="Commissions" head=head>{rows}</Table> }.into_any(),
    };
    view! {
        <Card>
            {table}
            {pages}
        </Card>
    }
    .into_any()
}

fn row(row: CommissionRow, program: &str) -> AnyView {
    let what = row.happened();
    let who = show::who(program, &row);
    let state = LineState::Commission { status: row.status, due: row.due_day, paid: row.paid_day };
    let day = row.day.format("%-d %b %Y").to_string();
    let rate = row.rate.map_or_else(|| "flat".to_owned(), percent);
    view! {
        <tr>
            <td>
                {who}
                <small>{day}</small>
                <div class="narrow"><Pill tone=show::tone(state) text=state.words()/><small>{what.clone()}</small><Why checks=row.why.0.clone()/></div>
            </td>
            <td class="wide">{what}<Why checks=row.why.0/></td>
            <td class="wide"><Pill tone=show::tone(state) text=state.words()/></td>
            <td class="wide">{row.due_day.map(|day| day.format("%-d %b %Y").to_string())}</td>
            <td class="num wide">{row.base.map(|base| view! { <Amount value=base/> })}</td>
            <td class="num wide">{rate}</td>
            <td class="num wide">{unless_zero(row.clawed_back)}</td>
            <td class="num"><Amount value=show::kept(row.amount, row.clawed_back) strong=true/></td>
        </tr>
    }
    .into_any()
}
