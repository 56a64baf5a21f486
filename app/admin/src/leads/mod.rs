//! The leads that partners have added, and the team's work on them.

mod acts;
mod board;
mod bulk;
mod detail;
mod edit;
mod files;
mod list;
mod mover;
mod privacy;
mod shift;
mod tasks;
mod work;

pub use detail::LeadPage;
pub use list::LeadsPage;
pub use tasks::TasksPage;

use domain::accounts::MemberName;
use domain::leads::LeadRow;
use leptos::prelude::*;
use ui::Choice;

/// A lead as the team calls it.
pub(crate) fn called(lead: &LeadRow) -> String {
    [&lead.name, &lead.email]
        .into_iter()
        .find(|text| !text.is_empty())
        .cloned()
        .unwrap_or_else(|| "Erased lead".to_owned())
}

/// The lead's name, which leads to its page.
fn link(program: &str, lead: &LeadRow) -> AnyView {
    let href = format!("/admin/{program}/leads/{}", lead.id);
    view! { <a class="link" href=href draggable="false">{called(lead)}</a> }.into_any()
}

/// Whom work can be given to.
fn members(team: &[MemberName]) -> Vec<Choice> {
    let nobody = Choice::new("", "Nobody");
    std::iter::once(nobody)
        .chain(team.iter().map(|member| Choice::new(member.account.to_string(), &member.name)))
        .collect()
}

/// A member that was chosen; nobody where none was.
#[cfg(feature = "ssr")]
fn chosen(text: &str) -> access::Result<Option<domain::ids::AccountId>> {
    match text.trim() {
        "" => Ok(None),
        id => id.parse().map(Some).map_err(|_| access::Error::field("assignee", "Choose a member of your team.")),
    }
}

/// The id of who works a lead, as a choice's value.
fn value_of(assignee: Option<&MemberName>) -> String {
    assignee.map(|member| member.account.to_string()).unwrap_or_default()
}
