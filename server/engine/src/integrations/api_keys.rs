//! API keys. A key belongs to one program; only its SHA-256 is kept.

use crate::programs::{audit, program_rows};
use crate::secrets::{hex, token_hash};
use crate::{Error, Moment, Result};
use chrono::Duration;
use domain::accounts::{Actor, Power, Scope};
use domain::ids::{AccountId, ApiKeyId, EnrollmentId, FileId, OrganizationId, ProgramId};
use domain::integrations::{ApiKey, MadeApiKey, NewApiKey};
use domain::money::Currency;
use domain::partners::PartnerName;
use domain::programs::{ClickModel, Program, SelfReferralRule};
use serde_json::json;
use sqlx::{PgConnection, PgPool};

/// How many characters of a key the list shows.
const SHOWN: usize = 12;

/// How many keys of its own a partner has at most, beside revoked ones.
const MOST_OF_PARTNER: i64 = 10;

/// Whose keys somebody makes and revokes: the program's and all partners' with `ManageKeys`; a partner its own.
fn whose(actor: &Actor) -> Result<Option<EnrollmentId>> {
    match actor {
        Actor::Partner { enrollment, .. } => Ok(Some(*enrollment)),
        _ if actor.may(Power::ManageKeys) => Ok(None),
        _ => Err(Error::Forbidden),
    }
}

/// Makes a key: the answer is the only time that it is seen. Pages call `accounts::require_confirmed` first. A partner makes
/// keys that submit its own leads, where the program takes leads.
///
/// # Errors
/// `Forbidden`; `Invalid` where there is no name or no scope, or the partner doesn't fit the scopes; `Conflict` where a
/// partner has too many.
pub async fn create(pool: &PgPool, moment: &Moment, actor: &Actor, input: &NewApiKey) -> Result<MadeApiKey> {
    let own = whose(actor)?;
    let name = input.name.trim();
    if name.is_empty() || name.chars().count() > 80 {
        return Err(Error::field("name", "Use 1 to 80 characters."));
    }
    let mut scopes = if own.is_some() { vec![Scope::Submit] } else { input.scopes.clone() };
    scopes.sort_unstable();
    scopes.dedup();
    if scopes.is_empty() {
        return Err(Error::field("scopes", "Choose what the key may be used for."));
    }
    let key = format!("trb_{}", hex(&moment.bytes::<24>()));
    let id: ApiKeyId = moment.id();
    let mut tx = pool.begin().await?;
    let bound = match own {
        Some(own) => {
            check_own(&mut tx, actor.program(), own).await?;
            Some(own)
        }
        None => bound(&mut tx, actor, &scopes, input.partner_code.trim()).await?,
    };
    sqlx::query!(
        "insert into api_keys (id, program_id, name, scopes, prefix, key_hash, created_by, created_at, enrollment_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        id as ApiKeyId,
        actor.program() as ProgramId,
        name,
        &scopes as &[Scope],
        &key[..SHOWN],
        &token_hash(&key),
        actor.account() as Option<AccountId>,
        moment.at,
        bound as Option<EnrollmentId>
    )
    .execute(&mut *tx)
    .await?;
    log(&mut tx, moment, actor, "api_key.create", name, &scopes).await?;
    tx.commit().await?;
    Ok(MadeApiKey { id, key, scopes })
}

/// The partner to whom a key with these scopes is bound, by its code.
async fn bound(
    conn: &mut PgConnection,
    actor: &Actor,
    scopes: &[Scope],
    partner_code: &str,
) -> Result<Option<EnrollmentId>> {
    match (scopes.contains(&Scope::Submit), scopes.len()) {
        (true, 2..) => return Err(Error::field("scopes", "A key that submits a partner's leads may do nothing else.")),
        (false, _) if partner_code.is_empty() => return Ok(None),
        (false, _) => return Err(Error::field("partner_code", "Only a key with the scope submit is a partner's.")),
        (true, _) if partner_code.is_empty() => {
            return Err(Error::field("partner_code", "Say whose leads it submits, by the partner's code."));
        }
        (true, _) => {}
    }
    match crate::partners::find_by_code(conn, actor, partner_code).await {
        Ok(partner) => Ok(Some(partner.id)),
        Err(Error::NotFound(_)) => Err(Error::field("partner_code", "There is no partner with this code.")),
        Err(error) => Err(error),
    }
}

