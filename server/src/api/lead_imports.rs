//! Files of leads: sent as they are, worked by a job, and asked after.

use super::body::is_kind;
use super::key::{Key, ReadLeads, WriteLeads};
use super::leads::{group, partner};
use super::once::once;
use super::query::{Name, Query};
use super::written;
use crate::Shared;
use crate::lead_import::error_rows;
use crate::problem::Problem;
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::accounts::Actor;
use domain::ids::LeadImportId;
use domain::leads::file::{FEED, File, ImportStatus, LeadImport, MOST_BYTES, Reader};
use engine::leads::imports;
use engine::{Error, Moment};
use futures_util::StreamExt;
use http::{HeaderMap, header};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use utoipa::{IntoParams, ToSchema};

/// A file of leads.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct Import {
    /// Our id.
    pub id: LeadImportId,
    /// The file's name.
    pub name: String,
    /// The name of the group of its leads.
    pub lead_group: String,
    /// How far it is.
    pub status: ImportStatus,
    /// How many rows it has.
    pub rows: i64,
    /// How many of them became leads.
    pub accepted: i64,
    /// How many were refused.
    pub refused: i64,
    /// Whether the refused ones can be downloaded.
    pub has_errors: bool,
    /// When it was sent.
    pub created_at: DateTime<Utc>,
    /// When it was done, or stopped.
    pub finished_at: Option<DateTime<Utc>>,
}

impl From<LeadImport> for Import {
    fn from(import: LeadImport) -> Self {
        Self {
            id: import.id,
            name: import.name,
            lead_group: import.group,
            status: import.status,
            rows: import.rows,
            accepted: import.accepted,
            refused: import.refused,
            has_errors: import.has_errors,
            created_at: import.created_at,
            finished_at: import.finished_at,
        }
    }
}

/// Whose file it is, and of what.
#[derive(Clone, Debug, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct About {
    /// Who introduces the leads; a partner's own key may leave it out.
    partner_code: Option<String>,
    /// The name or id of their group; the program's default one where not given.
    lead_group: Option<String>,
    /// The file's name.
    name: Option<String>,
}

/// Import a file of leads: a CSV of at most 25 MB and 100,000 rows, its columns named by the keys or labels of the group's
/// form. Its rows become leads one after the other; the same rows again answer the first import.
#[utoipa::path(
    post, path = "/api/v1/lead-imports", tag = "leads", request_body(content = String, content_type = "text/csv"),
    params(
        About,
        ("Idempotency-Key" = Option<String>, Header, description = "The same again within 30 days gets the first answer"),
    ),
    responses(
        (status = 201, description = "Taken: its rows wait", body = Import),
        (status = 200, description = "The same rows again: the first import", body = Import),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn create(
    State(server): State<Shared>,
    key: Key<WriteLeads>,
    Query(about): Query<About>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    if !is_kind(&headers, "text/csv") {
        return Err(Problem::unsupported("Send text/csv."));
    }
    let mut connection = server.pool.acquire().await.map_err(Error::from)?;
    let whose = partner(&mut connection, &key.actor, about.partner_code.as_deref()).await?;
    imports::setup(&mut connection, &key.actor, whose).await?;
    drop(connection);
    // A file is held in memory until it is taken: few at a time, the others wait unread.
    let _turn = server.imports.acquire().await.map_err(Error::internal)?;
    // Read without a connection: the sender may be slow.
    let (file, digest) = read(&headers, body).await?;
    let moment = Moment::now();
    let name = about.name.as_deref().unwrap_or("leads.csv");
    let sent = (&about, digest.as_slice());
    let call = ("POST", "/lead-imports", &sent);
    let answered = once(&server, &key.actor, &headers, call, &moment, async |conn: &mut PgConnection| {
        let partner = partner(conn, &key.actor, about.partner_code.as_deref()).await?;
        let group = group(conn, &key.program, about.lead_group.as_deref()).await?;
        let (id, same) = imports::take(conn, &moment, &key.actor, partner, group, name, &file).await?;
        let import = Import::from(imports::get(conn, &key.actor, id).await?);
        // A file's name may be a person's.
        Ok((Import { name: String::new(), ..import }, same))
    })
    .await?;
    let (mut import, same) = answered.answer;
    import.name = found(&server, &key.actor, import.id).await?.name;
    Ok(written(answered.replayed || same, import))
}

/// Reads a file while it comes.
async fn read(headers: &HeaderMap, body: Body) -> Result<(File, Vec<u8>), Problem> {
    let told = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let mut reader = Reader::new(told.unwrap_or(FEED));
    let mut digest = Sha256::new();
    let mut length = 0_usize;
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| Problem::bad_request("The body could not be read."))?;
        length += piece.len();
        // What is too much is passed over for a while: who is still sending reads no answer.
        if length > 2 * MOST_BYTES {
            break;
        }
        if length <= MOST_BYTES {
            digest.update(&piece);
            reader.feed(&piece);
        }
    }
    if length > MOST_BYTES {
        return Err(Problem::too_large("25 MB"));
    }
    Ok((reader.finish(), digest.finalize().to_vec()))
}

async fn found(server: &Shared, actor: &Actor, id: LeadImportId) -> Result<LeadImport, Problem> {
    let mut connection = server.pool.acquire().await.map_err(Error::from)?;
    Ok(imports::get(&mut connection, actor, id).await?)
}

fn import(id: &str) -> Result<LeadImportId, Problem> {
    id.parse().map_err(|_| Problem::not_found("import"))
}

/// See how far an import is.
#[utoipa::path(
    get, path = "/api/v1/lead-imports/{id}", tag = "leads",
    params(("id" = String, Path, description = "The import's id")),
    responses(
        (status = 200, description = "The import", body = Import),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn one(State(server): State<Shared>, key: Key<ReadLeads>, Name(id): Name) -> Result<Json<Import>, Problem> {
    Ok(Json(found(&server, &key.actor, import(&id)?).await?.into()))
}

/// Download the rows that were refused, each with the reason: mended, the file can be imported again. They are kept for 30
/// days.
#[utoipa::path(
    get, path = "/api/v1/lead-imports/{id}/errors.csv", tag = "leads",
    params(("id" = String, Path, description = "The import's id")),
    responses(
        (status = 200, description = "The rows", body = String, content_type = "text/csv"),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn errors(State(server): State<Shared>, key: Key<ReadLeads>, Name(id): Name) -> Result<Response, Problem> {
    let id = import(&id)?;
    let mut connection = server.pool.acquire().await.map_err(Error::from)?;
    let file = imports::error_file(&mut connection, &key.actor, id).await?;
    drop(connection);
    Ok(error_rows(server, key.actor, id, file))
}
