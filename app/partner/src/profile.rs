//! My profile: what the partner tells of itself, how it is paid, and which mails it gets.

use access::{Form, LazyPage, PostForm, Read, Result, read_after};
use domain::ids::{EnrollmentId, FileId, PayoutChangeId};
use domain::partners::{LeadMails, Notifications, PartnerName, Profile, SummaryRhythm};
use domain::payments::{PayoutChoice, PayoutInput, PayoutKind};
use domain::portal::PortalPage;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{
    Button, ButtonKind, Card, Choice, Fact, Facts, Glyph, Note, PageHead, Select, SkeletonCard, Switch, TextInput,
    Textarea, Tone, use_toasts,
};

use crate::photo::{self, Photo};
use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    partner: PartnerName,
    photo: Option<FileId>,
    profile: Profile,
    payout: PayoutChoice,
    /// Until when the link in the mail holds, in words.
    pending_until: String,
    notifications: Notifications,
    /// Each with the words by which it is chosen.
    time_zones: Vec<(String, String)>,
    /// Codes and names of all countries.
    countries: Vec<(String, String)>,
    /// The program's own.
    program_zone: String,
}

/// The profile of the partner who asks.
#[server(prefix = "/fn", endpoint = "partner/profile", input = GetUrl)]
pub async fn read_profile(program: String) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::partner(&program, PortalPage::Profile).await?;
        let (conn, actor) = (&mut asking.conn, &asking.actor);
        let profile = engine::partners::profile::profile(conn, actor).await?;
        let payout = engine::payments::details::choice(conn, &asking.moment, actor).await?;
        let notifications = engine::partners::profile::notifications(conn, actor).await?;
        let zone = [&profile.time_zone, &asking.program.time_zone].into_iter().find(|zone| !zone.is_empty());
        let pending = payout.pending.as_ref().zip(zone);
        let until = pending.map(|(pending, zone)| engine::programs::local_time(zone, pending.until)).transpose()?;
        let chosen = Some(profile.time_zone.as_str()).filter(|zone| !zone.is_empty());
        let time_zones = engine::programs::time_zone_choices(asking.moment.at, chosen);
        Ok(Shown {
            partner: asking.partner,
            photo: asking.seat.photo,
            profile,
            payout,
            pending_until: until.unwrap_or_default(),
            notifications,
            time_zones,
            countries: domain::countries::all(),
            program_zone: asking.program.time_zone,
        })
    })
    .await
}

/// Changes what a partner tells of itself.
#[server(prefix = "/fn", endpoint = "partner/profile/save")]
pub async fn save_profile(program: String, partner: EnrollmentId, profile: Profile) -> Result<()> {
    access::answer(async {
        let mut asking = access::this_partner(&program, partner, PortalPage::Profile).await?;
        Ok(engine::partners::profile::set_profile(&mut asking.conn, &asking.actor, &profile).await?)
    })
    .await
}

/// Chooses how a partner is paid; a mail asks to confirm it.
#[server(prefix = "/fn", endpoint = "partner/payout-method")]
pub async fn choose_payout(program: String, partner: EnrollmentId, payout: PayoutInput) -> Result<()> {
    access::answer(async {
        let mut asking = access::this_partner(&program, partner, PortalPage::Profile).await?;
        let mut tx = access::begin(&mut asking.conn).await?;
        let secrets = &asking.state.secrets;
        engine::payments::details::choose(&mut tx, secrets, &asking.moment, &asking.actor, &payout).await?;
        tx.commit().await?;
        Ok(())
    })
    .await
}

/// Sends the mail again that asks to confirm it.
#[server(prefix = "/fn", endpoint = "partner/payout-method/again")]
pub async fn confirm_payout_again(program: String, partner: EnrollmentId, id: PayoutChangeId) -> Result<()> {
    access::answer(async {
        let mut asking = access::this_partner(&program, partner, PortalPage::Profile).await?;
        Ok(engine::payments::details::send_again(&mut asking.conn, &asking.moment, &asking.actor, id).await?)
    })
    .await
}

