//! The program at a glance, and what waits for the team.

use access::{Form, LazyPage, Read, Result, read_after};
use domain::programs::Checklist;
use domain::reports::{Overview, Period, TopPartner};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{
    Amount, ButtonLink, Card, EmptyState, Glyph, LineChart, PageHead, Series, SkeletonCard, SkeletonTiles, Table, Th,
    Tile, Tiles, count_delta, counted, due_words, grouped, money_delta, report_period,
};

use crate::checklist::{self, HideChecklist};
use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    overview: Overview,
    period: Period,
    /// What is still to be set up, where that is shown.
    checklist: Option<Checklist>,
}

/// The overview of a program, for a period as the address names it.
#[server(prefix = "/fn", endpoint = "admin/overview", input = GetUrl)]
pub async fn read_overview(
    program: String,
    period: Option<String>,
    from: Option<String>,
    to: Option<String>,
) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let period = Period::parse(period.as_deref(), from.as_deref(), to.as_deref());
        let overview = engine::reports::overview(&mut asking.conn, &asking.moment, &asking.actor, period).await?;
        let checklist = engine::programs::checklist(&mut asking.conn, &asking.actor).await?;
        Ok(Shown { overview, period, checklist })
    })
    .await
}

/// `/admin/{program}`.
pub struct OverviewPage {
    found: Read<Shown>,
    hide: Form<HideChecklist>,
}

impl LazyPage for OverviewPage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        let hide = Form::<HideChecklist>::new();
        let hidden = show::done(hide);
        let found = read_after(
            move || hidden.get(),
            move || {
                let of = |key| address.with(|address| show::value(address, key));
                ReadOverview { program: program.get(), period: of("period"), from: of("from"), to: of("to") }
            },
        );
        Self { found, hide }
    }

    fn view(this: Self) -> AnyView {
        let OverviewPage { found, hide } = this;
        show::tell(hide, "Steps hidden");
        view! {
            <Title text="Overview"/>
            {found.show(skeleton, move |shown| page(shown, hide))}
        }
        .into_any()
    }
}

fn skeleton() -> AnyView {
    view! {
        <PageHead title="Overview"/>
        <SkeletonTiles/>
        <SkeletonCard lines=8/>
    }
    .into_any()
}

fn page(shown: Shown, hide: Form<HideChecklist>) -> AnyView {
    let Shown { overview, period, checklist } = shown;
    let address = show::address().get_untracked();
    let picker = report_period(period, overview.range, &address);
    let program = show::program().get_untracked();
    view! {
        <PageHead title="Overview">{picker}</PageHead>
        {checklist.map(|checklist| checklist::card(checklist, &program, hide))}
        {attention(&overview, &program)}
        {tiles(&overview, period)}
        {chart(&overview)}
        {top(overview.top, program)}
    }
    .into_any()
}

/// What waits for the team, each with the page on which to do it.
fn attention(overview: &Overview, program: &str) -> Option<AnyView> {
    let waiting = overview.attention;
    let item = |words: String, path: &str, todo: &'static str| {
        let href = format!("/admin/{program}/{path}");
        view! {
            <li class="between">
                <span>{words}</span>
                <ButtonLink href=href>{todo}</ButtonLink>
            </li>
        }
        .into_any()
    };
    let line = |count: i64, one: &str, many: &str, path: &str, todo: &'static str| {
        let words = if count == 1 { one.to_owned() } else { format!("{} {many}", grouped(count)) };
        (count > 0).then(|| item(words, path, todo))
    };
    let to_pay = to_pay(waiting.partners_to_pay, waiting.partners_without_method);
    let lines = [
        line(
            waiting.partners_pending,
            "1 partner waits to be let in",
            "partners wait to be let in",
            "partners?status=pending",
            "Review partners",
        ),
        line(
            waiting.commissions_in_review,
            "1 commission waits for review",
            "commissions wait for review",
            "review",
            "Review commissions",
        ),
        to_pay.map(|words| item(words, "pay", if waiting.partners_to_pay > 0 { "Create payments" } else { "See who" })),
        line(waiting.failed_jobs, "1 job failed", "jobs failed", "failed-jobs", "See what failed"),
    ];
    lines.iter().any(Option::is_some).then(|| {
        view! { <Card title="Waiting for you"><ul class="list">{lines.into_iter().collect_view()}</ul></Card> }
            .into_any()
    })
}

