//! A server that is killed in the middle of a batch leaves all of it or none, and the next one does it again. The real one,
//! in a process of its own.

use crate::site::{PASSWORD, now, program, submit_key};
use axum::body::Bytes;
use domain::accounts::Actor;
use domain::ids::{DraftId, EnrollmentId, ProgramId};
use domain::ledger::{JournalKind, LedgerAccount};
use domain::payments::{NewDraft, PaymentBasis};
use domain::reports::LedgersFilter;
use domain::time::DayRange;
use engine::accounts::{SignIn, sign_in};
use engine::ledger::{Move, Posting, hold_month_open, post};
use engine::payments::drafts;
use http::{Request, StatusCode};
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rust_decimal::Decimal;
use sqlx::{ConnectOptions, PgPool};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};
use uuid::Uuid;

/// So many are paid: four pieces of a batch.
const PARTNERS: i64 = 10_000;

/// The server's program, on a test's database.
fn tributary(pool: &PgPool) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tributary"));
    command
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .env("DATABASE_URL", pool.connect_options().to_url_lossy().to_string())
        .env("DATABASE_CONNECTIONS", "8")
        .env("FILES_URL", format!("file://{}", std::env::temp_dir().join("tributary-killed").display()))
        .env("RUST_LOG", "error")
        .env("SMTP_URL", "")
        .env("TRIBUTARY_SECRET", "a secret for tests, long enough to be taken")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true);
    command
}

/// `tributary verify-ledger` finds nothing.
async fn prove(pool: &PgPool) {
    let ended = tributary(pool).arg("verify-ledger").status().await.expect("proved");
    assert!(ended.success(), "the ledger is sound");
}

struct Running {
    process: Child,
    base: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Running {
    async fn start(pool: &PgPool) -> Self {
        let address = {
            let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
            free.local_addr().expect("address")
        };
        let base = format!("http://{address}");
        let process = tributary(pool)
            .env("LEPTOS_SITE_ADDR", address.to_string())
            .env("PUBLIC_URL", &base)
            .spawn()
            .expect("the server starts");
        let client = Client::builder(TokioExecutor::new()).build_http();
        let running = Self { process, base, client };
        let ready = format!("{}/readyz", running.base);
        until("the server is ready", async || {
            let answer = running.client.get(ready.parse().expect("address")).await;
            answer.is_ok_and(|answer| answer.status() == StatusCode::OK)
        })
        .await;
        running
    }

    /// Presses Process.
    async fn press(&self, session: &str, draft: DraftId) {
        let request = Request::post(format!("{}/fn/admin/pay/draft/act", self.base))
            .header("accept", "application/json")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("cookie", format!("tributary={session}"))
            .body(Full::new(Bytes::from(format!("program=acme&id={draft}&act=process"))))
            .expect("request");
        let answer = self.client.request(request).await.expect("answer");
        assert!(answer.status().is_success(), "{}", answer.status());
    }

    /// `kill -9`, and what Postgres was doing for it has ended.
    async fn kill(mut self, pool: &PgPool) {
        self.process.kill().await.expect("killed");
        until("its connections are gone", async || {
            let gone = "select count(*) = 0 from pg_stat_activity
                        where datname = current_database() and application_name = 'tributary'";
            sqlx::query_scalar::<_, bool>(gone).fetch_one(pool).await.expect("activity")
        })
        .await;
    }
}

/// Waits until something holds that another process brings about.
async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    for _ in 0..12_000 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("not within two minutes: {what}");
}

