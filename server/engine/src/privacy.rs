//! Erasing a person: what stands in columns of its own is blanked by the rooms; here is what stands in words, beside the
//! data of others: explanations, notes, answers and logs.

use crate::{Error, Result};
use domain::ids::{CustomerId, EnrollmentId, ProgramId};
use domain::text::email_key;
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

/// What stands where a person stood.
pub(crate) const ERASED: &str = "[erased]";

/// A column in which words stand: its table, its name, and whether it is JSON. What holds a person in a column of its own
/// is none of these: the rooms blank it. A test looks through all columns there are.
type Column = (&'static str, &'static str, bool);

/// What programs read or Tributary writes: here only what can be nobody else's is sought. Where links and banners lead is
/// never touched: others live by it.
const RECORDED: &[Column] = &[
    ("api_answers", "answer", true),
    ("clicks", "referrer", false),
    ("clicks", "sub_id", false),
    ("clicks", "target", false),
    ("commissions", "why", true),
    ("links", "sub_id", false),
    ("links", "utm", true),
    ("payments", "why", true),
    ("referrals", "why", true),
    ("refunds", "why", true),
    ("sales", "why", true),
];

/// What people wrote: here full names are sought too.
const WRITTEN: &[Column] = &[
    ("audit_log", "details", true),
    ("audit_log", "subject", false),
    ("audit_log", "subject_path", false),
    ("enrollment_statuses", "reason", false),
    ("enrollments", "answers", true),
    ("journal_notes", "note", false),
    ("links", "name", false),
    ("partner_jobs", "task", true),
    ("partner_letters", "body", false),
    ("partner_letters", "subject", false),
    ("partner_notes", "note", false),
    ("payment_batches", "note", false),
    ("promo_codes", "description", false),
    ("refunds", "reason", false),
    ("sign_ups", "answers", true),
];

/// What people wrote that a copy of the program takes along: sought in all programs of the organization.
const COPIED: &[Column] = &[
    ("assets", "body", false),
    ("assets", "name", false),
    ("assets", "subject", false),
    ("files", "name", false),
    ("mail_templates", "body", false),
    ("mail_templates", "subject", false),
    ("portals", "share_text", false),
    ("portals", "share_texts", true),
    ("portals", "welcome", false),
    ("terms_versions", "body", false),
];

/// Where rows are about a partner, and which (`$3`): here any of its names is sought.
const OF_PARTNER: &[(Column, &str)] = &[
    (("referrals", "why", true), "enrollment_id = $3::uuid"),
    (("sales", "why", true), "enrollment_id = $3::uuid"),
    (("commissions", "why", true), "enrollment_id = $3::uuid"),
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
    select j.id from journals j
    left join commissions c on c.program_id = j.program_id and c.id = j.commission_id
    left join payments p on p.program_id = j.program_id and p.id = j.payment_id
    where j.program_id = $1 and (c.enrollment_id = $3::uuid or p.enrollment_id = $3::uuid))";

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
        where j.program_id = $1 and c.customer_id = $3::uuid)",
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

fn is_own_word(key: &str) -> bool {
    OWN_WORDS.contains(&key) || key.ends_with("_at")
}

/// Whose data it is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Whose {
    /// A partner.
    Partner(EnrollmentId),
    /// A customer.
    Customer(CustomerId),
}

