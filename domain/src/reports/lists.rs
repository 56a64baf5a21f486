use crate::attribution::Source;
use crate::commissions::CommissionStatus;
use crate::customers::CustomerStatus;
use crate::ids::{BatchId, CommissionId, CustomerId, EntryId, LeadId, LinkId, PaymentId, ReferralId, RefundId, SaleId};
use crate::ledger::{JournalKind, LedgerAccount};
use crate::money::Money;
use crate::offers::Trigger;
use crate::page::Page;
use crate::partners::PartnerName;
use crate::why::Why;
use crate::words;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// One page of a list, and what the whole list comes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed<T, S> {
    /// The rows and the cursor.
    pub page: Page<T>,
    /// Over all rows that the filter lets through, not only this page's.
    pub totals: S,
}

words! {
    /// In which order a list is read.
    #[derive(Default)]
    pub enum Order in "list_order" {
        /// By time, the newest first.
        #[default]
        Newest = "newest",
        /// By time, the oldest first.
        Oldest = "oldest",
        /// By amount, the largest first (where rows have one), then the newest.
        Largest = "largest",
    }
}

impl Order {
    /// Its name for people.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Newest => "Newest first",
            Self::Oldest => "Oldest first",
            Self::Largest => "Largest first",
        }
    }
}

/// A customer as lists and menus name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerName {
    /// Its id.
    pub id: CustomerId,
    /// The company's own id; empty where a partner asks.
    pub external_id: String,
    /// For people: the e-mail, else the name, else the external id; masked where a partner asks.
    pub label: String,
}

/// A lead as lists name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadName {
    /// Its id.
    pub id: LeadId,
    /// For people: the e-mail, else the name, else that it was erased.
    pub label: String,
}

impl LeadName {
    /// A lead by its e-mail, else its name.
    #[must_use]
    pub fn new(id: LeadId, email: &str, name: &str) -> Self {
        let known = [email, name].into_iter().find(|text| !text.is_empty());
        Self { id, label: known.unwrap_or("An erased lead").to_owned() }
    }
}

/// What a partner is owed and has been paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// Not yet due.
    pub held: Money,
    /// Awaiting payout; below zero where clawbacks are carried forward.
    pub due: Money,
    /// Paid so far, less payments that failed or were cancelled.
    pub paid: Money,
}

impl Balance {
    /// What is still owed, held or due, where it is more than nothing.
    #[must_use]
    pub fn owed(&self) -> Option<Money> {
        let owed = Money::new(self.held.amount + self.due.amount, self.due.currency);
        (owed.amount > Decimal::ZERO).then_some(owed)
    }
}

/// Which commissions are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommissionFilter {
    /// In this status.
    #[serde(default)]
    pub status: Option<CommissionStatus>,
    /// Of the partner with this code, also an old one of its. Nothing of another partner's where a partner asks.
    #[serde(default)]
    pub partner_code: Option<String>,
    /// That happened on this day of the program's or later.
    #[serde(default)]
    pub from: Option<NaiveDate>,
    /// That happened on this day or earlier.
    #[serde(default)]
    pub to: Option<NaiveDate>,
    /// Words of the customer's e-mail, name or external id, or of the lead's e-mail or name. Partners search in vain:
    /// customers are masked for them.
    #[serde(default)]
    pub search: Option<String>,
    /// Whose "Why?" has this check as failed: what waits for that reason.
    #[serde(default)]
    pub reason: Option<String>,
    /// In which order.
    #[serde(default)]
    pub order: Order,
}

