//! Amounts of money: decimals with a currency, never floats.

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

/// The largest amount accepted anywhere: 10^12.
pub const MAX_AMOUNT: Decimal = Decimal::from_parts(3_567_587_328, 232, 0, false, 0);

/// An ISO 4217 currency code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, example = "EUR"))]
pub struct Currency([u8; 3]);

/// A text that is not the code of a currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an ISO 4217 currency code")]
pub struct NotACurrency;

/// The active ISO 4217 codes whose minor unit is not a hundredth, with their number of decimals.
const MINOR_UNITS: &[(&str, u32)] = &[
    ("BHD", 3),
    ("BIF", 0),
    ("CLP", 0),
    ("DJF", 0),
    ("GNF", 0),
    ("IQD", 3),
    ("ISK", 0),
    ("JOD", 3),
    ("JPY", 0),
    ("KMF", 0),
    ("KRW", 0),
    ("KWD", 3),
    ("LYD", 3),
    ("OMR", 3),
    ("PYG", 0),
    ("RWF", 0),
    ("TND", 3),
    ("UGX", 0),
    ("VND", 0),
    ("VUV", 0),
    ("XAF", 0),
    ("XOF", 0),
    ("XPF", 0),
];

/// The active ISO 4217 codes with two decimals.
const HUNDREDTHS: &str = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF \
    CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR \
    ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR \
    MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP \
    STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD YER ZAR ZMW ZWG";

impl Currency {
    /// The three letters.
    #[must_use]
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }

    /// How many decimals its minor unit has: 2 for EUR, 0 for JPY, 3 for KWD.
    #[must_use]
    pub fn decimals(self) -> u32 {
        MINOR_UNITS.iter().find(|(code, _)| *code == self.code()).map_or(2, |(_, decimals)| *decimals)
    }

    /// The sign written before an amount, where people know one; else the code and a space.
    #[must_use]
    pub fn sign(self) -> String {
        match self.code() {
            "USD" => "$".into(),
            "EUR" => "€".into(),
            "GBP" => "£".into(),
            "JPY" => "¥".into(),
            "INR" => "₹".into(),
            code => format!("{code}\u{a0}"),
        }
    }

    /// Rounds half up (away from zero) to the minor unit: once, where an amount becomes one that someone is owed.
    #[must_use]
    pub fn round(self, amount: Decimal) -> Decimal {
        let mut rounded = amount.round_dp_with_strategy(self.decimals(), RoundingStrategy::MidpointAwayFromZero);
        rounded.rescale(self.decimals());
        rounded
    }
}

impl std::str::FromStr for Currency {
    type Err = NotACurrency;

    fn from_str(code: &str) -> Result<Self, NotACurrency> {
        let known =
            MINOR_UNITS.iter().any(|(known, _)| *known == code) || HUNDREDTHS.split(' ').any(|known| known == code);
        match <[u8; 3]>::try_from(code.as_bytes()) {
            Ok(letters) if known => Ok(Self(letters)),
            _ => Err(NotACurrency),
        }
    }
}

impl TryFrom<String> for Currency {
    type Error = NotACurrency;
    fn try_from(code: String) -> Result<Self, NotACurrency> {
        code.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

impl std::fmt::Display for Currency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

impl std::fmt::Debug for Currency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(feature = "sqlx")]
impl sqlx::Type<sqlx::Postgres> for Currency {
    fn type_info() -> sqlx::postgres::PgTypeInfo {
        <String as sqlx::Type<sqlx::Postgres>>::type_info()
    }
    fn compatible(ty: &sqlx::postgres::PgTypeInfo) -> bool {
        <String as sqlx::Type<sqlx::Postgres>>::compatible(ty)
    }
}

#[cfg(feature = "sqlx")]
impl<'q> sqlx::Encode<'q, sqlx::Postgres> for Currency {
    fn encode_by_ref(
        &self,
        buf: &mut sqlx::postgres::PgArgumentBuffer,
    ) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
        <String as sqlx::Encode<sqlx::Postgres>>::encode_by_ref(&self.code().to_owned(), buf)
    }
}

