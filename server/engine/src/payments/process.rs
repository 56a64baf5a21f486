//! Processing a draft: one job, one transaction, all of its payments or none.
//!
//! The job holds the program's pay lock, then the draft, then the partners in the order of their ids. Progress and the wish
//! to cancel go by another connection (`payment_progress`). A process that dies leaves nothing: the job is done again.

use super::basis::{self, Fallen};
use super::drafts::{self, Locked, allowed, lock};
use super::{TellPaid, alone, commissions_of};
use crate::jobs;
use crate::ledger::{Move, OpenMonth, Posting, hold_month_open, post};
use crate::programs::audit;
use crate::reports::{Setting, make_room};
use crate::{Error, Moment, Result};
use domain::accounts::{Actor, Role};
use domain::ids::{AccountId, BatchId, DraftId, EnrollmentId, OrganizationId, PaymentId, ProgramId};
use domain::ledger::{JournalKind, LedgerAccount};
use domain::payments::method_words;
use domain::payments::{DraftProgress, DraftSource, DraftStatus, LeftOut, PaymentBasis, PaymentStatus, PayoutKind};
use domain::text::code_key;
use domain::why::Why;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::types::Json;
use sqlx::{Connection, PgConnection, PgPool};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// So many payments are written at once.
const CHUNK: i64 = 2_500;

/// Processes a draft. The job holds its id; whom it pays how much lies in its lines.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ProcessPayments {
    /// The program.
    pub program: ProgramId,
    /// Which draft.
    pub draft: DraftId,
}

impl ProcessPayments {
    /// Does it, or notes why it can't be done.
    pub(crate) async fn work(&self, pool: &PgPool, moment: &Moment) -> Result<()> {
        work(pool, moment, self.program, self.draft).await
    }
}

