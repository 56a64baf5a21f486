//! The stages of the program's leads, and which moves between them are allowed.

use access::{Form, LazyPage, Read, Result, read};
use domain::ids::LeadStageId;
use domain::leads::{LeadStage, MOST_STAGES, Stage, StageInput, check_stages};
use domain::text::FieldError;
use leptos::prelude::*;
use leptos::server_fn::codec::{GetUrl, Json};
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use ui::{
    Button, ButtonKind, ButtonLink, Card, Glyph, Menu, MenuButton, Note, PageHead, SkeletonCard, Toasts, icon,
    use_toasts,
};

use super::issues::Issues;
use super::order::{Order, focus, shift};
use super::stage::{Around, Draft, row};
use crate::show;
use crate::unsaved::Unsaved;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    stages: Vec<LeadStage>,
    may_edit: bool,
}

/// The stages of the program's leads.
#[server(prefix = "/fn", endpoint = "admin/lead-settings/stages", input = GetUrl)]
pub async fn read_lead_stages(program: String) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let stages = engine::leads::stages(&mut asking.conn, asking.program.id).await?;
        Ok(Shown { stages, may_edit: asking.actor.may(domain::accounts::Power::EditProgram) })
    })
    .await
}

/// Saves all stages; answers their ids, in order.
#[server(prefix = "/fn", endpoint = "admin/lead-settings/stages/save", input = Json)]
pub async fn save_lead_stages(program: String, stages: Vec<StageInput>) -> Result<Vec<LeadStageId>> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::EditProgram)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::leads::save_stages(&mut tx, &asking.moment, &asking.actor, &stages).await?;
        let saved = engine::leads::stages(&mut tx, asking.program.id).await?;
        tx.commit().await?;
        Ok(saved.into_iter().map(|stage| stage.name.id).collect())
    })
    .await
}

/// `/admin/{program}/lead-settings/stages`.
pub struct LeadStagesPage {
    found: Read<Shown>,
    form: Form<SaveLeadStages>,
}

impl LazyPage for LeadStagesPage {
    fn data() -> Self {
        let program = show::program();
        Self { found: read(move || ReadLeadStages { program: program.get() }), form: Form::new() }
    }

    fn view(this: Self) -> AnyView {
        let LeadStagesPage { found, form } = this;
        show::tell(form, "Stages saved");
        let unsaved = Unsaved::new().watch(form);
        view! {
            <Title text="Stages"/>
            {found.show(skeleton, move |shown| page(shown, form, unsaved))}
        }
        .into_any()
    }
}

fn skeleton() -> AnyView {
    view! {
        <PageHead title="Stages"/>
        <SkeletonCard lines=8/>
        <SkeletonCard lines=6/>
    }
    .into_any()
}

/// The stages as they are being typed.
#[derive(Clone, Copy)]
struct Editor {
    all: RwSignal<Vec<Draft>>,
    /// The key of the next stage.
    next: RwSignal<usize>,
    /// The stages that were sent last.
    sent: StoredValue<Vec<Draft>>,
    issues: Issues,
    form: Form<SaveLeadStages>,
    program: Memo<String>,
    toasts: Toasts,
    /// The page's: what is made when a button of a row is pressed would go with the row.
    owner: StoredValue<Option<Owner>>,
}

impl Editor {
    fn new(stages: &[LeadStage], form: Form<SaveLeadStages>) -> Self {
        let key = |id: &LeadStageId| stages.iter().position(|stage| stage.name.id == *id);
        let draft =
            |(at, stage): (usize, &LeadStage)| Draft::of(at, stage, stage.moves.iter().filter_map(key).collect());
        Self {
            all: RwSignal::new(stages.iter().enumerate().map(draft).collect()),
            next: RwSignal::new(stages.len()),
            sent: StoredValue::new(Vec::new()),
            issues: Issues::new(form),
            form,
            program: show::program(),
            toasts: use_toasts(),
            owner: StoredValue::new(Owner::current()),
        }
    }

