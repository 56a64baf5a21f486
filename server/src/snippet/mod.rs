//! `/t.js` for companies whose landing page is elsewhere, and the two calls that it makes.
//!
//! They read neither key nor session: which sites may call is the program's to say, and their `Origin` is checked.

use crate::Shared;
use crate::api::body::Body;
use crate::client::{ClientIp, country};
use crate::problem::Problem;
use axum::extract::{Path, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use domain::ids::ClickId;
use domain::links::{check_destination, is_bot};
use domain::programs::ClickModel;
use engine::Moment;
use engine::links::{NewClick, ProgramRules, Visit};
use engine::secrets::Use;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde::{Deserialize, Serialize};

const SCRIPT: &str = include_str!("t.js");

/// `/t.js` and `/t/{program}…`.
pub fn router(server: &Shared) -> Router<Shared> {
    let calls = Router::new()
        .route("/t/{program}", get(rules))
        .route("/t/{program}/click", post(click))
        .layer(axum::extract::DefaultBodyLimit::max(crate::api::body::BODY_LIMIT))
        .layer(from_fn_with_state(server.clone(), sites));
    Router::new().route("/t.js", get(script)).merge(calls)
}

async fn script() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=3600"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    ];
    (headers, SCRIPT)
}

/// Lets the program's own sites in, and answers their browsers' questions beforehand.
async fn sites(
    State(server): State<Shared>,
    Path(parameters): Path<Vec<(String, String)>>,
    request: Request,
    next: Next,
) -> Response {
    let slug = parameters.first().map(|(_, slug)| slug.as_str()).unwrap_or_default();
    let Some(program) = server.links.program(slug) else { return Problem::not_found("program").into_response() };
    let origin = request.headers().get(header::ORIGIN).cloned();
    let allowed = match &origin {
        Some(origin) => origin.to_str().is_ok_and(|origin| is_site(&program, origin)),
        // Browsers leave it out of what they read from their own site alone.
        None => *request.method() == Method::GET,
    };
    if !allowed {
        return Problem::forbidden("This site is not one of the program's.").into_response();
    }
    let mut response = if *request.method() == Method::OPTIONS {
        StatusCode::NO_CONTENT.into_response()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("content-type"));
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("7200"));
    }
    response
}

/// Whether an address is on one of the program's sites.
fn is_site(program: &ProgramRules, address: &str) -> bool {
    check_destination(address, &program.website, &program.allowed_hosts).is_ok()
}

/// What the snippet has to know before it keeps anything.
#[derive(Serialize)]
struct Rules {
    window_days: i32,
    click_model: ClickModel,
    consent_required: bool,
}

async fn rules(State(server): State<Shared>, Path(slug): Path<String>) -> Result<Response, Problem> {
    let program = server.links.program(&slug).ok_or_else(|| Problem::not_found("program"))?;
    let rules = Rules {
        window_days: program.window_days,
        click_model: program.click_model,
        consent_required: program.consent_required,
    };
    Ok(([(header::CACHE_CONTROL, "public, max-age=300")], Json(rules)).into_response())
}

/// A visitor landed with `?via=<code>`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Landed {
    via: String,
    url: String,
    #[serde(default)]
    referrer: Option<String>,
}

#[derive(Serialize)]
struct Made {
    click_id: ClickId,
}

async fn click(
    State(server): State<Shared>,
    Path(slug): Path<String>,
    ip: ClientIp,
    headers: HeaderMap,
    Body(landed): Body<Landed>,
) -> Result<(StatusCode, Json<Made>), Problem> {
    let link = server
        .links
        .find(&slug, &landed.via)
        .filter(engine::links::ShortLink::records)
        .ok_or_else(|| Problem::not_found("link"))?;
    if !is_site(&link.program, &landed.url) {
        return Err(Problem::field("url", "This is not an address on one of the program's sites."));
    }
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    if is_bot(agent) {
        return Err(Problem::forbidden("Bots' clicks are not counted."));
    }
    let visit = Visit {
        is_unique: true,
        target: landed.url,
        referrer: landed.referrer.unwrap_or_default(),
        country: country(&headers, server.country_header.as_ref()),
        ip_hash: Some(server.secrets.keyed_hash(Use::IpAddress, ip.text().as_bytes()).to_vec()),
        ..Visit::default()
    };
    let click = NewClick::new(&Moment::now(), &link, visit);
    let click_id = click.id;
    server.clicks.record(click).await.map_err(|_| Problem::unavailable())?;
    Ok((StatusCode::CREATED, Json(Made { click_id })))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_snippet_is_small() {
        assert!(super::SCRIPT.len() < 2_000, "{} bytes", super::SCRIPT.len());
    }
}
