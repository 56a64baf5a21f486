//! QR codes, encoded on the server.

use qrcodegen::{QrCode, QrCodeEcc};

/// The number of modules on a side, and the dark ones as an SVG path; none where the text is too long for a code.
pub fn path(text: &str) -> Option<(u32, String)> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let size = code.size();
    let mut path = String::new();
    for y in 0..size {
        let mut x = 0;
        while x < size {
            let start = x;
            while x < size && code.get_module(x, y) {
                x += 1;
            }
            if x > start {
                path.push_str(&format!("M{start} {y}h{}v1H{start}z", x - start));
            } else {
                x += 1;
            }
        }
    }
    Some((size.unsigned_abs(), path))
}

#[cfg(test)]
mod tests {
    use super::path;

    #[test]
    fn a_code_starts_with_its_finder_pattern() {
        let (size, path) = path("https://go.acme.example/r/acme/ada").expect("short enough");
        assert_eq!(size, 29);
        assert!(path.starts_with("M0 0h7v1H0z"), "{path}");
    }

    #[test]
    fn too_long_a_text_has_no_code() {
        assert_eq!(path(&"x".repeat(5000)), None);
    }
}
