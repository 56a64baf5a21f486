//! What a browser must fetch before a page is alive, and how much that may be.

use crate::{bundle::Parts, compress::Sizes};
use anyhow::{Result, bail};
use std::fmt;

/// Most that the main module and its JavaScript may weigh, in bytes after brotli.
const MAIN_LIMIT: usize = 200_000;

/// What the first load of any page should weigh at most, its chunks included, in bytes after brotli.
const FIRST_LOAD_GOAL: usize = 250_000;

/// Above this the build fails. Lower it with each step towards the goal.
const FIRST_LOAD_LIMIT: usize = 500_000;

/// The package's weight on the wire.
pub struct Report {
    /// Every page needs these: name and bytes.
    main: Vec<(String, usize)>,
    /// What each lazy part adds to it, with the frame of its area around it. The heaviest first.
    lazy: Vec<Lazy>,
}

struct Lazy {
    name: String,
    bytes: usize,
}

impl Report {
    /// Sums up by what is loaded together.
    pub fn new(name: &str, sizes: &Sizes, parts: &Parts) -> Self {
        let main = sizes
            .iter()
            .filter(|(file, _)| file.ends_with(".js") || **file == format!("{name}_bg.wasm"))
            .map(|(file, bytes)| (file.clone(), *bytes))
            .collect();
        let mut lazy: Vec<Lazy> = parts
            .iter()
            .map(|(name, bundles)| {
                let bytes = bundles.iter().filter_map(|bundle| sizes.get(bundle)).sum();
                Lazy { name: name.clone(), bytes }
            })
            .collect();
        lazy.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.name.cmp(&b.name)));
        Self { main, lazy }
    }

    fn main_bytes(&self) -> usize {
        self.main.iter().map(|(_, bytes)| bytes).sum()
    }

    fn first_load_bytes(&self) -> usize {
        self.main_bytes() + self.lazy.first().map_or(0, |heaviest| heaviest.bytes)
    }

    /// Fails where the package is over budget.
    pub fn check(&self) -> Result<()> {
        for (what, bytes, limit) in [
            ("the main module with its JavaScript", self.main_bytes(), MAIN_LIMIT),
            ("the first load of the heaviest page", self.first_load_bytes(), FIRST_LOAD_LIMIT),
        ] {
            if bytes > limit {
                bail!("over budget: {what} weighs {} of at most {} after brotli", kb(bytes), kb(limit));
            }
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "On the wire, after brotli:")?;
        for (file, bytes) in &self.main {
            writeln!(f, "{:>10}  {file}", kb(*bytes))?;
        }
        writeln!(f, "{:>10}  main module with its JavaScript, of at most {}", kb(self.main_bytes()), kb(MAIN_LIMIT))?;
        for Lazy { name, bytes } in &self.lazy {
            writeln!(f, "{:>10}  + {name}", kb(*bytes))?;
        }
        write!(
            f,
            "{:>10}  first load of the heaviest page, of at most {}; the goal is {}",
            kb(self.first_load_bytes()),
            kb(FIRST_LOAD_LIMIT),
            kb(FIRST_LOAD_GOAL)
        )
    }
}

/// Thousands of bytes with one decimal, rounded up: a budget is never met by rounding.
fn kb(bytes: usize) -> String {
    let tenths = bytes.div_ceil(100);
    format!("{}.{} kB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(main: usize, page: usize) -> Report {
        let sizes = Sizes::from([
            ("tributary_bg.wasm".to_owned(), main - 1_000),
            ("tributary.js".to_owned(), 1_000),
            ("tributary.css".to_owned(), 90_000),
            ("page.bin".to_owned(), page),
            ("small.bin".to_owned(), 1),
        ]);
        let parts = ["page", "small"].map(|part| (part.to_owned(), vec![format!("{part}.bin")]));
        Report::new("tributary", &sizes, &Parts::from(parts))
    }

    #[test]
    fn limits_hold_to_the_byte() {
        assert!(report(MAIN_LIMIT, FIRST_LOAD_LIMIT - MAIN_LIMIT).check().is_ok());
        assert!(report(MAIN_LIMIT + 1, 0).check().is_err());
        assert!(report(MAIN_LIMIT, FIRST_LOAD_LIMIT - MAIN_LIMIT + 1).check().is_err());
    }

    #[test]
    fn sizes_round_up() {
        assert_eq!((kb(200_000), kb(200_001)), ("200.0 kB".to_owned(), "200.1 kB".to_owned()));
    }
}
