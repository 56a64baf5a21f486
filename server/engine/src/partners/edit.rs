use super::{
    ENROLLED, account_of, accounts_of, allow, check_names, hold_email, invite, is_enrolled, lock, page,
    tell_of_payout_method,
};
use crate::links::codes::{IN_USE, claim};
use crate::messages::{self, Mail};
use crate::offers::check_choices;
use crate::programs::audit;
use crate::{Error, Moment, Result};
use domain::accounts::{Actor, Power};
use domain::ids::{AccountId, EnrollmentId, LinkId, OfferId, ProgramId};
use domain::links::site_address;
use domain::partners::{Kinds, OfferChoice, PartnerEdit};
use domain::payments::PayoutKind;
use domain::text::{check_code, check_lines, code_key, email_key, is_email};
use serde_json::json;
use sqlx::PgConnection;
use sqlx::types::Json;

/// Changes names, addresses, kinds and how the partner is paid, of which all who sign in for it are told by mail. Asks for
/// `ManagePartners`.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Conflict` where it was erased; `Invalid` by field, `email` where another partner has it.
pub async fn update(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    id: EnrollmentId,
    input: &PartnerEdit,
) -> Result<()> {
    allow(actor, Power::ManagePartners)?;
    let mut errors = check_names(&input.name, &input.company, &input.email, &input.website);
    let method = Some(input.payout_method.as_str()).filter(|method| !method.trim().is_empty());
    errors.extend(check_lines(&[("payout_method", method, 60)]));
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    let website = site_address(&input.website).unwrap_or_default();
    let partner = lock(conn, actor.program(), id).await?;
    let Changes { details, email, payout_method } = changes(conn, actor.program(), id, input).await?;
    if email && !input.email.trim().is_empty() {
        hold_email(conn, &input.email).await?;
        if is_enrolled(conn, actor.program(), Some(id), &input.email).await? {
            return Err(Error::field("email", ENROLLED));
        }
    }
    sqlx::query!(
        "update enrollments set name = $3, company = $4, email = $5, website = $6, affiliate = $7, introducer = $8,
                                buyer = $9, payout_method = $10,
                                -- Details of one way to be paid are none of another.
                                payout_details = case when lower(payout_method) = lower($10) then payout_details end,
                                payout_masked = case when lower(payout_method) = lower($10) then payout_masked else '' end,
                                payout_hash = case when lower(payout_method) = lower($10) then payout_hash end
         where program_id = $1 and id = $2",
        actor.program() as ProgramId,
        id as EnrollmentId,
        input.name.trim(),
        input.company.trim(),
        input.email.trim(),
        website,
        input.kinds.affiliate,
        input.kinds.introducer,
        input.kinds.buyer,
        method.map(str::trim)
    )
    .execute(&mut *conn)
    .await?;
    if payout_method {
        tell_of_payout_method(conn, actor.program(), id).await?;
    }
    audit::record(conn, moment, actor, "partner.update", &partner.name, &page(&partner.code), details).await
}

/// What an edit changes.
struct Changes {
    /// By field, for the log; names and addresses are not told.
    details: serde_json::Value,
    /// Whether it is reached at another e-mail.
    email: bool,
    /// Whether it is paid in another way.
    payout_method: bool,
}

async fn changes(
    conn: &mut PgConnection,
    program: ProgramId,
    id: EnrollmentId,
    after: &PartnerEdit,
) -> Result<Changes> {
    let before = sqlx::query!(
        r#"select name, company, email, website, affiliate, introducer, buyer,
                  coalesce(payout_method, '') as "payout_method!"
           from enrollments where program_id = $1 and id = $2"#,
        program as ProgramId,
        id as EnrollmentId
    )
    .fetch_one(conn)
    .await?;
    let kinds = Kinds { affiliate: before.affiliate, introducer: before.introducer, buyer: before.buyer };
    let method = after.payout_method.trim();
    let fields = [
        ("name", before.name != after.name.trim()),
        ("company", before.company != after.company.trim()),
        ("email", before.email != after.email.trim()),
        ("website", Some(before.website) != site_address(&after.website)),
    ];
    let changed: Vec<_> = fields.into_iter().filter(|(_, changed)| *changed).map(|(field, _)| field).collect();
    let mut details = json!({ "changed": changed });
    let email = email_key(&before.email) != email_key(&after.email);
    let payout_method = before.payout_method != method;
    if payout_method && !method.is_empty() && method.parse::<PayoutKind>().is_err() {
        return Err(Error::field("payout_method", "Choose one of the program's ways to pay."));
    }
    if payout_method {
        details["payout_method"] = json!({ "before": before.payout_method, "after": method });
    }
    if kinds != after.kinds {
        details["kinds"] = json!({ "before": kinds, "after": after.kinds });
    }
    Ok(Changes { details, email, payout_method })
}

