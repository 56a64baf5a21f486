//! The partner's leads: submitting one, and following each to its commission.

mod detail;
mod edit;
mod list;
mod share;
mod submit;

pub use detail::LeadPage;
pub use edit::EditLeadPage;
pub use list::LeadsPage;
pub(crate) use list::card;
pub use share::SharePage;
pub use submit::SubmitLeadPage;

use domain::leads::LeadRow;
use leptos::prelude::*;
use ui::{ButtonKind, ButtonLink, Glyph};

/// A lead as its partner knows it.
fn called(lead: &LeadRow) -> String {
    match (lead.name.as_str(), lead.email.as_str()) {
        ("", "") => "Erased".to_owned(),
        ("", email) => email.to_owned(),
        (name, _) => name.to_owned(),
    }
}

/// The button that leads to the form, where the program takes leads.
pub(crate) fn submit_button(program: &str, submission: bool) -> Option<AnyView> {
    let href = format!("/p/{program}/leads/submit");
    submission.then(|| {
        view! { <ButtonLink href=href kind=ButtonKind::Primary icon=Glyph::Plus>"Submit a lead"</ButtonLink> }
            .into_any()
    })
}

/// What a lead is good for, by the program's rule.
pub(crate) fn rule(window_days: i32) -> String {
    let days = if window_days == 1 { "a day".to_owned() } else { format!("{window_days} days") };
    format!(
        "Who signs up with a lead's e-mail within {days} becomes your customer, unless another partner's code or link \
         brings them. Once the team has qualified your lead, the customer is yours even where another partner's link is clicked."
    )
}
