use super::races::{at_once, crowded};
use super::*;
use crate::fixtures::{Partner, World, dec, mails, percent, refund};
use crate::messages::Mail;
use crate::{Error, Result};
use domain::accounts::{Actor, Role};
use domain::ids::{FileId, SaleId, SubmittedSaleId};
use domain::page::Paging;
use domain::sales::{Approval, NewSubmittedSale, SubmittedSale, SubmittedSaleStatus};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::sync::Arc;

fn told(email: &str) -> NewSubmittedSale {
    NewSubmittedSale {
        email: email.into(),
        name: "Nora Berg".into(),
        amount: dec("200"),
        sold_on: "2026-11-18".parse().expect("day"),
        product: "Pro".into(),
        invoice_id: "INV-7".into(),
        note: "By phone".into(),
    }
}

fn approval(customer: &str) -> Approval {
    Approval {
        customer_id: customer.into(),
        amount: dec("180"),
        sold_on: "2026-11-17".parse().expect("day"),
        product: "Pro".into(),
    }
}

/// Makes the world take sales from partners, who earn 30 percent.
async fn taking(world: &World) {
    world.offer("Standard", &[percent("30")]).await;
    world.set("update lead_settings set sales = true where program_id = $1").await;
}

async fn proof(world: &World) -> FileId {
    let id: FileId = world.moment().id();
    sqlx::query(
        "insert into files (program_id, id, purpose, name, content_type, bytes, sha256, created_at)
         values ($1, $2, 'sale', 'invoice.pdf', 'application/pdf', 1, '', $3)",
    )
    .bind(world.program)
    .bind(id)
    .bind(world.at)
    .execute(&world.pool)
    .await
    .expect("file");
    id
}

async fn send(world: &World, actor: &Actor, input: &NewSubmittedSale) -> Result<SubmittedSaleId> {
    let file = proof(world).await;
    let mut tx = world.pool.begin().await.expect("transaction");
    let id = submit(&mut tx, &world.moment(), actor, input, file).await?;
    tx.commit().await.expect("commit");
    Ok(id)
}

async fn judge(world: &World, actor: &Actor, id: SubmittedSaleId, input: &Approval) -> Result<SaleId> {
    let mut tx = world.pool.begin().await.expect("transaction");
    let sale = approve(&mut tx, &world.secrets, &world.moment(), actor, id, input).await?;
    tx.commit().await.expect("commit");
    Ok(sale)
}

async fn read(world: &World, actor: &Actor, id: SubmittedSaleId) -> Result<SubmittedSale> {
    submitted_one(&mut world.pool.acquire().await.expect("connection"), actor, id).await
}

fn partner(world: &World, partner: &Partner) -> Actor {
    Actor::Partner { program: world.program, enrollment: partner.id, account: world.owner }
}

