//! Commissions: what an event pays, and what a refund takes back.

use crate::ids::CommissionId;
use crate::money::{Currency, Money, percent};
use crate::offers::{Duration, Rate, Reward, Terms, Trigger};
use crate::why::Why;
use crate::words;
use chrono::{DateTime, Months, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

words! {
    /// Where a commission stands: `review → held → due → paid`, and `reversed` from any.
    pub enum CommissionStatus in "commission_status" {
        /// Waits for a person; posted to held.
        Review = "review",
        /// Waits for its hold to end.
        Held = "held",
        /// Awaiting payout.
        Due = "due",
        /// Settled by a payment.
        Paid = "paid",
        /// Taken back in full.
        Reversed = "reversed",
    }
}

/// A commission in an answer. Amounts are written with the currency's decimals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrackedCommission {
    /// Our id.
    pub id: CommissionId,
    /// Who earned it.
    pub partner_code: String,
    /// What it was earned for.
    pub trigger: Trigger,
    /// What the rate applied to; `None` where it is flat.
    pub base: Option<Decimal>,
    /// Percent, `20` for 20 %; `None` where it is flat.
    pub rate: Option<Decimal>,
    /// What was earned.
    pub amount: Decimal,
    /// ISO 4217.
    pub currency: Currency,
    /// Where it stands.
    pub status: CommissionStatus,
    /// When its hold ends, UTC; `None` in review.
    pub available_at: Option<DateTime<Utc>>,
    /// What was taken back of it so far; zero or above.
    pub clawed_back: Decimal,
}

/// What happened, as far as rewards ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// Sign-up or sale.
    pub trigger: Trigger,
    /// The sale's amount; zero for a sign-up.
    pub amount: Decimal,
    /// The program's currency.
    pub currency: Currency,
    /// The product sold, where reported.
    pub product: Option<&'a str>,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// When the customer's first sale happened; `None` where none was told before this one.
    pub first_sale_at: Option<DateTime<Utc>>,
}

/// A commission that an event earns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earned {
    /// Which of the terms, as its place in the list.
    pub offer: usize,
    /// Which reward of that offer, as its place in the list.
    pub reward: usize,
    /// What the rate applies to; `None` where it is flat.
    pub base: Option<Decimal>,
    /// Percent; `None` where it is flat.
    pub rate: Option<Decimal>,
    /// What is owed, rounded to the minor unit.
    pub amount: Decimal,
    /// When its hold ends.
    pub available_at: DateTime<Utc>,
    /// The checks that led to it.
    pub why: Why,
}

/// What an event earns under the terms: the first offer with a reward that matches pays, and its rewards add up.
///
/// The second part is why nothing, or nothing more, was earned: the offers and rewards passed over.
#[must_use]
pub fn earn(terms: &[Terms], event: &Event<'_>) -> (Vec<Earned>, Why) {
    let mut passed_over = Why::default();
    let mut earned = Vec::new();
    let mut matched = false;
    for (offer, terms) in terms.iter().enumerate() {
        if matched {
            passed_over.fail("offer", format!("Offer “{}” comes later: an offer before it pays.", terms.name));
            continue;
        }
        for (reward, rule) in terms.rewards.iter().enumerate().filter(|(_, rule)| rule.trigger == event.trigger) {
            let name = format!("Offer “{}”, version {}: {}", terms.name, terms.version, rule.sentence(event.currency));
            match applies(rule, event) {
                Ok(when) => {
                    matched = true;
                    let reckoned = reckon(offer, reward, rule, terms, event, &format!("{name}{when}."));
                    if reckoned.amount > Decimal::ZERO {
                        earned.push(reckoned);
                    } else {
                        passed_over.0.extend(reckoned.why.0);
                        passed_over.fail("nothing", "Less than half of the currency's smallest unit: nothing is owed.");
                    }
                }
                Err(reason) => passed_over.fail("offer", format!("{name}: {reason}")),
            }
        }
    }
    if earned.is_empty() && passed_over.0.is_empty() {
        passed_over.fail("offer", format!("No offer pays for a {}.", event.trigger.as_str().replace('_', "-")));
    }
    (earned, passed_over)
}

/// Whether a reward applies to an event: a clause for the explanation, or why not.
fn applies(rule: &Reward, event: &Event<'_>) -> Result<String, String> {
    if let Some(product) = &rule.product
        && event.product != Some(product.as_str())
    {
        return Err(format!("only for the product {product}."));
    }
    if event.trigger == Trigger::SignUp {
        return Ok(String::new());
    }
    let Some(first) = event.first_sale_at else {
        return Ok("; this is the first sale".into());
    };
    match rule.duration {
        // Also where this sale happened before it and was told later: a first sale is paid once.
        Duration::FirstSale => Err("only the first sale is paid.".into()),
        Duration::Lifetime => Ok("; for every sale".into()),
        Duration::Months(months) => {
            let end = first.checked_add_months(Months::new(months));
            if end.is_some_and(|end| event.occurred_at < end) {
                let month = (1..=months)
                    .find(|n| first.checked_add_months(Months::new(*n)).is_some_and(|end| event.occurred_at < end))
                    .unwrap_or(months);
                Ok(format!(" for {months} months; this is month {month}"))
            } else {
                Err(format!("the {months} months since the first sale are over."))
            }
        }
    }
}

fn reckon(offer: usize, reward: usize, rule: &Reward, terms: &Terms, event: &Event<'_>, sentence: &str) -> Earned {
    let mut why = Why::default();
    why.pass("offer", sentence);
    if terms.overridden {
        why.pass("rate", "The partner has a rate of its own, which goes before the offer's.");
    }
    let money = |amount| Money::new(amount, event.currency);
    let (base, rate, raw) = match rule.rate {
        Rate::Flat(amount) => (None, None, amount),
        Rate::Percent(rate) => (Some(event.amount), Some(rate), event.amount * rate / Decimal::ONE_HUNDRED),
    };
    let rounded = event.currency.round(raw);
    let amount = rounded.max(rule.minimum.unwrap_or(rounded));
    let amount = amount.min(rule.cap.unwrap_or(amount));
    let hold = match rule.hold_days {
        0 => "due at once".to_owned(),
        1 => "held 1 day".to_owned(),
        days => format!("held {days} days"),
    };
    let sum = match rate {
        Some(rate) => format!("{} × {} = {}", money(event.amount), percent(rate), money(rounded)),
        None => money(rounded).to_string(),
    };
    if amount > rounded {
        why.pass("minimum", format!("{sum}, raised to the minimum of {}, {hold}.", money(amount)));
    } else if amount < rounded {
        why.pass("cap", format!("{sum}, cut to the cap of {}, {hold}.", money(amount)));
    } else {
        why.pass("amount", format!("{sum}, {hold}."));
    }
    let available_at = event.occurred_at + chrono::Duration::days(rule.hold_days.into());
    Earned { offer, reward, base, rate, amount, available_at, why }
}

/// What shall have been clawed back of a commission once `refunded` of its sale is refunded: in total, not in
/// addition. Rounded once, so that a full refund takes back exactly the commission.
#[must_use]
pub fn clawed_back_total(commission: Decimal, sale: Decimal, refunded: Decimal, currency: Currency) -> Decimal {
    if refunded >= sale { commission } else { currency.round(commission * refunded / sale) }
}
