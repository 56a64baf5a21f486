//! What every report and list starts from: the program's currency and zone, who asks, and where a page begins.

use crate::ledger::first_instant;
use crate::{Error, Result};
use chrono::{DateTime, NaiveDate, Utc};
use domain::accounts::{Actor, Power};
use domain::ids::{CustomerId, EnrollmentId, ProgramId};
use domain::money::{Currency, Money};
use domain::page::{Page, Paging};
use domain::programs::Program;
use domain::reports::{CustomerName, Order};
use domain::text::{FieldError, email_masked};
use domain::time::check_day;
use rust_decimal::Decimal;
use sqlx::{Connection, PgConnection, Postgres, Transaction};
use uuid::Uuid;

/// The program as reports need it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    pub program: ProgramId,
    pub currency: Currency,
    pub zone: chrono_tz::Tz,
    /// Whether partners see customers masked.
    pub masks: bool,
}

impl Setting {
    /// Reads the program that is acted in.
    pub async fn of(conn: &mut PgConnection, actor: &Actor) -> Result<Self> {
        let program = actor.program();
        let row = sqlx::query!(
            r#"select currency as "currency: Currency", time_zone, mask_customers from programs where id = $1"#,
            program as ProgramId
        )
        .fetch_optional(conn)
        .await?
        .ok_or(Error::NotFound("program"))?;
        Ok(Self { program, currency: row.currency, zone: zone(&row.time_zone)?, masks: row.mask_customers })
    }

    /// The program's day of an instant.
    pub fn day(&self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&self.zone).date_naive()
    }

    /// The first instant of a day.
    pub fn start(&self, day: NaiveDate) -> Result<DateTime<Utc>> {
        first_instant(self.zone, day)
    }

    /// The first instant after a day.
    pub fn end(&self, day: NaiveDate) -> Result<DateTime<Utc>> {
        self.start(day.succ_opt().unwrap_or(day))
    }

    /// The instants between which the days of a filter lie: from the first on, and before the second.
    pub fn instants(&self, from: Option<NaiveDate>, to: Option<NaiveDate>) -> Result<Instants> {
        check_days(from, to)?;
        Ok((from.map(|day| self.start(day)).transpose()?, to.map(|day| self.end(day)).transpose()?))
    }

    /// An amount in the program's currency.
    pub fn money(&self, amount: Decimal) -> Money {
        Money::new(amount, self.currency)
    }
}

/// Checks the days of a filter.
pub(crate) fn check_days(from: Option<NaiveDate>, to: Option<NaiveDate>) -> Result<()> {
    let wrong = |(field, day): (&str, Option<NaiveDate>)| Some(FieldError::new(field, check_day(day?).err()?));
    let errors: Vec<_> = [("from", from), ("to", to)].into_iter().filter_map(wrong).collect();
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}

/// From the first on, and before the second; either may be open.
pub type Instants = (Option<DateTime<Utc>>, Option<DateTime<Utc>>);

/// A program's day of an instant.
///
/// # Errors
/// `Internal` where its time zone is unknown.
pub fn day(program: &Program, at: DateTime<Utc>) -> Result<NaiveDate> {
    Ok(at.with_timezone(&zone(&program.time_zone)?).date_naive())
}

/// A time zone by its IANA name.
pub(super) fn zone(name: &str) -> Result<chrono_tz::Tz> {
    name.parse().map_err(Error::internal)
}

/// Whose rows are seen: `None` for all of the program.
pub(crate) fn own(actor: &Actor) -> Result<Option<EnrollmentId>> {
    match actor {
        Actor::Partner { enrollment, .. } | Actor::OnBehalf { enrollment, .. } => Ok(Some(*enrollment)),
        // The server has checked the key's scope.
        Actor::Key { .. } => Ok(None),
        _ if actor.may(Power::View) => Ok(None),
        _ => Err(Error::Forbidden),
    }
}

/// A transaction to read in that plans each statement for its own filter, so that a filter that is not given costs
/// nothing and one that is finds its index.
pub(crate) async fn planned(conn: &mut PgConnection) -> Result<Transaction<'_, Postgres>> {
    let mut conn = conn.begin().await?;
    sqlx::query!("select set_config('plan_cache_mode', 'force_custom_plan', true)").fetch_one(&mut *conn).await?;
    Ok(conn)
}

/// The start of a list: whose rows, read in a transaction of its own.
pub(crate) struct Listing<'c> {
    pub conn: Transaction<'c, Postgres>,
    pub setting: Setting,
    /// Whether a partner asks, who sees nothing but its own.
    pub of_partner: bool,
    /// Whether customers are masked.
    pub masked: bool,
    /// The one partner whose rows are asked for, if one is.
    pub partner: Option<EnrollmentId>,
}

/// Starts a list: resolves the asker and the partner code. A code that nobody has, or another partner's, finds no row.
pub(crate) async fn listing<'c>(
    conn: &'c mut PgConnection,
    actor: &Actor,
    partner_code: Option<&str>,
) -> Result<Listing<'c>> {
    let own = own(actor)?;
    let mut conn = planned(conn).await?;
    let setting = Setting::of(&mut conn, actor).await?;
    let partner = match partner_code.map(str::trim).filter(|code| !code.is_empty()) {
        None => own,
        Some(code) => match crate::partners::find_by_code(&mut conn, actor, code).await {
            Ok(partner) => Some(partner.id),
            Err(Error::NotFound(_)) => Some(EnrollmentId(Uuid::nil())),
            Err(error) => return Err(error),
        },
    };
    let of_partner = own.is_some();
    Ok(Listing { conn, setting, of_partner, masked: of_partner && setting.masks, partner })
}

