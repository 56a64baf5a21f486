//! Who may sign up, and what they are asked.

use access::{Form, PostForm, Result};
use domain::portal::{Portal, QUESTIONS, Question, QuestionKind, SignUpRule};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use ui::{Button, ButtonKind, Card, Choice, Glyph, Select, Switch, TextInput, Textarea};

use crate::show;
use crate::unsaved::Unsaved;

/// A question as a form sends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuestionInput {
    label: String,
    kind: QuestionKind,
    required: Option<String>,
    /// One a line.
    #[serde(default)]
    choices: String,
}

/// Changes who may sign up, and what they are asked.
#[server(prefix = "/fn", endpoint = "admin/portal/sign-up")]
pub async fn set_sign_up(
    program: String,
    rule: SignUpRule,
    #[server(default)] questions: Vec<QuestionInput>,
) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::EditProgram)?;
        let asked: Vec<Question> = questions
            .into_iter()
            .map(|QuestionInput { label, kind, required, choices }| {
                let lines = choices.lines().map(str::trim).filter(|line| !line.is_empty());
                let choices =
                    if kind == QuestionKind::Choice { lines.map(str::to_owned).collect() } else { Vec::new() };
                Question { label: label.trim().to_owned(), kind, required: required.is_some(), choices }
            })
            .collect();
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::portal::set_sign_up(&mut tx, &asking.moment, &asking.actor, rule, &asked).await?;
        tx.commit().await?;
        Ok(())
    })
    .await
}

/// A question as it is being written. Its place is fixed: what moves is what stands in it.
#[derive(Clone, Copy)]
struct Draft {
    label: RwSignal<String>,
    /// A word of [`QuestionKind`].
    kind: RwSignal<String>,
    required: RwSignal<bool>,
    /// One a line.
    choices: RwSignal<String>,
}

/// What stands in a draft.
type Words = (String, String, bool, String);

impl Draft {
    fn new((label, kind, required, choices): Words) -> Self {
        Self {
            label: RwSignal::new(label),
            kind: RwSignal::new(kind),
            required: RwSignal::new(required),
            choices: RwSignal::new(choices),
        }
    }

    fn of(asked: &Question) -> Self {
        let Question { label, kind, required, choices } = asked;
        Self::new((label.clone(), kind.as_str().to_owned(), *required, choices.join("\n")))
    }

    fn blank() -> Self {
        Self::new((String::new(), QuestionKind::Text.as_str().to_owned(), false, String::new()))
    }

    fn words(self) -> Words {
        (
            self.label.get_untracked(),
            self.kind.get_untracked(),
            self.required.get_untracked(),
            self.choices.get_untracked(),
        )
    }

    fn take(self, (label, kind, required, choices): Words) {
        self.label.set(label);
        self.kind.set(kind);
        self.required.set(required);
        self.choices.set(choices);
    }
}

/// The questions as they are being written.
#[derive(Clone, Copy)]
struct Drafts {
    all: RwSignal<Vec<Draft>>,
    form: Form<SetSignUp>,
    unsaved: Unsaved,
}

impl Drafts {
    fn add(self, draft: Draft) {
        self.all.update(|all| all.push(draft));
        self.unsaved.note(self.form);
    }

    /// Swaps a question with the one below it.
    fn swap(self, upper: usize) {
        let all = self.all.get_untracked();
        if let (Some(one), Some(other)) = (all.get(upper), all.get(upper + 1)) {
            let (above, below) = (one.words(), other.words());
            one.take(below);
            other.take(above);
            self.moved();
        }
    }

    fn remove(self, at: usize) {
        let all = self.all.get_untracked();
        for (one, next) in all.iter().zip(all.iter().skip(1)).skip(at) {
            one.take(next.words());
        }
        self.all.update(|all| {
            all.pop();
        });
        self.moved();
    }

    /// What was wrong is named after places, where other questions stand now.
    fn moved(self) {
        self.form.clear();
        self.unsaved.note(self.form);
    }
}

