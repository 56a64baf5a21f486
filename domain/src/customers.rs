//! Customers: whom partners refer.

use crate::attribution::{Pointers, TrackedReferral};
use crate::commissions::TrackedCommission;
use crate::text::{FieldError, check_line, check_lines, is_email};
use crate::why::Why;
use crate::words;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

words! {
    /// How far a customer has come.
    pub enum CustomerStatus in "customer_status" {
        /// Has signed up.
        SignedUp = "signed_up",
        /// Has paid, and not got all of it back.
        Paid = "paid",
    }
}

impl CustomerStatus {
    /// By whether there was a sale, and whether all sales were refunded in full.
    #[must_use]
    pub fn of(bought: bool, refunded: bool) -> Self {
        if bought && !refunded { Self::Paid } else { Self::SignedUp }
    }

    /// Its name for people.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::SignedUp => "Signed Up",
            Self::Paid => "Paid",
        }
    }
}

/// The longest id, code or name that a company may send, in characters.
pub const LONGEST: usize = 200;

/// A customer as a company reports it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewCustomer {
    /// The company's own id, 1–200 characters.
    pub external_id: String,
    /// An e-mail address.
    #[serde(default)]
    pub email: Option<String>,
    /// A name for people.
    #[serde(default)]
    pub name: Option<String>,
}

/// `POST /track/signup`: a customer signed up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrackSignup {
    /// The company's own id of the event, 1–200 characters: the same again gets the first answer.
    pub event_id: String,
    /// Who signed up.
    pub customer: NewCustomer,
    /// The click's id, as the link put it in `tid`.
    #[serde(default)]
    pub click_id: Option<String>,
    /// A promo code that the customer used.
    #[serde(default)]
    pub promo_code: Option<String>,
    /// A partner code that the customer named.
    #[serde(default)]
    pub partner_code: Option<String>,
    /// The customer's IP address: compared with the click's by a keyed hash, and not kept.
    #[serde(default)]
    pub ip: Option<String>,
    /// When it happened; now where not given.
    #[serde(default)]
    pub occurred_at: Option<DateTime<Utc>>,
}

impl TrackSignup {
    /// Checks the texts; the time is checked against the clock by the use case.
    #[must_use]
    pub fn check(&self) -> Vec<FieldError> {
        let mut errors = check_lines(&[
            ("event_id", Some(&self.event_id), LONGEST),
            ("customer.external_id", Some(&self.customer.external_id), LONGEST),
            ("customer.name", self.customer.name.as_deref(), LONGEST),
        ]);
        if self.customer.email.as_deref().is_some_and(|email| !is_email(email)) {
            errors.push(FieldError::new("customer.email", "Must be an e-mail address."));
        }
        if self.ip.as_deref().is_some_and(|ip| ip.parse::<std::net::IpAddr>().is_err()) {
            errors.push(FieldError::new("ip", "Must be an IP address."));
        }
        errors.extend(self.pointers().check());
        errors
    }

    /// What was sent that may point to a partner.
    #[must_use]
    pub fn pointers(&self) -> Pointers<'_> {
        Pointers {
            promo_code: self.promo_code.as_deref(),
            partner_code: self.partner_code.as_deref(),
            click_id: self.click_id.as_deref(),
        }
    }
}

/// The answer to a sign-up. It holds no personal data: it is kept for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrackedSignup {
    /// The customer.
    pub customer: TrackedCustomer,
    /// To whom it is attributed, if to anyone.
    pub referral: Option<TrackedReferral>,
    /// What the sign-up earned.
    pub commissions: Vec<TrackedCommission>,
    /// How it was decided.
    pub why: Why,
}

/// A customer in an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrackedCustomer {
    /// Our id.
    pub id: crate::ids::CustomerId,
    /// The company's own id.
    pub external_id: String,
    /// When it signed up, UTC.
    pub signed_up_at: Option<DateTime<Utc>>,
}

/// A customer to be assigned to a partner by hand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reassignment {
    /// The company's own id of the customer.
    pub external_id: String,
    /// The partner's code, present or past.
    pub partner_code: String,
    /// Why, in the admin's words.
    pub reason: String,
}

impl Reassignment {
    /// Checks what the admin typed.
    #[must_use]
    pub fn check(&self) -> Vec<FieldError> {
        let mut errors = check_lines(&[("partner_code", Some(&self.partner_code), LONGEST)]);
        errors.extend(check_line(&self.reason, 500).err().map(|message| FieldError::new("reason", message)));
        errors
    }
}
