//! Many commissions in review at once: those whose boxes are ticked.

use access::{Form, Result};
use domain::commissions::{JudgeMany, Judged, Verdict};
use domain::ids::{CommissionId, EnrollmentId};
use domain::money::Money;
use domain::reports::CommissionRow;
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use std::collections::BTreeSet;
use ui::{Button, ButtonKind, CloseButton, Dialog, TextInput, counted, use_toasts, wrong};

use crate::show;

/// Approves the commissions that were chosen, or reverses them for one reason.
#[server(prefix = "/fn", endpoint = "admin/review/judge", input = Json)]
pub async fn judge_commissions(program: String, judging: JudgeMany) -> Result<Judged> {
    access::answer(async {
        let asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::JudgeCommissions)?;
        let access::Admin { state, conn, moment, actor, .. } = asking;
        // The use case takes connections of its own.
        drop(conn);
        Ok(engine::commissions::judge_many(&state.pool, &moment, &actor, &judging).await?)
    })
    .await
}

/// Which commissions are chosen, and what is being done with them.
#[derive(Clone, Copy)]
pub(super) struct Many {
    form: Form<JudgeCommissions>,
    /// Those of the page: whose they are, and what is left of each.
    listed: RwSignal<Vec<(CommissionId, EnrollmentId, Money)>>,
    chosen: RwSignal<BTreeSet<CommissionId>>,
    reason: RwSignal<String>,
    /// Whether the dialog of the one and of the other verdict is open.
    open: (RwSignal<bool>, RwSignal<bool>),
}

impl Many {
    /// At the top of the page.
    pub(super) fn new() -> Self {
        let many = Self {
            form: Form::new(),
            listed: RwSignal::new(Vec::new()),
            chosen: RwSignal::new(BTreeSet::new()),
            reason: RwSignal::new(String::new()),
            open: (RwSignal::new(false), RwSignal::new(false)),
        };
        let toasts = use_toasts();
        Effect::new(move |_| match many.form.answer() {
            Some(Ok(judged)) => {
                show::Acts::another();
                many.chosen.update(BTreeSet::clear);
                many.reason.set(String::new());
                many.open.0.set(false);
                many.open.1.set(false);
                if judged.done == 0 {
                    toasts.fail(judged.words());
                } else {
                    toasts.say(judged.words());
                }
            }
            // What is wrong with the reason stands beside it.
            Some(Err(error)) if error.of_field("reason").is_some() => {}
            Some(Err(error)) if error.leads_to("").is_none() => toasts.fail(error.words()),
            _ => {}
        });
        many
    }

    /// Changes with every act: what is shown must be read again.
    pub(super) fn version(self) -> usize {
        self.form.answered()
    }

    /// Begins anew with these commissions: what is not shown is not chosen.
    pub(super) fn list(self, rows: &[CommissionRow]) {
        let left = |row: &CommissionRow| {
            let left = Money::new(row.amount.amount - row.clawed_back.amount, row.amount.currency);
            (row.id, row.partner.id, left)
        };
        self.listed.set(rows.iter().map(left).collect());
        self.chosen.set(BTreeSet::new());
    }

    /// The box beside a commission.
    pub(super) fn tick(self, row: &CommissionRow) -> AnyView {
        let (id, chosen) = (row.id, self.chosen);
        let label = format!("Choose the commission of {} for {}", row.amount, row.partner.name);
        let toggle = move |_| {
            chosen.update(|chosen| {
                if !chosen.remove(&id) {
                    chosen.insert(id);
                }
            });
        };
        view! {
            <td class="check">
                <input type="checkbox" aria-label=label prop:checked=move || chosen.with(|chosen| chosen.contains(&id)) on:change=toggle/>
            </td>
        }
        .into_any()
    }

