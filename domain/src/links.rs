//! Links that partners share, the clicks on them, and what a visitor's cookie says.

use crate::customers::LONGEST;
use crate::ids::{ClickId, LinkId};
use crate::money::Money;
use crate::programs::ClickModel;
use crate::text::{FieldError, check_lines};
use chrono::{DateTime, Duration, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Splits an absolute http(s) address into scheme, host (with port) and the rest from the path on; `None` for
/// anything else, for user names in it, and for control characters or white space.
#[must_use]
pub fn split_address(address: &str) -> Option<(&str, &str, &str)> {
    if address.len() > 2_000 || address.contains(|c: char| c.is_control() || c.is_whitespace() || c == '\\') {
        return None;
    }
    let (scheme, rest) = address.split_once("://")?;
    if !matches!(scheme, "http" | "https") {
        return None;
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, tail) = rest.split_at(end);
    (!host.is_empty() && !host.contains('@')).then_some((scheme, host, tail))
}

/// What to say where [`site_address`] finds no address.
pub const NO_SITE: &str = "Type your site's address, such as example.com.";

/// The address of somebody's own site as people type it, in full: `example.com` is `https://example.com`. Empty stays
/// empty; `None` for what is no http(s) address on a host with a dot.
#[must_use]
pub fn site_address(text: &str) -> Option<String> {
    let text = text.trim();
    if text.is_empty() {
        return Some(String::new());
    }
    let full = match text.split_once("://") {
        Some((scheme, rest)) => format!("{}://{rest}", scheme.to_ascii_lowercase()),
        None => format!("https://{text}"),
    };
    let (_, host, _) = split_address(&full)?;
    let (name, port) = host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port)));
    let is_label = |label: &str| {
        let inside = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
        !label.is_empty() && !label.starts_with('-') && !label.ends_with('-') && label.chars().all(inside)
    };
    let is_port = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0);
    let is_host = name.contains('.') && name.split('.').all(is_label) && port.is_none_or(is_port);
    is_host.then_some(full)
}

/// Checks a link's destination: an absolute http(s) address on the program's website or one of its allowed hosts.
///
/// # Errors
/// What is wrong, in words for the person who typed it.
pub fn check_destination(destination: &str, website: &str, allowed_hosts: &[String]) -> Result<(), &'static str> {
    let wrong = "Use a full address that begins with https://, or a path such as /pricing.";
    let (_, host, _) = split_address(destination).ok_or(wrong)?;
    let own = split_address(website).map(|(_, host, _)| host.to_lowercase());
    let host = host.to_lowercase();
    if own.as_deref() == Some(host.as_str()) || allowed_hosts.iter().any(|allowed| allowed.to_lowercase() == host) {
        Ok(())
    } else {
        Err("Choose a page on one of the program's own sites.")
    }
}

/// A destination in full: a path such as `/pricing` leads to the program's website; anything else stays as it is.
fn in_full<'a>(destination: &'a str, website: &str) -> Cow<'a, str> {
    match split_address(website) {
        Some((scheme, host, _)) if check_path(destination).is_ok() => format!("{scheme}://{host}{destination}").into(),
        _ => destination.into(),
    }
}

/// Checks `?to=` of a short link: a path on the link's own host, never another host.
///
/// # Errors
/// What is wrong, in words for the visitor.
pub fn check_path(to: &str) -> Result<(), &'static str> {
    let bad = !to.starts_with('/')
        || to.starts_with("//")
        || to.len() > 2_000
        || to.contains(|c: char| c == '\\' || c.is_control() || c.is_whitespace());
    if bad { Err("The address after to= must be a path on the same site, such as /pricing.") } else { Ok(()) }
}

/// The path of a short link: `/r/acme/ada`.
#[must_use]
pub fn short_path(program_slug: &str, code: &str) -> String {
    format!("/r/{program_slug}/{code}")
}

/// The fields by which the company's own statistics tell campaigns apart: added to the destination's query.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Utm {
    /// `utm_source`: where the link stands, such as `newsletter`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// `utm_medium`: the kind of place, such as `email`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub medium: String,
    /// `utm_campaign`: what it belongs to, such as `spring`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub campaign: String,
    /// `utm_term`: the word that was sought.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub term: String,
    /// `utm_content`: which of several links.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub content: String,
}

