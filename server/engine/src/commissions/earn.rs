use super::suspicion::{self, Look};
use crate::attribution::{Referral, Standing};
use crate::customers::{Rules, Scene};
use crate::ledger::{Move, OpenMonth, Posting, hold_month_open, post};
use crate::messages::{self, Mail};
use crate::{Moment, Result, attribution};
use chrono::{DateTime, Utc};
use domain::attribution::Pointers;
use domain::commissions::{CommissionStatus, Event, TrackedCommission, earn};
use domain::ids::{CustomerId, EnrollmentId, LeadId, OfferId, ProgramId, ReferralId, SaleId};
use domain::ledger::{JournalKind, LedgerAccount};
use domain::money::Currency;
use domain::offers::{Brought, Terms, TierMeasure, Trigger};
use domain::partners::EnrollmentStatus;
use domain::why::Why;
use rust_decimal::Decimal;
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

/// A sign-up or a sale that may earn.
#[derive(Debug)]
pub(crate) struct Happening<'a> {
    pub(crate) trigger: Trigger,
    /// The sale; `None` for a sign-up.
    pub(crate) sale: Option<SaleId>,
    /// Of the sale; zero for a sign-up.
    pub(crate) amount: Decimal,
    pub(crate) product: Option<&'a str>,
    /// The customer's, as far as it is known now.
    pub(crate) email: Option<&'a str>,
    pub(crate) sent: Pointers<'a>,
    /// Keyed hash of the address from which the customer signed up, where it was told.
    pub(crate) ip_hash: Option<&'a [u8]>,
    pub(crate) occurred_at: DateTime<Utc>,
}

/// What was decided about an event.
#[derive(Debug)]
pub(crate) struct Decided {
    pub(crate) referral: Option<Referral>,
    pub(crate) commissions: Vec<Earned>,
    /// Whether the partner wants a mail at each commission.
    tells: bool,
    pub(crate) why: Why,
}

impl Decided {
    /// The commissions as the answer tells them.
    pub(crate) fn tracked(&self) -> Vec<TrackedCommission> {
        self.commissions.iter().map(|earned| earned.tracked.clone()).collect()
    }
}

/// A commission to be written.
#[derive(Debug)]
pub(crate) struct Earned {
    tracked: TrackedCommission,
    offer: OfferId,
    version: i32,
    reward: i32,
    available_at: DateTime<Utc>,
    why: Why,
}

/// What a commission is made of besides what was reckoned.
pub(super) struct Made<'a> {
    pub trigger: Trigger,
    pub partner_code: &'a str,
    pub lead: Option<LeadId>,
    /// Whether it waits for a person.
    pub review: bool,
}

/// Why all commissions of a program wait for a person.
pub(super) const REVIEWED: &str = "Every commission is reviewed: a person of the program looks at each first.";

impl Earned {
    /// A commission by what was reckoned, under the terms that it was reckoned by.
    pub(super) fn new(
        moment: &Moment,
        rules: &Rules,
        terms: &Terms,
        earned: domain::commissions::Earned,
        made: Made<'_>,
        why: Why,
    ) -> Self {
        let Made { trigger, partner_code, lead, review } = made;
        let status = if review {
            CommissionStatus::Review
        } else if earned.available_at > moment.at {
            CommissionStatus::Held
        } else {
            CommissionStatus::Due
        };
        let round = |amount| rules.currency.round(amount);
        Self {
            tracked: TrackedCommission {
                id: moment.id(),
                partner_code: partner_code.to_owned(),
                trigger,
                base: earned.base.map(round),
                rate: earned.rate.map(|rate| rate.normalize()),
                amount: earned.amount,
                currency: rules.currency,
                status,
                available_at: (!review).then_some(earned.available_at),
                clawed_back: round(Decimal::ZERO),
                lead_id: lead,
            },
            offer: terms.offer_id,
            version: terms.version,
            reward: i32::try_from(earned.reward).unwrap_or(i32::MAX),
            available_at: earned.available_at,
            why,
        }
    }
}

