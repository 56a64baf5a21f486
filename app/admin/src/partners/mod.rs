//! Partners: the list, a new one, and all of one.

mod bulk;
mod choose;
mod detail;
mod edit;
mod group;
mod import;
mod job;
mod letter;
mod list;
mod new;
mod offers;
mod privacy;
mod standing;
mod work;

pub(crate) use choose::partner_field;
pub use detail::PartnerPage;
pub use import::ImportPage;
pub use job::PartnerJobPage;
pub use list::PartnersPage;
pub use new::NewPartnerPage;

use domain::partners::PartnerRow;

/// A partner's name for people: the person's, else the company's.
pub(crate) fn called(partner: &PartnerRow) -> String {
    if partner.name.is_empty() { partner.company.clone() } else { partner.name.clone() }
}
