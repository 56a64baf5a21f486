//! The customer of a won lead.

use super::{At, event, meet};
use crate::attribution::attribute_to_won_lead;
use crate::commissions::{Happening, decide, record};
use crate::customers::{Scene, lock_or_make, look_up};
use crate::{Error, Moment, Result};
use domain::accounts::Actor;
use domain::attribution::Pointers;
use domain::ids::{CustomerId, LeadId, ProgramId};
use domain::leads::{EventDetails, LeadEventKind};
use domain::offers::Trigger;
use domain::text::check_line;
use rust_decimal::Decimal;
use sqlx::PgConnection;

/// Locks the customer that a lead is won with, by the company's own id, or makes it. Where none is named, it is the one
/// that the lead has, or whoever has signed up with its e-mail. Before the lead is locked: whoever signs up locks in this
/// order too.
///
/// # Errors
/// `Invalid` on `customer`.
pub(super) async fn lock(
    conn: &mut PgConnection,
    moment: &Moment,
    program: ProgramId,
    lead: LeadId,
    named: &str,
) -> Result<Option<Scene>> {
    if !named.is_empty() {
        check_line(named, 200).map_err(|words| Error::field("customer", words))?;
        return lock_or_make(conn, moment, program, named).await.map(Some);
    }
    let known = sqlx::query_scalar!(
        r#"select coalesce(
               (select c.external_id from customers c where c.program_id = $1 and c.id = l.customer_id),
               (select c.external_id from customers c
                where c.program_id = $1 and c.email <> '' and lower(c.email) = lower(l.email)
                  and c.signed_up_at is not null
                order by c.signed_up_at, c.id limit 1)) as external_id
           from leads l where l.program_id = $1 and l.id = $2"#,
        program as ProgramId,
        lead as LeadId
    )
    .fetch_optional(&mut *conn)
    .await?;
    match known.flatten() {
        Some(external_id) => lock_or_make(conn, moment, program, &external_id).await.map(Some),
        None => Ok(None),
    }
}

/// Links a lead that has just been won with its customer, who counts for the lead's partner from then on. One that has not
/// signed up does so by this, with the lead's e-mail and name, and sign-ups are paid as the offers say. Whose customer it
/// is already stays so.
pub(super) async fn link(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    lead: LeadId,
    (email, name): (&str, &str),
    mut scene: Scene,
) -> Result<()> {
    let program = actor.program();
    let id = scene.customer.id;
    set(conn, moment, actor, lead, id).await?;
    let mut referral = look_up(conn, program, id, "lead", &lead.to_string(), moment.at).await?.referral;
    let own = if scene.customer.email.is_empty() { email } else { scene.customer.email.as_str() }.to_owned();
    let own = Some(own.as_str()).filter(|email| !email.is_empty());
    if referral.is_none() {
        referral = attribute_to_won_lead(conn, moment, &scene.rules, &scene.customer, own, lead).await?;
        if let (Some(_), Some(email)) = (&referral, own) {
            meet(conn, program, id, email).await?;
        }
    }
    if scene.customer.signed_up_at.is_some() {
        return Ok(());
    }
    // Its e-mail was judged with the lead's.
    scene.customer.email = own.unwrap_or_default().to_owned();
    let happening = Happening {
        trigger: Trigger::SignUp,
        sale: None,
        amount: Decimal::ZERO,
        product: None,
        email: own,
        sent: Pointers::default(),
        ip_hash: None,
        occurred_at: moment.at,
    };
    let decided = decide(conn, moment, &scene, referral, &happening).await?;
    sqlx::query!(
        "update customers set signed_up_at = $3, email = case when email = '' then $4 else email end,
                              name = case when name = '' then $5 else name end
         where program_id = $1 and id = $2",
        program as ProgramId,
        id as CustomerId,
        moment.at,
        email,
        name
    )
    .execute(&mut *conn)
    .await?;
    record(conn, moment, &scene, &happening, &decided).await
}

async fn set(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    lead: LeadId,
    customer: CustomerId,
) -> Result<()> {
    let changed = sqlx::query!(
        "update leads set customer_id = $3 where program_id = $1 and id = $2 and customer_id is distinct from $3",
        actor.program() as ProgramId,
        lead as LeadId,
        customer as CustomerId
    )
    .execute(&mut *conn)
    .await?;
    if changed.rows_affected() == 0 {
        return Ok(());
    }
    let details = EventDetails { customer: Some(customer), ..EventDetails::default() };
    event(conn, moment, actor, lead, LeadEventKind::Customer, At::default(), &details).await
}
