use super::sign_up::Answered;
use super::{ENROLLED, account_of, allow, check_names, invite, is_enrolled, note_standing, page};
use crate::accounts::members_who_may;
use crate::links::codes::{IN_USE, claim};
use crate::messages::{self, Mail};
use crate::portal;
use crate::programs::audit;
use crate::{Error, Moment, Result};
use domain::accounts::{Actor, Power};
use domain::ids::{AccountId, EnrollmentId, LinkId, ProgramId};
use domain::links::site_address;
use domain::partners::{EnrollmentStatus, NewPartner, PartnerName, code_from_name};
use domain::portal::SignUpRule;
use domain::text::{FieldError, check_code, code_key};
use serde_json::json;
use sqlx::PgConnection;
use sqlx::types::Json;

/// Lets a partner in: its code, its default offers, its default link and its first account, all in the caller's
/// transaction. Asks for `ManagePartners`, or a key.
///
/// # Errors
/// `Forbidden`; `Invalid` by field, `code` in use or reserved and `email` enrolled already among them.
pub async fn create(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    input: &NewPartner,
) -> Result<PartnerName> {
    allow(actor, Power::ManagePartners)?;
    let (partner, account) = enroll(conn, moment, actor, input).await?;
    if let Some(account) = account.filter(|_| input.status == EnrollmentStatus::Active) {
        invite(conn, actor.program(), partner.id, account).await?;
    }
    let details = json!({ "status": input.status });
    audit::record(conn, moment, actor, "partner.create", &partner.name, &page(&partner.code), details).await?;
    Ok(partner)
}

