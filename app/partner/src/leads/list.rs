//! The list of leads, and the dashboard's section.

use access::{LazyPage, Read, Result, read};
use domain::ids::{LeadGroupId, LeadStageId};
use domain::leads::{LeadRow, Stage};
use domain::page::Page;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ui::{
    Address, Button, ButtonKind, ButtonLink, Card, Choice, Download, EmptyState, Glyph, Menu, MenuLink, PageHead, Pill,
    SearchInput, Select, SkeletonTable, Table, TextInput, Th, commission_tone, icon, stage_pill,
};

use super::{called, rule, submit_button};
use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    leads: Page<LeadRow>,
    /// Whether the program takes leads from partners.
    submission: bool,
    /// Whether it takes files of them.
    importing: bool,
    /// Whether it takes sales from partners.
    sales: bool,
    /// The program's stages.
    stages: Vec<(LeadStageId, String)>,
    /// The program's groups, where there are several.
    groups: Vec<(LeadGroupId, String)>,
    /// How long a lead counts, in days.
    window_days: i32,
}

/// By what the address filters.
const FILTERS: [&str; 9] = ["q", "kind", "stage", "group", "outcome", "withdrawn", "from", "to", "cursor"];

/// A page of the leads of the partner who asks, as its address filters them.
#[server(prefix = "/fn", endpoint = "partner/leads", input = GetUrl)]
pub async fn read_leads(program: String, #[server(default)] asked: BTreeMap<String, String>) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::partner(&program, domain::portal::PortalPage::Leads).await?;
        let filter = domain::leads::LeadFilter::of(|key| asked.get(key).cloned(), None);
        let paging = domain::page::Paging { cursor: asked.get("cursor").cloned(), limit: None };
        let leads = engine::leads::list(&mut asking.conn, &asking.moment, &asking.actor, &filter, &paging).await?;
        let settings = engine::leads::settings(&mut asking.conn, asking.program.id).await?;
        let groups = engine::leads::choices(&mut asking.conn, asking.program.id).await?;
        let stages = engine::leads::stage_names(&mut asking.conn, asking.program.id).await?;
        let groups = if groups.len() < 2 { Vec::new() } else { groups };
        Ok(Shown {
            leads,
            submission: settings.submission,
            importing: settings.importing,
            sales: settings.sales,
            stages: stages.into_iter().map(|stage| (stage.id, stage.name)).collect(),
            groups: groups.into_iter().map(|group| (group.id, group.name)).collect(),
            window_days: asking.program.lead_window_days,
        })
    })
    .await
}

/// The dashboard's section: the button, and the latest few leads.
pub(crate) fn card(program: &str, submission: bool, leads: Vec<LeadRow>, window_days: i32) -> AnyView {
    let all = format!("/p/{program}/leads");
    let slug = program.to_owned();
    let latest = leads.into_iter().map(|lead| line(&slug, lead)).collect_view();
    let submit = submit_button(program, submission);
    view! {
        <Card
            title="Add a new lead"
            actions=move || view! { <ButtonLink href=all kind=ButtonKind::Quiet>"All leads"</ButtonLink> }
        >
            <p class="sub">{rule(window_days)}</p>
            <div class="actions">{submit}</div>
            <ul class="list">{latest}</ul>
        </Card>
    }
    .into_any()
}

fn line(program: &str, lead: LeadRow) -> AnyView {
    let added = format!("Added {}", lead.day.format("%-d %b %Y"));
    let href = format!("/p/{program}/leads/{}", lead.id);
    view! {
        <li class="between">
            <span><a class="link" href=href>{called(&lead)}</a><span class="sub">" "{added}</span></span>
            {stage_pill(&lead.stage)}
        </li>
    }
    .into_any()
}

/// `/p/{program}/leads`.
pub struct LeadsPage(Read<Shown>);

impl LazyPage for LeadsPage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        Self(read(move || {
            let of = |key: &str| Some((key.to_owned(), address.with(|address| show::value(address, key))?));
            let asked = FILTERS.into_iter().chain(["sort"]).filter_map(of).collect();
            ReadLeads { program: program.get(), asked }
        }))
    }

    fn view(this: Self) -> AnyView {
        let address = show::address();
        view! {
            <Title text="Leads"/>
            {crate::lead_import::opened()}
            {this.0.show(skeleton, move |shown| page(shown, &address.get_untracked()))}
        }
        .into_any()
    }
}

fn skeleton() -> AnyView {
    view! { <PageHead title="Leads"/><Card><SkeletonTable columns=5/></Card> }.into_any()
}

