//! The admin area: its pages, each beside the server functions it calls.

use leptos::prelude::*;
use leptos_router::MatchNestedRoutes;
use leptos_router::components::{Outlet, ParentRoute, Route};
use leptos_router::path;

/// The pages under `/admin/{program}`.
#[component(transparent)]
pub fn AdminRoutes() -> impl MatchNestedRoutes + Clone {
    view! {
        <ParentRoute path=path!("/admin/:program") view=Outlet>
            <Route path=path!("") view=|| ()/>
        </ParentRoute>
    }
    .into_inner()
}
