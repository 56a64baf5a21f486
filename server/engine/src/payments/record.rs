use super::due::left_out;
use super::{alone, lists};
use crate::ledger::{Move, Posting, hold_month_open, post};
use crate::messages::{self, Mail};
use crate::programs::audit;
use crate::reports::Setting;
use crate::{Error, Moment, Result};
use chrono::{DateTime, Utc};
use domain::accounts::{Actor, Power};
use domain::ids::{AccountId, BatchId, EnrollmentId, PaymentId, ProgramId};
use domain::ledger::{JournalKind, LedgerAccount};
use domain::money::Money;
use domain::partners::EnrollmentStatus;
use domain::payments::{BatchDetail, BatchInput, LeftOut, PaymentStatus, PayoutKind, method_words};
use domain::text::{FieldError, code_key};
use domain::why::Why;
use rust_decimal::Decimal;
use serde_json::json;
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// Records a batch as it was reviewed: all of its payments or none.
///
/// Each partner is paid exactly the amount that the review showed, by the entries that were open then. What became
/// due since stays open for the next batch; whatever was taken back since counts, and stops the batch. Of two who pay in
/// a program at once the second waits, and finds nothing left.
///
/// # Errors
/// `Forbidden` without the power to pay; `Invalid` where code (also a taken one), date or partners are wrong; `NotFound`
/// where a partner is not in the program; `Conflict` where a partner's amount is no longer what was reviewed (somebody
/// paid it, a refund took back), naming the partner and what is known of the cause.
pub async fn record_batch(pool: &PgPool, moment: &Moment, actor: &Actor, input: &BatchInput) -> Result<BatchDetail> {
    if !actor.may(Power::Pay) {
        return Err(Error::Forbidden);
    }
    let mut conn = pool.begin().await?;
    let setting = Setting::of(&mut conn, actor).await?;
    check(&setting, moment, input)?;
    let mut partners = lock(&mut conn, &setting, input).await?;
    for partner in &mut partners {
        partner.method = method_words(&partner.method);
    }
    let mut open = open_entries(&mut conn, &setting, input).await?;
    let mut payments = Vec::with_capacity(partners.len());
    for partner in partners {
        let entries = open.remove(&partner.id).unwrap_or_default();
        payments.push(settle(&mut conn, &setting, moment, input, partner, entries).await?);
    }
    let batch = insert_batch(&mut conn, &setting, moment, actor, input).await?;
    insert_payments(&mut conn, &setting, moment, batch, &payments).await?;
    mark_paid(&mut conn, &setting, &payments).await?;
    post_payments(&mut conn, &setting, moment, actor, &payments).await?;
    for payment in &payments {
        messages::enqueue(&mut conn, &Mail::PaymentSent { program: setting.program, payment: payment.id }).await?;
    }
    let total = setting.money(payments.iter().map(|payment| payment.amount).sum());
    let details = json!({ "payments": payments.len(), "total": total.to_string() });
    let code = input.code.trim();
    audit::record(&mut conn, moment, actor, "payment_batch.record", code, &format!("payments/{batch}"), details)
        .await?;
    let detail = lists::detail(&mut conn, &setting, batch).await?;
    conn.commit().await?;
    Ok(detail)
}

