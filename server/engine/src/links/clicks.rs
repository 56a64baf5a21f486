use super::ShortLink;
use crate::Moment;
use chrono::{DateTime, NaiveDate, Utc};
use domain::ids::{ClickId, EnrollmentId, LinkId, ProgramId};
use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, PgPool, Postgres};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use uuid::Uuid;

/// How long a visitor waits for the click to be committed.
const PATIENCE: Duration = Duration::from_millis(500);
/// The most clicks in one statement: beyond that little is gained.
const BATCH: usize = 1_000;
/// The most clicks that wait; further visitors land at once without a click id.
const QUEUE: usize = 10_000;
/// How long one statement may take before its connection is given up.
const STATEMENT: Duration = Duration::from_secs(5);

/// A click to be written.
#[derive(Clone, Debug)]
pub struct NewClick {
    /// Its id, in which is its time.
    pub id: ClickId,
    clicked_at: DateTime<Utc>,
    program: ProgramId,
    link: LinkId,
    enrollment: EnrollmentId,
    /// In the program's time zone.
    day: NaiveDate,
    visit: Visit,
}

/// What is known of a click's visitor. Where the program asks for consent and has none, only `is_unique` and `target`
/// are given.
#[derive(Clone, Debug, Default)]
pub struct Visit {
    /// Whether it is the visitor's first on that link that day.
    pub is_unique: bool,
    /// Where the visitor was sent, without the click id; at most 2,000 characters are kept.
    pub target: String,
    /// The page that the visitor came from, or empty; at most 2,000 characters are kept.
    pub referrer: String,
    /// The partner's own mark (`?sub=`), or empty; at most 200 characters are kept.
    pub sub_id: String,
    /// ISO 3166 code, or empty.
    pub country: String,
    /// Keyed hash of the IP address.
    pub ip_hash: Option<Vec<u8>>,
}

impl NewClick {
    /// A click on a link at this moment.
    #[must_use]
    pub fn new(moment: &Moment, link: &ShortLink, visit: Visit) -> Self {
        let id: ClickId = moment.id();
        let clicked_at = id.clicked_at().unwrap_or(moment.at);
        let visit = Visit {
            target: kept(visit.target, 2_000),
            referrer: kept(visit.referrer, 2_000),
            sub_id: kept(visit.sub_id, 200),
            country: kept(visit.country, 2),
            ..visit
        };
        Self {
            id,
            clicked_at,
            program: link.program.id,
            link: link.link,
            enrollment: link.enrollment,
            day: link.program.day(clicked_at),
            visit,
        }
    }
}

/// What is kept of a text that a visitor sent: no control characters (Postgres takes no NUL), and not more than `most`
/// characters.
fn kept(text: String, most: usize) -> String {
    if text.len() <= most && !text.contains(|c: char| c.is_control()) {
        return text;
    }
    text.chars().filter(|c| !c.is_control()).take(most).collect()
}

/// Postgres has not confirmed the click in time, or can't be reached: the visitor lands without a click id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the click was not confirmed")]
pub struct NotConfirmed;

/// Counts since the start, for `/metrics`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClickCounts {
    /// Confirmed in time.
    pub recorded: u64,
    /// Answered without a click id: `clicks_unrecorded_total`.
    pub unrecorded: u64,
    /// Of those, committed after all: `clicks_late_total`.
    pub late: u64,
}

#[derive(Debug, Default)]
struct Counters {
    recorded: AtomicU64,
    unrecorded: AtomicU64,
    late: AtomicU64,
}

/// Writes clicks in batches: while one commits, the next gathers. No timer: a click on an idle server is written at
/// once.
#[derive(Clone, Debug)]
pub struct ClickWriter {
    queue: mpsc::Sender<Waiting>,
    counters: Arc<Counters>,
    stop: Arc<watch::Sender<bool>>,
    stopped: watch::Receiver<bool>,
}

/// A click whose visitor waits for the commit.
#[derive(Debug)]
struct Waiting {
    click: NewClick,
    committed: oneshot::Sender<()>,
}

