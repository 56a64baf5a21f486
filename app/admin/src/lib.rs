//! The admin area: its pages, each beside the server functions it calls.
#![recursion_limit = "512"]

mod audit;
mod commissions;
mod customers;
mod frame;
mod jobs;
mod keys;
mod offers;
mod overview;
mod partners;
mod payments;
mod promo_codes;
mod sales;
mod settings;
mod show;
mod team;

use leptos::prelude::*;
use leptos_router::components::{ParentRoute, Route};
use leptos_router::{Lazy, MatchNestedRoutes, SsrMode, path};

/// The pages under `/admin/{program}`.
#[component(transparent)]
pub fn AdminRoutes() -> impl MatchNestedRoutes + Clone {
    view! {
        <ParentRoute path=path!("/admin/:program") view={Lazy::<frame::Frame>::new()} ssr=SsrMode::Async>
            <Route path=path!("") view={Lazy::<overview::OverviewPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("partners") view={Lazy::<partners::PartnersPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("partners/new") view={Lazy::<partners::NewPartnerPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("partners/:code") view={Lazy::<partners::PartnerPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("customers") view={Lazy::<customers::CustomersPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("customers/:id") view={Lazy::<customers::CustomerPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("sales") view={Lazy::<sales::SalesPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("sales/:id") view={Lazy::<sales::SalePage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("commissions") view={Lazy::<commissions::CommissionsPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("pay") view={Lazy::<payments::PayPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("payments") view={Lazy::<payments::BatchesPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("payments/:id") view={Lazy::<payments::BatchPage>::new()} ssr=SsrMode::Async/>
            <AdminSetUpRoutes/>
        </ParentRoute>
    }
    .into_inner()
}

/// The pages on which the program is set up: apart from the others because a list of routes has at most sixteen.
#[component(transparent)]
fn AdminSetUpRoutes() -> impl MatchNestedRoutes + Clone {
    view! {
        <Route path=path!("offers") view={Lazy::<offers::OffersPage>::new()} ssr=SsrMode::Async/>
        <Route path=path!("offers/new") view={Lazy::<offers::NewOfferPage>::new()} ssr=SsrMode::Async/>
        <Route path=path!("offers/:id") view={Lazy::<offers::OfferPage>::new()} ssr=SsrMode::Async/>
        <Route path=path!("promo-codes") view={Lazy::<promo_codes::PromoCodesPage>::new()} ssr=SsrMode::Async/>
        <Route path=path!("api-keys") view={Lazy::<keys::KeysPage>::new()} ssr=SsrMode::Async/>
        <Route path=path!("team") view={Lazy::<team::TeamPage>::new()} ssr=SsrMode::Async/>
        <Route path=path!("settings") view={Lazy::<settings::SettingsPage>::new()} ssr=SsrMode::Async/>
        <Route path=path!("audit-log") view={Lazy::<audit::AuditPage>::new()} ssr=SsrMode::Async/>
        <Route path=path!("failed-jobs") view={Lazy::<jobs::JobsPage>::new()} ssr=SsrMode::Async/>
    }
    .into_inner()
}
