//! The partner portal: its pages, each beside the server functions it calls.
#![recursion_limit = "512"]

mod commissions;
mod dashboard;
mod leads;
mod ledger;
mod links;
mod offers;
mod payouts;
mod portal;
mod promo_codes;
mod show;
mod welcome;

use access::lazy;
use leptos::prelude::*;
use leptos_router::components::{ParentRoute, Route};
use leptos_router::{SsrMode, path};

access::chunk!(
    portal_pages, __preload_portal_pages:
    portal::Portal, dashboard::DashboardPage, commissions::CommissionsPage, ledger::LedgerPage, links::LinksPage,
    promo_codes::PromoCodesPage, payouts::PayoutsPage, welcome::WelcomePage, leads::LeadTrackingPage,
    offers::ProgramsPage, offers::StructurePage, offers::SummaryPage,
);

/// The pages under `/p/{program}`, in their frame.
#[component(transparent)]
pub fn PartnerRoutes() -> impl leptos_router::MatchNestedRoutes + Clone {
    view! {
        <ParentRoute path=path!("/p/:program") view={lazy::<portal::Portal>()} ssr=SsrMode::Async>
            <Route path=path!("") view={lazy::<dashboard::DashboardPage>()} ssr=SsrMode::Async/>
            <Route path=path!("welcome") view={lazy::<welcome::WelcomePage>()} ssr=SsrMode::Async/>
            <Route path=path!("commissions") view={lazy::<commissions::CommissionsPage>()} ssr=SsrMode::Async/>
            <Route path=path!("ledger") view={lazy::<ledger::LedgerPage>()} ssr=SsrMode::Async/>
            <Route path=path!("links") view={lazy::<links::LinksPage>()} ssr=SsrMode::Async/>
            <Route path=path!("promo-codes") view={lazy::<promo_codes::PromoCodesPage>()} ssr=SsrMode::Async/>
            <Route path=path!("lead-tracking") view={lazy::<leads::LeadTrackingPage>()} ssr=SsrMode::Async/>
            <Route path=path!("programs") view={lazy::<offers::ProgramsPage>()} ssr=SsrMode::Async/>
            <Route path=path!("structure") view={lazy::<offers::StructurePage>()} ssr=SsrMode::Async/>
            <Route path=path!("summary") view={lazy::<offers::SummaryPage>()} ssr=SsrMode::Async/>
            <Route path=path!("payouts") view={lazy::<payouts::PayoutsPage>()} ssr=SsrMode::Async/>
        </ParentRoute>
    }
    .into_inner()
}
