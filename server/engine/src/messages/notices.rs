//! Mails about a partner's own affairs: new commissions, summaries, how it is paid, and what the team writes.

use super::compose::{Content, Partner, partner, person, to_partner, to_the_portal, written_to};
use crate::accounts::tokens::{self, Purpose};
use crate::partners::{profile, summaries};
use crate::payments::details;
use crate::reports::Setting;
use crate::{Moment, Result};
use chrono::NaiveDate;
use domain::accounts::Actor;
use domain::ids::{AccountId, CommissionId, DraftId, EnrollmentId, JournalId, PartnerLetterId, ProgramId};
use domain::messages::{MailKind, Template};
use domain::money::{Currency, Money};
use domain::offers::Trigger;
use domain::partners::Notice;
use domain::portal::PortalPage;
use sqlx::PgConnection;

/// A mail with the link that stops its kind: the link alone changes nothing, its page asks.
pub(super) async fn stoppable(
    conn: &mut PgConnection,
    moment: &Moment,
    public_url: &str,
    (program, enrollment): (ProgramId, EnrollmentId),
    notice: Notice,
    content: Option<Content>,
) -> Result<Option<Content>> {
    let Some(content) = content else { return Ok(None) };
    let key = profile::stop_key(conn, moment, program, enrollment).await?;
    let slug = sqlx::query_scalar!("select slug from programs where id = $1", program as ProgramId)
        .fetch_one(&mut *conn)
        .await?;
    let stop = (notice.stop(), format!("{public_url}/stop-mails/{slug}/{notice}/{key}"));
    Ok(Some(Content { stop: Some(stop), ..content }))
}

