use super::password::verify_password;
use super::totp;
use crate::secrets::{Secrets, token_hash};
use crate::{Error, Moment, Result};
use chrono::{DateTime, Duration, Utc};
use domain::accounts::{AccountInput, AccountSettings, LANGUAGES, Session};
use domain::ids::{AccountId, ProgramId};
use domain::text::{FieldError, code_key, email_key};
use sqlx::{PgConnection, PgPool};

/// How long a session lasts where "keep me signed in" is chosen, and where it is not.
const KEPT: Duration = Duration::days(30);
const NOT_KEPT: Duration = Duration::hours(12);

/// How long somebody may look for the second factor.
const SECOND_FACTOR_WITHIN: Duration = Duration::minutes(10);

/// What somebody typed to sign in.
#[derive(Clone)]
pub struct SignIn {
    /// An e-mail; or on a program's page also a partner code.
    pub who: String,
    /// The program's name in addresses, on its page.
    pub program: Option<String>,
    /// The password.
    pub password: String,
    /// The browser's name for itself.
    pub user_agent: String,
    /// Whether to stay signed in for 30 days instead of 12 hours.
    pub keep: bool,
}

/// A session just begun.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// What the cookie bears; only its hash is kept.
    pub token: String,
    /// Whether a code of the second factor must follow before the token opens anything.
    pub needs_second_factor: bool,
    /// Until when it lasts, UTC.
    pub expires_at: DateTime<Utc>,
    /// Whether the cookie should outlive the browser.
    pub keep: bool,
}

/// What a new session is to be.
pub(super) struct NewSession<'a> {
    pub account: AccountId,
    pub complete: bool,
    pub confirmed_at: DateTime<Utc>,
    pub keep: bool,
    pub only_program: Option<ProgramId>,
    pub user_agent: &'a str,
}

pub(super) async fn begin(conn: &mut PgConnection, moment: &Moment, new: NewSession<'_>) -> Result<SignedIn> {
    let token = moment.token();
    let lasts = match (new.complete, new.keep) {
        (false, _) => SECOND_FACTOR_WITHIN,
        (true, true) => KEPT,
        (true, false) => NOT_KEPT,
    };
    let expires_at = moment.at + lasts;
    let user_agent: String = new.user_agent.chars().filter(|c| !c.is_control()).take(300).collect();
    sqlx::query!(
        "insert into sessions (token_hash, account_id, created_at, expires_at, complete, confirmed_at, keep, only_program,
                               user_agent)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &token_hash(&token),
        new.account as AccountId,
        moment.at,
        expires_at,
        new.complete,
        new.confirmed_at,
        new.keep,
        new.only_program as Option<ProgramId>,
        user_agent
    )
    .execute(conn)
    .await?;
    Ok(SignedIn { token, needs_second_factor: !new.complete, expires_at, keep: new.keep })
}

/// Signs in by e-mail anywhere, or by partner code on the program's page. An unknown name and a wrong password take the
/// same time and get the same words.
///
/// # Errors
/// `Invalid` where name and password don't match.
pub async fn sign_in(pool: &PgPool, moment: &Moment, input: &SignIn) -> Result<SignedIn> {
    let mut conn = pool.acquire().await?;
    let account = find(&mut conn, &input.who, input.program.as_deref()).await?;
    // No connection is held while the password is hashed.
    drop(conn);
    let hash = account.as_ref().and_then(|account| account.password_hash.clone());
    let matches = verify_password(&input.password, hash).await?;
    let Some(account) = account.filter(|_| matches) else {
        return Err(Error::field("password", "That name and password don't match. Check both and try again."));
    };
    let mut conn = pool.acquire().await?;
    let new = NewSession {
        account: account.id,
        complete: !account.second_factor,
        confirmed_at: moment.at,
        keep: input.keep,
        only_program: None,
        user_agent: &input.user_agent,
    };
    begin(&mut conn, moment, new).await
}

struct Found {
    id: AccountId,
    password_hash: Option<String>,
    second_factor: bool,
}

