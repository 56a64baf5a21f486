//! Logs: for people, or as JSON in production. `RUST_LOG` chooses what is told.

use crate::config::LogFormat;
use tracing_subscriber::{EnvFilter, fmt, prelude::*};

/// Starts logging to stderr; stdout belongs to what commands print.
pub fn start(format: LogFormat) {
    // The job library logs what jobs carry, e-mail addresses among it.
    let chosen =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn,graphile_worker=warn"));
    let registry = tracing_subscriber::registry().with(chosen);
    match format {
        LogFormat::Pretty => registry.with(fmt::layer().with_writer(std::io::stderr).with_target(false)).init(),
        LogFormat::Json => registry.with(fmt::layer().json().flatten_event(true).with_writer(std::io::stderr)).init(),
    }
}
