//! Groups of partners, each with its own offers.

mod editor;
mod list;

pub use editor::{GroupPage, NewGroupPage};
pub use list::GroupsPage;
