//! Offers: what the program pays for what.

mod draft;
mod editor;
mod list;

pub use editor::{NewOfferPage, OfferPage};
pub use list::OffersPage;
