//! Partners: who is enrolled in a program, in which standing, under which codes, offers and promo codes.

mod create;
mod detail;
mod edit;
mod erase;
pub mod groups;
pub mod import;
pub mod job;
#[cfg(test)]
mod job_tests;
mod list;
pub mod profile;
pub mod promo_codes;
pub mod sign_up;
mod standing;
pub mod summaries;
#[cfg(test)]
pub(crate) mod tests;
pub mod work;
#[cfg(test)]
mod work_tests;

pub use create::{apply, create};
pub use detail::{detail, detail_by_code, find_by_code};
pub use edit::{add_account, change_code, set_offers, update};
pub(crate) use erase::{Codes, forget_words};
pub use erase::{erase, export};
pub use list::{count, counts, list};
pub use standing::set_status;

use crate::messages::{self, Mail};
use crate::{Error, Moment, Result};
use domain::accounts::{Actor, Power};
use domain::ids::{AccountId, EnrollmentId, ProgramId};
use domain::links::{NO_SITE, site_address};
use domain::partners::EnrollmentStatus;
use domain::text::{FieldError, email_key, is_email};
use sqlx::PgConnection;

/// Whether an admin act is allowed that keys may do too: the server has checked the key's scope.
pub(crate) fn allow(actor: &Actor, power: Power) -> Result<()> {
    if matches!(actor, Actor::Key { .. }) || actor.may(power) { Ok(()) } else { Err(Error::Forbidden) }
}

/// The admin's page of a partner.
pub(crate) fn page(code: &str) -> String {
    format!("partners/{code}")
}

/// An enrollment's row, locked until the transaction ends.
struct Locked {
    code: String,
    name: String,
    status: EnrollmentStatus,
    erased: bool,
}

/// Refuses who was erased: what is put there later nobody could erase again.
async fn lock(conn: &mut PgConnection, program: ProgramId, id: EnrollmentId) -> Result<Locked> {
    let partner = sqlx::query_as!(
        Locked,
        r#"select code, coalesce(nullif(name, ''), company) as "name!", status as "status: EnrollmentStatus",
                  erased_at is not null as "erased!"
           from enrollments where program_id = $1 and id = $2 for no key update"#,
        program as ProgramId,
        id as EnrollmentId
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound("partner"))?;
    if partner.erased { Err(erased()) } else { Ok(partner) }
}

/// Why nothing of a partner can be changed any more.
pub(crate) fn erased() -> Error {
    Error::Conflict("The personal data of this partner has been erased: nothing can be changed any more.".into())
}

/// Who signs in for a partner, the first to have done so first.
pub(crate) async fn accounts_of(
    conn: &mut PgConnection,
    program: ProgramId,
    id: EnrollmentId,
) -> Result<Vec<AccountId>> {
    Ok(sqlx::query_scalar!(
        r#"select account_id as "id: AccountId" from enrollment_accounts
           where program_id = $1 and enrollment_id = $2 order by created_at, account_id"#,
        program as ProgramId,
        id as EnrollmentId
    )
    .fetch_all(conn)
    .await?)
}

/// Tells everybody who signs in for a partner that it is paid in another way from now on.
pub(crate) async fn tell_of_payout_method(
    conn: &mut PgConnection,
    program: ProgramId,
    enrollment: EnrollmentId,
) -> Result<()> {
    for account in accounts_of(conn, program, enrollment).await? {
        messages::enqueue(conn, &Mail::PayoutMethodChanged { account, program, enrollment }).await?;
    }
    Ok(())
}

/// Before a partner gets another e-mail: waits for whoever gives one the same, and for who enrolls its account, so that of
/// two at once the second sees the first.
pub(crate) async fn hold_email(conn: &mut PgConnection, email: &str) -> Result<()> {
    let key = email_key(email);
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('partner ' || $1, 0))", key)
        .execute(&mut *conn)
        .await?;
    sqlx::query!("select id from accounts where email_key = $1 for no key update", key).fetch_optional(conn).await?;
    Ok(())
}

/// Whether a partner of the program, but for this one, has an e-mail or an account with it: a program has one partner
/// with an e-mail. Who was declined counts as none.
async fn is_enrolled(
    conn: &mut PgConnection,
    program: ProgramId,
    but: Option<EnrollmentId>,
    email: &str,
) -> Result<bool> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from enrollments
                          where program_id = $1 and lower(email) = $2 and status <> 'declined'
                            and id is distinct from $3)
               or exists (select from accounts a
                          join enrollment_accounts ea on ea.account_id = a.id and ea.program_id = $1
                          join enrollments e on e.program_id = $1 and e.id = ea.enrollment_id
                          where a.email_key = $2 and e.status <> 'declined'
                            and e.id is distinct from $3) as "exists!""#,
        program as ProgramId,
        email_key(email),
        but as Option<EnrollmentId>
    )
    .fetch_one(conn)
    .await?;
    Ok(found)
}

/// What the person is told who gives a partner another's e-mail.
const ENROLLED: &str = "There is a partner with this e-mail already.";

/// Checks what admins, partners and the API tell of a partner.
fn check_names(name: &str, company: &str, email: &str, website: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if name.trim().is_empty() && company.trim().is_empty() {
        errors.push(FieldError::new("name", "Give a name or a company."));
    }
    for (field, text) in [("name", name), ("company", company)] {
        if text.chars().count() > 200 || text.contains(|c: char| c.is_control()) {
            errors.push(FieldError::new(field, "Use at most 200 characters, on one line."));
        }
    }
    if !email.trim().is_empty() && !is_email(email.trim()) {
        errors.push(FieldError::new("email", "This is not an e-mail address."));
    }
    if site_address(website).is_none() {
        errors.push(FieldError::new("website", NO_SITE));
    }
    errors
}

/// The account of an e-mail, locked until the transaction ends; made without a password where there is none.
async fn account_of(conn: &mut PgConnection, moment: &Moment, email: &str, name: &str) -> Result<AccountId> {
    let id = sqlx::query_scalar!(
        r#"insert into accounts (id, email, email_key, name, created_at) values ($1, $2, $3, $4, $5)
           on conflict (email_key) do update set email_key = excluded.email_key
           returning id as "id: AccountId""#,
        moment.id::<AccountId>() as AccountId,
        email.trim(),
        email_key(email),
        name.trim(),
        moment.at
    )
    .fetch_one(conn)
    .await?;
    Ok(id)
}

/// Notes a standing with its beginning.
async fn note_standing(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    id: EnrollmentId,
    status: EnrollmentStatus,
    reason: &str,
) -> Result<()> {
    sqlx::query!(
        "insert into enrollment_statuses (program_id, enrollment_id, at, status, account_id, reason)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (program_id, enrollment_id, at) do update
             set status = excluded.status, account_id = excluded.account_id, reason = excluded.reason",
        actor.program() as ProgramId,
        id as EnrollmentId,
        moment.at,
        status as EnrollmentStatus,
        actor.account() as Option<AccountId>,
        reason
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Invites a person by mail, once the transaction commits, to act for a partner.
async fn invite(
    conn: &mut PgConnection,
    program: ProgramId,
    enrollment: EnrollmentId,
    account: AccountId,
) -> Result<()> {
    messages::enqueue(conn, &Mail::PartnerInvitation { account, program, enrollment }).await
}
