//! What the partner earned by month, offer and event.

use access::{LazyPage, Read, Result, read};
use domain::reports::{CommissionGroup, CommissionReport, Period};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{
    Amount, Card, Download, EmptyState, Glyph, PageHead, SkeletonTable, Table, Th, grouped, report_period, unless_zero,
};

use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    report: CommissionReport,
    period: Period,
}

/// The commissions of the partner who asks, by month, offer and event, for a period as the address names it.
#[server(prefix = "/fn", endpoint = "partner/commission-report", input = GetUrl)]
pub async fn read_commission_report(
    program: String,
    period: Option<String>,
    from: Option<String>,
    to: Option<String>,
) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::partner(&program, domain::portal::PortalPage::CommissionReport).await?;
        let period = period.or_else(|| Some(Period::Year.word().to_owned()));
        let period = Period::parse(period.as_deref(), from.as_deref(), to.as_deref());
        let report =
            engine::reports::commission_report(&mut asking.conn, &asking.moment, &asking.actor, period).await?;
        Ok(Shown { report, period })
    })
    .await
}

/// `/p/{program}/commission-report`.
pub struct CommissionReportPage(Read<Shown>);

impl LazyPage for CommissionReportPage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        Self(read(move || {
            let of = |key| address.with(|address| show::value(address, key));
            ReadCommissionReport { program: program.get(), period: of("period"), from: of("from"), to: of("to") }
        }))
    }

    fn view(this: Self) -> AnyView {
        view! {
            <Title text="Commissions"/>
            {this.0.show(skeleton, page)}
        }
        .into_any()
    }
}

const WORDS: &str = "What your commissions come to, by month and offer.";

fn skeleton() -> AnyView {
    view! { <PageHead title="Commissions" words=WORDS/> <Card><SkeletonTable columns=5/></Card> }.into_any()
}

fn page(shown: Shown) -> AnyView {
    let Shown { report, period } = shown;
    let (program, address) = (show::program().get_untracked(), show::address().get_untracked());
    let picker = report_period(period, report.range, &address);
    // Which year, where the address names none.
    let file = show::file(&program, "commission-report", &named(&address, period));
    view! {
        <PageHead title="Commissions" words=WORDS>
            {picker}
            <Download href=file what="commissions"/>
        </PageHead>
        {list(report)}
    }
    .into_any()
}

/// The address with its period, also where that is the page's own.
fn named(address: &ui::Address, period: Period) -> ui::Address {
    if address.get("period").is_some() || matches!(period, Period::Custom(_)) {
        address.clone()
    } else {
        address.with("period", period.word())
    }
}

fn list(report: CommissionReport) -> AnyView {
    let CommissionReport { groups, count, amount, clawed_back, .. } = report;
    if groups.is_empty() {
        return view! {
            <Card>
                <EmptyState
                    glyph=Glyph::Receipt
                    title="No commissions in these days"
                    words="What you earn is summed up here by month and offer. Choose other days to look further back."
                />
            </Card>
        }
        .into_any();
    }
    let head = || {
        view! {
            <Th label="Month"/>
            <Th label="Offer" wide=true/>
            <Th label="For" wide=true/>
            <Th label="Count" num=true/>
            <Th label="Earned" num=true wide=true/>
            <Th label="Taken back" num=true wide=true/>
            <Th label="You earn" num=true/>
        }
    };
    let foot = move || {
        view! {
            <td>"Total"</td>
            <td class="wide"></td>
            <td class="wide"></td>
            <td class="num">{grouped(count)}</td>
            <td class="num wide"><Amount value=amount/></td>
            <td class="num wide">{unless_zero(clawed_back)}</td>
            <td class="num"><Amount value=show::kept(amount, clawed_back) strong=true/></td>
        }
    };
    let rows = groups.into_iter().map(row).collect_view();
    view! { <Card><Table caption="Commissions by month and offer" head=head foot=foot>{rows}</Table></Card> }.into_any()
}

fn row(group: CommissionGroup) -> AnyView {
    let event = group.trigger.label();
    view! {
        <tr>
            <td>
                {group.month.format("%b %Y").to_string()}
                <small class="narrow">{format!("{} · {event}", group.offer)}</small>
            </td>
            <td class="wide">{group.offer}</td>
            <td class="wide">{event}</td>
            <td class="num">{grouped(group.count)}</td>
            <td class="num wide"><Amount value=group.amount/></td>
            <td class="num wide">{unless_zero(group.clawed_back)}</td>
            <td class="num"><Amount value=show::kept(group.amount, group.clawed_back) strong=true/></td>
        </tr>
    }
    .into_any()
}