/// How many partners can be paid, and how many could be if they had said where payments go.
fn to_pay(can: i64, without: i64) -> Option<String> {
    match (can, without) {
        (0, 0) => None,
        (0, without) => {
            Some(format!("{} can't be paid yet: no payout method or details are known", counted(without, "partner")))
        }
        (can, 0) => Some(format!("{} can be paid", counted(can, "partner"))),
        (can, without) => {
            Some(format!("{} can be paid; {} more without payout details", counted(can, "partner"), grouped(without)))
        }
    }
}

fn tiles(overview: &Overview, period: Period) -> AnyView {
    let than = period.compared_with(overview.today);
    let Overview { clicks, customers, sign_ups, sales, sales_before, due, .. } = overview.clone();
    let cost = format!("{} in commissions", overview.cost);
    let below = due_words(due, overview.held);
    view! {
        <Tiles>
            <Tile label="Clicks" value=grouped(clicks.now) delta=count_delta(clicks.now, clicks.before) than=than.clone()/>
            <Tile label="Customers" value=grouped(customers.now) delta=count_delta(customers.now, customers.before)
                than=than.clone() note=counted(sign_ups.now, "sign-up")/>
            <Tile label="Referred sales" value=sales.to_string()
                delta=money_delta(sales, sales_before) than=than note=cost/>
            <Tile label="Awaiting payout" value=due.to_string() note=below/>
        </Tiles>
    }
    .into_any()
}

fn chart(overview: &Overview) -> AnyView {
    let days = &overview.days;
    if days.iter().all(|day| day.clicks + day.sign_ups + day.sales == 0) {
        return view! {
            <Card title="Performance">
                <EmptyState glyph=Glyph::Chart title="Nothing in these days" words="Clicks, sign-ups and sales of all partners show here by day."/>
            </Card>
        }
        .into_any();
    }
    let points = days.iter().map(|day| day.day.format("%-d %b").to_string()).collect::<Vec<_>>();
    let lines = vec![
        Series::new("Clicks", days.iter().map(|day| day.clicks).collect()),
        Series::new("Sign-ups", days.iter().map(|day| day.sign_ups).collect()).on_the_right(),
        Series::new("Sales", days.iter().map(|day| day.sales).collect()).on_the_right(),
    ];
    view! {
        <Card title="Performance">
            <LineChart id="performance" label="Clicks, sign-ups and sales by day" points=points series=lines/>
        </Card>
    }
    .into_any()
}

fn top(partners: Vec<TopPartner>, program: String) -> AnyView {
    let all = format!("/admin/{program}/partners");
    if partners.is_empty() {
        return view! {
            <Card title="Top partners">
                <EmptyState glyph=Glyph::Users title="No sales by partners yet" words="The partners who sell most in these days show here.">
                    <ButtonLink href=all>"All partners"</ButtonLink>
                </EmptyState>
            </Card>
        }
        .into_any();
    }
    let head = || {
        view! {
            <Th label="Partner"/>
            <Th label="Clicks" num=true wide=true/>
            <Th label="Sales" num=true wide=true/>
            <Th label="Sales amount" num=true/>
            <Th label="Commissions" num=true/>
        }
    };
    let rows = partners
        .into_iter()
        .map(|row| {
            view! {
                <tr>
                    <td>{show::partner_link(&program, &row.partner)}</td>
                    <td class="num wide">{grouped(row.clicks)}</td>
                    <td class="num wide">{grouped(row.sales)}</td>
                    <td class="num"><Amount value=row.sales_amount/></td>
                    <td class="num"><Amount value=row.commissions strong=true/></td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <Card title="Top partners" actions=move || view! { <ButtonLink href=all>"All partners"</ButtonLink> }>
            <Table caption="Top partners" head=head>{rows}</Table>
        </Card>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::to_pay;

    #[test]
    fn who_can_not_be_paid_is_told_beside_who_can() {
        assert_eq!(to_pay(0, 0), None);
        assert_eq!(to_pay(1, 0).as_deref(), Some("1 partner can be paid"));
        assert_eq!(to_pay(3, 1).as_deref(), Some("3 partners can be paid; 1 more without payout details"));
        assert_eq!(to_pay(3, 2).as_deref(), Some("3 partners can be paid; 2 more without payout details"));
        let nobody = to_pay(0, 2);
        assert_eq!(nobody.as_deref(), Some("2 partners can't be paid yet: no payout method or details are known"));
    }
}
