//! What the tests of this crate stand on: a program with offers, partners, links and clicks, made without detours.

use crate::Moment;
use crate::customers::track_signup;
use crate::integrations::answers::Answered;
use crate::messages::Mail;
use crate::sales::{track_refund, track_sale};
use crate::secrets::Secrets;
use chrono::{DateTime, Utc};
use domain::accounts::{Actor, Role};
use domain::commissions::CommissionStatus;
use domain::customers::{NewCustomer, TrackSignup, TrackedSignup};
use domain::ids::{
    AccountId, ClickId, CommissionId, EnrollmentId, LinkId, OfferId, OrganizationId, ProgramId, PromoCodeId,
};
use domain::ledger::LedgerAccount;
use domain::offers::{Duration, Rate, Reward, Trigger};
use domain::partners::EnrollmentStatus;
use domain::sales::{TrackRefund, TrackSale, TrackedRefund, TrackedSale};
use rust_decimal::Decimal;
use sqlx::PgPool;
use sqlx::types::Json;
use std::sync::atomic::{AtomicU64, Ordering};

/// An instant: `2026-11-20T12:00:00Z`.
pub(crate) fn instant(text: &str) -> DateTime<Utc> {
    text.parse().expect("instant")
}

/// A decimal number.
pub(crate) fn dec(text: &str) -> Decimal {
    text.parse().expect("decimal")
}

/// The mails that wait to be sent.
pub(crate) async fn mails(pool: &PgPool) -> Vec<Mail> {
    let payloads: Vec<serde_json::Value> = sqlx::query_scalar(
        "select j.payload::jsonb from graphile_worker._private_jobs j
         join graphile_worker._private_tasks t on t.id = j.task_id where t.identifier = 'send_mail' order by j.id",
    )
    .fetch_all(pool)
    .await
    .expect("jobs");
    payloads.into_iter().map(|payload| serde_json::from_value(payload).expect("mail")).collect()
}

/// A moment at an instant, unlike all others.
pub(crate) fn moment(at: DateTime<Utc>) -> Moment {
    static SEED: AtomicU64 = AtomicU64::new(0);
    Moment::seeded(at, SEED.fetch_add(1, Ordering::Relaxed))
}

/// A reward for sales: percent, for life, held 30 days.
pub(crate) fn percent(rate: &str) -> Reward {
    Reward {
        trigger: Trigger::Sale,
        rate: Rate::Percent(dec(rate)),
        duration: Duration::Lifetime,
        hold_days: 30,
        product: None,
        minimum: None,
        cap: None,
        tiers: None,
    }
}

/// A reward for sign-ups: flat, held 30 days.
pub(crate) fn per_signup(amount: &str) -> Reward {
    Reward { trigger: Trigger::SignUp, rate: Rate::Flat(dec(amount)), duration: Duration::FirstSale, ..percent("1") }
}

/// A program of an organization, with one owner: euros, Berlin, a window of 60 days. Its clock stands where a test puts
/// it.
pub(crate) struct World {
    pub(crate) pool: PgPool,
    pub(crate) secrets: Secrets,
    pub(crate) organization: OrganizationId,
    pub(crate) program: ProgramId,
    pub(crate) owner: AccountId,
    pub(crate) at: DateTime<Utc>,
}

/// A partner with its link.
#[derive(Clone, Debug)]
pub(crate) struct Partner {
    pub(crate) id: EnrollmentId,
    pub(crate) code: String,
    pub(crate) link: LinkId,
}

impl World {
    /// Program `acme` at noon of 20 November 2026 (UTC), in which everything was made a year before.
    pub(crate) async fn new(pool: PgPool) -> Self {
        let at = instant("2026-11-20T12:00:00Z");
        let made = moment(instant("2025-11-01T00:00:00Z"));
        let (organization, program, owner): (OrganizationId, ProgramId, AccountId) = (made.id(), made.id(), made.id());
        sqlx::query("insert into organizations (id, name, created_at) values ($1, 'Acme', $2)")
            .bind(organization)
            .bind(made.at)
            .execute(&pool)
            .await
            .expect("organization");
        sqlx::query("insert into accounts (id, email, email_key, name, created_at) values ($1, $2, $2, 'Olga', $3)")
            .bind(owner)
            .bind("olga@acme.example")
            .bind(made.at)
            .execute(&pool)
            .await
            .expect("account");
        sqlx::query(
            "insert into memberships (organization_id, account_id, role, created_at) values ($1, $2, 'owner', $3)",
        )
        .bind(organization)
        .bind(owner)
        .bind(made.at)
        .execute(&pool)
        .await
        .expect("membership");
        let secrets = Secrets::new("a secret for tests, of more than 32 characters").expect("secret");
        let world = Self { pool, secrets, organization, program, owner, at };
        world.make_program(program, "acme").await;
        world
    }

