//! The files of a batch and what a provider tells of it: who gets and sends them, and what becomes of what is wrong.

use crate::site::{Answer, PASSWORD, Site, now, program};
use domain::accounts::Actor;
use domain::payments::{PayoutDetails, payment_reference};
use engine::accounts::{SignIn, sign_in, sign_in_links};
use engine::secrets::{Secrets, Use};
use http::Method;
use sqlx::PgPool;
use uuid::Uuid;

async fn account(pool: &PgPool, email: &str) -> String {
    let input =
        SignIn { who: email.into(), password: PASSWORD.into(), program: None, keep: false, user_agent: String::new() };
    sign_in(pool, &now(), &input).await.expect("signed in").token
}

/// The session of partner `ada`.
async fn partner(site: &Site) -> String {
    let mut connection = site.pool.acquire().await.expect("connection");
    let actor = Actor::System { program: site.program };
    let token = sign_in_links::make(&mut connection, &now(), &actor, "ada").await.expect("link");
    drop(connection);
    sign_in_links::redeem(&site.pool, &now(), &token, "").await.expect("signed in").0.token
}

/// A batch with one payment to `ada` by PayPal: its id, and the payment's reference. Nothing of it is in the ledger.
async fn batch(site: &Site) -> (Uuid, String) {
    let secrets = Secrets::new("a secret for tests, long enough to be taken").expect("secret");
    let details = PayoutDetails::Paypal { email: "ada@paid.example".into() };
    let json = serde_json::to_vec(&details).expect("JSON");
    let sealed = secrets.encrypt(Use::PayoutDetails, &json).expect("sealed");
    sqlx::query("update enrollments set payout_details = $1, name = '=Ada' where code = 'ada'")
        .bind(sealed)
        .execute(&site.pool)
        .await
        .expect("details");
    for statement in [
        "insert into payment_batches (program_id, id, code, code_key, payment_date, created_at)
         select id, id, 'October', 'october', created_at::date, created_at from programs where id = $1",
        "insert into payments (program_id, id, batch_id, enrollment_id, amount, currency, method, masked, status, why,
                               created_at, method_kind, details_hash)
         select e.program_id, gen_random_uuid(), e.program_id, e.id, 20, 'EUR', 'PayPal', 'a•••@paid.example', 'recorded',
                '[]', e.created_at, 'paypal', t.details_hash
         from enrollments e
         join payout_targets t on t.program_id = e.program_id and t.enrollment_id = e.id
         where e.program_id = $1 and e.code = 'ada'",
    ] {
        sqlx::query(statement).bind(site.program.0).execute(&site.pool).await.expect(statement);
    }
    let id: Uuid = sqlx::query_scalar("select id from payments").fetch_one(&site.pool).await.expect("payment");
    (site.program.0, payment_reference(id.into()))
}

