//! Imports as they are listed, and what is needed for another.

use super::{may_import, own_emails, whose};
use crate::links::cursor;
use crate::reports::planned;
use crate::{Error, Result, programs};
use domain::accounts::{Actor, Power};
use domain::ids::{EnrollmentId, LeadImportId, ProgramId};
use domain::leads::file::{ImportSetup, ImportStatus, LeadImport};
use domain::page::{Page, Paging};
use sqlx::PgConnection;

/// What a page needs that reads a file of leads for a partner and sends it.
///
/// # Errors
/// `Forbidden`, also where the program takes no files; `NotFound` without such a partner, or where it is another's.
pub async fn setup(conn: &mut PgConnection, actor: &Actor, partner: EnrollmentId) -> Result<ImportSetup> {
    if whose(actor)?.is_some_and(|own| own != partner) {
        return Err(Error::NotFound("partner"));
    }
    may_import(conn, actor).await?;
    let program = programs::get(conn, actor.program()).await?;
    Ok(ImportSetup {
        partner,
        groups: crate::leads::choices(conn, program.id).await?,
        currency: program.currency,
        own: own_emails(conn, program.id, partner).await?,
    })
}

/// The imports of the partner who asks, or of one, or of all, the latest first. The team asks with `View`.
///
/// # Errors
/// `Forbidden`; `Invalid` on `cursor`.
pub async fn list(
    conn: &mut PgConnection,
    actor: &Actor,
    partner: Option<EnrollmentId>,
    paging: &Paging,
) -> Result<Page<LeadImport>> {
    let own = reads(actor)?;
    let after: Option<LeadImportId> = cursor(paging)?;
    let data = rows(conn, actor, own.or(partner), None, after, paging.rows() + 1).await?;
    Ok(Page::cut(data, paging, |import| import.id.to_string()))
}

/// An import.
///
/// # Errors
/// `Forbidden`; `NotFound`, also for another partner's.
pub async fn get(conn: &mut PgConnection, actor: &Actor, id: LeadImportId) -> Result<LeadImport> {
    let own = reads(actor)?;
    rows(conn, actor, own, Some(id), None, 1).await?.pop().ok_or(Error::NotFound("import"))
}

/// As [`whose`], to look at.
pub(super) fn reads(actor: &Actor) -> Result<Option<EnrollmentId>> {
    match actor {
        Actor::Partner { enrollment, .. } | Actor::OnBehalf { enrollment, .. } => Ok(Some(*enrollment)),
        Actor::Key { .. } => Ok(None),
        _ if actor.may(Power::View) => Ok(None),
        _ => Err(Error::Forbidden),
    }
}

async fn rows(
    conn: &mut PgConnection,
    actor: &Actor,
    partner: Option<EnrollmentId>,
    only: Option<LeadImportId>,
    after: Option<LeadImportId>,
    most: i64,
) -> Result<Vec<LeadImport>> {
    let of_partner = actor.partner().is_some();
    let found = sqlx::query!(
        r#"select i.id as "id: LeadImportId", i.name, g.name as lead_group, i.status as "status: ImportStatus", i.rows,
                  i.accepted, i.refused, i.created_at, i.finished_at, (i.created_at at time zone p.time_zone) as "began!",
                  exists (select from lead_import_rows r
                          where r.program_id = i.program_id and r.import_id = i.id) as "has_errors!",
                  case when i.account_id is null then ''
                       when i.by_partner or not $5 then coalesce(a.name, '')
                       else p.name end as "by!"
           from (select * from lead_imports i
                 where i.program_id = $1 and ($2::uuid is null or i.enrollment_id = $2)
                   and ($3::uuid is null or i.id = $3) and ($4::uuid is null or i.id < $4)
                 order by i.id desc limit $6) i
           join programs p on p.id = i.program_id
           join lead_groups g on g.program_id = i.program_id and g.id = i.group_id
           left join accounts a on a.id = i.account_id
           order by i.id desc"#,
        actor.program() as ProgramId,
        partner as Option<EnrollmentId>,
        only as Option<LeadImportId>,
        after as Option<LeadImportId>,
        of_partner,
        most
    )
    .fetch_all(&mut *planned(conn).await?)
    .await?;
    let rows = found.into_iter().map(|row| LeadImport {
        id: row.id,
        name: row.name,
        group: row.lead_group,
        status: row.status,
        rows: row.rows,
        accepted: row.accepted,
        refused: row.refused,
        has_errors: row.has_errors,
        by: row.by,
        began: row.began,
        created_at: row.created_at,
        finished_at: row.finished_at,
    });
    Ok(rows.collect())
}
