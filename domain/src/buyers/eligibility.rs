//! Whether a lead may be referred to a buyer: every criterion with its figures. The referral, the page on which a person
//! refers, and the report all ask here, so that they can't disagree.

use super::{ChargeAt, Schedule};
use crate::money::{Currency, Money};
use crate::partners::EnrollmentStatus;
use crate::places::{Area, Place};
use crate::why::Why;
use chrono::{DateTime, NaiveDateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// What is asked for: a lead, or any lead of a type at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked<'a> {
    /// The name of its type.
    pub lead_type: &'a str,
    /// Where it is.
    pub place: &'a Place,
    /// Whether its type needs a buyer with an authorisation number.
    pub needs_authorisation: bool,
    /// Within how many days a buyer is not sent the same lead again.
    pub duplicate_days: i32,
    /// To how many further buyers it may be referred.
    pub scope_left: i32,
    /// In which prices and funds are.
    pub currency: Currency,
    /// The instant at which it is asked.
    pub at: DateTime<Utc>,
}

/// The most leads a buyer is referred, and how many it was; zero is no limit. Days and months are the program's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caps {
    /// On a day.
    pub daily: i32,
    /// In a month.
    pub monthly: i32,
    /// Referred today, what finally failed taken off.
    pub today: i32,
    /// Referred this month, what finally failed taken off.
    pub this_month: i32,
}

/// What a buyer has agreed to for a type of leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Takes<'a> {
    /// Where; `None`: everywhere.
    pub areas: Option<&'a [Area]>,
    /// What a lead costs, in the program's currency; `None`: not agreed yet.
    pub price: Option<Decimal>,
    /// When that is charged.
    pub charge_at: ChargeAt,
    /// Its limits of this type.
    pub caps: Caps,
}

/// A buyer as it stands at the instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing<'a> {
    /// Its status as a partner.
    pub status: EnrollmentStatus,
    /// Whether leads are referred to it at all.
    pub is_buyer: bool,
    /// Whether it takes leads now, by its own switch.
    pub online: bool,
    /// Its authorisation number, or empty.
    pub authorisation: &'a str,
    /// What it takes of the type; `None`: nothing.
    pub takes: Option<Takes<'a>>,
    /// When it takes leads; `None`: always.
    pub schedule: Option<&'a Schedule>,
    /// The time on its own clock.
    pub local: NaiveDateTime,
    /// Its limits over all types.
    pub caps: Caps,
    /// What it can spend, without its credit; below zero where it has used some of that.
    pub funds: Decimal,
    /// How far below zero its funds may go.
    pub credit_limit: Decimal,
    /// When it was sent the same lead last, whoever brought it, UTC.
    pub sent: Option<DateTime<Utc>>,
}

/// The checks, all of them, in their order: the buyer is eligible where each passed.
#[must_use]
pub fn eligibility(asked: &Asked<'_>, buyer: &Standing<'_>) -> Why {
    let mut why = Why::default();
    let mut check = |name: &str, passed: bool, detail: String| match passed {
        true => why.pass(name, detail),
        false => why.fail(name, detail),
    };
    let status = buyer.status.as_str();
    let active = buyer.status == EnrollmentStatus::Active;
    check(
        "status",
        active && buyer.is_buyer,
        match buyer.is_buyer {
            true => format!("It is {status}."),
            false => "It is no buyer: no leads are referred to it.".to_owned(),
        },
    );
    check("online", buyer.online, if buyer.online { "It is online." } else { "It is offline." }.to_owned());
    let authorised = !buyer.authorisation.is_empty();
    check(
        "authorisation",
        authorised || !asked.needs_authorisation,
        match (asked.needs_authorisation, authorised) {
            (false, _) => "No authorisation number is needed.".to_owned(),
            (true, true) => format!("Its authorisation number is {}.", buyer.authorisation),
            (true, false) => "It has given no authorisation number, and this type needs one.".to_owned(),
        },
    );
    let kind = asked.lead_type;
    check(
        "lead_type",
        buyer.takes.is_some(),
        match buyer.takes {
            Some(_) => format!("It takes leads of the type {kind}."),
            None => format!("It takes no leads of the type {kind}."),
        },
    );
    if let Some(takes) = &buyer.takes {
        let (here, told) = location(takes.areas, asked.place);
        check("location", here, told);
    }
    let (open, told) = schedule(buyer);
    check("schedule", open, told);
    let overall = ("all its leads", buyer.caps);
    for (what, caps) in buyer.takes.iter().map(|takes| ("this type", takes.caps)).chain([overall]) {
        for (name, most, count, when) in [
            ("daily_limit", caps.daily, caps.today, "today"),
            ("monthly_limit", caps.monthly, caps.this_month, "this month"),
        ] {
            let limit = if most == 0 { "no limit".to_owned() } else { format!("a limit of {most}") };
            check(name, most == 0 || count < most, format!("{count} referred {when}, of {limit} for {what}."));
        }
    }
    if let Some(takes) = &buyer.takes {
        let money = |amount| Money::new(amount, asked.currency);
        match takes.price {
            None => check("price", false, "No price is agreed.".to_owned()),
            Some(price) => {
                let when = takes.charge_at.label().to_lowercase();
                check("price", true, format!("A lead costs {}, charged when it is {when}.", money(price)));
                let left = buyer.funds + buyer.credit_limit;
                let (funds, credit) = (money(buyer.funds), money(buyer.credit_limit));
                let told =
                    format!("Funds of {funds} and credit of {credit} are {}; it needs {}.", money(left), money(price));
                check("credit", left >= price, told);
            }
        }
    }
    let (fresh, told) = duplicate(asked, buyer.sent);
    check("duplicate", fresh, told);
    let scope = asked.scope_left;
    check(
        "scope",
        scope > 0,
        match scope {
            ..=0 => "The lead has been referred as often as it may be.".to_owned(),
            1 => "The lead may be referred once more.".to_owned(),
            many => format!("The lead may be referred {many} times more."),
        },
    );
    why
}