/// Takes back a choice that is not confirmed yet.
#[server(prefix = "/fn", endpoint = "partner/payout-method/cancel")]
pub async fn cancel_payout(program: String, partner: EnrollmentId) -> Result<()> {
    access::answer(async {
        let mut asking = access::this_partner(&program, partner, PortalPage::Profile).await?;
        Ok(engine::payments::details::cancel(&mut asking.conn, &asking.actor).await?)
    })
    .await
}

/// Changes which mails a partner gets.
#[server(prefix = "/fn", endpoint = "partner/notifications")]
pub async fn save_notifications(
    program: String,
    partner: EnrollmentId,
    on_commission: Option<String>,
    on_payment: Option<String>,
    summary: SummaryRhythm,
    on_lead: LeadMails,
    on_message: Option<String>,
) -> Result<()> {
    access::answer(async {
        let mut asking = access::this_partner(&program, partner, PortalPage::Profile).await?;
        let (on_commission, on_payment) = (on_commission.is_some(), on_payment.is_some());
        let on_message = on_message.is_some();
        let input = Notifications { on_commission, on_payment, summary, on_lead, on_message };
        engine::partners::profile::set_notifications(&mut asking.conn, &asking.moment, &asking.actor, input).await?;
        Ok(())
    })
    .await
}

#[derive(Clone, Copy)]
struct Forms {
    profile: Form<SaveProfile>,
    payout: Form<ChoosePayout>,
    again: Form<ConfirmPayoutAgain>,
    cancel: Form<CancelPayout>,
    notifications: Form<SaveNotifications>,
}

/// `/p/{program}/profile`.
pub struct ProfilePage(Read<Shown>, Forms, Photo);

impl LazyPage for ProfilePage {
    fn data() -> Self {
        let program = show::program();
        let forms = Forms {
            profile: Form::new(),
            payout: Form::new(),
            again: Form::new(),
            cancel: Form::new(),
            notifications: Form::new(),
        };
        // A form that was refused keeps what was typed: only what has worked is read again.
        let done = RwSignal::new(0);
        let toasts = use_toasts();
        let tell = move |words: &'static str| {
            move |outcome: Result<()>| {
                if outcome.is_ok() {
                    toasts.say(words);
                    done.update(|count| *count += 1);
                }
            }
        };
        forms.profile.settled(tell("Profile saved"));
        forms.payout.settled(tell("A mail is on its way to you"));
        forms.again.settled(tell("The mail is sent again"));
        forms.cancel.settled(tell("Taken back"));
        forms.notifications.settled(tell("Notifications saved"));
        let found = read_after(move || done.get(), move || ReadProfile { program: program.get() });
        Self(found, forms, Photo::new())
    }

    fn view(this: Self) -> AnyView {
        let Self(found, forms, photo) = this;
        photo.follow(found);
        view! {
            <Title text="My profile"/>
            <PageHead title="My profile"/>
            {found.show(skeleton, move |shown| page(shown, forms, photo))}
        }
        .into_any()
    }
}

fn skeleton() -> AnyView {
    view! { <SkeletonCard lines=2/> <SkeletonCard lines=8/> <SkeletonCard lines=5/> <SkeletonCard lines=4/> }.into_any()
}

fn page(shown: Shown, forms: Forms, photo: Photo) -> AnyView {
    let program = show::program().get_untracked();
    let me = photo::card(photo, &program, shown.partner.clone(), shown.photo, PortalPage::Profile);
    let profile = profile(&shown, &program, forms.profile);
    let payout = payout(&shown, &program, forms);
    let notifications = notifications(&shown, &program, forms.notifications);
    view! {
        {me}
        {profile}
        {payout}
        {notifications}
    }
    .into_any()
}

const PROFILE: &[&str] = &["name", "company", "address", "country", "phone", "website", "time_zone", "tax_id"];

