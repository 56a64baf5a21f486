use super::*;
use crate::{links, offers};
use chrono::{DateTime, Utc};
use domain::accounts::Role;
use domain::ids::{OrganizationId, PromoCodeId};
use domain::links::{LinkEdit, NewLink, Utm};
use domain::offers::{Duration, OfferInput, Override, Rate, Reward, Trigger};
use domain::page::Paging;
use domain::partners::{
    Kinds, NewPartner, NewPromoCode, OfferChoice, PartnerEdit, PartnerFilter, PartnerName, PartnerSort,
};
use serde_json::json;
use sqlx::PgPool;

/// A day in June 2027, and so many minutes; no two draw the same ids.
pub(crate) fn moment(minutes: i64) -> Moment {
    static DRAWN: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let noon: DateTime<Utc> = "2027-06-15T12:00:00Z".parse().expect("instant");
    let seed = DRAWN.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    Moment::seeded(noon + chrono::Duration::minutes(minutes), seed)
}

/// A program `acme` of EUR in Berlin with the site https://acme.test, and its owner.
pub(crate) async fn program(pool: &PgPool) -> Actor {
    let at = moment(-1).at;
    let (organization, program, account) = (OrganizationId(id(1)), ProgramId(id(2)), AccountId(id(3)));
    sqlx::query!("insert into organizations (id, name, created_at) values ($1, 'Acme', $2)", organization.0, at)
        .execute(pool)
        .await
        .expect("organization");
    sqlx::query!(
        "insert into programs (id, organization_id, slug, name, currency, time_zone, website, allowed_hosts, created_at)
         values ($1, $2, 'acme', 'Acme', 'EUR', 'Europe/Berlin', 'https://acme.test', '{shop.acme.test}', $3)",
        program.0,
        organization.0,
        at
    )
    .execute(pool)
    .await
    .expect("program");
    sqlx::query!("insert into portals (program_id) values ($1)", program.0).execute(pool).await.expect("portal");
    sqlx::query!(
        "insert into accounts (id, email, email_key, name, created_at) values ($1, 'o@acme.test', 'o@acme.test', 'Olga', $2)",
        account.0,
        at
    )
    .execute(pool)
    .await
    .expect("account");
    Actor::Admin { account, organization, role: Role::Owner, program }
}

fn id(n: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(n << 64 | 7 << 76 | 2 << 62)
}

/// An active affiliate of this name, with an e-mail made of it.
pub(crate) fn named(name: &str) -> NewPartner {
    NewPartner {
        name: name.into(),
        company: String::new(),
        email: format!("{}@partner.test", name.to_lowercase().replace(' ', ".")),
        website: String::new(),
        code: None,
        kinds: Kinds { affiliate: true, ..Kinds::default() },
        status: EnrollmentStatus::Active,
    }
}

/// Runs a use case in a transaction of its own, committed where it succeeds.
macro_rules! act {
    ($pool:expr, $conn:ident => $use_case:expr) => {{
        let mut transaction = $pool.begin().await.expect("begin");
        let $conn = &mut *transaction;
        let result = $use_case.await;
        if result.is_ok() {
            transaction.commit().await.expect("commit");
        }
        result
    }};
}
pub(crate) use act;