fn location(areas: Option<&[Area]>, place: &Place) -> (bool, String) {
    let Some(areas) = areas else { return (true, "It takes leads from all areas.".to_owned()) };
    match areas.iter().find(|area| area.holds(place)) {
        Some(area) => (true, format!("{} is in {}.", place.words(), area.words())),
        None => (false, format!("{} is in none of its {} areas.", place.words(), areas.len())),
    }
}

fn schedule(buyer: &Standing<'_>) -> (bool, String) {
    let Some(schedule) = buyer.schedule else { return (true, "It takes leads at any time.".to_owned()) };
    let now = buyer.local.format("%a %H:%M");
    if schedule.is_open(buyer.local) {
        return (true, format!("It is {now} there, within its hours."));
    }
    let next = schedule
        .opens(buyer.local)
        .map(|time| format!("; it takes leads again on {}", time.format("%a %-d %b, %H:%M")));
    (false, format!("It is {now} there, outside its hours{}.", next.unwrap_or_default()))
}

fn duplicate(asked: &Asked<'_>, sent: Option<DateTime<Utc>>) -> (bool, String) {
    let days = asked.duplicate_days;
    let Some(sent) = sent else { return (true, "It was never sent this lead.".to_owned()) };
    let ago = (asked.at - sent).num_days();
    let words = match ago {
        0 => "It was sent this lead today".to_owned(),
        1 => "It was sent this lead a day ago".to_owned(),
        many => format!("It was sent this lead {many} days ago"),
    };
    let again = asked.at - sent >= chrono::Duration::days(days.into());
    (again, format!("{words}; after {days} days it may be sent again."))
}

