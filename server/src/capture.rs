//! Forms that partners share: plain pages that visitors fill in, without a script, and without anybody's session.
//!
//! They alone may stand in a frame, and take posts from elsewhere: on the sites that their partner names.

use crate::Shared;
use crate::client::ClientIp;
use crate::notice::notice;
use crate::problem::Problem;
use askama::Template;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, RawQuery, Request, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use domain::leads::Sent;
use domain::leads::capture::{CaptureForm, MOST_BYTES, fields, leads_to_one_of, read};
use domain::text::FieldError;
use engine::leads::{Capture, capture, capture_form};
use engine::{Error, Moment};
use http::{HeaderMap, HeaderValue, StatusCode, header};

/// `/f/{program}/{code}`.
pub fn router() -> Router<Shared> {
    Router::new()
        .route("/f/{program}/{code}", get(form).post(post))
        .route("/f/{program}/{code}/thanks", get(thanks))
        .layer(DefaultBodyLimit::max(MOST_BYTES))
}

/// An answer that the sites in its policy may frame.
#[derive(Clone, Copy, Debug)]
pub struct Framed;

#[derive(Template)]
#[template(path = "capture/page.html")]
struct Page<'a> {
    css: &'a str,
    title: &'a str,
    called: &'a str,
    /// Whether it stands in a frame, which shows whose it is.
    embedded: bool,
    action: &'a str,
    problem: Option<&'a str>,
    about: &'a str,
    /// The fields; none: it is filled in.
    body: Option<String>,
}

/// What a page says beside its fields.
struct Told<'a> {
    status: StatusCode,
    problem: Option<&'a str>,
    typed: &'a Sent,
    wrong: &'a [FieldError],
}

/// A form that was asked for.
struct Asked {
    server: Shared,
    form: Capture,
    /// Its path, with what was asked for.
    path: String,
    embedded: bool,
}

