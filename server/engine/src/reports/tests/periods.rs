use super::*;
use crate::Error;
use crate::commissions::release_holds;
use crate::fixtures::{dec, instant, per_signup, refund, refused};
use crate::payments::tests::pay_as;
use crate::payments::{payment, payments, take_back};
use crate::programs::set_payer;
use crate::reports::{cohorts, commission_report, inactive, ledger, performance, top, top_partners};
use domain::accounts::Role;
use domain::page::Paging;
use domain::payments::{PartKind, PaymentFilter, PaymentStatus};
use domain::programs::Payer;
use domain::reports::{Figures, LedgerFilter, Measure, Period, TopKind, TopRow, Unit};
use domain::time::DayRange;

const ALL: Paging = Paging { cursor: None, limit: None };

fn days(from: &str, to: &str) -> Period {
    Period::Custom(DayRange { from: from.parse().expect("day"), to: to.parse().expect("day") })
}

/// `clicks/unique sign-ups customers sales revenue refunds commissions`.
fn told(figures: &Figures) -> String {
    let Figures { clicks, unique_clicks, sign_ups, customers, sales, revenue, refunds, commissions } = figures;
    format!("{clicks}/{unique_clicks} {sign_ups} {customers} {sales} {revenue} {refunds} {commissions}")
}

