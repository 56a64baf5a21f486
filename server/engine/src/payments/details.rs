//! How a partner is paid: chosen by itself, confirmed by a link in a mail before it counts, encrypted at rest, and shown in
//! full only to those of the team who may, each time with a line in the audit log.

use super::methods;
use crate::accounts::tokens::{self, Purpose};
use crate::commissions::suspicion;
use crate::messages::{self, Mail};
use crate::programs::{self, audit};
use crate::secrets::{Secrets, Use};
use crate::{Error, Moment, Result, partners};
use chrono::{DateTime, Utc};
use domain::accounts::{Actor, Power};
use domain::ids::{AccountId, EnrollmentId, PayoutChangeId, ProgramId};
use domain::payments::{PayoutChoice, PayoutDetails, PayoutInput, PayoutKind, PendingPayout, method_words};
use serde_json::json;
use sqlx::{PgConnection, PgPool};

/// How the partner that asks is paid, and what it may choose.
///
/// # Errors
/// `Forbidden` for anybody but a partner.
pub async fn choice(conn: &mut PgConnection, moment: &Moment, actor: &Actor) -> Result<PayoutChoice> {
    let Actor::Partner { program, enrollment, .. } = *actor else { return Err(Error::Forbidden) };
    let row = sqlx::query!(
        "select coalesce(payout_method, '') as \"method!\", payout_masked, country from enrollments
         where program_id = $1 and id = $2",
        program as ProgramId,
        enrollment as EnrollmentId
    )
    .fetch_one(&mut *conn)
    .await?;
    let offered = methods::list(conn, program).await?;
    let offered = offered.into_iter().filter(|method| method.is_offered_in(&row.country)).map(|method| method.kind);
    let pending = waiting(conn, moment, program, enrollment).await?;
    Ok(PayoutChoice {
        kind: row.method.to_lowercase().parse().ok(),
        method: method_words(&row.method),
        masked: row.payout_masked,
        pending: pending.map(|waiting| waiting.shown()),
        offered: offered.collect(),
    })
}

/// How a partner is paid, in words, as far as they may be shown; `none` where nothing has been chosen.
pub(crate) async fn method(conn: &mut PgConnection, program: ProgramId, enrollment: EnrollmentId) -> Result<String> {
    let row = sqlx::query!(
        "select coalesce(payout_method, '') as \"method!\", payout_masked from enrollments
         where program_id = $1 and id = $2",
        program as ProgramId,
        enrollment as EnrollmentId
    )
    .fetch_one(conn)
    .await?;
    let method = if row.method.is_empty() { "none".to_owned() } else { method_words(&row.method) };
    Ok(if row.payout_masked.is_empty() { method } else { format!("{method} ({})", row.payout_masked) })
}

/// A choice that waits for the link in the mail.
pub(crate) struct Waiting {
    pub id: PayoutChangeId,
    pub account: AccountId,
    email: String,
    kind: PayoutKind,
    masked: String,
    expires_at: DateTime<Utc>,
}

impl Waiting {
    /// As the partner sees it.
    pub(crate) fn shown(self) -> PendingPayout {
        let method = self.kind.label().to_owned();
        PendingPayout { id: self.id, email: self.email, method, masked: self.masked, until: self.expires_at }
    }
}

/// What waits for a partner's link, if anything does.
pub(crate) async fn waiting(
    conn: &mut PgConnection,
    moment: &Moment,
    program: ProgramId,
    enrollment: EnrollmentId,
) -> Result<Option<Waiting>> {
    Ok(sqlx::query_as!(
        Waiting,
        r#"select c.id as "id: PayoutChangeId", c.account_id as "account: AccountId", a.email, c.kind as "kind: PayoutKind",
                  c.masked, c.expires_at
           from payout_changes c join accounts a on a.id = c.account_id
           where c.program_id = $1 and c.enrollment_id = $2 and c.expires_at > $3"#,
        program as ProgramId,
        enrollment as EnrollmentId,
        moment.at
    )
    .fetch_optional(conn)
    .await?)
}

