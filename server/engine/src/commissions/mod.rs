//! Commissions: earned by events, held, released, judged by people, taken back.

mod claw_back;
mod earn;
mod judge;
mod of_lead;
mod release;
pub mod suspicion;
#[cfg(test)]
mod suspicion_tests;
#[cfg(test)]
pub(crate) mod tests;

pub use claw_back::claw_back_all_held;
pub(crate) use claw_back::{Owed, Reason, claw_back, lock_of_sale};
pub(crate) use earn::{Happening, decide, record};
pub use judge::{approve, judge_many, reverse};
pub(crate) use of_lead::{Became, earn_of_lead};
pub use release::release_holds;
