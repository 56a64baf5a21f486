//! The ledgers of all partners over a range of days, and what is done with them: export, print, create payments.

use access::{Form, LazyPage, PostForm, Read, Result, read};
use domain::ledger::LedgerAccount;
use domain::partners::{EnrollmentStatus, GroupName};
use domain::payments::PayoutKind;
use domain::reports::{BalanceState, LedgerFigures, LedgerSort, Ledgers, LedgersAsked, LedgersPeriod, LedgersRow};
use domain::text::FieldError;
use domain::time::DayRange;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use ui::{
    Address, Amount, Button, Card, Choice, EmptyState, Glyph, Menu, MenuButton, PageHead, PeriodLink, PeriodPicker,
    SearchInput, Select, SkeletonTable, Table, TextInput, Th, address_issue, counted, grouped, icon, in_a_line,
    unless_zero, use_toasts,
};

use super::tabs;
use crate::payments::CreateDraft;
use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// The report; else what is wrong with the days that were asked for.
    found: std::result::Result<Ledgers, Vec<FieldError>>,
    /// The program's tags.
    tags: Vec<String>,
    /// Its groups.
    groups: Vec<GroupName>,
    /// The countries that there are, with their names.
    countries: Vec<(String, String)>,
    /// Whether the asker may pay.
    pays: bool,
}

/// A page of the ledgers of all partners.
#[server(prefix = "/fn", endpoint = "admin/reports/ledgers", input = GetUrl)]
pub async fn read_ledgers(
    program: String,
    #[server(default)] asked: LedgersAsked,
    cursor: Option<String>,
) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let tags = engine::partners::work::all_tags(&mut asking.conn, &asking.actor).await?;
        let groups = engine::partners::groups::names(&mut asking.conn, &asking.actor).await?;
        let pays = asking.actor.may(domain::accounts::Power::Pay);
        let today = engine::reports::day(&asking.program, asking.moment.at)?;
        let access::Admin { state, conn, moment, actor, .. } = asking;
        // The use case takes connections of its own.
        drop(conn);
        let paging = domain::page::Paging { cursor, limit: None };
        let found = match asked.query(today) {
            Ok(query) => Ok(engine::reports::ledgers(&state.pool, &moment, &actor, &query, &paging).await?),
            Err(errors) => Err(errors),
        };
        Ok(Shown { found, tags, groups, countries: domain::countries::all(), pays })
    })
    .await
}

/// `/admin/{program}/reports/ledgers`.
pub struct LedgersPage {
    found: Read<Shown>,
    create: Form<CreateDraft>,
}

fn asked(address: &Address) -> LedgersAsked {
    LedgersAsked::of(|key| show::value(address, key))
}

impl LazyPage for LedgersPage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        let found = read(move || ReadLedgers {
            program: program.get(),
            asked: address.with(asked),
            cursor: address.with(|address| show::value(address, "cursor")),
        });
        Self { found, create: Form::new() }
    }

    fn view(this: Self) -> AnyView {
        let LedgersPage { found, create } = this;
        view! {
            <Title text="Partner ledgers"/>
            {found.show(skeleton, move |shown| page(shown, create))}
        }
        .into_any()
    }
}

fn skeleton() -> AnyView {
    view! { <PageHead title="Reports"/> <Card><SkeletonTable columns=9/></Card> }.into_any()
}

fn page(shown: Shown, create: Form<CreateDraft>) -> AnyView {
    let (program, address) = (show::program().get_untracked(), show::address().get_untracked());
    let filters = filters(&address, &shown);
    let (picker, content) = match shown.found {
        Ok(ledgers) => (picker(Some(ledgers.range), &address), report(ledgers, &program, &address, create, shown.pays)),
        Err(errors) => (picker(None, &address), days(&address, &errors)),
    };
    view! {
        <PageHead title="Reports">{picker}</PageHead>
        {tabs(&program, "Partner ledgers")}
        {filters}
        {show::wrong(create.beside(&[]))}
        {content}
    }
    .into_any()
}

