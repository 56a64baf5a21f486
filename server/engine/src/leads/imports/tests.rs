use super::work::go_on;
use super::*;
use crate::fixtures::{Partner, World, refused};
use crate::leads::{choices, submit};
use domain::accounts::Role;
use domain::ids::LeadImportId;
use domain::leads::NewLead;
use domain::leads::file::{ImportStart, ImportStatus, LeadImport, Reader, SLICE_ROWS};
use domain::page::Paging;
use domain::partners::EnrollmentStatus;

/// A partner as it asks for itself.
fn own(world: &World, partner: &Partner) -> Actor {
    Actor::Partner { account: world.owner, program: world.program, enrollment: partner.id }
}

async fn world(pool: PgPool) -> (World, Partner, Partner) {
    let world = World::new(pool).await;
    let (ada, bob) = (world.partner("ada").await, world.partner("bob").await);
    set(&world, "importing = true").await;
    (world, ada, bob)
}

async fn set(world: &World, what: &str) {
    let sql = sqlx::AssertSqlSafe(format!("update lead_settings set {what} where program_id = $1"));
    sqlx::query(sql).bind(world.program).execute(&world.pool).await.expect("settings");
}

/// So many rows, of which every tenth is no lead.
fn many(rows: usize) -> Vec<String> {
    (0..rows)
        .map(|n| if n % 10 == 9 { format!("lead{n},Lead {n}") } else { format!("lead{n}@harbor{n}.example,Lead {n}") })
        .collect()
}

async fn begin(world: &World, actor: &Actor, partner: &Partner, rows: i64) -> Result<LeadImportId> {
    let mut tx = world.pool.begin().await.expect("transaction");
    let group = choices(&mut tx, world.program).await.expect("groups").remove(0);
    let input = ImportStart {
        group: group.id,
        version: group.version,
        name: "leads.csv".into(),
        head: vec!["E-mail *".into(), "Name".into(), "Reason".into()],
        keys: vec!["email".into(), "name".into(), String::new()],
        rows,
    };
    let id = start(&mut tx, &world.moment(), actor, partner.id, &input, "192.0.2.1").await?;
    tx.commit().await.expect("commit");
    Ok(id)
}

async fn send(world: &World, actor: &Actor, id: LeadImportId, number: i32, rows: &[String]) -> Result<()> {
    let mut tx = world.pool.begin().await.expect("transaction");
    receive(&mut tx, actor, id, number, &rows.join("\n")).await?;
    tx.commit().await.expect("commit");
    Ok(())
}

async fn end(world: &World, actor: &Actor, id: LeadImportId) -> Result<Option<LeadImportId>> {
    let mut tx = world.pool.begin().await.expect("transaction");
    let same = finish(&mut tx, actor, id).await?;
    tx.commit().await.expect("commit");
    Ok(same)
}

/// Sends rows; nobody has worked them.
async fn sent(world: &World, partner: &Partner, rows: &[String]) -> (LeadImportId, Option<LeadImportId>) {
    let actor = own(world, partner);
    let id = begin(world, &actor, partner, rows.len() as i64).await.expect("begun");
    for (number, rows) in rows.chunks(SLICE_ROWS).enumerate() {
        send(world, &actor, id, number as i32, rows).await.expect("received");
    }
    let same = end(world, &actor, id).await.expect("finished");
    (id, same)
}

async fn worked(world: &World, id: LeadImportId) {
    let job = WorkOnImport { program: world.program, import: id };
    job.work(&world.pool, &world.moment()).await.expect("worked");
}

async fn imported(world: &World, partner: &Partner, rows: &[&str]) -> LeadImport {
    let rows: Vec<String> = rows.iter().map(|row| (*row).to_owned()).collect();
    let (id, _) = sent(world, partner, &rows).await;
    worked(world, id).await;
    told(world, partner, id).await.expect("import")
}

async fn told(world: &World, partner: &Partner, id: LeadImportId) -> Result<LeadImport> {
    let mut conn = world.pool.acquire().await.expect("connection");
    get(&mut conn, &own(world, partner), id).await
}

async fn count(world: &World, what: &str) -> i64 {
    let sql = sqlx::AssertSqlSafe(format!("select count(*) from {what} and program_id = $1"));
    sqlx::query_scalar(sql).bind(world.program).fetch_one(&world.pool).await.expect("count")
}

async fn error_rows(world: &World, partner: &Partner, id: LeadImportId) -> Vec<Vec<String>> {
    let mut conn = world.pool.acquire().await.expect("connection");
    let actor = own(world, partner);
    let file = error_file(&mut conn, &actor, id).await.expect("file");
    let (mut text, mut after) = (file.head.clone(), 0);
    while let Some((rows, last)) = errors(&mut conn, &actor, id, &file, after).await.expect("rows") {
        (text, after) = (text + &rows, last);
    }
    let file = Reader::all(text.as_bytes());
    let rows = (0..file.rows.len()).map(|row| file.rows.cells(row).map(str::to_owned).collect());
    std::iter::once(file.head.clone()).chain(rows).collect()
}

