use super::*;
use crate::Moment;
use crate::accounts::tests::{owner, program};
use crate::fixtures::{World, instant, percent};
use sqlx::PgPool;

#[test]
fn names_and_subjects_begin_no_header() {
    let letter = Letter {
        to: "ada@partner.example".into(),
        name: "Ada\r\nBcc: eve@evil.example".into(),
        from: "Acme Friends\r\n".into(),
        reply_to: "hello@acme.example".into(),
        subject: "Hello\nBcc: eve@evil.example\r\n\r\nBody".into(),
        text: "Text".into(),
        html: "<p>Text</p>".into(),
    };
    let message = mailer::message("Acme <partners@acme.example>".parse().expect("sender"), &letter).expect("message");
    let sent = String::from_utf8(message.formatted()).expect("text");
    let headers = sent.split("\r\n\r\n").next().expect("headers");
    assert!(!headers.lines().any(|line| line.to_lowercase().starts_with("bcc")), "{headers}");
    assert_eq!(message.envelope().to().len(), 1);
    // The program's name stands before the server's address, and who answers writes to the program.
    assert!(headers.contains("Acme Friends") && headers.contains("<partners@acme.example>"), "{headers}");
    assert!(headers.contains("Reply-To: hello@acme.example"), "{headers}");
    let forged = Letter { to: "ada@partner.example>\r\nRCPT TO:<eve@evil.example".into(), ..letter };
    assert!(mailer::message("partners@acme.example".parse().expect("sender"), &forged).is_err());
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn letters_are_escaped_and_their_links_work(pool: PgPool) {
    let owner = owner(&pool).await;
    let (admin, acme) = program(&pool, owner, "acme").await;
    let moment = Moment::now();
    let mut conn = pool.acquire().await.expect("connection");
    sqlx::query("update accounts set name = '<img src=x onerror=alert(1)>'").execute(&mut *conn).await.expect("name");
    let reset = Mail::PasswordReset { who: "OLGA@acme.example".into(), slug: None };
    let letter = compose(&mut conn, &moment, "https://t.example", &reset).await.expect("answer").expect("letter");
    assert_eq!(letter.to, "Olga@acme.example");
    assert!(letter.text.contains("Hello <img src=x"), "{}", letter.text);
    assert!(!letter.html.contains("<img"), "{}", letter.html);
    let token = letter.text.split("/reset-password/").nth(1).expect("link").split_whitespace().next().expect("token");
    assert!(letter.html.contains(&format!("href=\"https://t.example/reset-password/{token}\"")), "{}", letter.html);
    assert!(crate::accounts::reset_token_holds(&mut conn, &moment, token).await.expect("answer"));

    let nobody = Mail::PasswordReset { who: "nobody@acme.example".into(), slug: None };
    assert!(compose(&mut conn, &moment, "https://t.example", &nobody).await.expect("answer").is_none());
    let member = Mail::TeamInvitation { account: owner.account, program: acme.id };
    let letter = compose(&mut conn, &moment, "https://t.example", &member).await.expect("answer").expect("letter");
    assert!(letter.text.contains("https://t.example/sign-in"), "who has a password signs in: {}", letter.text);
    let _ = admin;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn days_are_those_of_the_program(pool: PgPool) {
    let mut world = World::new(pool).await;
    // In Berlin it is the 21st already.
    world.at = instant("2026-11-20T23:30:00Z");
    world.offer("Standard", &[percent("30")]).await;
    let ada = world.partner("ada").await;
    world
        .set(
            "insert into notification_settings (program_id, enrollment_id, on_commission, key)
             select program_id, id, true, code from enrollments where program_id = $1",
        )
        .await;
    world.signed_up("c1", &ada).await;
    let commission = world.sold("c1", "100").await.commissions[0].id;
    let mail = Mail::CommissionEarned { program: world.program, commission };
    let mut conn = world.pool.acquire().await.expect("connection");
    let letter = compose(&mut conn, &world.moment(), "https://t.example", &mail).await;
    let letter = letter.expect("answer").expect("letter");
    assert!(letter.text.contains("21 December 2026"), "{}", letter.text);
}
