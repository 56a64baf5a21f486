//! Countries by their ISO 3166 codes, with their names for people. The table stays on the server: pages are sent names.

use rust_iso3166::{ALL, from_alpha2};

/// A country's name; of a code that is no country's, the code.
#[must_use]
pub fn name(code: &str) -> &str {
    from_alpha2(code).map_or(code, |country| country.name)
}

/// Whether a country has this code, in capitals.
pub(crate) fn exists(code: &str) -> bool {
    from_alpha2(code).is_some()
}

/// The code of the country that a person names, by its name or code.
#[must_use]
pub fn find(typed: &str) -> Option<&'static str> {
    let typed = typed.trim();
    let is = |name: &str| name.to_lowercase() == typed.to_lowercase();
    ALL.iter().find(|country| is(country.alpha2) || is(country.name)).map(|country| country.alpha2)
}

/// The codes and names of all countries by name, for choosing one.
#[must_use]
pub fn all() -> Vec<(String, String)> {
    ALL.iter().map(|country| (country.alpha2.to_owned(), country.name.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_a_name() {
        assert_eq!((name("DE"), name("CI"), name("XX"), name("")), ("Germany", "Côte d'Ivoire", "XX", ""));
        assert!(exists("US") && !exists("us") && !exists(""));
        assert_eq!((find(" germany "), find("de"), find("Côte D'Ivoire")), (Some("DE"), Some("DE"), Some("CI")));
        assert_eq!((find(""), find("Xland")), (None, None));
        let all = all();
        assert!(all.len() > 240 && all.contains(&("GB".to_owned(), name("GB").to_owned())));
        assert_eq!(all[0].1, "Afghanistan");
    }
}
