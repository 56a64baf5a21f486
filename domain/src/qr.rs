//! QR codes, as the pages draw them. They are made on the server.

use serde::{Deserialize, Serialize};

/// A QR code as one SVG path: `<svg viewBox="0 0 {size} {size}"><path d="{d}"/></svg>`, dark on light.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QrPath {
    /// Width and height in modules, the quiet zone of four on each side included.
    pub size: u32,
    /// The `d` of the path that covers the dark modules.
    pub d: String,
}
