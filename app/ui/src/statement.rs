//! What the portal and the admin area show alike of a partner's ledger: its months, and one of them as a sheet.

use domain::ledger::{Statement, StatementDetail, month_name};
use domain::money::Money;
use leptos::prelude::*;

use crate::display::{Amount, Card, Fact, Facts, Pill, Tone, in_a_line, unless_zero};
use crate::icon::Glyph;
use crate::state::EmptyState;
use crate::table::{Table, Th};

fn state(statement: &Statement) -> AnyView {
    let (tone, words) = if statement.is_final { (Tone::Good, "Final") } else { (Tone::Warn, "So far") };
    view! { <Pill tone=tone text=words/> }.into_any()
}

/// The months of a partner; each leads to its sheet.
pub fn statement_list(statements: Vec<Statement>, href: impl Fn(&Statement) -> String) -> AnyView {
    if statements.is_empty() {
        return view! {
            <Card>
                <EmptyState
                    glyph=Glyph::Book
                    title="No statements yet"
                    words="Each month has a statement from the first in which something was earned on, final once the month is over."
                />
            </Card>
        }
        .into_any();
    }
    let head = || {
        view! {
            <Th label="Month"/>
            <Th label="Opening" num=true wide=true/>
            <Th label="Commissions" num=true wide=true/>
            <Th label="Clawbacks" num=true wide=true/>
            <Th label="Bonuses and corrections" num=true wide=true/>
            <Th label="Payments" num=true wide=true/>
            <Th label="Closing" num=true/>
            <Th label="Held" num=true wide=true/>
        }
    };
    let rows = statements
        .into_iter()
        .map(|one| {
            let line = figures(&one);
            view! {
                <tr>
                    <td>
                        <a class="link" href=href(&one)>{month_name(one.month)}</a>
                        " "
                        {state(&one)}
                        {(!line.is_empty()).then(|| view! { <small class="narrow">{line}</small> })}
                    </td>
                    <td class="num wide"><Amount value=one.opening/></td>
                    <td class="num wide">{unless_zero(one.commissions)}</td>
                    <td class="num wide">{unless_zero(one.clawbacks)}</td>
                    <td class="num wide">{unless_zero(one.adjustments)}</td>
                    <td class="num wide">{unless_zero(one.payments)}</td>
                    <td class="num"><Amount value=one.closing strong=true/></td>
                    <td class="num wide">{unless_zero(one.held)}</td>
                </tr>
            }
        })
        .collect_view();
    view! { <Card><Table caption="Statements" head=head>{rows}</Table></Card> }.into_any()
}

/// What moved in a month, for a screen without room for columns.
fn figures(statement: &Statement) -> String {
    in_a_line(&[
        ("Opening", statement.opening),
        ("Commissions", statement.commissions),
        ("Clawbacks", statement.clawbacks),
        ("Bonuses and corrections", statement.adjustments),
        ("Payments", statement.payments),
        ("Held", statement.held),
    ])
}

/// Somebody's name above the lines of an address.
fn named(name: String, address: &str) -> AnyView {
    let lines = address.lines().map(|line| view! { <br/>{line.to_owned()} }).collect_view();
    view! { {name}{lines} }.into_any()
}

/// One month, to print. `foot` stands below its entries: the way to more of them.
pub fn statement_sheet(detail: StatementDetail, foot: AnyView) -> AnyView {
    let StatementDetail { statement, returned, days, program, payer, partner, company, address, entries } = detail;
    let to = if company.is_empty() || company == partner.name {
        partner.name
    } else {
        format!("{}, {company}", partner.name)
    };
    let days = format!("{} to {}", days.from.format("%-d %b %Y"), days.to.format("%-d %b %Y"));
    let paid = Money::new(statement.payments.amount - returned.amount, returned.currency);
    let mut sums = vec![
        ("Opening balance", statement.opening),
        ("Commissions", statement.commissions),
        ("Clawbacks", statement.clawbacks),
        ("Bonuses and corrections", statement.adjustments),
        ("Payments", paid),
    ];
    if !returned.amount.is_zero() {
        sums.push(("Payments returned", returned));
    }
    let sums = sums.into_iter().map(|(label, value)| {
        view! {
            <tr>
                <td>{label}</td>
                <td class="num"><Amount value=value/></td>
            </tr>
        }
    });
    let sums = sums.collect_view();
    let closing = statement.closing;
    let closing = move || {
        view! {
            <td>"Closing balance"</td>
            <td class="num"><Amount value=closing strong=true/></td>
        }
    };
    let carried = (statement.closing.amount.is_sign_negative() && !statement.closing.amount.is_zero())
        .then(|| view! { <p class="sub">"Below zero: carried forward, and taken from later commissions."</p> });
    let held = (!statement.held.amount.is_zero()).then(|| {
        let when = if statement.is_final { "was held besides at the month's end" } else { "is held now besides" };
        let words = format!("{} {when}: it is due once its hold has ended.", statement.held);
        view! { <p class="sub">{words}</p> }
    });
    let none = entries.data.is_empty();
    let rows = entries
        .data
        .into_iter()
        .map(|row| {
            let reason = (!row.reason.is_empty()).then(|| view! { <small>{row.reason}</small> });
            let day = row.day.format("%-d %b %Y").to_string();
            let customer = (!row.customer.is_empty()).then(|| format!(" · {}", row.customer));
            view! {
                <tr>
                    <td>
                        {row.cause}
                        {reason}
                        <small>{day}{customer}</small>
                    </td>
                    <td class="num"><Amount value=row.amount/></td>
                    <td class="num"><Amount value=row.running strong=true/></td>
                </tr>
            }
        })
        .collect_view();
    let figures = || view! { <Th label="Summary"/> <Th label="Amount" num=true/> };
    let head = || view! { <Th label="Entry"/> <Th label="Amount" num=true/> <Th label="Balance" num=true/> };
    let posted = if none {
        view! { <p class="sub">"Nothing was posted to the balance in this month."</p> }.into_any()
    } else {
        view! { <Table caption="Entries" head=head>{rows}</Table> }.into_any()
    };
    view! {
        <Card title=format!("Statement of {}", month_name(statement.month))>
            <Facts>
                <Fact label="From">{named(payer.name, &payer.address)}</Fact>
                <Fact label="To">{named(to, &address)}</Fact>
                <Fact label="Program">{program}</Fact>
                <Fact label="Partner code">{partner.code}</Fact>
                <Fact label="Days">{days}</Fact>
                <Fact label="Status">{state(&statement)}</Fact>
            </Facts>
            <Table caption="Summary" head=figures foot=closing>{sums}</Table>
            {carried}
            {held}
        </Card>
        <Card title="Entries">
            {posted}
            {foot}
        </Card>
    }
    .into_any()
}
