//! The books as a whole: at any instant they are what the entries until then come to.

use super::{close_months, journal, journal_days, trial_balance};
use crate::commissions::release_holds;
use crate::fixtures::{World, dec, instant, percent, refund, refused};
use crate::{Error, commissions};
use chrono::{DateTime, Duration, NaiveDateTime, Utc};
use chrono_tz::Europe::Berlin;
use domain::accounts::Actor;
use domain::ledger::{JournalKind, JournalLine, LedgerAccount, credit, debit};
use domain::money::Money;
use domain::page::Paging;
use rust_decimal::Decimal;
use sqlx::PgPool;
use std::collections::BTreeMap;

/// Three months with sales, refunds, payments and a hold that hasn't ended, two of them closed.
async fn history(pool: PgPool) -> World {
    let mut world = World::new(pool).await;
    world.offer("Standard", &[percent("30")]).await;
    let ada = world.partner("ada").await;
    world.signed_up("c1", &ada).await;
    world.sold("c1", "100").await;
    world.sold("c1", "50").await;
    world.tell_refund(&refund("r1", "c1-1", Some("10"))).await.expect("refund");
    world.pass(31);
    close_months(&world.pool, &world.moment()).await.expect("closed");
    release_holds(&world.pool, &world.moment()).await.expect("released");
    commissions::tests::pay(&world, &ada).await;
    world.pass(1);
    world.tell_refund(&refund("r2", "c1-0", Some("20"))).await.expect("refund");
    world.pass(20);
    close_months(&world.pool, &world.moment()).await.expect("closed");
    world.sold("c1", "10").await;
    world
}

