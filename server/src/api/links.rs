//! A partner's links.

use super::body::Body;
use super::key::{Key, Manage, Read};
use super::once::once;
use super::query::{Name, Page, Query, paging};
use super::written;
use crate::Shared;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::links::{LinkRow, NewLink, short_path};
use domain::portal::link_server;
use domain::programs::Program;
use engine::{Moment, links, partners};
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A link.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct Link {
    /// Its code, unique in the program whatever the case.
    pub code: String,
    /// What the partner shares.
    pub url: String,
    /// Where it leads.
    pub destination: String,
    /// Whether it is switched off.
    pub disabled: bool,
    /// Clicks so far.
    pub clicks: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

impl Link {
    fn of(server: &Shared, program: &Program, row: LinkRow) -> Self {
        let start = link_server(&server.public_url, &program.link_domain);
        let url = format!("{start}{}", short_path(&program.slug, &row.code));
        let LinkRow { code, destination, disabled, clicks, created_at, .. } = row;
        Self { code, url, destination, disabled, clicks, created_at }
    }
}

/// Which page of them.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 100; 50 where not given.
    limit: Option<u32>,
}

/// List a partner's links, the one that bears its code first.
#[utoipa::path(
    get, path = "/api/v1/partners/{code}/links", tag = "partners",
    params(("code" = String, Path, description = "The partner's code"), Which),
    responses(
        (status = 200, description = "A page of them", body = Page<Link>),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn list(
    State(server): State<Shared>,
    key: Key<Read>,
    Name(code): Name,
    Query(which): Query<Which>,
) -> Result<Json<Page<Link>>, Problem> {
    let paging = paging(which.cursor, which.limit)?;
    let mut connection = server.pool.acquire().await.map_err(engine::Error::from)?;
    let partner = partners::find_by_code(&mut connection, &key.actor, &code).await?;
    let page = links::list(&mut connection, &key.actor, partner.id, &paging).await?;
    Ok(Json(Page::of(page, |row| Link::of(&server, &key.program, row))))
}

/// A link to make.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkInput {
    /// Its code; made from the partner's where not given.
    #[serde(default)]
    code: Option<String>,
    /// An address on one of the program's sites, or a path on its website; the website where not given.
    #[serde(default)]
    destination: Option<String>,
}

/// Make a link for a partner.
#[utoipa::path(
    post, path = "/api/v1/partners/{code}/links", tag = "partners", request_body = LinkInput,
    params(
        ("code" = String, Path, description = "The partner's code"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same again within 30 days gets the first answer"),
    ),
    responses(
        (status = 201, description = "Made", body = Link),
        (status = 200, description = "The same request again: the first answer", body = Link),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn create(
    State(server): State<Shared>,
    key: Key<Manage>,
    Name(code): Name,
    headers: HeaderMap,
    Body(input): Body<LinkInput>,
) -> Result<Response, Problem> {
    let moment = Moment::now();
    let path = format!("/partners/{}/links", domain::text::code_key(&code));
    let call = ("POST", path.as_str(), &input);
    let answered = once(&server, &key.actor, &headers, call, &moment, async |conn: &mut sqlx::PgConnection| {
        let partner = partners::find_by_code(conn, &key.actor, &code).await?;
        let new = NewLink { code: input.code.clone(), destination: input.destination.clone(), ..NewLink::default() };
        let row = links::create(conn, &moment, &key.actor, partner.id, &new).await?;
        Ok(Link::of(&server, &key.program, row))
    })
    .await?;
    Ok(written(answered.replayed, answered.answer))
}
