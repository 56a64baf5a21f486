//! Once each: a write that comes again gets its first answer.

use crate::secrets::{Secrets, Use};
use crate::{Error, Moment, Result};
use chrono::Duration;
use domain::accounts::Actor;
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
    actor: &Actor,
    key: &str,
    body: &(impl Serialize + Sync),
    work: W,
) -> Result<Answered<T>>
where
    T: Serialize + DeserializeOwned,
    W: AsyncFnOnce(&mut PgConnection) -> Result<T>,
{
    check_line(key, 200).map_err(|message| Error::field("Idempotency-Key", message))?;
    let program = actor.program();
    // Each partner's keys are its own.
    let key = actor.partner().map_or_else(|| key.to_owned(), |partner| format!("{partner} {key}"));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::World;
    use serde_json::json;
    use std::sync::Arc;

    /// Renames the program, and answers how often that was done.
    async fn rename(world: &World, key: &str, body: Value) -> Result<Answered<i64>> {
        let moment = world.moment();
        let actor = Actor::System { program: world.program };
        once(&world.pool, &world.secrets, &moment, &actor, key, &body, async |conn: &mut PgConnection| {
            let length: i64 = sqlx::query_scalar(
                "update programs set name = name || '!' where id = $1 returning length(name)::bigint",
            )
            .bind(world.program)
            .fetch_one(&mut *conn)
            .await?;
            if body["fail"] == true { Err(Error::Forbidden) } else { Ok(length - 4) }
        })
        .await
    }

    #[sqlx::test(migrator = "crate::MIGRATIONS")]
    async fn a_key_works_once_for_30_days(pool: PgPool) {
        let mut world = World::new(pool).await;
        let failed = rename(&world, "k1", json!({ "fail": true })).await;
        assert!(matches!(failed, Err(Error::Forbidden)), "only success is remembered");
        let first = rename(&world, "k1", json!({ "a": 1, "b": [{ "c": 2, "d": 3 }] })).await.expect("done");
        assert_eq!(first, Answered { answer: 1, replayed: false });
        let again = rename(&world, "k1", json!({ "b": [{ "d": 3, "c": 2 }], "a": 1 })).await.expect("replay");
        assert_eq!(again, Answered { answer: 1, replayed: true }, "the order of fields makes no difference");
        assert!(matches!(rename(&world, "k1", json!({ "a": 2 })).await, Err(Error::Reused)));
        assert!(matches!(rename(&world, "", json!({})).await, Err(Error::Invalid(_))));
        assert_eq!(rename(&world.another("other").await, "k1", json!({})).await.expect("its own").answer, 2);
        world.tell_sale(&crate::fixtures::sale("s1", "c1", "1")).await.expect("sale");
        world.pass(30);
        assert_eq!(purge(&world.pool, &world.moment()).await.expect("purged"), 0);
        world.pass(1);
        assert_eq!(purge(&world.pool, &world.moment()).await.expect("purged"), 2);
        assert_eq!(world.get::<i64>("select count(*) from api_answers where program_id = $1").await, 1, "events stay");
        assert!(!rename(&world, "k1", json!({ "a": 2 })).await.expect("free again").replayed);
    }

    #[sqlx::test(migrator = "crate::MIGRATIONS")]
    async fn of_two_at_once_one_works(pool: PgPool) {
        let world = Arc::new(World::new(pool).await);
        let tasks: Vec<_> = (0..16)
            .map(|_| {
                let world = world.clone();
                tokio::spawn(async move { rename(&world, "k1", json!({ "a": 1 })).await.expect("answered") })
            })
            .collect();
        let mut worked = 0;
        for task in tasks {
            let answered = task.await.expect("task");
            assert_eq!(answered.answer, 1);
            worked += usize::from(!answered.replayed);
        }
        assert_eq!(worked, 1);
    }

    #[test]
    fn the_hash_tells_bodies_apart_and_needs_the_secret() {
        let secrets = |text: &str| Secrets::new(&text.repeat(32)).expect("secret");
        let hash = |body: Value| body_hash(&secrets("a"), &body).expect("hash");
        assert_ne!(hash(json!({ "a": "b" })), hash(json!({ "a": ["b"] })));
        assert_ne!(hash(json!([["a"], "b"])), hash(json!([["a", "b"]])));
        assert_ne!(hash(json!({ "a": null })), hash(json!({})));
        assert_ne!(hash(json!(1)), body_hash(&secrets("b"), &json!(1)).expect("hash"));
    }
}
