//! The server: routes, workers and the command line around the use cases. It holds no rules: a handler parses, calls
//! one use case, and answers.

pub mod api;
mod capture;
mod client;
pub mod config;
mod download;
mod export;
mod files;
mod health;
mod layers;
mod lead_file;
mod lead_import;
mod ledger_print;
mod limits;
pub mod logging;
mod message_file;
mod metrics;
mod notice;
mod pages;
mod payment_file;
mod personal_data;
mod problem;
mod sale_proof;
pub mod serve;
mod shop;
mod short_link;
mod snippet;
mod upload;

use axum::Router;
use engine::assets::Views;
use engine::files::Store;
use engine::links::{ClickWriter, LinkTable};
use engine::secrets::Secrets;
use leptos::config::LeptosOptions;
use metrics_exporter_prometheus::PrometheusHandle;
use sqlx::PgPool;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::AbortHandle;

/// What the server is made of, beside what it makes itself.
#[derive(Clone, Debug)]
pub struct Parts {
    /// The database.
    pub pool: PgPool,
    /// What hashes and encrypts.
    pub secrets: Secrets,
    /// Where browsers reach this server, without a slash at the end.
    pub public_url: String,
    /// Whether this is a demo: the shop is open.
    pub demo: bool,
    /// Whether a mail server is configured.
    pub sends_mail: bool,
    /// The header in which a trusted proxy passes the visitor's address.
    pub client_ip_header: Option<http::HeaderName>,
    /// The header in which a trusted proxy passes the visitor's country.
    pub country_header: Option<http::HeaderName>,
    /// What is served from which folder.
    pub leptos: LeptosOptions,
    /// Where uploaded files lie.
    pub files: Store,
}

/// So many print ledgers at once.
const PRINTS: usize = 2;

/// So many files of leads are in memory at once.
const IMPORTS: usize = 4;

/// What every handler works with.
#[derive(Debug)]
pub struct Server {
    pool: PgPool,
    secrets: Arc<Secrets>,
    public_url: Arc<str>,
    demo: bool,
    sends_mail: bool,
    client_ip_header: Option<http::HeaderName>,
    country_header: Option<http::HeaderName>,
    leptos: LeptosOptions,
    links: Arc<LinkTable>,
    clicks: ClickWriter,
    limits: limits::Limits,
    /// Who may print ledgers now.
    prints: Arc<Semaphore>,
    /// Whose file of leads may be read now.
    imports: Semaphore,
    files: Store,
    views: Views,
    metrics: PrometheusHandle,
    /// What keeps the table of links fresh.
    listener: AbortHandle,
}

/// The server as handlers share it.
pub type Shared = Arc<Server>;

impl Server {
    /// Reads the links, and starts what keeps them fresh and what writes clicks.
    ///
    /// # Errors
    /// `Database`.
    pub async fn start(parts: Parts) -> engine::Result<Shared> {
        let Parts { pool, secrets, public_url, demo, sends_mail, client_ip_header, country_header, leptos, files } =
            parts;
        let links = Arc::new(LinkTable::load(&pool).await?);
        let listener = tokio::spawn(links.clone().run_listener(pool.clone())).abort_handle();
        Ok(Arc::new(Self {
            clicks: ClickWriter::start(pool.clone()),
            pool,
            secrets: Arc::new(secrets),
            public_url: public_url.into(),
            demo,
            sends_mail,
            client_ip_header,
            country_header,
            leptos,
            links,
            limits: limits::Limits::default(),
            prints: Arc::new(Semaphore::new(PRINTS)),
            imports: Semaphore::new(IMPORTS),
            files,
            views: Views::default(),
            metrics: metrics::start(),
            listener,
        }))
    }

    /// Writes the views of banners that were counted since the last time.
    pub async fn flush_views(&self) {
        if let Err(error) = self.views.flush(&self.pool).await {
            tracing::warn!(%error, "views of banners are not written; trying again");
        }
    }

    /// Whether browsers reach this server by https.
    fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

/// Every route. Five ways in stand outside the guard against other sites' posts, since they read no session: the short
/// link, the API, the snippet's, forms that partners share, and what is downloaded.
pub fn router(server: &Shared) -> Router {
    let guarded = Router::new()
        .merge(health::router())
        .merge(files::router(&server.leptos))
        .merge(shop::router(server))
        .merge(export::router())
        .merge(lead_file::router())
        .merge(message_file::router())
        .merge(sale_proof::router())
        .merge(ledger_print::router())
        .merge(payment_file::router())
        .merge(personal_data::router())
        .merge(pages::router(server));
    let open = api::router().merge(snippet::router(server)).merge(capture::router()).merge(download::router());
    let guarded = layers::guard(guarded, server, layers::BODY_LIMIT);
    let uploads = layers::guard(upload::router(server), server, upload::BODY_LIMIT);
    let leads = layers::guard(lead_import::router(), server, lead_import::BODY_LIMIT);
    layers::around(guarded.merge(uploads).merge(leads).merge(open), server)
        .merge(short_link::router())
        .with_state(server.clone())
}
