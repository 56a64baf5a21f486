//! One-time links: sent by mail, printed or handed out. Only their hashes are kept.

use crate::secrets::token_hash;
use crate::{Moment, Result};
use chrono::Duration;
use domain::ids::AccountId;
use sqlx::PgConnection;

/// What a link is for: one made for one purpose serves no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Setup,
    PasswordReset,
    Invitation,
    SignIn,
    SignUp,
    EmailOld,
    EmailNew,
    PayoutMethod,
}

impl Purpose {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::PasswordReset => "password_reset",
            Self::Invitation => "invitation",
            Self::SignIn => "sign_in",
            Self::SignUp => "sign_up",
            Self::EmailOld => "email_old",
            Self::EmailNew => "email_new",
            Self::PayoutMethod => "payout_method",
        }
    }

    pub(crate) fn lasts(self) -> Duration {
        match self {
            Self::Setup | Self::Invitation => Duration::days(7),
            Self::SignUp => Duration::days(2),
            Self::EmailOld | Self::EmailNew | Self::PayoutMethod => Duration::days(1),
            Self::PasswordReset => Duration::hours(1),
            Self::SignIn => Duration::minutes(10),
        }
    }
}

/// What a link stands for.
pub(crate) struct Link {
    pub account: Option<AccountId>,
    pub target: String,
}

pub(crate) async fn make(
    conn: &mut PgConnection,
    moment: &Moment,
    purpose: Purpose,
    account: Option<AccountId>,
    target: &str,
) -> Result<String> {
    let token = moment.token();
    sqlx::query!(
        "insert into one_time_tokens (token_hash, purpose, account_id, target, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6)",
        &token_hash(&token),
        purpose.as_str(),
        account as Option<AccountId>,
        target,
        moment.at,
        moment.at + purpose.lasts()
    )
    .execute(conn)
    .await?;
    Ok(token)
}

/// What a link stands for, without using it up.
pub(crate) async fn peek(
    conn: &mut PgConnection,
    moment: &Moment,
    purpose: Purpose,
    token: &str,
) -> Result<Option<Link>> {
    Ok(sqlx::query_as!(
        Link,
        r#"select account_id as "account: AccountId", target from one_time_tokens
         where token_hash = $1 and purpose = $2 and used_at is null and expires_at > $3"#,
        &token_hash(token),
        purpose.as_str(),
        moment.at
    )
    .fetch_optional(conn)
    .await?)
}

/// Uses a link up. Of any number of tries at once one gets it: the others wait for its row, and find it used.
pub(crate) async fn redeem(
    conn: &mut PgConnection,
    moment: &Moment,
    purpose: Purpose,
    token: &str,
) -> Result<Option<Link>> {
    Ok(sqlx::query_as!(
        Link,
        r#"update one_time_tokens set used_at = $3
         where token_hash = $1 and purpose = $2 and used_at is null and expires_at > $3
         returning account_id as "account: AccountId", target"#,
        &token_hash(token),
        purpose.as_str(),
        moment.at
    )
    .fetch_optional(conn)
    .await?)
}

/// Ends an account's other links of a purpose.
pub(crate) async fn end_all(conn: &mut PgConnection, purpose: Purpose, account: AccountId) -> Result<()> {
    sqlx::query!(
        "delete from one_time_tokens where account_id = $1 and purpose = $2 and used_at is null",
        account as AccountId,
        purpose.as_str()
    )
    .execute(conn)
    .await?;
    Ok(())
}