fn fields<T: std::fmt::Debug>(result: Result<T>) -> Vec<String> {
    match result {
        Err(Error::Invalid(errors)) => errors.into_iter().map(|error| error.field).collect(),
        other => panic!("expected errors of fields, got {other:?}"),
    }
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_partner_gets_a_code_a_link_an_account_and_the_default_offers(pool: PgPool) {
    let owner = program(&pool).await;
    let reward = Reward {
        trigger: Trigger::Sale,
        rate: Rate::Percent(30.into()),
        duration: Duration::Lifetime,
        hold_days: 30,
        product: None,
        minimum: None,
        cap: None,
        tiers: None,
    };
    let offer =
        OfferInput { name: "Standard".into(), description: String::new(), rewards: vec![reward], is_default: true };
    let offer = act!(pool, conn => offers::create(conn, &moment(0), &owner, &offer)).expect("offer");
    let ada = act!(pool, conn => create(conn, &moment(1), &owner, &named("Ada Lovelace"))).expect("partner");
    assert_eq!(ada.code, "ada-lovelace");

    let conn = &mut *pool.acquire().await.expect("connection");
    let detail = detail_by_code(conn, &owner, "ADA-Lovelace").await.expect("detail");
    assert_eq!(detail.partner.status, EnrollmentStatus::Active);
    assert_eq!(detail.accounts.len(), 1);
    assert!(!detail.accounts[0].ready, "the invitation is open");
    assert_eq!(detail.offers[0].offer, offer);
    assert_eq!(detail.offers[0].rewards[0].sentence, "30% of every sale");
    assert_eq!(detail.history[0].status, EnrollmentStatus::Active);
    let own = links::list(conn, &owner, ada.id, &Paging::default()).await.expect("links").data;
    assert_eq!((own.len(), own[0].code.as_str(), own[0].is_default), (1, "ada-lovelace", true));
    assert_eq!(own[0].destination, "https://acme.test");
    let acts: Vec<(String, String)> = sqlx::query_as("select action, subject_path from audit_log order by at, id")
        .fetch_all(conn)
        .await
        .expect("audit");
    assert_eq!(
        acts,
        [
            ("offer.create".to_owned(), "offers".to_owned()),
            ("partner.create".to_owned(), "partners/ada-lovelace".to_owned())
        ]
    );
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn partners_are_refused_by_field(pool: PgPool) {
    let owner = program(&pool).await;
    act!(pool, conn => create(conn, &moment(0), &owner, &named("Ada"))).expect("partner");
    let coded = |code: &str| NewPartner { code: Some(code.into()), ..named("Eve") };
    for code in ["ADA", "admin", "a", "with space", "très"] {
        assert_eq!(fields(act!(pool, conn => create(conn, &moment(1), &owner, &coded(code)))), ["code"], "{code}");
    }
    let same = NewPartner { email: "ADA@partner.test".into(), ..named("Eve") };
    assert_eq!(fields(act!(pool, conn => create(conn, &moment(1), &owner, &same))), ["email"]);
    let nobody = NewPartner { name: "  ".into(), email: "x".into(), website: "javascript:1".into(), ..named("Eve") };
    assert_eq!(fields(act!(pool, conn => create(conn, &moment(1), &owner, &nobody))), ["name", "email", "website"]);
    let company =
        NewPartner { name: String::new(), company: "Buyers & Sons".into(), email: String::new(), ..named("") };
    let company = act!(pool, conn => create(conn, &moment(2), &owner, &company)).expect("a company alone");
    assert_eq!((company.code.as_str(), company.name.as_str()), ("buyers-sons", "Buyers & Sons"));

    let Actor::Admin { account, organization, program, .. } = owner else { unreachable!() };
    for role in [Role::Viewer, Role::Finance] {
        let asker = Actor::Admin { account, organization, role, program };
        let refused = act!(pool, conn => create(conn, &moment(3), &asker, &named("Mallory")));
        assert!(matches!(refused, Err(Error::Forbidden)), "{role}");
    }
    let partner = Actor::Partner { account, program, enrollment: company.id };
    assert!(matches!(
        act!(pool, conn => list(conn, &partner, &PartnerFilter::default(), &Paging::default())),
        Err(Error::Forbidden)
    ));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn sixty_four_of_one_name_get_sixty_four_codes_and_one_code_goes_to_one(pool: PgPool) {
    let owner = program(&pool).await;
    let race = |code: Option<&'static str>| {
        let (pool, owner) = (pool.clone(), owner.clone());
        async move {
            let mut tasks = tokio::task::JoinSet::new();
            for n in 0..64 {
                let (pool, owner) = (pool.clone(), owner.clone());
                tasks.spawn(async move {
                    let email = format!("{n}-{}@partner.test", code.unwrap_or("made"));
                    let input = NewPartner { email, code: code.map(str::to_owned), ..named("Ada") };
                    act!(pool, conn => create(conn, &Moment::now(), &owner, &input))
                });
            }
            tasks.join_all().await
        }
    };
    let made: std::collections::HashSet<String> =
        race(None).await.into_iter().map(|made| made.expect("a code is found").code).collect();
    assert_eq!(made.len(), 64);
    let (won, lost): (Vec<_>, Vec<_>) = race(Some("Winner")).await.into_iter().partition(Result::is_ok);
    assert_eq!((won.len(), lost.len()), (1, 63));
    for refused in lost {
        assert_eq!(fields(refused), ["code"]);
    }
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn one_e_mail_is_enrolled_once_also_at_once(pool: PgPool) {
    let owner = program(&pool).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (pool, owner) = (pool.clone(), owner.clone());
        tasks.spawn(async move { act!(pool, conn => create(conn, &Moment::now(), &owner, &named("Ada"))) });
    }
    assert_eq!(tasks.join_all().await.into_iter().filter(Result::is_ok).count(), 1);
}

fn edit(name: &str, email: &str) -> PartnerEdit {
    PartnerEdit {
        name: name.into(),
        company: String::new(),
        email: email.into(),
        website: String::new(),
        payout_method: String::new(),
        kinds: Kinds { affiliate: true, ..Kinds::default() },
    }
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn an_edit_gives_no_partner_another_s_e_mail_also_at_once(pool: PgPool) {
    let owner = program(&pool).await;
    let ada = act!(pool, conn => create(conn, &moment(0), &owner, &named("Ada"))).expect("partner");
    let bob = act!(pool, conn => create(conn, &moment(0), &owner, &named("Bob"))).expect("partner");
    let taken = edit("Bob", "ADA@partner.test");
    assert_eq!(fields(act!(pool, conn => update(conn, &moment(1), &owner, bob.id, &taken))), ["email"]);
    let own = edit("Ada", "Ada@partner.test");
    act!(pool, conn => update(conn, &moment(1), &owner, ada.id, &own)).expect("its own");
    act!(pool, conn => add_account(conn, &moment(2), &owner, ada.id, "ann@partner.test", "Ann")).expect("account");
    let of_account = edit("Bob", "ann@partner.test");
    assert_eq!(fields(act!(pool, conn => update(conn, &moment(3), &owner, bob.id, &of_account))), ["email"]);
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..16 {
        let company = NewPartner { email: String::new(), ..named(&format!("Company {n}")) };
        let company = act!(pool, conn => create(conn, &moment(4), &owner, &company)).expect("partner");
        let (pool, owner) = (pool.clone(), owner.clone());
        tasks.spawn(async move {
            let wanted = edit("One", "one@partner.test");
            act!(pool, conn => update(conn, &Moment::now(), &owner, company.id, &wanted))
        });
    }
    assert_eq!(tasks.join_all().await.into_iter().filter(Result::is_ok).count(), 1);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn who_was_erased_is_not_filled_again(pool: PgPool) {
    let owner = program(&pool).await;
    let ada = act!(pool, conn => create(conn, &moment(0), &owner, &named("Ada"))).expect("partner").id;
    let promo = NewPromoCode { partner: ada, code: "ADA20".into(), description: String::new() };
    let had = act!(pool, conn => promo_codes::create(conn, &moment(0), &owner, &promo)).expect("promo code");
    act!(pool, conn => erase(conn, &moment(1), &owner, ada)).expect("erased");
    let link = NewLink { name: "Ada's blog".into(), ..NewLink::default() };
    let at = moment(2);
    let refused = [
        act!(pool, conn => update(conn, &at, &owner, ada, &edit("Ada", "ada@partner.test"))),
        act!(pool, conn => change_code(conn, &at, &owner, ada, "countess")),
        act!(pool, conn => set_offers(conn, &at, &owner, ada, &[])),
        act!(pool, conn => add_account(conn, &at, &owner, ada, "ada@partner.test", "Ada")).map(drop),
        act!(pool, conn => work::set_tags(conn, &at, &owner, ada, "countess")),
        act!(pool, conn => work::add_note(conn, &at, &owner, ada, "Ada")),
        act!(pool, conn => set_status(conn, &at, &owner, ada, EnrollmentStatus::Active, "Ada")).map(drop),
        act!(pool, conn => groups::put(conn, &at, &owner, ada, None)),
        act!(pool, conn => promo_codes::create(conn, &at, &owner, &promo)).map(drop),
        act!(pool, conn => promo_codes::describe(conn, &at, &owner, had, "Ada's own")),
        act!(pool, conn => links::create(conn, &at, &owner, ada, &link)).map(drop),
    ];
    for (place, refused) in refused.into_iter().enumerate() {
        assert!(matches!(refused, Err(Error::Conflict(_))), "{place}: {refused:?}");
    }
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn an_edit_tells_the_audit_log_what_changed_and_no_personal_data(pool: PgPool) {
    let owner = program(&pool).await;
    let ada = act!(pool, conn => create(conn, &moment(0), &owner, &named("Ada"))).expect("partner");
    let same = PartnerEdit {
        name: "Ada".into(),
        company: String::new(),
        email: "ada@partner.test".into(),
        website: String::new(),
        payout_method: String::new(),
        kinds: Kinds { affiliate: true, ..Kinds::default() },
    };
    let moved = PartnerEdit {
        name: "Augusta".into(),
        email: "augusta@partner.test".into(),
        website: " augusta.test ".into(),
        payout_method: " cheque ".into(),
        kinds: Kinds { affiliate: true, buyer: true, ..Kinds::default() },
        ..same.clone()
    };
    let expected = [
        (same, json!({ "changed": [] })),
        (
            moved,
            json!({
                "changed": ["name", "email", "website"],
                "payout_method": { "before": "", "after": "cheque" },
                "kinds": {
                    "before": { "affiliate": true, "introducer": false, "buyer": false },
                    "after": { "affiliate": true, "introducer": false, "buyer": true }
                }
            }),
        ),
    ];
    for (edit, expected) in expected {
        act!(pool, conn => update(conn, &Moment::now(), &owner, ada.id, &edit)).expect("edited");
        let details: serde_json::Value = sqlx::query_scalar(
            "select details from audit_log where action = 'partner.update' order by at desc, id desc",
        )
        .fetch_one(&pool)
        .await
        .expect("audit");
        assert_eq!(details, expected);
    }
    let site: String = sqlx::query_scalar("select website from enrollments where id = $1")
        .bind(ada.id)
        .fetch_one(&pool)
        .await
        .expect("partner");
    assert_eq!(site, "https://augusta.test", "kept in full");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn an_old_code_stays_an_alias(pool: PgPool) {
    let owner = program(&pool).await;
    let ada = act!(pool, conn => create(conn, &moment(0), &owner, &named("Ada"))).expect("partner");
    let bob = act!(pool, conn => create(conn, &moment(0), &owner, &named("Bob"))).expect("partner");
    act!(pool, conn => change_code(conn, &moment(1), &owner, ada.id, "Countess")).expect("changed");
    let conn = &mut *pool.acquire().await.expect("connection");
    for code in ["ada", "COUNTESS"] {
        let found = find_by_code(conn, &owner, code).await.expect("found");
        assert_eq!((found.id, found.code.as_str()), (ada.id, "Countess"), "{code}");
    }
    let table = links::LinkTable::load(&pool).await.expect("table");
    let (old, new) = (table.find("acme", "ada").expect("old"), table.find("acme", "countess").expect("new"));
    assert_eq!(old.link, new.link);
    assert_eq!(detail(conn, &owner, ada.id).await.expect("detail").old_codes, ["ada"]);
    for code in ["ada", "countess"] {
        assert_eq!(fields(act!(pool, conn => change_code(conn, &moment(2), &owner, bob.id, code))), ["code"], "{code}");
    }
    act!(pool, conn => change_code(conn, &moment(3), &owner, ada.id, "ada")).expect("back to its own");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn standings_move_as_they_may_and_are_remembered(pool: PgPool) {
    use EnrollmentStatus::{Active, Banned, Paused, Pending};
    let owner = program(&pool).await;
    let input = NewPartner { status: Active, ..named("Ada") };
    let ada =
        act!(pool, conn => apply(conn, &moment(0), "acme", &input, &sign_up::Answered::default())).expect("applied");
    let read = async || {
        let conn = &mut *pool.acquire().await.expect("connection");
        detail(conn, &owner, ada.id).await.expect("detail")
    };
    assert_eq!(read().await.partner.status, Pending, "whatever was asked for");
    assert!(matches!(
        act!(pool, conn => set_status(conn, &moment(1), &owner, ada.id, Banned, "")),
        Err(Error::Conflict(_))
    ));
    let moves = [
        (Active, "Approved Ada"),
        (Paused, "Paused Ada"),
        (Active, "Resumed Ada"),
        (Banned, "Banned Ada"),
        (Active, "Lifted the ban of Ada"),
    ];
    for (minute, (status, words)) in (2..).zip(moves) {
        let told = act!(pool, conn => set_status(conn, &moment(minute), &owner, ada.id, status, "because"));
        assert_eq!(told.expect("moved"), words);
    }
    let history: Vec<_> = read().await.history.into_iter().map(|standing| standing.status).collect();
    assert_eq!(history, [Active, Banned, Active, Paused, Active, Pending]);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn lists_are_searched_filtered_sorted_and_paged(pool: PgPool) {
    let owner = program(&pool).await;
    for (minute, name) in (0..).zip(["Cy", "Ada", "Bob", "100% Sure", "Under_score"]) {
        act!(pool, conn => create(conn, &moment(minute), &owner, &NewPartner { email: format!("{minute}@partner.test"), ..named(name) })).expect("partner");
    }
    let conn = &mut *pool.acquire().await.expect("connection");
    let names = async |conn: &mut PgConnection, filter: PartnerFilter| -> Vec<String> {
        let mut names = Vec::new();
        let mut paging = Paging { cursor: None, limit: Some(2) };
        loop {
            let page = list(conn, &owner, &filter, &paging).await.expect("list");
            assert!(page.data.len() <= 2);
            names.extend(page.data.into_iter().map(|row| row.name));
            match page.next_cursor {
                Some(cursor) => paging.cursor = Some(cursor),
                None => return names,
            }
        }
    };
    let sorted = |sort| PartnerFilter { sort, ..PartnerFilter::default() };
    let newest = ["Under_score", "100% Sure", "Bob", "Ada", "Cy"];
    assert_eq!(names(conn, sorted(PartnerSort::Newest)).await, newest);
    assert_eq!(names(conn, sorted(PartnerSort::Name)).await, ["100% Sure", "Ada", "Bob", "Cy", "Under_score"]);
    assert_eq!(names(conn, sorted(PartnerSort::Due)).await, newest, "nobody is owed anything");
    let found = |search: &str| PartnerFilter { search: search.into(), ..PartnerFilter::default() };
    assert_eq!(names(conn, found("ADA")).await, ["Ada"]);
    assert_eq!(names(conn, found("0%")).await, ["100% Sure"], "a percent sign is a percent sign");
    assert_eq!(names(conn, found("r_s")).await, ["Under_score"]);
    assert!(names(conn, found("'; drop table enrollments; --")).await.is_empty());
    let paused = PartnerFilter { status: Some(EnrollmentStatus::Paused), ..PartnerFilter::default() };
    assert!(names(conn, paused).await.is_empty());
    assert_eq!(counts(conn, &owner, &PartnerFilter::default()).await.expect("counts")[0].partners, 5);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn offers_of_a_partner_are_checked(pool: PgPool) {
    let owner = program(&pool).await;
    let ada = act!(pool, conn => create(conn, &moment(0), &owner, &named("Ada"))).expect("partner");
    let offer = crate::offers::tests::sale_offer("Standard", 20);
    let offer = act!(pool, conn => offers::create(conn, &moment(1), &owner, &offer)).expect("offer");
    let choice =
        |rate: i64| OfferChoice { offer, overrides: vec![Override { reward: 0, rate: Rate::Percent(rate.into()) }] };
    act!(pool, conn => set_offers(conn, &moment(2), &owner, ada.id, &[choice(50)])).expect("set");
    let conn = &mut *pool.acquire().await.expect("connection");
    let detail = detail(conn, &owner, ada.id).await.expect("detail");
    assert_eq!(detail.offers[0].rewards[0].sentence, "50% of every sale");
    let wrong = OfferChoice { offer, overrides: vec![Override { reward: 7, rate: Rate::Percent(5.into()) }] };
    let refused = [
        (vec![choice(0)], "offers[0].overrides[0].rate"),
        (vec![choice(1), choice(2)], "offers[1].offer"),
        (vec![wrong], "offers[0].overrides[0].rate"),
        (vec![OfferChoice { offer: domain::ids::OfferId(id(9)), overrides: vec![] }], "offers[0].offer"),
    ];
    for (choices, field) in refused {
        assert_eq!(fields(act!(pool, conn => set_offers(conn, &moment(3), &owner, ada.id, &choices))), [field]);
    }
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn promo_codes_are_unique_switched_off_and_the_partners_own(pool: PgPool) {
    let owner = program(&pool).await;
    let ada = act!(pool, conn => create(conn, &moment(0), &owner, &named("Ada"))).expect("partner");
    let bob = act!(pool, conn => create(conn, &moment(0), &owner, &named("Bob"))).expect("partner");
    let code = |partner: &PartnerName, code: &str| NewPromoCode {
        partner: partner.id,
        code: code.into(),
        description: "20% off".into(),
    };
    let make = async |code: NewPromoCode| -> Result<PromoCodeId> {
        act!(pool, conn => promo_codes::create(conn, &moment(1), &owner, &code))
    };
    let made = make(code(&ada, "ADA20")).await.expect("made");
    assert_eq!(fields(make(code(&bob, "ada20")).await), ["code"]);
    make(code(&bob, "BOB20")).await.expect("made");
    act!(pool, conn => promo_codes::set_disabled(conn, &moment(2), &owner, made, true)).expect("off");
    act!(pool, conn => promo_codes::describe(conn, &moment(3), &owner, made, " 20% off for a year ")).expect("edited");
    let long = "x".repeat(201);
    let refused = act!(pool, conn => promo_codes::describe(conn, &moment(3), &owner, made, &long));
    assert_eq!(fields(refused), ["description"]);
    let details: serde_json::Value =
        sqlx::query_scalar("select details from audit_log where action = 'promo_code.edit' and subject = 'ADA20'")
            .fetch_one(&pool)
            .await
            .expect("audit");
    assert_eq!(details, json!({ "before": "20% off", "after": "20% off for a year" }));
    let as_ada = Actor::Partner { account: AccountId(id(3)), program: owner.program(), enrollment: ada.id };
    let conn = &mut *pool.acquire().await.expect("connection");
    let seen = promo_codes::list(conn, &as_ada, None, None, &Paging::default()).await.expect("list");
    assert_eq!(seen.data.iter().map(|row| (row.code.as_str(), row.disabled)).collect::<Vec<_>>(), [("ADA20", true)]);
    assert_eq!(seen.data[0].description, "20% off for a year");
    let other = promo_codes::list(conn, &as_ada, Some(bob.id), None, &Paging::default()).await;
    assert!(matches!(other, Err(Error::NotFound(_))));
    for (search, found) in [
        (None, vec!["ADA20", "BOB20"]),
        (Some("Ada2"), vec!["ADA20"]),
        (Some(" bob "), vec!["BOB20"]),
        (Some("%"), vec![]),
    ] {
        let seen = promo_codes::list(conn, &owner, None, search, &Paging::default()).await.expect("list");
        let mut codes: Vec<_> = seen.data.iter().map(|row| row.code.as_str()).collect();
        codes.sort_unstable();
        assert_eq!(codes, found, "{search:?}");
    }
    act!(pool, conn => erase(conn, &moment(3), &owner, ada.id)).expect("erased");
    let back = act!(pool, conn => promo_codes::set_disabled(conn, &moment(4), &owner, made, false));
    assert!(matches!(back, Err(Error::Conflict(_))), "a code of nobody stays off");
    let seen = promo_codes::list(conn, &owner, Some(ada.id), None, &Paging::default()).await.expect("list");
    assert!(seen.data[0].erased && seen.data[0].disabled);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_partner_makes_links_of_its_own_alone(pool: PgPool) {
    let owner = program(&pool).await;
    let ada = act!(pool, conn => create(conn, &moment(0), &owner, &named("Ada"))).expect("partner");
    let bob = act!(pool, conn => create(conn, &moment(0), &owner, &named("Bob"))).expect("partner");
    let as_ada = Actor::Partner { account: AccountId(id(3)), program: owner.program(), enrollment: ada.id };
    let make = async |partner: &PartnerName, input: NewLink| act!(pool, conn => links::create(conn, &moment(1), &as_ada, partner.id, &input));
    let coded = |code: &str| NewLink { code: Some(code.into()), ..NewLink::default() };
    let blog = make(&ada, coded("Blog")).await.expect("made");
    assert!(matches!(make(&bob, coded("bob-2")).await, Err(Error::NotFound(_))));
    for code in ["blog", "BOB", "api", "x"] {
        assert_eq!(fields(make(&ada, coded(code)).await), ["code"], "{code}");
    }
    for to in ["https://evil.test", "https://acme.test@evil.test", "//evil.test/a", "javascript:alert(1)"] {
        let input = NewLink { destination: Some(to.into()), ..NewLink::default() };
        assert_eq!(fields(make(&ada, input).await), ["destination"], "{to}");
    }
    let shop = NewLink { destination: Some("https://shop.acme.test/deal".into()), ..NewLink::default() };
    let shop = make(&ada, shop).await.expect("an allowed host");
    assert!(shop.code.starts_with("ada-"), "{}", shop.code);
    let pricing = NewLink { destination: Some(" /pricing?a=1".into()), ..coded("pricing") };
    assert_eq!(make(&ada, pricing).await.expect("a path").destination, "https://acme.test/pricing?a=1");

    act!(pool, conn => links::rename(conn, &moment(2), &as_ada, blog.id, "journal")).expect("renamed");
    act!(pool, conn => links::set_disabled(conn, &moment(3), &as_ada, shop.id, true)).expect("off");
    let table = links::LinkTable::load(&pool).await.expect("table");
    assert_eq!(table.find("acme", "blog").map(|found| found.link), Some(blog.id), "the old code leads on");
    assert_eq!(table.find("acme", "Journal").map(|found| found.link), Some(blog.id));
    assert!(table.find("acme", &shop.code).is_none() && table.find("other", "journal").is_none());
    let conn = &mut *pool.acquire().await.expect("connection");
    let own = links::list(conn, &as_ada, ada.id, &Paging::default()).await.expect("links").data;
    assert_eq!(own.len(), 4);
    assert!(own[0].is_default);
    let as_bob = Actor::Partner { account: AccountId(id(3)), program: owner.program(), enrollment: bob.id };
    assert!(matches!(links::rename(conn, &moment(4), &as_bob, blog.id, "mine").await, Err(Error::NotFound("link"))));
    assert!(matches!(links::list(conn, &as_bob, ada.id, &Paging::default()).await, Err(Error::NotFound(_))));
    let default = own[0].id;
    let utm = Utm { source: " newsletter ".into(), ..Utm::default() };
    let destination = Some("/spring".into());
    let spring = LinkEdit { name: "Spring".into(), destination, sub_id: "footer".into(), utm: utm.trimmed() };
    links::edit(conn, &moment(4), &as_ada, default, &spring).await.expect("changed");
    let changed = links::get(conn, &as_ada, default).await.expect("found");
    assert_eq!(changed.destination, "https://acme.test/spring");
    assert_eq!(
        (changed.name.as_str(), changed.sub_id.as_str(), changed.utm.source.as_str()),
        ("Spring", "footer", "newsletter")
    );
    let table = links::LinkTable::load(&pool).await.expect("table");
    let campaign = table.find("acme", &changed.code).expect("found").campaign.expect("a campaign");
    assert_eq!((campaign.sub_id.as_str(), campaign.query.as_str()), ("footer", "sub=footer&utm_source=newsletter"));
    let bad = LinkEdit {
        name: "x\ny".into(),
        destination: Some("https://evil.test".into()),
        sub_id: "x".repeat(101),
        utm: Utm { term: "\0".into(), ..Utm::default() },
    };
    assert_eq!(
        fields(links::edit(conn, &moment(4), &as_ada, default, &bad).await),
        ["name", "sub_id", "destination", "utm_term"]
    );
    assert!(matches!(links::edit(conn, &moment(4), &as_bob, default, &spring).await, Err(Error::NotFound("link"))));
    assert!(matches!(links::get(conn, &as_bob, default).await, Err(Error::NotFound(_))));
    assert!(matches!(links::set_disabled(conn, &moment(4), &as_ada, default, true).await, Err(Error::Conflict(_))));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_partner_switches_on_what_it_switched_off_alone(pool: PgPool) {
    let owner = program(&pool).await;
    let ada = act!(pool, conn => create(conn, &moment(0), &owner, &named("Ada"))).expect("partner");
    let as_ada = Actor::Partner { account: AccountId(id(3)), program: owner.program(), enrollment: ada.id };
    let blog = NewLink { code: Some("blog".into()), ..NewLink::default() };
    let blog = act!(pool, conn => links::create(conn, &moment(1), &as_ada, ada.id, &blog)).expect("made").id;
    let conn = &mut *pool.acquire().await.expect("connection");
    links::set_disabled(conn, &moment(2), &as_ada, blog, true).await.expect("off");
    links::set_disabled(conn, &moment(2), &as_ada, blog, false).await.expect("on");
    links::set_disabled(conn, &moment(3), &owner, blog, true).await.expect("off, by the team");
    links::set_disabled(conn, &moment(4), &as_ada, blog, true).await.expect("off already");
    assert!(matches!(links::set_disabled(conn, &moment(4), &as_ada, blog, false).await, Err(Error::Conflict(_))));
    links::set_disabled(conn, &moment(5), &owner, blog, false).await.expect("on, by the team");
    links::set_disabled(conn, &moment(6), &as_ada, blog, true).await.expect("off");
    links::set_disabled(conn, &moment(6), &as_ada, blog, false).await.expect("its own");
    set_status(conn, &moment(7), &owner, ada.id, EnrollmentStatus::Paused, "").await.expect("paused");
    assert!(matches!(links::set_disabled(conn, &moment(8), &as_ada, blog, true).await, Err(Error::Conflict(_))));
    assert!(matches!(links::rename(conn, &moment(8), &as_ada, blog, "journal").await, Err(Error::Conflict(_))));
    links::rename(conn, &moment(8), &owner, blog, "journal").await.expect("renamed by the team");
}
