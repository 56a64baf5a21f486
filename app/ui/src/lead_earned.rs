use crate::{Amount, Pill, Why, commission_tone};
use domain::commissions::CommissionStatus;
use domain::leads::Unearned;
use domain::reports::{CommissionRow, LineState};
use leptos::prelude::*;

/// What a lead and its customer have earned, each commission with its reasons, and what came to nothing, with those.
#[must_use]
pub fn lead_earned(commissions: Vec<CommissionRow>, unearned: Vec<Unearned>) -> AnyView {
    if commissions.is_empty() && unearned.is_empty() {
        return ().into_any();
    }
    let earned = commissions.into_iter().map(|row| {
        let state = LineState::Commission { status: row.status, due: row.due_day, paid: row.paid_day };
        let what = format!("{}, {}", row.happened(), row.day.format("%-d %b %Y"));
        let taken = (!row.clawed_back.amount.is_zero() && row.status != CommissionStatus::Reversed)
            .then(|| view! { <span class="sub">{format!("{} was taken back", row.clawed_back)}</span> });
        view! {
            <li>
                <span class="between">
                    <span>{what}</span>
                    <Amount value=row.amount strong=true/>
                </span>
                <span class="row"><Pill tone=commission_tone(row.status) text=state.words()/>{taken}</span>
                <Why checks=row.why.0/>
            </li>
        }
    });
    let nothing = unearned.into_iter().map(|one| {
        let what = format!("{}: nothing earned", one.trigger.label());
        view! {
            <li>
                <span>{what}</span>
                <Why checks=one.why.0/>
            </li>
        }
    });
    let (earned, nothing) = (earned.collect_view(), nothing.collect_view());
    view! { <ul class="list">{earned}{nothing}</ul> }.into_any()
}
