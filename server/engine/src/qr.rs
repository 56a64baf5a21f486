//! QR codes, made on the server and drawn by the pages as one SVG path.

use crate::{Error, Result};
use domain::qr::QrPath;
use qrcodegen::{QrCode, QrCodeEcc};
use std::fmt::Write;

/// The light border that readers need, in modules.
const QUIET: i32 = 4;

/// A text as a QR code.
///
/// # Errors
/// `Internal` where the text is too long for one (about 2,300 bytes).
pub fn qr_path(text: &str) -> Result<QrPath> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).map_err(Error::internal)?;
    let mut d = String::new();
    for y in 0..code.size() {
        let mut x = 0;
        while x < code.size() {
            // Neighbours in a row are one rectangle: a shorter path, and no hairlines between them.
            let run = (x..code.size()).take_while(|&x| code.get_module(x, y)).fold(0, |run, _| run + 1);
            if run > 0 {
                let _ = write!(d, "M{} {}h{run}v1h-{run}z", x + QUIET, y + QUIET);
            }
            x += run.max(1);
        }
    }
    Ok(QrPath { size: (code.size() + 2 * QUIET).unsigned_abs(), d })
}

/// A text as a QR code in a PNG, ten pixels a module.
///
/// # Errors
/// `Internal` where the text is too long for one.
pub fn qr_png(text: &str) -> Result<Vec<u8>> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).map_err(Error::internal)?;
    let side = (code.size() + 2 * QUIET).unsigned_abs();
    let module = |at: u32| i32::try_from(at).unwrap_or_default() - QUIET;
    crate::files::scaled_png(side, 10, |x, y| code.get_module(module(x), module(y)))
}

/// The same as an SVG.
///
/// # Errors
/// `Internal` where the text is too long for one.
pub fn qr_svg(text: &str) -> Result<String> {
    let QrPath { size, d } = qr_path(text)?;
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {size} {size}\" shape-rendering=\"crispEdges\">\
         <path fill=\"#fff\" d=\"M0 0h{size}v{size}H0z\"/><path d=\"{d}\"/></svg>"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_text_is_the_smallest_code() {
        let qr = qr_path("hello").expect("code");
        assert_eq!(qr.size, 21 + 8);
        assert!(qr.d.starts_with("M4 4h7v1h-7z"), "the finder pattern: {}", qr.d);
        assert!(qr_path(&"x".repeat(5_000)).is_err());
        let png = qr_png("hello").expect("code");
        assert!(png.starts_with(b"\x89PNG"));
        let width = u32::from_be_bytes(png[16..20].try_into().expect("four bytes"));
        assert_eq!(width, (21 + 8) * 10);
        assert!(qr_svg("hello").expect("code").contains("viewBox=\"0 0 29 29\""));
    }
}