/// A commission in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommissionRow {
    /// Its id.
    pub id: CommissionId,
    /// Who earns it.
    pub partner: PartnerName,
    /// Whose event; `None` where it is a lead's.
    pub customer: Option<CustomerName>,
    /// The lead, where it is for one.
    pub lead: Option<LeadName>,
    /// What it is for.
    pub trigger: Trigger,
    /// The sale, where it is for one.
    pub sale_id: Option<SaleId>,
    /// The product sold; empty where none was reported.
    pub product: String,
    /// What the rate applied to; `None` where flat.
    pub base: Option<Money>,
    /// Percent; `None` where flat.
    pub rate: Option<Decimal>,
    /// What was earned.
    pub amount: Money,
    /// What refunds and reversal took back of it so far, positive.
    pub clawed_back: Money,
    /// Where it stands.
    pub status: CommissionStatus,
    /// When the event happened, UTC.
    pub occurred_at: DateTime<Utc>,
    /// The day on which it happened.
    pub day: NaiveDate,
    /// When its hold ends, UTC; `None` in review.
    pub available_at: Option<DateTime<Utc>>,
    /// The day on which its hold ends; `None` in review.
    pub due_day: Option<NaiveDate>,
    /// The day of the payment that settled it.
    pub paid_day: Option<NaiveDate>,
    /// That payment's batch: its id and code.
    pub batch: Option<(BatchId, String)>,
    /// How the amount came about.
    pub why: Why,
}

impl CommissionRow {
    /// The customer's name or the lead's.
    #[must_use]
    pub fn who(&self) -> &str {
        let customer = self.customer.as_ref().map(|customer| customer.label.as_str());
        customer.or(self.lead.as_ref().map(|lead| lead.label.as_str())).unwrap_or_default()
    }

    /// What happened, in a few words: `Sale · Team plan`.
    #[must_use]
    pub fn happened(&self) -> String {
        let what = self.trigger.label();
        if self.product.is_empty() { what.to_owned() } else { format!("{what} · {}", self.product) }
    }
}

/// What a list of commissions comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommissionTotals {
    /// How many.
    pub count: i64,
    /// What was earned.
    pub amount: Money,
    /// What was taken back of it.
    pub clawed_back: Money,
}

/// What the commissions of one status come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusTotal {
    /// The status.
    pub status: CommissionStatus,
    /// How many.
    pub count: i64,
    /// What was earned.
    pub amount: Money,
    /// What was taken back of it.
    pub clawed_back: Money,
}

/// Which customers are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerFilter {
    /// Referred by the partner with this code, also an old one of its.
    #[serde(default)]
    pub partner_code: Option<String>,
    /// `true`: referred by anyone; `false`: by no one.
    #[serde(default)]
    pub referred: Option<bool>,
    /// Come this far and no further.
    #[serde(default)]
    pub status: Option<CustomerStatus>,
    /// Words of the e-mail, name or external id.
    #[serde(default)]
    pub search: Option<String>,
    /// By when the program first heard of them; no amounts.
    #[serde(default)]
    pub order: Order,
}

/// A customer in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerRow {
    /// Who.
    pub customer: CustomerName,
    /// Its name; empty where a partner asks.
    pub name: String,
    /// Who referred it, how, and why; `None` where no one did.
    pub referral: Option<ReferralRow>,
    /// When it signed up, UTC.
    pub signed_up_at: Option<DateTime<Utc>>,
    /// When it first paid, UTC.
    pub first_sale_at: Option<DateTime<Utc>>,
    /// How far it has come.
    pub status: CustomerStatus,
    /// The day on which the program first heard of it.
    pub day: NaiveDate,
    /// How many sales (where a partner asks: those that count for it).
    pub sales: i64,
    /// What they came to, refunds taken off.
    pub revenue: Money,
    /// What the partner has earned by it, clawbacks taken off.
    pub earned: Money,
}

/// A customer as the partner who referred it reads of it: who signed up, or a lead of its own that was won.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MyCustomer {
    /// The customer's id, or that of a won lead of whom nobody has signed up yet.
    pub id: uuid::Uuid,
    /// Whom the partner knows by its lead, else the customer, masked where the program says so.
    pub label: String,
    /// The partner's lead that it was.
    pub lead: Option<LeadName>,
    /// How far it has come.
    pub status: CustomerStatus,
    /// The day on which the program first heard of it, or its lead was won.
    pub day: NaiveDate,
    /// How many sales count for the partner.
    pub sales: i64,
    /// What they came to, refunds deducted.
    pub revenue: Money,
    /// What the partner has earned by it and its lead, clawbacks taken off.
    pub earned: Money,
}

