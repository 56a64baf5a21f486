use super::setting::{Setting, zone};
use crate::{Error, Moment, Result};
use chrono::{DateTime, Utc};
use domain::accounts::{Actor, Power};
use domain::commissions::CommissionStatus;
use domain::ids::{CommissionId, EnrollmentId, FileId, ProgramId};
use domain::leads::Stage;
use domain::money::Currency;
use domain::offers::{Override, Reward, RewardWords, Trigger, overridden};
use domain::partners::{EnrollmentStatus, PartnerName};
use domain::payments::{PaymentStatus, method_words, next_payment_day};
use domain::reports::{Count, Dashboard, Day, Line, LineState, Period, PromoCodeLine};
use domain::text::email_masked;
use domain::time::DayRange;
use domain::why::Why;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::Deserialize;
use sqlx::PgConnection;
use sqlx::types::Json;
use std::cmp::Reverse;
use uuid::Uuid;

/// A partner's dashboard: to the partner itself, or to an admin who may see the portal as a partner does.
///
/// Five statements whatever the history: clicks come from the rollups by link and day, the rest from indexes that
/// begin with the enrollment, balances from the monthly rollups.
///
/// # Errors
/// `NotFound` where the enrollment is not the asker's; `Forbidden` where the role lacks the power.
pub async fn dashboard(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    enrollment: EnrollmentId,
    period: Period,
) -> Result<Dashboard> {
    match actor {
        Actor::Partner { enrollment: own, .. } if *own == enrollment => {}
        Actor::Partner { .. } => return Err(Error::NotFound("partner")),
        _ if actor.may(Power::SeeAsPartner) => {}
        _ => return Err(Error::Forbidden),
    }
    let head = head(conn, actor.program(), enrollment).await?;
    let setting = Setting {
        program: actor.program(),
        currency: head.currency,
        zone: zone(&head.time_zone)?,
        masks: head.mask_customers,
    };
    let today = setting.day(moment.at);
    let (range, before) = (period.range(today), period.before(today));
    let figures = figures(conn, &setting, enrollment, range, before).await?;
    let latest = latest(conn, &setting, enrollment).await?;
    Ok(Dashboard {
        partner: PartnerName { id: enrollment, code: head.code, name: head.name },
        status: head.status,
        today,
        range,
        clicks: figures.clicks,
        sign_ups: figures.sign_ups,
        customers: figures.customers,
        due: setting.money(figures.due),
        due_change: setting.money(figures.due - figures.due_at_start),
        held: setting.money(figures.held),
        days: figures.days,
        latest,
        rewards: rewards(&head.offers.0, setting.currency),
        next_payment: next_payment_day(today, head.payment_day.to_u32().unwrap_or(1)),
        minimum_payment: setting.money(head.minimum_payment),
        payout_method_chosen: head.payout_method_chosen,
        link_path: head.link_code.map(|code| format!("/r/{}/{code}", head.slug)),
        promo_codes: head.promo_codes.0,
        photo: head.photo,
    })
}

/// The partner's standing and what it earns.
struct Head {
    slug: String,
    currency: Currency,
    time_zone: String,
    payment_day: i32,
    minimum_payment: Decimal,
    mask_customers: bool,
    code: String,
    name: String,
    status: EnrollmentStatus,
    payout_method_chosen: bool,
    link_code: Option<String>,
    offers: Json<Vec<HeadOffer>>,
    promo_codes: Json<Vec<PromoCodeLine>>,
    photo: Option<FileId>,
}

#[derive(Deserialize)]
struct HeadOffer {
    rewards: Vec<Reward>,
    group_overrides: Vec<Override>,
    overrides: Vec<Override>,
}

