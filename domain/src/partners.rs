//! Partners: enrollments, their standing and their kinds.

mod profile;
mod work;

pub use profile::{Checklist, LeadMails, Notice, Notifications, Profile, SummaryRhythm};
pub use work::{
    Bulk, BulkAct, BulkDone, BulkLook, IMPORT_COLUMNS, ImportHead, ImportPreview, ImportProblem, LeftOut, MOST_AT_ONCE,
    MOST_FOUND, MOST_ROWS, MOST_TAGS, PROBLEM_COLUMN, PartnerJob, PartnerNote, imported, read_tags,
};

use crate::ids::{AccountId, EnrollmentId, FileId, OfferId, PartnerGroupId, PromoCodeId};
use crate::money::Money;
use crate::offers::{Override, RateOf, RewardWords};
use crate::words;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

words! {
    /// An enrollment's standing.
    pub enum EnrollmentStatus in "enrollment_status" {
        /// Waits for an admin.
        Pending = "pending",
        /// Earns.
        Active = "active",
        /// Earns nothing for what happens in the pause.
        Paused = "paused",
        /// Has lost what was held; what is payable is frozen.
        Banned = "banned",
        /// Was never let in.
        Declined = "declined",
    }
}

impl EnrollmentStatus {
    /// Which standings an admin may move an enrollment to from this one.
    #[must_use]
    pub fn moves(self) -> &'static [Self] {
        match self {
            Self::Pending => &[Self::Active, Self::Declined],
            Self::Active => &[Self::Paused, Self::Banned],
            Self::Paused => &[Self::Active, Self::Banned],
            Self::Banned | Self::Declined => &[Self::Active],
        }
    }
}

/// What an enrollment does in the program; one may be several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kinds {
    /// Shares links.
    pub affiliate: bool,
    /// Submits leads.
    pub introducer: bool,
    /// Is referred leads.
    pub buyer: bool,
}

/// A partner as lists and menus name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartnerName {
    /// Its id.
    pub id: EnrollmentId,
    /// Its code as it is written now.
    pub code: String,
    /// Its name for people: the person's, else the company's.
    pub name: String,
}

/// A partner to be let in, as an admin or the API tells of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewPartner {
    /// The person's name; may be empty where there is a company.
    #[serde(default)]
    pub name: String,
    /// The company; may be empty where there is a name.
    #[serde(default)]
    pub company: String,
    /// Where the partner is reached and by which it signs in; empty: nobody signs in yet.
    #[serde(default)]
    pub email: String,
    /// The partner's own site, or empty.
    #[serde(default)]
    pub website: String,
    /// Its code; made from the name where not given.
    #[serde(default)]
    pub code: Option<String>,
    /// What it does in the program.
    pub kinds: Kinds,
    /// Its first standing: `active`, or `pending` where somebody applies.
    pub status: EnrollmentStatus,
}

/// What an admin changes of a partner besides its code, standing and offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartnerEdit {
    /// The person's name.
    #[serde(default)]
    pub name: String,
    /// The company.
    #[serde(default)]
    pub company: String,
    /// Where the partner is reached; its accounts keep the e-mails they sign in with.
    #[serde(default)]
    pub email: String,
    /// The partner's own site, or empty.
    #[serde(default)]
    pub website: String,
    /// How it is paid, in a few words ("Bank transfer"), or empty.
    #[serde(default)]
    pub payout_method: String,
    /// What it does in the program.
    pub kinds: Kinds,
}

words! {
    /// The order of the list of partners.
    #[derive(Default)]
    pub enum PartnerSort in "partner_sort" {
        /// Who came last comes first.
        #[default]
        Newest = "newest",
        /// By name.
        Name = "name",
        /// Who has earned most comes first.
        Earned = "earned",
        /// To whom most is due comes first.
        Due = "due",
    }
}

