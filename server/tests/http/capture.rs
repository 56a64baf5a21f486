//! Forms that partners share, as visitors' browsers and other sites meet them.

use crate::site::{Answer, Site, cookies, now};
use domain::accounts::Actor;
use domain::leads::capture::CaptureInput;
use engine::leads::{capture_forms, save_capture_form};
use http::Method;
use serde_json::json;
use sqlx::PgPool;

const FORM: [(&str, &str); 1] = [("content-type", "application/x-www-form-urlencoded")];

/// A site with a form of ada's, and the form's path.
async fn site(pool: PgPool, sites: &str, redirect: &str) -> (Site, String) {
    let site = Site::start(pool).await;
    let form = json!({"name": "required", "fields": [
        {"key": "services", "label": "Services", "kind": "choices", "options": ["Design", "Build"], "required": true},
        {"key": "about", "label": "About <you>", "kind": "long"},
        {"key": "terms", "label": "Terms", "kind": "consent", "required": true, "value": "We may call you."},
        {"key": "campaign", "label": "Campaign", "kind": "hidden", "value": "autumn"},
    ]});
    sqlx::query("update lead_forms set form = $2 where program_id = $1")
        .bind(site.program)
        .bind(form)
        .execute(&site.pool)
        .await
        .expect("form");
    let account = sqlx::query_scalar("select account_id from enrollment_accounts where enrollment_id = $1")
        .bind(site.ada)
        .fetch_one(&site.pool)
        .await
        .expect("account");
    let ada = Actor::Partner { account, program: site.program, enrollment: site.ada };
    let mut conn = site.pool.acquire().await.expect("connection");
    let group = capture_forms(&mut conn, &ada).await.expect("forms")[0].group;
    let input = CaptureInput {
        group,
        is_open: true,
        sites: sites.into(),
        thanks: "Thank you & <goodbye>".into(),
        redirect: redirect.into(),
    };
    save_capture_form(&mut conn, &now(), &ada, &input).await.expect("made");
    let code = capture_forms(&mut conn, &ada).await.expect("forms")[0].code.clone();
    drop(conn);
    (site, format!("/f/acme/{code}"))
}

fn body(email: &str, more: &str) -> String {
    let email = email.replace('@', "%40");
    format!(
        "email={email}&name=Nora&services=Build&services=Design&about=a%0D%0Ab&terms=Yes&form-version=1&your-website={more}"
    )
}

async fn leads(site: &Site) -> i64 {
    let count = "select count(*) from leads where program_id = $1";
    sqlx::query_scalar(count).bind(site.program).fetch_one(&site.pool).await.expect("leads")
}

async fn set(site: &Site, statement: &'static str) {
    sqlx::query(statement).bind(site.program).execute(&site.pool).await.expect(statement);
}

