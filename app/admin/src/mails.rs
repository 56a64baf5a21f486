//! Mail as the team words it.

use access::{Form, LazyPage, PostForm, Read, Result, read_after};
use domain::messages::{Examples, MailKind, Sample, Template, TemplateRow};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{
    Button, ButtonKind, Card, Fact, Facts, PageHead, Pill, SkeletonCard, SkeletonTable, Table, TextInput, Textarea, Th,
    Tone,
};

use crate::show;
use crate::unsaved::Unsaved;

/// What the pages show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    mails: Vec<TemplateRow>,
    /// What examples take from the program.
    examples: Examples,
    /// The name of who asks: an example of a member of the team.
    you: String,
    may_edit: bool,
}

/// The mails of a program with their words.
#[server(prefix = "/fn", endpoint = "admin/mails", input = GetUrl)]
pub async fn read_mails(program: String) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let mails = engine::messages::templates::list(&mut asking.conn, &asking.actor).await?;
        let examples = engine::messages::templates::examples(&mut asking.conn, asking.program.id).await?;
        let may_edit = asking.actor.may(domain::accounts::Power::EditProgram);
        Ok(Shown { mails, examples, you: asking.session.name, may_edit })
    })
    .await
}

/// Changes the words of a mail.
#[server(prefix = "/fn", endpoint = "admin/mails/save")]
pub async fn save_mail(program: String, kind: MailKind, subject: Option<String>, body: Option<String>) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::EditProgram)?;
        let template = Template { subject: subject.unwrap_or_default(), body: body.unwrap_or_default() };
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::messages::templates::save(&mut tx, &asking.moment, &asking.actor, kind, &template).await?;
        tx.commit().await?;
        Ok(())
    })
    .await
}

/// Sends a mail in these words, saved or not, with example data to the member who asks.
#[server(prefix = "/fn", endpoint = "admin/mails/test")]
pub async fn test_mail(program: String, kind: MailKind, subject: Option<String>, body: Option<String>) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::EditProgram)?;
        let template = Template { subject: subject.unwrap_or_default(), body: body.unwrap_or_default() };
        Ok(engine::messages::templates::test(&mut asking.conn, &asking.actor, kind, &template).await?)
    })
    .await
}

/// `/admin/{program}/mails`.
pub struct MailsPage(Read<Shown>);

impl LazyPage for MailsPage {
    fn data() -> Self {
        let program = show::program();
        Self(access::read(move || ReadMails { program: program.get() }))
    }

    fn view(this: Self) -> AnyView {
        view! {
            <Title text="Mails"/>
            <PageHead title="Mails"/>
            {this.0.show(|| view! { <Card><SkeletonTable columns=3/></Card> }.into_any(), list)}
        }
        .into_any()
    }
}

fn list(shown: Shown) -> AnyView {
    let program = show::program().get_untracked();
    let head = || {
        view! {
            <Th label="Mail"/>
            <Th label="Subject" wide=true/>
            <Th label="Words"/>
        }
    };
    let rows = shown
        .mails
        .into_iter()
        .map(|row| {
            let href = format!("/admin/{program}/mails/{}", row.kind);
            view! {
                <tr>
                    <td><a class="link" href=href>{row.kind.label()}</a><small>{row.kind.words()}</small></td>
                    <td class="wide">{row.template.subject}</td>
                    <td>{words_pill(row.updated_at.is_some())}</td>
                </tr>
            }
        })
        .collect_view();
    view! { <Card><Table caption="Mails" head=head>{rows}</Table></Card> }.into_any()
}

fn words_pill(own: bool) -> AnyView {
    if own {
        view! { <Pill tone=Tone::Accent text="Yours"/> }
    } else {
        view! { <Pill text="Standard"/> }
    }
    .into_any()
}

#[derive(Clone, Copy)]
struct Forms {
    save: Form<SaveMail>,
    test: Form<TestMail>,
}

/// `/admin/{program}/mails/{kind}`.
pub struct MailPage {
    found: Read<Shown>,
    forms: Forms,
}

impl LazyPage for MailPage {
    fn data() -> Self {
        let program = show::program();
        let forms = Forms { save: Form::new(), test: Form::new() };
        let done = show::done(forms.save);
        Self { found: read_after(move || done.get(), move || ReadMails { program: program.get() }), forms }
    }

    fn view(this: Self) -> AnyView {
        let MailPage { found, forms } = this;
        let kind = show::parameter("kind");
        show::tell(forms.save, "Mail saved");
        show::tell(forms.test, "A test is on its way to you");
        Unsaved::new().watch(forms.save);
        found.show(skeleton, move |shown| {
            let row = shown.mails.into_iter().find(|row| row.kind.as_str() == kind.get_untracked());
            match row {
                Some(row) => editor(row, (shown.examples, shown.you), shown.may_edit, forms),
                None => {
                    access::status_not_found();
                    view! { <access::Failure error=access::Error::NotFound/> }.into_any()
                }
            }
        })
    }
}

