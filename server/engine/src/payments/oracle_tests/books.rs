//! A partner's books as the oracle keeps them: it knows nothing of journals and SQL, only of days, amounts, and what was paid
//! for what.

use crate::fixtures::{Partner, dec};
use chrono::{DateTime, Datelike, Duration, Months, NaiveDate, Utc};
use chrono_tz::Tz;
use domain::commissions::CommissionStatus;
use domain::ids::{BatchId, PaymentId};
use domain::payments::PaymentBasis;
use domain::time::DayRange;
use rust_decimal::{Decimal, RoundingStrategy};
use std::ops::Range;

/// Percent of each sale, due at once.
pub(super) const AT_ONCE: &str = "12.5";
/// Percent of a slow sale besides, and for how many days that is held.
pub(super) const SLOW: (&str, u32) = ("7.3", 14);

/// Half a cent is a cent.
pub(super) fn round(amount: Decimal) -> Decimal {
    amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}

pub(super) fn first_of(day: NaiveDate) -> NaiveDate {
    day.with_day(1).expect("every month has a first day")
}

/// The days of a program's zone, and the first month that is not closed.
pub(super) struct Calendar {
    pub(super) zone: Tz,
    pub(super) open: NaiveDate,
}

impl Calendar {
    pub(super) fn today(&self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&self.zone).date_naive()
    }

    /// Under which day something is entered: what comes after the close of its month, under the next month's first.
    pub(super) fn day(&self, at: DateTime<Utc>) -> NaiveDate {
        self.today(at).max(self.open)
    }

    pub(super) fn close(&mut self, at: DateTime<Utc>) {
        self.open = self.open.max(first_of(self.today(at)));
    }
}

pub(super) struct Sale {
    pub(super) event: String,
    pub(super) amount: Decimal,
    pub(super) refunded: Decimal,
    pub(super) commissions: Range<usize>,
}

pub(super) struct Commission {
    pub(super) amount: Decimal,
    pub(super) taken_back: Decimal,
    pub(super) held_until: Option<DateTime<Utc>>,
    pub(super) paid: bool,
}

pub(super) struct Payment {
    pub(super) id: PaymentId,
    pub(super) batch: BatchId,
    pub(super) amount: Decimal,
    pub(super) lines: Vec<usize>,
    pub(super) stands: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Commission,
    Clawback,
    Adjustment,
    Payment,
    /// A payment that failed or was cancelled.
    Back,
}

/// What changed the balance that is due.
pub(super) struct Line {
    pub(super) kind: Kind,
    pub(super) day: NaiveDate,
    pub(super) amount: Decimal,
    /// The commissions that it is about.
    pub(super) of: Vec<usize>,
    /// The first and last day by which it counts for a basis; a clawback goes with its commission.
    pub(super) days: Option<(NaiveDate, NaiveDate)>,
    /// Whether no payment has settled it.
    pub(super) open: bool,
}

/// A partner's books.
pub(super) struct Books {
    pub(super) partner: Partner,
    pub(super) sales: Vec<Sale>,
    pub(super) commissions: Vec<Commission>,
    pub(super) payments: Vec<Payment>,
    pub(super) lines: Vec<Line>,
    /// What changed the balance that is held.
    pub(super) holds: Vec<(NaiveDate, Decimal)>,
    /// Its history, for people.
    pub(super) told: Vec<String>,
}

impl Books {
    pub(super) fn new(partner: Partner) -> Self {
        let (sales, commissions, payments) = (Vec::new(), Vec::new(), Vec::new());
        Self { partner, sales, commissions, payments, lines: Vec::new(), holds: Vec::new(), told: Vec::new() }
    }

    pub(super) fn enter(&mut self, kind: Kind, day: NaiveDate, amount: Decimal, of: Vec<usize>) {
        let days = (kind != Kind::Clawback).then_some((day, day));
        self.lines.push(Line { kind, day, amount, of, days, open: kind != Kind::Payment });
    }

