use access::{LazyPage, Read, Result, read};
use domain::reports::{Performance, Period};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{PageHead, SkeletonCard, SkeletonTiles, performance, report_period};

use super::{file, tabs};
use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    performance: Performance,
    period: Period,
}

/// How a program did, for a period as the address names it.
#[server(prefix = "/fn", endpoint = "admin/reports", input = GetUrl)]
pub async fn read_reports(
    program: String,
    period: Option<String>,
    from: Option<String>,
    to: Option<String>,
    unit: Option<String>,
) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let period = Period::parse(period.as_deref(), from.as_deref(), to.as_deref());
        let unit = unit.and_then(|word| word.parse().ok()).unwrap_or_default();
        let performance =
            engine::reports::performance(&mut asking.conn, &asking.moment, &asking.actor, period, unit).await?;
        Ok(Shown { performance, period })
    })
    .await
}

/// `/admin/{program}/reports`.
pub struct ReportsPage(Read<Shown>);

impl LazyPage for ReportsPage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        Self(read(move || {
            let of = |key| address.with(|address| show::value(address, key));
            ReadReports {
                program: program.get(),
                period: of("period"),
                from: of("from"),
                to: of("to"),
                unit: of("unit"),
            }
        }))
    }

    fn view(this: Self) -> AnyView {
        view! {
            <Title text="Reports"/>
            {this.0.show(skeleton, page)}
        }
        .into_any()
    }
}

fn skeleton() -> AnyView {
    view! {
        <PageHead title="Reports"/>
        <SkeletonTiles/>
        <SkeletonCard lines=8/>
    }
    .into_any()
}

fn page(shown: Shown) -> AnyView {
    let Shown { performance: figures, period } = shown;
    let (program, address) = (show::program().get_untracked(), show::address().get_untracked());
    let picker = report_period(period, figures.range, &address);
    let file = file(&program, "performance", &address);
    view! {
        <PageHead title="Reports">{picker}</PageHead>
        {tabs(&program, "Performance")}
        {performance(figures, period, &address, file)}
    }
    .into_any()
}
