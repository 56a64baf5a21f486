//! What a line of the audit log says, in words: its details are stored as JSON.

use domain::ids::OfferId;
use domain::money::{Currency, Money};
use domain::offers::Reward;
use domain::partners::OfferChoice;
use domain::payments::PayoutMethod;
use domain::programs::audit::{field_words, value_words};
use serde_json::{Map, Value};
use std::collections::HashMap;

/// What must be known of a program to tell its details.
pub(super) struct Words {
    /// The currency of its rewards.
    pub currency: Currency,
    /// The names of its offers.
    pub offers: HashMap<OfferId, String>,
}

/// Of which act, and in which field, a value is.
type Place<'a> = (&'a str, &'a str);

/// Pairs of fields that tell what something was, and what it is now.
const CHANGES: [[&str; 2]; 2] = [["before", "after"], ["from", "to"]];

impl Words {
    /// The details of a line, one figure on each: `Window days: 30 → 60`. What is no JSON stays as it is.
    pub(super) fn told(&self, action: &str, details: &str) -> String {
        let Ok(value) = serde_json::from_str::<Value>(details) else { return details.to_owned() };
        let mut lines = Vec::new();
        self.tell((action, ""), "", &value, &mut lines);
        lines.join("\n")
    }

    fn tell(&self, place: Place<'_>, path: &str, value: &Value, lines: &mut Vec<String>) {
        let line = |words: String| if path.is_empty() { words } else { format!("{path}: {words}") };
        // What fills all details gets a line for each.
        if let Some(plain) = self.plain(place, value).filter(|_| !(path.is_empty() && value.is_array())) {
            lines.push(line(plain));
            return;
        }
        match value {
            Value::Object(fields) => {
                let change = self.change(place, fields);
                let told = change.as_ref().map_or([""; 2], |(pair, _)| *pair);
                if let Some((pair, words)) = change
                    && fields.get(pair[0]) != fields.get(pair[1])
                {
                    lines.push(line(words));
                }
                for (field, value) in fields {
                    // Reasons that weren't given are none.
                    let empty = field == "reason" && value.as_str() == Some("");
                    if empty || told.contains(&field.as_str()) {
                        continue;
                    }
                    let words = field_words(field);
                    let below = if path.is_empty() { words } else { format!("{path}, {}", lowered(&words)) };
                    self.tell((place.0, field.as_str()), &below, value, lines);
                }
            }
            Value::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    let number = at + 1;
                    match (path.is_empty(), self.plain(place, item)) {
                        (true, Some(plain)) => lines.push(plain),
                        (true, None) => self.tell(place, &number.to_string(), item, lines),
                        (false, _) => self.tell(place, &format!("{path} {number}"), item, lines),
                    }
                }
            }
            _ => {}
        }
    }

    /// What stands on one line.
    fn plain(&self, place: Place<'_>, value: &Value) -> Option<String> {
        match value {
            Value::Null => Some("none".to_owned()),
            Value::Bool(yes) => Some(if *yes { "yes" } else { "no" }.to_owned()),
            Value::Number(number) => Some(number.to_string()),
            Value::String(text) if text.is_empty() => Some("none".to_owned()),
            Value::String(text) => Some(
                value_words(place.0, place.1, text)
                    .unwrap_or_else(|| text.split_whitespace().collect::<Vec<_>>().join(" ")),
            ),
            Value::Array(items) => {
                let items: Vec<String> = items.iter().map(|item| self.plain(place, item)).collect::<Option<_>>()?;
                let between = if items.iter().any(|item| item.contains(", ")) { "; " } else { ", " };
                Some(if items.is_empty() { "none".to_owned() } else { items.join(between) })
            }
            Value::Object(fields) => self
                .change(place, fields)
                .filter(|_| fields.len() == 2)
                .map(|(_, words)| words)
                .or_else(|| money(fields))
                .or_else(|| self.thing(value, fields)),
        }
    }

    /// What something was before, and what it is now, with the two fields that say so.
    fn change(&self, place: Place<'_>, fields: &Map<String, Value>) -> Option<([&'static str; 2], String)> {
        CHANGES.into_iter().find_map(|pair| {
            let side = |field: &str| {
                let value = fields.get(field)?;
                self.plain(place, value).or_else(|| switches(value))
            };
            Some((pair, format!("{} → {}", side(pair[0])?, side(pair[1])?)))
        })
    }

    /// What has words of its own: a reward, an offer that somebody has, a way to pay.
    fn thing(&self, value: &Value, fields: &Map<String, Value>) -> Option<String> {
        if fields.contains_key("trigger") {
            let reward = serde_json::from_value::<Reward>(value.clone()).ok()?.words(self.currency);
            return Some(format!("{}, {}", reward.sentence, reward.conditions));
        }
        if fields.contains_key("offer") {
            let OfferChoice { offer, overrides } = serde_json::from_value(value.clone()).ok()?;
            let name = self.offers.get(&offer).map_or("an offer that is gone", String::as_str);
            let own: Vec<_> = overrides
                .iter()
                .map(|own| format!("{} for reward {}", own.rate.words(self.currency), own.reward + 1))
                .collect();
            return Some(if own.is_empty() { name.to_owned() } else { format!("{name} ({})", own.join(", ")) });
        }
        if fields.contains_key("offered") {
            let PayoutMethod { kind, offered, countries, minimum } = serde_json::from_value(value.clone()).ok()?;
            if !offered {
                return Some(format!("{}: not offered", kind.label()));
            }
            let places =
                if countries.is_empty() { "everywhere".to_owned() } else { format!("in {}", countries.join(", ")) };
            let least = minimum.map(|least| format!(", from {} on", Money::new(least, self.currency)));
            return Some(format!("{}: offered {places}{}", kind.label(), least.unwrap_or_default()));
        }
        None
    }
}

