//! The audit log: every admin act, written in the act's own transaction.

use super::audit_words::Words;
use crate::reports::check_days;
use crate::{Error, Moment, Result};
use domain::accounts::{Actor, Power};
use domain::ids::{AccountId, AuditId, OfferId, ProgramId};
use domain::page::{Page, Paging};
use domain::programs::audit::{act_words, acts_with};
use domain::programs::{AuditFilter, AuditLine};
use sqlx::PgConnection;

/// Writes a line. `action` is the noun and the verb (`partner.ban`), one of `domain::programs::audit`'s, `subject` what it
/// was done to as people know it, `subject_path` the page of the program's admin area that shows it (or empty), `details`
/// the figures. No secrets, and no more personal data than the subject's name.
///
/// # Errors
/// `Database` where Postgres fails.
pub async fn record(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    action: &str,
    subject: &str,
    subject_path: &str,
    details: serde_json::Value,
) -> Result<()> {
    debug_assert!(act_words(action).is_some(), "{action} has no words");
    sqlx::query!(
        "insert into audit_log (program_id, id, at, account_id, action, subject, subject_path, details)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        actor.program() as ProgramId,
        moment.id::<AuditId>() as AuditId,
        moment.at,
        actor.account() as Option<AccountId>,
        action,
        subject,
        subject_path,
        details
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The log, newest first.
///
/// # Errors
/// `Forbidden`; `Invalid` where the cursor is none of ours, or on `from` and `to`.
pub async fn list(
    conn: &mut PgConnection,
    actor: &Actor,
    filter: &AuditFilter,
    paging: &Paging,
) -> Result<Page<AuditLine>> {
    if !actor.may(Power::Audit) {
        return Err(Error::Forbidden);
    }
    check_days(filter.from, filter.to)?;
    let before = paging.cursor.as_deref().map(|cursor| cursor.parse::<AuditId>()).transpose();
    let before = before.map_err(|_| Error::field("cursor", "Not a cursor of this list."))?;
    let data = sqlx::query_as!(
        AuditLine,
        r#"select l.id as "id: AuditId", l.at, coalesce(a.name, '') as "by!", l.action, l.subject, l.subject_path,
                  coalesce(case when l.action in ('outbox.read', 'partner.add_account') then
                               (select jsonb_build_object('account', n.email) from accounts n
                                where n.id = (l.details ->> 'account')::uuid)
                           end, l.details)::text as "details!"
         from audit_log l
         join programs p on p.id = l.program_id
         left join accounts a on a.id = l.account_id
         where l.program_id = $1
           and ($2::uuid is null or (l.at, l.id) < (select at, id from audit_log where program_id = $1 and id = $2))
           and ($3 = '' or l.action = any($8) or strpos(lower(l.action), lower($3)) > 0
                or strpos(lower(l.subject), lower($3)) > 0)
           and ($4::uuid is null or l.account_id = $4)
           and ($5::date is null or l.at >= $5::date::timestamp at time zone p.time_zone)
           and ($6::date is null or l.at < ($6::date + 1)::timestamp at time zone p.time_zone)
         order by l.at desc, l.id desc limit $7"#,
        actor.program() as ProgramId,
        before as Option<AuditId>,
        filter.search.trim(),
        filter.by as Option<AccountId>,
        filter.from,
        filter.to,
        paging.rows() + 1,
        &acts_with(&filter.search)
    )
    .fetch_all(&mut *conn)
    .await?;
    let words = known(conn, actor.program()).await?;
    let mut page = Page::cut(data, paging, |line| line.id.to_string());
    for line in &mut page.data {
        line.details = words.told(&line.action, &line.details);
    }
    Ok(page)
}

/// What must be known to tell the details of a program's lines.
async fn known(conn: &mut PgConnection, program: ProgramId) -> Result<Words> {
    let currency = super::get(conn, program).await?.currency;
    let offers =
        sqlx::query!(r#"select id as "id: OfferId", name from offers where program_id = $1"#, program as ProgramId)
            .fetch_all(conn)
            .await?;
    Ok(Words { currency, offers: offers.into_iter().map(|offer| (offer.id, offer.name)).collect() })
}
