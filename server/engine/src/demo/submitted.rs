//! The sales that the first program's first partner has submitted: two wait, one was declined.

use super::Options;
use super::people::person;
use super::scene::Scene;
use crate::files::{Upload, keep};
use crate::{Moment, Result, leads, sales};
use chrono::Duration;
use domain::files::FilePurpose;
use domain::leads::LeadSettings;
use domain::sales::NewSubmittedSale;
use rust_decimal::Decimal;
use sqlx::PgPool;

const RECEIPT: &str = "Acme, receipt\n\nPlan Studio, one year, paid by card.\n";

/// Lets partners do all that they may, and submits the sales.
pub(super) async fn give(pool: &PgPool, options: &Options, scene: &Scene) -> Result<()> {
    let mut seed = options.seed.wrapping_mul(27_644_437);
    let mut moment = |days: i64| {
        seed += 1;
        Moment::seeded(options.at - Duration::days(days), seed)
    };
    let mut tx = pool.begin().await?;
    let Some(actor) = scene.star(&mut tx).await? else { return Ok(()) };
    let settings = leads::settings(&mut tx, scene.program).await?;
    let settings = LeadSettings { importing: true, sales: true, ..settings };
    leads::save_settings(&mut tx, &moment(30), &scene.owner, &settings).await?;
    tx.commit().await?;
    for (number, (days, amount, declined)) in
        (0..).zip([(12, 290, "This invoice is of a customer who bought before."), (4, 1_490, ""), (1, 490, "")])
    {
        let (who, at) = (person(9_000 + number), moment(days));
        let upload = Upload { name: format!("receipt-{}.txt", 2_041 + number), bytes: RECEIPT.as_bytes().to_vec() };
        let file = keep(pool, &options.files, &at, &actor, FilePurpose::Sale, false, upload).await?;
        let sale = NewSubmittedSale {
            email: who.email,
            name: who.name,
            amount: Decimal::from(amount),
            sold_on: (at.at - Duration::days(2)).date_naive(),
            product: "Studio, one year".into(),
            invoice_id: format!("R-{}", 2_041 + number),
            note: String::new(),
        };
        let mut tx = pool.begin().await?;
        let id = sales::submit(&mut tx, &at, &actor, &sale, file).await?;
        if !declined.is_empty() {
            sales::decline(&mut tx, &moment(days - 1), &scene.owner, id, declined).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}
