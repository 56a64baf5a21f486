//! A group of leads and its form: the editor, the preview beside it, and the versions there were.

use access::{Form, LazyPage, Read, Result, read};
use domain::ids::LeadGroupId;
use domain::leads::{
    Answers, FieldKind, FormVersion, LeadField, LeadForm, LeadGroup, LeadType, MOST_FIELDS, NameField,
};
use domain::money::Currency;
use domain::text::FieldError;
use leptos::prelude::*;
use leptos::server_fn::codec::{GetUrl, Json};
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{
    Button, ButtonKind, ButtonLink, Card, Choice, FieldIssue, Glyph, Menu, MenuButton, Note, PageHead, Select,
    SkeletonCard, Table, Th, Toasts, icon, lead_form_fields, use_toasts,
};

use super::field::{Around, Draft, row};
use super::group::{self, SaveLeadGroup};
use super::issues::Issues;
use super::lead_type;
use super::order::{Order, focus, shift};
use crate::show;
use crate::unsaved::Unsaved;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    group: LeadGroup,
    versions: Vec<FormVersion>,
    types: Vec<LeadType>,
    currency: Currency,
    may_edit: bool,
}

/// A form that was saved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// The version in force.
    version: i32,
    /// All there were.
    versions: Vec<FormVersion>,
}

/// A group of leads with its form.
#[server(prefix = "/fn", endpoint = "admin/lead-settings/groups/one", input = GetUrl)]
pub async fn read_lead_group(program: String, id: String) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let id: LeadGroupId = id.parse().map_err(|_| access::Error::NotFound)?;
        let groups = engine::leads::groups(&mut asking.conn, &asking.actor).await?;
        let group = groups.into_iter().find(|group| group.id == id).ok_or(access::Error::NotFound)?;
        let versions = engine::leads::form_versions(&mut asking.conn, &asking.actor, id).await?;
        let may_edit = asking.actor.may(domain::accounts::Power::EditProgram);
        let types = engine::leads::types(&mut asking.conn, &asking.actor, id).await?;
        Ok(Shown { group, versions, types, currency: asking.program.currency, may_edit })
    })
    .await
}

/// Saves the form of a group of leads; tells which version is in force.
#[server(prefix = "/fn", endpoint = "admin/lead-settings/groups/form", input = Json)]
pub async fn save_lead_form(program: String, id: LeadGroupId, base_version: i32, form: LeadForm) -> Result<Saved> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::EditProgram)?;
        let mut tx = access::begin(&mut asking.conn).await?;
        let version = engine::leads::save_form(&mut tx, &asking.moment, &asking.actor, id, base_version, &form).await?;
        let versions = engine::leads::form_versions(&mut tx, &asking.actor, id).await?;
        tx.commit().await?;
        Ok(Saved { version, versions })
    })
    .await
}

/// `/admin/{program}/lead-settings/groups/{id}`.
pub struct LeadGroupPage {
    found: Read<Shown>,
    form: Form<SaveLeadForm>,
    of_group: Form<SaveLeadGroup>,
}

impl LazyPage for LeadGroupPage {
    fn data() -> Self {
        let (program, id) = (show::program(), show::parameter("id"));
        let found = read(move || ReadLeadGroup { program: program.get(), id: id.get() });
        Self { found, form: Form::new(), of_group: Form::new() }
    }

    fn view(this: Self) -> AnyView {
        let LeadGroupPage { found, form, of_group } = this;
        show::tell(of_group, "Group saved");
        let unsaved = Unsaved::new().watch(form).watch(of_group);
        found.show(skeleton, move |shown| page(shown, form, of_group, unsaved))
    }
}

fn skeleton() -> AnyView {
    view! {
        <PageHead title="Lead form"/>
        <SkeletonCard lines=4/>
        <SkeletonCard lines=8/>
    }
    .into_any()
}

/// The form as it is being typed.
#[derive(Clone, Copy)]
struct Editor {
    /// Tells the rows of one group from those of another.
    group: LeadGroupId,
    /// A word of [`NameField`].
    name: RwSignal<String>,
    fields: RwSignal<Vec<Draft>>,
    /// The key of the next field.
    next: RwSignal<usize>,
    /// The version in force, as far as it is known here.
    version: RwSignal<i32>,
    versions: RwSignal<Vec<FormVersion>>,
    issues: Issues,
    form: Form<SaveLeadForm>,
    program: Memo<String>,
    toasts: Toasts,
    /// The page's: what is made when a button of a row is pressed would go with the row.
    owner: StoredValue<Option<Owner>>,
}

impl Editor {
    fn new(shown: &Shown, form: Form<SaveLeadForm>) -> Self {
        let of = &shown.group.form;
        let fields: Vec<Draft> = of.fields.iter().enumerate().map(|(key, field)| Draft::of(key, field)).collect();
        Self {
            group: shown.group.id,
            name: RwSignal::new(of.name.as_str().to_owned()),
            next: RwSignal::new(fields.len()),
            fields: RwSignal::new(fields),
            version: RwSignal::new(shown.group.version),
            versions: RwSignal::new(shown.versions.clone()),
            issues: Issues::new(form),
            form,
            program: show::program(),
            toasts: use_toasts(),
            owner: StoredValue::new(Owner::current()),
        }
    }

