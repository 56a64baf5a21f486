//! Where a request comes from: its address, and the country that a proxy tells.

use crate::Shared;
use axum::extract::{ConnectInfo, FromRequestParts};
use http::HeaderMap;
use http::request::Parts;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The visitor's address: what the trusted proxy says where one is configured, else the peer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientIp(pub IpAddr);

impl ClientIp {
    /// By what limits are kept: a household's IPv6 network counts as one.
    #[must_use]
    pub fn key(self) -> IpAddr {
        match self.0.to_canonical() {
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
            }
            address @ IpAddr::V4(_) => address,
        }
    }

    /// As text, an IPv4 address always in its own form.
    #[must_use]
    pub fn text(self) -> String {
        self.0.to_canonical().to_string()
    }

    /// Of a request's peer and headers.
    #[must_use]
    pub fn of(peer: Option<SocketAddr>, headers: &HeaderMap, trusted: Option<&http::HeaderName>) -> Self {
        // The proxy adds to the end: what stands before it was sent by the visitor.
        let told = trusted
            .and_then(|name| headers.get_all(name).iter().next_back())
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.rsplit(',').next())
            .and_then(|value| value.trim().parse().ok());
        Self(told.or(peer.map(|peer| peer.ip())).unwrap_or(Ipv4Addr::UNSPECIFIED.into()))
    }
}

/// The visitor's country as the trusted proxy tells it, as an ISO 3166 code of two capital letters; else empty.
#[must_use]
pub fn country(headers: &HeaderMap, trusted: Option<&http::HeaderName>) -> String {
    // The proxy's own comes last: what stands before it was sent by the visitor.
    let told = trusted.and_then(|name| headers.get_all(name).iter().next_back()).and_then(|value| value.to_str().ok());
    let code = told.unwrap_or_default().trim().to_ascii_uppercase();
    // Proxies say XX where they don't know.
    let known = code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase()) && code != "XX";
    if known { code } else { String::new() }
}

impl FromRequestParts<Shared> for ClientIp {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, server: &Shared) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
        Ok(Self::of(peer, &parts.headers, server.client_ip_header.as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    #[test]
    fn only_the_trusted_proxy_is_believed() {
        let peer = Some(SocketAddr::from(([10, 0, 0, 1], 5000)));
        let name = HeaderName::from_static("x-forwarded-for");
        let mut headers = HeaderMap::new();
        headers.insert(&name, HeaderValue::from_static("6.6.6.6, 203.0.113.9"));
        assert_eq!(ClientIp::of(peer, &headers, None).0, IpAddr::from([10, 0, 0, 1]));
        assert_eq!(ClientIp::of(peer, &headers, Some(&name)).0, IpAddr::from([203, 0, 113, 9]));
        headers.insert(&name, HeaderValue::from_static("nonsense"));
        assert_eq!(ClientIp::of(peer, &headers, Some(&name)).0, IpAddr::from([10, 0, 0, 1]));
    }

    #[test]
    fn a_country_is_a_code_that_the_proxy_told() {
        let name = HeaderName::from_static("cf-ipcountry");
        let told = |value: &'static str, trusted: bool| {
            let mut headers = HeaderMap::new();
            headers.append(&name, HeaderValue::from_static("US"));
            headers.append(&name, HeaderValue::from_static(value));
            country(&headers, trusted.then_some(&name))
        };
        assert_eq!(told("de", true), "DE");
        assert_eq!(told("DE", false), "", "nobody is believed where no header is configured");
        for unknown in ["XX", "T1", "", "DEU", "<b"] {
            assert_eq!(told(unknown, true), "", "{unknown}");
        }
        assert_eq!(country(&HeaderMap::new(), Some(&name)), "");
    }

    #[test]
    fn an_ipv6_network_counts_as_one() {
        let (a, b) = ("2001:db8:1:2:3::4", "2001:db8:1:2:ffff::1");
        let key = |text: &str| ClientIp(text.parse().expect("address")).key();
        assert_eq!(key(a), key(b));
        assert_eq!(key("::ffff:10.0.0.1"), IpAddr::from([10, 0, 0, 1]));
    }
}
