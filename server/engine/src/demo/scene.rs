//! Who is there when the story begins: programs, offers, partners, links and promo codes.

use super::people::{Dice, Person, person};
use super::{ADMIN, Options, PARTNER, PASSWORD, TOLD_PARTNERS};
use crate::accounts::setup::Owner;
use crate::accounts::{hash_password, team};
use crate::partners::sign_up::Answered;
use crate::secrets::{Secrets, Use};
use crate::{Moment, Result, links, offers, partners, portal, programs};
use chrono::{DateTime, Duration, Utc};
use domain::accounts::{Actor, Invite, Role};
use domain::ids::{AccountId, EnrollmentId, OfferId, ProgramId};
use domain::links::{NewLink, Utm};
use domain::offers::{Duration as Long, OfferInput, Override, Rate, Reward, Tier, TierMeasure, Tiers, Trigger};
use domain::partners::{EnrollmentStatus, GroupInput, Kinds, NewPartner, NewPromoCode, OfferChoice};
use domain::payments::PayoutDetails;
use domain::portal::{Answer, BrandInput, LandsOn, Question, QuestionKind, Sharing, SignUpRule};
use domain::programs::{ClickModel, NewProgram, ProgramInput, SelfReferralRule};
use rust_decimal::Decimal;
use sqlx::{PgConnection, PgPool};

/// A program with those who act in it.
pub(super) struct Scene {
    pub program: ProgramId,
    pub slug: &'static str,
    pub owner: Actor,
    pub review: bool,
    pub products: &'static [Product],
    pub cast: Vec<Partner>,
}

impl Scene {
    /// The first of the cast, who signs in for itself.
    pub async fn star(&self, conn: &mut PgConnection) -> Result<Option<Actor>> {
        let Some(enrollment) = self.cast.first().map(|partner| partner.id) else { return Ok(None) };
        let program = self.program;
        let account = sqlx::query_scalar!(
            r#"select account_id as "account: AccountId" from enrollment_accounts
               where program_id = $1 and enrollment_id = $2 order by account_id limit 1"#,
            program as ProgramId,
            enrollment as EnrollmentId
        )
        .fetch_optional(conn)
        .await?;
        Ok(account.map(|account| Actor::Partner { account, program, enrollment }))
    }
}

/// Something that the company sells each month.
pub(super) struct Product {
    pub name: &'static str,
    pub price: Decimal,
    pub weight: u64,
}

