//! Short links: rate against nginx, latency at half load, memory, and that no click is lost or made up.

use crate::load::{self, Pace, Request};
use crate::server::{Database, Server};
use crate::table::{Limit, Table};
use anyhow::{Context, Result, ensure};
use std::collections::HashSet;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

const LINKS: usize = 100_000;
const CONNECTIONS: usize = 256;
const PORT: u16 = 3911;
const NGINX_PORT: u16 = 3912;
const FOLDER: &str = "var/bench";

/// Measures; `make bench` has installed wrk and nginx.
pub async fn measure(table: &mut Table) -> Result<()> {
    eprintln!("Short links: {LINKS} links, {CONNECTIONS} connections");
    std::fs::create_dir_all(FOLDER)?;
    let database = Database::make("tributary_bench_links").await?;
    database.command(&["demo", "--partners", &LINKS.to_string(), "--months", "1", "--clicks", "0"])?;
    // Otherwise Postgres does it by itself in the middle of the run.
    sqlx::raw_sql("vacuum analyze").execute(&database.pool).await?;
    let paths = paths(&database).await?;
    ensure!(paths.len() >= LINKS, "the demo made {} links", paths.len());
    write_scripts(&paths)?;

    let server = Server::start(&database, PORT).await?;
    let nginx = Nginx::start().await?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        theirs.push(wrk(NGINX_PORT)?);
        ours.push(wrk(PORT)?);
    }
    drop(nginx);
    let (ours, theirs) = (median(ours), median(theirs));
    table.add("short link, 256 connections", ours, "/s", Limit::None);
    table.add("nginx return 302 with a cookie", theirs, "/s", Limit::None);
    table.add("short link beside nginx", ours / theirs, "×", Limit::AtLeast(0.20));

    let request = request(server.address, &paths);
    let (half, seconds) = (Pace::Open(ours / 2.0), Duration::from_secs(10));
    let mut p99 = f64::MAX;
    for _ in 0..3 {
        let mut run = load::run(server.address, CONNECTIONS, seconds, half, request.clone(), |_| None).await;
        p99 = p99.min(ms(run.percentile(0.99)));
    }
    table.add("short link p99 at half its peak, best of three", p99, "ms", Limit::AtMostHere(15.0));
    table.add("server memory, 100,000 links", server.peak_memory()?, "MB", Limit::AtMost(150.0));

    let before = clicks(&database).await?;
    let calm = load::run(server.address, 64, Duration::from_secs(3), Pace::Closed, request.clone(), click_id).await;
    ensure!(calm.broken == 0 && calm.by_class[3] as usize == calm.latencies.len(), "not every answer was a 302");
    let added = clicks(&database).await? - before;
    table.add(
        "clicks in Postgres per 302 with a click id",
        added as f64 / calm.kept.len() as f64,
        "",
        Limit::AtMost(1.0),
    );
    ensure!(added as usize == calm.kept.len(), "{added} clicks, {} answered", calm.kept.len());

    killed(&database, server, request, table).await
}

/// `kill -9` in the middle: every id that a client has is there, and no more than the connections in flight besides.
async fn killed(database: &Database, server: Server, request: Request, table: &mut Table) -> Result<()> {
    let before = clicks(database).await?;
    let run = load::run(server.address, CONNECTIONS, Duration::from_secs(4), Pace::Closed, request, click_id);
    let run = tokio::spawn(run);
    tokio::time::sleep(Duration::from_secs(2)).await;
    server.kill()?;
    let run = run.await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let received: HashSet<&String> = run.kept.iter().collect();
    let ids: Vec<uuid::Uuid> = received.iter().map(|id| id.parse()).collect::<Result<_, _>>()?;
    let there: i64 = sqlx::query_scalar("select count(*) from clicks where id = any($1)")
        .bind(&ids)
        .fetch_one(&database.pool)
        .await?;
    let extras = clicks(database).await? - before - there;
    table.add("clicks lost by kill -9", (ids.len() as i64 - there) as f64, "", Limit::AtMost(0.0));
    table.add("clicks unanswered at kill -9", extras as f64, "", Limit::AtMost(CONNECTIONS as f64));
    database.command(&["verify-ledger"]).context("rollups equal rows")?;
    Ok(())
}

