//! What makes a commission suspicious: a person looks at it before it counts.

use crate::text::email_key;
use crate::words;

words! {
    /// A check that holds a commission for review.
    pub enum Suspicion in "suspicion" {
        /// The customer's e-mail is at the partner's own domain, and that is no free mail service.
        SameDomain = "same_domain",
        /// The customer signed up from the address of the click.
        SameIp = "same_ip",
        /// The click came from a paid advertisement.
        AdClick = "ad_click",
        /// The customer's e-mail is a throw-away one.
        DisposableDomain = "disposable_domain",
        /// Another partner is paid to the same account.
        SharedPayout = "shared_payout",
    }
}

impl Suspicion {
    /// Its name, in the settings and wherever it holds something.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::SameDomain => "Same e-mail domain",
            Self::SameIp => "Same address for click and sign-up",
            Self::AdClick => "Paid advertisement",
            Self::DisposableDomain => "Throw-away e-mail",
            Self::SharedPayout => "Shared payout details",
        }
    }

    /// What it looks at, in a sentence.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::SameDomain => "The customer's e-mail is at the partner's own domain. Free mail services don't count.",
            Self::SameIp => {
                "The customer signed up from the internet address of the click. Most people do: turn it on where \
                 customers usually sign up elsewhere."
            }
            Self::AdClick => "The click bears the mark of an advertisement (gclid, fbclid, msclkid and others).",
            Self::DisposableDomain => "The customer's e-mail is at a service for throw-away addresses.",
            Self::SharedPayout => "Another partner of the program is paid to the same account.",
        }
    }
}

/// Every reason for which a commission waits for a person: the check as "Why?" has it, and its name.
pub fn review_reasons() -> impl Iterator<Item = (&'static str, &'static str)> {
    let rules = [("review", "Every commission is reviewed"), ("self_referral", "Partner's own e-mail")];
    rules.into_iter().chain(Suspicion::ALL.iter().map(|suspicion| (suspicion.as_str(), suspicion.label())))
}

/// The marks that advertisements leave in an address, and whose they are.
const AD_MARKS: &[(&str, &str)] = &[
    ("gclid", "Google"),
    ("gbraid", "Google"),
    ("wbraid", "Google"),
    ("gad_source", "Google"),
    ("dclid", "Google"),
    ("fbclid", "Facebook"),
    ("msclkid", "Microsoft"),
    ("ttclid", "TikTok"),
    ("twclid", "X"),
    ("li_fat_id", "LinkedIn"),
    ("rdt_cid", "Reddit"),
    ("yclid", "Yandex"),
    ("epik", "Pinterest"),
    ("sccid", "Snapchat"),
];

/// The mark of an advertisement in an address's query, and whose it is.
#[must_use]
pub fn ad_mark(address: &str) -> Option<(&'static str, &'static str)> {
    let query = address.split_once('?')?.1;
    let query = query.split('#').next().unwrap_or(query);
    query.split('&').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        AD_MARKS.iter().copied().find(|(mark, _)| !value.is_empty() && name.eq_ignore_ascii_case(mark))
    })
}

/// Mail services with which anybody has an address: to share one says nothing.
const FREE_MAIL: &[&str] = &[
    "126.com",
    "163.com",
    "aol.com",
    "att.net",
    "bigpond.com",
    "bluewin.ch",
    "bt.com",
    "btinternet.com",
    "comcast.net",
    "cox.net",
    "duck.com",
    "earthlink.net",
    "email.com",
    "fastmail.com",
    "fastmail.fm",
    "free.fr",
    "freenet.de",
    "gmail.com",
    "gmx.at",
    "gmx.ch",
    "gmx.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hey.com",
    "hotmail.co.uk",
    "hotmail.com",
    "hotmail.de",
    "hotmail.es",
    "hotmail.fr",
    "hotmail.it",
    "icloud.com",
    "inbox.com",
    "interia.pl",
    "laposte.net",
    "libero.it",
    "live.co.uk",
    "live.com",
    "live.fr",
    "live.nl",
    "mac.com",
    "mail.com",
    "mail.de",
    "mail.ru",
    "me.com",
    "msn.com",
    "naver.com",
    "o2.pl",
    "online.de",
    "orange.fr",
    "outlook.com",
    "outlook.de",
    "outlook.es",
    "outlook.fr",
    "outlook.jp",
    "pm.me",
    "posteo.de",
    "proton.me",
    "protonmail.ch",
    "protonmail.com",
    "qq.com",
    "rambler.ru",
    "rediffmail.com",
    "rocketmail.com",
    "sbcglobal.net",
    "seznam.cz",
    "sfr.fr",
    "sina.com",
    "sky.com",
    "t-online.de",
    "tiscali.it",
    "tuta.com",
    "tutanota.com",
    "uol.com.br",
    "verizon.net",
    "virgilio.it",
    "wanadoo.fr",
    "web.de",
    "wp.pl",
    "yahoo.ca",
    "yahoo.co.in",
    "yahoo.co.jp",
    "yahoo.co.uk",
    "yahoo.com",
    "yahoo.de",
    "yahoo.es",
    "yahoo.fr",
    "yahoo.it",
    "yandex.com",
    "yandex.ru",
    "ymail.com",
    "zoho.com",
];

/// The domain of an e-mail, in lower case.
#[must_use]
pub fn mail_domain(email: &str) -> Option<String> {
    email_key(email).rsplit_once('@').map(|(_, domain)| domain.to_owned()).filter(|domain| !domain.is_empty())
}

/// The domain that a customer's e-mail shares with one of the partner's, where that is no free mail service.
#[must_use]
pub fn shared_domain(partner: &[String], customer: &str) -> Option<String> {
    let domain = mail_domain(customer)?;
    let free = FREE_MAIL.binary_search(&domain.as_str()).is_ok();
    (!free && partner.iter().any(|own| mail_domain(own).as_ref() == Some(&domain))).then_some(domain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_free_mail_service_says_nothing() {
        let own = ["ada@studio.example".to_owned(), "ada@gmail.com".to_owned()];
        assert_eq!(shared_domain(&own, "Nora@STUDIO.example ").as_deref(), Some("studio.example"));
        assert_eq!(shared_domain(&own, "nora@gmail.com"), None);
        assert_eq!(shared_domain(&own, "nora@harbor.example"), None);
        assert_eq!(shared_domain(&own, "nora@my.studio.example"), None);
        assert_eq!(shared_domain(&own, ""), None);
        assert!(FREE_MAIL.is_sorted(), "it is searched by halves");
    }

    #[test]
    fn advertisements_leave_marks() {
        let mark = |address| ad_mark(address).map(|(mark, _)| mark);
        assert_eq!(mark("https://acme.example/?plan=team&GCLID=abc#x"), Some("gclid"));
        assert_eq!(mark("https://acme.example/?fbclid=1"), Some("fbclid"));
        for none in [
            "https://acme.example/gclid=1",
            "https://acme.example/?gclid=",
            "https://acme.example/?x=gclid",
            "https://acme.example/?a=1#&gclid=1",
            "",
        ] {
            assert_eq!(mark(none), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn whoever_shares_a_domain_is_found_whatever_the_case(local in "[a-z]{1,8}", other in "[a-z]{1,8}", host in "[a-z]{3,9}") {
            let domain = format!("{host}.example");
            let own = [format!("{local}@{}", domain.to_uppercase())];
            let shared = shared_domain(&own, &format!("{other}@{domain}"));
            prop_assert_eq!(shared, Some(domain.clone()));
            let other_domain = format!("{other}@x{domain}");
            prop_assert_eq!(shared_domain(&own, &other_domain), None);
        }
    }
}
