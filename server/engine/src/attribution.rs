//! Attribution: what points to a partner, and the referral that it makes, with the terms as they stand.

use crate::{Error, Moment, Result};
use chrono::{DateTime, Utc};
use domain::attribution::{Candidate, Found, Pointers, Source, Step, TrackedReferral, decide, judge_late_email};
use domain::ids::{ClickId, CustomerId, EnrollmentId, LeadId, LinkId, OfferId, ProgramId, PromoCodeId, ReferralId};
use domain::leads::Stage;
use domain::offers::{Override, Reward, Terms};
use domain::partners::EnrollmentStatus;
use domain::text::{code_key, email_key};
use domain::why::Why;
use sqlx::PgConnection;
use sqlx::types::Json;
use std::collections::HashMap;
use uuid::Uuid;

use crate::customers::{Customer, Rules};
use crate::leads;

/// A customer's standing referral, with the partner's standing.
#[derive(Clone, Debug)]
pub(crate) struct Referral {
    pub(crate) id: ReferralId,
    pub(crate) enrollment: EnrollmentId,
    pub(crate) partner_code: String,
    pub(crate) source: Source,
    pub(crate) attributed_at: DateTime<Utc>,
    pub(crate) terms: Vec<Terms>,
    /// Whether its commissions wait for a person.
    pub(crate) review: bool,
    pub(crate) standing: Standing,
}

/// A partner's standing, its row share-locked until the transaction ends: who bans it waits, or is seen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing {
    /// Now.
    pub(crate) now: EnrollmentStatus,
    /// When the event happened; `None` before the partner was there.
    pub(crate) then: Option<EnrollmentStatus>,
}

impl Standing {
    /// Whether an event that happened then earns: not in a pause, and nothing for whoever is banned by now.
    pub(crate) fn earns(self) -> bool {
        self.then == Some(EnrollmentStatus::Active) && self.now != EnrollmentStatus::Banned
    }
}

impl Referral {
    /// As answers tell it.
    pub(crate) fn tracked(&self) -> TrackedReferral {
        TrackedReferral {
            id: self.id,
            partner_code: self.partner_code.clone(),
            source: self.source,
            attributed_at: self.attributed_at,
        }
    }

    /// In short, for the commissions that it earns.
    pub(crate) fn explain(&self, rules: &Rules) -> String {
        let by = match self.source {
            Source::Manual => "by hand",
            Source::PromoCode => "by promo code",
            Source::PartnerCode => "by partner code",
            Source::Lead => "by a lead",
            Source::Click | Source::Cookie => "by a click",
        };
        format!("The customer was attributed to {} {by} on {}.", self.partner_code, rules.day(self.attributed_at))
    }
}

/// A partner that something points to.
struct Pointed {
    source: Source,
    label: String,
    disabled: bool,
    enrollment: EnrollmentId,
    partner_code: String,
    standing: Standing,
    emails: Vec<String>,
    click: Option<ClickId>,
    link: Option<LinkId>,
    promo_code: Option<PromoCodeId>,
    lead: Option<(LeadId, Stage)>,
    /// When the click was made, or the lead added.
    made_at: Option<DateTime<Utc>>,
}

/// Decides for whom a customer counts by what was sent with an event and by leads, and makes the referral. The
/// customer's row is locked, and has no standing referral.
pub(crate) async fn attribute(
    conn: &mut PgConnection,
    moment: &Moment,
    rules: &Rules,
    customer: &Customer,
    email: Option<&str>,
    sent: Pointers<'_>,
    occurred_at: DateTime<Utc>,
) -> Result<(Option<Referral>, Why)> {
    // Who has signed up already is nobody's lead any more, but where the team says so.
    let by_lead = email.map(|email| Leads { key: email_key(email), reviewed_alone: customer.signed_up_at.is_some() });
    let (mut pointed, candidates) = candidates(conn, rules, sent, by_lead.as_ref(), occurred_at).await?;
    let decision = decide(&candidates, email, rules.windows, rules.self_referral, occurred_at);
    let Some(winner) = decision.winner.and_then(|place| pointed.get_mut(place)?.take()) else {
        return Ok((None, decision.why));
    };
    let referral = Referral {
        id: moment.id(),
        enrollment: winner.enrollment,
        partner_code: winner.partner_code.clone(),
        source: winner.source,
        attributed_at: occurred_at,
        terms: terms(conn, rules.program, winner.enrollment).await?,
        review: decision.review,
        standing: winner.standing,
    };
    insert(conn, moment, rules.program, customer.id, &referral, Some(&winner), &decision.why).await?;
    if let (Some(_), Some(email)) = (winner.lead, email) {
        leads::meet(conn, rules.program, customer.id, email).await?;
    }
    Ok((Some(referral), decision.why))
}

