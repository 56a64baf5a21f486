use crate::ledger::{Move, Posting, hold_month_open, post};
use crate::{Moment, Result};
use chrono::{DateTime, Utc};
use domain::accounts::Actor;
use domain::commissions::{CommissionStatus, TrackedCommission};
use domain::ids::{AccountId, CommissionId, EnrollmentId, JournalId, LeadId, ProgramId, RefundId, SaleId};
use domain::ledger::{JournalKind, LedgerAccount};
use domain::money::{Currency, Money};
use domain::offers::Trigger;
use rust_decimal::Decimal;
use sqlx::PgConnection;

/// A commission as it stands, its row locked until the transaction ends.
#[derive(Clone, Debug)]
pub(crate) struct Owed {
    pub(crate) id: CommissionId,
    pub(crate) enrollment: EnrollmentId,
    pub(crate) partner_code: String,
    pub(crate) trigger: Trigger,
    base: Option<Decimal>,
    rate: Option<Decimal>,
    pub(crate) amount: Decimal,
    pub(crate) currency: Currency,
    pub(crate) status: CommissionStatus,
    pub(crate) available_at: DateTime<Utc>,
    /// So far, by the ledger.
    pub(crate) clawed_back: Decimal,
    lead: Option<LeadId>,
}

impl Owed {
    /// What has not been taken back.
    pub(crate) fn left(&self) -> Decimal {
        self.amount - self.clawed_back
    }

    /// Where it stands in the ledger: what is held is not yet payable.
    pub(crate) fn account(&self) -> LedgerAccount {
        match self.status {
            CommissionStatus::Review | CommissionStatus::Held => LedgerAccount::Held,
            _ => LedgerAccount::Payable,
        }
    }

    /// As an answer tells it, once so much more is taken back.
    pub(crate) fn after(&self, takes: Decimal) -> TrackedCommission {
        let round = |amount| self.currency.round(amount);
        let status = if takes == self.left() { CommissionStatus::Reversed } else { self.status };
        TrackedCommission {
            id: self.id,
            partner_code: self.partner_code.clone(),
            trigger: self.trigger,
            base: self.base.map(round),
            rate: self.rate.map(|rate| rate.normalize()),
            amount: round(self.amount),
            currency: self.currency,
            status,
            available_at: (status != CommissionStatus::Review).then_some(self.available_at),
            clawed_back: round(self.clawed_back + takes),
            lead_id: self.lead,
        }
    }
}

/// Why something is taken back.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reason {
    /// The company gave the customer's money back.
    Refund { refund: RefundId, occurred_at: DateTime<Utc> },
    /// A person took it back.
    Reversal { by: Option<AccountId> },
    /// The partner was banned.
    Ban { by: Option<AccountId> },
}

impl Reason {
    /// The word in the ledger. Refunds come again; all that is left is taken back once.
    fn code(self) -> &'static str {
        match self {
            Self::Refund { .. } => "refund",
            Self::Reversal { .. } => "reversal",
            Self::Ban { .. } => "ban",
        }
    }

    /// What the commission's checks say from then on, to the partner too.
    fn words(self, takes: Money) -> String {
        match self {
            Self::Refund { .. } => format!("{takes} was taken back: the customer's money was returned."),
            Self::Reversal { .. } => format!("{takes} was taken back by the program."),
            Self::Ban { .. } => format!("{takes} was taken back: the partner was banned."),
        }
    }
}