/// A partner whose story is told.
pub(super) struct Partner {
    pub id: EnrollmentId,
    pub code: String,
    pub links: Vec<String>,
    pub promo_code: Option<String>,
    pub email: String,
    pub joined: DateTime<Utc>,
    /// How much it does, beside the others.
    pub weight: u64,
    /// What becomes of it, and when.
    pub fate: Option<(DateTime<Utc>, EnrollmentStatus, &'static str)>,
}

const SOFTWARE: &[Product] = &[
    Product { name: "Solo plan", price: Decimal::from_parts(19, 0, 0, false, 0), weight: 5 },
    Product { name: "Team plan", price: Decimal::from_parts(49, 0, 0, false, 0), weight: 4 },
    Product { name: "Studio plan", price: Decimal::from_parts(129, 0, 0, false, 0), weight: 2 },
];

const BOOKS: &[Product] = &[
    Product { name: "Paperback box", price: Decimal::from_parts(1_495, 0, 0, false, 2), weight: 5 },
    Product { name: "Hardcover box", price: Decimal::from_parts(2_850, 0, 0, false, 2), weight: 2 },
];

fn reward(trigger: Trigger, rate: Rate, duration: Long, hold_days: u32) -> Reward {
    Reward { trigger, rate, duration, hold_days, product: None, minimum: None, cap: None, tiers: None }
}

/// Sets both scenes.
pub(super) async fn set(
    pool: &PgPool,
    secrets: &Secrets,
    options: &Options,
    start: DateTime<Utc>,
    owner: Owner,
) -> Result<Vec<Scene>> {
    let told = options.partners.min(TOLD_PARTNERS) as usize;
    let mut acme = Stage::new(pool, secrets, options, start, owner, "acme").await?;
    let standard = [
        reward(Trigger::Sale, Rate::Flat(20.into()), Long::FirstSale, 30),
        reward(Trigger::Sale, Rate::Percent(30.into()), Long::Months(12), 30),
    ];
    let standard = acme.offer("Standard", "For everybody who recommends Acme.", &standard, true).await?;
    let introductions = [
        reward(Trigger::LeadQualified, Rate::Flat(20.into()), Long::FirstSale, 0),
        reward(Trigger::LeadWon, Rate::Percent(10.into()), Long::FirstSale, 30),
    ];
    acme.offer("Introductions", "For those who bring us a lead: our team does the rest.", &introductions, true).await?;
    let agencies = [
        reward(Trigger::SignUp, Rate::Flat(5.into()), Long::FirstSale, 14),
        reward(Trigger::Sale, Rate::Percent(20.into()), Long::Lifetime, 30),
    ];
    let agencies = acme.offer("Agencies", "For agencies that bring whole teams.", &agencies, false).await?;
    let tier = |from: i64, rate: i64| Tier { from: from.into(), rate: Rate::Percent(rate.into()) };
    let tiers = Tiers { by: TierMeasure::Customers, steps: vec![tier(5, 35), tier(25, 40)] };
    let share = reward(Trigger::Sale, Rate::Percent(30.into()), Long::Months(12), 30);
    let creators = [Reward { tiers: Some(tiers), ..share }];
    let creators = acme.offer("Creators", "For those who publish: more with each customer.", &creators, false).await?;
    acme.people(told, 0).await?;
    acme.agencies(agencies, standard).await?;
    acme.creators(creators).await?;
    let finance = Invite { email: "finance@tributary.test".into(), name: "Henry Osei".into(), role: Role::Finance };
    team::invite(pool, &acme.moment(start), &acme.owner, &finance).await?;
    let acme = acme.ready("acme", SOFTWARE);

    let mut northwind = Stage::new(pool, secrets, options, start, owner, "northwind").await?;
    let readers = [
        reward(Trigger::SignUp, Rate::Flat(Decimal::new(150, 2)), Long::FirstSale, 14),
        reward(Trigger::Sale, Rate::Percent(Decimal::new(75, 1)), Long::Lifetime, 21),
    ];
    northwind.offer("Readers", "For book clubs and reviewers.", &readers, true).await?;
    northwind.people(told.div_ceil(5), 900).await?;
    Ok(vec![acme, northwind.ready("northwind", BOOKS)])
}

const QUESTION: &str = "Where will you recommend us?";
const CHANNELS: [&str; 4] = ["A blog or newsletter", "Videos", "Social media", "To my clients"];
const WELCOME: &str = "## Good to have you here

Share **your link** wherever you recommend Acme. Whoever signs up within 60 days is yours.

1. Copy your link from the [dashboard](/p/acme).
2. Tell people what Acme did for you. Honest words sell best.
3. We pay on the 5th of each month.
";
const TERMS: &str = "## The short of it

- Recommend Acme honestly, and say that you earn by it.
- Don't buy ads on our name.
- We pay on the 5th of each month, 30 days after the sale.
";

/// Where partners live, with the country's code.
const ADDRESSES: &[(&str, &str)] = &[
    ("14 Alder Street\nPortland, OR 97205", "US"),
    ("Lindenallee 8\n10115 Berlin", "DE"),
    ("27 Harbour Road\nBristol BS1 4RN", "GB"),
    ("310 Maple Avenue\nAustin, TX 78701", "US"),
    ("12 rue des Lilas\n69003 Lyon", "FR"),
    ("Storgatan 5\n411 38 Göteborg", "SE"),
    ("88 Queen Street\nToronto, ON M5H 2M5", "CA"),
];

/// A valid IBAN, another for each place.
fn iban(place: usize) -> String {
    let account = 370_400_440_532_013_000 + place as u128;
    // D and E count 13 and 14, and 00 stands where the check digits go.
    let check = 98 - (account * 1_000_000 + 131_400) % 97;
    format!("DE{check:02}{account}")
}

/// What those answered who have applied: the first program asks.
fn answered(number: usize, review: bool, at: DateTime<Utc>) -> Answered {
    if review {
        return Answered::default();
    }
    let answer = Answer { question: QUESTION.into(), answer: CHANNELS[number % CHANNELS.len()].into() };
    Answered { answers: vec![answer], terms: Some((1, at)) }
}

/// A scene while it is being set.
struct Stage<'a> {
    pool: &'a PgPool,
    secrets: &'a Secrets,
    options: &'a Options,
    start: DateTime<Utc>,
    program: ProgramId,
    website: String,
    owner: Actor,
    review: bool,
    dice: Dice,
    seed: u64,
    cast: Vec<Partner>,
}

