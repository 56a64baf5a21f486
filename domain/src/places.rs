//! Where a lead is, and the areas that a buyer takes leads of.
//!
//! UK postcodes are read by area (`SW`), district (`SW1A`) and the rest; US ZIP codes by their first three digits; those of
//! other countries by how they begin.

use crate::countries;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Where a lead is, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The country's two letters, or empty.
    pub country: String,
    /// The postcode as it is compared: capital letters and digits alone; may be empty.
    pub postcode: String,
}

impl Place {
    /// What was filled in; a country by its name or letters.
    #[must_use]
    pub fn new(country: &str, postcode: &str) -> Self {
        Self { country: countries::find(country).unwrap_or_default().to_owned(), postcode: plain(postcode) }
    }

    /// The region that the postcode tells, where the country's are known.
    #[must_use]
    pub fn region(&self) -> Option<&'static Region> {
        let regions = regions(&self.country);
        match self.country.as_str() {
            "GB" => {
                let area = outward(&self.postcode)?.0;
                regions.iter().find(|region| region.holds.split(' ').any(|held| held == area))
            }
            "US" => {
                let start: u16 = self.postcode.get(..3)?.parse().ok()?;
                regions.iter().find(|region| region.holds.split(' ').any(|range| is_within(range, start)))
            }
            _ => None,
        }
    }

    /// As people read it: `SW1A 1AA, United Kingdom`.
    #[must_use]
    pub fn words(&self) -> String {
        let parts = [self.postcode.as_str(), countries::name(&self.country)];
        let known: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        if known.is_empty() { "nowhere that is known".to_owned() } else { known.join(", ") }
    }
}

/// A region of a country, by its postcodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// Its code: `CA`; of the UK a word.
    pub code: &'static str,
    /// Its name.
    pub name: &'static str,
    /// UK: its postcode areas. US: the first three digits of its ZIP codes, from and to.
    holds: &'static str,
}

/// The regions of a country that postcodes tell; none where they don't.
#[must_use]
pub fn regions(country: &str) -> &'static [Region] {
    match country {
        "GB" => UK,
        "US" => US,
        _ => &[],
    }
}

/// An area that a buyer takes leads of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Area {
    /// A whole country.
    Country(String),
    /// A region of it, by its code.
    Region(String, String),
    /// What of its postcodes begins so; in the UK an area or a district.
    Postcodes(String, String),
}

impl Area {
    /// Whether a place is in it. A place whose postcode isn't known is in no part of a country.
    #[must_use]
    pub fn holds(&self, place: &Place) -> bool {
        match self {
            Self::Country(country) => *country == place.country,
            Self::Region(country, code) => {
                *country == place.country && place.region().is_some_and(|region| region.code == code)
            }
            Self::Postcodes(country, start) => {
                *country == place.country
                    && match country.as_str() {
                        "GB" => in_district(start, &place.postcode),
                        _ => place.postcode.starts_with(start.as_str()),
                    }
            }
        }
    }

    /// As people read it: `California, United States`.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Country(country) => countries::name(country).to_owned(),
            Self::Region(country, code) => {
                let name = regions(country).iter().find(|region| region.code == code).map_or(code.as_str(), |r| r.name);
                format!("{name}, {}", countries::name(country))
            }
            Self::Postcodes(country, start) => format!("{start}…, {}", countries::name(country)),
        }
    }
}

/// As it is kept and typed: `GB`, `GB/London`, `GB SW1A`.
impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Country(country) => f.write_str(country),
            Self::Region(country, code) => write!(f, "{country}/{code}"),
            Self::Postcodes(country, start) => write!(f, "{country} {start}"),
        }
    }
}

impl From<Area> for String {
    fn from(area: Area) -> Self {
        area.to_string()
    }
}

impl TryFrom<String> for Area {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl FromStr for Area {
    type Err = String;