/// What would make a buyer eligible that failed a check.
#[must_use]
pub fn remedy(check: &str) -> &'static str {
    match check {
        "status" => "Activate the partner, and tick that leads are referred to it.",
        "online" => "The buyer goes online in its portal, or by text message.",
        "authorisation" => "The buyer gives its authorisation number under Account details.",
        "lead_type" => "Add the lead type under Referral setup.",
        "location" => "Add the area under Referral setup, or tick all areas.",
        "schedule" => "Wait for its hours, or change its delivery schedule.",
        "daily_limit" | "monthly_limit" => "Raise the limit, or wait until it begins anew.",
        "price" => "Agree a price under Referral setup.",
        "credit" => "Add a payment, or raise the credit limit.",
        "duplicate" => "Nothing: the buyer has this lead already.",
        "scope" => "Raise the referral scope of the lead type.",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buyers::Window;
    use chrono::{Duration, NaiveDate, NaiveTime, Weekday};
    use proptest::prelude::*;

    fn dec(text: &str) -> Decimal {
        text.parse().expect("decimal")
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_435_200, 0).expect("instant")
    }

    fn local() -> NaiveDateTime {
        NaiveDate::from_ymd_opt(2026, 11, 23).and_then(|day| day.and_hms_opt(12, 0, 0)).expect("time")
    }

    fn asked(place: &Place) -> Asked<'_> {
        let currency = "GBP".parse().expect("currency");
        Asked {
            lead_type: "Mortgages",
            place,
            needs_authorisation: false,
            duplicate_days: 90,
            scope_left: 1,
            currency,
            at: now(),
        }
    }

    fn buyer() -> Standing<'static> {
        let takes = Takes { areas: None, price: Some(dec("25")), charge_at: ChargeAt::Accepted, caps: Caps::default() };
        Standing {
            status: EnrollmentStatus::Active,
            is_buyer: true,
            online: true,
            authorisation: "",
            takes: Some(takes),
            schedule: None,
            local: local(),
            caps: Caps::default(),
            funds: dec("0"),
            credit_limit: dec("25"),
            sent: None,
        }
    }

    fn failed(asked: &Asked<'_>, buyer: &Standing<'_>) -> Vec<String> {
        let why = eligibility(asked, buyer);
        why.0
            .into_iter()
            .filter(|check| !check.passed)
            .map(|check| format!("{}: {}", check.check, check.detail))
            .collect()
    }

    #[test]
    fn each_criterion_fails_alone_and_says_why() {
        let place = Place::new("GB", "SW1A 1AA");
        let (all, good) = (asked(&place), buyer());
        assert!(failed(&all, &good).is_empty());
        let takes = good.takes.clone().expect("takes");
        let with = |takes: Takes<'static>| Standing { takes: Some(takes), ..good.clone() };
        let elsewhere: &'static [Area] = Box::leak(Box::new([Area::Postcodes("GB".into(), "SW10".into())]));
        let window = |from, to| {
            let time = |hour| NaiveTime::from_hms_opt(hour, 0, 0).expect("time");
            Window { day: Weekday::Mon, from: time(from), to: time(to) }
        };
        let closed: &'static Schedule =
            Box::leak(Box::new(Schedule { windows: vec![window(8, 12)], holidays: Vec::new() }));
        let full = Caps { daily: 3, today: 3, ..Caps::default() };
        let month = Caps { monthly: 30, this_month: 31, ..Caps::default() };
        for (buyer, told) in [
            (Standing { status: EnrollmentStatus::Paused, ..good.clone() }, "status: It is paused."),
            (Standing { is_buyer: false, ..good.clone() }, "status: It is no buyer: no leads are referred to it."),
            (Standing { online: false, ..good.clone() }, "online: It is offline."),
            (Standing { takes: None, ..good.clone() }, "lead_type: It takes no leads of the type Mortgages."),
            (
                with(Takes { areas: Some(elsewhere), ..takes.clone() }),
                "location: SW1A1AA, United Kingdom is in none of its 1 areas.",
            ),
            (
                Standing { schedule: Some(closed), ..good.clone() },
                "schedule: It is Mon 12:00 there, outside its hours; it takes leads again on Mon 30 Nov, 08:00.",
            ),
            (
                with(Takes { caps: full, ..takes.clone() }),
                "daily_limit: 3 referred today, of a limit of 3 for this type.",
            ),
            (
                Standing { caps: month, ..good.clone() },
                "monthly_limit: 31 referred this month, of a limit of 30 for all its leads.",
            ),
            (with(Takes { price: None, ..takes.clone() }), "price: No price is agreed."),
            (
                Standing { funds: dec("-0.01"), ..good.clone() },
                "credit: Funds of \u{2212}£0.01 and credit of £25.00 are £24.99; it needs £25.00.",
            ),
            (
                Standing { sent: Some(now() - Duration::days(89)), ..good.clone() },
                "duplicate: It was sent this lead 89 days ago; after 90 days it may be sent again.",
            ),
        ] {
            assert_eq!(failed(&all, &buyer), [told]);
        }
        assert!(failed(&all, &Standing { sent: Some(now() - Duration::days(90)), ..good.clone() }).is_empty());
        let strict = Asked { needs_authorisation: true, ..asked(&place) };
        assert_eq!(
            failed(&strict, &good),
            ["authorisation: It has given no authorisation number, and this type needs one."]
        );
        assert!(failed(&strict, &Standing { authorisation: "123456", ..good.clone() }).is_empty());
        let spent = Asked { scope_left: 0, ..asked(&place) };
        assert_eq!(failed(&spent, &good), ["scope: The lead has been referred as often as it may be."]);
        let every = eligibility(&all, &good);
        assert!(every.0.iter().all(|check| !remedy(&check.check).is_empty()), "each can be helped, or is told why not");
    }

    proptest! {
        /// Who is eligible can pay, and is below each of its limits.
        #[test]
        fn who_is_eligible_can_pay_and_is_below_its_limits(
            funds in -1000..1000_i64, credit in 0..500_i64, price in 0..500_i64,
            (daily, today, monthly, month) in (0..5_i32, 0..8_i32, 0..9_i32, 0..12_i32), scope in -1..3_i32,
        ) {
            let place = Place::default();
            let all = Asked { scope_left: scope, ..asked(&place) };
            let caps = Caps { daily, monthly, today, this_month: month };
            let (funds, credit, price) = (Decimal::from(funds), Decimal::from(credit), Decimal::from(price));
            let good = buyer();
            let takes = Takes { price: Some(price), ..good.takes.clone().expect("takes") };
            let buyer = Standing { funds, credit_limit: credit, caps, takes: Some(takes), ..good };
            let may = funds + credit >= price && (daily == 0 || today < daily) && (monthly == 0 || month < monthly) && scope > 0;
            prop_assert_eq!(failed(&all, &buyer).is_empty(), may);
        }
    }
}