fn local(at: DateTime<Utc>) -> NaiveDateTime {
    at.with_timezone(&Berlin).naive_local()
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn the_books_of_any_instant_are_the_entries_until_then(pool: PgPool) {
    let world = history(pool).await;
    let mut conn = world.pool.acquire().await.expect("connection");
    let now = world.moment();
    let mut at = instant("2026-10-31T22:00:00Z");
    while at <= world.at {
        let books = trial_balance(&mut conn, &now, &world.owner(), Some(local(at))).await.expect("books");
        assert_eq!((books.before, books.sum.amount), (Some(at), Decimal::ZERO));
        for line in &books.accounts {
            let sum: Decimal = sqlx::query_scalar(
                "select coalesce(sum(amount), 0) from entries where program_id = $1 and account = $2 and posted_at < $3",
            )
            .bind(world.program)
            .bind(line.account)
            .bind(at)
            .fetch_one(&mut *conn)
            .await
            .expect("sum");
            assert_eq!(line.balance.amount, sum, "{at} {}", line.account);
        }
        let sides: (Decimal, Decimal) = sqlx::query_as(
            "select coalesce(sum(amount) filter (where amount > 0), 0), coalesce(-sum(amount) filter (where amount < 0), 0)
             from (select sum(amount) as amount from entries
                   where program_id = $1 and account = 'payable' and posted_at < $2 group by enrollment_id) as balances",
        )
        .bind(world.program)
        .bind(at)
        .fetch_one(&mut *conn)
        .await
        .expect("sides");
        assert_eq!((books.owed.amount, books.carried.amount), sides, "{at}");
        let held = books.of(LedgerAccount::Held).amount;
        assert_eq!(books.liability.amount, books.owed.amount - books.carried.amount + held);
        at += Duration::hours(37);
    }
    let books = trial_balance(&mut conn, &now, &world.owner(), None).await.expect("books");
    let of = |account| books.of(account).amount;
    assert_eq!((of(LedgerAccount::Held), of(LedgerAccount::Payable)), (dec("3"), dec("-6")));
    assert_eq!((of(LedgerAccount::CommissionExpense), of(LedgerAccount::PaidOut)), (dec("-39"), dec("42")));
    assert_eq!((books.liability.amount, books.sum.amount), (dec("-3"), Decimal::ZERO));
    assert_eq!((books.owed.amount, books.carried.amount), (Decimal::ZERO, dec("6")));
    let (debits, credits) = books.totals();
    assert_eq!((debits, credits.amount), (credits, dec("45")));

    for (at, words) in [
        ("2027-03-28T02:30:00", "at: There is no such time: the clock is put forward then."),
        ("2199-01-01T00:00:00", "at: This time has not come yet."),
        ("-9999-01-01T00:00:00", "at: Choose a day from 2000 to 2200."),
    ] {
        let at = Some(at.parse().expect("time"));
        assert_eq!(refused(trial_balance(&mut conn, &now, &world.owner(), at).await), words);
    }
    let own: domain::ids::EnrollmentId = world.get("select id from enrollments where program_id = $1").await;
    let partner = Actor::Partner { account: world.owner, program: world.program, enrollment: own };
    assert!(matches!(trial_balance(&mut conn, &now, &partner, None).await, Err(Error::Forbidden)));
    assert!(matches!(journal(&mut conn, &partner, (None, None), &Paging::default()).await, Err(Error::Forbidden)));
    assert!(matches!(journal_days(&mut conn, &partner, (None, None)).await, Err(Error::Forbidden)));
    let other = world.another("other").await;
    let empty = trial_balance(&mut conn, &now, &other.owner(), None).await.expect("books");
    assert!(empty.accounts.len() == LedgerAccount::ALL.len() && empty.totals().0.amount.is_zero());
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn the_journal_has_each_entry_once_and_balances_every_day(pool: PgPool) {
    let world = history(pool).await;
    let mut conn = world.pool.acquire().await.expect("connection");
    let owner = world.owner();
    let mut lines = Vec::new();
    let mut paging = Paging { cursor: None, limit: Some(3) };
    loop {
        let page = journal(&mut conn, &owner, (None, None), &paging).await.expect("journal");
        lines.extend(page.data);
        paging.cursor = page.next_cursor;
        if paging.cursor.is_none() {
            break;
        }
    }
    let entries: i64 = world.get("select count(*) from entries where program_id = $1").await;
    assert_eq!(i64::try_from(lines.len()).expect("few"), entries);
    assert!(lines.windows(2).all(|two| (two[0].posted_at, two[0].id) < (two[1].posted_at, two[1].id)));
    assert!(lines.iter().all(|line| line.partner_code == "ada"), "{lines:?}");
    let mut journals: BTreeMap<_, Decimal> = BTreeMap::new();
    let mut days: BTreeMap<_, Decimal> = BTreeMap::new();
    for line in &lines {
        *journals.entry(line.journal).or_default() += line.amount.amount;
        *days.entry((line.day, line.kind, line.account, line.amount.amount > Decimal::ZERO)).or_default() +=
            line.amount.amount;
    }
    assert!(journals.values().all(Decimal::is_zero));
    for (kind, reference) in [
        (JournalKind::Commission, "c1-1"),
        (JournalKind::HoldEnd, "c1-0"),
        (JournalKind::Clawback, "r1"),
        (JournalKind::Payment, "Batch-"),
    ] {
        let is = |line: &JournalLine| line.kind == kind && line.reference.starts_with(reference);
        assert!(lines.iter().any(is), "{kind} of {reference}: {lines:?}");
    }

    let told = journal_days(&mut conn, &owner, (None, None)).await.expect("days");
    let sums: BTreeMap<_, _> = told
        .iter()
        .map(|day| ((day.day, day.kind, day.account, day.amount.amount > Decimal::ZERO), day.amount.amount))
        .collect();
    assert_eq!((sums.len(), &sums), (told.len(), &days));
    let side = |side: fn(Money) -> Option<Money>| -> Decimal {
        told.iter().filter_map(|day| side(day.amount)).map(|money| money.amount).sum()
    };
    assert_eq!(side(debit), side(credit));

    let day = |text: &str| text.parse().ok();
    let december = journal(&mut conn, &owner, (day("2026-12-01"), day("2026-12-31")), &Paging::default()).await;
    let december = december.expect("December").data;
    assert!(!december.is_empty() && december.len() < lines.len());
    assert!(december.iter().all(|line| line.day >= day("2026-12-01").expect("day")));
    let turned = (day("2026-12-31"), day("2026-12-01"));
    assert_eq!(
        refused(journal(&mut conn, &owner, turned, &Paging::default()).await),
        "to: The range ends before it begins."
    );
    assert_eq!(refused(journal_days(&mut conn, &owner, turned).await), "to: The range ends before it begins.");
}
