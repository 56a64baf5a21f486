//! Sales and refunds as companies report them, and what follows for commissions.

#[cfg(test)]
pub(crate) mod races;
mod refund;
mod sale;
mod submitted;
mod submitted_list;
#[cfg(test)]
mod submitted_tests;
#[cfg(test)]
mod tests;

pub use refund::track_refund;
pub use sale::track_sale;
pub(crate) use submitted::blank;
pub use submitted::{approve, decline, submit, withdraw};
use submitted_list::partner_of;
pub use submitted_list::{known_by_email, submitted, submitted_one};