/// Whose account it is that signs in by this: an e-mail, or on a program's page a partner code too.
pub(crate) async fn account_of(conn: &mut PgConnection, who: &str, program: Option<&str>) -> Result<Option<AccountId>> {
    Ok(find(conn, who, program).await?.map(|found| found.id))
}

async fn find(conn: &mut PgConnection, who: &str, program: Option<&str>) -> Result<Option<Found>> {
    let found = sqlx::query_as!(
        Found,
        r#"select a.id as "id: AccountId", a.password_hash, a.totp_confirmed_at is not null as "second_factor!"
         from accounts a where a.email_key = $1"#,
        email_key(who)
    )
    .fetch_optional(&mut *conn)
    .await?;
    let (None, Some(program)) = (&found, program) else { return Ok(found) };
    Ok(sqlx::query_as!(
        Found,
        r#"select a.id as "id: AccountId", a.password_hash, a.totp_confirmed_at is not null as "second_factor!"
         from programs p
         join enrollment_codes c on c.program_id = p.id and c.code_key = $2
         join enrollment_accounts e on e.program_id = p.id and e.enrollment_id = c.enrollment_id
         join accounts a on a.id = e.account_id
         where p.slug = $1
         order by e.created_at, a.id limit 1"#,
        program,
        code_key(who)
    )
    .fetch_optional(conn)
    .await?)
}

/// Who a session's token belongs to. Only sessions that are complete: until the second factor is given there is none.
/// One query by primary key; nothing is written.
///
/// # Errors
/// `Database` where Postgres fails.
pub async fn session(conn: &mut PgConnection, moment: &Moment, token: &str) -> Result<Option<Session>> {
    Ok(sqlx::query_as!(
        Session,
        r#"select a.id as "account: AccountId", a.name, a.email, a.language,
                  a.totp_confirmed_at is not null as "second_factor!", s.confirmed_at, s.expires_at,
                  s.only_program as "only_program: ProgramId"
         from sessions s join accounts a on a.id = s.account_id
         where s.token_hash = $1 and s.complete and s.expires_at > $2"#,
        &token_hash(token),
        moment.at
    )
    .fetch_optional(conn)
    .await?)
}

/// Whether a token is waiting for the second factor.
///
/// # Errors
/// `Database` where Postgres fails.
pub async fn second_factor_due(conn: &mut PgConnection, moment: &Moment, token: &str) -> Result<bool> {
    let due = sqlx::query_scalar!(
        r#"select exists(select from sessions where token_hash = $1 and not complete and expires_at > $2) as "due!""#,
        &token_hash(token),
        moment.at
    );
    Ok(due.fetch_one(conn).await?)
}

/// Completes signing in by a code of the second factor or a recovery code. The answer has a token of its own; the one
/// before ends.
///
/// # Errors
/// `NotFound` where the token waits for nothing, `Invalid` where the code is wrong or used, `TooMany` after five.
pub async fn second_factor(
    pool: &PgPool,
    moment: &Moment,
    secrets: &Secrets,
    token: &str,
    code: &str,
) -> Result<SignedIn> {
    let mut tx = pool.begin().await?;
    let waiting = sqlx::query!(
        r#"select account_id as "account: AccountId", keep, only_program as "only_program: ProgramId", user_agent,
                  confirmed_at
         from sessions where token_hash = $1 and not complete and expires_at > $2 for update"#,
        &token_hash(token),
        moment.at
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Error::NotFound("sign-in"))?;
    if let Err(refusal) = totp::check_code(&mut tx, moment, secrets, waiting.account, code).await? {
        // The try is counted.
        tx.commit().await?;
        return Err(refusal);
    }
    end(&mut tx, token).await?;
    let new = NewSession {
        account: waiting.account,
        complete: true,
        confirmed_at: moment.at,
        keep: waiting.keep,
        only_program: waiting.only_program,
        user_agent: &waiting.user_agent,
    };
    let signed_in = begin(&mut tx, moment, new).await?;
    tx.commit().await?;
    Ok(signed_in)
}