/// Which partners a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartnerFilter {
    /// Part of the code, name, company or e-mail, whatever the case.
    #[serde(default)]
    pub search: String,
    /// Only those of this standing.
    #[serde(default)]
    pub status: Option<EnrollmentStatus>,
    /// Only those with this tag.
    #[serde(default)]
    pub tag: Option<String>,
    /// Only those in this group.
    #[serde(default)]
    pub group: Option<PartnerGroupId>,
    /// In which order.
    #[serde(default)]
    pub sort: PartnerSort,
}

/// A partner in the admin's list, with its figures since the beginning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartnerRow {
    /// Its id.
    pub id: EnrollmentId,
    /// Its code as it is written now.
    pub code: String,
    /// The person's name, or empty.
    pub name: String,
    /// The company, or empty.
    pub company: String,
    /// Where it is reached, or empty.
    pub email: String,
    /// Its standing.
    pub status: EnrollmentStatus,
    /// What it does in the program.
    pub kinds: Kinds,
    /// Clicks on its links.
    pub clicks: i64,
    /// Customers attributed to it who have signed up.
    pub sign_ups: i64,
    /// Customers attributed to it who have paid.
    pub customers: i64,
    /// Commissions, bonuses and corrections, less what was clawed back.
    pub earned: Money,
    /// Awaiting payout; negative where more was clawed back than was open.
    pub due: Money,
    /// When it was enrolled, UTC.
    pub created_at: DateTime<Utc>,
    /// The name of its group, or empty.
    pub group: String,
    /// Its tags.
    pub tags: Vec<String>,
}

/// How many partners have a standing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusCount {
    /// The standing.
    pub status: EnrollmentStatus,
    /// How many have it.
    pub partners: i64,
}

/// All that the admin's page of one partner shows besides its balance and its lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartnerDetail {
    /// The partner, with its figures.
    pub partner: PartnerRow,
    /// Its own site, or empty.
    pub website: String,
    /// What it answered when it signed up.
    pub answers: Vec<crate::portal::Answer>,
    /// How it is paid, as the kind's word or as the team has it; `None` until chosen.
    pub payout_method: Option<String>,
    /// Its payout details, masked; empty where there are none to show.
    pub payout_masked: String,
    /// Whether there are payout details, encrypted.
    pub has_payout_details: bool,
    /// What it tells of itself.
    pub profile: Profile,
    /// Its photo.
    pub photo: Option<FileId>,
    /// The team's notes, the latest first.
    pub notes: Vec<PartnerNote>,
    /// When its personal data was erased, UTC.
    pub erased_at: Option<DateTime<Utc>>,
    /// The group that it is in.
    pub group: Option<GroupName>,
    /// Codes that it had before, which still lead to it.
    pub old_codes: Vec<String>,
    /// Who signs in for it, the first one first.
    pub accounts: Vec<PartnerAccount>,
    /// Its offers, in the order in which they are tried.
    pub offers: Vec<PartnerOffer>,
    /// Its standings, the latest first.
    pub history: Vec<Standing>,
}

/// Somebody who signs in for a partner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartnerAccount {
    /// The account.
    pub id: AccountId,
    /// Its e-mail.
    pub email: String,
    /// Its name.
    pub name: String,
    /// Whether it has chosen a password; false while an invitation is open.
    pub ready: bool,
}

/// A standing of a partner, as its history tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// From when on, UTC.
    pub at: DateTime<Utc>,
    /// The standing from then on.
    pub status: EnrollmentStatus,
    /// Who decided, or empty where nobody of the team did.
    pub by: String,
    /// Why, in that person's words.
    pub reason: String,
}

/// An offer that a partner has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartnerOffer {
    /// The offer.
    pub offer: OfferId,
    /// Its name.
    pub name: String,
    /// Its rewards as they apply to this partner, in words.
    pub rewards: Vec<RewardWords>,
    /// Whose the rate of each reward is.
    pub rates: Vec<RateOf>,
    /// The rates of the partner's own.
    pub overrides: Vec<Override>,
    /// The group by which the partner has it; empty where it has it by itself alone.
    pub group: String,
    /// Whether the partner has it by itself.
    pub own: bool,
    /// Whether the offer is archived: it still pays those who have it.
    pub archived: bool,
}

