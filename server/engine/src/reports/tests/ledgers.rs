//! The report of all partners' ledgers: its figures against the entries themselves, its order, its filters, and what it
//! reads.

use super::*;
use crate::commissions::release_holds;
use crate::fixtures::{instant, refund, refused};
use crate::ledger::close_months;
use crate::payments::tests::pay;
use crate::reports::{ledgers, send_ledgers};
use chrono::{DateTime, Duration, NaiveDate, Utc};
use domain::accounts::Role;
use domain::page::Paging;
use domain::reports::{LedgerSort, Ledgers, LedgersAsked, LedgersQuery, LedgersRow};
use domain::time::DayRange;
use rust_decimal::Decimal;

fn asked(world: &World, pairs: &[(&str, &str)]) -> LedgersQuery {
    let asked =
        LedgersAsked::of(|key| pairs.iter().find(|(name, _)| *name == key).map(|(_, value)| (*value).to_owned()));
    asked.query(world.at.date_naive()).expect("query")
}

async fn seen(world: &World, query: &LedgersQuery) -> Ledgers {
    ledgers(&world.pool, &world.moment(), &world.owner(), query, &Paging::default()).await.expect("report")
}

/// Half a year of sales, refunds and payments of three partners; the months that are over are closed.
async fn half_a_year(pool: PgPool) -> World {
    let (mut world, ada, ben) = two_partners(pool).await;
    let cleo = world.partner("cleo").await;
    world.at = instant("2026-06-10T09:00:00Z");
    for (name, partner) in [("a", &ada), ("b", &ben), ("c", &cleo)] {
        sign_up(&world, name, partner).await;
    }
    for step in 0..18_i64 {
        world.at += Duration::days(9);
        for (n, name) in ["a", "b", "c"].into_iter().enumerate() {
            // Cleo sells seldom.
            if n < 2 || step % 5 == 0 {
                let event = format!("{name}{step}");
                sell(&world, &event, name, &format!("{}", 30 + 7 * step), "").await;
                if step % 4 == 1 {
                    world.tell_refund(&refund(&format!("r{event}"), &event, Some("10"))).await.expect("refund");
                }
            }
        }
        release_holds(&world.pool, &world.moment()).await.expect("released");
        close_months(&world.pool, &world.moment()).await.expect("closed");
        if step % 6 == 5 {
            pay(&world, &[&ada, &ben]).await.expect("paid");
        }
    }
    world
}

