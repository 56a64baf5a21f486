//! Working an import: each slice in one transaction, with the leads, their history, and what is known of them again.

use super::own_emails;
use super::slice::stop;
use crate::accounts::members_who_may;
use crate::leads::claims::{self, Claims, Repeated};
use crate::messages::{self, Mail};
use crate::programs::audit;
use crate::{Error, Moment, Result};
use chrono::{DateTime, Duration, Utc};
use domain::accounts::{Actor, Power, Role};
use domain::ids::{
    AccountId, EnrollmentId, LeadEventId, LeadGroupId, LeadId, LeadImportId, LeadStageId, OrganizationId, ProgramId,
};
use domain::leads::file::{Checker, Problem, Reader, Rules, reason, write_row};
use domain::leads::{
    Answers, DuplicateRule, DuplicateScope, EventDetails, FieldKind, LeadEventKind, LeadForm, LeadKey, Stage,
};
use domain::money::Currency;
use domain::partners::EnrollmentStatus;
use domain::text::email_key;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Works an import. The job holds ids; the rows lie in `lead_import_slices`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct WorkOnImport {
    /// The program.
    pub program: ProgramId,
    /// Which import.
    pub import: LeadImportId,
}

impl WorkOnImport {
    /// Works all that is left of it.
    pub(crate) async fn work(&self, pool: &PgPool, moment: &Moment) -> Result<()> {
        while go_on(pool, &moment.step(), self.program, self.import).await? {}
        Ok(())
    }
}

/// An import as it is worked, locked.
struct Import {
    id: LeadImportId,
    program: ProgramId,
    organization: OrganizationId,
    enrollment: EnrollmentId,
    code: String,
    status: EnrollmentStatus,
    currency: Currency,
    group: LeadGroupId,
    version: i32,
    form: Json<LeadForm>,
    /// At which leads begin.
    stage: LeadStageId,
    keys: Vec<String>,
    account: Option<AccountId>,
    by_partner: bool,
    ip: String,
    /// How many rows were worked before.
    worked: i64,
}

impl Import {
    async fn lock(conn: &mut PgConnection, program: ProgramId, id: LeadImportId) -> Result<Option<Self>> {
        Ok(sqlx::query_as!(
            Import,
            r#"select i.id as "id: LeadImportId", i.program_id as "program: ProgramId",
                      p.organization_id as "organization: OrganizationId", i.enrollment_id as "enrollment: EnrollmentId",
                      e.code, e.status as "status: EnrollmentStatus", p.currency as "currency: Currency",
                      i.group_id as "group: LeadGroupId", i.form_version as version, f.form as "form: Json<LeadForm>",
                      (select s.id from lead_stages s
                       where s.program_id = $1 and s.kind = 'new' and s.archived_at is null
                       order by s.position limit 1) as "stage!: LeadStageId",
                      i.keys, i.account_id as "account: AccountId", i.by_partner, i.ip,
                      i.accepted + i.refused as "worked!"
               from lead_imports i
               join programs p on p.id = i.program_id
               join enrollments e on e.program_id = i.program_id and e.id = i.enrollment_id
               join lead_forms f on f.program_id = i.program_id and f.group_id = i.group_id and f.version = i.form_version
               where i.program_id = $1 and i.id = $2 and i.status in ('ready', 'working') for update of i"#,
            program as ProgramId,
            id as LeadImportId
        )
        .fetch_optional(conn)
        .await?)
    }

    /// In the name of who began it, who was allowed to.
    fn actor(&self) -> Actor {
        let program = self.program;
        match self.account {
            Some(account) if self.by_partner => Actor::Partner { account, program, enrollment: self.enrollment },
            Some(account) => Actor::Admin { account, organization: self.organization, role: Role::Manager, program },
            None if self.by_partner => Actor::OnBehalf { program, enrollment: self.enrollment },
            None => Actor::System { program },
        }
    }
}