/// The periods, and these days, if they can be shown.
fn picker(range: Option<DayRange>, address: &Address) -> AnyView {
    let plain = address.without("period").without("from").without("to").without("cursor");
    let period = asked(address).period();
    let words = match range {
        Some(DayRange { from, to }) if period == LedgersPeriod::Custom => {
            format!("{} – {}", show::day(from), show::day(to))
        }
        _ => period.label().to_owned(),
    };
    let days = range.map(|range| (range.from.to_string(), range.to.to_string()));
    let (from, to) = days.unwrap_or_default();
    let presets = LedgersPeriod::ALL.iter().copied().filter(|preset| *preset != LedgersPeriod::Custom);
    let presets = presets.map(|preset| PeriodLink {
        label: preset.label().to_owned(),
        href: plain.with("period", preset.as_str()).href(),
        current: preset == period,
    });
    view! {
        <PeriodPicker
            id="period"
            shown=words
            presets=presets.collect()
            action=address.path().to_owned()
            from=from
            to=to
            keep=plain.pairs_but(&[])
        />
    }
    .into_any()
}

/// What is wrong with the days, beside them.
fn days(address: &Address, errors: &[FieldError]) -> AnyView {
    let of = |key: &str| address.get(key).unwrap_or_default().to_owned();
    let keep = address
        .pairs_but(&["period", "from", "to", "cursor"])
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
        .collect_view();
    let (path, from, to) = (address.path().to_owned(), of("from"), of("to"));
    let (wrong_from, wrong_to) = (address_issue(errors, "from"), address_issue(errors, "to"));
    view! {
        <Card title="Which days?">
            <form class="form" method="get" action=path>
                {keep}
                <div class="form-row">
                    <TextInput id="from" label="From" kind="date" value=from required=true error=wrong_from/>
                    <TextInput id="to" label="To" kind="date" value=to required=true error=wrong_to/>
                    <Button submit=true>"Search"</Button>
                </div>
            </form>
        </Card>
    }
    .into_any()
}

fn filters(address: &Address, shown: &Shown) -> AnyView {
    let of = |key: &str| address.get(key).unwrap_or_default().to_owned();
    let select = |id: &'static str, label: &'static str, any: &'static str, choices: Vec<Choice>| {
        (!choices.is_empty()).then(|| {
            let choices = std::iter::once(Choice::new("", any)).chain(choices).collect();
            view! { <Select id=id label=label choices=choices value=of(id)/> }
        })
    };
    let statuses = EnrollmentStatus::ALL.iter();
    let statuses = statuses.map(|status| Choice::new(status.as_str(), show::standing_words(*status))).collect();
    let groups = shown.groups.iter().map(|group| Choice::new(group.id.to_string(), &group.name)).collect();
    let tags = shown.tags.iter().map(|tag| Choice::new(tag, tag)).collect();
    let methods = PayoutKind::ALL.iter().map(|kind| Choice::new(kind.as_str(), kind.label())).collect();
    let countries = shown.countries.iter().map(|(code, name)| Choice::new(code, name)).collect();
    let balances = BalanceState::ALL.iter().map(|state| Choice::new(state.as_str(), state.label())).collect();
    let keep = ["period", "from", "to", "sort"].into_iter().filter_map(|key| Some((key, address.get(key)?.to_owned())));
    let keep = keep.map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect_view();
    view! {
        <form class="filters" method="get" action=address.path().to_owned()>
            {keep}
            <SearchInput id="q" label="Name, company, e-mail, code, group or tag" value=of("q")/>
            {select("status", "Status", "Any status", statuses)}
            {select("group", "Group", "Any group", groups)}
            {select("tag", "Tag", "Any tag", tags)}
            {select("method", "Payout method", "Any payout method", methods)}
            {select("country", "Country", "Any country", countries)}
            {select("balance", "Ending balance", "Any balance", balances)}
            <Button submit=true>"Search"</Button>
        </form>
    }
    .into_any()
}

const FILTERS: &[&str] = &["q", "status", "group", "tag", "method", "country", "balance", "codes"];

