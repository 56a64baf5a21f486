use super::board::moves;
use super::submit::partner_may_edit;
use super::work::task;
use super::{earn, list, partner_of};
use crate::partners::allow;
use crate::reports::{Setting, commissions, listing};
use crate::{Error, Moment, Result};
use chrono::{DateTime, Utc};
use domain::accounts::{Actor, MemberName, Power};
use domain::files::FileInfo;
use domain::ids::{
    AccountId, CustomerId, FileId, LeadEventId, LeadGroupId, LeadId, LeadNoteId, LeadStageId, LeadTaskId, ProgramId,
};
use domain::leads::{
    Answers, Consent, EventDetails, LeadDetail, LeadEvent, LeadEventKind, LeadFile, LeadForm, LeadNote, LeadTask,
    Stage, StageColour, StageName,
};
use domain::money::{Currency, Money};
use sqlx::PgConnection;
use sqlx::types::Json;
use std::collections::BTreeMap;

/// All that is known of a lead: for the team, or for its partner, who is not told of notes, tasks and who works it.
///
/// # Errors
/// `Forbidden` without the power to view; `NotFound`, also for another partner's.
pub async fn detail(conn: &mut PgConnection, moment: &Moment, actor: &Actor, id: LeadId) -> Result<LeadDetail> {
    let program = actor.program();
    let of_partner = actor.partner().is_some();
    if let Some(own) = actor.partner()
        && partner_of(conn, program, id).await? != own
    {
        return Err(Error::NotFound("lead"));
    }
    let row = list::one(conn, moment, actor, id).await?;
    let found = sqlx::query!(
        r#"select l.group_id as "group: LeadGroupId", l.form_version, f.form as "form: Json<LeadForm>",
                  l.answers as "fields: Json<BTreeMap<String, String>>", l.created_at, l.reason,
                  l.duplicate_of as "duplicate_of: LeadId", l.stage_id as "stage_id: LeadStageId",
                  l.erased_at is not null as "erased!", x.submission,
                  p.currency as "currency: Currency", coalesce(nullif(o.brand, ''), p.name) as "program!",
                  coalesce(c.external_id, '') as "external_id!", coalesce(c.email, '') as "customer_email!",
                  coalesce(c.name, '') as "customer_name!", c.id as "customer: CustomerId",
                  coalesce(t.name, '') as "lead_type!"
           from leads l
           join programs p on p.id = l.program_id
           join portals o on o.program_id = l.program_id
           join lead_settings x on x.program_id = l.program_id
           join lead_forms f on f.program_id = l.program_id and f.group_id = l.group_id and f.version = l.form_version
           left join customers c on c.program_id = l.program_id and c.id = l.customer_id
           left join lead_types t on t.program_id = l.program_id and t.id = l.lead_type_id
           where l.program_id = $1 and l.id = $2"#,
        program as ProgramId,
        id as LeadId
    )
    .fetch_one(&mut *conn)
    .await?;
    let reader = Reader { of_partner, program: found.program, currency: found.currency };
    let events = events(conn, program, id, &reader, &found.form.0).await?;
    let mut consents = consents(conn, program, id, &found.form.0).await?;
    let (mut form, mut fields) = (found.form.0, found.fields.0);
    if of_partner {
        // What the company alone fills in, and from where somebody agreed, is not the partner's to know.
        form.without_hidden();
        fields.retain(|key, _| form.field(key).is_some());
        consents.iter_mut().for_each(|consent| consent.ip.clear());
    }
    let files = files(conn, program, id, &reader).await?;
    let (notes, tasks, moves) = if of_partner {
        (Vec::new(), Vec::new(), Vec::new())
    } else {
        let today = Setting::of(conn, actor).await?.day(moment.at);
        let moves = moves(conn, program, Some(found.stage_id)).await?.into_iter().map(|(_, to)| to).collect();
        (notes(conn, program, id).await?, tasks(conn, program, id, today).await?, moves)
    };
    let mut list = listing(&mut *conn, actor, None).await?;
    let mut commissions = commissions::of_lead(&mut list, id).await?;
    if let Some(customer) = row.customer {
        let of_customer = commissions::of_customer(&mut list, customer).await?;
        commissions.extend(of_customer.into_iter().filter(|earned| earned.partner.id == row.partner.id));
    }
    drop(list);
    let unearned = earn::unearned(conn, program, id).await?;
    let closed = row.withdrawn || found.erased;
    let may_edit = !closed
        && match of_partner {
            true => partner_may_edit(row.stage.kind) && found.submission,
            false => allow(actor, Power::JudgeLeads).is_ok(),
        };
    let seen = row.customer.is_some();
    let label = [&found.customer_email, &found.customer_name, &found.external_id];
    Ok(LeadDetail {
        lead_type: found.lead_type,
        group_id: found.group,
        version: found.form_version,
        form,
        answers: Answers { email: row.email.clone(), name: row.name.clone(), fields },
        created_at: found.created_at,
        reason: found.reason,
        customer_name: match (seen, of_partner) {
            (false, _) => String::new(),
            // The partner knows the lead by what it submitted itself.
            (true, true) => row.email.clone(),
            (true, false) => label.into_iter().find(|text| !text.is_empty()).cloned().unwrap_or_default(),
        },
        customer_external_id: if seen && !of_partner { found.external_id } else { String::new() },
        duplicate_of: found.duplicate_of.filter(|_| !of_partner),
        events,
        consents,
        files,
        notes,
        tasks,
        moves: if closed { Vec::new() } else { moves },
        may_edit,
        commissions,
        unearned,
        row,
    })
}