impl ClickWriter {
    /// Starts the writer. It keeps one connection of the pool to itself.
    #[must_use]
    pub fn start(pool: PgPool) -> Self {
        let (queue, clicks) = mpsc::channel(QUEUE);
        let (stop, stopping) = watch::channel(false);
        let (done, stopped) = watch::channel(false);
        let counters = Arc::new(Counters::default());
        let writer = Writer { pool, connection: None, counters: counters.clone() };
        tokio::spawn(async move {
            writer.run(clicks, stopping).await;
            done.send_replace(true);
        });
        Self { queue, counters, stop: Arc::new(stop), stopped }
    }

    /// Records a click, and returns once it is committed.
    ///
    /// # Errors
    /// `NotConfirmed` after 500 ms, or at once where too many wait.
    pub async fn record(&self, click: NewClick) -> Result<(), NotConfirmed> {
        let (committed, mut answer) = oneshot::channel();
        let confirmed = match self.queue.try_send(Waiting { click, committed }) {
            Err(_) => false,
            Ok(()) => match tokio::time::timeout(PATIENCE, &mut answer).await {
                Ok(answer) => answer.is_ok(),
                Err(_) => {
                    // What was committed up to here counts as in time, all else as late: never both, never neither.
                    answer.close();
                    answer.try_recv().is_ok()
                }
            },
        };
        let counter = if confirmed { &self.counters.recorded } else { &self.counters.unrecorded };
        counter.fetch_add(1, Ordering::Relaxed);
        if confirmed { Ok(()) } else { Err(NotConfirmed) }
    }

    /// The counts so far.
    #[must_use]
    pub fn counts(&self) -> ClickCounts {
        ClickCounts {
            recorded: self.counters.recorded.load(Ordering::Relaxed),
            unrecorded: self.counters.unrecorded.load(Ordering::Relaxed),
            late: self.counters.late.load(Ordering::Relaxed),
        }
    }

    /// Takes no more clicks and writes those that wait, for at most `patience`.
    pub async fn shutdown(&self, patience: Duration) {
        self.stop.send_replace(true);
        let mut stopped = self.stopped.clone();
        if tokio::time::timeout(patience, stopped.wait_for(|stopped| *stopped)).await.is_err() {
            tracing::error!("clicks were still waiting for Postgres when the server stopped");
        }
    }
}

/// The one task that writes.
struct Writer {
    pool: PgPool,
    connection: Option<PoolConnection<Postgres>>,
    counters: Arc<Counters>,
}

impl Writer {
    async fn run(mut self, mut clicks: mpsc::Receiver<Waiting>, mut stopping: watch::Receiver<bool>) {
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            tokio::select! {
                taken = clicks.recv_many(&mut batch, BATCH) => {
                    if taken == 0 {
                        return;
                    }
                    self.settle(std::mem::take(&mut batch)).await;
                    batch.reserve(BATCH);
                }
                // A closed queue still gives out what it holds.
                () = async { drop(stopping.wait_for(|stop| *stop).await) }, if !clicks.is_closed() => clicks.close(),
            }
        }
    }

    /// Writes a batch, however often it takes. Where Postgres refuses it, each half is tried by itself, so that one
    /// bad click doesn't take others with it.
    async fn settle(&mut self, batch: Vec<Waiting>) {
        let mut open = vec![batch];
        while let Some(mut batch) = open.pop() {
            let rows = Columns::of(&batch);
            let mut pause = Duration::from_millis(20);
            loop {
                match self.write(&rows).await {
                    Ok(()) => {
                        let late = batch.drain(..).filter_map(|waiting| waiting.committed.send(()).err()).count();
                        self.counters.late.fetch_add(late as u64, Ordering::Relaxed);
                    }
                    Err(error) if passes(&error) => {
                        tracing::warn!(%error, clicks = batch.len(), "clicks wait for Postgres");
                        tokio::time::sleep(pause).await;
                        pause = (pause * 2).min(Duration::from_secs(1));
                        continue;
                    }
                    Err(error) if batch.len() == 1 => tracing::error!(%error, "a click was refused by Postgres"),
                    Err(_) => {
                        open.push(batch.split_off(batch.len() / 2));
                        open.push(batch);
                    }
                }
                break;
            }
        }
    }

    async fn write(&mut self, rows: &Columns) -> Result<(), sqlx::Error> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.pool.acquire().await?,
        };
        match tokio::time::timeout(STATEMENT, rows.insert(&mut connection)).await {
            Ok(Ok(())) => {
                self.connection = Some(connection);
                Ok(())
            }
            Ok(Err(error)) if !passes(&error) => {
                self.connection = Some(connection);
                Err(error)
            }
            // The statement may have been committed: its ids are in the retry, which then writes nothing.
            failed => {
                drop(connection.detach());
                failed.unwrap_or(Err(sqlx::Error::PoolTimedOut))
            }
        }
    }
}

