//! The files by which a batch is paid at PayPal or Wise. They hold payout details in full: each asks for the power to pay
//! and to see those, and each download is noted.

use super::outcome::{Told, code_of, tell};
use crate::programs::audit;
use crate::reports::Setting;
use crate::secrets::{Secrets, Use};
use crate::{Error, Moment, Result};
use domain::accounts::{Actor, Power};
use domain::files::plain_name;
use domain::ids::{AccountId, BatchId, EnrollmentId, PaymentId, ProgramId};
use domain::partners::PartnerName;
use domain::payments::{
    FileTaken, GapRow, Marked, PaymentStatus, PayoutDetails, PayoutKind, Provider, ProviderFile, ProviderFiles, ToPay,
    payment_reference,
};
use futures_util::TryStreamExt;
use rust_decimal::Decimal;
use serde_json::json;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

/// The most payments that are shown with the reason why they are in no file.
const SHOWN: usize = 100;

/// Which files of a batch there are, and which payments are in none. Those that were sent are in none either, without a
/// word.
///
/// # Errors
/// `Forbidden` without the powers to pay and to see payout details; `NotFound` where the batch is not in the program.
pub async fn prepared(
    conn: &mut PgConnection,
    secrets: &Secrets,
    actor: &Actor,
    batch: BatchId,
) -> Result<ProviderFiles> {
    may(actor)?;
    let setting = Setting::of(conn, actor).await?;
    let code = code_of(conn, &setting, batch).await?;
    let mut found = ProviderFiles::default();
    for kind in PayoutKind::ALL.iter().copied() {
        let Some(provider) = Provider::of(kind) else { continue };
        // One after the other: the details of 100,000 partners are not held at once.
        let mut rows = read(&mut *conn, &setting, batch, kind, (0, i64::MAX));
        while let Some(row) = rows.try_next().await? {
            let part = row.place / provider.limit() + 1;
            let amount = setting.money(row.amount);
            let partner = PartnerName { id: row.enrollment, code: row.code.clone(), name: row.name.clone() };
            match row.into_to_pay(&setting, secrets, kind, &code)?.row() {
                Ok(_) => match found.files.last_mut().filter(|file| file.kind == kind && file.part == part) {
                    Some(file) => {
                        file.rows += 1;
                        file.total.amount += amount.amount;
                    }
                    None => found.files.push(ProviderFile { kind, part, rows: 1, total: amount, taken: None }),
                },
                Err(gap) => {
                    found.gaps += 1;
                    if found.left_out.len() < SHOWN {
                        found.left_out.push(GapRow { partner, amount, gap });
                    }
                }
            }
        }
    }
    for (kind, part, taken) in all_taken(conn, &setting, batch).await? {
        match found.files.iter_mut().find(|file| file.kind == kind && file.part == part) {
            Some(file) => file.taken = Some(taken),
            // Its partners are paid elsewhere by now, but it may be on its way.
            None if taken.waiting > 0 => {
                let total = setting.money(Decimal::ZERO);
                found.files.push(ProviderFile { kind, part, rows: 0, total, taken: Some(taken) });
            }
            None => {}
        }
    }
    found.others = sqlx::query_scalar!(
        r#"select count(*) as "count!" from payments
           where program_id = $1 and batch_id = $2 and status = $3
             and (method_kind is null or method_kind in ('cheque', 'other'))"#,
        setting.program as ProgramId,
        batch as BatchId,
        PaymentStatus::Recorded as PaymentStatus
    )
    .fetch_one(&mut *conn)
    .await?;
    Ok(found)
}

async fn all_taken(
    conn: &mut PgConnection,
    setting: &Setting,
    batch: BatchId,
) -> Result<Vec<(PayoutKind, i64, FileTaken)>> {
    let files = sqlx::query!(
        r#"select f.method_kind as "kind: PayoutKind", f.part, coalesce(a.name, '') as "by!", f.taken_at,
                  (select count(*) from payments p
                   where p.program_id = $1 and p.id = any(f.payments) and p.status = 'recorded') as "waiting!"
           from payment_files f left join accounts a on a.id = f.taken_by
           where f.program_id = $1 and f.batch_id = $2
           order by f.method_kind, f.part"#,
        setting.program as ProgramId,
        batch as BatchId
    )
    .fetch_all(conn)
    .await?;
    let files = files.into_iter();
    Ok(files
        .map(|row| (row.kind, row.part, FileTaken { by: row.by, at: row.taken_at, waiting: row.waiting }))
        .collect())
}

/// Marks the payments that stood in a file that was taken as sent, those of them that are recorded. Audited.
///
/// # Errors
/// `Forbidden` without the power to pay; `NotFound` where the batch is not in the program, or nobody took the file.
pub async fn file_sent(
    pool: &PgPool,
    moment: &Moment,
    actor: &Actor,
    batch: BatchId,
    (kind, part): (PayoutKind, i64),
) -> Result<Marked> {
    if !actor.may(Power::Pay) {
        return Err(Error::Forbidden);
    }
    let payments = sqlx::query_scalar!(
        "select payments from payment_files where program_id = $1 and batch_id = $2 and method_kind = $3 and part = $4",
        actor.program() as ProgramId,
        batch as BatchId,
        kind as PayoutKind,
        part
    )
    .fetch_optional(pool)
    .await?
    .ok_or(Error::NotFound("file"))?;
    let told = Told {
        batch,
        named: Some(payments),
        some: true,
        status: Some(PaymentStatus::Recorded),
        becomes: PaymentStatus::Sent,
        reason: "",
    };
    tell(pool, moment, actor, told).await
}