/// Works the next slice; whether more may be left. Who comes to the same import at once waits, and works the slice after it.
pub(super) async fn go_on(pool: &PgPool, moment: &Moment, program: ProgramId, id: LeadImportId) -> Result<bool> {
    let mut tx = pool.begin().await?;
    let Some(import) = Import::lock(&mut tx, program, id).await? else { return Ok(false) };
    let slice = sqlx::query!(
        "select number, rows from lead_import_slices where program_id = $1 and import_id = $2 order by number limit 1",
        program as ProgramId,
        id as LeadImportId
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(slice) = slice else {
        done(&mut tx, moment, &import).await?;
        tx.commit().await?;
        return Ok(false);
    };
    if import.status != EnrollmentStatus::Active {
        stop(&mut tx, moment, program, id).await?;
        tx.commit().await?;
        return Ok(false);
    }
    let (accepted, refused) = work(&mut tx, moment, &import, &slice.rows).await?;
    sqlx::query!(
        "with worked as (delete from lead_import_slices where program_id = $1 and import_id = $2 and number = $3)
         update lead_imports set status = 'working', accepted = accepted + $4, refused = refused + $5
         where program_id = $1 and id = $2",
        program as ProgramId,
        id as LeadImportId,
        slice.number,
        accepted,
        refused
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(true)
}

/// A row that is a lead, as far as it shows by itself.
struct Lead {
    /// Its place in the slice.
    row: usize,
    id: LeadId,
    answers: Answers,
    claims: Claims,
    duplicate_of: Option<LeadId>,
}

/// Makes leads of a slice's rows; how many, and how many were refused.
async fn work(conn: &mut PgConnection, moment: &Moment, import: &Import, rows: &str) -> Result<(i64, i64)> {
    // In the order in which single leads lock: the partner, then the settings, then what is claimed.
    sqlx::query!(
        "select from enrollments where program_id = $1 and id = $2 for no key update",
        import.program as ProgramId,
        import.enrollment as EnrollmentId
    )
    .fetch_one(&mut *conn)
    .await?;
    let settings = claims::rules(conn, import.program).await?;
    let own = own_emails(conn, import.program, import.enrollment).await?;
    let rules = Rules { form: import.form.0.clone(), currency: import.currency, own };
    let asked = rules.form.asked();
    let of = |key: &String| asked.iter().position(|asked| asked.key == *key);
    let columns: Vec<Option<usize>> = import.keys.iter().map(of).collect();
    let checker = Checker::new(&rules, &columns);
    let sheet = Reader::rows(rows);
    let mut refused: Vec<(usize, Vec<Problem>)> = Vec::new();
    let mut leads: Vec<Lead> = Vec::new();
    // Each piece's ids grow with its rows, so that lists show them in the order of the file.
    let mut ids: Vec<LeadId> = (0..sheet.len()).map(|_| moment.id()).collect();
    ids.sort_unstable();
    for (row, id) in ids.into_iter().enumerate() {
        match checker.read(&sheet, row) {
            Ok(answers) => {
                let claims = Claims::of(&rules.form, &answers);
                leads.push(Lead { row, id, answers, claims, duplicate_of: None });
            }
            Err(problems) => refused.push((row, problems)),
        }
    }
    let repeated = claim(conn, moment, import, &settings, &mut leads).await?;
    for (row, found) in repeated {
        let words = match found.refusal(&rules.form, import.enrollment, import.by_partner) {
            Error::Invalid(errors) => errors,
            other => return Err(other),
        };
        let told = words.into_iter().map(|error| {
            let at = asked.iter().position(|asked| asked.key == error.field);
            let column = columns.iter().position(|column| *column == at);
            Problem { column, asked: at, words: error.message.into() }
        });
        refused.push((row, told.collect()));
    }
    insert(conn, moment, import, &leads).await?;
    consents(conn, moment, import, &leads).await?;
    let cells = refused.iter().map(|(row, _)| {
        let mut text = String::new();
        write_row(&mut text, sheet.cells(*row));
        text
    });
    let cells: Vec<String> = cells.collect();
    let reasons: Vec<String> = refused.iter().map(|(_, problems)| reason(problems, &asked)).collect();
    let positions: Vec<i64> = refused.iter().map(|(row, _)| import.worked + *row as i64 + 1).collect();
    if !positions.is_empty() {
        sqlx::query!(
            "insert into lead_import_rows (program_id, import_id, position, cells, reason)
             select $1, $2, r.* from unnest($3::bigint[], $4::text[], $5::text[]) as r",
            import.program as ProgramId,
            import.id as LeadImportId,
            &positions,
            &cells,
            &reasons
        )
        .execute(conn)
        .await?;
    }
    Ok((leads.len() as i64, refused.len() as i64))
}

/// Who holds a key, as far as this slice has come.
struct Holder {
    lead: LeadId,
    at: DateTime<Utc>,
    enrollment: EnrollmentId,
    /// Whether the key is this slice's own, and written as it shall stay.
    written: bool,
}

/// Claims what leads are known again by: all of the slice's keys at once, in the order of the key, so that of twins at the
/// same instant one waits for the other. Then row by row as a single lead would. Takes out of `leads` what is refused, and
/// answers it; marks what is flagged.
async fn claim(
    conn: &mut PgConnection,
    moment: &Moment,
    import: &Import,
    settings: &claims::Rules,
    leads: &mut Vec<Lead>,
) -> Result<Vec<(usize, Repeated)>> {
    let scope = match settings.scope {
        DuplicateScope::Program => import.program.0,
        DuplicateScope::Partner => import.enrollment.0,
    };
    // The first that claims a key stands there until it is known whether it stays.
    let mut first: HashMap<(LeadKey, &str), LeadId> = HashMap::new();
    let claimed: Vec<Vec<(LeadKey, &str)>> = leads.iter().map(|lead| lead.claims.keys(&settings.by)).collect();
    for (lead, keys) in leads.iter().zip(&claimed) {
        for key in keys {
            first.entry(*key).or_insert(lead.id);
        }
    }
    if first.is_empty() {
        return Ok(Vec::new());
    }
    let (mut kinds, mut keys, mut ids) = (Vec::new(), Vec::new(), Vec::new());
    for ((kind, key), id) in &first {
        kinds.push(*kind);
        keys.push((*key).to_owned());
        ids.push(id.0);
    }
    sqlx::query!("set constraints lead_keys_program_id_lead_id_fkey deferred").execute(&mut *conn).await?;
    let held = sqlx::query!(
        r#"insert into lead_keys (program_id, scope_id, kind, key, lead_id, at)
           select $1, $2, k.kind, k.key, k.id, $3 from unnest($4::lead_key[], $5::text[], $6::uuid[]) as k (kind, key, id)
           order by k.kind, k.key
           on conflict (program_id, scope_id, kind, key) do update set at = lead_keys.at
           returning kind as "kind: LeadKey", key, lead_id as "lead: LeadId", at"#,
        import.program as ProgramId,
        scope as Uuid,
        moment.at,
        &kinds as &[LeadKey],
        &keys,
        &ids
    )
    .fetch_all(&mut *conn)
    .await?;
    let own: HashSet<LeadId> = first.values().copied().collect();
    let others: Vec<Uuid> = held.iter().filter(|row| !own.contains(&row.lead)).map(|row| row.lead.0).collect();
    // By a statement of its own: the one before may have waited for these to be committed, and doesn't see them.
    let others = sqlx::query!(
        r#"select id as "id: LeadId", enrollment_id as "enrollment: EnrollmentId" from leads
           where program_id = $1 and id = any($2)"#,
        import.program as ProgramId,
        &others
    )
    .fetch_all(&mut *conn)
    .await?;
    let others: HashMap<LeadId, EnrollmentId> = others.into_iter().map(|row| (row.id, row.enrollment)).collect();
    // Of each key: who holds it. Those that are new hold nothing before their row is reached.
    let mut holders: HashMap<(LeadKey, &str), Option<Holder>> = HashMap::with_capacity(held.len());
    let mut fresh: HashMap<(LeadKey, &str), LeadId> = HashMap::new();
    for row in &held {
        let key = (row.kind, row.key.as_str());
        if own.contains(&row.lead) {
            fresh.insert(key, row.lead);
            holders.insert(key, None);
        } else {
            let enrollment = *others.get(&row.lead).ok_or_else(|| Error::internal("a key without its lead"))?;
            holders.insert(key, Some(Holder { lead: row.lead, at: row.at, enrollment, written: true }));
        }
    }
    let since = moment.at - Duration::days(settings.days.into());
    let mut repeated = Vec::new();
    let mut refused = vec![false; leads.len()];
    let mut duplicates = vec![None; leads.len()];
    for (at, keys) in claimed.iter().enumerate() {
        let lead = &leads[at];
        let held = keys.iter().filter_map(|key| Some((key.0, holders.get(key)?.as_ref()?)));
        let found = held.filter(|(_, holder)| holder.at >= since).min_by_key(|(kind, _)| *kind);
        if let Some((kind, holder)) = found {
            match settings.rule {
                DuplicateRule::Refuse => {
                    repeated.push((lead.row, Repeated { lead: holder.lead, kind, enrollment: holder.enrollment }));
                    refused[at] = true;
                    continue;
                }
                DuplicateRule::Flag => duplicates[at] = Some(holder.lead),
                DuplicateRule::Accept => {}
            }
        }
        for key in keys {
            let written = fresh.get(key) == Some(&lead.id);
            let holder = Holder { lead: lead.id, at: moment.at, enrollment: import.enrollment, written };
            holders.insert(*key, Some(holder));
        }
    }
    let (mut kinds, mut keys, mut ids) = (Vec::new(), Vec::new(), Vec::new());
    let (mut free_kinds, mut free_keys) = (Vec::new(), Vec::new());
    for ((kind, key), holder) in &holders {
        match holder {
            Some(holder) if !holder.written => {
                kinds.push(*kind);
                keys.push((*key).to_owned());
                ids.push(holder.lead.0);
            }
            Some(_) => {}
            // All that claimed it were refused for something else.
            None => {
                free_kinds.push(*kind);
                free_keys.push((*key).to_owned());
            }
        }
    }
    if !kinds.is_empty() {
        sqlx::query!(
            "update lead_keys k set lead_id = n.id, at = $3
             from unnest($4::lead_key[], $5::text[], $6::uuid[]) as n (kind, key, id)
             where k.program_id = $1 and k.scope_id = $2 and k.kind = n.kind and k.key = n.key",
            import.program as ProgramId,
            scope as Uuid,
            moment.at,
            &kinds as &[LeadKey],
            &keys,
            &ids
        )
        .execute(&mut *conn)
        .await?;
    }
    if !free_kinds.is_empty() {
        sqlx::query!(
            "delete from lead_keys k using unnest($3::lead_key[], $4::text[]) as n (kind, key)
             where k.program_id = $1 and k.scope_id = $2 and k.kind = n.kind and k.key = n.key",
            import.program as ProgramId,
            scope as Uuid,
            &free_kinds as &[LeadKey],
            &free_keys
        )
        .execute(conn)
        .await?;
    }
    for (lead, duplicate) in leads.iter_mut().zip(duplicates) {
        lead.duplicate_of = duplicate;
    }
    let mut refused = refused.into_iter();
    leads.retain(|_| !refused.next().unwrap_or_default());
    Ok(repeated)
}

/// Writes leads, and the first line of each one's history.
async fn insert(conn: &mut PgConnection, moment: &Moment, import: &Import, leads: &[Lead]) -> Result<()> {
    if leads.is_empty() {
        return Ok(());
    }
    let of = |text: fn(&Lead) -> String| -> Vec<String> { leads.iter().map(text).collect() };
    let ids: Vec<Uuid> = leads.iter().map(|lead| lead.id.0).collect();
    let duplicates: Vec<Option<Uuid>> = leads.iter().map(|lead| lead.duplicate_of.map(|id| id.0)).collect();
    let answers = leads.iter().map(|lead| serde_json::to_string(&lead.answers.fields));
    let answers: Vec<String> = answers.collect::<std::result::Result<_, _>>()?;
    sqlx::query!(
        "insert into leads (program_id, id, enrollment_id, group_id, form_version, stage, stage_id, created_at, stage_at,
                            updated_at, email, email_key, name, answers, phone_key, domain_key, duplicate_of)
         select $1, l.id, $2, $3, $4, $5, $6, $7, $7, $7, l.email, l.email_key, l.name, l.answers::jsonb, l.phone_key,
                l.domain_key, l.duplicate_of
         from unnest($8::uuid[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::uuid[])
              as l (id, email, email_key, name, answers, phone_key, domain_key, duplicate_of)",
        import.program as ProgramId,
        import.enrollment as EnrollmentId,
        import.group as LeadGroupId,
        import.version,
        Stage::New as Stage,
        import.stage as LeadStageId,
        moment.at,
        &ids,
        &of(|lead| lead.answers.email.clone()),
        &of(|lead| email_key(&lead.answers.email)),
        &of(|lead| lead.answers.name.clone()),
        &answers,
        &of(|lead| lead.claims.phone.clone()),
        &of(|lead| lead.claims.domain.clone()),
        &duplicates as &[Option<Uuid>]
    )
    .execute(&mut *conn)
    .await?;
    let details = leads.iter().map(|lead| {
        serde_json::to_string(&EventDetails {
            duplicate_of: lead.duplicate_of,
            by: "import".to_owned(),
            ..EventDetails::default()
        })
    });
    let details: Vec<String> = details.collect::<std::result::Result<_, _>>()?;
    let events: Vec<Uuid> = leads.iter().map(|_| moment.id::<LeadEventId>().0).collect();
    sqlx::query!(
        "insert into lead_events (program_id, lead_id, id, at, kind, account_id, by_partner, to_stage_id, details)
         select $1, e.lead_id, e.id, $2, $3, $4, $5, $6, e.details::jsonb
         from unnest($7::uuid[], $8::uuid[], $9::text[]) as e (lead_id, id, details)",
        import.program as ProgramId,
        moment.at,
        LeadEventKind::Submitted as LeadEventKind,
        import.account as Option<AccountId>,
        import.by_partner,
        import.stage as LeadStageId,
        &ids,
        &events,
        &details
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Keeps what was agreed to, with its text as it stood, as evidence.
async fn consents(conn: &mut PgConnection, moment: &Moment, import: &Import, leads: &[Lead]) -> Result<()> {
    for field in import.form.fields.iter().filter(|field| field.kind == FieldKind::Consent) {
        let agreed =
            leads.iter().filter(|lead| lead.answers.fields.get(&field.key).is_some_and(|answer| answer == "Yes"));
        let ids: Vec<Uuid> = agreed.map(|lead| lead.id.0).collect();
        sqlx::query!(
            "insert into lead_consents (program_id, lead_id, field, form_version, body, given_at, ip)
             select $1, id, $2, $3, $4, $5, $6 from unnest($7::uuid[]) as id",
            import.program as ProgramId,
            field.key,
            import.version,
            field.value,
            moment.at,
            import.ip,
            &ids
        )
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// Notes that all is done, and tells who wants to know.
async fn done(conn: &mut PgConnection, moment: &Moment, import: &Import) -> Result<()> {
    let sums = sqlx::query!(
        "update lead_imports set status = 'done', finished_at = $3
         where program_id = $1 and id = $2 returning accepted, refused",
        import.program as ProgramId,
        import.id as LeadImportId,
        moment.at
    )
    .fetch_one(&mut *conn)
    .await?;
    let (program, id) = (import.program, import.id);
    if import.by_partner {
        messages::enqueue(conn, &Mail::LeadImportFinished { program, import: id }).await?;
    } else {
        let details = json!({ "import": id, "leads": sums.accepted, "left_out": sums.refused });
        let subject = format!("Leads of {}", import.code);
        let path = format!("leads?partner_code={}", import.code);
        audit::record(conn, moment, &import.actor(), "leads.import", &subject, &path, details).await?;
    }
    if sums.accepted > 0 {
        for account in members_who_may(conn, program, Power::JudgeLeads).await? {
            messages::enqueue(conn, &Mail::LeadsImported { account, program, import: id }).await?;
        }
    }
    Ok(())
}
