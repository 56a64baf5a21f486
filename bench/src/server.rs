//! A server of the release build on a database of its own.

use anyhow::{Context, Result, ensure};
use sqlx::{Connection, PgConnection, PgPool};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A database made for a bench, with what its commands need to find it.
pub struct Database {
    url: String,
    /// Some connections to it.
    pub pool: PgPool,
}

impl Database {
    /// An empty, migrated database of this name beside that of DATABASE_URL.
    pub async fn make(name: &str) -> Result<Self> {
        let base = std::env::var("DATABASE_URL").context("DATABASE_URL is not set")?;
        let mut admin = PgConnection::connect(&base).await?;
        for statement in [format!("drop database if exists {name} with (force)"), format!("create database {name}")] {
            // The names are this crate's own.
            sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut admin).await?;
        }
        let (server, _) = base.rsplit_once('/').context("DATABASE_URL names no database")?;
        let url = format!("{server}/{name}");
        let database = Self { pool: PgPool::connect_lazy(&url)?, url };
        database.command(&["migrate"])?;
        Ok(database)
    }

    /// A copy of it, for a peer to write to. Whoever is connected to it must connect again.
    pub async fn copy(&self, name: &str) -> Result<Self> {
        let (server, of) = self.url.rsplit_once('/').context("the database has no name")?;
        let mut admin = PgConnection::connect(&std::env::var("DATABASE_URL")?).await?;
        for statement in [
            format!("drop database if exists {name} with (force)"),
            format!("select pg_terminate_backend(pid) from pg_stat_activity where datname = '{of}'"),
            format!("create database {name} template {of}"),
        ] {
            // The names are this crate's own.
            sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut admin).await?;
        }
        let url = format!("{server}/{name}");
        Ok(Self { pool: PgPool::connect_lazy(&url)?, url })
    }

    /// Removes it, where it is too large to be left.
    pub async fn remove(self) -> Result<()> {
        let (_, name) = self.url.rsplit_once('/').context("the database has no name")?;
        self.pool.close().await;
        let mut admin = PgConnection::connect(&std::env::var("DATABASE_URL")?).await?;
        // The names are this crate's own.
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("drop database if exists {name} with (force)")))
            .execute(&mut admin)
            .await?;
        Ok(())
    }

    /// Runs a command of the binary on it; what it printed.
    pub fn command(&self, arguments: &[&str]) -> Result<String> {
        let output = self.tributary().args(arguments).stderr(Stdio::inherit()).output()?;
        ensure!(output.status.success(), "tributary {} failed", arguments.join(" "));
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    /// The database's address, for peers that take one.
    pub fn url(&self) -> &str {
        &self.url
    }

    fn tributary(&self) -> Command {
        let mut command = Command::new("dist/tributary");
        command.env("DATABASE_URL", &self.url).env("RUST_LOG", "error").env("TRIBUTARY_DEMO", "true");
        command
    }
}

/// A running server; killed when dropped.
pub struct Server {
    process: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Server {
    /// Starts one on a port of loopback, and waits until it is ready.
    pub async fn start(database: &Database, port: u16) -> Result<Self> {
        let address: SocketAddr = ([127, 0, 0, 1], port).into();
        let process = database
            .tributary()
            .arg("serve")
            .env("LEPTOS_SITE_ADDR", address.to_string())
            .env("PUBLIC_URL", format!("http://{address}"))
            .stdout(Stdio::null())
            .spawn()?;
        let server = Self { process, address };
        for _ in 0..600 {
            if crate::load::get(address, "/readyz", "").await.is_ok_and(|answer| answer.starts_with("HTTP/1.1 200")) {
                return Ok(server);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        anyhow::bail!("the server was not ready within a minute")
    }

    /// The most memory that it has had resident, in MB.
    pub fn peak_memory(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
        let kilobytes: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kilobytes / 1024.0)
    }

    /// `kill -9`.
    pub fn kill(mut self) -> Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