impl<'a> Stage<'a> {
    async fn new(
        pool: &'a PgPool,
        secrets: &'a Secrets,
        options: &'a Options,
        start: DateTime<Utc>,
        Owner { account, organization }: Owner,
        slug: &str,
    ) -> Result<Self> {
        let first = slug == "acme";
        let shop = format!("{}/shop", options.public_url);
        let (name, currency, time_zone, website) = match first {
            true => ("Acme", "USD", "America/New_York", shop.as_str()),
            false => ("Northwind Books", "GBP", "Europe/London", "https://northwind.test"),
        };
        let seed = options.seed.wrapping_mul(1_000_000).wrapping_add(u64::from(first));
        let input = NewProgram {
            name: name.into(),
            slug: slug.into(),
            currency: currency.into(),
            time_zone: time_zone.into(),
            description: String::new(),
            website: website.into(),
        };
        let conn = &mut *pool.acquire().await?;
        let program = programs::make(conn, &Moment::seeded(start, seed), organization, &input).await?.id;
        let owner = Actor::Admin { account, organization, role: Role::Owner, program };
        let dice = Dice::new(seed);
        let website = website.to_owned();
        let (review, cast) = (!first, Vec::new());
        let stage = Self { pool, secrets, options, start, program, website, owner, review, dice, seed, cast };
        let settings = ProgramInput {
            name: input.name,
            currency: input.currency,
            time_zone: input.time_zone,
            description: match first {
                true => "Recommend Acme, the workspace for small teams, and earn on each of their payments for a year.",
                false => "Bring readers to our book boxes, and earn on every box they order.",
            }
            .into(),
            website: input.website,
            allowed_hosts: if first { Vec::new() } else { vec!["blog.northwind.test".into()] },
            window_days: if first { 60 } else { 30 },
            lead_window_days: 90,
            click_model: if first { ClickModel::Last } else { ClickModel::First },
            self_referral: SelfReferralRule::Review,
            review_commissions: !first,
            consent_required: false,
            minimum_payment: if first { 25.into() } else { 10.into() },
            payment_day: if first { 5 } else { 15 },
            mask_customers: true,
        };
        let mut stage = stage;
        let moment = stage.moment(start);
        programs::update(pool, &moment, &stage.owner, &settings).await?;
        if first {
            stage.portal(conn).await?;
        }
        let (accent, share_text) =
            if first { ("", "I use Acme every day. Have a look:") } else { ("violet", "These book boxes are a joy:") };
        let brand = BrandInput {
            brand: String::new(),
            accent: accent.into(),
            colour: String::new(),
            contact_email: String::new(),
        };
        let sharing = Sharing { general: share_text.into(), ..Sharing::default() };
        let moment = stage.moment(start);
        portal::set_brand(conn, &moment, &stage.owner, &brand).await?;
        let moment = stage.moment(start);
        portal::set_sharing(conn, &moment, &stage.owner, &sharing).await?;
        // Both have been running for a while.
        let moment = stage.moment(start);
        programs::hide_checklist(conn, &moment, &stage.owner).await?;
        Ok(stage)
    }

    /// The first program's portal: a message, a question and terms.
    async fn portal(&mut self, conn: &mut PgConnection) -> Result<()> {
        let moment = self.moment(self.start);
        portal::publish(conn, &moment, &self.owner, TERMS, true).await?;
        portal::set_welcome(conn, &moment, &self.owner, WELCOME, LandsOn::Dashboard).await?;
        let question = Question {
            label: QUESTION.into(),
            kind: QuestionKind::Choice,
            required: true,
            choices: CHANNELS.map(String::from).to_vec(),
        };
        portal::set_sign_up(conn, &moment, &self.owner, SignUpRule::Approve, &[question]).await
    }

    /// A moment of the story; no two draw the same ids.
    fn moment(&mut self, at: DateTime<Utc>) -> Moment {
        self.seed += 2;
        Moment::seeded(at, self.seed)
    }

    async fn offer(&mut self, name: &str, description: &str, rewards: &[Reward], is_default: bool) -> Result<OfferId> {
        let (name, description) = (name.to_owned(), description.to_owned());
        let input = OfferInput { name, description, rewards: rewards.to_vec(), is_default };
        let moment = self.moment(self.start);
        let mut conn = self.pool.begin().await?;
        let offer = offers::create(&mut conn, &moment, &self.owner, &input).await?;
        conn.commit().await?;
        Ok(offer)
    }

