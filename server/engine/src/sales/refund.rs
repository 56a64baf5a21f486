use crate::commissions::{Owed, Reason, claw_back, lock_of_sale};
use crate::integrations::answers::{Answered, body_hash, once_more, replay};
use crate::secrets::Secrets;
use crate::{Error, Moment, Result};
use domain::commissions::{CommissionStatus, clawed_back_total};
use domain::ids::{CustomerId, ProgramId, RefundId, SaleId};
use domain::money::{Currency, Money};
use domain::sales::{RefundAnswer, TrackRefund, TrackedRefund, check_refund, check_time, left_to_refund};
use domain::text::FieldError;
use domain::why::Why;
use rust_decimal::Decimal;
use serde_json::Value;
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};

/// Records a refund once, and claws back its share of each of the sale's commissions.
///
/// # Errors
/// `NotFound("sale")` where no sale has that event id, worth a retry; `Invalid` by field; `Reused` where the event id
/// came with another body.
pub async fn track_refund(
    pool: &PgPool,
    secrets: &Secrets,
    moment: &Moment,
    program: ProgramId,
    input: &TrackRefund,
) -> Result<Answered<TrackedRefund>> {
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
    input: &TrackRefund,
    hash: &[u8],
) -> Result<Answered<TrackedRefund>> {
    let mut tx = pool.begin().await?;
    let sale = lock(&mut tx, program, &input.sale_event_id).await?;
    let known = look_up(&mut tx, program, sale.as_ref().map(|sale| sale.id), &input.event_id).await?;
    if let Some((first_hash, first)) = known.answered {
        return replay(hash, &first_hash, first);
    }
    let sale = sale.ok_or(Error::NotFound("sale"))?;
    let left = left_to_refund(sale.amount, known.refunded);
    let amount = sale.currency.round(input.amount.unwrap_or(left));
    let mut errors = Vec::from_iter(check_time(input.occurred_at, moment.at));
    if let Err(message) = check_refund(input.amount.unwrap_or(left), left, sale.currency) {
        errors.push(FieldError::new("amount", message));
    }
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    let occurred_at = input.occurred_at.unwrap_or(moment.at);
    let refunded = known.refunded + amount;
    let whole = refunded >= sale.amount;
    if whole {
        // Before the commissions, as events lock them.
        lock_customer(&mut tx, program, sale.customer).await?;
    }
    let commissions = lock_of_sale(&mut tx, program, sale.id).await?;
    let money = |amount| Money::new(amount, sale.currency);
    let mut why = Why::default();
    why.pass("refund", format!("{} of {} refunded so far.", money(refunded), money(sale.amount)));
    let taken: Vec<(Owed, Decimal)> = commissions
        .into_iter()
        .map(|owed| {
            let total = clawed_back_total(owed.amount, sale.amount, refunded, sale.currency);
            let takes = (total - owed.clawed_back).max(Decimal::ZERO);
            explain(&mut why, &owed, total, takes, refunded, sale.amount);
            (owed, takes)
        })
        .collect();
    if taken.is_empty() {
        why.pass("clawback", "The sale earned no commission: nothing to take back.");
    }
    let refund: RefundId = moment.id();
    let answer = TrackedRefund {
        refund: RefundAnswer {
            id: refund,
            event_id: input.event_id.clone(),
            sale_event_id: input.sale_event_id.clone(),
            amount,
            currency: sale.currency,
            occurred_at,
        },
        commissions: taken.iter().map(|(owed, takes)| owed.after(*takes)).collect(),
        why,
    };
    insert(&mut tx, moment, program, sale.id, input, hash, &answer).await?;
    claw_back(&mut tx, moment, program, &taken, &Reason::Refund { refund, occurred_at }).await?;
    if whole {
        note_whole(&mut tx, program, sale.customer).await?;
    }
    tx.commit().await?;
    Ok(Answered { answer, replayed: false })
}