/// Makes the referral of a customer whom a lead was won with: it is the lead's partner's, whatever window there is. The
/// customer's row is locked and has no standing referral.
pub(crate) async fn attribute_to_won_lead(
    conn: &mut PgConnection,
    moment: &Moment,
    rules: &Rules,
    customer: &Customer,
    email: Option<&str>,
    lead: LeadId,
) -> Result<Option<Referral>> {
    let row = sqlx::query!(
        r#"select e.id as "enrollment: EnrollmentId", e.code, e.status as "now: EnrollmentStatus",
                  array(select e.email where e.email <> ''
                        union
                        select a.email from enrollment_accounts ea join accounts a on a.id = ea.account_id
                        where ea.program_id = $1 and ea.enrollment_id = e.id) as "emails!"
           from leads l join enrollments e on e.program_id = l.program_id and e.id = l.enrollment_id
           where l.program_id = $1 and l.id = $2 for share of e"#,
        rules.program as ProgramId,
        lead as LeadId
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound("lead"))?;
    let then = standings(conn, rules.program, vec![row.enrollment.0], moment.at).await?;
    let standing = Standing { now: row.now, then: then.get(&row.enrollment).copied() };
    let candidate = Candidate {
        step: Step::QualifiedLead,
        label: "won lead".into(),
        found: Found::Partner {
            partner_code: row.code.clone(),
            active: standing.earns(),
            emails: row.emails,
            made_at: None,
        },
    };
    let decision = decide(&[candidate], email, rules.windows, rules.self_referral, moment.at);
    if decision.winner.is_none() {
        return Ok(None);
    }
    let referral = Referral {
        id: moment.id(),
        enrollment: row.enrollment,
        partner_code: row.code,
        source: Source::Lead,
        attributed_at: moment.at,
        terms: terms(conn, rules.program, row.enrollment).await?,
        review: decision.review,
        standing,
    };
    insert(conn, moment, rules.program, customer.id, &referral, None, &decision.why).await?;
    Ok(Some(referral))
}

/// Makes the referral of a customer that an admin assigns by hand. The standing one has ended.
pub(crate) async fn assign(
    conn: &mut PgConnection,
    moment: &Moment,
    rules: &Rules,
    customer: CustomerId,
    partner_code: &str,
) -> Result<Referral> {
    let sent = Pointers { partner_code: Some(partner_code), ..Pointers::default() };
    let pointed = point(conn, rules, sent, None, moment.at).await?.pop();
    let winner = pointed.ok_or_else(|| Error::field("partner_code", "There is no partner with this code."))?;
    let found = winner.found();
    let candidate = Candidate { step: Step::Manual, label: "hand".into(), found };
    let decision = decide(&[candidate], None, rules.windows, rules.self_referral, moment.at);
    if decision.winner.is_none() || winner.standing.now != EnrollmentStatus::Active {
        return Err(Error::Conflict(format!("Partner {} is not active.", winner.partner_code)));
    }
    let referral = Referral {
        id: moment.id(),
        enrollment: winner.enrollment,
        partner_code: winner.partner_code,
        source: Source::Manual,
        attributed_at: moment.at,
        terms: terms(conn, rules.program, winner.enrollment).await?,
        review: false,
        standing: winner.standing,
    };
    insert(conn, moment, rules.program, customer, &referral, None, &decision.why).await?;
    Ok(referral)
}

