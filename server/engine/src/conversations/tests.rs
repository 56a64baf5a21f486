use super::*;
use crate::fixtures::{Partner, World, mails};
use crate::messages::{Mail, compose};
use crate::sales::races::{at_once, crowded};
use domain::accounts::Role;
use domain::conversations::{ConversationFilter, Inbox, NewMessage, To};
use domain::ids::{FileId, LeadId, MessageId};
use domain::leads::NewLead;
use domain::page::Paging;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::collections::BTreeSet;
use std::sync::Arc;

fn own(world: &World, partner: &Partner) -> Actor {
    Actor::Partner { program: world.program, enrollment: partner.id, account: world.owner }
}

fn message(world: &World, to: To, body: &str) -> NewMessage {
    NewMessage { to, id: world.moment().id(), body: body.into(), file: None }
}

async fn write(world: &World, actor: &Actor, input: &NewMessage) -> Result<ConversationId> {
    let mut tx = world.pool.begin().await.expect("transaction");
    let id = send(&mut tx, &world.moment(), actor, input).await?;
    tx.commit().await.expect("commit");
    Ok(id)
}

async fn begin(world: &World, partner: &Partner, actor: &Actor, subject: &str, body: &str) -> ConversationId {
    let to = To::Partner { partner: partner.id, id: world.moment().id(), subject: subject.into() };
    write(world, actor, &message(world, to, body)).await.expect("begun")
}

async fn lead(world: &World, partner: &Partner) -> LeadId {
    let mut conn = world.pool.acquire().await.expect("connection");
    let new = NewLead::named("nora@harbor.example", "Nora Berg");
    crate::leads::submit(&mut conn, &world.moment(), &world.owner(), partner.id, &new).await.expect("lead")
}

async fn found(world: &World, actor: &Actor, filter: ConversationFilter) -> Vec<String> {
    let mut conn = world.pool.acquire().await.expect("connection");
    let page = list(&mut conn, actor, &filter, &Paging::default()).await.expect("list");
    page.data.into_iter().map(|row| row.about).collect()
}

async fn unread_of(world: &World, actor: &Actor) -> i64 {
    unread(&mut world.pool.acquire().await.expect("connection"), &world.moment(), actor).await.expect("count")
}

