//! The partner ledgers, their file and a batch with 100,000 partners and 10 million entries, each beside the SQL that a DBA
//! would write for the same rows.

use crate::dashboard::sign_in;
use crate::load::{self, Pace, Request};
use crate::server::{Database, Server};
use crate::short_link::ms;
use crate::table::{Limit, Table};
use anyhow::{Context, Result, ensure};
use futures_util::TryStreamExt;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

const DATABASE: &str = "tributary_bench_payments";
const PORT: u16 = 3916;
const PARTNERS: usize = 100_000;
/// The partners of the demo that have a story of their own.
const TOLD: usize = 60;

/// Measures; the batch comes last, since it changes what the others read.
pub async fn measure(table: &mut Table) -> Result<()> {
    eprintln!("Payments: {PARTNERS} partners");
    let database = Database::make(DATABASE).await?;
    let partners = (PARTNERS + TOLD).to_string();
    database.command(&["demo", "--partners", &partners, "--months", "12", "--clicks", "2000"])?;
    seed(&database).await?;
    let entries: i64 = sqlx::query_scalar("select count(*) from entries").fetch_one(&database.pool).await?;
    table.add("ledger entries", entries as f64, "", Limit::AtLeast(10_000_000.0));

    let server = Server::start(&database, PORT).await?;
    let admin = Admin::sign_in(server.address).await?;
    let mut dba = Dba::connect(&database).await?;
    let views = dba.views().await?;
    file(&server, &admin, &mut dba, &views[0], table).await?;
    report(&admin, &mut dba, &views, table).await?;
    // Who pays must have given the password of late.
    let admin = Admin::sign_in(server.address).await?;
    batch(&database, &admin, &mut dba, table).await?;
    // It would send the batch's mails meanwhile.
    drop(server);
    drop(dba);

    let room = format!("alter database {DATABASE} set work_mem = '256MB'");
    sqlx::raw_sql(AssertSqlSafe(room)).execute(&database.pool).await?;
    let started = Instant::now();
    database.command(&["verify-ledger"]).context("what was seeded, and the batch")?;
    table.add("verify-ledger over it", started.elapsed().as_secs_f64(), "s", Limit::None);
    database.remove().await
}

async fn seed(database: &Database) -> Result<()> {
    let mut dba = Dba::connect(database).await?;
    dba.run(SEED).await?;
    let months: i64 = sqlx::query_scalar("select count(*) from bench_months").fetch_one(&mut dba.conn).await?;
    ensure!(months == 13, "{months} months, not twelve and the running one");
    dba.run("drop table bench_events, bench_months, bench_partners, bench_indexes").await?;
    dba.run("vacuum analyze").await
}

/// Twelve closed months and the running one.
const SEED: &str = include_str!("payments.sql");

/// A first page of the report.
struct View {
    name: &'static str,
    query: String,
    /// What a DBA adds up for it; `:of` stands where one partner is chosen.
    pieces: String,
}

impl View {
    /// What each partner comes to, of all or of one.
    fn figures(&self, of: &str) -> String {
        format!(
            "select enrollment_id, sum(opening) as opening, sum(commissions) as commissions, sum(clawbacks) as clawbacks,
                    sum(adjustments) as adjustments, sum(payments) as payments,
                    sum(opening + commissions + clawbacks + adjustments + payments) as closing
             from ({}) as pieces group by enrollment_id",
            self.pieces.replace(":of", of)
        )
    }

    /// The statements that read its page, by name or with the highest balance first, and its totals.
    fn statements(&self, by_closing: bool) -> [String; 3] {
        let columns = format!(
            "p.id, p.code, {NAME} as name, p.company, p.status, p.payout_method, f.*,
             (select sum(h.amount) from ledger_months h
              where h.program_id = :program and h.enrollment_id = p.id and h.account = 'held') as held"
        );
        let page = if by_closing {
            let figures = self.figures("");
            format!(
                "select {columns} from (select * from ({figures}) f order by closing desc, enrollment_id limit 50) f
                 join enrollments p on p.program_id = :program and p.id = f.enrollment_id"
            )
        } else {
            let figures = self.figures("and enrollment_id = p.id");
            format!(
                "select {columns}
                 from (select * from enrollments where program_id = :program order by lower({NAME}), id limit 50) p
                 left join lateral ({figures}) f on true"
            )
        };
        let pieces = self.pieces.replace(":of", "");
        let totals = format!(
            "select sum(opening), sum(commissions), sum(clawbacks), sum(adjustments), sum(payments) from ({pieces}) as pieces"
        );
        let rest = "select (select count(*) from enrollments where program_id = :program),
                           (select sum(s.held) from statements s where s.program_id = :program
                              and s.month = (n.month - interval '1 month')::date)
                           + (select sum(m.amount) from ledger_months m
                              where m.program_id = :program and m.month = n.month and m.account = 'held')
                    from periods n where n.program_id = :program and n.closed_at is null";
        [page, totals, rest.to_owned()]
    }
}

