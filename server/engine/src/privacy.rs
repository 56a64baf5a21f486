//! Erasing a person: what stands in columns of its own is blanked by the rooms, at once; here is what stands in words, beside
//! the data of others: explanations, notes, answers and logs. Those are searched by a job, which may take its time.

mod rows;

pub(crate) use rows::{Rows, rename, reword};

use crate::messages::outbox;
use crate::partners::{Codes, forget_words};
use crate::secrets::Secrets;
use crate::{Error, Moment, Result, customers, jobs};
use chrono::{DateTime, Utc};
use domain::ids::{CustomerId, EnrollmentId, LeadId, ProgramId};
use domain::text::email_key;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool, Postgres, Transaction};
use uuid::Uuid;

/// What stands where a person stood.
pub(crate) const ERASED: &str = "[erased]";

/// A column in which words stand: its table, its name, and whether it is JSON. What holds a person in a column of its own
/// is none of these: the rooms blank it. A test looks through all columns there are.
type Column = (&'static str, &'static str, bool);

/// What programs read or Tributary writes: here only what can be nobody else's is sought. Where links and banners lead is
/// never touched: others live by it.
const RECORDED: &[Column] = &[
    ("clicks", "referrer", false),
    ("clicks", "sub_id", false),
    ("clicks", "target", false),
    ("links", "sub_id", false),
    ("links", "utm", true),
];

/// What people wrote, and where it is told again: here full names are sought too.
const WRITTEN: &[Column] = &[
    ("api_answers", "answer", true),
    ("api_keys", "name", false),
    ("audit_log", "details", true),
    ("audit_log", "subject", false),
    ("audit_log", "subject_path", false),
    ("capture_forms", "thanks", false),
    ("commissions", "why", true),
    ("conversation_messages", "body", false),
    ("conversations", "subject", false),
    ("enrollment_statuses", "reason", false),
    ("enrollments", "answers", true),
    ("journal_notes", "note", false),
    ("lead_events", "reason", false),
    ("lead_notes", "note", false),
    ("lead_tasks", "task", false),
    ("lead_earnings", "terms", true),
    ("lead_earnings", "why", true),
    ("leads", "answers", true),
    ("leads", "reason", false),
    ("links", "name", false),
    ("partner_jobs", "task", true),
    ("partner_letters", "body", false),
    ("partner_letters", "subject", false),
    ("partner_notes", "note", false),
    ("payment_batches", "note", false),
    ("payment_draft_lines", "reason", false),
    ("payment_drafts", "code", false),
    ("payment_drafts", "method", false),
    ("payment_drafts", "note", false),
    ("payment_drafts", "problem", false),
    ("payments", "method", false),
    ("payments", "why", true),
    ("promo_codes", "description", false),
    ("referrals", "terms", true),
    ("referrals", "why", true),
    ("refunds", "reason", false),
    ("refunds", "why", true),
    ("sales", "why", true),
    ("saved_replies", "body", false),
    ("sign_ups", "answers", true),
    ("submitted_sales", "invoice_id", false),
    ("submitted_sales", "note", false),
    ("submitted_sales", "product", false),
    ("submitted_sales", "reason", false),
];

/// What people wrote that a copy of the program takes along: sought in all programs of the organization.
const COPIED: &[Column] = &[
    ("assets", "body", false),
    ("assets", "name", false),
    ("assets", "subject", false),
    ("files", "name", false),
    ("lead_forms", "form", true),
    ("lead_groups", "description", false),
    ("lead_settings", "good_lead", false),
    ("lead_stages", "next_step", false),
    ("mail_templates", "body", false),
    ("mail_templates", "subject", false),
    ("offers", "description", false),
    ("offers", "name", false),
    ("portals", "brand", false),
    ("portals", "questions", true),
    ("portals", "share_text", false),
    ("portals", "share_texts", true),
    ("portals", "welcome", false),
    ("terms_versions", "body", false),
];