    /// Partners: `ada` first, and of the others a few whose standing changes.
    async fn people(&mut self, count: usize, from: usize) -> Result<()> {
        let password = hash_password(PASSWORD).await?;
        let ada = Person {
            name: "Ada Lind".into(),
            company: "Lind Media".into(),
            email: PARTNER.into(),
            website: "https://lindmedia.test".into(),
        };
        self.join(ada, Some("ada"), self.start + Duration::hours(9), 18, None).await?;
        let conn = &mut *self.pool.acquire().await?;
        sqlx::query!("update accounts set password_hash = $1 where email_key in ($2, $3)", password, ADMIN, PARTNER)
            .execute(&mut *conn)
            .await?;
        let whole = self.options.at - self.start;
        for number in 1..count {
            let mut who = person(from + number);
            if number == 7 {
                who.name = "Maximiliane Alexandra von Hohenstein-Wallerfels zu Breitenbach".into();
                who.company =
                    "Internationale Gesellschaft für Empfehlungen und Partnerschaften, Niederlassung Süd".into();
            }
            // Most are there from the beginning; the last ones have just come.
            let joined = self.start + whole * i32::try_from(number).unwrap_or(1) / i32::try_from(count).unwrap_or(1);
            let joined = if number % 3 == 0 { joined } else { self.start + (joined - self.start) / 3 };
            let joined = joined + Duration::minutes(i64::try_from(self.dice.below(600)).unwrap_or_default());
            let left = self.options.at - joined;
            let fate = match number {
                4 => Some((joined + left / 2, EnrollmentStatus::Paused, "On parental leave until spring.")),
                6 => Some((joined + left / 3, EnrollmentStatus::Banned, "Bought ads on our name, against the terms.")),
                _ => None,
            };
            // A few do most of the work.
            let weight = 1 + 24 / (number as u64 + 1) + self.dice.below(3);
            self.join(who, None, joined, weight, fate).await?;
        }
        self.applicants(from + 700).await
    }