/// What the entries say of a partner: opening, commissions, clawbacks, adjustments, payments.
async fn of_entries(world: &World, code: &str, from: DateTime<Utc>, to: DateTime<Utc>) -> [Decimal; 5] {
    let sums: (Decimal, Decimal, Decimal, Decimal, Decimal) = sqlx::query_as(
        "select coalesce(sum(t.amount) filter (where t.posted_at < $3), 0),
                coalesce(sum(t.amount) filter (where t.posted_at >= $3 and j.kind in ('commission', 'hold_end')), 0),
                coalesce(sum(t.amount) filter (where t.posted_at >= $3 and j.kind = 'clawback'), 0),
                coalesce(sum(t.amount) filter (where t.posted_at >= $3 and j.kind in ('adjustment', 'opening_balance')), 0),
                coalesce(sum(t.amount) filter (where t.posted_at >= $3 and j.kind in ('payment', 'payment_failed')), 0)
         from entries t join journals j on j.program_id = t.program_id and j.id = t.journal_id
         join enrollments e on e.program_id = t.program_id and e.id = t.enrollment_id
         where t.program_id = $1 and e.code = $2 and t.account = 'payable' and t.posted_at < $4",
    )
    .bind(world.program)
    .bind(code)
    .bind(from)
    .bind(to)
    .fetch_one(&world.pool)
    .await
    .expect("sums");
    [sums.0, sums.1, sums.2, sums.3, sums.4]
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn its_figures_are_those_of_the_entries_for_any_days(pool: PgPool) {
    let world = half_a_year(pool).await;
    let first: NaiveDate = "2026-06-01".parse().expect("day");
    let today = world.at.date_naive();
    let setting = {
        let mut conn = world.pool.acquire().await.expect("connection");
        crate::reports::Setting::of(&mut conn, &world.owner()).await.expect("setting")
    };
    let last = (today - first).num_days();
    for (from, days) in
        [(0, 29), (30, 30), (61, 30), (40, 3), (10, 75), (0, last), (92, last), (last - 5, 5), (last, 30)]
    {
        let range = DayRange { from: first + Duration::days(from), to: first + Duration::days(from + days) };
        let query = LedgersQuery { range, ..asked(&world, &[]) };
        let report = seen(&world, &query).await;
        assert_eq!(report.page.data.len(), 3, "everybody is listed");
        let (from, to) = (setting.start(range.from).expect("start"), setting.end(range.to).expect("end"));
        let mut totals = [Decimal::ZERO; 5];
        for row in &report.page.data {
            let sums = of_entries(&world, &row.partner.code, from, to).await;
            let figures = row.figures;
            let told = [figures.opening, figures.commissions, figures.clawbacks, figures.adjustments, figures.payments];
            assert_eq!(told.map(|money| money.amount), sums, "{} {range:?}", row.partner.code);
            assert_eq!(figures.closing.amount, sums.iter().sum::<Decimal>());
            for (total, sum) in totals.iter_mut().zip(sums) {
                *total += sum;
            }
        }
        let figures = report.totals;
        let told = [figures.opening, figures.commissions, figures.clawbacks, figures.adjustments, figures.payments];
        assert_eq!((told.map(|money| money.amount), report.partners), (totals, 3), "{range:?}");
        let held: Decimal = report.page.data.iter().map(|row| row.figures.held.amount).sum();
        assert_eq!(figures.held.amount, held);
        assert!(held > Decimal::ZERO);
    }
    world.prove().await;
}

/// The rows as they are sent to a file.
async fn in_the_file(world: &World, query: &LedgersQuery) -> Vec<LedgersRow> {
    let (sender, mut receiver) = tokio::sync::mpsc::channel::<crate::Result<Vec<LedgersRow>>>(8);
    let (moment, owner) = (world.moment(), world.owner());
    let read = async {
        let mut rows = Vec::new();
        while let Some(part) = receiver.recv().await {
            rows.extend(part.expect("rows"));
        }
        rows
    };
    let ((), rows) = tokio::join!(send_ledgers(&world.pool, &moment, &owner, query, false, sender), read);
    rows
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn it_is_sorted_by_each_column_page_after_page(pool: PgPool) {
    let world = half_a_year(pool).await;
    // By their names it is Cleo, Ben, Ada.
    let methods = "update enrollments
                   set payout_method = case code when 'ada' then 'paypal' when 'ben' then 'Bank transfer' else 'us_bank' end
                   where program_id = $1";
    world.set(methods).await;
    let key = |row: &LedgersRow, sort: LedgerSort| {
        let figures = row.figures;
        let figure = match sort {
            LedgerSort::Name => return (Decimal::ZERO, row.partner.name.to_lowercase()),
            LedgerSort::Method => return (Decimal::ZERO, row.method.to_lowercase()),
            LedgerSort::Opening => figures.opening,
            LedgerSort::Commissions => figures.commissions,
            LedgerSort::Clawbacks => figures.clawbacks,
            LedgerSort::Adjustments => figures.adjustments,
            LedgerSort::Payments => figures.payments,
            LedgerSort::Closing => figures.closing,
            LedgerSort::Held => figures.held,
        };
        (figure.amount, String::new())
    };
    for sort in LedgerSort::ALL {
        for descending in [false, true] {
            let query = LedgersQuery { sort: *sort, descending, ..asked(&world, &[("period", "this_quarter")]) };
            let mut paging = Paging { cursor: None, limit: Some(1) };
            let mut rows = Vec::new();
            loop {
                let owner = world.owner();
                let report = ledgers(&world.pool, &world.moment(), &owner, &query, &paging).await.expect("page");
                rows.extend(report.page.data);
                paging.cursor = report.page.next_cursor;
                if paging.cursor.is_none() {
                    break;
                }
            }
            let file = in_the_file(&world, &query).await;
            for (place, rows) in [("page", rows), ("file", file)] {
                assert_eq!(rows.len(), 3, "{sort}, {place}");
                let keys: Vec<_> = rows.iter().map(|row| key(row, *sort)).collect();
                let ordered = if descending { keys.iter().rev().is_sorted() } else { keys.is_sorted() };
                assert!(ordered, "{sort} {descending}, {place}: {keys:?}");
            }
        }
    }
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn it_finds_whom_its_filters_ask_for(pool: PgPool) {
    let world = half_a_year(pool).await;
    for statement in [
        "update enrollments set payout_method = 'paypal', country = 'DE', company = 'Lovelace Ltd' where program_id = $1 and code = 'ada'",
        "update enrollments set status = 'paused' where program_id = $1 and code = 'ben'",
        "insert into partner_tags (program_id, enrollment_id, tag) select program_id, id, 'gold' from enrollments where program_id = $1 and code = 'ben'",
        "insert into partner_groups (program_id, id, name, created_at) values ($1, $1, 'Group', '2026-01-01')",
        "update enrollments set group_id = $1 where program_id = $1 and code = 'cleo'",
        "update programs set minimum_payment = 1000000 where id = $1",
    ] {
        world.set(statement).await;
    }
    let group = world.program.to_string();
    let found = async |pairs: &[(&str, &str)]| {
        let report = seen(&world, &asked(&world, pairs)).await;
        assert_eq!(report.partners, report.page.data.len() as i64, "{pairs:?}");
        let closing: Decimal = report.page.data.iter().map(|row| row.figures.closing.amount).sum();
        assert_eq!(report.totals.closing.amount, closing, "totals are of those who are found: {pairs:?}");
        report.page.data.into_iter().map(|row| row.partner.code).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(found(&[]).await, "ada ben cleo");
    assert_eq!(found(&[("q", "LOVELACE")]).await, "ada");
    assert_eq!(found(&[("q", "%")]).await, "");
    assert_eq!(found(&[("codes", "Ben,cleo,nobody")]).await, "ben cleo");
    assert_eq!(found(&[("status", "paused")]).await, "ben");
    assert_eq!(found(&[("tag", "gold")]).await, "ben");
    assert_eq!(found(&[("group", &group)]).await, "cleo");
    assert_eq!(found(&[("method", "paypal")]).await, "ada");
    assert_eq!(found(&[("country", "de")]).await, "ada");
    assert_eq!(
        found(&[("balance", "positive"), ("sort", "-closing"), ("status", "active"), ("q", "cleo")]).await,
        "cleo"
    );
    assert_eq!(found(&[("balance", "payable")]).await, "", "nobody has a million");
    assert_eq!(found(&[("balance", "negative")]).await, "");
    assert_eq!(found(&[("balance", "zero"), ("period", "last_month"), ("codes", "ada")]).await, "");
    let all = asked(&world, &[]);
    let paging = Paging { cursor: Some("x".into()), limit: None };
    assert!(
        refused(ledgers(&world.pool, &world.moment(), &world.owner(), &all, &paging).await).starts_with("cursor: ")
    );
    let viewer = ledgers(&world.pool, &world.moment(), &world.admin(Role::Viewer), &all, &Paging::default()).await;
    assert_eq!(viewer.expect("the team").partners, 3);
    let id = world.get("select id from enrollments where program_id = $1 and code = 'ada'").await;
    let own = Actor::Partner { account: world.owner, program: world.program, enrollment: id };
    for actor in [own, key(&world)] {
        let result = ledgers(&world.pool, &world.moment(), &actor, &all, &Paging::default()).await;
        assert!(matches!(result, Err(crate::Error::Forbidden)));
    }
    let strange = world.another("globex").await;
    let theirs = ledgers(&world.pool, &world.moment(), &strange.owner(), &all, &Paging::default()).await;
    assert_eq!(theirs.expect("empty").partners, 0);
}
