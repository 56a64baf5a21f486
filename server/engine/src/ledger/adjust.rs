use super::{Move, Posting, hold_month_open, post};
use crate::messages::{self, Mail};
use crate::partners::profile::notifications_of;
use crate::programs::audit;
use crate::reports::Setting;
use crate::{Error, Moment, Result};
use domain::accounts::{Actor, Power};
use domain::ids::{EnrollmentId, JournalId, ProgramId};
use domain::ledger::{Adjustment, AdjustmentKind, JournalKind, LedgerAccount};
use serde_json::json;
use sqlx::PgPool;

/// Posts a bonus or correction to a partner's balance, due at once, with its reason beside the ledger; the partner is told,
/// where it wants to be told of commissions. The same form sent again posts nothing more.
///
/// # Errors
/// `Forbidden` without the power to adjust; `Invalid` on `amount` and `reason`; `NotFound` where the partner is not in the
/// program; `Reused` where the form was sent before with another partner or amount.
pub async fn adjust(pool: &PgPool, moment: &Moment, actor: &Actor, input: &Adjustment) -> Result<JournalId> {
    if !actor.may(Power::Adjust) {
        return Err(Error::Forbidden);
    }
    let mut conn = pool.begin().await?;
    let setting = Setting::of(&mut conn, actor).await?;
    let errors = input.check(setting.currency);
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    let program = setting.program;
    let key = format!("adjustment:{}", input.key);
    // Whoever sends the same form waits here, and then finds what the first has posted.
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('adjust ' || $1, 0))", format!("{program} {key}"))
        .execute(&mut *conn)
        .await?;
    let found = sqlx::query!(
        r#"select code, coalesce(nullif(name, ''), company) as "name!" from enrollments
           where program_id = $1 and id = $2 for share"#,
        program as ProgramId,
        input.partner as EnrollmentId
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound("partner"))?;
    let posted = sqlx::query!(
        r#"select j.id as "id: JournalId", e.enrollment_id as "partner!: EnrollmentId", e.amount
           from journals j
           join entries e on e.program_id = j.program_id and e.journal_id = j.id and e.account = 'payable'
           where j.program_id = $1 and j.idempotency_key = $2"#,
        program as ProgramId,
        key
    )
    .fetch_optional(&mut *conn)
    .await?;
    let amount = input.kind.signed(input.amount);
    if let Some(posted) = posted {
        let same = posted.partner == input.partner && posted.amount == amount;
        return if same { Ok(posted.id) } else { Err(Error::Reused) };
    }
    let (from, to) = match input.kind {
        AdjustmentKind::Deduction => (LedgerAccount::Payable, LedgerAccount::CommissionExpense),
        _ => (LedgerAccount::CommissionExpense, LedgerAccount::Payable),
    };
    let month = hold_month_open(&mut conn, program, moment.at).await?;
    let posting = Posting {
        kind: JournalKind::Adjustment,
        idempotency_key: key,
        reason_code: input.kind.as_str(),
        commission: None,
        payment: None,
        refund: None,
        by: actor.account(),
        occurred_at: moment.at,
        moves: vec![Move { from, to, enrollment: input.partner, amount: input.amount }],
    };
    let journals = post(&mut conn, moment, program, setting.currency, month, &[posting]).await?;
    let journal = *journals.first().ok_or_else(|| Error::internal("an adjustment that posted nothing"))?;
    let reason = input.reason.trim();
    sqlx::query!(
        "insert into journal_notes (program_id, journal_id, note) values ($1, $2, $3)",
        program as ProgramId,
        journal as JournalId,
        reason
    )
    .execute(&mut *conn)
    .await?;
    let details = json!({ "amount": setting.money(amount).to_string(), "reason": reason });
    let page = format!("partners/{}", found.code);
    audit::record(&mut conn, moment, actor, "partner.adjust", &found.name, &page, details).await?;
    if notifications_of(&mut conn, program, input.partner).await?.on_commission {
        messages::enqueue(&mut conn, &Mail::BalanceAdjusted { program, journal }).await?;
    }
    conn.commit().await?;
    Ok(journal)
}
