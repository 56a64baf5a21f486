use super::{JournalKind, LedgerAccount};
use crate::ids::{EntryId, JournalId};
use crate::money::Money;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// What every account of a program came to at an instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrialBalance {
    /// What was posted before this instant counts, UTC; `None`: all that is posted.
    pub before: Option<DateTime<Utc>>,
    /// Every account.
    pub accounts: Vec<AccountBalance>,
    /// Their sum: zero, since every journal sums to zero.
    pub sum: Money,
    /// What is owed to partners and due: their balances above zero.
    pub owed: Money,
    /// What partners owe, which is carried forward: their balances below zero, as a figure above it.
    pub carried: Money,
    /// What is owed, less what is carried forward, and what is held: all of it.
    pub liability: Money,
}

impl TrialBalance {
    /// What an account came to.
    #[must_use]
    pub fn of(&self, account: LedgerAccount) -> Money {
        let found = self.accounts.iter().find(|line| line.account == account);
        found.map_or(Money::new(Decimal::ZERO, self.sum.currency), |line| line.balance)
    }

    /// What debits and credits come to.
    #[must_use]
    pub fn totals(&self) -> (Money, Money) {
        let sum = |side: fn(Money) -> Option<Money>| {
            let amounts = self.accounts.iter().filter_map(|line| side(line.balance));
            Money::new(amounts.map(|money| money.amount).sum(), self.sum.currency)
        };
        (sum(debit), sum(credit))
    }
}

/// What an account came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountBalance {
    /// Which.
    pub account: LedgerAccount,
    /// Above zero: a credit; below: a debit.
    pub balance: Money,
}

/// As a debit, where it is one: what was taken from an account.
#[must_use]
pub fn debit(amount: Money) -> Option<Money> {
    (amount.amount < Decimal::ZERO).then(|| amount.negated())
}

/// As a credit, where it is one: what was added to an account.
#[must_use]
pub fn credit(amount: Money) -> Option<Money> {
    (amount.amount > Decimal::ZERO).then_some(amount)
}

/// An entry of the journal, for a bookkeeping system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalLine {
    /// Its id.
    pub id: EntryId,
    /// When it was posted, UTC.
    pub posted_at: DateTime<Utc>,
    /// The program's day of that.
    pub day: NaiveDate,
    /// Its journal: its entries sum to zero.
    pub journal: JournalId,
    /// What the journal records.
    pub kind: JournalKind,
    /// Which account.
    pub account: LedgerAccount,
    /// Above zero: a credit; below: a debit.
    pub amount: Money,
    /// What people know it by: the batch, the event at the company, else the journal's id.
    pub reference: String,
    /// The code of the partner behind it; empty where there is none.
    pub partner_code: String,
}

/// What the journals of one kind moved in an account on one day, debits and credits each by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalDay {
    /// The program's day.
    pub day: NaiveDate,
    /// What the journals record.
    pub kind: JournalKind,
    /// Which account.
    pub account: LedgerAccount,
    /// Above zero: credits; below: debits.
    pub amount: Money,
    /// How many entries these are.
    pub entries: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_a_debit_and_what_is_added_a_credit() {
        let money = |amount: i64| Money::new(amount.into(), "EUR".parse().expect("currency"));
        let line = |account, amount| AccountBalance { account, balance: money(amount) };
        let balance = TrialBalance {
            before: None,
            accounts: vec![
                line(LedgerAccount::Held, 30),
                line(LedgerAccount::Payable, -5),
                line(LedgerAccount::CommissionExpense, -125),
                line(LedgerAccount::PaidOut, 100),
                line(LedgerAccount::OpeningBalances, 0),
            ],
            sum: money(0),
            owed: money(5),
            carried: money(10),
            liability: money(25),
        };
        assert_eq!(balance.totals(), (money(130), money(130)));
        assert_eq!(balance.of(LedgerAccount::Payable), money(-5));
        assert_eq!((debit(money(0)), credit(money(0))), (None, None));
    }
}
