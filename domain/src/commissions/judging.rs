//! What a person decides on commissions in review, many at once.

use crate::ids::CommissionId;
use crate::words;
use serde::{Deserialize, Serialize};

/// How many commissions are judged at once at most.
pub const MOST_JUDGED: usize = 500;

words! {
    /// What is decided on a commission in review.
    pub enum Verdict in "commission_verdict" {
        /// It is owed, and due when its hold has ended.
        Approve = "approve",
        /// What is left of it is taken back.
        Reverse = "reverse",
    }
}

/// What is decided on many commissions in review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JudgeMany {
    /// What.
    pub verdict: Verdict,
    /// On which.
    pub commissions: Vec<CommissionId>,
    /// Why they are reversed; not asked for where they are approved.
    #[serde(default)]
    pub reason: String,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// What was decided.
    pub verdict: Verdict,
    /// On how many.
    pub done: i64,
    /// How many were left out: somebody had judged them before.
    pub left_out: i64,
}

impl Judged {
    /// The same in words, with the reason why some were left out.
    #[must_use]
    pub fn words(self) -> String {
        let done = match self.verdict {
            Verdict::Approve => "approved",
            Verdict::Reverse => "reversed",
        };
        let done = match self.done {
            0 => format!("Nothing was {done}."),
            1 => format!("1 commission {done}."),
            many => format!("{many} commissions {done}."),
        };
        if self.left_out == 0 { done } else { format!("{done} {} left out: not in review any more.", self.left_out) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_out_is_told_with_the_reason() {
        let words = |verdict, done, left_out| Judged { verdict, done, left_out }.words();
        assert_eq!(words(Verdict::Approve, 1, 0), "1 commission approved.");
        assert_eq!(words(Verdict::Reverse, 12, 1), "12 commissions reversed. 1 left out: not in review any more.");
        assert_eq!(words(Verdict::Approve, 0, 2), "Nothing was approved. 2 left out: not in review any more.");
    }
}
