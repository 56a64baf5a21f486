//! An oracle beside the ledger: it replays what happened to a partner into balances, by plain structs and an idea of months
//! of its own (`books.rs`). On thousands of random histories it agrees to the cent with the ledger, the statements of closed
//! months, the report and what each basis pays.

mod books;

use super::drafts::make;
use super::process::process_at_once;
use super::tests::wanted;
use super::{mark, take_back};
use crate::Error;
use crate::commissions::release_holds;
use crate::fixtures::{Partner, World, instant, moment, percent, refund, sale};
use crate::ledger::close_months;
use books::{AT_ONCE, Books, Calendar, SLOW, Sale, first_of, round};
use chrono::{DateTime, Duration, NaiveDate, Utc};
use chrono_tz::Tz;
use domain::commissions::CommissionStatus;
use domain::ids::{BatchId, CommissionId, DraftId, EnrollmentId, PaymentId};
use domain::ledger::{Adjustment, AdjustmentKind};
use domain::offers::Reward;
use domain::page::Paging;
use domain::payments::{Marking, PaymentBasis, PaymentStatus};
use domain::reports::{LedgerSort, LedgersFilter, LedgersQuery};
use domain::sales::TrackSale;
use domain::time::DayRange;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rust_decimal::Decimal;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::collections::{BTreeSet, HashMap};
use std::fmt::Debug;
use std::ops::Range;

/// The zones of the three programs of a test. Each puts its clock forward or back on other nights, the last by half an hour.
const ZONES: [Tz; 3] = [Tz::Europe__Berlin, Tz::America__New_York, Tz::Australia__Lord_Howe];
/// When everything begins.
const START: &str = "2026-09-20T12:00:00Z";
/// Partners of each program: each has a history of its own.
const PARTNERS: usize = 180;
/// So many months' and summer times' beginnings each test passes.
const ROUNDS: usize = 16;
/// The smallest payment.
const MINIMUM: Decimal = Decimal::from_parts(5, 0, 0, false, 0);

/// The instants at which a month begins in one of the zones, a clock is put forward or back, or the day after that begins.
fn edges() -> Vec<DateTime<Utc>> {
    let (start, end, half) = (instant(START), instant("2027-04-20T12:00:00Z"), Duration::minutes(30));
    let mut edges = BTreeSet::new();
    for zone in ZONES {
        let local = |at: DateTime<Utc>| at.with_timezone(&zone).naive_local();
        let mut at = start + Duration::days(2);
        while at < end {
            let (now, before, a_day_ago) = (local(at), local(at - half), local(at - Duration::days(1)));
            let turns = now - before != half;
            let has_turned = now - a_day_ago != Duration::days(1) && now.date() != before.date();
            if turns || has_turned || first_of(now.date()) != first_of(before.date()) {
                edges.insert(at);
            }
            at += half;
        }
    }
    edges.into_iter().collect()
}

fn one<T: Copy>(dice: &mut StdRng, of: &[T]) -> T {
    of[dice.random_range(0..of.len())]
}

fn cents(dice: &mut StdRng, of: Range<i64>) -> Decimal {
    Decimal::new(dice.random_range(of), 2)
}

/// A program, and its partners' books as the oracle keeps them.
struct Program {
    seed: u64,
    world: World,
    calendar: Calendar,
    books: Vec<Books>,
    places: HashMap<EnrollmentId, usize>,
    /// Whose each commission is, and its place in the books.
    commissions: HashMap<CommissionId, (usize, usize)>,
    batches: Vec<BatchId>,
    /// How many sales and refunds were told.
    events: usize,
    /// Days about which something changes.
    days: Vec<NaiveDate>,
}

impl Program {
    async fn new(seed: u64, world: World, zone: Tz, edges: &[DateTime<Utc>]) -> Self {
        sqlx::query("update programs set time_zone = $2, minimum_payment = $3 where id = $1")
            .bind(world.program)
            .bind(zone.name())
            .bind(MINIMUM)
            .execute(&world.pool)
            .await
            .expect("settings");
        let at_once = Reward { hold_days: 0, ..percent(AT_ONCE) };
        let slow = Reward { hold_days: SLOW.1, product: Some("slow".into()), ..percent(SLOW.0) };
        world.offer("Standard", &[at_once, slow]).await;
        let mut books = Vec::new();
        for n in 0..PARTNERS {
            books.push(Books::new(world.partner(&format!("p{n}")).await));
        }
        world.set("update enrollments set payout_method = 'cheque' where program_id = $1").await;
        let places = books.iter().enumerate().map(|(n, books)| (books.partner.id, n)).collect();
        let calendar = Calendar { zone, open: NaiveDate::MIN };
        let days = edges.iter().map(|edge| calendar.today(*edge)).collect();
        let (commissions, batches) = (HashMap::new(), Vec::new());
        Self { seed, world, calendar, books, places, commissions, batches, events: 0, days }
    }

