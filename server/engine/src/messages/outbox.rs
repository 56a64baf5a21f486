//! Where mail lies that no mail server takes: the team reads it there, for 30 days.

use super::{Letter, Mail};
use crate::reports::{Cursor, Key, page};
use crate::{Error, Moment, Result, accounts};
use chrono::Duration;
use domain::accounts::{Actor, Power};
use domain::ids::{AccountId, OutboxId, ProgramId};
use domain::messages::OutboxRow;
use domain::page::{Page, Paging};
use sqlx::{PgConnection, PgPool};

/// Lays a mail there.
pub(crate) async fn keep(conn: &mut PgConnection, moment: &Moment, mail: &Mail, letter: &Letter) -> Result<()> {
    let account = match mail {
        Mail::EmailChange { account, .. } | Mail::SecondFactorOff { account, .. } => Some(*account),
        Mail::PasswordReset { who, slug } => accounts::account_of(conn, who, slug.as_deref()).await?,
        _ => None,
    };
    sqlx::query!(
        "insert into outbox (id, program_id, account_id, title, email, name, subject, body, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        moment.id::<OutboxId>() as OutboxId,
        mail.program() as Option<ProgramId>,
        account as Option<AccountId>,
        mail.title(),
        letter.to,
        letter.name,
        letter.subject,
        letter.text,
        moment.at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The mail of a program and of those who are in it, the newest first, without its text. Mail holds links that sign in,
/// so it is the owners' to read, and not where the person belongs to another organization too.
///
/// # Errors
/// `Forbidden`; `Invalid` where the cursor is none of ours.
pub async fn list(conn: &mut PgConnection, actor: &Actor, paging: &Paging) -> Result<Page<OutboxRow>> {
    let cursor = Cursor::read(paging, Key::Id)?;
    let rows = rows(conn, actor, None, cursor.map(|cursor| OutboxId(cursor.id)), paging.rows() + 1).await?;
    let rows = rows.into_iter().map(|row| OutboxRow { body: String::new(), ..row }).collect();
    Ok(page(rows, paging, |row| Cursor::at(chrono::DateTime::default(), row.id.0)))
}

/// A mail with its text.
///
/// # Errors
/// `Forbidden`; `NotFound`.
pub async fn get(conn: &mut PgConnection, actor: &Actor, id: OutboxId) -> Result<OutboxRow> {
    rows(conn, actor, Some(id), None, 1).await?.pop().ok_or(Error::NotFound("mail"))
}

async fn rows(
    conn: &mut PgConnection,
    actor: &Actor,
    only: Option<OutboxId>,
    before: Option<OutboxId>,
    limit: i64,
) -> Result<Vec<OutboxRow>> {
    if !actor.may(Power::ManageTeam) {
        return Err(Error::Forbidden);
    }
    Ok(sqlx::query_as!(
        OutboxRow,
        r#"with here as (select organization_id from programs where id = $1)
           select o.id as "id: OutboxId", o.title, o.email, o.name, o.subject, o.body, o.created_at
           from outbox o
           where (o.program_id = $1
                  or o.program_id is null and o.account_id in (
                      select account_id from memberships where organization_id = (select organization_id from here)
                      union select account_id from enrollment_accounts where program_id = $1))
             and not exists (
                 select from accounts a
                 where (a.id = o.account_id or a.email_key = lower(o.email))
                   and (exists (select from memberships m
                                where m.account_id = a.id
                                  and m.organization_id <> (select organization_id from here))
                        or exists (select from enrollment_accounts e join programs p on p.id = e.program_id
                                   where e.account_id = a.id
                                     and p.organization_id <> (select organization_id from here))))
             and ($2::uuid is null or o.id = $2)
             and ($3::uuid is null or o.id < $3)
           order by o.id desc limit $4"#,
        actor.program() as ProgramId,
        only as Option<OutboxId>,
        before as Option<OutboxId>,
        limit
    )
    .fetch_all(conn)
    .await?)
}

/// Deletes what has lain there for 30 days.
pub(crate) async fn purge(pool: &PgPool, moment: &Moment) -> Result<()> {
    sqlx::query!("delete from outbox where created_at <= $1", moment.at - Duration::days(30)).execute(pool).await?;
    Ok(())
}
