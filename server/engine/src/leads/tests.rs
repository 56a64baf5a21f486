use super::*;
use crate::fixtures::{Partner, World, checks, dec, percent, refused, sale, signup};
use crate::sales::races::{at_once, crowded};
use domain::accounts::Role;
use domain::attribution::Source;
use domain::customers::{NewCustomer, TrackSignup, TrackedSignup};
use domain::ids::AccountId;
use domain::leads::{LeadFilter, LeadRow, Outcome};
use domain::page::{Page, Paging};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::sync::Arc;

const NORA: &str = "nora@harbor.example";

/// A partner as it asks for itself.
fn own(world: &World, partner: &Partner) -> Actor {
    Actor::Partner { account: world.moment().id::<AccountId>(), program: world.program, enrollment: partner.id }
}

async fn add(world: &World, partner: &Partner, email: &str) -> Result<LeadId> {
    let mut tx = world.pool.begin().await.expect("transaction");
    let input = NewLead { email: email.into(), name: String::new() };
    let id = submit(&mut tx, &world.moment(), &own(world, partner), partner.id, &input).await?;
    tx.commit().await.expect("commit");
    Ok(id)
}

async fn judge(world: &World, id: LeadId, stage: Stage) -> Result<()> {
    let mut tx = world.pool.begin().await.expect("transaction");
    set_stage(&mut tx, &world.moment(), &world.owner(), id, stage).await?;
    tx.commit().await.expect("commit");
    Ok(())
}

async fn listed(world: &World, actor: &Actor, filter: &LeadFilter) -> Vec<LeadRow> {
    let mut conn = world.pool.acquire().await.expect("connection");
    list(&mut conn, &world.moment(), actor, filter, &Paging::default()).await.expect("leads").data
}

/// Nora signs up; nothing points to a partner but what `sent` says.
async fn nora(world: &World, customer: &str, sent: TrackSignup) -> TrackedSignup {
    let customer = NewCustomer { external_id: customer.into(), email: Some("Nora@Harbor.example".into()), name: None };
    let event_id = format!("signup-{}", customer.external_id);
    world.tell_signup(&TrackSignup { event_id, customer, ..sent }).await.expect("sign-up").answer
}

fn whose(answer: &TrackedSignup) -> Option<(&str, Source)> {
    answer.referral.as_ref().map(|referral| (referral.partner_code.as_str(), referral.source))
}

