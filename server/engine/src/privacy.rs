//! Erasing a person: what stands in columns of its own is blanked by the rooms; here is what stands in words, beside the
//! data of others: explanations, notes, answers and logs.

use crate::{Error, Result};
use domain::ids::ProgramId;
use domain::text::email_key;
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

/// What stands where a person stood.
pub(crate) const ERASED: &str = "[erased]";

/// Columns of a program in which words stand, and whether they are JSON. What holds a person in a column of its own is
/// not here: the rooms blank it. A test looks through all columns there are.
const WORDS: &[(&str, &str, bool)] = &[
    ("api_answers", "answer", true),
    ("assets", "body", false),
    ("assets", "destination", false),
    ("assets", "name", false),
    ("assets", "subject", false),
    ("audit_log", "details", true),
    ("audit_log", "subject", false),
    ("audit_log", "subject_path", false),
    ("clicks", "referrer", false),
    ("clicks", "sub_id", false),
    ("clicks", "target", false),
    ("commissions", "why", true),
    ("enrollment_statuses", "reason", false),
    ("files", "name", false),
    ("journal_notes", "note", false),
    ("links", "destination", false),
    ("links", "name", false),
    ("links", "sub_id", false),
    ("links", "utm", true),
    ("partner_letters", "body", false),
    ("partner_letters", "subject", false),
    ("partner_notes", "note", false),
    ("payment_batches", "note", false),
    ("payments", "why", true),
    ("promo_codes", "description", false),
    ("referrals", "why", true),
    ("refunds", "reason", false),
    ("refunds", "why", true),
    ("sales", "why", true),
];

/// A text as a regular expression of Postgres that finds it, also as addresses and JSON write it.
fn found_as(text: &str) -> String {
    let mut pattern = String::new();
    for c in text.chars() {
        match c {
            '@' => pattern.push_str("(@|%40)"),
            ' ' => pattern.push_str("( |%20|[+])"),
            '"' => pattern.push_str("\\\\?\""),
            c if c.is_alphanumeric() || c == '-' || c == '_' => pattern.push(c),
            c if c.is_control() => pattern.push_str(".{1,6}"),
            c => {
                pattern.push('[');
                if c == '\\' || c == '^' || c == ']' || c == '[' {
                    pattern.push('\\');
                }
                pattern.push(c);
                pattern.push(']');
            }
        }
    }
    pattern
}

/// The regular expression that finds any of these texts as whole words; `None` where none is distinctive enough to be
/// sought among the data of others.
fn pattern(texts: &[&str]) -> Option<String> {
    let mut found: Vec<String> = texts
        .iter()
        .map(|text| text.trim())
        .filter(|text| text.chars().count() >= 4 && !text.chars().all(|c| c.is_ascii_digit() && text.len() < 7))
        .map(found_as)
        .collect();
    found.sort();
    found.dedup();
    (!found.is_empty()).then(|| format!("(?<![[:alnum:]._%+-])({})(?![[:alnum:]_-]|[.][[:alnum:]])", found.join("|")))
}

/// Takes these texts out of all words of the program, and of its mails.
pub(crate) async fn scrub(conn: &mut PgConnection, program: ProgramId, texts: &[&str]) -> Result<()> {
    let Some(pattern) = pattern(texts) else { return Ok(()) };
    // However many rows there are: half an erasure is none.
    sqlx::query("set local statement_timeout = 0").execute(&mut *conn).await?;
    for (table, column, json) in WORDS {
        let back = if *json { "::jsonb" } else { "" };
        // Tables and columns are those above.
        let statement = AssertSqlSafe(format!(
            "update {table} set {column} = regexp_replace({column}::text, $2, $3, 'gi'){back}
             where program_id = $1 and {column}::text ~* $2"
        ));
        sqlx::query(statement).bind(program).bind(&pattern).bind(ERASED).execute(&mut *conn).await?;
    }
    // Several values of a day may become the same word: each gets a number.
    sqlx::query(
        "with found as (
             select ctid, row_number() over (partition by enrollment_id, day, facet order by value) as n
             from click_tops where program_id = $1 and value ~* $2
         )
         update click_tops t set value = $3 || ' ' || f.n from found f where t.ctid = f.ctid and t.program_id = $1",
    )
    .bind(program)
    .bind(&pattern)
    .bind(ERASED)
    .execute(&mut *conn)
    .await?;
    sqlx::query("delete from outbox where program_id = $1 and concat_ws(' ', email, name, subject, body) ~* $2")
        .bind(program)
        .bind(&pattern)
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
        let pattern = pattern(&["nora@harbor.example", "Nora \"No\" O'Hara", "42", "x"]).expect("pattern");
        let found = async |text: &str| -> bool {
            sqlx::query_scalar("select $1 ~* $2").bind(text).bind(&pattern).fetch_one(&pool).await.expect("match")
        };
        for yes in [
            "nora@harbor.example",
            "to NORA@harbor.example.",
            "https://acme.example/?e=nora%40harbor.example&x=1",
            "{\"a\": \"Nora \\\"No\\\" O'Hara\"}",
            "Nora+\"No\"+O'Hara",
        ] {
            assert!(found(yes).await, "{yes}");
        }
        for no in ["eleonora@harbor.example", "nora@harbor.example.org", "nora.nora@harbor.example", "42", "x", "Nora"]
        {
            assert!(!found(no).await, "{no}");
        }
    }
}