/// Gives a partner and its default link another code; the old one stays an alias for links and for signing in. Asks
/// for `ManagePartners`.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Invalid` on `code`.
pub async fn change_code(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    id: EnrollmentId,
    code: &str,
) -> Result<()> {
    allow(actor, Power::ManagePartners)?;
    let code = code.trim();
    check_code(code).map_err(|message| Error::field("code", message))?;
    let program = actor.program();
    let partner = lock(conn, program, id).await?;
    let link = sqlx::query_scalar!(
        r#"select id as "id: LinkId" from links where program_id = $1 and enrollment_id = $2 and is_default"#,
        program as ProgramId,
        id as EnrollmentId
    )
    .fetch_one(&mut *conn)
    .await?;
    if !claim(conn, program, link, code).await? {
        return Err(Error::field("code", IN_USE));
    }
    sqlx::query!(
        "with renamed as (update links set code = $4 where program_id = $1 and id = $3),
         alias as (
             insert into enrollment_codes (program_id, code_key, enrollment_id, created_at) values ($1, $5, $2, $6)
             on conflict (program_id, code_key) do nothing
         )
         update enrollments set code = $4 where program_id = $1 and id = $2",
        program as ProgramId,
        id as EnrollmentId,
        link as LinkId,
        code,
        code_key(code),
        moment.at
    )
    .execute(&mut *conn)
    .await?;
    let details = json!({ "from": partner.code, "to": code });
    audit::record(conn, moment, actor, "partner.change_code", &partner.name, &page(code), details).await
}

/// Sets a partner's offers, in the order in which they are tried, and its own rates. Customers already attributed
/// keep their terms. Asks for `ManagePartners`.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Invalid` on `offers[0].offer` or `offers[0].overrides[0].rate`.
pub async fn set_offers(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    id: EnrollmentId,
    offers: &[OfferChoice],
) -> Result<()> {
    allow(actor, Power::ManagePartners)?;
    let program = actor.program();
    let partner = lock(conn, program, id).await?;
    let has = sqlx::query_scalar!(
        r#"select offer_id as "id: OfferId" from enrollment_offers where program_id = $1 and enrollment_id = $2"#,
        program as ProgramId,
        id as EnrollmentId
    )
    .fetch_all(&mut *conn)
    .await?;
    let errors = check_choices(conn, program, offers, &has).await?;
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    sqlx::query!(
        "delete from enrollment_offers where program_id = $1 and enrollment_id = $2",
        program as ProgramId,
        id as EnrollmentId
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "insert into enrollment_offers (program_id, enrollment_id, offer_id, position, overrides)
         select $1, $2, c.offer_id, c.place::integer - 1, c.overrides
         from unnest($3::uuid[], $4::jsonb[]) with ordinality as c (offer_id, overrides, place)",
        program as ProgramId,
        id as EnrollmentId,
        &offers.iter().map(|choice| choice.offer.0).collect::<Vec<_>>(),
        &offers.iter().map(|choice| Json(&choice.overrides)).collect::<Vec<_>>() as _
    )
    .execute(&mut *conn)
    .await?;
    let details = json!({ "offers": offers });
    audit::record(conn, moment, actor, "partner.set_offers", &partner.name, &page(&partner.code), details).await
}

/// Lets one more person sign in for a partner, by e-mail; the account is made where there is none, and invited
/// by mail. Who signed in for it before is told by mail. Asks for `ManagePartners`.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Conflict` where the partner was erased; `Invalid` on `email`.
pub async fn add_account(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    id: EnrollmentId,
    email: &str,
    name: &str,
) -> Result<AccountId> {
    allow(actor, Power::ManagePartners)?;
    if !is_email(email.trim()) {
        return Err(Error::field("email", "This is not an e-mail address."));
    }
    let partner = lock(conn, actor.program(), id).await?;
    let before = accounts_of(conn, actor.program(), id).await?;
    let account = account_of(conn, moment, email, name).await?;
    let added = sqlx::query!(
        "insert into enrollment_accounts (program_id, enrollment_id, account_id, created_at) values ($1, $2, $3, $4)
         on conflict do nothing",
        actor.program() as ProgramId,
        id as EnrollmentId,
        account as AccountId,
        moment.at
    )
    .execute(&mut *conn)
    .await?
    .rows_affected();
    if added == 0 {
        return Err(Error::field("email", "This person signs in for the partner already."));
    }
    let program = actor.program();
    invite(conn, program, id, account).await?;
    for known in before {
        let mail = Mail::PartnerAccountAdded { account: known, program, enrollment: id, added: account };
        messages::enqueue(conn, &mail).await?;
    }
    // By its id: the log outlives the person.
    let details = json!({ "account": account });
    audit::record(conn, moment, actor, "partner.add_account", &partner.name, &page(&partner.code), details).await?;
    Ok(account)
}
