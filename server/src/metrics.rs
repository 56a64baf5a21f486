//! What is counted for Prometheus.

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::Method;
use metrics::{counter, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::sync::OnceLock;
use std::time::Instant;

/// The buckets of request times, in seconds.
const SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// Starts counting; the same again where it has been started.
///
/// # Panics
/// Where another recorder has been installed in this process, which nothing here does.
pub fn start() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE
        .get_or_init(|| {
            let handle = PrometheusBuilder::new()
                .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), SECONDS)
                .and_then(PrometheusBuilder::install_recorder)
                .expect("the one recorder, with buckets");
            metrics::describe_counter!("http_requests_total", "Requests answered, by route, method and status");
            metrics::describe_histogram!("http_request_seconds", "Time to answer, by route");
            metrics::describe_counter!("clicks_recorded_total", "Clicks committed before the visitor was sent on");
            metrics::describe_counter!("clicks_unrecorded_total", "Visitors sent on before Postgres had the click");
            metrics::describe_counter!("clicks_late_total", "Of those, clicks that Postgres has after all");
            handle
        })
        .clone()
}

/// Counts and times a request under its route's pattern: addresses would be without number.
pub async fn count(request: Request, next: Next) -> Response {
    let route =
        request.extensions().get::<MatchedPath>().map_or_else(|| "other".to_owned(), |path| path.as_str().into());
    let method = method_name(request.method());
    let started = Instant::now();
    let response = next.run(request).await;
    histogram!("http_request_seconds", "route" => route.clone()).record(started.elapsed().as_secs_f64());
    counter!("http_requests_total", "route" => route, "method" => method,
        "status" => response.status().as_u16().to_string())
    .increment(1);
    response
}

/// A method's name; those that anybody may make up have one together.
fn method_name(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}
