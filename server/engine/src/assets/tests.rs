use super::*;
use crate::files::{CopyFile, Store, Upload, draw_png, keep, sweep};
use crate::fixtures::{Partner, World, refused};
use crate::partners::groups;
use domain::accounts::Role;
use domain::assets::{AssetChoices, AssetFilter};
use domain::page::Paging;
use domain::partners::GroupInput;
use domain::programs::ProgramCopy;
use sqlx::PgPool;

const SERVERS: Servers<'static> = Servers { links: "https://go.acme.example", images: "https://t.example" };

fn input(kind: AssetKind, name: &str) -> AssetInput {
    AssetInput {
        kind,
        name: name.into(),
        language: String::new(),
        subject: "For {{partner.name}}".into(),
        body: "Look: {{link}} **{{promo.code}}**".into(),
        destination: String::new(),
        groups: Vec::new(),
        file: None,
    }
}

async fn banner_of(world: &World) -> FileId {
    image_in(&Store::memory(), world, FilePurpose::Asset).await
}

async fn image_in(store: &Store, world: &World, purpose: FilePurpose) -> FileId {
    let bytes = draw_png(300, 250, |_, _| [1, 2, 3]).expect("drawn");
    let upload = Upload { name: "b.png".into(), bytes };
    keep(&world.pool, store, &world.moment(), &world.owner(), purpose, true, upload).await.expect("kept")
}

async fn make(world: &World, input: &AssetInput) -> Result<AssetId> {
    let mut tx = world.pool.begin().await.expect("begin");
    let made = create(&mut tx, &world.moment(), &world.owner(), input).await?;
    tx.commit().await.expect("commit");
    Ok(made)
}

fn partner(world: &World, partner: &Partner) -> Actor {
    Actor::Partner { account: world.owner, program: world.program, enrollment: partner.id }
}

async fn names(world: &World, of: &Partner, filter: &AssetFilter) -> Vec<String> {
    let mut conn = world.pool.acquire().await.expect("connection");
    let actor = partner(world, of);
    let page = of_partner(&mut conn, &actor, SERVERS, None, filter, &Paging::default()).await.expect("listed");
    page.data.into_iter().map(|asset| asset.name).collect()
}

