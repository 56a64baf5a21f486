use access::{Form, LazyPage, Read, Result, read_after};
use chrono::{Datelike, Months, NaiveDate};
use domain::ids::AdjustmentId;
use domain::ledger::LedgerAccount;
use domain::partners::PartnerName;
use domain::reports::{Balance, LedgerPage as Entries, LedgerRow};
use domain::text::FieldError;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{
    Address, Amount, Button, ButtonLink, Card, Choice, DialogButton, Download, EmptyState, Fact, Facts, Glyph,
    PageHead, PrintButton, Select, SkeletonTable, SkeletonTiles, Tab, Table, Tabs, TextInput, Th, Tile, Tiles, Why,
    address_issue,
};

use super::adjust::{self, AdjustBalance};
use super::file;
use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    partner: PartnerName,
    balance: Balance,
    /// None where the days can't be shown.
    entries: Option<Entries>,
    /// What is wrong with the days.
    issues: Vec<FieldError>,
    today: NaiveDate,
    /// For the form of a bonus or correction, where the asker may post one.
    adjust: Option<AdjustmentId>,
}

/// The balance of the partner with a code, and a page of its entries: of one account, or of both.
#[server(prefix = "/fn", endpoint = "admin/partners/ledger", input = GetUrl)]
pub async fn read_partner_ledger(
    program: String,
    code: String,
    account: Option<String>,
    from: Option<String>,
    to: Option<String>,
    cursor: Option<String>,
) -> Result<Shown> {
    use domain::page::Paging;
    use domain::reports::LedgerFilter;
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let partner = engine::partners::find_by_code(&mut asking.conn, &asking.actor, &code).await?;
        let balance = engine::reports::balance(&mut asking.conn, &asking.actor, partner.id).await?;
        let today = engine::reports::day(&asking.program, asking.moment.at)?;
        let filter = LedgerFilter {
            account: account.and_then(|word| word.parse().ok()),
            from: from.and_then(|day| day.parse().ok()),
            to: to.and_then(|day| day.parse().ok()),
        };
        let issues = domain::time::check_range(filter.from, filter.to, today);
        let entries = if issues.is_empty() {
            // A sheet of paper holds more than a screen.
            let paging = Paging { cursor, limit: Some(200) };
            Some(engine::reports::ledger(&mut asking.conn, &asking.actor, partner.id, &filter, &paging).await?)
        } else {
            None
        };
        let may_adjust = asking.actor.may(domain::accounts::Power::Adjust);
        let adjust = may_adjust.then(|| asking.moment.id());
        Ok(Shown { partner, balance, entries, issues, today, adjust })
    })
    .await
}

/// `/admin/{program}/partners/{code}/ledger`.
pub struct LedgerPage {
    found: Read<Shown>,
    adjust: Form<AdjustBalance>,
}

impl LazyPage for LedgerPage {
    fn data() -> Self {
        let (program, code, address) = (show::program(), show::parameter("code"), show::address());
        let adjust = Form::new();
        let done = show::done(adjust);
        let found = read_after(
            move || done.get(),
            move || {
                let of = |key| address.with(|address| show::value(address, key));
                ReadPartnerLedger {
                    program: program.get(),
                    code: code.get(),
                    account: of("account"),
                    from: of("from"),
                    to: of("to"),
                    cursor: of("cursor"),
                }
            },
        );
        Self { found, adjust }
    }

    fn view(this: Self) -> AnyView {
        let LedgerPage { found, adjust } = this;
        let address = show::address();
        show::tell(adjust, "Bonus or correction posted");
        found.show(skeleton, move |shown| page(shown, adjust, &address.get_untracked()))
    }
}

fn skeleton() -> AnyView {
    view! {
        <PageHead title="Ledger"/>
        <SkeletonTiles count=3/>
        <Card><SkeletonTable columns=5/></Card>
    }
    .into_any()
}

fn page(shown: Shown, form: Form<AdjustBalance>, address: &Address) -> AnyView {
    let Shown { partner, balance, entries, issues, today, adjust } = shown;
    let program = show::program().get_untracked();
    let title = format!("Ledger of {}", partner.name);
    let back = (format!("/admin/{program}/partners/{}", partner.code), partner.name.clone());
    let statements = format!("/admin/{program}/partners/{}/statements", partner.code);
    let csv = file(&program, &partner.code, "ledger", address);
    let ask =
        adjust.map(|_| view! { <DialogButton opens="adjust" icon=Glyph::Plus>"Bonus or correction"</DialogButton> });
    let dialog = adjust.map(|key| adjust::dialog(form, partner.id, balance.due.currency, key));
    view! {
        <Title text=title.clone()/>
        <PageHead title=title back=back>
            {ask}
            <ButtonLink href=statements>"Statements"</ButtonLink>
            <Download href=csv what="ledger"/>
            <PrintButton/>
        </PageHead>
        <Tiles>
            <Tile label="Held" value=balance.held.to_string()/>
            <Tile label="Awaiting payout" value=balance.due.to_string()/>
            <Tile label="Paid so far" value=balance.paid.to_string()/>
        </Tiles>
        {presets(today, address)}
        {filters(&issues, address)}
        {entries.map(|entries| list(entries, &program, address))}
        {dialog}
    }
    .into_any()
}

