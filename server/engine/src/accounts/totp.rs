use super::sessions::{own, require_confirmed};
use crate::messages::{self, Mail};
use crate::qr::qr_path;
use crate::secrets::{Secrets, Use};
use crate::{Error, Moment, Result};
use chrono::{DateTime, Duration, Utc};
use domain::accounts::{Session, TotpStart};
use domain::ids::AccountId;
use sqlx::{PgConnection, PgPool};
use totp_rs::{Builder, Secret, Totp};

/// After so many wrong codes in a row no more are taken for a while: a code has only six digits.
const WRONG_CODES: i32 = 5;
const WAIT: Duration = Duration::minutes(15);

/// How many recovery codes there are.
const RECOVERY_CODES: usize = 10;

fn totp(secret: &[u8], email: &str) -> Result<Totp> {
    Builder::new()
        .with_secret(Secret::from(secret.to_vec()))
        .with_issuer(Some("Tributary"))
        // A colon would end the name.
        .with_account_name(email.replace(':', "."))
        .build()
        .map_err(Error::internal)
}

/// Makes a secret for the second factor. It counts only once [`confirm_totp`] has seen a code of it.
///
/// # Errors
/// `ConfirmFirst`; `Forbidden` for a session that a link began; `Conflict` where the second factor is on.
pub async fn begin_totp(
    conn: &mut PgConnection,
    moment: &Moment,
    secrets: &Secrets,
    session: &Session,
) -> Result<TotpStart> {
    own(session)?;
    require_confirmed(session, moment)?;
    let secret = moment.bytes::<20>();
    let sealed = secrets.encrypt(Use::SecondFactor, &secret)?;
    let begun = sqlx::query!(
        "update accounts set totp_secret = $2, totp_last_step = null where id = $1 and totp_confirmed_at is null",
        session.account as AccountId,
        sealed
    )
    .execute(conn)
    .await?;
    if begun.rows_affected() == 0 {
        return Err(already_on());
    }
    let totp = totp(&secret, &session.email)?;
    let uri = totp.to_url().map_err(Error::internal)?;
    Ok(TotpStart { secret: Secret::from(secret.to_vec()).to_base32(), qr: qr_path(&uri)?, uri })
}

fn already_on() -> Error {
    Error::Conflict("The second factor is on already.".into())
}

/// Turns the second factor on by its first code. Answers the recovery codes: the only time that they are seen.
///
/// # Errors
/// `Invalid` where the code is wrong; `Conflict` where it is on already, or was not begun.
pub async fn confirm_totp(
    pool: &PgPool,
    moment: &Moment,
    secrets: &Secrets,
    session: &Session,
    code: &str,
) -> Result<Vec<String>> {
    own(session)?;
    require_confirmed(session, moment)?;
    let mut tx = pool.begin().await?;
    let account = lock(&mut tx, session.account).await?;
    if account.confirmed {
        return Err(already_on());
    }
    let Some(sealed) = account.secret else {
        return Err(Error::Conflict("Begin again: show the QR code first.".into()));
    };
    let secret = secrets.decrypt(Use::SecondFactor, &sealed)?;
    let step = step_of(&secret, moment.at, code)?.ok_or_else(wrong_code)?;
    sqlx::query!(
        "update accounts set totp_confirmed_at = $2, totp_last_step = $3, wrong_codes = 0 where id = $1",
        session.account as AccountId,
        moment.at,
        step
    )
    .execute(&mut *tx)
    .await?;
    let codes = make_recovery_codes(&mut tx, moment, secrets, session.account).await?;
    tx.commit().await?;
    Ok(codes)
}

/// Makes new recovery codes; the ones before end.
///
/// # Errors
/// `ConfirmFirst`; `Forbidden` for a session that a link began; `Conflict` where the second factor is off.
pub async fn new_recovery_codes(
    pool: &PgPool,
    moment: &Moment,
    secrets: &Secrets,
    session: &Session,
) -> Result<Vec<String>> {
    own(session)?;
    require_confirmed(session, moment)?;
    let mut tx = pool.begin().await?;
    if !lock(&mut tx, session.account).await?.confirmed {
        return Err(Error::Conflict("The second factor is off.".into()));
    }
    let codes = make_recovery_codes(&mut tx, moment, secrets, session.account).await?;
    tx.commit().await?;
    Ok(codes)
}

