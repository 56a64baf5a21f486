use super::setting::Setting;
use crate::{Error, Moment, Result};
use chrono::{DateTime, Utc};
use domain::accounts::{Actor, Power};
use domain::ids::{EnrollmentId, ProgramId};
use domain::partners::PartnerName;
use domain::reports::{Attention, Count, Overview, OverviewDay, Period, TopPartner, Waiting};
use domain::time::DayRange;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use sqlx::PgConnection;

/// The program at a glance. Reads the period and the one that it is compared with, not the history.
///
/// # Errors
/// `Forbidden` without the power to view.
pub async fn overview(conn: &mut PgConnection, moment: &Moment, actor: &Actor, period: Period) -> Result<Overview> {
    if !actor.may(Power::View) {
        return Err(Error::Forbidden);
    }
    let setting = Setting::of(conn, actor).await?;
    let today = setting.day(moment.at);
    let (range, before) = (period.range(today), period.before(today));
    let figures = figures(conn, &setting, range, before).await?;
    let (cost, cost_before) = costs(conn, &setting, range, before).await?;
    let (due, held, mut attention) = balances(conn, &setting, moment.at).await?;
    if actor.may(Power::Audit) {
        attention.failed_jobs = crate::jobs::failed(conn, actor).await?.len() as i64;
    }
    Ok(Overview {
        today,
        range,
        clicks: figures.clicks,
        sign_ups: figures.sign_ups,
        customers: figures.customers,
        sales: setting.money(figures.sales),
        sales_before: setting.money(figures.sales_before),
        cost: setting.money(cost),
        cost_before: setting.money(cost_before),
        due: setting.money(due),
        held: setting.money(held),
        days: figures.days,
        top: top(conn, &setting, range).await?,
        attention,
    })
}

/// What waits for a person, as the menu counts it: by two indexes alone.
///
/// # Errors
/// `Forbidden` without the power to view.
pub async fn waiting(conn: &mut PgConnection, moment: &Moment, actor: &Actor) -> Result<Waiting> {
    if !actor.may(Power::View) {
        return Err(Error::Forbidden);
    }
    let messages = crate::conversations::unread(conn, moment, actor).await?;
    let waiting = sqlx::query!(
        r#"select (select count(*) from enrollments where program_id = $1 and status = 'pending') as "partners!",
                  (select count(*) from commissions where program_id = $1 and status = 'review') as "commissions!",
                  (select count(*) from submitted_sales where program_id = $1 and status = 'new') as "sales!""#,
        actor.program() as ProgramId
    )
    .fetch_one(conn)
    .await?;
    let (partners, commissions, sales) = (waiting.partners, waiting.commissions, waiting.sales);
    Ok(Waiting { partners, commissions, sales, messages })
}

#[derive(Default)]
struct Figures {
    clicks: Count,
    sign_ups: Count,
    customers: Count,
    sales: Decimal,
    sales_before: Decimal,
    days: Vec<OverviewDay>,
}

/// The counts of both periods, those of the earlier one as one sum each, without a day.
async fn figures(conn: &mut PgConnection, setting: &Setting, range: DayRange, before: DayRange) -> Result<Figures> {
    let rows = sqlx::query!(
        r#"select 'clicks' as "what!", case when day >= $2 then day end as day, sum(clicks)::bigint as "n!",
                  0::numeric as "amount!"
           from click_days where program_id = $1 and day between $4 and $3 and (day >= $2 or day <= $6)
           group by 2
           union all
           select 'sign_ups', case when signed_up_at >= $9 then (signed_up_at at time zone $8)::date end, count(*), 0
           from customers
           where program_id = $1 and enrollment_id is not null and signed_up_at >= $5 and signed_up_at < $7
             and (signed_up_at >= $9 or signed_up_at < $10)
           group by 2
           union all
           select 'customers', case when first_sale_at >= $9 then (first_sale_at at time zone $8)::date end, count(*), 0
           from customers
           where program_id = $1 and enrollment_id is not null and first_sale_at >= $5 and first_sale_at < $7
             and (first_sale_at >= $9 or first_sale_at < $10)
           group by 2
           union all
           select 'sales', case when occurred_at >= $9 then (occurred_at at time zone $8)::date end, count(*), sum(amount)
           from sales
           where program_id = $1 and enrollment_id is not null and occurred_at >= $5 and occurred_at < $7
             and (occurred_at >= $9 or occurred_at < $10)
           group by 2"#,
        setting.program as ProgramId,
        range.from,
        range.to,
        before.from,
        setting.start(before.from)?,
        before.to,
        setting.end(range.to)?,
        setting.zone.name(),
        setting.start(range.from)?,
        setting.end(before.to)?
    )
    .fetch_all(conn)
    .await?;
    let zero = setting.money(Decimal::ZERO);
    let mut figures = Figures {
        days: range
            .from
            .iter_days()
            .take_while(|day| *day <= range.to)
            .map(|day| OverviewDay { day, clicks: 0, sign_ups: 0, sales: 0, sales_amount: zero })
            .collect(),
        ..Figures::default()
    };
    for row in rows {
        let now = row.day.is_some();
        let count = match row.what.as_str() {
            "clicks" => &mut figures.clicks,
            "sign_ups" => &mut figures.sign_ups,
            "customers" => &mut figures.customers,
            _ => {
                *(if now { &mut figures.sales } else { &mut figures.sales_before }) += row.amount;
                &mut Count::default()
            }
        };
        *(if now { &mut count.now } else { &mut count.before }) += row.n;
        let place = row.day.and_then(|day| usize::try_from((day - range.from).num_days()).ok());
        if let Some(day) = place.and_then(|place| figures.days.get_mut(place)) {
            match row.what.as_str() {
                "clicks" => day.clicks += row.n,
                "sign_ups" => day.sign_ups += row.n,
                "sales" => {
                    day.sales += row.n;
                    day.sales_amount.amount += row.amount;
                }
                _ => {}
            }
        }
    }
    Ok(figures)
}

