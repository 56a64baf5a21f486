//! The server's side: the state that every request sees, and the one wrapper around what it is answered.

use crate::{Error, Result};
use http::StatusCode;
use http::header::{self, HeaderMap, HeaderValue};
use http::request::Parts;
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use sqlx::PgPool;
use std::sync::Arc;

/// What the server is made of, as far as pages and their server functions ask: provided as a Leptos context for each
/// request, and cheap to clone.
#[derive(Clone, Debug)]
pub struct State {
    /// The database.
    pub pool: PgPool,
    /// The keys with which secrets are encrypted and hashed.
    pub secrets: Arc<engine::secrets::Secrets>,
    /// The server's own address without a slash at its end: `https://partners.acme.example`.
    pub public_url: Arc<str>,
    /// Whether this is the demo: its sign-ins are shown and its shop is open.
    pub demo: bool,
}

impl State {
    /// Of the request that is being answered.
    ///
    /// # Errors
    /// Where the server did not provide it.
    pub fn here() -> Result<Self> {
        use_context().ok_or_else(|| engine::Error::internal("no access::State in the context").into())
    }

    /// Whether people reach the server by https: cookies are `Secure` then.
    #[must_use]
    pub fn secure(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}

/// Answers a server function or a page: runs it, and tells the status of what went wrong. What can't be sought is refused
/// here, once for all. Who isn't signed in is led to
/// sign in, and who must confirm first to that, where a whole page was asked for.
///
/// # Errors
/// Those of the work itself; `Malformed` where the address holds a NUL.
pub async fn answer<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let outcome = if names_nul() { Err(Error::Malformed) } else { work.await };
    let Err(error) = outcome else { return outcome };
    let Some(parts) = use_context::<Parts>() else { return Err(error) };
    if !parts.uri.path().starts_with("/fn/") {
        match leads_to(&error, &parts) {
            Some(path) => leptos_axum::redirect(&path),
            None => note_status(&error),
        }
        return Err(error);
    }
    if wants_html(&parts.headers) {
        // A form without WASM: it is shown again, and finds there what went wrong.
        if let Some(path) = leads_to(&error, &parts) {
            leptos_axum::redirect(&path);
            return Err(error);
        }
        keep_error(&error);
        return Err(Error::Kept);
    }
    note_status(&error);
    Err(error)
}

/// Whether the request's address holds a NUL, which Postgres takes in no text: no page makes such an address.
fn names_nul() -> bool {
    use_context::<Parts>()
        .is_some_and(|parts| parts.uri.path_and_query().is_some_and(|asked| asked.as_str().contains("%00")))
}

/// Where an error leads instead of being shown, if it does.
fn leads_to(error: &Error, parts: &Parts) -> Option<String> {
    let here = if parts.uri.path().starts_with("/fn/") {
        referring_path(&parts.headers).unwrap_or_else(|| "/".to_owned())
    } else {
        parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned()
    };
    error.leads_to(&here)
}

/// The path of the page from which the request came.
fn referring_path(headers: &HeaderMap) -> Option<String> {
    let referrer = headers.get(header::REFERER)?.to_str().ok()?;
    let (_, _, path) = domain::links::split_address(referrer)?;
    crate::local_path(path).map(str::to_owned)
}

/// The address of the icon in the browser's tabs for the page that is asked for: the program's on its pages, those before
/// signing in included, else the product's.
#[must_use]
pub fn icon() -> String {
    let path = use_context::<Parts>().map(|parts| parts.uri.path().to_owned()).unwrap_or_default();
    let of_program = path.strip_prefix("/p/").or(path.strip_prefix("/admin/"));
    match of_program.and_then(|rest| rest.split('/').next()) {
        Some(program) if domain::text::check_code(program).is_ok() => format!("/p/{program}/icon"),
        _ => "/favicon.svg".to_owned(),
    }
}

