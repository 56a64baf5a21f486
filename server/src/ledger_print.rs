//! The ledgers of the partners on the report as one document, each on a page of its own. It is written piece by piece while
//! it is sent: whatever their number, it begins at once and needs no more memory than a piece, so that no job has to make it.

use crate::{Shared, notice, pages};
use access::Error;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use domain::accounts::Actor;
use domain::reports::{LedgerRow, LedgersAsked, LedgersQuery, LedgersRow};
use engine::Moment;
use engine::reports::PrintedLedger;
use futures_util::StreamExt;
use http::{HeaderValue, StatusCode, header};
use sqlx::PgPool;
use std::fmt::Write;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

/// The one route.
pub fn router() -> Router<Shared> {
    Router::new().route("/admin/{program}/print/partner-ledgers", get(print))
}

const STYLE: &str = "\
:root{color-scheme:light}\
body{margin:2rem auto;max-width:60rem;padding:0 1rem;font:14px/1.45 Inter,system-ui,sans-serif;color:#16201f;background:#fff}\
section{margin-bottom:3rem;break-after:page}section:last-of-type{break-after:auto}\
h1{font-size:1.25rem;margin:0}h2{font-size:1rem;font-weight:600;margin:.25rem 0 1rem}\
dl{display:flex;flex-wrap:wrap;gap:.5rem 2rem;margin:0 0 1rem}dt{color:#52605f;font-size:12px}dd{margin:0;font-variant-numeric:tabular-nums}\
table{width:100%;border-collapse:collapse}caption{text-align:left;color:#52605f;font-size:12px;padding-bottom:.25rem}\
th,td{padding:.3rem .5rem;border-bottom:1px solid #dfe5e4;text-align:left;vertical-align:top}thead{display:table-header-group}tr{break-inside:avoid}\
.num{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}\
@media print{body{margin:0;max-width:none;padding:0}.screen{display:none}}";

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

async fn print(State(server): State<Shared>, Path(program): Path<String>, request: Request) -> Response {
    let here = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let pairs = form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()).into_owned();
    let pairs: Vec<(String, String)> = pairs.filter(|(_, value)| !value.contains('\0')).collect();
    let asked = LedgersAsked::of(|key| pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone()));
    let work = async {
        let asking = pages::in_context(&server, request, async { access::admin(&program).await }).await?;
        let access::Admin { state, conn, moment, actor, program, .. } = asking;
        drop(conn);
        let query = asked.query(engine::reports::day(&program, moment.at)?).map_err(Error::Invalid)?;
        Ok::<_, Error>((Run { pool: state.pool, actor, query, program: program.name }, moment))
    };
    match work.await {
        // Each keeps a connection until its reader is through.
        Ok((run, moment)) => match server.prints.clone().try_acquire_owned() {
            Ok(turn) => send(run, moment, turn),
            Err(_) => notice::notice(
                StatusCode::SERVICE_UNAVAILABLE,
                "Others are printing ledgers now",
                "Each such document takes a while. Load this page again when they are through.",
            ),
        },
        Err(error) => match error.leads_to(&here) {
            Some(path) => Redirect::to(&path).into_response(),
            None => notice::failed(&error, "Go back and choose again."),
        },
    }
}

/// What is printed.
struct Run {
    pool: PgPool,
    actor: Actor,
    query: LedgersQuery,
    program: String,
}

type Pieces = mpsc::Sender<Result<Bytes, Error>>;

fn send(run: Run, moment: Moment, turn: OwnedSemaphorePermit) -> Response {
    let (pieces, written) = mpsc::channel(4);
    tokio::spawn(async move {
        let done = write(run, &moment, &pieces).await;
        drop(turn);
        if let Err(error) = done {
            // The document breaks off, so that nobody takes half of it for the whole.
            let _ = pieces.send(Err(error)).await;
        }
    });
    let body = futures_util::stream::unfold(written, |mut written| async move {
        let piece = written.recv().await?;
        Some((piece, written))
    });
    // Compression asks once more after the end.
    let body = body.fuse();
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
        ),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (headers, Body::from_stream(body)).into_response()
}