fn skeleton() -> AnyView {
    view! { <PageHead title="Mail"/> <SkeletonCard lines=8/> <SkeletonCard lines=5/> }.into_any()
}

fn editor(row: TemplateRow, (examples, you): (Examples, String), may_edit: bool, forms: Forms) -> AnyView {
    let Forms { save, test } = forms;
    let TemplateRow { kind, template, updated_at } = row;
    let back = (format!("/admin/{}/mails", show::program().get_untracked()), "Mails".to_owned());
    let (subject, body) = (RwSignal::new(template.subject), RwSignal::new(template.body));
    let merged = show::merge_fields(kind.fields(), &examples);
    let sample = Memo::new(move |_| {
        let template = Template { subject: subject.get(), body: body.get() };
        template.sample(kind, &examples, &you)
    });
    let standard = (may_edit && updated_at.is_some()).then(|| {
        let Template { subject, body } = kind.standard();
        view! {
            <PostForm form=save>
                {show::program_field()}
                <input type="hidden" name="kind" value=kind.as_str()/>
                <input type="hidden" name="subject" value=subject/>
                <input type="hidden" name="body" value=body/>
                <Button submit=true kind=ButtonKind::Quiet>"Reset to the standard text"</Button>
            </PostForm>
        }
    });
    view! {
        <Title text=kind.label()/>
        <PageHead title=kind.label() back=back>{words_pill(updated_at.is_some())}</PageHead>
        <p class="sub">{kind.words()}</p>
        <div class="cols">
            <div class="col">
                <Card title="Words">
                    {show::wrong(save.beside(&["subject", "body"]))}
                    <PostForm form=save class="form">
                        {show::program_field()}
                        <input type="hidden" name="kind" value=kind.as_str()/>
                        <fieldset class="stack" disabled=!may_edit>
                            <TextInput id="subject" label="Subject" bind=subject required=true error=save.field("subject")/>
                            <Textarea id="body" label="Body" bind=body rows=10 required=true help="An empty line begins a new paragraph. Greeting, button and sender are added." error=save.field("body")/>
                            {may_edit
                                .then(|| {
                                    view! {
                                        <div class="form-actions">
                                            <Button kind=ButtonKind::Primary submit=true busy=save.pending()>"Save the mail"</Button>
                                        </div>
                                    }
                                })}
                        </fieldset>
                    </PostForm>
                    {show::wrong(test.beside(&[]))}
                    <div class="row">
                        {may_edit
                            .then(|| {
                                view! {
                                    <PostForm form=test>
                                        {show::program_field()}
                                        <input type="hidden" name="kind" value=kind.as_str()/>
                                        <input type="hidden" name="subject" value=move || subject.get()/>
                                        <input type="hidden" name="body" value=move || body.get()/>
                                        <Button submit=true busy=test.pending()>"Send me a test"</Button>
                                    </PostForm>
                                }
                            })}
                        {standard}
                    </div>
                    {may_edit.then(|| view! { <p class="sub">"The test sends what stands here, saved or not, with the examples filled in."</p> })}
                </Card>
            </div>
            <div class="col">
                <Card title="Preview">{preview(sample)}</Card>
                <Card title="Merge fields">{merged}</Card>
            </div>
        </div>
    }
    .into_any()
}

/// The whole mail, as its reader finds it.
fn preview(sample: Memo<Sample>) -> AnyView {
    let paragraphs = move || {
        let paragraphs = sample.with(|sample| sample.paragraphs.clone()).into_iter();
        paragraphs.map(|paragraph| view! { <p class="mail-text">{paragraph}</p> }).collect_view()
    };
    let button =
        move || sample.with(|sample| sample.button).map(|label| view! { <p><span class="btn">{label}</span></p> });
    let contact = move || {
        let contact = sample.with(|sample| sample.contact.clone());
        (!contact.is_empty()).then(|| view! { <p class="sub">"Questions? Write to "{contact}</p> })
    };
    let stop = move || sample.with(|sample| sample.stop.clone()).map(|words| view! { <p class="sub">{words}</p> });
    let greeting = move || {
        sample.with(|sample| match sample.name.as_str() {
            "" => "Hello,".to_owned(),
            name => format!("Hello {name},"),
        })
    };
    view! {
        <div class="stack" role="region" aria-label="Preview of the mail">
            <Facts>
                <Fact label="From">{move || sample.with(|sample| sample.sender.clone())}</Fact>
                <Fact label="Subject">{move || sample.with(|sample| sample.subject.clone())}</Fact>
            </Facts>
            <p>{greeting}</p>
            {paragraphs}
            {button}
            <p class="sub">{move || sample.with(|sample| sample.sender.clone())}</p>
            {contact}
            {stop}
        </div>
    }
    .into_any()
}