fn profile(shown: &Shown, program: &str, form: Form<SaveProfile>) -> AnyView {
    let Profile { name, company, address, country, phone, website, time_zone, tax_id } = shown.profile.clone();
    let zones = std::iter::once(Choice::new("", format!("As the program: {}", shown.program_zone)))
        .chain(shown.time_zones.iter().map(|(zone, words)| Choice::new(zone.clone(), words.clone())))
        .collect();
    let countries = std::iter::once(Choice::new("", "Not chosen yet"))
        .chain(shown.countries.iter().map(|(code, name)| Choice::new(code.clone(), name.clone())))
        .collect();
    let whose = show::whose(program, shown.partner.id);
    view! {
        <Card title="Profile">
            {ui::wrong(form.beside(PROFILE))}
            <PostForm form=form class="form">
                {whose}
                <div class="form-row">
                    <TextInput id="name" name="profile[name]" label="Your name" value=name autocomplete="name" help="As the program's team sees you." error=form.field("name")/>
                    <TextInput id="company" name="profile[company]" label="Company" value=company autocomplete="organization" optional=true error=form.field("company")/>
                </div>
                <Textarea id="address" name="profile[address]" label="Address" value=address rows=3 optional=true error=form.field("address")/>
                <div class="form-row">
                    <Select id="country" name="profile[country]" label="Country" choices=countries value=country autocomplete="country" help="It decides which payout methods you can choose." error=form.field("country")/>
                    <TextInput id="phone" name="profile[phone]" label="Phone" kind="tel" value=phone autocomplete="tel" optional=true error=form.field("phone")/>
                </div>
                <div class="form-row">
                    <TextInput id="website" name="profile[website]" label="Website" inputmode="url" value=website autocomplete="url" placeholder="example.com" optional=true error=form.field("website")/>
                    <TextInput id="tax_id" name="profile[tax_id]" label="Tax ID" value=tax_id autocomplete="off" optional=true error=form.field("tax_id")/>
                </div>
                <Select id="time_zone" name="profile[time_zone]" label="Time zone" choices=zones value=time_zone help="Times that you read here are in it, and the team sees where you are. Days in reports are the program's." error=form.field("time_zone")/>
                <div class="form-actions">
                    <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Save the profile"</Button>
                </div>
            </PostForm>
        </Card>
    }
    .into_any()
}

const PAYOUT: &[&str] = &["kind", "paypal_email", "holder", "iban", "routing", "account", "address", "words"];

fn payout(shown: &Shown, program: &str, forms: Forms) -> AnyView {
    let PayoutChoice { kind, method, masked, pending, offered } = shown.payout.clone();
    let now = if method.is_empty() {
        "Not chosen yet".to_owned()
    } else if masked.is_empty() {
        method
    } else {
        format!("{method}: {masked}")
    };
    let waiting = pending.map(|pending| {
        let what =
            if pending.masked.is_empty() { pending.method } else { format!("{}: {}", pending.method, pending.masked) };
        let (email, until) = (pending.email, shown.pending_until.clone());
        let (whose, of_cancel) = (show::whose(program, shown.partner.id), show::whose(program, shown.partner.id));
        view! {
            <Note tone=Tone::Warn glyph=Glyph::Mail>
                <b>{what}</b>" counts once you open the link that we sent to "<b>{email}</b>". It holds until "{until}"."
            </Note>
            {ui::wrong(forms.again.beside(&[]))}
            <div class="row">
                <PostForm form=forms.again>
                    {whose}
                    <input type="hidden" name="id" value=pending.id.to_string()/>
                    <Button submit=true busy=forms.again.pending()>"Send the mail again"</Button>
                </PostForm>
                <PostForm form=forms.cancel>
                    {of_cancel}
                    <Button submit=true kind=ButtonKind::Quiet busy=forms.cancel.pending()>"Take it back"</Button>
                </PostForm>
            </div>
        }
    });
    let choose = if offered.is_empty() {
        view! { <Note>"The program offers no payout method in your country. Ask its team."</Note> }.into_any()
    } else {
        choosing(kind, &offered, program, shown.partner.id, forms.payout)
    };
    view! {
        <Card title="Payout method">
            <Facts><Fact label="You are paid by">{now}</Fact></Facts>
            {waiting}
            {choose}
        </Card>
    }
    .into_any()
}