impl Asked {
    async fn find(server: Shared, program: &str, code: &str, query: Option<&str>) -> Result<Self, Response> {
        let found = async {
            if program.contains('\0') || code.contains('\0') {
                return Err(Error::NotFound("form"));
            }
            capture_form(&mut *server.pool.acquire().await?, program, code).await
        };
        match found.await {
            Ok(form) => {
                let path = CaptureForm::path(program, code);
                let embedded = query == Some("embed=1");
                Ok(Self { server, form, path, embedded })
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// The page with the form, and what was typed.
    fn page(&self, told: &Told<'_>) -> Response {
        let group = &self.form.group;
        let body = fields(&group.form, group.version, self.form.currency, told.typed, told.wrong);
        let page = Page {
            css: &self.server.leptos.css_path(),
            title: "Get in touch",
            called: &self.form.called,
            embedded: self.embedded,
            action: &self.here(""),
            problem: told.problem,
            about: &group.description,
            body: Some(body),
        };
        self.framed(told.status, &page)
    }

    fn here(&self, below: &str) -> String {
        format!("{}{below}{}", self.path, if self.embedded { "?embed=1" } else { "" })
    }

    /// A page that the form's sites may frame, and that leads to them when it is filled in.
    fn framed(&self, status: StatusCode, page: &Page<'_>) -> Response {
        let Ok(html) = page.render() else { return Problem::internal().into_response() };
        let sites = self.form.sites.join(" ");
        let frames = if sites.is_empty() { "'none'" } else { sites.as_str() };
        let policy = format!(
            "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self' data:; base-uri 'none'; \
             form-action 'self' {sites}; frame-ancestors {frames}"
        );
        // Sites were checked when they were kept: each fits a header.
        let policy = HeaderValue::from_str(&policy)
            .unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
        let mut response = (status, [(header::CONTENT_SECURITY_POLICY, policy)], Html(html)).into_response();
        response.extensions_mut().insert(Framed);
        response
    }

    /// Whether a browser may post here from where it says that it is.
    fn may_post(&self, headers: &HeaderMap) -> bool {
        // Browsers tell of each post where it comes from.
        let Some(origin) = headers.get(header::ORIGIN) else { return true };
        let Ok(origin) = origin.to_str() else { return false };
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let own = origin == &*self.server.public_url || origin.split_once("://").is_some_and(|(_, from)| from == host);
        own || leads_to_one_of(origin, &self.form.sites)
    }

    /// Where who has filled it in is led.
    fn done(&self) -> Response {
        let to = &self.form.redirect;
        if leads_to_one_of(to, &self.form.sites) {
            return Redirect::to(to).into_response();
        }
        Redirect::to(&self.here("/thanks")).into_response()
    }
}

fn failed(error: Error) -> Response {
    match error {
        Error::NotFound(_) | Error::Forbidden => {
            let words = "It may have been closed. Ask whoever gave you its address.";
            notice(StatusCode::NOT_FOUND, "There is no such form", words)
        }
        error => {
            let problem = Problem::from(error);
            notice(
                problem.status,
                "Something went wrong",
                "It is our fault, and it is in the log. Try again in a minute.",
            )
        }
    }
}

async fn form(
    State(server): State<Shared>,
    Path((program, code)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Response {
    match Asked::find(server, &program, &code, query.as_deref()).await {
        Ok(asked) => asked.page(&Told { status: StatusCode::OK, problem: None, typed: &Sent::new(), wrong: &[] }),
        Err(answer) => answer,
    }
}

async fn thanks(
    State(server): State<Shared>,
    Path((program, code)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Response {
    let asked = match Asked::find(server, &program, &code, query.as_deref()).await {
        Ok(asked) => asked,
        Err(answer) => return answer,
    };
    let words = match asked.form.thanks.as_str() {
        "" => "We have received your details, and will be in touch.",
        words => words,
    };
    let page = Page {
        css: &asked.server.leptos.css_path(),
        title: "Thank you",
        called: &asked.form.called,
        embedded: asked.embedded,
        action: "",
        problem: None,
        about: words,
        body: None,
    };
    asked.framed(StatusCode::OK, &page)
}

async fn post(
    State(server): State<Shared>,
    Path((program, code)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    ip: ClientIp,
    request: Request,
) -> Response {
    let asked = match Asked::find(server.clone(), &program, &code, query.as_deref()).await {
        Ok(asked) => asked,
        Err(answer) => return answer,
    };
    let (parts, body) = request.into_parts();
    if !asked.may_post(&parts.headers) {
        let words =
            "This form takes nothing from the site that you come from. Open the form itself, and fill it in there.";
        return notice(StatusCode::FORBIDDEN, "Not from here", words);
    }
    if !crate::api::body::is_kind(&parts.headers, "application/x-www-form-urlencoded") {
        return Problem::unsupported("Send application/x-www-form-urlencoded.").into_response();
    }
    let nothing = Sent::new();
    let say = |status: StatusCode, words: &str, typed: &Sent| {
        asked.page(&Told { status, problem: Some(words), typed, wrong: &[] })
    };
    let request = Request::from_parts(parts, body);
    let Ok(body) = <Bytes as axum::extract::FromRequest<()>>::from_request(request, &()).await else {
        return say(StatusCode::PAYLOAD_TOO_LARGE, "That is more than this form takes. Write less.", &nothing);
    };
    let captured = read(&body, &asked.form.group.form);
    if let Err(seconds) = server.limits.form(ip.key(), &asked.path) {
        let mut response = say(
            StatusCode::TOO_MANY_REQUESTS,
            "You have sent this form too often. Wait a minute, then send it again.",
            &captured.sent,
        );
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        return response;
    }
    if captured.trapped {
        return asked.done();
    }
    if captured.version.is_some_and(|version| version != asked.form.group.version) {
        return say(StatusCode::CONFLICT, CHANGED, &captured.sent);
    }
    match capture(&server.pool, &Moment::now(), &asked.form, captured.sent.clone(), &ip.text()).await {
        Ok(()) => asked.done(),
        Err(Error::Invalid(wrong)) => asked.page(&Told {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            problem: Some("Some answers need another look: see below."),
            typed: &captured.sent,
            wrong: &wrong,
        }),
        Err(Error::Conflict(_)) => {
            say(StatusCode::CONFLICT, "This form takes nothing more at the moment. Try again tomorrow.", &captured.sent)
        }
        Err(error) => failed(error),
    }
}

const CHANGED: &str = "The form has changed since it was opened. Look through it, then send it once more.";
