//! Which of several eligible buyers a lead goes to first.

use super::Selection;
use crate::ids::EnrollmentId;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A buyer that is eligible for a lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Who.
    pub buyer: EnrollmentId,
    /// What it pays for the lead, in the program's currency.
    pub price: Decimal,
    /// Its priority: smaller goes first.
    pub priority: i32,
    /// Its share of leads, beside those of the others; zero gets leads only where nobody else does.
    pub weight: u32,
    /// When it was referred a lead of the type last, UTC.
    pub last: Option<DateTime<Utc>>,
}

/// What is kept of a lead type's turns, from one lead to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turns {
    /// By how many leads each buyer is behind its share, in trillionths of a lead.
    #[serde(default)]
    behind: BTreeMap<EnrollmentId, i64>,
    /// Whose turn it was last.
    #[serde(default)]
    last: Option<EnrollmentId>,
}

/// Fine enough for a million million leads of one type.
const LEAD: i64 = 1_000_000_000_000;

/// The buyers in the order in which the lead is offered to them. Nothing is noted yet: see [`Turns::took`].
#[must_use]
pub fn in_turn(rule: Selection, turns: &Turns, candidates: &[Candidate]) -> Vec<Candidate> {
    let mut order = candidates.to_vec();
    // Of those alike who waits longest goes first, and one of whom nothing is known before all.
    let waits = |candidate: &Candidate| (candidate.last, candidate.buyer);
    match rule {
        Selection::Priority => order.sort_by_key(|candidate| (candidate.priority, waits(candidate))),
        Selection::LongestWaiting => order.sort_by_key(waits),
        Selection::HighestPrice => order.sort_by_key(|candidate| (-candidate.price, waits(candidate))),
        Selection::RoundRobin => order.sort_by_key(|candidate| (Some(candidate.buyer) <= turns.last, candidate.buyer)),
        Selection::Weighted => turns.by_weight(&mut order),
    }
    order
}

impl Turns {
    /// Notes who of the candidates got the lead.
    pub fn took(&mut self, rule: Selection, candidates: &[Candidate], buyer: EnrollmentId) {
        self.last = Some(buyer);
        if rule != Selection::Weighted {
            return;
        }
        for (candidate, share) in shares(candidates) {
            *self.behind.entry(candidate.buyer).or_default() += share;
        }
        *self.behind.entry(buyer).or_default() -= LEAD;
    }

    /// Tijdeman's rule for shares (*The chairman assignment problem*, 1980): of those who may have the next lead without
    /// getting ahead of their share, whose time would be over first. So each stays within one lead of its share after every
    /// single one. Who is not eligible for a while stands still, and the others share by their weights.
    fn by_weight(&self, order: &mut [Candidate]) {
        let shares: BTreeMap<EnrollmentId, i64> =
            shares(order).into_iter().map(|(candidate, share)| (candidate.buyer, share)).collect();
        let several = shares.values().filter(|share| **share > 0).count() as i64;
        let least = if several > 1 { LEAD / (2 * several - 2) } else { 0 };
        order.sort_by_cached_key(|candidate| {
            let share = shares[&candidate.buyer];
            let behind = self.behind.get(&candidate.buyer).copied().unwrap_or_default() + share;
            // After how many leads it will have fallen behind by one, in millionths.
            let left = i128::from(LEAD - least - behind) * 1_000_000;
            let over = if share > 0 { left / i128::from(share) } else { i128::MAX };
            (share == 0, behind < least, over, candidate.last, candidate.buyer)
        });
    }
}