/// Has a draft processed by a job. Pressed twice, or by two at once, the second sees what the first did. Asks for `Pay`.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Invalid` where the batch ID is taken by now or the payment date's month closed; `Conflict`
/// where nobody is paid, where a second person must agree first, or where it was given up.
pub async fn process(conn: &mut PgConnection, moment: &Moment, actor: &Actor, id: DraftId) -> Result<()> {
    allowed(actor)?;
    let mut tx = conn.begin().await?;
    if ready(&mut tx, moment, actor, id).await? {
        enqueue(&mut tx, actor.program(), id).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Has the job done, once the transaction commits.
pub(super) async fn enqueue(conn: &mut PgConnection, program: ProgramId, draft: DraftId) -> Result<()> {
    jobs::enqueue(conn, &ProcessPayments { program, draft }, Some(&format!("process_payments:{draft}"))).await
}

/// The same at once, without a job: for the demo and for tests.
///
/// # Errors
/// As [`process`]; `Conflict` with what stands in the way.
pub async fn process_at_once(pool: &PgPool, moment: &Moment, actor: &Actor, id: DraftId) -> Result<BatchId> {
    allowed(actor)?;
    let mut tx = pool.begin().await?;
    ready(&mut tx, moment, actor, id).await?;
    tx.commit().await?;
    work(pool, moment, actor.program(), id).await?;
    let progress = progress(&mut *pool.acquire().await?, actor, id).await?;
    progress.batch.ok_or(Error::Conflict(progress.problem))
}

/// Notes that a draft is to be processed; whether it was still to be noted. Audited, whatever becomes of it.
pub(super) async fn ready(conn: &mut PgConnection, moment: &Moment, actor: &Actor, id: DraftId) -> Result<bool> {
    let setting = Setting::of(conn, actor).await?;
    // A job works on it: its page tells how far.
    let Some(draft) = lock(conn, setting.program, id).await? else { return Ok(false) };
    match draft.status {
        DraftStatus::Processing | DraftStatus::Processed => return Ok(false),
        DraftStatus::Cancelled => return Err(Error::Conflict("This batch was discarded.".into())),
        DraftStatus::Open | DraftStatus::Failed => {}
    }
    drafts::check_again(conn, &setting, moment, &draft).await?;
    let (partners, total) = drafts::total(conn, setting.program, id).await?;
    if partners == 0 {
        return Err(Error::Conflict("Nobody is paid by this batch.".into()));
    }
    agreed(conn, &setting, actor.account(), id, &draft, total).await?;
    sqlx::query!(
        "update payment_drafts set status = 'processing', problem = '', processed_by = $3 where program_id = $1 and id = $2",
        setting.program as ProgramId,
        id as DraftId,
        actor.account() as Option<AccountId>
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "insert into payment_progress (program_id, draft_id, total) values ($1, $2, $3::bigint::integer)
         on conflict (program_id, draft_id) do update set done = 0, total = excluded.total, cancel_requested_at = null",
        setting.program as ProgramId,
        id as DraftId,
        partners
    )
    .execute(&mut *conn)
    .await?;
    let details = json!({ "payments": partners, "total": setting.money(total).to_string() });
    drafts::note(conn, moment, actor, "payment_draft.process", id, details).await?;
    Ok(true)
}

/// Whether two have agreed to as much, where two must: who agreed is neither who made it, nor who changed it last, nor who
/// processes it alone.
async fn agreed(
    conn: &mut PgConnection,
    setting: &Setting,
    by: Option<AccountId>,
    id: DraftId,
    draft: &Locked,
    total: Decimal,
) -> Result<()> {
    let Some(above) = drafts::asks_for_two(conn, setting.program, id, total).await? else { return Ok(()) };
    if draft.approved_by.is_none() {
        let words = format!("Above {} a second person must agree first.", setting.money(above));
        return Err(Error::Conflict(words));
    }
    // The monthly run has no maker: where nobody has changed it, who agreed and who processes are the two.
    let makers = [draft.created_by, draft.changed_by];
    let makers = if makers == [None, None] { [by, None] } else { makers };
    if makers.contains(&draft.approved_by) {
        return Err(Error::Conflict("Somebody else must process it: you have agreed to it.".into()));
    }
    // The job adds what came later.
    let agreed = draft.approved_total.unwrap_or_default();
    if total > agreed {
        let (agreed, total) = (setting.money(agreed), setting.money(total));
        return Err(Error::Conflict(format!(
            "{agreed} was agreed to, now it is {total}. Nothing was recorded: review again, and let a second person agree."
        )));
    }
    Ok(())
}

/// How a draft's processing ended.
enum End {
    /// Its batch is recorded.
    Recorded,
    /// A person has stopped it.
    Stopped,
    /// There was nothing to do: somebody else has done it, or stopped it before it began.
    Nothing,
}

async fn work(pool: &PgPool, moment: &Moment, program: ProgramId, id: DraftId) -> Result<()> {
    let problem = match attempt(pool, moment, program, id).await {
        Ok(End::Recorded | End::Nothing) => return Ok(()),
        Ok(End::Stopped) => {
            let words = "It was stopped: nothing was recorded.";
            return settle(pool, program, id, DraftStatus::Open, words).await;
        }
        Err(Error::Conflict(words)) => words,
        Err(Error::Invalid(errors)) => errors.into_iter().map(|error| error.message).collect::<Vec<_>>().join(" "),
        Err(error) => return Err(error),
    };
    settle(pool, program, id, DraftStatus::Failed, &problem).await
}

/// Notes why a draft was not processed.
async fn settle(pool: &PgPool, program: ProgramId, id: DraftId, status: DraftStatus, problem: &str) -> Result<()> {
    sqlx::query!(
        "update payment_drafts set status = $3, problem = $4, processed_by = null
         where program_id = $1 and id = $2 and status = 'processing'",
        program as ProgramId,
        id as DraftId,
        status as DraftStatus,
        problem
    )
    .execute(pool)
    .await?;
    Ok(())
}

async fn attempt(pool: &PgPool, moment: &Moment, program: ProgramId, id: DraftId) -> Result<End> {
    let mut tx = pool.begin().await?;
    make_room(&mut tx).await?;
    // Timeouts of its own: it waits for others, and takes its time.
    drafts::take_time(&mut tx, "10min", "60s").await?;
    alone(&mut tx, program).await?;
    drafts::wait_for(&mut tx, program, id).await?;
    let draft = lock(&mut tx, program, id).await?.filter(|draft| draft.status == DraftStatus::Processing);
    let Some(draft) = draft else { return Ok(End::Nothing) };
    // Not of the pool: others of it may wait for this one.
    let mut beside = PgConnection::connect_with(&pool.connect_options()).await?;
    let actor = asked_by(&mut tx, program, draft.processed_by).await?;
    let setting = Setting::of(&mut tx, &actor).await?;
    drafts::check_again(&mut tx, &setting, moment, &draft).await?;
    let partners = hold(&mut tx, program, id).await?;
    let head = draft.head(id);
    let later = head.basis == PaymentBasis::Ending && head.source != DraftSource::Export;
    if later {
        basis::add_later(&mut tx, &setting, &head, &partners).await?;
    }
    let fallen = basis::fallen(&mut tx, &setting, &head, &partners).await?;
    if !fallen.is_empty() {
        return Err(Error::Conflict(stops(&mut tx, &setting, &draft, &fallen).await?));
    }
    // The job may have waited long: they are paid now, after all that was found open.
    let moment = &moment.step();
    // What came later may have made it more.
    let (count, total) = drafts::total(&mut tx, program, id).await?;
    agreed(&mut tx, &setting, draft.processed_by, id, &draft, total).await?;
    let batch = insert_batch(&mut tx, &setting, moment, &actor, &draft).await?;
    let month = hold_month_open(&mut tx, program, moment.at).await?;
    let run = Run { setting, moment, actor: &actor, draft: &draft, id, batch, month };
    let (mut after, mut done) = (Uuid::nil(), 0);
    loop {
        let lines = run.lines(&mut tx, after).await?;
        let Some(last) = lines.last() else { break };
        (after, done) = (last.enrollment.0, done + lines.len() as i64);
        run.pay(&mut tx, lines).await?;
        if report(&mut beside, program, id, done).await? {
            return Ok(End::Stopped);
        }
    }
    sqlx::query!(
        "update payment_drafts set status = 'processed', batch_id = $3, partners = $4, total = $5
         where program_id = $1 and id = $2",
        program as ProgramId,
        id as DraftId,
        batch as BatchId,
        count,
        total
    )
    .execute(&mut *tx)
    .await?;
    jobs::enqueue(&mut tx, &TellPaid { program, batch }, None).await?;
    let mut details =
        json!({ "payments": count, "total": setting.money(total).to_string(), "basis": draft.basis.label() });
    if let Some(approved_by) = draft.approved_by
        && let Some(name) = name(&mut tx, approved_by).await?
    {
        details["agreed"] = json!(name);
    }
    let path = format!("payments/{batch}");
    audit::record(&mut tx, moment, &actor, "payment_batch.record", &draft.code, &path, details).await?;
    // Who wants to stop it may until here.
    if report(&mut beside, program, id, done).await? {
        return Ok(End::Stopped);
    }
    tx.commit().await?;
    Ok(End::Recorded)
}

async fn name(conn: &mut PgConnection, account: AccountId) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!("select name from accounts where id = $1", account as AccountId)
        .fetch_optional(conn)
        .await?)
}