    async fn join(
        &mut self,
        who: Person,
        code: Option<&str>,
        joined: DateTime<Utc>,
        weight: u64,
        fate: Option<(DateTime<Utc>, EnrollmentStatus, &'static str)>,
    ) -> Result<()> {
        let input = newcomer(&who, code, EnrollmentStatus::Active);
        let moment = self.moment(joined);
        let mut conn = self.pool.begin().await?;
        let made = partners::create(&mut conn, &moment, &self.owner, &input).await?;
        self.profile(&mut conn, &who, made.id).await?;
        if let Some((version, _)) = portal::terms(&mut conn, self.program).await? {
            portal::accept(&mut conn, moment.at, self.program, made.id, None, version).await?;
        }
        let tags = match self.cast.len() % 6 {
            0 => "blog, newsletter",
            2 => "video",
            3 => "agency, vip",
            _ => "",
        };
        if !tags.is_empty() {
            let moment = self.moment(joined + Duration::hours(1));
            partners::work::set_tags(&mut conn, &moment, &self.owner, made.id, tags).await?;
        }
        if code.is_some() {
            let moment = self.moment(joined + Duration::hours(3));
            let note = "Met at the spring fair. Writes about tools for small teams.";
            partners::work::add_note(&mut conn, &moment, &self.owner, made.id, note).await?;
        }
        let mut codes = vec![made.code.clone()];
        for name in ["Newsletter", "Video", "Review"].iter().take(if code.is_some() { 3 } else { self.cast.len() % 3 })
        {
            let path = if *name == "Review" { "?plan=studio" } else { "" };
            let input = NewLink {
                code: Some(format!("{}-{}", made.code, name.to_lowercase())),
                name: (*name).into(),
                destination: Some(format!("{}{path}", self.website)),
                sub_id: String::new(),
                utm: match *name {
                    "Newsletter" => Utm { source: "newsletter".into(), medium: "email".into(), ..Utm::default() },
                    _ => Utm::default(),
                },
            };
            let moment = self.moment(joined + Duration::days(1));
            codes.push(links::create(&mut conn, &moment, &self.owner, made.id, &input).await?.code);
        }
        let promo_code = match (code, self.cast.len() % 4) {
            (Some(_), _) | (None, 1) => Some(self.promo_code(&mut conn, made.id, &made.code, joined).await?),
            _ => None,
        };
        conn.commit().await?;
        let (id, code, email) = (made.id, made.code, who.email);
        self.cast.push(Partner { id, code, links: codes, promo_code, email, joined, weight, fate });
        Ok(())
    }

    /// Where a partner lives and how it is paid; one in five has not said yet.
    async fn profile(&self, conn: &mut PgConnection, who: &Person, partner: EnrollmentId) -> Result<()> {
        let place = self.cast.len();
        let details = match place % 5 {
            0 | 3 => PayoutDetails::Paypal { email: who.email.clone() },
            1 | 2 => PayoutDetails::Iban { holder: who.name.clone(), iban: iban(place) },
            _ => return Ok(()),
        };
        let sealed = self.secrets.encrypt(Use::PayoutDetails, &serde_json::to_vec(&details)?)?;
        let hash = details.identity();
        let hash = hash.map(|identity| self.secrets.keyed_hash(Use::PayoutIdentity, identity.as_bytes()).to_vec());
        let (address, country) = ADDRESSES[place % ADDRESSES.len()];
        sqlx::query!(
            "update enrollments
             set address = $3, country = $4, payout_method = $5, payout_masked = $6, payout_details = $7, payout_hash = $8
             where program_id = $1 and id = $2",
            self.program as ProgramId,
            partner as EnrollmentId,
            address,
            country,
            details.kind().as_str(),
            details.masked(),
            sealed,
            hash
        )
        .execute(conn)
        .await?;
        Ok(())
    }

    async fn promo_code(
        &mut self,
        conn: &mut PgConnection,
        partner: EnrollmentId,
        partner_code: &str,
        joined: DateTime<Utc>,
    ) -> Result<String> {
        let word: String = partner_code.chars().take_while(char::is_ascii_alphanumeric).collect();
        let code = format!(
            "{}20{}",
            word.to_uppercase(),
            if word == "ada" { String::new() } else { self.cast.len().to_string() }
        );
        let input = NewPromoCode { partner, code: code.clone(), description: "20% off the first three months".into() };
        let moment = self.moment(joined + Duration::hours(2));
        partners::promo_codes::create(conn, &moment, &self.owner, &input).await?;
        Ok(code)
    }

    /// Those who have applied: two wait for an answer, one was declined.
    async fn applicants(&mut self, from: usize) -> Result<()> {
        let slug = if self.review { "northwind" } else { "acme" };
        for (number, days) in [(0, 1), (1, 3), (2, 12)] {
            let input = newcomer(&person(from + number), None, EnrollmentStatus::Pending);
            let moment = self.moment(self.options.at - Duration::days(days));
            let mut conn = self.pool.begin().await?;
            let answered = answered(number, self.review, moment.at);
            let made = partners::apply(&mut conn, &moment, slug, &input, &answered).await?;
            if number == 2 {
                let moment = self.moment(self.options.at - Duration::days(days - 1));
                let status = EnrollmentStatus::Declined;
                partners::set_status(&mut conn, &moment, &self.owner, made.id, status, "A coupon site.").await?;
            }
            conn.commit().await?;
        }
        Ok(())
    }

    /// A few partners have the agencies' offer before the standard one, and one of them a rate of its own.
    async fn agencies(&mut self, agencies: OfferId, standard: OfferId) -> Result<()> {
        for place in [2, 5, 9] {
            let Some(id) = self.cast.get(place).map(|partner| partner.id) else { break };
            let own = Override { reward: 1, rate: Rate::Percent(25.into()) };
            let overrides = if place == 2 { vec![own] } else { Vec::new() };
            let choice =
                [OfferChoice { offer: agencies, overrides }, OfferChoice { offer: standard, overrides: Vec::new() }];
            let moment = self.moment(self.start + Duration::days(1));
            let mut conn = self.pool.begin().await?;
            partners::set_offers(&mut conn, &moment, &self.owner, id, &choice).await?;
            conn.commit().await?;
        }
        Ok(())
    }

    /// A few partners are in a group, whose offer has tiers.
    async fn creators(&mut self, offer: OfferId) -> Result<()> {
        let input = GroupInput { name: "Creators".into(), offers: vec![OfferChoice { offer, overrides: Vec::new() }] };
        let mut conn = self.pool.begin().await?;
        let moment = self.moment(self.start + Duration::days(2));
        let group = partners::groups::create(&mut conn, &moment, &self.owner, &input).await?;
        for place in [1, 3, 8] {
            let Some(id) = self.cast.get(place).map(|partner| partner.id) else { break };
            let moment = self.moment(self.start + Duration::days(2));
            partners::groups::put(&mut conn, &moment, &self.owner, id, Some(group)).await?;
        }
        conn.commit().await?;
        Ok(())
    }

    fn ready(self, slug: &'static str, products: &'static [Product]) -> Scene {
        let Self { program, owner, review, cast, .. } = self;
        Scene { program, slug, owner, review, products, cast }
    }
}

fn newcomer(who: &Person, code: Option<&str>, status: EnrollmentStatus) -> NewPartner {
    NewPartner {
        name: who.name.clone(),
        company: who.company.clone(),
        email: who.email.clone(),
        website: who.website.clone(),
        code: code.map(str::to_owned),
        kinds: Kinds { affiliate: true, ..Kinds::default() },
        status,
    }
}