async fn mails_about(world: &World) -> (usize, usize) {
    let all = mails(&world.pool).await;
    let to_team = all.iter().filter(|mail| matches!(mail, Mail::MessageToTeam { .. })).count();
    (to_team, all.iter().filter(|mail| matches!(mail, Mail::MessageToPartner { .. })).count())
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn each_side_reads_what_the_other_writes(pool: PgPool) {
    let mut world = World::new(pool).await;
    let (ada, bob) = (world.partner("ada").await, world.partner("bob").await);
    let (hers, his, owner) = (own(&world, &ada), own(&world, &bob), world.owner());
    let id = begin(&world, &ada, &hers, "Payout", "When am I paid?").await;
    assert_eq!((unread_of(&world, &owner).await, unread_of(&world, &hers).await), (1, 0));
    assert_eq!(mails_about(&world).await, (1, 0));
    world.at += chrono::Duration::minutes(1);
    write(&world, &hers, &message(&world, To::Conversation(id), "Hello?")).await.expect("written");
    assert_eq!(mails_about(&world).await, (1, 0), "one mail until it is read");
    let mut conn = world.pool.acquire().await.expect("connection");
    let told =
        mails(&world.pool).await.into_iter().find(|mail| matches!(mail, Mail::MessageToTeam { .. })).expect("mail");
    let letter =
        compose(&mut conn, &world.moment(), "https://t.example", &told).await.expect("answer").expect("letter");
    assert!(letter.text.contains("When am I paid?"), "{}", letter.text);
    assert!(letter.text.contains(&format!("https://t.example/admin/acme/messages/{id}")), "{}", letter.text);
    let seen = thread(&mut conn, &owner, id, None).await.expect("thread");
    let told_of: Vec<_> = seen.messages.iter().map(|message| (message.body.as_str(), message.own)).collect();
    assert_eq!(told_of, [("When am I paid?", false), ("Hello?", false)]);
    world.at += chrono::Duration::minutes(1);
    mark_read(&mut conn, &world.moment(), &owner, id).await.expect("read");
    assert_eq!(unread_of(&world, &owner).await, 0);
    assert!(compose(&mut conn, &world.moment(), "https://t.example", &told).await.expect("answer").is_none(), "read");
    world.at += chrono::Duration::minutes(1);
    write(&world, &owner, &message(&world, To::Conversation(id), "On the 5th.")).await.expect("answered");
    assert_eq!((unread_of(&world, &hers).await, unread_of(&world, &his).await), (1, 0));
    assert_eq!(mails_about(&world).await, (1, 1));
    let seen = thread(&mut conn, &hers, id, None).await.expect("thread");
    let last = seen.messages.last().expect("message");
    assert_eq!((last.by.as_str(), last.own, seen.row.unread), ("Acme", false, true), "the team has no names");
    world.at += chrono::Duration::minutes(1);
    mark_read(&mut conn, &world.moment(), &hers, id).await.expect("read");
    assert_eq!(unread_of(&world, &hers).await, 0);
    world.at += chrono::Duration::minutes(1);
    write(&world, &hers, &message(&world, To::Conversation(id), "Thanks")).await.expect("written");
    assert_eq!(mails_about(&world).await, (2, 1), "it was read since");

    for refused in [
        thread(&mut conn, &his, id, None).await.map(|_| ()),
        mark_read(&mut conn, &world.moment(), &his, id).await,
        write(&world, &his, &message(&world, To::Conversation(id), "x")).await.map(|_| ()),
    ] {
        assert!(matches!(refused, Err(Error::NotFound(_))), "{refused:?}");
    }
    let viewer = world.admin(Role::Viewer);
    thread(&mut conn, &viewer, id, None).await.expect("who may view reads");
    let refused = write(&world, &viewer, &message(&world, To::Conversation(id), "x")).await;
    assert!(matches!(refused, Err(Error::Forbidden)));
    let elsewhere = world.another("elsewhere").await;
    assert!(matches!(thread(&mut conn, &elsewhere.owner(), id, None).await, Err(Error::NotFound(_))));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn what_is_sent_twice_is_written_once(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.partner("ada").await;
    let hers = own(&world, &ada);
    let to = To::Partner { partner: ada.id, id: world.moment().id(), subject: "Payout".into() };
    let input = message(&world, to, "When?");
    let first = write(&world, &hers, &input).await.expect("written");
    assert_eq!(write(&world, &hers, &input).await.expect("again"), first);
    assert_eq!(world.get::<i64>("select count(*) from conversation_messages where program_id = $1").await, 1);
    let fields = |told: Result<ConversationId>| match told {
        Err(Error::Invalid(errors)) => errors.into_iter().map(|error| error.field).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(fields(write(&world, &hers, &message(&world, To::Conversation(first), " ")).await), ["body"]);
    let nobody = To::Partner { partner: ada.id, id: world.moment().id(), subject: String::new() };
    assert_eq!(fields(write(&world, &hers, &message(&world, nobody, "x")).await), ["subject"]);
    let bob = world.partner("bob").await;
    let not_hers = To::Partner { partner: bob.id, id: world.moment().id(), subject: "x".into() };
    assert!(matches!(write(&world, &hers, &message(&world, not_hers, "x")).await, Err(Error::NotFound(_))));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn lists_are_searched_and_filtered(pool: PgPool) {
    let mut world = World::new(pool).await;
    let (ada, bob) = (world.partner("ada").await, world.partner("bob").await);
    let (hers, owner) = (own(&world, &ada), world.owner());
    let payout = begin(&world, &ada, &hers, "Payout", "When is the transfer?").await;
    world.at += chrono::Duration::minutes(1);
    begin(&world, &bob, &owner, "Welcome", "Glad to have you.").await;
    world.at += chrono::Duration::minutes(1);
    let nora = lead(&world, &ada).await;
    write(&world, &hers, &message(&world, To::Lead(nora), "Any news of the demo?")).await.expect("written");
    let all = ConversationFilter::default;
    assert_eq!(found(&world, &owner, all()).await, ["Nora Berg", "Welcome", "Payout"]);
    assert_eq!(found(&world, &hers, all()).await, ["Nora Berg", "Payout"]);
    let search = |words: &str| ConversationFilter { search: words.into(), ..all() };
    for (words, expected) in [("transfer", &["Payout"][..]), ("nora", &["Nora Berg"]), ("demo news", &["Nora Berg"])] {
        assert_eq!(found(&world, &owner, search(words)).await, expected, "{words}");
        assert_eq!(found(&world, &hers, search(words)).await, expected, "{words}");
    }
    assert_eq!(found(&world, &owner, search("bob")).await, ["Welcome"]);
    assert!(found(&world, &hers, search("glad")).await.is_empty(), "another partner's");
    for odd in ["'", "\0", "%", "\"unclosed", "a & | !"] {
        found(&world, &owner, search(odd)).await;
    }
    let mut conn = world.pool.acquire().await.expect("connection");
    let moment = world.moment();
    assign(&mut conn, &moment, &owner, payout, owner.account()).await.expect("assigned");
    let stranger = assign(&mut conn, &moment, &owner, payout, Some(moment.id())).await;
    assert!(matches!(&stranger, Err(Error::Invalid(errors)) if errors[0].field == "assignee"), "{stranger:?}");
    assert!(matches!(assign(&mut conn, &moment, &hers, payout, None).await, Err(Error::Forbidden)));
    let inbox = |inbox| ConversationFilter { inbox: Some(inbox), ..all() };
    assert_eq!(found(&world, &owner, inbox(Inbox::Mine)).await, ["Payout"]);
    assert_eq!(found(&world, &owner, inbox(Inbox::Unassigned)).await, ["Nora Berg", "Welcome"]);
    assert_eq!(
        found(&world, &owner, ConversationFilter { unread: true, ..all() }).await,
        ["Nora Berg", "Payout"],
        "what it wrote itself is read"
    );
    let of_bob = ConversationFilter { partner_code: "BOB".into(), ..all() };
    assert_eq!(found(&world, &owner, of_bob).await, ["Welcome"]);
    let (mut seen, mut paging) = (Vec::new(), Paging { cursor: None, limit: Some(1) });
    loop {
        let page = list(&mut conn, &owner, &all(), &paging).await.expect("page");
        seen.extend(page.data.into_iter().map(|row| row.about));
        paging.cursor = page.next_cursor;
        if paging.cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["Nora Berg", "Welcome", "Payout"]);
    assert!(of_lead(&mut conn, &hers, nora).await.expect("asked").is_some());
    assert_eq!(of_lead(&mut conn, &own(&world, &bob), nora).await.expect("asked"), None);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_long_conversation_is_read_page_by_page(pool: PgPool) {
    let mut world = World::new(pool).await;
    let ada = world.partner("ada").await;
    let id = begin(&world, &ada, &own(&world, &ada), "Long", "0").await;
    for n in 1..120 {
        world.at += chrono::Duration::seconds(1);
        let input = message(&world, To::Conversation(id), &n.to_string());
        write(&world, &own(&world, &ada), &input).await.expect("written");
    }
    let mut conn = world.pool.acquire().await.expect("connection");
    let (mut read, mut before) = (Vec::new(), None);
    loop {
        let page = thread(&mut conn, &world.owner(), id, before).await.expect("page");
        let bodies: Vec<u32> = page.messages.iter().map(|message| message.body.parse().expect("number")).collect();
        read.splice(0..0, bodies);
        before = page.earlier;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(read, (0..120).collect::<Vec<_>>());
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn files_open_for_who_reads_the_conversation(pool: PgPool) {
    let world = World::new(pool).await;
    let (ada, bob) = (world.partner("ada").await, world.partner("bob").await);
    let hers = own(&world, &ada);
    let facts: FileId = sqlx::query_scalar(
        "insert into files (program_id, id, purpose, name, content_type, bytes, sha256, created_at)
         values ($1, gen_random_uuid(), 'message', 'facts.pdf', 'application/pdf', 1, '', $2) returning id",
    )
    .bind(world.program)
    .bind(world.at)
    .fetch_one(&world.pool)
    .await
    .expect("file");
    let to = To::Partner { partner: ada.id, id: world.moment().id(), subject: "Facts".into() };
    let input = NewMessage { file: Some(facts), ..message(&world, to, "") };
    let id = write(&world, &hers, &input).await.expect("written");
    let mut conn = world.pool.acquire().await.expect("connection");
    for actor in [&hers, &world.owner(), &world.admin(Role::Viewer)] {
        assert_eq!(file(&mut conn, actor, id, facts).await.expect("file").name, "facts.pdf");
    }
    assert!(matches!(file(&mut conn, &own(&world, &bob), id, facts).await, Err(Error::NotFound(_))));
    let strange = NewMessage { file: Some(world.moment().id()), ..message(&world, To::Conversation(id), "x") };
    assert!(matches!(write(&world, &hers, &strange).await, Err(Error::Invalid(_))));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn of_64_first_messages_about_a_lead_one_makes_the_conversation(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = crowded(options, connect).await;
    let ada = world.partner("ada").await;
    let nora = lead(&world, &ada).await;
    let hers = own(&world, &ada);
    let world = Arc::new(world);
    let ids = at_once(64, &world, move |world: Arc<World>, n| {
        let hers = hers.clone();
        async move {
            let actor = if n % 2 == 0 { hers } else { world.owner() };
            let id: MessageId = world.moment().id();
            let input = NewMessage { to: To::Lead(nora), id, body: format!("{n}"), file: None };
            write(&world, &actor, &input).await.expect("written")
        }
    })
    .await;
    assert_eq!(ids.into_iter().collect::<BTreeSet<_>>().len(), 1);
    assert_eq!(world.get::<i64>("select count(*) from conversation_messages where program_id = $1").await, 64);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn saved_replies_are_the_team_s(pool: PgPool) {
    let world = World::new(pool).await;
    let mut conn = world.pool.acquire().await.expect("connection");
    let (owner, moment) = (world.owner(), world.moment());
    save_reply(&mut conn, &moment, &owner, None, "Thanks", "Thank you, we look into it.").await.expect("saved");
    let again = save_reply(&mut conn, &moment, &owner, None, " thanks ", "x").await;
    assert!(matches!(&again, Err(Error::Invalid(errors)) if errors[0].field == "name"), "{again:?}");
    let empty = save_reply(&mut conn, &moment, &owner, None, "", " ").await;
    assert!(matches!(&empty, Err(Error::Invalid(errors)) if errors.len() == 2), "{empty:?}");
    let saved = replies(&mut conn, &owner).await.expect("replies");
    let id = saved[0].id;
    save_reply(&mut conn, &moment, &owner, Some(id), "Thanks", "Thanks!").await.expect("changed");
    assert_eq!(replies(&mut conn, &owner).await.expect("replies")[0].body, "Thanks!");
    for actor in [world.admin(Role::Viewer), own(&world, &world.partner("ada").await)] {
        assert!(matches!(replies(&mut conn, &actor).await, Err(Error::Forbidden)));
        assert!(matches!(delete_reply(&mut conn, &moment, &actor, id).await, Err(Error::Forbidden)));
    }
    let other = world.another("elsewhere").await;
    assert!(matches!(delete_reply(&mut conn, &moment, &other.owner(), id).await, Err(Error::NotFound(_))));
    delete_reply(&mut conn, &moment, &owner, id).await.expect("deleted");
    assert!(replies(&mut conn, &owner).await.expect("replies").is_empty());
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn what_was_written_goes_with_who_is_erased(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.partner("ada").await;
    let hers = own(&world, &ada);
    begin(&world, &ada, &hers, "My address", "I live at the harbor").await;
    let nora = lead(&world, &ada).await;
    write(&world, &hers, &message(&world, To::Lead(nora), "Nora lives at the harbor")).await.expect("written");
    let mut tx = world.pool.begin().await.expect("transaction");
    crate::leads::erase(&mut tx, &world.moment(), &world.owner(), nora).await.expect("erased");
    tx.commit().await.expect("commit");
    assert_eq!(world.get::<i64>("select count(*) from conversations where program_id = $1").await, 1);
    let mut tx = world.pool.begin().await.expect("transaction");
    crate::partners::erase(&mut tx, &world.moment(), &world.owner(), ada.id).await.expect("erased");
    tx.commit().await.expect("commit");
    let left: String = world
        .get(
            "select string_agg(c.subject || m.body, ' ') from conversations c
             join conversation_messages m using (program_id) where c.program_id = $1",
        )
        .await;
    assert_eq!(left, "[erased][erased]");
}
