use access::{LazyPage, Read, Result, read};
use domain::page::Page;
use domain::reports::{INACTIVE_DAYS, InactivePartner};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{Button, Card, Download, EmptyState, Glyph, PageHead, SkeletonTable, Table, TextInput, Th, grouped};

use super::{file, tabs};
use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// For how many days nobody clicked on whose links, or bought; else what is wrong with the days that were asked for.
    found: std::result::Result<(u32, Page<InactivePartner>), String>,
}

/// The partners of a program without a click and without a sale for so many days.
#[server(prefix = "/fn", endpoint = "admin/reports/inactive", input = GetUrl)]
pub async fn read_inactive(program: String, days: Option<String>, cursor: Option<String>) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let days = match domain::reports::inactive_days(days.as_deref()) {
            Ok(days) => days,
            Err(words) => return Ok(Shown { found: Err(words) }),
        };
        let paging = domain::page::Paging { cursor, limit: None };
        let (conn, moment, actor) = (&mut *asking.conn, &asking.moment, &asking.actor);
        let partners = engine::reports::inactive(conn, moment, actor, days, &paging).await?;
        Ok(Shown { found: Ok((days, partners)) })
    })
    .await
}

/// `/admin/{program}/reports/inactive`.
pub struct InactivePage(Read<Shown>);

impl LazyPage for InactivePage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        Self(read(move || {
            let of = |key| address.with(|address| show::value(address, key));
            ReadInactive { program: program.get(), days: of("days"), cursor: of("cursor") }
        }))
    }

    fn view(this: Self) -> AnyView {
        view! {
            <Title text="Inactive partners"/>
            {this.0.show(skeleton, page)}
        }
        .into_any()
    }
}

fn skeleton() -> AnyView {
    view! { <PageHead title="Reports"/> <Card><SkeletonTable columns=4/></Card> }.into_any()
}

fn page(shown: Shown) -> AnyView {
    let (program, address) = (show::program().get_untracked(), show::address().get_untracked());
    let asked = address.get("days").map_or_else(|| INACTIVE_DAYS.to_string(), str::to_owned);
    let wrong = shown.found.as_ref().err().cloned();
    let card = shown.found.ok().map(|(days, partners)| {
        let file = file(&program, "inactive-partners", &address);
        let title = if days == 1 { "No click or sale today".to_owned() } else { format!("No click or sale in {days} days") };
        let listed = list(partners, &program, &address);
        view! {
            <Card title=title actions=move || view! { <Download href=file what="inactive partners"/> }>
                <p class="sub">"Active partners on whose links nobody has clicked, and whose customers have bought nothing, in these days. Those who joined since are left out."</p>
                {listed}
            </Card>
        }
    });
    view! {
        <PageHead title="Reports"/>
        {tabs(&program, "Inactive")}
        <form class="filters" method="get" action=address.path().to_owned()>
            <TextInput id="days" label="Days without a click or sale" suffix="days without a click or sale" inputmode="numeric" value=asked
                error=Signal::derive(move || wrong.clone())/>
            <Button submit=true>"Show"</Button>
        </form>
        {card}
    }
    .into_any()
}

fn list(partners: Page<InactivePartner>, program: &str, address: &ui::Address) -> AnyView {
    if partners.data.is_empty() {
        return view! {
            <EmptyState
                glyph=Glyph::Cursor
                title="No inactive partners"
                words="Each active partner had a click or a sale in these days, or has joined since."
            />
        }
        .into_any();
    }
    let pages = show::pages(&partners, None, address);
    let head = || {
        view! {
            <Th label="Partner"/>
            <Th label="Joined" wide=true/>
            <Th label="Last click"/>
            <Th label="Last sale" wide=true/>
            <Th label="Customers" num=true/>
        }
    };
    let rows = partners.data.into_iter().map(|row| line(row, program)).collect_view();
    view! {
        <Table caption="Inactive partners" head=head>{rows}</Table>
        {pages}
    }
    .into_any()
}

fn line(row: InactivePartner, program: &str) -> AnyView {
    view! {
        <tr>
            <td>
                {show::partner_link(program, &row.partner)}
                <small class="narrow">"Joined "{show::day(row.joined)}</small>
            </td>
            <td class="wide">{show::day(row.joined)}</td>
            <td>{row.last_click.map_or_else(|| "Never".to_owned(), show::day)}</td>
            <td class="wide">{row.last_sale.map_or_else(|| "Never".to_owned(), show::day)}</td>
            <td class="num">{grouped(row.customers)}</td>
        </tr>
    }
    .into_any()
}
