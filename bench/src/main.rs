//! The benchmarks: each figure beside the peer or limit that it is measured against, in the same run. Ratios and sizes
//! fail the run, bare seconds warn. bench/README.md keeps the latest table.
#![allow(clippy::float_arithmetic, reason = "these floats are times and rates, never money")]

mod dashboard;
mod import;
mod latest;
mod load;
mod payments;
mod pipeline;
mod preview;
mod sales;
mod server;
mod short_link;
mod sizes;
mod table;

use clap::{Parser, ValueEnum};
use table::Table;

/// Measures the release build in dist/ against Postgres at DATABASE_URL.
#[derive(Parser)]
struct Options {
    /// Only these; all where none is named.
    only: Vec<Bench>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Bench {
    /// The package on the wire.
    Sizes,
    /// Short links against nginx.
    ShortLink,
    /// `POST /track/sale` against pgbench.
    Sales,
    /// The partner dashboard with much history against little.
    Dashboard,
    /// Partner ledgers, their file and a batch of payments against a DBA's SQL.
    Payments,
    /// The team's pages of leads with 200,000 of them.
    Pipeline,
    /// A file of leads, imported, against COPY.
    Import,
    /// A file of leads, looked at in the browser, against PapaParse.
    Preview,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let asked = |bench| options.only.is_empty() || options.only.contains(&bench);
    let mut table = Table::default();
    if asked(Bench::Sizes) {
        sizes::measure(&mut table)?;
    }
    if asked(Bench::ShortLink) {
        short_link::measure(&mut table).await?;
    }
    if asked(Bench::Sales) {
        sales::measure(&mut table).await?;
    }
    if asked(Bench::Dashboard) {
        dashboard::measure(&mut table).await?;
    }
    if asked(Bench::Payments) {
        payments::measure(&mut table).await?;
    }
    if asked(Bench::Pipeline) {
        pipeline::measure(&mut table).await?;
    }
    if asked(Bench::Import) {
        import::measure(&mut table).await?;
    }
    if asked(Bench::Preview) {
        preview::measure(&mut table).await?;
    }
    print!("{table}");
    if options.only.is_empty() {
        latest::keep(&table).await?;
    }
    anyhow::ensure!(table.met(), "a limit is missed");
    Ok(())
}
