//! The list of partners.

use access::{Form, LazyPage, Read, Result, read_after};
use domain::page::Page;
use domain::partners::{EnrollmentStatus, GroupName, PartnerFilter, PartnerJob, PartnerRow, PartnerSort, StatusCount};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{
    Address, Amount, Button, ButtonKind, ButtonLink, Card, Choice, EmptyState, Glyph, Note, PageHead, Pill,
    SearchInput, Select, SkeletonTable, Tab, Table, Tabs, Th, grouped,
};

use super::bulk::{self, Offered};
use super::called;
use super::standing::{self, Judging, SetStatus};
use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    page: Page<PartnerRow>,
    /// What the page was asked for.
    filter: PartnerFilter,
    /// How many partners the filter finds.
    total: i64,
    /// How many of each standing the rest of the filter finds.
    counts: Vec<StatusCount>,
    /// The program's tags.
    tags: Vec<String>,
    /// Its groups.
    groups: Vec<GroupName>,
    /// Work on very many partners of the last day.
    jobs: Vec<PartnerJob>,
    may_manage: bool,
}

/// A page of the program's partners.
#[server(prefix = "/fn", endpoint = "admin/partners", input = GetUrl)]
pub async fn read_partners(
    program: String,
    q: Option<String>,
    status: Option<String>,
    tag: Option<String>,
    group: Option<String>,
    order: Option<String>,
    cursor: Option<String>,
) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let filter = PartnerFilter {
            search: q.unwrap_or_default().trim().to_owned(),
            status: status.and_then(|word| word.parse().ok()),
            tag,
            group: group.and_then(|id| id.parse().ok()),
            sort: order.and_then(|word| word.parse().ok()).unwrap_or_default(),
        };
        let paging = domain::page::Paging { cursor, limit: None };
        let page = engine::partners::list(&mut asking.conn, &asking.actor, &filter, &paging).await?;
        let counts = engine::partners::counts(&mut asking.conn, &asking.actor, &filter).await?;
        let listed = counts.iter().filter(|count| filter.status.is_none_or(|status| status == count.status));
        let total: i64 = listed.map(|count| count.partners).sum();
        let tags = engine::partners::work::all_tags(&mut asking.conn, &asking.actor).await?;
        let groups = engine::partners::groups::names(&mut asking.conn, &asking.actor).await?;
        let may_manage = asking.actor.may(domain::accounts::Power::ManagePartners);
        let jobs = if may_manage {
            engine::partners::job::latest(&mut asking.conn, &asking.moment, &asking.actor).await?
        } else {
            Vec::new()
        };
        Ok(Shown { page, filter, total, counts, tags, groups, jobs, may_manage })
    })
    .await
}

/// The orders of the list, as the address names them and as people read them.
const ORDERS: &[(&str, &str)] = &[
    ("", "Newest first"),
    (PartnerSort::Name.as_str(), "By name"),
    (PartnerSort::Earned.as_str(), "Most earned first"),
    (PartnerSort::Due.as_str(), "Most due first"),
];

/// `/admin/{program}/partners`.
pub struct PartnersPage {
    found: Read<Shown>,
    form: Form<SetStatus>,
    bulk: bulk::Forms,
}

impl LazyPage for PartnersPage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        let (form, bulk) = (Form::new(), bulk::Forms::new());
        let each = [show::done(form), show::done(bulk.act)];
        let found = read_after(
            move || each.iter().map(|done| done.get()).sum(),
            move || {
                let of = |key| address.with(|address| show::value(address, key));
                ReadPartners {
                    program: program.get(),
                    q: of("q"),
                    status: of("status"),
                    tag: of("tag"),
                    group: of("group"),
                    order: of("order"),
                    cursor: of("cursor"),
                }
            },
        );
        Self { found, form, bulk }
    }

    fn view(this: Self) -> AnyView {
        let PartnersPage { found, form, bulk } = this;
        bulk::tell(bulk.act);
        standing::tell(form);
        view! {
            <Title text="Partners"/>
            {found.show(skeleton, move |shown| page(shown, form, bulk))}
        }
        .into_any()
    }
}

