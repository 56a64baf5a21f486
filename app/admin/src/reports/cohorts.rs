use access::{LazyPage, Read, Result, read};
use domain::reports::{Cohort, CohortMonth, Cohorts};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use ui::{Card, Download, EmptyState, Glyph, PageHead, SkeletonTable, Tab, Table, Tabs, Th, grouped};

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
                    let revenue = address.with(|address| address.get("show") == Some("revenue"));
                    cohorts.with_value(|cohorts| page(cohorts.clone(), revenue))
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

fn page(found: Cohorts, revenue: bool) -> AnyView {
    let (program, address) = (show::program().get_untracked(), show::address().get_untracked());
    let file = file(&program, "cohorts", &address);
    let content = if found.cohorts.iter().all(|cohort| cohort.customers == 0) {
        view! {
            <EmptyState
                glyph=Glyph::Chart
                title="No customers yet"
                words="Referred customers show here by the month in which they first bought, with who bought again in each month since."
            />
        }
        .into_any()
    } else {
        table(found.cohorts, revenue)
    };
    let count = !revenue;
    view! {
        <PageHead title="Reports"/>
        {tabs(&program, "Cohorts")}
        <Card title="Customers by the month of their first sale" actions=move || view! { <Download href=file what="cohorts"/> }>
            <p class="sub">"A cohort is the referred customers who first bought in that month: +0 is that month, +1 the one after it."</p>
            <Tabs label="Figures">
                <Tab href=address.without("show").href() label="Customers who bought" current=count/>
                <Tab href=address.with("show", "revenue").href() label="Revenue" current=revenue/>
            </Tabs>
            {content}
        </Card>
    }
    .into_any()
}

fn table(cohorts: Vec<Cohort>, revenue: bool) -> AnyView {
    let most = cohorts.iter().map(|cohort| cohort.months.len()).max().unwrap_or(0);
    let currency = cohorts.iter().flat_map(|cohort| &cohort.months).map(|month| month.revenue.currency).next();
    let about = match currency {
        Some(currency) if revenue => {
            format!("What they paid in each month in {currency}, rounded, refunds of those sales taken off.")
        }
        _ => "How many of them bought in each month, each counted once.".to_owned(),
    };
    let head = move || {
        let months = (0..most).map(|after| view! { <Th label=format!("+{after}") num=true/> }).collect_view();
        view! { <Th label="First sale in"/> <Th label="Customers" num=true/> {months} }
    };
    let rows = cohorts
        .into_iter()
        .map(|cohort| {
            let missing = most - cohort.months.len();
            let months = cohort
                .months
                .iter()
                .map(|month| view! { <td class="num">{figure(month, revenue)}</td> })
                .collect_view();
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
        <Table caption="Cohorts of customers" head=head>{rows}</Table>
        <p class="sub">{about}</p>
    }
    .into_any()
}

fn figure(month: &CohortMonth, revenue: bool) -> String {
    if !revenue {
        return grouped(month.customers);
    }
    // Twelve months lie side by side: the currency's smaller unit would not fit.
    let whole = month.revenue.amount.round();
    grouped(i64::try_from(whole).unwrap_or(i64::MAX))
}
