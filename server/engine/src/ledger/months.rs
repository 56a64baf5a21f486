use crate::{Error, Moment, Result};
use chrono::{DateTime, Datelike, Months, NaiveDate, TimeZone, Utc};
use chrono_tz::Tz;
use domain::ids::ProgramId;
use sqlx::{PgConnection, PgPool};

/// The month into which entries are posted, its row share-locked until the transaction ends.
#[derive(Clone, Copy, Debug)]
pub struct OpenMonth {
    /// Its first day in the program's time zone.
    pub month: NaiveDate,
    /// The instant to post at.
    pub posted_at: DateTime<Utc>,
}

/// Finds the month to post into and holds it open: that of `at`, or where it is closed the next open one, at its
/// first instant.
///
/// # Errors
/// `NotFound` where there is no such program.
pub async fn hold_month_open(conn: &mut PgConnection, program: ProgramId, at: DateTime<Utc>) -> Result<OpenMonth> {
    let mut posted_at = at;
    loop {
        // Whoever waited here for the month's close sees the row as the close left it.
        let found = sqlx::query!(
            "select month, ends_at, closed_at from periods
             where program_id = $1 and starts_at <= $2 and ends_at > $2 for share",
            program as ProgramId,
            posted_at
        )
        .fetch_optional(&mut *conn)
        .await?;
        match found {
            Some(period) if period.closed_at.is_none() => return Ok(OpenMonth { month: period.month, posted_at }),
            Some(period) => posted_at = period.ends_at,
            None => make_months(conn, program, posted_at).await?,
        }
    }
}