fn fields<T: std::fmt::Debug>(told: Result<T>) -> Vec<String> {
    match told {
        Err(Error::Invalid(errors)) => errors.into_iter().map(|error| error.field).collect(),
        other => panic!("{other:?}"),
    }
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn what_is_approved_counts_like_any_sale(pool: PgPool) {
    let world = World::new(pool).await;
    taking(&world).await;
    let (ada, bob) = (world.partner("ada").await, world.partner("bob").await);
    let (of_ada, of_bob) = (partner(&world, &ada), partner(&world, &bob));
    let id = send(&world, &of_ada, &told("nora@harbor.example")).await.expect("submitted");
    assert!(
        mails(&world.pool).await.iter().any(|mail| matches!(mail, Mail::SaleSubmitted { sale, .. } if *sale == id))
    );
    assert_eq!(world.balances(&ada).await, "0 0", "nothing is earned before it is approved");
    for role in [Role::Viewer] {
        let told = judge(&world, &world.admin(role), id, &approval("c1")).await;
        assert!(matches!(told, Err(Error::Forbidden)), "{role}");
    }
    let sale = judge(&world, &world.owner(), id, &approval("c1")).await.expect("approved");
    assert_eq!(world.balances(&ada).await, "54 0");
    let seen = read(&world, &of_ada, id).await.expect("own");
    let counted = seen.sale.expect("a sale");
    assert_eq!((seen.status, counted.id, counted.counts), (SubmittedSaleStatus::Approved, sale, true));
    assert_eq!((counted.amount.to_string(), counted.earned.to_string()), ("€180.00".into(), "€54.00".into()));
    assert!(!counted.why.0.is_empty() && seen.judged_by.is_empty());
    assert!(matches!(read(&world, &of_bob, id).await, Err(Error::NotFound(_))), "another partner's");
    let (email, day): (String, String) = (
        world.get("select email from customers where program_id = $1").await,
        world.get("select occurred_at::text from sales where program_id = $1").await,
    );
    assert_eq!((email.as_str(), day.as_str()), ("nora@harbor.example", "2026-11-17 11:00:00+00"), "noon in Berlin");
    world.tell_refund(&refund("r1", &format!("submitted:{id}"), None)).await.expect("refunded");
    assert_eq!(world.balances(&ada).await, "0 0");
    assert!(mails(&world.pool).await.iter().any(|mail| matches!(mail, Mail::SaleApproved { sale, .. } if *sale == id)));
    for told in [
        judge(&world, &world.owner(), id, &approval("c1")).await.map(|_| ()),
        turn_down(&world, id, "Late").await,
        take_back(&world, &of_ada, id).await,
    ] {
        assert!(matches!(told, Err(Error::Conflict(_))), "it is judged: {told:?}");
    }
    world.prove().await;
}

async fn turn_down(world: &World, id: SubmittedSaleId, reason: &str) -> Result<()> {
    let mut tx = world.pool.begin().await.expect("transaction");
    decline(&mut tx, &world.moment(), &world.owner(), id, reason).await?;
    tx.commit().await.expect("commit");
    Ok(())
}

async fn take_back(world: &World, actor: &Actor, id: SubmittedSaleId) -> Result<()> {
    let mut tx = world.pool.begin().await.expect("transaction");
    withdraw(&mut tx, &world.moment(), actor, id).await?;
    tx.commit().await.expect("commit");
    Ok(())
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn whose_customer_it_is_stays_so(pool: PgPool) {
    let world = World::new(pool).await;
    taking(&world).await;
    let (ada, bob) = (world.partner("ada").await, world.partner("bob").await);
    world.signed_up("c1", &bob).await;
    let of_ada = partner(&world, &ada);
    let id = send(&world, &of_ada, &told("nora@harbor.example")).await.expect("submitted");
    judge(&world, &world.owner(), id, &approval("c1")).await.expect("approved");
    assert_eq!((world.balances(&ada).await, world.balances(&bob).await), ("0 0".into(), "54 0".into()));
    let counted = read(&world, &of_ada, id).await.expect("own").sale.expect("a sale");
    assert!(!counted.counts && counted.why.0.is_empty() && counted.earned.amount.is_zero(), "nothing of bob is told");
    // Who buys from itself earns by the program's rule, as with any sale.
    let own = send(&world, &of_ada, &told("ada@partners.example")).await.expect("submitted");
    judge(&world, &world.owner(), own, &approval("c2")).await.expect("approved");
    assert_eq!(world.balances(&ada).await, "0 0");
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn what_is_wrong_is_refused_and_nothing_is_kept(pool: PgPool) {
    let world = World::new(pool).await;
    world.offer("Standard", &[percent("30")]).await;
    let ada = world.partner("ada").await;
    let of_ada = partner(&world, &ada);
    assert!(matches!(send(&world, &of_ada, &told("n@harbor.example")).await, Err(Error::Forbidden)), "switched off");
    world.set("update lead_settings set sales = true where program_id = $1").await;
    assert!(matches!(send(&world, &world.owner(), &told("n@harbor.example")).await, Err(Error::Forbidden)));
    let wrong = NewSubmittedSale { amount: dec("-1"), sold_on: "2026-11-21".parse().expect("day"), ..told("n") };
    assert_eq!(fields(send(&world, &of_ada, &wrong).await), ["email", "amount", "sold_on"]);
    let id = send(&world, &of_ada, &told("n@harbor.example")).await.expect("submitted");
    let wrong = Approval { customer_id: " ".into(), amount: dec("1.234"), ..approval("c1") };
    assert_eq!(fields(judge(&world, &world.owner(), id, &wrong).await), ["customer_id", "amount"]);
    assert_eq!(fields(turn_down(&world, id, " ").await), ["reason"]);
    turn_down(&world, id, "No such invoice").await.expect("declined");
    assert!(mails(&world.pool).await.iter().any(|mail| matches!(mail, Mail::SaleDeclined { sale, .. } if *sale == id)));
    let seen = read(&world, &of_ada, id).await.expect("own");
    assert_eq!((seen.status, seen.reason.as_str()), (SubmittedSaleStatus::Declined, "No such invoice"));
    let back = send(&world, &of_ada, &told("n@harbor.example")).await.expect("submitted");
    take_back(&world, &of_ada, back).await.expect("taken back");
    let other = world.another("elsewhere").await;
    assert!(matches!(judge(&other, &other.owner(), back, &approval("c1")).await, Err(Error::NotFound(_))));
    assert_eq!(world.get::<i64>("select count(*) from sales where program_id = $1").await, 0);
    world.set("update enrollments set status = 'paused' where program_id = $1").await;
    assert!(matches!(send(&world, &of_ada, &told("n@harbor.example")).await, Err(Error::Conflict(_))));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn lists_hold_the_asker_s_own_page_by_page(pool: PgPool) {
    let mut world = World::new(pool).await;
    taking(&world).await;
    let (ada, bob) = (world.partner("ada").await, world.partner("bob").await);
    for n in 0..5 {
        world.at += chrono::Duration::minutes(1);
        send(&world, &partner(&world, &ada), &told(&format!("n{n}@harbor.example"))).await.expect("submitted");
    }
    let of_bob = send(&world, &partner(&world, &bob), &told("n@harbor.example")).await.expect("submitted");
    turn_down(&world, of_bob, "No").await.expect("declined");
    let mut conn = world.pool.acquire().await.expect("connection");
    let (mut seen, mut paging) = (Vec::new(), Paging { cursor: None, limit: Some(2) });
    loop {
        let page = submitted(&mut conn, &partner(&world, &ada), None, None, &paging).await.expect("page");
        seen.extend(page.data.into_iter().map(|sale| sale.email));
        paging.cursor = page.next_cursor;
        if paging.cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 5);
    assert!(seen.windows(2).all(|two| two[0] > two[1]), "the latest first: {seen:?}");
    let (new, every) = (Some(SubmittedSaleStatus::New), Paging::default());
    let count = async |status, code: Option<&str>| {
        let mut conn = world.pool.acquire().await.expect("connection");
        submitted(&mut conn, &world.owner(), status, code, &every).await.expect("page").data.len()
    };
    assert_eq!((count(None, None).await, count(new, None).await, count(None, Some("bob")).await), (6, 5, 1));
    let waiting = crate::reports::waiting(&mut conn, &world.moment(), &world.owner()).await.expect("waiting");
    assert_eq!(waiting.sales, 5);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn of_64_who_judge_at_once_one_does(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = crowded(options, connect).await;
    taking(&world).await;
    let ada = world.partner("ada").await;
    let id = send(&world, &partner(&world, &ada), &told("nora@harbor.example")).await.expect("submitted");
    let world = Arc::new(world);
    let judged = at_once(64, &world, move |world: Arc<World>, n| async move {
        match n % 4 {
            3 => turn_down(&world, id, "No").await,
            n => judge(&world, &world.owner(), id, &approval(&format!("c{n}"))).await.map(|_| ()),
        }
    })
    .await;
    assert_eq!(judged.iter().filter(|told| told.is_ok()).count(), 1);
    assert!(judged.iter().all(|told| matches!(told, Ok(()) | Err(Error::Conflict(_)))), "{judged:?}");
    let (sales, approved): (i64, i64) = (
        world.get("select count(*) from sales where program_id = $1").await,
        world.get("select count(*) from submitted_sales where program_id = $1 and status = 'approved'").await,
    );
    assert_eq!(sales, approved);
    world.prove().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_day_s_limit_holds_for_many_at_once(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = crowded(options, connect).await;
    taking(&world).await;
    let ada = world.partner("ada").await;
    for n in 0..domain::sales::MOST_A_DAY - 10 {
        send(&world, &partner(&world, &ada), &told(&format!("n{n}@harbor.example"))).await.expect("submitted");
    }
    let world = Arc::new(world);
    let of_ada = partner(&world, &ada);
    let sent = at_once(64, &world, move |world: Arc<World>, n| {
        let of_ada = of_ada.clone();
        async move { send(&world, &of_ada, &told(&format!("m{n}@harbor.example"))).await }
    })
    .await;
    assert_eq!(sent.iter().filter(|told| told.is_ok()).count(), 10);
    assert!(sent.iter().all(|told| matches!(told, Ok(_) | Err(Error::Conflict(_)))));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn an_erased_customer_is_in_none_of_them(pool: PgPool) {
    let world = World::new(pool).await;
    taking(&world).await;
    let ada = world.partner("ada").await;
    let of_ada = partner(&world, &ada);
    let approved = send(&world, &of_ada, &told("nora@harbor.example")).await.expect("submitted");
    judge(&world, &world.owner(), approved, &approval("c1")).await.expect("approved");
    let waiting = send(&world, &of_ada, &told("Nora@Harbor.example")).await.expect("submitted");
    let mut tx = world.pool.begin().await.expect("transaction");
    let customer = world.get("select id from customers where program_id = $1").await;
    crate::customers::erase(&mut tx, &world.moment(), &world.owner(), customer).await.expect("erased");
    tx.commit().await.expect("commit");
    for (id, status) in [(approved, SubmittedSaleStatus::Approved), (waiting, SubmittedSaleStatus::Withdrawn)] {
        let seen = read(&world, &of_ada, id).await.expect("own");
        assert_eq!((seen.email.as_str(), seen.name.as_str(), seen.note.as_str(), seen.proof), ("", "", "", None));
        assert_eq!((seen.status, seen.amount.to_string()), (status, "€200.00".into()), "the figures stay");
    }
    world.prove().await;
}