/// The fields of every kind that is offered; the style sheet shows those of the one that is chosen.
fn choosing(
    now: Option<PayoutKind>,
    offered: &[PayoutKind],
    program: &str,
    partner: EnrollmentId,
    form: Form<ChoosePayout>,
) -> AnyView {
    let choices = offered.iter().map(|kind| Choice::new(kind.as_str(), kind.label())).collect();
    let has = |kind: PayoutKind| offered.contains(&kind);
    let first = now.filter(|kind| has(*kind)).or(offered.first().copied()).map_or("", PayoutKind::as_str);
    let whose = show::whose(program, partner);
    let holder = (has(PayoutKind::Iban) || has(PayoutKind::UsBank) || has(PayoutKind::Cheque)).then(|| {
        view! {
            <div class="of-iban of-us_bank of-cheque">
                <TextInput id="holder" name="payout[holder]" label="Account holder or payee" autocomplete="name" error=form.field("holder")/>
            </div>
        }
    });
    let paypal = has(PayoutKind::Paypal).then(|| {
        view! {
            <div class="of-paypal">
                <TextInput id="paypal_email" name="payout[paypal_email]" label="E-mail at PayPal" kind="email" autocomplete="email" error=form.field("paypal_email")/>
            </div>
        }
    });
    let iban = has(PayoutKind::Iban).then(|| {
        view! {
            <div class="of-iban">
                <TextInput id="iban" name="payout[iban]" label="IBAN" autocomplete="off" placeholder="DE44 5001 0517 5407 3249 31" error=form.field("iban")/>
            </div>
        }
    });
    let us_bank = has(PayoutKind::UsBank).then(|| {
        view! {
            <div class="of-us_bank form-row">
                <TextInput id="routing" name="payout[routing]" label="Routing number" inputmode="numeric" autocomplete="off" error=form.field("routing")/>
                <TextInput id="account" name="payout[account]" label="Account number" inputmode="numeric" autocomplete="off" error=form.field("account")/>
            </div>
        }
    });
    let cheque = has(PayoutKind::Cheque).then(|| {
        view! {
            <div class="of-cheque">
                <Textarea id="cheque-address" name="payout[address]" label="Where to send the cheque" error=form.field("address")/>
            </div>
        }
    });
    let other = has(PayoutKind::Other).then(|| {
        view! {
            <div class="of-other">
                <Textarea id="words" name="payout[words]" label="What you agreed with the team" error=form.field("words")/>
            </div>
        }
    });
    view! {
        {ui::wrong(form.beside(PAYOUT))}
        <PostForm form=form class="form by-kind">
            {whose}
            <Select id="kind" name="payout[kind]" label="Select payout method" choices=choices value=first error=form.field("kind")/>
            {paypal}
            {holder}
            {iban}
            {us_bank}
            {cheque}
            {other}
            <p class="sub">"We send you a mail: the method counts once you have confirmed it there."</p>
            <div class="form-actions">
                <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Use this method"</Button>
            </div>
        </PostForm>
    }
    .into_any()
}

fn notifications(shown: &Shown, program: &str, form: Form<SaveNotifications>) -> AnyView {
    let Notifications { on_commission, on_payment, summary, on_lead, on_message } = shown.notifications;
    let of_leads = LeadMails::ALL.iter().map(|which| Choice::new(which.as_str(), which.label())).collect();
    let rhythms = SummaryRhythm::ALL.iter().map(|rhythm| Choice::new(rhythm.as_str(), rhythm.label())).collect();
    let whose = show::whose(program, shown.partner.id);
    view! {
        <Card title="Notifications">
            {ui::wrong(form.beside(&[]))}
            <PostForm form=form class="form">
                {whose}
                <Switch id="on_commission" label="A mail at each commission" checked=on_commission/>
                <Switch id="on_payment" label="A mail at each payment" checked=on_payment/>
                <Switch id="on_message" label="A mail when the team writes to you" checked=on_message/>
                <Select id="on_lead" label="Mails about your leads" choices=of_leads value=on_lead.as_str()/>
                <Select id="summary" label="Summary by mail" choices=rhythms value=summary.as_str()/>
                <div class="form-actions">
                    <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Save the notifications"</Button>
                </div>
            </PostForm>
        </Card>
    }
    .into_any()
}