    /// What is sent. Tracks all that can be typed.
    fn read(self) -> Vec<StageInput> {
        let all = self.all.get();
        let keys: Vec<usize> = all.iter().map(|draft| draft.key).collect();
        all.into_iter().map(|draft| draft.read(&keys)).collect()
    }

    fn check(self) -> Vec<FieldError> {
        check_stages(&self.read())
    }

    fn save(self) {
        let stages = untrack(|| self.read());
        let wrong = check_stages(&stages);
        if wrong.is_empty() {
            self.sent.set_value(self.all.get_untracked());
            self.form.send(&SaveLeadStages { program: self.program.get_untracked(), stages });
        }
        self.issues.set(wrong);
    }

    /// New stages get their ids once they are saved.
    fn settle(self) {
        self.form.settled(move |outcome| {
            if let (Ok(()), Some(Ok(ids))) = (outcome, self.form.answer()) {
                for (draft, id) in self.sent.get_value().into_iter().zip(ids) {
                    draft.id.set(Some(id));
                }
            }
        });
    }

    /// Makes something that lives as long as the page.
    fn within<T>(self, make: impl FnOnce() -> T) -> T {
        match self.owner.get_value() {
            Some(owner) => owner.with(make),
            None => make(),
        }
    }

    /// Takes a stage away, until it is undone.
    fn remove(self, key: usize, order: Order) {
        let Some(place) = untrack(|| order.place(key)) else { return };
        let Some(draft) = self.all.with_untracked(|all| all.get(place).copied()) else { return };
        self.all.update(|all| {
            all.remove(place);
        });
        let called = untrack(|| draft.called());
        let undo = move |()| {
            self.all.update(|all| {
                if !all.iter().any(|stage| stage.key == key) {
                    all.insert(place.min(all.len()), draft);
                }
            });
        };
        let undo = self.within(|| Callback::new(undo));
        self.toasts.say_with_undo(format!("{called} removed"), undo);
        order.tell(format!("{called} was removed."));
        // Its button is gone: the focus goes on to the row that stands there now.
        let next = self.all.with_untracked(|all| all.get(place).or(all.last()).map(|draft| draft.key));
        if let Some(next) = next {
            request_animation_frame(move || focus(&order.id(next)));
        }
    }
}

fn page(shown: Shown, form: Form<SaveLeadStages>, unsaved: Unsaved) -> AnyView {
    let Shown { stages, may_edit } = shown;
    let back = format!("/admin/{}/lead-settings", show::program().get_untracked());
    let editor = Editor::new(&stages, form);
    editor.issues.follow(form, unsaved, move || editor.check());
    editor.settle();
    let cancel = back.clone();
    let save = may_edit.then(|| {
        view! {
            <div class="form-actions">
                <ButtonLink href=cancel>"Cancel"</ButtonLink>
                <Button kind=ButtonKind::Primary busy=form.pending() on_click=move |()| editor.save()>"Save the stages"</Button>
            </div>
        }
    });
    view! {
        <PageHead title="Stages" back=(back, "Lead settings".to_owned())/>
        {(!may_edit).then(|| view! { <Note glyph=Glyph::Lock>"Your role reads the stages. An owner or manager changes them."</Note> })}
        {show::wrong(editor.issues.told())}
        {stages_card(editor, may_edit)}
        {moves_card(editor, may_edit)}
        {save}
    }
    .into_any()
}