#[cfg(feature = "sqlx")]
impl<'r> sqlx::Decode<'r, sqlx::Postgres> for Currency {
    fn decode(value: sqlx::postgres::PgValueRef<'r>) -> Result<Self, sqlx::error::BoxDynError> {
        Ok(<String as sqlx::Decode<sqlx::Postgres>>::decode(value)?.parse()?)
    }
}

/// An amount in a currency. Its JSON form writes the amount as a string with the currency's decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    /// How much, in the currency's major unit.
    pub amount: Decimal,
    /// In which currency.
    pub currency: Currency,
}

impl Money {
    /// An amount in a currency.
    #[must_use]
    pub fn new(amount: Decimal, currency: Currency) -> Self {
        Self { amount, currency }
    }

    /// The same taken off, or given back; nothing stays nothing, without a minus sign.
    #[must_use]
    pub fn negated(self) -> Self {
        Self { amount: Decimal::ZERO - self.amount, currency: self.currency }
    }

    /// Checks an amount that somebody reports: above zero, at most 10^12, no finer than the minor unit.
    ///
    /// # Errors
    /// What is wrong, in words for the person who sent it.
    pub fn check_reported(self) -> Result<(), String> {
        if self.amount <= Decimal::ZERO {
            return Err("Must be above zero.".into());
        }
        check_limit(self.amount, self.currency)
    }
}

/// Checks a limit that somebody sets: from zero up, at most 10^12, no finer than the minor unit.
///
/// # Errors
/// What is wrong, in words for the person who sent it.
pub fn check_limit(amount: Decimal, currency: Currency) -> Result<(), String> {
    if amount < Decimal::ZERO {
        return Err("Use an amount from 0 up.".into());
    }
    if amount > MAX_AMOUNT {
        return Err(format!("Use at most {} {currency}.", grouped(currency.round(MAX_AMOUNT))));
    }
    if amount.normalize().scale() > currency.decimals() {
        return Err(format!("{currency} has {} decimals.", currency.decimals()));
    }
    Ok(())
}

/// A number with separators between thousands: `1,284.50`, `−12`.
#[must_use]
pub fn grouped_decimal(number: Decimal) -> String {
    let minus = if number.is_sign_negative() { "\u{2212}" } else { "" };
    format!("{minus}{}", grouped(number.abs()))
}

/// An amount above zero with separators between thousands: `1,284.50`.
fn grouped(amount: Decimal) -> String {
    let plain = amount.to_string();
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let digits = whole.len();
    let mut grouped = String::with_capacity(digits + digits / 3);
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (digits - i) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{grouped}{point}{fraction}")
}

impl std::fmt::Display for Money {
    /// As people read it: `$1,284.50`, `−€12.00`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let negative = self.amount.is_sign_negative() && !self.currency.round(self.amount).is_zero();
        let minus = if negative { "\u{2212}" } else { "" };
        write!(f, "{minus}{}{}", self.currency.sign(), grouped(self.currency.round(self.amount.abs())))
    }
}

