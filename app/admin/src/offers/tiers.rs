//! The tiers of a reward as they are being typed.

use domain::offers::TierMeasure;
use leptos::prelude::*;
use ui::{Button, ButtonKind, Choice, Glyph, MoneyInput, Select, TextInput};

use super::draft::{Draft, TierDraft};
use super::editor::Editor;

/// The fields of a reward's tiers; `percent` tells in what its rates are.
pub(super) fn fields(reward: Draft, editor: Editor, percent: Memo<bool>) -> AnyView {
    let key = reward.key;
    let by = vec![
        Choice::new("", "The same rate for all"),
        Choice::new(TierMeasure::Customers.as_str(), "More from some customers on"),
        Choice::new(TierMeasure::Revenue.as_str(), "More from some revenue on"),
    ];
    let owner = Owner::current();
    let add = move || {
        let key = reward.tiers.with_untracked(|tiers| tiers.iter().map(|tier| tier.key + 1).max().unwrap_or(0));
        // The reward owns the signals of a tier, not the press that adds it.
        let tier = owner.as_ref().map_or_else(|| TierDraft::new(key), |owner| owner.with(|| TierDraft::new(key)));
        reward.tiers.update(|tiers| tiers.push(tier));
    };
    let first = add.clone();
    let chosen = move |word: String| {
        if !word.is_empty() && reward.tiers.with_untracked(Vec::is_empty) {
            first();
        }
    };
    let none = editor.issue_within(key, || Some("tiers".to_owned()));
    let tiers = move || {
        let add = add.clone();
        reward.tiers_by.with(|by| !by.is_empty()).then(|| {
            view! {
                <For each=move || reward.tiers.get() key=move |tier| (key, tier.key) children=move |tier| row(reward, tier, editor, percent)/>
                {move || none.get().map(|words| view! { <p class="error" role="alert">{words}</p> })}
                <div class="row">
                    <Button icon=Glyph::Plus on_click=move |()| add()>"Add a tier"</Button>
                </div>
            }
        })
    };
    view! {
        <Select id=format!("tiers-{key}") label="Tiers" choices=by bind=reward.tiers_by on_change=chosen help="All that the partner who earns it has brought since the beginning, by whichever offer, less refunds. The highest tier reached counts, for the sale that reaches it too."/>
        {tiers}
    }
    .into_any()
}

fn row(reward: Draft, tier: TierDraft, editor: Editor, percent: Memo<bool>) -> AnyView {
    let id = move |field: &str| format!("tier-{field}-{}-{}", reward.key, tier.key);
    let issue = move |field: &'static str| {
        editor.issue_within(reward.key, move || {
            let place = reward.tiers.with(|tiers| tiers.iter().position(|other| other.key == tier.key))?;
            Some(format!("tiers[{place}].{field}"))
        })
    };
    let currency = editor.currency;
    let by_revenue = Memo::new(move |_| reward.tiers_by.with(|by| by == TierMeasure::Revenue.as_str()));
    let from = move || {
        if by_revenue.get() {
            view! { <MoneyInput id=id("from") label="From revenue of" bind=tier.from currency=currency required=true error=issue("from")/> }.into_any()
        } else {
            view! { <TextInput id=id("from") label="From" bind=tier.from suffix="customers" inputmode="numeric" required=true error=issue("from")/> }.into_any()
        }
    };
    let rate = move || {
        if percent.get() {
            view! { <TextInput id=id("rate") label="Tier\u{2019}s percentage" bind=tier.rate suffix="%" inputmode="decimal" required=true error=issue("rate")/> }.into_any()
        } else {
            view! { <MoneyInput id=id("rate") label="Tier\u{2019}s amount" bind=tier.rate currency=currency required=true error=issue("rate")/> }.into_any()
        }
    };
    let remove = move |()| reward.tiers.update(|tiers| tiers.retain(|other| other.key != tier.key));
    view! {
        <div class="form-row">
            {from}
            {rate}
            <Button kind=ButtonKind::Quiet icon=Glyph::Trash on_click=remove>"Remove the tier"</Button>
        </div>
    }
    .into_any()
}
