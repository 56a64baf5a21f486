//! What happens: clicks, sign-ups, sales and refunds, holds that end, months that close, and payments, in the order of
//! time and by the use cases that serve requests.

use super::people::{COUNTRIES, Dice, REFERRERS, REFUND_REASONS, person};
use super::scene::{Partner, Product, Scene};
use super::{Options, TOLD_CLICKS};
use crate::links::{self, LinkTable, NewClick, Visit};
use crate::secrets::Secrets;
use crate::{Error, Moment, Result, commissions, customers, leads, ledger, partners, payments, sales};
use chrono::{DateTime, Datelike, Duration, Months, Timelike, Utc, Weekday};
use domain::accounts::Actor;
use domain::commissions::CommissionStatus;
use domain::customers::{NewCustomer, TrackSignup};
use domain::ids::{ClickId, CommissionId, EnrollmentId, LeadId, PaymentId};
use domain::leads::{Move, NewLead, Stage};
use domain::page::Paging;
use domain::partners::EnrollmentStatus;
use domain::payments::{NewDraft, PaymentBasis, PaymentFilter, PaymentStatus};
use domain::reports::{LedgersFilter, LedgersPeriod};
use domain::sales::{TrackRefund, TrackSale};
use rust_decimal::Decimal;
use sqlx::PgPool;
use std::collections::BTreeMap;

/// One visitor in so many signs up.
const VISITORS_A_SIGN_UP: u64 = 40;

enum Act {
    SignUp(usize, Box<TrackSignup>),
    Sale(usize, Box<TrackSale>),
    Refund(usize, Box<TrackRefund>),
    /// A partner adds a lead, which the team moves to a stage a day later.
    Lead(usize, EnrollmentId, NewLead, Stage),
    Judge(usize, LeadId, Stage),
    Stand(usize, EnrollmentId, EnrollmentStatus, &'static str),
    Approve(usize, CommissionId),
    Reverse(usize, CommissionId),
    Pay(usize),
    TakeBack(usize, PaymentId),
    /// Holds that have ended, and months that are over.
    Midnight,
}

/// What is to come, in the order of time.
#[derive(Default)]
struct Story {
    acts: BTreeMap<(DateTime<Utc>, u64), Act>,
    count: u64,
}

impl Story {
    fn at(&mut self, at: DateTime<Utc>, act: Act) {
        self.count += 1;
        self.acts.insert((at, self.count), act);
    }
}

/// What a customer pays in a month of its subscription.
fn sale(place: usize, customer: &str, month: u32, product: &Product) -> TrackSale {
    TrackSale {
        event_id: format!("sale-{customer}-{month}"),
        customer_id: customer.to_owned(),
        amount: product.price,
        currency: if place == 0 { "USD" } else { "GBP" }.into(),
        product: Some(product.name.into()),
        invoice_id: Some(format!("INV-{customer}-{month}")),
        click_id: None,
        promo_code: None,
        partner_code: None,
        occurred_at: None,
    }
}

/// Tells the story of all scenes.
pub(super) async fn tell(
    pool: &PgPool,
    secrets: &Secrets,
    options: &Options,
    start: DateTime<Utc>,
    scenes: &[Scene],
) -> Result<()> {
    let table = LinkTable::load(pool).await?;
    let mut story = Story::default();
    for (place, scene) in scenes.iter().enumerate() {
        let clicks = options.clicks.min(TOLD_CLICKS) / if place == 0 { 1 } else { 6 };
        let mut plot = Plot {
            options,
            start,
            scene,
            place,
            table: &table,
            clicks: Vec::new(),
            dice: Dice::new(options.seed + place as u64),
        };
        plot.customers(clicks / VISITORS_A_SIGN_UP, &mut story);
        plot.leads(&mut story);
        plot.suspicious(&mut story);
        plot.visitors(clicks);
        let conn = &mut *pool.acquire().await?;
        for clicks in plot.clicks.chunks(5_000) {
            links::insert(conn, clicks).await?;
        }
        plot.payments(&mut story);
        for Partner { id, fate, .. } in &scene.cast {
            if let Some((at, status, reason)) = fate {
                story.at(*at, Act::Stand(place, *id, *status, reason));
            }
        }
    }
    let mut midnight = start;
    while midnight < options.at {
        midnight += Duration::days(1);
        story.at(midnight.min(options.at), Act::Midnight);
    }
    let mut telling = Telling { pool, secrets, options, scenes, story, reversed: false, taken_back: false };
    while let Some(((at, count), act)) = telling.story.acts.pop_first() {
        if at <= options.at {
            telling.act(&Moment::seeded(at, options.seed.wrapping_mul(7_919).wrapping_add(count)), act).await?;
        }
    }
    Ok(())
}

/// One scene's visitors and customers.
struct Plot<'a> {
    options: &'a Options,
    start: DateTime<Utc>,
    scene: &'a Scene,
    place: usize,
    table: &'a LinkTable,
    clicks: Vec<NewClick>,
    dice: Dice,
}