/// Decides what an event earns: attributes the customer where it has no referral, then asks its terms.
pub(crate) async fn decide(
    conn: &mut PgConnection,
    moment: &Moment,
    scene: &Scene,
    standing: Option<Referral>,
    event: &Happening<'_>,
) -> Result<Decided> {
    let Scene { rules, customer, .. } = scene;
    let mut why = Why::default();
    let referral = if let Some(mut referral) = standing {
        let unheard = if event.sent.is_empty() { "" } else { " What was sent with the event doesn't change that." };
        why.pass("referral", referral.explain(rules) + unheard);
        if let Some(email) = event.email.filter(|_| customer.email.is_empty()) {
            why.0.extend(attribution::hear_email(conn, rules, &mut referral, email).await?.0);
        }
        referral
    } else {
        let occurred_at = event.occurred_at;
        let (referral, decided) =
            attribution::attribute(conn, moment, rules, customer, event.email, event.sent, occurred_at).await?;
        why.0.extend(decided.0);
        let Some(referral) = referral else {
            return Ok(Decided { referral: None, commissions: Vec::new(), tells: false, why });
        };
        referral
    };
    let Look { suspicions, judged, tells } =
        suspicion::look(conn, rules, &referral, event.email, event.ip_hash).await?;
    if !referral.standing.earns() {
        why.fail("standing", standing_words(&referral.partner_code, referral.standing));
        return Ok(Decided { referral: Some(referral), commissions: Vec::new(), tells, why });
    }
    let first = event.trigger == Trigger::Sale && customer.first_sale_at.is_none();
    let with = Brought { customers: i64::from(first), revenue: event.amount };
    let figures = figures(conn, rules.program, referral.enrollment, (&referral.terms, event.trigger), with).await?;
    let asked = Event {
        trigger: event.trigger,
        amount: event.amount,
        currency: rules.currency,
        product: event.product,
        occurred_at: event.occurred_at,
        first_sale_at: customer.first_sale_at,
        figures,
    };
    let (earned, passed_over) = earn(&referral.terms, &asked);
    let mut commissions = Vec::with_capacity(earned.len());
    for mut earned in earned {
        let mut own = Why::default();
        own.pass("referral", referral.explain(rules));
        let mut reasons = std::mem::take(&mut earned.why);
        if rules.review {
            reasons.fail("review", REVIEWED);
        }
        if referral.review {
            reasons.fail(
                "self_referral",
                "Partner's own e-mail: the customer's is the same, or like it. A person reviews it first.",
            );
        }
        for (suspicion, words) in &judged {
            reasons.pass(suspicion.as_str(), words.as_str());
        }
        for (suspicion, words) in &suspicions {
            reasons.fail(suspicion.as_str(), words.as_str());
        }
        let review = rules.review || referral.review || !suspicions.is_empty();
        why.0.extend(reasons.0.iter().cloned());
        own.0.extend(reasons.0);
        own.0.extend(passed_over.0.iter().cloned());
        let terms = &referral.terms[earned.offer];
        let made = Made { trigger: event.trigger, partner_code: &referral.partner_code, lead: None, review };
        commissions.push(Earned::new(moment, rules, terms, earned, made, own));
    }
    why.0.extend(passed_over.0);
    Ok(Decided { referral: Some(referral), commissions, tells, why })
}

/// What a partner has brought with what this event brings, by the measures that tiers ask for. Where one does, no other
/// event of the partner's is reckoned by tiers until the transaction ends: of two at once, the second counts the first.
pub(super) async fn figures(
    conn: &mut PgConnection,
    program: ProgramId,
    partner: EnrollmentId,
    (terms, trigger): (&[Terms], Trigger),
    with: Brought,
) -> Result<Brought> {
    let rewards = terms.iter().flat_map(|terms| &terms.rewards).filter(|reward| reward.trigger == trigger);
    let measures: Vec<TierMeasure> = rewards.filter_map(|reward| Some(reward.tiers.as_ref()?.by)).collect();
    if measures.is_empty() {
        return Ok(Brought::default());
    }
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended('tiers ' || $1::uuid::text, 0))",
        partner as EnrollmentId
    )
    .execute(&mut *conn)
    .await?;
    // By its own statement: whoever held the lock before has committed.
    let before = sqlx::query!(
        r#"select case when $3 then
                      (select count(*) from customers
                       where program_id = $1 and enrollment_id = $2 and first_sale_at is not null)
                  else 0 end as "customers!",
                  case when $4 then
                      (select coalesce(sum(amount), 0) from sales where program_id = $1 and enrollment_id = $2)
                      - (select coalesce(sum(r.amount), 0)
                         from sales s join refunds r on r.program_id = s.program_id and r.sale_id = s.id
                         where s.program_id = $1 and s.enrollment_id = $2)
                  else 0 end as "revenue!""#,
        program as ProgramId,
        partner as EnrollmentId,
        measures.contains(&TierMeasure::Customers),
        measures.contains(&TierMeasure::Revenue)
    )
    .fetch_one(conn)
    .await?;
    Ok(Brought { customers: before.customers + with.customers, revenue: before.revenue + with.revenue })
}

/// Why a partner with such a standing earns nothing.
pub(super) fn standing_words(code: &str, standing: Standing) -> String {
    match (standing.then, standing.now) {
        (_, EnrollmentStatus::Banned) => format!("Partner {code} is banned: nothing is earned."),
        (Some(then), _) => format!("Partner {code} was {then} when it happened: nothing is earned."),
        (None, _) => format!("Partner {code} was not in the program when it happened: nothing is earned."),
    }
}

/// Writes the commissions of an event, and posts them: to held, or where there is no hold and no review to payable.
pub(crate) async fn record(
    conn: &mut PgConnection,
    moment: &Moment,
    scene: &Scene,
    event: &Happening<'_>,
    decided: &Decided,
) -> Result<()> {
    let (Some(referral), false) = (&decided.referral, decided.commissions.is_empty()) else { return Ok(()) };
    let Rules { program, currency, .. } = scene.rules;
    let cause = Cause {
        of: Of::Customer { referral: referral.id, customer: scene.customer.id, sale: event.sale },
        enrollment: referral.enrollment,
        trigger: event.trigger,
        occurred_at: event.occurred_at,
        tells: decided.tells,
    };
    write(conn, moment, (program, currency), scene.month, &cause, &decided.commissions).await
}

