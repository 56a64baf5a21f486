use super::setting::{Cursor, Key, listing, page};
use crate::{Error, Moment, Result};
use chrono::{Datelike, Days, Months, NaiveDate};
use domain::accounts::{Actor, Power};
use domain::ids::{EnrollmentId, ProgramId};
use domain::page::{Page, Paging};
use domain::partners::PartnerName;
use domain::reports::{
    Cohort, CohortMonth, Cohorts, INACTIVE_MOST, InactivePartner, Measure, PartnerFigures, Period, Ranking,
};
use rust_decimal::Decimal;
use sqlx::PgConnection;

/// How many months of cohorts are shown, this one included.
const COHORTS: u32 = 12;

/// These reports are about partners: a partner does not see them.
fn team(actor: &Actor) -> Result<()> {
    if actor.may(Power::View) { Ok(()) } else { Err(Error::Forbidden) }
}

/// The partners who brought the most in a period, at most `limit`.
///
/// # Errors
/// `Forbidden` without the power to view.
pub async fn top_partners(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    period: Period,
    by: Measure,
    limit: u32,
) -> Result<Ranking> {
    team(actor)?;
    let mut list = listing(conn, actor, None).await?;
    let setting = list.setting;
    let today = setting.day(moment.at);
    let range = period.range(today);
    let rows = sqlx::query!(
        r#"with figures as (
               select enrollment_id, sum(clicks)::bigint as clicks, 0::bigint as customers, 0::bigint as sales,
                      0::numeric as revenue, 0::numeric as commissions
               from click_days where program_id = $1 and day between $2 and $3 group by 1
               union all
               select enrollment_id, 0, count(*), 0, 0, 0 from customers
               where program_id = $1 and enrollment_id is not null and first_sale_at >= $4 and first_sale_at < $5
               group by 1
               union all
               select enrollment_id, 0, 0, count(*), sum(amount), 0 from sales
               where program_id = $1 and enrollment_id is not null and occurred_at >= $4 and occurred_at < $5
               group by 1
               union all
               select enrollment_id, 0, 0, 0, 0, sum(amount) from commissions
               where program_id = $1 and occurred_at >= $4 and occurred_at < $5 group by 1
               union all
               select c.enrollment_id, 0, 0, 0, 0, sum(t.amount)
               from journals j
               join commissions c on c.program_id = $1 and c.id = j.commission_id
               join entries t on t.program_id = $1 and t.journal_id = j.id and t.account in ('held', 'payable')
               where j.program_id = $1 and j.kind = 'clawback' and c.occurred_at >= $4 and c.occurred_at < $5
               group by 1
           ), partners as (
               select enrollment_id, sum(clicks)::bigint as clicks, sum(customers)::bigint as customers,
                      sum(sales)::bigint as sales, sum(revenue) as revenue, sum(commissions) as commissions
               from figures group by 1
           )
           select e.id as "id: EnrollmentId", e.code, coalesce(nullif(e.name, ''), e.company) as "name!",
                  p.clicks as "clicks!", p.customers as "customers!", p.sales as "sales!", p.revenue as "revenue!",
                  p.commissions as "commissions!"
           from partners p join enrollments e on e.program_id = $1 and e.id = p.enrollment_id
           order by case $6::text when 'clicks' then p.clicks when 'customers' then p.customers
                                  when 'commissions' then p.commissions else p.revenue end desc, e.id
           limit $7"#,
        setting.program as ProgramId,
        range.from,
        range.to,
        setting.start(range.from)?,
        setting.end(range.to)?,
        by.as_str(),
        i64::from(limit)
    )
    .fetch_all(&mut *list.conn)
    .await?;
    let partners = rows.into_iter().map(|row| PartnerFigures {
        partner: PartnerName { id: row.id, code: row.code, name: row.name },
        clicks: row.clicks,
        customers: row.customers,
        sales: row.sales,
        revenue: setting.money(row.revenue),
        commissions: setting.money(row.commissions),
    });
    Ok(Ranking { today, range, partners: partners.collect() })
}

