//! The partner dashboard as the server renders it, with 5 million clicks and 200,000 commissions in the program, against
//! a tenth of that.

use crate::load::{self, Outcome, Pace};
use crate::server::{Database, Server};
use crate::short_link::ms;
use crate::table::{Limit, Table};
use anyhow::{Context, Result, ensure};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

const CLIENTS: usize = 8;

/// Measures both in turn, three times, and compares the best of each.
pub async fn measure(table: &mut Table) -> Result<()> {
    eprintln!("Dashboard: {CLIENTS} clients");
    let little = Scene::set("tributary_bench_little", 3914, 200, 500_000).await?;
    let much = Scene::set("tributary_bench_much", 3915, 2_000, 5_000_000).await?;
    let (mut least_little, mut least_much) = (f64::MAX, f64::MAX);
    for _ in 0..3 {
        least_little = least_little.min(little.p95().await?);
        least_much = least_much.min(much.p95().await?);
    }
    table.add("commissions in the program", much.commissions().await? as f64, "", Limit::AtLeast(200_000.0));
    table.add("dashboard p95, 5 million clicks", least_much, "ms", Limit::AtMostHere(30.0));
    table.add("dashboard p95, a tenth of it", least_little, "ms", Limit::None);
    table.add("dashboard beside a tenth", least_much / least_little, "×", Limit::AtMost(1.5));
    Ok(())
}

struct Scene {
    database: Database,
    server: Server,
    cookie: String,
}

impl Scene {
    async fn set(name: &str, port: u16, partners: u32, clicks: u64) -> Result<Self> {
        let database = Database::make(name).await?;
        database.command(&[
            "demo",
            "--partners",
            &partners.to_string(),
            "--months",
            "12",
            "--clicks",
            &clicks.to_string(),
        ])?;
        sqlx::raw_sql("vacuum analyze").execute(&database.pool).await?;
        let server = Server::start(&database, port).await?;
        let cookie = sign_in(server.address, "ada%40tributary.test").await?;
        Ok(Self { database, server, cookie })
    }

    async fn p95(&self) -> Result<f64> {
        let request = format!(
            "GET /p/acme HTTP/1.1\r\nhost: {}\r\naccept: text/html\r\ncookie: {}\r\n\r\n",
            self.server.address, self.cookie
        );
        let request = Arc::new(move |_| request.clone().into_bytes());
        let mut run: Outcome =
            load::run(self.server.address, CLIENTS, Duration::from_secs(5), Pace::Closed, request, |_| None).await;
        ensure!(run.by_class[2] as usize == run.latencies.len(), "not every answer was the page: {:?}", run.by_class);
        Ok(ms(run.percentile(0.95)))
    }

    async fn commissions(&self) -> Result<i64> {
        let query = "select count(*) from commissions c join programs p on p.id = c.program_id where p.slug = 'acme'";
        Ok(sqlx::query_scalar(query).fetch_one(&self.database.pool).await?)
    }
}

/// Signs in as somebody of the demo, as the form does without JavaScript; the session's cookie.
pub async fn sign_in(address: SocketAddr, who: &str) -> Result<String> {
    let body = format!("who={who}&password=tributary-demo");
    let request = format!(
        "POST /fn/sign-in HTTP/1.1\r\nhost: {address}\r\norigin: http://{address}\r\naccept: text/html\r\nconnection: close\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = load::exchange(address, request).await?;
    let cookie = answer
        .lines()
        .find_map(|line| line.strip_prefix("set-cookie: ").and_then(|cookie| cookie.split(';').next()))
        .with_context(|| format!("no session: {}", answer.lines().next().unwrap_or_default()))?;
    Ok(cookie.to_owned())
}
