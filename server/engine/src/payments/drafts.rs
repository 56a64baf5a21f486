//! Batches before they are processed: made, read, changed, agreed to by a second person, given up.

use super::{approval, basis};
use crate::programs::audit;
use crate::reports::{Cursor, Key, Scope, Setting, make_room, page, planned};
use crate::{Error, Moment, Result};
use chrono::{DateTime, Months, NaiveDate, Utc};
use domain::accounts::{Actor, Power};
use domain::ids::{AccountId, BatchId, DraftId, EnrollmentId, ProgramId};
use domain::ledger::month_name;
use domain::page::{Page, Paging};
use domain::partners::{EnrollmentStatus, PartnerName};
use domain::payments::{
    DraftDetail, DraftGroup, DraftInput, DraftLine, DraftRow, DraftSource, DraftStatus, LeftOut, LineInput, NewDraft,
    PaymentBasis, PaymentRules, already_paid, batch_code, method_words,
};
use domain::reports::LedgersQuery;
use domain::text::{FieldError, code_key};
use domain::time::DayRange;
use rust_decimal::Decimal;
use serde_json::json;
use sqlx::{Connection, PgConnection, PgPool};

/// What a draft is reckoned by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub id: DraftId,
    pub source: DraftSource,
    pub basis: PaymentBasis,
    pub from_at: DateTime<Utc>,
    pub to_at: DateTime<Utc>,
    pub reviewed_at: DateTime<Utc>,
}

pub(super) fn allowed(actor: &Actor) -> Result<()> {
    if actor.may(Power::Pay) { Ok(()) } else { Err(Error::Forbidden) }
}

/// Lets a transaction take longer than a page may: it reads all that is open, of as many partners as there are.
pub(super) async fn take_time(conn: &mut PgConnection, statements: &str, locks: &str) -> Result<()> {
    sqlx::query!(
        "select set_config('statement_timeout', $1, true) as statements, set_config('lock_timeout', $2, true) as locks",
        statements,
        locks
    )
    .fetch_one(conn)
    .await?;
    Ok(())
}

/// Where a draft's page is.
pub(super) fn path(id: DraftId) -> String {
    format!("pay/{id}")
}

/// Prepares a batch for the partners that a filter of the report finds. Asks for `Pay`. Audited.
///
/// # Errors
/// `Forbidden`; `Invalid` on the range's `from` and `to`; `Conflict` where the filter finds nobody.
pub async fn make(conn: &mut PgConnection, moment: &Moment, actor: &Actor, input: &NewDraft) -> Result<DraftId> {
    allowed(actor)?;
    let mut tx = conn.begin().await?;
    make_room(&mut tx).await?;
    take_time(&mut tx, "2min", "10s").await?;
    let scope = Scope::of(&mut tx, moment, actor, &input.filter, input.range).await?;
    let draft = begin(&mut tx, moment, actor, &scope.setting, DraftSource::Report, input.basis, input.range).await?;
    if basis::fill_scope(&mut tx, &scope, &draft, moment.at).await? == 0 {
        return Err(Error::Conflict("Nobody is on the report: choose other filters.".into()));
    }
    sum_up(&mut tx, scope.setting.program, draft.id).await?;
    note(&mut tx, moment, actor, "payment_draft.create", draft.id, json!({ "basis": input.basis.label() })).await?;
    approval::ask(&mut tx, moment, scope.setting.program, draft.id).await?;
    tx.commit().await?;
    Ok(draft.id)
}

/// Keeps what an export of the report contained as a draft, in the export's own transaction. Its basis is chosen by whoever
/// records what was paid.
pub(crate) async fn keep_export(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    query: &LedgersQuery,
    scope: &Scope,
) -> Result<()> {
    allowed(actor)?;
    let basis = PaymentBasis::default();
    let draft = begin(conn, moment, actor, &scope.setting, DraftSource::Export, basis, query.range).await?;
    basis::fill_scope(conn, scope, &draft, moment.at).await?;
    sum_up(conn, scope.setting.program, draft.id).await?;
    note(conn, moment, actor, "payment_draft.create", draft.id, json!({ "basis": basis.label() })).await
}

/// Makes a draft without lines.
pub(super) async fn begin(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    setting: &Setting,
    source: DraftSource,
    basis: PaymentBasis,
    range: DayRange,
) -> Result<Head> {
    let today = setting.day(moment.at);
    let code = free_code(conn, setting.program, today).await?;
    let draft = Head {
        id: moment.id(),
        source,
        basis,
        from_at: setting.start(range.from)?,
        to_at: setting.end(range.to)?,
        reviewed_at: moment.at,
    };
    sqlx::query!(
        "insert into payment_drafts (program_id, id, source, basis, from_day, to_day, from_at, to_at, reviewed_at, code,
                                     payment_date, status, created_by, created_at, approval_above)
         select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'open', $12, $9, approval_above from programs where id = $1",
        setting.program as ProgramId,
        draft.id as DraftId,
        source as DraftSource,
        basis as PaymentBasis,
        range.from,
        range.to,
        draft.from_at,
        draft.to_at,
        moment.at,
        code,
        today,
        actor.account() as Option<AccountId>
    )
    .execute(conn)
    .await?;
    Ok(draft)
}

