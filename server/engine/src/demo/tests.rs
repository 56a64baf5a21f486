use super::*;
use crate::ledger;
use domain::accounts::Actor;
use domain::payments::PayoutKind;

fn options(partners: u32, clicks: u64) -> Options {
    Options {
        at: "2027-06-15T12:34:56Z".parse().expect("instant"),
        partners,
        months: 3,
        clicks,
        seed: 1,
        public_url: "http://127.0.0.1:3000".into(),
        files: crate::files::Store::memory(),
    }
}

fn secrets() -> Secrets {
    Secrets::new("a secret for tests that is long enough").expect("secrets")
}

/// What came out, without what is salted.
async fn picture(pool: &PgPool) -> Vec<(String, i64)> {
    let query = "select 'clicks', count(*) from clicks union all select 'sales', count(*) from sales
                 union all select 'refunds', count(*) from refunds
                 union all select 'commissions ' || status, count(*) from commissions group by status
                 union all select 'entries ' || account, (sum(amount) * 100)::bigint from entries group by account
                 union all select 'partners ' || status, count(*) from enrollments group by status
                 union all select 'leads ' || stage, count(*) from leads group by stage
                 union all select 'assets ' || kind, count(*) from assets group by kind
                 union all select 'payments ' || status, count(*) from payments group by status order by 1";
    sqlx::query_as(query).fetch_all(pool).await.expect("picture")
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_small_demo_is_sound_lively_and_made_once(pool: PgPool) {
    let options = options(12, 4_000);
    let built = build(&pool, &secrets(), &options).await.expect("built");
    let Outcome::Built { clicks, sales, commissions } = built else { panic!("{built:?}") };
    assert!(clicks >= 4_000 && sales > 50 && commissions > 50, "{built:?}");
    let broken = ledger::verify(&pool).await.expect("verified");
    assert!(broken.is_empty(), "{broken:?}");
    let picture = picture(&pool).await;
    for what in [
        "commissions held",
        "commissions due",
        "commissions paid",
        "partners pending",
        "partners paused",
        "leads new",
        "leads qualified",
        "leads unqualified",
        "leads closed_won",
        "leads closed_lost",
        "assets banner",
        "assets email",
        "assets social",
        "assets page",
        "assets file",
    ] {
        assert!(picture.iter().any(|(word, count)| word == what && *count > 0), "{what} in {picture:?}");
    }
    let suspicious: i64 = sqlx::query_scalar(
        "select count(*) from commissions c join programs p on p.id = c.program_id
         where p.slug = 'acme' and c.status = 'review' and c.why::text like '%throw-away%'",
    )
    .fetch_one(&pool)
    .await
    .expect("review");
    assert!(suspicious > 0, "nothing is in review");
    let methods: Vec<String> = sqlx::query_scalar(
        "select distinct payout_method from enrollments where payout_details is not null and country <> '' order by 1",
    )
    .fetch_all(&pool)
    .await
    .expect("methods");
    assert_eq!(methods, [PayoutKind::Iban.as_str(), PayoutKind::Paypal.as_str()]);
    let same = sqlx::query_scalar!(
        r#"select (select count(*) from clicks) = (select sum(clicks) from click_days)
               and not exists (select from clicks_default) as "same!""#
    );
    assert!(same.fetch_one(&pool).await.expect("rollups"));
    assert_eq!(build(&pool, &secrets(), &options).await.expect("again"), Outcome::AlreadyThere);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn what_is_added_in_bulk_is_sound(pool: PgPool) {
    let options = options(6, 1_000);
    build(&pool, &secrets(), &options).await.expect("built");
    let program =
        sqlx::query_scalar!("select id from programs where slug = 'acme'").fetch_one(&pool).await.expect("acme");
    let owner = Actor::System { program: program.into() };
    let start = options.at - chrono::Duration::days(90);
    let more = bulk::More { start, at: options.at, partners: 40, clicks: 10_000 };
    bulk::add(&pool, &secrets(), &owner, &more).await.expect("added");
    let broken = ledger::verify(&pool).await.expect("verified");
    assert!(broken.is_empty(), "{broken:?}");
    let added = sqlx::query_scalar!(r#"select count(*) as "n!" from commissions where why::text like '%Volume%'"#);
    assert_eq!(added.fetch_one(&pool).await.expect("count"), 400);
    let same = sqlx::query_scalar!(
        r#"select (select count(*) from clicks) = (select sum(clicks) from click_days) as "same!""#
    );
    assert!(same.fetch_one(&pool).await.expect("rollups"));
}
