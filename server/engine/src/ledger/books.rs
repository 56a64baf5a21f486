//! The books as a whole: the trial balance and what is owed to partners at any instant, and the journal for a bookkeeping
//! system.

use crate::reports::{Cursor, Instants, Key, Setting, own, page};
use crate::{Error, Moment, Result};
use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeZone, Utc};
use domain::accounts::Actor;
use domain::ids::{EntryId, JournalId, ProgramId};
use domain::ledger::{AccountBalance, JournalDay, JournalKind, JournalLine, LedgerAccount, TrialBalance};
use domain::page::{Page, Paging};
use domain::time::check_day;
use rust_decimal::Decimal;
use sqlx::PgConnection;

/// The books are the team's; a partner sees its own ledger.
fn team(actor: &Actor) -> Result<()> {
    match own(actor)? {
        None => Ok(()),
        Some(_) => Err(Error::Forbidden),
    }
}

/// What every account came to by what was posted before a time of the program's zone; by all that is posted where none is
/// given: what the last month closed by then came to, and the entries since. So it is with each partner's balance, of which
/// those above zero are owed, and those below carried forward.
///
/// # Errors
/// `Forbidden` without the power to view; `Invalid` on `at`.
pub async fn trial_balance(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    at: Option<NaiveDateTime>,
) -> Result<TrialBalance> {
    team(actor)?;
    let setting = Setting::of(conn, actor).await?;
    let before = at.map(|at| instant(&setting, at, moment.at)).transpose()?;
    let rows = sqlx::query!(
        r#"with base as (
               select month, ends_at from periods
               where program_id = $1 and closed_at is not null and ends_at <= coalesce($2::timestamptz, 'infinity')
               order by month desc limit 1
           ), since as (
               select account, sum(amount) as amount from entries
               where program_id = $1 and posted_at >= coalesce((select ends_at from base), '-infinity')
                 and posted_at < coalesce($2::timestamptz, 'infinity')
               group by account
           ), balances as (
               select enrollment_id, sum(amount) as amount
               from (
                   select enrollment_id, closing as amount from statements
                   where program_id = $1 and month = (select month from base)
                   union all
                   select enrollment_id, amount from entries
                   where program_id = $1 and account = 'payable'
                     and posted_at >= coalesce((select ends_at from base), '-infinity')
                     and posted_at < coalesce($2::timestamptz, 'infinity')
               ) as theirs
               group by enrollment_id
           ), sides as (
               select coalesce(sum(amount) filter (where amount > 0), 0) as owed,
                      coalesce(-sum(amount) filter (where amount < 0), 0) as carried
               from balances
           )
           select a.account as "account!: LedgerAccount", coalesce(t.balance, 0) + coalesce(s.amount, 0) as "balance!",
                  d.owed as "owed!", d.carried as "carried!"
           from unnest(enum_range(null::ledger_account)) as a (account)
           cross join sides d
           left join trial_balances t
                  on t.program_id = $1 and t.month = (select month from base) and t.account = a.account
           left join since s on s.account = a.account
           order by a.account"#,
        setting.program as ProgramId,
        before
    )
    .fetch_all(conn)
    .await?;
    let sides = rows.first().map(|row| (row.owed, row.carried)).unwrap_or_default();
    let accounts: Vec<_> = rows
        .into_iter()
        .map(|row| AccountBalance { account: row.account, balance: setting.money(row.balance) })
        .collect();
    let sum = |of: fn(LedgerAccount) -> bool| -> Decimal {
        accounts.iter().filter(|line| of(line.account)).map(|line| line.balance.amount).sum()
    };
    let (all, of_partners) = (sum(|_| true), sum(LedgerAccount::of_enrollment));
    Ok(TrialBalance {
        before,
        sum: setting.money(all),
        owed: setting.money(sides.0),
        carried: setting.money(sides.1),
        liability: setting.money(of_partners),
        accounts,
    })
}

/// The instant of a time in the program's zone: the first, where the clock shows it twice.
fn instant(setting: &Setting, at: NaiveDateTime, now: DateTime<Utc>) -> Result<DateTime<Utc>> {
    check_day(at.date()).map_err(|words| Error::field("at", words))?;
    let skipped = || Error::field("at", "There is no such time: the clock is put forward then.");
    let instant = setting.zone.from_local_datetime(&at).earliest().ok_or_else(skipped)?.with_timezone(&Utc);
    if instant > now { Err(Error::field("at", "This time has not come yet.")) } else { Ok(instant) }
}

/// The instants of the journal's days.
fn instants(setting: &Setting, (from, to): (Option<NaiveDate>, Option<NaiveDate>)) -> Result<Instants> {
    if from.zip(to).is_some_and(|(from, to)| to < from) {
        return Err(Error::field("to", "The range ends before it begins."));
    }
    setting.instants(from, to)
}

