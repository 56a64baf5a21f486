use super::*;
use crate::leads::{Answers, LINE, LeadField};
use crate::money::Currency;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn euro() -> Currency {
    "EUR".parse().expect("currency")
}

fn form() -> LeadForm {
    let field = |key: &str, kind: FieldKind| LeadField {
        key: key.into(),
        label: format!("<{key}> & \"more\""),
        kind,
        help: "O'Neill's".into(),
        required: false,
        min: None,
        max: None,
        options: if kind.has_options() { vec!["A & B".into(), "Größe".into(), "c".into()] } else { Vec::new() },
        value: "I agree <b>".into(),
    };
    let fields = FieldKind::ALL.iter().map(|kind| field(&format!("f_{kind}"), *kind)).collect();
    LeadForm { name: NameField::Optional, fields }
}

fn posted(pairs: &[(&str, &str)]) -> Captured {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    read(body.as_bytes(), &form())
}

#[test]
fn what_a_browser_posts_is_read_as_the_form_asks() {
    let captured = posted(&[
        ("email", "nora@harbor.example"),
        ("f_choices", "c"),
        ("f_choices", "A & B"),
        ("f_text", "first"),
        ("f_text", "Größe +1"),
        ("unasked", "x"),
        (VERSION, " 7 "),
        (TRAP, "  "),
    ]);
    let of = |key: &str| captured.sent.get(key).map(String::as_str);
    assert_eq!(of("email"), Some("nora@harbor.example"));
    assert_eq!(of("f_choices"), Some("c; A & B"));
    assert_eq!(of("f_text"), Some("Größe +1"), "the last counts");
    assert_eq!((of("unasked"), captured.version, captured.trapped), (None, Some(7), false));
    let answers = form().read(&captured.sent, euro(), &[]).expect("right");
    assert_eq!(answers.fields.get("f_choices").map(String::as_str), Some("A & B; c"));
    assert!(posted(&[(TRAP, "https://spam.example")]).trapped);
    assert_eq!(posted(&[(VERSION, "1e9")]).version, None);
    // What can't be read, and NUL, is refused beside its field.
    for bad in [&b"email=nora@harbor.example&f_text=%ff%fe"[..], b"email=nora@harbor.example&f_text=%00"] {
        let errors = form().read(&read(bad, &form()).sent, euro(), &[]).expect_err("wrong");
        assert_eq!(errors[0].field, "f_text");
    }
}

#[test]
fn sites_are_origins_and_who_filled_it_in_is_led_to_them_alone() {
    let input = |sites: &str, redirect: &str| CaptureInput {
        group: LeadGroupId(uuid::Uuid::nil()),
        is_open: true,
        sites: sites.into(),
        thanks: String::new(),
        redirect: redirect.into(),
    };
    let sites = input("WWW.Harbor.example/blog\nhttps://www.harbor.example, http://127.0.0.1:8080", "").checked();
    assert_eq!(sites, Ok(vec!["https://www.harbor.example".into(), "http://127.0.0.1:8080".into()]));
    for bad in
        ["harbor", "https://a.example; script-src *", "ü.example", "ftp://a.example", "'self'", "*", "a.example*"]
    {
        assert!(input(bad, "").checked().is_err(), "{bad}");
    }
    assert!(input("harbor.example", "https://harbor.example/thanks?a=1").checked().is_ok());
    for bad in [
        "https://evil.example/",
        "https://harbor.example.evil.example/",
        "https://harbor.example@evil.example/",
        "http://harbor.example/",
        "//harbor.example/",
        "/thanks",
        "javascript:alert(1)",
        "https://harbor.example\\@evil.example",
        "https://harbor.example:444/",
    ] {
        let errors = input("harbor.example", bad).checked().expect_err(bad);
        assert_eq!(errors[0].field, "redirect", "{bad}");
    }
    let many: String = (0..21).map(|n| format!("s{n}.example\n")).collect();
    assert!(input(&many, "").checked().is_err());
}