/// How amounts come in by JSON: as text (`"49.00"`), never as a number, which many languages keep as a float. Written
/// without needless zeros, so that equal amounts are equal as text.
pub mod amount_text {
    use rust_decimal::Decimal;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// Reads a decimal number: digits, one point, a minus sign; nothing that would have to be rounded.
    ///
    /// # Errors
    /// Anything else.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
        parse(&String::deserialize(deserializer)?).ok_or_else(|| serde::de::Error::custom(WRONG))
    }

    /// Writes it as text.
    ///
    /// # Errors
    /// The serializer's.
    pub fn serialize<S: Serializer>(amount: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
        amount.normalize().to_string().serialize(serializer)
    }

    const WRONG: &str = "must be a decimal number as text, such as \"49.00\"";

    fn parse(text: &str) -> Option<Decimal> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let plain = digits.starts_with(|c: char| c.is_ascii_digit())
            && digits.chars().all(|c| c.is_ascii_digit() || c == '.')
            && !digits.ends_with('.');
        if plain { Decimal::from_str_exact(text).ok() } else { None }
    }

    /// The same for amounts that may be left out.
    pub mod option {
        use rust_decimal::Decimal;
        use serde::{Deserialize, Deserializer, Serialize, Serializer};

        /// Reads a decimal number or null.
        ///
        /// # Errors
        /// Anything else.
        pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
            let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
            super::parse(&text).map(Some).ok_or_else(|| serde::de::Error::custom(super::WRONG))
        }

        /// Writes it as text or null.
        ///
        /// # Errors
        /// The serializer's.
        pub fn serialize<S: Serializer>(amount: &Option<Decimal>, serializer: S) -> Result<S::Ok, S::Error> {
            amount.map(|amount| amount.normalize().to_string()).serialize(serializer)
        }
    }
}

/// A percentage as people read it: no needless zeros (`30%`, `12.5%`).
#[must_use]
pub fn percent(rate: Decimal) -> String {
    format!("{}%", rate.normalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn money(amount: &str, currency: &str) -> Money {
        Money::new(amount.parse().expect("decimal"), currency.parse().expect("currency"))
    }

    #[test]
    fn max_amount_is_ten_to_the_twelfth() {
        assert_eq!(MAX_AMOUNT, Decimal::from(1_000_000_000_000_i64));
    }

    #[test]
    fn amounts_read_as_people_write_them() {
        assert_eq!(money("1284.5", "USD").to_string(), "$1,284.50");
        assert_eq!(money("-12", "EUR").to_string(), "\u{2212}€12.00");
        assert_eq!(money("1234567", "JPY").to_string(), "¥1,234,567");
        assert_eq!(money("0.0005", "KWD").to_string(), "KWD\u{a0}0.001");
        assert_eq!(money("-0.001", "USD").to_string(), "$0.00");
    }

    #[test]
    fn reported_amounts_are_refused() {
        for (amount, currency) in
            [("0", "EUR"), ("-1", "EUR"), ("1.001", "EUR"), ("1.5", "JPY"), ("1000000000000.01", "EUR")]
        {
            assert!(money(amount, currency).check_reported().is_err(), "{amount} {currency}");
        }
        let large = money("1000000000000.01", "EUR").check_reported();
        assert_eq!(large.expect_err("too large"), "Use at most 1,000,000,000,000.00 EUR.");
        let large = money("1000000000001", "JPY").check_reported();
        assert_eq!(large.expect_err("too large"), "Use at most 1,000,000,000,000 JPY.");
        assert!(money("49.00", "EUR").check_reported().is_ok());
        assert!(money("49.000", "EUR").check_reported().is_ok());
        assert!(money("1000000000000", "EUR").check_reported().is_ok());
    }

    #[test]
    fn limits_are_refused_in_words() {
        let told = |amount: &str| {
            let Money { amount, currency } = money(amount, "EUR");
            check_limit(amount, currency).err().unwrap_or_default()
        };
        assert_eq!(told("-1"), "Use an amount from 0 up.");
        assert_eq!(told("1.001"), "EUR has 2 decimals.");
        assert_eq!(told("1000000000001"), "Use at most 1,000,000,000,000.00 EUR.");
        assert_eq!((told("0"), told("1000000000000.00")), (String::new(), String::new()));
    }

    proptest! {
        #[test]
        fn rounding_moves_at_most_half_a_minor_unit(mantissa in -1_000_000_000_000_i64..1_000_000_000_000, scale in 0_u32..10) {
            let amount = Decimal::new(mantissa, scale);
            for code in ["EUR", "JPY", "KWD"] {
                let currency: Currency = code.parse().expect("currency");
                let off = (currency.round(amount) - amount).abs();
                prop_assert!(off <= Decimal::new(5, currency.decimals() + 1));
            }
        }
    }
}
