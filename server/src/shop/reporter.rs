//! What a company writes once: a client of the API.

use super::PROGRAM;
use crate::Shared;
use axum::body::Bytes;
use domain::accounts::Actor;
use domain::customers::{TrackSignup, TrackedSignup};
use domain::integrations::NewApiKey;
use domain::programs::Program;
use domain::sales::{TrackRefund, TrackSale, TrackedRefund, TrackedSale};
use engine::Moment;
use engine::integrations::api_keys;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use std::net::Ipv4Addr;
use tokio::sync::Mutex;

/// What the shop's key is called among the program's keys.
const KEY_NAME: &str = "Demo shop";

/// Reports to the API with a key of the program's.
pub struct Reporter {
    client: Client<HttpConnector, Full<Bytes>>,
    /// The API, on this very server.
    base: String,
    key: Mutex<Option<String>>,
    /// For making the key alone: a company would paste it.
    pool: PgPool,
}

/// Why a report was not taken, in words for the page.
pub struct Refused {
    /// What the page says.
    pub words: String,
}

impl From<engine::Error> for Refused {
    fn from(error: engine::Error) -> Self {
        tracing::error!(%error, "the shop's key");
        Self { words: "The shop has no key: is the demo loaded?".into() }
    }
}

/// As much of a problem as the shop shows.
#[derive(Deserialize)]
struct Told {
    detail: String,
}

impl Reporter {
    /// For the server's own API.
    pub fn new(server: &Shared) -> Self {
        let mut address = server.leptos.site_addr;
        if address.ip().is_unspecified() {
            address.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        Self {
            client: Client::builder(TokioExecutor::new()).build_http(),
            base: format!("http://{address}/api/v1"),
            key: Mutex::default(),
            pool: server.pool.clone(),
        }
    }

    /// Reports a sign-up.
    pub async fn signup(&self, event: &TrackSignup) -> Result<TrackedSignup, Refused> {
        self.post("/track/signup", event).await
    }

    /// Reports a sale.
    pub async fn sale(&self, event: &TrackSale) -> Result<TrackedSale, Refused> {
        self.post("/track/sale", event).await
    }

    /// Reports a refund.
    pub async fn refund(&self, event: &TrackRefund) -> Result<TrackedRefund, Refused> {
        self.post("/track/refund", event).await
    }

    /// The program's currency.
    pub async fn currency(&self) -> Result<String, Refused> {
        Ok(self.program().await?.currency.code().to_owned())
    }

    async fn program(&self) -> engine::Result<Program> {
        engine::programs::by_slug(&mut *self.pool.acquire().await?, PROGRAM).await
    }

    /// Posts an event; with a fresh key where there is none yet, or the old one was revoked.
    async fn post<T: DeserializeOwned>(&self, call: &str, event: &(impl Serialize + Sync)) -> Result<T, Refused> {
        let unreachable = |error: &dyn std::fmt::Display| {
            tracing::error!(%error, "the shop can't reach the API");
            Refused { words: "The shop can't reach the API.".into() }
        };
        let body = Bytes::from(serde_json::to_vec(event).map_err(|error| unreachable(&error))?);
        let mut key = self.key.lock().await;
        for fresh in [false, true] {
            if fresh || key.is_none() {
                *key = Some(self.make_key().await?);
            }
            let request = Request::post(format!("{}{call}", self.base))
                .header(header::CONTENT_TYPE, "application/json")
                .header(header::AUTHORIZATION, format!("Bearer {}", key.as_deref().unwrap_or_default()))
                .body(Full::new(body.clone()))
                .map_err(|error| unreachable(&error))?;
            let answer = self.client.request(request).await.map_err(|error| unreachable(&error))?;
            let status = answer.status();
            let answer = answer.into_body().collect().await.map_err(|error| unreachable(&error))?.to_bytes();
            if status.is_success() {
                return serde_json::from_slice(&answer).map_err(|error| unreachable(&error));
            }
            if status != StatusCode::UNAUTHORIZED {
                let told = serde_json::from_slice::<Told>(&answer).map_err(|error| unreachable(&error))?;
                return Err(Refused { words: told.detail });
            }
        }
        Err(Refused { words: "The shop's key was refused.".into() })
    }

    /// Makes the shop's key, and revokes those it had before.
    async fn make_key(&self) -> engine::Result<String> {
        let actor = Actor::System { program: self.program().await?.id };
        let moment = Moment::now();
        let keys = api_keys::list(&mut *self.pool.acquire().await?, &actor).await?;
        for key in keys.iter().filter(|key| key.name == KEY_NAME && key.revoked_at.is_none()) {
            api_keys::revoke(&self.pool, &moment, &actor, key.id).await?;
        }
        let new =
            NewApiKey { name: KEY_NAME.into(), scopes: vec![domain::accounts::Scope::Track], ..NewApiKey::default() };
        Ok(api_keys::create(&self.pool, &moment, &actor, &new).await?.key)
    }
}