/// Looks at a standing referral again when its customer's e-mail is told for the first time. Where that is the partner's
/// own, the referral's commissions wait for a person: those to come, and those that are still held.
pub(crate) async fn hear_email(
    conn: &mut PgConnection,
    rules: &Rules,
    referral: &mut Referral,
    email: &str,
) -> Result<Why> {
    let emails = sqlx::query_scalar!(
        r#"select email as "email!" from enrollments where program_id = $1 and id = $2 and email <> ''
           union
           select a.email from enrollment_accounts ea join accounts a on a.id = ea.account_id
           where ea.program_id = $1 and ea.enrollment_id = $2"#,
        rules.program as ProgramId,
        referral.enrollment as EnrollmentId
    )
    .fetch_all(&mut *conn)
    .await?;
    let (review, why) = judge_late_email(referral.source, &referral.partner_code, &emails, email, rules.self_referral);
    sqlx::query!(
        "update referrals set review = review or $3, why = why || $4 where program_id = $1 and id = $2",
        rules.program as ProgramId,
        referral.id as ReferralId,
        review,
        Json(&why) as _
    )
    .execute(&mut *conn)
    .await?;
    if review {
        referral.review = true;
        sqlx::query!(
            "with locked as (
                 select id from commissions where program_id = $1 and referral_id = $2 and status = 'held'
                 order by id for no key update
             )
             update commissions c set status = 'review', why = c.why || $3
             from locked where c.program_id = $1 and c.id = locked.id",
            rules.program as ProgramId,
            referral.id as ReferralId,
            Json(&why) as _
        )
        .execute(conn)
        .await?;
    }
    Ok(why)
}

/// Which leads may attribute a customer.
struct Leads {
    /// Those with this e-mail.
    key: String,
    /// Only those that the team has reviewed.
    reviewed_alone: bool,
}

/// What was sent, each with what it points to, in the same order, and the leads, the earliest first.
async fn candidates(
    conn: &mut PgConnection,
    rules: &Rules,
    sent: Pointers<'_>,
    by_lead: Option<&Leads>,
    occurred_at: DateTime<Utc>,
) -> Result<(Vec<Option<Pointed>>, Vec<Candidate>)> {
    if sent.is_empty() && by_lead.is_none() {
        return Ok((Vec::new(), Vec::new()));
    }
    let mut found = point(conn, rules, sent, by_lead, occurred_at).await?;
    let steps = [
        (Step::PromoCode, "promo code", sent.promo_code),
        (Step::PartnerCode, "partner code", sent.partner_code),
        (Step::Click, "click", sent.click_id),
    ];
    let mut pointed = Vec::new();
    let mut candidates = Vec::new();
    for (step, name, text) in steps {
        let Some(text) = text else { continue };
        let place = found.iter().position(|pointed| pointed.source == step.source());
        let hit = place.map(|place| found.swap_remove(place));
        candidates.push(Candidate {
            step,
            label: hit.as_ref().map_or_else(|| format!("{name} “{text}”"), |hit| hit.label.clone()),
            found: hit.as_ref().map_or(Found::Unknown, Pointed::found),
        });
        pointed.push(hit);
    }
    found.sort_by_key(|lead| (lead.made_at, lead.lead.map(|(id, _)| id)));
    for hit in found {
        let Some((_, stage)) = hit.lead else { continue };
        candidates.push(match stage.step() {
            Some(step) => Candidate { step, label: hit.label.clone(), found: hit.found() },
            None => Candidate {
                step: Step::QualifiedLead,
                label: hit.label.clone(),
                found: Found::TurnedDown(hit.partner_code.clone()),
            },
        });
        pointed.push(Some(hit));
    }
    Ok((pointed, candidates))
}

