use super::*;
use crate::Moment;
use crate::fixtures::{World, percent, refund, signup};
use crate::partners::tests::{act, moment, named, program};
use crate::partners::{self};
use chrono::{DateTime, Duration, NaiveDate, Utc};
use domain::accounts::Actor;
use domain::customers::TrackSignup;
use domain::links::{NewLink, TrackClick};
use domain::partners::EnrollmentStatus;
use sqlx::PgPool;
use std::sync::Arc;

/// The program with partner `ada`, its table and a link of the partner's for each code.
async fn with_links(pool: &PgPool, codes: &[&str]) -> (Actor, Arc<LinkTable>) {
    let owner = program(pool).await;
    let ada = act!(pool, conn => partners::create(conn, &moment(0), &owner, &named("Ada"))).expect("partner");
    for code in codes {
        let input = NewLink { code: Some((*code).into()), ..NewLink::default() };
        act!(pool, conn => create(conn, &moment(1), &owner, ada.id, &input)).expect("link");
    }
    (owner, Arc::new(LinkTable::load(pool).await.expect("table")))
}

fn visit(is_unique: bool) -> Visit {
    Visit { is_unique, target: "https://acme.test".into(), ..Visit::default() }
}

/// Clicks in the table, clicks in the rollups, unique clicks in the rollups.
async fn sums(pool: &PgPool) -> (i64, i64, i64) {
    let sums = sqlx::query!(
        r#"select (select count(*) from clicks) as "rows!", coalesce(sum(clicks), 0)::bigint as "clicks!",
                  coalesce(sum(unique_clicks), 0)::bigint as "unique_clicks!" from click_days"#
    )
    .fetch_one(pool)
    .await
    .expect("sums");
    (sums.rows, sums.clicks, sums.unique_clicks)
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn clicks_that_were_answered_are_there_and_the_rollups_equal_them(pool: PgPool) {
    let codes: Vec<String> = (0..20).map(|n| format!("link-{n}")).collect();
    let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
    let (_, table) = with_links(&pool, &codes).await;
    let writer = ClickWriter::start(pool.clone());
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..1_000 {
        let (writer, link) = (writer.clone(), table.find("acme", codes[n % 20]).expect("link"));
        tasks.spawn(async move {
            let click = NewClick::new(&Moment::now(), &link, visit(n % 4 == 0));
            let id = click.id;
            writer.record(click).await.map(|()| id)
        });
    }
    let answered: Vec<_> = tasks.join_all().await.into_iter().flatten().map(|id| id.0).collect();
    writer.shutdown(std::time::Duration::from_secs(30)).await;
    assert_eq!(writer.counts().recorded, answered.len() as u64);
    assert_eq!(writer.counts().recorded + writer.counts().late, 1_000);
    let there = sqlx::query_scalar!(r#"select count(*) as "n!" from clicks where id = any($1)"#, &answered)
        .fetch_one(&pool)
        .await
        .expect("count");
    assert_eq!(there, answered.len() as i64);
    assert_eq!(sums(&pool).await, (1_000, 1_000, 250));
    let after = NewClick::new(&Moment::now(), &table.find("acme", "ada").expect("link"), visit(true));
    assert_eq!(writer.record(after).await, Err(NotConfirmed), "after the end");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_click_written_again_counts_once(pool: PgPool) {
    let (_, table) = with_links(&pool, &[]).await;
    let link = table.find("acme", "ADA").expect("link");
    let midsummer: DateTime<Utc> = "2027-06-20T22:30:00Z".parse().expect("instant");
    let clicks: Vec<NewClick> = (0..10)
        .map(|n| NewClick::new(&Moment::seeded(midsummer + Duration::seconds(n), 1), &link, visit(n == 0)))
        .collect();
    let conn = &mut *pool.acquire().await.expect("connection");
    clicks::insert(conn, &clicks[..6]).await.expect("written");
    clicks::insert(conn, &clicks).await.expect("written again, with more");
    assert_eq!(sums(&pool).await, (10, 10, 1));
    let day = sqlx::query_scalar!("select day from click_days").fetch_one(conn).await.expect("one day");
    assert_eq!(day, NaiveDate::from_ymd_opt(2027, 6, 21).expect("day"), "it is the next day in Berlin");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_reported_click_gets_its_first_answer_whatever_becomes_of_the_link(pool: PgPool) {
    let (owner, table) = with_links(&pool, &["blog"]).await;
    let secrets = crate::secrets::Secrets::new("a secret for tests, of more than 32 characters").expect("secret");
    let input = TrackClick {
        event_id: Some("e1".into()),
        link: "blog".into(),
        url: "https://acme.test/".into(),
        ..TrackClick::default()
    };
    let report = async |link: Option<&ShortLink>, input: &TrackClick| {
        track_click(&pool, &secrets, &moment(2), owner.program(), link, input).await
    };
    let link = table.find("acme", "blog").expect("link");
    let first = report(Some(&link), &input).await.expect("recorded");
    assert!(!first.replayed);
    let banned = ShortLink { status: EnrollmentStatus::Banned, ..link };
    for gone in [None, Some(&banned)] {
        let again = report(gone, &input).await.expect("the first answer");
        assert_eq!((again.replayed, again.answer.click_id), (true, first.answer.click_id));
        let other = TrackClick { url: "https://acme.test/other".into(), ..input.clone() };
        assert!(matches!(report(gone, &other).await, Err(Error::Reused)));
        let new = TrackClick { event_id: Some("e2".into()), ..input.clone() };
        assert!(crate::fixtures::refused(report(gone, &new).await).starts_with("link: "));
    }
    assert_eq!(sums(&pool).await, (1, 1, 1));
    let answers = sqlx::query_scalar!(r#"select count(*) as "n!" from api_answers"#).fetch_one(&pool).await;
    assert_eq!(answers.expect("count"), 1, "what was refused may come again");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_click_that_postgres_refuses_takes_no_other_with_it(pool: PgPool) {
    let (_, table) = with_links(&pool, &[]).await;
    let link = table.find("acme", "ada").expect("link");
    let ghost = ShortLink { link: domain::ids::LinkId(uuid::Uuid::nil()), ..link.clone() };
    let writer = ClickWriter::start(pool.clone());
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..50 {
        let (writer, link) = (writer.clone(), if n == 25 { ghost.clone() } else { link.clone() });
        tasks.spawn(async move { (n, writer.record(NewClick::new(&Moment::now(), &link, visit(true))).await.is_ok()) });
    }
    let answers = tasks.join_all().await;
    assert!(!answers.contains(&(25, true)), "the refused one has no click id");
    writer.shutdown(std::time::Duration::from_secs(30)).await;
    assert_eq!(writer.counts().recorded + writer.counts().late, 49, "on a busy machine some come late");
    assert_eq!(sums(&pool).await, (49, 49, 49));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn without_postgres_the_visitor_lands_and_the_click_comes_late(pool: PgPool) {
    let (_, table) = with_links(&pool, &[]).await;
    let link = table.find("acme", "ada").expect("link");
    let writer = ClickWriter::start(pool.clone());
    // Postgres is there but doesn't answer: a lock stands in for it.
    let mut lock = pool.begin().await.expect("begin");
    sqlx::query!("lock table clicks in access exclusive mode").execute(&mut *lock).await.expect("locked");
    let started = std::time::Instant::now();
    let strange = Visit { referrer: "https://x.test/\0\u{1}".into(), sub_id: "é".repeat(500), ..visit(true) };
    let answer = writer.record(NewClick::new(&Moment::now(), &link, strange)).await;
    assert_eq!(answer, Err(NotConfirmed));
    assert!(started.elapsed() < std::time::Duration::from_millis(1_500));
    assert_eq!(writer.counts(), ClickCounts { recorded: 0, unrecorded: 1, late: 0 });
    lock.rollback().await.expect("unlocked");
    writer.shutdown(std::time::Duration::from_secs(30)).await;
    assert_eq!(writer.counts(), ClickCounts { recorded: 0, unrecorded: 1, late: 1 });
    assert_eq!(sums(&pool).await, (1, 1, 1));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_connection_that_breaks_loses_no_click(pool: PgPool) {
    let (_, table) = with_links(&pool, &[]).await;
    let link = table.find("acme", "ada").expect("link");
    let writer = ClickWriter::start(pool.clone());
    for n in 0..6 {
        // On a busy machine it may come late; that it comes is the point.
        let _ = writer.record(NewClick::new(&Moment::now(), &link, visit(true))).await;
        if n % 2 == 0 {
            let killed = "select count(pg_terminate_backend(pid)) from pg_stat_activity
                          where datname = current_database() and pid <> pg_backend_pid()";
            sqlx::query(killed).execute(&pool).await.expect("killed");
        }
    }
    writer.shutdown(std::time::Duration::from_secs(30)).await;
    assert_eq!(sums(&pool).await, (6, 6, 6));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn the_table_follows_what_changes(pool: PgPool) {
    let (owner, table) = with_links(&pool, &["blog"]).await;
    let listener = tokio::spawn(table.clone().run_listener(pool.clone()));
    let becomes = async |what: &str, holds: &dyn Fn(&LinkTable) -> bool| {
        for _ in 0..100 {
            if holds(&table) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("the table never learnt: {what}");
    };
    let blog = table.find("acme", "blog").expect("link");
    let input = NewLink { code: Some("late".into()), ..NewLink::default() };
    act!(pool, conn => create(conn, &moment(3), &owner, blog.enrollment, &input)).expect("link");
    becomes("a new link", &|table| table.find("acme", "late").is_some()).await;
    act!(pool, conn => set_disabled(conn, &moment(4), &owner, blog.link, true)).expect("off");
    becomes("switched off", &|table| table.find("acme", "blog").is_none()).await;
    let pause = EnrollmentStatus::Paused;
    act!(pool, conn => partners::set_status(conn, &moment(5), &owner, blog.enrollment, pause, "")).expect("paused");
    becomes("a pause", &|table| table.find("acme", "ada").is_some_and(|link| link.status == pause)).await;
    act!(pool, conn => partners::erase(conn, &moment(6), &owner, blog.enrollment)).expect("erased");
    becomes("an erasure", &|table| ["ada", "late", "blog"].iter().all(|code| table.find("acme", code).is_none())).await;
    // The connection is lost, and with it the notices: all is read again.
    let killed = "select count(pg_terminate_backend(pid)) from pg_stat_activity
                  where datname = current_database() and pid <> pg_backend_pid()";
    sqlx::query(killed).execute(&pool).await.expect("killed");
    sqlx::query!("update programs set window_days = 7, slug = 'acme2'").execute(&pool).await.expect("changed");
    becomes("another window", &|table| table.program("acme2").is_some_and(|rules| rules.window_days == 7)).await;
    assert!(table.program("acme").is_none());
    listener.abort();
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn partitions_are_made_once_and_take_what_the_default_one_has(pool: PgPool) {
    let (_, table) = with_links(&pool, &[]).await;
    let link = table.find("acme", "ada").expect("link");
    let at = |text: &str| -> DateTime<Utc> { text.parse().expect("instant") };
    let conn = &mut *pool.acquire().await.expect("connection");
    let edges = ["2027-05-31T23:59:59.999Z", "2027-06-01T00:00:00Z", "2027-06-30T23:59:59Z", "2027-07-01T00:00:00Z"];
    let clicks: Vec<_> =
        edges.iter().map(|text| NewClick::new(&Moment::seeded(at(text), 1), &link, visit(true))).collect();
    clicks::insert(conn, &clicks).await.expect("written");
    let day = |text: &str| -> NaiveDate { text.parse().expect("day") };
    for _ in 0..2 {
        partitions::ensure(conn, day("2027-06-15"), day("2027-07-31")).await.expect("ensured");
    }
    let spread = sqlx::query!(
        r#"select tableoid::regclass::text as "partition!", count(*) as "rows!" from clicks group by 1 order by 1"#
    )
    .fetch_all(conn)
    .await
    .expect("spread");
    let spread: Vec<_> = spread.iter().map(|row| (row.partition.as_str(), row.rows)).collect();
    assert_eq!(spread, [("clicks_2027_06", 2), ("clicks_2027_07", 1), ("clicks_default", 1)]);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn sixty_four_at_once_make_the_last_link_once(pool: PgPool) {
    let world = crate::fixtures::World::new(pool).await;
    let ada = world.partner("ada").await;
    // With the first one, all but one of 5,000.
    world
        .set(
            "insert into links (program_id, id, enrollment_id, code, destination, created_at)
             select program_id, gen_random_uuid(), enrollment_id, 'ada-' || n, destination, created_at
             from links, generate_series(1, 4998) as n where program_id = $1",
        )
        .await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let world = world.another_view();
        tasks.spawn(async move {
            act!(world.pool, conn => create(conn, &world.moment(), &world.owner(), ada.id, &NewLink::default()))
                .map(drop)
        });
    }
    let (made, refused): (Vec<_>, Vec<_>) = tasks.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!((made.len(), refused.len()), (1, 63));
    assert!(refused.iter().all(|refused| matches!(refused, Err(Error::Conflict(_)))), "{:?}", refused[0]);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_link_tells_what_its_customers_have_brought(pool: PgPool) {
    let world = World::new(pool).await;
    world.offer("Standard", &[percent("30")]).await;
    let (ada, bob) = (world.partner("ada").await, world.partner("bob").await);
    for (customer, partner) in [("c1", &ada), ("c2", &bob)] {
        let click = world.click(partner).await;
        let input = TrackSignup { click_id: Some(click.to_string()), ..signup(customer) };
        world.tell_signup(&input).await.expect("sign-up");
    }
    world.sold("c1", "100").await;
    world.sold("c1", "20").await;
    world.sold("c2", "10").await;
    world.tell_refund(&refund("r1", "c1-0", Some("50"))).await.expect("refund");
    let mut conn = world.pool.acquire().await.expect("connection");
    for (partner, earned) in [(&ada, "€21.00"), (&bob, "€3.00")] {
        let link = get(&mut conn, &world.owner(), partner.link).await.expect("link");
        assert_eq!((link.clicks, link.sign_ups, link.customers), (1, 1, 1));
        assert_eq!(link.earned.to_string(), earned);
    }
}
