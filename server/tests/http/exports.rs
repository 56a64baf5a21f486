//! Files of reports and lists: who gets which, that they are as the page's filters say, and that no spreadsheet reckons
//! with what somebody typed.

use crate::site::{Answer, PASSWORD, Site, join, now, program};
use domain::accounts::Actor;
use engine::accounts::{SignIn, sign_in, sign_in_links};
use http::Method;
use serde_json::json;
use sqlx::PgPool;

/// Every file of a partner's.
pub const PARTNER: &[&str] = &[
    "details.csv",
    "top-links.csv",
    "top-pages.csv",
    "top-referrers.csv",
    "top-countries.csv",
    "top-sub_ids.csv",
    "top-customers.csv",
    "rewards.csv",
    "commission-report.csv",
    "sales.csv",
    "customers.csv",
    "payouts.csv",
    "ledger.csv",
    "statements.csv",
    "statement.csv",
    "leads.csv",
];

/// Every file of the team's.
const TEAM: &[&str] = &[
    "performance.csv",
    "top-links.csv",
    "top-customers.csv",
    "top-partners.csv",
    "inactive-partners.csv",
    "cohorts.csv",
    "commissions.csv",
    "commission-report.csv",
    "sales.csv",
    "partners.csv",
    "customers.csv",
    "payments.csv",
    "leads.csv",
    "partner-ledgers.csv",
    "trial-balance.csv",
    "journal.csv",
    "journal-days.csv",
    "ledger.csv?partner_code=ada",
    "statements.csv?partner_code=ada",
    "statement.csv?partner_code=ada",
];

/// A session of a partner.
async fn partner(pool: &PgPool, program: domain::ids::ProgramId, code: &str) -> String {
    let actor = Actor::System { program };
    let mut connection = pool.acquire().await.expect("connection");
    let token = sign_in_links::make(&mut connection, &now(), &actor, code).await.expect("link");
    drop(connection);
    sign_in_links::redeem(pool, &now(), &token, "").await.expect("signed in").0.token
}

/// A session of an account with a password.
async fn account(pool: &PgPool, email: &str) -> String {
    let input =
        SignIn { who: email.into(), password: PASSWORD.into(), program: None, keep: false, user_agent: String::new() };
    sign_in(pool, &now(), &input).await.expect("signed in").token
}

async fn get(site: &Site, path: &str, session: &str) -> Answer {
    site.send(Method::GET, path, &[("cookie", &format!("tributary={session}"))], "").await
}

/// The rows below the head.
fn rows(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let text = answer.text();
    let text = text.strip_prefix('\u{feff}').expect("a byte order mark");
    text.lines().skip(1).map(str::to_owned).collect()
}

