//! The partner portal: its pages, each beside the server functions it calls.
#![recursion_limit = "512"]

mod commissions;
mod dashboard;
mod ledger;
mod links;
mod payouts;
mod portal;
mod promo_codes;
mod show;

use leptos::prelude::*;
use leptos_router::components::{ParentRoute, Route};
use leptos_router::{Lazy, MatchNestedRoutes, SsrMode, path};

/// The pages under `/p/{program}`.
#[component(transparent)]
pub fn PartnerRoutes() -> impl MatchNestedRoutes + Clone {
    view! {
        <ParentRoute path=path!("/p/:program") view={Lazy::<portal::Portal>::new()} ssr=SsrMode::Async>
            <Route path=path!("") view={Lazy::<dashboard::DashboardPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("commissions") view={Lazy::<commissions::CommissionsPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("ledger") view={Lazy::<ledger::LedgerPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("links") view={Lazy::<links::LinksPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("promo-codes") view={Lazy::<promo_codes::PromoCodesPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("payouts") view={Lazy::<payouts::PayoutsPage>::new()} ssr=SsrMode::Async/>
        </ParentRoute>
    }
    .into_inner()
}
