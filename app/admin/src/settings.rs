//! The program's settings.

use access::{Form, LazyPage, PostForm, Read, Result, read_after};
use chrono::NaiveDate;
use domain::payments::{PaymentRules, PayoutMethod};
use domain::programs::{ClickModel, Payer, ProgramSettings, SelfReferralRule};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{
    Button, ButtonKind, Card, Choice, Field, Glyph, Indexed, MoneyInput, Note, PageHead, Section, Select, SkeletonCard,
    Switch, TextInput, Textarea, Tone,
};

use crate::payer::{self, SetPayer};
use crate::payment_rules::{self, SetPaymentRules};
use crate::payout_methods::{self, SetPayoutMethods};
use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    settings: ProgramSettings,
    /// Each with the words by which it is chosen.
    time_zones: Vec<(String, String)>,
    methods: Vec<PayoutMethod>,
    /// The codes and names of all countries.
    countries: Vec<(String, String)>,
    /// The payment day that comes next.
    next_payment: NaiveDate,
    payer: Payer,
    rules: PaymentRules,
    /// When the monthly run comes next, if there is one.
    next_run: Option<NaiveDate>,
    /// The program's day.
    today: NaiveDate,
    may_edit: bool,
}

/// The program's settings as a form sends them: figures are texts until they are checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsInput {
    name: String,
    description: String,
    website: String,
    /// One host a line.
    allowed_hosts: String,
    window_days: String,
    lead_window_days: String,
    click_model: ClickModel,
    self_referral: SelfReferralRule,
    review_commissions: Option<String>,
    consent_required: Option<String>,
    mask_customers: Option<String>,
    minimum_payment: String,
    payment_day: String,
    time_zone: String,
    currency: String,
}

/// The program's settings.
#[server(prefix = "/fn", endpoint = "admin/settings", input = GetUrl)]
pub async fn read_settings(program: String) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::admin(&program).await?;
        let settings = engine::programs::settings(&mut asking.conn, &asking.actor).await?;
        let zone = settings.next_time_zone.as_ref().unwrap_or(&settings.program.time_zone);
        let time_zones = engine::programs::time_zone_choices(asking.moment.at, Some(zone));
        let methods = engine::payments::methods::list(&mut asking.conn, asking.program.id).await?;
        let payer = engine::programs::payer(&mut asking.conn, asking.program.id).await?;
        let rules = engine::payments::schedule::of(&mut asking.conn, asking.program.id).await?;
        let next_run = engine::payments::schedule::next_run(&mut asking.conn, &asking.moment, &asking.program).await?;
        let may_edit = asking.actor.may(domain::accounts::Power::EditProgram);
        let program = &settings.program;
        let today = engine::programs::zone(&program.time_zone, asking.moment.at)?.local(asking.moment.at).date();
        let payment_day = u32::try_from(program.payment_day).unwrap_or(1);
        let next_payment = domain::payments::next_payment_day(today, payment_day);
        let countries = domain::countries::all();
        Ok(Shown { settings, time_zones, methods, countries, next_payment, payer, rules, next_run, today, may_edit })
    })
    .await
}

/// Changes the program's settings.
#[server(prefix = "/fn", endpoint = "admin/settings/update")]
pub async fn update_settings(program: String, settings: SettingsInput) -> Result<()> {
    access::answer(async {
        let access::Admin { state, moment, actor, .. } = access::admin(&program).await?;
        let hosts = settings.allowed_hosts.lines().map(str::trim).filter(|host| !host.is_empty());
        let mut figures = show::Figures::default();
        let input = domain::programs::ProgramInput {
            allowed_hosts: hosts.map(str::to_owned).collect(),
            window_days: figures.whole("window_days", &settings.window_days),
            lead_window_days: figures.whole("lead_window_days", &settings.lead_window_days),
            minimum_payment: figures.amount("minimum_payment", &settings.minimum_payment),
            payment_day: figures.whole("payment_day", &settings.payment_day),
            review_commissions: settings.review_commissions.is_some(),
            consent_required: settings.consent_required.is_some(),
            name: settings.name,
            description: settings.description,
            website: settings.website.trim().to_owned(),
            mask_customers: settings.mask_customers.is_some(),
            click_model: settings.click_model,
            self_referral: settings.self_referral,
            time_zone: settings.time_zone,
            currency: settings.currency.trim().to_uppercase(),
        };
        figures.check(|| input.check())?;
        engine::programs::update(&state.pool, &moment, &actor, &input).await?;
        Ok(())
    })
    .await
}

