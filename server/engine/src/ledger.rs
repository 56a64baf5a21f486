//! The double-entry ledger: posting, months, and the proof that it all adds up.

use crate::{Error, Moment, Result};
use chrono::{DateTime, Datelike, Months, NaiveDate, TimeZone, Utc};
use domain::ids::{AccountId, CommissionId, EnrollmentId, EntryId, JournalId, PaymentId, ProgramId, RefundId};
use domain::ledger::{JournalKind, LedgerAccount};
use domain::money::Currency;
use rust_decimal::Decimal;
use sqlx::PgConnection;
use uuid::Uuid;

/// A journal to post.
#[derive(Clone, Debug)]
pub struct Posting {
    /// What it records.
    pub kind: JournalKind,
    /// The effect's own key: the same effect posts once.
    pub idempotency_key: String,
    /// A word, never free text.
    pub reason_code: &'static str,
    /// The commission it is about.
    pub commission: Option<CommissionId>,
    /// The payment it is about.
    pub payment: Option<PaymentId>,
    /// The refund that caused it.
    pub refund: Option<RefundId>,
    /// Who did it, where a person did.
    pub by: Option<AccountId>,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// From where to where, and how much (above zero), in the program's currency.
    pub moves: Vec<Move>,
}

/// "X → Y": takes an amount from one account and adds it to the other.
#[derive(Clone, Copy, Debug)]
pub struct Move {
    /// X.
    pub from: LedgerAccount,
    /// Y.
    pub to: LedgerAccount,
    /// Whose, where X or Y is an enrollment's account.
    pub enrollment: EnrollmentId,
    /// Above zero.
    pub amount: Decimal,
}

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
            None => make_month(conn, program, posted_at).await?,
        }
    }
}

