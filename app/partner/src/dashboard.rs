//! The partner's dashboard.

use access::{LazyPage, Read, Result, read};
use domain::leads::LeadRow;
use domain::money::Money;
use domain::partners::{Checklist, EnrollmentStatus};
use domain::portal::{PortalPage, Sharing};
use domain::reports::{Dashboard, Line, Period, PromoCodeLine};
use domain::why::Check;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_meta::Title;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};
use ui::{
    Address, Amount, ButtonKind, ButtonLink, Card, CopyField, Delta, Dialog, DialogButton, EmptyState, Glyph,
    LineChart, Note, PageHead, Pill, Series, SetUpStep, Share, SkeletonCard, SkeletonTiles, Table, Th, Tile, Tiles,
    Tone, Why, count_delta, due_words, grouped, report_period, set_up_steps,
};

use crate::leads;
use crate::photo::{self, Photo};
use crate::promo_codes;
use crate::show;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    dashboard: Dashboard,
    period: Period,
    /// The partner's link in full.
    link: Option<String>,
    /// Where the link is a QR code: the address without its ending.
    qr: Option<String>,
    /// What the team would have partners say when they share.
    sharing: Sharing,
    /// Its latest leads; `None` where the program takes none from partners.
    leads: Option<Vec<LeadRow>>,
    /// Whether the program takes leads from partners.
    submission: bool,
    /// How long a lead counts, in days.
    lead_window_days: i32,
    /// What it has still to set up.
    checklist: Checklist,
}

/// The dashboard of the partner who asks, for a period as the address names it.
#[server(prefix = "/fn", endpoint = "partner/dashboard", input = GetUrl)]
pub async fn read_dashboard(
    program: String,
    period: Option<String>,
    from: Option<String>,
    to: Option<String>,
) -> Result<Shown> {
    access::answer(async {
        let mut asking = access::partner(&program, PortalPage::Dashboard).await?;
        let period = Period::parse(period.as_deref(), from.as_deref(), to.as_deref());
        let partner = asking.partner.id;
        let mut dashboard =
            engine::reports::dashboard(&mut asking.conn, &asking.moment, &asking.actor, partner, period).await?;
        if !asking.seat.shown.contains(&PortalPage::PromoCodes) {
            dashboard.promo_codes.clear();
        }
        let server = domain::portal::link_server(&asking.state.public_url, &asking.program.link_domain);
        let link = dashboard.link_path.as_ref().map(|path| format!("{server}{path}"));
        let code = dashboard.link_path.as_ref().and_then(|path| path.rsplit('/').next());
        let qr = code.map(|code| format!("/qr/{program}/{code}"));
        let sharing = engine::portal::get(&mut asking.conn, asking.program.id).await?.sharing;
        let (all, five) = (Default::default(), domain::page::Paging { cursor: None, limit: Some(5) });
        let leads = match asking.seat.shown.contains(&PortalPage::Leads) {
            true => Some(engine::leads::list(&mut asking.conn, &asking.moment, &asking.actor, &all, &five).await?.data),
            false => None,
        };
        let checklist = engine::partners::profile::checklist(&mut asking.conn, &asking.moment, &asking.actor).await?;
        let lead_window_days = asking.program.lead_window_days;
        let submission = engine::leads::settings(&mut asking.conn, asking.program.id).await?.submission;
        Ok(Shown { dashboard, period, link, qr, sharing, leads, submission, lead_window_days, checklist })
    })
    .await
}

/// `/p/{program}`.
pub struct DashboardPage(Read<Shown>, Photo);

impl LazyPage for DashboardPage {
    fn data() -> Self {
        let (program, address) = (show::program(), show::address());
        let found = read(move || {
            let of = |key| address.with(|address| show::value(address, key));
            ReadDashboard { program: program.get(), period: of("period"), from: of("from"), to: of("to") }
        });
        Self(found, Photo::new())
    }

    fn view(this: Self) -> AnyView {
        let Self(found, photo) = this;
        photo.follow(found);
        let address = show::address();
        view! {
            <Title text="Dashboard"/>
            {found.show(skeleton, move |shown| page(shown, photo, address.get_untracked()))}
        }
        .into_any()
    }
}

fn skeleton() -> AnyView {
    view! {
        <PageHead title="Dashboard"/>
        <SkeletonTiles/>
        <div class="cols">
            <div class="col"><SkeletonCard lines=8/><SkeletonCard lines=6/></div>
            <div class="col"><SkeletonCard lines=2/><SkeletonCard lines=3/></div>
        </div>
    }
    .into_any()
}

