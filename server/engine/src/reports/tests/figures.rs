use super::*;
use crate::Error;
use crate::commissions::release_holds;
use crate::fixtures::{dec, instant, per_signup, refund};
use crate::reports::{balance, dashboard, ledger, overview};
use domain::accounts::Role;
use domain::ledger::LedgerAccount;
use domain::page::Paging;
use domain::reports::{Count, LedgerFilter, LedgerRow, Period};
use domain::time::DayRange;
use rust_decimal::Decimal;

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn the_dashboard_counts_both_periods_and_tells_what_is_owed(pool: PgPool) {
    let mut world = World::new(pool).await;
    world.offer("Standard", &[percent("20"), per_signup("5")]).await;
    let (ada, ben) = (world.partner("ada").await, world.partner("ben").await);
    world.promo_code(&ada, "ADA20").await;
    world.at -= chrono::Duration::days(45);
    world.click(&ada).await;
    world.click(&ada).await;
    world.click(&ben).await;
    sign_up(&world, "nora", &ada).await;
    world.at += chrono::Duration::minutes(1);
    sell(&world, "s1", "nora", "100", "Team plan").await;
    world.pass(30);
    release_holds(&world.pool, &world.moment()).await.expect("released");
    world.pass(15);
    for _ in 0..3 {
        world.click(&ada).await;
    }
    sign_up(&world, "jo", &ada).await;
    world.at += chrono::Duration::minutes(1);
    sign_up(&world, "max", &ada).await;
    sign_up(&world, "ben-1", &ben).await;
    world.at += chrono::Duration::minutes(1);
    sell(&world, "s2", "jo", "50", "Solo plan").await;
    sell(&world, "s3", "ben-1", "70", "").await;
    world.at += chrono::Duration::minutes(1);
    sell(&world, "s4", "nora", "40", "").await;
    world.at += chrono::Duration::minutes(1);
    world.tell_refund(&refund("r1", "s1", Some("40"))).await.expect("refund");

    let conn = &mut *world.pool.acquire().await.expect("connection");
    let seen = dashboard(conn, &world.moment(), &partner(&world, &ada), ada.id, Period::Days30).await.expect("seen");
    assert_eq!(seen.range, DayRange { from: "2026-10-22".parse().expect("day"), to: seen.today });
    assert_eq!(seen.clicks, Count { now: 3, before: 2 });
    assert_eq!(seen.sign_ups, Count { now: 2, before: 1 });
    assert_eq!(seen.customers, Count { now: 1, before: 1 }, "a second sale makes no customer");
    assert_eq!(seen.due.to_string(), "€17.00", "20 and 5, less 8 clawed back");
    assert_eq!(seen.due_change.to_string(), "€17.00", "at the start nothing was due");
    assert_eq!(seen.held.to_string(), "€28.00");
    assert_eq!(seen.days.len(), 30);
    let today = seen.days.last().expect("today");
    assert_eq!((today.clicks, today.sign_ups, today.sales), (3, 2, 2));
    assert_eq!(seen.days.iter().map(|day| day.clicks).sum::<i64>(), seen.clicks.now);
    let latest: Vec<String> = seen
        .latest
        .iter()
        .map(|line| {
            let base = line.base.map(|base| base.to_string()).unwrap_or_default();
            let amount = line.amount.map(|amount| amount.to_string()).unwrap_or_default();
            format!("{} | {} | {} | {base} | {amount}", line.who, line.happened, line.state.words())
        })
        .collect();
    assert_eq!(
        latest,
        [
            "n•••@harbor.example | Refund of €40.00 of €100.00 | Clawed back | \u{2212}€40.00 | \u{2212}€8.00",
            "n•••@harbor.example | Sale | Held until 20 Dec | €40.00 | €8.00",
            "j•••@harbor.example | First sale · Solo plan | Held until 20 Dec | €50.00 | €10.00",
            "m•••@harbor.example | Sign-up | Held until 20 Dec |  | €5.00",
            "j•••@harbor.example | Sign-up | Held until 20 Dec |  | €5.00",
            "n•••@harbor.example | First sale · Team plan | Due since 5 Nov | €100.00 | €20.00",
            "n•••@harbor.example | Sign-up | Due since 5 Nov |  | €5.00",
        ]
    );
    assert!(seen.latest[0].why.0.iter().any(|check| check.check == "clawback"));
    let rewards: Vec<_> = seen.rewards.iter().map(|reward| reward.sentence.as_str()).collect();
    assert_eq!(rewards, ["20% of every sale", "€5.00 for each sign-up"]);
    assert_eq!(seen.next_payment, "2026-12-01".parse().expect("day"));
    assert_eq!(seen.link_path.as_deref(), Some("/r/acme/ada"));
    assert_eq!(seen.promo_codes[0].code, "ADA20");
    assert!(!seen.payout_method_chosen);

    // From the fifth on, nothing was due before; a week ago it already was.
    let week = dashboard(conn, &world.moment(), &world.owner(), ada.id, Period::Week).await.expect("as partner");
    assert_eq!(week.due_change.to_string(), "\u{2212}€8.00");
    assert_eq!(week.clicks, Count { now: 3, before: 0 });
    assert_eq!(week.clicks.change(), None);

    let same = balance(conn, &partner(&world, &ada), ada.id).await.expect("balance");
    assert_eq!((same.held, same.due), (seen.held, seen.due));
    for actor in [partner(&world, &ben), world.another("globex").await.owner()] {
        let strange = dashboard(conn, &world.moment(), &actor, ada.id, Period::Days30).await;
        assert!(matches!(strange, Err(Error::NotFound(_))));
        assert!(matches!(balance(conn, &actor, ada.id).await, Err(Error::NotFound(_))));
    }
    for actor in [world.admin(Role::Viewer), key(&world)] {
        let refused = dashboard(conn, &world.moment(), &actor, ada.id, Period::Days30).await;
        assert!(matches!(refused, Err(Error::Forbidden)));
    }
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn days_are_the_programs(pool: PgPool) {
    let (mut world, ada, _) = two_partners(pool).await;
    // Half past midnight in Berlin.
    world.at = instant("2026-11-18T23:30:00Z");
    world.click(&ada).await;
    sign_up(&world, "nora", &ada).await;
    sell(&world, "s1", "nora", "100", "").await;
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let day = |text: &str| text.parse().expect("day");
    for (from, to, expected) in [("2026-11-19", "2026-11-19", (1, 1, 1)), ("2026-11-18", "2026-11-18", (0, 0, 0))] {
        let period = Period::Custom(DayRange { from: day(from), to: day(to) });
        let seen = dashboard(conn, &world.moment(), &partner(&world, &ada), ada.id, period).await.expect("seen");
        assert_eq!((seen.clicks.now, seen.sign_ups.now, seen.customers.now), expected, "{from}");
        assert_eq!((seen.days[0].clicks, seen.days[0].sign_ups, seen.days[0].sales), expected, "{from}");
        let all = overview(conn, &world.moment(), &world.owner(), period).await.expect("overview");
        assert_eq!((all.clicks.now, all.sign_ups.now, all.customers.now), expected, "{from}");
        assert_eq!(all.days[0].sales_amount, all.sales);
    }
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn only_the_latest_ten_lines_and_the_clawbacks_among_them(pool: PgPool) {
    let (mut world, ada, _) = two_partners(pool).await;
    sign_up(&world, "nora", &ada).await;
    for n in 0..14 {
        world.at += chrono::Duration::minutes(1);
        sell(&world, &format!("s{n}"), "nora", "100", "").await;
        if n == 1 || n == 12 {
            world.at += chrono::Duration::minutes(1);
            world.tell_refund(&refund(&format!("r{n}"), "s0", Some("10"))).await.expect("refund");
        }
    }
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let seen = dashboard(conn, &world.moment(), &partner(&world, &ada), ada.id, Period::Week).await.expect("seen");
    let amounts: Vec<_> = seen
        .latest
        .iter()
        .map(|line| line.amount.map(|amount| amount.amount.normalize().to_string()).unwrap_or_default())
        .collect();
    assert_eq!(amounts, ["20", "-2", "20", "20", "20", "20", "20", "20", "20", "20"]);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn the_latest_events_are_of_every_kind(pool: PgPool) {
    let (mut world, ada, _) = two_partners(pool).await;
    sign_up(&world, "nora", &ada).await;
    world.at += chrono::Duration::minutes(1);
    sell(&world, "s1", "nora", "100", "").await;
    world.pass(31);
    release_holds(&world.pool, &world.moment()).await.expect("released");
    crate::commissions::tests::pay(&world, &ada).await;
    // One is judged after the payment, the other not at all.
    world
        .set(
            "insert into leads (program_id, id, enrollment_id, group_id, email, email_key, stage, stage_id,
                                created_at, stage_at, updated_at)
             select e.program_id, gen_random_uuid(), e.id, g.id, s.stage || '@harbor.example', s.stage || '@harbor.example',
                    s.stage::lead_stage, t.id, e.created_at, timestamptz '2027-01-01', e.created_at
             from enrollments e join lead_groups g using (program_id) cross join (values ('new'), ('closed_lost')) s (stage)
             join lead_stages t on t.program_id = e.program_id and t.kind = s.stage::lead_stage
             where e.program_id = $1 and e.code in ('ada', 'ben')",
        )
        .await;
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let told = events(conn, &world, &ada).await;
    assert_eq!(told.len(), 4, "{told:?}");
    assert_eq!(told[0], "closed_lost@harbor.example | Lead | Closed Lost | ");
    assert!(told[1].starts_with(" | Payout") && told[1].ends_with(" | Recorded | €20.00"), "{}", told[1]);
    assert!(told[2].starts_with("n•••@harbor.example | First sale | Paid"), "{}", told[2]);
    assert_eq!(told[3], "n•••@harbor.example | Sign-up | Signed up | ");
    world.at = instant("2027-02-01T12:00:00Z");
    for n in 0..12 {
        world.at += chrono::Duration::minutes(1);
        sell(&world, &format!("more-{n}"), "nora", "100", "").await;
    }
    let told = events(conn, &world, &ada).await;
    assert!(told.len() == 10 && told.iter().all(|line| line.contains("| Sale |")), "older ones give way: {told:?}");
}

/// The latest events of a partner's dashboard.
async fn events(conn: &mut sqlx::PgConnection, world: &World, ada: &Partner) -> Vec<String> {
    let seen = dashboard(conn, &world.moment(), &partner(world, ada), ada.id, Period::Week).await.expect("seen");
    let line = |line: &domain::reports::Line| {
        let amount = line.amount.map(|amount| amount.to_string()).unwrap_or_default();
        format!("{} | {} | {} | {amount}", line.who, line.happened, line.state.words())
    };
    seen.latest.iter().map(line).collect()
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_customer_given_to_another_counts_for_the_other(pool: PgPool) {
    let (world, ada, ben) = two_partners(pool).await;
    sign_up(&world, "nora", &ada).await;
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let input = domain::customers::Reassignment {
        external_id: "nora".into(),
        partner_code: "ben".into(),
        reason: "Asked for it".into(),
    };
    crate::customers::reassign(conn, &world.moment(), &world.owner(), &input).await.expect("reassigned");
    for (whose, expected) in [(&ada, 0), (&ben, 1)] {
        let actor = partner(&world, whose);
        let seen = dashboard(conn, &world.moment(), &actor, whose.id, Period::Week).await.expect("seen");
        assert_eq!(seen.sign_ups.now, expected, "{}", whose.code);
    }
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn the_overview_sums_the_program(pool: PgPool) {
    let (mut world, ada, ben) = two_partners(pool).await;
    world.at -= chrono::Duration::days(40);
    sign_up(&world, "nora", &ada).await;
    sell(&world, "s1", "nora", "100", "").await;
    world.pass(40);
    release_holds(&world.pool, &world.moment()).await.expect("released");
    world.click(&ada).await;
    sign_up(&world, "jo", &ben).await;
    sell(&world, "s2", "jo", "300", "").await;
    sell(&world, "s3", "nora", "50", "").await;
    world.tell_sale(&sale("s4", "nobody's", "1000")).await.expect("a sale without a referral");
    world.tell_refund(&refund("r1", "s2", Some("150"))).await.expect("refund");
    world.another("globex").await;
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let seen = overview(conn, &world.moment(), &world.admin(Role::Viewer), Period::Days30).await.expect("overview");
    assert_eq!(
        (seen.clicks.now, seen.sign_ups, seen.customers),
        (1, Count { now: 1, before: 1 }, Count { now: 1, before: 1 })
    );
    assert_eq!((seen.sales.to_string(), seen.sales_before.to_string()), ("€350.00".into(), "€100.00".into()));
    assert_eq!((seen.cost.to_string(), seen.cost_before.to_string()), ("€40.00".into(), "€20.00".into()));
    assert_eq!((seen.due.to_string(), seen.held.to_string()), ("€20.00".into(), "€40.00".into()));
    let top: Vec<_> =
        seen.top.iter().map(|top| format!("{} {} {}", top.partner.code, top.sales_amount, top.clicks)).collect();
    assert_eq!(top, ["ben €300.00 0", "ada €50.00 1"]);
    let waiting = seen.attention;
    assert_eq!((waiting.partners_to_pay, waiting.partners_without_method), (0, 1), "ada has no payout method yet");
    world.set("update enrollments set payout_method = 'paypal' where program_id = $1 and code = 'ada'").await;
    let waiting = overview(conn, &world.moment(), &world.owner(), Period::Days30).await.expect("overview").attention;
    assert_eq!((waiting.partners_to_pay, waiting.partners_without_method), (0, 1), "nor is known where to");
    world.set("update enrollments set payout_details = 'sealed' where program_id = $1 and code = 'ada'").await;
    let waiting = overview(conn, &world.moment(), &world.owner(), Period::Days30).await.expect("overview").attention;
    assert_eq!((waiting.partners_to_pay, waiting.partners_without_method), (1, 0));
    world.set("update payout_methods set minimum = 1000 where program_id = $1 and kind = 'paypal'").await;
    let waiting = overview(conn, &world.moment(), &world.owner(), Period::Days30).await.expect("overview").attention;
    assert_eq!((waiting.partners_to_pay, waiting.partners_without_method), (0, 0), "too little by this method");
    let refused = overview(conn, &world.moment(), &partner(&world, &ada), Period::Days30).await;
    assert!(matches!(refused, Err(Error::Forbidden)));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn what_leaves_held_is_listed_before_what_becomes_payable(pool: PgPool) {
    let (mut world, ada, _) = two_partners(pool).await;
    sign_up(&world, "nora", &ada).await;
    for n in 0..8 {
        sell(&world, &format!("s{n}"), "nora", "100", "").await;
    }
    world.pass(31);
    release_holds(&world.pool, &world.moment()).await.expect("released");
    let conn = &mut *world.pool.acquire().await.expect("connection");
    let actor = partner(&world, &ada);
    let mut rows: Vec<LedgerRow> = Vec::new();
    let mut paging = Paging { cursor: None, limit: Some(3) };
    loop {
        let page = ledger(conn, &actor, ada.id, &LedgerFilter::default(), &paging).await.expect("ledger").page;
        rows.extend(page.data);
        paging.cursor = page.next_cursor;
        if paging.cursor.is_none() {
            break;
        }
    }
    rows.reverse();
    assert_eq!(rows.len(), 8 + 8 * 2);
    for pair in rows[8..].chunks(2) {
        assert_eq!(pair[0].commission_id, pair[1].commission_id);
        assert_eq!((pair[0].account, pair[1].account), (LedgerAccount::Held, LedgerAccount::Payable));
        assert_eq!((pair[0].running.to_string(), pair[1].running.to_string()), ("€140.00".into(), "€160.00".into()));
    }
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn the_ledger_runs_from_balance_to_balance(pool: PgPool) {
    let (mut world, ada, ben) = two_partners(pool).await;
    world.at -= chrono::Duration::days(100);
    sign_up(&world, "nora", &ada).await;
    for n in 0..3 {
        sell(&world, &format!("s{n}"), "nora", "100", "").await;
        world.pass(31);
        release_holds(&world.pool, &world.moment()).await.expect("released");
    }
    world.at += chrono::Duration::minutes(1);
    world.tell_refund(&refund("r1", "s0", Some("50"))).await.expect("refund");
    let conn = &mut *world.pool.acquire().await.expect("connection");
    world.at += chrono::Duration::minutes(1);
    let paid = crate::payments::tests::pay(&world, &[&ada]).await.expect("paid");
    world.pass(1);
    sell(&world, "s3", "nora", "10", "").await;

    let actor = partner(&world, &ada);
    let mut rows: Vec<LedgerRow> = Vec::new();
    let mut paging = Paging { cursor: None, limit: Some(3) };
    loop {
        let page = ledger(conn, &actor, ada.id, &LedgerFilter::default(), &paging).await.expect("ledger");
        assert_eq!((page.opening.to_string(), page.closing.to_string()), ("€0.00".into(), "€2.00".into()));
        rows.extend(page.page.data);
        paging.cursor = page.page.next_cursor;
        if paging.cursor.is_none() {
            break;
        }
    }
    assert_eq!(rows.len(), 3 + 3 * 2 + 1 + 1 + 1, "each entry once");
    let (mut held, mut payable) = (Decimal::ZERO, Decimal::ZERO);
    for row in rows.iter().rev() {
        let sum = if row.account == LedgerAccount::Held { &mut held } else { &mut payable };
        *sum += row.amount.amount;
        assert_eq!(row.balance.amount, *sum, "{row:?}");
    }
    let causes: Vec<_> = rows.iter().take(3).map(|row| format!("{}: {}", row.cause, row.amount)).collect();
    assert_eq!(causes[0], "Commission for a sale: €2.00");
    assert_eq!(causes[1], format!("Payment, {}: \u{2212}€50.00", paid.batch.code));
    assert_eq!(causes[2], "Refund of €50.00: \u{2212}€10.00");
    assert_eq!(rows[0].customer, "n•••@harbor.example");
    let for_team = ledger(conn, &world.owner(), ada.id, &LedgerFilter::default(), &Paging::default()).await;
    assert_eq!(for_team.expect("ledger").page.data[0].customer, "nora@harbor.example");

    // A range begins where the rows before it end.
    let whole = balance(conn, &actor, ada.id).await.expect("balance");
    assert_eq!(whole.paid.amount, dec("50"));
    let split = world.at.date_naive() - chrono::Days::new(40);
    for account in [None, Some(LedgerAccount::Held), Some(LedgerAccount::Payable)] {
        let early = LedgerFilter { account, from: None, to: split.pred_opt() };
        let late = LedgerFilter { account, from: Some(split), to: None };
        let early = ledger(conn, &actor, ada.id, &early, &Paging::default()).await.expect("early");
        let late = ledger(conn, &actor, ada.id, &late, &Paging::default()).await.expect("late");
        assert_eq!(early.closing, late.opening);
        let sum: Decimal = late.page.data.iter().map(|row| row.amount.amount).sum();
        assert_eq!(late.opening.amount + sum, late.closing.amount);
        let now = match account {
            None => whole.held.amount + whole.due.amount,
            Some(LedgerAccount::Held) => whole.held.amount,
            Some(_) => whole.due.amount,
        };
        assert_eq!(late.closing.amount, now);
        assert!(!early.page.data.is_empty() && !late.page.data.is_empty());
    }
    for strange in [partner(&world, &ben), world.another("globex").await.owner()] {
        let refused = ledger(conn, &strange, ada.id, &LedgerFilter::default(), &Paging::default()).await;
        assert!(matches!(refused, Err(Error::NotFound(_))));
    }
}
