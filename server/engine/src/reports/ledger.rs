use super::setting::{Cursor, Key, Setting, page};
use crate::{Error, Result};
use chrono::{DateTime, Utc};
use domain::accounts::Actor;
use domain::ids::{CommissionId, EnrollmentId, EntryId, ProgramId};
use domain::ledger::{JournalKind, LedgerAccount};
use domain::money::Money;
use domain::offers::Trigger;
use domain::page::Paging;
use domain::payments::PaymentStatus;
use domain::reports::{Balance, LedgerFilter, LedgerPage, LedgerRow};
use domain::text::email_masked;
use rust_decimal::Decimal;
use sqlx::PgConnection;
use uuid::Uuid;

/// The enrollment, where it is in the program and the asker may see it.
async fn visible(conn: &mut PgConnection, actor: &Actor, enrollment: EnrollmentId) -> Result<()> {
    let theirs = super::own(actor)?.is_none_or(|own| own == enrollment);
    let found = sqlx::query_scalar!(
        r#"select exists (select from enrollments where program_id = $1 and id = $2) as "exists!""#,
        actor.program() as ProgramId,
        enrollment as EnrollmentId
    )
    .fetch_one(conn)
    .await?;
    if theirs && found { Ok(()) } else { Err(Error::NotFound("partner")) }
}

/// What a partner is owed and has been paid.
///
/// # Errors
/// `NotFound` where the enrollment is not the asker's to see; `Forbidden` without the power to view.
pub async fn balance(conn: &mut PgConnection, actor: &Actor, enrollment: EnrollmentId) -> Result<Balance> {
    visible(conn, actor, enrollment).await?;
    let setting = Setting::of(conn, actor).await?;
    let sums = sqlx::query!(
        r#"select coalesce(sum(amount) filter (where account = 'held'), 0) as "held!",
                  coalesce(sum(amount) filter (where account = 'payable'), 0) as "due!",
                  coalesce(-sum(amount) filter (where kind in ('payment', 'payment_failed')), 0) as "paid!"
           from ledger_months where program_id = $1 and enrollment_id = $2"#,
        setting.program as ProgramId,
        enrollment as EnrollmentId
    )
    .fetch_one(conn)
    .await?;
    Ok(Balance { held: setting.money(sums.held), due: setting.money(sums.due), paid: setting.money(sums.paid) })
}

/// A partner's entries, newest first, each with what its account holds after it and what caused it.
///
/// # Errors
/// `NotFound` where the enrollment is not the asker's to see; `Forbidden` without the power to view; `Invalid` on
/// `cursor`.
pub async fn ledger(
    conn: &mut PgConnection,
    actor: &Actor,
    enrollment: EnrollmentId,
    filter: &LedgerFilter,
    paging: &Paging,
) -> Result<LedgerPage> {
    visible(conn, actor, enrollment).await?;
    let setting = Setting::of(conn, actor).await?;
    let masked = super::own(actor)?.is_some() && setting.masks;
    let (from, to) = setting.instants(filter.from, filter.to)?;
    let cursor = Cursor::read(paging, Key::Time)?;
    let whose = Whose { setting, enrollment };
    let rows = rows(conn, &whose, filter.account, from, to, cursor, paging.rows() + 1).await?;
    let mut running = match rows.first() {
        Some(first) => Some(whose.sums(conn, first.posted_at, first.id.0).await?),
        None => None,
    };
    let finished = rows
        .into_iter()
        .map(|row| {
            let after = running.as_ref().map_or(Decimal::ZERO, |running| running.of(filter.account));
            let balance = running.as_mut().map_or(Decimal::ZERO, |running| running.step_back(row.account, row.amount));
            finish(&setting, masked, row, balance, after)
        })
        .collect();
    let opening = match from {
        Some(from) => whose.sums(conn, from, Uuid::nil()).await?.of(filter.account),
        None => Decimal::ZERO,
    };
    // Nothing bears the nil id, so this is before what is posted at that instant itself.
    let closing = match to {
        Some(to) => whose.sums(conn, to, Uuid::nil()).await?,
        None => whose.sums(conn, far_ahead(), Uuid::max()).await?,
    };
    Ok(LedgerPage {
        page: page(finished, paging, |row: &LedgerRow| Cursor::at(row.posted_at, row.id.0)),
        opening: setting.money(opening),
        closing: setting.money(closing.of(filter.account)),
    })
}

