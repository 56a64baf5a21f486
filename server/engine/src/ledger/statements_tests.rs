//! Statements: frozen when their month closes, whatever the zone, and each begins where the one before ended.

use super::tests::{correction, post_one};
use super::{close_months, hold_month_open, post, statement, statement_sheet, statements};
use crate::Error;
use crate::commissions::release_holds;
use crate::fixtures::{Partner, World, instant, moment, percent, refund};
use chrono::NaiveDate;
use domain::accounts::Actor;
use domain::ledger::Statement;
use domain::page::Paging;
use sqlx::PgPool;

/// `2026-11 0 +30 -12 +0 -30 = -12, 5 held`, with `x` where it is final.
fn told(statement: &Statement) -> String {
    let [opening, commissions, clawbacks, adjustments, payments, closing, held] = [
        statement.opening,
        statement.commissions,
        statement.clawbacks,
        statement.adjustments,
        statement.payments,
        statement.closing,
        statement.held,
    ]
    .map(|money| money.amount.normalize());
    let month = domain::ledger::month_word(statement.month);
    let end = if statement.is_final { " x" } else { "" };
    format!("{month} {opening} {commissions} {clawbacks} {adjustments} {payments} = {closing}, {held} held{end}")
}

async fn all(world: &World, at: &str, partner: &Partner) -> Vec<String> {
    let mut conn = world.pool.acquire().await.expect("connection");
    let found = statements(&mut conn, &moment(instant(at)), &world.owner(), partner.id).await.expect("statements");
    found.iter().map(told).collect()
}