/// What the commissions of the period come to, and those of the earlier one, less what was taken back of them.
async fn costs(
    conn: &mut PgConnection,
    setting: &Setting,
    range: DayRange,
    before: DayRange,
) -> Result<(Decimal, Decimal)> {
    let costs = sqlx::query!(
        r#"with costs as (
               select c.occurred_at >= $4 as now, c.amount from commissions c
               where c.program_id = $1 and c.occurred_at >= $2 and c.occurred_at < $5
                 and (c.occurred_at < $3 or c.occurred_at >= $4)
               union all
               select c.occurred_at >= $4, t.amount
               from journals j
               join entries t on t.program_id = j.program_id and t.journal_id = j.id and t.account in ('held', 'payable')
               join commissions c on c.program_id = j.program_id and c.id = j.commission_id
               where j.program_id = $1 and j.kind = 'clawback' and c.occurred_at >= $2 and c.occurred_at < $5
                 and (c.occurred_at < $3 or c.occurred_at >= $4)
           )
           select coalesce(sum(amount) filter (where now), 0) as "now!",
                  coalesce(sum(amount) filter (where not now), 0) as "before!" from costs"#,
        setting.program as ProgramId,
        setting.start(before.from)?,
        setting.end(before.to)?,
        setting.start(range.from)?,
        setting.end(range.to)?
    )
    .fetch_one(conn)
    .await?;
    Ok((costs.now, costs.before))
}

/// What is due and held in all, and what waits for a person.
async fn balances(
    conn: &mut PgConnection,
    setting: &Setting,
    at: DateTime<Utc>,
) -> Result<(Decimal, Decimal, Attention)> {
    let row = sqlx::query!(
        r#"with partners as (
               select enrollment_id, coalesce(sum(amount) filter (where account = 'payable'), 0) as due,
                      coalesce(sum(amount) filter (where account = 'held'), 0) as held
               from ledger_months where program_id = $1 group by enrollment_id
           ), owed as (
               -- As `payments::due_partners` leaves them in and flags them.
               select why_left_out(
                          m.due, coalesce(w.minimum, p.minimum_payment), e.status,
                          exists (select from payout_changes c
                                  where c.program_id = $1 and c.enrollment_id = e.id and c.expires_at > $2),
                          coalesce(e.payout_method, ''), e.payout_details is not null) as left_out
               from partners m
               join enrollments e on e.program_id = $1 and e.id = m.enrollment_id
               join programs p on p.id = $1
               left join payout_methods w on w.program_id = $1 and w.kind::text = lower(e.payout_method)
               where m.due > 0 and m.due >= coalesce(w.minimum, p.minimum_payment) and e.status <> 'banned'
           )
           select coalesce(sum(due), 0) as "due!", coalesce(sum(held), 0) as "held!",
                  (select count(*) from owed where left_out is null) as "to_pay!",
                  (select count(*) from owed where left_out in ('no_payout_method', 'no_payout_details')) as "without_method!",
                  (select count(*) from enrollments where program_id = $1 and status = 'pending') as "pending!",
                  (select count(*) from commissions where program_id = $1 and status = 'review') as "in_review!"
           from partners"#,
        setting.program as ProgramId,
        at
    )
    .fetch_one(conn)
    .await?;
    let attention = Attention {
        partners_pending: row.pending,
        commissions_in_review: row.in_review,
        partners_to_pay: row.to_pay,
        partners_without_method: row.without_method,
        failed_jobs: 0,
    };
    Ok((row.due, row.held, attention))
}

/// The partners with the highest sales in the period.
async fn top(conn: &mut PgConnection, setting: &Setting, range: DayRange) -> Result<Vec<TopPartner>> {
    let rows = sqlx::query!(
        r#"with best as (
               select enrollment_id as id, count(*) as sales, sum(amount) as amount from sales
               where program_id = $1 and enrollment_id is not null and occurred_at >= $4 and occurred_at < $5
               group by enrollment_id order by amount desc, enrollment_id limit 10
           )
           select e.id as "id: EnrollmentId", e.code, coalesce(nullif(e.name, ''), e.company) as "name!",
                  b.sales as "sales!", b.amount as "amount!",
                  (select sum(d.clicks) from click_days d
                   where d.program_id = $1 and d.enrollment_id = e.id and d.day between $2 and $3) as clicks,
                  (select sum(c.amount + coalesce(
                              (select sum(t.amount) from journals j
                               join entries t on t.program_id = $1 and t.journal_id = j.id
                                              and t.account in ('held', 'payable')
                               where j.program_id = $1 and j.commission_id = c.id and j.kind = 'clawback'), 0))
                   from commissions c
                   where c.program_id = $1 and c.enrollment_id = e.id
                     and c.occurred_at >= $4 and c.occurred_at < $5) as commissions
           from best b join enrollments e on e.program_id = $1 and e.id = b.id
           order by b.amount desc, b.id"#,
        setting.program as ProgramId,
        range.from,
        range.to,
        setting.start(range.from)?,
        setting.end(range.to)?
    )
    .fetch_all(conn)
    .await?;
    let top = rows.into_iter().map(|row| TopPartner {
        partner: PartnerName { id: row.id, code: row.code, name: row.name },
        clicks: row.clicks.and_then(|clicks| clicks.to_i64()).unwrap_or_default(),
        sales: row.sales,
        sales_amount: setting.money(row.amount),
        commissions: setting.money(row.commissions.unwrap_or_default()),
    });
    Ok(top.collect())
}