/// What commissions are paid for.
pub(super) enum Of {
    /// Who signed up or bought.
    Customer { referral: ReferralId, customer: CustomerId, sale: Option<SaleId> },
    /// What became of a lead.
    Lead(LeadId),
}

/// Of what event commissions are, and whose.
pub(super) struct Cause {
    pub of: Of,
    pub enrollment: EnrollmentId,
    pub trigger: Trigger,
    pub occurred_at: DateTime<Utc>,
    /// Whether the partner wants a mail at each commission.
    pub tells: bool,
}

/// Writes commissions of one event, and posts them.
pub(super) async fn write(
    conn: &mut PgConnection,
    moment: &Moment,
    (program, currency): (ProgramId, Currency),
    month: Option<OpenMonth>,
    cause: &Cause,
    commissions: &[Earned],
) -> Result<()> {
    insert(conn, moment, program, cause, currency, commissions).await?;
    let postings: Vec<_> = commissions
        .iter()
        .map(|earned| Posting {
            kind: JournalKind::Commission,
            idempotency_key: format!("commission:{}", earned.tracked.id),
            reason_code: cause.trigger.as_str(),
            commission: Some(earned.tracked.id),
            payment: None,
            refund: None,
            by: None,
            occurred_at: cause.occurred_at,
            moves: vec![Move {
                from: LedgerAccount::CommissionExpense,
                to: match earned.tracked.status {
                    CommissionStatus::Due => LedgerAccount::Payable,
                    _ => LedgerAccount::Held,
                },
                enrollment: cause.enrollment,
                amount: earned.tracked.amount,
            }],
        })
        .collect();
    let month: OpenMonth = match month {
        Some(month) => month,
        None => hold_month_open(conn, program, moment.at).await?,
    };
    post(conn, moment, program, currency, month, &postings).await?;
    let counts = |earned: &&Earned| cause.tells && earned.tracked.status != CommissionStatus::Review;
    for earned in commissions.iter().filter(counts) {
        messages::enqueue(conn, &Mail::CommissionEarned { program, commission: earned.tracked.id }).await?;
    }
    Ok(())
}

async fn insert(
    conn: &mut PgConnection,
    moment: &Moment,
    program: ProgramId,
    cause: &Cause,
    currency: Currency,
    commissions: &[Earned],
) -> Result<()> {
    let (referral, customer, sale, lead, id) = match cause.of {
        Of::Customer { referral, customer, sale } => {
            (Some(referral), Some(customer), sale, None, sale.map_or(customer.0, |sale| sale.0))
        }
        Of::Lead(lead) => (None, None, None, Some(lead), lead.0),
    };
    let column = |of: fn(&Earned) -> Uuid| commissions.iter().map(of).collect::<Vec<_>>();
    let tracked = || commissions.iter().map(|earned| &earned.tracked);
    sqlx::query!(
        "insert into commissions (program_id, id, enrollment_id, referral_id, customer_id, sale_id, trigger, cause_id,
                                  offer_id, offer_version, reward, base, rate, amount, currency, status, why,
                                  occurred_at, available_at, created_at, cleared, lead_id)
         select $1, id, $2, $3, $4, $5, $6, $20, offer_id, offer_version, reward, base, rate, amount, $7,
                status, why, $8, available_at, $9, status <> 'review', $21
         from unnest($10::uuid[], $11::uuid[], $12::integer[], $13::integer[], $14::numeric[], $15::numeric[],
                     $16::numeric[], $17::commission_status[], $18::jsonb[], $19::timestamptz[])
              as c (id, offer_id, offer_version, reward, base, rate, amount, status, why, available_at)",
        program as ProgramId,
        cause.enrollment as EnrollmentId,
        referral as Option<ReferralId>,
        customer as Option<CustomerId>,
        sale as Option<SaleId>,
        cause.trigger as Trigger,
        currency.code(),
        cause.occurred_at,
        moment.at,
        &column(|earned| earned.tracked.id.0),
        &column(|earned| earned.offer.0),
        &commissions.iter().map(|earned| earned.version).collect::<Vec<_>>(),
        &commissions.iter().map(|earned| earned.reward).collect::<Vec<_>>(),
        &tracked().map(|tracked| tracked.base).collect::<Vec<_>>() as &[Option<Decimal>],
        &tracked().map(|tracked| tracked.rate).collect::<Vec<_>>() as &[Option<Decimal>],
        &tracked().map(|tracked| tracked.amount).collect::<Vec<_>>(),
        &tracked().map(|tracked| tracked.status).collect::<Vec<_>>() as &[CommissionStatus],
        &commissions.iter().map(|earned| Json(&earned.why)).collect::<Vec<_>>() as _,
        &commissions.iter().map(|earned| earned.available_at).collect::<Vec<_>>(),
        id,
        lead as Option<LeadId>
    )
    .execute(conn)
    .await?;
    Ok(())
}
