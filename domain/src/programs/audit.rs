//! How the audit log reads: what was done, and the fields and words of its details.

use crate::assets::AssetKind;
use crate::commissions::Suspicion;
use crate::leads::{DuplicateRule, DuplicateScope, LeadKey, Stage};
use crate::payments::method_words;
use crate::portal::PortalPage;

/// Every act that is logged, as its line names it, and as people read it.
pub const ACTS: &[(&str, &str)] = &[
    ("api_key.create", "API key made"),
    ("api_key.revoke", "API key revoked"),
    ("asset.archive", "Asset archived"),
    ("asset.create", "Asset added"),
    ("asset.edit", "Asset changed"),
    ("asset.move", "Asset moved"),
    ("asset.restore", "Asset taken back from the archive"),
    ("commission.approve", "Commission approved"),
    ("commission.reverse", "Commission reversed"),
    ("conversation.assign", "Who answers a partner changed"),
    ("customer.erase", "Customer's personal data erased"),
    ("customer.export", "Customer's personal data downloaded"),
    ("customer.reassign", "Customer given to another partner"),
    ("demo.build", "Demo loaded"),
    ("group.create", "Group made"),
    ("group.edit", "Group changed"),
    ("group.remove", "Group removed"),
    ("job.retry", "Failed job tried again"),
    ("lead.add", "Lead added"),
    ("lead.assign", "Lead assigned"),
    ("lead.edit", "Lead changed"),
    ("lead.erase", "Lead's personal data erased"),
    ("lead.export", "Lead's personal data exported"),
    ("lead.set_deal_value", "Lead's deal value set"),
    ("lead.set_stage", "Lead's stage changed"),
    ("lead_form.save", "Lead form changed"),
    ("lead_group.create", "Group of leads made"),
    ("lead_group.edit", "Group of leads changed"),
    ("lead_settings.save", "Lead settings changed"),
    ("lead_stages.save", "Stages of leads changed"),
    ("lead_type.create", "Type of leads made"),
    ("lead_type.edit", "Type of leads changed"),
    ("leads.import", "Leads imported"),
    ("link.create", "Link made"),
    ("link.disable", "Link switched off"),
    ("link.edit", "Link changed"),
    ("link.rename", "Link's code changed"),
    ("link.restore", "Link switched on"),
    ("mail.edit", "Mail's words changed"),
    ("offer.archive", "Offer archived"),
    ("offer.create", "Offer made"),
    ("offer.edit", "Offer changed"),
    ("offer.move", "Order of the offers changed"),
    ("offer.restore", "Offer taken back from the archive"),
    ("outbox.read", "Mail in the outbox read"),
    ("partner.activate", "Partner let in again"),
    ("partner.add_account", "Person invited for a partner"),
    ("partner.adjust", "Bonus or correction posted"),
    ("partner.approve", "Partner approved"),
    ("partner.ban", "Partner banned"),
    ("partner.change_code", "Partner's code changed"),
    ("partner.create", "Partner added"),
    ("partner.decline", "Partner declined"),
    ("partner.erase", "Partner's personal data erased"),
    ("partner.export", "Partner's personal data downloaded"),
    ("partner.note", "Note on a partner added"),
    ("partner.pause", "Partner paused"),
    ("partner.payout_method", "Partner's payout method confirmed"),
    ("partner.photo", "Partner's photo changed"),
    ("partner.remove_note", "Note on a partner removed"),
    ("partner.reveal_payout_details", "Payout details shown in full"),
    ("partner.see_as", "Portal seen as a partner"),
    ("partner.set_group", "Partner's group changed"),
    ("partner.set_offers", "Partner's offers changed"),
    ("partner.set_tags", "Partner's tags changed"),
    ("partner.update", "Partner changed"),
    ("partners.add_tag", "Partners tagged together"),
    ("partners.approve", "Partners approved together"),
    ("partners.decline", "Partners declined together"),
    ("partners.import", "Partners imported"),
    ("partners.message", "Mail written to partners"),
    ("partners.pause", "Partners paused together"),
    ("partners.resume", "Partners let in again together"),
    ("partners.set_group", "Partners moved to a group together"),
    ("payment.cancel", "Payment cancelled"),
    ("payment.fail", "Payment failed"),
    ("payment_batch.file", "File for the payment provider downloaded"),
    ("payment_batch.mark", "Payments marked"),
    ("payment_batch.record", "Payments created"),
    ("payment_batch.results", "Provider's results applied"),
    ("payment_draft.approve", "Payments agreed to by a second person"),
    ("payment_draft.cancel", "Prepared payments discarded"),
    ("payment_draft.create", "Payments prepared"),
    ("payment_draft.edit", "Prepared payments changed"),
    ("payment_draft.process", "Processing of payments begun"),
    ("payment_draft.stop", "Processing of payments stopped"),
    ("portal.brand", "Portal's brand changed"),
    ("portal.favicon", "Portal's icon changed"),
    ("portal.link_host", "Link domain changed or checked"),
    ("portal.logo", "Portal's logo changed"),
    ("portal.pages", "Portal's pages shown or hidden"),
    ("portal.sharing", "Texts for sharing changed"),
    ("portal.sign_up", "Portal's sign-up changed"),
    ("portal.terms", "Terms published"),
    ("portal.welcome", "Portal's welcome changed"),
    ("program.copy", "Sandbox made"),
    ("program.create", "Program created"),
    ("program.fraud_checks", "Checks for review changed"),
    ("program.hide_checklist", "Steps of a new program put away"),
    ("program.payer", "Company on remittance advices changed"),
    ("program.payments", "Monthly run and approval of payments changed"),
    ("program.payout_methods", "Ways to pay changed"),
    ("program.update", "Settings changed"),
    ("promo_code.create", "Promo code made"),
    ("promo_code.disable", "Promo code switched off"),
    ("promo_code.edit", "Promo code's description changed"),
    ("promo_code.restore", "Promo code switched on"),
    ("saved_reply.delete", "Saved reply deleted"),
    ("saved_reply.save", "Saved reply changed"),
    ("submitted_sale.approve", "Submitted sale approved"),
    ("submitted_sale.decline", "Submitted sale declined"),
    ("team.change_role", "Member's role changed"),
    ("team.invite", "Member invited"),
    ("team.invite_again", "Member invited again"),
    ("team.remove", "Member removed"),
];

