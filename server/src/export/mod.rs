//! Reports and lists as CSV: the same rows as the page shows, by the same filters, scoped by the session as the page's
//! own server function is.
//!
//! Long lists are read page by page while they are sent, so that memory stays flat.

mod rows;
mod sheets;

use crate::{Shared, notice, pages};
use access::Error;
use axum::Form;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Path, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use chrono::NaiveDate;
use domain::accounts::Power;
use domain::ids::PartnerJobId;
use futures_util::future::BoxFuture;
use futures_util::stream::{StreamExt, try_unfold, unfold};
use http::{HeaderMap, StatusCode, header};
use rows::{Row, csv};
use std::collections::HashMap;
use tokio::sync::mpsc::Receiver;

/// The most rows of a file.
const MOST: usize = 100_000;

/// A file for a partner, and a file for the team.
pub fn router() -> Router<Shared> {
    Router::new()
        .route("/p/{program}/export/{file}", get(partner))
        .route("/admin/{program}/export/{file}", get(team).post(kept))
        .route("/admin/{program}/partners/jobs/{id}/left-out.csv", get(left_out))
}

/// A file: what it is called, and where its rows come from.
struct Sheet {
    /// Without its end.
    name: String,
    head: Vec<&'static str>,
    rows: Rows,
}

enum Rows {
    /// Few: reckoned at once.
    Ready(Vec<Row>),
    /// Many: asked for with the cursor of the page before.
    Paged(Pages),
    /// The same however many there are: books are whole, or no books.
    Whole(Pages),
    /// Many, of one instant: sent as they are read.
    Sent(Receiver<engine::Result<Vec<Row>>>),
}

impl Rows {
    /// All of them, however many there are.
    fn whole(self) -> Self {
        match self {
            Self::Paged(pages) => Self::Whole(pages),
            rows => rows,
        }
    }
}

/// Reads a page of rows, and says where the next one begins.
type Pages =
    Box<dyn Fn(Option<String>) -> BoxFuture<'static, engine::Result<(Vec<Row>, Option<String>)>> + Send + Sync>;

/// The query of a page's address.
struct Asked(HashMap<String, String>);

impl Asked {
    fn of(request: &Request) -> Self {
        let pairs = form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()).into_owned();
        Self::from_pairs(pairs)
    }

    fn from_pairs(pairs: impl Iterator<Item = (String, String)>) -> Self {
        // Postgres takes no NUL; nothing that is sought holds one.
        Self(pairs.filter(|(_, value)| !value.is_empty() && !value.contains('\0')).collect())
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// A day, a word or a number; what can't be read is as good as not given, as on the pages.
    fn get<T: std::str::FromStr>(&self, key: &str) -> Option<T> {
        self.text(key)?.parse().ok()
    }

    /// A day of books, which are whole or none: one that can't be read is refused.
    fn day(&self, key: &str) -> access::Result<Option<NaiveDate>> {
        let read =
            |text: &str| text.parse::<NaiveDate>().map_err(|_| Error::field(key, "Use a date such as 2026-12-01."));
        self.text(key).map(read).transpose()
    }

    fn period(&self) -> domain::reports::Period {
        domain::reports::Period::parse(self.text("period"), self.text("from"), self.text("to"))
    }
}

async fn partner(
    State(server): State<Shared>,
    Path((program, file)): Path<(String, String)>,
    request: Request,
) -> Response {
    let here = here(&request);
    let asked = Asked::of(&request);
    let work = async {
        let page = sheets::page_of(&file).ok_or(Error::NotFound)?;
        let asking = pages::in_context(&server, request, async { access::partner(&program, page).await }).await?;
        sheets::of_partner(asking, &file, &asked).await
    };
    answer(work.await, &here).await
}

async fn team(
    State(server): State<Shared>,
    Path((program, file)): Path<(String, String)>,
    request: Request,
) -> Response {
    let here = here(&request);
    let asked = Asked::of(&request);
    let work = async {
        let asking = pages::in_context(&server, request, async { access::admin(&program).await }).await?;
        sheets::of_team(asking, &file, &asked).await
    };
    answer(work.await, &here).await
}

/// The same, asked for by a form: what the file contained is kept, so that what is paid by it can be recorded.
async fn kept(
    State(server): State<Shared>,
    Path((program, file)): Path<(String, String)>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let (path, headers) = (parts.uri.path().to_owned(), parts.headers.clone());
    let asker = Request::from_parts(parts.clone(), Body::empty());
    let Ok(Form(pairs)) = Form::<Vec<(String, String)>>::from_request(Request::from_parts(parts, body), &server).await
    else {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    };
    let asked = Asked::from_pairs(pairs.into_iter());
    let work = async {
        if file != "partner-ledgers.csv" {
            return Err(Error::NotFound);
        }
        let asking = pages::in_context(&server, asker, async { access::admin(&program).await }).await?;
        // Who may not pay gets the file alone.
        let keeps = asking.actor.may(Power::Pay);
        sheets::ledgers(asking, &asked, keeps).await
    };
    let sent = match work.await {
        Ok(sheet) => send(sheet).await,
        Err(error) => Err(error),
    };
    match sent {
        Ok(response) => response,
        Err(error @ Error::SignIn) => Redirect::to(&access::shown_again(&error, &path, &headers).0).into_response(),
        Err(error) => refused(error, "/"),
    }
}

