//! A customer, by the company's own id.

use super::commissions::commission;
use super::key::{Key, Read};
use super::query::Name;
use crate::Shared;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::attribution::TrackedReferral;
use domain::commissions::TrackedCommission;
use domain::ids::CustomerId;
use domain::reports::{CustomerDetail, ReferralRow};
use domain::why::Why;
use engine::reports;
use serde::Serialize;
use utoipa::ToSchema;

/// A customer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Customer {
    /// Our id.
    pub id: CustomerId,
    /// The company's own id.
    pub external_id: String,
    /// Its e-mail, or empty.
    pub email: String,
    /// Its name, or empty.
    pub name: String,
    /// When it signed up.
    pub signed_up_at: Option<DateTime<Utc>>,
    /// When it first paid.
    pub first_sale_at: Option<DateTime<Utc>>,
    /// To whom it is attributed, if to anyone.
    pub referral: Option<TrackedReferral>,
    /// How that was decided.
    pub why: Why,
    /// What it has earned partners, the latest first, at most 100.
    pub commissions: Vec<TrackedCommission>,
}

/// See a customer, by your own id of it.
#[utoipa::path(
    get, path = "/api/v1/customers/{external_id}", tag = "customers",
    params(("external_id" = String, Path, description = "The company's own id of the customer")),
    responses(
        (status = 200, description = "The customer", body = Customer),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn one(
    State(server): State<Shared>,
    key: Key<Read>,
    Name(external_id): Name,
) -> Result<Json<Customer>, Problem> {
    let mut connection = server.pool.acquire().await.map_err(engine::Error::from)?;
    let detail = reports::customer_by_external_id(&mut connection, &key.actor, &external_id).await?;
    let CustomerDetail { customer, email, name, signed_up_at, first_sale_at, referrals, commissions, .. } = detail;
    let standing = referrals.into_iter().find(|referral| referral.ended_at.is_none());
    let (referral, why) = standing.map_or((None, Why::default()), |referral| {
        let ReferralRow { id, partner, source, attributed_at, why, .. } = referral;
        (Some(TrackedReferral { id, partner_code: partner.code, source, attributed_at }), why)
    });
    Ok(Json(Customer {
        id: customer.id,
        external_id: customer.external_id,
        email,
        name,
        signed_up_at,
        first_sale_at,
        referral,
        why,
        commissions: commissions.into_iter().map(commission).collect(),
    }))
}
