//! The partner's leads: adding one, and what became of each.

use access::{Form, LazyPage, PostForm, Read, Result, read};
use domain::ids::EnrollmentId;
use domain::leads::{LeadRow, Outcome, Stage};
use domain::page::Page;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{
    Address, Button, ButtonKind, ButtonLink, Card, Choice, Download, EmptyState, Glyph, PageHead, Pill, SearchInput,
    Select, SkeletonTable, Table, TextInput, Th, Tone, use_toasts,
};

use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Whose leads these are.
    partner: EnrollmentId,
    leads: Page<LeadRow>,
    /// How long a lead counts, in days.
    window_days: i32,
}

/// A page of the leads of the partner who asks.
#[server(prefix = "/fn", endpoint = "partner/leads", input = GetUrl)]
pub async fn read_leads(
    program: String,
    q: Option<String>,
    outcome: Option<String>,
    from: Option<String>,
    to: Option<String>,
    cursor: Option<String>,
) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::partner(&program, domain::portal::PortalPage::LeadTracking).await?;
        let filter = domain::leads::LeadFilter {
            search: q.unwrap_or_default(),
            outcome: outcome.and_then(|word| word.parse().ok()),
            from: from.and_then(|day| day.parse().ok()),
            to: to.and_then(|day| day.parse().ok()),
            ..domain::leads::LeadFilter::default()
        };
        let paging = domain::page::Paging { cursor, limit: None };
        let leads = engine::leads::list(&mut asking.conn, &asking.moment, &asking.actor, &filter, &paging).await?;
        Ok(Shown { partner: asking.partner.id, leads, window_days: asking.program.lead_window_days })
    })
    .await
}

/// Adds a lead of a partner for whom the account acts.
#[server(prefix = "/fn", endpoint = "partner/leads/add")]
pub async fn add_lead(program: String, partner: EnrollmentId, email: String, name: Option<String>) -> Result<()> {
    access::answer(async {
        let mut asking = access::this_partner(&program, partner, domain::portal::PortalPage::LeadTracking).await?;
        let input = domain::leads::NewLead::named(&email, &name.unwrap_or_default());
        let mut tx = access::begin(&mut asking.conn).await?;
        engine::leads::submit(&mut tx, &asking.moment, &asking.actor, partner, &input).await?;
        tx.commit().await?;
        Ok(())
    })
    .await
}

/// What follows when a lead has been added: that is said, and the page read again.
pub(crate) fn follow<T: serde::de::DeserializeOwned + 'static>(form: Form<AddLead>, found: Read<T>) {
    let toasts = use_toasts();
    form.settled(move |outcome| {
        if outcome.is_ok() {
            toasts.say("The lead is added");
            found.again();
        }
    });
}

/// The form that adds a lead.
fn adding(form: Form<AddLead>, program: &str, partner: EnrollmentId) -> AnyView {
    let whose = show::whose(program, partner);
    view! {
        {ui::wrong(form.beside(&["email", "name"]))}
        <PostForm form=form class="form" fresh=true>
            {whose}
            <div class="form-row">
                <TextInput id="lead-email" name="email" label="Their e-mail" kind="email" placeholder="nora@harbor.example" required=true error=form.field("email")/>
                <TextInput id="lead-name" name="name" label="Their name" optional=true error=form.field("name")/>
            </div>
            <div class="form-actions">
                <Button kind=ButtonKind::Primary submit=true busy=form.pending()>"Add the lead"</Button>
            </div>
        </PostForm>
    }
    .into_any()
}

/// What a lead is good for, by the program's rule.
fn rule(window_days: i32) -> String {
    let days = if window_days == 1 { "a day".to_owned() } else { format!("{window_days} days") };
    format!(
        "Who signs up with this e-mail within {days} becomes your customer, unless another partner's code or link brings \
         them. Once the team has qualified your lead, it goes before links."
    )
}

/// The dashboard's section: the form, and the latest few leads.
pub(crate) fn card(
    form: Form<AddLead>,
    program: &str,
    partner: EnrollmentId,
    leads: Vec<LeadRow>,
    window_days: i32,
) -> AnyView {
    let all = format!("/p/{program}/lead-tracking");
    let latest = leads.into_iter().map(line).collect_view();
    let adding = adding(form, program, partner);
    view! {
        <Card
            title="Add a new lead"
            actions=move || view! { <ButtonLink href=all kind=ButtonKind::Quiet>"All leads"</ButtonLink> }
        >
            <p class="sub">{rule(window_days)}</p>
            {adding}
            <ul class="list">{latest}</ul>
        </Card>
    }
    .into_any()
}

fn line(lead: LeadRow) -> AnyView {
    let added = format!("Added {}", lead.day.format("%-d %b %Y"));
    view! {
        <li class="between">
            <span>{called(&lead)}<span class="sub">" "{added}</span></span>
            <Pill tone=tone(lead.outcome) text=lead.outcome.label()/>
        </li>
    }
    .into_any()
}

