use access::{LazyPage, Read, Result, read};
use domain::ledger::{LedgerAccount, TrialBalance, credit, debit};
use domain::text::FieldError;
use domain::time::DayRange;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{
    Address, Amount, Button, Card, Download, Note, PageHead, PrintButton, SkeletonTable, SkeletonTiles, Table,
    TextInput, Th, Tile, Tiles, Tone, address_issue,
};

use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// None where the instant can't be shown.
    books: Option<TrialBalance>,
    /// The journal's days.
    days: DayRange,
    /// What is wrong with the instant and the days.
    issues: Vec<FieldError>,
}

/// The books of a program at an instant of its time zone, or now; and the days of the journal that is offered.
#[server(prefix = "/fn", endpoint = "admin/finance", input = GetUrl)]
pub async fn read_finance(
    program: String,
    at: Option<String>,
    from: Option<String>,
    to: Option<String>,
) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let (from, to) = (from.and_then(|day| day.parse().ok()), to.and_then(|day| day.parse().ok()));
        let today = engine::reports::day(&asking.program, asking.moment.at)?;
        let mut issues = domain::time::check_range(from, to, today);
        let at = at.as_deref().and_then(domain::time::local_time);
        let (conn, moment, actor) = (&mut *asking.conn, &asking.moment, &asking.actor);
        let books = match engine::ledger::trial_balance(conn, moment, actor, at).await {
            Ok(books) => Some(books),
            Err(engine::Error::Invalid(wrong)) => {
                issues.extend(wrong);
                None
            }
            Err(error) => return Err(error.into()),
        };
        let last = last_month(today);
        let days = DayRange { from: from.unwrap_or(last.from), to: to.unwrap_or(from.map_or(last.to, |_| today)) };
        Ok(Shown { books, days, issues })
    })
    .await
}

/// The month before this one: what is booked as a rule.
#[cfg(feature = "ssr")]
fn last_month(today: chrono::NaiveDate) -> DayRange {
    use chrono::{Datelike, Months};
    let first = today.with_day(1).unwrap_or(today);
    let from = first.checked_sub_months(Months::new(1)).unwrap_or(first);
    DayRange { from, to: first.pred_opt().unwrap_or(first) }
}

/// `/admin/{program}/finance`.
pub struct FinancePage(Read<Shown>);

impl LazyPage for FinancePage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        Self(read(move || {
            let of = |key| address.with(|address| show::value(address, key));
            ReadFinance { program: program.get(), at: of("at"), from: of("from"), to: of("to") }
        }))
    }

    fn view(this: Self) -> AnyView {
        let address = show::address();
        view! {
            <Title text="Finance"/>
            {this.0.show(skeleton, move |shown| page(shown, &address.get_untracked()))}
        }
        .into_any()
    }
}

fn skeleton() -> AnyView {
    view! { <PageHead title="Finance"/> <SkeletonTiles count=4/> <Card><SkeletonTable columns=3/></Card> }.into_any()
}

fn page(shown: Shown, address: &Address) -> AnyView {
    let Shown { books, days, issues } = shown;
    let program = show::program().get_untracked();
    let at = address.get("at").unwrap_or_default().to_owned();
    let hidden = |keys: &[&str]| {
        let pairs = address.pairs_but(keys).into_iter();
        pairs.map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect_view()
    };
    let (of_at, of_days) = (hidden(&["at"]), hidden(&["from", "to"]));
    let path = address.path().to_owned();
    let books = books.map(|books| trial_balance(books, &program, &at));
    let export = |name: &str| {
        let file = Address::new(format!("/admin/{program}/export/{name}.csv"), "");
        file.with("from", &days.from.to_string()).with("to", &days.to.to_string()).href()
    };
    let by_day = export("journal-days");
    let by_entry = export("journal");
    let refused = issues.iter().any(|issue| issue.field != "at");
    let files = (!refused).then(|| {
        view! {
            <p>
                "Daily totals: the sums of each day, account and kind of journal. "
                <Download href=by_day what="daily totals of the journal"/>
            </p>
            <p>
                "Every entry, with its reference. "
                <Download href=by_entry what="every entry of the journal"/>
            </p>
        }
    });
    view! {
        <PageHead title="Finance"><PrintButton/></PageHead>
        <form class="filters" method="get" action=path.clone()>
            {of_at}
            <TextInput id="at" label="As of" kind="datetime-local" value=at help="In the program's time zone; empty for now." error=address_issue(&issues, "at")/>
            <Button submit=true>"Show"</Button>
        </form>
        {books}
        <Card title="Journal">
            <p class="sub">"For your bookkeeping system: date, account, debit, credit, currency and reference, by the day on which each was posted."</p>
            <form class="filters" method="get" action=path>
                {of_days}
                <TextInput id="from" label="From" kind="date" value=days.from.to_string() error=address_issue(&issues, "from")/>
                <TextInput id="to" label="To" kind="date" value=days.to.to_string() error=address_issue(&issues, "to")/>
                <Button submit=true>"Choose these days"</Button>
            </form>
            {files}
        </Card>
    }
    .into_any()
}

/// What is owed, and every account's sum.
fn trial_balance(books: TrialBalance, program: &str, at: &str) -> AnyView {
    let file = Address::new(format!("/admin/{program}/export/trial-balance.csv"), "").with("at", at).href();
    let as_of = match books.before {
        Some(before) => format!("As of {}", show::instant(before)),
        None => "As of now".to_owned(),
    };
    let (debits, credits) = books.totals();
    let held = books.of(LedgerAccount::Held);
    let broken = (!books.sum.amount.is_zero()).then(|| {
        let words = format!("The accounts come to {} and not to zero: run tributary verify-ledger.", books.sum);
        view! { <Note tone=Tone::Bad>{words}</Note> }
    });
    let rows = books
        .accounts
        .iter()
        .map(|line| {
            view! {
                <tr>
                    <td>{line.account.label()}</td>
                    <td class="num">{debit(line.balance).map(|amount| view! { <Amount value=amount/> })}</td>
                    <td class="num">{credit(line.balance).map(|amount| view! { <Amount value=amount/> })}</td>
                </tr>
            }
        })
        .collect_view();
    let head = || view! { <Th label="Account"/> <Th label="Debit" num=true/> <Th label="Credit" num=true/> };
    let foot = move || {
        view! {
            <td>"Total"</td>
            <td class="num"><Amount value=debits strong=true/></td>
            <td class="num"><Amount value=credits strong=true/></td>
        }
    };
    view! {
        <Tiles>
            <Tile label="Owed to partners" value=books.owed.to_string() note=as_of/>
            <Tile label="Owed by partners, carried forward" value=books.carried.to_string() note="Balances below zero"/>
            <Tile label="On hold" value=held.to_string()/>
            <Tile label="Liability to partners" value=books.liability.to_string() note="Owed to them, less owed by them, and on hold"/>
        </Tiles>
        {broken}
        <Card title="Trial balance" actions=move || view! { <Download href=file what="trial balance"/> }>
            <Table caption="Trial balance" head=head foot=foot>{rows}</Table>
            <p class="sub">"Every journal sums to zero, and so do the accounts: debits and credits come to the same."</p>
        </Card>
    }
    .into_any()
}
