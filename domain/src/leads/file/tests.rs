use super::*;
use crate::leads::{FieldKind, LeadField, LeadForm, NameField};
use proptest::prelude::*;

fn field(key: &str, kind: FieldKind, required: bool) -> LeadField {
    LeadField {
        key: key.into(),
        label: format!("The {key}"),
        kind,
        help: String::new(),
        required,
        min: None,
        max: None,
        options: if kind.has_options() { vec!["Small".into(), "Größe".into()] } else { Vec::new() },
        value: "fixed".into(),
    }
}

/// A form with a field of each kind, every other one required.
fn rules(name: NameField) -> Rules {
    let fields = FieldKind::ALL.iter().enumerate();
    let fields =
        fields.map(|(at, kind)| field(kind.as_str(), *kind, at % 2 == 0 && *kind != FieldKind::Hidden)).collect();
    let own = vec!["ada@partners.example".into()];
    Rules { form: LeadForm { name, fields }, currency: "EUR".parse().expect("currency"), own }
}

fn rows(sheet: &Sheet) -> Vec<Vec<String>> {
    (0..sheet.len()).map(|row| sheet.cells(row).map(str::to_owned).collect()).collect()
}

#[test]
fn encodings_are_recognised() {
    let text = "E-mail;Name\r\nnora@harbor.example;Jürgen „Łódź”\r\n";
    let western = "E-mail;Name\nnora@harbor.example;J\u{fc}rgen \u{80}";
    let utf16 = |big: bool, text: &str| -> Vec<u8> {
        text.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
    };
    let marked = |mark: &[u8], bytes: Vec<u8>| [mark.to_vec(), bytes].concat();
    for (bytes, encoding) in [
        (text.as_bytes().to_vec(), Encoding::Utf8),
        (marked(&[0xef, 0xbb, 0xbf], text.as_bytes().to_vec()), Encoding::Utf8),
        (utf16(false, text), Encoding::Utf16Le),
        (utf16(true, text), Encoding::Utf16Be),
        (marked(&[0xff, 0xfe], utf16(false, text)), Encoding::Utf16Le),
        (marked(&[0xfe, 0xff], utf16(true, text)), Encoding::Utf16Be),
    ] {
        let file = Reader::all(&bytes);
        assert_eq!((file.encoding, file.delimiter), (encoding, Delimiter::Semicolon));
        assert_eq!(file.head, ["E-mail", "Name"]);
        assert_eq!(rows(&file.rows), [["nora@harbor.example", "Jürgen „Łódź”"]]);
    }
    let file = Reader::all(&western.chars().map(|c| c as u8).collect::<Vec<u8>>());
    assert_eq!((file.encoding, file.rows.cell(0, 1)), (Encoding::Windows1252, "Jürgen €"));
    // A byte that was damaged doesn't change what the file is written in; nor does half a character.
    let damaged = Reader::all(b"E-mail,Name\nnora@harbor.example,J\xc3\xbcrgen \xff\n");
    assert_eq!((damaged.encoding, damaged.rows.cell(0, 1)), (Encoding::Utf8, "Jürgen \u{fffd}"));
    let surrogate = Reader::all(b"E-mail,Name\nnora@harbor.example,\xed\xa0\x80\n");
    assert_eq!((surrogate.encoding, surrogate.rows.cell(0, 1).contains('\u{fffd}')), (Encoding::Utf8, true));
    let mut lone = utf16(false, "E-mail,Name\nnora@harbor.example,");
    lone.extend([0x00, 0xd8, 0x41, 0x00, 0x00]);
    assert_eq!(Reader::all(&lone).rows.cell(0, 1), "\u{fffd}A\u{fffd}");
}

#[test]
fn delimiters_are_recognised() {
    for (text, delimiter) in [
        ("a,b,c\n1,2,3\n", Delimiter::Comma),
        ("a;b;c\n1,5;2,5;3\n", Delimiter::Semicolon),
        ("Budget, EUR;Name\n5;Nora\n6;Max\n", Delimiter::Semicolon),
        ("a\tb\n1, 2\t3\n", Delimiter::Tab),
        ("a|b\n1|2\n", Delimiter::Bar),
        ("\"a;b;c;d\",b\n1,2\n", Delimiter::Comma),
        ("email\nnora@harbor.example\n", Delimiter::Comma),
    ] {
        assert_eq!(Reader::all(text.as_bytes()).delimiter, delimiter, "{text}");
    }
}