fn page(shown: Shown, photo: Photo, address: Address) -> AnyView {
    let Shown { dashboard, period, link, qr, sharing, leads, submission, lead_window_days, checklist } = shown;
    let all =
        show::shows(PortalPage::Rewards).then(|| address.path().trim_end_matches('/').to_owned() + "/commissions");
    let picker = report_period(period, dashboard.range, &address);
    let tiles = tiles(&dashboard, period);
    let chart = chart(&dashboard);
    let promo_codes = promo_codes_card(&dashboard);
    let rewards = rewards(&dashboard);
    let Dashboard { partner, status, latest, today, photo: of_partner, .. } = dashboard;
    let program = show::program().get_untracked();
    let leads = leads.map(|leads| leads::card(&program, submission, leads, lead_window_days));
    let set_up = set_up(&program, checklist);
    let share = link.clone().map(|link| {
        view! { <Card title="Share on social media"><Share id="share-text" sharing=sharing link=link/></Card> }
    });
    let customize = show::shows(PortalPage::Links).then(|| PortalPage::Links.href(&program));
    let me = photo::card(photo, &program, partner, of_partner, PortalPage::Dashboard);
    view! {
        <PageHead title="Dashboard">{picker}</PageHead>
        {show::tabs(&show::program().get_untracked(), PortalPage::Dashboard)}
        {standing(status)}
        {set_up}
        {tiles}
        <div class="cols">
            <div class="col">
                {chart}
                {latest_card(latest, all, today)}
                {leads}
                {share}
            </div>
            <div class="col">
                {me}
                {link.map(|link| link_card(link, qr, customize))}
                {promo_codes}
                {rewards}
            </div>
        </div>
    }
    .into_any()
}

/// What is still to do, until all is done; the pages that it leads to must show.
fn set_up(program: &str, checklist: Checklist) -> Option<AnyView> {
    if checklist.is_done() || !show::shows(PortalPage::Profile) {
        return None;
    }
    let profile = PortalPage::Profile.href(program);
    let links = if show::shows(PortalPage::Links) { PortalPage::Links.href(program) } else { format!("/p/{program}") };
    let (paid, why) = if checklist.payout_waits {
        ("Confirm the payout method", "By the link in the mail that we sent you.")
    } else {
        ("Select payout method", "So that you can be paid.")
    };
    let step = |done, words, href, why| SetUpStep { done, words, href, why };
    let steps = set_up_steps(vec![
        step(checklist.payout_method, paid, format!("{profile}#kind"), why),
        step(checklist.profile, "Complete your profile", profile.clone(), "Your name, address and country."),
        step(checklist.link_shared, "Share your link", links, "It counts with the first click."),
    ]);
    Some(view! { <Card title="Get set up">{steps}</Card> }.into_any())
}

/// The partner's promo codes in one card: what each gives the customer and the partner, and its use.
fn promo_codes_card(dashboard: &Dashboard) -> Option<AnyView> {
    let codes = &dashboard.promo_codes;
    if codes.is_empty() {
        return None;
    }
    let title = if codes.len() == 1 { "Promo code" } else { "Promo codes" };
    let earns = promo_codes::earns(&dashboard.rewards);
    let each = codes.iter().cloned().map(promo_code).collect_view();
    let card = view! {
        <Card title=title>
            {each}
            <p class="sub">{earns}</p>
        </Card>
    };
    Some(card.into_any())
}

fn promo_code(promo: PromoCodeLine) -> AnyView {
    let used = match promo.customers {
        0 => "Not used yet.".to_owned(),
        1 => "1 customer so far.".to_owned(),
        customers => format!("{} customers so far.", grouped(customers)),
    };
    let words = sentence(&promo.description) + &used;
    view! {
        <div class="stack">
            <CopyField text=promo.code what="promo code"/>
            <p class="sub">{words}</p>
        </div>
    }
    .into_any()
}