async fn head(conn: &mut PgConnection, program: ProgramId, enrollment: EnrollmentId) -> Result<Head> {
    sqlx::query_as!(
        Head,
        r#"select p.slug, p.currency as "currency: Currency", p.time_zone, p.mask_customers,
                  p.payment_day,
                  coalesce(m.minimum, p.minimum_payment) as "minimum_payment!",
                  e.code, coalesce(nullif(e.name, ''), e.company) as "name!", e.status as "status: EnrollmentStatus",
                  e.payout_method is not null as "payout_method_chosen!",
                  (select l.code from links l
                   where l.program_id = e.program_id and l.enrollment_id = e.id and l.is_default
                     and l.disabled_at is null) as link_code,
                  (select coalesce(jsonb_agg(jsonb_build_object('rewards', v.rewards, 'group_overrides', po.group_overrides,
                                                                'overrides', po.overrides)
                                             order by po.by_group desc, po.position), '[]')
                   from partner_offers po
                   join offers o on o.program_id = po.program_id and o.id = po.offer_id
                   join offer_versions v on v.program_id = o.program_id and v.offer_id = o.id and v.version = o.version
                   where po.program_id = e.program_id and po.enrollment_id = e.id) as "offers!: Json<Vec<HeadOffer>>",
                  (select coalesce(jsonb_agg(jsonb_build_object('code', c.code, 'description', c.description,
                                                                'customers', (select count(*) from referrals r
                                                                              where r.program_id = c.program_id
                                                                                and r.promo_code_id = c.id
                                                                                and r.ended_at is null))
                                             order by c.created_at, c.id), '[]')
                   from promo_codes c
                   where c.program_id = e.program_id and c.enrollment_id = e.id and c.disabled_at is null
                  ) as "promo_codes!: Json<Vec<PromoCodeLine>>",
                  e.photo_file_id as "photo: FileId"
           from enrollments e join programs p on p.id = e.program_id
           left join payout_methods m on m.program_id = e.program_id and m.kind::text = lower(e.payout_method)
           where e.program_id = $1 and e.id = $2"#,
        program as ProgramId,
        enrollment as EnrollmentId
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound("partner"))
}

/// What the partner earns, in words; a reward that several of its offers have is said once.
fn rewards(offers: &[HeadOffer], currency: Currency) -> Vec<RewardWords> {
    let mut words: Vec<RewardWords> = Vec::new();
    let own = |offer: &HeadOffer| overridden(&overridden(&offer.rewards, &offer.group_overrides), &offer.overrides);
    for reward in offers.iter().flat_map(own) {
        let said = reward.words(currency);
        if !words.contains(&said) {
            words.push(said);
        }
    }
    words
}

#[derive(Default)]
struct Figures {
    clicks: Count,
    sign_ups: Count,
    customers: Count,
    due: Decimal,
    due_at_start: Decimal,
    held: Decimal,
    days: Vec<Day>,
}