impl Utm {
    /// Each with its name in the query; those not given too.
    #[must_use]
    pub fn pairs(&self) -> [(&'static str, &str); 5] {
        [
            ("utm_source", &self.source),
            ("utm_medium", &self.medium),
            ("utm_campaign", &self.campaign),
            ("utm_term", &self.term),
            ("utm_content", &self.content),
        ]
    }

    /// The same without white space around.
    #[must_use]
    pub fn trimmed(&self) -> Self {
        let trim = |text: &String| text.trim().to_owned();
        Self {
            source: trim(&self.source),
            medium: trim(&self.medium),
            campaign: trim(&self.campaign),
            term: trim(&self.term),
            content: trim(&self.content),
        }
    }

    /// What is wrong with it: a field is named as in the query.
    #[must_use]
    pub fn check(&self) -> Vec<FieldError> {
        let wrong = |text: &str| text.chars().count() > 100 || text.contains(|c: char| c.is_control());
        let pairs = self.pairs();
        let errors = pairs.iter().filter(|(_, text)| wrong(text));
        errors.map(|(name, _)| FieldError::new(*name, "Use at most 100 characters, on one line.")).collect()
    }
}

/// What a link adds to its destination's query: its sub-id as `sub`, and its campaign's fields.
#[must_use]
pub fn own_query(sub_id: &str, utm: &Utm) -> String {
    let mut query = String::new();
    for (name, value) in std::iter::once(("sub", sub_id)).chain(utm.pairs()).filter(|(_, value)| !value.is_empty()) {
        if !query.is_empty() {
            query.push('&');
        }
        query.push_str(name);
        query.push('=');
        for byte in value.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => query.push(byte as char),
                _ => query.push_str(&format!("%{byte:02X}")),
            }
        }
    }
    query
}

/// A visitor's query with what the link adds to it; what the visitor's or the destination's own query names already
/// stays as that says.
#[must_use]
pub fn with_own_query<'a>(query: &'a str, own: &str, destination: &str) -> Cow<'a, str> {
    let theirs = destination.split_once('?').map_or("", |(_, query)| query.split('#').next().unwrap_or_default());
    let named = |name: &str| {
        let mut pairs = query.split('&').chain(theirs.split('&'));
        pairs.any(|pair| pair.split('=').next() == Some(name))
    };
    let mut all = Cow::Borrowed(query);
    for pair in own.split('&').filter(|pair| !pair.is_empty()) {
        if pair.split('=').next().is_some_and(named) {
            continue;
        }
        let all = all.to_mut();
        if !all.is_empty() {
            all.push('&');
        }
        all.push_str(pair);
    }
    all
}

/// What a partner changes of a link: everything but its code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkEdit {
    /// What the partner calls it, or empty.
    #[serde(default)]
    pub name: String,
    /// Where it leads: an address on one of the program's sites, or a path on its website; the website where not given.
    #[serde(default)]
    pub destination: Option<String>,
    /// The partner's own mark, or empty.
    #[serde(default)]
    pub sub_id: String,
    /// The campaign.
    #[serde(default)]
    pub utm: Utm,
}

impl LinkEdit {
    /// What is wrong with it, on a program with this website and these hosts.
    #[must_use]
    pub fn check(&self, website: &str, allowed_hosts: &[String]) -> Vec<FieldError> {
        let mut errors = Vec::new();
        for (field, text) in [("name", &self.name), ("sub_id", &self.sub_id)] {
            if text.chars().count() > 100 || text.contains(|c: char| c.is_control()) {
                errors.push(FieldError::new(field, "Use at most 100 characters, on one line."));
            }
        }
        if let Some(Err(message)) = self.leads_to(website).map(|to| check_destination(&to, website, allowed_hosts)) {
            errors.push(FieldError::new("destination", message));
        }
        errors.extend(self.utm.check());
        errors
    }

    /// The destination in full, where one is given, on a program with this website.
    #[must_use]
    pub fn leads_to(&self, website: &str) -> Option<Cow<'_, str>> {
        let to = self.destination.as_deref().map(str::trim).filter(|to| !to.is_empty())?;
        Some(in_full(to, website))
    }
}

