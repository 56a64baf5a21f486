//! All leads: as a table or a board.

use access::{Form, LazyPage, Read, Result, read_after};
use chrono::NaiveDate;
use domain::accounts::MemberName;
use domain::ids::LeadGroupId;
use domain::leads::{BoardColumn, LeadRow, LeadSort, Outcome, Stage, StageName};
use domain::page::Page;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ui::{
    Address, Amount, Button, Card, Checkbox, Choice, EmptyState, Glyph, PageHead, Pill, SearchInput, Select,
    SkeletonTable, Tab, Table, Tabs, TextInput, Th, Tone, stage_pill, unless_zero,
};

use super::board::Board;
use super::bulk::{self, BulkLeads};
use super::link;
use super::mover::Mover;
use crate::show;

/// What the address asks for.
const KEYS: &[&str] = &[
    "q",
    "stage",
    "kind",
    "group",
    "outcome",
    "partner_code",
    "assignee",
    "duplicates",
    "withdrawn",
    "from",
    "to",
    "sort",
    "cursor",
    "view",
];

/// What of it leaves leads out.
const FILTERS: &[&str] =
    &["q", "stage", "kind", "group", "outcome", "partner_code", "assignee", "duplicates", "from", "to", "cursor"];

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    list: List,
    stages: Vec<StageName>,
    groups: Vec<(LeadGroupId, String)>,
    team: Vec<MemberName>,
    /// The program's day.
    today: NaiveDate,
    may_judge: bool,
}

/// The leads, in one of the two ways.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum List {
    Table(Page<LeadRow>),
    Board(Vec<BoardColumn>),
}

/// A page of a program's leads, or its board.
#[server(prefix = "/fn", endpoint = "admin/leads", input = GetUrl)]
pub async fn read_leads(program: String, #[server(default)] asked: BTreeMap<String, String>) -> Result<Shown> {
    use domain::leads::LeadFilter;
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let filter = LeadFilter::of(|key| asked.get(key).cloned(), asking.actor.account());
        let (conn, actor) = (&mut *asking.conn, &asking.actor);
        let list = if asked.get("view").is_some_and(|view| view == "board") {
            // All stages, from the beginning.
            let LeadFilter { search, group, assignee, unassigned, duplicates, partner_code, .. } = filter;
            let others = LeadFilter::default();
            let filter = LeadFilter { search, group, assignee, unassigned, duplicates, partner_code, ..others };
            List::Board(engine::leads::board(conn, &asking.moment, actor, &filter).await?)
        } else {
            let paging = domain::page::Paging { cursor: asked.get("cursor").cloned(), limit: None };
            List::Table(engine::leads::list(conn, &asking.moment, actor, &filter, &paging).await?)
        };
        let groups = engine::leads::group_names(conn, actor).await?;
        Ok(Shown {
            list,
            stages: engine::leads::stage_names(conn, asking.program.id).await?,
            groups,
            team: engine::leads::team(conn, actor).await?,
            today: engine::reports::day(&asking.program, asking.moment.at)?,
            may_judge: actor.may(domain::accounts::Power::JudgeLeads),
        })
    })
    .await
}

/// `/admin/{program}/leads`.
pub struct LeadsPage {
    found: Read<Shown>,
    bulk: Form<BulkLeads>,
    board: Board,
}

impl LazyPage for LeadsPage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        let bulk = Form::new();
        let done = show::done(bulk);
        let found = read_after(
            move || done.get(),
            move || {
                let asked = address.with(|address| {
                    let each = KEYS.iter().filter_map(|key| Some(((*key).to_owned(), show::value(address, key)?)));
                    each.collect()
                });
                ReadLeads { program: program.get(), asked }
            },
        );
        Self { found, bulk, board: Board::new(Mover::new(), found) }
    }

    fn view(this: Self) -> AnyView {
        let LeadsPage { found, bulk, board } = this;
        bulk::tell(bulk);
        view! {
            <Title text="Leads"/>
            <PageHead title="Leads">{show::download("leads")}</PageHead>
            {bulk::left_out(bulk)}
            {found.show(|| view! { <Card><SkeletonTable columns=6/></Card> }.into_any(), move |shown| page(shown, bulk, board))}
            {board.mover.dialog()}
        }
        .into_any()
    }
}