/// The counts of both periods (those of the earlier one as one sum each, without a day) and the balances.
async fn figures(
    conn: &mut PgConnection,
    setting: &Setting,
    enrollment: EnrollmentId,
    range: DayRange,
    before: DayRange,
) -> Result<Figures> {
    let rows = sqlx::query!(
        r#"with bounds as (
               select coalesce(max(ends_at), '-infinity') as months_end from periods
               where program_id = $1 and ends_at <= $7
           )
           select 'clicks' as "what!", case when day >= $3 then day end as day, sum(clicks) as "n!" from click_days
           where program_id = $1 and enrollment_id = $2 and day between $5 and $4 and (day >= $3 or day <= $10)
           group by 2
           union all
           select 'sign_ups', case when signed_up_at >= $7 then (signed_up_at at time zone $9)::date end, count(*)
           from customers
           where program_id = $1 and enrollment_id = $2 and signed_up_at >= $6 and signed_up_at < $8
             and (signed_up_at >= $7 or signed_up_at < $11)
           group by 2
           union all
           select 'customers', case when first_sale_at >= $7 then (first_sale_at at time zone $9)::date end, count(*)
           from customers
           where program_id = $1 and enrollment_id = $2 and first_sale_at >= $6 and first_sale_at < $8
             and (first_sale_at >= $7 or first_sale_at < $11)
           group by 2
           union all
           select 'sales', (occurred_at at time zone $9)::date, count(*) from sales
           where program_id = $1 and enrollment_id = $2 and occurred_at >= $7 and occurred_at < $8
           group by 2
           union all
           select account::text, null, sum(amount) from ledger_months
           where program_id = $1 and enrollment_id = $2 group by account
           union all
           select 'due_at_start', null, coalesce(sum(amount), 0) from ledger_months
           where program_id = $1 and enrollment_id = $2 and account = 'payable'
             and month in (select month from periods where program_id = $1 and ends_at <= $7)
           union all
           select 'due_at_start', null, coalesce(sum(amount), 0) from entries
           where program_id = $1 and enrollment_id = $2 and account = 'payable'
             and posted_at >= (select months_end from bounds) and posted_at < $7"#,
        setting.program as ProgramId,
        enrollment as EnrollmentId,
        range.from,
        range.to,
        before.from,
        setting.start(before.from)?,
        setting.start(range.from)?,
        setting.end(range.to)?,
        setting.zone.name(),
        before.to,
        setting.end(before.to)?
    )
    .fetch_all(conn)
    .await?;
    let days = range.from.iter_days().take_while(|day| *day <= range.to);
    let days = days.map(|day| Day { day, clicks: 0, sign_ups: 0, sales: 0 }).collect();
    let mut figures = Figures { days, ..Figures::default() };
    for row in rows {
        let n = row.n.to_i64().unwrap_or_default();
        let count = match row.what.as_str() {
            "held" => {
                figures.held = row.n;
                continue;
            }
            "payable" => {
                figures.due = row.n;
                continue;
            }
            "due_at_start" => {
                figures.due_at_start += row.n;
                continue;
            }
            "clicks" => Some(&mut figures.clicks),
            "sign_ups" => Some(&mut figures.sign_ups),
            "customers" => Some(&mut figures.customers),
            _ => None,
        };
        if let Some(count) = count {
            *(if row.day.is_some() { &mut count.now } else { &mut count.before }) += n;
        }
        let place = row.day.and_then(|day| usize::try_from((day - range.from).num_days()).ok());
        if let Some(day) = place.and_then(|place| figures.days.get_mut(place)) {
            match row.what.as_str() {
                "clicks" => day.clicks += n,
                "sign_ups" => day.sign_ups += n,
                "sales" => day.sales += n,
                _ => {}
            }
        }
    }
    Ok(figures)
}

/// How many of the latest events are told.
const LATEST: usize = 10;

/// The latest events of all kinds.
async fn latest(conn: &mut PgConnection, setting: &Setting, enrollment: EnrollmentId) -> Result<Vec<Line>> {
    let mut lines = earned(conn, setting, enrollment).await?;
    // Nothing older than ten events is among the ten.
    let since = lines.last().filter(|_| lines.len() == LATEST).map(|line| line.occurred_at);
    lines.extend(others(conn, setting, enrollment, since).await?);
    lines.sort_unstable_by_key(|line| Reverse((line.occurred_at, line.id)));
    lines.truncate(LATEST);
    Ok(lines)
}

