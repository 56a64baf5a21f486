//! One-time links by which a company's own app signs a partner in.

use super::key::{Key, Manage};
use super::once::once;
use super::query::Name;
use super::written;
use crate::Shared;
use crate::problem::Problem;
use axum::extract::State;
use axum::response::Response;
use domain::text::code_key;
use engine::accounts::sign_in_links;
use engine::secrets::Use;
use engine::{Error, Moment};
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A one-time link.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SignInLink {
    /// Signs the partner in once, within 10 minutes.
    pub url: String,
}

/// What is remembered of the answer: the token is encrypted at rest.
#[derive(Deserialize, Serialize)]
struct Sealed {
    token: Vec<u8>,
}

/// Make a one-time link that signs a partner in.
#[utoipa::path(
    post, path = "/api/v1/partners/{code}/sign-in-links", tag = "partners",
    params(
        ("code" = String, Path, description = "The partner's code"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same again within 30 days gets the first answer"),
    ),
    responses(
        (status = 201, description = "Made", body = SignInLink),
        (status = 200, description = "The same request again: the first answer", body = SignInLink),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn create(
    State(server): State<Shared>,
    key: Key<Manage>,
    Name(code): Name,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let moment = Moment::now();
    let path = format!("/partners/{}/sign-in-links", code_key(&code));
    let call = ("POST", path.as_str(), &());
    let answered = once(&server, &key.actor, &headers, call, &moment, async |conn: &mut sqlx::PgConnection| {
        let token = sign_in_links::make(conn, &moment, &key.actor, &code).await?;
        Ok(Sealed { token: server.secrets.encrypt(Use::ApiAnswer, token.as_bytes())? })
    })
    .await?;
    let token = server.secrets.decrypt(Use::ApiAnswer, &answered.answer.token)?;
    let token = String::from_utf8(token).map_err(Error::internal)?;
    let url = format!("{}/sign-in-link/{token}", server.public_url);
    Ok(written(answered.replayed, SignInLink { url }))
}
