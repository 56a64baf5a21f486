//! The types of a group's leads.

use crate::programs::audit;
use crate::{Error, Moment, Result, programs};
use domain::accounts::{Actor, Power};
use domain::buyers::{ReferralMethod, Selection};
use domain::ids::{LeadGroupId, LeadTypeId, ProgramId};
use domain::leads::{LeadType, LeadTypeInput, MOST_TYPES};
use serde_json::json;
use sqlx::PgConnection;

/// The types of a group's leads, by name, those that are closed last. Asks for `View`.
///
/// # Errors
/// `Forbidden`.
pub async fn types(conn: &mut PgConnection, actor: &Actor, group: LeadGroupId) -> Result<Vec<LeadType>> {
    if !actor.may(Power::View) {
        return Err(Error::Forbidden);
    }
    read(conn, actor.program(), Some(group), None).await
}

/// A type of leads. Asks for `View`.
///
/// # Errors
/// `Forbidden`; `NotFound`.
pub async fn lead_type(conn: &mut PgConnection, actor: &Actor, id: LeadTypeId) -> Result<LeadType> {
    if !actor.may(Power::View) {
        return Err(Error::Forbidden);
    }
    read(conn, actor.program(), None, Some(id)).await?.pop().ok_or(Error::NotFound("lead type"))
}

async fn read(
    conn: &mut PgConnection,
    program: ProgramId,
    group: Option<LeadGroupId>,
    only: Option<LeadTypeId>,
) -> Result<Vec<LeadType>> {
    let rows = sqlx::query!(
        r#"select t.id as "id: LeadTypeId", t.group_id as "group: LeadGroupId", t.name,
                  t.method as "method: ReferralMethod", t.default_price, t.scope, t.self_service, t.needs_authorisation,
                  t.duplicate_days, t.selection as "selection: Selection", t.wait_hours,
                  t.closed_at is not null as "closed!",
                  (select count(*) from leads l where l.program_id = $1 and l.lead_type_id = t.id) as "leads!"
           from lead_types t
           where t.program_id = $1 and ($2::uuid is null or t.group_id = $2) and ($3::uuid is null or t.id = $3)
           order by t.closed_at is not null, lower(t.name), t.id"#,
        program as ProgramId,
        group as Option<LeadGroupId>,
        only as Option<LeadTypeId>
    )
    .fetch_all(conn)
    .await?;
    let told = rows.into_iter().map(|row| LeadType {
        id: row.id,
        group: row.group,
        input: LeadTypeInput {
            name: row.name,
            method: row.method,
            default_price: row.default_price,
            scope: row.scope,
            self_service: row.self_service,
            needs_authorisation: row.needs_authorisation,
            duplicate_days: row.duplicate_days,
            selection: row.selection,
            wait_hours: row.wait_hours,
            closed: row.closed,
        },
        leads: row.leads,
    });
    Ok(told.collect())
}

/// The types of the groups' leads that take leads, each with its group: for whoever adds one.
///
/// # Errors
/// `Database` where Postgres fails.
pub async fn open_types(conn: &mut PgConnection, program: ProgramId) -> Result<Vec<(LeadGroupId, LeadTypeId, String)>> {
    let rows = sqlx::query!(
        r#"select group_id as "group: LeadGroupId", id as "id: LeadTypeId", name from lead_types
           where program_id = $1 and closed_at is null order by lower(name), id"#,
        program as ProgramId
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.group, row.id, row.name)).collect())
}

/// The type of a group's leads with an id or a name, whatever the case; none for a group of no or no default one.
///
/// # Errors
/// `Database` where Postgres fails.
pub async fn type_named(
    conn: &mut PgConnection,
    program: ProgramId,
    group: Option<LeadGroupId>,
    text: &str,
) -> Result<Option<LeadTypeId>> {
    Ok(sqlx::query_scalar!(
        r#"select t.id as "id: LeadTypeId"
           from lead_types t join lead_groups g on g.program_id = t.program_id and g.id = t.group_id
           where t.program_id = $1 and ($2::uuid is null and g.is_default or g.id = $2)
             and (t.id::text = lower($3) or lower(t.name) = lower($3))
           order by t.id::text = lower($3) desc limit 1"#,
        program as ProgramId,
        group as Option<LeadGroupId>,
        text.trim()
    )
    .fetch_optional(conn)
    .await?)
}