impl Listing<'_> {
    /// A customer as the asker may see it.
    pub fn customer(&self, id: CustomerId, external_id: String, email: &str, name: &str) -> CustomerName {
        customer_name(self.masked, id, external_id, email, name)
    }
}

/// A customer by its e-mail, else its name, else its external id; masked for partners.
pub(super) fn customer_name(
    masked: bool,
    id: CustomerId,
    external_id: String,
    email: &str,
    name: &str,
) -> CustomerName {
    if masked {
        return CustomerName { id, external_id: String::new(), label: email_masked(email) };
    }
    let label = [email, name].into_iter().find(|text| !text.is_empty()).unwrap_or(&external_id).to_owned();
    CustomerName { id, external_id, label }
}

/// A pattern that finds a text anywhere; `None` for an empty search.
pub(crate) fn like(search: Option<&str>) -> Option<String> {
    // Postgres takes no NUL; nothing that is sought holds one.
    let text = search?.replace('\0', "");
    let text = text.trim();
    let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    (!text.is_empty()).then(|| format!("%{escaped}%"))
}

/// What a list is ordered by, and so what its cursors hold beside the id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    Time,
    Amount,
    /// Nothing: the ids grow with time.
    Id,
}

impl From<Order> for Key {
    fn from(order: Order) -> Self {
        if order == Order::Largest { Self::Amount } else { Self::Time }
    }
}

/// Where a page begins: after the row with this key (a time or an amount) and id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub at: Option<DateTime<Utc>>,
    pub amount: Option<Decimal>,
    pub id: Uuid,
}

impl Cursor {
    /// A cursor by time.
    pub fn at(at: DateTime<Utc>, id: Uuid) -> Self {
        Self { at: Some(at), amount: None, id }
    }

    /// A cursor by amount.
    pub fn amount(amount: Decimal, id: Uuid) -> Self {
        Self { at: None, amount: Some(amount), id }
    }

    /// Reads the cursor of a request for a list by `key`.
    pub fn read(paging: &Paging, key: Key) -> Result<Option<Self>> {
        let Some(text) = paging.cursor.as_deref().filter(|text| !text.is_empty()) else { return Ok(None) };
        let parse = || {
            let (text, id) = text.split_once('_')?;
            let id = id.parse().ok()?;
            match (key, text.strip_prefix('a')) {
                (Key::Amount, Some(amount)) => Some(Self::amount(amount.parse().ok()?, id)),
                (Key::Time | Key::Id, None) => {
                    let at = DateTime::from_timestamp_micros(text.parse().ok()?)?;
                    // A list by ids alone answers the epoch for a time.
                    let ours =
                        if key == Key::Id { at == DateTime::UNIX_EPOCH } else { check_day(at.date_naive()).is_ok() };
                    ours.then(|| Self::at(at, id))
                }
                _ => None,
            }
        };
        parse().map(Some).ok_or_else(|| {
            Error::field("cursor", "There is no such page: take the cursor from an answer, or begin without.")
        })
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.amount, self.at) {
            (Some(amount), _) => write!(f, "a{amount}_{}", self.id),
            (None, at) => write!(f, "{}_{}", at.unwrap_or_default().timestamp_micros(), self.id),
        }
    }
}

/// A page of rows of which one more than asked for was read, to know whether there are more.
pub(crate) fn page<T>(rows: Vec<T>, paging: &Paging, cursor: impl Fn(&T) -> Cursor) -> Page<T> {
    Page::cut(rows, paging, |row| cursor(row).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_come_back_as_they_went() {
        let at = DateTime::from_timestamp_micros(1_800_000_000_123_456);
        let id = Uuid::from_u128(7);
        let cursors = [
            (Key::Time, Cursor::at(at.expect("instant"), id)),
            (Key::Amount, Cursor::amount(Decimal::new(-1250, 2), id)),
            (Key::Id, Cursor::at(DateTime::UNIX_EPOCH, id)),
        ];
        for (key, cursor) in cursors {
            let paging = Paging { cursor: Some(cursor.to_string()), limit: None };
            assert_eq!(Cursor::read(&paging, key).expect("readable"), Some(cursor));
            for other in cursors.map(|(other, _)| other).into_iter().filter(|other| *other != key) {
                assert!(matches!(Cursor::read(&paging, other), Err(Error::Invalid(_))), "{key:?} as {other:?}");
            }
        }
        let nil = Uuid::nil();
        // 1969, -9999, -262143 and +262142.
        let absurd = [-1, -377_705_023_201_000_000, -8_334_601_228_800_000_000, 8_210_266_790_400_000_000_i64];
        let absurd = absurd.map(|micros| format!("{micros}_{nil}"));
        let bad = ["x", "1_2", "a1_x", "'; drop table sales_", &format!("99999999999999999999_{nil}")];
        for bad in bad.into_iter().chain(absurd.iter().map(String::as_str)) {
            let paging = Paging { cursor: Some(bad.into()), limit: None };
            for key in [Key::Time, Key::Amount, Key::Id] {
                assert!(matches!(Cursor::read(&paging, key), Err(Error::Invalid(_))), "{bad}");
            }
        }
    }

    #[test]
    fn a_search_is_no_pattern() {
        assert_eq!(like(Some(" 50%_\\ ")).as_deref(), Some("%50\\%\\_\\\\%"));
        assert_eq!(like(Some("a\0b")).as_deref(), Some("%ab%"));
        assert_eq!(like(Some("  ")), None);
    }
}
