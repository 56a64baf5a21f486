//! Uploaded files, programs' icons, banners that count their views, and links as QR codes. Whoever has the address gets them; none of them
//! can run anything in a browser.

use crate::{Shared, notice};
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use domain::files::{FileInfo, FilePurpose, file_path};
use domain::ids::{AssetId, FileId, ProgramId};
use domain::links::{is_bot, short_path};
use domain::portal::link_server;
use engine::Moment;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

/// What is at an address stays as it is: a changed file has another.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// A photo is a person's, and is erased with it: then no copy of it should stay anywhere.
const PHOTO: &str = "private, max-age=300";

/// A browser asks each time whether it has changed.
const ASKED: &str = "no-cache";

/// All of them.
pub fn router() -> Router<Shared> {
    Router::new()
        .route("/files/{program}/{id}/{name}", get(file))
        .route("/a/{program}/{asset}/{code}", get(banner))
        .route("/qr/{program}/{file}", get(qr))
        .route("/p/{program}/icon", get(icon))
}

/// The icon of a program's pages in the browser's tabs, also before signing in: its own, else the product's.
async fn icon(State(server): State<Shared>, Path(slug): Path<String>) -> Response {
    let work = async {
        let program = engine::programs::by_slug(&mut *server.pool.acquire().await?, &slug).await?;
        Ok(program.favicon.map(|id| file_path(&program.slug, id, "icon")))
    };
    let own: engine::Result<Option<String>> = work.await;
    let place = own.ok().flatten().unwrap_or_else(|| "/favicon.svg".to_owned());
    ([(header::CACHE_CONTROL, "public, max-age=300")], Redirect::temporary(&place)).into_response()
}

async fn file(State(server): State<Shared>, Path((slug, id, _)): Path<(String, String, String)>) -> Response {
    let work = async {
        let (program, id) = (program(&server, &slug)?, known::<FileId>(&id)?);
        let info = engine::files::find(&mut *server.pool.acquire().await?, program, id).await?;
        if info.purpose.is_private() {
            return Err(engine::Error::NotFound("file"));
        }
        let cached = if info.purpose == FilePurpose::Photo { PHOTO } else { IMMUTABLE };
        send(&server, program, &info, cached).await
    };
    work.await.unwrap_or_else(failed)
}

/// The picture, counted for the partner whose link's code is in the address. Nothing of who looks is kept, and nothing is
/// set; browsers ask each time whether it has changed, so that each time is counted.
async fn banner(
    State(server): State<Shared>,
    Path((slug, asset, code)): Path<(String, String, String)>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let work = async {
        let (program, asset) = (program(&server, &slug)?, known::<AssetId>(&asset)?);
        let info = engine::assets::banner(&mut *server.pool.acquire().await?, program, asset).await?;
        let link = server.links.find(&slug, &code).filter(engine::links::ShortLink::records);
        if let Some(link) = link.filter(|_| method != Method::HEAD && !is_machine(&headers)) {
            let day = link.program.day(Moment::now().at);
            server.views.count(program, asset, link.enrollment, day);
        }
        let tag = format!("\"{}\"", info.id);
        let known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
        let mut response =
            if known { StatusCode::NOT_MODIFIED.into_response() } else { send(&server, program, &info, ASKED).await? };
        let answered = response.headers_mut();
        answered.insert(header::CACHE_CONTROL, HeaderValue::from_static(ASKED));
        if let Ok(tag) = HeaderValue::from_str(&tag) {
            answered.insert(header::ETAG, tag);
        }
        Ok(response)
    };
    work.await.unwrap_or_else(failed)
}

/// `/qr/{program}/{code}.svg` and `.png`: a link as a QR code.
async fn qr(State(server): State<Shared>, Path((slug, file)): Path<(String, String)>) -> Response {
    let work = async {
        let (code, ending) = file.rsplit_once('.').ok_or(engine::Error::NotFound("file"))?;
        let program = server.links.program(&slug).ok_or(engine::Error::NotFound("link"))?;
        // What was made this instant may not have been told to the table yet.
        if server.links.find(&slug, code).is_none()
            && !engine::links::has_code(&mut *server.pool.acquire().await?, program.id, code).await?
        {
            return Err(engine::Error::NotFound("link"));
        }
        let before = link_server(&server.public_url, &program.link_domain);
        let address = format!("{before}{}", short_path(&program.slug, code));
        let (kind, body) = match ending {
            "svg" => ("image/svg+xml", Body::from(engine::qr::qr_svg(&address)?)),
            // Drawing takes its time, for which nobody else shall wait.
            "png" => {
                let drawn = tokio::task::spawn_blocking(move || engine::qr::qr_png(&address)).await;
                ("image/png", Body::from(drawn.map_err(engine::Error::internal)??))
            }
            _ => return Err(engine::Error::NotFound("file")),
        };
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
            (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600")),
            (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
        ];
        Ok((headers, body).into_response())
    };
    work.await.unwrap_or_else(failed)
}

fn program(server: &Shared, slug: &str) -> engine::Result<ProgramId> {
    server.links.program(slug).map(|rules| rules.id).ok_or(engine::Error::NotFound("program"))
}

fn known<T: std::str::FromStr>(id: &str) -> engine::Result<T> {
    id.parse().map_err(|_| engine::Error::NotFound("file"))
}

fn is_machine(headers: &HeaderMap) -> bool {
    headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).is_some_and(is_bot)
}

/// A file's content, to be saved by who asked for it, and kept nowhere else.
pub async fn saved(server: &Shared, program: ProgramId, info: &FileInfo) -> engine::Result<Response> {
    content(server, program, info, "private, no-store", "attachment").await
}

/// A file's content: images are shown, all else is saved.
async fn send(server: &Shared, program: ProgramId, info: &FileInfo, cached: &'static str) -> engine::Result<Response> {
    content(server, program, info, cached, if info.is_image() { "inline" } else { "attachment" }).await
}

async fn content(
    server: &Shared,
    program: ProgramId,
    info: &FileInfo,
    cached: &'static str,
    how: &'static str,
) -> engine::Result<Response> {
    let contents = server.files.read(program, info.id).await?;
    let value = |text: &str| HeaderValue::from_str(text).map_err(engine::Error::internal);
    let headers = [
        (header::CONTENT_TYPE, value(&info.content_type)?),
        (header::CONTENT_LENGTH, HeaderValue::from(info.bytes)),
        // Names are kept in plain ASCII.
        (header::CONTENT_DISPOSITION, value(&format!("{how}; filename=\"{}\"", info.name))?),
        (header::CACHE_CONTROL, HeaderValue::from_static(cached)),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
        // Banners stand on others' sites.
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin")),
    ];
    Ok((headers, Body::from_stream(contents)).into_response())
}

fn failed(error: engine::Error) -> Response {
    notice::failed(&error.into(), "There is no such file any more, or it can't be had right now.")
}