impl Whose {
    fn id(self) -> Uuid {
        match self {
            Self::Partner(id) => id.0,
            Self::Customer(id) => id.0,
        }
    }
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

/// Half an erasure is none: it takes as long as it takes. The first thing that it does.
pub(crate) async fn take_time(conn: &mut PgConnection) -> Result<()> {
    sqlx::query("set local statement_timeout = 0").execute(conn).await?;
    Ok(())
}

/// Takes a person out of all words of the program. E-mails and ids are sought in all of them, names of more than one word
/// in what people wrote, and any name in the rows that are about the person. After its codes and ids have been renamed.
pub(crate) async fn scrub(
    conn: &mut PgConnection,
    program: ProgramId,
    whose: Whose,
    ids: &[&str],
    names: &[&str],
) -> Result<()> {
    let ids: Vec<&str> = ids.iter().map(|text| text.trim()).filter(|text| text.chars().count() >= 4).collect();
    let names: Vec<&str> = names.iter().map(|text| text.trim()).filter(|text| text.chars().count() >= 2).collect();
    let full: Vec<&str> = names.iter().copied().filter(|name| name.contains(char::is_whitespace)).collect();
    let rows = Rows { program, id: whose.id() };
    if let Some(found) = pattern(&ids, &[]) {
        for column in RECORDED {
            rows.take_out(conn, *column, "program_id = $1", &found).await?;
        }
        take_out_of_tops(conn, program, &found).await?;
    }
    if let Some(found) = pattern(&ids, &full) {
        for column in WRITTEN {
            rows.take_out(conn, *column, "program_id = $1", &found).await?;
        }
        let siblings = "program_id in (select p.id from programs o
                                       join programs p on p.organization_id = o.organization_id where o.id = $1)";
        for column in COPIED {
            rows.take_out(conn, *column, siblings, &found).await?;
        }
        crate::partners::job::forget(conn, program, &found).await?;
        sqlx::query("delete from outbox where program_id = $1 and concat_ws(' ', email, name, subject, body) ~* $2")
            .bind(program)
            .bind(&found)
            .execute(&mut *conn)
            .await?;
    }
    if let Some(found) = pattern(&ids, &names) {
        let about = match whose {
            Whose::Partner(_) => OF_PARTNER,
            Whose::Customer(_) => OF_CUSTOMER,
        };
        for (column, which) in about {
            rows.take_out(conn, *column, &format!("program_id = $1 and {which}"), &found).await?;
        }
    }
    Ok(())
}

/// Several values of a day may become the same word: each gets a number.
async fn take_out_of_tops(conn: &mut PgConnection, program: ProgramId, pattern: &str) -> Result<()> {
    sqlx::query(
        "with found as (
             select t.ctid as place,
                    row_number() over (partition by t.enrollment_id, t.day, t.facet order by t.value)
                    + (select count(*) from click_tops o
                       where o.program_id = $1 and o.enrollment_id = t.enrollment_id and o.day = t.day
                         and o.facet = t.facet and strpos(o.value, $3) = 1) as n
             from click_tops t where t.program_id = $1 and t.value ~* $2
         )
         update click_tops t set value = $3 || ' ' || f.n from found f where t.ctid = f.place and t.program_id = $1",
    )
    .bind(program)
    .bind(pattern)
    .bind(ERASED)
    .execute(conn)
    .await?;
    Ok(())
}

/// So many rows are read and written at once.
const AT_ONCE: usize = 1_000;

/// Rows of a program. Conditions on them know the program as `$1` and the id as `$3`.
pub(crate) struct Rows {
    /// Whose.
    pub program: ProgramId,
    /// Whom they are about.
    pub id: Uuid,
}

impl Rows {
    async fn take_out(&self, conn: &mut PgConnection, column: Column, which: &str, pattern: &str) -> Result<()> {
        let (table, name, json) = column;
        if json {
            for places in self.places(conn, table, name, which, pattern).await? {
                let mut values = self.values(conn, table, name, &places).await?;
                reword(conn, &mut values, |key| !is_own_word(key), pattern, ERASED).await?;
                self.keep(conn, table, name, values).await?;
            }
            return Ok(());
        }
        // Names of files stand in addresses.
        let instead = if table == "files" { "erased" } else { ERASED };
        // Tables, columns and conditions are those above.
        let statement = AssertSqlSafe(format!(
            "update {table} set {name} = regexp_replace({name}, $2, $4, 'gi')
             where $3::uuid is not null and {which} and {name} ~* $2"
        ));
        sqlx::query(statement).bind(self.program).bind(pattern).bind(self.id).bind(instead).execute(conn).await?;
        Ok(())
    }

    /// Where the rows are in whose JSON the pattern is found, locked, so many at a time: their values may be more than
    /// fits into memory.
    pub(crate) async fn places(
        &self,
        conn: &mut PgConnection,
        table: &str,
        column: &str,
        which: &str,
        pattern: &str,
    ) -> Result<Vec<Vec<String>>> {
        // As JSON writes it, a new line ends in a letter, which is none of the word after it.
        let text = format!(r"replace(replace(replace({column}::text, '\n', ' '), '\r', ' '), '\t', ' ')");
        self.places_where(conn, table, &format!("{which} and {text} ~* $2"), pattern).await
    }