fn page(shown: Shown, bulk: Form<BulkLeads>, board: Board) -> AnyView {
    let address = show::address().get_untracked();
    let head = view! {
        {views(&address)}
        {filters(&address, &shown)}
    };
    let Shown { list, stages, team, today, may_judge, .. } = shown;
    let list =
        match list {
            List::Table(leads) if leads.data.is_empty() && show::filtered(&address, FILTERS) => {
                show::nothing_found(&address)
            }
            List::Table(leads) if leads.data.is_empty() => empty(),
            List::Table(leads) => table(leads, &stages, &team, may_judge.then_some(bulk)),
            List::Board(columns) if columns.iter().all(|column| column.total == 0) => {
                if show::filtered(&address, FILTERS) { show::nothing_found(&address) } else { empty() }
            }
            List::Board(columns) => board.view(columns, today, may_judge, &address),
        };
    view! { {head}{list} }.into_any()
}

/// The two ways to look at leads.
fn views(address: &Address) -> AnyView {
    let plain = address.without("cursor").without("view");
    let is_board = address.get("view") == Some("board");
    let of_table = ["stage", "kind", "outcome", "from", "to", "sort", "withdrawn"];
    let board = of_table.iter().fold(plain.with("view", "board"), |address, key| address.without(key));
    view! {
        <Tabs label="Ways to look at leads">
            <Tab href=plain.href() label="Table" current={!is_board}/>
            <Tab href=board.href() label="Board" current=is_board/>
        </Tabs>
    }
    .into_any()
}

fn filters(address: &Address, shown: &Shown) -> AnyView {
    let of = |key: &str| address.get(key).unwrap_or_default().to_owned();
    let is_board = address.get("view") == Some("board");
    let select = |id: &'static str, label: &'static str, any: &'static str, choices: Vec<Choice>| {
        let choices = std::iter::once(Choice::new("", any)).chain(choices).collect();
        view! { <Select id=id label=label choices=choices value=of(id)/> }.into_any()
    };
    let assignees = [Choice::new("me", "Mine"), Choice::new("nobody", "Nobody's")].into_iter();
    let members = shown.team.iter().map(|member| Choice::new(member.account.to_string(), &member.name));
    let assignee = select("assignee", "Assigned to", "Anybody's", assignees.chain(members).collect());
    // One group is no choice.
    let group = (shown.groups.len() > 1).then(|| {
        let groups = shown.groups.iter().map(|(id, name)| Choice::new(id.to_string(), name)).collect();
        select("group", "Group", "Any group", groups)
    });
    // The board has all stages, and the latest first.
    let of_table = (!is_board).then(|| {
        let stages = shown.stages.iter().map(|stage| Choice::new(stage.id.to_string(), &stage.name)).collect();
        let kinds = Stage::ALL.iter().map(|kind| Choice::new(kind.as_str(), kind.label())).collect();
        let outcomes = Outcome::ALL.iter().map(|outcome| Choice::new(outcome.as_str(), outcome.team_label())).collect();
        let orders = vec![
            Choice::new("", "Latest added first"),
            Choice::new(LeadSort::Updated.as_str(), "Latest changed first"),
        ];
        // A stage of each kind is no choice beside the stages.
        let kind = (shown.stages.len() > Stage::ALL.len() || !of("kind").is_empty())
            .then(|| select("kind", "Kind of stage", "Any kind of stage", kinds));
        view! {
            {select("stage", "Stage", "Any stage", stages)}
            {kind}
            {select("outcome", "Outcome", "Any outcome", outcomes)}
            <TextInput id="from" label="From" kind="date" value=of("from")/>
            <TextInput id="to" label="To" kind="date" value=of("to")/>
            <Select id="sort" label="Order" choices=orders value=of("sort")/>
            <Checkbox id="withdrawn" label="Taken back too" checked={!of("withdrawn").is_empty()}/>
        }
    });
    view! {
        <form class="filters" method="get" action=address.path().to_owned()>
            {is_board.then(|| view! { <input type="hidden" name="view" value="board"/> })}
            <SearchInput id="q" label="Search by e-mail or name" name="q" value=of("q")/>
            <TextInput id="partner_code" label="Partner code" placeholder="Partner code" value=of("partner_code")/>
            {assignee}
            {group}
            {of_table}
            <Checkbox id="duplicates" label="Duplicates only" checked={!of("duplicates").is_empty()}/>
            <Button submit=true>"Show"</Button>
        </form>
    }
    .into_any()
}