async fn check(conn: &mut PgConnection, actor: &Actor, input: &LeadTypeInput) -> Result<()> {
    if !actor.may(Power::EditProgram) {
        return Err(Error::Forbidden);
    }
    let currency = programs::get(conn, actor.program()).await?.currency;
    let errors = input.check(currency);
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}

fn taken(error: sqlx::Error) -> Error {
    match Error::from(error) {
        error if error.violates("lead_types_by_name") => {
            Error::field("name", "This group has a type with this name. Choose another.")
        }
        error => error,
    }
}

fn page(group: LeadGroupId, id: LeadTypeId) -> String {
    format!("lead-settings/groups/{group}/types/{id}")
}

/// Makes a type of a group's leads. Asks for `EditProgram`.
///
/// # Errors
/// `Forbidden`; `NotFound` without such a group; `Invalid` by the fields; `Conflict` where there are too many.
pub async fn make_type(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    group: LeadGroupId,
    input: &LeadTypeInput,
) -> Result<LeadTypeId> {
    check(conn, actor, input).await?;
    let program = actor.program();
    // Of two at once the second counts the first.
    sqlx::query!(
        "select from lead_groups where program_id = $1 and id = $2 for no key update",
        program as ProgramId,
        group as LeadGroupId
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound("lead group"))?;
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from lead_types where program_id = $1 and group_id = $2"#,
        program as ProgramId,
        group as LeadGroupId
    )
    .fetch_one(&mut *conn)
    .await?;
    if usize::try_from(count).unwrap_or(usize::MAX) >= MOST_TYPES {
        return Err(Error::Conflict(format!("A group has at most {MOST_TYPES} types of leads.")));
    }
    let id: LeadTypeId = moment.id();
    sqlx::query!(
        "insert into lead_types (program_id, id, group_id, name, method, default_price, scope, self_service,
                                 needs_authorisation, duplicate_days, selection, wait_hours, closed_at, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, case when $13 then $14::timestamptz end, $14)",
        program as ProgramId,
        id as LeadTypeId,
        group as LeadGroupId,
        input.name.trim(),
        input.method as ReferralMethod,
        input.default_price,
        input.scope,
        input.self_service,
        input.needs_authorisation,
        input.duplicate_days,
        input.selection as Selection,
        input.wait_hours,
        input.closed,
        moment.at
    )
    .execute(&mut *conn)
    .await
    .map_err(taken)?;
    audit::record(conn, moment, actor, "lead_type.create", input.name.trim(), &page(group, id), json!({}))
        .await
        .map(|()| id)
}

/// Changes a type of leads. What was agreed with buyers stays. Asks for `EditProgram`.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Invalid` by the fields.
pub async fn save_type(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    id: LeadTypeId,
    input: &LeadTypeInput,
) -> Result<()> {
    check(conn, actor, input).await?;
    let program = actor.program();
    sqlx::query!(
        "select from lead_types where program_id = $1 and id = $2 for no key update",
        program as ProgramId,
        id as LeadTypeId
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound("lead type"))?;
    let LeadType { group, input: before, .. } = lead_type(conn, actor, id).await?;
    let input = LeadTypeInput { name: input.name.trim().to_owned(), ..input.clone() };
    sqlx::query!(
        "update lead_types
         set name = $3, method = $4, default_price = $5, scope = $6, self_service = $7, needs_authorisation = $8,
             duplicate_days = $9, selection = $10, wait_hours = $11,
             closed_at = case when $12 then coalesce(closed_at, $13::timestamptz) end
         where program_id = $1 and id = $2",
        program as ProgramId,
        id as LeadTypeId,
        input.name,
        input.method as ReferralMethod,
        input.default_price,
        input.scope,
        input.self_service,
        input.needs_authorisation,
        input.duplicate_days,
        input.selection as Selection,
        input.wait_hours,
        input.closed,
        moment.at
    )
    .execute(&mut *conn)
    .await
    .map_err(taken)?;
    let (serde_json::Value::Object(before), serde_json::Value::Object(after)) =
        (serde_json::to_value(&before)?, serde_json::to_value(&input)?)
    else {
        return Ok(());
    };
    let mut details = serde_json::Map::new();
    for (field, after) in after {
        if before.get(&field) != Some(&after) {
            details.insert(field.clone(), json!({ "before": before.get(&field), "after": after }));
        }
    }
    if details.is_empty() {
        return Ok(());
    }
    audit::record(conn, moment, actor, "lead_type.edit", &input.name, &page(group, id), details.into()).await
}