async fn paths(database: &Database) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar(
        "select '/r/' || p.slug || '/' || l.code from links l join programs p on p.id = l.program_id
         join enrollments e on (e.program_id, e.id) = (l.program_id, l.enrollment_id)
         where l.disabled_at is null and e.status = 'active'
           and l.program_id = (select program_id from links group by 1 order by count(*) desc limit 1)",
    )
    .fetch_all(&database.pool)
    .await?)
}

async fn clicks(database: &Database) -> Result<i64> {
    Ok(sqlx::query_scalar("select count(*) from clicks").fetch_one(&database.pool).await?)
}

fn request(address: SocketAddr, paths: &[String]) -> Request {
    let paths: Arc<[String]> = paths.into();
    Arc::new(move |number| {
        // A stride prime to the number of links visits them all, out of order.
        let path = &paths[(number as usize * 7919) % paths.len()];
        format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nuser-agent: Mozilla/5.0\r\n\r\n").into_bytes()
    })
}

fn click_id(head: &str) -> Option<String> {
    let (_, after) = head.split_once("tid=")?;
    after.get(..36).map(ToOwned::to_owned)
}

fn write_scripts(paths: &[String]) -> Result<()> {
    std::fs::write(Path::new(FOLDER).join("paths.txt"), paths.join("\n"))?;
    let mut lua = String::new();
    writeln!(lua, "local paths = {{}}")?;
    writeln!(lua, "for line in io.lines('{FOLDER}/paths.txt') do paths[#paths + 1] = line end")?;
    writeln!(lua, "wrk.headers['User-Agent'] = 'Mozilla/5.0'")?;
    writeln!(lua, "request = function() return wrk.format('GET', paths[math.random(#paths)]) end")?;
    std::fs::write(Path::new(FOLDER).join("links.lua"), lua)?;
    let folder = std::fs::canonicalize(FOLDER)?.display().to_string();
    let conf = format!(
        "worker_processes auto; daemon off; pid {folder}/nginx.pid; error_log stderr crit;
         events {{ worker_connections 1024; }}
         http {{ access_log off; client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
           uwsgi_temp_path {folder}; scgi_temp_path {folder};
           server {{ listen 127.0.0.1:{NGINX_PORT} backlog=1024; keepalive_requests 100000000;
             location / {{ add_header Set-Cookie \"tid_acme=0190d9a0-0000-7000-8000-000000000000; Path=/; Max-Age=5184000\";
               return 302 https://www.acme.example/?tid=0190d9a0-0000-7000-8000-000000000000; }} }} }}"
    );
    std::fs::write(Path::new(FOLDER).join("nginx.conf"), conf)?;
    Ok(())
}

/// Requests a second by wrk; fails where an answer was neither 2xx nor 3xx, or a socket broke.
fn wrk(port: u16) -> Result<f64> {
    let output = Command::new("wrk")
        .args(["-t2", &format!("-c{CONNECTIONS}"), "-d8s", "-s", &format!("{FOLDER}/links.lua")])
        .arg(format!("http://127.0.0.1:{port}/"))
        .output()
        .context("wrk is missing")?;
    let text = String::from_utf8_lossy(&output.stdout);
    ensure!(!text.contains("Non-2xx") && !text.contains("Socket errors"), "wrk saw failures:\n{text}");
    let rate = text.lines().find_map(|line| line.strip_prefix("Requests/sec:")).context("wrk told no rate")?;
    Ok(rate.trim().parse()?)
}

struct Nginx(Child);

impl Nginx {
    async fn start() -> Result<Self> {
        let conf = std::fs::canonicalize(Path::new(FOLDER).join("nginx.conf"))?;
        let process =
            Command::new("nginx").arg("-c").arg(conf).stderr(Stdio::inherit()).spawn().context("nginx is missing")?;
        tokio::time::sleep(Duration::from_millis(500)).await;
        Ok(Self(process))
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // The master ends its workers on SIGTERM, not when it is killed.
        Command::new("kill").arg(self.0.id().to_string()).status().ok();
        self.0.wait().ok();
    }
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

/// Milliseconds, for the table.
pub fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
