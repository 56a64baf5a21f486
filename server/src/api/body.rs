//! Reading a body: JSON, or XML where that is taken too, of at most 64 KiB with known fields only, each refusal with its own
//! status.

use super::xml;
use crate::problem::Problem;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use http::{HeaderMap, header};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The largest body, in bytes.
pub const BODY_LIMIT: usize = 64 * 1024;

/// A JSON body, read into its type.
#[derive(Clone, Copy, Debug)]
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        Ok(Self(typed(read(request, state).await?)?))
    }
}

/// A body of JSON, or of XML with the same names, read into its type.
#[derive(Clone, Copy, Debug)]
pub struct JsonOrXml<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonOrXml<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if is_kind(request.headers(), "application/xml") {
            let value = xml::read(&Bytes::from_request(request, state).await?)?;
            check_texts(&value, &mut String::new())?;
            return Ok(Self(typed(value)?));
        }
        if !is_kind(request.headers(), "application/json") {
            return Err(Problem::unsupported("Send application/json or application/xml."));
        }
        Ok(Self(typed(read(request, state).await?)?))
    }
}

async fn read<S: Send + Sync>(request: Request, state: &S) -> Result<Value, Problem> {
    if !is_kind(request.headers(), "application/json") {
        return Err(Problem::unsupported("Send application/json."));
    }
    let bytes = Bytes::from_request(request, state).await?;
    let value = serde_json::from_slice(&bytes)
        .map_err(|error| Problem::bad_request(format!("The body is not JSON: {error}.")))?;
    check_texts(&value, &mut String::new())?;
    Ok(value)
}

/// Whether a body is said to be of this kind.
pub fn is_kind(headers: &HeaderMap, kind: &str) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|told| told.trim().eq_ignore_ascii_case(kind))
}

/// Postgres' texts hold any character but NUL.
fn check_texts(value: &Value, path: &mut String) -> Result<(), Problem> {
    const WORDS: &str = "The character NUL is not allowed.";
    let length = path.len();
    let step = |path: &mut String, name: &str| {
        if length > 0 {
            path.push('.');
        }
        path.push_str(name);
    };
    match value {
        Value::String(text) if text.contains('\0') => return Err(Problem::field(path.as_str(), WORDS)),
        Value::Array(values) => {
            for (place, value) in values.iter().enumerate() {
                step(path, &place.to_string());
                check_texts(value, path)?;
                path.truncate(length);
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                step(path, name);
                check_texts(value, path)?;
                path.truncate(length);
            }
        }
        _ => {}
    }
    Ok(())
}

/// Reads a value into its type; a wrong or unknown field is 422 under its name.
pub fn typed<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    if !value.is_object() {
        return Err(Problem::field("", "The body must be a JSON object."));
    }
    serde_path_to_error::deserialize(value)
        .map_err(|error| field_problem(&error.path().to_string(), &error.inner().to_string()))
}

/// What serde says of a field, as 422 under that field's name.
pub fn field_problem(path: &str, words: &str) -> Problem {
    let path = if path == "." { "" } else { path };
    let within = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    // serde names a missing field in its words, not in the path.
    if let Some(name) = words.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
        return Problem::field(within(name), "This field is required.");
    }
    if let Some(name) = words.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next()) {
        let named = path == name || path.ends_with(&format!(".{name}"));
        return Problem::field(if named { path.to_owned() } else { within(name) }, "There is no such field.");
    }
    Problem::field(path, sentence(words))
}

/// serde's words as a sentence.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    let end = if words.ends_with('.') { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::json;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        amount: String,
        #[serde(default)]
        inner: Option<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        name: String,
    }

    fn field(value: Value) -> String {
        let problem = typed::<Outer>(value).map(|outer| (outer.amount, outer.inner.map(|inner| inner.name))).err();
        problem.and_then(|problem| problem.errors.first().map(|error| error.field.clone())).unwrap_or_default()
    }

    #[test]
    fn the_field_at_fault_is_named() {
        assert_eq!(field(json!({"amount": "1", "typo": 1})), "typo");
        assert_eq!(field(json!({"amount": "1", "inner": {"name": "a", "typo": 1}})), "inner.typo");
        assert_eq!(field(json!({"amount": "1", "inner": {}})), "inner.name");
        assert_eq!(field(json!({"amount": "1", "inner": {"name": 7}})), "inner.name");
        assert_eq!(field(json!({})), "amount");
    }

    #[test]
    fn nul_is_refused_wherever_it_stands() {
        let problem = check_texts(&json!({"a": {"b": ["x", "y\0"]}}), &mut String::new()).err();
        assert_eq!(
            problem.and_then(|problem| problem.errors.first().map(|error| error.field.clone())),
            Some("a.b.1".into())
        );
    }
}