fn stages_card(editor: Editor, may_edit: bool) -> AnyView {
    let all = editor.all;
    let keys = Signal::derive(move || all.with(|all| all.iter().map(|draft| draft.key).collect::<Vec<_>>()));
    let called = move |key: usize| {
        all.with(|all| all.iter().find(|draft| draft.key == key).copied()).map_or_else(String::new, Draft::called)
    };
    let order = Order::new("stage", keys, called, move |from, to| all.update(|all| shift(all, from, to)));
    let remove = Callback::new(move |key| editor.remove(key, order));
    let around = Around { order, issues: editor.issues, remove, may_edit };
    let full = Signal::derive(move || all.with(|all| all.len() >= MOST_STAGES));
    let add = move |kind: Stage| {
        let key = editor.next.get_untracked();
        editor.next.set(key + 1);
        // Every move is allowed at first: to it, and from it.
        let others: BTreeSet<usize> = all.with_untracked(|all| all.iter().map(|draft| draft.key).collect());
        all.with_untracked(|all| {
            all.iter().for_each(|draft| {
                draft.moves.update(|moves| {
                    moves.insert(key);
                });
            });
        });
        let draft = editor.within(|| Draft::new(key, kind, others));
        all.update(|all| all.push(draft));
        // Once the menu has closed and given the focus back.
        set_timeout(move || focus(&format!("stage-name-{key}")), std::time::Duration::from_millis(50));
    };
    let adder = may_edit.then(|| {
        let kinds = Stage::ALL.iter().map(|kind| {
            let kind = *kind;
            view! { <MenuButton on_click=move |()| add(kind)>{kind.label()}</MenuButton> }
        });
        let kinds = kinds.collect_view();
        view! {
            <div class="row">
                <Menu id="new-stage" label="Add a stage" disabled=full button=|| view! { {icon(Glyph::Plus)} "Add a stage" {icon(Glyph::ChevronDown)} }>
                    {kinds}
                </Menu>
            </div>
        }
    });
    view! {
        <Card title="Stages in their order">
            <p class="sub">
                "Each stage is one of five kinds. The kind says what follows: what the partner is told, whether a lead counts, and what it earns."
            </p>
            <ul class="editor-rows" aria-label="Stages">
                <For each=move || all.get() key=|draft| draft.key children=move |draft| row(draft, around)/>
            </ul>
            {order.live()}
            {adder}
        </Card>
    }
    .into_any()
}

/// From which stage to which a lead may move: a table, on a phone a list for each stage.
fn moves_card(editor: Editor, may_edit: bool) -> AnyView {
    let all = editor.all;
    let columns = move || {
        all.get().into_iter().map(|to| view! { <th scope="col"><span>{move || to.called()}</span></th> }).collect_view()
    };
    let rows = move || {
        let stages = all.get();
        let rows = stages.iter().map(|from| {
            let from = *from;
            let cells = stages.iter().map(|to| cell(from, *to, may_edit)).collect_view();
            view! {
                <tr>
                    <th scope="row">
                        {move || from.called()}
                        <span class="of-phones">" may move to"</span>
                    </th>
                    {cells}
                </tr>
            }
        });
        rows.collect_view()
    };
    view! {
        <Card title="Allowed moves">
            <p class="sub">"From the stage of a row a lead may move to those that are ticked."</p>
            <div class="table-scroll" role="region" aria-label="Allowed moves" tabindex="0">
                <table class="moves">
                    <caption class="visually-hidden">"From which stage to which a lead may move"</caption>
                    <thead>
                        <tr>
                            <td class="corner">"From, to"</td>
                            {columns}
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </Card>
    }
    .into_any()
}

fn cell(from: Draft, to: Draft, may_edit: bool) -> AnyView {
    if from.key == to.key {
        return view! { <td class="same"><span class="visually-hidden">"The same stage"</span></td> }.into_any();
    }
    let id = format!("move-{}-{}", from.key, to.key);
    let allowed = move || from.moves.with(|moves| moves.contains(&to.key));
    let tick = move |event: web_sys::Event| {
        let on = event_target_checked(&event);
        from.moves.update(|moves| {
            if on {
                moves.insert(to.key);
            } else {
                moves.remove(&to.key);
            }
        });
    };
    view! {
        <td>
            <input
                type="checkbox"
                class="checkbox"
                id=id.clone()
                checked=untrack(allowed)
                prop:checked=allowed
                disabled=!may_edit
                on:change=tick
            />
            <label for=id>
                <span class="of-tables">{move || from.called()}" to "</span>
                {move || to.called()}
            </label>
        </td>
    }
    .into_any()
}
