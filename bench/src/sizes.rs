//! The package on the wire: `make build` fails over budget by itself; here the figures stand in the table.

use crate::table::{Limit, Table};
use anyhow::{Context, Result};
use std::fs;
use std::path::Path;

/// Weighs dist/site/pkg as browsers fetch it, brotli.
pub fn measure(table: &mut Table) -> Result<()> {
    let packages = Path::new("dist/site/pkg");
    let current = fs::read_to_string(packages.join("current")).context("no package in dist/: run `make build`")?;
    let mut main = 0;
    for file in fs::read_dir(packages.join(current.trim()))? {
        let file = file?;
        let name = file.file_name().to_string_lossy().into_owned();
        if name.ends_with(".js.br") || name == "tributary_bg.wasm.br" {
            main += file.metadata()?.len();
        }
    }
    table.add("main chunk with its JavaScript, brotli", main as f64 / 1000.0, "kB", Limit::AtMost(200.0));
    Ok(())
}