/// What has a statement of its own: where each row has another name, it gets a fresh one (`take_out_of_names`,
/// `take_out_of_tops`).
#[cfg(test)]
const NAMES: &[(&str, &str)] = &[
    ("lead_groups", "name"),
    ("lead_stages", "name"),
    ("lead_types", "name"),
    ("partner_groups", "name"),
    ("partner_tags", "tag"),
    ("payment_batches", "code"),
    ("payment_batches", "code_key"),
    ("programs", "description"),
    ("click_tops", "value"),
];

/// Where rows are about a partner, and which (`$3`): here any of its names is sought.
const OF_PARTNER: &[(Column, &str)] = &[
    (("referrals", "why", true), "enrollment_id = $3::uuid"),
    (("sales", "why", true), "enrollment_id = $3::uuid"),
    (("commissions", "why", true), "enrollment_id = $3::uuid"),
    (
        ("lead_earnings", "why", true),
        "lead_id in (select id from leads where program_id = $1 and enrollment_id = $3::uuid)",
    ),
    (("payment_draft_lines", "reason", false), "enrollment_id = $3::uuid"),
    (
        ("payment_drafts", "problem", false),
        "id in (select draft_id from payment_draft_lines where program_id = $1 and enrollment_id = $3::uuid)",
    ),
    (("payments", "why", true), "enrollment_id = $3::uuid"),
    (("refunds", "why", true), "sale_id in (select id from sales where program_id = $1 and enrollment_id = $3::uuid)"),
    (
        ("refunds", "reason", false),
        "sale_id in (select id from sales where program_id = $1 and enrollment_id = $3::uuid)",
    ),
    (("journal_notes", "note", false), NOTES_OF_PARTNER),
    (("audit_log", "details", true), LOG_OF_PARTNER),
    (("audit_log", "subject", false), LOG_OF_PARTNER),
    (
        ("api_answers", "answer", true),
        "strpos(answer::text, '\"partner_code\": \"' || (select code from enrollments
        where program_id = $1 and id = $3::uuid) || '\"') > 0",
    ),
];

const NOTES_OF_PARTNER: &str = "journal_id in (
    select e.journal_id from entries e
    where e.program_id = $1 and e.enrollment_id = $3::uuid and e.account in ('held', 'payable'))";

/// By the code that it has got instead of its own.
const LOG_OF_PARTNER: &str = "(subject_path in (select 'partners/' || code from enrollments
                      where program_id = $1 and id = $3::uuid)
     or details ->> 'partner' in (select code from enrollments where program_id = $1 and id = $3::uuid)
     or subject_path in (select 'payments/' || batch_id from payments
                         where program_id = $1 and enrollment_id = $3::uuid))";

/// Where rows are about a customer, and which (`$3`).
const OF_CUSTOMER: &[(Column, &str)] = &[
    (("referrals", "why", true), "customer_id = $3::uuid"),
    (("sales", "why", true), "customer_id = $3::uuid"),
    (("commissions", "why", true), "customer_id = $3::uuid"),
    (("refunds", "why", true), "sale_id in (select id from sales where program_id = $1 and customer_id = $3::uuid)"),
    (
        ("journal_notes", "note", false),
        "journal_id in (
        select j.id from journals j
        join commissions c on c.program_id = j.program_id and c.id = j.commission_id
        where j.program_id = $1 and (c.customer_id = $3::uuid
               or c.lead_id in (select id from leads where program_id = $1 and customer_id = $3::uuid)))",
    ),
    (("audit_log", "details", true), LOG_OF_CUSTOMER),
    (("audit_log", "subject", false), LOG_OF_CUSTOMER),
    (
        ("api_answers", "answer", true),
        "(answer -> 'customer' ->> 'id' = $3::uuid::text
        or answer -> 'sale' ->> 'customer_id' in (select external_id from customers
                                                  where program_id = $1 and id = $3::uuid))",
    ),
];

