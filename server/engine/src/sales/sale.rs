use crate::commissions::{Happening, decide, record};
use crate::customers::{Scene, lock_or_make, look_up};
use crate::integrations::answers::{Answered, body_hash, once_more, replay};
use crate::secrets::Secrets;
use crate::{Error, Moment, Result};
use domain::ids::{CustomerId, EnrollmentId, ProgramId, ReferralId, SaleId};
use domain::offers::Trigger;
use domain::sales::{SaleAnswer, TrackSale, TrackedSale, check_time};
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};

/// Records a sale once, attributes its customer where it has no referral yet, and posts what it earns.
///
/// # Errors
/// `Invalid` by field; `Reused` where the event id came with another body; `NotFound` without such a program.
pub async fn track_sale(
    pool: &PgPool,
    secrets: &Secrets,
    moment: &Moment,
    program: ProgramId,
    input: &TrackSale,
) -> Result<Answered<TrackedSale>> {
    let errors = input.check();
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    let hash = body_hash(secrets, input)?;
    once_more(work(pool, moment, program, input, &hash), work(pool, moment, program, input, &hash)).await
}

async fn work(
    pool: &PgPool,
    moment: &Moment,
    program: ProgramId,
    input: &TrackSale,
    hash: &[u8],
) -> Result<Answered<TrackedSale>> {
    let mut tx = pool.begin().await?;
    let scene = lock_or_make(&mut tx, moment, program, &input.customer_id).await?;
    let answered = count(&mut tx, moment, &scene, input, hash).await?;
    if !answered.replayed {
        tx.commit().await?;
    }
    Ok(answered)
}

/// Counts a sale of the customer whose row the transaction has locked.
pub(super) async fn count(
    conn: &mut PgConnection,
    moment: &Moment,
    scene: &Scene,
    input: &TrackSale,
    hash: &[u8],
) -> Result<Answered<TrackedSale>> {
    // A time that is refused is not looked up: Postgres need not know its year.
    let untimely = check_time(input.occurred_at, moment.at);
    let occurred_at = input.occurred_at.filter(|_| untimely.is_none()).unwrap_or(moment.at);
    let known = look_up(conn, scene.rules.program, scene.customer.id, "sale", &input.event_id, occurred_at).await?;
    if let Some((first_hash, first)) = known.answered {
        return replay(hash, &first_hash, first);
    }
    let errors = input.check_against(scene.rules.currency, moment.at);
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    let sale: SaleId = moment.id();
    let amount = scene.rules.currency.round(input.amount);
    let happening = Happening {
        trigger: Trigger::Sale,
        sale: Some(sale),
        amount,
        product: input.product.as_deref(),
        email: Some(scene.customer.email.as_str()).filter(|email| !email.is_empty()),
        sent: input.pointers(),
        ip_hash: None,
        occurred_at,
    };
    let mut decided = decide(conn, moment, scene, known.referral, &happening).await?;
    let by = decided.referral.as_ref().map(|referral| (referral.id, referral.enrollment));
    let answer = TrackedSale {
        sale: SaleAnswer {
            id: sale,
            event_id: input.event_id.clone(),
            customer_id: input.customer_id.clone(),
            amount,
            currency: scene.rules.currency,
            product: input.product.clone(),
            invoice_id: input.invoice_id.clone(),
            occurred_at,
        },
        referral: decided.referral.as_ref().map(|referral| referral.tracked()),
        commissions: decided.tracked(),
        why: std::mem::take(&mut decided.why),
    };
    insert(conn, moment, scene, by, hash, &answer).await?;
    record(conn, moment, scene, &happening, &decided).await?;
    Ok(Answered { answer, replayed: false })
}

/// Writes the sale, the customer's first one where it is, and the answer, by one statement.
async fn insert(
    conn: &mut PgConnection,
    moment: &Moment,
    scene: &Scene,
    by: Option<(ReferralId, EnrollmentId)>,
    hash: &[u8],
    answer: &TrackedSale,
) -> Result<()> {
    let sale = &answer.sale;
    sqlx::query!(
        "with sale as (
            insert into sales (program_id, id, customer_id, referral_id, enrollment_id, event_id, amount, currency,
                               product, invoice_id, why, occurred_at, created_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        ), first_sale as (
            update customers set first_sale_at = least(first_sale_at, $12), refunded = false
            where program_id = $1 and id = $3 and (first_sale_at is null or first_sale_at > $12 or refunded)
        )
        insert into api_answers (program_id, call, event_id, body_hash, answer, created_at)
        values ($1, 'sale', $6, $14, $15, $13)",
        scene.rules.program as ProgramId,
        sale.id as SaleId,
        scene.customer.id as CustomerId,
        by.map(|(referral, _)| referral) as Option<ReferralId>,
        by.map(|(_, enrollment)| enrollment) as Option<EnrollmentId>,
        sale.event_id,
        sale.amount,
        sale.currency.code(),
        sale.product.as_deref().unwrap_or_default(),
        sale.invoice_id.as_deref().unwrap_or_default(),
        Json(&answer.why) as _,
        sale.occurred_at,
        moment.at,
        hash,
        serde_json::to_value(answer)?
    )
    .execute(conn)
    .await?;
    Ok(())
}
