use super::{lock, writable};
use crate::accounts::members_who_may;
use crate::files::claim;
use crate::messages::{self, Mail};
use crate::programs::audit;
use crate::{Error, Moment, Result};
use chrono::Duration;
use domain::accounts::{Actor, Power};
use domain::conversations::{MOST_A_DAY, NewMessage, To};
use domain::files::FilePurpose;
use domain::ids::{AccountId, ConversationId, EnrollmentId, FileId, LeadId, MessageId, ProgramId};
use serde_json::json;
use sqlx::PgConnection;

/// Writes a message: a partner in its own conversations, `JudgeLeads` in all. The other side is mailed, unless it was and has
/// not read since. The same message again is written once.
///
/// # Errors
/// `Forbidden`; `NotFound`, also for another partner's; `Invalid` on `subject`, `body` or `file`; `Conflict` where one side has
/// written very much within a day.
pub async fn send(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    input: &NewMessage,
) -> Result<ConversationId> {
    let own = writable(actor)?;
    let errors = input.check();
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    let program = actor.program();
    let id = match &input.to {
        To::Conversation(id) => *id,
        To::Lead(lead) => about_lead(conn, moment, program, own, *lead).await?,
        To::Partner { partner, id, subject } => {
            if own.is_some_and(|own| own != *partner) {
                return Err(Error::NotFound("partner"));
            }
            begin(conn, moment, program, *id, *partner, None, subject.trim()).await?;
            *id
        }
    };
    let partner = lock(conn, program, own, id).await?;
    let by_partner = actor.partner().is_some();
    let written = sqlx::query_scalar!(
        r#"select exists (select from conversation_messages where program_id = $1 and conversation_id = $2 and id = $3)
               as "there!""#,
        program as ProgramId,
        id as ConversationId,
        input.id as MessageId
    )
    .fetch_one(&mut *conn)
    .await?;
    if written {
        return Ok(id);
    }
    if by_partner {
        limit(conn, moment, program, partner).await?;
    }
    if let Some(file) = input.file {
        claim(conn, program, file, FilePurpose::Message).await?;
    }
    sqlx::query!(
        "insert into conversation_messages (program_id, conversation_id, id, account_id, by_partner, body, file_id, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        program as ProgramId,
        id as ConversationId,
        input.id as MessageId,
        actor.account() as Option<AccountId>,
        by_partner,
        input.body.trim(),
        input.file as Option<FileId>,
        moment.at
    )
    .execute(&mut *conn)
    .await?;
    // Who writes has read what is there.
    sqlx::query!(
        "update conversations
         set last_at = $3, partner_at = case when $4 then $3 else partner_at end,
             team_at = case when $4 then team_at else $3 end,
             partner_read_at = case when $4 then $3 else partner_read_at end
         where program_id = $1 and id = $2",
        program as ProgramId,
        id as ConversationId,
        moment.at,
        by_partner
    )
    .execute(&mut *conn)
    .await?;
    if let (false, Some(account)) = (by_partner, actor.account()) {
        read_by(conn, moment, program, id, account).await?;
    }
    if by_partner {
        tell_team(conn, moment, program, id).await?
    } else {
        tell_partner(conn, moment, program, id).await?
    }
    Ok(id)
}

/// The conversation about a lead, made where there is none.
async fn about_lead(
    conn: &mut PgConnection,
    moment: &Moment,
    program: ProgramId,
    own: Option<EnrollmentId>,
    lead: LeadId,
) -> Result<ConversationId> {
    let partner = sqlx::query_scalar!(
        r#"select enrollment_id as "partner: EnrollmentId" from leads
           where program_id = $1 and id = $2 and erased_at is null and ($3::uuid is null or enrollment_id = $3)"#,
        program as ProgramId,
        lead as LeadId,
        own as Option<EnrollmentId>
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound("lead"))?;
    begin(conn, moment, program, moment.id(), partner, Some(lead), "").await?;
    Ok(sqlx::query_scalar!(
        r#"select id as "id: ConversationId" from conversations where program_id = $1 and lead_id = $2"#,
        program as ProgramId,
        lead as LeadId
    )
    .fetch_one(conn)
    .await?)
}

