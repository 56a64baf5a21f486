//! Customers: who signed up, and for whom they count.

mod erase;
mod reassign;
mod signup;
#[cfg(test)]
mod tests;

pub(crate) use erase::rename;
pub use erase::{erase, export};
pub use reassign::reassign;
pub use signup::track_signup;

use crate::attribution::{Referral, Standing};
use crate::commissions::suspicion;
use crate::ledger::OpenMonth;
use crate::{Error, Moment, Result};
use chrono::{DateTime, NaiveDate, Utc};
use domain::attribution::{Source, Windows};
use domain::commissions::Suspicion;
use domain::ids::{CustomerId, EnrollmentId, ProgramId, ReferralId};
use domain::money::Currency;
use domain::offers::Terms;
use domain::partners::EnrollmentStatus;
use domain::programs::SelfReferralRule;
use serde_json::Value;
use sqlx::PgConnection;
use sqlx::types::Json;

/// What of a program's settings decides about an event.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) program: ProgramId,
    pub(crate) slug: String,
    pub(crate) currency: Currency,
    pub(crate) zone: chrono_tz::Tz,
    pub(crate) windows: Windows,
    pub(crate) self_referral: SelfReferralRule,
    /// Whether every commission waits for a person.
    pub(crate) review: bool,
    /// What holds a commission for review.
    pub(crate) suspicions: Vec<Suspicion>,
}

impl Rules {
    /// The day of an instant in the program's time zone, for people: `3 Nov 2026`.
    pub(crate) fn day(&self, at: DateTime<Utc>) -> impl std::fmt::Display {
        let day: NaiveDate = at.with_timezone(&self.zone).date_naive();
        day.format("%-d %b %Y")
    }
}

/// A customer, its row locked until the transaction ends: of its events one is worked on at a time.
#[derive(Clone, Debug)]
pub(crate) struct Customer {
    pub(crate) id: CustomerId,
    pub(crate) email: String,
    pub(crate) signed_up_at: Option<DateTime<Utc>>,
    pub(crate) first_sale_at: Option<DateTime<Utc>>,
}

/// What an event finds: the program's rules, the month to post into where it is there and open (then held open), and
/// the customer.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) rules: Rules,
    pub(crate) month: Option<OpenMonth>,
    pub(crate) customer: Customer,
}

/// Locks the customer of an event, and makes it where the company has not told of it before.
pub(crate) async fn lock_or_make(
    conn: &mut PgConnection,
    moment: &Moment,
    program: ProgramId,
    external_id: &str,
) -> Result<Scene> {
    let (rules, month, customer) = lock(conn, moment, program, external_id).await?;
    if let Some(customer) = customer {
        return Ok(Scene { rules, month, customer });
    }
    let id: CustomerId = moment.id();
    let made = sqlx::query!(
        "insert into customers (program_id, id, external_id, created_at) values ($1, $2, $3, $4) on conflict do nothing",
        program as ProgramId,
        id as CustomerId,
        external_id,
        moment.at
    )
    .execute(&mut *conn)
    .await?;
    if made.rows_affected() == 1 {
        let customer = Customer { id, email: String::new(), signed_up_at: None, first_sale_at: None };
        return Ok(Scene { rules, month, customer });
    }
    // Another event has made it meanwhile.
    let (rules, month, customer) = lock(conn, moment, program, external_id).await?;
    Ok(Scene { rules, month, customer: customer.ok_or(Error::NotFound("customer"))? })
}

/// A program's rules and the month to post into, as [`Scene`] has them, for what has no customer.
pub(crate) async fn rules(
    conn: &mut PgConnection,
    moment: &Moment,
    program: ProgramId,
) -> Result<(Rules, Option<OpenMonth>)> {
    // No customer has an empty id.
    let (rules, month, _) = lock(conn, moment, program, "").await?;
    Ok((rules, month))
}

