use super::statements;
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

/// The first and the last month that a program has.
struct Known {
    first: NaiveDate,
    starts_at: DateTime<Utc>,
    /// When the first was closed; months are closed in order.
    closed_at: Option<DateTime<Utc>>,
    last: NaiveDate,
    ends_at: DateTime<Utc>,
}

async fn known(conn: &mut PgConnection, program: ProgramId) -> Result<Option<Known>> {
    Ok(sqlx::query_as!(
        Known,
        r#"select f.month as "first!", f.starts_at as "starts_at!", f.closed_at as "closed_at?", l.month as "last!",
                  l.ends_at as "ends_at!"
           from (select month, starts_at, closed_at from periods where program_id = $1 order by month limit 1) f
           cross join (select month, ends_at from periods where program_id = $1 order by month desc limit 1) l"#,
        program as ProgramId
    )
    .fetch_optional(conn)
    .await?)
}

/// Waits until nobody else closes months of the program, or makes some before its first, and keeps others waiting until
/// the transaction ends.
async fn alone(conn: &mut PgConnection, program: ProgramId) -> Result<()> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('months ' || $1, 0))", program.to_string())
        .execute(conn)
        .await?;
    Ok(())
}

/// Makes the rows of the months up to that of an instant: each begins where the one before ended, whatever the zone, so
/// that months neither overlap nor leave a gap. A month before a closed one is closed as well: what is frozen of the one
/// follows from all before it.
async fn make_months(conn: &mut PgConnection, program: ProgramId, at: DateTime<Utc>) -> Result<()> {
    let zones = sqlx::query!("select time_zone, next_time_zone from programs where id = $1", program as ProgramId)
        .fetch_optional(&mut *conn)
        .await?
        .ok_or(Error::NotFound("program"))?;
    let mut there = known(conn, program).await?;
    if there.as_ref().is_some_and(|there| there.starts_at > at) {
        alone(conn, program).await?;
        there = known(conn, program).await?;
    }
    let mut months = Vec::new();
    if let Some(Known { first, starts_at, closed_at, last, ends_at }) = there {
        // A new zone applies from the next month on.
        let zone = zones.next_time_zone.unwrap_or(zones.time_zone.clone());
        let mut next = Period { month: last, starts_at: ends_at, ends_at, zone };
        while next.ends_at <= at {
            next = next.following()?;
            months.push((next.clone(), None));
        }
        let mut earlier = Period { month: first, starts_at, ends_at: starts_at, zone: zones.time_zone };
        while earlier.starts_at > at {
            earlier = earlier.preceding()?;
            months.push((earlier.clone(), closed_at));
        }
    } else {
        months.push((Period::of(zones.time_zone, at)?, None));
    }
    for (period, closed_at) in months {
        sqlx::query!(
            "insert into periods (program_id, month, starts_at, ends_at, time_zone, closed_at)
             values ($1, $2, $3, $4, $5, $6)
             on conflict (program_id, month) do nothing",
            program as ProgramId,
            period.month,
            period.starts_at,
            period.ends_at,
            period.zone,
            closed_at
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
    // Of very many partners the statements take their time; who posts into the month that follows doesn't wait for them.
    sqlx::query("set local statement_timeout = 0").execute(&mut *conn).await?;
    alone(conn, program).await?;
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
    for month in &ended {
        statements::freeze(conn, program, *month).await?;
    }
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

/// A time zone by its IANA name.
pub(super) fn tz(zone: &str) -> Result<Tz> {
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
