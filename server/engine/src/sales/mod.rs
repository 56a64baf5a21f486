//! Sales and refunds as companies report them, and what follows for commissions.

#[cfg(test)]
pub(crate) mod races;
mod refund;
mod sale;
#[cfg(test)]
mod tests;

pub use refund::track_refund;
pub use sale::track_sale;
