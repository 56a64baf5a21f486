//! Groups of partners, each with offers that go before its members' own.

use super::{lock, page};
use crate::offers::check_choices;
use crate::programs::audit;
use crate::{Error, Moment, Result};
use domain::accounts::{Actor, Power};
use domain::ids::{EnrollmentId, OfferId, PartnerGroupId, ProgramId};
use domain::money::Currency;
use domain::offers::{Override, Reward, overridden};
use domain::partners::{GroupInput, GroupName, GroupOffer, PartnerGroup};
use domain::text::{FieldError, check_line};
use serde::Deserialize;
use serde_json::json;
use sqlx::PgConnection;
use sqlx::types::Json;

/// The page of the groups in the admin area.
const PAGE: &str = "groups";

/// The program's groups by name. Asks for `View`.
///
/// # Errors
/// `Forbidden`.
pub async fn list(conn: &mut PgConnection, actor: &Actor) -> Result<Vec<PartnerGroup>> {
    rows(conn, actor, None).await
}

/// One group. Asks for `View`.
///
/// # Errors
/// `Forbidden`; `NotFound`.
pub async fn get(conn: &mut PgConnection, actor: &Actor, id: PartnerGroupId) -> Result<PartnerGroup> {
    rows(conn, actor, Some(id)).await?.pop().ok_or(Error::NotFound("group"))
}

/// The groups' names, for choosing one. Asks for `View`.
///
/// # Errors
/// `Forbidden`.
pub async fn names(conn: &mut PgConnection, actor: &Actor) -> Result<Vec<GroupName>> {
    if !actor.may(Power::View) {
        return Err(Error::Forbidden);
    }
    let names = sqlx::query_as!(
        GroupName,
        r#"select id as "id: PartnerGroupId", name from partner_groups where program_id = $1 order by lower(name), id"#,
        actor.program() as ProgramId
    )
    .fetch_all(conn)
    .await?;
    Ok(names)
}

#[derive(Debug, Deserialize)]
struct OfferOf {
    offer: OfferId,
    name: String,
    rewards: Vec<Reward>,
    overrides: Vec<Override>,
}

async fn rows(conn: &mut PgConnection, actor: &Actor, only: Option<PartnerGroupId>) -> Result<Vec<PartnerGroup>> {
    if !actor.may(Power::View) {
        return Err(Error::Forbidden);
    }
    let rows = sqlx::query!(
        r#"select g.id as "id: PartnerGroupId", g.name, p.currency as "currency: Currency",
                  (select count(*) from enrollments e where e.program_id = g.program_id and e.group_id = g.id) as "members!",
                  (select coalesce(jsonb_agg(jsonb_build_object('offer', o.id, 'name', o.name, 'rewards', v.rewards,
                                                                'overrides', go.overrides) order by go.position), '[]')
                   from partner_group_offers go
                   join offers o on o.program_id = go.program_id and o.id = go.offer_id
                   join offer_versions v on v.program_id = o.program_id and v.offer_id = o.id and v.version = o.version
                   where go.program_id = g.program_id and go.group_id = g.id) as "offers!: Json<Vec<OfferOf>>"
           from partner_groups g join programs p on p.id = g.program_id
           where g.program_id = $1 and ($2::uuid is null or g.id = $2)
           order by lower(g.name), g.id"#,
        actor.program() as ProgramId,
        only as Option<PartnerGroupId>
    )
    .fetch_all(conn)
    .await?;
    let groups = rows.into_iter().map(|row| {
        let offer = |of: OfferOf| GroupOffer {
            offer: of.offer,
            name: of.name,
            rewards: overridden(&of.rewards, &of.overrides).iter().map(|reward| reward.words(row.currency)).collect(),
            overrides: of.overrides,
        };
        let offers = row.offers.0.into_iter().map(offer).collect();
        PartnerGroup { id: row.id, name: row.name, offers, members: row.members }
    });
    Ok(groups.collect())
}

/// Makes a group. Asks for `EditProgram`.
///
/// # Errors
/// `Forbidden`; `Invalid` on `name` (none, taken), `offers[0].offer` or `offers[0].overrides[0].rate`.
pub async fn create(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    input: &GroupInput,
) -> Result<PartnerGroupId> {
    check(conn, actor, input, None).await?;
    let id: PartnerGroupId = moment.id();
    sqlx::query!(
        "insert into partner_groups (program_id, id, name, created_at) values ($1, $2, $3, $4)",
        actor.program() as ProgramId,
        id as PartnerGroupId,
        input.name.trim(),
        moment.at
    )
    .execute(&mut *conn)
    .await
    .map_err(taken)?;
    set_offers(conn, actor, id, input).await?;
    audit::record(conn, moment, actor, "group.create", input.name.trim(), PAGE, json!({ "offers": input.offers }))
        .await?;
    Ok(id)
}

