//! Mails about leads: to the team when there is one to review, to its partner when it comes to another stage.

use super::compose::{Content, person, to_partner, worded};
use super::notices::{in_portal, stoppable};
use crate::partners::profile;
use crate::{Moment, Result};
use domain::ids::{AccountId, EnrollmentId, LeadId, LeadImportId, LeadStageId, ProgramId};
use domain::leads::Stage;
use domain::messages::MailKind;
use domain::money::grouped_decimal;
use domain::partners::{LeadMails, Notice};
use sqlx::PgConnection;

/// To a member of the team, unless the lead was reviewed, taken back or erased meanwhile.
pub(super) async fn submitted(
    conn: &mut PgConnection,
    public_url: &str,
    account: AccountId,
    program: ProgramId,
    lead: LeadId,
) -> Result<Option<Content>> {
    let row = sqlx::query!(
        r#"select p.slug, p.name as program, e.code, coalesce(nullif(e.name, ''), e.company) as "partner!", l.email,
                  coalesce(nullif(l.name, ''), l.email) as "called!", g.name as lead_group
           from leads l
           join programs p on p.id = l.program_id
           join enrollments e on e.program_id = l.program_id and e.id = l.enrollment_id
           join lead_groups g on g.program_id = l.program_id and g.id = l.group_id
           where l.program_id = $1 and l.id = $2 and l.stage = 'new' and l.withdrawn_at is null and l.erased_at is null"#,
        program as ProgramId,
        lead as LeadId
    )
    .fetch_optional(&mut *conn)
    .await?;
    let (Some(row), Some(person)) = (row, person(conn, account).await?) else { return Ok(None) };
    let page = format!("{public_url}/admin/{}/leads/{lead}", row.slug);
    let content = Content {
        button: MailKind::LeadSubmitted.button().map(|label| (label.into(), page)),
        sender: row.program.clone(),
        ..person.content()
    };
    let values = [
        ("partner.name", &*row.partner),
        ("partner.code", &*row.code),
        ("program.name", &*row.program),
        ("lead.email", &*row.email),
        ("lead.name", &*row.called),
        ("lead.group", &*row.lead_group),
    ];
    worded(conn, program, MailKind::LeadSubmitted, &values, content).await.map(Some)
}

/// To the partner, by the stage that its lead came to, unless it has moved on since; a stage of a custom name is told as its
/// kind is.
pub(super) async fn moved(
    conn: &mut PgConnection,
    moment: &Moment,
    public_url: &str,
    program: ProgramId,
    lead: LeadId,
    stage: LeadStageId,
) -> Result<Option<Content>> {
    let row = sqlx::query!(
        r#"select l.enrollment_id as "enrollment: EnrollmentId", l.email, coalesce(nullif(l.name, ''), l.email) as "called!",
                  l.reason, s.name as stage, s.kind as "kind: Stage", s.next_step
           from leads l
           join lead_stages s on s.program_id = l.program_id and s.id = l.stage_id
           where l.program_id = $1 and l.id = $2 and l.stage_id = $3 and l.withdrawn_at is null and l.erased_at is null"#,
        program as ProgramId,
        lead as LeadId,
        stage as LeadStageId
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let kind = match row.kind {
        Stage::Qualified => MailKind::LeadQualified,
        Stage::ClosedWon => MailKind::LeadWon,
        Stage::ClosedLost => MailKind::LeadLost,
        Stage::New | Stage::Unqualified => MailKind::LeadMoved,
    };
    let wanted = match profile::notifications_of(conn, program, row.enrollment).await?.on_lead {
        LeadMails::None => false,
        LeadMails::Outcomes => kind != MailKind::LeadMoved,
        LeadMails::Every => true,
    };
    if !wanted {
        return Ok(None);
    }
    let to = in_portal(conn, public_url, program, row.enrollment, &format!("leads/{lead}")).await?;
    let values = [
        ("lead.email", &*row.email),
        ("lead.name", &*row.called),
        ("lead.stage", &*row.stage),
        ("lead.reason", &*row.reason),
        ("lead.next_step", &*row.next_step),
    ];
    let content = to_partner(conn, program, kind, to, &values).await?;
    stoppable(conn, moment, public_url, (program, row.enrollment), Notice::Lead, content).await
}

/// What mails tell of an import.
struct Imported {
    slug: String,
    program: String,
    enrollment: EnrollmentId,
    code: String,
    partner: String,
    name: String,
    rows: i64,
    accepted: i64,
    refused: i64,
}

async fn import_of(conn: &mut PgConnection, program: ProgramId, import: LeadImportId) -> Result<Option<Imported>> {
    Ok(sqlx::query_as!(
        Imported,
        r#"select p.slug, p.name as program, i.enrollment_id as "enrollment: EnrollmentId", e.code,
                  coalesce(nullif(e.name, ''), e.company) as "partner!",
                  coalesce(nullif(i.name, ''), 'leads.csv') as "name!", i.rows, i.accepted, i.refused
           from lead_imports i
           join programs p on p.id = i.program_id
           join enrollments e on e.program_id = i.program_id and e.id = i.enrollment_id
           where i.program_id = $1 and i.id = $2"#,
        program as ProgramId,
        import as LeadImportId
    )
    .fetch_optional(conn)
    .await?)
}

/// To the partner, when its file was imported.
pub(super) async fn import_finished(
    conn: &mut PgConnection,
    public_url: &str,
    program: ProgramId,
    import: LeadImportId,
) -> Result<Option<Content>> {
    let Some(row) = import_of(conn, program, import).await? else { return Ok(None) };
    let to = in_portal(conn, public_url, program, row.enrollment, "leads/imports").await?;
    let [rows, accepted, refused] = [row.rows, row.accepted, row.refused].map(|count| grouped_decimal(count.into()));
    let values = [
        ("import.name", &*row.name),
        ("import.rows", &*rows),
        ("import.accepted", &*accepted),
        ("import.refused", &*refused),
    ];
    to_partner(conn, program, MailKind::LeadImportFinished, to, &values).await
}

/// To a member of the team, when a partner's file was imported.
pub(super) async fn imported(
    conn: &mut PgConnection,
    public_url: &str,
    account: AccountId,
    program: ProgramId,
    import: LeadImportId,
) -> Result<Option<Content>> {
    let row = import_of(conn, program, import).await?;
    let (Some(row), Some(person)) = (row, person(conn, account).await?) else { return Ok(None) };
    let page = format!("{public_url}/admin/{}/leads?partner_code={}", row.slug, row.code);
    let content = Content {
        button: MailKind::LeadsImported.button().map(|label| (label.into(), page)),
        sender: row.program.clone(),
        ..person.content()
    };
    let [rows, accepted] = [row.rows, row.accepted].map(|count| grouped_decimal(count.into()));
    let values = [
        ("partner.name", &*row.partner),
        ("partner.code", &*row.code),
        ("program.name", &*row.program),
        ("import.name", &*row.name),
        ("import.rows", &*rows),
        ("import.accepted", &*accepted),
    ];
    worded(conn, program, MailKind::LeadsImported, &values, content).await.map(Some)
}
