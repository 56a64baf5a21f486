use super::*;
use crate::fixtures::instant;
use crate::reports::{roll_up, top, tops};
use domain::ids::ClickId;
use domain::reports::{Period, TopKind};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

/// What a visit was.
async fn visit(world: &World, partner: &Partner, referrer: &str, target: &str, country: &str, sub_id: &str) -> ClickId {
    let id = world.click(partner).await;
    sqlx::query(
        "update clicks set referrer = $3, target = $4, country = $5, sub_id = $6 where program_id = $1 and id = $2",
    )
    .bind(world.program)
    .bind(id)
    .bind(referrer)
    .bind(target)
    .bind(country)
    .bind(sub_id)
    .execute(&world.pool)
    .await
    .expect("visit");
    id
}

async fn roll(world: &World) -> u64 {
    roll_up(&world.pool, &world.moment()).await.expect("rolled up")
}

/// One of the lists as `label clicks`.
async fn list(world: &World, whose: &Partner, kind: TopKind) -> Vec<String> {
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let rows = top(conn, &world.moment(), &partner(world, whose), kind, Period::Days30).await.expect("top");
    rows.into_iter().map(|row| format!("{} {}", row.label, row.clicks)).collect()
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn clicks_are_counted_by_what_they_have_in_common(pool: PgPool) {
    let (mut world, ada, ben) = two_partners(pool).await;
    let page = "https://acme.example/pricing?email=nora@harbor.example#top";
    visit(&world, &ada, "https://www.Google.com/search?q=nora", page, "DE", "news").await;
    visit(&world, &ada, "https://google.com/", "https://acme.example/pricing", "DE", "").await;
    visit(&world, &ada, "", "https://acme.example", "US", "").await;
    visit(&world, &ben, "https://blog.example:8080/a", "https://acme.example/x", "", "").await;
    assert_eq!(roll(&world).await, 2);
    assert_eq!(roll(&world).await, 0, "what is counted stays");
    assert_eq!(list(&world, &ada, TopKind::Referrers).await, ["google.com 2", "Direct or unknown 1"]);
    assert_eq!(list(&world, &ada, TopKind::Pages).await, ["acme.example/pricing 2", "acme.example 1"]);
    assert_eq!(list(&world, &ada, TopKind::Countries).await, ["Germany 2", "United States 1"]);
    assert_eq!(list(&world, &ada, TopKind::SubIds).await, ["Without a sub-id 2", "news 1"]);
    assert_eq!(list(&world, &ada, TopKind::Links).await, ["ada 3"]);
    assert_eq!(list(&world, &ben, TopKind::Referrers).await, ["blog.example 1"]);
    assert_eq!(list(&world, &ben, TopKind::Countries).await, ["Unknown 1"]);
    let held: String = world.get("select string_agg(value, ' ') from click_tops where program_id = $1").await;
    assert!(!held.contains("nora"), "no query is kept: {held}");

    // An outage of a month: all of it is made up for, the rest of the first day too.
    visit(&world, &ada, "", "https://acme.example", "FR", "").await;
    for _ in 0..30 {
        world.pass(1);
        visit(&world, &ada, "", "https://acme.example", "FR", "").await;
    }
    assert_eq!(roll(&world).await, 31);
    assert_eq!(list(&world, &ada, TopKind::Countries).await, ["France 30"]);
    // A click that came late, for a day that is over.
    let (now, yesterday) = (world.at, world.at - chrono::Duration::days(1));
    world.at = yesterday;
    visit(&world, &ada, "", "https://acme.example", "SE", "").await;
    world.at = now;
    assert_eq!(roll(&world).await, 1);
    assert_eq!(list(&world, &ada, TopKind::Countries).await, ["France 30", "Sweden 1"]);
    world.pass(5);
    roll(&world).await;
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn what_goes_beyond_a_thousand_values_is_other(pool: PgPool) {
    let (mut world, ada, _) = two_partners(pool).await;
    world.click(&ada).await;
    sqlx::query(
        "with more as (
             insert into clicks (program_id, clicked_at, id, link_id, enrollment_id, is_unique, target, sub_id)
             select program_id, clicked_at + n * interval '1 millisecond', gen_random_uuid(), link_id, enrollment_id,
                    n % 2 = 0, target, 'mark-' || n % 1200
             from clicks, generate_series(1, 2400) n where program_id = $1
             returning is_unique
         )
         update click_days set clicks = clicks + 2400, unique_clicks = unique_clicks + 1200 where program_id = $1",
    )
    .bind(world.program)
    .execute(&world.pool)
    .await
    .expect("clicks");
    roll(&world).await;
    let rows: i64 = world.get("select count(*) from click_tops where program_id = $1 and facet = 'sub_id'").await;
    assert_eq!(rows, 1_001);
    let marks = list(&world, &ada, TopKind::SubIds).await;
    // The first click has no mark, and is one of the thousand.
    assert_eq!(marks.last().map(String::as_str), Some("Other 402"));
    assert!(marks.contains(&"mark-999 2".to_owned()) && !marks.contains(&"mark-1000 2".to_owned()));
    world.pass(5);
    roll(&world).await;
    world.prove().await;
    world.set("update click_tops set clicks = clicks + 1 where program_id = $1 and value = 'mark-7'").await;
    let broken = crate::ledger::verify(&world.pool).await.expect("verified");
    assert_eq!(
        broken.iter().map(|one| (one.invariant, one.count)).collect::<Vec<_>>(),
        [("click_tops_equal_clicks", 1)]
    );
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn many_at_once_count_each_click_once(pool: PgPool) {
    let (mut world, ada, ben) = two_partners(pool).await;
    for n in 0..6 {
        world.at = instant("2026-11-15T12:00:00Z") + chrono::Duration::days(n);
        visit(&world, if n % 2 == 0 { &ada } else { &ben }, "", "https://acme.example", "DE", "").await;
    }
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let world = world.another_view();
        tasks.spawn(async move { roll(&world).await });
    }
    assert_eq!(tasks.join_all().await.into_iter().sum::<u64>(), 6);
    let counted: i64 =
        world.get("select sum(clicks)::bigint from click_tops where program_id = $1 and facet = 'page'").await;
    assert_eq!(counted, 6);
    world.pass(9);
    roll(&world).await;
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_program_s_lists_are_its_own(pool: PgPool) {
    let (world, ada, ben) = two_partners(pool).await;
    visit(&world, &ada, "https://a.example/", "https://acme.example", "DE", "").await;
    visit(&world, &ben, "https://b.example/", "https://acme.example", "DE", "").await;
    sign_up(&world, "nora", &ada).await;
    sell(&world, "s1", "nora", "70", "").await;
    sell(&world, "s2", "nora", "30", "").await;
    world.tell_refund(&crate::fixtures::refund("r1", "s2", Some("10"))).await.expect("refund");
    roll(&world).await;
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let mine = tops(conn, &world.moment(), &partner(&world, &ada), Period::Week).await.expect("tops");
    let kinds: Vec<_> = mine.lists.iter().map(|list| list.kind).collect();
    assert_eq!(kinds, TopKind::ALL);
    let text = serde_json::to_string(&mine).expect("json");
    assert!(text.contains("a.example") && !text.contains("b.example") && !text.contains("nora"), "{text}");
    let customers = &mine.lists[5].rows;
    assert_eq!((customers[0].label.as_str(), customers[0].sales), ("n•••@harbor.example", 2));
    assert_eq!(customers[0].amount.map(|amount| amount.to_string()).as_deref(), Some("€90.00"));
    let all = tops(conn, &world.moment(), &world.owner(), Period::Week).await.expect("tops");
    assert_eq!(all.lists[2].rows.len(), 2);
    assert_eq!(all.lists[5].rows[0].label, "nora@harbor.example");
    let other = world.another("globex").await;
    let none = tops(conn, &world.moment(), &other.owner(), Period::Week).await.expect("tops");
    assert!(none.lists.iter().all(|list| list.rows.is_empty()));
}

/// Whatever the clicks: each facet counts each of them once, however often and in however many pieces it is rolled up.
#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn every_facet_counts_every_click(pool: PgPool) {
    let (world, ada, ben) = two_partners(pool).await;
    let visits = prop::collection::vec((0_i64..4, 0_i64..3, any::<bool>(), 0_u8..4, 0_u8..3), 1..25);
    let mut runner = TestRunner::deterministic();
    for _ in 0..12 {
        let visits = visits.new_tree(&mut runner).expect("a case").current();
        let total = visits.len();
        let mut world = world.another_view();
        let mut now = instant("2026-08-01T12:00:00Z");
        for (n, (days, late, adas, site, mark)) in visits.into_iter().enumerate() {
            now += chrono::Duration::days(days);
            // Some come late: for a day that was rolled up before.
            world.at = now - chrono::Duration::days(late);
            let referrer = ["", "https://a.example/x", "http://b.example", "nonsense"][usize::from(site)];
            let mark = ["", "left", "right"][usize::from(mark)];
            visit(&world, if adas { &ada } else { &ben }, referrer, "https://acme.example/?q", "DE", mark).await;
            world.at = now;
            if n % 5 == 0 {
                roll(&world).await;
            }
        }
        world.at = instant("2026-11-20T12:00:00Z");
        roll(&world).await;
        let sums: Vec<i64> =
            sqlx::query_scalar("select sum(clicks)::bigint from click_tops where program_id = $1 group by facet")
                .bind(world.program)
                .fetch_all(&world.pool)
                .await
                .expect("sums");
        assert_eq!(sums, [total as i64; 4]);
        world.prove().await;
        for table in ["click_tops", "click_rollups", "click_days", "clicks"] {
            sqlx::query(sqlx::AssertSqlSafe(format!("delete from {table}"))).execute(&world.pool).await.expect(table);
        }
    }
}