/// One of the files: its name, and its content in CSV as the provider wants it. A second time it is given only to who asks
/// for it `again`. The caller commits. Audited.
///
/// # Errors
/// As [`prepared`]; `NotFound` too where there is no such file, or nothing in it is still to be sent; `Conflict` where it
/// was taken before.
pub async fn file(
    conn: &mut PgConnection,
    secrets: &Secrets,
    moment: &Moment,
    actor: &Actor,
    batch: BatchId,
    (kind, part): (PayoutKind, i64),
    again: bool,
) -> Result<(String, String)> {
    may(actor)?;
    let provider = Provider::of(kind).ok_or(Error::NotFound("file"))?;
    let setting = Setting::of(conn, actor).await?;
    let code = code_of(conn, &setting, batch).await?;
    let from = part.checked_sub(1).filter(|part| *part >= 0).and_then(|before| before.checked_mul(provider.limit()));
    let from = from.ok_or(Error::NotFound("file"))?;
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    if let Some(head) = provider.head() {
        writer.write_record(head).map_err(Error::internal)?;
    }
    let (mut held, mut total) = (Vec::new(), Decimal::ZERO);
    let mut rows = read(&mut *conn, &setting, batch, kind, (from, from.saturating_add(provider.limit())));
    while let Some(row) = rows.try_next().await? {
        let (id, amount) = (row.id, row.amount);
        // Why the others are left out, the page has told.
        if let Ok(cells) = row.into_to_pay(&setting, secrets, kind, &code)?.row() {
            writer.write_record(&cells).map_err(Error::internal)?;
            held.push(id.0);
            total += amount;
        }
    }
    drop(rows);
    if held.is_empty() {
        return Err(Error::NotFound("file"));
    }
    take(conn, moment, actor, batch, (kind, part), &held, again).await?;
    let content = String::from_utf8(writer.into_inner().map_err(Error::internal)?).map_err(Error::internal)?;
    let details = json!({
        "file": format!("{} {part}", provider.label()),
        "payments": held.len(),
        "total": setting.money(total).to_string(),
    });
    audit::record(conn, moment, actor, "payment_batch.file", &code, &format!("payments/{batch}"), details).await?;
    // Between its code and its ending stand no points.
    Ok((plain_name(&format!("{}-{kind}-{part}.csv", code.replace('.', "-")), "csv"), content))
}

/// Notes who takes a file. Of two at once the second sees what the first did.
async fn take(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    batch: BatchId,
    (kind, part): (PayoutKind, i64),
    payments: &[Uuid],
    again: bool,
) -> Result<()> {
    let noted = sqlx::query!(
        "insert into payment_files as f (program_id, batch_id, method_kind, part, payments, taken_by, taken_at)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (program_id, batch_id, method_kind, part) do update
             set payments = array(select distinct unnest(f.payments || excluded.payments)), taken_by = excluded.taken_by,
                 taken_at = excluded.taken_at
             where $8",
        actor.program() as ProgramId,
        batch as BatchId,
        kind as PayoutKind,
        part,
        payments,
        actor.account() as Option<AccountId>,
        moment.at,
        again
    )
    .execute(conn)
    .await?;
    if noted.rows_affected() == 0 {
        return Err(Error::Conflict("This file has been taken before: handed in twice, it is paid twice.".into()));
    }
    Ok(())
}

fn may(actor: &Actor) -> Result<()> {
    if actor.may(Power::Pay) && actor.may(Power::RevealPayoutDetails) { Ok(()) } else { Err(Error::Forbidden) }
}

/// A payment that is recorded and not sent yet.
struct Row {
    id: PaymentId,
    enrollment: EnrollmentId,
    code: String,
    name: String,
    email: String,
    amount: Decimal,
    /// Whether the partner is paid where it was at the review; `None` where this is paid in another way.
    unchanged: Option<bool>,
    /// The partner's details as they are now, encrypted.
    details: Option<Vec<u8>>,
    /// Its place among all of the batch that are paid in this way, sent or not: so a file keeps its partners.
    place: i64,
}

/// Those of a batch that are paid in a way, from one place on, and before another.
fn read<'c>(
    conn: &'c mut PgConnection,
    setting: &Setting,
    batch: BatchId,
    kind: PayoutKind,
    (from, before): (i64, i64),
) -> futures_util::stream::BoxStream<'c, sqlx::Result<Row>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select p.id as "id!: PaymentId", e.id as "enrollment: EnrollmentId", e.code,
                  coalesce(nullif(e.name, ''), e.company) as "name!", p.amount as "amount!",
                  p.details_hash = t.details_hash as "unchanged?", e.payout_details as details, p.place as "place!",
                  t.email as "email!"
           from (
               select id, enrollment_id, amount, details_hash, status,
                      row_number() over (order by enrollment_id) - 1 as place
               from payments where program_id = $1 and batch_id = $2 and method_kind = $3
           ) p
           join enrollments e on e.program_id = $1 and e.id = p.enrollment_id
           join payout_targets t on t.program_id = $1 and t.enrollment_id = e.id
           where p.status = 'recorded' and p.place >= $4 and p.place < $5
           order by p.place"#,
        setting.program as ProgramId,
        batch as BatchId,
        kind as PayoutKind,
        from,
        before
    );
    rows.fetch(conn)
}

impl Row {
    fn into_to_pay(self, setting: &Setting, secrets: &Secrets, kind: PayoutKind, code: &str) -> Result<ToPay> {
        let details: Option<PayoutDetails> = match &self.details {
            Some(sealed) => Some(serde_json::from_slice(&secrets.decrypt(Use::PayoutDetails, sealed)?)?),
            None => None,
        };
        Ok(ToPay {
            reference: payment_reference(self.id),
            amount: setting.money(self.amount),
            kind,
            unchanged: self.unchanged,
            details,
            email: self.email,
            note: format!("Payment {code}"),
        })
    }
}
