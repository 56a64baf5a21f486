use super::audit;
use crate::{Error, Moment, Result};
use domain::accounts::{Actor, Power};
use domain::ids::ProgramId;
use domain::programs::Checklist;
use serde_json::json;
use sqlx::PgConnection;

/// What a program has still to be set up with; `None` once all is done or the team has put the list away, in a sandbox, and
/// for those who may do nothing of it.
///
/// # Errors
/// `NotFound`.
pub async fn checklist(conn: &mut PgConnection, actor: &Actor) -> Result<Option<Checklist>> {
    if !actor.may(Power::EditProgram) {
        return Ok(None);
    }
    let row = sqlx::query!(
        r#"select p.checklist_hidden or p.sandbox as "hidden!",
                  exists (select from offers o where o.program_id = $1 and o.archived_at is null) as "offer!",
                  t.brand <> '' or p.accent <> '' or p.logo_file_id is not null as "brand!",
                  t.welcome <> '' as "welcome!",
                  exists (select from terms_versions v where v.program_id = $1) as "terms!",
                  p.allowed_hosts <> '{}' as "sites!",
                  exists (select from payout_methods m
                          where m.program_id = $1
                            and (not m.offered or m.countries <> '{}' or m.minimum is not null)) as "payout_methods!",
                  exists (select from enrollments e where e.program_id = $1) as "partners!",
                  exists (select from api_keys k where k.program_id = $1 and k.revoked_at is null) as "connected!"
           from programs p join portals t on t.program_id = p.id
           where p.id = $1"#,
        actor.program() as ProgramId
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound("program"))?;
    let checklist = Checklist {
        offer: row.offer,
        brand: row.brand,
        welcome: row.welcome,
        terms: row.terms,
        sites: row.sites,
        payout_methods: row.payout_methods,
        partners: row.partners,
        connected: row.connected,
    };
    Ok(Some(checklist).filter(|checklist| !row.hidden && !checklist.is_done()))
}

/// Puts the list of what a program has still to be set up with away, for all of the team. Asks for `EditProgram`.
///
/// # Errors
/// `Forbidden`; `NotFound`.
pub async fn hide_checklist(conn: &mut PgConnection, moment: &Moment, actor: &Actor) -> Result<()> {
    if !actor.may(Power::EditProgram) {
        return Err(Error::Forbidden);
    }
    let name = sqlx::query_scalar!(
        "update programs set checklist_hidden = true where id = $1 returning name",
        actor.program() as ProgramId
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound("program"))?;
    audit::record(conn, moment, actor, "program.hide_checklist", &name, "", json!({})).await
}