#[test]
fn a_file_is_read_as_spreadsheets_mean_it() {
    let file = Reader::all(b"E-mail *, Name\n\n\"a\"\"b\",\"x\ny\"\n'=1+1,'hm\n''=x\n,,\n  \nlast,cell,more");
    assert_eq!(file.head, ["E-mail *", "Name"]);
    let expected: [&[&str]; 4] = [&["a\"b", "x\ny"], &["=1+1", "'hm"], &["'=x"], &["last", "cell", "more"]];
    assert_eq!(rows(&file.rows), expected);
    assert_eq!(file.wrong, None);
    for other in [
        &b"PK\x03\x04\x14\0"[..],
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        b"\xff\xd8\xff\xe0\0\x10JFIF",
        b"%PDF-1.7\n1 0 obj\n",
    ] {
        assert!(Reader::all(other).wrong.is_some_and(|wrong| wrong.contains("not a CSV file")), "{other:?}");
    }
    assert!(Reader::all(b"").wrong.is_some() && Reader::all(b"email\n").wrong.is_some());
    assert!(Reader::all(b" ,*\nx,y\n").wrong.is_some());
}

#[test]
fn what_is_too_much_is_told_where_it_is() {
    let rules = rules(NameField::Optional);
    let head: Vec<String> = ["email", "name", "long", "text"].map(str::to_owned).to_vec();
    let columns = match_columns(&head, &rules.form.asked());
    let checker = Checker::new(&rules, &columns);
    let long = "x".repeat(1_000_000);
    let file =
        Reader::all(format!("email,name,long,text\nn@harbor.example,N,{long},ok\nm@harbor.example,M,,ok\n").as_bytes());
    let told = |row| -> Vec<(Option<usize>, String)> {
        let problems = checker.check(&file.rows, row);
        problems.into_iter().filter(|p| p.column.is_some()).map(|p| (p.column, p.words.into_owned())).collect()
    };
    assert_eq!(told(0), [(Some(2), "Use at most 5,000 characters.".to_owned())]);
    assert_eq!((told(1), file.rows.len()), (Vec::new(), 2));
    // A row of long cells, and one that is longer than the first line.
    let wide = vec!["y".repeat(4_000); 30].join(",");
    let file = Reader::all(format!("email,name,long,text\nn@harbor.example,N,,ok,{wide}\na,b,c,d,,,\n").as_bytes());
    let rest = |row| -> Vec<String> {
        checker.check(&file.rows, row).into_iter().filter(|p| p.asked.is_none()).map(|p| p.words.into_owned()).collect()
    };
    assert_eq!(rest(0), ["This row has more cells than the first line.", "This row has more than 100,000 characters."]);
    assert_eq!(rest(1), Vec::<String>::new());
    let columns = |count: usize| Reader::all(format!("email{}\nx\n", ",c".repeat(count - 1)).as_bytes()).wrong;
    assert_eq!((columns(500), columns(501).is_some()), (None, true));
    let many = |rows: usize| Reader::all(format!("email\n{}", "x\n".repeat(rows)).as_bytes()).wrong.is_some();
    assert_eq!((many(MOST_ROWS), many(MOST_ROWS + 1)), (false, true));
}

#[test]
fn columns_are_matched_by_label_and_key() {
    let rules = rules(NameField::Required);
    let asked = rules.form.asked();
    let of = |head: &[&str]| -> Vec<Option<String>> {
        let head: Vec<String> = head.iter().map(|name| (*name).to_owned()).collect();
        match_columns(&head, &asked).into_iter().map(|at| at.map(|at| asked[at].key.clone())).collect()
    };
    let some = |key: &str| Some(key.to_owned());
    assert_eq!(
        of(&["THE PHONE *", "Reason", "e-mail", "phone", "full name", "yes_no", ""]),
        [some("phone"), None, some("email"), None, some("name"), some("yes_no"), None]
    );
    // What the template says is what is matched.
    let file = Reader::all(format!("{}x\n", template(&rules.form)).as_bytes());
    let all: Vec<Option<usize>> = (0..asked.len()).map(Some).collect();
    assert_eq!(match_columns(&file.head, &asked), all);
    assert_eq!(&file.head[..3], ["E-mail *", "Name *", "The text *"]);
    assert!(asked.iter().all(|asked| asked.key != "hidden"));
}

