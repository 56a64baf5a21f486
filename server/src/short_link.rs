//! `GET /r/{program}/{code}`: sends a visitor on to the link's destination, once the click is committed.
//!
//! This is the busiest route by far, so it stands outside the layers of all others: no span, no session, no parser but
//! its own.

use crate::Shared;
use crate::client::{ClientIp, country};
use crate::notice::{leading_on, notice};
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;
use axum::routing::get;
use domain::ids::ClickId;
use domain::links::{Visitor, check_path, is_bot, is_prefetch, target, with_own_query};
use engine::Moment;
use engine::links::{NewClick, ShortLink, Visit};
use engine::secrets::Use;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use std::borrow::Cow;
use std::net::SocketAddr;

/// The one route.
pub fn router() -> Router<Shared> {
    Router::new().route("/r/{program}/{code}", get(follow))
}

async fn follow(State(server): State<Shared>, request: Request) -> Response {
    let Some((program, code)) = request.uri().path().strip_prefix("/r/").and_then(|rest| rest.split_once('/')) else {
        return unknown(None);
    };
    let program = decoded(program).unwrap_or_default();
    let Some(link) = server.links.find(&program, &decoded(code).unwrap_or_default()) else {
        return unknown(server.links.program(&program).map(|program| program.website.clone()).as_deref());
    };
    let Ok(asked) = Asked::read(request.uri().query().unwrap_or_default()) else {
        return notice(
            StatusCode::BAD_REQUEST,
            "This link is not right",
            "The address after to= must be a path on the same site, such as /pricing.",
        );
    };
    let headers = request.headers();
    if *request.method() == Method::HEAD || !link.records() || is_machine(headers) {
        return asked.redirect(&link, None, None);
    }
    let moment = Moment::now();
    let id: ClickId = moment.id();
    let without_id = asked.target(&link, None);
    if link.program.consent_required {
        // The link's own mark tells nothing of the visitor.
        let sub_id = link.campaign.as_ref().map(|campaign| campaign.sub_id.clone()).unwrap_or_default();
        let visit = Visit { is_unique: true, target: without_id, sub_id, ..Visit::default() };
        let mut click = NewClick::new(&moment, &link, visit);
        click.id = id;
        let recorded = server.clicks.record(click).await.is_ok();
        return asked.redirect(&link, recorded.then_some(id), None);
    }
    let name = cookie_name(&link);
    let program = &link.program;
    let carried = access::cookie(headers, &name).map(Visitor::parse).unwrap_or_default().clicks(
        id,
        link.link,
        moment.at,
        program.day(moment.at),
        program.click_model,
        program.window_days,
    );
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
    let ip = ClientIp::of(peer, headers, server.client_ip_header.as_ref());
    let visit = Visit {
        is_unique: carried.is_unique,
        target: without_id,
        referrer: text(headers, &header::REFERER).to_owned(),
        sub_id: asked.sub_id(&link).to_owned(),
        country: country(headers, server.country_header.as_ref()),
        ip_hash: Some(server.secrets.keyed_hash(Use::IpAddress, ip.text().as_bytes()).to_vec()),
    };
    let mut click = NewClick::new(&moment, &link, visit);
    click.id = id;
    if server.clicks.record(click).await.is_err() {
        return asked.redirect(&link, None, None);
    }
    let secure = if server.is_https() { "; Secure" } else { "" };
    let cookie = format!(
        "{name}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{secure}",
        carried.visitor.value(),
        i64::from(program.window_days) * 24 * 60 * 60,
    );
    asked.redirect(&link, Some(carried.click), Some(&cookie))
}

/// What the visitor's address asks for beside the link.
struct Asked<'a> {
    /// `to`: a path on the destination's host.
    to: Option<Cow<'a, str>>,
    /// `sub`: the partner's own mark.
    sub: Cow<'a, str>,
    /// All else, as it came.
    rest: Cow<'a, str>,
}

/// `to` is no path.
struct NotAPath;