fn check(setting: &Setting, moment: &Moment, input: &BatchInput) -> Result<()> {
    let mut errors = Vec::new();
    let code = input.code.trim();
    if !(1..=60).contains(&code.chars().count()) || code.contains(|c: char| c.is_control()) {
        errors.push(FieldError::new("code", "Use 1 to 60 characters."));
    }
    if (input.payment_date - setting.day(moment.at)).num_days().abs() > 366 {
        errors.push(FieldError::new("payment_date", "Choose a day within a year of today."));
    }
    if input.note.chars().count() > 2_000 {
        errors.push(FieldError::new("note", "Use at most 2,000 characters."));
    }
    if input.reviewed_at > moment.at + domain::time::MAX_AHEAD {
        errors.push(FieldError::new("reviewed_at", "The review lies in the future."));
    } else if (moment.at - input.reviewed_at).num_days() > 366 {
        errors.push(FieldError::new("reviewed_at", "The review is too old."));
    }
    let mut ids: Vec<_> = input.partners.iter().map(|partner| partner.enrollment).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() || ids.len() < input.partners.len() {
        errors.push(FieldError::new("partners", "Choose at least one partner, and each once."));
    }
    if input.partners.iter().any(|partner| partner.amount.currency != setting.currency) {
        errors.push(FieldError::new("partners", format!("Amounts are in {}.", setting.currency)));
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}

struct Partner {
    id: EnrollmentId,
    name: String,
    status: EnrollmentStatus,
    method: String,
    masked: String,
    minimum: Decimal,
}

/// Locks out whoever else pays or takes back in the program, then whoever would ban one of the partners. Sales share the
/// partners' lock, and go on.
async fn lock(conn: &mut PgConnection, setting: &Setting, input: &BatchInput) -> Result<Vec<Partner>> {
    alone(conn, setting.program).await?;
    let ids: Vec<_> = input.partners.iter().map(|partner| partner.enrollment.0).collect();
    let partners = sqlx::query_as!(
        Partner,
        r#"select e.id as "id: EnrollmentId", coalesce(nullif(e.name, ''), e.company) as "name!",
                  e.status as "status: EnrollmentStatus", coalesce(e.payout_method, '') as "method!",
                  e.payout_masked as masked, coalesce(m.minimum, p.minimum_payment) as "minimum!"
           from enrollments e join programs p on p.id = e.program_id
           left join payout_methods m on m.program_id = e.program_id and m.kind::text = lower(e.payout_method)
           where e.program_id = $1 and e.id = any($2) order by e.id for share of e"#,
        setting.program as ProgramId,
        &ids
    )
    .fetch_all(&mut *conn)
    .await?;
    if partners.len() < ids.len() { Err(Error::NotFound("partner")) } else { Ok(partners) }
}

/// An open payable entry.
struct Entry {
    id: Uuid,
    kind: JournalKind,
    amount: Decimal,
    posted_at: DateTime<Utc>,
}

/// The entries to settle: those open at the review, and whatever was taken back since.
async fn open_entries(
    conn: &mut PgConnection,
    setting: &Setting,
    input: &BatchInput,
) -> Result<HashMap<EnrollmentId, Vec<Entry>>> {
    let ids: Vec<_> = input.partners.iter().map(|partner| partner.enrollment.0).collect();
    let rows = sqlx::query!(
        r#"select t.enrollment_id as "enrollment!: EnrollmentId", t.id, t.amount, t.posted_at,
                  j.kind as "kind: JournalKind"
           from entries t
           join journals j on j.program_id = t.program_id and j.id = t.journal_id and j.kind <> 'payment'
           where t.program_id = $1 and t.enrollment_id = any($2) and t.account = 'payable'
             and (t.posted_at <= $3 or t.amount < 0)
             and not exists (select from payment_items i where i.program_id = t.program_id and i.entry_id = t.id)
           order by t.id"#,
        setting.program as ProgramId,
        &ids,
        input.reviewed_at
    )
    .fetch_all(conn)
    .await?;
    let mut open: HashMap<EnrollmentId, Vec<Entry>> = HashMap::new();
    for row in rows {
        let entry = Entry { id: row.id, kind: row.kind, amount: row.amount, posted_at: row.posted_at };
        open.entry(row.enrollment).or_default().push(entry);
    }
    Ok(open)
}

/// A payment to be made.
struct Payment {
    id: PaymentId,
    enrollment: EnrollmentId,
    amount: Decimal,
    method: String,
    /// Where it goes, masked.
    masked: String,
    entries: Vec<Uuid>,
    why: Why,
}

/// Checks a partner's entries against what was reviewed.
async fn settle(
    conn: &mut PgConnection,
    setting: &Setting,
    moment: &Moment,
    input: &BatchInput,
    partner: Partner,
    entries: Vec<Entry>,
) -> Result<Payment> {
    let amount: Decimal = entries.iter().map(|entry| entry.amount).sum();
    let reviewed = input.partners.iter().find(|reviewed| reviewed.enrollment == partner.id);
    let reviewed = reviewed.map_or(Decimal::ZERO, |reviewed| reviewed.amount.amount);
    let (now, then) = (setting.money(amount), setting.money(reviewed));
    if amount != reviewed {
        let later = entries.iter().filter(|entry| entry.posted_at > input.reviewed_at);
        let taken_back: Decimal = later.map(|entry| entry.amount).sum();
        let known = if amount == reviewed + taken_back {
            format!(" ({} was taken back)", setting.money(-taken_back))
        } else if amount < reviewed {
            paid_since(conn, setting, partner.id, input.reviewed_at).await?
        } else {
            String::new()
        };
        return Err(Error::Conflict(format!(
            "{}: {then} was reviewed, now it is {now}: what is due has changed since the review{known}. Nothing was \
             recorded: review again.",
            partner.name
        )));
    }
    match left_out(amount, partner.status) {
        Some(reason) => {
            let words = if reason == LeftOut::Frozen { reason.words() } else { "nothing is due." };
            Err(Error::Conflict(format!("{}: {words} Nothing was recorded: take the partner out.", partner.name)))
        }
        None => Ok(Payment {
            id: moment.id(),
            enrollment: partner.id,
            amount,
            why: explain(setting, &partner, &entries, now),
            method: partner.method,
            masked: partner.masked,
            entries: entries.into_iter().map(|entry| entry.id).collect(),
        }),
    }
}

/// What was paid to a partner since the review, in brackets.
async fn paid_since(
    conn: &mut PgConnection,
    setting: &Setting,
    enrollment: EnrollmentId,
    reviewed_at: DateTime<Utc>,
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
        reviewed_at
    )
    .fetch_optional(conn)
    .await?;
    Ok(match paid {
        Some(paid) => {
            let by = if paid.by.is_empty() { String::new() } else { format!(", recorded by {}", paid.by) };
            format!(" ({} paid {}{by})", paid.code, setting.money(paid.amount))
        }
        None => String::new(),
    })
}