/// Writes a line of the audit log about a draft.
pub(super) async fn note(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    action: &str,
    id: DraftId,
    details: serde_json::Value,
) -> Result<()> {
    let code = sqlx::query_scalar!(
        "select code from payment_drafts where program_id = $1 and id = $2",
        actor.program() as ProgramId,
        id as DraftId
    )
    .fetch_one(&mut *conn)
    .await?;
    audit::record(conn, moment, actor, action, &code, &path(id), details).await
}

/// The first batch code of a day that neither a batch nor an open draft bears.
async fn free_code(conn: &mut PgConnection, program: ProgramId, day: NaiveDate) -> Result<String> {
    let taken = sqlx::query_scalar!(
        r#"select code_key as "key!" from payment_batches where program_id = $1 and code_key like $2 || '%'
           union
           select lower(code) from payment_drafts
           where program_id = $1 and status in ('open', 'processing', 'failed') and source <> 'export'
             and lower(code) like $2 || '%'"#,
        program as ProgramId,
        code_key(&batch_code(day, 0))
    )
    .fetch_all(conn)
    .await?;
    let free = (0..).map(|earlier| batch_code(day, earlier)).find(|code| !taken.contains(&code_key(code)));
    free.ok_or_else(|| Error::internal("no batch code is free"))
}

/// A draft's row, locked until the transaction ends, with what decides what may be done with it.
pub(super) struct Locked {
    pub source: DraftSource,
    pub basis: PaymentBasis,
    pub from_at: DateTime<Utc>,
    pub to_at: DateTime<Utc>,
    pub reviewed_at: DateTime<Utc>,
    pub code: String,
    pub payment_date: NaiveDate,
    pub method: String,
    pub note: String,
    pub status: DraftStatus,
    pub created_by: Option<AccountId>,
    pub changed_by: Option<AccountId>,
    pub approved_by: Option<AccountId>,
    pub approved_total: Option<Decimal>,
    pub processed_by: Option<AccountId>,
}

impl Locked {
    pub fn head(&self, id: DraftId) -> Head {
        let Self { source, basis, from_at, to_at, reviewed_at, .. } = *self;
        Head { id, source, basis, from_at, to_at, reviewed_at }
    }
}

/// Locks a draft, unless a job works on it, which holds it for as long as that takes. Who changes it just now is waited for.
pub(super) async fn lock(conn: &mut PgConnection, program: ProgramId, id: DraftId) -> Result<Option<Locked>> {
    let status = sqlx::query_scalar!(
        r#"select status as "status: DraftStatus" from payment_drafts where program_id = $1 and id = $2"#,
        program as ProgramId,
        id as DraftId
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound("draft"))?;
    if status != DraftStatus::Processing {
        wait_for(conn, program, id).await?;
    }
    Ok(sqlx::query_as!(
        Locked,
        r#"select source as "source: DraftSource", basis as "basis: PaymentBasis", from_at, to_at, reviewed_at, code,
                  payment_date, method, note, status as "status: DraftStatus", created_by as "created_by: AccountId",
                  changed_by as "changed_by: AccountId", approved_by as "approved_by: AccountId", approved_total,
                  processed_by as "processed_by: AccountId"
           from payment_drafts where program_id = $1 and id = $2 for no key update skip locked"#,
        program as ProgramId,
        id as DraftId
    )
    .fetch_optional(conn)
    .await?)
}

/// Waits for a draft, whoever has it.
pub(super) async fn wait_for(conn: &mut PgConnection, program: ProgramId, id: DraftId) -> Result<()> {
    sqlx::query!(
        "select from payment_drafts where program_id = $1 and id = $2 for no key update",
        program as ProgramId,
        id as DraftId
    )
    .fetch_optional(conn)
    .await?;
    Ok(())
}

/// Locks a draft that can still be changed.
async fn lock_open(conn: &mut PgConnection, program: ProgramId, id: DraftId) -> Result<Locked> {
    let draft = lock(conn, program, id).await?.filter(|draft| draft.status.is_open());
    draft.ok_or_else(|| {
        Error::Conflict("This batch can't be changed any more: somebody is processing it, or has.".into())
    })
}