/// In the name of who pressed Process, who was allowed to.
async fn asked_by(conn: &mut PgConnection, program: ProgramId, by: Option<AccountId>) -> Result<Actor> {
    let Some(account) = by else { return Ok(Actor::System { program }) };
    let organization = sqlx::query_scalar!(
        r#"select organization_id as "id: OrganizationId" from programs where id = $1"#,
        program as ProgramId
    )
    .fetch_one(conn)
    .await?;
    Ok(Actor::Admin { account, organization, role: Role::Finance, program })
}

/// Tells by another connection how many payments are written; whether a person wants to stop it.
async fn report(beside: &mut PgConnection, program: ProgramId, id: DraftId, done: i64) -> Result<bool> {
    let stops = sqlx::query_scalar!(
        r#"update payment_progress set done = $3::bigint::integer where program_id = $1 and draft_id = $2
           returning cancel_requested_at is not null as "stops!""#,
        program as ProgramId,
        id as DraftId,
        done
    )
    .fetch_optional(beside)
    .await?;
    Ok(stops.unwrap_or(false))
}

/// Holds the partners that are paid, in the order of their ids: whoever would ban one waits. Sales share the lock, and go
/// on.
async fn hold(conn: &mut PgConnection, program: ProgramId, id: DraftId) -> Result<Vec<Uuid>> {
    let partners = sqlx::query_scalar!(
        "select e.id from enrollments e
         join payment_draft_lines l on l.program_id = e.program_id and l.enrollment_id = e.id
         where l.program_id = $1 and l.draft_id = $2 and l.left_out is null order by e.id for share of e",
        program as ProgramId,
        id as DraftId
    )
    .fetch_all(conn)
    .await?;
    Ok(partners)
}

