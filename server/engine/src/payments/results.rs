//! What a provider tells of a batch: its result file, looked at line by line, and applied as a whole or not at all.

use super::drafts::take_time;
use super::outcome::{Locked, code_of, locked, references, set_status};
use super::undo::{Back, reopen};
use crate::programs::audit;
use crate::reports::Setting;
use crate::{Error, Moment, Result};
use domain::accounts::{Actor, Power};
use domain::ids::{BatchId, EnrollmentId, PaymentId, ProgramId};
use domain::partners::PartnerName;
use domain::payments::{
    Columns, MOST_RESULTS, PaymentStatus, ResultRow, ResultsPreview, SHOWN_RESULTS, Step, payment_reference,
    read_amount, read_outcome, reference_key, separator,
};
use serde_json::json;
use sqlx::{PgConnection, PgPool};
use std::collections::{BTreeSet, HashMap};

/// Reads a result file of a batch, and tells of each line what it would change, or what is wrong with it. Where it shall be
/// applied, and no line is wrong, all of it is, in one transaction: what was sent, what has arrived, and what failed and is
/// due again. The same file applied again changes nothing. Audited.
///
/// # Errors
/// `Forbidden` without the power to pay; `NotFound` where the batch is not in the program; `Invalid` on `file` where it is
/// no CSV in UTF-8, is too long, or has not the columns.
pub async fn results(
    pool: &PgPool,
    moment: &Moment,
    actor: &Actor,
    batch: BatchId,
    file: Vec<u8>,
    apply: bool,
) -> Result<ResultsPreview> {
    if !actor.may(Power::Pay) {
        return Err(Error::Forbidden);
    }
    let mut tx = pool.begin().await?;
    let setting = Setting::of(&mut tx, actor).await?;
    let code = code_of(&mut tx, &setting, batch).await?;
    // A long file takes its time, for which nobody else shall wait.
    let lines = tokio::task::spawn_blocking(move || read(&file)).await.map_err(Error::internal)??;
    if apply {
        take_time(&mut tx, "10min", "60s").await?;
    }
    let fails = lines.iter().any(|line| read_outcome(&line.status) == Some(PaymentStatus::Failed));
    let payments = if apply {
        locked(&mut tx, &setting, batch, None, None, fails).await?
    } else {
        all(&mut tx, &setting, batch).await?
    };
    let (mut preview, told) = judge(&setting, &payments, lines);
    if !apply || preview.wrong > 0 {
        return Ok(preview);
    }
    let numbered: Vec<_> = told.iter().filter(|(_, told)| !told.number.is_empty()).collect();
    sqlx::query!(
        "update payments p set provider_number = n.number from unnest($2::uuid[], $3::text[]) as n (id, number)
         where p.program_id = $1 and p.id = n.id",
        setting.program as ProgramId,
        &numbered.iter().map(|(at, _)| payments[**at].id.0).collect::<Vec<_>>(),
        &numbered.iter().map(|(_, told)| told.number.clone()).collect::<Vec<_>>()
    )
    .execute(&mut *tx)
    .await?;
    let moves = told.iter().filter(|(_, told)| told.becomes.is_some()).map(|(at, _)| *at);
    let moves: BTreeSet<usize> = moves.collect();
    let noted = references(moves.iter().map(|at| &payments[*at]));
    let (mut sent, mut confirmed, mut backs): (Vec<Locked>, Vec<Locked>, Vec<Back>) = Default::default();
    for (at, payment) in payments.into_iter().enumerate() {
        let Some(told) = told.get(&at) else { continue };
        match told.becomes {
            Some(PaymentStatus::Sent) => sent.push(payment),
            Some(PaymentStatus::Confirmed) => confirmed.push(payment),
            Some(PaymentStatus::Failed) => backs.push(payment.back(told.reason.clone())),
            _ => {}
        }
    }
    set_status(&mut tx, &setting, moment, &sent, PaymentStatus::Sent).await?;
    set_status(&mut tx, &setting, moment, &confirmed, PaymentStatus::Confirmed).await?;
    if !backs.is_empty() {
        reopen(&mut tx, &setting, moment, actor, (batch, PaymentStatus::Failed), &backs).await?;
    }
    let details = json!({
        "lines": preview.lines,
        "sent": preview.sent,
        "confirmed": preview.confirmed,
        "failed": preview.failed,
        "references": noted,
    });
    let path = format!("payments/{batch}");
    audit::record(&mut tx, moment, actor, "payment_batch.results", &code, &path, details).await?;
    tx.commit().await?;
    preview.applied = true;
    Ok(preview)
}