async fn send(site: &Site, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let all: Vec<_> = FORM.iter().chain(headers).copied().collect();
    site.send(Method::POST, path, &all, body.to_owned()).await
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn a_visitor_fills_it_in_without_a_script(pool: PgPool) {
    let (site, path) = site(pool, "www.harbor.test", "").await;
    let page = site.get(&path).await;
    assert_eq!(page.status, 200);
    let text = page.text();
    assert!(!text.contains("<script") && !text.contains("autumn"), "{text}");
    assert!(text.contains("About &lt;you&gt;") && text.contains("We may call you.") && text.contains("ACME"), "{text}");
    assert!(text.contains(&format!("action=\"{path}\"")) && text.contains("method=\"post\""), "{text}");

    let wrong = send(&site, &path, &[], "email=nobody&name=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&about=kept").await;
    assert_eq!(wrong.status, 422);
    let text = wrong.text();
    assert!(!text.contains("<script"), "{text}");
    for expected in [
        "This is not an e-mail address.",
        "value=\"nobody\"",
        ">\nkept</textarea>",
        "role=\"alert\"",
        "id=\"lead-terms-error\"",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    assert_eq!(leads(&site).await, 0);

    let session = [("cookie", "tributary=nonsense")];
    let sent = send(&site, &path, &session, &body("nora@harbor.test", "")).await;
    assert_eq!((sent.status.as_u16(), sent.header("location")), (303, &*format!("{path}/thanks")), "{}", sent.text());
    assert!(cookies(&sent).is_empty() && cookies(&page).is_empty(), "it knows no session");
    let thanks = site.get(sent.header("location")).await.text();
    assert!(
        thanks.contains("Thank you &#38; &#60;goodbye&#62;") || thanks.contains("Thank you &amp; &lt;goodbye&gt;"),
        "{thanks}"
    );
    let kept: String = sqlx::query_scalar(
        "select concat_ws('|', l.email, l.name, l.answers ->> 'services', l.answers ->> 'about', l.answers ->> 'campaign',
                          e.code, c.body, c.form_version, c.ip)
         from leads l join enrollments e on e.program_id = l.program_id and e.id = l.enrollment_id
         join lead_consents c on c.program_id = l.program_id and c.lead_id = l.id where l.program_id = $1",
    )
    .bind(site.program)
    .fetch_one(&site.pool)
    .await
    .expect("lead");
    assert_eq!(kept, "nora@harbor.test|Nora|Design; Build|a\r\nb|autumn|ada|We may call you.|1|127.0.0.1");

    // Who is known already is answered as if it was new.
    let again = send(&site, &path, &[], &body("nora@harbor.test", "")).await;
    assert_eq!((again.status, again.header("location")), (sent.status, sent.header("location")));
    assert_eq!(leads(&site).await, 1);
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn it_may_stand_in_frames_of_its_sites_alone(pool: PgPool) {
    let (site, path) = site(pool, "www.harbor.test\nhttps://quay.test", "https://quay.test/thanks?from=form").await;
    for page in [path.clone(), format!("{path}?embed=1"), format!("{path}/thanks")] {
        let answer = site.get(&page).await;
        let policy = answer.header("content-security-policy").to_owned();
        assert!(policy.contains("frame-ancestors https://www.harbor.test https://quay.test"), "{policy}");
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("x-frame-options"), "", "{page}");
    }
    let wrong = send(&site, &path, &[], "email=x").await;
    assert!(wrong.header("content-security-policy").contains("frame-ancestors https://www.harbor.test"));
    for other in ["/sign-in", "/f/acme/nothing", "/api/v1/openapi.json", "/"] {
        let answer = site.get(other).await;
        assert_eq!(answer.header("x-frame-options"), "DENY", "{other}");
        assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"), "{other}");
    }
    // Posts come from its own page and from its sites.
    let own = site.base.clone();
    for (n, origin) in ["https://www.harbor.test", "https://quay.test", &own].into_iter().enumerate() {
        let sent = send(&site, &path, &[("origin", origin)], &body(&format!("n{n}@n{n}.test"), "")).await;
        assert_eq!(
            (sent.status.as_u16(), sent.header("location")),
            (303, "https://quay.test/thanks?from=form"),
            "{origin}"
        );
    }
    for origin in
        ["https://evil.test", "http://quay.test", "null", "https://quay.test.evil.test", "https://quay.test:444"]
    {
        let sent = send(&site, &path, &[("origin", origin)], &body("x@evil.test", "")).await;
        assert_eq!(sent.status, 403, "{origin}");
    }
    assert_eq!(leads(&site).await, 3);
    // What was kept in another way leads nowhere else either.
    set(&site, "update capture_forms set redirect = 'https://evil.test/' where program_id = $1").await;
    let sent = send(&site, &path, &[], &body("y@quay.test", "")).await;
    assert_eq!(sent.header("location"), format!("{path}/thanks"));
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn what_is_no_person_is_thanked_and_nothing_is_kept(pool: PgPool) {
    let (site, path) = site(pool, "", "").await;
    let sent = send(&site, &path, &[], &body("bot@spam.test", "https%3A%2F%2Fspam.test")).await;
    assert_eq!((sent.status.as_u16(), sent.header("location")), (303, &*format!("{path}/thanks")));
    assert_eq!(leads(&site).await, 0);
    let page = site.get(&path).await;
    assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"), "no site is named");

    for (kind, status) in [("application/json", 415), ("multipart/form-data", 415), ("text/plain", 415)] {
        let sent = site.send(Method::POST, &path, &[("content-type", kind)], body("a@b.test", "")).await;
        assert_eq!(sent.status.as_u16(), status, "{kind}");
    }
    let huge = format!("email=x&about={}", "x".repeat(600 * 1024));
    assert_eq!(send(&site, &path, &[], &huge).await.status, 413);
    for bad in
        ["", "&&&", "%", "email=%ff%00", "email=a%40b.test&name=%00&terms=Yes&services=Build", "=&=", "form-version=x"]
    {
        assert_eq!(send(&site, &path, &[], bad).await.status, 422, "{bad}");
    }
    assert_eq!(leads(&site).await, 0);
    // A form that has changed is shown anew, with what was typed.
    let stale =
        send(&site, &path, &[], &body("nora@harbor.test", "").replace("form-version=1", "form-version=7")).await;
    assert_eq!(stale.status, 409);
    assert!(
        stale.text().contains("value=\"nora@harbor.test\"") && stale.text().contains("value=\"1\""),
        "{}",
        stale.text()
    );
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn one_address_sends_one_form_so_often_and_no_more(pool: PgPool) {
    let (site, path) = site(pool, "", "").await;
    let mut taken = 0;
    let refused = loop {
        let sent = send(&site, &path, &[], &body(&format!("n{taken}@n{taken}.test"), "")).await;
        if sent.status == 429 {
            break sent;
        }
        assert_eq!(sent.status, 303, "{}", sent.text());
        taken += 1;
        assert!(taken < 50, "without end");
    };
    assert!(taken >= 5, "people may err: {taken}");
    assert!(refused.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0));
    assert!(
        refused.text().contains("too often") && refused.text().contains("value=\"Nora\""),
        "what was typed is kept"
    );
    assert_eq!(leads(&site).await, i64::from(taken));
    assert_eq!(site.get(&path).await.status, 200, "looking is free");
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn what_takes_no_leads_is_not_there(pool: PgPool) {
    let (site, path) = site(pool, "", "").await;
    for (off, on) in [
        (
            "update lead_settings set submission = false where program_id = $1",
            "update lead_settings set submission = true where program_id = $1",
        ),
        (
            "update capture_forms set is_open = false where program_id = $1",
            "update capture_forms set is_open = true where program_id = $1",
        ),
        (
            "update enrollments set status = 'paused' where program_id = $1",
            "update enrollments set status = 'active' where program_id = $1",
        ),
    ] {
        set(&site, off).await;
        assert_eq!(site.get(&path).await.status, 404, "{off}");
        assert_eq!(site.get(&format!("{path}/thanks")).await.status, 404, "{off}");
        assert_eq!(send(&site, &path, &[], &body("nora@harbor.test", "")).await.status, 404, "{off}");
        set(&site, on).await;
    }
    for nothing in ["/f/acme/nothing", "/f/nowhere/nothing", "/f/acme/%00", "/f/acme/%ff"] {
        assert!(site.get(nothing).await.status.is_client_error(), "{nothing}");
        assert!(send(&site, nothing, &[], "email=x").await.status.is_client_error(), "{nothing}");
    }
    assert_eq!(site.send(Method::PUT, &path, &FORM, "").await.status, 405);
    assert_eq!(leads(&site).await, 0);
}
