//! Hydrates the application in the browser.

use leptos::{mount::hydrate_from_async, prelude::document, tachys::dom::body};
use wasm_bindgen::prelude::wasm_bindgen;

/// Called by the page's script once the module is there. What `hydrate_lazy` does, but it tells when it is done.
#[wasm_bindgen]
pub async fn hydrate() {
    console_error_panic_hook::set_once();
    hydrate_from_async(body(), app::App).await.forget();
    // Browser tests wait for this mark: from here on the page answers.
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute("data-hydrated", ""); // fails only for names that aren't valid
    }
}