    /// The oracle and the ledger say the same of a partner.
    #[track_caller]
    fn agree<T: PartialEq + Debug>(&self, n: usize, what: &str, ledger: &T, oracle: &T) {
        let Books { partner, told, .. } = &self.books[n];
        assert!(
            ledger == oracle,
            "seed {}, {} in {} at {}, {what}: the ledger says {ledger:?}, the oracle {oracle:?}, after\n{}",
            self.seed,
            partner.code,
            self.calendar.zone,
            self.world.at,
            told.join("\n")
        );
    }

    /// The day under which something is entered now.
    fn day(&self) -> NaiveDate {
        self.calendar.day(self.world.at)
    }

    fn tick(&mut self) {
        self.world.at += Duration::microseconds(1);
    }

    /// Something happens to a partner; a clock that is late tells it as of two seconds ago.
    async fn happens(&mut self, dice: &mut StdRng, n: usize, takes_back: bool, late: bool) {
        let now = self.world.at;
        if late {
            self.world.at -= Duration::seconds(2);
        }
        let books = &self.books[n];
        let left = |sale: &usize| books.sales[*sale].refunded < books.sales[*sale].amount;
        let to_refund: Vec<usize> = (0..books.sales.len()).filter(left).collect();
        let standing: Vec<usize> = (0..books.payments.len()).filter(|n| books.payments[*n].stands).collect();
        let sold = !books.sales.is_empty();
        match dice.random_range(0..20_u32) {
            0..=5 if !to_refund.is_empty() => {
                let sale = one(dice, &to_refund);
                self.give_back(dice, n, sale).await;
            }
            6..=8 if sold => self.adjust(dice, n).await,
            9..=12 if takes_back && !standing.is_empty() => {
                let payment = one(dice, &standing);
                self.take_back(dice, n, payment).await;
            }
            _ => self.sell(dice, n).await,
        }
        self.world.at = now;
    }

    async fn sell(&mut self, dice: &mut StdRng, n: usize) {
        self.events += 1;
        let event = format!("s{}", self.events);
        let (amount, slow) = (cents(dice, 100..50_000), dice.random_ratio(1, 2));
        let code = &self.books[n].partner.code;
        let input = TrackSale {
            amount,
            product: slow.then(|| "slow".to_owned()),
            partner_code: Some(code.clone()),
            ..sale(&event, code, "1")
        };
        let told = self.world.tell_sale(&input).await.expect("sale").answer.commissions;
        let (at, day) = (self.world.at, self.day());
        let books = &mut self.books[n];
        let first = books.commissions.len();
        books.sell(at, day, event, amount, slow);
        let earned: Vec<Decimal> = books.commissions[first..].iter().map(|commission| commission.amount).collect();
        self.commissions.extend(told.iter().enumerate().map(|(more, told)| (told.id, (n, first + more))));
        let told: Vec<Decimal> = told.iter().map(|commission| commission.amount).collect();
        self.agree(n, "commissions", &told, &earned);
    }

    async fn give_back(&mut self, dice: &mut StdRng, n: usize, sale: usize) {
        self.events += 1;
        let Sale { event, amount, refunded, .. } = &self.books[n].sales[sale];
        let left = *amount - *refunded;
        let share = Decimal::from(dice.random_range(1..=120_u32)) / Decimal::ONE_HUNDRED;
        let part = round(left * share).clamp(Decimal::new(1, 2), left);
        let input = refund(&format!("r{}", self.events), event, Some(&part.to_string()));
        self.world.tell_refund(&input).await.expect("refund");
        let day = self.day();
        self.books[n].refund(day, sale, part);
    }

    async fn adjust(&mut self, dice: &mut StdRng, n: usize) {
        let kind = one(dice, AdjustmentKind::ALL);
        let amount = cents(dice, 1..3_000);
        let (moment, partner) = (self.world.moment(), self.books[n].partner.id);
        let input = Adjustment { key: moment.id(), partner, kind, amount, reason: "As agreed".into() };
        crate::ledger::adjust(&self.world.pool, &moment, &self.world.owner(), &input).await.expect("adjusted");
        let day = self.day();
        self.books[n].adjust(day, if kind == AdjustmentKind::Deduction { -amount } else { amount });
    }

