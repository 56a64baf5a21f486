//! An import of leads: sent in slices as the page does it, worked by the job with duplicates checked and history written,
//! beside COPY of the same rows.

use crate::dashboard::sign_in;
use crate::load;
use crate::server::{Database, Server};
use crate::table::{Limit, Table};
use anyhow::{Context, Result, ensure};
use sqlx::Connection;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

const ROWS: usize = 100_000;
/// As the page sends them.
const SLICE: usize = 1_000;

/// Measures one import of as many rows as a file may have.
pub async fn measure(table: &mut Table) -> Result<()> {
    eprintln!("Import: {ROWS} leads");
    let database = Database::make("tributary_bench_import").await?;
    database.command(&["demo", "--partners", "10", "--months", "1", "--clicks", "100"])?;
    enable(&database).await?;
    let server = Server::start(&database, 3918).await?;
    let partner = Partner::sign_in(&database, &server).await?;
    let before = server.peak_memory()?;
    let rows = rows(ROWS, false);
    let rows: Vec<&str> = rows.lines().collect();
    let id = partner.start().await?;
    for (number, slice) in rows.chunks(SLICE).enumerate() {
        partner.post(&format!("/{id}/{number}"), "text/csv", &slice.join("\n")).await?;
    }
    let started = Instant::now();
    partner.finish(&id).await?;
    let took = loop {
        let status: (String, i64) =
            sqlx::query_as("select status::text, accepted from lead_imports where id = $1::uuid")
                .bind(&id)
                .fetch_one(&database.pool)
                .await?;
        match (status.0.as_str(), status.1) {
            ("done", accepted) => {
                ensure!(accepted == ROWS as i64, "{accepted} of {ROWS} rows became leads");
                break started.elapsed().as_secs_f64();
            }
            ("cancelled", _) => anyhow::bail!("the import was cancelled"),
            _ => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    };
    let rate = ROWS as f64 / took;
    let grown = server.peak_memory()? - before;
    drop(server);
    let copied = copy(&database).await?;
    table.add("import of leads", rate, "rows/s", Limit::AtLeastHere(10_000.0));
    table.add("COPY of the same rows", copied, "rows/s", Limit::None);
    table.add("import beside COPY", rate / copied, "×", Limit::AtLeast(0.1));
    table.add("memory that importing takes", grown, "MB", Limit::AtMost(64.0));
    database.remove().await
}

/// Lets partners import, where the form of the default group asks for a dozen things.
pub async fn enable(database: &Database) -> Result<()> {
    let field = |key: &str, kind: &str, options: &str| {
        format!(r#"{{"key":"{key}","label":"{key}","kind":"{kind}","options":[{options}]}}"#)
    };
    let fields = [
        field("phone", "phone", ""),
        field("company", "text", ""),
        field("country", "country", ""),
        field("team_size", "number", ""),
        field("budget", "money", ""),
        field("start", "date", ""),
        field("plan", "choice", r#""Small","Medium","Large""#),
        field("newsletter", "yes_no", ""),
        field("website", "url", ""),
        field("notes", "long", ""),
    ];
    let form = format!(r#"{{"name":"required","fields":[{}]}}"#, fields.join(","));
    sqlx::query("update lead_forms f set form = $1::jsonb from lead_groups g where g.id = f.group_id and g.is_default")
        .bind(form)
        .execute(&database.pool)
        .await?;
    sqlx::query("update lead_settings set importing = true").execute(&database.pool).await?;
    Ok(())
}

/// So many leads as CSV, each cell in quotes; perhaps with their first line.
pub fn rows(count: usize, head: bool) -> String {
    let mut text = String::new();
    if head {
        text.push_str("E-mail,Name,phone,company,country,team_size,budget,start,plan,newsletter,website,notes\n");
    }
    for n in 0..count {
        let plan = ["Small", "Medium", "Large"][n % 3];
        let (month, day) = (n % 12 + 1, n % 28 + 1);
        let _ = writeln!(
            text,
            "\"lead{n}@harbor{}.example\",\"Nora Berg {n}\",\"+49 30 {}\",\"Harbor, Quay & Co {}\",\"Germany\",\"{}\",\
             \"{}.50\",\"2026-{month:02}-{day:02}\",\"{plan}\",\"yes\",\"https://www.harbor{}.example/\",\
             \"Met at the fair; wants a \"\"quick\"\" call, number {n}.\"",
            n % 977,
            100_000 + n,
            n % 500,
            n % 900,
            n % 9_000,
            n % 977
        );
    }
    text
}

/// A partner of the demo, as its page sends.
struct Partner {
    address: SocketAddr,
    cookie: String,
    partner: String,
    group: String,
    version: i32,
}

impl Partner {
    async fn sign_in(database: &Database, server: &Server) -> Result<Self> {
        let (partner, group, version) = sqlx::query_as(
            "select e.id::text, g.id::text, g.version from programs p join enrollments e on e.program_id = p.id and e.code = 'ada'
             join lead_groups g on g.program_id = p.id and g.is_default where p.slug = 'acme'",
        )
        .fetch_one(&database.pool)
        .await?;
        let cookie = sign_in(server.address, "ada%40tributary.test").await?;
        Ok(Self { address: server.address, cookie, partner, group, version })
    }

    async fn post(&self, path: &str, kind: &str, body: &str) -> Result<String> {
        let path = match path.strip_prefix("/fn") {
            Some(_) => path.to_owned(),
            None => format!("/p/acme/lead-imports{path}?partner={}", self.partner),
        };
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: {0}\r\norigin: http://{0}\r\naccept: application/json\r\nconnection: close\r\n\
             cookie: {1}\r\ncontent-type: {kind}\r\ncontent-length: {2}\r\n\r\n{body}",
            self.address,
            self.cookie,
            body.len()
        );
        let answer = load::exchange(self.address, request).await?;
        ensure!(answer.starts_with("HTTP/1.1 200"), "{path}: {}", answer.lines().next().unwrap_or_default());
        let (_, body) = answer.split_once("\r\n\r\n").context("no body")?;
        Ok(body.to_owned())
    }

    async fn start(&self) -> Result<String> {
        let keys = r#"["email","name","phone","company","country","team_size","budget","start","plan","newsletter","website","notes"]"#;
        let start = format!(
            r#"{{"group":"{}","version":{},"name":"leads.csv","head":{keys},"keys":{keys},"rows":{ROWS}}}"#,
            self.group, self.version
        );
        let body = self.post("", "application/json", &start).await?;
        let id = body.split('"').nth(1).context("no id")?;
        Ok(id.to_owned())
    }

    async fn finish(&self, id: &str) -> Result<()> {
        let body = format!("program=acme&partner={}&id={id}", self.partner);
        self.post("/fn/partner/lead-imports/finish", "application/x-www-form-urlencoded", &body).await?;
        Ok(())
    }
}

/// COPY of the leads that were made, into a table like theirs with its indexes; rows a second.
async fn copy(database: &Database) -> Result<f64> {
    let mut conn = sqlx::PgConnection::connect(database.url()).await?;
    sqlx::raw_sql("create table bench_leads (like leads including defaults including indexes)")
        .execute(&mut conn)
        .await?;
    let mut rows = Vec::new();
    let mut out = conn.copy_out_raw("copy (select l.* from leads l join lead_events e on e.program_id = l.program_id and e.lead_id = l.id where e.details ->> 'by' = 'import') to stdout").await?;
    while let Some(piece) = futures_util::StreamExt::next(&mut out).await {
        rows.extend_from_slice(&piece?);
    }
    drop(out);
    let started = Instant::now();
    let mut copying = conn.copy_in_raw("copy bench_leads from stdin").await?;
    for piece in rows.chunks(64 * 1024) {
        copying.send(piece).await?;
    }
    let copied = copying.finish().await?;
    ensure!(copied == ROWS as u64, "{copied} rows were copied");
    Ok(ROWS as f64 / started.elapsed().as_secs_f64())
}
