//! Whether the process lives, whether it can serve, what it has counted, and whose it is.

use crate::Shared;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{StatusCode, header};
use metrics::counter;
use sqlx::Connection;
use std::time::Duration;

/// `/healthz`, `/readyz`, `/metrics` and the mark by which a host of links is known to lead here.
pub fn router() -> Router<Shared> {
    Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(figures))
        .route(engine::portal::MARK_PATH, get(mark))
}

async fn mark(State(server): State<Shared>) -> String {
    engine::portal::mark(&server.secrets)
}

/// 200 where Postgres answers within a second, else 503.
async fn ready(State(server): State<Shared>) -> Response {
    let asked = async { server.pool.acquire().await?.ping().await };
    match tokio::time::timeout(Duration::from_secs(1), asked).await {
        Ok(Ok(())) => "ready".into_response(),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer").into_response(),
    }
}

/// Prometheus' text format.
async fn figures(State(server): State<Shared>) -> Response {
    let counts = server.clicks.counts();
    counter!("clicks_recorded_total").absolute(counts.recorded);
    counter!("clicks_unrecorded_total").absolute(counts.unrecorded);
    counter!("clicks_late_total").absolute(counts.late);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], server.metrics.render()).into_response()
}