    /// Another program of the organization, seen as a world of its own.
    pub(crate) async fn another(&self, slug: &str) -> Self {
        let program = self.moment().id();
        self.make_program(program, slug).await;
        Self { pool: self.pool.clone(), secrets: self.secrets.clone(), program, ..*self }
    }

    /// The same program once more, to be shared with tasks.
    pub(crate) fn another_view(&self) -> Self {
        Self { pool: self.pool.clone(), secrets: self.secrets.clone(), ..*self }
    }

    async fn make_program(&self, program: ProgramId, slug: &str) {
        sqlx::query(
            // Nothing is suspicious but where a test says so.
            "insert into programs (id, organization_id, slug, name, currency, time_zone, website, fraud_checks, created_at)
             values ($1, $2, $3, initcap($3), 'EUR', 'Europe/Berlin', 'https://acme.example', '{}', $4)",
        )
        .bind(program)
        .bind(self.organization)
        .bind(slug)
        .bind(self.at)
        .execute(&self.pool)
        .await
        .expect("program");
        for table in [
            "portals (program_id) values ($1)",
            "payout_methods (program_id, kind) select $1, unnest(enum_range(null::payout_kind))",
        ] {
            let insert = sqlx::AssertSqlSafe(format!("insert into {table}"));
            sqlx::query(insert).bind(program).execute(&self.pool).await.expect("portal");
        }
        let mut tx = self.pool.begin().await.expect("transaction");
        crate::leads::set_up(&mut tx, &self.moment(), program).await.expect("leads");
        tx.commit().await.expect("commit");
    }

    /// A moment at the world's clock.
    pub(crate) fn moment(&self) -> Moment {
        moment(self.at)
    }

    /// Puts the clock forward.
    pub(crate) fn pass(&mut self, days: i64) {
        self.at += chrono::Duration::days(days);
    }

    /// A member of the team.
    pub(crate) fn admin(&self, role: Role) -> Actor {
        Actor::Admin { account: self.owner, organization: self.organization, role, program: self.program }
    }

    /// The team's owner.
    pub(crate) fn owner(&self) -> Actor {
        self.admin(Role::Owner)
    }

    /// Runs a statement on the program: `$1` is its id.
    pub(crate) async fn set(&self, statement: &'static str) {
        sqlx::query(statement).bind(self.program).execute(&self.pool).await.expect(statement);
    }

    /// One value from the program: `$1` is its id.
    pub(crate) async fn get<T>(&self, query: &'static str) -> T
    where
        T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
    {
        sqlx::query_scalar(query).bind(self.program).fetch_one(&self.pool).await.expect(query)
    }

    /// An offer, version 1, which partners made after it have too.
    pub(crate) async fn offer(&self, name: &str, rewards: &[Reward]) -> OfferId {
        let id: OfferId = self.moment().id();
        sqlx::query(
            "with offer as (
                insert into offers (program_id, id, name, version, default_position, created_at)
                select $1, $2, $3, 1, count(*)::integer, $5 from offers where program_id = $1
             )
             insert into offer_versions (program_id, offer_id, version, rewards, created_at)
             values ($1, $2, 1, $4, $5)",
        )
        .bind(self.program)
        .bind(id)
        .bind(name)
        .bind(Json(rewards))
        .bind(self.at)
        .execute(&self.pool)
        .await
        .expect("offer");
        id
    }