/// The program's row is locked too: who would change its currency waits, and then finds what was posted in it. So is
/// the partner's whose customer it is: the next statement sees its standings as they are by then.
async fn lock(
    conn: &mut PgConnection,
    moment: &Moment,
    program: ProgramId,
    external_id: &str,
) -> Result<(Rules, Option<OpenMonth>, Option<Customer>)> {
    let row = sqlx::query!(
        r#"with customer as (
            select id, email, signed_up_at, first_sale_at, enrollment_id from customers
            where program_id = $1 and external_id = $2 for no key update
        ), period as (
            select month, closed_at from periods where program_id = $1 and starts_at <= $3 and ends_at > $3 for share
        ), partner as (
            select e.id from customer c join enrollments e on e.program_id = $1 and e.id = c.enrollment_id
            for share of e
        )
        select p.slug, p.currency as "currency: Currency", p.time_zone, p.window_days, p.lead_window_days,
               p.self_referral as "self_referral: SelfReferralRule", p.review_commissions, p.fraud_checks,
               c.id as "id?: CustomerId", c.email as "email?", c.signed_up_at, c.first_sale_at,
               m.month as "month?", m.closed_at
        from programs p left join customer c on true left join period m on true left join partner e on true
        where p.id = $1 for key share of p"#,
        program as ProgramId,
        external_id,
        moment.at
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound("program"))?;
    let month = row.month.filter(|_| row.closed_at.is_none()).map(|month| OpenMonth { month, posted_at: moment.at });
    let customer = row.id.map(|id| Customer {
        id,
        email: row.email.unwrap_or_default(),
        signed_up_at: row.signed_up_at,
        first_sale_at: row.first_sale_at,
    });
    let rules = Rules {
        program,
        slug: row.slug,
        currency: row.currency,
        zone: row.time_zone.parse().map_err(Error::internal)?,
        windows: Windows { click_days: row.window_days, lead_days: row.lead_window_days },
        self_referral: row.self_referral,
        review: row.review_commissions,
        suspicions: suspicion::read(&row.fraud_checks),
    };
    Ok((rules, month, customer))
}

/// What is known before an event is decided.
#[derive(Debug)]
pub(crate) struct Known {
    /// The first answer to the same event id, with the hash of its body.
    pub(crate) answered: Option<(Vec<u8>, Value)>,
    /// The customer's standing referral.
    pub(crate) referral: Option<Referral>,
}

/// Looks up what an event of a locked customer finds. By its own statement: who held the locks before has committed.
pub(crate) async fn look_up(
    conn: &mut PgConnection,
    program: ProgramId,
    customer: CustomerId,
    call: &str,
    event_id: &str,
    occurred_at: DateTime<Utc>,
) -> Result<Known> {
    let row = sqlx::query!(
        r#"with referral as (
            select r.id, r.enrollment_id, r.source, r.attributed_at, r.terms, r.review, e.code, e.status
            from referrals r join enrollments e on e.program_id = r.program_id and e.id = r.enrollment_id
            where r.program_id = $1 and r.customer_id = $2 and r.ended_at is null
            for share of e
        )
        select a.body_hash as "body_hash?", a.answer, r.id as "id?: ReferralId",
               r.enrollment_id as "enrollment_id?: EnrollmentId", r.source as "source?: Source",
               r.attributed_at as "attributed_at?", r.terms as "terms?: Json<Vec<Terms>>", r.review as "review?",
               r.code as "code?", r.status as "now?: EnrollmentStatus",
               (select s.status from enrollment_statuses s
                where s.program_id = $1 and s.enrollment_id = r.enrollment_id and s.at <= $5
                order by s.at desc limit 1) as "then: EnrollmentStatus"
        from (select) as one
        left join api_answers a on a.program_id = $1 and a.call = $3 and a.event_id = $4
        left join referral r on true"#,
        program as ProgramId,
        customer as CustomerId,
        call,
        event_id,
        occurred_at
    )
    .fetch_one(conn)
    .await?;
    let referral = match (row.id, row.enrollment_id, row.source, row.attributed_at, row.terms, row.now) {
        (Some(id), Some(enrollment), Some(source), Some(attributed_at), Some(terms), Some(now)) => Some(Referral {
            id,
            enrollment,
            partner_code: row.code.unwrap_or_default(),
            source,
            attributed_at,
            terms: terms.0,
            review: row.review.unwrap_or_default(),
            standing: Standing { now, then: row.then },
        }),
        _ => None,
    };
    Ok(Known { answered: row.body_hash.zip(row.answer), referral })
}