/// The journal, entry by entry in the order of posting.
///
/// # Errors
/// `Forbidden` without the power to view; `Invalid` on `from`, `to` and `cursor`.
pub async fn journal(
    conn: &mut PgConnection,
    actor: &Actor,
    days: (Option<NaiveDate>, Option<NaiveDate>),
    paging: &Paging,
) -> Result<Page<JournalLine>> {
    team(actor)?;
    let setting = Setting::of(conn, actor).await?;
    let (from, to) = instants(&setting, days)?;
    let after = Cursor::read(paging, Key::Time)?;
    let rows = sqlx::query!(
        r#"with listed as (
               select id, journal_id, account, enrollment_id, amount, posted_at from entries
               where program_id = $1 and posted_at >= coalesce($2::timestamptz, '-infinity')
                 and posted_at < coalesce($3::timestamptz, 'infinity')
                 and (posted_at, id) > (coalesce($4::timestamptz, '-infinity'), $5::uuid)
               order by posted_at, id limit $6
           )
           select t.id as "id!: EntryId", t.posted_at as "posted_at!", t.account as "account!: LedgerAccount",
                  t.amount as "amount!", j.id as "journal!: JournalId", j.kind as "kind!: JournalKind",
                  coalesce(b.code, r.event_id, s.event_id, j.id::text) as "reference!",
                  coalesce(e.code, '') as "partner_code!"
           from listed t
           join journals j on j.program_id = $1 and j.id = t.journal_id
           left join commissions c on c.program_id = $1 and c.id = j.commission_id
           left join sales s on s.program_id = $1 and s.id = c.sale_id
           left join refunds r on r.program_id = $1 and r.id = j.refund_id
           left join payments p on p.program_id = $1 and p.id = j.payment_id
           left join payment_batches b on b.program_id = $1 and b.id = p.batch_id
           left join enrollments e
                  on e.program_id = $1
                 and e.id = coalesce(t.enrollment_id, c.enrollment_id, p.enrollment_id,
                                     (select o.enrollment_id from entries o
                                      where o.program_id = $1 and o.journal_id = j.id and o.enrollment_id is not null
                                      limit 1))
           order by t.posted_at, t.id"#,
        setting.program as ProgramId,
        from,
        to,
        after.and_then(|after| after.at),
        after.map(|after| after.id).unwrap_or_default(),
        paging.rows() + 1
    )
    .fetch_all(conn)
    .await?;
    let lines = rows.into_iter().map(|row| JournalLine {
        id: row.id,
        posted_at: row.posted_at,
        day: setting.day(row.posted_at),
        journal: row.journal,
        kind: row.kind,
        account: row.account,
        amount: setting.money(row.amount),
        reference: row.reference,
        partner_code: row.partner_code,
    });
    Ok(page(lines.collect(), paging, |line: &JournalLine| Cursor::at(line.posted_at, line.id.0)))
}

/// The journal day by day: what the journals of each kind moved in each account, debits and credits each by itself.
///
/// # Errors
/// `Forbidden` without the power to view; `Invalid` on `from` and `to`.
pub async fn journal_days(
    conn: &mut PgConnection,
    actor: &Actor,
    days: (Option<NaiveDate>, Option<NaiveDate>),
) -> Result<Vec<JournalDay>> {
    team(actor)?;
    let setting = Setting::of(conn, actor).await?;
    let (from, to) = instants(&setting, days)?;
    let rows = sqlx::query_as!(
        Day,
        r#"select (t.posted_at at time zone $4::text)::date as "day!", j.kind as "kind: JournalKind",
                  t.account as "account: LedgerAccount", sum(t.amount) as "amount!", count(*) as "entries!"
           from entries t join journals j on j.program_id = t.program_id and j.id = t.journal_id
           where t.program_id = $1 and t.posted_at >= coalesce($2::timestamptz, '-infinity')
             and t.posted_at < coalesce($3::timestamptz, 'infinity')
           group by 1, 2, 3, t.amount > 0
           order by 1, 2, 3, t.amount > 0"#,
        setting.program as ProgramId,
        from,
        to,
        setting.zone.name()
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| row.finished(&setting)).collect())
}

struct Day {
    day: NaiveDate,
    kind: JournalKind,
    account: LedgerAccount,
    amount: Decimal,
    entries: i64,
}

impl Day {
    fn finished(self, setting: &Setting) -> JournalDay {
        let Self { day, kind, account, amount, entries } = self;
        JournalDay { day, kind, account, amount: setting.money(amount), entries }
    }
}
