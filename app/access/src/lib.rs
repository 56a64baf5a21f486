//! Who is asking, what they may open, and the errors that a page can show.
//!
//! On the server a request becomes an [`Asking`]; the pages and their server functions know of sessions, cookies and
//! status codes only through this crate.

mod error;
mod form;
mod navigate;
#[cfg(feature = "ssr")]
mod server;

pub use error::Error;
pub use form::Form;
pub use navigate::{escape, local_path, redirect, status_not_found};
#[cfg(feature = "ssr")]
pub use server::{State, answer};

/// What a server function answers.
pub type Result<T> = std::result::Result<T, Error>;