/// Where rows are about a lead, and which (`$3`).
const OF_LEAD: &[(Column, &str)] = &[(
    ("journal_notes", "note", false),
    "journal_id in (
        select j.id from journals j
        join commissions c on c.program_id = j.program_id and c.id = j.commission_id
        where j.program_id = $1 and c.lead_id = $3::uuid)",
)];

const LOG_OF_CUSTOMER: &str = "subject_path = 'customers/' || $3::uuid::text";

/// Fields of JSON whose values are words of Tributary's own, ids or figures: no person stands there, and programs read
/// them.
const OWN_WORDS: &[&str] = &[
    "amount",
    "base",
    "check",
    "clawed_back",
    "currency",
    "duration",
    "id",
    "kind",
    "rate",
    "source",
    "stage",
    "status",
    "token",
    "trigger",
    "type",
    "was",
];

fn is_no_own_word(key: &str) -> bool {
    !OWN_WORDS.contains(&key) && !key.ends_with("_at")
}

fn is_name(key: &str) -> bool {
    ["name", "group"].contains(&key)
}

/// Whose data it is, and what Tributary itself calls them by in what it writes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Whose {
    /// A partner.
    Partner {
        /// Which.
        id: EnrollmentId,
        /// Its codes until then.
        codes: Codes,
        /// Its site.
        website: String,
    },
    /// A customer.
    Customer {
        /// Which.
        id: CustomerId,
        /// The company's own id until then.
        external_id: String,
    },
    /// A lead that is no customer.
    Lead {
        /// Which.
        id: LeadId,
    },
}

impl Whose {
    fn id(&self) -> Uuid {
        match self {
            Self::Partner { id, .. } => id.0,
            Self::Customer { id, .. } => id.0,
            Self::Lead { id } => id.0,
        }
    }
}

/// What is looked for once a person's own columns are blank.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Sought {
    /// Whose.
    pub whose: Whose,
    /// E-mails, and numbers and ids that are nobody else's.
    pub ids: Vec<String>,
    /// Names.
    pub names: Vec<String>,
}

/// Takes an erased person out of all words of the program. The job holds ids; what is sought lies in `erasures` until it is
/// done. Done again it does no harm, so that it may be retried.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TakeOut {
    /// The program.
    pub program: ProgramId,
    /// The partner or the customer.
    pub person: Uuid,
}

/// Has a person looked for, once the transaction commits.
pub(crate) async fn look_for(
    conn: &mut PgConnection,
    moment: &Moment,
    program: ProgramId,
    sought: &Sought,
) -> Result<()> {
    let person = sought.whose.id();
    sqlx::query!(
        "insert into erasures (program_id, id, sought, erased_at) values ($1, $2, $3, $4)",
        program as ProgramId,
        person,
        Json(sought) as _,
        moment.at
    )
    .execute(&mut *conn)
    .await?;
    jobs::enqueue(conn, &TakeOut { program, person }, None).await
}

impl TakeOut {
    /// Looks through one table after the other, each in a transaction of its own, so that nobody waits for all of them.
    pub(crate) async fn search(&self, pool: &PgPool, secrets: &Secrets) -> Result<()> {
        let program = self.program;
        let row = sqlx::query!(
            r#"select sought as "sought: Json<Sought>", erased_at from erasures where program_id = $1 and id = $2"#,
            program as ProgramId,
            self.person
        )
        .fetch_optional(pool)
        .await?;
        let Some(row) = row else { return Ok(()) };
        let Sought { whose, ids, names } = row.sought.0;
        let mut tx = begin(pool).await?;
        match &whose {
            Whose::Partner { id, codes, website } => {
                forget_words(&mut tx, program, *id, codes, website, row.erased_at).await?;
            }
            Whose::Customer { id, external_id } => {
                customers::rename(&mut tx, program, *id, external_id, row.erased_at).await?;
            }
            Whose::Lead { .. } => {}
        }
        tx.commit().await?;
        scrub(pool, secrets, program, &whose, &ids, &names, row.erased_at).await?;
        sqlx::query!("delete from erasures where program_id = $1 and id = $2", program as ProgramId, self.person)
            .execute(pool)
            .await?;
        Ok(())
    }
}

