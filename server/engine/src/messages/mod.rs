//! Mail: what it says, and how it goes out. A mail is a job that holds ids: names, addresses and one-time links are looked
//! up and made when it is sent, so that none of them lies in the queue. But a password reset holds the address or code
//! that was typed, so that the answer takes as long whether or not somebody has it; and a test the words that are tried.

mod compose;
mod mailer;
mod notices;
mod of_conversations;
mod of_leads;
mod of_sales;
pub mod outbox;
pub mod templates;

pub use compose::{Letter, compose};
pub use mailer::Mailer;

use crate::{Result, jobs};
use chrono::{DateTime, NaiveDate, Utc};
use domain::ids::{
    AccountId, CommissionId, ConversationId, DraftId, EnrollmentId, JournalId, LeadId, LeadImportId, LeadStageId,
    PartnerLetterId, PaymentId, ProgramId, SignUpId, SubmittedSaleId,
};
use domain::messages::{MailKind, Template};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

/// A mail to send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mail", rename_all = "snake_case")]
pub enum Mail {
    /// To whom it may concern: a link to choose a new password, where there is such an account.
    PasswordReset {
        /// The e-mail as it was typed; on a program's page perhaps a partner code.
        who: String,
        /// The name in addresses of the program on whose page it was asked for.
        slug: Option<String>,
    },
    /// To a new member of the team.
    TeamInvitation {
        /// The member.
        account: AccountId,
        /// The program in which the invitation was made.
        program: ProgramId,
    },
    /// To a person who may now act for a partner.
    PartnerInvitation {
        /// The person.
        account: AccountId,
        /// The program.
        program: ProgramId,
        /// The partner.
        enrollment: EnrollmentId,
    },
    /// To a person who signs in for a partner, for whom somebody else may sign in now too.
    PartnerAccountAdded {
        /// To whom.
        account: AccountId,
        /// The program.
        program: ProgramId,
        /// The partner.
        enrollment: EnrollmentId,
        /// Who may sign in now too.
        added: AccountId,
    },
    /// To a person who signs in for a partner, which is paid in another way from now on.
    PayoutMethodChanged {
        /// To whom.
        account: AccountId,
        /// The program.
        program: ProgramId,
        /// The partner.
        enrollment: EnrollmentId,
    },
    /// To somebody whose second factor was turned off.
    SecondFactorOff {
        /// Whose.
        account: AccountId,
        /// When, UTC.
        at: DateTime<Utc>,
    },
    /// To the address that counts now, and to the new one, of an account that wants another e-mail.
    EmailChange {
        /// Whose.
        account: AccountId,
        /// Whether it goes to the new address.
        new: bool,
    },
    /// To somebody who has signed up.
    SignUpConfirm {
        /// The program.
        program: ProgramId,
        /// The sign-up.
        sign_up: SignUpId,
    },
    /// To a member of the team, of a partner who waits for approval.
    PartnerWaiting {
        /// The member.
        account: AccountId,
        /// The program.
        program: ProgramId,
        /// The partner.
        enrollment: EnrollmentId,
    },
    /// To a partner who was not let in.
    PartnerDeclined {
        /// The program.
        program: ProgramId,
        /// The partner.
        enrollment: EnrollmentId,
    },
    /// To a member of the team who tries the words of a mail.
    Test {
        /// The member.
        account: AccountId,
        /// The program.
        program: ProgramId,
        /// Which mail.
        kind: MailKind,
        /// Its words as they are tried, saved or not.
        words: Template,
    },
    /// To a partner who was let in.
    PartnerActivated {
        /// The program.
        program: ProgramId,
        /// The partner.
        enrollment: EnrollmentId,
    },
    /// To a partner who was paused.
    PartnerPaused {
        /// The program.
        program: ProgramId,
        /// The partner.
        enrollment: EnrollmentId,
    },
    /// To a partner who is active again, after a pause or a ban.
    PartnerResumed {
        /// The program.
        program: ProgramId,
        /// The partner.
        enrollment: EnrollmentId,
    },
    /// To a partner who was paid.
    PaymentSent {
        /// The program.
        program: ProgramId,
        /// The payment.
        payment: PaymentId,
    },
    /// To a partner whose payment failed or was cancelled.
    PaymentTakenBack {
        /// The program.
        program: ProgramId,
        /// The payment.
        payment: PaymentId,
    },
    /// To a member of the team who may pay: the monthly batch is prepared.
    PaymentsPrepared {
        /// The member.
        account: AccountId,
        /// The program.
        program: ProgramId,
        /// The batch.
        draft: DraftId,
    },
    /// To a member of the team who may agree to a batch, where two must.
    ApprovalWanted {
        /// The member.
        account: AccountId,
        /// The program.
        program: ProgramId,
        /// The batch.
        draft: DraftId,
    },
    /// To a partner who has earned a commission, and wants to be told.
    CommissionEarned {
        /// The program.
        program: ProgramId,
        /// The commission.
        commission: CommissionId,
    },
    /// To a partner whose balance got a bonus or correction, and who wants to be told.
    BalanceAdjusted {
        /// The program.
        program: ProgramId,
        /// Its journal.
        journal: JournalId,
    },
    /// To a partner who wants a summary.
    Summary {
        /// The program.
        program: ProgramId,
        /// The partner.
        enrollment: EnrollmentId,
        /// The first day that it tells of.
        from: NaiveDate,
        /// The last.
        to: NaiveDate,
    },
    /// To a person who has chosen how a partner is paid: it counts once that is confirmed.
    PayoutMethod {
        /// The program.
        program: ProgramId,
        /// The partner.
        enrollment: EnrollmentId,
    },
    /// To a partner to whom the team writes.
    PartnerLetter {
        /// The program.
        program: ProgramId,
        /// The partner.
        enrollment: EnrollmentId,
        /// What the team has written.
        letter: PartnerLetterId,
    },
    /// To a member of the team: a partner has submitted a lead.
    LeadSubmitted {
        /// To whom.
        account: AccountId,
        /// The program.
        program: ProgramId,
        /// The lead.
        lead: LeadId,
    },
    /// To a partner whose lead came to another stage.
    LeadMoved {
        /// The program.
        program: ProgramId,
        /// The lead.
        lead: LeadId,
        /// The stage that it came to.
        stage: LeadStageId,
    },
    /// To a partner whose file of leads was imported.
    LeadImportFinished {
        /// The program.
        program: ProgramId,
        /// The import.
        import: LeadImportId,
    },
    /// To a member of the team: a partner's file of leads was imported.
    LeadsImported {
        /// To whom.
        account: AccountId,
        /// The program.
        program: ProgramId,
        /// The import.
        import: LeadImportId,
    },
    /// To a member of the team: a partner has submitted a sale.
    SaleSubmitted {
        /// To whom.
        account: AccountId,
        /// The program.
        program: ProgramId,
        /// The submitted sale.
        sale: SubmittedSaleId,
    },
    /// To a partner whose submitted sale was approved.
    SaleApproved {
        /// The program.
        program: ProgramId,
        /// The submitted sale.
        sale: SubmittedSaleId,
    },
    /// To a member of the team: a partner has written.
    MessageToTeam {
        /// To whom.
        account: AccountId,
        /// The program.
        program: ProgramId,
        /// The conversation.
        conversation: ConversationId,
    },
    /// To a partner: the team has written.
    MessageToPartner {
        /// The program.
        program: ProgramId,
        /// The conversation.
        conversation: ConversationId,
    },
    /// To a partner whose submitted sale was declined.
    SaleDeclined {
        /// The program.
        program: ProgramId,
        /// The submitted sale.
        sale: SubmittedSaleId,
    },
}

