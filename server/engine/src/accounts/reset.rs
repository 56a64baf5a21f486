use super::password::{check_length, hash_chosen};
use super::sessions::{check_password, end_all, own};
use super::tokens::{self, Purpose};
use crate::messages::{self, Mail};
use crate::{Error, Moment, Result};
use domain::accounts::Session;
use domain::ids::AccountId;
use domain::text::{check_code, is_email};
use sqlx::{PgConnection, PgPool};

/// Asks for a mail with a link to choose a new password: by e-mail, or on a program's page by partner code too. Whether
/// there is such an account is looked up only when the mail is made: the answer, and how long it takes, are always the
/// same.
///
/// # Errors
/// `Invalid` where it can be neither.
pub async fn request_password_reset(conn: &mut PgConnection, who: &str, program: Option<&str>) -> Result<()> {
    let who = who.trim();
    let may_be_code = program.is_some() && check_code(who).is_ok();
    if !is_email(who) && !may_be_code {
        let words =
            if program.is_some() { "Type an e-mail address or a partner code." } else { "Type an e-mail address." };
        return Err(Error::field("who", words));
    }
    messages::enqueue(conn, &Mail::PasswordReset { who: who.to_owned(), slug: program.map(str::to_owned) }).await
}

/// Whether a link to choose a new password still holds.
///
/// # Errors
/// `Database` where Postgres fails.
pub async fn reset_token_holds(conn: &mut PgConnection, moment: &Moment, token: &str) -> Result<bool> {
    Ok(tokens::peek(conn, moment, Purpose::PasswordReset, token).await?.is_some())
}

/// Chooses a new password by the link from the mail, and signs out everywhere. The second factor stays.
///
/// # Errors
/// `Invalid` where the password is too short, too long or easily guessed (the link holds on), `NotFound` where the link is
/// over.
pub async fn reset_password(pool: &PgPool, moment: &Moment, token: &str, new: &str) -> Result<()> {
    check_length(new)?;
    let mut conn = pool.acquire().await?;
    let link = tokens::peek(&mut conn, moment, Purpose::PasswordReset, token).await?;
    let account = link.and_then(|link| link.account).ok_or(Error::NotFound("link"))?;
    let person = sqlx::query!("select email, name from accounts where id = $1", account as AccountId)
        .fetch_one(&mut *conn)
        .await?;
    drop(conn);
    let hash = hash_chosen(new, &[&person.email, &person.name]).await?;
    let mut tx = pool.begin().await?;
    let link = tokens::redeem(&mut tx, moment, Purpose::PasswordReset, token).await?.ok_or(Error::NotFound("link"))?;
    let account = link.account.ok_or(Error::NotFound("link"))?;
    set_password(&mut tx, account, &hash).await?;
    sqlx::query!(
        "update accounts set email_verified_at = coalesce(email_verified_at, $2) where id = $1",
        account as AccountId,
        moment.at
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Changes the password, knowing the one before, and ends every other session.
///
/// # Errors
/// `Invalid` where the one before is wrong, or the new one too short or easily guessed; `Forbidden` for a session that a
/// link began.
pub async fn change_password(pool: &PgPool, session: &Session, token: &str, old: &str, new: &str) -> Result<()> {
    own(session)?;
    check_length(new)?;
    check_password(pool, session.account, old, "old_password").await?;
    let hash = hash_chosen(new, &[&session.email, &session.name]).await?;
    let mut tx = pool.begin().await?;
    sqlx::query!("update accounts set password_hash = $2 where id = $1", session.account as AccountId, hash)
        .execute(&mut *tx)
        .await?;
    sqlx::query!(
        "delete from sessions where account_id = $1 and token_hash <> $2",
        session.account as AccountId,
        &crate::secrets::token_hash(token)
    )
    .execute(&mut *tx)
    .await?;
    tokens::end_all(&mut tx, Purpose::PasswordReset, session.account).await?;
    tx.commit().await?;
    Ok(())
}

/// Sets a password, ends every session, and every other link that would set one.
pub(crate) async fn set_password(conn: &mut PgConnection, account: AccountId, hash: &str) -> Result<()> {
    sqlx::query!("update accounts set password_hash = $2 where id = $1", account as AccountId, hash)
        .execute(&mut *conn)
        .await?;
    end_all(conn, account).await?;
    tokens::end_all(conn, Purpose::PasswordReset, account).await?;
    tokens::end_all(conn, Purpose::Invitation, account).await
}