/// Changes what a draft says for all of its partners, and reckons it by what is open now; an export stays what it was, by
/// another basis if asked. What was decided by hand stays. Whoever had agreed to it must do so again.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Invalid` by field, also on a batch ID that is taken and a day of a closed month; `Conflict`
/// where it is being processed, or was.
pub async fn change(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    id: DraftId,
    input: &DraftInput,
) -> Result<()> {
    allowed(actor)?;
    let mut tx = conn.begin().await?;
    make_room(&mut tx).await?;
    take_time(&mut tx, "2min", "10s").await?;
    let setting = Setting::of(&mut tx, actor).await?;
    let before = lock_open(&mut tx, setting.program, id).await?;
    check(&mut tx, &setting, moment, input).await?;
    sqlx::query!(
        "update payment_drafts
         set basis = $3, code = $4, payment_date = $5, method = $6, note = $7
         where program_id = $1 and id = $2",
        setting.program as ProgramId,
        id as DraftId,
        input.basis as PaymentBasis,
        input.code.trim(),
        input.payment_date,
        input.method.trim(),
        input.note.trim()
    )
    .execute(&mut *tx)
    .await?;
    changed(&mut tx, actor, id).await?;
    let draft = Head { basis: input.basis, ..before.head(id) };
    if before.source != DraftSource::Export {
        review(&mut tx, moment, &setting, &draft).await?;
    } else if input.basis != before.basis {
        anew(&mut tx, moment, &setting, &draft).await?;
    }
    let details = json!({
        "basis": { "before": before.basis.label(), "after": input.basis.label() },
        "code": { "before": before.code, "after": input.code.trim() },
        "payment_date": { "before": before.payment_date, "after": input.payment_date },
        "method": { "before": before.method, "after": input.method.trim() },
    });
    note(&mut tx, moment, actor, "payment_draft.edit", id, details).await?;
    approval::ask(&mut tx, moment, setting.program, id).await?;
    tx.commit().await?;
    Ok(())
}