/// A transaction that may take as long as it takes: half an erasure is none.
async fn begin(pool: &PgPool) -> Result<Transaction<'static, Postgres>> {
    let mut tx = pool.begin().await?;
    sqlx::query("set local statement_timeout = 0").execute(&mut *tx).await?;
    Ok(tx)
}

/// A text as a regular expression of Postgres that finds it, also as addresses, names of files and JSON write it.
fn found_as(text: &str) -> String {
    let mut pattern = String::new();
    for c in text.chars() {
        match c {
            '@' => pattern.push_str("(@|%40)"),
            ' ' => pattern.push_str("( |%20|[+_-])"),
            '"' => pattern.push_str("\\\\?\""),
            c if c.is_alphanumeric() || c == '-' || c == '_' => pattern.push(c),
            '\\' => pattern.push_str("[\\\\]{1,2}"),
            c if c.is_control() => pattern.push_str(".{1,6}"),
            c => {
                pattern.push('[');
                if c == '^' || c == ']' || c == '[' {
                    pattern.push('\\');
                }
                pattern.push(c);
                pattern.push(']');
            }
        }
    }
    pattern
}

/// The regular expression that finds any of these as a whole: e-mails and ids, which no address or id of others may
/// contain, and names, which may stand beside any sign. `None` where there is nothing to seek.
fn pattern(ids: &[&str], names: &[&str]) -> Option<String> {
    let any = |texts: &[&str]| {
        let mut found: Vec<String> = texts.iter().map(|text| found_as(text)).collect();
        found.sort();
        found.dedup();
        found.join("|")
    };
    let mut parts = Vec::new();
    if !ids.is_empty() {
        parts.push(format!("(?<![[:alnum:]._%+-])({})(?![[:alnum:]_-]|[.][[:alnum:]])", any(ids)));
    }
    if !names.is_empty() {
        parts.push(format!("(?<![[:alnum:]])({})(?![[:alnum:]@])", any(names)));
    }
    (!parts.is_empty()).then(|| parts.join("|"))
}

/// Takes a person out of all words of the program. E-mails and ids are sought in all of them, names of more than one word
/// in what people wrote, and any name in the rows that are about the person. After its codes and ids have been renamed.
async fn scrub(
    pool: &PgPool,
    secrets: &Secrets,
    program: ProgramId,
    whose: &Whose,
    ids: &[String],
    names: &[String],
    erased_at: DateTime<Utc>,
) -> Result<()> {
    let own = own_names(pool, program).await?;
    let ids: Vec<&str> = ids.iter().map(|text| text.trim()).filter(|text| text.chars().count() >= 4).collect();
    let names: Vec<&str> = names.iter().map(|text| text.trim()).filter(|text| text.chars().count() >= 2).collect();
    let full: Vec<&str> = names.iter().copied().filter(|name| name.contains(char::is_whitespace)).collect();
    let full: Vec<&str> = full.into_iter().filter(|name| !own.contains(&name.to_lowercase())).collect();
    let rows = Rows { program, id: whose.id() };
    if let Some(found) = pattern(&ids, &[]) {
        for column in RECORDED {
            let mut tx = begin(pool).await?;
            rows.take_out(&mut tx, *column, "program_id = $1", &found).await?;
            tx.commit().await?;
        }
        let mut tx = begin(pool).await?;
        take_out_of_tops(&mut tx, program, &found).await?;
        tx.commit().await?;
    }
    if let Some(found) = pattern(&ids, &full) {
        for column in WRITTEN {
            let mut tx = begin(pool).await?;
            rows.take_out(&mut tx, *column, "program_id = $1", &found).await?;
            tx.commit().await?;
        }
        for sibling in siblings(pool, program).await? {
            let rows = Rows { program: sibling, id: whose.id() };
            for column in COPIED {
                let mut tx = begin(pool).await?;
                rows.take_out(&mut tx, *column, "program_id = $1", &found).await?;
                tx.commit().await?;
            }
            let mut tx = begin(pool).await?;
            take_out_of_names(&mut tx, sibling, &found).await?;
            tx.commit().await?;
        }
        let mut tx = begin(pool).await?;
        crate::partners::job::forget(&mut tx, program, &found).await?;
        crate::leads::imports::forget(&mut tx, program, &found).await?;
        outbox::forget(&mut tx, secrets, program, &found, erased_at).await?;
        tx.commit().await?;
    }
    if let Some(found) = pattern(&ids, &names) {
        let about = match whose {
            Whose::Partner { .. } => OF_PARTNER,
            Whose::Customer { .. } => OF_CUSTOMER,
            Whose::Lead { .. } => OF_LEAD,
        };
        for (column, which) in about {
            let mut tx = begin(pool).await?;
            rows.take_out(&mut tx, *column, &format!("program_id = $1 and {which}"), &found).await?;
            tx.commit().await?;
        }
    }
    Ok(())
}