/// Copies the program as a sandbox, and goes there.
#[server(prefix = "/fn", endpoint = "admin/settings/copy")]
pub async fn copy_program(program: String, name: String, slug: String) -> Result<()> {
    access::answer(async {
        let access::Admin { state, moment, actor, .. } = access::admin(&program).await?;
        let input = domain::programs::ProgramCopy { name, slug };
        let made = engine::programs::copy(&state.pool, &moment, &actor, &input).await?;
        access::redirect(&format!("/admin/{}", made.slug));
        Ok(())
    })
    .await
}

#[derive(Clone, Copy)]
struct Forms {
    update: Form<UpdateSettings>,
    methods: Form<SetPayoutMethods>,
    payer: Form<SetPayer>,
    rules: Form<SetPaymentRules>,
    copy: Form<CopyProgram>,
}

/// `/admin/{program}/settings`.
pub struct SettingsPage {
    found: Read<Shown>,
    forms: Forms,
}

impl LazyPage for SettingsPage {
    fn data() -> Self {
        let program = show::program();
        let forms = Forms {
            update: Form::new(),
            methods: Form::new(),
            payer: Form::new(),
            rules: Form::new(),
            copy: Form::new(),
        };
        let done =
            [show::done(forms.update), show::done(forms.methods), show::done(forms.payer), show::done(forms.rules)];
        let found = read_after(
            move || done.map(|done| done.get()).iter().sum(),
            move || ReadSettings { program: program.get() },
        );
        Self { found, forms }
    }

    fn view(this: Self) -> AnyView {
        let SettingsPage { found, forms } = this;
        show::tell(forms.update, "Settings saved");
        show::tell(forms.methods, "Payout methods saved");
        show::tell(forms.payer, "Company saved");
        show::tell(forms.rules, "How payments run is saved");
        view! {
            <Title text="Settings"/>
            {found.show(skeleton, move |shown| page(shown, forms))}
        }
        .into_any()
    }
}

fn skeleton() -> AnyView {
    view! {
        <PageHead title="Settings"/>
        <SkeletonCard lines=8/>
        <SkeletonCard lines=8/>
    }
    .into_any()
}

const FIELDS: &[&str] = &[
    "name",
    "description",
    "website",
    "allowed_hosts",
    "window_days",
    "lead_window_days",
    "minimum_payment",
    "payment_day",
    "time_zone",
    "currency",
];

fn page(shown: Shown, forms: Forms) -> AnyView {
    let may_edit = shown.may_edit;
    let form = forms.update;
    let currency = shown.settings.program.currency;
    let payer = payer::card(shown.payer.clone(), forms.payer, may_edit);
    let day = shown.settings.program.payment_day;
    let runs = payment_rules::card(shown.rules, (shown.next_run, shown.today), day, currency, forms.rules, may_edit);
    let entries: Vec<_> = SECTIONS.iter().copied().filter(|(id, _)| may_edit || *id != "the-sandbox").collect();
    let methods =
        payout_methods::card(shown.methods.clone(), shown.countries.clone(), currency, forms.methods, may_edit);
    let (program, rules, money) = (program_card(&shown, form), rules_card(&shown, form), money_card(shown, form));
    view! {
        <PageHead title="Settings"/>
        {(!may_edit).then(|| view! { <Note glyph=Glyph::Lock>"Your role reads these settings. An owner or manager changes them."</Note> })}
        <Indexed entries=entries>
            {show::wrong(form.beside(FIELDS))}
            <PostForm form=form>
                {show::program_field()}
                <fieldset class="stack" disabled=!may_edit>
                    <Section id="the-program">{program}</Section>
                    <Section id="the-rules">{rules}</Section>
                    <Section id="the-money">{money}</Section>
                    {may_edit
                        .then(|| {
                            view! {
                                <div class="form-actions">
                                    <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Save the settings"</Button>
                                </div>
                            }
                        })}
                </fieldset>
            </PostForm>
            <Section id="the-methods">{methods}</Section>
            <Section id="the-runs">{runs}</Section>
            <Section id="the-payer">{payer}</Section>
            {may_edit.then(|| view! { <Section id="the-sandbox">{copy_card(forms.copy)}</Section> })}
        </Indexed>
    }
    .into_any()
}

