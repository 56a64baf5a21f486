//! The table of the latest whole run, in bench/README.md.

use crate::table::Table;
use anyhow::{Context, Result};
use sqlx::Connection;

const FILE: &str = "bench/README.md";
const HEADING: &str = "## The latest run\n";

/// Puts the table where the last one was.
pub async fn keep(table: &Table) -> Result<()> {
    let text = std::fs::read_to_string(FILE)?;
    let (before, _) = text.split_once(HEADING).with_context(|| format!("no {HEADING:?} in {FILE}"))?;
    std::fs::write(FILE, format!("{before}{HEADING}{}\n\n{table}", machine().await?))?;
    Ok(())
}

/// What the figures were measured on.
async fn machine() -> Result<String> {
    let url = std::env::var("DATABASE_URL").context("DATABASE_URL")?;
    let mut postgres = sqlx::PgConnection::connect(&url).await?;
    let (day, version): (String, String) =
        sqlx::query_as("select current_date::text, current_setting('server_version')").fetch_one(&mut postgres).await?;
    let cores = std::thread::available_parallelism()?;
    let of = |file: &str, key: &str| {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find_map(|line| Some(line.strip_prefix(key)?.split_once(':')?.1.trim().to_owned()));
        line.unwrap_or_else(|| "unknown".into())
    };
    let memory: f64 = of("/proc/meminfo", "MemTotal").trim_end_matches(" kB").parse().unwrap_or_default();
    let processor = of("/proc/cpuinfo", "model name");
    Ok(format!("{day}: {cores} cores of {processor}, {:.0} GB of memory, Postgres {version}.", memory / 1_048_576.0))
}