async fn world(pool: PgPool) -> (World, Partner, Partner) {
    let world = World::new(pool).await;
    world.offer("Standard", &[percent("30")]).await;
    let (ada, bob) = (world.partner("ada").await, world.partner("bob").await);
    (world, ada, bob)
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_lead_is_refused_beside_its_field(pool: PgPool) {
    let (mut world, ada, bob) = world(pool).await;
    for (email, words) in [
        ("nora", "email: This is not an e-mail address."),
        ("Ada+x@partners.example", "email: This is your own e-mail address."),
    ] {
        assert_eq!(refused(add(&world, &ada, email).await), words);
    }
    let id = add(&world, &ada, NORA).await.expect("added");
    assert_eq!(refused(add(&world, &ada, " NORA@harbor.example").await), "email: You have added this lead already.");
    add(&world, &bob, NORA).await.expect("another partner's");
    judge(&world, id, Stage::Unqualified).await.expect("judged");
    add(&world, &ada, NORA).await.expect("the first is closed");
    let again = judge(&world, id, Stage::New).await;
    assert!(matches!(again, Err(Error::Conflict(_))), "one open lead of an e-mail: {again:?}");
    world.standing(&bob, EnrollmentStatus::Paused).await;
    assert!(matches!(add(&world, &bob, "x@harbor.example").await, Err(Error::Conflict(_))));
    let mut conn = world.pool.acquire().await.expect("connection");
    let input = NewLead { email: "y@harbor.example".into(), name: String::new() };
    let moment = world.moment();
    let others = submit(&mut conn, &moment, &own(&world, &ada), bob.id, &input).await;
    assert!(matches!(others, Err(Error::NotFound(_))), "{others:?}");
    let viewer = submit(&mut conn, &moment, &world.admin(Role::Viewer), ada.id, &input).await;
    assert!(matches!(viewer, Err(Error::Forbidden)), "{viewer:?}");
    drop(conn);
    world.at += chrono::Duration::days(1);
    for n in 0..MOST_A_DAY {
        add(&world, &ada, &format!("lead{n}@harbor.example")).await.expect("within the limit");
    }
    let many = add(&world, &ada, "more@harbor.example").await;
    assert!(matches!(many, Err(Error::Conflict(_))), "{many:?}");
    world.at += chrono::Duration::days(1);
    add(&world, &ada, "more@harbor.example").await.expect("the next day");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn an_unreviewed_lead_comes_last_and_the_earliest_wins(pool: PgPool) {
    let (mut world, ada, bob) = world(pool).await;
    add(&world, &bob, NORA).await.expect("lead");
    world.pass(1);
    add(&world, &ada, NORA).await.expect("lead");
    world.pass(1);
    let by_lead = nora(&world, "c1", TrackSignup::default()).await;
    assert_eq!(whose(&by_lead), Some(("bob", Source::Lead)));
    assert_eq!(by_lead.why.0[0].detail, "Attributed to bob by unreviewed lead, 2 days before (window 90 days).");
    assert_eq!(world.sold("c1", "100").await.commissions[0].amount, dec("30"));
    let outcome = async |partner: &Partner| {
        let found = listed(&world, &own(&world, partner), &LeadFilter::default()).await;
        found.iter().map(|lead| lead.outcome).collect::<Vec<_>>()
    };
    assert_eq!(outcome(&bob).await, [Outcome::Customer]);
    assert_eq!(outcome(&ada).await, [Outcome::NotYours]);
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_click_goes_before_an_unreviewed_lead_and_after_a_qualified_one(pool: PgPool) {
    let (mut world, ada, bob) = world(pool).await;
    let lead = add(&world, &bob, NORA).await.expect("lead");
    world.pass(1);
    let click = world.click(&ada).await;
    let clicked = || TrackSignup { click_id: Some(click.to_string()), ..TrackSignup::default() };
    assert_eq!(whose(&nora(&world, "c1", clicked()).await), Some(("ada", Source::Click)));
    judge(&world, lead, Stage::Qualified).await.expect("judged");
    let qualified = nora(&world, "c2", clicked()).await;
    assert_eq!(whose(&qualified), Some(("bob", Source::Lead)));
    assert_eq!(checks(&qualified.why), "+lead +self_referral -offer");
    let code = TrackSignup { promo_code: Some("NONE".into()), partner_code: Some("ada".into()), ..clicked() };
    assert_eq!(whose(&nora(&world, "c3", code).await), Some(("ada", Source::PartnerCode)));
    judge(&world, lead, Stage::ClosedLost).await.expect("judged");
    let lost = nora(&world, "c4", TrackSignup::default()).await;
    assert_eq!((whose(&lost), lost.why.0[0].detail.as_str()), (None, "The team turned the lead of bob down."));
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_qualified_lead_is_found_among_many_and_others_stay_unnamed(pool: PgPool) {
    let (mut world, ada, bob) = world(pool).await;
    let lead = add(&world, &bob, NORA).await.expect("lead");
    judge(&world, lead, Stage::Unqualified).await.expect("judged");
    for n in 0..30 {
        world.at += chrono::Duration::minutes(1);
        let other = world.partner(&format!("p{n}")).await;
        add(&world, &other, NORA).await.expect("lead");
    }
    world.at += chrono::Duration::minutes(1);
    let lead = add(&world, &ada, NORA).await.expect("lead");
    judge(&world, lead, Stage::Qualified).await.expect("judged");
    world.pass(1);
    assert_eq!(whose(&nora(&world, "c1", TrackSignup::default()).await), Some(("ada", Source::Lead)));
    let sold = domain::sales::TrackSale {
        promo_code: Some("NONE".into()),
        partner_code: Some("ada".into()),
        ..sale("s2", "c2", "10")
    };
    let sold = world.tell_sale(&sold).await.expect("sale").answer;
    assert_eq!(checks(&sold.why), "-promo_code +partner_code +offer +amount");
    let mut conn = world.pool.acquire().await.expect("connection");
    let mine = crate::reports::sales(&mut conn, &own(&world, &ada), &Default::default(), &Paging::default())
        .await
        .expect("sales");
    let text = serde_json::to_string(&mine).expect("json");
    assert!(!text.contains("NONE") && !text.contains("bob") && text.contains("Attributed to ada"), "{text}");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_lead_counts_within_the_window_and_for_who_comes_after_it(pool: PgPool) {
    let (mut world, ada, bob) = world(pool).await;
    add(&world, &ada, NORA).await.expect("lead");
    world.pass(91);
    assert_eq!(listed(&world, &own(&world, &ada), &LeadFilter::default()).await[0].outcome, Outcome::Expired);
    let late = nora(&world, "c1", TrackSignup::default()).await;
    assert_eq!(late.why.0[0].detail, "The unreviewed lead is 91 days old; the window is 90 days.");
    // She is there already: a lead brings her to nobody, unless the team says so.
    let found = add(&world, &bob, NORA).await.expect("lead");
    world.pass(1);
    let sold = async |event: &str| world.tell_sale(&sale(event, "c1", "10")).await.expect("sale").answer.referral;
    assert_eq!(sold("s1").await, None);
    judge(&world, found, Stage::Qualified).await.expect("judged");
    assert_eq!(sold("s2").await.expect("referral").partner_code, "bob");
    let bobs = listed(&world, &own(&world, &bob), &LeadFilter::default()).await;
    assert_eq!((bobs[0].outcome, bobs[0].customer), (Outcome::Customer, None), "which customer is the team's to know");
    world.standing(&bob, EnrollmentStatus::Paused).await;
    add(&world, &ada, "idris@juniper.example").await.expect("lead");
    let idris = TrackSignup {
        customer: NewCustomer { external_id: "c2".into(), email: Some("idris@juniper.example".into()), name: None },
        ..signup("c2")
    };
    world.standing(&ada, EnrollmentStatus::Paused).await;
    let paused = world.tell_signup(&idris).await.expect("sign-up").answer;
    assert_eq!(
        (whose(&paused), paused.why.0[0].detail.as_str()),
        (None, "Partner ada of the unreviewed lead was not active.")
    );
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn lists_are_filtered_paged_and_each_partner_s_own(pool: PgPool) {
    let (mut world, ada, bob) = world(pool).await;
    let mut ids = Vec::new();
    for n in 0..5 {
        world.at += chrono::Duration::minutes(1);
        ids.push(add(&world, &ada, &format!("lead{n}@harbor.example")).await.expect("lead"));
    }
    add(&world, &bob, "100%@harbor.example").await.expect("lead");
    judge(&world, ids[1], Stage::Qualified).await.expect("judged");
    judge(&world, ids[2], Stage::Unqualified).await.expect("judged");
    let count = async |actor: &Actor, filter: LeadFilter| listed(&world, actor, &filter).await.len();
    let (team, hers) = (world.admin(Role::Viewer), own(&world, &ada));
    let all = LeadFilter::default;
    assert_eq!(count(&team, all()).await, 6);
    assert_eq!(count(&hers, all()).await, 5);
    assert_eq!(count(&hers, LeadFilter { partner_code: "bob".into(), ..all() }).await, 0, "another's are not there");
    assert_eq!(count(&team, LeadFilter { partner_code: "BOB".into(), ..all() }).await, 1);
    assert_eq!(count(&team, LeadFilter { search: "0%".into(), ..all() }).await, 1, "no pattern");
    assert_eq!(count(&team, LeadFilter { stage: Some(Stage::Qualified), ..all() }).await, 1);
    judge(&world, ids[3], Stage::ClosedWon).await.expect("judged");
    for (outcome, expected) in [(Outcome::Waiting, 3), (Outcome::Won, 1), (Outcome::Lost, 1), (Outcome::Expired, 0)] {
        assert_eq!(count(&hers, LeadFilter { outcome: Some(outcome), ..all() }).await, expected, "{outcome}");
    }
    assert_eq!(count(&hers, LeadFilter { search: "LEAD3@".into(), ..all() }).await, 1);
    let today = world.at.date_naive();
    for (from, to, expected) in [
        (Some(today), Some(today), 5),
        (today.succ_opt(), None, 0),
        (None, today.pred_opt(), 0),
        (today.pred_opt(), None, 5),
    ] {
        assert_eq!(count(&hers, LeadFilter { from, to, ..all() }).await, expected, "{from:?} {to:?}");
    }
    let mut conn = world.pool.acquire().await.expect("connection");
    let mut seen = Vec::new();
    let mut cursor = None;
    loop {
        let paging = Paging { cursor, limit: Some(2) };
        let page: Page<LeadRow> = list(&mut conn, &world.moment(), &hers, &all(), &paging).await.expect("page");
        seen.extend(page.data.iter().map(|lead| lead.id));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    ids.reverse();
    assert_eq!(seen, ids);
    let absurd = LeadFilter { from: "-9999-01-01".parse().ok(), ..all() };
    let told = list(&mut conn, &world.moment(), &hers, &absurd, &Paging::default()).await;
    assert_eq!(refused(told), "from: Choose a day from 2000 to 2200.");
    let forged = Paging { cursor: Some("'; --".into()), limit: None };
    assert!(matches!(list(&mut conn, &world.moment(), &hers, &all(), &forged).await, Err(Error::Invalid(_))));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn the_team_s_judgement_is_audited_without_the_person(pool: PgPool) {
    let (world, ada, _) = world(pool).await;
    let id = add(&world, &ada, NORA).await.expect("lead");
    let mut conn = world.pool.acquire().await.expect("connection");
    for role in [Role::Finance, Role::Viewer] {
        let refused = set_stage(&mut conn, &world.moment(), &world.admin(role), id, Stage::Qualified).await;
        assert!(matches!(refused, Err(Error::Forbidden)), "{role}");
    }
    let partner = set_stage(&mut conn, &world.moment(), &own(&world, &ada), id, Stage::Qualified).await;
    assert!(matches!(partner, Err(Error::Forbidden)));
    set_stage(&mut conn, &world.moment(), &world.admin(Role::Manager), id, Stage::ClosedWon).await.expect("judged");
    let line: String =
        world.get("select action || ' ' || subject || ' ' || details::text from audit_log where program_id = $1").await;
    assert!(line.starts_with("lead.set_stage Lead of ada {") && line.contains("closed_won"), "{line}");
    assert!(!line.contains("nora"), "{line}");
    let other = world.another("other").await;
    let elsewhere = set_stage(&mut conn, &other.moment(), &other.owner(), id, Stage::New).await;
    assert!(matches!(elsewhere, Err(Error::NotFound(_))), "another program's lead");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn of_64_copies_of_a_lead_one_is_added_and_the_limit_holds(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = crowded(options, connect).await;
    let ada = Arc::new(world.partner("ada").await);
    let world = Arc::new(world);
    let copies = at_once(64, &world, |world: Arc<World>, _| {
        let ada = ada.clone();
        async move { add(&world, &ada, NORA).await }
    })
    .await;
    assert_eq!(copies.iter().filter(|copy| copy.is_ok()).count(), 1);
    assert!(copies.iter().all(|copy| matches!(copy, Ok(_) | Err(Error::Invalid(_)))));
    for n in 0..40 {
        add(&world, &ada, &format!("early{n}@harbor.example")).await.expect("lead");
    }
    let many = at_once(64, &world, |world: Arc<World>, n| {
        let ada = ada.clone();
        async move { add(&world, &ada, &format!("lead{n}@harbor.example")).await }
    })
    .await;
    assert_eq!(many.iter().filter(|one| one.is_ok()).count(), 59);
    assert_eq!(world.get::<i64>("select count(*) from leads where program_id = $1").await, MOST_A_DAY);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn of_64_sign_ups_with_an_e_mail_each_knows_its_lead(options: PgPoolOptions, connect: PgConnectOptions) {
    let mut world = crowded(options, connect).await;
    world.offer("Standard", &[percent("30")]).await;
    let (ada, bob) = (world.partner("ada").await, world.partner("bob").await);
    let first = add(&world, &bob, NORA).await.expect("lead");
    world.pass(1);
    add(&world, &ada, NORA).await.expect("lead");
    world.pass(1);
    let world = Arc::new(world);
    let answers = at_once(64, &world, move |world: Arc<World>, n| async move {
        if n == 32 {
            judge(&world, first, Stage::Qualified).await.expect("judged");
        }
        nora(&world, &format!("c{}", n % 4), TrackSignup::default()).await
    })
    .await;
    assert!(answers.iter().all(|answer| whose(answer) == Some(("bob", Source::Lead))));
    assert_eq!(world.get::<i64>("select count(*) from referrals where program_id = $1").await, 4);
    let met: i64 = world.get("select count(*) from leads where program_id = $1 and customer_id is not null").await;
    assert_eq!(met, 2);
    world.prove().await;
}
