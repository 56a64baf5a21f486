use super::setting::{Cursor, Key, Setting, page};
use crate::{Error, Result};
use chrono::{DateTime, Utc};
use domain::accounts::Actor;
use domain::ids::{BatchId, CommissionId, CustomerId, EnrollmentId, EntryId, LeadId, PaymentId, ProgramId, SaleId};
use domain::ledger::{AdjustmentKind, JournalKind, LedgerAccount};
use domain::offers::Trigger;
use domain::page::Paging;
use domain::payments::PaymentStatus;
use domain::reports::{Balance, LeadName, LedgerFilter, LedgerPage, LedgerRow};
use domain::text::email_masked;
use domain::why::Why;
use rust_decimal::Decimal;
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

/// The enrollment, where it is in the program and the asker may see it.
pub(crate) async fn visible(conn: &mut PgConnection, actor: &Actor, enrollment: EnrollmentId) -> Result<()> {
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
/// `NotFound` where the enrollment is not the asker's to see; `Forbidden` without the power to view; `Invalid` on `from`,
/// `to` and `cursor`.
pub async fn ledger(
    conn: &mut PgConnection,
    actor: &Actor,
    enrollment: EnrollmentId,
    filter: &LedgerFilter,
    paging: &Paging,
) -> Result<LedgerPage> {
    visible(conn, actor, enrollment).await?;
    let setting = Setting::of(conn, actor).await?;
    let (from, to) = setting.instants(filter.from, filter.to)?;
    if filter.from.zip(filter.to).is_some_and(|(from, to)| to < from) {
        return Err(Error::field("to", "The range ends before it begins."));
    }
    let team = super::own(actor)?.is_none();
    let asked = Asked { account: filter.account, from, to, oldest_first: false };
    entries(conn, &setting, team, enrollment, &asked, paging).await
}

/// Which entries of a partner are asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    /// Of this account only.
    pub account: Option<LedgerAccount>,
    /// Posted at this instant or later.
    pub from: Option<DateTime<Utc>>,
    /// Posted before this instant.
    pub to: Option<DateTime<Utc>>,
    /// In which order.
    pub oldest_first: bool,
}

/// The entries of a partner whom the asker may see.
pub(crate) async fn entries(
    conn: &mut PgConnection,
    setting: &Setting,
    team: bool,
    enrollment: EnrollmentId,
    asked: &Asked,
    paging: &Paging,
) -> Result<LedgerPage> {
    let cursor = Cursor::read(paging, Key::Time)?;
    let whose = Whose { setting: *setting, enrollment, team };
    let rows = rows(conn, &whose, asked, cursor, paging.rows() + 1).await?;
    let mut running = match rows.first() {
        Some(first) => whose.sums(conn, first.posted_at, first.id.0).await?,
        None => Sums { held: Decimal::ZERO, payable: Decimal::ZERO },
    };
    let mut finished = Vec::with_capacity(rows.len());
    for (place, row) in rows.into_iter().enumerate() {
        let (account, amount) = (row.account, row.amount);
        if asked.oldest_first && place > 0 {
            running.add(account, amount);
        }
        finished.push(whose.finish(row, running.of(Some(account)), running.of(asked.account)));
        if !asked.oldest_first {
            running.add(account, -amount);
        }
    }
    let opening = match asked.from {
        Some(from) => whose.sums(conn, from, Uuid::nil()).await?.of(asked.account),
        None => Decimal::ZERO,
    };
    // Nothing bears the nil id, so this is before what is posted at that instant itself.
    let closing = match asked.to {
        Some(to) => whose.sums(conn, to, Uuid::nil()).await?,
        None => whose.sums(conn, far_ahead(), Uuid::max()).await?,
    };
    Ok(LedgerPage {
        page: page(finished, paging, |row: &LedgerRow| Cursor::at(row.posted_at, row.id.0)),
        opening: setting.money(opening),
        closing: setting.money(closing.of(asked.account)),
    })
}

