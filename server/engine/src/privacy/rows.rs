//! Rows in whose words somebody is sought: found, changed and kept by their keys.

use super::{Column, ERASED, is_name, is_no_own_word};
use crate::Result;
use domain::ids::ProgramId;
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

/// How a row of a table is found again beside its program: its key as a text, and the condition for that text as `c.place`.
fn key(table: &str) -> (&'static str, &'static str) {
    match table {
        "api_answers" => (
            "jsonb_build_array(t.call, t.event_id)::text",
            "t.call = c.place::jsonb ->> 0 and t.event_id = c.place::jsonb ->> 1",
        ),
        "lead_forms" => (
            "jsonb_build_array(t.group_id, t.version)::text",
            "t.group_id = (c.place::jsonb ->> 0)::uuid and t.version = (c.place::jsonb ->> 1)::integer",
        ),
        "lead_earnings" => (
            "jsonb_build_array(t.lead_id, t.trigger)::text",
            "t.lead_id = (c.place::jsonb ->> 0)::uuid and t.trigger::text = c.place::jsonb ->> 1",
        ),
        "portals" => ("t.program_id::text", "t.program_id = c.place::uuid"),
        _ => ("t.id::text", "t.id = c.place::uuid"),
    }
}

/// So many rows are read and written at once.
const AT_ONCE: usize = 1_000;

/// Rows of a program, by their keys. Conditions on them know the program as `$1` and the id as `$3`. These statements alone
/// are not checked when compiled: they are made from the lists beside them, all of which a test goes through.
pub(crate) struct Rows {
    /// Whose.
    pub program: ProgramId,
    /// Whom they are about.
    pub id: Uuid,
}

impl Rows {
    /// Takes what the pattern finds out of a column.
    pub(super) async fn take_out(
        &self,
        conn: &mut PgConnection,
        column: Column,
        which: &str,
        pattern: &str,
    ) -> Result<()> {
        let (table, name, json) = column;
        if json {
            for places in self.places(conn, table, name, which, pattern).await? {
                let mut values = self.values(conn, table, name, &places).await?;
                // Of a referral's terms the names alone: by the rest its commissions are reckoned.
                let takes: fn(&str) -> bool = if name == "terms" { is_name } else { is_no_own_word };
                reword(conn, &mut values, takes, pattern, ERASED).await?;
                self.keep(conn, table, name, values).await?;
            }
            return Ok(());
        }
        // Names of files stand in addresses.
        let instead = if table == "files" { "erased" } else { ERASED };
        // Tables, columns and conditions are those of the lists.
        let statement = AssertSqlSafe(format!(
            "update {table} set {name} = regexp_replace({name}, $2, $4, 'gi')
             where $3::uuid is not null and {which} and {name} ~* $2"
        ));
        sqlx::query(statement).bind(self.program).bind(pattern).bind(self.id).bind(instead).execute(conn).await?;
        Ok(())
    }

    /// The keys of the rows in whose JSON the pattern is found, locked, so many at a time: their values may be more than
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

    /// The keys of the rows for which a condition holds, locked; it knows what is sought as `$2`.
    pub(crate) async fn places_where(
        &self,
        conn: &mut PgConnection,
        table: &str,
        condition: &str,
        sought: &str,
    ) -> Result<Vec<Vec<String>>> {
        let (place, _) = key(table);
        let statement = AssertSqlSafe(format!(
            "select {place} from {table} t where $3::uuid is not null and {condition} for no key update"
        ));
        let places: Vec<String> =
            sqlx::query_scalar(statement).bind(self.program).bind(sought).bind(self.id).fetch_all(conn).await?;
        Ok(places.chunks(AT_ONCE).map(<[String]>::to_vec).collect())
    }

    /// The JSON of the rows at these places.
    pub(crate) async fn values(
        &self,
        conn: &mut PgConnection,
        table: &str,
        column: &str,
        places: &[String],
    ) -> Result<Vec<(String, Value)>> {
        let (_, there) = key(table);
        let statement = AssertSqlSafe(format!(
            "select c.place, t.{column} from {table} t join unnest($2::text[]) as c (place) on {there}
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
        let (_, there) = key(table);
        let statement = AssertSqlSafe(format!(
            "update {table} t set {column} = c.value::jsonb
             from unnest($2::text[], $3::text[]) as c (place, value)
             where t.program_id = $1 and {there}"
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