/// Why this amount.
fn explain(setting: &Setting, partner: &Partner, entries: &[Entry], amount: Money) -> Why {
    let mut kinds: BTreeMap<JournalKind, (usize, Decimal)> = BTreeMap::new();
    for entry in entries {
        // A commission's entry is posted when it is earned, or when its hold ends.
        let kind = if entry.kind == JournalKind::HoldEnd { JournalKind::Commission } else { entry.kind };
        let sum = kinds.entry(kind).or_default();
        *sum = (sum.0 + 1, sum.1 + entry.amount);
    }
    let mut why = Why::default();
    for (kind, (count, sum)) in kinds {
        let (one, many) = match kind {
            JournalKind::Clawback => ("clawback", "clawbacks"),
            JournalKind::Adjustment => ("bonus or correction", "bonuses and corrections"),
            JournalKind::PaymentFailed => ("payment made again", "payments made again"),
            JournalKind::OpeningBalance => ("opening balance", "opening balances"),
            _ => ("commission", "commissions"),
        };
        let words = if count == 1 { one } else { many };
        why.pass(kind.as_str(), format!("{count} {words}: {}.", setting.money(sum)));
    }
    why.pass("amount", format!("Together {amount}, all that was due at the review."));
    let minimum = setting.money(partner.minimum);
    if amount.amount < partner.minimum {
        why.fail("minimum", format!("Less than the program's smallest payment of {minimum}; paid all the same."));
    } else if !partner.minimum.is_zero() {
        why.pass("minimum", format!("At least the program's smallest payment of {minimum}."));
    }
    match partner.method.as_str() {
        "" => why.fail("payout_method", "No payout method was recorded for the partner."),
        method => why.pass("payout_method", format!("By {method}.")),
    }
    why
}

async fn insert_batch(
    conn: &mut PgConnection,
    setting: &Setting,
    moment: &Moment,
    actor: &Actor,
    input: &BatchInput,
) -> Result<BatchId> {
    let code = input.code.trim();
    let id = sqlx::query_scalar!(
        r#"insert into payment_batches (program_id, id, code, code_key, payment_date, note, created_by, created_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8)
           on conflict (program_id, code_key) do nothing returning id as "id: BatchId""#,
        setting.program as ProgramId,
        moment.id::<BatchId>() as BatchId,
        code,
        code_key(code),
        input.payment_date,
        input.note.trim(),
        actor.account() as Option<AccountId>,
        moment.at
    )
    .fetch_optional(conn)
    .await?;
    id.ok_or_else(|| Error::field("code", format!("There is a batch {code} already. Choose another ID.")))
}

