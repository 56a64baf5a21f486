//! Partners: who is enrolled in a program, in which standing, under which codes, offers and promo codes.

mod create;
mod detail;
mod edit;
mod list;
pub mod promo_codes;
mod standing;

pub use create::{apply, create};
pub use detail::{detail, detail_by_code, find_by_code};
pub use edit::{add_account, change_code, set_offers, update};
pub use list::{counts, list};
pub use standing::set_status;