/// The partner that asks chooses how it is paid: a link goes to the person's e-mail, and the choice counts once it is
/// opened and confirmed. A choice that waited before ends.
///
/// # Errors
/// `Forbidden` for anybody but a partner; `Invalid` by field, also for a method that is not offered.
pub async fn choose(
    conn: &mut PgConnection,
    secrets: &Secrets,
    moment: &Moment,
    actor: &Actor,
    input: &PayoutInput,
) -> Result<()> {
    let Actor::Partner { program, enrollment, account } = *actor else { return Err(Error::Forbidden) };
    let details = read(input)?;
    if !choice(conn, moment, actor).await?.offered.contains(&details.kind()) {
        return Err(Error::field("kind", "The program doesn't pay in this way. Choose another."));
    }
    let sealed = secrets.encrypt(Use::PayoutDetails, &serde_json::to_vec(&details)?)?;
    let hash = details.identity().map(|identity| secrets.keyed_hash(Use::PayoutIdentity, identity.as_bytes()).to_vec());
    sqlx::query!(
        "insert into payout_changes (program_id, enrollment_id, id, kind, details, masked, hash, account_id, created_at,
                                     expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         on conflict (program_id, enrollment_id) do update
             set id = excluded.id, kind = excluded.kind, details = excluded.details, masked = excluded.masked,
                 hash = excluded.hash, account_id = excluded.account_id, created_at = excluded.created_at,
                 expires_at = excluded.expires_at",
        program as ProgramId,
        enrollment as EnrollmentId,
        moment.id::<PayoutChangeId>() as PayoutChangeId,
        details.kind() as PayoutKind,
        sealed,
        details.masked(),
        hash,
        account as AccountId,
        moment.at,
        moment.at + Purpose::PayoutMethod.lasts()
    )
    .execute(&mut *conn)
    .await?;
    messages::enqueue(conn, &Mail::PayoutMethod { program, enrollment }).await
}

fn read(input: &PayoutInput) -> Result<PayoutDetails> {
    let details = input.read().map_err(Error::Invalid)?;
    if let PayoutDetails::Iban { iban, .. } = &details
        && iban.parse::<iban::Iban>().is_err()
    {
        return Err(Error::field("iban", "This is no IBAN: check its letters and digits."));
    }
    Ok(details)
}

/// Sends the mail with a choice's link again, for who has lost it; the links sent before hold on.
///
/// # Errors
/// `Forbidden` for anybody but a partner; `NotFound` where that choice doesn't wait any more.
pub async fn send_again(conn: &mut PgConnection, moment: &Moment, actor: &Actor, change: PayoutChangeId) -> Result<()> {
    let Actor::Partner { program, enrollment, .. } = *actor else { return Err(Error::Forbidden) };
    let waiting = waiting(conn, moment, program, enrollment).await?;
    waiting.filter(|waiting| waiting.id == change).ok_or(Error::NotFound("payout method"))?;
    messages::enqueue(conn, &Mail::PayoutMethod { program, enrollment }).await
}