impl Pointed {
    fn found(&self) -> Found {
        if self.disabled {
            return Found::Disabled;
        }
        Found::Partner {
            partner_code: self.partner_code.clone(),
            active: self.standing.earns(),
            emails: self.emails.clone(),
            made_at: self.made_at,
        }
    }
}

/// Looks up in one go what the codes, the click id and the e-mail point to; their partners are locked in the order of
/// their ids. A click is found by the time in its id; of very many leads the latest within the window and few before.
async fn point(
    conn: &mut PgConnection,
    rules: &Rules,
    sent: Pointers<'_>,
    by_lead: Option<&Leads>,
    occurred_at: DateTime<Utc>,
) -> Result<Vec<Pointed>> {
    let click = sent.click_id.and_then(|id| id.parse::<ClickId>().ok());
    let rows = sqlx::query!(
        r#"with pointed as (
            select 'promo_code'::referral_source as source, enrollment_id, 'promo code ' || code as label,
                   coalesce(disabled_at <= $2, false) as disabled, id as promo_code_id, null::uuid as link_id,
                   null::uuid as lead_id, null::lead_stage as stage, null::timestamptz as made_at
            from promo_codes where program_id = $1 and code_key = $3
            union all
            select 'partner_code', enrollment_id, 'partner code ' || code_key, false, null, null, null, null, null
            from enrollment_codes where program_id = $1 and code_key = $4
            union all
            select 'click', l.enrollment_id, 'click on /r/' || $7 || '/' || l.code,
                   coalesce(l.disabled_at <= $2, false), null, l.id, null, null, c.clicked_at
            from clicks c join links l on l.program_id = c.program_id and l.id = c.link_id
            where c.program_id = $1 and c.clicked_at = $5 and c.id = $6
            union all
            (select 'lead', enrollment_id,
                    case stage when 'new' then 'unreviewed lead' when 'qualified' then 'qualified lead'
                               when 'closed_won' then 'won lead' else 'lead' end,
                    false, null, null, id, stage, created_at
             from leads
             where program_id = $1 and email_key = $8 and email_key <> '' and withdrawn_at is null
               and not (stage = 'new' and $9)
             order by stage in ('qualified', 'closed_won') desc, created_at < $10, created_at, id limit 20)
        )
        select p.source as "source!: Source", p.enrollment_id as "enrollment_id!: EnrollmentId", p.label as "label!",
               p.disabled as "disabled!", p.promo_code_id as "promo_code_id: PromoCodeId",
               p.link_id as "link_id: LinkId", p.lead_id as "lead_id: LeadId", p.stage as "stage: Stage", p.made_at,
               e.code as partner_code, e.status as "now: EnrollmentStatus",
               array(select e.email where e.email <> ''
                     union
                     select a.email from enrollment_accounts ea join accounts a on a.id = ea.account_id
                     where ea.program_id = $1 and ea.enrollment_id = e.id) as "emails!"
        from pointed p join enrollments e on e.program_id = $1 and e.id = p.enrollment_id
        order by e.id for share of e"#,
        rules.program as ProgramId,
        occurred_at,
        sent.promo_code.map(code_key),
        sent.partner_code.map(code_key),
        click.and_then(ClickId::clicked_at),
        click as Option<ClickId>,
        rules.slug,
        by_lead.map(|leads| leads.key.as_str()),
        by_lead.is_some_and(|leads| leads.reviewed_alone),
        occurred_at - chrono::Duration::days(rules.windows.lead_days.into())
    )
    .fetch_all(&mut *conn)
    .await?;
    let then =
        standings(conn, rules.program, rows.iter().map(|row| row.enrollment_id.0).collect(), occurred_at).await?;
    let pointed = rows.into_iter().map(|row| {
        let click = click.filter(|_| row.source == Source::Click);
        Pointed {
            source: row.source,
            label: row.label,
            disabled: row.disabled,
            enrollment: row.enrollment_id,
            partner_code: row.partner_code,
            standing: Standing { now: row.now, then: then.get(&row.enrollment_id).copied() },
            emails: row.emails,
            click,
            link: row.link_id,
            promo_code: row.promo_code_id,
            lead: row.lead_id.zip(row.stage),
            made_at: row.made_at,
        }
    });
    Ok(pointed.collect())
}

