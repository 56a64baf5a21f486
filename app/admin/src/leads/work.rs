//! The team's notes and tasks about a lead.

use access::{Form, PostForm};
use domain::accounts::MemberName;
use domain::ids::LeadId;
use domain::leads::{LeadDetail, LeadTask};
use leptos::prelude::*;
use ui::{Button, ButtonKind, Card, Glyph, Pill, Select, TextInput, Textarea, Tone, use_toasts};

use super::acts::{AddNote, AddTask, DeleteTask, SetTaskDone};
use super::members;
use crate::show;

/// What the cards post to.
#[derive(Clone, Copy)]
pub(super) struct Forms {
    note: Form<AddNote>,
    task: Form<AddTask>,
    tick: Form<SetTaskDone>,
    delete: Form<DeleteTask>,
    /// What was deleted last, and of which lead: it can be put back, unless it was done.
    deleted: StoredValue<Option<(LeadId, LeadTask)>>,
}

impl Forms {
    pub(super) fn new() -> Self {
        let deleted = StoredValue::new(None);
        Self { note: Form::new(), task: Form::new(), tick: Form::new(), delete: Form::new(), deleted }
    }

    /// How often one of them has changed what the page shows.
    pub(super) fn done(self) -> [RwSignal<usize>; 4] {
        [show::done(self.note), show::done(self.task), show::done(self.tick), show::done(self.delete)]
    }

    /// Forgets what became of them.
    pub(super) fn clear(self) {
        self.note.clear();
        self.task.clear();
        self.tick.clear();
        self.delete.clear();
    }

    /// Says what has worked.
    pub(super) fn tell(self) {
        show::tell(self.note, "Note added");
        show::tell(self.task, "Task added");
        show::tell(self.tick, "Task changed");
        let toasts = use_toasts();
        self.delete.settled(move |outcome| match outcome {
            Ok(()) => match self.deleted.try_update_value(Option::take).flatten() {
                Some((lead, gone)) if !gone.done => {
                    let back = AddTask {
                        program: show::program().get_untracked(),
                        id: lead,
                        task: gone.task,
                        due_on: gone.due_on.map(|day| day.to_string()).unwrap_or_default(),
                        assignee: gone.assignee.map(|member| member.account.to_string()).unwrap_or_default(),
                    };
                    toasts.say_with_undo("Task deleted", Callback::new(move |()| self.task.send_fields(&back)));
                }
                _ => toasts.say("Task deleted"),
            },
            Err(error) if error.leads_to("").is_none() => toasts.fail(error.words()),
            Err(_) => {}
        });
    }
}

/// The notes, with the field for another.
pub(super) fn notes(detail: &LeadDetail, works: bool, forms: Forms) -> AnyView {
    let id = detail.row.id;
    let none = detail.notes.is_empty();
    let each = detail.notes.clone().into_iter().map(|note| {
        let by = if note.by.is_empty() { String::new() } else { format!("{}, ", note.by) };
        view! {
            <li>
                <span class="mail-text">{note.note}</span>
                <span class="sub">{by}{show::time(note.at)}</span>
            </li>
        }
    });
    let each = each.collect_view();
    let add = works.then(|| for_lead(id, move || new_note(id, forms)));
    view! {
        <Card title="Notes">
            <ul class="list">{each}</ul>
            {none.then(|| view! { <p class="sub">"No notes yet."</p> })}
            {add}
        </Card>
    }
    .into_any()
}

/// What is made anew for another lead alone: what is being typed stays while this one is read again.
fn for_lead(id: LeadId, content: impl Fn() -> AnyView + Send + Sync + Clone + 'static) -> AnyView {
    view! { <For each=move || vec![id] key=|id| *id children=move |_| content()/> }.into_any()
}

