use access::{LazyPage, Read, Result, read};
use domain::reports::{Measure, PartnerFigures, Period, Ranking};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{
    Amount, Card, Download, EmptyState, Glyph, PageHead, SkeletonTable, Tab, Table, Tabs, Th, counted, grouped,
    report_period,
};

use super::{file, tabs};
use crate::show;

/// How many partners the page shows; the file has more.
const SHOWN: u32 = 50;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    ranking: Ranking,
    period: Period,
    by: Measure,
}

/// The partners of a program who brought the most, for a period as the address names it.
#[server(prefix = "/fn", endpoint = "admin/reports/top-partners", input = GetUrl)]
pub async fn read_ranking(
    program: String,
    period: Option<String>,
    from: Option<String>,
    to: Option<String>,
    by: Option<String>,
) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let period = Period::parse(period.as_deref(), from.as_deref(), to.as_deref());
        let by = by.and_then(|word| word.parse().ok()).unwrap_or_default();
        let (conn, moment, actor) = (&mut *asking.conn, &asking.moment, &asking.actor);
        let ranking = engine::reports::top_partners(conn, moment, actor, period, by, SHOWN).await?;
        Ok(Shown { ranking, period, by })
    })
    .await
}

/// `/admin/{program}/reports/top-partners`.
pub struct RankingPage(Read<Shown>);

impl LazyPage for RankingPage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        Self(read(move || {
            let of = |key| address.with(|address| show::value(address, key));
            ReadRanking { program: program.get(), period: of("period"), from: of("from"), to: of("to"), by: of("by") }
        }))
    }

    fn view(this: Self) -> AnyView {
        view! {
            <Title text="Top partners"/>
            {this.0.show(skeleton, page)}
        }
        .into_any()
    }
}

fn skeleton() -> AnyView {
    view! { <PageHead title="Reports"/> <Card><SkeletonTable columns=5/></Card> }.into_any()
}

fn page(shown: Shown) -> AnyView {
    let Shown { ranking, period, by } = shown;
    let (program, address) = (show::program().get_untracked(), show::address().get_untracked());
    let picker = report_period(period, ranking.range, &address);
    let file = file(&program, "top-partners", &address);
    let measures = Measure::ALL
        .iter()
        .map(|one| {
            let word = if *one == Measure::default() { "" } else { one.as_str() };
            let (label, chosen) = (format!("By {}", one.label().to_lowercase()), *one == by);
            view! { <Tab href=address.with("by", word).href() label=label current=chosen/> }
        })
        .collect_view();
    view! {
        <PageHead title="Reports">{picker}</PageHead>
        {tabs(&program, "Top partners")}
        <Card title="Top partners" actions=move || view! { <Download href=file what="top partners"/> }>
            <Tabs label="Ranked by">{measures}</Tabs>
            {list(ranking.partners, &program)}
        </Card>
    }
    .into_any()
}

fn list(partners: Vec<PartnerFigures>, program: &str) -> AnyView {
    if partners.is_empty() {
        return view! {
            <EmptyState
                glyph=Glyph::Users
                title="Nothing in these days"
                words="Partners whose links were clicked, or whose customers bought, show here. Choose other days to look further back."
            />
        }
        .into_any();
    }
    let head = || {
        view! {
            <Th label="Partner"/>
            <Th label="Clicks" num=true wide=true/>
            <Th label="Customers" num=true wide=true/>
            <Th label="Sales" num=true wide=true/>
            <Th label="Revenue" num=true/>
            <Th label="Commissions" num=true/>
        }
    };
    let more = u32::try_from(partners.len()).is_ok_and(|count| count == SHOWN);
    let rows = partners.into_iter().map(|row| line(row, program)).collect_view();
    view! {
        <Table caption="Top partners" head=head>{rows}</Table>
        {more.then(|| view! { <p class="sub">{format!("The first {SHOWN}. The file has them all.")}</p> })}
    }
    .into_any()
}

fn line(row: PartnerFigures, program: &str) -> AnyView {
    let small = format!("{} · {}", counted(row.clicks, "click"), counted(row.customers, "customer"));
    view! {
        <tr>
            <td>
                {show::partner_link(program, &row.partner)}
                <small class="narrow">{small}</small>
            </td>
            <td class="num wide">{grouped(row.clicks)}</td>
            <td class="num wide">{grouped(row.customers)}</td>
            <td class="num wide">{grouped(row.sales)}</td>
            <td class="num"><Amount value=row.revenue/></td>
            <td class="num"><Amount value=row.commissions strong=true/></td>
        </tr>
    }
    .into_any()
}