/// A lead as its partner knows it.
fn called(lead: &LeadRow) -> String {
    if lead.email.is_empty() { "Erased".to_owned() } else { lead.email.clone() }
}

fn tone(outcome: Outcome) -> Tone {
    match outcome {
        Outcome::Waiting => Tone::Warn,
        Outcome::Won | Outcome::SignedUp => Tone::Accent,
        Outcome::Customer => Tone::Good,
        Outcome::NotYours | Outcome::Lost | Outcome::Expired => Tone::Neutral,
    }
}

fn stage_tone(stage: Stage) -> Tone {
    match stage {
        Stage::New => Tone::Neutral,
        Stage::Qualified => Tone::Accent,
        Stage::ClosedWon => Tone::Good,
        Stage::Unqualified | Stage::ClosedLost => Tone::Bad,
    }
}

/// `/p/{program}/lead-tracking`.
pub struct LeadTrackingPage(Read<Shown>, Form<AddLead>);

impl LazyPage for LeadTrackingPage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        let found = read(move || {
            let of = |key| address.with(|address| show::value(address, key));
            ReadLeads {
                program: program.get(),
                q: of("q"),
                outcome: of("outcome"),
                from: of("from"),
                to: of("to"),
                cursor: of("cursor"),
            }
        });
        Self(found, Form::new())
    }

    fn view(this: Self) -> AnyView {
        let Self(found, form) = this;
        follow(form, found);
        let (program, address) = (show::program(), show::address());
        view! {
            <Title text="Lead tracking"/>
            <PageHead title="Lead tracking">
                {move || view! { <Download href=show::file(&program.get(), "leads", &address.get()) what="leads"/> }}
            </PageHead>
            {move || filters(&address.get())}
            {crate::lead_import::opened()}
            {found.show(|| view! { <Card><SkeletonTable columns=4/></Card> }.into_any(), move |shown| page(shown, form, &address.get_untracked()))}
        }
        .into_any()
    }
}

fn filters(address: &Address) -> AnyView {
    let outcomes = std::iter::once(Choice::new("", "Any outcome"))
        .chain(Outcome::ALL.iter().map(|outcome| Choice::new(outcome.as_str(), outcome.label())))
        .collect();
    let of = |key: &str| address.get(key).unwrap_or_default().to_owned();
    view! {
        <form class="filters" method="get" action=address.path().to_owned()>
            <SearchInput id="q" label="Search by e-mail or name" value=of("q")/>
            <Select id="outcome" label="Outcome" choices=outcomes value=of("outcome")/>
            <TextInput id="from" label="From" kind="date" value=of("from")/>
            <TextInput id="to" label="To" kind="date" value=of("to")/>
            <Button submit=true>"Show"</Button>
        </form>
    }
    .into_any()
}

fn page(shown: Shown, form: Form<AddLead>, address: &Address) -> AnyView {
    let Shown { partner, leads, window_days } = shown;
    let program = show::program().get_untracked();
    let help = rule(window_days);
    let (list, adding) = (list(leads, address), adding(form, &program, partner));
    view! {
        {list}
        <Card title="Add a new lead">
            <p class="sub">{help}</p>
            {adding}
        </Card>
    }
    .into_any()
}

fn list(leads: Page<LeadRow>, address: &Address) -> AnyView {
    if leads.data.is_empty() {
        if ["q", "outcome", "from", "to", "cursor"].iter().any(|key| address.get(key).is_some()) {
            return show::nothing_found(address);
        }
        return view! {
            <Card>
                <EmptyState
                    glyph=Glyph::UserPlus
                    title="No leads yet"
                    words="Add somebody who may want to become a customer. What becomes of each lead shows here."
                />
            </Card>
        }
        .into_any();
    }
    let pages = show::pages(&leads, None, address);
    let head = || {
        view! {
            <Th label="Lead"/>
            <Th label="Added" wide=true/>
            <Th label="The team says" wide=true/>
            <Th label="Outcome" wide=true/>
        }
    };
    let rows = leads.data.into_iter().map(row).collect_view();
    view! {
        <Card>
            <Table caption="Leads" head=head>{rows}</Table>
            {pages}
        </Card>
    }
    .into_any()
}

fn row(lead: LeadRow) -> AnyView {
    let day = lead.day.format("%-d %b %Y").to_string();
    let since = format!("Since {}", lead.stage_day.format("%-d %b %Y"));
    let stage = (lead.stage.kind != Stage::New).then_some(since);
    view! {
        <tr>
            <td>
                {called(&lead)}
                <small>{lead.name}</small>
                <div class="narrow"><Pill tone=tone(lead.outcome) text=lead.outcome.label()/><Pill tone=stage_tone(lead.stage.kind) text=lead.stage.name.clone()/><small>{day.clone()}</small></div>
            </td>
            <td class="wide">{day}</td>
            <td class="wide"><Pill tone=stage_tone(lead.stage.kind) text=lead.stage.name.clone()/><small>{stage}</small></td>
            <td class="wide"><Pill tone=tone(lead.outcome) text=lead.outcome.label()/></td>
        </tr>
    }
    .into_any()
}
