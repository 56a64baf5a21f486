//! What the portal and the admin area show alike of a report: its period, its order, its figures over time, its "Top
//! 10s".

use domain::money::Money;
use domain::reports::{Count, Figures, Order, Performance, PerformanceRow, Period, TopKind, TopList, Unit, change};
use domain::time::DayRange;
use leptos::prelude::*;
use rust_decimal::Decimal;

use crate::address::Address;
use crate::button::Download;
use crate::chart::{LineChart, Series, counted, grouped};
use crate::display::{Amount, Card, Delta, Tab, Tabs, Tile, Tiles};
use crate::field::Choice;
use crate::icon::Glyph;
use crate::period::{PeriodLink, PeriodPicker};
use crate::state::EmptyState;
use crate::table::{Table, Th};

/// The picker of a report's period, which is in the address.
pub fn report_period(period: Period, range: DayRange, address: &Address) -> AnyView {
    let plain = address.without("period").without("from").without("to").without("cursor");
    let cut = Period::is_cut(address.get("from"), address.get("to")).then(|| {
        let words = format!("At most three years: showing {}", period.label());
        view! { <span class="sub">{words}</span> }
    });
    let presets = Period::PRESETS
        .iter()
        .map(|preset| PeriodLink {
            label: preset.label(),
            href: plain.with("period", preset.word()).href(),
            current: *preset == period,
        })
        .collect();
    view! {
        {cut}
        <PeriodPicker
            id="period"
            shown=period.label()
            presets=presets
            action=address.path().to_owned()
            from=range.from.to_string()
            to=range.to.to_string()
            keep=plain.pairs_but(&[])
        />
    }
    .into_any()
}

/// The orders that a list offers; an address that names none means the newest first.
pub fn orders(offered: &[Order]) -> Vec<Choice> {
    let word = |order: Order| if order == Order::default() { "" } else { order.as_str() };
    offered.iter().map(|order| Choice::new(word(*order), order.label())).collect()
}

/// How a figure moved.
pub fn count_delta(now: i64, before: i64) -> Delta {
    delta(Count { now, before }.change(), now == 0)
}

/// How an amount moved.
pub fn money_delta(now: Money, before: Money) -> Delta {
    delta(change(now.amount, before.amount), now.amount.is_zero())
}

fn delta(change: Option<Decimal>, nothing: bool) -> Delta {
    match change {
        None if nothing => Delta::Same("No change".into()),
        None => Delta::Same("None before".into()),
        Some(change) if change.is_zero() => Delta::Same("No change".into()),
        Some(change) if change.is_sign_negative() => Delta::Down(format!("{}% less", change.abs().normalize())),
        Some(change) => Delta::Up(format!("{}% more", change.normalize())),
    }
}

/// The line below what is due: `due now · $462.00 held`.
pub fn due_words(due: Money, held: Money) -> String {
    let now = if due.amount.is_zero() {
        "nothing due"
    } else if due.amount.is_sign_negative() {
        "carried forward"
    } else {
        "due now"
    };
    if held.amount.is_zero() { now.to_owned() } else { format!("{now} \u{b7} {held} held") }
}

/// A share as it is read: `3.4%`; a dash for one of nothing.
fn share(rate: Option<Decimal>) -> String {
    rate.map_or_else(|| "–".to_owned(), |rate| format!("{}%", rate.normalize()))
}

/// A report's figures: the whole period against the days before, over time as lines, and part by part as a table.
pub fn performance(performance: Performance, period: Period, address: &Address, download: String) -> AnyView {
    let Performance { today, unit, rows, total, before, .. } = performance;
    let than = period.compared_with(today);
    let nothing = total.clicks + total.sign_ups + total.sales == 0 && total.refunds.amount.is_zero();
    let units = Unit::ALL
        .iter()
        .map(|one| {
            let word = if *one == Unit::default() { "" } else { one.as_str() };
            let label = ["By day", "By week", "By month"][*one as usize];
            let chosen = *one == unit;
            view! { <Tab href=address.with("unit", word).href() label=label current=chosen/> }
        })
        .collect_view();
    let content = if nothing {
        view! {
            <EmptyState
                glyph=Glyph::Chart
                title="Nothing in these days"
                words="Clicks, sign-ups, sales and what they earned show here. Choose other days to look further back."
            />
        }
        .into_any()
    } else {
        (lines(&rows, unit), table(rows, unit, (total, before), period.before(today))).into_any()
    };
    view! {
        <Tiles>
            <Tile label="Clicks" value=grouped(total.clicks) delta=count_delta(total.clicks, before.clicks) than=than.clone()/>
            <Tile label="Sign-ups" value=grouped(total.sign_ups) delta=count_delta(total.sign_ups, before.sign_ups) than=than.clone()/>
            <Tile label="Customers" value=grouped(total.customers) delta=count_delta(total.customers, before.customers) than=than.clone()/>
            <Tile label="Commissions" value=total.commissions.to_string() delta=money_delta(total.commissions, before.commissions) than=than/>
        </Tiles>
        <Card title="Performance" actions=move || view! { <Download href=download what="performance"/> }>
            <Tabs label="Rows">{units}</Tabs>
            {content}
        </Card>
    }
    .into_any()
}

