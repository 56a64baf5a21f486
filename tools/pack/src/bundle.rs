//! One file for each lazy part, in place of the hundreds of small modules that the splitter makes of what parts share:
//! they compress better together, and a browser fetches two files rather than all of those.
//!
//! A bundle begins with the length of its table (four bytes, the lowest first) and the table, in JSON: the name and
//! length of each module in it. The modules follow in that order.

use crate::module::{LOADER, LazyFunctions, frame, part};
use anyhow::{Context, Result};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// For each lazy part the bundles that its first use needs: that of its area's frame, and its own.
pub type Parts = BTreeMap<String, Vec<String>>;

/// For each lazy part the files that its first use needs; the server tells the browser of them in the page's head.
const CHUNKS: &str = "chunks.json";

/// What follows the splitter's runtime in the loader.
const LOAD: &str = include_str!("load.js");

/// Where the splitter's loader goes on from its runtime to each chunk.
const RUNTIME_ENDS: &str = "\nfunction makeLoad(";

/// Puts a package's modules into bundles, and has the loader fetch those.
pub fn bundle(package: &Path, lazy: &LazyFunctions) -> Result<Parts> {
    let mut parts = Parts::new();
    let mut exports = String::new();
    for (name, modules) in lazy.iter().collect::<BTreeMap<_, _>>() {
        let own = part(name);
        let frame = frame(lazy, own).filter(|(frame, _)| *frame != own);
        let held: BTreeSet<&String> = frame.iter().flat_map(|(_, modules)| modules.iter()).collect();
        let modules: Vec<&String> = modules.iter().filter(|module| !held.contains(module)).collect();
        write(package, own, &modules).with_context(|| format!("the bundle of {own}"))?;
        let names: Vec<&str> = frame.into_iter().map(|(frame, _)| frame).chain([own]).collect();
        exports
            .push_str(&format!("export const __wasm_split_load_{name} = load({});\n", serde_json::to_string(&names)?));
        parts.insert(own.to_owned(), names.into_iter().map(file).collect());
    }
    for module in lazy.values().flatten().collect::<BTreeSet<_>>() {
        fs::remove_file(package.join(format!("{module}.wasm")))?;
    }

    let loader = fs::read_to_string(package.join(LOADER))?;
    let (runtime, _) = loader.split_once(RUNTIME_ENDS).context("the splitter's loader is another than it was")?;
    fs::write(package.join(LOADER), format!("{runtime}\n{LOAD}{exports}"))?;
    let files: BTreeMap<&String, Vec<&str>> = parts
        .iter()
        .map(|(part, bundles)| (part, std::iter::once(LOADER).chain(bundles.iter().map(String::as_str)).collect()))
        .collect();
    fs::write(package.join(CHUNKS), serde_json::to_vec(&files)?)?;
    Ok(parts)
}

fn file(part: &str) -> String {
    format!("{part}.bin")
}

fn write(package: &Path, part: &str, modules: &[&String]) -> Result<()> {
    let mut table = Vec::new();
    let mut bytes = Vec::new();
    for module in modules {
        let content = fs::read(package.join(format!("{module}.wasm")))?;
        table.push((module, content.len()));
        bytes.extend(content);
    }
    let table = serde_json::to_vec(&table)?;
    let mut bundle = u32::try_from(table.len())?.to_le_bytes().to_vec();
    bundle.extend(table);
    bundle.extend(bytes);
    Ok(fs::write(package.join(file(part)), bundle)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_comes_without_what_its_frame_has() -> Result<()> {
        let package = std::env::temp_dir().join(format!("pack-bundle-{}", std::process::id()));
        fs::create_dir_all(&package)?;
        for (name, content) in [("chunk_1", "shared"), ("split_admin_frame_7", "frame"), ("split_admin_list_7", "list")]
        {
            fs::write(package.join(format!("{name}.wasm")), content)?;
        }
        fs::write(package.join(LOADER), "function wrapAsyncCb() {}\nfunction makeLoad() {}\nconst __chunk_1 = 1;")?;
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let lazy = LazyFunctions::from([
            ("admin_frame_7".to_owned(), names(&["chunk_1", "split_admin_frame_7"])),
            ("admin_list_7".to_owned(), names(&["chunk_1", "split_admin_list_7"])),
        ]);
        let parts = bundle(&package, &lazy)?;
        let frame = fs::read(package.join("admin_frame.bin"))?;
        let list = fs::read(package.join("admin_list.bin"))?;
        let loader = fs::read_to_string(package.join(LOADER))?;
        let left = crate::files(&package)?.len();
        fs::remove_dir_all(&package)?;
        assert_eq!(parts["admin_list"], ["admin_frame.bin", "admin_list.bin"]);
        assert_eq!(parts["admin_frame"], ["admin_frame.bin"]);
        assert_eq!(frame, b"\x29\0\0\0[[\"chunk_1\",6],[\"split_admin_frame_7\",5]]sharedframe");
        assert_eq!(list, b"\x1a\0\0\0[[\"split_admin_list_7\",4]]list");
        assert!(loader.contains(r#"__wasm_split_load_admin_list_7 = load(["admin_frame","admin_list"]);"#), "{loader}");
        assert!(!loader.contains("__chunk_1"));
        assert_eq!(left, 4); // two bundles, the loader, and chunks.json
        Ok(())
    }
}