impl Plot<'_> {
    /// An instant between two, the later the likelier, and rather on a weekday by day.
    fn instant(&mut self, from: DateTime<Utc>, to: DateTime<Utc>) -> DateTime<Utc> {
        let seconds = (to - from).num_seconds().max(1).unsigned_abs();
        let mut at = from;
        for _ in 0..8 {
            let drawn = self.dice.below(seconds).max(self.dice.below(seconds));
            at = from + Duration::seconds(i64::try_from(drawn).unwrap_or_default());
            let weekend = matches!(at.weekday(), Weekday::Sat | Weekday::Sun);
            let night = !(11..=23).contains(&at.hour());
            if !(weekend && self.dice.percent(55) || night && self.dice.percent(75)) {
                break;
            }
        }
        at + Duration::milliseconds(i64::try_from(self.dice.below(1_000)).unwrap_or_default())
    }

    fn partner(&mut self) -> usize {
        self.dice.weighed(self.scene.cast.iter().map(|partner| partner.weight))
    }

    /// A click on one of a partner's links; `None` where the table doesn't know it.
    fn click(&mut self, partner: usize, at: DateTime<Utc>) -> Option<ClickId> {
        let links = &self.scene.cast[partner].links;
        let code = if self.dice.percent(55) { &links[0] } else { self.dice.pick(links) };
        let link = self.table.find(self.scene.slug, code)?;
        let visit = Visit {
            is_unique: self.dice.percent(78),
            target: link.destination.to_string(),
            referrer: (*self.dice.pick(REFERRERS)).to_owned(),
            sub_id: if self.dice.percent(10) { "spring".into() } else { String::new() },
            country: (*self.dice.pick(COUNTRIES)).to_owned(),
            ip_hash: None,
        };
        let seed = self.options.seed.wrapping_mul(104_729).wrapping_add(self.dice.below(u64::MAX));
        let click = NewClick::new(&Moment::seeded(at, seed), &link, visit);
        let id = click.id;
        self.clicks.push(click);
        Some(id)
    }

    /// Those who sign up, and what they buy and give back.
    fn customers(&mut self, sign_ups: u64, story: &mut Story) {
        for number in 0..sign_ups {
            let partner = self.partner();
            let joined = self.scene.cast[partner].joined;
            let clicked = self.instant(joined, self.options.at);
            let wait = if self.dice.percent(70) { 3_600 } else { 12 * 86_400 };
            let signed_up = clicked + Duration::seconds(60 + i64::try_from(self.dice.below(wait)).unwrap_or_default());
            let who = person(usize::try_from(number).unwrap_or_default() + 2_000 + self.place * 10_000);
            let key = format!("{}-{:05}", self.scene.slug, number + 1);
            let mut sign_up = TrackSignup {
                event_id: format!("signup-{key}"),
                customer: NewCustomer {
                    external_id: key.clone(),
                    email: Some(who.email.clone()),
                    name: Some(who.name.clone()),
                },
                ..TrackSignup::default()
            };
            match (self.dice.below(100), &self.scene.cast[partner].promo_code) {
                // Somebody knew them, or nobody sent them.
                (0..6, _) if number % 2 == 0 => {
                    let lead = NewLead::named(&who.email, &who.name);
                    story.at(clicked, Act::Lead(self.place, self.scene.cast[partner].id, lead, Stage::Qualified));
                }
                (0..6, _) => {}
                (6..24, Some(code)) => sign_up.promo_code = Some(code.clone()),
                (24..28, _) => sign_up.partner_code = Some(self.scene.cast[partner].code.clone()),
                _ => sign_up.click_id = self.click(partner, clicked).map(|id| id.to_string()),
            }
            // A few partners refer themselves, with a tag in the address: a person reviews it.
            if number % 97 == 60
                && let Some((local, host)) = self.scene.cast[partner].email.split_once('@')
            {
                sign_up.customer.email = Some(format!("{local}+new@{host}"));
            }
            story.at(signed_up, Act::SignUp(self.place, Box::new(sign_up)));
            if self.dice.percent(62) {
                let trial = Duration::minutes(i64::try_from(self.dice.below(14 * 1_440)).unwrap_or_default());
                self.sales(&key, signed_up + trial, story);
            }
        }
    }

    /// The first partner's leads of the last weeks, at every stage.
    fn leads(&mut self, story: &mut Story) {
        let Some(partner) = self.scene.cast.first().map(|partner| partner.id) else { return };
        for (number, stage) in Stage::ALL.iter().chain(&[Stage::New, Stage::Qualified]).enumerate() {
            let who = person(number + 8_000 + self.place * 100);
            let lead = NewLead::named(&who.email, &who.name);
            let at = self.options.at - Duration::days(3 + 4 * i64::try_from(number).unwrap_or_default());
            story.at(at, Act::Lead(self.place, partner, lead, *stage));
        }
    }

    /// Somebody with a throw-away e-mail came to the first partner of late: a person still has to look at it.
    fn suspicious(&self, story: &mut Story) {
        let (Some(partner), Some(product)) = (self.scene.cast.first(), self.scene.products.first()) else { return };
        let key = format!("{}-trial", self.scene.slug);
        let sign_up = TrackSignup {
            event_id: format!("signup-{key}"),
            customer: NewCustomer {
                external_id: key.clone(),
                email: Some("trial.hunter@mailinator.com".into()),
                name: Some("Robin Trial".into()),
            },
            partner_code: Some(partner.code.clone()),
            ..TrackSignup::default()
        };
        let sale = sale(self.place, &key, 1, product);
        let at = self.options.at - Duration::days(2);
        story.at(at, Act::SignUp(self.place, Box::new(sign_up)));
        story.at(at + Duration::hours(3), Act::Sale(self.place, Box::new(sale)));
    }

    /// A subscription, month by month until it ends.
    fn sales(&mut self, customer: &str, first: DateTime<Utc>, story: &mut Story) {
        let product = &self.scene.products[self.dice.weighed(self.scene.products.iter().map(|product| product.weight))];
        for month in 0..self.options.months {
            let at = first.checked_add_months(Months::new(month)).unwrap_or(first);
            if at > self.options.at || (month > 0 && self.dice.percent(11)) {
                break;
            }
            let sale = sale(self.place, customer, month + 1, product);
            let event_id = sale.event_id.clone();
            story.at(at, Act::Sale(self.place, Box::new(sale)));
            if self.dice.percent(5) {
                let whole = self.dice.percent(60);
                let refund = TrackRefund {
                    event_id: format!("refund-{customer}-{}", month + 1),
                    sale_event_id: event_id,
                    amount: (!whole).then(|| (product.price / Decimal::from(3)).round_dp(2)),
                    reason: Some((*self.dice.pick(REFUND_REASONS)).to_owned()),
                    occurred_at: None,
                };
                let days = Duration::hours(i64::try_from(20 + self.dice.below(45 * 24)).unwrap_or_default());
                story.at(at + days, Act::Refund(self.place, Box::new(refund)));
                if whole {
                    break;
                }
            }
        }
    }

    /// Those who only look.
    fn visitors(&mut self, clicks: u64) {
        while (self.clicks.len() as u64) < clicks {
            let partner = self.partner();
            let joined = self.scene.cast[partner].joined;
            let at = self.instant(joined, self.options.at);
            if self.click(partner, at).is_none() {
                return;
            }
        }
    }

    /// Once a month.
    fn payments(&mut self, story: &mut Story) {
        let day = if self.place == 0 { 5 } else { 15 };
        for month in 1..=self.options.months {
            let at = self.start.checked_add_months(Months::new(month)).and_then(|at| at.with_day(day));
            if let Some(at) = at.and_then(|at| at.with_hour(15)) {
                story.at(at, Act::Pay(self.place));
            }
        }
    }
}

