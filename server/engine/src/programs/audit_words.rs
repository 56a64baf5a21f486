//! What a line of the audit log says, in words: its details are stored as JSON.

use serde_json::{Map, Value};

/// The details of a line, one figure on each: `Window days: 30 → 60`. What is no JSON stays as it is.
pub(super) fn words(details: &str) -> String {
    let Ok(value) = serde_json::from_str::<Value>(details) else { return details.to_owned() };
    let mut lines = Vec::new();
    tell("", &value, &mut lines);
    lines.join("\n")
}

fn tell(path: &str, value: &Value, lines: &mut Vec<String>) {
    if let Some(plain) = plain(value) {
        lines.push(if path.is_empty() { plain } else { format!("{path}: {plain}") });
        return;
    }
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}, {}", lowered(key)) };
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                tell(&below(&key_words(key)), value, lines);
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                let number = at + 1;
                let path = if path.is_empty() { number.to_string() } else { format!("{path} {number}") };
                tell(&path, item, lines);
            }
        }
        _ => {}
    }
}

/// What stands on one line.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some("none".to_owned()),
        Value::Bool(yes) => Some(if *yes { "yes" } else { "no" }.to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) if text.is_empty() => Some("none".to_owned()),
        Value::String(text) => Some(text.split_whitespace().collect::<Vec<_>>().join(" ")),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(plain).collect::<Option<_>>()?;
            Some(if items.is_empty() { "none".to_owned() } else { items.join(", ") })
        }
        Value::Object(fields) => change(fields).or_else(|| money(fields)),
    }
}

/// What something was before, and what it is now.
fn change(fields: &Map<String, Value>) -> Option<String> {
    let (before, after) = (fields.get("before")?, fields.get("after")?);
    if fields.len() != 2 {
        return None;
    }
    Some(format!("{} → {}", plain(before)?, plain(after)?))
}

fn money(fields: &Map<String, Value>) -> Option<String> {
    let (amount, currency) = (fields.get("amount")?.as_str()?, fields.get("currency")?.as_str()?);
    (fields.len() == 2).then(|| format!("{amount} {currency}"))
}

/// A field's name as words: `Window days`.
fn key_words(key: &str) -> String {
    let words = key.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn lowered(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn details_are_told_in_words() {
        for (details, told) in [
            ("{}", ""),
            (
                r#"{"amount": {"amount": "12.50", "currency": "EUR"}, "partner": "ada"}"#,
                "Amount: 12.50 EUR\nPartner: ada",
            ),
            (r#"{"window_days": {"before": 30, "after": 60}}"#, "Window days: 30 → 60"),
            (
                r#"{"next_time_zone": {"after": "Europe/Berlin", "before": null}}"#,
                "Next time zone: none → Europe/Berlin",
            ),
            (r#"{"before": "viewer", "after": "owner"}"#, "viewer → owner"),
            (
                r#"{"on": ["same_ip", "ad_click"], "removed": true, "tags": []}"#,
                "On: same_ip, ad_click\nRemoved: yes\nTags: none",
            ),
            (
                r#"{"reason": "Two\nlines", "rewards": [{"rate": "30", "tiers": {"by": "revenue"}}]}"#,
                "Reason: Two lines\nRewards 1, rate: 30\nRewards 1, tiers, by: revenue",
            ),
            (r#"[{"kind": "paypal", "offered": false}]"#, "1, kind: paypal\n1, offered: no"),
            ("by hand", "by hand"),
        ] {
            assert_eq!(words(details), told, "{details}");
        }
    }
}