/// Two months of `ada`, with one sale of `ben`'s and one of nobody's.
async fn two_months(pool: PgPool) -> (World, Partner, Partner) {
    let mut world = World::new(pool).await;
    world.offer("Standard", &[percent("20"), per_signup("5")]).await;
    let (ada, ben) = (world.partner("ada").await, world.partner("ben").await);
    world.at = instant("2026-10-05T12:00:00Z");
    world.click(&ada).await;
    world.click(&ada).await;
    sign_up(&world, "nora", &ada).await;
    sell(&world, "s1", "nora", "100", "Team").await;
    // Half past midnight of the 1st in Berlin.
    world.at = instant("2026-10-31T23:30:00Z");
    world.click(&ada).await;
    world.at = instant("2026-11-03T12:00:00Z");
    sign_up(&world, "ivo", &ben).await;
    sell(&world, "s2", "ivo", "1000", "").await;
    sell(&world, "s3", "nobody's", "500", "").await;
    sell(&world, "s4", "nora", "50", "").await;
    world.at = instant("2026-11-10T12:00:00Z");
    world.tell_refund(&refund("r1", "s1", Some("40"))).await.expect("refund");
    world.at = instant("2026-11-20T12:00:00Z");
    (world, ada, ben)
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn performance_sums_to_its_total_in_each_unit(pool: PgPool) {
    let (world, ada, ben) = two_months(pool).await;
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let (actor, moment) = (partner(&world, &ada), world.moment());
    let period = days("2026-11-01", "2026-11-20");
    for unit in Unit::ALL {
        let seen = performance(conn, &moment, &actor, period, *unit).await.expect("seen");
        assert_eq!(told(&seen.total), "1/1 0 0 1 €50.00 €40.00 €10.00", "{unit}");
        assert_eq!(told(&seen.before), "0/0 0 0 0 €0.00 €0.00 €0.00", "12 to 31 October: the days before");
        let mut sum = Figures::none(seen.total.revenue.currency);
        seen.rows.iter().for_each(|row| sum.add(&row.figures));
        assert_eq!(sum, seen.total, "{unit}");
        assert_eq!(seen.rows.len(), [20, 4, 1][*unit as usize]);
    }
    let both = days("2026-10-01", "2026-11-30");
    let seen = performance(conn, &moment, &actor, both, Unit::Month).await.expect("seen");
    let months: Vec<_> = seen.rows.iter().map(|row| told(&row.figures)).collect();
    // What was taken back lies where it was earned, the refund where it happened.
    assert_eq!(months, ["2/2 1 1 1 €100.00 €0.00 €17.00", "1/1 0 0 1 €50.00 €40.00 €10.00"]);
    assert_eq!(seen.total.sign_up_rate().map(|rate| rate.to_string()).as_deref(), Some("33.3"));
    let later = performance(conn, &moment, &actor, days("2026-11-01", "2026-12-31"), Unit::Day).await.expect("seen");
    assert_eq!(told(&later.before), "2/2 1 1 1 €100.00 €0.00 €17.00");

    let all = performance(conn, &moment, &world.admin(Role::Viewer), both, Unit::Month).await.expect("the program");
    assert_eq!(
        told(&all.total),
        "3/3 2 2 3 €1,150.00 €40.00 €232.00",
        "a sale that nobody referred is not the program's"
    );
    let bens = performance(conn, &moment, &partner(&world, &ben), both, Unit::Month).await.expect("seen");
    assert_eq!(told(&bens.total), "0/0 1 1 1 €1,000.00 €0.00 €205.00");
    let strange = world.another("globex").await;
    let none = performance(conn, &moment, &strange.owner(), both, Unit::Day).await.expect("seen");
    assert_eq!(told(&none.total), "0/0 0 0 0 €0.00 €0.00 €0.00");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn commissions_are_reported_by_month_offer_and_trigger(pool: PgPool) {
    let (world, ada, _) = two_months(pool).await;
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let period = days("2026-10-01", "2026-11-30");
    let report = commission_report(conn, &world.moment(), &partner(&world, &ada), period).await.expect("report");
    let groups: Vec<_> = report
        .groups
        .iter()
        .map(|group| {
            let month = group.month.format("%Y-%m");
            format!("{month} {} {} {} {} {}", group.offer, group.trigger, group.count, group.amount, group.clawed_back)
        })
        .collect();
    assert_eq!(
        groups,
        [
            "2026-11 Standard sale 1 €10.00 €0.00",
            "2026-10 Standard sign_up 1 €5.00 €0.00",
            "2026-10 Standard sale 1 €20.00 €8.00",
        ]
    );
    assert_eq!(
        (report.count, report.amount.to_string(), report.clawed_back.to_string()),
        (3, "€35.00".into(), "€8.00".into())
    );
    let all = commission_report(conn, &world.moment(), &world.owner(), period).await.expect("report");
    assert_eq!((all.count, all.amount.to_string()), (5, "€240.00".into()));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn partners_are_ranked_by_what_they_brought(pool: PgPool) {
    let (world, ada, _) = two_months(pool).await;
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let period = days("2026-10-01", "2026-11-30");
    for (by, expected) in [
        (Measure::Revenue, ["ben €1,000.00", "ada €150.00"]),
        (Measure::Clicks, ["ada 3", "ben 0"]),
        (Measure::Commissions, ["ben €205.00", "ada €27.00"]),
    ] {
        let ranking = top_partners(conn, &world.moment(), &world.owner(), period, by, 50).await.expect("ranking");
        let told: Vec<_> = ranking
            .partners
            .iter()
            .map(|row| match by {
                Measure::Clicks => format!("{} {}", row.partner.code, row.clicks),
                Measure::Commissions => format!("{} {}", row.partner.code, row.commissions),
                _ => format!("{} {}", row.partner.code, row.revenue),
            })
            .collect();
        assert_eq!(told, expected);
    }
    let one = top_partners(conn, &world.moment(), &world.owner(), period, Measure::Customers, 1).await.expect("one");
    assert_eq!((one.partners.len(), one.partners[0].customers), (1, 1));
    let actor = partner(&world, &ada);
    assert!(matches!(
        top_partners(conn, &world.moment(), &actor, period, Measure::Clicks, 1).await,
        Err(Error::Forbidden)
    ));
    assert!(matches!(inactive(conn, &world.moment(), &actor, 30, &ALL).await, Err(Error::Forbidden)));
    assert!(matches!(cohorts(conn, &world.moment(), &actor).await, Err(Error::Forbidden)));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn partners_without_a_click_or_a_sale_are_inactive(pool: PgPool) {
    let (mut world, ada, ben) = two_months(pool).await;
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let paused = world.partner("eve").await;
    world.standing(&paused, domain::partners::EnrollmentStatus::Paused).await;
    macro_rules! idle {
        ($days:expr) => {{
            let page = inactive(conn, &world.moment(), &world.owner(), $days, &ALL).await.expect("inactive");
            let told = |row: domain::reports::InactivePartner| {
                format!(
                    "{} {} {}",
                    row.partner.code,
                    row.last_click.map(|day| day.to_string()).unwrap_or_default(),
                    row.customers
                )
            };
            page.data.into_iter().map(told).collect::<Vec<_>>()
        }};
    }
    // The last sale of each was on 3 November, 18 days with today.
    assert!(idle!(18).is_empty(), "a sale without a click counts too");
    let mut both = idle!(17);
    both.sort();
    assert_eq!(both, ["ada 2026-11-01 1", "ben  1"]);
    world.click(&ben).await;
    assert_eq!(idle!(1), ["ada 2026-11-01 1"]);
    world.click(&ada).await;
    assert!(idle!(1).is_empty());
    assert!(idle!(730).is_empty(), "who joined since is not inactive");
    world.pass(40);
    let one = Paging { cursor: None, limit: Some(1) };
    let first = inactive(conn, &world.moment(), &world.owner(), 30, &one).await.expect("inactive");
    let rest = Paging { cursor: first.next_cursor.clone(), limit: Some(1) };
    let second = inactive(conn, &world.moment(), &world.owner(), 30, &rest).await.expect("inactive");
    assert_ne!(first.data[0].partner.id, second.data[0].partner.id);
    assert_eq!(second.next_cursor, None);
    for wrong in [0, 731] {
        assert_eq!(
            refused(inactive(conn, &world.moment(), &world.owner(), wrong, &ALL).await),
            "days: Choose 1 to 730 days."
        );
    }
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn the_top_customers_are_those_who_paid_most(pool: PgPool) {
    let (world, ada, ben) = two_months(pool).await;
    let conn = &mut *world.pool.acquire().await.expect("connection");
    for (whose, expected) in [(&ada, "n•••@harbor.example 2 €110.00"), (&ben, "i•••@harbor.example 1 €1,000.00")]
    {
        let actor = partner(&world, whose);
        let period = days("2026-10-01", "2026-11-30");
        let rows = top(conn, &world.moment(), &actor, TopKind::Customers, period).await.expect("top");
        let told = |row: &TopRow| format!("{} {} {}", row.label, row.sales, row.amount.expect("paid"));
        assert_eq!(rows.iter().map(told).collect::<Vec<_>>(), [expected]);
    }
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn cohorts_follow_customers_from_their_first_sale(pool: PgPool) {
    let (world, ..) = two_months(pool).await;
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let seen = cohorts(conn, &world.moment(), &world.admin(Role::Viewer)).await.expect("cohorts");
    assert_eq!(seen.cohorts.len(), 12);
    let told: Vec<_> = seen.cohorts[9..]
        .iter()
        .map(|cohort| {
            let months: Vec<_> =
                cohort.months.iter().map(|month| format!("{} {}", month.customers, month.revenue)).collect();
            format!("{} {}: {}", cohort.month, cohort.customers, months.join(", "))
        })
        .collect();
    assert_eq!(
        told,
        ["2026-09-01 0: 0 €0.00, 0 €0.00, 0 €0.00", "2026-10-01 1: 1 €60.00, 1 €50.00", "2026-11-01 1: 1 €1,000.00",]
    );
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_remittance_tells_what_a_payment_paid_for(pool: PgPool) {
    let (mut world, ada, ben) = two_months(pool).await;
    world.at = instant("2026-12-20T12:00:00Z");
    release_holds(&world.pool, &world.moment()).await.expect("released");
    world.tell_refund(&refund("r2", "s4", Some("25"))).await.expect("refund");
    let pay = async |world: &World, code: &str| pay_as(world, &[&ada], code).await.expect("paid").payments[0].id;
    let paypal = "update enrollments set address = '1 Main Street', country = 'DE', payout_masked = 'a•••@pay.example'
                  where program_id = $1 and code = 'ada'";
    world.set(paypal).await;
    let street = Payer { name: " Acme Ltd ".into(), address: "2 High Street\r\nLondon".into() };
    {
        let conn = &mut *world.pool.acquire().await.expect("connection");
        set_payer(conn, &world.moment(), &world.owner(), &street).await.expect("payer");
        assert!(refused(set_payer(conn, &world.moment(), &partner(&world, &ada), &street).await).contains("Forbidden"));
        let nameless = Payer { name: " ".into(), ..street };
        assert_eq!(
            refused(set_payer(conn, &world.moment(), &world.owner(), &nameless).await),
            "name: Must not be empty."
        );
    }
    let first = pay(&world, "December").await;
    // It tells where the money went then.
    world.set("update enrollments set payout_masked = 'DE•••4931' where program_id = $1 and code = 'ada'").await;
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let actor = partner(&world, &ada);
    let seen = payment(conn, &actor, first, &ALL).await.expect("own payment");
    assert_eq!((seen.payment.batch_code.as_str(), seen.payment.amount.to_string()), ("December", "€22.00".into()));
    let parts: Vec<_> = seen.parts.iter().map(|part| format!("{} {} {}", part.kind, part.count, part.amount)).collect();
    assert_eq!(parts, ["commissions 3 €27.00", "clawbacks 1 \u{2212}€5.00"]);
    assert_eq!((seen.payer.name.as_str(), seen.payer.address.as_str()), ("Acme Ltd", "2 High Street\nLondon"));
    assert_eq!((seen.address.as_str(), seen.masked.as_str()), ("1 Main Street\nGermany", "a•••@pay.example"));
    assert!(seen.lines.data.is_sorted_by_key(|line| (line.happened_at, line.id)), "by date");
    let sum: rust_decimal::Decimal = seen.lines.data.iter().map(|line| line.amount.amount).sum();
    assert_eq!(sum, dec("22"));
    let lines: Vec<_> = seen
        .lines
        .data
        .iter()
        .map(|line| format!("{} {} {} {}", line.day, line.cause, line.customer, line.amount))
        .collect();
    assert!(lines.contains(&"2026-10-05 Commission for a sale n•••@harbor.example €12.00".to_owned()), "{lines:?}");
    assert!(lines.contains(&"2026-12-20 Refund of €25.00 n•••@harbor.example \u{2212}€5.00".to_owned()), "{lines:?}");
    // Page after page, each line once.
    let mut paging = Paging { cursor: None, limit: Some(2) };
    let mut walked = Vec::new();
    loop {
        let page = payment(conn, &actor, first, &paging).await.expect("page").lines;
        walked.extend(page.data);
        paging.cursor = page.next_cursor;
        if paging.cursor.is_none() {
            break;
        }
    }
    assert_eq!(walked, seen.lines.data);
    for actor in [partner(&world, &ben), world.another("globex").await.owner()] {
        assert!(matches!(payment(conn, &actor, first, &ALL).await, Err(Error::NotFound(_))));
    }
    let unmasked = payment(conn, &world.owner(), first, &ALL).await.expect("the team");
    assert!(unmasked.lines.data.iter().any(|line| line.customer == "nora@harbor.example"));

    // Paid again after it failed: for the payment that did not arrive.
    take_back(&world.pool, &world.moment(), &world.owner(), first, PaymentStatus::Failed, "Closed account")
        .await
        .expect("taken back");
    let again = pay(&world, "Again").await;
    let seen = payment(conn, &actor, again, &ALL).await.expect("payment");
    assert_eq!((seen.parts.len(), seen.parts[0].kind, seen.parts[0].count), (1, PartKind::Reopened, 1));
    assert_eq!(seen.lines.data[0].cause, "December did not arrive");

    let failed = PaymentFilter { status: Some(PaymentStatus::Failed), ..PaymentFilter::default() };
    assert_eq!(payments(conn, &actor, &failed, &ALL).await.expect("failed").totals.count, 1);
    for (from, to, expected) in [("2026-12-20", "2026-12-20", 2), ("2026-12-21", "2026-12-31", 0)] {
        let filter = PaymentFilter { from: from.parse().ok(), to: to.parse().ok(), ..PaymentFilter::default() };
        let listed = payments(conn, &actor, &filter, &ALL).await.expect("listed");
        assert_eq!((listed.totals.count, listed.page.data.len()), (expected, expected as usize), "{from}");
    }
    let absurd = PaymentFilter { from: "-9999-01-01".parse().ok(), ..PaymentFilter::default() };
    assert_eq!(refused(payments(conn, &actor, &absurd, &ALL).await), "from: Choose a day from 2000 to 2200.");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn the_ledger_of_any_days_runs_from_its_opening_to_its_closing(pool: PgPool) {
    let (mut world, ada, _) = two_months(pool).await;
    world.at = instant("2026-12-20T12:00:00Z");
    release_holds(&world.pool, &world.moment()).await.expect("released");
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let actor = partner(&world, &ada);
    for account in [None, Some(domain::ledger::LedgerAccount::Held), Some(domain::ledger::LedgerAccount::Payable)] {
        for (from, to) in [("2026-10-01", "2026-12-31"), ("2026-11-01", "2026-11-30"), ("2026-11-10", "2026-12-20")] {
            let filter = LedgerFilter { account, from: from.parse().ok(), to: to.parse().ok() };
            let seen = ledger(conn, &actor, ada.id, &filter, &ALL).await.expect("ledger");
            let mut running = seen.closing.amount;
            for row in &seen.page.data {
                assert_eq!(row.running.amount, running, "{account:?} {from}");
                running -= row.amount.amount;
            }
            assert_eq!(running, seen.opening.amount, "{account:?} {from}");
        }
    }
}