/// Later than any posting, and within what Postgres can hold.
fn far_ahead() -> DateTime<Utc> {
    DateTime::from_timestamp(32_503_680_000, 0).unwrap_or_default()
}

struct Whose {
    setting: Setting,
    enrollment: EnrollmentId,
}

/// What the two accounts hold.
struct Sums {
    held: Decimal,
    payable: Decimal,
}

impl Sums {
    fn of(&self, account: Option<LedgerAccount>) -> Decimal {
        match account {
            Some(LedgerAccount::Held) => self.held,
            Some(_) => self.payable,
            None => self.held + self.payable,
        }
    }

    /// What the account held after an entry, going back before it.
    fn step_back(&mut self, account: LedgerAccount, amount: Decimal) -> Decimal {
        let sum = if account == LedgerAccount::Held { &mut self.held } else { &mut self.payable };
        let after = *sum;
        *sum -= amount;
        after
    }
}

impl Whose {
    /// What the accounts hold after an entry: the months that had ended by then, and the entries since.
    async fn sums(&self, conn: &mut PgConnection, posted_at: DateTime<Utc>, id: Uuid) -> Result<Sums> {
        let sums = sqlx::query_as!(
            Sums,
            r#"with amounts as (
                   select account, amount from ledger_months
                   where program_id = $1 and enrollment_id = $2
                     and month in (select month from periods where program_id = $1 and ends_at <= $3)
                   union all
                   select account, amount from entries
                   where program_id = $1 and enrollment_id = $2 and account in ('held', 'payable')
                     and posted_at >= (select coalesce(max(ends_at), '-infinity') from periods
                                       where program_id = $1 and ends_at <= $3)
                     and (posted_at, id) <= ($3, $4)
               )
               select coalesce(sum(amount) filter (where account = 'held'), 0) as "held!",
                      coalesce(sum(amount) filter (where account = 'payable'), 0) as "payable!" from amounts"#,
            self.setting.program as ProgramId,
            self.enrollment as EnrollmentId,
            posted_at,
            id
        )
        .fetch_one(conn)
        .await?;
        Ok(sums)
    }
}

struct Row {
    id: EntryId,
    posted_at: DateTime<Utc>,
    occurred_at: DateTime<Utc>,
    account: LedgerAccount,
    kind: JournalKind,
    amount: Decimal,
    commission_id: Option<CommissionId>,
    trigger: Option<Trigger>,
    refunded: Option<Decimal>,
    email: Option<String>,
    customer_name: Option<String>,
    batch_code: Option<String>,
    payment_status: Option<PaymentStatus>,
}

