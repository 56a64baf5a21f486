//! A file by which a batch is paid at PayPal or Wise. It is asked for by a post: it holds payout details in full, asks again
//! as those do, and is noted.

use crate::{Shared, notice, pages};
use access::Error;
use axum::extract::{FromRequest, Path, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use axum::{Form, Router};
use domain::accounts::Power;
use domain::ids::BatchId;
use domain::payments::PayoutKind;
use http::{StatusCode, header};
use serde::Deserialize;

/// The one route.
pub fn router() -> Router<Shared> {
    Router::new().route("/admin/{program}/payments/{id}/file", post(file))
}

/// Which file.
#[derive(Deserialize)]
struct Asked {
    kind: String,
    part: i64,
    /// Whether it is taken a second time, knowingly.
    #[serde(default)]
    again: bool,
}

async fn file(
    State(server): State<Shared>,
    Path((program, batch)): Path<(String, String)>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let (path, headers) = (parts.uri.path().to_owned(), parts.headers.clone());
    let asker = Request::from_parts(parts.clone(), axum::body::Body::empty());
    let Ok(Form(asked)) = Form::<Asked>::from_request(Request::from_parts(parts, body), &server).await else {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    };
    let work = async {
        let mut asking = pages::in_context(&server, asker, async { access::admin(&program).await }).await?;
        asking.may(Power::Pay)?;
        asking.may(Power::RevealPayoutDetails)?;
        let batch: BatchId = batch.parse().map_err(|_| Error::NotFound)?;
        let kind: PayoutKind = asked.kind.parse().map_err(|_| Error::NotFound)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        let (moment, actor, secrets) = (&asking.moment, &asking.actor, &asking.state.secrets);
        let part = (kind, asked.part);
        let file = engine::payments::file(&mut tx, secrets, moment, actor, batch, part, asked.again).await?;
        tx.commit().await?;
        Ok::<_, Error>(file)
    };
    match work.await {
        Ok((name, csv)) => {
            let headers = [
                (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
                // Names are plain ASCII.
                (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
            ];
            (headers, csv).into_response()
        }
        Err(error @ (Error::SignIn | Error::ConfirmFirst)) => {
            Redirect::to(&access::shown_again(&error, &path, &headers).0).into_response()
        }
        Err(error @ Error::Conflict(_)) => notice::failed(
            &error,
            "This file has been taken before: handed in twice, it is paid twice. Go back and prepare the files again: the page tells who took it, and lets you take it once more.",
        ),
        Err(error) => notice::failed(&error, "There is nothing left to send in this file. Go back and try again."),
    }
}
