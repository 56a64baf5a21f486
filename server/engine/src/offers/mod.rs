//! Offers: what a program pays for what, in versions. What is attributed keeps the version it was made under.

use crate::programs::audit;
use crate::{Error, Moment, Result};
use chrono::{DateTime, Utc};
use domain::accounts::{Actor, Power};
use domain::ids::{AccountId, OfferId, ProgramId};
use domain::money::Currency;
use domain::offers::{OfferInput, OfferRow, Reward};
use serde_json::json;
use sqlx::PgConnection;
use sqlx::types::Json;

mod choices;
mod mine;
mod past;
mod rates;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use choices::check_choices;
pub use mine::{my_programs, of_partner};
pub use past::past;

/// Makes an offer, version 1, in the caller's transaction. Asks for `EditProgram`.
///
/// # Errors
/// `Forbidden`; `Invalid` by field (`rewards[0].rate`).
pub async fn create(conn: &mut PgConnection, moment: &Moment, actor: &Actor, input: &OfferInput) -> Result<OfferId> {
    check(conn, actor, input).await?;
    let id: OfferId = moment.id();
    sqlx::query!(
        "insert into offers (program_id, id, name, description, version, default_position, created_at)
         values ($1, $2, $3, $4, 1,
                 case when $5 then (select coalesce(max(default_position) + 1, 0) from offers where program_id = $1) end,
                 $6)",
        actor.program() as ProgramId,
        id as OfferId,
        input.name.trim(),
        input.description.trim(),
        input.is_default,
        moment.at
    )
    .execute(&mut *conn)
    .await?;
    add_version(conn, moment, actor, id, 1, &input.rewards).await?;
    note(conn, moment, actor, "offer.create", &input.name, json!({ "rewards": input.rewards })).await?;
    Ok(id)
}

/// Changes an offer: other rewards make a new version, which counts for customers attributed from then on. `places`
/// tells for each reward which place it had before, `None` for a new one, so that the rates of groups and partners stay
/// with their rewards. Asks for `EditProgram`.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Conflict` where it is archived; `Invalid` by field, also where a group's or a partner's
/// rate does not fit a changed reward.
pub async fn edit(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    id: OfferId,
    input: &OfferInput,
    places: &[Option<u32>],
) -> Result<()> {
    let currency = check(conn, actor, input).await?;
    let offer = sqlx::query!(
        r#"select o.version, o.archived_at, v.rewards as "rewards: Json<Vec<Reward>>"
           from offers o
           join offer_versions v on v.program_id = o.program_id and v.offer_id = o.id and v.version = o.version
           where o.program_id = $1 and o.id = $2 for no key update of o"#,
        actor.program() as ProgramId,
        id as OfferId
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound("offer"))?;
    if offer.archived_at.is_some() {
        return Err(Error::Conflict("The offer is archived: take it back first.".into()));
    }
    let version = if offer.rewards.0 == input.rewards { offer.version } else { offer.version + 1 };
    if version > offer.version {
        add_version(conn, moment, actor, id, version, &input.rewards).await?;
        rates::follow(conn, actor.program(), id, &input.rewards, places, currency).await?;
    }
    sqlx::query!(
        "update offers o
         set name = $3, description = $4, version = $5,
             default_position = case
                 when not $6 then null
                 else coalesce(o.default_position,
                               (select coalesce(max(default_position) + 1, 0) from offers where program_id = $1)) end
         where program_id = $1 and id = $2",
        actor.program() as ProgramId,
        id as OfferId,
        input.name.trim(),
        input.description.trim(),
        version,
        input.is_default
    )
    .execute(&mut *conn)
    .await?;
    let details = json!({ "version": version, "before": offer.rewards.0, "after": input.rewards });
    note(conn, moment, actor, "offer.edit", &input.name, details).await
}

/// Archives an offer, so that nobody gets it any more, or takes it back, to its place. Asks for `EditProgram`.
///
/// # Errors
/// `Forbidden`; `NotFound`.
pub async fn set_archived(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    id: OfferId,
    archived: bool,
) -> Result<()> {
    if !actor.may(Power::EditProgram) {
        return Err(Error::Forbidden);
    }
    let name = sqlx::query_scalar!(
        "update offers set archived_at = case when $3 then coalesce(archived_at, $4) end
         where program_id = $1 and id = $2 returning name",
        actor.program() as ProgramId,
        id as OfferId,
        archived,
        moment.at
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound("offer"))?;
    let action = if archived { "offer.archive" } else { "offer.restore" };
    note(conn, moment, actor, action, &name, json!({})).await
}

