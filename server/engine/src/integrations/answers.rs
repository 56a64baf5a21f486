//! Once each: a write that comes again gets its first answer.

use crate::secrets::Secrets;
use crate::{Moment, Result};
use domain::ids::ProgramId;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::{PgConnection, PgPool};

/// An answer, and whether it had been given before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered<T> {
    /// The answer.
    pub answer: T,
    /// The same event was answered with it before: 200 instead of 201.
    pub replayed: bool,
}

/// Does a write once for an `Idempotency-Key`, in its own transaction: the same body again gets the first answer; of
/// two at once, one works and the other gets its answer. Only success is remembered, for 30 days.
///
/// # Errors
/// `Reused` where the key came with another body; `Invalid` for a key that is empty or longer than 200 characters; the
/// work's own errors.
pub async fn once<T, W>(
    pool: &PgPool,
    secrets: &Secrets,
    moment: &Moment,
    program: ProgramId,
    key: &str,
    body: &(impl Serialize + Sync),
    work: W,
) -> Result<Answered<T>>
where
    T: Serialize + DeserializeOwned,
    W: AsyncFnOnce(&mut PgConnection) -> Result<T>,
{
    let _ = (pool, secrets, moment, program, key, body, work);
    todo!()
}

/// Forgets the answers of idempotency keys older than 30 days; how many. Those of event ids are kept for ever.
///
/// # Errors
/// `Database`.
pub async fn purge(pool: &PgPool, moment: &Moment) -> Result<u64> {
    let _ = (pool, moment);
    todo!()
}