/// Takes the second factor again (a recovery code will do), or where there is none the password, so that acts that ask
/// again are allowed for 15 minutes.
///
/// # Errors
/// `NotFound` where the session is over, `Invalid` where the answer is wrong, `TooMany` after five wrong codes.
pub async fn confirm_again(pool: &PgPool, moment: &Moment, secrets: &Secrets, token: &str, answer: &str) -> Result<()> {
    let mut conn = pool.acquire().await?;
    let session = session(&mut conn, moment, token).await?.ok_or(Error::NotFound("session"))?;
    drop(conn);
    if session.second_factor {
        let mut tx = pool.begin().await?;
        let checked = totp::check_code(&mut tx, moment, secrets, session.account, answer).await?;
        tx.commit().await?;
        checked?;
    } else {
        check_password(pool, session.account, answer, "answer").await?;
    }
    sqlx::query!("update sessions set confirmed_at = $2 where token_hash = $1", &token_hash(token), moment.at)
        .execute(pool)
        .await?;
    Ok(())
}

/// Refuses unless the account's password is this one.
pub(crate) async fn check_password(pool: &PgPool, account: AccountId, password: &str, field: &str) -> Result<()> {
    let hash = sqlx::query_scalar!("select password_hash from accounts where id = $1", account as AccountId)
        .fetch_optional(pool)
        .await?
        .flatten();
    if verify_password(password, hash).await? { Ok(()) } else { Err(Error::field(field, "That is not your password.")) }
}

/// Refuses unless the password or second factor was given within the last 15 minutes.
///
/// # Errors
/// `ConfirmFirst`.
pub fn require_confirmed(session: &Session, moment: &Moment) -> Result<()> {
    if session.confirmed(moment.at) { Ok(()) } else { Err(Error::ConfirmFirst) }
}

pub(super) async fn end(conn: &mut PgConnection, token: &str) -> Result<()> {
    sqlx::query!("delete from sessions where token_hash = $1", &token_hash(token)).execute(conn).await?;
    Ok(())
}

/// Ends a session. One that is over already is no error.
///
/// # Errors
/// `Database` where Postgres fails.
pub async fn sign_out(conn: &mut PgConnection, token: &str) -> Result<()> {
    end(conn, token).await
}

/// Ends every session of the account, this one included.
///
/// # Errors
/// `Forbidden` for a session that a link began.
pub async fn sign_out_everywhere(conn: &mut PgConnection, session: &Session) -> Result<()> {
    own(session)?;
    end_all(conn, session.account).await
}

pub(super) async fn end_all(conn: &mut PgConnection, account: AccountId) -> Result<()> {
    sqlx::query!("delete from sessions where account_id = $1", account as AccountId).execute(conn).await?;
    Ok(())
}

/// What the person sees of the own account.
///
/// # Errors
/// `NotFound` where the account is gone.
pub async fn settings(conn: &mut PgConnection, session: &Session) -> Result<AccountSettings> {
    sqlx::query_as!(
        AccountSettings,
        r#"select email, name, language, totp_confirmed_at as second_factor_since,
                  (select count(*) from recovery_codes r where r.account_id = a.id and r.used_at is null)
                      as "recovery_codes_left!"
         from accounts a where id = $1"#,
        session.account as AccountId
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound("account"))
}

/// Changes the account's name and language.
///
/// # Errors
/// `Invalid` where the name is empty or the language unknown, `Forbidden` for a session that a link began.
pub async fn update(conn: &mut PgConnection, session: &Session, input: &AccountInput) -> Result<()> {
    own(session)?;
    let name = clean_name(&input.name)?;
    if !LANGUAGES.iter().any(|(code, _)| *code == input.language) {
        return Err(Error::field("language", "Choose one of the languages."));
    }
    sqlx::query!(
        "update accounts set name = $2, language = $3 where id = $1",
        session.account as AccountId,
        name,
        input.language
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Refuses what a session may not do to the account itself that a company's link began.
pub(super) fn own(session: &Session) -> Result<()> {
    if session.only_program.is_some() { Err(Error::Forbidden) } else { Ok(()) }
}

/// A person's name as it is kept.
pub(super) fn clean_name(name: &str) -> Result<String> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 120 || name.chars().any(char::is_control) {
        return Err(Error::Invalid(vec![FieldError::new("name", "Use 1 to 120 characters.")]));
    }
    Ok(name.to_owned())
}
