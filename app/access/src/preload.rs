//! Bundles of chunks that the browser is told of in the page's head, so that it fetches them at once and not one after the other.
//! Leptos has the same, but asks for its context where it may be that of another request.

use leptos::prelude::*;
use leptos_meta::Link;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// The bundles of each lazy part, as the build left them in `chunks.json`.
#[derive(Clone, Debug, Default)]
pub struct Chunks {
    /// By the part's name, addresses.
    parts: Arc<BTreeMap<String, Vec<String>>>,
}

impl Chunks {
    /// Of the package in this folder, which the server serves at `address`; none where it is not split.
    #[must_use]
    pub fn read(folder: &Path, address: &str) -> Self {
        let text = std::fs::read(folder.join("chunks.json")).unwrap_or_default();
        let mut parts: BTreeMap<String, Vec<String>> = serde_json::from_slice(&text).unwrap_or_default();
        for file in parts.values_mut().flatten() {
            *file = format!("{address}/{file}");
        }
        Self { parts: Arc::new(parts) }
    }

    /// For one request, as a context.
    #[must_use]
    pub fn for_request(&self) -> Preloads {
        Preloads { chunks: self.clone(), told: Arc::default() }
    }
}

/// What a page's head already tells of.
#[derive(Clone, Debug)]
pub struct Preloads {
    chunks: Chunks,
    told: Arc<Mutex<BTreeSet<String>>>,
}

/// Tells of a part's chunks.
pub(crate) fn preload(part: &str) {
    let Some(Preloads { chunks, told }) = use_context() else { return };
    let Some(files) = chunks.parts.get(part) else { return };
    let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
    for file in files.iter().filter(|file| told.insert((*file).clone())) {
        let link = if file.ends_with(".js") {
            view! { <Link rel="modulepreload" href=file.clone()/> }.into_any()
        } else {
            view! { <Link rel="preload" href=file.clone() as_="fetch" crossorigin="anonymous"/> }.into_any()
        };
        // The head gets it; in the body it is nothing.
        drop(link.to_html());
    }
}
