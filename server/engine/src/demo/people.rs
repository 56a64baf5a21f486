//! Believable people, companies and prices, and the dice that choose among them.

use domain::partners::code_from_name;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

pub(super) const FIRST: &[&str] = &[
    "Nora", "Idris", "Mei", "Jonas", "Priya", "Lucas", "Sofia", "Emre", "Hannah", "Mateo", "Yuki", "Clara", "Omar",
    "Freya", "Tomasz", "Leila", "Viktor", "Amara", "Pablo", "Ingrid", "Kwame", "Elif", "Marco", "Zoë", "Anders",
    "Rosa", "Dmitri", "Chloé", "Samir", "Greta", "Hugo", "Tala", "Ruben", "Maya", "Björn", "Lena", "Kofi", "Irene",
    "Felix", "Aiko",
];

pub(super) const LAST: &[&str] = &[
    "Holt",
    "Bauer",
    "Nakamura",
    "Okafor",
    "Lindqvist",
    "Moreau",
    "Silva",
    "Novak",
    "Haddad",
    "Berg",
    "Castillo",
    "Weiss",
    "Rossi",
    "Kaya",
    "Fischer",
    "Dubois",
    "Mensah",
    "Larsen",
    "Patel",
    "Vega",
    "Kowalski",
    "Brandt",
    "Sato",
    "Murphy",
    "Jansen",
    "Costa",
    "Petrov",
    "Adler",
    "Nyström",
    "Ferrari",
    "Quinn",
    "Amari",
    "Schultz",
    "Ortega",
    "Winter",
    "Keller",
    "Yilmaz",
    "Hansen",
    "Marsh",
    "Delgado",
    "Osei",
];

pub(super) const COMPANY: &[&str] = &[
    "Harbor",
    "Northlight",
    "Juniper",
    "Copperleaf",
    "Tidewater",
    "Fernway",
    "Lumen",
    "Stonebridge",
    "Wavecrest",
    "Orchard",
    "Saltmarsh",
    "Brightside",
    "Foxglove",
    "Meridian",
    "Paperboat",
    "Larkspur",
    "Granite",
    "Bluebell",
    "Cedar",
    "Windmill",
    "Quartz",
    "Ember",
    "Sparrow",
    "Driftwood",
    "Clover",
];

const TRADE: &[&str] =
    &["Studio", "Media", "Digital", "Labs", "Consulting", "Works", "Academy", "Review", "Collective", "Weekly"];

/// Why a company gives money back, in its words.
pub(super) const REFUND_REASONS: &[&str] =
    &["Chose another plan", "Paid twice by mistake", "Not what they expected", "Project was cancelled", "Chargeback"];

/// Where visitors come from.
pub(super) const REFERRERS: &[&str] = &[
    "",
    "https://www.google.com/",
    "https://www.youtube.com/",
    "https://www.linkedin.com/",
    "https://news.ycombinator.com/",
    "https://www.reddit.com/",
    "https://duckduckgo.com/",
    "https://mail.proton.me/",
];

/// In which countries.
pub(super) const COUNTRIES: &[&str] = &["US", "US", "US", "GB", "DE", "CA", "FR", "IN", "AU", "NL", "BR", "SE", ""];

/// A person with a company.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub name: String,
    pub company: String,
    pub email: String,
    pub website: String,
}

/// The person with this number: names come back after 1,640 people, e-mails never.
pub(super) fn person(number: usize) -> Person {
    let (first, last) = (FIRST[number % FIRST.len()], LAST[number % LAST.len()]);
    let company = format!("{} {}", COMPANY[number * 7 % COMPANY.len()], TRADE[number * 3 % TRADE.len()]);
    let again = if number < FIRST.len() * LAST.len() { String::new() } else { format!("{number}") };
    let host = format!("{}{again}.test", code_from_name(&company).replace('-', ""));
    Person {
        name: format!("{first} {last}"),
        email: format!("{}.{}@{host}", code_from_name(first), code_from_name(last)),
        website: format!("https://{host}"),
        company,
    }
}

/// Chance that repeats itself.
pub(super) struct Dice(StdRng);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    /// From 0 up to, not including, `end`; 0 where that is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        if end == 0 { 0 } else { self.0.random_range(0..end) }
    }

    /// True in so many of a hundred cases.
    pub fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    /// One of them.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[usize::try_from(self.below(of.len() as u64)).unwrap_or_default()]
    }

    /// The place of one of them, each as likely as its weight says.
    pub fn weighed(&mut self, weights: impl Iterator<Item = u64> + Clone) -> usize {
        let mut left = self.below(weights.clone().sum());
        for (place, weight) in weights.enumerate() {
            if left < weight {
                return place;
            }
            left -= weight;
        }
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn everybody_has_an_e_mail_of_their_own() {
        let emails: HashSet<String> = (0..5_000).map(|number| person(number).email).collect();
        assert_eq!(emails.len(), 5_000);
        assert!(emails.iter().all(|email| domain::text::is_email(email)), "and a good one");
    }
}