/// Who was left out of an import, or of an act on very many partners. The rows of a file stay as they stood in it, since they
/// are mended and imported again.
async fn left_out(
    State(server): State<Shared>,
    Path((program, id)): Path<(String, String)>,
    request: Request,
) -> Response {
    let here = here(&request);
    let work = async {
        let id = id.parse::<PartnerJobId>().map_err(|_| Error::NotFound)?;
        let mut asking = pages::in_context(&server, request, async { access::admin(&program).await }).await?;
        Ok(engine::partners::job::left_out(&mut asking.conn, &asking.actor, id).await?)
    };
    let csv: access::Result<String> = work.await;
    match csv {
        Ok(csv) => {
            let headers = [
                (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
                (header::CONTENT_DISPOSITION, "attachment; filename=\"left-out.csv\""),
            ];
            (headers, csv).into_response()
        }
        Err(error) => refused(error, &here),
    }
}

fn here(request: &Request) -> String {
    request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned()
}

/// The file, or why there is none: whoever must sign in is led there, and from there back.
async fn answer(sheet: access::Result<Sheet>, here: &str) -> Response {
    let sent = match sheet {
        Ok(sheet) => send(sheet).await,
        Err(error) => Err(error),
    };
    sent.unwrap_or_else(|error| refused(error, here))
}

fn refused(error: Error, here: &str) -> Response {
    match error.leads_to(here) {
        Some(path) => Redirect::to(&path).into_response(),
        None => {
            let words = match error {
                Error::NotFound => "There is no such file, or it isn't yours to see.",
                Error::Invalid(_) => "What the address asks for can't be read. Go back and choose again.",
                _ => "Go back and try again.",
            };
            notice::failed(&error, words)
        }
    }
}

/// The first page is read before the answer begins, so that what goes wrong has its status; what goes wrong later breaks
/// the answer off, so that nobody takes half a file for a whole one.
async fn send(sheet: Sheet) -> Result<Response, Error> {
    let Sheet { name, head, rows } = sheet;
    let body = match rows {
        Rows::Ready(rows) => Body::from(csv(Some(&head), &rows)?),
        Rows::Paged(pages) => stream(&head, pages, MOST).await?,
        Rows::Whole(pages) => stream(&head, pages, usize::MAX).await?,
        Rows::Sent(rows) => sent(&head, rows).await?,
    };
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, http::HeaderValue::from_static("text/csv; charset=utf-8"));
    // Programs' names in addresses and partners' codes are plain ASCII.
    let disposition = format!("attachment; filename=\"{name}.csv\"");
    headers.insert(
        header::CONTENT_DISPOSITION,
        disposition.parse().map_err(|_| engine::Error::internal("a file name that is no header"))?,
    );
    Ok((headers, body).into_response())
}

/// Rows page by page, of which the first is read by now; at most about so many.
async fn stream(head: &[&'static str], pages: Pages, most: usize) -> Result<Body, Error> {
    let (rows, cursor) = pages(None).await?;
    let first = Bytes::from(csv(Some(head), &rows)?);
    let more = Sending { pages, most, cursor, sent: rows.len() };
    let rest = try_unfold((Some(first), more), |(first, mut more)| async move {
        match first {
            Some(bytes) => Ok::<_, Error>(Some((bytes, (None, more)))),
            None => Ok(more.next().await?.map(|bytes| (bytes, (None, more)))),
        }
    });
    Ok(Body::from_stream(rest))
}

/// Rows as they are read, the first of them by now; nothing comes after an empty chunk.
async fn sent(head: &[&'static str], mut rows: Receiver<engine::Result<Vec<Row>>>) -> Result<Body, Error> {
    let broken = || Error::from(engine::Error::internal("an export broke off"));
    let begun = rows.recv().await.ok_or_else(broken)??;
    let first = Bytes::from(csv(Some(head), &begun)?);
    let rest = unfold((Some(first), rows, begun.is_empty()), move |(first, mut rows, over)| async move {
        if let Some(bytes) = first {
            return Some((Ok::<_, Error>(bytes), (None, rows, over)));
        }
        if over {
            return None;
        }
        let next = match rows.recv().await {
            Some(Ok(found)) if found.is_empty() => return None,
            Some(Ok(found)) => csv(None, &found).map(Bytes::from).map_err(Error::from),
            Some(Err(error)) => Err(error.into()),
            None => Err(broken()),
        };
        let over = next.is_err();
        Some((next, (None, rows, over)))
    });
    // Compression asks once more after the end.
    Ok(Body::from_stream(rest.fuse()))
}

/// A long list on its way.
struct Sending {
    pages: Pages,
    most: usize,
    /// Where the next page begins; `None` after the last.
    cursor: Option<String>,
    sent: usize,
}

impl Sending {
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        let Some(cursor) = self.cursor.take() else { return Ok(None) };
        if self.sent >= self.most {
            let words = format!("Cut off after {} rows: choose fewer days, or filter.", self.sent);
            return Ok(Some(csv(None, &[vec![words.into()]])?.into()));
        }
        let (rows, next) = (self.pages)(Some(cursor)).await?;
        self.cursor = next;
        self.sent += rows.len();
        Ok(Some(csv(None, &rows)?.into()))
    }
}