/// As lists show it and an index has it.
const NAME: &str = "coalesce(nullif(name, ''), company)";

/// What moved, by its kind.
const KINDS: &str = "case when kind in ('commission', 'hold_end') then amount else 0 end,
    case when kind = 'clawback' then amount else 0 end,
    case when kind in ('adjustment', 'opening_balance') then amount else 0 end,
    case when kind in ('payment', 'payment_failed') then amount else 0 end";

/// Who writes the SQL by hand, with the room and the planner's settings that the product takes.
struct Dba {
    conn: PgConnection,
    /// As a literal.
    program: String,
}

impl Dba {
    async fn connect(database: &Database) -> Result<Self> {
        let mut conn = PgConnection::connect(database.url()).await?;
        let program = "select format('%L::uuid', id) from programs where slug = 'acme'";
        let program: String = sqlx::query_scalar(program).fetch_one(&mut conn).await?;
        let mut dba = Self { conn, program };
        dba.run("set work_mem = '64MB'; set jit = off").await?;
        Ok(dba)
    }

    fn sql(&self, text: &str) -> AssertSqlSafe<String> {
        // All of it stands in this file.
        AssertSqlSafe(text.replace(":program", &self.program))
    }

    async fn run(&mut self, text: &str) -> Result<()> {
        let sql = self.sql(text);
        sqlx::raw_sql(sql).execute(&mut self.conn).await.with_context(|| first_words(text))?;
        Ok(())
    }

    /// The days that the report offers, and some that cut two closed months.
    async fn views(&mut self) -> Result<Vec<View>> {
        let days = self.sql(
            "select n.month::text, (n.month - interval '1 month')::date::text, (n.month - interval '2 months')::date::text,
                    date_trunc('quarter', n.month)::date::text, g.time_zone
             from programs g join periods n on n.program_id = g.id and n.closed_at is null where g.id = :program",
        );
        let (running, last, before, quarter, zone): (String, String, String, String, String) =
            sqlx::query_as(days).fetch_one(&mut self.conn).await?;
        let begins = |month: &str, column: &str| {
            format!(
                "select enrollment_id, {column} as opening, 0 as commissions, 0 as clawbacks, 0 as adjustments, 0 as payments
                 from statements where program_id = :program and month = '{month}' :of"
            )
        };
        let months = |from: &str| {
            format!(
                "select enrollment_id, case when month = '{from}' then opening else 0 end as opening, commissions, clawbacks,
                        adjustments, payments
                 from statements where program_id = :program and month >= '{from}' and month < '{running}' :of"
            )
        };
        let rollup = format!(
            "select enrollment_id, 0, {KINDS} from ledger_months
             where program_id = :program and month = '{running}' and account = 'payable' :of"
        );
        let between = |from: &str, to: &str| {
            format!(
                "e.program_id = :program and account = 'payable' and e.posted_at >= '{from}'::timestamp at time zone '{zone}'
                 and e.posted_at < '{to}'::timestamp at time zone '{zone}' :of"
            )
        };
        let (from, to, after) =
            (format!("{}-15", &before[..7]), format!("{}-10", &last[..7]), format!("{}-11", &last[..7]));
        let lead = format!("select enrollment_id, amount, 0, 0, 0, 0 from entries e where {}", between(&before, &from));
        let part = format!(
            "select enrollment_id, 0, {KINDS}
             from entries e join journals j on j.program_id = e.program_id and j.id = e.journal_id where {}",
            between(&from, &after)
        );
        let this_month = format!("{} union all {rollup}", begins(&last, "closing"));
        let this_quarter =
            if quarter == running { this_month.clone() } else { format!("{} union all {rollup}", months(&quarter)) };
        let custom = format!("{} union all {lead} union all {part}", begins(&before, "opening"));
        let view = |name, query: &str, pieces| View { name, query: query.to_owned(), pieces };
        Ok(vec![
            view("this month", "period=this_month", this_month),
            view("last month", "period=last_month", months(&last)),
            view("this quarter", "period=this_quarter", this_quarter),
            view("days that cut two months", &format!("from={from}&to={to}"), custom),
        ])
    }