/// Which of its customers a partner asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MyCustomerFilter {
    /// Come this far and no further.
    #[serde(default)]
    pub status: Option<CustomerStatus>,
    /// Words of the e-mail or name as far as the partner may know them.
    #[serde(default)]
    pub search: Option<String>,
}

/// What a list of customers comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerTotals {
    /// How many.
    pub count: i64,
    /// How many of them have paid.
    pub paid: i64,
}

/// A customer's attribution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferralRow {
    /// Its id.
    pub id: ReferralId,
    /// Who referred the customer.
    pub partner: PartnerName,
    /// What attributed it.
    pub source: Source,
    /// The link of the click, where there was one.
    pub link_id: Option<LinkId>,
    /// When the event happened that attributed it, UTC.
    pub attributed_at: DateTime<Utc>,
    /// When an admin gave the customer to another, UTC; `None` while it stands.
    pub ended_at: Option<DateTime<Utc>>,
    /// The checks.
    pub why: Why,
}

/// A customer with all that is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerDetail {
    /// Who.
    pub customer: CustomerName,
    /// Its e-mail; masked where a partner asks.
    pub email: String,
    /// Its name; empty where a partner asks.
    pub name: String,
    /// Whether its personal data was erased.
    pub erased: bool,
    /// When the program first heard of it, UTC.
    pub created_at: DateTime<Utc>,
    /// When it signed up, UTC.
    pub signed_up_at: Option<DateTime<Utc>>,
    /// When it first paid, UTC.
    pub first_sale_at: Option<DateTime<Utc>>,
    /// Its attributions, the standing one first; a partner sees its own.
    pub referrals: Vec<ReferralRow>,
    /// Its sales with their refunds, newest first, at most 100; a partner sees those that count for it.
    pub sales: Vec<SaleRow>,
    /// What was earned by it, newest first, at most 100; a partner sees its own.
    pub commissions: Vec<CommissionRow>,
}

/// Which sales are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaleFilter {
    /// That count for the partner with this code, also an old one of its.
    #[serde(default)]
    pub partner_code: Option<String>,
    /// That happened on this day of the program's or later.
    #[serde(default)]
    pub from: Option<NaiveDate>,
    /// That happened on this day or earlier.
    #[serde(default)]
    pub to: Option<NaiveDate>,
    /// Words of the customer's e-mail, name or external id, or the whole event or invoice id.
    #[serde(default)]
    pub search: Option<String>,
    /// In which order.
    #[serde(default)]
    pub order: Order,
}

/// A sale in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaleRow {
    /// Its id.
    pub id: SaleId,
    /// The company's own id of the event; empty where a partner asks.
    pub event_id: String,
    /// Who bought.
    pub customer: CustomerName,
    /// For whom it counts; `None` where no one.
    pub partner: Option<PartnerName>,
    /// The product; empty where none was reported.
    pub product: String,
    /// The invoice; empty where none was reported, or a partner asks.
    pub invoice_id: String,
    /// How much.
    pub amount: Money,
    /// What was refunded of it so far.
    pub refunded: Money,
    /// What it earned partners, clawbacks taken off.
    pub earned: Money,
    /// When it happened, UTC.
    pub occurred_at: DateTime<Utc>,
    /// The day on which it happened.
    pub day: NaiveDate,
    /// Why it paid what it paid.
    pub why: Why,
}

/// What has become of a sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaleState {
    /// Nothing was refunded.
    Complete,
    /// A part was refunded.
    PartlyRefunded,
    /// All of it was refunded.
    Refunded,
}

impl SaleState {
    /// In a word or two for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Complete => "Complete",
            Self::PartlyRefunded => "Partly refunded",
            Self::Refunded => "Refunded",
        }
    }
}

