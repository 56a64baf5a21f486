use super::*;
use crate::accounts::tests::{owner, program};
use crate::messages::{self, Mail, Mailer};
use crate::{Error, Moment};
use chrono::{Duration, Utc};
use domain::accounts::{Actor, Role};
use domain::ids::AccountId;
use sqlx::PgPool;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc};

async fn count(pool: &PgPool) -> i64 {
    sqlx::query_scalar("select count(*) from graphile_worker._private_jobs").fetch_one(pool).await.expect("count")
}

/// A mail for Olga.
fn reset() -> Mail {
    Mail::PasswordReset { who: "olga@acme.example".into(), slug: None }
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_job_is_enqueued_with_its_transaction_or_not_at_all(pool: PgPool) {
    let mail = reset();
    let mut tx = pool.begin().await.expect("transaction");
    messages::enqueue(&mut tx, &mail).await.expect("enqueued");
    tx.rollback().await.expect("rolled back");
    assert_eq!(count(&pool).await, 0);
    let mut tx = pool.begin().await.expect("transaction");
    messages::enqueue(&mut tx, &mail).await.expect("enqueued");
    assert_eq!(count(&pool).await, 0, "not before the commit");
    tx.commit().await.expect("committed");
    assert_eq!(count(&pool).await, 1);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn the_library_finds_its_schema_complete(pool: PgPool) {
    crate::migrate(&pool).await.expect("twice is no error");
    let books: i64 =
        sqlx::query_scalar("select count(*) from graphile_worker.migrations").fetch_one(&pool).await.expect("count");
    graphile_worker_migrations::migrate(pool.clone(), "graphile_worker").await.expect("nothing to do");
    let after: i64 =
        sqlx::query_scalar("select count(*) from graphile_worker.migrations").fetch_one(&pool).await.expect("count");
    assert_eq!(books, after);
}

/// A mail server that takes everything, and tells what it was told.
async fn mail_server() -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("port");
    let url = format!("smtp://{}", listener.local_addr().expect("address"));
    let (told, mails) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let told = told.clone();
            tokio::spawn(async move {
                let (read, mut write) = stream.split();
                let mut lines = BufReader::new(read).lines();
                let _ = write.write_all(b"220 test\r\n").await;
                let (mut data, mut mail) = (false, String::new());
                while let Ok(Some(line)) = lines.next_line().await {
                    mail.push_str(&line);
                    mail.push('\n');
                    let answer: &[u8] = match line.as_str() {
                        "." if data => {
                            data = false;
                            let _ = told.send(std::mem::take(&mut mail));
                            b"250 taken\r\n"
                        }
                        _ if data => continue,
                        "DATA" => {
                            data = true;
                            b"354 go on\r\n"
                        }
                        "QUIT" => b"221 bye\r\n",
                        _ => b"250 fine\r\n",
                    };
                    let _ = write.write_all(answer).await;
                }
            });
        }
    });
    (url, mails)
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_worker_sends_mail_and_stops_when_told(pool: PgPool) {
    owner(&pool).await;
    let (url, mut mails) = mail_server().await;
    let mailer = Mailer::new(&url, "Tributary <partners@t.example>").expect("mailer");
    let public_url = "https://t.example".into();
    let secrets = crate::secrets::Secrets::new("a secret for tests, of more than 32 characters").expect("secret");
    let context =
        Context { pool: pool.clone(), mailer: Some(mailer), public_url, files: crate::files::Store::memory(), secrets };
    let stop = Arc::new(Notify::new());
    let stopped = stop.clone();
    let worker = tokio::spawn(run(context, async move { stopped.notified().await }));
    let mail = reset();
    messages::enqueue(&mut pool.acquire().await.expect("connection"), &mail).await.expect("enqueued");
    let sent =
        tokio::time::timeout(std::time::Duration::from_secs(20), mails.recv()).await.expect("in time").expect("mail");
    assert!(sent.contains("RCPT TO:<Olga@acme.example>"), "{sent}");
    assert!(sent.contains("/reset-password/"), "{sent}");
    for _ in 0..200 {
        if count(&pool).await == 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let errors: Vec<Option<String>> = sqlx::query_scalar("select last_error from graphile_worker._private_jobs")
        .fetch_all(&pool)
        .await
        .expect("jobs");
    assert!(errors.is_empty(), "the recurring work is done too: {errors:?}");
    stop.notify_one();
    tokio::time::timeout(std::time::Duration::from_secs(20), worker)
        .await
        .expect("in time")
        .expect("join")
        .expect("worked");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn failed_jobs_are_shown_to_their_program_and_tried_again(pool: PgPool) {
    let owner = owner(&pool).await;
    let (admin, acme) = program(&pool, owner, "acme").await;
    let (of_beta, _) = program(&pool, owner, "beta").await;
    let Actor::Admin { account, organization, program, .. } = admin else { panic!("an admin") };
    let manager = Actor::Admin { account, organization, program, role: Role::Manager };
    let viewer = Actor::Admin { account, organization, program, role: Role::Viewer };
    let moment = Moment::now();
    let mut conn = pool.acquire().await.expect("connection");
    let account: AccountId = owner.account;
    for mail in [Mail::TeamInvitation { account, program: acme.id }, reset()] {
        messages::enqueue(&mut conn, &mail).await.expect("enqueued");
    }
    assert!(failed(&mut conn, &admin).await.expect("list").is_empty(), "waiting is not failed");
    sqlx::query("update graphile_worker._private_jobs set attempts = max_attempts, last_error = 'No answer.'")
        .execute(&mut *conn)
        .await
        .expect("failed");
    assert_eq!(failed(&mut conn, &admin).await.expect("list").len(), 2);
    let of_manager = failed(&mut conn, &manager).await.expect("list");
    assert_eq!(of_manager.len(), 1);
    assert_eq!(
        (of_manager[0].what.as_str(), of_manager[0].error.as_str()),
        ("Mail: invitation to the team", "No answer.")
    );
    assert!(matches!(failed(&mut conn, &viewer).await, Err(Error::Forbidden)));
    drop(conn);

    let job = of_manager[0].id;
    assert!(matches!(retry(&pool, &moment, &of_beta, job).await, Err(Error::NotFound(_))));
    assert!(matches!(retry(&pool, &moment, &viewer, job).await, Err(Error::Forbidden)));
    retry(&pool, &moment, &manager, job).await.expect("again");
    assert!(matches!(retry(&pool, &moment, &manager, job).await, Err(Error::NotFound(_))), "it waits now");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn what_has_had_its_time_is_deleted(pool: PgPool) {
    let (_, acme) = program(&pool, owner(&pool).await, "acme").await;
    let at = Utc::now();
    for (call, days) in [("key", 31), ("key", 29), ("sale", 400)] {
        sqlx::query(
            "insert into api_answers (program_id, call, event_id, body_hash, created_at) values ($1, $2, $3, '', $4)",
        )
        .bind(acme.id)
        .bind(call)
        .bind(days.to_string())
        .bind(at - Duration::days(days))
        .execute(&pool)
        .await
        .expect("answer");
    }
    for days in [91, 89] {
        sqlx::query(
            "insert into clicks (program_id, clicked_at, id, link_id, enrollment_id, is_unique, target, ip_hash)
             values ($1, $2, $1, $1, $1, true, '', '\\x00')",
        )
        .bind(acme.id)
        .bind(at - Duration::days(days))
        .execute(&pool)
        .await
        .expect("click");
    }
    work::purge(&pool, &Moment::seeded(at, 1)).await.expect("purged");
    let kept: Vec<String> =
        sqlx::query_scalar("select event_id from api_answers order by 1").fetch_all(&pool).await.expect("answers");
    assert_eq!(kept, ["29", "400"], "event ids are kept for ever");
    let hashes: i64 = sqlx::query_scalar("select count(*) from clicks where ip_hash is not null")
        .fetch_one(&pool)
        .await
        .expect("count");
    assert_eq!(hashes, 1);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn hashes_are_blanked_in_batches_and_found_by_their_index(pool: PgPool) {
    let (_, acme) = program(&pool, owner(&pool).await, "acme").await;
    let moment = Moment::seeded("2026-11-20T12:00:00Z".parse().expect("instant"), 1);
    let mut conn = pool.acquire().await.expect("connection");
    let (first, last) = ("2026-05-01".parse().expect("day"), "2026-11-30".parse().expect("day"));
    crate::links::partitions::ensure(&mut conn, first, last).await.expect("partitions");
    let indexed: i64 =
        sqlx::query_scalar("select count(*) from pg_inherits where inhparent = 'clicks_with_ip_hash'::regclass")
            .fetch_one(&mut *conn)
            .await
            .expect("count");
    assert_eq!(indexed, 8, "each month's partition has it, and the default one");
    // 200 days of 100 clicks; earlier runs have blanked those older than 105 days.
    sqlx::query(
        "insert into clicks (program_id, clicked_at, id, link_id, enrollment_id, is_unique, target, ip_hash)
         select $1, at, gen_random_uuid(), $1, $1, true, '', case when day <= 105 then '\\x00'::bytea end
         from generate_series(0, 199) day, generate_series(0, 99) n,
              lateral (select $2::timestamptz - day * interval '1 day' - n * interval '1 minute' as at) t",
    )
    .bind(acme.id)
    .bind(moment.at)
    .execute(&mut *conn)
    .await
    .expect("clicks");
    sqlx::query("vacuum analyze clicks").execute(&mut *conn).await.expect("analysed");
    let mut tx = pool.begin().await.expect("transaction");
    let mut rounds = Vec::new();
    // As often as it takes for the plan to become generic.
    for _ in 0..8 {
        rounds.push(work::blank_ip_hashes(&mut tx, &moment).await.expect("blanked"));
    }
    assert_eq!(rounds[..3], [1_000, 600, 0]);
    let scanned: i64 = sqlx::query_scalar(
        "select coalesce(sum(seq_tup_read), 0)::bigint from pg_stat_xact_user_tables where relname like 'clicks%'",
    )
    .fetch_one(&mut *tx)
    .await
    .expect("statistics");
    assert_eq!(scanned, 0, "rows read from end to end");
    let left: i64 = sqlx::query_scalar("select count(*) from clicks where ip_hash is not null")
        .fetch_one(&mut *tx)
        .await
        .expect("count");
    assert_eq!(left, 9_000);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn work_that_recurs_is_shown_to_owners_while_it_fails(pool: PgPool) {
    let (admin, _) = program(&pool, owner(&pool).await, "acme").await;
    let Actor::Admin { account, organization, program, .. } = admin else { panic!("an admin") };
    let manager = Actor::Admin { account, organization, program, role: Role::Manager };
    let mut conn = pool.acquire().await.expect("connection");
    for task in work::RECURRING {
        sqlx::query("select from graphile_worker.add_job($1, '{}', job_key => $1)")
            .bind(task)
            .execute(&mut *conn)
            .await
            .expect("enqueued");
    }
    assert!(failed(&mut conn, &admin).await.expect("list").is_empty(), "waiting is not failed");
    sqlx::query(
        "update graphile_worker._private_jobs set attempts = 1, last_error = 'No answer.' where key = 'release_holds'",
    )
    .execute(&mut *conn)
    .await
    .expect("failed once");
    let told = failed(&mut conn, &admin).await.expect("list").remove(0);
    assert_eq!((told.what.as_str(), told.error.as_str()), ("Release of holds", "No answer."));
    assert!(failed(&mut conn, &manager).await.expect("list").is_empty());
    drop(conn);
    retry(&pool, &Moment::now(), &admin, told.id).await.expect("at once");
}
