use super::setting::{Listing, listing};
use crate::{Moment, Result};
use chrono::NaiveDate;
use domain::accounts::Actor;
use domain::ids::{EnrollmentId, ProgramId};
use domain::offers::Trigger;
use domain::reports::{CommissionGroup, CommissionReport, Figures, Performance, PerformanceRow, Period, Unit};
use domain::time::DayRange;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use sqlx::PgConnection;

/// How the partner who asks did in a period, or the whole program where the team asks: by day, week or month, beside
/// the days before.
///
/// # Errors
/// `Forbidden` without the power to view.
pub async fn performance(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    period: Period,
    unit: Unit,
) -> Result<Performance> {
    let mut list = listing(conn, actor, None).await?;
    let today = list.setting.day(moment.at);
    let (range, before) = (period.range(today), period.before(today));
    let none = Figures::none(list.setting.currency);
    let mut rows: Vec<PerformanceRow> =
        unit.parts(range).into_iter().map(|days| PerformanceRow { days, figures: none }).collect();
    let (mut total, mut earlier) = (none, none);
    for day in days(&mut list, range, before).await? {
        let mut figures = none;
        let (n, amount) = (day.n, day.amount);
        match day.what.as_str() {
            "clicks" => (figures.clicks, figures.unique_clicks) = (n, amount.to_i64().unwrap_or_default()),
            "sign_ups" => figures.sign_ups = n,
            "customers" => figures.customers = n,
            "sales" => (figures.sales, figures.revenue.amount) = (n, amount),
            "refunds" => figures.refunds.amount = amount,
            _ => figures.commissions.amount = amount,
        }
        match day.day {
            None => earlier.add(&figures),
            Some(day) => {
                total.add(&figures);
                let place = rows.partition_point(|row| row.days.to < day);
                if let Some(row) = rows.get_mut(place) {
                    row.figures.add(&figures);
                }
            }
        }
    }
    Ok(Performance { today, range, unit, rows, total, before: earlier })
}

struct OfDay {
    what: String,
    /// `None`: in the earlier period.
    day: Option<NaiveDate>,
    n: i64,
    amount: Decimal,
}

/// The figures of each day of the period, and of the earlier one as one sum each, without a day.
async fn days(list: &mut Listing<'_>, range: DayRange, before: DayRange) -> Result<Vec<OfDay>> {
    let setting = list.setting;
    let rows = sqlx::query_as!(
        OfDay,
        r#"select 'clicks' as "what!", case when day >= $3 then day end as day, sum(clicks)::bigint as "n!",
                  sum(unique_clicks) as "amount!"
           from click_days
           where program_id = $1 and ($2::uuid is null or enrollment_id = $2) and day between $5 and $4
             and (day >= $3 or day <= $6)
           group by 2
           union all
           select 'sign_ups', case when signed_up_at >= $7 then (signed_up_at at time zone $11)::date end, count(*), 0
           from customers
           where program_id = $1 and enrollment_id is not null and ($2::uuid is null or enrollment_id = $2)
             and signed_up_at >= $9 and signed_up_at < $8 and (signed_up_at >= $7 or signed_up_at < $10)
           group by 2
           union all
           select 'customers', case when first_sale_at >= $7 then (first_sale_at at time zone $11)::date end, count(*), 0
           from customers
           where program_id = $1 and enrollment_id is not null and ($2::uuid is null or enrollment_id = $2)
             and first_sale_at >= $9 and first_sale_at < $8 and (first_sale_at >= $7 or first_sale_at < $10)
           group by 2
           union all
           select 'sales', case when occurred_at >= $7 then (occurred_at at time zone $11)::date end, count(*), sum(amount)
           from sales
           where program_id = $1 and enrollment_id is not null and ($2::uuid is null or enrollment_id = $2)
             and occurred_at >= $9 and occurred_at < $8 and (occurred_at >= $7 or occurred_at < $10)
           group by 2
           union all
           select 'refunds', case when r.occurred_at >= $7 then (r.occurred_at at time zone $11)::date end, count(*),
                  sum(r.amount)
           from refunds r join sales s on s.program_id = $1 and s.id = r.sale_id
           where r.program_id = $1 and s.enrollment_id is not null and ($2::uuid is null or s.enrollment_id = $2)
             and r.occurred_at >= $9 and r.occurred_at < $8 and (r.occurred_at >= $7 or r.occurred_at < $10)
           group by 2
           union all
           select 'commissions', case when occurred_at >= $7 then (occurred_at at time zone $11)::date end, 0, sum(amount)
           from commissions
           where program_id = $1 and ($2::uuid is null or enrollment_id = $2)
             and occurred_at >= $9 and occurred_at < $8 and (occurred_at >= $7 or occurred_at < $10)
           group by 2
           union all
           select 'clawbacks', case when c.occurred_at >= $7 then (c.occurred_at at time zone $11)::date end, 0,
                  sum(t.amount)
           from journals j
           join commissions c on c.program_id = $1 and c.id = j.commission_id
           join entries t on t.program_id = $1 and t.journal_id = j.id and t.account in ('held', 'payable')
           where j.program_id = $1 and j.kind = 'clawback' and ($2::uuid is null or c.enrollment_id = $2)
             and c.occurred_at >= $9 and c.occurred_at < $8 and (c.occurred_at >= $7 or c.occurred_at < $10)
           group by 2"#,
        setting.program as ProgramId,
        list.partner as Option<EnrollmentId>,
        range.from,
        range.to,
        before.from,
        before.to,
        setting.start(range.from)?,
        setting.end(range.to)?,
        setting.start(before.from)?,
        setting.end(before.to)?,
        setting.zone.name()
    )
    .fetch_all(&mut *list.conn)
    .await?;
    Ok(rows)
}