fn day(text: &str) -> NaiveDate {
    text.parse().expect("day")
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_month_is_frozen_at_its_midnight_in_every_zone(pool: PgPool) {
    let first = World::new(pool).await;
    // Each has put its clock forward or back in or about the month.
    for (slug, zone, last, midnight) in [
        ("berlin", "Europe/Berlin", "2027-03-31T21:59:59Z", "2027-03-31T22:00:00Z"),
        ("york", "America/New_York", "2027-04-01T03:59:59Z", "2027-04-01T04:00:00Z"),
        ("auckland", "Pacific/Auckland", "2027-03-31T10:59:59Z", "2027-03-31T11:00:00Z"),
    ] {
        let world = first.another(slug).await;
        sqlx::query("update programs set time_zone = $2 where id = $1")
            .bind(world.program)
            .bind(zone)
            .execute(&world.pool)
            .await
            .expect("zone");
        let ada = world.partner("ada").await;
        let post = async |at: &str, key: &str, amount: &str| {
            post_one(&world, instant(at), correction(&ada, key, amount)).await.expect("posted");
        };
        post("2027-03-05T12:00:00Z", "a", "10").await;
        post(last, "b", "5").await;
        assert_eq!(all(&world, last, &ada).await, ["2027-03 0 0 0 15 0 = 15, 0 held"], "{zone}: so far");
        close_months(&world.pool, &moment(instant(midnight))).await.expect("closed");
        // Whoever began before midnight and comes after it is in the next month.
        post(last, "c", "7").await;
        assert_eq!(
            all(&world, midnight, &ada).await,
            ["2027-04 15 0 0 7 0 = 22, 0 held", "2027-03 0 0 0 15 0 = 15, 0 held x"],
            "{zone}"
        );
        let mut conn = world.pool.acquire().await.expect("connection");
        let now = moment(instant(midnight));
        let one = async |conn: &mut sqlx::PgConnection, month: Option<NaiveDate>| {
            statement(conn, &now, &world.owner(), ada.id, month, &Paging::default()).await
        };
        let march = one(&mut *conn, Some(day("2027-03-01"))).await.expect("March");
        assert_eq!((march.days.from, march.days.to), (day("2027-03-01"), day("2027-03-31")), "{zone}");
        let running: Vec<_> = march.entries.data.iter().map(|row| row.running.amount.normalize().to_string()).collect();
        assert_eq!(running, ["10", "15"], "the oldest first");
        let april = one(&mut *conn, None).await.expect("April");
        assert_eq!((april.days.from, april.days.to), (day("2027-04-01"), day("2027-04-30")), "{zone}");
        assert_eq!((april.entries.data.len(), april.statement.is_final), (1, false));
        for never in ["2027-02-01", "2027-05-01"] {
            let never = one(&mut *conn, Some(day(never))).await;
            assert!(matches!(never, Err(Error::NotFound("statement"))), "{never:?}");
        }
    }
    first.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn each_begins_where_the_one_before_ended(pool: PgPool) {
    let mut world = World::new(pool).await;
    world.offer("Standard", &[percent("30")]).await;
    let (ada, bob) = (world.partner("ada").await, world.partner("bob").await);
    world.signed_up("c1", &ada).await;
    world.sold("c1", "100").await;
    close_months(&world.pool, &moment(instant("2026-12-01T00:00:00Z"))).await.expect("November");
    world.pass(31);
    release_holds(&world.pool, &world.moment()).await.expect("released");
    crate::commissions::tests::pay(&world, &ada).await;
    world.pass(1);
    world.tell_refund(&refund("r1", "c1-0", Some("40"))).await.expect("refund");
    // It slept for two months.
    close_months(&world.pool, &moment(instant("2027-02-01T00:00:00Z"))).await.expect("December and January");
    let expected = [
        "2027-02 -12 0 0 0 0 = -12, 0 held",
        "2027-01 -12 0 0 0 0 = -12, 0 held x",
        "2026-12 0 30 -12 0 -30 = -12, 0 held x",
        "2026-11 0 0 0 0 0 = 0, 30 held x",
    ];
    assert_eq!(all(&world, "2027-02-02T00:00:00Z", &ada).await, expected);
    assert_eq!(all(&world, "2027-02-02T00:00:00Z", &bob).await, [] as [&str; 0], "nothing was ever his");
    for statement in ["update statements set held = 1", "delete from statements", "truncate trial_balances"] {
        let refused = sqlx::query(statement).execute(&world.pool).await.expect_err(statement).to_string();
        assert!(refused.contains("is append-only"), "{refused}");
    }
    world.prove().await;

    // A partner sees its own, also that of a month without anything in it; and nobody else's.
    let mut conn = world.pool.acquire().await.expect("connection");
    let now = moment(instant("2027-02-02T00:00:00Z"));
    let of =
        |partner: &Partner| Actor::Partner { account: world.owner, program: world.program, enrollment: partner.id };
    let own = statement(&mut conn, &now, &of(&ada), ada.id, Some(day("2026-12-01")), &Paging::default()).await;
    let own = own.expect("December");
    assert_eq!((own.entries.data.len(), own.partner.code.as_str(), own.program.as_str()), (3, "ada", "Acme"));
    let empty = statement(&mut conn, &now, &of(&bob), bob.id, None, &Paging::default()).await.expect("February");
    assert!(empty.entries.data.is_empty() && empty.statement.closing.amount.is_zero());
    for stranger in [of(&bob), world.another("other").await.owner()] {
        let refused = statements(&mut conn, &now, &stranger, ada.id).await;
        assert!(matches!(refused, Err(Error::NotFound("partner"))), "{refused:?}");
        let refused = statement(&mut conn, &now, &stranger, ada.id, None, &Paging::default()).await;
        assert!(matches!(refused, Err(Error::NotFound("partner"))), "{refused:?}");
    }
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn months_in_which_nothing_was_stand_between_the_others(pool: PgPool) {
    let world = World::new(pool).await;
    let (ada, bob) = (world.partner("ada").await, world.partner("bob").await);
    let december = instant("2026-12-05T12:00:00Z");
    post_one(&world, december, correction(&ada, "a", "10")).await.expect("posted");
    let mut off = correction(&ada, "b", "10");
    for transfer in &mut off.moves {
        std::mem::swap(&mut transfer.from, &mut transfer.to);
    }
    post_one(&world, december, off).await.expect("taken off");
    post_one(&world, instant("2027-02-05T12:00:00Z"), correction(&ada, "c", "7")).await.expect("posted");
    // All of them open, and all of them closed.
    let so_far = ["2027-02 0 0 0 7 0 = 7, 0 held", "2027-01 0 0 0 0 0 = 0, 0 held", "2026-12 0 0 0 0 0 = 0, 0 held"];
    assert_eq!(all(&world, "2027-02-06T00:00:00Z", &ada).await, so_far);
    close_months(&world.pool, &moment(instant("2027-03-01T00:00:00Z"))).await.expect("closed");
    let mut closed = vec!["2027-03 7 0 0 0 0 = 7, 0 held".to_owned()];
    closed.extend(so_far.iter().map(|month| format!("{month} x")));
    assert_eq!(all(&world, "2027-03-02T00:00:00Z", &ada).await, closed, "what is due is carried forward");
    let mut conn = world.pool.acquire().await.expect("connection");
    let (now, january) = (moment(instant("2027-03-02T00:00:00Z")), Some(day("2027-01-01")));
    let sheet = statement(&mut conn, &now, &world.owner(), ada.id, january, &Paging::default()).await.expect("January");
    assert!(sheet.statement.is_final && sheet.entries.data.is_empty());
    let never = statement(&mut conn, &now, &world.owner(), bob.id, january, &Paging::default()).await;
    assert!(matches!(never, Err(Error::NotFound("statement"))), "{never:?}");
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn each_kind_of_journal_has_its_column(pool: PgPool) {
    let without =
        "select kind::text from unnest(enum_range(null::journal_kind)) as kinds (kind) where column_of(kind) is null";
    let without: Vec<String> = sqlx::query_scalar(without).fetch_all(&pool).await.expect("kinds");
    assert!(without.is_empty(), "{without:?}");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_sheet_holds_all_that_a_month_has(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.partner("ada").await;
    let at = instant("2026-11-20T12:00:00Z");
    let postings: Vec<_> = (0..1_005).map(|turn| correction(&ada, &format!("many {turn}"), "1")).collect();
    let mut tx = world.pool.begin().await.expect("transaction");
    let month = hold_month_open(&mut tx, world.program, at).await.expect("month");
    let currency = "EUR".parse().expect("currency");
    post(&mut tx, &moment(at), world.program, currency, month, &postings).await.expect("posted");
    tx.commit().await.expect("committed");
    let mut conn = world.pool.acquire().await.expect("connection");
    let sheet = statement_sheet(&mut conn, &moment(at), &world.owner(), ada.id, None, None).await.expect("sheet");
    assert_eq!((sheet.entries.data.len(), sheet.entries.next_cursor), (1_005, None));
    let last = sheet.entries.data.last().expect("entries");
    assert_eq!(last.running, sheet.statement.closing, "from page to page");
}
