use access::{LazyPage, Read, Result, read};
use domain::page::Page;
use domain::reports::AsleepPartner;
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
    partners: Page<AsleepPartner>,
    days: u32,
}

/// The partners of a program on whose links nobody has clicked for so many days.
#[server(prefix = "/fn", endpoint = "admin/reports/asleep", input = GetUrl)]
pub async fn read_asleep(program: String, days: Option<String>, cursor: Option<String>) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let days = days
            .and_then(|days| days.trim().parse().ok())
            .unwrap_or(domain::reports::ASLEEP_DAYS)
            .clamp(1, domain::reports::ASLEEP_MOST);
        let paging = domain::page::Paging { cursor, limit: None };
        let (conn, moment, actor) = (&mut *asking.conn, &asking.moment, &asking.actor);
        let partners = engine::reports::asleep(conn, moment, actor, days, &paging).await?;
        Ok(Shown { partners, days })
    })
    .await
}

/// `/admin/{program}/reports/asleep`.
pub struct AsleepPage(Read<Shown>);

impl LazyPage for AsleepPage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        Self(read(move || {
            let of = |key| address.with(|address| show::value(address, key));
            ReadAsleep { program: program.get(), days: of("days"), cursor: of("cursor") }
        }))
    }

    fn view(this: Self) -> AnyView {
        view! {
            <Title text="Partners asleep"/>
            {this.0.show(skeleton, page)}
        }
        .into_any()
    }
}

fn skeleton() -> AnyView {
    view! { <PageHead title="Reports"/> <Card><SkeletonTable columns=4/></Card> }.into_any()
}

fn page(shown: Shown) -> AnyView {
    let Shown { partners, days } = shown;
    let (program, address) = (show::program().get_untracked(), show::address().get_untracked());
    let file = file(&program, "asleep-partners", &address);
    let title = if days == 1 { "No click today".to_owned() } else { format!("No click in {days} days") };
    view! {
        <PageHead title="Reports"/>
        {tabs(&program, "Asleep")}
        <form class="filters" method="get" action=address.path().to_owned()>
            <TextInput id="days" label="Days without a click" kind="number" value=days.to_string()/>
            <Button submit=true>"Show"</Button>
        </form>
        <Card title=title actions=move || view! { <Download href=file what="partners asleep"/> }>
            {list(partners, &program, &address)}
        </Card>
    }
    .into_any()
}

fn list(partners: Page<AsleepPartner>, program: &str, address: &ui::Address) -> AnyView {
    if partners.data.is_empty() {
        return view! {
            <EmptyState
                glyph=Glyph::Cursor
                title="Nobody is asleep"
                words="Each active partner's links were clicked in these days, or it has joined since."
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
            <Th label="Customers" num=true/>
        }
    };
    let rows = partners.data.into_iter().map(|row| line(row, program)).collect_view();
    view! {
        <Table caption="Partners asleep" head=head>{rows}</Table>
        {pages}
    }
    .into_any()
}

fn line(row: AsleepPartner, program: &str) -> AnyView {
    view! {
        <tr>
            <td>
                {show::partner_link(program, &row.partner)}
                <small class="narrow">"Joined "{show::day(row.joined)}</small>
            </td>
            <td class="wide">{show::day(row.joined)}</td>
            <td>{row.last_click.map_or_else(|| "Never".to_owned(), show::day)}</td>
            <td class="num">{grouped(row.customers)}</td>
        </tr>
    }
    .into_any()
}
