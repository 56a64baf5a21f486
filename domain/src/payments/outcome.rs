//! What becomes of a payment once it is recorded.

use super::PayoutKind;
use crate::ids::{BatchId, PaymentId};
use crate::money::Money;
use crate::words;
use serde::{Deserialize, Serialize};

words! {
    /// What became of a payment.
    pub enum PaymentStatus in "payment_status" {
        /// Recorded: the balance is settled, the money is still to be sent.
        Recorded = "recorded",
        /// The money is on its way.
        Sent = "sent",
        /// The money has arrived.
        Confirmed = "confirmed",
        /// The money came back; its entries are open again.
        Failed = "failed",
        /// Taken back by an admin; its entries are open again.
        Cancelled = "cancelled",
    }
}

/// What it means for a payment to be told a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It gets that status.
    Moves,
    /// That is known, or older than what is known: nothing happens.
    Known,
    /// That can't be any more.
    Refused,
}

impl PaymentStatus {
    /// What became of it, as the partner reads it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Recorded => "Recorded",
            Self::Sent => "Sent",
            Self::Confirmed => "Paid",
            Self::Failed => "Failed: due again",
            Self::Cancelled => "Cancelled: due again",
        }
    }

    /// What that means, in a sentence for the partner.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Recorded => "The payment is recorded. Once its money is sent, it says so here.",
            Self::Sent => "The money is on its way.",
            Self::Confirmed => "The money has arrived.",
            Self::Failed => "The money did not arrive.",
            Self::Cancelled => "The payment was taken back.",
        }
    }

    /// What became of it, as the end of a sentence.
    #[must_use]
    pub const fn outcome(self) -> &'static str {
        match self {
            Self::Recorded => "is recorded",
            Self::Sent => "was sent",
            Self::Confirmed => "has arrived",
            Self::Failed => "did not arrive",
            Self::Cancelled => "was cancelled",
        }
    }

    /// What follows, and what the partner can do; empty where nothing is to be said.
    #[must_use]
    pub const fn next_step(self) -> &'static str {
        match self {
            Self::Recorded | Self::Sent | Self::Confirmed => "",
            Self::Failed => {
                "The amount counts towards your balance again. Please check your payout details before the next payment."
            }
            Self::Cancelled => "The amount counts towards your balance again. There is nothing for you to do.",
        }
    }

    /// In a word for the team.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Recorded => "Recorded",
            Self::Sent => "Sent",
            Self::Confirmed => "Confirmed",
            Self::Failed => "Failed",
            Self::Cancelled => "Cancelled",
        }
    }

    /// Whether it counts as paid: its entries are settled.
    #[must_use]
    pub fn is_paid(self) -> bool {
        !matches!(self, Self::Failed | Self::Cancelled)
    }

    /// Whether it can become that: forward alone, and whatever counts as paid can be taken back.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        self.is_paid() && next > self
    }

    /// What happens to it when that is told of it, also a second time, or late.
    #[must_use]
    pub fn told(self, next: Self) -> Step {
        if self.may_become(next) {
            Step::Moves
        } else if self.is_paid() || !next.is_paid() || next == Self::Recorded {
            Step::Known
        } else {
            Step::Refused
        }
    }
}

/// The letters and digits of references: none that is taken for another.
const SYMBOLS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// By what a payment is recognised at the provider: 16 letters and digits of its id, no two payments' the same. It begins
/// with a letter, so that no spreadsheet makes a number of it.
#[must_use]
pub fn payment_reference(id: PaymentId) -> String {
    let bits = id.0.as_u128();
    // The first symbol holds the version of the id, 7, and so is E or F.
    let symbol = |place: u32| SYMBOLS[usize::from((bits >> (place * 5)).to_le_bytes()[0] & 31)];
    (0..16).rev().map(|place| char::from(symbol(place))).collect()
}

/// A reference as it is compared.
#[must_use]
pub fn reference_key(text: &str) -> String {
    text.trim().to_ascii_uppercase()
}

/// Payments of a batch of which something is told together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marking {
    /// Their batch.
    pub batch: BatchId,
    /// Which; none where `all` is set.
    #[serde(default)]
    pub payments: Vec<PaymentId>,
    /// All of the batch that can become that.
    #[serde(default)]
    pub all: bool,
    /// Of all, those in this status.
    #[serde(default)]
    pub status: Option<PaymentStatus>,
    /// Sent, confirmed, failed or cancelled.
    pub becomes: PaymentStatus,
    /// Why, where they are taken back.
    #[serde(default)]
    pub reason: String,
}

/// What became of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marked {
    /// How many have changed.
    pub changed: i64,
    /// Of how many it was known.
    pub known: i64,
}