    async fn take_back(&mut self, dice: &mut StdRng, n: usize, payment: usize) {
        let becomes = one(dice, &[PaymentStatus::Failed, PaymentStatus::Cancelled]);
        let id = self.books[n].payments[payment].id;
        take_back(&self.world.pool, &self.world.moment(), &self.world.owner(), id, becomes, "It came back")
            .await
            .expect("taken back");
        let day = self.day();
        self.books[n].take_back(day, payment);
    }

    /// A whole batch is sent, or cancelled.
    async fn mark_a_batch(&mut self, dice: &mut StdRng) {
        if self.batches.is_empty() {
            return;
        }
        let batch = one(dice, &self.batches);
        let becomes = one(dice, &[PaymentStatus::Sent, PaymentStatus::Cancelled]);
        let reason = "The wrong account".to_owned();
        let marking = Marking { batch, payments: Vec::new(), all: true, status: None, becomes, reason };
        mark(&self.world.pool, &self.world.moment(), &self.world.owner(), &marking).await.expect("marked");
        if becomes == PaymentStatus::Sent {
            return;
        }
        let day = self.day();
        for books in &mut self.books {
            for n in 0..books.payments.len() {
                if books.payments[n].batch == batch && books.payments[n].stands {
                    books.take_back(day, n);
                }
            }
        }
    }

    /// Some days, which have begun.
    fn range(&self, dice: &mut StdRng) -> DayRange {
        let today = self.calendar.today(self.world.at);
        if dice.random_ratio(1, 3) {
            return DayRange { from: first_of(today), to: today };
        }
        let mut day = || one(dice, &self.days) + Duration::days(dice.random_range(-1..=1));
        let (first, second) = (day(), day());
        DayRange { from: first.min(second).min(today), to: first.max(second) }
    }

    /// A batch to some of the partners, on one of the bases: previewed, and paid, unless a partner's amount fell meanwhile.
    async fn batch(&mut self, dice: &mut StdRng) {
        self.tick();
        let basis = one(dice, PaymentBasis::ALL);
        let range = self.range(dice);
        let some: Vec<usize> = (0..self.books.len()).filter(|_| dice.random_ratio(2, 3)).collect();
        let partners: Vec<&Partner> = some.iter().map(|n| &self.books[*n].partner).collect();
        let input = wanted(&partners, basis, range);
        let draft = {
            let mut conn = self.world.pool.acquire().await.expect("connection");
            make(&mut conn, &self.world.moment(), &self.world.owner(), &input).await.expect("draft")
        };
        let fixed = self.previewed(draft, basis, range, &some).await;
        if dice.random_ratio(1, 3) {
            for _ in 0..3 {
                self.tick();
                let n = dice.random_range(0..self.books.len());
                self.happens(dice, n, true, false).await;
            }
        }
        self.tick();
        let fell = fixed.iter().any(|(n, lines, amount)| self.books[*n].fell(basis, lines, *amount));
        let paid = process_at_once(&self.world.pool, &self.world.moment(), &self.world.owner(), draft).await;
        match paid {
            Ok(batch) if !fell && !fixed.is_empty() => self.paid(batch, basis, fixed).await,
            Err(Error::Conflict(words)) if fixed.is_empty() => assert_eq!(words, "Nobody is paid by this batch."),
            Err(Error::Conflict(words)) if fell => assert!(words.contains(" was reviewed, now it is "), "{words}"),
            other => {
                let (n, told) = fixed.first().map_or((0, String::new()), |(n, ..)| (*n, format!("{fixed:?}")));
                self.agree(
                    n,
                    &format!("a batch on {basis} of {told}"),
                    &format!("{other:?}"),
                    &format!("fell: {fell}"),
                );
            }
        }
        let range = self.range(dice);
        self.compare(range).await;
    }

    /// What a batch would pay: whom, for which lines, how much.
    async fn previewed(
        &self,
        draft: DraftId,
        basis: PaymentBasis,
        range: DayRange,
        some: &[usize],
    ) -> Vec<(usize, Vec<usize>, Decimal)> {
        let told: Vec<(EnrollmentId, Decimal, Decimal, Decimal, bool)> = sqlx::query_as(
            "select enrollment_id, amount, figure, balance, left_out is null from payment_draft_lines
             where program_id = $1 and draft_id = $2",
        )
        .bind(self.world.program)
        .bind(draft)
        .fetch_all(&self.world.pool)
        .await
        .expect("lines");
        assert_eq!(told.len(), some.len());
        let told: HashMap<_, _> = told.into_iter().map(|line| (line.0, (line.1, line.2, line.3, line.4))).collect();
        let mut fixed = Vec::new();
        for n in some {
            let books = &self.books[*n];
            let lines = books.chosen(basis, range);
            let amount = books.sum(&lines);
            let [opening, commissions, ..] = books.figures(range);
            let figure = match basis {
                PaymentBasis::Earned => commissions,
                PaymentBasis::OpeningAndEarned => opening + commissions,
                PaymentBasis::Ending => books.payable(),
            };
            let is_paid = amount >= MINIMUM;
            let what = format!("amount, figure, balance and whether it is paid on {basis} from {range:?}");
            self.agree(*n, &what, &told[&books.partner.id], &(amount, figure, books.payable(), is_paid));
            if is_paid {
                fixed.push((*n, lines, amount));
            }
        }
        fixed
    }

