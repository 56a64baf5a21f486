//! The demo's shop, through and through: its server calls the API over HTTP.

use crate::site::{Answer, Site, cookies};
use http::Method;
use serde_json::json;
use sqlx::PgPool;

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

async fn post(site: &Site, path: &str, cookie: &str, form: &str) -> Answer {
    site.send(Method::POST, path, &[FORM, ("cookie", cookie)], form.to_owned()).await
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn a_visitor_signs_up_buys_and_is_refunded(pool: PgPool) {
    let site = Site::start_with(pool, |parts| parts.demo = true).await;
    let page = site.get("/shop?tid=x").await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("/t.js") && page.text().contains("data-program=\"acme\""));
    assert_eq!(site.get("/shop/account").await.header("location"), "/shop", "not yet signed up");

    let click = site.post("/track/click", json!({"link": "ada", "url": "https://acme.test/"})).await.json();
    let form =
        format!("name=Nora+%3Cb%3E&email=nora%40harbor.test&click_id={}", click["click_id"].as_str().expect("id"));
    let signed_up = post(&site, "/shop/sign-up", "", &form).await;
    assert_eq!(
        (signed_up.status.as_u16(), signed_up.header("location")),
        (303, "/shop/account"),
        "{}",
        signed_up.text()
    );
    let cookie = cookies(&signed_up)[0].split(';').next().unwrap_or_default().to_owned();

    assert_eq!(post(&site, "/shop/buy", &cookie, "product=Team+plan").await.status, 303);
    let account = site.send(Method::GET, "/shop/account", &[("cookie", &cookie)], "").await.text();
    assert!(account.contains("Attributed to ada.") && account.contains("ada earns 9.80 EUR (held)."), "{account}");
    assert!(account.contains("Nora &#60;b&#62;") || account.contains("Nora &lt;b&gt;"), "{account}");
    let event =
        account.split("name=\"event_id\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("event");
    assert_eq!(post(&site, "/shop/refund", &cookie, &format!("event_id={event}")).await.status, 303);
    let account = site.send(Method::GET, "/shop/account", &[("cookie", &cookie)], "").await.text();
    assert!(account.contains("is taken back (reversed)."), "{account}");

    assert_eq!(post(&site, "/shop/refund", &cookie, "event_id=nothing").await.status, 422);
    assert_eq!(post(&site, "/shop/buy", &cookie, "product=nothing").await.status, 422);
    assert_eq!(post(&site, "/shop/buy", "shop_customer=forged", "product=Team+plan").await.header("location"), "/shop");
    let refused = post(&site, "/shop/sign-up", "", "name=X&email=no").await;
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("role=\"alert\""), "{}", refused.text());
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn it_is_closed_without_the_demo(pool: PgPool) {
    let site = Site::start(pool).await;
    assert_eq!(site.get("/shop").await.status, 404);
}