/// Of things that are each on or off, those that are on.
fn switches(value: &Value) -> Option<String> {
    let each = value.as_object()?.iter().map(|(field, on)| Some((field, on.as_bool()?)));
    let each: Vec<_> = each.collect::<Option<_>>()?;
    let on: Vec<_> = each.into_iter().filter(|(_, on)| *on).map(|(field, _)| lowered(&field_words(field))).collect();
    Some(if on.is_empty() { "none".to_owned() } else { on.join(", ") })
}

fn money(fields: &Map<String, Value>) -> Option<String> {
    let (amount, currency) = (fields.get("amount")?.as_str()?, fields.get("currency")?.as_str()?);
    (fields.len() == 2).then(|| format!("{amount} {currency}"))
}

fn lowered(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_are_told_in_words() {
        let offer: OfferId = "01900000-0000-7000-8000-000000000001".parse().expect("id");
        let currency = "EUR".parse().expect("currency");
        let words = Words { currency, offers: HashMap::from([(offer, "Standard".to_owned())]) };
        for (action, details, told) in [
            ("", "{}", ""),
            (
                "promo_code.create",
                r#"{"amount": {"amount": "12.50", "currency": "EUR"}, "partner": "ada"}"#,
                "Amount: 12.50 EUR\nPartner: ada",
            ),
            ("program.update", r#"{"window_days": {"before": 30, "after": 60}}"#, "Window days: 30 → 60"),
            (
                "program.update",
                r#"{"next_time_zone": {"after": "Europe/Berlin", "before": null}}"#,
                "Next time zone: none → Europe/Berlin",
            ),
            ("partner.set_tags", r#"{"how_many": {"before": 0, "after": 2}}"#, "How many: 0 → 2"),
            ("partner.see_as", r#"{"minutes": 60}"#, "Minutes at most: 60"),
            ("team.change_role", r#"{"before": "viewer", "after": "owner"}"#, "viewer → owner"),
            ("partner.pause", r#"{"from": "active", "to": "paused", "reason": ""}"#, "active → paused"),
            ("customer.reassign", r#"{"from": null, "reason": "By hand", "to": "new"}"#, "none → new\nReason: By hand"),
            ("lead.set_stage", r#"{"from": "new", "to": "closed_won"}"#, "New → Closed Won"),
            (
                "program.fraud_checks",
                r#"{"on": ["same_ip", "ad_click"]}"#,
                "Checks that are on: Same address for click and sign-up, Paid advertisement",
            ),
            ("portal.logo", r#"{"removed": true, "tags": []}"#, "Removed: yes\nTags: none"),
            (
                "portal.pages",
                r#"{"hidden": {"affiliate": ["links"], "buyer": []}}"#,
                "Hidden pages, affiliate: Links\nHidden pages, buyer: none",
            ),
            (
                "partner.update",
                r#"{"kinds": {"before": {"affiliate": true, "buyer": false}, "after": {"affiliate": true, "buyer": true}},
                    "payout_method": {"before": "", "after": "paypal"}}"#,
                "Kinds: affiliate → affiliate, buyer\nPayout method: none → PayPal",
            ),
            (
                "partner.set_offers",
                r#"{"offers": [{"offer": "01900000-0000-7000-8000-000000000001",
                                "overrides": [{"reward": 0, "rate": {"percent": "40"}}]}]}"#,
                "Offers: Standard (40% for reward 1)",
            ),
            (
                "offer.edit",
                r#"{"before": [{"trigger": "sale", "rate": {"percent": "30"}, "duration": "lifetime", "hold_days": 0}],
                    "after": [{"trigger": "sale", "rate": {"flat": "5"}, "duration": "first_sale", "hold_days": 1}],
                    "version": 2}"#,
                "30% of every sale, for as long as they pay, due at once → \
                 €5.00 for each customer, once, on their first sale, held 1 day for refunds\nVersion: 2",
            ),
            (
                "program.payout_methods",
                r#"[{"kind": "paypal", "offered": false}, {"kind": "iban", "offered": true, "countries": ["DE", "FR"]}]"#,
                "PayPal: not offered\nBank account (IBAN): offered in DE, FR",
            ),
            // What nobody knows any more is told as it stands.
            (
                "offer.create",
                r#"{"reason": "Two\nlines", "rewards": [{"rate": "30", "tiers": {"by": "revenue"}}]}"#,
                "Reason: Two lines\nRewards 1, rate: 30\nRewards 1, tiers, by: revenue",
            ),
            ("", "by hand", "by hand"),
        ] {
            assert_eq!(words.told(action, details), told, "{details}");
        }
    }
}
