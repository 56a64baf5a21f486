use super::*;
use crate::fixtures::{Partner, World, refused};
use crate::programs;
use crate::sales::races::{at_once, crowded};
use domain::accounts::Role;
use domain::ids::{LeadGroupId, ProgramId};
use domain::leads::{
    DuplicateRule, DuplicateScope, FieldKind, LeadField, LeadForm, LeadGroupInput, LeadKey, LeadSettings, NameField,
    NewLead, Stage, StageColour, StageInput,
};
use domain::programs::{NewProgram, ProgramCopy};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Does something in a transaction of its own.
macro_rules! act {
    ($world:expr, $conn:ident => $work:expr) => {{
        let mut $conn = $world.pool.begin().await.expect("transaction");
        let result = $work.await;
        if result.is_ok() {
            $conn.commit().await.expect("commit");
        }
        result
    }};
}

fn field(key: &str, label: &str, kind: FieldKind) -> LeadField {
    LeadField {
        key: key.into(),
        label: label.into(),
        kind,
        help: String::new(),
        required: false,
        min: None,
        max: None,
        options: Vec::new(),
        value: String::new(),
    }
}

fn asks(fields: &[(&str, FieldKind)]) -> LeadForm {
    let fields = fields.iter().map(|(key, kind)| field(key, key, *kind)).collect();
    LeadForm { name: NameField::Required, fields }
}

fn group(name: &str) -> LeadGroupInput {
    LeadGroupInput { name: name.into(), ..LeadGroupInput::default() }
}

async fn submitted(world: &World, partner: &Partner, pairs: &[(&str, &str)]) -> Result<LeadId> {
    let sent = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let input = NewLead { sent, ..NewLead::default() };
    let hers = Actor::Partner { account: world.owner, program: world.program, enrollment: partner.id };
    act!(world, conn => submit(&mut conn, &world.moment(), &hers, partner.id, &input))
}

async fn set(world: &World, settings: &LeadSettings) -> Result<()> {
    act!(world, conn => save_settings(&mut conn, &world.moment(), &world.owner(), settings))
}

async fn now(world: &World) -> LeadSettings {
    settings(&mut world.pool.acquire().await.expect("connection"), world.program).await.expect("settings")
}

/// The stages as a page would send them back.
async fn as_they_are(world: &World) -> Vec<StageInput> {
    let mut conn = world.pool.acquire().await.expect("connection");
    let found = stages(&mut conn, world.program).await.expect("stages");
    let place =
        |id| u32::try_from(found.iter().position(|stage| stage.name.id == id).expect("a stage")).expect("place");
    let input = found.iter().map(|stage| StageInput {
        id: Some(stage.name.id),
        name: stage.name.name.clone(),
        kind: stage.name.kind,
        colour: stage.name.colour,
        needs_reason: stage.needs_reason,
        next_step: stage.next_step.clone(),
        moves: stage.moves.iter().map(|id| place(*id)).collect(),
    });
    input.collect()
}

async fn save(world: &World, input: &[StageInput]) -> Result<()> {
    act!(world, conn => save_stages(&mut conn, &world.moment(), &world.owner(), input))
}

