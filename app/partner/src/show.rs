//! What several pages show alike.

use chrono::{DateTime, NaiveDate, Utc};
use domain::ids::EnrollmentId;
use domain::leads::Stage;
use domain::money::Money;
use domain::page::Page;
use domain::portal::PortalPage;
use domain::reports::{CommissionRow, LineState};
use domain::time::Zone;
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_params_map};
use ui::{Address, Tab, Tabs, Tone, commission_tone, payment_state};
pub(crate) use ui::{nothing_found, pages};

/// The program whose portal is shown, by its name in addresses.
pub(crate) fn program() -> Memo<String> {
    let params = use_params_map();
    Memo::new(move |_| params.with(|params| params.get("program").unwrap_or_default()))
}

/// Whom a form is for: the partner that the page showed.
pub(crate) fn whose(program: &str, partner: EnrollmentId) -> AnyView {
    view! {
        <input type="hidden" name="program" value=program.to_owned()/>
        <input type="hidden" name="partner" value=partner.to_string()/>
    }
    .into_any()
}

/// The address of the view, with its filters.
pub(crate) fn address() -> Memo<Address> {
    let location = use_location();
    Memo::new(move |_| Address::new(location.pathname.get(), &location.search.get()))
}

/// A value of the address, as a server function takes it.
pub(crate) fn value(address: &Address, key: &str) -> Option<String> {
    address.get(key).map(str::to_owned)
}

/// The pages that show, as the frame tells the pages inside.
#[derive(Clone, Debug)]
pub(crate) struct ShownPages(pub Vec<PortalPage>);

/// In how many conversations there is something unread, as the menu counts them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unread(pub RwSignal<i64>);

/// An instant in full, in the program's time zone: `19 Nov 2026, 14:05`.
pub(crate) fn instant(zone: &Zone, at: DateTime<Utc>) -> String {
    zone.local(at).format("%-d %b %Y, %H:%M").to_string()
}

/// Whether a page shows.
pub(crate) fn shows(page: PortalPage) -> bool {
    use_context::<ShownPages>().is_some_and(|pages| pages.0.contains(&page))
}

/// The views of one's own figures, those that show, side by side at the top of each of them.
pub(crate) fn tabs(program: &str, current: PortalPage) -> AnyView {
    let tabs: Vec<PortalPage> = PortalPage::TABS.into_iter().filter(|page| shows(*page)).collect();
    if tabs.len() < 2 {
        return ().into_any();
    }
    let tab = |page: PortalPage| view! { <Tab href=page.href(program) label=page.label() current={page == current}/> };
    let tabs = tabs.into_iter().map(tab).collect_view();
    view! {
        <Tabs label="My figures">
            {tabs}
        </Tabs>
    }
    .into_any()
}

/// The address of a file with what the view shows, by the same filters.
pub(crate) fn file(program: &str, name: &str, address: &Address) -> String {
    address.without("cursor").at(format!("/p/{program}/export/{name}.csv")).href()
}

/// On paper, where a list goes on after this page.
pub(crate) fn more_in_file<T>(page: &Page<T>) -> Option<AnyView> {
    let words = "There is more than this page: the CSV file has all of it.";
    page.next_cursor.is_some().then(|| view! { <p class="on-paper sub">{words}</p> }.into_any())
}

/// A day of this year or another: `19 Nov`, `19 Nov 2025`.
pub(crate) fn day(day: NaiveDate, today: NaiveDate) -> String {
    use chrono::Datelike;
    let pattern = if day.year() == today.year() { "%-d %b" } else { "%-d %b %Y" };
    day.format(pattern).to_string()
}

/// The tint of a line's state.
pub(crate) fn tone(state: LineState) -> Tone {
    match state {
        LineState::ClawedBack => Tone::Bad,
        LineState::SignedUp => Tone::Accent,
        LineState::Lead(Stage::Qualified | Stage::ClosedWon) => Tone::Good,
        LineState::Lead(_) => Tone::Neutral,
        LineState::Payment(status) => payment_state(status).0,
        LineState::Commission { status, .. } => commission_tone(status),
    }
}

/// The customer that a commission is for, or a link to the lead.
pub(crate) fn who(program: &str, row: &CommissionRow) -> AnyView {
    let label = row.who().to_owned();
    match row.lead.as_ref().filter(|_| shows(PortalPage::Leads)) {
        Some(lead) => {
            let href = format!("/p/{program}/leads/{}", lead.id);
            view! { <a class="link" href=href>{label}</a> }.into_any()
        }
        None => label.into_any(),
    }
}

/// What is left of what was earned.
pub(crate) fn kept(earned: Money, taken_back: Money) -> Money {
    Money::new(earned.amount - taken_back.amount, earned.currency)
}
