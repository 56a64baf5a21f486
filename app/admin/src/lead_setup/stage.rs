//! A stage as it is being typed.

use domain::ids::LeadStageId;
use domain::leads::{LeadStage, Stage, StageColour, StageInput};
use leptos::prelude::*;
use std::collections::BTreeSet;
use ui::{Choice, FieldIssue, Glyph, Select, Switch, TextInput, grouped, icon};

use super::issues::Issues;
use super::order::Order;

/// A stage as it is being typed.
#[derive(Clone, Copy)]
pub(super) struct Draft {
    /// Tells the rows of the editor apart.
    pub key: usize,
    /// Which it is, once it is saved.
    pub id: RwSignal<Option<LeadStageId>>,
    pub name: RwSignal<String>,
    /// A word of [`Stage`].
    pub kind: RwSignal<String>,
    /// A word of [`StageColour`].
    pub colour: RwSignal<String>,
    pub needs_reason: RwSignal<bool>,
    pub next_step: RwSignal<String>,
    /// The keys of the stages to which a lead may move from here.
    pub moves: RwSignal<BTreeSet<usize>>,
    /// How many leads are here.
    pub leads: i64,
}

impl Draft {
    /// One that is there already; `moves` are keys.
    pub(super) fn of(key: usize, stage: &LeadStage, moves: BTreeSet<usize>) -> Self {
        Self {
            key,
            id: RwSignal::new(Some(stage.name.id)),
            name: RwSignal::new(stage.name.name.clone()),
            kind: RwSignal::new(stage.name.kind.as_str().to_owned()),
            colour: RwSignal::new(stage.name.colour.as_str().to_owned()),
            needs_reason: RwSignal::new(stage.needs_reason),
            next_step: RwSignal::new(stage.next_step.clone()),
            moves: RwSignal::new(moves),
            leads: stage.leads,
        }
    }

    /// A new one of a kind.
    pub(super) fn new(key: usize, kind: Stage, moves: BTreeSet<usize>) -> Self {
        let colour = match kind {
            Stage::New => StageColour::Grey,
            Stage::Qualified => StageColour::Blue,
            Stage::Unqualified => StageColour::Amber,
            Stage::ClosedWon => StageColour::Green,
            Stage::ClosedLost => StageColour::Red,
        };
        Self {
            key,
            id: RwSignal::new(None),
            name: RwSignal::new(String::new()),
            kind: RwSignal::new(kind.as_str().to_owned()),
            colour: RwSignal::new(colour.as_str().to_owned()),
            needs_reason: RwSignal::new(kind == Stage::Unqualified),
            next_step: RwSignal::new(String::new()),
            moves: RwSignal::new(moves),
            leads: 0,
        }
    }

    /// What it is called in the editor.
    pub(super) fn called(self) -> String {
        self.name.with(|name| match name.trim() {
            "" => "New stage".to_owned(),
            name => name.to_owned(),
        })
    }

    fn kind(self) -> Stage {
        self.kind.with(|word| word.parse().unwrap_or(Stage::New))
    }

    /// What is sent; `keys` are those of all stages, in order. Tracks all that can be typed.
    pub(super) fn read(self, keys: &[usize]) -> StageInput {
        let place = |key: &usize| keys.iter().position(|other| other == key).and_then(|at| u32::try_from(at).ok());
        StageInput {
            // Saving gives new stages theirs: that is nothing that was typed.
            id: self.id.get_untracked(),
            name: self.name.get(),
            kind: self.kind(),
            colour: self.colour.with(|word| word.parse().unwrap_or(StageColour::Grey)),
            needs_reason: self.needs_reason.get(),
            next_step: self.next_step.get(),
            moves: self.moves.with(|moves| moves.iter().filter_map(place).collect()),
        }
    }
}

/// What a stage's row needs of the editor.
#[derive(Clone, Copy)]
pub(super) struct Around {
    pub order: Order,
    pub issues: Issues,
    /// Takes the stage with a key away.
    pub remove: Callback<usize>,
    pub may_edit: bool,
}

impl Around {
    fn issue(self, key: usize, of: &'static str) -> FieldIssue {
        self.issues.of(move || self.order.place(key).map(|place| format!("stages[{place}][{of}]")))
    }
}

/// A stage's row.
pub(super) fn row(draft: Draft, around: Around) -> AnyView {
    let Around { order, remove, may_edit, .. } = around;
    let key = draft.key;
    let called = move || draft.called();
    let title = format!("stage-title-{key}");
    let labelled = title.clone();
    let tools = may_edit.then(|| {
        view! {
            <div class="row">
                {order.buttons(key)}
                <button type="button" class="btn quiet icon-btn" on:click=move |_| remove.run(key)>
                    {icon(Glyph::Trash)}
                    <span class="visually-hidden">"Remove "{called}</span>
                </button>
            </div>
        }
    });
    let swatch = move || draft.colour.with(|colour| format!("stage-name {colour}"));
    let here = match draft.leads {
        0 => String::new(),
        1 => "1 lead".to_owned(),
        leads => format!("{} leads", grouped(leads)),
    };
    view! {
        <li id=order.id(key) class=order.class(key) tabindex="-1">
            <div class="editor-body" role="group" aria-labelledby=labelled>
                <div class="editor-head">
                    {may_edit.then(|| order.grip(key))}
                    <h3 id=title><span class=swatch>{called}</span><small class="sub">{here}</small></h3>
                    {tools}
                </div>
                <fieldset class="stack" disabled=!may_edit>{fields(draft, around)}</fieldset>
            </div>
        </li>
    }
    .into_any()
}

fn fields(draft: Draft, around: Around) -> AnyView {
    let key = draft.key;
    let id = move |of: &str| format!("stage-{of}-{key}");
    let colours = StageColour::ALL.iter().map(|colour| Choice::new(colour.as_str(), colour.label())).collect();
    let kind = move || {
        if draft.id.get().is_some() {
            let words = draft.kind.with_untracked(|word| word.parse().map_or("", Stage::label));
            return view! {
                <div class="field">
                    <span class="field-legend">"Kind"</span>
                    <p class="fixed">{words}</p>
                </div>
            }
            .into_any();
        }
        let kinds = Stage::ALL.iter().map(|kind| Choice::new(kind.as_str(), kind.label())).collect();
        view! { <Select id=id("kind") label="Kind" choices=kinds bind=draft.kind help=Signal::stored("It stays once it is saved.".to_owned())/> }
            .into_any()
    };
    view! {
        <div class="form-row">
            <TextInput id=id("name") label="Name" bind=draft.name required=true error=around.issue(key, "name")/>
            <Select id=id("colour") label="Colour" choices=colours bind=draft.colour/>
            {kind}
        </div>
        <TextInput
            id=id("next_step")
            label="Next step"
            bind=draft.next_step
            optional=true
            help="What the partner reads while a lead is here."
            error=around.issue(key, "next_step")
        />
        <Switch
            id=id("needs_reason")
            label="Needs a reason"
            bind=draft.needs_reason
            help="Who moves a lead here says why, and the partner reads it."
        />
    }
    .into_any()
}
