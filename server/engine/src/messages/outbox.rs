//! Where mail lies that no mail server takes: the team reads it there, for 30 days.

use super::{Letter, Mail};
use crate::programs::audit;
use crate::reports::{Cursor, Key, page};
use crate::secrets::{Secrets, Use};
use crate::{Error, Moment, Result, accounts};
use chrono::{DateTime, Duration, Utc};
use domain::accounts::{Actor, Power};
use domain::ids::{AccountId, OutboxId, ProgramId};
use domain::messages::OutboxRow;
use domain::page::{Page, Paging};
use serde_json::json;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

/// Lays a mail there, its text encrypted: the links in it sign in.
pub(crate) async fn keep(
    conn: &mut PgConnection,
    secrets: &Secrets,
    moment: &Moment,
    mail: &Mail,
    letter: &Letter,
) -> Result<()> {
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
        secrets.encrypt(Use::Mail, letter.text.as_bytes())?,
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
    let rows = rows.into_iter().map(|row| row.shown(String::new())).collect();
    Ok(page(rows, paging, |row: &OutboxRow| Cursor::at(DateTime::default(), row.id.0)))
}

/// A mail with its text. Audited: its links may sign in as somebody else.
///
/// # Errors
/// `Forbidden`; `NotFound`.
pub async fn get(
    conn: &mut PgConnection,
    secrets: &Secrets,
    moment: &Moment,
    actor: &Actor,
    id: OutboxId,
) -> Result<OutboxRow> {
    let row = rows(conn, actor, Some(id), None, 1).await?.pop().ok_or(Error::NotFound("mail"))?;
    let path = format!("outbox/{id}");
    audit::record(conn, moment, actor, "outbox.read", &row.title, &path, json!({ "account": row.account })).await?;
    let body = text(secrets, &row.body)?;
    Ok(row.shown(body))
}

fn text(secrets: &Secrets, sealed: &[u8]) -> Result<String> {
    String::from_utf8(secrets.decrypt(Use::Mail, sealed)?).map_err(Error::internal)
}

/// A mail as it is kept.
struct Row {
    id: OutboxId,
    title: String,
    email: String,
    /// The account with that e-mail.
    account: Option<AccountId>,
    name: String,
    subject: String,
    /// Encrypted.
    body: Vec<u8>,
    created_at: DateTime<Utc>,
}

impl Row {
    fn shown(self, body: String) -> OutboxRow {
        let Self { id, title, email, name, subject, created_at, .. } = self;
        OutboxRow { id, title, email, name, subject, body, created_at }
    }
}

async fn rows(
    conn: &mut PgConnection,
    actor: &Actor,
    only: Option<OutboxId>,
    before: Option<OutboxId>,
    limit: i64,
) -> Result<Vec<Row>> {
    if !actor.may(Power::ManageTeam) {
        return Err(Error::Forbidden);
    }
    Ok(sqlx::query_as!(
        Row,
        r#"with here as (select organization_id from programs where id = $1)
           select o.id as "id: OutboxId", o.title, o.email,
                  (select id from accounts where email_key = lower(o.email)) as "account: AccountId",
                  o.name, o.subject, o.body, o.created_at
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

/// So many mails are looked through at once.
const AT_ONCE: i64 = 500;

/// Deletes the mails of a program, written until then, in which a pattern is found: those that name a person.
pub(crate) async fn forget(
    conn: &mut PgConnection,
    secrets: &Secrets,
    program: ProgramId,
    pattern: &str,
    until: DateTime<Utc>,
) -> Result<()> {
    let mut after: Option<OutboxId> = None;
    loop {
        let rows = sqlx::query!(
            r#"select id as "id: OutboxId", concat_ws(' ', email, name, subject) as "head!", body from outbox
               where program_id = $1 and created_at <= $2 and ($3::uuid is null or id > $3) order by id limit $4"#,
            program as ProgramId,
            until,
            after as Option<OutboxId>,
            AT_ONCE
        )
        .fetch_all(&mut *conn)
        .await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = Some(last.id);
        // What another secret has encrypted nobody can read any more.
        let texts: Vec<String> =
            rows.iter().map(|row| format!("{} {}", row.head, text(secrets, &row.body).unwrap_or_default())).collect();
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id.0).collect();
        sqlx::query!(
            "delete from outbox o using unnest($2::uuid[], $3::text[]) as t (id, text)
             where o.program_id = $1 and o.id = t.id and t.text ~* $4::text",
            program as ProgramId,
            &ids,
            &texts,
            pattern
        )
        .execute(&mut *conn)
        .await?;
    }
}

/// Deletes what has lain there for 30 days.
pub(crate) async fn purge(pool: &PgPool, moment: &Moment) -> Result<()> {
    sqlx::query!("delete from outbox where created_at <= $1", moment.at - Duration::days(30)).execute(pool).await?;
    Ok(())
}
