//! The partner portal: its pages, each beside the server functions it calls.
#![recursion_limit = "512"]

mod assets;
mod commission_report;
mod commissions;
mod customers;
mod dashboard;
mod details;
mod lead_import;
mod leads;
mod ledger;
mod link;
mod links;
mod messages;
mod offers;
mod payout;
mod payouts;
mod photo;
mod portal;
mod profile;
mod promo_codes;
mod sales;
mod show;
mod statements;
mod terms;
mod welcome;

use access::lazy;
use leptos::prelude::*;
use leptos_router::components::{ParentRoute, Route};
use leptos_router::{SsrMode, path};

access::chunk!(portal_frame, __preload_portal_frame: portal::Portal, dashboard::DashboardPage);
access::chunk!(
    portal_lists, __preload_portal_lists:
    commissions::CommissionsPage, ledger::LedgerPage, promo_codes::PromoCodesPage,
    payouts::PayoutsPage,
);
access::chunk!(
    portal_program, __preload_portal_program:
    welcome::WelcomePage, offers::ProgramsPage, offers::StructurePage, offers::SummaryPage,
);
access::chunk!(
    portal_reports, __preload_portal_reports:
    details::DetailsPage, commission_report::CommissionReportPage, sales::SalesPage, customers::CustomersPage,
    payout::PayoutPage, statements::StatementsPage, statements::StatementPage,
);

access::chunk!(portal_leads, __preload_portal_leads: leads::LeadsPage, leads::LeadPage);
access::chunk!(portal_lead_form, __preload_portal_lead_form: leads::SubmitLeadPage, leads::EditLeadPage);
access::chunk!(portal_lead_share, __preload_portal_lead_share: leads::SharePage);
access::chunk!(
    portal_messages, __preload_portal_messages:
    messages::MessagesPage, messages::NewMessagePage, messages::ConversationPage,
);
access::chunk!(
    portal_submitted_sales, __preload_portal_submitted_sales: sales::SubmitSalePage, sales::SubmittedSalesPage,
);
access::chunk!(portal_lead_imports, __preload_portal_lead_imports: lead_import::ImportsPage);

access::chunk!(portal_profile, __preload_portal_profile: profile::ProfilePage, terms::TermsPage);
access::chunk!(
    portal_share, __preload_portal_share: links::LinksPage, link::LinkPage, assets::AssetsPage, assets::AssetPage,
);

/// The pages under `/p/{program}`, in their frame.
#[component(transparent)]
pub fn PartnerRoutes() -> impl leptos_router::MatchNestedRoutes + Clone {
    view! {
        <ParentRoute path=path!("/p/:program") view={lazy::<portal::Portal>()} ssr=SsrMode::Async>
            <Route path=path!("") view={lazy::<dashboard::DashboardPage>()} ssr=SsrMode::Async/>
            <Route path=path!("welcome") view={lazy::<welcome::WelcomePage>()} ssr=SsrMode::Async/>
            <Route path=path!("profile") view={lazy::<profile::ProfilePage>()} ssr=SsrMode::Async/>
            <Route path=path!("terms") view={lazy::<terms::TermsPage>()} ssr=SsrMode::Async/>
            <Route path=path!("commissions") view={lazy::<commissions::CommissionsPage>()} ssr=SsrMode::Async/>
            <Route path=path!("ledger") view={lazy::<ledger::LedgerPage>()} ssr=SsrMode::Async/>
            <Route path=path!("links") view={lazy::<links::LinksPage>()} ssr=SsrMode::Async/>
            <Route path=path!("links/:id") view={lazy::<link::LinkPage>()} ssr=SsrMode::Async/>
            <Route path=path!("assets") view={lazy::<assets::AssetsPage>()} ssr=SsrMode::Async/>
            <Route path=path!("assets/:id") view={lazy::<assets::AssetPage>()} ssr=SsrMode::Async/>
            <Route path=path!("promo-codes") view={lazy::<promo_codes::PromoCodesPage>()} ssr=SsrMode::Async/>
            <Route path=path!("leads") view={lazy::<leads::LeadsPage>()} ssr=SsrMode::Async/>
            <Route path=path!("leads/imports") view={lazy::<lead_import::ImportsPage>()} ssr=SsrMode::Async/>
            <Route path=path!("leads/share") view={lazy::<leads::SharePage>()} ssr=SsrMode::Async/>
            <Route path=path!("leads/submit") view={lazy::<leads::SubmitLeadPage>()} ssr=SsrMode::Async/>
            <Route path=path!("leads/:id") view={lazy::<leads::LeadPage>()} ssr=SsrMode::Async/>
            <Route path=path!("leads/:id/edit") view={lazy::<leads::EditLeadPage>()} ssr=SsrMode::Async/>
            <Route path=path!("customers") view={lazy::<customers::CustomersPage>()} ssr=SsrMode::Async/>
            <Route path=path!("programs") view={lazy::<offers::ProgramsPage>()} ssr=SsrMode::Async/>
            <Route path=path!("structure") view={lazy::<offers::StructurePage>()} ssr=SsrMode::Async/>
            <Route path=path!("summary") view={lazy::<offers::SummaryPage>()} ssr=SsrMode::Async/>
            <Route path=path!("payouts") view={lazy::<payouts::PayoutsPage>()} ssr=SsrMode::Async/>
            <Route path=path!("payouts/:id") view={lazy::<payout::PayoutPage>()} ssr=SsrMode::Async/>
            <Route path=path!("statements") view={lazy::<statements::StatementsPage>()} ssr=SsrMode::Async/>
            <Route path=path!("statements/:month") view={lazy::<statements::StatementPage>()} ssr=SsrMode::Async/>
            <Route path=path!("details") view={lazy::<details::DetailsPage>()} ssr=SsrMode::Async/>
            <Route path=path!("commission-report") view={lazy::<commission_report::CommissionReportPage>()} ssr=SsrMode::Async/>
            <Route path=path!("messages") view={lazy::<messages::MessagesPage>()} ssr=SsrMode::Async/>
            <Route path=path!("messages/new") view={lazy::<messages::NewMessagePage>()} ssr=SsrMode::Async/>
            <Route path=path!("messages/:id") view={lazy::<messages::ConversationPage>()} ssr=SsrMode::Async/>
            <Route path=path!("submitted-sales") view={lazy::<sales::SubmittedSalesPage>()} ssr=SsrMode::Async/>
            <Route path=path!("submitted-sales/submit") view={lazy::<sales::SubmitSalePage>()} ssr=SsrMode::Async/>
            <Route path=path!("sales") view={lazy::<sales::SalesPage>()} ssr=SsrMode::Async/>
        </ParentRoute>
    }
    .into_inner()
}