/// A link to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewLink {
    /// Its code; made from the partner's where not given.
    #[serde(default)]
    pub code: Option<String>,
    /// What the partner calls it, or empty.
    #[serde(default)]
    pub name: String,
    /// Where it leads: an address on one of the program's sites, or a path on its website; the website where not given.
    #[serde(default)]
    pub destination: Option<String>,
    /// The partner's own mark, or empty.
    #[serde(default)]
    pub sub_id: String,
    /// The campaign.
    #[serde(default)]
    pub utm: Utm,
}

/// `POST /track/click`: a click on a page of the company's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrackClick {
    /// The company's own id of the event, 1–200 characters: the same again gets the first answer.
    #[serde(default)]
    pub event_id: Option<String>,
    /// The link's code.
    pub link: String,
    /// The page that the visitor landed on.
    pub url: String,
    /// The page that the visitor came from.
    #[serde(default)]
    pub referrer: Option<String>,
    /// The visitor's browser; a bot's click is refused.
    #[serde(default)]
    pub user_agent: Option<String>,
    /// The visitor's IP address; kept as a keyed hash.
    #[serde(default)]
    pub ip: Option<String>,
}

impl TrackClick {
    /// Checks the texts.
    #[must_use]
    pub fn check(&self) -> Vec<FieldError> {
        let mut errors =
            check_lines(&[("event_id", self.event_id.as_deref(), LONGEST), ("link", Some(&self.link), LONGEST)]);
        if split_address(&self.url).is_none() {
            errors.push(FieldError::new("url", "Must be a full address that begins with https:// or http://."));
        }
        if self.ip.as_deref().is_some_and(|ip| ip.parse::<std::net::IpAddr>().is_err()) {
            errors.push(FieldError::new("ip", "Must be an IP address."));
        }
        if self.user_agent.as_deref().is_some_and(is_bot) {
            errors.push(FieldError::new("user_agent", "Bots' clicks are not counted."));
        }
        errors
    }
}

/// The answer to a click.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrackedClick {
    /// The click's id, to be sent with the sign-up or sale.
    pub click_id: ClickId,
}

/// A link in a list, with its figures since the beginning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkRow {
    /// Its id.
    pub id: LinkId,
    /// Its code as it is written now.
    pub code: String,
    /// What the partner calls it, or empty.
    pub name: String,
    /// Where it leads.
    pub destination: String,
    /// The partner's own mark, or empty.
    pub sub_id: String,
    /// The campaign.
    pub utm: Utm,
    /// Whether it is the partner's first link, which bears the partner's code.
    pub is_default: bool,
    /// Whether it is switched off: visitors get a 404.
    pub disabled: bool,
    /// When it was made, UTC.
    pub created_at: DateTime<Utc>,
    /// Clicks.
    pub clicks: i64,
    /// Clicks that were the visitor's first on the link that day.
    pub unique_clicks: i64,
    /// Customers attributed by it who have signed up.
    pub sign_ups: i64,
    /// Customers attributed by it who have paid.
    pub customers: i64,
    /// Commissions from those customers, less what was clawed back.
    pub earned: Money,
}

/// What the cookie `tid_{program}` says of a visitor: the click that counts, and which links were clicked today.
///
/// Written as `{click id}.{day}.{link}.{link}…`. A cookie that can't be read is none: it is the visitor's to change,
/// and decides nothing but which of two clicks counts and what is called unique.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Visitor {
    /// The click that counts so far.
    pub click: Option<ClickId>,
    /// The day of `seen`, in the program's time zone.
    day: Option<NaiveDate>,
    /// The links clicked that day, each as 32 bits of its id.
    seen: Vec<u32>,
}

/// What a click means to a visitor's cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// The click id that the target's query and the cookie bear: the new click's, or with first click an earlier one
    /// still within the window.
    pub click: ClickId,
    /// Whether it is the visitor's first on that link that day.
    pub is_unique: bool,
    /// The cookie from now on.
    pub visitor: Visitor,
}

impl Visitor {
    /// How many links of a day a cookie remembers; further ones count as unique each time.
    const REMEMBERED: usize = 16;

