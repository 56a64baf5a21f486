//! What comes in wrong: a clear answer each time, and nothing of it does harm.

use crate::site::Site;
use http::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn each_kind_of_bad_body_has_its_status(pool: PgPool) {
    let site = Site::start(pool).await;
    let calls = ["/track/click", "/track/signup", "/track/sale", "/track/refund", "/partners", "/partners/ada/links"];
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    for call in calls {
        for not_json in ["", "{", "{\"a\":}", "nonsense", "\u{feff}{}", deep.as_str(), "{'a':1}"] {
            site.post_with(call, &[], not_json.to_owned()).await.problem(400);
        }
        for not_object in ["[]", "1", "null", "\"text\""] {
            site.post_with(call, &[], not_object.into()).await.problem(422);
        }
        for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "multipart/form-data"] {
            site.post_with(call, &[("content-type", kind)], "{}".into()).await.problem(415);
        }
        let unknown = site.post(call, json!({"typo": 1})).await;
        assert_eq!(unknown.field(), "typo", "{call}");
        let huge = format!("{{\"typo\":\"{}\"}}", "x".repeat(64 * 1024));
        site.post_with(call, &[], huge).await.problem(413);
    }
    let sale = json!({"event_id": "e1", "customer_id": "c1", "amount": "1.00", "currency": "EUR"});
    let utf8 = site.post_with("/track/sale", &[("content-type", "application/json; charset=utf-8")], sale.to_string());
    assert_eq!(utf8.await.status, 201);
    site.send(Method::DELETE, "/api/v1/partners", &[], "").await.problem(405);
    for path in ["/api/v1/nothing", "/api/v2/partners", "/api/", "/api"] {
        site.get(path).await.problem(404);
    }
    site.read("/partners/%00").await.problem(404);
    site.read("/partners/%ff").await.problem(404);
    site.read("/customers/nobody").await.problem(404);
}