async fn insert_payments(
    conn: &mut PgConnection,
    setting: &Setting,
    moment: &Moment,
    batch: BatchId,
    payments: &[Payment],
) -> Result<()> {
    let ids: Vec<_> = payments.iter().map(|payment| payment.id.0).collect();
    let enrollments: Vec<_> = payments.iter().map(|payment| payment.enrollment.0).collect();
    let amounts: Vec<_> = payments.iter().map(|payment| payment.amount).collect();
    let methods: Vec<_> = payments.iter().map(|payment| payment.method.clone()).collect();
    let masked: Vec<_> = payments.iter().map(|payment| payment.masked.clone()).collect();
    let whys: Vec<_> = payments.iter().map(|payment| Json(&payment.why)).collect();
    let kind = |payment: &Payment| PayoutKind::ALL.iter().copied().find(|kind| kind.label() == payment.method);
    let kinds: Vec<Option<PayoutKind>> = payments.iter().map(kind).collect();
    sqlx::query!(
        "insert into payments (program_id, id, batch_id, enrollment_id, amount, currency, method, masked, status, why,
                               created_at, payout)
         select $1, p.id, $2, p.enrollment_id, p.amount, $3, p.method, p.masked, $4, p.why, $5, p.payout
         from unnest($6::uuid[], $7::uuid[], $8::numeric[], $9::text[], $10::text[], $11::jsonb[], $12::payout_kind[])
              as p (id, enrollment_id, amount, method, masked, why, payout)",
        setting.program as ProgramId,
        batch as BatchId,
        setting.currency.code(),
        PaymentStatus::Recorded as PaymentStatus,
        moment.at,
        &ids,
        &enrollments,
        &amounts,
        &methods,
        &masked,
        &whys as &[Json<&Why>],
        &kinds as &[Option<PayoutKind>]
    )
    .execute(&mut *conn)
    .await?;
    let (entries, by): (Vec<_>, Vec<_>) = items(payments).unzip();
    sqlx::query!(
        "insert into payment_items (program_id, entry_id, payment_id)
         select $1, i.entry_id, i.payment_id from unnest($2::uuid[], $3::uuid[]) as i (entry_id, payment_id)",
        setting.program as ProgramId,
        &entries,
        &by
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Each entry with the payment that settles it.
fn items(payments: &[Payment]) -> impl Iterator<Item = (Uuid, Uuid)> {
    payments.iter().flat_map(|payment| payment.entries.iter().map(|entry| (*entry, payment.id.0)))
}

/// The commissions whose entries are settled become paid. One that a refund reverses meanwhile stays reversed: the
/// update waits for it and looks again.
async fn mark_paid(conn: &mut PgConnection, setting: &Setting, payments: &[Payment]) -> Result<()> {
    let ids: Vec<_> = payments.iter().map(|payment| payment.id.0).collect();
    let commissions = super::commissions_of(conn, setting.program, &ids).await?;
    sqlx::query!(
        "with locked as (
             select id from commissions where program_id = $1 and id = any($2) and status = 'due'
             order by id for no key update
         )
         update commissions c set status = 'paid' from locked where c.program_id = $1 and c.id = locked.id",
        setting.program as ProgramId,
        &commissions
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn post_payments(
    conn: &mut PgConnection,
    setting: &Setting,
    moment: &Moment,
    actor: &Actor,
    payments: &[Payment],
) -> Result<()> {
    let month = hold_month_open(conn, setting.program, moment.at).await?;
    let postings: Vec<_> = payments
        .iter()
        .map(|payment| Posting {
            kind: JournalKind::Payment,
            idempotency_key: format!("payment:{}", payment.id),
            reason_code: "",
            commission: None,
            payment: Some(payment.id),
            refund: None,
            by: actor.account(),
            occurred_at: moment.at,
            moves: vec![Move {
                from: LedgerAccount::Payable,
                to: LedgerAccount::PaidOut,
                enrollment: payment.enrollment,
                amount: payment.amount,
            }],
        })
        .collect();
    post(conn, moment, setting.program, setting.currency, month, &postings).await?;
    Ok(())
}
