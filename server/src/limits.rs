//! How often one address may knock: signing in, uploading, downloading, the snippet's way in, and forms that partners share;
//! and how often one API key may.

use crate::Shared;
use crate::client::ClientIp;
use crate::notice::notice;
use crate::problem::Problem;
use crate::upload::is_upload;
use axum::Json;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::ids::ApiKeyId;
use governor::clock::{Clock, DefaultClock, QuantaInstant};
use governor::{DefaultKeyedRateLimiter, NotUntil, Quota};
use http::{Method, StatusCode, header};
use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;

/// The counters, one for each kind of door.
#[derive(Debug)]
pub struct Limits {
    sign_in: DefaultKeyedRateLimiter<IpAddr>,
    snippet: DefaultKeyedRateLimiter<IpAddr>,
    upload: DefaultKeyedRateLimiter<IpAddr>,
    /// Files and banners: many on a page, and many visitors behind one address.
    download: DefaultKeyedRateLimiter<IpAddr>,
    /// QR codes, each drawn anew.
    drawing: DefaultKeyedRateLimiter<IpAddr>,
    /// Forms that partners share: all of them.
    forms: DefaultKeyedRateLimiter<IpAddr>,
    /// One of them.
    form: DefaultKeyedRateLimiter<(IpAddr, String)>,
    api: DefaultKeyedRateLimiter<ApiKeyId>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sign_in: per_minute(30, 60),
            snippet: per_minute(120, 120),
            upload: per_minute(30, 60),
            download: per_minute(6_000, 3_000),
            drawing: per_minute(300, 300),
            forms: per_minute(60, 60),
            form: per_minute(6, 12),
            api: per_minute(120_000, 10_000),
        }
    }
}

/// So many a minute in the long run, so many at once.
fn per_minute<K: Hash + Eq + Clone>(rate: u32, burst: u32) -> DefaultKeyedRateLimiter<K> {
    let at_least_one = |n: u32| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
    DefaultKeyedRateLimiter::dashmap(Quota::per_minute(at_least_one(rate)).allow_burst(at_least_one(burst)))
}

impl Limits {
    /// Lets go of addresses that have not knocked for a while.
    pub fn forget(&self) {
        for limiter in [&self.sign_in, &self.snippet, &self.upload, &self.download, &self.drawing, &self.forms] {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
        self.form.retain_recent();
        self.form.shrink_to_fit();
        self.api.retain_recent();
    }

    /// Counts what an address sends to one form, which is known to be there.
    ///
    /// # Errors
    /// After how many seconds it may send it again.
    pub fn form(&self, ip: IpAddr, path: &str) -> Result<(), u64> {
        self.form.check_key(&(ip, path.to_owned())).map_err(|refused| wait(&refused))
    }

    /// Counts a call by a key: far more than a shop makes, so that a client that runs wild doesn't stop the others.
    ///
    /// # Errors
    /// After how many seconds it may call again.
    pub fn call(&self, key: ApiKeyId) -> Result<(), u64> {
        self.api.check_key(&key).map_err(|refused| wait(&refused))
    }

    /// Which counter a request falls under, if any.
    fn of(&self, method: &Method, path: &str) -> Option<&DefaultKeyedRateLimiter<IpAddr>> {
        if matches!(*method, Method::GET | Method::HEAD) {
            if path.starts_with("/qr/") {
                Some(&self.drawing)
            } else if path.starts_with("/a/") || path.starts_with("/files/") {
                Some(&self.download)
            } else {
                None
            }
        } else if *method != Method::POST {
            None
        } else if path.starts_with("/t/") {
            Some(&self.snippet)
        } else if path.starts_with("/f/") {
            Some(&self.forms)
        } else if is_upload(path) {
            Some(&self.upload)
        } else if crate::pages::DOORS.contains(&path) {
            Some(&self.sign_in)
        } else {
            None
        }
    }
}

/// Answers 429 with `Retry-After` to an address that knocks too often.
pub async fn limit(State(server): State<Shared>, ip: ClientIp, request: Request, next: Next) -> Response {
    if let Some(limiter) = server.limits.of(request.method(), request.uri().path())
        && let Err(refused) = limiter.check_key(&ip.key())
    {
        return too_many(&request, wait(&refused));
    }
    next.run(request).await
}

/// Seconds to wait, at least one.
fn wait(refused: &NotUntil<QuantaInstant>) -> u64 {
    refused.wait_time_from(DefaultClock::default().now()).as_secs() + 1
}

/// 429, as whoever asked reads it: a form, a page's function, or a program.
fn too_many(request: &Request, seconds: u64) -> Response {
    let wants_html = || {
        let accepts = request.headers().get(header::ACCEPT).and_then(|accepts| accepts.to_str().ok());
        accepts.is_some_and(|accepts| accepts.contains("text/html"))
    };
    let path = request.uri().path();
    let mut response = if path.starts_with("/f/") {
        notice(StatusCode::TOO_MANY_REQUESTS, "Too many tries", "Wait a little, go back, and try again.")
    } else if !path.starts_with("/fn/") && !is_upload(path) {
        Problem::too_many(seconds).into_response()
    } else if wants_html() {
        notice(StatusCode::TOO_MANY_REQUESTS, "Too many tries", "Wait a little, go back, and try again.")
    } else {
        (StatusCode::TOO_MANY_REQUESTS, Json(access::Error::TooMany(seconds))).into_response()
    };
    response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_key_that_runs_wild_stops_itself_alone() {
        let limits = Limits::default();
        let (wild, calm) = (ApiKeyId(Uuid::from_u128(1)), ApiKeyId(Uuid::from_u128(2)));
        let refused = (0..20_000).find_map(|_| limits.call(wild).err());
        assert_eq!(refused, Some(1), "seconds to wait");
        assert_eq!(limits.call(calm), Ok(()));
    }

    #[test]
    fn each_way_to_download_is_counted() {
        let limits = Limits::default();
        for (path, counter) in [
            ("/qr/acme/ada.png", &limits.drawing),
            ("/a/acme/00000000-0000-7000-8000-000000000000/ada", &limits.download),
            ("/files/acme/00000000-0000-7000-8000-000000000000/logo.png", &limits.download),
        ] {
            for method in [Method::GET, Method::HEAD] {
                assert!(std::ptr::eq(limits.of(&method, path).expect(path), counter), "{method} {path}");
            }
        }
        assert!(limits.of(&Method::GET, "/admin/acme").is_none());
        let ip = IpAddr::from([192, 0, 2, 1]);
        let refused = (0..1_000).any(|_| limits.drawing.check_key(&ip).is_err());
        assert!(refused, "at last");
    }

    #[test]
    fn each_way_to_upload_is_counted() {
        let limits = Limits::default();
        for path in ["/upload/acme/photo", "/admin/acme/partners/import"] {
            let found = limits.of(&Method::POST, path).expect(path);
            assert!(std::ptr::eq(found, &limits.upload), "{path}");
            assert!(limits.of(&Method::GET, path).is_none(), "{path}");
        }
    }
}
