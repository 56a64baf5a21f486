//! What leads earn their partners.

use crate::commissions::{Became, earn_of_lead};
use crate::{Error, Moment, Result};
use domain::ids::{EnrollmentId, LeadId, ProgramId};
use domain::leads::{Stage, Unearned};
use domain::offers::Trigger;
use domain::why::Why;
use rust_decimal::Decimal;
use sqlx::PgConnection;
use sqlx::types::Json;

/// Holds a lead's partner as it stands, before the lead is locked: whoever changes a lead and its partner locks in this
/// order.
///
/// # Errors
/// `NotFound` without such a lead.
pub(super) async fn hold_partner(conn: &mut PgConnection, program: ProgramId, id: LeadId) -> Result<()> {
    let partner = super::partner_of(conn, program, id).await?;
    sqlx::query!(
        "select from enrollments where program_id = $1 and id = $2 for share",
        program as ProgramId,
        partner as EnrollmentId
    )
    .fetch_one(conn)
    .await?;
    Ok(())
}

/// What a lead earns that has come from a stage of one kind to one of another. A lead that is won has been qualified by
/// that, where nobody had said so before. It keeps what it has earned wherever it goes from there.
pub(super) async fn moved(
    conn: &mut PgConnection,
    moment: &Moment,
    program: ProgramId,
    id: LeadId,
    (from, to): (Stage, Stage),
) -> Result<()> {
    if from == to {
        return Ok(());
    }
    match to {
        Stage::Qualified => earned(conn, moment, program, id, &[Trigger::LeadQualified]).await,
        Stage::ClosedWon => {
            let qualified = sqlx::query_scalar!(
                r#"select exists (select from lead_earnings
                                  where program_id = $1 and lead_id = $2 and trigger = 'lead_qualified') as "reckoned!""#,
                program as ProgramId,
                id as LeadId
            )
            .fetch_one(&mut *conn)
            .await?;
            let both = [Trigger::LeadQualified, Trigger::LeadWon];
            earned(conn, moment, program, id, if qualified { &both[1..] } else { &both }).await
        }
        Stage::New | Stage::Unqualified | Stage::ClosedLost => Ok(()),
    }
}

/// What a won lead earns once its deal's value is set.
pub(super) async fn valued(conn: &mut PgConnection, moment: &Moment, program: ProgramId, id: LeadId) -> Result<()> {
    earned(conn, moment, program, id, &[Trigger::LeadWon]).await
}

async fn earned(
    conn: &mut PgConnection,
    moment: &Moment,
    program: ProgramId,
    id: LeadId,
    triggers: &[Trigger],
) -> Result<()> {
    let lead = sqlx::query!(
        r#"select enrollment_id as "enrollment: EnrollmentId", email, deal_value, stage_at
           from leads where program_id = $1 and id = $2"#,
        program as ProgramId,
        id as LeadId
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound("lead"))?;
    for trigger in triggers {
        let became = Became {
            lead: id,
            enrollment: lead.enrollment,
            email: &lead.email,
            trigger: *trigger,
            deal_value: lead.deal_value.filter(|_| *trigger == Trigger::LeadWon).unwrap_or(Decimal::ZERO),
            since: lead.stage_at,
        };
        earn_of_lead(conn, moment, program, &became).await?;
    }
    Ok(())
}

/// What was reckoned of a lead and came to nothing, with its checks.
pub(super) async fn unearned(conn: &mut PgConnection, program: ProgramId, id: LeadId) -> Result<Vec<Unearned>> {
    let rows = sqlx::query!(
        r#"select trigger as "trigger: Trigger", why as "why: Json<Why>" from lead_earnings e
           where program_id = $1 and lead_id = $2
             and not exists (select from commissions c
                             where c.program_id = $1 and c.lead_id = $2 and c.trigger = e.trigger)
           order by trigger"#,
        program as ProgramId,
        id as LeadId
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| Unearned { trigger: row.trigger, why: row.why.0 }).collect())
}