impl<'a> Asked<'a> {
    fn read(query: &'a str) -> Result<Self, NotAPath> {
        let mut asked = Self { to: None, sub: Cow::Borrowed(""), rest: Cow::Borrowed("") };
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match name {
                "to" => {
                    let path = decoded(value).filter(|path| check_path(path).is_ok()).ok_or(NotAPath)?;
                    asked.to = Some(path);
                }
                "sub" => asked.sub = decoded(value).filter(|sub| !sub.contains('\0')).unwrap_or_default(),
                // Ours to set: a visitor's own would be taken for a click's.
                "tid" => {}
                _ if asked.rest.is_empty() => asked.rest = Cow::Borrowed(pair),
                _ => {
                    let rest = asked.rest.to_mut();
                    rest.push('&');
                    rest.push_str(pair);
                }
            }
        }
        Ok(asked)
    }

    /// The visitor's mark, else the link's own.
    fn sub_id<'b>(&'b self, link: &'b ShortLink) -> &'b str {
        match &link.campaign {
            Some(campaign) if self.sub.is_empty() => &campaign.sub_id,
            _ => &self.sub,
        }
    }

    fn target(&self, link: &ShortLink, click: Option<ClickId>) -> String {
        let mut own = link.campaign.as_ref().map_or("", |campaign| &campaign.query);
        if let Some(rest) = own.strip_prefix("sub=").filter(|_| !self.sub.is_empty()) {
            own = rest.split_once('&').map_or("", |(_, rest)| rest);
        }
        // With a path of the visitor's own, the destination's query is not there.
        let query = with_own_query(&self.rest, own, if self.to.is_some() { "" } else { &link.destination });
        target(&link.destination, self.to.as_deref(), &query, click)
    }

    fn redirect(&self, link: &ShortLink, click: Option<ClickId>, cookie: Option<&str>) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::FOUND;
        let headers = response.headers_mut();
        if let Ok(location) = HeaderValue::from_str(&visible(&self.target(link, click))) {
            headers.insert(header::LOCATION, location);
        }
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(cookie) = cookie.and_then(|cookie| HeaderValue::from_str(cookie).ok()) {
            headers.insert(header::SET_COOKIE, cookie);
        }
        response
    }
}

/// No link: with a way on to the program's site, where there is such a program.
fn unknown(site: Option<&str>) -> Response {
    leading_on(
        StatusCode::NOT_FOUND,
        "This link leads nowhere",
        "It may have been mistyped or switched off. Ask whoever gave it to you for another.",
        site,
    )
}

/// The cookie that remembers a program's click.
fn cookie_name(link: &ShortLink) -> String {
    format!("tid_{}", link.program.slug)
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// A bot, or a browser that fetches ahead of the visitor: sent on, and not counted.
fn is_machine(headers: &HeaderMap) -> bool {
    const PURPOSES: [HeaderName; 4] = [
        HeaderName::from_static("sec-purpose"),
        HeaderName::from_static("purpose"),
        HeaderName::from_static("x-purpose"),
        HeaderName::from_static("x-moz"),
    ];
    PURPOSES.iter().any(|name| headers.get(name).is_some_and(|value| value.to_str().is_ok_and(is_prefetch)))
        || is_bot(text(headers, &header::USER_AGENT))
}

/// A part of an address without its percent signs; `None` where they don't spell UTF-8.
fn decoded(part: &str) -> Option<Cow<'_, str>> {
    if !part.bytes().any(|byte| byte == b'%' || byte == b'+') {
        return Some(Cow::Borrowed(part));
    }
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            b'+' => b' ',
            _ => byte,
        });
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

/// An address in visible ASCII, as a header may carry it.
fn visible(address: &str) -> Cow<'_, str> {
    let fine = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>');
    if address.bytes().all(fine) {
        return Cow::Borrowed(address);
    }
    let mut escaped = String::with_capacity(address.len() + 16);
    for byte in address.bytes() {
        if fine(byte) { escaped.push(byte.into()) } else { escaped.push_str(&format!("%{byte:02X}")) }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_is_ours_and_theirs() {
        let asked = Asked::read("a=1&to=%2Fpricing%3Fx&sub=n%20ews&tid=forged&b=%20&&c").ok().expect("a path");
        assert_eq!(asked.to.as_deref(), Some("/pricing?x"));
        assert_eq!((&*asked.sub, &*asked.rest), ("n ews", "a=1&b=%20&c"));
        for bad in
            ["//evil.test", "https://evil.test", "%2F%2Fevil.test", "/%5Cevil.test", "", "/%zz", "/%ff", "/a%0d%0a"]
        {
            assert!(Asked::read(&format!("to={bad}")).is_err(), "{bad}");
        }
    }

    #[test]
    fn headers_carry_visible_ascii() {
        assert_eq!(visible("https://acme.test/a?b=1"), "https://acme.test/a?b=1");
        assert_eq!(visible("https://acme.test/ä\"<"), "https://acme.test/%C3%A4%22%3C");
    }
}