/// An act in words, where it is one that is logged.
#[must_use]
pub fn act_words(action: &str) -> Option<&'static str> {
    ACTS.iter().find(|(act, _)| *act == action).map(|(_, words)| *words)
}

/// The acts in whose words a text stands, whatever the case.
#[must_use]
pub fn acts_with(text: &str) -> Vec<String> {
    let text = text.trim().to_lowercase();
    let found = ACTS.iter().filter(|(_, words)| words.to_lowercase().contains(&text));
    found.map(|(act, _)| (*act).to_owned()).collect()
}

/// Fields of details whose names don't say by themselves what they hold.
const FIELDS: &[(&str, &str)] = &[
    ("all_that_match", "All that match"),
    ("email", "E-mail"),
    ("good_lead", "What makes a good lead"),
    ("hidden", "Hidden pages"),
    ("id", "ID"),
    ("is_default", "Default group"),
    ("job", "Job's ID"),
    ("lead", "Lead's ID"),
    ("minutes", "Minutes at most"),
    ("moved", "Moved question"),
    ("on", "Checks that are on"),
    ("sale", "Sale's ID"),
    ("same_email", "Others with the same e-mail"),
    ("sign_up", "Who signs up"),
    ("standard", "The standard words"),
    ("total", "In all"),
    ("up", "Upwards"),
    ("was", "Was before"),
];

/// The name of a field of details as words: `Window days`.
#[must_use]
pub fn field_words(field: &str) -> String {
    if let Some((_, words)) = FIELDS.iter().find(|(name, _)| *name == field) {
        return (*words).to_owned();
    }
    let words = field.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A word of Tributary's own among the details of an act, as people read it; `None` where it is none: what was typed stays
/// as it is.
#[must_use]
pub fn value_words(action: &str, field: &str, word: &str) -> Option<String> {
    let words = match (action, field) {
        ("lead.set_stage", _) => word.parse::<Stage>().ok()?.label(),
        ("lead_settings.save", "duplicate_by") => word.parse::<LeadKey>().ok()?.label(),
        ("lead_settings.save", "duplicate_scope") => word.parse::<DuplicateScope>().ok()?.label(),
        ("lead_settings.save", "duplicate_rule") => word.parse::<DuplicateRule>().ok()?.label(),
        ("partner.payout_method", _) | (_, "payout_method" | "method") => return Some(method_words(word)),
        ("program.fraud_checks", "on") => word.parse::<Suspicion>().ok()?.label(),
        ("portal.pages", _) => word.parse::<PortalPage>().ok()?.label(),
        (_, "kind") => word.parse::<AssetKind>().ok()?.label(),
        _ => return None,
    };
    Some(words.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acts_are_listed_once_and_in_order() {
        assert!(ACTS.windows(2).all(|two| two[0].0 < two[1].0));
        assert_eq!(act_words("partner.ban"), Some("Partner banned"));
        assert_eq!(act_words("partner"), None);
        assert_eq!(acts_with(" Partner BANNED"), ["partner.ban"]);
    }

    #[test]
    fn words_of_tributary_s_own_are_told_and_others_stay() {
        assert_eq!(field_words("lands_on"), "Lands on");
        assert_eq!(field_words("same_email"), "Others with the same e-mail");
        let told = |action, field, word| value_words(action, field, word);
        assert_eq!(told("lead.set_stage", "", "closed_won").as_deref(), Some("Closed Won"));
        assert_eq!(
            told("program.fraud_checks", "on", "same_ip").as_deref(),
            Some("Same address for click and sign-up")
        );
        assert_eq!(told("partner.payout_method", "", "us_bank"), Some(method_words("us_bank")));
        assert_eq!(told("partner.change_code", "from", "closed_won"), None, "a code");
    }
}
