//! The time zones that can be chosen. The table stays on the server: pages are sent names.

use chrono::{DateTime, Offset, TimeZone, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};

/// The areas whose cities name a zone; the rest are abbreviations, countries and fixed offsets of old.
const AREAS: [&str; 10] =
    ["Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"];

/// Names within the areas that others have replaced: what the table has and the list of zones by country (`zone.tab`) has
/// not.
const REPLACED: &str = "Africa/Asmera Africa/Timbuktu America/Argentina/ComodRivadavia America/Atka \
    America/Buenos_Aires America/Catamarca America/Coral_Harbour America/Cordoba America/Ensenada America/Fort_Wayne \
    America/Godthab America/Indianapolis America/Jujuy America/Knox_IN America/Louisville America/Mendoza \
    America/Montreal America/Nipigon America/Pangnirtung America/Porto_Acre America/Rainy_River America/Rosario \
    America/Santa_Isabel America/Shiprock America/Thunder_Bay America/Virgin America/Yellowknife \
    Antarctica/South_Pole Asia/Ashkhabad Asia/Calcutta Asia/Choibalsan Asia/Chongqing Asia/Chungking Asia/Dacca \
    Asia/Harbin Asia/Istanbul Asia/Kashgar Asia/Katmandu Asia/Macao Asia/Rangoon Asia/Saigon Asia/Tel_Aviv Asia/Thimbu \
    Asia/Ujung_Pandang Asia/Ulan_Bator Atlantic/Faeroe Atlantic/Jan_Mayen Australia/ACT Australia/Canberra \
    Australia/Currie Australia/LHI Australia/NSW Australia/North Australia/Queensland Australia/South \
    Australia/Tasmania Australia/Victoria Australia/West Australia/Yancowinna Europe/Belfast Europe/Kiev \
    Europe/Nicosia Europe/Tiraspol Europe/Uzhgorod Europe/Zaporozhye Pacific/Enderbury Pacific/Johnston \
    Pacific/Ponape Pacific/Samoa Pacific/Truk Pacific/Yap";

/// UTC, then the zones of cities.
fn time_zones() -> Vec<&'static str> {
    let of_a_city = |name: &&str| {
        name.split_once('/').is_some_and(|(area, _)| AREAS.contains(&area))
            && !REPLACED.split(' ').any(|replaced| replaced == *name)
    };
    let cities = TZ_VARIANTS.iter().map(|zone| zone.name()).filter(of_a_city);
    std::iter::once("UTC").chain(cities).collect()
}

/// The names of the time zones, each with the words by which it is chosen: `Europe/Berlin (UTC+1)` at an instant in
/// winter; `present` too, where it is none that is offered.
#[must_use]
pub fn time_zone_choices(at: DateTime<Utc>, present: Option<&str>) -> Vec<(String, String)> {
    let mut zones: Vec<&str> = time_zones();
    if let Some(present) = present.filter(|present| !zones.contains(present)) {
        zones.insert(0, present);
    }
    zones.into_iter().map(|zone| (zone.to_owned(), words(zone, at))).collect()
}

fn words(zone: &str, at: DateTime<Utc>) -> String {
    let name = zone.replace('_', " ");
    let Ok(zone) = zone.parse::<Tz>() else { return name };
    let seconds = zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc();
    let (hours, minutes) = (seconds.abs() / 3_600, seconds.abs() / 60 % 60);
    let sign = if seconds < 0 { '\u{2212}' } else { '+' };
    match (seconds, minutes) {
        (0, _) if name == "UTC" => name,
        (0, _) => format!("{name} (UTC)"),
        (_, 0) => format!("{name} (UTC{sign}{hours})"),
        _ => format!("{name} (UTC{sign}{hours}:{minutes:02})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_those_of_cities() {
        let zones = time_zones();
        assert_eq!(zones[0], "UTC");
        for zone in
            ["Europe/Berlin", "America/Argentina/Buenos_Aires", "Asia/Kolkata", "Europe/Kyiv", "Asia/Ho_Chi_Minh"]
        {
            assert!(zones.contains(&zone), "{zone}");
        }
        for zone in ["Navajo", "GB", "Etc/GMT+3", "EST", "US/Eastern", "Asia/Calcutta", "Europe/Kiev"] {
            assert!(!zones.contains(&zone), "{zone}");
            assert!(zone.parse::<Tz>().is_ok(), "{zone} still counts where it was chosen");
        }
        let known = |name: &str| name.parse::<Tz>().is_ok();
        assert!(REPLACED.split(' ').all(known), "each is in the table");
    }

    #[test]
    fn a_zone_is_chosen_by_name_and_offset() {
        let winter = "2026-11-20T12:00:00Z".parse().expect("instant");
        let told = |zone: &str| words(zone, winter);
        assert_eq!(told("UTC"), "UTC");
        assert_eq!(told("Europe/London"), "Europe/London (UTC)");
        assert_eq!(told("Europe/Berlin"), "Europe/Berlin (UTC+1)");
        assert_eq!(told("Asia/Kolkata"), "Asia/Kolkata (UTC+5:30)");
        assert_eq!(told("America/New_York"), "America/New York (UTC\u{2212}5)");
        assert_eq!(told("America/St_Johns"), "America/St Johns (UTC\u{2212}3:30)");
        let choices = time_zone_choices(winter, Some("Asia/Calcutta"));
        assert_eq!(choices[0], ("Asia/Calcutta".to_owned(), "Asia/Calcutta (UTC+5:30)".to_owned()));
        assert_eq!(choices.len(), time_zones().len() + 1);
        assert_eq!(time_zone_choices(winter, Some("Asia/Kolkata")).len(), time_zones().len());
    }
}
