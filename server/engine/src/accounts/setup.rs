//! The first owner: by a page that a token opens, or by the command line.

use super::password::hash_chosen;
use super::sessions::clean_name;
use super::tokens::{self, Purpose};
use crate::{Error, Moment, Result};
use domain::accounts::Role;
use domain::ids::{AccountId, OrganizationId};
use domain::text::{email_key, is_email};
use sqlx::{PgConnection, PgPool};

/// An owner to create.
#[derive(Clone)]
pub struct NewOwner {
    /// The person's name.
    pub name: String,
    /// The e-mail.
    pub email: String,
    /// The password.
    pub password: String,
    /// The organization's name.
    pub organization: String,
}

/// An owner and the organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The owner's account.
    pub account: AccountId,
    /// The organization.
    pub organization: OrganizationId,
}

/// Whether there is no owner yet.
///
/// # Errors
/// `Database` where Postgres fails.
pub async fn needed(conn: &mut PgConnection) -> Result<bool> {
    let needed = sqlx::query_scalar!(r#"select not exists(select from memberships where role = 'owner') as "needed!""#);
    Ok(needed.fetch_one(conn).await?)
}

/// Makes a token that opens the page for a week, for the server to print; `None` once there is an owner.
///
/// # Errors
/// `Database` where Postgres fails.
pub async fn make_token(conn: &mut PgConnection, moment: &Moment) -> Result<Option<String>> {
    if needed(conn).await? { tokens::make(conn, moment, Purpose::Setup, None, "").await.map(Some) } else { Ok(None) }
}

/// Whether a token opens the page now.
///
/// # Errors
/// `Database` where Postgres fails.
pub async fn check_token(conn: &mut PgConnection, moment: &Moment, token: &str) -> Result<bool> {
    Ok(needed(conn).await? && tokens::peek(conn, moment, Purpose::Setup, token).await?.is_some())
}

/// Creates the first owner with the organization. Of two at once, one does.
///
/// # Errors
/// `NotFound` where the token is over or there is an owner; `Invalid`.
pub async fn create_owner(pool: &PgPool, moment: &Moment, token: &str, input: &NewOwner) -> Result<Owner> {
    check(input)?;
    let hash = hash_of(input).await?;
    let mut tx = pool.begin().await?;
    one_at_a_time(&mut tx).await?;
    if !needed(&mut tx).await? {
        return Err(Error::NotFound("setup"));
    }
    tokens::redeem(&mut tx, moment, Purpose::Setup, token).await?.ok_or(Error::NotFound("setup"))?;
    let owner = insert(&mut tx, moment, input, &hash).await?;
    tx.commit().await?;
    Ok(owner)
}

/// Creates an owner from the command line, whether there is one or not: in the organization of that name, which is made
/// where there is none.
///
/// # Errors
/// `Invalid`, also where the e-mail has an account.
pub async fn create_admin(pool: &PgPool, moment: &Moment, input: &NewOwner) -> Result<Owner> {
    check(input)?;
    let hash = hash_of(input).await?;
    let mut tx = pool.begin().await?;
    one_at_a_time(&mut tx).await?;
    let owner = insert(&mut tx, moment, input, &hash).await?;
    tx.commit().await?;
    Ok(owner)
}

fn check(input: &NewOwner) -> Result<()> {
    clean_name(&input.name)?;
    if !is_email(input.email.trim()) {
        return Err(Error::field("email", "Type an e-mail address."));
    }
    clean_name(&input.organization).map_err(|_| Error::field("organization", "Use 1 to 120 characters."))?;
    Ok(())
}

async fn hash_of(input: &NewOwner) -> Result<String> {
    hash_chosen(&input.password, &[&input.email, &input.name, &input.organization]).await
}

async fn one_at_a_time(conn: &mut PgConnection) -> Result<()> {
    // Any number will do that nothing else locks by.
    sqlx::query!("select pg_advisory_xact_lock(7411)").execute(conn).await?;
    Ok(())
}

async fn insert(conn: &mut PgConnection, moment: &Moment, input: &NewOwner, hash: &str) -> Result<Owner> {
    let name = input.organization.trim();
    let known = sqlx::query_scalar!(
        r#"select id as "id: OrganizationId" from organizations where name = $1 order by created_at limit 1"#,
        name
    )
    .fetch_optional(&mut *conn)
    .await?;
    let organization = match known {
        Some(id) => id,
        None => {
            let id: OrganizationId = moment.id();
            sqlx::query!(
                "insert into organizations (id, name, created_at) values ($1, $2, $3)",
                id as OrganizationId,
                name,
                moment.at
            )
            .execute(&mut *conn)
            .await?;
            id
        }
    };
    let account: AccountId = moment.id();
    sqlx::query!(
        "insert into accounts (id, email, email_key, name, password_hash, created_at) values ($1, $2, $3, $4, $5, $6)",
        account as AccountId,
        input.email.trim(),
        email_key(&input.email),
        input.name.trim(),
        hash,
        moment.at
    )
    .execute(&mut *conn)
    .await
    .map_err(|error| match Error::from(error) {
        error if error.violates("accounts_email_key_key") => {
            Error::field("email", "There is an account with this e-mail already.")
        }
        error => error,
    })?;
    sqlx::query!(
        "insert into memberships (organization_id, account_id, role, created_at) values ($1, $2, $3, $4)",
        organization as OrganizationId,
        account as AccountId,
        Role::Owner as Role,
        moment.at
    )
    .execute(conn)
    .await?;
    Ok(Owner { account, organization })
}
