//! Leads by the API: as a company's systems send them, and as a partner's own do.

use crate::site::{Answer, Site, join, key, program, submit_key};
use domain::accounts::{Actor, Scope};
use engine::jobs;
use http::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

/// A form with one field of most kinds, by one default group and another.
async fn form(site: &Site) {
    let form = json!({"name": "optional", "fields": [
        {"key": "phone", "label": "Phone", "kind": "phone"},
        {"key": "team_size", "label": "Team size", "kind": "number", "required": true, "min": "1"},
        {"key": "services", "label": "Services", "kind": "choices", "options": ["Design", "Build"]},
        {"key": "call", "label": "Call them", "kind": "yes_no"},
        {"key": "terms", "label": "Terms", "kind": "consent", "required": true, "value": "We may call you."},
    ]});
    sqlx::query("update lead_forms set form = $2 where program_id = $1")
        .bind(site.program)
        .bind(form)
        .execute(&site.pool)
        .await
        .expect("form");
}

async fn set(site: &Site, statement: &'static str) {
    sqlx::query(statement).bind(site.program).execute(&site.pool).await.expect(statement);
}

fn consent() -> Value {
    json!({"text": "We may call you.", "at": "2026-10-01T10:00:00+02:00", "ip": "203.0.113.9"})
}

fn lead(email: &str) -> Value {
    json!({
        "partner_code": "ada",
        "fields": {"email": email, "name": "Nora", "team_size": 12, "services": ["Build", "Design"], "call": true},
        "consent": consent(),
    })
}