/// The story while it is told.
struct Telling<'a> {
    pool: &'a PgPool,
    secrets: &'a Secrets,
    options: &'a Options,
    scenes: &'a [Scene],
    story: Story,
    reversed: bool,
    taken_back: bool,
}

impl Telling<'_> {
    async fn act(&mut self, moment: &Moment, act: Act) -> Result<()> {
        match act {
            Act::SignUp(place, sign_up) => {
                let program = self.scenes[place].program;
                let told = customers::track_signup(self.pool, self.secrets, moment, program, &sign_up).await?;
                self.judge(place, moment, told.answer.commissions.iter().map(|earned| (earned.id, earned.status)));
            }
            Act::Sale(place, sale) => {
                let program = self.scenes[place].program;
                let told = sales::track_sale(self.pool, self.secrets, moment, program, &sale).await?;
                self.judge(place, moment, told.answer.commissions.iter().map(|earned| (earned.id, earned.status)));
                let earned = told.answer.commissions.first();
                // Once, a person finds that a commission was not earned.
                if let Some(earned) =
                    earned.filter(|_| !self.reversed && moment.at > self.options.at - Duration::days(40))
                {
                    self.reversed = true;
                    self.story.at(moment.at + Duration::days(3), Act::Reverse(place, earned.id));
                }
            }
            Act::Refund(place, refund) => {
                let program = self.scenes[place].program;
                sales::track_refund(self.pool, self.secrets, moment, program, &refund).await?;
            }
            Act::Lead(place, partner, lead, stage) => {
                let mut conn = self.pool.begin().await?;
                match leads::submit(&mut conn, moment, self.owner(place), partner, &lead).await {
                    Ok(id) => {
                        conn.commit().await?;
                        self.story.at(moment.at + Duration::days(1), Act::Judge(place, id, stage));
                    }
                    // The partner is paused or banned.
                    Err(Error::Conflict(_)) => {}
                    Err(error) => return Err(error),
                }
            }
            Act::Judge(place, lead, stage) => {
                let mut conn = self.pool.begin().await?;
                let program = self.scenes[place].program;
                let to = leads::stage_of_kind(&mut conn, program, stage).await?;
                let reason = match stage {
                    Stage::Unqualified => "They have no budget this year.",
                    Stage::ClosedLost => "They chose another product.",
                    _ => "",
                };
                let won = stage == Stage::ClosedWon;
                let slug = self.scenes[place].slug;
                let customer = if won { format!("{slug}-deal") } else { String::new() };
                let deal_value = won.then(|| 2_400.into());
                let input = Move { stage: to, reason: reason.into(), deal_value, customer };
                leads::move_to(&mut conn, moment, self.owner(place), lead, &input).await?;
                conn.commit().await?;
                if let (true, Some(product)) = (won, self.scenes[place].products.first()) {
                    let sale = sale(place, &format!("{slug}-deal"), 1, product);
                    self.story.at(moment.at + Duration::days(1), Act::Sale(place, Box::new(sale)));
                }
            }
            Act::Stand(place, partner, status, reason) => {
                let mut conn = self.pool.begin().await?;
                partners::set_status(&mut conn, moment, self.owner(place), partner, status, reason).await?;
                conn.commit().await?;
            }
            Act::Approve(place, commission) => {
                let mut conn = self.pool.begin().await?;
                match commissions::approve(&mut conn, moment, self.owner(place), commission).await {
                    // It was refunded in the meantime, or its partner banned.
                    Ok(()) | Err(Error::Conflict(_)) => {}
                    Err(error) => return Err(error),
                }
                conn.commit().await?;
            }
            Act::Reverse(place, commission) => {
                let mut conn = self.pool.begin().await?;
                let reason = "The customer is a company of the partner's own.";
                match commissions::reverse(&mut conn, moment, self.owner(place), commission, reason).await {
                    Ok(()) | Err(Error::Conflict(_)) => {}
                    Err(error) => return Err(error),
                }
                conn.commit().await?;
            }
            Act::Pay(place) => self.pay(moment, place).await?,
            Act::TakeBack(place, payment) => {
                let reason = "The bank sent it back: the account is closed.";
                let failed = PaymentStatus::Failed;
                payments::take_back(self.pool, moment, self.owner(place), payment, failed, reason).await?;
            }
            Act::Midnight => {
                commissions::release_holds(self.pool, moment).await?;
                ledger::close_months(self.pool, moment).await?;
            }
        }
        Ok(())
    }

    fn owner(&self, place: usize) -> &Actor {
        &self.scenes[place].owner
    }

    /// Where a program reviews its commissions, a person does two days later; those of the last days still wait, and
    /// so do self-referrals.
    fn judge(&mut self, place: usize, moment: &Moment, earned: impl Iterator<Item = (CommissionId, CommissionStatus)>) {
        let judged = moment.at + Duration::days(2);
        if !self.scenes[place].review || judged > self.options.at - Duration::days(4) {
            return;
        }
        for (commission, _) in earned.filter(|(_, status)| *status == CommissionStatus::Review) {
            self.story.at(judged, Act::Approve(place, commission));
        }
    }

    /// Pays all who can be paid.
    async fn pay(&mut self, moment: &Moment, place: usize) -> Result<()> {
        let owner = self.owner(place);
        let draft = {
            let conn = &mut *self.pool.acquire().await?;
            let many = Paging { limit: Some(Paging::MOST), cursor: None };
            let due = payments::due_partners(conn, moment, owner, None, &many).await?.data;
            if due.iter().all(|partner| partner.left_out.is_some()) {
                return Ok(());
            }
            // What is due is paid whatever the days; last month has begun in every zone.
            let range = LedgersPeriod::LastMonth.range(moment.at.date_naive());
            let wanted = NewDraft { filter: LedgersFilter::default(), range, basis: PaymentBasis::Ending };
            payments::drafts::make(conn, moment, owner, &wanted).await?
        };
        payments::process::process_at_once(self.pool, moment, owner, draft).await?;
        let conn = &mut *self.pool.acquire().await?;
        let one = Paging { limit: Some(1), cursor: None };
        let latest = payments::payments_page(conn, owner, &PaymentFilter::default(), &one).await?.data;
        // Once, a payment comes back.
        if !self.taken_back
            && self.options.at - moment.at < Duration::days(80)
            && let Some(payment) = latest.first()
        {
            self.taken_back = true;
            self.story.at(moment.at + Duration::days(4), Act::TakeBack(place, payment.id));
        }
        Ok(())
    }
}

/// Takes the mail that the story would send out of the queue: nobody is there to read it.
pub(super) async fn keep_mail_back(pool: &PgPool) -> Result<()> {
    sqlx::query(
        "select count(*) from graphile_worker.complete_jobs(array(
             select id from graphile_worker.jobs where task_identifier in ('send_mail', 'tell_paid', 'tell_taken_back')))",
    )
    .execute(pool)
    .await?;
    Ok(())
}