impl Marked {
    /// In a sentence for people.
    #[must_use]
    pub fn words(self) -> String {
        match (self.changed, self.known) {
            (0, _) => "Nothing has changed.".to_owned(),
            (1, 0) => "1 payment marked.".to_owned(),
            (changed, 0) => format!("{changed} payments marked."),
            (changed, known) => format!("{changed} marked; {known} were so before."),
        }
    }
}

/// How many payments of a batch stand in a status, and what they come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusSum {
    /// The status.
    pub status: PaymentStatus,
    /// How many.
    pub count: i64,
    /// What they come to.
    pub amount: Money,
}

/// What a batch pays by one method, in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MethodSum {
    /// The method in words; empty where none was known.
    pub method: String,
    /// Its kind, where it is one of those.
    pub kind: Option<PayoutKind>,
    /// How many payments, those that failed or were cancelled among them.
    pub count: i64,
    /// How many of them failed or were cancelled.
    pub failed: i64,
    /// What they come to, without those.
    pub amount: Money,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    #[test]
    fn a_payment_goes_forward_alone_and_is_taken_back_once() {
        use PaymentStatus::{Cancelled, Confirmed, Failed, Recorded, Sent};
        let moves: Vec<_> = PaymentStatus::ALL
            .iter()
            .flat_map(|from| PaymentStatus::ALL.iter().map(move |to| (*from, *to)))
            .filter(|(from, to)| from.told(*to) == Step::Moves)
            .collect();
        let expected = [
            (Recorded, Sent),
            (Recorded, Confirmed),
            (Recorded, Failed),
            (Recorded, Cancelled),
            (Sent, Confirmed),
            (Sent, Failed),
            (Sent, Cancelled),
            (Confirmed, Failed),
            (Confirmed, Cancelled),
        ];
        assert_eq!(moves, expected);
        for gone in [Failed, Cancelled] {
            assert_eq!([Sent, Confirmed].map(|told| gone.told(told)), [Step::Refused; 2], "{gone}");
            assert_eq!([Recorded, Failed, Cancelled].map(|told| gone.told(told)), [Step::Known; 3], "{gone}");
        }
        assert_eq!(Confirmed.told(Sent), Step::Known, "a file that is older than what is known");
    }

    #[test]
    fn a_partner_reads_that_it_is_paid_once_the_money_has_arrived() {
        let words: Vec<_> = PaymentStatus::ALL.iter().map(|status| status.words()).collect();
        assert_eq!(words, ["Recorded", "Sent", "Paid", "Failed: due again", "Cancelled: due again"]);
        assert!(PaymentStatus::ALL.iter().all(|status| status.next_step().is_empty() == status.is_paid()));
    }

    #[test]
    fn a_reference_is_short_and_no_number() {
        let id = PaymentId(Uuid::from_u128(0x0192_3f4a_5b6c_7d8e_9fa0_b1c2_d3e4_f506));
        assert_eq!(payment_reference(id), "FP79Z85HRB9Y9X86");
        assert_eq!(reference_key(" fp79z85hrb9y9x86\n"), payment_reference(id));
    }

    #[test]
    fn what_became_of_many_is_told() {
        let told = |changed, known| Marked { changed, known }.words();
        assert_eq!(told(1, 0), "1 payment marked.");
        assert_eq!(told(12, 0), "12 payments marked.");
        assert_eq!(told(12, 3), "12 marked; 3 were so before.");
        assert_eq!(told(0, 3), "Nothing has changed.");
    }

    proptest! {
        #[test]
        fn references_of_ids_differ_and_begin_with_a_letter(one in any::<u128>(), other in any::<u128>()) {
            // As the ids that we make: version 7.
            let id = |bits: u128| PaymentId(Uuid::from_u128((bits & !(0xf << 76)) | (7 << 76)));
            let (a, b) = (payment_reference(id(one)), payment_reference(id(other)));
            let random = (1_u128 << 76) - 1;
            prop_assert_eq!(a == b, (one & random) == (other & random));
            prop_assert!(a.len() == 16 && a.bytes().all(|byte| byte.is_ascii_alphanumeric()));
            prop_assert!(a.starts_with(|c: char| c.is_ascii_alphabetic()));
        }

        #[test]
        fn whatever_is_told_in_whatever_order_nothing_goes_back(told in prop::collection::vec(0_usize..5, 0..12)) {
            let mut now = PaymentStatus::Recorded;
            for next in told.into_iter().map(|at| PaymentStatus::ALL[at]) {
                let before = now;
                if now.told(next) == Step::Moves {
                    now = next;
                }
                prop_assert!(now >= before);
                prop_assert!(before.is_paid() || now == before, "once taken back it stays so");
            }
        }
    }
}