fn filters(address: &Address, stages: Vec<(LeadStageId, String)>, groups: Vec<(LeadGroupId, String)>) -> AnyView {
    let of = |key: &str| address.get(key).unwrap_or_default().to_owned();
    let stages = std::iter::once(Choice::new("", "Any status"))
        .chain(stages.into_iter().map(|(id, name)| Choice::new(id.to_string(), name)))
        .collect();
    let groups = (!groups.is_empty()).then(|| {
        let choices = groups.into_iter().map(|(id, name)| Choice::new(id.to_string(), name));
        let choices = std::iter::once(Choice::new("", "Any group")).chain(choices).collect();
        view! { <Select id="group" label="Group" choices=choices value=of("group")/> }
    });
    let which = vec![Choice::new("", "Not taken back"), Choice::new("yes", "Also taken back")];
    let sorts = vec![Choice::new("", "Latest first"), Choice::new("updated", "Last changed first")];
    view! {
        <form class="filters" method="get" action=address.path().to_owned()>
            <SearchInput id="q" label="Search by e-mail or name" value=of("q")/>
            <Select id="stage" label="Status" choices=stages value=of("stage")/>
            {groups}
            <Select id="withdrawn" label="Taken back" choices=which value=of("withdrawn")/>
            <TextInput id="from" label="From" kind="date" value=of("from")/>
            <TextInput id="to" label="To" kind="date" value=of("to")/>
            <Select id="sort" label="Order" choices=sorts value=of("sort")/>
            <Button submit=true>"Show"</Button>
        </form>
    }
    .into_any()
}

fn page(shown: Shown, address: &Address) -> AnyView {
    let Shown { leads, submission, importing, sales, stages, groups, window_days } = shown;
    let program = show::program().get_untracked();
    let file = show::file(&program, "leads", address);
    let submit = submit_button(&program, submission);
    let more = (submission || importing || sales).then(|| more(&program, address, submission, importing, sales));
    let filters = filters(address, stages, groups);
    let list = list(leads, &program, (submission, importing), window_days, address);
    view! {
        <PageHead title="Leads">
            <Download href=file what="leads"/>
            {sales.then(|| crate::sales::submit_button(&program, ButtonKind::Plain))}
            {submit}
            {more}
        </PageHead>
        {filters}
        {list}
    }
    .into_any()
}

/// What else can be done, behind three dots.
fn more(program: &str, address: &Address, submission: bool, importing: bool, sales: bool) -> AnyView {
    let to = |path: &str| format!("/p/{program}/{path}");
    // What the list shows stays under the drawer.
    let (import, history, submitted) = (address.with("import", "1").href(), to("leads/imports"), to("submitted-sales"));
    let share = to("leads/share");
    view! {
        <Menu id="lead-menu" label="More" bare=true button=|| icon(Glyph::Dots)>
            {importing.then(|| view! {
                <MenuLink href=import icon=Glyph::Upload>"Import leads"</MenuLink>
                <MenuLink href=history icon=Glyph::Clock>"View import history"</MenuLink>
            })}
            {submission.then(|| view! { <MenuLink href=share icon=Glyph::Share>"Share a form"</MenuLink> })}
            {sales.then(|| view! { <MenuLink href=submitted icon=Glyph::Cart>"Submitted sales"</MenuLink> })}
        </Menu>
    }
    .into_any()
}

fn list(
    leads: Page<LeadRow>,
    program: &str,
    (submission, importing): (bool, bool),
    window_days: i32,
    address: &Address,
) -> AnyView {
    if leads.data.is_empty() {
        if FILTERS.iter().any(|key| address.get(key).is_some()) {
            return show::nothing_found(address);
        }
        let words = if submission {
            format!("A lead is somebody who may want to become a customer. {}", rule(window_days))
        } else if importing {
            "This program takes leads from files: import one from the menu above.".to_owned()
        } else {
            "This program takes no leads from partners at the moment.".to_owned()
        };
        let submit = submit_button(program, submission);
        return view! {
            <Card>
                <EmptyState glyph=Glyph::UserPlus title="No leads yet" words=words>{submit}</EmptyState>
            </Card>
        }
        .into_any();
    }
    let pages = show::pages(&leads, None, address);
    let head = || {
        view! {
            <Th label="Lead"/>
            <Th label="Status" wide=true/>
            <Th label="Next step" wide=true/>
            <Th label="Commission" num=true/>
            <Th label="Added" wide=true/>
            <Th label="Last change" wide=true/>
        }
    };
    let rows = leads.data.into_iter().map(|lead| row(program, lead)).collect_view();
    view! {
        <Card>
            <Table caption="Leads" head=head>{rows}</Table>
            {pages}
        </Card>
    }
    .into_any()
}

fn row(program: &str, lead: LeadRow) -> AnyView {
    let day = lead.day.format("%-d %b %Y").to_string();
    let updated = lead.updated_at.format("%-d %b %Y").to_string();
    let since = (lead.stage.kind != Stage::New).then(|| format!("Since {}", lead.stage_day.format("%-d %b %Y")));
    let href = format!("/p/{program}/leads/{}", lead.id);
    let below = if lead.name.is_empty() { String::new() } else { lead.email.clone() };
    let status = || match lead.withdrawn {
        true => view! { <span class="pill">"Taken back"</span> }.into_any(),
        false => stage_pill(&lead.stage),
    };
    let earned = lead
        .commission_status
        .map(|status| view! { <small><Pill tone=commission_tone(status) text=status.label()/></small> });
    view! {
        <tr>
            <td class="break">
                <a class="link" href=href>{called(&lead)}</a>
                <small>{below}</small>
                <div class="narrow">{status()}<small>{day.clone()}</small></div>
            </td>
            <td class="wide">{status()}<small>{since}</small></td>
            <td class="wide">{lead.next_step.clone()}</td>
            <td class="num">{ui::unless_zero(lead.commission)}{earned}</td>
            <td class="wide day">{day}</td>
            <td class="wide day">{updated}</td>
        </tr>
    }
    .into_any()
}