async fn ask(site: &Site, batch: Uuid, form: &str, session: Option<&str>) -> Answer {
    let cookie = session.map(|session| format!("tributary={session}")).unwrap_or_default();
    let referer = format!("{}/admin/acme/payments/{batch}", site.base);
    let headers =
        [("content-type", "application/x-www-form-urlencoded"), ("cookie", cookie.as_str()), ("referer", &*referer)];
    site.send(Method::POST, &format!("/admin/acme/payments/{batch}/file"), &headers, form.to_owned()).await
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn a_provider_s_file_goes_to_who_pays_alone_and_asks_again(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    program(&pool, "other", "bob").await;
    let (batch, reference) = batch(&site).await;
    let (owner, stranger, ada) =
        (account(&pool, "owner@acme.test").await, account(&pool, "owner@other.test").await, partner(&site).await);
    let form = "kind=paypal&part=1";
    let back = format!("/sign-in?to=/admin/acme/payments/{batch}");
    assert_eq!(ask(&site, batch, form, None).await.header("location"), back);
    for session in [&stranger, &ada] {
        assert_eq!(ask(&site, batch, form, Some(session)).await.status, 404);
    }
    let answer = ask(&site, batch, form, Some(&owner)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.text(), format!("ada@paid.example,20.00,EUR,{reference},Payment October,PAYPAL\r\n"));
    assert_eq!(answer.header("content-disposition"), "attachment; filename=\"October-paypal-1.csv\"");
    assert_eq!(answer.header("cache-control"), "no-store");
    let twice = ask(&site, batch, form, Some(&owner)).await;
    assert_eq!(twice.status, 409);
    assert!(twice.text().contains("taken before") && !twice.text().contains("paid.example"), "{}", twice.text());
    let again = ask(&site, batch, &format!("{form}&again=true"), Some(&owner)).await;
    assert_eq!((again.status.as_u16(), again.text()), (200, answer.text()));
    for (nothing, status) in [("kind=paypal&part=2", 404), ("kind=gold&part=1", 404), ("kind=paypal", 422)] {
        assert_eq!(ask(&site, batch, nothing, Some(&owner)).await.status.as_u16(), status, "{nothing}");
    }
    let cookie = format!("tributary={owner}");
    let list = format!("/admin/acme/export/batch.csv?id={batch}");
    let list = site.send(Method::GET, &list, &[("cookie", &cookie)], "").await.text();
    assert!(
        list.contains(&format!("\r\n{reference},ada,'=Ada,PayPal,a•••@paid.example,20.00,EUR,recorded,,")),
        "{list}"
    );
    let later = "update sessions set confirmed_at = confirmed_at - interval '1 hour'";
    sqlx::query(later).execute(&pool).await.expect("an hour later");
    let again = ask(&site, batch, form, Some(&owner)).await;
    assert_eq!(again.header("location"), format!("/confirm?to=/admin/acme/payments/{batch}"));
    sqlx::query("update memberships set role = 'manager'").execute(&pool).await.expect("managers");
    assert_eq!(ask(&site, batch, form, Some(&owner)).await.status, 403);
}

const JSON: &str = "application/json";

/// A form with a result file, as browsers send it.
async fn send(site: &Site, batch: Uuid, act: &str, csv: &[u8], session: Option<&str>, accept: &str) -> Answer {
    let mut body = Vec::new();
    for (name, value) in [("batch", batch.to_string()), ("act", act.to_owned())] {
        let field = format!("--B\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(field.as_bytes());
    }
    body.extend_from_slice(
        b"--B\r\ncontent-disposition: form-data; name=\"file\"; filename=\"results.csv\"\r\n\
          content-type: text/csv\r\n\r\n",
    );
    body.extend_from_slice(csv);
    body.extend_from_slice(b"\r\n--B--\r\n");
    let cookie = session.map(|session| format!("tributary={session}")).unwrap_or_default();
    let referer = format!("{}/admin/acme/payments/{batch}", site.base);
    let headers = [
        ("content-type", "multipart/form-data; boundary=B"),
        ("cookie", cookie.as_str()),
        ("accept", accept),
        ("referer", &*referer),
    ];
    site.send(Method::POST, "/upload/acme/results", &headers, body).await
}

#[sqlx::test(migrator = "engine::MIGRATIONS")]
async fn a_result_file_is_looked_at_then_applied(pool: PgPool) {
    let site = Site::start(pool.clone()).await;
    program(&pool, "other", "bob").await;
    let (batch, reference) = batch(&site).await;
    let (owner, stranger, ada) =
        (account(&pool, "owner@acme.test").await, account(&pool, "owner@other.test").await, partner(&site).await);
    let good = format!("Reference,Amount,Currency,Status\n{reference},20,EUR,Completed\n");
    let good = good.as_bytes();
    assert_eq!(send(&site, batch, "apply", good, None, JSON).await.status, 401);
    for session in [&stranger, &ada] {
        assert_eq!(send(&site, batch, "apply", good, Some(session), JSON).await.status, 404);
    }
    let status = async || {
        let status: String =
            sqlx::query_scalar("select status::text from payments").fetch_one(&pool).await.expect("status");
        status
    };
    let looked = send(&site, batch, "check", good, Some(&owner), JSON).await;
    assert_eq!(looked.status, 200, "{}", looked.text());
    let looked = looked.json();
    assert!(looked["confirmed"] == 1 && looked["applied"] == false, "{looked}");
    assert_eq!(status().await, "recorded");
    let wrong =
        send(&site, batch, "apply", b"Reference,Amount,Currency,Status\nX,20,EUR,sent\n", Some(&owner), JSON).await;
    assert_eq!(wrong.json()["rows"][0]["problem"], "No payment of this batch has this reference.");
    for file in [&b"Reference,Amount\n"[..], b"J\xfcrgen", b""] {
        let refused = send(&site, batch, "apply", file, Some(&owner), JSON).await;
        assert_eq!(refused.status, 422);
        assert_eq!(refused.json()["invalid"][0]["field"], "file");
    }
    let nothing = send(&site, Uuid::nil(), "apply", good, Some(&owner), JSON).await;
    assert_eq!(nothing.status, 404);
    assert_eq!(status().await, "recorded");
    let page = send(&site, batch, "apply", good, Some(&owner), "text/html").await;
    assert_eq!((page.status.as_u16(), page.header("location")), (303, &*format!("/admin/acme/payments/{batch}")));
    assert_eq!(status().await, "confirmed");
    let later = "update sessions set confirmed_at = confirmed_at - interval '1 hour'";
    sqlx::query(later).execute(&pool).await.expect("an hour later");
    assert_eq!(send(&site, batch, "apply", good, Some(&owner), JSON).await.status, 403);
}