/// Whether a partner may make another key.
async fn check_own(conn: &mut PgConnection, program: ProgramId, partner: EnrollmentId) -> Result<()> {
    let found = sqlx::query!(
        r#"select x.submission,
                  (select count(*) from api_keys k
                   where k.program_id = $1 and k.enrollment_id = $2 and k.revoked_at is null) as "keys!"
           from enrollments e join lead_settings x on x.program_id = e.program_id
           where e.program_id = $1 and e.id = $2 for no key update of e"#,
        program as ProgramId,
        partner as EnrollmentId
    )
    .fetch_one(conn)
    .await?;
    if !found.submission {
        return Err(Error::Forbidden);
    }
    if found.keys >= MOST_OF_PARTNER {
        return Err(Error::Conflict(format!("You have {MOST_OF_PARTNER} keys. Revoke one that you don't use.")));
    }
    Ok(())
}

/// The program's keys, or those of the partner who asks, newest first, the revoked ones last.
///
/// # Errors
/// `Forbidden`.
pub async fn list(conn: &mut PgConnection, actor: &Actor) -> Result<Vec<ApiKey>> {
    let own = whose(actor)?;
    let rows = sqlx::query!(
        r#"select k.id as "id: ApiKeyId", k.name, k.scopes as "scopes: Vec<Scope>", k.prefix,
                  coalesce(a.name, '') as "created_by!", k.created_at, k.last_used_at, k.revoked_at,
                  e.id as "partner?: EnrollmentId", e.code as "code?", coalesce(nullif(e.name, ''), e.company) as called
         from api_keys k
         left join accounts a on a.id = k.created_by
         left join enrollments e on e.program_id = k.program_id and e.id = k.enrollment_id
         where k.program_id = $1 and ($2::uuid is null or k.enrollment_id = $2)
         order by k.revoked_at desc nulls first, k.created_at desc, k.id"#,
        actor.program() as ProgramId,
        own as Option<EnrollmentId>
    )
    .fetch_all(conn)
    .await?;
    let key = rows.into_iter().map(|row| ApiKey {
        id: row.id,
        name: row.name,
        scopes: row.scopes,
        partner: row.partner.zip(row.code).map(|(id, code)| PartnerName {
            id,
            code,
            name: row.called.unwrap_or_default(),
        }),
        prefix: row.prefix,
        created_by: row.created_by,
        created_at: row.created_at,
        last_used_at: row.last_used_at,
        revoked_at: row.revoked_at,
    });
    Ok(key.collect())
}

/// Revokes a key, from the next call on. One that is revoked already stays so.
///
/// # Errors
/// `Forbidden`; `NotFound` where the program has no such key, or it is not the partner's who asks.
pub async fn revoke(pool: &PgPool, moment: &Moment, actor: &Actor, key: ApiKeyId) -> Result<()> {
    let own = whose(actor)?;
    let mut tx = pool.begin().await?;
    let found = sqlx::query!(
        r#"select name, scopes as "scopes: Vec<Scope>", revoked_at from api_keys
         where program_id = $1 and id = $2 and ($3::uuid is null or enrollment_id = $3) for update"#,
        actor.program() as ProgramId,
        key as ApiKeyId,
        own as Option<EnrollmentId>
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
    /// The key.
    pub key: ApiKeyId,
    /// The key as an actor: the program's own, or on behalf of the partner to whom it is bound.
    pub actor: Actor,
    /// What it may be used for.
    pub scopes: Vec<Scope>,
    /// The program that it belongs to.
    pub program: Program,
}

/// Who this key stands for, in one query; `None` where there is no such key, or it is revoked, or its partner is out. When it was used is noted at most
/// hourly.
///
/// # Errors
/// `Database` where Postgres fails.
pub async fn authenticate(conn: &mut PgConnection, moment: &Moment, key: &str) -> Result<Option<KeyHolder>> {
    let found = program_rows!(
        query,
        (),
        r#"k.id as "key: ApiKeyId", k.scopes as "scopes: Vec<Scope>", k.last_used_at,
           k.enrollment_id as "partner: EnrollmentId", "#,
        "from api_keys k join programs p on p.id = k.program_id
         where k.key_hash = $1 and k.revoked_at is null
           and (k.enrollment_id is null or exists (
                select from enrollments e where e.program_id = k.program_id and e.id = k.enrollment_id
                                            and e.status in ('active', 'paused') and e.erased_at is null))",
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
    let actor = match found.partner {
        Some(enrollment) => Actor::OnBehalf { program: program.id, enrollment },
        None => Actor::Key { key: found.key, program: program.id },
    };
    Ok(Some(KeyHolder { key: found.key, actor, scopes: found.scopes, program }))
}

#[cfg(test)]
mod tests;