/// The company's own names, in lower case: a company may be a partner of its own program, whose name is not taken away.
async fn own_names(pool: &PgPool, program: ProgramId) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select lower(trim(n.name)) as "name!" from programs p
           join organizations o on o.id = p.organization_id
           join portals b on b.program_id = p.id
           cross join unnest(array[p.name, o.name, b.brand]) as n (name)
           where p.organization_id = (select organization_id from programs where id = $1) and n.name <> ''"#,
        program as ProgramId
    )
    .fetch_all(pool)
    .await?)
}

/// The programs of its organization: one may be the other's copy.
async fn siblings(pool: &PgPool, program: ProgramId) -> Result<Vec<ProgramId>> {
    Ok(sqlx::query_scalar!(
        r#"select p.id as "id: ProgramId" from programs o join programs p on p.organization_id = o.organization_id
           where o.id = $1 order by p.id"#,
        program as ProgramId
    )
    .fetch_all(pool)
    .await?)
}

/// Several values of a day may become the same word: each gets a number.
async fn take_out_of_tops(conn: &mut PgConnection, program: ProgramId, pattern: &str) -> Result<()> {
    sqlx::query!(
        "with found as (
             select t.enrollment_id, t.day, t.facet, t.other, t.value,
                    row_number() over (partition by t.enrollment_id, t.day, t.facet order by t.value)
                    + (select count(*) from click_tops o
                       where o.program_id = $1 and o.enrollment_id = t.enrollment_id and o.day = t.day
                         and o.facet = t.facet and strpos(o.value, $3::text) = 1) as n
             from click_tops t where t.program_id = $1 and t.value ~* $2::text
         )
         update click_tops t set value = $3::text || ' ' || f.n from found f
         where t.program_id = $1 and t.enrollment_id = f.enrollment_id and t.day = f.day and t.facet = f.facet
           and t.other = f.other and t.value = f.value",
        program as ProgramId,
        pattern,
        ERASED
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Where no two rows may have the same: a fresh name for each; and what the program says of itself.
async fn take_out_of_names(conn: &mut PgConnection, program: ProgramId, pattern: &str) -> Result<()> {
    sqlx::query!(
        "update partner_groups
         set name = regexp_replace(name, $2::text, 'erased-' || right(replace(id::text, '-', ''), 12), 'gi')
         where program_id = $1 and name ~* $2::text",
        program as ProgramId,
        pattern
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "update lead_groups
         set name = regexp_replace(name, $2::text, 'erased-' || right(replace(id::text, '-', ''), 12), 'gi')
         where program_id = $1 and name ~* $2::text",
        program as ProgramId,
        pattern
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "update lead_stages
         set name = regexp_replace(name, $2::text, 'erased-' || right(replace(id::text, '-', ''), 12), 'gi')
         where program_id = $1 and name ~* $2::text",
        program as ProgramId,
        pattern
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "update payment_batches
         set code = regexp_replace(code, $2::text, 'erased-' || right(replace(id::text, '-', ''), 12), 'gi'),
             code_key = regexp_replace(code_key, $2::text, 'erased-' || right(replace(id::text, '-', ''), 12), 'gi')
         where program_id = $1 and code ~* $2::text",
        program as ProgramId,
        pattern
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "with gone as (
             delete from partner_tags where program_id = $1 and tag ~* $2::text returning enrollment_id, tag
         )
         insert into partner_tags (program_id, enrollment_id, tag)
         select $1, enrollment_id, regexp_replace(tag, $2::text, 'erased', 'gi') from gone
         on conflict do nothing",
        program as ProgramId,
        pattern
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "update programs set description = regexp_replace(description, $2::text, $3::text, 'gi')
         where id = $1 and description ~* $2::text",
        program as ProgramId,
        pattern,
        ERASED
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Deletes what waits to be sent to these addresses, and sign-ups in their name.
pub(crate) async fn forget_mail(conn: &mut PgConnection, program: ProgramId, emails: &[String]) -> Result<()> {
    let keys: Vec<String> = emails.iter().map(|email| email_key(email)).filter(|key| !key.is_empty()).collect();
    sqlx::query!("delete from outbox where program_id = $1 and lower(email) = any($2)", program as ProgramId, &keys)
        .execute(&mut *conn)
        .await?;
    sqlx::query!("delete from sign_ups where program_id = $1 and lower(email) = any($2)", program as ProgramId, &keys)
        .execute(&mut *conn)
        .await?;
    Ok(())
}

/// Who else in the program has one of these e-mails: another partner, a customer or a lead is a person of its own to the
/// team, which may erase it too. By ids and codes, for the log.
pub(crate) async fn same_email(conn: &mut PgConnection, program: ProgramId, emails: &[String]) -> Result<Value> {
    let keys: Vec<String> = emails.iter().map(|email| email_key(email)).filter(|key| !key.is_empty()).collect();
    let found = sqlx::query_scalar!(
        r#"select jsonb_strip_nulls(jsonb_build_object(
               'partner', (select jsonb_agg(code order by id) from enrollments
                           where program_id = $1 and lower(email) = any($2)),
               'customer', (select jsonb_agg(id order by id) from customers
                            where program_id = $1 and email <> '' and lower(email) = any($2)),
               'lead', (select jsonb_agg(id order by id) from leads
                        where program_id = $1 and email_key <> '' and email_key = any($2))
           )) as "found!""#,
        program as ProgramId,
        &keys
    )
    .fetch_one(conn)
    .await?;
    Ok(found)
}