    /// Reads the cookie.
    #[must_use]
    pub fn parse(cookie: &str) -> Self {
        let mut parts = cookie.split('.');
        let Some(click) = parts.next().and_then(|id| id.parse::<ClickId>().ok()) else { return Self::default() };
        if click.clicked_at().is_none() {
            return Self::default();
        }
        let day = parts.next().and_then(|day| NaiveDate::parse_from_str(day, "%Y%m%d").ok());
        let seen = match day {
            Some(_) => parts.take(Self::REMEMBERED).filter_map(|link| u32::from_str_radix(link, 16).ok()).collect(),
            None => Vec::new(),
        };
        Self { click: Some(click), day, seen }
    }

    /// The cookie's value; empty where there is nothing to remember.
    #[must_use]
    pub fn value(&self) -> String {
        let Some(click) = self.click else { return String::new() };
        let mut value = click.to_string();
        if let Some(day) = self.day {
            value.push_str(&day.format(".%Y%m%d").to_string());
            for link in &self.seen {
                value.push_str(&format!(".{link:08x}"));
            }
        }
        value
    }

    /// Decides which click counts from now on, and whether this one is unique. `day` is the click's day in the
    /// program's time zone, `window_days` the program's window.
    #[must_use]
    pub fn clicks(
        mut self,
        click: ClickId,
        link: LinkId,
        at: DateTime<Utc>,
        day: NaiveDate,
        model: ClickModel,
        window_days: i32,
    ) -> Carried {
        if self.day != Some(day) {
            self.day = Some(day);
            self.seen.clear();
        }
        // The last 32 bits are random in a UUIDv7.
        #[allow(clippy::cast_possible_truncation)]
        let mark = link.0.as_u128() as u32;
        let is_unique = !self.seen.contains(&mark);
        if is_unique {
            self.seen.truncate(Self::REMEMBERED - 1);
            self.seen.insert(0, mark);
        }
        let carried = earlier_that_counts(model, self.click, window_days, at).unwrap_or(click);
        self.click = Some(carried);
        Carried { click: carried, is_unique, visitor: self }
    }
}

/// The earlier click that goes on counting when a visitor clicks at `at`: with first click, one that is not older
/// than the window; with last click none.
#[must_use]
pub fn earlier_that_counts(
    model: ClickModel,
    earlier: Option<ClickId>,
    window_days: i32,
    at: DateTime<Utc>,
) -> Option<ClickId> {
    let earlier = earlier.filter(|_| model == ClickModel::First)?;
    let clicked_at = earlier.clicked_at()?;
    (clicked_at <= at && at - clicked_at <= Duration::days(window_days.into())).then_some(earlier)
}

/// What the user agents of crawlers, link previews and monitors have in them, in lower case. A list of our own: the
/// crates with long ones are no longer kept up, and a click too many does no harm that attribution doesn't undo.
const BOTS: &[&str] = &[
    "bot",
    "crawl",
    "spider",
    "slurp",
    "preview",
    "facebookexternalhit",
    "facebookcatalog",
    "meta-externalagent",
    "whatsapp",
    "skypeuripreview",
    "embedly",
    "iframely",
    "bitlybot",
    "headlesschrome",
    "phantomjs",
    "lighthouse",
    "pingdom",
    "uptime",
    "monitor",
    "scanner",
    "validator",
    "wget/",
    "python-requests",
    "python-urllib",
    "aiohttp",
    "go-http-client",
    "okhttp",
    "java/",
    "libwww",
    "apache-httpclient",
    "node-fetch",
    "axios/",
    "feedfetcher",
    "google-read-aloud",
    "googleother",
    "mediapartners",
    "bingpreview",
    "yandex.com/bots",
    "archive.org",
    "ahrefs",
    "semrush",
    "proofpoint",
    "barracuda",
    "mimecast",
];

/// Whether a user agent calls itself a bot: it is sent on, and not counted. None at all is no bot.
#[must_use]
pub fn is_bot(user_agent: &str) -> bool {
    let agent = user_agent.to_ascii_lowercase();
    // A phone's brand.
    let agent = agent.replace("cubot", "");
    BOTS.iter().any(|bot| agent.contains(bot))
}

/// Whether a browser says that it fetches ahead of the visitor (`Sec-Purpose`, `Purpose`, `X-Moz`, `X-Purpose`):
/// it is sent on, and not counted.
#[must_use]
pub fn is_prefetch(purpose: &str) -> bool {
    let purpose = purpose.to_ascii_lowercase();
    ["prefetch", "prerender", "preview"].iter().any(|word| purpose.contains(word))
}

