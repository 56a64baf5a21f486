//! What the partner can read of its programs: what they are, and what they pay.

use access::{LazyPage, Read, Result, read};
use domain::money::Money;
use domain::offers::{MyOffer, MyProgram, RateOf};
use domain::partners::EnrollmentStatus;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};
use ui::{ButtonKind, ButtonLink, Card, EmptyState, Fact, Facts, Glyph, PageHead, Pill, SkeletonCard, Tone};

use crate::show;

/// Every program in which the account that asks is enrolled.
#[server(prefix = "/fn", endpoint = "partner/programs", input = GetUrl)]
pub async fn read_programs(program: String) -> Result<Vec<MyProgram>> {
    access::answer(async {
        let mut asking = access::partner(&program, domain::portal::PortalPage::Programs).await?;
        Ok(engine::offers::my_programs(&mut asking.conn, &asking.session).await?)
    })
    .await
}

/// The offers of the partner who asks.
#[server(prefix = "/fn", endpoint = "partner/structure", input = GetUrl)]
pub async fn read_structure(program: String) -> Result<Vec<MyOffer>> {
    access::answer(async {
        let mut asking = access::partner(&program, domain::portal::PortalPage::Structure).await?;
        Ok(engine::offers::of_partner(&mut asking.conn, &asking.actor, asking.partner.id).await?)
    })
    .await
}

/// What the summary shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    name: String,
    description: String,
    website: String,
    window_days: i32,
    lead_window_days: i32,
    /// Whether the program takes leads from this partner, and what makes a good one.
    submission: bool,
    good_lead: String,
    payment_day: i32,
    minimum_payment: Money,
    offers: Vec<MyOffer>,
}

/// What the program is, and the offers in it of the partner who asks.
#[server(prefix = "/fn", endpoint = "partner/summary", input = GetUrl)]
pub async fn read_summary(program: String) -> Result<Summary> {
    access::answer(async {
        let mut asking = access::partner(&program, domain::portal::PortalPage::Summary).await?;
        let offers = engine::offers::of_partner(&mut asking.conn, &asking.actor, asking.partner.id).await?;
        let settings = engine::leads::settings(&mut asking.conn, asking.program.id).await?;
        let shows_leads = asking.seat.shown.contains(&domain::portal::PortalPage::Leads);
        let program = asking.program;
        Ok(Summary {
            submission: settings.submission && shows_leads,
            good_lead: settings.good_lead,
            minimum_payment: Money::new(program.minimum_payment, program.currency),
            name: program.name,
            description: program.description,
            website: program.website,
            window_days: program.window_days,
            lead_window_days: program.lead_window_days,
            payment_day: program.payment_day,
            offers,
        })
    })
    .await
}

/// `/p/{program}/programs`.
pub struct ProgramsPage(Read<Vec<MyProgram>>);

impl LazyPage for ProgramsPage {
    fn data() -> Self {
        let program = show::program();
        Self(read(move || ReadPrograms { program: program.get() }))
    }

    fn view(this: Self) -> AnyView {
        view! {
            <Title text="My programs"/>
            <PageHead title="My programs"/>
            {this.0.show(skeleton, |programs| programs.into_iter().map(program).collect_view().into_any())}
        }
        .into_any()
    }
}

fn skeleton() -> AnyView {
    view! { <SkeletonCard lines=4/><SkeletonCard lines=4/> }.into_any()
}

fn program(program: MyProgram) -> AnyView {
    let MyProgram { slug, name, description, partner, status, offers } = program;
    let (tone, standing) = match status {
        EnrollmentStatus::Active => (Tone::Good, "Active"),
        EnrollmentStatus::Pending => (Tone::Warn, "Waits for the team"),
        EnrollmentStatus::Paused => (Tone::Warn, "Paused"),
        EnrollmentStatus::Banned => (Tone::Bad, "Ended"),
        EnrollmentStatus::Declined => (Tone::Bad, "Declined"),
    };
    let here = show::program().get_untracked() == slug;
    let open = move || {
        (!here).then(|| view! { <ButtonLink href=format!("/p/{slug}") kind=ButtonKind::Quiet>"Open"</ButtonLink> })
    };
    let who = format!("{}, partner code {}", partner.name, partner.code);
    let list = if offers.is_empty() && status != EnrollmentStatus::Active {
        ().into_any()
    } else if offers.is_empty() {
        view! { <p class="sub">"The program's team has not set your offer yet."</p> }.into_any()
    } else {
        let offers = offers.into_iter().map(|offer| {
            let description = (!offer.description.is_empty()).then(|| view! { <span>{offer.description}</span> });
            let rewards = offer.rewards.into_iter().map(|words| view! { <span class="sub">{words.sentence}</span> });
            view! { <li><b>{offer.name}</b>{description}{rewards.collect_view()}</li> }
        });
        view! { <ul class="list">{offers.collect_view()}</ul> }.into_any()
    };
    view! {
        <Card title=name actions=open>
            <p class="sub">{who}" "<Pill tone=tone text=standing/></p>
            {(!description.is_empty()).then(|| view! { <p>{description}</p> })}
            {list}
        </Card>
    }
    .into_any()
}

