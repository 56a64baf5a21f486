//! Mails about messages of a conversation, to whoever has not read them yet.

use super::compose::{self, Content, person, worded};
use super::notices::{in_portal, stoppable};
use crate::partners::profile;
use crate::{Moment, Result};
use chrono::{DateTime, Utc};
use domain::ids::{AccountId, ConversationId, EnrollmentId, ProgramId};
use domain::messages::MailKind;
use domain::partners::Notice;
use sqlx::PgConnection;

struct Told {
    slug: String,
    program: String,
    enrollment: EnrollmentId,
    code: String,
    partner: String,
    about: String,
    /// The beginning of the first message of the other side that is unread.
    body: Option<String>,
    /// The name of the file at it.
    file: Option<String>,
}

/// What is unread of one side's messages since then; `None` where nothing is.
async fn told(
    conn: &mut PgConnection,
    program: ProgramId,
    id: ConversationId,
    by_partner: bool,
    since: Option<DateTime<Utc>>,
) -> Result<Option<Told>> {
    let told = sqlx::query_as!(
        Told,
        r#"select p.slug, p.name as program, c.enrollment_id as "enrollment: EnrollmentId", e.code,
                  coalesce(nullif(e.name, ''), e.company) as "partner!",
                  coalesce(nullif(c.subject, ''), nullif(l.name, ''), l.email, '') as "about!",
                  m.body as "body?", m.file as "file?"
           from conversations c
           left join lateral (
               select left(m.body, 1000) as body, f.name as file
               from conversation_messages m
               left join files f on f.program_id = m.program_id and f.id = m.file_id
               where m.program_id = $1 and m.conversation_id = $2 and m.by_partner = $3
                 and m.created_at > coalesce($4, '-infinity'::timestamptz)
               order by m.created_at, m.id limit 1
           ) m on true
           join programs p on p.id = c.program_id
           join enrollments e on e.program_id = c.program_id and e.id = c.enrollment_id
           left join leads l on l.program_id = c.program_id and l.id = c.lead_id
           where c.program_id = $1 and c.id = $2"#,
        program as ProgramId,
        id as ConversationId,
        by_partner,
        since
    )
    .fetch_optional(conn)
    .await?;
    Ok(told.filter(|told| told.body.is_some()))
}

impl Told {
    /// The text as the mail tells it, with the name of the file at it.
    fn text(&self) -> String {
        let file = self.file.as_ref().map(|name| format!("A file is attached: {name}"));
        let body = self.body.clone().filter(|body| !body.is_empty());
        body.into_iter().chain(file).collect::<Vec<_>>().join("\n\n")
    }
}

/// To a member of the team, unless they have read it meanwhile.
pub(super) async fn to_team(
    conn: &mut PgConnection,
    public_url: &str,
    account: AccountId,
    program: ProgramId,
    id: ConversationId,
) -> Result<Option<Content>> {
    let read_at = sqlx::query_scalar!(
        "select read_at from conversation_readers where program_id = $1 and conversation_id = $2 and account_id = $3",
        program as ProgramId,
        id as ConversationId,
        account as AccountId
    )
    .fetch_optional(&mut *conn)
    .await?
    .flatten();
    let told = told(conn, program, id, true, read_at).await?;
    let (Some(told), Some(person)) = (told, person(conn, account).await?) else { return Ok(None) };
    let page = format!("{public_url}/admin/{}/messages/{id}", told.slug);
    let content = Content {
        button: MailKind::MessageToTeam.button().map(|label| (label.into(), page)),
        sender: told.program.clone(),
        ..person.content()
    };
    let text = told.text();
    let values = [
        ("partner.name", &*told.partner),
        ("partner.code", &*told.code),
        ("program.name", &*told.program),
        ("message.about", &*told.about),
        ("message.text", &*text),
    ];
    worded(conn, program, MailKind::MessageToTeam, &values, content).await.map(Some)
}

/// To the partner, unless it has read it meanwhile, or wants no such mails.
pub(super) async fn to_partner(
    conn: &mut PgConnection,
    moment: &Moment,
    public_url: &str,
    program: ProgramId,
    id: ConversationId,
) -> Result<Option<Content>> {
    let read_at = sqlx::query_scalar!(
        "select partner_read_at from conversations where program_id = $1 and id = $2",
        program as ProgramId,
        id as ConversationId
    )
    .fetch_optional(&mut *conn)
    .await?
    .flatten();
    let Some(told) = told(conn, program, id, false, read_at).await? else { return Ok(None) };
    if !profile::notifications_of(conn, program, told.enrollment).await?.on_message {
        return Ok(None);
    }
    let to = in_portal(conn, public_url, program, told.enrollment, &format!("messages/{id}")).await?;
    let text = told.text();
    let values = [("message.about", &*told.about), ("message.text", &*text)];
    let content = compose::to_partner(conn, program, MailKind::MessageToPartner, to, &values).await?;
    stoppable(conn, moment, public_url, (program, told.enrollment), Notice::Message, content).await
}