/// The address to which a short link sends a visitor: `destination`, or `to` as a path on its host (checked by
/// [`check_path`]), with `query` kept and `tid` added. Query parameters that we read (`to`, `tid`) are the caller's
/// to leave out of `query`.
#[must_use]
pub fn target(destination: &str, to: Option<&str>, query: &str, click: Option<ClickId>) -> String {
    let base = match (to, split_address(destination)) {
        (Some(to), Some((scheme, host, _))) => format!("{scheme}://{host}{to}"),
        _ => destination.to_owned(),
    };
    let (base, fragment) = base.split_once('#').map_or((base.as_str(), None), |(base, tail)| (base, Some(tail)));
    let mut target = base.to_owned();
    let mut add = |pair: &str| {
        if !pair.is_empty() {
            target.push(if target.contains('?') { '&' } else { '?' });
            target.push_str(pair);
        }
    };
    add(query);
    if let Some(click) = click {
        add(&format!("tid={click}"));
    }
    if let Some(fragment) = fragment {
        target.push('#');
        target.push_str(fragment);
    }
    target
}

#[cfg(test)]
mod tests {
    use super::*;

    fn click(millis: i64) -> ClickId {
        let millis = u64::try_from(millis).expect("after 1970");
        ClickId(uuid::Builder::from_unix_timestamp_millis(millis, &[7; 10]).into_uuid())
    }

    fn at(millis: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(millis).expect("instant")
    }

    const DAY: i64 = 86_400_000;
    const NOON: i64 = 1_800_000_000_000;

    #[test]
    fn a_site_is_typed_with_or_without_its_scheme() {
        for (typed, full) in [
            ("", ""),
            ("  example.com ", "https://example.com"),
            ("www.example.com/blog?a=b", "https://www.example.com/blog?a=b"),
            ("http://example.com", "http://example.com"),
            ("HTTPS://Example.com/", "https://Example.com/"),
            ("bücher.example:8443", "https://bücher.example:8443"),
        ] {
            assert_eq!(site_address(typed).as_deref(), Some(full), "{typed}");
        }
        for bad in [
            "javascript:alert(1)",
            "javascript://example.com/%0aalert(1)",
            "data:text/html,x.y",
            "ftp://example.com",
            "ada@example.com",
            "my site",
            "blog",
            "https://",
            "example.com:port",
            "example..com",
            "-.example.com",
            "//example.com",
            "\"><script>.example.com",
        ] {
            assert_eq!(site_address(bad), None, "{bad}");
        }
    }

    #[test]
    fn first_click_keeps_the_earlier_one_within_the_window() {
        let earlier = Some(click(NOON - 10 * DAY));
        assert_eq!(earlier_that_counts(ClickModel::First, earlier, 10, at(NOON)), earlier);
        assert_eq!(earlier_that_counts(ClickModel::First, earlier, 9, at(NOON)), None);
        assert_eq!(earlier_that_counts(ClickModel::Last, earlier, 10, at(NOON)), None);
        assert_eq!(earlier_that_counts(ClickModel::First, Some(click(NOON + 1)), 10, at(NOON)), None, "not yet made");
    }

    #[test]
    fn a_click_is_unique_once_a_day_and_link() {
        let (a, b) = (LinkId(uuid::Uuid::from_u128(1)), LinkId(uuid::Uuid::from_u128(2)));
        let today = NaiveDate::from_ymd_opt(2027, 1, 15).expect("day");
        let make = |visitor: Visitor, link, n, day| {
            visitor.clicks(click(NOON + n), link, at(NOON + n), day, ClickModel::Last, 60)
        };
        let first = make(Visitor::default(), a, 0, today);
        assert!(first.is_unique);
        let read = Visitor::parse(&first.visitor.value());
        assert_eq!(read, first.visitor, "the cookie says what was written");
        let again = make(read, a, 1, today);
        assert!(!again.is_unique);
        assert_eq!(again.click, click(NOON + 1), "last click");
        let other = make(again.visitor, b, 2, today);
        assert!(other.is_unique, "another link");
        assert!(!make(other.visitor.clone(), a, 3, today).is_unique);
        assert!(make(other.visitor, a, DAY, today.succ_opt().expect("day")).is_unique, "another day");
    }

