//! What the team writes to partners: to one, or to many at once.

use access::{Form, PostForm};
use domain::ids::EnrollmentId;
use domain::messages::{LETTER_FIELDS, LetterTo, Template};
use domain::partners::{BulkAct, BulkLook};
use leptos::prelude::*;
use ui::{Button, ButtonKind, CloseButton, CopyButton, Dialog, Fact, Facts, TextInput, Textarea};

use super::bulk::{BESIDE, BulkPartners};
use crate::show;

/// The subject and the text, what can be merged into them, and how it all reads for the first who gets it.
pub(super) fn fields(form: Form<BulkPartners>, to: Signal<Option<LetterTo>>) -> AnyView {
    let (subject, body) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let filled = move || {
        let words = Template { subject: subject.get(), body: body.get() };
        match to.get() {
            Some(to) => words.filled(|field| to.value(field).map(str::to_owned)),
            None => words,
        }
    };
    let paragraphs = move || {
        let paragraphs = filled().paragraphs().into_iter();
        paragraphs.map(|paragraph| view! { <p class="mail-text">{paragraph}</p> }).collect_view()
    };
    let merged = LETTER_FIELDS.iter().map(|(field, _)| merge_field(field, to)).collect_view();
    let whose = move || to.get().map(|to| format!("As {} gets it.", to.name));
    view! {
        <TextInput id="letter-subject" name="bulk[subject]" label="Subject" bind=subject error=form.field("subject")/>
        <Textarea id="letter-body" name="bulk[body]" label="Text" bind=body rows=8 help="An empty line begins a new paragraph. A greeting, your program's name and a link to the dashboard are added." error=form.field("body")/>
        <h3>"Merge fields"</h3>
        <Facts>{merged}</Facts>
        <h3>"Preview"</h3>
        <p class="sub">{whose}</p>
        <div class="stack" role="region" aria-label="Preview of the mail">
            <b>{move || filled().subject}</b>
            {paragraphs}
        </div>
    }
    .into_any()
}

/// A merge field as it is written, and what it becomes for the first who gets the mail.
fn merge_field(field: &'static str, to: Signal<Option<LetterTo>>) -> AnyView {
    let label = match field {
        "partner.name" => "Name of the partner",
        "partner.code" => "Code of the partner",
        "program.name" => "Name of the program",
        other => other,
    };
    let written = format!("{{{{{field}}}}}");
    let becomes = move || to.get().and_then(|to| to.value(field).map(|value| format!(" becomes {value} ")));
    view! {
        <Fact label=label>
            <code>{written.clone()}</code>
            {becomes}
            " "
            <CopyButton text=written what="merge field" kind=ButtonKind::Quiet/>
        </Fact>
    }
    .into_any()
}

/// The dialog in which one partner is written to: `write`.
pub(super) fn dialog(form: Form<BulkPartners>, partner: EnrollmentId, look: Option<BulkLook>) -> AnyView {
    let Some(look) = look else { return ().into_any() };
    let Some(to) = look.first else {
        return view! {
            <Dialog id="write" title="Message">
                <p>"This partner has no e-mail address, and nobody signs in for it: there is nobody to write to."</p>
                <div class="dialog-actions">
                    <CloseButton closes="write" label="Close"/>
                </div>
            </Dialog>
        }
        .into_any();
    };
    let title = format!("Message to {}", to.name);
    let to = Signal::stored(Some(to));
    view! {
        <Dialog id="write" title=title>
            {show::wrong(form.beside(BESIDE))}
            <PostForm form=form class="form">
                {show::program_field()}
                <input type="hidden" name="bulk[act]" value=BulkAct::Message.as_str()/>
                <input type="hidden" name="bulk[partners][]" value=partner.to_string()/>
                {fields(form, to)}
                <div class="dialog-actions">
                    <CloseButton closes="write"/>
                    <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Send the mail"</Button>
                </div>
            </PostForm>
        </Dialog>
    }
    .into_any()
}
