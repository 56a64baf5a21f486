use super::*;
use crate::accounts::tests::{owner, program};
use crate::accounts::{SignIn, session, sign_in};
use domain::page::Paging;
use domain::programs::AuditFilter;
use rust_decimal::Decimal;

fn new(slug: &str) -> NewProgram {
    NewProgram {
        name: "Acme".into(),
        slug: slug.into(),
        currency: "EUR".into(),
        time_zone: "Europe/Berlin".into(),
        description: "Recommend Acme.".into(),
        website: "https://acme.example/".into(),
    }
}

fn input(program: &Program) -> ProgramInput {
    ProgramInput {
        name: program.name.clone(),
        currency: program.currency.to_string(),
        time_zone: program.time_zone.clone(),
        description: "Recommend Acme.".into(),
        website: program.website.clone(),
        allowed_hosts: vec!["Shop.acme.example".into()],
        window_days: 30,
        lead_window_days: 90,
        click_model: ClickModel::First,
        self_referral: SelfReferralRule::Refuse,
        review_commissions: true,
        consent_required: false,
        minimum_payment: Decimal::new(2500, 2),
        payment_day: 15,
        mask_customers: true,
    }
}

fn fields(error: Error) -> Vec<String> {
    match error {
        Error::Invalid(errors) => errors.into_iter().map(|error| error.field).collect(),
        other => panic!("{other}"),
    }
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_program_is_created_by_members_alone(pool: PgPool) {
    let owner = owner(&pool).await;
    let moment = Moment::now();
    let typed = SignIn {
        who: "olga@acme.example".into(),
        program: None,
        password: "correct horse battery".into(),
        user_agent: String::new(),
        keep: false,
    };
    let token = sign_in(&pool, &moment, &typed).await.expect("signed in").token;
    let mut conn = pool.acquire().await.expect("connection");
    let olga = session(&mut conn, &moment, &token).await.expect("answer").expect("session");
    drop(conn);
    let acme = create(&pool, &moment, &olga, owner.organization, &new("acme")).await.expect("created");
    assert_eq!((acme.window_days, acme.click_model), (60, ClickModel::Last));
    assert_eq!(acme.description, "Recommend Acme.");
    let taken = create(&pool, &moment, &olga, owner.organization, &new("acme")).await.expect_err("taken");
    assert_eq!(fields(taken), ["slug"]);
    let bad = NewProgram { time_zone: "Europe/Nowhere".into(), currency: "XXX".into(), ..new("Bad Slug") };
    let bad = create(&pool, &moment, &olga, owner.organization, &bad).await.expect_err("bad");
    assert_eq!(fields(bad), ["slug", "currency", "time_zone"]);
    let both = NewProgram { currency: "XXX".into(), ..new("acme") };
    let both = create(&pool, &moment, &olga, owner.organization, &both).await.expect_err("both");
    assert_eq!(fields(both), ["currency", "slug"], "a taken name is told with the rest");
    let long = NewProgram { description: "x".repeat(2_001), ..new("other") };
    let long = create(&pool, &moment, &olga, owner.organization, &long).await.expect_err("long");
    assert_eq!(fields(long), ["description"]);
    let stranger = Session { account: moment.id(), ..olga.clone() };
    assert!(matches!(
        create(&pool, &moment, &stranger, owner.organization, &new("other")).await,
        Err(Error::NotFound(_))
    ));
    let by_link = Session { only_program: Some(acme.id), ..olga };
    assert!(matches!(
        create(&pool, &moment, &by_link, owner.organization, &new("other")).await,
        Err(Error::NotFound(_))
    ));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_new_program_is_told_its_next_steps_until_all_are_done_or_put_away(pool: PgPool) {
    use domain::payments::{PayoutKind, PayoutMethod};
    use domain::programs::Checklist;
    let owner = owner(&pool).await;
    let (admin, acme) = program(&pool, owner, "acme").await;
    let as_role = |role| match admin.clone() {
        Actor::Admin { account, organization, program, .. } => Actor::Admin { account, organization, program, role },
        other => other,
    };
    let moment = Moment::now();
    let left = async |actor: &Actor| {
        let mut conn = pool.acquire().await.expect("connection");
        checklist(&mut conn, actor).await.expect("checklist")
    };
    let none = Checklist {
        offer: false,
        brand: false,
        welcome: false,
        terms: false,
        sites: false,
        payout_methods: false,
        partners: false,
        connected: false,
    };
    assert_eq!(left(&admin).await, Some(none));
    assert_eq!(left(&as_role(Role::Manager)).await, Some(none));
    assert_eq!(left(&as_role(Role::Viewer)).await, None, "who can do none of it is not told");

    update(&pool, &moment, &admin, &input(&acme)).await.expect("a host");
    let mut conn = pool.acquire().await.expect("connection");
    crate::portal::publish(&mut conn, &moment, &admin, "Be honest.", true).await.expect("terms");
    let cheque = PayoutMethod { kind: PayoutKind::Cheque, offered: false, countries: Vec::new(), minimum: None };
    crate::payments::methods::set(&mut conn, &moment, &admin, &[cheque]).await.expect("method");
    let some = Checklist { sites: true, terms: true, payout_methods: true, ..none };
    assert_eq!(left(&admin).await, Some(some));

    for rest in [
        "with offer as (
             insert into offers (program_id, id, name, version, created_at) values ($1, $1, 'Standard', 1, now()))
         insert into offer_versions (program_id, offer_id, version, rewards, created_at)
         values ($1, $1, 1, '[]', now())",
        "update portals set welcome = 'Hello', brand = 'Acme' where program_id = $1",
        "insert into enrollments (program_id, id, status, code, name, created_at)
         values ($1, $1, 'active', 'ada', 'Ada', now())",
    ] {
        sqlx::query(rest).bind(acme.id).execute(&mut *conn).await.expect("done");
    }
    let most = Checklist { offer: true, brand: true, welcome: true, partners: true, ..some };
    assert_eq!(left(&admin).await, Some(most));
    sqlx::query(
        "insert into api_keys (program_id, id, name, scopes, prefix, key_hash, created_at)
         values ($1, $1, 'Shop', '{}', 'x', 'x', now())",
    )
    .bind(acme.id)
    .execute(&mut *conn)
    .await
    .expect("key");
    assert_eq!(left(&admin).await, None, "all is done");
    sqlx::query("update api_keys set revoked_at = created_at").execute(&mut *conn).await.expect("revoked");
    assert_eq!(left(&admin).await, Some(most));

    let refused = hide_checklist(&mut conn, &moment, &as_role(Role::Viewer)).await;
    assert!(matches!(refused, Err(Error::Forbidden)));
    hide_checklist(&mut conn, &moment, &admin).await.expect("hidden");
    assert_eq!(left(&admin).await, None);
    let copied = domain::programs::ProgramCopy { name: "Test".into(), slug: "acme-test".into() };
    let copied = copy(&pool, &moment, &admin, &copied).await.expect("copied");
    let of_copy = match admin.clone() {
        Actor::Admin { account, organization, role, .. } => {
            Actor::Admin { account, organization, role, program: copied.id }
        }
        other => other,
    };
    assert_eq!(left(&of_copy).await, None, "a sandbox is a copy of what is set up");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn settings_change_and_say_what_changed(pool: PgPool) {
    let (admin, acme) = program(&pool, owner(&pool).await, "acme").await;
    let moment = Moment::now();
    let viewer = match admin.clone() {
        Actor::Admin { account, organization, program, .. } => {
            Actor::Admin { account, organization, program, role: Role::Viewer }
        }
        other => other,
    };
    assert!(matches!(update(&pool, &moment, &viewer, &input(&acme)).await, Err(Error::Forbidden)));
    let after = update(&pool, &moment, &admin, &input(&acme)).await.expect("changed");
    assert_eq!(after.program.allowed_hosts, ["shop.acme.example"]);
    let free = ProgramInput { currency: "USD".into(), time_zone: "Asia/Tokyo".into(), ..input(&acme) };
    let after = update(&pool, &moment, &admin, &free).await.expect("before the ledger begins");
    assert_eq!((after.program.time_zone.as_str(), after.next_time_zone), ("Asia/Tokyo", None));

    sqlx::query(
        "insert into journals (program_id, id, kind, idempotency_key, occurred_at, posted_at)
         values ($1, $1, 'adjustment', 'test', $2, $2)",
    )
    .bind(acme.id)
    .bind(moment.at)
    .execute(&pool)
    .await
    .expect("journal");
    let fixed = update(&pool, &moment, &admin, &input(&acme)).await.expect_err("fixed");
    assert_eq!(fields(fixed), ["currency"]);
    let later = ProgramInput { currency: "USD".into(), ..input(&acme) };
    let after = update(&pool, &Moment::now(), &admin, &later).await.expect("changed");
    assert_eq!(after.program.time_zone, "Asia/Tokyo", "until the month ends");
    assert_eq!(after.next_time_zone.as_deref(), Some("Europe/Berlin"));

    let mut conn = pool.acquire().await.expect("connection");
    let all = AuditFilter::default();
    let first = Paging { cursor: None, limit: Some(2) };
    let page = audit::list(&mut conn, &admin, &all, &first).await.expect("page");
    assert_eq!(page.data.len(), 2);
    assert_eq!(page.data[0].details, "Next time zone: none → Europe/Berlin");
    let rest = Paging { cursor: page.next_cursor, limit: Some(2) };
    let page = audit::list(&mut conn, &admin, &all, &rest).await.expect("page");
    assert_eq!((page.data.len(), page.next_cursor), (1, None));
    let none = AuditFilter { search: "%".into(), ..all.clone() };
    assert!(audit::list(&mut conn, &admin, &none, &first).await.expect("page").data.is_empty(), "no wildcard");
    let today = moment.at.with_timezone(&chrono_tz::Asia::Tokyo).date_naive();
    let of_today = AuditFilter { from: Some(today), to: Some(today), search: "PROGRAM".into(), ..all.clone() };
    assert_eq!(audit::list(&mut conn, &admin, &of_today, &Paging::default()).await.expect("page").data.len(), 3);
    let in_words = AuditFilter { search: " settings Changed".into(), ..all.clone() };
    assert_eq!(audit::list(&mut conn, &admin, &in_words, &Paging::default()).await.expect("page").data.len(), 3);
    for absurd in ["-9999-01-01", "-262143-01-01", "+262142-12-31"] {
        let absurd = AuditFilter { from: absurd.parse().ok(), to: absurd.parse().ok(), ..all.clone() };
        let refused = audit::list(&mut conn, &admin, &absurd, &Paging::default()).await.expect_err("refused");
        assert_eq!(fields(refused), ["from", "to"]);
    }
    let forged = Paging { cursor: Some("'; --".into()), limit: None };
    assert!(matches!(audit::list(&mut conn, &admin, &all, &forged).await, Err(Error::Invalid(_))));
    assert!(matches!(audit::list(&mut conn, &viewer, &all, &first).await, Err(Error::Forbidden)));
}

/// What in the sources is built like an act of the nouns that are logged: `"partner.ban"`.
fn acts_in(folder: &std::path::Path, found: &mut Vec<String>) {
    use domain::programs::audit::ACTS;
    let word = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let logged = |noun: &str| ACTS.iter().any(|(act, _)| act.split('.').next() == Some(noun));
    for entry in std::fs::read_dir(folder).expect("folder") {
        let path = entry.expect("entry").path();
        // Tests name columns and files in the same way.
        if path.file_name().is_some_and(|name| name.to_string_lossy().trim_end_matches(".rs").ends_with("tests")) {
            continue;
        }
        if path.is_dir() {
            acts_in(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = std::fs::read_to_string(&path).expect("source");
            let is_act = |piece: &&str| {
                piece.split_once('.').is_some_and(|(noun, verb)| word(noun) && word(verb) && logged(noun))
            };
            found.extend(text.split('"').filter(is_act).map(str::to_owned));
        }
    }
}

#[test]
fn a_zone_s_offsets_are_those_of_the_table() {
    use chrono::{DateTime, Duration, Utc};
    let now: DateTime<Utc> = "2026-11-22T12:00:00Z".parse().expect("instant");
    for name in ["Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Casablanca", "UTC"] {
        let (zone, table) = (super::zone(name, now).expect("zone"), name.parse::<chrono_tz::Tz>().expect("zone"));
        for hours in (0..9 * 365 * 24).step_by(7) {
            let at = now - Duration::hours(hours) + Duration::days(700);
            assert_eq!(zone.local(at), at.with_timezone(&table).naive_local(), "{name} {at}");
        }
    }
    assert!(super::zone("Mars/Olympus", now).is_err());
}

#[test]
fn every_act_has_words() {
    use domain::messages::MailKind;
    use domain::programs::audit::{ACTS, act_words};
    let mut found = Vec::new();
    acts_in(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    let merged = |text: &str| MailKind::ALL.iter().flat_map(|kind| kind.fields()).any(|(field, _)| *field == text);
    let unknown: Vec<_> = found.iter().filter(|act| act_words(act).is_none() && !merged(act)).collect();
    assert!(unknown.is_empty(), "not in words: {unknown:?}");
    // Logs of earlier versions tell of these.
    let former = ["payment.cancel", "payment.fail"];
    let is_done = |act: &str| found.iter().any(|found| found == act) || former.contains(&act);
    let unused: Vec<_> = ACTS.iter().filter(|(act, _)| !is_done(act)).collect();
    assert!(unused.is_empty(), "nothing does these: {unused:?}");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_sale_that_earns_nothing_fixes_the_currency_too(pool: PgPool) {
    let world = crate::fixtures::World::new(pool).await;
    world.sold("nobody's", "10").await;
    let mut conn = world.pool.acquire().await.expect("connection");
    let acme = get(&mut conn, world.program).await.expect("program");
    let dollars = ProgramInput { currency: "USD".into(), ..input(&acme) };
    let fixed = update(&world.pool, &world.moment(), &world.owner(), &dollars).await.expect_err("fixed");
    assert_eq!(fields(fixed), ["currency"]);
    assert!(settings(&mut conn, &world.owner()).await.expect("settings").currency_fixed);
}

/// Whole keys by which rows are found before their program is known, or that may belong to none.
const WITHOUT_PROGRAM: [&str; 2] = ["api_keys_key_hash_key", "outbox_pkey"];

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_program_s_tables_have_it_first_in_every_key(pool: PgPool) {
    let keys: Vec<(String, String)> = sqlx::query_as(
        "with scoped as (
             select c.oid from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'program_id'
             where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition)
         select k.relname::text, a.attname::text from pg_index i
         join scoped on scoped.oid = i.indrelid
         join pg_class k on k.oid = i.indexrelid
         join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
         where i.indisunique
         union all
         select f.conname::text, a.attname::text from pg_constraint f
         join scoped on scoped.oid = f.conrelid
         join scoped other on other.oid = f.confrelid
         join pg_attribute a on a.attrelid = f.conrelid and a.attnum = f.conkey[1]
         where f.contype = 'f'",
    )
    .fetch_all(&pool)
    .await
    .expect("catalogue");
    assert!(keys.len() > 50, "{keys:?}");
    for (key, first) in keys {
        assert!(first == "program_id" || WITHOUT_PROGRAM.contains(&key.as_str()), "{key} begins with {first}");
    }
}
