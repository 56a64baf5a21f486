use chrono::{DateTime, SubsecRound, Utc};
use rand::Rng;
use sha2::{Digest, Sha256};
use std::sync::atomic::{AtomicU64, Ordering};
use uuid::Uuid;

/// The instant and the randomness that a use case works with: the clock's and the system's when serving, chosen ones
/// in tests and in the demo, which so move through months and come out the same each time.
#[derive(Debug)]
pub struct Moment {
    /// Now, UTC, to the microsecond, as Postgres keeps it.
    pub at: DateTime<Utc>,
    /// `None`: the system's randomness; else a seed and how often it was drawn from.
    seed: Option<(u64, AtomicU64)>,
}

impl Moment {
    /// The clock's instant and the system's randomness.
    #[must_use]
    pub fn now() -> Self {
        Self { at: Utc::now().trunc_subsecs(6), seed: None }
    }

    /// A chosen instant, and bytes that follow from the instant, the seed and the order of drawing.
    #[must_use]
    pub fn seeded(at: DateTime<Utc>, seed: u64) -> Self {
        Self { at: at.trunc_subsecs(6), seed: Some((seed, AtomicU64::new(0))) }
    }

    /// The moment of a further step of the same work: the clock's instant by then; a chosen one stays.
    #[must_use]
    pub fn step(&self) -> Self {
        match self.seed {
            None => Self::now(),
            Some(_) => Self::seeded(self.at, u64::from_le_bytes(self.bytes())),
        }
    }

    /// Fresh random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match &self.seed {
            None => rand::rng().fill_bytes(&mut bytes),
            Some((seed, drawn)) => {
                for chunk in bytes.chunks_mut(32) {
                    let draw = drawn.fetch_add(1, Ordering::Relaxed);
                    let mut hash = Sha256::new();
                    hash.update(self.at.timestamp_micros().to_le_bytes());
                    hash.update(seed.to_le_bytes());
                    hash.update(draw.to_le_bytes());
                    chunk.copy_from_slice(&hash.finalize()[..chunk.len()]);
                }
            }
        }
        bytes
    }

    /// A fresh id: UUIDv7 of this instant.
    #[must_use]
    pub fn id<I: From<Uuid>>(&self) -> I {
        let millis = u64::try_from(self.at.timestamp_millis()).unwrap_or_default();
        I::from(uuid::Builder::from_unix_timestamp_millis(millis, &self.bytes()).into_uuid())
    }

    /// A fresh secret of 32 random bytes in hexadecimal: session cookies, one-time links.
    #[must_use]
    pub fn token(&self) -> String {
        self.bytes::<32>().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::ClickId;

    #[test]
    fn a_seeded_moment_repeats_itself() {
        let at = DateTime::from_timestamp(1_800_000_000, 123_456_789).expect("instant");
        let (a, b) = (Moment::seeded(at, 7), Moment::seeded(at, 7));
        let (first, second): (ClickId, ClickId) = (a.id(), a.id());
        assert_ne!(first, second);
        assert_eq!(first, b.id());
        assert_eq!(first.clicked_at().expect("v7").timestamp_millis(), at.timestamp_millis());
    }
}