/// Who reads a lead.
struct Reader {
    of_partner: bool,
    program: String,
    currency: Currency,
}

impl Reader {
    /// Who did something, as far as the reader may know.
    fn by(&self, name: Option<String>, by_partner: bool) -> String {
        match (self.of_partner, by_partner, name) {
            (true, true, _) => "You".to_owned(),
            (true, false, Some(_)) => self.program.clone(),
            (false, _, Some(name)) => name,
            (false, true, None) => "The partner".to_owned(),
            (_, _, None) => String::new(),
        }
    }
}

async fn events(
    conn: &mut PgConnection,
    program: ProgramId,
    id: LeadId,
    reader: &Reader,
    form: &LeadForm,
) -> Result<Vec<LeadEvent>> {
    let rows = sqlx::query!(
        r#"select v.id as "id: LeadEventId", v.at, v.kind as "kind: LeadEventKind", v.by_partner, v.reason,
                  v.details as "details: Json<EventDetails>", coalesce(nullif(a.name, ''), a.email) as by_name,
                  f.id as "from_id?: LeadStageId", f.name as "from_name?", f.kind as "from_kind?: Stage",
                  f.colour as "from_colour?: StageColour",
                  t.id as "to_id?: LeadStageId", t.name as "to_name?", t.kind as "to_kind?: Stage",
                  t.colour as "to_colour?: StageColour",
                  coalesce(nullif(w.name, ''), w.email) as assignee
           from lead_events v
           left join accounts a on a.id = v.account_id
           left join accounts w on w.id = (v.details ->> 'assignee')::uuid
           left join lead_stages f on f.program_id = v.program_id and f.id = v.from_stage_id
           left join lead_stages t on t.program_id = v.program_id and t.id = v.to_stage_id
           where v.program_id = $1 and v.lead_id = $2 and not ($3 and v.kind in ('assigned'))
           order by v.at desc, v.id desc limit 500"#,
        program as ProgramId,
        id as LeadId,
        reader.of_partner
    )
    .fetch_all(conn)
    .await?;
    let stage = |id: Option<LeadStageId>, name: Option<String>, kind: Option<Stage>, colour: Option<StageColour>| {
        Some(StageName { id: id?, name: name?, kind: kind?, colour: colour? })
    };
    let told = rows.into_iter().map(|row| {
        let from = stage(row.from_id, row.from_name, row.from_kind, row.from_colour);
        let to = stage(row.to_id, row.to_name, row.to_kind, row.to_colour);
        let words = words(row.kind, &row.details, to.as_ref(), row.assignee.as_deref(), reader, form);
        LeadEvent {
            id: row.id,
            at: row.at,
            kind: row.kind,
            by: reader.by(row.by_name, row.by_partner),
            from,
            to,
            reason: row.reason,
            words,
        }
    });
    Ok(told.collect())
}

