//! The site folder: the frontend's package, whose names change with their content, and the static files beside it.

use crate::Shared;
use axum::Router;
use http::{HeaderValue, StatusCode, header};
use leptos::config::LeptosOptions;
use std::path::Path;
use tower::ServiceBuilder;
use tower_http::services::{ServeDir, ServeFile};
use tower_http::set_header::SetResponseHeaderLayer;

const IMMUTABLE: &str = "public, max-age=31536000, immutable";
const HOUR: &str = "public, max-age=3600";

/// What is in the site folder when the server starts, each file and folder under its own name.
pub fn router(options: &LeptosOptions) -> Router<Shared> {
    let mut router = Router::new();
    for entry in std::fs::read_dir(&*options.site_root).into_iter().flatten().flatten() {
        let path = entry.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()).map(|name| format!("/{name}")) else {
            continue;
        };
        if name == "/pkg" {
            router = router.nest_service(&name, ServiceBuilder::new().layer(cached(IMMUTABLE)).service(folder(&path)));
        } else if path.is_dir() {
            router = router.nest_service(&name, ServiceBuilder::new().layer(cached(HOUR)).service(folder(&path)));
        } else if !name.ends_with(".br") && !name.ends_with(".gz") {
            let file = ServeFile::new(&path).precompressed_br().precompressed_gzip();
            router = router.route_service(&name, ServiceBuilder::new().layer(cached(HOUR)).service(file));
        }
    }
    router
}

fn folder(path: &Path) -> ServeDir {
    ServeDir::new(path).precompressed_br().precompressed_gzip().append_index_html_on_directories(false)
}

/// What is there may be kept; what isn't may come with the next version.
fn cached<B>(how: &'static str) -> SetResponseHeaderLayer<impl Fn(&http::Response<B>) -> Option<HeaderValue> + Clone> {
    SetResponseHeaderLayer::overriding(header::CACHE_CONTROL, move |response: &http::Response<B>| {
        let there = response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED;
        Some(HeaderValue::from_static(if there { how } else { "no-store" }))
    })
}
