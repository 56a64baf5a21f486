//! The short link, as visitors, bots and mischief follow it.

use crate::site::{Site, cookies, now};
use domain::accounts::Actor;
use domain::links::{NewLink, Utm};
use domain::programs::ClickModel;
use http::Method;
use sqlx::PgPool;

fn tid(location: &str) -> &str {
    location
        .split("tid=")
        .nth(1)
        .unwrap_or_else(|| panic!("no tid in {location}"))
        .split('&')
        .next()
        .unwrap_or_default()
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn a_visitor_lands_with_a_click_id_and_a_cookie(pool: PgPool) {
    let site = Site::start(pool).await;
    let answer = site.get("/r/acme/ada?utm_source=news&sub=left").await;
    assert_eq!(answer.status, 302);
    let location = answer.header("location");
    assert!(location.starts_with("https://acme.test/home?lang=en&utm_source=news&tid="), "{location}");
    let id = tid(location);
    assert_eq!(id.len(), 36);
    let cookie = &cookies(&answer)[0];
    assert!(cookie.starts_with(&format!("tid_acme={id}.")), "{cookie}");
    for part in ["; Path=/", "; Max-Age=5184000", "; HttpOnly", "; SameSite=Lax"] {
        assert!(cookie.contains(part), "{part}: {cookie}");
    }
    assert!(!cookie.contains("Secure"), "not over http");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(site.clicks().await, 1, "committed before the answer");
    assert_eq!(site.get("/r/acme/ADA").await.status, 302, "whatever the case");
    assert_eq!(site.clicks().await, 2);
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn cookies_are_secure_over_https(pool: PgPool) {
    let site = Site::start_with(pool, |parts| parts.public_url = "https://partners.acme.test".into()).await;
    assert!(cookies(&site.get("/r/acme/ada").await)[0].ends_with("; Secure"));
    assert!(site.get("/healthz").await.header("strict-transport-security").contains("max-age="));
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn heads_bots_and_prefetches_are_sent_on_uncounted(pool: PgPool) {
    let site = Site::start(pool).await;
    let browser = ("user-agent", "Mozilla/5.0 (X11; Linux x86_64) Chrome/131.0 Safari/537.36");
    let machines: [(Method, &[(&str, &str)]); 5] = [
        (Method::HEAD, &[browser]),
        (Method::GET, &[("user-agent", "Mozilla/5.0 (compatible; Googlebot/2.1)")]),
        (Method::GET, &[browser, ("sec-purpose", "prefetch;prerender")]),
        (Method::GET, &[browser, ("purpose", "prefetch")]),
        (Method::GET, &[browser, ("x-moz", "prefetch")]),
    ];
    for (method, headers) in machines {
        let answer = site.send(method, "/r/acme/ada", headers, "").await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (302, "https://acme.test/home?lang=en"));
        assert!(cookies(&answer).is_empty());
    }
    assert_eq!(site.clicks().await, 0);
    let head = site.send(Method::HEAD, "/r/acme/ada?to=//evil.test", &[browser], "").await;
    assert_eq!(head.status, 400);
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn the_target_stays_on_the_links_host(pool: PgPool) {
    let site = Site::start(pool).await;
    for (to, target) in [
        ("/pricing", "https://acme.test/pricing?tid="),
        ("%2Fpricing%3Fa%3D1%23plans", "https://acme.test/pricing?a=1&tid="),
        ("/caf%C3%A9", "https://acme.test/caf%C3%A9?tid="),
        ("/@evil.test", "https://acme.test/@evil.test?tid="),
    ] {
        let answer = site.get(&format!("/r/acme/ada?to={to}")).await;
        assert_eq!(answer.status, 302, "{to}");
        assert!(answer.header("location").starts_with(target), "{to}: {}", answer.header("location"));
    }
    let before = site.clicks().await;
    for to in [
        "https://evil.test",
        "//evil.test",
        "/%5Cevil.test",
        "%5C%5Cevil.test",
        "/%09/evil.test",
        "/%0d%0aset-cookie:a=b",
        "javascript:alert(1)",
        "pricing",
        "",
        "%00",
        "/%",
        "/%ff",
    ] {
        let answer = site.get(&format!("/r/acme/ada?to={to}")).await;
        assert_eq!(answer.status, 400, "{to}");
        assert!(answer.header("location").is_empty() && cookies(&answer).is_empty(), "{to}");
    }
    assert_eq!(site.clicks().await, before);
    // A visitor's own tid is no click's.
    let forged = site.get("/r/acme/ada?tid=forged&a=1").await;
    assert!(!forged.header("location").contains("forged"), "{}", forged.header("location"));
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn unknown_and_disabled_codes_have_a_page(pool: PgPool) {
    let site = Site::start(pool).await;
    for path in ["/r/acme/nobody", "/r/nothing/ada", "/r/acme/%00", "/r/acme/%ff"] {
        let answer = site.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.header("content-type").starts_with("text/html"));
        assert!(answer.text().contains("<h1>"));
    }
    // Links made, renamed and switched off are known without a restart.
    let actor = Actor::System { program: site.program };
    let mut connection = site.pool.acquire().await.expect("connection");
    let new = NewLink { code: Some("spring".into()), ..NewLink::default() };
    let link = engine::links::create(&mut connection, &now(), &actor, site.ada, &new).await.expect("link");
    let status = async |code: &str| site.get(&format!("/r/acme/{code}")).await.status.as_u16();
    site.until("the new link leads on", async || status("spring").await == 302).await;
    engine::links::rename(&mut connection, &now(), &actor, link.id, "summer").await.expect("renamed");
    site.until("the new code leads on", async || status("summer").await == 302).await;
    assert_eq!(status("spring").await, 302, "and so does the old one");
    engine::links::set_disabled(&mut connection, &now(), &actor, link.id, true).await.expect("disabled");
    site.until("it is switched off", async || status("spring").await == 404 && status("summer").await == 404).await;
    let page = site.get("/r/acme/summer").await.text();
    assert!(page.contains("<a href=\"https://acme.test/home?lang=en\">Go to acme.test</a>"), "{page}");
    assert!(!site.get("/r/nothing/ada").await.text().contains("<a "), "no program, no site");
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn a_link_is_a_qr_code_as_svg_and_png(pool: PgPool) {
    let site = Site::start(pool).await;
    for (ending, kind, begins) in [("svg", "image/svg+xml", &b"<svg"[..]), ("png", "image/png", &b"\x89PNG"[..])] {
        let answer = site.get(&format!("/qr/acme/ada.{ending}")).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, kind));
        assert!(answer.body.starts_with(begins), "{ending}");
    }
    for nothing in ["/qr/acme/ada.gif", "/qr/acme/nobody.svg", "/qr/nothing/ada.png", "/qr/acme/ada"] {
        assert_eq!(site.get(nothing).await.status, 404, "{nothing}");
    }
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn the_cookie_keeps_the_first_click_where_that_counts(pool: PgPool) {
    let site = Site::start(pool).await;
    let follow = async |cookie: &str| {
        let answer = site.send(Method::GET, "/r/acme/ada", &[("cookie", cookie)], "").await;
        let cookie = cookies(&answer)[0].split(';').next().unwrap_or_default().to_owned();
        (tid(answer.header("location")).to_owned(), cookie)
    };
    let (first, cookie) = follow("a=b").await;
    let (second, _) = follow(&cookie).await;
    assert_ne!(first, second, "the last click counts");
    site.change_program(|program| program.click_model = ClickModel::First).await;
    site.until("the first click counts", async || follow(&cookie).await.0 == first).await;
    let (kept, cookie) = follow(&format!("other=1; {cookie}")).await;
    assert_eq!(kept, first);
    assert!(cookie.contains(&first));
    for forged in ["tid_acme=forged", "tid_acme=", "tid_acme=00000000-0000-0000-0000-000000000000", "tid_acme=💥"] {
        let answer = site.send(Method::GET, "/r/acme/ada", &[("cookie", forged)], "").await;
        assert_eq!(answer.status, 302, "{forged}");
        assert_eq!(tid(answer.header("location")).len(), 36);
    }
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn before_consent_nothing_is_set(pool: PgPool) {
    let site = Site::start(pool).await;
    site.change_program(|program| program.consent_required = true).await;
    let silent = async || cookies(&site.get("/r/acme/ada").await).is_empty();
    site.until("no cookie is set", silent).await;
    assert!(site.get("/r/acme/ada").await.header("location").contains("tid="), "the click is counted, not the visitor");
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn a_country_is_what_the_trusted_proxy_says(pool: PgPool) {
    let header = Some("cf-ipcountry".parse().expect("name"));
    let site = Site::start_with(pool.clone(), |parts| parts.country_header = header).await;
    for headers in [&[("cf-ipcountry", "de")][..], &[("cf-ipcountry", "XX")], &[("x-country", "US")]] {
        assert_eq!(site.send(Method::GET, "/r/acme/ada", headers, "").await.status, 302);
    }
    let mut countries: Vec<String> =
        sqlx::query_scalar("select country from clicks").fetch_all(&pool).await.expect("countries");
    countries.sort();
    assert_eq!(countries, ["", "", "DE"]);
    site.change_program(|program| program.consent_required = true).await;
    site.until("the link table knows", async || {
        site.send(Method::GET, "/r/acme/ada", &[("cf-ipcountry", "SE")], "").await.header("set-cookie").is_empty()
    })
    .await;
    sqlx::query("delete from clicks").execute(&pool).await.expect("deleted");
    site.send(Method::GET, "/r/acme/ada", &[("cf-ipcountry", "FR")], "").await;
    let country: String = sqlx::query_scalar("select country from clicks").fetch_one(&pool).await.expect("country");
    assert_eq!(country, "", "without consent nothing is kept of a visitor");
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn a_link_s_own_mark_and_campaign_go_with_it(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    let actor = Actor::System { program: site.program };
    let mut connection = site.pool.acquire().await.expect("connection");
    let utm = Utm { source: "news letter".into(), ..Utm::default() };
    let new = NewLink { code: Some("spring".into()), sub_id: "footer".into(), utm, ..NewLink::default() };
    engine::links::create(&mut connection, &now(), &actor, site.ada, &new).await.expect("link");
    let follow = async |query: &str| site.get(&format!("/r/acme/spring{query}")).await.header("location").to_owned();
    site.until("the new link leads on", async || !follow("").await.is_empty()).await;
    let location = follow("").await;
    assert!(
        location.starts_with("https://acme.test/home?lang=en&sub=footer&utm_source=news%20letter&tid="),
        "{location}"
    );
    let theirs = follow("?utm_source=mine&sub=left").await;
    assert!(theirs.starts_with("https://acme.test/home?lang=en&utm_source=mine&tid="), "{theirs}");
    let marks: Vec<String> =
        sqlx::query_scalar("select distinct sub_id from clicks order by 1").fetch_all(&pool).await.expect("marks");
    assert_eq!(marks, ["footer", "left"]);
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn a_host_of_links_is_known_by_the_installation_s_mark(pool: PgPool) {
    let site = Site::start(pool).await;
    let headers = [("host", "go.acme.test")];
    let mark = site.send(Method::GET, engine::portal::MARK_PATH, &headers, "").await;
    assert_eq!((mark.status.as_u16(), mark.text().len()), (200, 64), "{}", mark.text());
    assert_eq!(site.get(engine::portal::MARK_PATH).await.text(), mark.text(), "whatever the host");
}
