use crate::commissions::release_holds;
use crate::files::{CopyFile, Store, sweep};
use crate::integrations::answers;
use crate::leads::imports::{self, WorkOnImport};
use crate::ledger::close_months;
use crate::links::partitions;
use crate::messages::{Letter, Mail, Mailer, compose, outbox};
use crate::partners::job::{self, WorkOnPartners};
use crate::partners::summaries::send_summaries;
use crate::payments::drafts;
use crate::payments::process::ProcessPayments;
use crate::payments::schedule::prepare_due;
use crate::payments::{TellPaid, TellTakenBack};
use crate::privacy::TakeOut;
use crate::reports::roll_up;
use crate::secrets::Secrets;
use crate::{Error, Moment, Result};
use chrono::{Duration, Months};
use graphile_worker::{
    Cron, CronBuilder, IntoTaskHandlerResult, TaskHandler, WorkerContext, WorkerOptions, WorkerRecoveryConfig,
    WorkerShutdownConfig,
};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgPool};
use std::fmt::Debug;
use std::future::Future;

/// What jobs work with.
#[derive(Clone, Debug)]
pub struct Context {
    /// The database.
    pub pool: PgPool,
    /// The way out for mail; without one it lies in the outbox.
    pub mailer: Option<Mailer>,
    /// Where people reach the server, without a slash at its end.
    pub public_url: String,
    /// Where uploaded files lie.
    pub files: Store,
    /// What encrypts mail in the outbox.
    pub secrets: Secrets,
}

/// How many jobs one process does at a time.
const AT_ONCE: usize = 4;

/// Works until `shutdown` is ready; jobs begun by then may finish for a while. Any number of processes may.
///
/// # Errors
/// `Internal` where the worker can't begin, or loses the database for good.
pub async fn run(context: Context, shutdown: impl Future<Output = ()> + Send + 'static) -> Result<()> {
    // At once: perhaps no worker was there at their time.
    let mut conn = context.pool.acquire().await?;
    super::enqueue(&mut conn, &ReleaseHolds {}, Some(ReleaseHolds::IDENTIFIER)).await?;
    super::enqueue(&mut conn, &CloseMonths {}, Some(CloseMonths::IDENTIFIER)).await?;
    super::enqueue(&mut conn, &MakePartitions {}, Some(MakePartitions::IDENTIFIER)).await?;
    super::enqueue(&mut conn, &Purge {}, Some(Purge::IDENTIFIER)).await?;
    super::enqueue(&mut conn, &RollUp {}, Some(RollUp::IDENTIFIER)).await?;
    super::enqueue(&mut conn, &SendSummaries {}, Some(SendSummaries::IDENTIFIER)).await?;
    super::enqueue(&mut conn, &SweepFiles {}, Some(SweepFiles::IDENTIFIER)).await?;
    super::enqueue(&mut conn, &PreparePayments {}, Some(PreparePayments::IDENTIFIER)).await?;
    drop(conn);
    let stop = WorkerShutdownConfig::default()
        .listen_os_shutdown_signals(false)
        .grace_period(std::time::Duration::from_secs(15))
        .shutdown_signal(shutdown);
    let pool = context.pool.clone();
    WorkerOptions::default()
        .schema("graphile_worker")
        .pg_pool(pool)
        .concurrency(AT_ONCE)
        .worker_shutdown(stop)
        // Jobs of a process that was killed are taken over within minutes, not hours.
        .worker_recovery(WorkerRecoveryConfig::default().sweep_threshold(std::time::Duration::from_secs(120)))
        .add_extension(context)
        .define_job::<Mail>()
        .define_job::<CopyFile>()
        .define_job::<TakeOut>()
        .define_job::<WorkOnPartners>()
        .define_job::<WorkOnImport>()
        .define_job::<ProcessPayments>()
        .define_job::<TellPaid>()
        .define_job::<TellTakenBack>()
        .define_job::<ReleaseHolds>()
        .define_job::<CloseMonths>()
        .define_job::<MakePartitions>()
        .define_job::<Purge>()
        .define_job::<RollUp>()
        .define_job::<SendSummaries>()
        .define_job::<SweepFiles>()
        .define_job::<PreparePayments>()
        .with_cron(recurs(Cron::every_minute(), ReleaseHolds {})?)
        .with_cron(recurs(Cron::every_minute(), CloseMonths {})?)
        .with_cron(recurs(Cron::daily_at(0, 10).map_err(Error::internal)?, MakePartitions {})?)
        .with_cron(recurs(Cron::hourly_at(20).map_err(Error::internal)?, Purge {})?)
        .with_cron(recurs(Cron::every_n_minutes(5).map_err(Error::internal)?, RollUp {})?)
        .with_cron(recurs(Cron::hourly_at(5).map_err(Error::internal)?, SendSummaries {})?)
        .with_cron(recurs(Cron::hourly_at(40).map_err(Error::internal)?, SweepFiles {})?)
        .with_cron(recurs(Cron::hourly_at(10).map_err(Error::internal)?, PreparePayments {})?)
        .init()
        .await
        .map_err(Error::internal)?
        .run()
        .await
        .map_err(Error::internal)
}