pub(super) fn card(portal: &Portal, form: Form<SetSignUp>, unsaved: Unsaved, may_edit: bool) -> AnyView {
    let rules = vec![
        Choice::new(SignUpRule::Approve.as_str(), "Whoever wants to; you approve each"),
        Choice::new(SignUpRule::Open.as_str(), "Whoever wants to, at once"),
        Choice::new(SignUpRule::Closed.as_str(), "Nobody; you invite partners"),
    ];
    let all = RwSignal::new(portal.questions.iter().map(Draft::of).collect::<Vec<_>>());
    let drafts = Drafts { all, form, unsaved };
    let owner = Owner::current();
    // The card owns the signals of a question, not the press that adds it.
    let add = move |()| drafts.add(owner.as_ref().map_or_else(Draft::blank, |owner| owner.with(Draft::blank)));
    let full = Signal::derive(move || all.with(|all| all.len() >= QUESTIONS));
    let adder = may_edit.then(|| {
        view! {
            <div class="row">
                <Button icon=Glyph::Plus disabled=full on_click=add>"Add a question"</Button>
            </div>
        }
    });
    let rule = portal.sign_up.as_str();
    let places = move || 0..all.with(Vec::len);
    view! {
        <Card title="Sign-up">
            {show::wrong(form.beside(&[]))}
            <PostForm form=form class="form">
                {show::program_field()}
                <fieldset class="stack" disabled=!may_edit>
                    <Select id="rule" label="Who may sign up" choices=rules value=rule/>
                    <h3>"Your questions"</h3>
                    <p class="sub">"They are asked besides name, e-mail and website."</p>
                    <For each=places key=|at: &usize| *at children=move |at| row(at, drafts, may_edit)/>
                    {adder}
                    {super::save(form.pending(), may_edit, "Save the sign-up")}
                </fieldset>
            </PostForm>
        </Card>
    }
    .into_any()
}

/// The buttons that move a question or take it away.
fn movers(at: usize, drafts: Drafts) -> AnyView {
    let first = Signal::derive(move || at == 0);
    let last = Signal::derive(move || drafts.all.with(|all| at + 1 >= all.len()));
    let which = move || view! { <span class="visually-hidden">{format!(" question {}", at + 1)}</span> };
    view! {
        <div class="row">
            <Button kind=ButtonKind::Quiet icon=Glyph::SortUp disabled=first on_click=move |()| drafts.swap(at.saturating_sub(1))>
                "Move up"
                {which()}
            </Button>
            <Button kind=ButtonKind::Quiet icon=Glyph::SortDown disabled=last on_click=move |()| drafts.swap(at)>
                "Move down"
                {which()}
            </Button>
            <Button kind=ButtonKind::Quiet icon=Glyph::Trash on_click=move |()| drafts.remove(at)>
                "Remove"
                {which()}
            </Button>
        </div>
    }
    .into_any()
}

fn row(at: usize, drafts: Drafts, may_edit: bool) -> AnyView {
    let Some(draft) = drafts.all.with_untracked(|all| all.get(at).copied()) else { return ().into_any() };
    let kinds = vec![
        Choice::new(QuestionKind::Text.as_str(), "A line of text"),
        Choice::new(QuestionKind::Long.as_str(), "Some lines of text"),
        Choice::new(QuestionKind::Choice.as_str(), "One of several choices"),
        Choice::new(QuestionKind::YesNo.as_str(), "Yes or no"),
    ];
    let number = at + 1;
    let name = move |field: &str| format!("questions[{at}][{field}]");
    let id = move |field: &str| format!("question-{at}-{field}");
    let error = drafts.form.error();
    let wrong = move |field: String| -> Signal<Option<String>> {
        Signal::derive(move || error.with(|error| error.as_ref().and_then(|error| error.of_field(&field))))
    };
    let chooses = Memo::new(move |_| draft.kind.with(|kind| kind == QuestionKind::Choice.as_str()));
    let choices = move || {
        chooses.get().then(|| {
            view! { <Textarea id=id("choices") name=name("choices") label=format!("Choices {number}") bind=draft.choices rows=2 help="One a line." error=wrong(name("choices"))/> }
        })
    };
    view! {
        <div class="stack">
            <div class="form-row">
                <TextInput id=id("label") name=name("label") label=format!("Question {number}") bind=draft.label required=true error=wrong(name("label"))/>
                <Select id=id("kind") name=name("kind") label=format!("Answer {number}") choices=kinds bind=draft.kind/>
            </div>
            {choices}
            <Switch id=id("required") name=name("required") label=format!("Question {number} must be answered") bind=draft.required/>
            {may_edit.then(|| movers(at, drafts))}
        </div>
    }
    .into_any()
}
