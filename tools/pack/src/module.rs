//! The WebAssembly itself: split or whole, with the JavaScript that loads it.

use anyhow::{Context, Result, anyhow, bail};
use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
};
use walrus::{FunctionId, ImportKind, Module, ModuleConfig, ValType};
use wasm_bindgen_cli_support::Bindgen;

/// For each lazy function the stems of the chunks that it needs, in loading order.
pub type LazyFunctions = HashMap<String, Vec<String>>;

/// The file that loads chunks; lazy functions ask for it by this name.
pub const LOADER: &str = "__wasm_split.______________________.js";

/// Where lazy functions' calls point to until a tool resolves them.
const PLACEHOLDER: &str = "__wasm_split_placeholder__";

/// A lazy function's own name, without the hash behind it.
pub fn part(name: &str) -> &str {
    name.rsplit_once('_').map_or(name, |(name, _)| name.trim_start_matches('_'))
}

/// The frame around a part, and the chunks that it needs: that of `admin_lists` is `admin_frame`.
pub fn frame<'a>(lazy: &'a LazyFunctions, of: &str) -> Option<(&'a str, &'a Vec<String>)> {
    let (area, _) = of.split_once('_')?;
    let found = |name: &str| part(name).strip_suffix("_frame") == Some(area);
    lazy.iter().find(|(name, _)| found(name)).map(|(name, chunks)| (part(name), chunks))
}

/// Splits the module at its lazy functions, and binds the main one.
pub fn split(wasm: &[u8], name: &str, package: &Path) -> Result<LazyFunctions> {
    let main = package.join("main.wasm");
    let main_module = format!("./{name}.js");
    let link_name = format!("./{LOADER}");
    let mut options = wasm_split_cli_support::Options::new(wasm);
    options.output_dir = package;
    options.main_out_path = &main;
    options.main_module = &main_module;
    options.link_name = &link_name;
    let split = wasm_split_cli_support::transform(options)
        .map_err(|error| anyhow!("{error:#}"))
        .context("splitting failed (was it linked with --emit-relocs?)")?;
    bind(Bindgen::new().input_bytes(name, fs::read(&main)?), package)?;
    fs::remove_file(main)?;
    Ok(split.prefetch_map)
}

/// Resolves the calls of lazy functions within the module, and binds it.
pub fn whole(wasm: &[u8], name: &str, package: &Path) -> Result<()> {
    let mut module = ModuleConfig::new().generate_name_section(false).parse(wasm)?;
    let imports: Vec<(String, FunctionId)> = module
        .imports
        .iter()
        .filter(|import| import.module == PLACEHOLDER)
        .filter_map(|import| match import.kind {
            ImportKind::Function(function) => Some((import.name.clone(), function)),
            _ => None,
        })
        .collect();
    for (import, function) in imports {
        if import.starts_with("__wasm_split_load_") {
            answer_at_once(&mut module, function)?;
        } else {
            let twin = import.replacen("00_import_", "00_export_", 1);
            let target = module.exports.get_func(&twin)?;
            module.exports.remove(&twin)?;
            module.replace_imported_func(function, |(body, arguments)| {
                for argument in arguments {
                    body.local_get(*argument);
                }
                body.call(target);
            })?;
        }
    }
    // What the linker left for the splitter.
    let relocations: Vec<_> = module
        .customs
        .iter()
        .filter(|(_, section)| section.name() == "linking" || section.name().starts_with("reloc."))
        .map(|(id, _)| id)
        .collect();
    for id in relocations {
        module.customs.delete(id);
    }
    bind(Bindgen::new().input_module(name, module), package)
}

/// `load(callback, data)` becomes `callback(data, true)`: there is nothing to load.
fn answer_at_once(module: &mut Module, load: FunctionId) -> Result<()> {
    let table = module.tables.main_function_table()?.context("no function table")?;
    let callback_type = module.types.add(&[ValType::I32, ValType::I32], &[]);
    module.replace_imported_func(load, |(body, arguments)| {
        if let [callback, data] = arguments[..] {
            body.local_get(data).i32_const(1).local_get(callback).call_indirect(callback_type, table);
        }
    })?;
    Ok(())
}

fn bind(bindgen: &mut Bindgen, package: &Path) -> Result<()> {
    bindgen
        .web(true)?
        .keep_lld_exports(true)
        .demangle(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .typescript(false)
        .generate(package)
}

/// Has a script optimise every module of the package for size.
pub fn optimise(script: &Path, package: &Path) -> Result<()> {
    let modules: Vec<PathBuf> = crate::files(package)?
        .into_iter()
        .filter(|name| name.extension().is_some_and(|extension| extension == "wasm"))
        .map(|name| package.join(name))
        .collect();
    thread::scope(|scope| {
        // As many at a time as there are cores: each has its share of the modules.
        let workers = thread::available_parallelism().map_or(1, usize::from);
        let running: Vec<_> = (0..workers)
            .map(|first| {
                let mine = modules.iter().skip(first).step_by(workers);
                scope.spawn(move || run(script, mine))
            })
            .collect();
        running.into_iter().try_for_each(|worker| worker.join().map_err(|_| anyhow!("a worker panicked"))?)
    })
}

fn run<'a>(script: &Path, modules: impl Iterator<Item = &'a PathBuf>) -> Result<()> {
    let run = Command::new("node").arg(script).args(modules).output().context("node is missing")?;
    if !run.status.success() {
        bail!("{} failed: {}", script.display(), String::from_utf8_lossy(&run.stderr));
    }
    Ok(())
}
