//! A lead's personal data: all of it in a file, and taking it away.

use crate::files::abandon;
use crate::privacy::{self, ERASED, Sought, Whose};
use crate::programs::audit;
use crate::{Error, Moment, Result, sales};
use domain::accounts::{Actor, Power};
use domain::ids::{FileId, LeadId, ProgramId};
use domain::leads::{FieldKind, LeadForm};
use serde_json::{Value, json};
use sqlx::PgConnection;
use sqlx::types::Json;
use std::collections::BTreeMap;

/// All that is known of a lead. Asks for `Erase`. Audited.
///
/// # Errors
/// `Forbidden`; `NotFound`.
pub async fn export(conn: &mut PgConnection, moment: &Moment, actor: &Actor, id: LeadId) -> Result<Value> {
    if !actor.may(Power::Erase) {
        return Err(Error::Forbidden);
    }
    let told = told(conn, actor.program(), &[id]).await?;
    let lead = told.as_array().and_then(|all| all.first()).cloned().ok_or(Error::NotFound("lead"))?;
    audit::record(conn, moment, actor, "lead.export", "Lead", &format!("leads/{id}"), json!({})).await?;
    Ok(json!({ "lead": lead }))
}

/// Leads as their export tells them, with what was agreed to, noted and attached.
pub(crate) async fn told(conn: &mut PgConnection, program: ProgramId, ids: &[LeadId]) -> Result<Value> {
    Ok(sqlx::query_scalar!(
        r#"select coalesce(jsonb_agg(to_jsonb(l) || jsonb_build_object(
               'consents', (select coalesce(jsonb_agg(to_jsonb(c) - 'program_id' order by c.given_at, c.field), '[]')
                            from lead_consents c where c.program_id = $1 and c.lead_id = l.id),
               'history', (select coalesce(jsonb_agg(jsonb_build_object('at', v.at, 'what', v.kind, 'reason', v.reason)
                                                     order by v.at, v.id), '[]')
                           from lead_events v where v.program_id = $1 and v.lead_id = l.id),
               'notes', (select coalesce(jsonb_agg(jsonb_build_object('at', n.created_at, 'note', n.note)
                                                   order by n.created_at, n.id), '[]')
                         from lead_notes n where n.program_id = $1 and n.lead_id = l.id),
               'tasks', (select coalesce(jsonb_agg(jsonb_build_object('task', t.task, 'due_on', t.due_on) order by t.id), '[]')
                         from lead_tasks t where t.program_id = $1 and t.lead_id = l.id),
               'messages', (select coalesce(jsonb_agg(jsonb_build_object('at', m.created_at, 'by_partner', m.by_partner,
                                       'text', m.body) order by m.created_at, m.id), '[]')
                            from conversations v
                            join conversation_messages m on m.program_id = v.program_id and m.conversation_id = v.id
                            where v.program_id = $1 and v.lead_id = l.id),
               'files', (select coalesce(jsonb_agg(f.name order by f.id), '[]')
                         from lead_files x join files f on f.program_id = x.program_id and f.id = x.file_id
                         where x.program_id = $1 and x.lead_id = l.id)
           ) order by l.id), '[]') as "all!"
           from leads l where l.program_id = $1 and l.id = any($2)"#,
        program as ProgramId,
        ids as &[LeadId]
    )
    .fetch_one(conn)
    .await?)
}

/// Takes away all by which a lead can be known, in every place; what others wrote of it, a job looks through. Its stage and
/// what it earned stay. Asks for `Erase`. Audited, without a name. Who became a customer is erased as that.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Conflict` where it has been done, or it is a customer.
pub async fn erase(conn: &mut PgConnection, moment: &Moment, actor: &Actor, id: LeadId) -> Result<()> {
    if !actor.may(Power::Erase) {
        return Err(Error::Forbidden);
    }
    let program = actor.program();
    let found = sqlx::query!(
        r#"select erased_at is not null as "erased!", customer_id is not null as "customer!"
           from leads where program_id = $1 and id = $2 for no key update"#,
        program as ProgramId,
        id as LeadId
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound("lead"))?;
    if found.erased {
        return Err(privacy::already());
    }
    if found.customer {
        return Err(Error::Conflict("This lead is a customer: erase the customer, and the lead goes with it.".into()));
    }
    let mut known = Known::default();
    blank(conn, moment, program, id, &mut known).await?;
    sales::blank(conn, moment, program, &known.emails, None).await?;
    privacy::forget_mail(conn, program, &known.emails).await?;
    let same = privacy::same_email(conn, program, &known.emails).await?;
    let Known { emails, names, numbers } = known;
    let ids = emails.into_iter().chain(numbers).collect();
    privacy::look_for(conn, moment, program, &Sought { whose: Whose::Lead { id }, ids, names }).await?;
    audit::record(conn, moment, actor, "lead.erase", ERASED, &format!("leads/{id}"), json!({ "same_email": same }))
        .await
}

/// By what a person was known as a lead.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub emails: Vec<String>,
    pub names: Vec<String>,
    /// Phone numbers, as they were typed.
    pub numbers: Vec<String>,
}

/// Blanks a lead, and tells by what it was known.
pub(crate) async fn blank(
    conn: &mut PgConnection,
    moment: &Moment,
    program: ProgramId,
    id: LeadId,
    known: &mut Known,
) -> Result<()> {
    let lead = sqlx::query!(
        r#"select l.email, l.name, l.answers as "answers: Json<BTreeMap<String, String>>", f.form as "form: Json<LeadForm>"
           from leads l
           join lead_forms f on f.program_id = l.program_id and f.group_id = l.group_id and f.version = l.form_version
           where l.program_id = $1 and l.id = $2 for no key update of l"#,
        program as ProgramId,
        id as LeadId
    )
    .fetch_one(&mut *conn)
    .await?;
    for field in &lead.form.fields {
        let Some(answer) = lead.answers.get(&field.key) else { continue };
        match field.kind {
            FieldKind::Email => known.emails.push(answer.clone()),
            FieldKind::Phone => known.numbers.push(answer.clone()),
            _ => {}
        }
    }
    known.emails.push(lead.email);
    known.names.push(lead.name);
    sqlx::query!(
        "update leads set email = '', email_key = '', name = '', answers = '{}', phone_key = '', domain_key = '',
                          reason = '', erased_at = $3, updated_at = $3
         where program_id = $1 and id = $2",
        program as ProgramId,
        id as LeadId,
        moment.at
    )
    .execute(&mut *conn)
    .await?;
    for statement in [
        "delete from lead_keys where program_id = $1 and lead_id = $2",
        "delete from lead_notes where program_id = $1 and lead_id = $2",
        "delete from lead_tasks where program_id = $1 and lead_id = $2",
        "update lead_events set reason = '' where program_id = $1 and lead_id = $2",
        "update lead_consents set ip = '' where program_id = $1 and lead_id = $2",
    ] {
        sqlx::query(statement).bind(program).bind(id).execute(&mut *conn).await?;
    }
    crate::conversations::remove(conn, moment, program, id).await?;
    let files = sqlx::query_scalar!(
        r#"delete from lead_files where program_id = $1 and lead_id = $2 returning file_id as "file: FileId""#,
        program as ProgramId,
        id as LeadId
    )
    .fetch_all(&mut *conn)
    .await?;
    for file in files {
        abandon(conn, moment, program, file).await?;
    }
    Ok(())
}
