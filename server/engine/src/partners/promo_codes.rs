//! Promo codes: those who use one become its partner's customers, without a click.

use super::{erased, lock};
use crate::programs::audit;
use crate::{Error, Moment, Result};
use chrono::{DateTime, Utc};
use domain::accounts::{Actor, Power};
use domain::ids::{EnrollmentId, ProgramId, PromoCodeId};
use domain::page::{Page, Paging};
use domain::partners::{NewPromoCode, PartnerName, PromoCodeRow};
use domain::text::{check_code, code_key};
use serde_json::json;
use sqlx::PgConnection;

/// Makes a promo code. Asks for `EditProgram`.
///
/// # Errors
/// `Forbidden`; `NotFound` without such a partner; `Invalid` on `code` or `description`.
pub async fn create(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    input: &NewPromoCode,
) -> Result<PromoCodeId> {
    if !actor.may(Power::EditProgram) {
        return Err(Error::Forbidden);
    }
    let code = input.code.trim();
    check_code(code).map_err(|message| Error::field("code", message))?;
    let description = described(&input.description)?;
    let partner = lock(conn, actor.program(), input.partner).await?;
    let id: PromoCodeId = moment.id();
    let made = sqlx::query!(
        "insert into promo_codes (program_id, id, enrollment_id, code, code_key, description, created_at)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict (program_id, code_key) do nothing",
        actor.program() as ProgramId,
        id as PromoCodeId,
        input.partner as EnrollmentId,
        code,
        code_key(code),
        description,
        moment.at
    )
    .execute(&mut *conn)
    .await?
    .rows_affected();
    if made == 0 {
        return Err(Error::field("code", "There is such a promo code already. Choose another."));
    }
    let details = json!({ "partner": partner.code });
    audit::record(conn, moment, actor, "promo_code.create", code, "promo-codes", details).await?;
    Ok(id)
}

/// What a code gives the customer, in words that are short enough.
fn described(description: &str) -> Result<&str> {
    if description.chars().count() > 200 {
        return Err(Error::field("description", "Use at most 200 characters."));
    }
    Ok(description.trim())
}

/// Says anew what a promo code gives the customer. The code stays: customers have it, and the company's shop. Asks for
/// `EditProgram`.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Invalid` on `description`; `Conflict` where the partner has been erased.
pub async fn describe(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    id: PromoCodeId,
    description: &str,
) -> Result<()> {
    if !actor.may(Power::EditProgram) {
        return Err(Error::Forbidden);
    }
    let description = described(description)?;
    let partner = sqlx::query_scalar!(
        r#"select enrollment_id as "partner: EnrollmentId" from promo_codes where program_id = $1 and id = $2"#,
        actor.program() as ProgramId,
        id as PromoCodeId
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound("promo code"))?;
    lock(conn, actor.program(), partner).await?;
    let changed = sqlx::query!(
        r#"update promo_codes p set description = $3 from promo_codes b
           where p.program_id = $1 and p.id = $2 and b.program_id = $1 and b.id = $2
           returning p.code as "code!", b.description as "before!""#,
        actor.program() as ProgramId,
        id as PromoCodeId,
        description
    )
    .fetch_one(&mut *conn)
    .await?;
    let details = json!({ "before": changed.before, "after": description });
    audit::record(conn, moment, actor, "promo_code.edit", &changed.code, "promo-codes", details).await
}

/// Switches a promo code off, or on again. Customers attributed by it stay so. Asks for `EditProgram`.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Conflict` where its partner was erased.
pub async fn set_disabled(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    id: PromoCodeId,
    disabled: bool,
) -> Result<()> {
    if !actor.may(Power::EditProgram) {
        return Err(Error::Forbidden);
    }
    let row = sqlx::query!(
        r#"update promo_codes p set disabled_at = case when $3 then coalesce(p.disabled_at, $4) end
           from enrollments e
           where p.program_id = $1 and p.id = $2 and e.program_id = p.program_id and e.id = p.enrollment_id
           returning p.code, e.erased_at is not null as "erased!""#,
        actor.program() as ProgramId,
        id as PromoCodeId,
        disabled,
        moment.at
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound("promo code"))?;
    if row.erased {
        return Err(erased());
    }
    let action = if disabled { "promo_code.disable" } else { "promo_code.restore" };
    audit::record(conn, moment, actor, action, &row.code, "promo-codes", json!({})).await
}

/// The promo codes of the program, or of one partner, the latest first; a partner sees its own alone. `search` is the
/// start of a promo code, or a partner's code.
///
/// # Errors
/// `Forbidden`; `Invalid` on `cursor`.
pub async fn list(
    conn: &mut PgConnection,
    actor: &Actor,
    partner: Option<EnrollmentId>,
    search: Option<&str>,
    paging: &Paging,
) -> Result<Page<PromoCodeRow>> {
    struct Row {
        id: PromoCodeId,
        code: String,
        description: String,
        disabled: bool,
        erased: bool,
        created_at: DateTime<Utc>,
        enrollment_id: EnrollmentId,
        partner_code: String,
        partner_name: String,
        customers: i64,
    }
    let partner = match actor {
        Actor::Partner { enrollment, .. } if partner.is_none_or(|asked| asked == *enrollment) => Some(*enrollment),
        Actor::Partner { .. } => return Err(Error::NotFound("partner")),
        _ if actor.may(Power::View) => partner,
        _ => return Err(Error::Forbidden),
    };
    let after: Option<PromoCodeId> = crate::links::cursor(paging)?;
    let rows = sqlx::query_as!(
        Row,
        r#"select p.id as "id: PromoCodeId", p.code, p.description, p.disabled_at is not null as "disabled!",
                  e.erased_at is not null as "erased!", p.created_at, e.id as "enrollment_id: EnrollmentId", e.code as partner_code,
                  coalesce(nullif(e.name, ''), e.company) as "partner_name!",
                  (select count(*) from referrals r
                   where r.program_id = $1 and r.promo_code_id = p.id and r.ended_at is null) as "customers!"
           from promo_codes p join enrollments e on e.program_id = p.program_id and e.id = p.enrollment_id
           where p.program_id = $1 and ($2::uuid is null or p.enrollment_id = $2) and ($3::uuid is null or p.id < $3)
             and ($5::text is null or starts_with(p.code_key, $5) or p.enrollment_id in
                  (select c.enrollment_id from enrollment_codes c where c.program_id = $1 and c.code_key = $5))
           order by p.id desc limit $4"#,
        actor.program() as ProgramId,
        partner as Option<EnrollmentId>,
        after as Option<PromoCodeId>,
        paging.rows() + 1,
        search.map(|text| code_key(text.trim()))
    )
    .fetch_all(conn)
    .await?;
    let promo_code = |row: Row| PromoCodeRow {
        id: row.id,
        code: row.code,
        description: row.description,
        partner: PartnerName { id: row.enrollment_id, code: row.partner_code, name: row.partner_name },
        disabled: row.disabled,
        erased: row.erased,
        created_at: row.created_at,
        customers: row.customers,
    };
    Ok(Page::cut(rows.into_iter().map(promo_code).collect(), paging, |row| row.id.to_string()))
}