async fn sell(site: &Site, event: &str, customer: &str, partner: &str, product: &str) {
    let sale = json!({"event_id": event, "customer_id": customer, "amount": "100.00", "currency": "EUR",
                      "partner_code": partner, "product": product});
    assert_eq!(site.post("/track/sale", sale).await.status, 201);
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn each_goes_to_whom_it_should_alone(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    let (other, _) = program(&pool, "other", "bob").await;
    let ada = partner(&pool, site.program, "ada").await;
    let bob = partner(&pool, other, "bob").await;
    let owner = account(&pool, "owner@acme.test").await;
    let stranger = account(&pool, "owner@other.test").await;
    for file in PARTNER {
        let path = &format!("/p/acme/export/{file}");
        let asked = site.get(path).await;
        assert_eq!(
            (asked.status.as_u16(), asked.header("location")),
            (303, &*format!("/p/acme/sign-in?to={path}")),
            "{file}"
        );
        for session in [&bob, &owner, &stranger] {
            assert_eq!(get(&site, path, session).await.status, 404, "{file}");
        }
        let answer = get(&site, path, &ada).await;
        rows(&answer);
        assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
        let disposition = answer.header("content-disposition");
        let what = file.trim_end_matches(".csv");
        assert!(disposition.starts_with(&format!("attachment; filename=\"acme-ada-{what}-20")), "{disposition}");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(site.send(Method::POST, path, &[], "").await.status, 405, "{file}");
    }
    for file in TEAM {
        let path = &format!("/admin/acme/export/{file}");
        assert_eq!(site.get(path).await.status, 303, "{file}");
        for session in [&bob, &ada, &stranger] {
            assert_eq!(get(&site, path, session).await.status, 404, "{file}");
        }
        rows(&get(&site, path, &owner).await);
    }
    let nothing = "payout.csv?id=00000000-0000-7000-8000-000000000000";
    for file in [
        "nothing.csv",
        "rewards",
        "performance.csv",
        "commissions.csv",
        "partners.csv",
        "payments.csv",
        "payout.csv",
        "payout.csv?id=x",
        nothing,
    ] {
        assert_eq!(get(&site, &format!("/p/acme/export/{file}"), &ada).await.status, 404, "{file}");
    }
    for file in ["ledger.csv", "ledger.csv?partner_code=bob", "statement.csv?partner_code=ada&month=2020-13"] {
        assert_eq!(get(&site, &format!("/admin/acme/export/{file}"), &owner).await.status, 404, "{file}");
    }
    for wrong in [
        "journal.csv?from=2026-02-01&to=2026-01-01",
        "trial-balance.csv?at=2199-01-01T00:00",
        "trial-balance.csv?at=x",
        "journal-days.csv?from=x",
        "journal-days.csv?to=2026-02-30",
        "journal.csv?from=x",
        "ledger.csv?partner_code=ada&from=x",
    ] {
        assert_eq!(get(&site, &format!("/admin/acme/export/{wrong}"), &owner).await.status, 422, "{wrong}");
    }
    for wrong in ["0", "731", "many"] {
        let path = format!("/admin/acme/export/inactive-partners.csv?days={wrong}");
        assert_eq!(get(&site, &path, &owner).await.status, 422, "{wrong}");
    }
    assert_eq!(get(&site, "/p/acme/export/rewards.csv?from=-9999-01-01", &ada).await.status, 422);
    assert_eq!(get(&site, "/p/acme/export/ledger.csv?to=x", &ada).await.status, 422);
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn a_file_has_the_rows_of_the_page_and_no_formula(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    join(&pool, site.program, "ann").await;
    let ada = partner(&pool, site.program, "ada").await;
    let owner = account(&pool, "owner@acme.test").await;
    let signup = json!({"event_id": "s", "partner_code": "ada",
                        "customer": {"external_id": "nora", "email": "nora@harbor.example"}});
    assert_eq!(site.post("/track/signup", signup).await.status, 201);
    sell(&site, "1", "nora", "ada", "=HYPERLINK(\"https://evil.test\")").await;
    sell(&site, "2", "=cmd", "ann", "+Plan, \"big\"").await;
    let own = rows(&get(&site, "/p/acme/export/sales.csv", &ada).await);
    assert_eq!(own.len(), 1, "{own:?}");
    assert!(
        own[0]
            .contains("n•••@harbor.example,\"'=HYPERLINK(\"\"https://evil.test\"\")\",100.00,0.00,20.00,EUR,Complete")
    );
    let all = rows(&get(&site, "/admin/acme/export/sales.csv", &owner).await).join("\n");
    assert!(
        all.contains(",'=cmd,ann,") && all.contains("\"'+Plan, \"\"big\"\"\"") && all.contains("nora@harbor.example"),
        "{all}"
    );
    let anns = rows(&get(&site, "/admin/acme/export/sales.csv?partner_code=ann", &owner).await);
    assert_eq!(anns.len(), 1);
    // A partner's filters reach nobody else's rows.
    let probing = rows(&get(&site, "/p/acme/export/sales.csv?partner_code=ann&q=nora%00", &ada).await);
    assert_eq!(probing, own);
    let held = rows(&get(&site, "/p/acme/export/rewards.csv?status=held", &ada).await);
    assert_eq!(held.len(), 2, "{held:?}");
    assert!(rows(&get(&site, "/p/acme/export/rewards.csv?status=paid", &ada).await).is_empty());
    let ledger = rows(&get(&site, "/p/acme/export/ledger.csv?account=held", &ada).await);
    assert!(ledger[0].contains("Commission for a sale") && ledger[0].ends_with("20.00,25.00,25.00,EUR"), "{ledger:?}");
    // The team's books: each journal balances, and so do the accounts.
    let journal = rows(&get(&site, "/admin/acme/export/journal.csv", &owner).await);
    assert!(journal.iter().any(|line| line.contains(",Held,,20.00,EUR,1,Commission,ada,")), "{journal:?}");
    assert!(
        journal.iter().any(|line| line.contains(",Commission expense,20.00,,EUR,1,Commission,ada,")),
        "{journal:?}"
    );
    let days = rows(&get(&site, "/admin/acme/export/journal-days.csv", &owner).await);
    assert_eq!(days.len(), 2, "{days:?}");
    let accounts = rows(&get(&site, "/admin/acme/export/trial-balance.csv", &owner).await);
    assert!(accounts.contains(&"Held,,45.00,EUR".to_owned()), "{accounts:?}");
    assert!(accounts.contains(&"Commission expense,45.00,,EUR".to_owned()), "{accounts:?}");
    let months = rows(&get(&site, "/p/acme/export/statements.csv", &ada).await);
    assert!(months.len() == 1 && months[0].ends_with(",0.00,25.00,EUR,So far"), "{months:?}");
    sqlx::query(
        "insert into leads (program_id, id, enrollment_id, group_id, stage_id, email, email_key, name, created_at, stage_at,
                            updated_at)
         select e.program_id, gen_random_uuid(), e.id, g.id, s.id, 'lee@harbor.example', 'lee@harbor.example', '=Lee',
                e.created_at, e.created_at, e.created_at
         from enrollments e join lead_groups g using (program_id)
         join lead_stages s on s.program_id = e.program_id and s.kind = 'new' where e.code in ('ada', 'ann')",
    )
    .execute(&pool)
    .await
    .expect("a lead of each");
    let leads = rows(&get(&site, "/p/acme/export/leads.csv?q=LEE@&outcome=waiting&from=2020-01-01", &ada).await);
    assert!(leads.len() == 1 && leads[0].contains(",lee@harbor.example,'=Lee,Leads,New,"), "{leads:?}");
    assert!(leads[0].contains(",Waiting for sign-up,,0.00,EUR,"), "{leads:?}");
    for none in ["q=nora", "outcome=lost", "to=2020-01-01"] {
        let none = format!("/p/acme/export/leads.csv?{none}");
        assert!(rows(&get(&site, &none, &ada).await).is_empty(), "{none}");
    }
    let leads = rows(&get(&site, "/admin/acme/export/leads.csv?partner_code=ann&outcome=waiting", &owner).await);
    assert!(leads.len() == 1 && leads[0].contains(",lee@harbor.example,'=Lee,ann,ann,Leads,New,"), "{leads:?}");
    let customers = rows(&get(&site, "/admin/acme/export/customers.csv?q=NORA@&referred=true", &owner).await);
    assert!(customers.len() == 1 && customers[0].contains(",nora@harbor.example,,nora,ada,"), "{customers:?}");
    assert!(customers[0].contains(",partner_code,paid,1,100.00,25.00,EUR,"), "{customers:?}");
    let partners = rows(&get(&site, "/admin/acme/export/partners.csv?q=ann&order=name", &owner).await);
    assert!(partners.len() == 1 && partners[0].contains(",ann,ann,,ann@partners.test,active,0,"), "{partners:?}");
    for none in ["partners.csv?status=paused", "partners.csv?tag=none", "customers.csv?referred=false", "payments.csv"]
    {
        assert!(rows(&get(&site, &format!("/admin/acme/export/{none}"), &owner).await).is_empty(), "{none}");
    }
    let groups = rows(&get(&site, "/p/acme/export/commission-report.csv?period=7d", &ada).await);
    assert_eq!(groups.len(), 2, "{groups:?}");
    let days = rows(&get(&site, "/p/acme/export/details.csv?period=7d", &ada).await);
    assert_eq!(days.len(), 7);
    assert!(days[6].contains(",0,0,1,1,1,100.00,0.00,25.00,EUR,,"), "{}", days[6]);
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn a_long_list_is_sent_page_after_page(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    let ada = partner(&pool, site.program, "ada").await;
    sell(&site, "1", "nora", "ada", "Plan").await;
    sqlx::query(
        "insert into sales (program_id, id, customer_id, referral_id, enrollment_id, event_id, amount, currency, why,
                            occurred_at, created_at)
         select program_id, gen_random_uuid(), customer_id, referral_id, enrollment_id, 'more-' || n, n, currency, why,
                occurred_at - n * interval '1 second', created_at
         from sales, generate_series(1, 2499) n",
    )
    .execute(&pool)
    .await
    .expect("more sales");
    let all = rows(&get(&site, "/p/acme/export/sales.csv?order=largest", &ada).await);
    assert_eq!(all.len(), 2_500);
    assert_eq!(all.iter().collect::<std::collections::BTreeSet<_>>().len(), 2_500, "each once");
    assert!(all[0].contains(",2499.00,") && all[2_499].contains(",1.00,"), "{} {}", all[0], all[2_499]);
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn the_ledgers_are_kept_as_they_were_sent_and_printed(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    join(&pool, site.program, "ann").await;
    let ada = partner(&pool, site.program, "ada").await;
    let owner = account(&pool, "owner@acme.test").await;
    sqlx::query("update enrollments set name = '=cmd <b>' where code = 'ann'").execute(&pool).await.expect("a formula");
    let path = "/admin/acme/export/partner-ledgers.csv";
    let all = rows(&get(&site, path, &owner).await);
    assert_eq!(all.len(), 2, "{all:?}");
    assert!(all.iter().any(|row| row.starts_with("ann,'=cmd <b>,0.00,0.00,0.00,0.00,0.00,0.00,")), "{all:?}");
    let drafts = async || {
        let count = "select count(*) from payment_drafts where source = 'export'";
        sqlx::query_scalar::<_, i64>(count).fetch_one(&pool).await.expect("count")
    };
    assert_eq!(drafts().await, 0, "to read it keeps nothing");
    let post = async |path: &str, body: &str, session: &str| {
        let cookie = format!("tributary={session}");
        let headers = [("cookie", cookie.as_str()), ("content-type", "application/x-www-form-urlencoded")];
        site.send(Method::POST, path, &headers, body.to_owned()).await
    };
    let one = rows(&post(path, "codes=ada&period=last_month", &owner).await);
    assert_eq!(one.len(), 1, "{one:?}");
    assert_eq!(drafts().await, 1, "kept before the file ends");
    assert_eq!(post(path, "", &ada).await.status, 404);
    assert_eq!(post("/admin/acme/export/sales.csv", "", &owner).await.status, 404, "nothing else is kept");
    assert_eq!(post(path, "from=2026-02-02&to=2026-02-01", &owner).await.status, 422);
    assert_eq!(get(&site, &format!("{path}?from=2999-01-01&to=2999-01-02"), &owner).await.status, 422);

    let printed = "/admin/acme/print/partner-ledgers";
    let paper = get(&site, printed, &owner).await;
    assert_eq!(paper.status, 200);
    let text = paper.text();
    assert_eq!(text.matches("<section>").count(), 2);
    assert!(text.contains("=cmd &lt;b&gt;") && text.ends_with("</html>"), "{text}");
    assert_eq!(get(&site, &format!("{printed}?codes=ada"), &owner).await.text().matches("<section>").count(), 1);
    for statement in [
        "insert into journals (program_id, id, kind, idempotency_key, occurred_at, posted_at)
         select p.id, gen_random_uuid(), 'adjustment', 'many ' || n, now(), now() - n * interval '1 microsecond'
         from programs p cross join generate_series(1, 1005) n where p.slug = 'acme'",
        "insert into entries (program_id, id, journal_id, account, enrollment_id, amount, currency, posted_at)
         select j.program_id, gen_random_uuid(), j.id, a.account, case when a.account = 'payable' then e.id end, a.amount,
                'EUR', j.posted_at
         from journals j
         join enrollments e on e.program_id = j.program_id and e.code = 'ada'
         cross join (values ('payable'::ledger_account, 1), ('commission_expense', -1)) as a (account, amount)
         where j.idempotency_key like 'many %'",
    ] {
        sqlx::query(statement).execute(&pool).await.expect(statement);
    }
    let all = get(&site, &format!("{printed}?codes=ada"), &owner).await.text();
    assert_eq!(all.matches("<tr><td>").count(), 1_005, "however many entries there are");
    assert!(all.contains("The end: 1 partner.") && all.ends_with("</html>"));
    // As browsers ask for them.
    let cookie = format!("tributary={owner}");
    for path in [path, printed] {
        let packed = site.send(Method::GET, path, &[("cookie", &cookie), ("accept-encoding", "gzip")], "").await;
        assert_eq!((packed.status.as_u16(), packed.header("content-encoding")), (200, "gzip"), "{path}");
    }
    assert_eq!(get(&site, printed, &ada).await.status, 404);
    assert_eq!(site.get(printed).await.status, 303);
}
