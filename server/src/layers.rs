//! What stands around every route but the short link's.

use crate::capture::Framed;
use crate::client::ClientIp;
use crate::notice::notice;
use crate::problem::Problem;
use crate::upload::is_upload;
use crate::{Shared, limits, metrics};
use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use std::any::Any;
use std::time::Duration;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::csrf::CsrfLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, RequestId, SetRequestIdLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::trace::TraceLayer;

/// The longest that a request may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// An upload may take longer.
const LONG_TIMEOUT: Duration = Duration::from_secs(300);

/// The largest body of a form or a server function, in bytes. The API and uploads have limits of their own.
pub const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// What is allowed to an answer that isn't a page: nothing. Pages bring their own policy.
const CSP: &str = "default-src 'none'; frame-ancestors 'none'";

/// Around all of it, the API and the snippet's way in included.
pub fn around(router: Router<Shared>, server: &Shared) -> Router<Shared> {
    let fixed = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
    };
    let https = server.is_https();
    let hsts = move |_: &Response| https.then_some(HeaderValue::from_static("max-age=31536000; includeSubDomains"));
    // The last one stands outermost.
    router
        .layer(from_fn_with_state(server.clone(), limits::limit))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(in_time))
        .layer(CompressionLayer::new())
        .layer(
            ServiceBuilder::new()
                .layer(SetResponseHeaderLayer::if_not_present(header::STRICT_TRANSPORT_SECURITY, hsts))
                .layer(fixed(header::CONTENT_SECURITY_POLICY, CSP))
                .layer(fixed(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
                .layer(SetResponseHeaderLayer::if_not_present(header::X_FRAME_OPTIONS, frame_options))
                .layer(fixed(header::REFERRER_POLICY, "same-origin"))
                .layer(fixed(HeaderName::from_static("cross-origin-opener-policy"), "same-origin"))
                .layer(fixed(
                    HeaderName::from_static("permissions-policy"),
                    "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
                ))
                .layer(fixed(header::CACHE_CONTROL, "no-store")),
        )
        .layer(from_fn(metrics::count))
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(TraceLayer::new_for_http().make_span_with(span))
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
}

/// Around what reads the session: all but the API and the snippet's way in, so that no other site can make a browser
/// post to it. Bodies have at most so many bytes.
///
/// # Panics
/// Never: an origin that can't be one is left out.
pub fn guard(router: Router<Shared>, server: &Shared, body_limit: usize) -> Router<Shared> {
    // A proxy may pass another host on: the origin that browsers see counts as ours too.
    let csrf = CsrfLayer::new();
    let csrf = csrf.clone().add_trusted_origin(&*server.public_url).unwrap_or(csrf);
    let csrf = csrf.with_rejection_response(|_| Problem::forbidden("This came from another site.").into_response());
    router
        .layer(from_fn_with_state(server.clone(), tell_address))
        .layer(RequestBodyLimitLayer::new(body_limit))
        .layer(CatchPanicLayer::custom(panicked_page))
        .layer(csrf)
}

/// Nothing is framed but what says by its own policy who may, of which this header knows no word.
fn frame_options(response: &Response) -> Option<HeaderValue> {
    response.extensions().get::<Framed>().is_none().then(|| HeaderValue::from_static("DENY"))
}

/// Tells server functions from where a request comes.
async fn tell_address(ip: ClientIp, mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(access::ClientAddress(ip.text()));
    next.run(request).await
}

/// A request that takes too long is let go, and answered as an outage is.
async fn in_time(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let longest = if is_upload(path) || path == "/api/v1/lead-imports" { LONG_TIMEOUT } else { TIMEOUT };
    let answer = tokio::time::timeout(longest, next.run(request)).await;
    answer.unwrap_or_else(|_| Problem::unavailable().into_response())
}

/// A request's span: its route's pattern, since paths and queries may hold one-time tokens.
fn span<B>(request: &Request<B>) -> tracing::Span {
    let id = request.extensions().get::<RequestId>().and_then(|id| id.header_value().to_str().ok()).unwrap_or_default();
    let route = request.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str);
    tracing::info_span!("request", method = %request.method(), route, id)
}

/// A panic is our fault: it is logged where it happened, and nothing of it is told.
fn panicked(cause: Box<dyn Any + Send + 'static>) -> Response {
    note_panic(&*cause);
    Problem::internal().into_response()
}

/// The same, as a page.
fn panicked_page(cause: Box<dyn Any + Send + 'static>) -> Response {
    note_panic(&*cause);
    let words = "It is our fault, and it is in the log. Go back and try again.";
    notice(StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong", words)
}

fn note_panic(cause: &(dyn Any + Send)) {
    let cause = cause.downcast_ref::<&str>().copied().or(cause.downcast_ref::<String>().map(String::as_str));
    tracing::error!(cause = cause.unwrap_or("unknown"), "a request panicked");
}
