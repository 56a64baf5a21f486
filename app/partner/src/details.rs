//! How the partner did, over time and by what clicks and customers have in common.

use access::{LazyPage, Read, Result, read};
use domain::portal::PortalPage;
use domain::reports::{Performance, Period, Tops};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{PageHead, SkeletonCard, SkeletonTiles, performance, report_period, top_ten};

use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    performance: Performance,
    tops: Tops,
    period: Period,
}

/// The performance of the partner who asks, and its "Top 10s", for a period as the address names it.
#[server(prefix = "/fn", endpoint = "partner/details", input = GetUrl)]
pub async fn read_details(
    program: String,
    period: Option<String>,
    from: Option<String>,
    to: Option<String>,
    unit: Option<String>,
) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::partner(&program, PortalPage::Details).await?;
        let period = Period::parse(period.as_deref(), from.as_deref(), to.as_deref());
        let unit = unit.and_then(|word| word.parse().ok()).unwrap_or_default();
        let (conn, moment, actor) = (&mut *asking.conn, &asking.moment, &asking.actor);
        let performance = engine::reports::performance(conn, moment, actor, period, unit).await?;
        let tops = engine::reports::tops(conn, moment, actor, period).await?;
        Ok(Shown { performance, tops, period })
    })
    .await
}

/// `/p/{program}/details`.
pub struct DetailsPage(Read<Shown>);

impl LazyPage for DetailsPage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        Self(read(move || {
            let of = |key| address.with(|address| show::value(address, key));
            ReadDetails {
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
            <Title text="Details"/>
            {this.0.show(skeleton, page)}
        }
        .into_any()
    }
}

fn skeleton() -> AnyView {
    view! {
        <PageHead title="Details"/>
        <SkeletonTiles/>
        <SkeletonCard lines=8/>
    }
    .into_any()
}

fn page(shown: Shown) -> AnyView {
    let Shown { performance: figures, tops, period } = shown;
    let (program, address) = (show::program().get_untracked(), show::address().get_untracked());
    let picker = report_period(period, figures.range, &address);
    let file = show::file(&program, "details", &address);
    let lists = tops
        .lists
        .into_iter()
        .map(|list| {
            let file = show::file(&program, &format!("top-{}", list.kind), &address);
            top_ten(list, file)
        })
        .collect_view();
    view! {
        <PageHead title="Details">{picker}</PageHead>
        {show::tabs(&program, PortalPage::Details)}
        {performance(figures, period, &address, file)}
        <div class="halves">{lists}</div>
    }
    .into_any()
}