/// The page's sections, by the ids to which addresses may lead; the last is for who may edit.
const SECTIONS: [(&str, &str); 7] = [
    ("the-program", "Program"),
    ("the-rules", "Rules"),
    ("the-money", "Money and time"),
    ("the-methods", "Payout methods"),
    ("the-runs", "Payment runs"),
    ("the-payer", "Who pays"),
    ("the-sandbox", "Sandbox"),
];

fn copy_card(form: Form<CopyProgram>) -> AnyView {
    view! {
        <Card title="Sandbox">
            {show::wrong(form.beside(&["name", "slug"]))}
            <PostForm form=form class="form">
                {show::program_field()}
                <p class="sub">"A copy for tests, with these settings, the offers, the portal, the mails and the assets, and without partners and customers. It is marked as a sandbox."</p>
                <div class="form-row">
                    <TextInput id="copy-name" name="name" label="What the copy is called" required=true error=form.field("name")/>
                    <TextInput id="copy-slug" name="slug" label="The copy in addresses" prefix="/p/" required=true error=form.field("slug")/>
                </div>
                <div class="form-actions">
                    <Button submit=true busy=form.pending()>"Make the copy"</Button>
                </div>
            </PostForm>
        </Card>
    }
    .into_any()
}

fn program_card(shown: &Shown, form: Form<UpdateSettings>) -> AnyView {
    let program = shown.settings.program.clone();
    let hosts = program.allowed_hosts.join("\n");
    view! {
        <Card title="Program">
            <div class="form">
                <TextInput id="name" name="settings[name]" label="Name" value=program.name.clone() required=true error=form.field("name")/>
                <Textarea id="description" name="settings[description]" label="Description" value=program.description.clone() rows=2 help="What the program is; its partners read it." optional=true error=form.field("description")/>
                <TextInput id="website" name="settings[website]" label="Website" kind="url" value=program.website.clone() help="Where partners' links lead." required=true error=form.field("website")/>
                <Textarea id="allowed_hosts" name="settings[allowed_hosts]" label="Other hosts" value=hosts placeholder="shop.example.com" help="One a line. Links may lead there too, and the snippet may run there. Links that lead to one you take out stay." optional=true error=form.field("allowed_hosts")/>
            </div>
        </Card>
    }
    .into_any()
}

