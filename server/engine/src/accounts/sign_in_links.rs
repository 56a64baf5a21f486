//! One-time links by which a company's own app signs a partner in.

use super::sessions::{NewSession, SignedIn, begin};
use super::tokens::{self, Purpose};
use crate::{Error, Moment, Result};
use chrono::{DateTime, Utc};
use domain::accounts::{Actor, Power};
use domain::ids::{AccountId, ProgramId};
use domain::text::code_key;
use sqlx::{PgConnection, PgPool};

/// Makes a token for the first account of the partner with this code; it holds for 10 minutes.
///
/// # Errors
/// `NotFound` where no partner of the program has the code; `Conflict` where the partner has no account; `Forbidden`
/// for a partner.
pub async fn make(conn: &mut PgConnection, moment: &Moment, actor: &Actor, code: &str) -> Result<String> {
    if !matches!(actor, Actor::Key { .. }) && !actor.may(Power::ManagePartners) {
        return Err(Error::Forbidden);
    }
    let program = actor.program();
    let accounts = sqlx::query!(
        r#"select e.account_id as "account?: AccountId", p.slug, of.code
         from enrollment_codes c
         join programs p on p.id = c.program_id
         join enrollments of on of.program_id = c.program_id and of.id = c.enrollment_id
         left join enrollment_accounts e on e.program_id = c.program_id and e.enrollment_id = c.enrollment_id
         where c.program_id = $1 and c.code_key = $2
         order by e.created_at, e.account_id limit 1"#,
        program as ProgramId,
        code_key(code)
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound("partner"))?;
    let account =
        accounts.account.ok_or_else(|| Error::Conflict("This partner has no account to sign in to.".into()))?;
    let portal = format!("{}/{}", accounts.slug, accounts.code);
    tokens::make(conn, moment, Purpose::SignIn, Some(account), &portal).await
}

/// The portal that a link opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Portal {
    /// The program's name in addresses.
    pub program: String,
    /// The partner's code.
    pub partner: String,
}

/// Signs in by such a token, once, and tells where to go. The session opens that program's portal
/// alone, since it was the company that vouched; a second factor is still asked for.
///
/// # Errors
/// `NotFound` where the token is over.
pub async fn redeem(pool: &PgPool, moment: &Moment, token: &str, user_agent: &str) -> Result<(SignedIn, Portal)> {
    let mut tx = pool.begin().await?;
    let link = tokens::redeem(&mut tx, moment, Purpose::SignIn, token).await?.ok_or(Error::NotFound("link"))?;
    let account = link.account.ok_or(Error::NotFound("link"))?;
    let (program, partner) = link.target.split_once('/').ok_or(Error::NotFound("link"))?;
    let found = sqlx::query!(
        r#"select p.id as "program: ProgramId", a.totp_confirmed_at is null as "complete!"
         from programs p, accounts a where p.slug = $1 and a.id = $2"#,
        program,
        account as AccountId
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Error::NotFound("link"))?;
    let new = NewSession {
        account,
        complete: found.complete,
        // No password was given: acts that ask again will ask.
        confirmed_at: DateTime::<Utc>::UNIX_EPOCH,
        keep: false,
        only_program: Some(found.program),
        user_agent,
    };
    let signed_in = begin(&mut tx, moment, new).await?;
    tx.commit().await?;
    Ok((signed_in, Portal { program: program.to_owned(), partner: partner.to_owned() }))
}