async fn only_group(world: &World) -> LeadGroupId {
    let mut conn = world.pool.acquire().await.expect("connection");
    choices(&mut conn, world.program).await.expect("choices")[0].id
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_new_program_has_all_that_leads_need(pool: PgPool) {
    let world = World::new(pool).await;
    let new = NewProgram {
        name: "Beta".into(),
        slug: "beta".into(),
        currency: "EUR".into(),
        time_zone: "UTC".into(),
        description: String::new(),
        website: "https://beta.example".into(),
    };
    let made = act!(world, conn => programs::make(&mut conn, &world.moment(), world.organization, &new)).expect("made");
    let mut conn = world.pool.acquire().await.expect("connection");
    let found = settings(&mut conn, made.id).await.expect("settings");
    assert!(found.submission && !found.importing);
    assert_eq!((found.duplicate_by.as_slice(), found.duplicate_days), ([LeadKey::Email].as_slice(), 90));
    let groups = choices(&mut conn, made.id).await.expect("choices");
    assert_eq!(groups.len(), 1);
    assert_eq!((groups[0].name.as_str(), groups[0].version), ("Leads", 1));
    assert_eq!(groups[0].form, LeadForm::default());
    let found = stages(&mut conn, made.id).await.expect("stages");
    assert_eq!(found.iter().map(|stage| stage.name.kind).collect::<Vec<_>>(), Stage::ALL);
    assert!(found.iter().all(|stage| stage.moves.len() == 4 && stage.leads == 0));
    assert!(found[2].needs_reason, "who is turned down is told why");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn settings_are_saved_by_who_may_and_told(pool: PgPool) {
    let world = World::new(pool).await;
    let before = now(&world).await;
    let input = LeadSettings {
        importing: true,
        duplicate_by: vec![LeadKey::Phone, LeadKey::Email, LeadKey::Phone],
        duplicate_rule: DuplicateRule::Flag,
        good_lead: " A team of ten or more. ".into(),
        ..before.clone()
    };
    for role in [Role::Viewer, Role::Finance] {
        let told = act!(world, conn => save_settings(&mut conn, &world.moment(), &world.admin(role), &input));
        assert!(matches!(told, Err(Error::Forbidden)), "{role}");
    }
    let wrong = LeadSettings { duplicate_days: 0, good_lead: "x".repeat(2_001), ..before.clone() };
    assert!(refused(set(&world, &wrong).await).starts_with("duplicate_days: Use 1 to 3,650 days.\ngood_lead: "));
    assert_eq!(now(&world).await, before);
    set(&world, &input).await.expect("saved");
    let after = now(&world).await;
    assert_eq!(after.duplicate_by, [LeadKey::Email, LeadKey::Phone]);
    assert_eq!(after.good_lead, "A team of ten or more.");
    set(&world, &after).await.expect("nothing to do");
    let mut conn = world.pool.acquire().await.expect("connection");
    let log = programs::audit::list(&mut conn, &world.owner(), &Default::default(), &Default::default()).await;
    let lines = log.expect("log").data;
    assert_eq!(lines.len(), 1, "what changes nothing is no act");
    assert_eq!(
        lines[0].details,
        "Duplicate by: e-mail → e-mail, phone number\nDuplicate rule: Refuse it → Take it, and mark it for the team\n\
         What makes a good lead: none → A team of ten or more.\nImporting: no → yes"
    );
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn what_leads_are_known_by_is_gathered_anew(pool: PgPool) {
    let mut world = World::new(pool).await;
    let (ada, bob) = (world.partner("ada").await, world.partner("bob").await);
    let main = only_group(&world).await;
    let form = asks(&[("phone", FieldKind::Phone)]);
    act!(world, conn => save_form(&mut conn, &world.moment(), &world.owner(), main, 1, &form)).expect("form");
    let nora = |email: &'static str, phone: &'static str| [("email", email), ("name", "Nora"), ("phone", phone)];
    submitted(&world, &ada, &nora("old@harbor.example", "+49 30 111111")).await.expect("old");
    world.pass(100);
    submitted(&world, &ada, &nora("nora@harbor.example", "+49 30 123456")).await.expect("lead");
    let taken_back = submitted(&world, &ada, &nora("idris@juniper.example", "+49 30 222222")).await.expect("lead");
    let hers = Actor::Partner { account: world.owner, program: world.program, enrollment: ada.id };
    act!(world, conn => withdraw(&mut conn, &world.moment(), &hers, taken_back)).expect("taken back");
    submitted(&world, &bob, &nora("nora@harbor.example", "+49 30 999999")).await.expect("another partner's");

    let known = "select coalesce(string_agg(kind || ' ' || key, ', ' order by kind, key, scope_id), '')
                 from lead_keys where program_id = $1";
    let before = now(&world).await;
    set(&world, &LeadSettings { submission: false, duplicate_rule: DuplicateRule::Flag, ..before.clone() })
        .await
        .expect("saved");
    assert_eq!(
        world.get::<String>(known).await,
        "email nora@harbor.example, email nora@harbor.example, email old@harbor.example",
        "what the leads are known by stays"
    );
    let wide = LeadSettings {
        duplicate_by: vec![LeadKey::Email, LeadKey::Phone, LeadKey::Domain],
        duplicate_scope: DuplicateScope::Program,
        ..before.clone()
    };
    set(&world, &wide).await.expect("saved");
    assert_eq!(
        world.get::<String>(known).await,
        "email nora@harbor.example, phone +4930123456, phone +4930999999, domain harbor.example",
        "neither what is too old nor what was taken back; the last one of the program has the e-mail"
    );
    let told = refused(submitted(&world, &bob, &nora("x@else.example", "0049 30 123456")).await);
    assert!(told.starts_with("phone: "), "{told}");
    assert!(submitted(&world, &bob, &nora("x@harbor.example", "")).await.is_err(), "the domain is known");
    submitted(&world, &bob, &nora("idris@juniper.example", "+49 30 222222")).await.expect("was taken back");
    // Longer days reach further back than what was gathered.
    set(&world, &LeadSettings { duplicate_days: 200, ..wide.clone() }).await.expect("saved");
    assert!(submitted(&world, &bob, &nora("y@else.example", "+49 30 111111")).await.is_err());
    set(&world, &LeadSettings { duplicate_by: Vec::new(), ..wide }).await.expect("saved");
    assert_eq!(world.get::<String>(known).await, "");
    submitted(&world, &bob, &nora("nora@harbor.example", "")).await.expect("nothing is compared");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn of_64_leads_submitted_while_settings_change_each_is_known(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = crowded(options, connect).await;
    let mut partners = Vec::new();
    for n in 0..8 {
        partners.push(world.partner(&format!("p{n}")).await);
    }
    let partners = Arc::new(partners);
    let world = Arc::new(world);
    let done = at_once(64, &world, move |world: Arc<World>, n| {
        let partners = partners.clone();
        async move {
            if n % 8 == 7 {
                let scope = if n % 16 == 7 { DuplicateScope::Program } else { DuplicateScope::Partner };
                let by = vec![LeadKey::Email, LeadKey::Domain];
                let before = now(&world).await;
                let changed = LeadSettings {
                    duplicate_scope: scope,
                    duplicate_by: by,
                    duplicate_rule: DuplicateRule::Flag,
                    ..before
                };
                return set(&world, &changed).await;
            }
            let email = format!("lead{n}@firm{n}.example");
            submitted(&world, &partners[n % 7], &[("email", &email)]).await.map(|_| ())
        }
    })
    .await;
    assert!(done.iter().all(Result::is_ok), "{done:?}");
    let unknown: i64 = world
        .get(
            "select count(*) from leads l where l.program_id = $1
             and (select count(*) from lead_keys k where k.program_id = $1 and k.lead_id = l.id) <> 2",
        )
        .await;
    assert_eq!(unknown, 0, "each by its e-mail and its domain");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_group_becomes_the_default_one_and_another_closes(pool: PgPool) {
    let world = World::new(pool).await;
    let owner = world.owner();
    let moment = world.moment();
    let main = only_group(&world).await;
    let viewer = world.admin(Role::Viewer);
    let told = act!(world, conn => make_group(&mut conn, &moment, &viewer, &group("Large"))).map(|_| ());
    assert!(matches!(told, Err(Error::Forbidden)));
    let told = act!(world, conn => make_group(&mut conn, &moment, &owner, &group(" leads ")));
    assert_eq!(refused(told), "name: There is a group with this name. Choose another.");
    let told = act!(world, conn => make_group(&mut conn, &moment, &owner, &group("")));
    assert_eq!(refused(told), "name: Must not be empty.");
    let input = LeadGroupInput { is_default: true, ..group("Large") };
    let large = act!(world, conn => make_group(&mut conn, &moment, &owner, &input)).expect("made");
    let names = async || {
        let mut conn = world.pool.acquire().await.expect("connection");
        let found = choices(&mut conn, world.program).await.expect("choices");
        found.into_iter().map(|choice| choice.name).collect::<Vec<_>>()
    };
    assert_eq!(names().await, ["Large", "Leads"]);
    let edit =
        async |id, input: &LeadGroupInput| act!(world, conn => save_group(&mut conn, &moment, &owner, id, input));
    let told = edit(large, &group("Large")).await;
    assert_eq!(refused(told), "is_default: Make another group the default one instead.");
    let both = LeadGroupInput { is_default: true, closed: true, ..group("Leads") };
    assert!(refused(edit(main, &both).await).starts_with("closed: "));
    assert_eq!(refused(edit(main, &group("LARGE")).await), "name: There is a group with this name. Choose another.");
    edit(main, &LeadGroupInput { closed: true, ..group("Small") }).await.expect("closed");
    assert_eq!(names().await, ["Large"]);
    let mut conn = world.pool.acquire().await.expect("connection");
    let all = groups(&mut conn, &viewer).await.expect("groups");
    assert_eq!(
        all.iter().map(|group| (group.name.as_str(), group.closed)).collect::<Vec<_>>(),
        [("Large", false), ("Small", true)]
    );
    edit(main, &LeadGroupInput { is_default: true, ..group("Small") }).await.expect("open, and the default one");
    assert_eq!(names().await, ["Small", "Large"]);
    let other = world.another("other").await;
    let told = act!(other, conn => save_group(&mut conn, &moment, &other.owner(), main, &group("Theirs")));
    assert!(matches!(told, Err(Error::NotFound(_))), "another program's");
    let partner = world.partner("ada").await;
    let hers = Actor::Partner { account: world.owner, program: world.program, enrollment: partner.id };
    assert!(matches!(groups(&mut conn, &hers).await, Err(Error::Forbidden)));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_form_that_differs_is_a_new_version(pool: PgPool) {
    let world = World::new(pool).await;
    let (owner, moment) = (world.owner(), world.moment());
    let main = only_group(&world).await;
    let put = async |actor: &Actor, base, form: &LeadForm| act!(world, conn => save_form(&mut conn, &moment, actor, main, base, form));
    assert!(matches!(put(&world.admin(Role::Viewer), 1, &asks(&[])).await, Err(Error::Forbidden)));
    let told = refused(put(&owner, 1, &asks(&[("email", FieldKind::Text), ("plan", FieldKind::Choice)])).await);
    assert!(told.starts_with("fields[0][key]: This word is reserved."), "{told}");
    assert!(told.contains("fields[1][options]: "), "{told}");
    assert_eq!(put(&owner, 1, &LeadForm::default()).await.expect("the same"), 1);
    let size = asks(&[("size", FieldKind::Number)]);
    assert_eq!(put(&owner, 1, &size).await.expect("new"), 2);
    assert_eq!(put(&owner, 1, &size).await.expect("pressed twice"), 2);
    assert!(matches!(put(&owner, 1, &asks(&[])).await, Err(Error::Conflict(_))), "version 2 is in force");
    let spaced = LeadForm { fields: vec![field(" size", "size ", FieldKind::Number)], ..size.clone() };
    assert_eq!(put(&owner, 2, &spaced).await.expect("tidied"), 2);
    assert_eq!(put(&owner, 2, &LeadForm::default()).await.expect("as it was first"), 3);
    let mut conn = world.pool.acquire().await.expect("connection");
    let versions = form_versions(&mut conn, &world.admin(Role::Viewer), main).await.expect("versions");
    let told: Vec<_> = versions.iter().map(|one| (one.version, one.by.as_str(), one.form.fields.len())).collect();
    assert_eq!(told, [(3, "Olga", 0), (2, "Olga", 1), (1, "", 0)]);
    assert_eq!(form(&mut conn, world.program, main, Some(2)).await.expect("old").form, size);
    assert_eq!(form(&mut conn, world.program, main, None).await.expect("in force").version, 3);
    assert!(matches!(form(&mut conn, world.program, main, Some(4)).await, Err(Error::NotFound(_))));
    let other = world.another("other").await;
    assert!(matches!(form(&mut conn, other.program, main, None).await, Err(Error::NotFound(_))));
    assert!(matches!(form_versions(&mut conn, &other.owner(), main).await, Err(Error::NotFound(_))));
    drop(conn);
    let told = act!(other, conn => save_form(&mut conn, &moment, &other.owner(), main, 3, &size));
    assert!(matches!(told, Err(Error::NotFound(_))));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn of_64_forms_saved_at_once_versions_have_no_gap(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = crowded(options, connect).await;
    let main = only_group(&world).await;
    let world = Arc::new(world);
    let saved = at_once(64, &world, move |world: Arc<World>, n| async move {
        let form = asks(&[(&format!("field{n}"), FieldKind::Text)]);
        let mut conn = world.pool.begin().await.expect("transaction");
        let base = super::form(&mut conn, world.program, main, None).await.expect("form").version;
        let saved = save_form(&mut conn, &world.moment(), &world.owner(), main, base, &form).await;
        if saved.is_ok() {
            conn.commit().await.expect("commit");
        }
        saved
    })
    .await;
    let versions: BTreeSet<i32> = saved.iter().filter_map(|one| one.as_ref().ok().copied()).collect();
    let conflicts = saved.iter().filter(|one| matches!(one, Err(Error::Conflict(_)))).count();
    assert_eq!(versions.len() + conflicts, 64, "{saved:?}");
    let last = i32::try_from(versions.len()).expect("few") + 1;
    assert_eq!(versions, (2..=last).collect(), "each once, without a gap");
    assert_eq!(world.get::<i32>("select version from lead_groups where program_id = $1").await, last);
    assert_eq!(world.get::<i64>("select count(*) from lead_forms where program_id = $1").await, i64::from(last));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn stages_are_saved_as_a_whole(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.partner("ada").await;
    let mut input = as_they_are(&world).await;
    let told = act!(world, conn => save_stages(&mut conn, &world.moment(), &world.admin(Role::Viewer), &input));
    assert!(matches!(told, Err(Error::Forbidden)));
    // Names are swapped, one becomes the first, one is new, and moves are fewer.
    input[1].name = "Unqualified".into();
    input[2].name = "Qualified".into();
    input[1].kind = Stage::ClosedLost;
    input[4].moves = vec![4, 5, 5];
    input.push(StageInput {
        id: None,
        name: " Demo booked ".into(),
        kind: Stage::Qualified,
        colour: StageColour::Purple,
        needs_reason: true,
        next_step: " We show it to them. ".into(),
        moves: vec![0],
    });
    save(&world, &input).await.expect("saved");
    let mut conn = world.pool.acquire().await.expect("connection");
    let found = stages(&mut conn, world.program).await.expect("stages");
    let names: Vec<_> = found.iter().map(|stage| (stage.name.name.as_str(), stage.name.kind)).collect();
    assert_eq!(
        names,
        [
            ("New", Stage::New),
            ("Unqualified", Stage::Qualified),
            ("Qualified", Stage::Unqualified),
            ("Closed Won", Stage::ClosedWon),
            ("Closed Lost", Stage::ClosedLost),
            ("Demo booked", Stage::Qualified),
        ]
    );
    assert_eq!(found[4].moves, [found[5].name.id], "not to itself, and each once");
    assert_eq!(found[5].moves, [found[0].name.id]);
    assert_eq!((found[5].needs_reason, found[5].next_step.as_str()), (true, "We show it to them."));

    // Where a lead is, a stage stays; where none is, it goes, and its name is free again.
    let lead = submitted(&world, &ada, &[("email", "nora@harbor.example")]).await.expect("lead");
    let mut input = as_they_are(&world).await;
    input[0].name = "Fresh".into();
    input.push(StageInput { id: None, name: "Seen".into(), kind: Stage::New, moves: Vec::new(), ..input[5].clone() });
    save(&world, &input).await.expect("saved");
    let all = as_they_are(&world).await;
    let without = |name: &str| -> Vec<StageInput> {
        let kept = all.iter().filter(|stage| stage.name != name).cloned();
        kept.map(|stage| StageInput { moves: Vec::new(), ..stage }).collect()
    };
    assert_eq!(
        refused(save(&world, &without("Fresh")).await),
        "stages: 1 lead is at Fresh. Move them to another stage before you remove it."
    );
    let hers = Actor::Partner { account: world.owner, program: world.program, enrollment: ada.id };
    act!(world, conn => withdraw(&mut conn, &world.moment(), &hers, lead)).expect("taken back");
    save(&world, &without("Fresh")).await.expect("it moves no more");
    let fewer: Vec<_> = without("Fresh").into_iter().filter(|stage| stage.name != "Closed Won").collect();
    assert_eq!(refused(save(&world, &fewer).await), "stages: Keep at least one stage of the kind Closed Won.");
    let stale = save(&world, &all).await;
    assert!(matches!(stale, Err(Error::Conflict(_))), "{stale:?}");
    let mut input = as_they_are(&world).await;
    input[0].name = "Fresh".into();
    save(&world, &input).await.expect("the name is free");
    input[0].name = input[1].name.to_uppercase();
    assert_eq!(refused(save(&world, &input).await), "stages[1][name]: Another stage has this name.");
    let twice = [input.as_slice(), &input[..1]].concat();
    assert_eq!(refused(save(&world, &twice).await), "stages: A stage is listed twice.");
    let other = world.another("other").await;
    let theirs = as_they_are(&other).await;
    let told = save(&world, &theirs).await;
    assert!(matches!(told, Err(Error::NotFound(_))), "another program's");
    assert_eq!(as_they_are(&other).await, theirs);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_stage_is_not_removed_while_a_lead_comes_to_it(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = crowded(options, connect).await;
    let ada = Arc::new(world.partner("ada").await);
    let mut input = as_they_are(&world).await;
    let second = StageInput { id: None, name: "Second".into(), ..input[0].clone() };
    input.push(second);
    save(&world, &input).await.expect("saved");
    let without = Arc::new(
        as_they_are(&world).await[1..]
            .iter()
            .map(|stage| StageInput { moves: Vec::new(), ..stage.clone() })
            .collect::<Vec<_>>(),
    );
    let world = Arc::new(world);
    let done = at_once(64, &world, move |world: Arc<World>, n| {
        let (ada, without) = (ada.clone(), without.clone());
        async move {
            if n == 20 {
                return save(&world, &without).await;
            }
            submitted(&world, &ada, &[("email", &format!("lead{n}@harbor.example"))]).await.map(|_| ())
        }
    })
    .await;
    assert!(done.iter().all(|one| matches!(one, Ok(()) | Err(Error::Invalid(_)))), "{done:?}");
    let lost: i64 = world
        .get(
            "select count(*) from leads l join lead_stages s on s.program_id = l.program_id and s.id = l.stage_id
             where l.program_id = $1 and s.archived_at is not null",
        )
        .await;
    assert_eq!(lost, 0);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_copy_has_the_same_settings_groups_and_stages(pool: PgPool) {
    let world = World::new(pool).await;
    let (owner, moment) = (world.owner(), world.moment());
    set(&world, &LeadSettings { importing: true, good_lead: "Large".into(), ..now(&world).await })
        .await
        .expect("saved");
    let main = only_group(&world).await;
    let size = asks(&[("size", FieldKind::Number)]);
    act!(world, conn => save_form(&mut conn, &moment, &owner, main, 1, &size)).expect("form");
    let input = LeadGroupInput { is_default: true, ..group("Large") };
    act!(world, conn => make_group(&mut conn, &moment, &owner, &input)).expect("group");
    let mut input = as_they_are(&world).await;
    input[0].moves = vec![1];
    input[1].name = "Talking".into();
    input.push(StageInput { id: None, name: "Gone".into(), ..input[1].clone() });
    save(&world, &input).await.expect("saved");
    save(
        &world,
        &as_they_are(&world).await[..5]
            .iter()
            .map(|stage| StageInput {
                moves: stage.moves.iter().copied().filter(|to| *to < 5).collect(),
                ..stage.clone()
            })
            .collect::<Vec<_>>(),
    )
    .await
    .expect("removed again");
    let copied = ProgramCopy { name: "Sandbox".into(), slug: "sandbox".into() };
    let made: ProgramId = programs::copy(&world.pool, &moment, &owner, &copied).await.expect("copied").id;
    let copy = World { program: made, ..world.another_view() };
    assert_eq!(now(&copy).await, now(&world).await);
    let told = async |world: &World| {
        let mut conn = world.pool.acquire().await.expect("connection");
        let groups = choices(&mut conn, world.program).await.expect("choices");
        groups.into_iter().map(|group| (group.name, group.form)).collect::<Vec<_>>()
    };
    assert_eq!(told(&copy).await, told(&world).await);
    assert_eq!(copy.get::<i64>("select sum(version) from lead_groups where program_id = $1").await, 2);
    let plain = |stages: Vec<StageInput>| -> Vec<StageInput> {
        stages.into_iter().map(|stage| StageInput { id: None, ..stage }).collect()
    };
    assert_eq!(plain(as_they_are(&copy).await), plain(as_they_are(&world).await));
}
