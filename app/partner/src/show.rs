//! What several pages show alike.

use chrono::NaiveDate;
use domain::commissions::CommissionStatus;
use domain::ids::EnrollmentId;
use domain::reports::LineState;
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_params_map};
use ui::{Address, Tone};

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

/// A day of this year or another: `19 Nov`, `19 Nov 2025`.
pub(crate) fn day(day: NaiveDate, today: NaiveDate) -> String {
    use chrono::Datelike;
    let pattern = if day.year() == today.year() { "%-d %b" } else { "%-d %b %Y" };
    day.format(pattern).to_string()
}

/// The tint of a commission's state.
pub(crate) fn tone(state: LineState) -> Tone {
    match state {
        LineState::ClawedBack => Tone::Bad,
        LineState::Commission { status, .. } => match status {
            CommissionStatus::Review | CommissionStatus::Held => Tone::Warn,
            CommissionStatus::Due => Tone::Good,
            CommissionStatus::Paid => Tone::Accent,
            CommissionStatus::Reversed => Tone::Bad,
        },
    }
}