fn lines(rows: &[PerformanceRow], unit: Unit) -> AnyView {
    let points = rows.iter().map(|row| unit.name(row.days)).collect::<Vec<_>>();
    let most = |of: fn(&Figures) -> i64| rows.iter().map(|row| of(&row.figures)).max().unwrap_or(0);
    // Where clicks dwarf the rest, that is measured by itself, so that it can be seen.
    let small = most(|one| one.sign_ups).max(most(|one| one.sales)).max(most(|one| one.customers));
    let apart = most(|one| one.clicks) > 6 * small;
    let series = |name: &str, of: fn(&Figures) -> i64, right: bool| {
        let series = Series::new(name, rows.iter().map(|row| of(&row.figures)).collect());
        if right { series.on_the_right() } else { series }
    };
    let series = vec![
        series("Clicks", |one| one.clicks, false),
        series("Sign-ups", |one| one.sign_ups, apart),
        series("Customers", |one| one.customers, apart),
        series("Sales", |one| one.sales, apart),
    ];
    view! {
        <LineChart
            id="performance"
            label="Clicks, sign-ups, customers and sales over time"
            axis=unit.label()
            points=points
            series=series
        />
    }
    .into_any()
}

fn table(rows: Vec<PerformanceRow>, unit: Unit, (total, before): (Figures, Figures), days_before: DayRange) -> AnyView {
    let head = move || {
        view! {
            <Th label=unit.label()/>
            <Th label="Clicks" num=true/>
            <Th label="Unique" num=true wide=true/>
            <Th label="Sign-ups" num=true wide=true/>
            <Th label="Sign-up rate" num=true wide=true/>
            <Th label="Customers" num=true wide=true/>
            <Th label="Customer rate" num=true wide=true/>
            <Th label="Sales" num=true wide=true/>
            <Th label="Revenue" num=true wide=true/>
            <Th label="Refunds" num=true wide=true/>
            <Th label="Commissions" num=true/>
        }
    };
    let lines = rows
        .into_iter()
        .rev()
        .map(|row| {
            view! { <tr><td>{unit.name(row.days)}{small(&row.figures)}</td>{cells(&row.figures)}</tr> }
        })
        .collect_view();
    let days_before = Period::Custom(days_before).label();
    view! {
        <Table caption="Performance by day, week or month" head=head>
            {lines}
            <tr class="total"><td>"Total"{small(&total)}</td>{cells(&total)}</tr>
            <tr class="before"><td>"Previous period"<small>{days_before}</small>{small(&before)}</td>{cells(&before)}</tr>
        </Table>
        <p class="sub">"The sign-up rate and the customer rate are shares of all clicks."</p>
    }
    .into_any()
}

/// What a phone shows instead of columns.
fn small(figures: &Figures) -> AnyView {
    let Figures { sign_ups, customers, sales, .. } = figures;
    let words =
        [counted(*sign_ups, "sign-up"), counted(*customers, "customer"), counted(*sales, "sale")].join(" \u{b7} ");
    view! { <small class="narrow">{words}</small> }.into_any()
}

fn cells(figures: &Figures) -> AnyView {
    let wide = |text: String| view! { <td class="num wide">{text}</td> };
    (
        view! { <td class="num">{grouped(figures.clicks)}</td> },
        wide(grouped(figures.unique_clicks)),
        wide(grouped(figures.sign_ups)),
        wide(share(figures.sign_up_rate())),
        wide(grouped(figures.customers)),
        wide(share(figures.customer_rate())),
        wide(grouped(figures.sales)),
        wide(figures.revenue.to_string()),
        wide(figures.refunds.to_string()),
        view! { <td class="num"><Amount value=figures.commissions strong=true/></td> },
    )
        .into_any()
}

/// A "Top 10" in a card of its own.
pub fn top_ten(list: TopList, download: String) -> AnyView {
    let TopList { kind, rows } = list;
    let label = kind.label();
    let what = label.to_lowercase();
    if rows.is_empty() {
        let words = match kind {
            TopKind::Customers => "Customers who bought in these days show here.",
            TopKind::Links => "Links that were clicked in these days show here.",
            _ => "Clicks of these days show here a few minutes after they came.",
        };
        return view! { <Card title=label><p class="sub">{words}</p></Card> }.into_any();
    }
    let of_customers = kind == TopKind::Customers;
    let head = move || {
        let (first, second) = if of_customers { ("Sales", "Revenue") } else { ("Clicks", "Unique") };
        view! {
            <Th label=kind.singular()/>
            <Th label=first num=true/>
            <Th label=second num=true/>
        }
    };
    let rows = rows
        .into_iter()
        .map(|row| {
            let first = if of_customers { row.sales } else { row.clicks };
            let second = match row.amount {
                Some(amount) => amount.to_string(),
                None => grouped(row.unique_clicks),
            };
            view! {
                <tr>
                    <td class="break">{row.label}</td>
                    <td class="num">{grouped(first)}</td>
                    <td class="num">{second}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <Card title=label actions=move || view! { <Download href=download what=what/> }>
            <Table caption=format!("Top 10: {label}") head=head>{rows}</Table>
        </Card>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_told_in_words_where_there_is_no_figure() {
        assert_eq!(count_delta(0, 0), Delta::Same("No change".into()));
        assert_eq!(count_delta(3, 0), Delta::Same("None before".into()));
        assert_eq!(count_delta(41, 43), Delta::Down("4.7% less".into()));
        assert_eq!(count_delta(43, 41), Delta::Up("4.9% more".into()));
        assert_eq!(share(None), "–");
    }

    #[test]
    fn what_is_due_and_held_is_told_apart() {
        let dollars = |amount: i64| Money::new(Decimal::from(amount), "USD".parse().expect("currency"));
        assert_eq!(due_words(dollars(120), dollars(80)), "due now \u{b7} $80.00 held");
        assert_eq!(due_words(dollars(0), dollars(80)), "nothing due \u{b7} $80.00 held");
        assert_eq!(due_words(dollars(-5), dollars(0)), "carried forward");
    }
}
