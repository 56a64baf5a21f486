//! How a program's leads are set up: what partners may do, duplicates, groups with their forms, and stages.

mod field;
mod form;
mod group;
mod issues;
mod lead_type;
mod order;
mod page;
mod stage;
mod stages;

pub use form::LeadGroupPage;
pub use lead_type::LeadTypePage;
pub use page::LeadSettingsPage;
pub use stages::LeadStagesPage;