/// A copy of the program, and the jobs that copy the bytes of its two files.
async fn sandbox(world: &World) -> (ProgramId, Vec<CopyFile>) {
    let copied = ProgramCopy { name: "Acme test".into(), slug: "acme-test".into() };
    let made = crate::programs::copy(&world.pool, &world.moment(), &world.owner(), &copied).await.expect("copied");
    let jobs: Vec<serde_json::Value> = sqlx::query_scalar(
        "select j.payload::jsonb from graphile_worker._private_jobs j
         join graphile_worker._private_tasks t on t.id = j.task_id where t.identifier = 'copy_file'",
    )
    .fetch_all(&world.pool)
    .await
    .expect("jobs");
    assert_eq!(jobs.len(), 2, "the banner and the logo");
    (made.id, jobs.into_iter().map(|job| serde_json::from_value(job).expect("job")).collect())
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_partner_finds_its_own_link_in_each(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.partner("ada").await;
    world.promo_code(&ada, "ADA20").await;
    let banner = AssetInput {
        destination: "/pricing".into(),
        file: Some(banner_of(&world).await),
        ..input(AssetKind::Banner, "Spring")
    };
    let banner = make(&world, &banner).await.expect("banner");
    make(&world, &input(AssetKind::Email, "Letter")).await.expect("letter");
    let page = make(&world, &input(AssetKind::Page, "How to")).await.expect("page");
    let mut conn = world.pool.acquire().await.expect("connection");
    let actor = partner(&world, &ada);
    let all = of_partner(&mut conn, &actor, SERVERS, None, &AssetFilter::default(), &Paging::default()).await;
    let all = all.expect("listed").data;
    assert_eq!(
        all[0].embed,
        format!(
            "<a href=\"https://go.acme.example/r/acme/ada?to=/pricing\"><img src=\"https://t.example/a/acme/{banner}/ada\" \
             width=\"300\" height=\"250\" alt=\"Spring\"></a>"
        )
    );
    assert_eq!(all[1].subject, "For Ada");
    assert_eq!(all[1].body, "Look: https://go.acme.example/r/acme/ada **ADA20**");
    let page = one_of_partner(&mut conn, &actor, SERVERS, page).await.expect("page");
    assert!(page.body.contains("<strong>ADA20</strong>"), "{}", page.body);
    assert!(matches!(
        of_partner(&mut conn, &world.owner(), SERVERS, None, &AssetFilter::default(), &Paging::default()).await,
        Err(Error::Forbidden)
    ));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn groups_archive_and_filters_decide_what_shows(pool: PgPool) {
    let world = World::new(pool).await;
    let (ada, ann) = (world.partner("ada").await, world.partner("ann").await);
    let mut conn = world.pool.acquire().await.expect("connection");
    let group = GroupInput { name: "Creators".into(), offers: Vec::new() };
    let group = groups::create(&mut conn, &world.moment(), &world.owner(), &group).await.expect("group");
    groups::put(&mut conn, &world.moment(), &world.owner(), ada.id, Some(group)).await.expect("put");
    make(&world, &input(AssetKind::Social, "For all")).await.expect("made");
    let own = AssetInput { groups: vec![group], ..input(AssetKind::Social, "For creators") };
    let own = make(&world, &own).await.expect("made");
    let german = AssetInput { language: "de".into(), ..input(AssetKind::Email, "Brief") };
    make(&world, &german).await.expect("made");
    let all = AssetFilter::default();
    assert_eq!(names(&world, &ada, &all).await, ["Brief", "For all", "For creators"]);
    assert_eq!(names(&world, &ann, &all).await, ["Brief", "For all"]);
    let denied = one_of_partner(&mut conn, &partner(&world, &ann), SERVERS, own).await;
    assert!(matches!(denied, Err(Error::NotFound(_))));
    let of = async |whose: &Partner| {
        let mut conn = world.pool.acquire().await.expect("connection");
        choices(&mut conn, &partner(&world, whose)).await.expect("choices")
    };
    let (email, social) = (AssetKind::Email, AssetKind::Social);
    assert_eq!(of(&ann).await, AssetChoices { kinds: vec![email, social], languages: vec!["de".into()] });
    let own_language = AssetInput { language: "fr".into(), groups: vec![group], ..input(AssetKind::Page, "Page") };
    let page = make(&world, &own_language).await.expect("made");
    assert_eq!(of(&ada).await.languages, ["de", "fr"]);
    assert_eq!(of(&ann).await.kinds, [email, social], "what is for others is no choice");
    set_archived(&mut conn, &world.moment(), &world.owner(), page, true).await.expect("archived");
    assert_eq!(of(&ada).await.languages, ["de"]);
    assert!(matches!(choices(&mut conn, &world.owner()).await, Err(Error::Forbidden)));
    assert_eq!(languages(&mut conn, &world.owner()).await.expect("languages"), ["de", "fr"], "archived ones too");
    refused(languages(&mut conn, &partner(&world, &ada)).await);
    let english = AssetFilter { language: "en".into(), ..AssetFilter::default() };
    assert_eq!(names(&world, &ann, &english).await, ["For all"]);
    let letters = AssetFilter { kind: Some(AssetKind::Email), search: "BRIE".into(), ..AssetFilter::default() };
    assert_eq!(names(&world, &ann, &letters).await, ["Brief"]);
    let removal = groups::remove(&mut conn, &world.moment(), &world.owner(), group).await;
    assert!(matches!(removal, Err(Error::Conflict(_))), "partners are in it, and an asset is for it");
    groups::put(&mut conn, &world.moment(), &world.owner(), ada.id, None).await.expect("out");
    let removal = groups::remove(&mut conn, &world.moment(), &world.owner(), group).await;
    assert!(matches!(removal, Err(Error::Conflict(_))), "an asset is for it: all would see it");
    set_archived(&mut conn, &world.moment(), &world.owner(), own, true).await.expect("archived");
    set_archived(&mut conn, &world.moment(), &world.owner(), own, true).await.expect("archived already");
    assert_eq!(names(&world, &ada, &all).await, ["Brief", "For all"]);
    let archived = AssetFilter { archived: true, ..AssetFilter::default() };
    assert_eq!(names(&world, &ada, &archived).await, ["Brief", "For all"], "no partner asks for those");
    let listed = list(&mut conn, &world.owner(), &archived, &Paging::default()).await.expect("listed");
    assert_eq!(listed.data.len(), 2);
    let audited: i64 =
        world.get("select count(*) from audit_log where program_id = $1 and action like 'asset.%'").await;
    assert_eq!(audited, 7);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn they_are_moved_among_their_kind_and_read_page_by_page(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.partner("ada").await;
    let mut ids = Vec::new();
    for name in ["One", "Two", "Three"] {
        ids.push(make(&world, &input(AssetKind::Social, name)).await.expect("made"));
        make(&world, &input(AssetKind::Page, name)).await.expect("made");
    }
    let mut conn = world.pool.acquire().await.expect("connection");
    let moment = world.moment();
    move_one(&mut conn, &moment, &world.owner(), ids[2], true).await.expect("up");
    move_one(&mut conn, &moment, &world.owner(), ids[0], true).await.expect("the first stays");
    let social = AssetFilter { kind: Some(AssetKind::Social), ..AssetFilter::default() };
    assert_eq!(names(&world, &ada, &social).await, ["One", "Three", "Two"]);
    move_one(&mut conn, &moment, &world.owner(), ids[0], false).await.expect("down");
    assert_eq!(names(&world, &ada, &social).await, ["Three", "One", "Two"]);
    let mut cursor = None;
    let mut seen = Vec::new();
    loop {
        let paging = Paging { cursor, limit: Some(4) };
        let page = list(&mut conn, &world.owner(), &AssetFilter::default(), &paging).await.expect("listed");
        seen.extend(page.data.into_iter().map(|asset| asset.name));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["Three", "One", "Two", "One", "Two", "Three"]);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn what_is_missing_or_another_s_is_refused(pool: PgPool) {
    let world = World::new(pool).await;
    let other = world.another("other").await;
    let strange = banner_of(&other).await;
    assert_eq!(refused(make(&world, &input(AssetKind::Banner, "B")).await), "file: Choose a file.");
    let theirs = AssetInput { file: Some(strange), ..input(AssetKind::Banner, "B") };
    assert!(refused(make(&world, &theirs).await).starts_with("file: "), "another program's file");
    let own = AssetInput { file: Some(banner_of(&world).await), ..input(AssetKind::Banner, "B") };
    let id = make(&world, &own).await.expect("made");
    let mut conn = world.pool.acquire().await.expect("connection");
    let renamed = AssetInput { file: None, name: "C".into(), ..own.clone() };
    edit(&mut conn, &world.moment(), &world.owner(), id, &renamed).await.expect("it keeps its file");
    let after = get(&mut conn, &world.owner(), id).await.expect("found");
    assert_eq!((after.name.as_str(), after.file.map(|file| file.id)), ("C", own.file));
    let missing = AssetInput { groups: vec![world.moment().id()], ..renamed.clone() };
    let words = refused(edit(&mut conn, &world.moment(), &world.owner(), id, &missing).await);
    assert!(words.starts_with("groups: "), "{words}");
    let elsewhere = edit(&mut conn, &world.moment(), &other.owner(), id, &renamed).await;
    assert!(matches!(elsewhere, Err(Error::NotFound(_))));
    for refusal in [
        edit(&mut conn, &world.moment(), &world.admin(Role::Viewer), id, &renamed).await,
        set_archived(&mut conn, &world.moment(), &world.admin(Role::Finance), id, true).await,
        move_one(&mut conn, &world.moment(), &world.admin(Role::Viewer), id, true).await,
    ] {
        assert!(matches!(refusal, Err(Error::Forbidden)));
    }
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn views_are_counted_by_day_and_partner(pool: PgPool) {
    let world = World::new(pool).await;
    let (ada, ann) = (world.partner("ada").await, world.partner("ann").await);
    let asset = AssetInput { file: Some(banner_of(&world).await), ..input(AssetKind::Banner, "B") };
    let asset = make(&world, &asset).await.expect("made");
    let day = world.at.date_naive();
    let views = std::sync::Arc::new(Views::default());
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..64 {
        let (views, pool, program) = (views.clone(), world.pool.clone(), world.program);
        let who = if n % 4 == 0 { ann.id } else { ada.id };
        tasks.spawn(async move {
            views.count(program, asset, who, day);
            views.flush(&pool).await.expect("written");
        });
    }
    tasks.join_all().await;
    views.flush(&world.pool).await.expect("nothing is left");
    let mut conn = world.pool.acquire().await.expect("connection");
    assert_eq!(get(&mut conn, &world.owner(), asset).await.expect("found").views, 64);
    let own = one_of_partner(&mut conn, &partner(&world, &ada), SERVERS, asset).await.expect("found");
    assert_eq!(own.views, 48);
    // What can't be written is kept.
    views.count(world.program, asset, ada.id, day);
    let closed = world.pool.clone();
    sqlx::query("alter table asset_days rename to away").execute(&closed).await.expect("away");
    assert!(views.flush(&closed).await.is_err());
    sqlx::query("alter table away rename to asset_days").execute(&closed).await.expect("back");
    views.flush(&closed).await.expect("written");
    assert_eq!(get(&mut conn, &world.owner(), asset).await.expect("found").views, 65);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_sandbox_has_assets_and_files_of_its_own(pool: PgPool) {
    let mut world = World::new(pool).await;
    let store = Store::memory();
    let mut conn = world.pool.acquire().await.expect("connection");
    let group = GroupInput { name: "Creators".into(), offers: Vec::new() };
    let group = groups::create(&mut conn, &world.moment(), &world.owner(), &group).await.expect("group");
    let file = image_in(&store, &world, FilePurpose::Asset).await;
    let logo = image_in(&store, &world, FilePurpose::Logo).await;
    crate::files::set_logo(&mut conn, &world.moment(), &world.owner(), Some(logo)).await.expect("logo");
    let banner = AssetInput { file: Some(file), groups: vec![group], ..input(AssetKind::Banner, "Spring") };
    make(&world, &banner).await.expect("banner");
    make(&world, &input(AssetKind::Page, "How to")).await.expect("page");
    let old = make(&world, &input(AssetKind::Social, "Last year's")).await.expect("post");
    set_archived(&mut conn, &world.moment(), &world.owner(), old, true).await.expect("archived");
    let (made, jobs) = sandbox(&world).await;
    let of_copy = Actor::System { program: made };
    let page = list(&mut conn, &of_copy, &AssetFilter::default(), &Paging::default()).await.expect("listed");
    let [shown, how_to] = &page.data[..] else { panic!("{:?}", page.data) };
    assert_eq!((shown.name.as_str(), how_to.name.as_str()), ("Spring", "How to"));
    assert_eq!(shown.groups[0].name, "Creators");
    assert_ne!(shown.groups[0].id, group);
    let own = shown.file.as_ref().expect("file");
    assert_ne!(own.id, file);
    for job in jobs {
        job.copy(&world.pool, &store).await.expect("bytes");
    }
    // The original goes, with its files; the copy's stay.
    for statement in [
        "delete from asset_groups where program_id = $1",
        "delete from assets where program_id = $1",
        "update programs set logo_file_id = null where id = $1",
    ] {
        world.set(statement).await;
    }
    world.at += chrono::Duration::hours(25);
    assert_eq!(sweep(&world.pool, &store, &world.moment()).await.expect("swept"), 2);
    assert!(matches!(store.read(world.program, file).await, Err(Error::NotFound(_))));
    drop(store.read(made, own.id).await.expect("the copy's banner"));
    let logo: Option<FileId> = sqlx::query_scalar("select logo_file_id from programs where id = $1")
        .bind(made)
        .fetch_one(&world.pool)
        .await
        .expect("program");
    drop(store.read(made, logo.expect("logo")).await.expect("the copy's logo"));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn of_a_file_that_is_gone_no_copy_is_left(pool: PgPool) {
    let world = World::new(pool).await;
    let mut conn = world.pool.acquire().await.expect("connection");
    // Their bytes are in other stores.
    let banner = AssetInput { file: Some(banner_of(&world).await), ..input(AssetKind::Banner, "Spring") };
    make(&world, &banner).await.expect("banner");
    let logo = image_in(&Store::memory(), &world, FilePurpose::Logo).await;
    crate::files::set_logo(&mut conn, &world.moment(), &world.owner(), Some(logo)).await.expect("logo");
    let (made, jobs) = sandbox(&world).await;
    // A second time there is no row.
    for job in jobs.iter().chain(&jobs) {
        job.copy(&world.pool, &Store::memory()).await.expect("nothing to copy");
    }
    let left: i64 = sqlx::query_scalar(
        "select (select count(*) from files where program_id = $1) + (select count(*) from assets where program_id = $1)
                + (select count(logo_file_id) from programs where id = $1)",
    )
    .bind(made)
    .fetch_one(&world.pool)
    .await
    .expect("count");
    assert_eq!(left, 0);
    let own = list(&mut conn, &world.owner(), &AssetFilter::default(), &Paging::default()).await.expect("listed");
    assert_eq!(own.data.len(), 1);
}
