//! The admin area: its pages, each beside the server functions it calls.
#![recursion_limit = "512"]

mod assets;
mod audit;
mod boxes;
mod checklist;
mod commissions;
mod customers;
mod frame;
mod groups;
mod jobs;
mod keys;
mod lead_setup;
mod leads;
mod ledger;
mod mails;
mod messages;
mod new_program;
mod offers;
mod outbox;
mod overview;
mod partners;
mod payer;
mod payment_rules;
mod payments;
mod payout_methods;
mod portal;
mod promo_codes;
mod reports;
mod review;
mod sales;
mod settings;
mod show;
mod team;
mod unsaved;

use access::lazy;
use leptos::prelude::*;
use leptos_router::components::{ParentRoute, Route};
use leptos_router::{SsrMode, path};

pub use keys::tracking_commands;

access::chunk!(admin_frame, __preload_admin_frame: frame::Frame, overview::OverviewPage);
access::chunk!(
    admin_partners, __preload_admin_partners:
    partners::PartnersPage, partners::NewPartnerPage,
);
access::chunk!(admin_partner, __preload_admin_partner: partners::PartnerPage);
access::chunk!(
    admin_sales, __preload_admin_sales:
    customers::CustomersPage, customers::CustomerPage, sales::SalesPage, sales::SalePage, commissions::CommissionsPage,
);
access::chunk!(
    admin_messages, __preload_admin_messages:
    messages::MessagesPage, messages::NewMessagePage, messages::ConversationPage, messages::SavedRepliesPage,
);
access::chunk!(
    admin_submitted_sales, __preload_admin_submitted_sales: sales::SubmittedSalesPage, sales::SubmittedSalePage,
);
access::chunk!(admin_leads, __preload_admin_leads: leads::LeadsPage, leads::TasksPage);
access::chunk!(admin_lead, __preload_admin_lead: leads::LeadPage);
access::chunk!(admin_work, __preload_admin_work: review::ReviewPage, partners::ImportPage, partners::PartnerJobPage);
access::chunk!(admin_pay, __preload_admin_pay: payments::PayPage, payments::DraftPage);
access::chunk!(
    admin_payments, __preload_admin_payments: payments::BatchesPage, payments::BatchPage, payments::AdvicesPage,
);
access::chunk!(
    admin_books, __preload_admin_books:
    ledger::LedgerPage, ledger::StatementsPage, ledger::StatementPage, ledger::FinancePage,
);
access::chunk!(
    admin_reports, __preload_admin_reports:
    reports::ReportsPage, reports::LedgersPage, reports::RankingPage, reports::InactivePage, reports::CohortsPage,
);
access::chunk!(
    admin_offers, __preload_admin_offers:
    offers::OffersPage, offers::NewOfferPage, offers::OfferPage, groups::GroupsPage, groups::NewGroupPage,
    groups::GroupPage,
);
access::chunk!(
    admin_lead_setup, __preload_admin_lead_setup:
    lead_setup::LeadSettingsPage, lead_setup::LeadGroupPage,
);
access::chunk!(admin_lead_type, __preload_admin_lead_type: lead_setup::LeadTypePage);
access::chunk!(admin_lead_stages, __preload_admin_lead_stages: lead_setup::LeadStagesPage);
access::chunk!(
    admin_program, __preload_admin_program:
    promo_codes::PromoCodesPage, keys::KeysPage, team::TeamPage, settings::SettingsPage, audit::AuditPage, jobs::JobsPage,
);
access::chunk!(
    admin_assets, __preload_admin_assets: assets::AssetsPage, assets::NewAssetPage, assets::AssetPage,
);
access::chunk!(
    admin_portal, __preload_admin_portal:
    portal::PortalPage, portal::TermsPage, new_program::NewProgramPage,
);
access::chunk!(
    admin_mails, __preload_admin_mails:
    mails::MailsPage, mails::MailPage, outbox::OutboxPage, outbox::OutboxMailPage,
);

