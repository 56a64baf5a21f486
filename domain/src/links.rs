//! Links that partners share.

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

/// Checks a link's destination: an absolute http(s) address on the program's website or one of its allowed hosts.
///
/// # Errors
/// What is wrong, in words for the person who typed it.
pub fn check_destination(destination: &str, website: &str, allowed_hosts: &[String]) -> Result<(), &'static str> {
    let (_, host, _) = split_address(destination).ok_or("Use a full address that begins with https://.")?;
    let own = split_address(website).map(|(_, host, _)| host.to_lowercase());
    let host = host.to_lowercase();
    if own.as_deref() == Some(host.as_str()) || allowed_hosts.iter().any(|allowed| allowed.to_lowercase() == host) {
        Ok(())
    } else {
        Err("Choose a page on one of the program's own sites.")
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
