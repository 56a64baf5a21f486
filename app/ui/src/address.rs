//! The state of a view lives in its address: filters, sorting, the page, the period.

use std::fmt;

/// A path with its query, from which links to other states of the same view are made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    path: String,
    pairs: Vec<(String, String)>,
}

impl Address {
    /// Reads a path and a query (with or without `?`), as the router's location gives them.
    pub fn new(path: impl Into<String>, query: &str) -> Self {
        let pairs = query
            .trim_start_matches('?')
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                (decode(key), decode(value))
            })
            .collect();
        Self { path: path.into(), pairs }
    }

    /// The value of a key, unless it is missing or empty.
    pub fn get(&self, key: &str) -> Option<&str> {
        let pair = self.pairs.iter().find(|(name, _)| name == key)?;
        (!pair.1.is_empty()).then_some(pair.1.as_str())
    }

    /// The same address with a key set; an empty value removes it.
    #[must_use]
    pub fn with(&self, key: &str, value: &str) -> Self {
        let mut address = self.without(key);
        if !value.is_empty() {
            address.pairs.push((key.to_owned(), value.to_owned()));
        }
        address
    }

    /// The same address without a key.
    #[must_use]
    pub fn without(&self, key: &str) -> Self {
        let pairs = self.pairs.iter().filter(|(name, _)| name != key).cloned().collect();
        Self { path: self.path.clone(), pairs }
    }

    /// The path without the query.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The same query at another path.
    #[must_use]
    pub fn at(&self, path: impl Into<String>) -> Self {
        Self { path: path.into(), pairs: self.pairs.clone() }
    }

    /// Its keys and values, for a form's hidden inputs, but those named.
    pub fn pairs_but(&self, keys: &[&str]) -> Vec<(String, String)> {
        self.pairs.iter().filter(|(name, _)| !keys.contains(&name.as_str())).cloned().collect()
    }

    /// The address as a link's `href`.
    pub fn href(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        for (i, (key, value)) in self.pairs.iter().enumerate() {
            f.write_str(if i == 0 { "?" } else { "&" })?;
            encode(key, f)?;
            f.write_str("=")?;
            encode(value, f)?;
        }
        Ok(())
    }
}

fn encode(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                fmt::Write::write_char(f, byte as char)?
            }
            b' ' => f.write_str("+")?,
            _ => write!(f, "%{byte:02X}")?,
        }
    }
    Ok(())
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let mut pair = rest.clone();
                let digit = |byte: Option<u8>| byte.and_then(|byte| (byte as char).to_digit(16));
                match (digit(pair.next()), digit(pair.next())) {
                    (Some(high), Some(low)) => {
                        bytes.push((high * 16 + low) as u8);
                        rest = pair;
                    }
                    _ => bytes.push(b'%'),
                }
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_comes_back_as_it_was() {
        let address = Address::new("/p/acme", "?q=a%26b+c%C3%A9&sort=-name&empty=");
        assert_eq!(address.get("q"), Some("a&b cé"));
        assert_eq!(address.get("empty"), None);
        assert_eq!(address.href(), "/p/acme?q=a%26b+c%C3%A9&sort=-name&empty=");
    }

    #[test]
    fn one_key_changes_and_the_others_stay() {
        let address = Address::new("/p", "q=x&cursor=9");
        assert_eq!(address.without("cursor").with("sort", "name").href(), "/p?q=x&sort=name");
        assert_eq!(address.with("q", "").href(), "/p?cursor=9");
    }

    #[test]
    fn a_broken_escape_is_kept() {
        assert_eq!(Address::new("/", "q=100%&r=%zz").get("q"), Some("100%"));
        assert_eq!(Address::new("/", "r=%zz").get("r"), Some("%zz"));
    }
}