/// Takes back of each commission so much, from where it stands; what is taken back whole is reversed. Nothing is posted
/// where nothing is taken.
pub(crate) async fn claw_back(
    conn: &mut PgConnection,
    moment: &Moment,
    program: ProgramId,
    taken: &[(Owed, Decimal)],
    reason: &Reason,
) -> Result<Vec<JournalId>> {
    let (refund, by, occurred_at) = match *reason {
        Reason::Refund { refund, occurred_at } => (Some(refund), None, occurred_at),
        Reason::Reversal { by } | Reason::Ban { by } => (None, by, moment.at),
    };
    let taken: Vec<_> = taken.iter().filter(|(_, takes)| !takes.is_zero()).collect();
    let Some((first, _)) = taken.first() else { return Ok(Vec::new()) };
    let month = hold_month_open(conn, program, moment.at).await?;
    let postings: Vec<_> = taken
        .iter()
        .map(|(owed, takes)| Posting {
            kind: JournalKind::Clawback,
            idempotency_key: match refund {
                Some(refund) => format!("clawback:{refund}:{}", owed.id),
                None => format!("clawback:{}:{}", reason.code(), owed.id),
            },
            reason_code: reason.code(),
            commission: Some(owed.id),
            payment: None,
            refund,
            by,
            occurred_at,
            moves: vec![Move {
                from: owed.account(),
                to: LedgerAccount::CommissionExpense,
                enrollment: owed.enrollment,
                amount: *takes,
            }],
        })
        .collect();
    let journals = post(conn, moment, program, first.currency, month, &postings).await?;
    let ids: Vec<_> = taken.iter().map(|(owed, _)| owed.id.0).collect();
    let whole: Vec<_> = taken.iter().map(|(owed, takes)| *takes == owed.left()).collect();
    let words: Vec<_> = taken.iter().map(|(owed, takes)| reason.words(Money::new(*takes, owed.currency))).collect();
    sqlx::query!(
        "update commissions c
         set status = case when taken.whole then 'reversed' else c.status end,
             why = c.why || jsonb_build_array(jsonb_build_object('check', $2::text, 'passed', false, 'detail', taken.words))
         from unnest($3::uuid[], $4::bool[], $5::text[]) as taken(id, whole, words)
         where c.program_id = $1 and c.id = taken.id",
        program as ProgramId,
        reason.code(),
        &ids,
        &whole,
        &words
    )
    .execute(conn)
    .await?;
    Ok(journals)
}

/// Locks the commissions of a sale, whose row is locked.
pub(crate) async fn lock_of_sale(conn: &mut PgConnection, program: ProgramId, sale: SaleId) -> Result<Vec<Owed>> {
    let ids = sqlx::query_scalar!(
        r#"select id as "id: CommissionId" from commissions where program_id = $1 and sale_id = $2
           order by id for no key update"#,
        program as ProgramId,
        sale as SaleId
    )
    .fetch_all(&mut *conn)
    .await?;
    owed(conn, program, &ids).await
}

/// Takes back all that a partner has held or in review, because of a ban; how many commissions. The caller has locked
/// the enrollment's row and set its standing, in the same transaction.
///
/// # Errors
/// `Database`.
pub async fn claw_back_all_held(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    enrollment: EnrollmentId,
) -> Result<u64> {
    let program = actor.program();
    let ids = sqlx::query_scalar!(
        r#"select id as "id: CommissionId" from commissions
           where program_id = $1 and enrollment_id = $2 and status in ('review', 'held')
           order by id for no key update"#,
        program as ProgramId,
        enrollment as EnrollmentId
    )
    .fetch_all(&mut *conn)
    .await?;
    let all: Vec<_> = owed(conn, program, &ids).await?.into_iter().map(|owed| (owed.clone(), owed.left())).collect();
    claw_back(conn, moment, program, &all, &Reason::Ban { by: actor.account() }).await?;
    Ok(all.len() as u64)
}

/// Reads commissions whose rows the caller has locked: by its own statement, so that it sees what whoever held the
/// locks before has posted.
pub(super) async fn owed(conn: &mut PgConnection, program: ProgramId, ids: &[CommissionId]) -> Result<Vec<Owed>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(sqlx::query_as!(
        Owed,
        r#"select c.id as "id: CommissionId", c.enrollment_id as "enrollment: EnrollmentId", p.code as partner_code,
                  c.trigger as "trigger: Trigger", c.base, c.rate, c.amount, c.currency as "currency: Currency",
                  c.status as "status: CommissionStatus", c.available_at, c.lead_id as "lead: LeadId",
                  coalesce((select sum(e.amount) from journals j
                            join entries e on e.program_id = j.program_id and e.journal_id = j.id
                            where j.program_id = $1 and j.commission_id = c.id and j.kind = 'clawback'
                              and e.account = 'commission_expense'), 0) as "clawed_back!"
           from commissions c
           join enrollments p on p.program_id = c.program_id and p.id = c.enrollment_id
           where c.program_id = $1 and c.id = any($2)
           order by c.offer_id, c.reward, c.id"#,
        program as ProgramId,
        ids as &[CommissionId]
    )
    .fetch_all(conn)
    .await?)
}
