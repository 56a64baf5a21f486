//! The double-entry ledger: posting, months and their statements, bonuses and corrections, the books as a whole, and the
//! proof that it all adds up.

mod adjust;
#[cfg(test)]
mod adjust_tests;
mod books;
#[cfg(test)]
mod books_tests;
mod months;
mod statements;
#[cfg(test)]
mod statements_tests;
#[cfg(test)]
mod tests;
mod verify;

pub use adjust::adjust;
pub use books::{journal, journal_days, trial_balance};
pub(crate) use months::first_instant;
pub use months::{OpenMonth, close_months, hold_month_open};
pub(crate) use statements::freeze;
pub use statements::{statement, statement_sheet, statements};
pub use verify::{Broken, verify};

use crate::{Error, Moment, Result};
use chrono::{DateTime, Utc};
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

/// Posts journals by one statement, and adds them to the monthly rollups. All go into one month, held open. The ids are
/// in the order of the postings; moves of nothing are left out. Entries of one instant are listed by their ids, and so in
/// the order of the postings, what leaves an account before what arrives in another.
///
/// # Errors
/// `Database` where a journal's idempotency key is taken: the caller decides under a lock whether the effect is due.
/// `Internal` for a journal that moves nothing, or an amount below zero.
pub async fn post(
    conn: &mut PgConnection,
    moment: &Moment,
    program: ProgramId,
    currency: Currency,
    month: OpenMonth,
    postings: &[Posting],
) -> Result<Vec<JournalId>> {
    if postings.is_empty() {
        return Ok(Vec::new());
    }
    let mut journals = Journals::default();
    let mut entries = Entries::default();
    for posting in postings {
        if posting.moves.iter().all(|transfer| transfer.amount.is_zero())
            || posting.moves.iter().any(|transfer| transfer.amount.is_sign_negative())
        {
            return Err(Error::internal(format!("journal {} moves nothing, or less", posting.idempotency_key)));
        }
        let journal: JournalId = moment.id();
        journals.add(journal, posting);
        for transfer in posting.moves.iter().filter(|transfer| !transfer.amount.is_zero()) {
            entries.add(moment.id(), journal, posting.kind, transfer.from, transfer.enrollment, -transfer.amount);
            entries.add(moment.id(), journal, posting.kind, transfer.to, transfer.enrollment, transfer.amount);
        }
    }
    // All are of one instant, and differ by chance alone.
    entries.ids.sort_unstable();
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
