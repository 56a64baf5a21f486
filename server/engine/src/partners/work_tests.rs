//! The team's work on partners, and what partners set up themselves.

use super::import::import;
use super::profile::{checklist, notifications, profile, set_notifications, set_profile, stop, stop_key, stops};
use super::summaries::send_summaries;
use super::work::{add_note, all_tags, bulk, look, remove_note, set_tags};
use super::{add_account, counts, detail, groups, list, update};
use crate::fixtures::{World, mails, percent, refused};
use crate::messages::{Mail, compose};
use crate::payments::details::confirm;
use crate::payments::details_tests::{actor, chosen, input};
use domain::accounts::Role;
use domain::page::Paging;
use domain::partners::{
    Bulk, BulkAct, BulkDone, EnrollmentStatus, GroupInput, Kinds, LeadMails, Notice, Notifications, PartnerEdit,
    PartnerFilter, Profile, StatusCount, SummaryRhythm,
};
use domain::payments::PayoutKind;
use sqlx::PgPool;

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn partners_are_found_by_their_tags(pool: PgPool) {
    let world = World::new(pool).await;
    let (ada, bob) = (world.partner("ada").await, world.partner("bob").await);
    let mut conn = world.pool.acquire().await.expect("connection");
    let owner = world.owner();
    for (partner, tags) in [(&ada, "Blog, nordic"), (&bob, "blog"), (&ada, "nordic, VIP ")] {
        set_tags(&mut conn, &world.moment(), &owner, partner.id, tags).await.expect("tags");
    }
    assert_eq!(all_tags(&mut conn, &owner).await.expect("tags"), ["blog", "nordic", "vip"]);
    assert_eq!(detail(&mut conn, &owner, ada.id).await.expect("detail").partner.tags, ["nordic", "vip"]);
    for sort in [Default::default(), domain::partners::PartnerSort::Name, domain::partners::PartnerSort::Due] {
        let filter = PartnerFilter { tag: Some(" VIP".into()), sort, ..PartnerFilter::default() };
        let found = list(&mut conn, &owner, &filter, &Paging::default()).await.expect("list").data;
        assert_eq!(found.iter().map(|row| row.code.as_str()).collect::<Vec<_>>(), ["ada"]);
    }
    refused(set_tags(&mut conn, &world.moment(), &world.admin(Role::Viewer), ada.id, "x").await);
    add_note(&mut conn, &world.moment(), &owner, ada.id, " Met at the fair. ").await.expect("note");
    let noted = detail(&mut conn, &owner, ada.id).await.expect("detail").notes;
    assert_eq!((noted[0].note.as_str(), noted[0].by.as_str()), ("Met at the fair.", "Olga"));
    let other = world.another("other").await;
    refused(remove_note(&mut conn, &world.moment(), &other.owner(), noted[0].id).await);
    remove_note(&mut conn, &world.moment(), &owner, noted[0].id).await.expect("removed");
    assert!(detail(&mut conn, &owner, ada.id).await.expect("detail").notes.is_empty());
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn who_signs_in_for_a_partner_is_told_of_another_person_and_of_another_way_to_be_paid(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.partner("ada").await;
    let mut conn = world.pool.acquire().await.expect("connection");
    let owner = world.owner();
    let mut people = Vec::new();
    for email in ["augusta@partners.example", "eve@elsewhere.example"] {
        people.push(add_account(&mut conn, &world.moment(), &owner, ada.id, email, "").await.expect("added"));
    }
    let letters = async |from: usize| {
        let mut conn = world.pool.acquire().await.expect("connection");
        let mut letters = Vec::new();
        for mail in &mails(&world.pool).await[from..] {
            if !matches!(mail, Mail::PartnerInvitation { .. } | Mail::PayoutMethod { .. }) {
                let letter = compose(&mut conn, &world.moment(), "https://t.example", mail).await;
                let letter = letter.expect("answer").expect("letter");
                letters.push((letter.to, letter.text));
            }
        }
        letters
    };
    let told = letters(0).await;
    assert_eq!(told.len(), 1, "the first alone was there before: {told:?}");
    assert!(told[0].0 == "augusta@partners.example" && told[0].1.contains("eve@elsewhere.example"), "{told:?}");
    let log = crate::programs::audit::list(&mut conn, &owner, &Default::default(), &Paging::default()).await;
    let log = log.expect("log").data;
    assert!(log.iter().any(|line| line.details == "Account: eve@elsewhere.example"), "{log:?}");
    let kept: String = world.get("select string_agg(details::text, ' ') from audit_log where program_id = $1").await;
    assert!(!kept.contains('@'), "its id alone: {kept}");

    let before = mails(&world.pool).await.len();
    let edit = PartnerEdit {
        name: "Ada".into(),
        company: String::new(),
        email: "ada@partners.example".into(),
        website: String::new(),
        payout_method: "cheque".into(),
        kinds: Kinds { affiliate: true, ..Kinds::default() },
    };
    let typed = PartnerEdit { payout_method: "Vouchers".into(), ..edit.clone() };
    let told = refused(update(&mut conn, &world.moment(), &owner, ada.id, &typed).await);
    assert_eq!(told, "payout_method: Choose one of the program's ways to pay.");
    update(&mut conn, &world.moment(), &owner, ada.id, &edit).await.expect("edited");
    update(&mut conn, &world.moment(), &owner, ada.id, &edit).await.expect("nothing new");
    let told = letters(before).await;
    assert_eq!(told.len(), people.len());
    assert!(told.iter().all(|(_, text)| text.contains("by this method: Cheque by post.")), "{told:?}");
    let before = mails(&world.pool).await.len();
    let token = chosen(&world, &ada, &input(PayoutKind::Paypal)).await;
    confirm(&world.pool, &world.moment(), &token).await.expect("confirmed");
    let told = letters(before).await;
    let mut to: Vec<&str> = told.iter().map(|(to, _)| to.as_str()).collect();
    to.sort_unstable();
    assert_eq!(to, ["augusta@partners.example", "eve@elsewhere.example"]);
    assert!(told.iter().all(|(_, text)| text.contains("by this method: PayPal")), "{told:?}");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn many_are_paused_or_written_to_at_once(pool: PgPool) {
    let world = World::new(pool).await;
    let (ada, bob) = (world.partner("ada").await, world.partner("bob").await);
    world.standing(&bob, EnrollmentStatus::Paused).await;
    let input = |act| Bulk {
        subject: "News for {{ partner.name }}".into(),
        body: "One.\n\nYour code at {{program.name}} is {{partner.code}}.".into(),
        ..Bulk::of(act, vec![bob.id, ada.id, ada.id])
    };
    let act = async |input: &Bulk| bulk(&world.pool, &world.moment(), &world.owner(), input).await;
    let became = |act, done, left_out| BulkDone { act, done, left_out, job: None };
    assert_eq!(act(&input(BulkAct::Pause)).await.expect("paused"), became(BulkAct::Pause, 1, 1));
    assert_eq!(act(&input(BulkAct::Approve)).await.expect("nobody waits"), became(BulkAct::Approve, 0, 2));
    assert_eq!(act(&input(BulkAct::Message)).await.expect("written"), became(BulkAct::Message, 2, 0));
    let letters: Vec<Mail> =
        mails(&world.pool).await.into_iter().filter(|mail| matches!(mail, Mail::PartnerLetter { .. })).collect();
    assert_eq!(letters.len(), 2);
    let mut conn = world.pool.acquire().await.expect("connection");
    let mut written = Vec::new();
    for letter in &letters {
        let letter = compose(&mut conn, &world.moment(), "https://t.example", letter).await.expect("answer");
        let letter = letter.expect("letter");
        assert!(letter.text.contains("One.") && letter.text.contains("https://t.example/p/acme"), "{}", letter.text);
        let own = ["ada", "bob"].map(|code| letter.text.contains(&format!("Your code at Acme is {code}.")));
        written.push((letter.subject, own));
    }
    written.sort();
    let expected = [("News for Ada".to_owned(), [true, false]), ("News for Bob".to_owned(), [false, true])];
    assert_eq!(written, expected, "each gets its own");
    let empty = Bulk { subject: " ".into(), body: String::new(), ..input(BulkAct::Message) };
    assert!(refused(act(&empty).await).contains("body"));
    let unknown = Bulk { body: "{{partner.iban}}".into(), ..input(BulkAct::Message) };
    assert_eq!(refused(act(&unknown).await), "body: There is no merge field {{partner.iban}} in this mail.");
    let other = world.another("other").await;
    let strange = bulk(&world.pool, &world.moment(), &other.owner(), &input(BulkAct::Pause)).await;
    assert_eq!(refused(strange), "NotFound(\"partner\")");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn all_whom_a_filter_finds_are_worked_on_at_once(pool: PgPool) {
    let world = World::new(pool).await;
    let owner = world.owner();
    let (ada, bob, cy) = (world.partner("ada").await, world.partner("bob").await, world.partner("cy").await);
    let mut conn = world.pool.acquire().await.expect("connection");
    let gold = GroupInput { name: "Gold".into(), offers: Vec::new() };
    let gold = groups::create(&mut conn, &world.moment(), &owner, &gold).await.expect("group");
    for partner in [&ada, &bob] {
        groups::put(&mut conn, &world.moment(), &owner, partner.id, Some(gold)).await.expect("in it");
    }
    set_tags(&mut conn, &world.moment(), &owner, cy.id, "blog").await.expect("tags");
    world.standing(&bob, EnrollmentStatus::Paused).await;
    let other = world.another("other").await;
    let theirs = other.partner("dan").await;

    let golden = PartnerFilter { group: Some(gold), ..PartnerFilter::default() };
    for sort in [Default::default(), domain::partners::PartnerSort::Name, domain::partners::PartnerSort::Earned] {
        let filter = PartnerFilter { sort, ..golden.clone() };
        let found = list(&mut conn, &owner, &filter, &Paging::default()).await.expect("list").data;
        assert_eq!(found.iter().map(|row| row.group.as_str()).collect::<Vec<_>>(), ["Gold", "Gold"]);
    }
    let everybody = PartnerFilter::default();
    // Each standing is counted, whichever the list shows.
    let of = |status, partners| StatusCount { status, partners };
    let (active, paused) = (EnrollmentStatus::Active, EnrollmentStatus::Paused);
    let pending = PartnerFilter { status: Some(EnrollmentStatus::Pending), ..everybody.clone() };
    let tagged = PartnerFilter { tag: Some("blog".into()), ..everybody.clone() };
    let ada_alone = PartnerFilter { search: "ada".into(), ..golden.clone() };
    for (filter, expected) in [
        (&golden, vec![of(active, 1), of(paused, 1)]),
        (&pending, vec![of(active, 2), of(paused, 1)]),
        (&tagged, vec![of(active, 1)]),
        (&ada_alone, vec![of(active, 1)]),
    ] {
        assert_eq!(counts(&mut conn, &owner, filter).await.expect("counts"), expected, "{filter:?}");
    }
    // What is ticked doesn't matter, nor whose it is.
    let all = |act, filter: &PartnerFilter| Bulk {
        all: true,
        found: 3,
        filter: filter.clone(),
        reason: " Season's end ".into(),
        ..Bulk::of(act, vec![theirs.id])
    };
    let act = async |input: &Bulk| bulk(&world.pool, &world.moment(), &world.owner(), input).await;
    // One more has come since the list was shown.
    let fewer = Bulk { found: 2, ..all(BulkAct::Pause, &everybody) };
    for refusal in [refused(act(&fewer).await), refused(look(&mut conn, &owner, &fewer).await)] {
        assert!(refusal.contains("3 partners match by now"), "{refusal}");
    }
    let paused = act(&all(BulkAct::Pause, &golden)).await.expect("paused");
    assert_eq!(paused, BulkDone { act: BulkAct::Pause, done: 1, left_out: 1, job: None });
    let paused = act(&all(BulkAct::Pause, &everybody)).await.expect("paused");
    assert_eq!(paused, BulkDone { act: BulkAct::Pause, done: 1, left_out: 2, job: None }, "the filter is asked anew");
    let active = "select count(*) from enrollments where program_id = $1 and status = 'active'";
    assert_eq!((world.get::<i64>(active).await, other.get::<i64>(active).await), (0, 1));
    let nobody = PartnerFilter { tag: Some("nothing".into()), ..PartnerFilter::default() };
    assert!(refused(act(&all(BulkAct::Pause, &nobody)).await).starts_with("partners:"));
    refused(bulk(&world.pool, &world.moment(), &world.admin(Role::Viewer), &all(BulkAct::Pause, &everybody)).await);
    let log: Vec<serde_json::Value> = sqlx::query_scalar(
        "select details from audit_log where program_id = $1 and action = 'partners.pause'
         order by details ->> 'left_out'",
    )
    .bind(world.program)
    .fetch_all(&world.pool)
    .await
    .expect("log");
    let expected = [
        serde_json::json!({ "partners": 1, "left_out": 1, "all_that_match": { "group": "Gold" }, "reason": "Season's end" }),
        serde_json::json!({ "partners": 1, "left_out": 2, "all_that_match": true, "reason": "Season's end" }),
    ];
    assert_eq!(log, expected);
    let told = &detail(&mut conn, &owner, ada.id).await.expect("detail").history[0];
    assert_eq!((told.status, told.reason.as_str()), (EnrollmentStatus::Paused, "Season's end"));
    let long = Bulk { reason: "x".repeat(1_001), ..all(BulkAct::Pause, &everybody) };
    assert!(refused(act(&long).await).starts_with("reason:"));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn what_would_be_done_to_many_is_told_first(pool: PgPool) {
    let world = World::new(pool).await;
    let (ada, bob, cy) = (world.partner("ada").await, world.partner("bob").await, world.partner("cy").await);
    world.standing(&bob, EnrollmentStatus::Pending).await;
    world.set("update enrollments set email = '' where program_id = $1 and code = 'ada'").await;
    let ids = vec![cy.id, ada.id, bob.id];
    let mut conn = world.pool.acquire().await.expect("connection");
    for (act, fits) in [
        (BulkAct::Approve, 1),
        (BulkAct::Decline, 1),
        (BulkAct::Pause, 2),
        (BulkAct::Resume, 0),
        (BulkAct::AddTag, 3),
        (BulkAct::SetGroup, 3),
    ] {
        let told = look(&mut conn, &world.owner(), &Bulk::of(act, ids.clone())).await.expect("told");
        assert_eq!((told.fits, told.left_out, told.first), (fits, 3 - fits, None), "{act}");
    }
    let letter = Bulk::of(BulkAct::Message, ids.clone());
    let told = look(&mut conn, &world.owner(), &letter).await.expect("told");
    let first = told.first.expect("somebody");
    assert_eq!((told.fits, told.left_out), (2, 1));
    let named = (first.name.as_str(), first.code.as_str());
    assert!([("Bob", "bob"), ("Cy", "cy")].contains(&named) && first.program == "Acme", "{first:?}");
    refused(look(&mut conn, &world.admin(Role::Viewer), &letter).await);
    let other = world.another("other").await;
    refused(look(&mut conn, &other.owner(), &letter).await);
    assert!(refused(look(&mut conn, &world.owner(), &Bulk::of(BulkAct::Pause, vec![])).await).starts_with("partners:"));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn many_are_declined_resumed_tagged_and_moved_at_once(pool: PgPool) {
    let world = World::new(pool).await;
    let owner = world.owner();
    let (ada, bob, cy) = (world.partner("ada").await, world.partner("bob").await, world.partner("cy").await);
    world.standing(&ada, EnrollmentStatus::Pending).await;
    world.standing(&bob, EnrollmentStatus::Paused).await;
    let mut conn = world.pool.acquire().await.expect("connection");
    set_tags(&mut conn, &world.moment(), &owner, cy.id, "vip").await.expect("tags");
    let full = (1..=20).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    set_tags(&mut conn, &world.moment(), &owner, bob.id, &full).await.expect("tags");
    let gold = GroupInput { name: "Gold".into(), offers: Vec::new() };
    let gold = groups::create(&mut conn, &world.moment(), &owner, &gold).await.expect("group");
    groups::put(&mut conn, &world.moment(), &owner, cy.id, Some(gold)).await.expect("in it");
    let input =
        |act| Bulk { tag: " VIP ".into(), group: gold.to_string(), ..Bulk::of(act, vec![ada.id, bob.id, cy.id]) };
    let act = async |input: &Bulk| bulk(&world.pool, &world.moment(), &world.owner(), input).await;
    for (what, done) in [
        (BulkAct::Decline, 1),
        (BulkAct::Resume, 1),
        (BulkAct::AddTag, 1),
        (BulkAct::SetGroup, 2),
        (BulkAct::SetGroup, 0),
    ] {
        let became = act(&input(what)).await.expect("done");
        assert_eq!(became, BulkDone { act: what, done, left_out: 3 - done, job: None });
    }
    let now =
        async |id| detail(&mut world.pool.acquire().await.expect("connection"), &owner, id).await.expect("detail");
    let (ada_now, bob_now) = (now(ada.id).await, now(bob.id).await);
    assert_eq!((ada_now.partner.status, ada_now.partner.tags), (EnrollmentStatus::Declined, vec!["vip".to_owned()]));
    assert_eq!((bob_now.partner.status, bob_now.partner.tags.len()), (EnrollmentStatus::Active, 20));
    assert_eq!(bob_now.group.map(|group| group.id), Some(gold));
    let nowhere = Bulk { group: String::new(), ..input(BulkAct::SetGroup) };
    assert_eq!(act(&nowhere).await.expect("done").done, 3);
    let strange = Bulk { group: cy.id.to_string(), ..input(BulkAct::SetGroup) };
    assert!(refused(act(&strange).await).starts_with("group:"));
    for tag in ["", "a, b"] {
        let wrong = Bulk { tag: tag.into(), ..input(BulkAct::AddTag) };
        assert!(refused(act(&wrong).await).starts_with("tag:"), "{tag}");
    }
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn of_a_file_of_partners_the_good_rows_are_imported(pool: PgPool) {
    let world = World::new(pool).await;
    world.partner("ada").await;
    let read = async |text: &str, make: bool| import(&world.pool, &world.moment(), &world.owner(), text, make).await;
    let count = "select count(*) from enrollments where program_id = $1";
    let bad = "email,name,code,tags\nada@partners.example,Ann,,\nbea@x.example,Bea,ADA,\nnobody,Cy,cy,\n\
               dan@x.example,,cy,\nbea@x.example,Eve,eve,a|b\n";
    for make in [false, true] {
        let found = read(bad, make).await.expect("read");
        let wrong: Vec<_> = found.problems.iter().map(|wrong| (wrong.line, wrong.column.as_str())).collect();
        let expected = [(2, "email"), (3, "code"), (4, "email"), (5, "name"), (5, "code"), (6, "email")];
        assert_eq!((found.rows, found.wrong_rows, found.imported), (5, 5, false));
        assert_eq!(wrong, expected);
    }
    assert_eq!(world.get::<i64>(count).await, 1, "nobody could be");
    for wrong in ["", "name\n", "fruit\napple", "Phone;E-mail\nx;y", "email\nada@x.example"] {
        assert!(refused(read(wrong, true).await).starts_with("csv:"), "{wrong}");
    }
    let gold = GroupInput { name: "Gold".into(), offers: Vec::new() };
    let mut conn = world.pool.acquire().await.expect("connection");
    groups::create(&mut conn, &world.moment(), &world.owner(), &gold).await.expect("group");
    let good = "\u{feff}First name\tLast name\tCompany\tE-mail\tTags\tPhone\tGroup\tStatus\r\n\
                Ada\tLind\t\tada@x.example\tBlog|VIP\t1\tgold\t\r\n\
                Bo\t\t\tada@x.example\t\t\t\t\r\n\
                \t\tHarbor GmbH\t\t\t\tSilver\t\r\n\
                \t\tQuay Ltd\tquay@x.example\t\t\t\tPending\r\n";
    let looked = read(good, false).await.expect("read");
    assert_eq!((looked.rows, looked.wrong_rows, looked.good(), looked.imported), (4, 2, 2, false));
    assert_eq!(looked.passed_over, ["Phone"]);
    assert_eq!(looked.sample[0], ["Ada Lind", "", "ada@x.example", "", "", "Blog|VIP", "gold", ""].map(String::from));
    assert_eq!(looked.problems[1].who, "Harbor GmbH");
    assert_eq!(world.get::<i64>(count).await, 1, "only looked at");
    let made = read(good, true).await.expect("imported");
    assert_eq!((made.imported, made.good()), (true, 2));
    assert_eq!(world.get::<i64>(count).await, 3);
    assert_eq!(world.get::<i64>("select count(*) from partner_tags where program_id = $1").await, 2);
    let told =
        "select count(*) from enrollments where program_id = $1 and (group_id is not null or status = 'pending')";
    assert_eq!(world.get::<i64>(told).await, 2);
    let invited = mails(&world.pool).await.into_iter().filter(|mail| matches!(mail, Mail::PartnerInvitation { .. }));
    assert_eq!(invited.count(), 1, "not who waits");
    assert_eq!(read(good, true).await.expect("again").wrong_rows, 4, "the e-mails are taken now");

    // What was refused can be mended and sent again, with the column that says why.
    assert!(made.refused.starts_with("First name,Last name,Company,E-mail,Tags,Phone,Group,Status,problem\n"));
    let mended = made.refused.replace("Silver", "Gold");
    let again = read(&mended, true).await.expect("imported");
    assert_eq!((again.rows, again.good(), again.passed_over), (2, 1, vec!["Phone".to_owned()]));
    assert!(
        again
            .refused
            .lines()
            .nth(1)
            .is_some_and(|line| line.ends_with("email: There is a partner with this e-mail already."))
    );
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_partner_sets_itself_up(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.partner("ada").await;
    let me = actor(&world, &ada);
    let mut conn = world.pool.acquire().await.expect("connection");
    let before = checklist(&mut conn, &world.moment(), &me).await.expect("checklist");
    assert!(!before.payout_method && !before.profile && !before.link_shared);
    let input = Profile {
        name: "Ada Lind".into(),
        address: "1 Main Street".into(),
        country: "de".into(),
        time_zone: "Europe/Berlin".into(),
        ..Profile::default()
    };
    set_profile(&mut conn, &me, &input).await.expect("saved");
    assert_eq!(profile(&mut conn, &me).await.expect("profile"), input.tidy());
    let bad = Profile { country: "XX".into(), time_zone: "Mars".into(), website: "x".into(), ..Profile::default() };
    let told = refused(set_profile(&mut conn, &me, &bad).await);
    for field in ["name:", "website:", "country:", "time_zone:"] {
        assert!(told.contains(field), "{told}");
    }
    world.click(&ada).await;
    let after = checklist(&mut conn, &world.moment(), &me).await.expect("checklist");
    assert!(!after.payout_method && after.profile && after.link_shared);
    refused(set_profile(&mut conn, &world.owner(), &input).await);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_partner_gets_the_mails_that_it_wants(pool: PgPool) {
    let mut world = World::new(pool).await;
    world.offer("Standard", &[percent("30")]).await;
    let ada = world.partner("ada").await;
    let me = actor(&world, &ada);
    world.signed_up("c1", &ada).await;
    world.sold("c1", "100").await;
    assert_eq!(mails(&world.pool).await.len(), 0, "not asked for");
    let mut conn = world.pool.acquire().await.expect("connection");
    assert_eq!(notifications(&mut conn, &me).await.expect("settings"), Notifications::default());
    let all = Notifications {
        on_commission: true,
        on_payment: true,
        summary: SummaryRhythm::Daily,
        ..Notifications::default()
    };
    set_notifications(&mut conn, &world.moment(), &me, all).await.expect("set");
    world.sold("c1", "50").await;
    let sent = mails(&world.pool).await;
    let letter = compose(&mut conn, &world.moment(), "https://t.example", &sent[0]).await.expect("answer");
    let letter = letter.expect("letter");
    assert!(letter.subject.contains("15.00"), "{}", letter.subject);
    let key = stop_key(&mut conn, &world.moment(), world.program, ada.id).await.expect("key");
    assert!(letter.text.contains(&format!("https://t.example/stop-mails/acme/commission/{key}")), "{}", letter.text);

    // Noon of the 20th; each morning one summary of the day before.
    world.pass(1);
    assert_eq!(send_summaries(&world.pool, &world.moment()).await.expect("sent"), 1);
    assert_eq!(send_summaries(&world.pool, &world.moment()).await.expect("sent"), 0, "once a day");
    let summary = mails(&world.pool).await.pop().expect("mail");
    let letter = compose(&mut conn, &world.moment(), "https://t.example", &summary).await.expect("answer");
    let letter = letter.expect("letter");
    assert!(letter.text.contains("20 November 2026: 0 clicks, 1 sign-ups, 2 sales"), "{}", letter.text);
    assert!(letter.text.contains("45.00"), "{}", letter.text);

    assert_eq!(stops(&mut conn, "acme", &key).await.expect("brand"), "Acme");
    refused(stop(&mut conn, "acme", "wrong", Notice::Summary).await);
    refused(stop(&mut conn, "other", &key, Notice::Summary).await);
    for notice in Notice::ALL {
        stop(&mut conn, "acme", &key, *notice).await.expect("stopped");
    }
    let none = Notifications {
        on_commission: false,
        on_payment: false,
        summary: SummaryRhythm::None,
        on_lead: LeadMails::None,
        on_message: false,
    };
    assert_eq!(notifications(&mut conn, &me).await.expect("settings"), none);
    assert!(compose(&mut conn, &world.moment(), "https://t.example", &sent[0]).await.expect("answer").is_none());
    world.pass(1);
    assert_eq!(send_summaries(&world.pool, &world.moment()).await.expect("sent"), 0);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_commission_is_told_of_once_it_is_out_of_review_and_once(pool: PgPool) {
    let world = World::new(pool).await;
    world.offer("Standard", &[percent("30")]).await;
    let ada = world.partner("ada").await;
    world.signed_up("c1", &ada).await;
    world.set("update programs set review_commissions = true where id = $1").await;
    let mut conn = world.pool.acquire().await.expect("connection");
    let wants = Notifications { on_commission: true, ..Notifications::default() };
    set_notifications(&mut conn, &world.moment(), &actor(&world, &ada), wants).await.expect("set");
    let waiting = world.sold("c1", "100").await.commissions[0].id;
    assert_eq!(mails(&world.pool).await.len(), 0, "it may come to nothing");
    for _ in 0..2 {
        let mut tx = world.pool.begin().await.expect("begin");
        crate::commissions::approve(&mut tx, &world.moment(), &world.owner(), waiting).await.expect("approved");
        tx.commit().await.expect("commit");
        let sent = mails(&world.pool).await;
        assert!(matches!(&sent[..], [Mail::CommissionEarned { commission, .. }] if *commission == waiting), "{sent:?}");
        // As where somebody comes to have the same payout details.
        world.set("update commissions set status = 'review' where program_id = $1").await;
    }
}
