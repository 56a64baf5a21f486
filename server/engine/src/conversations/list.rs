use super::readable;
use crate::reports::{like, planned};
use crate::{Error, Moment, Result};
use chrono::{DateTime, Duration, Utc};
use domain::accounts::{Actor, MemberName, Power};
use domain::conversations::{ConversationFilter, ConversationRow, Inbox};
use domain::ids::{AccountId, ConversationId, EnrollmentId, LeadId, ProgramId};
use domain::page::{Page, Paging};
use domain::partners::PartnerName;
use sqlx::PgConnection;

struct Row {
    id: ConversationId,
    enrollment: EnrollmentId,
    code: String,
    called: String,
    about: String,
    lead: Option<LeadId>,
    assignee: Option<AccountId>,
    assignee_name: Option<String>,
    latest: String,
    by_partner: bool,
    last_at: DateTime<Utc>,
    unread: bool,
}

impl Row {
    fn told(self, of_partner: bool) -> ConversationRow {
        let assignee = self.assignee.zip(self.assignee_name).filter(|_| !of_partner);
        ConversationRow {
            id: self.id,
            partner: PartnerName { id: self.enrollment, code: self.code, name: self.called },
            about: self.about,
            lead: self.lead,
            assignee: assignee.map(|(account, name)| MemberName { account, name }),
            latest: self.latest,
            by_partner: self.by_partner,
            last_at: self.last_at,
            unread: self.unread,
        }
    }
}

/// Reads rows by a condition and an order: `$1` is the program, `$2` the partner who asks, `$3` the member of the team who does.
macro_rules! rows {
    ($rest:tt, $order:tt, $program:expr, $own:expr, $reader:expr $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"select c.id as "id: ConversationId", c.enrollment_id as "enrollment: EnrollmentId", e.code,
                      coalesce(nullif(e.name, ''), e.company) as "called!",
                      coalesce(nullif(c.subject, ''), nullif(l.name, ''), nullif(l.email, ''), 'An erased lead') as "about!",
                      c.lead_id as "lead: LeadId", c.assignee_id as "assignee: AccountId",
                      coalesce(nullif(a.name, ''), a.email) as assignee_name,
                      coalesce(m.latest, '') as "latest!", coalesce(m.by_partner, false) as "by_partner!", c.last_at,
                      c.unread as "unread!"
               from (
                   select c.*, case when $2::uuid is null
                          then coalesce(c.partner_at > coalesce(r.read_at, (
                              select s.created_at from memberships s join programs p using (organization_id)
                              where p.id = $1 and s.account_id = $3), '-infinity'), false)
                          else coalesce(c.team_at > coalesce(c.partner_read_at, '-infinity'), false) end as unread
                   from conversations c
                   left join conversation_readers r
                        on r.program_id = c.program_id and r.conversation_id = c.id and r.account_id = $3
                   where c.program_id = $1 and ($2::uuid is null or c.enrollment_id = $2)
               ) c
               join enrollments e on e.program_id = c.program_id and e.id = c.enrollment_id
               left join leads l on l.program_id = c.program_id and l.id = c.lead_id
               left join accounts a on a.id = c.assignee_id
               left join lateral (
                   select left(case when n.body = '' then 'An attached file' else n.body end, 160) as latest, n.by_partner
                   from conversation_messages n where n.program_id = c.program_id and n.conversation_id = c.id
                   order by n.created_at desc, n.id desc limit 1
               ) m on true
               where true "# + $rest + " order by " + $order,
            $program as ProgramId,
            $own as Option<EnrollmentId>,
            $reader as Option<AccountId>
            $(, $argument)*
        )
    };
}

/// After which row a page goes on.
fn after(paging: &Paging) -> Result<(Option<DateTime<Utc>>, Option<ConversationId>)> {
    let Some(cursor) = &paging.cursor else { return Ok((None, None)) };
    let parts = cursor
        .split_once('_')
        .and_then(|(at, id)| Some((DateTime::from_timestamp_micros(at.parse().ok()?)?, id.parse().ok()?)));
    let (at, id) = parts.ok_or_else(|| {
        Error::field("cursor", "There is no such page: take the cursor from an answer, or begin without.")
    })?;
    Ok((Some(at), Some(id)))
}

