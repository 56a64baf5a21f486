//! The pages and their server functions.

use crate::Shared;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{Redirect, Response};
use axum::routing::get;
use http::{HeaderValue, StatusCode, header};
use leptos::nonce::use_nonce;
use leptos::prelude::{Owner, provide_context, use_context};
use leptos::reactive::computed::ScopedFuture;
use leptos_axum::{
    AxumRouteListing, LeptosRoutes, ResponseOptions, generate_route_list_with_exclusions_and_ssg_and_context,
    render_app_async_with_context,
};
use std::pin::Pin;
use std::sync::OnceLock;

/// A page that is being rendered.
pub type Rendered = Pin<Box<dyn Future<Output = Response> + Send>>;

/// The server functions behind which passwords and mail are: those that one address may not call without end.
pub const DOORS: &[&str] = &[
    "/fn/account/email",
    "/fn/account/email/confirm",
    "/fn/account/password",
    "/fn/confirm",
    "/fn/forgot-password",
    "/fn/invitation/accept",
    "/fn/payout-method/confirm",
    "/fn/reset-password",
    "/fn/second-factor",
    "/fn/setup/owner",
    "/fn/sign-in",
    "/fn/sign-in-link",
    "/fn/sign-up",
    "/fn/sign-up/confirm",
    "/fn/stop-mails",
];

/// Found once per process: while Leptos looks for them, whatever page another server of the process begins to render
/// waits for ever (leptos-rs/leptos#4773).
static ROUTES: OnceLock<Vec<AxumRouteListing>> = OnceLock::new();

/// Every page, and every server function.
pub fn router(server: &Shared) -> Router<Shared> {
    let context = context(server);
    let options = server.leptos.clone();
    let shell = {
        let options = options.clone();
        move || app::shell(options.clone())
    };
    let routes = ROUTES
        .get_or_init(|| generate_route_list_with_exclusions_and_ssg_and_context(app::App, None, context.clone()).0)
        .clone();
    let lost = render_app_async_with_context(context.clone(), shell.clone());
    Router::new()
        .leptos_routes_with_context(&options, routes, context, shell)
        // Typed by heart: home knows whose program to open.
        .route("/admin", get(|| async { Redirect::to("/") }))
        .fallback(move |request: Request<Body>| {
            let answer = lost.clone()(request);
            async move { not_found(answer.await) }
        })
        .with_state(options)
}

/// Renders the page of a request in answer to a form that was posted to the page's own address: the page finds in its
/// context what became of that.
pub fn answering<T: Clone + Send + Sync + 'static>(
    server: &Shared,
) -> impl Fn(Request, T) -> Rendered + Clone + Send + Sync + 'static {
    let (context, options) = (context(server), server.leptos.clone());
    move |request: Request, answer: T| -> Rendered {
        let (context, options) = (context.clone(), options.clone());
        let with_answer = move || {
            context();
            provide_context(answer.clone());
        };
        render_app_async_with_context(with_answer, move || app::shell(options.clone()))(request)
    }
}

fn state(server: &Shared) -> access::State {
    access::State {
        pool: server.pool.clone(),
        secrets: server.secrets.clone(),
        public_url: server.public_url.clone(),
        demo: server.demo,
        sends_mail: server.sends_mail,
    }
}

/// Does for a route that is no page what asks `access` who it is.
pub async fn in_context<T>(server: &Shared, request: Request, work: impl Future<Output = T>) -> T {
    let owner = Owner::new();
    let work = owner.with(|| {
        provide_context(state(server));
        provide_context(request.into_parts().0);
        ScopedFuture::new(work)
    });
    work.await
}

/// What pages and server functions find of the server, for each request; and what a page's answer may load.
fn context(server: &Shared) -> impl Fn() + Clone + Send + Sync + 'static {
    let state = state(server);
    let options = &server.leptos;
    let folder = std::path::Path::new(&*options.site_root).join(&*options.site_pkg_dir);
    let chunks = access::Chunks::read(&folder, &format!("/{}", options.site_pkg_dir));
    // Where the page reloads itself on change.
    let reload = match std::env::var_os("LEPTOS_WATCH") {
        Some(_) => format!(" ws://{}:{}", server.leptos.site_addr.ip(), server.leptos.reload_port),
        None => String::new(),
    };
    move || {
        provide_context(state.clone());
        provide_context(chunks.for_request());
        provide_context(access::Known::default());
        if let (Some(nonce), Some(answer)) = (use_nonce(), use_context::<ResponseOptions>()) {
            let policy = format!(
                "default-src 'self'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; \
                 style-src 'self' 'nonce-{nonce}'; style-src-attr 'unsafe-inline'; img-src 'self' data:; \
                 connect-src 'self'{reload}; object-src 'none'; base-uri 'none'; form-action 'self'; \
                 frame-ancestors 'none'"
            );
            if let Ok(policy) = HeaderValue::from_str(&policy) {
                answer.insert_header(header::CONTENT_SECURITY_POLICY, policy);
            }
        }
    }
}

/// A page that is none of ours says so by its status too, unless it leads elsewhere.
fn not_found(mut answer: Response) -> Response {
    if answer.status() == StatusCode::OK {
        *answer.status_mut() = StatusCode::NOT_FOUND;
    }
    answer
}