    /// What is typed, and what of it can't be read. Tracks all of it.
    fn read(self) -> (LeadForm, Vec<FieldError>) {
        let mut unread = Vec::new();
        let fields: Vec<LeadField> = self
            .fields
            .get()
            .into_iter()
            .enumerate()
            .map(|(place, draft)| {
                let (field, wrong) = draft.read();
                let wrong = wrong.into_iter();
                unread.extend(wrong.map(|it| FieldError::new(format!("fields[{place}][{}]", it.field), it.message)));
                field
            })
            .collect();
        let name = self.name.with(|word| word.parse().unwrap_or(NameField::Optional));
        (LeadForm { name, fields }.tidied(), unread)
    }

    /// All that is wrong with what is typed.
    fn check(self) -> Vec<FieldError> {
        let (form, mut wrong) = self.read();
        for issue in form.check() {
            // Of a field that can't be read, that alone is told.
            if !wrong.iter().any(|told| told.field == issue.field) {
                wrong.push(issue);
            }
        }
        wrong
    }

    fn save(self) {
        let wrong = untrack(|| self.check());
        if wrong.is_empty() {
            self.issues.set(Vec::new());
            let request = SaveLeadForm {
                program: self.program.get_untracked(),
                id: self.group,
                base_version: self.version.get_untracked(),
                form: untrack(|| self.read()).0,
            };
            self.form.send(&request);
        } else {
            self.issues.set(wrong);
            self.unfold();
        }
    }

    /// Opens the fields that something is wrong with.
    fn unfold(self) {
        for (place, draft) in self.fields.get_untracked().into_iter().enumerate() {
            if self.issues.any(&format!("fields[{place}]")) {
                draft.open.set(true);
            }
        }
    }

    /// Follows what became of saving.
    fn settle(self) {
        let toasts = self.toasts;
        self.form.settled(move |outcome| match (outcome, self.form.answer()) {
            (Ok(()), Some(Ok(saved))) => {
                if saved.version == self.version.get_untracked() {
                    toasts.note(format!("Nothing has changed: version {} stays in force.", saved.version));
                } else {
                    toasts.say(format!("Saved as version {}", saved.version));
                }
                self.version.set(saved.version);
                self.versions.set(saved.versions);
                self.fields.with_untracked(|fields| fields.iter().for_each(|draft| draft.open.set(false)));
            }
            (Err(access::Error::Invalid(_)), _) => self.unfold(),
            (Err(error), _) if error.leads_to("").is_none() => toasts.fail(error.words()),
            _ => {}
        });
    }

    /// Makes something that lives as long as the page.
    fn within<T>(self, make: impl FnOnce() -> T) -> T {
        match self.owner.get_value() {
            Some(owner) => owner.with(make),
            None => make(),
        }
    }

    /// Takes a field away, until it is undone.
    fn remove(self, key: usize, order: Order) {
        let Some(place) = untrack(|| order.place(key)) else { return };
        let Some(draft) = self.fields.with_untracked(|fields| fields.get(place).copied()) else { return };
        self.fields.update(|fields| {
            fields.remove(place);
        });
        let called = untrack(|| draft.called());
        let undo = move |()| {
            self.fields.update(|fields| {
                if !fields.iter().any(|field| field.key == key) {
                    fields.insert(place.min(fields.len()), draft);
                }
            });
        };
        let undo = self.within(|| Callback::new(undo));
        self.toasts.say_with_undo(format!("{called} removed"), undo);
        order.tell(format!("{called} was removed."));
        // Its button is gone: the focus goes on to the row that stands there now, or to the name above.
        let next = self.fields.with_untracked(|fields| fields.get(place).or(fields.last()).map(|draft| draft.key));
        let next = next.map_or_else(|| "name_field".to_owned(), |key| order.id(key));
        request_animation_frame(move || focus(&next));
    }
}