/// Who stops the batch, by name, with what is known of the cause.
async fn stops(conn: &mut PgConnection, setting: &Setting, draft: &Locked, fallen: &[Fallen]) -> Result<String> {
    let mut told = Vec::new();
    for partner in fallen {
        let Fallen { enrollment, name, banned, moved, reviewed, now, .. } = partner;
        let words = if *banned {
            format!("{name}: {}", LeftOut::Frozen.words())
        } else if now < reviewed || !moved {
            let known = cause(conn, setting, draft, *enrollment, *reviewed, *now).await?;
            format!("{name}: {} was reviewed, now it is {}{known}.", setting.money(*reviewed), setting.money(*now))
        } else {
            format!("{name}: the payout details have changed since the review.")
        };
        told.push(words);
    }
    let all = fallen.first().map_or(0, |partner| partner.partners);
    let more = all - fallen.len() as i64;
    if more > 0 {
        told.push(format!("So it is with {more} more."));
    }
    let next = if draft.source == DraftSource::Export {
        "Nothing was recorded: leave out what was paid meanwhile."
    } else {
        "Nothing was recorded: review again."
    };
    told.push(next.to_owned());
    Ok(told.join(" "))
}

/// What is known of why less is open than was reviewed, in brackets.
async fn cause(
    conn: &mut PgConnection,
    setting: &Setting,
    draft: &Locked,
    enrollment: EnrollmentId,
    reviewed: Decimal,
    now: Decimal,
) -> Result<String> {
    let paid = sqlx::query!(
        r#"select b.code, p.amount, coalesce(a.name, '') as "by!"
           from payments p
           join payment_batches b on b.program_id = p.program_id and b.id = p.batch_id
           left join accounts a on a.id = b.created_by
           where p.program_id = $1 and p.enrollment_id = $2 and p.status not in ('failed', 'cancelled')
             -- Two servers' clocks differ a little.
             and p.created_at >= $3::timestamptz - interval '1 minute'
           order by p.created_at desc, p.id desc limit 1"#,
        setting.program as ProgramId,
        enrollment as EnrollmentId,
        draft.reviewed_at
    )
    .fetch_optional(conn)
    .await?;
    Ok(match paid {
        Some(paid) => {
            let by = if paid.by.is_empty() { String::new() } else { format!(", recorded by {}", paid.by) };
            format!(" ({} paid {}{by})", paid.code, setting.money(paid.amount))
        }
        None => format!(" ({} was taken back)", setting.money(reviewed - now)),
    })
}

async fn insert_batch(
    conn: &mut PgConnection,
    setting: &Setting,
    moment: &Moment,
    actor: &Actor,
    draft: &Locked,
) -> Result<BatchId> {
    let id = sqlx::query_scalar!(
        r#"insert into payment_batches (program_id, id, code, code_key, payment_date, note, created_by, created_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8)
           on conflict (program_id, code_key) do nothing returning id as "id: BatchId""#,
        setting.program as ProgramId,
        moment.id::<BatchId>() as BatchId,
        draft.code,
        code_key(&draft.code),
        draft.payment_date,
        draft.note,
        actor.account() as Option<AccountId>,
        moment.at
    )
    .fetch_optional(conn)
    .await?;
    id.ok_or_else(|| Error::Invalid(vec![drafts::taken(&draft.code)]))
}

/// A line that is paid.
struct Line {
    enrollment: EnrollmentId,
    amount: Decimal,
    added: Decimal,
    /// Its own payout method, as it is kept.
    own: String,
    masked: String,
    /// By which it is noticed that its payout details have changed since the review.
    details_hash: Vec<u8>,
    minimum: Decimal,
    /// Whether details of its own payout method are known.
    has_details: bool,
    /// Why it is paid all the same.
    reason: String,
    /// Whether a change of its payout method waits for the link in the mail.
    unconfirmed: bool,
}

/// What its entries come to by kind.
type Kinds = HashMap<EnrollmentId, BTreeMap<JournalKind, (i64, Decimal)>>;

/// What some lines settle.
#[derive(Default)]
struct Settled {
    kinds: Kinds,
    /// The commissions among it.
    commissions: Vec<Uuid>,
}

/// A batch that is being written.
struct Run<'a> {
    setting: Setting,
    moment: &'a Moment,
    actor: &'a Actor,
    draft: &'a Locked,
    id: DraftId,
    batch: BatchId,
    month: OpenMonth,
}