fn rewards(dashboard: &Dashboard) -> AnyView {
    let list = dashboard
        .rewards
        .iter()
        .map(|reward| {
            view! {
                <div class="reward">
                    <b>{reward.sentence.clone()}</b>
                    <span class="sub">{reward.conditions.clone()}</span>
                </div>
            }
        })
        .collect_view();
    let next = dashboard.next_payment.format("%-d %B");
    let paid = if dashboard.rewards.is_empty() {
        "The program's team has not set your offer yet.".to_owned()
    } else if dashboard.minimum_payment.amount.is_zero() {
        format!("Paid monthly, next on {next}.")
    } else {
        format!("Paid monthly, next on {next}, once {} is due.", dashboard.minimum_payment)
    };
    view! {
        <Card title="What you earn">
            {list}
            <p class="sub">{paid}</p>
        </Card>
    }
    .into_any()
}

/// A description as a sentence before another.
fn sentence(text: &str) -> String {
    let text = text.trim();
    match text.chars().last() {
        None => String::new(),
        Some('.' | '!' | '?') => format!("{text} "),
        Some(_) => format!("{text}. "),
    }
}

fn standing(status: EnrollmentStatus) -> Option<AnyView> {
    let (tone, glyph, words) = match status {
        EnrollmentStatus::Active => return None,
        EnrollmentStatus::Pending => (
            Tone::Neutral,
            Glyph::Clock,
            "Your application is with the program's team. Your link works once they have let you in.",
        ),
        EnrollmentStatus::Paused => (
            Tone::Warn,
            Glyph::Pause,
            "The program has paused you: what happens in the pause earns nothing. What you earned before is paid as ever.",
        ),
        EnrollmentStatus::Banned => {
            (Tone::Bad, Glyph::Ban, "The program has ended your partnership. Ask its team if you think that is wrong.")
        }
        EnrollmentStatus::Declined => (Tone::Bad, Glyph::Ban, "The program has declined your application."),
    };
    Some(view! { <Note tone=tone glyph=glyph>{words}</Note> }.into_any())
}

/// A share in words: `3.4% of clicks`.
fn share(part: i64, whole: i64, of: &str) -> String {
    if whole == 0 {
        return String::new();
    }
    let percent = Decimal::from(part) * Decimal::ONE_HUNDRED / Decimal::from(whole);
    format!("{}% of {of}", percent.round_dp_with_strategy(1, RoundingStrategy::MidpointAwayFromZero).normalize())
}

fn tiles(dashboard: &Dashboard, period: Period) -> AnyView {
    let Dashboard { clicks, sign_ups, customers, due, due_change, held, today, range, .. } = dashboard;
    let than = period.compared_with(*today);
    let since = format!("since {}", show::day(range.from, *today));
    let money_change = if due_change.amount.is_zero() {
        Delta::Same("No change".into())
    } else {
        let words = Money::new(due_change.amount.abs(), due_change.currency).to_string();
        if due_change.amount.is_sign_negative() {
            Delta::Down(format!("{words} less"))
        } else {
            Delta::Up(format!("{words} more"))
        }
    };
    let below = due_words(*due, *held);
    let of_clicks = share(sign_ups.now, clicks.now, "clicks");
    let of_sign_ups = share(customers.now, sign_ups.now, "sign-ups");
    let (clicks, sign_ups, customers, due) = (*clicks, *sign_ups, *customers, *due);
    view! {
        <Tiles>
            <Tile label="Clicks" value=grouped(clicks.now) delta=count_delta(clicks.now, clicks.before) than=than.clone()/>
            <Tile label="Sign-ups" value=grouped(sign_ups.now) delta=count_delta(sign_ups.now, sign_ups.before) than=than.clone() note=of_clicks/>
            <Tile label="Customers" value=grouped(customers.now) delta=count_delta(customers.now, customers.before) than=than note=of_sign_ups/>
            <Tile label="Awaiting payout" value=due.to_string() delta=money_change than=since note=below/>
        </Tiles>
    }
    .into_any()
}