/// The page of a new program, beside those of one.
#[component(transparent)]
pub fn NewProgramRoute() -> impl leptos_router::MatchNestedRoutes + Clone {
    view! { <Route path=path!("/admin/new-program") view={lazy::<new_program::NewProgramPage>()} ssr=SsrMode::Async/> }
        .into_inner()
}

/// The pages under `/admin/{program}`.
#[component(transparent)]
pub fn AdminRoutes() -> impl leptos_router::MatchNestedRoutes + Clone {
    view! {
        <ParentRoute path=path!("/admin/:program") view={lazy::<frame::Frame>()} ssr=SsrMode::Async>
            <Route path=path!("") view={lazy::<overview::OverviewPage>()} ssr=SsrMode::Async/>
            <Route path=path!("partners") view={lazy::<partners::PartnersPage>()} ssr=SsrMode::Async/>
            <Route path=path!("partners/new") view={lazy::<partners::NewPartnerPage>()} ssr=SsrMode::Async/>
            <Route path=path!("partners/import") view={lazy::<partners::ImportPage>()} ssr=SsrMode::Async/>
            <Route path=path!("partners/jobs/:id") view={lazy::<partners::PartnerJobPage>()} ssr=SsrMode::Async/>
            <Route path=path!("partners/:code") view={lazy::<partners::PartnerPage>()} ssr=SsrMode::Async/>
            <Route path=path!("partners/:code/ledger") view={lazy::<ledger::LedgerPage>()} ssr=SsrMode::Async/>
            <Route path=path!("partners/:code/statements") view={lazy::<ledger::StatementsPage>()} ssr=SsrMode::Async/>
            <Route path=path!("partners/:code/statements/:month") view={lazy::<ledger::StatementPage>()} ssr=SsrMode::Async/>
            <Route path=path!("finance") view={lazy::<ledger::FinancePage>()} ssr=SsrMode::Async/>
            <Route path=path!("leads") view={lazy::<leads::LeadsPage>()} ssr=SsrMode::Async/>
            <Route path=path!("leads/:id") view={lazy::<leads::LeadPage>()} ssr=SsrMode::Async/>
            <Route path=path!("tasks") view={lazy::<leads::TasksPage>()} ssr=SsrMode::Async/>
            <Route path=path!("customers") view={lazy::<customers::CustomersPage>()} ssr=SsrMode::Async/>
            <Route path=path!("customers/:id") view={lazy::<customers::CustomerPage>()} ssr=SsrMode::Async/>
            <Route path=path!("sales") view={lazy::<sales::SalesPage>()} ssr=SsrMode::Async/>
            <Route path=path!("sales/:id") view={lazy::<sales::SalePage>()} ssr=SsrMode::Async/>
            <Route path=path!("messages") view={lazy::<messages::MessagesPage>()} ssr=SsrMode::Async/>
            <Route path=path!("messages/new") view={lazy::<messages::NewMessagePage>()} ssr=SsrMode::Async/>
            <Route path=path!("messages/:id") view={lazy::<messages::ConversationPage>()} ssr=SsrMode::Async/>
            <Route path=path!("saved-replies") view={lazy::<messages::SavedRepliesPage>()} ssr=SsrMode::Async/>
            <Route path=path!("submitted-sales") view={lazy::<sales::SubmittedSalesPage>()} ssr=SsrMode::Async/>
            <Route path=path!("submitted-sales/:id") view={lazy::<sales::SubmittedSalePage>()} ssr=SsrMode::Async/>
            <Route path=path!("commissions") view={lazy::<commissions::CommissionsPage>()} ssr=SsrMode::Async/>
            <Route path=path!("review") view={lazy::<review::ReviewPage>()} ssr=SsrMode::Async/>
            <Route path=path!("reports") view={lazy::<reports::ReportsPage>()} ssr=SsrMode::Async/>
            <Route path=path!("reports/ledgers") view={lazy::<reports::LedgersPage>()} ssr=SsrMode::Async/>
            <Route path=path!("reports/top-partners") view={lazy::<reports::RankingPage>()} ssr=SsrMode::Async/>
            <Route path=path!("reports/inactive") view={lazy::<reports::InactivePage>()} ssr=SsrMode::Async/>
            <Route path=path!("reports/cohorts") view={lazy::<reports::CohortsPage>()} ssr=SsrMode::Async/>
            <Route path=path!("pay") view={lazy::<payments::PayPage>()} ssr=SsrMode::Async/>
            <Route path=path!("pay/:id") view={lazy::<payments::DraftPage>()} ssr=SsrMode::Async/>
            <Route path=path!("payments") view={lazy::<payments::BatchesPage>()} ssr=SsrMode::Async/>
            <Route path=path!("payments/:id") view={lazy::<payments::BatchPage>()} ssr=SsrMode::Async/>
            <Route path=path!("payments/:id/advices") view={lazy::<payments::AdvicesPage>()} ssr=SsrMode::Async/>
            <Route path=path!("offers") view={lazy::<offers::OffersPage>()} ssr=SsrMode::Async/>
            <Route path=path!("offers/new") view={lazy::<offers::NewOfferPage>()} ssr=SsrMode::Async/>
            <Route path=path!("offers/:id") view={lazy::<offers::OfferPage>()} ssr=SsrMode::Async/>
            <Route path=path!("groups") view={lazy::<groups::GroupsPage>()} ssr=SsrMode::Async/>
            <Route path=path!("groups/new") view={lazy::<groups::NewGroupPage>()} ssr=SsrMode::Async/>
            <Route path=path!("groups/:id") view={lazy::<groups::GroupPage>()} ssr=SsrMode::Async/>
            <Route path=path!("lead-settings") view={lazy::<lead_setup::LeadSettingsPage>()} ssr=SsrMode::Async/>
            <Route path=path!("lead-settings/stages") view={lazy::<lead_setup::LeadStagesPage>()} ssr=SsrMode::Async/>
            <Route path=path!("lead-settings/groups/:group/types/:id") view={lazy::<lead_setup::LeadTypePage>()} ssr=SsrMode::Async/>
            <Route path=path!("lead-settings/groups/:id") view={lazy::<lead_setup::LeadGroupPage>()} ssr=SsrMode::Async/>
            <Route path=path!("promo-codes") view={lazy::<promo_codes::PromoCodesPage>()} ssr=SsrMode::Async/>
            <Route path=path!("assets") view={lazy::<assets::AssetsPage>()} ssr=SsrMode::Async/>
            <Route path=path!("assets/new") view={lazy::<assets::NewAssetPage>()} ssr=SsrMode::Async/>
            <Route path=path!("assets/:id") view={lazy::<assets::AssetPage>()} ssr=SsrMode::Async/>
            <Route path=path!("api-keys") view={lazy::<keys::KeysPage>()} ssr=SsrMode::Async/>
            <Route path=path!("team") view={lazy::<team::TeamPage>()} ssr=SsrMode::Async/>
            <Route path=path!("settings") view={lazy::<settings::SettingsPage>()} ssr=SsrMode::Async/>
            <Route path=path!("portal") view={lazy::<portal::PortalPage>()} ssr=SsrMode::Async/>
            <Route path=path!("portal/terms") view={lazy::<portal::TermsPage>()} ssr=SsrMode::Async/>
            <Route path=path!("mails") view={lazy::<mails::MailsPage>()} ssr=SsrMode::Async/>
            <Route path=path!("mails/:kind") view={lazy::<mails::MailPage>()} ssr=SsrMode::Async/>
            <Route path=path!("outbox") view={lazy::<outbox::OutboxPage>()} ssr=SsrMode::Async/>
            <Route path=path!("outbox/:id") view={lazy::<outbox::OutboxMailPage>()} ssr=SsrMode::Async/>
            <Route path=path!("audit-log") view={lazy::<audit::AuditPage>()} ssr=SsrMode::Async/>
            <Route path=path!("failed-jobs") view={lazy::<jobs::JobsPage>()} ssr=SsrMode::Async/>
        </ParentRoute>
    }
    .into_inner()
}