    /// The head of the boxes: ticks all of the page, and none.
    pub(super) fn tick_all(self) -> AnyView {
        let all =
            move || !self.listed.with(Vec::is_empty) && self.chosen.with(BTreeSet::len) == self.listed.with(Vec::len);
        let some = move || !self.chosen.with(BTreeSet::is_empty) && !all();
        let toggle = move |_| {
            let listed: BTreeSet<CommissionId> =
                self.listed.with_untracked(|rows| rows.iter().map(|row| row.0).collect());
            self.chosen.update(|chosen| *chosen = if chosen.is_empty() { listed } else { BTreeSet::new() });
        };
        view! {
            <th class="check" scope="col">
                <input type="checkbox" aria-label="Choose all on this page" prop:checked=all prop:indeterminate=some on:change=toggle/>
            </th>
        }
        .into_any()
    }

    /// What is chosen, in words: `3 commissions of 2 partners, $41.20 in all`.
    fn words(self) -> String {
        let (chosen, listed) = (self.chosen.get(), self.listed.get());
        let of: Vec<_> = listed.into_iter().filter(|(id, ..)| chosen.contains(id)).collect();
        let Some(currency) = of.first().map(|(_, _, left)| left.currency) else { return "Nothing chosen".to_owned() };
        let partners: BTreeSet<EnrollmentId> = of.iter().map(|(_, partner, _)| *partner).collect();
        let sum = Money::new(of.iter().map(|(_, _, left)| left.amount).sum(), currency);
        let count = |number: usize, one: &str| counted(i64::try_from(number).unwrap_or(i64::MAX), one);
        format!("{} of {}, {sum} in all", count(of.len(), "commission"), count(partners.len(), "partner"))
    }

    /// What can be done with those that are chosen.
    pub(super) fn bar(self) -> AnyView {
        let nothing = Signal::derive(move || self.chosen.with(BTreeSet::is_empty));
        let (approve, reverse) = (move |()| self.open.0.set(true), move |()| self.open.1.set(true));
        view! {
            <div class="filters">
                <Button disabled=nothing on_click=approve>"Approve the chosen"</Button>
                <Button kind=ButtonKind::Quiet disabled=nothing on_click=reverse>"Reverse the chosen"</Button>
                <span class="sub" aria-live="polite">{move || self.words()}</span>
            </div>
        }
        .into_any()
    }

    /// The dialogs that say what follows, and ask for the one reason of all reversals; once on the page.
    pub(super) fn dialogs(self) -> AnyView {
        let program = show::program();
        let send = move |verdict: Verdict| {
            let commissions = self.chosen.get_untracked().into_iter().collect();
            let judging = JudgeMany { verdict, commissions, reason: self.reason.get_untracked() };
            self.form.send(&JudgeCommissions { program: program.get_untracked(), judging });
        };
        let (approve, reverse) = (move |()| send(Verdict::Approve), move |()| send(Verdict::Reverse));
        let pending = self.form.pending();
        view! {
            <Dialog id="approve-many" title="Approve the chosen commissions?" open=self.open.0>
                <div class="form">
                    <p><b>{move || self.words()}</b></p>
                    <p>"Each is owed, and due once its hold has ended. Partners are told by mail, where they want that. What was found suspicious holds nothing of these customers again. You can still reverse each."</p>
                    <div class="dialog-actions">
                        <CloseButton closes="approve-many"/>
                        <Button kind=ButtonKind::Primary busy=pending on_click=approve>"Approve"</Button>
                    </div>
                </div>
            </Dialog>
            <Dialog id="reverse-many" title="Reverse the chosen commissions?" open=self.open.1>
                <div class="form">
                    {wrong(self.form.beside(&["reason"]))}
                    <p><b>{move || self.words()}</b></p>
                    <p>"All that is left of them is taken back. It can't be undone."</p>
                    <TextInput id="reason-many" label="Reason" required=true bind=self.reason error=self.form.field("reason")
                        help="One for all of them, and for the team alone; partners see that they were reversed."/>
                    <div class="dialog-actions">
                        <CloseButton closes="reverse-many"/>
                        <Button kind=ButtonKind::Danger busy=pending on_click=reverse>"Reverse"</Button>
                    </div>
                </div>
            </Dialog>
        }
        .into_any()
    }
}