    /// The sum of what these statements take, each the median of seven, in milliseconds.
    async fn takes(&mut self, statements: &[String]) -> Result<f64> {
        let mut sum = 0.0;
        for statement in statements {
            let mut times = Vec::new();
            for _ in 0..7 {
                let sql = self.sql(statement);
                let started = Instant::now();
                sqlx::raw_sql(sql).fetch_all(&mut self.conn).await.with_context(|| first_words(statement))?;
                times.push(started.elapsed());
            }
            times.sort_unstable();
            sum += ms(times[times.len() / 2]);
        }
        Ok(sum)
    }

    /// The file by `copy`, in seconds.
    async fn copies(&mut self, view: &View) -> Result<f64> {
        let figures = view.figures("");
        let AssertSqlSafe(copy) = self.sql(&format!(
            "copy (select code, {NAME}, coalesce(opening, 0), coalesce(commissions, 0), coalesce(clawbacks, 0),
                          coalesce(adjustments, 0), coalesce(payments, 0), coalesce(closing, 0), payout_method
                   from enrollments e left join ({figures}) f on f.enrollment_id = e.id
                   where e.program_id = :program order by lower({NAME}), e.id) to stdout (format csv)"
        ));
        let started = Instant::now();
        let mut sent = self.conn.copy_out_raw(&copy).await?;
        let mut rows = 0;
        while let Some(chunk) = sent.try_next().await? {
            rows += chunk.iter().filter(|byte| **byte == b'\n').count();
        }
        ensure!(rows >= PARTNERS, "copy sent {rows} rows");
        Ok(started.elapsed().as_secs_f64())
    }
}

/// Which statement failed.
fn first_words(text: &str) -> String {
    text.trim_start().chars().take(200).collect()
}

/// The demo's owner, signed in.
struct Admin {
    address: SocketAddr,
    cookie: String,
}

impl Admin {
    async fn sign_in(address: SocketAddr) -> Result<Self> {
        Ok(Self { address, cookie: sign_in(address, "admin%40tributary.test").await? })
    }

    async fn get(&self, path: &str, accept: &str) -> Result<String> {
        let headers = format!("accept: {accept}\r\ncookie: {}\r\n", self.cookie);
        let answer = load::get(self.address, path, &headers).await?;
        ensure!(answer.starts_with("HTTP/1.1 200"), "{path}: {}", answer.lines().next().unwrap_or_default());
        Ok(answer)
    }

    /// Posts to a server function as the page's form does; the whole answer.
    async fn post(&self, function: &str, fields: &str) -> Result<String> {
        let Self { address, cookie } = self;
        let request = format!(
            "POST /fn/{function} HTTP/1.1\r\nhost: {address}\r\norigin: http://{address}\r\naccept: application/json\r\n\
             connection: close\r\ncookie: {cookie}\r\ncontent-type: application/x-www-form-urlencoded\r\n\
             content-length: {}\r\n\r\n{fields}",
            fields.len()
        );
        let answer = load::exchange(*address, request).await?;
        ensure!(answer.starts_with("HTTP/1.1 200"), "{function}: {answer}");
        Ok(answer)
    }

    async fn act(&self, draft: &str, act: &str) -> Result<()> {
        self.post("admin/pay/draft/act", &format!("program=acme&id={draft}&act={act}")).await?;
        Ok(())
    }

