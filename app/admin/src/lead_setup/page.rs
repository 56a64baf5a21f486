//! What partners may do with leads, duplicates, and the groups.

use access::{Form, LazyPage, PostForm, Read, Result, read_after};
use domain::leads::{DuplicateRule, DuplicateScope, LeadGroup, LeadKey, LeadSettings, LeadStage, MOST_GROUPS};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{
    Button, ButtonKind, ButtonLink, Card, Checkbox, Choice, Glyph, Indexed, Note, PageHead, Pill, Section, Select,
    SkeletonCard, Switch, Table, TextInput, Textarea, Th, Tone, grouped,
};

use crate::show;
use crate::unsaved::Unsaved;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    settings: LeadSettings,
    groups: Vec<LeadGroup>,
    stages: Vec<LeadStage>,
    /// For how many days a lead counts.
    window: i32,
    may_edit: bool,
}

/// The settings as a form sends them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsSent {
    submission: Option<String>,
    importing: Option<String>,
    sales: Option<String>,
    by_email: Option<String>,
    by_phone: Option<String>,
    by_domain: Option<String>,
    duplicate_days: String,
    duplicate_scope: DuplicateScope,
    duplicate_rule: DuplicateRule,
    good_lead: String,
}

/// How the program's leads are set up.
#[server(prefix = "/fn", endpoint = "admin/lead-settings", input = GetUrl)]
pub async fn read_lead_settings(program: String) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let groups = engine::leads::groups(&mut asking.conn, &asking.actor).await?;
        let settings = engine::leads::settings(&mut asking.conn, asking.program.id).await?;
        let stages = engine::leads::stages(&mut asking.conn, asking.program.id).await?;
        let may_edit = asking.actor.may(domain::accounts::Power::EditProgram);
        Ok(Shown { settings, groups, stages, window: asking.program.lead_window_days, may_edit })
    })
    .await
}

/// Changes what partners may do with leads, and the rule for duplicates.
#[server(prefix = "/fn", endpoint = "admin/lead-settings/save")]
pub async fn save_lead_settings(program: String, settings: SettingsSent) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::EditProgram)?;
        let by = [
            (LeadKey::Email, settings.by_email),
            (LeadKey::Phone, settings.by_phone),
            (LeadKey::Domain, settings.by_domain),
        ];
        let mut figures = show::Figures::default();
        let input = LeadSettings {
            submission: settings.submission.is_some(),
            importing: settings.importing.is_some(),
            sales: settings.sales.is_some(),
            duplicate_by: by.into_iter().filter(|(_, ticked)| ticked.is_some()).map(|(key, _)| key).collect(),
            duplicate_days: figures.whole("duplicate_days", &settings.duplicate_days),
            duplicate_scope: settings.duplicate_scope,
            duplicate_rule: settings.duplicate_rule,
            good_lead: settings.good_lead,
        };
        figures.check(|| input.check())?;
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::leads::save_settings(&mut tx, &asking.moment, &asking.actor, &input).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// Makes a group of leads, and goes to its form.
#[server(prefix = "/fn", endpoint = "admin/lead-settings/groups/make")]
pub async fn make_lead_group(program: String, name: String) -> Result<()> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        asking.may(domain::accounts::Power::EditProgram)?;
        let input = domain::leads::LeadGroupInput { name, ..Default::default() };
        let mut tx = access::begin(&mut asking.conn).await?;
        let id = engine::leads::make_group(&mut tx, &asking.moment, &asking.actor, &input).await?;
        tx.commit().await?;
        access::redirect(&format!("/admin/{program}/lead-settings/groups/{id}"));
        Ok(())
    })
    .await
}

#[derive(Clone, Copy)]
struct Forms {
    save: Form<SaveLeadSettings>,
    make: Form<MakeLeadGroup>,
}

/// `/admin/{program}/lead-settings`.
pub struct LeadSettingsPage {
    found: Read<Shown>,
    forms: Forms,
}

impl LazyPage for LeadSettingsPage {
    fn data() -> Self {
        let program = show::program();
        let forms = Forms { save: Form::new(), make: Form::new() };
        let done = show::done(forms.save);
        let found = read_after(move || done.get(), move || ReadLeadSettings { program: program.get() });
        Self { found, forms }
    }

    fn view(this: Self) -> AnyView {
        let LeadSettingsPage { found, forms } = this;
        show::tell(forms.save, "Lead settings saved");
        show::tell(forms.make, "Group made");
        Unsaved::new().watch(forms.save);
        view! {
            <Title text="Lead settings"/>
            {found.show(skeleton, move |shown| page(shown, forms))}
        }
        .into_any()
    }
}

fn skeleton() -> AnyView {
    view! {
        <PageHead title="Lead settings"/>
        <SkeletonCard lines=6/>
        <SkeletonCard lines=6/>
    }
    .into_any()
}