    #[test]
    fn a_link_adds_what_is_not_there_already() {
        let utm = Utm { source: "news letter".into(), campaign: "spring&more".into(), ..Utm::default() };
        assert_eq!(utm.check(), []);
        let own = own_query("blog", &utm);
        assert_eq!(own, "sub=blog&utm_source=news%20letter&utm_campaign=spring%26more");
        assert_eq!(own_query("", &Utm::default()), "");
        let with = |query, destination| with_own_query(query, &own, destination).into_owned();
        assert_eq!(with("", "https://acme.test/"), own);
        assert_eq!(
            with("utm_source=theirs&a=1", "https://acme.test/?sub=x#utm_campaign=no"),
            "utm_source=theirs&a=1&utm_campaign=spring%26more"
        );
        let long = Utm { medium: "x".repeat(101), ..Utm::default() };
        assert_eq!(long.check()[0].field, "utm_medium");
    }

    #[test]
    fn a_cookie_stays_short_whatever_is_clicked() {
        let today = NaiveDate::from_ymd_opt(2027, 1, 15).expect("day");
        let mut visitor = Visitor::default();
        for n in 0..1_000 {
            let link = LinkId(uuid::Uuid::from_u128(n));
            visitor = visitor.clicks(click(NOON), link, at(NOON), today, ClickModel::First, 60).visitor;
        }
        assert!(visitor.value().len() < 250, "{}", visitor.value().len());
        for forged in ["", ".", "x", "00000000-0000-0000-0000-000000000000.20270115", &"9".repeat(5_000)] {
            assert_eq!(Visitor::parse(forged), Visitor::default(), "{forged}");
        }
    }

    #[test]
    fn bots_and_browsers() {
        for bot in ["Googlebot/2.1 (+http://www.google.com/bot.html)", "WhatsApp/2.23", "python-requests/2.31"] {
            assert!(is_bot(bot), "{bot}");
        }
        for browser in [
            "",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
            "Mozilla/5.0 (Linux; Android 13; CUBOT P80) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Safari/604.1",
        ] {
            assert!(!is_bot(browser), "{browser}");
        }
        assert!(is_prefetch("prefetch;prerender"));
        assert!(!is_prefetch(""));
    }

    #[test]
    fn targets_stay_on_their_host() {
        let id = click(NOON);
        assert_eq!(target("https://acme.test", None, "", None), "https://acme.test");
        assert_eq!(
            target("https://acme.test/a?b=1#c", None, "sub=x", Some(id)),
            format!("https://acme.test/a?b=1&sub=x&tid={id}#c")
        );
        assert_eq!(
            target("https://acme.test/a", Some("/pricing"), "", Some(id)),
            format!("https://acme.test/pricing?tid={id}")
        );
        assert!(check_path("//evil.test").is_err() && check_path("https://evil.test").is_err());
        assert!(check_path("/\\evil.test").is_err() && check_path("").is_err());
    }

    #[test]
    fn destinations_are_the_programs_own() {
        let check = |to: &str| check_destination(to, "https://acme.test/home", &["shop.acme.test".into()]).is_ok();
        assert!(check("https://ACME.test/pricing") && check("http://shop.acme.test"));
        for bad in [
            "https://evil.test",
            "https://acme.test@evil.test",
            "https://acme.test.evil.test",
            "javascript:1",
            "//acme.test",
            "https:///acme.test",
            "https://evil.test\\@acme.test",
            "https://acme.test:444",
            "https://acme.test /",
        ] {
            assert!(!check(bad), "{bad}");
        }
    }

    #[test]
    fn a_path_leads_to_the_programs_website() {
        let edit = |to: &str| LinkEdit { destination: Some(to.into()), ..LinkEdit::default() };
        let full = |to: &str| edit(to).leads_to("https://acme.test/home").map(Cow::into_owned);
        assert_eq!(full(" /shop?a=1#b ").as_deref(), Some("https://acme.test/shop?a=1#b"));
        assert_eq!(full("https://acme.test/shop").as_deref(), Some("https://acme.test/shop"));
        assert_eq!(full(" "), None);
        assert_eq!(edit("/shop").check("https://acme.test/home", &[]), []);
        for bad in ["//evil.test", "/\\evil.test", "/a b", "shop"] {
            assert_eq!(edit(bad).check("https://acme.test/home", &[]).len(), 1, "{bad}");
        }
    }
}
