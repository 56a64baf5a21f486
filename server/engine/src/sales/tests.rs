use crate::Error;
use crate::fixtures::{World, checks, dec, instant, per_signup, percent, refund, sale, signup};
use domain::commissions::CommissionStatus;
use domain::ids::CommissionId;
use domain::ledger::LedgerAccount;
use domain::offers::{Duration, Rate, Reward};
use domain::partners::EnrollmentStatus;
use domain::sales::{TrackRefund, TrackSale, TrackedSale};
use sqlx::PgPool;

/// What a wrong input is told: `field: message`, one a line.
fn refused<T: std::fmt::Debug>(result: crate::Result<T>) -> String {
    match result.expect_err("refused") {
        Error::Invalid(errors) => {
            errors.iter().map(|error| format!("{}: {}", error.field, error.message)).collect::<Vec<_>>().join("\n")
        }
        other => format!("{other:?}"),
    }
}

fn only(answer: &TrackedSale) -> CommissionId {
    assert_eq!(answer.commissions.len(), 1, "{:?}", answer.commissions);
    answer.commissions[0].id
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_sale_of_a_referred_customer_earns_a_held_commission(pool: PgPool) {
    let world = World::new(pool).await;
    world.offer("Standard", &[percent("30")]).await;
    let ada = world.partner("ada").await;
    world.signed_up("c1", &ada).await;
    let answered = world.tell_sale(&sale("s1", "c1", "49")).await.expect("sale");
    assert!(!answered.replayed);
    let answer = serde_json::to_value(&answered.answer).expect("JSON");
    let commission = &answer["commissions"][0];
    assert_eq!(answer["sale"]["amount"], "49.00", "money is text with the currency's decimals");
    assert_eq!(answer["referral"]["partner_code"], "ada");
    assert_eq!(answer["referral"]["source"], "partner_code");
    assert_eq!(commission["amount"], "14.70");
    assert_eq!(commission["base"], "49.00");
    assert_eq!(commission["rate"], "30");
    assert_eq!(commission["status"], "held");
    assert_eq!(commission["available_at"], "2026-12-20T12:00:00Z");
    assert_eq!(commission["clawed_back"], "0.00");
    assert_eq!(checks(&answered.answer.why), "+referral +offer +amount");
    assert_eq!(world.balances(&ada).await, "14.7 0");
    world.prove().await;
}
