//! Programs: the rules that a company sets for its partners.

use crate::ids::{OrganizationId, ProgramId};
use crate::money::Currency;
use crate::words;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

words! {
    /// Which click counts where a visitor clicked more than once within the window.
    pub enum ClickModel in "click_model" {
        /// The first one: later clicks are recorded, cookie and `tid` keep the earlier id.
        First = "first",
        /// The last one.
        Last = "last",
    }
}

words! {
    /// What happens to a customer whose normalised e-mail is the partner's own.
    pub enum SelfReferralRule in "self_referral_rule" {
        /// No referral.
        Refuse = "refuse",
        /// A referral whose commissions a person reviews.
        Review = "review",
        /// A referral like any other.
        Allow = "allow",
    }
}

/// A program's settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// Its id.
    pub id: ProgramId,
    /// Who owns it.
    pub organization_id: OrganizationId,
    /// Its name in addresses: `/p/{slug}`, `/r/{slug}/{code}`.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// The one currency of its sales and its ledger; fixed after the first journal.
    pub currency: Currency,
    /// IANA name; days, ranges and months follow it.
    pub time_zone: String,
    /// The brand's accent as `#rrggbb`, or empty for the house's own.
    pub accent: String,
    /// Where links lead by default, an absolute http(s) address.
    pub website: String,
    /// Hosts that links may lead to besides the website's own, and where the snippet may run.
    pub allowed_hosts: Vec<String>,
    /// Attribution window in days, against the click's own time.
    pub window_days: i32,
    /// First or last click.
    pub click_model: ClickModel,
    /// What becomes of self-referrals.
    pub self_referral: SelfReferralRule,
    /// Whether commissions wait for a person (`review`) before they are held.
    pub review_commissions: bool,
    /// Whether the program asks visitors for consent first.
    pub consent_required: bool,
    /// Smallest payment.
    pub minimum_payment: Decimal,
    /// Day of the month on which partners are paid, 1–28.
    pub payment_day: i32,
}

/// Checks a program's name in addresses.
///
/// # Errors
/// What is wrong, in words for the person who typed it.
pub fn check_slug(slug: &str) -> Result<(), &'static str> {
    if slug != slug.to_lowercase() {
        return Err("Use lower case only.");
    }
    crate::text::check_code(slug)
}