async fn rows(
    conn: &mut PgConnection,
    whose: &Whose,
    account: Option<LedgerAccount>,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
    cursor: Option<Cursor>,
    limit: i64,
) -> Result<Vec<Row>> {
    let accounts = account.map_or(vec![LedgerAccount::Held, LedgerAccount::Payable], |account| vec![account]);
    // Each account is read by its own index range; the two ranges are merged.
    let rows = sqlx::query_as!(
        Row,
        r#"with listed as (
               select t.* from unnest($3::ledger_account[]) as wanted (account)
               cross join lateral (
                   select id, journal_id, account, amount, posted_at from entries t
                   where t.program_id = $1 and t.enrollment_id = $2 and t.account = wanted.account
                     and t.posted_at >= coalesce($4::timestamptz, '-infinity')
                     and t.posted_at < coalesce($5::timestamptz, 'infinity')
                     and (t.posted_at, t.id) < (coalesce($6::timestamptz, 'infinity'), $7::uuid)
                   order by t.posted_at desc, t.id desc limit $8
               ) t
               order by t.posted_at desc, t.id desc limit $8
           )
           select t.id as "id!: EntryId", t.posted_at as "posted_at!", j.occurred_at as "occurred_at!",
                  t.account as "account!: LedgerAccount", j.kind as "kind!: JournalKind", t.amount as "amount!",
                  j.commission_id as "commission_id: CommissionId", c.trigger as "trigger?: Trigger",
                  r.amount as "refunded?", u.email as "email?",
                  u.name as "customer_name?", b.code as "batch_code?", p.status as "payment_status?: PaymentStatus"
           from listed t
           join journals j on j.program_id = $1 and j.id = t.journal_id
           left join commissions c on c.program_id = $1 and c.id = j.commission_id
           left join customers u on u.program_id = $1 and u.id = c.customer_id
           left join refunds r on r.program_id = $1 and r.id = j.refund_id
           left join payments p on p.program_id = $1 and p.id = j.payment_id
           left join payment_batches b on b.program_id = $1 and b.id = p.batch_id
           order by t.posted_at desc, t.id desc"#,
        whose.setting.program as ProgramId,
        whose.enrollment as EnrollmentId,
        &accounts as &[LedgerAccount],
        from,
        to,
        cursor.and_then(|cursor| cursor.at),
        cursor.map_or(Uuid::max(), |cursor| cursor.id),
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(rows)
}

fn finish(setting: &Setting, masked: bool, row: Row, balance: Decimal, running: Decimal) -> LedgerRow {
    let cause = cause(setting, &row);
    let customer = match (row.email, row.customer_name) {
        (Some(email), _) if masked => email_masked(&email),
        (Some(email), Some(name)) => {
            if email.is_empty() {
                name
            } else {
                email
            }
        }
        _ => String::new(),
    };
    LedgerRow {
        id: row.id,
        posted_at: row.posted_at,
        day: setting.day(row.posted_at),
        occurred_at: row.occurred_at,
        account: row.account,
        kind: row.kind,
        cause,
        customer,
        commission_id: row.commission_id,
        amount: Money::new(row.amount, setting.currency),
        balance: Money::new(balance, setting.currency),
        running: Money::new(running, setting.currency),
    }
}

/// What a commission was for, in words.
pub(crate) fn commission_words(trigger: Option<Trigger>) -> String {
    format!("Commission for a {}", trigger.unwrap_or(Trigger::Sale).label().to_lowercase())
}

/// What took a commission back, in words: a refund, or the team.
pub(crate) fn clawback_words(setting: &Setting, refunded: Option<Decimal>) -> String {
    match refunded {
        Some(refunded) => format!("Refund of {}", setting.money(refunded)),
        None => "Commission reversed".into(),
    }
}

/// What an entry is for, in words.
fn cause(setting: &Setting, row: &Row) -> String {
    let batch = row.batch_code.as_deref().unwrap_or_default();
    match row.kind {
        JournalKind::Commission => commission_words(row.trigger),
        JournalKind::HoldEnd => "Hold ended".into(),
        JournalKind::Clawback => clawback_words(setting, row.refunded),
        JournalKind::Adjustment if row.amount > Decimal::ZERO => "Bonus or correction".into(),
        JournalKind::Adjustment => "Correction".into(),
        JournalKind::Payment => format!("Payment, {batch}"),
        JournalKind::PaymentFailed => match row.payment_status {
            Some(PaymentStatus::Cancelled) => format!("Payment cancelled, {batch}"),
            _ => format!("Payment failed, {batch}"),
        },
        JournalKind::OpeningBalance => "Opening balance".into(),
    }
}
