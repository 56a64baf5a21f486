//! Who may sign up, and what they are asked.

use access::{Form, PostForm, Result};
use domain::portal::{Portal, QUESTIONS, Question, QuestionKind, SignUpRule};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use ui::{Button, ButtonKind, Card, Choice, Glyph, Select, Switch, TextInput, Textarea};

use crate::show;

/// A question as a form sends it; one without words is left out.
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
        let asked: Vec<(usize, Question)> = questions
            .into_iter()
            .enumerate()
            .filter(|(_, question)| !question.label.trim().is_empty())
            .map(|(place, QuestionInput { label, kind, required, choices })| {
                let lines = choices.lines().map(str::trim).filter(|line| !line.is_empty());
                let choices =
                    if kind == QuestionKind::Choice { lines.map(str::to_owned).collect() } else { Vec::new() };
                (place, Question { label: label.trim().to_owned(), kind, required: required.is_some(), choices })
            })
            .collect();
        let (places, asked): (Vec<usize>, Vec<Question>) = asked.into_iter().unzip();
        let mut tx = access::begin(&mut asking.conn).await?;
        let set = engine::portal::set_sign_up(&mut tx, &asking.moment, &asking.actor, rule, &asked).await;
        set.map_err(|error| in_the_form(error, &places))?;
        tx.commit().await?;
        Ok(())
    })
    .await
}

/// Moves the question with these words up, or down.
#[server(prefix = "/fn", endpoint = "admin/portal/move-question")]
pub async fn move_question(program: String, up: Option<String>, down: Option<String>) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::EditProgram)?;
        let is_up = up.is_some();
        let label = up.or(down).ok_or(access::Error::NotFound)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::portal::move_question(&mut tx, &asking.moment, &asking.actor, &label, is_up).await?;
        tx.commit().await?;
        Ok(())
    })
    .await
}

/// Names the fields at fault after their places in the form, where some were left out.
#[cfg(feature = "ssr")]
fn in_the_form(error: engine::Error, places: &[usize]) -> access::Error {
    let mut error = access::Error::from(error);
    if let access::Error::Invalid(fields) = &mut error {
        for field in fields {
            let Some((at, rest)) = field.field.strip_prefix("questions[").and_then(|rest| rest.split_once(']')) else {
                continue;
            };
            if let Some(place) = at.parse::<usize>().ok().and_then(|at| places.get(at)) {
                field.field = format!("questions[{place}]{rest}");
            }
        }
    }
    error
}

/// The form of the buttons that move questions: they stand in another one.
const MOVE: &str = "move-question";

pub(super) fn card(portal: &Portal, form: Form<SetSignUp>, order: Form<MoveQuestion>, may_edit: bool) -> AnyView {
    let rules = vec![
        Choice::new(SignUpRule::Approve.as_str(), "Whoever wants to; you approve each"),
        Choice::new(SignUpRule::Open.as_str(), "Whoever wants to, at once"),
        Choice::new(SignUpRule::Closed.as_str(), "Nobody; you invite partners"),
    ];
    // Room for two more, so that it works without scripts too.
    let blank = Question { label: String::new(), kind: QuestionKind::Text, required: false, choices: Vec::new() };
    let room = (QUESTIONS - portal.questions.len().min(QUESTIONS)).min(2);
    let all: Vec<_> = portal.questions.iter().cloned().chain(std::iter::repeat_n(blank, room)).enumerate().collect();
    let stored = if may_edit { portal.questions.len() } else { 0 };
    // What was typed into a field would stay in it when another question takes its place.
    let key = move |(at, asked): &(usize, Question)| format!("{at} {stored} {asked:?}");
    let show = move |(at, asked): (usize, Question)| {
        let movers = movers(at, stored, &asked.label);
        row(at, asked, form, movers)
    };
    let rule = portal.sign_up.as_str();
    view! {
        <Card title="Sign-up">
            {show::wrong(form.beside(&[]))}
            <PostForm form=form class="form">
                {show::program_field()}
                <fieldset class="stack" disabled=!may_edit>
                    <Select id="rule" label="Who may sign up" choices=rules value=rule/>
                    <h3>"Your questions"</h3>
                    <p class="sub">"They are asked besides name, e-mail and website. To remove one, leave its words empty."</p>
                    <For each=move || all.clone() key=key children=show/>
                    {super::save(form.pending(), may_edit, "Save the sign-up")}
                </fieldset>
            </PostForm>
            <PostForm form=order id=MOVE>{show::program_field()}</PostForm>
        </Card>
    }
    .into_any()
}

/// The buttons that move a question, of so many that are stored, to where there is room.
fn movers(at: usize, stored: usize, label: &str) -> AnyView {
    let mover = |way: &'static str, glyph: Glyph| {
        let (value, label) = (label.to_owned(), format!("Move “{label}” {way}"));
        view! { <Button submit=true form=MOVE name=way value=value kind=ButtonKind::Quiet icon=glyph label=label/> }
    };
    let up = (at > 0 && at < stored).then(|| mover("up", Glyph::SortUp));
    let down = (at + 1 < stored).then(|| mover("down", Glyph::SortDown));
    view! { <div class="row">{up}{down}</div> }.into_any()
}

fn row(at: usize, asked: Question, form: Form<SetSignUp>, movers: AnyView) -> AnyView {
    let Question { label, kind, required, choices } = asked;
    let kinds = vec![
        Choice::new(QuestionKind::Text.as_str(), "A line of text"),
        Choice::new(QuestionKind::Long.as_str(), "Some lines of text"),
        Choice::new(QuestionKind::Choice.as_str(), "One of several choices"),
        Choice::new(QuestionKind::YesNo.as_str(), "Yes or no"),
    ];
    let number = at + 1;
    let name = |field: &str| format!("questions[{at}][{field}]");
    let id = |field: &str| format!("question-{at}-{field}");
    let error = form.error();
    let wrong = move |field: String| -> Signal<Option<String>> {
        Signal::derive(move || error.with(|error| error.as_ref().and_then(|error| error.of_field(&field))))
    };
    view! {
        <div class="stack">
            <div class="form-row">
                <TextInput id=id("label") name=name("label") label=format!("Question {number}") value=label error=wrong(name("label"))/>
                <Select id=id("kind") name=name("kind") label=format!("Answer {number}") choices=kinds value=kind.as_str()/>
            </div>
            <Textarea id=id("choices") name=name("choices") label=format!("Choices {number}") value=choices.join("\n") rows=2 help="One a line, where one of several can be chosen." optional=true error=wrong(name("choices"))/>
            <Switch id=id("required") name=name("required") label=format!("Question {number} must be answered") checked=required/>
            {movers}
        </div>
    }
    .into_any()
}