/// Later than any posting, and within what Postgres can hold.
fn far_ahead() -> DateTime<Utc> {
    DateTime::from_timestamp(32_503_680_000, 0).unwrap_or_default()
}

struct Whose {
    setting: Setting,
    enrollment: EnrollmentId,
    /// Whether the team asks, which sees customers as they are and where an entry comes from.
    team: bool,
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

    fn add(&mut self, account: LedgerAccount, amount: Decimal) {
        *(if account == LedgerAccount::Held { &mut self.held } else { &mut self.payable }) += amount;
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

    fn finish(&self, row: Row, balance: Decimal, running: Decimal) -> LedgerRow {
        let (setting, team) = (&self.setting, self.team);
        let cause = cause(setting, &row);
        let lead = row.lead_id.map(|id| {
            let [email, name] = [row.lead_email, row.lead_name].map(Option::unwrap_or_default);
            LeadName::new(id, &email, &name).label
        });
        let customer = match (row.email, row.customer_name) {
            _ if lead.is_some() => lead.unwrap_or_default(),
            (Some(email), _) if !team && setting.masks => email_masked(&email),
            (Some(email), Some(name)) => {
                if email.is_empty() {
                    name
                } else {
                    email
                }
            }
            _ => String::new(),
        };
        // What the team writes of a payment or a reversal is for itself; so is how a refund was reckoned.
        let told = team || row.kind == JournalKind::Adjustment;
        let explained = team || row.kind != JournalKind::Clawback;
        LedgerRow {
            id: row.id,
            posted_at: row.posted_at,
            day: setting.day(row.posted_at),
            occurred_at: row.occurred_at,
            account: row.account,
            kind: row.kind,
            cause,
            reason: row.note.filter(|_| told).unwrap_or_default(),
            by: row.by.filter(|_| team).unwrap_or_default(),
            customer,
            lead_id: row.lead_id,
            customer_id: row.customer_id.filter(|_| team),
            sale_id: row.sale_id.filter(|_| team),
            commission_id: row.commission_id,
            payment_id: row.payment_id,
            batch_id: row.batch_id.filter(|_| team),
            why: row.why.filter(|_| explained).map(|why| why.0).unwrap_or_default(),
            amount: setting.money(row.amount),
            balance: setting.money(balance),
            running: setting.money(running),
        }
    }
}

struct Row {
    id: EntryId,
    posted_at: DateTime<Utc>,
    occurred_at: DateTime<Utc>,
    account: LedgerAccount,
    kind: JournalKind,
    reason_code: String,
    note: Option<String>,
    by: Option<String>,
    amount: Decimal,
    commission_id: Option<CommissionId>,
    trigger: Option<Trigger>,
    sale_id: Option<SaleId>,
    refunded: Option<Decimal>,
    customer_id: Option<CustomerId>,
    email: Option<String>,
    customer_name: Option<String>,
    lead_id: Option<LeadId>,
    lead_email: Option<String>,
    lead_name: Option<String>,
    payment_id: Option<PaymentId>,
    batch_id: Option<BatchId>,
    batch_code: Option<String>,
    payment_status: Option<PaymentStatus>,
    why: Option<Json<Why>>,
}

/// Reads entries after a place in the one order or the other. Each account is read by its own index range; the two ranges
/// are merged.
macro_rules! listed {
    ($conn:expr, $after:tt, $start:tt, $order:tt, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"with listed as (
                   select t.* from unnest($3::ledger_account[]) as wanted (account)
                   cross join lateral (
                       select id, journal_id, account, amount, posted_at from entries t
                       where t.program_id = $1 and t.enrollment_id = $2 and t.account = wanted.account
                         and t.posted_at >= coalesce($4::timestamptz, '-infinity')
                         and t.posted_at < coalesce($5::timestamptz, 'infinity')
                         and (t.posted_at, t.id) "# + $after + r#" (coalesce($6::timestamptz, "# + $start + r#"), $7::uuid)
                       order by t.posted_at "# + $order + r#", t.id "# + $order + r#" limit $8
                   ) t
                   order by t.posted_at "# + $order + r#", t.id "# + $order + r#" limit $8
               )
               select t.id as "id!: EntryId", t.posted_at as "posted_at!", j.occurred_at as "occurred_at!",
                      t.account as "account!: LedgerAccount", j.kind as "kind!: JournalKind",
                      j.reason_code as "reason_code!", n.note as "note?", a.name as "by?", t.amount as "amount!",
                      j.commission_id as "commission_id?: CommissionId", c.trigger as "trigger?: Trigger",
                      c.sale_id as "sale_id?: SaleId", r.amount as "refunded?", c.customer_id as "customer_id?: CustomerId",
                      u.email as "email?", u.name as "customer_name?", c.lead_id as "lead_id?: LeadId",
                      l.email as "lead_email?", l.name as "lead_name?", p.id as "payment_id?: PaymentId",
                      p.batch_id as "batch_id?: BatchId", b.code as "batch_code?",
                      p.status as "payment_status?: PaymentStatus",
                      case when j.kind in ('commission', 'hold_end') then c.why
                           when j.kind = 'clawback' then r.why
                           else p.why end as "why?: Json<Why>"
               from listed t
               join journals j on j.program_id = $1 and j.id = t.journal_id
               left join commissions c on c.program_id = $1 and c.id = j.commission_id
               left join customers u on u.program_id = $1 and u.id = c.customer_id
               left join leads l on l.program_id = $1 and l.id = c.lead_id
               left join refunds r on r.program_id = $1 and r.id = j.refund_id
               left join payments p on p.program_id = $1 and p.id = j.payment_id
               left join payment_batches b on b.program_id = $1 and b.id = p.batch_id
               left join journal_notes n on n.program_id = $1 and n.journal_id = j.id
               left join accounts a on a.id = j.account_id
               order by t.posted_at "# + $order + ", t.id " + $order,
            $($argument),+
        )
        .fetch_all($conn)
        .await?
    };
}

