//! Signing up: what somebody sends is kept until the link in the mail is opened; only then there is a partner.

use super::apply;
use crate::accounts::tokens::{self, Purpose};
use crate::accounts::{check_password, hash_chosen, set_password};
use crate::messages::{self, Mail};
use crate::{Error, Moment, Result, portal};
use chrono::{DateTime, Utc};
use domain::accounts::Session;
use domain::ids::{AccountId, ProgramId, SignUpId};
use domain::links::site_address;
use domain::partners::{EnrollmentStatus, Kinds, NewPartner, PartnerName};
use domain::portal::{Answer, SignUp, SignUpRule};
use domain::text::email_key;
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};

/// What somebody answered besides their name and addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answered {
    /// To the program's questions.
    pub answers: Vec<Answer>,
    /// The version of the terms that was accepted, and when.
    pub terms: Option<(i32, DateTime<Utc>)>,
}

const CLOSED: &str = "This program takes no sign-ups at the moment.";

/// Takes a sign-up, and mails a link that confirms the e-mail. The answer is the same whether or not somebody has that
/// e-mail: who has learns by the mail; and so it is where that address has had its mails of this hour.
///
/// # Errors
/// `NotFound` without such a program; `Conflict` where it takes no sign-ups; `Invalid` by field.
pub async fn begin(conn: &mut PgConnection, moment: &Moment, program: ProgramId, input: &SignUp) -> Result<()> {
    let answered = checked(conn, moment, program, input).await?;
    if !may_mail(conn, moment, &input.email).await? {
        return Ok(());
    }
    let website = site_address(&input.website).unwrap_or_default();
    let id: SignUpId = moment.id();
    sqlx::query!(
        "insert into sign_ups (program_id, id, email, name, website, answers, terms_version, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        program as ProgramId,
        id as SignUpId,
        input.email.trim(),
        input.name.trim(),
        website,
        Json(&answered.answers) as _,
        answered.terms.map(|(version, _)| version),
        moment.at,
        moment.at + Purpose::SignUp.lasts()
    )
    .execute(&mut *conn)
    .await?;
    messages::enqueue(conn, &Mail::SignUpConfirm { program, sign_up: id }).await
}

/// How many mails of sign-ups an address gets within an hour, however many ask: it may be a stranger's. So often an account
/// may ask for another e-mail, too.
pub(crate) const MAILS_AN_HOUR: usize = 3;

/// Whether an address may get one more. Of two who ask at once the second counts the first.
async fn may_mail(conn: &mut PgConnection, moment: &Moment, email: &str) -> Result<bool> {
    let key = email_key(email);
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('sign up ' || $1, 0))", key)
        .execute(&mut *conn)
        .await?;
    let sent = sqlx::query_scalar!(
        r#"select count(*) as "sent!" from sign_ups where lower(email) = $1 and created_at > $2"#,
        key,
        moment.at - chrono::Duration::hours(1)
    )
    .fetch_one(conn)
    .await?;
    Ok(usize::try_from(sent).is_ok_and(|sent| sent < MAILS_AN_HOUR))
}

async fn checked(conn: &mut PgConnection, moment: &Moment, program: ProgramId, input: &SignUp) -> Result<Answered> {
    let portal = portal::get(conn, program).await?;
    if portal.sign_up == SignUpRule::Closed {
        return Err(Error::Conflict(CLOSED.into()));
    }
    let terms = portal::terms(conn, program).await?.map(|(version, _)| version);
    let errors = input.check(&portal.questions, terms);
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    Ok(Answered { answers: input.answered(&portal.questions), terms: terms.map(|version| (version, moment.at)) })
}

/// Takes the sign-up of somebody who is signed in: with the account's own e-mail, which is confirmed already. Where it
/// isn't, a mail asks for that; `None` then.
///
/// # Errors
/// As [`begin`]; `Forbidden` for a session that a link began; `Conflict` where the account is a partner there.
pub async fn with_account(
    conn: &mut PgConnection,
    moment: &Moment,
    session: &Session,
    program: ProgramId,
    input: &SignUp,
) -> Result<Option<PartnerName>> {
    if session.only_program.is_some() {
        return Err(Error::Forbidden);
    }
    let input = SignUp { email: session.email.clone(), ..input.clone() };
    let verified = sqlx::query_scalar!(
        r#"select email_verified_at is not null as "verified!" from accounts where id = $1"#,
        session.account as AccountId
    )
    .fetch_one(&mut *conn)
    .await?;
    if !verified {
        begin(conn, moment, program, &input).await?;
        return Ok(None);
    }
    let answered = checked(conn, moment, program, &input).await?;
    let slug = sqlx::query_scalar!("select slug from programs where id = $1", program as ProgramId)
        .fetch_one(&mut *conn)
        .await?;
    let new = newcomer(&input.name, &input.email, &input.website);
    apply(conn, moment, &slug, &new, &answered).await.map(Some).map_err(already)
}

