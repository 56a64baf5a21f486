use crate::reports::{Cursor, Key, Listing, clawback_words, commission_words, listing, page};
use crate::{Error, Result};
use chrono::DateTime;
use domain::accounts::Actor;
use domain::countries;
use domain::ids::{BatchId, EntryId, LeadId, PaymentId, ProgramId};
use domain::ledger::JournalKind;
use domain::money::{Currency, Money};
use domain::offers::Trigger;
use domain::page::{Page, Paging};
use domain::payments::{PartKind, PaymentDetail, PaymentLine, PaymentPart};
use domain::programs::Payer;
use domain::reports::LeadName;
use domain::text::email_masked;
use sqlx::PgConnection;

/// A payment with what it paid for, entry by entry: to the team, or to the partner who was paid.
///
/// # Errors
/// `NotFound` where it is not in the program, or another partner's; `Forbidden` without the power to view; `Invalid` on
/// `cursor`.
pub async fn payment(conn: &mut PgConnection, actor: &Actor, id: PaymentId, paging: &Paging) -> Result<PaymentDetail> {
    let mut list = listing(conn, actor, None).await?;
    let payer = crate::programs::payer(&mut list.conn, list.setting.program).await?;
    advice(&mut list, id, payer, paging).await
}

/// A page of a batch's remittance advices, in the order in which the partners joined: one for each payment that counts as
/// paid, each with the first 1,000 of what it paid for. It ends early where there are very many lines.
///
/// # Errors
/// `NotFound` where the batch is not in the program; `Forbidden` for anybody but the team; `Invalid` on `cursor`.
pub async fn advices(
    conn: &mut PgConnection,
    actor: &Actor,
    batch: BatchId,
    paging: &Paging,
) -> Result<Page<PaymentDetail>> {
    let after = Cursor::read(paging, Key::Id)?;
    let mut list = listing(conn, actor, None).await?;
    if list.of_partner {
        return Err(Error::Forbidden);
    }
    let setting = list.setting;
    super::outcome::code_of(&mut list.conn, &setting, batch).await?;
    let ids = sqlx::query_scalar!(
        r#"select id as "id: PaymentId" from payments
           where program_id = $1 and batch_id = $2 and status not in ('failed', 'cancelled')
             and ($3::uuid is null or enrollment_id > $3)
           order by enrollment_id limit $4"#,
        setting.program as ProgramId,
        batch as BatchId,
        after.map(|after| after.id),
        paging.rows() + 1
    )
    .fetch_all(&mut *list.conn)
    .await?;
    let asked = usize::try_from(paging.rows()).unwrap_or(usize::MAX);
    let payer = crate::programs::payer(&mut list.conn, setting.program).await?;
    let (mut data, mut lines) = (Vec::new(), 0);
    for id in ids.iter().take(asked) {
        // What is more is in the payment's own file.
        let most = Paging { cursor: None, limit: Some(Paging::MOST) };
        let one = advice(&mut list, *id, payer.clone(), &most).await?;
        lines += one.lines.data.len();
        data.push(one);
        if lines >= LINES {
            break;
        }
    }
    let more = ids.len() > data.len();
    let last = data.last().filter(|_| more);
    let next_cursor = last.map(|last| Cursor::at(DateTime::UNIX_EPOCH, last.payment.partner.id.0).to_string());
    Ok(Page { data, next_cursor })
}

/// With so many lines a page of advices ends.
const LINES: usize = 20_000;

async fn advice(list: &mut Listing<'_>, id: PaymentId, payer: Payer, paging: &Paging) -> Result<PaymentDetail> {
    let setting = list.setting;
    let payment = super::lists::one(list, id).await?;
    let names = sqlx::query!(
        "select p.name as program, e.company, e.address, e.country, e.email, y.masked
         from payments y
         join enrollments e on e.program_id = y.program_id and e.id = y.enrollment_id
         join programs p on p.id = y.program_id
         where y.program_id = $1 and y.id = $2",
        setting.program as ProgramId,
        id as PaymentId
    )
    .fetch_one(&mut *list.conn)
    .await?;
    let parts = parts(&mut list.conn, setting.program, setting.currency, id).await?;
    let lines = lines(list, id, paging).await?;
    let country = countries::name(&names.country);
    let address = [names.address.as_str(), country].into_iter().filter(|line| !line.is_empty());
    Ok(PaymentDetail {
        payment,
        program: names.program,
        payer,
        company: names.company,
        address: address.collect::<Vec<_>>().join("\n"),
        email: names.email,
        masked: names.masked,
        parts,
        lines,
    })
}