impl SaleRow {
    /// What has become of it.
    #[must_use]
    pub fn state(&self) -> SaleState {
        if self.refunded.amount.is_zero() {
            SaleState::Complete
        } else if self.refunded.amount < self.amount.amount {
            SaleState::PartlyRefunded
        } else {
            SaleState::Refunded
        }
    }
}

/// What a list of sales comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaleTotals {
    /// How many.
    pub count: i64,
    /// What they came to.
    pub amount: Money,
    /// What was refunded of them.
    pub refunded: Money,
}

/// A refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundRow {
    /// Its id.
    pub id: RefundId,
    /// The company's own id of the event.
    pub event_id: String,
    /// How much.
    pub amount: Money,
    /// In the company's words.
    pub reason: String,
    /// When it happened, UTC.
    pub occurred_at: DateTime<Utc>,
    /// The day on which it happened.
    pub day: NaiveDate,
    /// What it took back, and why.
    pub why: Why,
}

/// A sale with all that came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaleDetail {
    /// The sale.
    pub sale: SaleRow,
    /// Its customer's attribution under which it counted; `None` where there was none.
    pub referral: Option<ReferralRow>,
    /// Its refunds, oldest first.
    pub refunds: Vec<RefundRow>,
    /// What it earned.
    pub commissions: Vec<CommissionRow>,
}

/// Which entries of a partner's ledger are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerFilter {
    /// Of this account only: held or payable.
    #[serde(default)]
    pub account: Option<LedgerAccount>,
    /// Posted on this day of the program's or later.
    #[serde(default)]
    pub from: Option<NaiveDate>,
    /// Posted on this day or earlier.
    #[serde(default)]
    pub to: Option<NaiveDate>,
}

/// An entry of a partner's ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerRow {
    /// Its id.
    pub id: EntryId,
    /// When it was posted, UTC.
    pub posted_at: DateTime<Utc>,
    /// The day on which it was posted.
    pub day: NaiveDate,
    /// When the cause happened, UTC.
    pub occurred_at: DateTime<Utc>,
    /// Held or payable.
    pub account: LedgerAccount,
    /// What the journal records.
    pub kind: JournalKind,
    /// The cause in words: `Commission for a sale`, `Payment, Batch-20261101`.
    pub cause: String,
    /// Why a person did it, in that person's words; of what the partner isn't told, for the team alone.
    pub reason: String,
    /// Which member of the team did it; empty where none did, or a partner asks.
    pub by: String,
    /// The customer or the lead behind it as the asker may see it; empty where there is none.
    pub customer: String,
    /// That lead.
    pub lead_id: Option<LeadId>,
    /// That customer, for the team.
    pub customer_id: Option<CustomerId>,
    /// The sale behind it, for the team.
    pub sale_id: Option<SaleId>,
    /// The commission behind it.
    pub commission_id: Option<CommissionId>,
    /// The payment that it is of.
    pub payment_id: Option<PaymentId>,
    /// That payment's batch, for the team.
    pub batch_id: Option<BatchId>,
    /// How it came about; empty where a person did it.
    pub why: Why,
    /// Added (above zero) or taken.
    pub amount: Money,
    /// What the account holds after it.
    pub balance: Money,
    /// What the accounts asked for hold together after it.
    pub running: Money,
}

/// A page of a partner's ledger, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerPage {
    /// The entries.
    pub page: Page<LedgerRow>,
    /// What stood in the accounts asked for before the first day.
    pub opening: Money,
    /// What stood in them at the end of the last day.
    pub closing: Money,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_carried_forward_is_owed_less() {
        let money = |amount: i64| Money::new(amount.into(), "EUR".parse().expect("currency"));
        let owed = |held, due| Balance { held: money(held), due: money(due), paid: money(5) }.owed();
        assert_eq!((owed(3, 0), owed(3, -1), owed(3, -3)), (Some(money(3)), Some(money(2)), None));
    }
}