/// A group of partners as lists and menus name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupName {
    /// Its id.
    pub id: PartnerGroupId,
    /// Its name.
    pub name: String,
}

/// A group of partners.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartnerGroup {
    /// Its id.
    pub id: PartnerGroupId,
    /// Its name.
    pub name: String,
    /// Its offers, in the order in which they are tried.
    pub offers: Vec<GroupOffer>,
    /// How many partners are in it.
    pub members: i64,
}

/// An offer of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupOffer {
    /// The offer.
    pub offer: OfferId,
    /// Its name.
    pub name: String,
    /// Its rewards as they apply to the group, in words.
    pub rewards: Vec<RewardWords>,
    /// The rates of the group's own.
    pub overrides: Vec<Override>,
}

/// A group as an admin types it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupInput {
    /// Its name.
    pub name: String,
    /// Its offers, in order.
    #[serde(default)]
    pub offers: Vec<OfferChoice>,
}

/// The offers that a partner or a group shall have, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferChoice {
    /// The offer.
    pub offer: OfferId,
    /// Rates of the partner's own.
    #[serde(default)]
    pub overrides: Vec<Override>,
}

/// A promo code to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewPromoCode {
    /// Whose customers those who use it become.
    pub partner: EnrollmentId,
    /// The code.
    pub code: String,
    /// What it gives the customer, in words.
    #[serde(default)]
    pub description: String,
}

/// A promo code in a list, with its figures since the beginning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromoCodeRow {
    /// Its id.
    pub id: PromoCodeId,
    /// The code.
    pub code: String,
    /// What it gives the customer, in words.
    pub description: String,
    /// Whose it is.
    pub partner: PartnerName,
    /// Whether it is switched off.
    pub disabled: bool,
    /// Whether its partner was erased: it stays off.
    pub erased: bool,
    /// When it was made, UTC.
    pub created_at: DateTime<Utc>,
    /// Customers attributed by it.
    pub customers: i64,
}

/// A code made from a name: its letters and digits in lower case, at most 24 of them; `partner` where too few are
/// left.
#[must_use]
pub fn code_from_name(name: &str) -> String {
    let mut code = String::new();
    for c in name.chars() {
        match plain_letters(c) {
            Some(letters) => code.push_str(letters),
            None if c.is_ascii_alphanumeric() => code.push(c.to_ascii_lowercase()),
            None if !code.is_empty() && !code.ends_with('-') && (c.is_whitespace() || c == '-') => code.push('-'),
            None => {}
        }
        if code.len() >= 24 {
            break;
        }
    }
    let code = code.trim_end_matches('-');
    if crate::text::check_code(code).is_ok() { code.to_owned() } else { "partner".to_owned() }
}

/// The plain letters in which common accented ones are written in codes.
fn plain_letters(c: char) -> Option<&'static str> {
    Some(match c.to_lowercase().next()? {
        'à' | 'á' | 'â' | 'ã' | 'å' | 'ā' | 'ą' => "a",
        'ä' | 'æ' => "ae",
        'ç' | 'ć' | 'č' => "c",
        'è' | 'é' | 'ê' | 'ë' | 'ę' | 'ě' | 'ē' => "e",
        'ì' | 'í' | 'î' | 'ï' | 'ī' => "i",
        'ł' => "l",
        'ñ' | 'ń' | 'ň' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ø' | 'ō' => "o",
        'ö' | 'œ' => "oe",
        'ř' => "r",
        'ś' | 'š' => "s",
        'ß' => "ss",
        'ù' | 'ú' | 'û' | 'ū' | 'ů' => "u",
        'ü' => "ue",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_codes() {
        for (name, code) in [
            ("Ada Lovelace", "ada-lovelace"),
            ("  Jörg Müller-Weiß ", "joerg-mueller-weiss"),
            ("R", "partner"),
            ("Admin", "partner"),
            ("李小龍", "partner"),
            ("O'Brien & Sons", "obrien-sons"),
            ("A very long company name that goes on and on", "a-very-long-company-name"),
        ] {
            assert_eq!(code_from_name(name), code, "{name}");
        }
    }
}
