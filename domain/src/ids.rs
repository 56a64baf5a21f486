//! Identifiers: UUIDv7, one type per noun, so that a sale's can't be passed for a customer's.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(transparent))]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(transparent)]
        pub struct $name(pub Uuid);
        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(s).map(Self)
            }
        }
    )+};
}

ids! {
    /// An organization: owns programs.
    OrganizationId,
    /// An account: a person who signs in.
    AccountId,
    /// A program.
    ProgramId,
    /// An enrollment: a partner in a program.
    EnrollmentId,
    /// An offer.
    OfferId,
    /// A link.
    LinkId,
    /// A click; its time is the time in the id, to the millisecond.
    ClickId,
    /// A promo code.
    PromoCodeId,
    /// A customer.
    CustomerId,
    /// A referral: a customer attributed to an enrollment.
    ReferralId,
    /// A sale.
    SaleId,
    /// A refund.
    RefundId,
    /// A commission.
    CommissionId,
    /// A journal of the ledger.
    JournalId,
    /// An entry of a journal.
    EntryId,
    /// A bonus or correction, before it is posted: the form's own key.
    AdjustmentId,
    /// A payment to a partner.
    PaymentId,
    /// A payment batch.
    BatchId,
    /// A payment batch that is prepared.
    DraftId,
    /// An API key.
    ApiKeyId,
    /// A line of the audit log.
    AuditId,
    /// Somebody who has signed up and has yet to confirm the e-mail.
    SignUpId,
    /// A mail in the outbox.
    OutboxId,
    /// A lead.
    LeadId,
    /// A group of leads.
    LeadGroupId,
    /// A type of leads.
    LeadTypeId,
    /// A stage of leads.
    LeadStageId,
    /// A line of a lead's history.
    LeadEventId,
    /// A note on a lead.
    LeadNoteId,
    /// A task about a lead.
    LeadTaskId,
    /// A conversation between a partner and the team.
    ConversationId,
    /// A message of a conversation.
    MessageId,
    /// An answer that the team gives often.
    SavedReplyId,
    /// A sale that a partner has submitted.
    SubmittedSaleId,
    /// A file of leads that is imported.
    LeadImportId,
    /// A group of partners.
    PartnerGroupId,
    /// A note on a partner.
    PartnerNoteId,
    /// A mail that the team writes to partners.
    PartnerLetterId,
    /// Work on very many partners.
    PartnerJobId,
    /// A payout method that is to be confirmed.
    PayoutChangeId,
    /// An uploaded file.
    FileId,
    /// An asset: what the team gives its partners to share.
    AssetId,
}

impl ClickId {
    /// When the click was made: the milliseconds since 1970 (UTC) in its id; `None` where the id is not a UUIDv7.
    #[must_use]
    pub fn clicked_at(self) -> Option<chrono::DateTime<chrono::Utc>> {
        if self.0.get_version_num() != 7 {
            return None;
        }
        let millis = i64::try_from(self.0.as_u128() >> 80).ok()?;
        chrono::DateTime::from_timestamp_millis(millis)
    }
}