/// Changes a group's name, offers and rates. Customers already attributed keep their terms. Asks for `EditProgram`.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Invalid` as by [`create`].
pub async fn edit(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    id: PartnerGroupId,
    input: &GroupInput,
) -> Result<()> {
    check(conn, actor, input, Some(id)).await?;
    let changed = sqlx::query!(
        "update partner_groups set name = $3 where program_id = $1 and id = $2",
        actor.program() as ProgramId,
        id as PartnerGroupId,
        input.name.trim()
    )
    .execute(&mut *conn)
    .await
    .map_err(taken)?;
    if changed.rows_affected() == 0 {
        return Err(Error::NotFound("group"));
    }
    set_offers(conn, actor, id, input).await?;
    audit::record(conn, moment, actor, "group.edit", input.name.trim(), PAGE, json!({ "offers": input.offers })).await
}

/// Removes a group that nobody is in. Asks for `EditProgram`.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Conflict` where partners are in it, or assets for it.
pub async fn remove(conn: &mut PgConnection, moment: &Moment, actor: &Actor, id: PartnerGroupId) -> Result<()> {
    if !actor.may(Power::EditProgram) {
        return Err(Error::Forbidden);
    }
    // Alone: who is put into it at this instant waits, and then finds no group.
    let group = sqlx::query!(
        r#"select name from partner_groups where program_id = $1 and id = $2 for update"#,
        actor.program() as ProgramId,
        id as PartnerGroupId
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound("group"))?;
    if get(conn, actor, id).await?.members > 0 {
        return Err(Error::Conflict("Partners are in this group. Put them into another first.".into()));
    }
    let assets = sqlx::query_scalar!(
        r#"select exists (select from asset_groups where program_id = $1 and group_id = $2) as "any!""#,
        actor.program() as ProgramId,
        id as PartnerGroupId
    )
    .fetch_one(&mut *conn)
    .await?;
    if assets {
        // Without the group, all partners would see them.
        return Err(Error::Conflict("Assets are for this group alone. Choose for whom they are first.".into()));
    }
    sqlx::query!(
        "delete from partner_group_offers where program_id = $1 and group_id = $2",
        actor.program() as ProgramId,
        id as PartnerGroupId
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "delete from partner_groups where program_id = $1 and id = $2",
        actor.program() as ProgramId,
        id as PartnerGroupId
    )
    .execute(&mut *conn)
    .await?;
    audit::record(conn, moment, actor, "group.remove", &group.name, PAGE, json!({})).await
}

/// Puts a partner into a group, or into none. Customers already attributed keep their terms. Asks for `ManagePartners`.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Invalid` on `group`.
pub async fn put(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    partner: EnrollmentId,
    group: Option<PartnerGroupId>,
) -> Result<()> {
    if !actor.may(Power::ManagePartners) {
        return Err(Error::Forbidden);
    }
    let program = actor.program();
    let found = lock(conn, program, partner).await?;
    let name = match group {
        None => String::new(),
        Some(group) => sqlx::query_scalar!(
            "select name from partner_groups where program_id = $1 and id = $2 for key share",
            program as ProgramId,
            group as PartnerGroupId
        )
        .fetch_optional(&mut *conn)
        .await?
        .ok_or_else(|| Error::field("group", "There is no such group."))?,
    };
    sqlx::query!(
        "update enrollments set group_id = $3 where program_id = $1 and id = $2",
        program as ProgramId,
        partner as EnrollmentId,
        group as Option<PartnerGroupId>
    )
    .execute(&mut *conn)
    .await?;
    audit::record(conn, moment, actor, "partner.set_group", &found.name, &page(&found.code), json!({ "group": name }))
        .await
}

async fn check(
    conn: &mut PgConnection,
    actor: &Actor,
    input: &GroupInput,
    group: Option<PartnerGroupId>,
) -> Result<()> {
    if !actor.may(Power::EditProgram) {
        return Err(Error::Forbidden);
    }
    let mut errors = Vec::new();
    if let Err(message) = check_line(&input.name, 80) {
        errors.push(FieldError::new("name", message));
    }
    let has = sqlx::query_scalar!(
        r#"select offer_id as "id: OfferId" from partner_group_offers where program_id = $1 and group_id = $2"#,
        actor.program() as ProgramId,
        group as Option<PartnerGroupId>
    )
    .fetch_all(&mut *conn)
    .await?;
    errors.extend(check_choices(conn, actor.program(), &input.offers, &has).await?);
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}

fn taken(error: sqlx::Error) -> Error {
    match Error::from(error) {
        error if error.violates("partner_groups_by_name") => {
            Error::field("name", "There is a group with this name. Choose another.")
        }
        error => error,
    }
}

async fn set_offers(conn: &mut PgConnection, actor: &Actor, id: PartnerGroupId, input: &GroupInput) -> Result<()> {
    sqlx::query!(
        "delete from partner_group_offers where program_id = $1 and group_id = $2",
        actor.program() as ProgramId,
        id as PartnerGroupId
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "insert into partner_group_offers (program_id, group_id, offer_id, position, overrides)
         select $1, $2, c.offer_id, c.place::integer - 1, c.overrides
         from unnest($3::uuid[], $4::jsonb[]) with ordinality as c (offer_id, overrides, place)",
        actor.program() as ProgramId,
        id as PartnerGroupId,
        &input.offers.iter().map(|choice| choice.offer.0).collect::<Vec<_>>(),
        &input.offers.iter().map(|choice| Json(&choice.overrides)).collect::<Vec<_>>() as _
    )
    .execute(conn)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests;
