//! Forms that partners share.

use super::*;
use crate::fixtures::World;
use domain::accounts::{Power, Role};
use domain::ids::{LeadGroupId, LeadId};
use domain::leads::capture::CaptureInput;
use domain::leads::{EMAIL, MOST_A_DAY, NAME, NewLead, Sent};
use sqlx::PgPool;
use std::sync::Arc;

fn input(group: LeadGroupId) -> CaptureInput {
    CaptureInput {
        group,
        is_open: true,
        sites: "www.harbor.example".into(),
        thanks: "Thank you".into(),
        redirect: String::new(),
    }
}

fn sent(email: &str) -> Sent {
    [(EMAIL, email), (NAME, "Nora")].map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

async fn made(world: &World, actor: &Actor) -> String {
    let mut conn = world.pool.acquire().await.expect("connection");
    let group = capture_forms(&mut conn, actor).await.expect("forms")[0].group;
    save_capture_form(&mut conn, &world.moment(), actor, &input(group)).await.expect("made");
    capture_forms(&mut conn, actor).await.expect("forms")[0].code.clone()
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_partner_s_form_adds_its_leads(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.partner("ada").await;
    let me = crate::payments::details_tests::actor(&world, &ada);
    let mut conn = world.pool.acquire().await.expect("connection");
    assert_eq!(capture_forms(&mut conn, &me).await.expect("forms")[0].code, "", "none is made by looking");
    let code = made(&world, &me).await;
    assert_eq!(code.len(), 12);
    assert_eq!(made(&world, &me).await, code, "its address stays");
    let form = capture_form(&mut conn, "acme", &code).await.expect("form");
    assert_eq!((form.enrollment, form.sites.as_slice()), (ada.id, &["https://www.harbor.example".to_owned()][..]));
    assert!(matches!(capture_form(&mut conn, "acme", "nothing").await, Err(Error::NotFound(_))));
    assert!(matches!(capture_form(&mut conn, "elsewhere", &code).await, Err(Error::NotFound(_))));

    world
        .set(
            r#"update lead_forms set form = '{"name": "optional", "fields": [
                   {"key": "terms", "label": "Terms", "kind": "consent", "required": true, "value": "We may call."},
                   {"key": "source", "label": "Source", "kind": "hidden", "value": "autumn"}]}'
               where program_id = $1"#,
        )
        .await;
    let form = capture_form(&mut conn, "acme", &code).await.expect("form");
    let refused = capture(&world.pool, &world.moment(), &form, sent("nora@harbor.example"), "203.0.113.5").await;
    assert!(matches!(refused, Err(Error::Invalid(errors)) if errors[0].field == "terms"));
    let mut agreed = sent("nora@harbor.example");
    agreed.insert("terms".into(), "Yes".into());
    capture(&world.pool, &world.moment(), &form, agreed.clone(), "203.0.113.5").await.expect("added");
    let told: String = world
        .get(
            "select concat_ws(' ', l.name, c.body, c.ip, v.details ->> 'by', v.by_partner, v.account_id is null)
             from leads l join lead_consents c using (program_id) join lead_events v using (program_id)
             where program_id = $1",
        )
        .await;
    assert_eq!(told, "Nora We may call. 203.0.113.5 capture_form t t");
    let mails = "select count(*) from graphile_worker._private_jobs
                 where payload::text like '%lead_submitted%' and $1::uuid is not null";
    assert!(world.get::<i64>(mails).await >= 1, "the team is told");
    // What the company alone knows is not told to the partner.
    let id: LeadId = world.get("select id from leads where program_id = $1").await;
    for (actor, knows) in [(&world.owner(), true), (&me, false)] {
        let lead = detail(&mut conn, &world.moment(), actor, id).await.expect("lead");
        let of_form = lead.form.field("source").is_some();
        assert_eq!((lead.answers.fields.contains_key("source"), of_form), (knows, knows));
        assert_eq!(lead.consents[0].ip, if knows { "203.0.113.5" } else { "" });
    }
    assert!(form.group.form.field("source").is_some(), "the form fills it in");
    assert!(choices(&mut conn, world.program).await.expect("groups")[0].form.field("source").is_none());
    // Who is known already is not told so, and not added.
    capture(&world.pool, &world.moment(), &form, agreed, "203.0.113.6").await.expect("answered as if it was new");
    assert_eq!(world.get::<i64>("select count(*) from leads where program_id = $1").await, 1);

    let stale = Capture { group: domain::leads::GroupChoice { version: 2, ..form.group.clone() }, ..form.clone() };
    let stale = capture(&world.pool, &world.moment(), &stale, sent("x@harbor.example"), "").await;
    assert!(matches!(stale, Err(Error::Conflict(_))));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_stranger_learns_nothing_of_a_partner_and_uses_nothing_up(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.partner("ada").await;
    let me = crate::payments::details_tests::actor(&world, &ada);
    world.set("update enrollments set email = 'ada@private.example' where program_id = $1").await;
    let code = made(&world, &me).await;
    let mut conn = world.pool.acquire().await.expect("connection");
    let form = capture_form(&mut conn, "acme", &code).await.expect("form");
    let own = sent("Ada@private.example");
    capture(&world.pool, &world.moment(), &form, own.clone(), "").await.expect("answered as anybody's");
    let leads = "select count(*) from leads where program_id = $1";
    assert_eq!(world.get::<i64>(leads).await, 0);
    let named = NewLead { sent: own, ..NewLead::default() };
    assert!(matches!(submit(&mut conn, &world.moment(), &me, ada.id, &named).await, Err(Error::Invalid(_))));
    for n in 0..MOST_A_DAY {
        capture(&world.pool, &world.moment(), &form, sent(&format!("n{n}@harbor.example")), "").await.expect("added");
    }
    let late = capture(&world.pool, &world.moment(), &form, sent("late@harbor.example"), "").await;
    assert!(matches!(late, Err(Error::Conflict(words)) if words.starts_with("This form takes nothing more today")));
    submit(&mut conn, &world.moment(), &me, ada.id, &NewLead::named("mine@harbor.example", "")).await.expect("added");
    assert_eq!(world.get::<i64>(leads).await, MOST_A_DAY + 1);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn of_twins_at_once_one_is_added(pool: PgPool) {
    let world = Arc::new(World::new(pool).await);
    let ada = world.partner("ada").await;
    let me = crate::payments::details_tests::actor(&world, &ada);
    let code = made(&world, &me).await;
    let mut conn = world.pool.acquire().await.expect("connection");
    let form = capture_form(&mut conn, "acme", &code).await.expect("form");
    drop(conn);
    let tasks: Vec<_> = (0..64)
        .map(|n| {
            let (world, form) = (world.clone(), form.clone());
            tokio::spawn(async move {
                let sent = sent(&format!("nora{}@harbor.example", n % 4));
                capture(&world.pool, &world.moment(), &form, sent, "").await
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("task").expect("answered");
    }
    assert_eq!(world.get::<i64>("select count(*) from leads where program_id = $1").await, 4);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn what_is_off_has_no_form(pool: PgPool) {
    let world = World::new(pool).await;
    let (ada, bob) = (world.partner("ada").await, world.partner("bob").await);
    let [me, he] = [&ada, &bob].map(|partner| crate::payments::details_tests::actor(&world, partner));
    let code = made(&world, &me).await;
    assert_ne!(made(&world, &he).await, code);
    let mut conn = world.pool.acquire().await.expect("connection");
    for (off, on) in [
        (
            "update lead_settings set submission = false where program_id = $1",
            "update lead_settings set submission = true where program_id = $1",
        ),
        (
            "update capture_forms set is_open = false where program_id = $1",
            "update capture_forms set is_open = true where program_id = $1",
        ),
        (
            "update enrollments set status = 'paused' where program_id = $1",
            "update enrollments set status = 'active' where program_id = $1",
        ),
        (
            "update lead_groups set is_default = false, closed_at = created_at where program_id = $1",
            "update lead_groups set is_default = true, closed_at = null where program_id = $1",
        ),
    ] {
        let form = capture_form(&mut conn, "acme", &code).await.expect("form");
        world.set(off).await;
        assert!(matches!(capture_form(&mut conn, "acme", &code).await, Err(Error::NotFound(_))), "{off}");
        if !off.contains("is_open") {
            let late = capture(&world.pool, &world.moment(), &form, sent("nora@harbor.example"), "").await;
            assert!(late.is_err(), "{off}");
        }
        world.set(on).await;
    }
    world.set("update lead_settings set submission = false where program_id = $1").await;
    assert!(matches!(capture_forms(&mut conn, &me).await, Err(Error::Forbidden)));
    world.set("update lead_settings set submission = true where program_id = $1").await;
    for actor in [world.owner(), world.admin(Role::Viewer)] {
        assert!(matches!(capture_forms(&mut conn, &actor).await, Err(Error::Forbidden)));
    }
    let nowhere = save_capture_form(&mut conn, &world.moment(), &me, &input(world.moment().id())).await;
    assert!(matches!(nowhere, Err(Error::NotFound(_))));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn what_acts_for_a_partner_sees_its_own_alone(pool: PgPool) {
    let world = World::new(pool).await;
    let (ada, bob) = (world.partner("ada").await, world.partner("bob").await);
    let [adas, bobs] = [&ada, &bob].map(|partner| Actor::OnBehalf { program: world.program, enrollment: partner.id });
    let mut conn = world.pool.acquire().await.expect("connection");
    let moment = world.moment();
    let lead = NewLead::named("nora@harbor.example", "Nora");
    let id = submit(&mut conn, &moment, &adas, ada.id, &lead).await.expect("lead");
    assert!(matches!(submit(&mut conn, &moment, &adas, bob.id, &lead).await, Err(Error::NotFound(_))));
    assert!(detail(&mut conn, &moment, &adas, id).await.expect("own").may_edit);
    assert!(matches!(detail(&mut conn, &moment, &bobs, id).await, Err(Error::NotFound(_))));
    let all = |actor: Actor| {
        let (pool, moment) = (world.pool.clone(), world.moment());
        async move {
            let mut conn = pool.acquire().await.expect("connection");
            let (filter, paging) = (domain::leads::LeadFilter::default(), domain::page::Paging::default());
            list(&mut conn, &moment, &actor, &filter, &paging).await.expect("list").data.len()
        }
    };
    assert_eq!((all(adas.clone()).await, all(bobs.clone()).await), (1, 0));
    let seen = detail(&mut conn, &moment, &adas, id).await.expect("own").row.updated_at;
    let changed = NewLead::named("nora@harbor.example", "Nora Holt").sent;
    assert!(matches!(edit(&mut conn, &moment, &bobs, id, seen, &changed, "").await, Err(Error::NotFound(_))));
    world.set("update enrollments set status = 'banned' where program_id = $1").await;
    assert!(matches!(edit(&mut conn, &moment, &adas, id, seen, &changed, "").await, Err(Error::Conflict(_))));
    world.set("update enrollments set status = 'active' where program_id = $1").await;
    edit(&mut conn, &moment, &adas, id, seen, &changed, "").await.expect("changed");
    let stage = stage_of_kind(&mut conn, world.program, domain::leads::Stage::Qualified).await.expect("stage");
    let to = domain::leads::Move { stage, reason: String::new(), deal_value: None, customer: String::new() };
    assert!(matches!(move_to(&mut conn, &moment, &adas, id, &to).await, Err(Error::Forbidden)));
    assert!(matches!(add_note(&mut conn, &moment, &adas, id, "X").await, Err(Error::Forbidden)));
    assert!(Power::ALL.iter().all(|power| !adas.may(*power)), "no power of the team's");
    // A program's key moves it, and adds leads of anybody.
    let key = Actor::Key { key: moment.id(), program: world.program };
    move_to(&mut conn, &moment, &key, id, &to).await.expect("moved");
    submit(&mut conn, &moment, &key, bob.id, &NewLead::named("lee@harbor.example", "")).await.expect("lead");
    // Both stand still where the program takes no leads.
    world.set("update lead_settings set submission = false where program_id = $1").await;
    for actor in [&adas, &key] {
        let lead = NewLead::named("kim@harbor.example", "");
        assert!(matches!(submit(&mut conn, &moment, actor, ada.id, &lead).await, Err(Error::Forbidden)));
    }
}
