//! There is no such page.

use access::{Error, FailurePage};
use leptos::prelude::*;

/// What an unknown address shows, with a 404.
#[component]
pub fn Missing() -> impl IntoView {
    access::status_not_found();
    view! { <FailurePage error=Error::NotFound/> }
}
