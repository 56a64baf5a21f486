use super::{lock, look_up};
use crate::programs::audit;
use crate::{Error, Moment, Result, attribution};
use domain::accounts::{Actor, Power};
use domain::attribution::Source;
use domain::customers::Reassignment;
use domain::ids::{ProgramId, ReferralId};
use serde_json::json;
use sqlx::PgConnection;

/// Assigns a customer to a partner by hand: the standing referral ends, later events pay the new partner. The same
/// partner may be named again: a person has looked, and its commissions no longer wait for review. Audited.
///
/// # Errors
/// `Forbidden` without the power to reassign; `NotFound("customer")`; `Invalid` by field, an unknown partner code among
/// them; `Conflict` where the partner is not active or has the customer by hand already.
pub async fn reassign(conn: &mut PgConnection, moment: &Moment, actor: &Actor, input: &Reassignment) -> Result<()> {
    if !actor.may(Power::Reassign) {
        return Err(Error::Forbidden);
    }
    let errors = input.check();
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    let program = actor.program();
    let (rules, _, customer) = lock(conn, moment, program, &input.external_id).await?;
    let customer = customer.ok_or(Error::NotFound("customer"))?;
    let before = look_up(conn, program, customer.id, "", "", moment.at).await?.referral;
    if let Some(before) = &before {
        sqlx::query!(
            "update referrals set ended_at = $3 where program_id = $1 and id = $2",
            program as ProgramId,
            before.id as ReferralId,
            moment.at
        )
        .execute(&mut *conn)
        .await?;
    }
    let after = attribution::assign(conn, moment, &rules, customer.id, &input.partner_code).await?;
    if before.as_ref().is_some_and(|b| b.enrollment == after.enrollment && b.source == Source::Manual) {
        return Err(Error::Conflict(format!("The customer counts for {} by hand already.", after.partner_code)));
    }
    let details = json!({
        "from": before.map(|before| before.partner_code),
        "to": after.partner_code,
        "reason": input.reason.trim(),
    });
    let path = format!("customers/{}", customer.id);
    audit::record(conn, moment, actor, "customer.reassign", &input.external_id, &path, details).await
}
