//! The table that a run prints.

use std::fmt;

/// How a figure is held to its limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limit {
    /// At least this: fails below.
    AtLeast(f64),
    /// At most this: fails above.
    AtMost(f64),
    /// At most this, in seconds that depend on the machine: warns above.
    AtMostHere(f64),
    /// At least this, by a speed that depends on the machine: warns below.
    AtLeastHere(f64),
    /// None: for comparison.
    None,
}

/// The figures of a run in order.
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<(String, f64, &'static str, Limit)>,
}

impl Table {
    /// Adds a figure, and tells it at once.
    pub fn add(&mut self, name: impl Into<String>, figure: f64, unit: &'static str, limit: Limit) {
        let row = (name.into(), figure, unit, limit);
        eprintln!("  {}", line(&row));
        self.rows.push(row);
    }

    /// Whether every limit that may fail the run is met.
    pub fn met(&self) -> bool {
        self.rows.iter().all(|(_, figure, _, limit)| match limit {
            Limit::AtLeast(limit) => figure >= limit,
            Limit::AtMost(limit) => figure <= limit,
            Limit::AtMostHere(_) | Limit::AtLeastHere(_) | Limit::None => true,
        })
    }
}

fn line((name, figure, unit, limit): &(String, f64, &'static str, Limit)) -> String {
    let (limit, verdict) = match *limit {
        Limit::AtLeast(least) => (format!("≥ {least}"), if *figure >= least { "met" } else { "MISSED" }),
        Limit::AtMost(most) => (format!("≤ {most}"), if *figure <= most { "met" } else { "MISSED" }),
        Limit::AtMostHere(most) => (format!("≤ {most} here"), if *figure <= most { "met" } else { "over" }),
        Limit::AtLeastHere(least) => (format!("≥ {least} here"), if *figure >= least { "met" } else { "under" }),
        Limit::None => (String::new(), ""),
    };
    let figure = if figure.abs() >= 1000.0 { format!("{figure:.0}") } else { format!("{figure:.2}") };
    format!("| {name} | {figure} {unit} | {limit} | {verdict} |")
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| what | figure | limit | |\n|---|---:|---:|---|")?;
        for row in &self.rows {
            writeln!(f, "{}", line(row))?;
        }
        Ok(())
    }
}
