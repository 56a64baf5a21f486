//! The customer of a won lead.

use super::{At, event};
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

/// Locks the customer that a lead is won with, by the company's own id, or makes it. Before the lead is locked: whoever
/// signs up locks in this order too.
///
/// # Errors
/// `Invalid` on `customer`.
pub(super) async fn lock(
    conn: &mut PgConnection,
    moment: &Moment,
    program: ProgramId,
    external_id: &str,
) -> Result<Scene> {
    check_line(external_id, 200).map_err(|words| Error::field("customer", words))?;
    lock_or_make(conn, moment, program, external_id).await
}

/// Links a lead that has just been won with its customer. One that has not signed up does so by this, with the lead's e-mail
/// and name: it is attributed as at any sign-up, where the won lead counts, and sign-ups are paid as the offers say. Whose
/// customer it is already stays so.
pub(super) async fn link(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    lead: LeadId,
    (email, name): (&str, &str),
    scene: &Scene,
) -> Result<()> {
    let (program, customer) = (actor.program(), &scene.customer);
    if customer.signed_up_at.is_none() {
        let known = look_up(conn, program, customer.id, "lead", &lead.to_string(), moment.at).await?;
        let own = if customer.email.is_empty() { email } else { customer.email.as_str() };
        let happening = Happening {
            trigger: Trigger::SignUp,
            sale: None,
            amount: Decimal::ZERO,
            product: None,
            email: Some(own).filter(|email| !email.is_empty()),
            sent: Pointers::default(),
            ip_hash: None,
            occurred_at: moment.at,
        };
        let decided = decide(conn, moment, scene, known.referral, &happening).await?;
        sqlx::query!(
            "update customers set signed_up_at = $3, email = case when email = '' then $4 else email end,
                                  name = case when name = '' then $5 else name end
             where program_id = $1 and id = $2",
            program as ProgramId,
            customer.id as CustomerId,
            moment.at,
            email,
            name
        )
        .execute(&mut *conn)
        .await?;
        record(conn, moment, scene, &happening, &decided).await?;
    }
    set(conn, moment, actor, lead, customer.id).await
}

/// Links a lead that was won without naming its customer, where somebody has signed up with its e-mail.
pub(super) async fn meet_by_email(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    lead: LeadId,
    email: &str,
) -> Result<()> {
    let found = sqlx::query_scalar!(
        r#"select id as "id: CustomerId" from customers
           where program_id = $1 and email <> '' and lower(email) = lower($2) and signed_up_at is not null
           order by signed_up_at, id limit 1"#,
        actor.program() as ProgramId,
        email
    )
    .fetch_optional(&mut *conn)
    .await?;
    match found {
        Some(customer) => set(conn, moment, actor, lead, customer).await,
        None => Ok(()),
    }
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
