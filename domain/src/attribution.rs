//! Attribution: whose customer is it? Declared order, the first that applies.

use crate::customers::LONGEST;
use crate::ids::ReferralId;
use crate::programs::SelfReferralRule;
use crate::text::{FieldError, check_lines, email_key, email_normalised};
use crate::why::{Check, Why};
use crate::words;
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

words! {
    /// What attributed a customer.
    pub enum Source in "referral_source" {
        /// An admin assigned it.
        Manual = "manual",
        /// The promo code that the customer used.
        PromoCode = "promo_code",
        /// The partner code that the customer named.
        PartnerCode = "partner_code",
        /// A lead with the customer's e-mail.
        Lead = "lead",
        /// The click whose id the company sent.
        Click = "click",
        /// The click in Tributary's own cookie.
        Cookie = "cookie",
    }
}

/// The steps of attribution, in the order in which they are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// An admin assigns the customer.
    Manual,
    /// A promo code was sent.
    PromoCode,
    /// A partner code was sent.
    PartnerCode,
    /// A lead with the customer's e-mail that the team has reviewed.
    QualifiedLead,
    /// A click id was sent.
    Click,
    /// A click is known by Tributary's own cookie.
    Cookie,
    /// A lead with the customer's e-mail that nobody has reviewed.
    UnreviewedLead,
}

impl Step {
    /// Every step, in order.
    pub const ALL: &'static [Self] = &[
        Self::Manual,
        Self::PromoCode,
        Self::PartnerCode,
        Self::QualifiedLead,
        Self::Click,
        Self::Cookie,
        Self::UnreviewedLead,
    ];

    /// What attributes a customer by this step.
    #[must_use]
    pub fn source(self) -> Source {
        match self {
            Self::Manual => Source::Manual,
            Self::PromoCode => Source::PromoCode,
            Self::PartnerCode => Source::PartnerCode,
            Self::QualifiedLead | Self::UnreviewedLead => Source::Lead,
            Self::Click => Source::Click,
            Self::Cookie => Source::Cookie,
        }
    }
}

/// How long what points to a partner counts, in days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    /// Clicks.
    pub click_days: i32,
    /// Leads.
    pub lead_days: i32,
}

impl Windows {
    fn of(self, step: Step) -> i32 {
        if step.source() == Source::Lead { self.lead_days } else { self.click_days }
    }
}

/// What a company sent with an event that may point to a partner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pointers<'a> {
    /// A promo code that the customer used.
    pub promo_code: Option<&'a str>,
    /// A partner code that the customer named.
    pub partner_code: Option<&'a str>,
    /// A click's id, as the link put it in `tid`.
    pub click_id: Option<&'a str>,
}

impl Pointers<'_> {
    /// Whether nothing was sent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.promo_code.is_none() && self.partner_code.is_none() && self.click_id.is_none()
    }

    /// Checks the texts. A code or id that nobody has is no error: attribution explains it.
    #[must_use]
    pub fn check(&self) -> Vec<FieldError> {
        check_lines(&[
            ("click_id", self.click_id, LONGEST),
            ("promo_code", self.promo_code, LONGEST),
            ("partner_code", self.partner_code, LONGEST),
        ])
    }
}

/// A referral in an answer: to whom a customer is attributed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrackedReferral {
    /// Our id.
    pub id: ReferralId,
    /// The partner's code.
    pub partner_code: String,
    /// What attributed the customer.
    pub source: Source,
    /// When the event happened that attributed it, UTC.
    pub attributed_at: DateTime<Utc>,
}

/// Something that points to a partner: what the use case found under the code or click id that was sent, or under the
/// customer's e-mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Which step it belongs to.
    pub step: Step,
    /// What was sent, as people know it: `promo code ADA20`, `click on /r/acme/ada`.
    pub label: String,
    /// What was found.
    pub found: Found,
}