/// So many rows: twenty pieces of an import.
const ROWS: usize = 20_000;

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn a_file_of_leads_sent_by_the_api_goes_on_where_it_was(pool: PgPool) {
    let (acme, _) = program(&pool, "acme", "ada").await;
    sqlx::query("update lead_settings set importing = true").execute(&pool).await.expect("settings");
    let key = submit_key(&pool, acme, "ada").await;
    let csv: String = std::iter::once("E-mail,Name\n".to_owned())
        .chain((0..ROWS).map(|n| format!("lead{n}@harbor{n}.test,Lead {n}\n")))
        .collect();
    let running = Running::start(&pool).await;
    let request = Request::post(format!("{}/api/v1/lead-imports", running.base))
        .header("content-type", "text/csv")
        .header("authorization", format!("Bearer {key}"))
        .body(Full::new(Bytes::from(csv)))
        .expect("request");
    let answer = running.client.request(request).await.expect("answer");
    assert_eq!(answer.status(), StatusCode::CREATED);
    let accepted = async || {
        sqlx::query_scalar::<_, i64>("select accepted from lead_imports").fetch_one(&pool).await.expect("import")
    };
    until("some rows are leads", async || accepted().await > 0).await;
    running.kill(&pool).await;
    let by_then = accepted().await;
    assert!(by_then < ROWS as i64, "it was in the middle");
    let leads = "select count(*) from leads where program_id = $1";
    let count = async || sqlx::query_scalar::<_, i64>(leads).bind(acme).fetch_one(&pool).await.expect("leads");
    assert_eq!(count().await, by_then, "as many leads as it says");
    minutes_pass(&pool).await;
    let running = Running::start(&pool).await;
    taken_over(&pool, "work_on_lead_import").await;
    until("the import is done", async || accepted().await == ROWS as i64).await;
    assert_eq!(count().await, ROWS as i64, "no row twice");
    running.kill(&pool).await;
}

/// Partners to whom each another amount is due, and a batch that pays them: the batch, and what it comes to.
async fn prepared(pool: &PgPool, program: ProgramId) -> (DraftId, Decimal) {
    let (moment, actor) = (now(), Actor::System { program });
    let mut tx = pool.begin().await.expect("transaction");
    let partners: Vec<Uuid> = sqlx::query_scalar(
        "with made as (
             insert into enrollments (program_id, id, status, code, name, email, payout_method, created_at, activated_at)
             select $1, gen_random_uuid(), 'active', 'p' || n, 'P' || n, 'p' || n || '@partners.test', 'cheque',
                    $3::timestamptz, $3::timestamptz
             from generate_series(1, $2::bigint) as n
             returning id, code
         ), statuses as (
             insert into enrollment_statuses (program_id, enrollment_id, at, status)
             select $1, id, $3::timestamptz, 'active' from made
         ), codes as (
             insert into enrollment_codes (program_id, code_key, enrollment_id, created_at)
             select $1, code, id, $3::timestamptz from made
         )
         select id from made",
    )
    .bind(program.0)
    .bind(PARTNERS)
    .bind(moment.at)
    .fetch_all(&mut *tx)
    .await
    .expect("partners");
    let month = hold_month_open(&mut tx, program, moment.at).await.expect("month");
    let mut total = Decimal::ZERO;
    let mut bonus = |(cents, partner): (i64, Uuid)| {
        let amount = Decimal::new(cents, 2);
        total += amount;
        Posting {
            kind: JournalKind::Adjustment,
            idempotency_key: format!("adjustment:{partner}"),
            reason_code: "bonus",
            commission: None,
            payment: None,
            refund: None,
            by: None,
            occurred_at: moment.at,
            moves: vec![Move {
                from: LedgerAccount::CommissionExpense,
                to: LedgerAccount::Payable,
                enrollment: EnrollmentId(partner),
                amount,
            }],
        }
    };
    let postings: Vec<Posting> = (1_000..).zip(partners).map(&mut bonus).collect();
    let currency = "EUR".parse().expect("currency");
    for some in postings.chunks(2_500) {
        post(&mut tx, &moment, program, currency, month, some).await.expect("posted");
    }
    tx.commit().await.expect("commit");
    // As autovacuum does within a minute: without figures of them, plans are made for a few rows.
    sqlx::query("analyze").execute(pool).await.expect("analyzed");
    let (later, today) = (now(), now().at.date_naive());
    let range = DayRange { from: today, to: today };
    let wanted = NewDraft { filter: LedgersFilter::default(), range, basis: PaymentBasis::Ending };
    let mut conn = pool.acquire().await.expect("connection");
    (drafts::make(&mut conn, &later, &actor, &wanted).await.expect("draft"), total)
}

