use access::{LazyPage, Read, Result, read};
use domain::reports::{Cohort, CohortMonth, Cohorts, all_cohorts};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use ui::{Address, Card, Download, EmptyState, Glyph, PageHead, SkeletonTable, Tab, Table, Tabs, Th, grouped};

use super::{file, tabs};
use crate::show;

/// The customers of a program by the month of their first sale.
#[server(prefix = "/fn", endpoint = "admin/reports/cohorts", input = GetUrl)]
pub async fn read_cohorts(program: String) -> Result<Cohorts> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        Ok(engine::reports::cohorts(&mut asking.conn, &asking.moment, &asking.actor).await?)
    })
    .await
}

/// `/admin/{program}/reports/cohorts`.
pub struct CohortsPage(Read<Cohorts>);

impl LazyPage for CohortsPage {
    fn data() -> Self {
        let program = show::program();
        Self(read(move || ReadCohorts { program: program.get() }))
    }

    fn view(this: Self) -> AnyView {
        let (found, address) = (this.0, show::address());
        view! {
            <Title text="Cohorts"/>
            {found.show(skeleton, move |cohorts| {
                // The same figures either way.
                let (cohorts, address) = (StoredValue::new(cohorts), address);
                (move || {
                    let shown = address.with(Figures::of);
                    cohorts.with_value(|cohorts| page(cohorts.clone(), shown))
                })
                    .into_any()
            })}
        }
        .into_any()
    }
}

fn skeleton() -> AnyView {
    view! { <PageHead title="Reports"/> <Card><SkeletonTable columns=6/></Card> }.into_any()
}

/// What is told of each month of a cohort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Figures {
    Customers,
    Share,
    Revenue,
}

impl Figures {
    fn of(address: &Address) -> Self {
        match address.get("show") {
            Some("share") => Self::Share,
            Some("revenue") => Self::Revenue,
            _ => Self::Customers,
        }
    }

    /// A month of so many customers; the more of them bought, the darker.
    fn cell(self, customers: i64, month: &CohortMonth) -> AnyView {
        let share = month.share(customers);
        let text = match self {
            Self::Customers => grouped(month.customers),
            Self::Share => share.map_or_else(|| "–".to_owned(), |share| format!("{share}%")),
            // Twelve months lie side by side: the currency's smaller unit would not fit.
            Self::Revenue => grouped(i64::try_from(month.revenue.amount.round()).unwrap_or(i64::MAX)),
        };
        let shade = share.filter(|_| self != Self::Revenue).map_or(0, |share| (share + 24) / 25);
        view! { <td class=format!("num shade-{shade}")>{text}</td> }.into_any()
    }
}

fn page(found: Cohorts, shown: Figures) -> AnyView {
    let (program, address) = (show::program().get_untracked(), show::address().get_untracked());
    let file = file(&program, "cohorts", &address);
    // What was before the first customer tells nothing.
    let cohorts: Vec<Cohort> = found.cohorts.into_iter().skip_while(|cohort| cohort.customers == 0).collect();
    let content = if cohorts.is_empty() {
        view! {
            <EmptyState
                glyph=Glyph::Chart
                title="No customers yet"
                words="Referred customers show here by the month in which they first bought, with who bought again in each month since."
            />
        }
        .into_any()
    } else {
        table(cohorts, shown)
    };
    view! {
        <PageHead title="Reports"/>
        {tabs(&program, "Cohorts")}
        <Card title="Customers by the month of their first sale" actions=move || view! { <Download href=file what="cohorts"/> }>
            <p class="sub">"A cohort is the referred customers who first bought in that month: +0 is that month, +1 the one after it."</p>
            <Tabs label="Figures">
                <Tab href=address.without("show").href() label="Customers who bought" current={shown == Figures::Customers}/>
                <Tab href=address.with("show", "share").href() label="In percent" current={shown == Figures::Share}/>
                <Tab href=address.with("show", "revenue").href() label="Revenue" current={shown == Figures::Revenue}/>
            </Tabs>
            {content}
        </Card>
    }
    .into_any()
}

fn table(cohorts: Vec<Cohort>, shown: Figures) -> AnyView {
    let most = cohorts.iter().map(|cohort| cohort.months.len()).max().unwrap_or(0);
    let currency = cohorts.iter().flat_map(|cohort| &cohort.months).map(|month| month.revenue.currency).next();
    let about = match (shown, currency) {
        (Figures::Revenue, Some(currency)) => {
            format!("What they paid in each month in {currency}, rounded, refunds of those sales taken off.")
        }
        (Figures::Share, _) => {
            "How many of a hundred of them bought in each month. The last line is over the cohorts that are that old."
                .to_owned()
        }
        _ => "How many of them bought in each month, each counted once.".to_owned(),
    };
    let all: i64 = cohorts.iter().map(|cohort| cohort.customers).sum();
    let sums = (0..most).filter_map(|after| all_cohorts(&cohorts, after));
    let sums = sums.map(|(customers, sum)| shown.cell(customers, &sum)).collect_view();
    let foot = move || view! { <td>"All"</td> <td class="num">{grouped(all)}</td> {sums} };
    let head = move || {
        let months = (0..most).map(|after| view! { <Th label=format!("+{after}") num=true/> }).collect_view();
        view! { <Th label="First sale in"/> <Th label="Customers" num=true/> {months} }
    };
    let rows = cohorts
        .into_iter()
        .map(|cohort| {
            let missing = most - cohort.months.len();
            let months = cohort.months.iter().map(|month| shown.cell(cohort.customers, month)).collect_view();
            let rest = (0..missing).map(|_| view! { <td></td> }).collect_view();
            view! {
                <tr>
                    <th scope="row">{cohort.month.format("%b %Y").to_string()}</th>
                    <td class="num">{grouped(cohort.customers)}</td>
                    {months}
                    {rest}
                </tr>
            }
        })
        .collect_view();
    view! {
        <Table caption="Cohorts of customers" head=head foot=foot>{rows}</Table>
        <p class="sub">{about}</p>
    }
    .into_any()
}
