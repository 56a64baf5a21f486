//! Between a page and the server: who is asking and what they may open, the errors that a page can show, and how a page
//! reads, posts and is loaded.
//!
//! On the server a request becomes somebody who asks, a [`Partner`] or an [`Admin`]; the pages and their server functions
//! know of sessions, cookies and status codes only through this crate.

#[cfg(feature = "ssr")]
mod asking;
mod error;
mod failure;
mod fetch;
mod form;
mod navigate;
mod page;
mod places;
#[cfg(feature = "ssr")]
mod preload;
mod read;
#[cfg(feature = "ssr")]
mod server;
mod upload;

#[cfg(feature = "ssr")]
pub use asking::{
    Account, Admin, ClientAddress, Known, Partner, Visitor, account, act_as, admin, begin, client_address,
    forget_session, keep_session, landing, partner, portal, session_token, this_partner, user_agent, visitor,
};
pub use error::Error;
pub use failure::{Failure, FailurePage};
pub use fetch::{ask, json, send, tell};
pub use form::{Form, PostForm};
pub use navigate::{escape, here, local_path, redirect, status_not_found};
pub use page::{InChunk, InRoute, LazyPage, lazy};
#[cfg(feature = "ssr")]
pub use places::places;
pub use places::{Place, program_links};
#[cfg(feature = "ssr")]
pub use preload::{Chunks, Preloads};
pub use read::{Read, read, read_after};
#[cfg(feature = "ssr")]
pub use server::{State, answer, cookie, icon, over, shown_again};
pub use upload::{
    ImportSent, UPLOAD_ASSET, UPLOAD_FAVICON, UPLOAD_LEAD_FILE, UPLOAD_LOGO, UPLOAD_MESSAGE, UPLOAD_PHOTO,
    UPLOAD_RESULTS, UPLOAD_SALE, UPLOAD_TEAM_LEAD_FILE, UPLOAD_TEAM_MESSAGE, Upload, UploadForm, upload_path,
};

/// What a server function answers.
pub type Result<T> = std::result::Result<T, Error>;
