//! The personal data of a partner, a customer or a lead as a file. It is asked for by a post: that it was, is noted. A partner's
//! holds the payout details in full, and asks again as they do.

use crate::{Shared, notice, pages};
use access::Error;
use axum::extract::{FromRequest, Path, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use axum::{Form, Router};
use domain::accounts::Power;
use http::{StatusCode, header};
use serde::Deserialize;

/// The one route.
pub fn router() -> Router<Shared> {
    Router::new().route("/admin/{program}/personal-data", post(file))
}

/// Whose.
#[derive(Deserialize)]
struct Asked {
    of: String,
    id: String,
}

async fn file(State(server): State<Shared>, Path(program): Path<String>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let (path, headers) = (parts.uri.path().to_owned(), parts.headers.clone());
    let asker = Request::from_parts(parts.clone(), axum::body::Body::empty());
    let Ok(Form(asked)) = Form::<Asked>::from_request(Request::from_parts(parts, body), &server).await else {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    };
    let work = async {
        let mut asking = pages::in_context(&server, asker, async { access::admin(&program).await }).await?;
        asking.may(Power::Erase)?;
        if asked.of == "partner" {
            asking.may(Power::RevealPayoutDetails)?;
        }
        let mut tx = access::begin(&mut asking.conn).await?;
        let (moment, actor, secrets) = (&asking.moment, &asking.actor, &asking.state.secrets);
        let json = match asked.of.as_str() {
            "partner" => {
                let id = asked.id.parse().map_err(|_| Error::NotFound)?;
                engine::partners::export(&mut tx, secrets, moment, actor, id).await?
            }
            "customer" => {
                let id = asked.id.parse().map_err(|_| Error::NotFound)?;
                engine::customers::export(&mut tx, moment, actor, id).await?
            }
            "lead" => {
                let id = asked.id.parse().map_err(|_| Error::NotFound)?;
                engine::leads::export(&mut tx, moment, actor, id).await?
            }
            _ => return Err(Error::NotFound),
        };
        tx.commit().await?;
        let whose = match asked.of.as_str() {
            "partner" => plain(&json["partner"]["code"]),
            "lead" => format!("lead-{}", plain(&json["lead"]["id"])),
            _ => format!("customer-{}", plain(&json["customer"]["external_id"])),
        };
        Ok::<_, Error>((format!("{}-{whose}-personal-data.json", asking.program.slug), json))
    };
    match work.await {
        Ok((name, json)) => {
            let text = serde_json::to_string_pretty(&json).unwrap_or_default();
            let disposition = format!("attachment; filename=\"{name}\"");
            let headers =
                [(header::CONTENT_TYPE, "application/json".to_owned()), (header::CONTENT_DISPOSITION, disposition)];
            (headers, text).into_response()
        }
        Err(error @ (Error::SignIn | Error::ConfirmFirst)) => {
            Redirect::to(&access::shown_again(&error, &path, &headers).0).into_response()
        }
        Err(error) => notice::failed(&error, "Go back and try again."),
    }
}

/// A code or an id as a part of a file's name: what may stand there, and not too much of it.
fn plain(id: &serde_json::Value) -> String {
    let id = id.as_str().unwrap_or_default();
    id.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' }).take(60).collect()
}