/// Asks with another key.
async fn ask(site: &Site, key: &str, method: Method, path: &str, body: Value) -> Answer {
    let bearer = format!("Bearer {key}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let body = if body.is_null() { String::new() } else { body.to_string() };
    site.send(method, &format!("/api/v1{path}"), &headers, body).await
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn a_lead_is_added_changed_moved_and_read(pool: PgPool) {
    let site = Site::start(pool).await;
    form(&site).await;
    let answer = site.post("/leads", lead("nora@harbor.test")).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let made = answer.json();
    let id = made["id"].as_str().expect("id").to_owned();
    let expected = json!({
        "partner_code": "ada", "lead_group": "Leads", "stage": "New", "stage_kind": "new", "email": "nora@harbor.test",
        "name": "Nora", "deal_value": null, "currency": "EUR", "duplicate": false, "withdrawn": false,
        "fields": {"email": "nora@harbor.test", "name": "Nora", "team_size": "12", "services": "Design; Build",
                   "call": "Yes", "terms": "Yes"},
    });
    for (name, value) in expected.as_object().expect("object") {
        if name != "lead_group" {
            assert_eq!(&made[name], value, "{name}");
        }
    }
    assert_eq!(site.read(&format!("/leads/{id}")).await.json(), made);
    let kept: (String, String, String) =
        sqlx::query_as("select body, given_at::text, ip from lead_consents where program_id = $1")
            .bind(site.program)
            .fetch_one(&site.pool)
            .await
            .expect("one consent");
    assert_eq!((kept.0.as_str(), kept.2.as_str()), ("We may call you.", "203.0.113.9"));
    assert!(kept.1.starts_with("2026-10-01 08:00:00"), "{}", kept.1);

    let change = json!({"fields": {"name": null, "phone": "+47 22 33 44 55", "team_size": "13"}});
    let changed = ask(&site, &site.key, Method::PATCH, &format!("/leads/{id}"), change).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    let changed = changed.json();
    assert_eq!((&changed["name"], &changed["fields"]["team_size"]), (&json!(""), &json!("13")));
    assert_eq!(changed["fields"]["services"], "Design; Build", "what isn't named stays");

    for (body, field) in [
        (json!({"stage": "nowhere"}), "stage"),
        (json!({"stage": "Closed Lost"}), "reason"),
        (json!({"stage": "closed_won", "deal_value": 5}), "deal_value"),
        (json!({"stage": "closed_won", "deal_value": "1.001"}), "deal_value"),
        (json!({"stage": "closed_won", "typo": 1}), "typo"),
        (json!({}), "stage"),
    ] {
        assert_eq!(site.post(&format!("/leads/{id}/stage"), body.clone()).await.field(), field, "{body}");
    }
    let won = json!({"stage": "closed won", "deal_value": "1200.00"});
    let won = site.post(&format!("/leads/{id}/stage"), won).await;
    assert_eq!(won.status, 200, "{}", won.text());
    assert_eq!((&won.json()["stage_kind"], &won.json()["deal_value"]), (&json!("closed_won"), &json!("1200.00")));

    for n in 1..=3 {
        assert_eq!(site.post("/leads", lead(&format!("l{n}@harbor{n}.test"))).await.status, 201);
    }
    let first = site.read("/leads?limit=3").await.json();
    assert_eq!(first["data"].as_array().map(Vec::len), Some(3));
    let cursor = first["next_cursor"].as_str().expect("a cursor");
    let rest = site.read(&format!("/leads?limit=3&cursor={cursor}")).await.json();
    assert_eq!((&rest["data"][0]["id"], &rest["next_cursor"]), (&json!(id), &Value::Null));
    for (query, count) in [
        ("stage=closed_won", 1),
        ("stage=Closed%20Won", 1),
        ("stage=new", 3),
        ("search=harbor2", 1),
        ("partner_code=ADA", 4),
        ("partner_code=nobody", 0),
        ("to=2020-01-01", 0),
    ] {
        let found = site.read(&format!("/leads?{query}")).await.json();
        assert_eq!(found["data"].as_array().map(Vec::len), Some(count), "{query}: {found}");
    }
    for (query, field) in [
        ("stage=happy", "stage"),
        ("lead_group=x", "lead_group"),
        ("typo=1", "typo"),
        ("cursor=x", "cursor"),
        ("from=x", "from"),
    ] {
        assert_eq!(site.read(&format!("/leads?{query}")).await.field(), field, "{query}");
    }
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn what_is_wrong_is_told_by_the_names_in_the_body(pool: PgPool) {
    let site = Site::start(pool).await;
    form(&site).await;
    let with = |path: &str, value: Value| {
        let mut body = lead("nora@harbor.test");
        *body.pointer_mut(path).expect(path) = value;
        body
    };
    for (body, field) in [
        (with("/partner_code", json!("nobody")), "partner_code"),
        (with("/partner_code", Value::Null), "partner_code"),
        (with("/partner_code", json!(7)), "partner_code"),
        (with("/fields/email", json!("nobody")), "fields.email"),
        (with("/fields/email", json!("a\0@harbor.test")), "fields.email"),
        (with("/fields/email", Value::Null), "fields.email"),
        (with("/fields/team_size", json!("many")), "fields.team_size"),
        (with("/fields/team_size", json!(0)), "fields.team_size"),
        (with("/fields/services", json!(["Paint"])), "fields.services"),
        (with("/fields/services", json!([["Build"]])), "fields.services"),
        (with("/fields/call", json!({"a": 1})), "fields.call"),
        (with("/fields", json!("text")), "fields"),
        (with("/consent/ip", json!("localhost")), "consent.ip"),
        (with("/consent/at", json!("2999-01-01T00:00:00Z")), "consent.at"),
        (with("/consent/at", json!("-9999-01-01T00:00:00Z")), "consent.at"),
        (with("/consent/at", json!("yesterday")), "consent.at"),
        (with("/consent/text", json!(" ")), "consent.text"),
        (with("/consent", Value::Null), "fields.terms"),
        (
            json!({"partner_code": "ada", "fields": {"email": "a@b.test", "team_size": 1, "terms": true, "typo": "x"}}),
            "fields.typo",
        ),
        (json!({"partner_code": "ada", "fields": {}, "lead_type": "x"}), "lead_type"),
        (json!({"partner_code": "ada", "fields": {}, "lead_group": "nowhere"}), "lead_group"),
        (json!({"partner_code": "ada"}), "fields"),
        (json!({"typo": 1, "fields": {}}), "typo"),
    ] {
        let answer = site.post("/leads", body.clone()).await;
        assert_eq!(answer.field(), field, "{body}");
    }
    let many = site.post("/leads", json!({"partner_code": "ada", "fields": {"email": "x"}})).await.json();
    assert_eq!(many["errors"].as_array().map(Vec::len), Some(3), "all of them at once: {many}");
    for kind in ["text/plain", "text/xml", "application/x-www-form-urlencoded", "application/xmlx"] {
        site.post_with("/leads", &[("content-type", kind)], "{}".into()).await.problem(415);
    }
    for not_json in ["", "{", "<lead/>"] {
        site.post_with("/leads", &[], not_json.to_owned()).await.problem(400);
    }
    let huge = format!("{{\"typo\":\"{}\"}}", "x".repeat(64 * 1024));
    site.post_with("/leads", &[], huge).await.problem(413);
    assert_eq!(site.post("/leads", lead("nora@harbor.test")).await.status, 201);
    let twice = site.post("/leads", lead("NORA@harbor.test")).await;
    assert_eq!(twice.field(), "fields.email");
    for path in ["/leads/x", "/leads/00000000-0000-7000-8000-000000000000", "/leads/%00"] {
        site.read(path).await.problem(404);
    }
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn xml_says_the_same(pool: PgPool) {
    let site = Site::start(pool).await;
    form(&site).await;
    let kind = [("content-type", "application/xml; charset=utf-8")];
    let send = |body: &str| site.post_with("/leads", &kind, body.to_owned());
    let answer = send(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>
         <lead><partner_code>ada</partner_code>
           <fields><email>nora@harbor.test</email><name>Nora &amp; Lee</name><team_size>12</team_size>
             <services>Build</services><services>Design</services><call>true</call></fields>
           <consent><text>We may call you.</text><at>2026-10-01T10:00:00Z</at><ip>2001:db8::1</ip></consent></lead>",
    )
    .await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/json");
    let made = answer.json();
    assert_eq!((&made["name"], &made["fields"]["services"]), (&json!("Nora & Lee"), &json!("Design; Build")));
    for (body, field) in [
        ("<lead><fields/></lead>", "partner_code"),
        ("<lead><partner_code>ada</partner_code><fields><email>x</email></fields></lead>", "fields.email"),
        ("<lead><typo>1</typo><fields/></lead>", "typo"),
        ("<lead><fields><email a='1'>x</email></fields></lead>", "fields.email"),
        ("<lead><partner_code>a</partner_code><partner_code>b</partner_code><fields/></lead>", "partner_code"),
    ] {
        assert_eq!(send(body).await.field(), field, "{body}");
    }
    for body in [
        "",
        "{}",
        "<lead>",
        "<!DOCTYPE lead [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><lead><fields><name>&x;</name></fields></lead>",
        "<lead><fields><a><b><c/></b></a></fields></lead>",
    ] {
        let problem = send(body).await.problem(400);
        assert!(!problem.to_string().contains("root:"), "{problem}");
    }
    let huge = format!("<lead><fields><name>{}</name></fields></lead>", "x".repeat(64 * 1024));
    site.post_with("/leads", &[("content-type", "application/xml")], huge).await.problem(413);
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn the_same_again_gets_the_first_answer(pool: PgPool) {
    let site = Site::start(pool).await;
    form(&site).await;
    let key = [("idempotency-key", "l1")];
    let send = |body: Value| site.post_with("/leads", &key, body.to_string());
    let (a, b) = tokio::join!(send(lead("nora@harbor.test")), send(lead("nora@harbor.test")));
    assert_eq!(a.status.as_u16() + b.status.as_u16(), 401, "201 and 200: {} {}", a.text(), b.text());
    assert_eq!(a.json(), b.json());
    let id = a.json()["id"].as_str().expect("id").to_owned();
    send(lead("lee@harbor.test")).await.problem(409);
    // The answer is the first one, whatever became of the lead since.
    let stage = format!("/leads/{id}/stage");
    let moved = site.post_with(&stage, &[("idempotency-key", "s1")], json!({"stage": "qualified"}).to_string()).await;
    assert_eq!(moved.status, 200, "{}", moved.text());
    let again = site.post_with(&stage, &[("idempotency-key", "s1")], json!({"stage": "qualified"}).to_string()).await;
    assert_eq!(moved.json(), again.json());
    assert_eq!(send(lead("nora@harbor.test")).await.json(), a.json());
    let kept: String =
        sqlx::query_scalar("select string_agg(answer::text, ' ') from api_answers where program_id = $1")
            .bind(site.program)
            .fetch_one(&site.pool)
            .await
            .expect("answers");
    assert!(kept.contains(&id) && !kept.to_lowercase().contains("nora"), "{kept}");
    // The same word of a partner's is its own.
    let adas = submit_key(&site.pool, site.program, "ada").await;
    let bearer = format!("Bearer {adas}");
    let headers = [("idempotency-key", "l1"), ("authorization", bearer.as_str())];
    let own = site.post_with("/leads", &headers, lead("kim@port.test").to_string()).await;
    assert_eq!(own.status, 201, "{}", own.text());

    // Without the word twins are told apart by what they are known by.
    let tasks = (0..16).map(|_| site.post("/leads", lead("twin@quay.test")));
    let answers = futures_util::future::join_all(tasks).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    assert!(answers.iter().filter(|answer| answer.status != 201).all(|answer| answer.field() == "fields.email"));
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn a_partner_s_key_sees_and_sends_its_own_alone(pool: PgPool) {
    let site = Site::start(pool).await;
    join(&site.pool, site.program, "bob").await;
    let adas = submit_key(&site.pool, site.program, "ada").await;
    let bobs = submit_key(&site.pool, site.program, "bob").await;
    let own = json!({"fields": {"email": "nora@harbor.test"}});
    let made = ask(&site, &adas, Method::POST, "/leads", own.clone()).await;
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!(made.json()["partner_code"], "ada");
    let id = made.json()["id"].as_str().expect("id").to_owned();
    let path = format!("/leads/{id}");
    for code in ["bob", "nobody"] {
        let other = json!({"partner_code": code, "fields": {"email": "lee@harbor.test"}});
        ask(&site, &adas, Method::POST, "/leads", other).await.problem(404);
    }
    let named = json!({"partner_code": "ADA", "fields": {"email": "lee@harbor.test"}});
    assert_eq!(ask(&site, &adas, Method::POST, "/leads", named).await.status, 201);

    assert_eq!(ask(&site, &adas, Method::GET, &path, Value::Null).await.status, 200);
    let change = json!({"fields": {"name": "Nora"}});
    assert_eq!(ask(&site, &adas, Method::PATCH, &path, change.clone()).await.json()["name"], "Nora");
    ask(&site, &bobs, Method::GET, &path, Value::Null).await.problem(404);
    ask(&site, &bobs, Method::PATCH, &path, change.clone()).await.problem(404);
    let count = |answer: Answer| answer.json()["data"].as_array().map(Vec::len);
    assert_eq!(count(ask(&site, &adas, Method::GET, "/leads", Value::Null).await), Some(2));
    assert_eq!(count(ask(&site, &bobs, Method::GET, "/leads", Value::Null).await), Some(0));
    assert_eq!(count(ask(&site, &bobs, Method::GET, "/leads?partner_code=ada", Value::Null).await), Some(0));
    // The team's own words and judgement are the team's.
    ask(&site, &adas, Method::POST, &format!("{path}/stage"), json!({"stage": "qualified"})).await.problem(403);
    assert_eq!(
        site.post(&format!("{path}/stage"), json!({"stage": "unqualified", "reason": "Too small"})).await.status,
        200
    );
    let seen = ask(&site, &adas, Method::GET, &path, Value::Null).await.json();
    assert_eq!((&seen["stage_kind"], &seen["reason"]), (&json!("unqualified"), &json!("Too small")));
    ask(&site, &adas, Method::PATCH, &path, json!({"fields": {"name": "Kim"}})).await.problem(409);
    let word = json!({"text": "They are back from holiday."});
    let said = ask(&site, &adas, Method::POST, &format!("{path}/comments"), word.clone()).await;
    assert_eq!((said.status.as_u16(), &said.json()["text"]), (201, &word["text"]), "{}", said.text());
    assert_eq!(site.post(&format!("{path}/comments"), json!({"text": "Thank you."})).await.status, 201);
    assert_eq!(site.post(&format!("{path}/comments"), json!({"text": "  "})).await.field(), "text");
    ask(&site, &bobs, Method::POST, &format!("{path}/comments"), word.clone()).await.problem(404);

    // Another program's key finds nothing.
    let (other, _) = program(&site.pool, "other", "ada").await;
    let elsewhere = key(&site.pool, other, &Scope::OF_PROGRAM).await;
    ask(&site, &elsewhere, Method::GET, &path, Value::Null).await.problem(404);
    ask(&site, &elsewhere, Method::PATCH, &path, change.clone()).await.problem(404);
    ask(&site, &elsewhere, Method::POST, &format!("{path}/comments"), word.clone()).await.problem(404);
    ask(&site, &elsewhere, Method::POST, &format!("{path}/stage"), json!({"stage": "qualified"})).await.problem(404);

    // A paused partner reads, and adds nothing; a banned one is out.
    set(&site, "update enrollments set status = 'paused' where program_id = $1 and code = 'ada'").await;
    ask(&site, &adas, Method::POST, "/leads", json!({"fields": {"email": "x@quay.test"}})).await.problem(409);
    assert_eq!(ask(&site, &adas, Method::GET, &path, Value::Null).await.status, 200);
    set(&site, "update enrollments set status = 'banned' where program_id = $1 and code = 'ada'").await;
    ask(&site, &adas, Method::GET, &path, Value::Null).await.problem(401);
    // What is switched off is refused to everybody.
    set(&site, "update lead_settings set submission = false where program_id = $1").await;
    ask(&site, &bobs, Method::POST, "/leads", own.clone()).await.problem(403);
    site.post("/leads", json!({"partner_code": "bob", "fields": {"email": "x@quay.test"}})).await.problem(403);
}

/// Works on jobs as the server does, until every import is done.
async fn work(site: &Site) {
    let context = jobs::Context {
        pool: site.pool.clone(),
        mailer: None,
        public_url: site.base.clone(),
        files: engine::files::Store::memory(),
        secrets: engine::secrets::Secrets::new("a secret for tests, long enough to be taken").expect("secret"),
    };
    let worker = tokio::spawn(jobs::run(context, std::future::pending()));
    site.until("the import is done", async || {
        let done = "select not exists (select from lead_imports where program_id = $1 and finished_at is null)";
        sqlx::query_scalar(done).bind(site.program).fetch_one(&site.pool).await.expect("imports")
    })
    .await;
    worker.abort();
}

async fn send_csv(site: &Site, key: &str, query: &str, headers: &[(&str, &str)], csv: &str) -> Answer {
    let bearer = format!("Bearer {key}");
    let mut all = vec![("authorization", bearer.as_str()), ("content-type", "text/csv")];
    all.retain(|(name, _)| !headers.iter().any(|(other, _)| other == name));
    all.extend_from_slice(headers);
    site.send(Method::POST, &format!("/api/v1/lead-imports{query}"), &all, csv.to_owned()).await
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn a_file_is_imported_and_its_errors_are_downloaded(pool: PgPool) {
    let site = Site::start(pool).await;
    join(&site.pool, site.program, "bob").await;
    let adas = submit_key(&site.pool, site.program, "ada").await;
    let bobs = submit_key(&site.pool, site.program, "bob").await;
    let csv = "E-mail;Name\nnora@harbor.test;Nora\nnobody;=cmd()\nlee@quay.test;Lee\n";
    send_csv(&site, &adas, "", &[], csv).await.problem(403);
    send_csv(&site, &site.key.clone(), "?partner_code=ada", &[], csv).await.problem(403);
    set(&site, "update lead_settings set importing = true where program_id = $1").await;
    let taken = send_csv(&site, &adas, "?name=nora.csv", &[], csv).await;
    assert_eq!(taken.status, 201, "{}", taken.text());
    let import = taken.json();
    assert_eq!((&import["status"], &import["rows"], &import["name"]), (&json!("ready"), &json!(3), &json!("nora.csv")));
    let path = format!("/lead-imports/{}", import["id"].as_str().expect("id"));
    let again = send_csv(&site, &adas, "", &[], csv).await;
    assert_eq!((again.status.as_u16(), &again.json()["id"]), (200, &import["id"]), "the same rows: the first import");
    work(&site).await;
    let done = ask(&site, &adas, Method::GET, &path, Value::Null).await.json();
    assert_eq!(
        (&done["status"], &done["accepted"], &done["refused"]),
        (&json!("done"), &json!(2), &json!(1)),
        "{done}"
    );
    let errors = ask(&site, &adas, Method::GET, &format!("{path}/errors.csv"), Value::Null).await;
    assert_eq!(errors.header("content-type"), "text/csv; charset=utf-8");
    let text = errors.text();
    assert!(text.contains("nobody,'=cmd(),") && text.lines().count() == 2, "{text}");
    for below in ["", "/errors.csv"] {
        ask(&site, &bobs, Method::GET, &format!("{path}{below}"), Value::Null).await.problem(404);
        ask(&site, &bobs, Method::GET, &format!("/lead-imports/x{below}"), Value::Null).await.problem(404);
    }
    // Mended it imports again.
    let mended = send_csv(&site, &adas, "", &[], &text.replace("nobody", "kim@port.test")).await;
    assert_eq!(mended.status, 201, "{}", mended.text());
    work(&site).await;
    let leads = ask(&site, &adas, Method::GET, "/leads", Value::Null).await.json();
    assert_eq!(leads["data"].as_array().map(Vec::len), Some(3));
    assert_eq!(leads["data"][0]["name"], "=cmd()");

    for (query, headers, body, status) in [
        ("", &[("content-type", "application/json")][..], "{}", 415),
        ("", &[], "", 422),
        ("", &[], "E-mail\n", 422),
        ("", &[], "Nothing\nx\n", 422),
        ("?lead_group=nowhere", &[], csv, 422),
        ("?partner_code=bob", &[], csv, 404),
        ("?typo=1", &[], csv, 422),
    ] {
        let answer = send_csv(&site, &adas, query, headers, body).await;
        assert_eq!(answer.status.as_u16(), status, "{query} {body}: {}", answer.text());
    }
    let huge = "x".repeat(domain::leads::file::MOST_BYTES + 1);
    send_csv(&site, &adas, "", &[], &huge).await.problem(413);
    // Of twins with one word at once one is taken.
    let one = "E-mail\ntwin@quay2.test\n";
    let word = [("idempotency-key", "i1")];
    let (a, b) = tokio::join!(send_csv(&site, &bobs, "", &word, one), send_csv(&site, &bobs, "", &word, one));
    assert_eq!(a.status.as_u16() + b.status.as_u16(), 401, "{} {}", a.text(), b.text());
    assert_eq!(a.json(), b.json());
    send_csv(&site, &bobs, "", &word, "E-mail\nother@quay2.test\n").await.problem(409);
    // The team is told of a company's own file in its log.
    let theirs = send_csv(&site, &site.key.clone(), "?partner_code=bob", &[], "E-mail\nz@quay3.test\n").await;
    assert_eq!(theirs.status, 201, "{}", theirs.text());
    work(&site).await;
    let mut conn = site.pool.acquire().await.expect("connection");
    let actor = Actor::System { program: site.program };
    let (filter, paging) = (domain::programs::AuditFilter::default(), domain::page::Paging::default());
    let log = engine::programs::audit::list(&mut conn, &actor, &filter, &paging).await.expect("log");
    assert!(log.data.iter().any(|line| line.action == "leads.import"));
}
