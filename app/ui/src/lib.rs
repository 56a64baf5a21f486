//! The design system: components that know nothing of partner programs and call no server function.
//!
//! All of them come complete from the server and work there before the WASM has arrived where HTML alone can do it:
//! menus are popovers, dialogs are `<dialog>`, tabs, sorting and periods are links. Their look is in `style/`. A text
//! prop takes anything that becomes a `String`; ids come from the caller, so that server and browser agree on them.

mod address;
mod advice;
mod button;
mod chart;
mod conversation;
mod display;
mod field;
mod icon;
mod lead_earned;
mod lead_form;
mod overlay;
mod palette;
mod period;
mod report;
mod share;
mod shell;
mod state;
mod statement;
mod table;
mod toast;

pub use address::*;
pub use advice::*;
pub use button::*;
pub use chart::*;
pub use conversation::*;
pub use display::*;
pub use field::*;
pub use icon::*;
pub use lead_earned::*;
pub use lead_form::*;
pub use overlay::*;
pub use palette::*;
pub use period::*;
pub use report::*;
pub use share::*;
pub use shell::*;
pub use state::*;
pub use statement::*;
pub use table::*;
pub use toast::*;
