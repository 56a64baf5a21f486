//! Brotli and gzip beside each file, so that the server compresses nothing that never changes.

use anyhow::{Context, Result};
use flate2::{Compression, write::GzEncoder};
use std::{collections::BTreeMap, ffi::OsString, fs, io::Write, path::Path, thread};

/// Sizes in bytes after brotli, by file name.
pub type Sizes = BTreeMap<String, usize>;

/// Fonts and images are compressed already.
const WORTHWHILE: [&str; 8] = ["bin", "css", "html", "js", "svg", "txt", "wasm", "webmanifest"];

/// Compresses every worthwhile file below a folder.
pub fn tree(folder: &Path) -> Result<Sizes> {
    let names = crate::files(folder)?;
    thread::scope(|scope| {
        let running: Vec<_> = names
            .iter()
            .map(|name| scope.spawn(move || Ok((name.display().to_string(), file(&folder.join(name))?))))
            .collect();
        let mut sizes = Sizes::new();
        for worker in running {
            let result: Result<_> = worker.join().map_err(|_| anyhow::anyhow!("a compressing thread panicked"))?;
            if let (name, Some(size)) = result? {
                sizes.insert(name, size);
            }
        }
        Ok(sizes)
    })
}

/// Writes `<file>.br` and `<file>.gz` where that is worthwhile, and returns the brotli's size in bytes.
pub fn file(path: &Path) -> Result<Option<usize>> {
    if !path.extension().is_some_and(|extension| WORTHWHILE.iter().any(|known| extension == *known)) {
        return Ok(None);
    }
    let content = fs::read(path).with_context(|| path.display().to_string())?;

    let mut brotli = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 22, ..Default::default() };
    brotli::BrotliCompress(&mut content.as_slice(), &mut brotli, &parameters)?;
    fs::write(beside(path, ".br"), &brotli)?;

    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(&content)?;
    fs::write(beside(path, ".gz"), gzip.finish()?)?;
    Ok(Some(brotli.len()))
}

fn beside(path: &Path, suffix: &str) -> OsString {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name
}
