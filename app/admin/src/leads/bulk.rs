//! Many leads at once: those whose boxes are ticked.

use access::{Form, PostForm, Result};
use domain::accounts::MemberName;
use domain::leads::{StageName, Worked};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use ui::{
    Button, ButtonKind, Choice, CloseButton, Dialog, Glyph, Menu, MenuButton, Note, Select, Textarea, Tone, counted,
    grouped, icon, use_toasts,
};

use super::members;
use crate::boxes::Boxes;
use crate::show;

/// The boxes beside the leads.
pub(super) const BOXES: Boxes =
    Boxes { form: "bulk", name: "bulk[leads][]", every: "input[type='checkbox'][form='bulk']" };

const BESIDE: &[&str] = &["stage", "reason", "assignee"];

/// What is done to many leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BulkAct {
    /// They move to a stage.
    Move,
    /// Somebody works them.
    Assign,
}

/// What is done, and to which leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bulk {
    act: BulkAct,
    #[serde(default)]
    leads: Vec<domain::ids::LeadId>,
    #[serde(default)]
    stage: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    assignee: String,
}

/// Moves the leads that were chosen to a stage, or gives them to somebody.
#[server(prefix = "/fn", endpoint = "admin/leads/bulk")]
pub async fn bulk_leads(program: String, bulk: Bulk) -> Result<Worked> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::JudgeLeads)?;
        match bulk.act {
            BulkAct::Move => {
                let stage = bulk.stage.parse().map_err(|_| access::Error::field("stage", "Choose a stage."))?;
                let to = domain::leads::Move { stage, reason: bulk.reason, deal_value: None, customer: String::new() };
                let access::Admin { state, conn, moment, actor, .. } = asking;
                // The use case takes connections of its own.
                drop(conn);
                Ok(engine::leads::move_many(&state.pool, &moment, &actor, &bulk.leads, &to).await?)
            }
            BulkAct::Assign => {
                let to = super::chosen(&bulk.assignee)?;
                let mut tx = access::begin(&mut asking.conn).await?;
                let worked =
                    engine::leads::assign_many(&mut tx, &asking.moment, &asking.actor, &bulk.leads, to).await?;
                tx.commit().await?;
                Ok(worked)
            }
        }
    })
    .await
}

/// Says what became of it.
pub(super) fn tell(form: Form<BulkLeads>) {
    let toasts = use_toasts();
    Effect::new(move |_| match form.answer() {
        Some(Ok(worked)) if worked.done == 0 => toasts.note("No lead was changed"),
        Some(Ok(worked)) => toasts.say(format!("{} changed", counted(worked.done, "lead"))),
        // What is wrong with a field stands beside it.
        Some(Err(error)) if BESIDE.iter().any(|field| error.of_field(field).is_some()) => {}
        Some(Err(error)) if error.leads_to("").is_none() => toasts.fail(error.words()),
        _ => {}
    });
}

/// Those that were left out, by name and with why.
pub(super) fn left_out(form: Form<BulkLeads>) -> AnyView {
    (move || {
        let worked = form.answer()?.ok().filter(|worked| !worked.left_out.is_empty())?;
        let count = i64::try_from(worked.left_out.len()).unwrap_or(i64::MAX);
        let each = worked.left_out.into_iter().map(|(called, why)| view! { <li><b>{called}</b>": "{why}</li> });
        let each = each.collect_view();
        Some(view! {
            <div role="status">
                <Note tone=Tone::Warn glyph=Glyph::Alert>
                    <p>{format!("{} left out:", counted(count, "lead"))}</p>
                    <ul>{each}</ul>
                </Note>
            </div>
        })
    })
    .into_any()
}

/// What can be done to those that are chosen, each behind a dialog.
pub(super) fn bar(form: Form<BulkLeads>, count: RwSignal<usize>, stages: &[StageName], team: &[MemberName]) -> AnyView {
    // Without scripts nobody counts: then whoever is ticked may be sent.
    let counted = RwSignal::new(false);
    BOXES.begin(count);
    Effect::new(move |_| counted.set(true));
    let nothing = Signal::derive(move || counted.get() && count.get() == 0);
    let words = move || match count.get() {
        0 => "Choose leads, then what to do".to_owned(),
        chosen => format!("{} chosen", grouped(i64::try_from(chosen).unwrap_or(0))),
    };
    let forget = move |()| form.clear();
    let stages = std::iter::once(Choice::new("", "Choose a stage"))
        .chain(stages.iter().map(|stage| Choice::new(stage.id.to_string(), &stage.name)))
        .collect();
    let to_stage = view! {
        <Select id="bulk-stage" name="bulk[stage]" label="Stage" choices=stages error=form.field("stage")/>
        <Textarea
            id="bulk-reason"
            name="bulk[reason]"
            label="Reason"
            help="The partners see it. Some stages need one."
            optional=true
            error=form.field("reason")
        />
    };
    let team = members(team);
    let to_member = view! {
        <Select id="bulk-assignee" name="bulk[assignee]" label="Assign to" choices=team error=form.field("assignee")/>
    };
    let (to_stage, to_member) =
        (dialog(form, BulkAct::Move, to_stage.into_any()), dialog(form, BulkAct::Assign, to_member.into_any()));
    view! {
        <PostForm form=form class="filters" id=BOXES.form>
            // Enter in a field presses the form's first button: this one does nothing.
            <button type="submit" disabled=true hidden=true></button>
            {show::program_field()}
            <Menu id="bulk-acts" label="With the chosen leads" disabled=nothing button=|| view! { "Actions" {icon(Glyph::ChevronDown)} }>
                <MenuButton icon=Glyph::ArrowRight opens="bulk-move" on_click=forget>"Move to stage"</MenuButton>
                <MenuButton icon=Glyph::User opens="bulk-assign" on_click=forget>"Assign to"</MenuButton>
            </Menu>
            <span class="sub" role="status">{words}</span>
            {to_stage}
            {to_member}
        </PostForm>
    }
    .into_any()
}

fn dialog(form: Form<BulkLeads>, act: BulkAct, fields: AnyView) -> AnyView {
    let (word, id, title, words, button) = match act {
        BulkAct::Move => (
            "move",
            "bulk-move",
            "Move the chosen leads",
            "Leads that may not move to this stage from where they are stay there, and are named.",
            "Move",
        ),
        BulkAct::Assign => (
            "assign",
            "bulk-assign",
            "Assign the chosen leads",
            "Whoever it is finds them by the filter “Mine”.",
            "Assign",
        ),
    };
    view! {
        <Dialog id=id title=title>
            <p>{words}</p>
            {show::wrong(form.beside(BESIDE))}
            <div class="form">
                {fields}
                <div class="dialog-actions">
                    <CloseButton closes=id/>
                    <Button kind=ButtonKind::Primary submit=true name="bulk[act]" value=word busy=form.pending()>{button}</Button>
                </div>
            </div>
        </Dialog>
    }
    .into_any()
}
