//! The terms that partners accept, version by version.

use super::{allow, check_markdown, note};
use crate::reports::{Cursor, Key, page};
use crate::{Error, Moment, Result};
use chrono::{DateTime, Utc};
use domain::accounts::{Actor, Power};
use domain::ids::{AccountId, EnrollmentId, ProgramId};
use domain::page::{Page, Paging};
use domain::partners::PartnerName;
use domain::portal::{Acceptance, TermsVersion};
use serde_json::json;
use sqlx::PgConnection;

/// The terms in force: their version and text; `None` where there are none.
///
/// # Errors
/// `Database` where Postgres fails.
pub async fn terms(conn: &mut PgConnection, program: ProgramId) -> Result<Option<(i32, String)>> {
    let row = sqlx::query!(
        "select version, body from terms_versions where program_id = $1 order by version desc limit 1",
        program as ProgramId
    )
    .fetch_optional(conn)
    .await?;
    // An empty version takes the terms back.
    Ok(row.filter(|row| !row.body.is_empty()).map(|row| (row.version, row.body)))
}

/// Publishes the next version of the terms; an empty one takes them back. Whoever signs up accepts it; those who are
/// partners already are asked to where `ask` says so. Asks for `EditProgram`.
///
/// # Errors
/// `Forbidden`; `Invalid` on `terms`, also where nothing has changed.
pub async fn publish(conn: &mut PgConnection, moment: &Moment, actor: &Actor, body: &str, ask: bool) -> Result<i32> {
    allow(actor)?;
    let body = body.trim();
    check_markdown("terms", body)?;
    let program = actor.program();
    // Of two who publish at once the second waits, and makes the version after.
    sqlx::query!("select from portals where program_id = $1 for update", program as ProgramId)
        .fetch_optional(&mut *conn)
        .await?
        .ok_or(Error::NotFound("program"))?;
    let last = sqlx::query!(
        "select version, body from terms_versions where program_id = $1 order by version desc limit 1",
        program as ProgramId
    )
    .fetch_optional(&mut *conn)
    .await?;
    if last.as_ref().map_or("", |last| last.body.as_str()) == body {
        return Err(Error::field("terms", "Nothing has changed since the last version."));
    }
    let version = last.map_or(1, |last| last.version + 1);
    sqlx::query!(
        "insert into terms_versions (program_id, version, body, published_at, published_by, ask_partners)
         values ($1, $2, $3, $4, $5, $6)",
        program as ProgramId,
        version,
        body,
        moment.at,
        actor.account() as Option<AccountId>,
        ask
    )
    .execute(&mut *conn)
    .await?;
    note(conn, moment, actor, "portal.terms", json!({ "version": version, "asks_partners": ask })).await?;
    Ok(version)
}