/// Active partners on whose links nobody has clicked, and who brought no sale, in the last so many days, today included;
/// those who joined since are not inactive. The newest first.
///
/// # Errors
/// `Forbidden` without the power to view; `Invalid` on `days` and `cursor`.
pub async fn inactive(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    days: u32,
    paging: &Paging,
) -> Result<Page<InactivePartner>> {
    team(actor)?;
    if !(1..=INACTIVE_MOST).contains(&days) {
        return Err(Error::field("days", format!("Choose 1 to {INACTIVE_MOST} days.")));
    }
    let after = Cursor::read(paging, Key::Id)?.map(|cursor| cursor.id);
    let mut list = listing(conn, actor, None).await?;
    let setting = list.setting;
    let today = setting.day(moment.at);
    let since = today.checked_sub_days(Days::new(u64::from(days) - 1)).unwrap_or(today);
    let rows = sqlx::query!(
        r#"with listed as (
               select e.id, e.code, coalesce(nullif(e.name, ''), e.company) as name,
                      coalesce(e.activated_at, e.created_at) as joined_at
               from enrollments e
               where e.program_id = $1 and e.status = 'active' and coalesce(e.activated_at, e.created_at) < $2
                 and ($4::uuid is null or e.id < $4)
                 and not exists (select from click_days d
                                 where d.program_id = $1 and d.enrollment_id = e.id and d.day >= $3)
                 and not exists (select from sales s
                                 where s.program_id = $1 and s.enrollment_id = e.id and s.occurred_at >= $2)
               order by e.id desc limit $5
           )
           select l.id as "id: EnrollmentId", l.code, l.name as "name!", l.joined_at as "joined_at!",
                  (select max(day) from click_days d where d.program_id = $1 and d.enrollment_id = l.id) as last_click,
                  (select max(occurred_at) from sales s
                   where s.program_id = $1 and s.enrollment_id = l.id) as last_sale,
                  (select count(*) from customers u
                   where u.program_id = $1 and u.enrollment_id = l.id and u.first_sale_at is not null) as "customers!"
           from listed l order by l.id desc"#,
        setting.program as ProgramId,
        setting.start(since)?,
        since,
        after,
        paging.rows() + 1
    )
    .fetch_all(&mut *list.conn)
    .await?;
    let rows = rows.into_iter().map(|row| InactivePartner {
        partner: PartnerName { id: row.id, code: row.code, name: row.name },
        joined: setting.day(row.joined_at),
        last_click: row.last_click,
        last_sale: row.last_sale.map(|at| setting.day(at)),
        customers: row.customers,
    });
    Ok(page(rows.collect(), paging, |row| Cursor::at(chrono::DateTime::default(), row.partner.id.0)))
}

/// Referred customers by the month of their first sale, for the last twelve months: how many of them bought in each
/// month since, and what they paid.
///
/// # Errors
/// `Forbidden` without the power to view.
pub async fn cohorts(conn: &mut PgConnection, moment: &Moment, actor: &Actor) -> Result<Cohorts> {
    team(actor)?;
    let mut list = listing(conn, actor, None).await?;
    let setting = list.setting;
    let today = setting.day(moment.at);
    let this_month = today.with_day(1).unwrap_or(today);
    let first = this_month.checked_sub_months(Months::new(COHORTS - 1)).unwrap_or(this_month);
    let rows = sqlx::query!(
        r#"with sold as (
               select date_trunc('month', u.first_sale_at at time zone $3)::date as cohort,
                      date_trunc('month', s.occurred_at at time zone $3)::date as month, s.customer_id,
                      s.amount - coalesce((select sum(r.amount) from refunds r
                                           where r.program_id = $1 and r.sale_id = s.id), 0) as amount
               from customers u join sales s on s.program_id = $1 and s.customer_id = u.id
               where u.program_id = $1 and u.enrollment_id is not null and u.first_sale_at >= $2
                 and s.occurred_at >= $2
           )
           select cohort as "cohort!", month as "month!", count(distinct customer_id) as "customers!",
                  sum(amount) as "revenue!"
           from sold group by cohort, month order by cohort, month"#,
        setting.program as ProgramId,
        setting.start(first)?,
        setting.zone.name()
    )
    .fetch_all(&mut *list.conn)
    .await?;
    let zero = CohortMonth { customers: 0, revenue: setting.money(Decimal::ZERO) };
    let mut cohorts: Vec<Cohort> = (0..COHORTS)
        .filter_map(|n| first.checked_add_months(Months::new(n)))
        .map(|month| Cohort { month, customers: 0, months: vec![zero; between(month, this_month) + 1] })
        .collect();
    for row in rows {
        let Some(cohort) = cohorts.get_mut(between(first, row.cohort)) else { continue };
        let place = between(row.cohort, row.month);
        if let Some(month) = cohort.months.get_mut(place) {
            *month = CohortMonth { customers: row.customers, revenue: setting.money(row.revenue) };
        }
        if place == 0 {
            // Each of them bought in the month of its first sale.
            cohort.customers = row.customers;
        }
    }
    Ok(Cohorts { today, cohorts })
}

/// How many months one month lies after another.
fn between(from: NaiveDate, to: NaiveDate) -> usize {
    let month = |day: NaiveDate| i64::from(day.year()) * 12 + i64::from(day.month0());
    usize::try_from(month(to) - month(from)).unwrap_or(0)
}
