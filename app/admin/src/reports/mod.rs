//! Reports on the program: how it did, the ledgers of all partners, its top partners, inactive partners, and cohorts of
//! customers.

mod cohorts;
mod inactive;
mod ledgers;
mod performance;
mod ranking;

pub(crate) use cohorts::CohortsPage;
pub(crate) use inactive::InactivePage;
pub(crate) use ledgers::LedgersPage;
pub(crate) use performance::ReportsPage;
pub(crate) use ranking::RankingPage;

use crate::show::file;
use leptos::prelude::*;
use ui::{Tab, Tabs};

/// The reports, side by side at the top of each of them.
fn tabs(program: &str, current: &'static str) -> AnyView {
    let tab = |label: &'static str, path: &str| {
        let (href, chosen) = (format!("/admin/{program}/reports{path}"), current == label);
        view! { <Tab href=href label=label current=chosen/> }
    };
    let tabs = [
        tab("Performance", ""),
        tab("Partner ledgers", "/ledgers"),
        tab("Top partners", "/top-partners"),
        tab("Inactive", "/inactive"),
        tab("Cohorts", "/cohorts"),
    ]
    .into_iter()
    .collect_view();
    view! {
        <Tabs label="Reports">
            {tabs}
        </Tabs>
    }
    .into_any()
}
