//! Leptos.toml is what the server reads, Cargo.toml what cargo-leptos reads: they must say the same.

use std::{error::Error, fs, path::Path};
use toml::Table;

fn leptos(file: &str) -> Result<Table, Box<dyn Error>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file);
    let table: Table = fs::read_to_string(path)?.parse()?;
    let projects = table["workspace"]["metadata"]["leptos"].as_array().ok_or("not an array of tables")?;
    match projects.as_slice() {
        [project] => Ok(project.as_table().ok_or("not a table")?.clone()),
        _ => Err("there is one project".into()),
    }
}

#[test]
fn leptos_toml_says_what_cargo_toml_says() -> Result<(), Box<dyn Error>> {
    let cargo = leptos("Cargo.toml")?;
    let server = leptos("Leptos.toml")?;
    assert!(!server.is_empty());
    for (key, value) in server {
        assert_eq!(Some(&value), cargo.get(&key), "{key}");
    }
    Ok(())
}
