//! The versions of an offer, and who has it.

use domain::offers::{OfferPast, OfferVersion};
use leptos::prelude::*;
use ui::{Card, grouped};

use crate::show;

/// Both as cards.
pub(super) fn cards(past: OfferPast, program: &str) -> AnyView {
    let OfferPast { versions, groups, partners, count } = past;
    let named = i64::try_from(partners.len()).unwrap_or(0);
    let who = match count {
        0 => "No partner has it.".to_owned(),
        count if count > named => format!("{} partners have it; these are the first.", grouped(count)),
        1 => "1 partner has it.".to_owned(),
        count => format!("{} partners have it.", grouped(count)),
    };
    let groups = groups.into_iter().map(|group| {
        let href = format!("/admin/{program}/groups/{}", group.id);
        view! { <li>"Group "<a class="link" href=href>{group.name}</a></li> }
    });
    let groups = groups.collect_view();
    let partners = partners.iter().map(|partner| view! { <li>{show::partner_link(program, partner)}</li> });
    let partners = partners.collect_view();
    view! {
        <Card title="Who has it">
            <p class="sub">{who}</p>
            <ul class="list">{groups}{partners}</ul>
        </Card>
        <Card title="Versions">
            <ol class="list">{versions.into_iter().map(version).collect_view()}</ol>
        </Card>
    }
    .into_any()
}

fn version(version: OfferVersion) -> AnyView {
    let by = if version.by.is_empty() { String::new() } else { format!(" by {}", version.by) };
    let made = format!("Version {}, {}{by}", version.version, show::instant_in_full(version.at));
    let rewards = version.words.into_iter().map(|words| {
        view! { <div class="reward">{words.sentence}<span class="sub">{words.conditions}</span></div> }
    });
    view! { <li><b>{made}</b>{rewards.collect_view()}</li> }.into_any()
}
