//! Assets: what the team gives its partners to share.

mod editor;
mod list;

pub use editor::{AssetPage, NewAssetPage};
pub use list::AssetsPage;