#[test]
fn a_mended_cell_counts() {
    let rules = rules(NameField::Off);
    let mut file = Reader::all(b"email\nnora\n");
    let columns = match_columns(&file.head, &rules.form.asked());
    let checker = Checker::new(&rules, &columns);
    let of_email = |sheet: &Sheet| checker.check(sheet, 0).into_iter().find(|problem| problem.column == Some(0));
    assert!(of_email(&file.rows).is_some());
    file.rows.set(0, 0, "nora@harbor.example".into());
    assert_eq!((of_email(&file.rows), file.rows.edited()), (None, 1));
    assert_eq!(file.rows.slice(0), ("nora@harbor.example\n".to_owned(), 1));
    file.rows.set(0, 0, "Ada+2@partners.example".into());
    assert_eq!(
        of_email(&file.rows).map(|problem| problem.words.into_owned()).as_deref(),
        Some("This is your own e-mail address.")
    );
    let asked = rules.form.asked();
    let problem = Problem { column: Some(0), asked: Some(0), words: "No.".into() };
    assert_eq!(
        reason(&[problem, Problem { column: None, asked: None, words: "Long.".into() }], &asked),
        "E-mail: No. Long."
    );
}

/// What cells are made of that give trouble.
fn nasty() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z]{0,6}",
        2 => prop::sample::select(vec![
            "nora@harbor.example", "Ada+1@partners.example", "", " ", "a\"b", "x,y", "line\nbreak", "\r\n", "\0", "\u{fffd}",
            "=1+1", "+49 30 123456", "-5", "@me", "\tx", "'=x", "''", "שלום עולם", "مرحبا", "日本語", "2026-02-28", "2026-2-8",
            "2026-02-30", "007.50", "5.001", "1e5", "Small", "GRÖSSE", "small;größe", "yes", "No", "on", "Germany", "de",
            "acme.example", "javascript:alert(1)", "a;b|c\td", "\u{200f}x", "é", "\u{feff}",
        ]).prop_map(str::to_owned),
        1 => any::<String>(),
        1 => (1usize..7_000).prop_map(|length| "ä".repeat(length)),
    ]
}

fn cut(bytes: &[u8], sizes: &[usize]) -> File {
    let mut reader = Reader::new(0);
    let (mut rest, mut sizes) = (bytes, sizes.iter().cycle());
    while !rest.is_empty() {
        let (piece, after) = rest.split_at((*sizes.next().expect("a size")).min(rest.len()));
        reader.feed(piece);
        rest = after;
    }
    reader.finish()
}

fn at_once(bytes: &[u8]) -> File {
    let mut reader = Reader::new(bytes.len());
    reader.feed(bytes);
    reader.finish()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 200 } else { 2_000 }))]

    #[test]
    fn any_bytes_are_read_the_same_in_pieces(
        bytes in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b",;\t|\"\r\n\0aeE@'=\xc3\xbc\xff\xfe\xed\xa0".to_vec())], 0..600),
        mark in prop::sample::select(vec![&b""[..], b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"e\0m\0", b"\0e\0m"]),
        sizes in prop::collection::vec(1usize..90, 1..8),
    ) {
        let bytes = [mark, &bytes].concat();
        prop_assert_eq!(cut(&bytes, &sizes), at_once(&bytes));
        let rules = rules(NameField::Required);
        let file = Reader::all(&bytes);
        let columns = match_columns(&file.head, &rules.form.asked());
        for row in 0..file.rows.len() {
            let _ = Checker::new(&rules, &columns).check(&file.rows, row);
        }
    }

    #[test]
    fn what_is_written_is_read(cells in prop::collection::vec(prop::collection::vec(nasty(), 1..6), 1..20), sizes in prop::collection::vec(1usize..5_000, 1..4)) {
        // NUL can't be kept.
        let cells: Vec<Vec<String>> = cells.iter().map(|row| row.iter().map(|cell| cell.replace('\0', "\u{fffd}")).collect()).collect();
        let (mut plain, mut whole) = (String::new(), "\u{feff}email,name,text\n".to_owned());
        for row in &cells {
            write_row(&mut plain, row.iter().map(String::as_str));
            let safe: Vec<String> = row.iter().map(|cell| guarded(cell)).collect();
            prop_assert!(safe.iter().all(|cell| !cell.starts_with(['=', '+', '-', '@', '\t', '\r'])));
            write_row(&mut whole, safe.iter().map(String::as_str));
        }
        // No answer is as long as what is cut.
        let short = |rows: Vec<Vec<String>>| -> Vec<Vec<String>> {
            rows.into_iter().map(|row| row.into_iter().map(|cell| cell.chars().take(5_001).collect()).collect()).collect()
        };
        prop_assert_eq!(short(rows(&Reader::rows(&plain))), short(cells.clone()));
        let file = cut(whole.as_bytes(), &sizes);
        let blank = |row: &Vec<String>| row.iter().all(|cell| guarded(cell).as_bytes().trim_ascii().is_empty());
        let kept: Vec<Vec<String>> = cells.into_iter().filter(|row| !blank(row)).collect();
        if file.delimiter == Delimiter::Comma {
            prop_assert_eq!(short(rows(&file.rows)), short(kept));
        }
    }

    #[test]
    fn a_row_has_one_verdict(
        cells in prop::collection::vec(nasty(), 0..17),
        name in prop::sample::select(NameField::ALL.to_vec()),
        shift in 0usize..3,
    ) {
        let rules = rules(name);
        let asked = rules.form.asked();
        let head: Vec<String> = (0..asked.len()).map(|at| asked[(at + shift) % asked.len()].label.clone()).collect();
        let columns = match_columns(&head, &asked);
        let mut text = String::new();
        let cells: Vec<&str> = cells.iter().take(asked.len()).map(String::as_str).collect();
        write_row(&mut text, cells.into_iter());
        let sheet = Reader::rows(&text);
        let checker = Checker::new(&rules, &columns);
        let (read, sent) = (checker.read(&sheet, 0), checker.sent(&sheet, 0));
        let problems = checker.check(&sheet, 0);
        prop_assert_eq!(read.as_ref().err().cloned().unwrap_or_default(), problems.clone());
        match rules.form.read(&sent, rules.currency, &rules.own) {
            Ok(answers) => prop_assert_eq!(read.ok(), Some(answers)),
            Err(errors) => {
                let told: Vec<(String, String)> = problems.iter().filter_map(|problem| {
                    Some((asked[problem.asked?].key.clone(), problem.words.to_string()))
                }).collect();
                let errors: Vec<(String, String)> = errors.into_iter().map(|error| (error.field, error.message)).collect();
                prop_assert_eq!(told, errors);
            }
        }
    }
}