/// The commissions of a period by month, offer and trigger: those of the partner who asks, or all of the program.
///
/// # Errors
/// `Forbidden` without the power to view.
pub async fn commission_report(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    period: Period,
) -> Result<CommissionReport> {
    let mut list = listing(conn, actor, None).await?;
    let setting = list.setting;
    let today = setting.day(moment.at);
    let range = period.range(today);
    let rows = sqlx::query!(
        r#"with earned as (
               select c.id, c.offer_id, c.trigger, c.amount,
                      date_trunc('month', c.occurred_at at time zone $5)::date as month
               from commissions c
               where c.program_id = $1 and ($2::uuid is null or c.enrollment_id = $2)
                 and c.occurred_at >= $3 and c.occurred_at < $4
           ), back as (
               select j.commission_id as id, -sum(t.amount) as amount
               from journals j
               join entries t on t.program_id = $1 and t.journal_id = j.id and t.account in ('held', 'payable')
               where j.program_id = $1 and j.kind = 'clawback' and j.commission_id in (select id from earned)
               group by 1
           )
           select e.month as "month!", o.name, e.trigger as "trigger: Trigger", count(*) as "count!",
                  sum(e.amount) as "amount!", coalesce(sum(b.amount), 0) as "clawed_back!"
           from earned e
           join offers o on o.program_id = $1 and o.id = e.offer_id
           left join back b on b.id = e.id
           group by e.month, o.id, o.name, e.trigger
           order by e.month desc, o.name, o.id, e.trigger"#,
        setting.program as ProgramId,
        list.partner as Option<EnrollmentId>,
        setting.start(range.from)?,
        setting.end(range.to)?,
        setting.zone.name()
    )
    .fetch_all(&mut *list.conn)
    .await?;
    let zero = setting.money(Decimal::ZERO);
    let mut report = CommissionReport { today, range, groups: Vec::new(), count: 0, amount: zero, clawed_back: zero };
    for row in rows {
        report.count += row.count;
        report.amount.amount += row.amount;
        report.clawed_back.amount += row.clawed_back;
        report.groups.push(CommissionGroup {
            month: row.month,
            offer: row.name,
            trigger: row.trigger,
            count: row.count,
            amount: setting.money(row.amount),
            clawed_back: setting.money(row.clawed_back),
        });
    }
    Ok(report)
}
