//! The HTTP API, version 1: one file for each noun.

pub mod body;
mod commissions;
mod customers;
mod key;
mod lead_imports;
mod leads;
mod links;
mod once;
mod partners;
mod payments;
mod query;
mod sign_in_links;
mod track;
mod xml;

use crate::Shared;
use crate::problem::Problem;
use axum::extract::DefaultBodyLimit;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Json, Router};
use http::{StatusCode, header};
use serde::Serialize;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Every call of the API, its description, and 404 and 405 as problems.
pub fn router() -> Router<Shared> {
    let (v1, description) = calls();
    let description: &'static str = description.to_json().unwrap_or_default().leak();
    let described = move || async move { ([(header::CONTENT_TYPE, "application/json")], description).into_response() };
    let api = v1
        .route("/api/v1/openapi.json", get(described))
        .layer(DefaultBodyLimit::max(body::BODY_LIMIT))
        .method_not_allowed_fallback(|| async { Problem::method_not_allowed() });
    let unknown = || async { Problem::not_found("address") };
    ["/api", "/api/", "/api/{*rest}"].into_iter().fold(api, |api, path| api.route(path, any(unknown)))
}

/// The calls with what OpenAPI says of them.
fn calls() -> (Router<Shared>, utoipa::openapi::OpenApi) {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(track::click))
        .routes(routes!(track::signup))
        .routes(routes!(track::sale))
        .routes(routes!(track::refund))
        .routes(routes!(partners::list, partners::create))
        .routes(routes!(partners::one))
        .routes(routes!(links::list, links::create))
        .routes(routes!(sign_in_links::create))
        .routes(routes!(commissions::list))
        .routes(routes!(customers::one))
        .routes(routes!(payments::list))
        .routes(routes!(leads::list, leads::create))
        .routes(routes!(leads::one, leads::edit))
        .routes(routes!(leads::set_stage))
        .routes(routes!(leads::comment))
        .routes(routes!(lead_imports::create))
        .routes(routes!(lead_imports::one))
        .routes(routes!(lead_imports::errors))
        .split_for_parts()
}

/// What is said of the API as a whole.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tributary",
        description = "Companies report what happened; Tributary answers what it decided, and why. Times are RFC 3339, \
            amounts decimal strings beside an ISO 4217 currency. Every write is idempotent: those under /track by their \
            event_id, the others by an Idempotency-Key. Errors are problem details (RFC 9457)."
    ),
    modifiers(&Keys),
    security(("key" = []))
)]
struct Description;

struct Keys;

impl Modify for Keys {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let key = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("A key of one program, with the scopes track, read or manage; or one of a partner, with the scope submit: \
                 it opens the partner's own leads alone."))
            .build();
        openapi.components.get_or_insert_default().add_security_scheme("key", SecurityScheme::Http(key));
    }
}

/// 201, or 200 where the same was answered before.
fn written<T: Serialize>(replayed: bool, answer: T) -> Response {
    let status = if replayed { StatusCode::OK } else { StatusCode::CREATED };
    (status, Json(answer)).into_response()
}
