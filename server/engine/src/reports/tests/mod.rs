//! Reports on a real Postgres: their figures, who sees what, and that they read by their indexes.

mod figures;
mod indexes;
mod ledgers;
mod lists;
mod periods;
mod rollups;

use crate::fixtures::{Partner, World, percent, sale, signup};
use domain::accounts::Actor;
use domain::customers::NewCustomer;
use domain::sales::{TrackSale, TrackedSale};
use sqlx::PgPool;

/// A program that pays 20 % of every sale, held 30 days, with partners `ada` and `ben`.
async fn two_partners(pool: PgPool) -> (World, Partner, Partner) {
    let world = World::new(pool).await;
    world.offer("Standard", &[percent("20")]).await;
    let (ada, ben) = (world.partner("ada").await, world.partner("ben").await);
    (world, ada, ben)
}

/// The partner, through its account.
fn partner(world: &World, partner: &Partner) -> Actor {
    Actor::Partner { account: world.owner, program: world.program, enrollment: partner.id }
}

/// A key of the program.
fn key(world: &World) -> Actor {
    Actor::Key { key: world.moment().id(), program: world.program }
}

/// A customer `{name}` with an e-mail who signs up through a partner's code.
async fn sign_up(world: &World, name: &str, partner: &Partner) {
    let email = Some(format!("{name}@harbor.example"));
    let customer = NewCustomer { external_id: name.into(), email, name: Some(name.to_uppercase()) };
    let input = domain::customers::TrackSignup { customer, partner_code: Some(partner.code.clone()), ..signup(name) };
    world.tell_signup(&input).await.expect("sign-up");
}

/// A sale of a product.
async fn sell(world: &World, event: &str, customer: &str, amount: &str, product: &str) -> TrackedSale {
    let product = Some(product.to_owned()).filter(|product| !product.is_empty());
    let input = TrackSale { product, ..sale(event, customer, amount) };
    world.tell_sale(&input).await.expect("sale").answer
}
