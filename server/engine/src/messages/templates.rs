//! Mail as a program's team words it.

use super::Mail;
use crate::programs::audit;
use crate::{Error, Moment, Result};
use domain::accounts::{Actor, Power};
use domain::ids::ProgramId;
use domain::messages::{Examples, MailKind, Template, TemplateRow};
use domain::money::Currency;
use serde_json::json;
use sqlx::PgConnection;

/// The words of a kind of mail: the team's, else those that come with Tributary.
pub(crate) async fn of(conn: &mut PgConnection, program: ProgramId, kind: MailKind) -> Result<Template> {
    let own = sqlx::query_as!(
        Template,
        "select subject, body from mail_templates where program_id = $1 and kind = $2",
        program as ProgramId,
        kind.as_str()
    )
    .fetch_optional(conn)
    .await?;
    Ok(own.unwrap_or_else(|| kind.standard()))
}

/// What the examples of merge fields take from a program.
///
/// # Errors
/// `NotFound`.
pub async fn examples(conn: &mut PgConnection, program: ProgramId) -> Result<Examples> {
    sqlx::query_as!(
        Examples,
        r#"select coalesce(nullif(o.brand, ''), p.name) as "program!", p.currency as "currency: Currency",
                  o.contact_email as contact
           from programs p join portals o on o.program_id = p.id where p.id = $1"#,
        program as ProgramId
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound("program"))
}

/// Every kind of mail with its words. Asks for `View`.
///
/// # Errors
/// `Forbidden`.
pub async fn list(conn: &mut PgConnection, actor: &Actor) -> Result<Vec<TemplateRow>> {
    if !actor.may(Power::View) {
        return Err(Error::Forbidden);
    }
    let mut own = sqlx::query!(
        "select kind, subject, body, updated_at from mail_templates where program_id = $1",
        actor.program() as ProgramId
    )
    .fetch_all(conn)
    .await?;
    let row = |kind: &MailKind| match own.iter().position(|row| row.kind == kind.as_str()) {
        Some(at) => {
            let row = own.swap_remove(at);
            let template = Template { subject: row.subject, body: row.body };
            TemplateRow { kind: *kind, template, updated_at: Some(row.updated_at) }
        }
        None => TemplateRow { kind: *kind, template: kind.standard(), updated_at: None },
    };
    Ok(MailKind::ALL.iter().map(row).collect())
}

/// Changes the words of a kind of mail; the ones that come with Tributary take the team's away. Asks for `EditProgram`.
///
/// # Errors
/// `Forbidden`; `Invalid` by field, also for an unknown merge field.
pub async fn save(
    conn: &mut PgConnection,
    moment: &Moment,
    actor: &Actor,
    kind: MailKind,
    template: &Template,
) -> Result<()> {
    if !actor.may(Power::EditProgram) {
        return Err(Error::Forbidden);
    }
    let template = checked(kind, template)?;
    let standard = template == kind.standard();
    if standard {
        sqlx::query!(
            "delete from mail_templates where program_id = $1 and kind = $2",
            actor.program() as ProgramId,
            kind.as_str()
        )
        .execute(&mut *conn)
        .await?;
    } else {
        sqlx::query!(
            "insert into mail_templates (program_id, kind, subject, body, updated_at) values ($1, $2, $3, $4, $5)
             on conflict (program_id, kind) do update
                 set subject = excluded.subject, body = excluded.body, updated_at = excluded.updated_at",
            actor.program() as ProgramId,
            kind.as_str(),
            template.subject,
            template.body,
            moment.at
        )
        .execute(&mut *conn)
        .await?;
    }
    audit::record(conn, moment, actor, "mail.edit", kind.label(), "mails", json!({ "standard": standard })).await
}

fn checked(kind: MailKind, template: &Template) -> Result<Template> {
    let body = template.body.replace("\r\n", "\n").trim().to_owned();
    let template = Template { subject: template.subject.trim().to_owned(), body };
    let errors = template.check(kind.fields());
    if errors.is_empty() { Ok(template) } else { Err(Error::Invalid(errors)) }
}

/// Sends a kind of mail in these words, which need not be saved, with example data to the member who asks. Asks for
/// `EditProgram`.
///
/// # Errors
/// `Forbidden`, also where it is no person who asks; `Invalid` by field.
pub async fn test(conn: &mut PgConnection, actor: &Actor, kind: MailKind, template: &Template) -> Result<()> {
    let account = actor.account().filter(|_| actor.may(Power::EditProgram)).ok_or(Error::Forbidden)?;
    let words = checked(kind, template)?;
    super::enqueue(conn, &Mail::Test { account, program: actor.program(), kind, words }).await
}