/// The ranges that are offered, as links.
fn presets(today: NaiveDate, address: &Address) -> AnyView {
    let first = today.with_day(1).unwrap_or(today);
    let last_month = first.checked_sub_months(Months::new(1)).unwrap_or(first);
    let quarter = first.checked_sub_months(Months::new(first.month0() % 3)).unwrap_or(first);
    let plain = address.without("from").without("to").without("cursor");
    let chosen = (address.get("from").map(str::to_owned), address.get("to").map(str::to_owned));
    let tab = |label: &'static str, days: Option<(NaiveDate, NaiveDate)>| {
        let days = days.map(|(from, to)| (from.to_string(), to.to_string()));
        let current = match &days {
            Some((from, to)) => chosen == (Some(from.clone()), Some(to.clone())),
            None => chosen == (None, None),
        };
        let href = days.map_or_else(|| plain.href(), |(from, to)| plain.with("from", &from).with("to", &to).href());
        view! { <Tab href=href label=label current=current/> }
    };
    let tabs = [
        tab("All", None),
        tab("This month to now", Some((first, today))),
        tab("Last month", Some((last_month, first.pred_opt().unwrap_or(first)))),
        tab("This quarter", Some((quarter, today))),
    ]
    .into_iter()
    .collect_view();
    view! { <Tabs label="Days">{tabs}</Tabs> }.into_any()
}

fn filters(issues: &[FieldError], address: &Address) -> AnyView {
    let of = |key: &str| address.get(key).unwrap_or_default().to_owned();
    let accounts = [LedgerAccount::Payable, LedgerAccount::Held];
    let accounts = std::iter::once(Choice::new("", "Both accounts"))
        .chain(accounts.iter().map(|account| Choice::new(account.as_str(), account.label())))
        .collect();
    view! {
        <form class="filters" method="get" action=address.path().to_owned()>
            <Select id="account" label="Account" choices=accounts value=of("account")/>
            <TextInput id="from" label="From" kind="date" value=of("from") error=address_issue(issues, "from")/>
            <TextInput id="to" label="To" kind="date" value=of("to") error=address_issue(issues, "to")/>
            <Button submit=true>"Show"</Button>
        </form>
    }
    .into_any()
}

fn list(entries: Entries, program: &str, address: &Address) -> AnyView {
    let Entries { page, opening, closing } = entries;
    if page.data.is_empty() {
        let title = if address.get("from").or(address.get("to")).is_some() {
            "No entries in these days"
        } else {
            "No entries yet"
        };
        let words = format!(
            "Each commission, the end of its hold, each clawback and each payment is an entry here. The balance is {closing}."
        );
        return view! { <Card><EmptyState glyph=Glyph::Book title=title words=words/></Card> }.into_any();
    }
    let head = || {
        view! {
            <Th label="Entry"/>
            <Th label="Account" wide=true/>
            <Th label="Amount" num=true/>
            <Th label="Account stands at" num=true wide=true/>
            <Th label="Balance" num=true/>
        }
    };
    let more = page.next_cursor.is_some().then(|| {
        view! { <p class="on-paper sub">"There is more than this page: the CSV file has all of it."</p> }
    });
    let pages = show::pages(&page, None, address);
    let rows = page.data.into_iter().map(|entry| row(entry, program)).collect_view();
    view! {
        <Card title="Entries">
            <Facts>
                <Fact label="Opening balance"><Amount value=opening/></Fact>
                <Fact label="Closing balance"><Amount value=closing strong=true/></Fact>
            </Facts>
            <Table caption="Ledger entries" head=head phone_columns=3>{rows}</Table>
            {more}
            {pages}
        </Card>
    }
    .into_any()
}

fn row(row: LedgerRow, program: &str) -> AnyView {
    let LedgerRow {
        day,
        account,
        cause,
        reason,
        by,
        customer,
        lead_id,
        customer_id,
        sale_id,
        batch_id,
        why,
        amount,
        balance,
        running,
        ..
    } = row;
    // What caused it: the sale, or the batch.
    let sale = sale_id.map(|id| format!("/admin/{program}/sales/{id}"));
    let caused_by = batch_id.map(|id| format!("/admin/{program}/payments/{id}")).or(sale);
    let cause = match caused_by {
        Some(href) => view! { <a class="link" href=href>{cause}</a> }.into_any(),
        None => cause.into_any(),
    };
    let path = customer_id.map(|id| format!("customers/{id}")).or(lead_id.map(|id| format!("leads/{id}")));
    let customer = path.filter(|_| !customer.is_empty()).map(|path| {
        let href = format!("/admin/{program}/{path}");
        view! { " · "<a class="link" href=href>{customer}</a> }
    });
    let told = match (reason.is_empty(), by.is_empty()) {
        (true, true) => None,
        (true, false) => Some(format!("By {by}")),
        (false, true) => Some(reason),
        (false, false) => Some(format!("{reason} ({by})")),
    };
    let why = (!why.0.is_empty()).then(|| view! { <Why checks=why.0/> });
    let account = account.label();
    view! {
        <tr>
            <td>
                {cause}
                <small>{show::day(day)}{customer}</small>
                {told.map(|told| view! { <small>{told}</small> })}
                <small class="narrow">{account}</small>
                {why}
            </td>
            <td class="wide">{account}</td>
            <td class="num"><Amount value=amount strong=true/></td>
            <td class="num wide"><Amount value=balance/></td>
            <td class="num"><Amount value=running/></td>
        </tr>
    }
    .into_any()
}