/// What a payment comes to by kind.
pub(crate) async fn parts(
    conn: &mut PgConnection,
    program: ProgramId,
    currency: Currency,
    payment: PaymentId,
) -> Result<Vec<PaymentPart>> {
    let sums = sqlx::query!(
        r#"select j.kind as "kind: JournalKind", count(*) as "count!", sum(e.amount) as "amount!"
           from payment_items i
           join entries e on e.program_id = i.program_id and e.id = i.entry_id
           join journals j on j.program_id = e.program_id and j.id = e.journal_id
           where i.program_id = $1 and i.payment_id = $2 group by j.kind order by j.kind"#,
        program as ProgramId,
        payment as PaymentId
    )
    .fetch_all(conn)
    .await?;
    let mut parts: Vec<PaymentPart> = Vec::new();
    for sum in sums {
        let kind = PartKind::of(sum.kind);
        match parts.iter_mut().find(|part| part.kind == kind) {
            Some(part) => {
                part.count += sum.count;
                part.amount.amount += sum.amount;
            }
            None => parts.push(PaymentPart { kind, count: sum.count, amount: Money::new(sum.amount, currency) }),
        }
    }
    parts.sort_by_key(|part| part.kind);
    Ok(parts)
}

/// Why bonuses and corrections were made that a payment pays, in the words of the team: the first so many of them.
pub(crate) async fn reasons(
    conn: &mut PgConnection,
    program: ProgramId,
    payment: PaymentId,
    most: i64,
) -> Result<Vec<String>> {
    let reasons = sqlx::query_scalar!(
        "select n.note
         from payment_items i
         join entries e on e.program_id = i.program_id and e.id = i.entry_id
         join journals j on j.program_id = e.program_id and j.id = e.journal_id and j.kind = 'adjustment'
         join journal_notes n on n.program_id = j.program_id and n.journal_id = j.id and n.note <> ''
         where i.program_id = $1 and i.payment_id = $2
         order by e.id limit $3",
        program as ProgramId,
        payment as PaymentId,
        most
    )
    .fetch_all(conn)
    .await?;
    Ok(reasons)
}

/// The entries that a payment settled, in the order in which their causes happened.
async fn lines(list: &mut Listing<'_>, payment: PaymentId, paging: &Paging) -> Result<Page<PaymentLine>> {
    let (setting, after) = (list.setting, Cursor::read(paging, Key::Time)?);
    let rows = sqlx::query!(
        r#"select e.id as "id: EntryId", e.amount, j.kind as "kind: JournalKind", h.at as "happened_at!",
                  c.trigger as "trigger?: Trigger", r.amount as "refunded?", u.email as "email?",
                  u.name as "customer_name?", c.lead_id as "lead: LeadId", l.email as "lead_email?",
                  l.name as "lead_name?", b.code as "batch_code?", n.note as "note?"
           from payment_items i
           join entries e on e.program_id = i.program_id and e.id = i.entry_id
           join journals j on j.program_id = e.program_id and j.id = e.journal_id
           left join commissions c on c.program_id = $1 and c.id = j.commission_id
           left join customers u on u.program_id = $1 and u.id = c.customer_id
           left join leads l on l.program_id = $1 and l.id = c.lead_id
           left join refunds r on r.program_id = $1 and r.id = j.refund_id
           left join payments p on p.program_id = $1 and p.id = j.payment_id
           left join payment_batches b on b.program_id = $1 and b.id = p.batch_id
           -- What the team writes of a payment taken back is for itself.
           left join journal_notes n on j.kind = 'adjustment' and n.program_id = $1 and n.journal_id = j.id
           -- The end of a hold is no event of its own: the commission's is.
           cross join lateral (
               select case when j.kind in ('commission', 'hold_end') then coalesce(c.occurred_at, j.occurred_at)
                           else j.occurred_at end as at
           ) h
           where i.program_id = $1 and i.payment_id = $2
             and ($3::timestamptz is null or (h.at, e.id) > ($3, $4::uuid))
           order by h.at, e.id limit $5"#,
        setting.program as ProgramId,
        payment as PaymentId,
        after.and_then(|after| after.at),
        after.map(|after| after.id),
        paging.rows() + 1
    )
    .fetch_all(&mut *list.conn)
    .await?;
    let masked = list.masked;
    let lines = rows.into_iter().map(|row| {
        let kind = PartKind::of(row.kind);
        let cause = match kind {
            PartKind::Commissions => commission_words(row.trigger),
            PartKind::Clawbacks => clawback_words(&setting, row.refunded),
            PartKind::Corrections => "Bonus or correction".to_owned(),
            PartKind::Reopened => format!("{} did not arrive", row.batch_code.as_deref().unwrap_or("A payment")),
            PartKind::Opening => "Opening balance".to_owned(),
        };
        let lead = row.lead.map(|id| {
            let [email, name] = [row.lead_email, row.lead_name].map(Option::unwrap_or_default);
            LeadName::new(id, &email, &name).label
        });
        let customer = match (row.email, row.customer_name) {
            _ if lead.is_some() => lead.unwrap_or_default(),
            (Some(email), _) if masked => email_masked(&email),
            (Some(email), Some(name)) if email.is_empty() => name,
            (email, _) => email.unwrap_or_default(),
        };
        PaymentLine {
            id: row.id,
            happened_at: row.happened_at,
            day: setting.day(row.happened_at),
            cause,
            reason: row.note.unwrap_or_default(),
            customer,
            amount: setting.money(row.amount),
        }
    });
    Ok(page(lines.collect(), paging, |line: &PaymentLine| Cursor::at(line.happened_at, line.id.0)))
}
