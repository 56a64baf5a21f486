//! Serving: everything that runs in one process, and how it stops without losing anything.

use crate::config::{Config, leptos_options};
use crate::{Parts, Server, router};
use axum::serve::ListenerExt;
use engine::{Error, Moment, Result, accounts, jobs, messages};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgPool};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// How long requests in flight may take once the server shall stop.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long a connection has to lie idle before it is asked whether it still stands.
const RESTED: Duration = Duration::from_secs(1);

/// A pool for serving: no statement, lock or forgotten transaction holds a connection for long.
///
/// # Errors
/// `Internal` where the address is none; `Database` where Postgres can't be reached.
pub async fn pool(config: &Config) -> Result<PgPool> {
    let limits = [
        ("statement_timeout", "25s"),
        ("lock_timeout", "10s"),
        ("idle_in_transaction_session_timeout", "30s"),
        ("application_name", "tributary"),
    ];
    connect(config, PgPoolOptions::new().max_connections(config.database_connections), &limits).await
}

/// A pool for commands, whose statements may take their time.
///
/// # Errors
/// `Internal` where the address is none; `Database` where Postgres can't be reached.
pub async fn command_pool(config: &Config) -> Result<PgPool> {
    connect(config, PgPoolOptions::new().max_connections(8), &[("application_name", "tributary command")]).await
}

async fn connect(config: &Config, options: PgPoolOptions, settings: &[(&str, &str)]) -> Result<PgPool> {
    let address: PgConnectOptions = config.database_url().map_err(Error::internal)?.parse().map_err(Error::internal)?;
    let address = settings.iter().fold(address, |address, (name, value)| address.options([(*name, *value)]));
    let pool = options
        .acquire_timeout(Duration::from_secs(5))
        // A connection that was in use just now is there still: only one that has rested is asked first.
        .test_before_acquire(false)
        .before_acquire(|conn, meta| {
            Box::pin(async move {
                if meta.idle_for >= RESTED {
                    conn.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_lazy_with(address);
    // Where everything starts at once, Postgres may take longer than it may later.
    for _ in 0..3 {
        if pool.acquire().await.is_ok() {
            return Ok(pool);
        }
    }
    drop(pool.acquire().await?);
    Ok(pool)
}

/// Where browsers reach the server, without a slash at the end.
///
/// # Errors
/// `Internal` where Leptos.toml can't be read.
pub fn public_url(config: &Config) -> Result<String> {
    Ok(config.public_url(leptos_options().map_err(Error::internal)?.site_addr))
}

/// Serves until ctrl-c or SIGTERM.
///
/// # Errors
/// `Internal` where a setting is wrong or the address is taken; `Database` where Postgres can't be reached.
pub async fn serve(config: &Config) -> Result<()> {
    let leptos = leptos_options().map_err(Error::internal)?;
    let address = leptos.site_addr;
    let public_url = config.public_url(address);
    if !public_url.starts_with("https://") && !address.ip().is_loopback() {
        tracing::warn!("PUBLIC_URL is not https: sessions can be read on the way");
    }
    let pool = pool(config).await?;
    let secrets = config.secrets()?;
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| Error::internal(format!("can't listen on {address}: {error}")))?;

    let (stop, stopping) = watch::channel(false);
    let mailer = config.smtp_url().map(|url| messages::Mailer::new(url, &config.mail_from)).transpose()?;
    if mailer.is_none() {
        tracing::warn!("SMTP_URL is not set: mail is not sent, and lies in the admin's outbox");
    }
    let files = config.files()?;
    let context = jobs::Context {
        pool: pool.clone(),
        mailer,
        public_url: public_url.clone(),
        files: files.clone(),
        secrets: secrets.clone(),
    };
    let worker = tokio::spawn(work(context, stopping.clone()));

    let server = Server::start(Parts {
        pool: pool.clone(),
        secrets,
        public_url: public_url.clone(),
        demo: config.demo,
        client_ip_header: config.client_ip_header.clone(),
        country_header: config.country_header.clone(),
        leptos,
        files,
    })
    .await?;
    let upkeep = tokio::spawn(upkeep(server.clone()));
    tell_how_to_begin(&pool, &public_url).await?;
    tracing::info!("serving {public_url} on {address}");

    let service = router(&server).into_make_service_with_connect_info::<SocketAddr>();
    // An answer in several parts would otherwise wait 40 ms for the peer's acknowledgement.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    let serving = axum::serve(listener, service).with_graceful_shutdown(stopped(stopping.clone()));
    let mut serving = tokio::spawn(serving.into_future());
    tokio::select! {
        () = signal() => {}
        ended = &mut serving => return ended.map_err(Error::internal)?.map_err(Error::internal),
    }
    tracing::info!("stopping: requests in flight finish");
    stop.send_replace(true);
    if tokio::time::timeout(PATIENCE, serving).await.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
    server.clicks.shutdown(PATIENCE).await;
    upkeep.abort();
    server.flush_views().await;
    if tokio::time::timeout(PATIENCE, worker).await.is_err() {
        tracing::warn!("some jobs did not finish in time; they will be tried again");
    }
    drop(server);
    // What still holds a connection has had its time.
    let _ = tokio::time::timeout(Duration::from_secs(2), pool.close()).await;
    Ok(())
}

/// Works on jobs, and begins anew where the database was away.
async fn work(context: jobs::Context, stopping: watch::Receiver<bool>) {
    while !*stopping.borrow() {
        match jobs::run(context.clone(), stopped(stopping.clone())).await {
            Ok(()) => return,
            Err(error) => tracing::error!(%error, "jobs have stopped; beginning again"),
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(2)) => {}
            () = stopped(stopping.clone()) => {}
        }
    }
}

/// What has to be let go of from time to time.
async fn upkeep(server: Arc<Server>) {
    loop {
        tokio::time::sleep(Duration::from_secs(10)).await;
        server.limits.forget();
        server.metrics.run_upkeep();
        server.flush_views().await;
    }
}

/// Prints the way in while there is no owner.
async fn tell_how_to_begin(pool: &PgPool, public_url: &str) -> Result<()> {
    let token = accounts::setup::make_token(&mut *pool.acquire().await?, &Moment::now()).await?;
    if let Some(token) = token {
        println!("Nobody owns this yet. Begin at {public_url}/setup?token={token}");
    }
    Ok(())
}

async fn stopped(mut stopping: watch::Receiver<bool>) {
    // An error says that nobody is left who could say stop.
    let _ = stopping.wait_for(|stop| *stop).await;
}

/// Ready at ctrl-c or SIGTERM.
async fn signal() {
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signals) => drop(signals.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}