    pub(super) fn sell(&mut self, at: DateTime<Utc>, day: NaiveDate, event: String, amount: Decimal, slow: bool) {
        self.told.push(format!("{day} {event}: sale of {amount}{} at {at}", if slow { ", slow" } else { "" }));
        let first = self.commissions.len();
        let held = slow.then(|| (SLOW.0, Some(at + Duration::days(SLOW.1.into()))));
        for (rate, held_until) in [(AT_ONCE, None)].into_iter().chain(held) {
            let earned = round(amount * dec(rate) / Decimal::ONE_HUNDRED);
            match held_until {
                Some(_) => self.holds.push((day, earned)),
                None => self.enter(Kind::Commission, day, earned, vec![self.commissions.len()]),
            }
            self.commissions.push(Commission { amount: earned, taken_back: Decimal::ZERO, held_until, paid: false });
        }
        let commissions = first..self.commissions.len();
        self.sales.push(Sale { event, amount, refunded: Decimal::ZERO, commissions });
    }

    pub(super) fn refund(&mut self, day: NaiveDate, sale: usize, amount: Decimal) {
        let sale = &mut self.sales[sale];
        sale.refunded += amount;
        self.told.push(format!("{day} {}: refund of {amount}, {} so far", sale.event, sale.refunded));
        let (refunded, of) = (sale.refunded, sale.amount);
        for n in sale.commissions.clone() {
            let commission = &mut self.commissions[n];
            let whole = refunded == of;
            let in_all = if whole { commission.amount } else { round(commission.amount * refunded / of) };
            let takes = in_all - commission.taken_back;
            if takes <= Decimal::ZERO {
                continue;
            }
            commission.taken_back = in_all;
            if commission.held_until.is_some() {
                self.holds.push((day, -takes));
            } else {
                self.enter(Kind::Clawback, day, -takes, vec![n]);
            }
        }
    }

    pub(super) fn release(&mut self, at: DateTime<Utc>, day: NaiveDate) {
        for n in 0..self.commissions.len() {
            let commission = &mut self.commissions[n];
            let left = commission.amount - commission.taken_back;
            if commission.held_until.is_some_and(|until| until <= at) && !left.is_zero() {
                commission.held_until = None;
                self.told.push(format!("{day} hold of {left} ends"));
                self.holds.push((day, -left));
                self.enter(Kind::Commission, day, left, vec![n]);
            }
        }
    }

    pub(super) fn adjust(&mut self, day: NaiveDate, amount: Decimal) {
        self.told.push(format!("{day} adjustment of {amount}"));
        self.enter(Kind::Adjustment, day, amount, Vec::new());
    }

    /// The lines that a basis chooses.
    pub(super) fn chosen(&self, basis: PaymentBasis, range: DayRange) -> Vec<usize> {
        let open = (0..self.lines.len()).filter(|n| self.lines[*n].open);
        if basis == PaymentBasis::Ending {
            return open.collect();
        }
        let counts = |n: &usize| {
            let line = &self.lines[*n];
            matches!(line.kind, Kind::Commission | Kind::Back)
                && line.days.is_some_and(|(first, last)| {
                    last <= range.to && (basis == PaymentBasis::OpeningAndEarned || first >= range.from)
                })
        };
        let mut chosen: Vec<usize> = open.clone().filter(counts).collect();
        let theirs = self.commissions_of(&chosen);
        let travels = |n: &usize| {
            let line = &self.lines[*n];
            line.kind == Kind::Clawback && line.of.iter().any(|of| theirs.contains(of))
        };
        chosen.extend(open.filter(travels));
        chosen
    }

    /// The commissions that lines would pay.
    pub(super) fn commissions_of(&self, lines: &[usize]) -> Vec<usize> {
        let lines = lines.iter().map(|n| &self.lines[*n]);
        lines.filter(|line| line.kind != Kind::Clawback).flat_map(|line| line.of.iter().copied()).collect()
    }

    pub(super) fn sum(&self, lines: &[usize]) -> Decimal {
        lines.iter().map(|n| self.lines[*n].amount).sum()
    }