impl Mail {
    /// What it is, in words, for the list of failed jobs.
    #[must_use]
    pub fn title(&self) -> &'static str {
        match self {
            Self::PasswordReset { .. } => "Mail: new password",
            Self::TeamInvitation { .. } => "Mail: invitation to the team",
            Self::PartnerInvitation { .. } => "Mail: invitation to a partner",
            Self::PartnerAccountAdded { .. } => "Mail: somebody signs in for a partner too",
            Self::PayoutMethodChanged { .. } => "Mail: payout method changed",
            Self::SecondFactorOff { .. } => "Mail: second factor turned off",
            Self::EmailChange { .. } => "Mail: change of e-mail",
            Self::SignUpConfirm { .. } => "Mail: confirm the e-mail",
            Self::PartnerWaiting { .. } => "Mail: partner waits for approval",
            Self::PartnerDeclined { .. } => "Mail: partner declined",
            Self::Test { .. } => "Mail: test",
            Self::PartnerActivated { .. } => "Mail: partner activated",
            Self::PartnerPaused { .. } => "Mail: partner paused",
            Self::PartnerResumed { .. } => "Mail: partner resumed",
            Self::PaymentSent { .. } => "Mail: payment sent",
            Self::PaymentTakenBack { .. } => "Mail: payment taken back",
            Self::PaymentsPrepared { .. } => "Mail: payments prepared",
            Self::ApprovalWanted { .. } => "Mail: a batch waits for a second person",
            Self::CommissionEarned { .. } => "Mail: new commission",
            Self::BalanceAdjusted { .. } => "Mail: bonus or correction",
            Self::Summary { .. } => "Mail: summary",
            Self::PayoutMethod { .. } => "Mail: confirm the payout method",
            Self::PartnerLetter { .. } => "Mail: from the team",
            Self::LeadSubmitted { .. } => "Mail: a lead to review",
            Self::LeadMoved { .. } => "Mail: lead at another stage",
            Self::LeadImportFinished { .. } => "Mail: a file of leads was imported",
            Self::LeadsImported { .. } => "Mail: leads to review, from a file",
            Self::SaleSubmitted { .. } => "Mail: a sale to review",
            Self::SaleApproved { .. } => "Mail: sale approved",
            Self::SaleDeclined { .. } => "Mail: sale declined",
            Self::MessageToTeam { .. } => "Mail: a partner has written",
            Self::MessageToPartner { .. } => "Mail: new message",
        }
    }

    /// The program in whose name it goes, if one does.
    fn program(&self) -> Option<ProgramId> {
        match self {
            Self::PasswordReset { .. } | Self::SecondFactorOff { .. } | Self::EmailChange { .. } => None,
            Self::TeamInvitation { program, .. }
            | Self::PartnerInvitation { program, .. }
            | Self::PartnerAccountAdded { program, .. }
            | Self::PayoutMethodChanged { program, .. }
            | Self::SignUpConfirm { program, .. }
            | Self::PartnerWaiting { program, .. }
            | Self::PartnerDeclined { program, .. }
            | Self::Test { program, .. }
            | Self::PartnerActivated { program, .. }
            | Self::PartnerPaused { program, .. }
            | Self::PartnerResumed { program, .. }
            | Self::PaymentSent { program, .. }
            | Self::PaymentTakenBack { program, .. }
            | Self::PaymentsPrepared { program, .. }
            | Self::ApprovalWanted { program, .. }
            | Self::CommissionEarned { program, .. }
            | Self::BalanceAdjusted { program, .. }
            | Self::Summary { program, .. }
            | Self::PayoutMethod { program, .. }
            | Self::PartnerLetter { program, .. }
            | Self::LeadSubmitted { program, .. }
            | Self::LeadMoved { program, .. }
            | Self::LeadImportFinished { program, .. }
            | Self::LeadsImported { program, .. }
            | Self::SaleSubmitted { program, .. }
            | Self::SaleApproved { program, .. }
            | Self::SaleDeclined { program, .. }
            | Self::MessageToTeam { program, .. }
            | Self::MessageToPartner { program, .. } => Some(*program),
        }
    }
}

/// Sends a mail once the transaction commits, and not at all where it does not.
///
/// # Errors
/// `Database` where Postgres fails.
pub async fn enqueue(conn: &mut PgConnection, mail: &Mail) -> Result<()> {
    // Pressing "Forgotten password" or "Send the mail again" ten times before the mail goes out sends one.
    let key = match mail {
        Mail::PasswordReset { .. } => Some(format!("password_reset:{}", hash_of(mail)?)),
        Mail::PayoutMethod { .. } => Some(format!("payout_method:{}", hash_of(mail)?)),
        _ => None,
    };
    jobs::enqueue(conn, mail, key.as_deref()).await
}

fn hash_of(mail: &Mail) -> Result<String> {
    Ok(crate::secrets::hex(&crate::secrets::token_hash(&serde_json::to_string(mail)?)))
}

#[cfg(test)]
mod tests;
