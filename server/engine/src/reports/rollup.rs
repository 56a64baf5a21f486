use super::setting::{Setting, zone};
use crate::{Moment, Result};
use chrono::{Days, NaiveDate};
use domain::ids::ProgramId;
use domain::money::Currency;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

/// For how many days after its end a day is looked at again: Postgres may have been away, and clicks have come late.
const LATE: Days = Days::new(2);

/// Counts clicks by referrer, landing page, country and sub-id (`click_tops`), from the day of its last round on, or
/// from the first click where there was none; how many partners' days were reckoned. A day is reckoned anew, as a whole,
/// where its count differs from `click_days`, which the clicks keep themselves: so it catches up after any outage, does
/// nothing twice, and may run beside itself in other processes. Today is reckoned anew each time that it has grown by a
/// quarter, so that a busy day costs a few passes over it and not one for each round.
///
/// # Errors
/// `Database`.
pub async fn roll_up(pool: &PgPool, moment: &Moment) -> Result<u64> {
    let programs = sqlx::query!(
        r#"select p.id as "id: ProgramId", p.currency as "currency: Currency", p.time_zone, r.rolled_to as "rolled_to?"
           from programs p left join click_rollups r on r.program_id = p.id order by p.id"#
    )
    .fetch_all(pool)
    .await?;
    let (mut reckoned, mut failed) = (0, None);
    for program in programs {
        let zone = zone(&program.time_zone)?;
        let setting = Setting { program: program.id, currency: program.currency, zone, masks: true };
        match of_program(pool, &setting, setting.day(moment.at), program.rolled_to).await {
            Ok(count) => reckoned += count,
            Err(error) => {
                tracing::error!(program = %program.id, %error, "a program's clicks were not rolled up");
                failed = Some(error);
            }
        }
    }
    failed.map_or(Ok(reckoned), Err)
}

async fn of_program(pool: &PgPool, setting: &Setting, today: NaiveDate, rolled_to: Option<NaiveDate>) -> Result<u64> {
    let first = match rolled_to {
        Some(day) => Some(day.min(today)),
        None => {
            let program = setting.program;
            sqlx::query_scalar!("select min(day) from click_days where program_id = $1", program as ProgramId)
                .fetch_one(pool)
                .await?
        }
    };
    let Some(first) = first else { return Ok(0) };
    let mut reckoned = 0;
    // A visitor's clock is not asked: no click lies after today, but by the zone of another month.
    let last = today.succ_opt().unwrap_or(today);
    for day in first.checked_sub_days(LATE).unwrap_or(first).iter_days().take_while(|day| *day <= last) {
        let mut tx = pool.begin().await?;
        let Some(count) = of_day(&mut tx, setting, day, today).await? else { break };
        tx.commit().await?;
        reckoned += count;
    }
    Ok(reckoned)
}

/// Reckons the partners of a day whose clicks are not all counted; `None` where another process is at the program, and
/// will come to this day too.
async fn of_day(conn: &mut PgConnection, setting: &Setting, day: NaiveDate, today: NaiveDate) -> Result<Option<u64>> {
    let program = setting.program;
    // A day of very many clicks takes its time.
    sqlx::query("set local statement_timeout = '10min'").execute(&mut *conn).await?;
    let mine = sqlx::query_scalar!(
        r#"select pg_try_advisory_xact_lock(hashtextextended('rollup ' || $1::uuid::text, 0)) as "mine!""#,
        program as ProgramId
    )
    .fetch_one(&mut *conn)
    .await?;
    if !mine {
        return Ok(None);
    }
    sqlx::query!(
        "insert into click_rollups as r (program_id, rolled_to) values ($1, $2)
         on conflict (program_id) do update set rolled_to = greatest(r.rolled_to, excluded.rolled_to)",
        program as ProgramId,
        day.min(today)
    )
    .execute(&mut *conn)
    .await?;
    let partners: Vec<Uuid> = sqlx::query_scalar!(
        r#"select d.enrollment_id
           from (select enrollment_id, sum(clicks) as clicks from click_days
                 where program_id = $1 and day = $2 group by 1) d
           left join (select enrollment_id, sum(clicks) as clicks from click_tops
                      where program_id = $1 and day = $2 and facet = 'country' group by 1) t using (enrollment_id)
           where d.clicks is distinct from t.clicks and ($3 or d.clicks >= coalesce(t.clicks, 0) * 1.25)"#,
        program as ProgramId,
        day,
        day < today
    )
    .fetch_all(&mut *conn)
    .await?;
    if partners.is_empty() {
        return Ok(Some(0));
    }
    sqlx::query!(
        "delete from click_tops where program_id = $1 and enrollment_id = any($2) and day = $3",
        program as ProgramId,
        &partners,
        day
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        // Many clicks are alike: their addresses are taken apart once.
        "with alike as (
             select enrollment_id, referrer, target, country, sub_id, count(*) as clicks,
                    count(*) filter (where is_unique) as unique_clicks, min(clicked_at) as first
             from clicks
             where program_id = $1 and enrollment_id = any($2) and clicked_at >= $4 and clicked_at < $5
             group by 1, 2, 3, 4, 5
         ), seen as (
             select c.enrollment_id, f.facet, f.value, sum(c.clicks) as clicks, sum(c.unique_clicks) as unique_clicks,
                    min(c.first) as first
             from alike c
             cross join lateral (values ('referrer'::click_facet, click_referrer(c.referrer)),
                                        ('page', click_page(c.target)), ('country', c.country),
                                        ('sub_id', c.sub_id)) f (facet, value)
             group by 1, 2, 3
         ), ranked as (
             select *, row_number() over (partition by enrollment_id, facet order by first, value) > 1000 as other from seen
         )
         insert into click_tops (program_id, enrollment_id, day, facet, other, value, clicks, unique_clicks)
         select $1, enrollment_id, $3, facet, other, case when other then '' else value end, sum(clicks),
                sum(unique_clicks)
         from ranked group by 2, 4, 5, 6",
        program as ProgramId,
        &partners,
        day,
        setting.start(day)?,
        setting.end(day)?
    )
    .execute(&mut *conn)
    .await?;
    Ok(Some(partners.len() as u64))
}
