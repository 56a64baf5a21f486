//! `POST /track/sale` against pgbench running a script with the same inserts in one transaction, on a copy of the
//! database.

use crate::load::{self, Pace};
use crate::server::{Database, Server};
use crate::short_link::ms;
use crate::table::{Limit, Table};
use anyhow::{Context, Result, ensure};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

const CONNECTIONS: usize = 32;
const CUSTOMERS: u64 = 2_000;
const SECONDS: u64 = 8;
const PORT: u16 = 3913;

/// Measures three times in turn and compares the best of each.
pub async fn measure(table: &mut Table) -> Result<()> {
    eprintln!("Sales: {CONNECTIONS} connections");
    let database = Database::make("tributary_bench_sales").await?;
    database.command(&["demo", "--partners", "200", "--months", "2"])?;
    let key = database.command(&["api-key", "create", "--program", "acme", "--name", "bench", "--scopes", "track"])?;
    let server = Server::start(&database, PORT).await?;
    let codes: Vec<String> = sqlx::query_scalar(
        "select e.code from enrollments e join programs p on p.id = e.program_id
         where p.slug = 'acme' and e.status = 'active'",
    )
    .fetch_all(&database.pool)
    .await?;
    let currency: String =
        sqlx::query_scalar("select currency from programs where slug = 'acme'").fetch_one(&database.pool).await?;

    let post = move |call: &str, body: String| {
        format!(
            "POST /api/v1/track/{call} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {key}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    };
    let sign_up = {
        let (post, codes) = (post.clone(), codes.clone());
        Arc::new(move |number: u64| {
            let number = number % CUSTOMERS;
            let code = &codes[number as usize % codes.len()];
            let body = format!(
                r#"{{"event_id":"bench-{number}","customer":{{"external_id":"bench-{number}"}},"partner_code":"{code}"}}"#
            );
            post("signup", body)
        })
    };
    let made = load::run(server.address, 8, Duration::from_secs(8), Pace::Closed, sign_up, |_| None).await;
    ensure!(made.latencies.len() as u64 >= CUSTOMERS && made.by_class[4] + made.by_class[5] == 0, "sign-ups failed");
    drop(server);
    let peer = database.copy("tributary_bench_peer").await?;
    prepare_peer(&peer).await?;
    let server = Server::start(&database, PORT).await?;

    let (mut ours, mut theirs, mut p99) = (0_f64, 0_f64, f64::MAX);
    for round in 0..3 {
        theirs = theirs.max(pgbench(&peer)?);
        let (post, currency) = (post.clone(), currency.clone());
        let sale = Arc::new(move |number: u64| {
            let customer = number * 7919 % CUSTOMERS;
            let body = format!(
                r#"{{"event_id":"sale-{round}-{number}","customer_id":"bench-{customer}","amount":"49.00","currency":"{currency}"}}"#
            );
            post("sale", body)
        });
        let time = Duration::from_secs(SECONDS);
        let mut run = load::run(server.address, CONNECTIONS, time, Pace::Closed, sale, |_| None).await;
        ensure!(
            run.by_class[2] as usize == run.latencies.len() && run.broken == 0,
            "not every sale was 2xx: {:?}",
            run.by_class
        );
        ours = ours.max(run.rate());
        p99 = p99.min(ms(run.percentile(0.99)));
    }
    table.add("sales reported, 32 connections", ours, "/s", Limit::None);
    table.add("pgbench with the same inserts", theirs, "/s", Limit::None);
    table.add("sales beside pgbench", ours / theirs, "×", Limit::AtLeast(0.5));
    table.add("sales p99", p99, "ms", Limit::None);
    drop(server);
    database.command(&["verify-ledger"]).context("after the sales")?;
    Ok(())
}

/// The customers that the peer's script draws from, with what its inserts need.
async fn prepare_peer(database: &Database) -> Result<()> {
    sqlx::raw_sql(
        // Ids that begin with their time, as ours do, so that indexes grow at their end.
        "create function bench_id() returns uuid language sql as
           $$ select (lpad(to_hex(floor(extract(epoch from now()) * 1000)::bigint), 12, '0') || '7' ||
                      substr(md5(random()::text), 14))::uuid $$;
         create table bench_customers as
         select row_number() over () as n, c.program_id, c.id as customer_id, r.id as referral_id, r.enrollment_id,
                o.id as offer_id, o.version, p.currency
         from customers c
         join referrals r on (r.program_id, r.customer_id) = (c.program_id, c.id) and r.ended_at is null
         join programs p on p.id = c.program_id
         join lateral (select * from offers o where o.program_id = c.program_id order by id limit 1) o on true
         where c.external_id like 'bench-%';
         alter table bench_customers add primary key (n);",
    )
    .execute(&database.pool)
    .await?;
    Ok(())
}

/// What a sale with one commission writes, in one transaction.
const PEER: &str = r"
\set n random(1, 2000)
begin;
select program_id, customer_id, referral_id, enrollment_id, offer_id, version, currency, bench_id() as sale,
       bench_id() as commission, bench_id() as journal
  from bench_customers where n = :n \gset
insert into api_answers (program_id, call, event_id, body_hash, created_at) values (:program_id, 'peer', :sale, '\x00', now());
select month from periods where program_id = :program_id and starts_at <= now() and ends_at > now() for share \gset
insert into sales (program_id, id, customer_id, referral_id, enrollment_id, event_id, amount, currency, why, occurred_at, created_at)
  values (:program_id, :sale, :customer_id, :referral_id, :enrollment_id, concat('peer-', :sale::text), 49.00, :currency, '[]', now(), now());
insert into commissions (program_id, id, enrollment_id, referral_id, customer_id, sale_id, trigger, cause_id, offer_id, offer_version,
    reward, base, rate, amount, currency, status, why, occurred_at, available_at, created_at)
  values (:program_id, :commission, :enrollment_id, :referral_id, :customer_id, :sale, 'sale', :sale, :offer_id,
    :version, 0, 49.00, 30, 14.70, :currency, 'held', '[]', now(), now() + interval '30 days', now());
insert into journals (program_id, id, kind, idempotency_key, commission_id, occurred_at, posted_at)
  values (:program_id, :journal, 'commission', concat('commission:', :commission::text), :commission, now(), now());
insert into entries (program_id, id, journal_id, account, enrollment_id, amount, currency, posted_at)
  values (:program_id, bench_id(), :journal, 'commission_expense', null, -14.70, :currency, now()),
         (:program_id, bench_id(), :journal, 'held', :enrollment_id, 14.70, :currency, now());
insert into ledger_months as m (program_id, enrollment_id, account, month, kind, amount)
  values (:program_id, :enrollment_id, 'held', :month, 'commission', 14.70)
  on conflict (program_id, enrollment_id, account, month, kind) do update set amount = m.amount + excluded.amount;
update api_answers set answer = '{}' where program_id = :program_id and call = 'peer' and event_id = :sale;
commit;
";

fn pgbench(database: &Database) -> Result<f64> {
    std::fs::create_dir_all("var/bench")?;
    std::fs::write("var/bench/sale.sql", PEER)?;
    let program = ["/usr/lib/postgresql/15/bin/pgbench", "pgbench"]
        .into_iter()
        .find(|path| !path.starts_with('/') || std::path::Path::new(path).exists())
        .unwrap_or("pgbench");
    let output = Command::new(program)
        .args(["--no-vacuum", "--protocol=prepared", "--jobs=1", &format!("--client={CONNECTIONS}")])
        .args([&format!("--time={SECONDS}"), "--file=var/bench/sale.sql", database.url()])
        .output()
        .context("pgbench is missing")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let rate = text
        .lines()
        .find_map(|line| line.strip_prefix("tps = "))
        .with_context(|| format!("pgbench told no rate:\n{text}{}", String::from_utf8_lossy(&output.stderr)))?;
    Ok(rate.split(' ').next().context("no rate")?.parse()?)
}
