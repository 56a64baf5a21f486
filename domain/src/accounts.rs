//! Who signs in, what each role may do, and who is asking.

use crate::ids::{AccountId, ApiKeyId, EnrollmentId, OrganizationId, ProgramId};
use crate::words;
use serde::{Deserialize, Serialize};

words! {
    /// What a member of an organization's team is, in all of its programs.
    pub enum Role in "role" {
        /// Everything, the team included.
        Owner = "owner",
        /// Everything but the team, the keys and erasure.
        Manager = "manager",
        /// Money: commissions, payments, payout details.
        Finance = "finance",
        /// Reads.
        Viewer = "viewer",
    }
}

words! {
    /// What an admin act asks for.
    pub enum Power in "power" {
        /// See the admin area: overview, partners, customers, sales, commissions, offers.
        View = "view",
        /// Change the program, its offers and promo codes.
        EditProgram = "edit_program",
        /// Invite, approve, pause and ban partners; change their codes and offers.
        ManagePartners = "manage_partners",
        /// Approve and reverse commissions.
        JudgeCommissions = "judge_commissions",
        /// Reassign a customer by hand.
        Reassign = "reassign",
        /// Record payments and payment batches.
        Pay = "pay",
        /// Post bonuses and corrections.
        Adjust = "adjust",
        /// See payout details in full.
        RevealPayoutDetails = "reveal_payout_details",
        /// Make and revoke API keys.
        ManageKeys = "manage_keys",
        /// Invite and remove members, change their roles.
        ManageTeam = "manage_team",
        /// Blank personal data.
        Erase = "erase",
        /// See the portal as a partner does.
        SeeAsPartner = "see_as_partner",
        /// Read the audit log and failed jobs, and retry those.
        Audit = "audit",
    }
}

impl Role {
    /// The table of powers: what this role may do.
    #[must_use]
    pub fn may(self, power: Power) -> bool {
        use Power::{
            Adjust, Audit, EditProgram, Erase, JudgeCommissions, ManageKeys, ManagePartners, ManageTeam, Pay, Reassign,
            RevealPayoutDetails, SeeAsPartner, View,
        };
        match power {
            View => true,
            EditProgram | ManagePartners | Reassign | SeeAsPartner => matches!(self, Self::Owner | Self::Manager),
            JudgeCommissions => matches!(self, Self::Owner | Self::Manager | Self::Finance),
            Pay | Adjust | RevealPayoutDetails => matches!(self, Self::Owner | Self::Finance),
            Audit => matches!(self, Self::Owner | Self::Manager | Self::Finance),
            ManageKeys | ManageTeam | Erase => matches!(self, Self::Owner),
        }
    }
}

impl Power {
    /// Whether the second factor is asked for again before an act that needs this power.
    #[must_use]
    pub fn asks_again(self) -> bool {
        matches!(self, Self::Pay | Self::RevealPayoutDetails | Self::ManageKeys)
    }
}

words! {
    /// What an API key may be used for.
    pub enum Scope in "scope" {
        /// Report clicks, sign-ups, sales and refunds.
        Track = "track",
        /// Read partners, customers, commissions and payments.
        Read = "read",
        /// Create partners and links.
        Manage = "manage",
    }
}

/// Who is asking, and for which program. Made by `access` and by the server; use cases trust it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Actor {
    /// A member of the team.
    Admin {
        /// The account.
        account: AccountId,
        /// The organization that owns the program.
        organization: OrganizationId,
        /// Its role there.
        role: Role,
        /// The program acted in.
        program: ProgramId,
    },
    /// A partner, through one of its accounts.
    Partner {
        /// The account.
        account: AccountId,
        /// The program acted in.
        program: ProgramId,
        /// The enrollment acted for.
        enrollment: EnrollmentId,
    },
    /// A program's key for the API.
    Key {
        /// The key.
        key: ApiKeyId,
        /// The program acted in.
        program: ProgramId,
    },
    /// Tributary itself: jobs, the command line, the demo.
    System {
        /// The program acted in.
        program: ProgramId,
    },
}

impl Actor {
    /// The program acted in.
    #[must_use]
    pub fn program(&self) -> ProgramId {
        match self {
            Self::Admin { program, .. }
            | Self::Partner { program, .. }
            | Self::Key { program, .. }
            | Self::System { program } => *program,
        }
    }

    /// The account acting, if a person is.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        match self {
            Self::Admin { account, .. } | Self::Partner { account, .. } => Some(*account),
            Self::Key { .. } | Self::System { .. } => None,
        }
    }

    /// Whether an admin act that needs this power is allowed: to a member by the role, to the system always, to
    /// keys and partners never.
    #[must_use]
    pub fn may(&self, power: Power) -> bool {
        match self {
            Self::Admin { role, .. } => role.may(power),
            Self::System { .. } => true,
            Self::Partner { .. } | Self::Key { .. } => false,
        }
    }
}

/// The shortest password accepted, in characters.
pub const PASSWORD_MIN: usize = 10;

/// Checks a new password.
///
/// # Errors
/// What is wrong, in words for the person who chose it.
pub fn check_password(password: &str) -> Result<(), &'static str> {
    match password.chars().count() {
        0..PASSWORD_MIN => Err("Use at least 10 characters."),
        PASSWORD_MIN..=200 => Ok(()),
        _ => Err("Use at most 200 characters."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_powers() {
        let granted = |role: Role| Power::ALL.iter().filter(|power| role.may(**power)).count();
        assert_eq!(granted(Role::Owner), Power::ALL.len(), "an owner may do everything");
        assert_eq!(granted(Role::Viewer), 1, "a viewer reads");
        assert!(!Role::Manager.may(Power::Pay), "who judges leads doesn't pay by that alone");
        assert!(!Role::Finance.may(Power::EditProgram));
    }
}