/// The latest sign-ups for which nothing was earned (else the commission tells of them), leads that the team has judged,
/// and payments: ten of each at most, none from before that instant.
async fn others(
    conn: &mut PgConnection,
    setting: &Setting,
    enrollment: EnrollmentId,
    since: Option<DateTime<Utc>>,
) -> Result<Vec<Line>> {
    let rows = sqlx::query!(
        r#"(select c.id as "id!", c.email as "who!", c.signed_up_at as "occurred_at!", null::lead_stage as "stage?: Stage",
                   null::payment_status as "paid?: PaymentStatus", '' as "method!", null::numeric as "amount?",
                   null::jsonb as "why?: Json<Why>"
            -- Of the first twenty at most ten have one of the ten commissions.
            from (select id, email, signed_up_at from customers
                  where program_id = $1 and enrollment_id = $2 and signed_up_at >= coalesce($3::timestamptz, '-infinity')
                  order by signed_up_at desc, id desc limit 20) c
            where not exists (select from commissions x
                              where x.program_id = $1 and x.customer_id = c.id and x.trigger = 'sign_up')
            order by c.signed_up_at desc, c.id desc limit 10)
           union all
           (select id, email, stage_at, stage, null, '', null, null from leads
            where program_id = $1 and enrollment_id = $2 and stage <> 'new'
              and stage_at >= coalesce($3::timestamptz, '-infinity')
            order by stage_at desc, id desc limit 10)
           union all
           (select id, '', created_at, null, status, method, amount, why from payments
            where program_id = $1 and enrollment_id = $2 and created_at >= coalesce($3::timestamptz, '-infinity')
            order by created_at desc, id desc limit 10)"#,
        setting.program as ProgramId,
        enrollment as EnrollmentId,
        since
    )
    .fetch_all(conn)
    .await?;
    let lines = rows.into_iter().map(|row| {
        let (who, happened, state) = match (row.stage, row.paid) {
            // The e-mail of a lead of its own a partner knows, unless it was erased.
            (Some(stage), _) if row.who.is_empty() => (email_masked(""), "Lead".to_owned(), LineState::Lead(stage)),
            (Some(stage), _) => (row.who, "Lead".to_owned(), LineState::Lead(stage)),
            (None, Some(status)) => (row.who, payout(&method_words(&row.method)), LineState::Payment(status)),
            (None, None) => (seen(setting, &row.who), "Sign-up".to_owned(), LineState::SignedUp),
        };
        Line {
            id: row.id,
            who,
            happened,
            occurred_at: row.occurred_at,
            day: setting.day(row.occurred_at),
            state,
            base: None,
            amount: row.amount.map(|amount| setting.money(amount)),
            why: row.why.map(|why| why.0).unwrap_or_default(),
        }
    });
    Ok(lines.collect())
}

/// A payment in a few words: `Payout · PayPal`.
fn payout(method: &str) -> String {
    if method.is_empty() { "Payout".to_owned() } else { format!("Payout · {method}") }
}

/// A customer's e-mail as the partner may see it.
fn seen(setting: &Setting, email: &str) -> String {
    if setting.masks || email.is_empty() { email_masked(email) } else { email.to_owned() }
}