    /// Enters what a batch has paid.
    async fn paid(&mut self, batch: BatchId, basis: PaymentBasis, fixed: Vec<(usize, Vec<usize>, Decimal)>) {
        let told: Vec<(EnrollmentId, PaymentId, Decimal)> =
            sqlx::query_as("select enrollment_id, id, amount from payments where program_id = $1 and batch_id = $2")
                .bind(self.world.program)
                .bind(batch)
                .fetch_all(&self.world.pool)
                .await
                .expect("payments");
        assert_eq!(told.len(), fixed.len());
        let told: HashMap<_, _> = told.into_iter().map(|(partner, id, amount)| (partner, (id, amount))).collect();
        let day = self.day();
        for (n, lines, _) in fixed {
            let books = &mut self.books[n];
            // What came since the preview is paid with the balance.
            let all = DayRange { from: day, to: day };
            let lines = if basis == PaymentBasis::Ending { books.chosen(basis, all) } else { lines };
            let (id, amount) = told[&books.partner.id];
            books.pay(day, id, batch, lines);
            let oracle = books.payments.last().map(|payment| payment.amount);
            self.agree(n, "payment", &Some(amount), &oracle);
        }
        self.batches.push(batch);
    }

    /// The balances by the entries, and the report of some days.
    async fn compare(&self, range: DayRange) {
        let told: Vec<(EnrollmentId, Decimal, Decimal)> = sqlx::query_as(
            "select enrollment_id, coalesce(sum(amount) filter (where account = 'held'), 0),
                    coalesce(sum(amount) filter (where account = 'payable'), 0)
             from entries where program_id = $1 and enrollment_id is not null group by enrollment_id",
        )
        .bind(self.world.program)
        .fetch_all(&self.world.pool)
        .await
        .expect("balances");
        let told: HashMap<_, _> = told.into_iter().map(|(partner, held, payable)| (partner, (held, payable))).collect();
        let query = LedgersQuery { filter: LedgersFilter::default(), range, sort: LedgerSort::Name, descending: false };
        let all = Paging { cursor: None, limit: Some(Paging::MOST) };
        let report =
            crate::reports::ledgers(&self.world.pool, &self.world.moment(), &self.world.owner(), &query, &all).await;
        let report = report.expect("report");
        assert_eq!(report.page.data.len(), self.books.len());
        let mut paid_out = Decimal::ZERO;
        for row in &report.page.data {
            let n = self.places[&row.partner.id];
            let (books, figures) = (&self.books[n], &row.figures);
            let held = books.held(NaiveDate::MAX);
            let balances = told.get(&row.partner.id).copied().unwrap_or_default();
            self.agree(n, "held and payable", &balances, &(held, books.payable()));
            let columns = [
                figures.opening,
                figures.commissions,
                figures.clawbacks,
                figures.adjustments,
                figures.payments,
                figures.closing,
            ];
            let what = format!("report of {range:?}");
            self.agree(n, &what, &columns.map(|money| money.amount), &books.figures(range));
            self.agree(n, "held by the report", &figures.held.amount, &held);
            let standing = books.payments.iter().filter(|payment| payment.stands);
            paid_out += standing.map(|payment| payment.amount).sum::<Decimal>();
        }
        let query = "select coalesce(sum(amount), 0) from entries where program_id = $1 and account = 'paid_out'";
        assert_eq!(self.world.get::<Decimal>(query).await, paid_out, "paid out, seed {}", self.seed);
    }