    /// Where the rows are for which a condition holds, locked; it knows what is sought as `$2`.
    pub(crate) async fn places_where(
        &self,
        conn: &mut PgConnection,
        table: &str,
        condition: &str,
        sought: &str,
    ) -> Result<Vec<Vec<String>>> {
        let statement = AssertSqlSafe(format!(
            "select ctid::text from {table} where $3::uuid is not null and {condition} for no key update"
        ));
        let places: Vec<String> =
            sqlx::query_scalar(statement).bind(self.program).bind(sought).bind(self.id).fetch_all(conn).await?;
        Ok(places.chunks(AT_ONCE).map(<[String]>::to_vec).collect())
    }

    /// The JSON of the rows at these places, which are locked, so that they stay there.
    pub(crate) async fn values(
        &self,
        conn: &mut PgConnection,
        table: &str,
        column: &str,
        places: &[String],
    ) -> Result<Vec<(String, Value)>> {
        let statement = AssertSqlSafe(format!(
            "select c.place, t.{column} from {table} t join unnest($2::text[]) as c (place) on t.ctid = c.place::tid
             where t.program_id = $1"
        ));
        Ok(sqlx::query_as(statement).bind(self.program).bind(places).fetch_all(conn).await?)
    }

    /// Puts values back in their places.
    pub(crate) async fn keep(
        &self,
        conn: &mut PgConnection,
        table: &str,
        column: &str,
        values: Vec<(String, Value)>,
    ) -> Result<()> {
        if values.is_empty() {
            return Ok(());
        }
        let (places, values): (Vec<String>, Vec<String>) =
            values.into_iter().map(|(place, value)| (place, value.to_string())).unzip();
        let statement = AssertSqlSafe(format!(
            "update {table} t set {column} = c.value::jsonb
             from unnest($2::text[], $3::text[]) as c (place, value)
             where t.program_id = $1 and t.ctid = c.place::tid"
        ));
        sqlx::query(statement).bind(self.program).bind(places).bind(values).execute(conn).await?;
        Ok(())
    }
}

/// All texts of JSON, each with the name of its field; the names of fields are none.
fn texts<'a>(key: &'a str, value: &'a mut Value, found: &mut Vec<(&'a str, &'a mut String)>) {
    match value {
        Value::String(text) => found.push((key, text)),
        Value::Array(items) => {
            for item in items {
                texts(key, item, found);
            }
        }
        Value::Object(fields) => {
            for (key, value) in fields {
                texts(key, value, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Puts another word in the stead of those, where a field of one of these names is one of them.
pub(crate) fn rename(values: &mut [(String, Value)], keys: &[&str], is: impl Fn(&str) -> bool, instead: &str) {
    let mut found = Vec::new();
    for (_, value) in values {
        texts("", value, &mut found);
    }
    for (key, text) in found {
        if keys.contains(&key) && is(text) {
            instead.clone_into(text);
        }
    }
}

/// Replaces what the pattern finds in the texts of some fields.
pub(crate) async fn reword(
    conn: &mut PgConnection,
    values: &mut [(String, Value)],
    takes: fn(&str) -> bool,
    pattern: &str,
    instead: &str,
) -> Result<()> {
    let mut found = Vec::new();
    for (_, value) in values {
        texts("", value, &mut found);
    }
    found.retain(|(key, _)| takes(key));
    if found.is_empty() {
        return Ok(());
    }
    let before: Vec<String> = found.iter().map(|(_, text)| text.as_str().to_owned()).collect();
    let after: Vec<String> = sqlx::query_scalar(
        "select regexp_replace(t, $2, $3, 'gi') from unnest($1::text[]) with ordinality as w (t, n) order by n",
    )
    .bind(before)
    .bind(pattern)
    .bind(instead)
    .fetch_all(conn)
    .await?;
    for ((_, text), after) in found.into_iter().zip(after) {
        *text = after;
    }
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