/// Takes back what waits for the link.
///
/// # Errors
/// `Forbidden` for anybody but a partner.
pub async fn cancel(conn: &mut PgConnection, actor: &Actor) -> Result<()> {
    let Actor::Partner { program, enrollment, .. } = *actor else { return Err(Error::Forbidden) };
    sqlx::query!(
        "delete from payout_changes where program_id = $1 and enrollment_id = $2",
        program as ProgramId,
        enrollment as EnrollmentId
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What the link in the mail names.
pub(crate) fn target(program: ProgramId, enrollment: EnrollmentId, change: PayoutChangeId) -> String {
    format!("{program}/{enrollment}/{change}")
}

fn parse(target: &str) -> Option<(ProgramId, EnrollmentId, PayoutChangeId)> {
    let mut parts = target.split('/');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// What the link from the mail confirms; `None` where it is over.
///
/// # Errors
/// `Database` where Postgres fails.
pub async fn by_link(conn: &mut PgConnection, moment: &Moment, token: &str) -> Result<Option<PendingPayout>> {
    let link = tokens::peek(conn, moment, Purpose::PayoutMethod, token).await?;
    let Some((program, enrollment, change)) = link.and_then(|link| parse(&link.target)) else { return Ok(None) };
    let waiting = waiting(conn, moment, program, enrollment).await?;
    Ok(waiting.filter(|waiting| waiting.id == change).map(Waiting::shown))
}

/// Confirms a choice: it counts from now on, and all who sign in for the partner are told by mail. Answers the program's
/// name in addresses. Audited.
///
/// # Errors
/// `NotFound` where the link is over.
pub async fn confirm(pool: &PgPool, moment: &Moment, token: &str) -> Result<String> {
    let mut tx = pool.begin().await?;
    let link = tokens::redeem(&mut tx, moment, Purpose::PayoutMethod, token).await?.ok_or(Error::NotFound("link"))?;
    let (program, enrollment, change) = parse(&link.target).ok_or(Error::NotFound("link"))?;
    lock(&mut tx, program, enrollment).await?;
    let partner = sqlx::query!(
        r#"select code, coalesce(nullif(name, ''), company) as "name!", coalesce(payout_method, '') as "method!"
           from enrollments where program_id = $1 and id = $2"#,
        program as ProgramId,
        enrollment as EnrollmentId
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Error::NotFound("link"))?;
    let chosen = sqlx::query!(
        r#"delete from payout_changes where program_id = $1 and enrollment_id = $2 and id = $3 and expires_at > $4
           returning kind as "kind: PayoutKind", details, masked, hash, account_id as "account: AccountId""#,
        program as ProgramId,
        enrollment as EnrollmentId,
        change as PayoutChangeId,
        moment.at
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Error::NotFound("link"))?;
    sqlx::query!(
        "update enrollments set payout_method = $3, payout_details = $4, payout_masked = $5, payout_hash = $6
         where program_id = $1 and id = $2",
        program as ProgramId,
        enrollment as EnrollmentId,
        chosen.kind.as_str(),
        chosen.details,
        chosen.masked,
        chosen.hash
    )
    .execute(&mut *tx)
    .await?;
    suspicion::hold_shared(&mut tx, program, enrollment).await?;
    partners::tell_of_payout_method(&mut tx, program, enrollment).await?;
    let actor = Actor::Partner { account: chosen.account, program, enrollment };
    let details = json!({ "before": partner.method, "after": chosen.kind });
    let path = crate::partners::page(&partner.code);
    audit::record(&mut tx, moment, &actor, "partner.payout_method", &partner.name, &path, details).await?;
    let slug = programs::get(&mut tx, program).await?.slug;
    tx.commit().await?;
    Ok(slug)
}

/// Locks a partner and all who have the details that it has chosen, in the order of their ids, as events do; one such
/// change at a time in a program, so that two with the same details see each other.
async fn lock(conn: &mut PgConnection, program: ProgramId, enrollment: EnrollmentId) -> Result<()> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('payout ' || $1, 0))", program.to_string())
        .execute(&mut *conn)
        .await?;
    sqlx::query!(
        "select id from enrollments
         where program_id = $1
           and (id = $2 or payout_hash = (select hash from payout_changes where program_id = $1 and enrollment_id = $2))
         order by id for no key update",
        program as ProgramId,
        enrollment as EnrollmentId
    )
    .fetch_all(conn)
    .await?;
    Ok(())
}

/// A partner's payout details in full, by name. Asks for `RevealPayoutDetails`. Audited.
///
/// # Errors
/// `Forbidden`; `NotFound` where there is no such partner, or it has none.
pub async fn reveal(
    conn: &mut PgConnection,
    secrets: &Secrets,
    moment: &Moment,
    actor: &Actor,
    partner: EnrollmentId,
) -> Result<Vec<(String, String)>> {
    if !actor.may(Power::RevealPayoutDetails) {
        return Err(Error::Forbidden);
    }
    let row = sqlx::query!(
        r#"select code, coalesce(nullif(name, ''), company) as "name!", payout_method, payout_details
           from enrollments where program_id = $1 and id = $2"#,
        actor.program() as ProgramId,
        partner as EnrollmentId
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound("partner"))?;
    let sealed = row.payout_details.ok_or(Error::NotFound("payout details"))?;
    let details: PayoutDetails = serde_json::from_slice(&secrets.decrypt(Use::PayoutDetails, &sealed)?)?;
    let noted = json!({ "method": row.payout_method });
    let path = crate::partners::page(&row.code);
    audit::record(conn, moment, actor, "partner.reveal_payout_details", &row.name, &path, noted).await?;
    Ok(details.lines())
}

/// A partner's payout details in full, where there are any, for the file of its personal data.
pub(crate) async fn all(
    conn: &mut PgConnection,
    secrets: &Secrets,
    program: ProgramId,
    partner: EnrollmentId,
) -> Result<Vec<(String, String)>> {
    let sealed = sqlx::query_scalar!(
        "select payout_details from enrollments where program_id = $1 and id = $2",
        program as ProgramId,
        partner as EnrollmentId
    )
    .fetch_one(conn)
    .await?;
    let Some(sealed) = sealed else { return Ok(Vec::new()) };
    let details: PayoutDetails = serde_json::from_slice(&secrets.decrypt(Use::PayoutDetails, &sealed)?)?;
    Ok(details.lines())
}