/// A batch's payments as they are, for a look.
async fn all(conn: &mut PgConnection, setting: &Setting, batch: BatchId) -> Result<Vec<Locked>> {
    Ok(sqlx::query_as!(
        Locked,
        r#"select p.id as "id: PaymentId", e.id as "enrollment: EnrollmentId", e.code,
                  coalesce(nullif(e.name, ''), e.company) as "name!", p.amount, p.status as "status: PaymentStatus",
                  p.status_at, p.provider_number as number
           from payments p
           join enrollments e on e.program_id = p.program_id and e.id = p.enrollment_id
           where p.program_id = $1 and p.batch_id = $2
           order by p.enrollment_id"#,
        setting.program as ProgramId,
        batch as BatchId
    )
    .fetch_all(conn)
    .await?)
}

/// A line as it stands in the file.
struct Line {
    number: u64,
    reference: String,
    amount: String,
    currency: String,
    status: String,
    reason: String,
    /// The provider's own number.
    theirs: String,
}

fn read(file: &[u8]) -> Result<Vec<Line>> {
    let unread = |words: &str| Error::field("file", words);
    let text = std::str::from_utf8(file).map_err(|_| unread("Save the file as CSV in UTF-8, then choose it again."))?;
    let text = text.trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        return Err(unread("The file is empty."));
    }
    if text.contains('\0') {
        return Err(unread("Save the file as CSV in UTF-8, then choose it again."));
    }
    // Of a line's two ends the reader would count the second with the next one.
    let text = &text.replace("\r\n", "\n");
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator(text.lines().next().unwrap_or_default()))
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let head = reader.headers().map_err(|_| unread("The first line must name the columns."))?;
    let columns = Columns::find(head.iter()).map_err(|words| unread(&words))?;
    let mut lines = Vec::new();
    for record in reader.records() {
        if lines.len() >= MOST_RESULTS {
            return Err(unread("The file has more than 200,000 lines: split it."));
        }
        let record = record.map_err(|error| {
            let line = error.position().map_or(0, csv::Position::line);
            unread(&format!("Line {line} can't be read."))
        })?;
        let cell = |at: usize| record.get(at).unwrap_or_default().to_owned();
        lines.push(Line {
            number: record.position().map_or(0, csv::Position::line),
            reference: cell(columns.reference),
            amount: cell(columns.amount),
            currency: cell(columns.currency),
            status: cell(columns.status),
            reason: columns.reason.map(cell).unwrap_or_default(),
            theirs: columns.number.map(cell).unwrap_or_default(),
        });
    }
    if lines.is_empty() { Err(unread("There are no lines below the one that names the columns.")) } else { Ok(lines) }
}

/// What a line tells of a payment.
struct Told {
    /// `None` where that is known.
    becomes: Option<PaymentStatus>,
    /// Why it failed.
    reason: String,
    /// The provider's own number; may be empty.
    number: String,
    /// The line.
    line: u64,
}

