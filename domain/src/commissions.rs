//! Commissions: what an event pays, and what a refund takes back.

mod judging;
mod suspicion;

pub use judging::{JudgeMany, Judged, MOST_JUDGED, Verdict};
pub use suspicion::{Suspicion, ad_mark, mail_domain, review_reasons, shared_domain};

use crate::ids::{CommissionId, LeadId};
use crate::money::{Currency, Money, percent};
use crate::offers::{Brought, Duration, Rate, RateOf, Reward, Terms, Trigger};
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

impl CommissionStatus {
    /// Its name for people.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Review => "In review",
            Self::Held => "Held",
            Self::Due => "Due",
            Self::Paid => "Paid",
            Self::Reversed => "Reversed",
        }
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
    /// The lead that it is for; not there where it is for a sign-up or a sale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead_id: Option<LeadId>,
}

/// What happened, as far as rewards ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// What it is.
    pub trigger: Trigger,
    /// The sale's amount, or the deal's; zero where there is none.
    pub amount: Decimal,
    /// The program's currency.
    pub currency: Currency,
    /// The product sold, where reported.
    pub product: Option<&'a str>,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// When the customer's first sale happened; `None` where none was told before this one.
    pub first_sale_at: Option<DateTime<Utc>>,
    /// What the partner has brought, a sale included where it is one.
    pub figures: Brought,
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
                    if event.trigger == Trigger::LeadWon && reckoned.base.is_some_and(|value| value.is_zero()) {
                        let waits = "no deal value above zero is set. It is earned once the team sets one.";
                        passed_over.fail("deal_value", format!("{name}: {waits}"));
                    } else if reckoned.amount > Decimal::ZERO {
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
        let (trigger, others) = (event.trigger.noun(), "the partner's offers pay for other events");
        let why = if terms.is_empty() { "the partner has no offer" } else { others };
        passed_over.fail("offer", format!("Nothing is owed for a {trigger}: {why}."));
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
    if event.trigger != Trigger::Sale {
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
    match terms.rate_of(reward) {
        RateOf::Partner => why.pass("rate", "The partner has a rate of its own, which goes before the offer's."),
        RateOf::Group => {
            why.pass(
                "rate",
                format!("The group “{}” has a rate of its own, which goes before the offer's.", terms.group),
            );
        }
        RateOf::Offer => {}
    }
    let money = |amount| Money::new(amount, event.currency);
    let (base, rate, raw) = match tiered(rule, event, &mut why) {
        Rate::Flat(amount) => (None, None, amount),
        Rate::Percent(rate) => (Some(event.amount), Some(rate), event.amount * rate / Decimal::ONE_HUNDRED),
    };
    let rounded = event.currency.round(raw);
    let amount = rounded.max(rule.minimum.unwrap_or(rounded));
    let amount = event.currency.round(amount.min(rule.cap.unwrap_or(amount)));
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

/// The rate of the highest tier that the partner has reached, or the reward's own.
fn tiered(rule: &Reward, event: &Event<'_>, why: &mut Why) -> Rate {
    let Some(tiers) = &rule.tiers else { return rule.rate };
    let words = |figure| tiers.figure_words(figure, event.currency);
    let with = if event.trigger.is_of_leads() { "" } else { " with this one" };
    let has = words(event.figures.of(tiers.by)) + with;
    if let Some(tier) = tiers.reached(event.figures) {
        let rate = tier.rate.words(event.currency);
        why.pass("tier", format!("The partner has {has}: {rate} from {} on.", words(tier.from)));
        return tier.rate;
    }
    if let Some(first) = tiers.steps.first() {
        let rate = first.rate.words(event.currency);
        why.fail("tier", format!("The partner has {has}: {rate} begins at {}.", words(first.from)));
    }
    rule.rate
}

/// An example of what a reward pays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// `A customer pays $100.00`.
    pub event: String,
    /// What is earned.
    pub earned: Money,
    /// `for 12 months, held 30 days for refunds`.
    pub conditions: String,
}

impl Example {
    /// The example in one sentence, as the partner reads it.
    #[must_use]
    pub fn sentence(&self) -> String {
        let conditions = if self.conditions.is_empty() { String::new() } else { format!(", {}", self.conditions) };
        format!("{} → you earn {}{conditions}", self.event, self.earned)
    }
}

/// Examples of what terms pay, reckoned as real commissions are: one for each reward, bound and tier, and where several
/// rewards pay for one first sale, their sum.
#[must_use]
pub fn examples(terms: &Terms, currency: Currency) -> Vec<Example> {
    // About what a customer pays, also where a unit of the currency is worth little.
    let amount = if currency.decimals() == 0 { Decimal::from(10_000) } else { Decimal::ONE_HUNDRED };
    let mut examples = Vec::new();
    for reward in &terms.rewards {
        let one = Terms { rewards: vec![reward.clone()], ..terms.clone() };
        let nothing = |amount| (amount, Brought::default(), String::new());
        let mut stages = vec![nothing(amount)];
        stages.extend(beyond_bounds(reward, amount).map(nothing));
        for (tiers, tier) in reward.tiers.iter().flat_map(|tiers| tiers.steps.iter().map(move |tier| (tiers, tier))) {
            let customers = i64::try_from(tier.from).unwrap_or(i64::MAX);
            let figures = Brought { customers, revenue: tier.from };
            stages.push((amount, figures, format!(", once you have {}", tiers.figure_words(tier.from, currency))));
        }
        for (amount, figures, when) in stages {
            let event = example_event(reward, amount, currency, figures);
            let earned = earn(std::slice::from_ref(&one), &event).0.iter().map(|earned| earned.amount).sum();
            let conditions = Reward { tiers: None, minimum: None, cap: None, ..reward.clone() }.conditions(currency);
            examples.push(Example {
                event: format!("{}{when}", happening(reward, amount, currency)),
                earned: Money::new(earned, currency),
                conditions,
            });
        }
    }
    let first = |reward: &&Reward| reward.trigger == Trigger::Sale && reward.product.is_none();
    if let (Some(reward), true) = (terms.rewards.iter().find(first), terms.rewards.iter().filter(first).count() > 1) {
        let event = example_event(reward, amount, currency, Brought::default());
        let earned = earn(std::slice::from_ref(terms), &event).0.iter().map(|earned| earned.amount).sum();
        examples.push(Example {
            event: format!("In all: a customer's first payment of {}", Money::new(amount, currency)),
            earned: Money::new(earned, currency),
            conditions: String::new(),
        });
    }
    examples
}

/// A sale below a reward's minimum and one above its cap, where the usual one is neither.
fn beyond_bounds(reward: &Reward, usual: Decimal) -> impl Iterator<Item = Decimal> {
    // The sale of which the share is just the bound.
    let sale = |bound: Decimal| match reward.rate {
        Rate::Percent(rate) if rate > Decimal::ZERO => Some(bound * Decimal::ONE_HUNDRED / rate),
        _ => None,
    };
    let below =
        reward.minimum.and_then(sale).filter(|least| *least <= usual).map(|least| (least / Decimal::TWO).floor());
    let above = reward.cap.and_then(sale).filter(|most| *most >= usual).map(|most| (most * Decimal::TWO).ceil());
    [below, above].into_iter().flatten().filter(|sale| *sale > Decimal::ZERO)
}

fn example_event(reward: &Reward, amount: Decimal, currency: Currency, figures: Brought) -> Event<'_> {
    Event {
        trigger: reward.trigger,
        amount: if reward.trigger.has_amount() { amount } else { Decimal::ZERO },
        currency,
        product: reward.product.as_deref(),
        occurred_at: DateTime::UNIX_EPOCH,
        first_sale_at: None,
        figures,
    }
}