/// Makes the rows of the months up to that of an instant: each begins where the one before ended, whatever the zone, so
/// that months neither overlap nor leave a gap.
async fn make_months(conn: &mut PgConnection, program: ProgramId, at: DateTime<Utc>) -> Result<()> {
    let zones = sqlx::query!("select time_zone, next_time_zone from programs where id = $1", program as ProgramId)
        .fetch_optional(&mut *conn)
        .await?
        .ok_or(Error::NotFound("program"))?;
    let known = sqlx::query!(
        "select min(month) as first, min(starts_at) as starts_at, max(month) as last, max(ends_at) as ends_at
         from periods where program_id = $1",
        program as ProgramId
    )
    .fetch_one(&mut *conn)
    .await?;
    let mut months = Vec::new();
    if let (Some(first), Some(starts_at), Some(last), Some(ends_at)) =
        (known.first, known.starts_at, known.last, known.ends_at)
    {
        // A new zone applies from the next month on.
        let zone = zones.next_time_zone.unwrap_or(zones.time_zone.clone());
        let mut next = Period { month: last, starts_at: ends_at, ends_at, zone };
        while next.ends_at <= at {
            next = next.following()?;
            months.push(next.clone());
        }
        let mut earlier = Period { month: first, starts_at, ends_at: starts_at, zone: zones.time_zone };
        while earlier.starts_at > at {
            earlier = earlier.preceding()?;
            months.push(earlier.clone());
        }
    } else {
        months.push(Period::of(zones.time_zone, at)?);
    }
    for period in months {
        sqlx::query!(
            "insert into periods (program_id, month, starts_at, ends_at, time_zone) values ($1, $2, $3, $4, $5)
             on conflict (program_id, month) do nothing",
            program as ProgramId,
            period.month,
            period.starts_at,
            period.ends_at,
            period.zone
        )
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// Closes the months that have ended, in every program; how many. Closing is never undone. A program's new time zone
/// applies from the month after. Safe beside itself in other processes.
///
/// # Errors
/// `Database`.
pub async fn close_months(pool: &PgPool, moment: &Moment) -> Result<u64> {
    let programs = sqlx::query_scalar!(
        r#"select id as "id: ProgramId" from programs p
           where exists (select from periods m where m.program_id = p.id and m.ends_at <= $1 and m.closed_at is null)
              or (p.next_time_zone is not null
                  and not exists (select from periods m where m.program_id = p.id and m.ends_at > $1))
           order by id"#,
        moment.at
    )
    .fetch_all(pool)
    .await?;
    let (mut closed, mut failed) = (0, None);
    for program in programs {
        match close_program(pool, program, moment.at).await {
            Ok(count) => closed += count,
            Err(error) => {
                tracing::error!(%program, %error, "a program's months were not closed");
                failed = Some(error);
            }
        }
    }
    failed.map_or(Ok(closed), Err)
}

async fn close_program(pool: &PgPool, program: ProgramId, at: DateTime<Utc>) -> Result<u64> {
    let mut tx = pool.begin().await?;
    let closed = close(&mut tx, program, at).await?;
    tx.commit().await?;
    Ok(closed)
}

async fn close(conn: &mut PgConnection, program: ProgramId, at: DateTime<Utc>) -> Result<u64> {
    make_months(conn, program, at).await?;
    // Waits for every transaction that posts into them; whoever comes later sees them closed.
    let ended = sqlx::query_scalar!(
        "select month from periods where program_id = $1 and ends_at <= $2 and closed_at is null
         order by month for update",
        program as ProgramId,
        at
    )
    .fetch_all(&mut *conn)
    .await?;
    sqlx::query!(
        "update periods set closed_at = $3 where program_id = $1 and month = any($2)",
        program as ProgramId,
        &ended,
        at
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "update programs p set time_zone = m.time_zone, next_time_zone = null from periods m
         where p.id = $1 and m.program_id = p.id and m.starts_at <= $2 and m.ends_at > $2
           and m.time_zone = p.next_time_zone",
        program as ProgramId,
        at
    )
    .execute(conn)
    .await?;
    Ok(ended.len() as u64)
}

/// A month of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Period {
    /// Its first day.
    pub(super) month: NaiveDate,
    pub(super) starts_at: DateTime<Utc>,
    pub(super) ends_at: DateTime<Utc>,
    /// The time zone of its days.
    pub(super) zone: String,
}

impl Period {
    /// The month of an instant in a zone, from its first instant there to that of the next month.
    pub(super) fn of(zone: String, at: DateTime<Utc>) -> Result<Self> {
        let tz = tz(&zone)?;
        let day = at.with_timezone(&tz).date_naive();
        let month = day.with_day(1).ok_or_else(|| Error::internal("month without a first day"))?;
        let (starts_at, ends_at) = (first_instant(tz, month)?, first_instant(tz, month + Months::new(1))?);
        Ok(Self { month, starts_at, ends_at, zone })
    }

    /// The month after, in the same zone.
    pub(super) fn following(&self) -> Result<Self> {
        let month = self.month + Months::new(1);
        let ends_at = first_instant(tz(&self.zone)?, month + Months::new(1))?;
        Ok(Self { month, starts_at: self.ends_at, ends_at, zone: self.zone.clone() })
    }

    /// The month before, in the same zone.
    fn preceding(&self) -> Result<Self> {
        let month = self.month - Months::new(1);
        let starts_at = first_instant(tz(&self.zone)?, month)?;
        Ok(Self { month, starts_at, ends_at: self.starts_at, zone: self.zone.clone() })
    }
}

fn tz(zone: &str) -> Result<Tz> {
    zone.parse().map_err(Error::internal)
}

/// The first instant of a day in a time zone: the first that exists where the clock is put forward at midnight.
pub(crate) fn first_instant(zone: Tz, day: NaiveDate) -> Result<DateTime<Utc>> {
    (0..24 * 4)
        .filter_map(|quarter| day.and_hms_opt(quarter / 4, quarter % 4 * 15, 0))
        .find_map(|time| zone.from_local_datetime(&time).earliest())
        .map(|instant| instant.with_timezone(&Utc))
        .ok_or_else(|| Error::internal("day without a first instant"))
}