/// Files that were made of pieces which give trouble, for as long as FUZZ_SECONDS says: `make fuzz`.
#[test]
#[ignore = "runs for a minute"]
fn fuzz_reading() {
    let pieces: &[&[u8]] = &[
        b"email",
        b"name",
        b"E-mail *",
        b",",
        b";",
        b"\t",
        b"|",
        b"\"",
        b"\"\"",
        b"\n",
        b"\r\n",
        b"\r",
        b"\0",
        b"'",
        b"=",
        b"+1",
        b"@",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\xfe\xff",
        b"\xed\xa0\x80",
        b"\xf0\x9f\x98\x80",
        b"\xf0\x9f",
        b"\xc3",
        b"\xc3\xbc",
        b"\x80",
        b"nora@harbor.example",
        b"2026-02-30",
        b"e\0m\0",
        b"\0e\0m",
        b"\x00\xd8",
        b"\xd8\x00",
        b"\xdc\x00",
        b" ",
        b"x",
    ];
    let seconds = std::env::var("FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(60);
    let end = std::time::Instant::now() + std::time::Duration::from_secs(seconds);
    let rules = rules(NameField::Required);
    let asked = rules.form.asked();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock");
    let seed = u64::from(now.subsec_nanos()) | 1;
    eprintln!("seed {seed}");
    let mut state = seed;
    let mut below = |most: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % most as u64) as usize
    };
    let mut runs = 0_u64;
    while std::time::Instant::now() < end {
        let mut bytes = Vec::new();
        for _ in 0..below(400) {
            match below(12) {
                0 => bytes.push(below(256) as u8),
                1 => bytes.extend(pieces[below(pieces.len())].repeat(1 + below(3_000))),
                _ => bytes.extend_from_slice(pieces[below(pieces.len())]),
            }
        }
        let whole = at_once(&bytes);
        let sizes: Vec<usize> = (0..4).map(|_| 1 + below(20_000)).collect();
        assert_eq!(cut(&bytes, &sizes), whole, "{bytes:?}");
        let columns = match_columns(&whole.head, &asked);
        let checker = Checker::new(&rules, &columns);
        for row in 0..whole.rows.len() {
            // What the browser sends and the server reads is the same row with the same verdict.
            let mut text = String::new();
            write_row(&mut text, whole.rows.cells(row));
            let sent = Reader::rows(&text);
            // What was too long was cut, and may be cut once more where replacing made it longer: it stays wrong.
            if whole.rows.row_bytes(row) < 20_000 {
                assert!(sent.cells(0).eq(whole.rows.cells(row)), "{text:?}");
            }
            assert_eq!(checker.check(&whole.rows, row), checker.check(&sent, 0), "{text:?}");
        }
        runs += 1;
    }
    eprintln!("{runs} files");
}