fn sums(import: &LeadImport) -> (i64, i64) {
    (import.accepted, import.refused)
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn what_dies_between_slices_goes_on_where_it_was(pool: PgPool) {
    let (world, ada, _) = world(pool).await;
    let (id, same) = sent(&world, &ada, &many(2_500)).await;
    assert_eq!(same, None);
    assert!(go_on(&world.pool, &world.moment(), world.program, id).await.expect("a slice"));
    let halfway = told(&world, &ada, id).await.expect("import");
    assert_eq!((halfway.status, sums(&halfway), halfway.percent()), (ImportStatus::Working, (900, 100), 40));
    // Who took it over and who comes back at once work each row once.
    tokio::join!(worked(&world, id), worked(&world, id));
    let done = told(&world, &ada, id).await.expect("import");
    assert_eq!((done.status, sums(&done), done.has_errors), (ImportStatus::Done, (2_250, 250), true));
    assert_eq!(count(&world, "leads where true").await, 2_250);
    assert_eq!(
        count(&world, "lead_events where kind = 'submitted' and details ->> 'by' = 'import' and by_partner").await,
        2_250
    );
    assert_eq!(count(&world, "lead_keys where true").await, 2_250);
    assert_eq!(count(&world, "lead_import_slices where true").await, 0);
    assert_eq!(count(&world, "lead_import_rows where position % 10 = 0").await, 250);
    let mails: i64 = sqlx::query_scalar(
        "select count(*) from graphile_worker._private_jobs where payload::text like '%import%' and payload::text like '%\"mail\"%'",
    )
    .fetch_one(&world.pool)
    .await
    .expect("mails");
    assert_eq!(mails, 2, "to the partner, and to the owner");
    // In the order of the file.
    let names: Vec<String> = sqlx::query_scalar(
        "select name from leads where program_id = $1 and name in ('Lead 0', 'Lead 1', 'Lead 2') order by id",
    )
    .bind(world.program)
    .fetch_all(&world.pool)
    .await
    .expect("names");
    assert_eq!(names, ["Lead 0", "Lead 1", "Lead 2"]);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn the_same_rows_twice_say_so(pool: PgPool) {
    let (world, ada, bob) = world(pool).await;
    let rows = many(20);
    let (first, _) = sent(&world, &ada, &rows).await;
    let (_, same) = sent(&world, &ada, &rows).await;
    assert_eq!(same, Some(first), "while it waits");
    worked(&world, first).await;
    let (second, same) = sent(&world, &ada, &rows).await;
    assert_eq!(same, Some(first));
    assert!(matches!(told(&world, &ada, second).await, Err(Error::NotFound(_))), "nothing is left of it");
    let (_, others) = sent(&world, &bob, &rows).await;
    assert_eq!(others, None, "another partner's");
    // The same slice once more counts once, and so does the end.
    let actor = own(&world, &ada);
    let id = begin(&world, &actor, &ada, 2).await.expect("begun");
    send(&world, &actor, id, 0, &["x@harbor.example".into()]).await.expect("received");
    send(&world, &actor, id, 0, &["x@harbor.example".into()]).await.expect("received again");
    assert!(matches!(end(&world, &actor, id).await, Err(Error::Conflict(_))), "a row is missing");
    send(&world, &actor, id, 1, &["y@harbor.example".into()]).await.expect("received");
    assert_eq!(
        refused(send(&world, &actor, id, 2, &["z@harbor.example".into()]).await),
        "rows: These are more rows than the import has."
    );
    assert_eq!(end(&world, &actor, id).await.expect("finished"), None);
    assert_eq!(end(&world, &actor, id).await.expect("asked twice"), None);
    worked(&world, id).await;
    assert_eq!(sums(&told(&world, &ada, id).await.expect("import")), (2, 0));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_repeated_lead_is_refused_flagged_or_accepted(pool: PgPool) {
    let (mut world, ada, bob) = world(pool).await;
    let mut conn = world.pool.acquire().await.expect("connection");
    submit(&mut conn, &world.moment(), &own(&world, &ada), ada.id, &NewLead::named("nora@harbor.example", ""))
        .await
        .expect("lead");
    drop(conn);
    // Within the file, and of a lead that was there; another partner's is none.
    let rows = [
        "nora@harbor.example,=1+1",
        "max@quay.example,Max",
        " MAX@quay.example,Max again",
        "eve@quay.example,\"E, \"\"v\"\"\"",
    ];
    let import = imported(&world, &ada, &rows).await;
    assert_eq!(sums(&import), (2, 2));
    let told = "E-mail: You have added this lead already.";
    assert_eq!(
        error_rows(&world, &ada, import.id).await,
        [
            vec!["E-mail *", "Name", "Reason"],
            vec!["nora@harbor.example", "=1+1", told],
            vec![" MAX@quay.example", "Max again", told],
        ]
    );
    assert_eq!(sums(&imported(&world, &bob, &["nora@harbor.example,Nora"]).await), (1, 0));
    // Of the program's, nothing of another's lead is told; and by the company's domain, once in a file.
    set(&world, "duplicate_scope = 'program', duplicate_by = '{email,domain}'").await;
    let one = imported(&world, &ada, &["a@pier.example,A", "b@pier.example,B", "c@gmail.com,C", "d@gmail.com,D"]).await;
    assert_eq!(sums(&one), (3, 1));
    let other = imported(&world, &bob, &["x@pier.example,X", "y@dock.example,Y"]).await;
    assert_eq!(
        error_rows(&world, &bob, other.id).await[1][2],
        "E-mail: This lead is known to the program already. It has the same company domain."
    );
    // What was refused for its domain has not taken its e-mail.
    assert_eq!(count(&world, "lead_keys where key = 'x@pier.example'").await, 0);
    assert_eq!(count(&world, "lead_keys k where not exists (select from leads l where l.id = k.lead_id)").await, 0);
    // Flagged, each after the one before it.
    set(&world, "duplicate_rule = 'flag'").await;
    assert_eq!(sums(&imported(&world, &ada, &["e@pier.example,E", "f@pier.example,F"]).await), (2, 0));
    assert_eq!(count(&world, "leads where duplicate_of is not null").await, 2);
    let after: String =
        sqlx::query_scalar("select f.name from leads l join leads f on f.id = l.duplicate_of where l.name = 'F'")
            .fetch_one(&world.pool)
            .await
            .expect("the one before");
    assert_eq!(after, "E");
    set(&world, "duplicate_rule = 'accept'").await;
    assert_eq!(sums(&imported(&world, &ada, &["g@pier.example,G"]).await), (1, 0));
    assert_eq!(count(&world, "leads where name = 'G' and duplicate_of is null").await, 1);
    // After the days that count, a lead may come again.
    set(&world, "duplicate_rule = 'refuse', duplicate_days = 30").await;
    world.pass(31);
    assert_eq!(sums(&imported(&world, &ada, &["h@pier.example,H", "nora@harbor.example,N"]).await), (2, 0));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn of_twins_in_two_files_at_once_one_is_taken(pool: PgPool) {
    let (world, ada, bob) = world(pool).await;
    set(&world, "duplicate_scope = 'program', duplicate_by = '{email,domain}'").await;
    let mut rows: Vec<String> = (0..3_000).map(|n| format!("lead{n}@harbor{n}.example,Lead")).collect();
    let (first, _) = sent(&world, &ada, &rows).await;
    rows.reverse();
    let (second, _) = sent(&world, &bob, &rows).await;
    tokio::join!(worked(&world, first), worked(&world, second));
    let (first, second) =
        (told(&world, &ada, first).await.expect("import"), told(&world, &bob, second).await.expect("import"));
    assert_eq!((first.accepted + second.accepted, first.refused + second.refused), (3_000, 3_000));
    assert_eq!(count(&world, "leads where true").await, 3_000);
    assert_eq!(count(&world, "lead_keys where true").await, 6_000);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn an_import_is_stopped(pool: PgPool) {
    let (world, ada, bob) = world(pool).await;
    let (id, _) = sent(&world, &ada, &many(2_000)).await;
    go_on(&world.pool, &world.moment(), world.program, id).await.expect("a slice");
    let stop = async |actor: Actor| {
        let mut conn = world.pool.acquire().await.expect("connection");
        cancel(&mut conn, &world.moment(), &actor, id).await
    };
    assert!(matches!(stop(own(&world, &bob)).await, Err(Error::NotFound(_))));
    assert!(matches!(stop(world.admin(Role::Viewer)).await, Err(Error::Forbidden)));
    stop(own(&world, &ada)).await.expect("stopped");
    stop(own(&world, &ada)).await.expect("twice");
    worked(&world, id).await;
    let import = told(&world, &ada, id).await.expect("import");
    assert_eq!((import.status, sums(&import)), (ImportStatus::Cancelled, (900, 100)));
    assert_eq!(
        (count(&world, "leads where true").await, count(&world, "lead_import_slices where true").await),
        (900, 0)
    );
    // Its rows may come again; who is not active any more stops it.
    let (again, same) = sent(&world, &ada, &many(2_000)).await;
    assert_eq!(same, None);
    world.standing(&ada, EnrollmentStatus::Banned).await;
    worked(&world, again).await;
    assert_eq!(told(&world, &ada, again).await.expect("import").status, ImportStatus::Cancelled);
    assert_eq!(count(&world, "leads where true").await, 900);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn nobody_imports_who_may_not(pool: PgPool) {
    let (mut world, ada, bob) = world(pool).await;
    let (actor, other) = (own(&world, &ada), own(&world, &bob));
    let (id, _) = sent(&world, &ada, &many(20)).await;
    worked(&world, id).await;
    assert!(matches!(begin(&world, &other, &ada, 1).await, Err(Error::NotFound(_))));
    assert!(matches!(told(&world, &bob, id).await, Err(Error::NotFound(_))));
    assert!(matches!(send(&world, &other, id, 0, &["x".into()]).await, Err(Error::NotFound(_))));
    assert!(matches!(end(&world, &other, id).await, Err(Error::NotFound(_))));
    assert!(matches!(begin(&world, &world.admin(Role::Viewer), &ada, 1).await, Err(Error::Forbidden)));
    let mut conn = world.pool.acquire().await.expect("connection");
    assert!(matches!(error_file(&mut conn, &other, id).await, Err(Error::NotFound(_))));
    let all = async |actor: &Actor| {
        list(&mut world.pool.acquire().await.expect("connection"), actor, None, &Paging::default())
            .await
            .expect("imports")
            .data
    };
    assert_eq!(
        (all(&other).await.len(), all(&actor).await.len(), all(&world.admin(Role::Viewer)).await.len()),
        (0, 1, 1)
    );
    assert_eq!(all(&actor).await[0].by, "Olga");
    // A day's limit.
    assert!(matches!(begin(&world, &actor, &ada, 100_000).await, Err(Error::Conflict(_))));
    begin(&world, &actor, &ada, 99_980).await.expect("within the limit");
    assert_eq!(refused(begin(&world, &actor, &bob, 0).await.map_err(|_| Error::field("rows", "x"))), "rows: x");
    // Switched off, for partners; the team imports for them.
    set(&world, "importing = false").await;
    assert!(matches!(begin(&world, &other, &bob, 1).await, Err(Error::Forbidden)));
    assert!(matches!(setup(&mut conn, &other, bob.id).await, Err(Error::Forbidden)));
    let team = world.admin(Role::Manager);
    let by_team = begin(&world, &team, &bob, 1).await.expect("begun");
    send(&world, &team, by_team, 0, &["z@harbor.example,Z".into()]).await.expect("received");
    end(&world, &team, by_team).await.expect("finished");
    worked(&world, by_team).await;
    assert_eq!(count(&world, "audit_log where action = 'leads.import'").await, 1);
    set(&world, "importing = true").await;
    assert_eq!(told(&world, &bob, by_team).await.expect("import").by, "Acme", "for the partner, the team has one name");
    world.standing(&bob, EnrollmentStatus::Paused).await;
    assert!(matches!(begin(&world, &other, &bob, 1).await, Err(Error::Conflict(_))));
    // What was refused goes after 30 days, what was never sent to its end after one.
    world.at += chrono::Duration::days(31);
    purge(&world.pool, &world.moment()).await.expect("purged");
    assert_eq!(
        (count(&world, "lead_import_rows where true").await, count(&world, "lead_imports where true").await),
        (0, 2)
    );
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_whole_file_is_taken(pool: PgPool) {
    let (world, ada, _) = world(pool).await;
    let bytes: Vec<u8> = "NAME;e-mail\nJ\u{fc}rgen;j@harbor.example\nx;y\n".chars().map(|c| c as u8).collect();
    let file = Reader::all(&bytes);
    let mut tx = world.pool.begin().await.expect("transaction");
    let team = world.admin(Role::Manager);
    let (id, same) = take(&mut tx, &world.moment(), &team, ada.id, None, "März.csv", &file).await.expect("taken");
    tx.commit().await.expect("commit");
    assert!(!same);
    worked(&world, id).await;
    assert_eq!(sums(&told(&world, &ada, id).await.expect("import")), (1, 1));
    assert_eq!(count(&world, "leads where name = 'Jürgen'").await, 1);
    let mut conn = world.pool.acquire().await.expect("connection");
    let again = take(&mut conn, &world.moment(), &team, ada.id, None, "b.csv", &file).await.expect("taken");
    assert_eq!(again, (id, true));
    let none = take(&mut conn, &world.moment(), &team, ada.id, None, "c.csv", &Reader::all(b"")).await;
    assert_eq!(refused(none), "file: The first line must name the columns.");
    assert_eq!(error_file(&mut conn, &team, id).await.expect("file").name, "Mrz-errors.csv");
}
