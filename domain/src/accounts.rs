//! Who signs in, what each role may do, and who is asking.

use crate::ids::{AccountId, ApiKeyId, EnrollmentId, OrganizationId, ProgramId};
use crate::partners::{EnrollmentStatus, PartnerName};
use crate::qr::QrPath;
use crate::words;
use chrono::{DateTime, Duration, Utc};
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
        /// Judge leads: set their stage.
        JudgeLeads = "judge_leads",
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
            Adjust, Audit, EditProgram, Erase, JudgeCommissions, JudgeLeads, ManageKeys, ManagePartners, ManageTeam,
            Pay, Reassign, RevealPayoutDetails, SeeAsPartner, View,
        };
        match power {
            View => true,
            EditProgram | ManagePartners | JudgeLeads | Reassign | SeeAsPartner => {
                matches!(self, Self::Owner | Self::Manager)
            }
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
        /// Read partners, customers, commissions, payments and leads.
        Read = "read",
        /// Create partners and links; add and work leads.
        Manage = "manage",
        /// Submit the leads of the one partner that it is bound to, and follow them.
        Submit = "submit",
    }
}

impl Scope {
    /// Those of a program's own keys, in any combination. A partner's key has `Submit` alone.
    pub const OF_PROGRAM: [Self; 3] = [Self::Track, Self::Read, Self::Manage];
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
    /// What acts for a partner without a person: a key that is bound to it, or a form that it shares.
    OnBehalf {
        /// The program acted in.
        program: ProgramId,
        /// The enrollment acted for.
        enrollment: EnrollmentId,
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
            | Self::OnBehalf { program, .. }
            | Self::System { program } => *program,
        }
    }

    /// The account acting, if a person is.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        match self {
            Self::Admin { account, .. } | Self::Partner { account, .. } => Some(*account),
            Self::Key { .. } | Self::OnBehalf { .. } | Self::System { .. } => None,
        }
    }

    /// The partner acted for, if one is.
    #[must_use]
    pub fn partner(&self) -> Option<EnrollmentId> {
        match self {
            Self::Partner { enrollment, .. } | Self::OnBehalf { enrollment, .. } => Some(*enrollment),
            Self::Admin { .. } | Self::Key { .. } | Self::System { .. } => None,
        }
    }

    /// Whether an admin act that needs this power is allowed: to a member by the role, to the system always, to
    /// keys and partners never.
    #[must_use]
    pub fn may(&self, power: Power) -> bool {
        match self {
            Self::Admin { role, .. } => role.may(power),
            Self::System { .. } => true,
            Self::Partner { .. } | Self::Key { .. } | Self::OnBehalf { .. } => false,
        }
    }
}

/// How long a password or second factor counts as just given, for acts that ask again.
pub const CONFIRMED_FOR: Duration = Duration::minutes(15);

/// A session of someone who has signed in, second factor included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Whose.
    pub account: AccountId,
    /// The person's name.
    pub name: String,
    /// The e-mail.
    pub email: String,
    /// The language, such as `en`.
    pub language: String,
    /// Whether acts that ask again ask for a code (else for the password).
    pub second_factor: bool,
    /// When the password or second factor was last given, UTC; long ago where a link signed in.
    pub confirmed_at: DateTime<Utc>,
    /// Until when it lasts, UTC.
    pub expires_at: DateTime<Utc>,
    /// The one program whose portal it opens, where a link signed in; `None` opens everything of the account.
    pub only_program: Option<ProgramId>,
}

impl Session {
    /// Whether the password or second factor was given within the last 15 minutes.
    #[must_use]
    pub fn confirmed(&self, at: DateTime<Utc>) -> bool {
        self.confirmed_at + CONFIRMED_FOR > at
    }
}

/// Where an account may go: for the program switcher, and for where to land after signing in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Places {
    /// Organizations of which it is a member, by name; one may have no program yet.
    pub organizations: Vec<OrganizationPlace>,
    /// Programs in which it is an admin, by name.
    pub programs: Vec<ProgramPlace>,
    /// Enrollments for which it acts, by the program's name and then the partner's.
    pub enrollments: Vec<PartnerPlace>,
}

/// An organization of which an account is a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationPlace {
    /// Its id.
    pub id: OrganizationId,
    /// Its name.
    pub name: String,
    /// The account's role there.
    pub role: Role,
}

/// A program in which an account is an admin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramPlace {
    /// Its id.
    pub id: ProgramId,
    /// The program's name in addresses.
    pub slug: String,
    /// The program's name.
    pub name: String,
    /// The name of the program's accent, or empty.
    pub accent: String,
    /// The account's role there.
    pub role: Role,
}

/// An enrollment for which an account acts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartnerPlace {
    /// The program's name in addresses.
    pub program_slug: String,
    /// The program's name.
    pub program_name: String,
    /// The name of the program's accent, or empty.
    pub accent: String,
    /// The partner.
    pub partner: PartnerName,
    /// Its standing.
    pub status: EnrollmentStatus,
}

/// What a person sees of the own account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountSettings {
    /// The e-mail.
    pub email: String,
    /// The name.
    pub name: String,
    /// The language, such as `en`.
    pub language: String,
    /// Since when the second factor is on, UTC.
    pub second_factor_since: Option<DateTime<Utc>>,
    /// How many recovery codes are unused.
    pub recovery_codes_left: i64,
}

/// Another e-mail of an account, which the old and the new address have yet to confirm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailChange {
    /// The new e-mail.
    pub email: String,
    /// Whether the old address has confirmed it.
    pub by_old: bool,
    /// Whether the new address has confirmed it.
    pub by_new: bool,
}

/// What a person may change of the own account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountInput {
    /// The name.
    pub name: String,
    /// One of [`LANGUAGES`].
    pub language: String,
}

/// The languages there are, by code, each with its own name for itself.
pub const LANGUAGES: &[(&str, &str)] = &[("en", "English")];

/// A second factor about to be turned on: shown until the first code confirms it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TotpStart {
    /// The secret in Base32, for typing in.
    pub secret: String,
    /// The `otpauth://` address.
    pub uri: String,
    /// That address as a QR code.
    pub qr: QrPath,
}

/// A member of the team as it stands beside what it works on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberName {
    /// The account.
    pub account: AccountId,
    /// The person's name.
    pub name: String,
}

/// A member of the team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The account.
    pub account: AccountId,
    /// The person's name.
    pub name: String,
    /// The e-mail.
    pub email: String,
    /// The role, in all programs of the organization.
    pub role: Role,
    /// Member since, UTC.
    pub since: DateTime<Utc>,
    /// Whether the second factor is on.
    pub second_factor: bool,
    /// Whether the invitation is still to be accepted: no password chosen yet.
    pub invited: bool,
}

/// Somebody to invite to the team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invite {
    /// The e-mail to which the invitation goes.
    pub email: String,
    /// The person's name.
    pub name: String,
    /// The role.
    pub role: Role,
}

/// An invitation as the person sees it who opens its link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// The account's e-mail.
    pub email: String,
    /// The name given by who invited.
    pub name: String,
    /// The partner, with its program, for which the person will sign in; none: it joins a team.
    pub partner: Option<(ProgramId, EnrollmentId)>,
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
