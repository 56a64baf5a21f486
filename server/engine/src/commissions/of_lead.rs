//! What a lead earns its partner when the team qualifies or wins it: once for each reward, for ever.

use super::earn::{Cause, Earned, Made, Of, REVIEWED, figures, standing_words, write};
use super::suspicion::{Look, look_at_lead};
use crate::{Moment, Result, attribution, customers};
use chrono::{DateTime, Utc};
use domain::commissions::{Event, earn};
use domain::ids::{EnrollmentId, LeadId, OfferId, ProgramId};
use domain::offers::{Brought, Terms, Trigger};
use domain::why::Why;
use rust_decimal::Decimal;
use sqlx::PgConnection;
use sqlx::types::Json;
use std::collections::HashSet;

/// What became of a lead, whose row is locked, and its partner's before it.
pub(crate) struct Became<'a> {
    pub(crate) lead: LeadId,
    pub(crate) enrollment: EnrollmentId,
    pub(crate) email: &'a str,
    /// It was qualified, or won.
    pub(crate) trigger: Trigger,
    /// Zero where it isn't known.
    pub(crate) deal_value: Decimal,
    /// Since when it is at its stage: how the partner stood then counts.
    pub(crate) since: DateTime<Utc>,
}

/// Reckons what a lead earns now, writes it and posts it, and keeps the checks. The partner's terms are those of the first
/// time that they had a reward for this; what was earned before is not earned again.
pub(crate) async fn earn_of_lead(
    conn: &mut PgConnection,
    moment: &Moment,
    program: ProgramId,
    became: &Became<'_>,
) -> Result<()> {
    let Became { lead, enrollment, trigger, .. } = *became;
    let (rules, month) = customers::rules(conn, moment, program).await?;
    let (code, standing) = attribution::standing(conn, program, enrollment, became.since).await?;
    let before: HashSet<(OfferId, i32)> = sqlx::query!(
        r#"select offer_id as "offer: OfferId", reward from commissions
           where program_id = $1 and cause_id = $2 and trigger = $3"#,
        program as ProgramId,
        lead as LeadId,
        trigger as Trigger
    )
    .fetch_all(&mut *conn)
    .await?
    .into_iter()
    .map(|row| (row.offer, row.reward))
    .collect();
    let terms = terms(conn, program, became).await?;
    let became_what = if trigger == Trigger::LeadWon { "won" } else { "qualified" };
    let mut of_lead = Why::default();
    of_lead.pass("lead", format!("The lead of {code} was {became_what} on {}.", rules.day(became.since)));
    let mut why = of_lead.clone();
    if !standing.earns() {
        if before.is_empty() {
            why.fail("standing", standing_words(&code, standing));
            keep(conn, moment, program, became, &terms, &why).await?;
        }
        return Ok(());
    }
    let figures = figures(conn, program, enrollment, (&terms, trigger), Brought::default()).await?;
    let asked = Event {
        trigger,
        amount: became.deal_value,
        currency: rules.currency,
        product: None,
        occurred_at: moment.at,
        first_sale_at: None,
        figures,
    };
    let (reckoned, passed_over) = earn(&terms, &asked);
    let Look { suspicions, tells, .. } = look_at_lead(conn, &rules, enrollment, became.email).await?;
    let review = rules.review || !suspicions.is_empty();
    let mut commissions = Vec::new();
    for mut earned in reckoned {
        let of = &terms[earned.offer];
        let mut reasons = std::mem::take(&mut earned.why);
        if rules.review {
            reasons.fail("review", REVIEWED);
        }
        for (suspicion, words) in &suspicions {
            reasons.fail(suspicion.as_str(), words.as_str());
        }
        why.0.extend(reasons.0.iter().cloned());
        if before.contains(&(of.offer_id, i32::try_from(earned.reward).unwrap_or(i32::MAX))) {
            continue;
        }
        let mut own = of_lead.clone();
        own.0.extend(reasons.0);
        own.0.extend(passed_over.0.iter().cloned());
        let made = Made { trigger, partner_code: &code, lead: Some(lead), review };
        commissions.push(Earned::new(moment, &rules, of, earned, made, own));
    }
    if commissions.is_empty() && !before.is_empty() {
        return Ok(());
    }
    why.0.extend(passed_over.0);
    keep(conn, moment, program, became, &terms, &why).await?;
    if commissions.is_empty() {
        return Ok(());
    }
    let cause = Cause { of: Of::Lead(lead), enrollment, trigger, occurred_at: moment.at, tells };
    write(conn, moment, (program, rules.currency), month, &cause, &commissions).await
}

/// The partner's terms: as they were kept, where one of them pays for this, else as they stand.
async fn terms(conn: &mut PgConnection, program: ProgramId, became: &Became<'_>) -> Result<Vec<Terms>> {
    let kept = sqlx::query_scalar!(
        r#"select terms as "terms: Json<Vec<Terms>>" from lead_earnings
           where program_id = $1 and lead_id = $2 and trigger = $3"#,
        program as ProgramId,
        became.lead as LeadId,
        became.trigger as Trigger
    )
    .fetch_optional(&mut *conn)
    .await?;
    let pays = |terms: &&Json<Vec<Terms>>| {
        terms.iter().flat_map(|terms| &terms.rewards).any(|reward| reward.trigger == became.trigger)
    };
    match kept.as_ref().filter(pays) {
        Some(terms) => Ok(terms.0.clone()),
        None => attribution::terms(conn, program, became.enrollment).await,
    }
}

async fn keep(
    conn: &mut PgConnection,
    moment: &Moment,
    program: ProgramId,
    became: &Became<'_>,
    terms: &[Terms],
    why: &Why,
) -> Result<()> {
    sqlx::query!(
        "insert into lead_earnings (program_id, lead_id, trigger, terms, why, at) values ($1, $2, $3, $4, $5, $6)
         on conflict (program_id, lead_id, trigger)
         do update set terms = excluded.terms, why = excluded.why, at = excluded.at",
        program as ProgramId,
        became.lead as LeadId,
        became.trigger as Trigger,
        Json(terms) as _,
        Json(why) as _,
        moment.at
    )
    .execute(conn)
    .await?;
    Ok(())
}