/// A body with one field changed.
fn with(body: &Value, field: &str, value: Value) -> Value {
    let mut body = body.clone();
    body[field] = value;
    body
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn fields_are_refused_under_their_names(pool: PgPool) {
    let site = Site::start(pool).await;
    let sale = json!({"event_id": "e1", "customer_id": "c1", "amount": "49.00", "currency": "EUR"});
    let long = "x".repeat(201);
    for (field, value) in [
        ("amount", json!(49)),
        ("amount", json!(49.5)),
        ("amount", json!("0")),
        ("amount", json!("0.00")),
        ("amount", json!("-1.00")),
        ("amount", json!("1.001")),
        ("amount", json!("1e3")),
        ("amount", json!("NaN")),
        ("amount", json!("49,00")),
        ("amount", json!("")),
        ("amount", json!("1000000000000.01")),
        ("amount", json!("12345678901234567890")),
        ("amount", json!("9".repeat(200))),
        ("amount", json!(["1"])),
        ("amount", Value::Null),
        ("currency", json!("USD")),
        ("currency", json!("eur")),
        ("currency", json!("")),
        ("currency", json!(978)),
        ("event_id", json!("")),
        ("event_id", json!(long)),
        ("event_id", json!(7)),
        ("event_id", json!("a\0b")),
        ("customer_id", json!("")),
        ("customer_id", json!(long)),
        ("product", json!(long)),
        ("occurred_at", json!("yesterday")),
        ("occurred_at", json!(1_700_000_000)),
        ("occurred_at", json!("2020-01-01T00:00:00Z")),
        ("occurred_at", json!("2999-01-01T00:00:00Z")),
        ("occurred_at", json!("-9999-01-01T00:00:00Z")),
        ("occurred_at", json!("-262143-01-02T00:00:00Z")),
        ("occurred_at", json!("+262142-01-01T00:00:00Z")),
    ] {
        let answer = site.post("/track/sale", with(&sale, field, value.clone())).await;
        assert_eq!(answer.field(), field, "{field} = {value}");
    }
    for field in ["event_id", "customer_id", "amount", "currency"] {
        let mut without = sale.clone();
        without.as_object_mut().expect("object").remove(field);
        assert_eq!(site.post("/track/sale", without).await.field(), field);
    }
    let signup = json!({"event_id": "s1", "customer": {"external_id": "c1"}});
    for absurd in ["-9999-01-01", "-262143-01-02", "+262142-01-01"] {
        let time = json!(format!("{absurd}T00:00:00Z"));
        assert_eq!(site.post("/track/signup", with(&signup, "occurred_at", time)).await.field(), "occurred_at");
        let day = absurd.replace('+', "%2B");
        for field in ["from", "to"] {
            assert_eq!(site.read(&format!("/commissions?{field}={day}")).await.field(), field, "{absurd}");
        }
    }
    let nobody = "00000000-0000-0000-0000-000000000000";
    for micros in ["-377705023201000000", "-8334601228800000000", "8210266790400000000"] {
        for list in ["commissions", "payments"] {
            assert_eq!(site.read(&format!("/{list}?cursor={micros}_{nobody}")).await.field(), "cursor", "{micros}");
        }
    }
    for (customer, field) in [
        (json!({"external_id": "c1", "email": "no"}), "customer.email"),
        (json!({"external_id": "c1", "typo": 1}), "customer.typo"),
        (json!({"external_id": 1}), "customer.external_id"),
        (json!({}), "customer.external_id"),
        (json!("c1"), "customer"),
        (json!({"external_id": "c1", "name": "a\0b"}), "customer.name"),
    ] {
        assert_eq!(site.post("/track/signup", with(&signup, "customer", customer)).await.field(), field);
    }
    let click = json!({"link": "ada", "url": "https://acme.test/"});
    for (field, value) in [
        ("url", json!("/pricing")),
        ("url", json!("javascript:alert(1)")),
        ("link", json!("nobody")),
        ("ip", json!("localhost")),
        ("user_agent", json!("Googlebot/2.1")),
    ] {
        assert_eq!(site.post("/track/click", with(&click, field, value)).await.field(), field);
    }
    // A code or id that nobody has is no error: attribution explains it.
    let unknown = with(&with(&sale, "partner_code", json!("nobody")), "click_id", json!("nonsense"));
    let answer = site.post("/track/sale", unknown).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!((&answer.json()["referral"], &answer.json()["commissions"]), (&Value::Null, &json!([])));
    assert!(answer.json()["why"].as_array().is_some_and(|checks| !checks.is_empty()));

    let refund = |amount: &str| json!({"event_id": "r1", "sale_event_id": "e1", "amount": amount});
    for amount in ["49.01", "0", "-1", "1.001"] {
        assert_eq!(site.post("/track/refund", refund(amount)).await.field(), "amount", "{amount}");
    }
    let unknown = site.post("/track/refund", json!({"event_id": "r1", "sale_event_id": "nothing"})).await.problem(404);
    assert_eq!(unknown["type"], "sale-unknown");
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn html_and_sql_in_texts_are_only_texts(pool: PgPool) {
    let site = Site::start(pool).await;
    for (n, evil) in [
        "<script>alert(1)</script>",
        "'; drop table customers; --",
        "\" onmouseover=\"alert(1)",
        "${7*7}{{7*7}}%s%n",
        "../../etc/passwd",
        "=HYPERLINK(\"https://evil.test\")",
        "\u{202e}evil\u{200b}",
        "💥",
    ]
    .into_iter()
    .enumerate()
    {
        let id = format!("{evil}{n}");
        let signup = json!({
            "event_id": id, "customer": {"external_id": id, "name": evil},
            "click_id": evil, "promo_code": evil, "partner_code": evil,
        });
        let answer = site.post("/track/signup", signup).await;
        assert_eq!(answer.status, 201, "{evil}: {}", answer.text());
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        let sale = json!({
            "event_id": id, "customer_id": id, "amount": "1.00", "currency": "EUR", "product": evil, "invoice_id": evil,
        });
        assert_eq!(site.post("/track/sale", sale).await.json()["sale"]["product"], evil);
        let refund = json!({"event_id": id, "sale_event_id": id, "reason": evil});
        assert_eq!(site.post("/track/refund", refund).await.status, 201);
        let escaped: String = id.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let customer = site.read(&format!("/customers/{escaped}")).await;
        assert_eq!(customer.json()["name"], evil, "it comes back as it was sent");
        let missing = site.read(&format!("/partners?cursor={escaped}")).await.problem(422);
        assert!(!missing.to_string().to_lowercase().contains("syntax error"), "{missing}");
        let page = site.get(&format!("/{escaped}")).await;
        assert!(!page.text().contains("<script>alert"), "{}", page.text());
        let link = site.get(&format!("/r/acme/{escaped}")).await;
        assert_eq!(link.status, 404);
        assert!(!link.text().contains("alert"), "{}", link.text());
    }
    assert!(engine::ledger::verify(&site.pool).await.expect("verify").is_empty());
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn while_the_database_is_away_the_answer_is_503(pool: PgPool) {
    let site = Site::start(pool).await;
    assert_eq!(site.get("/readyz").await.status, 200);
    site.pool.close().await;
    assert_eq!(site.get("/readyz").await.status, 503);
    assert_eq!(site.get("/healthz").await.status, 200);
    let problem = site.read("/partners").await.problem(503);
    assert!(!problem.to_string().to_lowercase().contains("pool"), "{problem}");
    let visitor = site.get("/r/acme/ada").await;
    assert_eq!((visitor.status.as_u16(), visitor.header("location")), (302, "https://acme.test/home?lang=en"));
    assert!(site.get("/metrics").await.text().contains("clicks_unrecorded_total"));
}