    /// Asks how far a draft is until that is so; which counts it saw on the way.
    async fn follow(&self, draft: &str, is_so: impl Fn(&Value) -> bool) -> Result<(Value, BTreeSet<i64>)> {
        let path = format!("/fn/admin/pay/draft/progress?program=acme&id={draft}");
        let (started, mut seen) = (Instant::now(), BTreeSet::new());
        loop {
            let answer = self.get(&path, "application/json").await?;
            let (_, json) = answer.split_once("\r\n\r\n").context("an answer without a body")?;
            let progress: Value = serde_json::from_str(json).with_context(|| json.to_owned())?;
            seen.extend(progress["done"].as_i64());
            if is_so(&progress) {
                return Ok((progress, seen));
            }
            ensure!(started.elapsed() < Duration::from_secs(600), "no end after ten minutes: {progress}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// The file of the running month, the best of three; the server has just begun, so that its peak is the file's.
async fn file(server: &Server, admin: &Admin, dba: &mut Dba, view: &View, table: &mut Table) -> Result<()> {
    let path = format!("/admin/acme/export/partner-ledgers.csv?{}", view.query);
    // What runs for the first time.
    admin.get(&format!("{path}&q=ada"), "text/csv").await?;
    let before = server.peak_memory()?;
    let (mut ours, mut theirs, mut rows) = (f64::MAX, f64::MAX, 0);
    for _ in 0..3 {
        theirs = theirs.min(dba.copies(view).await?);
        let started = Instant::now();
        let answer = admin.get(&path, "text/csv").await?;
        ours = ours.min(started.elapsed().as_secs_f64());
        ensure!(answer.ends_with("0\r\n\r\n"), "the file broke off");
        rows = answer.lines().filter(|line| line.ends_with(",USD")).count();
        ensure!(rows >= PARTNERS, "the file has {rows} rows");
    }
    let grown = server.peak_memory()? - before;
    table.add("partner ledgers as CSV", rows as f64 / ours, "rows/s", Limit::AtLeastHere(50_000.0));
    table.add("the CSV beside copy to stdout", ours / theirs, "×", Limit::AtMost(2.0));
    table.add("server memory, growth by the CSV", grown, "MB", Limit::AtMost(50.0));
    Ok(())
}

/// The first page, by its days and its order, the best of three each; the worst of them counts.
async fn report(admin: &Admin, dba: &mut Dba, views: &[View], table: &mut Table) -> Result<()> {
    let (mut slowest, mut farthest) = (0_f64, 0_f64);
    for view in views {
        for sort in ["name", "-closing"] {
            let path = format!("/admin/acme/reports/ledgers?{}&sort={sort}", view.query);
            let page = admin.get(&path, "text/html").await?;
            ensure!(page.contains("partner-"), "no partner on {path}");
            let request = format!(
                "GET {path} HTTP/1.1\r\nhost: {}\r\naccept: text/html\r\ncookie: {}\r\n\r\n",
                admin.address, admin.cookie
            );
            let request: Request = Arc::new(move |_| request.clone().into_bytes());
            let (mut p95, mut median) = (f64::MAX, f64::MAX);
            for _ in 0..3 {
                let time = Duration::from_secs(3);
                let mut run = load::run(admin.address, 1, time, Pace::Closed, request.clone(), |_| None).await;
                let pages = run.by_class[2] as usize;
                ensure!(pages > 0 && pages == run.latencies.len() && run.broken == 0, "not every answer was the page");
                p95 = p95.min(ms(run.percentile(0.95)));
                median = median.min(ms(run.percentile(0.5)));
            }
            let theirs = dba.takes(&view.statements(sort == "-closing")).await?;
            let name = view.name;
            eprintln!("  {name} by {sort}: p95 {p95:.0} ms, median {median:.0} ms, SQL {theirs:.0} ms");
            (slowest, farthest) = (slowest.max(p95), farthest.max(median / theirs));
        }
    }
    table.add("partner ledgers' first page p95, the slowest of 8", slowest, "ms", Limit::AtMostHere(300.0));
    table.add("the page's median beside its SQL, the worst of 8", farthest, "×", Limit::AtMost(2.0));
    Ok(())
}

/// All that is due, once each: a DBA's transaction, rolled back; the product's, stopped in the middle; and to its end.
async fn batch(database: &Database, admin: &Admin, dba: &mut Dba, table: &mut Table) -> Result<()> {
    let started = Instant::now();
    dba.run(BATCH).await?;
    let theirs = started.elapsed().as_secs_f64();
    dba.run("rollback").await?;
    dba.run("vacuum analyze").await?;

    let started = Instant::now();
    let made = admin.post("admin/pay/create", "program=acme&basis=ending&asked[period]=this_month").await?;
    table.add("a draft of 100,000 payments", started.elapsed().as_secs_f64(), "s", Limit::None);
    let draft = made.lines().find_map(|line| line.strip_prefix("location: /admin/acme/pay/")).context("no draft")?;

    let before = recorded(database).await?;
    admin.act(draft, "process").await?;
    admin.follow(draft, |progress| progress["done"].as_i64() > Some(0)).await?;
    admin.act(draft, "cancel").await?;
    let (stopped, _) = admin.follow(draft, |progress| progress["status"] != "processing").await?;
    ensure!(stopped["status"] == "open", "it was not stopped: {stopped}");
    ensure!(recorded(database).await? == before, "a batch that was stopped left something");
    dba.run("vacuum analyze").await?;

    let started = Instant::now();
    admin.act(draft, "process").await?;
    let (done, seen) = admin.follow(draft, |progress| progress["status"] != "processing").await?;
    let ours = started.elapsed().as_secs_f64();
    ensure!(done["status"] == "processed", "it was not processed: {done}");
    ensure!(done["total"].as_i64() >= Some(PARTNERS as i64), "too few payments: {done}");
    table.add("a batch of 100,000 payments", ours, "s", Limit::AtMostHere(30.0));
    table.add("the batch beside its SQL", ours / theirs, "×", Limit::AtMost(2.0));
    table.add("counts of its progress seen", seen.len() as f64, "", Limit::AtLeast(5.0));
    Ok(())
}

/// Batches, payments, what they settle, and paid commissions.
async fn recorded(database: &Database) -> Result<(i64, i64, i64, i64)> {
    let counts = "select (select count(*) from payment_batches), (select count(*) from payments),
                         (select count(*) from payment_items), (select count(*) from commissions where status = 'paid')";
    Ok(sqlx::query_as(counts).fetch_one(&database.pool).await?)
}

/// The rows of the batch by set. The commit, a flush of the disk, is left away.
const BATCH: &str = "
begin;
create temp table due on commit drop as
select row_number() over (order by o.enrollment_id) as n, o.enrollment_id, count(*) as entries, sum(o.amount) as amount,
       date_trunc('milliseconds', now()) as at,
       bench_id(date_trunc('milliseconds', now()), row_number() over (order by o.enrollment_id)) as id
from open_entries o join enrollments e on e.program_id = o.program_id and e.id = o.enrollment_id
where o.program_id = :program and e.status <> 'banned' and e.payout_method is not null
group by o.enrollment_id having sum(o.amount) >= 25;
analyze due;
insert into payment_batches (program_id, id, code, code_key, payment_date, created_at)
select :program, bench_id(now(), 0), 'By hand', 'by hand', now()::date, now();
insert into payments (program_id, id, batch_id, enrollment_id, amount, currency, method, method_kind, status, why, created_at)
select :program, id, bench_id(now(), 0), enrollment_id, amount, 'USD', 'PayPal', 'paypal', 'recorded', jsonb_build_array(
         jsonb_build_object('check', 'commission', 'passed', true, 'detail', format('%s commissions: $%s.', entries, amount)),
         jsonb_build_object('check', 'amount', 'passed', true, 'detail', format('Together $%s: all that was due.', amount)),
         jsonb_build_object('check', 'minimum', 'passed', true, 'detail', 'At least the smallest payment of $25.00.'),
         jsonb_build_object('check', 'payout_method', 'passed', true, 'detail', 'By PayPal.')), at
from due;
update commissions c set status = 'paid' from open_entries o join due d using (enrollment_id)
where o.program_id = :program and c.program_id = :program and c.id = o.commission_id and c.status = 'due';
insert into payment_items (program_id, entry_id, payment_id)
select o.program_id, o.entry_id, d.id from open_entries o join due d using (enrollment_id) where o.program_id = :program;
insert into journals (program_id, id, kind, idempotency_key, payment_id, occurred_at, posted_at)
select :program, id, 'payment', 'payment:' || id, id, at, at from due;
insert into entries (program_id, id, journal_id, account, enrollment_id, amount, currency, posted_at)
select :program, bench_id(at, n * 2 + s.side), id, s.account, s.whose, s.amount, 'USD', at
from due cross join lateral (values (0, 'payable'::ledger_account, enrollment_id, -due.amount),
                                    (1, 'paid_out', null, due.amount)) as s (side, account, whose, amount);
insert into ledger_months as m (program_id, enrollment_id, account, month, kind, amount)
select :program, enrollment_id, 'payable', p.month, 'payment', -amount
from due join periods p on p.program_id = :program and p.starts_at <= at and p.ends_at > at
on conflict (program_id, enrollment_id, account, month, kind) do update set amount = m.amount + excluded.amount;
";