/// Notes who changed a draft: nobody has agreed to what it says now, and who changed it can't be the second to.
async fn changed(conn: &mut PgConnection, actor: &Actor, id: DraftId) -> Result<()> {
    sqlx::query!(
        "update payment_drafts
         set changed_by = $3, approved_by = null, approved_at = null, status = 'open', problem = ''
         where program_id = $1 and id = $2",
        actor.program() as ProgramId,
        id as DraftId,
        actor.account() as Option<AccountId>
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn check(conn: &mut PgConnection, setting: &Setting, moment: &Moment, input: &DraftInput) -> Result<()> {
    let mut errors = input.check(setting.day(moment.at));
    let known = sqlx::query!(
        r#"select exists (select from payment_batches where program_id = $1 and code_key = $2) as "taken!",
                  (select max(month) from periods where program_id = $1 and closed_at is not null
                   and month >= date_trunc('month', $3::date::timestamp)::date) as "closed?""#,
        setting.program as ProgramId,
        code_key(&input.code.replace('\0', "")),
        input.payment_date
    )
    .fetch_one(conn)
    .await?;
    if known.taken {
        errors.push(taken(input.code.trim()));
    }
    if let Some(last) = known.closed
        && !errors.iter().any(|error| error.field == "payment_date")
    {
        let first_open = last.checked_add_months(Months::new(1)).unwrap_or(last);
        let (month, from) = (month_name(input.payment_date), first_open.format("%-d %B %Y"));
        errors.push(FieldError::new("payment_date", format!("{month} is closed: choose a day from {from} on.")));
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}

/// Of a batch ID that another batch bears.
pub(super) fn taken(code: &str) -> FieldError {
    FieldError::new("code", format!("There is a batch {code} already. Choose another ID."))
}

/// Whether a draft can be processed as it stands: its ID may be taken by now, its day's month closed.
pub(super) async fn check_again(
    conn: &mut PgConnection,
    setting: &Setting,
    moment: &Moment,
    draft: &Locked,
) -> Result<()> {
    let input = DraftInput {
        basis: draft.basis,
        code: draft.code.clone(),
        payment_date: draft.payment_date,
        method: draft.method.clone(),
        note: draft.note.clone(),
    };
    check(conn, setting, moment, &input).await
}

/// Reckons a draft's lines anew, for the same partners. What was decided by hand is kept where it still says something.
async fn anew(conn: &mut PgConnection, moment: &Moment, setting: &Setting, draft: &Head) -> Result<()> {
    let by_hand = by_hand(conn, setting, draft.id).await?;
    if draft.source == DraftSource::Export {
        basis::fill_again(conn, setting, draft, moment.at).await?;
        return put_back(conn, setting.program, draft.id, by_hand).await;
    }
    let ids = sqlx::query_scalar!(
        "delete from payment_draft_lines where program_id = $1 and draft_id = $2 returning enrollment_id",
        setting.program as ProgramId,
        draft.id as DraftId
    )
    .fetch_all(&mut *conn)
    .await?;
    basis::fill(conn, setting, draft, Some(&ids), moment.at).await?;
    put_back(conn, setting.program, draft.id, by_hand).await
}

/// What a person has decided of a partner: whether it is left out, what was overridden to pay it, and why.
struct ByHand {
    enrollment: EnrollmentId,
    out: bool,
    overridden: Option<LeftOut>,
    reason: String,
}

async fn by_hand(conn: &mut PgConnection, setting: &Setting, id: DraftId) -> Result<Vec<ByHand>> {
    Ok(sqlx::query_as!(
        ByHand,
        r#"select enrollment_id as "enrollment: EnrollmentId", coalesce(left_out = 'excluded', false) as "out!",
                  overridden as "overridden: LeftOut", reason
           from payment_draft_lines
           where program_id = $1 and draft_id = $2 and (left_out = 'excluded' or overridden is not null or reason <> '')"#,
        setting.program as ProgramId,
        id as DraftId
    )
    .fetch_all(conn)
    .await?)
}

/// Puts back what was decided: who was left out by hand stays so, and who was paid all the same where what leaves it out now
/// is what was overridden, or weighs less. Then it sums the draft up.
async fn put_back(conn: &mut PgConnection, program: ProgramId, id: DraftId, by_hand: Vec<ByHand>) -> Result<()> {
    let enrollments: Vec<_> = by_hand.iter().map(|one| one.enrollment.0).collect();
    let outs: Vec<bool> = by_hand.iter().map(|one| one.out).collect();
    let overridden: Vec<Option<LeftOut>> = by_hand.iter().map(|one| one.overridden).collect();
    let reasons: Vec<String> = by_hand.into_iter().map(|one| one.reason).collect();
    sqlx::query!(
        "update payment_draft_lines l
         set left_out = case when not h.holds then h.found when h.out then 'excluded'::left_out end,
             overridden = case when h.holds then h.overridden end,
             reason = case when h.holds then h.reason else '' end
         from (
             select d.*, o.left_out as found,
                    d.out or o.left_out is null
                        or coalesce(o.left_out between 'below_minimum' and d.overridden, false) as holds
             from unnest($3::uuid[], $4::boolean[], $5::left_out[], $6::text[])
                      as d (enrollment_id, out, overridden, reason)
             join payment_draft_lines o
               on o.program_id = $1 and o.draft_id = $2 and o.enrollment_id = d.enrollment_id
         ) as h
         where l.program_id = $1 and l.draft_id = $2 and l.enrollment_id = h.enrollment_id",
        program as ProgramId,
        id as DraftId,
        &enrollments,
        &outs,
        &overridden as &[Option<LeftOut>],
        &reasons
    )
    .execute(&mut *conn)
    .await?;
    sum_up(conn, program, id).await?;
    Ok(())
}

/// Reviews a draft again by what is open now, after it could not be processed. An export stays what it was. Who does so
/// decides nothing of it, and may agree to it.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Conflict` where it is being processed, or was, or is an export.
pub async fn review_again(conn: &mut PgConnection, moment: &Moment, actor: &Actor, id: DraftId) -> Result<()> {
    allowed(actor)?;
    let mut tx = conn.begin().await?;
    make_room(&mut tx).await?;
    take_time(&mut tx, "2min", "10s").await?;
    let setting = Setting::of(&mut tx, actor).await?;
    let draft = lock_open(&mut tx, setting.program, id).await?;
    if draft.source == DraftSource::Export {
        return Err(Error::Conflict(
            "It pays what the file contained. Leave partners out, or create payments from the report.".into(),
        ));
    }
    review(&mut tx, moment, &setting, &draft.head(id)).await?;
    note(&mut tx, moment, actor, "payment_draft.edit", id, json!({ "reviewed": "again" })).await?;
    approval::ask(&mut tx, moment, setting.program, id).await?;
    tx.commit().await?;
    Ok(())
}

/// Reckons a draft by what is open now; nobody has agreed to that.
async fn review(conn: &mut PgConnection, moment: &Moment, setting: &Setting, draft: &Head) -> Result<()> {
    sqlx::query!(
        "update payment_drafts
         set reviewed_at = $3, status = 'open', problem = '', approved_by = null, approved_at = null
         where program_id = $1 and id = $2",
        setting.program as ProgramId,
        draft.id as DraftId,
        moment.at
    )
    .execute(&mut *conn)
    .await?;
    anew(conn, moment, setting, &Head { reviewed_at: moment.at, ..*draft }).await
}

/// Leaves a partner of a draft out, or pays one all the same, with the reason. Who is no longer left out by hand is judged
/// anew: what the person has not seen is not overridden. Audited.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Invalid` on `reason`; `Conflict` where it is being processed, or was, or where that partner
/// can't be paid whatever the reason.
pub async fn decide(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    id: DraftId,
    input: &LineInput,
) -> Result<()> {
    allowed(actor)?;
    let reason = input.reason.trim();
    let asked = if input.pay { 1 } else { 0 };
    if !(asked..=500).contains(&reason.chars().count()) || reason.contains(|c: char| c.is_control() && c != '\n') {
        return Err(Error::field("reason", "Say why, in at most 500 characters."));
    }
    let mut tx = conn.begin().await?;
    let program = actor.program();
    lock_open(&mut tx, program, id).await?;
    let line = sqlx::query!(
        r#"select l.amount, l.left_out as "left_out: LeftOut", l.overridden as "overridden: LeftOut", e.code,
                  coalesce(nullif(e.name, ''), e.company) as "name!"
           from payment_draft_lines l
           join enrollments e on e.program_id = l.program_id and e.id = l.enrollment_id
           where l.program_id = $1 and l.draft_id = $2 and l.enrollment_id = $3"#,
        program as ProgramId,
        id as DraftId,
        input.partner as EnrollmentId
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Error::NotFound("partner"))?;
    let (enrollment, reason) = (input.partner, reason.to_owned());
    let decided = match (input.pay, line.left_out) {
        (true, Some(LeftOut::Excluded)) => ByHand { enrollment, out: false, overridden: line.overridden, reason },
        (true, Some(why)) if !why.may_be_overridden() || line.amount <= Decimal::ZERO => {
            return Err(Error::Conflict(format!("{}: {}", line.name, why.words())));
        }
        (true, why) => ByHand { enrollment, out: false, overridden: why.or(line.overridden), reason },
        (false, None) => ByHand { enrollment, out: true, overridden: line.overridden, reason },
        // It isn't paid as it is.
        (false, Some(_)) => return Ok(()),
    };
    basis::judge(&mut tx, program, id, Some(enrollment), moment.at).await?;
    put_back(&mut tx, program, id, vec![decided]).await?;
    changed(&mut tx, actor, id).await?;
    let was = line.left_out.map_or("paid", LeftOut::label);
    let details = json!({ "partner": line.code, "was": was, "paid": input.pay, "reason": input.reason.trim() });
    note(&mut tx, moment, actor, "payment_draft.edit", id, details).await?;
    approval::ask(&mut tx, moment, program, id).await?;
    tx.commit().await?;
    Ok(())
}

/// Leaves out of an export what was paid meanwhile; what else its file paid stays in it. Audited.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Conflict` where it is being processed, or was, is no export, or nothing of it was paid meanwhile.
pub async fn without_paid(conn: &mut PgConnection, moment: &Moment, actor: &Actor, id: DraftId) -> Result<()> {
    allowed(actor)?;
    let mut tx = conn.begin().await?;
    take_time(&mut tx, "2min", "10s").await?;
    let setting = Setting::of(&mut tx, actor).await?;
    if lock_open(&mut tx, setting.program, id).await?.source != DraftSource::Export {
        return Err(Error::Conflict("It is no export: review it again.".into()));
    }
    let lessened = basis::without_paid(&mut tx, setting.program, id).await?;
    if lessened.is_empty() {
        return Err(Error::Conflict("Nothing of it was paid meanwhile.".into()));
    }
    sum_up(&mut tx, setting.program, id).await?;
    changed(&mut tx, actor, id).await?;
    approval::ask(&mut tx, moment, setting.program, id).await?;
    // The first of them by name; how many there are stands beside.
    const NAMED: usize = 100;
    let told = lessened
        .iter()
        .take(NAMED)
        .map(|one| format!("{}: {} instead of {}", one.code, setting.money(one.after), setting.money(one.before)));
    let details = json!({ "without_paid": told.collect::<Vec<_>>(), "partners": lessened.len() });
    note(&mut tx, moment, actor, "payment_draft.edit", id, details).await?;
    tx.commit().await?;
    Ok(())
}

/// Agrees to a draft as the second person, where the program asks for two. Audited.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Conflict` for who made it or changed it last, where the program does not ask for it, or where
/// it is not open.
pub async fn approve(conn: &mut PgConnection, moment: &Moment, actor: &Actor, id: DraftId) -> Result<()> {
    allowed(actor)?;
    let mut tx = conn.begin().await?;
    let setting = Setting::of(&mut tx, actor).await?;
    let draft = lock_open(&mut tx, setting.program, id).await?;
    let (_, total) = total(&mut tx, setting.program, id).await?;
    if asks_for_two(&mut tx, setting.program, id, total).await?.is_none() {
        return Err(Error::Conflict("Nobody need agree to this batch.".into()));
    }
    if actor.account().is_none() || draft.created_by == actor.account() {
        return Err(Error::Conflict("Somebody else must agree: you made this batch.".into()));
    }
    if draft.changed_by == actor.account() {
        return Err(Error::Conflict("Somebody else must agree: you were the last to change this batch.".into()));
    }
    sqlx::query!(
        "update payment_drafts set approved_by = $3, approved_at = $4, approved_total = $5, asked_at = null
         where program_id = $1 and id = $2",
        setting.program as ProgramId,
        id as DraftId,
        actor.account() as Option<AccountId>,
        moment.at,
        total
    )
    .execute(&mut *tx)
    .await?;
    let details = json!({ "total": setting.money(total).to_string() });
    note(&mut tx, moment, actor, "payment_draft.approve", id, details).await?;
    tx.commit().await?;
    Ok(())
}

/// Gives a draft up. Audited.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Conflict` where it is being processed, or was.
pub async fn give_up(conn: &mut PgConnection, moment: &Moment, actor: &Actor, id: DraftId) -> Result<()> {
    allowed(actor)?;
    let mut tx = conn.begin().await?;
    lock_open(&mut tx, actor.program(), id).await?;
    sqlx::query!(
        "update payment_drafts set status = 'cancelled' where program_id = $1 and id = $2",
        actor.program() as ProgramId,
        id as DraftId
    )
    .execute(&mut *tx)
    .await?;
    note(&mut tx, moment, actor, "payment_draft.cancel", id, json!({})).await?;
    tx.commit().await?;
    Ok(())
}

/// How many a draft pays, and what they come to.
pub(super) async fn total(conn: &mut PgConnection, program: ProgramId, id: DraftId) -> Result<(i64, Decimal)> {
    let sum = sqlx::query!(
        r#"select count(*) as "count!", coalesce(sum(amount), 0) as "amount!" from payment_draft_lines
           where program_id = $1 and draft_id = $2 and left_out is null"#,
        program as ProgramId,
        id as DraftId
    )
    .fetch_one(conn)
    .await?;
    Ok((sum.count, sum.amount))
}

/// The same, kept with the draft for whoever lists it: after each change of its lines.
pub(super) async fn sum_up(conn: &mut PgConnection, program: ProgramId, id: DraftId) -> Result<(i64, Decimal)> {
    let (partners, sum) = total(conn, program, id).await?;
    sqlx::query!(
        "update payment_drafts set partners = $3, total = $4 where program_id = $1 and id = $2",
        program as ProgramId,
        id as DraftId,
        partners,
        sum
    )
    .execute(conn)
    .await?;
    Ok((partners, sum))
}

/// From which total on a second person must agree to a draft, where its own is above it: the lower of the limit of when it
/// was made and the present one. So who lifts the limit frees no batch that was made before.
pub(super) async fn asks_for_two(
    conn: &mut PgConnection,
    program: ProgramId,
    id: DraftId,
    total: Decimal,
) -> Result<Option<Decimal>> {
    let approval_above = sqlx::query_scalar!(
        "select least(d.approval_above, p.approval_above)
         from payment_drafts d join programs p on p.id = d.program_id where d.program_id = $1 and d.id = $2",
        program as ProgramId,
        id as DraftId
    )
    .fetch_one(conn)
    .await?;
    Ok(PaymentRules { schedule: None, approval_above }.asks_for_two(total))
}

struct Row {
    id: DraftId,
    source: DraftSource,
    basis: PaymentBasis,
    from_day: NaiveDate,
    to_day: NaiveDate,
    reviewed_at: DateTime<Utc>,
    code: String,
    payment_date: NaiveDate,
    method: String,
    note: String,
    status: DraftStatus,
    problem: String,
    created: Option<AccountId>,
    created_by: String,
    created_at: DateTime<Utc>,
    changed: Option<AccountId>,
    changed_by: String,
    approved_by: String,
    approved_at: Option<DateTime<Utc>>,
    processed_by: String,
    batch: Option<BatchId>,
    partners: i64,
    total: Decimal,
    /// From which total on a second person must agree, where this one is above it.
    above: Option<Decimal>,
}

impl Row {
    fn row(self, setting: &Setting) -> DraftRow {
        DraftRow {
            id: self.id,
            source: self.source,
            basis: self.basis,
            range: DayRange { from: self.from_day, to: self.to_day },
            reviewed_at: self.reviewed_at,
            code: self.code,
            payment_date: self.payment_date,
            method: self.method,
            note: self.note,
            status: self.status,
            problem: self.problem,
            created_by: self.created_by,
            created_at: self.created_at,
            changed_by: self.changed_by,
            approved_by: self.approved_by,
            approved_at: self.approved_at,
            processed_by: self.processed_by,
            batch: self.batch,
            partners: self.partners,
            total: setting.money(self.total),
            asks_for_two: self.above.is_some(),
        }
    }
}

/// Reads drafts by a condition and an order; `$1` is the program.
macro_rules! drafts {
    ($rest:tt, $program:expr $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"select d.id as "id: DraftId", d.source as "source: DraftSource", d.basis as "basis: PaymentBasis",
                      d.from_day, d.to_day, d.reviewed_at, d.code, d.payment_date, d.method, d.note,
                      d.status as "status: DraftStatus", d.problem, d.created_by as "created: AccountId",
                      coalesce(c.name, '') as "created_by!", d.created_at, d.changed_by as "changed: AccountId",
                      coalesce(h.name, '') as "changed_by!", coalesce(a.name, '') as "approved_by!",
                      d.approved_at, coalesce(p.name, '') as "processed_by!", d.batch_id as "batch: BatchId",
                      d.partners, d.total,
                      case when asks_for_two(d.total, d.approval_above, g.approval_above)
                           then least(d.approval_above, g.approval_above) end as above
               from payment_drafts d
               join programs g on g.id = d.program_id
               left join accounts c on c.id = d.created_by
               left join accounts h on h.id = d.changed_by
               left join accounts a on a.id = d.approved_by
               left join accounts p on p.id = d.processed_by
               where d.program_id = $1 "# + $rest,
            $program as ProgramId
            $(, $argument)*
        )
    };
}

/// A page of the drafts that wait, or are being processed, the latest first: those kept of exports, or the others. Asks for
/// `Pay`.
///
/// # Errors
/// `Forbidden`; `Invalid` on `cursor`.
pub async fn list(conn: &mut PgConnection, actor: &Actor, exports: bool, paging: &Paging) -> Result<Page<DraftRow>> {
    allowed(actor)?;
    let setting = Setting::of(conn, actor).await?;
    let after = Cursor::read(paging, Key::Time)?;
    let rows = drafts!(
        "and d.status in ('open', 'processing', 'failed') and (d.source = 'export') = $2
         and ($3::timestamptz is null or (d.created_at, d.id) < ($3, $4::uuid))
         order by d.created_at desc, d.id desc limit $5",
        setting.program,
        exports,
        after.and_then(|after| after.at),
        after.map(|after| after.id),
        paging.rows() + 1
    )
    .fetch_all(conn)
    .await?;
    let rows = rows.into_iter().map(|row| row.row(&setting)).collect();
    Ok(page(rows, paging, |row: &DraftRow| Cursor::at(row.created_at, row.id.0)))
}

/// A draft, with a page of those whom it pays, or whom it leaves out for a reason. Asks for `Pay`.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Invalid` on `cursor`.
pub async fn detail(
    conn: &mut PgConnection,
    actor: &Actor,
    id: DraftId,
    left_out: Option<LeftOut>,
    paging: &Paging,
) -> Result<DraftDetail> {
    allowed(actor)?;
    let mut conn = planned(conn).await?;
    let setting = Setting::of(&mut conn, actor).await?;
    let row = drafts!("and d.id = $2", setting.program, id as DraftId).fetch_optional(&mut *conn).await?;
    let row = row.ok_or(Error::NotFound("draft"))?;
    let groups = groups(&mut conn, &setting, id).await?;
    let page = lines(&mut conn, &setting, id, left_out, paging).await?;
    let paid_meanwhile = row.status == DraftStatus::Failed
        && row.source == DraftSource::Export
        && !basis::paid_meanwhile(&mut conn, &setting, id).await?.is_empty();
    let waits = row.status.is_open() && row.approved_at.is_none();
    let needs_approval = row.above.filter(|_| waits).map(|above| setting.money(above));
    let others = match needs_approval {
        Some(_) => approval::who_may_agree(&mut conn, setting.program, [row.created, row.changed]).await?,
        None => Vec::new(),
    };
    Ok(DraftDetail {
        paid_meanwhile,
        groups,
        page,
        needs_approval,
        may_approve: others.iter().any(|other| Some(other.account) == actor.account()),
        others: others.into_iter().map(|other| other.name).collect(),
        draft: row.row(&setting),
    })
}

async fn groups(conn: &mut PgConnection, setting: &Setting, id: DraftId) -> Result<Vec<DraftGroup>> {
    let rows = sqlx::query!(
        r#"select left_out as "left_out: LeftOut", count(*) as "partners!", sum(amount) as "amount!",
                  sum(greatest(figure + taken_back - greatest(amount - added, 0), 0)) as "already_paid!",
                  sum(added) as "added!", sum(clawbacks_stay) as "clawbacks!", sum(adjustments_stay) as "adjustments!",
                  count(*) filter (where balance - amount + added < 0 and amount > 0) as "below_zero!"
           from payment_draft_lines where program_id = $1 and draft_id = $2
           group by left_out order by left_out nulls first"#,
        setting.program as ProgramId,
        id as DraftId
    )
    .fetch_all(conn)
    .await?;
    let groups = rows.into_iter().map(|row| DraftGroup {
        left_out: row.left_out,
        partners: row.partners,
        amount: setting.money(row.amount),
        already_paid: setting.money(row.already_paid),
        added: setting.money(row.added),
        clawbacks: setting.money(row.clawbacks),
        adjustments: setting.money(row.adjustments),
        below_zero: row.below_zero,
    });
    Ok(groups.collect())
}

/// A page of those whom a draft pays, or leaves out for a reason.
pub(super) async fn lines(
    conn: &mut PgConnection,
    setting: &Setting,
    id: DraftId,
    left_out: Option<LeftOut>,
    paging: &Paging,
) -> Result<Page<DraftLine>> {
    let after: Option<EnrollmentId> = crate::links::cursor(paging)?;
    let mut rows = sqlx::query_as!(
        Line,
        r#"select e.id as "id: EnrollmentId", e.code, coalesce(nullif(e.name, ''), e.company) as "name!",
                  e.status as "status: EnrollmentStatus",
                  coalesce(nullif(d.method, ''), e.payout_method, '') as "method!", l.figure, l.taken_back, l.amount,
                  l.added, l.balance, l.clawbacks_stay as clawbacks, l.adjustments_stay as adjustments,
                  cardinality(l.entries)::bigint as "entries!", l.left_out as "left_out: LeftOut", l.reason
           from payment_drafts d
           join payment_draft_lines l on l.program_id = d.program_id and l.draft_id = d.id
           join enrollments e on e.program_id = l.program_id and e.id = l.enrollment_id
           where d.program_id = $1 and d.id = $2 and (l.left_out = $3 or ($3 is null and l.left_out is null))
             and ($4::uuid is null or (lower(coalesce(nullif(e.name, ''), e.company)), e.id) >
                  (select lower(coalesce(nullif(a.name, ''), a.company)), a.id from enrollments a
                   where a.program_id = $1 and a.id = $4))
           order by lower(coalesce(nullif(e.name, ''), e.company)), e.id limit $5"#,
        setting.program as ProgramId,
        id as DraftId,
        left_out as Option<LeftOut>,
        after as Option<EnrollmentId>,
        paging.rows() + 1
    )
    .fetch_all(conn)
    .await?;
    let more = rows.len() as i64 > paging.rows();
    if more {
        rows.pop();
    }
    let next_cursor = rows.last().filter(|_| more).map(|row| row.id.to_string());
    let line = |row: Line| {
        let before = already_paid(row.figure, row.taken_back, row.amount - row.added);
        DraftLine {
            partner: PartnerName { id: row.id, code: row.code, name: row.name },
            status: row.status,
            method: method_words(&row.method),
            figure: setting.money(row.figure),
            already_paid: setting.money(before),
            amount: setting.money(row.amount),
            added: setting.money(row.added),
            after: setting.money(if row.left_out.is_some() {
                row.balance
            } else {
                row.balance + row.added - row.amount
            }),
            clawbacks: setting.money(row.clawbacks),
            adjustments: setting.money(row.adjustments),
            taken_back: setting.money(row.taken_back),
            entries: row.entries,
            left_out: row.left_out,
            reason: row.reason,
        }
    };
    Ok(Page { data: rows.into_iter().map(line).collect(), next_cursor })
}

/// A line as it is read.
struct Line {
    id: EnrollmentId,
    code: String,
    name: String,
    status: EnrollmentStatus,
    method: String,
    figure: Decimal,
    taken_back: Decimal,
    amount: Decimal,
    added: Decimal,
    balance: Decimal,
    clawbacks: Decimal,
    adjustments: Decimal,
    entries: i64,
    left_out: Option<LeftOut>,
    reason: String,
}

/// Deletes exports that nobody has recorded for 30 days, and drafts that were given up as long ago: each by itself, with
/// its up to hundreds of thousands of lines.
pub(crate) async fn purge(pool: &PgPool, moment: &Moment) -> Result<()> {
    let over = moment.at - chrono::Duration::days(30);
    let drafts = sqlx::query!(
        r#"select d.program_id as "program: ProgramId", d.id as "id: DraftId"
           from programs p join payment_drafts d on d.program_id = p.id
           where d.created_at <= $1 and (d.status = 'cancelled' or (d.status in ('open', 'failed') and d.source = 'export'))
           order by d.program_id, d.id"#,
        over
    )
    .fetch_all(pool)
    .await?;
    for draft in drafts {
        let mut tx = pool.begin().await?;
        take_time(&mut tx, "2min", "10s").await?;
        // Somebody may be recording it by now.
        sqlx::query!(
            "delete from payment_drafts
             where program_id = $1 and id = $2
               and (status = 'cancelled' or (status in ('open', 'failed') and source = 'export'))",
            draft.program as ProgramId,
            draft.id as DraftId
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
    }
    Ok(())
}
