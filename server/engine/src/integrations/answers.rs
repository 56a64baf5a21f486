//! Once each: a write that comes again gets its first answer.

use crate::secrets::{Secrets, Use};
use crate::{Error, Moment, Result};
use chrono::Duration;
use domain::ids::ProgramId;
use domain::text::check_line;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sqlx::{PgConnection, PgPool};

/// How long the answer of an idempotency key is kept.
const KEPT: Duration = Duration::days(30);

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
    check_line(key, 200).map_err(|message| Error::field("Idempotency-Key", message))?;
    let hash = body_hash(secrets, body)?;
    let mut tx = pool.begin().await?;
    // Waits for another that works on the same key; inserts nothing once that has committed.
    let claimed = sqlx::query!(
        "insert into api_answers (program_id, call, event_id, body_hash, created_at) values ($1, 'key', $2, $3, $4)
         on conflict do nothing",
        program as ProgramId,
        key,
        &hash,
        moment.at
    )
    .execute(&mut *tx)
    .await?;
    if claimed.rows_affected() == 0 {
        let found = sqlx::query!(
            r#"select body_hash, answer as "answer!" from api_answers
               where program_id = $1 and call = 'key' and event_id = $2"#,
            program as ProgramId,
            key
        )
        .fetch_optional(&mut *tx)
        .await?;
        let found = found.ok_or_else(|| Error::Conflict("Try again.".into()))?;
        return replay(&hash, &found.body_hash, found.answer);
    }
    let answer = work(&mut tx).await?;
    sqlx::query!(
        "update api_answers set answer = $3 where program_id = $1 and call = 'key' and event_id = $2",
        program as ProgramId,
        key,
        serde_json::to_value(&answer)?
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(Answered { answer, replayed: false })
}

/// Forgets the answers of idempotency keys older than 30 days; how many. Those of event ids are kept for ever.
///
/// # Errors
/// `Database`.
pub async fn purge(pool: &PgPool, moment: &Moment) -> Result<u64> {
    let purged = sqlx::query!("delete from api_answers where call = 'key' and created_at < $1", moment.at - KEPT)
        .execute(pool)
        .await?;
    Ok(purged.rows_affected())
}

/// The first answer again, where the body is the same.
pub(crate) fn replay<T: DeserializeOwned>(hash: &[u8], first_hash: &[u8], first: Value) -> Result<Answered<T>> {
    if hash != first_hash {
        return Err(Error::Reused);
    }
    Ok(Answered { answer: serde_json::from_value(first)?, replayed: true })
}

/// The keyed hash of a body as parsed: the order of its fields and its white space make no difference.
pub(crate) fn body_hash(secrets: &Secrets, body: &impl Serialize) -> Result<Vec<u8>> {
    let mut text = String::new();
    write_sorted(&serde_json::to_value(body)?, &mut text);
    Ok(secrets.keyed_hash(Use::ApiBody, text.as_bytes()).to_vec())
}

fn write_sorted(value: &Value, text: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(name, _)| *name);
            text.push('{');
            for (name, value) in fields {
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                write_sorted(value, text);
                text.push(',');
            }
            text.push('}');
        }
        Value::Array(values) => {
            text.push('[');
            for value in values {
                write_sorted(value, text);
                text.push(',');
            }
            text.push(']');
        }
        plain => text.push_str(&plain.to_string()),
    }
}

/// Works on an event, and once more where a copy of it under the same id came first: its answer is there by then.
/// (Copies of one body wait for the same row, and so are seldom here.) Both futures do the same; the second is seldom
/// begun.
pub(crate) async fn once_more<T>(
    work: impl Future<Output = Result<T>>,
    again: impl Future<Output = Result<T>>,
) -> Result<T> {
    match work.await {
        Err(error) if is_a_copy(&error) => match again.await {
            Err(error) if is_a_copy(&error) => Err(Error::Reused),
            result => result,
        },
        result => result,
    }
}

fn is_a_copy(error: &Error) -> bool {
    ["api_answers_pkey", "sales_program_id_event_id_key", "refunds_program_id_event_id_key"]
        .iter()
        .any(|constraint| error.violates(constraint))
}