fn skeleton() -> AnyView {
    view! {
        <PageHead title="Partners"/>
        <Card><SkeletonTable columns=8/></Card>
    }
    .into_any()
}

fn page(shown: Shown, form: Form<SetStatus>, bulk: bulk::Forms) -> AnyView {
    let address = show::address().get_untracked();
    let program = show::program().get_untracked();
    let may_manage = shown.may_manage;
    let add = move || {
        let href = format!("/admin/{}/partners/new", show::program().get_untracked());
        let import = format!("/admin/{}/partners/import", show::program().get_untracked());
        may_manage.then(|| {
            view! {
                <ButtonLink href=import icon=Glyph::Upload>"Import"</ButtonLink>
                <ButtonLink href=href kind=ButtonKind::Primary icon=Glyph::UserPlus>"New partner"</ButtonLink>
            }
        })
    };
    let jobs = shown.jobs.iter().map(|job| job_note(job, &program)).collect_view();
    if shown.counts.is_empty() && !show::filtered(&address, &["q", "tag", "group"]) {
        return view! {
            <PageHead title="Partners">{add()}</PageHead>
            {jobs}
            <Card>
                <EmptyState
                    glyph=Glyph::Users
                    title="No partners yet"
                    words="Add somebody, and they get a link and a place to see what they earn."
                />
            </Card>
        }
        .into_any();
    }
    let tabs = tabs(&shown.counts, &address);
    let filters = filters(&address, &shown);
    let list = if shown.page.data.is_empty() {
        show::nothing_found(&address)
    } else {
        list(shown, &address, &program, (form, bulk))
    };
    view! {
        <PageHead title="Partners">
            {show::download("partners")}
            {add()}
        </PageHead>
        {jobs}
        {tabs}
        {filters}
        {list}
    }
    .into_any()
}

fn tabs(counts: &[StatusCount], address: &Address) -> AnyView {
    let plain = address.without("cursor").without("status");
    let chosen = address.get("status").and_then(|word| word.parse::<EnrollmentStatus>().ok());
    let all = counts.iter().map(|count| count.partners).sum::<i64>();
    // The one that is open shows, though the filter finds none of it.
    let open = chosen.filter(|chosen| !counts.iter().any(|count| count.status == *chosen));
    let open = open.map(|status| StatusCount { status, partners: 0 });
    let each = counts
        .iter()
        .chain(&open)
        .map(|count| {
            let href = plain.with("status", count.status.as_str()).href();
            let label = show::standing_words(count.status);
            view! { <Tab href=href label=label count=count.partners current={chosen == Some(count.status)}/> }
        })
        .collect_view();
    view! {
        <Tabs label="Partners by standing">
            <Tab href=plain.href() label="All" count=all current=chosen.is_none()/>
            {each}
        </Tabs>
    }
    .into_any()
}

fn filters(address: &Address, shown: &Shown) -> AnyView {
    let of = |key: &str| address.get(key).unwrap_or_default().to_owned();
    // Only what there is to choose from.
    let select = |id: &'static str, label: &'static str, any: &'static str, choices: Vec<Choice>| {
        (!choices.is_empty()).then(|| {
            let choices = std::iter::once(Choice::new("", any)).chain(choices).collect();
            view! { <Select id=id label=label choices=choices value=of(id)/> }
        })
    };
    let tags = shown.tags.iter().map(|tag| Choice::new(tag, tag)).collect();
    let groups = shown.groups.iter().map(|group| Choice::new(group.id.to_string(), &group.name)).collect();
    let (tags, groups) = (select("tag", "Tag", "Any tag", tags), select("group", "Group", "Any group", groups));
    let orders = ORDERS.iter().map(|(word, label)| Choice::new(*word, *label)).collect();
    let status = address.get("status").map(str::to_owned);
    view! {
        <form class="filters" method="get" action=address.path().to_owned()>
            {status.map(|status| view! { <input type="hidden" name="status" value=status/> })}
            <SearchInput id="q" label="Name, company, e-mail or code" value=of("q")/>
            {tags}
            {groups}
            <Select id="order" label="Order" choices=orders value=of("order")/>
            <Button submit=true>"Show"</Button>
        </form>
    }
    .into_any()
}

