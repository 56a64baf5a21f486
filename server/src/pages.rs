//! The pages and their server functions.

use crate::Shared;
use crate::notice::notice;
use axum::Router;
use http::StatusCode;

/// The server functions behind which passwords and mail are: those that one address may not call without end.
pub const DOORS: &[&str] = &[
    "/fn/sign-in",
    "/fn/second-factor",
    "/fn/forgot-password",
    "/fn/reset-password",
    "/fn/confirm",
    "/fn/sign-in-link",
];

/// Every page, and every server function.
pub fn router(_: &Shared) -> Router<Shared> {
    Router::new()
        .fallback(|| async { notice(StatusCode::NOT_FOUND, "Page not found", "There is nothing at this address.") })
}