/// Moves a default offer one place up or down among those that new partners get. Asks for `EditProgram`.
///
/// # Errors
/// `Forbidden`; `NotFound` where it is no default offer.
pub async fn move_default(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    id: OfferId,
    up: bool,
) -> Result<()> {
    if !actor.may(Power::EditProgram) {
        return Err(Error::Forbidden);
    }
    let program = actor.program();
    // The program's row is locked: of two who move offers at once, the second sees what the first did.
    sqlx::query!("select from programs where id = $1 for no key update", program as ProgramId)
        .fetch_optional(&mut *conn)
        .await?
        .ok_or(Error::NotFound("program"))?;
    let mut order = sqlx::query!(
        r#"select id as "id: OfferId", name from offers
           where program_id = $1 and default_position is not null and archived_at is null
           order by default_position, id"#,
        program as ProgramId
    )
    .fetch_all(&mut *conn)
    .await?;
    let place = order.iter().position(|offer| offer.id == id).ok_or(Error::NotFound("offer"))?;
    let other = if up { place.checked_sub(1) } else { Some(place + 1).filter(|other| *other < order.len()) };
    let Some(other) = other else { return Ok(()) };
    order.swap(place, other);
    let ids: Vec<_> = order.iter().map(|offer| offer.id.0).collect();
    sqlx::query!(
        "update offers o set default_position = wanted.place - 1
         from unnest($2::uuid[]) with ordinality as wanted (id, place)
         where o.program_id = $1 and o.id = wanted.id",
        program as ProgramId,
        &ids
    )
    .execute(&mut *conn)
    .await?;
    let details = json!({ "order": order.iter().map(|offer| &offer.name).collect::<Vec<_>>() });
    note(conn, moment, actor, "offer.move", &order[other].name, details).await
}

/// The program's offers: the default ones in their order, the others by name, archived ones last. Asks for `View`.
///
/// # Errors
/// `Forbidden`.
pub async fn list(conn: &mut PgConnection, actor: &Actor) -> Result<Vec<OfferRow>> {
    rows(conn, actor, None).await
}

/// One offer. Asks for `View`.
///
/// # Errors
/// `Forbidden`; `NotFound`.
pub async fn get(conn: &mut PgConnection, actor: &Actor, id: OfferId) -> Result<OfferRow> {
    rows(conn, actor, Some(id)).await?.pop().ok_or(Error::NotFound("offer"))
}

async fn rows(conn: &mut PgConnection, actor: &Actor, only: Option<OfferId>) -> Result<Vec<OfferRow>> {
    struct Row {
        id: OfferId,
        name: String,
        description: String,
        version: i32,
        default_position: Option<i32>,
        archived: bool,
        rewards: Json<Vec<Reward>>,
        changed_at: DateTime<Utc>,
        partners: i64,
        currency: Currency,
    }
    if !actor.may(Power::View) {
        return Err(Error::Forbidden);
    }
    let rows = sqlx::query_as!(
        Row,
        r#"select o.id as "id: OfferId", o.name, o.description, o.version, o.default_position,
                  o.archived_at is not null as "archived!", v.rewards as "rewards: Json<Vec<Reward>>",
                  v.created_at as changed_at, p.currency as "currency: Currency",
                  (select count(*) from (
                       select eo.enrollment_id from enrollment_offers eo
                       where eo.program_id = o.program_id and eo.offer_id = o.id
                       union
                       select e.id from partner_group_offers go
                       join enrollments e on e.program_id = go.program_id and e.group_id = go.group_id
                       where go.program_id = o.program_id and go.offer_id = o.id) as has) as "partners!"
           from offers o
           join programs p on p.id = o.program_id
           join offer_versions v on v.program_id = o.program_id and v.offer_id = o.id and v.version = o.version
           where o.program_id = $1 and ($2::uuid is null or o.id = $2)
           order by o.archived_at is not null, o.default_position, lower(o.name), o.id"#,
        actor.program() as ProgramId,
        only as Option<OfferId>
    )
    .fetch_all(conn)
    .await?;
    let offer = |row: Row| OfferRow {
        id: row.id,
        name: row.name,
        description: row.description,
        version: row.version,
        words: row.rewards.iter().map(|reward| reward.words(row.currency)).collect(),
        rewards: row.rewards.0,
        default_position: row.default_position,
        archived: row.archived,
        partners: row.partners,
        changed_at: row.changed_at,
    };
    Ok(rows.into_iter().map(offer).collect())
}

async fn check(conn: &mut PgConnection, actor: &Actor, input: &OfferInput) -> Result<Currency> {
    if !actor.may(Power::EditProgram) {
        return Err(Error::Forbidden);
    }
    // The program's row is locked, so that two offers never become default in the same place.
    let currency = sqlx::query_scalar!(
        r#"select currency as "currency: Currency" from programs where id = $1 for no key update"#,
        actor.program() as ProgramId
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound("program"))?;
    let errors = input.check(currency);
    if errors.is_empty() { Ok(currency) } else { Err(Error::Invalid(errors)) }
}

async fn add_version(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    id: OfferId,
    version: i32,
    rewards: &Vec<Reward>,
) -> Result<()> {
    sqlx::query!(
        "insert into offer_versions (program_id, offer_id, version, rewards, created_by, created_at)
         values ($1, $2, $3, $4, $5, $6)",
        actor.program() as ProgramId,
        id as OfferId,
        version,
        Json(rewards) as Json<&Vec<Reward>>,
        actor.account() as Option<AccountId>,
        moment.at
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn note(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    action: &str,
    name: &str,
    details: serde_json::Value,
) -> Result<()> {
    audit::record(conn, moment, actor, action, name.trim(), "offers", details).await
}
