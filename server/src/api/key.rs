//! Who calls: a key of a program, with the scope that the call asks for.

use crate::Shared;
use crate::problem::Problem;
use axum::extract::FromRequestParts;
use domain::accounts::{Actor, Scope};
use domain::programs::Program;
use engine::Moment;
use engine::integrations::api_keys::authenticate;
use http::header;
use http::request::Parts;
use std::marker::PhantomData;

/// A key that has the scope `S`.
#[derive(Clone, Debug)]
pub struct Key<S> {
    /// Who is asking.
    pub actor: Actor,
    /// The key's program.
    pub program: Program,
    scope: PhantomData<S>,
}

/// A scope that a call asks for.
pub trait Needs {
    /// Which; one of these is enough.
    const SCOPES: &'static [Scope];
}

/// `track`.
#[derive(Clone, Copy, Debug)]
pub struct Track;
/// `read`.
#[derive(Clone, Copy, Debug)]
pub struct Read;
/// `manage`.
#[derive(Clone, Copy, Debug)]
pub struct Manage;

/// `read`, or `submit`, which sees its partner's own alone.
#[derive(Clone, Copy, Debug)]
pub struct ReadLeads;
/// `manage`, or `submit`, which writes its partner's own alone.
#[derive(Clone, Copy, Debug)]
pub struct WriteLeads;

impl Needs for Track {
    const SCOPES: &'static [Scope] = &[Scope::Track];
}
impl Needs for Read {
    const SCOPES: &'static [Scope] = &[Scope::Read];
}
impl Needs for Manage {
    const SCOPES: &'static [Scope] = &[Scope::Manage];
}
impl Needs for ReadLeads {
    const SCOPES: &'static [Scope] = &[Scope::Read, Scope::Submit];
}
impl Needs for WriteLeads {
    const SCOPES: &'static [Scope] = &[Scope::Manage, Scope::Submit];
}

impl<S: Needs> FromRequestParts<Shared> for Key<S> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, server: &Shared) -> Result<Self, Problem> {
        let key = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, key)| key.trim())
            .ok_or_else(Problem::unauthorized)?;
        let mut connection = server.pool.acquire().await.map_err(engine::Error::from)?;
        let holder = authenticate(&mut connection, &Moment::now(), key).await?.ok_or_else(Problem::unauthorized)?;
        server.limits.call(holder.key).map_err(Problem::too_many)?;
        if S::SCOPES.iter().any(|scope| holder.scopes.contains(scope)) {
            Ok(Self { actor: holder.actor, program: holder.program, scope: PhantomData })
        } else {
            let scopes: Vec<&str> = S::SCOPES.iter().map(|scope| scope.as_str()).collect();
            Err(Problem::forbidden(format!("This key lacks the scope {}.", scopes.join(" or "))))
        }
    }
}
