//! What protects people's browsers: other sites can't post, answers carry their policy.

use crate::site::Site;
use http::Method;
use sqlx::PgPool;

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn other_sites_can_not_post(pool: PgPool) {
    let site = Site::start_with(pool, |parts| parts.demo = true).await;
    let form = ("content-type", "application/x-www-form-urlencoded");
    let own = site.base.clone();
    let posts = ["/shop/sign-up", "/shop/buy", "/fn/sign-in", "/fn/sign-out", "/anything"];
    for path in posts {
        for foreign in [
            vec![("origin", "https://evil.test"), ("sec-fetch-site", "cross-site")],
            vec![("origin", "https://evil.test")],
            vec![("origin", "null")],
            vec![("sec-fetch-site", "same-site")],
        ] {
            let answer = site.send(Method::POST, path, &[&foreign[..], &[form]].concat(), "").await;
            assert_eq!(answer.status, 403, "{path} {foreign:?}");
        }
        let answer =
            site.send(Method::POST, path, &[("origin", &own), ("sec-fetch-site", "same-origin"), form], "").await;
        assert_ne!(answer.status, 403, "{path} from our own page");
    }
    // Bearer keys are no cookies: the API may be called from anywhere.
    let foreign = [("origin", "https://evil.test"), ("sec-fetch-site", "cross-site")];
    site.send(Method::POST, "/api/v1/track/sale", &foreign, "").await.problem(401);
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn answers_carry_their_policy(pool: PgPool) {
    let site = Site::start_with(pool, |parts| parts.demo = true).await;
    for path in ["/healthz", "/api/v1/openapi.json", "/nothing", "/shop", "/t.js"] {
        let answer = site.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
        assert!(!answer.header("referrer-policy").is_empty(), "{path}");
        assert!(!answer.header("permissions-policy").is_empty(), "{path}");
        assert!(answer.header("strict-transport-security").is_empty(), "{path}: not over http");
        assert_eq!(answer.header("x-request-id").len(), 36, "{path}");
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        let scripts = policy.split(';').find(|part| part.trim().starts_with("script-src ")).unwrap_or_default();
        assert!(!scripts.contains("unsafe-inline") && !scripts.contains("'unsafe-eval'"), "{path}: {policy}");
    }
    let packed = site.send(Method::GET, "/api/v1/openapi.json", &[("accept-encoding", "br, gzip")], "").await;
    assert_eq!(packed.header("content-encoding"), "br");
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn requests_are_counted_by_route(pool: PgPool) {
    let site = Site::start(pool).await;
    site.read("/partners/ada").await;
    site.get("/r/acme/ada").await;
    site.send("NONSENSE".parse().expect("a method"), "/healthz", &[], "").await;
    let figures = site.get("/metrics").await.text();
    assert!(!figures.contains("NONSENSE"), "anybody could make series without end");
    for line in [
        "http_requests_total{route=\"/api/v1/partners/{code}\",method=\"GET\",status=\"200\"}",
        "http_request_seconds_bucket{route=\"/api/v1/partners/{code}\"",
        "clicks_unrecorded_total",
        "clicks_late_total",
    ] {
        assert!(figures.contains(line), "{line} is not among\n{figures}");
    }
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn who_types_admin_is_led_home(pool: PgPool) {
    let site = Site::start(pool).await;
    let answer = site.get("/admin").await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/"));
}