/// Makes a conversation, unless it is there: of those who do at once the first does.
async fn begin(
    conn: &mut PgConnection,
    moment: &Moment,
    program: ProgramId,
    id: ConversationId,
    partner: EnrollmentId,
    lead: Option<LeadId>,
    subject: &str,
) -> Result<()> {
    sqlx::query!(
        "insert into conversations (program_id, id, enrollment_id, lead_id, subject, last_at, created_at)
         select e.program_id, $2, e.id, $4, $5, $6, $6 from enrollments e where e.program_id = $1 and e.id = $3
         on conflict do nothing",
        program as ProgramId,
        id as ConversationId,
        partner as EnrollmentId,
        lead as Option<LeadId>,
        subject,
        moment.at
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn limit(conn: &mut PgConnection, moment: &Moment, program: ProgramId, partner: EnrollmentId) -> Result<()> {
    let written = sqlx::query_scalar!(
        r#"select count(*) as "count!" from conversations c
           join conversation_messages m on m.program_id = c.program_id and m.conversation_id = c.id
           where c.program_id = $1 and c.enrollment_id = $2 and c.last_at > $3 and m.by_partner and m.created_at > $3"#,
        program as ProgramId,
        partner as EnrollmentId,
        moment.at - Duration::days(1)
    )
    .fetch_one(conn)
    .await?;
    if written < MOST_A_DAY {
        return Ok(());
    }
    Err(Error::Conflict(format!("You have written {MOST_A_DAY} messages within a day. Write more tomorrow.")))
}

/// Mails those of the team who answer: whoever is asked to, else all who may.
async fn tell_team(conn: &mut PgConnection, moment: &Moment, program: ProgramId, id: ConversationId) -> Result<()> {
    let may = members_who_may(conn, program, Power::JudgeLeads).await?;
    let assignee = sqlx::query_scalar!(
        r#"select assignee_id as "assignee: AccountId" from conversations where program_id = $1 and id = $2"#,
        program as ProgramId,
        id as ConversationId
    )
    .fetch_one(&mut *conn)
    .await?;
    let to = match assignee.filter(|account| may.contains(account)) {
        Some(account) => vec![account],
        None => may,
    };
    for account in to {
        let mailed = sqlx::query!(
            "insert into conversation_readers as r (program_id, conversation_id, account_id, mailed_at) values ($1, $2, $3, $4)
             on conflict (program_id, conversation_id, account_id) do update set mailed_at = excluded.mailed_at
             where r.mailed_at is null or r.mailed_at <= r.read_at",
            program as ProgramId,
            id as ConversationId,
            account as AccountId,
            moment.at
        )
        .execute(&mut *conn)
        .await?;
        if mailed.rows_affected() == 1 {
            messages::enqueue(conn, &Mail::MessageToTeam { account, program, conversation: id }).await?;
        }
    }
    Ok(())
}

async fn tell_partner(conn: &mut PgConnection, moment: &Moment, program: ProgramId, id: ConversationId) -> Result<()> {
    let mailed = sqlx::query!(
        "update conversations set partner_mailed_at = $3
         where program_id = $1 and id = $2 and (partner_mailed_at is null or partner_mailed_at <= partner_read_at)",
        program as ProgramId,
        id as ConversationId,
        moment.at
    )
    .execute(&mut *conn)
    .await?;
    if mailed.rows_affected() == 1 {
        messages::enqueue(conn, &Mail::MessageToPartner { program, conversation: id }).await?;
    }
    Ok(())
}

/// Notes that the asker has read a conversation up to now.
///
/// # Errors
/// `Forbidden` without the power to view; `NotFound`, also for another partner's.
pub async fn mark_read(conn: &mut PgConnection, moment: &Moment, actor: &Actor, id: ConversationId) -> Result<()> {
    let program = actor.program();
    lock(conn, program, super::readable(actor)?, id).await?;
    match (actor, actor.account()) {
        (Actor::Partner { .. }, _) => {
            sqlx::query!(
                "update conversations set partner_read_at = $3 where program_id = $1 and id = $2",
                program as ProgramId,
                id as ConversationId,
                moment.at
            )
            .execute(conn)
            .await?;
            Ok(())
        }
        (_, Some(account)) => read_by(conn, moment, program, id, account).await,
        _ => Ok(()),
    }
}

async fn read_by(
    conn: &mut PgConnection,
    moment: &Moment,
    program: ProgramId,
    id: ConversationId,
    account: AccountId,
) -> Result<()> {
    sqlx::query!(
        "insert into conversation_readers (program_id, conversation_id, account_id, read_at) values ($1, $2, $3, $4)
         on conflict (program_id, conversation_id, account_id) do update set read_at = excluded.read_at",
        program as ProgramId,
        id as ConversationId,
        account as AccountId,
        moment.at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Says who of the team answers; `None`: nobody yet. Asks for `JudgeLeads`. Audited.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Invalid` on `assignee`.
pub async fn assign(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    id: ConversationId,
    to: Option<AccountId>,
) -> Result<()> {
    if !actor.may(Power::JudgeLeads) {
        return Err(Error::Forbidden);
    }
    let program = actor.program();
    if let Some(account) = to
        && !members_who_may(conn, program, Power::JudgeLeads).await?.contains(&account)
    {
        return Err(Error::field("assignee", "Choose a member of your team who may answer partners."));
    }
    let partner = lock(conn, program, None, id).await?;
    let changed = sqlx::query_scalar!(
        "update conversations c set assignee_id = $3 from enrollments e
         where c.program_id = $1 and c.id = $2 and c.assignee_id is distinct from $3 and e.program_id = $1 and e.id = $4
         returning e.code",
        program as ProgramId,
        id as ConversationId,
        to as Option<AccountId>,
        partner as EnrollmentId
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(code) = changed else { return Ok(()) };
    audit::record(conn, moment, actor, "conversation.assign", &code, &format!("messages/{id}"), json!({})).await
}