fn new_note(id: LeadId, forms: Forms) -> AnyView {
    let form = forms.note;
    view! {
        <PostForm form=form class="form" fresh=true>
            {show::wrong(form.beside(&["note"]))}
            {show::program_field()}
            <input type="hidden" name="id" value=id.to_string()/>
            <Textarea id="note" label="A new note" help="For your team alone." error=form.field("note")/>
            <div class="form-actions">
                <Button submit=true busy=form.pending()>"Add the note"</Button>
            </div>
        </PostForm>
    }
    .into_any()
}

/// The tasks, with the fields for another.
pub(super) fn tasks(detail: &LeadDetail, team: &[MemberName], works: bool, forms: Forms) -> AnyView {
    let id = detail.row.id;
    let none = detail.tasks.is_empty();
    let each = detail.tasks.iter().map(|task| line(id, task, None, works, forms)).collect_view();
    let team = StoredValue::new(team.to_vec());
    let add = works.then(|| for_lead(id, move || new_task(id, &team.get_value(), forms)));
    view! {
        <Card title="Tasks">
            <ul class="list">{each}</ul>
            {none.then(|| view! { <p class="sub">"No tasks yet."</p> })}
            {add}
        </Card>
    }
    .into_any()
}

fn new_task(id: LeadId, team: &[MemberName], forms: Forms) -> AnyView {
    let form = forms.task;
    let choices = members(team);
    view! {
        <PostForm form=form class="form" fresh=true>
            {show::wrong(form.beside(&["task", "due_on", "assignee"]))}
            {show::program_field()}
            <input type="hidden" name="id" value=id.to_string()/>
            <TextInput id="task" label="A new task" autocomplete="off" error=form.field("task")/>
            <div class="form-row">
                <TextInput id="due_on" label="Due on" kind="date" optional=true error=form.field("due_on")/>
                <Select id="task-assignee" name="assignee" label="Who does it" choices=choices error=form.field("assignee")/>
            </div>
            <div class="form-actions">
                <Button submit=true busy=form.pending()>"Add the task"</Button>
            </div>
        </PostForm>
    }
    .into_any()
}

/// A task, with its lead where others stand beside it.
pub(super) fn line(of: LeadId, task: &LeadTask, lead: Option<AnyView>, works: bool, forms: Forms) -> AnyView {
    let LeadTask { id, task: words, due_on, assignee, done, overdue } = task.clone();
    let due = due_on.map(|day| format!("Due {}", show::day(day)));
    let who = assignee.filter(|_| lead.is_none()).map(|member| member.name);
    let below = [due, who].into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let (label, glyph, next) = if done {
        (format!("Reopen “{words}”"), Glyph::Undo, "false")
    } else {
        (format!("Tick off “{words}”"), Glyph::Check, "true")
    };
    let acts = works.then(|| {
        let delete = format!("Delete “{words}”");
        let gone = task.clone();
        let note = Callback::new(move |()| forms.deleted.set_value(Some((of, gone.clone()))));
        view! {
            <div class="row">
                <PostForm form=forms.tick>
                    {show::program_field()}
                    <input type="hidden" name="task" value=id.to_string()/>
                    <input type="hidden" name="done" value=next/>
                    <Button submit=true icon=glyph label=label busy=forms.tick.pending()/>
                </PostForm>
                <PostForm form=forms.delete>
                    {show::program_field()}
                    <input type="hidden" name="task" value=id.to_string()/>
                    <Button kind=ButtonKind::Quiet submit=true icon=Glyph::Trash label=delete busy=forms.delete.pending() on_click=note/>
                </PostForm>
            </div>
        }
    });
    let state = if done {
        Some(view! { <Pill tone=Tone::Good text="Done"/> })
    } else {
        overdue.then(|| view! { <Pill tone=Tone::Bad text="Overdue"/> })
    };
    view! {
        <li class="between">
            <span>
                <span class=if done { "task-done" } else { "" }>{words}</span>" "{state}
                {lead.map(|lead| view! { <span class="sub">{lead}</span> })}
                <span class="sub">{below}</span>
            </span>
            {acts}
        </li>
    }
    .into_any()
}