/// A partner applies by itself: pending until an admin decides, or active at once, as the program has it; the standing
/// asked for is ignored. What was answered has been checked. The team is told of who waits, the partner of being let in.
///
/// # Errors
/// `NotFound` without such a program; `Conflict` where it takes no sign-ups; `Invalid` by field.
pub async fn apply(
    conn: &mut PgConnection,
    moment: &Moment,
    program_slug: &str,
    input: &NewPartner,
    answered: &Answered,
) -> Result<PartnerName> {
    let program = sqlx::query_scalar!(r#"select id as "id: ProgramId" from programs where slug = $1"#, program_slug)
        .fetch_optional(&mut *conn)
        .await?
        .ok_or(Error::NotFound("program"))?;
    if input.email.trim().is_empty() {
        return Err(Error::field("email", "Give your e-mail address."));
    }
    let status = match portal::get(conn, program).await?.sign_up {
        SignUpRule::Closed => return Err(Error::Conflict("This program takes no sign-ups at the moment.".into())),
        SignUpRule::Approve => EnrollmentStatus::Pending,
        SignUpRule::Open => EnrollmentStatus::Active,
    };
    let input = NewPartner { status, ..input.clone() };
    let (partner, account) = enroll(conn, moment, &Actor::System { program }, &input).await?;
    if !answered.answers.is_empty() {
        sqlx::query!(
            "update enrollments set answers = $3 where program_id = $1 and id = $2",
            program as ProgramId,
            partner.id as EnrollmentId,
            Json(&answered.answers) as _
        )
        .execute(&mut *conn)
        .await?;
    }
    if let Some((version, at)) = answered.terms {
        portal::accept(conn, at, program, partner.id, account, version).await?;
    }
    if status == EnrollmentStatus::Active {
        messages::enqueue(conn, &Mail::PartnerActivated { program, enrollment: partner.id }).await?;
    } else {
        tell_the_team(conn, program, partner.id).await?;
    }
    Ok(partner)
}

/// Tells everybody who may let partners in that one waits.
async fn tell_the_team(conn: &mut PgConnection, program: ProgramId, enrollment: EnrollmentId) -> Result<()> {
    for account in members_who_may(conn, program, Power::ManagePartners).await? {
        messages::enqueue(conn, &Mail::PartnerWaiting { account, program, enrollment }).await?;
    }
    Ok(())
}

/// Makes the partner; and its account, where it has an e-mail.
async fn enroll(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    input: &NewPartner,
) -> Result<(PartnerName, Option<AccountId>)> {
    let program = actor.program();
    let mut errors = check_names(&input.name, &input.company, &input.email, &input.website);
    let wished = input.code.as_deref().map(str::trim).filter(|code| !code.is_empty());
    if let Some(Err(message)) = wished.map(check_code) {
        errors.push(FieldError::new("code", message));
    }
    if !matches!(input.status, EnrollmentStatus::Active | EnrollmentStatus::Pending) {
        errors.push(FieldError::new("status", "A new partner is active or pending."));
    }
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    let account = match input.email.trim() {
        "" => None,
        email => Some(account_of(conn, moment, email, &input.name).await?),
    };
    // The account's row is locked: of two who enroll the same e-mail at once, the second sees the first.
    if account.is_some() && is_enrolled(conn, program, None, &input.email).await? {
        return Err(Error::field("email", ENROLLED));
    }
    let name = if input.name.trim().is_empty() { input.company.trim() } else { input.name.trim() };
    let mut code = wished.map_or_else(|| code_from_name(name), str::to_owned);
    let website = site_address(&input.website).unwrap_or_default();
    let id: EnrollmentId = moment.id();
    sqlx::query!(
        "insert into enrollments (program_id, id, status, affiliate, introducer, buyer, code, name, company, email,
                                  website, created_at, activated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        program as ProgramId,
        id as EnrollmentId,
        input.status as EnrollmentStatus,
        input.kinds.affiliate,
        input.kinds.introducer,
        input.kinds.buyer,
        code,
        input.name.trim(),
        input.company.trim(),
        input.email.trim(),
        website,
        moment.at,
        (input.status == EnrollmentStatus::Active).then_some(moment.at)
    )
    .execute(&mut *conn)
    .await?;
    let link: LinkId = moment.id();
    sqlx::query!(
        "insert into links (program_id, id, enrollment_id, code, destination, is_default, created_at)
         select id, $2, $3, $4, website, true, $5 from programs where id = $1",
        program as ProgramId,
        link as LinkId,
        id as EnrollmentId,
        code,
        moment.at
    )
    .execute(&mut *conn)
    .await?;
    if wished.is_some() {
        if !claim(conn, program, link, &code).await? {
            return Err(Error::field("code", IN_USE));
        }
    } else {
        let claimed = claim_made(conn, moment, program, link, &code).await?;
        if claimed != code {
            code = claimed;
            rename(conn, program, id, link, &code).await?;
        }
    }
    sqlx::query!(
        "insert into enrollment_codes (program_id, code_key, enrollment_id, created_at) values ($1, $2, $3, $4)",
        program as ProgramId,
        code_key(&code),
        id as EnrollmentId,
        moment.at
    )
    .execute(&mut *conn)
    .await?;
    note_standing(conn, moment, actor, id, input.status, "").await?;
    if let Some(account) = account {
        sqlx::query!(
            "insert into enrollment_accounts (program_id, enrollment_id, account_id, created_at)
             values ($1, $2, $3, $4)",
            program as ProgramId,
            id as EnrollmentId,
            account as AccountId,
            moment.at
        )
        .execute(&mut *conn)
        .await?;
    }
    sqlx::query!(
        "insert into enrollment_offers (program_id, enrollment_id, offer_id, position)
         select $1, $2, id, row_number() over (order by default_position, id) - 1
         from offers where program_id = $1 and default_position is not null and archived_at is null",
        program as ProgramId,
        id as EnrollmentId
    )
    .execute(conn)
    .await?;
    Ok((PartnerName { id, code, name: name.to_owned() }, account))
}

/// Claims the first free code of `ada`, `ada2` … `ada20`, and then of `ada-` and a few random letters.
async fn claim_made(
    conn: &mut PgConnection,
    moment: &Moment,
    program: ProgramId,
    link: LinkId,
    base: &str,
) -> Result<String> {
    for n in 1..=40 {
        let code = match n {
            1 => base.to_owned(),
            2..=20 => format!("{base}{n}"),
            _ => format!("{base}-{}", &moment.token()[..6]),
        };
        if claim(conn, program, link, &code).await? {
            return Ok(code);
        }
    }
    Err(Error::Conflict("No free code was found. Choose one.".into()))
}

async fn rename(conn: &mut PgConnection, program: ProgramId, id: EnrollmentId, link: LinkId, code: &str) -> Result<()> {
    sqlx::query!(
        "with renamed as (update links set code = $4 where program_id = $1 and id = $3)
         update enrollments set code = $4 where program_id = $1 and id = $2",
        program as ProgramId,
        id as EnrollmentId,
        link as LinkId,
        code
    )
    .execute(conn)
    .await?;
    Ok(())
}