/// A fresh name for what was erased: `erased-` and the end of its id.
pub(crate) fn instead(id: Uuid) -> String {
    let id = id.simple().to_string();
    format!("erased-{}", &id[id.len() - 12..])
}

/// Why it can't be erased twice.
pub(crate) fn already() -> Error {
    Error::Conflict("The personal data has been erased already.".into())
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod patterns {
    use super::*;
    use sqlx::PgPool;

    #[sqlx::test(migrations = false)]
    async fn a_person_is_found_as_a_whole_and_in_every_writing(pool: PgPool) {
        let pattern = pattern(&["nora@harbor.example"], &["Nora \"No\" O'Hara"]).expect("pattern");
        let found = async |text: &str| -> bool {
            sqlx::query_scalar("select $1 ~* $2").bind(text).bind(&pattern).fetch_one(&pool).await.expect("match")
        };
        for yes in [
            "nora@harbor.example",
            "to NORA@harbor.example.",
            "https://acme.example/?e=nora%40harbor.example&x=1",
            "{\"a\": \"Nora \\\"No\\\" O'Hara\"}",
            "Nora+\"No\"+O'Hara",
            "letter-to-nora-\"No\"-o'hara.pdf",
        ] {
            assert!(found(yes).await, "{yes}");
        }
        for no in ["eleonora@harbor.example", "nora@harbor.example.org", "nora.nora@harbor.example", "42", "x", "Nora"]
        {
            assert!(!found(no).await, "{no}");
        }
    }
}
