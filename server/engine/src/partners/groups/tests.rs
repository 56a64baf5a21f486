use super::*;
use crate::fixtures::{World, checks, dec, per_signup, percent, refused};
use crate::offers::{move_default, my_programs, of_partner, past};
use crate::partners::{detail, set_offers as set_own};
use domain::accounts::{Role, Session};
use domain::offers::{OfferInput, Rate, RateOf, Tier, TierMeasure, Tiers};
use domain::partners::OfferChoice;
use sqlx::PgPool;

fn choice(offer: OfferId, rate: Option<&str>) -> OfferChoice {
    let overrides = rate.map(|rate| Override { reward: 0, rate: Rate::Percent(dec(rate)) });
    OfferChoice { offer, overrides: overrides.into_iter().collect() }
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_group_s_offers_go_first_and_a_partner_s_own_rate_before_the_group_s(pool: PgPool) {
    let world = World::new(pool).await;
    let standard = world.offer("Standard", &[percent("10"), per_signup("1")]).await;
    let ada = world.partner("ada").await;
    let tiers =
        Tiers { by: TierMeasure::Customers, steps: vec![Tier { from: 1.into(), rate: Rate::Percent(dec("90")) }] };
    let vip = world.offer("VIP", &[Reward { tiers: Some(tiers), ..percent("20") }]).await;
    let (owner, moment) = (world.owner(), world.moment());
    let mut conn = world.pool.acquire().await.expect("connection");
    let input = GroupInput { name: "Creators".into(), offers: vec![choice(vip, Some("25"))] };
    let group = create(&mut conn, &moment, &owner, &input).await.expect("group");
    put(&mut conn, &world.moment(), &owner, ada.id, Some(group)).await.expect("put");
    let signed_up = world.signed_up("c1", &ada).await;
    assert_eq!(signed_up.commissions[0].amount, dec("1"), "its own offer pays where the group's don't");
    let sold = world.sold("c1", "100").await;
    assert_eq!(sold.commissions[0].amount, dec("25"));
    assert_eq!(checks(&sold.why), "+referral +offer +rate +amount -offer");
    assert_eq!(sold.why.0[2].detail, "The group “Creators” has a rate of its own, which goes before the offer's.");
    set_own(&mut conn, &world.moment(), &owner, ada.id, &[choice(standard, None), choice(vip, Some("30"))])
        .await
        .expect("own offers");
    world.signed_up("c2", &ada).await;
    assert_eq!(world.sold("c2", "100").await.commissions[0].amount, dec("30"));
    assert_eq!(world.sold("c1", "100").await.commissions[0].amount, dec("25"), "terms stay as they were");

    let shown = detail(&mut conn, &owner, ada.id).await.expect("detail");
    assert_eq!(shown.group.expect("group").name, "Creators");
    let places: Vec<_> =
        shown.offers.iter().map(|offer| (offer.name.as_str(), offer.group.as_str(), offer.own)).collect();
    assert_eq!(places, [("VIP", "Creators", true), ("Standard", "", true)]);
    assert_eq!(shown.offers[0].rates, [RateOf::Partner]);
    let hers = Actor::Partner { account: world.owner, program: world.program, enrollment: ada.id };
    let mine = of_partner(&mut conn, &hers, ada.id).await.expect("mine");
    assert_eq!(
        mine[0].examples,
        ["A customer pays €100.00 → you earn €30.00, for as long as they pay, held 30 days for refunds"]
    );
    let bob = world.partner("bob").await;
    assert!(matches!(of_partner(&mut conn, &hers, bob.id).await, Err(Error::NotFound(_))));
    let found = past(&mut conn, &owner, vip).await.expect("past");
    assert_eq!((found.count, found.groups.len(), found.versions.len()), (2, 1, 1), "bob has it as a default offer");
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn rates_stay_with_their_rewards_when_these_move(pool: PgPool) {
    let world = World::new(pool).await;
    let standard = world.offer("Standard", &[percent("10"), per_signup("1")]).await;
    let ada = world.partner("ada").await;
    let (owner, moment) = (world.owner(), world.moment());
    let mut conn = world.pool.acquire().await.expect("connection");
    let input = GroupInput { name: "Creators".into(), offers: vec![choice(standard, Some("35"))] };
    let group = create(&mut conn, &moment, &owner, &input).await.expect("group");
    put(&mut conn, &world.moment(), &owner, ada.id, Some(group)).await.expect("put");
    set_own(&mut conn, &world.moment(), &owner, ada.id, &[choice(standard, Some("40"))]).await.expect("own");
    let offer = |rewards: &[Reward]| OfferInput {
        name: "Standard".into(),
        description: String::new(),
        rewards: rewards.to_vec(),
        is_default: true,
    };
    let mut rewards = |rewards: &[Reward], places: &'static [Option<u32>]| {
        let (input, moment, owner, pool) = (offer(rewards), world.moment(), owner.clone(), world.pool.clone());
        async move {
            let mut conn = pool.begin().await.expect("transaction");
            crate::offers::edit(&mut conn, &moment, &owner, standard, &input, places).await?;
            conn.commit().await.expect("committed");
            Ok::<(), Error>(())
        }
    };
    let rates = async || {
        let conn = &mut *world.pool.acquire().await.expect("connection");
        sqlx::query_scalar!(
            r#"select string_agg(overrides::text, ' ' order by overrides::text) as "rates!" from (
                   select overrides from enrollment_offers where enrollment_id = $1
                   union all select overrides from partner_group_offers where group_id = $2) as both_"#,
            ada.id.0,
            group.0
        )
        .fetch_one(conn)
        .await
        .expect("rates")
    };
    assert_eq!(
        rates().await,
        r#"[{"rate": {"percent": "35"}, "reward": 0}] [{"rate": {"percent": "40"}, "reward": 0}]"#
    );
    rewards(&[per_signup("2"), percent("12")], &[Some(1), Some(0)]).await.expect("moved down");
    assert_eq!(
        rates().await,
        r#"[{"rate": {"percent": "35"}, "reward": 1}] [{"rate": {"percent": "40"}, "reward": 1}]"#
    );
    let misfit = rewards(&[per_signup("2"), per_signup("3")], &[Some(0), Some(1)]).await;
    assert!(refused(misfit).starts_with("rewards[1].trigger: A partner or a group has a rate"));
    rewards(&[per_signup("2"), percent("12")], &[Some(0), None]).await.expect("the same, nothing new");
    rewards(&[per_signup("2")], &[Some(0)]).await.expect("without the sale");
    assert_eq!(rates().await, "[] []");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn groups_are_refused_by_field_and_stay_while_partners_are_in_them(pool: PgPool) {
    let world = World::new(pool).await;
    let standard = world.offer("Standard", &[percent("10")]).await;
    let ada = world.partner("ada").await;
    let owner = world.owner();
    let mut conn = world.pool.acquire().await.expect("connection");
    let with = |name: &str, offers: Vec<OfferChoice>| GroupInput { name: name.into(), offers };
    let group = create(&mut conn, &world.moment(), &owner, &with("Creators", Vec::new())).await.expect("group");
    let taken = create(&mut conn, &world.moment(), &owner, &with("CREATORS ", Vec::new())).await;
    assert_eq!(refused(taken), "name: There is a group with this name. Choose another.");
    let wrong = with("", vec![choice(standard, Some("101")), choice(world.moment().id(), None)]);
    assert_eq!(
        refused(edit(&mut conn, &world.moment(), &owner, group, &wrong).await),
        "name: Must not be empty.\noffers[0].overrides[0].rate: Use a percentage above 0, at most 100.\n\
         offers[1].offer: There is no such offer."
    );
    edit(&mut conn, &world.moment(), &owner, group, &with("Makers", vec![choice(standard, None)]))
        .await
        .expect("edited");
    let nowhere = put(&mut conn, &world.moment(), &owner, ada.id, Some(world.moment().id())).await;
    assert_eq!(refused(nowhere), "group: There is no such group.");
    put(&mut conn, &world.moment(), &owner, ada.id, Some(group)).await.expect("put");
    assert_eq!(get(&mut conn, &owner, group).await.expect("group").members, 1);
    let busy = remove(&mut conn, &world.moment(), &owner, group).await;
    assert!(matches!(busy, Err(Error::Conflict(_))), "{busy:?}");
    put(&mut conn, &world.moment(), &owner, ada.id, None).await.expect("out");
    for role in [Role::Finance, Role::Viewer] {
        let admin = world.admin(role);
        assert!(matches!(remove(&mut conn, &world.moment(), &admin, group).await, Err(Error::Forbidden)), "{role}");
        assert!(matches!(put(&mut conn, &world.moment(), &admin, ada.id, None).await, Err(Error::Forbidden)), "{role}");
    }
    let other = world.another("other").await;
    assert!(matches!(remove(&mut conn, &other.moment(), &other.owner(), group).await, Err(Error::NotFound(_))));
    remove(&mut conn, &world.moment(), &owner, group).await.expect("removed");
    assert!(list(&mut conn, &owner).await.expect("groups").is_empty());
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn default_offers_change_places(pool: PgPool) {
    let world = World::new(pool).await;
    let mut offers = Vec::new();
    for name in ["A", "B", "C"] {
        offers.push(world.offer(name, &[percent("10")]).await);
    }
    let mut conn = world.pool.acquire().await.expect("connection");
    let owner = world.owner();
    move_default(&mut conn, &world.moment(), &owner, offers[2], true).await.expect("moved");
    move_default(&mut conn, &world.moment(), &owner, offers[0], false).await.expect("moved");
    move_default(&mut conn, &world.moment(), &owner, offers[2], true).await.expect("first already");
    let names: Vec<_> =
        crate::offers::list(&mut conn, &owner).await.expect("offers").into_iter().map(|offer| offer.name).collect();
    assert_eq!(names, ["C", "A", "B"]);
    let viewer = world.admin(Role::Viewer);
    assert!(matches!(move_default(&mut conn, &world.moment(), &viewer, offers[0], true).await, Err(Error::Forbidden)));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn my_programs_are_those_of_the_account_alone(pool: PgPool) {
    let world = World::new(pool).await;
    world.offer("Standard", &[percent("10")]).await;
    let (ada, _bob) = (world.partner("ada").await, world.partner("bob").await);
    let other = world.another("other").await;
    let elsewhere = other.partner("ada").await;
    for (world, partner) in [(&world, &ada), (&other, &elsewhere)] {
        sqlx::query("insert into enrollment_accounts (program_id, enrollment_id, account_id, created_at) values ($1, $2, $3, $4)")
            .bind(world.program)
            .bind(partner.id)
            .bind(world.owner)
            .bind(world.at)
            .execute(&world.pool)
            .await
            .expect("account");
    }
    let session = |only_program| Session {
        account: world.owner,
        name: "Ada".into(),
        email: "ada@partners.example".into(),
        language: "en".into(),
        second_factor: false,
        confirmed_at: world.at,
        expires_at: world.at,
        only_program,
    };
    let mut conn = world.pool.acquire().await.expect("connection");
    let all = my_programs(&mut conn, &session(None)).await.expect("programs");
    let told: Vec<_> = all.iter().map(|one| (one.slug.as_str(), one.partner.id, one.offers.len())).collect();
    assert_eq!(told, [("acme", ada.id, 1), ("other", elsewhere.id, 0)]);
    let one = my_programs(&mut conn, &session(Some(other.program))).await.expect("programs");
    assert_eq!(one.len(), 1, "a company's link opens one program");
}