/// Whether trying again may help: anything but a row that Postgres refuses.
fn passes(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => {
            let class = error.code().map(|code| code.chars().take(2).collect::<String>()).unwrap_or_default();
            // Connection, rollback, resources, object state, intervention, system.
            ["08", "25", "40", "53", "55", "57", "58"].contains(&class.as_str())
        }
        _ => true,
    }
}

/// A batch as columns, for UNNEST.
#[derive(Default)]
struct Columns {
    programs: Vec<Uuid>,
    times: Vec<DateTime<Utc>>,
    ids: Vec<Uuid>,
    links: Vec<Uuid>,
    enrollments: Vec<Uuid>,
    days: Vec<NaiveDate>,
    uniques: Vec<bool>,
    targets: Vec<String>,
    referrers: Vec<String>,
    sub_ids: Vec<String>,
    countries: Vec<String>,
    ip_hashes: Vec<Option<Vec<u8>>>,
}

impl Columns {
    fn of(batch: &[Waiting]) -> Self {
        let mut columns = Self::default();
        for Waiting { click, .. } in batch {
            columns.add(click);
        }
        columns
    }

    fn add(&mut self, click: &NewClick) {
        self.programs.push(click.program.0);
        self.times.push(click.clicked_at);
        self.ids.push(click.id.0);
        self.links.push(click.link.0);
        self.enrollments.push(click.enrollment.0);
        self.days.push(click.day);
        self.uniques.push(click.visit.is_unique);
        self.targets.push(click.visit.target.clone());
        self.referrers.push(click.visit.referrer.clone());
        self.sub_ids.push(click.visit.sub_id.clone());
        self.countries.push(click.visit.country.clone());
        self.ip_hashes.push(click.visit.ip_hash.clone());
    }

    /// Clicks and their day rollups in one statement, and so in one transaction. What is there already is passed
    /// over, and only what was not is rolled up, in key order, so that two servers never wait for each other in a
    /// circle.
    async fn insert(&self, conn: &mut PgConnection) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "with given as (
                select * from unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::uuid[], $5::uuid[], $6::date[],
                                     $7::bool[], $8::text[], $9::text[], $10::text[], $11::text[], $12::bytea[])
                    as c (program_id, clicked_at, id, link_id, enrollment_id, day, is_unique, target, referrer, sub_id,
                          country, ip_hash)
            ), added as (
                insert into clicks (program_id, clicked_at, id, link_id, enrollment_id, is_unique, target, referrer,
                                    sub_id, country, ip_hash)
                select program_id, clicked_at, id, link_id, enrollment_id, is_unique, target, referrer, sub_id, country,
                       ip_hash
                from given
                on conflict do nothing
                returning program_id, id
            )
            insert into click_days as d (program_id, link_id, day, enrollment_id, clicks, unique_clicks)
            select program_id, link_id, day, enrollment_id, count(*), count(*) filter (where is_unique)
            from given join added using (program_id, id)
            group by program_id, link_id, day, enrollment_id
            order by program_id, link_id, day
            on conflict (program_id, link_id, day) do update
                set clicks = d.clicks + excluded.clicks, unique_clicks = d.unique_clicks + excluded.unique_clicks",
            &self.programs,
            &self.times,
            &self.ids,
            &self.links,
            &self.enrollments,
            &self.days,
            &self.uniques,
            &self.targets,
            &self.referrers,
            &self.sub_ids,
            &self.countries,
            &self.ip_hashes as &[Option<Vec<u8>>],
        )
        .execute(conn)
        .await?;
        Ok(())
    }
}

/// Writes clicks in the caller's transaction, by the statement that the writer uses: the demo's history.
///
/// # Errors
/// `Database`.
pub(crate) async fn insert(conn: &mut PgConnection, clicks: &[NewClick]) -> Result<(), sqlx::Error> {
    for clicks in clicks.chunks(BATCH) {
        let mut columns = Columns::default();
        clicks.iter().for_each(|click| columns.add(click));
        columns.insert(conn).await?;
    }
    Ok(())
}
