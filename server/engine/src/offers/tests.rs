use super::*;
use crate::partners;
use crate::partners::tests::{act, moment, named, program};
use domain::offers::{Duration, Rate, Trigger};
use sqlx::PgPool;

/// So many percent of every sale, held 30 days, for new partners.
pub(crate) fn sale_offer(name: &str, percent: i64) -> OfferInput {
    let reward = Reward {
        trigger: Trigger::Sale,
        rate: Rate::Percent(percent.into()),
        duration: Duration::Lifetime,
        hold_days: 30,
        product: None,
        minimum: None,
        cap: None,
        tiers: None,
    };
    OfferInput { name: name.into(), description: String::new(), rewards: vec![reward], is_default: true }
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn an_edit_is_a_new_version_and_keeps_the_old(pool: PgPool) {
    let owner = program(&pool).await;
    let offer = act!(pool, conn => create(conn, &moment(0), &owner, &sale_offer("Standard", 20))).expect("offer");
    act!(pool, conn => edit(conn, &moment(1), &owner, offer, &sale_offer("Standard", 30), &[Some(0)])).expect("edited");
    act!(pool, conn => edit(conn, &moment(2), &owner, offer, &sale_offer("Renamed", 30), &[Some(0)])).expect("renamed");
    let conn = &mut *pool.acquire().await.expect("connection");
    let row = get(conn, &owner, offer).await.expect("offer");
    assert_eq!((row.version, row.name.as_str()), (2, "Renamed"), "a name is no version");
    assert_eq!(row.words[0].sentence, "30% of every sale");
    let versions =
        sqlx::query!(r#"select version, rewards as "rewards: Json<Vec<Reward>>" from offer_versions order by 1"#)
            .fetch_all(conn)
            .await
            .expect("versions");
    assert_eq!(versions.len(), 2);
    assert_eq!(versions[0].rewards[0].rate, Rate::Percent(20.into()));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn default_offers_have_an_order_and_archived_ones_come_back_to_their_place(pool: PgPool) {
    let owner = program(&pool).await;
    let mut offers = Vec::new();
    for (minute, name) in (0..).zip(["A", "B", "C"]) {
        let offer = act!(pool, conn => create(conn, &moment(minute), &owner, &sale_offer(name, 20))).expect("offer");
        offers.push(offer);
    }
    let not_default = OfferInput { is_default: false, ..sale_offer("B", 20) };
    act!(pool, conn => edit(conn, &moment(5), &owner, offers[1], &not_default, &[Some(0)])).expect("edited");
    let names = async || -> Vec<(String, Option<i32>)> {
        let conn = &mut *pool.acquire().await.expect("connection");
        let rows = list(conn, &owner).await.expect("list");
        rows.into_iter().map(|row| (row.name, row.default_position)).collect()
    };
    assert_eq!(names().await, [("A".into(), Some(0)), ("C".into(), Some(2)), ("B".into(), None)]);
    act!(pool, conn => set_archived(conn, &moment(6), &owner, offers[0], true)).expect("archived");
    assert_eq!(names().await, [("C".into(), Some(2)), ("B".into(), None), ("A".into(), Some(0))]);
    let edited = act!(pool, conn => edit(conn, &moment(8), &owner, offers[0], &sale_offer("A", 5), &[Some(0)]));
    assert!(matches!(edited, Err(Error::Conflict(_))));
    act!(pool, conn => create(conn, &moment(9), &owner, &sale_offer("D", 20))).expect("offer");
    let enrolled = async |name: &str| -> Vec<String> {
        let partner = act!(pool, conn => partners::create(conn, &moment(10), &owner, &named(name))).expect("partner");
        let conn = &mut *pool.acquire().await.expect("connection");
        let detail = partners::detail(conn, &owner, partner.id).await.expect("detail");
        detail.offers.into_iter().map(|offer| offer.name).collect()
    };
    assert_eq!(enrolled("Ada").await, ["C", "D"]);
    act!(pool, conn => set_archived(conn, &moment(11), &owner, offers[0], false)).expect("taken back");
    assert_eq!(
        names().await,
        [("A".into(), Some(0)), ("C".into(), Some(2)), ("D".into(), Some(3)), ("B".into(), None)]
    );
    assert_eq!(enrolled("Ben").await, ["A", "C", "D"]);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn rewards_are_refused_by_field(pool: PgPool) {
    let owner = program(&pool).await;
    let with = |change: fn(&mut OfferInput)| {
        let mut input = sale_offer("Standard", 20);
        change(&mut input);
        input
    };
    let refused: [(OfferInput, &[&str]); 7] = [
        (with(|input| input.name = " ".into()), &["name"]),
        (with(|input| input.rewards.clear()), &["rewards"]),
        (with(|input| input.rewards[0].rate = Rate::Percent(101.into())), &["rewards[0].rate"]),
        (with(|input| input.rewards[0].rate = Rate::Flat((-1).into())), &["rewards[0].rate"]),
        (with(|input| input.rewards[0].trigger = Trigger::SignUp), &["rewards[0].rate"]),
        (with(|input| input.rewards[0].duration = Duration::Months(0)), &["rewards[0].duration"]),
        (
            with(|input| {
                input.rewards.push(input.rewards[0].clone());
                input.rewards[1].minimum = Some(5.into());
                input.rewards[1].cap = Some(4.into());
            }),
            &["rewards[1].minimum"],
        ),
    ];
    for (input, fields) in refused {
        match act!(pool, conn => create(conn, &moment(0), &owner, &input)) {
            Err(Error::Invalid(errors)) => {
                assert_eq!(errors.iter().map(|error| error.field.as_str()).collect::<Vec<_>>(), fields);
            }
            other => panic!("{fields:?}: {other:?}"),
        }
    }
}
