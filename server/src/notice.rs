//! A page of one sentence, for visitors who know nothing of Tributary: complete in itself, in the house's look.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{margin:0;min-height:100vh;display:grid;place-items:center;font:16px/1.5 Inter,system-ui,sans-serif;\
color:#16201f;background:#f6f8f8}\
main{max-width:26rem;padding:2rem;text-align:center}\
h1{font-size:1.375rem;line-height:1.3;margin:0 0 .5rem}\
p{margin:0;color:#52605f}p+p{margin-top:1rem}a{color:#0b6b63}\
@media(prefers-color-scheme:dark){body{color:#e8eeed;background:#101615}p{color:#9dadab}a{color:#5fd0c3}}";

/// The page for what was refused or failed; the words say what to do.
pub fn failed(error: &access::Error, words: &'static str) -> Response {
    notice(status(error), error.title(), words)
}

/// The status of an answer that says what was refused or failed.
pub fn status(error: &access::Error) -> StatusCode {
    StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// The page. Title and words are ours: they are not escaped.
pub fn notice(status: StatusCode, title: &'static str, words: &'static str) -> Response {
    leading_on(status, title, words, None)
}

/// The same with a way on: to a site.
pub fn leading_on(status: StatusCode, title: &'static str, words: &'static str, site: Option<&str>) -> Response {
    let way_on = site.and_then(|site| {
        let (_, host, _) = domain::links::split_address(site)?;
        Some(format!("<p><a href=\"{}\">Go to {}</a></p>", escaped(site), escaped(host)))
    });
    let way_on = way_on.unwrap_or_default();
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"robots\" content=\"noindex\">\
         <title>{title}</title><style>{STYLE}</style></head><body><main><h1>{title}</h1><p>{words}</p>{way_on}</main></body></html>"
    );
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
        ),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (status, headers, page).into_response()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