    /// A partner, active for a year, with the default offers and a link that bears its code.
    pub(crate) async fn partner(&self, code: &str) -> Partner {
        let made = moment(self.at - chrono::Duration::days(365));
        let (id, link): (EnrollmentId, LinkId) = (made.id(), made.id());
        let statements = [
            "insert into enrollments (program_id, id, status, code, name, email, created_at, activated_at)
             values ($1, $2, 'active', $4, initcap($4), $4 || '@partners.example', $5, $5)",
            "insert into enrollment_codes (program_id, code_key, enrollment_id, created_at) values ($1, $4, $2, $5)",
            "insert into enrollment_statuses (program_id, enrollment_id, at, status) values ($1, $2, $5, 'active')",
            "insert into links (program_id, id, enrollment_id, code, destination, is_default, created_at)
             values ($1, $3, $2, $4, 'https://acme.example', true, $5)",
            "insert into link_codes (program_id, code_key, link_id) values ($1, $4, $3)",
            "insert into enrollment_offers (program_id, enrollment_id, offer_id, position)
             select $1, $2, id, default_position from offers
             where program_id = $1 and default_position is not null and archived_at is null",
        ];
        // Every statement takes all five, so that the types of those that it doesn't use are known.
        for statement in statements {
            sqlx::query(sqlx::AssertSqlSafe(format!(
                "with given as (select $1::uuid, $2::uuid, $3::uuid, $4::text, $5::timestamptz) {statement}"
            )))
            .bind(self.program)
            .bind(id)
            .bind(link)
            .bind(code)
            .bind(made.at)
            .execute(&self.pool)
            .await
            .expect(statement);
        }
        Partner { id, code: code.to_owned(), link }
    }

    /// Does the jobs that look for who was erased.
    pub(crate) async fn take_out(&self) {
        let waiting: Vec<(ProgramId, uuid::Uuid)> =
            sqlx::query_as("select program_id, id from erasures").fetch_all(&self.pool).await.expect("erasures");
        for (program, person) in waiting {
            let job = crate::privacy::TakeOut { program, person };
            job.search(&self.pool, &self.secrets).await.expect("taken out");
        }
    }