fn report(ledgers: Ledgers, program: &str, address: &Address, create: Form<CreateDraft>, pays: bool) -> AnyView {
    let Ledgers { range, page, partners, totals } = ledgers;
    if page.data.is_empty() && show::filtered(address, FILTERS) {
        return show::nothing_found(address);
    }
    if page.data.is_empty() {
        return view! {
            <Card>
                <EmptyState
                    glyph=Glyph::Book
                    title="No partners yet"
                    words="Each partner's balance shows here: what it began with, earned, lost again, was paid, and has now."
                />
            </Card>
        }
        .into_any();
    }
    let chosen = RwSignal::new(BTreeSet::<String>::new());
    let codes: Vec<String> = page.data.iter().map(|row| row.partner.code.clone()).collect();
    let acts = acts(program, address, chosen, create, pays);
    let pages = show::pages(&page, Some(partners), address);
    let all = {
        let codes = codes.clone();
        move |event: web_sys::Event| {
            let ticked = event_target_checked(&event);
            chosen.set(if ticked { codes.iter().cloned().collect() } else { BTreeSet::new() });
        }
    };
    let address = address.clone();
    let by = address.clone();
    let head = move || {
        let sort = |sort: LedgerSort| Some((sort.as_str(), by.clone()));
        view! {
            <th class="check" scope="col">
                <input type="checkbox" aria-label="Choose all on this page" on:change=all/>
            </th>
            <Th label="Partner" sort=sort(LedgerSort::Name)/>
            <Th label="Beginning balance" num=true wide=true sort=sort(LedgerSort::Opening)/>
            <Th label="Commissions" num=true wide=true sort=sort(LedgerSort::Commissions)/>
            <Th label="Clawbacks" num=true wide=true sort=sort(LedgerSort::Clawbacks)/>
            <Th label="Adjustments" num=true wide=true sort=sort(LedgerSort::Adjustments)/>
            <Th label="Payments" num=true wide=true sort=sort(LedgerSort::Payments)/>
            <Th label="Ending balance" num=true sort=sort(LedgerSort::Closing)/>
            <Th label="Held now" num=true wide=true sort=sort(LedgerSort::Held)/>
            <Th label="Payout method" wide=true sort=sort(LedgerSort::Method)/>
        }
    };
    let foot = move || {
        view! {
            <td></td>
            <td>{counted(partners, "partner")}</td>
            {cells(totals)}
            <td class="wide"></td>
        }
    };
    let days = days_of(&address, range);
    let rows = page.data.into_iter().map(|row| line(row, program, &days, chosen)).collect_view();
    view! {
        <Card>
            {acts}
            <Table caption="Partner ledgers" head=head foot=foot>{rows}</Table>
            {pages}
            <p class="sub">
                "Amounts count on the day on which they became due, payments on the day on which they were recorded. Ending balance = beginning balance + commissions − clawbacks ± adjustments − payments. What is held is never paid."
            </p>
        </Card>
    }
    .into_any()
}

/// What a row sums, for the ledger of its partner.
fn days_of(address: &Address, range: DayRange) -> Address {
    ["q", "status", "group", "tag", "method", "country", "balance", "codes", "sort", "cursor", "period"]
        .into_iter()
        .fold(address.clone(), |address, key| address.without(key))
        .with("account", LedgerAccount::Payable.as_str())
        .with("from", &range.from.to_string())
        .with("to", &range.to.to_string())
}

/// The columns for which a phone has no room.
fn on_phones(figures: &LedgerFigures) -> String {
    in_a_line(&[
        ("Began with", figures.opening),
        ("Commissions", figures.commissions),
        ("Clawbacks", figures.clawbacks.negated()),
        ("Adjustments", figures.adjustments),
        ("Payments", figures.payments.negated()),
        ("Held now", figures.held),
    ])
}

/// Clawbacks and payments are taken off: as people write them, without the minus of the ledger.
fn cells(figures: LedgerFigures) -> AnyView {
    view! {
        <td class="num wide"><Amount value=figures.opening/></td>
        <td class="num wide">{unless_zero(figures.commissions)}</td>
        <td class="num wide">{unless_zero(figures.clawbacks.negated())}</td>
        <td class="num wide">{unless_zero(figures.adjustments)}</td>
        <td class="num wide">{unless_zero(figures.payments.negated())}</td>
        <td class="num"><Amount value=figures.closing strong=true/></td>
        <td class="num wide">{unless_zero(figures.held)}</td>
    }
    .into_any()
}

