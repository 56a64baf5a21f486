//! What the form of the first offer says, as an offer's rewards.

use access::Result;
use domain::offers::{Duration, Rate, Reward, Trigger};
use domain::text::FieldError;
use rust_decimal::Decimal;

/// The rewards that the form asks for.
pub(super) fn read(percent: &str, months: &str, flat: &str, hold_days: &str) -> Result<Vec<Reward>> {
    let mut wrong = Vec::new();
    let mut number = |field: &str, text: &str| {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        let number = text.parse::<Decimal>().ok();
        if number.is_none() {
            wrong.push(FieldError::new(field, "Type a number."));
        }
        number
    };
    let percent = number("percent", percent);
    let flat = number("flat", flat);
    let days = hold_days.trim().parse::<u32>();
    if days.is_err() {
        wrong.push(FieldError::new("hold_days", "Type a number of days; 0 for none."));
    }
    let duration = match months {
        "lifetime" => Duration::Lifetime,
        "first" => Duration::FirstSale,
        months => match months.parse() {
            Ok(months) => Duration::Months(months),
            Err(_) => return Err(access::Error::Malformed),
        },
    };
    if percent.is_none() && flat.is_none() && wrong.is_empty() {
        wrong.push(FieldError::new("percent", "Fill in this, an amount for each customer, or both."));
    }
    let (Ok(hold_days), true) = (days, wrong.is_empty()) else { return Err(access::Error::Invalid(wrong)) };
    let reward = |rate, duration| Reward {
        trigger: Trigger::Sale,
        rate,
        duration,
        hold_days,
        product: None,
        minimum: None,
        cap: None,
        tiers: None,
    };
    let share = percent.map(|percent| reward(Rate::Percent(percent), duration));
    let bounty = flat.map(|flat| reward(Rate::Flat(flat), Duration::FirstSale));
    Ok(share.into_iter().chain(bounty).collect())
}

/// The engine's words beside the form's own fields: it names `rewards[0].rate`.
pub(super) fn beside_fields(error: engine::Error) -> access::Error {
    let engine::Error::Invalid(fields) = error else { return error.into() };
    let own = |field: FieldError| {
        let name = match field.field.as_str() {
            "name" => "name",
            name if name.ends_with(".hold_days") => "hold_days",
            "rewards[1].rate" => "flat",
            _ => "percent",
        };
        FieldError::new(name, field.message)
    };
    access::Error::Invalid(fields.into_iter().map(own).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_becomes_read() {
        let made = read("30", "12", "20", "30").expect("valid");
        assert_eq!(made.len(), 2);
        assert_eq!((made[0].rate, made[0].duration), (Rate::Percent(Decimal::from(30)), Duration::Months(12)));
        assert_eq!((made[1].rate, made[1].duration), (Rate::Flat(Decimal::from(20)), Duration::FirstSale));
        assert_eq!(read("", "first", "5", "0").expect("flat alone").len(), 1);
    }

    #[test]
    fn an_offer_of_nothing_is_refused_beside_its_fields() {
        let refused = read("", "12", "", "x").expect_err("nothing");
        assert!(refused.of_field("hold_days").is_some());
        assert!(read("", "12", " ", "0").expect_err("nothing").of_field("percent").is_some());
        assert!(read("thirty", "12", "", "0").expect_err("words").of_field("percent").is_some());
    }
}