/// The page's sections, by the ids to which addresses may lead.
const SECTIONS: [(&str, &str); 5] = [
    ("the-permissions", "What partners may do"),
    ("the-duplicates", "Duplicates"),
    ("the-good-lead", "A good lead"),
    ("the-groups", "Groups and forms"),
    ("the-stages", "Stages"),
];

fn page(shown: Shown, forms: Forms) -> AnyView {
    let Shown { settings, groups, stages, window, may_edit } = shown;
    let program = show::program().get_untracked();
    let form = forms.save;
    let save = may_edit.then(|| {
        view! {
            <div class="form-actions">
                <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Save the settings"</Button>
            </div>
        }
    });
    let (may, again) = (permissions(&settings), duplicates(&settings, form));
    let good = good_lead(&settings, window, &program, form);
    let groups = groups_card(groups, &program, forms.make, may_edit);
    let stages = stages_card(&stages, &program, may_edit);
    view! {
        <PageHead title="Lead settings"/>
        {(!may_edit).then(|| view! { <Note glyph=Glyph::Lock>"Your role reads these settings. An owner or manager changes them."</Note> })}
        <Indexed entries=SECTIONS.to_vec()>
            {show::wrong(form.beside(&["duplicate_days", "good_lead"]))}
            <PostForm form=form>
                {show::program_field()}
                <fieldset class="stack" disabled=!may_edit>
                    <Section id="the-permissions">{may}</Section>
                    <Section id="the-duplicates">{again}</Section>
                    <Section id="the-good-lead">{good}</Section>
                    {save}
                </fieldset>
            </PostForm>
            <Section id="the-groups">{groups}</Section>
            <Section id="the-stages">{stages}</Section>
        </Indexed>
    }
    .into_any()
}

fn permissions(settings: &LeadSettings) -> AnyView {
    let &LeadSettings { submission, importing, sales, .. } = settings;
    view! {
        <Card title="What partners may do">
            <div class="form">
                <Switch
                    id="submission"
                    name="settings[submission]"
                    label="Submit leads"
                    checked=submission
                    help="Partners send you potential customers one by one, also by the API and by forms that they share, and follow what becomes of each."
                />
                <Switch
                    id="importing"
                    name="settings[importing]"
                    label="Import leads"
                    checked=importing
                    help="Partners send many leads at once, as a CSV file."
                />
                <Switch
                    id="sales"
                    name="settings[sales]"
                    label="Submit sales"
                    checked=sales
                    help="Partners tell you of sales, each with a proof. One that you approve counts like any other."
                />
            </div>
            <p class="sub">"What is off is not offered to them, and refused where it is asked for all the same."</p>
        </Card>
    }
    .into_any()
}

fn duplicates(settings: &LeadSettings, form: Form<SaveLeadSettings>) -> AnyView {
    let scope = vec![
        Choice::new(DuplicateScope::Partner.as_str(), DuplicateScope::Partner.label()),
        Choice::new(DuplicateScope::Program.as_str(), DuplicateScope::Program.label()),
    ];
    let rule = DuplicateRule::ALL.iter().map(|rule| Choice::new(rule.as_str(), rule.label())).collect();
    let by = |key| RwSignal::new(settings.duplicate_by.contains(&key));
    let (email, phone, domain) = (by(LeadKey::Email), by(LeadKey::Phone), by(LeadKey::Domain));
    let days = RwSignal::new(settings.duplicate_days.to_string());
    let among = RwSignal::new(settings.duplicate_scope.as_str().to_owned());
    let follows = RwSignal::new(settings.duplicate_rule.as_str().to_owned());
    let saved = settings.clone();
    let told = move || {
        let ticked = [(LeadKey::Email, email), (LeadKey::Phone, phone), (LeadKey::Domain, domain)];
        let typed = LeadSettings {
            duplicate_by: ticked.into_iter().filter(|(_, on)| on.get()).map(|(key, _)| key).collect(),
            duplicate_days: days.with(|days| days.trim().parse().unwrap_or(saved.duplicate_days)),
            duplicate_scope: among.with(|word| word.parse().unwrap_or(saved.duplicate_scope)),
            duplicate_rule: follows.with(|word| word.parse().unwrap_or(saved.duplicate_rule)),
            ..saved.clone()
        };
        typed.duplicates_told()
    };
    view! {
        <Card title="Duplicates">
            <div class="form">
                <fieldset class="stack">
                    <legend class="field-legend">"A lead is known again by its"</legend>
                    <Checkbox id="by_email" name="settings[by_email]" label="E-mail" bind=email/>
                    <Checkbox
                        id="by_phone"
                        name="settings[by_phone]"
                        label="Phone number"
                        bind=phone
                        help="Of the form's first field for a phone number. Spaces and signs don't count."
                    />
                    <Checkbox
                        id="by_domain"
                        name="settings[by_domain]"
                        label="Company domain"
                        bind=domain
                        help="That of the e-mail, unless it is of a free mail service."
                    />
                </fieldset>
                <div class="form-row">
                    <Select id="duplicate_scope" name="settings[duplicate_scope]" label="Compared with" choices=scope bind=among/>
                    <TextInput
                        id="duplicate_days"
                        name="settings[duplicate_days]"
                        label="Added in the last"
                        bind=days
                        suffix="days"
                        inputmode="numeric"
                        required=true
                        error=form.field("duplicate_days")
                    />
                    <Select id="duplicate_rule" name="settings[duplicate_rule]" label="A lead that repeats another" choices=rule bind=follows/>
                </div>
                <p class="told" role="status">{told}" An empty field never matches."</p>
            </div>
        </Card>
    }
    .into_any()
}