/// Turns the second factor off, and tells the person by mail.
///
/// # Errors
/// `ConfirmFirst`; `Forbidden` for a session that a link began.
pub async fn disable_totp(pool: &PgPool, moment: &Moment, session: &Session) -> Result<()> {
    own(session)?;
    require_confirmed(session, moment)?;
    let mut tx = pool.begin().await?;
    let was_on = lock(&mut tx, session.account).await?.confirmed;
    sqlx::query!(
        "update accounts set totp_secret = null, totp_confirmed_at = null, totp_last_step = null where id = $1",
        session.account as AccountId
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!("delete from recovery_codes where account_id = $1", session.account as AccountId)
        .execute(&mut *tx)
        .await?;
    if was_on {
        messages::enqueue(&mut tx, &Mail::SecondFactorOff { account: session.account, at: moment.at }).await?;
    }
    tx.commit().await?;
    Ok(())
}

struct Factor {
    secret: Option<Vec<u8>>,
    confirmed: bool,
    last_step: Option<i64>,
    wrong_codes: i32,
    wrong_code_at: Option<DateTime<Utc>>,
}

async fn lock(conn: &mut PgConnection, account: AccountId) -> Result<Factor> {
    sqlx::query_as!(
        Factor,
        r#"select totp_secret as secret, totp_confirmed_at is not null as "confirmed!", totp_last_step as last_step,
                  wrong_codes, wrong_code_at
         from accounts where id = $1 for no key update"#,
        account as AccountId
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound("account"))
}

fn wrong_code() -> Error {
    Error::field("code", "That code is not right, or was used before. Wait for the next one.")
}

/// Checks a code of the second factor or a recovery code, each of which works once. The account's row stays locked, so
/// that tries at the same moment are counted one by one. The inner error is for the person; the transaction is to be
/// committed either way, so that wrong codes count.
pub(super) async fn check_code(
    conn: &mut PgConnection,
    moment: &Moment,
    secrets: &Secrets,
    account: AccountId,
    code: &str,
) -> Result<Result<()>> {
    let factor = lock(conn, account).await?;
    let tired = factor.wrong_codes >= WRONG_CODES;
    if let Some(until) = factor.wrong_code_at.map(|at| at + WAIT).filter(|until| tired && *until > moment.at) {
        return Ok(Err(Error::TooMany((until - moment.at).num_seconds().unsigned_abs() + 1)));
    }
    let (Some(sealed), true) = (factor.secret, factor.confirmed) else { return Ok(Err(wrong_code())) };
    let secret = secrets.decrypt(Use::SecondFactor, &sealed)?;
    let fresh = step_of(&secret, moment.at, code)?.filter(|step| factor.last_step.is_none_or(|last| *step > last));
    if fresh.is_some() || use_recovery_code(conn, moment, secrets, account, code).await? {
        sqlx::query!(
            "update accounts set totp_last_step = coalesce($2, totp_last_step), wrong_codes = 0 where id = $1",
            account as AccountId,
            fresh
        )
        .execute(conn)
        .await?;
        return Ok(Ok(()));
    }
    sqlx::query!(
        "update accounts set wrong_codes = case when $3 then 1 else wrong_codes + 1 end, wrong_code_at = $2 where id = $1",
        account as AccountId,
        moment.at,
        tired
    )
    .execute(conn)
    .await?;
    Ok(Err(wrong_code()))
}

/// Which time step a code is of: this one, the one before or the next, for clocks that differ.
fn step_of(secret: &[u8], at: DateTime<Utc>, code: &str) -> Result<Option<i64>> {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    if code.len() != 6 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(None);
    }
    let seconds = u64::try_from(at.timestamp()).map_err(Error::internal)?;
    let step = totp(secret, "account")?.check(&code, seconds);
    step.map(i64::try_from).transpose().map_err(Error::internal)
}

async fn use_recovery_code(
    conn: &mut PgConnection,
    moment: &Moment,
    secrets: &Secrets,
    account: AccountId,
    code: &str,
) -> Result<bool> {
    let used = sqlx::query!(
        "update recovery_codes set used_at = $3 where account_id = $1 and code_hash = $2 and used_at is null",
        account as AccountId,
        &recovery_hash(secrets, account, code),
        moment.at
    )
    .execute(conn)
    .await?;
    Ok(used.rows_affected() == 1)
}

fn recovery_hash(secrets: &Secrets, account: AccountId, code: &str) -> [u8; 32] {
    let typed: String = code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    secrets.keyed_hash(Use::RecoveryCode, format!("{account}:{typed}").as_bytes())
}

async fn make_recovery_codes(
    conn: &mut PgConnection,
    moment: &Moment,
    secrets: &Secrets,
    account: AccountId,
) -> Result<Vec<String>> {
    let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| recovery_code(moment)).collect();
    let hashes: Vec<Vec<u8>> = codes.iter().map(|code| recovery_hash(secrets, account, code).to_vec()).collect();
    sqlx::query!("delete from recovery_codes where account_id = $1", account as AccountId).execute(&mut *conn).await?;
    sqlx::query!(
        "insert into recovery_codes (account_id, code_hash) select $1, unnest($2::bytea[])",
        account as AccountId,
        &hashes
    )
    .execute(conn)
    .await?;
    Ok(codes)
}

/// Ten characters out of 32 that can't be taken for one another, in two groups: 50 bits.
fn recovery_code(moment: &Moment) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";
    let letters = moment.bytes::<10>().map(|byte| char::from(LETTERS[usize::from(byte % 32)]));
    let (head, tail) = letters.split_at(5);
    format!("{}-{}", head.iter().collect::<String>(), tail.iter().collect::<String>())
}
