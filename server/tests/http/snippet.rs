//! `/t.js` and the calls that it makes from a program's own sites.

use crate::site::Site;
use http::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

const ORIGIN: (&str, &str) = ("origin", "https://acme.test");
const JSON: (&str, &str) = ("content-type", "application/json");

fn landed() -> Value {
    json!({"via": "ada", "url": "https://acme.test/?via=ada", "referrer": "https://blog.test/"})
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn it_reports_clicks_from_the_programs_sites_alone(pool: PgPool) {
    let site = Site::start(pool).await;
    let script = site.get("/t.js").await;
    assert!(script.header("content-type").starts_with("text/javascript"));
    assert!(script.header("cache-control").contains("max-age"));

    let asked =
        site.send(Method::OPTIONS, "/t/acme/click", &[ORIGIN, ("access-control-request-method", "POST")], "").await;
    assert_eq!((asked.status.as_u16(), asked.header("access-control-allow-origin")), (204, ORIGIN.1));
    assert!(asked.header("access-control-allow-headers").contains("content-type"));

    let rules = site.send(Method::GET, "/t/acme", &[ORIGIN], "").await;
    assert_eq!(rules.json(), json!({"window_days": 60, "click_model": "last", "consent_required": false}));
    let made = site.send(Method::POST, "/t/acme/click", &[ORIGIN, JSON], landed().to_string()).await;
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!(made.header("access-control-allow-origin"), ORIGIN.1);
    assert!(made.headers.get("access-control-allow-credentials").is_none());
    assert_eq!(made.json()["click_id"].as_str().map(str::len), Some(36));
    assert_eq!(site.clicks().await, 1);

    for origin in ["https://evil.test", "https://acme.test.evil.test", "null", "http://"] {
        let refused = site.send(Method::POST, "/t/acme/click", &[("origin", origin), JSON], landed().to_string()).await;
        refused.problem(403);
        assert!(refused.headers.get("access-control-allow-origin").is_none());
    }
    site.send(Method::POST, "/t/acme/click", &[JSON], landed().to_string()).await.problem(403);
    assert_eq!(site.clicks().await, 1);
    site.change_program(|program| program.allowed_hosts = vec!["shop.acme.test".into()]).await;
    let shop = ("origin", "https://shop.acme.test");
    site.until("another site is let in", async || site.send(Method::GET, "/t/acme", &[shop], "").await.status == 200)
        .await;
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn it_refuses_what_is_no_landing(pool: PgPool) {
    let site = Site::start(pool).await;
    let post = async |body: Value| site.send(Method::POST, "/t/acme/click", &[ORIGIN, JSON], body.to_string()).await;
    let mut elsewhere = landed();
    elsewhere["url"] = json!("https://evil.test/");
    assert_eq!(post(elsewhere).await.field(), "url");
    let mut typo = landed();
    typo["typo"] = json!(1);
    assert_eq!(post(typo).await.field(), "typo");
    let mut unknown = landed();
    unknown["via"] = json!("nobody");
    post(unknown).await.problem(404);
    site.send(Method::POST, "/t/acme/click", &[ORIGIN, JSON], "{").await.problem(400);
    site.send(Method::POST, "/t/acme/click", &[ORIGIN], "{}").await.problem(415);
    site.send(Method::POST, "/t/acme/click", &[ORIGIN, JSON], "x".repeat(70_000)).await.problem(413);
    site.send(Method::POST, "/t/nothing/click", &[ORIGIN, JSON], landed().to_string()).await.problem(404);
    let bot = [ORIGIN, JSON, ("user-agent", "Googlebot/2.1")];
    site.send(Method::POST, "/t/acme/click", &bot, landed().to_string()).await.problem(403);
    assert_eq!(site.clicks().await, 0);
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn one_address_can_not_knock_without_end(pool: PgPool) {
    let site = Site::start_with(pool, |parts| parts.client_ip_header = Some("x-real-ip".parse().expect("name"))).await;
    let knock = async |ip: &str| {
        let headers = [ORIGIN, JSON, ("x-real-ip", ip)];
        site.send(Method::POST, "/t/acme/click", &headers, "{}").await
    };
    let mut refused = None;
    for _ in 0..200 {
        let answer = knock("203.0.113.9").await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("refused at last");
    refused.problem(429);
    assert!(refused.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds >= 1));
    assert_eq!(knock("203.0.113.10").await.status, 422, "another address is another's");
}