fn empty() -> AnyView {
    view! {
        <Card>
            <EmptyState
                glyph=Glyph::UserPlus
                title="No leads yet"
                words="Partners submit leads in the portal, import files of them, or send them by the API. Your team reviews them here, and follows each to its customer."
            />
        </Card>
    }
    .into_any()
}

fn table(leads: Page<LeadRow>, stages: &[StageName], team: &[MemberName], bulk: Option<Form<BulkLeads>>) -> AnyView {
    let address = show::address().get_untracked();
    let program = show::program().get_untracked();
    let pages = show::pages(&leads, None, &address);
    let count = RwSignal::new(0);
    let may_judge = bulk.is_some();
    let bar = bulk.map(|form| bulk::bar(form, count, stages, team));
    let head = move || {
        view! {
            {may_judge.then(|| bulk::BOXES.tick_all(count))}
            <Th label="Lead"/>
            <Th label="Partner" under=true/>
            <Th label="Stage"/>
            <Th label="Assigned to" wide=true/>
            <Th label="Deal value" num=true wide=true/>
            <Th label="Commission" num=true wide=true/>
            <Th label="Added" wide=true/>
            <Th label="Changed" wide=true/>
        }
    };
    let choosing = may_judge.then_some(count);
    let rows = leads.data.into_iter().map(|lead| row(lead, &program, choosing)).collect_view();
    view! {
        <Card>
            {bar}
            <Table caption="Leads" head=head phone_columns={if may_judge { 3 } else { 2 }}>{rows}</Table>
            {pages}
        </Card>
    }
    .into_any()
}

fn row(lead: LeadRow, program: &str, choosing: Option<RwSignal<usize>>) -> AnyView {
    let chosen = choosing.map(|count| {
        let tick = bulk::BOXES.tick(count, lead.id.to_string(), format!("Choose {}", super::called(&lead)));
        view! { <td class="check">{tick}</td> }
    });
    // The name stands above; the e-mail below it.
    let below = (!lead.name.is_empty()).then(|| view! { <small>{lead.email.clone()}</small> });
    let marks = [
        lead.duplicate.then(|| view! { " "<Pill tone=Tone::Warn text="Duplicate"/>" " }.into_any()),
        lead.withdrawn.then(|| view! { <Pill text="Taken back"/>" " }.into_any()),
    ];
    let outcome = match lead.customer {
        Some(customer) => {
            let href = format!("/admin/{program}/customers/{customer}");
            view! { <a class="link" href=href>{lead.outcome.team_label()}</a> }.into_any()
        }
        None => lead.outcome.team_label().into_any(),
    };
    let name = link(program, &lead);
    let assignee = lead.assignee.map(|member| member.name);
    let day = show::day(lead.day);
    view! {
        <tr>
            {chosen}
            <td class="break">
                {name}
                {below}
                {marks.into_iter().collect_view()}
            </td>
            <td class="under">
                {show::partner_link(program, &lead.partner)}
                <small class="narrow">{day.clone()}</small>
            </td>
            <td>{stage_pill(&lead.stage)}<small>{outcome}</small></td>
            <td class="wide">{assignee}</td>
            <td class="num wide">{lead.deal_value.map(|value| view! { <Amount value=value/> })}</td>
            <td class="num wide">{unless_zero(lead.commission)}</td>
            <td class="wide day">{day}</td>
            <td class="wide day">{show::day_of(lead.updated_at)}</td>
        </tr>
    }
    .into_any()
}
