//! The summaries that partners get by mail.

use super::profile::summed;
use crate::messages::{self, Mail};
use crate::{Error, Moment, Result};
use chrono::{NaiveDate, Timelike};
use domain::ids::{EnrollmentId, ProgramId};
use domain::money::{Currency, Money};
use domain::partners::SummaryRhythm;
use rust_decimal::Decimal;
use sqlx::{PgConnection, PgPool};

/// The hour of the program's day from which on summaries go.
const FROM_HOUR: u32 = 7;
/// How many are sent in one transaction.
const CHUNK: i64 = 500;

/// Sends the summaries that are due in every program. Safe beside itself in other processes. Returns how many.
///
/// # Errors
/// `Database`.
pub async fn send_summaries(pool: &PgPool, moment: &Moment) -> Result<u64> {
    let programs = sqlx::query!(
        r#"select p.id as "id: ProgramId", p.time_zone from programs p
           where exists (select from notification_settings s where s.program_id = p.id and s.summary <> 'none')"#
    )
    .fetch_all(pool)
    .await?;
    let mut sent = 0;
    for program in programs {
        let zone: chrono_tz::Tz = program.time_zone.parse().map_err(Error::internal)?;
        let now = moment.at.with_timezone(&zone);
        if now.hour() < FROM_HOUR {
            continue;
        }
        for rhythm in [SummaryRhythm::Daily, SummaryRhythm::Weekly] {
            let Some((from, to)) = summed(rhythm, now.date_naive(), None) else { continue };
            loop {
                let mut tx = pool.begin().await?;
                let partners = claim(&mut tx, program.id, rhythm, to).await?;
                for partner in &partners {
                    let mail = Mail::Summary { program: program.id, enrollment: *partner, from, to };
                    messages::enqueue(&mut tx, &mail).await?;
                }
                tx.commit().await?;
                sent += partners.len() as u64;
                if partners.is_empty() {
                    break;
                }
            }
        }
    }
    Ok(sent)
}

/// Marks the summaries of so many partners as sent: whoever works beside this takes others.
async fn claim(
    conn: &mut PgConnection,
    program: ProgramId,
    rhythm: SummaryRhythm,
    to: NaiveDate,
) -> Result<Vec<EnrollmentId>> {
    Ok(sqlx::query_scalar!(
        r#"with due as (
               select s.enrollment_id from notification_settings s
               join enrollments e on e.program_id = s.program_id and e.id = s.enrollment_id and e.status = 'active'
               where s.program_id = $1 and s.summary = $2 and (s.summed_to is null or s.summed_to < $3)
               order by s.enrollment_id limit $4 for update of s skip locked
           )
           update notification_settings s set summed_to = $3 from due
           where s.program_id = $1 and s.enrollment_id = due.enrollment_id
           returning s.enrollment_id as "id: EnrollmentId""#,
        program as ProgramId,
        rhythm as SummaryRhythm,
        to,
        CHUNK
    )
    .fetch_all(conn)
    .await?)
}

/// What a summary tells.
pub(crate) struct Figures {
    pub clicks: i64,
    pub sign_ups: i64,
    pub sales: i64,
    pub earned: Money,
}

/// A partner's figures over days of the program.
pub(crate) async fn figures(
    conn: &mut PgConnection,
    program: ProgramId,
    partner: EnrollmentId,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Figures> {
    let row = sqlx::query!(
        r#"with days as (
               select $3::date::timestamp at time zone time_zone as starts,
                      ($4::date + 1)::timestamp at time zone time_zone as ends, currency
               from programs where id = $1
           )
           select d.currency as "currency: Currency",
                  (select coalesce(sum(clicks), 0)::bigint from click_days
                   where program_id = $1 and enrollment_id = $2 and day between $3 and $4) as "clicks!",
                  (select count(*) from customers
                   where program_id = $1 and enrollment_id = $2 and signed_up_at >= d.starts and signed_up_at < d.ends)
                      as "sign_ups!",
                  (select count(*) from sales
                   where program_id = $1 and enrollment_id = $2 and occurred_at >= d.starts and occurred_at < d.ends)
                      as "sales!",
                  (select coalesce(sum(amount), 0) from commissions
                   where program_id = $1 and enrollment_id = $2 and status <> 'reversed'
                     and occurred_at >= d.starts and occurred_at < d.ends) as "earned!: Decimal"
           from days d"#,
        program as ProgramId,
        partner as EnrollmentId,
        from,
        to
    )
    .fetch_one(conn)
    .await?;
    Ok(Figures {
        clicks: row.clicks,
        sign_ups: row.sign_ups,
        sales: row.sales,
        earned: Money::new(row.earned, row.currency),
    })
}
