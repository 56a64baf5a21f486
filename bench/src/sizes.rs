//! The package on the wire: `make build` fails over budget by itself; here the figures stand in the table.

use crate::table::{Limit, Table};
use anyhow::{Context, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Weighs dist/site/pkg as browsers fetch it, brotli.
pub fn measure(table: &mut Table) -> Result<()> {
    let packages = Path::new("dist/site/pkg");
    let current = fs::read_to_string(packages.join("current")).context("no package in dist/: run `make build`")?;
    let package = packages.join(current.trim());
    let mut main = 0;
    for file in fs::read_dir(&package)? {
        let file = file?;
        let name = file.file_name().to_string_lossy().into_owned();
        if name.ends_with(".js.br") || name == "tributary_bg.wasm.br" {
            main += file.metadata()?.len();
        }
    }
    table.add("main chunk with its JavaScript, brotli", main as f64 / 1000.0, "kB", Limit::AtMost(200.0));

    let text = fs::read_to_string(package.join("chunks.json"))?;
    let chunks: BTreeMap<String, BTreeSet<String>> = serde_json::from_str(&text)?;
    let mut heaviest = 0;
    for files in chunks.values() {
        // JavaScript counts above.
        let modules = files.iter().filter(|file| !file.ends_with(".js"));
        let sizes = modules.map(|file| Ok(fs::metadata(package.join(format!("{file}.br")))?.len()));
        heaviest = heaviest.max(sizes.sum::<Result<u64>>()?);
    }
    // The build fails above a limit of its own, which follows this one down.
    table.add("first load of the heaviest page", (main + heaviest) as f64 / 1000.0, "kB", Limit::AtMostHere(250.0));
    Ok(())
}