async fn rows(
    conn: &mut PgConnection,
    whose: &Whose,
    asked: &Asked,
    cursor: Option<Cursor>,
    limit: i64,
) -> Result<Vec<Row>> {
    let wanted = asked.account.map_or(vec![LedgerAccount::Held, LedgerAccount::Payable], |account| vec![account]);
    let (program, enrollment) = (whose.setting.program, whose.enrollment);
    let at = cursor.and_then(|cursor| cursor.at);
    let id = cursor.map(|cursor| cursor.id);
    Ok(if asked.oldest_first {
        listed!(
            conn,
            ">",
            "'-infinity'",
            "asc",
            program as ProgramId,
            enrollment as EnrollmentId,
            &wanted as &[LedgerAccount],
            asked.from,
            asked.to,
            at,
            id.unwrap_or(Uuid::nil()),
            limit
        )
    } else {
        listed!(
            conn,
            "<",
            "'infinity'",
            "desc",
            program as ProgramId,
            enrollment as EnrollmentId,
            &wanted as &[LedgerAccount],
            asked.from,
            asked.to,
            at,
            id.unwrap_or(Uuid::max()),
            limit
        )
    })
}

/// What a commission was for, in words.
pub(crate) fn commission_words(trigger: Option<Trigger>) -> String {
    format!("Commission for a {}", trigger.unwrap_or(Trigger::Sale).noun())
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
        JournalKind::Adjustment if row.reason_code == AdjustmentKind::Bonus.as_str() => "Bonus".into(),
        JournalKind::Adjustment => "Correction".into(),
        JournalKind::Payment => format!("Payment, {batch}"),
        JournalKind::PaymentFailed => match row.payment_status {
            Some(PaymentStatus::Cancelled) => format!("Payment cancelled, {batch}"),
            _ => format!("Payment failed, {batch}"),
        },
        JournalKind::OpeningBalance => "Opening balance".into(),
    }
}
