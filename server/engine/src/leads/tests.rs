use super::*;
use crate::fixtures::{Partner, World, checks, dec, mails, percent, refused, sale, signup};
use crate::sales::races::{at_once, crowded};
use domain::accounts::Power;
use domain::accounts::Role;
use domain::attribution::Source;
use domain::customers::{NewCustomer, TrackSignup, TrackedSignup};
use domain::ids::FileId;
use domain::leads::{DuplicateRule, LeadFilter, LeadRow, MOST_A_DAY, Move, NewLead, Outcome, Sent, Stage};
use domain::page::{Page, Paging};
use domain::partners::EnrollmentStatus;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::sync::Arc;

pub(super) const NORA: &str = "nora@harbor.example";

/// A partner as it asks for itself.
pub(super) fn own(world: &World, partner: &Partner) -> Actor {
    Actor::Partner { account: world.owner, program: world.program, enrollment: partner.id }
}

pub(super) async fn add(world: &World, partner: &Partner, email: &str) -> Result<LeadId> {
    let mut tx = world.pool.begin().await.expect("transaction");
    let id = submit(&mut tx, &world.moment(), &own(world, partner), partner.id, &NewLead::named(email, "")).await?;
    tx.commit().await.expect("commit");
    Ok(id)
}

/// A move to the first stage of a kind, with a reason.
pub(super) async fn to(world: &World, kind: Stage) -> Move {
    let mut conn = world.pool.acquire().await.expect("connection");
    let stage = stage_of_kind(&mut conn, world.program, kind).await.expect("stage");
    Move { stage, reason: "As we agreed.".into(), deal_value: None, customer: String::new() }
}

async fn judge(world: &World, id: LeadId, kind: Stage) -> Result<()> {
    let input = to(world, kind).await;
    let mut tx = world.pool.begin().await.expect("transaction");
    move_to(&mut tx, &world.moment(), &world.owner(), id, &input).await?;
    tx.commit().await.expect("commit");
    Ok(())
}

async fn listed(world: &World, actor: &Actor, filter: &LeadFilter) -> Vec<LeadRow> {
    let mut conn = world.pool.acquire().await.expect("connection");
    list(&mut conn, &world.moment(), actor, filter, &Paging::default()).await.expect("leads").data
}

/// Nora signs up; nothing points to a partner but what `sent` says.
async fn nora(world: &World, customer: &str, sent: TrackSignup) -> TrackedSignup {
    let customer = NewCustomer { external_id: customer.into(), email: Some("Nora@Harbor.example".into()), name: None };
    let event_id = format!("signup-{}", customer.external_id);
    world.tell_signup(&TrackSignup { event_id, customer, ..sent }).await.expect("sign-up").answer
}

fn whose(answer: &TrackedSignup) -> Option<(&str, Source)> {
    answer.referral.as_ref().map(|referral| (referral.partner_code.as_str(), referral.source))
}

