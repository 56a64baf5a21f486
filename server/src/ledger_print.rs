//! The ledgers of the partners on the report as one document, each on a page of its own. It is written partner by partner
//! while it is sent: whatever their number, it begins at once and needs no more memory than one.

use crate::{Shared, notice, pages};
use access::Error;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use domain::accounts::Actor;
use domain::ledger::LedgerAccount;
use domain::page::Paging;
use domain::reports::{LedgerFilter, LedgersAsked, LedgersQuery, LedgersRow};
use engine::Moment;
use http::{HeaderValue, header};
use sqlx::PgPool;
use std::fmt::Write;
use tokio::sync::mpsc;

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
        Ok((run, moment)) => send(run, moment),
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

fn send(run: Run, moment: Moment) -> Response {
    let (pieces, written) = mpsc::channel(4);
    tokio::spawn(async move {
        if let Err(error) = write(&run, &moment, &pieces).await {
            // The document breaks off, so that nobody takes half of it for the whole.
            let _ = pieces.send(Err(error)).await;
        }
    });
    let body = futures_util::stream::unfold(written, |mut written| async move {
        let piece = written.recv().await?;
        Some((piece, written))
    });
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

async fn write(run: &Run, moment: &Moment, pieces: &Pieces) -> Result<(), Error> {
    let days = format!("{} – {}", run.query.range.from.format("%-d %b %Y"), run.query.range.to.format("%-d %b %Y"));
    let program = escaped(&run.program);
    let head = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"robots\" content=\"noindex\"><title>Partner ledgers, {days}</title><style>{STYLE}</style></head><body><main>\
         <p class=\"screen\">Print this page with your browser: each partner begins a new sheet.</p>"
    );
    put(pieces, head).await?;
    let (sender, mut found) = mpsc::channel(2);
    let (pool, query, actor, at) = (run.pool.clone(), run.query.clone(), run.actor.clone(), moment.step());
    let reading =
        tokio::spawn(async move { engine::reports::send_ledgers(&pool, &at, &actor, &query, false, sender).await });
    while let Some(rows) = found.recv().await {
        let rows = rows?;
        if rows.is_empty() {
            put(pieces, "</main></body></html>".to_owned()).await?;
            return Ok(());
        }
        for row in rows {
            put(pieces, section(run, row, &program, &days).await?).await?;
        }
    }
    reading.abort();
    Err(engine::Error::internal("the ledgers broke off").into())
}

async fn put(pieces: &Pieces, text: String) -> Result<(), Error> {
    let sent = pieces.send(Ok(text.into())).await;
    sent.map_err(|_| engine::Error::internal("nobody reads the ledgers any more").into())
}

/// A partner's ledger.
async fn section(run: &Run, row: LedgersRow, program: &str, days: &str) -> Result<String, Error> {
    let mut conn = run.pool.acquire().await.map_err(engine::Error::from)?;
    let filter = LedgerFilter {
        account: Some(LedgerAccount::Payable),
        from: Some(run.query.range.from),
        to: Some(run.query.range.to),
    };
    let paging = Paging { cursor: None, limit: Some(Paging::MOST) };
    let ledger = engine::reports::ledger(&mut conn, &run.actor, row.partner.id, &filter, &paging).await?;
    drop(conn);
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
    for entry in &ledger.page.data {
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
    text.push_str("</tbody></table>");
    if ledger.page.next_cursor.is_some() {
        let _ = write!(text, "<p>The latest {} entries. The partner's own ledger has them all.</p>", Paging::MOST);
    }
    text.push_str("</section>");
    Ok(text)
}
