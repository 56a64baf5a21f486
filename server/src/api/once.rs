//! Writes without an event id of their own, once each by their `Idempotency-Key`.

use crate::Shared;
use crate::problem::Problem;
use domain::accounts::Actor;
use engine::Moment;
use engine::integrations::answers::{self, Answered};
use http::{HeaderMap, HeaderName};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::PgConnection;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Does a write in a transaction: once, where the request names a key. The key holds for one call with one body.
///
/// # Errors
/// 409 where the key came with another call or body; 422 where it is none; the work's own.
pub async fn once<T, W>(
    server: &Shared,
    actor: &Actor,
    headers: &HeaderMap,
    call: (&str, &str, &(impl Serialize + Sync)),
    moment: &Moment,
    work: W,
) -> Result<Answered<T>, Problem>
where
    T: Serialize + DeserializeOwned,
    W: AsyncFnOnce(&mut PgConnection) -> engine::Result<T>,
{
    let Some(key) = headers.get(KEY) else {
        let mut transaction = server.pool.begin().await.map_err(engine::Error::from)?;
        let answer = work(&mut transaction).await?;
        transaction.commit().await.map_err(engine::Error::from)?;
        return Ok(Answered { answer, replayed: false });
    };
    let key = key.to_str().map_err(|_| Problem::field("Idempotency-Key", "Use visible ASCII characters."))?;
    Ok(answers::once(&server.pool, &server.secrets, moment, actor, key, &call, work).await?)
}