/// Makes the row of the month of an instant, after the months already there.
async fn make_month(conn: &mut PgConnection, program: ProgramId, at: DateTime<Utc>) -> Result<()> {
    let zone = sqlx::query_scalar!("select time_zone from programs where id = $1", program as ProgramId)
        .fetch_optional(&mut *conn)
        .await?
        .ok_or(Error::NotFound("program"))?;
    let (month, starts_at, ends_at) = month_of(&zone, at)?;
    sqlx::query!(
        "insert into periods (program_id, month, starts_at, ends_at) values ($1, $2, $3, $4)
         on conflict (program_id, month) do nothing",
        program as ProgramId,
        month,
        starts_at,
        ends_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The month of an instant in a time zone: its first day, its first instant, and that of the next month.
fn month_of(zone: &str, at: DateTime<Utc>) -> Result<(NaiveDate, DateTime<Utc>, DateTime<Utc>)> {
    let zone: chrono_tz::Tz = zone.parse().map_err(Error::internal)?;
    let day = at.with_timezone(&zone).date_naive();
    let month = day.with_day(1).ok_or_else(|| Error::internal("month without a first day"))?;
    Ok((month, first_instant(zone, month)?, first_instant(zone, month + Months::new(1))?))
}

/// The first instant of a day in a time zone: the first that exists where the clock is put forward at midnight.
fn first_instant(zone: chrono_tz::Tz, day: NaiveDate) -> Result<DateTime<Utc>> {
    (0..24 * 4)
        .filter_map(|quarter| day.and_hms_opt(quarter / 4, quarter % 4 * 15, 0))
        .find_map(|time| zone.from_local_datetime(&time).earliest())
        .map(|instant| instant.with_timezone(&Utc))
        .ok_or_else(|| Error::internal("day without a first instant"))
}

/// Posts journals by one statement, and adds them to the monthly rollups. All go into one month, held open.
///
/// # Errors
/// `Database` where a journal's idempotency key is taken: the caller decides under a lock whether the effect is due.
pub async fn post(
    conn: &mut PgConnection,
    moment: &Moment,
    program: ProgramId,
    currency: Currency,
    month: OpenMonth,
    postings: &[Posting],
) -> Result<Vec<JournalId>> {
    let mut journals = Journals::default();
    let mut entries = Entries::default();
    for posting in postings {
        let journal: JournalId = moment.id();
        journals.add(journal, posting);
        for transfer in posting.moves.iter().filter(|transfer| !transfer.amount.is_zero()) {
            entries.add(moment.id(), journal, posting.kind, transfer.from, transfer.enrollment, -transfer.amount);
            entries.add(moment.id(), journal, posting.kind, transfer.to, transfer.enrollment, transfer.amount);
        }
    }
    sqlx::query!(
        r#"with new_journals as (
            insert into journals (program_id, id, kind, idempotency_key, reason_code, commission_id, payment_id, refund_id,
                                  account_id, occurred_at, posted_at)
            select $1, j.*, $2
            from unnest($3::uuid[], $4::journal_kind[], $5::text[], $6::text[], $7::uuid[], $8::uuid[], $9::uuid[],
                        $10::uuid[], $11::timestamptz[]) as j
        ), lines as (
            select * from unnest($12::uuid[], $13::uuid[], $14::journal_kind[], $15::ledger_account[], $16::uuid[],
                                 $17::numeric[]) as l (id, journal_id, kind, account, enrollment_id, amount)
        ), rollups as (
            insert into ledger_months as m (program_id, enrollment_id, account, month, kind, amount)
            select $1, enrollment_id, account, $18, kind, sum(amount) from lines where enrollment_id is not null
            group by enrollment_id, account, kind
            order by enrollment_id, account, kind
            on conflict (program_id, enrollment_id, account, month, kind) do update set amount = m.amount + excluded.amount
        )
        insert into entries (program_id, id, journal_id, account, enrollment_id, amount, currency, posted_at)
        select $1, id, journal_id, account, enrollment_id, amount, $19, $2 from lines"#,
        program as ProgramId,
        month.posted_at,
        &journals.ids,
        &journals.kinds as &[JournalKind],
        &journals.keys,
        &journals.reasons,
        &journals.commissions as &[Option<Uuid>],
        &journals.payments as &[Option<Uuid>],
        &journals.refunds as &[Option<Uuid>],
        &journals.accounts as &[Option<Uuid>],
        &journals.occurred,
        &entries.ids,
        &entries.journals,
        &entries.kinds as &[JournalKind],
        &entries.accounts as &[LedgerAccount],
        &entries.enrollments as &[Option<Uuid>],
        &entries.amounts,
        month.month,
        currency.code(),
    )
    .execute(conn)
    .await?;
    Ok(journals.ids.into_iter().map(JournalId).collect())
}

#[derive(Default)]
struct Journals {
    ids: Vec<Uuid>,
    kinds: Vec<JournalKind>,
    keys: Vec<String>,
    reasons: Vec<String>,
    commissions: Vec<Option<Uuid>>,
    payments: Vec<Option<Uuid>>,
    refunds: Vec<Option<Uuid>>,
    accounts: Vec<Option<Uuid>>,
    occurred: Vec<DateTime<Utc>>,
}

impl Journals {
    fn add(&mut self, id: JournalId, posting: &Posting) {
        self.ids.push(id.0);
        self.kinds.push(posting.kind);
        self.keys.push(posting.idempotency_key.clone());
        self.reasons.push(posting.reason_code.to_owned());
        self.commissions.push(posting.commission.map(|id| id.0));
        self.payments.push(posting.payment.map(|id| id.0));
        self.refunds.push(posting.refund.map(|id| id.0));
        self.accounts.push(posting.by.map(|id| id.0));
        self.occurred.push(posting.occurred_at);
    }
}

#[derive(Default)]
struct Entries {
    ids: Vec<Uuid>,
    journals: Vec<Uuid>,
    kinds: Vec<JournalKind>,
    accounts: Vec<LedgerAccount>,
    enrollments: Vec<Option<Uuid>>,
    amounts: Vec<Decimal>,
}

impl Entries {
    fn add(
        &mut self,
        id: EntryId,
        journal: JournalId,
        kind: JournalKind,
        account: LedgerAccount,
        enrollment: EnrollmentId,
        amount: Decimal,
    ) {
        self.ids.push(id.0);
        self.journals.push(journal.0);
        self.kinds.push(kind);
        self.accounts.push(account);
        self.enrollments.push(account.of_enrollment().then_some(enrollment.0));
        self.amounts.push(amount);
    }
}

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Its name, snake-case.
    pub invariant: &'static str,
    /// How many rows break it.
    pub count: i64,
    /// A few of them, for people.
    pub examples: Vec<String>,
}

/// Proves every invariant of the ledger, its rollups and what hangs on them over the whole database, in one snapshot.
/// Returns those that do not hold, in the order of checking: empty where all is well.
///
/// # Errors
/// `Database`.
pub async fn verify(pool: &sqlx::PgPool) -> Result<Vec<Broken>> {
    let _ = pool;
    todo!()
}

/// Makes the months up to now for every program, and closes those that have ended; how many were closed. Closing is
/// never undone. A program's new time zone applies from the month after. Safe beside itself in other processes.
///
/// # Errors
/// `Database`.
pub async fn close_months(pool: &sqlx::PgPool, moment: &Moment) -> Result<u64> {
    let _ = (pool, moment);
    todo!()
}
