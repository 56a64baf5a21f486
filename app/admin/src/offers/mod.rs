//! Offers: what the program pays for what.

mod choose;
mod draft;
mod editor;
mod list;
mod past;
mod tiers;

pub(crate) use choose::Choosing;
pub use editor::{NewOfferPage, OfferPage};
pub use list::OffersPage;
