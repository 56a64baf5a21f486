//! Groups of leads, each with its form, in versions: what was filled in keeps the version it was filled in on.

use super::settings::{self, PAGE};
use crate::programs::audit;
use crate::{Error, Moment, Result};
use domain::accounts::{Actor, Power};
use domain::ids::{AccountId, LeadGroupId, ProgramId};
use domain::leads::{FormVersion, GroupChoice, LeadForm, LeadGroup, LeadGroupInput, MOST_GROUPS};
use serde_json::json;
use sqlx::PgConnection;
use sqlx::types::Json;

/// The program's groups, the default one first. Asks for `View`.
///
/// # Errors
/// `Forbidden`.
pub async fn groups(conn: &mut PgConnection, actor: &Actor) -> Result<Vec<LeadGroup>> {
    if !actor.may(Power::View) {
        return Err(Error::Forbidden);
    }
    let rows = sqlx::query!(
        r#"select g.id as "id: LeadGroupId", g.name, g.description, g.is_default, g.closed_at is not null as "closed!",
                  g.version, f.created_at as changed_at, f.form as "form: Json<LeadForm>",
                  (select count(*) from leads l where l.program_id = g.program_id and l.group_id = g.id) as "leads!"
           from lead_groups g
           join lead_forms f on f.program_id = g.program_id and f.group_id = g.id and f.version = g.version
           where g.program_id = $1
           order by g.is_default desc, g.position, lower(g.name), g.id"#,
        actor.program() as ProgramId
    )
    .fetch_all(conn)
    .await?;
    let group = rows.into_iter().map(|row| LeadGroup {
        id: row.id,
        name: row.name,
        description: row.description,
        is_default: row.is_default,
        closed: row.closed,
        version: row.version,
        changed_at: row.changed_at,
        form: row.form.0,
        leads: row.leads,
    });
    Ok(group.collect())
}