/// The conversations of the program, or of the partner who asks, the latest message first.
///
/// # Errors
/// `Forbidden` without the power to view; `Invalid` on `cursor`.
pub async fn list(
    conn: &mut PgConnection,
    actor: &Actor,
    filter: &ConversationFilter,
    paging: &Paging,
) -> Result<Page<ConversationRow>> {
    let own = readable(actor)?;
    let (at, id) = after(paging)?;
    let of_partner = own.is_some();
    let inbox = filter.inbox.filter(|_| !of_partner).unwrap_or(Inbox::All);
    let words = Some(filter.search.trim().replace('\0', "")).filter(|words| !words.is_empty());
    let code = Some(filter.partner_code.trim()).filter(|code| !code.is_empty() && !of_partner);
    let mut tx = planned(conn).await?;
    let rows = rows!(
        "and ($4::timestamptz is null or (c.last_at, c.id) < ($4, $5))
         and ($6 = 'all' or ($6 = 'mine' and c.assignee_id = $3) or ($6 = 'unassigned' and c.assignee_id is null))
         and (not $7 or c.unread)
         and ($8::text is null or c.subject ilike $8 or l.name ilike $8 or l.email ilike $8
              or ($2::uuid is null and (e.name ilike $8 or e.company ilike $8 or e.code ilike $8))
              or exists (select from conversation_messages n
                         where n.program_id = c.program_id and n.conversation_id = c.id
                           and to_tsvector('simple', n.body) @@ websearch_to_tsquery('simple', $9)))
         and ($10::text is null or lower(e.code) = lower($10))",
        "c.last_at desc, c.id desc limit $11",
        actor.program(),
        own,
        actor.account(),
        at,
        id as Option<ConversationId>,
        inbox.as_str(),
        filter.unread,
        like(words.as_deref()),
        words,
        code,
        paging.rows() + 1
    )
    .fetch_all(&mut *tx)
    .await?;
    let rows = rows.into_iter().map(|row| row.told(of_partner)).collect();
    Ok(Page::cut(rows, paging, |row| format!("{}_{}", row.last_at.timestamp_micros(), row.id)))
}

/// One conversation as the list has it.
pub(super) async fn one(conn: &mut PgConnection, actor: &Actor, id: ConversationId) -> Result<ConversationRow> {
    let own = readable(actor)?;
    let row = rows!("and c.id = $4", "c.id", actor.program(), own, actor.account(), id as ConversationId)
        .fetch_optional(conn)
        .await?;
    Ok(row.ok_or(Error::NotFound("conversation"))?.told(own.is_some()))
}

/// The conversation about a lead of the asker's, where there is one.
///
/// # Errors
/// `Forbidden` without the power to view.
pub async fn of_lead(conn: &mut PgConnection, actor: &Actor, lead: LeadId) -> Result<Option<ConversationId>> {
    let own = readable(actor)?;
    Ok(sqlx::query_scalar!(
        r#"select id as "id: ConversationId" from conversations
           where program_id = $1 and lead_id = $2 and ($3::uuid is null or enrollment_id = $3)"#,
        actor.program() as ProgramId,
        lead as LeadId,
        own as Option<EnrollmentId>
    )
    .fetch_optional(conn)
    .await?)
}

/// In how many conversations there is something that the asker has not read; for the team, among those that it or nobody
/// answers, written within 90 days, and none for who can't answer. At most 100 are counted.
///
/// # Errors
/// `Forbidden` without the power to view.
pub async fn unread(conn: &mut PgConnection, moment: &Moment, actor: &Actor) -> Result<i64> {
    let own = readable(actor)?;
    if own.is_none() && !actor.may(Power::JudgeLeads) {
        return Ok(0);
    }
    let Some(partner) = own else {
        return Ok(sqlx::query_scalar!(
            r#"select count(*) as "count!" from (
                   select from conversations c
                   left join conversation_readers r
                        on r.program_id = c.program_id and r.conversation_id = c.id and r.account_id = $2
                   where c.program_id = $1 and c.partner_at > $3 and (c.assignee_id is null or c.assignee_id = $2)
                     and c.partner_at > coalesce(r.read_at, (
                         select s.created_at from memberships s join programs p using (organization_id)
                         where p.id = $1 and s.account_id = $2), '-infinity')
                   limit 100) unread"#,
            actor.program() as ProgramId,
            actor.account() as Option<AccountId>,
            moment.at - Duration::days(90)
        )
        .fetch_one(conn)
        .await?);
    };
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from (
               select from conversations
               where program_id = $1 and enrollment_id = $2 and team_at > coalesce(partner_read_at, '-infinity')
               limit 100) unread"#,
        actor.program() as ProgramId,
        partner as EnrollmentId
    )
    .fetch_one(conn)
    .await?)
}
