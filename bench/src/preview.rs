//! The preview of an import: a file of 100,000 rows and 12 columns, read and checked on the page, beside PapaParse, which
//! reads the same file in the same Chromium.

use crate::import::{enable, rows};
use crate::server::{Database, Server};
use crate::table::{Limit, Table};
use anyhow::{Context, Result, ensure};
use std::process::{Command, Stdio};

/// What the script found, in milliseconds.
struct Found {
    ours: f64,
    papa: f64,
    longest: f64,
}

/// Measures in the browser of the tests.
pub async fn measure(table: &mut Table) -> Result<()> {
    eprintln!("Preview: a file in Chromium");
    let database = Database::make("tributary_bench_preview").await?;
    database.command(&["demo", "--partners", "10", "--months", "1", "--clicks", "100"])?;
    enable(&database).await?;
    let server = Server::start(&database, 3917).await?;
    let file = std::env::temp_dir().join("tributary-bench-leads.csv");
    std::fs::write(&file, rows(100_000, true))?;
    let output = Command::new("node")
        .args(["../bench/preview.mjs", &format!("http://{}", server.address)])
        .arg(&file)
        // The packages of the browser tests are found from there.
        .current_dir("end2end")
        .stderr(Stdio::inherit())
        .output()
        .context("node")?;
    ensure!(output.status.success(), "the browser failed");
    std::fs::remove_file(&file)?;
    let found: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let of = |key: &str| found[key].as_f64().with_context(|| format!("no {key}"));
    let found = Found { ours: of("ours")?, papa: of("papa")?, longest: of("longest")? };
    table.add("preview of 100,000 rows, checked", found.ours, "ms", Limit::None);
    table.add("PapaParse, the same file unchecked", found.papa, "ms", Limit::None);
    table.add("preview beside PapaParse", found.ours / found.papa, "×", Limit::AtMost(2.0));
    table.add("longest task while it is read", found.longest, "ms", Limit::AtMostHere(50.0));
    drop(server);
    database.remove().await
}