fn newcomer(name: &str, email: &str, website: &str) -> NewPartner {
    NewPartner {
        name: name.trim().to_owned(),
        company: String::new(),
        email: email.trim().to_owned(),
        website: website.trim().to_owned(),
        code: None,
        kinds: Kinds { affiliate: true, ..Kinds::default() },
        status: EnrollmentStatus::Pending,
    }
}

/// Only the mailbox's owner comes so far, who may know.
fn already(error: Error) -> Error {
    match error {
        Error::Invalid(fields) if fields.iter().any(|field| field.field == "email") => {
            Error::Conflict("You are a partner of this program already: sign in.".into())
        }
        error => error,
    }
}

/// A sign-up whose e-mail is still to be confirmed, as its link shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unconfirmed {
    /// The program.
    pub program: ProgramId,
    /// The e-mail.
    pub email: String,
    /// Whether there is an account with this e-mail already, whose password is asked for; else one is chosen.
    pub has_password: bool,
}

struct Found {
    program: ProgramId,
    slug: String,
    id: SignUpId,
    email: String,
    name: String,
    website: String,
    answers: Json<Vec<Answer>>,
    terms_version: Option<i32>,
    created_at: DateTime<Utc>,
    account: Option<AccountId>,
    has_password: Option<bool>,
}

async fn find(conn: &mut PgConnection, moment: &Moment, token: &str) -> Result<Option<Found>> {
    let Some(link) = tokens::peek(conn, moment, Purpose::SignUp, token).await? else { return Ok(None) };
    let ids = link.target.split_once('/').and_then(|(program, id)| Some((program.parse().ok()?, id.parse().ok()?)));
    let Some((program, id)): Option<(ProgramId, SignUpId)> = ids else { return Ok(None) };
    Ok(sqlx::query_as!(
        Found,
        r#"select s.program_id as "program: ProgramId", p.slug, s.id as "id: SignUpId", s.email, s.name, s.website,
                  s.answers as "answers: Json<Vec<Answer>>", s.terms_version, s.created_at,
                  a.id as "account?: AccountId", a.password_hash is not null as has_password
           from sign_ups s
           join programs p on p.id = s.program_id
           left join accounts a on a.email_key = lower(trim(s.email))
           where s.program_id = $1 and s.id = $2"#,
        program as ProgramId,
        id as SignUpId
    )
    .fetch_optional(conn)
    .await?)
}

/// What the link from the mail confirms; `None` where it is over.
///
/// # Errors
/// `Database` where Postgres fails.
pub async fn unconfirmed(conn: &mut PgConnection, moment: &Moment, token: &str) -> Result<Option<Unconfirmed>> {
    let found = find(conn, moment, token).await?;
    Ok(found.map(|found| Unconfirmed {
        program: found.program,
        has_password: found.account.is_some() && found.has_password == Some(true),
        email: found.email,
    }))
}

/// Who has confirmed the e-mail, to sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmed {
    /// The e-mail.
    pub email: String,
    /// The program's name in addresses.
    pub program: String,
}

/// Confirms the e-mail, and makes the partner. The password comes only now, from who holds the mailbox: one chosen
/// before would be somebody else's in another's name. Where there is an account it is that account's.
///
/// # Errors
/// `NotFound` where the link is over; `Invalid` on `password` (the link holds on); `Conflict` where the program takes no
/// sign-ups any more, or the person is a partner already.
pub async fn confirm(pool: &PgPool, moment: &Moment, token: &str, password: &str) -> Result<Confirmed> {
    let mut conn = pool.acquire().await?;
    let found = find(&mut conn, moment, token).await?.ok_or(Error::NotFound("link"))?;
    drop(conn);
    let hash = match found.account.filter(|_| found.has_password == Some(true)) {
        Some(account) => {
            check_password(pool, account, password, "password").await?;
            None
        }
        None => Some(hash_chosen(password, &[&found.email, &found.name, &found.slug]).await?),
    };
    let mut tx = pool.begin().await?;
    tokens::redeem(&mut tx, moment, Purpose::SignUp, token).await?.ok_or(Error::NotFound("link"))?;
    let new = newcomer(&found.name, &found.email, &found.website);
    // The terms were accepted when the form was sent, not when its mail was opened.
    let terms = found.terms_version.map(|version| (version, found.created_at));
    let answered = Answered { answers: found.answers.0, terms };
    apply(&mut tx, moment, &found.slug, &new, &answered).await.map_err(already)?;
    let account = sqlx::query!(
        r#"update accounts set email_verified_at = coalesce(email_verified_at, $2) where email_key = $1
           returning id as "id: AccountId", password_hash is not null as "has_password!""#,
        email_key(&found.email),
        moment.at
    )
    .fetch_one(&mut *tx)
    .await?;
    match hash {
        // Somebody has chosen one in this very moment: it is not replaced.
        Some(_) if account.has_password => return Err(Error::NotFound("link")),
        Some(hash) => set_password(&mut tx, account.id, &hash).await?,
        None => {}
    }
    sqlx::query!(
        "delete from sign_ups where program_id = $1 and id = $2",
        found.program as ProgramId,
        found.id as SignUpId
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(Confirmed { email: found.email, program: found.slug })
}