    /// Reads an area as somebody types it.
    ///
    /// # Errors
    /// What is wrong, in words.
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let unknown = || format!("“{text}” is no area. Write GB, GB/London, US/CA, GB SW1A or US 902.");
        let (country, rest) = match text.split_once(['/', ' ']) {
            Some((country, rest)) => (country, rest.trim()),
            None => (text, ""),
        };
        let country = countries::find(country).ok_or_else(unknown)?.to_owned();
        if rest.is_empty() {
            return Ok(Self::Country(country));
        }
        if text.contains('/') {
            let same = |name: &str| name.eq_ignore_ascii_case(rest);
            let found = regions(&country).iter().find(|region| same(region.code) || same(region.name));
            return found.map(|region| Self::Region(country, region.code.to_owned())).ok_or_else(unknown);
        }
        let start = plain(rest);
        let fits = match country.as_str() {
            "GB" => is_uk_area(&start) || outward_alone(&start),
            "US" => (1..=5).contains(&start.len()) && start.bytes().all(|byte| byte.is_ascii_digit()),
            _ => (1..=10).contains(&start.len()),
        };
        if fits { Ok(Self::Postcodes(country, start)) } else { Err(unknown()) }
    }
}

/// Reads the areas that somebody typed, one a line or between commas; each once, in the order of the alphabet.
///
/// # Errors
/// What is wrong with the first that is none, in words.
pub fn areas(text: &str) -> Result<Vec<Area>, String> {
    let typed = text.split([',', ';', '\n']).map(str::trim).filter(|area| !area.is_empty());
    let mut areas = typed.map(str::parse).collect::<Result<Vec<Area>, String>>()?;
    areas.sort();
    areas.dedup();
    Ok(areas)
}

fn plain(postcode: &str) -> String {
    postcode.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}