    /// Whether less is left than of lines that were chosen, and came to this amount.
    pub(super) fn fell(&self, basis: PaymentBasis, chosen: &[usize], amount: Decimal) -> bool {
        if basis == PaymentBasis::Ending {
            let open = self.lines.iter().filter(|line| line.open);
            return open.map(|line| line.amount).sum::<Decimal>() < amount;
        }
        let theirs = self.commissions_of(chosen);
        (0..self.lines.len()).any(|n| {
            let line = &self.lines[n];
            line.kind == Kind::Clawback && line.open && !chosen.contains(&n) && theirs.contains(&line.of[0])
        })
    }

    pub(super) fn pay(&mut self, day: NaiveDate, id: PaymentId, batch: BatchId, lines: Vec<usize>) {
        let amount = self.sum(&lines);
        self.told.push(format!("{day} payment of {amount} for {} lines", lines.len()));
        for n in &lines {
            self.lines[*n].open = false;
        }
        for n in self.commissions_of(&lines) {
            self.commissions[n].paid = true;
        }
        self.enter(Kind::Payment, day, -amount, Vec::new());
        self.payments.push(Payment { id, batch, amount, lines, stands: true });
    }

    /// Due again, by the days of what it had paid.
    pub(super) fn take_back(&mut self, day: NaiveDate, payment: usize) {
        let Payment { amount, lines, stands, .. } = &mut self.payments[payment];
        *stands = false;
        let (amount, lines) = (*amount, lines.clone());
        self.told.push(format!("{day} payment of {amount} is taken back"));
        let days = lines.iter().filter_map(|n| self.lines[*n].days);
        let days = days.reduce(|(first, last), (from, to)| (first.min(from), last.max(to)));
        let of = self.commissions_of(&lines);
        for n in &of {
            self.commissions[*n].paid = false;
        }
        self.lines.push(Line { kind: Kind::Back, day, amount, of, days, open: true });
    }

    pub(super) fn status(&self, commission: usize) -> CommissionStatus {
        let commission = &self.commissions[commission];
        if commission.taken_back == commission.amount {
            CommissionStatus::Reversed
        } else if commission.held_until.is_some() {
            CommissionStatus::Held
        } else if commission.paid {
            CommissionStatus::Paid
        } else {
            CommissionStatus::Due
        }
    }

    /// The balance before some days; commissions, clawbacks, adjustments and payments in them; the balance after them.
    pub(super) fn figures(&self, range: DayRange) -> [Decimal; 6] {
        let mut figures = [Decimal::ZERO; 6];
        for line in self.lines.iter().filter(|line| line.day <= range.to) {
            let column = match line.kind {
                _ if line.day < range.from => 0,
                Kind::Commission => 1,
                Kind::Clawback => 2,
                Kind::Adjustment => 3,
                Kind::Payment | Kind::Back => 4,
            };
            figures[column] += line.amount;
            figures[5] += line.amount;
        }
        figures
    }

    pub(super) fn payable(&self) -> Decimal {
        self.lines.iter().map(|line| line.amount).sum()
    }

    /// What is held at the end of a day.
    pub(super) fn held(&self, day: NaiveDate) -> Decimal {
        self.holds.iter().filter(|(held, _)| *held <= day).map(|(_, amount)| *amount).sum()
    }

    /// The statements up to the month that is open, the newest first: the month, its figures, and what is held at its end.
    /// Months in which nothing was stand among the others, but not after them.
    pub(super) fn statements(&self, open: NaiveDate) -> Vec<(NaiveDate, [Decimal; 6], Decimal)> {
        let days = || self.lines.iter().map(|line| line.day).chain(self.holds.iter().map(|(day, _)| *day));
        let Some(first) = days().min() else { return Vec::new() };
        let (mut statements, mut listed) = (Vec::new(), 0);
        let mut from = first_of(first);
        while from <= open {
            let next = from + Months::new(1);
            let range = DayRange { from, to: next.pred_opt().expect("a day before") };
            let figures = self.figures(range);
            let began_with = !figures[0].is_zero() || !self.held(from.pred_opt().expect("a day before")).is_zero();
            statements.push((from, figures, self.held(range.to)));
            if began_with || days().any(|day| range.from <= day && day <= range.to) {
                listed = statements.len();
            }
            from = next;
        }
        statements.truncate(listed);
        statements.reverse();
        statements
    }
}