fn happening(reward: &Reward, amount: Decimal, currency: Currency) -> String {
    let amount = Money::new(amount, currency);
    let product = reward.product.as_ref().map(|product| format!(" for {product}")).unwrap_or_default();
    match reward.trigger {
        Trigger::SignUp => "A customer signs up".into(),
        Trigger::Sale => format!("A customer pays {amount}{product}"),
        Trigger::LeadQualified => "The team qualifies a lead of yours".into(),
        Trigger::LeadWon => format!("A lead of yours is won with a deal of {amount}"),
    }
}

/// What shall have been clawed back of a commission once `refunded` of its sale is refunded: in total, not in
/// addition. Rounded once, so that a full refund takes back exactly the commission.
#[must_use]
pub fn clawed_back_total(commission: Decimal, sale: Decimal, refunded: Decimal, currency: Currency) -> Decimal {
    if refunded >= sale { commission } else { currency.round(commission * refunded / sale) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::OfferId;
    use crate::offers::{Override, Tier, TierMeasure, Tiers};
    use proptest::prelude::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("instant")
    }

    fn dec(text: &str) -> Decimal {
        text.parse().expect("decimal")
    }

    fn eur() -> Currency {
        "EUR".parse().expect("currency")
    }

    fn reward(rate: Rate, duration: Duration) -> Reward {
        Reward {
            trigger: Trigger::Sale,
            rate,
            duration,
            hold_days: 30,
            product: None,
            minimum: None,
            cap: None,
            tiers: None,
        }
    }

    fn offer(name: &str, rewards: Vec<Reward>) -> Terms {
        Terms::new((OfferId(uuid::Uuid::nil()), 1, name.into()), &rewards, (String::new(), &[]), &[])
    }

    fn sale(amount: &str) -> Event<'static> {
        Event {
            trigger: Trigger::Sale,
            amount: dec(amount),
            currency: eur(),
            product: None,
            occurred_at: at("2026-11-20T12:00:00Z"),
            first_sale_at: None,
            figures: Brought::default(),
        }
    }

    fn amounts(terms: &[Terms], event: &Event<'_>) -> Vec<String> {
        earn(terms, event).0.iter().map(|earned| earned.amount.to_string()).collect()
    }

    #[test]
    fn minimum_cap_and_product_are_kept_to() {
        let percent = reward(Rate::Percent(dec("30")), Duration::Lifetime);
        let bounded = Reward { minimum: Some(dec("5")), cap: Some(dec("20")), ..percent.clone() };
        let terms = [offer("Bounded", vec![bounded])];
        assert_eq!(amounts(&terms, &sale("10")), ["5.00"], "3.00 is raised");
        assert_eq!(amounts(&terms, &sale("50")), ["15.00"]);
        assert_eq!(amounts(&terms, &sale("100")), ["20.00"], "30.00 is cut");
        let team = Reward { product: Some("Team".into()), ..percent.clone() };
        let terms = [offer("Team", vec![team]), offer("All", vec![Reward { rate: Rate::Flat(dec("1")), ..percent }])];
        assert_eq!(amounts(&terms, &Event { product: Some("Team"), ..sale("10") }), ["3.00"]);
        assert_eq!(amounts(&terms, &Event { product: Some("Solo"), ..sale("10") }), ["1.00"], "the next offer's turn");
        assert_eq!(amounts(&terms, &Event { trigger: Trigger::SignUp, ..sale("0") }), Vec::<String>::new());
    }

    fn tiers(by: TierMeasure, steps: &[(&str, &str)]) -> Option<Tiers> {
        let tier = |(from, rate): &(&str, &str)| Tier { from: dec(from), rate: Rate::Percent(dec(rate)) };
        Some(Tiers { by, steps: steps.iter().map(tier).collect() })
    }

    #[test]
    fn a_rate_of_one_s_own_goes_before_the_group_s_and_that_before_the_tiers() {
        let reward = Reward {
            tiers: tiers(TierMeasure::Customers, &[("10", "40")]),
            ..reward(Rate::Percent(dec("30")), Duration::Lifetime)
        };
        let rewards = [reward.clone(), reward.clone(), reward];
        let over = |reward, rate| Override { reward, rate: Rate::Percent(dec(rate)) };
        let id = OfferId(uuid::Uuid::nil());
        let terms = Terms::new(
            (id, 1, "A".into()),
            &rewards,
            ("VIP".into(), &[over(0, "33"), over(1, "35")]),
            &[over(0, "50")],
        );
        assert_eq!(terms.rates, [RateOf::Partner, RateOf::Group, RateOf::Offer]);
        let event = Event { figures: Brought { customers: 12, revenue: dec("5") }, ..sale("100") };
        assert_eq!(amounts(std::slice::from_ref(&terms), &event), ["50.00", "35.00", "40.00"]);
        let (earned, _) = earn(&[terms], &event);
        let told = |place: usize| earned[place].why.0[1].detail.clone();
        assert_eq!(told(1), "The group “VIP” has a rate of its own, which goes before the offer's.");
        assert_eq!(told(2), "The partner has 12 customers with this one: 40% from 10 customers on.");
    }

    #[test]
    fn examples_are_reckoned_as_commissions_are() {
        let bonus = Reward { hold_days: 0, ..reward(Rate::Flat(dec("20")), Duration::FirstSale) };
        let share = Reward {
            tiers: tiers(TierMeasure::Customers, &[("10", "40")]),
            cap: Some(dec("35")),
            ..reward(Rate::Percent(dec("30")), Duration::Months(12))
        };
        let told: Vec<_> = examples(&offer("A", vec![bonus, share]), eur()).iter().map(Example::sentence).collect();
        assert_eq!(
            told,
            [
                "A customer pays €100.00 → you earn €20.00, once, on their first sale, due at once",
                "A customer pays €100.00 → you earn €30.00, for 12 months, held 30 days for refunds",
                "A customer pays €234.00 → you earn €35.00, for 12 months, held 30 days for refunds",
                "A customer pays €100.00, once you have 10 customers → you earn €35.00, for 12 months, held 30 days for refunds",
                "In all: a customer's first payment of €100.00 → you earn €50.00",
            ]
        );
        let least = Reward { minimum: Some(dec("5")), ..reward(Rate::Percent(dec("30")), Duration::Lifetime) };
        let told: Vec<_> = examples(&offer("B", vec![least]), eur()).iter().map(Example::sentence).collect();
        assert_eq!(
            told[1],
            "A customer pays €8.00 → you earn €5.00, for as long as they pay, held 30 days for refunds"
        );
    }

    fn won(deal: &str) -> Event<'static> {
        Event { trigger: Trigger::LeadWon, ..sale(deal) }
    }

    #[test]
    fn a_lead_pays_by_the_first_offer_that_pays_for_it() {
        let of = |trigger, rate| Reward { trigger, ..reward(rate, Duration::FirstSale) };
        let deal = of(Trigger::LeadWon, Rate::Percent(dec("5")));
        let bonus = of(Trigger::LeadWon, Rate::Flat(dec("50")));
        let lead = of(Trigger::LeadQualified, Rate::Flat(dec("20")));
        let sales = offer("Sales", vec![reward(Rate::Percent(dec("30")), Duration::Lifetime)]);
        let terms = [sales.clone(), offer("Leads", vec![deal.clone(), bonus, lead.clone()]), offer("More", vec![deal])];
        assert_eq!(amounts(&terms, &won("1000")), ["50.00", "50.00"]);
        assert_eq!(amounts(&terms, &Event { trigger: Trigger::LeadQualified, ..sale("0") }), ["20.00"]);
        // A share of a value that isn't known waits, and the next offer doesn't pay instead.
        let (earned, passed_over) = earn(&terms, &won("0"));
        assert_eq!(earned.iter().map(|earned| earned.reward).collect::<Vec<_>>(), [1]);
        let checks: Vec<_> = passed_over.0.iter().map(|check| check.check.as_str()).collect();
        assert_eq!(checks, ["deal_value", "offer"]);
        let least = Reward { minimum: Some(dec("10")), ..terms[2].rewards[0].clone() };
        assert!(amounts(&[offer("Least", vec![least.clone()])], &won("0")).is_empty(), "the minimum is of a share");
        assert_eq!(amounts(&[offer("Least", vec![least])], &won("1")), ["10.00"]);
        let none = earn(&[sales], &won("1000")).1;
        assert_eq!(none.0[0].detail, "Nothing is owed for a won lead: the partner's offers pay for other events.");
        let told: Vec<_> = examples(&offer("Leads", vec![lead]), eur()).iter().map(Example::sentence).collect();
        assert_eq!(
            told,
            ["The team qualifies a lead of yours → you earn €20.00, once, when the team qualifies it, held 30 days"]
        );
    }

    #[test]
    fn a_full_refund_takes_back_exactly_the_commission() {
        let total = |refunded| clawed_back_total(dec("14.70"), dec("49.00"), dec(refunded), eur()).to_string();
        assert_eq!(total("0"), "0.00");
        assert_eq!(total("24.50"), "7.35");
        assert_eq!(total("0.01"), "0.00");
        assert_eq!(total("48.99"), "14.70");
        assert_eq!(total("49.00"), "14.70");
        let most = clawed_back_total(crate::money::MAX_AMOUNT, crate::money::MAX_AMOUNT, dec("999999999999.99"), eur());
        assert_eq!(most.to_string(), "999999999999.99", "the largest amounts don't overflow");
    }

    proptest! {
        /// Whatever the parts in which a sale is refunded, each takes something or nothing, and all of them together
        /// exactly the commission.
        #[test]
        fn any_split_of_refunds_takes_back_the_commission(
            cents in 1_i64..10_000_000,
            rate in 1_i64..1_000_000,
            cuts in proptest::collection::vec(0_i64..1_000, 0..12),
            code in prop::sample::select(vec!["EUR", "JPY", "KWD"]),
        ) {
            let currency: Currency = code.parse().expect("currency");
            let sale = Decimal::new(cents, currency.decimals());
            let commission = currency.round(sale * Decimal::new(rate, 6));
            let mut sums: Vec<i64> = cuts.iter().map(|cut| cents * cut / 1_000).chain([cents]).collect();
            sums.sort_unstable();
            let mut taken = Decimal::ZERO;
            for refunded in sums {
                let total = clawed_back_total(commission, sale, Decimal::new(refunded, currency.decimals()), currency);
                prop_assert!(total >= taken, "a further refund never gives back");
                prop_assert!(total <= commission);
                prop_assert!(total.scale() <= currency.decimals());
                taken = total;
            }
            prop_assert_eq!(taken, commission);
        }

        /// A percentage is off by at most half a minor unit, and never finer than one.
        #[test]
        fn a_percentage_is_rounded_once(cents in 1_i64..100_000_000_000, rate in 1_i64..1_000_000) {
            let (amount, rate) = (Decimal::new(cents, 2), Decimal::new(rate, 4));
            let terms = [offer("Any", vec![reward(Rate::Percent(rate), Duration::Lifetime)])];
            let event = Event { amount, ..sale("1") };
            let (earned, passed_over) = earn(&terms, &event);
            let exact = amount * rate / Decimal::ONE_HUNDRED;
            match earned.first() {
                Some(earned) => {
                    prop_assert!((earned.amount - exact).abs() <= dec("0.005"));
                    prop_assert_eq!(earned.amount.scale(), 2);
                    prop_assert_eq!((earned.base, earned.rate), (Some(amount), Some(rate)));
                }
                None => {
                    prop_assert!(exact < dec("0.005"));
                    prop_assert!(passed_over.0.iter().any(|check| check.check == "nothing"));
                }
            }
        }

        /// A share of a deal is rounded once and kept within its bounds; rewards of one offer add up, each by itself.
        #[test]
        fn shares_of_a_deal_add_up(
            units in 0_i64..100_000_000_000,
            rates in proptest::collection::vec(1_i64..1_000_000, 1..5),
            bounds in (0_i64..1_000, 1_000_i64..100_000_000),
            code in prop::sample::select(vec!["EUR", "JPY", "KWD"]),
        ) {
            let currency: Currency = code.parse().expect("currency");
            let unit = |units| Decimal::new(units, currency.decimals());
            let (deal, least, most) = (unit(units), unit(bounds.0), unit(bounds.1));
            let share = |rate: &i64| Reward {
                trigger: Trigger::LeadWon,
                minimum: Some(least),
                cap: Some(most),
                ..reward(Rate::Percent(Decimal::new(*rate, 4)), Duration::FirstSale)
            };
            let terms = [offer("Leads", rates.iter().map(share).collect())];
            let (earned, passed_over) = earn(&terms, &Event { amount: deal, currency, ..won("1") });
            prop_assert_eq!(earned.len() + passed_over.0.iter().filter(|check| ["deal_value", "nothing"].contains(&check.check.as_str())).count(), rates.len());
            prop_assert!(!deal.is_zero() || earned.is_empty());
            for one in &earned {
                let exact = deal * Decimal::new(rates[one.reward], 4) / Decimal::ONE_HUNDRED;
                let half = Decimal::new(5, currency.decimals() + 1);
                prop_assert!((one.amount - exact.clamp(least, most)).abs() <= half);
                prop_assert_eq!(one.amount.scale(), currency.decimals());
                prop_assert_eq!(one.base, Some(deal));
            }
            let sum: Decimal = earned.iter().map(|one| one.amount).sum();
            prop_assert_eq!(currency.round(sum), sum, "a sum of commissions is payable as it is");
        }

        /// "N months" are the sales before the first sale plus N calendar months; a first sale is paid once.
        #[test]
        fn months_are_calendar_months(first in 0_i64..80_000_000, later in 0_i64..80_000_000, months in 1_u32..25) {
            let first = at("2024-01-31T00:00:00Z") + chrono::Duration::seconds(first);
            let occurred_at = first + chrono::Duration::seconds(later);
            let event = Event { occurred_at, first_sale_at: Some(first), ..sale("10") };
            let pays = |duration| !earn(&[offer("A", vec![reward(Rate::Flat(Decimal::ONE), duration)])], &event).0.is_empty();
            let end = first.checked_add_months(Months::new(months)).expect("instant");
            prop_assert_eq!(pays(Duration::Months(months)), occurred_at < end);
            prop_assert!(pays(Duration::Lifetime));
            prop_assert!(!pays(Duration::FirstSale));
        }

        /// The rate is that of the highest tier reached, and the reward's below the first.
        #[test]
        fn the_highest_tier_reached_counts(
            mut from in proptest::collection::btree_set(1_i64..1_000, 1..8),
            customers in 0_i64..1_100,
            by_revenue in any::<bool>(),
        ) {
            let steps: Vec<_> = (2..).zip(&from).map(|(rate, from)| Tier { from: (*from).into(), rate: Rate::Flat(Decimal::from(rate)) }).collect();
            let by = if by_revenue { TierMeasure::Revenue } else { TierMeasure::Customers };
            let rule = Reward { tiers: Some(Tiers { by, steps }), ..reward(Rate::Flat(Decimal::ONE), Duration::Lifetime) };
            prop_assert!(rule.check(eur()).is_empty());
            // The other figure doesn't matter.
            let figures = if by_revenue {
                Brought { customers: 0, revenue: customers.into() }
            } else {
                Brought { customers, revenue: Decimal::ZERO }
            };
            from.retain(|from| *from <= customers);
            let earned = amounts(&[offer("A", vec![rule])], &Event { figures, ..sale("10") });
            prop_assert_eq!(earned, vec![format!("{}.00", from.len() + 1)]);
        }

        /// The first offer with a reward that matches pays, and those passed over are all named.
        #[test]
        fn the_first_offer_that_matches_pays(products in proptest::collection::vec(0_u8..3, 0..6)) {
            let terms: Vec<_> = products
                .iter()
                .map(|product| {
                    let only = Reward { product: Some(product.to_string()), ..reward(Rate::Flat(Decimal::ONE), Duration::Lifetime) };
                    offer(&product.to_string(), vec![only])
                })
                .collect();
            let (earned, passed_over) = earn(&terms, &Event { product: Some("1"), ..sale("10") });
            let first = products.iter().position(|product| *product == 1);
            prop_assert_eq!(earned.iter().map(|earned| earned.offer).collect::<Vec<_>>(), Vec::from_iter(first));
            let named = if products.is_empty() { 1 } else { products.len() - usize::from(first.is_some()) };
            prop_assert_eq!(passed_over.0.len(), named);
            if products.is_empty() {
                prop_assert_eq!(&passed_over.0[0].detail, "Nothing is owed for a sale: the partner has no offer.");
            }
        }
    }
}
