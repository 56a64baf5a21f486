//! The demo: two programs with believable people and a year of history, made by the use cases that serve requests.
//!
//! What goes beyond [`TOLD_PARTNERS`] and [`TOLD_CLICKS`] is made in bulk (`bulk`), for benchmarks.

mod assets;
mod bulk;
mod conversations;
mod forms;
mod people;
mod scene;
mod story;
mod submitted;
#[cfg(test)]
mod tests;

use crate::accounts::setup::{self, NewOwner};
use crate::files::Store;
use crate::links::partitions;
use crate::programs::audit;
use crate::secrets::Secrets;
use crate::{Error, Moment, Result};
use chrono::{DateTime, Months, Utc};
use serde_json::json;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

/// The password of the demo's sign-ins.
pub const PASSWORD: &str = "tributary-demo";
/// The owner's e-mail.
pub const ADMIN: &str = "admin@tributary.test";
/// The e-mail of the partner `ada`.
pub const PARTNER: &str = "ada@tributary.test";

/// The most partners whose story is told by use cases.
const TOLD_PARTNERS: u32 = 60;
/// The most clicks of that story.
const TOLD_CLICKS: u64 = 20_000;
/// The act in the audit log that ends a demo: without it, it was interrupted.
const DONE: &str = "demo.build";

/// How large a demo shall be.
#[derive(Clone, Debug)]
pub struct Options {
    /// The instant at which the history ends.
    pub at: DateTime<Utc>,
    /// Partners in the first program, at least 1.
    pub partners: u32,
    /// Months of history, 1 to 12.
    pub months: u32,
    /// Clicks in the first program.
    pub clicks: u64,
    /// From which everything follows.
    pub seed: u64,
    /// Where people reach the server, without a slash at its end: the first program's links lead to its shop.
    pub public_url: String,
    /// Where uploaded files lie.
    pub files: Store,
}

/// What was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The demo, with so many clicks, sales and commissions in all.
    Built {
        /// Clicks.
        clicks: u64,
        /// Sales.
        sales: u64,
        /// Commissions.
        commissions: u64,
    },
    /// A demo is there already; nothing was changed.
    AlreadyThere,
}

/// Builds the demo, unless there is one.
///
/// # Errors
/// `Invalid` for months other than 1 to 12, or without partners; `Conflict` where another program has one of the
/// demo's names, or where a demo was interrupted; what the use cases answer.
pub async fn build(pool: &PgPool, secrets: &Secrets, options: &Options) -> Result<Outcome> {
    if !(1..=12).contains(&options.months) {
        return Err(Error::field("months", "Use 1 to 12 months."));
    }
    if options.partners == 0 {
        return Err(Error::field("partners", "Use at least 1 partner."));
    }
    if is_there(pool).await? {
        return Ok(Outcome::AlreadyThere);
    }
    // The demo can be built again: it need not wait for the disk at each step. The last one waits for all.
    let connect = pool.connect_options().as_ref().clone().options([("synchronous_commit", "off")]);
    let fast = PgPoolOptions::new().max_connections(4).connect_with(connect).await?;
    let start = options.at.checked_sub_months(Months::new(options.months)).unwrap_or(options.at);
    let mut conn = fast.acquire().await?;
    let (first, last) = (start.date_naive(), options.at.date_naive() + Months::new(2));
    partitions::ensure(&mut conn, first, last).await?;
    drop(conn);
    let owner = NewOwner {
        name: "Olivia Marsh".into(),
        email: ADMIN.into(),
        // Nobody's: everybody knows the demo's own, which is set where partners get it too.
        password: Moment::now().token(),
        organization: "Acme".into(),
    };
    let owner = setup::create_admin(&fast, &Moment::seeded(start, options.seed), &owner).await?;
    let scenes = scene::set(&fast, secrets, options, start, owner).await?;
    story::tell(&fast, secrets, options, start, &scenes).await?;
    assets::give(&fast, options, &scenes[0]).await?;
    forms::share(&fast, options, &scenes[0]).await?;
    submitted::give(&fast, options, &scenes[0]).await?;
    conversations::give(&fast, options, &scenes[0]).await?;
    let more = bulk::More {
        start,
        at: options.at,
        partners: options.partners.saturating_sub(TOLD_PARTNERS),
        clicks: options.clicks.saturating_sub(TOLD_CLICKS),
    };
    if more.partners > 0 || more.clicks > 0 {
        bulk::add(&fast, secrets, &scenes[0].owner, &more).await?;
    }
    crate::reports::roll_up(&fast, &Moment::seeded(options.at, options.seed)).await?;
    story::keep_mail_back(&fast).await?;
    sqlx::query("analyze").execute(&fast).await?;
    fast.close().await;
    let moment = Moment::seeded(options.at, options.seed);
    audit::record(&mut *pool.acquire().await?, &moment, &scenes[0].owner, DONE, "", "", json!({})).await?;
    counted(pool).await
}

async fn is_there(pool: &PgPool) -> Result<bool> {
    let found = sqlx::query!(
        r#"select exists (select from programs where slug in ('acme', 'northwind')) as "begun!",
                  exists (select from audit_log where action = $1) as "done!""#,
        DONE
    )
    .fetch_one(pool)
    .await?;
    if found.begun && !found.done {
        let words = "There is a program acme or northwind that is no finished demo. Begin with an empty database.";
        return Err(Error::Conflict(words.into()));
    }
    Ok(found.done)
}

async fn counted(pool: &PgPool) -> Result<Outcome> {
    let counts = sqlx::query!(
        r#"select coalesce(sum(clicks), 0)::bigint as "clicks!", (select count(*) from sales) as "sales!",
                  (select count(*) from commissions) as "commissions!" from click_days"#
    )
    .fetch_one(pool)
    .await?;
    Ok(Outcome::Built {
        clicks: counts.clicks.unsigned_abs(),
        sales: counts.sales.unsigned_abs(),
        commissions: counts.commissions.unsigned_abs(),
    })
}
