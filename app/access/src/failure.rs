use crate::Error;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::Redirect;
use leptos_router::hooks::use_location;
use ui::{ErrorState, PlainShell};

/// What a page shows instead of what was asked for; who must sign in or confirm first is led there.
#[component]
pub fn Failure(
    /// What went wrong.
    error: Error,
) -> impl IntoView {
    let here = crate::here(&use_location());
    if let Some(path) = error.leads_to(&here) {
        return view! { <Redirect path=path/> }.into_any();
    }
    let home = matches!(error, Error::NotFound | Error::Forbidden);
    // A plain link: the page is asked for anew, not by the router.
    let (href, words) = if home { ("/".to_owned(), "To your start page") } else { (here, "Try again") };
    view! {
        <ErrorState title=error.title() words=error.words() error_id=error.id()>
            <a class="btn" rel="external" href=href>{words}</a>
        </ErrorState>
    }
    .into_any()
}

/// The same as a page of its own, before signing in and where there is no frame to show it in.
#[component]
pub fn FailurePage(
    /// What went wrong.
    error: Error,
) -> impl IntoView {
    let here = crate::here(&use_location());
    if let Some(path) = error.leads_to(&here) {
        return view! { <Redirect path=path/> }.into_any();
    }
    let (href, words) = match error {
        Error::NotFound | Error::Forbidden => ("/".to_owned(), "To your start page"),
        _ => (here, "Try again"),
    };
    let id = error.id().map(|id| view! { <p class="sub">"Error id " <code>{id}</code></p> });
    view! {
        <Title text=error.title()/>
        <PlainShell brand="Tributary" title=error.title() words=error.words()>
            {id}
            <div class="form-actions">
                <a class="btn primary" rel="external" href=href>{words}</a>
            </div>
        </PlainShell>
    }
    .into_any()
}
