//! Reading what stands in the path and after `?`.

use super::body::field_problem;
use crate::Shared;
use crate::problem::Problem;
use axum::extract::{FromRequestParts, Path};
use domain::page::Paging;
use http::request::Parts;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The query, read into its type; a wrong or unknown parameter is 422 under its name.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Shared> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, Problem> {
        let pairs = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        if let Some((name, _)) = pairs.clone().find(|(name, value)| name.contains('\0') || value.contains('\0')) {
            return Err(Problem::field(name.replace('\0', ""), "The character NUL is not allowed."));
        }
        serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs))
            .map(Self)
            .map_err(|error| field_problem(&error.path().to_string(), &error.inner().to_string()))
    }
}

/// The one name in a path: a code or an id. What can't be one is 404, as all that is unknown.
#[derive(Clone, Debug)]
pub struct Name(pub String);

impl FromRequestParts<Shared> for Name {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, server: &Shared) -> Result<Self, Problem> {
        match Path::<String>::from_request_parts(parts, server).await {
            Ok(Path(name)) if !name.contains('\0') => Ok(Self(name)),
            _ => Err(Problem::not_found("address")),
        }
    }
}

/// Which page of a list, from its `cursor` and `limit`.
///
/// # Errors
/// 422 where the limit is not 1 to 100.
pub fn paging(cursor: Option<String>, limit: Option<u32>) -> Result<Paging, Problem> {
    if limit.is_some_and(|limit| !(1..=100).contains(&limit)) {
        return Err(Problem::field("limit", "Use 1 to 100."));
    }
    Ok(Paging { cursor, limit })
}

/// A page of a list.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct Page<T> {
    /// The rows.
    pub data: Vec<T>,
    /// Asks for the rows after these; null at the end.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// The same page as the API writes its rows.
    pub fn of<R>(page: domain::page::Page<R>, row: impl FnMut(R) -> T) -> Self {
        Self { data: page.data.into_iter().map(row).collect(), next_cursor: page.next_cursor }
    }
}