fn line(row: LedgersRow, program: &str, days: &Address, chosen: RwSignal<BTreeSet<String>>) -> AnyView {
    let code = row.partner.code.clone();
    let label = format!("Choose {}", row.partner.name);
    let ledger = days.at(format!("/admin/{program}/partners/{code}/ledger")).href();
    let called = format!("Ledger of {}", row.partner.name);
    let method = if row.method.is_empty() { "Not chosen yet".to_owned() } else { row.method };
    let on_phones = on_phones(&row.figures);
    let company = if row.company.is_empty() || row.company == row.partner.name {
        String::new()
    } else {
        format!(" · {}", row.company)
    };
    let ticked = {
        let code = code.clone();
        move || chosen.with(|chosen| chosen.contains(&code))
    };
    let toggle = {
        let code = code.clone();
        move |_| {
            chosen.update(|chosen| {
                if !chosen.remove(&code) {
                    chosen.insert(code.clone());
                }
            });
        }
    };
    view! {
        <tr>
            <td class="check"><input type="checkbox" aria-label=label prop:checked=ticked on:change=toggle/></td>
            <td>
                {show::partner_link(program, &row.partner)}
                <small>{code}{company}</small>
                {(!on_phones.is_empty()).then(|| view! { <small class="narrow">{on_phones}</small> })}
                <a class="link" href=ledger aria-label=called>"Ledger"</a>
            </td>
            {cells(row.figures)}
            <td class="wide">{method}</td>
        </tr>
    }
    .into_any()
}

/// What is done with the partners that are chosen, or with all of the report.
fn acts(
    program: &str,
    address: &Address,
    chosen: RwSignal<BTreeSet<String>>,
    create: Form<CreateDraft>,
    pays: bool,
) -> AnyView {
    let asked = asked(address);
    let own = asked.codes.clone().unwrap_or_default();
    let at_first = own.clone();
    // Where none is chosen, all of the report are meant.
    let codes = Memo::new(move |_| {
        let chosen = chosen.with(|chosen| chosen.iter().cloned().collect::<Vec<_>>().join(","));
        if chosen.is_empty() { own.clone() } else { chosen }
    });
    let words = move || match chosen.with(BTreeSet::len) {
        0 => "For all partners on the report".to_owned(),
        count => format!("{} chosen", grouped(i64::try_from(count).unwrap_or(0))),
    };
    let pairs = asked.pairs().into_iter().filter(|(key, _)| *key != "codes").collect::<Vec<_>>();
    let hidden = |named: fn(&str) -> String| {
        let fields = pairs.clone().into_iter();
        fields.map(|(key, value)| view! { <input type="hidden" name=named(key) value=value/> }).collect_view()
    };
    let (plain, nested) = (hidden(str::to_owned), hidden(|key| format!("asked[{key}]")));
    let file = format!("/admin/{program}/export/partner-ledgers.csv");
    let print = address.without("cursor").at(format!("/admin/{program}/print/partner-ledgers"));
    let print = move || print.with("codes", &codes.get()).href();
    let first = at_first.clone();
    // The file comes without a page that could say so.
    let toasts = use_toasts();
    let told = move |_| {
        if pays {
            toasts.say("The export is kept under Pay: record there what you pay by it.");
        }
    };
    let pay = pays.then(|| {
        view! {
            <PostForm form=create>
                {show::program_field()}
                {nested}
                <input type="hidden" name="asked[codes]" value=first prop:value=move || codes.get()/>
                <MenuButton submit=true icon=Glyph::Bank>"Create payments"</MenuButton>
            </PostForm>
        }
    });
    view! {
        <div class="filters">
            <Menu id="ledgers-acts" label="With these partners" button=|| view! { "Actions" {icon(Glyph::ChevronDown)} }>
                <form method="post" action=file on:submit=told>
                    {plain}
                    <input type="hidden" name="codes" value=at_first prop:value=move || codes.get()/>
                    <MenuButton submit=true icon=Glyph::Download>"Export"</MenuButton>
                </form>
                // The server writes it: it is no page of the router's.
                <a role="menuitem" rel="external" target="_blank" href=print>{icon(Glyph::Receipt)}"Print"</a>
                {pay}
            </Menu>
            <span class="sub" role="status">{words}</span>
        </div>
    }
    .into_any()
}