/// What is known of what was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing in this program has that code or id.
    Unknown,
    /// The code or link is switched off.
    Disabled,
    /// The team has turned the lead of the partner with this code down.
    TurnedDown(String),
    /// A partner.
    Partner {
        /// Its code.
        partner_code: String,
        /// Whether the enrollment was active when the event happened.
        active: bool,
        /// The partner's own e-mail addresses.
        emails: Vec<String>,
        /// When the click was made or the lead was added, where it is one of them.
        made_at: Option<DateTime<Utc>>,
    },
}

/// What attribution decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The candidate that won, as its place in the list; `None`: no referral.
    pub winner: Option<usize>,
    /// Whether its commissions wait for a person.
    pub review: bool,
    /// The checks, in order.
    pub why: Why,
}

/// Decides by DESIGN.md 6: tries the candidates in the declared order; the first that is known, active and, for
/// clicks and leads, within the window wins; then the self-referral rule speaks.
///
/// `candidates` may come in any order; those of one step keep theirs. `occurred_at` is when the event happened.
#[must_use]
pub fn decide(
    candidates: &[Candidate],
    customer_email: Option<&str>,
    windows: Windows,
    self_referral: SelfReferralRule,
    occurred_at: DateTime<Utc>,
) -> Decision {
    let mut why = Why::default();
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.sort_by_key(|place| candidates[*place].step);
    for place in order {
        let Candidate { step, label, found } = &candidates[place];
        let (source, window_days) = (step.source(), windows.of(*step));
        let check = source.as_str();
        let (partner_code, active, emails, made_at) = match found {
            Found::Unknown => {
                why.fail(check, format!("There is no {label} in this program."));
                continue;
            }
            Found::Disabled => {
                why.fail(check, format!("The {label} is switched off."));
                continue;
            }
            Found::TurnedDown(partner_code) => {
                why.fail(check, format!("The team turned the {label} of {partner_code} down."));
                continue;
            }
            Found::Partner { partner_code, active, emails, made_at } => (partner_code, *active, emails, *made_at),
        };
        if !active {
            why.fail(check, format!("Partner {partner_code} of the {label} was not active."));
            continue;
        }
        if let Some(made_at) = made_at {
            let age = occurred_at - made_at;
            if age > Duration::days(window_days.into()) {
                why.fail(check, format!("The {label} is {} old; the window is {window_days} days.", days(age)));
                continue;
            }
            if age < -crate::time::MAX_AHEAD {
                why.fail(check, format!("The {label} is later than the event."));
                continue;
            }
            why.pass(
                check,
                format!("Attributed to {partner_code} by {label}, {} before (window {window_days} days).", days(age)),
            );
        } else {
            why.pass(check, format!("Attributed to {partner_code} by {label}."));
        }
        return judge_self_referral(place, source, partner_code, emails, customer_email, self_referral, why);
    }
    if why.0.is_empty() {
        why.fail("attribution", "No promo code, partner code or click was sent, and no lead has the e-mail.");
    }
    Decision { winner: None, review: false, why }
}

/// The checks of an event as the partner whom it counts for may read them: why others were passed over names these.
#[must_use]
pub fn told_to_partner(why: Why) -> Why {
    let names_another = |check: &Check| !check.passed && check.check.parse::<Source>().is_ok();
    Why(why.0.into_iter().filter(|check| !names_another(check)).collect())
}

fn judge_self_referral(
    place: usize,
    source: Source,
    partner_code: &str,
    emails: &[String],
    customer_email: Option<&str>,
    rule: SelfReferralRule,
    mut why: Why,
) -> Decision {
    const CHECK: &str = "self_referral";
    let Some(email) = customer_email.filter(|_| source != Source::Manual) else {
        return Decision { winner: Some(place), review: false, why };
    };
    if emails.iter().any(|own| email_key(own) == email_key(email)) {
        why.fail(CHECK, format!("The customer has the same e-mail as partner {partner_code}."));
        return Decision { winner: None, review: false, why };
    }
    let alike = emails.iter().any(|own| email_normalised(own) == email_normalised(email));
    let (winner, review) = match (alike, rule) {
        (false, _) => {
            why.pass(CHECK, "The customer is not the partner.");
            (Some(place), false)
        }
        (true, SelfReferralRule::Allow) => {
            why.pass(CHECK, "The e-mail is the partner's but for tags or dots; this program allows it.");
            (Some(place), false)
        }
        (true, SelfReferralRule::Review) => {
            why.fail(CHECK, "The e-mail is the partner's but for tags or dots: a person reviews the commissions.");
            (Some(place), true)
        }
        (true, SelfReferralRule::Refuse) => {
            why.fail(CHECK, "The e-mail is the partner's but for tags or dots; this program refuses it.");
            (None, false)
        }
    };
    Decision { winner, review, why }
}

