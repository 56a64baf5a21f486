//! Work on very many partners goes on where it was, whoever dies or comes twice.

use super::import::import;
use super::job::{self, AT_ONCE, WorkOnPartners, get, go_on, latest, left_out};
use super::work::bulk;
use crate::fixtures::{World, refused};
use domain::accounts::Role;
use domain::ids::{EnrollmentId, PartnerJobId};
use domain::partners::{Bulk, BulkAct, PartnerFilter, PartnerJob};
use sqlx::PgPool;
use std::time::Duration;

async fn how_far(world: &World, id: PartnerJobId) -> PartnerJob {
    get(&mut world.pool.acquire().await.expect("connection"), &world.owner(), id).await.expect("job")
}

/// A file with so many good rows; each of an own e-mail.
fn file(rows: usize) -> String {
    let rows = (0..rows).map(|n| format!("Partner {n},p{n}@x.example,,\n"));
    format!("name,email,code,group\n{}", rows.collect::<String>())
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_long_import_goes_on_where_it_was(pool: PgPool) {
    let world = World::new(pool).await;
    let import = async |text: &str| import(&world.pool, &world.moment(), &world.owner(), text, true).await;
    let partners = "select count(*) from enrollments where program_id = $1";
    let small = import(&file(AT_ONCE)).await.expect("imported");
    assert_eq!((small.job, small.imported), (None, true));
    assert_eq!(world.get::<i64>(partners).await, AT_ONCE as i64);

    // Those known already are refused at once, with one whose e-mail is none.
    let text = file(AT_ONCE + 300) + "Nobody,nonsense,,\n" + "Later,later@x.example,,\n";
    let begun = import(&text).await.expect("begun");
    let id = begun.job.expect("a job");
    assert!(!begun.imported);
    assert_eq!(world.get::<i64>(partners).await, AT_ONCE as i64, "nothing yet");
    let job = how_far(&world, id).await;
    assert_eq!((job.total, job.done, job.left_out), (AT_ONCE as i64 + 302, 0, AT_ONCE as i64 + 1));
    assert_eq!((job.problems.len(), job.problems[0].line), (100, Some(2)));

    assert!(go_on(&world.pool, &world.moment(), world.program, id).await.expect("a piece"));
    assert_eq!(how_far(&world, id).await.done, 50);
    // Killed in the middle of a piece, as where its process ends.
    let cut = tokio::time::timeout(Duration::from_millis(20), async {
        go_on(&world.pool, &world.moment(), world.program, id).await
    });
    let _ = cut.await;
    assert!([50, 100].contains(&how_far(&world, id).await.done), "a piece is done or not");
    // Somebody is made by hand meanwhile who is in the file.
    let by_hand = "name,email\nBy hand,later@x.example";
    assert!(import(by_hand).await.expect("imported").imported);
    // It is tried again, and taken over by others who take it for dead.
    let work = WorkOnPartners { program: world.program, job: id };
    let moments = [world.moment(), world.moment(), world.moment()];
    let [a, b, c] = &moments;
    let done = tokio::join!(work.work(&world.pool, a), work.work(&world.pool, b), work.work(&world.pool, c));
    for done in [done.0, done.1, done.2] {
        done.expect("worked");
    }
    let job = how_far(&world, id).await;
    assert!(job.finished_at.is_some());
    assert_eq!((job.done, job.left_out, job.by.as_str()), (300, AT_ONCE as i64 + 2, "Olga"));
    assert_eq!(world.get::<i64>(partners).await, AT_ONCE as i64 + 301, "each once");
    let kept = "select count(*) from partner_job_rows where program_id = $1";
    assert_eq!(world.get::<i64>(kept).await, AT_ONCE as i64 + 2, "what is done is gone");
    let logged = "select string_agg(subject_path || ' ' || (details ->> 'partners'), ',' order by id) from audit_log
                  where program_id = $1 and action = 'partners.import' and subject_path <> 'partners'";
    assert_eq!(world.get::<String>(logged).await, format!("partners/jobs/{id} 300"));

    // What was left out can be mended and imported again.
    let mut conn = world.pool.acquire().await.expect("connection");
    let csv = left_out(&mut conn, &world.owner(), id).await.expect("file");
    assert!(csv.starts_with("name,email,code,group,problem\nPartner 0,p0@x.example,,,email: There is"), "{csv}");
    assert!(csv.contains("Nobody,nonsense,,,email: This is not an e-mail address.\n"), "{csv}");
    assert!(csv.contains("Later,later@x.example,,,email: There is a partner with this e-mail already.\n"), "{csv}");
    let again = import(&csv).await.expect("read");
    assert_eq!((again.rows, again.good()), (AT_ONCE as i64 + 2, 0));

    refused(get(&mut conn, &world.admin(Role::Viewer), id).await);
    refused(left_out(&mut conn, &world.admin(Role::Finance), id).await);
    let other = world.another("other").await;
    refused(get(&mut conn, &other.owner(), id).await);
    refused(left_out(&mut conn, &other.owner(), id).await);
    assert!(latest(&mut conn, &other.moment(), &other.owner()).await.expect("list").is_empty());
    assert_eq!(latest(&mut conn, &world.moment(), &world.owner()).await.expect("list").len(), 1);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn codes_that_are_wished_for_are_given_before_codes_are_made(pool: PgPool) {
    let world = World::new(pool).await;
    let of_email = async |email: &'static str| -> String {
        sqlx::query_scalar("select code from enrollments where program_id = $1 and email = $2")
            .bind(world.program)
            .bind(email)
            .fetch_one(&world.pool)
            .await
            .expect("partner")
    };
    let import = async |text: &str| import(&world.pool, &world.moment(), &world.owner(), text, true).await;
    let few = "name,email,code\nAda,one@x.example,\nBea,two@x.example,ada\n";
    assert_eq!(import(few).await.expect("imported").good(), 2);
    assert_eq!((of_email("one@x.example").await, of_email("two@x.example").await), ("ada2".into(), "ada".into()));
    let many = file(AT_ONCE).replacen("Partner 0,", "Cy,", 1) + "Dan,dan@x.example,cy,\n";
    let job = import(&many).await.expect("begun").job.expect("a job");
    let work = WorkOnPartners { program: world.program, job };
    work.work(&world.pool, &world.moment()).await.expect("worked");
    assert_eq!(how_far(&world, job).await.left_out, 0);
    assert_eq!((of_email("dan@x.example").await, of_email("p0@x.example").await), ("cy".into(), "cy2".into()));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn very_many_are_paused_by_a_job(pool: PgPool) {
    let mut world = World::new(pool).await;
    let many = AT_ONCE as i64 + 30;
    sqlx::query(
        "insert into enrollments (program_id, id, status, code, name, created_at, activated_at)
         select $1, gen_random_uuid(), 'active', 'p' || n, case n when 1 then '=one' else 'P ' || n end, $2, $2
         from generate_series(1, $3) n",
    )
    .bind(world.program)
    .bind(world.at)
    .bind(many)
    .execute(&world.pool)
    .await
    .expect("partners");
    world.set("update enrollments set status = 'declined' where program_id = $1 and code in ('p1', 'p2')").await;
    world.set("update enrollments set erased_at = created_at where program_id = $1 and code = 'p3'").await;
    let all = Bulk {
        all: true,
        found: many,
        filter: PartnerFilter::default(),
        reason: "Season's end".into(),
        ..Bulk::of(BulkAct::Pause, Vec::new())
    };
    let begun = bulk(&world.pool, &world.moment(), &world.owner(), &all).await.expect("begun");
    let id = begun.job.expect("a job");
    let paused = "select count(*) from enrollments where program_id = $1 and status = 'paused'";
    assert_eq!((begun.done, world.get::<i64>(paused).await), (0, 0));
    let queued = "select count(*) from graphile_worker.jobs
                  where task_identifier = 'work_on_partners' and $1::uuid is not null";
    assert_eq!(world.get::<i64>(queued).await, 1);
    assert!(go_on(&world.pool, &world.moment(), world.program, id).await.expect("a piece"));
    let work = WorkOnPartners { program: world.program, job: id };
    for _ in 0..2 {
        work.work(&world.pool, &world.moment()).await.expect("worked");
    }
    let job = how_far(&world, id).await;
    assert_eq!((job.done, job.left_out, world.get::<i64>(paused).await), (many - 3, 3, many - 3));
    assert_eq!(job.words(), format!("Paused {} partners. 3 left out: not active.", many - 3));
    let reasons = "select count(*) from enrollment_statuses where program_id = $1 and reason = 'Season''s end'";
    assert_eq!(world.get::<i64>(reasons).await, many - 3);
    let logged = "select details::text from audit_log where program_id = $1 and action = 'partners.pause'";
    assert!(world.get::<String>(logged).await.contains("\"all_that_match\": true"), "once");
    let mut conn = world.pool.acquire().await.expect("connection");
    let csv = left_out(&mut conn, &world.owner(), id).await.expect("file");
    assert!(csv.starts_with("code,name,problem\n") && csv.contains("p1,'=one,not active\n"), "{csv}");

    // A partner of another program is none of these.
    let other = world.another("other").await;
    let theirs = other.partner("dan").await;
    let mut ids: Vec<EnrollmentId> = sqlx::query_scalar("select id from enrollments where program_id = $1 limit 250")
        .bind(world.program)
        .fetch_all(&mut *conn)
        .await
        .expect("ids");
    ids.push(theirs.id);
    let strange = bulk(&world.pool, &world.moment(), &world.owner(), &Bulk::of(BulkAct::Resume, ids)).await;
    assert_eq!(refused(strange), "NotFound(\"partner\")");

    world.pass(29);
    job::purge(&world.pool, &world.moment()).await.expect("purged");
    assert_eq!(world.get::<i64>("select count(*) from partner_jobs where program_id = $1").await, 1);
    world.pass(1);
    job::purge(&world.pool, &world.moment()).await.expect("purged");
    assert_eq!(world.get::<i64>("select count(*) from partner_job_rows where program_id = $1").await, 0);
}
