use super::*;
use crate::Moment;
use crate::accounts::tests::{owner, program};
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