/// A partner's code and standing; its row is share-locked.
pub(crate) async fn standing(
    conn: &mut PgConnection,
    program: ProgramId,
    partner: EnrollmentId,
    at: DateTime<Utc>,
) -> Result<(String, Standing)> {
    let row = sqlx::query!(
        r#"select code, status as "now: EnrollmentStatus" from enrollments
           where program_id = $1 and id = $2 for share"#,
        program as ProgramId,
        partner as EnrollmentId
    )
    .fetch_one(&mut *conn)
    .await?;
    let then = standings(conn, program, vec![partner.0], at).await?;
    Ok((row.code, Standing { now: row.now, then: then.get(&partner).copied() }))
}

/// How partners, whose rows are locked, stood at an instant. By its own statement: whoever held the locks before has
/// committed.
async fn standings(
    conn: &mut PgConnection,
    program: ProgramId,
    partners: Vec<Uuid>,
    at: DateTime<Utc>,
) -> Result<HashMap<EnrollmentId, EnrollmentStatus>> {
    if partners.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sqlx::query!(
        r#"select distinct on (enrollment_id)
                  enrollment_id as "partner: EnrollmentId", status as "status: EnrollmentStatus"
           from enrollment_statuses where program_id = $1 and enrollment_id = any($2) and at <= $3
           order by enrollment_id, at desc"#,
        program as ProgramId,
        &partners,
        at
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.partner, row.status)).collect())
}

/// The terms of a partner as they stand: its group's offers and its own in order, archived ones too, the rates of the
/// group and of its own in their places.
pub(crate) async fn terms(conn: &mut PgConnection, program: ProgramId, enrollment: EnrollmentId) -> Result<Vec<Terms>> {
    let rows = sqlx::query!(
        r#"select o.id as "id: OfferId", o.version, o.name, v.rewards as "rewards: Json<Vec<Reward>>",
                  po.group_name as "group!", po.group_overrides as "group_overrides!: Json<Vec<Override>>",
                  po.overrides as "overrides!: Json<Vec<Override>>"
           from partner_offers po
           join offers o on o.program_id = po.program_id and o.id = po.offer_id
           join offer_versions v on v.program_id = o.program_id and v.offer_id = o.id and v.version = o.version
           where po.program_id = $1 and po.enrollment_id = $2
           order by po.by_group desc, po.position"#,
        program as ProgramId,
        enrollment as EnrollmentId
    )
    .fetch_all(conn)
    .await?;
    let terms = rows.into_iter().map(|row| {
        let offer = (row.id, row.version, row.name);
        Terms::new(offer, &row.rewards, (row.group, &row.group_overrides), &row.overrides)
    });
    Ok(terms.collect())
}

async fn insert(
    conn: &mut PgConnection,
    moment: &Moment,
    program: ProgramId,
    customer: CustomerId,
    referral: &Referral,
    by: Option<&Pointed>,
    why: &Why,
) -> Result<()> {
    sqlx::query!(
        "insert into referrals (program_id, id, customer_id, enrollment_id, source, click_id, clicked_at, link_id,
                                promo_code_id, terms, review, why, attributed_at, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        program as ProgramId,
        referral.id as ReferralId,
        customer as CustomerId,
        referral.enrollment as EnrollmentId,
        referral.source as Source,
        by.and_then(|by| by.click) as Option<ClickId>,
        by.filter(|by| by.click.is_some()).and_then(|by| by.made_at),
        by.and_then(|by| by.link) as Option<LinkId>,
        by.and_then(|by| by.promo_code) as Option<PromoCodeId>,
        Json(&referral.terms) as _,
        referral.review,
        Json(why) as _,
        referral.attributed_at,
        moment.at
    )
    .execute(conn)
    .await?;
    Ok(())
}
