//! Files of leads: the template that partners fill in, the rows that they send, and those that were refused.
//!
//! No server functions: slices have a size of their own, and files are downloaded.

use crate::client::ClientIp;
use crate::{Shared, notice, pages};
use access::{Error, Result};
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use domain::accounts::Actor;
use domain::ids::{EnrollmentId, LeadGroupId, LeadImportId};
use domain::leads::file::{ImportStart, ROW_CHARACTERS, SLICE_BYTES, template};
use domain::portal::PortalPage;
use engine::leads::imports::ErrorFile;
use futures_util::stream::try_unfold;
use http::header;
use http::request::Parts;
use serde::Deserialize;

/// The largest body: a slice, and the row that passes its size, each of whose characters may take several bytes.
pub const BODY_LIMIT: usize = SLICE_BYTES + 8 * ROW_CHARACTERS + 64 * 1024;

/// Every route.
pub fn router() -> Router<Shared> {
    Router::new()
        .route("/p/{program}/lead-imports", post(start))
        .route("/p/{program}/lead-imports/{id}/{number}", post(receive))
        .route("/p/{program}/lead-imports/template.csv", get(empty))
        .route("/p/{program}/lead-imports/{id}/errors.csv", get(errors))
}

/// For whom: the partner that the page showed.
#[derive(Deserialize)]
struct For {
    partner: EnrollmentId,
}

/// The asker, for the partner named. The connection is given back where the body is yet to be read.
async fn asking(server: &Shared, parts: &Parts, program: &str, partner: EnrollmentId) -> Result<access::Partner> {
    let request = Request::from_parts(parts.clone(), Body::empty());
    pages::in_context(server, request, access::this_partner(program, partner, PortalPage::Leads)).await
}

async fn body(body: Body) -> Result<Bytes> {
    axum::body::to_bytes(body, BODY_LIMIT).await.map_err(|_| Error::field("rows", "Send fewer rows at a time."))
}

fn answer<T: serde::Serialize>(outcome: Result<T>) -> Response {
    match outcome {
        Ok(answer) => Json(answer).into_response(),
        Err(error) => (notice::status(&error), Json(error)).into_response(),
    }
}

/// Begins an import.
async fn start(
    State(server): State<Shared>,
    Path(program): Path<String>,
    Query(whose): Query<For>,
    ip: ClientIp,
    request: Request,
) -> Response {
    let (parts, sent) = request.into_parts();
    let work = async {
        drop(asking(&server, &parts, &program, whose.partner).await?);
        let input: ImportStart = serde_json::from_slice(&body(sent).await?).map_err(|_| Error::Malformed)?;
        let mut asking = asking(&server, &parts, &program, whose.partner).await?;
        let mut tx = access::begin(&mut asking.conn).await?;
        let (moment, actor) = (&asking.moment, &asking.actor);
        let id = engine::leads::imports::start(&mut tx, moment, actor, whose.partner, &input, &ip.text()).await?;
        tx.commit().await?;
        Ok(id)
    };
    answer(work.await)
}

/// Takes rows of an import.
async fn receive(
    State(server): State<Shared>,
    Path((program, id, number)): Path<(String, LeadImportId, i32)>,
    Query(whose): Query<For>,
    request: Request,
) -> Response {
    let (parts, sent) = request.into_parts();
    let work = async {
        drop(asking(&server, &parts, &program, whose.partner).await?);
        let sent = body(sent).await?;
        let rows = std::str::from_utf8(&sent).map_err(|_| Error::Malformed)?;
        let mut asking = asking(&server, &parts, &program, whose.partner).await?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::leads::imports::receive(&mut tx, &asking.actor, id, number, rows).await?;
        tx.commit().await?;
        Ok(())
    };
    answer(work.await)
}

/// Which group's template.
#[derive(Deserialize)]
struct OfGroup {
    group: Option<LeadGroupId>,
}

/// The file that partners fill in, from the form in force.
async fn empty(
    State(server): State<Shared>,
    Path(program): Path<String>,
    Query(of): Query<OfGroup>,
    request: Request,
) -> Response {
    let here = request.uri().path().to_owned();
    let work = async {
        let page = access::partner(&program, PortalPage::Leads);
        let mut asking = pages::in_context(&server, request, page).await?;
        let setup = engine::leads::imports::setup(&mut asking.conn, &asking.actor, asking.partner.id).await?;
        let mut groups = setup.groups.into_iter();
        let group = groups.find(|group| of.group.is_none_or(|id| id == group.id)).ok_or(Error::NotFound)?;
        Ok(template(&group.form))
    };
    match work.await {
        Ok(text) => (csv("leads.csv"), text).into_response(),
        Err(error) => refused(&error, &here),
    }
}

/// The rows of an import that were refused, read while they are sent.
async fn errors(
    State(server): State<Shared>,
    Path((program, id)): Path<(String, LeadImportId)>,
    request: Request,
) -> Response {
    let here = request.uri().path().to_owned();
    let work = async {
        let page = access::partner(&program, PortalPage::Leads);
        let mut asking = pages::in_context(&server, request, page).await?;
        let file = engine::leads::imports::error_file(&mut asking.conn, &asking.actor, id).await?;
        Ok((file, asking.actor))
    };
    match work.await {
        Ok((file, actor)) => error_rows(server, actor, id, file),
        Err(error) => refused(&error, &here),
    }
}

/// The file of the rows that were refused.
pub fn error_rows(server: Shared, actor: Actor, id: LeadImportId, file: ErrorFile) -> Response {
    let headers = csv(&file.name);
    let first = Bytes::from(file.head.clone());
    let rows = try_unfold((Some(first), 0), move |(first, after)| {
        let (server, actor, file) = (server.clone(), actor.clone(), file.clone());
        async move {
            if let Some(first) = first {
                return Ok(Some((first, (None, after))));
            }
            // A connection for each piece: the reader may be slow.
            let mut conn = server.pool.acquire().await.map_err(engine::Error::from)?;
            let rows = engine::leads::imports::errors(&mut conn, &actor, id, &file, after).await?;
            Ok::<_, engine::Error>(rows.map(|(rows, last)| (Bytes::from(rows), (None, last))))
        }
    });
    (headers, Body::from_stream(rows)).into_response()
}

fn csv(name: &str) -> [(header::HeaderName, String); 2] {
    [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ]
}

fn refused(error: &Error, here: &str) -> Response {
    match error.leads_to(here) {
        Some(path) => Redirect::to(&path).into_response(),
        None => notice::failed(error, "There is no such file, or it isn't yours to see."),
    }
}