/// The latest ten commissions and clawbacks. Clawbacks are looked for only as far back as the tenth commission lies:
/// an older one would not be among the ten.
async fn earned(conn: &mut PgConnection, setting: &Setting, enrollment: EnrollmentId) -> Result<Vec<Line>> {
    let rows = sqlx::query_as!(
        LatestRow,
        r#"with latest as (
               select id, customer_id, lead_id, sale_id, trigger, status, base, amount, occurred_at, available_at, why
               from commissions where program_id = $1 and enrollment_id = $2
               order by occurred_at desc, id desc limit 10
           ), since as (
               select case when count(*) = 10 then min(occurred_at) else '-infinity' end as at from latest
           ), back as (
               select j.id, j.commission_id, j.refund_id, j.occurred_at, sum(e.amount) as amount
               from entries e join journals j on j.program_id = e.program_id and j.id = e.journal_id
               where e.program_id = $1 and e.enrollment_id = $2 and e.account in ('held', 'payable')
                 -- An event may be said to lie up to 5 minutes after its posting.
                 and e.posted_at >= (select at - interval '5 minutes' from since)
                 and j.kind = 'clawback' and j.occurred_at >= (select at from since)
               group by j.program_id, j.id
               order by j.occurred_at desc, j.id desc limit 10
           )
           select l.id as "id!", l.id as "commission_id?: CommissionId", coalesce(u.email, (select email from leads where program_id = $1 and id = l.lead_id), '') as "email!",
                  l.lead_id is not null as "of_lead!",
                  l.trigger as "trigger!: Trigger", l.status as "status!: CommissionStatus",
                  s.product as "product?", s.occurred_at = u.first_sale_at as first_sale,
                  null::numeric as refunded, s.amount as "sale_amount?", l.base as base, l.amount as "amount!",
                  l.occurred_at as "occurred_at!", l.available_at as "available_at!", l.why as "why!: Json<Why>"
           from latest l
           left join customers u on u.program_id = $1 and u.id = l.customer_id
           left join sales s on s.program_id = $1 and s.id = l.sale_id
           union all
           select b.id, null, coalesce(u.email, (select email from leads where program_id = $1 and id = c.lead_id), ''),
                  c.lead_id is not null, c.trigger, c.status, s.product, null, r.amount, s.amount, c.base, b.amount,
                  b.occurred_at, c.available_at, coalesce(r.why, c.why)
           from back b
           join commissions c on c.program_id = $1 and c.id = b.commission_id
           left join customers u on u.program_id = $1 and u.id = c.customer_id
           left join refunds r on r.program_id = $1 and r.id = b.refund_id
           left join sales s on s.program_id = $1 and s.id = c.sale_id
           order by 13 desc, 1 desc limit 10"#,
        setting.program as ProgramId,
        enrollment as EnrollmentId
    )
    .fetch_all(&mut *conn)
    .await?;
    let paid = rows.iter().filter(|row| row.status == CommissionStatus::Paid).filter_map(|row| row.commission_id);
    let paid = super::commissions::settled_by(conn, setting.program, &paid.collect::<Vec<_>>()).await?;
    let line = |row: LatestRow| -> Line {
        let clawback = row.commission_id.is_none();
        let state = match row.commission_id {
            None => LineState::ClawedBack,
            Some(id) => LineState::Commission {
                status: row.status,
                due: (row.status != CommissionStatus::Review).then(|| setting.day(row.available_at)),
                paid: paid.get(&id).map(|settled| settled.payment_date),
            },
        };
        Line {
            id: row.id,
            who: if row.of_lead && !row.email.is_empty() { row.email.clone() } else { seen(setting, &row.email) },
            happened: happened(&row, setting),
            occurred_at: row.occurred_at,
            day: setting.day(row.occurred_at),
            state,
            base: if clawback { row.refunded.map(|amount| -amount) } else { row.base }.map(|base| setting.money(base)),
            amount: Some(setting.money(row.amount)),
            why: row.why.0,
        }
    };
    Ok(rows.into_iter().map(line).collect())
}

struct LatestRow {
    id: Uuid,
    commission_id: Option<CommissionId>,
    email: String,
    /// Of a lead: the e-mail is its, which its partner knows.
    of_lead: bool,
    trigger: Trigger,
    status: CommissionStatus,
    product: Option<String>,
    /// Of the sale; unknown for clawbacks.
    first_sale: Option<bool>,
    refunded: Option<Decimal>,
    sale_amount: Option<Decimal>,
    base: Option<Decimal>,
    amount: Decimal,
    occurred_at: DateTime<Utc>,
    available_at: DateTime<Utc>,
    why: Json<Why>,
}

/// What happened, in a few words: `First sale · Team plan`, `Refund of $40.00 of $100.00`.
fn happened(row: &LatestRow, setting: &Setting) -> String {
    match (row.commission_id, row.refunded, row.sale_amount) {
        (None, Some(refunded), Some(sale)) => {
            return format!("Refund of {} of {}", setting.money(refunded), setting.money(sale));
        }
        (None, ..) => return "Commission reversed".into(),
        _ => {}
    }
    let event = match (row.trigger, row.first_sale) {
        (Trigger::Sale, Some(true)) => "First sale",
        (trigger, _) => trigger.label(),
    };
    match row.product.as_deref() {
        None | Some("") => event.into(),
        Some(product) => format!("{event} · {product}"),
    }
}