/// Payments, what they settle, and batches.
async fn recorded(pool: &PgPool) -> (i64, i64, i64) {
    let counts = "select (select count(*) from payments), (select count(*) from payment_items),
                         (select count(*) from payment_batches)";
    sqlx::query_as(counts).fetch_one(pool).await.expect("counts")
}

async fn status(pool: &PgPool) -> String {
    sqlx::query_scalar("select status::text from payment_drafts").fetch_one(pool).await.expect("status")
}

/// Whether the batch has come so far, in this process or whole.
async fn has_come(pool: &PgPool, done: i64) -> bool {
    sqlx::query_scalar(
        "select p.done >= $1::bigint or d.status = 'processed'
         from payment_drafts d join payment_progress p on p.program_id = d.program_id and p.draft_id = d.id",
    )
    .bind(done)
    .fetch_one(pool)
    .await
    .expect("progress")
}

/// As if minutes had passed: the next server finds the job of the dead one when it starts.
async fn minutes_pass(pool: &PgPool) {
    for statement in [
        "update graphile_worker._private_workers set last_heartbeat_at = last_heartbeat_at - interval '1 hour'",
        "update payment_progress set done = 0",
    ] {
        sqlx::query(statement).execute(pool).await.expect(statement);
    }
}

/// The server has taken the job over; and does it now, and not in half a minute.
async fn taken_over(pool: &PgPool, job: &str) {
    until("the job is taken over", async || {
        let now = "update graphile_worker._private_jobs j set run_at = now() from graphile_worker._private_tasks t
                   where t.id = j.task_id and t.identifier = $1 and j.locked_at is null";
        sqlx::query(now).bind(job).execute(pool).await.expect("job").rows_affected() == 1
    })
    .await;
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn a_server_that_is_killed_leaves_all_of_a_batch_or_none(pool: PgPool) {
    let (program, _) = program(&pool, "acme", "ada").await;
    let (draft, total) = prepared(&pool, program).await;
    let owner = SignIn {
        who: "owner@acme.test".into(),
        password: PASSWORD.into(),
        program: None,
        keep: false,
        user_agent: String::new(),
    };
    let session = sign_in(&pool, &now(), &owner).await.expect("signed in").token;
    let mut server = Running::start(&pool).await;
    server.press(&session, draft).await;
    let mut cut_off = 0;
    for done in [1, 2_501, 5_001, 7_501] {
        until("the batch comes so far", async || has_come(&pool, done).await).await;
        // First in the middle, then anywhere in the piece that follows, or in the commit.
        let a_while = if cut_off == 0 { 0 } else { u64::from(now().at.timestamp_subsec_micros() % 250) };
        tokio::time::sleep(Duration::from_millis(a_while)).await;
        server.kill(&pool).await;
        let whole = match status(&pool).await.as_str() {
            "processing" => false,
            "processed" => true,
            other => panic!("{other}"),
        };
        assert_eq!(recorded(&pool).await, if whole { (PARTNERS, PARTNERS, 1) } else { (0, 0, 0) }, "after {done}");
        prove(&pool).await;
        minutes_pass(&pool).await;
        server = Running::start(&pool).await;
        if whole {
            break;
        }
        cut_off += 1;
        taken_over(&pool, "process_payments").await;
    }
    assert!(cut_off > 0, "it was killed in the middle at least once");
    until("the batch is whole", async || status(&pool).await == "processed").await;
    server.kill(&pool).await;
    assert_eq!(recorded(&pool).await, (PARTNERS, PARTNERS, 1));
    let sums: (Decimal, Decimal) = sqlx::query_as(
        "select (select sum(amount) from payments),
                (select coalesce(sum(amount), 0) from entries where account = 'payable')",
    )
    .fetch_one(&pool)
    .await
    .expect("sums");
    assert_eq!(sums, (total, Decimal::ZERO));
    prove(&pool).await;
}