async fn world(pool: PgPool) -> (World, Partner, Partner) {
    let world = World::new(pool).await;
    world.offer("Standard", &[percent("30")]).await;
    let (ada, bob) = (world.partner("ada").await, world.partner("bob").await);
    (world, ada, bob)
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_lead_is_refused_beside_its_field(pool: PgPool) {
    let (mut world, ada, bob) = world(pool).await;
    for (email, words) in [
        ("nora", "email: This is not an e-mail address."),
        ("Ada+x@partners.example", "email: This is your own e-mail address."),
    ] {
        assert_eq!(refused(add(&world, &ada, email).await), words);
    }
    let id = add(&world, &ada, NORA).await.expect("added");
    assert_eq!(refused(add(&world, &ada, " NORA@harbor.example").await), "email: You have added this lead already.");
    add(&world, &bob, NORA).await.expect("another partner's");
    judge(&world, id, Stage::Unqualified).await.expect("judged");
    assert!(add(&world, &ada, NORA).await.is_err(), "the team has judged it");
    world.pass(91);
    let again = add(&world, &ada, NORA).await.expect("that was long ago");
    judge(&world, again, Stage::Qualified).await.expect("judged");
    world.standing(&bob, EnrollmentStatus::Paused).await;
    assert!(matches!(add(&world, &bob, "x@harbor.example").await, Err(Error::Conflict(_))));
    let mut conn = world.pool.acquire().await.expect("connection");
    let input = NewLead::named("y@harbor.example", "");
    let moment = world.moment();
    let others = submit(&mut conn, &moment, &own(&world, &ada), bob.id, &input).await;
    assert!(matches!(others, Err(Error::NotFound(_))), "{others:?}");
    let viewer = submit(&mut conn, &moment, &world.admin(Role::Viewer), ada.id, &input).await;
    assert!(matches!(viewer, Err(Error::Forbidden)), "{viewer:?}");
    let stale = NewLead { version: Some(2), ..input.clone() };
    let stale = submit(&mut conn, &moment, &own(&world, &ada), ada.id, &stale).await;
    assert!(matches!(stale, Err(Error::Conflict(_))), "{stale:?}");
    let nowhere = NewLead { group: Some(moment.id()), ..input.clone() };
    let nowhere = submit(&mut conn, &moment, &own(&world, &ada), ada.id, &nowhere).await;
    assert!(matches!(nowhere, Err(Error::NotFound(_))), "{nowhere:?}");
    world.set("update lead_settings set submission = false where program_id = $1").await;
    let off = submit(&mut conn, &moment, &own(&world, &ada), ada.id, &input).await;
    assert!(matches!(off, Err(Error::Forbidden)), "{off:?}");
    submit(&mut conn, &moment, &world.owner(), ada.id, &input).await.expect("the team may");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn what_was_taken_back_or_erased_can_be_added_again(pool: PgPool) {
    let (mut world, ada, bob) = world(pool).await;
    let id = add(&world, &ada, NORA).await.expect("added");
    let mut conn = world.pool.acquire().await.expect("connection");
    let others = withdraw(&mut conn, &world.moment(), &own(&world, &bob), id).await;
    assert!(matches!(others, Err(Error::NotFound(_))), "{others:?}");
    withdraw(&mut conn, &world.moment(), &own(&world, &ada), id).await.expect("taken back");
    withdraw(&mut conn, &world.moment(), &own(&world, &ada), id).await.expect("twice is once");
    let moved = judge(&world, id, Stage::Qualified).await;
    assert!(matches!(moved, Err(Error::Conflict(_))), "nobody works it: {moved:?}");
    assert_eq!(listed(&world, &own(&world, &ada), &LeadFilter::default()).await.len(), 0);
    let all = LeadFilter { withdrawn: true, ..LeadFilter::default() };
    assert!(listed(&world, &own(&world, &ada), &all).await[0].withdrawn);
    assert_eq!(whose(&nora(&world, "c1", TrackSignup::default()).await), None, "it brings nobody");
    world.pass(1);
    let second = add(&world, &ada, NORA).await.expect("again");
    judge(&world, second, Stage::ClosedLost).await.expect("judged");
    let late = withdraw(&mut conn, &world.moment(), &own(&world, &ada), second).await;
    assert!(matches!(late, Err(Error::Conflict(_))), "{late:?}");
    let third = add(&world, &ada, "idris@juniper.example").await.expect("another");
    let manager = erase(&mut conn, &world.moment(), &world.admin(Role::Manager), third).await;
    assert!(matches!(manager, Err(Error::Forbidden)), "{manager:?}");
    erase(&mut conn, &world.moment(), &world.owner(), third).await.expect("erased");
    assert!(matches!(erase(&mut conn, &world.moment(), &world.owner(), third).await, Err(Error::Conflict(_))));
    add(&world, &ada, "idris@juniper.example").await.expect("known no more");
}

/// One lead's row, by its id.
pub(super) async fn row(world: &World, id: LeadId) -> LeadRow {
    let mut conn = world.pool.acquire().await.expect("connection");
    detail(&mut conn, &world.moment(), &world.owner(), id).await.expect("lead").row
}

fn sent(pairs: &[(&str, &str)]) -> Sent {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn what_was_filled_in_is_changed_by_who_may_and_keeps_its_age(pool: PgPool) {
    let (mut world, ada, bob) = world(pool).await;
    world
        .set(
            r#"update lead_forms set form = '{"name": "optional", "fields": [
                   {"key": "phone", "label": "Phone", "kind": "phone"},
                   {"key": "terms", "label": "Terms", "kind": "consent", "value": "We may call."}]}' where program_id = $1"#,
        )
        .await;
    world.set("update lead_settings set duplicate_by = '{email,phone}' where program_id = $1").await;
    let me = own(&world, &ada);
    let mut conn = world.pool.acquire().await.expect("connection");
    let mut new = NewLead::named(NORA, "Nora");
    new.sent.insert("phone".into(), "+47 2233 4455".into());
    let id = submit(&mut conn, &world.moment(), &me, ada.id, &new).await.expect("lead");
    let other = add(&world, &ada, "other@harbor.example").await.expect("lead");
    world.pass(80);
    let seen = row(&world, id).await.updated_at;
    let wrong = sent(&[("email", "nora@harbor"), ("phone", "12")]);
    let told = edit(&mut conn, &world.moment(), &me, id, seen, &wrong, "").await;
    assert_eq!(
        refused(told),
        "email: This is not an e-mail address.\nphone: This is not a phone number: use 6 to 15 digits, with + before a country's code."
    );
    let better = sent(&[("email", NORA), ("name", "Nora Berg"), ("phone", "0047 22 33 44 55"), ("terms", "on")]);
    let others = edit(&mut conn, &world.moment(), &own(&world, &bob), id, seen, &better, "").await;
    assert!(matches!(others, Err(Error::NotFound(_))), "{others:?}");
    edit(&mut conn, &world.moment(), &me, id, seen, &better, "203.0.113.7").await.expect("changed");
    let stale = edit(&mut conn, &world.moment(), &me, id, seen, &better, "").await;
    assert!(matches!(stale, Err(Error::Conflict(_))), "{stale:?}");
    let seen_by_team = detail(&mut conn, &world.moment(), &world.owner(), id).await.expect("lead");
    assert_eq!((seen_by_team.consents.len(), seen_by_team.consents[0].ip.as_str()), (1, "203.0.113.7"));
    let found = detail(&mut conn, &world.moment(), &me, id).await.expect("lead");
    assert_eq!(found.answers.name, "Nora Berg");
    assert_eq!(found.events[0].words, "Changed: Name, Phone, Terms");
    assert_eq!((found.events[0].by.as_str(), found.notes.len(), found.moves.len()), ("You", 0, 0));
    // The number is the same as before, written otherwise: its claim is as old as it was.
    world.pass(20);
    let ages: i64 = world.get("select count(distinct at) from lead_keys where program_id = $1").await;
    assert_eq!(ages, 1);
    let seen = row(&world, other).await.updated_at;
    let taken = sent(&[("email", "other@harbor.example"), ("phone", "+4722334455")]);
    edit(&mut conn, &world.moment(), &me, other, seen, &taken, "").await.expect("the other's claim is 100 days old");
    let seen = row(&world, id).await.updated_at;
    let fresh = sent(&[("email", "other@harbor.example")]);
    let mut tx = world.pool.begin().await.expect("begin");
    let again = edit(&mut tx, &world.moment(), &me, id, seen, &fresh, "").await;
    assert!(again.is_ok(), "the e-mail of the other was claimed 100 days ago: {again:?}");
    tx.rollback().await.expect("rollback");
    judge(&world, id, Stage::ClosedWon).await.expect("judged");
    let seen = row(&world, id).await.updated_at;
    let late = edit(&mut conn, &world.moment(), &me, id, seen, &better, "").await;
    assert!(matches!(late, Err(Error::Conflict(_))), "{late:?}");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn duplicates_are_known_by_what_the_program_says(pool: PgPool) {
    let (world, ada, bob) = world(pool).await;
    world.set("update lead_settings set duplicate_by = '{email,domain}', duplicate_scope = 'program' where program_id = $1").await;
    let first = add(&world, &ada, NORA).await.expect("lead");
    assert_eq!(refused(add(&world, &bob, NORA).await), "email: This lead is known to the program already.");
    let same = "email: You have added this lead already. It has the same company domain.";
    assert_eq!(refused(add(&world, &ada, "idris@harbor.example").await), same);
    add(&world, &ada, "one@gmail.com").await.expect("lead");
    add(&world, &ada, "two@gmail.com").await.expect("free mail is no company");
    world.set("update lead_settings set duplicate_rule = 'flag' where program_id = $1").await;
    let second = add(&world, &bob, NORA).await.expect("taken, and marked");
    let found = row(&world, second).await;
    assert!(found.duplicate && !row(&world, first).await.duplicate);
    let mut conn = world.pool.acquire().await.expect("connection");
    let bobs = detail(&mut conn, &world.moment(), &own(&world, &bob), second).await.expect("lead");
    assert_eq!((bobs.row.duplicate, bobs.duplicate_of, bobs.events[0].words.as_str()), (false, None, "Submitted"));
    let teams = detail(&mut conn, &world.moment(), &world.owner(), second).await.expect("lead");
    assert_eq!(
        (teams.duplicate_of, teams.events[0].words.as_str()),
        (Some(first), "Submitted. It repeats another lead")
    );
    world.set("update lead_settings set duplicate_rule = 'accept' where program_id = $1").await;
    let third = add(&world, &ada, NORA).await.expect("taken");
    assert!(!row(&world, third).await.duplicate);
    assert_eq!(DuplicateRule::ALL.len(), 3);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_lead_moves_where_it_may_and_says_why(pool: PgPool) {
    let (world, ada, _) = world(pool).await;
    let id = add(&world, &ada, NORA).await.expect("lead");
    let mut conn = world.pool.acquire().await.expect("connection");
    let owner = world.owner();
    let silent = Move { reason: " ".into(), ..to(&world, Stage::Unqualified).await };
    let told = move_to(&mut conn, &world.moment(), &owner, id, &silent).await;
    assert_eq!(refused(told), "reason: Say why: the partner sees it.");
    world
        .set(
            "delete from lead_moves m using lead_stages f, lead_stages t
             where m.program_id = $1 and f.id = m.from_id and t.id = m.to_id and f.kind = 'new' and t.kind = 'closed_won'",
        )
        .await;
    let won = Move { deal_value: Some(dec("1200.50")), ..to(&world, Stage::ClosedWon).await };
    let told = move_to(&mut conn, &world.moment(), &owner, id, &won).await;
    assert!(
        matches!(&told, Err(Error::Conflict(words)) if words == "A lead can't move from New to Closed Won."),
        "{told:?}"
    );
    judge(&world, id, Stage::Qualified).await.expect("judged");
    let odd = Move { deal_value: Some(dec("1.001")), ..won.clone() };
    assert_eq!(refused(move_to(&mut conn, &world.moment(), &owner, id, &odd).await), "deal_value: EUR has 2 decimals.");
    move_to(&mut conn, &world.moment(), &owner, id, &won).await.expect("won");
    let found = detail(&mut conn, &world.moment(), &own(&world, &ada), id).await.expect("lead");
    let mut words: Vec<_> = found.events.iter().map(|event| event.words.as_str()).collect();
    words.sort_unstable();
    assert_eq!(words, ["Moved to Closed Won, worth €1,200.50", "Moved to Qualified", "Submitted"]);
    let won = found.events.iter().find(|event| event.words.starts_with("Moved to Closed Won")).expect("event");
    assert_eq!((won.by.as_str(), found.reason.as_str()), ("Acme", "As we agreed."));
    assert_eq!(found.row.deal_value.map(|value| value.amount), Some(dec("1200.50")));
    // What the deal is worth may be told again.
    let again = Move { deal_value: Some(dec("1300")), ..to(&world, Stage::ClosedWon).await };
    move_to(&mut conn, &world.moment(), &owner, id, &again).await.expect("set");
    let found = detail(&mut conn, &world.moment(), &owner, id).await.expect("lead");
    assert_eq!(found.row.deal_value.map(|value| value.amount), Some(dec("1300.00")));
    let last = LeadId(uuid::Uuid::max());
    assert!(matches!(detail(&mut conn, &world.moment(), &owner, last).await, Err(Error::NotFound(_))));
    let columns = board(&mut conn, &world.moment(), &owner, &LeadFilter::default()).await.expect("board");
    let told: Vec<_> =
        columns.iter().map(|column| (column.stage.name.as_str(), column.total, column.leads.len())).collect();
    let empty = |name| (name, 0, 0);
    assert_eq!(
        told,
        [empty("New"), empty("Qualified"), empty("Unqualified"), ("Closed Won", 1, 1), empty("Closed Lost")]
    );
    assert_eq!(columns[0].moves.len(), 3, "not to Closed Won");
    let ids = [id, world.moment().id()];
    let input = to(&world, Stage::ClosedLost).await;
    let worked = move_many(&world.pool, &world.moment(), &owner, &ids, &input).await.expect("moved");
    assert_eq!((worked.done, worked.left_out.len()), (1, 1));
    let finance = move_many(&world.pool, &world.moment(), &world.admin(Role::Finance), &ids, &input).await;
    assert!(matches!(finance, Err(Error::Forbidden)));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn the_team_works_a_lead(pool: PgPool) {
    let (world, ada, _) = world(pool).await;
    let id = add(&world, &ada, NORA).await.expect("lead");
    let mut conn = world.pool.acquire().await.expect("connection");
    let (owner, viewer, hers) = (world.owner(), world.admin(Role::Viewer), own(&world, &ada));
    let moment = world.moment();
    let team = team(&mut conn, &owner).await.expect("team");
    assert_eq!(team.len(), 1);
    let stranger = assign(&mut conn, &moment, &owner, id, Some(moment.id())).await;
    assert_eq!(refused(stranger), "assignee: Choose a member of your team who may work leads.");
    assign_many(&mut conn, &moment, &owner, &[id, id], Some(team[0].account)).await.expect("assigned");
    set_deal_value(&mut conn, &moment, &owner, id, Some(dec("5"))).await.expect("value");
    add_note(&mut conn, &moment, &owner, id, " Has budget ").await.expect("note");
    assert_eq!(refused(add_note(&mut conn, &moment, &owner, id, "").await), "note: Write 1 to 5,000 characters.");
    let task = domain::leads::TaskInput {
        task: "Call".into(),
        due_on: "2026-11-19".parse().ok(),
        assignee: Some(team[0].account),
    };
    add_task(&mut conn, &moment, &owner, id, &task).await.expect("task");
    let mine = my_tasks(&mut conn, &moment, &owner).await.expect("tasks");
    assert_eq!((mine.len(), mine[0].0, mine[0].2.overdue), (1, id, true));
    set_task_done(&mut conn, &moment, &owner, mine[0].2.id, true).await.expect("done");
    assert_eq!(my_tasks(&mut conn, &moment, &owner).await.expect("tasks").len(), 0);
    let found = detail(&mut conn, &moment, &owner, id).await.expect("lead");
    let mut words: Vec<_> = found.events.iter().map(|event| event.words.as_str()).collect();
    words.sort_unstable();
    assert_eq!(words, ["Assigned to Olga", "Deal value set to €5.00", "Submitted"]);
    assert_eq!((found.notes[0].note.as_str(), found.tasks[0].done), ("Has budget", true));
    let seen = detail(&mut conn, &moment, &hers, id).await.expect("lead");
    assert_eq!((seen.notes.len(), seen.tasks.len(), seen.row.assignee.is_none()), (0, 0, true));
    assert!(
        !seen.events.iter().any(|event| event.words.contains("Olga") || event.by.contains("Olga")),
        "{:?}",
        seen.events
    );
    for actor in [&viewer, &hers] {
        assert!(matches!(add_note(&mut conn, &moment, actor, id, "x").await, Err(Error::Forbidden)));
        assert!(matches!(add_task(&mut conn, &moment, actor, id, &task).await, Err(Error::Forbidden)));
        assert!(matches!(assign(&mut conn, &moment, actor, id, None).await, Err(Error::Forbidden)));
        assert!(matches!(set_deal_value(&mut conn, &moment, actor, id, None).await, Err(Error::Forbidden)));
        assert!(matches!(set_task_done(&mut conn, &moment, actor, mine[0].2.id, false).await, Err(Error::Forbidden)));
        assert!(matches!(delete_task(&mut conn, actor, mine[0].2.id).await, Err(Error::Forbidden)));
    }
    delete_task(&mut conn, &owner, mine[0].2.id).await.expect("deleted");
    let other = world.another("other").await;
    let elsewhere = detail(&mut conn, &moment, &other.owner(), id).await;
    assert!(matches!(elsewhere, Err(Error::NotFound(_))), "{elsewhere:?}");
    assert!(matches!(add_note(&mut conn, &moment, &other.owner(), id, "x").await, Err(Error::NotFound(_))));
    assert!(Role::Manager.may(Power::JudgeLeads));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn files_at_a_lead_are_its_partner_s_and_the_team_s(pool: PgPool) {
    let (world, ada, bob) = world(pool).await;
    let id = add(&world, &ada, NORA).await.expect("lead");
    let mut conn = world.pool.acquire().await.expect("connection");
    let (owner, hers, his, moment) = (world.owner(), own(&world, &ada), own(&world, &bob), world.moment());
    let uploaded = async |purpose: &str| -> FileId {
        sqlx::query_scalar(
            "insert into files (program_id, id, purpose, name, content_type, bytes, sha256, created_at)
             values ($1, gen_random_uuid(), $2::file_purpose, 'facts.pdf', 'application/pdf', 1500, '', $3) returning id",
        )
        .bind(world.program)
        .bind(purpose)
        .bind(world.at)
        .fetch_one(&world.pool)
        .await
        .expect("file")
    };
    let facts = uploaded("lead").await;
    assert!(matches!(attach(&mut conn, &moment, &his, id, facts).await, Err(Error::NotFound(_))));
    let banner = uploaded("asset").await;
    assert_eq!(refused(attach(&mut conn, &moment, &hers, id, banner).await), "file: Choose the file once more.");
    attach(&mut conn, &moment, &hers, id, facts).await.expect("attached");
    let teams = uploaded("lead").await;
    attach(&mut conn, &moment, &owner, id, teams).await.expect("attached");
    assert!(matches!(attach(&mut conn, &moment, &world.admin(Role::Viewer), id, teams).await, Err(Error::Forbidden)));
    let seen = detail(&mut conn, &moment, &hers, id).await.expect("lead").files;
    let told: Vec<_> = seen.iter().map(|file| (file.by.as_str(), file.own, file.size.as_str())).collect();
    assert!(told.contains(&("You", true, "2 kB")) && told.contains(&("Acme", false, "2 kB")), "{told:?}");
    assert_eq!(file(&mut conn, &world.admin(Role::Viewer), id, facts).await.expect("file").name, "facts.pdf");
    file(&mut conn, &hers, id, teams).await.expect("hers to read");
    assert!(matches!(file(&mut conn, &his, id, facts).await, Err(Error::NotFound(_))));
    assert!(matches!(file(&mut conn, &hers, id, banner).await, Err(Error::NotFound(_))), "not at this lead");
    assert!(matches!(detach(&mut conn, &moment, &hers, id, teams).await, Err(Error::NotFound(_))), "the team's");
    detach(&mut conn, &moment, &hers, id, facts).await.expect("taken away");
    for _ in 0..19 {
        let one = uploaded("lead").await;
        attach(&mut conn, &moment, &hers, id, one).await.expect("attached");
    }
    let many = uploaded("lead").await;
    assert!(matches!(attach(&mut conn, &moment, &hers, id, many).await, Err(Error::Conflict(_))));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn the_team_is_told_of_a_lead_and_its_partner_of_the_outcome(pool: PgPool) {
    let (world, ada, _) = world(pool).await;
    let id = add(&world, &ada, NORA).await.expect("lead");
    let letter = async |mail: &crate::messages::Mail| {
        let mut conn = world.pool.acquire().await.expect("connection");
        crate::messages::compose(&mut conn, &world.moment(), "https://t.example", mail).await.expect("answer")
    };
    let to_team = mails(&world.pool).await.pop().expect("mail");
    let told = letter(&to_team).await.expect("letter");
    assert_eq!(told.subject, "A lead to review: nora@harbor.example");
    assert!(told.text.contains(&format!("https://t.example/admin/acme/leads/{id}")), "{}", told.text);
    judge(&world, id, Stage::Unqualified).await.expect("judged");
    assert!(letter(&to_team).await.is_none(), "reviewed meanwhile");
    let unqualified = mails(&world.pool).await.pop().expect("mail");
    assert!(letter(&unqualified).await.is_none(), "not by default");
    judge(&world, id, Stage::Qualified).await.expect("judged");
    let qualified = mails(&world.pool).await.pop().expect("mail");
    let told = letter(&qualified).await.expect("letter");
    assert_eq!(told.subject, "Your lead nora@harbor.example is qualified");
    assert!(told.text.contains("As we agreed.") && told.text.contains(&format!("/p/acme/leads/{id}")), "{}", told.text);
    assert!(told.text.contains("/stop-mails/acme/lead/"), "{}", told.text);
    world.set("update notification_settings set on_lead = 'none' where program_id = $1").await;
    assert!(letter(&qualified).await.is_none(), "stopped");
    world.set("update notification_settings set on_lead = 'every' where program_id = $1").await;
    judge(&world, id, Stage::Unqualified).await.expect("judged");
    let unqualified = mails(&world.pool).await.pop().expect("mail");
    let told = letter(&unqualified).await.expect("letter");
    assert_eq!(told.subject, "Your lead nora@harbor.example is now at Unqualified");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn an_unreviewed_lead_comes_last_and_the_earliest_wins(pool: PgPool) {
    let (mut world, ada, bob) = world(pool).await;
    add(&world, &bob, NORA).await.expect("lead");
    world.pass(1);
    add(&world, &ada, NORA).await.expect("lead");
    world.pass(1);
    let by_lead = nora(&world, "c1", TrackSignup::default()).await;
    assert_eq!(whose(&by_lead), Some(("bob", Source::Lead)));
    assert_eq!(by_lead.why.0[0].detail, "Attributed to bob by unreviewed lead, 2 days before (window 90 days).");
    assert_eq!(world.sold("c1", "100").await.commissions[0].amount, dec("30"));
    let outcome = async |partner: &Partner| {
        let found = listed(&world, &own(&world, partner), &LeadFilter::default()).await;
        found.iter().map(|lead| lead.outcome).collect::<Vec<_>>()
    };
    assert_eq!(outcome(&bob).await, [Outcome::Customer]);
    assert_eq!(outcome(&ada).await, [Outcome::NotYours]);
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_click_goes_before_an_unreviewed_lead_and_after_a_qualified_one(pool: PgPool) {
    let (mut world, ada, bob) = world(pool).await;
    let lead = add(&world, &bob, NORA).await.expect("lead");
    world.pass(1);
    let click = world.click(&ada).await;
    let clicked = || TrackSignup { click_id: Some(click.to_string()), ..TrackSignup::default() };
    assert_eq!(whose(&nora(&world, "c1", clicked()).await), Some(("ada", Source::Click)));
    judge(&world, lead, Stage::Qualified).await.expect("judged");
    let qualified = nora(&world, "c2", clicked()).await;
    assert_eq!(whose(&qualified), Some(("bob", Source::Lead)));
    assert_eq!(checks(&qualified.why), "+lead +self_referral -offer");
    let code = TrackSignup { promo_code: Some("NONE".into()), partner_code: Some("ada".into()), ..clicked() };
    assert_eq!(whose(&nora(&world, "c3", code).await), Some(("ada", Source::PartnerCode)));
    judge(&world, lead, Stage::ClosedLost).await.expect("judged");
    let lost = nora(&world, "c4", TrackSignup::default()).await;
    assert_eq!((whose(&lost), lost.why.0[0].detail.as_str()), (None, "The team turned the lead of bob down."));
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_qualified_lead_is_found_among_many_and_others_stay_unnamed(pool: PgPool) {
    let (mut world, ada, bob) = world(pool).await;
    let lead = add(&world, &bob, NORA).await.expect("lead");
    judge(&world, lead, Stage::Unqualified).await.expect("judged");
    for n in 0..30 {
        world.at += chrono::Duration::minutes(1);
        let other = world.partner(&format!("p{n}")).await;
        add(&world, &other, NORA).await.expect("lead");
    }
    world.at += chrono::Duration::minutes(1);
    let lead = add(&world, &ada, NORA).await.expect("lead");
    judge(&world, lead, Stage::Qualified).await.expect("judged");
    world.pass(1);
    assert_eq!(whose(&nora(&world, "c1", TrackSignup::default()).await), Some(("ada", Source::Lead)));
    let sold = domain::sales::TrackSale {
        promo_code: Some("NONE".into()),
        partner_code: Some("ada".into()),
        ..sale("s2", "c2", "10")
    };
    let sold = world.tell_sale(&sold).await.expect("sale").answer;
    assert_eq!(checks(&sold.why), "-promo_code +partner_code +offer +amount");
    let mut conn = world.pool.acquire().await.expect("connection");
    let mine = crate::reports::sales(&mut conn, &own(&world, &ada), &Default::default(), &Paging::default())
        .await
        .expect("sales");
    let text = serde_json::to_string(&mine).expect("json");
    assert!(!text.contains("NONE") && !text.contains("bob") && text.contains("Attributed to ada"), "{text}");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_lead_counts_within_the_window_and_for_who_comes_after_it(pool: PgPool) {
    let (mut world, ada, bob) = world(pool).await;
    add(&world, &ada, NORA).await.expect("lead");
    world.pass(91);
    assert_eq!(listed(&world, &own(&world, &ada), &LeadFilter::default()).await[0].outcome, Outcome::Expired);
    let late = nora(&world, "c1", TrackSignup::default()).await;
    assert_eq!(late.why.0[0].detail, "The unreviewed lead is 91 days old; the window is 90 days.");
    // She is there already: a lead brings her to nobody, unless the team says so.
    let found = add(&world, &bob, NORA).await.expect("lead");
    world.pass(1);
    let sold = async |event: &str| world.tell_sale(&sale(event, "c1", "10")).await.expect("sale").answer.referral;
    assert_eq!(sold("s1").await, None);
    judge(&world, found, Stage::Qualified).await.expect("judged");
    assert_eq!(sold("s2").await.expect("referral").partner_code, "bob");
    let bobs = listed(&world, &own(&world, &bob), &LeadFilter::default()).await;
    assert_eq!((bobs[0].outcome, bobs[0].customer.is_some()), (Outcome::Customer, true), "its own customer");
    assert_eq!(bobs[0].commission.amount, dec("3"));
    world.standing(&bob, EnrollmentStatus::Paused).await;
    add(&world, &ada, "idris@juniper.example").await.expect("lead");
    let idris = TrackSignup {
        customer: NewCustomer { external_id: "c2".into(), email: Some("idris@juniper.example".into()), name: None },
        ..signup("c2")
    };
    world.standing(&ada, EnrollmentStatus::Paused).await;
    let paused = world.tell_signup(&idris).await.expect("sign-up").answer;
    assert_eq!(
        (whose(&paused), paused.why.0[0].detail.as_str()),
        (None, "Partner ada of the unreviewed lead was not active.")
    );
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn lists_are_filtered_paged_and_each_partner_s_own(pool: PgPool) {
    let (mut world, ada, bob) = world(pool).await;
    let mut ids = Vec::new();
    for n in 0..5 {
        world.at += chrono::Duration::minutes(1);
        ids.push(add(&world, &ada, &format!("lead{n}@harbor.example")).await.expect("lead"));
    }
    add(&world, &bob, "100%@harbor.example").await.expect("lead");
    judge(&world, ids[1], Stage::Qualified).await.expect("judged");
    judge(&world, ids[2], Stage::Unqualified).await.expect("judged");
    let count = async |actor: &Actor, filter: LeadFilter| listed(&world, actor, &filter).await.len();
    let (team, hers) = (world.admin(Role::Viewer), own(&world, &ada));
    let all = LeadFilter::default;
    assert_eq!(count(&team, all()).await, 6);
    assert_eq!(count(&hers, all()).await, 5);
    assert_eq!(count(&hers, LeadFilter { partner_code: "bob".into(), ..all() }).await, 0, "another's are not there");
    assert_eq!(count(&team, LeadFilter { partner_code: "BOB".into(), ..all() }).await, 1);
    assert_eq!(count(&team, LeadFilter { search: "0%".into(), ..all() }).await, 1, "no pattern");
    assert_eq!(count(&team, LeadFilter { kind: Some(Stage::Qualified), ..all() }).await, 1);
    judge(&world, ids[3], Stage::ClosedWon).await.expect("judged");
    for (outcome, expected) in [(Outcome::Waiting, 3), (Outcome::Won, 1), (Outcome::Lost, 1), (Outcome::Expired, 0)] {
        assert_eq!(count(&hers, LeadFilter { outcome: Some(outcome), ..all() }).await, expected, "{outcome}");
    }
    assert_eq!(count(&hers, LeadFilter { search: "LEAD3@".into(), ..all() }).await, 1);
    let today = world.at.date_naive();
    for (from, to, expected) in [
        (Some(today), Some(today), 5),
        (today.succ_opt(), None, 0),
        (None, today.pred_opt(), 0),
        (today.pred_opt(), None, 5),
    ] {
        assert_eq!(count(&hers, LeadFilter { from, to, ..all() }).await, expected, "{from:?} {to:?}");
    }
    let mut conn = world.pool.acquire().await.expect("connection");
    let mut seen = Vec::new();
    let mut cursor = None;
    loop {
        let paging = Paging { cursor, limit: Some(2) };
        let page: Page<LeadRow> = list(&mut conn, &world.moment(), &hers, &all(), &paging).await.expect("page");
        seen.extend(page.data.iter().map(|lead| lead.id));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    ids.reverse();
    assert_eq!(seen, ids);
    let absurd = LeadFilter { from: "-9999-01-01".parse().ok(), ..all() };
    let told = list(&mut conn, &world.moment(), &hers, &absurd, &Paging::default()).await;
    assert_eq!(refused(told), "from: Choose a day from 2000 to 2200.");
    let forged = Paging { cursor: Some("'; --".into()), limit: None };
    assert!(matches!(list(&mut conn, &world.moment(), &hers, &all(), &forged).await, Err(Error::Invalid(_))));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn the_team_s_judgement_is_audited_without_the_person(pool: PgPool) {
    let (world, ada, _) = world(pool).await;
    let id = add(&world, &ada, NORA).await.expect("lead");
    let mut conn = world.pool.acquire().await.expect("connection");
    let (qualified, won) = (to(&world, Stage::Qualified).await, to(&world, Stage::ClosedWon).await);
    for role in [Role::Finance, Role::Viewer] {
        let refused = move_to(&mut conn, &world.moment(), &world.admin(role), id, &qualified).await;
        assert!(matches!(refused, Err(Error::Forbidden)), "{role}");
    }
    let partner = move_to(&mut conn, &world.moment(), &own(&world, &ada), id, &qualified).await;
    assert!(matches!(partner, Err(Error::Forbidden)));
    move_to(&mut conn, &world.moment(), &world.admin(Role::Manager), id, &won).await.expect("judged");
    let line: String =
        world.get("select action || ' ' || subject || ' ' || details::text from audit_log where program_id = $1").await;
    assert!(line.starts_with("lead.set_stage Lead of ada {") && line.contains("Closed Won"), "{line}");
    assert!(!line.contains("nora"), "{line}");
    let other = world.another("other").await;
    let elsewhere = move_to(&mut conn, &other.moment(), &other.owner(), id, &qualified).await;
    assert!(matches!(elsewhere, Err(Error::NotFound(_))), "another program's lead");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn of_64_copies_of_a_lead_one_is_added_and_the_limit_holds(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = crowded(options, connect).await;
    let ada = Arc::new(world.partner("ada").await);
    let world = Arc::new(world);
    let copies = at_once(64, &world, |world: Arc<World>, _| {
        let ada = ada.clone();
        async move { add(&world, &ada, NORA).await }
    })
    .await;
    assert_eq!(copies.iter().filter(|copy| copy.is_ok()).count(), 1);
    assert!(copies.iter().all(|copy| matches!(copy, Ok(_) | Err(Error::Invalid(_)))));
    for n in 0..440 {
        add(&world, &ada, &format!("early{n}@harbor.example")).await.expect("lead");
    }
    let many = at_once(64, &world, |world: Arc<World>, n| {
        let ada = ada.clone();
        async move { add(&world, &ada, &format!("lead{n}@harbor.example")).await }
    })
    .await;
    assert_eq!(many.iter().filter(|one| one.is_ok()).count(), 59);
    assert_eq!(world.get::<i64>("select count(*) from leads where program_id = $1").await, MOST_A_DAY);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn of_64_sign_ups_with_an_e_mail_each_knows_its_lead(options: PgPoolOptions, connect: PgConnectOptions) {
    let mut world = crowded(options, connect).await;
    world.offer("Standard", &[percent("30")]).await;
    let (ada, bob) = (world.partner("ada").await, world.partner("bob").await);
    let first = add(&world, &bob, NORA).await.expect("lead");
    world.pass(1);
    add(&world, &ada, NORA).await.expect("lead");
    world.pass(1);
    let world = Arc::new(world);
    let answers = at_once(64, &world, move |world: Arc<World>, n| async move {
        if n == 32 {
            judge(&world, first, Stage::Qualified).await.expect("judged");
        }
        nora(&world, &format!("c{}", n % 4), TrackSignup::default()).await
    })
    .await;
    assert!(answers.iter().all(|answer| whose(answer) == Some(("bob", Source::Lead))));
    assert_eq!(world.get::<i64>("select count(*) from referrals where program_id = $1").await, 4);
    let met: i64 = world.get("select count(*) from leads where program_id = $1 and customer_id is not null").await;
    assert_eq!(met, 2);
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_won_lead_has_its_customer(pool: PgPool) {
    let (mut world, ada, bob) = world(pool).await;
    let mut conn = world.pool.acquire().await.expect("connection");
    let won = async |world: &World, id: LeadId, customer: &str| {
        let input = Move { customer: customer.into(), ..to(world, Stage::ClosedWon).await };
        let mut tx = world.pool.begin().await.expect("transaction");
        move_to(&mut tx, &world.moment(), &world.owner(), id, &input).await?;
        tx.commit().await.map_err(Error::from)
    };
    // A new customer signs up by it, and is the partner's.
    let lead = add(&world, &ada, NORA).await.expect("lead");
    world.pass(1);
    assert_eq!(refused(won(&world, lead, &"x".repeat(201)).await), "customer: Must be at most 200 characters.");
    won(&world, lead, "c-nora").await.expect("won");
    let found = row(&world, lead).await;
    assert_eq!((found.outcome, found.customer.is_some()), (Outcome::SignedUp, true));
    assert_eq!(world.sold("c-nora", "100").await.commissions[0].amount, dec("30"));
    assert_eq!(row(&world, lead).await.commission.amount, dec("30"));
    let whose: String =
        world.get("select source::text from referrals where program_id = $1 and ended_at is null").await;
    assert_eq!(whose, "lead");
    let again = nora(&world, "c-nora", TrackSignup::default()).await;
    assert!(again.commissions.is_empty(), "who signed up by it signs up no more");
    // Somebody else's customer stays so.
    world.signed_up("c-bob", &bob).await;
    let other = add(&world, &ada, "idris@juniper.example").await.expect("lead");
    won(&world, other, "c-bob").await.expect("won");
    assert_eq!(row(&world, other).await.outcome, Outcome::NotYours);
    let seen = detail(&mut conn, &world.moment(), &own(&world, &ada), other).await.expect("lead");
    assert_eq!((seen.row.customer, seen.customer_name.as_str()), (None, ""), "whose customer it is, is not told");
    // Without an id the customer is who has signed up with the e-mail, now or later.
    let late = add(&world, &ada, "late@harbor.example").await.expect("lead");
    won(&world, late, "").await.expect("won");
    assert_eq!(row(&world, late).await.outcome, Outcome::Won);
    let sent = TrackSignup {
        customer: NewCustomer { external_id: "c-late".into(), email: Some("late@harbor.example".into()), name: None },
        ..signup("late")
    };
    world.tell_signup(&sent).await.expect("sign-up");
    assert_eq!(row(&world, late).await.outcome, Outcome::SignedUp);
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn of_64_at_once_that_win_and_sign_up_there_is_one_customer(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = crowded(options, connect).await;
    world.offer("Standard", &[crate::fixtures::per_signup("5")]).await;
    let ada = world.partner("ada").await;
    let lead = add(&world, &ada, NORA).await.expect("lead");
    judge(&world, lead, Stage::Qualified).await.expect("judged");
    let world = Arc::new(world);
    let outcomes = at_once(64, &world, move |world: Arc<World>, n| async move {
        if n % 2 == 0 {
            return nora(&world, "c-nora", TrackSignup { event_id: format!("e{n}"), ..TrackSignup::default() })
                .await
                .commissions
                .len();
        }
        let input = Move { customer: "c-nora".into(), ..to(&world, Stage::ClosedWon).await };
        let mut tx = world.pool.begin().await.expect("transaction");
        move_to(&mut tx, &world.moment(), &world.owner(), lead, &input).await.expect("won");
        tx.commit().await.expect("commit");
        0
    })
    .await;
    assert_eq!(outcomes.len(), 64);
    assert_eq!(world.get::<i64>("select count(*) from customers where program_id = $1").await, 1);
    assert_eq!(world.get::<i64>("select count(*) from commissions where program_id = $1").await, 1);
    assert!(row(&world, lead).await.customer.is_some());
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_customer_tells_which_leads_it_came_of(pool: PgPool) {
    let (mut world, ada, bob) = world(pool).await;
    let first = add(&world, &ada, NORA).await.expect("lead");
    world.pass(1);
    let second = add(&world, &bob, NORA).await.expect("lead");
    add(&world, &ada, "omar@harbor.example").await.expect("lead");
    nora(&world, "c1", TrackSignup::default()).await;
    let customer = row(&world, first).await.customer.expect("a customer");
    let mut conn = world.pool.acquire().await.expect("connection");
    let found = super::of_customer(&mut conn, &world.admin(Role::Viewer), customer).await.expect("leads");
    let mut ids: Vec<LeadId> = found.iter().map(|(id, _)| *id).collect();
    ids.sort_unstable();
    let mut both = vec![first, second];
    both.sort_unstable();
    assert_eq!(ids, both);
    assert!(found.iter().all(|(_, called)| called == NORA), "{found:?}");
    let partner = super::of_customer(&mut conn, &own(&world, &ada), customer).await;
    assert!(matches!(partner, Err(Error::Forbidden)));
    let other = world.another("other").await;
    let elsewhere = super::of_customer(&mut conn, &other.owner(), customer).await.expect("none");
    assert!(elsewhere.is_empty());
}