/// Work on very many partners, with the way to its page.
fn job_note(job: &PartnerJob, program: &str) -> AnyView {
    let href = format!("/admin/{program}/partners/jobs/{}", job.id);
    let words = format!(": {}", job.words());
    let title = job.title();
    view! { <Note><a class="link" href=href>{title}</a>{words}</Note> }.into_any()
}

fn list(shown: Shown, address: &Address, program: &str, (form, bulk): (Form<SetStatus>, bulk::Forms)) -> AnyView {
    let Shown { page, filter, total, may_manage, tags, groups, .. } = shown;
    let pages = show::pages(&page, Some(total), address);
    let more = (page.data.len() as i64) < total;
    let count = RwSignal::new(0);
    let offered = Offered { tags: &tags, groups: &groups };
    let sorted = !(tags.is_empty() && groups.is_empty());
    let bar = may_manage.then(|| bulk::bar(bulk, count, filter, more.then_some(total), &offered));
    let judging = may_manage && page.data.iter().any(|row| row.status == EnrollmentStatus::Pending);
    let judging = judging.then(|| Judging::new(form));
    let head = move || {
        view! {
            {may_manage.then(|| bulk::BOXES.tick_all(count))}
            <Th label="Partner"/>
            <Th label="Status" under=true/>
            <Th label="Since" wide=true/>
            {sorted.then(|| view! { <Th label="Group" wide=true/> })}
            <Th label="Clicks" num=true wide=true/>
            <Th label="Customers" num=true wide=true/>
            <Th label="Earned" num=true wide=true/>
            <Th label="Due" num=true/>
            {judging.map(|_| view! { <Th label="Actions" quiet=true under=true/> })}
        }
    };
    let choosing = may_manage.then_some(count);
    let rows = page.data.into_iter().map(|partner| row(partner, program, choosing, judging, sorted)).collect_view();
    view! {
        <Card>
            {bar}
            <Table caption="Partners" head=head phone_columns={if may_manage { 3 } else { 2 }}>{rows}</Table>
            {pages}
        </Card>
        {judging.map(Judging::dialogs)}
    }
    .into_any()
}

/// `sorted`: whether the program has groups or tags.
fn row(
    partner: PartnerRow,
    program: &str,
    choosing: Option<RwSignal<usize>>,
    judging: Option<Judging>,
    sorted: bool,
) -> AnyView {
    let chosen = choosing.map(|count| {
        let tick = bulk::BOXES.tick(count, partner.id.to_string(), format!("Choose {}", called(&partner)));
        view! { <td class="check">{tick}</td> }
    });
    let (name, href) = (called(&partner), format!("/admin/{program}/partners/{}", partner.code));
    let company = if partner.name.is_empty() || partner.company.is_empty() {
        String::new()
    } else {
        format!(" · {}", partner.company)
    };
    let acts = judging.map(|judging| {
        let acts = (partner.status == EnrollmentStatus::Pending).then(|| judging.buttons(&partner));
        view! { <td class="row-actions under">{acts}</td> }
    });
    let since = show::day_of(partner.created_at);
    // How long somebody has been waiting shows on a phone too.
    let waits = (partner.status == EnrollmentStatus::Pending).then(|| format!("since {since}"));
    let waits = waits.map(|words| view! { <small>{words}</small> });
    let group = sorted.then(|| {
        let tags = partner.tags.join(", ");
        view! { <td class="wide">{partner.group}<small>{tags}</small></td> }
    });
    view! {
        <tr>
            {chosen}
            <td>
                <a class="link" href=href>{name}</a>
                <small>{partner.code}{company}</small>
            </td>
            <td class="under">
                <Pill tone=show::standing_tone(partner.status) text=show::standing_words(partner.status)/>
                {waits}
            </td>
            <td class="wide">{since}</td>
            {group}
            <td class="num wide">{grouped(partner.clicks)}</td>
            <td class="num wide">{grouped(partner.customers)}</td>
            <td class="num wide"><Amount value=partner.earned/></td>
            <td class="num"><Amount value=partner.due strong=true/></td>
            {acts}
        </tr>
    }
    .into_any()
}