/// Notes that a partner has accepted a version of the terms, and when.
///
/// # Errors
/// `Database` where Postgres fails, or there is no such version.
pub async fn accept(
    conn: &mut PgConnection,
    at: DateTime<Utc>,
    program: ProgramId,
    partner: EnrollmentId,
    account: Option<AccountId>,
    version: i32,
) -> Result<()> {
    sqlx::query!(
        "insert into terms_acceptances (program_id, enrollment_id, version, account_id, accepted_at)
         values ($1, $2, $3, $4, $5) on conflict do nothing",
        program as ProgramId,
        partner as EnrollmentId,
        version,
        account as Option<AccountId>,
        at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The partner that asks accepts the terms in force, which it was shown as this version.
///
/// # Errors
/// `Forbidden` for anybody but a partner; `Conflict` where there are other terms by now.
pub async fn accept_current(conn: &mut PgConnection, moment: &Moment, actor: &Actor, version: i32) -> Result<()> {
    let Actor::Partner { program, enrollment, account } = *actor else { return Err(Error::Forbidden) };
    if terms(conn, program).await?.map(|(in_force, _)| in_force) != Some(version) {
        return Err(Error::Conflict("The terms have changed meanwhile. Reload the page and read them.".into()));
    }
    accept(conn, moment.at, program, enrollment, Some(account), version).await
}

/// The newest versions of the terms, `most` of them, the newest first. Asks for `View`.
///
/// # Errors
/// `Forbidden`.
pub async fn versions(conn: &mut PgConnection, actor: &Actor, most: u32) -> Result<Vec<TermsVersion>> {
    if !actor.may(Power::View) {
        return Err(Error::Forbidden);
    }
    Ok(sqlx::query_as!(
        TermsVersion,
        r#"select t.version, t.body, t.published_at, coalesce(a.name, '') as "published_by!", t.ask_partners as asks,
                  (select count(*) from terms_acceptances x where x.program_id = $1 and x.version = t.version)
                      as "accepted!"
           from terms_versions t left join accounts a on a.id = t.published_by
           where t.program_id = $1 order by t.version desc limit $2"#,
        actor.program() as ProgramId,
        i64::from(most)
    )
    .fetch_all(conn)
    .await?)
}

/// Who accepted which version, the latest first. Asks for `View`.
///
/// # Errors
/// `Forbidden`; `Invalid` where the cursor is none of ours.
pub async fn acceptances(conn: &mut PgConnection, actor: &Actor, paging: &Paging) -> Result<Page<Acceptance>> {
    if !actor.may(Power::View) {
        return Err(Error::Forbidden);
    }
    let cursor = Cursor::read(paging, Key::Time)?;
    let rows = sqlx::query!(
        r#"select t.enrollment_id as "id: EnrollmentId", e.code, coalesce(nullif(e.name, ''), e.company) as "name!",
                  t.account_id as "account: AccountId", coalesce(a.name, '') as "by!", t.version, t.accepted_at
           from terms_acceptances t
           join enrollments e on e.program_id = t.program_id and e.id = t.enrollment_id
           left join accounts a on a.id = t.account_id
           where t.program_id = $1
             and ($2::timestamptz is null or (t.accepted_at, t.enrollment_id) < ($2, $3))
           order by t.accepted_at desc, t.enrollment_id desc limit $4"#,
        actor.program() as ProgramId,
        cursor.and_then(|cursor| cursor.at),
        cursor.map(|cursor| cursor.id),
        paging.rows() + 1
    )
    .fetch_all(conn)
    .await?;
    let rows = rows.into_iter().map(|row| Acceptance {
        partner: PartnerName { id: row.id, code: row.code, name: row.name },
        account: row.account,
        by: row.by,
        version: row.version,
        accepted_at: row.accepted_at,
    });
    Ok(page(rows.collect(), paging, |row: &Acceptance| Cursor::at(row.accepted_at, row.partner.id.0)))
}

/// How many partners have yet to accept the terms in force. Asks for `View`.
///
/// # Errors
/// `Forbidden`.
pub async fn count_yet_to_accept(conn: &mut PgConnection, actor: &Actor) -> Result<i64> {
    if !actor.may(Power::View) {
        return Err(Error::Forbidden);
    }
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!"
           from terms_due d join enrollments e on e.program_id = d.program_id and e.id = d.enrollment_id
           where d.program_id = $1 and e.status in ('active', 'paused') and e.erased_at is null"#,
        actor.program() as ProgramId
    )
    .fetch_one(conn)
    .await?)
}

/// Which partners have yet to accept the terms in force, the newest first. Asks for `View`.
///
/// # Errors
/// `Forbidden`; `Invalid` where the cursor is none of ours.
pub async fn yet_to_accept(conn: &mut PgConnection, actor: &Actor, paging: &Paging) -> Result<Page<PartnerName>> {
    if !actor.may(Power::View) {
        return Err(Error::Forbidden);
    }
    let cursor = Cursor::read(paging, Key::Id)?;
    let rows = sqlx::query_as!(
        PartnerName,
        r#"select e.id as "id: EnrollmentId", e.code, coalesce(nullif(e.name, ''), e.company) as "name!"
           from enrollments e
           where e.program_id = $1 and e.status in ('active', 'paused') and e.erased_at is null
             and exists (select from terms_due d where d.program_id = $1 and d.enrollment_id = e.id)
             and ($2::uuid is null or e.id < $2)
           order by e.id desc limit $3"#,
        actor.program() as ProgramId,
        cursor.map(|cursor| cursor.id),
        paging.rows() + 1
    )
    .fetch_all(conn)
    .await?;
    Ok(page(rows, paging, |partner: &PartnerName| Cursor::at(DateTime::default(), partner.id.0)))
}