fn is_uk_area(text: &str) -> bool {
    (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// Whether it is the first half of a UK postcode, and no more: `SW1`, `SW1A`.
fn outward_alone(text: &str) -> bool {
    let letters = text.bytes().take_while(u8::is_ascii_uppercase).count();
    let rest = &text.as_bytes()[letters..];
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (1..=2).contains(&letters)
        && (1..=2).contains(&digits)
        && match &rest[digits..] {
            [] => true,
            [letter] => letter.is_ascii_uppercase() && digits == 1,
            _ => false,
        }
}

/// The area and the first half of a UK postcode, whole or in part.
fn outward(postcode: &str) -> Option<(&str, &str)> {
    // The second half is a digit and two letters.
    let whole = match postcode.len().checked_sub(3).map(|at| postcode.split_at(at)) {
        Some((first, second)) if outward_alone(first) && is_inward(second) => first,
        _ => postcode,
    };
    let letters = whole.bytes().take_while(u8::is_ascii_uppercase).count();
    ((1..=2).contains(&letters) && (letters == whole.len() || outward_alone(whole))).then(|| (&whole[..letters], whole))
}

fn is_inward(text: &str) -> bool {
    matches!(text.as_bytes(), [a, b, c] if a.is_ascii_digit() && b.is_ascii_uppercase() && c.is_ascii_uppercase())
}

/// Whether a postcode is of a UK area or district. `SW1` holds `SW1A`, and not `SW10`.
fn in_district(district: &str, postcode: &str) -> bool {
    let Some((area, first)) = outward(postcode) else { return false };
    if is_uk_area(district) {
        return area == district;
    }
    match first.strip_prefix(district) {
        Some(rest) => rest.is_empty() || rest.bytes().all(|byte| byte.is_ascii_uppercase()),
        None => false,
    }
}

fn is_within(range: &str, start: u16) -> bool {
    let (from, to) = range.split_once('-').unwrap_or((range, range));
    matches!((from.parse(), to.parse()), (Ok(from), Ok(to)) if (from..=to).contains(&start))
}

const fn region(code: &'static str, name: &'static str, holds: &'static str) -> Region {
    Region { code, name, holds }
}

/// The nations and regions of the UK by the postcode areas that lie in them for the most part.
const UK: &[Region] = &[
    region("EastMidlands", "East Midlands", "DE LE LN NG NN"),
    region("EastOfEngland", "East of England", "AL CB CM CO IP LU NR PE SG SS WD"),
    region("London", "London", "BR CR E EC EN HA IG KT N NW RM SE SM SW TW UB W WC"),
    region("NorthEast", "North East", "DH DL NE SR TS"),
    region("NorthWest", "North West", "BB BL CA CH CW FY L LA M OL PR SK WA WN"),
    region("NorthernIreland", "Northern Ireland", "BT"),
    region("Scotland", "Scotland", "AB DD DG EH FK G HS IV KA KW KY ML PA PH TD ZE"),
    region("SouthEast", "South East", "BN CT DA GU HP ME MK OX PO RG RH SL SO TN"),
    region("SouthWest", "South West", "BA BH BS DT EX GL PL SN SP TA TQ TR"),
    region("Wales", "Wales", "CF LD LL NP SA"),
    region("WestMidlands", "West Midlands", "B CV DY HR ST SY TF WR WS WV"),
    region("Yorkshire", "Yorkshire and the Humber", "BD DN HD HG HU HX LS S WF YO"),
];

/// The states of the US, with the District of Columbia and Puerto Rico, by the first three digits of ZIP codes.
const US: &[Region] = &[
    region("AL", "Alabama", "350-369"),
    region("AK", "Alaska", "995-999"),
    region("AZ", "Arizona", "850-865"),
    region("AR", "Arkansas", "716-729"),
    region("CA", "California", "900-961"),
    region("CO", "Colorado", "800-816"),
    region("CT", "Connecticut", "060-069"),
    region("DE", "Delaware", "197-199"),
    region("DC", "District of Columbia", "200 202-205 569"),
    region("FL", "Florida", "320-339 341-349"),
    region("GA", "Georgia", "300-319 398-399"),
    region("HI", "Hawaii", "967-968"),
    region("ID", "Idaho", "832-838"),
    region("IL", "Illinois", "600-629"),
    region("IN", "Indiana", "460-479"),
    region("IA", "Iowa", "500-528"),
    region("KS", "Kansas", "660-679"),
    region("KY", "Kentucky", "400-427"),
    region("LA", "Louisiana", "700-714"),
    region("ME", "Maine", "039-049"),
    region("MD", "Maryland", "206-219"),
    region("MA", "Massachusetts", "010-027 055"),
    region("MI", "Michigan", "480-499"),
    region("MN", "Minnesota", "550-567"),
    region("MS", "Mississippi", "386-397"),
    region("MO", "Missouri", "630-658"),
    region("MT", "Montana", "590-599"),
    region("NE", "Nebraska", "680-693"),
    region("NV", "Nevada", "889-898"),
    region("NH", "New Hampshire", "030-038"),
    region("NJ", "New Jersey", "070-089"),
    region("NM", "New Mexico", "870-884"),
    region("NY", "New York", "005 100-149"),
    region("NC", "North Carolina", "270-289"),
    region("ND", "North Dakota", "580-588"),
    region("OH", "Ohio", "430-459"),
    region("OK", "Oklahoma", "730-732 734-749"),
    region("OR", "Oregon", "970-979"),
    region("PA", "Pennsylvania", "150-196"),
    region("PR", "Puerto Rico", "006-007 009"),
    region("RI", "Rhode Island", "028-029"),
    region("SC", "South Carolina", "290-299"),
    region("SD", "South Dakota", "570-577"),
    region("TN", "Tennessee", "370-385"),
    region("TX", "Texas", "733 750-799 885"),
    region("UT", "Utah", "840-847"),
    region("VT", "Vermont", "050-054 056-059"),
    region("VA", "Virginia", "201 220-246"),
    region("WA", "Washington", "980-994"),
    region("WV", "West Virginia", "247-268"),
    region("WI", "Wisconsin", "530-549"),
    region("WY", "Wyoming", "820-831"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn holds(area: &str, country: &str, postcode: &str) -> bool {
        area.parse::<Area>().expect(area).holds(&Place::new(country, postcode))
    }

    #[test]
    fn a_district_is_not_the_next_one_s() {
        assert!(holds("GB", "GB", "") && !holds("GB", "IE", "D02 X285"));
        assert!(holds("GB SW", "United Kingdom", "sw1a 1aa") && !holds("GB S", "GB", "SW1A 1AA"));
        assert!(holds("GB SW1", "GB", "SW1A 1AA") && holds("gb sw1a", "GB", "SW1A1AA"));
        assert!(!holds("GB SW1", "GB", "SW10 9AA") && !holds("GB SW1B", "GB", "SW1A 1AA"));
        assert!(holds("GB M1", "GB", "M1 1AE") && !holds("GB M1", "GB", "M11 1AA") && !holds("GB M1", "GB", "ME1 1AA"));
        assert!(holds("GB SW10", "GB", "SW10"), "the first half alone");
        assert!(!holds("GB SW1", "GB", "") && !holds("GB SW1", "GB", "12345") && !holds("GB SW1", "US", "SW1A 1AA"));
        assert!(holds("US 902", "US", "90210-1234") && !holds("US 902", "US", "90310"));
        assert!(holds("DE 10", "Germany", "10115") && !holds("DE 10", "DE", "20115"));
    }

    #[test]
    fn regions_are_told_by_the_postcode() {
        let region = |country, postcode| Place::new(country, postcode).region().map(|region| region.code);
        assert_eq!(region("GB", "EH1 1YZ"), Some("Scotland"));
        assert_eq!(region("GB", "E1 6AN"), Some("London"));
        assert_eq!(region("GB", "XX1 1AA"), None);
        assert_eq!(
            (region("US", "90210"), region("US", "00501"), region("US", "05501")),
            (Some("CA"), Some("NY"), Some("MA"))
        );
        assert_eq!((region("US", "73301"), region("US", "9"), region("DE", "10115")), (Some("TX"), None, None));
        assert!(
            holds("US/California", "US", "90210") && holds("us/ca", "US", "90210") && !holds("US/NV", "US", "90210")
        );
        assert!(holds("GB/Yorkshire and the Humber", "GB", "LS1 4AP"));
    }

    #[test]
    fn what_is_no_area_says_what_one_is() {
        for wrong in ["Nowhere", "GB/Atlantis", "GB 12", "GB SW1A1AA", "US 902101", "US abc", "DE /", "GB SW1 x/y"] {
            let told = wrong.parse::<Area>().expect_err(wrong);
            assert!(told.contains("GB/London"), "{told}");
        }
        let read = areas("gb sw1a, US/CA\n\nGB SW1A;DE").expect("areas");
        assert_eq!(read.iter().map(Area::to_string).collect::<Vec<_>>(), ["DE", "US/CA", "GB SW1A"]);
        assert_eq!(
            read.iter().map(Area::words).collect::<Vec<_>>()[1..],
            ["California, United States", "SW1A…, United Kingdom"]
        );
    }

    #[test]
    fn no_postcode_is_of_two_regions() {
        let areas: Vec<&str> = UK.iter().flat_map(|region| region.holds.split(' ')).collect();
        assert_eq!(
            (areas.len(), areas.iter().collect::<BTreeSet<_>>().len()),
            (121, 121),
            "all but those of the islands"
        );
        for start in 0..1000 {
            let of = |region: &&Region| region.holds.split(' ').any(|range| is_within(range, start));
            assert!(US.iter().filter(of).count() <= 1, "{start}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_typed_an_area_comes_back_as_it_was(text in "(GB|US|DE|FR)?[ /]?[A-Za-z0-9 ]{0,6}", postcode in "\\PC{0,10}") {
            if let Ok(area) = text.parse::<Area>() {
                prop_assert_eq!(area.to_string().parse::<Area>(), Ok(area.clone()));
                // A part of a country holds nothing that the country doesn't.
                let country = area.to_string()[..2].to_owned();
                let place = Place::new(&country, &postcode);
                prop_assert!(!area.holds(&place) || Area::Country(country).holds(&place));
            }
        }
    }
}
