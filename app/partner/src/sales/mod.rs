//! Sales to the partner's customers, and those that it submits itself.

mod list;
mod submit;
mod submitted;

pub use list::SalesPage;
pub use submit::SubmitSalePage;
pub use submitted::SubmittedSalesPage;

use leptos::prelude::*;
use ui::{ButtonKind, ButtonLink, Glyph};

/// The button that leads to the form.
pub(crate) fn submit_button(program: &str, kind: ButtonKind) -> AnyView {
    let href = format!("/p/{program}/submitted-sales/submit");
    view! { <ButtonLink href=href kind=kind icon=Glyph::Plus>"Submit a sale"</ButtonLink> }.into_any()
}
