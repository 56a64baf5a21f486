//! Every call of the API, as a company makes it.

use crate::site::{Site, key, now, program, submit_key};
use domain::accounts::{Actor, Scope};
use http::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

fn sale(event: &str) -> Value {
    json!({"event_id": event, "customer_id": "c1", "amount": "49.00", "currency": "EUR", "partner_code": "ADA"})
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn a_click_becomes_a_commission_that_a_refund_takes_back(pool: PgPool) {
    let site = Site::start(pool).await;
    let click = site.post("/track/click", json!({"link": "ada", "url": "https://acme.test/pricing"})).await;
    assert_eq!(click.status, 201, "{}", click.text());
    let click_id = click.json()["click_id"].clone();

    let signup = json!({
        "event_id": "s1", "click_id": click_id, "ip": "203.0.113.9",
        "customer": {"external_id": "c1", "email": "nora@harbor.test", "name": "Nora"},
    });
    let answer = site.post("/track/signup", signup).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let signup = answer.json();
    assert_eq!(signup["customer"]["external_id"], "c1");
    assert_eq!((&signup["referral"]["partner_code"], &signup["referral"]["source"]), (&json!("ada"), &json!("click")));
    assert_eq!(signup["commissions"][0]["amount"], "5.00");
    assert_eq!(signup["commissions"][0]["rate"], Value::Null);
    assert_eq!(signup["why"][0]["passed"], true);

    let answer = site.post("/track/sale", sale("e1")).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let commission = answer.json()["commissions"][0].clone();
    let expected = json!({
        "partner_code": "ada", "trigger": "sale", "base": "49.00", "rate": "20", "amount": "9.80", "currency": "EUR",
        "status": "held", "clawed_back": "0.00",
    });
    for (name, value) in expected.as_object().expect("object") {
        assert_eq!(&commission[name], value, "{name}");
    }
    assert!(commission["available_at"].is_string());

    let refund = json!({"event_id": "r1", "sale_event_id": "e1", "amount": "24.50"});
    let answer = site.post("/track/refund", refund).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(answer.json()["commissions"][0]["clawed_back"], "4.90");
    let rest = site.post("/track/refund", json!({"event_id": "r2", "sale_event_id": "e1"})).await.json();
    assert_eq!(rest["refund"]["amount"], "24.50", "what is left");
    assert_eq!(rest["commissions"][0]["status"], "reversed");

    let listed = site.read("/commissions?partner_code=ada&status=reversed").await.json();
    assert_eq!(listed["data"].as_array().map(Vec::len), Some(1), "{listed}");
    let customer = site.read("/customers/c1").await.json();
    assert_eq!(customer["referral"]["partner_code"], "ada");
    assert_eq!(customer["email"], "nora@harbor.test");
    let partner = site.read("/partners/ada").await.json();
    assert_eq!(partner["balance"], json!({"held": "5.00", "due": "0.00", "paid": "0.00", "currency": "EUR"}));
    assert!(engine::ledger::verify(&site.pool).await.expect("verify").is_empty());
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn the_same_event_again_gets_the_first_answer(pool: PgPool) {
    let site = Site::start(pool).await;
    let first = site.post("/track/sale", sale("e1")).await;
    // Equal as parsed: another order, white space and notation.
    let again = r#"{ "partner_code":"ADA", "currency":"EUR", "amount":"49.00", "customer_id":"c1", "event_id":"\u0065\u0031" }"#;
    let again = site.post_with("/track/sale", &[], again.into()).await;
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 200));
    assert_eq!(first.json(), again.json());

    let other =
        site.post("/track/sale", json!({"event_id": "e1", "customer_id": "c2", "amount": "1.00", "currency": "EUR"}));
    other.await.problem(409);
    // A sign-up 1 and a sale 1 differ.
    let signup = site.post("/track/signup", json!({"event_id": "e1", "customer": {"external_id": "c9"}})).await;
    assert_eq!(signup.status, 201);
    // A refusal leaves the id free.
    site.post("/track/sale", json!({"event_id": "e2", "customer_id": "c1", "amount": "1.001", "currency": "EUR"}))
        .await
        .problem(422);
    assert_eq!(site.post("/track/sale", sale("e2")).await.status, 201);

    let click = json!({"event_id": "k1", "link": "ada", "url": "https://acme.test/"});
    let (a, b) = tokio::join!(site.post("/track/click", click.clone()), site.post("/track/click", click));
    assert_eq!(a.json(), b.json(), "of two at once one works, the other gets its answer");
    assert_eq!(a.status.as_u16() + b.status.as_u16(), 401, "201 and 200");
    site.post("/track/click", json!({"event_id": "k1", "link": "ada", "url": "https://acme.test/other"}))
        .await
        .problem(409);
    assert_eq!(site.clicks().await, 1);
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn partners_and_links_are_made_once_by_their_key(pool: PgPool) {
    let site = Site::start(pool).await;
    let body = json!({"email": "grace@partners.test", "name": "Grace"});
    let make = || site.post_with("/partners", &[("idempotency-key", "p1")], body.to_string());
    let (first, again) = (make().await, make().await);
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 200), "{}", first.text());
    assert_eq!(first.json(), again.json());
    let partner = first.json();
    assert_eq!((&partner["code"], &partner["status"]), (&json!("grace"), &json!("active")));
    assert_eq!(partner["url"], format!("{}/r/acme/grace", site.base));
    site.post_with("/partners", &[("idempotency-key", "p1")], json!({"email": "x@y.test", "name": "X"}).to_string())
        .await
        .problem(409);
    assert_eq!(site.post("/partners", body.clone()).await.field(), "email", "without the key it is another call");

    let link = json!({"code": "news", "destination": "https://acme.test/news"});
    let make = |path: &'static str| site.post_with(path, &[("idempotency-key", "l1")], link.to_string());
    let (first, again) = (make("/partners/grace/links").await, make("/partners/grace/links").await);
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 200), "{}", first.text());
    assert_eq!(first.json(), again.json());
    assert_eq!(first.json()["url"], format!("{}/r/acme/news", site.base));
    make("/partners/ada/links").await.problem(409);
    let off = json!({"destination": "https://evil.test/"});
    assert_eq!(site.post("/partners/grace/links", off).await.field(), "destination");
    assert_eq!(site.post("/partners/grace/links", link.clone()).await.field(), "code");
    let listed = site.read("/partners/grace/links").await.json();
    assert_eq!(listed["data"].as_array().map(Vec::len), Some(2));

    let ask = || site.post_with("/partners/ada/sign-in-links", &[("idempotency-key", "i1")], String::new());
    let (first, again) = (ask().await, ask().await);
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 200), "{}", first.text());
    assert_eq!(first.json(), again.json());
    assert!(first.json()["url"].as_str().is_some_and(|url| url.starts_with(&format!("{}/sign-in-link/", site.base))));
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn lists_go_on_by_their_cursor(pool: PgPool) {
    let site = Site::start(pool).await;
    for n in 1..=3 {
        let partner = json!({"email": format!("p{n}@partners.test"), "name": format!("Partner {n}")});
        assert_eq!(site.post("/partners", partner).await.status, 201);
    }
    let first = site.read("/partners?limit=3").await.json();
    assert_eq!(first["data"].as_array().map(Vec::len), Some(3));
    let cursor = first["next_cursor"].as_str().expect("a cursor");
    let rest = site.read(&format!("/partners?limit=3&cursor={cursor}")).await.json();
    assert_eq!((rest["data"].as_array().map(Vec::len), &rest["next_cursor"]), (Some(1), &Value::Null));
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("cursor=%00", "cursor"),
        ("cursor=nonsense", "cursor"),
        ("status=happy", "status"),
        ("typo=1", "typo"),
    ] {
        assert_eq!(site.read(&format!("/partners?{query}")).await.field(), field, "{query}");
    }
    for path in ["/commissions?from=yesterday", "/commissions?status=lost"] {
        site.read(path).await.problem(422);
    }
    assert_eq!(site.read("/payments?partner_code=ada").await.json(), json!({"data": [], "next_cursor": null}));
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn a_key_opens_its_program_and_scope_alone(pool: PgPool) {
    let site = Site::start(pool).await;
    let (other, _) = program(&site.pool, "other", "bob").await;
    let calls = [
        (Method::POST, "/track/click", Scope::Track),
        (Method::POST, "/track/signup", Scope::Track),
        (Method::POST, "/track/sale", Scope::Track),
        (Method::POST, "/track/refund", Scope::Track),
        (Method::GET, "/partners", Scope::Read),
        (Method::POST, "/partners", Scope::Manage),
        (Method::GET, "/partners/ada", Scope::Read),
        (Method::GET, "/partners/ada/links", Scope::Read),
        (Method::POST, "/partners/ada/links", Scope::Manage),
        (Method::POST, "/partners/ada/sign-in-links", Scope::Manage),
        (Method::GET, "/commissions", Scope::Read),
        (Method::GET, "/customers/c1", Scope::Read),
        (Method::GET, "/payments", Scope::Read),
        (Method::GET, "/leads", Scope::Read),
        (Method::POST, "/leads", Scope::Manage),
        (Method::GET, "/leads/00000000-0000-7000-8000-000000000000", Scope::Read),
        (Method::PATCH, "/leads/00000000-0000-7000-8000-000000000000", Scope::Manage),
        (Method::POST, "/leads/00000000-0000-7000-8000-000000000000/stage", Scope::Manage),
        (Method::POST, "/leads/00000000-0000-7000-8000-000000000000/comments", Scope::Manage),
        (Method::POST, "/lead-imports", Scope::Manage),
        (Method::GET, "/lead-imports/00000000-0000-7000-8000-000000000000", Scope::Read),
        (Method::GET, "/lead-imports/00000000-0000-7000-8000-000000000000/errors.csv", Scope::Read),
    ];
    for (method, path, scope) in calls {
        let path = format!("/api/v1{path}");
        let stranger = site.send(method.clone(), &path, &[("content-type", "application/json")], "{}").await;
        stranger.problem(401);
        assert_eq!(stranger.header("www-authenticate"), "Bearer");
        for wrong in ["Bearer trb_0000", "Basic eDp5", "Bearer"] {
            site.send(method.clone(), &path, &[("authorization", wrong)], "").await.problem(401);
        }
        let others: Vec<Scope> = Scope::OF_PROGRAM.into_iter().filter(|other| *other != scope).collect();
        let without = format!("Bearer {}", key(&site.pool, site.program, &others).await);
        let refused = site.send(method.clone(), &path, &[("authorization", &without)], "nonsense").await.problem(403);
        assert!(refused["detail"].as_str().is_some_and(|words| words.contains(scope.as_str())), "{refused}");
        // A partner's key opens leads alone, and stages are the company's to set.
        if !path.contains("lead") || path.ends_with("/stage") {
            let submit = format!("Bearer {}", submit_key(&site.pool, site.program, "ada").await);
            site.send(method.clone(), &path, &[("authorization", &submit)], "").await.problem(403);
        }
    }

    // Another program's key sees nothing of ada, nor her customers.
    assert_eq!(site.post("/track/sale", sale("e1")).await.status, 201);
    let elsewhere = format!("Bearer {}", key(&site.pool, other, &Scope::OF_PROGRAM).await);
    let headers = [("authorization", elsewhere.as_str()), ("content-type", "application/json")];
    for path in ["/partners/ada", "/partners/ada/links", "/customers/c1"] {
        site.send(Method::GET, &format!("/api/v1{path}"), &headers, "").await.problem(404);
    }
    for path in ["/partners/ada/links", "/partners/ada/sign-in-links"] {
        site.send(Method::POST, &format!("/api/v1{path}"), &headers, "{}").await.problem(404);
    }
    let refund = json!({"event_id": "r1", "sale_event_id": "e1"}).to_string();
    let refund = site.send(Method::POST, "/api/v1/track/refund", &headers, refund).await.problem(404);
    assert_eq!(refund["type"], "sale-unknown");
    let click = json!({"link": "ada", "url": "https://acme.test/"}).to_string();
    assert_eq!(site.send(Method::POST, "/api/v1/track/click", &headers, click).await.field(), "link");
    let commissions = site.send(Method::GET, "/api/v1/commissions?partner_code=ada", &headers, "").await.json();
    assert_eq!(commissions["data"], json!([]));

    // A revoked key is over with the next call.
    let actor = Actor::System { program: site.program };
    let keys = engine::integrations::api_keys::list(&mut site.pool.acquire().await.expect("connection"), &actor).await;
    for key in keys.expect("keys") {
        engine::integrations::api_keys::revoke(&site.pool, &now(), &actor, key.id).await.expect("revoked");
    }
    site.read("/partners").await.problem(401);
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn the_description_names_every_call(pool: PgPool) {
    let site = Site::start(pool).await;
    let answer = site.get("/api/v1/openapi.json").await;
    let described = answer.json();
    assert_eq!(described["openapi"], "3.1.0");
    let paths: Vec<String> = described["paths"]
        .as_object()
        .expect("paths")
        .iter()
        .flat_map(|(path, calls)| {
            calls.as_object().expect("calls").keys().map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect();
    for call in [
        "POST /api/v1/track/click",
        "POST /api/v1/track/signup",
        "POST /api/v1/track/sale",
        "POST /api/v1/track/refund",
        "GET /api/v1/partners",
        "POST /api/v1/partners",
        "GET /api/v1/partners/{code}",
        "GET /api/v1/partners/{code}/links",
        "POST /api/v1/partners/{code}/links",
        "POST /api/v1/partners/{code}/sign-in-links",
        "GET /api/v1/commissions",
        "GET /api/v1/customers/{external_id}",
        "GET /api/v1/payments",
        "GET /api/v1/leads",
        "POST /api/v1/leads",
        "GET /api/v1/leads/{id}",
        "PATCH /api/v1/leads/{id}",
        "POST /api/v1/leads/{id}/stage",
        "POST /api/v1/leads/{id}/comments",
        "POST /api/v1/lead-imports",
        "GET /api/v1/lead-imports/{id}",
        "GET /api/v1/lead-imports/{id}/errors.csv",
    ] {
        assert!(paths.iter().any(|path| path == call), "{call} is not described");
    }
    // Made from the types that are read and written.
    let schemas = &described["components"]["schemas"];
    assert_eq!(schemas["TrackSale"]["additionalProperties"], false);
    assert_eq!(schemas["TrackSale"]["properties"]["amount"]["type"], "string");
    assert_eq!(schemas["CommissionStatus"]["enum"], json!(["review", "held", "due", "paid", "reversed"]));
    // Nothing is left pointing nowhere.
    let text = answer.text();
    for reference in text.split("\"$ref\":\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap_or_default();
        assert!(schemas[name].is_object(), "{name} is not described");
    }
}