/// `/p/{program}/structure`.
pub struct StructurePage(Read<Vec<MyOffer>>);

impl LazyPage for StructurePage {
    fn data() -> Self {
        let program = show::program();
        Self(read(move || ReadStructure { program: program.get() }))
    }

    fn view(this: Self) -> AnyView {
        view! {
            <Title text="My commission structure"/>
            <PageHead title="My commission structure"/>
            {this.0.show(skeleton, structure)}
        }
        .into_any()
    }
}

fn structure(offers: Vec<MyOffer>) -> AnyView {
    if offers.is_empty() {
        return view! {
            <Card>
                <EmptyState glyph=Glyph::Gift title="No offer yet" words="The program's team has not set your offer yet."/>
            </Card>
        }
        .into_any();
    }
    let order = (offers.len() > 1).then(|| {
        view! { <p class="sub">"Of these offers the first that has a reward for a sign-up or sale pays."</p> }
    });
    let offers = offers.into_iter().map(|offer| offer_card(offer, true)).collect_view();
    view! { {order}{offers} }.into_any()
}

fn offer_card(offer: MyOffer, with_examples: bool) -> AnyView {
    let MyOffer { name, description, group, rewards, rates, examples } = offer;
    let rewards = rewards.into_iter().enumerate().map(|(place, words)| {
        let own = match rates.get(place) {
            Some(RateOf::Partner) => Some("Your own rate"),
            Some(RateOf::Group) => Some("Your group's rate"),
            _ => None,
        };
        view! {
            <div class="reward">
                <b>{words.sentence}{own.map(|own| view! { " " <Pill tone=Tone::Accent text=own/> })}</b>
                <span class="sub">{words.conditions}</span>
            </div>
        }
    });
    let rewards = rewards.collect_view();
    let group = (!group.is_empty()).then(|| view! { <p class="sub">"For the partners of the group "{group}"."</p> });
    let examples = with_examples.then(|| {
        let lines = examples.into_iter().map(|words| view! { <li>{words}</li> }).collect_view();
        view! { <h3>"For example"</h3><ul class="list">{lines}</ul> }
    });
    view! {
        <Card title=name>
            {(!description.is_empty()).then(|| view! { <p>{description}</p> })}
            {group}
            {rewards}
            {examples}
        </Card>
    }
    .into_any()
}

/// `/p/{program}/summary`.
pub struct SummaryPage(Read<Summary>);

impl LazyPage for SummaryPage {
    fn data() -> Self {
        let program = show::program();
        Self(read(move || ReadSummary { program: program.get() }))
    }

    fn view(this: Self) -> AnyView {
        view! {
            <Title text="Summary"/>
            {this.0.show(|| view! { <PageHead title="Summary"/>{skeleton()} }.into_any(), summary)}
        }
        .into_any()
    }
}

fn summary(summary: Summary) -> AnyView {
    let Summary {
        name,
        description,
        website,
        window_days,
        lead_window_days,
        submission,
        good_lead,
        payment_day,
        minimum_payment,
        offers,
    } = summary;
    let submit = crate::leads::submit_button(&show::program().get_untracked(), submission);
    let good = (submission && !good_lead.is_empty()).then(|| {
        view! { <Card title="What makes a good lead"><p class="lines">{good_lead}</p></Card> }
    });
    let days = |days: i32| if days == 1 { "1 day".to_owned() } else { format!("{days} days") };
    let minimum = (!minimum_payment.amount.is_zero()).then(|| format!(", once {minimum_payment} is due"));
    let payment = format!("On day {payment_day} of each month{}", minimum.unwrap_or_default());
    let offers = offers.into_iter().map(|offer| offer_card(offer, false)).collect_view();
    view! {
        <PageHead title="Summary">{submit}</PageHead>
        <Card title=name>
            {(!description.is_empty()).then(|| view! { <p>{description}</p> })}
            <Facts>
                <Fact label="Website"><a class="link" href=website.clone() rel="external noopener">{website.clone()}</a></Fact>
                <Fact label="A click counts for">{days(window_days)}</Fact>
                <Fact label="A lead counts for">{days(lead_window_days)}</Fact>
                <Fact label="You are paid">{payment}</Fact>
            </Facts>
        </Card>
        {good}
        {offers}
    }
    .into_any()
}
