//! Going elsewhere, from the server and from the browser.

/// A path that was given as the place to go on to, if it is one of ours: never another host.
#[must_use]
pub fn local_path(to: &str) -> Option<&str> {
    (domain::links::check_path(to).is_ok() && !to.starts_with("/fn/")).then_some(to)
}

/// Leads on to a path of ours: by the answer's own redirect on the server (the browser's router follows the one of a
/// server function), by the router in the browser.
pub fn redirect(path: &str) {
    #[cfg(feature = "ssr")]
    leptos_axum::redirect(path);
    #[cfg(not(feature = "ssr"))]
    leptos_router::hooks::use_navigate()(path, leptos_router::NavigateOptions::default());
}

/// The path and query that the router shows.
pub fn here(location: &leptos_router::location::Location) -> String {
    use leptos::prelude::GetUntracked;
    let (path, query) = (location.pathname.get_untracked(), location.search.get_untracked());
    if query.is_empty() { path } else { format!("{path}?{}", query.trim_start_matches('?')) }
}

/// A text as it stands in an address or a cookie.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => escaped.push(byte as char),
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

/// The text that [`escape`] wrote; `None` where it didn't.
#[cfg(feature = "ssr")]
pub(crate) fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let mut digit = || char::from(rest.next()?).to_digit(16);
            bytes.push(u8::try_from(digit()? * 16 + digit()?).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// Answers a page with 404; nothing in the browser.
pub fn status_not_found() {
    #[cfg(feature = "ssr")]
    crate::server::note_status(&crate::Error::NotFound);
}

#[cfg(test)]
mod tests {
    use super::local_path;

    #[test]
    fn only_our_own_paths_are_followed() {
        assert_eq!(local_path("/p/acme?period=30d"), Some("/p/acme?period=30d"));
        for bad in ["//evil.example", "https://evil.example", "/\\evil.example", "p/acme", "", "/fn/sign-out"] {
            assert_eq!(local_path(bad), None, "{bad}");
        }
    }
}