fn explain(why: &mut Why, owed: &Owed, total: Decimal, takes: Decimal, refunded: Decimal, sale: Decimal) {
    let money = |amount| Money::new(amount, owed.currency);
    let from = match owed.status {
        CommissionStatus::Review | CommissionStatus::Held => "what is held",
        _ => "what is payable",
    };
    let share = format!("{} × {} ÷ {} = {}", money(owed.amount), money(refunded), money(sale), money(total));
    if takes.is_zero() {
        let before = money(owed.clawed_back);
        why.pass("clawback", format!("{}: {share}; {before} was taken back before, nothing more.", owed.partner_code));
    } else {
        why.pass("clawback", format!("{}: {share} in all; {} now, from {from}.", owed.partner_code, money(takes)));
    }
}

struct Sale {
    id: SaleId,
    customer: CustomerId,
    amount: Decimal,
    currency: Currency,
}

/// Locks the sale: its refunds are worked on one after the other.
async fn lock(conn: &mut PgConnection, program: ProgramId, event_id: &str) -> Result<Option<Sale>> {
    Ok(sqlx::query_as!(
        Sale,
        r#"select id as "id: SaleId", customer_id as "customer: CustomerId", amount, currency as "currency: Currency" from sales
           where program_id = $1 and event_id = $2 for no key update"#,
        program as ProgramId,
        event_id
    )
    .fetch_optional(conn)
    .await?)
}

/// Locks a customer: a sale that is recorded meanwhile is waited for, and seen.
async fn lock_customer(conn: &mut PgConnection, program: ProgramId, customer: CustomerId) -> Result<()> {
    sqlx::query!(
        "select from customers where program_id = $1 and id = $2 for no key update",
        program as ProgramId,
        customer as CustomerId
    )
    .fetch_one(conn)
    .await?;
    Ok(())
}

/// Notes whether all sales of a customer, who is locked, are refunded in full.
async fn note_whole(conn: &mut PgConnection, program: ProgramId, customer: CustomerId) -> Result<()> {
    sqlx::query!(
        "update customers set refunded = true
         where program_id = $1 and id = $2
           and not exists (select from sales s
                           where s.program_id = $1 and s.customer_id = $2
                             and s.amount > (select coalesce(sum(r.amount), 0) from refunds r
                                             where r.program_id = $1 and r.sale_id = s.id))",
        program as ProgramId,
        customer as CustomerId
    )
    .execute(conn)
    .await?;
    Ok(())
}

struct Known {
    answered: Option<(Vec<u8>, Value)>,
    /// Of the sale, so far.
    refunded: Decimal,
}

/// By its own statement: whoever held the sale's lock before has committed.
async fn look_up(conn: &mut PgConnection, program: ProgramId, sale: Option<SaleId>, event_id: &str) -> Result<Known> {
    let row = sqlx::query!(
        r#"select a.body_hash as "body_hash?", a.answer,
                  (select coalesce(sum(amount), 0) from refunds where program_id = $1 and sale_id = $2) as "refunded!"
           from (select) as one
           left join api_answers a on a.program_id = $1 and a.call = 'refund' and a.event_id = $3"#,
        program as ProgramId,
        sale as Option<SaleId>,
        event_id
    )
    .fetch_one(conn)
    .await?;
    Ok(Known { answered: row.body_hash.zip(row.answer), refunded: row.refunded })
}

async fn insert(
    conn: &mut PgConnection,
    moment: &Moment,
    program: ProgramId,
    sale: SaleId,
    input: &TrackRefund,
    hash: &[u8],
    answer: &TrackedRefund,
) -> Result<()> {
    sqlx::query!(
        "with refund as (
            insert into refunds (program_id, id, sale_id, event_id, amount, reason, why, occurred_at, created_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        )
        insert into api_answers (program_id, call, event_id, body_hash, answer, created_at)
        values ($1, 'refund', $4, $10, $11, $9)",
        program as ProgramId,
        answer.refund.id as RefundId,
        sale as SaleId,
        input.event_id,
        answer.refund.amount,
        input.reason.as_deref().unwrap_or_default(),
        Json(&answer.why) as _,
        answer.refund.occurred_at,
        moment.at,
        hash,
        serde_json::to_value(answer)?
    )
    .execute(conn)
    .await?;
    Ok(())
}
