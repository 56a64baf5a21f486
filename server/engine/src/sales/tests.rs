//! Sales and refunds as a company reports them.

use crate::Error;
use crate::fixtures::{World, checks, dec, instant, percent, refund, refused, sale, signup};
use crate::partners::set_status;
use domain::commissions::CommissionStatus;
use domain::customers::{NewCustomer, TrackSignup};
use domain::offers::{Duration, Rate, Reward};
use domain::partners::EnrollmentStatus;
use domain::sales::{TrackRefund, TrackSale};
use sqlx::PgPool;

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_sale_of_a_referred_customer_earns_a_held_commission(pool: PgPool) {
    let world = World::new(pool).await;
    world.offer("Standard", &[percent("30")]).await;
    let ada = world.partner("ada").await;
    world.signed_up("c1", &ada).await;
    let answered = world.tell_sale(&sale("s1", "c1", "49")).await.expect("sale");
    assert!(!answered.replayed);
    let answer = serde_json::to_value(&answered.answer).expect("JSON");
    let commission = &answer["commissions"][0];
    assert_eq!(answer["sale"]["amount"], "49.00", "money is text with the currency's decimals");
    assert_eq!(answer["sale"]["customer_id"], "c1");
    assert_eq!(answer["referral"]["partner_code"], "ada");
    assert_eq!(answer["referral"]["source"], "partner_code");
    assert_eq!(commission["amount"], "14.70");
    assert_eq!(commission["base"], "49.00");
    assert_eq!(commission["rate"], "30");
    assert_eq!(commission["trigger"], "sale");
    assert_eq!(commission["status"], "held");
    assert_eq!(commission["available_at"], "2026-12-20T12:00:00Z");
    assert_eq!(commission["clawed_back"], "0.00");
    assert_eq!(checks(&answered.answer.why), "+referral +offer +amount");
    assert_eq!(world.balances(&ada).await, "14.7 0");
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn the_same_event_gets_its_first_answer_for_ever(pool: PgPool) {
    let mut world = World::new(pool).await;
    world.offer("Standard", &[percent("30")]).await;
    let ada = world.partner("ada").await;
    world.signed_up("c1", &ada).await;
    let told = TrackSale { occurred_at: Some(world.at), ..sale("s1", "c1", "49") };
    let first = world.tell_sale(&told).await.expect("sale").answer;
    let refunded = world.tell_refund(&refund("r1", "s1", Some("9"))).await.expect("refund").answer;
    // On day 8, and when the event is too old to be told for the first time.
    for days in [8, 500] {
        world.pass(days);
        let again = world.tell_sale(&told).await.expect("replay");
        assert!(again.replayed);
        assert_eq!(again.answer, first, "as it was answered then, not as it stands now");
        let equal = TrackSale { amount: dec("49.00"), ..told.clone() };
        assert_eq!(world.tell_sale(&equal).await.expect("equal as parsed").answer, first);
        let again = world.tell_refund(&refund("r1", "s1", Some("9"))).await.expect("replay");
        assert_eq!((again.replayed, again.answer), (true, refunded.clone()));
    }
    for other in [
        TrackSale { amount: dec("50"), ..told.clone() },
        TrackSale { customer_id: "c2".into(), ..told.clone() },
        TrackSale { occurred_at: None, ..told.clone() },
    ] {
        assert!(matches!(world.tell_sale(&other).await, Err(Error::Reused)), "{other:?}");
    }
    let other = TrackRefund { sale_event_id: "nope".into(), ..refund("r1", "s1", Some("9")) };
    assert!(matches!(world.tell_refund(&other).await, Err(Error::Reused)));
    assert_eq!(world.get::<i64>("select count(*) from sales where program_id = $1").await, 1);
    assert_eq!(world.get::<i64>("select count(*) from customers where program_id = $1").await, 1);
    // The same id is another event for another call, and in another program.
    let signup = TrackSignup { event_id: "s1".into(), ..signup("c3") };
    assert!(!world.tell_signup(&signup).await.expect("sign-up").replayed);
    let other = world.another("other").await;
    assert!(!other.tell_sale(&sale("s1", "c1", "49")).await.expect("sale").replayed);
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn what_is_refused_leaves_the_id_free(pool: PgPool) {
    let world = World::new(pool).await;
    let good = || sale("s1", "c1", "49");
    let told = |change: fn(&mut TrackSale)| {
        let mut input = good();
        change(&mut input);
        input
    };
    for (input, words) in [
        (told(|sale| sale.event_id.clear()), "event_id: Must not be empty."),
        (told(|sale| sale.event_id = "x".repeat(201)), "event_id: Must be at most 200 characters."),
        (told(|sale| sale.customer_id = "a\0b".into()), "customer_id: Must not contain control characters."),
        (told(|sale| sale.amount = dec("0")), "amount: Must be above zero."),
        (told(|sale| sale.amount = dec("-49")), "amount: Must be above zero."),
        (told(|sale| sale.amount = dec("49.001")), "amount: EUR has 2 decimals."),
        (told(|sale| sale.amount = dec("12345678901234567890")), "amount: Use at most 1,000,000,000,000.00 EUR."),
        (told(|sale| sale.currency = "USD".into()), "currency: The program's currency is EUR."),
        (told(|sale| sale.currency = "€".into()), "currency: The program's currency is EUR."),
        (
            told(|sale| sale.occurred_at = Some(instant("2026-11-20T12:05:01Z"))),
            "occurred_at: More than 5 minutes in the future.",
        ),
        (
            told(|sale| sale.occurred_at = Some(instant("2025-10-20T11:59:59Z"))),
            "occurred_at: More than 13 months ago.",
        ),
        (told(|sale| sale.occurred_at = "-9999-01-01T00:00:00Z".parse().ok()), "occurred_at: More than 13 months ago."),
        (
            told(|sale| sale.occurred_at = "-262143-01-02T00:00:00Z".parse().ok()),
            "occurred_at: More than 13 months ago.",
        ),
        (
            told(|sale| sale.occurred_at = "+262142-01-01T00:00:00Z".parse().ok()),
            "occurred_at: More than 5 minutes in the future.",
        ),
        (told(|sale| sale.click_id = Some(String::new())), "click_id: Must not be empty."),
    ] {
        assert_eq!(refused(world.tell_sale(&input).await), words);
    }
    assert_eq!(world.get::<i64>("select count(*) from customers where program_id = $1").await, 0);
    assert!(!world.tell_sale(&good()).await.expect("sale").replayed);
    for (input, words) in [
        (refund("r1", "s1", Some("0")), "amount: Must be above zero."),
        (refund("r1", "s1", Some("0.001")), "amount: EUR has 2 decimals."),
        (refund("r1", "s1", Some("49.01")), "amount: Only €49.00 of the sale is left."),
        (refund("r1", "s2", None), "NotFound(\"sale\")"),
        (
            TrackRefund { occurred_at: Some(instant("2027-01-01T00:00:00Z")), ..refund("r1", "s1", None) },
            "occurred_at: More than 5 minutes in the future.",
        ),
    ] {
        assert_eq!(refused(world.tell_refund(&input).await), words);
    }
    assert_eq!(world.tell_refund(&refund("r1", "s1", None)).await.expect("refund").answer.refund.amount, dec("49"));
    assert_eq!(
        refused(world.tell_refund(&refund("r2", "s1", None)).await),
        "amount: The sale is refunded in full already."
    );
    let elsewhere = world.another("other").await;
    assert_eq!(refused(elsewhere.tell_refund(&refund("r1", "s1", None)).await), "NotFound(\"sale\")");
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_sale_by_a_stranger_makes_the_customer_and_attributes_it(pool: PgPool) {
    let world = World::new(pool).await;
    world.offer("Standard", &[percent("30")]).await;
    let ada = world.partner("ada").await;
    let bob = world.partner("bob").await;
    world.promo_code(&ada, "ADA20").await;
    let alone = world.tell_sale(&sale("s1", "c1", "10")).await.expect("no error").answer;
    assert_eq!((alone.referral, alone.commissions.len()), (None, 0));
    assert_eq!(checks(&alone.why), "-attribution");
    // A coupon needs no click.
    let told = TrackSale { promo_code: Some(" ada20".into()), ..sale("s2", "c2", "10") };
    let answer = world.tell_sale(&told).await.expect("sale").answer;
    assert_eq!(answer.commissions[0].amount, dec("3"));
    // A customer without a referral may get one by a later sale; one with a referral keeps it.
    let told = TrackSale { partner_code: Some("Bob".into()), ..sale("s3", "c1", "10") };
    assert_eq!(world.tell_sale(&told).await.expect("sale").answer.commissions[0].partner_code, "bob");
    let told = TrackSale { promo_code: Some("ADA20".into()), ..sale("s4", "c1", "10") };
    let kept = world.tell_sale(&told).await.expect("sale").answer;
    assert_eq!(kept.commissions[0].partner_code, "bob");
    assert!(kept.why.0[0].detail.ends_with("What was sent with the event doesn't change that."), "{:?}", kept.why);
    assert_eq!(world.balances(&ada).await, "3 0");
    assert_eq!(world.balances(&bob).await, "6 0");
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_pause_earns_nothing_and_a_ban_takes_what_is_held(pool: PgPool) {
    let mut world = World::new(pool).await;
    world.offer("Standard", &[percent("30")]).await;
    let ada = world.partner("ada").await;
    world.signed_up("c1", &ada).await;
    world.sold("c1", "100").await;
    world.pass(1);
    let mut conn = world.pool.acquire().await.expect("connection");
    let reach = async |world: &World, conn: &mut sqlx::PgConnection, status| {
        set_status(conn, &world.moment(), &world.owner(), ada.id, status, "test").await.expect("standing");
    };
    reach(&world, &mut conn, EnrollmentStatus::Paused).await;
    world.pass(1);
    let paused = world.sold("c1", "100").await;
    assert_eq!(checks(&paused.why), "+referral -standing");
    assert_eq!(paused.commissions.len(), 0, "also from old customers");
    let late = TrackSale { occurred_at: Some(instant("2026-11-20T13:00:00Z")), ..sale("late", "c1", "10") };
    assert_eq!(world.tell_sale(&late).await.expect("sale").answer.commissions.len(), 1, "it was before the pause");
    world.pass(1);
    reach(&world, &mut conn, EnrollmentStatus::Active).await;
    world.pass(1);
    assert_eq!(world.sold("c1", "100").await.commissions.len(), 1);
    let late = TrackSale { occurred_at: Some(instant("2026-11-22T12:00:00Z")), ..sale("late2", "c1", "10") };
    assert_eq!(world.tell_sale(&late).await.expect("sale").answer.commissions.len(), 0, "no back-pay");
    assert_eq!(world.balances(&ada).await, "63 0");
    world.prove().await;
    reach(&world, &mut conn, EnrollmentStatus::Banned).await;
    let mut tx = world.pool.begin().await.expect("transaction");
    crate::commissions::claw_back_all_held(&mut tx, &world.moment(), &world.owner(), ada.id)
        .await
        .expect("clawed back");
    tx.commit().await.expect("commit");
    assert_eq!(world.balances(&ada).await, "0 0");
    let late = TrackSale { occurred_at: Some(instant("2026-11-20T13:00:00Z")), ..sale("late3", "c1", "10") };
    assert_eq!(world.tell_sale(&late).await.expect("sale").answer.commissions.len(), 0, "banned by now");
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn first_sales_and_months_count_from_the_first_sale(pool: PgPool) {
    let mut world = World::new(pool).await;
    let once = Reward { duration: Duration::FirstSale, rate: Rate::Flat(dec("50")), ..percent("1") };
    world.offer("Year", &[Reward { duration: Duration::Months(12), ..percent("20") }, once]).await;
    world.offer("Later", &[percent("5")]).await;
    let ada = world.partner("ada").await;
    world.signed_up("c1", &ada).await;
    let amounts = |sale: &domain::sales::TrackedSale| {
        let amounts: Vec<_> = sale.commissions.iter().map(|commission| commission.amount.to_string()).collect();
        amounts.join(" ")
    };
    let first = world.sold("c1", "100").await;
    assert_eq!(amounts(&first), "20.00 50.00", "the rewards of an offer add up; the later offer is passed over");
    assert_eq!(checks(&first.why), "+referral +offer +amount +offer +amount -offer");
    let earlier = TrackSale { occurred_at: Some(instant("2026-11-19T12:00:00Z")), ..sale("earlier", "c1", "100") };
    let earlier = world.tell_sale(&earlier).await.expect("sale").answer;
    assert_eq!(amounts(&earlier), "20.00", "a first sale is paid once, though this happened before it");
    world.at = instant("2027-11-19T11:59:59Z");
    assert_eq!(amounts(&world.sold("c1", "100").await), "20.00");
    world.at = instant("2027-11-19T12:00:00Z");
    let after = world.sold("c1", "100").await;
    assert_eq!(amounts(&after), "5.00", "12 months after the earliest sale the next offer's turn has come");
    assert_eq!(checks(&after.why), "+referral +offer +amount -offer -offer");
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn terms_stay_as_they_were_when_the_customer_was_attributed(pool: PgPool) {
    let world = World::new(pool).await;
    let offer = world.offer("Standard", &[percent("30")]).await;
    let ada = world.partner("ada").await;
    let own = r#"update enrollment_offers set overrides = '[{"reward": 0, "rate": {"percent": "40"}}]'
                 where program_id = $1"#;
    world.signed_up("c1", &ada).await;
    world.set(own).await;
    world.signed_up("c2", &ada).await;
    world
        .set(
            r#"with next as (
            insert into offer_versions (program_id, offer_id, version, rewards, created_at)
            select program_id, offer_id, 2, '[]', created_at from offer_versions where program_id = $1
         ) update offers set version = 2 where program_id = $1"#,
        )
        .await;
    assert_eq!(world.sold("c1", "10").await.commissions[0].amount, dec("3"));
    let own = world.sold("c2", "10").await;
    assert_eq!(own.commissions[0].amount, dec("4"));
    assert_eq!(checks(&own.why), "+referral +offer +rate +amount");
    world.signed_up("c3", &ada).await;
    let none = world.sold("c3", "10").await;
    assert_eq!((none.commissions.len(), checks(&none.why).as_str()), (0, "+referral -offer"));
    let kept: i32 = world.get("select max(offer_version) from commissions where program_id = $1").await;
    let kept_offer: uuid::Uuid = world.get("select offer_id from commissions where program_id = $1 limit 1").await;
    assert_eq!((kept, kept_offer), (1, offer.0));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn amounts_are_rounded_half_up_once(pool: PgPool) {
    let world = World::new(pool).await;
    world.offer("Odd", &[percent("12.5")]).await;
    let ada = world.partner("ada").await;
    world.signed_up("c1", &ada).await;
    assert_eq!(world.sold("c1", "0.20").await.commissions[0].amount, dec("0.03"), "0.025");
    let nothing = world.sold("c1", "0.03").await;
    assert_eq!(nothing.commissions.len(), 0, "0.00375 is nothing");
    assert_eq!(checks(&nothing.why), "+referral +offer +amount -nothing");
    let most = world.sold("c1", "1000000000000").await;
    assert_eq!(most.commissions[0].amount.to_string(), "125000000000.00");
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_refund_takes_back_its_share(pool: PgPool) {
    let mut world = World::new(pool).await;
    let flat = Reward { rate: Rate::Flat(dec("10")), ..percent("1") };
    world.offer("Standard", &[percent("30"), flat]).await;
    let ada = world.partner("ada").await;
    world.signed_up("c1", &ada).await;
    world.tell_sale(&sale("s1", "c1", "99.99")).await.expect("sale");
    assert_eq!(world.balances(&ada).await, "40 0");
    let part = world.tell_refund(&refund("r1", "s1", Some("33.33"))).await.expect("refund").answer;
    let taken: Vec<_> = part.commissions.iter().map(|commission| commission.clawed_back.to_string()).collect();
    assert_eq!(taken, ["10.00", "3.33"], "a part of the sale takes that part of percent and flat alike");
    assert!(part.commissions.iter().all(|commission| commission.status == CommissionStatus::Held));
    assert_eq!(checks(&part.why), "+refund +clawback +clawback");
    assert_eq!(world.balances(&ada).await, "26.67 0");
    world.prove().await;
    // What is left is released; the rest is refunded afterwards and goes below zero only by what was paid.
    world.pass(31);
    crate::commissions::release_holds(&world.pool, &world.moment()).await.expect("released");
    assert_eq!(world.balances(&ada).await, "0 26.67");
    let rest = world.tell_refund(&refund("r2", "s1", None)).await.expect("refund").answer;
    assert_eq!(rest.refund.amount, dec("66.66"));
    let taken: Vec<_> = rest.commissions.iter().map(|commission| commission.clawed_back.to_string()).collect();
    assert_eq!(taken, ["30.00", "10.00"], "a full refund takes back exactly the commission");
    assert!(rest.commissions.iter().all(|commission| commission.status == CommissionStatus::Reversed));
    assert_eq!(world.balances(&ada).await, "0 0");
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn answers_keep_no_personal_data(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.partner("ada").await;
    let told = TrackSignup {
        customer: NewCustomer {
            external_id: "c1".into(),
            email: Some("nora@harbor.example".into()),
            name: Some("Nora Quist".into()),
        },
        partner_code: Some(ada.code.clone()),
        ..signup("c1")
    };
    world.tell_signup(&told).await.expect("sign-up");
    world.tell_sale(&sale("s1", "c1", "10")).await.expect("sale");
    let told = TrackRefund { reason: Some("Nora was unhappy".into()), ..refund("r1", "s1", None) };
    world.tell_refund(&told).await.expect("refund");
    let kept: String = world.get("select string_agg(answer::text, '') from api_answers where program_id = $1").await;
    assert!(kept.contains("\"c1\""), "{kept}");
    assert!(!kept.to_lowercase().contains("nora"), "{kept}");
}