/// Each candidate's share of a lead, in trillionths; together a whole one, unless no one has a weight.
fn shares(candidates: &[Candidate]) -> Vec<(&Candidate, i64)> {
    let all: i64 = candidates.iter().map(|candidate| i64::from(candidate.weight)).sum();
    if all == 0 {
        return candidates.iter().map(|candidate| (candidate, 0)).collect();
    }
    let mut before = 0;
    let mut given = 0;
    let shares = candidates.iter().map(|candidate| {
        // Cut where the sum of all so far is: what is lost to one is the next one's.
        before += i64::from(candidate.weight);
        let share = before * LEAD / all - given;
        given += share;
        (candidate, share)
    });
    shares.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn buyer(n: u128, weight: u32) -> Candidate {
        let buyer = EnrollmentId(Uuid::from_u128(n));
        Candidate { buyer, price: Decimal::from(10), priority: 1, weight, last: None }
    }

    fn numbers(order: &[Candidate]) -> Vec<u128> {
        order.iter().map(|candidate| candidate.buyer.0.as_u128()).collect()
    }

    #[test]
    fn each_rule_has_its_order() {
        let minute = |n: i64| DateTime::from_timestamp(n * 60, 0);
        let all = [
            Candidate { priority: 2, last: minute(1), price: Decimal::from(30), ..buyer(1, 1) },
            Candidate { priority: 1, last: minute(9), price: Decimal::from(20), ..buyer(2, 1) },
            Candidate { priority: 1, last: minute(5), price: Decimal::from(30), ..buyer(3, 1) },
            Candidate { priority: 2, last: None, price: Decimal::from(10), ..buyer(4, 1) },
        ];
        let turns = Turns { last: Some(all[1].buyer), ..Turns::default() };
        let order = |rule| numbers(&in_turn(rule, &turns, &all));
        assert_eq!(order(Selection::Priority), [3, 2, 4, 1]);
        assert_eq!(order(Selection::LongestWaiting), [4, 1, 3, 2]);
        assert_eq!(order(Selection::HighestPrice), [1, 3, 2, 4]);
        assert_eq!(order(Selection::RoundRobin), [3, 4, 1, 2]);
        assert!(in_turn(Selection::Weighted, &turns, &[]).is_empty());
    }

    #[test]
    fn who_is_full_leaves_its_share_to_the_others() {
        let all = [buyer(1, 50), buyer(2, 30), buyer(3, 20)];
        let rest = &all[..2];
        let mut turns = Turns::default();
        let mut got = [0; 3];
        for n in 0..500 {
            let now = if n < 100 { &all[..] } else { rest };
            let first = in_turn(Selection::Weighted, &turns, now)[0];
            turns.took(Selection::Weighted, now, first.buyer);
            got[first.buyer.0.as_u128() as usize - 1] += 1;
            if n == 99 {
                assert_eq!(got, [50, 30, 20]);
            }
        }
        assert_eq!(got, [300, 180, 20], "50/30/20 becomes 62.5/37.5");
        let none = [buyer(1, 0), buyer(2, 1)];
        assert_eq!(numbers(&in_turn(Selection::Weighted, &turns, &none)), [2, 1]);
    }

    proptest! {
        /// Whatever the weights, after every single lead each has its share of all of them, to within one.
        #[test]
        fn each_stays_within_one_lead_of_its_share(weights in prop::collection::vec(1..1000_u32, 1..40)) {
            let all: Vec<_> = weights.iter().zip(1..).map(|(weight, n)| buyer(n, *weight)).collect();
            let sum: i64 = weights.iter().copied().map(i64::from).sum();
            let mut turns = Turns::default();
            let mut got = vec![0_i64; all.len()];
            for n in 1..=400_i64 {
                let first = in_turn(Selection::Weighted, &turns, &all)[0];
                turns.took(Selection::Weighted, &all, first.buyer);
                got[first.buyer.0.as_u128() as usize - 1] += 1;
                for (got, weight) in got.iter().zip(&weights) {
                    let behind = n * i64::from(*weight) - got * sum;
                    // A trillionth of a lead is lost where a share is cut.
                    prop_assert!(behind.abs() <= sum + 1, "{got} of {weight}/{sum} after {n}");
                }
            }
        }
    }
}