/// The names of all groups, the default one first.
///
/// # Errors
/// `Forbidden` without the power to view.
pub async fn group_names(conn: &mut PgConnection, actor: &Actor) -> Result<Vec<(LeadGroupId, String)>> {
    if !actor.may(Power::View) {
        return Err(Error::Forbidden);
    }
    let rows = sqlx::query!(
        r#"select id as "id: LeadGroupId", name from lead_groups
           where program_id = $1 order by is_default desc, position, lower(name), id"#,
        actor.program() as ProgramId
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

/// The groups that take leads, with their forms in force, the default one first.
///
/// # Errors
/// `Database` where Postgres fails.
pub async fn choices(conn: &mut PgConnection, program: ProgramId) -> Result<Vec<GroupChoice>> {
    let rows = sqlx::query!(
        r#"select g.id as "id: LeadGroupId", g.name, g.description, g.version, f.form as "form: Json<LeadForm>"
           from lead_groups g
           join lead_forms f on f.program_id = g.program_id and f.group_id = g.id and f.version = g.version
           where g.program_id = $1 and g.closed_at is null
           order by g.is_default desc, g.position, lower(g.name), g.id"#,
        program as ProgramId
    )
    .fetch_all(conn)
    .await?;
    let choice = rows.into_iter().map(|mut row| {
        row.form.without_hidden();
        GroupChoice { id: row.id, name: row.name, description: row.description, version: row.version, form: row.form.0 }
    });
    Ok(choice.collect())
}

/// A group with its form: a version of it, or the one in force.
///
/// # Errors
/// `NotFound` without such a group or version in the program.
pub async fn form(
    conn: &mut PgConnection,
    program: ProgramId,
    id: LeadGroupId,
    version: Option<i32>,
) -> Result<GroupChoice> {
    let row = sqlx::query!(
        r#"select g.name, g.description, f.version, f.form as "form: Json<LeadForm>"
           from lead_groups g
           join lead_forms f on f.program_id = g.program_id and f.group_id = g.id and f.version = coalesce($3, g.version)
           where g.program_id = $1 and g.id = $2"#,
        program as ProgramId,
        id as LeadGroupId,
        version
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound("lead form"))?;
    Ok(GroupChoice { id, name: row.name, description: row.description, version: row.version, form: row.form.0 })
}

fn check(actor: &Actor, input: &LeadGroupInput) -> Result<()> {
    if !actor.may(Power::EditProgram) {
        return Err(Error::Forbidden);
    }
    let errors = input.check();
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}

fn taken(error: sqlx::Error) -> Error {
    match Error::from(error) {
        error if error.violates("lead_groups_by_name") => {
            Error::field("name", "There is a group with this name. Choose another.")
        }
        error => error,
    }
}

/// Takes from the group that was the default one that it is.
async fn make_way(conn: &mut PgConnection, program: ProgramId, id: LeadGroupId) -> Result<()> {
    sqlx::query!(
        "update lead_groups set is_default = false where program_id = $1 and is_default and id <> $2",
        program as ProgramId,
        id as LeadGroupId
    )
    .execute(conn)
    .await?;
    Ok(())
}

fn page(id: LeadGroupId) -> String {
    format!("{PAGE}/groups/{id}")
}

/// Makes a group, whose form asks for e-mail and name. Asks for `EditProgram`.
///
/// # Errors
/// `Forbidden`; `Invalid` on `name` (none, taken), `description` or `closed`; `Conflict` where there are too many.
pub async fn make_group(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    input: &LeadGroupInput,
) -> Result<LeadGroupId> {
    check(actor, input)?;
    let program = actor.program();
    settings::lock(conn, program).await?;
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from lead_groups where program_id = $1"#,
        program as ProgramId
    )
    .fetch_one(&mut *conn)
    .await?;
    if usize::try_from(count).unwrap_or(usize::MAX) >= MOST_GROUPS {
        return Err(Error::Conflict(format!("A program has at most {MOST_GROUPS} groups of leads.")));
    }
    let id: LeadGroupId = moment.id();
    if input.is_default {
        make_way(conn, program, id).await?;
    }
    sqlx::query!(
        "insert into lead_groups (program_id, id, name, description, is_default, position, closed_at, created_at)
         select $1, $2, $3, $4, $5, coalesce(max(position) + 1, 0), case when $6 then $7::timestamptz end, $7
         from lead_groups where program_id = $1",
        program as ProgramId,
        id as LeadGroupId,
        input.name.trim(),
        input.description.trim(),
        input.is_default,
        input.closed,
        moment.at
    )
    .execute(&mut *conn)
    .await
    .map_err(taken)?;
    add_version(conn, moment, actor, id, 1, &LeadForm::default()).await?;
    audit::record(conn, moment, actor, "lead_group.create", input.name.trim(), &page(id), json!({})).await.map(|()| id)
}

/// Changes a group, but for its form. Where it becomes the default one, the one before is that no longer. Asks for
/// `EditProgram`.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Invalid` on `name`, `description`, `closed`, or `is_default`, where no other is the default one.
pub async fn save_group(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    id: LeadGroupId,
    input: &LeadGroupInput,
) -> Result<()> {
    check(actor, input)?;
    let program = actor.program();
    settings::lock(conn, program).await?;
    let before = sqlx::query!(
        r#"select name, description, is_default, closed_at is not null as "closed!"
           from lead_groups where program_id = $1 and id = $2"#,
        program as ProgramId,
        id as LeadGroupId
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound("lead group"))?;
    if before.is_default && !input.is_default {
        return Err(Error::field("is_default", "Make another group the default one instead."));
    }
    if input.is_default {
        make_way(conn, program, id).await?;
    }
    sqlx::query!(
        "update lead_groups
         set name = $3, description = $4, is_default = $5,
             closed_at = case when $6 then coalesce(closed_at, $7::timestamptz) end
         where program_id = $1 and id = $2",
        program as ProgramId,
        id as LeadGroupId,
        input.name.trim(),
        input.description.trim(),
        input.is_default,
        input.closed,
        moment.at
    )
    .execute(&mut *conn)
    .await
    .map_err(taken)?;
    let after = (input.name.trim(), input.description.trim(), input.is_default, input.closed);
    let mut details = serde_json::Map::new();
    for (field, before, after) in [
        ("name", json!(before.name), json!(after.0)),
        ("description", json!(before.description), json!(after.1)),
        ("is_default", json!(before.is_default), json!(after.2)),
        ("closed", json!(before.closed), json!(after.3)),
    ] {
        if before != after {
            details.insert(field.to_owned(), json!({ "before": before, "after": after }));
        }
    }
    if details.is_empty() {
        return Ok(());
    }
    audit::record(conn, moment, actor, "lead_group.edit", input.name.trim(), &page(id), details.into()).await
}

async fn add_version(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    id: LeadGroupId,
    version: i32,
    form: &LeadForm,
) -> Result<()> {
    sqlx::query!(
        "insert into lead_forms (program_id, group_id, version, form, created_by, created_at)
         values ($1, $2, $3, $4, $5, $6)",
        actor.program() as ProgramId,
        id as LeadGroupId,
        version,
        Json(form) as _,
        actor.account() as Option<AccountId>,
        moment.at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Changes the form of a group: what differs from the one in force is a new version, which is answered. `base_version` is
/// the one that was changed. Asks for `EditProgram`.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Invalid` by place (`fields[0][label]`); `Conflict` where another version is in force by now.
pub async fn save_form(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    id: LeadGroupId,
    base_version: i32,
    form: &LeadForm,
) -> Result<i32> {
    if !actor.may(Power::EditProgram) {
        return Err(Error::Forbidden);
    }
    let form = form.clone().tidied();
    let errors = form.check();
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    let program = actor.program();
    let group = sqlx::query!(
        "select name from lead_groups where program_id = $1 and id = $2 for no key update",
        program as ProgramId,
        id as LeadGroupId
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound("lead group"))?;
    // After the lock: whoever held it may have made a version.
    let in_force = super::form(conn, program, id, None).await?;
    if in_force.form == form {
        return Ok(in_force.version);
    }
    if in_force.version != base_version {
        return Err(Error::Conflict(format!(
            "Somebody else has saved version {} of this form meanwhile. Reload the page, and change that one.",
            in_force.version
        )));
    }
    let version = in_force.version + 1;
    add_version(conn, moment, actor, id, version, &form).await?;
    sqlx::query!(
        "update lead_groups set version = $3 where program_id = $1 and id = $2",
        program as ProgramId,
        id as LeadGroupId,
        version
    )
    .execute(&mut *conn)
    .await?;
    let fields: Vec<&str> = form.fields.iter().map(|field| field.label.as_str()).collect();
    let details = json!({ "version": version, "name_field": form.name.label(), "fields": fields });
    audit::record(conn, moment, actor, "lead_form.save", &group.name, &page(id), details).await?;
    Ok(version)
}

/// The versions of a group's form, the latest first. Asks for `View`.
///
/// # Errors
/// `Forbidden`; `NotFound` without such a group.
pub async fn form_versions(conn: &mut PgConnection, actor: &Actor, id: LeadGroupId) -> Result<Vec<FormVersion>> {
    if !actor.may(Power::View) {
        return Err(Error::Forbidden);
    }
    let rows = sqlx::query!(
        r#"select f.version, f.created_at, coalesce(a.name, '') as "by!", f.form as "form: Json<LeadForm>"
           from lead_forms f left join accounts a on a.id = f.created_by
           where f.program_id = $1 and f.group_id = $2
           order by f.version desc"#,
        actor.program() as ProgramId,
        id as LeadGroupId
    )
    .fetch_all(conn)
    .await?;
    if rows.is_empty() {
        return Err(Error::NotFound("lead group"));
    }
    let version = rows.into_iter().map(|row| FormVersion {
        version: row.version,
        at: row.created_at,
        by: row.by,
        form: row.form.0,
    });
    Ok(version.collect())
}

/// The group with an id or a name, whatever the case.
///
/// # Errors
/// `Database` where Postgres fails.
pub async fn group_named(conn: &mut PgConnection, program: ProgramId, text: &str) -> Result<Option<LeadGroupId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: LeadGroupId" from lead_groups
           where program_id = $1 and (id::text = lower($2) or lower(name) = lower($2))
           order by id::text = lower($2) desc limit 1"#,
        program as ProgramId,
        text.trim()
    )
    .fetch_optional(conn)
    .await?)
}
