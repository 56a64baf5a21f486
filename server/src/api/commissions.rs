//! Commissions, listed.

use super::key::{Key, Read};
use super::partners::rounded;
use super::query::{Page, Query, paging};
use crate::Shared;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use chrono::NaiveDate;
use domain::commissions::{CommissionStatus, TrackedCommission};
use domain::reports::{CommissionFilter, CommissionRow};
use engine::reports;
use serde::Deserialize;
use utoipa::IntoParams;

/// Which commissions.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Of the partner with this code, present or past.
    partner_code: Option<String>,
    /// In this status.
    #[param(inline)]
    status: Option<CommissionStatus>,
    /// For what happened on this day or later, in the program's time zone.
    from: Option<NaiveDate>,
    /// For what happened on this day or earlier, in the program's time zone.
    to: Option<NaiveDate>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 100; 50 where not given.
    limit: Option<u32>,
}

/// List commissions, newest first.
#[utoipa::path(
    get, path = "/api/v1/commissions", tag = "commissions", params(Which),
    responses(
        (status = 200, description = "A page of them", body = Page<TrackedCommission>),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn list(
    State(server): State<Shared>,
    key: Key<Read>,
    Query(which): Query<Which>,
) -> Result<Json<Page<TrackedCommission>>, Problem> {
    let paging = paging(which.cursor, which.limit)?;
    let filter = CommissionFilter {
        status: which.status,
        partner_code: which.partner_code,
        from: which.from,
        to: which.to,
        ..CommissionFilter::default()
    };
    let mut connection = server.pool.acquire().await.map_err(engine::Error::from)?;
    let page = reports::commissions_page(&mut connection, &key.actor, &filter, &paging).await?;
    Ok(Json(Page::of(page, commission)))
}

/// A commission of a list, as answers to events have it.
pub(super) fn commission(row: CommissionRow) -> TrackedCommission {
    TrackedCommission {
        id: row.id,
        partner_code: row.partner.code,
        trigger: row.trigger,
        base: row.base.map(rounded),
        rate: row.rate.map(|rate| rate.normalize()),
        amount: rounded(row.amount),
        currency: row.amount.currency,
        status: row.status,
        available_at: row.available_at,
        clawed_back: rounded(row.clawed_back),
        lead_id: row.lead.map(|lead| lead.id),
    }
}
