//! API keys. A key belongs to one program; only its SHA-256 is kept.

use crate::programs::{audit, program_rows};
use crate::secrets::{hex, token_hash};
use crate::{Error, Moment, Result};
use chrono::Duration;
use domain::accounts::{Actor, Power, Scope};
use domain::ids::{AccountId, ApiKeyId, FileId, OrganizationId, ProgramId};
use domain::integrations::{ApiKey, MadeApiKey, NewApiKey};
use domain::money::Currency;
use domain::programs::{ClickModel, Program, SelfReferralRule};
use serde_json::json;
use sqlx::{PgConnection, PgPool};

/// How many characters of a key the list shows.
const SHOWN: usize = 12;

/// Makes a key: the answer is the only time that it is seen. Pages call `accounts::require_confirmed` first.
///
/// # Errors
/// `Forbidden`; `Invalid` where there is no name or no scope.
pub async fn create(pool: &PgPool, moment: &Moment, actor: &Actor, input: &NewApiKey) -> Result<MadeApiKey> {
    if !actor.may(Power::ManageKeys) {
        return Err(Error::Forbidden);
    }
    let name = input.name.trim();
    if name.is_empty() || name.chars().count() > 80 {
        return Err(Error::field("name", "Use 1 to 80 characters."));
    }
    let mut scopes = input.scopes.clone();
    scopes.sort_unstable();
    scopes.dedup();
    if scopes.is_empty() {
        return Err(Error::field("scopes", "Choose what the key may be used for."));
    }
    let key = format!("trb_{}", hex(&moment.bytes::<24>()));
    let id: ApiKeyId = moment.id();
    let mut tx = pool.begin().await?;
    sqlx::query!(
        "insert into api_keys (id, program_id, name, scopes, prefix, key_hash, created_by, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        id as ApiKeyId,
        actor.program() as ProgramId,
        name,
        &scopes as &[Scope],
        &key[..SHOWN],
        &token_hash(&key),
        actor.account() as Option<AccountId>,
        moment.at
    )
    .execute(&mut *tx)
    .await?;
    log(&mut tx, moment, actor, "api_key.create", name, &scopes).await?;
    tx.commit().await?;
    Ok(MadeApiKey { id, key, scopes })
}

/// The program's keys, newest first, the revoked ones last.
///
/// # Errors
/// `Forbidden`.
pub async fn list(conn: &mut PgConnection, actor: &Actor) -> Result<Vec<ApiKey>> {
    if !actor.may(Power::ManageKeys) {
        return Err(Error::Forbidden);
    }
    Ok(sqlx::query_as!(
        ApiKey,
        r#"select k.id as "id: ApiKeyId", k.name, k.scopes as "scopes: Vec<Scope>", k.prefix,
                  coalesce(a.name, '') as "created_by!", k.created_at, k.last_used_at, k.revoked_at
         from api_keys k left join accounts a on a.id = k.created_by
         where k.program_id = $1 order by k.revoked_at desc nulls first, k.created_at desc, k.id"#,
        actor.program() as ProgramId
    )
    .fetch_all(conn)
    .await?)
}

/// Revokes a key, from the next call on. One that is revoked already stays so.
///
/// # Errors
/// `Forbidden`; `NotFound` where the program has no such key.
pub async fn revoke(pool: &PgPool, moment: &Moment, actor: &Actor, key: ApiKeyId) -> Result<()> {
    if !actor.may(Power::ManageKeys) {
        return Err(Error::Forbidden);
    }
    let mut tx = pool.begin().await?;
    let found = sqlx::query!(
        r#"select name, scopes as "scopes: Vec<Scope>", revoked_at from api_keys
         where program_id = $1 and id = $2 for update"#,
        actor.program() as ProgramId,
        key as ApiKeyId
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Error::NotFound("API key"))?;
    if found.revoked_at.is_some() {
        return Ok(());
    }
    sqlx::query!(
        "update api_keys set revoked_at = $3 where program_id = $1 and id = $2",
        actor.program() as ProgramId,
        key as ApiKeyId,
        moment.at
    )
    .execute(&mut *tx)
    .await?;
    log(&mut tx, moment, actor, "api_key.revoke", &found.name, &found.scopes).await?;
    tx.commit().await?;
    Ok(())
}

async fn log(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    action: &str,
    name: &str,
    scopes: &[Scope],
) -> Result<()> {
    audit::record(conn, moment, actor, action, name, "api-keys", json!({ "scopes": scopes })).await
}

/// Who a key stands for.
#[derive(Clone, Debug)]
pub struct KeyHolder {
    /// The key as an actor.
    pub actor: Actor,
    /// What it may be used for.
    pub scopes: Vec<Scope>,
    /// The program that it belongs to.
    pub program: Program,
}

/// Who this key stands for, in one query; `None` where there is no such key, or it is revoked. When it was used is noted at most
/// hourly.
///
/// # Errors
/// `Database` where Postgres fails.
pub async fn authenticate(conn: &mut PgConnection, moment: &Moment, key: &str) -> Result<Option<KeyHolder>> {
    let found = program_rows!(
        query,
        (),
        r#"k.id as "key: ApiKeyId", k.scopes as "scopes: Vec<Scope>", k.last_used_at, "#,
        "from api_keys k join programs p on p.id = k.program_id where k.key_hash = $1 and k.revoked_at is null",
        &token_hash(key)
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(found) = found else { return Ok(None) };
    let stale = moment.at - Duration::hours(1);
    if found.last_used_at.is_none_or(|at| at < stale) {
        sqlx::query!(
            "update api_keys set last_used_at = $3
             where program_id = $1 and id = $2 and (last_used_at is null or last_used_at < $4)",
            found.id as ProgramId,
            found.key as ApiKeyId,
            moment.at,
            stale
        )
        .execute(conn)
        .await?;
    }
    let program = Program {
        id: found.id,
        organization_id: found.organization_id,
        slug: found.slug,
        name: found.name,
        currency: found.currency,
        time_zone: found.time_zone,
        accent: found.accent,
        description: found.description,
        website: found.website,
        allowed_hosts: found.allowed_hosts,
        window_days: found.window_days,
        lead_window_days: found.lead_window_days,
        click_model: found.click_model,
        self_referral: found.self_referral,
        review_commissions: found.review_commissions,
        consent_required: found.consent_required,
        minimum_payment: found.minimum_payment,
        payment_day: found.payment_day,
        mask_customers: found.mask_customers,
        sandbox: found.sandbox,
        link_domain: found.link_domain,
        logo: found.logo,
        favicon: found.favicon,
    };
    let actor = Actor::Key { key: found.key, program: program.id };
    Ok(Some(KeyHolder { actor, scopes: found.scopes, program }))
}

#[cfg(test)]
mod tests;