    /// Gives a partner a standing from now on.
    pub(crate) async fn standing(&self, partner: &Partner, status: EnrollmentStatus) {
        sqlx::query(
            "with noted as (
                insert into enrollment_statuses (program_id, enrollment_id, at, status) values ($1, $2, $4, $3)
             )
             update enrollments set status = $3 where program_id = $1 and id = $2",
        )
        .bind(self.program)
        .bind(partner.id)
        .bind(status)
        .bind(self.at)
        .execute(&self.pool)
        .await
        .expect("standing");
    }

    /// A promo code.
    pub(crate) async fn promo_code(&self, partner: &Partner, code: &str) -> PromoCodeId {
        let id: PromoCodeId = self.moment().id();
        sqlx::query(
            "insert into promo_codes (program_id, id, enrollment_id, code, code_key, created_at)
             values ($1, $2, $3, $4, lower($4), $5)",
        )
        .bind(self.program)
        .bind(id)
        .bind(partner.id)
        .bind(code)
        .bind(self.at)
        .execute(&self.pool)
        .await
        .expect("promo code");
        id
    }

    /// A click on a partner's link now, with its rollup.
    pub(crate) async fn click(&self, partner: &Partner) -> ClickId {
        let id: ClickId = self.moment().id();
        sqlx::query(
            "with day as (
                insert into click_days as d (program_id, link_id, day, enrollment_id, clicks, unique_clicks)
                select $1, $4, ($2::timestamptz at time zone time_zone)::date, $5, 1, 1 from programs where id = $1
                on conflict (program_id, link_id, day)
                do update set clicks = d.clicks + 1, unique_clicks = d.unique_clicks + 1
             )
             insert into clicks (program_id, clicked_at, id, link_id, enrollment_id, is_unique, target)
             values ($1, $2, $3, $4, $5, true, 'https://acme.example')",
        )
        .bind(self.program)
        .bind(id.clicked_at())
        .bind(id)
        .bind(partner.link)
        .bind(partner.id)
        .execute(&self.pool)
        .await
        .expect("click");
        id
    }

    /// Tells of a sign-up.
    pub(crate) async fn tell_signup(&self, input: &TrackSignup) -> crate::Result<Answered<TrackedSignup>> {
        track_signup(&self.pool, &self.secrets, &self.moment(), self.program, input).await
    }

    /// Tells of a sale.
    pub(crate) async fn tell_sale(&self, input: &TrackSale) -> crate::Result<Answered<TrackedSale>> {
        track_sale(&self.pool, &self.secrets, &self.moment(), self.program, input).await
    }

    /// Tells of a refund.
    pub(crate) async fn tell_refund(&self, input: &TrackRefund) -> crate::Result<Answered<TrackedRefund>> {
        track_refund(&self.pool, &self.secrets, &self.moment(), self.program, input).await
    }

    /// A customer who signs up through a partner's code.
    pub(crate) async fn signed_up(&self, customer: &str, partner: &Partner) -> TrackedSignup {
        let input = TrackSignup { partner_code: Some(partner.code.clone()), ..signup(customer) };
        self.tell_signup(&input).await.expect("sign-up").answer
    }

    /// A sale under the event id `{customer}-{n}`, the first free one.
    pub(crate) async fn sold(&self, customer: &str, amount: &str) -> TrackedSale {
        let n: i64 = self.get("select count(*) from sales where program_id = $1").await;
        self.tell_sale(&sale(&format!("{customer}-{n}"), customer, amount)).await.expect("sale").answer
    }

    /// A commission's status.
    pub(crate) async fn status(&self, commission: CommissionId) -> CommissionStatus {
        sqlx::query_scalar("select status from commissions where program_id = $1 and id = $2")
            .bind(self.program)
            .bind(commission)
            .fetch_one(&self.pool)
            .await
            .expect("commission")
    }

    /// What a partner has in an account, by the entries.
    pub(crate) async fn balance(&self, partner: &Partner, account: LedgerAccount) -> Decimal {
        sqlx::query_scalar::<_, Decimal>(
            "select coalesce(sum(amount), 0) from entries where program_id = $1 and enrollment_id = $2 and account = $3",
        )
        .bind(self.program)
        .bind(partner.id)
        .bind(account)
        .fetch_one(&self.pool)
        .await
        .expect("balance")
        .normalize()
    }

    /// Held and payable of a partner, as text: `14.7 0`.
    pub(crate) async fn balances(&self, partner: &Partner) -> String {
        let held = self.balance(partner, LedgerAccount::Held).await;
        format!("{held} {}", self.balance(partner, LedgerAccount::Payable).await)
    }

    /// Waits until so many transactions wait for locks of others.
    pub(crate) async fn until_waiting(&self, transactions: i64) {
        let waiting = "select count(*) from pg_stat_activity
                       where datname = current_database() and wait_event_type = 'Lock'";
        for _ in 0..3_000 {
            let found: i64 = sqlx::query_scalar(waiting).fetch_one(&self.pool).await.expect("activity");
            if found >= transactions {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("{transactions} transactions never waited");
    }

    /// Nothing is wrong in the whole database.
    pub(crate) async fn prove(&self) {
        let broken = crate::ledger::verify(&self.pool).await.expect("verify");
        assert_eq!(broken, Vec::new());
    }
}

/// A sign-up under the event id `signup-{customer}`, which points to nobody.
pub(crate) fn signup(customer: &str) -> TrackSignup {
    TrackSignup {
        event_id: format!("signup-{customer}"),
        customer: NewCustomer { external_id: customer.to_owned(), email: None, name: None },
        ..TrackSignup::default()
    }
}

/// A sale in euros, which points to nobody.
pub(crate) fn sale(event_id: &str, customer: &str, amount: &str) -> TrackSale {
    TrackSale {
        event_id: event_id.to_owned(),
        customer_id: customer.to_owned(),
        amount: dec(amount),
        currency: "EUR".into(),
        product: None,
        invoice_id: None,
        click_id: None,
        promo_code: None,
        partner_code: None,
        occurred_at: None,
    }
}

/// A refund of so much; of what is left where `None`.
pub(crate) fn refund(event_id: &str, sale: &str, amount: Option<&str>) -> TrackRefund {
    TrackRefund {
        event_id: event_id.to_owned(),
        sale_event_id: sale.to_owned(),
        amount: amount.map(dec),
        ..TrackRefund::default()
    }
}

/// The checks of an explanation, as `+referral -standing`.
pub(crate) fn checks(why: &domain::why::Why) -> String {
    let sign = |passed| if passed { '+' } else { '-' };
    let words: Vec<_> = why.0.iter().map(|check| format!("{}{}", sign(check.passed), check.check)).collect();
    words.join(" ")
}

/// What a refused input is told: `field: message`, one a line; else the error's name.
pub(crate) fn refused<T: std::fmt::Debug>(result: crate::Result<T>) -> String {
    match result.expect_err("refused") {
        crate::Error::Invalid(errors) => {
            errors.iter().map(|error| format!("{}: {}", error.field, error.message)).collect::<Vec<_>>().join("\n")
        }
        other => format!("{other:?}"),
    }
}