fn rules_card(shown: &Shown, form: Form<UpdateSettings>) -> AnyView {
    let program = shown.settings.program.clone();
    let models = vec![
        Choice::new(ClickModel::Last.as_str(), "The last click"),
        Choice::new(ClickModel::First.as_str(), "The first click"),
    ];
    let rules = vec![
        Choice::new(SelfReferralRule::Refuse.as_str(), "Refuse them"),
        Choice::new(SelfReferralRule::Review.as_str(), "Let the team review their commissions"),
        Choice::new(SelfReferralRule::Allow.as_str(), "Allow them"),
    ];
    let review = format!("/admin/{}/review#the-checks", program.slug);
    view! {
        <Card title="Rules" actions=move || view! { <a class="link" href=review>"Checks for suspicious commissions"</a> }>
            <div class="form">
                <div class="form-row">
                    <TextInput id="window_days" name="settings[window_days]" label="Attribution window" value=program.window_days.to_string() inputmode="numeric" suffix="days" help="How long after a click a customer is still the partner's." required=true error=form.field("window_days")/>
                    <Select id="click_model" name="settings[click_model]" label="Which click counts" choices=models value=program.click_model.as_str() help="Where a visitor clicked the links of several partners."/>
                </div>
                <TextInput id="lead_window_days" name="settings[lead_window_days]" label="Lead window" value=program.lead_window_days.to_string() inputmode="numeric" suffix="days" help="How long after it was added a lead who signs up is still the partner's." required=true error=form.field("lead_window_days")/>
                <Select id="self_referral" name="settings[self_referral]" label="Partners who refer themselves" choices=rules value=program.self_referral.as_str()/>
                <Switch id="review_commissions" name="settings[review_commissions]" label="Review every commission" checked=program.review_commissions help="A commission counts only once somebody of the team has approved it."/>
                <Switch id="consent_required" name="settings[consent_required]" label="Ask visitors for consent" checked=program.consent_required help="No cookie is set and nothing is stored about a visitor before they agree."/>
                <Switch id="mask_customers" name="settings[mask_customers]" label="Mask customers" checked=program.mask_customers help="Partners see n•••@example.com instead of a customer's e-mail, and no names."/>
            </div>
        </Card>
    }
    .into_any()
}

fn money_card(shown: Shown, form: Form<UpdateSettings>) -> AnyView {
    let ProgramSettings { program, next_time_zone, currency_fixed } = shown.settings;
    let next = format!("The day of the month, 1 to 28. Next: {}.", shown.next_payment.format("%-d %B %Y"));
    let zones = shown.time_zones.into_iter().map(|(zone, words)| Choice::new(zone, words)).collect::<Vec<_>>();
    let pending = next_time_zone.clone().map(|next| {
        let words = format!("{next} applies from the next month on. Until then it is {}.", program.time_zone);
        view! { <Note tone=Tone::Warn glyph=Glyph::Clock>{words}</Note> }
    });
    let zone = next_time_zone.unwrap_or_else(|| program.time_zone.clone());
    let code = program.currency.to_string();
    let currency_issue = form.field("currency");
    let currency = if currency_fixed {
        let help = "Fixed, because there are sales or commissions in it.";
        view! {
            <Field id="currency" label="Currency" help=help error=currency_issue>
                <input id="currency" name="settings[currency]" class="input" value=code readonly=true aria-describedby="currency-help currency-error"/>
            </Field>
        }
        .into_any()
    } else {
        view! {
            <TextInput id="currency" name="settings[currency]" label="Currency" value=code help="Three letters, such as EUR. Fixed once there is a sale or a commission." required=true error=currency_issue/>
        }
        .into_any()
    };
    let zone_help = if currency_fixed {
        "Days and months follow it. If you change it, the new one counts from the 1st of next month."
    } else {
        "Days and months follow it. Once there is a sale or a commission, a change counts from the 1st of the next month."
    };
    view! {
        <Card title="Money and time">
            <div class="form">
                <div class="form-row">
                    <MoneyInput id="minimum_payment" name="settings[minimum_payment]" label="Smallest payment" currency=program.currency value=program.minimum_payment.normalize().to_string() help="Less than that waits for the next month." required=true error=form.field("minimum_payment")/>
                    <TextInput id="payment_day" name="settings[payment_day]" label="Payment day" value=program.payment_day.to_string() inputmode="numeric" help=next required=true error=form.field("payment_day")/>
                </div>
                {pending}
                <Select id="time_zone" name="settings[time_zone]" label="Time zone" choices=zones value=zone help=zone_help error=form.field("time_zone")/>
                {currency}
            </div>
        </Card>
    }
    .into_any()
}
