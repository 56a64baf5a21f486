//! The types of a group's leads.

use super::*;
use crate::fixtures::{World, refused};
use domain::accounts::Role;
use domain::buyers::ReferralMethod;
use domain::ids::LeadGroupId;
use domain::leads::{LeadGroupInput, LeadTypeInput, NewLead};
use sqlx::PgPool;

fn mortgages() -> LeadTypeInput {
    LeadTypeInput { name: "Mortgages".into(), default_price: "25.50".parse().expect("decimal"), ..Default::default() }
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_type_is_made_changed_and_closed(pool: PgPool) {
    let world = World::new(pool).await;
    let (owner, viewer) = (world.owner(), world.admin(Role::Viewer));
    let mut conn = world.pool.acquire().await.expect("connection");
    let group: LeadGroupId = world.get("select id from lead_groups where program_id = $1 and is_default").await;
    let id = make_type(&mut conn, &world.moment(), &owner, group, &mortgages()).await.expect("made");
    let made = lead_type(&mut conn, &viewer, id).await.expect("type");
    assert_eq!((made.group, made.leads, &made.input), (group, 0, &mortgages()));
    let twin = LeadTypeInput { name: " mortgages ".into(), ..mortgages() };
    let told = make_type(&mut conn, &world.moment(), &owner, group, &twin).await.map(|_| ());
    assert_eq!(refused(told), "name: This group has a type with this name. Choose another.");
    let none = make_type(&mut conn, &world.moment(), &owner, LeadGroupId(uuid::Uuid::nil()), &mortgages()).await;
    assert!(matches!(none, Err(Error::NotFound(_))));
    let changed = LeadTypeInput { method: ReferralMethod::Transfer, scope: 3, closed: true, ..mortgages() };
    for actor in [&viewer, &world.admin(Role::Finance)] {
        let denied = save_type(&mut conn, &world.moment(), actor, id, &changed).await;
        assert!(matches!(denied, Err(Error::Forbidden)));
        let denied = make_type(&mut conn, &world.moment(), actor, group, &changed).await;
        assert!(matches!(denied, Err(Error::Forbidden)));
    }
    save_type(&mut conn, &world.moment(), &owner, id, &changed).await.expect("saved");
    let line: String =
        world.get("select details::text from audit_log where program_id = $1 and action = 'lead_type.edit'").await;
    assert!(line.contains("transfer") && line.contains("closed") && !line.contains("default_price"), "{line}");
    save_type(&mut conn, &world.moment(), &owner, id, &changed).await.expect("saved");
    let edits = "select count(*) from audit_log where program_id = $1 and action = 'lead_type.edit'";
    assert_eq!(world.get::<i64>(edits).await, 1, "what changes nothing is not told");
    assert_eq!(types(&mut conn, &viewer, group).await.expect("types")[0].input, changed);
    assert!(open_types(&mut conn, world.program).await.expect("open").is_empty());
    let other = world.another("other").await;
    assert!(matches!(lead_type(&mut conn, &other.owner(), id).await, Err(Error::NotFound(_))));
    let elsewhere = save_type(&mut conn, &other.moment(), &other.owner(), id, &changed).await;
    assert!(matches!(elsewhere, Err(Error::NotFound(_))), "another program's");
    assert!(types(&mut conn, &other.owner(), group).await.expect("types").is_empty());
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_lead_is_of_a_type_of_its_own_group(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.partner("ada").await;
    let me = crate::payments::details_tests::actor(&world, &ada);
    let owner = world.owner();
    let mut conn = world.pool.acquire().await.expect("connection");
    let group: LeadGroupId = world.get("select id from lead_groups where program_id = $1 and is_default").await;
    let boats = LeadGroupInput { name: "Boats".into(), ..LeadGroupInput::default() };
    let mut tx = world.pool.begin().await.expect("transaction");
    let boats = make_group(&mut tx, &world.moment(), &owner, &boats).await.expect("group");
    tx.commit().await.expect("commit");
    let id = make_type(&mut conn, &world.moment(), &owner, group, &mortgages()).await.expect("made");
    let there = make_type(&mut conn, &world.moment(), &owner, boats, &mortgages()).await.expect("in another group");
    for (of, text, found) in [
        (None, "MORTGAGES", Some(id)),
        (Some(boats), " mortgages", Some(there)),
        (None, &there.to_string() as &str, None),
        (Some(boats), "loans", None),
    ] {
        assert_eq!(type_named(&mut conn, world.program, of, text).await.expect("looked up"), found, "{text}");
    }
    let of = |lead_type| NewLead { lead_type, ..NewLead::named("nora@harbor.example", "Nora") };
    let told = submit(&mut conn, &world.moment(), &me, ada.id, &of(Some(there))).await.map(|_| ());
    assert_eq!(refused(told), "lead_type: There is no such type in this group.");
    let lead = submit(&mut conn, &world.moment(), &me, ada.id, &of(Some(id))).await.expect("lead");
    assert_eq!(detail(&mut conn, &world.moment(), &me, lead).await.expect("lead").lead_type, "Mortgages");
    assert_eq!(lead_type(&mut conn, &owner, id).await.expect("type").leads, 1);
    let closed = LeadTypeInput { closed: true, ..mortgages() };
    save_type(&mut conn, &world.moment(), &owner, id, &closed).await.expect("saved");
    let late = NewLead { lead_type: Some(id), ..NewLead::named("kim@harbor.example", "Kim") };
    let told = submit(&mut conn, &world.moment(), &me, ada.id, &late).await.map(|_| ());
    assert_eq!(refused(told), "lead_type: Leads of this type are not taken any more. Choose another.");
    assert_eq!(detail(&mut conn, &world.moment(), &me, lead).await.expect("lead").lead_type, "Mortgages", "it stays");
}