/// So long a browser may stand still while it lays out what it has.
const PATIENCE: Duration = Duration::from_secs(600);

async fn write(run: Run, moment: &Moment, pieces: &Pieces) -> Result<(), Error> {
    let Run { pool, actor, query, program } = run;
    let days = format!("{} – {}", query.range.from.format("%-d %b %Y"), query.range.to.format("%-d %b %Y"));
    let program = escaped(&program);
    let head = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"robots\" content=\"noindex\"><title>Partner ledgers, {days}</title><style>{STYLE}</style></head><body><main>\
         <p class=\"screen\">Print this page with your browser once it has loaded: with many partners that takes a while, and \
         its last line tells that all of them are there. Each partner begins a new sheet.</p>"
    );
    put(pieces, head).await?;
    let (sender, mut found) = mpsc::channel(2);
    let at = moment.step();
    tokio::spawn(async move { engine::reports::print_ledgers(&pool, &at, &actor, &query, sender).await });
    let mut partners = 0_u64;
    while let Some(piece) = found.recv().await {
        let text = match piece? {
            PrintedLedger::Partner(row) => {
                partners += 1;
                let before = if partners > 1 { END } else { "" };
                format!("{before}{}", beginning(&row, &program, &days))
            }
            PrintedLedger::Entries(entries) => lines(&entries),
            PrintedLedger::Over => {
                let last = if partners > 0 { END } else { "" };
                let words = if partners == 1 { "1 partner".to_owned() } else { format!("{partners} partners") };
                let end = format!("{last}<p class=\"screen\">The end: {words}.</p></main></body></html>");
                return put(pieces, end).await;
            }
        };
        put(pieces, text).await?;
    }
    Err(engine::Error::internal("the ledgers broke off").into())
}

async fn put(pieces: &Pieces, text: String) -> Result<(), Error> {
    let sent = tokio::time::timeout(PATIENCE, pieces.send(Ok(text.into()))).await;
    if matches!(sent, Ok(Ok(()))) {
        Ok(())
    } else {
        Err(engine::Error::internal("nobody reads the ledgers any more").into())
    }
}

/// What ends a partner's ledger.
const END: &str = "</tbody></table></section>";

/// What begins a partner's ledger, down to the head of its entries.
fn beginning(row: &LedgersRow, program: &str, days: &str) -> String {
    let figures = row.figures;
    let name = escaped(&row.partner.name);
    let company = if row.company.is_empty() || row.company == row.partner.name {
        String::new()
    } else {
        format!(", {}", escaped(&row.company))
    };
    let mut text =
        format!("<section><h1>{name}{company}</h1><h2>{program}: {}, {days}</h2><dl>", escaped(&row.partner.code));
    for (label, money) in [
        ("Beginning balance", figures.opening),
        ("Commissions", figures.commissions),
        ("Clawbacks", figures.clawbacks.negated()),
        ("Adjustments", figures.adjustments),
        ("Payments", figures.payments.negated()),
        ("Ending balance", figures.closing),
        ("Held now", figures.held),
    ] {
        // Writing to a text never fails.
        let _ = write!(text, "<div><dt>{label}</dt><dd>{money}</dd></div>");
    }
    text.push_str("</dl><table><caption>Entries, the latest first</caption><thead><tr><th scope=\"col\">Day</th><th scope=\"col\">Entry</th><th scope=\"col\">Customer</th><th scope=\"col\" class=\"num\">Amount</th><th scope=\"col\" class=\"num\">Balance</th></tr></thead><tbody>");
    text
}

fn lines(entries: &[LedgerRow]) -> String {
    let mut text = String::new();
    for entry in entries {
        let _ = write!(
            text,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td></tr>",
            entry.day.format("%-d %b %Y"),
            escaped(&entry.cause),
            escaped(&entry.customer),
            entry.amount,
            entry.running
        );
    }
    text
}