fn wants_html(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

/// Sets the answer's status to that of an error.
pub(crate) fn note_status(error: &Error) {
    if let Some(response) = use_context::<ResponseOptions>()
        && let Ok(status) = StatusCode::from_u16(error.status())
        && !use_context::<Parts>()
            .is_some_and(|parts| parts.uri.path().starts_with("/fn/") && wants_html(&parts.headers))
    {
        response.set_status(status);
    }
}

const KEPT: &str = "tributary-form";

/// Keeps what went wrong with a form for the page that shows it again: in a cookie, for a minute.
fn keep_error(error: &Error) {
    if let Some(cookie) = kept(error) {
        add_cookie(&cookie);
    }
}

fn kept(error: &Error) -> Option<String> {
    let json = serde_json::to_string(error).ok()?;
    Some(format!("{KEPT}={}; Path=/; Max-Age=60; HttpOnly; SameSite=Lax", crate::navigate::escape(&json)))
}

/// Where a form without WASM is led that was posted to a route of its own, `path`, and did not work: to sign in or
/// confirm, else back to its page; and the cookie that tells that page what went wrong.
#[must_use]
pub fn shown_again(error: &Error, path: &str, headers: &HeaderMap) -> (String, Option<String>) {
    let back = referring_path(headers).unwrap_or_else(|| "/".to_owned());
    let back = back.split_once("?__path=").or(back.split_once("&__path=")).map_or(back.as_str(), |(back, _)| back);
    if let Some(elsewhere) = error.leads_to(back) {
        return (elsewhere, None);
    }
    let mark = if back.contains('?') { '&' } else { '?' };
    (format!("{back}{mark}__path={}&__err=kept", crate::navigate::escape(path)), kept(error))
}

/// What went wrong with the form that was posted before this page.
pub(crate) fn kept_error() -> Option<Error> {
    let parts = use_context::<Parts>()?;
    let kept = cookie(&parts.headers, KEPT)?;
    serde_json::from_str(&crate::navigate::unescape(kept)?).ok()
}

/// A cookie of a request, by its whole name.
#[must_use]
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|cookies| cookies.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

/// Sends a cookie with the answer.
pub(crate) fn add_cookie(cookie: &str) {
    if let (Some(response), Ok(cookie)) = (use_context::<ResponseOptions>(), HeaderValue::from_str(cookie)) {
        response.append_header(header::SET_COOKIE, cookie);
    }
}

impl From<engine::Error> for Error {
    fn from(error: engine::Error) -> Self {
        match error {
            engine::Error::NotFound(_) => Self::NotFound,
            engine::Error::Forbidden => Self::Forbidden,
            engine::Error::ConfirmFirst => Self::ConfirmFirst,
            engine::Error::Invalid(fields) => Self::Invalid(fields),
            engine::Error::Conflict(words) => Self::Conflict(words),
            engine::Error::Reused => Self::Conflict("This was sent before, with other content.".into()),
            engine::Error::TooMany(seconds) => Self::TooMany(seconds),
            error @ engine::Error::Database(_) => {
                let id = error_id();
                tracing::error!(error_id = id, %error, "the database answered with an error");
                if error.is_outage() { Self::Unavailable { id } } else { Self::Internal { id } }
            }
            engine::Error::Internal(cause) => {
                let id = error_id();
                tracing::error!(error_id = id, cause, "a use case failed");
                Self::Internal { id }
            }
        }
    }
}

/// What becomes of a one-time link, or a step, that is over: instead of "not found", words that say what to do.
pub fn over(instead: Error) -> impl FnOnce(engine::Error) -> Error {
    move |error| if matches!(error, engine::Error::NotFound(_)) { instead } else { error.into() }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        engine::Error::Database(error).into()
    }
}

/// A fresh id by which a person's report finds its line in the log.
fn error_id() -> String {
    engine::Moment::now().bytes::<6>().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(path: &str, headers: &[(&'static str, &str)]) -> Parts {
        let mut request = http::Request::builder().uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).expect("request").into_parts().0
    }

    #[test]
    fn a_cookie_is_found_among_others_by_its_whole_name() {
        let parts = request("/", &[("cookie", "xtributary=1; tributary=abc;  other=2"), ("cookie", "late=3")]);
        assert_eq!(cookie(&parts.headers, "tributary"), Some("abc"));
        assert_eq!(cookie(&parts.headers, "late"), Some("3"));
        assert_eq!(cookie(&parts.headers, "ributary"), None);
    }

    #[test]
    fn who_must_sign_in_comes_back_to_the_page_that_was_asked_for() {
        let page = request("/p/acme?period=90d", &[]);
        assert_eq!(leads_to(&Error::SignIn, &page).as_deref(), Some("/p/acme/sign-in?to=/p/acme%3Fperiod%3D90d"));
        let form = request("/fn/partner/links/create", &[("referer", "https://tributary.example/p/acme/links")]);
        assert_eq!(leads_to(&Error::ConfirmFirst, &form).as_deref(), Some("/confirm?to=/p/acme/links"));
        assert_eq!(leads_to(&Error::NotFound, &page), None);
    }

    #[test]
    fn a_form_of_a_route_of_its_own_is_shown_again() {
        let error = Error::field("file", "Choose a file.");
        let page = request("/upload/photo", &[("referer", "https://t.example/p/acme?period=7d&__path=/x&__err=y")]);
        let (back, cookie) = shown_again(&error, "/upload/photo", &page.headers);
        assert_eq!(back, "/p/acme?period=7d&__path=/upload/photo&__err=kept");
        assert!(cookie.is_some_and(|cookie| cookie.starts_with("tributary-form=")));
        let (away, cookie) = shown_again(&Error::SignIn, "/upload/photo", &page.headers);
        assert_eq!((away.as_str(), cookie), ("/p/acme/sign-in?to=/p/acme%3Fperiod%3D7d", None));
    }

    #[test]
    fn a_cookie_keeps_any_words() {
        let words = "{\"conflict\":\"50 % off; “now”, über\"}";
        let kept = crate::navigate::escape(words);
        assert!(kept.bytes().all(|byte| byte.is_ascii_graphic() && !b"\",;\\".contains(&byte)), "{kept}");
        assert_eq!(crate::navigate::unescape(&kept).as_deref(), Some(words));
    }

    #[test]
    fn errors_of_postgres_never_show_their_words() {
        let error = Error::from(engine::Error::Internal("select secret from accounts".into()));
        assert!(!format!("{error} {} {}", error.title(), error.words()).contains("secret"));
        assert_eq!(error.status(), 500);
        assert_eq!(Error::from(sqlx::Error::PoolTimedOut).status(), 503);
    }
}