#[test]
fn the_html_holds_what_was_typed_and_nothing_of_it_is_markup() {
    let evil = "\"><script>alert('1')</script>";
    let typed: Sent = form()
        .fields
        .iter()
        .map(|field| (field.key.clone(), evil.to_owned()))
        .chain([("email".into(), evil.into())])
        .collect();
    let wrong = [FieldError::new("email", "This is <no> e-mail address."), FieldError::new("f_choices", "Choose.")];
    let html = fields(&form(), 3, euro(), &typed, &wrong);
    assert!(
        !html.contains("<script") && !html.contains("<no>") && !html.contains("<f_") && !html.contains("<b>"),
        "{html}"
    );
    assert!(html.contains("value=\"&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;\""), "{html}");
    assert!(html.contains("aria-describedby=\"lead-email-error\" aria-invalid=\"true\" required"), "{html}");
    assert!(!html.contains("f_hidden"), "what is hidden is not told");
    // Each id is there once, and whatever is pointed at is there.
    let ids: Vec<&str> = html.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len());
    let pointed = ["for=\"", "aria-describedby=\""].into_iter().flat_map(|name| {
        html.split(name).skip(1).filter_map(|rest| rest.split('"').next()).flat_map(|ids| ids.split(' '))
    });
    for id in pointed {
        assert!(ids.contains(&id), "{id}");
    }
    let plain = plain(&form(), 3, euro(), "https://t.example/f/acme/x?\"");
    assert!(plain.starts_with("<form method=\"post\" action=\"https://t.example/f/acme/x?&quot;\">"));
    assert!(plain.contains("name=\"form-version\" value=\"3\"") && plain.contains("name=\"your-website\""));
    assert!(frame("https://t.example/f/acme/x", "Acme & co").contains("title=\"Acme &amp; co\""));
}

/// What must hold of whatever is posted.
fn holds(body: &[u8]) {
    let form = form();
    let captured = read(body, &form);
    assert!(captured.sent.keys().all(|key| key == EMAIL || key == NAME || form.field(key).is_some()));
    // Percent-encoded text becomes no longer than it was, but for what is replaced.
    assert!(captured.sent.values().map(String::len).sum::<usize>() <= 3 * body.len());
    // Written again it is read the same.
    let again = form_urlencoded::Serializer::new(String::new()).extend_pairs(&captured.sent).finish();
    assert_eq!(read(again.as_bytes(), &form).sent, captured.sent);
    // What is taken stands in its one form: read again it stays.
    match form.read(&captured.sent, euro(), &[]) {
        Ok(answers) => {
            assert!(answers.email.contains('@') && answers.fields.values().all(|text| !text.contains('\0')));
            let Answers { email, name, fields } = answers.clone();
            let sent: Sent = fields.into_iter().chain([(EMAIL.into(), email), (NAME.into(), name)]).collect();
            assert_eq!(form.read(&sent, euro(), &[]), Ok(answers));
        }
        Err(errors) => {
            // It is shown again, and nothing of it is markup.
            let html = fields(&form, 1, euro(), &captured.sent, &errors);
            assert!(!html.contains("<script") && !html.contains('\''), "{html}");
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_told(pairs in prop::collection::vec(("[a-z_~-]{0,12}|f_text|f_choices|email|name", ".{0,30}"), 0..12)) {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
        holds(body.as_bytes());
    }
}

/// Bodies that were made of pieces which give trouble, for as long as FUZZ_SECONDS says: `make fuzz`.
#[test]
#[ignore = "runs for a minute"]
fn fuzz_capture_form() {
    let pieces: &[&[u8]] = &[
        b"email",
        b"name",
        b"f_text",
        b"f_choices",
        b"f_consent",
        b"f_money",
        b"f_date",
        b"f_country",
        b"f_phone",
        b"f_url",
        b"f_hidden",
        b"your-website",
        b"form-version",
        b"=",
        b"=",
        b"&",
        b"&",
        b"&&",
        b"%",
        b"%0",
        b"%00",
        b"%ff",
        b"%C3%BC",
        b"%F0%9F%98%80",
        b"%ED%A0%80",
        b"%0D%0A",
        b"%22%3E%3Cscript%3E",
        b"\"><script>",
        b"' onx='",
        b"+",
        b";",
        b"; ",
        b"\0",
        b"\xff",
        b"\xc3\xbc",
        b"nora@harbor.example",
        b"nora%40harbor.example",
        b"Yes",
        b"2026-02-28",
        b"-0.000",
        b"99999999999999999999999999999",
        b"DE",
        b"A+%26+B",
        b"harbor.example",
        b"+4930123456",
        b"~0",
    ];
    let seconds = std::env::var("FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(60);
    let end = std::time::Instant::now() + std::time::Duration::from_secs(seconds);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock");
    let mut state = u64::from(now.subsec_nanos()) | 1;
    eprintln!("seed {state}");
    let mut below = |most: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % most as u64) as usize
    };
    let mut runs = 0_u64;
    while std::time::Instant::now() < end {
        let mut body = Vec::new();
        if below(2) == 0 {
            body.extend_from_slice(b"email=nora%40harbor.example&");
        }
        for _ in 0..below(60) {
            match below(16) {
                0 => body.extend(std::iter::repeat_n(b'x', below(2 * LINE))),
                1 => body.extend((0..below(20)).map(|_| below(256) as u8)),
                _ => body.extend_from_slice(pieces[below(pieces.len())]),
            }
        }
        holds(&body);
        runs += 1;
    }
    eprintln!("{runs} bodies");
}