/// Of a commission, to whoever wants to be told.
pub(super) async fn commission_earned(
    conn: &mut PgConnection,
    moment: &Moment,
    public_url: &str,
    program: ProgramId,
    commission: CommissionId,
) -> Result<Option<Content>> {
    let row = sqlx::query!(
        r#"select enrollment_id as "enrollment: EnrollmentId", amount, currency as "currency: Currency",
                  trigger as "trigger: Trigger", available_at, status = 'reversed' as "reversed!"
           from commissions where program_id = $1 and id = $2"#,
        program as ProgramId,
        commission as CommissionId
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = row.filter(|row| !row.reversed) else { return Ok(None) };
    if !profile::notifications_of(conn, program, row.enrollment).await?.on_commission {
        return Ok(None);
    }
    let to = in_portal(conn, public_url, program, row.enrollment, "commissions").await?;
    let amount = Money::new(row.amount, row.currency).to_string();
    let due =
        Setting::of(conn, &Actor::System { program }).await?.day(row.available_at).format("%-d %B %Y").to_string();
    let what = row.trigger.noun();
    let values = [("commission.amount", &*amount), ("commission.event", what), ("commission.due", &*due)];
    let content = to_partner(conn, program, MailKind::CommissionEarned, to, &values).await?;
    stoppable(conn, moment, public_url, (program, row.enrollment), Notice::Commission, content).await
}

/// Of a bonus or correction, to whoever wants to be told of commissions.
pub(super) async fn balance_adjusted(
    conn: &mut PgConnection,
    moment: &Moment,
    public_url: &str,
    program: ProgramId,
    journal: JournalId,
) -> Result<Option<Content>> {
    let row = sqlx::query!(
        r#"select e.enrollment_id as "enrollment!: EnrollmentId", e.amount, e.currency as "currency: Currency",
                  coalesce(n.note, '') as "reason!"
           from entries e
           left join journal_notes n on n.program_id = e.program_id and n.journal_id = e.journal_id
           where e.program_id = $1 and e.journal_id = $2 and e.account = 'payable'"#,
        program as ProgramId,
        journal as JournalId
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    if !profile::notifications_of(conn, program, row.enrollment).await?.on_commission {
        return Ok(None);
    }
    let shown = crate::portal::seat(conn, program, row.enrollment).await?.shown;
    let sees_ledger = shown.contains(&PortalPage::Ledger);
    let to = if sees_ledger {
        in_portal(conn, public_url, program, row.enrollment, "ledger").await?
    } else {
        partner(conn, public_url, program, row.enrollment).await?
    };
    let amount = Money::new(row.amount, row.currency).to_string();
    let values = [("adjustment.amount", &*amount), ("adjustment.reason", &*row.reason)];
    let mut content = to_partner(conn, program, MailKind::BalanceAdjusted, to, &values).await?;
    if !sees_ledger {
        to_the_portal(&mut content);
    }
    stoppable(conn, moment, public_url, (program, row.enrollment), Notice::Commission, content).await
}

/// Of a partner's day or week.
pub(super) async fn summary(
    conn: &mut PgConnection,
    moment: &Moment,
    public_url: &str,
    program: ProgramId,
    enrollment: EnrollmentId,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<Option<Content>> {
    let figures = summaries::figures(conn, program, enrollment, from, to).await?;
    let day = |day: NaiveDate| day.format("%-d %B %Y").to_string();
    let days = if from == to { day(to) } else { format!("{} to {}", day(from), day(to)) };
    let (clicks, sign_ups, sales) =
        (figures.clicks.to_string(), figures.sign_ups.to_string(), figures.sales.to_string());
    let earned = figures.earned.to_string();
    let values = [
        ("summary.days", &*days),
        ("summary.clicks", &*clicks),
        ("summary.sign_ups", &*sign_ups),
        ("summary.sales", &*sales),
        ("summary.earned", &*earned),
    ];
    let to = partner(conn, public_url, program, enrollment).await?;
    let content = to_partner(conn, program, MailKind::Summary, to, &values).await?;
    stoppable(conn, moment, public_url, (program, enrollment), Notice::Summary, content).await
}

pub(super) async fn in_portal(
    conn: &mut PgConnection,
    public_url: &str,
    program: ProgramId,
    enrollment: EnrollmentId,
    page: &str,
) -> Result<Option<Partner>> {
    let partner = partner(conn, public_url, program, enrollment).await?;
    Ok(partner.map(|partner| Partner { portal: format!("{}/{page}", partner.portal), ..partner }))
}

/// To the person who has chosen how a partner is paid, with the link that confirms it.
pub(super) async fn payout_method(
    conn: &mut PgConnection,
    moment: &Moment,
    public_url: &str,
    program: ProgramId,
    enrollment: EnrollmentId,
) -> Result<Option<Content>> {
    let Some(waiting) = details::waiting(conn, moment, program, enrollment).await? else { return Ok(None) };
    let (Some(of), Some(person)) =
        (partner(conn, public_url, program, enrollment).await?, person(conn, waiting.account).await?)
    else {
        return Ok(None);
    };
    let target = details::target(program, enrollment, waiting.id);
    let token = tokens::make(conn, moment, Purpose::PayoutMethod, Some(waiting.account), &target).await?;
    let chosen = waiting.shown();
    let masked = if chosen.masked.is_empty() { String::new() } else { format!(" ({})", chosen.masked) };
    Ok(Some(Content {
        subject: format!("Confirm how {} pays you", of.program),
        paragraphs: vec![
            format!("From now on {} shall pay {} by this method: {}{masked}.", of.program, of.name, chosen.method),
            "The link below confirms that. It works once, for a day. If it was not you who chose this, leave it, and \
             choose a new password: somebody knows yours."
                .into(),
        ],
        button: Some(("Confirm the payout method".into(), format!("{public_url}/confirm-payout-method/{token}"))),
        sender: of.program,
        ..person.content()
    }))
}

/// To who signs in for a partner: somebody else may now too.
pub(super) async fn account_added(
    conn: &mut PgConnection,
    public_url: &str,
    (program, enrollment): (ProgramId, EnrollmentId),
    account: AccountId,
    added: AccountId,
) -> Result<Option<Content>> {
    let Some(of) = partner(conn, public_url, program, enrollment).await? else { return Ok(None) };
    let (Some(to), Some(added)) = (person(conn, account).await?, person(conn, added).await?) else { return Ok(None) };
    Ok(Some(Content {
        subject: format!("Somebody else signs in for {} too", of.name),
        paragraphs: vec![
            format!("The team of {} has let {} sign in for {}.", of.program, added.email, of.name),
            format!("If you don't know this address, tell the team of {} at once.", of.program),
        ],
        button: Some(("Open the portal".into(), of.portal)),
        sender: of.program,
        ..to.content()
    }))
}

/// To who signs in for a partner: it is paid in another way from now on.
pub(super) async fn payout_method_changed(
    conn: &mut PgConnection,
    public_url: &str,
    (program, enrollment): (ProgramId, EnrollmentId),
    account: AccountId,
) -> Result<Option<Content>> {
    let (Some(of), Some(to)) = (partner(conn, public_url, program, enrollment).await?, person(conn, account).await?)
    else {
        return Ok(None);
    };
    let method = details::method(conn, program, enrollment).await?;
    Ok(Some(Content {
        subject: format!("How {} pays you has changed", of.program),
        paragraphs: vec![
            format!("From now on {} pays {} by this method: {method}.", of.program, of.name),
            format!("If you did not expect this, tell the team of {} at once.", of.program),
        ],
        button: Some(("Open the portal".into(), of.portal)),
        sender: of.program,
        ..to.content()
    }))
}

/// What the team writes to a partner.
pub(super) async fn partner_letter(
    conn: &mut PgConnection,
    public_url: &str,
    program: ProgramId,
    enrollment: EnrollmentId,
    letter: PartnerLetterId,
) -> Result<Option<Content>> {
    let words = sqlx::query_as!(
        Template,
        "select subject, body from partner_letters where program_id = $1 and id = $2",
        program as ProgramId,
        letter as PartnerLetterId
    )
    .fetch_optional(&mut *conn)
    .await?;
    let to = partner(conn, public_url, program, enrollment).await?;
    Ok(words.zip(to).map(|(words, to)| written_to(to, &words, Some("Open your dashboard"), &[])))
}

/// To a member of the team who may pay: the monthly batch is prepared, and waits, or goes on by itself. Nobody is told of
/// one that was processed or given up meanwhile by a person.
pub(super) async fn payments_prepared(
    conn: &mut PgConnection,
    public_url: &str,
    account: AccountId,
    program: ProgramId,
    draft: DraftId,
) -> Result<Option<Content>> {
    let row = sqlx::query!(
        r#"select p.slug, p.name, p.currency as "currency: Currency", d.code, d.status = 'open' as "waits!",
                  d.partners, d.total,
                  case when asks_for_two(d.total, d.approval_above, p.approval_above)
                       then least(d.approval_above, p.approval_above) end as "above?"
           from payment_drafts d
           join programs p on p.id = d.program_id
           where d.program_id = $1 and d.id = $2 and d.status <> 'cancelled'"#,
        program as ProgramId,
        draft as DraftId
    )
    .fetch_optional(&mut *conn)
    .await?;
    let (Some(row), Some(person)) = (row, person(conn, account).await?) else { return Ok(None) };
    let total = Money::new(row.total, row.currency);
    let partners = partners(row.partners);
    let next = match (row.waits, row.above) {
        (true, Some(above)) => format!(
            "Above {} two must agree: look it through and press Agree, then somebody else presses Process.",
            Money::new(above, row.currency)
        ),
        (true, None) => "It waits for you, or whoever else may pay: look it through, then press Process.".to_owned(),
        (false, _) => "It is processed without a person, as the program's settings say.".to_owned(),
    };
    Ok(Some(Content {
        subject: format!("{}: {total} to pay", row.name),
        paragraphs: vec![format!("{} is prepared: {total} to {partners}.", row.code), next],
        button: look_at(public_url, &row.slug, draft),
        sender: row.name,
        ..person.content()
    }))
}

fn partners(count: i64) -> String {
    if count == 1 { "1 partner".to_owned() } else { format!("{count} partners") }
}

/// The button that leads to a batch before it is processed.
fn look_at(public_url: &str, program: &str, draft: DraftId) -> Option<(String, String)> {
    Some(("Look at the payments".into(), format!("{public_url}/admin/{program}/pay/{draft}")))
}

/// To a member of the team who may agree to a batch, while it waits for that.
pub(super) async fn approval_wanted(
    conn: &mut PgConnection,
    public_url: &str,
    account: AccountId,
    program: ProgramId,
    draft: DraftId,
) -> Result<Option<Content>> {
    let row = sqlx::query!(
        r#"select p.slug, p.name, p.currency as "currency: Currency", d.code, d.partners, d.total,
                  least(d.approval_above, p.approval_above) as "above!", coalesce(a.name, '') as "by!"
           from payment_drafts d
           join programs p on p.id = d.program_id
           left join accounts a on a.id = coalesce(d.changed_by, d.created_by)
           where d.program_id = $1 and d.id = $2 and d.status in ('open', 'failed') and d.approved_by is null
             and asks_for_two(d.total, d.approval_above, p.approval_above)
             and d.created_by is distinct from $3 and d.changed_by is distinct from $3"#,
        program as ProgramId,
        draft as DraftId,
        account as AccountId
    )
    .fetch_optional(&mut *conn)
    .await?;
    let (Some(row), Some(person)) = (row, person(conn, account).await?) else { return Ok(None) };
    let (total, above) = (Money::new(row.total, row.currency), Money::new(row.above, row.currency));
    let partners = partners(row.partners);
    let by = if row.by.is_empty() { "The monthly run".to_owned() } else { row.by };
    Ok(Some(Content {
        subject: format!("{}: {total} waits for a second person", row.name),
        paragraphs: vec![
            format!("{by} has prepared {}: {total} to {partners}.", row.code),
            format!(
                "Above {above} a second person must agree before it is processed. Look it through; if it is right, \
                     press Agree."
            ),
        ],
        button: look_at(public_url, &row.slug, draft),
        sender: row.name,
        ..person.content()
    }))
}