/// Work at its times: in the queue at most once, with the payload that its handler reads.
fn recurs<T: TaskHandler + Serialize>(times: CronBuilder<T>, work: T) -> Result<CronBuilder<T>> {
    Ok(times.job_key(T::IDENTIFIER).payload(work)?)
}

/// A job's failure as admins see it: the cause goes to the log, with the job's number.
struct Failure(&'static str);

impl Debug for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

fn context(worker: &WorkerContext) -> std::result::Result<&Context, Failure> {
    worker.get_ext::<Context>().ok_or(Failure("The worker is not set up."))
}

/// Logs why a job failed.
fn failure(worker: &WorkerContext, told: &'static str) -> impl FnOnce(Error) -> Failure {
    let job = *worker.job().id();
    move |error| {
        tracing::error!(job, %error, "a job failed");
        Failure(told)
    }
}

const DATABASE: &str = "The database did not answer as it should; the log tells more.";

impl TaskHandler for Mail {
    const IDENTIFIER: &'static str = "send_mail";

    async fn run(self, worker: WorkerContext) -> impl IntoTaskHandlerResult {
        let context = context(&worker)?;
        let letter = letter(context, &self).await.map_err(failure(&worker, DATABASE))?;
        let Some(letter) = letter else { return Ok(()) };
        let unsent = "The mail server did not take the mail; the log tells more.";
        let Some(mailer) = &context.mailer else { return Ok(()) };
        mailer.send(&letter).await.map_err(failure(&worker, unsent))
    }
}

impl TaskHandler for CopyFile {
    const IDENTIFIER: &'static str = "copy_file";

    async fn run(self, worker: WorkerContext) -> impl IntoTaskHandlerResult {
        let context = context(&worker)?;
        let uncopied = "The file was not copied; the log tells more.";
        self.copy(&context.pool, &context.files).await.map_err(failure(&worker, uncopied))
    }
}

impl TaskHandler for TakeOut {
    const IDENTIFIER: &'static str = "take_out";

    async fn run(self, worker: WorkerContext) -> impl IntoTaskHandlerResult {
        let context = context(&worker)?;
        self.search(&context.pool, &context.secrets).await.map_err(failure(&worker, DATABASE))
    }
}

impl TaskHandler for WorkOnPartners {
    const IDENTIFIER: &'static str = "work_on_partners";

    async fn run(self, worker: WorkerContext) -> impl IntoTaskHandlerResult {
        let context = context(&worker)?;
        self.work(&context.pool, &Moment::now()).await.map_err(failure(&worker, DATABASE))
    }
}

impl TaskHandler for WorkOnImport {
    const IDENTIFIER: &'static str = "work_on_lead_import";

    async fn run(self, worker: WorkerContext) -> impl IntoTaskHandlerResult {
        let context = context(&worker)?;
        self.work(&context.pool, &Moment::now()).await.map_err(failure(&worker, DATABASE))
    }
}

impl TaskHandler for ProcessPayments {
    const IDENTIFIER: &'static str = "process_payments";

    async fn run(self, worker: WorkerContext) -> impl IntoTaskHandlerResult {
        let context = context(&worker)?;
        self.work(&context.pool, &Moment::now()).await.map_err(failure(&worker, DATABASE))
    }
}

impl TaskHandler for TellPaid {
    const IDENTIFIER: &'static str = "tell_paid";

    async fn run(self, worker: WorkerContext) -> impl IntoTaskHandlerResult {
        let context = context(&worker)?;
        self.make(&context.pool).await.map_err(failure(&worker, DATABASE))
    }
}

impl TaskHandler for TellTakenBack {
    const IDENTIFIER: &'static str = "tell_taken_back";

    async fn run(self, worker: WorkerContext) -> impl IntoTaskHandlerResult {
        let context = context(&worker)?;
        self.make(&context.pool).await.map_err(failure(&worker, DATABASE))
    }
}

/// Committed before it is sent, so that the link in it works; where nothing sends it, it is laid in the outbox with that.
async fn letter(context: &Context, mail: &Mail) -> Result<Option<Letter>> {
    let mut tx = context.pool.begin().await?;
    let moment = Moment::now();
    let letter = compose(&mut tx, &moment, &context.public_url, mail).await?;
    if let (Some(letter), None) = (&letter, &context.mailer) {
        outbox::keep(&mut tx, &context.secrets, &moment, mail, letter).await?;
    }
    tx.commit().await?;
    Ok(letter)
}

/// Work that recurs: it has no payload, and waits in the queue at most once, whatever the number of processes.
macro_rules! recurring {
    ($($(#[$doc:meta])* $name:ident = $identifier:literal, $title:literal does |$context:ident, $moment:ident| $work:expr;)+) => {$(
        $(#[$doc])*
        #[derive(Serialize, Deserialize)]
        pub(crate) struct $name {}

        impl TaskHandler for $name {
            const IDENTIFIER: &'static str = $identifier;

            async fn run(self, worker: WorkerContext) -> impl IntoTaskHandlerResult {
                let context = context(&worker)?;
                let ($context, $moment) = (context, &Moment::now());
                let done = $work;
                done.map(drop).map_err(failure(&worker, DATABASE))
            }
        }
    )+

        /// The identifiers of all of it.
        pub(super) const RECURRING: &[&str] = &[$($identifier),+];

        /// What it does, in words.
        pub(super) fn title(identifier: &str) -> Option<&'static str> {
            match identifier {
                $($identifier => Some($title),)+
                CopyFile::IDENTIFIER => Some("Copy of a file"),
                TakeOut::IDENTIFIER => Some("Search for the data of a person who was erased"),
                WorkOnPartners::IDENTIFIER => Some("Import of partners, or an act on many"),
                WorkOnImport::IDENTIFIER => Some("Import of leads"),
                ProcessPayments::IDENTIFIER => Some("A batch of payments"),
                TellPaid::IDENTIFIER => Some("Mails to the partners of a batch of payments"),
                TellTakenBack::IDENTIFIER => Some("Mails of payments that were taken back"),
                _ => None,
            }
        }
    };
}

recurring! {
    /// Makes held commissions due whose time has come.
    ReleaseHolds = "release_holds", "Release of holds" does |context, moment| release_holds(&context.pool, moment).await;
    /// Closes the months that are over.
    CloseMonths = "close_months", "Close of months" does |context, moment| close_months(&context.pool, moment).await;
    /// Makes the partitions of clicks of this month and the three to come.
    MakePartitions = "make_partitions", "Room for clicks" does |context, moment| make_partitions(&context.pool, moment).await;
    /// Deletes what has had its time.
    Purge = "purge", "Deletion of what has had its time" does |context, moment| purge(&context.pool, moment).await;
    /// Counts clicks by referrer, landing page, country and sub-id.
    RollUp = "roll_up_clicks", "Count of referrers, pages, countries and sub-ids" does |context, moment| roll_up(&context.pool, moment).await;
    /// Sends partners their summaries, each in the morning of the program's day.
    SendSummaries = "send_summaries", "Summaries to partners" does |context, moment| send_summaries(&context.pool, moment).await;
    /// Deletes uploaded files that nothing uses.
    SweepFiles = "sweep_files", "Deletion of files that nothing uses" does |context, moment| sweep(&context.pool, &context.files, moment).await;
    /// Prepares the monthly batches whose day has come.
    PreparePayments = "prepare_payments", "Monthly batches of payments" does |context, moment| prepare_due(&context.pool, moment).await;
}

async fn make_partitions(pool: &PgPool, moment: &Moment) -> Result<()> {
    let today = moment.at.date_naive();
    let mut tx = pool.begin().await?;
    partitions::ensure(&mut tx, today, today + Months::new(3)).await?;
    Ok(tx.commit().await?)
}

/// Sessions, sign-ups, changes of e-mail and of payout methods and one-time links that are over, mail in the outbox and work on
/// very many partners, and payments that were prepared for nothing, after 30 days, answers to `Idempotency-Key` after 30 days, hashes of IP addresses after
/// 90.
pub(super) async fn purge(pool: &PgPool, moment: &Moment) -> Result<()> {
    let at = moment.at;
    sqlx::query!("delete from sessions where expires_at <= $1", at).execute(pool).await?;
    sqlx::query!("delete from one_time_tokens where expires_at <= $1", at).execute(pool).await?;
    sqlx::query!("delete from sign_ups where expires_at <= $1", at).execute(pool).await?;
    sqlx::query!("delete from email_changes where expires_at <= $1", at).execute(pool).await?;
    sqlx::query!("delete from payout_changes where expires_at <= $1", at).execute(pool).await?;
    outbox::purge(pool, moment).await?;
    job::purge(pool, moment).await?;
    imports::purge(pool, moment).await?;
    drafts::purge(pool, moment).await?;
    answers::purge(pool, moment).await?;
    let mut conn = pool.acquire().await?;
    while blank_ip_hashes(&mut conn, moment).await? > 0 {}
    Ok(())
}

/// About how many hashes are blanked by one statement.
const CHUNK: i64 = 1_000;

/// Blanks the hashes of the oldest clicks that have had their 90 days; how many.
pub(super) async fn blank_ip_hashes(conn: &mut PgConnection, moment: &Moment) -> Result<u64> {
    let blanked = sqlx::query!(
        "with due as (
             select min(clicked_at) as first, max(clicked_at) as last
             from (select clicked_at from clicks where clicked_at <= $1 and ip_hash is not null
                   order by clicked_at limit $2) as oldest
         )
         update clicks set ip_hash = null
         where ip_hash is not null and clicked_at between (select first from due) and (select last from due)",
        moment.at - Duration::days(90),
        CHUNK
    )
    .execute(conn)
    .await?;
    Ok(blanked.rows_affected())
}