/// Looks at each line; what is told of the payments, by their places.
fn judge(setting: &Setting, payments: &[Locked], lines: Vec<Line>) -> (ResultsPreview, HashMap<usize, Told>) {
    let references: HashMap<String, usize> =
        payments.iter().enumerate().map(|(at, payment)| (payment_reference(payment.id), at)).collect();
    let mut preview = ResultsPreview { lines: i64::try_from(lines.len()).unwrap_or(i64::MAX), ..Default::default() };
    let mut told: HashMap<usize, Told> = HashMap::new();
    let (mut wrong, mut rest) = (Vec::new(), Vec::new());
    for line in lines {
        let found = references.get(&reference_key(&line.reference)).copied();
        let payment = found.map(|at| &payments[at]);
        let earlier = found.and_then(|at| told.get(&at)).map(|told| told.line);
        let judged = look(setting, &line, payment, earlier);
        let becomes = judged.as_ref().ok().copied().flatten();
        let row = ResultRow {
            line: line.number,
            reference: line.reference.chars().take(40).collect(),
            partner: payment.map(|payment| PartnerName {
                id: payment.enrollment,
                code: payment.code.clone(),
                name: payment.name.clone(),
            }),
            amount: payment.map(|payment| setting.money(payment.amount)),
            becomes,
            caution: payment
                .filter(|_| becomes == Some(PaymentStatus::Failed))
                .and_then(|payment| caution(setting, payment)),
            problem: judged.as_ref().err().cloned(),
        };
        let (count, shown) = match judged {
            Err(_) => (&mut preview.wrong, &mut wrong),
            Ok(None) => (&mut preview.known, &mut rest),
            Ok(Some(PaymentStatus::Sent)) => (&mut preview.sent, &mut rest),
            Ok(Some(PaymentStatus::Confirmed)) => (&mut preview.confirmed, &mut rest),
            Ok(Some(_)) => (&mut preview.failed, &mut rest),
        };
        *count += 1;
        if shown.len() < SHOWN_RESULTS {
            shown.push(row);
        }
        if let (Some(at), Ok(becomes)) = (found, judged) {
            told.insert(
                at,
                Told { becomes, reason: reason(&line), number: short(&line.theirs, LONGEST), line: line.number },
            );
        }
    }
    preview.rows = wrong.into_iter().chain(rest).take(SHOWN_RESULTS).collect();
    (preview, told)
}

/// What a person should look at before a payment fails: that it had arrived.
fn caution(setting: &Setting, payment: &Locked) -> Option<String> {
    let at = payment.status_at.filter(|_| payment.status == PaymentStatus::Confirmed)?;
    Some(format!("Was confirmed on {}.", setting.day(at).format("%-d %b %Y")))
}

/// What a line changes, if anything; or what is wrong with it.
fn look(
    setting: &Setting,
    line: &Line,
    payment: Option<&Locked>,
    earlier: Option<u64>,
) -> std::result::Result<Option<PaymentStatus>, String> {
    let payment = payment.ok_or("No payment of this batch has this reference.")?;
    if let Some(earlier) = earlier {
        return Err(format!("Line {earlier} tells of this payment too."));
    }
    let owed = setting.money(payment.amount);
    match read_amount(&line.amount) {
        None => return Err("The amount can't be read: write it as 1284.50.".into()),
        Some(amount) if amount != payment.amount => return Err(format!("The payment is of {owed}, not of {amount}.")),
        Some(_) => {}
    }
    if !line.currency.eq_ignore_ascii_case(owed.currency.code()) {
        return Err(format!("The payment is in {}.", owed.currency));
    }
    let number = short(&line.theirs, LONGEST);
    if !number.is_empty() && !payment.number.is_empty() && number != payment.number {
        return Err(format!("The provider's number of this payment is {}, not {number}.", payment.number));
    }
    let outcome = read_outcome(&line.status).ok_or_else(|| {
        format!("“{}” is no status that is known: write sent, confirmed or failed.", short(&line.status, 40))
    })?;
    match payment.status.told(outcome) {
        Step::Moves => Ok(Some(outcome)),
        Step::Known => Ok(None),
        Step::Refused if payment.status == PaymentStatus::Failed => {
            Err("The payment has failed before, and is due again.".into())
        }
        Step::Refused => Err("The payment was cancelled, and is due again.".into()),
    }
}

/// The longest number of a provider's that is kept.
const LONGEST: usize = 64;

/// Why a payment failed, as the provider has it.
fn reason(line: &Line) -> String {
    let words = if line.reason.is_empty() { &line.status } else { &line.reason };
    format!("The payment provider says: {}", short(words, 400))
}

/// A text in one line, cut short.
fn short(text: &str, most: usize) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(most).collect()
}
