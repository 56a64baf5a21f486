//! Payments to partners, listed.

use super::key::{Key, Read};
use super::partners::rounded;
use super::query::{Page, Query, paging};
use crate::Shared;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, NaiveDate, Utc};
use domain::ids::PaymentId;
use domain::money::Currency;
use domain::payments::{PaymentFilter, PaymentRow, PaymentStatus};
use engine::payments;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A payment to a partner.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Payment {
    /// Our id.
    pub id: PaymentId,
    /// The batch that it was recorded in.
    pub batch: String,
    /// Who is paid.
    pub partner_code: String,
    /// How much.
    pub amount: Decimal,
    /// The program's currency.
    pub currency: Currency,
    /// What became of it.
    pub status: PaymentStatus,
    /// When the money goes out.
    pub payment_date: NaiveDate,
    /// When it was recorded.
    pub created_at: DateTime<Utc>,
}

impl From<PaymentRow> for Payment {
    fn from(row: PaymentRow) -> Self {
        Self {
            id: row.id,
            batch: row.batch_code,
            partner_code: row.partner.code,
            amount: rounded(row.amount),
            currency: row.amount.currency,
            status: row.status,
            payment_date: row.payment_date,
            created_at: row.created_at,
        }
    }
}

/// Which payments.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// To the partner with this code, present or past.
    partner_code: Option<String>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 100; 50 where not given.
    limit: Option<u32>,
}

/// List payments, newest first.
#[utoipa::path(
    get, path = "/api/v1/payments", tag = "payments", params(Which),
    responses(
        (status = 200, description = "A page of them", body = Page<Payment>),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn list(
    State(server): State<Shared>,
    key: Key<Read>,
    Query(which): Query<Which>,
) -> Result<Json<Page<Payment>>, Problem> {
    let paging = paging(which.cursor, which.limit)?;
    let filter = PaymentFilter { partner_code: which.partner_code, ..PaymentFilter::default() };
    let mut connection = server.pool.acquire().await.map_err(engine::Error::from)?;
    let page = payments::payments_page(&mut connection, &key.actor, &filter, &paging).await?;
    Ok(Json(Page::of(page, Payment::from)))
}
