//! What is uploaded, by whom, and how it is served.

use crate::site::{Answer, PASSWORD, Site, join, now, program};
use domain::accounts::Actor;
use domain::ids::{EnrollmentId, ProgramId};
use engine::accounts::{SignIn, sign_in, sign_in_links};
use engine::files::draw_png;
use http::Method;
use sqlx::PgPool;

/// A session of a partner.
async fn partner(pool: &PgPool, program: ProgramId, code: &str) -> String {
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

fn png() -> Vec<u8> {
    draw_png(300, 250, |x, _| [x.to_le_bytes()[0], 0, 0]).expect("drawn")
}

/// A form with a file, as browsers send it.
fn form(fields: &[(&str, &str)], file: Option<(&str, &[u8])>) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend_from_slice(
            format!("--B\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").as_bytes(),
        );
    }
    if let Some((name, bytes)) = file {
        let head = format!(
            "--B\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             content-type: application/octet-stream\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--B--\r\n");
    body
}

async fn upload(site: &Site, path: &str, session: Option<&str>, accept: &str, body: Vec<u8>) -> Answer {
    let cookie = session.map(|session| format!("tributary={session}")).unwrap_or_default();
    let headers = [
        ("content-type", "multipart/form-data; boundary=B"),
        ("cookie", cookie.as_str()),
        ("accept", accept),
        ("referer", &*format!("{}/p/acme", site.base)),
    ];
    site.send(Method::POST, path, &headers, body).await
}

const JSON: &str = "application/json";