fn page(shown: Shown, form: Form<SaveLeadForm>, of_group: Form<SaveLeadGroup>, unsaved: Unsaved) -> AnyView {
    let back = format!("/admin/{}/lead-settings", show::program().get_untracked());
    let editor = Editor::new(&shown, form);
    let may_edit = shown.may_edit;
    let currency = shown.currency;
    editor.issues.follow(form, unsaved, move || editor.check());
    editor.settle();
    let typed = RwSignal::new(shown.group.name.clone());
    let called = RwSignal::new(shown.group.name.clone());
    of_group.settled(move |outcome| {
        if outcome.is_ok() {
            called.set(typed.get_untracked().trim().to_owned());
        }
    });
    let cancel = back.clone();
    let types = lead_type::card(shown.types.clone(), &shown.group.id.to_string(), currency, may_edit);
    // A title that follows a signal by itself is read where the server has no signals any more.
    let head = move || {
        view! {
            <Title text=called.get()/>
            <PageHead title=called.get() back=(back.clone(), "Lead settings".to_owned())/>
        }
    };
    let now = Memo::new(move |_| editor.read().0);
    let preview = move || {
        let nothing_wrong = |_: &str| FieldIssue::stored(None);
        now.with(|form| lead_form_fields(form, &Answers::default(), currency, nothing_wrong, "preview-"))
    };
    let version = editor.version;
    let save = may_edit.then(|| {
        view! {
            <div class="form-actions">
                <ButtonLink href=cancel>"Cancel"</ButtonLink>
                <Button kind=ButtonKind::Primary busy=form.pending() on_click=move |()| editor.save()>"Save the form"</Button>
            </div>
        }
    });
    view! {
        {head}
        {(!may_edit).then(|| view! { <Note glyph=Glyph::Lock>"Your role reads this form. An owner or manager changes it."</Note> })}
        {group::card(&shown.group, typed, of_group, may_edit)}
        {types}
        {show::wrong(editor.issues.told())}
        <div class="with-preview">
            <div class="stack">
                {fields_card(editor, may_edit)}
                {save}
            </div>
            <section class="card preview" aria-labelledby="preview-title">
                <div class="card-head">
                    <h2 id="preview-title">"Preview"</h2>
                    <span class="sub">{move || format!("Version {} is in force", version.get())}</span>
                </div>
                <p class="sub">"As your partners see it. What you type here goes nowhere."</p>
                <div class="form">{preview}</div>
            </section>
        </div>
        {versions_card(editor.versions)}
    }
    .into_any()
}

fn fields_card(editor: Editor, may_edit: bool) -> AnyView {
    let fields = editor.fields;
    let keys = Signal::derive(move || fields.with(|fields| fields.iter().map(|draft| draft.key).collect::<Vec<_>>()));
    let called = move |key: usize| {
        fields
            .with(|fields| fields.iter().find(|draft| draft.key == key).copied())
            .map_or_else(String::new, Draft::called)
    };
    let order = Order::new("field", keys, called, move |from, to| fields.update(|all| shift(all, from, to)));
    let remove = Callback::new(move |key| editor.remove(key, order));
    let around = Around { order, issues: editor.issues, all: fields, remove, may_edit };
    let full = Signal::derive(move || fields.with(|fields| fields.len() >= MOST_FIELDS));
    let add = move |kind: FieldKind| {
        let key = editor.next.get_untracked();
        editor.next.set(key + 1);
        let draft = editor.within(|| Draft::new(key, kind));
        fields.update(|fields| fields.push(draft));
        // Once the menu has closed and given the focus back.
        set_timeout(move || focus(&format!("field-label-{key}")), std::time::Duration::from_millis(50));
    };
    let names = NameField::ALL.iter().map(|name| Choice::new(name.as_str(), name.label())).collect();
    let kinds = FieldKind::ALL.iter().map(|kind| {
        let kind = *kind;
        view! { <MenuButton on_click=move |()| add(kind)>{kind.label()}</MenuButton> }
    });
    let adder = may_edit.then(|| {
        let kinds = kinds.collect_view();
        view! {
            <div class="row" id="add-a-field">
                <Menu id="new-field" label="Add a field" disabled=full button=|| view! { {icon(Glyph::Plus)} "Add a field" {icon(Glyph::ChevronDown)} }>
                    {kinds}
                </Menu>
            </div>
        }
    });
    let many = editor.issues.of(|| Some("fields".to_owned()));
    let group = editor.group;
    view! {
        <Card title="Form">
            <fieldset class="stack" disabled=!may_edit>
                <Select
                    id="name_field"
                    label="Name"
                    choices=names
                    bind=editor.name
                    help="E-mail is always asked for: a lead is known by it."
                />
            </fieldset>
            <ul class="editor-rows" aria-label="Fields">
                <For each=move || fields.get() key=move |draft| (group, draft.key) children=move |draft| row(draft, around)/>
            </ul>
            {order.live()}
            {move || many.get().map(|words| view! { <p class="error" role="alert">{words}</p> })}
            {adder}
        </Card>
    }
    .into_any()
}

fn versions_card(versions: RwSignal<Vec<FormVersion>>) -> AnyView {
    let rows = move || {
        let rows = versions.get().into_iter().map(|one| {
            let mut labels: Vec<String> = vec!["E-mail".to_owned()];
            if one.form.name != NameField::Off {
                labels.push("Name".to_owned());
            }
            labels.extend(one.form.fields.into_iter().map(|field| field.label));
            let by = if one.by.is_empty() { "Tributary".to_owned() } else { one.by };
            view! {
                <tr>
                    <td>{format!("Version {}", one.version)}</td>
                    <td>{show::time(one.at)}<small class="sub">{by}</small></td>
                    <td class="under break">{labels.join(", ")}</td>
                </tr>
            }
        });
        rows.collect_view()
    };
    let head = || {
        view! {
            <Th label="Version"/>
            <Th label="Saved"/>
            <Th label="Asks for" under=true/>
        }
    };
    view! {
        <Card title="Versions">
            <p class="sub">"A lead is read with the version of the form that it was filled in on."</p>
            <Table caption="Versions of the form" head=head phone_columns=2>{rows}</Table>
        </Card>
    }
    .into_any()
}
