//! Turns the compiled frontend into the site folder that the server serves.
//!
//! ```text
//! pack <frontend.wasm> <site> [--assets <dir>] [--public <dir>] [--optimise <script>] [--unsplit] [--dev]
//! ```
//!
//! The package (wasm, bundles of its chunks, glue, CSS, fonts) goes to `<site>/pkg/<hash>/`, where the hash is that of
//! all its files: bundles, glue and CSS name each other relatively, so one hashed folder does what a hash in each name
//! would, and every file in it may be cached for ever. `<site>/pkg/current` names the folder; the server reads it at
//! start.
//! The files of `--public` go to `<site>` itself. `--unsplit` puts all lazy code back into the main module. `--dev`
//! skips what only makes files smaller, and the budget.

mod budget;
mod bundle;
mod compress;
mod module;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// The name of the package's main files: `output-name` in Leptos.toml.
const NAME: &str = "tributary";

fn main() -> ExitCode {
    match Options::from_args().and_then(|options| pack(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pack: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[derive(Default)]
struct Options {
    wasm: PathBuf,
    site: PathBuf,
    assets: Option<PathBuf>,
    public: Option<PathBuf>,
    optimise: Option<PathBuf>,
    unsplit: bool,
    dev: bool,
}

impl Options {
    fn from_args() -> Result<Self> {
        let mut options = Self::default();
        let mut places = Vec::new();
        let mut args = env::args_os().skip(1);
        while let Some(arg) = args.next() {
            let mut value = || args.next().map(PathBuf::from).context("an option lacks its value");
            match arg.to_str() {
                Some("--assets") => options.assets = Some(value()?),
                Some("--public") => options.public = Some(value()?),
                Some("--optimise") => options.optimise = Some(value()?),
                Some("--unsplit") => options.unsplit = true,
                Some("--dev") => options.dev = true,
                Some(unknown) if unknown.starts_with("--") => bail!("unknown option {unknown}"),
                _ => places.push(PathBuf::from(arg)),
            }
        }
        let [wasm, site] = <[PathBuf; 2]>::try_from(places)
            .map_err(|_| anyhow::anyhow!("usage: pack <frontend.wasm> <site> [options]"))?;
        Ok(Self { wasm, site, ..options })
    }
}

fn pack(options: &Options) -> Result<()> {
    let packages = options.site.join("pkg");
    let stage = packages.join(".new");
    if stage.exists() {
        fs::remove_dir_all(&stage)?;
    }
    fs::create_dir_all(&stage)?;

    let wasm = fs::read(&options.wasm).with_context(|| options.wasm.display().to_string())?;
    let lazy = if options.unsplit {
        module::whole(&wasm, NAME, &stage)?;
        module::LazyFunctions::new()
    } else {
        module::split(&wasm, NAME, &stage)?
    };
    if let Some(assets) = &options.assets {
        copy(assets, &stage)?;
    }
    if let Some(script) = options.optimise.as_ref().filter(|_| !options.dev) {
        module::optimise(script, &stage)?;
    }
    let parts = if options.unsplit { bundle::Parts::new() } else { bundle::bundle(&stage, &lazy)? };
    if !options.dev {
        let sizes = compress::tree(&stage)?;
        let report = budget::Report::new(NAME, &sizes, &parts);
        println!("{report}");
        if !options.unsplit {
            report.check()?;
        }
    }

    let hash = hash(&stage)?;
    publish(&packages, &stage, &hash)?;
    if let Some(public) = &options.public {
        copy(public, &options.site)?;
        if !options.dev {
            for name in files(public)? {
                compress::file(&options.site.join(name))?;
            }
        }
    }
    println!("Package {}", packages.join(hash).display());
    Ok(())
}

/// Makes the staged package the current one. The one before stays: a running server and open tabs still ask for it.
fn publish(packages: &Path, stage: &Path, hash: &str) -> Result<()> {
    let current = packages.join("current");
    let before = fs::read_to_string(&current).unwrap_or_default();
    let place = packages.join(hash);
    if place.exists() {
        fs::remove_dir_all(&place)?;
    }
    fs::rename(stage, &place)?;
    fs::write(&current, format!("{hash}\n"))?;
    for entry in fs::read_dir(packages)? {
        let entry = entry?;
        let name = entry.file_name();
        if entry.file_type()?.is_dir() && name != hash && name != before.trim() {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// The first half of the SHA-256 over the names and contents of all files, in hex.
fn hash(folder: &Path) -> Result<String> {
    let mut hasher = Sha256::new();
    for name in files(folder)? {
        let content = fs::read(folder.join(&name))?;
        hasher.update(name.as_os_str().as_encoded_bytes());
        hasher.update([0]);
        hasher.update(content.len().to_le_bytes());
        hasher.update(content);
    }
    Ok(hasher.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    for name in files(from)? {
        let target = to.join(&name);
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::copy(from.join(&name), &target).with_context(|| target.display().to_string())?;
    }
    Ok(())
}

/// The files below a folder, relative to it and in order.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).with_context(|| next.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(folder)?.to_owned(), ());
            }
        }
    }
    Ok(found.into_keys().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_package_before_stays_and_older_ones_go() -> Result<()> {
        let packages = env::temp_dir().join(format!("pack-test-{}", std::process::id()));
        for round in ["a", "b", "c"] {
            let stage = packages.join(".new");
            fs::create_dir_all(&stage)?;
            fs::write(stage.join("file"), round)?;
            publish(&packages, &stage, &hash(&stage)?)?;
        }
        let left = files(&packages)?.len();
        let current = fs::read_to_string(packages.join("current"))?;
        let content = fs::read_to_string(packages.join(current.trim()).join("file"))?;
        fs::remove_dir_all(&packages)?;
        assert_eq!((left, content.as_str()), (3, "c")); // two packages of one file, and `current`
        Ok(())
    }
}
