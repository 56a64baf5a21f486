//! What companies report: clicks, sign-ups, sales and refunds, once each by their event id.

use super::body::Body;
use super::key::{Key, Track};
use super::written;
use crate::Shared;
use crate::problem::Problem;
use axum::extract::State;
use axum::response::Response;
use domain::customers::{TrackSignup, TrackedSignup};
use domain::links::{TrackClick, TrackedClick};
use domain::sales::{TrackRefund, TrackSale, TrackedRefund, TrackedSale};
use engine::{Error, Moment, customers, links, sales};

/// Report a click made on a page of your own.
#[utoipa::path(
    post, path = "/api/v1/track/click", tag = "track", request_body = TrackClick,
    responses(
        (status = 201, description = "Recorded", body = TrackedClick),
        (status = 200, description = "The same event again: the first answer", body = TrackedClick),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn click(
    State(server): State<Shared>,
    key: Key<Track>,
    Body(input): Body<TrackClick>,
) -> Result<Response, Problem> {
    let link = server.links.find(&key.program.slug, &input.link);
    let program = key.program.id;
    let answered =
        links::track_click(&server.pool, &server.secrets, &Moment::now(), program, link.as_ref(), &input).await?;
    Ok(written(answered.replayed, answered.answer))
}

/// Report that a customer signed up.
#[utoipa::path(
    post, path = "/api/v1/track/signup", tag = "track", request_body = TrackSignup,
    responses(
        (status = 201, description = "Recorded", body = TrackedSignup),
        (status = 200, description = "The same event again: the first answer", body = TrackedSignup),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn signup(
    State(server): State<Shared>,
    key: Key<Track>,
    Body(input): Body<TrackSignup>,
) -> Result<Response, Problem> {
    let answered =
        customers::track_signup(&server.pool, &server.secrets, &Moment::now(), key.program.id, &input).await?;
    Ok(written(answered.replayed, answered.answer))
}

/// Report that a customer paid.
#[utoipa::path(
    post, path = "/api/v1/track/sale", tag = "track", request_body = TrackSale,
    responses(
        (status = 201, description = "Recorded", body = TrackedSale),
        (status = 200, description = "The same event again: the first answer", body = TrackedSale),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn sale(
    State(server): State<Shared>,
    key: Key<Track>,
    Body(input): Body<TrackSale>,
) -> Result<Response, Problem> {
    let answered = sales::track_sale(&server.pool, &server.secrets, &Moment::now(), key.program.id, &input).await?;
    Ok(written(answered.replayed, answered.answer))
}

/// Report that a sale was given back, in part or whole.
#[utoipa::path(
    post, path = "/api/v1/track/refund", tag = "track", request_body = TrackRefund,
    responses(
        (status = 201, description = "Recorded", body = TrackedRefund),
        (status = 200, description = "The same event again: the first answer", body = TrackedRefund),
        (status = 404, description = "`sale-unknown`: the sale has not been reported (yet)", body = Problem,
         content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn refund(
    State(server): State<Shared>,
    key: Key<Track>,
    Body(input): Body<TrackRefund>,
) -> Result<Response, Problem> {
    let answered = sales::track_refund(&server.pool, &server.secrets, &Moment::now(), key.program.id, &input)
        .await
        .map_err(|error| match error {
            Error::NotFound("sale") => Problem::sale_unknown(),
            error => error.into(),
        })?;
    Ok(written(answered.replayed, answered.answer))
}