    /// The statements of all months, and where each commission stands. The months that are over are closed.
    async fn compare_whole(&self) {
        let mut conn = self.world.pool.acquire().await.expect("connection");
        for (n, books) in self.books.iter().enumerate() {
            let (moment, owner) = (self.world.moment(), self.world.owner());
            let told = crate::ledger::statements(&mut conn, &moment, &owner, books.partner.id).await;
            let told = told.expect("statements").into_iter().map(|told| {
                assert_eq!(told.is_final, told.month < self.calendar.open);
                let columns =
                    [told.opening, told.commissions, told.clawbacks, told.adjustments, told.payments, told.closing];
                (told.month, columns.map(|money| money.amount), told.held.amount)
            });
            self.agree(n, "statements", &told.collect::<Vec<_>>(), &books.statements(self.calendar.open));
        }
        let told: Vec<(CommissionId, CommissionStatus)> =
            sqlx::query_as("select id, status from commissions where program_id = $1")
                .bind(self.world.program)
                .fetch_all(&mut *conn)
                .await
                .expect("commissions");
        assert_eq!(told.len(), self.commissions.len());
        for (id, status) in told {
            let (n, commission) = self.commissions[&id];
            self.agree(n, &format!("commission {commission}"), &status, &self.books[n].status(commission));
        }
    }
}

/// Three programs, each in its zone, live by one clock through month's ends and summer time's.
async fn live(options: PgPoolOptions, connect: PgConnectOptions, seed: u64) {
    // Nothing here need outlive a crash.
    let pool = options.connect_with(connect.options([("synchronous_commit", "off")])).await.expect("pool");
    let (mut dice, edges) = (StdRng::seed_from_u64(seed), edges());
    let mut first = World::new(pool.clone()).await;
    first.at = instant(START);
    let others = [first.another("york").await, first.another("howe").await];
    let mut programs = Vec::new();
    for (world, zone) in [first].into_iter().chain(others).zip(ZONES) {
        let mut program = Program::new(seed, world, zone, &edges).await;
        for n in 0..PARTNERS {
            program.sell(&mut dice, n).await;
        }
        programs.push(program);
    }
    let mut rounds = BTreeSet::new();
    assert!(edges.len() > ROUNDS, "the zones turn their clocks");
    while rounds.len() < ROUNDS {
        rounds.insert(one(&mut dice, &edges));
    }
    for edge in rounds {
        for at in [edge - Duration::milliseconds(1), edge] {
            let after = at == edge;
            let (releases, closes) = (dice.random_ratio(2, 3), dice.random_ratio(2, 3));
            // In every program.
            if releases {
                release_holds(&pool, &moment(at)).await.expect("released");
            }
            if closes {
                close_months(&pool, &moment(at)).await.expect("closed");
            }
            for program in &mut programs {
                program.world.at = at;
                let day = program.day();
                for books in program.books.iter_mut().filter(|_| releases) {
                    books.release(at, day);
                }
                if closes {
                    program.calendar.close(at);
                }
                for n in 0..PARTNERS {
                    if dice.random_ratio(1, 3) {
                        let late = after && dice.random_ratio(1, 4);
                        program.happens(&mut dice, n, !late, late).await;
                    }
                }
                if dice.random_ratio(1, 4) {
                    program.batch(&mut dice).await;
                }
                if dice.random_ratio(1, 12) {
                    program.mark_a_batch(&mut dice).await;
                }
            }
        }
    }
    let end = instant("2027-05-02T00:00:00Z");
    release_holds(&pool, &moment(end)).await.expect("released");
    close_months(&pool, &moment(end)).await.expect("closed");
    let (mut histories, mut events) = (0, 0);
    for program in &mut programs {
        program.world.at = end;
        let day = program.day();
        program.books.iter_mut().for_each(|books| books.release(end, day));
        program.calendar.close(end);
        for _ in 0..4 {
            let range = program.range(&mut dice);
            program.compare(range).await;
        }
        program.compare_whole().await;
        // Of a partner to whom little happened nothing is proved.
        histories += program.books.iter().filter(|books| books.told.len() >= 10).count();
        events += program.books.iter().map(|books| books.told.len()).sum::<usize>();
    }
    programs[0].world.prove().await;
    println!("seed {seed}: {histories} histories, {events} events");
    assert!(histories >= 500, "{histories} histories: four tests shall come to two thousand");
    drop(programs);
    pool.close().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn the_oracle_and_the_ledger_agree_on_a_first_500_histories(options: PgPoolOptions, connect: PgConnectOptions) {
    live(options, connect, 1).await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn the_oracle_and_the_ledger_agree_on_a_second_500_histories(options: PgPoolOptions, connect: PgConnectOptions) {
    live(options, connect, 2).await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn the_oracle_and_the_ledger_agree_on_a_third_500_histories(options: PgPoolOptions, connect: PgConnectOptions) {
    live(options, connect, 3).await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn the_oracle_and_the_ledger_agree_on_a_fourth_500_histories(options: PgPoolOptions, connect: PgConnectOptions) {
    live(options, connect, 4).await;
}