impl Run<'_> {
    /// The next lines, in the order of their partners.
    async fn lines(&self, conn: &mut PgConnection, after: Uuid) -> Result<Vec<Line>> {
        Ok(sqlx::query_as!(
            Line,
            r#"select l.enrollment_id as "enrollment: EnrollmentId", l.amount, l.added,
                      coalesce(e.payout_method, '') as "own!", e.payout_masked as masked, l.details_hash,
                      coalesce(m.minimum, p.minimum_payment) as "minimum!",
                      e.payout_details is not null as "has_details!", l.reason,
                      exists (select from payout_changes c
                              where c.program_id = $1 and c.enrollment_id = e.id and c.expires_at > $4) as "unconfirmed!"
               from payment_draft_lines l
               join enrollments e on e.program_id = l.program_id and e.id = l.enrollment_id
               join programs p on p.id = l.program_id
               left join payout_methods m on m.program_id = e.program_id and m.kind::text = lower(e.payout_method)
               where l.program_id = $1 and l.draft_id = $2 and l.left_out is null and l.enrollment_id > $3
               order by l.enrollment_id limit $5"#,
            self.setting.program as ProgramId,
            self.id as DraftId,
            after,
            self.moment.at,
            CHUNK
        )
        .fetch_all(conn)
        .await?)
    }

    /// Pays them: payments, what they settle, the ledger, the commissions.
    async fn pay(&self, conn: &mut PgConnection, lines: Vec<Line>) -> Result<()> {
        let program = self.setting.program;
        let enrollments: Vec<Uuid> = lines.iter().map(|line| line.enrollment.0).collect();
        let Settled { kinds, mut commissions } = self.settled(conn, &enrollments).await?;
        let ids: Vec<PaymentId> = lines.iter().map(|_| self.moment.id()).collect();
        let raw: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        self.insert_payments(conn, &lines, &raw, &enrollments, &kinds).await?;
        sqlx::query!(
            "insert into payment_items (program_id, entry_id, payment_id)
             select $1, i.entry_id, p.id
             from unnest($3::uuid[], $4::uuid[]) as p (id, enrollment_id)
             join payment_draft_lines l
               on l.program_id = $1 and l.draft_id = $2 and l.enrollment_id = p.enrollment_id
             cross join lateral unnest(l.entries) as i (entry_id)",
            program as ProgramId,
            self.id as DraftId,
            &raw,
            &enrollments
        )
        .execute(&mut *conn)
        .await?;
        // Behind the entries of payments that were taken back.
        let again =
            |line: &Line| kinds.get(&line.enrollment).is_some_and(|of| of.contains_key(&JournalKind::PaymentFailed));
        let again: Vec<Uuid> = lines.iter().zip(&raw).filter(|(line, _)| again(line)).map(|(_, id)| *id).collect();
        if !again.is_empty() {
            commissions.extend(commissions_of(conn, program, &again).await?);
        }
        mark_paid(conn, program, &commissions).await?;
        let posting = |(line, id): (&Line, &PaymentId)| Posting {
            kind: JournalKind::Payment,
            idempotency_key: format!("payment:{id}"),
            reason_code: "",
            commission: None,
            payment: Some(*id),
            refund: None,
            by: self.actor.account(),
            occurred_at: self.moment.at,
            moves: vec![Move {
                from: LedgerAccount::Payable,
                to: LedgerAccount::PaidOut,
                enrollment: line.enrollment,
                amount: line.amount,
            }],
        };
        let postings: Vec<Posting> = lines.iter().zip(&ids).map(posting).collect();
        post(conn, self.moment, program, self.setting.currency, self.month, &postings).await?;
        Ok(())
    }

    /// What is settled, as `open_entries` has it: an entry that is open no more isn't there, and the sum shows it.
    async fn settled(&self, conn: &mut PgConnection, enrollments: &[Uuid]) -> Result<Settled> {
        let rows = sqlx::query!(
            r#"select l.enrollment_id as "enrollment: EnrollmentId", o.kind as "kind: JournalKind",
                      count(*) as "count!", sum(o.amount) as "amount!",
                      coalesce(array_agg(o.commission_id) filter (where o.kind in ('commission', 'hold_end')
                                                                        and o.commission_id is not null), '{}')
                          as "commissions!"
               from payment_draft_lines l
               cross join lateral unnest(l.entries) as i (entry_id)
               join open_entries o on o.program_id = $1 and o.entry_id = i.entry_id
               where l.program_id = $1 and l.draft_id = $2 and l.enrollment_id = any($3)
               group by l.enrollment_id, o.kind"#,
            self.setting.program as ProgramId,
            self.id as DraftId,
            enrollments
        )
        .fetch_all(conn)
        .await?;
        let mut settled = Settled::default();
        for row in rows {
            // A commission's entry is posted when it is earned, or when its hold ends.
            let kind = if row.kind == JournalKind::HoldEnd { JournalKind::Commission } else { row.kind };
            let sum = settled.kinds.entry(row.enrollment).or_default().entry(kind).or_default();
            *sum = (sum.0 + row.count, sum.1 + row.amount);
            settled.commissions.extend(row.commissions);
        }
        Ok(settled)
    }

    async fn insert_payments(
        &self,
        conn: &mut PgConnection,
        lines: &[Line],
        ids: &[Uuid],
        enrollments: &[Uuid],
        kinds: &Kinds,
    ) -> Result<()> {
        let mut amounts = Vec::with_capacity(lines.len());
        let (mut methods, mut kinds_of, mut whys) = (Vec::new(), Vec::new(), Vec::new());
        let (mut masked, mut hashes) = (Vec::new(), Vec::new());
        for line in lines {
            let own = self.draft.method.is_empty();
            let method = if own { &line.own } else { &self.draft.method };
            let kinds = kinds.get(&line.enrollment).cloned().unwrap_or_default();
            let sum: Decimal = kinds.values().map(|(_, amount)| *amount).sum();
            if sum != line.amount {
                return Err(Error::internal(format!("the entries of {} come to {sum}", line.enrollment)));
            }
            let words = method_words(method);
            amounts.push(line.amount);
            let kind = method.to_lowercase().parse::<PayoutKind>().ok();
            kinds_of.push(kind);
            // What is paid in another way goes elsewhere.
            let elsewhere = !own && !line.own.eq_ignore_ascii_case(method);
            let unknown = kind.is_some_and(PayoutKind::needs_details) && (elsewhere || !line.has_details);
            masked.push(if elsewhere { String::new() } else { line.masked.clone() });
            hashes.push((!elsewhere).then(|| line.details_hash.clone()));
            whys.push(Json(self.explain(line, &kinds, &words, unknown)));
            methods.push(words);
        }
        sqlx::query!(
            "insert into payments (program_id, id, batch_id, enrollment_id, amount, currency, method, masked, method_kind,
                                   details_hash, status, why, created_at)
             select $1, p.id, $2, p.enrollment_id, p.amount, $3, p.method, p.masked, p.method_kind, p.details_hash, $4,
                    p.why, $5
             from unnest($6::uuid[], $7::uuid[], $8::numeric[], $9::text[], $10::text[], $11::payout_kind[], $12::bytea[],
                         $13::jsonb[])
                 as p (id, enrollment_id, amount, method, masked, method_kind, details_hash, why)",
            self.setting.program as ProgramId,
            self.batch as BatchId,
            self.setting.currency.code(),
            PaymentStatus::Recorded as PaymentStatus,
            self.moment.at,
            ids,
            enrollments,
            &amounts,
            &methods,
            &masked,
            &kinds_of as &[Option<PayoutKind>],
            &hashes as &[Option<Vec<u8>>],
            &whys as &[Json<Why>]
        )
        .execute(conn)
        .await?;
        Ok(())
    }

    /// Why this amount; `unknown`: whether the details that the method needs are not known.
    fn explain(&self, line: &Line, kinds: &BTreeMap<JournalKind, (i64, Decimal)>, method: &str, unknown: bool) -> Why {
        let money = |amount: Decimal| self.setting.money(amount);
        let mut why = Why::default();
        for (kind, (count, sum)) in kinds {
            let (one, many) = match kind {
                JournalKind::Clawback => ("clawback", "clawbacks"),
                JournalKind::Adjustment => ("bonus or correction", "bonuses and corrections"),
                JournalKind::PaymentFailed => ("payment made again", "payments made again"),
                JournalKind::OpeningBalance => ("opening balance", "opening balances"),
                _ => ("commission", "commissions"),
            };
            let words = if *count == 1 { one } else { many };
            why.pass(kind.as_str(), format!("{count} {words}: {}.", money(*sum)));
        }
        let basis = match self.draft.basis {
            PaymentBasis::Earned => "the commissions of the range",
            PaymentBasis::OpeningAndEarned => "the commissions of the range and before it",
            PaymentBasis::Ending => "all that was due",
        };
        why.pass("amount", format!("Together {}: {basis}.", money(line.amount)));
        if !line.added.is_zero() {
            why.pass("added", format!("{} of it came after the review.", money(line.added)));
        }
        let minimum = money(line.minimum);
        if line.amount < line.minimum {
            why.fail("minimum", format!("Less than the smallest payment of {minimum}; paid all the same."));
        } else if !line.minimum.is_zero() {
            why.pass("minimum", format!("At least the smallest payment of {minimum}."));
        }
        match method {
            "" => why.fail("payout_method", "No payout method was recorded for the partner."),
            method => why.pass("payout_method", format!("By {method}.")),
        }
        if unknown {
            why.fail("payout_details", "No payout details are known for it.");
        }
        if line.unconfirmed {
            why.fail("unconfirmed_method", "A change of the payout method was not confirmed yet.");
        }
        if !line.reason.is_empty() {
            // The reason is the team's: it stands in the audit log.
            why.pass("override", "Paid all the same: a person decided so.");
        }
        why
    }
}