fn words(
    kind: LeadEventKind,
    details: &EventDetails,
    to: Option<&StageName>,
    assignee: Option<&str>,
    reader: &Reader,
    form: &LeadForm,
) -> String {
    match kind {
        LeadEventKind::Submitted => {
            let way = match details.by.as_str() {
                "import" => " by an import",
                "api" => " through the API",
                "capture_form" => " by a capture form",
                _ => "",
            };
            let again =
                if details.duplicate_of.is_some() && !reader.of_partner { ". It repeats another lead" } else { "" };
            format!("Submitted{way}{again}")
        }
        LeadEventKind::Edited => {
            let label = |key: &String| match key.as_str() {
                domain::leads::EMAIL => "E-mail".to_owned(),
                domain::leads::NAME => "Name".to_owned(),
                key => form.field(key).map_or_else(|| key.to_owned(), |field| field.label.clone()),
            };
            format!("Changed: {}", details.fields.iter().map(label).collect::<Vec<_>>().join(", "))
        }
        LeadEventKind::Moved => {
            let value = details.deal_value.map(|value| Money::new(value, reader.currency));
            let worth = value.map(|value| format!(", worth {value}")).unwrap_or_default();
            format!("Moved to {}{worth}", to.map_or("", |to| to.name.as_str()))
        }
        LeadEventKind::Assigned => match assignee {
            Some(name) => format!("Assigned to {name}"),
            None => "Assigned to nobody".to_owned(),
        },
        LeadEventKind::Withdrawn => "Taken back".to_owned(),
        LeadEventKind::DealValue => match details.deal_value {
            Some(value) => format!("Deal value set to {}", Money::new(value, reader.currency)),
            None => "Deal value taken away".to_owned(),
        },
        LeadEventKind::Customer => "Linked to a customer".to_owned(),
        LeadEventKind::Attached => "File attached".to_owned(),
    }
}

async fn consents(conn: &mut PgConnection, program: ProgramId, id: LeadId, form: &LeadForm) -> Result<Vec<Consent>> {
    let rows = sqlx::query!(
        "select field, form_version, body, given_at, ip from lead_consents
         where program_id = $1 and lead_id = $2 order by given_at desc, field",
        program as ProgramId,
        id as LeadId
    )
    .fetch_all(conn)
    .await?;
    let told = rows.into_iter().map(|row| Consent {
        label: form.field(&row.field).map_or_else(|| "Consent".to_owned(), |field| field.label.clone()),
        text: row.body,
        version: row.form_version,
        at: row.given_at,
        ip: row.ip,
    });
    Ok(told.collect())
}

async fn files(conn: &mut PgConnection, program: ProgramId, id: LeadId, reader: &Reader) -> Result<Vec<LeadFile>> {
    let rows = sqlx::query!(
        r#"select f.id as "id: FileId", f.name, f.bytes, x.by_partner, x.created_at,
                  coalesce(nullif(a.name, ''), a.email) as by_name
           from lead_files x
           join files f on f.program_id = x.program_id and f.id = x.file_id
           left join accounts a on a.id = x.account_id
           where x.program_id = $1 and x.lead_id = $2 order by x.created_at desc, f.id desc"#,
        program as ProgramId,
        id as LeadId
    )
    .fetch_all(conn)
    .await?;
    let told = rows.into_iter().map(|row| LeadFile {
        id: row.id,
        name: row.name,
        size: FileInfo::size_words(row.bytes),
        by: reader.by(row.by_name, row.by_partner),
        own: !reader.of_partner || row.by_partner,
        at: row.created_at,
    });
    Ok(told.collect())
}

async fn notes(conn: &mut PgConnection, program: ProgramId, id: LeadId) -> Result<Vec<LeadNote>> {
    Ok(sqlx::query_as!(
        LeadNote,
        r#"select n.id as "id: LeadNoteId", coalesce(nullif(a.name, ''), a.email, 'API') as "by!", n.note, n.created_at as at
           from lead_notes n left join accounts a on a.id = n.account_id
           where n.program_id = $1 and n.lead_id = $2 order by n.created_at desc, n.id desc limit 500"#,
        program as ProgramId,
        id as LeadId
    )
    .fetch_all(conn)
    .await?)
}

async fn tasks(
    conn: &mut PgConnection,
    program: ProgramId,
    id: LeadId,
    today: chrono::NaiveDate,
) -> Result<Vec<LeadTask>> {
    let rows = sqlx::query!(
        r#"select t.id as "id: LeadTaskId", t.task, t.due_on, t.assignee_id as "account: AccountId",
                  coalesce(nullif(a.name, ''), a.email) as assignee, t.done_at as "done_at: DateTime<Utc>"
           from lead_tasks t left join accounts a on a.id = t.assignee_id
           where t.program_id = $1 and t.lead_id = $2
           order by t.done_at is not null, t.due_on nulls last, t.id limit 500"#,
        program as ProgramId,
        id as LeadId
    )
    .fetch_all(conn)
    .await?;
    let told = rows.into_iter().map(|row| {
        let assignee = row.account.zip(row.assignee).map(|(account, name)| MemberName { account, name });
        task((row.id, row.task, row.due_on), assignee, row.done_at.is_some(), today)
    });
    Ok(told.collect())
}