fn good_lead(settings: &LeadSettings, window: i32, program: &str, form: Form<SaveLeadSettings>) -> AnyView {
    let href = format!("/admin/{program}/settings#the-rules");
    let words = settings.good_lead.clone();
    let days = if window == 1 { "1 day".to_owned() } else { format!("{window} days") };
    view! {
        <Card title="What makes a good lead">
            <div class="form">
                <Textarea
                    id="good_lead"
                    name="settings[good_lead]"
                    label="In your words"
                    value=words
                    rows=4
                    optional=true
                    help="Partners read it beside the form, and on the Summary page of the program."
                    error=form.field("good_lead")
                />
            </div>
        </Card>
        <Card title="Lead window">
            <p>
                "A lead counts for "<b>{days}</b>": who signs up with its e-mail in that time is the partner's customer. Change it in the "
                <a class="link" href=href>"program's settings"</a>"."
            </p>
        </Card>
    }
    .into_any()
}

fn groups_card(groups: Vec<LeadGroup>, program: &str, form: Form<MakeLeadGroup>, may_edit: bool) -> AnyView {
    let full = groups.len() >= MOST_GROUPS;
    let head = || {
        view! {
            <Th label="Group"/>
            <Th label="Form" under=true/>
            <Th label="Leads" num=true/>
            <Th label="Changed" wide=true/>
        }
    };
    let rows = groups.into_iter().map(|group| {
        let href = format!("/admin/{program}/lead-settings/groups/{}", group.id);
        let asked = 1 + usize::from(group.form.name != domain::leads::NameField::Off) + group.form.fields.len();
        let fields = if asked == 1 { "1 field".to_owned() } else { format!("{asked} fields") };
        view! {
            <tr>
                <td>
                    <a class="link" href=href>{group.name}</a>" "
                    {group.is_default.then(|| view! { <Pill tone=Tone::Accent text="Default"/> })}
                    {group.closed.then(|| view! { <Pill text="Closed"/> })}
                    <small class="sub">{group.description}</small>
                </td>
                <td class="under">{fields}<small class="sub">{format!("Version {}", group.version)}</small></td>
                <td class="num">{grouped(group.leads)}</td>
                <td class="wide">{show::time(group.changed_at)}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    let adder = (may_edit && !full).then(|| {
        view! {
            <PostForm form=form class="form-row">
                {show::program_field()}
                <TextInput id="group-name" name="name" label="Another group" placeholder="Large companies" required=true error=form.field("name")/>
                <Button submit=true icon=Glyph::Plus busy=form.pending()>"Make the group"</Button>
            </PostForm>
        }
    });
    view! {
        <Card title="Groups and forms">
            <p class="sub">
                "Each group of leads has a form of its own. Where several are open, partners choose one when they submit or import leads."
            </p>
            {show::wrong(form.beside(&["name"]))}
            <Table caption="Groups of leads" head=head phone_columns=2>{rows}</Table>
            {adder}
        </Card>
    }
    .into_any()
}

fn stages_card(stages: &[LeadStage], program: &str, may_edit: bool) -> AnyView {
    let href = format!("/admin/{program}/lead-settings/stages");
    let actions = move || {
        let words = if may_edit { "Edit the stages" } else { "See the stages" };
        view! { <ButtonLink href=href icon=Glyph::Edit>{words}</ButtonLink> }
    };
    let names = stages.iter().map(|stage| {
        let class = format!("stage-name {}", stage.name.colour);
        view! { <li><span class=class>{stage.name.name.clone()}</span></li> }
    });
    let names = names.collect_view();
    view! {
        <Card title="Stages" actions=actions>
            <p class="sub">"A lead's way with your team, and what its partner reads of it."</p>
            <ol class="stage-names">{names}</ol>
        </Card>
    }
    .into_any()
}
