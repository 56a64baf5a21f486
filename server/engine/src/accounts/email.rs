//! Another e-mail for an account: it counts once the old and the new address have both confirmed it.

use super::sessions::{check_password, own};
use super::tokens::{self, Purpose};
use crate::messages::{self, Mail};
use crate::partners::sign_up::MAILS_AN_HOUR;
use crate::{Error, Moment, Result, partners};
use chrono::{DateTime, Duration, Utc};
use domain::accounts::{EmailChange, Session};
use domain::ids::AccountId;
use domain::text::{email_key, is_email};
use sqlx::{PgConnection, PgPool};

/// Asks for another e-mail: a link goes to the address that counts now, and one to the new one. A change that was asked
/// for before ends. Whether somebody has the new address is not told here.
///
/// # Errors
/// `Invalid` where the password is wrong, or it is no other address; `TooMany` after three within an hour; `Forbidden` for a
/// session that a link began.
pub async fn request(pool: &PgPool, moment: &Moment, session: &Session, password: &str, email: &str) -> Result<()> {
    own(session)?;
    let email = email.trim();
    if !is_email(email) {
        return Err(Error::field("email", "Type an e-mail address."));
    }
    if email_key(email) == email_key(&session.email) {
        return Err(Error::field("email", "This is your e-mail already."));
    }
    check_password(pool, session.account, password, "email_password").await?;
    let account = session.account;
    let mut tx = pool.begin().await?;
    forget(&mut tx, account).await?;
    sqlx::query!(
        "insert into email_changes (account_id, email, created_at, expires_at) values ($1, $2, $3, $4)
         on conflict (account_id) do update
             set email = excluded.email, old_confirmed_at = null, new_confirmed_at = null,
                 created_at = excluded.created_at, expires_at = excluded.expires_at",
        account as AccountId,
        email,
        moment.at,
        moment.at + Purpose::EmailNew.lasts()
    )
    .execute(&mut *tx)
    .await?;
    note_asking(&mut tx, moment, account).await?;
    for new in [false, true] {
        messages::enqueue(&mut tx, &Mail::EmailChange { account, new }).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Notes that an account asks: the new address may be a stranger's, who shall not get mail without end.
async fn note_asking(conn: &mut PgConnection, moment: &Moment, account: AccountId) -> Result<()> {
    let mut asked = sqlx::query_scalar!(
        "select email_asked_at from accounts where id = $1 for no key update",
        account as AccountId
    )
    .fetch_one(&mut *conn)
    .await?;
    asked.retain(|at| *at + Duration::hours(1) > moment.at);
    if let [first, ..] = asked[..]
        && asked.len() >= MAILS_AN_HOUR
    {
        let wait = (first + Duration::hours(1) - moment.at).num_seconds();
        return Err(Error::TooMany(u64::try_from(wait).unwrap_or_default().max(1)));
    }
    asked.push(moment.at);
    sqlx::query!("update accounts set email_asked_at = $2 where id = $1", account as AccountId, &asked)
        .execute(conn)
        .await?;
    Ok(())
}

/// Ends a change and its links: the change first, for which a mail that makes a link just now is waited.
async fn forget(conn: &mut PgConnection, account: AccountId) -> Result<()> {
    sqlx::query!("delete from email_changes where account_id = $1", account as AccountId).execute(&mut *conn).await?;
    tokens::end_all(conn, Purpose::EmailOld, account).await?;
    tokens::end_all(conn, Purpose::EmailNew, account).await
}

/// The change for which a link is made; none other is asked for until the caller's transaction ends, so that a link
/// never confirms an address that it wasn't sent to.
pub(crate) async fn hold(conn: &mut PgConnection, moment: &Moment, account: AccountId) -> Result<Option<EmailChange>> {
    sqlx::query!("select from email_changes where account_id = $1 for share", account as AccountId)
        .fetch_optional(&mut *conn)
        .await?;
    pending(conn, moment, account).await
}

/// Takes back a change that is not confirmed yet.
///
/// # Errors
/// `Forbidden` for a session that a link began.
pub async fn cancel(pool: &PgPool, session: &Session) -> Result<()> {
    own(session)?;
    let mut tx = pool.begin().await?;
    forget(&mut tx, session.account).await?;
    tx.commit().await?;
    Ok(())
}

/// The change of the account that waits for its links, if one does.
///
/// # Errors
/// `Database` where Postgres fails.
pub async fn pending(conn: &mut PgConnection, moment: &Moment, account: AccountId) -> Result<Option<EmailChange>> {
    Ok(sqlx::query_as!(
        EmailChange,
        r#"select email, old_confirmed_at is not null as "by_old!", new_confirmed_at is not null as "by_new!"
           from email_changes where account_id = $1 and expires_at > $2"#,
        account as AccountId,
        moment.at
    )
    .fetch_optional(conn)
    .await?)
}

async fn find(
    conn: &mut PgConnection,
    moment: &Moment,
    token: &str,
) -> Result<Option<(AccountId, Purpose, EmailChange)>> {
    for purpose in [Purpose::EmailOld, Purpose::EmailNew] {
        if let Some(account) = tokens::peek(conn, moment, purpose, token).await?.and_then(|link| link.account) {
            return Ok(pending(conn, moment, account).await?.map(|change| (account, purpose, change)));
        }
    }
    Ok(None)
}

/// What the link from a mail confirms; `None` where it is over.
///
/// # Errors
/// `Database` where Postgres fails.
pub async fn by_link(conn: &mut PgConnection, moment: &Moment, token: &str) -> Result<Option<EmailChange>> {
    Ok(find(conn, moment, token).await?.map(|(_, _, change)| change))
}

/// Confirms for one of the two addresses; with the second of them the new e-mail counts. Answers what is still waited
/// for; `None` where it is done.
///
/// # Errors
/// `NotFound` where the link is over; `Conflict` where somebody has the new address, also another partner of a program in
/// which the account acts for one.
pub async fn confirm(pool: &PgPool, moment: &Moment, token: &str) -> Result<Option<EmailChange>> {
    let mut tx = pool.begin().await?;
    let (account, purpose, _) = find(&mut tx, moment, token).await?.ok_or(Error::NotFound("link"))?;
    tokens::redeem(&mut tx, moment, purpose, token).await?.ok_or(Error::NotFound("link"))?;
    let (old, new): (Option<DateTime<Utc>>, Option<DateTime<Utc>>) =
        if purpose == Purpose::EmailOld { (Some(moment.at), None) } else { (None, Some(moment.at)) };
    // The row is locked: of two links opened at once, the second sees the first.
    let change = sqlx::query_as!(
        EmailChange,
        r#"update email_changes
           set old_confirmed_at = coalesce(old_confirmed_at, $2), new_confirmed_at = coalesce(new_confirmed_at, $3)
           where account_id = $1 and expires_at > $4
           returning email, old_confirmed_at is not null as "by_old!", new_confirmed_at is not null as "by_new!""#,
        account as AccountId,
        old,
        new,
        moment.at
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Error::NotFound("link"))?;
    if !(change.by_old && change.by_new) {
        tx.commit().await?;
        return Ok(Some(change));
    }
    partners::hold_email(&mut tx, &change.email).await?;
    // Partners who are reached at the account's old address are reached at the new one from now on.
    sqlx::query!(
        "with was as (select email_key from accounts where id = $1 for update), followed as (
             update enrollments e set email = $2
             from enrollment_accounts ea, was
             where ea.account_id = $1 and e.program_id = ea.program_id and e.id = ea.enrollment_id
               and lower(e.email) = was.email_key
         )
         update accounts a set email = $2, email_key = $3, email_verified_at = $4 from was where a.id = $1",
        account as AccountId,
        change.email,
        email_key(&change.email),
        moment.at
    )
    .execute(&mut *tx)
    .await
    .map_err(|error| match Error::from(error) {
        error if error.violates("accounts_email_key_key") => {
            Error::Conflict("There is another account with the new e-mail. Choose another address.".into())
        }
        error => error,
    })?;
    if is_anothers(&mut tx, account, &change.email).await? {
        return Err(Error::Conflict(
            "Another partner of the program has the new e-mail. Choose another address.".into(),
        ));
    }
    forget(&mut tx, account).await?;
    // A link to choose a password lies in the old mailbox perhaps.
    tokens::end_all(&mut tx, Purpose::PasswordReset, account).await?;
    tx.commit().await?;
    Ok(None)
}

/// Whether another partner, in a program in which the account acts for one, is reached at this e-mail: a program has one
/// partner with an e-mail.
async fn is_anothers(conn: &mut PgConnection, account: AccountId, email: &str) -> Result<bool> {
    let found = sqlx::query_scalar!(
        r#"select exists (
               select from enrollment_accounts ea
               join enrollments e on e.program_id = ea.program_id and e.id = ea.enrollment_id and e.status <> 'declined'
               join enrollments o on o.program_id = ea.program_id and lower(o.email) = $2 and o.status <> 'declined'
               where ea.account_id = $1
                 and not exists (select from enrollment_accounts own
                                 where own.program_id = o.program_id and own.enrollment_id = o.id
                                   and own.account_id = $1)) as "exists!""#,
        account as AccountId,
        email_key(email)
    )
    .fetch_one(conn)
    .await?;
    Ok(found)
}