fn chart(dashboard: &Dashboard) -> AnyView {
    let days = &dashboard.days;
    let points = days.iter().map(|day| show::day(day.day, dashboard.today)).collect::<Vec<_>>();
    let most = |of: fn(&domain::reports::Day) -> i64| days.iter().map(of).max().unwrap_or(0);
    // Where clicks dwarf the rest, that is measured by itself, so that it can be seen.
    let apart = most(|day| day.clicks) > 6 * most(|day| day.sign_ups).max(most(|day| day.sales));
    let series = |name: &str, of: fn(&domain::reports::Day) -> i64| Series::new(name, days.iter().map(of).collect());
    let small = |series: Series| if apart { series.on_the_right() } else { series };
    let lines = vec![
        series("Clicks", |day| day.clicks),
        small(series("Sign-ups", |day| day.sign_ups)),
        small(series("Sales", |day| day.sales)),
    ];
    let nothing = days.iter().all(|day| day.clicks + day.sign_ups + day.sales == 0);
    view! {
        <Card title="Performance">
            {if nothing {
                view! {
                    <EmptyState
                        glyph=Glyph::Chart
                        title="Nothing in these days"
                        words="Clicks on your link, sign-ups and sales show here by day."
                    />
                }
                    .into_any()
            } else {
                view! { <LineChart id="performance" label="Clicks, sign-ups and sales by day" points=points series=lines/> }
                    .into_any()
            }}
        </Card>
    }
    .into_any()
}

fn latest_card(lines: Vec<Line>, all: Option<String>, today: chrono::NaiveDate) -> AnyView {
    if lines.is_empty() {
        return view! {
            <Card title="Latest events">
                <EmptyState
                    glyph=Glyph::Gift
                    title="No events yet"
                    words="Share your link or promo code. When somebody who came by it signs up or buys, it shows here at once, with what you earn."
                />
            </Card>
        }
        .into_any();
    }
    let head = || {
        view! {
            <Th label="Who"/>
            <Th label="What happened" wide=true/>
            <Th label="Status" wide=true/>
            <Th label="Base" num=true wide=true/>
            <Th label="Amount" num=true/>
        }
    };
    let rows = lines.into_iter().map(|line| row(line, today)).collect_view();
    view! {
        <Card
            title="Latest events"
            actions=move || all.map(|all| view! { <ButtonLink href=all kind=ButtonKind::Quiet>"All in Rewards"</ButtonLink> })
        >
            <Table caption="Latest events" head=head>{rows}</Table>
        </Card>
    }
    .into_any()
}

fn row(line: Line, today: chrono::NaiveDate) -> AnyView {
    let happened = line.happened.clone();
    let why = |checks: &[Check]| (!checks.is_empty()).then(|| view! { <Why checks=checks.to_vec()/> });
    let who = if line.who.is_empty() { "You".to_owned() } else { line.who };
    view! {
        <tr>
            <td>
                {who}
                <small>{show::day(line.day, today)}</small>
                <div class="narrow"><Pill tone=show::tone(line.state) text=line.state.words()/><small>{line.happened}</small>{why(&line.why.0)}</div>
            </td>
            <td class="wide">{happened}{why(&line.why.0)}</td>
            <td class="wide"><Pill tone=show::tone(line.state) text=line.state.words()/></td>
            <td class="num wide">{line.base.map(|base| view! { <Amount value=base/> })}</td>
            <td class="num">{line.amount.map(|amount| view! { <Amount value=amount strong=true/> })}</td>
        </tr>
    }
    .into_any()
}

fn link_card(link: String, qr: Option<String>, customize: Option<String>) -> AnyView {
    let of = link.clone();
    let (dialog, button) = match qr {
        Some(qr) => {
            let label = format!("QR code of {of}");
            let dialog = view! {
                <Dialog id="link-qr" title="Your link as a QR code">
                    <img class="qr-picture" src=format!("{qr}.svg") alt=label width="240" height="240" loading="lazy"/>
                    <p class="sub">{of}</p>
                    <div class="dialog-actions">
                        <ButtonLink href=format!("{qr}.svg") download=true>"Download SVG"</ButtonLink>
                        <ButtonLink href=format!("{qr}.png") download=true kind=ButtonKind::Primary>"Download PNG"</ButtonLink>
                    </div>
                </Dialog>
            };
            let button =
                view! { <DialogButton opens="link-qr" kind=ButtonKind::Quiet icon=Glyph::Qr>"QR code"</DialogButton> };
            (Some(dialog), Some(button))
        }
        None => (None, None),
    };
    view! {
        <Card title="Your link">
            <CopyField text=link what="link"/>
            <div class="row">
                {button}
                {customize
                    .map(|href| view! { <ButtonLink href=href kind=ButtonKind::Quiet icon=Glyph::Edit>"Customize link"</ButtonLink> })}
            </div>
            {dialog}
        </Card>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_of_something() {
        assert_eq!(share(163, 4812, "clicks"), "3.4% of clicks");
        assert_eq!(share(1, 0, "clicks"), "");
    }
}