/// Judges a referral that stands already by the customer's e-mail, once that is told: whether its commissions wait for a
/// person from now on, and the check. What [`decide`] would have refused waits too: a person may reassign the customer.
#[must_use]
pub fn judge_late_email(
    source: Source,
    partner_code: &str,
    emails: &[String],
    customer_email: &str,
    rule: SelfReferralRule,
) -> (bool, Why) {
    let Decision { winner, review, mut why } =
        judge_self_referral(0, source, partner_code, emails, Some(customer_email), rule, Why::default());
    if winner.is_none()
        && let Some(check) = why.0.last_mut()
    {
        check.detail += " That was told after the customer was attributed: a person reviews the commissions.";
    }
    (review || winner.is_none(), why)
}

fn days(age: Duration) -> String {
    match age.num_days() {
        i64::MIN..=0 => "less than a day".into(),
        1 => "1 day".into(),
        days => format!("{days} days"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at() -> DateTime<Utc> {
        "2026-11-20T12:00:00Z".parse().expect("instant")
    }

    const WINDOWS: Windows = Windows { click_days: 60, lead_days: 90 };

    fn partner(step: Step, code: &str, active: bool, age: Option<Duration>) -> Candidate {
        let found = Found::Partner {
            partner_code: code.into(),
            active,
            emails: vec![format!("{code}@partners.example")],
            made_at: age.map(|before| at() - before),
        };
        Candidate { step, label: format!("{} {code}", step.source()), found }
    }

    fn click(age: Duration) -> Decision {
        decide(&[partner(Step::Click, "ada", true, Some(age))], None, WINDOWS, SelfReferralRule::Review, at())
    }

    #[test]
    fn the_window_is_counted_from_the_click() {
        assert_eq!(click(Duration::days(60)).winner, Some(0), "to the very instant");
        let late = click(Duration::days(60) + Duration::milliseconds(1));
        assert_eq!(late.winner, None);
        assert_eq!(late.why.0[0].detail, "The click ada is 60 days old; the window is 60 days.");
        assert_eq!(click(-Duration::minutes(5)).winner, Some(0), "clocks differ");
        assert_eq!(click(-Duration::minutes(6)).winner, None, "a click after the event");
    }

    #[test]
    fn self_referrals_follow_the_rule() {
        let judge = |email: &str, rule| {
            let decision = decide(&[partner(Step::PartnerCode, "ada", true, None)], Some(email), WINDOWS, rule, at());
            (decision.winner.is_some(), decision.review)
        };
        use SelfReferralRule::{Allow, Refuse, Review};
        for rule in [Allow, Refuse, Review] {
            assert_eq!(judge("ADA@partners.example", rule), (false, false), "the same e-mail is always refused");
            assert_eq!(judge("nora@harbor.example", rule), (true, false));
        }
        assert_eq!(judge("ada+1@partners.example", Refuse), (false, false));
        assert_eq!(judge("ada+1@partners.example", Review), (true, true));
        assert_eq!(judge("ada+1@partners.example", Allow), (true, false));
    }

    #[test]
    fn a_qualified_lead_goes_before_a_click_and_an_unreviewed_one_after() {
        let order = |step| {
            let candidates = [
                partner(Step::Click, "clara", true, Some(Duration::days(1))),
                partner(step, "leo", true, Some(Duration::days(80))),
                partner(step, "late", true, Some(Duration::days(3))),
            ];
            let decision = decide(&candidates, None, WINDOWS, SelfReferralRule::Review, at());
            (decision.winner, decision.why.0[0].detail.clone())
        };
        let qualified = (Some(1), "Attributed to leo by lead leo, 80 days before (window 90 days).".to_owned());
        assert_eq!(order(Step::QualifiedLead), qualified);
        assert_eq!(order(Step::UnreviewedLead).0, Some(0));
    }

    #[test]
    fn a_late_e_mail_is_judged_by_the_rule() {
        use SelfReferralRule::{Allow, Refuse, Review};
        let emails = ["ada@partners.example".to_owned(), "ada@home.example".to_owned()];
        let judge = |source, email: &str, rule| judge_late_email(source, "ada", &emails, email, rule);
        for (email, rule, review) in [
            ("ADA@partners.example", Allow, true),
            ("ada@home.example", Refuse, true),
            ("ada+1@partners.example", Allow, false),
            ("ada+1@partners.example", Refuse, true),
            ("ada+1@partners.example", Review, true),
            ("nora@harbor.example", Refuse, false),
        ] {
            let (waits, why) = judge(Source::Click, email, rule);
            assert_eq!(waits, review, "{email} {rule}");
            assert_eq!((why.0.len(), why.0[0].check.as_str(), why.0[0].passed), (1, "self_referral", !review));
            assert_eq!(why.0[0].detail.contains("a person reviews the commissions"), review, "{why:?}");
            assert_eq!(judge(Source::Manual, email, rule), (false, Why::default()), "a person has looked already");
        }
    }

    proptest! {
        /// Told late, an e-mail stops at least what it would have stopped in time, and nothing else.
        #[test]
        fn a_late_e_mail_is_judged_as_an_early_one(
            step in 0_usize..7, rule in 0_usize..3, name in "(ada|ADA|bob)", tag in "(|\\+[a-z]{1,3})",
            host in "(partners|harbor)",
        ) {
            let (step, rule) = (Step::ALL[step], SelfReferralRule::ALL[rule]);
            let email = format!("{name}{tag}@{host}.example");
            let early = decide(&[partner(step, "ada", true, None)], Some(&email), WINDOWS, rule, at());
            let own = ["ada@partners.example".to_owned()];
            let (waits, why) = judge_late_email(step.source(), "ada", &own, &email, rule);
            prop_assert_eq!(waits, early.winner.is_none() || early.review);
            prop_assert_eq!(waits, why.0.iter().any(|check| !check.passed));
        }

        /// Whatever was sent and in whatever order: the first step in the declared order that is known, active and
        /// within the window wins, of one step the first, and everything tried before it is told as failed.
        #[test]
        fn the_declared_order_decides(
            found in proptest::collection::vec((0_usize..7, 0_u8..6), 0..8),
        ) {
            let candidates: Vec<_> = found
                .iter()
                .map(|(step, what)| {
                    let step = Step::ALL[*step];
                    let window = Duration::days(WINDOWS.of(step).into());
                    match what {
                        0 => Candidate { step, label: "x".into(), found: Found::Unknown },
                        1 => Candidate { step, label: "x".into(), found: Found::Disabled },
                        2 => Candidate { step, label: "x".into(), found: Found::TurnedDown("bob".into()) },
                        3 => partner(step, "bob", false, None),
                        4 => partner(step, "bob", true, Some(window + Duration::seconds(1))),
                        _ => partner(step, "ada", true, Some(window)),
                    }
                })
                .collect();
            let decision = decide(&candidates, None, WINDOWS, SelfReferralRule::Review, at());
            let best = found.iter().filter(|(_, what)| *what == 5).map(|(step, _)| *step).min();
            prop_assert_eq!(decision.winner, best.and_then(|best| found.iter().position(|one| *one == (best, 5))));
            let tried = found.iter().filter(|(step, _)| best.is_none_or(|best| *step < best)).count();
            let failed = decision.why.0.iter().filter(|check| !check.passed).count();
            if found.is_empty() {
                prop_assert_eq!(failed, 1, "nothing was sent, and that is said");
            } else {
                prop_assert!(failed >= tried);
            }
            prop_assert_eq!(decision.why.0.iter().filter(|check| check.passed).count(), usize::from(best.is_some()));
        }
    }
}