fn photo_of(partner: EnrollmentId) -> Vec<u8> {
    form(&[("program", "acme"), ("partner", &partner.to_string())], Some(("me.png", &png())))
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn each_upload_lets_in_whom_it_should_alone(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    let (other, _) = program(&pool, "other", "bob").await;
    join(&pool, site.program, "ann").await;
    let ada = partner(&pool, site.program, "ada").await;
    let ann = partner(&pool, site.program, "ann").await;
    let bob = partner(&pool, other, "bob").await;
    let owner = account(&pool, "owner@acme.test").await;
    let stranger = account(&pool, "owner@other.test").await;
    let banner = form(&[("program", "acme"), ("kind", "banner"), ("name", "Spring")], Some(("b.png", &png())));
    let image = form(&[("program", "acme")], Some(("b.png", &png())));
    for (path, body) in
        [("/upload/acme/asset", &banner), ("/upload/acme/logo", &image), ("/upload/acme/favicon", &image)]
    {
        let status =
            async |session: Option<&str>| upload(&site, path, session, JSON, body.clone()).await.status.as_u16();
        assert_eq!(status(None).await, 401, "{path}");
        for session in [&ada, &bob, &stranger] {
            assert_eq!(status(Some(session)).await, 404, "{path}");
        }
        assert_eq!(status(Some(&owner)).await, 200, "{path}");
    }
    // The pages before signing in bear the program's icon, others the product's.
    let icon = async |path: &str| site.send(Method::GET, path, &[], "").await.header("location").to_owned();
    assert!(icon("/p/acme/icon").await.starts_with("/files/acme/"));
    assert_eq!(icon("/p/other/icon").await, "/favicon.svg");
    let door = site.send(Method::GET, "/p/acme/sign-in", &[("accept", "text/html")], "").await.text();
    assert!(door.contains("href=\"/p/acme/icon\""), "{door}");
    // Who may not is refused before the body is read: another's is not even found wanting.
    for path in ["/upload/acme/asset", "/upload/acme/logo", "/upload/acme/favicon"] {
        let nothing = async |session: &str| upload(&site, path, Some(session), JSON, b"nothing".to_vec()).await.status;
        assert_eq!(nothing(&ada).await, 404, "{path}");
        assert!(nothing(&owner).await.is_client_error() && nothing(&owner).await != 404, "{path}");
    }
    assert_eq!(upload(&site, "/upload/acme/photo", Some(&bob), JSON, b"nothing".to_vec()).await.status, 404);
    let body = photo_of(site.ada);
    let status = async |session: Option<&str>| {
        upload(&site, "/upload/acme/photo", session, JSON, body.clone()).await.status.as_u16()
    };
    assert_eq!(status(None).await, 401);
    for session in [&ann, &bob, &owner, &stranger] {
        assert_eq!(status(Some(session)).await, 404);
    }
    assert_eq!(status(Some(&ada)).await, 200);
    let files: i64 = sqlx::query_scalar("select count(*) from files").fetch_one(&pool).await.expect("count");
    assert_eq!(files, 4, "what was refused is not kept");
    // A viewer reads alone.
    sqlx::query("update memberships set role = 'viewer'").execute(&pool).await.expect("viewers");
    for path in ["/upload/acme/asset", "/upload/acme/logo", "/upload/acme/favicon"] {
        assert_eq!(upload(&site, path, Some(&owner), JSON, banner.clone()).await.status, 403, "{path}");
    }
    let foreign = [("origin", "https://evil.test"), ("sec-fetch-site", "cross-site")];
    assert_eq!(site.send(Method::POST, "/upload/acme/photo", &foreign, "").await.status, 403);
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn twenty_photos_at_once_leave_connections_for_each_other(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    let ada = partner(&pool, site.program, "ada").await;
    let photos = (0..20).map(|_| upload(&site, "/upload/acme/photo", Some(&ada), JSON, photo_of(site.ada)));
    for answer in futures_util::future::join_all(photos).await {
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn what_is_wrong_is_told_beside_the_field_with_and_without_the_page(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    let ada = partner(&pool, site.program, "ada").await;
    let owner = account(&pool, "owner@acme.test").await;
    let svg = form(&[("program", "acme"), ("partner", &site.ada.to_string())], Some(("me.svg", b"<svg/>")));
    let answer = upload(&site, "/upload/acme/photo", Some(&ada), JSON, svg.clone()).await;
    assert_eq!(answer.status, 422);
    assert_eq!(answer.json()["invalid"][0]["field"], "file", "{}", answer.text());
    let answer = upload(&site, "/upload/acme/photo", Some(&ada), "text/html", svg).await;
    assert_eq!(answer.status, 303);
    assert_eq!(answer.header("location"), "/p/acme?__path=/upload/photo&__err=kept");
    assert!(answer.header("set-cookie").starts_with("tributary-form="), "{}", answer.header("set-cookie"));
    let answer = upload(&site, "/upload/acme/photo", Some(&ada), "text/html", photo_of(site.ada)).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/p/acme"));
    let stranger = upload(&site, "/upload/acme/photo", None, "text/html", photo_of(site.ada)).await;
    assert_eq!(stranger.header("location"), "/p/acme/sign-in?to=/p/acme");
    let nameless = form(&[("program", "acme"), ("kind", "email"), ("name", " ")], None);
    let answer = upload(&site, "/upload/acme/asset", Some(&owner), JSON, nameless).await;
    let fields: Vec<String> = answer.json()["invalid"]
        .as_array()
        .expect("errors")
        .iter()
        .map(|error| error["field"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(fields, ["name", "subject", "body"]);
    let large = form(&[("program", "acme")], Some(("x.png", &vec![0; 6 * 1024 * 1024])));
    assert_eq!(upload(&site, "/upload/acme/logo", Some(&owner), JSON, large).await.status, 422);
    let huge = form(&[("program", "acme")], Some(("x.png", &vec![0; 22 * 1024 * 1024])));
    assert!(upload(&site, "/upload/acme/logo", Some(&owner), JSON, huge).await.status.is_client_error());
    for (kind, body) in [
        ("multipart/form-data", "nothing"),
        ("multipart/form-data; boundary=B", "nothing"),
        ("application/json", "{}"),
        (
            "multipart/form-data; boundary=B",
            "--B\r\ncontent-disposition: form-data; name=\"program\"\r\n\r\n\0\r\n--B--\r\n",
        ),
    ] {
        let cookie = format!("tributary={owner}");
        let headers = [("content-type", kind), ("cookie", cookie.as_str())];
        let answer = site.send(Method::POST, "/upload/acme/logo", &headers, body).await;
        assert!(answer.status.is_client_error(), "{kind} {body:?}: {}", answer.status);
    }
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn a_file_is_served_so_that_nothing_runs(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    program(&pool, "other", "bob").await;
    let owner = account(&pool, "owner@acme.test").await;
    let html = b"<script>alert(1)</script>";
    let text = form(&[("program", "acme"), ("kind", "file"), ("name", "Facts")], Some(("facts.txt", html)));
    assert_eq!(upload(&site, "/upload/acme/asset", Some(&owner), JSON, text).await.status, 200);
    let logo = form(&[("program", "acme")], Some(("l.png", &png())));
    assert_eq!(upload(&site, "/upload/acme/logo", Some(&owner), JSON, logo).await.status, 200);
    let id = async |name: &'static str| -> String {
        let query = "select id::text from files where name = $1";
        sqlx::query_scalar(query).bind(name).fetch_one(&pool).await.expect("file")
    };
    let facts = id("facts.txt").await;
    let answer = site.get(&format!("/files/acme/{facts}/facts.txt")).await;
    assert_eq!((answer.status.as_u16(), &answer.body[..]), (200, &html[..]));
    assert_eq!(answer.header("content-disposition"), "attachment; filename=\"facts.txt\"");
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    let logo = id("logo.png").await;
    let answer = site.get(&format!("/files/acme/{logo}/whatever")).await;
    assert_eq!(answer.header("content-type"), "image/png");
    assert!(answer.header("content-disposition").starts_with("inline"));
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("cache-control", "public, max-age=31536000, immutable"),
        ("cross-origin-resource-policy", "cross-origin"),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
    for path in [
        format!("/files/other/{logo}/logo.png"),
        format!("/files/nothing/{logo}/logo.png"),
        "/files/acme/00000000-0000-7000-8000-000000000000/x".into(),
        "/files/acme/x/x".into(),
    ] {
        assert_eq!(site.get(&path).await.status, 404, "{path}");
    }
    let page = site.send(Method::GET, "/p/acme/sign-in", &[("accept", "text/html")], "").await;
    assert!(page.text().contains(&format!("/files/acme/{logo}/logo")), "the logo is on the door");
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn a_banner_counts_its_views_and_a_link_has_its_codes(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    let owner = account(&pool, "owner@acme.test").await;
    let banner = form(&[("program", "acme"), ("kind", "banner"), ("name", "Spring")], Some(("b.png", &png())));
    assert_eq!(upload(&site, "/upload/acme/asset", Some(&owner), JSON, banner).await.status, 200);
    let asset: String = sqlx::query_scalar("select id::text from assets").fetch_one(&pool).await.expect("asset");
    let path = format!("/a/acme/{asset}/ada");
    let first = site.get(&path).await;
    assert_eq!((first.status.as_u16(), first.header("content-type")), (200, "image/png"));
    assert!(crate::site::cookies(&first).is_empty(), "nothing is set");
    let again = site.send(Method::GET, &path, &[("if-none-match", first.header("etag"))], "").await;
    assert_eq!(again.status, 304);
    // Neither bots nor strangers' codes count.
    site.send(Method::GET, &path, &[("user-agent", "Googlebot/2.1")], "").await;
    site.send(Method::HEAD, &path, &[], "").await;
    assert_eq!(site.get(&format!("/a/acme/{asset}/nobody")).await.status, 200, "no page is broken");
    assert_eq!(site.get("/a/acme/00000000-0000-7000-8000-000000000000/ada").await.status, 404);
    site.flush_views().await;
    let views: Option<i64> =
        sqlx::query_scalar("select sum(views)::bigint from asset_days").fetch_one(&pool).await.expect("views");
    assert_eq!(views, Some(2));
    let svg = site.get("/qr/acme/ada.svg").await;
    assert_eq!((svg.status.as_u16(), svg.header("content-type")), (200, "image/svg+xml"));
    let png = site.get("/qr/acme/ada.png").await;
    assert_eq!((png.status.as_u16(), png.header("content-type")), (200, "image/png"));
    for path in ["/qr/acme/nobody.svg", "/qr/acme/ada.gif", "/qr/acme/ada", "/qr/nothing/ada.svg"] {
        assert_eq!(site.get(path).await.status, 404, "{path}");
    }
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn a_list_of_partners_is_looked_at_and_imported_by_the_page_alone(pool: PgPool) {
    const PATH: &str = "/admin/acme/partners/import";
    let site = Site::start(pool.clone()).await;
    let ada = partner(&pool, site.program, "ada").await;
    let owner = account(&pool, "owner@acme.test").await;
    let send = async |session: Option<&str>, fields: &[(&str, &str)], file: Option<&[u8]>| {
        let body = form(fields, file.map(|bytes| ("partners.csv", bytes)));
        upload(&site, PATH, session, "text/html", body).await
    };
    let list = b"name,email\nNora,nora@harbor.test".as_slice();
    let make = [("make", "true")];
    let stranger = send(None, &make, Some(list)).await;
    assert_eq!((stranger.status.as_u16(), &stranger.header("location")[..8]), (303, "/sign-in"));
    assert_eq!(send(Some(&ada), &make, Some(list)).await.status, 404);
    let wrong = send(Some(&owner), &make, Some(b"name,email\nNora,nonsense".as_slice())).await.text();
    assert!(wrong.contains("This is not an e-mail address.") && wrong.contains("Nora,nonsense"), "{wrong}");
    let latin = send(Some(&owner), &[], Some(b"name\nZo\xeb".as_slice())).await.text();
    assert!(latin.contains("in UTF-8"), "{latin}");
    let nothing = send(Some(&owner), &[("csv", " ")], None).await.text();
    assert!(nothing.contains("Choose a file, or paste its text."), "{nothing}");
    let looked = send(Some(&owner), &[("csv", "name,email\r\nNora,nora@harbor.test")], None).await;
    assert!(looked.status.is_success() && looked.text().contains("Import 1 partner"), "{}", looked.text());
    let made = async || -> i64 {
        let count = sqlx::query_scalar("select count(*) from enrollments where email = 'nora@harbor.test'");
        count.fetch_one(&pool).await.expect("count")
    };
    assert_eq!(made().await, 0, "looking makes nothing");
    let done = send(Some(&owner), &make, Some(list)).await;
    assert_eq!((done.status.as_u16(), done.header("location")), (303, "/admin/acme/partners/import?imported=1"));
    assert_eq!(made().await, 1);
    let mixed = b"Full name;E-mail\nBob;bob@harbor.test\nNora;nora@harbor.test".as_slice();
    let file = send(Some(&owner), &[("refused", "true"), ("make", "true")], Some(mixed)).await;
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"not-imported.csv\"");
    assert_eq!(
        file.text(),
        "Full name,E-mail,problem\nNora,nora@harbor.test,email: There is a partner with this e-mail already.\n"
    );
    let half = send(Some(&owner), &make, Some(mixed)).await;
    assert!(half.status.is_success(), "{}", half.status);
    assert!(half.text().contains("1 partner imported") && half.text().contains("Full name,E-mail,problem"));
    // A long list is a job's, whose page tells how far it is and hands back what was left out.
    let rows: String = (0..201).map(|n| format!("P {n},p{n}@harbor.test\n")).collect();
    let long = send(Some(&owner), &make, Some(format!("name,email\n{rows}Bob,bob@harbor.test").as_bytes())).await;
    let page = long.header("location").to_owned();
    assert!(long.status.as_u16() == 303 && page.starts_with("/admin/acme/partners/jobs/"), "{}", long.status);
    let get = async |path: &str, session: &str| {
        let cookie = format!("tributary={session}");
        site.send(Method::GET, path, &[("cookie", &cookie), ("accept", "text/html")], "").await
    };
    let told = get(&page, &owner).await.text();
    assert!(told.contains("Import: 202 partners") && told.contains("1 of 202") && told.contains("Bob"), "{told}");
    assert!(get("/admin/acme/partners", &owner).await.text().contains(&page), "the list leads to it");
    let file = format!("{page}/left-out.csv");
    let kept = get(&file, &owner).await;
    assert_eq!(kept.header("content-disposition"), "attachment; filename=\"left-out.csv\"");
    let expected = "name,email,problem\nBob,bob@harbor.test,email: There is a partner with this e-mail already.\n";
    assert_eq!(kept.text(), expected);
    for path in [&page, &file] {
        assert_eq!(get(path, &ada).await.status, 404, "{path}");
    }
    assert_eq!(site.get(&file).await.status, 303);
    assert_eq!(get("/admin/acme/partners/jobs/x/left-out.csv", &owner).await.status, 404);
    sqlx::query("update memberships set role = 'viewer'").execute(&pool).await.expect("viewers");
    assert_eq!(get(&file, &owner).await.status, 403);
    assert_eq!(send(Some(&owner), &make, Some(b"name\nBob".as_slice())).await.status, 403);
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn the_personal_data_of_a_partner_asks_for_the_password_again(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    let owner = account(&pool, "owner@acme.test").await;
    let cookie = format!("tributary={owner}");
    let page = format!("{}/admin/acme/partners/ada", site.base);
    let ask = async |of: &str, id: String| {
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("cookie", cookie.as_str()),
            ("referer", page.as_str()),
        ];
        site.send(Method::POST, "/admin/acme/personal-data", &headers, format!("of={of}&id={id}")).await
    };
    let told = ask("partner", site.ada.to_string()).await;
    assert_eq!(told.status, 200, "just signed in");
    assert_eq!(told.header("content-disposition"), "attachment; filename=\"acme-ada-personal-data.json\"");
    sqlx::query("update sessions set confirmed_at = confirmed_at - interval '1 hour'")
        .execute(&pool)
        .await
        .expect("an hour later");
    let again = ask("partner", site.ada.to_string()).await;
    assert_eq!((again.status.as_u16(), again.header("location")), (303, "/confirm?to=/admin/acme/partners/ada"));
    let nobody = ask("customer", "00000000-0000-7000-8000-000000000000".to_owned()).await;
    assert_eq!(nobody.status, 404, "a customer's has nothing of that");
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn files_at_a_lead_open_for_its_partner_and_the_team_alone(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    join(&pool, site.program, "ann").await;
    let ada = partner(&pool, site.program, "ada").await;
    let ann = partner(&pool, site.program, "ann").await;
    let owner = account(&pool, "owner@acme.test").await;
    let lead = {
        let mut tx = pool.begin().await.expect("transaction");
        let actor = Actor::System { program: site.program };
        let new = domain::leads::NewLead::named("nora@harbor.test", "Nora");
        let id = engine::leads::submit(&mut tx, &now(), &actor, site.ada, &new).await.expect("lead");
        tx.commit().await.expect("commit");
        id.to_string()
    };
    let sent = |partner: EnrollmentId| {
        let fields = [("partner", partner.to_string()), ("lead", lead.clone())];
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        form(&fields, Some(("facts.pdf", b"%PDF-1.7 facts")))
    };
    let path = "/upload/acme/lead-file";
    assert_eq!(upload(&site, path, None, JSON, sent(site.ada)).await.status, 401);
    assert_eq!(upload(&site, path, Some(&ann), JSON, sent(site.ada)).await.status, 404, "another partner");
    assert_eq!(upload(&site, path, Some(&ada), JSON, sent(site.ada)).await.status, 200);
    assert_eq!(upload(&site, "/upload/acme/team-lead-file", Some(&ada), JSON, sent(site.ada)).await.status, 404);
    assert_eq!(upload(&site, "/upload/acme/team-lead-file", Some(&owner), JSON, sent(site.ada)).await.status, 200);
    let files: Vec<uuid::Uuid> =
        sqlx::query_scalar("select file_id from lead_files order by created_at").fetch_all(&pool).await.expect("files");
    assert_eq!(files.len(), 2);
    let get = async |path: String, session: &str| {
        let cookie = format!("tributary={session}");
        site.send(Method::GET, &path, &[("cookie", &*cookie), ("accept", "text/html")], Vec::new()).await
    };
    for file in files {
        let (own, team) =
            (format!("/p/acme/leads/{lead}/files/{file}"), format!("/admin/acme/leads/{lead}/files/{file}"));
        for (path, session, status) in [(&own, &ada, 200), (&own, &ann, 404), (&team, &owner, 200), (&team, &ada, 404)]
        {
            let answer = get(path.clone(), session).await;
            assert_eq!(answer.status, status, "{path}");
            if status == 200 {
                assert_eq!(answer.text(), "%PDF-1.7 facts");
                let how = answer.headers.get("content-disposition").and_then(|how| how.to_str().ok());
                assert_eq!(how, Some("attachment; filename=\"facts.pdf\""));
            }
        }
        assert_eq!(get(own, "nobody").await.status, 303, "to sign in");
        assert_eq!(
            get(format!("/files/acme/{file}/facts.pdf"), &ada).await.status,
            404,
            "its address alone opens nothing"
        );
    }
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn a_sale_is_submitted_with_its_proof_or_not_at_all(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    join(&pool, site.program, "ann").await;
    let ada = partner(&pool, site.program, "ada").await;
    let ann = partner(&pool, site.program, "ann").await;
    let owner = account(&pool, "owner@acme.test").await;
    let today = now().at.date_naive().to_string();
    let sent = |amount: &str, proof: Option<(&str, &[u8])>| {
        let fields = [
            ("partner", site.ada.to_string()),
            ("email", "nora@harbor.test".to_owned()),
            ("name", "Nora Berg".to_owned()),
            ("amount", amount.to_owned()),
            ("sold_on", today.clone()),
        ];
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        form(&fields, proof)
    };
    let (path, proof) = ("/upload/acme/sale", Some(("invoice.pdf", &b"%PDF-1.7 invoice"[..])));
    assert_eq!(upload(&site, path, Some(&ada), JSON, sent("49.00", proof)).await.status, 403, "switched off");
    sqlx::query("update lead_settings set sales = true").execute(&pool).await.expect("switched on");
    assert_eq!(upload(&site, path, None, JSON, sent("49.00", proof)).await.status, 401);
    assert_eq!(upload(&site, path, Some(&ann), JSON, sent("49.00", proof)).await.status, 404, "another partner");
    let fields = async |amount: &str, proof| -> Vec<String> {
        let answer = upload(&site, path, Some(&ada), JSON, sent(amount, proof)).await;
        assert_eq!(answer.status, 422, "{}", answer.text());
        let told = answer.json()["invalid"].as_array().expect("a list of fields").clone();
        told.iter().map(|error| error["field"].as_str().expect("a field").to_owned()).collect()
    };
    assert_eq!(fields("much", proof).await, ["amount"]);
    assert_eq!(fields("-1", None).await, ["amount", "file"]);
    assert_eq!(fields("49", Some(("run.exe", &b"MZ"[..]))).await, ["file"]);
    let count = async || -> i64 {
        sqlx::query_scalar("select count(*) from submitted_sales").fetch_one(&pool).await.expect("count")
    };
    assert_eq!(count().await, 0);
    assert_eq!(upload(&site, path, Some(&ada), JSON, sent("49.00", proof)).await.status, 200);
    assert_eq!(count().await, 1);
    let id: uuid::Uuid = sqlx::query_scalar("select id from submitted_sales").fetch_one(&pool).await.expect("sale");
    let (own, team) =
        (format!("/p/acme/submitted-sales/{id}/proof"), format!("/admin/acme/submitted-sales/{id}/proof"));
    for (path, session, status) in [(&own, &ada, 200), (&own, &ann, 404), (&team, &owner, 200), (&team, &ada, 404)] {
        let cookie = format!("tributary={session}");
        let headers = [("cookie", &*cookie), ("accept", "text/html")];
        let answer = site.send(Method::GET, path, &headers, Vec::new()).await;
        assert_eq!(answer.status, status, "{path}");
        if status == 200 {
            assert_eq!(answer.text(), "%PDF-1.7 invoice");
        }
    }
    let file: uuid::Uuid =
        sqlx::query_scalar("select file_id from submitted_sales").fetch_one(&pool).await.expect("file");
    let address = format!("/files/acme/{file}/invoice.pdf");
    assert_eq!(site.send(Method::GET, &address, &[], Vec::new()).await.status, 404, "its address alone opens nothing");
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn messages_and_their_files_are_for_the_partner_and_the_team(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    join(&pool, site.program, "ann").await;
    let ada = partner(&pool, site.program, "ada").await;
    let ann = partner(&pool, site.program, "ann").await;
    let owner = account(&pool, "owner@acme.test").await;
    let id = || uuid::Uuid::now_v7().to_string();
    let sent = |fields: &[(&str, &str)], body: &str, file: bool| {
        let (partner, message) = (site.ada.to_string(), id());
        let mut all = vec![("partner", &*partner), ("message", &*message), ("body", body)];
        all.extend(fields);
        form(&all, file.then_some(("facts.pdf", &b"%PDF-1.7 facts"[..])))
    };
    let (path, team, new) = ("/upload/acme/message", "/upload/acme/team-message", id());
    let begin = [("new", &*new), ("subject", "Payout")];
    assert_eq!(upload(&site, path, None, JSON, sent(&begin, "When?", false)).await.status, 401);
    assert_eq!(upload(&site, path, Some(&ann), JSON, sent(&begin, "When?", false)).await.status, 404);
    assert_eq!(upload(&site, path, Some(&ada), JSON, sent(&begin, " ", false)).await.status, 422);
    let begun = upload(&site, path, Some(&ada), JSON, sent(&begin, "When?", true)).await;
    assert_eq!((begun.status.as_u16(), begun.json()), (200, serde_json::json!(format!("/p/acme/messages/{new}"))));
    let reply = [("conversation", &*new)];
    assert_eq!(upload(&site, team, Some(&ada), JSON, sent(&reply, "x", false)).await.status, 404, "no admin");
    assert_eq!(upload(&site, team, Some(&owner), JSON, sent(&reply, "On the 5th.", false)).await.status, 200);
    assert_eq!(upload(&site, path, Some(&ada), JSON, sent(&reply, "", true)).await.status, 200, "a file alone");
    let written: i64 =
        sqlx::query_scalar("select count(*) from conversation_messages").fetch_one(&pool).await.expect("n");
    assert_eq!(written, 3);
    let file: uuid::Uuid =
        sqlx::query_scalar("select file_id from conversation_messages where file_id is not null limit 1")
            .fetch_one(&pool)
            .await
            .expect("file");
    let (own, theirs) =
        (format!("/p/acme/messages/{new}/files/{file}"), format!("/admin/acme/messages/{new}/files/{file}"));
    for (path, session, status) in [(&own, &ada, 200), (&own, &ann, 404), (&theirs, &owner, 200), (&theirs, &ada, 404)]
    {
        let cookie = format!("tributary={session}");
        let headers = [("cookie", &*cookie), ("accept", "text/html")];
        assert_eq!(site.send(Method::GET, path, &headers, Vec::new()).await.status, status, "{path}");
    }
    let address = format!("/files/acme/{file}/facts.pdf");
    assert_eq!(site.send(Method::GET, &address, &[], Vec::new()).await.status, 404, "its address alone opens nothing");
}
