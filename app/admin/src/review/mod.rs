//! The queue of commissions in review, judged one by one or many at once, and the checks that hold them.

mod many;
mod queue;

pub use queue::ReviewPage;