/// The commissions whose entries are settled become paid. One that a refund reverses meanwhile stays reversed: the
/// update waits for it and looks again.
async fn mark_paid(conn: &mut PgConnection, program: ProgramId, commissions: &[Uuid]) -> Result<()> {
    sqlx::query!(
        "with locked as (
             select id from commissions where program_id = $1 and id = any($2) and status = 'due'
             order by id for no key update
         )
         update commissions c set status = 'paid' from locked where c.program_id = $1 and c.id = locked.id",
        program as ProgramId,
        commissions
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// How far a draft is. Asks for `Pay`.
///
/// # Errors
/// `Forbidden`; `NotFound`.
pub async fn progress(conn: &mut PgConnection, actor: &Actor, id: DraftId) -> Result<DraftProgress> {
    allowed(actor)?;
    let row = sqlx::query!(
        r#"select d.status as "status: DraftStatus", d.problem, d.batch_id as "batch: BatchId",
                  coalesce(p.done, 0)::bigint as "done!", coalesce(p.total, 0)::bigint as "total!",
                  (p.cancel_requested_at is not null) as "cancelling!"
           from payment_drafts d
           left join payment_progress p on p.program_id = d.program_id and p.draft_id = d.id
           where d.program_id = $1 and d.id = $2"#,
        actor.program() as ProgramId,
        id as DraftId
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound("draft"))?;
    Ok(DraftProgress {
        status: row.status,
        done: row.done,
        total: row.total,
        cancelling: row.cancelling && row.status == DraftStatus::Processing,
        problem: row.problem,
        batch: row.batch,
    })
}

const NOT_PROCESSED: &str = "It is not being processed.";

/// Stops a draft that is being processed: nothing of it is recorded, unless it commits before. Asks for `Pay`. Audited.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Conflict` where it is not being processed.
pub async fn cancel(conn: &mut PgConnection, moment: &Moment, actor: &Actor, id: DraftId) -> Result<()> {
    allowed(actor)?;
    let program = actor.program();
    let mut tx = conn.begin().await?;
    match lock(&mut tx, program, id).await? {
        // The job has not begun.
        Some(draft) if draft.status == DraftStatus::Processing => {
            sqlx::query!(
                "update payment_drafts
                 set status = 'open', problem = 'It was stopped: nothing was recorded.', processed_by = null
                 where program_id = $1 and id = $2",
                program as ProgramId,
                id as DraftId
            )
            .execute(&mut *tx)
            .await?;
        }
        Some(_) => return Err(Error::Conflict(NOT_PROCESSED.into())),
        // The job holds it.
        None => {
            let asked = sqlx::query!(
                "update payment_progress p set cancel_requested_at = $3
                 from payment_drafts d
                 where p.program_id = $1 and p.draft_id = $2 and d.program_id = $1 and d.id = $2 and d.status = 'processing'",
                program as ProgramId,
                id as DraftId,
                moment.at
            )
            .execute(&mut *tx)
            .await?;
            if asked.rows_affected() == 0 {
                return Err(Error::Conflict(NOT_PROCESSED.into()));
            }
        }
    }
    drafts::note(&mut tx, moment, actor, "payment_draft.stop", id, json!({})).await?;
    tx.commit().await?;
    Ok(())
}
